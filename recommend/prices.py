"""Prices in free words: "under 40", "between €20 and €50", "39,90 € or less", "cheap". Pure functions."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from typing import Final

SIGNS: Final = {"EUR": "€", "USD": "$", "GBP": "£"}
CURRENCY_OF: Final = {
    **dict.fromkeys(("€", "eur", "euro", "euros"), "EUR"),
    **dict.fromkeys(("$", "usd", "dollar", "dollars", "bucks"), "USD"),
    **dict.fromkeys(("£", "gbp", "pound", "pounds", "quid"), "GBP"),
}
#: "around 40" reaches this far to both sides.
AROUND: Final = 0.25

_ONES: Final = {"one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9}
_TEENS: Final = {
    "ten": 10, "eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14, "fifteen": 15, "sixteen": 16,
    "seventeen": 17, "eighteen": 18, "nineteen": 19,
}  # fmt: skip
_TENS: Final = {
    "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90,
}  # fmt: skip
_VALUES: Final = {"a": 1, **_ONES, **_TEENS, **_TENS}
_ONE: Final = "|".join(_ONES)
_SMALL: Final = rf"(?:{'|'.join(_TENS)})(?:[\s-](?:{_ONE})\b)?|{'|'.join(_TEENS)}"
_HUNDREDS: Final = rf"(?:(?:a|\d|{_ONE}|{'|'.join(_TEENS)})\s)?hundred(?:\s(?:and\s)?(?:{_SMALL})\b)?"
_THOUSANDS: Final = (
    rf"(?:(?:a|\d{{1,3}}|{_ONE}|{_SMALL}|{_HUNDREDS})\s)?thousand(?:\s(?:and\s)?(?:{_HUNDREDS}|{_SMALL})\b)?"
)
#: Numbers in words from ten; "two" and "three" count things.
_IN_WORDS: Final = re.compile(rf"\b(?:{_THOUSANDS}|{_HUNDREDS}|{_SMALL})\b")
# At most four groups of thousands: without an end to them, a text of nothing but digits and commas takes half a minute.
_DIGITS = r"\d{1,3}(?:[.,]\d{3}){1,4}(?:[.,]\d{1,2})?|\d{1,15}(?:[.,]\d{1,2})?"
_CURRENCY = "|".join(re.escape(word) for word in sorted(CURRENCY_OF, key=len, reverse=True))
# A number with a unit of something else is no price: 90 cm, 100 %, 3 years, 20-denier, 5 drawers.
_COUNTED = r"(?:drawers?|doors?|seats?|shelves|people|persons?|legs?|pieces?|tiers?|watts?|lumens?|days?|weeks?)\b"
_UNITS = r"%|cm\b|mm\b|m\b|in\b(?!\s+\w)|inch|years?\b|yrs?\b|y/?o\b|kg\b|g\b|den\b|denier|pack|pcs|st\b|nd\b|rd\b|th\b"
_NOT_A_UNIT = rf"(?![\d.,]*\d)(?!\s*(?:{_UNITS}|{_COUNTED}))"


def _money(name: str) -> str:
    """A pattern for an amount with an optional currency on either side."""
    before, after = f"(?P<{name}_before>{_CURRENCY})?", f"(?:(?P<{name}_after>{_CURRENCY})(?![a-z]))?"
    return rf"{before}\s*(?P<{name}>{_DIGITS}){_NOT_A_UNIT}\s*{after}"


_LESS = (
    r"(?:no|not|nothing|never)\s+(?:more|dearer|costlier|higher)\s+than|(?:not|nothing|no|never)\s+(?:over|above|exceeding)|"
    r"at most|up to|maximum(?: of| price)?|max\.?(?: of| price)?|within|"
    r"(?:my )?budget(?: of| is|:)?|<=|≤"
)
_UNDER = r"under|below|less than|cheaper than|lower than|beneath|<"
_MORE = (
    r"(?:not|nothing|no|never)\s+(?:under|below|less than|cheaper than)|at least|starting (?:at|from)|"
    r"minimum(?: of| price)?|min\.?|from|>=|≥"
)
_OVER = r"over|above|more than|dearer than|>"
_A, _B = _money("a"), _money("b")
# First match wins at each place, so the longer phrases stand before their parts.
_PATTERNS: Final = tuple(
    (kind, re.compile(pattern))
    for kind, pattern in (
        ("range", rf"\b(?:between|from)\s+{_A}\s*(?:and|(?:up )?to|-|–)\s*{_B}"),
        ("money range", rf"{_A}\s*(?:-|–|(?:up )?to)\s*{_B}"),
        ("most", rf"(?:\b|(?<=\W)|^)(?:{_LESS})\s*[-–:]?\s*{_A}"),
        ("least", rf"(?:\b|(?<=\W)|^)(?:{_MORE})\s*{_A}(?!\s*(?:or less|or under|max|tops))"),
        ("below", rf"(?:\b|(?<=\W)|^)(?:{_UNDER})\s*[-–:]?\s*{_A}"),
        ("above", rf"(?:\b|(?<=\W)|^)(?:{_OVER})\s*{_A}"),
        ("about", rf"(?:\b(?:around|about|approximately|approx\.?|roughly|circa)|~)\s*{_A}"),
        ("about", rf"{_A}\s*(?:or so|ish\b|-ish\b)"),
        ("most", rf"{_A}\s*(?:or (?:less|under|below|cheaper|lower)|and under|max(?:imum)?\b|tops\b|at most)"),
        ("least", rf"{_A}\s*(?:or (?:more|over|above)|and (?:up|over|above)|upwards|\+)"),
        ("bare", rf"{_A}"),
    )
)
_EXPENSIVE = r"(?:expensive|pricey|dear|costly)"
_NOT_DEAR = re.compile(rf"\b(?:not (?:too |very |that |so |as )?|nothing (?:too |very )?|less |least ){_EXPENSIVE}\b")
_CHEAP = re.compile(
    r"\b(?:cheap(?:ish|er|est)?|affordable|inexpensive|low[- ]priced|low[- ]cost|lowest[- ]price(?:d)?|bargain)\b"
)
_DEAR = re.compile(
    r"\b(?:not (?:look |be )?(?:too |very |that |so )?cheap(?:[- ]looking)?|(?:dear|pric|costl)i?(?:er|est)|luxury|"
    rf"luxurious|high[- ]end|premium|(?:more|most)\s+{_EXPENSIVE}|expensive|pricey|costly)\b"
)

#: In words for prices, what makes them a superlative.
_MOST: Final = re.compile(r"least|most|est\b")


@dataclass(frozen=True)
class Prices:
    """What a text says about prices.

    Attributes:
        low, high: inclusive limits, None = open; "under 40" gives the largest number below 40.
        low_label, high_label: the limits for people: "under €40".
        cheapness: +1 cheaper is better, -1 dearer is better; +2 and -2 "the cheapest", "the dearest".
        rest: the text without these words, a comma in each place.
        notes: what was taken loosely.
    """

    low: float | None = None
    high: float | None = None
    low_label: str = ""
    high_label: str = ""
    cheapness: int = 0
    rest: str = ""
    notes: tuple[str, ...] = field(default=())


def read_prices(text: str, currency: str) -> Prices:
    """Find all prices in lower-case `text`; amounts in another currency are taken as `currency`, and that is said."""
    rest = in_digits(text)
    low: list[tuple[float, str]] = []
    high: list[tuple[float, str]] = []
    notes: list[str] = []
    for kind, pattern in _PATTERNS:
        while (match := _first(pattern, kind, rest)) is not None:
            notes += _limits(kind, match, currency, low, high)
            rest = f"{rest[: match.start()]} , {rest[match.end() :]}"
    cheapness = 0
    for pattern, direction in ((_NOT_DEAR, 1), (_DEAR, -1), (_CHEAP, 1)):
        if (found := pattern.search(rest)) is not None:
            most = 2 if _MOST.search(found[0]) else 1
            rest, cheapness = pattern.sub(" , ", rest), cheapness or direction * most
    lowest, highest = max(low, default=(None, "")), min(high, default=(None, ""))
    return Prices(lowest[0], highest[0], lowest[1], highest[1], cheapness, rest, tuple(dict.fromkeys(notes)))


def show(amount: float, currency: str) -> str:
    """An amount for people: "€40", "€39.90", "CHF 40"."""
    number = f"{amount:,.0f}" if amount == round(amount) else f"{amount:,.2f}"
    return f"{SIGNS[currency]}{number}" if currency in SIGNS else f"{currency} {number}"


def _first(pattern: re.Pattern[str], kind: str, text: str) -> re.Match[str] | None:
    """The first match that is a price: a bare number, or two with a dash, needs a currency to be one."""
    for match in pattern.finditer(text):
        if (
            kind not in ("bare", "money range")
            or _currency(match, "a")
            or ("b" in match.groupdict() and _currency(match, "b"))
        ):
            return match
    return None


def _limits(
    kind: str, match: re.Match[str], currency: str, low: list[tuple[float, str]], high: list[tuple[float, str]]
) -> list[str]:
    """Add what one match says to `low` and `high`; returns notes."""
    amount = number_of(match["a"])
    shown = show(amount, currency)
    notes = _foreign(match, currency)
    if kind in ("range", "money range"):
        first, second = sorted((amount, number_of(match["b"])))
        low.append((first, f"from {show(first, currency)}"))
        high.append((second, f"up to {show(second, currency)}"))
    elif kind == "below":
        high.append((math.nextafter(amount, 0.0), f"under {shown}"))
    elif kind == "above":
        low.append((math.nextafter(amount, math.inf), f"over {shown}"))
    elif kind == "least":
        low.append((amount, f"from {shown}"))
    elif kind == "about":
        low.append((amount * (1 - AROUND), f"from {show(amount * (1 - AROUND), currency)}"))
        high.append((amount * (1 + AROUND), f"up to {show(amount * (1 + AROUND), currency)}"))
    else:
        high.append((amount, f"up to {shown}"))
        if kind == "bare":
            notes.append(f"“{match[0].strip()}” was taken as at most {shown}.")
    return notes


def _foreign(match: re.Match[str], currency: str) -> list[str]:
    """A note if the amount names a currency that is not the catalog's."""
    said = {CURRENCY_OF[word] for name in ("a", "b") if name in match.groupdict() and (word := _currency(match, name))}
    if said <= {currency}:
        return []
    others = ", ".join(sorted(said))
    return [f"Prices here are in {currency}; no exchange rates are known, so {others} was taken as {currency}."]


