"""Slips of the finger in words that the vocabulary knows: "lether" → "leather", "withuot" → "without". Pure functions.

A slip is one letter too many, one too few, or two that changed places, behind the first letter. A wrong letter is left
alone: too many words are one letter away from another ("while" and "white").
"""

from __future__ import annotations

import re
import string
from collections.abc import Collection, Iterator
from typing import Final

_WORD: Final = re.compile(r"(?<![\w'’-])[a-z]{4,20}(?![\w'’])")
#: Shorter words are mended only where two letters changed places.
_LEAST: Final = 5
#: Words that no vocabulary lists and that are one slip away from one that it does.
_MEANT: Final = frozenset("coast grown partly form there".split())


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
            meant = {slip for slip in _slips(word) if slip in wanted}
            if len(meant) == 1:
                changed[word] = meant.pop()
    return _WORD.sub(lambda match: changed.get(match[0], match[0]), text), tuple(changed.items())


def _slips(word: str) -> Iterator[str]:
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
