"""The floor grid: its lines lie where the camera says, and nothing else changes."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.errors import BadInput
from pipelines.geometry.camera import Camera
from pipelines.geometry.grid import draw_floor_grid, horizon_line

CAMERA = Camera((300, 400), focal=320, pitch=np.radians(8), roll=np.radians(2), height=1.5)


def grey(level, size=(300, 400)):
    return np.full((*size, 3), level, np.uint8)


def changed(level, **options):
    photo = grey(level)
    return np.abs(draw_floor_grid(photo, CAMERA, 0.4, **options).astype(int) - photo).max(2)


@pytest.mark.parametrize("level", [0, 90, 170, 255])
def test_lines_show_on_dark_and_on_light(level):
    drawn = changed(level)
    assert (drawn > 60).mean() > 0.01
    assert (drawn == 0).mean() > 0.3


@given(st.floats(0, 1.57), st.integers(-4, 4), st.floats(-0.4, 0.4))
def test_points_of_the_grid_are_on_lines(yaw, index, share):
    photo = grey(90)
    drawn = draw_floor_grid(photo, CAMERA, yaw)
    along, across = np.array([np.cos(yaw), np.sin(yaw), 0]), np.array([-np.sin(yaw), np.cos(yaw), 0])
    point = index * 0.5 * along + (2.5 + share) * across
    pixel = CAMERA.project(point[None])[0]
    if np.isfinite(pixel).all() and (pixel > 1).all() and (pixel < (399, 299)).all():
        column, row = np.floor(pixel).astype(int)
        assert drawn[row, column].max() > 120


def test_the_horizon_is_drawn_and_above_it_nothing():
    drawn = changed(90)
    ends = horizon_line(CAMERA)
    rows = np.interp(np.arange(400) + 0.5, ends[:, 0], ends[:, 1])
    assert all(drawn[int(rows[x]), x] > 60 for x in range(5, 395))
    above = np.arange(300)[:, None] < rows[None] - 7
    assert not drawn[above].any()
    assert ends[1, 1] - ends[0, 1] == pytest.approx(400 * np.tan(CAMERA.roll))


def test_the_grid_stays_on_the_floor_mask():
    floor = np.zeros((300, 400), np.uint8)
    floor[230:, 100:300] = 255
    drawn = changed(90, floor=floor)
    rows = np.arange(300)[:, None]
    beside = (floor == 0) & (rows > 200)
    assert not drawn[beside].any()
    assert drawn[floor > 0].any()


def test_a_wider_step_draws_fewer_lines_and_the_photo_is_not_touched():
    photo = grey(90)
    drawn = draw_floor_grid(photo, CAMERA, 0.4, 0.5)
    assert (photo == 90).all()
    wider = draw_floor_grid(photo, CAMERA, 0.4, 1.5)
    assert (wider[200:] != photo[200:]).sum() < 0.6 * (drawn[200:] != photo[200:]).sum()


def test_a_camera_that_looks_at_the_sky_sees_no_grid():
    up = Camera((300, 400), focal=320, pitch=np.radians(-60))
    assert (draw_floor_grid(grey(90), up, 0.0) == 90).all()


def test_what_does_not_fit_is_refused():
    with pytest.raises(BadInput):
        draw_floor_grid(grey(0, (200, 200)), CAMERA, 0.0)
    with pytest.raises(BadInput):
        draw_floor_grid(grey(0), CAMERA, 0.0, 0.0)
    with pytest.raises(BadInput):
        draw_floor_grid(grey(0), CAMERA, 0.0, floor=np.zeros((10, 10), np.uint8))
