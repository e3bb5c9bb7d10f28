"""Frozen image features for the retriever's heads, computed once and kept: the towers never train.

Each picture is seen in several views, because with frozen towers this is the only place where augmentation can happen.
A cache folder holds one file per source, view and block of pictures; a run that was stopped goes on at the next block.
"""

from __future__ import annotations

import csv
import hashlib
import json
import os
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from recommend.catalog import read_catalog
from recommend.features import Image, Mask, Palette, colour_shares, colour_vector, cut_out, palette
from recommend.indexing import palette_rows
from recommend.towers import ImageTower
from training.photos import read_rgb

#: How a picture is shown to the tower. "cut" = garment on white; "whole" = as photographed; the others are moved and
#: lit differently.
VIEWS: Final = ("cut", "whole", "cut-a", "cut-b", "whole-a")
BLOCK: Final = 200

_CCP_KINDS: Final = """
bag belt blazer blouse bodysuit boots cape cardigan coat dress flats hat heels hoodie jacket jeans jumper leggings
loafers pants pumps purse romper sandals scarf shirt shoes shorts skirt sneakers suit sweater sweatshirt t-shirt top
vest wedges
"""
#: Labels of Clothing Co-Parsing that are garments a catalog could hold.
CCP_KINDS: Final = frozenset(_CCP_KINDS.split())
LEAST_CCP_PIXELS: Final = 900


@dataclass(frozen=True)
class Sample:
    """One garment to learn from or to search among.

    Attributes:
        source: "garments", "ccp" or "catalog".
        key: names the garment within its source; decides the split.
        label: the source's own word for what it is.
        read: gives the picture and its mask; None = find the mask.
        facts: attributes that the source states, by name.
    """

    source: str
    key: str
    label: str
    read: Callable[[], tuple[Image, Mask | None]]
    facts: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Features:
    """What the towers and the pixels say of N garments.

    Attributes:
        views: float16 (V, N, IMAGE_FEATURES), in the order of the views asked for.
        colours: float32 (N, COLOUR_DIM).
        names: of each garment, colour name → share of its area.
        whole: bool (N,), True where no garment could be cut out.
    """

    views: NDArray[np.float16]
    colours: NDArray[np.float32]
    names: list[dict[str, float]]
    whole: NDArray[np.bool_]

    def take(self, places: list[int]) -> Features:
        """Some of the garments."""
        chosen = [self.names[place] for place in places]
        return Features(self.views[:, places], self.colours[places], chosen, self.whole[places])

    @staticmethod
    def join(parts: list[Features]) -> Features:
        """All garments of several sets."""
        return Features(
            np.concatenate([part.views for part in parts], axis=1),
            np.concatenate([part.colours for part in parts]),
            [names for part in parts for names in part.names],
            np.concatenate([part.whole for part in parts]),
        )


def is_held_out(key: str) -> bool:
    """Whether a garment belongs to the fifth that never trains: by a hash of its name, so for ever."""
    return int(hashlib.sha1(key.encode()).hexdigest(), 16) % 5 == 0


def clothing_dataset(folder: Path) -> list[Sample]:
    """All garments of clothing-dataset (images/, labels.csv), in the order of the names."""
    with (folder / "labels.csv").open(newline="") as lines:
        rows = sorted(csv.DictReader(lines), key=lambda row: row["image"])
    return [
        Sample(
            "garments",
            row["image"],
            row["label"],
            lambda path=folder / "images" / f"{row['image']}.jpg": (read_rgb(path), None),  # type: ignore[misc]
            {"kids": row["kids"] == "True"},
        )
        for row in rows
    ]


def co_parsing(folder: Path) -> Iterator[Sample]:
    """Each garment of the labelled photos of Clothing Co-Parsing, cut out by its label map; not each tenth photo."""
    labels = json.loads((folder / "labels.json").read_text())
    for path in sorted((folder / "parse").glob("*.png")):
        if int(path.stem) % 10 == 0:
            continue
        parse = read_labels(path)
        for index in np.unique(parse):
            area = int((parse == index).sum())
            if labels[index] in CCP_KINDS and area >= LEAST_CCP_PIXELS:
                yield Sample(
                    "ccp", f"{path.stem}-{labels[index]}", labels[index], ccp_reader(folder, path.stem, int(index))
                )


def read_labels(path: Path) -> NDArray[np.uint8]:
    """A label map (H, W), one label a pixel."""
    labels = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    if labels is None:
        raise ValueError(f"{path}: not a readable picture")
    return np.asarray(labels, np.uint8)


