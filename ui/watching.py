"""What is under way, and what went wrong: lines that every page shows in the same way."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from ui import style
from ui.session import Visit, visit

#: How often the page asks how far a task is, in seconds.
POLL = 0.5


def trouble(state: Visit, *places: str) -> None:
    """What is wrong at these places of the page."""
    for place in places:
        if place in state.trouble:
            st.error(state.trouble[place], icon=":material/error:")


@st.fragment(run_every=POLL)
def watch_render(
    page: type[Visit], doing: str, cancel: Callable[[], None], picture: Callable[[], bytes | None] | None = None
) -> None:
    """The render under way; draws the whole page again when it has ended.

    Streamlit keeps what a fragment is called with, so that is nothing of the shopper's.

    Args:
        page: whose render it is.
        doing: what is being done, for people.
        cancel: what the button does.
        picture: gives a JPEG of the state; None where the page shows that itself, and is drawn again when there is one.
    """
    state = visit(page)
    task = state.render
    if task is None or task.done:
        st.rerun(scope="app")
    if picture is None and task.preview is not state.preview:
        state.preview = task.preview
        st.rerun(scope="app")
    if picture is not None and (jpeg := task.preview or picture()) is not None:
        with st.container(key="mirror-picture-live"):
            st.html(style.picture(jpeg, "The render so far"))
    # Where the picture stands by itself, one line: what is below shall not jump.
    with st.container(horizontal=picture is None, vertical_alignment="center"):
        st.progress(min(task.fraction, 1.0), text=f"{doing} · {task.stage}")
        st.button("Cancel", key=state.key("cancel"), on_click=cancel, icon=":material/close:")


@st.fragment(run_every=POLL)
def watch_looking(page: type[Visit]) -> None:
    """One line while it is found out what the photo of a page shows."""
    state = visit(page)
    busy = state.busy()
    if not busy or state.news:
        st.rerun(scope="app")
    st.caption(f":material/hourglass_empty: {busy[0].stage}")
