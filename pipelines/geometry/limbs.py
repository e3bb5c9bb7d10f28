"""Sleeves and trouser legs: tubes that are bent along a limb's bones."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipelines.geometry.body import Body
from pipelines.geometry.frame import OFF, Points
from pipelines.geometry.garment import GarmentLandmarks

# Lengths in body units (shoulder joint to shoulder joint ≈ 34 cm) of an average grown body.
UPPER_ARM, FOREARM = 0.85, 0.75
THIGH, SHIN = 1.25, 1.2
#: Where a rolled-up sleeve ends, down the arm; it is thicker there than at the wrist. How far its end is turned up.
ROLLED_REACH, ROLLED_HALF, TURN_UP = UPPER_ARM + 0.14, 0.15, 0.16
#: How much narrower than it lies flat a loose leg looks when worn.
DRAPE = 0.88
LIMBS_LEFT = {"arm": ("r_shoulder", "r_elbow", "r_wrist"), "leg": ("r_hip", "r_knee", "r_ankle")}
LIMBS_RIGHT = {"arm": ("l_shoulder", "l_elbow", "l_wrist"), "leg": ("l_hip", "l_knee", "l_ankle")}


def limb(body: Body, kind: str, left: bool) -> Points:
    """Pixels (3, 2) of a limb's joints; `left` is the picture's left. What is not seen hangs straight down."""
    facing = body["r_shoulder"][0] <= body["l_shoulder"][0]
    names = (LIMBS_LEFT if left == facing else LIMBS_RIGHT)[kind]
    lengths = (UPPER_ARM, FOREARM) if kind == "arm" else (THIGH, SHIN)
    joints = []
    for i, name in enumerate(names):
        if body.seen(name):
            joints.append(body[name])
        elif i == 0:
            side = np.array([-0.3 if left else 0.3, 0.0]) * body.unit
            joints.append(body.hips + side)
        else:
            ahead = joints[-1] - joints[-2] if i == 2 else body.down
            ahead = ahead / max(float(np.linalg.norm(ahead)), 1e-6)
            joints.append(joints[-1] + ahead * lengths[i - 1] * body.unit)
    return np.asarray(joints, np.float64)


def hip_points(shape: GarmentLandmarks) -> dict[str, Points]:
    """The outline at the height of the crotch, or a third down a skirt."""
    waist = 0.5 * (shape.pixel("waist_left") + shape.pixel("waist_right"))[1]
    if shape.has("crotch"):
        row = shape.pixel("crotch")[1] - 0.02 * shape.size[0]
    else:
        row = waist + (shape.pixel("hem_left_outer")[1] - waist) / 3
    row = int(np.clip(row, 0, shape.size[0] - 1))
    columns = np.flatnonzero(shape.parts[row])
    if not len(columns):
        return {}
    return {"hip_left": np.array([columns[0], row], float), "hip_right": np.array([columns[-1], row], float)}


@dataclass(frozen=True, eq=False)
class Tube:
    """A sleeve or trouser leg as a bent line with a width: in the garment's picture, or on the body.

    Attributes:
        line: (3, 2) pixels: start, bend, end.
        half: (2,) half widths in pixels at start and end.
    """

    line: Points
    half: Points


def along(line: Points, size: tuple[int, int]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """(t, n) of each pixel (H, W) relative to a bent line: t = 0…1 to the bend, 1…2 to the end, beyond extrapolated;
    n = signed distance in pixels, positive to the right of the direction of travel in a y-down picture."""
    y, x = np.mgrid[: size[0], : size[1]].astype(np.float32)
    at = np.stack([x, y], -1)
    ts, ns, far = [], [], []
    for a, b in ((line[0], line[1]), (line[1], line[2])):
        d = b - a
        length = max(float(np.hypot(*d)), 1e-3)
        rel = at - a.astype(np.float32)
        t = (rel[..., 0] * d[0] + rel[..., 1] * d[1]) / length**2
        ts.append(t)
        ns.append((rel[..., 1] * d[0] - rel[..., 0] * d[1]) / length)
        beyond = np.clip(t, 0, 1) - t
        far.append(np.hypot(ns[-1], beyond * length))
    # The nearer bone counts, blended round the bend over a third of the first's length.
    blend = 0.3 * max(float(np.hypot(*(line[1] - line[0]))), 1.0)
    w = np.clip((far[0] - far[1]) / blend + 0.5, 0, 1)
    w = w * w * (3 - 2 * w)
    t = (1 - w) * np.minimum(ts[0], 1.4) + w * (1 + np.maximum(ts[1], -0.4))
    return t.astype(np.float32), ((1 - w) * ns[0] + w * ns[1]).astype(np.float32)


def limb_map(source: Tube, target: Tube, size: tuple[int, int], end: float = 2.4) -> NDArray[np.float32]:
    """Map (H, W, 2) from the photo's pixels back to the garment's, along a limb; off the limb it points outside.

    Args:
        end: how far down its line (2 = to its end) the limb goes on, if the garment does.
    """
    t, n = along(target.line, size)
    off = t * np.hypot(*(target.line[1] - target.line[0])) < -0.5 * target.half[0]
    off |= (np.abs(n) > 2 * target.half.max()) | (t > end)
    share = np.clip(t / 2, 0, 1)
    n = (
        n
        * (source.half[0] * (1 - share) + source.half[1] * share)
        / (target.half[0] * (1 - share) + target.half[1] * share)
    )
    out = np.zeros((*size, 2), np.float32)
    first, second = source.line[1] - source.line[0], source.line[2] - source.line[1]
    w = np.clip((t - 1) / 0.3 + 0.5, 0, 1)
    for weight, start, step, at in ((1 - w, source.line[0], first, t), (w, source.line[1], second, t - 1)):
        length = max(float(np.hypot(*step)), 1e-3)
        across = np.array([-step[1], step[0]]) / length
        out += weight[..., None] * (start + at[..., None] * step + n[..., None] * across).astype(np.float32)
    out[off] = OFF
    return out


def sleeve_reach(shape: GarmentLandmarks, unit: float, left: bool, *, true: bool = False) -> float:
    """How far down the arm a sleeve reaches, in body units; arguments as for `sleeve_tubes`."""
    start, _, end = shape.sleeve_lines[0 if left else 1].astype(np.float64) * (shape.size[1], shape.size[0])
    flat, whole = float(np.hypot(*(end - start))) / unit + 0.1, UPPER_ARM + FOREARM
    if true:
        return min(flat, 1.1 * whole)
    return 1.02 * whole if shape.sleeve == "long" else min(flat, 0.95 * whole)


def sleeve_tubes(
    shape: GarmentLandmarks, body: Body, unit: float, left: bool, *, true: bool = False, rolled: bool = False
) -> tuple[Tube, Tube]:
    """A sleeve in the garment's picture and on the arm.

    Args:
        true: `unit` is real, so the sleeve is as long as it is, rather than to the wrist.
        rolled: what lies beyond the elbow is turned up.
    """
    side = "left" if left else "right"
    start, _, end = shape.sleeve_lines[0 if left else 1].astype(np.float64) * (shape.size[1], shape.size[0])
    joints = limb(body, "arm", left)
    reach = sleeve_reach(shape, unit, left, true=true)
    shown = min(1.0, ROLLED_REACH / reach) if rolled else 1.0
    target_line, bend = cut_line(joints, shown * reach * body.unit, (UPPER_ARM * body.unit, FOREARM * body.unit))
    if shown < 1:
        end = start + shown * (end - start)
    line = np.array([start, start + bend * (end - start), end])
    top = min(shape.width(f"shoulder_{side}", f"armpit_{side}"), 0.7 * unit)
    cuff = shape.width(f"cuff_{side}_outer", f"cuff_{side}_inner")
    half = np.array([top, shown * cuff + (1 - shown) * top]) / 2
    least = (0.16, ROLLED_HALF if shown < 1 else 0.11)
    worn = np.clip(half / unit * 0.8, least, (0.3, 0.3)) * body.unit
    return Tube(line, half), Tube(target_line, worn)


def turned_up(line: Points, unit: float, size: tuple[int, int]) -> NDArray[np.float32]:
    """Factors of light (H, W) on a rolled-up sleeve: its end lies over the rest, and shades it.

    Args:
        line: of the sleeve on the arm. unit: the body's, in pixels.
    """
    t, _ = along(line, size)
    first, second = (float(np.hypot(*(line[i + 1] - line[i]))) / unit for i in (0, 1))
    up = np.where(t > 1, (2 - t) * second, second + (1 - t) * first)
    edge = np.exp(-(((up - TURN_UP) / 0.035) ** 2))
    return (1 - 0.22 * edge - 0.04 * (up < TURN_UP)).astype(np.float32)


def cut_line(joints: Points, reach: float, lengths: tuple[float, float]) -> tuple[Points, float]:
    """The first `reach` pixels of a limb, measured on an unforeshortened limb of `lengths`; and the share before
    the bend."""
    upper, lower = lengths
    if reach <= upper:
        end = joints[0] + (joints[1] - joints[0]) * reach / upper
        return np.array([joints[0], 0.5 * (joints[0] + end), end]), 0.5
    end = joints[1] + (joints[2] - joints[1]) * min(reach - upper, 1.15 * lower) / lower
    return np.array([joints[0], joints[1], end]), upper / reach


def leg_tubes(shape: GarmentLandmarks, body: Body, unit: float, left: bool, *, true: bool = False) -> tuple[Tube, Tube]:
    """A trouser leg in the garment's picture and on the leg; see `sleeve_tubes` for `true`."""
    side = "left" if left else "right"
    hip, crotch = hip_points(shape)[f"hip_{side}"], shape.pixel("crotch")
    start = 0.5 * (hip + crotch)
    end = 0.5 * (shape.pixel(f"hem_{side}_outer") + shape.pixel(f"hem_{side}_inner"))
    joints = limb(body, "leg", left)
    whole = THIGH + SHIN
    length = float(np.hypot(*(end - start))) / unit
    reach = 1.03 * whole if shape.kind == "trousers" else min(length + 0.05, 0.9 * whole)
    reach = min(length + 0.05, 1.1 * whole) if true else reach
    target_line, bend = cut_line(joints, reach * body.unit, (THIGH * body.unit, SHIN * body.unit))
    line = np.array([start, start + bend * (end - start), end])
    half = np.array([float(np.hypot(*(hip - crotch))), shape.width(f"hem_{side}_outer", f"hem_{side}_inner")]) / 2
    worn = np.clip(half / unit * DRAPE, (0.26, 0.14), (0.5, 0.6)) * body.unit
    return Tube(line, half), Tube(target_line, worn)
