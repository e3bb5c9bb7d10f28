"""The right half of every page: say what you want, see what there is, take it to the picture on the left."""

from __future__ import annotations

import functools
import html
import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from recommend.catalog import Catalog
from recommend.errors import RecommendError
from recommend.feedback import Feedback
from recommend.prices import show as show_price
from recommend.schema import Chip, Item, Query, SearchResult
from ui import actions, facets, goes_with, keepsake, loaders, opinions, pictures, style, why
from ui.messages import explain, plain
from ui.session import Visit, visit
from ui.shop import Shop
from ui.watching import POLL, trouble

if TYPE_CHECKING:
    from recommend.retriever import Retriever

#: Cards that "Show more" adds.
MORE = Visit.wanted
#: Up to this many kinds stand side by side.
FEW = 5
#: How the keys of chips begin that say themselves what they do with an item that others shall resemble.
LIKENESS = ("like:", "unlike:", "keep:", "instead:")


@dataclass(frozen=True)
class Card:
    """An item as it is shown.

    Attributes:
        why: one line, "" if nothing was asked.
        parts: of its score, as HTML; "" if nothing was asked.
    """

    item: Item
    picture: Path
    why: str = ""
    parts: str = ""


def show(state: Visit, shop: Shop[Any]) -> None:
    """Draw this half.

    Args:
        state: of the page.
        shop: whose items are on the rack.
    """
    try:
        catalog = shop.catalog()
    except RecommendError as error:
        st.error(explain(error))
        return
    opening = shop.retriever()
    opened = opening.done and opening.error is None
    limits = _ask(state, shop, catalog, opened)
    if opened:
        cards = _search(state, shop, opening.result(), limits)
    else:
        _not_yet(state, shop, opening.error)
        cards = [Card(item, catalog.picture(item)) for item in catalog.items[: state.wanted]]
    opinions.show(state)
    _cards(state, shop, cards)
    if len(cards) == state.wanted < len(catalog.items):
        st.button("Show more", key=state.key("show-more"), on_click=_show_more, args=(type(state),))


# --- asking -------------------------------------------------------------------------------------------------


def _ask(state: Visit, shop: Shop[Any], catalog: Catalog, opened: bool) -> DeltaGenerator:
    """Words, a picture, a highest price, kinds, and an item of one's own.

    Returns:
        the place for the limits that the search tells.
    """
    st.text_input(
        "What are you looking for?", key=_remembered(state, "words", state.words), icon=":material/search:",
        placeholder=shop.change if state.likes else shop.example, on_change=_new_words, args=(type(state),),
    )  # fmt: skip
    trouble(state, "like", "own", "taste")
    with st.container(horizontal=True, vertical_alignment="center", key=state.key("limits")):
        _kinds(state, shop, catalog)
        _price(state, catalog)
        told = st.container(width="content")
        with st.popover("Like a picture", icon=":material/image_search:", key=state.key("like-popover")):
            key = state.upload_key("like")
            taken = (key, "like", functools.partial(actions.accept_like, type(state)), type(state))
            st.file_uploader(shop.like_hint, type=pictures.TYPES, key=key, on_change=actions.take, args=taken)
            shop.look(state)
        with st.popover(shop.own_label, icon=":material/add_a_photo:", key=state.key("own-popover")):
            shop.own_upload(state)
        keepsake.show(state, shop, opened)
    return told


def _remembered(state: Visit, name: str, value: object) -> str:
    """The key of a widget, which shows `value` where the browser has forgotten it with the page that was left."""
    key = state.key(name)
    st.session_state.setdefault(key, value)
    return key


def _kinds(state: Visit, shop: Shop[Any], catalog: Catalog) -> None:
    """The kinds that the catalog has; behind a button where they would fill the page."""
    kinds = [name for name in shop.kinds if any(item.category == name for item in catalog.items)]
    few = len(kinds) <= FEW
    label = f"{len(state.kinds)} kinds" if len(state.kinds) > 1 else shop.kinds.get("".join(state.kinds), "Any kind")
    with st.container(width="content") if few else st.popover(
        label, icon=":material/category:", key=state.key("kinds-popover")
    ):  # fmt: skip
        st.pills(
            "Kind", kinds, selection_mode="multi", format_func=shop.kinds.__getitem__,
            key=_remembered(state, "kinds", list(state.kinds)),
            label_visibility="collapsed", on_change=_kinds_changed, args=(type(state),),
        )  # fmt: skip


def _price(state: Visit, catalog: Catalog) -> None:
    dearest = max(1, math.ceil(max((item.price for item in catalog.items), default=0.0)))
    limit = dearest if state.max_price is None else min(round(state.max_price), dearest)
    label = "Any price" if limit >= dearest else f"Up to {show_price(limit, catalog.currency)}"
    with st.popover(label, icon=":material/sell:", key=state.key("price")):
        st.slider(
            # Not set by its key, as `_remembered` does: a browser that opens this later would not hear of it.
            f"Highest price in {catalog.currency}", 0, dearest, limit, key=state.key("max-price"),
            on_change=_price_changed, args=(type(state), dearest),
        )  # fmt: skip


