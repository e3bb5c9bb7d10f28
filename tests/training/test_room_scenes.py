"""Rooms drawn from seeds: what stands where, what the camera sees, what is written about it. Blender is not needed."""

import json
from dataclasses import replace
from functools import cache
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.room_camera import read_rooms
from pipelines.geometry.camera import Camera
from pipelines.geometry.placement import Placement
from training.render_furniture import load_recipes
from training.render_rooms import (
    DEMO_SIZE,
    Stores,
    camera_facts,
    demo_line,
    item_facts,
    room_facts,
    truth_line,
    write_truth,
)
from training.room_camera import floor_share
from training.room_develop import metered
from training.room_layout import Ware
from training.room_looks import Looks, Surface
from training.room_plan import PAIR_SIZES, TRUTH_SIZES, Plan, collisions, plan_room
from training.room_shape import Opening, Rect, Shell, draw_shell, overlap
from training.room_shell import REVEAL, build_shell
from training.room_surfaces import KINDS, draw_surface
from training.room_told import load_rooms, told_plan

FEW = settings(max_examples=15, deadline=None, derandomize=True)
SEEDS = st.integers(0, 99_999)


@cache
def stores() -> Stores:
    return Stores.open(Path("nowhere"))


@cache
def pair(seed: int) -> Plan:
    return plan_room(seed, stores().wares, stores().extras, PAIR_SIZES, with_target=True)


def demo_plans() -> list[Plan]:
    wares = {name: Ware.of(item) for name, item in stores().items.items()}
    return [told_plan(room, wares, DEMO_SIZE) for room in load_rooms()["room"]]


def assert_stands_well(plan: Plan) -> None:
    pieces = [*plan.pieces, *([plan.target] if plan.target else [])]
    # Chairs are pushed under their table.
    allowed = {("dining table", "chair"), ("chair", "dining table")}
    found = [(a.ware.id, b.ware.id) for a, b in collisions(pieces) if (a.ware.category, b.ware.category) not in allowed]
    assert not found
    for piece in pieces:
        assert plan.shell.holds(piece.foot), piece
        assert piece.base >= 0 and piece.base + piece.ware.size[2] <= plan.shell.height + 1e-6
        if piece.base > 0 and piece.ware.place == "table":
            tops = [one.base + one.ware.size[2] for one in pieces if overlap(one.foot, piece.foot)]
            assert any(abs(top - piece.base) < 1e-3 for top in tops), f"{piece.ware.id} floats"


@FEW
@given(SEEDS)
def test_nothing_stands_in_anything_else_or_in_walls_or_floats(seed: int) -> None:
    assert_stands_well(pair(seed))


@FEW
@given(SEEDS)
def test_doors_and_the_photographer_are_kept_free(seed: int) -> None:
    plan = pair(seed)
    standing = [piece for piece in plan.pieces if piece.ware.place == "floor"]
    for opening in plan.shell.openings:
        if opening.kind == "door":
            wall = plan.shell.walls[opening.wall]
            before = Rect(wall.point(opening.middle, 0.35), (opening.width, 0.7), wall.turn)
            assert not [piece for piece in standing if overlap(piece.foot, before)]
    assert not [piece for piece in standing if overlap(piece.foot, Rect(plan.shot.at, (0.6, 0.6), plan.shot.heading))]


@FEW
@given(SEEDS)
def test_the_camera_sees_the_item(seed: int) -> None:
    plan = pair(seed)
    assert plan.target is not None
    camera = plan.shot.camera
    corners = camera.project(plan.shot.to_world(plan.target.corners))
    inside = ((corners >= 0) & (corners <= camera.size[::-1])).all(1)
    assert inside.mean() >= 0.85
    assert np.prod(np.ptp(corners, axis=0)) > 0.01 * np.prod(camera.size)
    # No wall of an L-shaped room stands between.
    between = np.linspace(plan.shot.at, plan.target.at, 200)
    missing = plan.shell.missing
    if missing is not None:
        assert not [p for p in between if overlap(missing, Rect((p[0], p[1]), (1e-3, 1e-3)))]


@FEW
@given(SEEDS)
def test_what_is_written_gives_camera_and_place_back(seed: int) -> None:
    plan = pair(seed)
    assert plan.target is not None
    told = json.loads(json.dumps({"camera": camera_facts(plan), "item": item_facts(plan), **room_facts(plan)}))
    lens, item = told["camera"], told["item"]
    camera = Camera(
        (lens["height"], lens["width"]), lens["focal_px"], lens["pitch"], lens["roll"], lens["camera_height"]
    )
    placement = Placement(tuple(item["at"]), item["yaw"], tuple(item["size"]), item["base"])
    ours = plan.shot.camera.project(plan.shot.to_world(plan.target.corners))
    assert np.abs(camera.project(placement.corners) - ours).max() < 0.05
    # The room's walls run along wall_yaw or across it.
    along = plan.shot.to_world(np.array([[1.0, 0, 0]])) - plan.shot.to_world(np.zeros((1, 3)))
    turned = np.arctan2(along[0, 1], along[0, 0]) - lens["wall_yaw"]
    assert abs(np.sin(2 * turned)) < 1e-5
    assert 0 <= lens["wall_yaw"] < np.pi / 2