def _currency(match: re.Match[str], name: str) -> str:
    """The currency word beside amount `name`, "" if none."""
    return match[f"{name}_before"] or match[f"{name}_after"] or ""


def number_of(digits: str) -> float:
    """ "39,90", "1,000" or "1.299,00" as a number: a separator before exactly three digits groups thousands."""
    grouped = re.sub(r"[.,](?=\d{3}(?:\D|$))", "", digits)
    return float(grouped.replace(",", "."))


def in_digits(text: str) -> str:
    """Number words from ten as digits: "forty", "twenty-five", "a hundred and fifty", "two thousand", "1.5k"."""
    text = re.sub(r"\b(\d+)(?:[.,](\d))?\s?k\b", lambda m: str(1000 * int(m[1]) + 100 * int(m[2] or 0)), text)
    return _IN_WORDS.sub(lambda found: str(_value(re.split(r"[\s-]", found[0]))), text)


def _value(words: list[str]) -> int:
    """ "two", "hundred", "and", "fifty" as 250."""
    total, part = 0, 0
    for word in words:
        if word == "hundred":
            part = 100 * (part or 1)
        elif word == "thousand":
            total, part = 1000 * (part or 1), 0
        elif word != "and":
            part += int(word) if word.isdigit() else _VALUES[word]
    return total + part
