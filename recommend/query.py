"""Words → structured query: what filters, what ranks, and what could not be carried. Pure functions.

"a red linen dress under 40, no stripes, to wear with my navy jacket" becomes filters (dress, red, under €40, not
striped), a wish (linen) and colours to go with (navy). Nothing is dropped in silence: what no attribute can carry is
said in a note.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from recommend import vocabulary as words
from recommend.lexicon import Lexicon, Term, find_terms, tokens_of
from recommend.prices import Prices, read_prices, show
from recommend.schema import FACETS, Chip, Facet, Filters, Query, Understanding

_NEGATOR_WORDS: Final = "no not without never non except avoid neither nor minus hate don't doesn't isn't aren't dont"
_NEGATORS: Final = frozenset(_NEGATOR_WORDS.split())
#: Words that may stand between a negator and what it denies, and between two denied things.
_BEFORE_DENIED_WORDS: Final = "a an any the in with of too very want like wear made from be is all anything into"
_BEFORE_DENIED: Final = frozenset(_BEFORE_DENIED_WORDS.split())
_BETWEEN_DENIED: Final = frozenset({"or", "nor", "and", "&", "/", "any", "no", "not", "a", "an", "without"})
_LIST_MARKS: Final = frozenset({",", "or", "nor", "and", "&", "/", "+"})
_MARKS: Final = frozenset(",;./&+")

_BESIDE: Final = re.compile(
    r"\b(?:(?:to|that|which|it|and)\s+)*(?:(?:go(?:es)?|going|wear|worn|pairs?|match(?:es|ing)?|combines?|fits?)\s+)+"
    r"(?:nicely\s+|well\s+|it\s+|together\s+)*(?:with\s+|to\s+)?(?:my|our|these|those|this|the|a)\s+(?P<what>[^,.;]+)"
    r"|\bwith\s+my\s+(?P<mine>[^,.;]+)"
)
_BESIDE_ENDS: Final = re.compile(r"\b(?:but|not|without|no|in|for|and)\b")
_OTHER_THAN: Final = re.compile(
    r"\b(?:anything but|everything but|other than|rather than|instead of|apart from|except for)\b"
)
#: Category of a garment → categories that take its place on the body.
_INSTEAD: Final = {"lower": ("lower", "dress"), "dress": ("dress", "lower")}
#: Names of sets of values, for people.
_GROUP_NAMES: Final = {values: name for name, values in (words.PATTERN_FAMILIES | words.KIND_GROUPS).items()}
_UNITS: Final = frozenset({"cm", "mm", "inch", "inches", "kg", "den", "denier"})


@dataclass
class _Draft:
    """An understanding in the making."""

    without: list[tuple[Facet, ...]] = field(default_factory=list)
    categories: list[str] = field(default_factory=list)
    colours: list[tuple[str, ...]] = field(default_factory=list)
    wishes: list[Facet] = field(default_factory=list)
    chips: list[Chip] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    dismissed: frozenset[str] = frozenset()

    def chip(self, key: str, label: str, strict: bool) -> bool:
        """Show a part; False if the shopper dismissed it, or it is shown already."""
        if key in self.dismissed or any(chip.key == key for chip in self.chips):
            return False
        self.chips.append(Chip(key, label, strict))
        return True


def understand(query: Query, lexicon: Lexicon, currency: str = "EUR") -> Understanding:
    """Read all parts of a query that are not pictures.

    Args:
        query: the words and the explicit limits; both count.
        lexicon: from `build_lexicon`, with the values of the catalog in question.
        currency: of the catalog's prices.
    """
    draft = _Draft(dismissed=frozenset(query.dismissed))
    prices = read_prices((query.text or "").lower(), currency)
    prices = _with_limits(prices, query, currency)
    rest, beside, instead = _take_beside(prices.rest, lexicon, draft)
    tokens = _join_sizes(tokens_of(_OTHER_THAN.sub(" without ", rest)))
    terms = find_terms(tokens, lexicon)
    denied, gone = _denied(tokens, terms)
    for together in denied:
        # "no nike shoes" must not exclude all shoes: what the catalog cannot tell is left to the notes.
        if all(term.meaning.attribute in FACETS for term in together):
            _exclude(tuple(Facet(term.meaning.attribute, term.meaning.values) for term in together), draft)
    for together_facets in query.exclude:
        _exclude(together_facets, draft)
    _ask(tokens, [term for term in terms if term.start not in gone], query, draft)
    for facet in instead if not draft.categories else ():
        _exclude((facet,), draft)
    low, high = _price_chips(prices, draft)
    cheapness = prices.cheapness
    if cheapness and not draft.chip("price:wish", "cheaper first" if cheapness > 0 else "dearer first", False):
        cheapness = 0
    unused = _leftovers(tokens, terms, gone, draft)
    draft.notes[:0] = prices.notes
    filters = Filters(low, high, tuple(draft.categories), tuple(draft.colours), tuple(draft.without), query.exclude_ids)
    kept = [
        token for place, token in enumerate(tokens) if place not in gone and place not in unused and token not in _MARKS
    ]
    return Understanding(
        filters, tuple(draft.wishes), cheapness, beside, " ".join(kept), tuple(draft.chips), tuple(draft.notes)
    )


def _with_limits(prices: Prices, query: Query, currency: str) -> Prices:
    """Add the query's explicit limits to those in its words; the tighter one stays."""
    if query.max_price is not None and (prices.high is None or query.max_price < prices.high):
        prices = replace(prices, high=query.max_price, high_label=f"up to {show(query.max_price, currency)}")
    if query.min_price is not None and (prices.low is None or query.min_price > prices.low):
        prices = replace(prices, low=query.min_price, low_label=f"from {show(query.min_price, currency)}")
    return prices


