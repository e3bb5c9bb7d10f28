"""A frame fixed to the trunk, in body units: where things are on a body, however it stands in the photo."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipelines.geometry.body import Body

Points = NDArray[np.float64]

#: In a map from the photo's pixels back to the garment's: no pixel of the garment.
OFF = -1e4


@dataclass(frozen=True, eq=False)
class Frame:
    """A frame fixed to the trunk: origin between the shoulder joints, x to the picture's right, y down the spine.

    Attributes:
        origin: pixels. x, y: pixel vectors of one body unit each; x is shorter when the person is turned.
    """

    origin: Points
    x: Points
    y: Points

    def place(self, points: Points) -> Points:
        """Frame coordinates (N, 2) in body units → pixels."""
        return np.asarray(self.origin + points[:, :1] * self.x + points[:, 1:] * self.y)

    def coordinates(self, size: tuple[int, int]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """(x, y) in body units of every pixel of a picture of (H, W)."""
        to_frame = np.linalg.inv(np.stack([self.x, self.y], 1))
        row, column = np.mgrid[: size[0], : size[1]].astype(np.float32)
        row, column = row - np.float32(self.origin[1]), column - np.float32(self.origin[0])
        x, y = (np.float32(a) * column + np.float32(b) * row for a, b in to_frame)
        return x, y


def trunk_frame(body: Body) -> Frame:
    """The frame of a person's trunk. A turned trunk is narrower, but never flat: it is half as deep as wide."""
    across = body["r_shoulder"] - body["l_shoulder"]
    if across[0] < 0:
        across = -across
    seen = min(1.0, float(np.linalg.norm(across)) / body.unit)
    width = np.sqrt(seen**2 + 0.55**2 * (1 - seen**2))
    length = min(1.0, float(np.linalg.norm(body.hips - body.shoulders)) / (1.5 * body.unit))
    direction = across / max(float(np.linalg.norm(across)), 1e-6)
    # Shoulders that are tilted more than a body can are a turned body's; keep x square-ish to the spine.
    square = np.array([body.down[1], -body.down[0]])
    x = direction + square if direction @ square > 0 else square
    x = x / np.linalg.norm(x)
    return Frame(body.shoulders, x * width * body.unit, body.down * max(length, 0.7) * body.unit)
