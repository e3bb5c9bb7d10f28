"""What words deny: "no stripes or leather", "not black, red", "anything but dresses". Pure functions."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final

from recommend.lexicon import Term

_NEGATOR_WORDS: Final = (
    "no not nothing without never non except excluding avoid neither nor minus less hate "
    "don't doesn't isn't aren't shouldn't mustn't dont doesnt"
)
NEGATORS: Final = frozenset(_NEGATOR_WORDS.split())
#: Words that may stand between a negator and what it denies, and between two denied things.
_BEFORE_DENIED_WORDS: Final = (
    "a an any the in with of too very want like wear made from be is all anything into "
    "so that overly really particularly quite have having contain containing"
)
_BEFORE_DENIED: Final = frozenset(_BEFORE_DENIED_WORDS.split())
#: Negators that take back the one before them: "not without stripes". A "no" after one only repeats it.
_TAKE_BACK: Final = frozenset({"not", "without", "non"})
#: Negators before an adjective whose noun is wanted: "not black trousers", "less formal shirt".
_OF_ADJECTIVES: Final = frozenset({"not", "non", "neither", "less"})
_SHOPPER: Final = frozenset({"i", "we"})
_BETWEEN_DENIED: Final = frozenset({"or", "nor", "and", "&", "/", "any", "no", "not", "a", "an", "without"})


def denied_terms(tokens: list[str], terms: Sequence[Term], nouns: Collection[str]) -> tuple[list[list[Term]], set[int]]:
    """Combinations that a negation reaches, and the token places it uses up.

    "no stripes or leather" denies two things; "no blue jeans" denies one combination; "not black, red" denies only
    black.

    Args:
        tokens: of the text.
        terms: phrases found in it.
        nouns: attributes whose values are things, which adjectives stand before.
    """
    starts = {term.start: term for term in terms}
    inside = {place for term in terms for place in range(term.start, term.end)}
    denied: list[list[Term]] = []
    gone: set[int] = set()
    place = 0
    while place < len(tokens):
        if place in inside or tokens[place] not in NEGATORS:
            place += 1
            continue
        first = place + 1
        while (
            first < len(tokens)
            and first not in starts
            and (tokens[first] in _BEFORE_DENIED or tokens[first] in NEGATORS)
        ):
            first += 1
        if "have" in tokens[place:first] and not _SHOPPER.isdisjoint(tokens[max(0, place - 2) : place]):
            place = first  # "I don't have a black jacket" asks for one
            continue
        groups, end = _denied_list(tokens, starts, first)
        if groups and sum(token in _TAKE_BACK for token in tokens[place + 1 : first]) % 2:
            groups, end = [], first
            gone |= set(range(place, first))
        # A list of denials ends before its noun: "no leather, no velvet sofa". One alone denies it: "no blue jeans".
        adjectives = tokens[place] in _OF_ADJECTIVES or bool(denied)
        if groups and adjectives and (head := _wanted_head(groups, terms, nouns)):
            groups, end = [[term for term in group if term is not head] for group in groups], head.start
        elif len(groups) > 1 and groups[-1][-1].meaning.attribute in nouns:
            groups = [_with_noun(group, groups[-1][-1]) for group in groups]
        if groups:
            denied += groups
            gone |= set(range(place, end))
        place = max(end, place + 1)
    return denied, gone


def _with_noun(group: list[Term], noun: Term) -> list[Term]:
    """ "black" of "no black or blue jeans" means black jeans; "stripes" of "no stripes or jeans" stands alone."""
    return [*group, noun] if group[-1].meaning.attribute == "colours" else group


def _wanted_head(groups: list[list[Term]], terms: Sequence[Term], nouns: Collection[str]) -> Term | None:
    """The thing at the end of "not black or navy trousers", which is asked for if no other thing is."""
    *adjectives, head = groups[-1]
    others = [term for term in terms if term.meaning.attribute in ("kind", "category") and term is not head]
    return head if adjectives and head.meaning.attribute in nouns and not others else None


def _denied_list(tokens: list[str], starts: dict[int, Term], place: int) -> tuple[list[list[Term]], int]:
    """The list of denied combinations that begins at `place`, and where it ends."""
    groups: list[list[Term]] = []
    while place in starts:
        group = [starts[place]]
        place = starts[place].end
        while place in starts:  # neighbours without a mark between them are one combination
            group.append(starts[place])
            place = group[-1].end
        groups.append(group)
        after = place
        while after < len(tokens) and after not in starts and tokens[after] in _BETWEEN_DENIED:
            after += 1
        if after < len(tokens) and tokens[after] == "," and _goes_on(tokens, starts, after + 1, group[0]):
            after += 1
        elif after == place or after not in starts or not _may_join(tokens[place:after], group[0], starts[after]):
            break
        place = after
    return groups, place


def _may_join(between: list[str], denied: Term, following: Term) -> bool:
    """ "or" and "nor" carry a negation on to anything, "and" only to a thing of the same sort."""
    return "or" in between or "nor" in between or following.meaning.attribute == denied.meaning.attribute


def _goes_on(tokens: list[str], starts: dict[int, Term], place: int, denied: Term) -> bool:
    """Whether a comma continues a denied list: only if things of the same sort follow up to an "or"."""
    while place in starts and starts[place].meaning.attribute == denied.meaning.attribute:
        place = starts[place].end
        if place < len(tokens) and tokens[place] in ("or", "nor"):
            return True
        if place >= len(tokens) or tokens[place] != ",":
            return False
        place += 1
    return False
