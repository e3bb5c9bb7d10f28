"""A room from one photo: drawn rooms with exact truth, what is no room, and what the caller knows."""

from dataclasses import replace

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.errors import BadInput
from pipelines.geometry.camera import Camera
from pipelines.perception.camera_height import room_networks
from pipelines.perception.room import view_room
from tests.pipelines.perception.rooms import draw_room, random_camera

SIZE = (320, 480)


@pytest.fixture(scope="module")
def networks():
    """The shipped network."""
    return room_networks()


@pytest.fixture(scope="module")
def views(networks):
    """Drawn rooms and what is seen in them."""
    rooms = [draw_room(seed, random_camera(np.random.default_rng(seed), SIZE)) for seed in range(500, 516)]
    return [(room, view_room(room.image, networks, height=room.camera.height)) for room in rooms]


@pytest.fixture(scope="module")
def room():
    """A room with enough to see."""
    return draw_room(303, Camera(SIZE, 340.0, np.radians(9), np.radians(1), 1.4))


def horizon_error(found: Camera, true: Camera) -> float:
    """Degrees between the horizons at the middle column, seen through the true lens."""
    rise = [(0.5 - c.horizon_y) * c.size[0] / true.focal for c in (found, true)]
    return float(abs(np.degrees(np.arctan(rise[0]) - np.arctan(rise[1]))))


def test_the_camera_is_found(views):
    horizon = [horizon_error(view.camera, room.camera) for room, view in views]
    focal = [abs(view.camera.focal / room.camera.focal - 1) for room, view in views]
    roll = [abs(view.camera.roll - room.camera.roll) for room, view in views]
    walls = [abs((v.wall_yaw - r.wall_yaw + np.pi / 4) % (np.pi / 2) - np.pi / 4) for r, v in views]
    assert np.median(horizon) < 0.8
    assert np.percentile(horizon, 80) < 3
    assert np.median(focal) < 0.08
    assert np.median(roll) < np.radians(0.5)
    assert np.median(walls) < np.radians(1.5)


def test_a_confident_horizon_is_right(views):
    errors = np.array([horizon_error(view.camera, room.camera) for room, view in views])
    told = np.array([view.confidence["horizon"] for _, view in views])
    sure = told > 0.85
    assert sure.mean() > 0.4
    assert (errors[sure] < 2).mean() >= 0.9
    assert errors[sure].mean() < errors[~sure].mean()


def test_views_keep_the_contract(views):
    for room, view in views:
        assert view.camera.size == SIZE
        assert view.camera.height == room.camera.height
        assert set(view.confidence) == {"horizon", "focal", "walls", "floor", "height"}
        assert view.confidence["height"] == 1  # it was given
        assert all(0 <= value <= 1 for value in view.confidence.values())
        assert view.floor.shape == view.free.shape == SIZE and view.floor.dtype == view.free.dtype == np.uint8
        assert (view.free <= view.floor).all()
        assert view.segments.dtype == np.float32 and view.segments.shape[1] == 4
        assert 0 <= view.wall_yaw < np.pi / 2
        doubtful = view.confidence["horizon"] < 0.5
        assert doubtful == any("horizon" in warning or "look like a photo" in warning for warning in view.warnings)


def test_the_height_is_found_where_it_is_not_given(networks, room):
    view = view_room(room.image, networks)
    assert 0.9 < view.camera.height < 2.0 and 0 < view.confidence["height"] < 1
    assert view_room(room.image, networks, height=1.1).camera.height == 1.1


def test_what_is_given_is_kept_and_the_rest_agrees(networks, room):
    true = room.camera
    view = view_room(room.image, networks, focal=true.focal, horizon_y=true.horizon_y, roll=true.roll, height=2.0)
    assert view.camera.focal == pytest.approx(true.focal)
    assert view.camera.horizon_y == pytest.approx(true.horizon_y)
    assert view.camera.roll == pytest.approx(true.roll)
    assert view.camera.height == 2.0
    assert view.confidence["focal"] == view.confidence["horizon"] == 1
    wrong = view_room(room.image, networks, focal=0.85 * true.focal)
    assert wrong.camera.focal == pytest.approx(0.85 * true.focal)
    # The horizon is where the lines meet, nearly whatever the lens.
    assert horizon_error(wrong.camera, true) < 2
    assert view_room(room.image, networks, roll=0.05).camera.roll == pytest.approx(0.05)


def test_size_and_mirroring_change_what_they_should(networks, room):
    view = view_room(room.image, networks)
    height, width = SIZE
    larger = np.asarray(cv2.resize(room.image, (3 * width, 3 * height), interpolation=cv2.INTER_CUBIC))
    large = view_room(larger, networks)
    assert large.camera.focal == pytest.approx(3 * view.camera.focal, rel=0.1)
    assert large.camera.horizon_y == pytest.approx(view.camera.horizon_y, abs=0.02)
    assert large.floor.shape == (3 * height, 3 * width)
    mirrored = view_room(np.ascontiguousarray(room.image[:, ::-1]), networks)
    assert mirrored.camera.roll == pytest.approx(-view.camera.roll, abs=np.radians(0.5))
    turned = (mirrored.wall_yaw + view.wall_yaw + np.pi / 4) % (np.pi / 2) - np.pi / 4
    assert abs(turned) < np.radians(2)


