"""What goes with an item: on the rack in place of a search, as a rail under the picture, and as whole sets."""

from __future__ import annotations

import html
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import streamlit as st

from recommend.prices import show as show_price
from recommend.schema import Hit, Item, Query, SearchResult
from ui import loaders, style
from ui.messages import explain, plain
from ui.session import Visit, visit
from ui.shop import Shop

if TYPE_CHECKING:
    from recommend.retriever import Retriever
    from recommend.stylist import Ensemble

#: Cards on a rail, candidates that are asked for them, and sets that are offered.
RAIL: Final = 6
ASKED: Final = 24
SETS: Final = 3


# --- on the rack --------------------------------------------------------------------------------------------


def ask(page: type[Visit], item_id: str) -> None:
    """Ask for what goes with an item; what is typed from now on narrows that."""
    state = visit(page)
    state.ask_anew()
    state.goes_with = item_id


def leave(page: type[Visit]) -> None:
    """Back to all items."""
    visit(page).goes_with = ""


def found(retriever: Retriever, item_id: str, query: Query, k: int) -> SearchResult:
    """What goes with an item, best first. It is worn or placed instead of what the photo shows there."""
    from recommend.stylist import Stylist

    return Stylist(retriever).goes_with(item_id, k, replace(query, photo=None))


def heading(state: Visit, shop: Shop[Any], retriever: Retriever) -> None:
    """Names what the items of the rack go with; a click leads back."""
    if not state.goes_with:
        return
    item = retriever.item(state.goes_with)
    with st.container(horizontal=True, vertical_alignment="center", key=state.key("goes-heading")):
        with st.container(width=56):
            st.html(style.picture(loaders.card(str(retriever.picture(item)), shop.shape), item.title))
        st.html(f'<div class="tr-worn">Goes with <b>{html.escape(item.title)}</b></div>', width="content")
        st.button(
            "Back to all", key=state.key("goes-back"), icon=":material/arrow_back:", type="tertiary",
            on_click=leave, args=(type(state),),
        )  # fmt: skip


# --- under the picture --------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Picture:
    """A picture to which things that go with it are added.

    Attributes:
        item_id: of the item that they go with.
        query: what holds beside.
        verb: on the button of a card. all_verb: on that of a set.
        sets_label: on the button that looks for whole sets.
        add: what the buttons do, with items and the paths of their pictures.
    """

    item_id: str
    query: Query
    verb: str
    all_verb: str
    sets_label: str
    add: Callable[[list[tuple[Item, Path]]], None]


def show(state: Visit, shop: Shop[Any], shown: Picture) -> None:
    """A row of small cards and, once asked for, whole sets; nothing while the catalog is not open."""
    opening = shop.retriever()
    if not opening.done or opening.error is not None:
        return
    retriever = opening.result()
    if shown.item_id not in retriever:  # taken out of the catalog since it was chosen
        return
    try:
        _rail(state, shop, retriever, shown)
        _sets(state, shop, retriever, shown)
    except Exception as error:  # whatever it is, the picture stays
        st.error(explain(error))


def _rail(state: Visit, shop: Shop[Any], retriever: Retriever, shown: Picture) -> None:
    hits = [hit for hit in _railed(state, retriever, shown) if shop.hint(state, hit.item) is None][:RAIL]
    if not hits:
        return
    st.markdown("**Goes with this**")
    with st.container(key=state.key("rail")):
        for hit in hits:
            picture = retriever.picture(hit.item)
            with st.container(gap="xsmall", key=state.key(f"railed-{hit.item.id}")):
                _small(hit.item, picture, shop)
                st.button(
                    shown.verb, key=state.key(f"add-{hit.item.id}"), width="stretch", help=plain(hit.reason),
                    on_click=shown.add, args=([(hit.item, picture)],),
                )  # fmt: skip


def _railed(state: Visit, retriever: Retriever, shown: Picture) -> tuple[Hit, ...]:
    """What goes with the item; asked once."""
    asked = (retriever.version, shown.item_id, id(shown.query.room))
    if state.railed is None or state.railed[0] != asked:
        state.railed = (asked, found(retriever, shown.item_id, shown.query, ASKED).hits)
    return state.railed[1]


def _small(item: Item, picture: Path, shop: Shop[Any]) -> None:
    title, price = html.escape(item.title), html.escape(show_price(item.price, item.currency))
    drawn = style.picture(loaders.card(str(picture), shop.shape), item.title)
    st.html(f'{drawn}<div class="tr-small">{title}<b>{price}</b></div>')


# --- whole sets ---------------------------------------------------------------------------------------------


def _sets(state: Visit, shop: Shop[Any], retriever: Retriever, shown: Picture) -> None:
    """Sets with the item, each to be added to the picture at once."""
    if state.sets_for != shown.item_id:
        st.button(
            shown.sets_label, key=state.key("sets"), icon=":material/auto_awesome:", on_click=_want_sets,
            args=(type(state), shown.item_id),
        )  # fmt: skip
        return
    asked = (retriever.version, shown.item_id, id(shown.query.room))
    if state.sets is None or state.sets[0] != asked:
        from recommend.stylist import Stylist

        state.sets = (asked, Stylist(retriever).ensembles(shown.query, SETS, anchor=shown.item_id))
    if not state.sets[1]:
        st.caption("Nothing here makes a set with it.")
    for place, one in enumerate(state.sets[1]):
        _set(state, shop, retriever, shown, place, one)


def _want_sets(page: type[Visit], item_id: str) -> None:
    visit(page).sets_for = item_id


def _set(
    state: Visit, shop: Shop[Any], retriever: Retriever, shown: Picture, place: int, one: Ensemble
) -> None:  # fmt: skip
    """One set: what it adds, what all of it costs, and the button that adds it."""
    others = [hit.item for hit in one.hits if hit.item.id != shown.item_id and shop.hint(state, hit.item) is None]
    if not others:
        return
    with st.container(border=True, gap="xsmall", key=state.key(f"set-{place}")):
        with st.container(key=state.key(f"set-rail-{place}")):
            for item in others:
                with st.container():
                    _small(item, retriever.picture(item), shop)
        st.caption(plain(one.reason))
        st.button(
            shown.all_verb, key=state.key(f"add-set-{place}"), width="stretch", on_click=shown.add,
            args=([(item, retriever.picture(item)) for item in others],),
        )  # fmt: skip
