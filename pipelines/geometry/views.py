"""The cameras with which the pictures of a piece of furniture were taken, as formulas.

The frame of an item (right-handed, metres): its origin is the middle of its foot on the floor, **y** points out of its
front, **z** up, and **x** to the item's own right hand, as of somebody who sits on it and looks out of its front. Who
stands before it and looks at its front therefore sees +x on their *left*. The box of an item is width (x) by depth (y)
by height (z), from the floor upwards and centred above the origin; hanging items have a box too, its foot at their
lowest point.

A view is the picture in a square cell, told by two angles in degrees:

* yaw 0: the front faces the camera. Positive yaw turns the item counter-clockwise seen from above: its front moves to
  the right in the picture, and at yaw 90 one sees its own right side (+x) with the front to the picture's right.
* pitch: how far the camera looks down. Negative looks up from below. Exactly 90 is the plan: parallel rays from above,
  the front at the bottom of the picture.

For a symmetric item the view at −yaw is the view at yaw, mirrored left to right.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

#: Side of a cell in pixels.
CELL = 256
#: What stays free of a cell on the side where the box comes nearest to its edge, as a part of the cell.
MARGIN = 0.04
#: The camera's distance from the middle of the box: metres, and diagonals of the box; the larger counts.
NEAREST, DIAGONALS = 3.5, 2.2
#: The pitch of a plan.
PLAN = 90.0


@dataclass(frozen=True, eq=False)
class View:
    """A camera in the frame of an item.

    Attributes:
        axes: (3, 3), rows: right, down and forward in the picture; unit vectors in the item's frame.
        at: (3,) where the camera stands, metres.
        focal: pixels; of a plan pixels a metre.
        cell: side of the square picture, pixels.
        plan: whether rays are parallel.
    """

    axes: Array
    at: Array
    focal: float
    cell: int
    plan: bool

    @property
    def matrix(self) -> Array:
        """(3, 4): homogeneous points of the item's frame → homogeneous pixels, (0, 0) the cell's upper left corner."""
        middle = self.cell / 2
        seen = np.concatenate([self.axes, -self.axes @ self.at[:, None]], axis=1)
        last = np.array([0.0, 0.0, 0.0, 1.0]) if self.plan else seen[2]
        return np.stack([self.focal * seen[0] + middle * last, self.focal * seen[1] + middle * last, last])


def box_corners(size_cm: Sequence[float]) -> Array:
    """(8, 3) corners of the box of an item, metres; `size_cm` is (width, depth, height) in centimetres."""
    size = np.asarray(size_cm, np.float64) / 100
    if size.shape != (3,) or not np.all(size > 0):
        raise ValueError(f"A size is (width, depth, height) in centimetres, all above 0; got {tuple(size_cm)}.")
    unit = np.array([[x, y, z] for x in (-0.5, 0.5) for y in (-0.5, 0.5) for z in (0.0, 1.0)])
    corners: Array = unit * size
    return corners


def view_of(size_cm: Sequence[float], yaw: float, pitch: float, cell: int = CELL, margin: float = MARGIN) -> View:
    """The camera of a view.

    It stands max(3.5 m, 2.2 diagonals of the box) from the middle of the box and looks at it. Its focal length is the
    one with which the corner that comes nearest to an edge of the cell leaves `margin` of the cell free:
    focal = (1/2 − margin) · cell / max over corners and both picture axes of |offset / depth|.

    Args:
        size_cm: width, depth and height, centimetres.
        yaw: degrees, see the module.
        pitch: degrees in [−90, 90]; 90 is the plan.
        cell: side of the picture, pixels.
        margin: in [0, 0.5), parts of the cell.

    Raises:
        ValueError: for a size that is not positive, or a pitch or margin out of range.
    """
    if not -90.0 < pitch <= PLAN or not 0.0 <= margin < 0.5:
        raise ValueError(f"A pitch lies above -90 and up to 90, a margin in [0, 0.5); got {pitch} and {margin}.")
    corners = box_corners(size_cm)
    middle = np.array([0.0, 0.0, corners[:, 2].max() / 2])
    turn, tilt = np.deg2rad(yaw), np.deg2rad(pitch)
    towards = np.array([np.cos(tilt) * np.sin(turn), np.cos(tilt) * np.cos(turn), np.sin(tilt)])
    right = np.array([-np.cos(turn), np.sin(turn), 0.0])
    axes = np.stack([right, np.cross(-towards, right), -towards])
    distance = max(NEAREST, DIAGONALS * float(np.linalg.norm(corners.max(0) - corners.min(0))))
    at = middle + distance * towards
    seen = (corners - at) @ axes.T
    plan = pitch == PLAN
    reach = np.abs(seen[:, :2]) if plan else np.abs(seen[:, :2] / seen[:, 2:])
    return View(axes, at, float((0.5 - margin) * cell / reach.max()), cell, plan)


def view_camera(size_cm: Sequence[float], yaw: float, pitch: float, cell: int = CELL) -> Array:
    """(3, 4) projection of a view: item's frame, metres → cell, pixels. See `view_of` and the module."""
    return view_of(size_cm, yaw, pitch, cell).matrix


def depth_span(size_cm: Sequence[float], view: View) -> tuple[float, float]:
    """(nearest, farthest) metres along a view that any of an item's box can be, whatever its yaw and pitch."""
    corners = box_corners(size_cm)
    middle = np.array([0.0, 0.0, corners[:, 2].max() / 2])
    distance = float((middle - view.at) @ view.axes[2])
    half = float(np.linalg.norm(corners[0] - middle))
    return distance - half, distance + half


def project(matrix: Array, points: Array) -> Array:
    """Points (N, 3) through a (3, 4) projection to pixels (N, 2)."""
    seen = points @ matrix[:, :3].T + matrix[:, 3]
    pixels: Array = seen[:, :2] / seen[:, 2:]
    return pixels
