"""Searches end to end on a small real catalog and a real index, with an encoder small enough to follow."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommend.embedder import Embedder
from recommend.errors import BadInput, IncompatibleIndex
from recommend.features import Image, Mask
from recommend.feedback import Feedback
from recommend.index import VECTORS, Index, Rows, Stamp, open_index, write_index
from recommend.indexing import default_uri
from recommend.retriever import Retriever
from recommend.schema import Facet, Filters, Query, SearchResult
from recommend.taste import Ease, EaseSettings


@pytest.fixture(scope="module")
def retriever(shop: Path, embedder: Embedder, tmp_path_factory: pytest.TempPathFactory) -> Retriever:
    return Retriever.open(shop, embedder, uri=str(tmp_path_factory.mktemp("index") / "db"))


def ids(result: SearchResult) -> list[str]:
    return [hit.item.id for hit in result.hits]


def test_words_colour_and_price_in_one_query(retriever: Retriever) -> None:
    result = retriever.search(Query(text="a red linen dress under 40, no stripes"))
    assert ids(result) == ["dress-red"]
    assert result.hits[0].reason == "red, dress, linen"
    assert result.matching == 1
    assert {chip.label for chip in result.understanding.chips} == {"dress", "red", "under €40", "not striped", "linen"}


def test_photo_words_picture_and_price_together(retriever: Retriever, garment: Callable[..., Image]) -> None:
    query = Query(text="something casual", like=garment((29, 43, 79)), photo=garment((47, 160, 78)), max_price=60)
    result = retriever.search(query, k=3)
    assert all(hit.item.price <= 60 for hit in result.hits)
    assert result.hits[0].item.id in ("tee-navy", "jeans-navy")
    assert {"words", "title", "like", "like colour", "photo", "wishes"} == set(result.hits[0].scores)
    assert math.prod(result.hits[0].scores.values()) == pytest.approx(result.hits[0].score, abs=0.01)


def test_the_like_picture_finds_its_own_item_first(retriever: Retriever, shop: Path) -> None:
    picture = np.ascontiguousarray(cv2.imread(str(shop / "tee-navy.png"))[:, :, ::-1])
    result = retriever.search(Query(like=picture))
    assert ids(result)[0] == "tee-navy"
    assert "the colours of your picture" in result.hits[0].reason
    assert "tee-navy" not in ids(retriever.search(Query(like=picture, exclude_ids=("tee-navy",))))


def test_like_this_but_in_another_colour(retriever: Retriever, garment: Callable[..., Image]) -> None:
    result = retriever.search(Query(text="like this but in green", like=garment((29, 43, 79))))
    assert set(ids(result)) == {"hoodie-green", "skirt-green"}
    assert "like" in result.hits[0].scores and "like colour" not in result.hits[0].scores


@pytest.mark.parametrize("text", ["white but not navy", "white, no navy in it", "white rather than blue"])
def test_a_denied_colour_beside_the_asked_one_is_out(retriever: Retriever, text: str) -> None:
    assert retriever.item("tee-navy").colours == ("navy", "white")
    assert ids(retriever.search(Query(text=text))) == ["shirt-linen"]


def test_an_empty_query_gives_a_varied_selection(retriever: Retriever) -> None:
    result = retriever.search(Query(), k=4)
    assert len(result.hits) == 4
    assert {hit.item.category for hit in result.hits} == {"upper", "lower", "dress"}
    assert all(hit.score == 1 and hit.reason for hit in result.hits)
    assert len(retriever.search(Query(text="   ")).hits) == 8


def test_a_photo_alone_gives_items_that_go_with_what_is_worn(shop: Path, embedder: Embedder, tmp_path: Path) -> None:
    photo = np.full((90, 60, 3), (230, 205, 190), np.uint8)
    photo[45:] = (47, 160, 78)  # green trousers

    def read_person(image: Image) -> dict[str, Mask]:
        lower = np.zeros(image.shape[:2], np.uint8)
        lower[45:] = 255
        return {"lower": lower, "upper": np.zeros_like(lower)}

    retriever = Retriever.open(shop, embedder, uri=str(tmp_path / "db"), read_person=read_person)
    hits = retriever.search(Query(photo=photo), k=8).hits
    uppers = [hit for hit in hits if hit.item.category == "upper"]
    white = next(hit for hit in uppers if hit.item.id == "shirt-linen")
    assert "goes with the green you wear" in white.reason
    assert len(hits) == 8 and not any(
        "you wear" in hit.reason for hit in hits if hit.item.category in ("lower", "dress")
    )


def test_a_photo_without_clothes_is_said(shop: Path, embedder: Embedder, tmp_path: Path) -> None:
    retriever = Retriever.open(shop, embedder, uri=str(tmp_path / "db"), read_person=lambda _: {})
    result = retriever.search(Query(photo=np.zeros((40, 40, 3), np.uint8)))
    assert any("photo" in note for note in result.notes) and result.hits


def test_what_it_goes_with_ranks(retriever: Retriever) -> None:
    result = retriever.search(Query(text="a top to wear with my green skirt"), k=8)
    assert {hit.item.category for hit in result.hits} == {"upper"}
    assert "beside" in result.hits[0].scores


def test_cheap_ranks_the_cheaper_first(retriever: Retriever) -> None:
    prices = [hit.item.price for hit in retriever.search(Query(text="cheap"), k=8).hits]
    assert prices[0] < np.median(prices) < prices[-1]


def test_like_this_but_darker(retriever: Retriever, garment: Callable[..., Image]) -> None:
    like = garment((200, 16, 46))
    result = retriever.search(Query(text="like this but darker", like=like), k=8)
    assert "like colour" not in result.hits[0].scores
    lightness = {hit.item.id: hit.scores["lightness"] for hit in result.hits}
    assert lightness["jeans-navy"] > lightness["tee-red"] > lightness["shirt-linen"]
    lighter = {hit.item.id: hit for hit in retriever.search(Query(text="lighter"), k=8).hits}
    assert lighter["shirt-linen"].score > lighter["jeans-navy"].score


def test_nothing_found_names_the_limit_in_the_way(retriever: Retriever) -> None:
    result = retriever.search(Query(text="green dress"))
    assert result.hits == () and result.matching == 0
    (note,) = result.notes
    assert "without “green” there are 2" in note and "without “dress” there are 2" in note


def test_an_unmet_wish_is_said(retriever: Retriever) -> None:
    result = retriever.search(Query(text="cashmere"))
    assert result.hits and any("cashmere" in note for note in result.notes)
    assert all("0 of 1 asked" in hit.reason for hit in result.hits)


def test_a_dismissed_chip_no_longer_filters(retriever: Retriever) -> None:
    query = Query(text="red dress", dismissed=("colour:red|burgundy",))
    assert set(ids(retriever.search(query))) == {"dress-red", "dress-navy"}


def test_stated_exclusions_hold(retriever: Retriever) -> None:
    query = Query(
        exclude=((Facet("material", ("linen", "velvet")),), (Facet("colours", ("navy",)), Facet("kind", ("jeans",))))
    )
    assert set(ids(retriever.search(query))) == {"tee-red", "tee-navy", "hoodie-green", "skirt-green"}


_TEXT = st.sampled_from(
    [
        "",
        "under 40",
        "red",
        "cheap dress",
        "not navy",
        "linen under 50",
        "tops",
        "jeans or skirt",
        "white tee from 20",
        "zxqv",
    ]
)


@given(
    _TEXT,
    _TEXT,
    st.none() | st.floats(0, 100),
    st.none() | st.sampled_from([19.9, 24.0, 35.5, 39.0, 89.0]),
    st.lists(st.sampled_from(["upper", "lower", "dress"]), max_size=2).map(tuple),
    st.integers(1, 9),
)
def test_prices_categories_and_colours_are_never_violated(
    retriever: Retriever,
    text: str,
    more: str,
    low: float | None,
    high: float | None,
    categories: tuple[str, ...],
    k: int,
) -> None:
    if low is not None and high is not None and low > high:
        low = None
    result = retriever.search(Query(text=f"{text}, {more}", min_price=low, max_price=high, categories=categories), k)
    filters = result.understanding.filters
    for hit in result.hits:
        assert high is None or hit.item.price <= high
        assert low is None or hit.item.price >= low
        assert "under 40" not in (text, more) or hit.item.price < 40
        assert not categories or hit.item.category in categories
        assert "red" not in (text, more) or "red" in hit.item.colours
        assert "not navy" not in (text, more) or "navy" not in hit.item.colours
        assert filters.match(hit.item)
    assert len(result.hits) == min(k, result.matching)
    assert len(set(ids(result))) == len(result.hits)


def test_a_search_is_the_same_each_time(shop: Path, embedder: Embedder, tmp_path: Path, retriever: Retriever) -> None:
    query = Query(text="casual red top", max_price=60)
    again = Retriever.open(shop, embedder, uri=str(tmp_path / "other"))
    first = [(hit.item.id, hit.score, hit.reason) for hit in retriever.search(query).hits]
    assert first == [(hit.item.id, hit.score, hit.reason) for hit in retriever.search(query).hits]
    assert first == [(hit.item.id, hit.score, hit.reason) for hit in again.search(query).hits]


@pytest.mark.parametrize("k", [0, -3, 201])
def test_the_number_of_results_is_checked(retriever: Retriever, k: int) -> None:
    with pytest.raises(BadInput, match="number of results"):
        retriever.search(Query(), k)


def test_an_unknown_item_is_refused(retriever: Retriever) -> None:
    assert retriever.picture(retriever.item("tee-red")).is_file()
    with pytest.raises(BadInput, match="gone"):
        retriever.item("gone")


def test_an_item_whose_picture_could_not_be_read_is_nothing_to_go_by(
    tmp_path: Path, make_catalog: Callable[..., Path], embedder: Embedder
) -> None:
    folder = make_catalog(tmp_path / "shop")
    (folder / "tee-red.png").write_bytes(b"\x89PNG\r\n\x1a\n and no more")
    retriever = Retriever.open(folder, embedder, uri=str(tmp_path / "db"))
    for query in (Query(likes=("tee-red",)), Query(likes=("tee-navy",), dislikes=("tee-red",))):
        with pytest.raises(BadInput, match="'tee-red', whose picture could not be read"):
            retriever.search(query)
    asked = ("tee-navy", "dress-red", "jeans-navy")
    assert tuple(item.id for item in retriever.rows(asked, ["colour"]).items) == asked


def copied(folder: Path, times: int) -> Path:
    """A catalog with each of its items so many times, at a price more each time."""
    lines = [json.loads(line) for line in (folder / "catalog.jsonl").read_text().splitlines()]
    many = [{**line, "id": f"{line['id']}-{n}", "price": 20 + n} for n in range(times) for line in lines]
    (folder / "catalog.jsonl").write_text("\n".join(map(json.dumps, many)))
    return folder


def test_a_large_catalog_is_searched_by_candidates(
    tmp_path: Path, make_catalog: Callable[..., Path], embedder: Embedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("recommend.retriever.POOL", 6)
    retriever = Retriever.open(copied(make_catalog(tmp_path / "shop"), 5), embedder, uri=str(tmp_path / "db"))
    result = retriever.search(Query(text="red linen dress under 23"), k=3)
    assert result.matching == 3 and {i.rsplit("-", 1)[0] for i in ids(result)} == {"dress-red"}
    assert [hit.item.kind for hit in retriever.search(Query(text="hoodie"), k=5).hits] == ["hoodie"] * 5
    assert len(retriever.search(Query(), k=5).hits) == 5


def test_candidates_that_are_read_plainly_give_the_same_hits(
    tmp_path: Path, make_catalog: Callable[..., Path], embedder: Embedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("recommend.retriever.POOL", 6)
    retriever = Retriever.open(copied(make_catalog(tmp_path / "shop"), 6), embedder, uri=str(tmp_path / "db"))
    red = ("red", "burgundy")
    queries = (
        Query(),
        Query(text="something in linen"),
        Query(text="but in navy", likes=("dress-red-1",)),
        Query(text="casual, not red, under 24", photo=np.full((96, 96, 3), 90, np.uint8)),
        Query(like=np.full((96, 96, 3), 60, np.uint8), colours=red, exclude_ids=("tee-red-3",)),
        Query(text="under 24", feedback=Feedback().add("like", "tee-navy-2")),
    )
    baskets = [("tee-navy-2", "skirt-green-1"), ("tee-navy-2", "skirt-green-5")] * 3
    taste = Ease.fit(baskets, *retriever.content(), EaseSettings(1, 0))
    results = [retriever.search(query, 9, taste) for query in queries]
    taken: list[int] = []

    def plain(self: Index, row_ids: Sequence[int], vectors: Sequence[str] = VECTORS) -> Rows:
        if vectors:  # without, only titles are read
            taken.append(len(row_ids))
        every = self._read(["id"], "")
        names = dict(zip(every["_rowid"].to_pylist(), every["id"].to_pylist(), strict=True))
        return self.rows(ids=[names[row_id] for row_id in row_ids], vectors=vectors)

    monkeypatch.setattr(Index, "take", plain)
    for query, result in zip(queries, results, strict=True):
        assert result.hits and retriever.search(query, 9, taste).hits == result.hits
    assert len(taken) == len(queries) and max(taken) > 6
    # The six nearest to what is liked, and what goes to the same people.
    assert taken[-1] > 6 and all("taste" in hit.scores for hit in results[-1].hits)


@pytest.mark.parametrize(
    ("query", "read"),
    [
        (Query(text="red linen dress"), {"semantic", "colour", "words"}),
        (Query(text="something darker", likes=("dress-red",)), {"semantic", "colour", "words", "palette"}),
        (Query(likes=("dress-red",)), {"semantic", "colour"}),
        (Query(text="to wear with my navy jeans"), {"semantic", "colour", "palette"}),
        (Query(photo=np.full((96, 96, 3), 90, np.uint8)), {"semantic", "colour", "palette"}),
        (Query(), {"semantic", "colour"}),
    ],
)
def test_vectors_that_are_not_read_change_no_result(
    shop: Path, embedder: Embedder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, query: Query, read: set[str]
) -> None:
    whole = Retriever.open(
        shop, embedder, uri=str(tmp_path / "db"), cut_out=lambda image: np.full(image.shape[:2], 255)
    )
    asked: list[set[str]] = []
    rows = Index.rows

    def watched(self: Index, *filters: Filters, vectors: Sequence[str] = VECTORS, **how: Any) -> Rows:
        asked.append(set(vectors))
        return rows(self, *filters, vectors=vectors, **how)

    monkeypatch.setattr(Index, "rows", watched)
    hits = whole.search(query).hits
    assert hits and asked[-1] == read
    monkeypatch.setattr("recommend.scoring.compared", lambda *_: VECTORS)
    assert whole.search(query).hits == hits


def test_words_alone_bring_candidates_of_a_large_catalog(
    tmp_path: Path, make_catalog: Callable[..., Path], embedder: Embedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("recommend.retriever.POOL", 3)
    monkeypatch.setattr("recommend.index.Index.nearest", lambda *_: [])
    folder = make_catalog(tmp_path / "shop")
    path = folder / "catalog.jsonl"
    path.write_text(path.read_text().replace('"title": "Dark jeans"', '"title": "Jeans", "description": "by Zephyra"'))
    retriever = Retriever.open(folder, embedder, uri=str(tmp_path / "db"))
    assert ids(retriever.search(Query(text="zephyra"))) == ["jeans-navy"]
    assert retriever.search(Query(text="zephyra", max_price=40)).matching == 5
    assert "jeans-navy" not in ids(retriever.search(Query(text="zephyra", max_price=40)))


class TestIndexing:
    """When the index is made, kept, brought up to date and refused."""

    def test_nothing_is_encoded_twice(self, shop: Path, embedder: Embedder, tmp_path: Path) -> None:
        uri = str(tmp_path / "db")
        Retriever.open(shop, embedder, uri=uri)
        before = embedder.encoded  # type: ignore[attr-defined]
        done: list[tuple[int, int]] = []
        Retriever.open(shop, embedder, uri=uri, on_item=lambda n, total: done.append((n, total)))
        assert embedder.encoded == before and done == []  # type: ignore[attr-defined]

    def test_only_what_changed_is_encoded_again(
        self, tmp_path: Path, make_catalog: Callable[..., Path], embedder: Embedder
    ) -> None:
        folder, uri = make_catalog(tmp_path / "shop"), str(tmp_path / "db")
        Retriever.open(folder, embedder, uri=uri)
        before = embedder.encoded  # type: ignore[attr-defined]
        path = folder / "catalog.jsonl"
        path.write_text(
            path.read_text().replace("Green hoodie", "Emerald hoodie").replace('"price": 39.0', '"price": 38.0')
        )
        retriever = Retriever.open(folder, embedder, uri=uri)
        assert embedder.encoded == before + 1  # type: ignore[attr-defined]
        assert retriever.search(Query(text="red dress")).hits[0].item.price == 38.0
        assert retriever.search(Query(text="hoodie")).hits[0].item.title == "Emerald hoodie"

    def test_a_removed_item_is_gone(
        self, tmp_path: Path, make_catalog: Callable[..., Path], embedder: Embedder
    ) -> None:
        folder, uri = make_catalog(tmp_path / "shop"), str(tmp_path / "db")
        Retriever.open(folder, embedder, uri=uri)
        path = folder / "catalog.jsonl"
        path.write_text("\n".join(path.read_text().splitlines()[1:]))
        assert "tee-red" not in ids(Retriever.open(folder, embedder, uri=uri).search(Query(), k=20))

    def test_missing_colours_are_measured(
        self, tmp_path: Path, make_catalog: Callable[..., Path], embedder: Embedder
    ) -> None:
        folder = make_catalog(tmp_path / "shop")
        path = folder / "catalog.jsonl"
        path.write_text(path.read_text().replace('"colours": ["green"]', '"colours": []'))
        retriever = Retriever.open(folder, embedder, uri=str(tmp_path / "db"))
        assert set(ids(retriever.search(Query(text="green")))) == {"hoodie-green", "skirt-green"}

    def test_a_picture_damaged_since_the_check_leaves_one_item_out(
        self, tmp_path: Path, make_catalog: Callable[..., Path], embedder: Embedder
    ) -> None:
        folder = make_catalog(tmp_path / "shop")
        (folder / "tee-red.png").write_bytes(b"\x89PNG\r\n\x1a\n and no more")
        retriever = Retriever.open(folder, embedder, uri=str(tmp_path / "db"))
        assert [problem.item for problem in retriever.problems] == ["tee-red"]
        assert len(retriever.search(Query(), k=20).hits) == 7

    def test_a_catalog_without_good_lines_is_refused(self, tmp_path: Path, embedder: Embedder) -> None:
        (tmp_path / "catalog.jsonl").write_text("nonsense\n")
        with pytest.raises(BadInput, match="tryroom catalog check"):
            Retriever.open(tmp_path, embedder, uri=str(tmp_path / "db"))

    def test_an_index_of_other_encoders_is_refused_where_one_was_named(
        self, shop: Path, embedder: Embedder, tmp_path: Path
    ) -> None:
        uri = str(tmp_path / "db")
        Retriever.open(shop, embedder, uri=uri)
        index = open_index(uri, embedder.revision, "")
        assert index is not None
        write_index(uri, index.rows(), Stamp("other", index.stamp.catalog))
        with pytest.raises(IncompatibleIndex, match="--anew"):
            Retriever.open(shop, embedder, uri=uri)

    def test_the_default_place_is_in_the_cache(
        self, shop: Path, embedder: Embedder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("TRYROOM_CACHE", str(tmp_path / "cache"))
        Retriever.open(shop, embedder)
        place = default_uri(shop, embedder.revision)
        assert place.is_dir() and tmp_path in place.parents
