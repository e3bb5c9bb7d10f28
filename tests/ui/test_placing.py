"""The picture in which pieces are moved, as it is given to the browser; what happens there, tests/e2e sees."""

from __future__ import annotations

import re
from types import SimpleNamespace
from typing import Any

import pytest

from ui import placing
from ui.room_state import Box


def test_it_can_be_used_without_a_mouse_and_without_seeing() -> None:
    assert re.search(r'<figure [^>]*tabindex="0"', placing._HTML) and 'aria-live="polite"' in placing._HTML
    assert ":focus-visible" in placing._CSS and "touch-action: none" in placing._CSS
    assert all(key in placing._JS for key in ("ArrowLeft", "ArrowUp", "aria-label", "pointercancel"))


def test_the_browser_gets_the_pieces_and_what_it_did_comes_back(monkeypatch: pytest.MonkeyPatch) -> None:
    mounted: dict[str, Any] = {}
    done: list[object] = []
    component = SimpleNamespace(component=lambda name, **_: lambda **given: mounted.update(given))
    page = SimpleNamespace(
        components=SimpleNamespace(v2=component), session_state={"key": {"did": {"what": "turn", "steps": 1}}}
    )
    monkeypatch.setattr(placing, "st", page)
    handle = placing.Handle(7, "Oak table", (0.5, 0.8), (0.4, 0.7), Box(0.3, 0.5, 0.2, 0.25, 0.0), grows=True)
    placing.show(b"jpeg", 1.5, "A room", [handle], 7, 0.4, done.append, "key", movable=True)
    (piece,) = mounted["data"]["pieces"]
    assert (piece["number"], piece["x"], piece["seenY"], piece["width"]) == (7, 0.5, 0.7, 0.2)
    assert mounted["data"]["marking"] is False and "arrow keys" in mounted["data"]["label"]
    mounted["on_did_change"]()
    page.session_state["key"] = {}
    mounted["on_did_change"]()
    assert done == [{"what": "turn", "steps": 1}]
