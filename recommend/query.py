"""Words → structured query: what filters, what ranks, and what could not be carried. Pure functions.

"a red linen dress under 40, no stripes, to wear with my navy jacket" becomes filters (dress, red, under €40, not
striped), a wish (linen) and colours to go with (navy). Nothing is dropped in silence: what no attribute can carry is
said in a note. The words are those of what the catalog is about, its `Domain`; Spanish, German and French are brought
into English first.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

from recommend.asking import (
    Draft,
    ask,
    asked_categories,
    exclude,
    implied,
    limit_sizes,
    unnamed_side,
    used,
    variants,
    wish_sizes,
)
from recommend.beside import take_beside
from recommend.glossary import in_english
from recommend.lexicon import Lexicon, Meaning, Term, find_terms, singular, tokens_of
from recommend.measures import Measures, read_measures
from recommend.negation import NEGATORS, denied_terms
from recommend.prices import Prices, read_prices, show
from recommend.schema import FACETS, Facet, Query, Understanding
from recommend.spelling import mend

_MARKS: Final = frozenset(",;./&+")

_OTHER_THAN: Final = re.compile(
    r"\b(?:anything but|everything but|other than|rather than|instead of|apart from|except for|free of|free from|"
    r"allergic to)\b|\bw/o(?=\s)"
)
#: "all jackets but leather"
_ALL_BUT: Final = re.compile(
    r"\b(?:all|any|every)((?:\s+[a-z-]+){1,3}?)\s+but\s+(?!(?:not|no|without|with|in|for|only|also)\b)"
)
_FREE: Final = re.compile(r"\b([a-z]+)-free\b")
_NUMBERS: Final = ("two", "three", "four", "five", "six", "seven", "eight")
_SEATS: Final = frozenset({"seat", "seats"})
#: How many people a sofa shall seat: "with 3 seats", "for two people", "for three", "seats 2".
_SEATED: Final = re.compile(
    r"(?:\b(?:for|with|of|to seat|that seats|which seats)\s+)*\b(?P<many>[23]|two|three)[\s-]*"
    r"(?:seat(?:er|ers|s)?|pe(?:ople|rsons?)|places?)\b(?!\s+each)"
    r"|\b(?:for|seats|seating)\s+(?P<seats>[23]|two|three)"
    r"(?=\s*(?:$|[,;.!?](?!\d)|(?:under|in|with|and|or|but|not|at|for|max|less|from|between|over|that|which)\b))"
)
_HOW_MANY: Final = "how many there are"
_ALL_OF_IT: Final = re.compile(r"\b100\s?(?:%|percent\b|per cent\b)")
_UNITS: Final = frozenset({"cm", "mm", "inch", "inches", "kg", "den", "denier"})
#: Words that stand before the name of a thing without saying which.
_ARTICLES: Final = frozenset({"the", "a", "an", "my", "our", "your", "this", "that", "these", "those"})
#: Attributes that describe a thing before its name, and those that say how a room is rather than what stands there.
_ADJECTIVES: Final = frozenset({"colours", "material", "pattern", "style", "size", "lightness"})
_OF_ROOMS: Final = frozenset({"colours", "lightness"})
_THINGS: Final = frozenset({"kind", "category"})
_ROOMS: Final = frozenset("room space flat apartment house home wall corner".split())
_BESIDE_OF: Final = frozenset({("next", "to"), ("front", "of"), ("top", "of")})
_SOMETHING: Final = frozenset({"something", "anything", "things"})


def understand(query: Query, lexicon: Lexicon, currency: str = "EUR") -> Understanding:
    """Read all parts of a query that are not pictures.

    Args:
        query: the words and the explicit limits; both count.
        lexicon: from `build_lexicon`, with the values of the catalog in question.
        currency: of the catalog's prices.
    """
    draft = Draft(lexicon.domain.group_names(), frozenset(query.dismissed))
    text = _seats(_read_words(query, lexicon, draft), lexicon)
    measures = _read_sizes(text, query, lexicon)
    prices = _with_limits(read_prices(measures.rest, currency), query, currency)
    rest, beside, instead = take_beside(prices.rest, query, lexicon, draft)
    tokens = _join_sizes(tokens_of(denials(rest)))
    terms = [term for term in find_terms(tokens, lexicon) if not _counts(tokens, term)]
    denied, gone = denied_terms(tokens, terms, lexicon.domain.nouns)
    _deny(denied, query, draft)
    near = _near(tokens, [term for term in terms if term.start not in gone], lexicon)
    asked = [term for term in terms if term.start not in gone and term not in near]
    asked += implied(asked, lexicon)
    ask(tokens, asked, query, lexicon, draft)
    for facet in instead if not draft.categories else ():
        exclude((facet,), draft)
    _sizes(measures, asked, denied, lexicon, draft)
    low, high = _price_chips(prices, draft)
    cheapness = _cheapness(prices, draft)
    idle = [term for term in asked if term.meaning.attribute == "use" and term not in used(asked, draft.categories)]
    idle += [term for term in asked if term.meaning.attribute == "detail"]  # it only makes another kind of some
    unused, loose = _leftovers(tokens, [term for term in terms if term not in (*near, *idle)], gone, lexicon, draft)
    dropped = gone | unused
    draft.notes[:0] = prices.notes
    return Understanding(
        filters=draft.filters(low, high, query.exclude_ids),
        wishes=tuple(draft.wishes),
        cheapness=cheapness,
        beside=beside,
        size_wishes=tuple(draft.size_wishes),
        near_sizes=tuple(draft.near_sizes.items()),
        lightness=_lightness(asked, denied, lexicon, draft),
        variants=variants(asked, lexicon),
        words=_words(tokens, dropped, asked, lexicon),
        loose=loose,
        chips=tuple(draft.chips),
        notes=tuple(draft.notes),
    )


def _read_words(query: Query, lexicon: Lexicon, draft: Draft) -> str:
    """The query's text in lower-case English without slips; what was changed for that is said."""
    reading = in_english((query.text or "").lower(), lexicon.known | NEGATORS)
    if reading.language:
        draft.notes.append(f"Read as {reading.language}: “{' '.join(reading.text.split())}”.")
        return reading.text
    text, slips = mend(reading.text, lexicon.known | NEGATORS, lexicon.words)
    if slips:
        draft.notes.append(f"Read {', '.join(f'“{said}” as “{meant}”' for said, meant in slips)}.")
    return text


