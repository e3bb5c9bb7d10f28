"""Pictures as shops have them: what a decoder would spoil, and what shows no item."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as PILImage

from recommend.errors import BadInput
from recommend.pictures import read_item_picture, read_picture

RAMP = np.linspace(0, 255, 64 * 64).reshape(64, 64).round().astype(np.uint8)


@pytest.mark.parametrize(
    ("name", "values"),
    [("grey16.png", RAMP.astype(np.uint16) * 257), ("grey32.tif", (RAMP / 255).astype(np.float32))],
)
def test_deep_greys_keep_their_shades(tmp_path: Path, name: str, values: np.ndarray) -> None:
    PILImage.fromarray(values).save(tmp_path / name)
    read = read_picture(tmp_path / name, "it")
    assert np.abs(read[..., 0].astype(int) - RAMP).max() <= 1 and (read[..., 0] == read[..., 2]).all()


@pytest.mark.parametrize(
    ("size", "message"),
    [
        ((1, 1), "got 1 × 1 pixels; allowed: at least 8 a side"),
        ((30_000, 4), "got 30000 × 4 pixels; allowed: at least 8 a side"),
        ((30_000, 1400), "got 30000 × 1400 pixels; allowed: .*40 megapixels"),
        ((12_000, 10_000), "got 12000 × 10000 pixels; allowed: .*40 megapixels"),
        ((20_000, 20_000), "got far more than 40 megapixels"),
    ],
)
def test_too_small_and_too_large_is_said_and_nothing_else(tmp_path: Path, size: tuple[int, int], message: str) -> None:
    PILImage.new("1", size).save(tmp_path / "odd.png")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(BadInput, match=message):
            read_picture(tmp_path / "odd.png", "it")


def test_a_picture_of_one_colour_shows_no_item(tmp_path: Path) -> None:
    PILImage.new("RGB", (30, 30), "red").save(tmp_path / "red.png")
    PILImage.new("RGBA", (30, 30), (7, 7, 7, 0)).save(tmp_path / "clear.png")
    for name in ("red.png", "clear.png"):
        with pytest.raises(BadInput, match=f"{name}, which is all of one colour"):
            read_item_picture(tmp_path / name, "it")
    assert (read_picture(tmp_path / "red.png", "a swatch to search by") == (255, 0, 0)).all()


def test_a_folder_is_no_picture(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="Is a directory"):
        read_picture(tmp_path, "it")
