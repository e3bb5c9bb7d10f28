"""A liked item or picture and words → "like this, but …": what changes, what is kept, what is limited. Pure functions.

"This sofa in velvet, smaller" asks for velvet, for what the liked sofa states besides its material, and for less than
its own length. Likeness and change are multiplied, never added: the most alike thing in the old colour is no answer.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final

import numpy as np

from recommend.asking import with_variants
from recommend.domains import Domain
from recommend.embedder import Calibration
from recommend.features import Floats
from recommend.measures import ADJECTIVES
from recommend.prices import SIGNS
from recommend.rerank import MISSED, weigh, wish_chances
from recommend.schema import Chip, Facet, Item, Query, Understanding, side_of, values_of

#: What of a liked item is kept where the words say nothing of it, and how much each counts: the category alone fully.
#: Its colours are compared as seen, not by name.
KEPT: Final[Mapping[str, float]] = MappingProxyType(
    {"category": 1.0, "kind": 0.75, "sleeve": 0.4, "material": 0.4, "pattern": 0.4, "style": 0.2}
)
#: How much a likeness of colours counts; the same for what of a likeness an unwanted item takes away.
COLOUR_CERTAINTY: Final = 0.7
DISLIKE_CERTAINTY: Final = 0.9

_LESS: Final = r"(?P<less>cheaper|less (?:expensive|costly))"
_MORE: Final = r"(?P<more>dearer|pricier|more (?:expensive|costly))"
_SMALLER: Final = "smaller|narrower|slimmer|shallower|lower|shorter"
_LARGER: Final = "larger|bigger|wider|broader|deeper|taller|higher|longer"
# What has its number already ("200 cm or smaller", "wider than 2 m") or compares a part ("a higher back") stays.
_COMPARISON: Final = re.compile(
    rf"(?<!\bor )\b(?:{_LESS}|{_MORE}|(?P<smaller>{_SMALLER})|(?P<larger>{_LARGER}))\b"
    r"(?:\s+than\s+(?:this|that|it|these|those)(?:\s+ones?)?\b)?"
    r"(?!\s+than\b|[\s-]+(?:backs?|seats?|legs?|arms?|pile|gloss|quality|end|prices?)\b)"
)
#: "In another colour", "with a different pattern": what of the liked things is not to be. "Different colours" are many.
_OTHER: Final = re.compile(
    r"\b(?:(?:in|of|with)\s+)?(?:an?\s+|any\s+|some\s+)?(?:another|different|other)\s+"
    r"(?P<what>colou?r|pattern|print|material|fabric)\b"
)
_WHAT: Final = {
    "color": "colours", "pattern": "pattern", "print": "pattern", "material": "material", "fabric": "material",
}  # fmt: skip
#: Sides that a comparison names; those of the others are what people mean of the category.
_SIDES: Final = {
    **dict.fromkeys(("narrower", "slimmer", "wider", "broader"), "width"),
    **dict.fromkeys(("shallower", "deeper"), "depth"),
    **dict.fromkeys(("taller", "higher", "lower"), "height"),
    **dict.fromkeys(("longer", "shorter"), "length"),
}


@dataclass(frozen=True, eq=False)
class Look:
    """How one liked or disliked thing looks.

    Attributes:
        semantic, colour: its vectors (D,), as the index has them of items.
    """

    semantic: Floats
    colour: Floats


def complete(query: Query, liked: Sequence[Item], domain: Domain) -> Query:
    """The query with its comparisons completed by what the liked items state, and all items it names left out.

    "cheaper" becomes "cheaper than €19.00", which the words' own grammar reads as a limit strictly below, and "in
    another colour" becomes "not pink". Of several liked items, it must hold beside each.

    Args:
        query: as asked.
        liked: the items of `query.likes`.
        domain: what the catalog is about.
    """
    text = query.text
    if text and liked:
        text = _COMPARISON.sub(lambda found: _completed(found, liked, domain), text.lower())
        text = _OTHER.sub(lambda found: _denial(found, liked), text)
    return replace(query, text=text, exclude_ids=(*query.exclude_ids, *query.likes, *query.dislikes))


def _completed(found: re.Match[str], liked: Sequence[Item], domain: Domain) -> str:
    """One comparison with its number, or as it was where the catalog states none."""
    if found["less"] or found["more"]:
        price = (min if found["less"] else max)(item.price for item in liked)
        word = "cheaper" if found["less"] else "dearer"
        return f"{word} than {SIGNS.get(liked[0].currency, '')}{price:.2f}"
    word = found["smaller"] or found["larger"]
    # Of a bed the shorter side is meant, which is its width.
    unnamed = domain.unnamed_side.get(liked[0].category, "length").replace("breadth", "width")
    side = _SIDES.get(word, unnamed)
    lengths = [length for item in liked if (length := side_of(item, side)) is not None]
    if not lengths or not domain.sized:
        return found[0]
    length, way = (min(lengths), "less") if found["smaller"] else (max(lengths), "more")
    return f"{way} than {length:.2f} cm {ADJECTIVES[side]}"


def _denial(found: re.Match[str], liked: Sequence[Item]) -> str:
    """The first value of each liked item as one that shall not be, or the words as they were where none is stated."""
    attribute = _WHAT[found["what"].replace("ou", "o")]
    values = dict.fromkeys(value for item in liked for value in values_of(item, attribute)[:1])
    return f" , {', '.join(f'not {value}' for value in values)} , " if values else found[0]


def stated_by(items: Sequence[Item]) -> dict[str, tuple[str, ...]]:
    """Attribute → the values that all of the items state; attributes without such a value are left out."""
    shared = {}
    for attribute in (*KEPT, "colours"):
        own = [values_of(item, attribute) for item in items]
        values = tuple(value for value in own[0] if all(value in other for other in own)) if own else ()
        if values:
            shared[attribute] = values
    return shared


def named(liked: Sequence[Item], disliked: Sequence[Item]) -> list[Chip]:
    """A chip for each item that a query names."""
    return [Chip(f"like:{item.id}", f"like “{item.title}”", False) for item in liked] + [
        Chip(f"unlike:{item.id}", f"unlike “{item.title}”", False) for item in disliked
    ]


def carry(understood: Understanding, stated: Mapping[str, Sequence[str]], dismissed: Iterable[str]) -> Understanding:
    """What was understood, with what is kept of a liked thing and what of it is to be gone.

    Args:
        understood: the words.
        stated: attribute → values of what is liked, as from `stated_by`; empty = nothing is.
        dismissed: keys of the chips that the shopper took away.
    """
    asked, denied, gone = _asked(understood), _denied(understood), set(dismissed)
    # Another category has neither its kinds nor its sleeves.
    elsewhere = "category" in asked and asked["category"].isdisjoint(stated.get("category", ()))
    kept: list[Facet] = []
    changed: list[Facet] = []
    chips: list[Chip] = []
    for attribute, values in stated.items():
        free = tuple(value for value in values if value not in denied.get(attribute, ()))
        left = tuple(value for value in free if value not in asked.get(attribute, ()))
        if attribute in asked:
            # What is as asked already has nothing to lose; categories and kinds asked for leave no other.
            where, facets, word = "instead", changed, "no longer"
            counts = values[0] in left and attribute not in ("category", "kind")
        else:
            where, facets, word = "keep", kept, "still"
            counts = attribute in KEPT and bool(free) and not (elsewhere and attribute in ("kind", "sleeve"))
        # A kind named like its category ("dress") shares its chip.
        name = "category" if attribute == "kind" and values == stated.get("category") else attribute
        chip = Chip(f"{where}:{name}", f"{word} {_label(attribute, left)}", False)
        if counts and chip.key not in gone:
            facets.append(Facet(attribute, left))
            chips += [chip] if all(chip.key != other.key for other in chips) else []
    kept = [with_variants(facet, understood.variants) for facet in kept]
    return replace(understood, kept=tuple(kept), changed=tuple(changed), chips=(*understood.chips, *chips))


def _label(attribute: str, values: Sequence[str]) -> str:
    """Values for people: "short sleeves"."""
    said = " or ".join(values)
    return f"{said} sleeves" if attribute == "sleeve" and said != "sleeveless" else said


def _asked(understood: Understanding) -> dict[str, set[str]]:
    """Attribute → all values that the words ask for."""
    asked: dict[str, set[str]] = {}
    for facet in (*understood.wishes, *understood.filters.required):
        asked.setdefault(facet.attribute, set()).update(facet.values)
    if understood.filters.categories:
        asked.setdefault("category", set()).update(understood.filters.categories)
    for group in understood.filters.colours:
        asked.setdefault("colours", set()).update(group)
    return asked


def _denied(understood: Understanding) -> dict[str, set[str]]:
    """Attribute → the values that must not occur, whatever else an item has."""
    denied: dict[str, set[str]] = {}
    for facet, *others in understood.filters.without:
        if not others:
            denied.setdefault(facet.attribute, set()).update(facet.values)
    return denied


def kept_chances(items: Sequence[Item], kept: Sequence[Facet], families: Mapping[str, Sequence[str]]) -> Floats:
    """For each of N items the product over what is kept, each attribute counting as much as `KEPT` says (N,)."""
    chances = np.ones(len(items), np.float32)
    for facet in kept:
        chances *= weigh(wish_chances(items, [facet], families), KEPT[facet.attribute])
    return chances


def changed_chances(items: Sequence[Item], changed: Sequence[Facet]) -> Floats:
    """What is left to each of N items after the source's old values are subtracted (N,).

    An old colour that is not the item's main one does not count: red cuffs are no reason against a white shirt.
    """
    chances = np.ones(len(items), np.float32)
    for place, item in enumerate(items):
        for facet in changed:
            beside = facet.attribute == "colours" and item.colours[:1] and item.colours[0] not in facet.values
            if facet.match(item) and not beside:
                chances[place] *= MISSED
    return chances


def look_chances(semantic: Floats, looks: Sequence[Look], chance: Calibration) -> Floats:
    """How likely each of N pictures (N, D) is alike; several liked ones count as one part, by their geometric mean."""
    seen = [np.log(chance.chance(semantic @ look.semantic)) for look in looks]
    return np.asarray(np.exp(np.mean(seen, axis=0)), np.float32)


def colour_chances(colour: Floats, looks: Sequence[Look]) -> Floats:
    """How well the colours (N, D) of each picture overlap with those liked, counted as `look_chances` does."""
    seen = [np.log(weigh(np.clip(colour @ look.colour, 0, 1), COLOUR_CERTAINTY)) for look in looks]
    return np.asarray(np.exp(np.mean(seen, axis=0)), np.float32)


def dislike_chances(semantic: Floats, colour: Floats, looks: Sequence[Look], chance: Calibration) -> Floats:
    """What is left to each of N pictures beside each disliked one: all where nothing is alike, little where all is."""
    left = np.ones(len(semantic), np.float32)
    for look in looks:
        alike = look_chances(semantic, [look], chance) * np.clip(colour @ look.colour, 0, 1)
        left *= weigh(1 - alike, DISLIKE_CERTAINTY)
    return left
