"""What a flat garment's picture tells: its parts and the points by which it hangs on a body."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from pipelines.schema import Keypoints

Floats = NDArray[np.float32]
Kind = Literal["top", "dress", "trousers", "shorts", "skirt"]
Sleeve = Literal["none", "short", "long"]

#: Order of `GarmentLandmarks.points`. `collar` is where the neckline meets the shoulder, `neck_bottom` the middle of
#: the front neckline, `shoulder` the top of the sleeve, `cuff` the sleeve's end, `waist` the narrowest or top line.
#: Trousers and shorts use `waist`, `crotch` and the four `hem_*` points; skirts `waist` and the outer hem points.
POINT_NAMES: Final = (
    "collar_left", "collar_right", "neck_bottom", "shoulder_left", "shoulder_right", "armpit_left", "armpit_right",
    "cuff_left_outer", "cuff_left_inner", "cuff_right_outer", "cuff_right_inner", "waist_left", "waist_right",
    "hem_left", "hem_right", "crotch", "hem_left_outer", "hem_left_inner", "hem_right_outer", "hem_right_inner",
)  # fmt: skip

#: Values of `GarmentLandmarks.parts`.
PARTS: Final = ("none", "torso", "left sleeve", "right sleeve", "left leg", "right leg", "inner back collar")
NOTHING, TORSO, LEFT_SLEEVE, RIGHT_SLEEVE, LEFT_LEG, RIGHT_LEG, INNER_COLLAR = range(7)


@dataclass(frozen=True, eq=False)
class GarmentLandmarks:
    """Where the parts of a garment are in its picture.

    Attributes:
        points: float32 (20, 2), fractions (x, y) of the picture, in the order of `POINT_NAMES`; NaN = has none.
        kind: what the silhouette was read as.
        sleeve: "none" up to cap sleeves, "short" to above the elbow, "long" from there.
        sleeve_lines: float32 (2, 3, 2), fractions; for the left and the right sleeve its middle at shoulder, half way
            (the elbow, also where the sleeve is bent) and cuff. NaN = no sleeve.
        parts: uint8 (H, W), index into `PARTS`.
    """

    points: Keypoints
    kind: Kind
    sleeve: Sleeve
    sleeve_lines: Floats
    parts: NDArray[np.uint8]

    def point(self, name: str) -> Floats:
        """One point as (x, y) fractions, NaN when the garment has none of that name."""
        return np.asarray(self.points[POINT_NAMES.index(name)], np.float32)

    @property
    def size(self) -> tuple[int, int]:
        """(height, width) of the picture."""
        return self.parts.shape[0], self.parts.shape[1]

    def pixel(self, name: str) -> NDArray[np.float64]:
        """One point as (x, y) in pixels of the picture."""
        return self.point(name).astype(np.float64) * (self.size[1], self.size[0])

    def width(self, a: str, b: str) -> float:
        """Distance of two points in pixels."""
        return float(np.hypot(*(self.pixel(a) - self.pixel(b))))

    def has(self, *names: str) -> bool:
        """Whether the garment has all of these points."""
        return not any(np.isnan(self.point(n)).any() for n in names)
