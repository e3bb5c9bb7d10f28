"""How well two things go together, as chances that are multiplied, and why. Pure functions.

A top does not look like the trousers it goes with, so likeness says nothing here. What does: what each is (a top wants
a bottom, a bed a nightstand), colours, styles, how formal and how warm they are, pattern beside pattern, for furniture
materials and sizes. What an item does not state leaves a part undecided rather than against it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from recommend import rerank, worn
from recommend.domains import Domain
from recommend.features import Floats
from recommend.pairings import PAIRINGS, Pairing
from recommend.schema import Facet, Item, Understanding, side_of, values_of

#: Chance of a part that one of two items says nothing of.
UNKNOWN: Final = 0.75
#: How much harmony of colours counts; the least that it can be is what `rerank.harmony` gives the worst hues.
COLOUR_CERTAINTY: Final = 0.8
WORST_HARMONY, BEST_HARMONY = 0.35, 0.85
#: Chance of colours from which on they are given as a reason: a neutral's, less a little for rounding.
SAID_HARMONY: Final = 0.82
#: Two main colours so near and yet not the same look like a mistake (OKLab); it costs up to this share.
NEAR_MISS: Final = (0.05, 0.11)
NEAR_MISS_COST: Final = 0.25
#: Chance of two items that state styles, none of them shared, and of two patterns beside each other.
OTHER_STYLE: Final = 0.45
TWO_PATTERNS: Final = 0.25
SAME_PATTERN: Final = 0.4
#: Difference of formality, or of warmth beyond what layers even out, at which a chance has fallen to 0.37.
FORMALITY_REACH: Final = 0.9
WARMTH_FREE, WARMTH_REACH = 0.5, 0.6
#: Chance of kinds that are hardly ever seen together.
CLASH: Final = 0.1
#: Chance of two pieces of furniture of which no material agrees.
OTHER_MATERIAL: Final = 0.7
#: Smaller role, larger role → the least and most that the one's length may be of the other's; else the chance falls to
#: `OUT_OF_SCALE`. As stylists have it: a coffee table of about two thirds of the sofa.
SCALES: Final[dict[tuple[str, str], tuple[float, float]]] = {
    ("coffee table", "sofa"): (0.4, 0.8),
    ("coffee table", "rug"): (0.0, 0.85),
    ("side table", "sofa"): (0.0, 0.5),
    ("nightstand", "bed"): (0.0, 0.45),
    ("armchair", "sofa"): (0.3, 0.8),
    ("rug", "sofa"): (0.6, 1.6),
    ("chair", "dining table"): (0.0, 0.7),
}
OUT_OF_SCALE: Final = 0.4


@dataclass(frozen=True, eq=False)
class Traits:
    """What N items are compared by.

    Attributes:
        items: the items, with measured colours where they state none.
        roles: of each, what it does beside others (`pairings`).
        palettes: float32 (N, K, 4), rows of OKLab and share.
        colours: float32 (N, D), histograms of unit norm.
        formality: float32 (N,), 0 to 3; NaN = not known.
        warmth: float32 (N,), -1 to 1; NaN = not known.
        patterned: float32 (N,), 1 or 0; NaN = not stated.
    """

    items: tuple[Item, ...]
    roles: tuple[str, ...]
    palettes: Floats
    colours: Floats
    formality: Floats
    warmth: Floats
    patterned: Floats

    def __len__(self) -> int:
        return len(self.items)

    def take(self, places: Sequence[int]) -> Traits:
        """Those at some places."""
        at = list(places)
        items, roles = tuple(self.items[place] for place in at), tuple(self.roles[place] for place in at)
        numbers = self.palettes, self.colours, self.formality, self.warmth, self.patterned
        return Traits(items, roles, *(values[at] for values in numbers))


def role_of(item: Item, domain: Domain) -> str:
    """What an item does beside others: "top", "layer", "office chair"."""
    pairing = PAIRINGS[domain.name]
    return pairing.kind_roles.get(item.kind, pairing.roles.get(item.category, item.category))


def categories_of(roles: Sequence[str], domain: Domain) -> tuple[str, ...]:
    """The catalog's categories in which items of these roles are."""
    pairing = PAIRINGS[domain.name]
    found = [category for category in domain.categories if pairing.roles.get(category, category) in roles]
    kinds = [kind for kind, role in pairing.kind_roles.items() if role in roles]
    # A kind that the vocabulary lacks is one of the catalog's own: it lies where the other kinds of its role do.
    found += [domain.kinds[kind][0] for kind in kinds if kind in domain.kinds]
    return tuple(dict.fromkeys(found))


