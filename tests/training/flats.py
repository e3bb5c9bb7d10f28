"""A drawn T-shirt with exact landmarks."""

from __future__ import annotations

import cv2
import numpy as np

from pipelines.geometry.garment import LEFT_SLEEVE, POINT_NAMES, RIGHT_SLEEVE, TORSO, GarmentLandmarks
from pipelines.perception.garment import Garment
from pipelines.schema import Mask

SIZE = (200, 200)
TRUNK = {
    "collar_left": (80, 30), "neck_bottom": (100, 50), "collar_right": (120, 30), "shoulder_right": (140, 38),
    "armpit_right": (136, 80), "hem_right": (138, 180), "hem_left": (62, 180), "armpit_left": (64, 80),
    "shoulder_left": (60, 38),
}  # fmt: skip
SPREAD = {"outer": (24, 78), "inner": (42, 96)}
#: Along the trunk, touching it.
HANGING = {"outer": (36, 150), "inner": (61, 152)}


def a_tee(hanging: bool = False) -> tuple[GarmentLandmarks, Mask]:
    """Its landmarks and mask; `hanging` = long sleeves against the trunk."""
    cuffs = HANGING if hanging else SPREAD
    points = dict(TRUNK)
    for end, (x, y) in cuffs.items():
        points[f"cuff_left_{end}"], points[f"cuff_right_{end}"] = (x, y), (SIZE[1] - x, y)
    parts = np.zeros(SIZE, np.uint8)
    cv2.fillPoly(parts, [np.array(list(TRUNK.values()))], TORSO)
    for label, side in ((LEFT_SLEEVE, "left"), (RIGHT_SLEEVE, "right")):
        names = (f"shoulder_{side}", f"cuff_{side}_outer", f"cuff_{side}_inner", f"armpit_{side}")
        sleeve = np.zeros(SIZE, np.uint8)
        cv2.fillPoly(sleeve, [np.array([points[n] for n in names])], 1)
        parts[(sleeve > 0) & (parts == 0)] = label
    fractions = np.full((len(POINT_NAMES), 2), np.nan, np.float32)
    for name, point in points.items():
        fractions[POINT_NAMES.index(name)] = np.array(point) / SIZE[::-1]
    lines = np.zeros((2, 3, 2), np.float32)
    for i, side in enumerate(("left", "right")):
        start = 0.5 * (np.array(points[f"shoulder_{side}"]) + points[f"armpit_{side}"])
        end = 0.5 * (np.array(points[f"cuff_{side}_outer"]) + points[f"cuff_{side}_inner"])
        lines[i] = np.array([start, (start + end) / 2, end]) / SIZE[::-1]
    shape = GarmentLandmarks(fractions, "top", "long" if hanging else "short", lines, parts)
    return shape, np.where(parts > 0, 255, 0).astype(np.uint8)


def a_top(hanging: bool = False) -> Garment:
    """The T-shirt as the analyser would hand it over, in red with a white stripe."""
    shape, mask = a_tee(hanging)
    image = np.full((*SIZE, 3), 235, np.uint8)
    image[mask > 0] = (180, 30, 40)
    image[110:120][mask[110:120] > 0] = 250
    return Garment(image, mask, "upper", 1.0, shape.sleeve, "top", shape)
