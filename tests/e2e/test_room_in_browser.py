""" "Your room" as a shopper meets it: in Chromium, with the furniture and the renderer that ship."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Locator, Page, expect

import tryroom
from pipelines import images
from tests.e2e.conftest import NARROW, Shot, ask, button, upload


@pytest.fixture(scope="module")
def photo() -> Path:
    """A room with much free floor, as a file to upload."""
    return next(room.image for room in tryroom.demo_rooms() if room.id == "bright-room")


@pytest.fixture
def bad_files(tmp_path: Path) -> dict[Path, str]:
    """Files that are no photo of a room → what the page says."""
    files = {"empty.png": (b"", "empty file"), "notes.png": (b"dear diary, nothing fits\n", "a text file")}
    for name, (data, _) in files.items():
        (tmp_path / name).write_bytes(data)
    return {tmp_path / name: said for name, (_, said) in files.items()}


# --- what a shopper does ------------------------------------------------------------------------------------


def places(page: Page) -> Locator:
    return page.get_by_role("button", name="Place it")


def picture(page: Page) -> Locator:
    """The picture in which pieces are placed."""
    return page.get_by_role("application")


def enter(page: Page, photo: Path) -> None:
    """Give a photo of a room, and wait until it was looked at."""
    upload(page, photo)
    button(page, "Change photo").wait_for()
    expect(page.get_by_text(re.compile("^looking (for the floor|at the room)"))).to_have_count(0)


def rendered(page: Page, pieces: int) -> Locator:
    """Wait until the picture shows what was arranged; gives the frame around the chosen piece."""
    expect(page.locator('[class*="st-key-piece-"]')).to_have_count(pieces)
    frame = page.locator("figure .piece:not(.moved)")
    frame.wait_for()
    expect(button(page, "Cancel")).to_have_count(0)
    button(page, "Download").wait_for()
    return frame


def downloaded(page: Page) -> tuple[images.Image, dict[str, Any]]:
    """The picture to keep, and its recipe."""
    with page.expect_download() as given:
        button(page, "Download").click()
    recipe = images.read_recipe(given.value.path())
    assert recipe is not None and given.value.suggested_filename.endswith(".png")
    return images.load_image(given.value.path()), recipe


def wait_for_place(page: Page, before: Any) -> dict[str, Any]:
    """The recipe once the piece stands elsewhere than before."""
    expect(page.locator('[class*="st-key-undo-"] button')).to_be_enabled()
    for _ in range(600):
        if button(page, "Cancel").count() == 0 and button(page, "Download").count():
            recipe = downloaded(page)[1]
            if recipe["items"][0]["at"] != before:
                return recipe
        page.wait_for_timeout(100)
    pytest.fail("the piece was not moved")


# --- the tests ----------------------------------------------------------------------------------------------


def test_from_a_room_to_a_picture_to_keep(open_page: Callable[..., Page], photo: Path, shot: Shot) -> None:
    page = open_page()
    page.get_by_role("link", name="Your room").click()
    expect(page.get_by_text("Which room is it for?")).to_be_visible()
    expect(places(page).first).to_be_disabled()
    shot(page, "room-1-first-sight")
    enter(page, photo)
    ask(page, "an armchair under 900")
    page.get_by_role("button", name="under $900").wait_for()
    shot(page, "room-2-found")

    places(page).first.click()
    rendered(page, 1)
    shot(page, "room-3-placed")
    after, recipe = downloaded(page)
    before = images.load_image(photo)
    assert after.shape == before.shape and (after != before).any()
    assert recipe["task"] == "room" and recipe["room"] == images.pixels_sha256(before)

    box = picture(page).bounding_box()
    assert box is not None
    picture(page).click(position={"x": 0.3 * box["width"], "y": 0.8 * box["height"]})
    recipe = wait_for_place(page, recipe["items"][0]["at"])
    clicked = recipe["items"][0]["at"]
    assert clicked == pytest.approx([0.3, 0.8], abs=0.01)
    picture(page).focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowUp")
    recipe = wait_for_place(page, clicked)
    assert recipe["items"][0]["at"] == pytest.approx([clicked[0] + 0.02, clicked[1] - 0.01], abs=0.001)
    shot(page, "room-4-moved")

    places(page).nth(1).click()
    rendered(page, 2)
    page.get_by_text("Floor grid").click()
    expect(page.locator('[class*="st-key-grid-"] input')).to_be_checked()
    page.get_by_text("Camera", exact=True).click()
    expect(page.get_by_text(re.compile("^found: .*% sure"))).to_have_count(3)
    shot(page, "room-5-two-and-grid")
    button(page, "Before and after").click()
    wipe = page.get_by_label(re.compile("^Before and after"))
    wipe.press("End")
    expect(wipe).to_have_value("100")
    button(page, "Forget my photos").click()
    expect(page.get_by_text("Which room is it for?")).to_be_visible()
    expect(page.get_by_text("Rooms of this session")).to_have_count(0)


def test_a_piece_is_dragged(open_page: Callable[..., Page], photo: Path, shot: Shot) -> None:
    page = open_page(path="room")
    enter(page, photo)
    ask(page, "a coffee table")
    page.locator('[class*="st-key-chip-"]').first.wait_for()
    places(page).first.click()
    frame = rendered(page, 1)
    start, box, size = downloaded(page)[1]["items"][0]["at"], frame.bounding_box(), picture(page).bounding_box()
    assert box is not None and size is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x - 50, y + 20, steps=5)
    expect(page.locator("figure .piece.moved")).to_be_visible()
    shot(page, "room-drag")
    page.mouse.up()
    end = wait_for_place(page, start)["items"][0]["at"]
    assert end == pytest.approx([start[0] - 50 / size["width"], start[1] + 20 / size["height"]], abs=0.005)


def test_a_file_that_is_no_photo_is_explained_and_costs_nothing(
    open_page: Callable[..., Page], photo: Path, bad_files: dict[Path, str], shot: Shot
) -> None:
    page = open_page(path="room")
    enter(page, photo)
    for file, said in bad_files.items():
        button(page, "Change photo").click()
        page.get_by_text("Which room is it for?").wait_for()  # until then the first uploader is that of a mask
        upload(page, file)
        expect(page.get_by_role("alert").filter(has_text=said).first).to_contain_text("Room photo")
        shot(page, f"room-bad-{file.stem}")
        button(page, "Keep the room I have").click()
        expect(picture(page)).to_be_visible()
        expect(page.get_by_role("alert")).to_have_count(0)


def test_on_a_phone(open_page: Callable[..., Page], shot: Shot) -> None:
    page = open_page(NARROW, "room")
    shot(page, "room-phone-1-first-sight")
    button(page, "Empty bright room").click()
    button(page, "Change photo").wait_for()
    expect(page.get_by_text(re.compile("^looking (for the floor|at the room)"))).to_have_count(0)
    shot(page, "room-phone-2-room")
    page.get_by_text("Keep things in front, take things away").click()
    words = page.get_by_test_id("stFileUploaderDropzone").get_by_text("Upload", exact=True)
    expect(words).to_have_count(2)
    assert all(one.evaluate("it => it.getBoundingClientRect().width") > 20 for one in words.all())
    shot(page, "room-phone-masks")
    card = places(page).nth(2)
    card.hover()  # scrolls there, and tries again should the cards be drawn anew meanwhile
    shot(page, "room-phone-3-cards")
    assert page.evaluate("document.querySelector('.stMain').scrollWidth") <= NARROW["width"]
    card.click()
    rendered(page, 1)
    expect(picture(page)).to_be_in_viewport()
    shot(page, "room-phone-4-placed")
    start = downloaded(page)[1]["items"][0]["at"]
    page.locator('[class*="st-key-left-"]').get_by_role("button", name="To the left").first.click()
    end = wait_for_place(page, start)["items"][0]["at"]
    assert np.subtract(end, start) == pytest.approx([-0.01, 0], abs=0.001)
    expect(picture(page)).to_be_in_viewport()
    shot(page, "room-phone-5-moved")
