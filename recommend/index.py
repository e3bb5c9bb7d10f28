"""The vector store: items with their vectors in one LanceDB table, on disk or in object storage.

The whole table is replaced in one commit, and what the table is — its layout, its encoders, its catalog — is written in
the same commit, so a reader sees the old index or the new one and never a mixture. Filters are applied before the
search, so a narrow filter loses no result; the search is exact.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import lancedb
import numpy as np
import pyarrow as pa

from recommend.errors import IncompatibleIndex
from recommend.schema import MATERIAL_MARK, Facet, Filters, Floats, Item, SizeLimit, values_of

TABLE: Final = "items"
#: Raised with every change of the columns below; an index of another layout is refused.
LAYOUT: Final = 2
#: Vector columns: "semantic" is the space of pictures and words, or, of things that it was not trained on, the image
#: encoder's own; "words" the text encoder's own, "colour" the OKLab
#: histogram, "palette" up to five rows of (L, a, b, share), zeros behind.
VECTORS: Final = ("semantic", "words", "colour", "palette")
#: Versions replaced longer ago than this are deleted; no search takes as long.
KEPT_FOR: Final = timedelta(days=1)
#: Attributes of items stored as lists of texts; several materials of an item are one text.
_LISTS: Final = ("colours", "style", "material")
_SIZE_COLUMNS: Final = ("width_cm", "depth_cm", "height_cm")
#: Attributes of items with a column of their own name; the size has three columns, what else a line says is JSON.
ITEM_COLUMNS: Final = tuple(field.name for field in fields(Item) if field.name not in ("size_cm", "extra"))
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
    parts += [_has(facet) for facet in filters.required]
    parts += [_keeps(limit) for limit in filters.sizes]
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


def _keeps(limit: SizeLimit) -> str:
    """That a row is known to keep a limit; an unknown size is NULL, of which nothing is true."""
    width, depth, height = _SIZE_COLUMNS
    sides = {"width": [width], "depth": [depth], "height": [height]}.get(limit.side, [width, depth])
    # The longer side is at most so long if both are, and at least if one is; of the shorter it is the other way round.
    joined = {"length": (" OR ", " AND "), "breadth": (" AND ", " OR ")}.get(limit.side, (" AND ", " AND "))
    bounds = zip((">=", "<="), (limit.low, limit.high), joined, strict=True)
    parts = [
        f"({how.join(f'{side} {sign} {float(bound)!r}' for side in sides)})"
        for sign, bound, how in bounds
        if bound is not None
    ]
    return " AND ".join([f"{width} IS NOT NULL", *parts])


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

    def items(self, filters: Filters) -> tuple[Item, ...]:
        """All items that satisfy the filters, without their vectors."""
        search = self._table.search().select([*ITEM_COLUMNS, *_SIZE_COLUMNS, "extra"])
        condition = where(filters)
        if condition:
            search = search.where(condition)
        return _items_of(search.limit(max(1, len(self))).to_arrow())

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
    items = [rows.items[i] for i in order]
    columns: dict[str, Any] = {}
    for name in ITEM_COLUMNS:
        if name in _LISTS:
            columns[name] = pa.array([list(values_of(item, name)) for item in items], pa.list_(pa.string()))
        else:
            kind = pa.float64() if name == "price" else pa.string()
            columns[name] = pa.array([getattr(item, name) for item in items], kind)
    for place, name in enumerate(_SIZE_COLUMNS):
        columns[name] = pa.array([item.size_cm[place] if item.size_cm else None for item in items], pa.float64())
    columns["extra"] = pa.array([json.dumps(dict(item.extra)) for item in items], pa.string())
    columns["content"] = pa.array([rows.content[i] for i in order], pa.string())
    for name in VECTORS:
        matrix = np.ascontiguousarray(rows.vectors[name][order], np.float32)
        columns[name] = pa.FixedSizeListArray.from_arrays(pa.array(matrix.ravel()), matrix.shape[1])
    table = pa.table(columns)
    return table.replace_schema_metadata({_STAMP: f"{stamp.layout}|{stamp.encoders}|{stamp.catalog}".encode()})


def _rows_of(table: pa.Table) -> Rows:
    """An Arrow table read back."""
    return Rows(_items_of(table), tuple(table["content"].to_pylist()), {name: _matrix(table[name]) for name in VECTORS})


def _items_of(table: pa.Table) -> tuple[Item, ...]:
    """The items of an Arrow table."""
    columns = {name: table[name].to_pylist() for name in ITEM_COLUMNS}
    for name in _LISTS:
        columns[name] = [tuple(values) for values in columns[name]]
    columns["material"] = [MATERIAL_MARK.join(values) for values in columns["material"]]
    sizes = zip(*(table[name].to_pylist() for name in _SIZE_COLUMNS), strict=True)
    columns["size_cm"] = [None if None in size else size for size in sizes]
    columns["extra"] = [json.loads(extra) for extra in table["extra"].to_pylist()]
    return tuple(Item(**dict(zip(columns, values, strict=True))) for values in zip(*columns.values(), strict=True))


def _matrix(column: pa.ChunkedArray) -> Floats:
    """A column of equal lists as float32 (N, D)."""
    flat = column.combine_chunks()
    return np.asarray(flat.flatten().to_numpy(zero_copy_only=False), np.float32).reshape(-1, column.type.list_size)
