"""The vector store: items with their vectors in one LanceDB table, on disk or in object storage.

A rebuild replaces the whole table in one commit, and what the table is — its layout, its encoders, its catalog — is
written in the same commit, so a reader sees the old index or the new one and never a mixture. Single items are added
and deleted in commits of their own. Filters are applied before the search, so a narrow filter loses no result. The
search is exact while the table is small; how a large one is searched, `index_upkeep` says.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import Any, Final

import lancedb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from lancedb.query import MultiMatchQuery

from recommend.errors import BadInput, IncompatibleIndex, StorageFailed
from recommend.index_table import (
    LAYOUT,
    SHUFFLE,
    SHUFFLED,
    SIZE_COLUMNS,
    TEXTS,
    VECTORS,
    Rows,
    Stamp,
    columns_of_rows,
    known_values,
    lengths_of,
    lifted,
    matrix_of,
    quoted,
    rows_of,
    stamp_of,
    table_of,
    value_counts,
    where,
)
from recommend.index_upkeep import KEPT_FOR, SEARCHED, indexed, refined, searched, tend, wanted
from recommend.schema import FACETS, Extent, Facet, Filters, Floats
from recommend.storage import only_one, stored

__all__ = [
    "LAYOUT",
    "TABLE",
    "VECTORS",
    "Index",
    "Rows",
    "Stamp",
    "committed",
    "delete",
    "finish_index",
    "latest_version",
    "open_index",
    "table_uri",
    "upsert",
    "where",
    "write_index",
    "write_parts",
]

TABLE: Final = "items"
#: Column of row ids: numbers that the store gives its rows, good for one version of the table.
ROW_ID: Final = "_rowid"
#: Rows that are turned into Arrow at a time, so that an index is never twice in memory.
PART: Final = 10_000


class Index:
    """One version of an index, opened for reading; a rebuild elsewhere does not change it under a search.

    Attributes:
        stamp: what it was built from.
        version: its number; every commit has a higher one.

    Every search raises StorageFailed if what lies on the disk cannot be read.
    """

    def __init__(self, uri: str, table: Any, stamp: Stamp) -> None:
        self._uri, self._table = uri, searched(uri, table)
        self.stamp = stamp
        self.version = int(table.version)
        self._count = int(table.count_rows())
        self._indexed = frozenset(indexed(table))

    def __len__(self) -> int:
        return self._count

    @property
    def whole(self) -> bool:
        """Whether it has all indexes that its size asks for; one whose making was cut short has not."""
        return wanted(self._count).keys() <= self._indexed

    def count(self, filters: Filters) -> int:
        """Number of items that satisfy the filters."""
        condition = where(filters)
        return self._matching(condition) if condition else self._count

    def nearest(
        self, column: str, vector: Floats, filters: Filters, k: int, *, exact: bool = False
    ) -> list[tuple[int, float]]:
        """The k items nearest to `vector` by cosine that satisfy the filters: (row id, cosine), best first.

        Args:
            column: of `VECTORS`.
            vector: float32 (D,).
            filters: every result satisfies them.
            k: most results.
            exact: compare with every row that matches, however many there are.
        """
        search = self._table.search(vector, vector_column_name=column).distance_type("cosine")
        condition = where(filters)
        approximate = column in SEARCHED and column in self._indexed and not exact
        # As many probes as rows: all partitions, however many there are. What matches a filter may lie in any of them.
        search = search.nprobes(self._count).refine_factor(refined(k)) if approximate else search.bypass_vector_index()
        if condition:
            search = search.where(condition, prefilter=True)
        found = self._arrow(search.limit(k).select(["_distance"]).with_row_id(True))
        cosines = (1 - distance for distance in found["_distance"].to_pylist())
        return list(zip(_row_ids(found), cosines, strict=True))

    def texts(self, query: str, filters: Filters, k: int) -> list[tuple[int, float]]:
        """The k items whose title or description has words of `query`, by BM25: (row id, score), best first.

        Words count by their stems; an item without any of them is no result.
        """
        search = self._table.search(MultiMatchQuery(query, list(TEXTS)), query_type="fts")
        condition = where(filters)
        if condition:
            search = search.where(condition, prefilter=True)
        found = self._arrow(search.limit(k).select(["_score"]).with_row_id(True))
        return list(zip(_row_ids(found), found["_score"].to_pylist(), strict=True))

    def facets(self, filters: Filters, attributes: Sequence[str] = FACETS) -> dict[str, dict[str, int]]:
        """How many items there are of each value, most first: what ticking it would leave.

        Args:
            filters: applied, except what they require of the attribute itself: who chose red still sees how many are
                navy. What is excluded stays excluded.
            attributes: of `FACETS`.
        """
        unknown = set(attributes) - set(FACETS)
        if unknown:
            raise BadInput("attribute", repr(min(unknown)), ", ".join(FACETS), "Choose some of these.")
        together: dict[str, list[str]] = {}
        for attribute in attributes:
            together.setdefault(where(lifted(filters, attribute)), []).append(attribute)
        counts: dict[str, dict[str, int]] = {}
        for condition, columns in together.items():
            table = self._read([*columns, *(["seen_pattern"] if "pattern" in columns else [])], condition)
            counts |= {column: value_counts(known_values(table, column).combine_chunks()) for column in columns}
        return {attribute: counts[attribute] for attribute in attributes}

    def extent(self, filters: Filters, side: str = "") -> Extent:
        """What the items that satisfy the filters reach in their price ("price"), in a side of `SIDES`, or neither."""
        measured = {"": (), "price": ("price",)}.get(side, SIZE_COLUMNS)
        table = self._read(["category", *measured], where(filters))
        bounds = pc.min_max(lengths_of(table, side)).as_py() if side else {"min": None, "max": None}
        return Extent(len(table), tuple(table["category"].unique().to_pylist()), bounds["min"], bounds["max"])

    def vectors(self, column: str) -> tuple[tuple[str, ...], Floats]:
        """Ids of all items and their vectors (N, D) of one column of `VECTORS`."""
        table = self._read(["id", column], "")
        return tuple(table["id"].to_pylist()), matrix_of(table[column])

    def rows(
        self,
        filters: Filters | None = None,
        limit: int | None = None,
        *,
        wishes: Sequence[Facet] = (),
        ids: Sequence[str] = (),
        vectors: Sequence[str] = VECTORS,
    ) -> Rows:
        """Items with their vectors, at most `limit`; an even sample if there are more, the same each time.

        Args:
            filters: every row satisfies them.
            limit: most rows; None = all.
            wishes: every row fulfils them, too.
            ids: only these; none = whichever.
            vectors: of `VECTORS`, those to read: most of the time goes there.
        """
        condition = where(filters or Filters(), wishes, ids)
        if limit is not None:
            return self.take(self._sampled(condition, limit), vectors)
        return rows_of(self._read(columns_of_rows(vectors), condition))

    def take(self, row_ids: Sequence[int], vectors: Sequence[str] = VECTORS) -> Rows:
        """Items with their vectors by the row ids that searches of this version gave, each once, in the order asked.

        Nothing has to be found for that: the same items by their ids (`rows`) cost more.
        """
        table = self._arrow(self._table.take_row_ids(list(row_ids)).select(columns_of_rows(vectors)).with_row_id())
        # In what order they come, the library leaves open.
        came = table[ROW_ID].to_numpy()
        sorter = np.argsort(came)
        return rows_of(table.take(sorter[np.searchsorted(came, np.asarray(row_ids, came.dtype), sorter=sorter)]))

    def row_ids(self, filters: Filters, ids: Sequence[str]) -> list[int]:
        """Row ids of those of some items that satisfy the filters."""
        return _row_ids(self._read(["id"], where(filters, ids=ids)))

    def sample(self, filters: Filters, limit: int, wishes: Sequence[Facet] = ()) -> list[int]:
        """Row ids of the items that `rows` gives for the same limit; they themselves are not read."""
        return self._sampled(where(filters, wishes), limit)

    def _sampled(self, condition: str, limit: int) -> list[int]:
        """An even sample of the rows that satisfy a condition."""
        # Read so much more than asked for that the first of a shuffled order are in it for certain, or nearly so.
        matching = self._matching(condition) if condition else self._count
        bound = int(SHUFFLED * min(1.0, (4 * limit + 40) / max(1, matching)))
        table = self._read([SHUFFLE], " AND ".join(part for part in (condition, f"{SHUFFLE} < {bound}") if part))
        return _row_ids(table.take(np.argsort(table[SHUFFLE].to_numpy(), kind="stable")[:limit]))

    def _read(self, columns: Sequence[str], condition: str) -> pa.Table:
        """Columns of the rows that satisfy a condition, and their row ids."""
        search = self._table.search().select(list(columns)).with_row_id(True)
        if condition:
            search = search.where(condition)
        return self._arrow(search.limit(max(1, self._count)))

    def _matching(self, condition: str) -> int:
        """How many rows satisfy a condition."""
        with stored(self._uri):
            return int(self._table.count_rows(condition))

    def _arrow(self, search: Any) -> pa.Table:
        """What a search finds."""
        with stored(self._uri):
            return search.to_arrow()


def _row_ids(table: pa.Table) -> list[int]:
    """The row ids of what was found, in its order."""
    found: list[int] = table[ROW_ID].to_pylist()
    return found


def open_index(uri: str, encoders: str, command: str) -> Index | None:
    """Open the index at `uri`, None if there is none.

    Args:
        uri: a folder, or an object store's address.
        encoders: revision of the encoders that queries will come from.
        command: what rebuilds it, for the error.

    Raises:
        IncompatibleIndex: it has another layout or other encoders.
        StorageFailed: it cannot be read.
    """
    with stored(uri):
        table = _open_table(uri, Stamp(encoders, ""), command)
        return None if table is None else Index(uri, table, stamp_of(table.schema))


def latest_version(uri: str) -> Callable[[], int]:
    """Tells, each time it is called, the number of the version that was committed last to the index at `uri`."""
    table = lancedb.connect(uri).open_table(TABLE)  # not the one that somebody searches in: it moves on

    def latest() -> int:
        table.checkout_latest()
        return int(table.version)

    return latest


def write_index(uri: str, rows: Rows, stamp: Stamp) -> Index:
    """Replace the whole index at `uri` in one commit; whoever has it open keeps the version they opened.

    The indexes that make a large table fast follow in commits of their own. Killed before the last, it is `whole` no
    more, but every search in it is right.
    """
    return write_parts(uri, (rows.part(start, start + PART) for start in range(0, max(1, len(rows)), PART)), stamp)


def write_parts(uri: str, parts: Iterable[Rows], stamp: Stamp) -> Index:
    """As `write_index`, of rows that need not all be in memory at once: each part is written before the next is made.

    Args:
        uri: of the index.
        parts: at least one; no id twice.
        stamp: what the index is built from.
    """
    with only_one(uri):
        try:
            mode = "create" if committed(uri) is None else "overwrite"
        except StorageFailed:  # damaged so that it cannot even be replaced
            mode = ""
        with stored(uri):
            if not mode:
                lancedb.connect(uri).drop_table(TABLE)
            lancedb.connect(uri).create_table(TABLE, _streamed(parts, stamp), mode=mode or "create")
        return finish_index(uri, stamp)


def finish_index(uri: str, stamp: Stamp) -> Index:
    """The upkeep that follows the commit of a replaced table, by whoever holds the writers' lock."""
    with stored(uri):
        table = lancedb.connect(uri).open_table(TABLE)
        # Before there are indexes: it would write them a second time.
        table.optimize(cleanup_older_than=KEPT_FOR)
        tend(table)
        return Index(uri, table, stamp)