def _price_chips(prices: Prices, draft: _Draft) -> tuple[float | None, float | None]:
    """Show the price limits; returns those that were not dismissed."""
    low = prices.low if prices.low is not None and draft.chip("price:min", prices.low_label, True) else None
    high = prices.high if prices.high is not None and draft.chip("price:max", prices.high_label, True) else None
    return low, high


def _take_beside(text: str, lexicon: Lexicon, draft: _Draft) -> tuple[str, tuple[str, ...], list[Facet]]:
    """Take out what the item shall go with ("to wear with my navy jacket").

    It describes another garment, so it must not filter this one.

    Returns:
        the text without it, the colours named there, and what is worn instead of that garment rather than with it.
    """
    match = _BESIDE.search(text)
    if match is None:
        return text, (), []
    what = match["what"] or match["mine"]
    ends = _BESIDE_ENDS.search(what)
    what = (what[: ends.start()] if ends else what).strip()
    cut = match.start("what" if match["what"] else "mine") + len(what)
    rest = f"{text[: match.start()]} , {text[cut:]}"
    terms = find_terms(tokens_of(what), lexicon)
    colours = [(t.said, t.meaning.values[0]) for t in terms if t.meaning.attribute == "colours"]
    instead = [facet for term in terms for facet in _worn_instead(term)]
    if not colours and not instead:
        draft.notes.append(f"“{what}” names no colour or garment, so it was not used.")
        return rest, (), []
    if not draft.chip("beside", f"to go with {what}", False):
        return rest, (), []
    return rest, tuple(name if said not in words.COLOURS else said for said, name in colours), instead


def _worn_instead(named: Term) -> list[Facet]:
    """What nobody wears together with the garment named: other trousers with trousers, another coat with a coat."""
    if named.meaning.attribute not in ("kind", "category"):
        return []
    categories = named.meaning.values
    if named.meaning.attribute == "kind":
        categories = tuple(dict.fromkeys(_category_of(kind) for kind in named.meaning.values))
    if categories == ("upper",):
        outer = words.KIND_GROUPS["outerwear"]
        kinds = outer if set(named.meaning.values) & set(outer) else named.meaning.values
        return [Facet("kind", kinds)] if named.meaning.attribute == "kind" else []
    return [
        Facet("category", (each,)) for each in dict.fromkeys(e for c in categories if c for e in _INSTEAD.get(c, (c,)))
    ]


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


