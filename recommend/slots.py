"""What a conversation has found out so far, filled from words and turned into queries. Pure functions.

"A wedding in Cairo in summer" fills occasion, place and season; the three give styles, fabrics, and what nobody wears
there. Colours, prices, materials and what is not wanted are read by `query.understand`, so that a word means the same
here as in a search.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from recommend import occasions
from recommend.lexicon import Lexicon
from recommend.measures import ADJECTIVES
from recommend.negation import NEGATORS
from recommend.prices import show
from recommend.query import understand
from recommend.schema import Facet, Query, SizeLimit, Understanding

Together = tuple[Facet, ...]

#: Words that make a price that of the whole, and those that make it that of each item.
_IN_ALL: Final = re.compile(
    r"\b(?:in all|in total|altogether|all together|overall|total|for everything|everything together|budget|"
    r"(?:whole|entire|complete) (?:outfit|look|set|thing|room))\b"
)
#: Of these, the words that mean nothing once that is known.
_IDLE: Final = re.compile(
    r"\b(?:in all|in total|total|overall|for everything|everything together|wear (?:to|for|at|in))\b"
)
_EACH: Final = re.compile(r"\b(?:each|apiece|a piece|per (?:item|piece|garment))\b")
_ANY_PRICE: Final = re.compile(r"\b(?:any price|whatever it costs|no (?:price )?limit|money is no object|no budget)\b")
_ANY_COLOUR: Final = re.compile(r"\b(?:any|whatever|no matter (?:the|what)) colou?rs?\b")
#: A sum by itself, "300 in all", is the most that it may be.
_SUM: Final = re.compile(
    r"(?<!under )(?<!below )(?<!to )(?<!most )(?<!than )(?<!over )(?<!above )(?<!least )(?<!and )(?<![\d.,€$£])"
    r"\b(\d[\d.,]*) (?:in all|in total|altogether|all together)\b"
)
_NUMBER: Final = re.compile(r"\W*\d[\d.,]*\W*")
#: Attributes that describe the thing that was asked for, and are no longer meant when another thing is.
_OF_THE_THING: Final = frozenset({"kind", "material", "pattern", "sleeve"})


@dataclass(frozen=True)
class Slots:
    """What is known. Empty means: not said.

    Attributes:
        occasion: a key of `occasions.OCCASIONS`. room: a key of `occasions.ROOMS`.
        place: a key of `occasions.CLIMATES`. season: of the place, a key of `occasions.SEASONS`.
        said_weather: "hot", "mild" or "cold", where it was said as such.
        categories: of what is asked for, in the order of naming.
        wishes: what is preferred, one facet for each attribute.
        colours: any of these, of what is asked for; the rest of an outfit goes with it.
        dislikes: combinations that must not occur.
        sizes: limits to sides.
        min_price, max_price: of each item. budget: of all together.
        manner: words that rank, like "small", "darker" or "cheap".
        beside: what it shall go with, in the shopper's words.
        loose: words that no vocabulary knows; they count by meaning only.
    """

    occasion: str = ""
    room: str = ""
    place: str = ""
    season: str = ""
    said_weather: str = ""
    categories: tuple[str, ...] = ()
    wishes: tuple[Facet, ...] = ()
    colours: tuple[str, ...] = ()
    dislikes: tuple[Together, ...] = ()
    sizes: tuple[SizeLimit, ...] = ()
    min_price: float | None = None
    max_price: float | None = None
    budget: float | None = None
    manner: tuple[str, ...] = ()
    beside: str = ""
    loose: tuple[str, ...] = ()

    @property
    def weather(self) -> str:
        """What was said, else what place and season tell; "" if they do not."""
        if self.said_weather or not (self.place or self.season):
            return self.said_weather
        if not self.place:
            return {"summer": "hot", "winter": "cold"}.get(self.season, "mild")
        climate = occasions.CLIMATES[self.place]
        usual = {climate.winter, climate.spring, climate.summer, climate.autumn}
        if self.season:
            return str(getattr(climate, self.season))
        return usual.pop() if len(usual) == 1 else ""

    @property
    def highest(self) -> float | None:
        """The highest price that any one item may have."""
        return min((limit for limit in (self.max_price, self.budget) if limit is not None), default=None)

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds that are asked for."""
        return next((wish.values for wish in self.wishes if wish.attribute == "kind"), ())

    def customs(self) -> tuple[Together, ...]:
        """What does not suit occasion and weather, but for what was asked for by name."""
        rules = [*occasions.OCCASIONS[self.occasion].never] if self.occasion else []
        rules += occasions.NEVER_IN.get(self.weather, ())
        return tuple(kept for rule in rules if (kept := self._spared(rule)))

    def _spared(self, rule: Together) -> Together:
        """A rule without what the shopper asked for by name; () if nothing is left of it."""
        asked = {(wish.attribute, value) for wish in self.wishes for value in wish.values}
        asked |= {("colours", colour) for colour in self.colours}
        left = []
        for facet in rule:
            values = tuple(value for value in facet.values if (facet.attribute, value) not in asked)
            if not values:
                return ()
            left.append(Facet(facet.attribute, values))
        return tuple(left)

    def preferred(self) -> tuple[Facet, ...]:
        """All wishes: those that were said, and for other attributes those of occasion and weather."""
        implied: list[Facet] = []
        if self.occasion:
            implied.append(Facet("style", occasions.OCCASIONS[self.occasion].styles))
        implied += occasions.WISHED_IN.get(self.weather, ())
        said = {wish.attribute for wish in self.wishes}
        return (*self.wishes, *(wish for wish in implied if wish.attribute not in said))


