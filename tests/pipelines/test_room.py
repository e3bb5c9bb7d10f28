"""Furniture in rooms: only the mask changes, places and sizes are right, and what cannot stand is said."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from pipelines import room
from pipelines.errors import BadInput, RenderCancelled
from pipelines.geometry.camera import Camera
from pipelines.geometry.layer import paste
from pipelines.perception.room import RoomNetworks, RoomView
from pipelines.schema import CameraFacts, Furniture, Image, ItemView, RoomRequest, Standing
from tests.pipelines.boxes import catalog_box

SIZE = (360, 480)
CAMERA = Camera(SIZE, focal=400, pitch=0.2, height=1.5)


def floor_polygon(corners: list[tuple[float, float]]) -> Image:
    """A mask of the floor between world (x, y) corners."""
    mask = np.zeros(SIZE, np.uint8)
    points = CAMERA.project(np.hstack([np.array(corners), np.zeros((len(corners), 1))]))
    cv2.fillConvexPoly(mask, np.rint(points).astype(np.int32), 255)
    return mask


@pytest.fixture
def view() -> RoomView:
    """A room 4 m wide whose back wall is 5 m away."""
    floor = floor_polygon([(-2, 1.9), (2, 1.9), (2, 5), (-2, 5)])
    sure = dict.fromkeys(("horizon", "focal", "floor", "walls"), 1.0)
    return RoomView(CAMERA, sure, 0.0, floor, floor, np.zeros((0, 4), np.float32), ())


@pytest.fixture
def photo(view: RoomView) -> Image:
    picture = np.full((*SIZE, 3), (225, 220, 210), np.uint8)
    picture[view.floor > 0] = (150, 115, 80)
    return np.clip(picture + np.random.default_rng(0).normal(0, 3, picture.shape), 0, 255).astype(np.uint8)


@pytest.fixture
def chest() -> Furniture:
    """A box 1 m wide, 0.5 m deep, 0.8 m high."""
    return catalog_box((1.0, 0.5, 0.8))


def rendered(photo: Image, view: RoomView, monkeypatch: pytest.MonkeyPatch, *items: Standing, **more: object):
    monkeypatch.setattr(room, "view_room", lambda *_, **__: view)
    return room.render_room(RoomRequest(photo, items, **more), NOTHING, drawn, {"task": "room"})


NOTHING = RoomNetworks(lambda photo, _: (*np.zeros((2, *photo.shape[:2]), np.uint8), 0.0), lambda photo, _: (1.5, 0.5))


def drawn(canvas, layer, scene):
    """An item in its own light, with its drawn shadow."""
    return paste(canvas, layer)


def test_only_the_mask_changes_and_the_item_is_as_tall_as_it_is(photo, view, chest, monkeypatch):
    found = rendered(photo, view, monkeypatch, Standing(chest, at=(0.5, 0.8)))
    assert np.array_equal(found.image[found.mask == 0], photo[found.mask == 0])
    placed = found.recipe["placed"][0]
    top, height = placed["box"][1], placed["box"][3]
    item = found.steps["hint"].max(2) > 0
    rows = np.flatnonzero(item.any(1))
    assert rows[0] == pytest.approx(top, abs=3)
    assert rows[-1] - rows[0] == pytest.approx(height, abs=4)
    # Its front edge stands nearer than its middle, so it is a little taller than that many metres.
    assert 0.8 * placed["px_per_m"] < height < 1.5 * placed["px_per_m"]


def test_it_stands_where_it_was_put_and_casts_a_shadow_there(photo, view, chest, monkeypatch):
    found = rendered(photo, view, monkeypatch, Standing(chest, at=(0.4, 0.75), yaw=0))
    x, y = found.recipe["placed"][0]["at_m"]
    pixel = CAMERA.project(np.array([[x, y, 0.0]]))[0]
    assert pixel == pytest.approx((0.4 * SIZE[1], 0.75 * SIZE[0]), abs=0.5)
    left, top, width, height = found.recipe["placed"][0]["box"]
    beside = (slice(top + height - 4, top + height + 4), slice(left + width + 1, left + width + 8))
    assert found.image[beside].mean() < photo[beside].mean() - 4


def test_the_nearer_of_two_items_hides_the_farther(photo, view, chest, monkeypatch):
    far, near = Standing(chest, at=(0.5, 0.62)), Standing(catalog_box((0.5, 0.5, 0.5)), at=(0.5, 0.75))
    both = [rendered(photo, view, monkeypatch, *items).image for items in ((far, near), (near, far))]
    assert np.array_equal(*both)
    only_far = rendered(photo, view, monkeypatch, far).image
    assert not np.array_equal(both[0], only_far)


def test_an_item_finds_a_free_place_along_the_wall(photo, view, chest, monkeypatch):
    found = rendered(photo, view, monkeypatch, Standing(chest))
    x, y = found.recipe["placed"][0]["at_m"]
    assert y == pytest.approx(4.75, abs=0.25)
    assert abs(x) < 1.5
    assert found.warnings == ()


def test_two_items_do_not_look_for_the_same_place(photo, view, chest, monkeypatch):
    found = rendered(photo, view, monkeypatch, Standing(chest), Standing(chest))
    (a, b) = (np.array(one["at_m"]) for one in found.recipe["placed"])
    assert abs(a - b).max() >= 0.5


def test_what_fits_nowhere_is_said_with_what_it_needs_and_what_there_is(photo, view, monkeypatch):
    with pytest.raises(BadInput, match=r"free floor: got [34]\.\d m free; allowed: 4\.5 m x 1\.0 m for this item"):
        rendered(photo, view, monkeypatch, Standing(catalog_box((4.5, 1.0, 0.8))))


def test_where_the_camera_is_a_guess_nothing_is_placed_by_itself(photo, view, chest, monkeypatch):
    unsure = replace(view, confidence={**view.confidence, "horizon": 0.05})
    with pytest.raises(BadInput, match="Click a spot"):
        rendered(photo, unsure, monkeypatch, Standing(chest))
    assert rendered(photo, unsure, monkeypatch, Standing(chest, at=(0.5, 0.8))).recipe["placed"]


def test_put_by_hand_it_is_not_squeezed_but_said(photo, view, chest, monkeypatch):
    found = rendered(photo, view, monkeypatch, Standing(chest, at=(0.02, 0.7), name="The chest"))
    assert found.recipe["placed"][0]["size_cm"] == [100, 50, 80]
    assert found.warnings[0].startswith("The chest needs 1.0 m x 0.5 m, and there is not that much free floor")


def test_nothing_stands_above_the_horizon(photo, view, chest, monkeypatch):
    with pytest.raises(BadInput, match="above the horizon"):
        rendered(photo, view, monkeypatch, Standing(chest, at=(0.5, 0.05)))


def test_what_is_black_in_the_mask_stays_in_front(photo, view, chest, monkeypatch):
    allowed = np.full(SIZE, 255, np.uint8)
    allowed[:, 240:] = 0
    found = rendered(photo, view, monkeypatch, Standing(chest, at=(0.5, 0.8)), mask=allowed)
    assert np.array_equal(found.image[:, 240:], photo[:, 240:])
    assert not np.array_equal(found.image[:, :240], photo[:, :240])


def test_an_old_piece_is_painted_over(photo, view, chest, monkeypatch):
    old = photo.copy()
    old[150:200, 60:120] = (200, 30, 30)
    remove = np.zeros(SIZE, np.uint8)
    remove[150:200, 60:120] = 255
    found = rendered(old, view, monkeypatch, Standing(chest, at=(0.8, 0.8)), remove=remove)
    where = found.image[150:200, 60:120].reshape(-1, 3).astype(int)
    assert (where[:, 0] - where[:, 1] < 80).all()


def test_a_rug_lies_flat_on_the_floor_only(photo, view, monkeypatch):
    plan = np.zeros((64, 64, 4), np.uint8)
    plan[20:44] = (180, 20, 20, 255)
    rug = Furniture((2.0, 1.4, 0.01), (ItemView(plan, (0, 90)),), "rug")
    found = rendered(photo, view, monkeypatch, Standing(rug, at=(0.5, 0.7)))
    changed = np.abs(found.image.astype(int) - photo).max(2) > 40
    assert changed.sum() > 500
    assert not changed[cv2.dilate(view.floor, np.ones((9, 9))) == 0].any()


def test_a_picture_hangs_on_the_wall_whose_foot_is_below(photo, view, monkeypatch):
    art = catalog_box((0.6, 0.03, 0.8), "wall")
    found = rendered(photo, view, monkeypatch, Standing(art, at=(0.5, 0.2)))
    left, top, width, height = found.recipe["placed"][0]["box"]
    assert (left + width / 2) / SIZE[1] == pytest.approx(0.5, abs=0.02)
    assert (top + height / 2) / SIZE[0] == pytest.approx(0.2, abs=0.02)
    assert found.recipe["placed"][0]["at_m"][1] == pytest.approx(5, abs=0.15)


def test_where_no_floor_is_seen_a_picture_hangs_as_far_away_as_walls_mostly_are(photo, view, monkeypatch):
    bare = replace(view, floor=np.zeros(SIZE, np.uint8), free=np.zeros(SIZE, np.uint8))
    found = rendered(photo, bare, monkeypatch, Standing(catalog_box((0.6, 0.03, 0.8), "wall"), at=(0.5, 0.2)))
    assert found.recipe["placed"][0]["at_m"][1] == pytest.approx(room.WALL, abs=0.1)


def test_a_lamp_for_a_table_needs_to_be_told_where(photo, view, monkeypatch):
    lamp = catalog_box((0.3, 0.3, 0.5), "table")
    with pytest.raises(BadInput, match="--at X Y"):
        rendered(photo, view, monkeypatch, Standing(lamp))
    found = rendered(photo, view, monkeypatch, Standing(lamp, at=(0.5, 0.75)))
    assert found.image.shape == photo.shape


def test_what_is_known_of_the_camera_is_handed_on(photo, chest, monkeypatch):
    asked = {}

    def note(picture: Image, networks: object, **known: object) -> None:
        asked.update(known)
        raise BadInput("stop", "", "", "")

    monkeypatch.setattr(room, "view_room", note)
    with pytest.raises(BadInput):
        room.render_room(RoomRequest(photo, (Standing(chest),), CameraFacts(1.2, fov=90, roll=2.0)), NOTHING, drawn, {})
    assert asked["focal"] == pytest.approx(SIZE[1] / 2)
    assert asked["height"] == 1.2
    assert asked["roll"] == pytest.approx(np.deg2rad(2))


def test_cancelling_stops_between_stages(photo, view, chest, monkeypatch):
    monkeypatch.setattr(room, "view_room", lambda *_, **__: view)
    seen = []

    def cancel(progress: object) -> None:
        seen.append(progress.fraction)
        if progress.fraction >= 0.6:
            raise RenderCancelled

    with pytest.raises(RenderCancelled):
        room.render_room(RoomRequest(photo, (Standing(chest),)), NOTHING, drawn, {}, cancel)
    assert seen == sorted(seen)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"size": (1.0, 0.5, 0.0)}, "1 to 1000 cm"),
        ({"place": "garden"}, "floor, wall, ceiling, table, rug"),
        ({"views": (ItemView(np.zeros((9, 9, 4), np.uint8)),)}, "nothing to see"),
    ],
)
def test_furniture_that_cannot_be_is_refused(chest, change, says):
    with pytest.raises(BadInput, match=says):
        replace(chest, **change)


@pytest.mark.parametrize(("facts", "says"), [({"height": 9}, "0.2 to 5 m"), ({"fov": 200}, "10 to 130 degrees")])
def test_a_camera_that_cannot_be_is_refused(facts, says):
    with pytest.raises(BadInput, match=says):
        CameraFacts(**facts)