def _new_words(page: type[Visit]) -> None:
    state = visit(page)
    state.words = st.session_state.get(state.key("words")) or ""
    state.dismissed, state.wanted = (), MORE


def _kinds_changed(page: type[Visit]) -> None:
    state = visit(page)
    state.kinds = tuple(st.session_state.get(state.key("kinds")) or ())
    _counts_again(state, "category:")


def _price_changed(page: type[Visit], dearest: int) -> None:
    state = visit(page)
    limit = st.session_state.get(state.key("max-price"))
    state.max_price = float(limit) if limit is not None and limit < dearest else None
    _counts_again(state, "price:max")


def _counts_again(state: Visit, chip: str) -> None:
    """A limit set by hand counts again, though its chip was taken away before."""
    state.dismissed = tuple(key for key in state.dismissed if not key.startswith(chip))


def _show_more(page: type[Visit]) -> None:
    visit(page).wanted += MORE


# --- finding ------------------------------------------------------------------------------------------------


@st.fragment(run_every=POLL)
def _watch_opening(shop: Shop[Any]) -> None:
    """One line while the catalog is opened for searching."""
    opening = shop.retriever()
    if opening.done:
        st.rerun(scope="app")
    st.progress(opening.fraction, text=f"Getting the shop ready · {opening.stage}")


def _not_yet(state: Visit, shop: Shop[Any], error: BaseException | None) -> None:
    if error is None:
        _watch_opening(shop)
        return
    st.warning(f"Searching does not work now, {shop.all_shown}. {explain(error)}")
    st.button("Try again", key=state.key("reopen"), on_click=shop.reopen)


def query_of(state: Visit, shop: Shop[Any]) -> Query:
    """What the shopper asks for on this page."""
    return Query(
        text=state.words.strip() or None,
        like=state.like,
        likes=state.likes,
        max_price=state.max_price,
        categories=state.kinds,
        dismissed=state.dismissed,
        feedback=state.feedback,
        **facets.conditions(state),
        **shop.context(state),
    )


def _search(state: Visit, shop: Shop[Any], retriever: Retriever, limits: DeltaGenerator) -> list[Card]:
    """The cards for what is asked, above them how it was understood and what it can be limited to."""
    try:
        _let_go_of_gone(state, retriever)
        result = _found(state, shop, retriever)
    except Exception as error:  # whatever it is, the rest of the page goes on
        st.error(explain(error))
        return []
    with limits:
        facets.show(state, retriever, result.understanding.filters)
    goes_with.heading(state, shop, retriever)
    _chips(state, shop, result.understanding.chips)
    for note in result.notes:
        st.caption(plain(note))
    if not result.hits:
        st.html(
            '<div class="tr-empty">Nothing on the rack is like that. Take a condition away, or ask otherwise.</div>'
        )
    liked = _liked(state, retriever)
    return [Card(hit.item, retriever.picture(hit.item), hit.reason, why.split(hit, liked)) for hit in result.hits]


def _let_go_of_gone(state: Visit, retriever: Retriever) -> None:
    """Items that were taken out of the catalog are asked for no more, and no thumb on them counts."""
    state.likes = tuple(name for name in state.likes if name in retriever)
    state.goes_with = state.goes_with if state.goes_with in retriever else ""
    events = tuple((event, name) for event, name in state.feedback.events if name in retriever)
    state.feedback = state.feedback if events == state.feedback.events else Feedback(events)


def _liked(state: Visit, retriever: Retriever) -> str:
    """What others shall resemble, in a few words."""
    if state.like is None and len(state.likes) == 1:
        return f"“{retriever.item(state.likes[0]).title}”"
    return "what you like" if state.likes else state.like_name


def _found(state: Visit, shop: Shop[Any], retriever: Retriever) -> SearchResult:
    """The result of the search; the last one if the same is asked again."""
    query = query_of(state, shop)
    asked = (
        query.text, id(query.like), id(query.photo), id(query.room), query.max_price,
        query.categories, query.dismissed, query.likes, query.feedback, query.colours, query.required,
        state.people, state.goes_with, state.wanted, retriever.version,
    )  # fmt: skip
    if state.shelf is None or state.shelf[0] != asked:
        if state.goes_with:
            result = goes_with.found(retriever, state.goes_with, query, state.wanted)
        else:
            result = retriever.search(query, state.wanted, keepsake.fitted(state, retriever))
        state.shelf = (asked, result)
    return state.shelf[1]


