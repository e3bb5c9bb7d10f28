"""Small real catalogs, of garments and of furniture, drawn here, and an encoder that hashes colours and words."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from recommend.embedder import Calibration
from recommend.features import Floats, Image, Mask, colour_vector
from recommend.lexicon import tokens_of

DIM = 32
RED, NAVY, WHITE, GREEN = (200, 16, 46), (29, 43, 79), (245, 245, 245), (47, 160, 78)


class TinyEmbedder:
    """Implements `Embedder`: colours of a picture and words of a text, each hashed into the same few dimensions."""

    revision = "tiny1"
    calibrations: Mapping[str, Calibration] = {
        "text": Calibration(4.0, -1.0),
        "title": Calibration(6.0, -2.0),
        "like": Calibration(8.0, -5.0),
    }

    def __init__(self) -> None:
        self.encoded = 0
        self._mix = np.random.default_rng(0).normal(size=(colour_vector(np.zeros((8, 8, 3), np.uint8)).size, DIM))

    def images(self, images: Sequence[Image], masks: Sequence[Mask | None]) -> Floats:
        self.encoded += len(images)
        rows = [colour_vector(image, mask) @ self._mix for image, mask in zip(images, masks, strict=True)]
        return _unit(np.asarray(rows, np.float32).reshape(-1, DIM))

    def texts(self, texts: Sequence[str]) -> Floats:
        return self.words(texts)

    def images_and_patterns(
        self, images: Sequence[Image], masks: Sequence[Mask | None]
    ) -> tuple[Floats, tuple[str, ...]]:
        return self.images(images, masks), tuple(_striped(image) for image in images)

    def words(self, texts: Sequence[str]) -> Floats:
        return _unit(
            np.array([sum((_letters(word) for word in tokens_of(text)), np.full(DIM, 0.01)) for text in texts])
        )


def _striped(image: Image) -> str:
    """What `draw_garment` drew: rows that differ, or none."""
    middle = image[len(image) // 2 : -len(image) // 6, image.shape[1] // 2].astype(int)
    return "striped" if np.abs(np.diff(middle, axis=0)).max() > 40 else "plain"


def _letters(word: str) -> Floats:
    seed = int(hashlib.sha1(word.encode()).hexdigest()[:8], 16)
    return np.asarray(np.random.default_rng(seed).normal(size=DIM), np.float32)


def _unit(rows: Floats) -> Floats:
    return np.asarray(rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9), np.float32)


def draw_garment(colour: tuple[int, int, int], stripes: tuple[int, int, int] | None = None, size: int = 96) -> Image:
    """A T-shaped garment on near-white ground."""
    image = np.full((size, size, 3), 250, np.uint8)
    s = size / 96
    outline = np.array(
        [(28, 18), (68, 18), (88, 34), (78, 46), (68, 40), (68, 84), (28, 84), (28, 40), (18, 46), (8, 34)]
    )
    cv2.fillPoly(image, [np.rint(outline * s).astype(np.int32)], colour)
    if stripes is not None:
        inside = (image != 250).any(-1)
        rows = (np.arange(size) // max(1, round(6 * s)) % 2 == 0)[:, None]
        image[inside & rows] = stripes
    return image


def not_white(image: Image) -> Mask:
    """A quick cut-out, for searches that need no more of a picture than its colours."""
    return np.where(image.min(axis=2) < 235, 255, 0).astype(np.uint8)


_COLUMNS = ("id", "title", "category", "kind", "colours", "material", "pattern", "sleeve", "price", "style")
_ROWS = (
    ("tee-red", "Red cotton tee", "upper", "t-shirt", ["red"], "cotton", "plain", "short", 19.9, ["casual"]),
    ("tee-navy", "Navy striped tee", "upper", "tee", ["navy blue", "white"], "cotton", "stripes", "short", 24.0, []),
    ("shirt-linen", "White linen shirt", "upper", "shirt", ["white"], "linen", "solid", "long", 49.0, ["summer"]),
    ("hoodie-green", "Green hoodie", "upper", "hoodie", ["green"], "fleece", "plain", "long", 40.0, ["sporty"]),
    ("dress-red", "Red linen dress", "dress", "dress", ["red"], "linen", "plain", "sleeveless", 39.0, ["summer"]),
    ("dress-navy", "Navy velvet dress", "dress", "dress", ["navy"], "velvet", "plain", "long", 89.0, ["party"]),
    ("jeans-navy", "Dark jeans", "lower", "jeans", ["navy"], "denim", "plain", "none", 59.0, []),
    ("skirt-green", "Green pleated skirt", "lower", "skirt", ["green"], "wool", "plain", "", 35.5, []),
)
ITEMS: tuple[dict[str, Any], ...] = tuple(dict(zip(_COLUMNS, row, strict=True)) for row in _ROWS)
_COLOUR_OF = {
    "red": RED, "navy": NAVY, "navy blue": NAVY, "white": (225, 228, 232), "green": GREEN, "black": (28, 27, 30),
    "beige": (194, 166, 126), "gold": (201, 162, 90),
}  # fmt: skip


def write_catalog(folder: Path, items: Sequence[Mapping[str, Any]] = ITEMS, extra_lines: Sequence[str] = ()) -> Path:
    """A catalog folder with a drawn picture for each item; `extra_lines` follow as they are."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = []
    for item in items:
        colours = item.get("colours") or ["red"]
        stripes = WHITE if item.get("pattern") == "stripes" else None
        picture = draw_garment(_COLOUR_OF.get(colours[0], (120, 90, 60)), stripes)
        cv2.imwrite(str(folder / f"{item['id']}.png"), picture[:, :, ::-1])
        lines.append(json.dumps({"image": f"{item['id']}.png", **item}))
    (folder / "catalog.jsonl").write_text("\n".join([*lines, *extra_lines]) + "\n", encoding="utf-8")
    return folder


