"""What Streamlit and its server do with uploads, and that the app lets go of them."""

from __future__ import annotations

import asyncio
import types
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from starlette.datastructures import Headers
from starlette.formparsers import MultiPartParser
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.uploaded_file_manager import UploadedFileRec

from ui import session, uploads


def test_the_server_forgets_this_sessions_uploads_and_no_others(monkeypatch: pytest.MonkeyPatch) -> None:
    manager = MemoryUploadedFileManager("/upload")
    for who in ("me", "somebody else"):
        manager.add_file(who, UploadedFileRec("photo", "photo.jpg", "image/jpeg", b"bytes"))
    context = types.SimpleNamespace(uploaded_file_mgr=manager, session_id="me")
    monkeypatch.setattr(session, "get_script_run_ctx", lambda: context)
    session.forget_uploads()
    assert manager.get_files("me", ["photo"]) == []
    assert [file.data for file in manager.get_files("somebody else", ["photo"])] == [b"bytes"]


def test_a_large_upload_stays_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(MultiPartParser, "spool_max_size", 1024 * 1024)
    assert _lands_on_disk(3_000_000)
    uploads.keep_in_memory()
    assert not _lands_on_disk(3_000_000)


def _lands_on_disk(size: int) -> bool:
    """Whether the server's parser moves an upload of that many bytes to a temporary file."""
    head = b'--b\r\nContent-Disposition: form-data; name="f"; filename="photo.jpg"\r\nContent-Type: image/jpeg\r\n\r\n'

    async def body() -> AsyncIterator[bytes]:
        yield head + bytes(size) + b"\r\n--b--\r\n"

    async def parse() -> bool:
        form = await MultiPartParser(Headers({"content-type": "multipart/form-data; boundary=b"}), body()).parse()
        return bool(form["f"].file._rolled)  # type: ignore[union-attr]

    # In a thread of its own: where a browser has been driven before, this one has a running loop.
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, parse()).result()
