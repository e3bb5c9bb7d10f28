"""What makes a large table fast and keeps it so: indexes beside its columns, made when due and brought up to date.

Vectors get an index that holds each of their numbers in eight bits, a fourth of the vectors' own size. A search goes
through all of it, whatever the filters, and compares the best that it finds with the whole vectors. Rows that were
added since are not in it; LanceDB scans them beside it, so they are found at once.
"""

from __future__ import annotations

import sys
from datetime import timedelta
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import lancedb
from lancedb.index import FTS, Bitmap, BTree, IvfSq, LabelList

from recommend.index_table import LISTS, SHUFFLE, SIZE_COLUMNS, TEXTS

#: Rows from which on vectors and filters get their indexes; below, a scan of all is as fast and needs none.
ANN_FROM: Final = 20_000
#: Vector columns that are searched; palettes are only read.
SEARCHED: Final = ("semantic", "words", "colour")
#: Share and number of rows outside the indexes from which on they are folded in.
FOLD_FROM: Final = 0.05
FOLD_LEAST: Final = 100
#: Rows of one partition, as LanceDB itself would have it: its upkeep joins much smaller ones and splits larger ones.
PARTITION: Final = 4096
#: For each result asked for, so many are compared with their whole vectors, and never fewer than `REFINED_LEAST`.
REFINED: Final = 2
REFINED_LEAST: Final = 100
#: Versions replaced longer ago than this are deleted; no search takes as long.
KEPT_FOR: Final = timedelta(days=1)


def refined(k: int) -> int:
    """How many times k results of the eight-bit vectors are compared with the whole ones."""
    return max(REFINED, -(-REFINED_LEAST // k))


def indexed(table: Any) -> set[str]:
    """Columns that have an index."""
    return {column for index in table.list_indices() for column in index.columns}


def wanted(rows: int) -> dict[str, Any]:
    """Columns that a table of so many rows has an index for, and of what kind."""
    kinds: dict[str, Any] = {column: FTS() for column in TEXTS}
    if rows < ANN_FROM:
        return kinds
    kinds |= dict.fromkeys(("id", "price", *SIZE_COLUMNS, SHUFFLE), BTree())
    kinds |= dict.fromkeys(("category", "kind", "pattern", "seen_pattern", "sleeve", "place"), Bitmap())
    kinds |= dict.fromkeys(LISTS, LabelList())
    vectors = IvfSq(distance_type="cosine", target_partition_size=PARTITION)
    return kinds | dict.fromkeys(SEARCHED, vectors)


def tend(table: Any) -> None:
    """Make the indexes that are missing, and fold in the rows that too many of them lack; each is one commit."""
    rows = int(table.count_rows())
    missing = wanted(rows).keys() - indexed(table) if rows else set()
    for column in sorted(missing):
        table.create_index(column, config=wanted(rows)[column])
    outside = max((index.num_unindexed_rows for index in table.list_indices()), default=0)
    if outside >= max(FOLD_LEAST, FOLD_FROM * rows):
        table.optimize(cleanup_older_than=KEPT_FOR)


def searched(uri: str, table: Any) -> Any:
    """The same version of the table of the index at `uri` as searches read it: through io_uring, where there is that.

    A search reads thousands of vectors one by one. Elsewhere each read is handed to a thread and waits for its turn,
    which is half of the work and, on a busy machine, most of the time.
    """
    if sys.platform != "linux" or "://" in uri:
        return table
    try:
        other = lancedb.connect(f"file+uring://{quote(str(Path(uri).resolve()))}").open_table(table.name)
    except RuntimeError as error:
        # Old kernels have no io_uring, and most containers forbid it.
        if "io_uring" not in str(error):
            raise
        return table
    other.checkout(table.version)
    return other
