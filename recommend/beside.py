"""What an item shall go with: "to wear with my navy jacket", "goes with black jeans". Pure functions.

It describes another thing, so it must not filter the one that is asked for.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from recommend.asking import Draft
from recommend.lexicon import Lexicon, Term, find_terms, tokens_of
from recommend.schema import Facet, Query

_GOES: Final = (
    r"\b(?:(?:to|that|which|it|and)\s+)*(?:(?:go(?:es)?|going|wear|worn|pairs?|match(?:es|ing)?|combines?|fits?)\s+)+"
    r"(?:nicely\s+|well\s+|it\s+|together\s+)*"
)
_OWNED: Final = re.compile(
    rf"{_GOES}(?:with\s+|to\s+)?(?:my|our|these|those|this|the|a)\s+(?P<what>[^,.;]+)|\bwith\s+my\s+(?P<mine>[^,.;]+)"
)
#: The same of no certain thing: "goes with black jeans", "a white shirt with navy chinos".
_ANY: Final = re.compile(
    rf"(?:(?P<goes>{_GOES})?\bwith|\b(?P<to>(?:to|that|which)\s+match(?:es)?)|\bmatching)\s+"
    r"(?:(?:a|an|some|the)\s+)?(?P<what>[^,.;]+)"
)
_ENDS: Final = re.compile(r"\b(?:but|not|without|no|in|for|and)\b")
_THINGS: Final = frozenset({"kind", "category"})
#: Category of a garment → categories that take its place on the body.
_INSTEAD: Final = {"lower": ("lower", "dress"), "dress": ("dress", "lower")}
_OF_THE_ROOM: Final = frozenset("room floor wall walls interior home house flat apartment photo".split())


def take_beside(text: str, query: Query, lexicon: Lexicon, draft: Draft) -> tuple[str, tuple[str, ...], list[Facet]]:
    """Take out what the item shall go with.

    Returns:
        the text without it, the colours named there, and what is had instead of that thing rather than with it.
    """
    found = next(_mentions(text, lexicon), None)
    if found is None:
        return text, (), []
    start, cut, what = found
    rest = f"{text[:start]} , {text[cut:]}"
    words = lexicon.domain
    terms = find_terms(tokens_of(what), lexicon)
    colours = [(t.said, t.meaning.values[0]) for t in terms if t.meaning.attribute == "colours"]
    of_materials = [words.material_colours.get(t.meaning.values[0]) for t in terms if t.meaning.attribute == "material"]
    instead = [facet for term in terms for facet in _had_instead(term, lexicon)]
    named = tuple(name if said not in words.colours else said for said, name in colours)
    named += tuple(colour for colour in of_materials if colour)
    if not named and not instead:
        # Where a photo of the room counts, the words say no more than that it shall.
        if query.room is None or _OF_THE_ROOM.isdisjoint(tokens_of(what)):
            draft.notes.append(f"“{what}” names no colour or {words.one}, so it was not used.")
        return rest, (), []
    if not draft.chip("beside", f"to go with {what}", False):
        return rest, (), []
    return rest, named, instead


def _mentions(text: str, lexicon: Lexicon) -> Iterator[tuple[int, int, str]]:
    """Where a text says what the item shall go with: start and end, and the words that name it."""
    for match in _OWNED.finditer(text):
        yield match.start(), *_what(match, "what" if match["what"] else "mine")
    for match in _ANY.finditer(text):
        cut, what = _what(match, "what")
        things, before = _things(what, lexicon), _things(text[: match.start()], lexicon)
        if match[0].startswith("matching"):  # "a chair matching black tables", but "a bed and matching nightstand"
            joins = bool(before) and before[-1].end == len(tokens_of(text[: match.start()]))
        else:
            # "With" alone joins two garments, but a piece of furniture and its part: "a bed with storage".
            joins = bool(match["goes"] or match["to"] or (before and not lexicon.domain.sized))
        if joins and things:
            yield match.start(), cut, what


def _what(match: re.Match[str], group: str) -> tuple[int, str]:
    """Where the words in a group of a match end, and these words."""
    what = match[group]
    ends = _ENDS.search(what)
    what = (what[: ends.start()] if ends else what).strip()
    return match.start(group) + len(what), what


def _things(text: str, lexicon: Lexicon) -> list[Term]:
    """The things that a text names, in reading order."""
    return [term for term in find_terms(tokens_of(text), lexicon) if term.meaning.attribute in _THINGS]


def _had_instead(named: Term, lexicon: Lexicon) -> list[Facet]:
    """What nobody has together with the thing named: other trousers with trousers, another coat with a coat."""
    if named.meaning.attribute not in _THINGS:
        return []
    categories = named.meaning.values
    if named.meaning.attribute == "kind":
        categories = tuple(dict.fromkeys(lexicon.kind_categories.get(kind, "") for kind in named.meaning.values))
    if categories == ("upper",):
        outer = lexicon.domain.kind_groups["outerwear"]
        kinds = outer if set(named.meaning.values) & set(outer) else named.meaning.values
        return [Facet("kind", kinds)] if named.meaning.attribute == "kind" else []
    return [
        Facet("category", (each,)) for each in dict.fromkeys(e for c in categories if c for e in _INSTEAD.get(c, (c,)))
    ]
