"""A thing in a photo, from a box drawn around it: GrabCut (Rother, Kolmogorov, Blake, SIGGRAPH 2004)."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.errors import BadInput
from pipelines.schema import Image, Mask, check_image

#: Longest side at which the thing is searched, and rounds of GrabCut.
WORK_SIZE, ROUNDS = 480, 5
#: A box is at least so many pixels of that size wide and high, and leaves at least this share of the photo.
SMALLEST, LEFT = 12, 0.05
#: Smaller parts than this share of the largest are crumbs.
CRUMB = 0.05


def grab_box(photo: Image, one: tuple[float, float], other: tuple[float, float]) -> Mask:
    """Find what a box is drawn around.

    Args:
        photo: RGB uint8 (H, W, 3).
        one, other: opposite corners (x, y), fractions of the photo.

    Returns:
        uint8 (H, W), 255 = the thing.

    Raises:
        BadInput: the box is too small, holds the whole photo, or nothing in it stands out from what is around.
    """
    check_image(photo, "photo")
    small = shrunk(photo, WORK_SIZE)
    height, width = small.shape[:2]
    corners = np.clip([one, other], 0, 1) * (width, height)
    left, top = np.floor(corners.min(0)).astype(int).tolist()
    right, bottom = np.ceil(corners.max(0)).astype(int).tolist()
    if min(right - left, bottom - top) < SMALLEST:
        step = "Mark two opposite corners, a little beyond the thing."
        raise BadInput("box", f"{right - left} × {bottom - top} pixels", f"{SMALLEST} or more each way", step)
    if (right - left) * (bottom - top) > (1 - LEFT) * width * height:
        raise BadInput("box", "nearly the whole photo", "a box around one thing", "Leave out what is around it.")
    labels = np.full((height, width), cv2.GC_BGD, np.uint8)
    labels[top:bottom, left:right] = cv2.GC_PR_FGD
    mask = _whole(grab(small, labels, ROUNDS).astype(np.uint8))
    if not mask.any():
        step = "Draw the box closer around the thing, or upload a mask."
        raise BadInput("box", "nothing that stands out", "a thing unlike what is around it", step)
    return enlarged(mask, photo)


def grab(small: Image, labels: Mask, rounds: int) -> NDArray[np.bool_]:
    """GrabCut of an RGB picture (H, W, 3) from labels (H, W) of OpenCV's: True = foreground."""
    models = np.zeros((1, 65)), np.zeros((1, 65))
    # GrabCut draws its colour models by lot.
    cv2.setRNGSeed(0)
    bgr, labels = np.ascontiguousarray(small[..., ::-1]), labels.copy()
    cv2.grabCut(bgr, labels, None, *models, rounds, cv2.GC_INIT_WITH_MASK)
    return (labels == cv2.GC_FGD) | (labels == cv2.GC_PR_FGD)


def shrunk(photo: Image, side: int) -> Image:
    """The photo with its longer side at most `side` pixels, and at least one pixel each way."""
    scale = min(1.0, side / max(photo.shape[:2]))
    height, width = (max(1, round(scale * length)) for length in photo.shape[:2])
    return np.asarray(cv2.resize(photo, (width, height), interpolation=cv2.INTER_AREA), np.uint8)


def enlarged(mask: NDArray[Any], photo: Image) -> Mask:
    """A mask of 0 and 1 at the size of the photo, uint8 (H, W), 255 = the thing; without the stairs of its pixels."""
    full = cv2.resize(255 * mask.astype(np.uint8), photo.shape[1::-1], interpolation=cv2.INTER_LINEAR)
    scale = max(photo.shape[:2]) / max(mask.shape)
    if scale > 1:
        full = cv2.GaussianBlur(full, (0, 0), 0.75 * scale)
    return np.where(full > 127, 255, 0).astype(np.uint8)


def _whole(mask: Mask) -> Mask:
    """Without crumbs, and with its holes filled."""
    count, parts, stats, _ = cv2.connectedComponentsWithStats(mask)
    areas = stats[1:, cv2.CC_STAT_AREA]
    kept = 1 + np.flatnonzero(areas >= CRUMB * areas.max(initial=0)) if count > 1 else np.array([], int)
    outlines, _ = cv2.findContours(np.isin(parts, kept).astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    filled = np.zeros_like(mask)
    cv2.drawContours(filled, outlines, -1, 1, -1)
    return filled
