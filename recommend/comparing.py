"""Two or three things side by side: what they state, and where they differ. Pure functions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from recommend.dialogue import Table
from recommend.schema import Item, values_of
from recommend.stylist import Ensemble
from recommend.wording import money, title_of

#: Facts in the order of the table: attribute of an item and its name for people.
FACTS: Final = {
    "colours": "colours", "material": "material", "pattern": "pattern", "sleeve": "sleeves", "style": "style",
}  # fmt: skip


def compare(things: Sequence[Ensemble], whole: str = "Outfit") -> Table:
    """The table of facts; what none of them states is left out. Where they are no single items, `whole` names each."""
    singles = all(len(thing.hits) == 1 for thing in things)
    heads = tuple(title_of(thing) if singles else f"{whole} {place}" for place, thing in enumerate(things, start=1))
    rows = [("price", tuple(money(thing.price, thing.hits[0].item.currency) for thing in things))]
    rows += [] if singles else [("items", tuple(title_of(thing) for thing in things))]
    rows += [(name, tuple(_stated(thing, attribute) for thing in things)) for attribute, name in FACTS.items()]
    rows += [("size", tuple(_size(thing.hits[0].item) for thing in things))] if singles else []
    return Table(heads, tuple((name, values, len(set(values)) > 1) for name, values in rows if any(values)))


def _stated(thing: Ensemble, attribute: str) -> str:
    """What its items state of an attribute, each value once."""
    return ", ".join(dict.fromkeys(value for hit in thing.hits for value in values_of(hit.item, attribute)))


def _size(item: Item) -> str:
    return f"{' × '.join(f'{side:g}' for side in item.size_cm)} cm" if item.size_cm else ""
