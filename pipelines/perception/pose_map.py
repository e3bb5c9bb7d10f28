"""The OpenPose picture of a pose, as published ControlNets expect it."""

from __future__ import annotations

import warnings

import numpy as np

from pipelines.schema import Image, Keypoints


def draw_openpose(points: Keypoints, size: tuple[int, int]) -> Image:
    """OpenPose's picture of 18 points on black, RGB uint8 (H, W, 3), drawn by controlnet-aux.

    Args:
        points: float32 (18, 2) fractions of width and height, NaN where not seen.
        size: (height, width) of the picture.
    """
    with warnings.catch_warnings():
        # controlnet-aux imports all its detectors, and each says what it lacks or overwrites; none of it is used here.
        warnings.simplefilter("ignore")
        from controlnet_aux.open_pose.body import Keypoint  # imports torch
        from controlnet_aux.open_pose.util import draw_bodypose

    keypoints = [None if np.isnan([x, y]).any() else Keypoint(float(x), float(y)) for x, y in points]
    canvas: Image = draw_bodypose(np.zeros((*size, 3), np.uint8), keypoints)
    return canvas
