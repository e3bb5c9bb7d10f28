"""Scores multiplied, results spread out, reasons given. Pure functions over arrays and items.

Each part of a query gives every candidate a chance between 0 and 1; the parts are multiplied, so an item must satisfy
all of them, and a part that is missing changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final

import numpy as np
from numpy.typing import NDArray

from recommend.features import SHADES, Floats, oklab
from recommend.measures import AROUND
from recommend.schema import Facet, Item, RoomContext, Understanding, seen_of, side_of, values_of

#: Chance left to an item that states another value than the one wished for, and to one that states none.
MISSED: Final = 0.2
UNSTATED: Final = 0.5
#: Chance of an item whose second, third … colour is the one asked for: a white shirt with red cuffs is hardly red.
SECOND_COLOUR: Final = (1.0, 0.85, 0.7)
#: Who wishes for this colour may mean an item that states so many: red, navy and cream.
MANY: Final = "multicolour"
MANY_COLOURS: Final = 3
#: How much the dearest candidate loses when "cheap" is asked for, and the largest when "small" is.
PRICE_PULL: Final = 0.7
SIZE_PULL: Final = 0.7
#: How much the lightest candidate loses when darker colours are asked for.
LIGHTNESS_PULL: Final = 0.7
#: Chance of the item whose colours go worst with a room, and of one that is wider than its free floor, or may be so.
ROOM_FLOOR: Final = 0.8
TOO_WIDE: Final = 0.3
WIDTH_UNSTATED: Final = 0.6
#: Power of the wishes' chances beside a room. A wish that is not met costs at least 0.5 ** 2.1 = 0.233, which is less
#: than a room ever leaves (0.8 * 0.3 = 0.24): so no room overrules what the words wish for.
WISHES_BESIDE_ROOM: Final = 2.1
#: OKLab chroma below which a colour counts as neutral and goes with everything.
NEUTRAL_CHROMA: Final = 0.045
NEUTRAL_HARMONY: Final = 0.75
#: Hue distance in degrees → how well two strong colours go together: neighbours and opposites do, thirds of the way do
#: not.
_HUE_STEPS: Final = (0.0, 30.0, 75.0, 120.0, 180.0)
_HUE_HARMONY: Final = (0.85, 0.8, 0.35, 0.5, 0.8)

_REPLACED: Final = {
    "dress": ("upper", "lower", "dress", "outer"),
    "upper": ("upper", "dress", "outer"),
    "lower": ("lower", "dress"),
}


def combine(parts: Mapping[str, Floats], count: int) -> Floats:
    """The product of all parts (N,); ones if there is no part."""
    product = np.ones(count, np.float32)
    for chances in parts.values():
        product = product * chances
    return product


def weigh(chances: Floats, certainty: float) -> Floats:
    """Chances of a part that is trusted only so far: certainty 1 leaves them, 0 makes them all 1, as if not asked."""
    return np.asarray(1 - certainty + certainty * chances, np.float32)


def wish_chances(
    items: Sequence[Item], wishes: Sequence[Facet], families: Mapping[str, Sequence[str]] = MappingProxyType({})
) -> Floats:
    """For each item the product over the wishes: 1 if met, `UNSTATED` if nothing is known of it, else `MISSED`.

    Args:
        items: N items.
        wishes: what is preferred.
        families: values that leave open which of several is meant: who states "wood" may have oak.
    """
    chances = np.ones(len(items), np.float32)
    for place, item in enumerate(items):
        for wish in wishes:
            if not wish.match(item):
                known = values_of(item, wish.attribute) + seen_of(item, wish.attribute)
                vague = any(not set(families.get(value, ())).isdisjoint(wish.values) for value in known)
                vague |= MANY in wish.values and len(known) >= MANY_COLOURS
                chances[place] *= MISSED if known and not vague else UNSTATED
    return chances


def colour_chances(items: Sequence[Item], groups: Sequence[Sequence[str]]) -> Floats:
    """Falls with the place of the asked colours among each item's own; with several groups, by the best of them."""
    chances = np.ones(len(items), np.float32)
    for row, item in enumerate(items):
        places = [place for place, name in enumerate(item.colours) if any(name in group for group in groups)]
        chances[row] = SECOND_COLOUR[min(places[0], len(SECOND_COLOUR) - 1)] if places else 1.0
    return chances


def price_chances(items: Sequence[Item], cheapness: int) -> Floats:
    """Falls with the rank of the price, from 1 for the cheapest (or, with negative cheapness, the dearest).

    It counts as often as `cheapness` is large: "the cheapest" is 2.
    """
    prices = np.array([item.price for item in items], np.float64)
    ranks = np.searchsorted(np.unique(prices), prices) / max(1, len(np.unique(prices)) - 1)
    chances = 1 - PRICE_PULL * (ranks if cheapness > 0 else 1 - ranks)
    return np.asarray(chances ** abs(cheapness), np.float32)


