"""The dressed people that the try-on networks learn from: CCP photos with parsing and pose."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.perception.pose import OPENPOSE_FROM_BLAZEPOSE
from pipelines.schema import PARSING_LABELS, Mask
from training.photos import is_held_out, read_rgb
from training.tryon_data import Worn, distance_to, worn_garments

#: Our label of each CCP label; the rest is `accessory`. Skin is split by the pose.
FROM_CCP = {
    "null": "background", "hair": "hair", "bag": "bag", "purse": "bag", "wallet": "bag", "hat": "hat",
    **dict.fromkeys(("blouse", "bodysuit", "bra", "hoodie", "jumper", "shirt", "sweater", "sweatshirt", "t-shirt",
                     "top", "intimate", "swimwear"), "upper"),
    **dict.fromkeys(("blazer", "cape", "cardigan", "coat", "jacket", "vest", "suit"), "outer"),
    **dict.fromkeys(("jeans", "leggings", "pants", "shorts", "skirt", "panties"), "lower"),
    **dict.fromkeys(("dress", "romper"), "dress"),
    **dict.fromkeys(("boots", "clogs", "flats", "heels", "loafers", "pumps", "sandals", "shoes", "sneakers",
                     "wedges"), "shoes"),
    **dict.fromkeys(("socks", "stockings", "tights"), "legs"),
}  # fmt: skip


def skin_parts(skin: NDArray[np.bool_], points: NDArray[np.float64]) -> Mask:
    """Label each skin pixel by the nearest piece of the skeleton; uint8 (H, W), 0 elsewhere."""

    def beyond(a: int, b: int, share: float) -> NDArray[np.float64]:
        return np.asarray(points[b] + share * (points[b] - points[a]))

    eyes, shoulders = points[14:16].mean(0), points[1]
    chin = points[0] + 0.9 * (points[0] - eyes)
    pieces = [("face", eyes, chin), ("neck", 0.6 * chin + 0.4 * shoulders, shoulders)]
    for s, e, w in ((2, 3, 4), (5, 6, 7)):
        pieces += [
            ("arms", points[s], points[e]),
            ("arms", points[e], points[w]),
            ("hands", beyond(e, w, 0.12), beyond(e, w, 0.4)),
        ]
    for h, k, a in ((8, 9, 10), (11, 12, 13)):
        pieces += [("legs", points[h], points[k]), ("legs", points[k], points[a])]
    names = [p[0] for p in pieces]
    far = np.full(skin.shape, 1e9, np.float32)
    distances = np.stack([far if np.isnan([a, b]).any() else distance_to(skin.shape, a, b) for _, a, b in pieces])
    table = np.array([PARSING_LABELS.index(n) for n in names], np.uint8)
    return np.where(skin, table[distances.argmin(0)], 0).astype(np.uint8)


def our_labels(ccp: Mask, names: list[str], points: NDArray[np.float64]) -> Mask:
    """CCP's 59 labels as ours."""
    table = np.array([PARSING_LABELS.index(FROM_CCP.get(n, "accessory")) for n in names], np.uint8)
    labels = table[ccp]
    skin = ccp == names.index("skin")
    return np.where(skin, skin_parts(skin, points), labels).astype(np.uint8)


def body_points(keypoints: NDArray[np.float32], size: tuple[int, int]) -> NDArray[np.float64]:
    """BlazePose's 33 fractions as OpenPose's 18 points in pixels, hidden ones too."""
    points = np.array([keypoints[list(k)].mean(0) for k in OPENPOSE_FROM_BLAZEPOSE], np.float64)
    return points * (size[1], size[0])


def load_worn(ccp: Path, poses: Path) -> tuple[list[Worn], list[Worn]]:
    """(train, held out) garments on labelled photos; `poses` is the file of training.prepare_poses."""
    names = json.loads((ccp / "labels.json").read_text())
    data = np.load(poses)
    train: list[Worn] = []
    held_out: list[Worn] = []
    for name, keypoints in zip(data["names"], data["keypoints"], strict=True):
        parse = ccp / "parse" / f"{name}.png"
        if not parse.exists():
            continue
        photo = read_rgb(ccp / "photos" / f"{name}.jpg")
        points = body_points(keypoints, photo.shape[:2])
        if np.isnan(points[[2, 5, 8, 11]]).any():
            continue
        labels = our_labels(cv2.imread(str(parse), cv2.IMREAD_UNCHANGED), names, points)
        (held_out if is_held_out(name) else train).extend(worn_garments(photo, labels, points))
    return train, held_out