@dataclass(frozen=True)
class Reading:
    """What one message added.

    Attributes:
        slots: with it.
        heard: each part that was understood, for people.
        notes: what was not, or only loosely, in sentences.
    """

    slots: Slots
    heard: tuple[str, ...]
    notes: tuple[str, ...]


def read(slots: Slots, text: str, lexicon: Lexicon, currency: str, question: str = "") -> Reading:
    """Fill slots from one message.

    Args:
        slots: known before.
        text: what the shopper wrote.
        lexicon: of the catalog.
        currency: of its prices.
        question: the slot that was asked for just before; a price that answers "budget" is one in all.
    """
    said_text = text.lower()
    if question == "budget" and _NUMBER.fullmatch(said_text):
        said_text = f"at most {said_text}"
    said_text = _SUM.sub(r"at most \1 in all", said_text)
    for name, parts in occasions.SUITS.items():
        said_text = re.sub(rf"\b{name}s?\b", " and ".join(parts), said_text)
    found, rest = _tables(slots, said_text, lexicon.domain.sized)
    understood = understand(Query(text=_without_small_talk(rest, lexicon)), lexicon, currency)
    things = bool(understood.filters.categories) or any(wish.attribute == "kind" for wish in understood.wishes)
    after = _things(found, understood, lexicon)
    after = _limits(after, understood, said_text, question, each=things)
    after = _rest(after, understood, lexicon)
    if _ANY_COLOUR.search(said_text):
        after = replace(after, colours=())
    heard = tuple(
        f"{name}: {label}" for name, label in said(after, currency) if (name, label) not in said(slots, currency)
    )
    return Reading(after, heard, understood.notes)


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
    text = re.sub(r"[!?:;()\"“”…]", " , ", _EACH.sub(" ", _IDLE.sub(" ", text)))
    return " ".join(word for word in text.split() if word.strip(",.'") not in idle)


def _things(slots: Slots, understood: Understanding, lexicon: Lexicon) -> Slots:
    """Categories, kinds and what describes them."""
    new = {wish.attribute: wish for wish in understood.wishes if wish.attribute != "category"}
    old = {wish.attribute: wish for wish in slots.wishes}
    categories = understood.filters.categories
    if categories and (set(categories) != set(slots.categories) or "kind" in new):
        # Another thing: what was said of the one before is not meant of it.
        old = {attribute: wish for attribute, wish in old.items() if attribute not in _OF_THE_THING}
        slots = replace(slots, colours=(), sizes=(), manner=(), loose=())
    return replace(slots, categories=categories or slots.categories, wishes=tuple((old | new).values()))


def _limits(slots: Slots, understood: Understanding, text: str, question: str, each: bool) -> Slots:
    """Prices: of each item where one is named or it is said so, else in all."""
    filters = understood.filters
    if _ANY_PRICE.search(text):
        slots = replace(slots, min_price=None, max_price=None, budget=None)
    if filters.min_price is not None:
        slots = replace(slots, min_price=filters.min_price)
    if filters.max_price is None:
        return slots
    whole = question == "budget" or _IN_ALL.search(text) is not None or not each
    if whole and not _EACH.search(text):
        return replace(slots, budget=filters.max_price)
    return replace(slots, max_price=filters.max_price)


def _rest(slots: Slots, understood: Understanding, lexicon: Lexicon) -> Slots:
    """Colours, dislikes, sizes, and words that only rank. What is said last counts."""
    filters = understood.filters
    colours = tuple(dict.fromkeys(colour for group in filters.colours for colour in group)) or slots.colours
    dislikes = tuple(dict.fromkeys((*slots.dislikes, *filters.without)))
    denied = {(facet.attribute, value) for facet, *more in filters.without if not more for value in facet.values}
    asked = {("colours", colour) for group in filters.colours for colour in group}
    asked |= {(wish.attribute, value) for wish in understood.wishes for value in wish.values}
    kept = tuple(
        one for one in dislikes if not (len(one) == 1 and asked & {(one[0].attribute, v) for v in one[0].values})
    )
    wishes = tuple(
        wish for wish in slots.wishes if not all((wish.attribute, value) in denied for value in wish.values)
    )  # fmt: skip
    beside = next((chip.label.removeprefix("to go with ") for chip in understood.chips if chip.key == "beside"), "")
    loose = [word for word in understood.words.split() if word not in lexicon.known and not word[0].isdigit()]
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


