"""Searches for furniture end to end: words, a liked picture, a room and limits in one query, on a small catalog."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recommend.domains import FURNITURE
from recommend.embedder import Embedder
from recommend.errors import BadInput
from recommend.features import Image
from recommend.index import open_index
from recommend.pictures import read_picture
from recommend.retriever import Retriever
from recommend.room_style import read_room
from recommend.schema import Query, RoomContext, SearchResult, side_of


@pytest.fixture(scope="module")
def retriever(furniture: Path, embedder: Embedder, tmp_path_factory: pytest.TempPathFactory) -> Retriever:
    return Retriever.open(furniture, embedder, uri=str(tmp_path_factory.mktemp("index") / "db"))


@functools.cache
def a_room(free: float | None = None, wall: tuple[int, int, int] = (238, 238, 238)) -> RoomContext:
    """A room with an oak floor."""
    photo = np.full((120, 160, 3), wall, np.uint8)
    photo[80:] = (194, 166, 126)
    floor = np.zeros((120, 160), np.uint8)
    floor[80:] = 255
    return read_room(photo, floor, free_width_cm=free)


def ids(result: SearchResult) -> list[str]:
    return [hit.item.id for hit in result.hits]


def test_the_whole_request(retriever: Retriever) -> None:
    result = retriever.search(Query(text="metal and glass black coffee table under $300"))
    assert ids(result) == ["table-glass", "table-wide"]
    assert result.hits[0].reason == "black, metal and glass"
    assert result.hits[1].reason == "black; 1 of 3 asked"
    assert {"words", "title"} <= result.hits[0].scores.keys()


def test_words_picture_room_and_price_together(retriever: Retriever, furniture: Path) -> None:
    like = read_picture(furniture / "table-oak.png", "like")
    query = Query(text="modern coffee table", like=like, room=a_room(100), max_price=200)
    result = retriever.search(query)
    assert ids(result) == ["table-oak", "table-wide"]
    assert set(result.hits[0].scores) == {"words", "title", "like", "like colour", "room", "wishes"}
    assert result.hits[0].score == pytest.approx(float(np.prod(list(result.hits[0].scores.values()))), abs=0.01)
    assert "90 cm fits the free 100 cm" in result.hits[0].reason
    assert "oak like your floor" in result.hits[0].reason
    assert "160 cm is wider than the free 100 cm" in result.hits[1].reason


def test_a_room_alone_gives_a_varied_selection_that_fits(retriever: Retriever) -> None:
    hits = retriever.search(Query(room=a_room(100)), k=6).hits
    assert len({hit.item.category for hit in hits}) >= 4
    assert all(hit.item.size_cm is None or hit.item.size_cm[0] <= 100 or hit.item.place == "wall" for hit in hits)
    assert all(set(hit.scores) == {"room"} for hit in hits)


def test_the_room_orders_what_the_words_leave_open(retriever: Retriever) -> None:
    narrow = ids(retriever.search(Query(text="coffee table", room=a_room(100))))
    assert narrow[0] == "table-oak" and set(narrow) == {"table-oak", "table-glass", "table-wide"}
    assert retriever.search(Query(text="coffee table", room=a_room(100))).matching == 3


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("black coffee table", "table"),
        ("sofa at least 200 cm long", "sofa-navy"),
        ("wide shelf in white", "case-white"),
    ],
)
def test_words_are_never_overruled_by_the_room(retriever: Retriever, text: str, first: str) -> None:
    plain, beside = retriever.search(Query(text=text)), retriever.search(Query(text=text, room=a_room(50)))
    assert set(ids(plain)) == set(ids(beside)) and beside.hits[0].item.id.startswith(first)
    assert "is wider than the free 50 cm" in beside.hits[0].reason


def test_a_met_wish_stays_first_in_any_room(retriever: Retriever) -> None:
    room = a_room(100, wall=(240, 68, 56))
    assert ids(retriever.search(Query(text="metal and glass coffee table", room=room)))[0] == "table-glass"


def test_sizes_filter_and_unknown_ones_are_said(retriever: Retriever) -> None:
    result = retriever.search(Query(text="something under 70 cm wide"), k=20)
    assert set(ids(result)) == {"case-oak", "plant", "lamp"}
    assert any("do not state their size" in note for note in result.notes)
    assert all("cm wide" in hit.reason for hit in result.hits)


def test_small_ranks_the_smaller_first(retriever: Retriever) -> None:
    assert ids(retriever.search(Query(text="small coffee table")))[0] == "table-oak"
    hits = retriever.search(Query(text="large coffee table")).hits
    assert max(hits, key=lambda hit: hit.scores["size"]).item.id == "table-wide"
    assert "160 cm long" in next(hit.reason for hit in hits if hit.item.id == "table-wide")


def test_must_filters(retriever: Retriever) -> None:
    assert set(ids(retriever.search(Query(text="must be wood"), k=20))) == {
        "table-oak", "table-wide", "case-oak", "case-white",
    }  # fmt: skip
    assert ids(retriever.search(Query(text="only metal and glass"))) == ["table-glass"]


@pytest.mark.parametrize(
    ("text", "note", "first"),
    [
        ("coffee table under $40", "Nothing under $40; 3 coffee tables from $89;", ("price:max", 89.0, 3)),
        (
            "bookcase under 50 cm wide",
            "Nothing under 50 cm wide; 2 bookcases from 60 cm wide;",
            ("size:width:max", 60.0, 2),
        ),
        ("coffee table under $100 under 100 cm wide", "Nothing under 100 cm wide; 1 coffee table from 160", None),
        ("red sofa", "Nothing satisfies all of it: without “red” there are 2;", ("colour:red|burgundy", None, 2)),
    ],
)
def test_impossible_limits_name_the_smallest_step(
    retriever: Retriever, text: str, note: str, first: tuple[str, float | None, int] | None
) -> None:
    result = retriever.search(Query(text=text))
    assert result.hits == () and result.matching == 0
    assert any(said.startswith(note) for said in result.notes), result.notes
    way = result.relaxations[0]
    assert first is None or (way.key, way.nearest, way.count) == first
    assert not retriever.search(Query(text="coffee table")).relaxations


def test_following_a_relaxation_gives_what_it_promised(retriever: Retriever) -> None:
    query = Query(text="coffee table", max_price=40)
    (way, *_) = retriever.search(query).relaxations
    assert way.nearest is not None
    assert ids(retriever.search(replace(query, max_price=way.nearest))) == ["table-wide"]
    assert len(retriever.search(replace(query, dismissed=(way.key,))).hits) == way.count


_TEXT = st.sampled_from(
    ["", "coffee table", "under $200", "oak", "black", "cheap", "not metal", "under 100 cm wide", "at least 1 m long",
     "must be wood", "small", "sofa or rug", "for the corner", "zxqv", "at most 60 cm deep"]
)  # fmt: skip


@given(
    _TEXT,
    _TEXT,
    st.none() | st.sampled_from([29.0, 39.0, 89.0, 149.0, 249.0]) | st.floats(0, 1000),
    st.none() | st.sampled_from([60, 100, 118, 250]),
    st.booleans(),
    st.integers(1, 12),
)
def test_prices_and_sizes_are_never_violated(
    retriever: Retriever, text: str, more: str, high: float | None, free: float | None, with_room: bool, k: int
) -> None:
    query = Query(text=f"{text}, {more}", max_price=high, room=a_room(free) if with_room else None)
    result = retriever.search(query, k)
    filters = result.understanding.filters
    for hit in result.hits:
        item = hit.item
        assert high is None or item.price <= high
        assert "under $200" not in (text, more) or item.price < 200
        assert "under 100 cm wide" not in (text, more) or (item.size_cm is not None and item.size_cm[0] < 100)
        assert "at most 60 cm deep" not in (text, more) or (item.size_cm is not None and item.size_cm[1] <= 60)
        assert "at least 1 m long" not in (text, more) or (side_of(item, "length") or 0) >= 100
        assert "not metal" not in (text, more) or item.id not in ("table-glass", "lamp", "case-oak")
        assert "must be wood" not in (text, more) or item.id in ("table-oak", "table-wide", "case-oak", "case-white")
        assert filters.match(item)
    assert len(result.hits) == min(k, result.matching)
    assert bool(result.relaxations) <= (not result.hits)


@st.composite
def catalogs(draw: st.DrawFn) -> list[dict[str, object]]:
    """A few items with any prices and sizes."""
    count = draw(st.integers(1, 6))
    side = st.integers(1, 300)
    return [
        {
            "id": f"i{n}", "title": f"Thing {n}", "currency": "USD",
            "category": draw(st.sampled_from(["sofa", "desk", "rug"])), "price": draw(st.integers(1, 400)),
            "material": draw(st.sampled_from(["", "oak", "metal, glass"])),
            "size_cm": draw(st.none() | st.lists(side, min_size=3, max_size=3)),
        }
        for n in range(count)
    ]  # fmt: skip


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(catalogs(), st.integers(1, 400), st.integers(10, 300), st.sampled_from(["", "desk", "oak", "not glass"]))
def test_no_catalog_breaks_a_limit(
    tmp_path_factory: pytest.TempPathFactory,
    make_catalog: Callable[..., Path],
    embedder: Embedder,
    items: list[dict[str, object]],
    price: int,
    width: int,
    words: str,
) -> None:
    folder = tmp_path_factory.mktemp("random")
    retriever = Retriever.open(make_catalog(folder / "shop", items), embedder, uri=str(folder / "db"))
    result = retriever.search(Query(text=f"{words} under {width} cm wide under ${price}", room=a_room(120)), k=20)
    sized = [item for item in retriever.catalog.items if item.size_cm is not None]
    expected = {item.id for item in sized if item.size_cm and item.size_cm[0] < width and item.price < price}
    expected &= {item.id for item in sized if "desk" not in words or item.category == "desk"}
    expected &= {item.id for item in sized if "not glass" not in words or "glass" not in item.material}
    assert {hit.item.id for hit in result.hits} == expected


def test_the_photo_must_suit_the_catalog(
    retriever: Retriever, shop: Path, embedder: Embedder, tmp_path: Path, garment: Callable[..., Image]
) -> None:
    garments = Retriever.open(shop, embedder, uri=str(tmp_path / "db"))
    assert retriever.domain is FURNITURE and garments.domain is not FURNITURE
    with pytest.raises(BadInput, match="photo: got one, to search a catalog of furniture"):
        retriever.search(Query(photo=garment((9, 9, 9))))
    with pytest.raises(BadInput, match="room: got one, to search a catalog of garments"):
        garments.search(Query(room=a_room()))
    with pytest.raises(BadInput, match="both a person and a room"):
        Query(photo=garment((9, 9, 9)), room=a_room())


def test_the_index_keeps_size_place_and_extra(
    retriever: Retriever, furniture: Path, embedder: Embedder, tmp_path: Path
) -> None:
    uri = str(tmp_path / "db")
    Retriever.open(furniture, embedder, uri=uri)
    index = open_index(uri, embedder.revision, "")
    assert index is not None
    stored, stated = {item.id: item for item in index.rows().items}, retriever.item("rug")
    assert stored["rug"] == stated and stored["rug"].extra["views"] == "rug.webp"
    assert stored["chair"].size_cm is None and stored["chair"].colours == ("green",)


def test_words_and_pictures_of_furniture_share_the_common_space(
    furniture: Path, embedder: Embedder, tmp_path: Path
) -> None:
    retriever = Retriever.open(furniture, embedder, uri=str(tmp_path / "db"))
    hits = retriever.search(Query(text="something", like=read_picture(furniture / "rug.png", "like"))).hits
    assert hits[0].item.id in ("rug", "print") and {"like", "words", "title"} <= hits[0].scores.keys()
