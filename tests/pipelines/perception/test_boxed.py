"""A box around a thing gives its mask; a box around nothing is refused."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from pipelines.errors import BadInput
from pipelines.perception.boxed import grab_box


@pytest.fixture(scope="module")
def photo() -> tuple[np.ndarray, np.ndarray]:
    """A red armchair-like shape on a brown floor before a grey wall, and its mask."""
    picture = np.full((360, 480, 3), (190, 188, 180), np.uint8)
    picture[200:] = (150, 115, 80)
    true = np.zeros((360, 480), np.uint8)
    cv2.fillPoly(true, [np.array([[180, 150], [300, 150], [320, 280], [170, 290]])], 255)
    picture[true > 0] = (150, 40, 45)
    noisy = picture + np.random.default_rng(0).normal(0, 6, picture.shape)
    return np.clip(noisy, 0, 255).astype(np.uint8), true


@pytest.mark.parametrize("corners", [((0.33, 0.36), (0.7, 0.84)), ((0.7, 0.84), (0.33, 0.36))])
def test_the_thing_in_the_box_is_found_whichever_corners_are_marked(photo, corners):
    mask = grab_box(photo[0], *corners)
    assert mask.shape == (360, 480) and set(np.unique(mask)) == {0, 255}
    assert ((mask > 0) & (photo[1] > 0)).sum() / ((mask > 0) | (photo[1] > 0)).sum() > 0.93


def test_large_photos_and_small_ones_give_the_same_thing(photo):
    large = cv2.resize(photo[0], (1440, 1080), interpolation=cv2.INTER_CUBIC)
    mask = grab_box(large, (0.33, 0.36), (0.7, 0.84))
    assert mask.shape == (1080, 1440) and np.abs(mask[1::3, 1::3].astype(int) - photo[1]).mean() < 255 * 0.02


def test_the_same_box_gives_the_same_mask(photo):
    assert np.array_equal(*(grab_box(photo[0], (0.33, 0.36), (0.7, 0.84)) for _ in range(2)))


@pytest.mark.parametrize(
    ("corners", "says"),
    [
        (((0.5, 0.5), (0.51, 0.9)), "opposite corners"),
        (((0.0, 0.0), (1.0, 1.0)), "whole photo"),
    ],
)
def test_boxes_that_tell_nothing_are_refused(photo, corners, says):
    with pytest.raises(BadInput, match=says):
        grab_box(photo[0], *corners)