def no_rooms():
    """Pictures of other things."""
    rng = np.random.default_rng(0)
    chart = np.full((400, 600, 3), 255, np.uint8)
    for k in range(8):
        cv2.rectangle(chart, (60 + 60 * k, 380 - 35 * k), (95 + 60 * k, 380), (200, 80, 40), -1)
        cv2.line(chart, (40, 380 - 45 * k), (560, 380 - 45 * k), (0, 0, 0), 1)
    bricks = np.full((400, 600, 3), 190, np.uint8)
    for row in range(20):
        for column in range(-1, 10):
            corner = (column * 64 + 32 * (row % 2), row * 20)
            paint = tuple(int(v) for v in rng.integers(90, 150, 3))
            cv2.rectangle(bricks, corner, (corner[0] + 60, corner[1] + 16), paint, -1)
    hill = np.full((400, 600, 3), (130, 170, 230), np.uint8)
    crest = (230 + 40 * np.sin(np.arange(600) / 80)).astype(int)
    hill[np.arange(400)[:, None] > crest] = (80, 130, 60)
    hill = np.clip(hill + cv2.GaussianBlur(rng.normal(0, 60, hill.shape), (0, 0), 2), 0, 255).astype(np.uint8)
    ellipses = np.full((600, 400, 3), (150, 160, 170), np.uint8)
    for k in range(40):
        middle, axes = (int(rng.integers(0, 400)), int(rng.integers(0, 600))), (20 + k, 60 - k)
        paint = tuple(int(v) for v in rng.integers(0, 255, 3))
        cv2.ellipse(ellipses, middle, axes, float(rng.integers(0, 180)), 0, 360, paint, -1, cv2.LINE_AA)
    return {
        "white": np.full((300, 500, 3), 255, np.uint8),
        "black": np.zeros((500, 300, 3), np.uint8),
        "noise": rng.integers(0, 256, (300, 400, 3), dtype=np.uint8),
        "checkers": np.kron(np.indices((8, 12)).sum(0) % 2, np.ones((40, 40)))[..., None].repeat(3, 2).astype(np.uint8)
        * 255,
        "chart": chart,
        "bricks": bricks,
        "landscape": hill,
        "round things": ellipses,
    }


@pytest.mark.parametrize("name", no_rooms())
def test_what_is_no_room_is_said_to_be_none(networks, name):
    view = view_room(no_rooms()[name], networks)
    assert max(view.confidence.values()) < 0.4
    assert "not look like a photo of a room" in " ".join(view.warnings)
    # Whatever the lines of such a picture seem to say, the camera stays a usual one.
    assert 0.2 < view.camera.horizon_y < 0.6
    assert 55 < np.degrees(2 * np.arctan(max(view.camera.size) / 2 / view.camera.focal)) < 80


def test_a_panorama_is_taken_with_a_warning(networks, room):
    wide = np.asarray(cv2.resize(np.tile(room.image[:160], (1, 4, 1)), (12000, 1000)))
    view = view_room(wide, networks)
    assert view.floor.shape == (1000, 12000)
    assert "panorama" in " ".join(view.warnings)
    assert "panorama" not in " ".join(view_room(room.image, networks).warnings)


@pytest.mark.parametrize("shape", [(63, 400, 3), (400, 63, 3), (10, 10, 3), (200, 200), (200, 200, 4)])
def test_too_small_or_not_rgb_is_refused(networks, shape):
    with pytest.raises(BadInput):
        view_room(np.zeros(shape, np.uint8), networks)


@pytest.mark.parametrize(
    "given_value",
    [
        {"focal": 0.0}, {"focal": -300.0}, {"focal": float("nan")}, {"horizon_y": 40.0}, {"roll": 2.0},
        {"height": 0.0}, {"height": float("inf")},
    ],
)  # fmt: skip
def test_no_camera_has_such_values(networks, room, given_value):
    with pytest.raises(BadInput):
        view_room(room.image, networks, **given_value)


@settings(max_examples=8)
@given(st.integers(64, 200), st.integers(64, 200), st.integers(0, 1000), st.floats(-1, 2), st.floats(0.2, 10))
def test_no_picture_and_no_camera_break_it(networks, height, width, seed, horizon_y, focal):
    rng = np.random.default_rng(seed)
    coarse = rng.integers(0, 256, (rng.integers(2, 12), rng.integers(2, 12), 3), dtype=np.uint8)
    photo = np.asarray(cv2.resize(coarse, (width, height), interpolation=cv2.INTER_NEAREST))
    view = view_room(photo, networks, horizon_y=horizon_y, focal=focal * max(height, width))
    assert view.camera.horizon_y == pytest.approx(horizon_y, abs=1e-6)
    assert np.isfinite([view.camera.pitch, view.camera.roll, view.wall_yaw, *view.confidence.values()]).all()
    again = view_room(photo, networks, horizon_y=horizon_y, focal=focal * max(height, width))
    assert replace(again.camera) == view.camera
    assert np.array_equal(again.floor, view.floor)
