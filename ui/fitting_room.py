"""The page where garments are found and tried on: a mirror on the left, a rack on the right."""

from __future__ import annotations

import streamlit as st

from ui import actions, mirror, rack, wardrobe
from ui.session import session

LINE = "Say what you want, see it on you."


def page() -> None:
    """Draw the page."""
    state = session()
    actions.settle(state)
    left, right = st.columns([5, 8], gap="large")
    with left:
        mirror.show()
    with right:
        rack.show(state, wardrobe.SHOP)
