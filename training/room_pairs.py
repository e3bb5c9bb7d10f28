"""Counterfactual pairs of `training.render_rooms` as examples for the harmony network.

An item's cut-out is brought to where the render has the item, by the functions that place it in a person's photo; the
truth is the room rendered with the item in it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

import tryroom
from pipelines import images
from pipelines.diffusion.harmoniser import Window, conditions, taper, window_of
from pipelines.furniture import read_furniture
from pipelines.geometry.depth import depth_map
from pipelines.geometry.layer import Layer, Scene, bring
from pipelines.geometry.placement import Placement
from pipelines.schema import Furniture, Image, Mask
from recommend.catalog import read_catalog
from training.room_camera import camera_of

Array = NDArray[np.float32]

#: What stands so many metres before the middle of an item hides it.
BEFORE = 0.15


@dataclass(frozen=True, eq=False)
class Pair:
    """A room without and with an item.

    Attributes:
        name: of its folder. room, truth: RGB uint8 (H, W, 3). layer: the item's cut-out where the item is in `truth`.
        shown: uint8 (H, W), how much of a pixel shows the item in `truth`.
    """

    name: str
    room: Image
    truth: Image
    layer: Layer
    scene: Scene
    shown: Mask


def load_pairs(folder: Path) -> Iterator[Pair]:
    """The pairs in a folder, in the order of their seeds."""
    catalog = read_catalog(tryroom.FURNITURE)
    items = {item.id: item for item in catalog.items}
    read: dict[str, Furniture] = {}
    for path in sorted(folder.glob("*/scene.json")):
        facts = json.loads(path.read_text(encoding="utf-8"))
        name = facts["item"]["id"]
        if name not in read:
            read[name] = read_furniture(tryroom.furniture_files(catalog.folder, items[name]))
        yield _pair(path.parent, facts, read[name])


def _pair(folder: Path, facts: dict, item: Furniture) -> Pair:  # type: ignore[type-arg]
    told, seen = facts["camera"], facts["item"]
    camera = camera_of(told)
    placement = Placement(tuple(seen["at"]), seen["yaw"], tuple(seen["size"]), seen["base"])
    floor, shown = (images.load_mask(folder / name) for name in ("floor.png", "item.png"))
    layer = bring(item, placement, camera, floor)
    # What stands before the item hides the cut-out as it hides the item.
    metres = cv2.imread(str(folder / "depth.png"), cv2.IMREAD_UNCHANGED).astype(np.float32) / 1000
    hidden = metres < camera.depth(placement.foot[None])[0] - max(placement.size[:2]) / 2 - BEFORE
    hidden &= cv2.dilate(shown, np.ones((5, 5), np.uint8)) < 128
    return Pair(
        folder.name,
        images.load_image(folder / "without.png"),
        images.load_image(folder / "with.png"),
        replace(layer, alpha=np.where(hidden, 0, layer.alpha).astype(np.float32)),
        Scene(camera, depth_map(camera, floor), floor),
        shown,
    )


def example(pair: Pair, random: np.random.Generator) -> dict[str, Array]:
    """What the network is given of a part of a pair, and the truth of it, in a colour of light drawn at random.

    All examples have the same size, so that they make batches.
    """
    window = _square(pair, random)
    change = _development(random)
    room, truth = change(pair.room), change(pair.truth)
    made = conditions(room, pair.layer, pair.scene, window)
    size = window.net_size
    made["truth"] = cv2.resize(truth[window.slices], size[::-1], interpolation=cv2.INTER_LINEAR) / 255
    made["fade"] = taper(window, room.shape, size)[..., None]
    return _mirrored(made) if random.random() < 0.5 else made


def _square(pair: Pair, random: np.random.Generator) -> Window:
    """A square window about as large as `window_of` gives, somewhere around it."""
    usual = window_of(pair.layer)
    height, width = pair.room.shape[:2]
    usual = usual or Window(0, 0, width, height)
    sides = (usual.right - usual.left, usual.bottom - usual.top)
    side = int(np.clip(max(sides) * random.uniform(0.85, 1.2), 64, min(height, width)))
    shift = random.normal(0, 0.05 * side, 2)
    left = round((usual.left + usual.right - side) / 2 + shift[0])
    top = round((usual.top + usual.bottom - side) / 2 + shift[1])
    left, top = int(np.clip(left, 0, width - side)), int(np.clip(top, 0, height - side))
    return Window(left, top, left + side, top + side)


def _development(random: np.random.Generator):  # type: ignore[no-untyped-def]
    """Another exposure, white balance and contrast, the same for both pictures of a pair."""
    gain = np.exp(random.normal(0, 0.12) + random.normal(0, 0.05, 3)).astype(np.float32)
    power = float(np.exp(random.normal(0, 0.12)))

    def developed(picture: Image) -> Array:
        return np.clip(255 * (picture.astype(np.float32) / 255 * gain).clip(0, 1) ** power, 0, 255).astype(np.float32)

    return developed


def _mirrored(made: dict[str, Array]) -> dict[str, Array]:
    turned = {name: np.ascontiguousarray(x[:, ::-1]) for name, x in made.items()}
    turned["around"][..., 4] *= -1  # what lay to the right lies to the left
    return turned
