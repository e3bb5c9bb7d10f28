"""Garment mask → named points, sleeve lines and a map of parts.

Left and right are the *picture's*: `shoulder_left` has the smaller x. On a garment shown from the front that is the
wearer's right side.

The silhouette is first turned upright about its own symmetry axis. Each side's contour is then walked from the collar
to the hem: the deepest notch is the armpit, what lies beyond the line armpit–shoulder is the sleeve.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.errors import BadInput
from pipelines.geometry.garment import (
    LEFT_LEG,
    LEFT_SLEEVE,
    POINT_NAMES,
    RIGHT_LEG,
    RIGHT_SLEEVE,
    TORSO,
    GarmentLandmarks,
    Kind,
    Sleeve,
)
from pipelines.schema import Category, Mask

Floats = NDArray[np.float32]
Bools = NDArray[np.bool_]

#: Height at which silhouettes are read.
WORK_HEIGHT: Final = 256


@dataclass(frozen=True, eq=False)
class _Upright:
    """A silhouette turned upright: bool (h, w), its symmetry axis at column `axis`, and the way back."""

    mask: Bools
    axis: float
    back: NDArray[np.float64]  # 2 × 3, upright pixels → picture pixels


def garment_landmarks(mask: Mask, category: Category) -> GarmentLandmarks:
    """Find the landmarks of a garment.

    Args:
        mask: uint8 (H, W), 255 = garment.
        category: what the garment is.

    Returns:
        The landmarks; sides and sleeves that cannot be told apart are estimated by symmetry.

    Raises:
        BadInput: the mask is all but empty.
    """
    if mask.mean() < 255 * 0.003:
        raise BadInput("garment picture", "no garment in it", "one garment that fills most of the picture",
                       "Use a picture of one garment on a plain ground.")  # fmt: skip
    upright = _turn_upright(mask)
    if category == "lower":
        return _lower(upright, mask)
    return _upper(upright, mask, category)


# --- upright silhouettes -------------------------------------------------------------------------------------------


def _turn_upright(mask: Mask) -> _Upright:
    """Turn a mask so that its best mirror axis is vertical, at `WORK_HEIGHT`."""
    height, width = mask.shape
    ys, xs = np.nonzero(mask > 127)
    box = (xs.min(), ys.min(), xs.max() + 1, ys.max() + 1)
    scale = WORK_HEIGHT / max(box[3] - box[1], 0.8 * (box[2] - box[0]))
    centre = ((box[0] + box[2]) / 2, (box[1] + box[3]) / 2)
    angle = _symmetry_angle(mask, centre, max(box[2] - box[0], box[3] - box[1]))
    turn = cv2.getRotationMatrix2D(centre, angle, scale)
    corners = np.array([[x, y, 1] for x in (box[0], box[2]) for y in (box[1], box[3])]) @ turn.T
    low, high = corners.min(axis=0) - 8, corners.max(axis=0) + 8
    turn[:, 2] -= low
    size = (int(np.ceil(high[0] - low[0])), int(np.ceil(high[1] - low[1])))
    smooth = cv2.GaussianBlur(mask, (0, 0), max(0.1, 0.5 / scale))
    turned = cv2.warpAffine(smooth, turn, size, flags=cv2.INTER_AREA) > 127
    return _Upright(turned, _mirror_axis(turned), cv2.invertAffineTransform(turn))


def _symmetry_angle(mask: Mask, centre: tuple[float, float], extent: float) -> float:
    """Degrees to turn the mask by so that it is most like its mirror image; small angles win ties."""
    side = 64
    best, best_score = 0.0, -1.0
    for angle in range(-30, 31, 3):
        turn = cv2.getRotationMatrix2D(centre, angle, 0.7 * side / extent)
        turn[:, 2] += side / 2 - np.array(centre)
        small = cv2.warpAffine(mask, turn, (side, side), flags=cv2.INTER_LINEAR) > 127
        score = _mirror_overlap(small, _mirror_axis(small)) - 0.002 * abs(angle)
        if score > best_score:
            best, best_score = float(angle), score
    return best if best_score > 0.6 else 0.0


def _mirror_axis(mask: Bools) -> float:
    """The column about which a mask is most like its mirror image."""
    columns = mask.astype(np.float32)
    middle = float(np.average(np.arange(mask.shape[1]), weights=columns.sum(axis=0) + 1e-6))
    reach = max(2, mask.shape[1] // 8)
    offsets = np.arange(-reach, reach + 1, 1 if reach < 12 else 2) / 1.0
    scores = [_mirror_overlap(mask, middle + o) for o in offsets]
    return middle + float(offsets[int(np.argmax(scores))])


def _mirror_overlap(mask: Bools, axis: float) -> float:
    """Intersection over union of a mask and its mirror image about a column."""
    width = mask.shape[1]
    source = np.rint(2 * axis - np.arange(width)).astype(int)
    inside = (source >= 0) & (source < width)
    mirrored = np.zeros_like(mask)
    mirrored[:, inside] = mask[:, source[inside]]
    return float((mask & mirrored).sum() / max(1, (mask | mirrored).sum()))


# --- tops and dresses ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class _Side:
    """What one side of a top shows, in upright pixels as if it were the left side; NaN = none."""

    collar: Floats
    shoulder: Floats
    armpit: Floats
    cuff_outer: Floats
    cuff_inner: Floats
    waist: Floats
    hem: Floats
    line: Floats  # (3, 2)
    sleeve: Bools  # (h, w)
    length: float  # of the sleeve, in torso widths


def _upper(upright: _Upright, mask: Mask, category: Category) -> GarmentLandmarks:
    """Landmarks of a top or a dress."""
    left = _read_side(upright.mask, upright.axis)
    flipped = _read_side(upright.mask[:, ::-1], upright.mask.shape[1] - 1 - upright.axis)
    right = _mirror_side(flipped, upright.mask.shape[1])
    points = np.full((len(POINT_NAMES), 2), np.nan, np.float32)
    for side, name in ((left, "left"), (right, "right")):
        for part in ("collar", "shoulder", "armpit", "waist", "hem"):
            points[POINT_NAMES.index(f"{part}_{name}")] = getattr(side, part)
        points[POINT_NAMES.index(f"cuff_{name}_outer")] = side.cuff_outer
        points[POINT_NAMES.index(f"cuff_{name}_inner")] = side.cuff_inner
    points[POINT_NAMES.index("neck_bottom")] = _neck_bottom(upright)
    lines = np.stack([left.line, right.line])
    parts = upright.mask.astype(np.uint8) * TORSO
    parts[left.sleeve] = LEFT_SLEEVE
    parts[right.sleeve & upright.mask] = RIGHT_SLEEVE
    length = max(left.length, right.length)
    sleeve: Sleeve = "none" if length < 0.12 else "short" if length < 0.62 else "long"
    kind: Kind = "dress" if category == "dress" else "top"
    return GarmentLandmarks(
        _to_picture(points, upright, mask), kind, sleeve, _to_picture(lines, upright, mask),
        _parts_to_picture(parts, upright, mask),
    )  # fmt: skip


def _read_side(mask: Bools, axis: float) -> _Side:
    """Read the left half of an upright top, bool (h, w)."""
    contour = _left_contour(mask, axis)
    rows = np.flatnonzero(mask.any(axis=1))
    top, bottom = float(rows[0]), _torso_bottom(mask, axis)
    half = _half_width(mask, axis, top, bottom)
    hem_at = _hem_index(contour, axis, half, bottom)
    collar_at = _collar_index(contour, axis, half, hem_at)
    armpit_at, notch = _armpit_index(contour, collar_at, hem_at, axis, half)
    armpit = contour[armpit_at]
    shoulder_at = _shoulder_index(contour, collar_at, armpit_at, axis, half)
    shoulder = contour[shoulder_at]
    nothing = np.full(2, np.nan, np.float32)
    outer, inner, line, length = nothing, nothing, np.full((3, 2), np.nan, np.float32), 0.0
    sleeve = np.zeros_like(mask)
    if notch:
        sleeve = _sleeve_region(mask, contour[shoulder_at : armpit_at + 1])
        found = _read_sleeve(sleeve, shoulder, armpit)
        if found is not None:
            outer, inner, line = found
            broad = sleeve.sum() > 0.12 * half**2
            length = broad * float(np.linalg.norm(line[1] - line[0]) + np.linalg.norm(line[2] - line[1])) / (2 * half)
    if length < 0.12:
        sleeve[:] = False
        outer, inner, line, length = nothing, nothing, np.full((3, 2), np.nan, np.float32), 0.0
    waist = _waist(mask & ~sleeve, axis, armpit[1], contour[hem_at][1])
    return _Side(contour[collar_at], shoulder, armpit, outer, inner, waist, contour[hem_at], line, sleeve, length)


def _left_contour(mask: Bools, axis: float) -> Floats:
    """The outer contour left of the axis, from the top to the bottom; float32 (N, 2)."""
    contours, _ = cv2.findContours(mask.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    ring = max(contours, key=cv2.contourArea)[:, 0].astype(np.float32)
    near = np.abs(ring[:, 0] - axis) < 1.5
    if not near.any():
        near = np.abs(ring[:, 0] - axis) <= np.abs(ring[:, 0] - axis).min() + 1
    on_axis = np.flatnonzero(near)
    start = on_axis[ring[on_axis, 1].argmin()]
    end = on_axis[ring[on_axis, 1].argmax()]
    ring = np.roll(ring, -start, axis=0)
    end = (end - start) % len(ring)
    one, other = ring[: end + 1], np.concatenate([ring[end:], ring[:1]])[::-1]
    return np.ascontiguousarray(one if one[:, 0].mean() < other[:, 0].mean() else other)


def _torso_bottom(mask: Bools, axis: float) -> float:
    """The row where the torso ends: the median end of the columns around the axis."""
    reach = max(2, round(0.06 * mask.shape[1]))
    columns = mask[:, max(0, int(axis) - reach) : int(axis) + reach + 1]
    ends = [np.flatnonzero(c)[-1] for c in columns.T if c.any()]
    return float(np.median(ends)) if ends else float(np.flatnonzero(mask.any(axis=1))[-1])


def _half_width(mask: Bools, axis: float, top: float, bottom: float) -> float:
    """Half the torso's width: the typical run around the axis in the middle rows, hanging sleeves left out."""
    widths = []
    for y in np.linspace(top + 0.4 * (bottom - top), top + 0.85 * (bottom - top), 16).astype(int):
        left, right = _run(mask[y], int(axis))
        if right > left:
            widths.append((right - left) / 2)
    return float(np.percentile(widths, 35)) if widths else mask.shape[1] / 4


