"""A mask by clicks and brush as a shopper makes it: in Chromium, and what is rendered with it."""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np
from playwright.sync_api import Page, expect

import tryroom
from pipelines import images
from tests.e2e.conftest import NARROW, Shot, button, settle, upload


def choose(page: Page, words: str) -> None:
    """Choose what the next touch does."""
    page.get_by_test_id("stButtonGroup").get_by_text(words, exact=True).click()
    settle(page)


def test_click_mask_render(open_page: Callable[..., Page], shot: Shot) -> None:
    page, photo = open_page(), tryroom.demo_people()[0].image
    page.get_by_text("This photo shows me").click()
    expect(page.get_by_test_id("stFileUploaderDropzone").first.locator("button")).to_be_enabled()
    upload(page, photo)
    button(page, "Change photo").wait_for()
    page.get_by_text("Tap what you wear").wait_for()
    page.get_by_text("More", exact=True).click()
    button(page, "Mask by click or brush").click()
    picture = page.get_by_role("application", name=re.compile("your mask. Click on a thing"))
    expect(button(page, "Use this mask")).to_be_disabled()
    settle(page)
    picture.scroll_into_view_if_needed()
    box = picture.bounding_box()
    assert box is not None
    picture.click(position={"x": 0.5 * box["width"], "y": 0.35 * box["height"]})
    expect(page.locator("figure .dot")).to_have_count(1)
    expect(button(page, "Use this mask")).to_be_enabled()
    shot(page, "mask-1-clicked")

    choose(page, "Take away")
    picture.click(position={"x": 0.1 * box["width"], "y": 0.1 * box["height"]})
    expect(page.locator("figure .dot.away")).to_have_count(1)
    settle(page)
    button(page, "Undo step").click()
    expect(page.locator("figure .dot.away")).to_have_count(0)
    choose(page, "Add")
    choose(page, "Brush")
    painting = page.get_by_role("application", name=re.compile("Paint with the brush"))
    painting.scroll_into_view_if_needed()
    box = painting.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 0.3 * box["width"], box["y"] + 0.55 * box["height"])
    page.mouse.down()
    page.mouse.move(box["x"] + 0.7 * box["width"], box["y"] + 0.55 * box["height"], steps=5)
    page.mouse.up()
    page.set_viewport_size(NARROW)  # type: ignore[arg-type]
    assert page.evaluate("document.querySelector('.stMain').scrollWidth") <= NARROW["width"]
    button(page, "Use this mask").scroll_into_view_if_needed()
    shot(page, "mask-2-painted-on-a-phone")
    button(page, "Use this mask").click()
    page.get_by_text("Your own mask decides what is repainted.").wait_for()

    page.get_by_role("button", name="Try it on").first.click()
    button(page, "Download").wait_for()
    with page.expect_download() as given:
        button(page, "Download").click()
    recipe = images.read_recipe(given.value.path())
    before, after = images.load_image(photo), images.load_image(given.value.path())
    assert recipe is not None and recipe["mask"] is not None
    height, width = before.shape[:2]
    changed = (before != after).any(2)
    assert changed[int(0.35 * height), int(0.5 * width)] and not changed[: height // 20].any()
    assert changed[int(0.55 * height), int(0.5 * width)] and np.array_equal(before.shape, after.shape)
    shot(page, "mask-3-rendered")
