"""The shadow of an item on the floor, worked out seen from above and brought into the photo.

Two parts, as in a room lit from many sides: where the item stands it keeps light away from the floor right beneath
(contact), and it hides part of the ceiling and windows from the floor around it (ambient occlusion, wider the higher
the item is). Where the light of the room draws it, the harmony network knows (`pipelines.diffusion.harmony`).
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.geometry.camera import Camera
from pipelines.geometry.placement import Placement

Array = NDArray[np.float32]

#: Pixels per metre of the plan, and how far it reaches beyond the foot, metres.
PLAN, BEYOND = 60.0, 1.2
#: Share of the light that is lost in the deepest shade of either part.
CONTACT, AMBIENT = 0.45, 0.5
#: Widths of their edges: metres, and shares of the item's height.
CONTACT_WIDTH, AMBIENT_WIDTH = 0.025, 0.3
#: No ambient shade is wider than that of an item of this height, metres.
TALLEST = 1.0


def shade(camera: Camera, placement: Placement) -> Array:
    """What share of its light the floor keeps, float32 (H, W) in (0, 1]; 1 = no shadow."""
    width, depth, height = placement.size
    tall = min(height, TALLEST)
    reach = BEYOND + max(width, depth) / 2
    count = round(2 * reach * PLAN)
    corners = placement.corners[placement.corners[:, 2] < placement.base + 1e-6][:, :2]
    foot = np.zeros((count, count), np.uint8)
    hull = cv2.convexHull(((corners - placement.at + reach) * PLAN).astype(np.float32))
    cv2.fillConvexPoly(foot, np.rint(hull * 16).astype(np.int32), 255, cv2.LINE_AA, 4)
    plan = foot.astype(np.float32) / 255
    contact = cv2.GaussianBlur(plan, (0, 0), CONTACT_WIDTH * PLAN)
    wide = max(AMBIENT_WIDTH * tall, 0.04) * PLAN
    ambient = cv2.GaussianBlur(plan, (0, 0), wide)
    kept = (1 - CONTACT * contact) * (1 - AMBIENT * ambient)
    return _into_photo(kept.astype(np.float32), camera, placement, reach)


def _into_photo(plan: Array, camera: Camera, placement: Placement, reach: float) -> Array:
    """A plan (rows along the world's y) in perspective; 1 outside it."""
    # Only what lies ahead of the camera can be projected: the plan's near edge is cut there.
    ahead = max(-reach, camera.height * 0.15 - placement.at[1])
    if ahead >= reach:
        return np.ones(camera.size, np.float32)
    square = np.array([[-reach, ahead], [reach, ahead], [reach, reach], [-reach, reach]])
    world = np.hstack([square + placement.at, np.full((4, 1), placement.base)])
    pixels = camera.project(world)
    if not np.isfinite(pixels).all():
        return np.ones(camera.size, np.float32)
    matrix, _ = cv2.findHomography((square + reach) * PLAN - 0.5, pixels - 0.5)
    there = cv2.warpPerspective(
        plan, matrix, camera.size[::-1], flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=1.0
    )
    # Above the horizon a homography sees the plan a second time, upside down.
    rows = np.arange(camera.size[0])[:, None]
    columns = np.arange(camera.size[1])[None] - camera.size[1] / 2
    horizon = camera.horizon_y * camera.size[0] + np.tan(camera.roll) * columns
    return np.where(rows > horizon, there, 1.0).astype(np.float32)