def query_of(slots: Slots) -> Query:
    """What to search for: the thing itself."""
    sizes = [_size(limit) for limit in slots.sizes]
    return Query(
        text=_text([*map(_phrase, slots.preferred()), *slots.manner, *sizes, *_context(slots)]),
        min_price=slots.min_price,
        max_price=slots.highest,
        categories=slots.categories,
        colours=slots.colours,
        exclude=(*slots.dislikes, *slots.customs()),
    )


def whole_query(slots: Slots, lexicon: Lexicon) -> Query:
    """What to put together: words that name a thing describe that thing alone, and the budget is that of all."""
    nouns = lexicon.domain.nouns_of
    covered = {lexicon.kind_categories.get(kind) for kind in slots.kinds}
    named = [*slots.kinds, *(nouns.get(one, one) for one in slots.categories if one not in covered)]
    # One clause: an adjective belongs to the noun that follows it.
    thing = " ".join([*([" or ".join(slots.colours)] if slots.categories else []), " and ".join(named)]).strip()
    wishes = [_phrase(wish) for wish in slots.preferred() if wish.attribute != "kind"]
    budget = [] if slots.budget is None else [f"at most {math.floor(slots.budget * 100) / 100:.2f} in all"]
    return Query(
        text=_text([thing, *wishes, *slots.manner, *budget, *_context(slots)]),
        max_price=slots.highest,
        exclude=(*slots.dislikes, *slots.customs()),
    )


def without_lead(slots: Slots, kind: str) -> Slots:
    """What is known of the things beside one of a kind: what was said of that one alone does not count for them."""
    others = tuple(name for name in slots.kinds if name != kind)
    wishes = tuple(wish for wish in slots.wishes if wish.attribute not in _OF_THE_THING)
    wishes += (Facet("kind", others),) if others else ()
    return replace(slots, colours=(), categories=(), wishes=wishes)


def beside_query(slots: Slots) -> Query:
    """What may stand or be worn beside a thing that is there: what was said of the thing itself does not count."""
    wishes = [_phrase(wish) for wish in slots.preferred() if wish.attribute not in _OF_THE_THING]
    exclude = (*slots.dislikes, *slots.customs())
    return Query(text=_text([*wishes, *slots.manner]), max_price=slots.highest, exclude=exclude)


def _context(slots: Slots) -> list[str]:
    """What stands around the thing: the occasion, what it shall go with, and words that count by meaning only."""
    beside = f"to go with my {slots.beside}" if slots.beside else ""
    return [beside, slots.occasion or slots.room, *slots.loose]


def _text(parts: Iterable[str]) -> str | None:
    return ", ".join(part for part in parts if part) or None


def _phrase(wish: Facet) -> str:
    """A wish as the reader of requests knows it: "linen or cotton", "long sleeves"."""
    sleeves = wish.attribute == "sleeve"
    return " or ".join(f"{v} sleeves" if sleeves and v != "sleeveless" else v for v in wish.values)


def _size(limit: SizeLimit) -> str:
    """A limit as the reader of requests knows it, rounded inwards to a tenth of a millimetre: "at most 120 cm wide"."""
    if limit.high is not None:
        return f"at most {math.floor(limit.high * 100) / 100:.10g} cm {ADJECTIVES[limit.side]}"
    return f"at least {math.ceil((limit.low or 0) * 100) / 100:.10g} cm {ADJECTIVES[limit.side]}"


def said(slots: Slots, currency: str) -> tuple[tuple[str, str], ...]:
    """What is known, for people: name and value of each filled slot."""
    rows: list[tuple[str, str]] = [("occasion", slots.occasion), ("room", slots.room), ("place", slots.place.title())]
    rows += [("season", slots.season), ("weather", slots.weather)]
    rows += [("looking for", " and ".join(slots.kinds or slots.categories))]
    rows += [(wish.attribute, " or ".join(wish.values)) for wish in slots.wishes if wish.attribute != "kind"]
    rows += [("colour", " or ".join(slots.colours))]
    rows += [("not", names(one)) for one in slots.dislikes]
    rows += [("size", _size(limit)) for limit in slots.sizes]
    prices = (("from", slots.min_price), ("each up to", slots.max_price), ("in all up to", slots.budget))
    rows += [(name, show(round(price, 2), currency)) for name, price in prices if price is not None]
    rows += [("preferably", " and ".join(slots.manner)), ("to go with", slots.beside), ("also", " ".join(slots.loose))]
    return tuple((name, value) for name, value in rows if value)


def names(together: Sequence[Facet]) -> str:
    """A combination for people: "blue jeans"."""
    return " ".join(" or ".join(facet.values) for facet in together)
