"""What a run that was stopped had done: an index of its own beside the one that it was to be, until that is written."""

from __future__ import annotations

from pathlib import Path

import lancedb

from recommend.errors import IncompatibleIndex, StorageFailed
from recommend.index import TABLE, Index, Rows, Stamp, committed, open_index
from recommend.index_table import table_of, together
from recommend.storage import stored


def known_rows(uri: str, index: Index | None, revision: str) -> Rows | None:
    """What the index at `uri` holds, and what is set aside for it; None if there is neither."""
    try:
        aside = open_index(_aside(uri), revision, "")
        parts = [one.rows() for one in (index, aside) if one is not None]
    except (IncompatibleIndex, StorageFailed):  # of no use to anybody
        drop_aside(uri)
        parts = [] if index is None else [index.rows()]
    return together(parts)


def put_aside(uri: str, rows: Rows, stamp: Stamp) -> None:
    """Set rows aside until the index at `uri` is written."""
    aside = _aside(uri)
    with stored(uri):
        table = committed(aside)
        if table is None:
            lancedb.connect(aside).create_table(TABLE, table_of(rows, stamp))
        else:
            table.add(table_of(rows, stamp).replace_schema_metadata(None))


def drop_aside(uri: str) -> None:
    """Delete what is set aside, whatever state it is in."""
    aside = _aside(uri)
    if "://" not in aside and not Path(aside).is_dir():
        return
    with stored(uri):
        lancedb.connect(aside).drop_table(TABLE, ignore_missing=True)
        if "://" not in aside and not any(Path(aside).iterdir()):
            Path(aside).rmdir()


def _aside(uri: str) -> str:
    return f"{uri.rstrip('/')}.part"
