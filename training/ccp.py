"""Clothing Co-Parsing as parsings: 59 label names become `PARSING_LABELS`, and skin is told apart by the pose.

The set names skin as one label. Here it becomes face, neck (with chest, back and belly), arms, hands and legs: each
skin pixel goes to the limb of the skeleton that is nearest, measured in radii of that limb.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.perception import pose as points
from pipelines.perception.pose import Pose, PoseEstimator
from pipelines.schema import PARSING_LABELS, Image, Keypoints
from training.photos import is_held_out, read_rgb

__all__ = ["IGNORE", "Labelled", "find_poses", "is_held_out", "load_labelled", "load_poses", "parsing_of"]

#: Value of pixels whose label is not known; no loss and no score counts them.
IGNORE = 255

#: Labels of the set by what they become. "skin", "suit", "vest", "bodysuit" and "jumper" need a look at the photo.
MAPPING: dict[str, tuple[str, ...]] = {
    "background": ("null",),
    "hair": ("hair",),
    "hands": ("gloves",),
    "upper": ("blouse", "bra", "hoodie", "intimate", "shirt", "sweater", "sweatshirt", "t-shirt", "top"),
    "lower": ("jeans", "leggings", "panties", "pants", "shorts", "skirt"),
    "dress": ("dress", "romper", "swimwear"),
    "outer": ("blazer", "cape", "cardigan", "coat", "jacket"),
    "shoes": (
        "boots", "clogs", "flats", "heels", "loafers", "pumps", "sandals", "shoes", "sneakers", "wedges",
    ),
    "legs": ("socks", "stockings", "tights"),
    "bag": ("bag", "purse", "wallet"),
    "hat": ("hat",),
    "accessory": (
        "accessories", "belt", "bracelet", "earrings", "glasses", "necklace", "ring", "scarf", "sunglasses", "tie",
        "watch",
    ),
}  # fmt: skip

#: Limbs that skin can belong to: parsing label, radius in head heights, joints from end to end.
_LIMBS: tuple[tuple[str, float, tuple[int, int]], ...] = tuple(
    limb
    for side in (0, 1)
    for limb in (
        ("neck", 0.65, (points.L_SHOULDER + side, points.L_HIP + side)),
        ("arms", 0.35, (points.L_SHOULDER + side, points.L_ELBOW + side)),
        ("arms", 0.30, (points.L_ELBOW + side, points.L_WRIST + side)),
        ("hands", 0.30, (points.L_WRIST + side, points.L_INDEX + side)),
        ("hands", 0.30, (points.L_WRIST + side, points.L_PINKY + side)),
        ("hands", 0.30, (points.L_WRIST + side, points.L_THUMB + side)),
        ("legs", 0.55, (points.L_HIP + side, points.L_KNEE + side)),
        ("legs", 0.45, (points.L_KNEE + side, points.L_ANKLE + side)),
        ("legs", 0.35, (points.L_ANKLE + side, points.L_TOE + side)),
    )
)
# Fingers reach further than BlazePose's points, which are knuckles.
_FINGER_REACH = 1.8
# Hands in pockets or sleeves have landmarks too, and those may lie anywhere: over the face, for one.
_SEEN = 0.3
# Upper arms start this far from the shoulder joint towards the elbow; what lies before is the torso's.
_ARM_START = 0.12


@dataclass(frozen=True, eq=False)
class Labelled:
    """One photo with its parsing.

    Attributes:
        name: of the photo, without extension ("0010").
        image: RGB uint8 (H, W, 3).
        parsing: uint8 (H, W), index into `PARSING_LABELS` or IGNORE.
        pose: the pose that was found in it.
    """

    name: str
    image: Image
    parsing: NDArray[np.uint8]
    pose: Pose


def load_poses(npz: Path, masks: Path, names: Iterable[str] | None = None) -> dict[str, Pose]:
    """Poses by name of photo, as `training.prepare_ccp` wrote them; only of `names` if given."""
    stored = np.load(npz)
    wanted = None if names is None else set(names)
    poses = {}
    for name, keypoints, visibility in zip(stored["names"], stored["keypoints"], stored["visibility"], strict=True):
        if wanted is None or str(name) in wanted:
            mask = read_plane(masks / f"{name}.png")
            poses[str(name)] = points.pose_from_arrays(keypoints, visibility, mask)
    return poses


def find_poses(ccp: Path, estimator: PoseEstimator, held_out: bool) -> dict[str, Pose]:
    """Poses by name, found now, of the labelled photos that are held out, or of those that are not."""
    names = sorted(path.stem for path in (ccp / "parse").glob("*.png") if is_held_out(path.stem) == held_out)
    return {name: estimator(read_rgb(ccp / "photos" / f"{name}.jpg")) for name in names}


def load_labelled(ccp: Path, poses: dict[str, Pose], held_out: bool) -> list[Labelled]:
    """The labelled photos that are held out, or those that are not, in order of their names."""
    names: list[str] = json.loads((ccp / "labels.json").read_text())
    photos = []
    for path in sorted((ccp / "parse").glob("*.png")):
        pose = poses.get(path.stem)
        if pose is None or is_held_out(path.stem) != held_out:
            continue
        labels = read_plane(path)
        image = read_rgb(ccp / "photos" / f"{path.stem}.jpg")
        photos.append(Labelled(path.stem, image, parsing_of(labels, names, pose), pose))
    return photos


def read_plane(path: Path) -> NDArray[np.uint8]:
    """One value per pixel, as stored."""
    plane = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    if plane is None or plane.ndim != 2:
        raise ValueError(f"{path}: not a readable picture with one channel")
    return np.asarray(plane, np.uint8)


def parsing_of(labels: NDArray[np.uint8], names: list[str], pose: Pose) -> NDArray[np.uint8]:
    """The parsing uint8 (H, W) of a photo from its CCP labels (H, W), values indexing `names`."""
    table = np.full(256, IGNORE, np.uint8)
    for target, sources in MAPPING.items():
        for source in sources:
            table[names.index(source)] = PARSING_LABELS.index(target)
    parsing = table[labels]
    present = {names[value] for value in np.unique(labels)}
    for name in ("bodysuit", "jumper", "vest"):
        if name in present:
            _place_top(parsing, labels == names.index(name), name, present, pose)
    if "suit" in present:
        _place_suit(parsing, labels == names.index("suit"), present, pose)
    skin = labels == names.index("skin")
    parsing[skin] = split_skin(skin, pose)
    return parsing


def split_skin(skin: NDArray[np.bool_], pose: Pose) -> NDArray[np.uint8]:
    """Parsing labels (N,) of the N true pixels of `skin` (H, W), in row order."""
    height, width = skin.shape
    joints = pose.keypoints * np.array([width, height], np.float32)
    ys, xs = np.nonzero(skin)
    pixels = np.stack([xs, ys], 1).astype(np.float32)
    unit = _head_height(joints)
    best = np.full(len(pixels), np.inf, np.float32)
    labels = np.full(len(pixels), PARSING_LABELS.index("neck"), np.uint8)
    for label, radius, (a, b) in _LIMBS:
        if label == "hands" and pose.visibility[[a, b]].min() < _SEEN:
            continue
        start, end = _reach(label, joints[a], joints[b])
        distance = _distance(pixels, start, end) / (radius * unit)
        nearer = distance < best  # never true where a joint is NaN
        best[nearer], labels[nearer] = distance[nearer], PARSING_LABELS.index(label)
    shoulders = joints[[points.L_SHOULDER, points.R_SHOULDER]]
    head = _above_jaw(pixels, joints) & (pixels[:, 1] < shoulders[:, 1].max())
    labels[head & (labels != PARSING_LABELS.index("hands"))] = PARSING_LABELS.index("face")
    return _without_specks(labels, ys, xs, skin.shape)


def _reach(label: str, start: Keypoints, end: Keypoints) -> tuple[Keypoints, Keypoints]:
    """The ends of a limb: fingers lengthened, upper arms started past the joint."""
    if label == "hands":
        return start + 0.15 * (end - start), start + _FINGER_REACH * (end - start)
    if label == "arms":
        return start + _ARM_START * (end - start), end
    return start, end


def _head_height(joints: Keypoints) -> float:
    """A length that stands for the size of the body, pixels: near the height of a head for an upright adult."""
    shoulders = np.linalg.norm(joints[points.L_SHOULDER] - joints[points.R_SHOULDER])
    torso = np.linalg.norm(joints[[points.L_SHOULDER, points.R_SHOULDER]].mean(0) - joints[[23, 24]].mean(0))
    return max(0.6 * float(shoulders), 0.42 * float(torso), 1.0)


def _above_jaw(pixels: Keypoints, joints: Keypoints) -> NDArray[np.bool_]:
    """Which pixels (N, 2) lie on the head's side of the jaw: a parabola from ear to ear through the chin."""
    eyes = joints[[points.L_EYE, points.R_EYE]].mean(0)
    mouth = joints[[points.L_MOUTH, points.R_MOUTH]].mean(0)
    down = mouth - eyes
    length = float(np.linalg.norm(down))
    if not np.isfinite(length) or length < 1e-3:
        return np.zeros(len(pixels), bool)
    down = down / length
    offset = pixels - mouth
    along = offset @ down
    aside = offset @ np.array([-down[1], down[0]], np.float32)
    # The chin lies 0.62 of the way from eyes to mouth below it; at the ears the jaw has risen to the mouth.
    jaw = 0.62 * length * (1 - np.clip(np.abs(aside) / (1.15 * length), 0, 1.3) ** 2)
    return (along < jaw) & (np.abs(aside) < 2.2 * length) & (along > -4 * length)


