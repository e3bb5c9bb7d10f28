"""The agnostic mask: what of the person's photo must be repainted so that nothing of the old garment remains."""

from __future__ import annotations

import cv2
import numpy as np

from pipelines.geometry.body import Body
from pipelines.geometry.frame import trunk_frame
from pipelines.masks import dilate, erode
from pipelines.schema import PARSING_LABELS, Category, Mask

#: Labels that a garment of each category replaces.
REPLACED: dict[Category, tuple[str, ...]] = {
    "upper": ("upper", "outer", "dress"),
    "lower": ("lower", "dress"),
    "dress": ("upper", "outer", "dress", "lower"),
}
#: Labels that stay in front of any garment.
KEPT = ("face", "hair", "hands", "bag", "hat", "shoes")

#: A piece of those smaller than a square of this side, in body units, is a print or button misread, not a hand.
SPECK = 0.15

#: How near to a new hem, in body units, what is below it is left alone: it may end elsewhere than thought.
HEM = 0.15

#: Half the width, in body units, in which the hem of a top is looked for: the sleeves of a short one hang lower.
FRONT = 0.3

#: Growth of the old garment, in body units: seams, straps and shadows just outside the parsed edge.
MARGIN = 0.07


def label_mask(labels: Mask, names: tuple[str, ...]) -> Mask:
    """255 where a parsing has one of these labels."""
    return np.where(np.isin(labels, [PARSING_LABELS.index(n) for n in names]), 255, 0).astype(np.uint8)


def torso_mask(body: Body, size: tuple[int, int], category: Category) -> Mask:
    """The trunk between shoulders and hips (from the waist down for `lower`) as a filled shape, from the pose alone."""
    right, left, down, unit = body["r_shoulder"], body["l_shoulder"], body.down, body.unit
    hip_r = body["r_hip"] if body.seen("r_hip") else body.hips + (right - left) * 0.3
    hip_l = body["l_hip"] if body.seen("l_hip") else body.hips + (left - right) * 0.3
    if category == "lower":
        right, left = hip_r - 0.15 * unit * down, hip_l - 0.15 * unit * down
    mask = np.zeros(size, np.uint8)
    outline = np.array([right, left, hip_l, hip_r])
    cv2.fillPoly(mask, [np.rint(outline).astype(np.int32)], 255)
    return mask


def without_specks(mask: Mask, least: float) -> Mask:
    """The mask without connected pieces of fewer than `least` pixels."""
    _, pieces, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    return np.where(stats[pieces, cv2.CC_STAT_AREA] >= least, mask, 0).astype(np.uint8)


def below(line_point: np.ndarray, down: np.ndarray, size: tuple[int, int]) -> Mask:
    """255 on the half plane that lies in direction `down` of a point."""
    y, x = np.mgrid[: size[0], : size[1]]
    return np.where((x - line_point[0]) * down[0] + (y - line_point[1]) * down[1] > 0, 255, 0).astype(np.uint8)


def dress_that_stays(labels: Mask, body: Body, garment: Mask) -> Mask:
    """What is seen of a worn dress below a new top: from the hips down, or from the hem of one that is shorter."""
    dress = label_mask(labels, ("dress",))
    end = float((body.hips + 0.1 * body.unit * body.down) @ body.down)
    front = np.where(np.abs(trunk_frame(body).coordinates(labels.shape)[0]) < FRONT, garment, 0)
    if front.any():
        end = min(end, hem_of(front, body) + HEM * body.unit)
    return np.asarray(dress & below(end * body.down, body.down, labels.shape), np.uint8)


def hem_of(garment: Mask, body: Body) -> float:
    """How far down a garment's mask reaches: pixels along `body.down`."""
    ys, xs = np.nonzero(garment)
    return float(np.quantile(xs * body.down[0] + ys * body.down[1], 0.98))


def old_garment(labels: Mask, body: Body, category: Category, garment: Mask) -> Mask:
    """The worn clothes that the warped `garment` of `category` replaces. A dress is parted (at the waist for
    `lower`)."""
    worn = label_mask(labels, REPLACED[category])
    if category == "upper":
        worn[dress_that_stays(labels, body, garment) > 0] = 0
    elif category == "lower":
        dress = label_mask(labels, ("dress",))
        worn[(dress > 0) & (below(body.hips - 0.45 * body.unit * body.down, body.down, labels.shape) == 0)] = 0
    return worn


def covered_legs(labels: Mask, body: Body, category: Category, garment: Mask) -> Mask:
    """Bare legs above the hem of a new garment, which would show beside one that is narrower than they are."""
    legs = label_mask(labels, ("legs",))
    if category == "upper" or not legs.any() or not garment.any():
        return np.zeros_like(labels)
    hem = hem_of(garment, body) - HEM * body.unit
    return np.asarray(legs & (255 - below(hem * body.down, body.down, labels.shape)), np.uint8)


def agnostic_mask(
    labels: Mask,
    body: Body,
    category: Category,
    garment: Mask,
    *,
    margin: float = MARGIN,
    growth: float = 0.0,
    stays: Mask | None = None,
) -> Mask:
    """Everything to repaint: the old garment, legs that go under the new one, the trunk, where the new one will lie.

    Args:
        labels: parsing of the photo, uint8 (H, W), indices into PARSING_LABELS.
        body: points of the person in pixels of the same picture.
        category: of the new garment.
        garment: uint8 (H, W), 255 where the warped new garment lies.
        margin: growth of old and new garment in body units.
        growth: pixels by which the whole mask is larger at the end, or smaller if negative.
        stays: uint8 (H, W), 255 where nothing is repainted for the way the garment is worn.

    Returns:
        uint8 (H, W), 255 = repaint. Face, hair, hands, bags, hats and shoes are left out.
    """
    grow = max(2.0, margin * body.unit)
    trunk, replaced = torso_mask(body, labels.shape, category), old_garment(labels, body, category, garment)
    # The trunk's shape would eat the hem of a top that stays above, and of a dress that stays below.
    around = ("upper", "outer") if category == "lower" else ("dress",) if category == "upper" else ()
    trunk[(label_mask(labels, around) > 0) & (replaced == 0)] = 0
    worn = replaced | covered_legs(labels, body, category, garment)
    mask = dilate(worn, grow) | dilate(garment, grow / 2) | trunk
    # Thin slits between old and new would show as ghosts.
    mask = np.asarray(cv2.morphologyEx(mask, cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8), iterations=2), np.uint8)
    kept = without_specks(label_mask(labels, KEPT), (SPECK * body.unit) ** 2)
    # The outermost pixels of a kept part mix with the old garment; repaint them, but never where that would eat it
    # away.
    core = erode(kept, 1)
    mask[core > 0] = 0
    # A kept label inside the old garment wins only where the parsing says so outright.
    mask[(worn > 0) & (core == 0)] = 255
    if growth:
        mask = erode(mask, -growth) if growth < 0 else dilate(mask, growth)
        mask[core > 0] = 0
    if stays is not None:
        mask[stays > 0] = 0
    return mask