def partners(role: str, domain: Domain) -> tuple[str, ...]:
    """The roles that go with one, best first."""
    pairing = PAIRINGS[domain.name]
    others = [other for other in pairing.all_roles if other != role and pairing.chance(role, other) > 0]
    return tuple(sorted(others, key=lambda other: -pairing.chance(role, other)))


def traits(items: Sequence[Item], palettes: Floats, colours: Floats, domain: Domain) -> Traits:
    """Reads what items are compared by.

    Args:
        items: N items.
        palettes, colours: (N, K, 4) and (N, D) of them, as an index has them.
        domain: what the catalog is about.
    """
    pairing = PAIRINGS[domain.name]
    return Traits(
        tuple(items),
        tuple(role_of(item, domain) for item in items),
        palettes,
        colours,
        np.array([_formality(item, pairing) for item in items], np.float32),
        np.array([_warmth(item, pairing) for item in items], np.float32),
        np.array([_patterned(item, pairing) for item in items], np.float32),
    )


def _formality(item: Item, pairing: Pairing) -> float:
    """How formal an item is: by its styles and, as much again, by its kind; NaN if it states no style.

    A kind alone says little: jeans are worn with blazers, and `worn` knows which kinds are worn together.
    """
    styles = [pairing.style_formality[style] for style in item.style if style in pairing.style_formality]
    levels = [sum(styles) / len(styles)] if styles else []
    levels += [pairing.formality[item.kind]] if styles and item.kind in pairing.formality else []
    added = sum(pairing.material_formality.get(name, 0.0) for name in values_of(item, "material"))
    return sum(levels) / len(levels) + added if levels else float("nan")


def _warmth(item: Item, pairing: Pairing) -> float:
    """For which weather an item is: by its kind and what it states besides; NaN if that is nothing.

    Of kinds alone `worn` knows better: boots are worn with shorts.
    """
    stated = [pairing.style_warmth.get(style, 0.0) for style in item.style]
    stated += [pairing.looks_warmth.get(name, 0.0) for name in (*values_of(item, "material"), item.pattern) if name]
    return float(np.clip(pairing.warmth.get(item.kind, 0.0) + sum(stated), -1, 1)) if stated else float("nan")


def _patterned(item: Item, pairing: Pairing) -> float:
    """1 if an item has a pattern, 0 if it is plain, NaN if it does not say."""
    return float("nan") if not item.pattern else float(item.pattern not in pairing.plain)


def pair_chances(one: Traits, other: Traits, domain: Domain) -> dict[str, Floats]:
    """The chance that each of N items goes with each of M, by part; every part (N, M).

    Args:
        one: N items.
        other: M items.
        domain: what the catalog is about.
    """
    pairing = PAIRINGS[domain.name]
    parts = {
        "pair": _each(one, other, lambda a, b: pairing.chance(role_of(a, domain), role_of(b, domain))),
        "harmony": harmonies(one.palettes, other.palettes) ** colour_certainty(domain),
        "style": _each(one, other, _style),
        "pattern": _patterns(one, other),
    }
    if domain.sized:
        families = domain.material_families
        parts["material"] = _each(one, other, lambda a, b: _material(a, b, families))
        parts["scale"] = _each(one, other, lambda a, b: _scale(a, b, domain))
    else:
        parts["tone"] = worn.tone_chances((one.colours, one.palettes), (other.colours, other.palettes))
        parts["kinds"] = _each(one, other, lambda a, b: _kinds(a, b, pairing))
        parts["formality"] = _formalities(one, other)
        parts["season"] = _seasons(one, other)
    return parts


