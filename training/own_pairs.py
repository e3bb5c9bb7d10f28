"""A shop's own pairs, photos of people beside flat pictures of what they wear, as examples to learn from.

    python -m training.own_pairs --table PAIRS.csv --out runs/own

The table has the columns `photo` and `garment`, paths from its own folder, and may have `category` (upper, lower,
dress). Pose, parsing and warp are found as for any customer. A line that cannot be used is named and left out.
"""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Annotated

import cv2
import numpy as np
import typer
from numpy.typing import NDArray

from pipelines.errors import BadInput
from pipelines.geometry.agnostic import label_mask
from pipelines.images import load_image
from pipelines.perception.garment import GarmentAnalyser
from pipelines.perception.parsing import Parser
from pipelines.perception.pose import PoseEstimator
from pipelines.schema import TryOnRequest
from pipelines.tryon import SLEEVES, Perception, make_plan, perceive
from pipelines.weights import resolve
from training.fitting import Fitting
from training.tryon_data import GARMENT

#: Longest side of what is kept: the networks see crops of 256 pixels.
SIDE = 512


def prepare_one(perception: Perception, request: TryOnRequest) -> dict[str, NDArray[np.generic]]:
    """What is kept of one pair; BadInput where photo or garment cannot be read."""
    scene = perceive(request, perception, lambda _: None)
    plan = make_plan(scene, request)
    worn = label_mask(scene.labels, GARMENT[scene.garment.category])
    if (worn > 0).mean() < 0.01:
        raise BadInput("photo", "nobody in such a garment", "a person who wears it", "Check the line.")
    return dict(
        photo=scene.person, labels=scene.labels, garment=worn, points=scene.body.points, hint=plan.hint,
        hint_mask=plan.hint_mask, category=np.array(scene.garment.category),
        sleeve=np.array(SLEEVES.index(scene.garment.sleeve)),
    )  # fmt: skip


def load_own(folder: Path) -> list[Fitting]:
    """All pairs that `main` kept in a folder."""
    found = []
    for file in sorted(folder.glob("*.npz")):
        kept = dict(np.load(file))
        category, sleeve = str(kept.pop("category")), int(kept.pop("sleeve"))
        found.append(Fitting(**kept, flow=None, category=category, sleeve=sleeve))  # type: ignore[arg-type]
    return found


def main(
    table: Annotated[Path, typer.Option(help="CSV with the columns photo, garment[, category]")],
    out: Annotated[Path, typer.Option(help="the folder to write; what is there is kept")],
) -> None:
    """Prepare a shop's pairs."""
    lite = next(resolve("efficientnet-lite0").glob("*.pth"))
    perception = Perception(
        PoseEstimator(resolve("blazepose")), Parser(resolve("parser")), GarmentAnalyser(resolve("garment"), lite)
    )
    out.mkdir(parents=True, exist_ok=True)
    made = 0
    with table.open(newline="") as file:
        rows = list(csv.DictReader(file))
    for number, row in enumerate(rows, 2):
        file_out = out / f"{number:06d}.npz"
        if file_out.exists():
            continue
        try:
            photo, garment = load_image(table.parent / row["photo"]), load_image(table.parent / row["garment"])
            scale = min(1.0, SIDE / max(photo.shape[:2]))
            photo = cv2.resize(photo, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
            request = TryOnRequest(photo, garment, row.get("category") or "auto")  # type: ignore[arg-type]
            kept = prepare_one(perception, request)
        except BadInput as error:
            typer.echo(f"line {number}: {error}", err=True)
            continue
        temporary = file_out.with_suffix(".part.npz")
        np.savez_compressed(temporary, **kept)  # type: ignore[arg-type]
        temporary.replace(file_out)
        made += 1
    typer.echo(f"{made} pairs made ready", err=True)


if __name__ == "__main__":
    typer.run(main)
