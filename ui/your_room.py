"""The page where furniture is found and placed: a room on the left, a rack on the right."""

from __future__ import annotations

import streamlit as st

from ui import furniture, rack, room_actions, showroom
from ui.room_state import room_visit

LINE = "Say what you want, see it in your room."


def page() -> None:
    """Draw the page."""
    state = room_visit()
    room_actions.settle(state)
    left, right = st.columns([7, 6], gap="large")
    with left:
        showroom.show(state)
    with right:
        rack.show(state, furniture.SHOP)
