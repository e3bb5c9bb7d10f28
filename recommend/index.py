"""The vector store: items with their vectors in one LanceDB table, on disk or in object storage.

The whole table is replaced in one commit, and what the table is — its layout, its encoders, its catalog — is written in
the same commit, so a reader sees the old index or the new one and never a mixture. Filters are applied before the
search, so a narrow filter loses no result; the search is exact.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import lancedb
import numpy as np
import pyarrow as pa

from recommend.errors import IncompatibleIndex
from recommend.schema import Facet, Filters, Floats, Item

TABLE: Final = "items"
#: Raised with every change of the columns below; an index of another layout is refused.
LAYOUT: Final = 1
#: Vector columns: "semantic" is the space of pictures and words, "words" the text encoder's own, "colour" the OKLab
#: histogram, "palette" up to five rows of (L, a, b, share), zeros behind.
VECTORS: Final = ("semantic", "words", "colour", "palette")
#: Versions replaced longer ago than this are deleted; no search takes as long.
KEPT_FOR: Final = timedelta(days=1)
_LISTS: Final = ("colours", "style")
_STAMP: Final = b"tryroom"


@dataclass(frozen=True)
class Stamp:
    """What an index was built from.

    Attributes:
        encoders: revision of the encoders; vectors of two revisions cannot be compared.
        catalog: fingerprint of the catalog.
        layout: of the table.
    """

    encoders: str
    catalog: str
    layout: int = LAYOUT

    def __str__(self) -> str:
        return f"layout {self.layout}, encoders {self.encoders}"


@dataclass(frozen=True, eq=False)
class Rows:
    """Items and what is stored beside them, aligned.

    Attributes:
        content: of each item, a hash of its words and picture: same content, same vectors.
        vectors: column → float32 (N, D), for each of `VECTORS`.
    """

    items: tuple[Item, ...]
    content: tuple[str, ...]
    vectors: Mapping[str, Floats]

    def __len__(self) -> int:
        return len(self.items)


def where(filters: Filters, wishes: Sequence[Facet] = ()) -> str:
    """The filters as SQL, "" if there are none; agrees with `Filters.match` on every row."""
    parts: list[str] = []
    if filters.min_price is not None:
        parts.append(f"price >= {float(filters.min_price)!r}")
    if filters.max_price is not None:
        parts.append(f"price <= {float(filters.max_price)!r}")
    if filters.categories:
        parts.append(_has(Facet("category", filters.categories)))
    parts += [_has(Facet("colours", group)) for group in filters.colours]
    parts += [f"NOT ({' AND '.join(_has(facet) for facet in together)})" for together in filters.without]
    if filters.without_ids:
        parts.append(f"id NOT IN ({_quoted(filters.without_ids)})")
    parts += [_has(wish) for wish in wishes]
    return " AND ".join(parts)


def _has(facet: Facet) -> str:
    """That a row has one of the facet's values."""
    if not facet.values:
        return "FALSE"
    if facet.attribute in _LISTS:
        return f"array_has_any({facet.attribute}, [{_quoted(facet.values)}])"
    return f"{facet.attribute} IN ({_quoted(facet.values)})"


def _quoted(values: Sequence[str]) -> str:
    return ", ".join("'" + value.replace("'", "''") + "'" for value in values)


class Index:
    """One version of an index, opened for reading; a rebuild elsewhere does not change it under a search.

    Attributes:
        stamp: what it was built from.
    """

    def __init__(self, table: Any, stamp: Stamp) -> None:
        self._table = table
        self.stamp = stamp

    def __len__(self) -> int:
        return int(self._table.count_rows())

    def count(self, filters: Filters) -> int:
        """Number of items that satisfy the filters."""
        return int(self._table.count_rows(where(filters) or None))

    def nearest(self, column: str, vector: Floats, filters: Filters, k: int) -> list[tuple[str, float]]:
        """The k items nearest to `vector` by cosine that satisfy the filters: (id, cosine), best first."""
        search = self._table.search(vector, vector_column_name=column).distance_type("cosine").bypass_vector_index()
        condition = where(filters)
        if condition:
            search = search.where(condition, prefilter=True)
        found = search.limit(k).select(["id", "_distance"]).to_arrow()
        cosines = (1 - distance for distance in found["_distance"].to_pylist())
        return list(zip(found["id"].to_pylist(), cosines, strict=True))

    def rows(
        self,
        filters: Filters | None = None,
        limit: int | None = None,
        *,
        wishes: Sequence[Facet] = (),
        ids: Sequence[str] = (),
    ) -> Rows:
        """Items with their vectors, at most `limit`; an even sample if there are more, as rows are stored shuffled."""
        conditions = [where(filters or Filters(), wishes)] + ([f"id IN ({_quoted(ids)})"] if ids else [])
        search = self._table.search()
        condition = " AND ".join(part for part in conditions if part)
        if condition:
            search = search.where(condition)
        table = search.limit(max(1, len(self)) if limit is None else limit).to_arrow()
        return _rows_of(table)