def _run(row: Bools, column: int) -> tuple[int, int]:
    """The run of True around a column: [left, right); empty when the column is False."""
    column = min(max(column, 0), len(row) - 1)
    if not row[column]:
        return column, column
    gaps = np.flatnonzero(~row)
    left = gaps[gaps < column]
    right = gaps[gaps > column]
    return (int(left[-1]) + 1 if len(left) else 0), (int(right[0]) if len(right) else len(row))


def _hem_index(contour: Floats, axis: float, half: float, bottom: float) -> int:
    """The torso's lower corner: the contour point furthest down and out, no wider than a torso may be."""
    out, down = axis - contour[:, 0], contour[:, 1]
    score = 0.5 * out + down
    score[(out > 1.9 * half) | (down > bottom + 0.25 * half)] = -np.inf
    # A hanging sleeve's cuff is also low and far out: walk outwards from the middle of the hem, stop where it turns up.
    best = len(contour) - 1
    for index in range(len(contour) - 1, -1, -1):
        if score[index] > score[best]:
            best = index
        elif np.isfinite(score[best]) and score[index] < score[best] - 0.3 * half and out[best] > 0.4 * half:
            break
    return best


def _collar_index(contour: Floats, axis: float, half: float, hem_at: int) -> int:
    """The upper corner near the axis: where the neckline meets the shoulder."""
    out = axis - contour[:, 0]
    score = 0.2 * out - contour[:, 1]
    usable = (out > 0.08 * half) & (out < 0.72 * half)
    usable[hem_at:] = False
    if not usable.any():
        return min(int(np.argmin(contour[:, 1])), max(0, hem_at - 2))
    first = int(np.flatnonzero(usable)[0])
    score[~usable] = -np.inf
    # The top edge comes before anything lower that happens to be under it, such as the inside of a sleeve.
    score[contour[:, 1] > contour[first, 1] + 1.2 * half] = -np.inf
    return int(score.argmax()) if np.isfinite(score).any() else first


