"""Which triangle every pixel sees: a z-buffer, for the exact maps that a path tracer does not hand out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Camera:
    """A pinhole as Blender has it.

    Attributes:
        at, target: metres. millimetres: focal length over a 36 mm sensor on the longer side. size: (width, height).
    """

    at: Array
    target: Array
    millimetres: float
    size: tuple[int, int]

    def project(self, points: Array) -> Array:
        """(N, 3) metres → (N, 3): x, y in pixels (pixel middles at .5) and depth in metres."""
        ahead = (self.target - self.at) / np.linalg.norm(self.target - self.at)
        right = np.cross(ahead, [0.0, 0.0, 1.0])
        right /= np.linalg.norm(right)
        from_camera = points - self.at
        depth = from_camera @ ahead
        focal = self.millimetres / 36 * max(self.size)
        x = self.size[0] / 2 + focal * (from_camera @ right) / depth
        y = self.size[1] / 2 - focal * (from_camera @ np.cross(right, ahead)) / depth
        return np.stack([x, y, depth], 1)


@njit(cache=True)  # type: ignore[untyped-decorator]
def _fill(screen, faces, face, share):  # type: ignore[no-untyped-def]
    height, width = face.shape
    nearest = np.full((height, width), 1e9)
    for f in range(len(faces)):
        a, b, c = screen[faces[f, 0]], screen[faces[f, 1]], screen[faces[f, 2]]
        area = (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])
        if abs(area) < 1e-12:
            continue
        x0 = max(int(np.floor(min(a[0], b[0], c[0]) - 0.5)), 0)
        x1 = min(int(np.ceil(max(a[0], b[0], c[0]) - 0.5)), width - 1)
        y0 = max(int(np.floor(min(a[1], b[1], c[1]) - 0.5)), 0)
        y1 = min(int(np.ceil(max(a[1], b[1], c[1]) - 0.5)), height - 1)
        for y in range(y0, y1 + 1):
            for x in range(x0, x1 + 1):
                px, py = x + 0.5, y + 0.5
                u = ((px - a[0]) * (c[1] - a[1]) - (py - a[1]) * (c[0] - a[0])) / area
                v = ((b[0] - a[0]) * (py - a[1]) - (b[1] - a[1]) * (px - a[0])) / area
                if u < 0 or v < 0 or u + v > 1:
                    continue
                depth = a[2] + u * (b[2] - a[2]) + v * (c[2] - a[2])
                if depth < nearest[y, x]:
                    nearest[y, x] = depth
                    face[y, x] = f
                    share[y, x, 0], share[y, x, 1] = u, v


def rasterise(screen: Array, faces: NDArray[np.int64], size: tuple[int, int]) -> tuple[NDArray[np.int64], Array]:
    """(face (H, W), −1 = none; shares (H, W, 3) of its three corners) for `size` = (width, height)."""
    face = np.full((size[1], size[0]), -1, np.int64)
    share = np.zeros((size[1], size[0], 2))
    _fill(screen, faces, face, share)
    return face, np.concatenate([1 - share.sum(-1, keepdims=True), share], -1)
