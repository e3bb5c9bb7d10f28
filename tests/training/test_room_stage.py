"""Rendered rooms agree with Camera to the pixel. Needs Blender's module, so the environment of the renders."""

from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("bpy")

from training.furniture_models import Mesh
from training.furniture_parts import assemble
from training.room_layout import Piece, Ware
from training.room_plan import PAIR_SIZES, Plan, plan_room
from training.room_scenes import RoomStage
from training.room_shell import paint

CHEST = Ware("chest", "cabinet", "chest", "floor", (0.9, 0.5, 0.7))


def chest(_: str) -> Mesh:
    box = {"box": [100 * side for side in CHEST.size], "bevel": 0.01, "material": "wood"}
    return assemble([box], {"wood": paint("wood", (0.5, 0.4, 0.3))})


@pytest.fixture(scope="module")
def stage() -> RoomStage:
    return RoomStage(chest, samples=1, bounces=0, surface_pixels=64)


def bare(seed: int) -> Plan:
    """A room with nothing but a chest in it."""
    return replace(plan_room(seed, [CHEST], [], PAIR_SIZES, with_target=True), pieces=())


@pytest.mark.parametrize("seed", range(12))
def test_the_mask_of_a_box_ends_where_its_corners_are_projected(stage: RoomStage, seed: int) -> None:
    plan = bare(seed)
    assert plan.target is not None
    stage.build(plan)
    mask = stage.item_mask()
    stage.floor_and_depth()
    height, width = plan.shot.camera.size
    corners = plan.shot.camera.project(plan.shot.to_world(plan.target.corners))
    rows, columns = np.nonzero(mask > 127)
    seen = np.array([columns.min(), rows.min(), columns.max() + 1, rows.max() + 1])
    told = np.concatenate([corners.min(0).clip(0), np.minimum(corners.max(0), (width, height))])
    assert np.abs(seen - told).max() < 1.5


@pytest.mark.parametrize("seed", (1, 5))
def test_floor_and_depth_are_those_of_the_camera(stage: RoomStage, seed: int) -> None:
    plan = bare(seed)
    stage.build(plan)
    floor, depth = stage.floor_and_depth()
    rows, columns = np.nonzero(floor)
    points = plan.shot.camera.floor_points(np.stack([columns, rows], axis=1) + 0.5)
    assert np.abs(plan.shot.camera.depth(points) / depth[rows, columns] - 1).max() < 0.01
    where = plan.shot.to_room(points)[:, :2]
    assert plan.shell.clear(np.array(plan.shot.at), where * 0.999 + 0.0005 * np.array(plan.shell.size)).mean() > 0.99


def test_the_same_piece_twice_and_the_next_room_are_not_confused(stage: RoomStage) -> None:
    plan = bare(2)
    assert plan.target is not None
    stage.build(plan)
    first = stage.item_mask()
    stage.floor_and_depth()
    stage.build(bare(3))
    stage.floor_and_depth()
    twin = Piece(CHEST, plan.target.beside(0, -5), plan.target.turn)
    stage.build(replace(plan, pieces=(twin,)))
    assert np.abs(stage.item_mask().astype(int) - first).max() == 0