def _armpit_index(contour: Floats, collar_at: int, hem_at: int, axis: float, half: float) -> tuple[int, bool]:
    """The armpit and whether it is a notch under a sleeve; without a sleeve, the widest point under the armhole."""
    section = contour[collar_at : hem_at + 1]
    if len(section) < 8:
        return min(collar_at + len(section) // 2, hem_at), False
    out = axis - section[:, 0]
    reach = np.maximum.accumulate(out)  # how far out the contour has been before each point
    rest = np.maximum.accumulate(out[::-1])[::-1]
    depth = _notch_depth(section)
    under_sleeve = (reach - out > 0.04 * half) & (out > 0.35 * half) & (out < 1.8 * half)
    under_sleeve &= section[:, 1] < section[-1, 1] - 0.15 * half
    if under_sleeve.any() and depth[under_sleeve].max() > 0.07 * half:
        return collar_at + int(np.where(under_sleeve, depth, -1).argmax()), True
    target = section[0, 1] + 1.0 * half
    beside = np.flatnonzero((out >= 0.85 * np.minimum(rest, 1.2 * half)) & (section[:, 1] >= section[0, 1] + 0.35 * half))
    if len(beside):
        return collar_at + int(beside[0]), False
    return collar_at + int(np.abs(section[:, 1] - target).argmin()), False


def _notch_depth(section: Floats) -> Floats:
    """For every point of an open contour, its distance inside the convex hull of the whole; float32 (N,)."""
    hull = cv2.convexHull(section)
    return np.array([cv2.pointPolygonTest(hull, (float(x), float(y)), True) for x, y in section], np.float32)


def _shoulder_index(contour: Floats, collar_at: int, armpit_at: int, axis: float, half: float) -> int:
    """The top of the sleeve: on the shoulder line, a little inside the armpit's column."""
    section = contour[collar_at : armpit_at + 1]
    out = axis - section[:, 0]
    target = min(0.94 * (axis - contour[armpit_at, 0]), 1.1 * half)
    beyond = np.flatnonzero(out >= target)
    return collar_at + int(beyond[0] if len(beyond) else out.argmax())


def _sleeve_region(mask: Bools, outline: Floats) -> Bools:
    """The part of the mask enclosed by the contour from shoulder to armpit and the straight line back."""
    region = np.zeros(mask.shape, np.uint8)
    cv2.fillPoly(region, [np.rint(outline).astype(np.int32)], 1)
    return np.asarray((region > 0) & mask, bool)


def _read_sleeve(sleeve: Bools, shoulder: Floats, armpit: Floats) -> tuple[Floats, Floats, Floats] | None:
    """Cuff corners (outer, inner) and middle line (3, 2) of a sleeve region; None when it is too small to read."""
    if sleeve.sum() < 30:
        return None
    along = _distance_along(sleeve, shoulder, armpit)
    end = float(np.percentile(along[sleeve], 99.5))
    if end < 4:
        return None

    def middle(low: float, high: float) -> Floats:
        ys, xs = np.nonzero(sleeve & (along >= low * end) & (along <= high * end))
        if not len(xs):
            return (shoulder + armpit) / 2
        return np.array([xs.mean(), ys.mean()], np.float32)

    root = (shoulder + armpit) / 2
    elbow, tip = middle(0.42, 0.58), middle(0.9, 1.01)
    direction = tip - middle(0.55, 0.75)
    direction = direction / max(1e-3, float(np.linalg.norm(direction)))
    across = np.array([direction[1], -direction[0]], np.float32)  # towards the sleeve's upper, outer edge
    if across @ (shoulder - armpit) < 0:
        across = -across
    ys, xs = np.nonzero(sleeve & (along > 0.72 * end))
    pixels = np.stack([xs, ys], axis=1).astype(np.float32)
    forward, side = pixels @ direction, pixels @ across
    outer = pixels[int((forward + 0.8 * side).argmax())]
    inner = pixels[int((forward - 0.8 * side).argmax())]
    line = np.stack([root, elbow, (outer + inner) / 2]).astype(np.float32)
    return outer, inner, line


def _distance_along(region: Bools, shoulder: Floats, armpit: Floats) -> Floats:
    """Geodesic distance inside a region from the line shoulder–armpit; float32 (h, w), 0 outside."""
    seed = np.zeros(region.shape, np.uint8)
    ends = [tuple(int(v) for v in np.rint(p)) for p in (shoulder, armpit)]
    cv2.line(seed, ends[0], ends[1], 1, 3)
    reached = (seed > 0) & region
    if not reached.any():
        ys, xs = np.nonzero(region)
        nearest = np.abs(xs - shoulder[0]).argmin()
        reached[ys[nearest], xs[nearest]] = True
    distance = np.zeros(region.shape, np.float32)
    cross, square = cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3)), np.ones((3, 3), np.uint8)
    inside = region.astype(np.uint8)
    now = reached.astype(np.uint8)
    for step in range(1, 4 * max(region.shape)):
        # Alternating neighbourhoods grow an octagon, close to the true round one.
        grown = cv2.dilate(now, square if step % 2 else cross) & inside
        new = grown > now
        if not new.any():
            break
        distance[new] = step
        now = grown
    return distance


