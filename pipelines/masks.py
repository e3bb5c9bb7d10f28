"""Pure operations on masks: grow, soften, paste back, fill."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.schema import Image, Mask


def disk(radius: int) -> NDArray[np.uint8]:
    """A round structuring element, uint8 (2r + 1, 2r + 1)."""
    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1)), np.uint8)


def dilate(mask: Mask, radius: float) -> Mask:
    """Grow a mask by `radius` pixels (rounded); 0 or less returns a copy."""
    r = round(radius)
    return mask.copy() if r <= 0 else np.asarray(cv2.dilate(mask, disk(r)), np.uint8)


def erode(mask: Mask, radius: float) -> Mask:
    """Shrink a mask by `radius` pixels (rounded); 0 or less returns a copy. The picture's edge does not shrink it."""
    r = round(radius)
    if r <= 0:
        return mask.copy()
    return np.asarray(cv2.erode(mask, disk(r), borderType=cv2.BORDER_CONSTANT, borderValue=255), np.uint8)


def feather(mask: Mask, radius: float) -> NDArray[np.float32]:
    """Weights in [0, 1] that fall from 1 inside to 0 at the mask's edge over `radius` pixels, and are 0 outside.

    The ramp lies wholly inside the mask, so a feathered composite still changes nothing outside it.
    """
    inside = cv2.distanceTransform((mask > 0).astype(np.uint8), cv2.DIST_L2, 5)
    ramp = np.clip(inside / max(radius, 1.0), 0, 1)
    return np.asarray(ramp * ramp * (3 - 2 * ramp), np.float32)


def composite(photo: Image, rendered: Image, mask: Mask, feather_radius: float = 0.0) -> Image:
    """Paste `rendered` into `photo` where `mask` > 0; every other pixel is bit-identical to `photo`.

    Args:
        photo, rendered: RGB uint8 (H, W, 3), the same size.
        mask: uint8 (H, W).
        feather_radius: pixels over which the paste fades in from the mask's edge.
    """
    weight = feather(mask, feather_radius)[..., None]
    mixed = np.rint(photo + weight * (rendered.astype(np.float32) - photo)).astype(np.uint8)
    return np.where(mask[..., None] > 0, mixed, photo)


def filled(picture: Image, mask: Mask) -> Image:
    """A picture with what is under the mask (H, W) painted over by what surrounds it (Telea 2004)."""
    scale = min(1.0, 640 / max(picture.shape[:2]))
    small = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    hole = cv2.resize(mask, (small.shape[1], small.shape[0]), interpolation=cv2.INTER_NEAREST)
    found = cv2.inpaint(small, hole, 5, cv2.INPAINT_TELEA)
    large = cv2.resize(found, (picture.shape[1], picture.shape[0]), interpolation=cv2.INTER_CUBIC)
    return composite(picture, np.asarray(large, np.uint8), mask, feather_radius=2.0)
