"""What the table of an index is: its columns, its stamp, filters as SQL, and rows to Arrow and back (pure)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from recommend.schema import MATERIAL_MARK, Facet, Filters, Floats, Item, SizeLimit, values_of

#: Raised with every change of the columns below; an index of another layout is refused.
LAYOUT: Final = 4
#: Vector columns: "semantic" is the space of pictures and words, "words" the text encoder's own, "colour" the OKLab
#: histogram, "palette" up to five rows of (L, a, b, share), zeros behind.
VECTORS: Final = ("semantic", "words", "colour", "palette")
#: Attributes of items stored as lists of texts; several materials of an item are one text.
LISTS: Final = ("colours", "style", "material")
SIZE_COLUMNS: Final = ("width_cm", "depth_cm", "height_cm")
#: Attributes of items with a column of their own name; the size has three columns, what else a line says is JSON.
ITEM_COLUMNS: Final = tuple(field.name for field in fields(Item) if field.name not in ("size_cm", "extra"))
#: Columns that full-text search reads.
TEXTS: Final = ("title", "description")
#: Column of a hash of the id, 0 to `SHUFFLED`: the items below any bound are an even sample.
SHUFFLE: Final = "shuffle"
SHUFFLED: Final = 2**32
#: Where the stamp lies: layout and encoders with the table, the catalog, which changes more often, with the ids.
_STAMP: Final = b"tryroom"
CATALOG_KEY: Final = "tryroom.catalog"
FILE_KEY: Final = "tryroom.file"


@dataclass(frozen=True)
class Stamp:
    """What an index was built from.

    Attributes:
        encoders: revision of the encoders; vectors of two revisions cannot be compared.
        catalog: fingerprint of the catalog.
        layout: of the table.
        file: the mark of the catalog's file then, "" if it is not known; the same catalog may lie in another file.
    """

    encoders: str
    catalog: str
    layout: int = LAYOUT
    file: str = field(default="", compare=False)

    def of_catalog(self) -> dict[str, str]:
        """What lies with the ids."""
        return {CATALOG_KEY: self.catalog, FILE_KEY: self.file}

    def __str__(self) -> str:
        return f"layout {self.layout}, encoders {self.encoders}"


@dataclass(frozen=True, eq=False)
class Rows:
    """Items and what is stored beside them, aligned.

    Attributes:
        content: of each item, a hash of its words and picture: same content, same vectors.
        vectors: column → float32 (N, D), for each of `VECTORS`, or of those that were read.
    """

    items: tuple[Item, ...]
    content: tuple[str, ...]
    vectors: Mapping[str, Floats]

    def __len__(self) -> int:
        return len(self.items)

    def part(self, start: int, end: int) -> Rows:
        """The rows from `start` to before `end`."""
        vectors = {name: matrix[start:end] for name, matrix in self.vectors.items()}
        return Rows(self.items[start:end], self.content[start:end], vectors)

    def at(self, places: Sequence[int]) -> Rows:
        """The rows at some places, in the order of these."""
        items, content = [self.items[place] for place in places], [self.content[place] for place in places]
        vectors = {name: matrix[list(places)] for name, matrix in self.vectors.items()}
        return Rows(tuple(items), tuple(content), vectors)


def together(parts: Sequence[Rows]) -> Rows | None:
    """Rows of several indexes with the same columns, one after the other; None if there are no parts."""
    if len(parts) < 2:
        return parts[0] if parts else None
    vectors = {name: np.concatenate([part.vectors[name] for part in parts]) for name in parts[0].vectors}
    return Rows(
        tuple(item for part in parts for item in part.items),
        tuple(content for part in parts for content in part.content),
        vectors,
    )


def where(filters: Filters, wishes: Sequence[Facet] = (), ids: Sequence[str] = ()) -> str:
    """The filters, wishes and ids as SQL, "" if there are none; agrees with `Filters.match` on every row."""
    parts: list[str] = []
    if filters.min_price is not None:
        parts.append(f"price >= {float(filters.min_price)!r}")
    if filters.max_price is not None:
        parts.append(f"price <= {float(filters.max_price)!r}")
    asked = [_has(Facet("category", filters.categories))] if filters.categories else []
    asked += [_has(Facet("colours", group)) for group in filters.colours]
    if asked and filters.named:
        asked = [f"({' AND '.join(asked)} OR id IN ({quoted(filters.named)}))"]
    parts += asked
    parts += [_has(facet) for facet in filters.required]
    parts += [_keeps(limit) for limit in filters.sizes]
    parts += [f"NOT ({' AND '.join(_has(facet) for facet in together)})" for together in filters.without]
    if filters.without_ids:
        parts.append(f"id NOT IN ({quoted(filters.without_ids)})")
    parts += [_has(wish) for wish in wishes]
    parts += [f"id IN ({quoted(ids)})"] if ids else []
    return " AND ".join(parts)


def lifted(filters: Filters, attribute: str) -> Filters:
    """The filters without what they require of one attribute."""
    return replace(
        filters,
        categories=() if attribute == "category" else filters.categories,
        colours=() if attribute == "colours" else filters.colours,
        required=tuple(facet for facet in filters.required if facet.attribute != attribute),
    )


def _has(facet: Facet) -> str:
    """That a row has one of the facet's values."""
    if not facet.values:
        return "FALSE"
    if facet.attribute in LISTS:
        return f"array_has_any({facet.attribute}, [{quoted(facet.values)}])"
    if facet.attribute == "pattern":
        return f"(pattern IN ({quoted(facet.values)}) OR seen_pattern IN ({quoted(facet.values)}))"
    return f"{facet.attribute} IN ({quoted(facet.values)})"


def _keeps(limit: SizeLimit) -> str:
    """That a row is known to keep a limit; an unknown size is NULL, of which nothing is true."""
    width, depth, height = SIZE_COLUMNS
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


