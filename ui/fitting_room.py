"""The page where garments are found and tried on: a mirror on the left, a rack on the right."""

from __future__ import annotations

import streamlit as st

from ui import actions, mirror, rack, style
from ui.session import forget, session


def page() -> None:
    """Draw the page."""
    style.apply()
    actions.settle(session())
    _header()
    left, right = st.columns([5, 8], gap="large")
    with left:
        mirror.show()
    with right:
        rack.show()


def _header() -> None:
    state = session()
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        st.html('<div class="tr-mark">Tryroom</div><div class="tr-line">Say what you want, see it on you.</div>')
        empty = state.person is None and state.like is None and state.own is None
        st.button(
            "Forget my photos", key=state.key("forget"), on_click=forget, icon=":material/delete:", disabled=empty,
            help="Drops every photo, garment and look of this session.",
        )  # fmt: skip
