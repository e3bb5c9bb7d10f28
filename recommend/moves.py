"""What a message asks for, by rules: which tool, and which of the things shown it is about. Pure functions."""

from __future__ import annotations

import re
from typing import Final

from recommend import asides
from recommend.asking import asked_categories
from recommend.dialogue import Conversation, Move
from recommend.lexicon import Lexicon, find_terms, tokens_of
from recommend.negation import denied_terms
from recommend.pointing import ORDINAL, described_in, item_in, places_in

_RENDER: Final = re.compile(
    r"\b(?:try|put|wear|see|show|render|dress)\b.*\b(?:on me|on my photo|in my (?:room|photo)|me in)\b|"
    r"\btry (?:it|them|this|that|these|those|on|the)\b|\bon me\b|\brender\b"
)
_COMPARE: Final = re.compile(r"\b(?:compare|comparison|differ(?:ence|ences|ent from|s)?|versus|vs)\b")
_GOES_WITH: Final = re.compile(
    r"\b(?:goe?s?|fits?|match(?:es)?|combines?|wear|pairs?) (?:well )?(?:with|to)\b|"
    r"^\W*(?:and )?with (?:the|this|that|it)\b|\bto match\b|\bmatching\b|\bmatch(?:es)? (?:it|this|that|them)\b"
)
_PRONOUN: Final = re.compile(r"\b(?:it|this|that|them|these|one)\b")
_MORE: Final = re.compile(
    r"\b(?:something|anything|somewhat) (?:else|different)\b|\bothers?\b|\banother(?: one)?$|"
    r"\bmore (?:like|of|options|ideas)\b|\bshow me more\b|^\W*(?:more|next|again)\W*$|\bdifferent ones?\b"
)
#: What is shown is not liked: one of the things, or all of them.
_REFUSES: Final = re.compile(
    r"\b(?:not|don't (?:like|want)|do not (?:like|want)|dislike|hate)(?: the)? (?:it|this|that|them|these|those|"
    rf"{ORDINAL.pattern})\b|\b(?:ugly|awful|hideous|horrible|terrible)\b|"
    r"^\W*(?:no|nope|nah|none(?: of (?:them|these))?)\W*$"
)
_ONE: Final = re.compile(r"\b(?:it|this|that)\b")
_ONE_OF_THEM: Final = re.compile(rf"\bthe {ORDINAL.pattern}(?: one)?\W*$")
_AROUND: Final = re.compile(r"\b(?:around|with) (?:it|this|that)\b")
_SWAP: Final = re.compile(r"\b(?:swap|change|replace|exchange|another|different|other)\b")
_COLOUR: Final = re.compile(r"\b(?:other|another|different|new) colou?rs?\b|\bother in colou?r\b")
#: With a number behind it, a comparison is a limit: "cheaper than 100".
_CHEAPER: Final = re.compile(
    r"\b(?:cheaper|less expensive|less costly|(?<!not )too (?:dear|expensive|pricey|much))\b(?! than\W+\d)"
)
_DEARER: Final = re.compile(r"\b(?:dearer|pricier|more (?:expensive|costly|luxurious)|too cheap)\b(?! than\W+\d)")
_COMPARES: Final = re.compile(
    r"\b(?:smaller|larger|bigger|wider|narrower|taller|lower|higher|deeper|shallower|longer|shorter)\b(?! than\W+\d)"
)
#: What is too much of something shall be less so.
_TOO: Final = re.compile(r"(?<!not )\b(?:much |way |a bit |a little )?too (\w+)\b")
_LESS: Final = {
    **dict.fromkeys(("big", "large", "huge", "bulky"), "smaller"),
    **dict.fromkeys(("small", "little", "tiny"), "larger"),
    **dict.fromkeys(("tall", "high"), "lower"),
    "wide": "narrower", "narrow": "wider", "low": "higher", "long": "shorter", "short": "longer", "deep": "shallower",
    "dark": "lighter", "light": "darker", "bright": "darker",
}  # fmt: skip
_BUT: Final = re.compile(
    r"^\W*(?:but|not|no|without|rather|in|instead|less|more|only|lighter|darker)\b|\binstead\b|"
    r"\b(?:don't|do not|dont) (?:like|want)\b|\bhate\b|"
    r"^\W*(?:something|anything)\b"
)
_WHOLE: Final = re.compile(
    r"\b(?:outfits?|looks?|ensembles?|what (?:should|shall|can|do|could) i wear|dress me|furnish|"
    r"(?:a|the|whole|complete|some|any) sets?|sets? (?:of|for))\b"
)
#: In a conversation about outfits, a thing that is named so is to be a part of them.
_PART_OF_IT: Final = re.compile(
    r"\b(?:then|instead|rather|should be|shall be|must be)\b|^\W*(?:but|and|with|fine|not|no|without)\b"
)
_TELL: Final = re.compile(
    r"^\W*(?:(?:and|but|so|ok|okay)\W+)*(?:how (?:much|tall|wide|deep|long|big|large|high|heavy)|"
    r"what (?:is|'s|are)(?: it| this| that| they)\b|what's it\b|what (?:material|fabric|colou?rs?|sizes?|price)|"
    r"what (?:does|do) (?:it|this|that|they|these)\b|is (?:it|this|that|the)\b|are (?:they|these|those)\b|"
    r"does (?:it|this|that)\b|do they\b|why\b|tell me (?:more )?about|describe|details)"
)
_DECIDE: Final = re.compile(
    r"\b(?:(?:you|please) (?:decide|choose|pick)|up to you|surprise me|(?:i )?(?:don't|do not|dont) (?:care|mind|know)|"
    r"no idea|whatever(?: you (?:like|want|think))?|no preference|it doesn't matter|skip|not sure)\b|"
    r"^\W*doesn't matter\b"
)


