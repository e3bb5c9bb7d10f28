"""A depth-like map of a room from its floor alone: what is not floor stands upright where the floor below it ends.

The stage model of Hoiem, Efros and Hebert, Automatic Photo Pop-up, SIGGRAPH 2005.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.geometry.camera import Camera
from pipelines.geometry.placement import Placement
from pipelines.schema import Mask

Array = NDArray[np.float32]
Points = NDArray[np.float64]

#: Nearest and farthest that a pixel can be, metres.
DEPTHS = (0.4, 12.0)
#: Rows and columns of the map at most: the floor's outline is not known better.
SIDE = 256
#: Distances from the item, metres, at which the nearness to it has fallen to 1/e.
NEARNESS = (0.12, 0.6)
#: Channels of `surroundings`.
SURROUNDINGS = 8


def depth_map(camera: Camera, floor: Mask) -> Array:
    """Metres along the viewing direction, float32 (h, w), no side longer than SIDE.

    Args:
        camera: of the photo.
        floor: uint8 (H, W), 255 = visible floor.
    """
    shrink = max(1.0, max(floor.shape) / SIDE)
    height, width = (max(2, round(side / shrink)) for side in floor.shape)
    seen = cv2.resize(floor, (width, height), interpolation=cv2.INTER_AREA) > 127
    x, y = np.meshgrid((np.arange(width) + 0.5) / width, (np.arange(height) + 0.5) / height)
    rays = camera.rays(np.stack([x.ravel() * camera.size[1], y.ravel() * camera.size[0]], 1))
    fall = np.maximum(-rays[:, 2], camera.height / DEPTHS[1]).reshape(height, width)
    on_floor = np.clip(camera.height / fall, *DEPTHS)
    depth = np.empty((height, width), np.float32)
    # Where a column shows no floor, what is at its bottom stands at the nearest floor that is seen, or at its foot.
    standing = on_floor[-1]
    for row in range(height - 1, -1, -1):
        standing = np.where(seen[row], on_floor[row], standing)
        depth[row] = standing
    return depth


def surroundings(camera: Camera, depth: Array, floor: Mask, placement: Placement, pixels: Points) -> Array:
    """What lies where around an item, for each pixel: float32 (N, SURROUNDINGS).

    Columns: log depth; floor; nearness to the item's foot seen from above, twice; which way it lies (right, ahead),
    fading; height above the floor; the item's height.

    Args:
        camera: of the photo. depth: of `depth_map`. floor: of the photo. pixels: (N, 2) of the photo, (x, y).
    """
    shares = pixels / (camera.size[1], camera.size[0])
    metres, on_floor = _at(depth, shares), _at(floor, shares) > 127
    world = camera.rays(pixels) * metres[:, None] + (0, 0, camera.height)
    own = (world - placement.foot) @ placement.turn
    half = np.array(placement.size[:2]) / 2
    beyond = own[:, :2] - np.clip(own[:, :2], -half, half)
    away = np.linalg.norm(beyond, axis=1)
    near, far = (np.exp(-away / reach) for reach in NEARNESS)
    direction = beyond @ placement.turn[:2, :2].T / np.maximum(away, 1e-6)[:, None] * np.exp(-away)[:, None]
    return np.column_stack(
        [
            np.log(metres / 3), on_floor, near, far, direction, np.clip(world[:, 2], -0.5, 3) / 2,
            np.full(len(pixels), min(placement.size[2], 2.5)),
        ]
    ).astype(np.float32)  # fmt: skip


def _at(plane: Array | Mask, shares: Points) -> NDArray[np.float64]:
    """The nearest values (N,) of a plane (h, w) at fractions of its size; beyond its edge the edge."""
    x, y = (shares * (plane.shape[1], plane.shape[0])).astype(int).T
    return plane[y.clip(0, plane.shape[0] - 1), x.clip(0, plane.shape[1] - 1)].astype(np.float64)
