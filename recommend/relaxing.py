"""Where nothing satisfies all limits: which one alone is in the way, and how far it would have to give way. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

from recommend.lexicon import Lexicon, plurals
from recommend.measures import ADJECTIVES, show_cm
from recommend.prices import show
from recommend.query import understand
from recommend.schema import Chip, Extent, Filters, Query, Relaxation, Understanding

#: How far dropping a limit goes, by the first word of its chip's key; moving one in numbers goes less far than any.
DROPPED: Final = {"not": 1.0, "must": 1.0, "colour": 1.1, "category": 2.0}


def relaxations(
    query: Query, understood: Understanding, lexicon: Lexicon, currency: str, extent: Callable[[Filters, str], Extent]
) -> tuple[Relaxation, ...]:
    """The limits of which each alone is in the way of all items, the smallest step first.

    Args:
        query: what was asked.
        understood: as understood; nothing satisfies its filters.
        lexicon: of the catalog.
        currency: of its prices.
        extent: of the items that satisfy filters, in their price ("price"), in a side of `SIDES`, or ("") in neither.
    """
    ways: list[tuple[float, Relaxation]] = []
    for chip in understood.chips:
        if chip.strict:
            without = understand(replace(query, dismissed=(*query.dismissed, chip.key)), lexicon, currency).filters
            side, most = _numbered(chip.key)
            found = extent(without, side)
            if found.count:
                nearest = found.least if most else found.most
                ways.append(_way(chip, _limit(understood.filters, side, most), nearest, found, lexicon, currency))
    return tuple(way for _, way in sorted(ways, key=lambda pair: pair[0]))


def say(ways: Sequence[Relaxation]) -> str:
    """A sentence: "Nothing under $40; 3 coffee tables from $89; without “black” there are 2."."""
    if not ways:
        return "Nothing satisfies all of it, and no single limit is in the way alone."
    parts = [way.offer if way.nearest is None else f"nothing {way.label}; {way.offer}" for way in ways]
    if ways[0].nearest is None:
        return f"Nothing satisfies all of it: {'; '.join(parts)}."
    return f"N{'; '.join(parts)[1:]}."


def _way(
    chip: Chip, limit: float, nearest: float | None, found: Extent, lexicon: Lexicon, currency: str
) -> tuple[float, Relaxation]:
    """One limit given up: how far that goes, and what it brings."""
    if nearest is None:
        offer = f"without “{chip.label}” there are {found.count}"
        return DROPPED.get(chip.key.split(":")[0], 1.0), Relaxation(chip.key, chip.label, None, offer, found.count)
    side, most = _numbered(chip.key)
    shown = show(nearest, currency) if side == "price" else f"{show_cm(nearest)} {ADJECTIVES[side]}"
    offer = f"{_counted(found, lexicon)} {'from' if most else 'up to'} {shown}"
    away = abs(nearest - limit)
    return away / (away + limit), Relaxation(chip.key, chip.label, nearest, offer, found.count)


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


def _counted(found: Extent, lexicon: Lexicon) -> str:
    """ "3 coffee tables", or "5 items" of several categories."""
    category = found.categories[0]
    name = lexicon.domain.nouns_of.get(category, category) if len(found.categories) == 1 else "item"
    if found.count == 1:
        return f"1 {name}"
    return f"{found.count} {' '.join(list(plurals(tuple(name.split(' '))))[-1])}"
