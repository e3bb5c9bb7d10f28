"""A catalog's texts in the app: text, whatever they would be as HTML or Markdown."""

from __future__ import annotations

import html
from pathlib import Path

from streamlit.testing.v1 import AppTest

from tests.ui import tiny
from tests.ui.conftest import new_shopper, room_of, settled, state_of
from tests.ui.test_fitting_room import click, click_person
from ui.messages import plain

TITLE = '<script>alert(1)</script> **$5** _x_ :red[y] ![](http://x/y.png)"'


def with_odd_titles(folder: Path) -> None:
    """Give every item of both catalogs a title that would be something else than text."""
    for catalog in ("garments", "furniture"):
        file = folder / catalog / "catalog.jsonl"
        written = TITLE.replace('"', '\\"')
        file.write_text(file.read_text().replace('"title": "', f'"title": "{written} '))


def shown(app: AppTest) -> str:
    """All that the page has as HTML or Markdown, but for what styles it."""
    labels = [one.label for one in app.button]
    bodies = [one.proto.body for one in app.get("html") if "<style>" not in one.proto.body]
    return "\n".join([*labels, *bodies, *(one.value for one in [*app.markdown, *app.caption, *app.error])])


def only_text(app: AppTest) -> None:
    """Check that the titles are there, and as nothing but text."""
    page = shown(app)
    assert "<script>" not in page.replace(r"\<script\>", "")
    assert html.escape(TITLE) in page and plain(TITLE) in page
    assert "**$5" not in page.replace(html.escape(TITLE), "") and ":red[" not in page.replace(html.escape(TITLE), "")


def test_titles_are_text_in_the_fitting_room(shop_renderer: tiny.PasteRenderer, tmp_path: Path) -> None:
    with_odd_titles(tmp_path / "shop")
    app = settled(new_shopper(), lambda state: True)
    only_text(app)
    app.button(key="alike-dress-red-0").click().run()
    only_text(app)
    click(click_person(app, "ada"), "try-tee-red")
    assert state_of(settled(app)).look is not None
    only_text(app)
    assert any(plain(TITLE) in one.label for one in app.button if str(one.key).startswith("look-"))


def test_titles_and_prices_are_text_in_your_room(shop_renderer: tiny.PasteRenderer, tmp_path: Path) -> None:
    with_odd_titles(tmp_path / "shop")
    app = settled(new_shopper("room"))
    only_text(app)
    app.text_input(key="words-room-0").input("a sofa between $700 and $900").run()
    chips = [one.label for one in app.button if str(one.key).startswith("chip-")]
    assert chips and all("$" not in label.replace(r"\$", "") for label in chips) and room_of(app).words
