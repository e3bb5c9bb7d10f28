"""What people wear together: the counted tables as chances."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommend.domains import GARMENTS
from recommend.features import COLOUR_DIM, colour_vector
from recommend.pairings import PAIRINGS
from recommend.worn import COMMON, LIFTS, kind_chance, lift, mean_lightness, rarity, shared_colours, tone_chances


def test_the_table_names_kinds_in_their_order() -> None:
    assert all(kind < other for kind, others in LIFTS.items() for other in others)
    assert {*LIFTS, *(other for others in LIFTS.values() for other in others)} <= GARMENTS.kinds.keys()


@given(st.sampled_from(sorted(GARMENTS.kinds)), st.sampled_from(sorted(GARMENTS.kinds)))
def test_chances_of_kinds(kind: str, other: str) -> None:
    assert 0 < kind_chance(kind, other) == kind_chance(other, kind) <= 1


def test_what_is_seen_together_has_the_better_chance() -> None:
    assert kind_chance("shorts", "t-shirt") == 1 > kind_chance("jeans", "blazer") > kind_chance("sandals", "jeans")


def test_colours_repeat_and_lightness_differs() -> None:
    def side(histogram: int, lightness: float) -> tuple[np.ndarray, np.ndarray]:
        palette = np.zeros((1, 5, 4), np.float32)
        palette[0, 0] = lightness, 0, 0, 1
        return np.eye(COLOUR_DIM, dtype=np.float32)[[histogram]], palette

    repeated, contrast, neither = (
        tone_chances(side(0, 0.3), other)[0, 0] for other in (side(0, 0.3), side(1, 0.9), side(1, 0.3))
    )
    assert 1 >= repeated > contrast > neither > 0


def test_mean_lightness_is_by_area() -> None:
    palette = np.array([[[0.2, 0, 0, 0.75], [0.6, 0, 0, 0.25], [0, 0, 0, 0]]], np.float32)
    assert np.allclose(mean_lightness(palette), 0.3)


def test_no_kinds_clash_that_are_worn_together() -> None:
    clashes = {frozenset((kind, other)) for kind, others in PAIRINGS["garments"].clashes.items() for other in others}
    assert [pair for pair in clashes if lift(*pair) > 1.1] == []


def test_a_rare_colour_in_common_says_more_than_black() -> None:
    """Two garments half black, one of them half mustard, beside one that is mustard and one that is black."""
    cloth = np.zeros((8, 8, 3), np.uint8)
    mustard, black = cloth + np.array([210, 160, 30], np.uint8), cloth + np.uint8(20)
    both = np.concatenate([mustard, black])
    half, *whole = (colour_vector(picture)[None] for picture in (both, mustard, black))
    weights = rarity(COMMON)
    assert shared_colours(half, whole[0], weights) > 0.9 > 0.3 > shared_colours(half, whole[1], weights)
    assert shared_colours(half, half, weights) == pytest.approx(1)
    assert all(0 <= place < COLOUR_DIM for place in COMMON) and (weights <= 1).all()
