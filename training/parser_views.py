"""Random views of labelled street photos that look like the photos people upload."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.perception import pose as points
from pipelines.perception.parsing import BEYOND, View, keypoints_in_view, limb_maps, view_of
from pipelines.perception.pose import Pose, pose_from_arrays
from pipelines.schema import PARSING_LABELS, Image, Keypoints, Mask
from training.ccp import IGNORE, Labelled

WORN = tuple(PARSING_LABELS.index(name) for name in ("upper", "lower", "dress", "outer"))

#: What changes places in a mirror.
MIRRORED = list(range(33))
for _left, _right in ((1, 4), (2, 5), (3, 6), *((i, i + 1) for i in (7, 9, *range(11, 33, 2)))):
    MIRRORED[_left], MIRRORED[_right] = _right, _left

Example = tuple[Image, Mask, NDArray[np.float32], NDArray[np.uint8]]


def random_view(photo: Labelled, size: tuple[int, int], window: tuple[int, int], rng: np.random.Generator) -> Example:
    """One training example from a photo: a window of what the network would see of it.

    Args:
        size: (height, width) of the network's views.
        window: (height, width) to cut out of the view, at most `size`; smaller ones train faster at the same scale.

    Returns:
        image uint8 (H, W, 3), person mask uint8 (H, W), limb maps float32 (limbs, H/4, W/4) and labels uint8
        (H/2, W/2).
    """
    frame = _random_frame(photo.pose, rng)
    view = _random_placing(view_of(_within(photo.pose, frame), size), window, rng)
    matrix = _turned(view, rng)
    image, mask, labels = _draw(photo, frame, matrix, window)
    keypoints, visibility, map_size = keypoints_in_view(_turned_pose(photo.pose, view, matrix), view)
    if rng.random() < 0.5:
        image, mask, labels = image[:, ::-1], mask[:, ::-1], labels[:, ::-1]
        keypoints = (keypoints[MIRRORED] * [-1, 1] + [map_size[1] - 1, 0]).astype(np.float32)
        visibility = visibility[MIRRORED]
    image = _recolour(np.ascontiguousarray(image), labels, rng)
    image = _studio(image, labels, rng) if rng.random() < 0.4 else image
    image = _camera(image, rng)
    image[labels == IGNORE] = BEYOND
    limbs = limb_maps(_shaken(keypoints, rng), visibility, map_size)
    return image, _worse_mask(np.ascontiguousarray(mask), rng), limbs, np.ascontiguousarray(labels[1::2, 1::2])


def close_up(photo: Labelled, margin: float = 0.12) -> Labelled:
    """The photo cut to the person and a margin (share of the photo): a third of the memory."""
    height, width = photo.parsing.shape
    x0, y0, x1, y1 = np.clip(np.add(photo.pose.box, [-margin, -margin, margin, margin]), 0, 1)
    rows, columns = slice(int(y0 * height), int(y1 * height)), slice(int(x0 * width), int(x1 * width))
    mask = photo.pose.person_mask[rows, columns].copy()
    corner = np.array([columns.start, rows.start])
    keypoints = (photo.pose.keypoints * [width, height] - corner) / mask.shape[::-1]
    pose = pose_from_arrays(keypoints.astype(np.float32), photo.pose.visibility, mask)
    return Labelled(photo.name, photo.image[rows, columns].copy(), photo.parsing[rows, columns].copy(), pose)


def _random_frame(pose: Pose, rng: np.random.Generator) -> tuple[float, float, float, float]:
    """Where the photographer cut: x0, y0, x1, y1 as fractions of the photo."""
    x0, y0, x1, _ = pose.box
    if rng.random() < 0.4:
        return 0.0, 0.0, 1.0, 1.0
    k = np.nan_to_num(pose.keypoints, nan=0.5)
    mouth, shoulders, hips, knees = (
        k[[left, left + 1], 1].mean() for left in (points.L_MOUTH, points.L_SHOULDER, points.L_HIP, points.L_KNEE)
    )
    head_cut = rng.random() < 0.25
    top = mouth + rng.uniform(-0.6, 0.7) * (shoulders - mouth) if head_cut else y0 - rng.uniform(0, 0.05)
    bottom = hips + rng.uniform(-0.15, 1.3) * (knees - hips)
    side = rng.uniform(-0.04, 0.1, 2)
    if rng.random() < 0.12:  # lower body alone
        top, bottom = hips - rng.uniform(0.1, 0.9) * (hips - shoulders), 1.0
    if bottom - top < 0.15:
        return 0.0, 0.0, 1.0, 1.0
    return max(x0 - side[0], 0), max(top, 0), min(x1 + side[1], 1), min(bottom, 1)


def _within(pose: Pose, frame: tuple[float, float, float, float]) -> Pose:
    """The pose, its mask cut to a frame."""
    height, width = pose.person_mask.shape
    x0, x1 = round(frame[0] * width), round(frame[2] * width)
    y0, y1 = round(frame[1] * height), round(frame[3] * height)
    mask = np.zeros_like(pose.person_mask)
    mask[y0:y1, x0:x1] = pose.person_mask[y0:y1, x0:x1]
    return pose_from_arrays(pose.keypoints, pose.visibility, mask)


def _random_placing(view: View, window: tuple[int, int], rng: np.random.Generator) -> View:
    """The view a little nearer, further or aside, and a window of it."""
    zoom = float(np.exp(rng.normal(0, 0.09)))
    aside = rng.normal(0, 0.03, 2) * view.size
    lost = np.subtract(view.size, window)
    corner = aside + lost * rng.uniform(0, 1, 2) + (1 - 1 / zoom) * np.array(window) / 2
    return View(view.x + corner[1] / view.scale, view.y + corner[0] / view.scale, view.scale * zoom, window)


def _turned(view: View, rng: np.random.Generator) -> NDArray[np.float64]:
    """The view's affine map, the camera held a little askew in a third of the cases."""
    angle = rng.normal(0, 6) if rng.random() < 0.35 else 0.0
    turn = cv2.getRotationMatrix2D((view.size[1] / 2, view.size[0] / 2), angle, 1.0)
    return turn @ np.vstack([view.from_photo, [0, 0, 1]])