def _distance(pixels: Keypoints, start: Keypoints, end: Keypoints) -> NDArray[np.float32]:
    """Distance (N,) of pixels (N, 2) from the segment `start`-`end`."""
    along = end - start
    share = np.clip((pixels - start) @ along / max(float(along @ along), 1e-6), 0, 1)
    return np.asarray(np.linalg.norm(pixels - start - share[:, None] * along, axis=1), np.float32)


def _without_specks(
    labels: NDArray[np.uint8], ys: NDArray[np.int64], xs: NDArray[np.int64], size: tuple[int, int]
) -> NDArray[np.uint8]:
    """Labels again, with the small islands of each patch of skin given the label that surrounds them."""
    plane = np.full(size, IGNORE, np.uint8)
    plane[ys, xs] = labels
    _, patches = cv2.connectedComponents((plane != IGNORE).astype(np.uint8))
    for label in np.unique(labels):
        count, islands, stats, _ = cv2.connectedComponentsWithStats((plane == label).astype(np.uint8))
        for island in range(1, count):
            inside = islands == island
            patch = plane[patches == patches[inside][0]]
            if stats[island, cv2.CC_STAT_AREA] < 0.04 * len(patch):
                plane[inside] = np.bincount(patch).argmax()
    return plane[ys, xs]


