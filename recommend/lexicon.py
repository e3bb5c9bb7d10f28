"""From words to meanings: the vocabulary turned into a table of phrases, and found in a text. Pure functions."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache, cached_property
from itertools import chain, pairwise
from typing import Final

from recommend import vocabulary
from recommend.domains import DOMAINS, Domain, domain_of
from recommend.glossary import english_words, in_english
from recommend.schema import MATERIAL_MARK, Item, values_of

Phrase = tuple[str, ...]

#: Words before a material that say what a thing is made of.
_OF_MATERIAL: Final = frozenset({"in", "of", "no", "not", "without"})
#: Attributes of what an adjective may stand before: a thing, or other adjectives of it.
_DESCRIBED: Final = frozenset({"kind", "category", "material", "style"})


@dataclass(frozen=True)
class Meaning:
    """What a phrase means: an attribute and the values that satisfy it.

    The attribute is one of `schema.FACETS`, "size" (then the value is a key of `Domain.size_words`), "use" (the
    categories that serve it), "lightness" (a key of `Domain.lightness_words`), "detail" (a key of `Domain.details`), or
    "not carried".
    """

    attribute: str
    values: tuple[str, ...]


@dataclass(frozen=True)
class Term:
    """A phrase found in a text.

    Attributes:
        start, end: token positions, end exclusive.
        said: the phrase as written.
    """

    meaning: Meaning
    start: int
    end: int
    said: str


@dataclass(frozen=True, eq=False)
class Lexicon:
    """All phrases that mean something in one catalog.

    Attributes:
        phrases: phrase → meaning.
        domain: what the catalog is about.
        kind_categories: the category of each kind whose name tells it; other kinds only rank.
        longest: number of words of the longest phrase.
        titles: all words of the items' titles, these in the singular, and two that follow each other as one.
    """

    phrases: Mapping[Phrase, Meaning]
    domain: Domain
    kind_categories: Mapping[str, str]
    longest: int
    titles: frozenset[str] = frozenset()

    @cached_property
    def words(self) -> frozenset[str]:
        """All single words of the phrases, and those that set limits."""
        return frozenset(word for phrase in self.phrases for word in phrase) | english_words()

    @cached_property
    def known(self) -> frozenset[str]:
        """The words that are right as they are: these, those of titles and all vocabularies, and fillers."""
        return self.words | self.titles | _vocabularies()


_TOKEN: Final = re.compile(r"\d+/\d+|[^\W_]+(?:'[a-z]+)?|[,;./&+]")


def tokens_of(text: str) -> list[str]:
    """Lower-case words and the marks that separate lists; hyphens split words ("t-shirt" is two tokens)."""
    plain = text.lower().replace("’", "'").replace("`", "'")
    return [re.sub(r"'s$", "s", token) for token in _TOKEN.findall(plain)]


def plurals(phrase: Phrase) -> Iterator[Phrase]:
    """The phrase itself and with its last word in the plural."""
    yield phrase
    last = phrase[-1]
    if last.endswith("y") and len(last) > 3 and last[-2] not in "aeiou":
        yield (*phrase[:-1], last[:-1] + "ies")
    elif not last.endswith("s") or last.endswith("ss"):
        ending = "es" if last.endswith(("s", "sh", "ch", "x")) else "s"
        yield (*phrase[:-1], last + ending)
    if last.endswith("f"):
        yield (*phrase[:-1], last[:-1] + "ves")


def singular(word: str) -> str:
    """A word without the "s" of its plural, or of what looks like one: right for comparing words, not for showing."""
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word


def pairs(tokens: list[str]) -> Iterator[str]:
    """Words that follow each other as one: "crewneck" for "crew-neck"."""
    return (one + singular(other) for one, other in pairwise(tokens) if one[0].isalpha() and other[0].isalpha())


def _forms(tokens: list[str]) -> Iterator[str]:
    """How the words of a title may be written."""
    return chain(tokens, map(singular, tokens), pairs(tokens))


def build_lexicon(catalog: Iterable[Item] = (), domain: Domain | None = None) -> Lexicon:
    """All phrases of the vocabulary, and the values that the items of a catalog use beyond it.

    Args:
        catalog: the items.
        domain: whose vocabulary; None = as the items' categories tell.
    """
    items = tuple(catalog)
    words = domain or domain_of(item.category for item in items)
    table: dict[Phrase, Meaning] = {}
    for value, missing in words.not_carried.items():
        _add(table, value, Meaning("not carried", (missing,)))
    for attribute, value in _own_values(items):
        _add(table, value, Meaning(attribute, (value,)))
    own_kinds = {value: phrase for phrase, m in table.items() if m.attribute == "kind" for value in m.values}
    _add_looks(table, words)
    for name, others in words.categories.items():
        _add_all(table, (name, *others), Meaning("category", (name,)))
    for values, others in words.category_groups.items():
        _add_all(table, others, Meaning("category", values))
    for name, (_, others) in words.kinds.items():
        _add_all(table, (name, *others), Meaning("kind", (name,)))
    for name, kinds in words.kind_groups.items():
        _add(table, name, Meaning("kind", kinds))
    told = {name: category for name, phrase in own_kinds.items() if (category := _head_category(phrase, table))}
    categories = told | {name: category for name, (category, _) in words.kinds.items()}
    titles = frozenset(form for item in items for form in _forms(tokens_of(item.title)))
    return Lexicon(table, words, categories, max(map(len, table), default=0), titles)


def _own_values(items: Iterable[Item]) -> tuple[tuple[str, str], ...]:
    """(attribute, value) of all that items state, each once, in the order in which they are last said."""
    last: dict[tuple[str, str], None] = {}
    for item in items:
        for attribute in ("kind", "colours", "material", "pattern", "style"):
            for value in values_of(item, attribute):
                last.pop((attribute, value), None)
                last[attribute, value] = None
    return tuple(last)


def _add_looks(table: dict[Phrase, Meaning], words: Domain) -> None:
    """The phrases of style, place, size, sleeve, pattern, material and colour."""
    for attribute, table_of in (("style", words.styles), ("place", words.places)):
        for name, others in table_of.items():
            own = (name,) if attribute == "style" else ()  # "wall" alone is no place: "a grey like my wall"
            _add_all(table, (*own, *others), Meaning(attribute, (name,)))
    for values, said in words.uses.items():
        _add_all(table, said, Meaning("use", values))
    table.update({tuple(tokens_of(name)): Meaning("size", (name,)) for name in words.size_words})  # no plurals
    table.update({tuple(tokens_of(name)): Meaning("lightness", (name,)) for name in words.lightness_words})
    for name, others in words.details.items():
        _add_all(table, others, Meaning("detail", (name,)))
    for name, others in words.sleeves.items():
        alone = () if name in vocabulary.SLEEVES_NOT_ALONE else (name,)
        _add_all(table, (*alone, *others), Meaning("sleeve", (name,)))
    for name, family in words.sleeve_families.items():
        _add(table, name, Meaning("sleeve", family))
    for name, family in words.pattern_families.items():
        _add(table, name, Meaning("pattern", family))
    for attribute, table_of in (("pattern", words.patterns), ("material", words.materials)):
        for name, others in table_of.items():
            _add_all(table, (name, *others), Meaning(attribute, (name,)))
    for name, others in words.colours.items():
        _add(table, name, Meaning("colours", words.colour_families.get(name, (name,))))
        _add_all(table, others, Meaning("colours", (name,)))
    for name in words.colour_families.keys() - words.colours.keys():
        _add(table, name, Meaning("colours", words.colour_families[name]))
    for name, family in words.material_families.items():
        _add_all(table, (name, *words.materials.get(name, ())), Meaning("material", family))


def _head_category(phrase: Phrase, table: Mapping[Phrase, Meaning]) -> str:
    """The category that the last words of a kind name: an "egg chair" is a chair; "" if they name none."""
    for start in range(len(phrase)):
        meaning = table.get(phrase[start:])
        if meaning is not None and meaning.attribute == "category" and len(meaning.values) == 1:
            return meaning.values[0]
    return ""


def _add(table: dict[Phrase, Meaning], said: str, meaning: Meaning) -> None:
    """Add a phrase with its plural; later tables win over earlier ones."""
    phrase = tuple(tokens_of(said))
    if phrase:
        table.update(dict.fromkeys(plurals(phrase), meaning))


def _add_all(table: dict[Phrase, Meaning], phrases: Iterable[str], meaning: Meaning) -> None:
    for said in phrases:
        _add(table, said, meaning)


def find_terms(tokens: list[str], lexicon: Lexicon) -> list[Term]:
    """Phrases in reading order without overlap, the longest at each place."""
    terms: list[Term] = []
    place = 0
    while place < len(tokens):
        for length in range(min(lexicon.longest, len(tokens) - place), 0, -1):
            phrase = tuple(tokens[place : place + length])
            if phrase in lexicon.phrases:
                terms.append(Term(lexicon.phrases[phrase], place, place + length, " ".join(phrase)))
                place += length
                break
        else:
            place += 1
    return _things_alone(tokens, _adjectives(terms, lexicon.domain.before_things), lexicon.domain)


def _adjectives(terms: list[Term], before_things: Mapping[str, str]) -> list[Term]:
    """The same with names of things that are adjectives of the next thing read as such: "a light leather sofa"."""
    read: list[Term] = []
    for term in reversed(terms):
        following = read[-1] if read else None
        described = following is not None and following.start == term.end and following.meaning.attribute in _DESCRIBED
        if term.said in before_things and described:
            term = replace(term, meaning=Meaning("lightness", (before_things[term.said],)))
        read.append(term)
    return read[::-1]


def _things_alone(tokens: list[str], terms: list[Term], domain: Domain) -> list[Term]:
    """The same with materials read as the thing where nothing else names one: "a knit", but "the same in knit"."""
    if any(term.meaning.attribute in ("kind", "category") for term in terms):
        return terms
    return [
        replace(term, meaning=Meaning("kind", domain.kind_groups[domain.names_things[term.said]]))
        if term.said in domain.names_things and _OF_MATERIAL.isdisjoint(tokens[max(0, term.start - 2) : term.start])
        else term
        for term in terms
    ]


@cache
def _vocabularies() -> frozenset[str]:
    """All single words of all vocabularies, without any catalog's own."""
    words = {word for domain in DOMAINS.values() for phrase in build_lexicon(domain=domain).phrases for word in phrase}
    return frozenset(words).union(*(domain.fillers for domain in DOMAINS.values()))


