"""The two BlazePose networks behind plain functions: where people are, and the landmarks inside a region.

The files are the ones that MediaPipe ships (Apache-2.0); the arithmetic around them follows its graphs
`pose_detection_cpu` and `pose_landmark_by_roi_cpu`, so that figures agree with MediaPipe's own.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.schema import Image

DETECTOR_FILE, LANDMARK_FILE = "pose_detection.tflite", "pose_landmark_full.tflite"
DETECTOR_SIDE, LANDMARK_SIDE = 224, 256
NUM_LANDMARKS = 33
# Shoulders, elbows, wrists and hips: the body that a try-on needs, and the least often out of the frame.
BODY = (11, 12, 13, 14, 15, 16, 23, 24)
# The network was trained on regions that reach 1.25 times as far as the body's own circle.
REGION_SCALE = 1.25
NMS_OVERLAP = 0.3
HEATMAP_WINDOW, HEATMAP_MIN_CONFIDENCE = 3, 0.5

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Region:
    """A rotated square of a photo that holds one person.

    Attributes:
        x, y: centre, pixels.
        side: length of an edge, pixels.
        angle: clockwise turn of the person from upright, radians.
    """

    x: float
    y: float
    side: float
    angle: float

    @staticmethod
    def around(centre: Floats, top: Floats) -> Region:
        """The region of a body whose hips are at `centre` and whose circle passes through `top` (pixels)."""
        dx, dy = (top - centre).tolist()
        side = 2 * REGION_SCALE * float(np.hypot(dx, dy))
        return Region(float(centre[0]), float(centre[1]), side, float(np.arctan2(dx, -dy)))

    def to_photo(self, side: int) -> NDArray[np.float64]:
        """The affine map (2, 3) from pixels of the region, drawn `side` pixels wide, to pixels of the photo."""
        scale = self.side / side
        cos, sin = scale * np.cos(self.angle), scale * np.sin(self.angle)
        half = side / 2
        return np.array([[cos, -sin, self.x - cos * half + sin * half], [sin, cos, self.y - sin * half - cos * half]])

    def overlap(self, other: Region) -> float:
        """Intersection over union of the two squares, their turns ignored."""
        reach = (self.side + other.side) / 2
        width = np.clip(reach - abs(self.x - other.x), 0, min(self.side, other.side))
        height = np.clip(reach - abs(self.y - other.y), 0, min(self.side, other.side))
        return float(width * height / (self.side**2 + other.side**2 - width * height))


@dataclass(frozen=True, eq=False)
class Landmarks:
    """What the landmark network says of one region, in pixels of the photo.

    Attributes:
        points: float32 (33, 2), x and y.
        visibility: float32 (33,), 0 to 1.
        presence: 0 to 1, how surely there is a person, as the network puts it (garments and chairs reach 1).
        clarity: 0 to 1, mean peak of the heat maps of shoulders, elbows, wrists and hips; a sharper test: about .6
            on half-hidden people, .35 on things.
        mask: float32 (256, 256), chance that a pixel of the region is the person.
        region: where it looked.
        next_region: where the person is according to the landmarks, better centred than `region`.
    """

    points: Floats
    visibility: Floats
    presence: float
    clarity: float
    mask: Floats
    region: Region
    next_region: Region


class BlazePose:
    """The networks themselves. Not thread-safe: an interpreter keeps its tensors between calls."""

    def __init__(self, folder: Path, num_threads: int = 2) -> None:
        self._detector = _load(folder / DETECTOR_FILE, num_threads)
        self._landmarker = _load(folder / LANDMARK_FILE, num_threads)
        self._anchors = ssd_anchors()

    def detect(self, image: Image, min_score: float, pad: float = 0.0) -> list[tuple[float, Region]]:
        """People in an RGB photo: (score, region), the surest first.

        `pad` adds that share of the longer side as a grey border, which makes a person who is cut by the
        frame look complete and smaller.
        """
        height, width = image.shape[:2]
        square = max(height, width) * (1 + 2 * pad)
        scale = DETECTOR_SIDE / square
        left, top = (square - width) / 2, (square - height) / 2
        forward = np.array([[scale, 0, left * scale], [0, scale, top * scale]])
        view = _warp(image, forward, DETECTOR_SIDE, area=scale < 0.5)
        boxes, logits = _run(self._detector, view * np.float32(1 / 127.5) - 1, 2)
        scores = _sigmoid(logits[0, :, 0])
        keep = np.flatnonzero(scores >= min_score)
        found = boxes[0, keep] / DETECTOR_SIDE
        found[:, [0, 1, 4, 5, 6, 7]] += np.tile(self._anchors[keep], 3)
        offset = np.array([left, top], np.float32)
        people = []
        for score, box in _suppress(found, scores[keep]):
            centre, circle = (box[i : i + 2] * square - offset for i in (4, 6))
            people.append((score, Region.around(centre, circle)))
        return people

    def landmarks(self, image: Image, region: Region) -> Landmarks:
        """The landmarks of the person in `region` of an RGB photo."""
        to_photo = region.to_photo(LANDMARK_SIDE)
        view = _warp(image, cv2.invertAffineTransform(to_photo), LANDMARK_SIDE, area=region.side > 2 * LANDMARK_SIDE)
        raw, flag, mask, heatmaps = _run(self._landmarker, view * np.float32(1 / 255), 4)
        table = raw.reshape(-1, 5)
        heat = _sigmoid(heatmaps[0])
        points = refine(table[:, :2] * np.float32(1 / LANDMARK_SIDE), heat) * LANDMARK_SIDE
        placed = (points @ to_photo[:, :2].T + to_photo[:, 2]).astype(np.float32)
        return Landmarks(
            points=placed[:NUM_LANDMARKS],
            visibility=_sigmoid(table[:NUM_LANDMARKS, 3]),
            presence=float(flag[0, 0]),
            clarity=float(heat[:, :, BODY].max(axis=(0, 1)).mean()),
            mask=_sigmoid(mask[0, :, :, 0]),
            region=region,
            # Two landmarks beyond the 33 describe the circle of the whole body.
            next_region=Region.around(placed[NUM_LANDMARKS], placed[NUM_LANDMARKS + 1]),
        )


def ssd_anchors() -> Floats:
    """Centres (2254, 2) of the detector's anchors, fractions of its input, in the order of its outputs."""
    rows = []
    for stride, per_cell in ((8, 2), (16, 2), (32, 6)):
        cells = DETECTOR_SIDE // stride
        ticks = (np.arange(cells, dtype=np.float32) + 0.5) / cells
        grid = np.stack(np.meshgrid(ticks, ticks), axis=-1).reshape(-1, 2)
        rows.append(np.repeat(grid, per_cell, axis=0))
    return np.concatenate(rows)


