"""Training the floor's network: what the views show, and that a few steps learn something."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from pipelines import images
from pipelines.geometry.camera import Camera
from pipelines.perception.floor import FloorFinder, falls_at
from pipelines.perception.floor_net import FloorNet
from tests.pipelines.perception.rooms import draw_room
from training import floor_views, train_floor
from training.floor_views import Room
from training.train_parser import export, prepare_for_training

SIZE = (120, 160)
CAMERA = Camera(SIZE, 130.0, 0.2, 0.02, 1.4)


#: Half a metre square, three metres ahead.
FOOT = [[-0.25, 2.75], [0.25, 2.75], [0.25, 3.25], [-0.25, 3.25]]


@pytest.fixture(scope="module")
def pairs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three pairs as training.render_rooms writes them: two with a chair, one with a rug."""
    folder: Path = tmp_path_factory.mktemp("pairs")
    for number, place in enumerate(("floor", "floor", "rug")):
        room, one = draw_room(number, CAMERA), folder / f"{number:05}"
        one.mkdir()
        shown = np.zeros(SIZE, np.uint8)
        shown[80:, 60:100] = 255
        images.save_png(one / "without.png", room.image)
        images.save_png(one / "with.png", np.where(shown[..., None] > 0, np.uint8(128), room.image))
        images.save_png(one / "item.png", shown)
        images.save_png(one / "floor.png", room.floor)
        cv2.imwrite(str(one / "depth.png"), np.full(SIZE, 4000, np.uint16))
        told = {"height": SIZE[0], "width": SIZE[1], "focal_px": CAMERA.focal, "pitch": CAMERA.pitch}
        told |= {"roll": CAMERA.roll, "camera_height": CAMERA.height}
        item = {"place": place, "foot": FOOT}
        (one / "scene.json").write_text(json.dumps({"camera": told, "item": item, "feet": []}))
    return folder


@pytest.fixture(scope="module")
def rooms(pairs: Path) -> list[Room]:
    return list(floor_views.load_rooms(pairs))


def test_an_item_hides_the_floor_and_a_rug_is_floor(rooms: list[Room]) -> None:
    assert len(rooms) == 6
    assert all(room.camera == CAMERA for room in rooms)
    for without, with_item in zip(rooms[:4:2], rooms[1:4:2], strict=True):
        assert without.floor[80:, 60:100].any()
        assert not with_item.floor[80:, 60:100].any()
        assert np.array_equal(without.floor[:, :60], with_item.floor[:, :60])
    assert np.array_equal(rooms[4].floor, rooms[5].floor)


def test_under_a_piece_is_no_place_for_another(rooms: list[Room]) -> None:
    floor = np.full(SIZE, 255, np.uint8)
    free = floor_views.not_under([np.array(FOOT)], floor, CAMERA)
    inside, beside = CAMERA.project(np.array([[0.1, 3.1, 0], [0.6, 3.0, 0]])).astype(int)
    assert free[inside[1], inside[0]] == 0 and free[beside[1], beside[0]] == 255
    # A foot of 0.25 square metres, grown by a little, as large as the camera sees it.
    hull = cv2.convexHull(CAMERA.project(np.hstack([np.array(FOOT) * 1.0, np.zeros((4, 1))])).astype(np.float32))
    assert cv2.contourArea(hull) < (free == 0).sum() < 1.8 * cv2.contourArea(hull)
    for without, with_item in zip(rooms[:4:2], rooms[1:4:2], strict=True):
        assert np.array_equal(without.free, without.floor) and (with_item.free <= with_item.floor).all()


def test_views_are_pictures_with_floor_below_the_horizon(rooms: list[Room]) -> None:
    random = np.random.default_rng(0)
    cut_out = np.zeros((64, 64, 4), np.uint8)
    cut_out[10:50, 5:60] = (200, 30, 30, 255)
    shares = []
    for _ in range(40):
        view = floor_views.random_view(rooms, [cut_out], (64, 96), random)
        assert view.image.shape == (64, 96, 3) and view.floor.shape == view.fall.shape == (64, 96)
        assert view.image.min() >= 0 and view.image.max() <= 255
        assert view.floor.min() >= 0 and view.floor.max() <= 1 and (view.free <= view.floor).all()
        shares.append(view.floor.mean())
        # A camera that is mistaken by some degrees at most knows where floor can be.
        assert view.floor[view.fall < -0.35].sum() == 0
    assert 0.05 < np.mean(shares) < 0.6
    assert np.std(shares) > 0.05


def test_a_whole_view_has_the_rooms_own_rays(rooms: list[Room]) -> None:
    whole = np.array([[2.0, 0, 0], [0, 2.0, 0]])
    rays = CAMERA.rays(floor_views._pixels(whole, (60, 80)))
    sine = -rays[:, 2] / np.linalg.norm(rays, axis=1)
    assert sine.reshape(60, 80) == pytest.approx(falls_at(CAMERA, (60, 80)), abs=1e-6)


def test_blocks_stand_before_the_room_and_never_on_the_camera(rooms: list[Room]) -> None:
    random = np.random.default_rng(1)
    room = rooms[0]
    whole = np.array([[1.0, 0, 0], [0, 1.0, 0]])
    rays = CAMERA.rays(floor_views._pixels(whole, SIZE)).astype(np.float32)
    floor, flat = room.floor / np.float32(255), np.ones((64, 64, 3), np.float32)
    hidden = 0
    for _ in range(30):
        _, left, nearer = floor_views._with_block(
            room.image.astype(np.float32), floor, room.metres, rays, CAMERA.height, flat, random
        )
        block = nearer < room.metres
        assert (nearer > 0.05).all() and (nearer <= room.metres).all()
        assert not left[block].any()
        assert np.array_equal(left[~block], floor[~block])
        hidden += bool((floor - left).any())
    assert hidden > 10


def test_a_few_steps_learn_and_the_file_finds_the_floor(rooms: list[Room], tmp_path: Path) -> None:
    torch.manual_seed(0)
    net = FloorNet(widths=(16, 16, 16, 16), pixels=64 * 96)
    prepare_for_training(net)
    frozen = net.encoder.conv_stem.weight.clone()
    batch = next(iter(train_floor.Views(rooms, [], 6, 0)))
    optimizer = torch.optim.AdamW(net.parameters(), lr=3e-3)
    losses = []
    for _ in range(12):
        loss, figures = train_floor.loss_of(net, batch)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < 0.7 * losses[0]
    assert set(figures) == {"bce", "dice", "iou"}
    assert torch.equal(net.encoder.conv_stem.weight, frozen)

    assert all(0 <= value <= 1 for value in train_floor.evaluate(net.eval(), rooms).values())
    export(net, tmp_path, "")
    mask, _, confidence = FloorFinder(tmp_path)(rooms[0].image, CAMERA)
    assert mask.shape == SIZE
    assert 0 <= confidence <= 1
