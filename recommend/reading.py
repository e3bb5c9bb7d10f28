"""Messages → slots: what a shopper's words add to what is known. Pure functions.

Colours, prices, materials and what is not wanted are read by `query.understand`, so that a word means the same here as
in a search.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, Final

from recommend import occasions
from recommend.lexicon import Lexicon
from recommend.negation import NEGATORS
from recommend.query import denials, understand
from recommend.schema import Query, Understanding
from recommend.slots import OF_THE_ONE_BEFORE, Slots, general, said

#: Words that make a price that of the whole, and those that make it that of each item.
_IN_ALL: Final = re.compile(
    r"\b(?:in all|in total|altogether|all together|overall|total|for everything|everything together|budget|"
    r"(?:whole|entire|complete) (?:outfit|look|set|thing|room))\b"
)
#: Of these, the words that mean nothing once that is known.
_IDLE: Final = re.compile(
    r"\b(?:in all|in total|total|altogether|all together|overall|for everything|everything together|"
    r"wear (?:to|for|at|in))\b"
)
_EACH: Final = re.compile(r"\b(?:each|apiece|a piece|per (?:item|piece|garment))\b")


def _any(words: str) -> str:
    """A pattern for giving a limit up: "any price", "forget the colour", "the size does not matter"."""
    return (
        rf"\b(?:any|forget|ignore|drop|whatever|no matter)(?: about)?(?: the| my| what| which)? (?:{words})s?\b|"
        rf"\b(?:the |my )?(?:{words})s? (?:does not|doesn't|do not|don't|is not|isn't) (?:matter|important)\b"
    )


_PRICES: Final = "price|budget|cost|price limit|limit"
#: What gives limits up, and the slots that are empty then.
_GIVEN_UP: Final = tuple(
    (re.compile(pattern), MappingProxyType(emptied))
    for pattern, emptied in (
        (
            rf"{_any(_PRICES)}|\b(?:whatever it costs|no (?:price )?limit|money is no object|no budget)\b",
            dict[str, Any](min_price=None, max_price=None, budget=None, below=None),
        ),
        (_any("colou?r"), dict[str, Any](colours=())),
        (_any("size|width|height|depth|length"), dict[str, Any](sizes=())),
        (r"\bforget what i (?:do not|don't) (?:want|like)\b", dict[str, Any](dislikes=())),
    )
)
#: A sum by itself, "300 in all", is the most that it may be.
_SUM: Final = re.compile(
    r"(?<!under )(?<!below )(?<!to )(?<!most )(?<!than )(?<!over )(?<!above )(?<!least )(?<!and )(?<![\d.,€$£])"
    r"\b(\d[\d.,]*) (?:in all|in total|altogether|all together|overall|for everything)\b"
)
#: A number with nothing beside it that says anything: "100", "ok 60 then".
_NUMBER: Final = re.compile(
    r"\W*(?:(?:ok|okay|fine|well|then|so|say|rather|make it|but|no|yes|maybe|hmm|i have|we have|i can spend|about)\W+)*"
    r"(?P<sum>\d[\d.,]*)\W*(?:(?:then|please|is (?:ok|okay|fine)|will do|max|would be (?:ok|okay|fine))\W*)*"
)
_NOT_MUCH: Final = re.compile(r"\bnot (?:too |that |so )?much\b")


@dataclass(frozen=True)
class Reading:
    """What one message added.

    Attributes:
        slots: with it.
        heard: each part that was understood, for people.
        notes: what was not, or only loosely, in sentences.
        told: whether anything was understood, be it known already.
        strange: words that neither the vocabulary nor a title knows.
        clash: two prices that no thing can have at once, for people; then none of the message counts.
    """

    slots: Slots
    heard: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    told: bool = False
    strange: tuple[str, ...] = ()
    clash: str = ""


def read(slots: Slots, text: str, lexicon: Lexicon, currency: str, question: str = "") -> Reading:
    """Fill slots from one message.

    Args:
        slots: known before.
        text: what the shopper wrote.
        lexicon: of the catalog.
        currency: of its prices.
        question: the slot that was asked for just before; a price that answers "budget" is one in all.
    """
    said_text, known = _given_up(text.lower(), slots)
    if (number := _NUMBER.fullmatch(said_text)) is not None:
        said_text = f"at most {number['sum']}"
    said_text = _NOT_MUCH.sub("not too expensive", _SUM.sub(r"at most \1 in all", said_text))
    for name, parts in occasions.SUITS.items():
        said_text = re.sub(rf"\b{name}s?\b", " and ".join(parts), said_text)
    found, rest = _tables(known, said_text, lexicon.domain.sized)
    understood = understand(Query(text=_without_small_talk(rest, lexicon)), lexicon, currency)
    if clash := _clash(understood):
        return Reading(_things(found, understood), notes=understood.notes, told=True, clash=clash)
    named = (*understood.wishes, *understood.filters.required)
    things = bool(understood.filters.categories) or any(wish.attribute == "kind" for wish in named)
    after = _things(found, understood)
    after = _limits(after, understood, said_text, question, each=things)
    loose = [word for word in understood.loose if not word[0].isdigit()]
    strange = tuple(word for word in loose if word not in lexicon.titles)
    after = _rest(after, understood, lexicon, loose)
    heard = tuple(
        f"{name}: {label}" for name, label in said(after, currency) if (name, label) not in said(slots, currency)
    )
    told = (
        bool(understood.chips)
        or rest != said_text
        or known != slots
        or said_text != text.lower()
        or len(loose) > len(strange)
    )
    return Reading(after, heard, understood.notes, told, strange)


def _given_up(text: str, slots: Slots) -> tuple[str, Slots]:
    """The slots without the limits that a text gives up, and what else it says."""
    for pattern, emptied in _GIVEN_UP:
        if pattern.search(text):
            text, slots = pattern.sub(" ", text), replace(slots, **emptied)
    return text, slots


def _clash(understood: Understanding) -> str:
    """Two prices of one message that no thing can have at once, for people; "" if there are none."""
    low, high = understood.filters.min_price, understood.filters.max_price
    if low is None or high is None or low <= high:
        return ""
    return " and ".join(chip.label for chip in understood.chips if chip.key.startswith("price:m"))


def _tables(slots: Slots, text: str, furniture: bool) -> tuple[Slots, str]:
    """Occasion or room, place, season and weather; returns them with the text that is left."""
    month = re.search(rf"\b(?:in|of|early|late|mid|this|next|until|from|every) ({'|'.join(occasions.MONTHS)})\b", text)
    text = text.replace(month[0], " ") if month else text
    tables: dict[str, Mapping[str, Iterable[str]]] = {
        "place": dict.fromkeys(occasions.CLIMATES, ()),
        "season": occasions.SEASONS,
        "said_weather": occasions.WEATHER,
    }
    tables |= (
        {"room": occasions.ROOMS} if furniture else {"occasion": {n: o.words for n, o in occasions.OCCASIONS.items()}}
    )
    for slot, table in tables.items():
        name, text = _named(text, table)
        if name:
            slots = replace(slots, **dict[str, Any]({slot: name}))
            slots = replace(slots, said_weather="") if slot in ("place", "season") else slots
    if month:
        season = occasions.MONTHS[month[1]]
        south = slots.place in occasions.CLIMATES and occasions.CLIMATES[slots.place].south
        slots = replace(slots, season=occasions.OPPOSITE[season] if south else season, said_weather="")
    return slots, text


def _named(text: str, table: Mapping[str, Iterable[str]]) -> tuple[str, str]:
    """The entry of a table that the text names first, the longest there; and the text without it."""
    phrases = {phrase: name for name, others in table.items() for phrase in (name, *others)}
    longest = "|".join(re.escape(phrase) for phrase in sorted(phrases, key=len, reverse=True))
    match = re.search(rf"\b({longest})\b(?!\s+pink)", text)
    if match is None:
        return "", text
    return phrases[match[1]], f"{text[: match.start()]} {text[match.end() :]}"


def _without_small_talk(text: str, lexicon: Lexicon) -> str:
    """The text without words that say nothing of things, so that those that do are told from them."""
    idle = occasions.SMALL_TALK - lexicon.words - NEGATORS
    # Before "instead" by itself goes, which says nothing.
    text = denials(_EACH.sub(" ", _IDLE.sub(" ", text)))
    text = re.sub(r"[!?:;()\"“”…]", " , ", text)
    return " ".join(word for word in text.split() if word.strip(",.'") not in idle)


def _things(slots: Slots, understood: Understanding) -> Slots:
    """Categories, kinds and what describes them. What is said last of an attribute counts, as a wish or a condition."""
    new = {wish.attribute: wish for wish in understood.wishes if wish.attribute != "category"}
    firm = {facet.attribute: facet for facet in understood.filters.required}
    categories = understood.filters.categories
    another = set(categories) != set(slots.categories) or "kind" in new or "kind" in firm
    if categories and slots.categories and another:
        # Another thing: what was said of the one before is not meant of it.
        slots = replace(slots, **OF_THE_ONE_BEFORE, wishes=general(slots.wishes), required=general(slots.required))
    wishes = {wish.attribute: wish for wish in slots.wishes if wish.attribute not in firm} | new
    required = {facet.attribute: facet for facet in slots.required if facet.attribute not in new} | firm
    return replace(
        slots,
        categories=categories or slots.categories,
        wishes=tuple(wishes.values()),
        required=tuple(required.values()),
    )


def _limits(slots: Slots, understood: Understanding, text: str, question: str, each: bool) -> Slots:
    """Prices: of each item where one is named or it is said so, else in all. Of two that exclude each other the last
    counts."""
    low, high = understood.filters.min_price, understood.filters.max_price
    if low is not None:
        over = high is None and slots.highest is not None and low > slots.highest
        slots = replace(
            slots, min_price=low, **(dict[str, Any](max_price=None, budget=None, below=None) if over else {})
        )
    if high is None:
        return slots
    if slots.min_price is not None and high < slots.min_price:
        slots = replace(slots, min_price=None)
    plain = not each and (slots.max_price is None or slots.budget is not None)
    whole = question == "budget" or _IN_ALL.search(text) is not None or plain
    if whole and not _EACH.search(text):
        return replace(slots, budget=high, below=None)
    return replace(slots, max_price=high, below=None)


def _rest(slots: Slots, understood: Understanding, lexicon: Lexicon, loose: Sequence[str]) -> Slots:
    """Colours, dislikes, sizes, and words that only rank. What is said last counts."""
    filters = understood.filters
    colours = tuple(dict.fromkeys(colour for group in filters.colours for colour in group)) or slots.colours
    dislikes = tuple(dict.fromkeys((*slots.dislikes, *filters.without)))
    denied = {(facet.attribute, value) for facet, *more in filters.without if not more for value in facet.values}
    asked = {("colours", colour) for group in filters.colours for colour in group}
    asked |= {(wish.attribute, value) for wish in (*understood.wishes, *filters.required) for value in wish.values}
    kept = tuple(
        one for one in dislikes if not (len(one) == 1 and asked & {(one[0].attribute, v) for v in one[0].values})
    )
    wishes = tuple(
        wish for wish in slots.wishes if not all((wish.attribute, value) in denied for value in wish.values)
    )  # fmt: skip
    beside = next((chip.label.removeprefix("to go with ") for chip in understood.chips if chip.key == "beside"), "")
    sizes = {(one.side, one.high is None): one for one in (*slots.sizes, *filters.sizes)}
    return replace(
        slots,
        colours=tuple(colour for colour in colours if ("colours", colour) not in denied),
        wishes=wishes,
        dislikes=kept,
        sizes=tuple(sizes.values()),
        manner=tuple(dict.fromkeys((*slots.manner, *_manner(understood, lexicon)))),
        beside=beside or slots.beside,
        loose=tuple(dict.fromkeys((*slots.loose, *loose))),
    )


def _manner(understood: Understanding, lexicon: Lexicon) -> list[str]:
    """What ranks without a value, as words."""
    words = [
        next(word for word, meaning in lexicon.domain.size_words.items() if meaning == wish)
        for wish in understood.size_wishes
    ]
    if understood.lightness:
        words.append("lighter" if understood.lightness > 0 else "darker")
    if understood.cheapness:
        words.append("cheap" if understood.cheapness > 0 else "luxury")
    return words
