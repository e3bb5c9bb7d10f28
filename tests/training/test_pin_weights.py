"""Pinning rewrites one entry of the manifest and nothing else."""

from __future__ import annotations

import hashlib
import tomllib
from pathlib import Path

import pytest

from pipelines import weights
from training.pin_weights import block, pinned

OTHERS = """# About this file.
[first]
about = "one"
licence = "CC0"
source = "bundled"

[[first.files]]
name = "a"
sha256 = "00"
size = 1

# About the last one.
[first-b]
about = "another"
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "net" / "unet").mkdir(parents=True)
    (tmp_path / "net" / "unet" / "w.safetensors").write_bytes(b"numbers")
    (tmp_path / "net" / "config.json").write_bytes(b"{}")
    (tmp_path / "net" / ".DS_Store").write_bytes(b"x")
    return tmp_path / "net"


def test_a_new_entry_is_added_and_can_be_resolved(folder: Path) -> None:
    tables = block("net", 'A "net" of C:\\ours', "Apache-2.0", folder)
    path = folder.parent / "manifest.toml"
    path.write_text(pinned("", "net", tables).lstrip())
    entry = weights.find("net", path)
    assert (entry.about, entry.licence, entry.source) == ('A "net" of C:\\ours', "Apache-2.0", "bundled")
    assert [file.name for file in entry.files] == ["config.json", "unet/w.safetensors"]
    assert entry.files[1].sha256 == hashlib.sha256(b"numbers").hexdigest()
    assert weights.resolve("net", manifest=path) == folder


@pytest.mark.parametrize("name", ["first", "first-b", "net"])
def test_only_the_entry_changes(folder: Path, name: str) -> None:
    before = tomllib.loads(OTHERS)
    text = pinned(OTHERS, name, block(name, "new", "CC0", folder))
    after = tomllib.loads(text)
    assert after.pop(name)["about"] == "new"
    before.pop(name, None)
    assert after == before
    assert text.count("# About") == 2
    assert pinned(text, name, block(name, "new", "CC0", folder)) == text


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="holds no files"):
        block("net", "", "", tmp_path)
