"""What the benchmark of the index measures is what it says: rows with structure, and a recall that can fail."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmarks.index import STAMP, WIDEST, _search, made
from recommend.index import VECTORS, Index, Rows, write_index
from recommend.schema import Filters, Item


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


def test_recall_is_counted_under_the_filters(base: Rows, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = made(base, 300, seed=0)
    index = write_index(str(tmp_path / "db"), rows, STAMP)
    queries = made(base, 5, seed=1).vectors["semantic"]
    row = _search(index, rows, "some", queries, Filters(max_price=0.15))
    assert row["recall@10"] == "1.000" and 20 <= row["matching"] <= 70
    whole = Index.nearest
    monkeypatch.setattr(Index, "nearest", lambda self, c, v, f, k, **how: whole(self, c, v, f, 2 * k, **how)[k:])
    assert float(_search(index, rows, "some", queries, Filters(max_price=0.15))["recall@10"]) == 0