def denials(text: str) -> str:
    """The text with all ways of leaving something out as "without": "anything but", "all jackets but", "wool-free"."""
    text = _ALL_BUT.sub(r"\1 without ", _OTHER_THAN.sub(" without ", text))
    return _FREE.sub(r" without \1 , ", _ALL_OF_IT.sub(" ", text))


def _seats(text: str, lexicon: Lexicon) -> str:
    """The text with how many people a sofa shall seat as the kind that does: "a sofa for three" → "… three seater"."""
    kinds = lexicon.domain.seats
    if not kinds or "sofa" not in asked_categories(find_terms(tokens_of(text), lexicon), lexicon):
        return text
    return _SEATED.sub(lambda found: f" {kinds.get(found['many'] or found['seats'], found[0])} ", text)


def _counts(tokens: list[str], term: Term) -> bool:
    """Whether a name of things only says how many people something is for: "a bench with 4 seats"."""
    return (
        term.said in _SEATS
        and term.start > 0
        and (tokens[term.start - 1] in _NUMBERS or tokens[term.start - 1].isdigit())
    )


def _deny(denied: list[list[Term]], query: Query, draft: Draft) -> None:
    """Add what must not occur, by words and by the explicit exclusions."""
    for together in denied:
        # "no nike shoes" must not exclude all shoes: what the catalog cannot tell is left to the notes.
        attributes = [term.meaning.attribute for term in together]
        if all(attribute in FACETS for attribute in attributes):
            exclude(tuple(Facet(term.meaning.attribute, term.meaning.values) for term in together), draft)
        elif "not carried" not in attributes and attributes not in (["size"], ["lightness"]):
            said = " ".join(term.said for term in together)
            draft.notes.append(f"Not carried: “not {said}”. No attribute of the catalog says that.")
    for together_facets in query.exclude:
        exclude(together_facets, draft)


def _cheapness(prices: Prices, draft: Draft) -> int:
    """Whether cheaper or dearer is better, 0 if that was dismissed."""
    way = prices.cheapness
    label = ("cheap" if way > 0 else "dear") + ("est first" if abs(way) > 1 else "er first")
    return way if way and draft.chip("price:wish", label, False) else 0


def _lightness(asked: Sequence[Term], denied: list[list[Term]], lexicon: Lexicon, draft: Draft) -> int:
    """Whether lighter (+1) or darker (-1) colours are better, asked for or denied; 0 if that was dismissed."""
    ways = [(term, 1) for term in asked] + [(group[0], -1) for group in denied if len(group) == 1]
    ways = [(term, sign) for term, sign in ways if term.meaning.attribute == "lightness"]
    if not ways:
        return 0
    term, sign = ways[0]
    way = sign * lexicon.domain.lightness_words[term.meaning.values[0]]
    label = f"{'lighter' if way > 0 else 'darker'} colours first"
    return way if draft.chip("lightness", label, False) else 0


