"""The fitting room as a shopper meets it: `tryroom app` in Chromium, with the networks that ship."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image as PILImage
from playwright.sync_api import Locator, Page, expect

import tryroom
from pipelines import images
from recommend.catalog import read_catalog
from tests.e2e.conftest import NARROW, Shot, ask, button, upload


@pytest.fixture(scope="module")
def photo() -> Path:
    """A person, as a file to upload."""
    return tryroom.demo_people()[0].image


@pytest.fixture
def bad_files(tmp_path: Path, photo: Path) -> dict[Path, str]:
    """Files that are no photo of a person → what the page says."""
    files = {
        "cut.jpg": (photo.read_bytes()[:100], "100 bytes"),
        "empty.png": (b"", "empty file"),
        "notes.png": (b"dear diary, nothing fits\n", "a text file"),
    }
    for name, (data, _) in files.items():
        (tmp_path / name).write_bytes(data)
    images.save_png(tmp_path / "chair.png", draw_chair())
    said = {tmp_path / name: text for name, (_, text) in files.items()}
    return said | {tmp_path / "chair.png": "no person was found"}


def draw_chair() -> np.ndarray:
    """A wooden chair by a wall, RGB uint8 (640, 480, 3)."""
    picture = np.full((640, 480, 3), 226, np.uint8)
    picture[470:] = (176, 160, 142)
    wood, dark = (150, 98, 56), (104, 66, 38)
    for x in (130, 330):
        cv2.rectangle(picture, (x, 120), (x + 18, 560), dark, -1)
    for y in (130, 190, 250):
        cv2.rectangle(picture, (130, y), (348, y + 26), wood, -1)
    cv2.fillPoly(picture, [np.array([(120, 360), (358, 360), (390, 420), (88, 420)])], wood)
    for x in (92, 370):
        cv2.rectangle(picture, (x, 420), (x + 18, 600), dark, -1)
    return cv2.GaussianBlur(picture, (0, 0), 1.2)


# --- what a shopper does ------------------------------------------------------------------------------------


def tries(page: Page) -> Locator:
    return page.get_by_role("button", name="Try it on")


def agree(page: Page) -> None:
    page.get_by_text("This photo shows me").click()
    expect(page.get_by_test_id("stFileUploaderDropzone").first.locator("button")).to_be_enabled()


def arrive(page: Page, photo: Path) -> None:
    """Agree, give a photo, and stand before the mirror."""
    agree(page)
    upload(page, photo)
    button(page, "Change photo").wait_for()
    expect(tries(page).first).to_be_enabled()
    expect(page.get_by_text("looking at what you wear")).to_have_count(0)


def shown(page: Page) -> list[str]:
    """Ids of the items on the rack, in their order, once no old card is left."""
    expect(page.get_by_test_id("stApp")).to_have_attribute("data-test-script-state", "notRunning")
    classes = page.locator('[class*="st-key-try-"]').evaluate_all("cards => cards.map(card => card.className)")
    return [re.search(r"st-key-try-(\S+)-\d+", name).group(1) for name in classes]  # type: ignore[union-attr]


def prices(page: Page) -> list[float]:
    return [float(text.lstrip("€")) for text in page.locator(".tr-price").all_inner_texts()]


def shop_the_look(page: Page, shot: Shot) -> None:
    """Tap the top of whoever stands before the mirror, and beside it."""
    photo = page.locator("figure")
    photo.wait_for()  # the photo can be tapped once it is known what is worn
    box = photo.bounding_box()
    assert box is not None
    photo.click(position={"x": 0.03 * box["width"], "y": 0.03 * box["height"]})
    page.get_by_text("a place without clothes to search by").wait_for()
    photo.click(position={"x": 0.5 * box["width"], "y": 0.35 * box["height"]})
    chip = button(page, "like your top")
    chip.wait_for()
    expect(page.get_by_text("a place without clothes to search by")).to_have_count(0)
    expect(button(page, "tops")).to_be_visible()
    shot(page, "2-shop-the-look")
    for gone in (chip, button(page, "tops")):
        gone.click()
        expect(gone).to_have_count(0)


# --- the tests ----------------------------------------------------------------------------------------------


def test_from_a_photo_to_a_picture_to_keep(open_page: Callable[..., Page], photo: Path, shot: Shot) -> None:
    page = open_page()
    expect(page.get_by_test_id("stFileUploaderDropzone").first.locator("button")).to_be_disabled()
    expect(tries(page).first).to_be_disabled()
    shot(page, "1-first-sight")
    agree(page)
    shot(page, "2-agreed")
    upload(page, photo)
    button(page, "Change photo").wait_for()
    expect(page.get_by_alt_text("Your photo")).to_be_visible()
    shop_the_look(page, shot)
    ask(page, "a dress under 90")
    limit = page.get_by_role("button", name="under €90")
    limit.wait_for()
    expect(page.get_by_text("looking at what you wear")).to_have_count(0)
    found, reasons = prices(page), page.locator(".tr-why").all_inner_texts()
    assert found and max(found) <= 90 and len(reasons) == len(found) and all(reasons)
    shot(page, "3-recommended")

    tries(page).first.click()
    expect(page.get_by_text(re.compile("^Trying on .+ · .+"))).to_be_visible()
    expect(button(page, "Cancel")).to_be_visible()
    shot(page, "4-progress")
    button(page, "Download").wait_for()
    wipe = page.get_by_label(re.compile("^Before and after"))
    expect(page.get_by_alt_text(re.compile("^your photo in .+, before$", re.IGNORECASE))).to_be_visible()
    wipe.press("End")
    expect(wipe).to_have_value("100")
    wipe.press("Home")
    shot(page, "5-look")
    with page.expect_download() as given:
        button(page, "Download").click()
    kept = given.value.path()
    recipe = images.read_recipe(kept)
    before, after = images.load_image(photo), images.load_image(kept)
    assert given.value.suggested_filename.endswith(".png") and PILImage.open(kept).format == "PNG"
    assert after.shape == before.shape and (after != before).any()
    assert recipe is not None and recipe["person"] == images.pixels_sha256(before) and recipe["category"] == "dress"

    worn = page.locator(".tr-worn b").first.inner_text()
    page.locator('[class*="st-key-add-"]').get_by_role("button").first.click()
    expect(page.locator(".tr-worn b").first).to_have_text(re.compile(f".+ with {re.escape(worn)}$"))
    button(page, "Download").wait_for()
    shot(page, "5-two-garments")

    limit.click()
    expect(limit).to_have_count(0)
    button(page, "Forget my photos").click()
    expect(page.get_by_text("Who is trying on?")).to_be_visible()
    expect(page.get_by_text("Tried on in this session")).to_have_count(0)
    expect(page.get_by_role("checkbox", name=re.compile("This photo shows me"))).not_to_be_checked()
    expect(page.locator('[class*="st-key-words-1"] input')).to_have_value("")
    shot(page, "6-forgotten")


def test_a_file_that_is_no_photo_of_a_person_is_explained_and_costs_nothing(
    open_page: Callable[..., Page], photo: Path, bad_files: dict[Path, str], shot: Shot
) -> None:
    page = open_page()
    arrive(page, photo)
    ask(page, "something green")
    page.locator('[class*="st-key-chip-"]').get_by_text("green").first.wait_for()  # until then they are the old cards
    expect(page.get_by_text("looking at what you wear")).to_have_count(0)
    tries(page).first.click()
    button(page, "Download").wait_for()
    for file, said in bad_files.items():
        button(page, "Change photo").click()
        if not page.get_by_role("checkbox", name=re.compile("This photo shows me")).is_checked():
            agree(page)
        upload(page, file)
        expect(page.get_by_role("alert").filter(has_text=said).first).to_contain_text("Person photo")
        shot(page, f"bad-{file.stem}")
        expect(page.get_by_label("What are you looking for?")).to_have_value("something green")
        expect(page.get_by_text("Tried on in this session")).to_be_visible()
        if file.stem != "chair":  # a whole picture, so it is shown, with what is wrong with it
            button(page, "Keep the photo I have").click()
            button(page, "Download").wait_for()
            expect(page.get_by_role("alert")).to_have_count(0)
    page.locator('[class*="st-key-look-0"] button').first.click()
    button(page, "Download").wait_for()
    expect(page.get_by_role("alert")).to_have_count(0)


def test_a_try_on_can_be_cancelled(open_page: Callable[..., Page], photo: Path, shot: Shot) -> None:
    page = open_page()
    arrive(page, photo)
    page.get_by_text("More", exact=True).click()
    page.get_by_role("slider", name="Steps").press("End")  # the longest way, so that it cannot be over before
    expect(page.get_by_test_id("stSliderThumbValue").first).to_have_text("50")
    tries(page).first.click()
    button(page, "Cancel").click()
    button(page, "Change photo").wait_for()
    expect(button(page, "Cancel")).to_have_count(0)
    expect(page.get_by_role("alert")).to_have_count(0)
    expect(page.get_by_text("Tried on in this session")).to_have_count(0)
    expect(page.get_by_test_id("stSliderThumbValue").first).to_have_text("50")
    shot(page, "cancelled")


def test_on_a_phone(open_page: Callable[..., Page], photo: Path, shot: Shot) -> None:
    page = open_page(NARROW)
    shot(page, "phone-1-first-sight")
    forget = button(page, "Forget my photos").bounding_box()
    way = page.get_by_role("link", name="Fitting room").bounding_box()
    assert forget is not None and way is not None and forget["y"] + forget["height"] <= way["y"]
    arrive(page, photo)
    shot(page, "phone-2-photo")
    card = tries(page).nth(4)
    card.hover()  # scrolls there, and tries again should the cards be drawn anew meanwhile
    shot(page, "phone-3-cards")
    assert page.evaluate("document.querySelector('.stMain').scrollWidth") <= NARROW["width"]
    card.click()
    button(page, "Cancel").wait_for()
    expect(page.locator(".st-key-mirror-picture-live")).to_be_in_viewport()
    shot(page, "phone-4-progress")
    button(page, "Download").wait_for()
    expect(page.get_by_label(re.compile("^Before and after"))).to_be_in_viewport()
    shot(page, "phone-5-look")
    along = page.locator('[class*="st-key-railed-"]')
    along.last.wait_for()
    boxes = [one.bounding_box() for one in along.all()]
    assert len(boxes) > 2 and len({round(box["y"]) for box in boxes if box is not None}) == 1  # wiped through
    assert page.evaluate("document.querySelector('.stMain').scrollWidth") <= NARROW["width"]


def test_limits_are_ticked_moved_and_taken_away(open_page: Callable[..., Page], shot: Shot) -> None:
    items = {item.id: item for item in read_catalog(tryroom.CATALOG).items}
    page = open_page()
    ask(page, "a dress under 90")
    limit = page.get_by_role("button", name="under €90")
    limit.wait_for()
    assert max(prices(page)) < 90
    page.get_by_text("Why this?").first.click()
    expect(page.get_by_text("your words, in its title").first).to_be_visible()
    limit.click()
    expect(limit).to_have_count(0)
    shown(page)
    assert max(prices(page)) > 90

    ask(page, "a top")
    button(page, "tops").wait_for()
    button(page, "Any price").click()
    page.get_by_role("slider", name="Highest price").press("ArrowLeft")
    page.get_by_role("button", name=re.compile("^up to €")).wait_for()
    page.keyboard.press("Escape")
    button(page, "Filter").click()
    first = page.locator('[class*="st-key-facet-material"]').get_by_role("button").first
    material, count = first.inner_text().rsplit(" ", 1)
    first.click()
    button(page, material).wait_for()
    shot(page, "filter")
    found = shown(page)
    assert len(found) == min(int(count), 12) and all(items[item_id].material == material for item_id in found)


def test_more_like_this_in_another_colour_and_a_thumb_down(open_page: Callable[..., Page], shot: Shot) -> None:
    colours = {item.id: item.colours for item in read_catalog(tryroom.CATALOG).items}
    page = open_page()
    first = page.locator('[class*="st-key-try-"]').first
    ask(page, "a red sheath dress")
    expect(first).to_have_class(re.compile("st-key-try-dress-sheath-red-"))
    assert shown(page)[0] == "dress-sheath-red"
    page.locator('[class*="st-key-alike-dress-sheath-red-"]').get_by_role("button").press("Enter")
    chip = page.get_by_role("button", name="like “Sheath dress, red”")
    chip.wait_for()
    expect(page.get_by_label("What are you looking for?")).to_have_attribute("placeholder", "but in red, cheaper")
    ask(page, "but in black")
    page.get_by_role("button", name="no longer red").wait_for()
    expect(first).to_have_class(re.compile("st-key-try-dress-sheath-black-"))
    found = shown(page)
    assert "dress-sheath-red" not in found and all("black" in colours[item_id] for item_id in found)
    shot(page, "like-but-in-black")

    chip.click()
    expect(chip).to_have_count(0)
    expect(page.locator('[class*="st-key-chip-keep"]')).to_have_count(0)
    before = shown(page)
    page.locator(f'[class*="st-key-down-{before[0]}-"]').get_by_role("button").press("Enter")
    page.get_by_text("1 dislike").wait_for()
    expect(first).not_to_have_class(re.compile(f"st-key-try-{before[0]}-"))
    shot(page, "thumb-down")
    button(page, "Undo").click()
    expect(page.get_by_text("1 dislike")).to_have_count(0)
    expect(first).to_have_class(re.compile(f"st-key-try-{before[0]}-"))
    assert shown(page) == before
