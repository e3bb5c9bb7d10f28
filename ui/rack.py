"""The right half of the fitting room: say what you want, see what there is, try it on."""

from __future__ import annotations

import html
import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from pipelines.schema import CATEGORY_CHOICES
from recommend.catalog import Catalog
from recommend.errors import RecommendError
from recommend.prices import show as show_price
from recommend.schema import Chip, Hit, Item, Query, SearchResult
from ui import actions, loaders, pictures, style
from ui.history import Garment
from ui.messages import explain
from ui.mirror import POLL
from ui.session import Session, session

if TYPE_CHECKING:
    from recommend.retriever import Retriever

CATEGORY_NAMES = {"upper": "Tops", "lower": "Bottoms", "dress": "Dresses"}
#: Cards that "Show more" adds.
MORE = 12


@dataclass(frozen=True)
class Card:
    """An item as it is shown.

    Attributes:
        why: one line, "" if nothing was asked.
    """

    item: Item
    picture: Path
    why: str = ""


def show() -> None:
    """Draw this half."""
    state = session()
    try:
        catalog = loaders.catalog()
    except RecommendError as error:
        st.error(explain(error))
        return
    _ask(state, catalog)
    opening = loaders.retriever()
    if opening.done and opening.error is None:
        cards = _search(state, opening.result())
    else:
        _not_yet(opening.error)
        cards = [Card(item, catalog.picture(item)) for item in catalog.items[: state.wanted]]
    _cards(state, cards)
    if len(cards) == state.wanted < len(catalog.items):
        st.button("Show more", key=state.key("show-more"), on_click=_show_more)


# --- asking -------------------------------------------------------------------------------------------------


def _ask(state: Session, catalog: Catalog) -> None:
    """Words, a picture, a highest price, kinds, and a garment of one's own."""
    st.text_input(
        "What are you looking for?", key=state.key("words"), icon=":material/search:",
        placeholder="a red linen dress under 40, no stripes", on_change=_new_words,
    )  # fmt: skip
    for place in ("like", "own"):
        if place in state.trouble:
            st.error(state.trouble[place], icon=":material/error:")
    with st.container(horizontal=True, vertical_alignment="center"):
        kinds = [name for name in CATEGORY_NAMES if any(item.category == name for item in catalog.items)]
        st.pills(
            "Kind", kinds, selection_mode="multi", format_func=CATEGORY_NAMES.__getitem__, key=state.key("kinds"),
            label_visibility="collapsed", on_change=_limit_changed, args=("category:",),
        )  # fmt: skip
        _price(state, catalog)
        _uploads(state)


def _price(state: Session, catalog: Catalog) -> None:
    dearest = max(1, math.ceil(max((item.price for item in catalog.items), default=0.0)))
    limit = st.session_state.get(state.key("max-price"), dearest)
    label = "Any price" if limit >= dearest else f"Up to {show_price(limit, catalog.currency)}"
    with st.popover(label, icon=":material/sell:", key=state.key("price")):
        st.slider(
            f"Highest price in {catalog.currency}", 0, dearest, dearest, key=state.key("max-price"),
            on_change=_limit_changed, args=("price:max",),
        )  # fmt: skip


def _uploads(state: Session) -> None:
    """Pictures of garments: to find similar ones, or to try on."""
    for place, label, icon, hint, accept in (
        ("like", "Like a picture", ":material/image_search:", "Find garments like this one", actions.accept_like),
        ("own", "My own garment", ":material/add_a_photo:", "Try on a garment of yours", actions.accept_garment),
    ):
        with st.popover(label, icon=icon, key=state.key(f"{place}-popover")):
            key = state.upload_key(place)
            st.file_uploader(
                hint, type=pictures.TYPES, key=key, on_change=actions.take, args=(key, place, accept)
            )  # fmt: skip


def _new_words() -> None:
    state = session()
    state.dismissed, state.wanted = (), MORE


def _limit_changed(chip: str) -> None:
    """A limit set by hand counts again, though its chip was taken away before."""
    state = session()
    state.dismissed = tuple(key for key in state.dismissed if not key.startswith(chip))


def _show_more() -> None:
    session().wanted += MORE


# --- finding ------------------------------------------------------------------------------------------------


@st.fragment(run_every=POLL)
def _watch_opening() -> None:
    """One line while the catalog is opened for searching."""
    opening = loaders.retriever()
    if opening.done:
        st.rerun(scope="app")
    st.progress(opening.fraction, text=f"Getting the shop ready · {opening.stage}")


def _not_yet(error: BaseException | None) -> None:
    if error is None:
        _watch_opening()
        return
    st.warning(f"Searching does not work now, all garments are shown. {explain(error)}")
    st.button("Try again", key=session().key("reopen"), on_click=loaders.retriever.clear)


