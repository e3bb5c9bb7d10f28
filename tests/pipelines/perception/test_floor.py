"""The free floor in drawn rooms."""

from dataclasses import replace

import cv2
import numpy as np
import pytest

from pipelines.errors import BadInput
from pipelines.geometry.camera import Camera
from pipelines.perception.floor import find_floor
from tests.pipelines.perception.rooms import draw_room

SIZE = (300, 450)


def overlap(found, true):
    """Intersection over union."""
    return float(((found > 0) & (true > 0)).sum() / max(((found > 0) | (true > 0)).sum(), 1))


@pytest.fixture(scope="module")
def rooms():
    """Drawn rooms with the floor found in them and its confidence."""
    drawn = []
    for seed in range(14):
        rng = np.random.default_rng(seed)
        camera = Camera(SIZE, 340.0, np.radians(rng.uniform(2, 16)), np.radians(rng.uniform(-2, 2)))
        room = draw_room(300 + seed, camera)
        drawn.append((room, *find_floor(room.image, camera, wall_yaw=room.wall_yaw)))
    return drawn


def test_most_floors_are_found(rooms):
    overlaps = [overlap(found, room.floor) for room, found, _ in rooms]
    assert np.median(overlaps) > 0.75
    assert np.mean(overlaps) > 0.55


def test_the_confidence_tells_good_floors_from_bad_ones(rooms):
    overlaps = np.array([overlap(found, room.floor) for room, found, _ in rooms])
    told = np.array([confidence for *_, confidence in rooms])
    assert ((told >= 0) & (told <= 1)).all()
    assert np.corrcoef(overlaps, told)[0, 1] > 0.5
    order = np.argsort(told)
    assert overlaps[order[7:]].mean() > overlaps[order[:7]].mean() + 0.15


def test_nothing_above_the_horizon_is_floor(rooms):
    for room, found, _ in rooms:
        assert found.dtype == np.uint8
        assert set(np.unique(found)) <= {0, 255}
        rows, columns = np.nonzero(found)
        falls = room.camera.rays(np.column_stack([columns + 0.5, rows + 0.5]).astype(float))[:, 2]
        assert (falls < 0).all()


def test_a_bare_floor_is_found_to_its_edges():
    camera = Camera(SIZE, 300.0, np.radians(12))
    room = draw_room(8, camera, clutter=0, sharp=True)
    found, confidence = find_floor(room.image, camera)
    assert overlap(found, room.floor) > 0.9
    assert confidence > 0.4


def test_the_size_of_the_photo_changes_little():
    room = draw_room(301, Camera(SIZE, 340.0, np.radians(10)))
    large = np.asarray(cv2.resize(room.image, (1350, 900), interpolation=cv2.INTER_CUBIC))
    found, _ = find_floor(room.image, room.camera)
    finer, _ = find_floor(large, replace(room.camera, size=(900, 1350), focal=1020.0))
    assert finer.shape == (900, 1350)
    assert found.any()
    assert overlap(finer[1::3, 1::3], found) > 0.85


def test_where_the_camera_looks_up_there_is_no_floor():
    room = draw_room(5, Camera(SIZE, 500.0, np.radians(-40)))
    found, confidence = find_floor(room.image, room.camera)
    assert not found.any()
    assert confidence == 0


def test_only_rgb_is_taken():
    with pytest.raises(BadInput):
        find_floor(np.zeros((100, 100), np.uint8), Camera((100, 100), 100.0))
