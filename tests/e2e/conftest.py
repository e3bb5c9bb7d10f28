"""The app as a shopper meets it: `tryroom app` in a process of its own, in Chromium, with the networks that ship.

Each state leaves a screenshot in a temporary folder, or in the one that TRYROOM_SHOTS names.
"""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

ROOT = Path(__file__).parents[2]
FLAGS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
).split()
# Milliseconds. A busy two-core machine loads the networks in a minute; where all is well nothing waits that long.
PATIENCE = 240_000
WIDE, NARROW = {"width": 1366, "height": 850}, {"width": 390, "height": 844}

Shot = Callable[[Page, str], None]


@pytest.fixture(scope="session")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The app, started as the command starts it, on a free port of this machine."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, str(ROOT / "tryroom_cli.py"), "app", "--server.address", "127.0.0.1", "--server.port"]
    log = tmp_path_factory.mktemp("app") / "log.txt"
    with log.open("w") as out:
        # Started elsewhere, as an installed command would be: the app's own settings must count all the same.
        app = subprocess.Popen([*command, str(port)], stdout=out, stderr=subprocess.STDOUT, cwd=log.parent)
        try:
            wait_for_health(f"http://127.0.0.1:{port}/_stcore/health", app, log)
            yield f"http://127.0.0.1:{port}"
        finally:
            app.kill()  # politely asked, it would first wait for renders under way
            app.wait()


def wait_for_health(url: str, app: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + PATIENCE / 1000
    while time.monotonic() < end and app.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:
                if answer.status == 200:
                    return
        except OSError:
            time.sleep(0.2)
    pytest.fail(f"the app did not start:\n{log.read_text()}")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium, with a profile of its own."""
    names = ("chromium", "chromium-browser", "google-chrome")
    chromium = next((path for name in names if (path := shutil.which(name))), None)
    if chromium is None:
        pytest.fail(
            "No Chromium on the PATH: run `make test` as root, or install it (Debian: apt-get install chromium)"
        )
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield running
        running.close()


@pytest.fixture(scope="session")
def shot(tmp_path_factory: pytest.TempPathFactory) -> Shot:
    """Takes a screenshot."""
    chosen = os.environ.get("TRYROOM_SHOTS")
    folder = Path(chosen) if chosen else tmp_path_factory.mktemp("shots")

    def take(page: Page, name: str) -> None:
        page.screenshot(path=folder / f"{name}.png", animations="disabled")  # what fades in, has

    return take


@pytest.fixture
def open_page(
    browser: Browser, address: str, shot: Shot, request: pytest.FixtureRequest
) -> Iterator[Callable[..., Page]]:
    """Opens the app as a new shopper, and checks afterwards that the page asked nobody else for anything."""
    contexts, asked, broken = [], set(), []

    def open_(size: dict[str, int] = WIDE, path: str = "") -> Page:
        context = browser.new_context(viewport=size, reduced_motion="reduce")  # type: ignore[arg-type]
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(PATIENCE)
        page.on("request", lambda request: asked.add(re.match(r"\w+:(//[^/]*)?", request.url).group()))  # type: ignore[union-attr]
        page.on("pageerror", lambda error: broken.append(str(error)))
        page.goto(f"{address}/{path}")
        page.locator(".tr-why:not(:empty)").first.wait_for()  # reasons are there once the catalog can be searched
        return page

    yield open_
    for context in contexts:
        shot(context.pages[0], f"end-of-{request.node.name}")
        context.close()
    assert asked <= {address, "data:", "blob:"}
    assert broken == []


def button(page: Page, name: str) -> Locator:
    """The button of exactly that name."""
    return page.get_by_role("button", name=name, exact=True)


def settle(page: Page) -> None:
    """Wait until the page is drawn: before, what was drawn earlier is still beside what takes its place."""
    page.wait_for_timeout(300)
    page.locator('[data-test-script-state="notRunning"]').first.wait_for(state="attached")
    expect(page.locator('[data-stale="true"]')).to_have_count(0)


def upload(page: Page, file: Path) -> None:
    """Give a file to the first uploader of the page, once it is drawn."""
    settle(page)
    page.get_by_test_id("stFileUploaderDropzoneInput").first.set_input_files(file)


def ask(page: Page, words: str) -> None:
    """Type into the search field."""
    page.get_by_label("What are you looking for?").fill(words)
    page.keyboard.press("Enter")
