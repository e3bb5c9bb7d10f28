"""An item seen from an angle from which it was never taken: cut-outs with depth, brought into a photo's perspective.

Depth-image-based rendering: the pixels of the nearest views become points, the points tell how far the item is at each
pixel of the photo, and from there colours are looked up in those views that see the same point, the nearest in angle
first (Fehn, Depth-image-based rendering, SPIE 2004; weights after Buehler et al., Unstructured Lumigraph Rendering,
SIGGRAPH 2001).
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.geometry.camera import Camera, Points
from pipelines.geometry.placement import Placement
from pipelines.geometry.views import View, depth_span, project, view_of
from pipelines.schema import ItemView

Array = NDArray[np.float32]

#: The item is drawn this many times finer than the photo, and at most so many pixels long.
FINER, LONGEST = 2.0, 768
#: Points farther apart than this are not the same, as a share of the item's diagonal.
SAME = 0.025
#: What a view counts that sees past a point, beside one that sees it.
PAST = 0.1
#: What nothing counts, so that nothing is divided by it.
NEARLY = np.float32(1e-6)
#: A view so many degrees off counts an eighth of one that is right.
OFF = 4.0


@dataclass(frozen=True, eq=False)
class Sight:
    """A view in use: its picture, how it was taken, how many degrees it is off, and the metres to what it shows.

    Attributes:
        picture: float32 (S, S, 4), 0 to 1, colours multiplied with alpha. metres: (S, S), inf where there is nothing.
    """

    view: View
    picture: Array
    metres: NDArray[np.float64]
    off: float

    @classmethod
    def of(cls, view: ItemView, size: Sequence[float], off: float) -> Sight:
        """`size` is the item's, metres; the view has angles and depth."""
        assert view.angles is not None and view.depth is not None
        centimetres = [100 * side for side in size]
        taken = view_of(centimetres, *view.angles, cell=view.picture.shape[0])
        near, far = depth_span(centimetres, taken)
        metres = np.where(view.depth > 0, near + (view.depth - 1.0) / 254 * (far - near), np.inf)
        picture = np.asarray(view.picture, np.float32) / np.float32(255)
        picture[..., :3] *= picture[..., 3:]  # or the colour of what is cut away bleeds in
        return cls(taken, picture, metres, off)

    def points(self) -> Points:
        """What it shows, (N, 3) in the item's frame."""
        y, x = np.nonzero(np.isfinite(self.metres))
        middle = self.view.cell / 2
        rays = np.stack(
            [(x + 0.5 - middle) / self.view.focal, (y + 0.5 - middle) / self.view.focal, np.ones(len(x))], 1
        )
        return np.asarray((rays * self.metres[y, x, None]) @ self.view.axes + self.view.at, np.float64)

    @functools.cached_property
    def _to_the_edge(self) -> NDArray[np.float64]:
        """`metres`, one pixel beyond the outline too, where the picture's soft edge is."""
        grown = cv2.erode(np.where(np.isfinite(self.metres), self.metres, 1e9), np.ones((3, 3)))
        return np.where(np.isfinite(self.metres), self.metres, np.where(grown < 1e9, grown, np.inf))

    @functools.cached_property
    def _inside(self) -> NDArray[np.bool_]:
        """What lies a pixel within the outline."""
        return cv2.erode(np.isfinite(self.metres).astype(np.uint8), np.ones((3, 3), np.uint8)) > 0

    def look(self, points: Points, same: float) -> tuple[Array, Array, NDArray[np.bool_]]:
        """What it says of points (h, w, 3) of the item's frame.

        Returns:
            Colours (h, w, 4), how far they can be trusted (h, w, 1), and whether it sees the very point, well within
            its outline (h, w, 1).
        """
        flat = points.reshape(-1, 3)
        x, y = (v.reshape(points.shape[:2]) for v in project(self.view.matrix, flat).T.astype(np.float32) - 0.5)
        colours = cv2.remap(self.picture, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT)
        rows, columns = (np.rint(v).astype(int).clip(0, self.view.cell - 1) for v in (y, x))
        behind = (points - self.view.at) @ self.view.axes[2] - self._to_the_edge[rows, columns]
        sees = np.abs(behind) < same
        # A view that sees past the point has a say; one before which something stands has none.
        trust = np.select([sees, behind < 0], [1.0, PAST], 0.0) / (1 + (self.off / OFF) ** 3)
        within = sees & self._inside[rows, columns]
        return np.asarray(colours, np.float32), trust[..., None].astype(np.float32), within[..., None]


