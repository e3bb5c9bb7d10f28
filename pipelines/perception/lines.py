"""Straight line segments in a photo: found, cleaned of the picture's own frame, and merged where one edge was cut up.

Detection is OpenCV's LSD (von Gioi, Jakubowicz, Morel, Randall: LSD, a Line Segment Detector, IPOL 2012).
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from pipelines.schema import Image

Grey = NDArray[np.uint8]

#: Longer side, pixels, of a picture whose edges are sought: larger ones show grain, smaller ones lose door frames.
SEGMENT_SIDE = 640
# What counts as one edge cut up: direction (radians), distance off the line (pixels), gap (share of the longer piece).
_SAME_DIRECTION = np.radians(2.0)
_SAME_LINE = 1.6
_GAP = 0.6
# Shorter than this share of the longer side, a segment is texture.
_SHORTEST = 0.025
_MOST = 500


@dataclass(frozen=True, eq=False)
class LineSegments:
    """Segments, longest first.

    Attributes:
        ends: float32 (N, 4), x0, y0, x1, y1 in pixels, origin at the corner of the picture.
        strength: float32 (N,), mean contrast across the segment in grey levels.
    """

    ends: NDArray[np.float32]
    strength: NDArray[np.float32]

    @classmethod
    def none(cls) -> LineSegments:
        """No segments at all."""
        return cls(np.zeros((0, 4), np.float32), np.zeros(0, np.float32))

    def __len__(self) -> int:
        return len(self.ends)

    @property
    def length(self) -> NDArray[np.float32]:
        """Pixels (N,)."""
        return np.hypot(self.ends[:, 2] - self.ends[:, 0], self.ends[:, 3] - self.ends[:, 1])


def shrunk(photo: Image, side: int) -> Image:
    """A photo (H, W, 3) with at most `side` pixels on its longer side, averaged; never enlarged."""
    height, width = photo.shape[:2]
    scale = side / max(height, width)
    if scale >= 1:
        return photo
    size = max(1, round(width * scale)), max(1, round(height * scale))
    return np.asarray(cv2.resize(photo, size, interpolation=cv2.INTER_AREA), np.uint8)


def find_line_segments(photo: Image) -> LineSegments:
    """The straight edges of a photo.

    Args:
        photo: RGB uint8 (H, W, 3); already `shrunk`, since edges are sought at one scale.

    Returns:
        At most 500 segments of at least 2.5 % of the longer side.
    """
    grey = np.asarray(cv2.cvtColor(photo, cv2.COLOR_RGB2GRAY), np.uint8)
    found = cv2.createLineSegmentDetector(cv2.LSD_REFINE_STD).detect(grey)[0]
    if found is None:
        return LineSegments.none()
    # LSD puts the origin in the middle of the first pixel.
    ends = np.asarray(found, np.float64).reshape(-1, 4) + 0.5
    ends = ends[~_on_frame(ends, content_box(grey))]
    shortest = _SHORTEST * max(grey.shape)
    # Pieces half as long may still join.
    ends = merge_segments(ends[_lengths(ends) >= shortest / 2])
    ends = ends[_lengths(ends) >= shortest]
    ends = ends[np.argsort(-_lengths(ends), kind="stable")][:_MOST]
    return LineSegments(ends.astype(np.float32), _contrast(grey, ends))


def content_box(grey: Grey) -> tuple[int, int, int, int]:
    """left, top, right, bottom (exclusive) of a grey picture (H, W) without bars of one colour along its edges."""
    top, bottom = _content_range(grey)
    left, right = _content_range(grey.T)
    return left, top, right, bottom


def _content_range(grey: Grey) -> tuple[int, int]:
    """First and one past the last row that is not of one colour; all rows where a picture would vanish."""
    busy = np.flatnonzero(np.percentile(grey, 90, axis=1) - np.percentile(grey, 10, axis=1) > 6)
    if len(busy) < len(grey) / 3:
        return 0, len(grey)
    return int(busy[0]), int(busy[-1]) + 1


def _on_frame(ends: NDArray[np.float64], box: tuple[int, int, int, int]) -> NDArray[np.bool_]:
    """Which segments (N, 4) run along the content's edge, or lie beyond it."""
    left, top, right, bottom = box
    reach = 3.0
    x, y = ends[:, 0::2], ends[:, 1::2]
    beyond = (x < left + reach, x > right - reach, y < top + reach, y > bottom - reach)
    return np.logical_or.reduce([side.all(1) for side in beyond])


