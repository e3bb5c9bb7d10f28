"""Single items into a catalog and out of it: its file and its index change together, and nothing else is computed.

The file is written first, because the index can be made from it: killed between the two, the index says that it belongs
to the earlier catalog, and the next search brings it up to date.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from recommend.catalog import FILE, Catalog, check_lines, read_catalog
from recommend.embedder import Embedder
from recommend.errors import BadInput
from recommend.index import Index, Stamp, delete, only_one, open_index, upsert
from recommend.indexing import default_uri, embed_catalog, ensure_index, rebuild_command
from recommend.schema import CutOut


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
        before = read_catalog(folder)
        kept = _without(folder, ids)
        catalog = check_lines(folder, b"\n".join([*kept, *added]))
        fault = next((problem for problem in catalog.problems if problem.line > len(kept)), None)
        if fault is not None:
            where = replace(fault, line=fault.line - len(kept))
            raise BadInput("items", str(where), "lines as in catalog.jsonl", "Correct it; nothing was added.")
        new = Catalog(folder, tuple(item for item in catalog.items if item.id in ids), ())
        rows, problems = embed_catalog(new, embedder, cut_out)
        if problems:
            got = f"{problems[0].item}: {problems[0].message}"
            raise BadInput("items", got, "pictures that can be read", "Correct it; nothing was added.")
        index = open_index(uri, embedder.revision, rebuild_command(folder))
        _write(folder, [*kept, *added])
        if index is None or index.stamp != Stamp(embedder.revision, before.fingerprint()):
            return ensure_index(catalog, embedder, uri, cut_out)[0]
        return upsert(uri, rows, Stamp(embedder.revision, catalog.fingerprint()), rebuild_command(folder))


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
        kept = _without(folder, set(ids))
        catalog = check_lines(folder, b"\n".join(kept))
        if not catalog.items:
            raise BadInput("items", "all of them", "at least one that stays", "Leave one in, or delete the folder.")
        index = open_index(uri, embedder.revision, rebuild_command(folder))
        _write(folder, kept)
        if index is None or index.stamp != Stamp(embedder.revision, before.fingerprint()):
            return ensure_index(catalog, embedder, uri, cut_out)[0]
        return delete(uri, ids, Stamp(embedder.revision, catalog.fingerprint()), rebuild_command(folder))


def _without(folder: Path, ids: set[str]) -> list[bytes]:
    """The lines of a catalog's file, bad ones too, without the items of these ids."""
    lines = (folder / FILE).read_bytes().splitlines()
    return [line for line in lines if not _ids([line]) & ids]


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
