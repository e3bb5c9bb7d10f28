"""How a garment is worn: fronts that hang open, and a top that is tucked in.

All lengths are in body units of the trunk's frame (x from the spine, y down from the shoulder joints).
"""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.geometry.agnostic import label_mask
from pipelines.geometry.body import Body
from pipelines.geometry.frame import OFF, Frame, trunk_frame
from pipelines.masks import dilate, erode
from pipelines.schema import Category, Image, Mask, WearStyle

Floats = NDArray[np.float32]

#: Half the gap between open fronts at the height of the joints, how much it widens per unit down, and where it begins.
HALF_GAP, WIDENS, THROAT = 0.13, 0.06, -0.3
#: Beyond this the gap no longer moves the cloth: the sides hang where they hang.
SIDE = 0.75
#: A waistband that is seen lies at least this much above the hip joints; where it is covered, it is taken to be there.
SEEN_RISE, WAIST_RISE = 0.05, 0.3
#: The old top's shadow on what is worn below, and the mixed pixels at its edge.
HEM_BAND = 0.1
#: A waistband that is seen so far above the hip joints tells that tops are tucked into it.
TUCKED_RISE = 0.15
#: How much narrower than at the hips clothes are at the waistband.
TAPER = 0.1


def as_worn(wear: WearStyle, category: Category, labels: Mask, body: Body) -> WearStyle:
    """The wishes, with what is left open decided by the photo: who wears a top tucked in wears the next one so.

    Args:
        labels: parsing of the photo, uint8 (H, W).
    """
    if category != "upper" or wear.tuck != "auto":
        return wear
    seen = visible_waist(label_mask(labels, ("lower",)), *trunk_frame(body).coordinates(labels.shape))
    tucked = seen is not None and seen < trunk_height(body) - TUCKED_RISE
    return replace(wear, tuck="in") if tucked else wear


def half_gap(y: Floats) -> Floats:
    """Half the width of the gap between open fronts at these heights; 0 above the throat."""
    return np.where(y < THROAT, 0, np.maximum(HALF_GAP + WIDENS * y, 0)).astype(np.float32)


def parted(back: Floats, frame: Frame) -> Floats:
    """A map (H, W, 2) to a closed garment, with its two halves moved apart; in the gap it points outside."""
    size = (back.shape[0], back.shape[1])
    x, y = frame.coordinates(size)
    gap = half_gap(y)
    # From edge to side the cloth is pressed together evenly; beyond the side it stays.
    came_from = np.where(np.abs(x) < SIDE, np.sign(x) * (np.abs(x) - gap) * SIDE / (SIDE - gap), x)
    shift = came_from - x
    row, column = np.mgrid[: size[0], : size[1]].astype(np.float32)
    moved = cv2.remap(
        back, column + shift * np.float32(frame.x[0]), row + shift * np.float32(frame.x[1]), cv2.INTER_LINEAR
    )
    moved[np.abs(x) < gap] = OFF
    return np.asarray(moved, np.float32)


def trunk_bounds(wear: WearStyle, labels: Mask, body: Body) -> Mask | None:
    """Where the trunk of a top may lie for the way it is worn, uint8 (H, W), 255 there; None = anywhere.

    Args:
        labels: parsing of the photo, uint8 (H, W).
    """
    return np.asarray(255 - worn_below(labels, body), np.uint8) if wear.tuck == "in" else None


def worn_below(labels: Mask, body: Body) -> Mask:
    """255 where what is worn below reaches when a top is tucked into it: all from the waistband down.

    Where the waistband is seen it is where it is seen. Where an old top hangs over it, it is taken to lie
    WAIST_RISE above the hip joints.
    """
    lower = label_mask(labels, ("lower",))
    x, y = trunk_frame(body).coordinates(labels.shape)
    hips = float(trunk_height(body))
    seen = visible_waist(lower, x, y)
    if seen is None or seen > hips - SEEN_RISE:
        return np.where(y > hips - WAIST_RISE, 255, 0).astype(np.uint8)
    # Its own edge, however it curves; and an end below for what reaches down beside it.
    edge = waistband(lower, x, y, seen)
    return np.where(y > edge, 255, 0).astype(np.uint8)


def waistband(lower: Mask, x: Floats, y: Floats, seen: float) -> Floats:
    """The height (H, W) of the upper edge of what is worn below, for each pixel's x: a parabola, for a parsed edge is
    frayed where both are dark.

    Args:
        lower: where it is, uint8 (H, W). x, y: of each pixel in the trunk's frame.
        seen: how high it reaches, as of `visible_waist`.
    """
    places, tops = [], []
    for left in np.arange(-0.5, 0.5, 0.05):
        heights = y[(lower > 0) & (x >= left) & (x < left + 0.05)]
        if len(heights):
            places.append(left + 0.025)
            tops.append(float(np.quantile(heights, 0.02)))
    at, found = np.array(places), np.array(tops)
    near = np.abs(found - seen) < 0.5 * WAIST_RISE
    for _ in range(3):
        curve = np.polyfit(at[near], found[near], 2 if near.sum() > 6 else 0)
        off = np.abs(np.polyval(curve, at) - found)
        near = off <= max(float(np.median(off[near])) * 2.5, 0.02)
    edge = np.polyval(curve, np.clip(x, -0.6, 0.6))
    return np.asarray(np.clip(edge, seen - 0.5 * WAIST_RISE, seen + 0.5 * WAIST_RISE), np.float32)