def quoted(values: Sequence[str]) -> str:
    """Texts as SQL, with commas between."""
    return ", ".join("'" + value.replace("'", "''") + "'" for value in values)


def stamp_of(schema: pa.Schema) -> Stamp:
    """The stamp in a table's schema; of an unknown writer, layout 0."""
    layout, _, rest = (schema.metadata or {}).get(_STAMP, b"").decode().partition("|")
    if not layout.isdigit():
        return Stamp("", "", 0)
    told = schema.field("id").metadata or {}
    catalog, file = (told.get(key.encode(), b"").decode() for key in (CATALOG_KEY, FILE_KEY))
    return Stamp(rest.partition("|")[0], catalog, int(layout), file)


def shuffle_of(item_id: str) -> int:
    """Where an item stands in the order of samples, 0 to `SHUFFLED`; the same in every catalog."""
    return int.from_bytes(hashlib.sha1(item_id.encode()).digest()[:4], "big")


def table_of(rows: Rows, stamp: Stamp) -> pa.Table:
    """Rows as an Arrow table with the stamp, in the order of samples."""
    order = sorted(range(len(rows)), key=lambda i: hashlib.sha1(rows.items[i].id.encode()).digest())
    items = [rows.items[i] for i in order]
    columns: dict[str, Any] = {}
    for name in ITEM_COLUMNS:
        if name in LISTS:
            columns[name] = pa.array([list(values_of(item, name)) for item in items], pa.list_(pa.string()))
        else:
            kind = pa.float64() if name == "price" else pa.string()
            columns[name] = pa.array([getattr(item, name) for item in items], kind)
    for place, name in enumerate(SIZE_COLUMNS):
        columns[name] = pa.array([item.size_cm[place] if item.size_cm else None for item in items], pa.float64())
    columns["extra"] = pa.array([json.dumps(dict(item.extra)) for item in items], pa.string())
    columns[SHUFFLE] = pa.array([shuffle_of(item.id) for item in items], pa.int64())
    columns["content"] = pa.array([rows.content[i] for i in order], pa.string())
    for name in VECTORS:
        matrix = np.ascontiguousarray(rows.vectors[name][order], np.float32)
        columns[name] = pa.FixedSizeListArray.from_arrays(pa.array(matrix.ravel()), matrix.shape[1])
    table = pa.table(columns)
    kept = {_STAMP: f"{stamp.layout}|{stamp.encoders}".encode()}
    ids = pa.field("id", pa.string(), metadata=stamp.of_catalog())
    return table.cast(table.schema.set(0, ids).with_metadata(kept))


def columns_of_rows(vectors: Sequence[str]) -> list[str]:
    """Columns that rows with some of their vectors are read from."""
    return [*ITEM_COLUMNS, *SIZE_COLUMNS, "extra", "content", *vectors]


def rows_of(table: pa.Table) -> Rows:
    """An Arrow table read back, with the vectors that it has."""
    vectors = {name: matrix_of(table[name]) for name in VECTORS if name in table.column_names}
    return Rows(items_of(table), tuple(table["content"].to_pylist()), vectors)


def items_of(table: pa.Table) -> tuple[Item, ...]:
    """The items of an Arrow table."""
    columns = {name: table[name].to_pylist() for name in ITEM_COLUMNS}
    for name in LISTS:
        columns[name] = [tuple(values) for values in columns[name]]
    columns["material"] = [MATERIAL_MARK.join(values) for values in columns["material"]]
    sizes = zip(*(table[name].to_pylist() for name in SIZE_COLUMNS), strict=True)
    columns["size_cm"] = [None if None in size else size for size in sizes]
    columns["extra"] = [json.loads(extra) for extra in table["extra"].to_pylist()]
    return tuple(Item(**dict(zip(columns, values, strict=True))) for values in zip(*columns.values(), strict=True))


def known_values(table: pa.Table, attribute: str) -> pa.ChunkedArray:
    """Of each row what filters compare of one attribute: of patterns what its picture shows where none is stated."""
    if attribute != "pattern":
        return table[attribute]
    return pc.if_else(pc.equal(table["pattern"], ""), table["seen_pattern"], table["pattern"])


def value_counts(values: pa.Array) -> dict[str, int]:
    """How many rows have each value, most first; a row of several values counts for each of them once."""
    lists = pa.types.is_list(values.type)
    named = (pc.list_flatten(values) if lists else values).dictionary_encode()
    names, codes = named.dictionary.to_pylist(), named.indices.to_numpy()
    if lists:
        row = pc.list_parent_indices(values).to_numpy().astype(np.int64)
        pairs = np.sort(row * len(names) + codes, kind="stable")
        codes = pairs[np.diff(pairs, prepend=-1) > 0] % max(1, len(names))
    counted = zip(names, np.bincount(codes, minlength=len(names)).tolist(), strict=True)
    return dict(sorted(((value, count) for value, count in counted if value), key=lambda pair: (-pair[1], pair[0])))


def lengths_of(table: pa.Table, side: str) -> pa.ChunkedArray:
    """Of each row the price ("price") or a side as `side_of` has it; NULL where it is not stated."""
    if side in ("price", "width", "depth", "height"):
        return table[side if side == "price" else f"{side}_cm"]
    longer_or_shorter = pc.max_element_wise if side == "length" else pc.min_element_wise
    return longer_or_shorter(table["width_cm"], table["depth_cm"], skip_nulls=False)


def matrix_of(column: pa.ChunkedArray) -> Floats:
    """A column of equal lists as float32 (N, D)."""
    flat = column.combine_chunks()
    return np.asarray(flat.flatten().to_numpy(zero_copy_only=False), np.float32).reshape(-1, column.type.list_size)