def _turned_pose(pose: Pose, view: View, matrix: NDArray[np.float64]) -> Pose:
    """The pose whose landmarks, seen in the upright view, lie where `matrix` puts them."""
    height, width = pose.person_mask.shape
    pixels = pose.keypoints * np.array([width, height])
    seen = pixels @ matrix[:, :2].T + matrix[:, 2]
    back = cv2.invertAffineTransform(view.from_photo)
    upright = seen @ back[:, :2].T + back[:, 2]
    return Pose((upright / [width, height]).astype(np.float32), pose.visibility, pose.person_mask, pose.box)


def _draw(
    photo: Labelled, frame: tuple[float, float, float, float], matrix: NDArray[np.float64], size: tuple[int, int]
) -> tuple[Image, Mask, NDArray[np.uint8]]:
    """Photo, person mask and parsing in the view; grey, 0 and IGNORE beyond the frame."""
    height, width = photo.parsing.shape
    x0, x1 = round(frame[0] * width), round(frame[2] * width)
    y0, y1 = round(frame[1] * height), round(frame[3] * height)
    cut = np.s_[y0:y1, x0:x1]
    shifted = matrix @ np.array([[1, 0, x0], [0, 1, y0], [0, 0, 1.0]])
    out = size[::-1]
    image = cv2.warpAffine(photo.image[cut], shifted, out, flags=cv2.INTER_LINEAR, borderValue=(BEYOND,) * 3)
    mask = cv2.warpAffine(photo.pose.person_mask[cut], shifted, out, flags=cv2.INTER_LINEAR)
    labels = cv2.warpAffine(photo.parsing[cut], shifted, out, flags=cv2.INTER_NEAREST, borderValue=IGNORE)
    return image, mask, labels


def _recolour(image: Image, labels: NDArray[np.uint8], rng: np.random.Generator) -> Image:
    """Garments in other colours: turned hue, or bleached, or darkened; each kind of garment on its own."""
    result = image.astype(np.float32)
    for label in WORN:
        region = (labels == label).astype(np.float32)
        if not region.any() or rng.random() < 0.6:
            continue
        kind = rng.integers(3)
        if kind == 0:
            hsv = cv2.cvtColor(image, cv2.COLOR_RGB2HSV)
            hsv[..., 0] = (hsv[..., 0].astype(int) + rng.integers(180)) % 180
            changed = cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB).astype(np.float32)
        else:
            target = rng.uniform(215, 255) if kind == 1 else rng.uniform(0, 45)
            grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)[..., None].astype(np.float32)
            changed = target + (grey - grey[region > 0].mean()) * np.float32(rng.uniform(0.2, 0.6))
        soft = cv2.GaussianBlur(region, (0, 0), 0.7)[..., None]
        result += soft * (changed - result)
    return np.clip(result, 0, 255).astype(np.uint8)


