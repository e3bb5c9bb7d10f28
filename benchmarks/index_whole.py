"""Whole searches of a large catalog: what opening it takes, what a search takes by stage, and the parts of one alone.

    python -m benchmarks.index_whole SHOP URI

`benchmarks.index` runs this in a process of its own, so that the memory is its own; the rows are printed as JSON.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import psutil

import tryroom
from benchmarks.index_rows import WIDEST
from benchmarks.index_writing import times
from benchmarks.measuring import Row
from recommend.catalog import Catalog, read_catalog
from recommend.embedder import TwoTowerEmbedder
from recommend.index import Index, Rows, Stamp, upsert
from recommend.index_upkeep import SEARCHED
from recommend.retriever import POOL, Retriever
from recommend.schema import Filters, Query, SizeLimit
from recommend.snapshot import Snapshot

#: Requests in words; each is asked with the limits of `LIMITS`.
WORDS = (
    "a red dress", "something warm for the office", "striped t-shirt, not blue", "linen shirt", "navy trousers",
    "a skirt for a summer wedding", "white sneakers", "denim", "floral print, no black", "cosy hoodie", "cheap tee",
    "black jacket to wear with my grey jeans",
)  # fmt: skip
#: Highest prices: the rows cost 0 to 1.
LIMITS = (None, 0.15, 0.01)
TIMES, EXACT_QUERIES = 10, 5
#: A filter that 15 % pass.
FIFTEEN = Filters(sizes=(SizeLimit("width", high=0.15 * WIDEST),))


def measured(shop: Path, uri: str) -> list[Row]:
    """All rows of the table."""
    embedder = TwoTowerEmbedder(tryroom.retriever_weights())
    before = held_mb()
    catalog, reading = _once("catalog: read", lambda: read_catalog(shop))
    print_, stamping = _once("catalog: fingerprint", catalog.fingerprint)
    index = upsert(uri, Rows((), (), {}), Stamp(embedder.revision, print_), "")
    retriever, opening = _once("retriever: the rest of opening", lambda: Retriever(Snapshot(catalog, index), embedder))
    opening["memory_mb"] = held_mb() - before
    rows = [row | {"rows": len(index)} for row in (reading, stamping, opening)]
    rows += searches(retriever, catalog)
    rows += parts(index, catalog)
    rows += [against_exact(index, column) for column in SEARCHED]
    return [*rows, {"scenario": "the same process at its end", "memory_mb": held_mb() - before}]


def searches(retriever: Retriever, catalog: Catalog) -> list[Row]:
    """Requests in words, and like an item of the catalog, by stage."""
    asked = [Query(text=words, max_price=limit) for words in WORDS for limit in LIMITS]
    alike = [
        Query(text="but in red", likes=(item.id,)) for item in catalog.items[:: len(catalog.items) // TIMES][:TIMES]
    ]
    nothing = [Query(text=words, max_price=1e-9) for words in WORDS]
    rows = _by_stage(retriever, "words", asked) + _by_stage(retriever, "like an item, but in red", alike)
    return rows + _by_stage(retriever, "nothing matches", nothing)


def _by_stage(retriever: Retriever, name: str, queries: Sequence[Query]) -> list[Row]:
    """A row for each stage and one for all of it; the first query is asked once more, and its first time left out."""
    stages: dict[str, list[float]] = {}
    cpu: list[float] = []
    for query in (queries[0], *queries):
        began, used = time.perf_counter(), time.process_time()
        result = retriever.search(query)
        cpu.append(time.process_time() - used)
        for stage, seconds in {"all": time.perf_counter() - began, **result.seconds}.items():
            stages.setdefault(stage, []).append(seconds)
    rows = [
        {"scenario": f"retriever, {name}: {stage}", "queries": len(queries)} | times(seconds[1:])
        for stage, seconds in stages.items()
    ]
    rows[0] |= {"cpu_ms": 1e3 * sorted(cpu[1:])[len(queries) // 2], "load": os.getloadavg()[0]}
    return rows


def parts(index: Index, catalog: Catalog) -> list[Row]:
    """What a search, or the page around it, asks of the index."""
    ids = [item.id for item in catalog.items[:: max(1, len(catalog.items) // 1200)][:1200]]
    acts: dict[str, Callable[[], Any]] = {
        "count, 15 %": lambda: index.count(FIFTEEN),
        "1200 rows by id": lambda: index.rows(ids=ids),
        "sample of 400": lambda: index.rows(limit=400),
        "sample of 400, 15 %": lambda: index.rows(FIFTEEN, limit=400),
        "facets": lambda: index.facets(Filters()),
        "facets, 15 %": lambda: index.facets(FIFTEEN),
        "extent of prices": lambda: index.extent(Filters(), "price"),
        "texts, 400": lambda: index.texts("linen shirt", Filters(), 400),
    }
    return [_often(name, act) for name, act in acts.items()]


def against_exact(index: Index, column: str) -> Row:
    """Share of the `POOL` nearest that an exact search finds, of queries between two items each."""
    vectors = index.rows(limit=2 * EXACT_QUERIES).vectors[column]
    queries = vectors[:EXACT_QUERIES] + vectors[EXACT_QUERIES:]
    found, seconds = 0.0, []
    for query in queries / np.linalg.norm(queries, axis=1, keepdims=True):
        began = time.perf_counter()
        fast = {row_id for row_id, _ in index.nearest(column, query, Filters(), POOL)}
        seconds.append(time.perf_counter() - began)
        exact = {row_id for row_id, _ in index.nearest(column, query, Filters(), POOL, exact=True)}
        found += len(fast & exact) / len(exact) / EXACT_QUERIES
    row: Row = {"scenario": f"index: nearest {POOL}, {column}", "queries": EXACT_QUERIES, "recall@400": f"{found:.4f}"}
    return row | times(seconds)


def _often(name: str, act: Callable[[], Any]) -> Row:
    """Times of an act after a first time that is left out."""
    act()
    seconds, cpu = [], []
    for _ in range(TIMES):
        began, used = time.perf_counter(), time.process_time()
        act()
        seconds.append(time.perf_counter() - began)
        cpu.append(time.process_time() - used)
    return {"scenario": f"index: {name}", "queries": TIMES, "cpu_ms": 1e3 * sorted(cpu)[TIMES // 2]} | times(seconds)


def held_mb() -> float:
    """Megabytes of memory that this process holds now."""
    return float(psutil.Process().memory_info().rss) / 1e6


def _once(name: str, act: Callable[[], Any]) -> tuple[Any, Row]:
    """What an act returns, and its seconds."""
    began = time.perf_counter()
    found = act()
    return found, {"scenario": name, "seconds": time.perf_counter() - began, "load": os.getloadavg()[0]}


if __name__ == "__main__":
    print(json.dumps(measured(Path(sys.argv[1]), sys.argv[2])))
