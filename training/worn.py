"""The dressed people that the try-on networks learn from: CCP photos with parsing and pose, garment by garment."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from pipelines.perception.pose import believed18
from pipelines.schema import PARSING_LABELS
from training.ccp import IGNORE, Labelled, load_labelled, load_poses
from training.tryon_data import Worn, worn_garments


def garments_of(photo: Labelled) -> list[Worn]:
    """The garments of one photo; none where shoulders or hips were not found."""
    size = photo.image.shape[1], photo.image.shape[0]
    # Hidden points too: where BlazePose believes them to be is what they are drawn from when a photo is rendered.
    points = believed18(photo.pose).astype(np.float64) * size
    if np.isnan(points[[2, 5, 8, 11]]).any():
        return []
    labels = np.where(photo.parsing == IGNORE, PARSING_LABELS.index("accessory"), photo.parsing).astype(np.uint8)
    return worn_garments(photo.image, labels, points)


def load_worn(ccp: Path, prepared: Path) -> tuple[list[Worn], list[Worn]]:
    """(train, held out) garments on the parsed photos; `prepared` is the folder of training.prepare_ccp."""
    names = [path.stem for path in (ccp / "parse").glob("*.png")]
    poses = load_poses(prepared / "pose.npz", prepared / "person", names)
    train, held_out = (
        [worn for photo in load_labelled(ccp, poses, held) for worn in garments_of(photo)] for held in (False, True)
    )
    return train, held_out
