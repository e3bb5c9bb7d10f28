"""Indexing through Ray: items a second by one and by two workers of this machine, beside one process without Ray.

    python -m benchmarks.ray_ingest [--items 75] [--out docs/benchmarks/ray_ingest.csv]

The items are the demo garments, again and again under other ids until there are enough, with our own encoder. `start`
is the cluster's; `first` is the time until the first block is done, in which the workers import libraries and load the
encoder; `items_per_s` is over all of a run but the start. Every way must give the same vectors: `difference` is the
largest between any two numbers.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import ray

import tryroom
from benchmarks.measuring import Row, report
from recommend.catalog import FILE, Catalog, read_catalog
from recommend.embedder import TwoTowerEmbedder
from recommend.features import cut_out
from recommend.index import VECTORS, Index, Rows
from recommend.indexing import OnItem, ensure_index
from recommend.ray_ingest import ingest

COLUMNS = ("scenario", "workers", "items", "start", "first", "seconds", "items_per_s", "difference")
LIBRARIES = ("ray", "lance-ray", "lancedb", "torch")
WORKERS = (1, 2)


def load() -> TwoTowerEmbedder:
    """Our encoder, in this process or in a worker's."""
    return TwoTowerEmbedder(tryroom.retriever_weights())


def repeated(folder: Path, count: int) -> Catalog:
    """A catalog of so many items, the demo garments under several ids; the pictures are linked."""
    lines = [json.loads(line) for line in (tryroom.CATALOG / FILE).read_text().splitlines()]
    chosen = [{**lines[n % len(lines)], "id": f"{n}-{lines[n % len(lines)]['id']}"} for n in range(count)]
    (folder / FILE).write_text("".join(json.dumps(line) + "\n" for line in chosen))
    for picture in {Path(line["image"]) for line in chosen}:
        (folder / picture).parent.mkdir(parents=True, exist_ok=True)
        (folder / picture).symlink_to(tryroom.CATALOG / picture)
    return read_catalog(folder)


def measured(folder: Path, count: int) -> Iterator[Row]:
    """A row for each way."""
    catalog = repeated(folder, count)

    def alone(on_item: OnItem) -> Index:
        return ensure_index(catalog, load(), str(folder / "alone"), cut_out, on_item)[0]

    row, rows = timed(alone)
    yield {"scenario": "one process", "workers": 1, "items": count, "start": 0.0} | row
    for workers in WORKERS:
        start = time.perf_counter()
        ray.init("local", num_cpus=workers, include_dashboard=False, log_to_driver=False)
        started = time.perf_counter() - start

        def by_workers(on_item: OnItem, workers: int = workers) -> Index:
            return ingest(catalog, load, str(folder / f"ray-{workers}"), cut_out, on_item, workers=workers).index

        row, others = timed(by_workers)
        ray.shutdown()
        apart = max(float(np.abs(rows.vectors[name] - others.vectors[name]).max()) for name in VECTORS)
        yield {
            "scenario": "Ray",
            "workers": workers,
            "items": count,
            "start": started,
            "difference": f"{apart:.1e}",
        } | row


def timed(act: Callable[[OnItem], Index]) -> tuple[Row, Rows]:
    """Times of one run, and what it made."""
    start = time.perf_counter()
    reports: list[tuple[int, float]] = []
    index = act(lambda done, total: reports.append((done, time.perf_counter() - start)))
    seconds = time.perf_counter() - start
    return {"first": reports[0][1], "seconds": seconds, "items_per_s": len(index) / seconds}, index.rows()


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure all."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--items", type=int, default=75, metavar="N")
    parser.add_argument("--out", type=Path, default=Path("docs/benchmarks/ray_ingest.csv"))
    asked = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as name:
        report(asked.out, COLUMNS, list(measured(Path(name), asked.items)), LIBRARIES)


if __name__ == "__main__":
    main()
