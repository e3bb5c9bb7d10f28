"""Sizes in free words: "under 120 cm wide", "at most 80 cm deep", "2 m long", "fits 140 cm", "60 x 40". Pure functions.

Every amount is turned into centimetres. A number by itself is no size: it needs a unit, or a side right beside it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from recommend.prices import in_digits, number_of

#: "2 m long", and "about 2 m long", reach this far to both sides, as a share.
AROUND: Final = 0.1
#: A number without a unit is taken as centimetres, and below this not as a size at all.
LEAST_BARE: Final = 10.0
CM_PER_FOOT: Final = 30.48
#: Adjective of each side, for people.
ADJECTIVES: Final = {
    "width": "wide",
    "depth": "deep",
    "height": "high",
    "length": "long",
    "breadth": "on the short side",
}

_CM: Final = {
    **dict.fromkeys(("cm", "cms", "centimetre", "centimetres", "centimeter", "centimeters"), 1.0),
    **dict.fromkeys(("mm", "millimetre", "millimetres", "millimeter", "millimeters"), 0.1),
    **dict.fromkeys(("m", "metre", "metres", "meter", "meters"), 100.0),
    **dict.fromkeys(("in", "inch", "inches", '"', "″", "''"), 2.54),
    **dict.fromkeys(("ft", "foot", "feet", "'", "′"), CM_PER_FOOT),
}
_SIDE_OF: Final = {
    **dict.fromkeys(("wide", "width", "in width", "of width", "broad"), "width"),
    **dict.fromkeys(("deep", "depth", "in depth", "of depth"), "depth"),
    **dict.fromkeys(("high", "tall", "height", "in height", "of height"), "height"),
    **dict.fromkeys(("long", "length", "in length", "of length", "across", "diameter", "in diameter"), "length"),
    **dict.fromkeys(("wider", "narrower", "broader", "slimmer"), "width"),
    **dict.fromkeys(("deeper", "shallower"), "depth"),
    **dict.fromkeys(("taller", "higher", "lower"), "height"),
    **dict.fromkeys(("longer", "shorter"), "length"),
}
_LESS: Final = {"wide": "narrower", "deep": "shallower", "tall": "lower", "high": "lower", "long": "shorter"}
# What follows makes another word of a side: a high-backed chair, deep pile.
_OTHER_WORDS: Final = r"(?!\s*-?\s*(?:back|gloss|quality|end|pile|leg|arm))"
_SIDES: Final = "|".join(
    re.escape(word) for word in sorted(_SIDE_OF, key=len, reverse=True) if not word.endswith("er") or word == "diameter"
)
_LETTERS: Final = "|".join(word for word in sorted(_CM, key=len, reverse=True) if word.isalpha() and word != "in")
# "in" is an inch only before a side or the end of a clause: "30 in wide", but "under 300 in oak".
_INCH: Final = rf"in(?=\s*(?:{_SIDES})\b|\s*[,.;]|\s*$|\s+or\b)"
_UNIT: Final = rf"(?:(?:{_LETTERS})(?![a-z0-9])|{_INCH}|\"|″|''|'|′)"
_NUMBER: Final = r"\d{1,3}(?:[.,]\d{3}){1,2}(?!\d)|\d{1,7}(?:[.,]\d{1,2})?"


def _amount(name: str) -> str:
    """A pattern for a length, with inches after feet ("6 ft 2 in") if they are there."""
    inches = rf"(?:\s*(?P<{name}_inches>\d{{1,2}})\s*(?:in\b|inch(?:es)?\b|\"|″|''))?"
    return rf"(?<![\d.,$€£])(?P<{name}>{_NUMBER})(?:\s*-?\s*(?P<{name}_unit>{_UNIT}){inches})?"


_SIDE: Final = rf"(?:\s*-?\s*(?P<side>{_SIDES})\b{_OTHER_WORDS})?"
_BEFORE: Final = r"(?:\b(?P<before>width|depth|height|length|diameter)\s*(?:of|is|:|=)?\s*)?"
_A, _B, _C = _amount("a"), _amount("b"), _amount("c")
_BOX: Final = rf"{_A}\s*(?:x|×|by)\s*{_B}(?:\s*(?:x|×|by)\s*{_C})?"
_SMALLER: Final = r"(?P<compared>narrower|slimmer|shallower|lower|shorter|smaller|less)\s+than"
_LARGER: Final = r"(?P<compared>wider|broader|deeper|taller|higher|longer|larger|bigger|more)\s+than"
_NOT: Final = r"\b(?:no|not|nothing|never)\s+"
_MOST: Final = rf"(?:{_NOT}(?:over|above|exceeding)|\bat most|\bup to|\bmaximum(?: of)?|\bmax\.?(?: of)?|\bwithin|<=|≤)"
_LEAST: Final = rf"(?:{_NOT}(?:under|below)|\bat least|\bminimum(?: of)?|\bmin\.?(?: of)?|\bfrom|>=|≥)"
_ABOUT: Final = r"(?:\b(?:around|about|approximately|approx\.?|roughly|circa|ca\.?)|~)"
_OR_LESS: Final = r"(?:or (?:less|under|below|smaller|narrower|lower|shorter)|max(?:imum)?\b|tops\b|at most)"
_OR_MORE: Final = r"(?:or (?:more|over|above|larger|wider|higher|longer)|and (?:up|over|above)|min(?:imum)?\b|at least)"
_FITS: Final = (
    r"\bfit(?:s|ting)?\s+(?:(?:a|an|my|the|our|this|that|in|into|within|inside|on|to|of|under|for|space|gap)\s+)*"
)
_GAP: Final = r"(?:gap|space|niche|wall|alcove|nook|opening|corner|spot|place|recess|hole|area)\b"
# First match wins at each place, so the longer phrases stand before their parts.
_PATTERNS: Final = tuple(
    (kind, re.compile(pattern))
    for kind, pattern in (
        ("most", rf"(?:\b(?:under|below)|{_MOST}|{_FITS})\s*{_BOX}"),
        ("least", rf"(?:\b(?:over|above)|{_LEAST})\s*{_BOX}"),
        ("about", _BOX),
        ("range", rf"{_BEFORE}\b(?:between|from)\s+{_A}\s*(?:and|(?:up )?to|-|–)\s*{_B}{_SIDE}"),
        ("range", rf"{_BEFORE}{_A}\s*(?:-|–|(?:up )?to)\s*{_B}{_SIDE}"),
        ("most", rf"{_NOT}(?:any\s+)?{_LARGER}\s+{_A}{_SIDE}"),
        ("least", rf"{_NOT}(?:any\s+)?{_SMALLER}\s+{_A}{_SIDE}"),
        ("below", rf"\b{_SMALLER}\s+{_A}{_SIDE}"),
        ("above", rf"\b{_LARGER}\s+{_A}{_SIDE}"),
        ("fits", rf"{_FITS}{_A}{_SIDE}(?:\s+{_GAP})?"),
        ("fits", rf"\b(?:for|in|into)\s+(?:(?:a|an|my|the|our|this|that)\s+)?{_A}{_SIDE}\s+{_GAP}"),
        ("most", rf"{_BEFORE}{_MOST}\s*{_A}{_SIDE}"),
        ("most", rf"{_MOST}\s*{_BEFORE}{_A}{_SIDE}"),
        ("least", rf"{_BEFORE}{_LEAST}\s*{_A}{_SIDE}"),
        ("least", rf"{_LEAST}\s*{_BEFORE}{_A}{_SIDE}"),
        ("below", rf"{_BEFORE}(?:\b(?:under|below|beneath)|<)\s*{_A}{_SIDE}"),
        ("above", rf"{_BEFORE}(?:\b(?:over|above)|>)\s*{_A}{_SIDE}"),
        ("about", rf"{_BEFORE}{_ABOUT}\s*{_A}{_SIDE}"),
        ("most", rf"{_BEFORE}{_A}{_SIDE}\s*{_OR_LESS}"),
        ("least", rf"{_BEFORE}{_A}{_SIDE}\s*{_OR_MORE}"),
        ("about", rf"{_BEFORE}{_A}{_SIDE}"),
    )
)
#: "under 80 cm deep and 60 cm wide": what a limit goes on to.
_ALSO: Final = re.compile(rf"\s*(?:and|,|&|\+)\s*(?:the\s+)?{_BEFORE}{_A}{_SIDE}(?:\s+{_GAP})?")


@dataclass(frozen=True)
class Measure:
    """One limit that words set.

    Attributes:
        side: one of `schema.SIDES`.
        most: whether it limits from above.
        cm: centimetres, inclusive; "under 120" gives the largest number below 120.
        label: for people: "under 120 cm wide".
        about: the centimetres that were said where the limit is one of two around them, to which nearer is better.
    """

    side: str
    most: bool
    cm: float
    label: str
    about: float | None = None


@dataclass(frozen=True)
class Measures:
    """What a text says about sizes.

    Attributes:
        limits: in reading order.
        rest: the text without these words, a comma in each place.
        notes: what was taken loosely.
    """

    limits: tuple[Measure, ...] = ()
    rest: str = ""
    notes: tuple[str, ...] = ()


def read_measures(text: str, unnamed: str = "length", box: tuple[str, str] = ("length", "breadth")) -> Measures:
    """Find all sizes in lower-case `text`.

    Args:
        text: what was asked.
        unnamed: the side that is meant where none is named.
        box: the sides of "60 x 40", the longer of the two first if one of them is the length.
    """
    rest = _spell_out(text)
    limits: list[Measure] = []
    notes: list[str] = []
    for kind, pattern in _PATTERNS:
        place = 0
        while (match := pattern.search(rest, place)) is not None:
            place = match.start()
            if not _is_size(match):
                place += 1
                continue
            end = match.end()
            limits += _limits(kind, match, unnamed, box)
            while kind != "about" and (also := _ALSO.match(rest, end)) is not None and _is_size(also, sided=True):
                limits += _limits(kind, also, unnamed, box)
                end = also.end()
            if not _units(match):
                notes.append(f"“{match[0].strip()}” names no unit and was taken as centimetres.")
            rest = f"{rest[:place]} , {rest[end:]}"
    return Measures(tuple(limits), rest, tuple(notes))


def show_cm(cm: float) -> str:
    """A length for people: "118 cm", "30.5 cm"."""
    return f"{round(cm, 1):g} cm"


def _units(match: re.Match[str]) -> list[str]:
    names = (f"{name}_unit" for name in "abc")
    return [unit for name in names if name in match.groupdict() and (unit := match[name])]


def _is_size(match: re.Match[str], sided: bool = False) -> bool:
    """Whether a match is a size: it has a unit, or a side and a number of centimetres that things have.

    Args:
        match: of one of the patterns.
        sided: a unit is not enough.
    """
    named = bool(_named_side(match)) or (match.groupdict().get("b") is not None and "side" not in match.groupdict())
    return (bool(_units(match)) and not sided) or (named and number_of(match["a"]) >= LEAST_BARE)


def _named_side(match: re.Match[str]) -> str:
    """The side that a match names, "" if none."""
    groups = match.groupdict()
    said = (groups.get(name) for name in ("side", "before", "compared"))
    return next((_SIDE_OF[word] for word in said if word in _SIDE_OF), "")


def _limits(kind: str, match: re.Match[str], unnamed: str, box: tuple[str, str]) -> Iterator[Measure]:
    """What one match says."""
    groups = match.groupdict()
    side = _named_side(match) or ("width" if kind == "fits" else unnamed)
    shared = (_units(match) or ["cm"])[-1]
    amounts = [_cm(match, name, shared) for name in "abc" if groups.get(name)]
    if kind == "range":
        low, high = sorted(amounts)
        yield from (*_bound("least", side, low), *_bound("most", side, high))
    elif len(amounts) > 1:
        floor = sorted(amounts[:2], reverse=True) if "length" in box else amounts[:2]
        for each, cm in zip((*box, "height"), (*floor, *amounts[2:]), strict=False):
            yield from _bound(kind, each, cm)
    else:
        yield from _bound("most" if kind == "fits" else kind, side, amounts[0])


def _bound(kind: str, side: str, cm: float) -> Iterator[Measure]:
    """One amount as a limit, or as two around it."""
    shown = f"{show_cm(cm)} {ADJECTIVES[side]}"
    if kind == "below":
        yield Measure(side, True, math.nextafter(cm, 0.0), f"under {shown}")
    elif kind == "above":
        yield Measure(side, False, math.nextafter(cm, math.inf), f"over {shown}")
    elif kind == "most":
        yield Measure(side, True, cm, f"up to {shown}")
    elif kind == "least":
        yield Measure(side, False, cm, f"from {shown}")
    else:
        for each, share in (("least", 1 - AROUND), ("most", 1 + AROUND)):
            yield from (replace(bound, about=cm) for bound in _bound(each, side, cm * share))


def _cm(match: re.Match[str], name: str, shared: str) -> float:
    """An amount in centimetres; without a unit it has that of its neighbour."""
    inches = match.groupdict().get(f"{name}_inches")
    cm = number_of(match[name]) * _CM[match[f"{name}_unit"] or shared] + 2.54 * float(inches or 0)
    return round(cm, 4)  # 3 ft 6 in are 106.68 cm, not the 106.67999999999999 that floats add up to


def _spell_out(text: str) -> str:
    """ "a metre", "two metres", "half a metre" and "1m20" in digits."""
    numbers = dict(a=1, an=1, one=1, two=2, three=3, four=4, five=5, six=6, seven=7, eight=8, nine=9, ten=10)
    text = text.replace("”", '"').replace("’", "'")
    text = re.sub(r"\bless (wide|deep|tall|high|long)(?= than\b)", lambda m: _LESS[m[1]], text)
    text = re.sub(r"\b(\d)\s?m\s?(\d\d)\b(?!\s*(?:x|×))", lambda m: f"{m[1]}{m[2]} cm", text)
    text = re.sub(r"\b(?:a|one) met(?:re|er) and a half\b", "150 cm", text)
    text = re.sub(r"\bhalf a met(?:re|er)\b", "50 cm", text)
    text = re.sub(r"\b(one|a|two) and a half met(?:re|er)s?\b", lambda m: f"{100 * numbers[m[1]] + 50} cm", text)
    unit = r"(?=[\s-](?:met(?:re|er)s?|f(?:oo|ee)t|ft|inch(?:es)?|m)\b)"
    text = re.sub(rf"\b({'|'.join(numbers)})\b{unit}", lambda m: str(numbers[m[1]]), text)
    return in_digits(text)