def table_uri(uri: str) -> str:
    """Where the table of the index at `uri` lies, for who writes it without LanceDB."""
    return f"{uri.rstrip('/')}/{TABLE}.lance"


def _streamed(parts: Iterable[Rows], stamp: Stamp) -> pa.RecordBatchReader:
    """Parts as one stream of Arrow batches."""
    tables = (table_of(part, stamp) for part in parts)
    first = next(tables)
    batches = (batch for table in chain([first], tables) for batch in table.to_batches())
    return pa.RecordBatchReader.from_batches(first.schema, batches)


def upsert(uri: str, rows: Rows, stamp: Stamp, command: str) -> Index:
    """Add items, or replace those of the same ids, in one commit; the same rows once more change nothing.

    The stamp's catalog follows in a second commit: killed between the two, the index still says that it belongs to the
    earlier catalog, and whoever brings it up to date upserts again.

    Args:
        uri: of an index that is there.
        stamp: what the index is built from then.
        command: what rebuilds it, for the error.

    Raises:
        BadInput: there is no index, or two rows have one id.
        IncompatibleIndex: it has another layout or other encoders.
        StorageFailed: it cannot be read or written.
    """
    twice = [item_id for item_id, times in Counter(item.id for item in rows.items).items() if times > 1]
    if twice:
        raise BadInput("rows", f"{twice[0]!r} more than once", "each id once", "Leave all but one of them out.")
    with only_one(uri), stored(uri):
        table = _table_to_change(uri, stamp, command)
        if len(rows):
            merge = table.merge_insert("id").when_matched_update_all().when_not_matched_insert_all()
            merge.execute(table_of(rows, stamp).replace_schema_metadata(None))
        return _changed(uri, table, stamp)


