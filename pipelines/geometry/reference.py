"""The camera's height from one known length in the picture: a photo alone does not tell how large a room is."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from pipelines.errors import BadInput
from pipelines.geometry.camera import Camera, Points

Pixel = tuple[float, float]

# Within this angle of the vertical a line is taken for an upright thing.
_UPRIGHT = np.radians(8)


def camera_height_from_reference(
    camera: Camera, a: Pixel, b: Pixel, metres: float, *, upright: bool | None = None
) -> float:
    """The height at which the camera has to be for a length to come out right.

    Args:
        camera: everything but its height is used.
        a, b: pixels (x, y), in any order: foot and top of something that stands on the floor (a door), or both ends of
            something that lies on it (a tile, a sheet of paper).
        metres: the true length.
        upright: which of these; None = told by the direction of the line. A length on the floor that points straight
            away from the camera looks like an upright one, so say False for it.

    Returns:
        Metres above the floor.

    Raises:
        BadInput: the length is not positive, an end that has to be on the floor is above the horizon, or both coincide.
    """
    if not metres > 0 or not np.isfinite(metres):
        raise BadInput("reference length", f"{metres:g} m", "more than 0", "Give the true length in metres.")
    ends = np.array([a, b], np.float64)
    # The lower end first: seen from the camera, what stands goes towards the zenith.
    zenith = camera.axes[:, 2]
    ends = ends[np.argsort(ends @ zenith[:2])]
    below = camera.rays(ends)[:, 2] < -1e-6
    if upright is None:
        upright = not below[1] or _runs_up(camera, ends)
    if not (below[0] and (upright or below[1])):
        got = "a point at the horizon or above it"
        raise BadInput("reference length", got, "points on the floor", "Mark it where it touches the floor.")
    per_height = _standing(camera, ends) if upright else _lying(camera, ends)
    if not per_height > 1e-6:
        raise BadInput("reference length", "ends that coincide", "two different points", "Mark both of its ends.")
    return float(metres / per_height)


def _runs_up(camera: Camera, ends: NDArray[np.float64]) -> bool:
    """Whether the line from the foot (first) runs to where uprights do."""
    foot, along = replace(camera, height=1.0).floor_points(ends[:1])[0], ends[1] - ends[0]
    grown = replace(camera, height=1.0).project(np.stack([foot, foot + np.array([0, 0, 0.05])]))
    up = grown[1] - grown[0]
    cosine = float(up @ along) / max(float(np.linalg.norm(up) * np.linalg.norm(along)), 1e-12)
    return cosine > np.cos(_UPRIGHT)


def _standing(camera: Camera, ends: NDArray[np.float64]) -> float:
    """Length over camera height of what stands at the first pixel and reaches up to the second."""
    foot = replace(camera, height=1.0).floor_points(ends[:1])[0]
    ray = camera.rays(ends[1:])[0]
    # The top is where the second ray comes nearest to the upright line over the foot.
    reach = float(foot[:2] @ ray[:2]) / float(ray[:2] @ ray[:2])
    return 1 + reach * float(ray[2])


def _lying(camera: Camera, ends: NDArray[np.float64]) -> float:
    """Length over camera height of what lies on the floor between two pixels."""
    points: Points = replace(camera, height=1.0).floor_points(ends)
    return float(np.linalg.norm(points[1] - points[0]))
