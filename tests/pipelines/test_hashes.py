"""Hashes of real files, changed in every way: what is noted never says anything but what is in the file."""

from __future__ import annotations

import hashlib
import json
import os
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines import hashes

OLD = 1_700_000_000_000_000_000
#: Seconds in which the clock of a file system moves by at least a tick.
TICK = 0.02

WRITTEN = st.sampled_from([b"", b"weights", b"weightS", b"more weights"])
CHANGES = st.tuples(st.sampled_from(["write", "replace", "append", "truncate", "age"]), WRITTEN)


def change(path: Path, how: str, data: bytes) -> None:
    """Change a file, and set its time back: to be told by its inode, its size or the inode's time."""
    if how == "write":
        path.write_bytes(data)
    elif how == "replace":
        other = path.with_name("other")
        other.write_bytes(data)
        os.replace(other, path)
    elif how == "append":
        with path.open("ab") as stream:
            stream.write(data)
    elif how == "truncate":
        os.truncate(path, len(data))
    os.utime(path, ns=(OLD, OLD))


@settings(max_examples=30)
@given(changes=st.lists(CHANGES, min_size=2, max_size=6))
def test_the_noted_hash_is_always_that_of_the_content(
    tmp_path_factory: pytest.TempPathFactory, changes: list[tuple[str, bytes]]
) -> None:
    folder = tmp_path_factory.mktemp("files")
    path, notes = folder / "net.bin", folder / "notes.json"
    path.write_bytes(b"weights")
    for how, data in changes:
        change(path, how, data)
        for _ in range(2):
            assert hashes.sha256_of(path, notes) == hashlib.sha256(path.read_bytes()).hexdigest()
        time.sleep(TICK)


def test_a_file_that_changes_without_a_trace_right_after_it_was_read(tmp_path: Path) -> None:
    """Size, inode and the tick of the clock are the same: only that it is fresh tells that it cannot be believed."""
    path, notes = tmp_path / "net.bin", tmp_path / "notes.json"
    for content in (b"a" * 64, b"b" * 64) * 20:
        with path.open("r+b" if path.exists() else "wb") as stream:
            stream.write(content)
        assert hashes.sha256_of(path, notes) == hashlib.sha256(content).hexdigest()
    assert not notes.exists()


@pytest.fixture
def noted(tmp_path: Path) -> tuple[Path, Path]:
    """A file and the notes that know it."""
    path, notes = tmp_path / "net.bin", tmp_path / "notes.json"
    change(path, "write", b"weights")
    hashes.sha256_of(path, notes)
    assert list(json.loads(notes.read_text())) == [str(path)]
    return path, notes


@pytest.mark.parametrize("damage", ["", "{", "[]", '{"FILE": []}', '{"FILE": [1, 2]}', '{"FILE": "x"}', "\udcff"])
def test_notes_that_are_none_are_written_anew(noted: tuple[Path, Path], damage: str) -> None:
    path, notes = noted
    whole = notes.read_bytes()
    notes.write_text(damage.replace("FILE", str(path)), errors="surrogateescape")
    assert hashes.sha256_of(path, notes) == hashlib.sha256(b"weights").hexdigest()
    assert notes.read_bytes() == whole


def test_notes_that_cannot_be_written_leave_nothing_behind(noted: tuple[Path, Path]) -> None:
    path, notes = noted
    notes.unlink()
    notes.mkdir()
    assert hashes.sha256_of(path, notes) == hashlib.sha256(b"weights").hexdigest()
    assert hashes.sha256_of(path, path / "notes.json") == hashlib.sha256(b"weights").hexdigest()
    assert sorted(notes.parent.iterdir()) == [path, notes]


def test_files_that_are_gone_are_forgotten(noted: tuple[Path, Path]) -> None:
    path, notes = noted
    other = path.with_name("other.bin")
    change(other, "write", b"others")
    path.unlink()
    hashes.sha256_of(other, notes)
    assert list(json.loads(notes.read_text())) == [str(other)]


def test_notes_written_by_many_at_once_are_whole(tmp_path: Path) -> None:
    paths, notes = [tmp_path / f"{number}.bin" for number in range(40)], tmp_path / "notes.json"
    for path in paths:
        change(path, "write", path.name.encode())
    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(lambda path: hashes.sha256_of(path, notes), paths * 3))
    assert found == [hashlib.sha256(path.name.encode()).hexdigest() for path in paths] * 3
    known = {Path(name): sha256 for name, (sha256, *_) in json.loads(notes.read_text()).items()}
    assert known and all(sha256 == hashlib.sha256(path.name.encode()).hexdigest() for path, sha256 in known.items())
    assert sorted(tmp_path.iterdir()) == sorted([*paths, notes])
