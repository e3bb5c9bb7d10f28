"""What the benchmark of the index measures is what it says: rows with structure, and a recall that can fail."""

from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
import pytest

import tryroom
from benchmarks.index import judged
from benchmarks.index_adding import added as added_to_shop
from benchmarks.index_rows import WIDEST, Known, made
from benchmarks.index_writing import add_while_searching, kill_writers, opened
from recommend.catalog import read_catalog
from recommend.features import cut_out
from recommend.index import VECTORS, Index, Rows, Stamp, write_index, write_parts
from recommend.indexing import ensure_index
from recommend.schema import Filters, Item, SizeLimit
from tests.recommend.conftest import TinyEmbedder, write_catalog


@pytest.fixture(scope="module")
def base() -> Rows:
    rng = np.random.default_rng(0)
    vectors = {name: rng.normal(size=(12, 20)).astype(np.float32) for name in VECTORS}
    vectors = {name: v / np.linalg.norm(v, axis=1, keepdims=True) for name, v in vectors.items()}
    items = tuple(Item(str(n), f"Thing {n}", "upper", 10.0, "a.png") for n in range(12))
    return Rows(items, tuple("content" for _ in items), vectors)


def test_rows_are_unit_vectors_close_to_the_base_and_their_width_follows_the_vectors(base: Rows) -> None:
    rows = made(base, 500, seed=0)
    vectors = rows.vectors["semantic"]
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    assert np.median((vectors @ base.vectors["semantic"].T).max(1)) > 0.7
    widths = np.array([item.size_cm[0] for item in rows.items if item.size_cm])
    narrow, wide = vectors[widths < 0.2 * WIDEST].mean(0), vectors[widths > 0.8 * WIDEST].mean(0)
    assert narrow @ narrow > narrow @ wide and wide @ wide > narrow @ wide
    assert len({item.id for item in rows.items}) == 500


def test_what_is_known_of_rows_agrees_with_their_items(base: Rows) -> None:
    known, text = Known(base, 300, seed=0), io.StringIO()
    (rows,) = known.parts(text)
    filters = Filters(max_price=0.4, sizes=(SizeLimit("width", high=500.0),))
    places = known.matching(filters)
    assert [rows.items[n] for n in places] == [item for item in rows.items if filters.match(item)] and len(places) > 20
    assert [json.loads(written)["id"] for written in text.getvalue().splitlines()] == [item.id for item in rows.items]
    query = base.vectors["semantic"][:1]
    (best,) = known.nearest(query, places, 3)
    order = sorted(places, key=lambda n: -float(rows.vectors["semantic"][n] @ query[0]))
    assert best == {rows.items[n].id for n in order[:3]}


def test_recall_is_counted_under_the_filters(base: Rows, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    known = Known(base, 300, seed=0)
    index = write_parts(str(tmp_path / "db"), known.parts(), Stamp("made", ""))
    queries = made(base, 5, seed=999).vectors["semantic"]
    row = judged(index, known, "some", queries, Filters(max_price=0.15))
    assert row["recall@10"] == "1.000" and 20 <= row["matching"] <= 70
    whole = Index.nearest
    monkeypatch.setattr(Index, "nearest", lambda self, c, v, f, k, **how: whole(self, c, v, f, 2 * k, **how)[k:])
    assert float(judged(index, known, "some", queries, Filters(max_price=0.15))["recall@10"]) == 0


def test_rows_are_searched_while_added_and_no_killed_writer_loses_any(base: Rows, tmp_path: Path) -> None:
    uri, base_uri, stamp = str(tmp_path / "db"), str(tmp_path / "base"), Stamp("made", "")
    write_index(base_uri, base, stamp)
    write_parts(uri, Known(base, 300, seed=0).parts(), stamp)
    added, searched, *_ = add_while_searching(uri, base, base_uri, stamp, 240)
    assert added["rows"] == 240 and len(opened(uri, "made")) == 540
    assert searched["queries"] > 0 and searched["recall@10"] == "1.000"
    killed = kill_writers(uri, base_uri, stamp)
    assert killed["lost"] == 0 and len(opened(uri, "made")) >= 540 + killed["rows"] >= 540 + 4 * 500


def test_the_item_that_is_timed_is_added_to_the_shop_and_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tryroom, "CATALOG", write_catalog(tmp_path / "garments"))
    tiny = TinyEmbedder()
    garments = ensure_index(read_catalog(tryroom.CATALOG), tiny, str(tmp_path / "base"), cut_out)[0]
    timed = added_to_shop(tmp_path, garments.rows(), 60, tiny)
    assert [row["rows"] for row in timed] == [60] * 5
    assert len(opened(str(tmp_path / "index-60"), tiny.revision)) == 61
