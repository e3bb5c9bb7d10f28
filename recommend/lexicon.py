"""From words to meanings: the vocabulary turned into a table of phrases, and found in a text. Pure functions."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from recommend import vocabulary as words
from recommend.schema import Item, values_of

Phrase = tuple[str, ...]


@dataclass(frozen=True)
class Meaning:
    """What a phrase means: an attribute (as in `schema.FACETS`, or "not carried") and the values that satisfy it."""

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


Lexicon = Mapping[Phrase, Meaning]

_TOKEN: Final = re.compile(r"\d+/\d+|[^\W_]+(?:'[a-z]+)?|[,;./&+]")


def tokens_of(text: str) -> list[str]:
    """Lower-case words and the marks that separate lists; hyphens split words ("t-shirt" is two tokens)."""
    plain = text.lower().replace("’", "'").replace("`", "'")
    return [re.sub(r"'s$", "s", token) for token in _TOKEN.findall(plain)]


def plurals(phrase: Phrase) -> Iterator[Phrase]:
    """The phrase itself and with its last word in the plural."""
    yield phrase
    last = phrase[-1]
    if not last.endswith("s") or last.endswith("ss"):
        ending = "es" if last.endswith(("s", "sh", "ch", "x")) else "s"
        yield (*phrase[:-1], last + ending)
    if last.endswith("y") and len(last) > 3:
        yield (*phrase[:-1], last[:-1] + "ies")
    if last.endswith("f"):
        yield (*phrase[:-1], last[:-1] + "ves")


def build_lexicon(catalog: Iterable[Item] = ()) -> Lexicon:
    """All phrases of the vocabulary, and the values that the items of a catalog use beyond it."""
    table: dict[Phrase, Meaning] = {}
    for value, missing in words.NOT_CARRIED.items():
        _add(table, value, Meaning("not carried", (missing,)))
    for item in catalog:
        for attribute in ("kind", "colours", "material", "pattern", "style"):
            for value in values_of(item, attribute):
                _add(table, value, Meaning(attribute, (value,)))
    for name, others in words.STYLES.items():
        _add_all(table, (name, *others), Meaning("style", (name,)))
    for name, others in words.SLEEVES.items():
        alone = () if name in words.SLEEVES_NOT_ALONE else (name,)
        _add_all(table, (*alone, *others), Meaning("sleeve", (name,)))
    for name, family in words.PATTERN_FAMILIES.items():
        _add(table, name, Meaning("pattern", family))
    for attribute, names in (("pattern", words.PATTERNS), ("material", words.MATERIALS)):
        for name, others in names.items():
            _add_all(table, (name, *others), Meaning(attribute, (name,)))
    for name, others in words.COLOURS.items():
        _add(table, name, Meaning("colours", words.COLOUR_FAMILIES.get(name, (name,))))
        _add_all(table, others, Meaning("colours", (name,)))
    for name, others in words.CATEGORIES.items():
        _add_all(table, (name, *others), Meaning("category", (name,)))
    for name, (_, others) in words.KINDS.items():
        _add_all(table, (name, *others), Meaning("kind", (name,)))
    for name, kinds in words.KIND_GROUPS.items():
        _add(table, name, Meaning("kind", kinds))
    return table


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
    longest = max((len(phrase) for phrase in lexicon), default=0)
    terms: list[Term] = []
    place = 0
    while place < len(tokens):
        for length in range(min(longest, len(tokens) - place), 0, -1):
            phrase = tuple(tokens[place : place + length])
            if phrase in lexicon:
                terms.append(Term(lexicon[phrase], place, place + length, " ".join(phrase)))
                place += length
                break
        else:
            place += 1
    return terms


def canonical(attribute: str, value: str, lexicon: Lexicon) -> str:
    """The vocabulary's name for a catalog's value ("grey" for "charcoal"); else the value itself, lower-case."""
    meaning = lexicon.get(tuple(tokens_of(value)))
    if meaning is None or meaning.attribute != attribute:
        return value.strip().lower()
    # A family name stands for itself in a catalog: "blue" is blue, though who asks for blue accepts navy.
    own = value.strip().lower()
    return own if own in meaning.values else meaning.values[0]
