"""The formulas of the furniture's cameras."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.geometry.views import CELL, MARGIN, PLAN, box_corners, project, view_camera, view_of

sides = st.floats(1, 600)
sizes = st.tuples(sides, sides, sides)
yaws = st.floats(-180, 180)
pitches = st.one_of(st.floats(-60, 80), st.just(PLAN))
SIZE = (60.0, 40.0, 90.0)


def pixel(point: tuple[float, float, float], yaw: float, pitch: float) -> np.ndarray:
    """Where a point of SIZE's frame, in metres, is seen."""
    return project(view_camera(SIZE, yaw, pitch), np.array([point]))[0]


@given(sizes, yaws, pitches)
def test_the_box_fills_the_cell_up_to_its_margin(size: tuple[float, ...], yaw: float, pitch: float) -> None:
    offsets = np.abs(project(view_camera(size, yaw, pitch), box_corners(size)) - CELL / 2)
    assert offsets.max() == pytest.approx((0.5 - MARGIN) * CELL)


@given(sizes, yaws, pitches)
def test_the_middle_of_the_box_is_the_middle_of_the_cell(size: tuple[float, ...], yaw: float, pitch: float) -> None:
    middle = np.array([[0, 0, size[2] / 200]])
    assert project(view_camera(size, yaw, pitch), middle)[0] == pytest.approx((CELL / 2, CELL / 2))


@given(sizes, yaws, st.floats(-60, 80))
def test_turning_the_other_way_mirrors_the_picture(size: tuple[float, ...], yaw: float, pitch: float) -> None:
    points = box_corners(size)
    there = project(view_camera(size, yaw, pitch), points)
    back = project(view_camera(size, -yaw, pitch), points * [-1, 1, 1])
    assert back == pytest.approx(np.stack([CELL - there[:, 0], there[:, 1]], axis=1))


@given(sizes, yaws, st.floats(-60, 80))
def test_the_camera_is_as_far_away_as_said_and_in_front_of_the_box(size: tuple[float, ...], yaw: float, pitch: float):
    view = view_of(size, yaw, pitch)
    diagonal = np.linalg.norm(size) / 100
    assert np.linalg.norm(view.at - [0, 0, size[2] / 200]) == pytest.approx(max(3.5, 2.2 * diagonal))
    assert ((box_corners(size) - view.at) @ view.axes[2] > 0).all()
    assert view.axes @ view.axes.T == pytest.approx(np.eye(3)) and np.linalg.det(view.axes) == pytest.approx(1)


def test_the_front_faces_the_camera_and_the_own_right_is_on_the_left() -> None:
    near, far = pixel((0.3, 0.2, 0), 0, 8), pixel((0.3, -0.2, 0), 0, 8)
    assert near[0] < CELL / 2 and near[1] > far[1]  # nearer to the camera, so lower in a picture from above


def test_positive_yaw_turns_the_front_to_the_right_and_shows_the_own_right_side() -> None:
    assert pixel((0, 0.2, 0.45), 30, 8)[0] > CELL / 2
    side, other = pixel((0.3, 0, 0), 90, 8), pixel((-0.3, 0, 0), 90, 8)
    assert side[1] > other[1]
    assert pixel((0, 0.2, 0.45), 90, 8)[0] > pixel((0, -0.2, 0.45), 90, 8)[0]


def test_looking_down_shows_the_top_and_looking_up_the_bottom() -> None:
    def rise(pitch: float, z: float) -> float:
        """How much higher in the picture the far edge at height z lies than the near one, pixels."""
        return float(pixel((0, 0.2, z), 0, pitch)[1] - pixel((0, -0.2, z), 0, pitch)[1])

    assert rise(25, 0.9) > 0 > rise(-25, 0)


def test_a_plan_has_no_perspective_and_its_front_below() -> None:
    low, high = pixel((0.3, 0.2, 0), 0, PLAN), pixel((0.3, 0.2, 0.9), 0, PLAN)
    assert low == pytest.approx(high)
    assert low[1] > CELL / 2 > low[0]
    scale = (0.5 - MARGIN) * CELL / 0.3
    assert low == pytest.approx((CELL / 2 - 0.3 * scale, CELL / 2 + 0.2 * scale))


def test_a_larger_cell_is_the_same_picture_with_more_pixels() -> None:
    corners = box_corners(SIZE)
    assert project(view_camera(SIZE, 30, 8, 512), corners) == pytest.approx(
        2 * project(view_camera(SIZE, 30, 8), corners)
    )


@pytest.mark.parametrize("size", [(0, 40, 50), (60, 40), (60, -40, 50)])
def test_a_size_without_extent_is_refused(size: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match="width, depth, height"):
        view_camera(size, 0, 8)


@pytest.mark.parametrize(("pitch", "margin"), [(91, 0.04), (-90, 0.04), (8, 0.5)])
def test_angles_and_margins_out_of_range_are_refused(pitch: float, margin: float) -> None:
    with pytest.raises(ValueError, match="pitch"):
        view_of(SIZE, 0, pitch, margin=margin)