_FURNITURE_COLUMNS = (
    "id", "title", "category", "kind", "colours", "material", "price", "size_cm", "place", "style",
)  # fmt: skip
_FURNITURE_ROWS = (
    ("table-glass", "Glass table", "coffee table", "", ["black"], "metal, glass", 249, [118, 60, 42], "floor", []),
    ("table-oak", "Oak table", "coffee table", "", ["beige"], "oak", 189, [90, 50, 45], "floor", ["scandinavian"]),
    ("table-wide", "Wide table", "coffee table", "", ["black"], "wood", 89, [160, 70, 40], "floor", ["industrial"]),
    ("sofa-navy", "Velvet sofa", "sofa", "three-seater", ["navy"], "velvet", 990, [220, 95, 80], "floor", ["cosy"]),
    ("sofa-green", "Green sofa", "sofa", "", ["green"], "leather", 790, [180, 90, 78], "floor", []),
    ("case-oak", "Narrow shelf", "bookcase", "", ["beige"], "oak and steel", 149, [60, 30, 190], "floor", ["rustic"]),
    ("case-white", "Wide shelf", "bookcase", "", ["white"], "mdf", 99, [120, 30, 180], "floor", ["minimal"]),
    ("plant", "Fern", "plant", "fern", ["green"], "", 29, [50, 50, 90], "floor", []),
    ("lamp", "Brass lamp", "table lamp", "", ["gold"], "brass", 59, [30, 30, 45], "table", ["glam"]),
    ("print", "Red print", "wall art", "", ["red"], "paper", 39, [170, 3, 90], "wall", ["modern"]),
    ("rug", "Wool rug", "rug", "", ["red", "navy"], "wool", 199, [230, 160, 1], "rug", ["boho"]),
)  # fmt: skip
_MORE: dict[str, Any] = {"currency": "USD", "round": False}
FURNITURE: tuple[dict[str, Any], ...] = (
    *(
        {**_MORE, "views": f"{row[0]}.webp", **dict(zip(_FURNITURE_COLUMNS, row, strict=True))}
        for row in _FURNITURE_ROWS
    ),
    # A size that is not stated: such an item is served, but no limit to a size lets it through.
    {"id": "chair", "title": "Green chair", "category": "chair", "price": 49, "currency": "USD", "colours": ["green"]},
)


@pytest.fixture(scope="session")
def embedder() -> TinyEmbedder:
    return TinyEmbedder()


@pytest.fixture(scope="session")
def garment() -> Callable[..., Image]:
    return draw_garment


@pytest.fixture(scope="session")
def make_catalog() -> Callable[..., Path]:
    return write_catalog


@pytest.fixture(scope="session")
def furniture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The catalog of `FURNITURE`; not to be written to."""
    return write_catalog(tmp_path_factory.mktemp("furniture"), FURNITURE)


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The catalog of `ITEMS`; not to be written to."""
    return write_catalog(tmp_path_factory.mktemp("shop"))
