"""Poses and person masks of a folder of photos, found once for every training.

    python -m training.prepare_ccp --ccp DIR --out DIR --weights DIR

DIR/photos (or DIR itself) holds the pictures. Writes OUT/pose.npz (names (N,), keypoints (N, 33, 2), visibility
(N, 33), sizes (N, 2) as height, width) and OUT/person/NAME.png at the size of each photo. Photos without a person
are listed and left out.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import cv2
import numpy as np
import typer

from pipelines.errors import BadInput
from pipelines.perception.pose import Pose, PoseEstimator
from training.photos import read_rgb


def prepare(photos: list[Path], estimator: PoseEstimator, out: Path) -> dict[str, Pose]:
    """Find the pose in each photo and write its person mask; poses by the photo's name without extension."""
    (out / "person").mkdir(parents=True, exist_ok=True)
    poses: dict[str, Pose] = {}
    for path in photos:
        try:
            pose = estimator(read_rgb(path))
        except BadInput as error:
            typer.echo(f"{path.name}: {error}", err=True)
            continue
        poses[path.stem] = pose
        cv2.imwrite(str(out / "person" / f"{path.stem}.png"), pose.person_mask)
    return poses


def save(poses: dict[str, Pose], path: Path) -> None:
    """One .npz of all poses."""
    np.savez_compressed(
        path,
        names=np.array(list(poses)),
        keypoints=np.stack([pose.keypoints for pose in poses.values()]),
        visibility=np.stack([pose.visibility for pose in poses.values()]),
        sizes=np.array([pose.person_mask.shape for pose in poses.values()]),
    )


def main(
    ccp: Annotated[Path, typer.Option(help="folder of photos, or one with a folder 'photos' in it")],
    out: Annotated[Path, typer.Option(help="where pose.npz and person/ go")],
    weights: Annotated[Path, typer.Option(help="folder with the two BlazePose files")],
    threads: int = 1,
) -> None:
    """Find all poses and person masks."""
    folder = ccp / "photos" if (ccp / "photos").is_dir() else ccp
    photos = sorted(path for path in folder.iterdir() if path.suffix.lower() in {".jpg", ".jpeg", ".png"})
    poses = prepare(photos, PoseEstimator(weights, threads), out)
    save(poses, out / "pose.npz")
    typer.echo(f"{len(poses)} of {len(photos)} photos", err=True)


if __name__ == "__main__":
    typer.run(main)
