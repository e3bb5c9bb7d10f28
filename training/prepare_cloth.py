"""Cloth of flat garments, to dress the photos of the try-on trainings in: prints, stripes, their own flat folds.

    python -m training.prepare_cloth --garments DIR --out runs/cloth.npz

Writes `cloth` uint8 (N, SIDE, SIDE, 3): each garment cut out, scaled to fit the square, its colours carried on over
the ground; and `category` (N,): "upper", "lower" or "dress".
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import cv2
import numpy as np
import torch
import typer

from pipelines.diffusion.mean import spread
from pipelines.masks import erode
from pipelines.perception.garment import GarmentAnalyser
from pipelines.schema import Category, Image, Mask
from pipelines.weights import resolve
from training.garment_files import garment_rows
from training.garment_pictures import is_held_out, mask_quality
from training.photos import read_rgb

#: Pixels of a side.
SIDE = 160
#: Cut-outs of lesser quality are left out.
GOOD = 0.5
CATEGORIES: dict[str, Category] = {
    **dict.fromkeys(("Blazer", "Blouse", "Body", "Hoodie", "Longsleeve", "Outwear", "Polo", "Shirt", "T-Shirt", "Top",
                     "Undershirt"), "upper"),
    **dict.fromkeys(("Pants", "Shorts", "Skirt"), "lower"),
    "Dress": "dress",
}  # fmt: skip


def cloth_of(picture: Image, mask: Mask) -> Image:
    """The garment in the middle of a square RGB uint8 (SIDE, SIDE, 3), its colours carried on over the rest."""
    x, y, w, h = cv2.boundingRect(mask)
    scale = SIDE / max(w, h)
    middle = np.array([x + w / 2, y + h / 2])
    matrix = np.hstack([scale * np.eye(2), (SIDE / 2 - scale * middle)[:, None]])
    shrunk = cv2.warpAffine(picture, matrix, (SIDE, SIDE), flags=cv2.INTER_AREA, borderMode=cv2.BORDER_REPLICATE)
    inside = cv2.warpAffine(erode(mask, 2), matrix, (SIDE, SIDE), flags=cv2.INTER_NEAREST)
    known = torch.from_numpy(inside > 0)[None, None].float()
    filled = spread(torch.from_numpy(shrunk).permute(2, 0, 1)[None] * known, known)
    return filled[0].permute(1, 2, 0).round().byte().numpy()


def main(
    garments: Annotated[Path, typer.Option(help="holds images/ and labels.csv")],
    out: Annotated[Path, typer.Option(help="the .npz to write")],
    count: Annotated[int, typer.Option(help="garments to stop at")] = 1200,
) -> None:
    """Cut garments out and keep their cloth."""
    analyser = GarmentAnalyser(resolve("garment"), next(resolve("efficientnet-lite0").glob("*.pth")))
    cloth: list[Image] = []
    category: list[str] = []
    rows = [r for r in garment_rows(garments) if r["label"] in CATEGORIES and not is_held_out(r["image"])]
    order = np.random.default_rng(0).permutation(len(rows))
    for row in (rows[i] for i in order):
        picture = read_rgb(garments / "images" / f"{row['image']}.jpg")
        mask = analyser.cut_out(picture)
        if mask_quality(picture, mask) < GOOD:
            continue
        cloth.append(cloth_of(picture, mask))
        category.append(CATEGORIES[row["label"]])
        if len(cloth) == count:
            break
    out.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(out, cloth=np.stack(cloth), category=np.array(category))
    typer.echo(f"{len(cloth)} garments", err=True)


if __name__ == "__main__":
    typer.run(main)