def refine(points: Floats, heatmaps: Floats) -> Floats:
    """Move each point (39, 2), fractions, to the centroid of its heat map (64, 64, 39) nearby, where that is sure."""
    refined = points.copy()
    rows, columns, _ = heatmaps.shape
    for i, (x, y) in enumerate(points):
        column, row = int(x * columns), int(y * rows)
        if not (0 <= column < columns and 0 <= row < rows):
            continue
        x0, y0 = max(column - HEATMAP_WINDOW, 0), max(row - HEATMAP_WINDOW, 0)
        window = heatmaps[y0 : row + HEATMAP_WINDOW + 1, x0 : column + HEATMAP_WINDOW + 1, i]
        if window.max() < HEATMAP_MIN_CONFIDENCE:
            continue
        ys, xs = np.mgrid[y0 : y0 + window.shape[0], x0 : x0 + window.shape[1]]
        refined[i] = (window * xs).sum() / columns / window.sum(), (window * ys).sum() / rows / window.sum()
    return refined


def _suppress(boxes: Floats, scores: Floats) -> list[tuple[float, Floats]]:
    """Merge overlapping detections (N, 12: centre, size, four points) into their mean weighted by score."""
    people = []
    left = np.argsort(-scores)
    while len(left):
        overlaps = _iou(boxes[left[0], :4], boxes[left, :4]) > NMS_OVERLAP
        overlaps[0] = True
        group = left[overlaps]
        weights = scores[group]
        people.append((float(weights[0]), (boxes[group] * weights[:, None]).sum(0) / weights.sum()))
        left = left[~overlaps]
    return people


def _iou(box: Floats, others: Floats) -> Floats:
    """Intersection over union of one box with others (N, 4), all as centre and size."""
    low = np.maximum(box[:2] - box[2:] / 2, others[:, :2] - others[:, 2:] / 2)
    high = np.minimum(box[:2] + box[2:] / 2, others[:, :2] + others[:, 2:] / 2)
    shared = np.clip(high - low, 0, None).prod(1)
    return shared / (box[2:].prod() + others[:, 2:].prod(1) - shared + 1e-9)


def _warp(image: Image, forward: NDArray[np.float64], side: int, area: bool) -> Floats:
    """Draw an RGB photo through an affine map on a black square; `area` first shrinks it to avoid aliasing."""
    if area:
        scale = float(np.sqrt(abs(np.linalg.det(forward[:, :2]))))
        height, width = image.shape[:2]
        small = max(round(width * scale), 1), max(round(height * scale), 1)
        image = cv2.resize(image, small, interpolation=cv2.INTER_AREA)
        forward = forward @ np.diag([width / small[0], height / small[1], 1.0])
    return cv2.warpAffine(image, forward, (side, side), flags=cv2.INTER_LINEAR).astype(np.float32)


def _load(path: Path, num_threads: int) -> Any:
    """A LiteRT interpreter with its tensors allocated."""
    from ai_edge_litert.interpreter import Interpreter  # half a second, and only needed with weights at hand

    interpreter = Interpreter(str(path), num_threads=num_threads)
    interpreter.allocate_tensors()
    return interpreter


def _run(interpreter: Any, image: Floats, outputs: int) -> list[Floats]:
    """Feed one picture (H, W, 3) and copy out the first `outputs` tensors."""
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], image[None])
    interpreter.invoke()
    return [interpreter.get_tensor(detail["index"]) for detail in interpreter.get_output_details()[:outputs]]


def _sigmoid(x: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(-np.clip(x, -80, 80))), np.float32)
