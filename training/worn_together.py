"""Garments that one person wears in one photo of Clothing Co-Parsing, cut out so that they share nothing but taste.

Crops of one photo could know each other by what is no garment: skin and neighbours along the edge of a mask, and the
light of the place. So masks come from the label maps and are shrunk, and each crop gets a light of its own, drawn by
its name: a tint that two crops of a photo share is then hidden among tints that no two crops share.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

import cv2
import numpy as np

from recommend.features import Floats, Image, Mask
from training.photos import is_held_out
from training.retriever_features import Sample, at_most, ccp_reader, co_parsing, read_labels
from training.train_retriever import MOST_CROPS

#: What a label of the set is in an outfit, and its kind in a catalog's words.
WORN: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        **{name: ("top", name) for name in ("blouse", "hoodie", "shirt", "sweater", "sweatshirt", "t-shirt")},
        "top": ("top", "blouse"),
        **{name: ("layer", name) for name in ("blazer", "cardigan", "coat", "jacket")},
        "pants": ("bottom", "trousers"),
        **{name: ("bottom", name) for name in ("jeans", "leggings", "shorts", "skirt")},
        "dress": ("dress", "dress"),
        "romper": ("dress", "jumpsuit"),
        **{name: ("shoes", name) for name in ("boots", "flats", "heels", "loafers", "sandals", "sneakers")},
        "shoes": ("shoes", ""),
        "pumps": ("shoes", "heels"),
        "wedges": ("shoes", "heels"),
    }
)
#: Photos from this number on are held out, but for those of which a crop trained the retriever; each tenth always is.
FIRST_HELD_OUT: Final = 501
#: Pixels that a mask loses along its edge, and the fewest that must be left.
SHRUNK: Final = 2
LEAST_PIXELS: Final = 400
#: Spread of the drawn light, as natural logarithms: of all channels together, and of each by itself.
EXPOSURE: Final = 0.15
TINT: Final = 0.06


def worn_together(folder: Path, held_out: bool) -> list[Sample]:
    """The garments of the photos that are held out, or of the others: key "0502-pants", facts photo, slot and kind."""
    labels: list[str] = json.loads((folder / "labels.json").read_text())
    seen = {sample.key.split("-")[0] for sample in at_most(co_parsing(folder), MOST_CROPS)}
    samples = []
    for path in sorted((folder / "parse").glob("*.png")):
        late = int(path.stem) >= FIRST_HELD_OUT and path.stem not in seen
        if (late or is_held_out(path.stem)) != held_out:
            continue
        parse = read_labels(path)
        for index in np.unique(parse):
            label = labels[index]
            if label in WORN and (shrunk(np.uint8(255) * (parse == index)) > 0).sum() >= LEAST_PIXELS:
                slot, kind = WORN[label]
                key = f"{path.stem}-{label}"
                facts = {"photo": path.stem, "slot": slot, "kind": kind}
                samples.append(Sample("worn", key, label, relit(key, ccp_reader(folder, path.stem, int(index))), facts))
    return samples


def shrunk(mask: Mask) -> Mask:
    """The mask without `SHRUNK` pixels along its edge."""
    side = 2 * SHRUNK + 1
    return np.asarray(cv2.erode(mask, np.ones((side, side), np.uint8)), np.uint8)


def relit(key: str, read: Callable[[], tuple[Image, Mask | None]]) -> Callable[[], tuple[Image, Mask | None]]:
    """A reader whose picture has a light drawn by `key`, and whose mask is shrunk."""

    def read_relit() -> tuple[Image, Mask | None]:
        image, mask = read()
        rng = np.random.default_rng(int(hashlib.sha1(key.encode()).hexdigest()[:8], 16))
        gains = np.exp(rng.normal(0, EXPOSURE) + rng.normal(0, TINT, 3))
        linear = (np.arange(256) / 255) ** 2.2
        tables = np.rint(255 * np.clip(linear[:, None] * gains, 0, 1) ** (1 / 2.2)).astype(np.uint8)
        lit = np.stack([tables[image[..., channel], channel] for channel in range(3)], axis=-1)
        return lit, None if mask is None else shrunk(mask)

    return read_relit


def palettes_of(samples: list[Sample], cache: Path) -> Floats:
    """Palettes (N, K, 4) of samples whose features are cached, as `cached` leaves them."""
    rows = []
    for sample in samples:
        with np.load(cache / sample.source / f"{sample.key}.npz") as kept:
            rows.append(kept["palette"])
    return np.stack(rows)