def canonical(attribute: str, value: str, lexicon: Lexicon) -> str:
    """The vocabulary's name for a catalog's value ("grey" for "charcoal"); else the value itself, lower-case."""
    meaning = lexicon.phrases.get(tuple(tokens_of(value)))
    if meaning is None or meaning.attribute != attribute:
        return value.strip().lower()
    # A family name stands for itself in a catalog: "blue" is blue, though who asks for blue accepts navy.
    own = value.strip().lower()
    return own if own in meaning.values else meaning.values[0]


def canonical_materials(value: str, lexicon: Lexicon) -> str:
    """The vocabulary's names for what a catalog says of materials ("oak and powder-coated steel" → "oak, steel").

    A value that no vocabulary knows, and any in a catalog whose items have one material each, stays whole.
    """
    if "material" not in lexicon.domain.joint:
        return canonical("material", value, lexicon)
    found = []
    for part in re.split(r"\s*(?:[,;/&+]|\band\b|\bwith\b)\s*", value):
        plain = " ".join(token for token in tokens_of(part) if token not in lexicon.domain.material_modifiers)
        found.append(canonical("material", plain or part, lexicon))
    return MATERIAL_MARK.join(name for name in dict.fromkeys(found) if name)


def other_domain(text: str, domain: Domain) -> tuple[Domain, str] | None:
    """The domain that a text names things of when it names none of `domain`.

    Returns:
        the domain and the words that name its things, or None.
    """
    tokens = tokens_of(in_english(text.lower(), _vocabularies()).text)
    things = {name: _things(tokens, build_lexicon(domain=each)) for name, each in DOMAINS.items()}
    own = things.pop(domain.name)
    for name, others in things.items():
        # "shoe cabinet" names no shoe: a thing inside a longer name is not meant.
        left = [term for term in own if not any(_inside(term, other) for other in others)]
        named = [term for term in others if not any(_inside(term, one) for one in own)]
        if named and not left:
            return DOMAINS[name], ", ".join(dict.fromkeys(term.said for term in named))
    return None


def _things(tokens: list[str], lexicon: Lexicon) -> list[Term]:
    return [term for term in find_terms(tokens, lexicon) if term.meaning.attribute in ("category", "kind")]


def _inside(term: Term, other: Term) -> bool:
    """Whether a phrase is a part of another, longer one."""
    return other.start <= term.start and term.end <= other.end and other.end - other.start > term.end - term.start
