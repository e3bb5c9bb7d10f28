"""Single items into a catalog and out of it: its file and its index change together, and nothing else is computed.

New items are added without reading those that are there: the index knows by the file's mark that it belongs to it, and
the fingerprint is a sum. If other items' pictures changed meanwhile the sum is not that of the catalog, and the next
search sees to it.

The file is written first, because the index can be made from it: killed between the two, the index says that it belongs
to the earlier catalog, and the next search brings it up to date.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Final

from recommend.catalog import FILE, Catalog, check_lines, file_mark, joined, lines_of, read_catalog, read_text
from recommend.domains import Domain, domain_of
from recommend.embedder import Embedder
from recommend.errors import BadInput, StorageFailed
from recommend.index import Index, Rows, Stamp, delete, open_index, upsert
from recommend.indexing import OnItem, default_uri, embed_catalog, ensure_index, rebuild_command
from recommend.schema import CutOut, Filters
from recommend.storage import only_one, replace_file

#: What may be the id on a line.
_ID: Final = re.compile(rb'"id"\s*:\s*"([^"]*)"')


def add_items(
    folder: Path,
    lines: bytes,
    embedder: Embedder,
    uri: str | None,
    cut_out: CutOut,
    on_item: OnItem | None = None,
) -> Index:
    """Add items to a catalog and its index, or replace those of the same ids: all of them or, with an error, none.

    Args:
        folder: of the catalog, with the new pictures already in it.
        lines: as in the catalog's file.
        embedder: gives the vectors.
        uri: as of `ensure_index`.
        cut_out: finds the item in each picture.
        on_item: told of progress, with (items done, items in all).

    Raises:
        BadInput: a line or a picture is bad.
        IncompatibleIndex, StorageFailed: as `ensure_index`.
    """
    added = [line for line in lines_of(lines, "items") if line.strip()]
    if not added:
        raise BadInput("items", "no line", "lines as in catalog.jsonl", "Give one line for each item.")
    ids = _ids(added)
    uri = uri or str(default_uri(folder, embedder.revision))
    with _changing(folder, uri):
        kept, gone = _apart(folder, ids)
        index = open_index(uri, embedder.revision, rebuild_command(folder, uri))
        if index is not None and index.whole and index.stamp.file == file_mark(folder) and not gone:
            before, (domain, currency) = index.stamp.catalog, _about(index)
            catalog = check_lines(folder, b"\n".join(added), domain=domain, currency=currency)
            after = joined(before, catalog.fingerprint())
        else:
            # The first of the added lines is number 1.
            catalog = check_lines(folder, b"\n".join([*kept, *added]), first=1 - len(kept))
            before, after = read_catalog(folder).fingerprint(), catalog.fingerprint()
        rows = _rows(catalog, ids, embedder, cut_out, on_item)
        with _written(folder, [*kept, *added]) as mark:
            if index is None or index.stamp != Stamp(embedder.revision, before):
                return ensure_index(replace(catalog, file=mark), embedder, uri, cut_out, on_item)[0]
            return upsert(uri, rows, Stamp(embedder.revision, after, file=mark), rebuild_command(folder, uri))


def remove_items(folder: Path, ids: Sequence[str], embedder: Embedder, uri: str | None, cut_out: CutOut) -> Index:
    """Take items out of a catalog and its index; their pictures stay. Arguments and errors as of `add_items`.

    Raises:
        BadInput: an id that the catalog does not have, or no item would be left.
    """
    uri = uri or str(default_uri(folder, embedder.revision))
    with _changing(folder, uri):
        before = read_catalog(folder)
        unknown = set(ids) - {item.id for item in before.items}
        if unknown:
            raise BadInput("item", repr(min(unknown)), "an id of the catalog", "Find ids with: tryroom recommend")
        kept, _ = _apart(folder, set(ids))
        catalog = check_lines(folder, b"\n".join(kept))
        if not catalog.items:
            raise BadInput("items", "all of them", "at least one that stays", "Leave one in, or delete the folder.")
        index = open_index(uri, embedder.revision, rebuild_command(folder, uri))
        with _written(folder, kept) as mark:
            if index is None or index.stamp != Stamp(embedder.revision, before.fingerprint()):
                return ensure_index(replace(catalog, file=mark), embedder, uri, cut_out)[0]
            stamp = Stamp(embedder.revision, catalog.fingerprint(), file=mark)
            return delete(uri, ids, stamp, rebuild_command(folder, uri))


@contextmanager
def _changing(folder: Path, uri: str) -> Iterator[None]:
    """The locks of who changes a catalog: that of its file, which several indexes may have, and that of the index."""
    if not (folder / FILE).is_file():
        read_text(folder)  # which says what is wrong; a folder that is no catalog gets no lock
    with only_one(str(folder / FILE)), only_one(uri):
        yield


def _about(index: Index) -> tuple[Domain, str]:
    """What the items of an index are about, and the currency of their prices."""
    counts = index.facets(Filters(), ["category"])["category"]
    return domain_of(Counter(counts).elements()), index.rows(limit=1).items[0].currency


def _rows(catalog: Catalog, ids: set[str], embedder: Embedder, cut_out: CutOut, on_item: OnItem | None) -> Rows:
    """The items of these ids with their vectors; raises BadInput for what is wrong from line 1 on."""
    faults = [problem for problem in catalog.problems if problem.line > 0]
    if faults:
        raise BadInput("items", str(faults[0]), "lines as in catalog.jsonl", "Correct it; nothing was added.")
    new = Catalog(catalog.folder, tuple(item for item in catalog.items if item.id in ids), ())
    rows, problems = embed_catalog(new, embedder, cut_out, on_item=on_item)
    if problems:
        got = f"{problems[0].item}: {problems[0].message}"
        raise BadInput("items", got, "pictures that can be read", "Correct it; nothing was added.")
    return rows


def _apart(folder: Path, ids: set[str]) -> tuple[list[bytes], list[bytes]]:
    """The lines of a catalog's file, bad ones too, without the items of these ids, and the lines of those."""
    kept: list[bytes] = []
    gone: list[bytes] = []
    said = {name.encode(errors="surrogatepass") for name in ids}
    for line in lines_of(read_text(folder)):
        # Parsing each line would take longer than all else. An id may be written with escapes: each has a backslash.
        meant = (b"\\" in line or not said.isdisjoint(_ID.findall(line))) and _ids([line]) & ids
        (gone if meant else kept).append(line)
    return kept, gone


def _ids(lines: Sequence[bytes]) -> set[str]:
    """The ids on lines that have one; what is wrong with the others, the catalog's check says."""
    ids = set()
    for line in lines:
        try:
            values = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(values, dict) and isinstance(values.get("id"), str):
            ids.add(values["id"])
    return ids


@contextmanager
def _written(folder: Path, lines: Sequence[bytes]) -> Iterator[str]:
    """The catalog's file replaced, and its mark; if the index cannot be written then, the file is as it was."""
    before = read_text(folder)
    replace_file(folder / FILE, b"".join(line + b"\n" for line in lines))
    try:
        yield file_mark(folder)
    except StorageFailed:
        replace_file(folder / FILE, before)
        raise
