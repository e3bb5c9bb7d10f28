"""Flat garments read and cut into panels, for the paired factory to sew and drape.

    python -m training.prepare_flats --garments DIR --out runs/flats

Each garment whose outline and landmarks make sense becomes DIR/{name}.npz: `image` RGB uint8 (H, W, 3), `mask` and
`parts` uint8 (H, W), the fields of its `GarmentLandmarks`, `category`, and two panels as lists of named edges in pixels
(see `outline`). Held-out garments are kept apart by `held_out`.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import cv2
import numpy as np
import typer
from numpy.typing import NDArray

from pipelines.errors import BadInput
from pipelines.geometry.garment import INNER_COLLAR, LEFT_SLEEVE, NOTHING, RIGHT_SLEEVE, TORSO, GarmentLandmarks
from pipelines.masks import dilate
from pipelines.perception.garment import Garment, GarmentAnalyser
from pipelines.schema import Mask
from pipelines.weights import resolve
from training.garment_files import garment_rows
from training.garment_pictures import is_held_out, mask_quality
from training.photos import read_rgb
from training.prepare_cloth import CATEGORIES

Points = NDArray[np.float64]

#: Masks of lesser quality are left out: a drape shows every notch of an outline.
GOOD = 0.6
#: How far, as a share of the garment's height, a landmark may lie from the outline that it is on.
ASTRAY = 0.06
#: Long sleeves nearer to the vertical than this, degrees, lie where the body is.
HANGING = 8.0
#: The same for the armpits: farther in, and the sleeve lies against the trunk; one outline holds both.
ARMPIT = 0.045
SLEEVES = {LEFT_SLEEVE: "armpit_left", RIGHT_SLEEVE: "armpit_right"}


@dataclass(frozen=True)
class Edge:
    """One side of a panel: its name, the landmarks that it runs between, and whether it is sewn."""

    name: str
    start: str
    end: str
    sewn: bool


def edges_of(shape: GarmentLandmarks) -> tuple[Edge, ...]:
    """The edges of a garment's panel, counter-clockwise as seen: over the top to the left, down, and back."""
    if shape.kind == "skirt":
        return (
            Edge("waist", "waist_right", "waist_left", False), Edge("side", "waist_left", "hem_left_outer", True),
            Edge("hem", "hem_left_outer", "hem_right_outer", False),
            Edge("side", "hem_right_outer", "waist_right", True),
        )  # fmt: skip
    if shape.kind in ("trousers", "shorts"):
        return (
            Edge("waist", "waist_right", "waist_left", False), Edge("side", "waist_left", "hem_left_outer", True),
            Edge("hem", "hem_left_outer", "hem_left_inner", False), Edge("inseam", "hem_left_inner", "crotch", True),
            Edge("inseam", "crotch", "hem_right_inner", True), Edge("hem", "hem_right_inner", "hem_right_outer", False),
            Edge("side", "hem_right_outer", "waist_right", True),
        )  # fmt: skip
    ends = [("cuff_left_outer", "cuff_left_inner"), ("cuff_right_outer", "cuff_right_inner")]
    if shape.sleeve == "none":
        ends = [("shoulder_left", "armpit_left"), ("shoulder_right", "armpit_right")]
    (left_out, left_in), (right_out, right_in) = ends
    return (
        Edge("neck", "collar_right", "collar_left", False), Edge("shoulder", "collar_left", left_out, True),
        Edge("cuff", left_out, left_in, False), Edge("side", left_in, "hem_left", True),
        Edge("hem", "hem_left", "hem_right", False), Edge("side", "hem_right", right_in, True),
        Edge("cuff", right_in, right_out, False), Edge("shoulder", right_out, "collar_right", True),
    )  # fmt: skip


def contour(mask: Mask) -> Points:
    """The outer outline of the largest piece, (N, 2) pixels, counter-clockwise as seen in a picture."""
    found, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    points = max(found, key=cv2.contourArea)[:, 0].astype(np.float64)
    # The shoelace formula with y down: positive is clockwise as seen.
    x, y = points.T
    clockwise = float(x @ np.roll(y, -1) - y @ np.roll(x, -1)) > 0
    return points[::-1] if clockwise else points


def sleeve_angles(shape: GarmentLandmarks) -> Points:
    """Degrees between each sleeve and the vertical, (2,)."""
    reach = (shape.sleeve_lines[:, 2] - shape.sleeve_lines[:, 0]) * (shape.size[1], shape.size[0])
    return np.asarray(np.degrees(np.arctan2(np.abs(reach[:, 0]), reach[:, 1])), np.float64)


