"""A parsing whose hem was taken for trousers: given back where the colours say so, and only there."""

from __future__ import annotations

import numpy as np
import pytest

from pipelines.perception.mending import mended
from pipelines.schema import PARSING_LABELS, Image, Mask

SIZE = (120, 80)
LABEL = {name: i for i, name in enumerate(PARSING_LABELS)}
BLUE, NAVY, WHITE = (40, 80, 200), (20, 20, 40), (235, 235, 230)


def a_person(hem: tuple[int, int, int], trousers: tuple[int, int, int], name: str = "lower") -> tuple[Mask, Image]:
    """A blue top down to row 50, its hem in `hem` down to row 70, trousers below; the parser ends the top at 50."""
    labels, photo = np.zeros(SIZE, np.uint8), np.full((*SIZE, 3), 128, np.uint8)
    for rows, label, colour in (((20, 50), "upper", BLUE), ((50, 70), name, hem), ((70, 118), "lower", trousers)):
        labels[slice(*rows), 20:60] = LABEL[label]
        photo[slice(*rows), 20:60] = colour
    return labels, photo


@pytest.mark.parametrize("name", ["lower", "dress"])
def test_a_hem_of_the_tops_colour_is_the_tops(name: str) -> None:
    labels, photo = a_person(BLUE, NAVY, name)
    out = mended(labels, photo)
    assert (out[52:67, 24:56] == LABEL["upper"]).all()
    assert (out[74:, 20:60] == labels[74:, 20:60]).all()
    assert np.array_equal(out[:50], labels[:50])


def test_a_tucked_in_top_stays_as_it_is() -> None:
    labels, photo = a_person(NAVY, NAVY)
    assert np.array_equal(mended(labels, photo), labels)


def test_in_one_colour_from_head_to_foot_nothing_is_given_back() -> None:
    labels, photo = a_person(BLUE, BLUE)
    assert np.array_equal(mended(labels, photo), labels)


def test_without_a_top_there_is_nothing_to_mend() -> None:
    labels, photo = a_person(WHITE, NAVY)
    labels[labels == LABEL["upper"]] = 0
    assert np.array_equal(mended(labels, photo), labels)