def _read_sizes(text: str, query: Query, lexicon: Lexicon) -> Measures:
    """The sizes in the text, of the sides that people mean of what they ask for."""
    words = lexicon.domain
    if not words.sized:
        return Measures(rest=text)
    asked = list(query.categories) or asked_categories(find_terms(tokens_of(text), lexicon), lexicon)
    flat = bool(asked) and words.flat.issuperset(asked)
    box = ("width", "height") if flat else ("length", "breadth")
    return read_measures(text, unnamed_side(asked, lexicon), box)


def _sizes(measures: Measures, asked: Sequence[Term], denied: list[list[Term]], lexicon: Lexicon, draft: Draft) -> None:
    """Add sizes in numbers and in words, asked for or denied."""
    limit_sizes(measures, draft)
    wished = [(term, False) for term in asked if term.meaning.attribute == "size"]
    refused = [(group[0], True) for group in denied if len(group) == 1 and group[0].meaning.attribute == "size"]
    wish_sizes(wished + refused, lexicon, draft)


def _with_limits(prices: Prices, query: Query, currency: str) -> Prices:
    """Add the query's explicit limits to those in its words; the tighter one stays."""
    if query.max_price is not None and (prices.high is None or query.max_price < prices.high):
        prices = replace(prices, high=query.max_price, high_label=f"up to {show(query.max_price, currency)}")
    if query.min_price is not None and (prices.low is None or query.min_price > prices.low):
        prices = replace(prices, low=query.min_price, low_label=f"from {show(query.min_price, currency)}")
    return prices


def _price_chips(prices: Prices, draft: Draft) -> tuple[float | None, float | None]:
    """Show the price limits; returns those that were not dismissed."""
    low = prices.low if prices.low is not None and draft.chip("price:min", prices.low_label, True) else None
    high = prices.high if prices.high is not None and draft.chip("price:max", prices.high_label, True) else None
    return low, high


def _join_sizes(tokens: list[str]) -> list[str]:
    """ "size", "42" as the one token "size 42"."""
    joined: list[str] = []
    for token in tokens:
        small = token.isdigit() or token in ("s", "m", "l", "xs", "xl", "xxl", "small", "medium", "large")
        if joined and joined[-1] == "size" and small:
            joined[-1] = f"size {token}"
        else:
            joined.append(token)
    return joined


def _near(tokens: list[str], terms: Sequence[Term], lexicon: Lexicon) -> list[Term]:
    """What is said of something else: things that the item shall stand near, with their adjectives, and how a room is.

    "A rug under the oak dining table" and "a lamp for a dark corner" ask neither for oak nor for dark lamps.
    """
    near: list[Term] = []
    asked = min((place for place, token in enumerate(tokens) if token in _SOMETHING), default=len(tokens))
    for thing in _nouns(tokens, terms):
        place, adjectives = _before(tokens, terms, thing, lexicon)
        if place >= 0 and _is_near(tokens, place, asked < place, lexicon):
            if thing.meaning.attribute in _THINGS:
                near += [thing, *adjectives]
            else:
                near += [term for term in adjectives if term.meaning.attribute in _OF_ROOMS]
        elif thing.meaning.attribute in _THINGS:
            asked = min(asked, thing.start)
    return near


def _nouns(tokens: list[str], terms: Sequence[Term]) -> list[Term]:
    """The things and rooms that a text names, in reading order."""
    named = [term for term in terms if term.meaning.attribute in (*_THINGS, "use")]
    inside = {place for term in terms for place in range(term.start, term.end)}
    room = Meaning("use", ())
    rooms = [Term(room, at, at + 1, word) for at, word in enumerate(tokens) if word in _ROOMS and at not in inside]
    return sorted([*named, *rooms], key=lambda term: term.start)


def _before(tokens: list[str], terms: Sequence[Term], thing: Term, lexicon: Lexicon) -> tuple[int, list[Term]]:
    """The place of the word before a thing's adjectives and articles, -1 if a phrase is there, and these adjectives."""
    inside = {place: term for term in terms for place in range(term.start, term.end)}
    place, adjectives, strange = thing.start - 1, [], 0
    while place >= 0:
        term, word = inside.get(place), tokens[place]
        if term is not None and term.meaning.attribute in _ADJECTIVES:
            adjectives += [term] if term not in adjectives else []
        elif term is not None:
            return -1, adjectives
        elif word not in _ARTICLES and word not in _NUMBERS and not word.isdigit():
            # One word that nobody knows may be an adjective, too: "a vase for dried flowers".
            strange += 1
            known = word in lexicon.domain.fillers or word in lexicon.domain.near or word in _MARKS or word in NEGATORS
            if known or word in lexicon.domain.near_after or strange > 1:
                break
        place -= 1
    return place, adjectives


