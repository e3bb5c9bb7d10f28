"""The app in Streamlit's own test runner, with a small shop."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from tests.ui import tiny
from ui.session import Session

APP = Path(__file__).parents[2] / "app.py"


@pytest.fixture
def shop_renderer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tiny.PasteRenderer]:
    """The small shop, in place; gives its renderer."""
    # Cached resources outlive a run of AppTest.
    st.cache_resource.clear()
    st.cache_data.clear()
    renderer = tiny.install(tmp_path, monkeypatch.setattr)
    yield renderer
    renderer.gate.set()
    st.cache_resource.clear()
    st.cache_data.clear()


@pytest.fixture
def app(shop_renderer: tiny.PasteRenderer) -> AppTest:
    """The app as a shopper first sees it, once the shop is ready."""
    shopper = new_shopper()
    return settled(shopper, lambda state: True)


def new_shopper() -> AppTest:
    """A session of its own."""
    return AppTest.from_file(str(APP), default_timeout=60).run()


def state_of(app: AppTest) -> Session:
    """The session's state."""
    state: Session = app.session_state["session"]
    return state


def settled(app: AppTest, ready: Callable[[Session], bool] | None = None, seconds: float = 60.0) -> AppTest:
    """Draw the page again, as a browser does, until nothing is under way and `ready` holds."""
    from ui import loaders

    end = time.monotonic() + seconds
    while True:
        app.run()
        state = state_of(app)
        tasks: list[Any] = [task for task in (state.render, state.looking, loaders.retriever()) if task is not None]
        if all(task.done for task in tasks) and state.render is None and (ready is None or ready(state)):
            return app.run()
        assert time.monotonic() < end, f"still busy: {[task.stage for task in tasks if not task.done]}"
        time.sleep(0.05)
