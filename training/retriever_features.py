"""Frozen image features for the retriever's heads, computed once and kept: the towers never train.

A cache folder holds one file per picture, so a stopped run goes on where it was. A picture costs about 0.2 s on one
core; `at_most` keeps that affordable.
"""

from __future__ import annotations

import csv
import hashlib
import json
import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
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
from training.photos import is_held_out as is_held_out_photo
from training.photos import read_rgb

#: Progress is printed each so many pictures computed.
REPORTED: Final = 200

_CCP_KINDS: Final = """
bag belt blazer blouse bodysuit boots cape cardigan coat dress flats hat heels hoodie jacket jeans jumper leggings
loafers pants pumps purse romper sandals scarf shirt shoes shorts skirt sneakers suit sweater sweatshirt t-shirt top
vest wedges
"""
#: Labels of Clothing Co-Parsing that are garments a catalog could hold.
CCP_KINDS: Final = frozenset(_CCP_KINDS.split())
LEAST_CCP_PIXELS: Final = 900
#: Names of training pictures that show what a held-out one shows, a line each; `training.twins` finds them.
TWINS: Final = Path(__file__).with_name("garment_twins.txt")


@dataclass(frozen=True)
class Sample:
    """One garment to learn from or to search among.

    Attributes:
        source: "garments", "ccp", "catalog" or "furniture".
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
        tower: float32 (N, IMAGE_FEATURES).
        colours: float32 (N, COLOUR_DIM).
        names: of each garment, colour name → share of its area.
        whole: bool (N,), True where no garment could be cut out.
    """

    tower: NDArray[np.float32]
    colours: NDArray[np.float32]
    names: list[dict[str, float]]
    whole: NDArray[np.bool_]


def fold_of(name: str, folds: int) -> int:
    """Which of `folds` equal parts a name falls into: by its hash, so for ever, whatever else there is.

    Who splits for another purpose puts a word of theirs before the name, so that the two splits are independent.
    """
    return int(hashlib.sha1(name.encode()).hexdigest(), 16) % folds


def is_held_out(key: str) -> bool:
    """Whether a garment belongs to the fifth that never trains."""
    return fold_of(key, 5) == 0


def clothing_dataset(folder: Path, held_out: bool, with_twins: bool = False) -> list[Sample]:
    """The garments of clothing-dataset (images/, labels.csv) that may train, or the fifth that is held out, by name.

    Twins of held-out pictures are in neither, unless `with_twins` puts them to those that may train.
    """
    twins = set() if with_twins else set(TWINS.read_text(encoding="utf-8").split())
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
        if is_held_out(row["image"]) == held_out and row["image"] not in twins
    ]


def co_parsing(folder: Path, held_out: bool = False) -> Iterator[Sample]:
    """Each garment of the labelled photos of Clothing Co-Parsing, cut out by its label map.

    Args:
        folder: the data set.
        held_out: only of each tenth photo, which never trains, instead of the others.
    """
    labels = json.loads((folder / "labels.json").read_text())
    for path in sorted((folder / "parse").glob("*.png")):
        if is_held_out_photo(path.stem) != held_out:
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


def at_most(samples: Iterable[Sample], count: int) -> list[Sample]:
    """The first `count` of each label, so that frequent ones neither crowd out the rest nor cost the most."""
    counts: Counter[str] = Counter()
    kept = []
    for sample in samples:
        counts[sample.label] += 1
        if counts[sample.label] <= count:
            kept.append(sample)
    return kept


def compute(sample: Sample, tower: ImageTower) -> dict[str, NDArray[Any]]:
    """The arrays of one cache file: tower features, and what the pixels say."""
    image, mask = sample.read()
    mask = cut_out(image) if mask is None else mask
    return {
        "tower": tower.encode(image, mask).astype(np.float16),
        "colours": colour_vector(image, mask),
        "palette": palette_rows(palette(image, mask)),
        "whole": np.array(mask.min() == 255),
    }


def names_of(rows: NDArray[np.float32]) -> dict[str, float]:
    """Colour names and their shares from stored palette rows (K, 4)."""
    kept = rows[rows[:, 3] > 0]
    return colour_shares(Palette(kept[:, :3], kept[:, 3]))


def cached(samples: list[Sample], cache: Path, tower: Callable[[], ImageTower]) -> Features:
    """Features of `samples`, from the cache where they are there, else computed and kept there."""
    rows: list[dict[str, NDArray[Any]]] = []
    computed = 0
    for sample in samples:
        path = cache / sample.source / f"{sample.key}.npz"
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            partial = path.with_suffix(".partial.npz")
            np.savez(partial, allow_pickle=False, **compute(sample, tower()))
            os.replace(partial, path)
            computed += 1
            if computed % REPORTED == 0:
                print(f"features: {sample.source}, {computed} computed", flush=True)
        with np.load(path) as kept:
            rows.append({name: kept[name] for name in kept.files})
    return Features(
        np.stack([row["tower"] for row in rows]).astype(np.float32),
        np.stack([row["colours"] for row in rows]),
        [names_of(row["palette"]) for row in rows],
        np.array([bool(row["whole"]) for row in rows]),
    )
