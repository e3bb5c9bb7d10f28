"""Bare arms in front of the trunk: what the new sleeves leave bare stays as it is in the photo."""

from __future__ import annotations

import cv2
import numpy as np

from pipelines.geometry.agnostic import SPECK, label_mask, without_specks
from pipelines.geometry.body import Body
from pipelines.geometry.garment import GarmentLandmarks
from pipelines.geometry.limbs import FOREARM, ROLLED_REACH, UPPER_ARM, along, limb, sleeve_reach
from pipelines.geometry.warp import garment_unit
from pipelines.masks import erode
from pipelines.schema import Category, Mask, WearStyle

#: Where along the arm (1 = elbow, 2 = wrist) a garment without sleeves ends.
SLEEVELESS = 0.3
#: How far beyond the sleeve's end an arm has to be to stay: sleeves turn out longer than thought, and cast shadows.
CLEAR = 0.2
#: An arm's skin lies within this of its bones, in body units.
ARM_HALF = 0.28
#: The arms' outermost pixels are mixed with what was worn.
RIM = 0.02

#: Where the sleeves end on the arms at the picture's left and right; None = at the hand.
Ends = tuple[float | None, float | None]


def sleeve_ends(shape: GarmentLandmarks, category: Category, wear: WearStyle) -> Ends:
    """How far down the arms a garment reaches."""
    if category == "lower":
        return 0.0, 0.0
    if shape.sleeve == "none":
        return SLEEVELESS, SLEEVELESS
    if shape.sleeve == "long":
        rolled = _share(ROLLED_REACH) if wear.sleeves == "rolled up" else None
        return rolled, rolled
    unit = garment_unit(shape, category)
    return _share(sleeve_reach(shape, unit, left=True)), _share(sleeve_reach(shape, unit, left=False))


def _share(reach: float) -> float:
    """A length in body units down the arm as a share of the bones."""
    return reach / UPPER_ARM if reach <= UPPER_ARM else 1 + (reach - UPPER_ARM) / FOREARM


def bare_arms(labels: Mask, body: Body, ends: Ends) -> Mask:
    """The arms beyond the sleeves, uint8 (H, W), 255 there.

    Args:
        labels: parsing of the photo, uint8 (H, W).
        ends: see `sleeve_ends`.
    """
    stays, everywhere = np.zeros_like(labels), label_mask(labels, ("arms",))
    x, y, width, height = cv2.boundingRect(everywhere)
    window = slice(y, y + height), slice(x, x + width)
    arms = everywhere[window] > 0
    for left, end in zip((True, False), ends, strict=True):
        if end is None or not arms.any():
            continue
        along_arm, aside = along(limb(body, "arm", left) - (x, y), arms.shape)
        skin = arms & (np.abs(aside) < ARM_HALF * body.unit) & (along_arm > 0)
        if not skin.any():
            continue
        # Where skin begins the old sleeve ended, and has left its rim and its shadow.
        begins = float(np.quantile(along_arm[skin], 0.02))
        stays[window][skin & (along_arm > max(end, begins) + CLEAR)] = 255
    return without_specks(erode(stays, max(1.0, RIM * body.unit)), (SPECK * body.unit) ** 2)