def test_yaw_0_faces_the_camera_and_grows_counter_clockwise() -> None:
    plan = pair(3)
    assert plan.target is not None
    for degrees in (0, 40, -100):
        turn = plan.shot.heading + np.pi + np.deg2rad(degrees)
        turned = replace(plan, target=replace(plan.target, turn=float(turn)))
        assert np.rad2deg(item_facts(turned)["yaw"]) == pytest.approx(degrees, abs=1e-3)


def test_a_seed_is_a_room() -> None:
    for seed in (0, 90_001):
        first, second = (plan_room(seed, stores().wares, stores().extras, PAIR_SIZES, True) for _ in range(2))
        assert (first.shot, first.shell, first.looks) == (second.shot, second.shell, second.looks)
        assert (first.pieces, first.target) == (second.pieces, second.target)
    assert pair(0).shot != pair(90_001).shot


def test_rooms_differ_in_kind_light_floor_and_shape() -> None:
    plans = [pair(seed) for seed in range(30)]
    assert len({plan.kind for plan in plans}) >= 4
    assert len({plan.looks.lights.name for plan in plans}) == 5
    assert len({plan.looks.floor.kind for plan in plans}) >= 4
    assert {plan.shell.missing is None for plan in plans} == {True, False}
    assert {plan.shot.camera.size for plan in plans} == set(PAIR_SIZES)
    pitches = np.rad2deg([plan.shot.camera.pitch for plan in plans])
    rolls, fovs = (np.rad2deg([getattr(plan.shot.camera, name) for plan in plans]) for name in ("roll", "fov"))
    assert pitches.min() >= -3 and pitches.max() <= 25 and np.ptp(pitches) > 10
    assert np.abs(rolls).max() <= 1.5 + 1e-9 and fovs.min() >= 45 and fovs.max() <= 90


def test_no_room_for_an_item_is_said() -> None:
    huge = Ware("hall", "sofa", "sofa", "floor", (9.0, 9.0, 2.0))
    with pytest.raises(ValueError, match="Seed 1 gives no room"):
        plan_room(1, [huge], [], PAIR_SIZES, with_target=True)


# --- demo rooms and rooms with their cameras --------------------------------------------------------------------------


@pytest.mark.parametrize("plan", demo_plans(), ids=lambda plan: plan.kind)
def test_demo_rooms_stand_well_and_show_floor(plan: Plan) -> None:
    assert_stands_well(plan)
    assert floor_share(plan.shot, plan.shell) > 0.2
    models = [stores().items[piece.ware.id].get("model", "own") for piece in plan.pieces]
    assert {model.split("/")[0] for model in models} <= {"own", "blendswap-cc0"}


def test_a_demo_room_says_its_camera() -> None:
    room, plan = load_rooms()["room"][0], demo_plans()[0]
    line = demo_line(room, plan)
    assert 2 * np.rad2deg(np.arctan(512 / line["focal_px"])) == pytest.approx(room["camera"]["fov"], abs=0.05)
    assert (line["pitch_deg"], line["camera_height"]) == (room["camera"]["pitch"], room["camera"]["height"])


def test_rooms_are_listed_as_the_benchmark_reads_them(tmp_path: Path) -> None:
    plan = plan_room(95_000, stores().wares, stores().extras, TRUTH_SIZES, with_target=False)
    assert plan.target is None
    (tmp_path / "95000.json").write_text(json.dumps(truth_line(plan, "95000.jpg", "95000.floor.png")))
    assert write_truth(tmp_path) == 1
    (room,) = read_rooms(tmp_path)
    camera = room.camera(plan.shot.camera.size)
    assert room.file == tmp_path / "95000.jpg" and room.floor == tmp_path / "95000.floor.png"
    assert camera.horizon_y == pytest.approx(plan.shot.camera.horizon_y, abs=1e-5)
    assert (camera.height, camera.roll) == pytest.approx((plan.shot.camera.height, plan.shot.camera.roll), abs=1e-5)


# --- shapes, meshes, surfaces, light ----------------------------------------------------------------------------------


@FEW
@given(st.lists(st.floats(-1, 1), min_size=8, max_size=8))
def test_rectangles_overlap_where_their_polygons_do(numbers: list[float]) -> None:
    one, other = (
        Rect((x, y), (0.2 + abs(w), 0.2 + abs(w) * 0.6), 3 * turn) for x, y, w, turn in (numbers[:4], numbers[4:])
    )
    area, _ = cv2.intersectConvexConvex(one.corners.astype(np.float32), other.corners.astype(np.float32))
    if area > 1e-4 or area == 0:
        assert overlap(one, other) == (area > 0)


