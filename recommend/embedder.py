"""Text or image → (N, D) float32, unit norm, in one space: two frozen towers and a small trained head on each.

`Embedder` is the interface; another encoder (a hub's, say) needs the same six members. The towers are read on first
use, so a search by words alone never loads the picture tower.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

import numpy as np
import torch
import torch.nn.functional as F
from safetensors import safe_open
from torch import Tensor, nn

from recommend.errors import MissingModel
from recommend.features import COLOUR_DIM, Floats, Image, Mask, colour_vector
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


#: Of the frozen picture tower on furniture: fitted on all pairs of 122 product pictures of the demo catalog, those of
#: one category against the others, both sorts weighing the same. At a chance of 0.8, 61 % of pairs are of one category.
LOOK: Final = Calibration(6.829, -2.494)


class Embedder(Protocol):
    """What retrieval needs of an encoder.

    Attributes:
        revision: changes whenever a vector would.
    """

    revision: str

    @property
    def calibrations(self) -> Mapping[str, Calibration]:
        """Of the cosines "text" (words to picture), "title" (words to words), "like" (picture to picture) and "look"
        (picture to picture of things that the common space was not trained on).
        """

    def images(self, images: Sequence[Image], masks: Sequence[Mask | None]) -> Floats:
        """Pictures of garments in the common space (N, D); mask None = the whole picture."""

    def texts(self, texts: Sequence[str]) -> Floats:
        """Sentences in the common space (N, D)."""

    def words(self, texts: Sequence[str]) -> Floats:
        """Sentences in the text encoder's own space (N, W), for comparing words with words."""

    def looks(self, images: Sequence[Image], masks: Sequence[Mask | None]) -> Floats:
        """Pictures in the image encoder's own space (N, V), for comparing pictures of anything with each other."""


@dataclass(frozen=True)
class WeightPaths:
    """Where the encoder's files lie.

    Attributes:
        minilm: folder with config.json, tokenizer.json and model.safetensors.
        lite2: the file efficientnet-lite2-9656183e.pth.
        heads: the folder with our trained heads.
    """

    minilm: Path
    lite2: Path
    heads: Path


class Head(nn.Module):
    """Standardise, one hidden layer, unit norm.

    Args:
        inputs, hidden, outputs: sizes of the layers.
        dropout: in training, on the input and on the hidden layer.
    """

    mean: Tensor
    scale: Tensor

    def __init__(self, inputs: int, hidden: int, outputs: int, dropout: float = 0.0) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(inputs))
        self.register_buffer("scale", torch.ones(inputs))
        self.drop = nn.Dropout(dropout)
        self.inner = nn.Linear(inputs, hidden)
        self.outer = nn.Linear(hidden, outputs)

    def forward(self, features: Tensor) -> Tensor:
        """(N, inputs) to (N, outputs), unit norm."""
        x = self.drop(self.standardise(features))
        return F.normalize(self.outer(self.drop(F.gelu(self.inner(x)))), dim=-1)

    def standardise(self, features: Tensor, count: int | None = None) -> Tensor:
        """The first `count` features by the mean and spread that they have over the training pictures."""
        return ((features - self.mean[:count]) * self.scale[:count]).clamp(-6, 6)


def image_features(tower: ImageTower, image: Image, mask: Mask | None) -> Floats:
    """What the image head reads (IMAGE_FEATURES + COLOUR_DIM,): tower features and the colour histogram."""
    return np.concatenate([tower.encode(image, mask), colour_vector(image, mask)])


def head_from(tensors: Mapping[str, Tensor], name: str) -> Head:
    """The head called `name` from the tensors of a heads file."""
    own = {key.removeprefix(f"{name}."): value.float() for key, value in tensors.items() if key.startswith(f"{name}.")}
    head = Head(own["inner.weight"].shape[1], own["inner.weight"].shape[0], own["outer.weight"].shape[0])
    head.load_state_dict(own)
    return head.eval().requires_grad_(False)


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
        with safe_open(file, framework="pt") as stored:
            tensors = {name: stored.get_tensor(name) for name in stored.keys()}  # noqa: SIM118 - not a dict
            metadata = stored.metadata()
        self.revision = hashlib.sha256(file.read_bytes()).hexdigest()[:12]
        self.calibrations: Mapping[str, Calibration] = {
            name: Calibration(**values) for name, values in json.loads(metadata["calibrations"]).items()
        }
        # A file of heads need not know of things that they were not trained on.
        self.calibrations = {"look": LOOK, **self.calibrations}
        self._image_head, self._text_head = head_from(tensors, "image"), head_from(tensors, "text")
        self._paths = paths
        self._lock = threading.Lock()
        self._image_tower: ImageTower | None = None
        self._text_tower: TextTower | None = None

    @torch.inference_mode()
    def images(self, images: Sequence[Image], masks: Sequence[Mask | None]) -> Floats:
        """See `Embedder.images`."""
        tower = self._see()
        rows = [image_features(tower, image, mask) for image, mask in zip(images, masks, strict=True)]
        return self._apply(self._image_head, rows, IMAGE_FEATURES + COLOUR_DIM)

    @torch.inference_mode()
    def texts(self, texts: Sequence[str]) -> Floats:
        """See `Embedder.texts`."""
        tower = self._read()
        return self._apply(self._text_head, [tower.encode(text) for text in texts], TEXT_FEATURES)

    def words(self, texts: Sequence[str]) -> Floats:
        """See `Embedder.words`."""
        tower = self._read()
        return np.asarray([tower.encode(text) for text in texts], np.float32).reshape(-1, TEXT_FEATURES)

    @torch.inference_mode()
    def looks(self, images: Sequence[Image], masks: Sequence[Mask | None]) -> Floats:
        """See `Embedder.looks`."""
        tower = self._see()
        rows = [tower.encode(image, mask) for image, mask in zip(images, masks, strict=True)]
        features = torch.from_numpy(np.asarray(rows, np.float32).reshape(-1, IMAGE_FEATURES))
        return np.asarray(F.normalize(self._image_head.standardise(features, IMAGE_FEATURES), dim=-1).numpy())

    def _apply(self, head: Head, rows: Sequence[Floats], inputs: int) -> Floats:
        """Each row through the head by itself, so that it does not depend on its neighbours."""
        outputs = [head(torch.from_numpy(np.asarray(row, np.float32).reshape(1, inputs)))[0].numpy() for row in rows]
        return np.asarray(outputs, np.float32).reshape(-1, head.outer.out_features)

    def _see(self) -> ImageTower:
        with self._lock:
            self._image_tower = self._image_tower or ImageTower(self._paths.lite2)
            return self._image_tower

    def _read(self) -> TextTower:
        with self._lock:
            self._text_tower = self._text_tower or TextTower(self._paths.minilm)
            return self._text_tower
