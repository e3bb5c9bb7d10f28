"""What a message asks for, by rules: which tool, and which of the things shown it is about. Pure functions."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from recommend.dialogue import Conversation, Move
from recommend.lexicon import Lexicon, Term, find_terms, tokens_of
from recommend.schema import FACETS, Item, values_of
from recommend.slots import Reading
from recommend.stylist import Ensemble

_RENDER: Final = re.compile(
    r"\b(?:try|put|wear|see|show|render|dress)\b.*\b(?:on me|on my photo|in my (?:room|photo)|me in)\b|"
    r"\btry (?:it|them|this|that|these|those|on|the)\b|\bon me\b|\brender\b"
)
_COMPARE: Final = re.compile(r"\b(?:compare|comparison|differ(?:ence|ences|ent from|s)?|versus|vs)\b")
_GOES_WITH: Final = re.compile(
    r"\b(?:goes?|fits?|match(?:es)?|combines?|wear|pairs?) (?:well )?(?:with|to)\b|^\W*(?:and )?with (?:the|this|that|it)\b"
)
_MORE: Final = re.compile(
    r"\b(?:something|anything|somewhat) (?:else|different)\b|\bothers?\b|\banother(?: one)?$|\bmore (?:like|of|options|ideas)\b|"
    r"\bshow me more\b|^\W*(?:more|next|again)\W*$|\bdifferent ones?\b"
)
_SWAP: Final = re.compile(r"\b(?:swap|change|replace|exchange|another|different|other)\b")
_COLOUR: Final = re.compile(r"\b(?:other|another|different|new) colou?rs?\b|\bother in colou?r\b")
_CHEAPER: Final = re.compile(r"\b(?:cheaper|less expensive|less costly|too (?:dear|expensive|pricey|much))\b")
_COMPARES: Final = re.compile(
    r"\b(?:smaller|larger|bigger|wider|narrower|taller|lower|higher|deeper|shallower|longer|shorter|lighter|darker)\b"
)
_BUT: Final = re.compile(r"^\W*(?:but|not|no|without|rather|in|instead|less|more|only)\b|\binstead\b|^\W*(?:something|anything)\b")
_WHOLE: Final = re.compile(r"\b(?:outfits?|looks?|ensembles?|what (?:should|shall|can|do|could) i wear|dress me|furnish|sets?)\b")
_DECIDE: Final = re.compile(
    r"\b(?:you (?:decide|choose|pick)|up to you|surprise me|don't (?:care|mind|know)|no idea|whatever|no preference|"
    r"doesn't matter|skip)\b"
)

_ORDINALS: Final = {
    **dict.fromkeys(("first", "1st", "number one", "number 1"), 0),
    **dict.fromkeys(("second", "2nd", "number two", "number 2"), 1),
    **dict.fromkeys(("third", "3rd", "number three", "number 3"), 2),
    **dict.fromkeys(("fourth", "4th", "number 4"), 3),
    **dict.fromkeys(("fifth", "5th", "number 5"), 4),
    **dict.fromkeys(("sixth", "6th", "number 6"), 5),
    "last": -1,
}  # fmt: skip
_ORDINAL: Final = re.compile(rf"\b({'|'.join(_ORDINALS)})\b(?! (?:time|of all))")


def next_move(before: Conversation, text: str, reading: Reading, lexicon: Lexicon) -> Move:
    """What a message asks for.

    Args:
        before: the conversation up to it.
        text: the message.
        reading: what it added to what is known.
        lexicon: of the catalog.
    """
    said = text.lower()
    places = places_in(said, before.shown)
    item = item_in(said, before.shown, before.focus, lexicon)
    if before.shown:
        if _RENDER.search(said):
            return Move("render", "you want to see it", places, "" if places else item)
        if _COMPARE.search(said):
            return Move("compare", "you want to know what differs", places)
        if item and _GOES_WITH.search(said):
            return Move("complement", "you asked what goes with it", item=item)
        if refines(said) or (_BUT.search(said) and not _names_another(reading, before)):
            return Move("refine", "you want it otherwise", places, item, said)
        if places and not reading.things:
            return Move("choose", "you pointed at it", places)
        if decides(said):
            return Move("choose", "you left it to me", places or (0,))
    if reading.things and not _WHOLE.search(said) and before.question is None:
        return Move("search", "you named what you look for")
    if before.shown and not before.whole and not _WHOLE.search(said):
        return Move("search", "you added to what you look for")
    return Move("outfit", "you told what it is for" if reading.heard else "you asked for a whole")


def refines(said: str) -> bool:
    """Whether a message asks for what was shown, but different, in lower case."""
    return any(pattern.search(said) for pattern in (_MORE, _COLOUR, _CHEAPER, _COMPARES)) or swaps(said)


def swaps(said: str) -> bool:
    """Whether one part of an outfit shall be another."""
    return bool(_SWAP.search(said)) and not _COLOUR.search(said) and not _MORE.search(said)


def decides(said: str) -> bool:
    """Whether a message leaves the choice to the stylist."""
    return _DECIDE.search(said.lower()) is not None


def way_of(said: str) -> str:
    """How a thing shall be otherwise: "cheaper", "colour", "more", "swap", "size" or, as the words say, "words"."""
    said = said.lower()
    ways = (("cheaper", _CHEAPER), ("colour", _COLOUR), ("more", _MORE), ("swap", _SWAP), ("size", _COMPARES))
    return next((way for way, pattern in ways if pattern.search(said)), "words")


def _names_another(reading: Reading, before: Conversation) -> bool:
    """Whether the message names a kind of thing that is not among what was shown."""
    shown = {hit.item.category for ensemble in before.shown for hit in ensemble.hits}
    return reading.things and not shown.issuperset(reading.slots.categories)


def places_in(said: str, shown: Sequence[Ensemble]) -> tuple[int, ...]:
    """Which of the things shown a message counts off: "the second one", "these two"."""
    found = [_ORDINALS[match[1]] % max(1, len(shown)) for match in _ORDINAL.finditer(said) if _ORDINALS[match[1]] < len(shown)]
    if not found and re.search(r"\b(?:two|both)\b", said):
        found = [0, 1][: len(shown)]
    if not found and re.search(r"\b(?:three|all of them)\b", said):
        found = [0, 1, 2][: len(shown)]
    return tuple(dict.fromkeys(found)) if shown else ()


def item_in(said: str, shown: Sequence[Ensemble], focus: int, lexicon: Lexicon) -> str:
    """The id of the item that a message describes, "the blue skirt", or that "it" means; "" if none."""
    if not shown:
        return ""
    terms = [term for term in find_terms(tokens_of(said), lexicon) if term.meaning.attribute in FACETS]
    order = [shown[focus], *(one for place, one in enumerate(shown) if place != focus)]
    items = [hit.item for ensemble in order for hit in ensemble.hits]
    things = [term for term in terms if term.meaning.attribute in ("category", "kind")]
    if things:
        best = max(items, key=lambda item: sum(_is(term, item) for term in terms))
        return best.id if any(_is(thing, best) for thing in things) else ""
    return items[0].id if re.search(r"\b(?:it|this|that|one)\b", said) else ""


def _is(term: Term, item: Item) -> bool:
    """Whether a word describes an item."""
    return not set(term.meaning.values).isdisjoint(values_of(item, term.meaning.attribute))
