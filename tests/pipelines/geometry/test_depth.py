"""Depth from the floor, and what lies where around an item."""

from __future__ import annotations

import numpy as np
import pytest

from pipelines.geometry.camera import Camera
from pipelines.geometry.depth import DEPTHS, SURROUNDINGS, depth_map, surroundings
from pipelines.geometry.placement import Placement

CAMERA = Camera((120, 160), focal=150, pitch=0.2, height=1.4)


def floor_up_to(metres: float) -> np.ndarray:
    """The floor of a room whose wall ahead is so many metres away."""
    x, y = np.meshgrid(np.arange(160) + 0.5, np.arange(120) + 0.5)
    points = CAMERA.floor_points(np.stack([x.ravel(), y.ravel()], 1))[:, 1].reshape(120, 160)
    return np.where(points < metres, 255, 0).astype(np.uint8)  # NaN above the horizon is not below


def test_a_wall_stands_where_its_floor_ends() -> None:
    depth = depth_map(CAMERA, floor_up_to(4))
    at_foot = CAMERA.depth(np.array([[0, 4, 0.0]]))[0]
    assert depth[:30] == pytest.approx(at_foot, rel=0.03)
    near = CAMERA.floor_points(np.array([[80.0, 119.5]]))
    assert depth[-1, 80] == pytest.approx(CAMERA.depth(near)[0], rel=1e-3)
    assert (np.diff(depth[:, 80]) <= 1e-6).all()  # downwards everything comes nearer


def test_without_floor_there_is_still_a_depth() -> None:
    depth = depth_map(CAMERA, np.zeros((120, 160), np.uint8))
    assert np.isfinite(depth).all() and DEPTHS[0] <= depth.min() and depth.max() <= DEPTHS[1]


def test_large_photos_give_small_maps() -> None:
    camera = Camera((1200, 1600), focal=1500, pitch=0.2, height=1.4)
    assert depth_map(camera, np.zeros((1200, 1600), np.uint8)).shape == (192, 256)


def test_around_an_item_nearness_direction_and_height_are_those_of_the_room() -> None:
    floor = floor_up_to(4)
    placement = Placement((0.0, 3.0), 0.5, (0.6, 0.6, 0.5))
    right_of_it = CAMERA.project(np.array([[1.0, 3.0, 0.0]]))
    under_it = CAMERA.project(np.array([[0.0, 3.0, 0.0]]))
    on_wall = CAMERA.project(np.array([[0.0, 4.0, 1.0]]))
    pixels = np.concatenate([right_of_it, under_it, on_wall])
    right, under, wall = surroundings(CAMERA, depth_map(CAMERA, floor), floor, placement, pixels)
    assert right.shape == (SURROUNDINGS,)
    assert under[2] == pytest.approx(1, abs=0.05) and right[2] < 0.1 < right[3] < under[3]
    assert right[4] > 0.2 > abs(right[5])
    assert right[1] == under[1] == 1 and wall[1] == 0
    assert wall[6] == pytest.approx(0.5, abs=0.03) and abs(right[6]) < 0.03
    assert under[7] == pytest.approx(0.5)
