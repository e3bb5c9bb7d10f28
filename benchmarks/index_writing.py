"""Writing to a large index: rows added while another process searches, and writers killed while they add.

    python -m benchmarks.index_writing search URI BASE     searches until it is ended, a JSON line each
    python -m benchmarks.index_writing add URI BASE SEED   adds until it is killed, a JSON line of ids each

`benchmarks.index` runs both beside itself. BASE is an index of the rows that others are made from.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.index_rows import made
from benchmarks.measuring import Row
from recommend.index import Index, Rows, Stamp, open_index, upsert
from recommend.schema import Filters

#: Items in one commit of what is added, at most; of the killed writers, always `KILLED_BATCH`.
BATCH, KILLED_BATCH, KILLS = 10_000, 500, 4
#: Searches between two openings of the index, and results of each.
SEARCHES, K = 10, 10
ROOT = Path(__file__).parents[1]


def opened(uri: str, encoders: str) -> Index:
    """The index as it is now."""
    index = open_index(uri, encoders, "")
    assert index is not None
    return index


def add_while_searching(uri: str, base: Rows, base_uri: str, stamp: Stamp, count: int) -> list[Row]:
    """`count` rows added in batches while another process opens the index and searches; fewer if that one is ended."""
    batch, rows = min(BATCH, count // 12), 0
    told = Path(f"{uri}.searches")
    with told.open("w") as out:
        searcher = _start("search", uri, base_uri, stamp.encoders, stdout=out)
        while not told.stat().st_size and searcher.poll() is None:
            time.sleep(0.1)
        seconds: list[float] = []
        for start in range(0, count, batch):
            more = made(base, min(batch, count - start), 500_000 + start // batch)
            began = time.perf_counter()
            upsert(uri, more, stamp, "")
            seconds.append(time.perf_counter() - began)
            rows += len(more)
            if searcher.poll() is not None:
                break
        searcher.terminate()
        searcher.wait()
    lines = [json.loads(line) for line in told.read_text().splitlines() if line.endswith("}")]
    added: Row = {"scenario": f"added by {batch:,}, p50 and p95 of a commit", "rows": rows, "seconds": sum(seconds)}
    added |= times(seconds) | {"items_per_s": rows / sum(seconds), "mb": size_mb(uri), "load": os.getloadavg()[0]}
    row: Row = {"scenario": "… searched meanwhile", "rows": lines[-1]["rows"], "queries": len(lines)}
    judged = [line["recall"] for line in lines if line["recall"] is not None]
    row |= times([line["seconds"] for line in lines]) | {"recall@10": f"{np.mean(judged):.3f}"}
    first = [line for line in lines if line["opening"]]
    opening: Row = {"scenario": "… opened meanwhile"} | times([line["opening"] for line in first])
    cold: Row = {"scenario": "… the first search after each opening"} | times([line["seconds"] for line in first])
    return [added, row | {"cpu_ms": 1e3 * float(np.median([line["cpu"] for line in lines]))}, opening, cold]


def search(uri: str, base: Rows, encoders: str) -> None:
    """Searches until somebody ends it; one of `SEARCHES` is judged by an exact search of the same version."""
    queries = made(base, 1000, seed=999).vectors["semantic"]
    for number in range(10**9):
        began = time.perf_counter()
        index = opened(uri, encoders)
        opening = time.perf_counter() - began
        for place in range(SEARCHES):
            query = queries[(number * SEARCHES + place) % len(queries)]
            began, used = time.perf_counter(), time.process_time()
            found = {row_id for row_id, _ in index.nearest("semantic", query, Filters(), K)}
            line = {"seconds": time.perf_counter() - began, "cpu": time.process_time() - used, "rows": len(index)}
            last = place == SEARCHES - 1
            exact = (
                {row_id for row_id, _ in index.nearest("semantic", query, Filters(), K, exact=True)} if last else found
            )
            line |= {"recall": len(found & exact) / K if last else None, "opening": 0 if place else opening}
            print(json.dumps(line), flush=True)


def add(uri: str, base: Rows, seed: int, stamp: Stamp) -> None:
    """Adds batches and says which were committed, until somebody ends it."""
    for batch in range(10_000):
        more = made(base, KILLED_BATCH, seed * 10_000 + batch)
        upsert(uri, more, stamp, "")
        print(json.dumps([item.id for item in more.items]), flush=True)


def kill_writers(uri: str, base_uri: str, stamp: Stamp) -> Row:
    """Writers killed at random moments; what they said was committed must be there, each once."""
    rng = np.random.default_rng(5)
    told: set[str] = set()
    for kill in range(KILLS):
        writer = _start("add", uri, base_uri, stamp.encoders, str(kill + 100), stdout=subprocess.PIPE)
        assert writer.stdout is not None
        told |= set(json.loads(writer.stdout.readline()))
        time.sleep(float(rng.uniform(0, 3)))
        os.kill(writer.pid, signal.SIGKILL)
        told |= {name for line in writer.stdout if line.endswith("\n") for name in json.loads(line)}
        writer.wait()
    index, ids = opened(uri, stamp.encoders), sorted(told)
    found = [item.id for start in range(0, len(ids), 500) for item in index.rows(ids=ids[start : start + 500]).items]
    assert len(found) == len(set(found))
    return {"scenario": f"{KILLS} writers killed", "rows": len(told), "lost": len(told - set(found))}


def times(seconds: list[float]) -> Row:
    """p50 and p95 in milliseconds."""
    return {"p50_ms": float(np.median(seconds)) * 1e3, "p95_ms": float(np.quantile(seconds, 0.95)) * 1e3}


def size_mb(uri: str) -> float:
    """Megabytes on disk."""
    return sum(path.stat().st_size for path in Path(uri).rglob("*") if path.is_file()) / 1e6


def _start(*arguments: str, stdout: Any) -> subprocess.Popen[str]:
    """This module in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.index_writing", *arguments]
    return subprocess.Popen(command, stdout=stdout, text=True, cwd=ROOT)


if __name__ == "__main__":
    what, to, base_uri, encoders, *seed = sys.argv[1:]
    rows = opened(base_uri, encoders).rows()
    if what == "search":
        search(to, rows, encoders)
    else:
        add(to, rows, int(seed[0]), Stamp(encoders, ""))
