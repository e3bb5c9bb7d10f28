"""What was made in this session, as a row of small pictures; a click brings one back. And what a download is called."""

from __future__ import annotations

import re
from collections.abc import Callable

import streamlit as st

from ui import style
from ui.history import Made
from ui.messages import plain
from ui.session import Visit


def show(state: Visit, heading: str, current: Made | None, recall: Callable[[int], None]) -> None:
    """Draw the row.

    Args:
        current: the picture that is shown large.
        recall: brings a picture back, by its place in the history.
    """
    if not len(state.history):
        return
    st.markdown(f"**{heading}**")
    with st.container(key=state.key("looks")):
        for place, made in enumerate(state.history):
            with st.container(gap="xsmall"):
                st.html(style.picture(made.small, made.alt))
                st.button(
                    plain(made.title), key=state.key(f"look-{place}"), width="stretch", type="tertiary",
                    disabled=state.render is not None or made is current, on_click=recall, args=(place,),
                    help=plain(made.about),
                )  # fmt: skip


def download(state: Visit, made: Made) -> None:
    """The button that hands a picture over, with its recipe inside."""
    st.download_button(
        "Download", made.png, file_name(made), "image/png", key=state.key("download"), type="primary",
        icon=":material/download:", on_click="ignore",
    )  # fmt: skip


def file_name(made: Made) -> str:
    """What a picture is called when it is downloaded."""
    slug = re.sub(r"[^a-z0-9]+", "-", made.title.lower()).strip("-")
    return f"tryroom-{slug or 'look'}-{made.recipe.get('seed', 0)}.png"


def how_it_was_made(state: Visit, made: Made, step_names: dict[str, str]) -> None:
    """The stages and the recipe."""
    with st.expander("How it was made", icon=":material/layers:", key=state.key("made")):
        columns = st.columns(2)
        for place, (name, picture) in enumerate(made.steps.items()):
            columns[place % 2].image(picture, caption=step_names.get(name, name), width="stretch")
        st.download_button(
            "Download the mask", made.mask_png, "mask.png", "image/png", key=state.key("download-mask"),
            on_click="ignore",
        )  # fmt: skip
        st.caption(f"{made.seconds:.1f} seconds. The downloaded picture carries this recipe:")
        st.json(made.recipe, expanded=1)
