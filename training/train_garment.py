"""Train the garment reader, one stage at a time.

    python -m training.train_garment label      --garments DIR
    python -m training.train_garment foreground --garments DIR --backbone FILE --minutes 30
    python -m training.train_garment landmarks  --garments DIR --minutes 60
    python -m training.train_garment kind       --garments DIR --backbone FILE --ccp DIR --furniture DIR

`label` cuts every picture in DIR/images out by colour and keeps the masks that are right beyond doubt. `foreground`
learns from those, and from the same garments laid on other grounds. `landmarks` learns parts and points from synthetic
garments. `kind` learns what is a garment, and which. `--run` keeps masks and resumable states; finished
weights go to `--out`.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import cv2
import torch

from pipelines.perception.cutout import cut_out
from training.garment_files import garment_rows
from training.garment_foreground import train_foreground
from training.garment_kind import train_kind
from training.garment_landmarks import train_landmarks
from training.garment_pictures import mask_quality
from training.photos import read_rgb

#: Neither is cut out for a person's body.
NOT_GARMENTS = ("Shoes", "Hat")


def label(args: argparse.Namespace) -> None:
    """Write RUN/masks/NAME.png for every garment picture, and RUN/quality.csv."""
    folder = args.run / "masks"
    folder.mkdir(parents=True, exist_ok=True)
    lines = ["name,quality"]
    for row in garment_rows(args.garments):
        if row["label"] in NOT_GARMENTS:
            continue
        image = read_rgb(args.garments / "images" / f"{row['image']}.jpg")
        path = folder / f"{row['image']}.png"
        if not path.exists():
            cv2.imwrite(str(path), cut_out(image))
        mask = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
        lines.append(f"{row['image']},{mask_quality(image, mask):.3f}")
    (args.run / "quality.csv").write_text("\n".join(lines) + "\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    stages = {"label": label, "foreground": train_foreground, "landmarks": train_landmarks, "kind": train_kind}
    parser.add_argument("stage", choices=tuple(stages))
    parser.add_argument("--garments", type=Path, required=True, help="folder with images/ and labels.csv")
    parser.add_argument("--backbone", type=Path, help="efficientnet-lite0-57934424.pth")
    parser.add_argument("--ccp", type=Path, help="Clothing Co-Parsing: photos/, parse/, labels.json (kind)")
    parser.add_argument("--furniture", type=Path, help="folder of Sweet Home 3D furniture libraries, *.sh3f (kind)")
    parser.add_argument("--catalog", type=Path, default=Path("assets/catalog/garments"), help="our renders (kind)")
    parser.add_argument("--per-kind", type=int, default=450, help="pictures of each kind, twice that of tops (kind)")
    parser.add_argument("--people", type=int, default=150, help="photos of people (kind)")
    parser.add_argument("--drawn", type=int, default=2000, help="synthetic silhouettes (kind)")
    parser.add_argument("--epochs", type=int, default=40, help="of the kind stage")
    parser.add_argument("--decay", type=float, default=3.0, help="weight decay of the kind stage")
    parser.add_argument("--out", type=Path, default=Path("weights/garment"))
    parser.add_argument(
        "--run", type=Path, default=Path("runs/garment"), help="where masks and states for resuming are kept"
    )
    parser.add_argument("--init", type=Path, help="folder of weights to start from (landmarks); default: from scratch")
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument(
        "--samples", type=int, default=4096, help="of the foreground stage, encoded once; a multiple of 16"
    )
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1)
    args = parser.parse_args()
    torch.manual_seed(0)
    torch.set_num_threads(args.threads)
    stages[args.stage](args)


if __name__ == "__main__":
    main()