def _studio(image: Image, labels: NDArray[np.uint8], rng: np.random.Generator) -> Image:
    """The person on a plain ground, near white more often than not, with a slight fall of light."""
    height, width = labels.shape
    level = rng.uniform(215, 255) if rng.random() < 0.7 else rng.uniform(40, 230)
    tint = rng.normal(0, 1, 3) * (4 if rng.random() < 0.8 else 25)
    slope = rng.normal(0, 12, 2)
    ramp = slope[0] * np.linspace(-1, 1, height)[:, None] + slope[1] * np.linspace(-1, 1, width)[None]
    ground = (level + ramp[..., None] + tint).astype(np.float32)
    inside = labels == IGNORE
    person = cv2.GaussianBlur(((labels > 0) & ~inside).astype(np.float32), (0, 0), rng.uniform(0.5, 1.1))
    # Edge pixels of the street photo are half street: take a little less than the label says.
    alpha = np.clip((person - 0.25) / 0.6, 0, 1)[..., None]
    mixed = alpha * image + (1 - alpha) * ground
    mixed[inside] = image[inside]
    return np.clip(mixed, 0, 255).astype(np.uint8)


def _camera(image: Image, rng: np.random.Generator) -> Image:
    """Exposure, contrast, white balance, saturation, blur, small originals and JPEG."""
    levels = np.arange(256, dtype=np.float32) / 255
    gain, contrast = np.exp(rng.normal(0, 0.07, 3)), np.exp(rng.normal(0, 0.15))
    curve = 0.5 + contrast * (levels[:, None] ** np.exp(rng.normal(0, 0.25)) * gain - 0.5)
    image = cv2.LUT(image, np.clip(curve * 255, 0, 255).astype(np.uint8)[None])
    saturation = np.exp(rng.normal(0, 0.3)) * (rng.random() > 0.03)
    grey = cv2.cvtColor(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)
    image = cv2.addWeighted(image, saturation, grey, 1 - saturation, 0)
    if rng.random() < 0.3:
        height, width = image.shape[:2]
        scale = rng.uniform(0.4, 0.9)
        small = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        image = cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC)
    if rng.random() < 0.3:
        _, packed = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(35, 90))])
        image = np.asarray(cv2.imdecode(packed, cv2.IMREAD_COLOR))
    return image


def _shaken(keypoints: Keypoints, rng: np.random.Generator) -> Keypoints:
    """Landmarks with the errors that the pose network makes, about a fiftieth of the torso, at times a tenth."""
    torso = np.linalg.norm(keypoints[points.L_SHOULDER] - keypoints[points.R_HIP])
    spread = 0.02 if rng.random() < 0.85 else 0.08
    noise = rng.normal(0, spread * np.nan_to_num(torso, nan=4.0), keypoints.shape)
    return (keypoints + noise).astype(np.float32)


def _worse_mask(mask: Mask, rng: np.random.Generator) -> Mask:
    """The person mask with errors: grown, shrunk, coarse, bitten into, or missing."""
    chance = rng.random()
    if chance < 0.04:
        return np.zeros_like(mask)
    if chance < 0.25:
        kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * int(rng.integers(1, 5)) + 1,) * 2)
        mask = cv2.dilate(mask, kernel) if rng.random() < 0.5 else cv2.erode(mask, kernel)
    if rng.random() < 0.2:
        x, y = rng.integers(0, mask.shape[1]), rng.integers(0, mask.shape[0])
        axes = (int(rng.integers(5, 30)), int(rng.integers(5, 30)))
        mask = cv2.ellipse(mask.copy(), (int(x), int(y)), axes, 0, 0, 360, int(255 * (rng.random() < 0.3)), -1)
    return cv2.GaussianBlur(mask, (0, 0), rng.uniform(0.3, 2.0))
