"""The index against plain numpy on random filters, small and large, and what keeps it trustworthy: stamps, atomic
rebuilds and changes, refusals.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import lancedb
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recommend.errors import BadInput, IncompatibleIndex, StorageFailed
from recommend.index import (
    TABLE,
    VECTORS,
    Index,
    Rows,
    Stamp,
    delete,
    open_index,
    table_uri,
    upsert,
    where,
    write_index,
    write_parts,
)
from recommend.index_table import lifted
from recommend.index_upkeep import SEARCHED, refined
from recommend.schema import FACETS, SIDES, Facet, Filters, Item, SizeLimit, seen_of, side_of, values_of

CATEGORIES = ("upper", "lower", "dress")
COLOURS = ("red", "navy", "white", "o'live", "light blue")
MATERIALS = ("", "cotton", "linen", "lea\"ther'", "oak, wool")
STAMP = Stamp("enc1", "cat1")
ROOT = Path(__file__).parents[2]


def rows(count: int, seed: int = 0) -> Rows:
    rng = np.random.default_rng(seed)

    def pick(values: tuple[str, ...]) -> str:
        return values[rng.integers(len(values))]

    items = tuple(
        Item(
            id=f"item'{n}",
            title=f"Thing {n} — “quoted”",
            category=pick(CATEGORIES),
            price=round(float(rng.uniform(0, 100)), 2),
            image=f"{n}.png",
            colours=tuple(dict.fromkeys(pick(COLOURS) for _ in range(rng.integers(0, 4)))),
            material=pick(MATERIALS),
            style=tuple(dict.fromkeys(pick(("casual", "office")) for _ in range(rng.integers(0, 3)))),
            size_cm=tuple(round(float(side), 1) for side in rng.uniform(20, 200, 3)) if n % 5 else None,  # type: ignore
            place=pick(("", "floor", "wall")),
            pattern=pick(("", "plain")) if n % 2 else "",
            seen_pattern="" if n % 2 else pick(("", "striped", "plain")),
            extra={"views": [n, None], "round": n % 2 == 0} if n % 3 else {},
        )
        for n in range(count)
    )
    vectors = {name: rng.normal(size=(count, 6)).astype(np.float32) for name in VECTORS}
    vectors = {name: v / np.linalg.norm(v, axis=1, keepdims=True) for name, v in vectors.items()}
    return Rows(items, tuple(f"content {n}" for n in range(count)), vectors)


ROWS = rows(150)


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Index:
    return write_index(str(tmp_path_factory.mktemp("index") / "db"), ROWS, STAMP)


def some(values: tuple[str, ...]) -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(st.sampled_from(values), max_size=3, unique=True).map(tuple)


PRICE = st.none() | st.floats(0, 110) | st.sampled_from([item.price for item in ROWS.items])
FACET = st.one_of(
    st.builds(Facet, st.just("colours"), some(COLOURS)),
    st.builds(Facet, st.just("material"), some((*MATERIALS[1:4], "oak", "wool"))),
    st.builds(Facet, st.just("place"), some(("floor", "wall"))),
    st.builds(Facet, st.just("category"), some(CATEGORIES)),
    st.builds(Facet, st.just("pattern"), some(("plain", "striped", "dotted"))),
    st.builds(Facet, st.just("style"), some(("casual", "office", "none'such"))),
)
SIZE = st.none() | st.floats(0, 220) | st.sampled_from([side for item in ROWS.items for side in item.size_cm or ()])
FILTERS = st.builds(
    Filters,
    min_price=PRICE,
    max_price=PRICE,
    categories=some(CATEGORIES),
    colours=st.lists(some(COLOURS), max_size=2).map(tuple),
    named=some(tuple(item.id for item in ROWS.items[3:12])),
    without=st.lists(st.lists(FACET, min_size=1, max_size=2).map(tuple), max_size=2).map(tuple),
    without_ids=some(tuple(item.id for item in ROWS.items[:6])),
    required=st.lists(FACET, max_size=1).map(tuple),
    sizes=st.lists(st.builds(SizeLimit, st.sampled_from(SIDES), SIZE, SIZE), max_size=2).map(tuple),
)


def unit(seed: int) -> np.ndarray:
    """A random query."""
    query = np.random.default_rng(seed).normal(size=6).astype(np.float32)
    return query / np.linalg.norm(query)


def names(index: Index, found: Sequence[tuple[int, float]]) -> list[str]:
    """Ids of what a search found."""
    return [item.id for item in index.take([row_id for row_id, _ in found], ()).items]


def check_against_numpy(index: Index, known: Rows, filters: Filters, seed: int, k: int, column: str) -> None:
    """That an index of the rows `known` finds what going through all of them finds."""
    matching = [n for n, item in enumerate(known.items) if filters.match(item)]
    cosines = known.vectors[column] @ unit(seed)
    expected = sorted(matching, key=lambda n: -cosines[n])[:k]

    assert index.count(filters) == len(matching)
    found = index.nearest(column, unit(seed), filters, k)
    assert len(found) == len(expected)
    np.testing.assert_allclose([c for _, c in found], cosines[expected], atol=1e-5)
    place = {item.id: n for n, item in enumerate(known.items)}
    for name, (_, cosine) in zip(names(index, found), found, strict=True):
        assert filters.match(known.items[place[name]])
        assert cosine == pytest.approx(float(cosines[place[name]]), abs=1e-5)
    assert set(index.rows(filters).items) == {known.items[n] for n in matching}


@given(FILTERS, st.integers(0, 2**31), st.integers(1, 40), st.sampled_from(VECTORS))
def test_the_index_equals_numpy_on_any_filters(index: Index, filters: Filters, seed: int, k: int, column: str) -> None:
    check_against_numpy(index, ROWS, filters, seed, k, column)


def test_rows_come_back_as_they_were(index: Index) -> None:
    back = index.rows()
    place = {item.id: n for n, item in enumerate(ROWS.items)}
    assert len(back) == len(index) == len(ROWS)
    for n, item in enumerate(back.items):
        own = place[item.id]
        assert item == ROWS.items[own] and back.content[n] == ROWS.content[own]
        for name in VECTORS:
            np.testing.assert_array_equal(back.vectors[name][n], ROWS.vectors[name][own])


@pytest.mark.parametrize("column", VECTORS)
def test_vectors_of_one_column_come_with_their_ids(index: Index, column: str) -> None:
    ids, vectors = index.vectors(column)
    place = {item.id: n for n, item in enumerate(ROWS.items)}
    assert len(ids) == len(place)
    np.testing.assert_array_equal(vectors, ROWS.vectors[column][[place[name] for name in ids]])


def test_a_limited_read_is_a_fixed_sample_without_order_of_the_file(index: Index) -> None:
    sample = [item.id for item in index.rows(limit=30).items]
    assert sample == [item.id for item in index.take(index.sample(Filters(), 30), ()).items]
    places = sorted(int(name.removeprefix("item'")) for name in sample)
    assert places[-1] > 100 and places[0] < 50


def test_parts_are_written_one_after_the_other(tmp_path: Path) -> None:
    made: list[int] = []

    def parts() -> Iterator[Rows]:
        for start in range(0, 150, 40):
            made.append(start)
            yield part(ROWS, start, start + 40)

    index = write_parts(str(tmp_path / "db"), parts(), STAMP)
    assert made == [0, 40, 80, 120] and index.stamp == STAMP
    assert set(index.rows().items) == set(ROWS.items)


def test_wishes_narrow_a_read(index: Index) -> None:
    found = index.rows(wishes=[Facet("material", ("linen",)), Facet("colours", ("red", "navy"))]).items
    assert found and all(item.material == "linen" and {"red", "navy"} & set(item.colours) for item in found)


def test_no_filter_is_no_condition() -> None:
    assert where(Filters()) == ""


def test_nothing_there_is_none(tmp_path: Path) -> None:
    assert open_index(str(tmp_path / "none"), "enc1", "cmd") is None
    (tmp_path / "empty").mkdir()
    assert open_index(str(tmp_path / "empty"), "enc1", "cmd") is None


def test_files_of_a_table_that_was_never_committed_are_no_index(tmp_path: Path) -> None:
    data = Path(table_uri(str(tmp_path / "db"))) / "data"
    data.mkdir(parents=True)
    (data / "fragment.lance").write_bytes(b"of a run that was stopped")
    assert open_index(str(tmp_path / "db"), "enc1", "cmd") is None
    assert len(write_index(str(tmp_path / "db"), ROWS, STAMP)) == len(ROWS)


def test_an_index_is_reopened_with_its_stamp(tmp_path: Path) -> None:
    write_index(str(tmp_path / "db"), ROWS, STAMP)
    opened = open_index(str(tmp_path / "db"), "enc1", "cmd")
    assert opened is not None and opened.stamp == STAMP and len(opened) == len(ROWS)


def test_other_encoders_are_refused_with_the_command(tmp_path: Path) -> None:
    write_index(str(tmp_path / "db"), ROWS, STAMP)
    with pytest.raises(IncompatibleIndex, match="tryroom catalog index DIR") as caught:
        open_index(str(tmp_path / "db"), "enc2", "tryroom catalog index DIR --anew")
    assert "enc1" in caught.value.got and "enc2" in caught.value.expected


def test_another_layout_is_refused(tmp_path: Path) -> None:
    write_index(str(tmp_path / "db"), ROWS, Stamp("enc1", "cat1", layout=99))
    with pytest.raises(IncompatibleIndex, match="layout 99"):
        open_index(str(tmp_path / "db"), "enc1", "cmd")


def test_a_table_of_somebody_else_is_refused(tmp_path: Path) -> None:
    lancedb.connect(str(tmp_path / "db")).create_table(TABLE, [{"id": "a", "x": 1.0}])
    with pytest.raises(IncompatibleIndex, match="layout 0"):
        open_index(str(tmp_path / "db"), "enc1", "cmd")


def test_a_damaged_index_says_how_it_is_made_anew_and_that_works(tmp_path: Path) -> None:
    uri = str(tmp_path / "my db")
    write_index(uri, ROWS, STAMP)
    opened = open_index(uri, "enc1", "cmd")
    for file in (Path(table_uri(uri)) / "data").iterdir():
        file.write_bytes(file.read_bytes()[:100])
    assert opened is not None
    cheap = Filters(max_price=20)
    for read in (opened.rows, lambda: opened.count(cheap), lambda: opened.nearest("semantic", unit(1), cheap, 3)):
        with pytest.raises(StorageFailed, match=f"--uri '{uri}' --anew") as caught:
            read()
        assert ".rs:" not in str(caught.value)
    for manifest in (Path(table_uri(uri)) / "_versions").iterdir():
        manifest.write_bytes(b"garbage")
    with pytest.raises(StorageFailed, match="garbage"):
        open_index(uri, "enc1", "cmd")
    assert len(write_index(uri, ROWS, STAMP).rows()) == len(ROWS)


def test_what_is_no_place_for_an_index_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    for place in (tmp_path / "file", tmp_path / "file" / "db"):
        with pytest.raises(StorageFailed, match="file"):
            write_index(str(place), ROWS, STAMP)
    assert (tmp_path / "file").read_text() == "mine"
    with pytest.raises(BadInput, match="ftp://shop/db"):
        open_index("ftp://shop/db", "enc1", "cmd")


def test_a_rebuild_leaves_open_readers_their_version(tmp_path: Path) -> None:
    old = write_index(str(tmp_path / "db"), ROWS, STAMP)
    write_index(str(tmp_path / "db"), rows(7, seed=1), Stamp("enc1", "cat2"))
    new = open_index(str(tmp_path / "db"), "enc1", "cmd")
    assert new is not None and (len(new), new.stamp.catalog) == (7, "cat2")
    assert len(old) == 150 and len(old.rows()) == 150
    assert {item.id for item in old.rows().items} == {item.id for item in ROWS.items}


def test_a_rebuild_killed_at_any_moment_leaves_a_whole_index(tmp_path: Path) -> None:
    uri = str(tmp_path / "db")
    write_index(uri, rows(40, seed=5), STAMP)
    program = textwrap.dedent(
        f"""
        import sys; sys.path.insert(0, {str(ROOT)!r}); sys.path.insert(0, {str(Path(__file__).parent)!r})
        from test_index import rows, write_index, Stamp
        many = rows(800, seed=6)
        print("ready", flush=True)
        while True:
            write_index({uri!r}, many, Stamp("enc1", "cat2"))
        """
    )
    writer = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    assert writer.stdout is not None and writer.stdout.readline() == "ready\n"
    for _ in range(4):
        seen = open_index(uri, "enc1", "cmd")
        assert seen is not None
        assert (len(seen.rows()), seen.stamp.catalog) in {(40, "cat1"), (800, "cat2")}
    os.kill(writer.pid, signal.SIGKILL)
    writer.wait()
    left = open_index(uri, "enc1", "cmd")
    assert left is not None
    assert (len(left.rows()), left.stamp.catalog) in {(40, "cat1"), (800, "cat2")}
    assert len(write_index(uri, ROWS, STAMP)) == 150


@given(FILTERS, st.lists(st.sampled_from(FACETS), unique=True))
def test_facets_equal_a_plain_count(index: Index, filters: Filters, attributes: list[str]) -> None:
    counts = index.facets(filters, attributes)
    assert list(counts) == attributes
    for attribute, found in counts.items():
        expected: dict[str, int] = {}
        for item in ROWS.items:
            if lifted(filters, attribute).match(item):
                for value in values_of(item, attribute) + seen_of(item, attribute):
                    expected[value] = expected.get(value, 0) + 1
        assert found == expected
        assert list(found.values()) == sorted(found.values(), reverse=True)


@given(FILTERS, st.sampled_from(("", "price", *SIDES)))
def test_an_extent_equals_a_plain_one(index: Index, filters: Filters, side: str) -> None:
    items = [item for item in ROWS.items if filters.match(item)]
    lengths = [item.price if side == "price" else side_of(item, side) for item in items if side]
    known = [length for length in lengths if length is not None]
    found = index.extent(filters, side)
    assert (found.count, set(found.categories)) == (len(items), {item.category for item in items})
    assert (found.least, found.most) == (min(known, default=None), max(known, default=None))


def test_an_attributes_own_filter_is_lifted_from_its_counts(index: Index) -> None:
    counts = index.facets(Filters(categories=("dress",), colours=(("red",),)), ("category", "colours", "place"))
    red_dresses = index.count(Filters(categories=("dress",), colours=(("red",),)))
    assert counts["category"]["dress"] == counts["colours"]["red"] == red_dresses
    assert set(counts["category"]) == set(CATEGORIES) and set(counts["colours"]) == set(COLOURS)
    assert sum(counts["place"].values()) < red_dresses


def test_an_unknown_attribute_has_no_counts(index: Index) -> None:
    with pytest.raises(BadInput, match="brand"):
        index.facets(Filters(), ("brand",))


def named(*texts: tuple[str, str]) -> Rows:
    """Items of these titles and descriptions, ids from 0."""
    some_rows = rows(len(texts))
    items = tuple(
        Item(str(n), title, "upper", 10.0 * n, "a.png", description=more) for n, (title, more) in enumerate(texts)
    )
    return Rows(items, some_rows.content, some_rows.vectors)


def test_words_are_found_in_titles_and_descriptions_by_their_stems(tmp_path: Path) -> None:
    texts = ("Corduroy jackets", "brown"), ("Jacket", "in corduroy; not a jacket for rain"), ("Sofa", "velvet")
    index = write_index(str(tmp_path / "db"), named(*texts), STAMP)
    assert set(names(index, index.texts("a corduroy jacket", Filters(), 5))) == {"0", "1"}
    assert names(index, index.texts("corduroy", Filters(min_price=5), 5)) == ["1"]
    assert len(index.texts("corduroy", Filters(), 1)) == 1
    assert index.texts("the", Filters(), 5) == index.texts("''\" AND (", Filters(), 5) == []


class TestLarge:
    """A table with indexes for vectors and filters, at a size where every result can be checked."""

    COUNT = 700

    @pytest.fixture(scope="class")
    def known(self) -> Rows:
        return rows(self.COUNT, seed=3)

    @pytest.fixture(scope="class")
    def large(self, known: Rows, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
        """The first 600 rows in the indexes, 100 added since, so few that they are not folded in."""
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("recommend.index_upkeep.ANN_FROM", 100)
            patch.setattr("recommend.index_upkeep.PARTITION", 25)
            patch.setattr("recommend.index_upkeep.FOLD_FROM", 0.5)
            uri = str(tmp_path_factory.mktemp("large") / "db")
            write_index(uri, part(known, 0, 600), STAMP)
            index = upsert(uri, part(known, 600, self.COUNT), Stamp("enc1", "cat2"), "cmd")
            unindexed = {
                i.columns[0]: i.num_unindexed_rows for i in lancedb.connect(uri).open_table(TABLE).list_indices()
            }
            assert {unindexed[column] for column in SEARCHED} == {100} and index.whole
            yield index

    @settings(max_examples=150)
    @given(FILTERS, st.integers(0, 2**31), st.integers(1, 40), st.sampled_from(VECTORS))
    def test_no_filter_loses_a_result(
        self, large: Index, known: Rows, filters: Filters, seed: int, k: int, column: str
    ) -> None:
        check_against_numpy(large, known, filters, seed, k, column)

    @pytest.mark.parametrize("column", SEARCHED)
    def test_without_filters_the_nearest_are_found(self, large: Index, known: Rows, column: str) -> None:
        found = 0
        for seed in range(50):
            expected = np.argsort(-(known.vectors[column] @ unit(seed)))[:10]
            nearest = set(names(large, large.nearest(column, unit(seed), Filters(), 10)))
            found += len(nearest & {known.items[n].id for n in expected})
        assert found == 500

    def test_more_are_compared_whole_than_asked_for(self) -> None:
        assert [refined(k) for k in (1, 10, 30, 400)] == [100, 10, 4, 2]

    @given(FILTERS)
    def test_facets_count_through_the_indexes_of_filters(self, large: Index, known: Rows, filters: Filters) -> None:
        matching = [item for item in known.items if filters.match(item)]
        styles = large.facets(filters, ("style",))["style"]
        if not any(facet.attribute == "style" for facet in filters.required):
            assert sum(styles.values()) == sum(len(item.style) for item in matching)

    def test_a_sample_is_even_though_rows_were_added(self, large: Index) -> None:
        sample = large.rows(limit=70).items
        late = sum(int(item.id.removeprefix("item'")) >= 600 for item in sample)
        assert len(sample) == 70 and 3 <= late <= 20
        assert sample == large.rows(limit=70).items


class TestTaking:
    """What searches find is read by row ids; reading all rows and picking those of the same ids must give the same."""

    @pytest.fixture(scope="class")
    def lived(self, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
        """Rows in the indexes, of which some were replaced and some deleted since, and new ones outside them."""
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("recommend.index_upkeep.ANN_FROM", 50)
            patch.setattr("recommend.index_upkeep.PARTITION", 20)
            patch.setattr("recommend.index_upkeep.FOLD_FROM", 0.9)
            uri = str(tmp_path_factory.mktemp("lived") / "db")
            write_index(uri, part(ROWS, 0, 100), STAMP)
            upsert(uri, changed(part(ROWS, 90, 130), 7.5), STAMP, "cmd")
            delete(uri, [item.id for item in ROWS.items[20:95]], STAMP, "cmd")
            yield upsert(uri, part(ROWS, 130, 150), STAMP, "cmd")

    @given(FILTERS, st.integers(0, 2**31), st.integers(1, 40))
    def test_taken_rows_equal_a_plain_reading(self, lived: Index, filters: Filters, seed: int, k: int) -> None:
        found = [lived.nearest(column, unit(seed), filters, k) for column in SEARCHED]
        found.append(lived.texts("thing quoted", filters, k))
        row_ids = {row_id for one in found for row_id, _ in one} | set(lived.sample(filters, k))
        taken, plain = lived.take(sorted(row_ids)), lived.rows(filters)
        ids = {item.id for item in taken.items}
        kept = [place for place, item in enumerate(plain.items) if item.id in ids]
        assert len(taken) == len(row_ids) == len(ids)
        assert taken.items == tuple(plain.items[place] for place in kept)
        assert taken.content == tuple(plain.content[place] for place in kept)
        for name in VECTORS:
            np.testing.assert_array_equal(taken.vectors[name], plain.vectors[name][kept])

    @given(FILTERS, st.permutations(range(150)), st.integers(0, 60))
    def test_rows_come_in_the_order_asked(self, lived: Index, filters: Filters, order: list[int], count: int) -> None:
        ids = [ROWS.items[place].id for place in order]
        row_ids = lived.row_ids(filters, ids)[::-1][:count]
        one_by_one = [item for row_id in row_ids[:3] for item in lived.take([row_id], ()).items]
        taken = lived.take(row_ids, ("colour",))
        assert taken.items[:3] == tuple(one_by_one) and len(taken) == len(row_ids)
        assert all(filters.match(item) for item in taken.items) and set(taken.vectors) == {"colour"}

    def test_a_reader_takes_from_the_version_that_it_opened(self, tmp_path: Path) -> None:
        uri = str(tmp_path / "db")
        old = write_index(uri, part(ROWS, 0, 100), STAMP)
        row_ids = old.sample(Filters(), 100)
        before = old.take(row_ids)
        upsert(uri, changed(part(ROWS, 0, 50), 7.5), STAMP, "cmd")
        delete(uri, [item.id for item in ROWS.items[40:90]], STAMP, "cmd")
        assert old.take(row_ids).items == before.items and len(before) == 100


class TestHowItIsRead:
    """An index is read through io_uring or not: it is the same index."""

    def test_a_path_may_have_any_characters(self, tmp_path: Path) -> None:
        uri = str(tmp_path / "my shop #1, 50%20 off?" / "db")
        write_index(uri, ROWS, STAMP)
        opened = open_index(uri, "enc1", "cmd")
        assert opened is not None and set(opened.rows().items) == set(ROWS.items)

    @pytest.mark.parametrize("why", ["elsewhere", "forbidden"])
    def test_without_io_uring_it_is_read_all_the_same(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, why: str
    ) -> None:
        uri, connect = str(tmp_path / "db"), lancedb.connect
        found = write_index(uri, ROWS, STAMP).nearest("semantic", unit(1), Filters(), 20)

        def forbidden(uri: str) -> lancedb.DBConnection:
            if uri.startswith("file+uring"):
                raise RuntimeError("no io_uring worker threads are available: Operation not permitted (os error 1)")
            return connect(uri)

        if why == "elsewhere":
            monkeypatch.setattr("sys.platform", "darwin")
        monkeypatch.setattr(lancedb, "connect", forbidden)
        opened = open_index(uri, "enc1", "cmd")
        assert opened is not None and opened.nearest("semantic", unit(1), Filters(), 20) == found

    @pytest.mark.skipif(sys.platform != "linux", reason="io_uring is Linux's")
    def test_another_failure_is_no_reason_to_go_on(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        uri, connect = str(tmp_path / "db"), lancedb.connect
        write_index(uri, ROWS, STAMP)

        def broken(uri: str) -> lancedb.DBConnection:
            if uri.startswith("file+uring"):
                raise RuntimeError("the disk is gone")
            return connect(uri)

        monkeypatch.setattr(lancedb, "connect", broken)
        with pytest.raises(StorageFailed, match="the disk is gone"):
            open_index(uri, "enc1", "cmd")


def part(known: Rows, start: int, end: int) -> Rows:
    """Some of the rows."""
    vectors = {name: matrix[start:end] for name, matrix in known.vectors.items()}
    return Rows(known.items[start:end], known.content[start:end], vectors)


def changed(known: Rows, price: float) -> Rows:
    """The same rows at another price."""
    return replace(known, items=tuple(replace(item, price=price) for item in known.items))


class TestChanges:
    """Items added, replaced and deleted one by one."""

    def test_an_item_is_added_and_replaced(self, tmp_path: Path) -> None:
        uri, new = str(tmp_path / "db"), Stamp("enc1", "cat2")
        old = write_index(uri, part(ROWS, 0, 100), STAMP)
        for _ in range(2):
            upsert(uri, changed(part(ROWS, 90, 110), 7.5), new, "cmd")
        opened = open_index(uri, "enc1", "cmd")
        assert opened is not None and (len(opened), opened.stamp) == (110, new) and opened.whole
        repriced = opened.rows(Filters(max_price=7.5, min_price=7.5)).items
        assert {item.id for item in repriced} == {item.id for item in ROWS.items[90:110]}
        assert len(old) == 100 and len(old.rows()) == 100 and old.stamp == STAMP

    def test_what_was_added_is_found_by_vector_and_words(self, tmp_path: Path) -> None:
        uri = str(tmp_path / "db")
        write_index(uri, part(ROWS, 0, 100), STAMP)
        added = upsert(uri, named(("Ottoman", "with a quilted lid")), STAMP, "cmd")
        assert names(added, added.texts("quilted", Filters(), 3)) == ["0"]
        vector = rows(1).vectors["semantic"][0]
        assert added.nearest("semantic", vector, Filters(), 1)[0][1] == pytest.approx(1, abs=1e-5)

    def test_deleting_is_idempotent(self, tmp_path: Path) -> None:
        uri = str(tmp_path / "db")
        write_index(uri, ROWS, STAMP)
        for _ in range(2):
            left = delete(uri, ["item'3", "item'4", "none"], Stamp("enc1", "cat2"), "cmd")
        assert len(left) == 148 and not {"item'3", "item'4"} & {item.id for item in left.rows().items}
        assert names(left, left.nearest("words", ROWS.vectors["words"][3], Filters(), 1)) != ["item'3"]

    def test_a_growing_table_gets_its_indexes_and_folds_in(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        uri = str(tmp_path / "db")
        monkeypatch.setattr("recommend.index_upkeep.ANN_FROM", 120)
        monkeypatch.setattr("recommend.index_upkeep.FOLD_LEAST", 10)
        assert write_index(uri, part(ROWS, 0, 100), STAMP).whole
        table = lancedb.connect(uri).open_table(TABLE)
        assert {column for index in table.list_indices() for column in index.columns} == {"title", "description"}
        assert upsert(uri, part(ROWS, 100, 150), STAMP, "cmd").whole
        indices = lancedb.connect(uri).open_table(TABLE).list_indices()
        assert {*SEARCHED, "price", "colours"} <= {column for index in indices for column in index.columns}
        assert all(index.num_unindexed_rows == 0 for index in indices)

    def test_an_index_without_what_its_size_asks_for_is_not_whole(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        uri = str(tmp_path / "db")
        write_index(uri, ROWS, STAMP)
        monkeypatch.setattr("recommend.index_upkeep.ANN_FROM", 100)
        opened = open_index(uri, "enc1", "cmd")
        assert opened is not None and not opened.whole
        check_against_numpy(opened, ROWS, Filters(), 1, 20, "semantic")

    def test_the_same_id_twice_is_refused(self, tmp_path: Path) -> None:
        write_index(str(tmp_path / "db"), ROWS, STAMP)
        with pytest.raises(BadInput, match="more than once"):
            upsert(str(tmp_path / "db"), replace(part(ROWS, 0, 2), items=(ROWS.items[0],) * 2), STAMP, "cmd")

    def test_other_encoders_and_no_index_are_refused(self, tmp_path: Path) -> None:
        write_index(str(tmp_path / "db"), ROWS, STAMP)
        with pytest.raises(IncompatibleIndex, match="Rebuild it with: cmd"):
            upsert(str(tmp_path / "db"), ROWS, Stamp("enc2", "cat1"), "cmd")
        with pytest.raises(BadInput, match="Make it with: cmd"):
            delete(str(tmp_path / "none"), ["a"], STAMP, "cmd")

    def test_writers_wait_for_each_other_and_lose_nothing(self, tmp_path: Path) -> None:
        uri = str(tmp_path / "db")
        write_index(uri, part(ROWS, 0, 10), STAMP)
        writers = [
            threading.Thread(target=upsert, args=(uri, part(ROWS, start, start + 10), STAMP, "cmd"))
            for start in range(10, 50, 10)
        ]
        for writer in writers:
            writer.start()
        for writer in writers:
            writer.join()
        opened = open_index(uri, "enc1", "cmd")
        assert opened is not None and {i.id for i in opened.rows().items} == {i.id for i in ROWS.items[:50]}

    def test_a_writer_killed_at_any_moment_loses_nothing_committed(self, tmp_path: Path) -> None:
        uri = str(tmp_path / "db")
        write_index(uri, part(rows(400, seed=6), 0, 5), STAMP)
        program = textwrap.dedent(
            f"""
            import sys; sys.path.insert(0, {str(ROOT)!r}); sys.path.insert(0, {str(Path(__file__).parent)!r})
            from test_index import part, rows, upsert, STAMP
            many = rows(400, seed=6)
            for start in range(int(sys.argv[1]), 400, 5):
                upsert({uri!r}, part(many, start, start + 5), STAMP, "cmd")
                print(start + 5, flush=True)
            """
        )
        count = 5
        for lines in (1, 3, 6):
            writer = subprocess.Popen([sys.executable, "-c", program, str(count)], stdout=subprocess.PIPE, text=True)
            assert writer.stdout is not None
            told = [int(writer.stdout.readline()) for _ in range(lines)]
            os.kill(writer.pid, signal.SIGKILL)
            told += [int(line) for line in writer.stdout.read().split()]
            writer.wait()
            left = open_index(uri, "enc1", "cmd")
            assert left is not None and len(left) % 5 == 0 and len(left) >= told[-1]
            assert {item.id for item in left.rows().items} == {f"item'{n}" for n in range(len(left))}
            count = len(left)
        assert len(upsert(uri, rows(400, seed=6), STAMP, "cmd")) == 400
