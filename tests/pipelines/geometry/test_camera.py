"""The camera over the floor."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.geometry.camera import Camera

cameras = st.builds(
    Camera,
    size=st.tuples(st.integers(100, 3000), st.integers(100, 3000)),
    focal=st.floats(300, 4000),
    pitch=st.floats(-0.2, 0.6),
    roll=st.floats(-0.2, 0.2),
    height=st.floats(0.5, 3),
)


def test_a_floor_point_lies_at_focal_times_height_over_its_distance_below_the_horizon():
    camera = Camera.from_horizon((600, 800), focal=700, horizon_y=0.4, height=1.5)
    # For small pitch the depth along the floor is f · h / (y − y_horizon); exact for a level camera.
    level = Camera((600, 800), focal=700, height=1.5)
    assert level.floor_points(np.array([[400.0, 300 + 210]]))[0] == pytest.approx((0, 5, 0))
    assert camera.horizon_y == pytest.approx(0.4)


def test_an_upright_length_is_as_tall_as_pixels_per_metre_say():
    camera = Camera((600, 800), focal=700, pitch=0.0)
    foot, head = np.array([0.3, 4, 0]), np.array([0.3, 4, 1.0])
    tall = camera.project(np.stack([foot, head]))
    assert tall[0, 1] - tall[1, 1] == pytest.approx(camera.px_per_m(foot))


@given(cameras, st.floats(-2, 2), st.floats(1.5, 9))
def test_floor_points_come_back(camera, x, y):
    point = np.array([[x, y, 0.0]])
    pixel = camera.project(point)
    if np.isfinite(pixel).all():
        assert camera.floor_points(pixel)[0] == pytest.approx(point[0], abs=1e-5)


@given(cameras)
def test_the_horizon_is_where_far_points_meet(camera):
    far = camera.project(np.array([[0.0, 1e7, 0.0], [1e6, 1e7, 0.0]]))
    fallen = far[1] - far[0]
    assert np.arctan2(fallen[1], fallen[0]) == pytest.approx(camera.roll, abs=1e-3)
    slope = np.tan(camera.roll)
    middle = far[0, 1] + slope * (camera.size[1] / 2 - far[0, 0])
    assert middle / camera.size[0] == pytest.approx(camera.horizon_y, abs=1e-3)


@given(cameras)
def test_a_camera_is_told_by_its_horizon(camera):
    other = Camera.from_horizon(camera.size, camera.focal, camera.horizon_y, camera.roll, camera.height)
    assert other.pitch == pytest.approx(camera.pitch, abs=1e-9)


def test_what_is_behind_or_above_the_horizon_has_no_place():
    camera = Camera((600, 800), focal=700)
    assert np.isnan(camera.project(np.array([[0.0, -1, 0]]))).all()
    assert np.isnan(camera.floor_points(np.array([[400.0, 300], [400, 10]]))).all()
