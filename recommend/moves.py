"""What a message asks for, by rules: which tool, and which of the things shown it is about. Pure functions."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from recommend.asking import asked_categories
from recommend.dialogue import Conversation, Move
from recommend.lexicon import Lexicon, Term, find_terms, tokens_of
from recommend.schema import FACETS, Item, values_of
from recommend.stylist import Ensemble

_RENDER: Final = re.compile(
    r"\b(?:try|put|wear|see|show|render|dress)\b.*\b(?:on me|on my photo|in my (?:room|photo)|me in)\b|"
    r"\btry (?:it|them|this|that|these|those|on|the)\b|\bon me\b|\brender\b"
)
_COMPARE: Final = re.compile(r"\b(?:compare|comparison|differ(?:ence|ences|ent from|s)?|versus|vs)\b")
_GOES_WITH: Final = re.compile(
    r"\b(?:goes?|fits?|match(?:es)?|combines?|wear|pairs?) (?:well )?(?:with|to)\b|"
    r"^\W*(?:and )?with (?:the|this|that|it)\b"
)
_PRONOUN: Final = re.compile(r"\b(?:it|this|that|them|these|one)\b")
_MORE: Final = re.compile(
    r"\b(?:something|anything|somewhat) (?:else|different)\b|\bothers?\b|\banother(?: one)?$|"
    r"\bmore (?:like|of|options|ideas)\b|\bshow me more\b|^\W*(?:more|next|again)\W*$|\bdifferent ones?\b"
)
_SWAP: Final = re.compile(r"\b(?:swap|change|replace|exchange|another|different|other)\b")
_COLOUR: Final = re.compile(r"\b(?:other|another|different|new) colou?rs?\b|\bother in colou?r\b")
_CHEAPER: Final = re.compile(r"\b(?:cheaper|less expensive|less costly|too (?:dear|expensive|pricey|much))\b")
_COMPARES: Final = re.compile(
    r"\b(?:smaller|larger|bigger|wider|narrower|taller|lower|higher|deeper|shallower|longer|shorter|lighter|darker)\b"
)
_BUT: Final = re.compile(
    r"^\W*(?:but|not|no|without|rather|in|instead|less|more|only)\b|\binstead\b|^\W*(?:something|anything)\b"
)
_WHOLE: Final = re.compile(
    r"\b(?:outfits?|looks?|ensembles?|what (?:should|shall|can|do|could) i wear|dress me|furnish|sets?)\b"
)
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


def next_move(before: Conversation, text: str, lexicon: Lexicon) -> Move:
    """What a message asks for.

    Args:
        before: the conversation up to it.
        text: the message.
        lexicon: of the catalog.
    """
    said = text.lower()
    named = _named(said, lexicon)
    if before.shown and (move := _of_the_shown(before, said, named, lexicon)) is not None:
        return move
    if _WHOLE.search(said):
        return Move("outfit", "you asked for a whole")
    if before.question is None and (named or not before.whole):
        return Move("search", "you named what you look for")
    return Move("outfit", "you told what it is for")


def _of_the_shown(before: Conversation, said: str, named: set[str], lexicon: Lexicon) -> Move | None:
    """What a message asks of the things that were shown; None if it is about something else."""
    places = places_in(said, before.shown)
    item = item_in(said, before.shown, before.focus, lexicon)
    another = not named <= {hit.item.category for ensemble in before.shown for hit in ensemble.hits}
    if _RENDER.search(said):
        return Move("render", "you want to see it", places, item)
    if _COMPARE.search(said):
        return Move("compare", "you want to know what differs", places)
    if (item or (not named and _PRONOUN.search(said))) and _GOES_WITH.search(said):
        return Move("complement", "you asked what goes with it", places, item)
    if named and not item and before.whole and re.search(r"\bwith\b", said):
        return Move("outfit", "you named what shall be in it")
    if not another and any(pattern.search(said) for pattern in (_MORE, _COLOUR, _CHEAPER, _COMPARES, _SWAP, _BUT)):
        return Move("refine", "you want it otherwise", places, item, said)
    if places and not named:
        return Move("choose", "you pointed at it", places)
    return Move("choose", "you left it to me") if decides(said) else None


def wishes_in(move: Move, text: str) -> str:
    """What of a message says something of the thing looked for; the rest says what to do with what was shown."""
    if move.tool in ("render", "compare", "complement", "choose"):
        return ""
    if move.tool != "refine":
        return text
    if way_of(text) == "swap":
        return ""
    for pattern in (_MORE, _COLOUR, _CHEAPER, _COMPARES, _ORDINAL):
        text = pattern.sub(" ", text.lower())
    return text


def _named(said: str, lexicon: Lexicon) -> set[str]:
    """Categories that a text names, by themselves or by a kind."""
    return set(asked_categories(find_terms(tokens_of(said), lexicon), lexicon))


def decides(said: str) -> bool:
    """Whether a message leaves the choice to the stylist."""
    return _DECIDE.search(said.lower()) is not None


def way_of(said: str) -> str:
    """How a thing shall be otherwise: "cheaper", "colour", "more", "swap", "size" or, as the words say, "words"."""
    said = said.lower()
    ways = (("cheaper", _CHEAPER), ("colour", _COLOUR), ("more", _MORE), ("swap", _SWAP), ("size", _COMPARES))
    return next((way for way, pattern in ways if pattern.search(said)), "words")


def places_in(said: str, shown: Sequence[Ensemble]) -> tuple[int, ...]:
    """Which of the things shown a message counts off: "the second one", "these two"."""
    found = [
        _ORDINALS[match[1]] % max(1, len(shown))
        for match in _ORDINAL.finditer(said)
        if _ORDINALS[match[1]] < len(shown)
    ]
    if not found and re.search(r"\b(?:two|both)\b", said):
        found = [0, 1][: len(shown)]
    if not found and re.search(r"\b(?:three|all of them)\b", said):
        found = [0, 1, 2][: len(shown)]
    return tuple(dict.fromkeys(found)) if shown else ()


def item_in(said: str, shown: Sequence[Ensemble], focus: int, lexicon: Lexicon) -> str:
    """The id of the item that a message describes, "the blue skirt"; "" if it names none of those shown."""
    if not shown:
        return ""
    terms = [term for term in find_terms(tokens_of(said), lexicon) if term.meaning.attribute in FACETS]
    order = [shown[focus], *(one for place, one in enumerate(shown) if place != focus)]
    items = [hit.item for ensemble in order for hit in ensemble.hits]
    things = [term for term in terms if term.meaning.attribute in ("category", "kind")]
    best = max(items, key=lambda item: sum(_is(term, item) for term in terms))
    return best.id if any(_is(thing, best) for thing in things) else ""


def _is(term: Term, item: Item) -> bool:
    """Whether a word describes an item."""
    return not set(term.meaning.values).isdisjoint(values_of(item, term.meaning.attribute))
