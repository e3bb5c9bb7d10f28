"""The before-and-after slider as it is given to the browser; how it behaves there, tests/e2e/test_app.py sees."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import ui
from ui import compare


def test_it_can_be_used_without_a_mouse_and_without_seeing() -> None:
    assert re.search(r'<input type="range"[^>]* aria-label="[^"]+"', compare._HTML)
    assert ":focus-visible" in compare._CSS and "prefers-reduced-motion" in compare._JS
    assert "before.alt" in compare._JS and "after.alt" in compare._JS


@pytest.mark.parametrize("source", sorted(Path(ui.__file__).parent.glob("*.py")), ids=lambda path: path.name)
def test_the_page_asks_no_other_server_for_anything(source: Path) -> None:
    addresses = re.findall(r"(?:https?:)?//[\w.-]+\.\w{2,}[^\s\"')]*", source.read_text(encoding="utf-8"))
    assert [address for address in addresses if "www.w3.org/2000/svg" not in address] == []
