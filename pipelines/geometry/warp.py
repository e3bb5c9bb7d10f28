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
from pipelines.geometry.frame import OFF, Points, trunk_frame
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
from pipelines.geometry.limbs import hip_points, leg_tubes, limb_map, sleeve_tubes, turned_up
from pipelines.geometry.wearing import parted
from pipelines.masks import dilate, erode
from pipelines.schema import Category, Image, Mask, WearStyle

# Lengths in body units (shoulder joint to shoulder joint ≈ 34 cm) of average clothes on an average grown body.
FLAT_CHEST, FLAT_SHOULDERS, FLAT_WAIST = 1.06, 0.95, 1.0
#: The chest of sleeveless tops lies flatter: they are narrow and stretch.
FLAT_SLEEVELESS = 0.9
#: Height of the waistband above the hip joints.
WAIST_RISE = 0.3
#: Hip joints below shoulder joints.
HIPS = 1.5
#: How much narrower than it lies flat a loose trunk looks when worn.
DRAPE_TRUNK = 0.8
#: Half the width of a body at the chest and at the hips.
HALF_CHEST, HALF_HIPS = 0.54, 0.52

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


# --- the whole garment ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Layer:
    """A part of a garment on the body.

    Attributes:
        label: of the part. back: map (H, W, 2) to the garment's pixels. light: factors (H, W); None = as it is.
    """

    label: int
    back: NDArray[np.float32]
    light: NDArray[np.float32] | None = None


def layers(
    shape: GarmentLandmarks,
    category: Category,
    body: Body,
    size: tuple[int, int],
    wear: WearStyle,
    true_unit: float | None,
) -> list[Layer]:
    """The parts from the back to the front; arguments as for `warp_garment`."""
    unit, true = true_unit or garment_unit(shape, category), true_unit is not None
    frame = trunk_frame(body)
    source, target = (lower_pairs if category == "lower" else upper_pairs)(shape, unit)
    trunk = trunk_map(source, frame.place(target), size)
    found = [Layer(TORSO, parted(trunk, frame) if wear.layer == "open" else trunk)]
    if category != "lower" and shape.sleeve != "none":
        rolled = wear.sleeves == "rolled up" and shape.sleeve == "long"
        for label, left in ((LEFT_SLEEVE, True), (RIGHT_SLEEVE, False)):
            side = "left" if left else "right"
            if shape.has(f"cuff_{side}_outer", f"cuff_{side}_inner", f"shoulder_{side}", f"armpit_{side}"):
                flat, worn = sleeve_tubes(shape, body, unit, left, true=true, rolled=rolled)
                light = turned_up(worn.line, body.unit, size) if rolled else None
                found.append(Layer(label, limb_map(flat, worn, size, end=2.0 if rolled else 2.4), light))
    if category == "lower" and shape.kind != "skirt":
        for label, left in ((LEFT_LEG, True), (RIGHT_LEG, False)):
            found.append(Layer(label, limb_map(*leg_tubes(shape, body, unit, left, true=true), size)))
    return found


def warp_garment(
    garment: Image,
    shape: GarmentLandmarks,
    category: Category,
    body: Body,
    size: tuple[int, int],
    *,
    wear: WearStyle | None = None,
    true_unit: float | None = None,
    bounds: Mask | None = None,
) -> tuple[Image, Mask]:
    """The hint: the garment moved onto the body.

    Args:
        garment: RGB uint8 (h, w, 3), the picture that `shape` was found in.
        shape: its parts and landmarks.
        category: upper, lower or dress.
        body: the person's points in pixels of the photo.
        size: (H, W) of the photo.
        wear: how it is worn; None = as it is made.
        true_unit: pixels of the garment's picture per body unit where its real size is known, see
            `pipelines.geometry.fit`; None = it is made to fit.
        bounds: uint8 (H, W), 255 where its trunk may lie; None = anywhere.

    Returns:
        Hint RGB uint8 (H, W, 3), black where there is none, and its mask uint8 (H, W).
    """
    hint = np.zeros((*size, 3), np.float32)
    mask, trunk = np.zeros(size, np.float32), np.zeros(size, np.float32)
    bare = np.ones(size, np.float32)
    # Parts overlap a little at their seams so that no gap opens there.
    seam = 0.12 * garment_unit(shape, category)
    # The outermost pixels are mixed with the ground.
    whole = erode(np.where(np.isin(shape.parts, (NOTHING, INNER_COLLAR)), 0, 255).astype(np.uint8), 1) > 0
    for layer in layers(shape, category, body, size, wear or WearStyle(), true_unit):
        own = np.where((shape.parts == layer.label) & whole, 255, 0).astype(np.uint8)
        part = np.where(whole, dilate(own, seam), 0).astype(np.uint8)
        source = np.dstack([garment, part, own]).astype(np.float32)
        back = layer.back[..., 0], layer.back[..., 1]
        moved = cv2.remap(source, *back, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT)
        alpha = moved[..., 3] / 255
        if layer.label == TORSO:
            if bounds is not None:
                alpha[bounds == 0] = 0
            trunk = np.minimum(alpha, moved[..., 4] / 255) * upper_arms(body, size)
        elif layer.label in (LEFT_SLEEVE, RIGHT_SLEEVE):
            alpha = alpha * (1 - trunk)
        cloth = moved[..., :3] if layer.light is None else moved[..., :3] * layer.light[..., None]
        hint += alpha[..., None] * (cloth - hint)
        mask = np.maximum(mask, alpha)
        bare *= 1 - alpha
    # Over nothing a half covered pixel came out half as bright: a dark thread round every light garment.
    inside = mask > 0.5
    hint = np.where(inside[..., None], hint / np.maximum(1 - bare, 0.5)[..., None], 0)
    return np.rint(hint).astype(np.uint8), np.where(inside, 255, 0).astype(np.uint8)


def upper_arms(body: Body, size: tuple[int, int]) -> NDArray[np.float32]:
    """Weights (H, W), 1 round the shoulders, 0 from the elbows on: there a trunk lies in front of its sleeves.

    A sleeve is bent round the arm's bone, so its inner half would cut off what is printed across the chest. Forearms
    may lie in front of the body.
    """
    y, x = np.mgrid[: size[0], : size[1]].astype(np.float32)
    far = [np.hypot(x - body[joint][0], y - body[joint][1]) for joint in ("r_shoulder", "l_shoulder")]
    return np.clip((1 - np.minimum(*far) / body.unit) / 0.3, 0, 1).astype(np.float32)