def lightness_chances(palettes: Floats, lightness: int) -> Floats:
    """Falls with the rank of the mean lightness, from 1 for the lightest (or, with lightness -1, the darkest).

    Args:
        palettes: (N, K, 4) rows of OKLab and share.
        lightness: +1 or -1.
    """
    means = (palettes[..., 0] * palettes[..., 3]).sum(1) / np.maximum(palettes[..., 3].sum(1), 1e-6)
    ranks = np.searchsorted(np.unique(means), means) / max(1, len(np.unique(means)) - 1)
    return np.asarray(1 - LIGHTNESS_PULL * (ranks if lightness < 0 else 1 - ranks), np.float32)


def size_chances(items: Sequence[Item], wishes: Sequence[tuple[str, int]]) -> Floats:
    """Falls with the rank of a side among items of one category, for each wish of (side, +1 larger or -1 smaller)."""
    chances = np.ones(len(items), np.float32)
    categories = np.array([item.category for item in items])
    for side, direction in wishes:
        lengths = np.array([length if (length := side_of(item, side)) else np.nan for item in items])
        for category in set(categories.tolist()):
            known = (categories == category) & ~np.isnan(lengths)
            steps = np.unique(lengths[known])
            ranks = np.searchsorted(steps, lengths[known]) / max(1, len(steps) - 1)
            chances[known] *= 1 - SIZE_PULL * (ranks if direction < 0 else 1 - ranks)
        chances[np.isnan(lengths)] *= UNSTATED
    return chances


def near_size_chances(items: Sequence[Item], near: Sequence[tuple[str, float]]) -> Floats:
    """Falls with the mean distance of sides from the centimetres that were said; a tenth off is like a missed wish."""
    off = [[abs((side_of(item, side) or 0.0) / cm - 1) for side, cm in near] for item in items]
    return np.asarray(MISSED ** (np.mean(off, axis=1) / AROUND), np.float32)


def room_chances(items: Sequence[Item], palettes: Floats, room: RoomContext) -> Floats:
    """How well each item goes with a room: its colours, and whether it is no wider than the free floor.

    Args:
        items: N items.
        palettes: (N, K, 4) of the items.
        room: as read from its photo.
    """
    low, high = min(_HUE_HARMONY), max(_HUE_HARMONY)
    goes = np.clip((harmony(palettes, room.palette) - low) / (high - low), 0, 1)
    # A cushion covers too little of a room to count in a mean over areas; a main colour that repeats it goes with it.
    goes[[bool(item.colours) and item.colours[0] in room.accents for item in items]] = 1
    chances = ROOM_FLOOR + (1 - ROOM_FLOOR) * goes
    for place, item in enumerate(items):
        fits = fits_free_floor(item, room)
        if fits is not None:
            chances[place] *= 1 if fits else TOO_WIDE
        elif room.free_width_cm is not None and stands_on_floor(item):
            chances[place] *= WIDTH_UNSTATED
    return np.asarray(chances, np.float32)


def stands_on_floor(item: Item) -> bool:
    """Whether the free floor matters to an item; where nothing is said, it does."""
    return item.place in ("", "floor", "rug")


def fits_free_floor(item: Item, room: RoomContext) -> bool | None:
    """Whether an item is no wider than a room's free floor; None if it needs no floor or either is not known."""
    if room.free_width_cm is None or item.size_cm is None or not stands_on_floor(item):
        return None
    return item.size_cm[0] <= room.free_width_cm


def harmony(palettes: Floats, worn: Floats) -> Floats:
    """How well each of N palettes goes with one worn palette.

    Args:
        palettes: (N, K, 4) rows of OKLab and share; share 0 = no colour.
        worn: (M, 4), the same.

    Returns:
        (N,), in [0, 1]: the mean over all pairs of colours, weighted by their areas.
    """
    a, b = palettes[:, :, None, :], worn[None, None, :, :]
    chroma = np.minimum(np.hypot(a[..., 1], a[..., 2]), np.hypot(b[..., 1], b[..., 2]))
    turn = np.degrees(np.abs(np.arctan2(a[..., 2], a[..., 1]) - np.arctan2(b[..., 2], b[..., 1])))
    turn = np.minimum(turn, 360 - turn)
    # Between clearly neutral and clearly coloured the rule fades in, so that a small change of a pixel changes little.
    strength = np.clip(chroma / NEUTRAL_CHROMA - 1, 0, 1)
    pair = NEUTRAL_HARMONY + strength * (np.interp(turn, _HUE_STEPS, _HUE_HARMONY) - NEUTRAL_HARMONY)
    weight = a[..., 3] * b[..., 3]
    return np.asarray((pair * weight).sum((1, 2)) / np.maximum(weight.sum((1, 2)), 1e-6), np.float32)