def open_index(uri: str, encoders: str, command: str) -> Index | None:
    """Open the index at `uri`, None if there is none.

    Args:
        uri: a folder, or an object store's address.
        encoders: revision of the encoders that queries will come from.
        command: what rebuilds it, for the error.

    Raises:
        IncompatibleIndex: it has another layout or other encoders.
    """
    if "://" not in uri and not Path(uri).is_dir():
        return None
    database = lancedb.connect(uri)
    if TABLE not in database.list_tables().tables:
        return None
    table = database.open_table(TABLE)
    stamp = _read_stamp(table.schema.metadata or {})
    wanted = Stamp(encoders, "")
    if (stamp.layout, stamp.encoders) != (wanted.layout, wanted.encoders):
        raise IncompatibleIndex(uri, str(wanted), str(stamp), command)
    return Index(table, stamp)


def write_index(uri: str, rows: Rows, stamp: Stamp) -> Index:
    """Replace the whole index at `uri` in one commit; whoever has it open keeps the version they opened."""
    database = lancedb.connect(uri)
    there = TABLE in database.list_tables().tables
    table = database.create_table(TABLE, _table_of(rows, stamp), mode="overwrite" if there else "create")
    table.optimize(cleanup_older_than=KEPT_FOR)
    return Index(table, stamp)


def _read_stamp(metadata: Mapping[bytes, bytes]) -> Stamp:
    """The stamp in a table's metadata; of an unknown writer, layout 0."""
    parts = metadata.get(_STAMP, b"0||").decode().split("|")
    return Stamp(parts[1], parts[2], int(parts[0])) if len(parts) == 3 and parts[0].isdigit() else Stamp("", "", 0)


def _table_of(rows: Rows, stamp: Stamp) -> pa.Table:
    """Rows as an Arrow table in the order of a hash of the ids, so that the first n are an even sample."""
    order = sorted(range(len(rows)), key=lambda i: hashlib.sha1(rows.items[i].id.encode()).digest())
    columns: dict[str, Any] = {}
    for name in asdict(rows.items[0]) if rows.items else Item.__dataclass_fields__:
        values = [getattr(rows.items[i], name) for i in order]
        kind = pa.list_(pa.string()) if name in _LISTS else pa.float64() if name == "price" else pa.string()
        columns[name] = pa.array([list(value) if name in _LISTS else value for value in values], kind)
    columns["content"] = pa.array([rows.content[i] for i in order], pa.string())
    for name in VECTORS:
        matrix = np.ascontiguousarray(rows.vectors[name][order], np.float32)
        columns[name] = pa.FixedSizeListArray.from_arrays(pa.array(matrix.ravel()), matrix.shape[1])
    table = pa.table(columns)
    return table.replace_schema_metadata({_STAMP: f"{stamp.layout}|{stamp.encoders}|{stamp.catalog}".encode()})


def _rows_of(table: pa.Table) -> Rows:
    """An Arrow table read back."""
    names = list(Item.__dataclass_fields__)
    columns = {name: table[name].to_pylist() for name in names}
    for name in _LISTS:
        columns[name] = [tuple(values) for values in columns[name]]
    items = tuple(Item(*values) for values in zip(*columns.values(), strict=True))
    return Rows(items, tuple(table["content"].to_pylist()), {name: _matrix(table[name]) for name in VECTORS})


def _matrix(column: pa.ChunkedArray) -> Floats:
    """A column of equal lists as float32 (N, D)."""
    flat = column.combine_chunks()
    return np.asarray(flat.flatten().to_numpy(zero_copy_only=False), np.float32).reshape(-1, column.type.list_size)
