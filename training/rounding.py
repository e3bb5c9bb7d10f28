"""A garment that lies flat, as it would look hung on a bust: its trunk rounded towards the sides, not spread out.

Shops show both. On a bust the middle of the front keeps its scale while the sides turn away, so the trunk is narrower;
that is also how it looks worn, so a warp made for such pictures finds flat ones a quarter too wide.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.geometry.garment import POINT_NAMES

Array = NDArray[np.float64]
#: A flat garment as training.prepare_flats writes it.
Flat = dict[str, NDArray[np.generic]]
#: How much wider a trunk is flat than seen from the front; of a cylinder, a whole half of it would be π / 2.
FLATTER = 0.25


@dataclass(frozen=True)
class Rounding:
    """x to x about the garment's axis: a sine over the trunk, beyond it as far apart as before.

    Attributes:
        axis: pixels. half: of the trunk's flat width. radius: of the trunk, pixels.
    """

    axis: float
    half: float
    radius: float

    def seen(self, x: Array) -> Array:
        """Where what lies at x is seen."""
        away = np.abs(x - self.axis)
        inside = self.radius * np.sin(np.minimum(away, self.half) / self.radius)
        return np.asarray(self.axis + np.sign(x - self.axis) * (inside + np.maximum(away - self.half, 0)))

    def lies(self, x: Array) -> Array:
        """Where what is seen at x lies."""
        away, edge = np.abs(x - self.axis), self.radius * np.sin(self.half / self.radius)
        inside = self.radius * np.arcsin(np.minimum(away, edge) / self.radius)
        return np.asarray(self.axis + np.sign(x - self.axis) * (inside + np.maximum(away - edge, 0)))


def rounding_of(flat: Flat, share: float) -> Rounding | None:
    """The rounding of a top or dress by a share of FLATTER; None for what has no trunk of its own, or none is asked."""
    size = flat["mask"].shape
    left, right = (np.asarray(flat["points"][POINT_NAMES.index(f"armpit_{s}")], float) for s in ("left", "right"))
    half = 0.5 * abs(right[0] - left[0]) * size[1]
    if str(flat["category"]) == "lower" or not half > 1 or share < 0.02:
        return None
    # Solve angle / sin(angle) = how much wider it is flat.
    angles = np.linspace(0.01, 1.5, 500)
    angle = float(np.interp(1 + FLATTER * share, angles / np.sin(angles), angles))
    return Rounding(0.5 * (left[0] + right[0]) * size[1], half, half / angle)


def rounded(flat: Flat, rounding: Rounding) -> Flat:
    """The garment's picture, mask, parts and points as seen."""
    height, width = flat["mask"].shape
    x, y = np.meshgrid(rounding.lies(np.arange(width, dtype=float)), np.arange(height, dtype=float))
    at = x.astype(np.float32), y.astype(np.float32)

    def moved(name: str, flags: int) -> NDArray[np.generic]:
        return cv2.remap(np.asarray(flat[name], np.uint8), *at, flags, borderMode=cv2.BORDER_REPLICATE)

    def points(name: str) -> NDArray[np.generic]:
        found = np.array(flat[name], np.float32)
        found[..., 0] = rounding.seen(found[..., 0].astype(float) * width) / width
        return found

    return flat | {
        "image": moved("image", cv2.INTER_LINEAR), "mask": moved("mask", cv2.INTER_NEAREST),
        "parts": moved("parts", cv2.INTER_NEAREST), "points": points("points"), "sleeve_lines": points("sleeve_lines"),
    }  # fmt: skip
