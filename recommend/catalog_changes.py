"""Single items into a catalog and out of it: its file and its index change together, and nothing else is computed.

New items are added without reading those that are there: the index knows by the file's mark that it belongs to it, and
the fingerprint is a sum. If other items' pictures changed meanwhile the sum is not that of the catalog, and the next
search sees to it.

The file is written first, because the index can be made from it: killed between the two, the index says that it belongs
to the earlier catalog, and the next search brings it up to date.
"""

from __future__ import annotations

import json
import os
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from recommend.catalog import FILE, Catalog, check_lines, file_mark, joined, read_catalog
from recommend.domains import Domain, domain_of
from recommend.embedder import Embedder
from recommend.errors import BadInput
from recommend.index import Index, Rows, Stamp, delete, only_one, open_index, upsert
from recommend.indexing import default_uri, embed_catalog, ensure_index, rebuild_command
from recommend.schema import CutOut, Filters

#: What may be the id on a line.
_ID: Final = re.compile(rb'"id"\s*:\s*"([^"]*)"')


def add_items(folder: Path, lines: bytes, embedder: Embedder, uri: str | None, cut_out: CutOut) -> Index:
    """Add items to a catalog and its index, or replace those of the same ids: all of them or, with an error, none.

    Args:
        folder: of the catalog, with the new pictures already in it.
        lines: as in the catalog's file.
        embedder: gives the vectors.
        uri: as of `ensure_index`.
        cut_out: finds the item in each picture.

    Raises:
        BadInput: a line or a picture is bad.
        IncompatibleIndex: as `ensure_index`.
    """
    added = [line for line in lines.splitlines() if line.strip()]
    if not added:
        raise BadInput("items", "no line", "lines as in catalog.jsonl", "Give one line for each item.")
    ids = _ids(added)
    uri = uri or str(default_uri(folder, embedder.revision))
    with only_one(uri):
        kept, gone = _apart(folder, ids)
        index = open_index(uri, embedder.revision, rebuild_command(folder))
        if index is not None and index.whole and index.stamp.file == file_mark(folder) and not gone:
            before, (domain, currency) = index.stamp.catalog, _about(index)
            catalog = check_lines(folder, b"\n".join(added), domain=domain, currency=currency)
            line, after = 0, joined(before, catalog.fingerprint())
        else:
            before, catalog = read_catalog(folder).fingerprint(), check_lines(folder, b"\n".join([*kept, *added]))
            line, after = len(kept), catalog.fingerprint()
        rows = _rows(catalog, ids, line, embedder, cut_out)
        _write(folder, [*kept, *added])
        mark = file_mark(folder)
        if index is None or index.stamp != Stamp(embedder.revision, before):
            return ensure_index(replace(catalog, file=mark), embedder, uri, cut_out)[0]
        return upsert(uri, rows, Stamp(embedder.revision, after, file=mark), rebuild_command(folder))


def remove_items(folder: Path, ids: Sequence[str], embedder: Embedder, uri: str | None, cut_out: CutOut) -> Index:
    """Take items out of a catalog and its index; their pictures stay. Arguments and errors as of `add_items`.

    Raises:
        BadInput: an id that the catalog does not have, or no item would be left.
    """
    uri = uri or str(default_uri(folder, embedder.revision))
    with only_one(uri):
        before = read_catalog(folder)
        unknown = set(ids) - {item.id for item in before.items}
        if unknown:
            raise BadInput("item", repr(min(unknown)), "an id of the catalog", "Find ids with: tryroom recommend")
        kept, _ = _apart(folder, set(ids))
        catalog = check_lines(folder, b"\n".join(kept))
        if not catalog.items:
            raise BadInput("items", "all of them", "at least one that stays", "Leave one in, or delete the folder.")
        index = open_index(uri, embedder.revision, rebuild_command(folder))
        _write(folder, kept)
        mark = file_mark(folder)
        if index is None or index.stamp != Stamp(embedder.revision, before.fingerprint()):
            return ensure_index(replace(catalog, file=mark), embedder, uri, cut_out)[0]
        return delete(uri, ids, Stamp(embedder.revision, catalog.fingerprint(), file=mark), rebuild_command(folder))


def _about(index: Index) -> tuple[Domain, str]:
    """What the items of an index are about, and the currency of their prices."""
    counts = index.facets(Filters(), ["category"])["category"]
    return domain_of(Counter(counts).elements()), index.rows(limit=1).items[0].currency


def _rows(catalog: Catalog, ids: set[str], line: int, embedder: Embedder, cut_out: CutOut) -> Rows:
    """The items of these ids with their vectors; raises BadInput for what is wrong after a line of the catalog's."""
    faults = [replace(problem, line=problem.line - line) for problem in catalog.problems if problem.line > line]
    if faults:
        raise BadInput("items", str(faults[0]), "lines as in catalog.jsonl", "Correct it; nothing was added.")
    new = Catalog(catalog.folder, tuple(item for item in catalog.items if item.id in ids), ())
    rows, problems = embed_catalog(new, embedder, cut_out)
    if problems:
        got = f"{problems[0].item}: {problems[0].message}"
        raise BadInput("items", got, "pictures that can be read", "Correct it; nothing was added.")
    return rows


def _apart(folder: Path, ids: set[str]) -> tuple[list[bytes], list[bytes]]:
    """The lines of a catalog's file, bad ones too, without the items of these ids, and the lines of those."""
    kept: list[bytes] = []
    gone: list[bytes] = []
    said = {name.encode(errors="surrogatepass") for name in ids}
    for line in (folder / FILE).read_bytes().splitlines():
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
        except ValueError:
            continue
        if isinstance(values, dict) and isinstance(values.get("id"), str):
            ids.add(values["id"])
    return ids


def _write(folder: Path, lines: Sequence[bytes]) -> None:
    """Replace the catalog's file; killed at any moment, it is the old or the new one."""
    path = folder / FILE
    other = path.with_suffix(".new")
    other.write_bytes(b"".join(line + b"\n" for line in lines))
    os.replace(other, path)
