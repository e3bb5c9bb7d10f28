"""View in your room: items with their real sizes, standing in a photo of a room.

look (camera and floor) → clear (take an old piece away) → place (where, how large, which side) → draw (picture, light
and shadow, far to near) → paste.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.errors import BadInput
from pipelines.geometry.depth import depth_map
from pipelines.geometry.free_floor import FloorMap, find_place, is_free, map_floor, occupy, widest
from pipelines.geometry.grid import draw_floor_grid
from pipelines.geometry.layer import Layer, Scene, bring
from pipelines.geometry.placement import Placement, outline, stands_at
from pipelines.masks import composite, dilate, filled
from pipelines.perception.room import RoomNetworks, RoomView, view_room
from pipelines.schema import Furniture, Image, Mask, OnProgress, Progress, RenderResult, RoomRequest, Standing

Array = NDArray[np.float32]
#: Lights an item in a room: see `pipelines.diffusion.harmoniser.Harmoniser`; `pipelines.geometry.layer.paste` does it
#: without a network.
Harmonise = Callable[[Array, Layer, Scene], Array]

#: Height of a table's top and of a ceiling, and how far away a wall is, metres, where nothing tells.
TABLE, CEILING, WALL = 0.74, 2.5, 3.0
#: Farther off than this nothing is placed: a pixel there is too many centimetres.
FARTHEST = 15.0
#: Of an item's foot this share has to be on free floor, or the person is told.
ENOUGH_FREE = 0.9
#: A mask drawn by hand rarely covers the edge of what it covers: it is grown by this share of the photo's longer side.
REMOVE_MARGIN = 0.008


@dataclass(frozen=True, eq=False)
class Placed:
    """An item with its place found."""

    item: Furniture
    placement: Placement
    distance: float


@dataclass(frozen=True, eq=False)
class Drawn:
    """Items drawn into a room, for whoever paints over them.

    Attributes:
        room: RGB uint8 (H, W, 3), the photo, cleared. picture: with the items in its light.
        placed: the items from far to near. view: what the photo tells.
    """

    room: Image
    picture: Image
    placed: list[Placed]
    view: RoomView


#: Paints over what was drawn: the picture, and uint8 (H, W), 255 = painted. Reports from 0.75 to 0.95.
Paint = Callable[[Drawn, RoomRequest, OnProgress], tuple[Image, Mask]]
#: Share of the work after which what is shown on the way has the items in it.
DRAWN = 0.7


def render_room(
    request: RoomRequest,
    networks: RoomNetworks,
    harmonise: Harmonise,
    recipe: Mapping[str, Any],
    on_progress: OnProgress | None = None,
    paint: Paint | None = None,
) -> RenderResult:
    """Render items in a room.

    Args:
        request: what to render.
        networks: what finds floor and camera. harmonise: lights the items.
        recipe: what to note in the result; what was found of camera and places is added.
        on_progress: called between stages.
        paint: paints over what was drawn; None = it stays as it is.

    Raises:
        BadInput: an item that fits nowhere, or a place that is not on the floor.
        RenderCancelled: raised by `on_progress`.
    """
    report = on_progress or (lambda _: None)
    report(Progress(0.0, "looking at the room"))
    view = look(request, networks)
    report(Progress(0.5, "clearing", request.room))
    room = request.room if request.remove is None else removed(request.room, request.remove)
    report(Progress(0.6, "finding a place", room))
    placed, warnings = place_all(request.items, view)
    report(Progress(DRAWN, "rendering", room))
    drawn, hint, touched = draw(room, placed, view, harmonise)
    if paint is not None:
        drawn, repainted = paint(Drawn(room, drawn, placed, view), request, report)
        touched = touched | repainted
    mask = touched if request.remove is None else touched | dilate(request.remove, remove_margin(room))
    mask = mask if request.mask is None else mask & np.where(request.mask > 127, 255, 0).astype(np.uint8)
    image = composite(request.room, drawn, mask)
    report(Progress(1.0, "done", image))
    steps = {
        "mask": np.repeat(mask[..., None], 3, 2),
        "grid": draw_floor_grid(request.room, view.camera, view.wall_yaw),
        "hint": hint,
    }
    return RenderResult(image, mask, steps, {**recipe, **found(view, placed)}, (*view.warnings, *warnings))


def look(request: RoomRequest, networks: RoomNetworks) -> RoomView:
    """Camera and floor of the room, with what is known of the camera taken for granted."""
    known = request.camera
    focal = known.focal
    if known.fov is not None:
        focal = request.room.shape[1] / 2 / float(np.tan(np.deg2rad(known.fov) / 2))
    roll = None if known.roll is None else float(np.deg2rad(known.roll))
    return view_room(request.room, networks, focal=focal, horizon_y=known.horizon_y, roll=roll, height=known.height)


def found(view: RoomView, placed: list[Placed]) -> dict[str, Any]:
    """What the recipe tells of the camera and of every item, in the order of their depth."""
    camera = view.camera
    return {
        "horizon_y": round(camera.horizon_y, 4),
        "focal_px": round(camera.focal, 1),
        "roll": round(float(np.rad2deg(camera.roll)), 2),
        "camera_height": round(camera.height, 3),
        "confidence": {name: round(float(value), 3) for name, value in view.confidence.items()},
        "placed": [
            {
                "px_per_m": round(camera.px_per_m(one.placement.foot), 2),
                "yaw": round(float((np.rad2deg(one.placement.yaw) + 180) % 360 - 180), 1),
                "box": list(cv2.boundingRect(outline(camera, one.placement))),
                "at_m": [round(float(x), 3) for x in one.placement.at],
                "size_cm": [round(100 * side, 1) for side in one.placement.size],
            }
            for one in placed
        ],
    }


# --- where ----------------------------------------------------------------------------------------------------------


def place_all(items: tuple[Standing, ...], view: RoomView) -> tuple[list[Placed], tuple[str, ...]]:
    """Every item's place, the farthest first, and what the person should know."""
    floor = map_floor(view.camera, view.free, view.wall_yaw)
    placed: list[Placed] = []
    warnings: list[str] = []
    # What the person put somewhere stays there; what is looked for takes the floor that is left.
    for standing in sorted(items, key=lambda one: one.at is None):
        size = standing.size or standing.item.size
        if standing.item.place == "wall":
            placement = on_wall(standing, size, view)
        elif standing.at is None:
            placement = somewhere(standing, size, view, floor)
        else:
            placement = where_told(standing, size, view)
            warnings += crowded(standing, placement, floor)
        distance = float(np.hypot(*placement.at))
        if standing.item.place == "floor":
            floor = occupy(floor, placement)
        placed.append(Placed(standing.item, placement, distance))
    # A rug lies under what stands on it.
    placed.sort(key=lambda one: (one.item.place != "rug", -one.distance))
    return placed, tuple(warnings)


