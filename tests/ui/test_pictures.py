"""Pictures to and from the page."""

from __future__ import annotations

import io

import cv2
import numpy as np
import pytest
from PIL import Image as PILImage

from tests.conftest import picture
from ui import pictures


def encode(pixels: np.ndarray, kind: str = "PNG") -> bytes:
    buffer = io.BytesIO()
    PILImage.fromarray(pixels).save(buffer, format=kind)
    return buffer.getvalue()


@pytest.mark.parametrize("size", [(50, 900), (900, 50), (64, 64), (2000, 1590), (480, 384)])
def test_cards_have_one_size(size: tuple[int, int]) -> None:
    assert pictures.card(picture(*size)).shape == (*pictures.CARD, 3)


@pytest.mark.parametrize("size", [(300, 900), (900, 300), (400, 400)])
def test_a_card_shows_all_of_a_picture_of_another_shape_on_the_colour_of_its_edge(size: tuple[int, int]) -> None:
    pixels = np.full((*size, 3), (10, 60, 200), np.uint8)
    for y in (30, size[0] - 30):  # marks near all four corners
        for x in (30, size[1] - 30):
            pixels[y - 20 : y + 20, x - 20 : x + 20] = (250, 240, 10)
    card = pictures.card(pixels)
    yellow = (card[..., 0] > 200).astype(np.uint8)
    assert tuple(card[0, 0]) == (10, 60, 200)
    assert cv2.connectedComponents(yellow)[0] - 1 == 4


def test_a_picture_of_nearly_the_shape_of_a_card_fills_it() -> None:
    pixels = np.full((400, 300, 3), (10, 60, 200), np.uint8)
    pixels[:, :40] = 255
    assert (pictures.card(pixels)[:, 0] == 255).all()


def test_fit_keeps_the_shape_and_never_enlarges() -> None:
    assert pictures.fit(picture(4000, 1000), 1280).shape == (1280, 320, 3)
    small = picture(70, 90)
    assert pictures.fit(small, 1280) is small
    assert pictures.fit(picture(9000, 64), 320).shape == (320, 2, 3)


def test_transparent_parts_are_white() -> None:
    rgba = np.dstack([np.full((4, 4, 3), 100, np.uint8), np.array([[0, 255, 128, 255]] * 4, np.uint8)])
    white = pictures.on_white(rgba)
    assert white.dtype == np.uint8
    assert white[0, :, 0].tolist() == [255, 100, 177, 100]
