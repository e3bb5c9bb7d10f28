"""What a conversation says, in plain words. Pure functions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from recommend import occasions
from recommend.domains import Domain
from recommend.lexicon import plurals
from recommend.prices import show
from recommend.schema import Query
from recommend.slots import Slots

if TYPE_CHECKING:
    from recommend.stylist import Ensemble

#: Categories that are named of a shop with many.
_NAMED: Final = 6


def situation(slots: Slots) -> str:
    """What it is for: " for a wedding in Cairo in summer"; "" if nothing is known."""
    name = slots.occasion or slots.room
    what = occasions.SAID_AS.get(name, f"{'an' if name[:1] in 'aeiou' else 'a'} {name}") if name else ""
    where = f" in {slots.place.title()}" if slots.place else ""
    when = f" in {slots.season}" if slots.season else ""
    if not what and not where and not when:
        return f" for {slots.weather} weather" if slots.weather else ""
    return f" for {what}{where}{when}" if what else f"{where}{when}"


def follows(slots: Slots) -> str:
    """What occasion and weather imply: "something dressed up, in light fabrics"; "" if nothing."""
    why = occasions.OCCASIONS[slots.occasion].why if slots.occasion else ""
    return ", ".join(part for part in (why, occasions.FOLLOWS.get(slots.weather, "")) if part)


def prices(found: Sequence[Ensemble], currency: str) -> str:
    """From the cheapest to the dearest: "€120 to €180"."""
    low, high = min(one.price for one in found), max(one.price for one in found)
    return (
        money(low, currency)
        if round(low, 2) == round(high, 2)
        else f"{money(low, currency)} to {money(high, currency)}"
    )


def money(amount: float, currency: str) -> str:
    """A sum for people, to the cent."""
    return show(round(amount, 2), currency)


def title_of(thing: Ensemble) -> str:
    """What it consists of."""
    return " + ".join(hit.item.title for hit in thing.hits)


def titles(found: Sequence[Ensemble]) -> str:
    """What they are, in a list."""
    return listing([title_of(one) for one in found])


def described(query: Query) -> str:
    """A query for people, in one line."""
    parts = [query.text or "", " or ".join(query.categories), " or ".join(query.colours)]
    parts += [f"each at most {query.max_price:.2f}" if query.max_price is not None else ""]
    parts += [f"without {len(query.exclude)} combinations" if query.exclude else ""]
    return "; ".join(part for part in parts if part) or "anything"


def listing(words: Sequence[str], last: str = "and") -> str:
    """ "colours, material and price"."""
    return f" {last} ".join(part for part in (", ".join(words[:-1]), *words[-1:]) if part)


def nothing(slots: Slots) -> str:
    """That nothing keeps all conditions, and which can be given up."""
    return f"I found nothing{situation(slots)} that keeps all of that{asked(slots)}"


def asked(slots: Slots) -> str:
    """The end of a sentence that says that nothing was found: which conditions can be given up."""
    given = [
        name
        for name, there in (
            ("the price", slots.highest is not None or slots.min_price is not None),
            ("the colour", bool(slots.colours)),
            ("what you do not want", bool(slots.dislikes)),
            ("the size", bool(slots.sizes)),
        )
        if there
    ]
    return f"; shall I forget {listing(given, 'or')}?" if given else "; tell me something else."


def way_out(slots: Slots) -> tuple[str, ...]:
    """What could be said to give up a limit, where nothing keeps them all."""
    ways = (
        ("Any price", slots.highest is not None or slots.min_price is not None),
        ("Any colour", bool(slots.colours)),
        ("Any size", bool(slots.sizes)),
        ("Forget what I do not want", bool(slots.dislikes)),
    )
    return tuple(words for words, there in ways if there)


def offered(sold: Sequence[str], domain: Domain) -> str:
    """What a shop has, most frequent first: "tops, bottoms and dresses"."""
    names = [one if plural(one) == one else plural(domain.nouns_of.get(one, one)) for one in sold]
    return listing(names if len(names) <= _NAMED else [*names[:_NAMED], "more"])


def plural(name: str) -> str:
    """ "coffee tables" of "coffee table"."""
    return name if name.endswith("s") and not name.endswith("ss") else " ".join(list(plurals(tuple(name.split())))[1])
