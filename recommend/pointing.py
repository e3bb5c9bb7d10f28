"""Which of the things shown a message points at: by number, by price, or by what they are. Pure functions."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from recommend.lexicon import Lexicon, Term, find_terms, tokens_of
from recommend.schema import FACETS, Item, values_of
from recommend.stylist import Ensemble

_NAMES: Final = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")
_COUNTS: Final = ("one", "two", "three", "four", "five", "six")
_ORDINALS: Final = {
    **{name: place for place, name in enumerate(_NAMES)},
    **{f"{number}{ending}": number - 1 for number in range(1, 21) for ending in ("st", "nd", "rd", "th")},
    **{f"number {name}": place for place, name in enumerate(_COUNTS)},
    **{f"number {number}": number - 1 for number in range(1, 21)},
    "last": -1,
}
_NAMED: Final = "|".join(sorted(_ORDINALS, key=len, reverse=True))
ORDINAL: Final = re.compile(rf"\b(?:{_NAMED})\b(?! (?:time|of all|year|week|month|night|summer|winter))")
#: A number by itself.
_NUMBER: Final = re.compile(r"\W*#?(\d{1,2})\W*")
_CHEAPEST: Final = re.compile(r"\b(?:cheapest|least expensive)\b")
_DEAREST: Final = re.compile(r"\b(?:dearest|most expensive|priciest)\b")
_TWO: Final = re.compile(r"\b(?:the|these|those|first|last|all) two\b|\bboth\b|\btwo of (?:them|these|those)\b")
_THREE: Final = re.compile(r"\b(?:the|these|those|first|last|all) three\b|\ball of them\b")


def places_in(said: str, shown: Sequence[Ensemble]) -> tuple[int, ...]:
    """Which of the things shown a message counts off: "the second one", "these two", "the cheapest".

    It may count further than there are.
    """
    if not shown:
        return ()
    alone = _NUMBER.fullmatch(said)
    if alone is not None and 0 < int(alone[1]) <= len(shown):
        return (int(alone[1]) - 1,)
    counted = (
        [] if _TWO.search(said) or _THREE.search(said) else [_ORDINALS[found[0]] for found in ORDINAL.finditer(said)]
    )
    found = [len(shown) - 1 if place < 0 else place for place in counted]
    by_price = sorted(range(len(shown)), key=lambda place: shown[place].price)
    found += [by_price[0]] if _CHEAPEST.search(said) else []
    found += [by_price[-1]] if _DEAREST.search(said) else []
    if not found and _TWO.search(said):
        found = [0, 1][: len(shown)]
    if not found and _THREE.search(said):
        found = [0, 1, 2][: len(shown)]
    return tuple(dict.fromkeys(found))


def described_in(said: str, shown: Sequence[Ensemble], lexicon: Lexicon) -> tuple[int, ...]:
    """The first of the things shown that is all that a message calls it, "the navy one"; none if there is none."""
    terms = _facets(said, lexicon)
    if not terms or not re.search(r"\b(?:the|that|this)\b", said):
        return ()
    fits = (
        place for place, one in enumerate(shown) if all(any(_is(term, hit.item) for hit in one.hits) for term in terms)
    )
    return tuple(place for place, _ in zip(fits, (0,), strict=False))


def item_in(said: str, shown: Sequence[Ensemble], focus: int, lexicon: Lexicon) -> str:
    """The id of the item that a message describes, "the blue skirt"; "" if it names none of those shown."""
    if not shown:
        return ""
    terms = _facets(said, lexicon)
    order = [shown[focus], *(one for place, one in enumerate(shown) if place != focus)]
    items = [hit.item for ensemble in order for hit in ensemble.hits]
    things = [term for term in terms if term.meaning.attribute in ("category", "kind")]
    best = max(items, key=lambda item: sum(_is(term, item) for term in terms))
    return best.id if any(_is(thing, best) for thing in things) else ""


def _facets(said: str, lexicon: Lexicon) -> list[Term]:
    return [term for term in find_terms(tokens_of(said), lexicon) if term.meaning.attribute in FACETS]


def _is(term: Term, item: Item) -> bool:
    """Whether a word describes an item."""
    return not set(term.meaning.values).isdisjoint(values_of(item, term.meaning.attribute))
