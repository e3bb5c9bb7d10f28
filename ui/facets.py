"""Filters with live counts: what the items that match now are made of, coloured and patterned with; a click limits."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import streamlit as st

from recommend.features import SHADES
from recommend.schema import Facet, Filters
from ui.messages import plain
from ui.session import Visit, visit

if TYPE_CHECKING:
    from recommend.retriever import Retriever

#: Attribute → its heading, in the order of the page. Categories have buttons of their own.
HEADINGS: Final = {
    "colours": "Colour", "material": "Material", "pattern": "Pattern", "kind": "Kind", "sleeve": "Sleeves",
    "style": "Style", "place": "Place",
}  # fmt: skip
#: Values shown of one attribute, the most frequent ones.
MOST: Final = 12


def show(state: Visit, retriever: Retriever, filters: Filters) -> None:
    """Draw them behind a button.

    Args:
        filters: of the search that is shown, so that the counts are of what is there.
    """
    counts = _counts(state, retriever, filters)
    chosen = sum(map(len, state.ticked.values()))
    label = f"Filter · {chosen}" if chosen else "Filter"
    with st.popover(label, icon=":material/tune:", key=state.key("facets")):
        for attribute, heading in HEADINGS.items():
            _pills(state, attribute, heading, counts[attribute])


def _counts(state: Visit, retriever: Retriever, filters: Filters) -> Mapping[str, Mapping[str, int]]:
    """Attribute → value → number of items; counted once for the same filters."""
    asked = (retriever.version, filters)
    if state.counted is None or state.counted[0] != asked:
        state.counted = (asked, retriever.facets(filters, tuple(HEADINGS)))
    return state.counted[1]


def _pills(state: Visit, attribute: str, heading: str, counts: Mapping[str, int]) -> None:
    """The values of one attribute; nothing where there is no choice."""
    chosen = state.ticked.get(attribute, ())
    options = list(dict.fromkeys([*chosen, *list(counts)[:MOST]]))
    if len(options) < 2 and not chosen:
        return
    key = state.key(f"facet-{attribute}")
    st.session_state[key] = list(chosen)  # the browser knows values by their labels, and counts change those

    def label(value: str) -> str:
        return f"{_swatch(value) if attribute == 'colours' else ''}{plain(value)} {counts.get(value, 0)}"

    st.pills(
        heading, options, selection_mode="multi", key=key, on_change=_choose, args=(type(state), attribute),
        format_func=label,
    )  # fmt: skip


def _swatch(colour: str) -> str:
    """A disc of a colour, as Markdown that a label may hold; "" for a name that is no one shade."""
    if colour not in SHADES:
        return ""
    disc = f'<circle cx="8" cy="8" r="7" fill="#{SHADES[colour][0]}" stroke="#8a8478"/>'
    svg = f'<svg xmlns="http://www.w3.org/2000/svg" width="16" height="16">{disc}</svg>'
    return f"![](data:image/svg+xml;base64,{base64.b64encode(svg.encode()).decode()}) "


def _choose(page: type[Visit], attribute: str) -> None:
    state = visit(page)
    _set(state, attribute, tuple(st.session_state.get(state.key(f"facet-{attribute}")) or ()))


def _set(state: Visit, attribute: str, values: tuple[str, ...]) -> None:
    """Choose exactly these; they count though their chip was taken away before."""
    state.ticked = {name: kept for name, kept in state.ticked.items() if name != attribute}
    if values:
        state.ticked[attribute] = values
        state.dismissed = tuple(key for key in state.dismissed if key != _chip(attribute, values))


def conditions(state: Visit) -> Mapping[str, Any]:
    """What was chosen, by field of `Query`."""
    required = tuple(Facet(name, values) for name, values in state.ticked.items() if name != "colours")
    return {"colours": state.ticked.get("colours", ()), "required": required}


def drop(state: Visit, chip: str) -> bool:
    """Let go of what a chip stands for; False if it was not chosen here."""
    attribute = next((name for name, values in state.ticked.items() if _chip(name, values) == chip), None)
    if attribute is not None:
        _set(state, attribute, ())
    return attribute is not None


def _chip(attribute: str, values: tuple[str, ...]) -> str:
    """The key of the chip that a choice becomes."""
    return f"colour:{'|'.join(values)}" if attribute == "colours" else f"must:{attribute}={'|'.join(values)}"
