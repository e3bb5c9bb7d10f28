"""What clicks on "Your room" do to the pieces in it: each stands, moves, turns and goes. Called as widget callbacks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import tryroom
from pipelines import furniture
from pipelines.errors import BadInput, TryroomError
from recommend.schema import Item
from ui.messages import explain
from ui.room_actions import change
from ui.room_rendering import own_furniture, resized
from ui.room_state import Piece, Size, Spot, room_visit

#: Degrees of one turn, and how far one nudge goes, as a share of the photo.
TURN, NUDGE = 15.0, 0.01


def place_item(item: Item, picture: Path) -> None:
    """Put an item of the catalog on a free place."""
    place_items([(item, picture)])


def place_items(items: Sequence[tuple[Item, Path]]) -> None:
    """Put items of the catalog on free places, in one step."""
    try:
        found = [furniture.read_furniture(tryroom.furniture_files(picture.parent, item)) for item, picture in items]
    except TryroomError as error:
        room_visit().trouble["room"] = explain(error)
        return
    place([
        Piece(0, item.title, own, item.price, item.currency, item_id=item.id)
        for (item, _), own in zip(items, found, strict=True)
    ])  # fmt: skip


def place_own() -> None:
    """Put the shopper's own piece on a free place."""
    state = room_visit()
    state.trouble.pop("own", None)
    if state.own is None:
        return
    try:
        own = own_furniture(state.own, state.own_size)
    except TryroomError as error:
        state.trouble["own"] = explain(error)
        return
    place([Piece(0, "Your own piece", own)])


def place(pieces: Sequence[Piece]) -> None:
    """Put pieces on free places, and give them their numbers."""
    state = room_visit()
    numbered = tuple(replace(piece, number=state.pieces + 1 + order) for order, piece in enumerate(pieces))
    state.pieces += len(numbered)
    state.tries += 1
    state.picking = state.comparing = False
    state.chosen = state.pieces
    change(replace(state.arrangement, pieces=(*state.arrangement.pieces, *numbered)))


def remove(number: int) -> None:
    """Take a piece out of the room."""
    arrangement = room_visit().arrangement
    change(replace(arrangement, pieces=tuple(piece for piece in arrangement.pieces if piece.number != number)))


def choose(number: int) -> None:
    """Choose which piece is moved and turned."""
    room_visit().chosen = number


def move(at: Spot, how: str) -> None:
    """Move the chosen piece.

    Args:
        at: fractions of the photo.
        how: "click", after which it looks for its wall anew; "drag" or "key", with which it keeps its direction.
    """
    state = room_visit()
    piece = state.piece
    if piece is None:
        return
    at = (min(max(at[0], 0.0), 1.0), min(max(at[1], 0.0), 1.0))
    facing = None if how == "click" else piece.facing
    change(state.arrangement.with_piece(replace(piece, at=at, facing=facing)), small=how == "key")


def nudge(x: int, y: int) -> None:
    """Move the chosen piece by small steps."""
    piece = room_visit().piece
    if piece is not None and piece.at is not None:
        move((piece.at[0] + NUDGE * x, piece.at[1] + NUDGE * y), "key")


def turn(steps: int) -> None:
    """Turn the chosen piece by steps of 15 degrees from how it stands."""
    state = room_visit()
    piece = state.piece
    if piece is not None:
        box = state.look.boxes.get(piece.number) if state.look is not None else None
        now = piece.yaw if piece.yaw is not None else (box.yaw if box is not None else 0.0)
        set_yaw(now + TURN * steps, small=True)


def set_yaw(yaw: float | None, *, small: bool = False) -> None:
    """Turn the chosen piece to a direction in degrees; None = along the walls."""
    state = room_visit()
    if state.piece is not None:
        yaw = None if yaw is None else (yaw + 180) % 360 - 180
        change(state.arrangement.with_piece(replace(state.piece, yaw=yaw)), small=small)


def set_side(side: int, centimetres: float, lock: bool) -> None:
    """Make the chosen piece in another size.

    Args:
        side: 0 = width, 1 = depth, 2 = height.
        lock: whether the other sides keep their proportion to it.
    """
    piece = room_visit().piece
    if piece is not None:
        _set_size(resized(piece.measures, side, centimetres / 100, lock))


def own_measures() -> None:
    """Bring the chosen piece back to its own size."""
    _set_size(None)


def _set_size(size: Size | None) -> None:
    state = room_visit()
    assert state.piece is not None
    resized_piece = replace(state.piece, size=size)
    try:
        resized_piece.standing()
    except BadInput as error:
        state.trouble["room"] = explain(error)
        return
    change(state.arrangement.with_piece(resized_piece))


def done_in_picture(event: Mapping[str, Any]) -> None:
    """What was done in the picture of the room: see `placing`."""
    state = room_visit()
    if event["what"] == "choose":
        choose(int(event["number"]))
    elif event["what"] == "turn":
        turn(int(event["steps"]))
    elif event["what"] == "mark" and state.marks is not None:
        state.marks = (*state.marks, (float(event["x"]), float(event["y"])))[-2:]
    elif event["what"] == "move" and state.marks is None:
        move((float(event["x"]), float(event["y"])), str(event["how"]))
