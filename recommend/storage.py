"""The disk below catalogs and indexes: one writer at a time, a file whole or not at all, and errors in words."""

from __future__ import annotations

import logging
import os
import re
import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from filelock import FileLock, Timeout

from recommend.errors import StorageFailed

_LOG = logging.getLogger(__name__)
#: Seconds that a writer waits for another before it says so.
SILENT_FOR: Final = 1.0
_CHECK: Final = "See whether the disk is full and whether you may write there."
#: What LanceDB adds for its makers: the kind of error, and places in its own source.
_FOR_MAKERS: Final = re.compile(r"lance error: |LanceError\(\w+\): |,? ?/\S*\.rs:\d+:\d+")


@contextmanager
def only_one(place: str) -> Iterator[None]:
    """The writers' lock beside a file, or an index on disk; object stores commit atomically by themselves.

    Who holds it may take it again. Who has to wait says so, and waits as long as it takes.

    Raises:
        StorageFailed: nothing can be written there.
    """
    if "://" in place:
        yield
        return
    lock = FileLock(f"{place}.lock", is_singleton=True)
    with stored(place, _CHECK):
        Path(place).parent.mkdir(parents=True, exist_ok=True)
        try:
            lock.acquire(timeout=SILENT_FOR)
        except Timeout:
            _LOG.warning("%s is being changed by another process; waiting for it", place)
            lock.acquire()
    try:
        yield
    finally:
        lock.release()


@contextmanager
def stored(place: str, next_step: str = "") -> Iterator[None]:
    """Turns what system and LanceDB say of a place that cannot be read or written into `StorageFailed`.

    Args:
        place: of an index; or of something else, with the step that helps there.
        next_step: for the error; "" = what helps with an index.
    """
    anew = shlex.join(["tryroom", "catalog", "index", "DIR", "--uri", place, "--anew"])
    next_step = next_step or f"{_CHECK} If the index is damaged, make it anew with: {anew}"
    try:
        yield
    except OSError as error:
        raise StorageFailed(place, error.strerror or str(error), next_step) from error
    except RuntimeError as error:  # so LanceDB says everything
        raise StorageFailed(place, _FOR_MAKERS.sub("", str(error)), next_step) from error


def replace_file(path: Path, data: bytes) -> None:
    """Write a file: killed at any moment, or with the disk full, it is the old or the new one.

    Raises:
        StorageFailed: it cannot be written; it is as it was before.
    """
    other = path.with_name(f"{path.name}.new")
    with stored(str(path), f"{_CHECK} The file is as it was before."):
        try:
            other.write_bytes(data)
            os.replace(other, path)
        except BaseException:
            other.unlink(missing_ok=True)
            raise
