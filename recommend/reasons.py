"""Why a piece of furniture is shown, in one line, from matched facts only. Pure functions.

"black, metal and glass; 118 cm fits the free 140 cm; oak like your floor"
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from recommend import rerank
from recommend.domains import FURNITURE
from recommend.features import Floats
from recommend.measures import ADJECTIVES, show_cm
from recommend.schema import Facet, Item, RoomContext, Understanding, side_of, values_of

#: OKLab distance up to which a wood is called like the floor; lightness counts half, since floors are lit unevenly.
LIKE_FLOOR: Final = 0.08
_WOODS: Final = frozenset(FURNITURE.material_families["wood"])


def reason(item: Item, understood: Understanding, room: RoomContext | None, facts: Sequence[str]) -> str:
    """One line: what was asked and is met, sizes, and what fits the room; how much is met, if not all.

    Args:
        item: the hit.
        understood: what was asked.
        room: what the item shall go with, if anything.
        facts: what pictures say of it.
    """
    filters = understood.filters
    asked = [Facet("colours", group) for group in filters.colours] + [*filters.required, *understood.wishes]
    met = [facet for facet in asked if facet.match(item)]
    said = _said(item, met) or _said(item, _own(item))
    parts = [said, *_size_facts(item, understood, room), *facts]
    if len(met) < len(asked):
        parts.append(f"{len(met)} of {len(asked)} asked")
    return "; ".join(part for part in parts if part)


def _own(item: Item) -> list[Facet]:
    """What an item is, where nothing was asked of it."""
    kind = Facet("kind", (item.kind,)) if item.kind else Facet("category", (item.category,))
    return [kind, Facet("colours", item.colours[:2]), Facet("material", values_of(item, "material")[:2])]


def _said(item: Item, facets: Sequence[Facet]) -> str:
    """The values of an item that meet facets; materials as one phrase: "black, metal and glass"."""
    facts: list[str] = []
    materials: list[str] = []
    for facet in facets:
        values = rerank.said_of(item, facet)
        (materials if facet.attribute == "material" else facts).extend(values)
    phrase = " and ".join(dict.fromkeys(materials))
    return ", ".join([*dict.fromkeys(facts), *([phrase] if phrase else [])])


def _size_facts(item: Item, understood: Understanding, room: RoomContext | None) -> list[str]:
    """The sides that were asked for, and whether the item fits the free floor."""
    sides = [limit.side for limit in understood.filters.sizes] + [side for side, _ in understood.size_wishes]
    facts = [
        f"{show_cm(length)} {ADJECTIVES[side]}" for side in dict.fromkeys(sides) if (length := side_of(item, side))
    ]
    fits = rerank.fits_free_floor(item, room) if room is not None else None
    if fits is not None and room is not None and room.free_width_cm and item.size_cm:
        free = show_cm(room.free_width_cm)
        facts.append(f"{show_cm(item.size_cm[0])} {'fits' if fits else 'is wider than'} the free {free}")
    return facts


def room_facts(item: Item, palette: Floats, room: RoomContext, harmony: float) -> list[str]:
    """What an item has of the room's colours.

    Args:
        item: the hit.
        palette: (K, 4) of the item.
        room: as read from its photo.
        harmony: how well the two go together, as `rerank.harmony` gives it.
    """
    facts = []
    floor = _like_floor(item, palette, room)
    if floor:
        facts.append(f"{floor} like your floor")
    shared = [name for name in item.colours if name in room.accents and name != floor]
    if shared:
        facts.append(f"picks up the {shared[0]} of your room")
    elif room.rest_colours and harmony >= rerank.NEUTRAL_HARMONY and not floor:
        facts.append(f"goes with the {' and '.join(room.rest_colours[:2])} of your room")
    return facts


def _like_floor(item: Item, palette: Floats, room: RoomContext) -> str:
    """The wood or the colour that an item has in common with the floor, "" if none."""
    if not len(room.floor):
        return ""
    wood = next((name for name in values_of(item, "material") if name in _WOODS), "")
    if wood:
        away = (palette[palette[:, 3] > 0, :3] - room.floor[np.argmax(room.floor[:, 3]), :3]) * (0.5, 1, 1)
        return wood if len(away) and float(np.linalg.norm(away, axis=1).min()) <= LIKE_FLOOR else ""
    main = item.colours[0] if item.colours else ""
    return main if main and main == room.floor_colours[0] else ""
