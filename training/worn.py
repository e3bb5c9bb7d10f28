"""The dressed people that the try-on networks learn from: CCP photos with parsing and pose, garment by garment."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from pipelines.geometry.agnostic import label_mask
from pipelines.perception.pose import believed18
from pipelines.schema import PARSING_LABELS
from training.ccp import IGNORE, Labelled, load_labelled, load_poses, read_plane
from training.photos import read_rgb
from training.tryon_data import GARMENT, Worn, worn_garments


def garments_of(photo: Labelled) -> list[Worn]:
    """The garments of one photo; none where shoulders or hips were not found."""
    size = photo.image.shape[1], photo.image.shape[0]
    # Hidden points too: where BlazePose believes them to be is what they are drawn from when a photo is rendered.
    points = believed18(photo.pose).astype(np.float64) * size
    if np.isnan(points[[2, 5, 8, 11]]).any():
        return []
    labels = np.where(photo.parsing == IGNORE, PARSING_LABELS.index("accessory"), photo.parsing).astype(np.uint8)
    return worn_garments(photo.image, labels, points)


def in_one_piece(worn: Worn) -> bool:
    """Whether the garment is not, to speak of, on two people."""
    mask = label_mask(worn.labels, GARMENT[worn.category])
    _, _, stats, _ = cv2.connectedComponentsWithStats(mask)
    sizes = sorted(stats[1:, cv2.CC_STAT_AREA], reverse=True)
    return len(sizes) < 2 or sizes[1] < 0.3 * sizes[0]


def load_worn(ccp: Path, prepared: Path, parsed: Path | None = None) -> tuple[list[Worn], list[Worn]]:
    """(train, held out) garments on the parsed photos; `prepared` is the folder of training.prepare_ccp.

    Those that training.label_photos parsed into the folder `parsed` are trained with, too.
    """
    names = [path.stem for path in (ccp / "parse").glob("*.png")]
    poses = load_poses(prepared / "pose.npz", prepared / "person", names)
    train, held_out = (
        [worn for photo in load_labelled(ccp, poses, held) for worn in garments_of(photo)] for held in (False, True)
    )
    if parsed is not None:
        names = [path.stem for path in sorted(parsed.glob("*.png"))]
        for name, pose in load_poses(prepared / "pose.npz", prepared / "person", names).items():
            photo = read_rgb(ccp / "photos" / f"{name}.jpg")
            found = garments_of(Labelled(name, photo, read_plane(parsed / f"{name}.png"), pose))
            train += [worn for worn in found if in_one_piece(worn)]
    return train, held_out
