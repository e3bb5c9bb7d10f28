"""The floor as it is seen: which pixels of a room's photo are free floor.

A classical method; a trained network may take its place behind `find_floor`. Evidence is added up as log odds: how
steeply a pixel's ray falls (rooms end somewhere), whether corners of line segments span an upright surface there or
below it, where upright edges have their feet, and colour, learnt from the picture's lowest rows and then by expectation
maximisation, as GrabCut does (Rother, Kolmogorov, Blake 2004). Neighbours agree by a random walker with these odds as
its prior (Grady 2005), which keeps probabilities where a cut would only give sides.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter
from scipy.sparse import dia_array
from scipy.sparse.linalg import cg

from pipelines.geometry.camera import Camera
from pipelines.perception.lines import SEGMENT_SIDE, LineSegments, content_box, find_line_segments, shrunk
from pipelines.perception.surfaces import UPRIGHT, directions_of, facing, vanishing_points
from pipelines.perception.vanishing import fit_manhattan
from pipelines.schema import Image, Mask, check_image

Array = NDArray[np.float32]

_WORK_SIDE = 240
# Log odds by the angle below the horizon, degrees. Even at one's feet there may be a bed: colour has to speak for it.
_ANGLES = (0.0, 3.0, 8.0, 14.0, 18.0)
_ODDS = (-8.0, -4.0, -1.5, -0.4, -0.3)
_NEVER = -8.0
# Upright surfaces, what is above them in the picture (a worktop, mostly), their edges, the place under their feet, and
# level surfaces.
_ON_UPRIGHT, _ABOVE_UPRIGHT, _ON_EDGE, _UNDER_FOOT, _ON_LEVEL = -2.5, -1.2, -2.0, 0.7, 0.6
# Colour is learnt first where floor is surest: in the lowest rows; elsewhere a pixel counts for this much.
_LOWEST_ROWS, _ELSEWHERE = 0.04, 0.05
_COLOUR_BINS = (24, 24, 24)
_COLOUR_LIMIT, _UNSEEN, _UNSEEN_ELSEWHERE = 3.0, 1e-4, 8e-4
_ROUNDS = 3
# The random walker: how much a pixel's own odds count beside its neighbours'.
_OWN = 0.05
# A floor that is half found is better than none: chances above this are floor.
_THRESHOLD = 0.4
# Smaller patches, as shares of the picture and of the largest patch, are dropped.
_CRUMB, _PATCH = 0.004, 0.1


def find_floor(
    photo: Image, camera: Camera, segments: LineSegments | None = None, wall_yaw: float | None = None
) -> tuple[Mask, float]:
    """Find the free floor, not the floor under furniture.

    Args:
        photo: RGB uint8 (H, W, 3).
        camera: of this photo.
        segments: the photo's line segments in its pixels, where somebody has them already.
        wall_yaw: direction of the walls (`RoomView.wall_yaw`), likewise.

    Returns:
        uint8 (H, W), 255 = floor; and the expected intersection over union of this mask with the true one, 0…1.

    Raises:
        BadInput: the photo is no RGB picture.
    """
    check_image(photo, "room photo")
    height, width = photo.shape[:2]
    frame = photo
    if segments is None:
        frame = shrunk(photo, SEGMENT_SIDE)
        segments = find_line_segments(frame)
    if wall_yaw is None:
        rise = (0.5 - camera.horizon_y) * height / max(height, width)
        focal = camera.focal / max(height, width)
        wall_yaw = fit_manhattan(segments, frame.shape[:2], focal=focal, rise=rise, roll=camera.roll).yaw
    small = shrunk(photo, _WORK_SIDE)
    size = small.shape[:2]
    ends = segments.ends * np.tile((size[1] / frame.shape[1], size[0] / frame.shape[0]), 2).astype(np.float32)
    seen = replace(camera, size=size, focal=camera.focal * size[1] / width)
    chance, explained = _floor_chance(small, seen, wall_yaw, ends)
    mask = _tidied(chance)
    sided = np.where(mask, np.maximum(chance, _THRESHOLD), np.minimum(chance, _THRESHOLD - 0.01))
    full = cv2.resize(sided, (width, height))
    return np.asarray((full >= _THRESHOLD) * np.uint8(255), np.uint8), _expected_overlap(chance, mask) * explained


def _floor_chance(small: Image, camera: Camera, wall_yaw: float, ends: Array) -> tuple[Array, float]:
    """The chance (H, W) that a pixel is floor, and how well what is no floor was understood, ½…1."""
    left, top, right, bottom = content_box(np.asarray(cv2.cvtColor(small, cv2.COLOR_RGB2GRAY), np.uint8))
    content = np.zeros(camera.size, bool)
    content[top:bottom, left:right] = True
    upright, level = facing(camera, wall_yaw, ends)
    below = np.maximum.accumulate(upright[::-1], 0)[::-1]
    odds = _fall_odds(camera) + _ON_UPRIGHT * upright + _ABOVE_UPRIGHT * (below - upright) + _ON_LEVEL * level
    odds = np.where(content, odds + _edge_odds(camera, wall_yaw, ends), _NEVER).astype(np.float32)
    chance = _settled(small, odds, bottom)
    # Where no upright surface was made out, what was taken for floor may be a bed.
    other = (_fall_odds(camera) > _ODDS[2]) & (chance < _THRESHOLD)
    return chance, 0.5 + 0.5 * float(below[other].mean()) if other.any() else 1.0


def _settled(small: Image, odds: Array, bottom: int) -> Array:
    """Chances (H, W) in which colour and neighbours agree with the odds as far as they can."""
    walker = _Walker.over(small)
    colour = np.asarray(cv2.cvtColor(small.astype(np.float32) / 255, cv2.COLOR_RGB2LAB), np.float32)
    row = np.arange(len(odds))[:, None] / bottom
    weight = _sigmoid(odds) * np.where(row > 1 - _LOWEST_ROWS, 1, _ELSEWHERE * row).astype(np.float32)
    chance = weight
    for _ in range(_ROUNDS):
        chance = weight = walker(_sigmoid(odds + _colour_odds(colour, weight)), chance)
    return chance


def _fall_odds(camera: Camera) -> Array:
    """(H, W): log odds by how steeply the ray of each pixel falls."""
    height, width = camera.size
    x, y = np.meshgrid(np.arange(width) + 0.5, np.arange(height) + 0.5)
    rays = camera.rays(np.stack([x.ravel(), y.ravel()], 1))
    fall = np.degrees(np.arctan2(-rays[:, 2], np.hypot(rays[:, 0], rays[:, 1])))
    return np.interp(fall, _ANGLES, _ODDS).reshape(height, width).astype(np.float32)


def _edge_odds(camera: Camera, wall_yaw: float, ends: Array) -> Array:
    """(H, W): log odds by upright edges: none of them lies on the floor, and at the foot of the lowest it begins."""
    edges, feet = np.zeros(camera.size, np.uint8), np.zeros(camera.size, np.uint8)
    reach = max(2, round(max(camera.size) / 40))
    points = vanishing_points(camera, wall_yaw)
    for piece in ends[directions_of(ends.astype(np.float64), points) == UPRIGHT].reshape(-1, 2, 2):
        top, foot = (tuple(int(v) for v in end) for end in sorted(piece, key=lambda end: float(end[1])))
        cv2.line(edges, top, foot, 1, 3)
        cv2.circle(feet, (foot[0], foot[1] + reach), reach, 1, -1)
    return np.select([edges > 0, feet > 0], [_ON_EDGE, _UNDER_FOOT], 0.0).astype(np.float32)


def _colour_odds(colour: Array, weight: Array) -> Array:
    """(H, W): log ratio of a colour's frequency on the floor to that elsewhere, from Lab (H, W, 3) and chances."""
    scaled = (colour - (0, -60, -60)) / (100, 120, 120)
    cells = [np.clip(scaled[..., k] * n, 0, n - 1).astype(int).ravel() for k, n in enumerate(_COLOUR_BINS)]
    index = np.ravel_multi_index(cells, _COLOUR_BINS)
    frequency = []
    for share in (weight.ravel(), 1 - weight.ravel()):
        count = np.bincount(index, share, int(np.prod(_COLOUR_BINS))).reshape(_COLOUR_BINS)
        frequency.append(gaussian_filter(count / max(float(share.sum()), 1.0), 0.8).ravel()[index])
    # A colour seen in neither place is rather no floor.
    odds = np.log((frequency[0] + _UNSEEN) / (frequency[1] + _UNSEEN_ELSEWHERE))
    return np.clip(odds, -_COLOUR_LIMIT, _COLOUR_LIMIT).reshape(weight.shape).astype(np.float32)


