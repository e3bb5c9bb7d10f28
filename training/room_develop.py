"""From the light that reaches the lens to a picture: white balance, exposure, and how highlights roll off. Pure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.light import to_srgb
from training.room_shape import Array

#: Above this, light is rolled off; it never quite reaches 1.
SHOULDER = 0.55
#: No picture is made brighter or darker than by these factors, and no colour is balanced by more.
EXPOSURES, GAINS = (0.05, 60.0), (0.6, 1.7)


@dataclass(frozen=True)
class Development:
    """What a camera does to all pictures of one room: factors of red, green and blue."""

    gains: tuple[float, float, float]

    def apply(self, light: Array) -> NDArray[np.uint8]:
        """Linear light (H, W, 3) → sRGB uint8 (H, W, 3)."""
        exposed = light * self.gains
        room = 1 - SHOULDER
        rolled = np.where(exposed > SHOULDER, 1 - room * np.exp(-(exposed - SHOULDER) / room), exposed)
        return np.rint(255 * to_srgb(rolled)).astype(np.uint8)


def metered(light: Array, brightness: float, balance: float) -> Development:
    """The development of a picture (H, W, 3) of linear light.

    Args:
        light: as it reaches the lens.
        brightness: the linear grey that the picture's median becomes.
        balance: share of the light's colour that is taken out, 0 to 1.
    """
    grey = light.mean(axis=2)
    # Windows that are brighter than everything else say nothing about the room.
    room = light[grey <= np.quantile(grey, 0.95)]
    colour = room.mean(axis=0)
    gains = np.clip((colour.mean() / np.maximum(colour, 1e-6)) ** balance, *GAINS)
    exposure = float(np.clip(brightness / max(float(np.median(grey)), 1e-6), *EXPOSURES))
    red, green, blue = (exposure * gains).tolist()
    return Development((red, green, blue))
