"""The pose of the person in a photo: 33 landmarks, a person mask, and the OpenPose picture of them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.errors import BadInput
from pipelines.perception.blazepose import LANDMARK_SIDE, BlazePose, Landmarks, Region
from pipelines.perception.pose_map import draw_openpose
from pipelines.schema import Image, Keypoints, Mask, check_image

# BlazePose's 33 landmarks by name; left and right are the person's own.
NOSE = 0
L_EYE, R_EYE = 2, 5
L_EAR, R_EAR = 7, 8
L_MOUTH, R_MOUTH = 9, 10
L_SHOULDER, R_SHOULDER = 11, 12
L_ELBOW, R_ELBOW = 13, 14
L_WRIST, R_WRIST = 15, 16
L_PINKY, R_PINKY = 17, 18
L_INDEX, R_INDEX = 19, 20
L_THUMB, R_THUMB = 21, 22
L_HIP, R_HIP = 23, 24
L_KNEE, R_KNEE = 25, 26
L_ANKLE, R_ANKLE = 27, 28
L_HEEL, R_HEEL = 29, 30
L_TOE, R_TOE = 31, 32

#: COCO-18 from BlazePose, in OpenPose's order; the neck (index 1) is the middle of the shoulders.
OPENPOSE_FROM_BLAZEPOSE: tuple[tuple[int, ...], ...] = (
    (NOSE,), (L_SHOULDER, R_SHOULDER),
    (R_SHOULDER,), (R_ELBOW,), (R_WRIST,), (L_SHOULDER,), (L_ELBOW,), (L_WRIST,),
    (R_HIP,), (R_KNEE,), (R_ANKLE,), (L_HIP,), (L_KNEE,), (L_ANKLE,),
    (R_EYE,), (L_EYE,), (R_EAR,), (L_EAR,),
)  # fmt: skip

MIN_PRESENCE = 0.5
# How clear the landmarks must be, by how sure the detector was (tried on 145 photos of people, 41 of them cropped
# at chin, hips or knees in five ways, and on 135 of rooms and flat garments): most things that the detector takes
# for people are sorted out here.
CLARITY_BY_SCORE = ((0.65, 0.38), (0.3, 0.5), (0.0, 0.6))
MIN_SCORE = 0.3
SAME_PERSON_OVERLAP = 0.5
MAX_PEOPLE = 5
# Grey borders to try, as shares of the longer side: none, then enough to complete a cropped or very near body.
PADS = (0.0, 0.25, 0.6)
# Where to look when nothing is detected, which happens where the head is cut off: hips at (x, y) and side of the
# region as shares of width, height and height.
GUESSES = ((0.5, 0.95, 2.2), (0.5, 0.8, 1.8), (0.5, 0.6, 1.5), (0.5, 0.5, 1.25))


@dataclass(frozen=True, eq=False)
class Pose:
    """The pose of the largest person in a photo.

    Attributes:
        keypoints: float32 (33, 2), BlazePose's landmarks as fractions of width and height, also where hidden or
            outside the frame (see `visibility`); NaN where further than one photo outside.
        visibility: float32 (33,), chance that the landmark is inside the frame and not hidden.
        person_mask: uint8 (H, W), 255 = person.
        box: x0, y0, x1, y1 of the mask, fractions.
        people: how many people were found; this is the largest.
    """

    keypoints: Keypoints
    visibility: NDArray[np.float32]
    person_mask: Mask
    box: tuple[float, float, float, float]
    people: int = 1


class FindsPose(Protocol):
    """What finds the pose of the largest person in an RGB photo (H, W, 3). BadInput if there is none."""

    def __call__(self, image: Image) -> Pose: ...


class PoseEstimator:
    """Finds the pose of the largest person. Not thread-safe: callers hold a lock around it.

    Args:
        folder: holds pose_detection.tflite and pose_landmark_full.tflite.
        num_threads: of the interpreter.
    """

    def __init__(self, folder: Path, num_threads: int = 2) -> None:
        self._net = BlazePose(folder, num_threads)

    def __call__(self, image: Image) -> Pose:
        """The pose in an RGB photo (H, W, 3).

        Raises:
            BadInput: no person is found.
        """
        check_image(image, "person photo")
        people = self._people(image)
        if not people:
            raise BadInput(
                "person photo",
                "a picture in which no person was found",
                "a photo of one person, from head or neck down to the hips at least",
                "Choose a photo where the person faces the camera, is well lit and fills most of the height.",
            )
        largest = max(people, key=lambda person: person.region.side)
        return _to_pose(largest, image.shape[:2], len(people))

    def _people(self, image: Image) -> list[Landmarks]:
        """Everyone whom the landmark network confirms, from the first view of the photo that shows anyone."""
        for pad in PADS:
            if people := self._confirm(image, self._net.detect(image, MIN_SCORE, pad)):
                return people
        return self._confirm(image, [(0.0, region) for region in _guesses(image.shape[:2])])[:1]

    def _confirm(self, image: Image, detections: list[tuple[float, Region]]) -> list[Landmarks]:
        """The landmarks of the detections that hold a person, one of each; the clearest first."""
        people: list[Landmarks] = []
        for score, region in detections[:MAX_PEOPLE]:
            found = self._look_twice(image, region)
            needed = next(clarity for least, clarity in CLARITY_BY_SCORE if score >= least)
            twin = any(found.next_region.overlap(other.next_region) > SAME_PERSON_OVERLAP for other in people)
            if found.presence >= MIN_PRESENCE and found.clarity >= needed and not twin:
                people.append(found)
        return sorted(people, key=lambda person: -person.clarity)

    def _look_twice(self, image: Image, region: Region) -> Landmarks:
        """Look again where the first landmarks say the body is; keep the first look if the second loses it."""
        first = self._net.landmarks(image, region)
        second = self._net.landmarks(image, first.next_region)
        return second if second.presence >= min(first.presence, MIN_PRESENCE) else first


def pose_from_arrays(keypoints: Keypoints, visibility: NDArray[np.float32], mask: Mask, people: int = 1) -> Pose:
    """A pose whose box is that of its mask."""
    return Pose(keypoints, visibility, mask, _bounds(mask), people)


def believed18(pose: Pose) -> Keypoints:
    """OpenPose's 18 COCO points where BlazePose believes them, hidden or beyond the picture too: float32 (18, 2)."""
    return np.array([pose.keypoints[list(sources)].mean(0) for sources in OPENPOSE_FROM_BLAZEPOSE], np.float32)


