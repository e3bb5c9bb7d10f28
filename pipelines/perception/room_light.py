"""The light of a room, read from its photo: its colour, how bright it is, and which way shadows fall.

The colour is the average of shades of grey (Finlayson and Trezzi, Shades of gray and colour constancy, 2004), believed
by half, because walls and floors have a colour of their own.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.geometry.shadow import Light
from pipelines.schema import Image

Array = NDArray[np.float32]

#: Exponent of the mean, and how far it is believed.
NORM, BELIEF = 6, 0.5
#: Mean grey of a photo in which pictures of items need no other exposure, how far others follow, and how far at most.
USUAL, FOLLOW, EXPOSURE = 0.5, 0.5, (0.65, 1.15)
#: How strongly brightness on one side draws shadows to the other: metres per metre of height.
DRAWN = 1.2


@dataclass(frozen=True, eq=False)
class RoomLight:
    """What a room's light does.

    Attributes:
        gain: (3,) factors of red, green and blue for a picture taken in neutral light.
        shadow: which way shadows fall.
    """

    gain: Array
    shadow: Light

    def on(self, rgb: Array) -> Array:
        """Colours (H, W, 3) of 0 to 255 in this light."""
        return np.clip(rgb * self.gain, 0, 255)


def read_light(room: Image) -> RoomLight:
    """Read the light from a room's photo."""
    small = cv2.resize(room, (96, 72), interpolation=cv2.INTER_AREA).astype(np.float32) / 255
    shades = (small.reshape(-1, 3) ** NORM).mean(0) ** (1 / NORM)
    colour = (shades / shades.mean().clip(1e-3)) ** BELIEF
    grey = small.mean(2)
    exposure = np.clip((grey.mean() / USUAL) ** FOLLOW, *EXPOSURE)
    bright = np.maximum(grey - np.quantile(grey, 0.9), 0)
    across = np.linspace(-1, 1, grey.shape[1])
    side = float((bright.sum(0) * across).sum() / max(float(bright.sum()), 1e-6))
    return RoomLight((colour * exposure).astype(np.float32), Light((-DRAWN * side, 0.0)))