def beside_chances(items: Sequence[Item], palettes: Floats, worn: Mapping[str, Floats]) -> Floats:
    """How well each item goes with what is worn beside it.

    Args:
        items: N items.
        palettes: (N, K, 4) of the items.
        worn: part of the body ("upper", "lower", "dress" …) → palette (M, 4). The part that an item would replace does
            not count; an item with nothing beside it gets the chance of a neutral.
    """
    chances = np.full(len(items), NEUTRAL_HARMONY, np.float32)
    categories = np.array([item.category for item in items])
    for category in dict.fromkeys(categories.tolist()):
        beside = [palette for part, palette in worn.items() if part not in replaced_by(category)]
        rows = categories == category
        if beside:
            chances[rows] = np.mean([harmony(palettes[rows], palette) for palette in beside], axis=0)
    return chances


def replaced_by(category: str) -> tuple[str, ...]:
    """The parts of an outfit that an item of this category takes the place of."""
    return _REPLACED.get(category, (category,))


def named_palette(names: Sequence[str]) -> Floats:
    """Colours by name as a palette (M, 4) of equal shares; names without shades are left out."""
    known = [name for name in names if name in SHADES]
    rows = [oklab(np.array([list(bytes.fromhex(shade)) for shade in SHADES[name]], np.uint8)).mean(0) for name in known]
    return np.array([[*row, 1 / len(known)] for row in rows], np.float32).reshape(-1, 4)


def spread(scores: Floats, likeness: Floats, k: int, weight: float) -> list[int]:
    """The k best with little repetition: each next one loses score by its likeness to those chosen (as MMR does).

    The loss is a share of the score, so that a poor item never comes up because nothing is like it.

    Args:
        scores: (N,), at least 0.
        likeness: (N, N), 1 = the same.
        weight: 0 = by score alone.

    Returns:
        Places of the chosen, in order; equal values go to the earlier place, so the order is always the same.
    """
    closest = np.zeros(len(scores), np.float32)
    chosen: list[int] = []
    open_places = np.ones(len(scores), bool)
    while len(chosen) < min(k, len(scores)):
        value = np.where(open_places, scores * (1 - weight * closest), -np.inf)
        best = int(np.argmax(value))
        chosen.append(best)
        open_places[best] = False
        closest = np.maximum(closest, likeness[best])
    return chosen


def likeness(vectors: Sequence[Floats]) -> Floats:
    """Mean cosine over several vectors per item (N, N), negative ones as 0."""
    return np.asarray(np.mean([np.clip(v @ v.T, 0, 1) for v in vectors], axis=0), np.float32)


def same_sort(names: Sequence[str]) -> Floats:
    """Names as vectors (N, D) that are the same for the same name and at right angles otherwise."""
    kinds = sorted(set(names))
    return np.eye(len(kinds), dtype=np.float32)[[kinds.index(name) for name in names]]


def reason(item: Item, understood: Understanding, extra: Sequence[str] = ()) -> str:
    """One line why: what was asked and is met; how much of the asked is met, if not all.

    Args:
        extra: facts that came from pictures ("goes with the navy in your photo").
    """
    asked = [Facet("colours", group) for group in understood.filters.colours] + list(understood.wishes)
    met = [facet for facet in asked if facet.match(item)]
    facts = [value for facet in met for value in said_of(item, facet)]
    if not facts:
        facts = [item.kind or item.category, *item.colours[:2]]
    shown = [f"{fact} sleeves" if fact in ("short", "long", "three-quarter") else fact for fact in dict.fromkeys(facts)]
    line = ", ".join([*shown, *extra])
    return line if len(met) == len(asked) else f"{line}; {len(met)} of {len(asked)} asked"


def said_of(item: Item, facet: Facet) -> list[str]:
    """What of an item meets a facet: stated values as they are, those that its picture shows as "looks striped"."""
    stated = [value for value in values_of(item, facet.attribute) if value in facet.values]
    return stated + [f"looks {value}" for value in seen_of(item, facet.attribute) if value in facet.values]


def colour_words(shares: Mapping[str, float], least: float = 0.15) -> str:
    """The main colour names of a palette for people: "navy and white"."""
    names = [name for name, share in shares.items() if share >= least][:2]
    return " and ".join(names)


def ranked(scores: NDArray[np.float32], ids: Sequence[str]) -> list[int]:
    """Places by falling score, equal ones by id."""
    return sorted(range(len(ids)), key=lambda place: (-float(scores[place]), ids[place]))
