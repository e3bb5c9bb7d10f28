"""Files are replaced whole or not at all, and writers wait for each other and say so."""

from __future__ import annotations

import logging
import resource
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from recommend import storage
from recommend.errors import StorageFailed
from recommend.storage import only_one, replace_file


def test_a_file_that_cannot_be_written_to_its_end_stays_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "catalog.jsonl"
    path.write_bytes(b"old")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))
    try:
        with pytest.raises(StorageFailed, match=r"catalog\.jsonl: File too large.*as it was before"):
            replace_file(path, b"new" * 1000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert path.read_bytes() == b"old" and list(tmp_path.iterdir()) == [path]


def test_a_lock_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StorageFailed, match="file"), only_one(str(tmp_path / "file" / "index")):
        pass


def test_who_waits_for_another_process_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(storage, "SILENT_FOR", 0.05)
    place = str(tmp_path / "index")
    program = (
        f"import sys; sys.path[:0] = {sys.path!r}\n"
        f"from recommend.storage import only_one\nwith only_one({place!r}):\n    print('held', flush=True); input()"
    )
    other = subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert other.stdout is not None and other.stdin is not None and other.stdout.readline() == "held\n"
    entered = threading.Event()

    def enter() -> None:
        with only_one(place), only_one(place):  # a second time by who holds it
            entered.set()

    waiting = threading.Thread(target=enter)
    with caplog.at_level(logging.WARNING):
        waiting.start()
        assert not entered.wait(0.5)
        other.communicate("go\n")
        waiting.join()
    assert entered.is_set() and f"{place} is being changed by another process" in caplog.text
