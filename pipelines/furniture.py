"""Furniture on disk, as a catalog has it or as one picture, read into what can stand in a room."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines import images
from pipelines.errors import BadInput
from pipelines.schema import Furniture, ItemView


@dataclass(frozen=True)
class FurnitureFiles:
    """The cut-outs of a piece of furniture on disk, and what a catalog says of it.

    Attributes:
        size: (width, depth, height) in metres.
        atlas: one picture of square cells, rows = `pitches`, columns = `yaws`, in degrees.
        depths: likewise, how far away each pixel is; None = not known.
        place, symmetric, round: as in `pipelines.schema.Furniture`.
    """

    size: tuple[float, float, float]
    atlas: Path
    yaws: tuple[float, ...]
    pitches: tuple[float, ...]
    place: str = "floor"
    symmetric: bool = True
    round: bool = False
    depths: Path | None = None


def read_furniture(files: FurnitureFiles) -> Furniture:
    """The cut-outs of a catalog's piece of furniture."""
    atlas = images.load_image(files.atlas, what=f"cut-outs {files.atlas.name}", keep_alpha=True)
    side = atlas.shape[0] // len(files.pitches)
    if atlas.shape != (side * len(files.pitches), side * len(files.yaws), 4):
        got = f"{atlas.shape[1]}x{atlas.shape[0]} with {atlas.shape[2]} channels"
        allowed = f"{len(files.yaws)} x {len(files.pitches)} square cells with transparency"
        raise BadInput(files.atlas.name, got, allowed, "Render the catalog's cut-outs again.")
    depths = None if files.depths is None else _read_depths(files.depths, atlas.shape[:2])
    views = []
    for i, pitch in enumerate(files.pitches):
        for j, yaw in enumerate(files.yaws):
            cell = slice(side * i, side * (i + 1)), slice(side * j, side * (j + 1))
            depth = None if depths is None else np.ascontiguousarray(depths[cell])
            views.append(ItemView(np.ascontiguousarray(atlas[cell]), (yaw, pitch), depth))
    place: Any = files.place  # Furniture refuses what is none
    return Furniture(files.size, tuple(views), place, files.symmetric, files.round)


def _read_depths(path: Path, size: tuple[int, ...]) -> NDArray[np.uint8]:
    """Grey levels (H, W) of the depths of cut-outs of that size."""
    levels = images.load_image(path, what=f"depths {path.name}")[..., 0]
    if levels.shape != size:
        got, allowed = f"{levels.shape[1]}x{levels.shape[0]}", f"{size[1]}x{size[0]} as the cut-outs"
        raise BadInput(path.name, got, allowed, "Render the catalog's depths again.")
    return levels


def furniture_of(picture: Path, size: tuple[float, float, float] | None) -> Furniture:
    """A piece of furniture from one picture of it: a cut-out, or on a plain ground."""
    if size is None:
        step = "Give width, depth and height in cm, for example --size 120 60 45."
        raise BadInput("size", "none", "the size of an item that is a picture", step)
    pixels = images.load_image(picture, what=f"item picture {picture.name}", keep_alpha=True)
    from pipelines.perception.cutout import cut_out

    mask = cut_out(pixels)
    return Furniture(size, (ItemView(np.dstack([pixels[..., :3], mask])),))