def reproject(
    sights: Sequence[Sight], size: Sequence[float], camera: Camera, placement: Placement
) -> tuple[Array, Array]:
    """The item as it stands in the photo.

    Args:
        sights: the views to use, at least one.
        size: (width, depth, height) of the item as it was taken, metres; that of `placement` may be another.

    Returns:
        RGB float32 (H, W, 3) in 0 to 255 and its alpha float32 (H, W) in 0 to 1; nothing where a corner of the box lies
        behind the camera.
    """
    rgb, alpha = np.zeros((*camera.size, 3), np.float32), np.zeros(camera.size, np.float32)
    corners = camera.project(placement.corners)
    if not np.isfinite(corners).all():
        return rgb, alpha
    left, top = np.maximum(np.floor(corners.min(0)).astype(int) - 2, 0)
    right, bottom = np.minimum(np.ceil(corners.max(0)).astype(int) + 2, camera.size[::-1])
    if left >= right or top >= bottom:
        return rgb, alpha
    scale = min(FINER, LONGEST / max(right - left, bottom - top))
    width, height = (max(1, round(side * scale)) for side in (right - left, bottom - top))
    steps = np.array([(right - left) / width, (bottom - top) / height])
    stretch = np.array(placement.size) / np.array(size)
    depth, reach = np.full((height, width), np.inf), 1
    same = SAME * float(np.linalg.norm(size))
    for sight in sights:
        world = placement.to_world(sight.points() * stretch)
        metres = camera.depth(world)
        fine = sight.view.focal / float(np.median(sight.metres[np.isfinite(sight.metres)]))
        spread = float(camera.focal / np.median(metres) / steps.min() / fine)
        reach = max(reach, int(np.ceil(max(spread, 1.0) / 2 + 0.25)))
        own = _splat((height, width), (camera.project(world) - (left, top)) / steps, metres, reach)
        # The nearest view knows best; others tell what it does not see, behind something or far before it.
        depth = np.where(np.isinf(depth) | (own < depth - 2 * same), own, depth)
    there = np.isfinite(depth)
    x, y = np.meshgrid(np.arange(width) + 0.5, np.arange(height) + 0.5)
    pixels = np.stack([x.ravel(), y.ravel()], 1) * steps + (left, top)
    world = camera.rays(pixels) * np.where(there, depth, 1.0).reshape(-1, 1) + (0, 0, camera.height)
    own = ((world - placement.foot) @ placement.turn / stretch).reshape(height, width, 3)
    looks = [sight.look(own, same) for sight in sights]
    # Where nobody sees the point, the nearest view's guess.
    mixed = sum(trust * colour for colour, trust, _ in looks) + NEARLY * looks[0][0]
    solid = mixed[..., 3:] / (sum(trust for _, trust, _ in looks) + NEARLY)
    # One view's outline runs across the middle of another, so whoever sees the point well within an outline tells how
    # solid it is. Only where points reach beyond the item's own outline that is no proof.
    inner = cv2.erode(there.astype(np.uint8), np.ones((2 * reach + 3,) * 2, np.uint8), borderValue=1)[..., None] > 0
    sure = sum(trust * within for _, trust, within in looks)
    told = sum(trust * within * colour[..., 3:] for colour, trust, within in looks) / np.maximum(sure, NEARLY)
    solid = np.where(inner & (sure > NEARLY), told, solid)
    solid = np.where(there[..., None], solid, 0)
    drawn = np.dstack([mixed[..., :3] / np.maximum(mixed[..., 3:], NEARLY) * solid, solid]).astype(np.float32)
    shrunk = cv2.resize(drawn, (int(right - left), int(bottom - top)), interpolation=cv2.INTER_AREA)
    alpha[top:bottom, left:right] = np.clip(shrunk[..., 3], 0, 1)
    rgb[top:bottom, left:right] = 255 * np.clip(shrunk[..., :3] / np.maximum(shrunk[..., 3:], NEARLY), 0, 1)
    return rgb, alpha


def _splat(size: tuple[int, int], pixels: Points, metres: NDArray[np.float64], reach: int) -> NDArray[np.float64]:
    """The nearest of what falls into each pixel of a picture (h, w); a point reaches so many pixels each way."""
    height, width = size
    depth = np.full(height * width, np.inf)
    columns, rows = np.floor(pixels).astype(int).T
    for down in range(-reach, reach + 1):
        for across in range(-reach, reach + 1):
            y, x = rows + down, columns + across
            inside = (y >= 0) & (x >= 0) & (y < height) & (x < width)
            np.minimum.at(depth, y[inside] * width + x[inside], metres[inside])
    return depth.reshape(size)
