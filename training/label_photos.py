"""Parse the photos of a set that nobody labelled, with the parser that learnt from those that somebody did.

    python -m training.label_photos --ccp DIR --prepared DIR --parser weights/parser --out DIR

Writes OUT/NAME.png, one index into PARSING_LABELS per pixel, for every photo that has a pose and no parse; those that
are there are kept. For trainings that can bear labels a little wrong (self-training, Yarowsky 1995).
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import cv2
import typer

from pipelines.perception.mending import mended
from pipelines.perception.parsing import Parser
from training.ccp import load_poses
from training.photos import is_held_out, read_rgb


def main(
    ccp: Annotated[Path, typer.Option(help="folder with photos/ and parse/")],
    prepared: Annotated[Path, typer.Option(help="folder of training.prepare_ccp")],
    parser: Annotated[Path, typer.Option(help="folder of the parser's weights")],
    out: Annotated[Path, typer.Option(help="where the labels go")],
) -> None:
    """Parse all photos that are neither parsed nor held out."""
    out.mkdir(parents=True, exist_ok=True)
    network = Parser(parser)
    names = [path.stem for path in sorted((ccp / "photos").glob("*.jpg"))]
    done = {path.stem for folder in (ccp / "parse", out) for path in folder.glob("*.png")}
    todo = [name for name in names if name not in done and not is_held_out(name)]
    poses = load_poses(prepared / "pose.npz", prepared / "person", todo)
    for name, pose in poses.items():
        photo = read_rgb(ccp / "photos" / f"{name}.jpg")
        temporary = out / f"{name}.part.png"
        cv2.imwrite(str(temporary), mended(network(photo, pose), photo))
        temporary.replace(out / f"{name}.png")
    typer.echo(f"{len(poses)} photos parsed", err=True)


if __name__ == "__main__":
    typer.run(main)
