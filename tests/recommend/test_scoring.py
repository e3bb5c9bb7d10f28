"""Chances of candidates by the parts of a query, worked out on rows made up here."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from recommend import scoring
from recommend.composing import Look
from recommend.domains import FURNITURE, GARMENTS
from recommend.index_table import Rows
from recommend.schema import Facet, Filters, Item, RoomContext, Understanding
from recommend.scoring import Evidence
from tests.recommend.conftest import TinyEmbedder

CALIBRATIONS = TinyEmbedder.calibrations
AXES = np.eye(4, dtype=np.float32)


@pytest.fixture
def rows() -> Rows:
    """Four items whose vectors are at right angles to each other."""
    items = tuple(Item(str(n), f"thing {n}", "upper", 10.0 * n + 10, f"{n}.png", material="linen") for n in range(4))
    palettes = np.zeros((4, scoring.PALETTE_ROWS, 4), np.float32)
    palettes[:, 0] = [[0.2 * n + 0.2, 0, 0, 1] for n in range(4)]
    vectors = {"semantic": AXES, "words": AXES[::-1], "colour": AXES, "palette": palettes.reshape(4, -1)}
    return Rows(items, ("",) * 4, vectors)


def test_nothing_asked_gives_no_chances(rows: Rows) -> None:
    assert scoring.chances_of(rows, Understanding(), Evidence(), CALIBRATIONS, GARMENTS) == {}


def test_picture_and_title_are_two_readings_of_the_same_words(rows: Rows) -> None:
    evidence = Evidence(text=AXES[0], title=AXES[0])
    certain = replace(GARMENTS, picture_certainty=1.0)
    found = scoring.chances_of(rows, Understanding(words="thing"), evidence, CALIBRATIONS, certain)
    picture = CALIBRATIONS["text"].chance(rows.vectors["semantic"] @ AXES[0])
    title = CALIBRATIONS["title"].chance(rows.vectors["words"] @ AXES[0])
    np.testing.assert_allclose(found["words"] * found["title"], np.sqrt(picture * title), rtol=1e-6)


def test_what_is_not_trusted_of_pictures_is_not_given_to_titles(rows: Rows) -> None:
    evidence, none = Evidence(text=AXES[0], title=AXES[0]), replace(GARMENTS, picture_certainty=0.0)
    some, without = (
        scoring.chances_of(rows, Understanding(words="thing"), evidence, CALIBRATIONS, domain)
        for domain in (GARMENTS, none)
    )
    np.testing.assert_array_equal(some["title"], without["title"])
    assert (without["words"] == 1).all() and np.ptp(some["words"]) > 0.1


def test_colours_that_the_words_name_replace_those_of_the_picture(rows: Rows) -> None:
    evidence = Evidence(likes=(Look(AXES[1], AXES[1]),))
    plain = scoring.chances_of(rows, Understanding(), evidence, CALIBRATIONS, GARMENTS)
    assert plain["like colour"].argmax() == plain["like"].argmax() == 1
    for words in (Understanding(filters=Filters(colours=(("red",),))), Understanding(lightness=-1)):
        assert "like colour" not in scoring.chances_of(rows, words, evidence, CALIBRATIONS, GARMENTS)


def test_no_room_overrules_a_wish(rows: Rows) -> None:
    oak = Understanding(wishes=(Facet("material", ("oak",)),))
    palette = np.array([[0.5, 0, 0, 1]], np.float32)
    room = RoomContext(palette, palette)
    alone, beside = (
        scoring.chances_of(rows, oak, evidence, CALIBRATIONS, FURNITURE)["wishes"]
        for evidence in (Evidence(), Evidence(room=room))
    )
    assert (beside < alone).all()


@pytest.mark.parametrize(
    ("words", "evidence"),
    [
        (Understanding(), Evidence()),
        (Understanding(words="a"), Evidence(text=AXES[0], title=AXES[0])),
        (Understanding(lightness=1), Evidence()),
        (Understanding(cheapness=1), Evidence(worn={"lower": np.array([[0.5, 0.1, 0, 1]], np.float32)})),
        (Understanding(), Evidence(beside=np.array([[0.5, 0.1, 0, 1]], np.float32))),
        (Understanding(), Evidence(dislikes=(Look(AXES[1], AXES[1]),), told={"0": AXES[0]}, events={"0": "like"})),
    ],
)
def test_the_vectors_said_to_be_compared_are_enough(rows: Rows, words: Understanding, evidence: Evidence) -> None:
    named = scoring.compared(words, evidence)
    read = replace(rows, vectors={name: rows.vectors[name] for name in named})
    found, whole = (scoring.chances_of(some, words, evidence, CALIBRATIONS, GARMENTS) for some in (read, rows))
    assert found.keys() == whole.keys() and all((found[name] == whole[name]).all() for name in found)
    split = {name: float(chances[0]) for name, chances in found.items()}
    assert scoring.picture_facts(read, 0, split, evidence) == scoring.picture_facts(rows, 0, split, evidence)


def test_pictures_are_said_to_be_alike_only_where_they_are(rows: Rows) -> None:
    evidence = Evidence(likes=(Look(AXES[2], AXES[2]),), liked_as="“thing”")
    split = {"like": 0.9}
    assert scoring.picture_facts(rows, 2, split, evidence) == ["looks like “thing”", "the colours of “thing”"]
    assert scoring.picture_facts(rows, 1, {"like": 0.7}, evidence) == []
