"""What clicks do to the session. Called as widget callbacks, before the page is drawn again.

Streamlit keeps what callbacks are called with, also after the widget is gone. So that is nothing of the shopper's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import streamlit as st
from streamlit.runtime.uploaded_file_manager import DeletedFile

import tryroom
from pipelines import images
from pipelines.errors import BadInput, TryroomError
from pipelines.schema import WEAR_CHOICES, Image, Mask, WearStyle
from recommend.errors import RecommendError
from recommend.prices import show
from recommend.schema import Item
from ui import choosing, loaders, pictures
from ui.history import Choices, Garment, Kept, Person
from ui.marking import Purpose
from ui.messages import explain
from ui.rendering import render_task
from ui.session import Session, Visit, forget_uploads, session, visit
from ui.tasks import Task

#: Widgets of the settings, by the field of `Choices` that each one sets; those of `WEAR_CHOICES` set its `wear`.
SETTINGS = ("category", "seed", "steps", "quality", "mask_grow", "person_height")


# --- pictures in --------------------------------------------------------------------------------------------


def take(key: str, place: str, accept: Callable[[bytes], None], page: type[Visit] = Session) -> None:
    """Read the file that an uploader or camera has got, once, and let go of it.

    Args:
        key: of the widget.
        place: where on the page to say what is wrong with it.
        accept: turns its bytes into state; may raise.
        page: the one with the widget.
    """
    state = session() if page is Session else visit(page)
    file = st.session_state.get(key)
    if file is None or isinstance(file, DeletedFile):  # a browser that lags behind names a file that was let go of
        return
    state.uploads += 1
    state.trouble.pop(place, None)
    try:
        accept(file.getvalue())
    except (TryroomError, RecommendError) as error:
        state.trouble[place] = explain(error)
    forget_uploads()


def accept_photo(data: bytes) -> None:
    """A photo of the shopper."""
    pixels = images.load_image_bytes(data, what="person photo")
    dress(Person("your photo", pixels, pictures.fit(pixels, pictures.SHOWN_SIDE)))


def accept_like(page: type[Visit], data: bytes) -> None:
    """A picture of what items shall resemble."""
    picture = images.load_image_bytes(data, what="picture")
    state = visit(page)
    state.like = state.inspiration = pictures.fit(picture, pictures.SHOWN_SIDE)
    state.like_name = "your picture"


def accept_garment(data: bytes) -> None:
    """A picture of the shopper's own garment."""
    pixels = images.load_image_bytes(data, what="garment picture", keep_alpha=True)
    session().own = Garment("your own garment", pixels)


def accept_mask(data: bytes) -> None:
    """A mask of the shopper's own."""
    state = session()
    photo = state.person.pixels if state.person is not None else None
    state.choices = replace(state.choices, mask=mask_for(photo, data, "look"))


def use_mask(purpose: Purpose, mask: Mask) -> None:
    """Repaint what was marked in the photo as it is shown."""
    state = session()
    if state.person is not None:
        state.choices = replace(state.choices, mask=pictures.resized(mask, state.person.pixels))


def mask_for(photo: Image | None, data: bytes, made: str) -> Mask:
    """A mask, checked against its photo here, so that the message comes at once.

    Args:
        made: what the page makes, whose mask can be downloaded.
    """
    mask = images.load_mask_bytes(data, what="mask")
    if photo is not None and mask.shape != photo.shape[:2]:
        (height, width), (h, w) = mask.shape, photo.shape[:2]
        step = f"Download the mask of a finished {made}, change that, and give it back."
        raise BadInput("mask", f"{width} × {height} pixels", f"the size of the photo, {w} × {h}", step)
    return mask


def choose_demo(name: str, image: Path) -> None:
    """Dress a demo person."""
    state = session()
    state.trouble.pop("person", None)
    try:
        pixels = images.load_image(image, what="person photo")
    except TryroomError as error:
        state.trouble["person"] = explain(error)
        return
    dress(Person(name, pixels, pictures.fit(pixels, pictures.SHOWN_SIDE)))


def dress(person: Person) -> None:
    """Put a person before the mirror."""
    state = session()
    state.drop_render()
    state.person, state.look, state.picking, state.masking = person, None, False, None
    state.choices = replace(state.choices, mask=None, kept=())  # drawn for another photo, worn by somebody else
    for place in ("person", "mirror", "mask", "tap"):
        state.trouble.pop(place, None)
    look_at(person)


def look_at(person: Person) -> None:
    """Begin to find out what a person wears."""
    reader = loaders.worn_reader()
    session().looking = Task(lambda report: loaders.look_at(person.shown, reader, report), "look-at-person").start()


# --- rendering ----------------------------------------------------------------------------------------------


def try_item(item: Item, picture: Path) -> None:
    """Try on an item of the catalog."""
    garment = garment_of(item, picture)
    if garment is None:
        return
    state = session()
    if item.id not in state.feedback.opinions:  # or "Undo" would once change nothing that is seen
        state.feedback = state.feedback.add("try", item.id)
    try_on(garment)


def garment_of(item: Item, picture: Path) -> Garment | None:
    """`read_garment`; None if the picture cannot be read, which is said at the mirror."""
    try:
        return read_garment(item, picture)
    except TryroomError as error:
        session().trouble["mirror"] = explain(error)
        return None


