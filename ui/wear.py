"""How to wear it: what can be wished of a garment, as far as that suits what it is, and what stays on beside it."""

from __future__ import annotations

import streamlit as st

from pipelines.schema import PERSON_HEIGHTS, WEAR_CATEGORIES, WEAR_CHOICES, CategoryChoice
from ui import actions
from ui.messages import plain
from ui.session import Session

LABELS = {"sleeves": "Long sleeves", "tuck": "The hem", "layer": "The front"}
NAMES = {
    "sleeves": {"as made": "As made", "rolled up": "Rolled up"},
    "tuck": {"auto": "As it falls", "in": "Tucked in", "out": "Over the waist"},
    "layer": {"auto": "As pictured", "open": "Open", "closed": "Closed"},
}


def show(state: Session) -> None:
    """Draw the wishes, behind a line that opens; nothing where there is nothing to wish."""
    names = wishes(category_of(state))
    sized = state.garment is not None and state.garment.width is not None
    if not names and not sized:
        return
    with st.expander("How to wear it", icon=":material/apparel:", key=state.key("wear")):
        for name in names:
            st.segmented_control(
                LABELS[name], WEAR_CHOICES[name], format_func=NAMES[name].__getitem__, required=True,
                default=getattr(state.choices.wear, name), key=state.key(name), on_change=actions.read_settings,
            )  # fmt: skip
        if sized:
            st.number_input(
                "Your height in cm", *PERSON_HEIGHTS, value=state.choices.person_height, step=1.0, format="%.0f",
                key=state.key("person_height"), on_change=actions.read_settings, placeholder="not said",
                help="The size of this garment is known; with yours you see how it truly fits.",
            )  # fmt: skip
        if state.garment is not None:
            st.button("Wear it so", key=state.key("wear-it"), on_click=actions.try_again, icon=":material/refresh:")


def category_of(state: Session) -> CategoryChoice:
    """What the garment is that would be tried on again; "auto" if nobody knows, or there is none yet."""
    if state.choices.category != "auto":
        return state.choices.category
    if state.garment is None or state.garment.category != "auto":
        return "auto" if state.garment is None else state.garment.category
    found: CategoryChoice = "auto"
    if state.look is not None and state.look.garment is state.garment:
        found = state.look.recipe.get("category_used", "auto")
    return found


def wishes(category: CategoryChoice) -> tuple[str, ...]:
    """The fields of `WearStyle` that make sense for a garment; all while nobody knows what it is."""
    return tuple(name for name in WEAR_CHOICES if category == "auto" or category in WEAR_CATEGORIES[name])


def kept(state: Session) -> None:
    """What stays on while others are tried on; a click takes it off."""
    if not state.choices.kept:
        return
    with st.container(horizontal=True, vertical_alignment="center", key=state.key("kept")):
        st.caption("Stays on:")
        for place, one in enumerate(state.choices.kept):
            st.button(
                plain(one.garment.title), key=state.key(f"kept-{place}"),
                icon=":material/close:", icon_position="right", on_click=actions.let_go, args=(place,),
                help="Click to leave it out of what is tried on next.",
            )  # fmt: skip
