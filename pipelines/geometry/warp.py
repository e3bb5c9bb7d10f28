"""The warped garment: a flat garment moved onto a body part by part with the skeleton.

The trunk is carried by a few pairs of points in a frame fixed to the body; each sleeve and trouser leg is bent along
the limb's bones. Every part is bounded to its own pixels of the garment, and limbs lie over the trunk. Maps run
backwards, from the photo to the garment, so nothing tears.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import RBFInterpolator

from pipelines.geometry.body import Body
from pipelines.geometry.garment import (
    INNER_COLLAR,
    LEFT_LEG,
    LEFT_SLEEVE,
    NOTHING,
    RIGHT_LEG,
    RIGHT_SLEEVE,
    TORSO,
    GarmentLandmarks,
)
from pipelines.masks import dilate, erode
from pipelines.schema import Category, Image, Mask

Points = NDArray[np.float64]

# Lengths in body units (shoulder joint to shoulder joint ≈ 34 cm) of an average grown body and of average clothes.
UPPER_ARM, FOREARM = 0.85, 0.75
THIGH, SHIN = 1.25, 1.2
FLAT_CHEST, FLAT_SHOULDERS, FLAT_WAIST = 1.06, 0.95, 1.0
#: The chest of sleeveless tops lies flatter: they are narrow and stretch.
FLAT_SLEEVELESS = 0.9
#: Height of the waistband above the hip joints.
WAIST_RISE = 0.3
#: Hip joints below shoulder joints.
HIPS = 1.5
#: How much narrower than it lies flat a loose part looks when worn round a body: a trunk, a leg.
DRAPE_TRUNK, DRAPE = 0.8, 0.88
#: Half the width of a body at the chest and at the hips.
HALF_CHEST, HALF_HIPS = 0.54, 0.52
#: In a map: no pixel of the garment.
OFF = -1e4
LIMBS_LEFT = {"arm": ("r_shoulder", "r_elbow", "r_wrist"), "leg": ("r_hip", "r_knee", "r_ankle")}
LIMBS_RIGHT = {"arm": ("l_shoulder", "l_elbow", "l_wrist"), "leg": ("l_hip", "l_knee", "l_ankle")}


@dataclass(frozen=True, eq=False)
class Frame:
    """A frame fixed to the trunk: origin between the shoulder joints, x to the picture's right, y down the spine.

    Attributes:
        origin: pixels. x, y: pixel vectors of one body unit each; x is shorter when the person is turned.
    """

    origin: Points
    x: Points
    y: Points

    def place(self, points: Points) -> Points:
        """Frame coordinates (N, 2) in body units → pixels."""
        return np.asarray(self.origin + points[:, :1] * self.x + points[:, 1:] * self.y)


def trunk_frame(body: Body) -> Frame:
    """The frame of a person's trunk. A turned trunk is narrower, but never flat: it is half as deep as wide."""
    across = body["r_shoulder"] - body["l_shoulder"]
    if across[0] < 0:
        across = -across
    seen = min(1.0, float(np.linalg.norm(across)) / body.unit)
    width = np.sqrt(seen**2 + 0.55**2 * (1 - seen**2))
    length = min(1.0, float(np.linalg.norm(body.hips - body.shoulders)) / (1.5 * body.unit))
    direction = across / max(float(np.linalg.norm(across)), 1e-6)
    # Shoulders that are tilted more than a body can are a turned body's; keep x square-ish to the spine.
    square = np.array([body.down[1], -body.down[0]])
    x = direction + square if direction @ square > 0 else square
    x = x / np.linalg.norm(x)
    return Frame(body.shoulders, x * width * body.unit, body.down * max(length, 0.7) * body.unit)


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


# --- the trunk ------------------------------------------------------------------------------------------------------


def garment_unit(shape: GarmentLandmarks, category: Category) -> float:
    """Pixels of the garment's picture per body unit, from the widths that vary least between garments."""
    if category == "lower":
        return max(shape.width("waist_left", "waist_right") / FLAT_WAIST, 1.0)
    chest = shape.width("armpit_left", "armpit_right") / FLAT_CHEST
    if shape.sleeve == "none":
        return max(shape.width("armpit_left", "armpit_right") / FLAT_SLEEVELESS, 1.0)
    return max(0.5 * (chest + shape.width("shoulder_left", "shoulder_right") / FLAT_SHOULDERS), 1.0)


