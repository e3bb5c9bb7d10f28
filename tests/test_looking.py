"""Where rendering and retrieval meet: what is seen at a place of a photo, to search by."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

import tryroom
from pipelines.errors import BadInput

SIZE = (200, 160)
RED, BLUE = (200, 20, 30), (20, 40, 200)


Box = tuple[int, int, int, int]


def draw(*parts: tuple[str, Box, tuple[int, int, int]]) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """A photo with coloured boxes, each from left and top to right and bottom, and the mask of each."""
    photo, worn = np.full((*SIZE, 3), 120, np.uint8), {}
    for name, (left, top, right, bottom), colour in parts:
        photo[top:bottom, left:right] = colour
        worn[name] = np.zeros(SIZE, np.uint8)
        worn[name][top:bottom, left:right] = 255
    return photo, worn


PHOTO, WORN = draw(("outer", (40, 40, 120, 100), RED), ("lower", (50, 100, 110, 190), BLUE))


def test_a_tap_cuts_out_what_is_worn_there_and_tells_its_category() -> None:
    seen = tryroom.look_at(PHOTO, WORN, 0.5, 0.3)
    assert (seen.part, seen.category) == ("outer", "upper")
    margin = round(0.08 * 80)
    assert seen.picture.shape == (60 + 2 * margin, 80 + 2 * margin, 3)
    assert (seen.picture[margin:-margin, margin:-margin] == RED).all()
    assert (seen.picture[:margin] == 255).all() and (seen.picture[:, -margin:] == 255).all()
    assert tryroom.look_at(PHOTO, WORN, 0.5, 0.8).category == "lower"


def test_a_finger_may_miss_a_little_and_not_more() -> None:
    assert tryroom.look_at(PHOTO, WORN, 38 / 160, 0.3).part == "outer"
    with pytest.raises(BadInput, match="outer, lower"):
        tryroom.look_at(PHOTO, WORN, 0.05, 0.05)


def test_where_nothing_is_worn_there_is_nothing_to_search_by() -> None:
    with pytest.raises(BadInput, match="clothes are seen"):
        tryroom.look_at(PHOTO, {}, 0.5, 0.5)


def test_a_few_pixels_are_too_little_to_search_by() -> None:
    photo, worn = draw(("upper", (10, 10, 30, 90), RED))
    with pytest.raises(BadInput, match="20 × 80"):
        tryroom.look_at_part(photo, worn, "upper")


def test_a_box_cuts_out_the_thing_in_it_and_its_category_is_not_known() -> None:
    photo = np.random.default_rng(0).normal(200, 3, (240, 320, 3)).astype(np.uint8)
    cv2.circle(photo, (150, 120), 50, RED, -1)
    seen = tryroom.look_in(photo, (0.25, 0.2), (0.7, 0.8))
    assert seen.category == "" and abs(seen.picture.shape[0] - 117) <= 4
    assert tuple(seen.picture[seen.picture.shape[0] // 2, seen.picture.shape[1] // 2]) == RED
    assert (seen.picture[0, 0] == 255).all()
