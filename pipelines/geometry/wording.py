"""An item in words, for models that read: what it is, and in which colours, as measured."""

from __future__ import annotations

import cv2
import numpy as np

from pipelines.schema import Category, Image, Mask

#: Names and typical colours, sRGB.
COLOURS: dict[str, tuple[int, int, int]] = {
    "black": (20, 20, 22),
    "dark grey": (75, 75, 78),
    "grey": (140, 140, 140),
    "light grey": (200, 200, 200),
    "white": (246, 246, 244),
    "beige": (216, 196, 164),
    "brown": (110, 72, 44),
    "red": (196, 30, 38),
    "burgundy": (110, 24, 44),
    "pink": (236, 150, 176),
    "orange": (232, 120, 36),
    "yellow": (240, 206, 64),
    "olive": (106, 108, 52),
    "green": (48, 132, 66),
    "dark green": (24, 66, 44),
    "turquoise": (64, 180, 176),
    "light blue": (152, 190, 224),
    "blue": (40, 92, 184),
    "navy": (26, 36, 74),
    "purple": (112, 60, 140),
}
#: A second colour is named from this share of the item's pixels on.
WORTH_NAMING = 0.25

_GARMENTS: dict[Category, str] = {"upper": "top", "lower": "trousers", "dress": "dress"}
_SLEEVES = {"none": "sleeveless", "short": "short-sleeved", "long": "long-sleeved"}


def colour_names(picture: Image, mask: Mask) -> tuple[str, ...]:
    """The one or two names that most pixels of an item (H, W), 255 = item, are nearest to in CIELAB."""
    pixels = picture[mask > 127]
    if not len(pixels):
        return ()
    lab = lambda rgb: cv2.cvtColor(np.asarray(rgb, np.float32)[None] / 255, cv2.COLOR_RGB2LAB)[0]  # noqa: E731
    step = max(1, len(pixels) // 4000)
    distance = np.linalg.norm(lab(pixels[::step])[:, None] - lab(list(COLOURS.values()))[None], axis=-1)
    shares = np.bincount(distance.argmin(1), minlength=len(COLOURS)) / len(distance)
    first, second = np.argsort(-shares)[:2]
    names = list(COLOURS)
    return (names[first], names[second]) if shares[second] >= WORTH_NAMING else (names[first],)


def say_garment(category: Category, kind: str, sleeve: str, colours: tuple[str, ...], title: str = "") -> str:
    """A garment in a few words: as a shop calls it, or by what was found."""
    what = title or (kind if category == "lower" and kind else _GARMENTS[category])
    if not title and category != "lower":
        what = f"{_SLEEVES[sleeve]} {what}"
    return " ".join([" and ".join(colours), what]).strip()
