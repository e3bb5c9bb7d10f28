"""The free floor: a small untrained network for what must hold of any, the shipped one in drawn rooms."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines import weights
from pipelines.errors import BadInput
from pipelines.geometry.camera import Camera
from pipelines.perception import floor
from pipelines.perception.floor import FloorFinder
from pipelines.perception.floor_net import FloorNet
from pipelines.schema import Mask
from tests.conftest import picture
from tests.pipelines.perception.rooms import DrawnRoom, draw_room

SIZE = (300, 450)


def overlap(found: Mask, true: Mask) -> float:
    """Intersection over union."""
    return float(((found > 0) & (true > 0)).sum() / max(((found > 0) | (true > 0)).sum(), 1))


@pytest.fixture(scope="module")
def untrained(tmp_path_factory: pytest.TempPathFactory) -> FloorFinder:
    """A narrow network with random weights, through its files."""
    folder: Path = tmp_path_factory.mktemp("floor")
    torch.manual_seed(0)
    FloorNet(widths=(8, 8, 8, 8), pixels=96 * 128).to(torch.float16).save_pretrained(folder)
    return FloorFinder(folder)


@pytest.fixture(scope="module")
def find_floor() -> FloorFinder:
    """The shipped network."""
    return FloorFinder(weights.resolve("floor"))


@pytest.fixture(scope="module")
def rooms(find_floor: FloorFinder) -> list[tuple[DrawnRoom, Mask, float]]:
    """Drawn rooms with the floor found in them and its confidence."""
    drawn = []
    for seed in range(14):
        rng = np.random.default_rng(seed)
        camera = Camera(SIZE, 340.0, np.radians(rng.uniform(2, 16)), np.radians(rng.uniform(-2, 2)))
        room = draw_room(300 + seed, camera)
        found, _, confidence = find_floor(room.image, camera)
        drawn.append((room, found, confidence))
    return drawn


# --- any network ----------------------------------------------------------------------------------------------------


@settings(max_examples=12)
@given(st.integers(64, 300), st.integers(64, 300), st.integers(0, 99), st.floats(-0.2, 0.5), st.floats(-0.1, 0.1))
def test_a_mirrored_photo_has_a_mirrored_floor(
    untrained: FloorFinder, height: int, width: int, seed: int, pitch: float, roll: float
) -> None:
    photo, camera = picture(height, width, seed), Camera((height, width), 300.0, pitch, roll)
    mirrored = np.ascontiguousarray(photo[:, ::-1])
    chance = floor.floor_chances(untrained.net, photo, camera)
    other = floor.floor_chances(untrained.net, mirrored, replace(camera, roll=-roll))
    # Shrinking rounds some pixels another way.
    np.testing.assert_allclose(other[..., ::-1], chance, atol=0.02)


@settings(max_examples=12)
@given(st.integers(64, 500), st.integers(64, 500), st.floats(-1, 1))
def test_masks_keep_the_contract(untrained: FloorFinder, height: int, width: int, pitch: float) -> None:
    mask, free, confidence = untrained(picture(height, width), Camera((height, width), 300.0, pitch))
    for one in (mask, free):
        assert one.shape == (height, width) and one.dtype == np.uint8
        assert set(np.unique(one)) <= {0, 255}
    assert (free <= mask).all()
    assert 0 <= confidence <= 1
    assert (confidence == 0) == (not mask.any())


@given(st.integers(64, 2000), st.integers(64, 2000))
def test_photos_are_seen_in_their_own_shape(height: int, width: int) -> None:
    seen = floor.seen_size((height, width), 192 * 256)
    assert seen[0] % 32 == seen[1] % 32 == 0
    if 0.5 < width / height < 2:
        assert 0.8 < (seen[1] / seen[0]) / (width / height) < 1.25
        assert 0.8 < seen[0] * seen[1] / (192 * 256) < 1.25


def test_falls_are_those_of_the_cameras_rays() -> None:
    camera = Camera((200, 300), 250.0, 0.2)
    rise = floor.falls(camera, np.array([[150.0, camera.horizon_y * 200], [150.0, 100.0], [150.0, 0.0]]))
    assert rise[:2] == pytest.approx([0, np.sin(0.2)], abs=1e-6)
    assert rise[2] == pytest.approx(np.sin(0.2 - np.arctan(100 / 250)), abs=1e-6)
    seen = floor.falls_at(camera, (64, 96))
    assert seen.shape == (64, 96)
    assert seen[31:33, 47:49].mean() == pytest.approx(np.sin(0.2), abs=1e-3)


def test_the_expected_overlap_is_that_of_chances_that_come_true() -> None:
    rng = np.random.default_rng(0)
    chance = rng.uniform(0, 1, (80, 100)).astype(np.float32)
    mask = chance > 0.5
    got = [overlap(mask, rng.uniform(0, 1, chance.shape) < chance) for _ in range(30)]
    assert floor.expected_overlap(chance, mask) == pytest.approx(np.mean(got), abs=0.01)


def test_threads_do_not_disturb_each_other(untrained: FloorFinder) -> None:
    photos = [picture(120, 160, seed) for seed in range(6)]
    camera = Camera((120, 160), 150.0, 0.2)
    alone = [untrained(photo, camera) for photo in photos]
    with ThreadPoolExecutor(3) as pool:
        together = list(pool.map(lambda photo: untrained(photo, camera), photos))
    for (*masks, confidence), (*others, told) in zip(alone, together, strict=True):
        assert np.array_equal(masks, others)
        assert confidence == pytest.approx(told, abs=1e-6)


def test_only_rgb_is_taken(untrained: FloorFinder) -> None:
    with pytest.raises(BadInput):
        untrained(np.zeros((100, 100), np.uint8), Camera((100, 100), 100.0))


# --- the shipped network --------------------------------------------------------------------------------------------


def test_most_floors_are_found(rooms: list[tuple[DrawnRoom, Mask, float]]) -> None:
    overlaps = [overlap(found, room.floor) for room, found, _ in rooms]
    assert np.median(overlaps) > 0.9
    assert np.mean(overlaps) > 0.8


def test_the_confidence_tells_good_floors_from_bad_ones(rooms: list[tuple[DrawnRoom, Mask, float]]) -> None:
    overlaps = np.array([overlap(found, room.floor) for room, found, _ in rooms])
    told = np.array([confidence for *_, confidence in rooms])
    assert np.corrcoef(overlaps, told)[0, 1] > 0.5


def test_nothing_above_the_horizon_is_floor(rooms: list[tuple[DrawnRoom, Mask, float]]) -> None:
    for room, found, _ in rooms:
        rows, columns = np.nonzero(found)
        falls = room.camera.rays(np.column_stack([columns + 0.5, rows + 0.5]).astype(float))[:, 2]
        assert (falls < 0.02).all()


def test_a_bare_floor_is_found_to_its_edges(find_floor: FloorFinder) -> None:
    room = draw_room(8, Camera(SIZE, 300.0, np.radians(12)), clutter=0, sharp=True)
    found, _, confidence = find_floor(room.image, room.camera)
    assert overlap(found, room.floor) > 0.9
    assert confidence > 0.6


def test_of_a_bare_floor_nearly_all_is_free(find_floor: FloorFinder) -> None:
    room = draw_room(8, Camera(SIZE, 300.0, np.radians(12)), clutter=0, sharp=True)
    found, free, _ = find_floor(room.image, room.camera)
    assert free.sum() > 0.85 * found.sum()


def test_the_size_of_the_photo_changes_little(find_floor: FloorFinder) -> None:
    room = draw_room(301, Camera(SIZE, 340.0, np.radians(10)))
    large = np.asarray(cv2.resize(room.image, (1350, 900), interpolation=cv2.INTER_CUBIC))
    found, _, _ = find_floor(room.image, room.camera)
    finer, _, _ = find_floor(large, replace(room.camera, size=(900, 1350), focal=1020.0))
    assert finer.shape == (900, 1350)
    assert found.any()
    assert overlap(finer[1::3, 1::3], found) > 0.95


def test_where_the_camera_looks_up_there_is_no_floor(find_floor: FloorFinder) -> None:
    room = draw_room(5, Camera(SIZE, 500.0, np.radians(-40)))
    found, _, confidence = find_floor(room.image, room.camera)
    assert not found.any()
    assert confidence == 0
