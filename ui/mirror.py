"""The left half of the fitting room: who tries on, the render as it comes, before and after, and earlier looks."""

from __future__ import annotations

import html
import re

import streamlit as st

from pipelines.schema import CATEGORY_CHOICES, MAX_STEPS
from ui import actions, loaders, pictures, style
from ui.arrival import come_to_mirror
from ui.compare import compare
from ui.history import Look, Person
from ui.messages import explain
from ui.session import Session, session

#: How often the page asks how far a task is, in seconds.
POLL = 0.5
CONSENT = "This photo shows me, or someone who agreed to it."
PRIVACY = "It stays in this session's memory: not saved, not sent on, gone with *Forget my photos*."
CATEGORY_NAMES = {"auto": "Find out", "upper": "Top", "lower": "Bottom", "dress": "Dress"}
STEP_NAMES = {"mask": "What was repainted", "pose": "Pose", "parsing": "Body and clothes", "hint": "Garment, laid on"}


def show() -> None:
    """Draw this half."""
    state = session()
    with st.container(key="mirror-column"):
        if state.person is None or state.picking:
            _pick_person(state)
        elif state.render is not None:
            _trouble(state, "person", "mirror")
            _watch_render()
        else:
            _trouble(state, "person", "mirror")
            _reflection(state, state.person)
        _looks(state)
        come_to_mirror(state.tries, state.key("come"))


def _trouble(state: Session, *places: str) -> None:
    for place in places:
        if place in state.trouble:
            st.error(state.trouble[place], icon=":material/error:")


# --- who ----------------------------------------------------------------------------------------------------


def _pick_person(state: Session) -> None:
    """Upload, camera or a demo person."""
    st.subheader("Who is trying on?", anchor=False)
    _trouble(state, "person")
    source = st.segmented_control(
        "Where the photo comes from", ["Upload", "Camera"], default="Upload", required=True,
        key=state.key("source"), label_visibility="collapsed",
    )  # fmt: skip
    agreed = st.checkbox(CONSENT, key=state.key("consent"), help=PRIVACY)
    key = state.upload_key("photo" if source == "Upload" else "camera")
    taken, label = (key, "person", actions.accept_photo), "A photo of you, from the head to the hips at least"
    if source == "Upload":
        st.file_uploader(
            label, type=pictures.TYPES, disabled=not agreed, key=key, on_change=actions.take, args=taken
        )  # fmt: skip
    elif agreed:
        st.camera_input(label, key=key, on_change=actions.take, args=taken)
    st.caption(PRIVACY if agreed else f"Tick the box first. {PRIVACY}")
    _demo_people(state)
    if state.person is not None:
        st.button("Keep the photo I have", on_click=actions.pick, args=(False,), key=state.key("keep"), type="tertiary")


def _demo_people(state: Session) -> None:
    """People who come with the project, for those who would rather not give a photo."""
    try:
        people = loaders.demo_people()
    except Exception as error:  # the page works without them
        st.warning(explain(error))
        return
    st.markdown("**Or dress one of these**")
    with st.container(key=state.key("people")):
        for person in people:
            with st.container(gap="xsmall"):
                picture = loaders.card(str(person.image), pictures.PORTRAIT)
                st.html(style.picture(picture, person.note or person.title))
                st.button(
                    person.title, key=state.key(f"person-{person.id}"), help=person.note, width="stretch",
                    on_click=actions.choose_demo, args=(person.title, person.image),
                )  # fmt: skip


# --- the mirror ---------------------------------------------------------------------------------------------


@st.fragment(run_every=POLL)
def _watch_render() -> None:
    """The render under way; draws the whole page again when it has ended."""
    state = session()
    task = state.render
    if task is None or task.done:
        st.rerun(scope="app")
    preview = task.preview or (pictures.jpeg(state.person.shown) if state.person else None)
    with st.container(key="mirror-picture-live"):
        if preview is not None:
            st.html(style.picture(preview, "The render so far"))
    title = state.garment.title if state.garment else ""
    st.progress(min(task.fraction, 1.0), text=f"Trying on {title} · {task.stage}")
    st.button("Cancel", key=state.key("cancel"), on_click=actions.drop_render, icon=":material/close:")


def _reflection(state: Session, person: Person) -> None:
    """The person, bare or in the look that was chosen."""
    look = state.look
    if look is None:
        with st.container(key="mirror-picture"):
            st.html(style.picture(pictures.jpeg(person.shown), person.name.capitalize()))
        if state.looking is not None and not state.looking.done:
            _watch_looking()
    else:
        _worn(look)
        height, width = look.person.shown.shape[:2]
        compare(
            look.before, look.after, width / height, f"{look.person.name} in {look.garment.title}", state.key("compare")
        )
        for warning in look.warnings:
            st.caption(f":material/info: {warning}")
    _buttons(state, look)
    with st.expander("More", icon=":material/tune:", key=state.key("more")):
        _settings(state)
    if look is not None:
        with st.expander("How it was made", icon=":material/layers:", key=state.key("made")):
            _made(state, look)