def ccp_reader(folder: Path, number: str, index: int) -> Callable[[], tuple[Image, Mask | None]]:
    """Reads one photo and the mask of one label in it."""

    def read() -> tuple[Image, Mask]:
        parse = read_labels(folder / "parse" / f"{number}.png")
        photo = read_rgb(folder / "photos" / f"{number}.jpg")
        mask = np.where(parse == index, 255, 0).astype(np.uint8)
        return photo, cv2.resize(mask, (photo.shape[1], photo.shape[0]), interpolation=cv2.INTER_NEAREST)

    return read


def catalog_items(folder: Path) -> list[Sample]:
    """All items of a catalog folder, with what it states of them."""
    catalog = read_catalog(folder)
    return [
        Sample(
            "catalog",
            item.id,
            item.kind or item.category,
            lambda path=folder / item.image: (read_rgb(path), None),  # type: ignore[misc]
            asdict(item),
        )
        for item in catalog.items
    ]


def seen(image: Image, mask: Mask, view: str, key: str) -> tuple[Image, Mask]:
    """The picture and mask of one view; the random views are the same each time for one key."""
    if view.startswith("whole"):
        mask = np.full(image.shape[:2], 255, np.uint8)
    if view in ("cut", "whole"):
        return image, mask
    rng = np.random.default_rng(int(hashlib.sha1(f"{key} {view}".encode()).hexdigest()[:12], 16))
    if rng.random() < 0.5:
        image, mask = image[:, ::-1], mask[:, ::-1]
    height, width = image.shape[:2]
    move = cv2.getRotationMatrix2D((width / 2, height / 2), rng.uniform(-18, 18), rng.uniform(0.8, 1.15))
    move[0, 1] += rng.uniform(-0.12, 0.12)
    image = cv2.warpAffine(np.ascontiguousarray(image), move, (width, height), borderMode=cv2.BORDER_REFLECT)
    mask = cv2.warpAffine(np.ascontiguousarray(mask), move, (width, height))
    lit = 255 * (image / 255.0) ** rng.uniform(0.75, 1.3) * rng.uniform(0.85, 1.1)
    return np.clip(lit, 0, 255).astype(np.uint8), mask


def compute(samples: list[Sample], view: str, tower: ImageTower) -> dict[str, NDArray[Any]]:
    """The arrays of one cache file: tower features, and for the first view also what the pixels say."""
    rows: list[NDArray[np.float16]] = []
    colours, palettes, whole = [], [], []
    for sample in samples:
        image, mask = sample.read()
        mask = cut_out(image) if mask is None else mask
        rows.append(tower.encode(*seen(image, mask, view, sample.key)).astype(np.float16))
        if view == VIEWS[0]:
            colours.append(colour_vector(image, mask))
            palettes.append(palette_rows(palette(image, mask)))
            whole.append(bool(mask.min() == 255))
    arrays: dict[str, NDArray[Any]] = {"features": np.stack(rows)}
    if view == VIEWS[0]:
        arrays |= {"colours": np.stack(colours), "palettes": np.stack(palettes), "whole": np.array(whole)}
    return arrays


def names_of(rows: NDArray[np.float32]) -> dict[str, float]:
    """Colour names and their shares from stored palette rows (K, 4)."""
    kept = rows[rows[:, 3] > 0]
    return colour_shares(Palette(kept[:, :3], kept[:, 3]))


def block_path(cache: Path, samples: list[Sample], view: str) -> Path:
    """A name that changes with the garments in the block, so that a changed data set is computed anew."""
    listing = "\n".join(f"{s.source} {s.key}" for s in samples)
    return cache / f"{samples[0].source}-{view}-{hashlib.sha1(listing.encode()).hexdigest()[:12]}.npz"


def cached(samples: list[Sample], views: tuple[str, ...], cache: Path, tower: Callable[[], ImageTower]) -> Features:
    """Features of `samples` in `views`, from the cache where they are there, else computed and kept."""
    cache.mkdir(parents=True, exist_ok=True)
    stacks: list[NDArray[np.float16]] = []
    facts: list[dict[str, NDArray[Any]]] = []
    for view in views:
        blocks = []
        for start in range(0, len(samples), BLOCK):
            block = samples[start : start + BLOCK]
            path = block_path(cache, block, view)
            if not path.exists():
                print(f"features: {block[0].source} {view} {start + len(block)}/{len(samples)}", flush=True)
                partial = path.with_suffix(".partial.npz")
                np.savez(partial, **compute(block, view, tower()))
                os.replace(partial, path)
            with np.load(path) as stored:
                blocks.append({name: stored[name] for name in stored.files})
        stacks.append(np.concatenate([block["features"] for block in blocks]))
        if view == VIEWS[0]:
            facts = blocks
    return Features(
        np.stack(stacks),
        np.concatenate([block["colours"] for block in facts]),
        [names_of(rows) for block in facts for rows in block["palettes"]],
        np.concatenate([block["whole"] for block in facts]),
    )
