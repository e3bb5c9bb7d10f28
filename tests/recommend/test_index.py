"""The index against plain numpy on random filters, and what keeps it trustworthy: stamps, atomic rebuilds, refusals."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import lancedb
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommend.errors import IncompatibleIndex
from recommend.index import TABLE, VECTORS, Index, Rows, Stamp, open_index, where, write_index
from recommend.schema import SIDES, Facet, Filters, Item, SizeLimit

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
    st.builds(Facet, st.just("style"), some(("casual", "office", "none'such"))),
)
SIZE = st.none() | st.floats(0, 220) | st.sampled_from([side for item in ROWS.items for side in item.size_cm or ()])
FILTERS = st.builds(
    Filters,
    min_price=PRICE,
    max_price=PRICE,
    categories=some(CATEGORIES),
    colours=st.lists(some(COLOURS), max_size=2).map(tuple),
    without=st.lists(st.lists(FACET, min_size=1, max_size=2).map(tuple), max_size=2).map(tuple),
    without_ids=some(tuple(item.id for item in ROWS.items[:6])),
    required=st.lists(FACET, max_size=1).map(tuple),
    sizes=st.lists(st.builds(SizeLimit, st.sampled_from(SIDES), SIZE, SIZE), max_size=2).map(tuple),
)


@given(FILTERS, st.integers(0, 2**31), st.integers(1, 40), st.sampled_from(VECTORS))
def test_the_index_equals_numpy_on_any_filters(index: Index, filters: Filters, seed: int, k: int, column: str) -> None:
    query = np.random.default_rng(seed).normal(size=6).astype(np.float32)
    query /= np.linalg.norm(query)
    matching = [n for n, item in enumerate(ROWS.items) if filters.match(item)]
    cosines = ROWS.vectors[column] @ query
    expected = sorted(matching, key=lambda n: -cosines[n])[:k]

    assert index.count(filters) == len(matching)
    found = index.nearest(column, query, filters, k)
    assert len(found) == len(expected)
    np.testing.assert_allclose([c for _, c in found], cosines[expected], atol=1e-5)
    place = {item.id: n for n, item in enumerate(ROWS.items)}
    for name, cosine in found:
        assert filters.match(ROWS.items[place[name]])
        assert cosine == pytest.approx(float(cosines[place[name]]), abs=1e-5)
    assert {item.id for item in index.rows(filters).items} == {ROWS.items[n].id for n in matching}
    assert set(index.items(filters)) == {ROWS.items[n] for n in matching}


def test_rows_come_back_as_they_were(index: Index) -> None:
    back = index.rows()
    place = {item.id: n for n, item in enumerate(ROWS.items)}
    assert len(back) == len(index) == len(ROWS)
    for n, item in enumerate(back.items):
        own = place[item.id]
        assert item == ROWS.items[own] and back.content[n] == ROWS.content[own]
        for name in VECTORS:
            np.testing.assert_array_equal(back.vectors[name][n], ROWS.vectors[name][own])


def test_a_limited_read_is_a_fixed_sample_without_order_of_the_file(index: Index) -> None:
    sample = [item.id for item in index.rows(limit=30).items]
    assert sample == [item.id for item in index.rows(limit=30).items]
    places = sorted(int(name.removeprefix("item'")) for name in sample)
    assert places[-1] > 100 and places[0] < 50


def test_wishes_narrow_a_read(index: Index) -> None:
    found = index.rows(wishes=[Facet("material", ("linen",)), Facet("colours", ("red", "navy"))]).items
    assert found and all(item.material == "linen" and {"red", "navy"} & set(item.colours) for item in found)


def test_no_filter_is_no_condition() -> None:
    assert where(Filters()) == ""


def test_nothing_there_is_none(tmp_path: Path) -> None:
    assert open_index(str(tmp_path / "none"), "enc1", "cmd") is None
    (tmp_path / "empty").mkdir()
    assert open_index(str(tmp_path / "empty"), "enc1", "cmd") is None


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