def _denied(tokens: list[str], terms: Sequence[Term]) -> tuple[list[list[Term]], set[int]]:
    """Combinations that a negation reaches, and the token places it uses up.

    "no stripes or leather" denies two things; "no blue jeans" denies one combination; "not black, red" denies only
    black.
    """
    starts = {term.start: term for term in terms}
    inside = {place for term in terms for place in range(term.start, term.end)}
    denied: list[list[Term]] = []
    gone: set[int] = set()
    place = 0
    while place < len(tokens):
        if place in inside or tokens[place] not in _NEGATORS:
            place += 1
            continue
        first = place + 1
        while (
            first < len(tokens)
            and first not in starts
            and (tokens[first] in _BEFORE_DENIED or tokens[first] in _NEGATORS)
        ):
            first += 1
        groups, end = _denied_list(tokens, starts, first)
        if groups and tokens[place] in ("not", "non") and (head := _wanted_head(groups, terms)):
            groups, end = [[term for term in group if term is not head] for group in groups], head.start
        elif len(groups) > 1 and groups[-1][-1].meaning.attribute == "kind":
            groups = [_with_noun(group, groups[-1][-1]) for group in groups]
        if groups:
            denied += groups
            gone |= set(range(place, end))
        place = max(end, place + 1)
    return denied, gone


def _with_noun(group: list[Term], noun: Term) -> list[Term]:
    """ "black" of "no black or blue jeans" means black jeans; "stripes" of "no stripes or jeans" stands alone."""
    return [*group, noun] if group[-1].meaning.attribute == "colours" else group


def _wanted_head(groups: list[list[Term]], terms: Sequence[Term]) -> Term | None:
    """The garment at the end of "not black or navy trousers", which is asked for if no other garment is."""
    *adjectives, head = groups[-1]
    others = [term for term in terms if term.meaning.attribute in ("kind", "category") and term is not head]
    return head if adjectives and head.meaning.attribute == "kind" and not others else None


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


def _exclude(together: tuple[Facet, ...], draft: _Draft) -> None:
    """Add one combination that must not occur."""
    label = " ".join(_GROUP_NAMES.get(facet.values, facet.values[0]) for facet in together)
    key = "not:" + "+".join(f"{facet.attribute}={'|'.join(facet.values)}" for facet in together)
    if draft.chip(key, f"not {label}", True):
        draft.without.append(together)


def _ask(tokens: list[str], terms: list[Term], query: Query, draft: _Draft) -> None:
    """Add what is asked for: categories and colours filter, the other attributes are wishes."""
    for category in query.categories:
        if draft.chip(f"category:{category}", category, True):
            draft.categories.append(category)
    named: list[tuple[str, str]] = []
    for term in terms:
        if term.meaning.attribute == "category":
            named.append((term.meaning.values[0], term.said))
        elif term.meaning.attribute == "kind":
            named += [(_category_of(kind), term.said) for kind in term.meaning.values]
    for category, _ in named:
        if not query.categories and category and draft.chip(f"category:{category}", category, True):
            draft.categories.append(category)
    _wish(terms, draft)
    if query.colours:
        _colour_group(query.colours, " or ".join(query.colours), draft)
    for chain, wished in _colour_chains(tokens, terms):
        if wished:
            _add_wish(Facet("colours", tuple(v for t in chain for v in t.meaning.values)), chain[0].said, draft)
        else:
            _colour_group(tuple(dict.fromkeys(v for t in chain for v in t.meaning.values)), _either(chain), draft)


def _category_of(kind: str) -> str:
    """The category that a kind belongs to, "" for a catalog's own kinds, which then only rank."""
    return words.KINDS[kind][0] if kind in words.KINDS else ""


def _wish(terms: list[Term], draft: _Draft) -> None:
    """Kinds, materials, patterns, sleeves and styles; several of one attribute are alternatives."""
    for attribute in ("kind", "material", "pattern", "sleeve", "style"):
        found = [term for term in terms if term.meaning.attribute == attribute]
        if found:
            values = tuple(dict.fromkeys(value for term in found for value in term.meaning.values))
            said = [term.meaning.values[0] if len(term.meaning.values) == 1 else term.said for term in found]
            _add_wish(Facet(attribute, values), " or ".join(dict.fromkeys(said)), draft)


def _add_wish(wish: Facet, said: str, draft: _Draft) -> None:
    """Add one preference."""
    label = f"{said} sleeves" if wish.attribute == "sleeve" and said != "sleeveless" else said
    # A kind named like its category ("dress") needs no second chip, but still ranks dresses before jumpsuits.
    if f"category:{label}" in draft.dismissed:
        return
    shown = any(chip.label == label for chip in draft.chips)
    if shown or draft.chip(f"{wish.attribute}:{'|'.join(wish.values)}", label, False):
        draft.wishes.append(wish)


