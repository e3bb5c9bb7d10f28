"""Thumbs on the cards, and the line above them that says how many there are and takes them back."""

from __future__ import annotations

from collections import Counter
from typing import Final

import streamlit as st

from recommend.feedback import Feedback
from recommend.schema import Item
from ui.messages import plain
from ui.session import Visit, visit

#: Event → how one and several are called.
NAMES: Final = {"like": ("like", "likes"), "dislike": ("dislike", "dislikes"), "try": ("try-on", "try-ons")}


def thumbs(state: Visit, item: Item) -> None:
    """Up and down; the one that was given is filled, and another click takes it back."""
    given, title = state.feedback.opinions.get(item.id), plain(item.title)
    for event, way, sign in (("like", "up", "thumb_up"), ("dislike", "down", "thumb_down")):
        here = given == event
        st.button(
            f"Take back: {event} {title}" if here else f"{event.capitalize()} {title}",
            key=state.key(f"{way}-{item.id}"),
            icon=f":material/{sign}:", type="primary" if here else "tertiary",
            on_click=_give, args=(type(state), event, item.id),
            help="Take it back" if here else ("More of this" if event == "like" else "Less of this"),
        )  # fmt: skip


def show(state: Visit) -> None:
    """How many opinions count, and the ways back; nothing without one."""
    counts = Counter(state.feedback.opinions.values())
    if not counts:
        return
    said = ", ".join(f"{counts[event]} {names[counts[event] > 1]}" for event, names in NAMES.items() if counts[event])
    with st.container(horizontal=True, vertical_alignment="center", key=state.key("opinions")):
        st.caption(f"Your taste so far: {said}", width="content")
        st.button(
            "Undo", key=state.key("undo-opinion"), icon=":material/undo:", type="tertiary",
            on_click=_undo, args=(type(state),), help="Takes the latest back.",
        )  # fmt: skip
        st.button(
            "Clear", key=state.key("clear-opinions"), icon=":material/close:", type="tertiary",
            on_click=_clear, args=(type(state),), help="Takes all of them back.",
        )  # fmt: skip


def _give(page: type[Visit], event: str, item_id: str) -> None:
    """A thumb, or its end if it is the one that counts; that the item was tried on stays."""
    state = visit(page)
    if state.feedback.opinions.get(item_id) != event:
        state.feedback = state.feedback.add(event, item_id)
        return
    events = state.feedback.events
    state.feedback = Feedback(tuple((what, whose) for what, whose in events if whose != item_id or what == "try"))


def _undo(page: type[Visit]) -> None:
    state = visit(page)
    if state.feedback.events:  # a browser that lags behind clicks once more
        state.feedback = state.feedback.undo()


def _clear(page: type[Visit]) -> None:
    state = visit(page)
    state.feedback = state.feedback.clear()
