"""The benchmark of prints: what it draws is there, and its figure falls with what makes words hard to read."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from benchmarks import tryon_prints as prints
from pipelines.renderers import tryon_networks

BOX = (60, 80, 120, 40)


@pytest.fixture(scope="module")
def flat() -> np.ndarray:
    """A grey picture with words in BOX."""
    picture = np.full((200, 240, 3), 190, np.uint8)
    x, y, width, height = BOX
    cover = cv2.resize(prints.letters(("WORDS",), 80, 0.04), (width, height), interpolation=cv2.INTER_AREA)
    picture[y : y + height, x : x + width] = 190 - cover[..., None] // 2
    return picture


def worn(flat: np.ndarray, waves: float = 0.0, turn: float = 0.0) -> np.ndarray:
    """A photo of it: half again as large, shifted, turned by degrees and bent by pixels."""
    matrix = cv2.getRotationMatrix2D((120, 100), turn, 1.5) + np.array([[0, 0, 40], [0, 0, 30]])
    photo = cv2.warpAffine(flat, matrix, (360, 300), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    y, x = np.mgrid[:300, :360].astype(np.float32)
    return cv2.remap(photo, x, y + waves * np.sin(x / 8), cv2.INTER_LINEAR)


#: What `worn` does to the picture, some pixels off.
ROUGHLY = np.array([[1.5, 0, 40 - 60 + 3], [0, 1.5, 30 - 50 - 3]])


def test_lines_are_wide_as_asked_and_bold_is_bolder():
    thin, bold = (prints.letters(("a", "word"), 60, weight) > 127 for weight in (0.0, 0.1))
    assert bold.sum() > 1.3 * thin.sum()
    assert prints.letters(("two", "lines"), 60, 0).shape[0] > 1.6 * prints.letters(("two",), 60, 0).shape[0]


@pytest.mark.parametrize("turn", [0.0, 4.0])
def test_a_print_that_is_only_moved_correlates(flat, turn):
    assert prints.print_ncc(flat, worn(flat, turn=turn), ROUGHLY, BOX) > 0.97


def test_a_bent_print_correlates_less_and_another_not_at_all(flat):
    straight, bent = (prints.print_ncc(flat, worn(flat, waves), ROUGHLY, BOX) for waves in (0.0, 5.0))
    assert bent < 0.9 < straight
    other = flat.copy()
    other[:] = 190
    cv2.circle(other, (120, 100), 20, (60, 60, 60), -1)
    assert prints.print_ncc(flat, worn(other), ROUGHLY, BOX) < 0.6


def test_a_print_is_drawn_worn_and_found_again():
    perception, pipe = tryon_networks()
    row, shown = prints.measure(prints.PRINTS[0], perception, pipe, height=512, steps=0)
    assert set(row) == set(prints.COLUMNS)
    assert row["words"] == "HELLO" and row["ncc"] > 0.8
    assert shown.shape == (prints.PANEL[1], 3 * prints.PANEL[0], 3)
    assert prints.sheet_of([row], [shown]).shape[1] == 2 * shown.shape[1]
