"""A pinhole camera over a floor: from pixels to metres and back.

World frame, metres: origin on the floor below the camera, x to the right, y ahead (level, into the picture), z up.
Pixels: x to the right, y down, origin at the corner of the picture; the principal point is the picture's middle.
Geometry after Hartley and Zisserman, Multiple View Geometry, chapters 6 and 8.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float64]

#: What is nearer than this to the plane of the camera, in metres, is not in the picture.
NEAR = 0.05


@dataclass(frozen=True)
class Camera:
    """One picture's camera.

    Attributes:
        size: (height, width) of the picture in pixels.
        focal: focal length in pixels.
        pitch: radians that the camera looks down; negative = up.
        roll: radians by which the horizon falls to the right in the picture.
        height: metres above the floor.
    """

    size: tuple[int, int]
    focal: float
    pitch: float = 0.0
    roll: float = 0.0
    height: float = 1.5

    @classmethod
    def from_horizon(
        cls, size: tuple[int, int], focal: float, horizon_y: float, roll: float = 0.0, height: float = 1.5
    ) -> Camera:
        """The camera whose horizon crosses the picture's middle column at `horizon_y`, a fraction of its height."""
        below = (0.5 - horizon_y) * size[0] * np.cos(roll)
        return cls(size, focal, float(np.arctan2(below, focal)), roll, height)

    @property
    def horizon_y(self) -> float:
        """Where the horizon crosses the middle column, a fraction of the picture's height; may lie outside 0 to 1."""
        return float(0.5 - self.focal * np.tan(self.pitch) / np.cos(self.roll) / self.size[0])

    @property
    def fov(self) -> float:
        """Horizontal field of view, radians."""
        return float(2 * np.arctan(self.size[1] / 2 / self.focal))

    @property
    def axes(self) -> Points:
        """(3, 3): the picture's right, its down, and ahead, as rows in world axes."""
        right, ahead = np.array([1.0, 0, 0]), np.array([0, np.cos(self.pitch), -np.sin(self.pitch)])
        down = np.cross(ahead, right)
        cos, sin = np.cos(self.roll), np.sin(self.roll)
        return np.stack([cos * right - sin * down, sin * right + cos * down, ahead])

    @property
    def matrix(self) -> Points:
        """(3, 4): homogeneous world point → homogeneous pixel."""
        lens = np.array([[self.focal, 0, self.size[1] / 2], [0, self.focal, self.size[0] / 2], [0, 0, 1]])
        return lens @ np.hstack([self.axes, -self.axes @ np.array([[0], [0], [self.height]])])

    def project(self, points: Points) -> Points:
        """Pixels (N, 2) of world points (N, 3); NaN for what lies behind the camera."""
        seen = np.hstack([points, np.ones((len(points), 1))]) @ self.matrix.T
        depth = np.where(seen[:, 2:] > NEAR, seen[:, 2:], np.nan)
        return np.asarray(seen[:, :2] / depth, np.float64)

    def depth(self, points: Points) -> NDArray[np.float64]:
        """Metres (N,) along the viewing direction of world points (N, 3)."""
        return np.asarray((points - (0, 0, self.height)) @ self.axes[2], np.float64)

    def rays(self, pixels: Points) -> Points:
        """World directions (N, 3) of pixels (N, 2), with 1 metre ahead of the lens."""
        middle = (self.size[1] / 2, self.size[0] / 2)
        seen = np.hstack([(pixels - middle) / self.focal, np.ones((len(pixels), 1))])
        return np.asarray(seen @ self.axes, np.float64)

    def floor_points(self, pixels: Points, z: float = 0.0) -> Points:
        """World points (N, 3) under pixels (N, 2) on the floor, or on the level plane `z` metres above it.

        NaN for pixels whose ray does not come down (or up) to that plane.
        """
        rays = self.rays(pixels)
        fall = (z - self.height) * np.sign(rays[:, 2:]) > 0
        with np.errstate(divide="ignore"):
            reach = np.where(fall & (np.abs(rays[:, 2:]) > 1e-6), (z - self.height) / rays[:, 2:], np.nan)
        return np.asarray(rays * reach + (0, 0, self.height), np.float64)

    def px_per_m(self, point: Points) -> float:
        """Pixels per metre of an upright or sideways length at one world point (3,)."""
        return float(self.focal / self.depth(point[None])[0])
