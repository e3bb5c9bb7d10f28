"""Named body points in pixels and the body's own unit of length, from 18 OpenPose keypoints."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from pipelines.errors import BadInput
from pipelines.schema import Keypoints

#: Order of OpenPose's 18 body keypoints (COCO with a neck); right and left are the person's own.
OPENPOSE18: tuple[str, ...] = (
    "nose", "neck", "r_shoulder", "r_elbow", "r_wrist", "l_shoulder", "l_elbow", "l_wrist",
    "r_hip", "r_knee", "r_ankle", "l_hip", "l_knee", "l_ankle", "r_eye", "l_eye", "r_ear", "l_ear",
)  # fmt: skip

#: Left and right change places in a mirrored picture: which point becomes which.
MIRROR18 = (0, 1, 5, 6, 7, 2, 3, 4, 11, 12, 13, 8, 9, 10, 15, 14, 17, 16)

#: A grown person's hip-to-shoulder distance over the distance between the shoulder joints, seen from the front.
TORSO_PER_SHOULDERS = 1.5

Point = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Body:
    """Body points in pixels of one picture.

    Attributes:
        points: float (18, 2), (x, y) in pixels, NaN where not seen; see OPENPOSE18.
    """

    points: NDArray[np.float64]

    @classmethod
    def from_keypoints(cls, keypoints: Keypoints, size: tuple[int, int]) -> Body:
        """From fractions (18, 2) and the picture's (height, width); raises BadInput without both shoulders."""
        body = cls(np.asarray(keypoints, np.float64) * (size[1], size[0]))
        if np.isnan(body["r_shoulder"]).any() or np.isnan(body["l_shoulder"]).any():
            raise BadInput(
                "person photo", "a person whose shoulders are not both visible", "a person seen from the front",
                "Use a photo that shows the body from the head to at least the waist.",
            )  # fmt: skip
        return body

    def __getitem__(self, name: str) -> Point:
        return self.points[OPENPOSE18.index(name)]

    def seen(self, *names: str) -> bool:
        """Whether all of these points are known."""
        return not any(np.isnan(self[n]).any() for n in names)

    @cached_property
    def shoulders(self) -> Point:
        """Middle between the shoulder joints."""
        return np.asarray((self["r_shoulder"] + self["l_shoulder"]) / 2)

    @cached_property
    def hips(self) -> Point:
        """Middle between the hip joints; where they are not seen, straight below the shoulders."""
        if self.seen("r_hip", "l_hip"):
            return np.asarray((self["r_hip"] + self["l_hip"]) / 2)
        return np.asarray(self.shoulders + np.array([0, TORSO_PER_SHOULDERS * self._shoulder_width]))

    @cached_property
    def _shoulder_width(self) -> float:
        return float(np.linalg.norm(self["r_shoulder"] - self["l_shoulder"]))

    @cached_property
    def unit(self) -> float:
        """Pixels from shoulder joint to shoulder joint, were the person to face the camera."""
        return max(self._shoulder_width, float(np.linalg.norm(self.hips - self.shoulders)) / TORSO_PER_SHOULDERS, 1.0)

    @cached_property
    def down(self) -> Point:
        """Unit vector from the shoulders to the hips."""
        v = self.hips - self.shoulders
        n = np.linalg.norm(v)
        return np.asarray(v / n if n > 0 else np.array([0.0, 1.0]))


def mirrored18(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """The 18 points (18, 2), fractions, of the mirrored picture."""
    return np.asarray(points[list(MIRROR18)] * (-1, 1) + (1, 0))
