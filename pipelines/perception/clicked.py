"""A thing in a photo, from clicks on it and beside it: what finds it, by GrabCut or by SAM.

`set_image` once, then as many masks as there are clicks, as in segment-anything's predictor.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any, Final, NamedTuple, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import dijkstra

from pipelines.errors import BadInput
from pipelines.perception.boxed import enlarged, grab, grab_box, shrunk
from pipelines.schema import Image, Mask, check_image

Floats = NDArray[np.float32]
Booleans = NDArray[np.bool_]
#: Opposite corners, fractions of the photo.
Box = tuple[tuple[float, float], tuple[float, float]]

#: Longest side at which the thing is searched, and rounds of GrabCut for each size that it may have.
WORK_SIZE: Final = 256
ROUNDS: Final = 2
#: Sizes that a thing may have, as shares of the photo, smallest first.
SIZES: Final = tuple(np.geomspace(0.008, 0.4, 9).tolist())
#: What a step of one pixel costs where colour does not change, in units of Lab.
STEP: Final = 1.5
#: Ways shorter than this share of the longest inside are surely of the thing; longer than this multiple surely not.
SURE, FAR = 0.4, 2.5
#: The share of the photo that a thing usually has, and the spread of its logarithm: of garments in training photos.
USUAL, SPREAD = 0.06, 0.8
#: Radius of a click, as a share of the photo's longer side.
CLICK: Final = 0.006
#: Contrast in Lab units across an outline above which it is not clearer.
CLEAR: Final = 20.0


class Click(NamedTuple):
    """A click: fractions of width and height, and whether it adds to the mask or takes from it."""

    x: float
    y: float
    add: bool = True


class ClickMask(Protocol):
    """What finds a thing by clicks. Not thread-safe: it keeps the photo that was set last."""

    def set_image(self, photo: Image) -> None:
        """Look at a photo, RGB uint8 (H, W, 3)."""

    def mask(self, clicks: Sequence[Click], box: Box | None = None) -> Mask:
        """The thing that was clicked, at the size of the photo.

        Args:
            clicks: in their order; at least one adds, unless there is a box.
            box: opposite corners of a box around it.

        Returns:
            uint8 (H, W), 255 = the thing. Every click that adds is inside, none that takes away; of two on one pixel
            the later counts.

        Raises:
            BadInput: no photo was set, no click adds, or a click lies outside the photo.
        """


class GrabCutClicks:
    """Finds a thing by clicks without any weights.

    The way from a click to a pixel is the longer the more colours change on it. What is near by that measure is cut
    out by GrabCut, for several sizes that the thing may have; of these the one is taken whose outline is the clearest
    and changes least with the size. What several clicks find is put together, and GrabCut takes from that what is
    nearer to a click that takes away.
    """

    def __init__(self) -> None:
        self._photo: Image | None = None
        self._known: dict[tuple[Click, Box | None], Booleans] = {}

    def set_image(self, photo: Image) -> None:
        """See `ClickMask`."""
        check_image(photo, "photo")
        self._photo, self._small = photo, shrunk(photo, WORK_SIZE)
        lab = cv2.cvtColor(self._small, cv2.COLOR_RGB2LAB)
        flat = np.asarray(cv2.bilateralFilter(lab, 7, 25, 5), np.float32)
        self._steps, self._contrast = _steps(flat), _contrast(flat)
        self._known.clear()

    def mask(self, clicks: Sequence[Click], box: Box | None = None) -> Mask:
        """See `ClickMask`."""
        photo = checked(self._photo, clicks, box)
        if box is not None and not any(click.add for click in clicks):
            return with_clicks(grab_box(photo, *box), clicks)
        found = np.any([self._thing(click, box) for click in clicks if click.add], axis=0)
        return with_clicks(enlarged(self._without(found, clicks), photo), clicks)

    def _thing(self, click: Click, box: Box | None) -> Booleans:
        """What one click that adds means in the small photo (h, w), found once."""
        if (click, box) not in self._known:
            ways = self._ways([click])
            allowed = np.ones(ways.shape, bool) if box is None else _inside(box, ways.shape)
            order, seed = np.sort(ways[allowed]), ways == 0
            found = [
                _parts(grab(self._small, labels, ROUNDS), seed)
                for size in SIZES
                if (labels := _labels(ways, allowed, float(order[int(size * len(order))]))) is not None
            ]
            self._known[click, box] = self._best(found) if found else seed
        return self._known[click, box]

    def _without(self, found: Booleans, clicks: Sequence[Click]) -> Booleans:
        """What is left of a mask (h, w) by the clicks that take away; they never add to it."""
        ways = self._ways([click for click in clicks if click.add])
        away = self._ways([click for click in clicks if not click.add])
        if not (found & np.isfinite(away) & (away < ways)).any():
            return found
        labels = np.where(ways <= away, cv2.GC_PR_FGD, cv2.GC_PR_BGD).astype(np.uint8)
        labels[ways < SURE * away] = cv2.GC_FGD
        labels[(away < SURE * ways) | ~found] = cv2.GC_BGD
        labels[ways == 0] = cv2.GC_FGD
        return _parts(grab(self._small, labels, ROUNDS), ways == 0)

    def _ways(self, clicks: Sequence[Click]) -> Floats:
        """Shortest ways from the clicks to each pixel of the small photo (h, w); infinite without clicks."""
        height, width = self._small.shape[:2]
        if not clicks:
            return np.full((height, width), np.inf, np.float32)
        starts = {pixel(click, (height, width)) for click in clicks}
        nodes = sorted(y * width + x for x, y in starts)
        ways = dijkstra(self._steps, directed=False, indices=nodes, min_only=True)
        return np.asarray(ways, np.float32).reshape(height, width)

    def _best(self, found: list[Booleans]) -> Booleans:
        """The mask with the clearest and steadiest outline, of those from small to large; rather one of usual size."""
        scores = [
            _clearness(self._contrast, mask) * overlap(mask, larger) * _usual(mask)
            for mask, larger in itertools.pairwise(found)
        ]
        return found[int(np.argmax(scores)) if scores else 0]


# --- what every way to find a thing shares -------------------------------------------------------------------


def checked(photo: Image | None, clicks: Sequence[Click], box: Box | None) -> Image:
    """The photo, if there is one and the clicks can be used on it; else BadInput."""
    if photo is None:
        raise BadInput("clicks", "no photo", "clicks in a photo", "Call set_image first.")
    if box is None and not any(click.add for click in clicks):
        raise BadInput("clicks", "none that adds", "at least one click on the thing", "Click on what you mean.")
    for click in clicks:
        if not (0 <= click.x <= 1 and 0 <= click.y <= 1):  # a NaN is not inside
            allowed = "two fractions of the photo, 0 to 1"
            raise BadInput("click", f"{click.x:g}, {click.y:g}", allowed, "0.5 0.5 is the middle.")
    return photo


def pixel(click: Click, shape: tuple[int, ...]) -> tuple[int, int]:
    """The pixel (x, y) of a photo of `shape` (height, width) that was clicked."""
    height, width = shape[:2]
    return min(int(click.x * width), width - 1), min(int(click.y * height), height - 1)


def with_clicks(mask: Mask, clicks: Sequence[Click]) -> Mask:
    """A copy of the mask (H, W) in which every click has its way, whatever was found."""
    sure = mask.copy()
    radius = round(CLICK * max(mask.shape))
    for click in clicks:
        cv2.circle(sure, pixel(click, mask.shape), radius, 255 if click.add else 0, -1)
    for click in clicks:  # discs may cover each other's middle
        x, y = pixel(click, mask.shape)
        sure[y, x] = 255 if click.add else 0
    return sure


def overlap(one: NDArray[Any], other: NDArray[Any]) -> float:
    """Intersection over union of two masks of one shape; 1 if both are empty."""
    either = np.count_nonzero((one > 0) | (other > 0))
    return np.count_nonzero((one > 0) & (other > 0)) / either if either else 1.0


# --- GrabCut -------------------------------------------------------------------------------------------------


def _steps(flat: Floats) -> csr_matrix:
    """What it costs to step from a pixel of a Lab picture (H, W, 3) to each of its eight neighbours, as a graph."""
    height, width = flat.shape[:2]
    numbers = np.arange(height * width).reshape(height, width)
    costs, starts, ends = [], [], []
    for down, right in ((0, 1), (1, 0), (1, 1), (1, -1)):
        here = slice(0, height - down), slice(max(0, -right), width - max(0, right))
        there = slice(down, height), slice(max(0, right), width + min(0, right))
        change = np.linalg.norm(flat[here] - flat[there], axis=2)
        costs.append((change + STEP * np.hypot(down, right)).ravel())
        starts.append(numbers[here].ravel())
        ends.append(numbers[there].ravel())
    edges = np.concatenate(starts), np.concatenate(ends)
    return csr_matrix((np.concatenate(costs), edges), (numbers.size, numbers.size))


def _contrast(flat: Floats) -> Floats:
    """How much the colour of a Lab picture (H, W, 3) changes within a pixel of each place, at most CLEAR."""
    along = [cv2.Sobel(flat, cv2.CV_32F, dx, 1 - dx) / 8 for dx in (0, 1)]
    change = np.sqrt(sum((slope**2).sum(2) for slope in along))
    return np.asarray(np.minimum(cv2.dilate(change, np.ones((3, 3), np.uint8)), CLEAR), np.float32)


def _clearness(contrast: Floats, mask: Booleans) -> float:
    """Mean contrast along the outline of a mask; 0 without one."""
    outline = cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8)) > 0
    return float(contrast[outline].mean()) if outline.any() else 0.0


def _usual(mask: Booleans) -> float:
    """How usual the size of a mask is, 1 at most."""
    return float(np.exp(-0.5 * (np.log(max(mask.mean(), 1e-4) / USUAL) / SPREAD) ** 2))


def _labels(ways: Floats, allowed: Booleans, reach: float) -> Mask | None:
    """GrabCut's labels for a thing whose pixels are up to `reach` from the click; None if it would be everything.

    Args:
        ways: from the click (H, W).
        allowed: where the thing can be.
    """
    labels = np.full(ways.shape, cv2.GC_PR_BGD, np.uint8)
    labels[ways <= reach] = cv2.GC_PR_FGD
    labels[ways <= SURE * reach] = cv2.GC_FGD
    labels[(ways > FAR * reach) | ~allowed] = cv2.GC_BGD
    labels[ways == 0] = cv2.GC_FGD
    return labels if (labels % 2 == 0).any() else None


def _parts(mask: Booleans, seeds: Booleans) -> Booleans:
    """The parts of a mask that hold a seed."""
    _, parts = cv2.connectedComponents(mask.astype(np.uint8))
    return np.isin(parts, np.unique(parts[seeds & mask])) & mask


def _inside(box: Box, shape: tuple[int, ...]) -> Booleans:
    """Where a box is, in a picture of `shape` (height, width)."""
    inside = np.zeros(shape[:2], bool)
    corners = np.clip(box, 0, 1) * (shape[1], shape[0])
    (left, top), (right, bottom) = np.floor(corners.min(0)).astype(int), np.ceil(corners.max(0)).astype(int)
    inside[top:bottom, left:right] = True
    return inside
