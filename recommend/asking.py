"""Found phrases → what is asked: filters for categories, colours and what must be, else wishes. Pure functions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from recommend.lexicon import Lexicon, Meaning, Term
from recommend.measures import Measures
from recommend.negation import NEGATORS
from recommend.schema import Chip, Facet, Filters, Query, SizeLimit

_LIST_MARKS: Final = frozenset({",", "or", "nor", "and", "&", "/", "+"})
#: Words for sizes that do name the length.
_LENGTHS: Final = frozenset({"long", "longer", "longest", "shorter", "shortest"})
_EITHER: Final = frozenset({"or", "/"})
#: Words that turn a wish into a condition, before it or, the last of them, behind it.
_FIRM_BEFORE: Final = frozenset({"must", "only", "strictly", "exclusively", "definitely"})
_FIRM_AFTER: Final = frozenset({"only", "required"})
#: Words that may stand between such a word and the wish.
_BETWEEN_FIRM: Final = frozenset("be have has contain made of from in a an the with some real solid genuine".split())


@dataclass
class Draft:
    """An understanding in the making.

    Attributes:
        group_names: sets of values that have one word → that word.
        dismissed: keys of the chips that the shopper took away.
    """

    group_names: dict[tuple[str, ...], str] = field(default_factory=dict)
    dismissed: frozenset[str] = frozenset()
    without: list[tuple[Facet, ...]] = field(default_factory=list)
    categories: list[str] = field(default_factory=list)
    colours: list[tuple[str, ...]] = field(default_factory=list)
    required: list[Facet] = field(default_factory=list)
    sizes: list[SizeLimit] = field(default_factory=list)
    wishes: list[Facet] = field(default_factory=list)
    size_wishes: list[tuple[str, int]] = field(default_factory=list)
    near_sizes: dict[str, float] = field(default_factory=dict)
    chips: list[Chip] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def chip(self, key: str, label: str, strict: bool) -> bool:
        """Show a part; False if the shopper dismissed it, or it is shown already."""
        if key in self.dismissed or any(chip.key == key for chip in self.chips):
            return False
        self.chips.append(Chip(key, label, strict))
        return True

    def filters(self, low: float | None, high: float | None, without_ids: tuple[str, ...]) -> Filters:
        """The conditions gathered, with these limits to the price and items left out."""
        return Filters(
            min_price=low,
            max_price=high,
            categories=tuple(self.categories),
            colours=tuple(self.colours),
            without=tuple(self.without),
            without_ids=without_ids,
            required=tuple(self.required),
            sizes=tuple(self.sizes),
        )


def exclude(together: tuple[Facet, ...], draft: Draft) -> None:
    """Add one combination that must not occur."""
    label = " ".join(draft.group_names.get(facet.values, facet.values[0]) for facet in together)
    key = "not:" + "+".join(f"{facet.attribute}={'|'.join(facet.values)}" for facet in together)
    if draft.chip(key, f"not {label}", True):
        draft.without.append(together)


def ask(tokens: list[str], terms: list[Term], query: Query, lexicon: Lexicon, draft: Draft) -> None:
    """Add what is asked for: categories and colours filter, the other attributes are wishes."""
    for category in query.categories:
        if draft.chip(f"category:{category}", category, True):
            draft.categories.append(category)
    for category in asked_categories(terms, lexicon):
        if not query.categories and draft.chip(f"category:{category}", category, True):
            draft.categories.append(category)
    _wish(tokens, terms, lexicon, draft)
    for term in used(terms, draft.categories):
        if draft.chip(f"use:{term.said}", term.said, False):
            draft.wishes.append(Facet("category", term.meaning.values))
    for facet in query.required:
        _require(facet, _sleeves(facet.attribute, " or ".join(facet.values)), draft)
    if query.colours:
        _colour_group(query.colours, " or ".join(query.colours), draft)
    for chain, wished in _colour_chains(tokens, terms):
        if wished:
            _add_wish(Facet("colours", tuple(v for t in chain for v in t.meaning.values)), chain[0].said, draft)
        else:
            said = _either(chain, lexicon)
            _colour_group(tuple(dict.fromkeys(v for t in chain for v in t.meaning.values)), said, draft)


def asked_categories(terms: Iterable[Term], lexicon: Lexicon) -> list[str]:
    """The categories that phrases name, by themselves or by a kind, in reading order.

    A kind whose name tells no category, one of the catalog's own, only ranks.
    """
    named: list[str] = []
    for term in terms:
        if term.meaning.attribute == "category":
            named += term.meaning.values
        elif term.meaning.attribute == "kind":
            named += [lexicon.kind_categories.get(kind, "") for kind in term.meaning.values]
    return [name for name in dict.fromkeys(named) if name]


def implied(terms: Iterable[Term], lexicon: Lexicon) -> list[Term]:
    """What names of kinds say besides: a puffer is quilted."""
    said = ((term, lexicon.domain.implied[term.said]) for term in terms if term.said in lexicon.domain.implied)
    return [Term(Meaning(attribute, (value,)), term.start, term.end, value) for term, (attribute, value) in said]


def variants(terms: Iterable[Term], lexicon: Lexicon) -> tuple[tuple[str, str], ...]:
    """Kinds and what each is called with what else is asked: a T-shirt with long sleeves is a longsleeve."""
    asked = {(term.meaning.attribute, value) for term in terms for value in term.meaning.values}
    return tuple(
        (kind, name) for kind, attribute, value, name in lexicon.domain.variants if (attribute, value) in asked
    )


def with_variants(facet: Facet, called: Iterable[tuple[str, str]]) -> Facet:
    """Kinds that are met by what they are called as well; `called` is from `variants`. Other facets stay."""
    others = [name for kind, name in called if facet.attribute == "kind" and kind in facet.values]
    return replace(facet, values=tuple(dict.fromkeys((*facet.values, *others))))


def used(terms: Iterable[Term], categories: Sequence[str]) -> list[Term]:
    """The uses that say something of what is asked: of a lamp "for reading" does, of a rug it does not."""
    uses = [term for term in terms if term.meaning.attribute == "use"]
    return [term for term in uses if not categories or not set(categories).isdisjoint(term.meaning.values)]


def limit_sizes(measures: Measures, draft: Draft) -> None:
    """Add the sizes; of two limits to the same side the tighter one counts. Nearer to a size that is said is better."""
    draft.notes += measures.notes
    tightest = {}
    for measure in sorted(measures.limits, key=lambda one: -one.cm if one.most else one.cm):
        tightest[measure.side, measure.most] = measure
    for side, most in dict.fromkeys((measure.side, measure.most) for measure in measures.limits):
        measure = tightest[side, most]
        if draft.chip(f"size:{side}:{'max' if most else 'min'}", measure.label, True):
            draft.sizes.append(SizeLimit(side, high=measure.cm) if most else SizeLimit(side, low=measure.cm))
            if measure.about is not None:
                draft.near_sizes[side] = measure.about


def unnamed_side(categories: Iterable[str], lexicon: Lexicon) -> str:
    """The side that people mean of these categories where they name none: a big plant is a high one."""
    sides = {lexicon.domain.unnamed_side.get(category, "length") for category in categories}
    return sides.pop() if len(sides) == 1 else "length"


def wish_sizes(terms: Iterable[tuple[Term, bool]], lexicon: Lexicon, draft: Draft) -> None:
    """Add "small", "tall" and the like.

    Args:
        terms: each with whether it is denied ("not too wide").
        lexicon: of the catalog.
        draft: to add to.
    """
    for term, denied in terms:
        side, direction = lexicon.domain.size_words[term.meaning.values[0]]
        side = unnamed_side(draft.categories, lexicon) if side == "length" and term.said not in _LENGTHS else side
        wish = (side, -direction if denied else direction)
        label = f"not too {term.said}" if denied else term.said
        if draft.chip(f"size:{side}:{'larger' if wish[1] > 0 else 'smaller'}", label, False):
            draft.size_wishes.append(wish)


def _wish(tokens: list[str], terms: list[Term], lexicon: Lexicon, draft: Draft) -> None:
    """Kinds, materials, patterns, sleeves, styles and places.

    Several values of one attribute are alternatives, unless items may have several of it: "metal and glass".
    """
    for attribute in ("kind", "material", "pattern", "sleeve", "style", "place"):
        found = [term for term in terms if term.meaning.attribute == attribute]
        joint = attribute in lexicon.domain.joint
        loose: list[Term] = []
        for group in _alternatives(tokens, found) if joint or attribute in lexicon.domain.firm else []:
            if attribute in lexicon.domain.firm and _is_firm(tokens, found, group):
                said = _sleeves(attribute, _names(group))
                _require(_facet(attribute, group), f"must {'have' if said.endswith('sleeves') else 'be'} {said}", draft)
            elif joint:
                _add_wish(_facet(attribute, group), _names(group), draft)
            else:
                loose += group
        if attribute not in lexicon.domain.firm and not joint:
            loose = found
        if loose:
            facet = _facet(attribute, loose)
            _leave_out(tokens, loose, facet, lexicon, draft)
            _add_wish(with_variants(facet, variants(terms, lexicon)), _names(loose), draft)


def _leave_out(tokens: list[str], terms: Sequence[Term], wish: Facet, lexicon: Lexicon, draft: Draft) -> None:
    """Leave out what a wish that is said by what it is not denies: after "without print" nothing striped comes."""
    all_values = {"pattern": lexicon.domain.patterns, "sleeve": lexicon.domain.sleeves}.get(wish.attribute, {})
    denied = tuple(value for value in all_values if value not in wish.values)
    dismissed = f"{wish.attribute}:{'|'.join(wish.values)}" in draft.dismissed
    if denied and not dismissed and all(tokens[term.start] in NEGATORS for term in terms):
        draft.without.append((Facet(wish.attribute, denied),))


def _facet(attribute: str, terms: Sequence[Term]) -> Facet:
    return Facet(attribute, tuple(dict.fromkeys(value for term in terms for value in term.meaning.values)))


def _names(terms: Sequence[Term]) -> str:
    """Phrases as alternatives for people."""
    said = [term.meaning.values[0] if len(term.meaning.values) == 1 else term.said for term in terms]
    return " or ".join(dict.fromkeys(said))


def _alternatives(tokens: list[str], terms: Sequence[Term]) -> list[list[Term]]:
    """Phrases of one attribute in groups of alternatives: "oak or walnut" is one group, "metal and glass" are two.

    A comma is an "or" if one follows further on in the same list: "oak, ash or pine".
    """
    groups: list[list[Term]] = []
    for place, term in enumerate(terms):
        between = _between(tokens, terms, place)
        either = bool(between & _EITHER) or (between == {","} and _or_follows(tokens, terms, place))
        if groups and between <= _LIST_MARKS and either:
            groups[-1].append(term)
        else:
            groups.append([term])
    return groups


def _between(tokens: list[str], terms: Sequence[Term], place: int) -> set[str]:
    """The words between a phrase and the one before it."""
    return set(tokens[terms[place - 1].end : terms[place].start]) if place else set()


def _or_follows(tokens: list[str], terms: Sequence[Term], place: int) -> bool:
    """Whether the list that `place` continues ends with an "or"."""
    for later in range(place + 1, len(terms)):
        between = _between(tokens, terms, later)
        if between & _EITHER:
            return between <= _LIST_MARKS
        if between != {","}:
            return False
    return False


def _is_firm(tokens: list[str], found: Sequence[Term], group: Sequence[Term]) -> bool:
    """Whether "only" or "must be" stands before a wish, or "only" behind it, with at most a list between."""
    listed = {place for term in found for place in range(term.start, term.end)}
    place = group[0].start - 1
    while place >= 0 and (place in listed or tokens[place] in _LIST_MARKS - {","} or tokens[place] in _BETWEEN_FIRM):
        place -= 1
    if place >= 0 and tokens[place] in _FIRM_BEFORE:
        return True
    # "has to be oak", "needs to be oak"
    if place >= 1 and tokens[place] == "to" and tokens[place - 1] in ("has", "have", "needs", "need"):
        return tokens[place + 1] in ("be", "have")
    place = group[-1].end
    while place in listed or (place < len(tokens) and tokens[place] in _LIST_MARKS - {","} and place + 1 in listed):
        place += 1
    return place < len(tokens) and tokens[place] in _FIRM_AFTER


def _require(facet: Facet, said: str, draft: Draft) -> None:
    """Add one condition."""
    if draft.chip(f"must:{facet.attribute}={'|'.join(facet.values)}", said, True):
        draft.required.append(facet)


def _add_wish(wish: Facet, said: str, draft: Draft) -> None:
    """Add one preference."""
    label = _sleeves(wish.attribute, said)
    label = f"for the {said}" if wish.attribute == "place" else label
    # A kind named like its category ("dress") needs no second chip, but still ranks dresses before jumpsuits.
    if f"category:{label}" in draft.dismissed:
        return
    shown = any(chip.label == label for chip in draft.chips)
    if wish not in draft.wishes and (shown or draft.chip(f"{wish.attribute}:{'|'.join(wish.values)}", label, False)):
        draft.wishes.append(wish)


def _sleeves(attribute: str, said: str) -> str:
    """A value for people, who would not know what is "long"."""
    return (
        f"{said} sleeves" if attribute == "sleeve" and not said.endswith(("sleeveless", "sleeves", "sleeved")) else said
    )


def _colour_group(group: tuple[str, ...], said: str, draft: Draft) -> None:
    """Add one colour filter."""
    if draft.chip(f"colour:{'|'.join(group)}", said, True):
        draft.colours.append(group)


def _either(chain: list[Term], lexicon: Lexicon) -> str:
    """The colours of a chain for people."""
    known, families = (
        lexicon.domain.colours.keys() | lexicon.domain.colour_families.keys(),
        lexicon.domain.group_names(),
    )
    names = (families.get(term.meaning.values, term.meaning.values[0]) for term in chain)
    return " or ".join(dict.fromkeys(t.said if t.said in known else name for t, name in zip(chain, names, strict=True)))


def _colour_chains(tokens: list[str], terms: list[Term]) -> list[tuple[list[Term], bool]]:
    """Colours as groups of alternatives, and whether a group only describes a detail ("with white dots").

    "red or blue" and "red, blue" are one group; "black and white" are two, unless two kinds of thing are asked for.
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
            len(kinds) > 1
            or (set(between) <= _LIST_MARKS and not {"and", "&", "+"} & set(between))
            or (set(between) <= {*_LIST_MARKS, "one"} and "one" in between)  # "one red, one blue"
        )
        if joined and between != []:
            chains[-1].append(term)
        else:
            chains.append([term])
    return [(chain, False) for chain in chains] + [([term], True) for term in detail + multicolour]


def _is_detail(tokens: list[str], terms: list[Term], colour: Term) -> bool:
    """Whether a colour stands beside a pattern, both after "with": the colour of the dots, not of the dress."""
    patterns = [term for term in terms if term.meaning.attribute == "pattern"]
    beside = [
        min(term.start, colour.start) for term in patterns if colour.start == term.end or term.start == colour.end
    ]
    return any(first > 0 and tokens[first - 1] == "with" for first in beside)
