"""Requests in Spanish, German or French, brought into English word by word. Pure functions.

It is no translation: only the words of shopping are carried over, in their order, so that what follows reads them like
English. A word that no row holds stays as it is, and is said to be taken loosely like any unknown one.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import product
from typing import Final

from recommend.glossary_talk import TALK
from recommend.glossary_words import COMPOUNDING, LANGUAGES, ROWS, Row

_WORD: Final = re.compile(r"[^\W\d_]+")
_GAP: Final = re.compile(r"[\s'’-]{1,2}")
#: "1 200": a space, of whichever width, that groups thousands.
_GROUPED: Final = re.compile(r"(?<=\d)[ \u00a0\u202f](?=\d{3}(?!\d))")
#: Letters that either part of a compound ("Leder|sofa") has at least.
_LEAST_PART: Final = 3
_LONGEST: Final = 5


@dataclass(frozen=True)
class Reading:
    """A text in English words.

    Attributes:
        text: lower-case, with numbers and marks as they were.
        language: "Spanish", "German" or "French"; "" = it was taken for English and left alone.
    """

    text: str
    language: str = ""


@dataclass(frozen=True, eq=False)
class _Glossary:
    """One language: phrases of folded words → English, the first words of those with several, endings, compounds."""

    phrases: Mapping[tuple[str, ...], str]
    beginnings: frozenset[str]
    endings: tuple[tuple[str, str], ...]
    compounding: bool


def in_english(text: str, english: Collection[str], talk: bool = False) -> Reading:
    """`text` in English words, if more of its words belong to another language than only to English.

    Args:
        text: lower-case.
        english: the words that are understood as they are; those that a language shares count for neither.
        talk: whether it is a message of a conversation, with words that requests have not: "the second one, please".
    """
    english = frozenset(english) | english_words(talk)
    text = unicodedata.normalize("NFC", text)
    best, found = 0, Reading(text)
    for language in LANGUAGES:
        carried, balance = _carry(text, _glossary(language, talk), english)
        if balance > best:
            best, found = balance, Reading(_GROUPED.sub("", carried), language)
    return found


def _carry(text: str, glossary: _Glossary, english: Collection[str]) -> tuple[str, int]:
    """The text with all known phrases replaced, and how many more words are the language's alone than English alone."""
    words = list(_WORD.finditer(text))
    said = [_fold(word[0]) for word in words]
    parts, end, place, balance = [], 0, 0, 0
    while place < len(words):
        length, meaning = _longest(text, words, said, place, glossary)
        if length:
            balance += sum(word[0] not in english for word in words[place : place + length])
            parts += [text[end : words[place].start()], meaning]
            end = words[place + length - 1].end()
            if text[end : end + 1] in ("'", "’"):  # "d'été" → "of summer"
                parts, end = [*parts, " "], end + 1
        else:
            balance -= words[place][0] in english
        place += length or 1
    return "".join([*parts, text[end:]]), balance


def _longest(
    text: str, words: list[re.Match[str]], said: list[str], place: int, glossary: _Glossary
) -> tuple[int, str]:
    """How many words the longest phrase at `place` has, 0 if there is none, and its English."""
    run = 1
    if not glossary.beginnings.isdisjoint(_forms(said[place], glossary.endings)):
        while run < min(_LONGEST, len(words) - place):
            if not _GAP.fullmatch(text, words[place + run - 1].end(), words[place + run].start()):
                break
            run += 1
    for length in range(run, 0, -1):
        for phrase in product(*(_forms(word, glossary.endings) for word in said[place : place + length])):
            if phrase in glossary.phrases:
                return length, glossary.phrases[phrase]
    return (1, compound) if (compound := _compound(said[place], glossary)) else (0, "")


def _compound(word: str, glossary: _Glossary) -> str:
    """The English of a word made of two known ones, as German makes them: "ledersofa" → "leather sofa"; "" if none."""
    for split in range(len(word) - _LEAST_PART, _LEAST_PART - 1, -1) if glossary.compounding else ():
        parts = [_single(word[:split], glossary), _single(word[split:], glossary)]
        if all(parts):
            return " ".join(parts)
    return ""


def _single(word: str, glossary: _Glossary) -> str:
    """The English of one word, "" if it has none."""
    return next((glossary.phrases[form,] for form in _forms(word, glossary.endings) if (form,) in glossary.phrases), "")


def _forms(word: str, endings: tuple[tuple[str, str], ...]) -> tuple[str, ...]:
    """The word as it is and without each ending that it has."""
    return (word, *dict.fromkeys(_stems(word, endings)))


def _stems(word: str, endings: tuple[tuple[str, str], ...]) -> Iterator[str]:
    for ending, stands_for in endings:
        if word.endswith(ending) and len(word) - len(ending) >= _LEAST_PART:
            yield word[: -len(ending)] + stands_for


def _fold(word: str) -> str:
    """Lower-case without accents: "größe" → "grosse"."""
    spelt = unicodedata.normalize("NFKD", word.lower().replace("ß", "ss").replace("œ", "oe"))
    return "".join(letter for letter in spelt if not unicodedata.combining(letter))


@cache
def _glossary(language: str, talk: bool) -> _Glossary:
    column = list(LANGUAGES).index(language)
    phrases = {
        tuple(_fold(word) for word in _WORD.findall(said)): english
        for english, row in _rows(talk).items()
        for said in filter(None, row[column].split(", "))
    }
    beginnings = frozenset(phrase[0] for phrase in phrases if len(phrase) > 1)
    return _Glossary(phrases, beginnings, LANGUAGES[language], language in COMPOUNDING)


@cache
def english_words(talk: bool = False) -> frozenset[str]:
    """All words that requests are brought into, or messages of a conversation."""
    return frozenset(word for english in _rows(talk) for word in _WORD.findall(english))


def _rows(talk: bool) -> Mapping[str, Row]:
    return {**ROWS, **TALK} if talk else ROWS
