"""The index at size: do its fast ways find what going through all rows finds, and what do they cost?

    python -m benchmarks.index                 100 000 rows → docs/benchmarks/index.csv
    python -m benchmarks.index --rows 1000000 --out docs/benchmarks/index_million.csv

A million rows need about 20 GB of disk (`--folder`) and 8 GB of memory. What the rows are like, `index_rows` says: a
limit to the price is a filter that has nothing to do with the vectors; one to the width goes with them, "near" for
queries from where it lets through, "far" for queries from the other end. recall@10 is against numpy; "exact" is the
time of the same search without the index of vectors. Texts are the demo garments' own sentences, encoded as queries.

cpu_ms is what the process computed, in all its threads: other than the times it hardly depends on what else the machine
does. "load" is the machine's, over the minute before.

Whole searches are `index_whole`'s, writing is `index_writing`'s, `catalog add` at the sizes of shops is
`index_adding`'s. A run that fails writes the rows that it has.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np

import tryroom
from benchmarks.index_rows import WIDEST, Known, made
from benchmarks.index_writing import add_while_searching, kill_writers, opened, size_mb, times
from benchmarks.measuring import Row, in_own_process, peak_mb, report
from recommend.catalog import FILE, read_catalog
from recommend.embedder import TwoTowerEmbedder
from recommend.features import Floats, cut_out
from recommend.index import Index, Rows, Stamp, write_index, write_parts
from recommend.indexing import ensure_index
from recommend.schema import Filters, SizeLimit

COLUMNS = (
    "scenario", "rows", "matching", "queries", "recall@10", "recall@400", "p50_ms", "p95_ms", "cpu_ms", "exact_p50_ms",
    "seconds", "items_per_s", "mb", "memory_mb", "lost", "load",
)  # fmt: skip
LIBRARIES = ("lancedb", "pyarrow", "numpy", "torch")
K, QUERIES, EXACT_QUERIES = 10, 60, 3
SHARES = (0.15, 0.01, 0.001)


def measured(folder: Path, base: Rows, count: int, embedder: TwoTowerEmbedder) -> Iterator[Row]:
    """All rows of the table, as they are measured."""
    uri, shop, base_uri = str(folder / "index"), folder / "large", str(folder / "base")
    stamp = Stamp(embedder.revision, "")
    shutil.copytree(tryroom.CATALOG, shop)
    write_index(base_uri, base, stamp)
    known, queries = Known(base, count, seed=1), made(base, 10 * QUERIES, seed=999)
    yield build(uri, shop, known, stamp)
    texts = embedder.texts([item.sentence() for item in base.items])
    yield from in_own_process("benchmarks.index_whole", shop, uri)
    yield from searches(opened(uri, stamp.encoders), known, queries, texts)
    del known
    yield from add_while_searching(uri, base, base_uri, stamp, count)
    yield kill_writers(uri, base_uri, stamp)
    yield from in_own_process("benchmarks.index_adding", folder)


def build(uri: str, shop: Path, known: Known, stamp: Stamp) -> Row:
    """The first build, without the time in which its rows were made, and what lies on disk then."""
    with (shop / FILE).open("w", encoding="utf-8") as catalog:
        row = timed("build", known.count, lambda: write_parts(uri, known.parts(catalog), stamp))
    row["seconds"] -= known.seconds
    row["items_per_s"] = known.count / row["seconds"]
    return row | {"mb": size_mb(uri), "memory_mb": peak_mb(), "load": os.getloadavg()[0]}


def searches(index: Index, known: Known, queries: Rows, texts: Floats) -> Iterator[Row]:
    """Quality and time of searching without and with filters."""
    vectors = queries.vectors["semantic"]
    widths = np.array([item.size_cm[0] for item in queries.items if item.size_cm])
    near, far = vectors[np.argsort(widths)[:QUERIES]], vectors[np.argsort(-widths)[:QUERIES]]
    yield judged(index, known, "pictures", vectors[:QUERIES], Filters())
    yield judged(index, known, "texts", texts[:QUERIES], Filters())
    for share in SHARES:
        limit = Filters(sizes=(SizeLimit("width", high=share * WIDEST),))
        yield judged(index, known, f"{share:.1%}, any", vectors[:QUERIES], Filters(max_price=share))
        yield judged(index, known, f"{share:.1%}, near", near, limit)
        yield judged(index, known, f"{share:.1%}, far", far, limit)


def judged(index: Index, known: Known, scenario: str, queries: Floats, filters: Filters) -> Row:
    """One kind of search: its recall against numpy, its times, and those of an exact one where nothing filters."""
    matching = known.matching(filters)
    best = known.nearest(queries, matching, K)
    index.nearest("semantic", queries[-1], filters, K)
    recall, seconds, cpu, exact = 0.0, [], [], []
    for number, query in enumerate(queries):
        began, used = time.perf_counter(), time.process_time()
        found = index.nearest("semantic", query, filters, K)
        seconds.append(time.perf_counter() - began)
        cpu.append(time.process_time() - used)
        names = {item.id for item in index.take([row_id for row_id, _ in found], ()).items}
        recall += len(best[number] & names) / len(best[number]) / len(queries)
        if number < EXACT_QUERIES and filters == Filters():
            began = time.perf_counter()
            index.nearest("semantic", query, filters, K, exact=True)
            exact.append(time.perf_counter() - began)
    row: Row = {"scenario": f"search: {scenario}", "rows": known.count, "matching": len(matching)}
    row |= {"queries": len(queries), "recall@10": f"{recall:.3f}", "cpu_ms": 1e3 * float(np.median(cpu))}
    row |= {"exact_p50_ms": times(exact)["p50_ms"]} if exact else {}
    return row | times(seconds) | {"load": os.getloadavg()[0]}


def timed(scenario: str, count: int, act: Callable[[], object]) -> Row:
    """Seconds of an act and its rate."""
    start = time.perf_counter()
    act()
    seconds = time.perf_counter() - start
    return {"scenario": scenario, "rows": count, "seconds": seconds, "items_per_s": count / seconds}


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure all."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--rows", type=int, default=100_000, metavar="N")
    parser.add_argument("--folder", type=Path, help="where the tables are made; deleted afterwards")
    parser.add_argument("--out", type=Path, default=Path("docs/benchmarks/index.csv"))
    asked = parser.parse_args(arguments)
    if asked.folder is not None:
        asked.folder.mkdir(parents=True, exist_ok=True)
    embedder = TwoTowerEmbedder(tryroom.retriever_weights())
    garments = read_catalog(tryroom.CATALOG)
    base = ensure_index(garments, embedder, None, cut_out)[0].rows()
    found = []
    try:
        with tempfile.TemporaryDirectory(dir=asked.folder) as name:
            for row in measured(Path(name), base, asked.rows, embedder):
                print(row, file=sys.stderr, flush=True)
                found.append(row)
    finally:
        report(asked.out, COLUMNS, found, LIBRARIES)


if __name__ == "__main__":
    main()
