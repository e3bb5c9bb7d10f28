"""Slips of the finger in words that the vocabulary knows: "lether" → "leather", "withuot" → "without". Pure functions.

A slip is one letter too many, one too few, or two that changed places, behind the first letter; in longer words also a
wrong vowel ("blezer"). Other wrong letters are left alone: too many words are one letter away from another ("while" and
"white").
"""

from __future__ import annotations

import re
import string
from collections.abc import Collection, Iterator
from typing import Final

_WORD: Final = re.compile(r"(?<![\w'’-])[a-z]{4,20}(?![\w'’])")
#: Shorter words are mended only where two letters changed places.
_LEAST: Final = 5
#: Shorter words are not mended where a vowel is wrong.
_LEAST_VOWEL: Final = 6
_VOWELS: Final = "aeiouy"
#: English words and first names that no vocabulary lists and that are one slip away from one that it does: found among
#: the whole words that MiniLM knows, and chosen by whether a shopper may mean them.
_MEANT: Final = frozenset(
    """
    ached arena arrests assemble ballot bands barber basis battle beads began bends beside besides blaze blocks book
    boost booth booths bottled brandy breach brook brooks brows bullet bushes cameo camps canoe case caste cause causes
    cease chicks choral chord chords chunk clement close closes clover coaches coast coasts comfortably cost costs
    county covert crane crater create creates crouch curate deliver diner divide divides donor donors doubled drown
    eight ethics excerpt expansive factor factors failing fairy famed figured filed filling filming fist fists flair
    fleet float flora flour form fully gleam grown guaranteed guess handy hates heats heaviest housed irony kevin kinds
    knocks knotted laced lance leads lengthy lightning liked linden linger living loosen loses losses love loved lover
    loving make maker males marion meals medial median mental meter meters moist moody noting officer officers oliver
    outsider packets paint paints paired palace palmer panting parked parks parted partly parts paste patrol patted
    pictured pierce placed plain planet planets plans pleas pleased plotted plump plush pointing ponds pool pools power
    proves pursue radios radius rates ready reins resign robbed rocky rosie rubbed rugby rusty sable sacks salon sample
    samples sandy scale scales scandal scars seeks seize seized shock shocks shone shopping shore shores shots shove
    side sided simpler simplest simply singles sites slated sleepy slide smells snowy socks sofia sorts sourced spaced
    stacks stage stages stains stale state states stature status statute steals sticky strain strand strands strip
    stripped strips studios sturdy suite summary sung sweat sweating sweaty sweets tablet tablets tales tally tapes
    teens teller there thirsty thrown tides tiles timer times tires trade traded trader traders tries unfit unite unity
    victoria violent waiter walter warrant water weigh weighs widen width wilder wishes witch woody
    """.split()
)


def mend(text: str, known: Collection[str], wanted: Collection[str]) -> tuple[str, tuple[tuple[str, str], ...]]:
    """Lower-case `text` without slips that have one explanation.

    Args:
        text: what was asked.
        known: words that are right as they are.
        wanted: words that others may be slips of.

    Returns:
        the text, and each word that was changed with what it became.
    """
    changed: dict[str, str] = {}
    for match in _WORD.finditer(text):
        word = match[0]
        if word not in known and word not in _MEANT:
            meant = {slip for slip in slips(word) if slip in wanted}
            if len(meant) == 1:
                changed[word] = meant.pop()
    return _WORD.sub(lambda match: changed.get(match[0], match[0]), text), tuple(changed.items())


def slips(word: str) -> Iterator[str]:
    """All words that `word` may be a slip of."""
    for place in range(1, len(word) - 1):
        yield word[:place] + word[place + 1] + word[place] + word[place + 2 :]
    if len(word) < _LEAST:
        return
    for place in range(1, len(word) + 1):
        before, after = word[:place], word[place:]
        if after != "s":  # a plural is no slip
            yield before + after[1:]
        yield from (before + letter + after for letter in string.ascii_lowercase if after or letter != "s")
    if len(word) >= _LEAST_VOWEL:
        yield from (
            word[:place] + vowel + word[place + 1 :]
            for place in range(1, len(word))
            if word[place] in _VOWELS
            for vowel in _VOWELS
        )
