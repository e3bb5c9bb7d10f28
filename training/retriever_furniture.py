"""Furniture for the retriever to learn from and to be tested with: pictures and cut-outs that were rendered.

Two sources. *Items* of the demo catalog, of which half never train: by a hash of the design, so items that differ in
paint alone are on the same side. *Models* that no catalog has (`training.render_models`). Of what trains, cut-outs from
several sides are pictures too; what is held out is searched by its product picture, as a shop shows it.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import numpy as np
from PIL import Image as Pictures

from recommend.catalog import read_catalog
from recommend.domains import FURNITURE
from recommend.features import Image, Mask, cut_out
from recommend.indexing import find_item
from recommend.schema import Item
from training.photos import read_rgb
from training.render_furniture import load_recipes
from training.retriever_features import Sample, fold_of

SOURCE: Final = "furniture"
#: (yaw, pitch), degrees, of the cut-outs of a catalog's item that train; those that it has.
TAKEN: Final = ((0, 8), (30, 8), (30, 25), (60, 8), (60, 25), (-30, 25), (0, 0), (30, 0), (0, -18), (30, -6))
MODELS_FILE: Final = "models.jsonl"


def is_held_out(design: str) -> bool:
    """Whether a design belongs to the half that never trains."""
    return fold_of(f"design {design}", 2) == 0


@functools.cache
def designs() -> Mapping[str, str]:
    """Item of the demo catalog → its design: the model that it was made of, or itself."""
    return {item["id"]: item.get("model", item["id"]) for item in load_recipes()["item"]}


def held_out(folder: Path) -> list[Sample]:
    """The product pictures of the catalog's items that never train."""
    return [_product(folder, item) for item in read_catalog(folder).items if is_held_out(designs()[item.id])]


def training(folder: Path, models: Path | None) -> list[Sample]:
    """All pictures that train.

    Args:
        folder: the demo catalog.
        models: what `training.render_models` wrote; None = none.
    """
    found = []
    entries = {entry["id"]: entry for entry in _lines(folder / "catalog.jsonl")}
    for item in read_catalog(folder).items:
        if not is_held_out(designs()[item.id]):
            found += [_product(folder, item), *_views(folder, item, entries[item.id])]
    return found + ([] if models is None else list(_models(models)))


def design_of(sample: Sample) -> str:
    """What all pictures of one thing share."""
    return designs().get(sample.key.split("@")[0], sample.key.split("@")[0])


def _product(folder: Path, item: Item) -> Sample:
    def read() -> tuple[Image, Mask]:
        picture = read_rgb(folder / item.image)
        found = find_item(picture, cut_out, FURNITURE)
        return picture, np.full(picture.shape[:2], 255, np.uint8) if found is None else found

    return Sample(SOURCE, item.id, item.category, read, asdict(item))


def _views(folder: Path, item: Item, entry: Mapping[str, Any]) -> Iterator[Sample]:
    """Cut-outs of an item, as many of `TAKEN` as there are."""
    angles = entry["view_angles"]
    for row, pitch in enumerate(angles["pitch"]):
        for column, yaw in enumerate(angles["yaw"]):
            if (yaw, pitch) in TAKEN:
                size = len(angles["pitch"]), len(angles["yaw"])
                yield _view(folder / entry["views"], f"{item.id}@{yaw},{pitch}", (row, column), size, asdict(item))


def _models(folder: Path) -> Iterator[Sample]:
    """All cut-outs of the models of `training.render_models`."""
    from training.render_models import PITCHES, YAWS

    for entry in _lines(folder / MODELS_FILE):
        for row, pitch in enumerate(PITCHES):
            for column, yaw in enumerate(YAWS):
                path, key = folder / f"{entry['id']}.views.webp", f"{entry['id']}@{yaw},{pitch}"
                yield _view(path, key, (row, column), (len(PITCHES), len(YAWS)), entry)


def _view(atlas: Path, key: str, at: tuple[int, int], size: tuple[int, int], facts: dict[str, Any]) -> Sample:
    def read() -> tuple[Image, Mask]:
        with Pictures.open(atlas) as opened:
            cells = np.asarray(opened.convert("RGBA"))
        height, width = cells.shape[0] // size[0], cells.shape[1] // size[1]
        cell = cells[at[0] * height : (at[0] + 1) * height, at[1] * width : (at[1] + 1) * width]
        cover = cell[..., 3:].astype(np.float32) / 255
        picture = np.rint(cell[..., :3] * cover + 255 * (1 - cover)).astype(np.uint8)
        return picture, np.where(cell[..., 3] > 127, 255, 0).astype(np.uint8)

    return Sample(SOURCE, key, facts["category"], read, facts)


def _lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
