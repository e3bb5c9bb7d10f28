"""The stylist as a shopper meets it: from a message to a picture of the whole outfit, with the networks that ship."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

from pipelines import images
from tests.e2e.conftest import NARROW, Shot, button, settle


def test_a_conversation_to_a_rendered_outfit(open_page: Callable[..., Page], shot: Shot) -> None:
    page = open_page()
    page.get_by_role("link", name="Stylist").click()
    page.get_by_test_id("stChatInputTextArea").fill("I'm invited to a wedding in Cairo in summer")
    page.keyboard.press("Enter")
    button(page, "Trousers and a top").click()
    button(page, "Any price").click()
    button(page, "Compare the first two").wait_for()
    pictures = page.locator('[class*="st-key-thing-"]').first.locator(".tr-picture")
    titles = pictures.evaluate_all("found => found.map(picture => picture.alt)")
    assert len(titles) > 1
    plan = page.get_by_text("How I got there").last
    plan.click()
    expect(page.get_by_role("cell", name=re.compile("trousers and top, formal, linen"))).to_be_visible()
    plan.click()
    shot(page, "stylist-1-outfits")

    button(page, "Try it on").first.click()
    button(page, "Mara").click()
    expect(page.get_by_text(re.compile("^Trying it on · "))).to_be_visible()
    expect(page.get_by_text("Here it is, and in the fitting room, too.").first).to_be_visible()
    expect(page.get_by_label(re.compile("^Before and after"))).to_be_in_viewport()
    shot(page, "stylist-2-look")

    page.get_by_role("link", name="Fitting room").click()
    with page.expect_download() as given:
        button(page, "Download").click()
    recipe = images.read_recipe(given.value.path())
    assert recipe is not None and len(recipe["put_on"]) == len(titles)


def test_on_a_phone_an_answer_longer_than_the_screen_is_read_from_its_beginning(
    open_page: Callable[..., Page], shot: Shot
) -> None:
    page = open_page(NARROW)
    page.get_by_role("link", name="Stylist").click()
    page.get_by_test_id("stChatInputTextArea").fill(
        "an outfit with trousers for a wedding in Cairo in summer, 200 in all"
    )
    page.keyboard.press("Enter")
    button(page, "Compare the first two").wait_for()
    settle(page)
    expect(page.get_by_text(re.compile("^Here are 3 outfits"))).to_be_in_viewport()
    page.wait_for_timeout(2500)  # the page's own scrolling has come to rest
    expect(page.get_by_text(re.compile("^Here are 3 outfits"))).to_be_in_viewport()
    shot(page, "stylist-3-phone")