def _waist(torso: Bools, axis: float, armpit_y: float, hem_y: float) -> Floats:
    """The narrowest torso point of the left side between armpit and hem, near the middle."""
    low, high = armpit_y + 0.25 * (hem_y - armpit_y), armpit_y + 0.75 * (hem_y - armpit_y)
    best = None
    for y in range(int(low), max(int(low) + 1, int(high))):
        left, right = _run(torso[min(y, torso.shape[0] - 1)], int(axis))
        if right > left:
            cost = (axis - left) + 0.15 * abs(y - (low + high) / 2)
            if best is None or cost < best[0]:
                best = (cost, left, y)
    if best is None:
        return np.full(2, np.nan, np.float32)
    return np.array([best[1], best[2]], np.float32)


def _neck_bottom(upright: _Upright) -> Floats:
    """The top edge at the axis."""
    column = upright.mask[:, min(max(round(upright.axis), 0), upright.mask.shape[1] - 1)]
    ys = np.flatnonzero(column)
    return np.array([upright.axis, ys[0] if len(ys) else np.nan], np.float32)


def _mirror_side(side: _Side, width: int) -> _Side:
    """A side read in the mirror image, back in place."""

    def back(p: Floats) -> Floats:
        q = p.copy()
        q[..., 0] = width - 1 - q[..., 0]
        return q

    return _Side(
        back(side.collar), back(side.shoulder), back(side.armpit), back(side.cuff_outer), back(side.cuff_inner),
        back(side.waist), back(side.hem), back(side.line), side.sleeve[:, ::-1], side.length,
    )  # fmt: skip


