"""Which way surfaces face, from corners of line segments.

Where two segments of different directions meet, they span a piece of a plane: an upright and a level one a piece of a
wall, a cupboard, a door; two level ones a piece of floor, table or ceiling. Each such piece votes for its pixels. A
cheaper relative of the orientation maps of Lee, Hebert and Kanade, Geometric Reasoning for Single Image Structure
Recovery, CVPR 2009.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.geometry.camera import Camera

Array = NDArray[np.float32]
Floats = NDArray[np.float64]

#: Indices of the three directions: both families of walls, and the vertical.
ALONG, ACROSS, UPRIGHT = range(3)
# Ends this near, as a share of the longer side, are a corner.
_CORNER = 0.045
_OFF_DIRECTION = np.sin(np.radians(3.0))
# A piece that reaches this many picture sides out is seen edge on and tells nothing.
_FARTHEST = 4.0
_MOST_SEGMENTS = 250
# So many votes are as good as certain.
_ENOUGH_VOTES = 3.0


def vanishing_points(camera: Camera, wall_yaw: float) -> Floats:
    """Homogeneous pixels (3, 3), as rows: of the walls' two directions and of the vertical."""
    cos, sin = np.cos(wall_yaw), np.sin(wall_yaw)
    directions = np.array([[cos, sin, 0], [-sin, cos, 0], [0, 0, 1.0]])
    return np.asarray(directions @ camera.matrix[:, :3].T, np.float64)


def directions_of(ends: Floats, points: Floats) -> NDArray[np.int64]:
    """The direction (N,) that each segment (N, 4) follows: an index into `points` (3, 3), -1 = none."""
    pieces = ends.reshape(-1, 2, 2)
    middle, along = pieces.mean(1), pieces[:, 1] - pieces[:, 0]
    towards = points[:, None, :2] - points[:, None, 2:] * middle[None]
    size = np.linalg.norm(towards, axis=2) * np.linalg.norm(along, axis=1)
    sine = np.abs(towards[..., 0] * along[:, 1] - towards[..., 1] * along[:, 0]) / np.maximum(size, 1e-9)
    return np.where(sine.min(0) < _OFF_DIRECTION, sine.argmin(0), -1)


def facing(camera: Camera, wall_yaw: float, ends: Array) -> tuple[Array, Array]:
    """How surely each pixel belongs to an upright, and to a level, surface.

    Args:
        camera: of a picture (H, W).
        wall_yaw: radians from world x to one family of walls.
        ends: line segments (N, 4) in pixels, longest first.

    Returns:
        Two float32 (H, W) from 0 (no corner says so) to 1. Both may be high; then the picture is ambiguous there.
    """
    segments = ends[:_MOST_SEGMENTS].astype(np.float64)
    points = vanishing_points(camera, wall_yaw)
    direction = directions_of(segments, points)
    upright, level = np.zeros(camera.size, np.float32), np.zeros(camera.size, np.float32)
    for one, other, votes in ((UPRIGHT, ALONG, upright), (UPRIGHT, ACROSS, upright), (ALONG, ACROSS, level)):
        ones, others = (segments[direction == which].reshape(-1, 2, 2) for which in (one, other))
        for corners in _spanned(ones, others, points[one], points[other], _CORNER * max(camera.size)):
            _vote(votes, corners)
    return _surety(upright), _surety(level)


def _surety(votes: Array) -> Array:
    return (np.minimum(votes, _ENOUGH_VOTES) / _ENOUGH_VOTES).astype(np.float32)


def _spanned(ones: Floats, others: Floats, point: Floats, other_point: Floats, near: float) -> Floats:
    """Corners (K, 4, 2) of the pieces spanned by segments (A, 2, 2) and (B, 2, 2) that meet."""
    gaps = np.linalg.norm(ones[:, :, None, None] - others[None, None], axis=-1)
    i, end, j, other_end = np.nonzero(gaps < near)
    corner = (ones[i, end] + others[j, other_end]) / 2
    tip, other_tip = ones[i, 1 - end], others[j, 1 - other_end]
    # Opposite the corner cross the lines from each tip towards the other one's vanishing point.
    far = np.cross(np.cross(_lifted(tip), other_point), np.cross(_lifted(other_tip), point))
    # A point behind the lens, or none, leaves no piece.
    scale = np.where(np.abs(far[:, 2:]) > 1e-9, far[:, 2:], np.nan)
    return np.stack([corner, tip, far[:, :2] / scale, other_tip], 1)


def _lifted(pixels: Floats) -> Floats:
    return np.column_stack([pixels, np.ones(len(pixels))])


def _vote(votes: Array, corners: Floats) -> None:
    """Add 1 within one piece (4, 2), in place."""
    height, width = votes.shape
    if not np.isfinite(corners).all() or np.abs(corners).max() > _FARTHEST * max(height, width):
        return
    shape = np.rint(corners - 0.5).astype(np.int32)
    left, top = np.maximum(shape.min(0), 0)
    right, bottom = np.minimum(shape.max(0) + 1, (width, height))
    if left >= right or top >= bottom:
        return
    piece = np.zeros((bottom - top, right - left), np.uint8)
    cv2.fillConvexPoly(piece, shape - np.array([left, top], np.int32), 1)
    votes[top:bottom, left:right] += piece
