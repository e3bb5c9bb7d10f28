"""An item with its real size, standing somewhere in a room.

The item's frame is that of pipelines.geometry.views. At yaw 0 its front looks back along the world's y, out of the
picture; a positive yaw turns it counter-clockwise seen from above.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.geometry.camera import Camera, Points
from pipelines.geometry.views import box_corners
from pipelines.schema import Mask


@dataclass(frozen=True)
class Placement:
    """Where an item stands.

    Attributes:
        at: world (x, y) of the middle of the foot, metres.
        yaw: radians, see the module.
        size: (width, depth, height) in metres.
        base: metres of the foot above the floor: 0, or a table's height, or where a picture hangs.
    """

    at: tuple[float, float]
    yaw: float
    size: tuple[float, float, float]
    base: float = 0.0

    @property
    def turn(self) -> NDArray[np.float64]:
        """(3, 3): item axes → world axes."""
        cos, sin = np.cos(self.yaw + np.pi), np.sin(self.yaw + np.pi)
        return np.array([[cos, -sin, 0], [sin, cos, 0], [0, 0, 1.0]])

    @property
    def foot(self) -> Points:
        """World point (3,) of the middle of the foot."""
        return np.array([*self.at, self.base])

    def to_world(self, points: Points) -> Points:
        """Points (N, 3) of the item frame in world coordinates."""
        return np.asarray(points @ self.turn.T + self.foot, np.float64)

    @property
    def corners(self) -> Points:
        """World points (8, 3) of the corners of the item's box, in the order of `views.box_corners`."""
        return self.to_world(box_corners([100 * side for side in self.size]))

    def seen_from(self, camera: Camera) -> tuple[float, float]:
        """(yaw, pitch) in radians as the camera sees the item: 0 = front on; how far it looks down on its middle."""
        eye = (np.array([0, 0, camera.height]) - self.foot) @ self.turn
        eye[2] -= self.size[2] / 2
        return float(np.arctan2(eye[0], eye[1])), float(np.arctan2(eye[2], np.hypot(eye[0], eye[1])))


def outline(camera: Camera, placement: Placement) -> Mask:
    """Mask (H, W), 255 = within the outline of the item's box; empty if a corner lies behind the camera."""
    mask = np.zeros(camera.size, np.uint8)
    corners = camera.project(placement.corners)
    if np.isfinite(corners).all():
        # Far outside the picture OpenCV's integers would overflow.
        limit = 8 * max(camera.size)
        # OpenCV counts from the middle of a pixel.
        hull = cv2.convexHull((np.clip(corners, -limit, limit) - 0.5).astype(np.float32))
        cv2.fillConvexPoly(mask, np.rint(hull * 16).astype(np.int32), 255, cv2.LINE_AA, 4)
    return np.where(mask > 127, 255, 0).astype(np.uint8)


def stands_at(camera: Camera, x: float, y: float, z: float = 0.0) -> tuple[float, float] | None:
    """World (x, y) under a place in the picture, given as fractions of it; None if it is not on that plane."""
    pixel = np.array([[x * camera.size[1], y * camera.size[0]]])
    point = camera.floor_points(pixel, z)[0]
    return (float(point[0]), float(point[1])) if np.isfinite(point).all() else None
