"""What a catalog or a shopper writes is shown as it is, whatever it means to Markdown, HTML or Streamlit."""

from __future__ import annotations

import socket
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.e2e.conftest import PATIENCE, ROOT, wait_for_health
from ui.messages import plain

TITLES = (
    "<script>alert(1)</script><b>Tee</b>", "**Tee** _it_ `code` ~~no~~", "between $20 and $50",
    "![x](http://127.0.0.1:1/x.png) [l](javascript:alert(1))", ":red[hot] :blue-background[x]",
    "a :material/home: b :smile: c", "# Head", "1. one", "2024) two", "- dash", "+ plus", "* star", "> quote", "---",
    "x & y &amp; &#60;", "a\\b \\* c", '=HYPERLINK("http://x","y")', "| a | b |", "فستان $5 **x**", "12:30:45 a:b:c",
)  # fmt: skip


@pytest.fixture
def page_of_texts(tmp_path: Path) -> Iterator[str]:
    """A page that shows them in every kind of label."""
    page = tmp_path / "page.py"
    page.write_text(
        textwrap.dedent(
            f"""
            import sys; sys.path.insert(0, {str(ROOT)!r})
            import streamlit as st
            from ui.messages import plain
            for place, title in enumerate({TITLES!r}):
                st.button(plain(title), key=f"button-{{place}}")
                st.pills("one", [title], format_func=plain, key=f"pills-{{place}}")
                st.container(key=f"caption-{{place}}").caption(plain(title))
                st.container(key=f"error-{{place}}").error(f"**Error**: {{plain(title)}}")
            """
        )
    )
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = ["--server.headless", "true", "--server.address", "127.0.0.1", "--server.port", str(port)]
    log = tmp_path / "log.txt"
    with log.open("w") as out:
        app = subprocess.Popen(
            [sys.executable, "-m", "streamlit", "run", str(page), *options], stdout=out, stderr=subprocess.STDOUT
        )
        try:
            wait_for_health(f"http://127.0.0.1:{port}/_stcore/health", app, log)
            yield f"http://127.0.0.1:{port}"
        finally:
            app.kill()
            app.wait()


def test_texts_are_shown_as_they_are(browser: Browser, page_of_texts: str) -> None:
    page = browser.new_page()
    page.set_default_timeout(PATIENCE)
    page.goto(page_of_texts)
    page.locator(f".st-key-error-{len(TITLES) - 1}").get_by_text("Error").wait_for()
    for place, title in enumerate(TITLES):
        for kind in ("button", "pills", "caption", "error"):
            inside = page.locator(f".st-key-{kind}-{place}")
            shown = inside.locator("button").inner_text() if kind in ("button", "pills") else inside.inner_text()
            shown = shown.removeprefix("Error: ").replace("\u2060", "")
            assert " ".join(shown.split()) == " ".join(title.split()), kind
    assert page.locator("[data-testid=stMarkdownContainer] :is(img, script, .katex, li, h1, blockquote)").count() == 0
    page.close()


def test_usual_titles_stay_letter_by_letter() -> None:
    for title in ("T-shirt, 100 % cotton (new)", "Sofa: 3 seats", "Größe\xa0M & more", "Chaise-longue 120.5 cm"):
        assert plain(title) == title
