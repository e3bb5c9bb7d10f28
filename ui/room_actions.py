"""What clicks on "Your room" do to the room, its camera and its masks; `piece_actions` to what stands in it.

Called as widget callbacks, before the page is drawn again.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import numpy as np

from pipelines import images
from pipelines.errors import BadInput, TryroomError
from pipelines.perception.boxed import grab_box
from pipelines.perception.room import RoomView
from pipelines.schema import CameraFacts, Mask
from recommend.schema import RoomContext
from ui import actions, choosing, loaders, pictures
from ui.marking import Purpose
from ui.messages import explain
from ui.room_rendering import camera_height, render_task, see_task
from ui.room_state import MOST_STEPS, Arrangement, Marking, Room, RoomLook, RoomVisit, room_visit
from ui.tasks import Task

#: Places on the page that say what is wrong with the room or with what was done to it.
ROOM_PLACES = ("photo", "room", "mask", "remove", "reference", "look")


# --- pictures in --------------------------------------------------------------------------------------------


def accept_room(data: bytes) -> None:
    """A photo of a room."""
    pixels = images.load_image_bytes(data, what="room photo")
    enter(Room("your room", pixels, pictures.fit(pixels, pictures.SHOWN_SIDE), images.focal_from_exif(data)))


def choose_demo(name: str, image: Path) -> None:
    """Furnish a demo room."""
    state = room_visit()
    state.trouble.pop("photo", None)
    try:
        pixels = images.load_image(image, what="room photo")
    except TryroomError as error:
        state.trouble["photo"] = explain(error)
        return
    enter(Room(name, pixels, pictures.fit(pixels, pictures.SHOWN_SIDE)))


def accept_own(data: bytes) -> None:
    """A picture of the shopper's own piece."""
    pixels = images.load_image_bytes(data, what="picture of your piece", keep_alpha=True)
    room_visit().own = pictures.fit(pixels, pictures.SHOWN_SIDE)


def accept_mask(data: bytes) -> None:
    """A mask of what stands in front."""
    state = room_visit()
    mask = actions.mask_for(state.room.pixels if state.room else None, data, "picture")
    change(replace(state.arrangement, mask=mask))


def accept_removal(data: bytes) -> None:
    """A mask of what is taken away first."""
    state = room_visit()
    mask = actions.mask_for(state.room.pixels if state.room else None, data, "picture")
    change(replace(state.arrangement, remove=mask))


def drop_mask(name: Literal["mask", "remove"]) -> None:
    """Let go of a mask."""
    arrangement = room_visit().arrangement
    change(replace(arrangement, mask=None) if name == "mask" else replace(arrangement, remove=None))


# --- the room -----------------------------------------------------------------------------------------------


def enter(room: Room) -> None:
    """Step into a room: an empty one, the pieces of the last one stay with its pictures."""
    state = room_visit()
    state.drop_render()
    state.room, state.picking = room, False
    state.tries += 1
    camera, renderer = CameraFacts(focal=room.focal), state.arrangement.renderer
    state.arrangement, state.before, state.chosen = Arrangement(camera=camera, renderer=renderer), [], None
    state.look, state.left_out, state.comparing, state.marks = None, {}, False, None
    state.masking = None
    for place in ROOM_PLACES:
        state.trouble.pop(place, None)
    look_at(state, room)


def look_at(state: RoomVisit, room: Room) -> None:
    """Begin to find out where the floor is, and what would go with the room."""
    state.found = state.view = None
    state.finding = state.seeing = seeing = see_task(room, state.arrangement.camera).start()

    def read(report: Any) -> RoomContext:
        seeing.follow(report)  # one after the other: what is seen is waited for, what goes with it is not
        return loaders.look_at_room(room.shown, report)

    state.looking = Task(read, "look-at-room").start()


def see_again(state: RoomVisit) -> None:
    """Find the floor anew, with what the shopper said of the camera."""
    if state.room is None:
        return
    if state.seeing is not None and state.seeing is not state.finding:
        state.seeing.cancel()
    state.seeing = see_task(state.room, state.arrangement.camera).start()


def settle(state: RoomVisit) -> None:
    """Take in what tasks have finished since the page was drawn."""
    seeing = state.seeing
    if seeing is not None and seeing.done:
        if seeing.error is None:
            state.view = seeing.result()
        else:
            state.trouble["photo"] = explain(seeing.error)
    if state.finding is not None and state.finding.done and state.finding.error is None:
        state.found = state.finding.result()
    actions.looked(state, "photo")
    choosing.settle(state, use_renderer)
    outcome = actions.finished(state, "room")
    if outcome is None:
        return
    state.arrangement, state.left_out = outcome.arrangement, outcome.left_out
    if outcome.look is not None:
        state.history.add(outcome.look, instead_of=state.look if state.small_step else None)
    state.look = outcome.look


# --- arranging ----------------------------------------------------------------------------------------------


def change(arrangement: Arrangement, *, small: bool = False) -> None:
    """Arrange the room anew; what was there can be brought back.

    Args:
        small: whether it is a nudge, which needs no place of its own in the history.
    """
    state = room_visit()
    state.before = [*state.before[-MOST_STEPS + 1 :], state.arrangement]
    _arrange(state, arrangement)
    state.small_step = small


