"""OpenPose's own network (Cao et al., CVPR 2017), by controlnet-aux, as an alternative to BlazePose's points.

OpenPose gives 18 points and no person mask. So BlazePose still finds mask, hands and feet, and OpenPose's points take
the place of those that both know, where OpenPose sees them.
"""

from __future__ import annotations

import dataclasses
import pickle
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.errors import BadInput, MissingWeights
from pipelines.perception.pose import OPENPOSE_FROM_BLAZEPOSE, FindsPose, Pose
from pipelines.schema import Image, Keypoints

#: Where the weights are published, for non-commercial use only.
PUBLISHED = "https://huggingface.co/lllyasviel/Annotators/resolve/main/body_pose_model.pth"
#: Longest side of what the network sees; it works at 184 pixels of height, its maps at the picture's size.
WORK_SIZE = 512

#: BGR picture (H, W, 3) → candidates (N, 4): x, y, confidence, number; and people (P, 20): 18 of those numbers or -1,
#: total confidence, parts. As controlnet-aux's `Body`.
Network = Callable[[Image], tuple[NDArray[Any], NDArray[Any]]]


def load_openpose(file: Path) -> Network:
    """OpenPose's body network from a local `body_pose_model.pth`.

    Raises:
        MissingWeights: the file is not there.
        BadInput: it holds something else.
    """
    if not file.is_file():
        raise MissingWeights(file.name, (file.parent,), f"curl -L -o {file} {PUBLISHED}")
    with warnings.catch_warnings():
        # controlnet-aux imports all its detectors, and each says what it lacks or overwrites; none of it is used here.
        warnings.simplefilter("ignore")
        from controlnet_aux.open_pose.body import Body  # imports torch
    try:
        network: Network = Body(str(file))
    except (RuntimeError, EOFError, KeyError, pickle.UnpicklingError) as error:
        got = f"{file.name}: {str(error).splitlines()[0][:120]}"
        raise BadInput("OpenPose's weights", got, "body_pose_model.pth", "Download the file again.") from error
    return network


class OpenPoseEstimator:
    """Finds the pose of the largest person, with OpenPose's points where it sees them.

    Args:
        base: finds mask, hands and feet, and whether there is a person at all.
        network: of `load_openpose`.
    """

    def __init__(self, base: FindsPose, network: Network) -> None:
        self._base, self._network = base, network

    def __call__(self, image: Image) -> Pose:
        """The pose in an RGB photo (H, W, 3); BadInput if no person is found."""
        pose = self._base(image)
        scale = min(1.0, WORK_SIZE / max(image.shape[:2]))
        small = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        candidates, people = self._network(np.ascontiguousarray(small[..., ::-1]))
        points, confidence = nearest18(candidates, people, small.shape[:2], pose)
        return with_openpose18(pose, points, confidence)


def nearest18(
    candidates: NDArray[Any], people: NDArray[Any], size: Sequence[int], pose: Pose
) -> tuple[Keypoints, NDArray[np.float32]]:  # fmt: skip
    """Of those whom OpenPose found, the one with the most points in a person's mask.

    Args:
        candidates, people: see `Network`, in pixels of a picture of `size` (height, width).
        pose: of the person who is meant.

    Returns:
        float32 (18, 2) fractions, NaN where not seen; float32 (18,) confidence in [0, 1], 0 there.
    """
    height, width = size
    best, most = (np.full((18, 2), np.nan, np.float32), np.zeros(18, np.float32)), 0
    for person in people:
        points, confidence = np.full((18, 2), np.nan, np.float32), np.zeros(18, np.float32)
        for part, number in enumerate(person[:18].astype(int)):
            if number >= 0:
                x, y, sure = candidates[number][:3]
                points[part], confidence[part] = ((x + 0.5) / width, (y + 0.5) / height), min(max(sure, 0), 1)
        if (inside := _inside(points, pose)) > most:
            best, most = (points, confidence), inside
    return best


def with_openpose18(pose: Pose, points: Keypoints, confidence: NDArray[np.float32]) -> Pose:
    """The pose with OpenPose's 18 points (18, 2), by confidence (18,), in the place of BlazePose's; NaN keeps those.

    The neck is left out: it has no landmark of its own, being the middle of the shoulders.
    """
    keypoints, visibility = pose.keypoints.copy(), pose.visibility.copy()
    for sources, point, sure in zip(OPENPOSE_FROM_BLAZEPOSE, points, confidence, strict=True):
        if len(sources) == 1 and not np.isnan(point).any():
            keypoints[sources[0]], visibility[sources[0]] = point, sure
    return dataclasses.replace(pose, keypoints=keypoints, visibility=visibility)


def _inside(points: Keypoints, pose: Pose) -> int:
    """How many of the points (18, 2) lie in the person's mask."""
    seen = points[~np.isnan(points).any(1)]
    height, width = pose.person_mask.shape
    x, y = np.clip(seen * (width, height), 0, (width - 1, height - 1)).astype(int).T
    return int((pose.person_mask[y, x] > 0).sum())
