"""Items in a room: where they stand, how large they look, where they fit."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.geometry.camera import Camera
from pipelines.geometry.free_floor import BEHIND, CELL, find_place, is_free, map_floor, widest
from pipelines.geometry.placement import Placement, outline, stands_at

CAMERA = Camera((600, 800), focal=600, pitch=0.15, height=1.5)


def floor_of(camera, corners):
    """A floor mask: the polygon of world (x, y) corners as the camera sees it."""
    mask = np.zeros(camera.size, np.uint8)
    points = camera.project(np.hstack([np.array(corners, float), np.zeros((len(corners), 1))]))
    cv2.fillConvexPoly(mask, np.rint(points).astype(np.int32), 255)
    return mask


def test_the_front_looks_out_of_the_picture_and_turns_counter_clockwise():
    there = Placement((0.0, 3.0), 0.0, (1, 0.5, 0.8))
    front = there.to_world(np.array([[0.0, 0.25, 0.0]]))[0]
    assert front == pytest.approx((0, 2.75, 0))
    turned = Placement((0.0, 3.0), np.pi / 2, (1, 0.5, 0.8)).to_world(np.array([[0.0, 0.25, 0.0]]))[0]
    # Seen from above with y up, a quarter counter-clockwise from −y is +x.
    assert turned == pytest.approx((0.25, 3, 0))


def test_an_item_straight_ahead_is_seen_front_on_and_from_above():
    yaw, pitch = Placement((0.0, 3.0), 0.0, (1, 0.5, 1.0)).seen_from(CAMERA)
    assert yaw == pytest.approx(0)
    assert pitch == pytest.approx(np.arctan2(1.0, 3.0))
    assert Placement((0.0, 3.0), 0.4, (1, 0.5, 1.0)).seen_from(CAMERA)[0] == pytest.approx(0.4)


@given(st.floats(-1.5, 1.5), st.floats(2, 6), st.floats(-3, 3))
def test_the_outline_holds_every_corner_and_the_right_height(x, y, yaw):
    placement = Placement((x, y), yaw, (0.6, 0.4, 0.7))
    corners = CAMERA.project(placement.corners)
    inside = (corners > 2).all() and (corners[:, 0] < 798).all() and (corners[:, 1] < 598).all()
    mask = outline(CAMERA, placement)
    if inside:
        left, top, width, height = cv2.boundingRect(mask)
        assert left == pytest.approx(corners[:, 0].min(), abs=1.5)
        assert top == pytest.approx(corners[:, 1].min(), abs=1.5)
        assert left + width == pytest.approx(corners[:, 0].max(), abs=1.5)
        assert top + height == pytest.approx(corners[:, 1].max(), abs=1.5)


def test_nothing_stands_above_the_horizon():
    assert stands_at(CAMERA, 0.5, 0.1) is None
    x, y = stands_at(CAMERA, 0.5, 0.8)
    assert x == pytest.approx(0, abs=1e-9)
    assert y > 0


def test_a_table_top_is_nearer_than_the_floor_behind_it():
    on_floor, on_table = stands_at(CAMERA, 0.5, 0.8), stands_at(CAMERA, 0.5, 0.8, z=0.75)
    assert on_table[1] < on_floor[1]


@settings(max_examples=25, deadline=None)
@given(
    st.floats(-0.7, 0.7), st.floats(1.2, 3), st.floats(1.0, 2.5), st.floats(0.3, 1.6), st.floats(0.3, 0.9)
)  # fmt: skip
def test_what_is_placed_stands_on_free_floor_and_what_does_not_fit_is_not_placed(turn, wide, deep, width, depth):
    cos, sin = np.cos(turn), np.sin(turn)
    across, ahead = np.array([cos, sin]) * wide / 2, np.array([-sin, cos]) * deep / 2
    middle = np.array([0.0, 3.4])
    corners = [middle + a * across + b * ahead for a, b in ((-1, -1), (1, -1), (1, 1), (-1, 1))]
    floor = map_floor(CAMERA, floor_of(CAMERA, corners), turn)
    found = find_place(floor, CAMERA, (width, depth, 0.8))
    if found is not None:
        assert is_free(floor, found) > 0.98
    slack = 4 * CELL
    fits = any(w + slack < wide and d + slack < deep for w, d in ((width, depth), (depth, width)))
    too_large = all(w - slack > wide or d - slack > deep for w, d in ((width, depth), (depth, width)))
    seen = all((p >= 0).all() and p[0] < 800 and p[1] < 600 for p in CAMERA.project(np.pad(corners, ((0, 0), (0, 1)))))
    if fits and seen:
        assert found is not None
    if too_large:
        assert found is None


def test_an_item_turns_its_back_to_the_wall():
    corners = [(-1.5, 2), (1.5, 2), (1.5, 4), (-1.5, 4)]
    floor = map_floor(CAMERA, floor_of(CAMERA, corners), 0.0)
    found = find_place(floor, CAMERA, (1.2, 0.4, 0.8))
    front = found.turn @ (0, 1, 0)
    assert front[1] == pytest.approx(-1)
    assert found.at[1] + 0.2 == pytest.approx(4, abs=(BEHIND + 3) * CELL)


def test_the_widest_free_strip_is_measured():
    floor = map_floor(CAMERA, floor_of(CAMERA, [(-0.8, 2.2), (0.8, 2.2), (0.8, 4), (-0.8, 4)]), 0.0)
    assert widest(floor, 0.5) == pytest.approx(1.8, abs=3 * CELL)
    assert find_place(floor, CAMERA, (2.1, 0.5, 0.8)) is None
