"""What `weights/manifest.toml` says: names, where their files come from, and where they lie on this machine."""

from __future__ import annotations

import hashlib
import json
import os
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Literal, get_args

import platformdirs

from pipelines.errors import BadInput
from pipelines.hashes import sha256_of

MANIFEST = Path(__file__).parents[1] / "weights" / "manifest.toml"
CACHE_VARIABLE = "TRYROOM_CACHE"
#: A folder with a folder per name, as a hub would give it: used in place of what a hub has.
OWN_VARIABLE = "TRYROOM_WEIGHTS"

Source = Literal["bundled", "wheel", "hub", "url"]
#: Beside the files of a repository that is taken as it is: its commit and what was in it.
RECORD = "recorded.json"

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
        commercial: whether the licence allows commercial use; if not, it has to be accepted before anything is fetched.
        take: of a hub repository whose files nobody has hashed yet: patterns of what is taken. `files` is empty then;
            the commit is the identity, and the hashes are those recorded when it was fetched.
    """

    name: str
    about: str
    licence: str
    source: Source
    files: tuple[WeightsFile, ...]
    home: Path
    fields: Mapping[str, str]
    download_size: int
    commercial: bool = True
    take: tuple[str, ...] = ()

    @property
    def own(self) -> Path | None:
        """The person's own folder of it, if there is one."""
        chosen = os.environ.get(OWN_VARIABLE)
        folder = Path(chosen).expanduser() / self.name if chosen and self.source == "hub" else None
        return folder if folder is not None and folder.is_dir() else None

    @property
    def revision(self) -> str:
        """Twelve hexadecimal digits that change when any file does; of what is taken from a hub, its commit.

        Before it is fetched, a branch is all that is known of the commit.
        """
        if self.take and self.own is None:
            record = self.folder / RECORD
            known = json.loads(record.read_text(encoding="utf-8"))["commit"] if record.is_file() else ""
            return str(known or self.fields["commit"])[:12]
        files = sorted(contents(self), key=lambda file: file.name)
        hashes = (file.sha256 or sha256_of(self.folder / file.name, self.notes) for file in files)
        listing = "\n".join(f"{file.name} {digest}" for file, digest in zip(files, hashes, strict=True))
        return ("" if self.own is None else "own-") + hashlib.sha256(listing.encode()).hexdigest()[:12]

    @property
    def folder(self) -> Path:
        """Where the files lie once they are there; each revision has its own folder in the cache."""
        if self.source == "bundled":
            return self.home / self.name
        if self.own is not None:
            return self.own
        return weights_cache() / self.name / (self.fields["commit"] if self.take else self.revision)

    @property
    def notes(self) -> Path | None:
        """Where the hashes of its files are noted; None = nowhere: bundled ones are small, and may be read only."""
        return None if self.source == "bundled" else weights_cache() / f"{self.name}.hashes.json"

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


def contents(entry: Entry) -> tuple[WeightsFile, ...]:
    """The files of an entry; of one that is taken as it is, those recorded when it was fetched, the record itself until
    then. Of a person's own folder, what lies in it, not hashed.
    """
    if entry.own is not None:
        paths = sorted(path for path in entry.own.rglob("*") if path.is_file())
        return tuple(WeightsFile(path.relative_to(entry.own).as_posix(), "", path.stat().st_size) for path in paths)
    if not entry.take:
        return entry.files
    record = entry.folder / RECORD
    if not record.is_file():
        return (WeightsFile(RECORD, "", 0),)
    return tuple(WeightsFile(**file) for file in json.loads(record.read_text(encoding="utf-8"))["files"])


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
    # What we bundle and what the package index has may be used commercially; of a hub it has to be said.
    commercial, take = table.get("commercial", None if source == "hub" else True), table.get("take", [])
    need(isinstance(commercial, bool), f"commercial = {commercial!r}", "true or false")
    need(isinstance(take, list) and all(isinstance(one, str) for one in take), f"take = {take!r}", "a list of patterns")
    need(not take or source == "hub", f"take of a {source}", "take only of a hub")
    files = tuple(_file(file, source, need) for file in table.get("files", ()))
    need(bool(files) != bool(take), "no files" if not files else "files and take", f"either [[{name}.files]] or take")
    return Entry(
        name=name,
        about=table["about"],
        licence=table["licence"],
        source=source,
        files=files,
        home=path.parent,
        fields={key: table[key] for key in _FIELDS[source]},
        download_size=table.get("download_size", sum(file.size for file in files)),
        commercial=commercial,
        take=tuple(take),
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
