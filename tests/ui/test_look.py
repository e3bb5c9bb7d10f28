"""Shop the look: what a tap, a name or a box in a photo does to the rack."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from tests.ui import test_your_room as at_home
from tests.ui import tiny, tiny_room
from tests.ui.conftest import room_of, settled, state_of
from tests.ui.test_fitting_room import click, click_person, encode, errors, titles, upload
from tests.ui.test_opinions import chips
from ui import look


def tap(app: AppTest, monkeypatch: pytest.MonkeyPatch, place: str, x: float, y: float) -> AppTest:
    """What a picture reports from a browser, which is not there."""
    with monkeypatch.context() as page:
        page.setattr(look, "session", lambda: state_of(app))
        {"mirror": look._tapped_mirror, "picture": look._tapped_picture}[place]([(x, y)])
    return settled(app)


def test_a_tap_on_what_is_worn_finds_more_like_it(app: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    app = tap(click_person(app, "ada"), monkeypatch, "mirror", 0.5, 0.5)
    assert {"like your top", "tops"} <= chips(app) and "goes-with" not in chips(app)
    assert set(titles(app)) == {"tee-red", "tee-navy", "shirt-linen", "hoodie-green"}
    app = tap(app, monkeypatch, "mirror", 0.02, 0.02)
    assert "without clothes" in errors(app) and "like your top" in chips(app)
    app = tap(app, monkeypatch, "mirror", 0.5, 0.4)
    assert errors(app) == ""
    app.button(key="chip-like-0").click().run()
    assert "like your top" not in chips(app)


def test_what_is_worn_can_be_chosen_by_its_name(app: AppTest) -> None:
    app = click(click_person(app, "ada"), "worn-upper")
    assert "like your top" in chips(app) and state_of(app).kinds == ("upper",)


def test_what_somebody_wears_in_a_given_picture_is_tapped_there(app: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    app = upload(app, "like", encode(tiny.draw_person(200)))
    assert "like your picture" in chips(app)
    app = tap(app, monkeypatch, "picture", 0.5, 0.5)
    assert {"like the top", "tops"} <= chips(app)
    assert state_of(app).inspiration is not None and state_of(app).inspiration.shape[0] == 240
    app.button(key="chip-like-0").click().run()
    assert not app.button(key="forget-0").disabled, "the whole picture is still there"


def test_a_box_around_a_piece_finds_what_is_like_it(room_app: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    room = tiny_room.draw_room()
    cv2.rectangle(room, (200, 220), (280, 300), (20, 160, 70), -1)
    app = at_home.click(at_home.upload(room_app, "photo", encode(room)), "box-look")
    for x, y in ((0.1, 0.1), (0.11, 0.11)):
        app = at_home.in_picture(app, monkeypatch, what="mark", x=x, y=y)
    app = at_home.click(app, "take-look")
    assert "opposite corners" in errors(app) and room_of(app).like is None
    height, width = tiny_room.SIZE
    for x, y in ((180, 200), (300, 320)):
        app = at_home.in_picture(app, monkeypatch, what="mark", x=x / width, y=y / height)
    app = at_home.click(app, "take-look")
    assert "like the piece in your room" in chips(app) and room_of(app).marks is None
    assert at_home.titles(app)[0] in ("sofa-green", "plant", "chair")
    assert np.abs(np.array(room_of(app).like.shape[:2]) - 95).max() <= 6