def openpose18(pose: Pose, min_visibility: float = 0.3) -> Keypoints:
    """The pose as OpenPose's 18 COCO points, float32 (18, 2) fractions, NaN where a point is not visible."""
    points = believed18(pose)
    inside = ((points >= 0) & (points <= 1)).all(1)  # a NaN is not inside
    seen = np.array([pose.visibility[list(sources)].min() >= min_visibility for sources in OPENPOSE_FROM_BLAZEPOSE])
    points[~(inside & seen)] = np.nan
    return points


def draw_pose(pose: Pose, size: tuple[int, int]) -> Image:
    """OpenPose's picture of the pose on black, RGB (H, W, 3); `size` is (height, width)."""
    return draw_openpose(openpose18(pose), size)


def _guesses(size: tuple[int, int]) -> list[Region]:
    """Regions to try when the detector finds nobody, for a photo of `size` (height, width)."""
    height, width = size
    return [Region(x * width, y * height, side * height, 0.0) for x, y, side in GUESSES]


def _to_pose(found: Landmarks, size: tuple[int, int], people: int) -> Pose:
    """Fractions and a mask at the size of the photo, from what the network says in pixels."""
    height, width = size
    keypoints = np.asarray(found.points / [width, height], np.float32)
    far = ~np.isfinite(keypoints).all(1) | (np.abs(keypoints - 0.5) > 1.5).any(1)
    keypoints[far] = np.nan
    visibility = np.where(far, 0, found.visibility).astype(np.float32)
    return pose_from_arrays(keypoints, visibility, _mask_in_photo(found, size), people)


def _mask_in_photo(found: Landmarks, size: tuple[int, int]) -> Mask:
    """The person mask at the size of the photo; specks apart from the body are dropped."""
    to_photo = found.region.to_photo(LANDMARK_SIDE)
    soft = cv2.warpAffine(found.mask, to_photo, (size[1], size[0]), flags=cv2.INTER_CUBIC)
    count, labels, stats, _ = cv2.connectedComponentsWithStats((soft > 0.5).astype(np.uint8))
    areas = stats[:, cv2.CC_STAT_AREA]
    keep = np.zeros(count, bool)
    keep[1:] = areas[1:] >= 0.02 * areas[1:].max(initial=1)
    return np.where(keep[labels], 255, 0).astype(np.uint8)


def _bounds(mask: Mask) -> tuple[float, float, float, float]:
    """Bounding box of a mask as fractions; the whole photo if the mask is empty."""
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    if not len(rows):
        return 0.0, 0.0, 1.0, 1.0
    height, width = mask.shape
    left, right = float(columns[0] / width), float((columns[-1] + 1) / width)
    return left, float(rows[0] / height), right, float((rows[-1] + 1) / height)
