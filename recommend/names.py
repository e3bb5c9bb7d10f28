"""Whether words are an item's own name, its title: whole, without a word or two, in another order. Pure functions.

Titles are compared twice, by their plain words and by what these mean, so that "coffee round table" is a round coffee
table and a tee is a T-shirt.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from recommend.lexicon import Lexicon, Meaning, Term, find_terms, pairs, singular, tokens_of
from recommend.rerank import UNSTATED
from recommend.schema import Filters, Floats, Item
from recommend.spelling import slips

#: From this share of words in common on, words are a name: "cocktail chair" of "Cocktail chair, ochre".
NAMED: Final = 0.8
#: How steeply a chance rises from there to the whole name: what is named comes first, and its namesakes after it.
STEEPNESS: Final = 12


@dataclass(frozen=True)
class Name:
    """What a title, or words that may be one, says.

    Attributes:
        words: in the singular, without those that say nothing by themselves; of several names of the same thing ("roll
            neck") the first.
        senses: the same by what they mean; a word without a meaning stands for itself, and such a name for both.
        joined: words that follow each other as one: "crewneck".
        slips: what the words that nobody knows may be slips of.
    """

    words: frozenset[str]
    senses: frozenset[str | Meaning]
    joined: frozenset[str] = frozenset()
    slips: frozenset[str] = frozenset()

    def likeness(self, title: Name) -> float:
        """How nearly these words are that title: the words in common among those of both, 0 to 1.

        A single word that is not the whole title is none: who asks for a plant does not name the umbrella plant.
        """
        shares = [float(self.words == title.words)]
        for said, named in ((self.words, title.words), (self.senses, title.senses)):
            common = len(said & named) + len((named - said) & self.slips)
            shares.append(2 * common / (len(said) + len(named)) if common > 1 else 0.0)
        return max(shares)

    def has(self, word: str) -> bool:
        """Whether this title has a word, by itself or as two."""
        return word in self.words or word in self.senses or word in self.joined


def is_named(asked: Name, item: Item, title: Name, filters: Filters) -> bool:
    """Whether an item is asked for by its name, and what of the filters it does not satisfy comes of that name alone.

    "Grey badge hoodie" is not the name of a teal one, though nearly; "Cocktail chair" is that of an armchair.
    """
    if asked.likeness(title) < NAMED:
        return False
    own = {meaning for meaning in asked.senses & title.senses if isinstance(meaning, Meaning)}
    things = any(meaning.attribute in ("category", "kind") for meaning in own)
    return asked.words <= title.words or (
        (things or not filters.categories or item.category in filters.categories)
        and all(
            Meaning("colours", group) in own or not set(group).isdisjoint(item.colours) for group in filters.colours
        )
    )


def name_chances(asked: Name, titles: Sequence[Name]) -> Floats:
    """How well each of N titles (N,) is what was asked for by name, beside the one that is it best, which has 1.

    Where one is named, little is left to the others. A word without another meaning that some titles have counts
    against those that have it not.
    """
    alike = np.array([asked.likeness(title) for title in titles], np.float32)
    chances = np.maximum(alike, NAMED) ** STEEPNESS
    for word in asked.senses:
        if isinstance(word, str):
            chances *= np.array([1 if title.has(word) else UNSTATED for title in titles], np.float32)
    return np.asarray(chances / chances.max(), np.float32)


def name_of(text: str, lexicon: Lexicon) -> Name:
    """A title, or words that were asked, as a name."""
    tokens = tokens_of(text)
    terms = find_terms(tokens, lexicon)
    said = {place: singular(token) for place, token in enumerate(tokens) if _names(token, lexicon)}
    meant = [term for term in terms if said.keys() & range(term.start, term.end)]
    first = {name: group[0] for group in lexicon.domain.same_thing for name in group}
    renamed = [term for term in meant if singular(term.said) in first]
    names = {first[singular(term.said)] for term in renamed}
    alone = {place: said[place] for place in said.keys() - _places(terms)}
    strange = [word for place, word in alone.items() if tokens[place] not in lexicon.known]
    return Name(
        words=frozenset(names.union(said[place] for place in said.keys() - _places(renamed))),
        senses=frozenset((*alone.values(), *names, *(term.meaning for term in meant))),
        joined=frozenset(pairs(tokens)),
        slips=frozenset(slip for word in strange for slip in slips(word)),
    )


def _places(terms: Sequence[Term]) -> set[int]:
    """Places of the words in some phrases."""
    return {place for term in terms for place in range(term.start, term.end)}


def _names(token: str, lexicon: Lexicon) -> bool:
    """Whether a word tells one title from another; sizes are read as limits, and marks are no words."""
    return token[0].isalpha() and token not in lexicon.domain.fillers
