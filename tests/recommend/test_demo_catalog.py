"""The real encoders on the demo catalog: what a shopper sees first, and what they must never see."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import tryroom
from recommend.embedder import TwoTowerEmbedder
from recommend.features import cut_out
from recommend.indexing import embed_item
from recommend.pictures import read_picture
from recommend.retriever import Retriever
from recommend.schema import Query, SearchResult
from recommend.towers import ImageTower

#: Numbers of ImageNet classes.
JEAN, JERSEY_T_SHIRT = 608, 610


@pytest.fixture(scope="module")
def retriever(tmp_path_factory: pytest.TempPathFactory) -> Retriever:
    embedder = TwoTowerEmbedder(tryroom.retriever_weights())
    return Retriever.open(tryroom.CATALOG, embedder, uri=str(tmp_path_factory.mktemp("index") / "db"))


def picture(retriever: Retriever, item_id: str) -> np.ndarray:
    return read_picture(retriever.picture(retriever.item(item_id)), item_id)


def kinds(result: SearchResult) -> list[str]:
    return [hit.item.kind for hit in result.hits]


@pytest.mark.parametrize(("item", "number"), [("jeans-straight-indigo", JEAN), ("tee-black-organic", JERSEY_T_SHIRT)])
def test_the_picture_tower_knows_its_classes(retriever: Retriever, item: str, number: int) -> None:
    tower = ImageTower(tryroom.retriever_weights().lite2)
    assert number in np.argsort(-tower.classify(picture(retriever, item)))[:5]


@pytest.mark.parametrize(
    ("text", "first", "chips"),
    [
        ("navy striped top under 30", {"tee-breton-navy"}, {"upper", "navy", "under €30", "striped"}),
        ("hoodie not black", {"hoodie-teal-badge"}, {"upper", "not black", "hoodie"}),
        ("black trousers", {"trousers-wide-houndstooth", "joggers-black-stripe"}, {"lower", "black", "trousers"}),
        ("leather jacket", {"biker-black", "biker-cognac"}, {"upper", "jacket", "leather"}),
        ("polka dot blouse", {"blouse-dots"}, {"upper", "blouse", "dotted"}),
        (
            "white shirt for the office",
            {"shirt-white-poplin", "shirt-stripe-business"},
            {"upper", "white", "shirt", "office"},
        ),
        ("blue jeans", {"jeans-straight-indigo", "jeans-straight-washed"}, {"lower", "blue", "jeans"}),
    ],
)
def test_what_a_shopper_sees_first(retriever: Retriever, text: str, first: set[str], chips: set[str]) -> None:
    result = retriever.search(Query(text=text))
    assert result.hits[0].item.id in first
    assert {chip.label for chip in result.understanding.chips} == chips


def test_whoever_types_a_name_sees_that_garment_first(retriever: Retriever) -> None:
    first = {
        item.id: retriever.search(Query(text=item.title.lower()), 1).hits[0].item.id for item in retriever.catalog.items
    }
    assert first == {item.id: item.id for item in retriever.catalog.items}


@pytest.mark.parametrize(
    ("text", "first"), [("tee with a heart", "tee-ringer-red"), ("summit club", "tee-mountain-olive")]
)
def test_words_of_a_title_find_it(retriever: Retriever, text: str, first: str) -> None:
    result = retriever.search(Query(text=text))
    assert result.hits[0].item.id == first and any("Looked for in titles" in note for note in result.notes)


def test_a_name_does_not_bring_another_colour(retriever: Retriever) -> None:
    result = retriever.search(Query(text="grey hoodie with a badge"))
    assert result.hits and all("grey" in hit.item.colours for hit in result.hits)


@pytest.mark.parametrize(
    ("item", "pattern"),
    [
        ("tee-breton-navy", "striped"),
        ("shirt-gingham-summer", "checked"),
        ("blouse-dots", "dotted"),
        ("hoodie-teal-badge", "print"),
        ("jeans-straight-indigo", "plain"),
    ],
)
def test_a_pattern_that_is_not_stated_is_read_from_the_picture(retriever: Retriever, item: str, pattern: str) -> None:
    stated = retriever.item(item)
    assert stated.pattern == pattern and not stated.seen_pattern
    embedder = TwoTowerEmbedder(tryroom.retriever_weights())
    read, vectors = embed_item(replace(stated, pattern=""), picture(retriever, item), embedder, cut_out)
    assert read.seen_pattern == pattern and not read.pattern
    np.testing.assert_array_equal(
        vectors["semantic"], embed_item(stated, picture(retriever, item), embedder, cut_out)[1]["semantic"]
    )


def test_something_warm_is_knitted_or_lined(retriever: Retriever) -> None:
    found = kinds(retriever.search(Query(text="something warm for winter"), k=5))
    assert set(found) <= {"sweater", "cardigan", "jacket", "coat", "hoodie"}


def test_like_this_but_in_red(retriever: Retriever) -> None:
    hits = retriever.search(Query(text="like this but in red", like=picture(retriever, "dress-sheath-black"))).hits
    assert hits[0].item.id == "dress-sheath-red"
    assert all({"red", "burgundy"} & set(hit.item.colours) for hit in hits)


@pytest.mark.parametrize("item", ["tee-white-organic", "jeans-straight-washed", "blazer-navy", "sweater-aran"])
def test_a_picture_of_an_item_finds_it_and_then_its_kind(retriever: Retriever, item: str) -> None:
    hits = retriever.search(Query(like=picture(retriever, item)), k=4).hits
    assert hits[0].item.id == item
    assert all(hit.item.category == hits[0].item.category for hit in hits)


def test_a_photo_alone_gives_a_varied_selection(retriever: Retriever) -> None:
    hits = retriever.search(Query(photo=picture(retriever, "chinos-navy")), k=8).hits
    assert len({hit.item.category for hit in hits}) >= 2
    assert len({hit.item.kind for hit in hits}) >= 5


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    text=st.sampled_from(["red dress", "navy top", "not black", "something green", "white shirt, no stripes", ""]),
    like=st.none() | st.sampled_from(["dress-sheath-black", "hoodie-black", "tee-breton-navy"]),
    with_photo=st.booleans(),
    price=st.none() | st.floats(5, 260),
)
def test_all_parts_together_never_break_a_limit(
    retriever: Retriever, text: str, like: str | None, with_photo: bool, price: float | None
) -> None:
    said = f"{text} under {price:.2f}" if price is not None else text
    query = Query(
        text=said,
        like=picture(retriever, like) if like else None,
        photo=picture(retriever, "chinos-beige") if with_photo else None,
    )
    result = retriever.search(query)
    filters = result.understanding.filters
    assert (filters.max_price is None) == (price is None)
    for hit in result.hits:
        assert filters.match(hit.item)
        assert price is None or hit.item.price < round(price, 2)
        assert "not black" not in text or "black" not in hit.item.colours
        assert "green" not in text or {"green", "olive"} & set(hit.item.colours)
        assert "dress" not in text or hit.item.category == "dress"


def test_the_catalog_has_no_bad_line(retriever: Retriever) -> None:
    assert retriever.problems == ()
    assert Path(retriever.picture(retriever.catalog.items[0])).is_file()


class TestComposed:
    """ "Like this, but …" on the demo catalog."""

    @pytest.mark.parametrize(
        ("source", "text", "wanted", "places"),
        [
            ("tee-white-organic", "but in red", "tee-last-season", 1),
            ("tee-white-organic", "but striped", "tee-breton-navy", 1),
            # A cream sweater comes before it: docs/models/retriever.md, known to fail.
            ("tee-white-organic", "with long sleeves", "longsleeve-baseball", 3),
            ("dress-sun-floral", "cheaper", "dress-sun-gingham", 1),
        ],
    )
    def test_what_is_changed_and_what_is_kept(
        self, retriever: Retriever, source: str, text: str, wanted: str, places: int
    ) -> None:
        result = retriever.search(Query(text=text, likes=(source,)))
        liked, first = retriever.item(source), [hit.item for hit in result.hits[:places]]
        assert wanted in [item.id for item in first] and {item.category for item in first} == {liked.category}
        assert source not in {found.item.id for found in result.hits}

    @settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=15)
    @given(st.data())
    def test_a_colour_change_never_shows_another_colour_or_the_source(
        self, retriever: Retriever, data: st.DataObject
    ) -> None:
        source = data.draw(st.sampled_from(sorted(item.id for item in retriever.catalog.items)))
        colour = data.draw(st.sampled_from(["black", "white", "navy", "grey", "beige"]))
        result = retriever.search(Query(text=f"like this but in {colour}, cheaper", likes=(source,)), k=20)
        for hit in result.hits:
            assert colour in hit.item.colours and hit.item.id != source
            assert hit.item.price < retriever.item(source).price
