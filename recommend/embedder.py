"""Text or image → (N, D) float32, unit norm, in one space (`recommend.space`) above two frozen towers.

`Embedder` is the interface; another encoder (a hub's, say) needs the same six members. The towers are read on first
use, so a search by words alone never loads the picture tower.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

import numpy as np
import torch
from torch import Tensor

from recommend.errors import MissingModel
from recommend.features import COLOUR_DIM, Floats, Image, Mask, colour_vector
from recommend.patterns import read_reader
from recommend.space import read_space
from recommend.towers import IMAGE_FEATURES, TEXT_FEATURES, ImageTower, TextTower

HEADS_FILE: Final = "heads.safetensors"


@dataclass(frozen=True)
class Calibration:
    """Turns a cosine into the chance that item and query belong together: logistic, fitted on untrained pairs."""

    slope: float
    offset: float

    def chance(self, cosines: Floats) -> Floats:
        """Elementwise, in (0, 1)."""
        return np.asarray(1 / (1 + np.exp(-(self.slope * cosines + self.offset))), np.float32)


class Embedder(Protocol):
    """What retrieval needs of an encoder.

    Attributes:
        revision: changes whenever a vector would.
    """

    revision: str

    @property
    def calibrations(self) -> Mapping[str, Calibration]:
        """Of the cosines "text" (words to picture), "title" (words to words) and "like" (picture to picture)."""

    def images(self, images: Sequence[Image], masks: Sequence[Mask | None]) -> Floats:
        """Pictures of items in the common space (N, D); mask None = the whole picture."""

    def texts(self, texts: Sequence[str]) -> Floats:
        """Sentences in the common space (N, D)."""

    def words(self, texts: Sequence[str]) -> Floats:
        """Sentences in the text encoder's own space (N, W), for comparing words with words."""

    def images_and_patterns(
        self, images: Sequence[Image], masks: Sequence[Mask | None]
    ) -> tuple[Floats, tuple[str, ...]]:
        """As `images`, and the pattern that each garment surely shows, "" where it is not sure or none is read."""


@dataclass(frozen=True)
class WeightPaths:
    """Where the encoder's files lie.

    Attributes:
        minilm: folder with config.json, tokenizer.json and model.safetensors.
        lite2: the file efficientnet-lite2-9656183e.pth.
        heads: the folder with our trained heads.
        patterns: the folder with our reader of patterns; None = no pattern is read.
    """

    minilm: Path
    lite2: Path
    heads: Path
    patterns: Path | None = None


def image_features(tower: ImageTower, image: Image, mask: Mask | None) -> Floats:
    """What the image head reads (IMAGE_FEATURES + COLOUR_DIM,): tower features and the colour histogram."""
    return np.concatenate([tower.encode(image, mask), colour_vector(image, mask)])


class TwoTowerEmbedder:
    """EfficientNet-Lite2 and MiniLM with our heads; implements `Embedder`.

    Args:
        paths: of the three parts; the heads are read now, the towers when first needed.

    Raises:
        MissingModel: the heads are not there; or, later, a tower's file.
    """

    def __init__(self, paths: WeightPaths) -> None:
        file = paths.heads / HEADS_FILE
        if not file.is_file():
            raise MissingModel(file, f"git restore {paths.heads.parent.name}/{paths.heads.name}")
        self._space, about = read_space(file)
        self._reader = read_reader(paths.patterns) if paths.patterns else None
        parts = file.read_bytes() + (self._reader.revision.encode() if self._reader else b"")
        self.revision = hashlib.sha256(parts).hexdigest()[:12]
        self.calibrations: Mapping[str, Calibration] = {
            name: Calibration(**values) for name, values in json.loads(about["calibrations"]).items()
        }
        self._paths = paths
        self._lock = threading.Lock()
        self._image_tower: ImageTower | None = None
        self._text_tower: TextTower | None = None

    @torch.inference_mode()
    def images(self, images: Sequence[Image], masks: Sequence[Mask | None]) -> Floats:
        """See `Embedder.images`."""
        return self._place(self._look_at(images, masks))

    @torch.inference_mode()
    def images_and_patterns(
        self, images: Sequence[Image], masks: Sequence[Mask | None]
    ) -> tuple[Floats, tuple[str, ...]]:
        """See `Embedder.images_and_patterns`."""
        rows, reader = self._look_at(images, masks), self._reader
        if reader is None:
            return self._place(rows), ("",) * len(rows)
        return self._place(rows), tuple(reader.name(reader.chances(row[:IMAGE_FEATURES])[0]) for row in rows)

    @torch.inference_mode()
    def texts(self, texts: Sequence[str]) -> Floats:
        """See `Embedder.texts`."""
        tower = self._read()
        return _one_by_one(self._space.texts, [tower.encode(text) for text in texts], TEXT_FEATURES)

    def words(self, texts: Sequence[str]) -> Floats:
        """See `Embedder.words`."""
        tower = self._read()
        return np.asarray([tower.encode(text) for text in texts], np.float32).reshape(-1, TEXT_FEATURES)

    def _look_at(self, images: Sequence[Image], masks: Sequence[Mask | None]) -> list[Floats]:
        """What the image head reads of each picture."""
        tower = self._see()
        return [image_features(tower, image, mask) for image, mask in zip(images, masks, strict=True)]

    def _place(self, rows: Sequence[Floats]) -> Floats:
        """What the image head reads → vectors (N, D) in the common space."""
        return _one_by_one(self._space.pictures, rows, IMAGE_FEATURES + COLOUR_DIM)

    def _see(self) -> ImageTower:
        with self._lock:
            self._image_tower = self._image_tower or ImageTower(self._paths.lite2)
            return self._image_tower

    def _read(self) -> TextTower:
        with self._lock:
            self._text_tower = self._text_tower or TextTower(self._paths.minilm)
            return self._text_tower


def _one_by_one(network: Callable[[Tensor], Tensor], rows: Sequence[Floats], inputs: int) -> Floats:
    """Each row through the network by itself, so that it does not depend on its neighbours."""
    features = np.asarray(rows, np.float32).reshape(-1, 1, inputs)
    outputs = [network(torch.from_numpy(row)) for row in features] or [network(torch.empty(0, inputs))]
    return np.asarray(torch.cat(outputs).numpy())