def _each(one: Traits, other: Traits, chance: Callable[[Item, Item], float]) -> Floats:
    """A chance of two items for all pairs (N, M)."""
    return np.array([[chance(a, b) for b in other.items] for a in one.items], np.float32).reshape(len(one), len(other))


def colour_certainty(domain: Domain) -> float:
    """The power of the chance of harmony: photos of outfits say how little its rules are kept; none were of rooms."""
    return 1.0 if domain.sized else worn.HARMONY


def harmonies(one: Floats, other: Floats) -> Floats:
    """Colours of palettes (N, K, 4) and (M, K, 4): hues that go together, no two that are nearly the same (N, M)."""
    rows = [rerank.harmony(one, palette) for palette in other]
    goes = np.stack(rows, axis=1) if rows else np.zeros((len(one), 0), np.float32)
    scaled = np.clip((goes - WORST_HARMONY) / (BEST_HARMONY - WORST_HARMONY), 0, 1)
    main, others = one[:, None, 0, :3], other[None, :, 0, :3]
    away = np.linalg.norm(main - others, axis=-1)
    low, high = NEAR_MISS
    miss = np.clip(1 - np.abs(away - (low + high) / 2) / ((high - low) / 2), 0, 1)
    return np.asarray(rerank.weigh(scaled, COLOUR_CERTAINTY) * (1 - NEAR_MISS_COST * miss), np.float32)


def _style(one: Item, other: Item) -> float:
    """Styles: the share of the fewer that are common."""
    if not one.style or not other.style:
        return UNKNOWN
    shared = len(set(one.style) & set(other.style)) / min(len(set(one.style)), len(set(other.style)))
    return OTHER_STYLE + (1 - OTHER_STYLE) * shared


def _patterns(one: Traits, other: Traits) -> Floats:
    """Pattern beside pattern is restless; beside plain it is what plain is for."""
    a, b = one.patterned[:, None], other.patterned[None, :]
    both = np.nan_to_num(a * b) > 0
    same = np.array([[x.pattern == y.pattern for y in other.items] for x in one.items], bool).reshape(both.shape)
    return np.asarray(np.where(both, np.where(same, SAME_PATTERN, TWO_PATTERNS), 1.0), np.float32)


def _kinds(one: Item, other: Item, pairing: Pairing) -> float:
    """Kinds as they are seen together; little for those that are hardly ever."""
    clash = other.kind in pairing.clashes.get(one.kind, ()) or one.kind in pairing.clashes.get(other.kind, ())
    return CLASH if clash else worn.kind_chance(one.kind, other.kind)


def _formalities(one: Traits, other: Traits) -> Floats:
    """As formal as each other."""
    return _level_chances(np.abs(one.formality[:, None] - other.formality[None, :]))


def occasion_chances(items: Sequence[Item], styles: Sequence[str], domain: Domain) -> Floats:
    """How well the formality of N items suits the styles asked for (N,): a party wants no joggers, whoever says so.

    Args:
        items: N items.
        styles: any of them is asked for; empty, or none of known formality = all suit.
        domain: what the catalog is about.
    """
    pairing = PAIRINGS[domain.name]
    levels = [pairing.style_formality[style] for style in styles if style in pairing.style_formality]
    if not levels:
        return np.ones(len(items), np.float32)
    own = np.array([_formality(item, pairing) for item in items], np.float32)
    return _level_chances(np.abs(own[:, None] - np.array(levels, np.float32)).min(1))


def _level_chances(gaps: Floats) -> Floats:
    """Chances of differences of formality; NaN = not known."""
    return np.asarray(np.where(np.isnan(gaps), UNKNOWN, np.exp(-((gaps / FORMALITY_REACH) ** 2))), np.float32)


def _seasons(one: Traits, other: Traits) -> Floats:
    """For the same weather, as far as layers do not even it out."""
    gap = np.maximum(np.abs(one.warmth[:, None] - other.warmth[None, :]) - WARMTH_FREE, 0)
    return np.asarray(np.where(np.isnan(gap), 1, np.exp(-((gap / WARMTH_REACH) ** 2))), np.float32)


