"""What can be done to a room beside moving things: its pieces, their direction and size, the camera, and masks."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Literal

import streamlit as st

from pipelines.schema import CameraFacts
from ui import actions, choosing, masking, pictures, piece_actions, room_actions
from ui.furniture import SIDES
from ui.marking import Purpose
from ui.messages import plain
from ui.room_state import Piece, RoomVisit, room_visit
from ui.watching import trouble

#: Metres between the floor and the top of most doors.
DOOR = 2.0


def show(state: RoomVisit) -> None:
    """Draw all of it."""
    _pieces(state)
    piece = state.piece
    if piece is not None:
        _direction(state, piece)
        _size(state, piece)
    with st.expander(
        "Camera", icon=":material/photo_camera:", key=state.key("camera"),
        expanded=state.marks is not None and state.marking == "length",
    ):  # fmt: skip
        _camera(state)
    with st.expander("Keep things in front, take things away", icon=":material/layers_clear:", key=state.key("masks")):
        _masks(state)
    with st.expander("Renderer", icon=":material/brush:", key=state.key("renderers"), expanded=bool(state.wished)):
        choosing.show(state)


def _shown(state: RoomVisit, name: str, value: object) -> str:
    """The key of a widget that shows `value`, whatever the browser remembers."""
    key = state.key(name)
    st.session_state[key] = value
    return key


# --- pieces -------------------------------------------------------------------------------------------------


def _pieces(state: RoomVisit) -> None:
    """All pieces, each to be chosen and taken out, and what they cost."""
    pieces = state.arrangement.pieces
    if not pieces:
        return
    total = f" · {plain(state.total)}" if len(pieces) > 1 and state.total else ""
    st.markdown(f"**In the room**{total}")
    with st.container(key=state.key("pieces"), gap="xsmall"):
        for piece in pieces:
            chosen = piece.number == state.chosen
            with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
                st.button(
                    plain(piece.title), key=state.key(f"piece-{piece.number}"), on_click=piece_actions.choose,
                    args=(piece.number,), type="secondary" if chosen else "tertiary",
                    icon=":material/radio_button_checked:" if chosen else ":material/radio_button_unchecked:",
                )  # fmt: skip
                st.button(
                    f"Take out {plain(piece.title)}", key=state.key(f"remove-{piece.number}"),
                    on_click=piece_actions.remove, args=(piece.number,),
                    icon=":material/close:", type="tertiary", help="Take it out",
                )  # fmt: skip


def _direction(state: RoomVisit, piece: Piece) -> None:
    """Small steps, turns of 15 degrees, and the direction in degrees."""
    along = piece.yaw is None
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall", key=state.key("steps")):
        for name, icon, hint, act, args in (
            ("left", "arrow_back", "To the left", piece_actions.nudge, (-1, 0)),
            ("right", "arrow_forward", "To the right", piece_actions.nudge, (1, 0)),
            ("up", "arrow_upward", "Up: farther away", piece_actions.nudge, (0, -1)),
            ("down", "arrow_downward", "Down: nearer", piece_actions.nudge, (0, 1)),
            ("turn-left", "rotate_left", "Turn by 15°", piece_actions.turn, (1,)),
            ("turn-right", "rotate_right", "Turn by 15° the other way", piece_actions.turn, (-1,)),
        ):  # fmt: skip
            st.button(
                hint, key=state.key(name), icon=f":material/{icon}:", help=hint, on_click=act, args=args,
                disabled=piece.at is None and act is piece_actions.nudge,
            )  # fmt: skip
        st.toggle(
            "Along the walls", key=_shown(state, "along", along), on_change=_along_changed,
            help="Off: give its direction in degrees. 0 looks out of the picture.",
        )  # fmt: skip
    if not along:
        st.slider(
            "Direction, degrees", -180, 180, step=5, key=_shown(state, "yaw", round(piece.yaw or 0)),
            on_change=_yaw_changed,
        )  # fmt: skip


def _along_changed() -> None:
    state = room_visit()
    along = bool(st.session_state.get(state.key("along")))
    look, piece = state.look, state.piece
    box = look.boxes.get(piece.number) if look is not None and piece is not None else None
    piece_actions.set_yaw(None if along else (round(box.yaw / 5) * 5.0 if box is not None else 0.0))


def _yaw_changed() -> None:
    piece_actions.set_yaw(float(st.session_state[room_visit().key("yaw")]), small=True)


def _size(state: RoomVisit, piece: Piece) -> None:
    """Width, depth and height in centimetres."""
    own = " × ".join(f"{100 * side:.0f}" for side in piece.item.size)
    with st.expander("Size", icon=":material/straighten:", key=state.key("size")):
        lock = st.toggle("Keep its proportions", value=True, key=state.key("lock"))
        for place, (column, name) in enumerate(zip(st.columns(3), SIDES, strict=True)):
            key = _shown(state, f"side-{place}", float(round(100 * piece.measures[place], 1)))
            column.number_input(
                f"{name}, cm", min_value=1.0, max_value=1000.0, step=1.0, format="%.0f", key=key,
                on_change=_side_changed, args=(place, lock),
            )  # fmt: skip
        st.caption(f"It is made in {own} cm." if piece.price is not None else f"You said {own} cm.")
        if piece.size is not None:
            st.button("Back to its own size", key=state.key("own-measures"), on_click=piece_actions.own_measures)


def _side_changed(place: int, lock: bool) -> None:
    piece_actions.set_side(place, float(st.session_state[room_visit().key(f"side-{place}")]), lock)


# --- the camera ---------------------------------------------------------------------------------------------


def _camera(state: RoomVisit) -> None:
    """What was found of the camera, each to be corrected; sizes are right only if it is."""
    found, view, camera = state.found, state.view, state.arrangement.camera
    measuring = state.marks is not None and state.marking == "length"
    if found is None or view is None:
        st.caption("Still looking for the floor.")
        return
    sure = {name: f"({100 * chance:.0f} % sure)" for name, chance in found.confidence.items()}
    if camera.focal is not None:
        sure["focal"] = "(told by the file)"
    horizon, fov = found.camera.horizon_y, math.degrees(found.camera.fov)
    _fact(
        state, "horizon", "Horizon, % from the top", (-50, 150), 100 * (camera.horizon_y or view.camera.horizon_y),
        f"found: {100 * horizon:.0f} % {sure['horizon']}", lambda value: replace(camera, horizon_y=value / 100),
        "How far down the photo eye height is: where lines that lead away from you meet.",
    )  # fmt: skip
    _fact(
        state, "fov", "Field of view, degrees", (10, 130), camera.fov or math.degrees(view.camera.fov),
        f"found: {fov:.0f}° {sure['focal']}", lambda value: replace(camera, fov=value),
        "From the left edge to the right. Phones have about 65 to 75, wide-angle lenses more than 90.",
    )  # fmt: skip
    _fact(
        state, "height", "Height of the camera, cm", (20, 500), 100 * (camera.height or view.camera.height),
        f"found: {100 * found.camera.height:.0f} cm {sure['height']}",
        lambda value: replace(camera, height=value / 100),
        "Found by what stands in the room. It makes everything smaller or larger: measure by a door to be sure.",
    )  # fmt: skip
    with st.container(horizontal=True):
        plain = camera == CameraFacts(focal=camera.focal)
        st.button("Back to what was found", key=state.key("as-found"), on_click=room_actions.as_found, disabled=plain)
        st.button(
            "Stop measuring" if measuring else "Measure by a door", key=state.key("mark"),
            on_click=room_actions.mark, args=(not measuring,), icon=":material/straighten:",
        )  # fmt: skip
    if measuring:
        _reference(state)


def _fact(
    state: RoomVisit, name: str, label: str, ends: tuple[int, int], value: float, found: str,
    says: Callable[[float], CameraFacts], hint: str,
) -> None:  # fmt: skip
    """A slider for something of the camera, and what was found of it.

    Args:
        says: what is then known of the camera, by the slider's value.
    """
    low, high = ends
    key = _shown(state, name, min(max(round(value), low), high))
    st.slider(label, low, high, key=key, on_change=_fact_changed, args=(key, says), help=hint)
    st.caption(found)


def _fact_changed(key: str, says: Callable[[float], CameraFacts]) -> None:
    room_actions.set_camera(says(float(st.session_state[key])))


def _reference(state: RoomVisit) -> None:
    """The length between the marks."""
    trouble(state, "reference")
    marked = len(state.marks or ())
    st.caption(f"{marked} of 2 ends are marked. A door is marked where it stands on the floor, and at its top.")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        centimetres = st.number_input(
            "Its length, cm", min_value=1.0, max_value=1000.0, value=100 * DOOR, step=1.0, format="%.0f",
            key=state.key("reference"),
        )  # fmt: skip
        st.button(
            "Take it", key=state.key("measure"), on_click=room_actions.measure, args=(centimetres / 100,),
            disabled=marked < 2, type="primary",
        )  # fmt: skip


# --- masks --------------------------------------------------------------------------------------------------


def _masks(state: RoomVisit) -> None:
    """What stays in front, and what is taken away first."""
    if state.room is not None:
        purposes: dict[Purpose, str] = {"mask": "Click what stays in front", "remove": "Click what is taken away"}
        masking.show(RoomVisit, state.room.shown, purposes, room_actions.use_mask)
    if state.masking is not None:
        return  # one thing is marked at a time
    _mask(state, "mask", "What stays in front: black in this mask", "stays in front", room_actions.accept_mask)
    removal = "What is taken away first: white in this mask"
    _mask(state, "remove", removal, "is taken away first", room_actions.accept_removal)
    st.caption("A box is marked by two opposite corners. Masks are pictures of the photo's size, in black and white.")


def _mask(
    state: RoomVisit, name: Literal["mask", "remove"], label: str, does: str, accept: Callable[[bytes], None]
) -> None:  # fmt: skip
    trouble(state, name)
    boxing = state.marks is not None and state.marking == name
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.button(
            "Stop marking" if boxing else f"Box around what {does}", key=state.key(f"box-{name}"),
            on_click=room_actions.mark, args=(not boxing, name), icon=":material/select:",
        )  # fmt: skip
        if boxing:
            ready = len(state.marks or ()) == 2
            st.button(
                "Take it", key=state.key(f"take-{name}"), on_click=room_actions.take_box, disabled=not ready,
                type="primary",
            )  # fmt: skip
    if getattr(state.arrangement, name) is not None:
        st.caption(f":material/check: {'Black' if name == 'mask' else 'White'} in your mask {does}.")
        st.button("Remove this mask", key=state.key(f"no-{name}"), on_click=room_actions.drop_mask, args=(name,))
        return
    key = state.upload_key(name)
    st.file_uploader(label, type=pictures.TYPES, key=key, on_change=actions.take, args=(key, name, accept, RoomVisit))
