"""Where a photo comes from: a file, the camera, or a demo; with consent where it shows a person."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from tryroom import DemoPhoto
from ui import actions, loaders, pictures, style
from ui.messages import explain
from ui.session import Visit

PRIVACY = "It stays in this session's memory: not saved, not sent on, gone with *Forget my photos*."


@dataclass(frozen=True)
class Intake:
    """What a page asks a photo of.

    Attributes:
        place: where on the page to say what is wrong with it.
        label: what the photo shall show.
        accept: turns its bytes into state; may raise.
        consent: what has to be agreed to first, "" if nothing has.
    """

    place: str
    label: str
    accept: Callable[[bytes], None]
    consent: str = ""


def show(state: Visit, intake: Intake) -> None:
    """Upload or camera."""
    source = st.segmented_control(
        "Where the photo comes from", ["Upload", "Camera"], default="Upload", required=True,
        key=state.key("source"), label_visibility="collapsed",
    )  # fmt: skip
    agreed = not intake.consent or st.checkbox(intake.consent, key=state.key("consent"), help=PRIVACY)
    key = state.upload_key("photo" if source == "Upload" else "camera")
    taken = (key, intake.place, intake.accept, type(state))
    if source == "Upload":
        st.file_uploader(
            intake.label, type=pictures.TYPES, disabled=not agreed, key=key, on_change=actions.take, args=taken
        )  # fmt: skip
    elif agreed:
        st.camera_input(intake.label, key=key, on_change=actions.take, args=taken)
    st.caption(PRIVACY if agreed else f"Tick the box first. {PRIVACY}")


def demos(
    state: Visit, heading: str, name: str, shape: tuple[int, int], read: Callable[[], Iterable[DemoPhoto]],
    choose: Callable[[str, Path], None],
) -> None:  # fmt: skip
    """Photos that come with the project, if there are any.

    Args:
        name: of one, in the keys of widgets; with an s, of all.
        read: gives them.
        choose: what a click does, with a title and a path.
    """
    try:
        found = list(read())
    except Exception as error:  # the page works without them
        st.warning(explain(error))
        return
    if not found:
        return
    st.markdown(f"**{heading}**")
    with st.container(key=state.key(f"{name}s")):
        for demo in found:
            with st.container(gap="xsmall"):
                st.html(style.picture(loaders.card(str(demo.image), shape), demo.note or demo.title))
                st.button(
                    demo.title, key=state.key(f"{name}-{demo.id}"), help=demo.note or None, width="stretch",
                    on_click=choose, args=(demo.title, demo.image),
                )  # fmt: skip