def query_of(state: Session, catalog: Catalog) -> Query:
    """What the widgets ask for."""
    looking = state.looking
    read = state.person is not None and looking is not None and looking.done and looking.error is None
    limit = st.session_state.get(state.key("max-price"))
    dearest = max((item.price for item in catalog.items), default=0.0)
    return Query(
        text=(st.session_state.get(state.key("words")) or "").strip() or None,
        like=state.like,
        photo=state.person.shown if state.person is not None and read else None,
        max_price=float(limit) if limit is not None and limit < dearest else None,
        categories=tuple(st.session_state.get(state.key("kinds")) or ()),
        dismissed=state.dismissed,
    )


def _search(state: Session, retriever: Retriever) -> list[Card]:
    """The cards for what is asked, above them how it was understood."""
    try:
        result = _found(state, retriever)
    except Exception as error:  # whatever it is, the rest of the page goes on
        st.error(explain(error))
        return []
    _chips(state, result.understanding.chips)
    for note in result.notes:
        st.caption(note)
    if not result.hits:
        st.html(
            '<div class="tr-empty">Nothing on the rack is like that. Take a condition away, or ask otherwise.</div>'
        )
    return [Card(hit.item, retriever.picture(hit.item), _why(hit)) for hit in result.hits]


def _why(hit: Hit) -> str:
    """The reason without the price, which the card shows by itself."""
    return hit.reason.replace(f", {show_price(hit.item.price, hit.item.currency)}", "", 1)


def _found(state: Session, retriever: Retriever) -> SearchResult:
    """The result of the search; the last one if the same is asked again."""
    query = query_of(state, retriever.catalog)
    asked = (
        query.text, id(query.like), id(query.photo), query.max_price, query.categories, query.dismissed, state.wanted,
    )  # fmt: skip
    if state.shelf is None or state.shelf[0] != asked:
        state.shelf = (asked, retriever.search(query, state.wanted))
    return state.shelf[1]


def _chips(state: Session, chips: tuple[Chip, ...]) -> None:
    """What was understood; a click takes a part away."""
    if not chips and state.like is None:
        return
    with st.container(horizontal=True, vertical_alignment="center", key=state.key("chips")):
        if state.like is not None:
            st.image(pictures.jpeg(pictures.fit(state.like, 160)), width=44, alt="Your picture")
            st.button("like your picture", key=state.key("chip-like"), icon=":material/close:", on_click=_drop_like)
        for chip in chips:
            st.button(
                _chip_label(chip), key=state.key(f"chip-{chip.key}"),
                icon=":material/close:", icon_position="right", on_click=_dismiss, args=(chip.key,),
                help="Understood from what you asked. Click to take it away.",
            )  # fmt: skip


def _chip_label(chip: Chip) -> str:
    if chip.key.startswith("category:"):
        return CATEGORY_NAMES.get(chip.label, chip.label).lower()
    return chip.label if chip.strict else f"preferably {chip.label}"


def _drop_like() -> None:
    session().like = None


def _dismiss(chip: str) -> None:
    """Take a part of the query away, whether it came from the words or from a widget."""
    state = session()
    state.dismissed = (*state.dismissed, chip)
    if chip == "price:max":
        state.reset("max-price")
    if chip.startswith("category:"):
        kinds = st.session_state.get(state.key("kinds")) or []
        st.session_state[state.key("kinds")] = [kind for kind in kinds if chip != f"category:{kind}"]


# --- the cards ----------------------------------------------------------------------------------------------


def _cards(state: Session, cards: list[Card]) -> None:
    """All cards, the shopper's own garment first; the style lays them out in as many columns as fit."""
    with st.container(key=state.key("rack")):
        if state.own is not None:
            _own(state, state.own)
        for card in cards:
            _card(state, card)


def _card(state: Session, card: Card) -> None:
    item = card.item
    with st.container(key=state.key(f"card-{item.id}")):
        picture = style.picture(loaders.card(str(card.picture)), item.title)
        _picture_and_words(picture, item.title, show_price(item.price, item.currency), card.why)
        wearable = item.category in CATEGORY_CHOICES
        st.button(
            "Try it on", key=state.key(f"try-{item.id}"), width="stretch", type="primary",
            disabled=state.person is None or not wearable, on_click=actions.try_item, args=(item, card.picture),
            help=_hint(state, wearable),
        )  # fmt: skip


def _own(state: Session, garment: Garment) -> None:
    with st.container(key=state.key("card-own")):
        jpeg = pictures.jpeg(pictures.card(pictures.on_white(garment.pixels)))
        _picture_and_words(style.picture(jpeg, "Your own garment"), "Your own garment", "yours", "")
        st.button(
            "Try it on", key=state.key("try-own"), width="stretch", type="primary", disabled=state.person is None,
            on_click=actions.try_on, args=(garment,), help=_hint(state, True),
        )  # fmt: skip


def _picture_and_words(picture: str, title: str, price: str, why: str) -> None:
    st.html(
        f'{picture}<div class="tr-title">{html.escape(title)}</div><div class="tr-price">{html.escape(price)}</div>'
        f'<div class="tr-why">{html.escape(why)}</div>'
    )


def _hint(state: Session, wearable: bool) -> str | None:
    if not wearable:
        return "Only tops, bottoms and dresses can be tried on."
    return "Choose who tries it on first." if state.person is None else None