def upper_pairs(shape: GarmentLandmarks, unit: float) -> tuple[Points, Points]:
    """Garment points (N, 2) in its own pixels, and where they lie on the trunk in body units."""
    middle = 0.5 * (shape.pixel("armpit_left") + shape.pixel("armpit_right"))[0]
    top = 0.5 * (shape.pixel("shoulder_left") + shape.pixel("shoulder_right"))[1]
    source, target = [], []

    def add(name: str, limit: tuple[float, float], drape: float) -> None:
        if shape.has(name):
            x, y = (shape.pixel(name) - (middle, top)) / unit
            x = np.sign(x) * np.clip(abs(x) * drape, *limit)
            source.append(shape.pixel(name))
            # What rests on the shoulders follows their slope; the rest hangs from there.
            target.append((x, y + top_rise if name[:3] not in ("col", "sho") else shoulder_slope(x)))

    rests = [abs(shape.pixel(f"shoulder_{side}")[0] - middle) / unit for side in ("left", "right")]
    top_rise = shoulder_slope(float(np.clip(np.mean(rests), 0.2, 0.66)))
    for side in ("left", "right"):
        add(f"collar_{side}", (0.08, 0.6), 1.0)
        add(f"shoulder_{side}", (0.2, 0.66), 1.0)
        add(f"armpit_{side}", (HALF_CHEST, 0.8), DRAPE_TRUNK)
        add(f"hem_{side}", (HALF_HIPS, 1.6), DRAPE_TRUNK)
    return np.array(source), np.array(target)


def shoulder_slope(x: float) -> float:
    """Height (y, body units from the joints' line) of the top of the shoulders at x: from the neck down to the arm."""
    return -0.15 - 0.45 * (0.5 - abs(x))


def lower_pairs(shape: GarmentLandmarks, unit: float) -> tuple[Points, Points]:
    """As `upper_pairs`, for the hip block of trousers or a whole skirt; y is counted from the shoulders."""
    middle = 0.5 * (shape.pixel("waist_left") + shape.pixel("waist_right"))
    points = {name: shape.pixel(name) for name in ("waist_left", "waist_right", "crotch") if shape.has(name)}
    points |= hip_points(shape)
    if shape.kind == "skirt":
        points |= {name: shape.pixel(name) for name in ("hem_left_outer", "hem_right_outer")}
    source, target = [], []
    for name, point in points.items():
        x, y = (point - middle) / unit
        least = {"waist": 0.42, "crotch": 0.0}.get(name.split("_")[0], HALF_HIPS)
        source.append(point)
        target.append((np.sign(x) * max(abs(x) * DRAPE_TRUNK, least), y + HIPS - WAIST_RISE))
    return np.array(source), np.array(target)


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


def trunk_map(source: Points, target: Points, size: tuple[int, int]) -> NDArray[np.float32]:
    """Thin-plate map (H, W, 2) from the photo's pixels back to the garment's, through pairs of points."""
    spline = RBFInterpolator(
        target, source, kernel="thin_plate_spline", smoothing=1e-3 * float(np.ptp(target)), degree=1
    )
    ys, xs = np.linspace(0, size[0] - 1, 48), np.linspace(0, size[1] - 1, 48)
    grid = np.stack(np.meshgrid(xs, ys), -1).reshape(-1, 2)
    coarse = spline(grid).reshape(48, 48, 2).astype(np.float32)
    # Grid lines sit on the first and last pixel, so the enlarging must hit them too.
    y = np.linspace(0, 47, size[0], dtype=np.float32)[:, None].repeat(size[1], 1)
    x = np.linspace(0, 47, size[1], dtype=np.float32)[None].repeat(size[0], 0)
    back = cv2.remap(coarse, x, y, cv2.INTER_LINEAR)
    # Far from its points a spline may fold back onto the garment.
    hull = np.zeros(size, np.uint8)
    cv2.fillConvexPoly(hull, cv2.convexHull(np.rint(target).astype(np.int32)), 255)
    back[dilate(hull, 0.2 * float(np.ptp(target[:, 0]))) == 0] = OFF
    return back


# --- limbs ----------------------------------------------------------------------------------------------------------


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


def limb_map(source: Tube, target: Tube, size: tuple[int, int]) -> NDArray[np.float32]:
    """Map (H, W, 2) from the photo's pixels back to the garment's, along a limb; off the limb it points outside."""
    t, n = along(target.line, size)
    off = t * np.hypot(*(target.line[1] - target.line[0])) < -0.5 * target.half[0]
    off |= (np.abs(n) > 2 * target.half.max()) | (t > 2.4)
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


def sleeve_tubes(shape: GarmentLandmarks, body: Body, unit: float, left: bool) -> tuple[Tube, Tube]:
    """A sleeve in the garment's picture and on the arm."""
    side = "left" if left else "right"
    start, _, end = shape.sleeve_lines[0 if left else 1].astype(np.float64) * (shape.size[1], shape.size[0])
    joints = limb(body, "arm", left)
    whole = UPPER_ARM + FOREARM
    reach = 1.02 * whole if shape.sleeve == "long" else min(float(np.hypot(*(end - start))) / unit + 0.1, 0.95 * whole)
    target_line, bend = cut_line(joints, reach * body.unit, (UPPER_ARM * body.unit, FOREARM * body.unit))
    line = np.array([start, start + bend * (end - start), end])
    half = (
        np.array(
            [
                min(shape.width(f"shoulder_{side}", f"armpit_{side}"), 0.7 * unit),
                shape.width(f"cuff_{side}_outer", f"cuff_{side}_inner"),
            ]
        )
        / 2
    )
    worn = np.clip(half / unit * 0.8, (0.16, 0.11), (0.3, 0.3)) * body.unit
    return Tube(line, half), Tube(target_line, worn)


