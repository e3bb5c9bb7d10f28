"""The tool that makes a mask by clicks and brush, on both pages."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import streamlit as st

from pipelines.errors import TryroomError
from pipelines.schema import Image, Mask
from ui import loaders, touching
from ui.marking import TINT, WIDTHS, Marking, Purpose, tinted
from ui.messages import explain
from ui.session import Visit, visit
from ui.watching import trouble

#: Where on the page it says what is wrong.
PLACE = "masking"

_TOOLS = {"click": "Click", "brush": "Brush"}
_WAYS = {True: "Add", False: "Take away"}
_HINTS = {
    ("click", True): "Tap or click on what you mean. Another click adds what is missing.",
    ("click", False): "Tap or click on what does not belong to it.",
    ("brush", True): "Paint over what you mean.",
    ("brush", False): "Wipe off what does not belong to it.",
}


def show(
    page: type[Visit], photo: Image, purposes: Mapping[Purpose, str], use: Callable[[Purpose, Mask], None]
) -> None:
    """Draw the button that opens the tool, or what the open tool needs below its picture.

    Args:
        photo: that the mask is for, as it is shown.
        purposes: what a mask can become → the button's words.
        use: takes the finished mask (H, W) at the size of `photo`.
    """
    state = visit(page)
    trouble(state, PLACE)
    marking = under_way(state, photo)
    if marking is None:
        with st.container(horizontal=True):
            for purpose, words in purposes.items():
                st.button(
                    words, key=state.key(f"mark-{purpose}"), on_click=_open, args=(page, purpose),
                    icon=":material/ads_click:",
                )  # fmt: skip
        return
    if len(purposes) > 1:
        st.markdown(f"**{purposes[marking.purpose]}**")
    st.caption(_HINTS[marking.tool, marking.add])
    _tools(state, page, marking)
    _ends(state, page, marking, use)


def under_way(state: Visit, photo: Image) -> Marking | None:
    """The mask that is being made for a photo, if the tool is open."""
    marking = state.masking
    return marking if marking is not None and marking.photo is photo else None


def picture(page: type[Visit], marking: Marking) -> None:
    """The picture that is clicked and painted on, with the mask over it."""
    touching.show(
        tinted(marking.photo, marking.mask), "The photo and your mask", lambda points: _touched(page, points),
        visit(page).key("touching"), clicks=marking.clicks,
        brush=marking.width / 100 if marking.tool == "brush" else 0.0,
        colour=f"rgb({' '.join(map(str, TINT))} / .5)" if marking.add else "rgb(194 54 43 / .5)",
    )  # fmt: skip


def _tools(state: Visit, page: type[Visit], marking: Marking) -> None:
    """What the next touch does."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.segmented_control(
            "Tool", list(_TOOLS), format_func=_TOOLS.__getitem__, default=marking.tool, required=True,
            key=state.key("mark-tool"), on_change=_chosen, args=(page,), label_visibility="collapsed",
        )  # fmt: skip
        st.segmented_control(
            "What it does", list(_WAYS), format_func=_WAYS.__getitem__, default=marking.add, required=True,
            key=state.key("mark-add"), on_change=_chosen, args=(page,), label_visibility="collapsed",
        )  # fmt: skip
    if marking.tool == "brush":
        st.slider(
            "Width of the brush", *WIDTHS, marking.width, step=0.5, format="%.1f %%", key=state.key("mark-width"),
            on_change=_chosen, args=(page,), help="In percent of the photo's longer side.",
        )  # fmt: skip


def _ends(state: Visit, page: type[Visit], marking: Marking, use: Callable[[Purpose, Mask], None]) -> None:
    """A step back, all steps back, and the two ways to be done."""
    nothing = not marking.deeds
    with st.container(horizontal=True):
        st.button(
            "Undo step", key=state.key("mark-undo"), on_click=_step, args=(page, Marking.undone), disabled=nothing,
            icon=":material/undo:",
        )  # fmt: skip
        st.button(
            "Clear", key=state.key("mark-clear"), on_click=_step, args=(page, Marking.cleared), disabled=nothing
        )  # fmt: skip
        st.button(
            "Use this mask", key=state.key("mark-use"), on_click=_use, args=(page, use), type="primary",
            disabled=marking.mask is None or not marking.mask.any(),
        )  # fmt: skip
        st.button("Leave it", key=state.key("mark-leave"), on_click=_leave, args=(page,), type="tertiary")


# --- what clicks do -----------------------------------------------------------------------------------------


def _open(page: type[Visit], purpose: Purpose) -> None:
    state = visit(page)
    photo = state.shown
    state.trouble.pop(PLACE, None)
    if photo is None:
        return
    try:
        finder = loaders.click_finder()
        finder.set_image(photo)
    except TryroomError as error:
        state.trouble[PLACE] = explain(error)
        return
    state.masking = Marking(photo, finder, purpose)


def _touched(page: type[Visit], points: list[tuple[float, float]]) -> None:
    _step(page, lambda marking: marking.touched(points))


def _step(page: type[Visit], change: Callable[[Marking], Marking]) -> None:
    state = visit(page)
    state.trouble.pop(PLACE, None)
    if state.masking is None:
        return
    try:
        state.masking = change(state.masking)
    except TryroomError as error:
        state.trouble[PLACE] = explain(error)


def _chosen(page: type[Visit]) -> None:
    state = visit(page)
    if state.masking is None:
        return
    said = {name: st.session_state.get(state.key(f"mark-{name}")) for name in ("tool", "add", "width")}
    state.masking = replace(state.masking, **{name: value for name, value in said.items() if value is not None})


def _use(page: type[Visit], use: Callable[[Purpose, Mask], None]) -> None:
    state = visit(page)
    marking = state.masking
    if marking is not None and marking.mask is not None:
        state.masking = None
        use(marking.purpose, marking.mask)


def _leave(page: type[Visit]) -> None:
    state = visit(page)
    state.masking = None
    state.trouble.pop(PLACE, None)