def delete(uri: str, ids: Sequence[str], stamp: Stamp, command: str) -> Index:
    """Delete items by their ids in one commit; ids that are not there are no error. Otherwise as `upsert`."""
    with only_one(uri), stored(uri):
        table = _table_to_change(uri, stamp, command)
        if ids:
            table.delete(f"id IN ({quoted(ids)})")
        return _changed(uri, table, stamp)


def _changed(uri: str, table: Any, stamp: Stamp) -> Index:
    """After a change: the catalog it makes the index belong to, and the upkeep that may be due."""
    if stamp_of(table.schema).of_catalog() != stamp.of_catalog():
        table.update_field_metadata({"path": "id", "metadata": stamp.of_catalog()})
    tend(table)
    return Index(uri, table, replace(stamp, layout=LAYOUT))


def _table_to_change(uri: str, stamp: Stamp, command: str) -> Any:
    """The table of an index that must be there."""
    table = _open_table(uri, stamp, command)
    if table is None:
        raise BadInput("index", f"nothing at {uri}", "an index", f"Make it with: {command}")
    return table


def _open_table(uri: str, needed: Stamp, command: str) -> Any:
    """The table at `uri`, None if there is none; raises IncompatibleIndex if it is not as needed."""
    if "://" not in uri and not Path(uri).is_dir():
        return None
    table = committed(uri)
    if table is None:
        return None
    stamp = stamp_of(table.schema)
    if (stamp.layout, stamp.encoders) != (needed.layout, needed.encoders):
        raise IncompatibleIndex(uri, str(needed), str(stamp), command)
    return table


def committed(uri: str) -> Any:
    """The table at `uri` as last committed, None if it never was."""
    with stored(uri):
        database = _database(uri)
        if TABLE not in database.list_tables().tables:
            return None
        try:
            return database.open_table(TABLE)
        except ValueError as error:
            # Who writes fragments by workers and is stopped before the first commit leaves files that are no table yet.
            if "not found" not in str(error):
                raise
            return None


def _database(uri: str) -> Any:
    """What lies at `uri`; BadInput if that is no kind of place."""
    try:
        return lancedb.connect(uri)
    except ValueError as error:
        raise BadInput(
            "index", uri, "a folder, or an object store's address like s3://bucket/index", str(error)
        ) from error