def cut_line(joints: Points, reach: float, lengths: tuple[float, float]) -> tuple[Points, float]:
    """The first `reach` pixels of a limb, measured on an unforeshortened limb of `lengths`; and the share before
    the bend."""
    upper, lower = lengths
    if reach <= upper:
        end = joints[0] + (joints[1] - joints[0]) * reach / upper
        return np.array([joints[0], 0.5 * (joints[0] + end), end]), 0.5
    end = joints[1] + (joints[2] - joints[1]) * min(reach - upper, 1.15 * lower) / lower
    return np.array([joints[0], joints[1], end]), upper / reach


def leg_tubes(shape: GarmentLandmarks, body: Body, unit: float, left: bool) -> tuple[Tube, Tube]:
    """A trouser leg in the garment's picture and on the leg."""
    side = "left" if left else "right"
    hip, crotch = hip_points(shape)[f"hip_{side}"], shape.pixel("crotch")
    start = 0.5 * (hip + crotch)
    end = 0.5 * (shape.pixel(f"hem_{side}_outer") + shape.pixel(f"hem_{side}_inner"))
    joints = limb(body, "leg", left)
    whole = THIGH + SHIN
    length = float(np.hypot(*(end - start))) / unit
    reach = 1.03 * whole if shape.kind == "trousers" else min(length + 0.05, 0.9 * whole)
    target_line, bend = cut_line(joints, reach * body.unit, (THIGH * body.unit, SHIN * body.unit))
    line = np.array([start, start + bend * (end - start), end])
    half = np.array([float(np.hypot(*(hip - crotch))), shape.width(f"hem_{side}_outer", f"hem_{side}_inner")]) / 2
    worn = np.clip(half / unit * DRAPE, (0.26, 0.14), (0.5, 0.6)) * body.unit
    return Tube(line, half), Tube(target_line, worn)


# --- the whole garment ----------------------------------------------------------------------------------------------


def layers(
    shape: GarmentLandmarks, category: Category, body: Body, size: tuple[int, int]
) -> list[tuple[int, NDArray[np.float32]]]:
    """(part label, map back to the garment) from the back to the front."""
    unit = garment_unit(shape, category)
    frame = trunk_frame(body)
    source, target = (lower_pairs if category == "lower" else upper_pairs)(shape, unit)
    found = [(TORSO, trunk_map(source, frame.place(target), size))]
    if category != "lower" and shape.sleeve != "none":
        for label, left in ((LEFT_SLEEVE, True), (RIGHT_SLEEVE, False)):
            side = "left" if left else "right"
            if shape.has(f"cuff_{side}_outer", f"cuff_{side}_inner", f"shoulder_{side}", f"armpit_{side}"):
                found.append((label, limb_map(*sleeve_tubes(shape, body, unit, left), size)))
    if category == "lower" and shape.kind != "skirt":
        for label, left in ((LEFT_LEG, True), (RIGHT_LEG, False)):
            found.append((label, limb_map(*leg_tubes(shape, body, unit, left), size)))
    return found


def warp_garment(
    garment: Image, shape: GarmentLandmarks, category: Category, body: Body, size: tuple[int, int]
) -> tuple[Image, Mask]:
    """The hint: the garment moved onto the body.

    Args:
        garment: RGB uint8 (h, w, 3), the picture that `shape` was found in.
        shape: its parts and landmarks.
        category: upper, lower or dress.
        body: the person's points in pixels of the photo.
        size: (H, W) of the photo.

    Returns:
        Hint RGB uint8 (H, W, 3), black where there is none, and its mask uint8 (H, W).
    """
    hint = np.zeros((*size, 3), np.float32)
    mask = np.zeros(size, np.float32)
    bare = np.ones(size, np.float32)
    # Parts overlap a little at their seams so that no gap opens there.
    seam = 0.12 * garment_unit(shape, category)
    # The outermost pixels are mixed with the ground.
    whole = erode(np.where(np.isin(shape.parts, (NOTHING, INNER_COLLAR)), 0, 255).astype(np.uint8), 1) > 0
    for label, back in layers(shape, category, body, size):
        part = dilate(np.where(shape.parts == label, 255, 0).astype(np.uint8), seam)
        part[~whole] = 0
        source = np.dstack([garment, part])
        moved = cv2.remap(source, back[..., 0], back[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT)
        alpha = moved[..., 3].astype(np.float32) / 255
        hint += alpha[..., None] * (moved[..., :3] - hint)
        mask = np.maximum(mask, alpha)
        bare *= 1 - alpha
    # Over nothing a half covered pixel came out half as bright: a dark thread round every light garment.
    inside = mask > 0.5
    hint = np.where(inside[..., None], hint / np.maximum(1 - bare, 0.5)[..., None], 0)
    return np.rint(hint).astype(np.uint8), np.where(inside, 255, 0).astype(np.uint8)
