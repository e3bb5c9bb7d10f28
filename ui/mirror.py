"""The left half of the fitting room: who tries on, the render as it comes, before and after, and earlier looks."""

from __future__ import annotations

import html

import streamlit as st

from pipelines.schema import CATEGORY_CHOICES, MASK_GROWTH, MAX_STEPS, QUALITIES
from recommend.schema import Query
from ui import actions, choosing, earlier, goes_with, intake, loaders, masking, pictures, style, wardrobe, wear
from ui import look as look_in
from ui.arrival import come_to_mirror
from ui.compare import compare
from ui.history import Look, Person
from ui.messages import plain
from ui.session import Session, session
from ui.watching import trouble, watch_looking, watch_render

CONSENT = "This photo shows me, or someone who agreed to it."
PHOTO = intake.Intake("person", "A photo of you, from the head to the hips at least", actions.accept_photo, CONSENT)
CATEGORY_NAMES = {"auto": "Find out", "upper": "Top", "lower": "Bottom", "dress": "Dress"}
STEP_NAMES = {"mask": "What was repainted", "pose": "Pose", "parsing": "Body and clothes", "hint": "Garment, laid on"}


def show() -> None:
    """Draw this half."""
    state = session()
    with st.container(key="mirror-column"):
        if state.person is None or state.picking:
            _pick_person(state)
        elif state.render is not None:
            trouble(state, "person", "mirror")
            title = state.garment.title if state.garment else ""
            watch_render(Session, f"Trying on {plain(title)}", actions.drop_render, _bare)
        else:
            trouble(state, "person", "mirror")
            _reflection(state, state.person)
        earlier.show(state, "Tried on in this session", state.look, actions.recall)
        come_to_mirror(state.tries, state.key("come"))


# --- who ----------------------------------------------------------------------------------------------------


def _pick_person(state: Session) -> None:
    """Upload, camera or a demo person."""
    st.subheader("Who is trying on?", anchor=False)
    trouble(state, "person")
    intake.show(state, PHOTO)
    intake.demos(
        state, "Or dress one of these", "person", pictures.PORTRAIT, loaders.demo_people, actions.choose_demo
    )  # fmt: skip
    if state.person is not None:
        st.button("Keep the photo I have", on_click=actions.pick, args=(False,), key=state.key("keep"), type="tertiary")


# --- the mirror ---------------------------------------------------------------------------------------------


def _bare() -> bytes | None:
    """The photo without any garment."""
    person = session().person
    return pictures.jpeg(person.shown) if person is not None else None


def _reflection(state: Session, person: Person) -> None:
    """The person, bare or in the look that was chosen."""
    look = state.look
    if look is None:
        looking = state.looking
        if looking is not None and looking.done and looking.error is None:
            look_in.in_mirror(state, person.shown, person.name)
        else:
            with st.container(key="mirror-picture"):
                st.html(style.picture(pictures.jpeg(person.shown), person.name.capitalize()))
        if looking is not None and not looking.done:
            watch_looking(Session)
    else:
        _worn(look)
        height, width = look.person.shown.shape[:2]
        compare(look.before, look.after, width / height, look.alt, state.key("compare"))
        for warning in look.warnings:
            st.caption(f":material/info: {plain(warning)}")
    _buttons(state, look)
    wear.kept(state)
    if look is not None and look.garment.item_id:
        goes_with.show(state, wardrobe.SHOP, _beside(look.garment.item_id))
    wear.show(state)
    with st.expander("More", icon=":material/tune:", key=state.key("more")):
        _settings(state)
    if look is not None:
        earlier.how_it_was_made(state, look, STEP_NAMES)


def _worn(look: Look) -> None:
    price = f" · <span>{html.escape(look.garment.price)}</span>" if look.garment.price else ""
    st.html(f'<div class="tr-worn"><b>{html.escape(look.title)}</b>{price}</div>')


def _buttons(state: Session, look: Look | None) -> None:
    with st.container(horizontal=True):
        if look is not None:
            earlier.download(state, look)
            if all(one.garment is not look.garment for one in state.choices.kept):
                st.button(
                    "Keep it on", key=state.key("keep-on"), on_click=actions.keep_on, icon=":material/add:",
                    help="What you try on next is put on together with it.",
                )  # fmt: skip
            st.button("Take it off", key=state.key("take-off"), on_click=actions.take_off)
        st.button("Change photo", key=state.key("change"), on_click=actions.pick, args=(True,))


def _beside(item_id: str) -> goes_with.Picture:
    """What goes with the garment in the mirror is tried on together with it."""
    return goes_with.Picture(
        item_id, Query(), "Add it", "Wear it all", "Complete the look", actions.try_together
    )  # fmt: skip


def _settings(state: Session) -> None:
    """Category, quality, seed, steps, renderer and a mask of one's own, for the next try-on."""
    choices = state.choices
    st.segmented_control(
        "The garment is a", CATEGORY_CHOICES, format_func=CATEGORY_NAMES.__getitem__, required=True,
        default=choices.category, key=state.key("category"), on_change=actions.read_settings,
    )  # fmt: skip
    st.segmented_control(
        "Quality", QUALITIES, format_func=str.capitalize, required=True, default=choices.quality,
        key=state.key("quality"), on_change=actions.read_settings,
    )  # fmt: skip
    left, right = st.columns(2)
    left.number_input(
        "Seed", min_value=0, max_value=2**53 - 1, value=choices.seed, step=1, key=state.key("seed"),
        on_change=actions.read_settings, help="The same seed gives the same picture; another one gives other folds.",
    )  # fmt: skip
    right.slider(
        "Steps", 0, MAX_STEPS, choices.steps, key=state.key("steps"), on_change=actions.read_settings,
        help="0 is what suits the renderer. Of our own that is quick and clean; more steps add texture, and grain.",
    )  # fmt: skip
    choosing.show(state)
    _mask(state)
    if state.garment is not None:
        st.button(
            "Render again", key=state.key("again"), on_click=actions.try_again, icon=":material/refresh:",
        )  # fmt: skip


def _mask(state: Session) -> None:
    trouble(state, "mask")
    if state.choices.mask is not None:
        st.caption(":material/check: Your own mask decides what is repainted.")
        st.button("Remove my mask", key=state.key("no-mask"), on_click=actions.remove_mask)
        return
    st.slider(
        "Repaint less or more around the garment", -MASK_GROWTH, MASK_GROWTH, state.choices.mask_grow, step=0.5,
        format="%+.1f %%", key=state.key("mask_grow"), on_change=actions.read_settings,
        help="In percent of the photo's longer side. More where the old garment still shows, less where too much goes.",
    )  # fmt: skip
    if state.person is not None:
        if (marking := masking.under_way(state, state.person.shown)) is not None:
            masking.picture(Session, marking)
        masking.show(Session, state.person.shown, {"mask": "Mask by click or brush"}, actions.use_mask)
    key = state.upload_key("mask")
    st.file_uploader(
        "Your own mask: white is repainted", type=pictures.TYPES, key=key,
        on_change=actions.take, args=(key, "mask", actions.accept_mask),
    )  # fmt: skip