def trunk_height(body: Body) -> float:
    """From the shoulder joints to the hip joints in units of the trunk's frame."""
    return float(np.linalg.norm(body.hips - body.shoulders) / np.linalg.norm(trunk_frame(body).y))


def visible_waist(lower: Mask, x: Floats, y: Floats) -> float | None:
    """How high what is worn below is seen to reach at the trunk; None if it is not seen there."""
    tops = []
    for left in np.arange(-0.4, 0.4, 0.1):
        heights = y[(lower > 0) & (x >= left) & (x < left + 0.1)]
        if len(heights):
            tops.append(float(np.quantile(heights, 0.02)))
    return float(np.median(tops)) if len(tops) >= 4 else None


def carried_up(photo: Image, labels: Mask, body: Body) -> tuple[Image, Mask]:
    """What is worn below, carried on under an old top up to the waistband.

    It is mirrored at the edge to which it is seen: weave and colour go on, and nothing has to be invented.

    Args:
        photo: RGB uint8 (H, W, 3). labels: its parsing (H, W).

    Returns:
        RGB uint8 (H, W, 3), and where it is, uint8 (H, W); nowhere if the waistband is seen, or nothing of it is.
    """
    lower = label_mask(labels, ("lower",))
    frame = trunk_frame(body)
    x, y = frame.coordinates(labels.shape)
    waist, seen = trunk_height(body) - WAIST_RISE, visible_waist(lower, x, y)
    if seen is None or seen <= trunk_height(body) - SEEN_RISE:
        return photo, np.zeros_like(labels)
    # A little below its edge, where the old top casts no shadow.
    edge = seen + 0.08
    rim = x[(lower > 0) & (np.abs(y - edge) < 0.04)]
    if not len(rim):
        return photo, np.zeros_like(labels)
    left, right = (float(q) for q in np.quantile(rim, (0.02, 0.98)))
    middle, half = 0.5 * (left + right), 0.5 * (right - left)
    taper = 1 - TAPER * np.clip((edge - y) / (edge - waist), 0, 1)
    source = np.stack([middle + (x - middle) / taper, 2 * edge - y], -1).reshape(-1, 2)
    at = frame.place(source).reshape(*labels.shape, 2).astype(np.float32)
    cloth = cv2.remap(photo, at[..., 0], at[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    where = (y > waist) & (y < edge) & (np.abs(x - middle) < half * taper)
    where &= label_mask(labels, ("arms", "hands", "bag", "hair")) == 0
    # The edge of the waistband, which a tucked top bulges over.
    cloth = cloth * (1 - 0.4 * np.exp(-(((y - waist) / 0.03) ** 2)))[..., None]
    return np.rint(cloth).astype(np.uint8), np.where(where, 255, 0).astype(np.uint8)


def staying(wear: WearStyle, labels: Mask, body: Body, garment: Mask) -> Mask | None:
    """What of the photo stays for the way a top is worn, uint8 (H, W), 255 there; None = what always does.

    Args:
        labels: parsing of the photo, uint8 (H, W).
        garment: uint8 (H, W), 255 where the warped garment lies.
    """
    stays = np.zeros_like(labels)
    if wear.tuck == "in":
        lower = label_mask(labels, ("lower", "dress")) & worn_below(labels, body)
        stays |= erode(lower, HEM_BAND * body.unit)
    if wear.layer == "open":
        stays |= seen_beneath(labels, body, garment)
    return stays if stays.any() else None


def seen_beneath(labels: Mask, body: Body, garment: Mask) -> Mask:
    """What open fronts leave to be seen: the gap, and what is worn beneath and longer than they are."""
    x, y = trunk_frame(body).coordinates(labels.shape)
    middle = np.abs(x) < half_gap(y)
    fronts = (garment > 0) & (np.abs(x) < HALF_GAP + 0.4)
    if fronts.any():
        hem = float(np.quantile(y[fronts], 0.98))
        middle |= (y > hem) & (np.abs(x) < SIDE) & (dilate(garment, 0.07 * body.unit) == 0)
    # A coat that was worn open over something goes; what it was worn over stays.
    coat, inner = label_mask(labels, ("outer",)) > 0, label_mask(labels, ("upper", "dress")) > 0
    if (inner & middle).sum() > 0.3 * ((inner | coat) & middle).sum():
        middle &= ~coat
    return np.where(middle, 255, 0).astype(np.uint8)
