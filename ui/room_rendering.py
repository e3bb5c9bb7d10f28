"""From an arrangement on the page to a picture: the work of one render, in a thread. Knows nothing of the screen."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

import tryroom
from pipelines.errors import BadInput, TryroomError
from pipelines.geometry.camera import Camera
from pipelines.geometry.grid import draw_floor_grid
from pipelines.geometry.layer import paste
from pipelines.masks import composite
from pipelines.perception.cutout import cut_out
from pipelines.perception.room import RoomView, view_room
from pipelines.renderers import Renderer
from pipelines.room import DRAWN, Placed, draw, place_all, removed
from pipelines.schema import CameraFacts, Furniture, Image, ItemView, Mask, OnProgress, Progress, RoomRequest
from ui import pictures
from ui.messages import explain, plain
from ui.rendering import forms_of
from ui.room_state import Arrangement, Box, Outcome, Piece, Room, RoomLook, Size, Spot
from ui.tasks import Task, Turns, part

#: Shares of the work that seeing the room and loading take where they are not done yet, the end of the draft, and the
#: end of rendering proper.
_SEEN, _LOADED, _DRAFTED, _RENDERED = 0.15, 0.25, 0.35, 0.96
#: What hangs or stands on a table has no free place on the floor.
BY_HAND = ("table", "ceiling")


# --- seeing -------------------------------------------------------------------------------------------------


def see_task(room: Room, camera: CameraFacts) -> Task[RoomView]:
    """A task, not yet begun, that finds camera and floor of the photo as it is shown."""

    def work(report: OnProgress) -> RoomView:
        report(Progress(0.1, "looking for the floor"))
        return see(room, camera)

    return Task(work, "see-room")


def see(room: Room, camera: CameraFacts) -> RoomView:
    """Camera and floor of the photo as it is shown, with what is known of the camera taken for granted."""
    width = room.shown.shape[1]
    focal = None if camera.focal is None else camera.focal * width / room.pixels.shape[1]
    if camera.fov is not None:
        focal = width / 2 / float(np.tan(np.deg2rad(camera.fov) / 2))
    roll = None if camera.roll is None else float(np.deg2rad(camera.roll))
    return view_room(
        room.shown, tryroom.room_networks(), focal=focal, horizon_y=camera.horizon_y, roll=roll, height=camera.height
    )


def with_grid(jpeg: bytes, view: RoomView) -> bytes:
    """A picture of the room with the floor grid and the horizon drawn over it."""
    height, width = view.camera.size
    picture = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR_RGB)
    picture = cv2.resize(picture, (width, height), interpolation=cv2.INTER_LINEAR)
    return pictures.jpeg(draw_floor_grid(np.asarray(picture, np.uint8), view.camera, view.wall_yaw, floor=view.floor))


# --- placing ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Places:
    """Pieces with their places.

    Attributes:
        pieces: all of them; those in `left_out` as they were, the others with a place.
        placed: those that can be drawn, the farthest first.
        boxes: number → where it is seen.
        left_out: number → why it cannot be placed, as Markdown.
    """

    pieces: tuple[Piece, ...]
    placed: list[Placed]
    boxes: dict[int, Box]
    left_out: dict[int, str]


def find_places(pieces: Sequence[Piece], view: RoomView) -> Places:
    """Give every piece a place: those put by hand theirs, the others in turn one that is still free."""
    stands: dict[int, Piece] = {}
    left_out: dict[int, str] = {}
    for piece in sorted(pieces, key=lambda one: one.at is None):
        try:
            stands[piece.number] = _put(piece, tuple(stands.values()), view)
        except TryroomError as error:
            left_out[piece.number] = f"{plain(piece.title)}: {explain(error)}"
    placed, _ = place_all(tuple(piece.standing() for piece in stands.values()), view)
    numbers = {id(piece.item): piece.number for piece in stands.values()}
    boxes = {numbers[id(one.item)]: _box(one, view.camera) for one in placed}
    return Places(tuple(stands.get(piece.number, piece) for piece in pieces), placed, boxes, left_out)


def _put(piece: Piece, others: tuple[Piece, ...], view: RoomView) -> Piece:
    """The piece with a place; BadInput if there is none."""
    if piece.at is None and piece.item.place in BY_HAND:
        where = {"table": "a table", "ceiling": "the ceiling"}[piece.item.place]
        raise BadInput("place", f"something for {where}", f"a spot on {where}", "Click in the photo where it belongs.")
    standings = (*(other.standing() for other in others), piece.standing())
    placed, _ = place_all(standings, view)
    if piece.at is not None:
        return piece
    one = next(one for one in placed if one.item is piece.item)
    middle = one.placement.foot + np.array([0, 0, one.placement.size[2] / 2 if piece.item.place == "wall" else 0])
    x, y = np.nan_to_num(view.camera.project(middle[None])[0] / view.camera.size[::-1], nan=0.5).clip(0, 1)
    return replace(piece, at=(float(x), float(y)), facing=float(np.rad2deg(one.placement.yaw)))


def _box(one: Placed, camera: Camera) -> Box:
    """Where a piece is seen."""
    corners = camera.project(one.placement.corners) / camera.size[::-1]
    corners = corners[np.isfinite(corners).all(1)]
    low, high = (corners.min(0), corners.max(0)) if len(corners) else (np.zeros(2), np.zeros(2))
    left, top = (float(side) for side in low)
    width, height = (float(side) for side in high - low)
    return Box(left, top, width, height, round(float(np.rad2deg(one.placement.yaw) + 180) % 360 - 180, 1))


def own_furniture(pixels: NDArray[np.uint8], size: Sequence[float | None]) -> Furniture:
    """The shopper's own piece, from one picture of it.

    Args:
        pixels: RGB, or RGBA with its cut-out.
        size: width, depth and height in cm, as far as they were said.

    Raises:
        BadInput: a side is missing or none that things have, or there is nothing in the picture.
    """
    if any(side is None for side in size):
        missing = [name for name, side in zip(("width", "depth", "height"), size, strict=True) if side is None]
        step = "A picture does not tell how large a thing is: say it under *My own piece*."
        raise BadInput("size of your piece", f"no {', no '.join(missing)}", "width, depth and height in cm", step)
    width, depth, height = (float(side or 0) / 100 for side in size)
    view = ItemView(np.dstack([pixels[..., :3], cut_out(pixels)]))
    return Furniture((width, depth, height), (view,))


# --- rendering ----------------------------------------------------------------------------------------------


def render_task(
    room: Room, arrangement: Arrangement, seeing: Task[RoomView], loading: Task[Renderer], turns: Turns
) -> Task[Outcome]:
    """A task, not yet begun, that renders an arrangement: first a draft as it is shown, then the picture.

    Args:
        seeing: finds camera and floor of this room with this arrangement's camera.
        loading: the task that loads the renderer, shared by all who render, as are
        turns: whose turn it is.
    """

    def work(report: OnProgress) -> Outcome:
        start = time.perf_counter()
        view = seeing.follow(part(report, 0.0, 0.0 if seeing.done else _SEEN))
        report(Progress(_SEEN, "finding a place"))
        places = find_places(arrangement.pieces, view)
        settled = replace(arrangement, pieces=places.pieces)
        if not places.placed:
            return Outcome(settled, None, places.left_out)
        report(Progress(_SEEN, "drawing", draft(room, settled, places.placed, view)))
        renderer = loading.follow(part(report, _SEEN, _LOADED))
        with turns.take(part(report, _LOADED, _LOADED)):
            result = renderer.render(request_of(room, settled, places), _fuller(part(report, _DRAFTED, _RENDERED)))
        report(Progress(_RENDERED, "making the picture ready"))
        # The page says what is wrong with the photo by itself, whatever stands there.
        result = replace(result, warnings=tuple(said for said in result.warnings if said not in view.warnings))
        look = RoomLook(room, settled, places.boxes, **forms_of(room.shown, result, start))
        return Outcome(settled, look, places.left_out)

    return Task(work, "furnish")


def _fuller(report: OnProgress) -> OnProgress:
    """Passes on what rendering shows on its way once that is fuller than the draft, which has all pieces in it."""
    return lambda p: report(p if DRAWN < p.fraction < 1 else replace(p, preview=None))


def request_of(room: Room, arrangement: Arrangement, places: Places) -> RoomRequest:
    """What to render: the pieces that have a place."""
    seen = [piece for piece in arrangement.pieces if piece.number in places.boxes]
    return RoomRequest(
        room.pixels, tuple(piece.standing() for piece in seen), arrangement.camera, arrangement.mask, arrangement.remove
    )


def draft(room: Room, arrangement: Arrangement, placed: list[Placed], view: RoomView) -> Image:
    """The picture at the size of the page, at once: camera and floor are known already."""
    ground = room.shown if arrangement.remove is None else removed(room.shown, _at(room, arrangement.remove))
    drawn, _, touched = draw(ground, placed, view, lambda picture, layer, _: paste(picture, layer))
    if arrangement.mask is not None:
        touched = touched & _at(room, arrangement.mask)
    return composite(ground, drawn, touched)


def _at(room: Room, mask: Mask) -> Mask:
    """A mask at the size of the page."""
    height, width = room.shown.shape[:2]
    return np.asarray(cv2.resize(mask, (width, height), interpolation=cv2.INTER_NEAREST), np.uint8)


def camera_height(view: RoomView, ends: Sequence[Spot], metres: float) -> float:
    """How high the camera was, from a known length: a door's, from floor to top, or one on the floor.

    Args:
        ends: as fractions of the photo.

    Raises:
        BadInput: the ends cannot be those of such a length.
    """
    from pipelines.geometry.reference import camera_height_from_reference

    height, width = view.camera.size
    a, b = ((x * width, y * height) for x, y in ends)
    return camera_height_from_reference(view.camera, a, b, metres)


def resized(size: Size, side: int, metres: float, lock: bool) -> Size:
    """A size with one side set; the others grow with it if `lock`."""
    factor = metres / size[side] if lock else 1.0
    width, depth, height = (metres if place == side else round(length * factor, 4) for place, length in enumerate(size))
    return width, depth, height