def somewhere(standing: Standing, size: tuple[float, float, float], view: RoomView, floor: FloorMap) -> Placement:
    """A free place on the floor."""
    if standing.item.place in ("table", "ceiling"):
        got = f"an item of the {standing.item.place}, and no place for it"
        raise BadInput("place in the photo", got, "a place that you choose", "Click a spot, or give it with --at X Y.")
    if view.is_guessed:
        got, allowed = (
            "a photo without straight edges to tell it by",
            "a camera that is known, or a place that you choose",
        )
        raise BadInput("camera", got, allowed, "Click a spot, or set the horizon to eye height.")
    best = find_place(floor, view.camera, size)
    if best is None:
        needs = f"{size[0]:.1f} m x {size[1]:.1f} m"
        free = f"{widest(floor, size[1]):.1f} m"
        step = "Choose something smaller, or say yourself where it shall stand."
        raise BadInput("free floor", f"{free} free", f"{needs} for this item", step)
    if standing.yaw is None:
        return best
    return Placement(best.at, float(np.deg2rad(standing.yaw)), size, best.base)


def where_told(standing: Standing, size: tuple[float, float, float], view: RoomView) -> Placement:
    """The place in the photo that the person chose."""
    assert standing.at is not None
    base = {"table": TABLE, "ceiling": CEILING - size[2]}.get(standing.item.place, 0.0)
    at = stands_at(view.camera, *standing.at, z=base)
    if at is None or np.hypot(*at) > FARTHEST:
        got = f"{standing.at[0]:g}, {standing.at[1]:g}, at or above the horizon"
        allowed = f"a place on the floor, below {view.camera.horizon_y:.2f} of the photo's height"
        raise BadInput("place in the photo", got, allowed, "Choose a lower place, or correct the horizon.")
    yaw = facing(at, view.wall_yaw) if standing.yaw is None else float(np.deg2rad(standing.yaw))
    return Placement(at, yaw, size, base)