def read_garment(item: Item, picture: Path) -> Garment:
    """An item of the catalog as something to try on; BadInput if its picture cannot be read."""
    pixels = images.load_image(picture, what="garment picture", keep_alpha=True)
    price = show(item.price, item.currency)
    return Garment(item.title, pixels, tryroom.category_of(item), price, tryroom.width_of(item), item.id)


def try_together(items: Sequence[tuple[Item, Path]]) -> None:
    """Try items on together with what the mirror shows, the last of them last."""
    state = session()
    if state.look is not None and all(one.garment is not state.look.garment for one in state.choices.kept):
        keep_on()
    *first, last = items
    for item, picture in first:
        garment = garment_of(item, picture)
        if garment is None:
            return
        kept = (*state.choices.kept, Kept(garment, garment.category, WearStyle()))
        state.choices = replace(state.choices, kept=kept)
    try_item(*last)


def try_own() -> None:
    """Try on the shopper's own garment."""
    garment = session().own
    if garment is not None:
        try_on(garment)


def try_again() -> None:
    """Try the same garment on once more, as it is chosen now."""
    garment = session().garment
    if garment is not None:
        try_on(garment)


def try_on(garment: Garment) -> None:
    """Begin to try a garment on; another try-on under way is given up."""
    state = session()
    if state.person is None:
        return
    state.drop_render()
    state.trouble.pop("mirror", None)
    state.tries += 1
    try:
        loading = loaders.fresh_renderer(choosing.now(state))
        task = render_task(state.person, garment, state.choices, loading, loaders.turns())
    except TryroomError as error:
        state.trouble["mirror"] = explain(error)
        return
    state.garment, state.picking = garment, False
    state.render = task.start()


def drop_render() -> None:
    """Give up the try-on under way, if there is one."""
    session().drop_render()


def settle(state: Session) -> None:
    """Take in what tasks have finished since the page was drawn."""
    choosing.settle(state, use_renderer)
    look = finished(state, "mirror")
    if look is not None:
        state.look = look
        state.history.add(look)
    looked(state, "person")


def finished(state: Visit, place: str) -> Any:
    """What the render under way has made, once; None if it runs or failed, which is said at `place`."""
    task = state.render
    if task is None or not task.done:
        return None
    state.render = None
    if task.error is not None:
        state.trouble[place] = explain(task.error)
        return None
    return task.result()


def looked(state: Visit, place: str) -> None:
    """Say at `place` what went wrong when the photo was looked at."""
    looking = state.looking
    if looking is not None and looking.error is not None and not looking.cancelled:
        state.trouble[place] = explain(looking.error)


# --- settings and looks -------------------------------------------------------------------------------------


def read_settings() -> None:
    """Take over what the widgets of the settings say."""
    state = session()

    def said(names: Iterable[str]) -> dict[str, Any]:
        values = {name: st.session_state.get(state.key(name)) for name in names}
        return {name: value for name, value in values.items() if value is not None}

    wear = replace(state.choices.wear, **said(WEAR_CHOICES))
    state.choices = replace(state.choices, **said(SETTINGS), wear=wear)


def use_renderer(name: str) -> None:
    """Have the next pictures made by a renderer, which is loaded."""
    state = session()
    state.choices = replace(state.choices, renderer=name)


def set_choices(choices: Choices) -> None:
    """Set the choices, and the widgets with them."""
    state = session()
    state.choices = choices
    for name in (*SETTINGS, *WEAR_CHOICES):
        state.reset(name)


def recall(place: int) -> None:
    """Bring a look back from the history, with the photo, the garment and the settings it was made from."""
    state = session()
    look = state.history[place]
    state.drop_render()
    state.trouble.clear()
    state.look, state.garment, state.picking = look, look.garment, False
    if look.person is not state.person:
        state.person = look.person
        look_at(look.person)
    set_choices(look.choices)


def keep_on() -> None:
    """Let the garment in the mirror stay on while others are tried on."""
    state = session()
    look = state.look
    if look is None:
        return
    # What it was found to be: nobody has to find that out again.
    category = look.recipe.get("category_used", look.garment.category)
    wear = look.choices.wear if category == "auto" else look.choices.wear.only_for(category)
    worn = (*look.choices.beside(look.garment), Kept(look.garment, category, wear))
    # A mask is drawn for one garment, as is what was said of its kind.
    set_choices(replace(state.choices, kept=worn, mask=None, category="auto", wear=WearStyle()))


def let_go(place: int) -> None:
    """Leave out what stayed on."""
    state = session()
    kept = state.choices.kept
    state.choices = replace(state.choices, kept=kept[:place] + kept[place + 1 :])


def take_off() -> None:
    """Show the bare photo again."""
    session().look = None


def pick(open_: bool) -> None:
    """Offer other photos, or go back to the one that is there."""
    state = session()
    state.picking = open_
    if not open_ and state.looking is not None and state.looking.error is None:
        state.trouble.pop("person", None)


def remove_mask() -> None:
    """Let the mask be found again."""
    state = session()
    state.choices = replace(state.choices, mask=None)
