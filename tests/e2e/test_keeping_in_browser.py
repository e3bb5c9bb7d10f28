"""What a session keeps and chooses, in Chromium: a taste saved and loaded again, and a renderer that has its price."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Locator, Page, TimeoutError, expect

import tryroom
from tests.e2e.conftest import NARROW, Shot, button, settle


def load(page: Page, file: Path) -> None:
    """Give a file to "My taste", which is open."""
    settle(page)
    page.get_by_test_id("stPopoverBody").get_by_test_id("stFileUploaderDropzoneInput").set_input_files(file)


def choose(page: Page, box: Locator, option: Locator) -> None:
    """Choose an option; a page that is drawn anew meanwhile has shut the box, which is then opened again."""
    for _ in range(20):
        settle(page)
        box.click()
        try:
            option.click(timeout=3000)
            return
        except TimeoutError:
            page.keyboard.press("Escape")
    option.click(timeout=3000)


def test_a_taste_goes_into_a_file_and_into_the_next_session(
    open_page: Callable[..., Page], tmp_path: Path, shot: Shot
) -> None:
    page = open_page()
    button(page, "My taste").click()
    expect(button(page, "Save my taste")).to_be_disabled()
    page.keyboard.press("Escape")
    page.locator('[class*="st-key-up-"]').get_by_role("button").first.click()
    page.get_by_text("Your taste so far: 1 like", exact=True).wait_for()
    button(page, "My taste").click()
    with page.expect_download() as given:
        button(page, "Save my taste").click()
    kept = tmp_path / given.value.suggested_filename
    given.value.save_as(kept)
    with kept.open(encoding="utf-8", newline="") as lines:
        (line,) = csv.DictReader(lines)
    assert kept.suffix == ".csv" and (line["user"], line["event"]) == ("me", "like") and line["item"]
    hint = page.get_by_test_id("stPopoverBody").get_by_test_id("stFileUploaderDropzoneInstructions").locator("span")
    assert "CSV" in hint.first.evaluate("said => getComputedStyle(said, '::after').content")
    shot(page, "taste-saved")

    (tmp_path / "bad.csv").write_text("user,item,time\nme,it,someday\n", encoding="utf-8")
    other = open_page(NARROW)
    button(other, "My taste").click()
    load(other, tmp_path / "bad.csv")
    expect(other.get_by_role("alert")).to_contain_text("History line 2, time")
    load(other, kept)
    other.get_by_text("Your taste so far: 1 like", exact=True).wait_for()
    expect(other.get_by_role("alert")).to_have_count(0)
    other.get_by_text("Lines that count: 1.").wait_for()
    shot(other, "phone-taste-loaded")
    assert other.evaluate("document.querySelector('.stMain').scrollWidth") <= NARROW["width"]


def test_a_renderer_says_what_it_takes_and_waits(open_page: Callable[..., Page], shot: Shot) -> None:
    page = open_page()
    button(page, tryroom.demo_people()[0].title).click()
    page.locator("figure").wait_for()  # it is known what is worn; that draws the page anew, which shuts what is open
    settle(page)
    page.get_by_text("More", exact=True).click()
    choice = page.get_by_role("combobox", name=re.compile("Renderer"))
    choose(page, choice, page.get_by_role("option", name=re.compile("^concat: ")))
    page.get_by_text("tryroom weights accept catvton").wait_for()
    expect(button(page, "I have accepted it")).to_be_visible()
    expect(page.get_by_role("button", name=re.compile("^Fetch "))).to_have_count(0)
    button(page, "I have accepted it").scroll_into_view_if_needed()
    shot(page, "renderer-concat")
    button(page, "Stay with compact").click()
    expect(page.get_by_text("tryroom weights accept catvton")).to_have_count(0)
    expect(choice).to_have_value(re.compile("^compact: "))