def facing(at: tuple[float, float], wall_yaw: float) -> float:
    """The yaw along the walls with which an item there looks most at the viewer."""
    turns = [wall_yaw + quarter * np.pi / 2 for quarter in range(4)]
    return float(max(turns, key=lambda yaw: -at[0] * np.sin(yaw) + at[1] * np.cos(yaw)))


def on_wall(standing: Standing, size: tuple[float, float, float], view: RoomView) -> Placement:
    """Hang an item where the person points, or in the middle of the wall ahead: on the wall whose foot is below."""
    camera = view.camera
    x, y = standing.at or (0.5, camera.horizon_y - 0.12)
    column = int(np.clip(x * camera.size[1], 0, camera.size[1] - 1))
    rows = np.flatnonzero(view.floor[:, column] > 127)
    if len(rows):
        foot = rows.min() / camera.size[0]
        at = stands_at(camera, x, float(foot))
    else:
        # No floor is seen below: a wall as far away as walls mostly are.
        level = camera.rays(np.array([[x * camera.size[1], camera.horizon_y * camera.size[0]]]))[0, :2]
        foot, at = 1.0, tuple(WALL * level / np.hypot(*level))
    if at is None or foot <= y:
        allowed = "a place above the floor"
        raise BadInput("place in the photo", f"{x:g}, {y:g}", allowed, "Click the wall above where floor is seen.")
    yaw = facing(at, view.wall_yaw) if standing.yaw is None else float(np.deg2rad(standing.yaw))
    # The wall's plane through its foot; the ray through the place in the photo meets it at the item's middle.
    normal = np.array([np.sin(yaw), -np.cos(yaw), 0.0])
    ray = camera.rays(np.array([[x * camera.size[1], y * camera.size[0]]]))[0]
    eye = np.array([0, 0, camera.height])
    meets = eye + ray * float(normal @ (np.array([*at, 0.0]) - eye) / (normal @ ray))
    middle = meets + normal * size[1] / 2
    return Placement((float(middle[0]), float(middle[1])), yaw, size, float(middle[2] - size[2] / 2))


def crowded(standing: Standing, placement: Placement, floor: FloorMap) -> list[str]:
    """A word of warning where an item stands on more than free floor; never squeezed to fit."""
    if standing.item.place != "floor" or is_free(floor, placement) >= ENOUGH_FREE:
        return []
    width, depth, _ = placement.size
    return [
        f"{standing.name} needs {width:.1f} m x {depth:.1f} m, and there is not that much free floor where it stands."
    ]


# --- what it looks like ---------------------------------------------------------------------------------------------


def draw(room: Image, placed: list[Placed], view: RoomView, harmonise: Harmonise) -> tuple[Image, Image, Mask]:
    """Draw the items into the room, far to near.

    Returns:
        The finished picture, the bare items on black (the hint), and a mask of what has changed.
    """
    canvas, hint = room.astype(np.float32), np.zeros(room.shape, np.float32)
    scene = Scene(view.camera, depth_map(view.camera, view.floor), view.floor)
    for one in placed:
        layer = bring(one.item, one.placement, view.camera, view.floor)
        canvas = harmonise(canvas, layer, scene)
        hint += layer.alpha[..., None] * (layer.rgb - hint)
    drawn, bare = (np.clip(np.rint(x), 0, 255).astype(np.uint8) for x in (canvas, hint))
    return drawn, bare, np.where((drawn != room).any(2), 255, 0).astype(np.uint8)


def remove_margin(room: Image) -> float:
    """Pixels by which a mask of what to remove is grown."""
    return REMOVE_MARGIN * max(room.shape[:2])


def removed(room: Image, mask: Mask) -> Image:
    """The room with what is under the mask (H, W), and a little more, painted over by what surrounds it."""
    return filled(room, dilate(mask, remove_margin(room)))