# --- trousers, shorts and skirts -----------------------------------------------------------------------------------


def _lower(upright: _Upright, mask: Mask) -> GarmentLandmarks:
    """Landmarks of trousers, shorts or a skirt."""
    m, axis = upright.mask, upright.axis
    rows = np.flatnonzero(m.any(axis=1))
    top, bottom = int(rows[0]), int(rows[-1])
    waist_row = min(bottom, top + max(2, round(0.03 * (bottom - top))))
    columns = np.flatnonzero(m[waist_row])
    points = np.full((len(POINT_NAMES), 2), np.nan, np.float32)

    def put(name: str, x: float, y: float) -> None:
        points[POINT_NAMES.index(name)] = (x, y)

    put("waist_left", columns[0], waist_row)
    put("waist_right", columns[-1], waist_row)
    crotch = _crotch(m, axis, top, bottom)
    parts = m.astype(np.uint8) * TORSO
    kind: Kind = "skirt"
    halves = (m & (np.arange(m.shape[1]) < axis), m & (np.arange(m.shape[1]) >= axis))
    if crotch is not None:
        put("crotch", *crotch)
        leg = bottom - crotch[1]
        kind = "trousers" if leg > 0.95 * (crotch[1] - top) and leg > 0.8 * (columns[-1] - columns[0]) else "shorts"
        halves = _legs(m, axis, crotch)
        below = np.arange(m.shape[0])[:, None] > crotch[1]
        parts[halves[0] & below], parts[halves[1] & below] = LEFT_LEG, RIGHT_LEG
    for half, name, sign in ((halves[0], "left", -1.0), (halves[1], "right", 1.0)):
        outer, inner = _leg_hem(half, sign)
        put(f"hem_{name}_outer", *outer)
        if crotch is not None:
            put(f"hem_{name}_inner", *inner)
    lines = np.full((2, 3, 2), np.nan, np.float32)
    return GarmentLandmarks(
        _to_picture(points, upright, mask), kind, "none", lines, _parts_to_picture(parts, upright, mask)
    )