def _is_near(tokens: list[str], place: int, asked_before: bool, lexicon: Lexicon) -> bool:
    """Whether the word at `place` puts the item beside what follows."""
    words = lexicon.domain
    if words.near and tuple(tokens[place - 1 : place + 1]) in _BESIDE_OF:
        return True
    return tokens[place] in words.near or (asked_before and tokens[place] in words.near_after)


def _words(tokens: list[str], dropped: set[int], asked: Sequence[Term], lexicon: Lexicon) -> str:
    """The text for the encoder, with what titles may call the kinds: "roll neck" where a turtleneck is asked for."""
    kept = [token for place, token in enumerate(tokens) if place not in dropped and token not in _MARKS]
    said = {term.said for term in asked}
    groups = [group for group in lexicon.domain.same_thing if not said.isdisjoint(group)]
    return " ".join([*kept, *(name for group in groups for name in group[:2])])


def _leftovers(
    tokens: list[str], terms: Sequence[Term], gone: set[int], lexicon: Lexicon, draft: Draft
) -> tuple[set[int], tuple[str, ...]]:
    """Say what was not understood.

    Returns:
        the places of words that must not reach the encoder, and the words that count by meaning only.
    """
    covered = gone | {place for term in terms for place in range(term.start, term.end)}
    unused = {p for t in terms if t.meaning.attribute == "not carried" for p in range(t.start, t.end)}
    missing: dict[str, list[str]] = {}
    for term in terms:
        if term.meaning.attribute == "not carried":
            missing.setdefault(term.meaning.values[0], []).append(term.said)
    things = {term.start for term in terms if term.meaning.attribute in _THINGS}
    for place, what in _numbers(tokens, covered, things) if not lexicon.domain.sized else ():
        covered.add(place)
        unused |= {place} if what != _HOW_MANY else set()
        missing.setdefault(what, []).append(tokens[place])
    for what, said in missing.items():
        draft.notes.append(f"Not carried: “{', '.join(dict.fromkeys(said))}”. The catalog does not state {what}.")
    loose, place = [], 0
    while place < len(tokens):
        token = tokens[place]
        if place not in covered and token in NEGATORS:
            reach = _reach(tokens, covered, place)
            if reach:
                unused |= {place, *reach}
                covered |= set(reach)
                denied = " ".join([token, *(tokens[p] for p in reach)])
                draft.notes.append(f"Not carried: “{denied}”. No attribute of the catalog says that.")
        elif place not in covered and _says_something(token, lexicon):
            loose.append(token)
        place += 1
    titled = [token for token in dict.fromkeys(loose) if singular(token) in lexicon.titles]
    if titled:
        draft.notes.append(f"Looked for in titles: {', '.join(titled)}.")
    if vague := [token for token in dict.fromkeys(loose) if token not in titled]:
        draft.notes.append(f"Taken loosely, by meaning only: {', '.join(vague)}.")
    return unused, tuple(dict.fromkeys(loose))


def _numbers(tokens: list[str], covered: set[int], things: set[int]) -> Iterator[tuple[int, str]]:
    """Places of numbers and units that nothing has understood, and what they ask for."""
    for place, token in enumerate(tokens):
        if token.startswith("size "):
            yield place, "sizes"
        elif token.isdigit() and place + 1 in things:
            yield place, _HOW_MANY
        elif place not in covered and (token[0].isdigit() or token in _UNITS):
            yield place, "measures"


def _says_something(token: str, lexicon: Lexicon) -> bool:
    """Whether a word that is no phrase of the vocabulary deserves a mention."""
    return token not in lexicon.domain.fillers and token not in _MARKS and (len(token) > 1 or token.isdigit())


def _reach(tokens: list[str], covered: set[int], negator: int) -> list[int]:
    """Places of the unknown words that a negator denies: up to the next mark or understood word."""
    places = []
    for place in range(negator + 1, min(len(tokens), negator + 5)):
        if tokens[place] in _MARKS or place in covered or tokens[place] in ("but", "and"):
            break
        places.append(place)
    return places
