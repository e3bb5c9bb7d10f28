"""The left half of "Your room": which room, the picture in which pieces are placed, and earlier pictures."""

from __future__ import annotations

import streamlit as st

from recommend.schema import Query
from ui import (
    earlier,
    furniture,
    goes_with,
    intake,
    loaders,
    masking,
    pictures,
    piece_actions,
    placing,
    room_actions,
    room_look,
    room_tools,
)
from ui.arrival import come_to_mirror
from ui.compare import compare
from ui.messages import plain
from ui.room_rendering import with_grid
from ui.room_state import Room, RoomLook, RoomVisit, room_visit
from ui.watching import trouble, watch_looking, watch_render

PHOTO = intake.Intake("photo", "A photo of the room, with the floor in it", room_actions.accept_room)
STEP_NAMES = {"mask": "What was changed", "grid": "The floor, as it was found", "hint": "The pieces alone"}


def show(state: RoomVisit) -> None:
    """Draw this half."""
    with st.container(key="mirror-column-room"):
        if state.room is None or state.picking:
            _pick_room(state)
        else:
            _room(state, state.room)
        earlier.show(state, "Rooms of this session", state.look, room_actions.recall)
        come_to_mirror(state.tries, state.key("come"))


def _pick_room(state: RoomVisit) -> None:
    """Upload, camera or a demo room."""
    st.subheader("Which room is it for?", anchor=False)
    trouble(state, "photo")
    intake.show(state, PHOTO)
    intake.demos(
        state, "Or furnish one of these", "room", pictures.LANDSCAPE, loaders.demo_rooms, room_actions.choose_demo
    )  # fmt: skip
    if state.room is not None:
        st.button("Keep the room I have", on_click=_pick, args=(False,), key=state.key("keep"), type="tertiary")


def _pick(open_: bool) -> None:
    """Offer other photos, or go back to the one that is there."""
    state = room_visit()
    state.picking = open_
    state.trouble.pop("photo", None)


def _room(state: RoomVisit, room: Room) -> None:
    """The room, what is wrong in it, and all that can be done there."""
    trouble(state, "photo", "room")
    if state.view is not None and state.view.warnings:
        st.warning(plain(" ".join(state.view.warnings)), icon=":material/info:")
    with st.container(key=state.key("stage")):
        _picture(state, room)
    # Below, or the picture would jump from under the pointer.
    for said in state.left_out.values():
        st.error(said, icon=":material/error:")
    if state.render is not None:
        watch_render(RoomVisit, "Furnishing", room_actions.drop_render)
    elif state.busy():
        watch_looking(RoomVisit)
    elif _is_behind(state):
        st.button("Render it", key=state.key("again"), on_click=room_actions.redraw, icon=":material/refresh:")
    elif not state.comparing:
        _hint(state)
    if state.look is not None:
        for warning in state.look.warnings:
            st.caption(f":material/info: {plain(warning)}")
    _bar(state)
    room_look.show(state)
    room_tools.show(state)
    if state.piece is not None and state.piece.item_id and state.look is not None:
        goes_with.show(state, furniture.SHOP, _beside(state, state.piece.item_id))
    if state.look is not None:
        earlier.how_it_was_made(state, state.look, STEP_NAMES)


def _beside(state: RoomVisit, item_id: str) -> goes_with.Picture:
    """What goes with the chosen piece, and with the room, is placed beside it."""
    query = Query(**furniture.context(state))
    return goes_with.Picture(
        item_id, query, "Add it", "Add all", "Complete the room", piece_actions.place_items
    )  # fmt: skip


def _is_behind(state: RoomVisit) -> bool:
    """Whether the picture lacks what was arranged, because the render was given up or broke."""
    missing = [piece for piece in state.arrangement.pieces if piece.number not in state.left_out]
    return bool(missing) and (state.look is None or state.look.arrangement is not state.arrangement)


def _bar(state: RoomVisit) -> None:
    """Ways to look at it, a step back, the download and another photo."""
    with st.container(horizontal=True, vertical_alignment="center", key=state.key("bar")):
        if state.look is not None:
            earlier.download(state, state.look)
            before_after = "Back to placing" if state.comparing else "Before and after"
            st.button(before_after, key=state.key("compare-toggle"), on_click=_compare)
        st.button("Undo", key=state.key("undo"), on_click=room_actions.undo, icon=":material/undo:",
                  disabled=not state.before)  # fmt: skip
        st.button("Change photo", key=state.key("change"), on_click=_pick, args=(True,))
        st.toggle("Floor grid", value=state.grid, key=state.key("grid"), on_change=_grid,
                  help="Squares of half a metre. If they do not lie on the floor, correct the camera.")  # fmt: skip


def _compare() -> None:
    state = room_visit()
    state.comparing, state.marks = not state.comparing, None


def _grid() -> None:
    state = room_visit()
    state.grid = bool(st.session_state.get(state.key("grid")))


# --- the picture --------------------------------------------------------------------------------------------


def _picture(state: RoomVisit, room: Room) -> None:
    """Before and after, or the picture in which pieces are moved."""
    marking = masking.under_way(state, room.shown)
    if marking is not None:
        masking.picture(RoomVisit, marking)
        return
    look = state.look
    if state.comparing and look is not None:
        compare(look.before, look.after, room.ratio, look.alt, state.key("compare"))
        return
    view = room_actions.seen(state)
    jpeg = now(state, room, look)
    if state.grid and view is not None:
        jpeg = with_grid(jpeg, view)
    placing.show(
        jpeg, room.ratio, look.alt if look is not None else room.name.capitalize(), handles(state), state.chosen,
        view.camera.horizon_y if view is not None else 0.5, piece_actions.done_in_picture, state.key("placing"),
        movable=state.piece is not None, marks=state.marks,
    )  # fmt: skip


def _hint(state: RoomVisit) -> None:
    """What to do with the picture."""
    if state.masking is not None:
        return  # the tool says it itself
    if state.marks is not None and state.marking != "length":
        st.caption(":material/select: Click two opposite corners of a box around it, a little beyond its edges.")
    elif state.marks is not None:
        st.caption(":material/straighten: Click both ends of something whose length you know, such as a door.")
    elif state.piece is not None:
        st.caption(
            f":material/touch_app: Tap or click where **{plain(state.piece.title)}** shall stand, or drag it. "
            "Arrow keys move it, [ and ] turn it."
        )
    else:
        then = " What you marked is taken away then." if state.arrangement.remove is not None else ""
        st.caption(f":material/chair: Choose something on the rack and *Place it* here.{then}")


def now(state: RoomVisit, room: Room, look: RoomLook | None) -> bytes:
    """The latest picture of the room, JPEG: a draft of what is being rendered, the last render, or the bare photo."""
    if state.render is not None and state.render.preview is not None:
        return state.render.preview
    return look.after if look is not None else pictures.jpeg(room.shown)


def handles(state: RoomVisit) -> list[placing.Handle]:
    """The pieces that can be taken hold of in the picture."""
    look, found = state.look, []
    for piece in state.arrangement.pieces:
        before = look.arrangement.piece(piece.number) if look is not None else None
        box = look.boxes.get(piece.number) if look is not None else None
        if before is not None and before.at is not None and box is not None:
            grows = piece.item.place in ("floor", "rug")
            found.append(placing.Handle(piece.number, piece.title, piece.at or before.at, before.at, box, grows))
    return found
