"""The garments on the rack of the fitting room."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from pipelines.schema import CATEGORY_CHOICES
from recommend.schema import Item
from ui import actions, loaders, look, pictures
from ui.session import Session
from ui.shop import Own, Shop


def context(state: Session) -> Mapping[str, Any]:
    """The photo, once it is known what the person wears; results then go with that."""
    looking = state.looking
    read = state.person is not None and looking is not None and looking.done and looking.error is None
    return {"photo": state.person.shown if state.person is not None and read else None}


def hint(state: Session, item: Item | None) -> str | None:
    """Why an item cannot be tried on now."""
    if item is not None and item.category not in CATEGORY_CHOICES:
        return "Only tops, bottoms and dresses can be tried on."
    return "Choose who tries it on first." if state.person is None else None


def own_upload(state: Session) -> None:
    """Asks for a picture of a garment."""
    key = state.upload_key("own")
    st.file_uploader(
        "Try on a garment of yours", type=pictures.TYPES, key=key,
        on_change=actions.take, args=(key, "own", actions.accept_garment),
    )  # fmt: skip


def own(state: Session) -> Own | None:
    """The shopper's own garment."""
    garment = state.own
    if garment is None:
        return None
    return Own("Your own garment", garment.pixels, actions.try_own)


SHOP: Shop[Session] = Shop(
    catalog=loaders.catalog,
    retriever=loaders.retriever,
    reopen=loaders.garments.clear,
    kinds={"upper": "Tops", "lower": "Bottoms", "dress": "Dresses"},
    example="a red linen dress under 40, no stripes",
    change="but in red, cheaper",
    all_shown="all garments are shown",
    like_hint="Find garments like this one",
    look=look.in_picture,
    goes_hint="What is worn with it.",
    verb="Try it on",
    choose=actions.try_item,
    hint=hint,
    context=context,
    facts=lambda item: "",
    own_label="My own garment",
    own_upload=own_upload,
    own=own,
)
