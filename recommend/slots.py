"""What a conversation has found out so far, and what follows from it, turned into queries. Pure functions.

"A wedding in Cairo in summer" fills occasion, place and season; the three give styles, fabrics, and what nobody wears
there. `reading` fills the slots.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, Final

from recommend import occasions
from recommend.lexicon import Lexicon
from recommend.measures import ADJECTIVES
from recommend.prices import show
from recommend.schema import Facet, Query, SizeLimit

Together = tuple[Facet, ...]

#: Attributes that describe the thing that was asked for, and are no longer meant when another thing is.
_OF_THE_THING: Final = frozenset({"kind", "material", "pattern", "sleeve"})
OF_THE_ONE_BEFORE: Final = MappingProxyType(dict[str, Any](colours=(), sizes=(), manner=(), loose=(), below=None))


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
        required: what must be so, one facet for each attribute ("only cotton").
        sizes: limits to sides.
        min_price, max_price: of each item. budget: of all together. below: of each, as "cheaper" has set it.
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
    required: tuple[Facet, ...] = ()
    sizes: tuple[SizeLimit, ...] = ()
    min_price: float | None = None
    max_price: float | None = None
    budget: float | None = None
    below: float | None = None
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
        limits = (self.max_price, self.budget, self.below)
        return min((limit for limit in limits if limit is not None), default=None)

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds that are asked for."""
        return next((wish.values for wish in (*self.required, *self.wishes) if wish.attribute == "kind"), ())

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


def general(facets: Iterable[Facet]) -> tuple[Facet, ...]:
    """Those that say nothing of one thing alone."""
    return tuple(facet for facet in facets if facet.attribute not in _OF_THE_THING)


def of_others(slots: Slots) -> Slots:
    """What is known of things beside one that is there: what was said of the thing itself does not count."""
    wishes, required = general(slots.wishes), general(slots.required)
    return replace(slots, **OF_THE_ONE_BEFORE, categories=(), wishes=wishes, required=required)


def query_of(slots: Slots) -> Query:
    """What to search for: the thing itself."""
    return _query(slots, _context(slots))


def beside_query(slots: Slots) -> Query:
    """What may stand or be worn beside a thing that is there, which tells enough of what it is for."""
    return _query(slots, ())


def _query(slots: Slots, context: Iterable[str]) -> Query:
    sizes = [_size(limit) for limit in slots.sizes]
    return Query(
        text=_text([*map(_phrase, slots.preferred()), *slots.manner, *sizes, *context]),
        min_price=slots.min_price,
        max_price=slots.highest,
        categories=slots.categories,
        colours=slots.colours,
        exclude=(*slots.dislikes, *slots.customs()),
        required=slots.required,
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
    # What a thing that was named must be is asked of that thing alone; and trousers have no sleeves.
    required = () if slots.categories else (one for one in slots.required if one.attribute not in ("kind", "sleeve"))
    return Query(
        text=_text([thing, *wishes, *slots.manner, *budget, *_context(slots)]),
        max_price=slots.highest,
        exclude=(*slots.dislikes, *slots.customs()),
        required=tuple(required),
    )


def without_lead(slots: Slots, kind: str) -> Slots:
    """What is known of the things beside one of a kind: what was said of that one alone does not count for them."""
    others = tuple(name for name in slots.kinds if name != kind)
    wishes = tuple(wish for wish in slots.wishes if wish.attribute not in _OF_THE_THING)
    wishes += (Facet("kind", others),) if others else ()
    return replace(slots, colours=(), categories=(), wishes=wishes, required=general(slots.required))


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
    rows += [("only", " or ".join(facet.values)) for facet in slots.required]
    rows += [("colour", " or ".join(slots.colours))]
    rows += [("not", names(one)) for one in slots.dislikes]
    rows += [("size", _size(limit)) for limit in slots.sizes]
    prices = (
        ("from", slots.min_price),
        ("each up to", slots.max_price),
        ("in all up to", slots.budget),
        ("cheaper, up to", slots.below),
    )
    rows += [(name, show(round(price, 2), currency)) for name, price in prices if price is not None]
    rows += [("preferably", " and ".join(slots.manner)), ("to go with", slots.beside), ("also", " ".join(slots.loose))]
    return tuple((name, value) for name, value in rows if value)


def names(together: Sequence[Facet]) -> str:
    """A combination for people: "blue jeans"."""
    return " ".join(" or ".join(facet.values) for facet in together)