def next_move(before: Conversation, said: str, lexicon: Lexicon) -> Move:
    """What a message asks for.

    Args:
        before: the conversation up to it.
        said: the message, lower-case English.
        lexicon: of the catalog.
    """
    if asides.restarts(said):
        return Move("restart", "you want to begin anew")
    named = _named(said, lexicon)
    aside = asides.aside_in(said, bool(named))
    if aside and not (aside == "greeting" and not before.turns):
        return Move("talk", "it asks for no thing", words=aside)
    if before.shown and (move := _of_the_shown(before, said, named, lexicon)) is not None:
        return move
    if named and not before.shown and _GOES_WITH.search(said) and _PRONOUN.search(said):
        return Move("complement", "you asked what goes with what you have", words=said)
    if not named and not before.shown and points_back(said):
        return Move("talk", "it is about something that was shown", words="nothing shown")
    if wants_whole(said) or (before.whole and (before.question is not None or _PART_OF_IT.search(said))):
        return Move("outfit", "you asked for a whole")
    asked = before.question is not None and before.question.slot == "categories"
    answers = asked and (before.whole or len(named) > 1)
    single = not before.whole and (before.shown or before.slots.categories)
    if (named and not answers) or single:
        return Move("search", "you named what you look for")
    return Move("outfit", "you told what it is for")


def _of_the_shown(before: Conversation, said: str, named: set[str], lexicon: Lexicon) -> Move | None:
    """What a message asks of the things that were shown; None if it is about something else."""
    places = places_in(said, before.shown)
    item = item_in(said, before.shown, before.focus, lexicon)
    another = not named <= {hit.item.category for ensemble in before.shown for hit in ensemble.hits}
    if _RENDER.search(said):
        return Move("render", "you want to see it", places, item)
    if _COMPARE.search(said) or (len(places) > 1 and "which" in tokens_of(said)):
        return Move("compare", "you want to know what differs", places)
    if (item or another or _PRONOUN.search(said)) and _GOES_WITH.search(said):
        # A thing that is not shown, "nightstands to match", is what shall go with it.
        return Move("complement", "you asked what goes with it", places, item, said if another and not item else "")
    if wants_whole(said) and (item or places or _AROUND.search(said)):
        return Move("outfit", "you want it to be a part of a whole", places or (before.focus,), item)
    if places and item and before.whole and re.search(r"\bbut\b", said):
        item = item_in(said, before.shown[places[0] : places[0] + 1], 0, lexicon)
        return Move("refine", "you want one part of it otherwise", places, item, said)
    if named and not item and before.whole and re.search(r"\bwith\b", said):
        return Move("outfit", "you named what shall be in it")
    if not another and (way := _wish_of(said, named)):
        return Move(way, "you want it otherwise", places, item, said)
    if _TELL.search(said) and not another:
        return Move("tell", "you asked about it", places, item)
    places = places or (described_in(said, before.shown, lexicon) if not another else ())
    if places and (not named or re.search(r"\bthe\b", said)):
        return Move("choose", "you pointed at it", places)
    return Move("choose", "you left it to me") if decides(said) else None