def _chips(state: Visit, shop: Shop[Any], chips: tuple[Chip, ...]) -> None:
    """What was understood; a click takes a part away."""
    if not chips and state.like is None:
        return
    with st.container(horizontal=True, vertical_alignment="center", key=state.key("chips")):
        if state.like is not None:
            st.image(pictures.jpeg(pictures.fit(state.like, 160)), width=44, alt=state.like_name.capitalize())
            st.button(
                f"like {plain(state.like_name)}", key=state.key("chip-like"), icon=":material/close:",
                on_click=_drop_like, args=(type(state),),
            )  # fmt: skip
        for chip in chips:
            st.button(
                plain(_chip_label(chip, shop)), key=state.key(f"chip-{chip.key}"),
                icon=":material/close:", icon_position="right", on_click=_dismiss, args=(type(state), chip.key),
                help="Understood from what you asked. Click to take it away.",
            )  # fmt: skip


def _chip_label(chip: Chip, shop: Shop[Any]) -> str:
    if chip.key.startswith("category:"):
        return shop.kinds.get(chip.label, chip.label).lower()
    if chip.key == "keep:category":
        kind = chip.label.removeprefix("still ")
        return f"still {shop.kinds.get(kind, kind).lower()}"
    said = chip.strict or chip.key.startswith(LIKENESS)
    return chip.label if said else f"preferably {chip.label}"


def _drop_like(page: type[Visit]) -> None:
    visit(page).like = None


def _dismiss(page: type[Visit], chip: str) -> None:
    """Take a part of the query away, whether it came from the words or from a widget."""
    state = visit(page)
    if chip.startswith("like:"):  # not dismissed, or it could not be asked for again
        state.likes = tuple(name for name in state.likes if chip != f"like:{name}")
        return
    if facets.drop(state, chip):
        return
    state.dismissed = (*state.dismissed, chip)
    if chip == "price:max":
        state.max_price = None
        state.reset("max-price")
    if chip.startswith("category:"):
        state.kinds = tuple(kind for kind in state.kinds if chip != f"category:{kind}")
        st.session_state[state.key("kinds")] = list(state.kinds)


# --- the cards ----------------------------------------------------------------------------------------------


def _cards(state: Visit, shop: Shop[Any], cards: list[Card]) -> None:
    """All cards, the shopper's own item first; the style lays them out in as many columns as fit."""
    with st.container(key=state.key("rack")):
        _own(state, shop)
        for card in cards:
            _card(state, shop, card)


def _card(state: Visit, shop: Shop[Any], card: Card) -> None:
    item = card.item
    with st.container(key=state.key(f"card-{item.id}")):
        picture = style.picture(loaders.card(str(card.picture), shop.shape), item.title)
        price = show_price(item.price, item.currency)
        _picture_and_words(picture, item.title, price, shop.facts(item), card.why, card.parts)
        with st.container(key=state.key(f"foot-{item.id}"), gap="xsmall"):
            with st.container(
                horizontal=True, vertical_alignment="center", gap="xxsmall", key=state.key(f"ways-{item.id}")
            ):
                st.button(
                    "More like this", key=state.key(f"alike-{item.id}"), type="tertiary", on_click=_more_like,
                    args=(type(state), item.id), help="Then say what shall be different.",
                    disabled=state.shelf is None,  # nothing can be searched yet
                )  # fmt: skip
                st.button(
                    "Goes with it", key=state.key(f"goes-{item.id}"), type="tertiary", on_click=goes_with.ask,
                    args=(type(state), item.id), help=shop.goes_hint, disabled=state.shelf is None,
                )  # fmt: skip
                with st.container(horizontal=True, width="content", gap="xxsmall"):
                    opinions.thumbs(state, item)
            _button(state, shop, item.id, shop.hint(state, item), functools.partial(shop.choose, item, card.picture))


def _more_like(page: type[Visit], item_id: str) -> None:
    """Ask for what is like an item. The words have found it; what is typed from now on changes it."""
    state = visit(page)
    state.likes, state.words, state.dismissed, state.wanted = (item_id,), "", (), MORE
    state.goes_with = ""
    st.session_state[state.key("words")] = ""


def _own(state: Visit, shop: Shop[Any]) -> None:
    own = shop.own(state)
    if own is None:
        return
    with st.container(key=state.key("card-own")):
        jpeg = pictures.jpeg(pictures.card(pictures.on_white(own.pixels), shop.shape))
        _picture_and_words(style.picture(jpeg, own.title), own.title, "yours")
        _button(state, shop, "own", shop.hint(state, None), own.choose)


def _button(state: Visit, shop: Shop[Any], name: str, hint: str | None, choose: Callable[[], None]) -> None:
    st.button(
        shop.verb, key=state.key(f"try-{name}"), width="stretch", type="primary", disabled=hint is not None,
        on_click=choose, help=hint,
    )  # fmt: skip


def _picture_and_words(picture: str, title: str, price: str, fact: str = "", why: str = "", parts: str = "") -> None:
    size = f'<div class="tr-fact">{html.escape(fact)}</div>' if fact else ""
    st.html(
        f'{picture}<div class="tr-title">{html.escape(title)}</div><div class="tr-price">{html.escape(price)}</div>'
        f'{size}<div class="tr-why">{html.escape(why)}</div>{parts}'
    )