@st.fragment(run_every=POLL)
def _watch_looking() -> None:
    """One line while it is found out what the person wears."""
    task = session().looking
    if task is None or task.done:
        st.rerun(scope="app")
    st.caption(f":material/hourglass_empty: {task.stage}")


def _worn(look: Look) -> None:
    price = f" · <span>{html.escape(look.garment.price)}</span>" if look.garment.price else ""
    st.html(f'<div class="tr-worn"><b>{html.escape(look.garment.title)}</b>{price}</div>')


def _buttons(state: Session, look: Look | None) -> None:
    with st.container(horizontal=True):
        if look is not None:
            st.download_button(
                "Download", look.png, file_name(look), "image/png", key=state.key("download"), type="primary",
                icon=":material/download:", on_click="ignore",
            )  # fmt: skip
            st.button("Take it off", key=state.key("take-off"), on_click=actions.take_off)
        st.button("Change photo", key=state.key("change"), on_click=actions.pick, args=(True,))


def file_name(look: Look) -> str:
    """What a look is called when it is downloaded."""
    slug = re.sub(r"[^a-z0-9]+", "-", look.garment.title.lower()).strip("-")
    return f"tryroom-{slug or 'look'}-{look.choices.seed}.png"


def _settings(state: Session) -> None:
    """Category, seed, steps and a mask of one's own, for the next try-on."""
    choices = state.choices
    st.segmented_control(
        "The garment is a", CATEGORY_CHOICES, format_func=CATEGORY_NAMES.__getitem__, required=True,
        default=choices.category, key=state.key("category"), on_change=actions.read_settings,
    )  # fmt: skip
    left, right = st.columns(2)
    left.number_input(
        "Seed", min_value=0, max_value=2**53 - 1, value=choices.seed, step=1, key=state.key("seed"),
        on_change=actions.read_settings, help="The same seed gives the same picture; another one gives other folds.",
    )  # fmt: skip
    right.slider(
        "Steps", 0, MAX_STEPS, choices.steps, key=state.key("steps"), on_change=actions.read_settings,
        help="0 is quick and clean; more steps add texture, and grain.",
    )  # fmt: skip
    _mask(state)
    if state.garment is not None:
        st.button(
            "Render again", key=state.key("again"), on_click=actions.try_on, args=(state.garment,),
            icon=":material/refresh:",
        )  # fmt: skip


def _mask(state: Session) -> None:
    _trouble(state, "mask")
    if state.choices.mask is not None:
        st.caption(":material/check: Your own mask decides what is repainted.")
        st.button("Remove my mask", key=state.key("no-mask"), on_click=actions.remove_mask)
        return
    key = state.upload_key("mask")
    st.file_uploader(
        "Your own mask: white is repainted", type=pictures.TYPES, key=key,
        on_change=actions.take, args=(key, "mask", actions.accept_mask),
    )  # fmt: skip


def _made(state: Session, look: Look) -> None:
    """The stages and the recipe."""
    columns = st.columns(2)
    for place, (name, picture) in enumerate(look.steps.items()):
        columns[place % 2].image(picture, caption=STEP_NAMES.get(name, name), width="stretch")
    st.download_button(
        "Download the mask", look.mask_png, "mask.png", "image/png", key=state.key("download-mask"), on_click="ignore"
    )
    st.caption(f"{look.seconds:.1f} seconds. The downloaded picture carries this recipe:")
    st.json(look.recipe, expanded=1)


# --- earlier looks ------------------------------------------------------------------------------------------


def _looks(state: Session) -> None:
    """All looks of the session; a click brings one back with its settings."""
    if not len(state.history):
        return
    st.markdown("**Tried on in this session**")
    with st.container(key=state.key("looks")):
        for place, look in enumerate(state.history):
            with st.container(gap="xsmall"):
                _earlier(state, look, place)


def _earlier(state: Session, look: Look, place: int) -> None:
    st.html(style.picture(look.small, f"{look.person.name} in {look.garment.title}"))
    st.button(
        look.garment.title, key=state.key(f"look-{place}"), width="stretch", type="tertiary",
        disabled=state.render is not None or look is state.look, on_click=actions.recall, args=(look,),
        help=f"seed {look.choices.seed}, {look.choices.steps} steps",
    )  # fmt: skip
