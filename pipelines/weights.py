"""From a name in `weights/manifest.toml` to a verified local file.

`resolve("blazepose")` is all that most callers need. A file is used only if its sha256 is the pinned one, or the one
recorded when a published repository was first fetched; it is read for that once, and again when it has changed. What is
not in the repository is fetched on first use into a per-user cache, placed in one move, and shared by every process of
the user.
"""

from __future__ import annotations

import os
import tempfile
import threading
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import filelock

from pipelines.errors import CorruptWeights, LicenceNotAccepted, MissingWeights
from pipelines.hashes import sha256_anew, sha256_of
from pipelines.manifest import (
    CACHE_VARIABLE,
    MANIFEST,
    OWN_VARIABLE,
    RECORD,
    Entry,
    WeightsFile,
    cache_dir,
    contents,
    find,
    read_manifest,
    revision,
    weights_cache,
)
from pipelines.sources import SOURCES

__all__ = [
    "CACHE_VARIABLE",
    "MANIFEST",
    "OWN_VARIABLE",
    "Entry",
    "WeightsFile",
    "accept",
    "cache_dir",
    "check_accepted",
    "contents",
    "fetch",
    "find",
    "is_accepted",
    "missing_files",
    "read_manifest",
    "resolve",
    "resolve_file",
    "revision",
    "verify",
    "weights_cache",
]

#: Called while fetching with (bytes so far, bytes in all), from a helper thread.
OnBytes = Callable[[int, int], None]


def resolve(name: str, *, on_progress: OnBytes | None = None, manifest: Path = MANIFEST) -> Path:
    """The folder with the verified files of a name, fetched first if they are not here.

    Raises:
        BadInput: unknown name or broken manifest.
        LicenceNotAccepted: it is not here, and may not be used commercially; nothing was fetched.
        MissingWeights: a file is not here and could not be fetched.
        CorruptWeights: a file has the wrong hash; it was deleted.
    """
    entry = find(name, manifest)
    if missing_files(entry):
        fetch(entry, on_progress)
    _check(entry, lambda path: sha256_of(path, entry.notes))
    return entry.folder


def resolve_file(name: str, *, manifest: Path = MANIFEST) -> Path:
    """The file of a name that has only one; see `resolve`."""
    (file,) = find(name, manifest).files
    return resolve(name, manifest=manifest) / file.name


def missing_files(entry: Entry) -> list[WeightsFile]:
    """The files of an entry that are not on this machine, without looking into them."""
    if entry.own is not None:
        return []
    return [file for file in contents(entry) if not (entry.folder / file.name).is_file()]


def verify(entry: Entry) -> None:
    """Read every file and check that it has its pinned hash, whatever was noted; never fetches.

    Raises:
        MissingWeights: a file is not here.
        CorruptWeights: a file has the wrong hash. A cached one was deleted; a bundled one, perhaps the only copy of a
            fresh training, is refused but left.
    """
    _check(entry, sha256_anew)


def _check(entry: Entry, hashed: Callable[[Path], str]) -> None:
    for file in () if entry.own is not None else contents(entry):
        path = entry.folder / file.name
        if not path.is_file():
            raise _missing(entry, file, "")
        if hashed(path) == file.sha256:
            continue
        got = sha256_anew(path)  # a note that was tampered with must not cost a good file
        if got == file.sha256:
            continue
        if entry.source == "bundled":
            raise CorruptWeights(f"{entry.name}/{file.name}", file.sha256, got, entry.command, deleted=False)
        path.unlink()
        raise CorruptWeights(f"{entry.name}/{file.name}", file.sha256, got, entry.command)


def _missing(entry: Entry, file: WeightsFile, why: str) -> MissingWeights:
    return MissingWeights(f"{entry.name}/{file.name}", (entry.folder,), entry.command, why)


# --- licences ---------------------------------------------------------------------------------------------


def accept(entry: Entry) -> Path:
    """Note, for this user, that the licence of an entry is understood and accepted; where that is noted."""
    note = cache_dir() / "accepted" / f"{entry.name}.txt"
    note.parent.mkdir(parents=True, exist_ok=True)
    note.write_text(entry.licence + "\n", encoding="utf-8")
    return note


def check_accepted(entry: Entry) -> None:
    """Raise LicenceNotAccepted unless an entry may be fetched."""
    if not is_accepted(entry):
        raise LicenceNotAccepted(entry.name, entry.licence, f"tryroom weights accept {entry.name}")


def is_accepted(entry: Entry) -> bool:
    """Whether an entry may be fetched: its licence allows commercial use, or was accepted for anything that has it."""
    notes = (cache_dir() / "accepted").glob("*.txt")
    return entry.commercial or any(note.read_text(encoding="utf-8").strip() == entry.licence for note in notes)


# --- fetching -----------------------------------------------------------------------------------------------


def fetch(entry: Entry, on_progress: OnBytes | None = None) -> None:
    """Bring all files of an entry that lacks some into the cache, verified, and once, whoever else is trying.

    Raises:
        LicenceNotAccepted, MissingWeights, CorruptWeights: see `resolve`.
    """
    if entry.source == "bundled":
        raise _missing(entry, missing_files(entry)[0], "")
    check_accepted(entry)
    try:
        weights_cache().mkdir(parents=True, exist_ok=True)
        with filelock.FileLock(weights_cache() / f"{entry.name}.lock"):
            if missing_files(entry):
                _fetch_locked(entry, on_progress)
    except (OSError, LookupError, ValueError, zipfile.BadZipFile) as error:
        why = " ".join(str(error).split()) or type(error).__name__
        raise _missing(entry, missing_files(entry)[0], why) from error


def _fetch_locked(entry: Entry, on_progress: OnBytes | None) -> None:
    # Staged inside the cache, so that the last step is a rename on one file system.
    with tempfile.TemporaryDirectory(dir=weights_cache(), prefix=f".{entry.name}-") as staging:
        files = Path(staging) / "files"
        files.mkdir()
        with _reporting(Path(staging), entry.download_size, on_progress):
            SOURCES[entry.source](entry, Path(staging), files)
        for file in entry.files:
            got = sha256_anew(files / file.name)
            if got != file.sha256:
                raise CorruptWeights(f"{entry.name}/{file.name}", file.sha256, got, entry.command)
        # The record of what was taken last: with it, all is there.
        for path in sorted((path for path in files.rglob("*") if path.is_file()), key=lambda path: path.name == RECORD):
            target = entry.folder / path.relative_to(files)
            target.parent.mkdir(parents=True, exist_ok=True)
            os.replace(path, target)


@contextmanager
def _reporting(folder: Path, total: int, on_progress: OnBytes | None) -> Iterator[None]:
    """Report the bytes that appear below `folder`: the one measure that pip, the hub and urllib all give."""
    if on_progress is None:
        yield
        return
    done = threading.Event()

    def watch() -> None:
        most = 0
        while not done.wait(0.1):
            most = max(most, min(total, _bytes_below(folder)))
            on_progress(most, total)

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield
    finally:
        done.set()
        watcher.join()
    on_progress(total, total)


def _bytes_below(folder: Path) -> int:
    total = 0
    for root, _, names in os.walk(folder):
        for name in names:
            try:
                total += os.stat(os.path.join(root, name)).st_size
            except FileNotFoundError:  # moved while we walked
                continue
    return total