def _material(one: Item, other: Item, families: Mapping[str, Sequence[str]]) -> float:
    """Furniture that has a material in common, of one family at least."""
    a, b = values_of(one, "material"), values_of(other, "material")
    if not a or not b:
        return UNKNOWN + (1 - UNKNOWN) / 2
    if set(a) & set(b):
        return 1.0
    common = {name for name, members in families.items() if _in_family(a, name, members)}
    near = any(_in_family(b, name, families[name]) for name in common)
    return (1 + OTHER_MATERIAL) / 2 if near else OTHER_MATERIAL


def _in_family(values: Sequence[str], name: str, members: Sequence[str]) -> bool:
    return name in values or not set(members).isdisjoint(values)


def _scale(one: Item, other: Item, domain: Domain) -> float:
    """Sizes in proportion, where a rule knows one and both are stated."""
    for small, large in ((one, other), (other, one)):
        limits = SCALES.get((role_of(small, domain), role_of(large, domain)))
        lengths = side_of(small, "length"), side_of(large, "length")
        if limits and lengths[0] and lengths[1] and not limits[0] <= lengths[0] / lengths[1] <= limits[1]:
            return OUT_OF_SCALE
    return 1.0


def product(parts: Mapping[str, Floats]) -> Floats:
    """All parts multiplied (N, M)."""
    return np.asarray(np.prod(list(parts.values()), axis=0), np.float32)


def facts(item: Item, anchor: Item, split: Mapping[str, float], domain: Domain, whose: str = "your") -> list[str]:
    """What goes together, in words; only what was compared and found so.

    Args:
        item: what is shown.
        anchor: what it goes with.
        split: the chances of the pair by part.
        domain: what the catalog is about.
        whose: the word before what it goes with.
    """
    pairing = PAIRINGS[domain.name]
    own = item.kind or pairing.noun(role_of(item, domain))
    said = [f"{own} to {whose} {anchor.kind or pairing.noun(role_of(anchor, domain))}"]
    if item.colours and anchor.colours and split["harmony"] >= SAID_HARMONY ** colour_certainty(domain):
        own, other = item.colours[0], anchor.colours[0]
        said.append(f"{own} on {other}" if own == other else f"{own} with {other}")
    shared = [style for style in item.style if style in anchor.style]
    if shared:
        said.append(f"both {shared[0]}")
    if anchor.pattern and split["pattern"] == 1 and anchor.pattern not in pairing.plain and item.pattern:
        said.append(f"plain beside {anchor.pattern}")
    common = [name for name in values_of(item, "material") if name in values_of(anchor, "material")]
    if domain.sized and common:
        said.append(f"also {common[0]}")
    return said


def met(item: Item, understood: Understanding) -> str:
    """What was asked of an item's looks and is met, and how much is met, if not all; "" if nothing was."""
    filters = understood.filters
    asked = [Facet("colours", group) for group in filters.colours] + [*filters.required, *understood.wishes]
    asked = [facet for facet in asked if facet.attribute not in ("category", "kind")]
    said = [value for facet in asked for value in values_of(item, facet.attribute) if value in facet.values]
    count = sum(facet.match(item) for facet in asked)
    missed = f"{count} of {len(asked)} asked" if count < len(asked) else ""
    return "; ".join(filter(None, [", ".join(dict.fromkeys(said)), missed]))


def overlap(sets: Sequence[Sequence[str]]) -> Floats:
    """How much each of N sets of ids has in common with each other one (N, N), 1 = all."""
    shared: list[list[float]] = [[len(set(a) & set(b)) / max(len(a), len(b)) for b in sets] for a in sets]
    return np.array(shared, np.float32).reshape(len(sets), len(sets))


def set_facts(items: Sequence[Item]) -> list[str]:
    """What the items of a set have in common: the style that most of them state, and their main colours."""
    styles = Counter(style for item in items for style in dict.fromkeys(item.style))
    style, count = styles.most_common(1)[0] if styles else ("", 0)
    said = [f"all {style}" if count == len(items) else f"mostly {style}"] if count > len(items) / 2 else []
    colours = list(dict.fromkeys(item.colours[0] for item in items if item.colours))
    return [*said, " and ".join(filter(None, [", ".join(colours[:-1]), *colours[-1:]]))] if colours else said
