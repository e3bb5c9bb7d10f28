"""The furniture on the rack of "Your room"."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from recommend.schema import Item
from ui import actions, loaders, pictures, piece_actions, room_actions
from ui.room_state import RoomVisit, room_visit
from ui.shop import Own, Shop

SIDES = ("Width", "Depth", "Height")
KINDS = {
    "sofa": "Sofas", "armchair": "Armchairs", "chair": "Chairs", "stool": "Stools", "bench": "Benches",
    "coffee table": "Coffee tables", "side table": "Side tables", "dining table": "Dining tables", "desk": "Desks",
    "bed": "Beds", "nightstand": "Nightstands", "wardrobe": "Wardrobes", "dresser": "Dressers",
    "bookcase": "Bookcases", "cabinet": "Cabinets", "tv stand": "TV stands", "floor lamp": "Floor lamps",
    "table lamp": "Table lamps", "ceiling lamp": "Ceiling lamps", "plant": "Plants", "rug": "Rugs",
    "wall art": "Wall art", "mirror": "Mirrors", "decor": "Decor",
}  # fmt: skip


def context(state: RoomVisit) -> Mapping[str, Any]:
    """What was read from the room's photo, once that is done; results then go with it and fit there."""
    looking = state.looking
    read = state.room is not None and looking is not None and looking.done and looking.error is None
    return {"room": looking.result() if looking is not None and read else None}


def hint(state: RoomVisit, item: Item | None) -> str | None:
    """Why an item cannot be placed now."""
    if item is not None and (item.size_cm is None or "views" not in item.extra):
        return "There are no cut-outs of this one, so it cannot be shown in a room."
    return "Choose a room first." if state.room is None else None


def facts(item: Item) -> str:
    """Its size."""
    return "" if item.size_cm is None else f"{' × '.join(f'{side:.0f}' for side in item.size_cm)} cm"


def own_upload(state: RoomVisit) -> None:
    """Asks for a picture of a piece, and for its size."""
    key = state.upload_key("own")
    st.file_uploader(
        "Place a piece of yours", type=pictures.TYPES, key=key,
        on_change=actions.take, args=(key, "own", room_actions.accept_own, RoomVisit),
        help="Best before a plain wall, or already cut out. It is seen from this side only.",
    )  # fmt: skip
    for place, (column, name) in enumerate(zip(st.columns(3), SIDES, strict=True)):
        column.number_input(
            f"{name}, cm", min_value=1.0, max_value=1000.0, value=state.own_size[place], step=1.0, format="%.0f",
            key=state.key(f"own-{name.lower()}"), placeholder="?", on_change=_own_size_said,
        )  # fmt: skip
    st.caption("As wide, deep and high as it is: its picture does not tell.")


def _own_size_said() -> None:
    state = room_visit()
    width, depth, height = (st.session_state.get(state.key(f"own-{name.lower()}")) for name in SIDES)
    state.own_size = (width, depth, height)
    if all(side is not None for side in state.own_size):
        state.trouble.pop("own", None)


def own(state: RoomVisit) -> Own | None:
    """The shopper's own piece."""
    return None if state.own is None else Own("Your own piece", state.own, piece_actions.place_own)


SHOP: Shop[RoomVisit] = Shop(
    catalog=loaders.furniture,
    retriever=loaders.furniture_retriever,
    reopen=loaders.pieces.clear,
    kinds=KINDS,
    example="a glass coffee table under 300, not black",
    change="but in oak, smaller",
    all_shown="all furniture is shown",
    like_hint="Find furniture like this",
    look=lambda state: None,  # what is in it is found without a tap
    goes_hint="What stands well beside it.",
    verb="Place it",
    choose=piece_actions.place_item,
    hint=hint,
    context=context,
    facts=facts,
    own_label="My own piece",
    own_upload=own_upload,
    own=own,
    shape=pictures.SQUARE,
)
