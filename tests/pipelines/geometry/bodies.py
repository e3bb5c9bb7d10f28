"""A person made of points, standing upright, for the geometry's tests."""

import numpy as np

from pipelines.geometry.body import OPENPOSE18, Body

STANDING = {
    "nose": (100, 40), "neck": (100, 80), "r_eye": (94, 34), "l_eye": (106, 34), "r_ear": (86, 38), "l_ear": (114, 38),
    "r_shoulder": (70, 80), "l_shoulder": (130, 80), "r_elbow": (58, 130), "l_elbow": (142, 130),
    "r_wrist": (52, 174), "l_wrist": (148, 174), "r_hip": (84, 172), "l_hip": (116, 172),
    "r_knee": (84, 244), "l_knee": (116, 244), "r_ankle": (84, 310), "l_ankle": (116, 310),
}  # fmt: skip
SIZE = (340, 200)


def standing(**moved: tuple[float, float]) -> Body:
    """The standing person with some points moved; NaN hides one."""
    points = STANDING | moved
    return Body(np.array([points[name] for name in OPENPOSE18], float))