def _crotch(mask: Bools, axis: float, top: int, bottom: int) -> tuple[float, float] | None:
    """The notch between the legs, (x, y); None for a skirt."""
    contours, _ = cv2.findContours(mask.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    ring = max(contours, key=cv2.contourArea)
    hull = cv2.convexHull(ring, returnPoints=False)
    hull[::-1].sort(axis=0)
    defects = cv2.convexityDefects(ring, hull)
    best: tuple[float, float, float] | None = None
    for start, end, deep, depth in defects.reshape(-1, 4) if defects is not None else ():
        (xs, ys), (xe, ye), (x, y) = (ring.reshape(-1, 2)[i] for i in (start, end, deep))
        between = min(xs, xe) < axis < max(xs, xe) and min(ys, ye) > top + 0.5 * (bottom - top)
        if between and depth / 256 > 0.06 * (bottom - top) and (best is None or depth > best[0]):
            best = (float(depth), float(x), float(y))
    return None if best is None else best[1:]


def _legs(mask: Bools, axis: float, crotch: tuple[float, float]) -> tuple[Bools, Bools]:
    """Left and right half, split at the crotch's column above it and by the gap below it."""
    left = np.zeros_like(mask)
    split = crotch[0]
    for y in range(mask.shape[0]):
        if y > crotch[1]:
            gap_left, gap_right = _run(~mask[y], int(split))
            if gap_right > gap_left:
                split = (gap_left + gap_right - 1) / 2
        left[y, : int(round(split)) + 1] = mask[y, : int(round(split)) + 1]
    return left, mask & ~left


def _leg_hem(leg: Bools, sign: float) -> tuple[tuple[float, float], tuple[float, float]]:
    """Outer and inner lower corner of a leg; `sign` is -1 for the left one."""
    ys, xs = np.nonzero(leg)
    if not len(xs):
        return (np.nan, np.nan), (np.nan, np.nan)
    low = ys > np.percentile(ys, 80)
    ys, xs = ys[low], xs[low]
    outer, inner = int((ys + 0.6 * sign * xs).argmax()), int((ys - 0.6 * sign * xs).argmax())
    return (float(xs[outer]), float(ys[outer])), (float(xs[inner]), float(ys[inner]))


# --- back to the picture -------------------------------------------------------------------------------------------


def _to_picture(points: Floats, upright: _Upright, mask: Mask) -> Floats:
    """Upright pixels (..., 2) to fractions of the picture."""
    height, width = mask.shape
    pixels = points @ upright.back[:, :2].T + upright.back[:, 2]
    return np.asarray((pixels + 0.5) / (width, height), np.float32)


def _parts_to_picture(parts: NDArray[np.uint8], upright: _Upright, mask: Mask) -> NDArray[np.uint8]:
    """A part map of the upright silhouette, at the picture's size, every garment pixel given a part."""
    height, width = mask.shape
    inside = mask > 127
    big = cv2.warpAffine(parts, upright.back, (width, height), flags=cv2.INTER_NEAREST)
    unset = inside & (big == 0)
    if unset.any() and (big > 0).any():
        _, nearest = cv2.distanceTransformWithLabels((big == 0).astype(np.uint8), cv2.DIST_L2, 5, labelType=1)
        values = np.zeros(int(nearest.max()) + 1, np.uint8)
        values[nearest[big > 0]] = big[big > 0]
        big = np.where(unset, values[nearest], big).astype(np.uint8)
    big[~inside] = 0
    return np.asarray(big, np.uint8)
