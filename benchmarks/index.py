"""The index at size: do its fast ways find what going through all rows finds, and what do they cost?

    python -m benchmarks.index [--rows 100000] [--folder DIR] [--out docs/benchmarks/index.csv]

The rows are made from the demo garments' own vectors: mixtures of two of them, moved within the space that the demo
garments span and a little out of it, so that they lie in clusters as real catalogs do. Prices are random; the width
grows along the first principal axis, so a limit to it is a filter that goes with the vectors: "near" for queries from
where it lets through, "far" for queries from the other end. recall@10 is against numpy; "exact" is the time of the same
search without the index of vectors. Texts are the demo garments' own sentences, encoded as queries.

Writing: the rate of the first build, of items added while somebody searches, and how long one `catalog add` takes until
a freshly opened retriever finds the item. A writer is killed again and again while it adds; lost is what it had been
told was committed and is gone.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

import tryroom
from benchmarks.measuring import Row, report
from recommend.catalog import FILE, read_catalog
from recommend.catalog_changes import add_items
from recommend.embedder import TwoTowerEmbedder
from recommend.features import Floats, cut_out
from recommend.index import VECTORS, Index, Rows, Stamp, open_index, upsert, write_index
from recommend.indexing import ensure_index
from recommend.retriever import Retriever
from recommend.schema import Filters, Query, SizeLimit

COLUMNS = (
    "scenario", "rows", "matching", "queries", "recall@10", "p50_ms", "p95_ms", "exact_p50_ms", "exact_p95_ms",
    "seconds", "items_per_s", "mb", "lost",
)  # fmt: skip
LIBRARIES = ("lancedb", "pyarrow", "numpy", "torch")
K, QUERIES, EXACT_QUERIES = 10, 60, 10
SHARES = (0.15, 0.01, 0.001)
STAMP = Stamp("benchmark", "made")
#: Items in one commit, and commits, of what is added to the built index.
BATCH, BATCHES, KILLS = 500, 12, 4
WIDEST = 1000.0


def made(base: Rows, count: int, seed: int) -> Rows:
    """Rows with the structure of `base`."""
    rng = np.random.default_rng(seed)
    one, other = rng.integers(len(base), size=(2, count))
    share = rng.beta(0.5, 0.5, (count, 1)).astype(np.float32)
    vectors = {name: _near(base.vectors[name], one, other, share, rng) for name in VECTORS[:3]}
    vectors["palette"] = base.vectors["palette"][one]
    axis = np.linalg.svd(base.vectors["semantic"] - base.vectors["semantic"].mean(0), full_matrices=False)[2][0]
    along = np.argsort(np.argsort(vectors["semantic"] @ axis)) / count
    items = tuple(
        replace(
            base.items[n], id=f"{seed}-{place}", price=float(price), size_cm=(float(width) * WIDEST, 1.0, 1.0), extra={}
        )
        for place, (n, price, width) in enumerate(zip(one, rng.random(count), along, strict=True))
    )
    return Rows(items, tuple(item.id for item in items), vectors)


def _near(base: Floats, one: Floats, other: Floats, share: Floats, rng: np.random.Generator) -> Floats:
    """Unit vectors (N, D) between two of `base` each, with noise mostly of low rank."""
    _, spread, axes = np.linalg.svd(base - base.mean(0), full_matrices=False)
    moved = (rng.normal(size=(len(share), len(spread))) * 0.6 * spread / np.sqrt(len(base))) @ axes
    moved += rng.normal(size=moved.shape) * 0.02
    vectors = share * base[one] + (1 - share) * base[other] + moved.astype(np.float32)
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), np.float32)


def measured(folder: Path, base: Rows, count: int, embedder: TwoTowerEmbedder) -> Iterator[Row]:
    """All rows of the table, as they are measured."""
    uri = str(folder / "index")
    rows, queries = made(base, count, seed=0), made(base, 10 * QUERIES, seed=1)
    yield build(uri, rows)
    index = open_index(uri, STAMP.encoders, "")
    assert index is not None
    yield from searches(index, rows, queries, embedder.texts([item.sentence() for item in base.items]))
    yield add_while_searching(uri, base, queries.vectors["semantic"])
    yield kill_writers(uri)
    yield from catalog_add(folder, embedder)


def searches(index: Index, rows: Rows, queries: Rows, texts: Floats) -> Iterator[Row]:
    """Quality and time of searching without and with filters."""
    vectors = queries.vectors["semantic"]
    widths = np.array([item.size_cm[0] for item in queries.items if item.size_cm])
    near, far = vectors[np.argsort(widths)[:QUERIES]], vectors[np.argsort(-widths)[:QUERIES]]
    yield _search(index, rows, "pictures", vectors[:QUERIES], Filters())
    yield _search(index, rows, "texts", texts[:QUERIES], Filters())
    for share in SHARES:
        limit = Filters(sizes=(SizeLimit("width", high=share * WIDEST),))
        yield _search(index, rows, f"{share:.1%}, any", vectors[:QUERIES], Filters(max_price=share))
        yield _search(index, rows, f"{share:.1%}, near", near, limit)
        yield _search(index, rows, f"{share:.1%}, far", far, limit)


def _search(index: Index, rows: Rows, scenario: str, queries: Floats, filters: Filters) -> Row:
    matching = np.array([n for n, item in enumerate(rows.items) if filters.match(item)])
    vectors = rows.vectors["semantic"][matching]
    recall, times, exact = 0.0, [], []
    for number, query in enumerate(queries):
        start = time.perf_counter()
        found = index.nearest("semantic", query, filters, K)
        times.append(time.perf_counter() - start)
        best = {rows.items[matching[n]].id for n in np.argsort(-(vectors @ query))[:K]}
        recall += len(best & {name for name, _ in found}) / len(best) / len(queries)
        if number < EXACT_QUERIES:
            start = time.perf_counter()
            index.nearest("semantic", query, filters, K, exact=True)
            exact.append(time.perf_counter() - start)
    row = {"scenario": f"search: {scenario}", "rows": len(rows), "matching": len(matching), "queries": len(queries)}
    return row | {"recall@10": f"{recall:.3f}"} | _times(times) | {f"exact_{k}": v for k, v in _times(exact).items()}


def _times(seconds: Sequence[float]) -> Row:
    return {"p50_ms": float(np.median(seconds)) * 1e3, "p95_ms": float(np.quantile(seconds, 0.95)) * 1e3}


def timed(scenario: str, count: int, act: Callable[[], object]) -> Row:
    """Seconds of an act and its rate."""
    start = time.perf_counter()
    act()
    seconds = time.perf_counter() - start
    return {"scenario": scenario, "rows": count, "seconds": seconds, "items_per_s": count / seconds}


def build(uri: str, rows: Rows) -> Row:
    """The first build, and what lies on disk then."""
    row = timed("build", len(rows), lambda: write_index(uri, rows, STAMP))
    files = [path.stat().st_size for path in Path(uri).rglob("*") if path.is_file()]
    return row | {"mb": sum(files) / 1e6}


def add_while_searching(uri: str, base: Rows, queries: Floats) -> Row:
    """Items added in batches by one thread while another opens the index and searches, time after time."""
    more = made(base, BATCH * BATCHES, seed=2)
    times: list[float] = []
    adding = threading.Event()

    def search() -> None:
        while not adding.is_set():
            start = time.perf_counter()
            index = open_index(uri, STAMP.encoders, "")
            assert index is not None
            index.nearest("semantic", queries[len(times) % len(queries)], Filters(), K)
            times.append(time.perf_counter() - start)

    def add() -> None:
        for start in range(0, len(more), BATCH):
            upsert(uri, part(more, start, start + BATCH), STAMP, "")

    searcher = threading.Thread(target=search)
    searcher.start()
    row = timed("add while searching (open + search)", len(more), add)
    adding.set()
    searcher.join()
    return row | {"queries": len(times)} | _times(times)


def part(rows: Rows, start: int, end: int) -> Rows:
    """Some of the rows."""
    vectors = {name: matrix[start:end] for name, matrix in rows.vectors.items()}
    return Rows(rows.items[start:end], rows.content[start:end], vectors)


def write_until_killed(uri: str, base: Rows, seed: int) -> None:
    """Adds batches and says which were committed, until somebody ends it."""
    for batch in range(10_000):
        more = made(base, BATCH, seed * 10_000 + batch)
        upsert(uri, more, STAMP, "")
        print(json.dumps([item.id for item in more.items]), flush=True)


def kill_writers(uri: str) -> Row:
    """Writers killed at random moments; what they said was committed must be there."""
    rng = np.random.default_rng(5)
    told: set[str] = set()
    for kill in range(KILLS):
        command = [sys.executable, "-m", "benchmarks.index", "--write-to", uri, "--seed", str(kill + 100)]
        writer = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[1])
        assert writer.stdout is not None
        told |= set(json.loads(writer.stdout.readline()))
        time.sleep(float(rng.uniform(0, 3)))
        os.kill(writer.pid, signal.SIGKILL)
        told |= {name for line in writer.stdout if line.endswith("\n") for name in json.loads(line)}
        writer.wait()
    index = open_index(uri, STAMP.encoders, "")
    assert index is not None
    there = {item.id for item in index.items(Filters())}
    assert len(there) == len(index)
    return {"scenario": f"{KILLS} writers killed", "rows": len(told), "lost": len(told - there)}


def catalog_add(folder: Path, embedder: TwoTowerEmbedder) -> list[Row]:
    """One item into a copy of the demo catalog, and from then on until a new retriever finds it."""
    shop, uri = folder / "garments", str(folder / "shop")
    shutil.copytree(tryroom.CATALOG, shop)
    lines = (shop / FILE).read_bytes().splitlines(keepends=True)
    (shop / FILE).write_bytes(b"".join(lines[:-1]))
    item = read_catalog(tryroom.CATALOG).items[-1]
    Retriever.open(shop, embedder, uri=uri)
    added = timed("catalog add", 1, lambda: add_items(shop, lines[-1], embedder, uri, cut_out))

    def find() -> None:
        hits = Retriever.open(shop, embedder, uri=uri).search(Query(text=item.title)).hits
        assert item.id in {hit.item.id for hit in hits}

    return [added, timed("… until found by a new retriever", 1, find)]


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure all, or be the writer that is killed."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--rows", type=int, default=100_000, metavar="N")
    parser.add_argument("--folder", type=Path, help="where the tables are made; deleted afterwards")
    parser.add_argument("--out", type=Path, default=Path("docs/benchmarks/index.csv"))
    parser.add_argument("--write-to", metavar="URI", help=argparse.SUPPRESS)
    parser.add_argument("--seed", type=int, help=argparse.SUPPRESS)
    asked = parser.parse_args(arguments)
    embedder = TwoTowerEmbedder(tryroom.retriever_weights())
    garments = read_catalog(tryroom.CATALOG)
    base = ensure_index(garments, embedder, None, cut_out)[0].rows()
    if asked.write_to:
        write_until_killed(asked.write_to, base, asked.seed)
        return
    found = []
    with tempfile.TemporaryDirectory(dir=asked.folder) as name:
        for row in measured(Path(name), base, asked.rows, embedder):
            print(row, file=sys.stderr, flush=True)
            found.append(row)
    report(asked.out, COLUMNS, found, LIBRARIES)


if __name__ == "__main__":
    main()