def merge_segments(ends: NDArray[np.float64]) -> NDArray[np.float64]:
    """Join pieces of one straight edge.

    Args:
        ends: (N, 4), pixels.

    Returns:
        (M, 4), M ≤ N: joined pieces reach from the first end to the last along their common line.
    """
    if len(ends) < 2:
        return ends
    near, far = np.nonzero(np.triu(_joinable(ends), 1))
    graph = csr_array((np.ones(len(near)), (near, far)), shape=(len(ends), len(ends)))
    count, group = connected_components(graph, directed=False)
    sizes = np.bincount(group, minlength=count)
    merged = [ends[sizes[group] == 1]]
    for index in np.flatnonzero(sizes > 1):
        merged.append(_joined(ends[group == index]))
    return np.concatenate(merged)


def _joinable(ends: NDArray[np.float64]) -> NDArray[np.bool_]:
    """(N, N): which pairs are pieces of one edge."""
    start, length = ends[:, :2], _lengths(ends)
    along = (ends[:, 2:] - start) / np.maximum(length, 1e-9)[:, None]
    straight = np.abs(along @ np.stack([along[:, 1], -along[:, 0]])) < np.sin(_SAME_DIRECTION)
    # Both ends of each (second index) in the frame of each (first index).
    offset = ends.reshape(-1, 2, 2)[None] - start[:, None, None]
    along_it = (offset * along[:, None, None]).sum(3)
    off_it = np.abs(offset[..., 0] * along[:, None, None, 1] - offset[..., 1] * along[:, None, None, 0]).max(2)
    gap = np.maximum(along_it.min(2) - length[:, None], -along_it.max(2))
    allowed = _GAP * np.maximum(length[:, None], length[None])
    one_way = straight & (off_it < _SAME_LINE) & (gap < allowed)
    # The longer one's line is the truer one.
    longer = length[:, None] >= length[None]
    return (one_way & longer) | (one_way & longer).T


def _joined(pieces: NDArray[np.float64]) -> NDArray[np.float64]:
    """One segment (1, 4) through pieces (K, 4) of a line, or the pieces where they bend."""
    points, weight = pieces.reshape(-1, 2), np.repeat(_lengths(pieces), 2)
    middle = np.average(points, axis=0, weights=weight)
    spread = (points - middle) * np.sqrt(weight)[:, None]
    direction = np.linalg.svd(spread, full_matrices=False)[2][0]
    off = np.abs((points - middle) @ (direction[1], -direction[0]))
    if off.max() > 1.5 * _SAME_LINE:
        return pieces
    reach = (points - middle) @ direction
    return np.concatenate([middle + reach.min() * direction, middle + reach.max() * direction])[None]


def _lengths(ends: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(np.hypot(ends[:, 2] - ends[:, 0], ends[:, 3] - ends[:, 1]), np.float64)


def _contrast(grey: Grey, ends: NDArray[np.float64]) -> NDArray[np.float32]:
    """Mean difference (N,) between both sides, two pixels off each segment, at nine places along it."""
    if not len(ends):
        return np.zeros(0, np.float32)
    start, step = ends[:, None, :2], ends[:, None, 2:] - ends[:, None, :2]
    spots = start + step * np.linspace(0.1, 0.9, 9)[None, :, None]
    across = np.stack([step[..., 1], -step[..., 0]], 2) / np.maximum(_lengths(ends), 1e-9)[:, None, None]
    sides = [np.floor(spots + shift * across).astype(int) for shift in (-2.0, 2.0)]
    height, width = grey.shape
    one, other = (grey[s[..., 1].clip(0, height - 1), s[..., 0].clip(0, width - 1)].astype(np.float32) for s in sides)
    return np.abs((one - other).mean(1))