def undo() -> None:
    """Take the last step back."""
    state = room_visit()
    if state.before:
        *state.before, arrangement = state.before
        _arrange(state, arrangement)


def _arrange(state: RoomVisit, arrangement: Arrangement) -> None:
    seen_anew = arrangement.camera != state.arrangement.camera
    state.arrangement, state.small_step = arrangement, False
    if arrangement.piece(state.chosen) is None:
        state.chosen = arrangement.pieces[-1].number if arrangement.pieces else None
    if seen_anew:
        see_again(state)
    redraw()


def redraw() -> None:
    """Begin to render what stands in the room; another render under way is given up."""
    state = room_visit()
    state.drop_render()
    state.trouble.pop("room", None)
    state.left_out = {}
    if state.room is None or state.seeing is None or not state.arrangement.pieces:
        state.look, state.comparing = None, False
        return
    known = next((look for look in state.history if look.arrangement is state.arrangement), None)
    if known is not None and len(known.boxes) == len(state.arrangement.pieces):
        state.look = known
        return
    if state.seeing.error is not None:
        see_again(state)
    loading = loaders.fresh_renderer(choosing.now(state), "room")
    state.render = render_task(state.room, state.arrangement, state.seeing, loading, loaders.turns()).start()


def drop_render() -> None:
    """Give up the render under way."""
    room_visit().drop_render()


def recall(place: int) -> None:
    """Bring a picture back from the history, with its room and all that stood there."""
    state = room_visit()
    look: RoomLook = state.history[place]
    state.drop_render()
    if look.room is not state.room:
        enter(look.room)
        state.arrangement = look.arrangement
        if look.arrangement.camera != CameraFacts(focal=look.room.focal):
            see_again(state)
    else:
        state.before = [*state.before[-MOST_STEPS + 1 :], state.arrangement]
        _arrange(state, look.arrangement)
    state.trouble.clear()
    state.look, state.left_out = look, {}
    state.chosen = look.arrangement.pieces[-1].number


# --- the camera ---------------------------------------------------------------------------------------------


def set_camera(camera: CameraFacts) -> None:
    """Say what is known of the camera."""
    change(replace(room_visit().arrangement, camera=camera))


def as_found() -> None:
    """Take the camera as it was found in the photo."""
    state = room_visit()
    change(replace(state.arrangement, camera=CameraFacts(focal=state.room.focal if state.room else None)))


def mark(open_: bool, what: Marking = "length") -> None:
    """Begin to mark a known length or a box, or stop it."""
    state = room_visit()
    state.marks, state.marking, state.comparing = () if open_ else None, what, False
    state.masking = None  # one thing is marked at a time
    state.trouble.pop("reference" if what == "length" else what, None)


def take_box() -> None:
    """Take what is in the box that was marked as standing in front, or as to be taken away."""
    state = room_visit()
    if state.room is None or state.marks is None or len(state.marks) != 2 or state.marking not in ("mask", "remove"):
        return
    what = state.marking
    try:
        thing = grab_box(state.room.pixels, *state.marks)
    except BadInput as error:
        state.trouble[what] = explain(error)
        return
    mark(False, what)
    _add_to_mask(what, thing)


def use_mask(purpose: Purpose, mask: Mask) -> None:
    """Take what was marked in the photo as it is shown as standing in front, or as to be taken away."""
    state = room_visit()
    if state.room is not None:
        _add_to_mask(purpose, pictures.resized(mask, state.room.pixels))


def _add_to_mask(purpose: Purpose, thing: Mask) -> None:
    """Add a thing (H, W), 255 there, to what stands in front or to what is taken away."""
    arrangement = room_visit().arrangement
    if purpose == "remove":
        old = thing if arrangement.remove is None else arrangement.remove
        change(replace(arrangement, remove=np.maximum(thing, old)))
    else:
        old = 255 - thing if arrangement.mask is None else arrangement.mask
        change(replace(arrangement, mask=np.minimum(255 - thing, old)))


def use_renderer(name: str) -> None:
    """Have the picture, and the next ones, made by a renderer, which is loaded."""
    state = room_visit()
    arrangement = replace(state.arrangement, renderer=name)
    if arrangement.pieces:
        change(arrangement)
    else:  # nothing to see, and nothing to take back
        state.arrangement = arrangement


def measure(metres: float) -> None:
    """Take the camera's height from the length that was marked."""
    state = room_visit()
    if state.view is None or state.marks is None or len(state.marks) != 2:
        return
    try:
        height = camera_height(state.view, state.marks, metres)
        facts = replace(state.arrangement.camera, height=round(height, 3))
    except BadInput as error:
        state.trouble["reference"] = explain(error)
        return
    mark(False)
    change(replace(state.arrangement, camera=facts))


def seen(state: RoomVisit) -> RoomView | None:
    """The room as it is seen with the camera of now; None while that is found out."""
    seeing = state.seeing
    return state.view if seeing is not None and seeing.done and seeing.error is None else None
