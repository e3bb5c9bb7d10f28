"""Wrinkles of a flat garment, pressed out: they are the table's, and the worn garment will have others.

What is told from what by contrast: prints, seams and stripes are stronger than wrinkles, weave is finer. The smooth
picture is a guided filter of the grey by itself (He et al. 2013) with Gaussian windows.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.schema import Mask

Array = NDArray[np.float32]

#: Windows in body units: what is wider than a wrinkle stays, and what is finer, as weave is.
WRINKLE, WEAVE = 0.16, 0.01
#: Deviation of 8-bit grey from which a difference counts as print.
PRINT = 24.0
#: What is left of a wrinkle's contrast. Pleats, quilting and cables look like wrinkles, and must not vanish.
LEFT = 0.35


def ironed(picture: NDArray[np.generic], mask: Mask, unit: float, left: float = LEFT) -> Array:
    """A garment with its wrinkles faded.

    Args:
        picture: RGB (H, W, 3) of the garment, 0 to 255. mask: uint8 (H, W), > 0 where it is cloth.
        unit: pixels of one body unit in it.
        left: share of a wrinkle's contrast that stays; negative = reversed.

    Returns:
        float32 RGB (H, W, 3) in [0, 255]; outside the mask as given.
    """
    colours, inside = picture.astype(np.float32), (mask > 0).astype(np.float32)
    grey = colours.mean(2)

    def blurred(plane: Array, width: float) -> Array:
        sigma = max(width * unit, 0.3)
        return np.asarray(cv2.GaussianBlur(plane * inside, (0, 0), sigma), np.float32)

    weight = blurred(inside, WRINKLE) + 1e-4
    mean = blurred(grey, WRINKLE) / weight
    variance = np.maximum(blurred(grey**2, WRINKLE) / weight - mean**2, 0)
    slope = variance / (variance + PRINT**2)
    smooth = (blurred(slope, WRINKLE) * grey + blurred(mean - slope * mean, WRINKLE)) / weight
    wrinkles = blurred(grey - smooth, WEAVE) / (blurred(inside, WEAVE) + 1e-4) * inside
    return np.clip(colours - (1 - left) * wrinkles[..., None], 0, 255)