def _colour_group(group: tuple[str, ...], said: str, draft: _Draft) -> None:
    """Add one colour filter."""
    if draft.chip(f"colour:{'|'.join(group)}", said, True):
        draft.colours.append(group)


def _either(chain: list[Term]) -> str:
    """The colours of a chain for people."""
    return " or ".join(
        dict.fromkeys(term.said if term.said in words.COLOURS else term.meaning.values[0] for term in chain)
    )


def _colour_chains(tokens: list[str], terms: list[Term]) -> list[tuple[list[Term], bool]]:
    """Colours as groups of alternatives, and whether a group only describes a detail ("with white dots").

    "red or blue" and "red, blue" are one group; "black and white" are two, unless two kinds of garment are asked for.
    """
    colours = [term for term in terms if term.meaning.attribute == "colours"]
    multicolour = [term for term in colours if term.meaning.values == ("multicolour",)]
    kinds = {term.meaning.values for term in terms if term.meaning.attribute in ("kind", "category")}
    detail = [term for term in colours if _is_detail(tokens, terms, term)]
    if len(detail) == len(colours):
        detail = []
    main = [term for term in colours if term not in detail and term not in multicolour]
    chains: list[list[Term]] = []
    for term in main:
        between = tokens[chains[-1][-1].end : term.start] if chains else []
        joined = bool(chains) and (
            len(kinds) > 1 or (set(between) <= _LIST_MARKS and not {"and", "&", "+"} & set(between))
        )
        if joined and between != []:
            chains[-1].append(term)
        else:
            chains.append([term])
    return [(chain, False) for chain in chains] + [([term], True) for term in detail + multicolour]


def _is_detail(tokens: list[str], terms: list[Term], colour: Term) -> bool:
    """Whether a colour stands between "with" and a pattern: the colour of the dots, not of the dress."""
    follows = any(term.start == colour.end and term.meaning.attribute == "pattern" for term in terms)
    return follows and colour.start > 0 and tokens[colour.start - 1] == "with"


def _leftovers(tokens: list[str], terms: list[Term], gone: set[int], draft: _Draft) -> set[int]:
    """Say what was not understood; returns the places of words that must not reach the encoder."""
    unused: set[int] = set()
    missing: dict[str, list[str]] = {}
    covered: set[int] = set(gone)
    for term in terms:
        covered |= set(range(term.start, term.end))
        if term.meaning.attribute == "not carried":
            unused |= set(range(term.start, term.end))
            missing.setdefault(term.meaning.values[0], []).append(term.said)
    for place, token in enumerate(tokens):
        if token.startswith("size "):
            covered.add(place)
            unused.add(place)
            missing.setdefault("sizes", []).append(token)
        elif place not in covered and (token[0].isdigit() or token in _UNITS):
            covered.add(place)
            unused.add(place)
            missing.setdefault("measures", []).append(token)
    for what, said in missing.items():
        draft.notes.append(f"Not carried: “{', '.join(dict.fromkeys(said))}”. The catalog does not state {what}.")
    loose, place = [], 0
    while place < len(tokens):
        token = tokens[place]
        if place not in covered and token in _NEGATORS:
            reach = _reach(tokens, covered, place)
            if reach:
                unused |= {place, *reach}
                covered |= set(reach)
                denied = " ".join([token, *(tokens[p] for p in reach)])
                draft.notes.append(f"Not carried: “{denied}”. No attribute of the catalog says that.")
        elif place not in covered and token not in words.FILLERS and token not in _MARKS and len(token) > 1:
            loose.append(token)
        place += 1
    if loose:
        draft.notes.append(f"Taken loosely, by meaning only: {', '.join(dict.fromkeys(loose))}.")
    return unused


def _reach(tokens: list[str], covered: set[int], negator: int) -> list[int]:
    """Places of the unknown words that a negator denies: up to the next mark or understood word."""
    places = []
    for place in range(negator + 1, min(len(tokens), negator + 5)):
        if tokens[place] in _MARKS or place in covered or tokens[place] in ("but", "and"):
            break
        places.append(place)
    return places
