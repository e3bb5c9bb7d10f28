"""Hashes of files, read once: a note beside the files says what was read, and for which state of each file.

A noted hash counts while size, times and inode of its file are what they were. Times move in ticks, so a file written
moments ago could change again without a trace: its hash is neither noted nor believed. Notes only spare reading. Where
there are none, or they cannot be read or written, the file is read.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import json
import os
import time
import uuid
from pathlib import Path

#: Nanoseconds after which a file's time tells every later change: the coarsest ticks, those of FAT, are two seconds.
SETTLED = 2_100_000_000

#: Size in bytes, times of content and of inode in nanoseconds, inode.
State = tuple[int, int, int, int]


def sha256_anew(path: Path) -> str:
    """The hash of a file's content, 64 hexadecimal digits; reads all of it."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def sha256_of(path: Path, notes: Path | None = None) -> str:
    """The same, read once per state of the file.

    Args:
        notes: where hashes are noted from one process to the next; None = nowhere.
    """
    path = path.absolute()
    stat = path.stat()
    state = (stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_ino)
    if time.time_ns() - stat.st_mtime_ns < SETTLED:
        return sha256_anew(path)
    if notes is None:
        return _sha256_at(path, state)
    noted = _read(notes)
    match noted.get(str(path)):
        case [str(sha256), *before] if tuple(before) == state:
            return sha256
    sha256 = _sha256_at(path, state)
    kept = {name: note for name, note in noted.items() if os.path.isfile(name)}
    _write(notes, {**kept, str(path): [sha256, *state]})
    return sha256


@functools.lru_cache(maxsize=256)
def _sha256_at(path: Path, state: State) -> str:
    """Hash a file once per process; a changed file has another key."""
    return sha256_anew(path)


def _read(notes: Path) -> dict[str, object]:
    try:
        noted = json.loads(notes.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return noted if isinstance(noted, dict) else {}


def _write(notes: Path, noted: dict[str, object]) -> None:
    """In one move. What another process noted in the same moment may be lost, and is read again."""
    part = notes.with_name(f".{notes.name}.{uuid.uuid4().hex[:8]}")
    with contextlib.suppress(OSError):  # a cache that is read only: hashed by every process, as without notes
        try:
            notes.parent.mkdir(parents=True, exist_ok=True)
            part.write_text(json.dumps(noted, indent=1) + "\n", encoding="utf-8")
            os.replace(part, notes)
        finally:
            part.unlink(missing_ok=True)
