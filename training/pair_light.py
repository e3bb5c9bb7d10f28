"""How a pair's light is kept: the light on white cloth as bytes, finer where it is dark."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

#: The brightest light that is kept as STEPS; up to 1.6 of it fit into a byte.
BRIGHTEST, STEPS = 1.5, 200.0


def to_bytes(light: NDArray[np.floating]) -> NDArray[np.uint8]:
    """Light on white cloth, linear, of any shape, as uint8."""
    return np.rint(STEPS * np.sqrt(np.clip(light / BRIGHTEST, 0, 1.6))).astype(np.uint8)


def from_bytes(kept: NDArray[np.uint8]) -> NDArray[np.float32]:
    """The light again, float32."""
    return ((kept.astype(np.float32) / STEPS) ** 2 * BRIGHTEST).astype(np.float32)