def _wish_of(said: str, named: set[str]) -> str:
    """ "refine" if a message wants what was shown otherwise, "" if not."""
    ways = (_MORE, _COLOUR, _CHEAPER, _DEARER, _COMPARES, _SWAP, _BUT)
    refuses = not named and _REFUSES.search(said)
    return "refine" if refuses or any(pattern.search(said) for pattern in ways) else ""


def points_back(said: str) -> bool:
    """Whether a message is about something that must have been shown before it."""
    if _GOES_WITH.search(said) and _PRONOUN.search(said):
        return True
    ways = (_RENDER, _COMPARE, _ONE_OF_THEM, _MORE, _CHEAPER, _DEARER, _COMPARES, _SWAP)
    return any(pattern.search(said) for pattern in ways)


def without_too(said: str) -> str:
    """A message with what it finds too much as what it wants: "too big" → "smaller"."""
    return _TOO.sub(lambda found: _LESS.get(found[1], found[0]), said)


def wants_whole(said: str) -> bool:
    """Whether a message asks for outfits, or sets for a room, in as many words."""
    return _WHOLE.search(said) is not None


def wishes_in(move: Move, said: str, sized: bool) -> str:
    """What of a message says something of the thing looked for; the rest says what to do with what was shown.

    Args:
        move: what it asks for.
        said: the message, lower-case English.
        sized: whether things state their size, so that they can be compared by it.
    """
    if move.tool == "complement":
        return _GOES_WITH.sub(" ", move.words)
    if move.tool in ("render", "compare", "choose", "tell", "talk", "restart"):
        return ""
    said = _DECIDE.sub(" ", said)
    if move.tool != "refine":
        return said
    way = way_of(said)
    if way == "refuse":
        return ""
    if way == "swap":
        _, _, instead = re.split(r"(\b(?:with|by|for|to|into)\b)", f"{said} with ", maxsplit=1)
        return instead.removesuffix(" with ")
    for pattern in (_MORE, _COLOUR, _CHEAPER, _DEARER, *([_COMPARES] if sized else []), ORDINAL):
        said = pattern.sub(" ", said)
    return said


def _named(said: str, lexicon: Lexicon) -> set[str]:
    """Categories that a text asks for, by themselves or by a kind."""
    tokens = tokens_of(said)
    terms = find_terms(tokens, lexicon)
    _, gone = denied_terms(tokens, terms, lexicon.domain.nouns)
    return set(asked_categories([term for term in terms if term.start not in gone], lexicon))


def decides(said: str) -> bool:
    """Whether a message leaves the choice to the stylist."""
    return _DECIDE.search(said.lower()) is not None


def way_of(said: str) -> str:
    """How a thing shall be otherwise: "cheaper", "dearer", "colour", "refuse", "more", "swap", "size" or, as the words
    say, "words"."""
    said = said.lower()
    ways = (
        ("cheaper", _CHEAPER), ("dearer", _DEARER), ("colour", _COLOUR), ("more", _MORE), ("refuse", _REFUSES),
        ("swap", _SWAP), ("size", _COMPARES),
    )  # fmt: skip
    return next((way for way, pattern in ways if pattern.search(said)), "words")


def refuses_one(said: str) -> bool:
    """Whether a refusal is of one thing rather than of all that is shown."""
    return _ONE.search(said) is not None or ORDINAL.search(said) is not None
