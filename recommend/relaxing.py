"""Where nothing satisfies all limits: which one alone is in the way, and how far it would have to give way. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

from recommend.lexicon import Lexicon, plurals
from recommend.measures import ADJECTIVES, show_cm
from recommend.prices import show
from recommend.query import understand
from recommend.schema import Chip, Filters, Item, Query, Relaxation, Understanding, side_of

#: How far dropping a limit goes, by the first word of its chip's key; moving one in numbers goes less far than any.
DROPPED: Final = {"not": 1.0, "must": 1.0, "colour": 1.1, "category": 2.0}


def relaxations(
    query: Query, understood: Understanding, lexicon: Lexicon, currency: str, find: Callable[[Filters], Sequence[Item]]
) -> tuple[Relaxation, ...]:
    """The limits of which each alone is in the way of all items, the smallest step first.

    Args:
        query: what was asked.
        understood: as understood; nothing satisfies its filters.
        lexicon: of the catalog.
        currency: of its prices.
        find: gives the items that satisfy filters.
    """
    ways: list[tuple[float, Relaxation]] = []
    for chip in understood.chips:
        if chip.strict:
            without = understand(replace(query, dismissed=(*query.dismissed, chip.key)), lexicon, currency).filters
            items = find(without)
            if items:
                ways.append(_way(chip, understood.filters, items, lexicon))
    return tuple(way for _, way in sorted(ways, key=lambda pair: pair[0]))


def say(ways: Sequence[Relaxation]) -> str:
    """A sentence: "Nothing under $40; 3 coffee tables from $89; without “black” there are 2."."""
    if not ways:
        return "Nothing satisfies all of it, and no single limit is in the way alone."
    parts = [way.offer if way.nearest is None else f"nothing {way.label}; {way.offer}" for way in ways]
    if ways[0].nearest is None:
        return f"Nothing satisfies all of it: {'; '.join(parts)}."
    return f"N{'; '.join(parts)[1:]}."


def _way(chip: Chip, filters: Filters, items: Sequence[Item], lexicon: Lexicon) -> tuple[float, Relaxation]:
    """One limit given up: how far that goes, and what it brings."""
    side, most = _numbered(chip.key)
    values = [item.price if side == "price" else side_of(item, side) for item in items if side]
    known = [value for value in values if value is not None]
    if not known:
        offer = f"without “{chip.label}” there are {len(items)}"
        return DROPPED.get(chip.key.split(":")[0], 1.0), Relaxation(chip.key, chip.label, None, offer, len(items))
    nearest = min(known) if most else max(known)
    limit = _limit(filters, side, most)
    shown = show(nearest, items[0].currency) if side == "price" else f"{show_cm(nearest)} {ADJECTIVES[side]}"
    offer = f"{_counted(items, lexicon)} {'from' if most else 'up to'} {shown}"
    away = abs(nearest - limit)
    return away / (away + limit), Relaxation(chip.key, chip.label, nearest, offer, len(items))


def _numbered(key: str) -> tuple[str, bool]:
    """ "price" or the side that a chip limits, and whether from above; "" if it is no limit in numbers."""
    kind, *rest = key.split(":")
    if kind == "price":
        return "price", rest == ["max"]
    return (rest[0], rest[1] == "max") if kind == "size" else ("", False)


def _limit(filters: Filters, side: str, most: bool) -> float:
    """The limit that is in the way."""
    if side == "price":
        return (filters.max_price if most else filters.min_price) or 0.0
    bounds = [limit.high if most else limit.low for limit in filters.sizes if limit.side == side]
    return next((bound for bound in bounds if bound is not None), 0.0)


def _counted(items: Sequence[Item], lexicon: Lexicon) -> str:
    """ "3 coffee tables", or "5 items" of several categories."""
    categories = {item.category for item in items}
    name = lexicon.domain.nouns_of.get(category := categories.pop(), category) if len(categories) == 1 else "item"
    if len(items) == 1:
        return f"1 {name}"
    return f"{len(items)} {' '.join(list(plurals(tuple(name.split(' '))))[-1])}"