@FEW
@given(SEEDS)
def test_a_place_is_clear_where_no_point_on_the_way_is_missing(seed: int) -> None:
    random = np.random.default_rng(seed)
    shell = Shell((5.0, 4.0), 2.5, int(random.integers(4)), (2.0, 1.5))
    points = random.random((12, 2)) * shell.size
    inside = [point for point in points if shell.holds(Rect((point[0], point[1]), (1e-6, 1e-6)))]
    for start in inside:
        ends = np.array(inside)
        steps = start + (ends - start)[:, None] * np.linspace(0, 1, 400)[None, :, None]
        assert shell.missing is not None
        low, high = shell.missing.corners.min(0), shell.missing.corners.max(0)
        blocked = ((steps > low + 0.02) & (steps < high - 0.02)).all(2).any(1)
        grazed = ((steps > low - 0.02) & (steps < high + 0.02)).all(2).any(1)
        clear = shell.clear(start, ends)
        assert not (clear & blocked).any() and (clear | grazed).all()


@FEW
@given(SEEDS)
def test_walls_enclose_the_room_and_look_into_it(seed: int) -> None:
    shell = draw_shell(np.random.default_rng(seed))
    x, y = shell.outline.T
    area = (x @ np.roll(y, -1) - y @ np.roll(x, -1)) / 2
    assert area == pytest.approx(np.prod(shell.size) - np.prod(shell.notch))
    for wall in shell.walls:
        near = wall.point(wall.length / 2, 0.05)
        assert shell.holds(Rect(near, (0.02, 0.02)))
        assert np.array([-np.sin(wall.turn), np.cos(wall.turn)]) == pytest.approx(wall.inward)
    assert any(opening.kind == "door" for opening in shell.openings) or min(shell.size) < 3.5


def test_a_wall_has_holes_where_its_openings_are() -> None:
    openings = (
        Opening("window", 0, 1.2, 1.0, 0.8, 2.0, curtain=0.3),
        Opening("door", 0, 3.0, 0.9, 0.0, 2.0),
    )
    shell = Shell((4.0, 3.0), 2.5, openings=openings)
    plain = Surface("plain", ((0.8, 0.8, 0.8),))
    meshes = build_shell(shell, Looks(plain, plain, (plain,) * 4), {})
    corners = meshes.walls.points[meshes.walls.corners].reshape(-1, 4, 3)
    in_plane = corners[(np.abs(corners[..., 1]) < 1e-9).all(1)]
    sides = np.ptp(in_plane, axis=1)
    # The other walls end at this one; the ceiling's edge lies in its plane, but not the ceiling.
    assert (sides[:, 0] * sides[:, 2]).sum() == pytest.approx(4.0 * 2.5 - 1.0 * 1.2 - 0.9 * 2.0)
    assert corners[..., 1].min() == pytest.approx(-REVEAL)
    assert meshes.trim.points[:, 2].min() >= 0


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_surfaces_repeat_and_are_always_the_same(kind: str) -> None:
    surface = Surface(kind, ((0.7, 0.6, 0.5), (0.3, 0.25, 0.2)), size=0.12, seed=5)
    sheet = draw_surface(surface, 192)
    assert np.array_equal(sheet.colour, draw_surface(surface, 192).colour)
    assert sheet.colour.min() >= 0 and sheet.colour.max() <= 1 and sheet.side > 0
    if kind != "plain":
        assert sheet.colour.std() > 0.005
        # Across the seam it changes no more than it does inside.
        steps = np.abs(np.diff(sheet.colour, axis=0)).mean((1, 2)), np.abs(np.diff(sheet.colour, axis=1)).mean((0, 2))
        seams = (
            np.abs(sheet.colour[0] - sheet.colour[-1]).mean(),
            np.abs(sheet.colour[:, 0] - sheet.colour[:, -1]).mean(),
        )
        assert all(seam <= 1.5 * step.max() + 1e-9 for seam, step in zip(seams, steps, strict=True))


def test_unknown_surface_is_said() -> None:
    with pytest.raises(KeyError, match="planks"):
        draw_surface(Surface("lava", ((1, 0, 0),)))


def test_a_picture_is_exposed_and_balanced_once_for_both() -> None:
    random = np.random.default_rng(0)
    light = random.uniform(0.01, 0.03, (40, 60, 1)) * np.array([1.0, 0.8, 0.6])
    development = metered(light, brightness=0.3, balance=1.0)
    picture = development.apply(light)
    assert np.abs(np.ptp(picture.reshape(-1, 3).mean(0))) < 1
    grey = ((np.median(picture) / 255 + 0.055) / 1.055) ** 2.4
    assert grey == pytest.approx(0.3, rel=0.03)
    # Twice the light is never darker, and the brightest is not clipped flat.
    ramp = np.linspace(0, 0.4, 500)[None, :, None] * np.ones(3)
    steps = np.diff(development.apply(ramp)[0, :, 0].astype(int))
    assert (steps >= 0).all() and development.apply(ramp)[0, 60, 0] < 255


def test_every_extra_is_like_a_recipe() -> None:
    recipes = load_recipes()
    for item in load_rooms()["extra"]:
        assert item["model"].split("/")[0] in recipes["library"]
        assert item["id"].startswith("extra-") and min(item["size"]) > 0
