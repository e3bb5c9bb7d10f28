"""The app in Streamlit's own test runner, with a small shop."""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest
from streamlit.util import calc_hash

from tests.ui import tiny, tiny_room
from ui import loaders
from ui.room_state import RoomVisit
from ui.session import Session

APP = Path(__file__).parents[2] / "app.py"


@pytest.fixture(scope="session")
def small_shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small shop's files; not to be written to."""
    return tiny.write(tmp_path_factory.mktemp("shop"))


@pytest.fixture
def shop_renderer(small_shop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tiny.PasteRenderer]:
    """A copy of the small shop, in place, which a test may change; gives its renderer."""
    # AppTest puts the app in the place of the main module, which worker processes of later tests would run.
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])
    # Cached resources outlive a run of AppTest.
    st.cache_resource.clear()
    st.cache_data.clear()
    shutil.copytree(small_shop, tmp_path / "shop")
    renderer = tiny.install(tmp_path / "shop", monkeypatch.setattr)
    yield renderer
    renderer.gate.set()
    renderer.rooms.gate.set()
    st.cache_resource.clear()
    st.cache_data.clear()


@pytest.fixture
def app(shop_renderer: tiny.PasteRenderer) -> AppTest:
    """The app as a shopper first sees it, once the shop is ready."""
    shopper = new_shopper()
    return settled(shopper, lambda state: True)


@pytest.fixture
def room_renderer(shop_renderer: tiny.PasteRenderer) -> tiny_room.BoxRenderer:
    """What renders rooms in the small shop."""
    return shop_renderer.rooms


@pytest.fixture
def room_app(room_renderer: tiny_room.BoxRenderer) -> AppTest:
    """The page "Your room" as a shopper first sees it, once the shop is ready."""
    return settled(new_shopper("room"))


def new_shopper(page: str = "") -> AppTest:
    """A session of its own, which begins on a page."""
    return go(AppTest.from_file(str(APP), default_timeout=60), page)


def go(app: AppTest, page: str) -> AppTest:
    """Follow the link to a page; "" is the fitting room."""
    # AppTest knows pages by their files only, and these are functions.
    app._page_hash = calc_hash(page)
    return app.run()


def state_of(app: AppTest) -> Session:
    """The state of the fitting room."""
    state: Session = app.session_state["session"]
    return state


def room_of(app: AppTest) -> RoomVisit:
    """The state of "Your room"."""
    state: RoomVisit = app.session_state["room"]
    return state


def settled(app: AppTest, ready: Callable[[Session], bool] | None = None, seconds: float = 60.0) -> AppTest:
    """Draw the page again, as a browser does, until nothing is under way and `ready` holds."""
    end = time.monotonic() + seconds
    while True:
        app.run()
        visited = [app.session_state[name] for name in ("session", "room", "stylist") if name in app.session_state]
        tasks: list[Any] = [task for state in visited for task in state.tasks() if task is not None]
        tasks += [loaders.furniture_retriever() if "room" in app.session_state else loaders.retriever()]
        rendering = any(state.render is not None for state in visited)
        if all(task.done for task in tasks) and not rendering and (ready is None or ready(state_of(app))):
            return app.run()
        assert time.monotonic() < end, f"still busy: {[task.stage for task in tasks if not task.done]}"
        time.sleep(0.05)