def _place_top(parsing: NDArray[np.uint8], region: NDArray[np.bool_], name: str, present: set[str], pose: Pose) -> None:
    """A vest, bodysuit or jumper is worn over a top, is a top, or is a whole dress when it reaches the thighs."""
    tops = {*MAPPING["upper"], *MAPPING["dress"]} & present
    if name == "vest" and tops:
        target = "outer"
    else:
        below = np.nonzero(region)[0] > _row_below_hips(pose, 0.3)
        target = "dress" if below.mean() > 0.12 else "upper"
    parsing[region] = PARSING_LABELS.index(target)


def _place_suit(parsing: NDArray[np.uint8], region: NDArray[np.bool_], present: set[str], pose: Pose) -> None:
    """A suit is its jacket when trousers or a skirt are labelled too; else both, and where they meet is not known."""
    rows = np.arange(region.shape[0])[:, None]
    parsing[region] = PARSING_LABELS.index("outer")
    if not {*MAPPING["lower"]} & present:
        parsing[region & (rows > _row_below_hips(pose, -0.3))] = IGNORE
        parsing[region & (rows > _row_below_hips(pose, 0.35))] = PARSING_LABELS.index("lower")


def _row_below_hips(pose: Pose, share: float) -> float:
    """The row of the photo that lies `share` of the way from the hips to the knees."""
    hips = pose.keypoints[[points.L_HIP, points.R_HIP], 1].mean()
    knees = pose.keypoints[[points.L_KNEE, points.R_KNEE], 1].mean()
    return float(hips + share * (knees - hips)) * pose.person_mask.shape[0]