def outline(shape: GarmentLandmarks, mask: Mask) -> list[Points]:
    """The outline of `mask` parted at the landmarks: for each of `edges_of` a polyline (N, 2) in pixels.

    Raises:
        BadInput: a landmark is missing, far from the outline, or out of order along it.
    """
    line, edges = contour(mask), edges_of(shape)
    if not shape.has(*(e.start for e in edges)):
        raise BadInput("flat garment", "one with landmarks missing", "all that its kind has", "Leave it out.")
    corners = np.array([shape.pixel(e.start) for e in edges])
    away = np.linalg.norm(line[None] - corners[:, None], axis=2)
    if away.min(1).max() > ASTRAY * np.ptp(line[:, 1]):
        raise BadInput("flat garment", "one with landmarks off its outline", "landmarks on it", "Leave it out.")
    hidden = [n for n in ("armpit_left", "armpit_right") if shape.has(n) and shape.kind in ("top", "dress")]
    gap = [np.linalg.norm(line - shape.pixel(n), axis=1).min() for n in hidden]
    if max(gap, default=0) > ARMPIT * np.ptp(line[:, 1]):
        raise BadInput("flat garment", "one whose sleeves lie on its trunk", "them apart", "Leave it out.")
    if shape.sleeve == "long" and sleeve_angles(shape).min() < HANGING:
        raise BadInput("flat garment", "one whose sleeves hang", "them spread", "Leave it out.")
    at = away.argmin(1)
    steps = np.diff(np.append(at, at[0])) % len(line)
    if steps.sum() != len(line) or (steps < 3).any():
        raise BadInput("flat garment", "one with landmarks out of order", "them in order round it", "Leave it out.")
    return [line[(start + np.arange(step + 1)) % len(line)] for start, step in zip(at, steps, strict=True)]


def apart(shape: GarmentLandmarks, mask: Mask) -> Mask:
    """The mask with a slit between trunk and sleeves below the armpits, where they touch in the picture."""
    mask = mask.copy()
    trunk = dilate(np.where(shape.parts == TORSO, 255, 0).astype(np.uint8), 1)
    for label, armpit in SLEEVES.items():
        if shape.has(armpit):
            slit = (dilate(np.where(shape.parts == label, 255, 0).astype(np.uint8), 1) > 0) & (trunk > 0)
            slit[: round(shape.pixel(armpit)[1])] = False
            mask[slit] = 0
    return mask


def panels(garment: Garment) -> tuple[list[Points], list[Points]]:
    """Front and back edges of a garment; they differ at the neckline, where the back of the collar shows inside."""
    shape = garment.landmarks
    front = np.where(np.isin(shape.parts, (NOTHING, INNER_COLLAR)), 0, 255).astype(np.uint8)
    front = cv2.morphologyEx(front, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    edges = outline(shape, apart(shape, front))
    if edges_of(shape)[0].name != "neck":
        return edges, edges
    neck, span = edges[0], edges[0][-1] - edges[0][0]
    t = np.linspace(0, 1, len(neck))[:, None]
    # A back neckline dips by about an eighth of its width.
    dip = 0.5 * np.abs(span[0]) * t * (1 - t) * [0, 1]
    return edges, [neck[0] + t * span + dip, *edges[1:]]


def flat_of(analyser: GarmentAnalyser, path: Path, label: str) -> dict[str, NDArray[np.generic]] | None:
    """What is kept of one picture, or None where it is of no use."""
    picture = read_rgb(path)
    category = CATEGORIES[label]
    try:
        garment = analyser.analyse(picture, category)
        if mask_quality(picture, garment.mask) < GOOD or (garment.kind == "dress" and category != "dress"):
            return None
        front, back = panels(garment)
    except BadInput:
        return None
    shape = garment.landmarks
    kept = {f"front {i}": points for i, points in enumerate(front)} | {f"back {i}": p for i, p in enumerate(back)}
    names = {"edge": np.array([e.name for e in edges_of(shape)]), "sewn": np.array([e.sewn for e in edges_of(shape)])}
    return kept | names | dict(
        image=picture, mask=garment.mask, parts=shape.parts, points=shape.points, kind=np.array(shape.kind),
        sleeve=np.array(shape.sleeve), sleeve_lines=shape.sleeve_lines, category=np.array(category),
        held_out=np.array(is_held_out(path.stem)),
    )  # fmt: skip


def main(
    garments: Annotated[Path, typer.Option(help="holds images/ and labels.csv")],
    out: Annotated[Path, typer.Option(help="the folder to write")],
    per_label: Annotated[int, typer.Option(help="garments of one label to stop at")] = 120,
) -> None:
    """Read and cut flat garments; those that are there already are kept."""
    analyser = GarmentAnalyser(resolve("garment"), next(resolve("efficientnet-lite0").glob("*.pth")))
    out.mkdir(parents=True, exist_ok=True)
    rows = sorted((r for r in garment_rows(garments) if r["label"] in CATEGORIES and r["kids"] != "True"),
                  key=lambda r: r["label"])  # fmt: skip
    for label, group in itertools.groupby(rows, key=lambda r: r["label"]):
        listed = list(group)
        order = np.random.default_rng(0).permutation(len(listed))
        made = 0
        for row in (listed[i] for i in order):
            file = out / f"{row['image']}.npz"
            if not file.exists():
                kept = flat_of(analyser, garments / "images" / f"{row['image']}.jpg", label)
                if kept is None:
                    continue
                np.savez_compressed(file, **kept)
            made += 1
            if made == per_label:
                break
        typer.echo(f"{label}: {made} of {len(listed)}", err=True)


if __name__ == "__main__":
    typer.run(main)
