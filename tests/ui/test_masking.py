"""A mask made by clicks and brush: what each touch does, and what becomes of the mask on both pages."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from pipelines.perception.clicked import GrabCutClicks
from tests.ui import test_your_room as at_home
from tests.ui import tiny, tiny_room
from tests.ui.conftest import room_of, settled, state_of
from tests.ui.test_fitting_room import click, click_person, encode, errors
from ui import loaders, masking
from ui.marking import Marking, tinted
from ui.room_state import RoomVisit
from ui.session import Session, Visit

SHIRT = (0.5, 0.5)


def touch(app: AppTest, monkeypatch: pytest.MonkeyPatch, page: type[Visit], *points: tuple[float, float]) -> AppTest:
    """What the picture reports from a browser, which is not there."""
    state = state_of(app) if page is Session else room_of(app)
    with monkeypatch.context() as browser:
        browser.setattr(masking, "visit", lambda page: state)
        masking._touched(page, list(points))
    return settled(app)


@pytest.fixture
def marking() -> Marking:
    photo = tiny.draw_person(60)
    finder = GrabCutClicks()
    finder.set_image(photo)
    return Marking(photo, finder)


def test_clicks_and_strokes_are_made_and_taken_back_one_by_one(marking: Marking) -> None:
    before = marking.photo.copy()
    one = marking.touched([SHIRT])
    assert one.mask is not None and one.mask[120, 80] == 255 and one.mask[5, 5] == 0
    assert one.mask[tiny.middle(marking.photo) > 0].mean() > 100
    brush = Marking(one.photo, one.finder, tool="brush", width=5.0, deeds=one.deeds, mask=one.mask)
    painted = brush.touched([(0.05, 0.05), (0.3, 0.05)])
    assert painted.mask is not None and painted.mask[12, 30] == 255 and one.mask[12, 30] == 0
    assert painted.mask[120, 80] == 255 and np.array_equal(painted.undone().mask, one.mask)
    assert painted.cleared().mask is None and painted.undone().undone().deeds == ()
    wiping = Marking(one.photo, one.finder, tool="brush", add=False, deeds=one.deeds, mask=one.mask)
    assert wiping.touched([SHIRT]).mask[120, 80] == 0
    assert np.array_equal(marking.photo, before)


def test_the_mask_is_laid_over_the_photo_where_it_is(marking: Marking) -> None:
    mask = np.zeros(marking.photo.shape[:2], np.uint8)
    mask[100:140, 60:100] = 255
    shown = tinted(marking.photo, mask)
    assert (shown[120, 80] != marking.photo[120, 80]).any() and np.array_equal(shown[:90], marking.photo[:90])
    assert tinted(marking.photo, None) is marking.photo


def test_what_is_clicked_is_what_is_repainted(
    app: AppTest, shop_renderer: tiny.PasteRenderer, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = click(click_person(app, "ada"), "mark-mask")
    assert app.button(key="mark-use-0").disabled and app.button(key="mark-undo-0").disabled
    app = touch(app, monkeypatch, Session, SHIRT)
    app = touch(app, monkeypatch, Session, (0.1, 0.1))
    app = click(app, "mark-undo")
    marking = state_of(app).masking
    assert marking is not None and [click[:2] for click in marking.clicks] == [SHIRT]
    app = click(app, "mark-use")
    assert errors(app) == "" and state_of(app).masking is None
    app = click(app, "try-dress-red")
    assert np.array_equal(shop_renderer.requests[0].mask, marking.mask) and marking.mask[120, 80] == 255


def test_taking_away_before_anything_is_marked_is_explained(app: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    app = click(click_person(app, "ada"), "mark-mask")
    app.segmented_control(key="mark-add-0").set_value(False).run()
    app = touch(app, monkeypatch, Session, SHIRT)
    assert "at least one click on the thing" in errors(app)
    app = click(app, "mark-leave")
    assert errors(app) == "" and state_of(app).masking is None


def test_another_photo_ends_the_mask_under_way(app: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    app = touch(click(click_person(app, "ada"), "mark-mask"), monkeypatch, Session, SHIRT)
    app = click_person(click(app, "change"), "bo")
    assert state_of(app).masking is None and "mark-mask-0" in {button.key for button in app.button}


@pytest.mark.parametrize(("purpose", "inside"), [("mask", 0), ("remove", 255)])
def test_what_is_clicked_in_a_room_stays_in_front_or_is_taken_away(
    room_app: AppTest, monkeypatch: pytest.MonkeyPatch, purpose: str, inside: int
) -> None:
    room = tiny_room.draw_room()
    cv2.rectangle(room, (200, 220), (280, 300), (20, 160, 70), -1)
    app = at_home.click(at_home.upload(room_app, "photo", encode(room)), f"mark-{purpose}")
    words = {"mask": "Click what stays in front", "remove": "Click what is taken away"}
    assert f"**{words[purpose]}**" in [one.value for one in app.markdown]
    assert not {f"box-{name}-room-0" for name in words} & {str(one.key) for one in app.button}
    height, width = tiny_room.SIZE
    app = at_home.click(touch(app, monkeypatch, RoomVisit, (240 / width, 260 / height)), "mark-use")
    mask = getattr(room_of(app).arrangement, purpose)
    assert mask.shape == tiny_room.SIZE and mask[260, 240] == inside and mask[60, 60] == 255 - inside
    other = "remove" if purpose == "mask" else "mask"
    assert getattr(room_of(app).arrangement, other) is None and room_of(app).masking is None
    assert (purpose == "remove") == any("What you marked is taken away then" in one.value for one in app.caption)


def test_sam_finds_what_is_clicked_where_its_weights_are_named(
    app: AppTest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(loaders.SAM_VARIABLE, str(tmp_path / "sam_vit_b_01ec64.pth"))
    app = click(click_person(app, "ada"), "mark-mask")
    assert "sam_vit_b_01ec64.pth" in errors(app) and state_of(app).masking is None
