"""Shop the look of a room: a box around a piece in its photo searches for pieces like it."""

from __future__ import annotations

import streamlit as st

import tryroom
from pipelines.errors import TryroomError
from ui import look, room_actions
from ui.messages import explain
from ui.room_state import RoomVisit, room_visit
from ui.watching import trouble


def show(state: RoomVisit) -> None:
    """Draw the button that begins it, and what it needs then."""
    boxing = state.marks is not None and state.marking == "look"
    trouble(state, "look")
    with st.container(horizontal=True, vertical_alignment="center", key=state.key("look")):
        st.button(
            "Stop marking" if boxing else "Shop what stands here", key=state.key("box-look"),
            on_click=room_actions.mark, args=(not boxing, "look"), icon=":material/center_focus_strong:",
            help="Box a piece in the photo, and the rack shows what is like it.",
        )  # fmt: skip
        if boxing:
            st.button(
                "Find it", key=state.key("take-look"), on_click=_find, type="primary",
                disabled=len(state.marks or ()) < 2,
            )  # fmt: skip


def _find() -> None:
    """Search by what the box holds."""
    state = room_visit()
    if state.room is None or state.marks is None or len(state.marks) != 2:
        return
    try:
        seen = tryroom.look_in(state.room.shown, *state.marks)
    except TryroomError as error:
        state.trouble["look"] = explain(error)
        return
    room_actions.mark(False, "look")
    look.search_by(state, seen, "the piece in your room")
