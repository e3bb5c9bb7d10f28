"""The person's own skin: its colour, a waist that a short top bares, and painted limbs in that colour."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.geometry.agnostic import label_mask
from pipelines.geometry.body import Body
from pipelines.geometry.frame import trunk_frame
from pipelines.geometry.wearing import TUCKED_RISE, WAIST_RISE, trunk_height, visible_waist
from pipelines.masks import erode
from pipelines.schema import Image, Mask

Floats = NDArray[np.float32]

#: Where skin is looked for: limbs first, faces have beards, make-up and a light of their own.
LIMBS, FACE = ("neck", "arms", "hands", "legs"), ("face",)
#: So many pixels of a square body unit tell a colour.
ENOUGH = 0.02
#: Half the width of a waist in units of the trunk's frame.
WAIST_HALF = 0.5
#: A band of skin less high than this, in body units, is covered as tops and waistbands move.
LEAST_BAND = 0.25
#: How much darker a trunk is where it turns away.
ROUND = 0.3
#: Over what share of the picture's height painted skin is taken together.
REACH = 0.08
#: Differences of colour, as logarithms of factors: up to the first it is light, beyond the second it is not skin.
LIT, MOST = 0.18, 0.7


def skin_colour(photo: Image, labels: Mask, body: Body) -> Floats | None:
    """The median colour of the skin that is seen, RGB float32 (3,); None where next to none is.

    Args:
        photo: RGB uint8 (H, W, 3). labels: its parsing (H, W).
    """
    for names in (LIMBS, FACE):
        seen = erode(label_mask(labels, names), max(1.0, 0.02 * body.unit)) > 0
        if seen.sum() > ENOUGH * body.unit**2:
            return np.asarray(np.median(photo[seen], axis=0), np.float32)
    return None


def bare_waist(photo: Image, labels: Mask, body: Body, garment: Mask) -> tuple[Image, Mask]:
    """The skin between a short top and the waistband below it.

    Args:
        photo: RGB uint8 (H, W, 3). labels: its parsing (H, W).
        garment: uint8 (H, W), 255 where the warped top lies.

    Returns:
        RGB uint8 (H, W, 3), and where it is, uint8 (H, W); nowhere if the top reaches the waistband.
    """
    nowhere = photo, np.zeros_like(labels)
    lower = label_mask(labels, ("lower",))
    x, y = trunk_frame(body).coordinates(labels.shape)
    colour, middle = skin_colour(photo, labels, body), (np.abs(x) < 0.3) & (garment > 0)
    if colour is None or not middle.any() or not lower.any():
        return nowhere
    seen, hips = visible_waist(lower, x, y), trunk_height(body)
    waist = seen if seen is not None and seen < hips - TUCKED_RISE else hips - WAIST_RISE
    hem = float(np.quantile(y[middle], 0.97))
    if waist - hem < LEAST_BAND:
        return nowhere
    worn = label_mask(labels, ("upper", "outer", "lower", "dress", "neck"))
    half = WAIST_HALF
    for side in (x < 0, x > 0):
        # Nobody is wider than what they wear.
        widths = np.abs(x[side & (worn > 0) & (y > hem) & (y < waist) & (np.abs(x) < 1)])
        half = min(half, float(np.quantile(widths, 0.95))) if len(widths) else half
    where = (y > hem - 0.15) & (y < waist + 0.02) & (np.abs(x) < half)
    where &= label_mask(labels, ("arms", "hands", "bag", "hair")) == 0
    shade = 1 - ROUND * np.clip(np.abs(x) / half, 0, 1) ** 3 - 0.12 * np.exp(-(((y - hem) / 0.06) ** 2))
    skin = np.clip(colour * shade[..., None], 0, 255)
    return np.rint(skin).astype(np.uint8), np.where(where, 255, 0).astype(np.uint8)


def toned(painted: Floats, chance: Floats, colour: Floats) -> Floats:
    """Painted skin in the person's own colour; its light and shade stay.

    Args:
        painted: RGB (H, W, 3), 0 to 255. chance: (H, W) in [0, 1], how surely painted skin is there.
        colour: RGB (3,), see `skin_colour`.
    """
    sure = np.where(chance > 0.5, chance, 0).astype(np.float32)
    # Each limb for itself: one may be right and the other pale.
    near = REACH * chance.shape[0]
    blur = lambda plane: cv2.GaussianBlur(plane, (0, 0), near)  # noqa: E731
    found = blur(painted * sure[..., None]) / np.maximum(blur(sure), 1e-6)[..., None]
    off = np.log((colour + 1) / (found + 1))
    # Light differs from limb to limb; only what goes beyond that is another skin.
    gain = np.exp(np.clip(np.sign(off) * np.maximum(np.abs(off) - LIT, 0), -MOST, MOST))
    soft = cv2.GaussianBlur(chance, (0, 0), 1.0)[..., None]
    return np.asarray(np.clip(painted * (1 + soft * (gain - 1)), 0, 255), np.float32)
