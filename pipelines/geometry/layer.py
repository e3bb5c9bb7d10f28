"""What stands between placing an item and lighting it."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.geometry.camera import Camera
from pipelines.geometry.item_picture import bring_to
from pipelines.geometry.placement import Placement
from pipelines.geometry.shadow import shade
from pipelines.masks import dilate
from pipelines.schema import Furniture, Mask

Array = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Layer:
    """An item brought to its place in the photo and not yet lit.

    Attributes:
        rgb: float32 (H, W, 3), 0 to 255, as taken in neutral light. alpha: float32 (H, W), 1 = item.
        kept: float32 (H, W) in (0, 1], what share of its light its drawn shadow leaves.
        placement: where it stands.
    """

    rgb: Array
    alpha: Array
    kept: Array
    placement: Placement


@dataclass(frozen=True, eq=False)
class Scene:
    """What is known of a room: camera, depth-like map (`pipelines.geometry.depth.depth_map`) and floor (H, W)."""

    camera: Camera
    depth: Array
    floor: Mask


def bring(item: Furniture, placement: Placement, camera: Camera, floor: Mask) -> Layer:
    """An item at its place, not yet lit; `floor` (H, W), 255 = seen floor."""
    rgb, alpha = bring_to(item, camera, placement)
    soft = cv2.GaussianBlur(dilate(floor, 2).astype(np.float32) / 255, (0, 0), 1.5)
    kept = np.ones(camera.size, np.float32)
    if item.place == "rug":
        alpha = alpha * soft
    elif item.place == "table":
        kept = shade(camera, placement)
    elif item.place == "floor":
        # Only the floor that is seen takes a shadow, not what stands before it.
        kept = 1 - (1 - shade(camera, placement)) * soft
    return Layer(rgb, alpha, kept, placement)


def paste(room: Array, layer: Layer) -> Array:
    """The item over its drawn shadow, each in its own light: float32 (H, W, 3), like `room`, 0 to 255."""
    ground = room * layer.kept[..., None]
    return np.asarray(ground + layer.alpha[..., None] * (layer.rgb - ground), np.float32)
