"""Shop the look: a tap on what is worn in a picture searches for things like it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import streamlit as st

import tryroom
from pipelines.errors import TryroomError
from pipelines.schema import Image, Mask
from ui import loaders, touching
from ui.messages import explain
from ui.session import Session, Visit, session
from ui.watching import trouble

#: What is worn, by the name of its part in a parsing.
NAMES: Final = {"upper": "top", "lower": "trousers or skirt", "dress": "dress", "outer": "jacket", "shoes": "shoes"}


def in_mirror(state: Session, photo: Image, name: str) -> None:
    """The photo of a person; what is worn in it can be tapped, or chosen by its name."""
    touching.show(photo, name.capitalize(), _tapped_mirror, state.key("mirror-tap"))
    worn = _carried(photo)
    if worn:
        with st.container(horizontal=True, vertical_alignment="center", gap="xsmall", key=state.key("worn")):
            st.caption("Tap what you wear to search by it, or:", width="content")
            for part in worn:
                st.button(
                    NAMES[part].capitalize(), key=state.key(f"worn-{part}"), type="tertiary", on_click=_chosen,
                    args=(part,),
                )  # fmt: skip
    trouble(state, "tap")


def in_picture(state: Session) -> None:
    """The picture that was given to search by; what somebody wears in it can be tapped."""
    if state.inspiration is None:
        return
    st.caption("Does somebody wear it? Tap it.")
    touching.show(state.inspiration, "Your picture", _tapped_picture, state.key("picture-tap"), tall=40)
    trouble(state, "tap-picture")


def _tapped_mirror(points: list[tuple[float, float]]) -> None:
    state = session()
    if state.person is not None:
        _search(state.person.shown, "your", "tap", lambda photo, worn: tryroom.look_at(photo, worn, *points[-1]))


def _tapped_picture(points: list[tuple[float, float]]) -> None:
    state = session()
    if state.inspiration is not None:
        _search(state.inspiration, "the", "tap-picture", lambda photo, worn: tryroom.look_at(photo, worn, *points[-1]))


def _chosen(part: str) -> None:
    """A part of what is worn, chosen by its name."""
    state = session()
    if state.person is not None:
        _search(state.person.shown, "your", "tap", lambda photo, worn: tryroom.look_at_part(photo, worn, part))


def _search(photo: Image, whose: str, place: str, see: Callable[[Image, Mapping[str, Mask]], tryroom.Seen]) -> None:
    """Search by what is seen in a photo and what is worn there; says at `place` what is wrong."""
    state = session()
    state.trouble.pop(place, None)
    try:
        seen = see(photo, _carried(photo))
    except TryroomError as error:
        state.trouble[place] = explain(error)
        return
    search_by(state, seen, f"{whose} {NAMES[seen.part]}")


def _carried(photo: Image) -> dict[str, Mask]:
    """What is worn in a photo of what the shop has anything of."""
    categories = {item.category for item in loaders.catalog().items}
    worn = loaders.worn_reader()(photo)
    return {part: mask for part, mask in worn.items() if tryroom.CATEGORY_WORN[part] in categories}


def search_by(state: Visit, seen: tryroom.Seen, name: str) -> None:
    """Search by a thing in a photo, among things of its category where that is known. What was asked before is over."""
    state.ask_anew((seen.category,) if seen.category else ())
    state.like, state.like_name = seen.picture, name
