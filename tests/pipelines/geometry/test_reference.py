"""The camera's height from a known length."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from pipelines.errors import BadInput
from pipelines.geometry.camera import Camera
from pipelines.geometry.reference import camera_height_from_reference

cameras = st.builds(
    Camera,
    size=st.just((600, 800)),
    focal=st.floats(400, 1500),
    pitch=st.floats(-0.1, 0.5),
    roll=st.floats(-0.1, 0.1),
    height=st.floats(0.6, 2.5),
)
LEVEL = Camera((600, 800), focal=700, pitch=0.1, height=1.6)


def pixels(camera, *points):
    found = camera.project(np.array(points, float))
    assume(np.isfinite(found).all())
    return [tuple(map(float, pixel)) for pixel in found]


@given(cameras, st.floats(-1.5, 1.5), st.floats(2, 7), st.floats(0.3, 2.4), st.booleans())
def test_a_door_tells_the_height(camera, x, y, length, reverse):
    ends = pixels(camera, (x, y, 0), (x, y, length))
    ends = ends[::-1] if reverse else ends
    unknown = replace(camera, height=1.0)
    assert camera_height_from_reference(unknown, *ends, length, upright=True) == pytest.approx(camera.height, rel=1e-6)


@given(cameras, st.floats(-1.5, 1.5), st.floats(2, 6), st.floats(0, 6.28), st.floats(0.2, 1.5))
def test_a_length_on_the_floor_tells_it(camera, x, y, turn, length):
    ends = pixels(camera, (x, y, 0), (x + length * np.cos(turn), y + length * np.sin(turn), 0))
    unknown = replace(camera, height=9.0)
    height = camera_height_from_reference(unknown, *ends, length, upright=False)
    assert height == pytest.approx(camera.height, rel=1e-5)


def test_which_of_both_is_told_by_the_direction():
    door = pixels(LEVEL, (1, 4, 0), (1, 4, 2.0))
    low = pixels(LEVEL, (-1.2, 3, 0), (-1.2, 3, 0.9))
    tile = pixels(LEVEL, (-0.5, 3, 0), (0.3, 3.2, 0))
    assert camera_height_from_reference(LEVEL, *door, 2.0) == pytest.approx(1.6)
    assert camera_height_from_reference(LEVEL, *low, 0.9) == pytest.approx(1.6)
    assert camera_height_from_reference(LEVEL, *tile, float(np.hypot(0.8, 0.2))) == pytest.approx(1.6)


def test_a_click_that_is_pixels_off_costs_little():
    door = pixels(LEVEL, (1, 3, 0), (1, 3, 2.0))
    off = [(x + 3, y - 2) for x, y in door]
    assert camera_height_from_reference(LEVEL, *off, 2.0) == pytest.approx(1.6, rel=0.02)


@pytest.mark.parametrize(
    ("a", "b", "metres", "upright"),
    [
        ((400, 500), (400, 500), 1.0, None),
        ((400, 500), (400, 300), 0.0, None),
        ((400, 500), (400, 300), float("nan"), None),
        ((400, 100), (400, 50), 2.0, None),
        ((300, 500), (500, 100), 2.0, False),
    ],
)
def test_what_tells_nothing_is_refused(a, b, metres, upright):
    with pytest.raises(BadInput):
        camera_height_from_reference(LEVEL, a, b, metres, upright=upright)