@dataclass(frozen=True, eq=False)
class _Walker:
    """Random walks over a picture that rarely step across edges."""

    system: dia_array
    size: tuple[int, int]

    @classmethod
    def over(cls, small: Image) -> _Walker:
        """For an RGB picture (H, W, 3)."""
        lab = np.asarray(cv2.cvtColor(small.astype(np.float32) / 255, cv2.COLOR_RGB2LAB), np.float64)
        height, width = small.shape[:2]
        steps = [((lab[1:] - lab[:-1]) ** 2).sum(2), ((lab[:, 1:] - lab[:, :-1]) ** 2).sum(2)]
        usual = 2 * max(float(np.concatenate([step.ravel() for step in steps]).mean()), 1.0)
        down, right = (np.exp(-step / usual) + 1e-3 for step in steps)
        below, beside = np.pad(down, ((0, 1), (0, 0))).ravel(), np.pad(right, ((0, 0), (0, 1))).ravel()
        above, before = np.r_[np.zeros(width), below[:-width]], np.r_[0, beside[:-1]]
        bands = np.stack([below + beside + above + before + _OWN, -before, -beside, -above, -below])
        return cls(dia_array((bands, (0, 1, -1, width, -width)), shape=(height * width,) * 2), (height, width))

    def __call__(self, prior: Array, start: Array) -> Array:
        """Chances (H, W) that follow `prior` where the picture has edges and their neighbours elsewhere."""
        own = _OWN * prior.ravel().astype(np.float64)
        solved, _ = cg(self.system, own, x0=start.ravel().astype(np.float64), rtol=1e-3, maxiter=200)
        return np.clip(solved, 0, 1).reshape(self.size).astype(np.float32)


def _sigmoid(odds: Array) -> Array:
    return np.asarray(1 / (1 + np.exp(-odds)), np.float32)


def _tidied(chance: Array) -> NDArray[np.bool_]:
    """Where the chance is high enough, without crumbs and pinholes."""
    mask = (chance > _THRESHOLD).astype(np.uint8)
    for side in (1, 0):
        _, labels, stats, _ = cv2.connectedComponentsWithStats((mask == side).astype(np.uint8), connectivity=4)
        areas = stats[1:, cv2.CC_STAT_AREA]
        least = _CRUMB * mask.size
        if side:
            least = max(least, _PATCH * areas.max(initial=0))
        mask[np.isin(labels, 1 + np.flatnonzero(areas < least))] = 1 - side
    return mask > 0


def _expected_overlap(chance: Array, mask: NDArray[np.bool_]) -> float:
    """Intersection over union that the chances promise; 0 where there is no mask."""
    return float(chance[mask].sum() / (mask.sum() + chance[~mask].sum())) if mask.any() else 0.0
