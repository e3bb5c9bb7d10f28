"""Which pattern a garment's picture shows, and with what chance: a small network above the frozen picture tower.

Catalogs often state no pattern. What is read here is a guess about a picture, never a fact: it has a chance, and a name
is given only where that is high enough.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import torch
from safetensors import safe_open
from torch import Tensor

from recommend.errors import MissingModel
from recommend.features import Floats
from recommend.space import Head
from recommend.towers import IMAGE_FEATURES

PLAIN: Final = "plain"
#: Any other pattern that repeats: geometric, animal, camouflage, paisley, figures … Too different for a name each.
OTHER: Final = "patterned"
#: What is told apart, by the names of `vocabulary.PATTERNS`; "print" is one picture or lettering, not what repeats.
PATTERNS: Final = (PLAIN, "striped", "checked", "dotted", "floral", "print", OTHER)
#: In the folder of the weights.
HEAD_FILE: Final = "head.safetensors"


class PatternHead(Head):
    """A head with a logit for each of `PATTERNS` in place of a vector.

    Args:
        inputs, hidden: sizes.
        dropout: in training, on the input and on the hidden layer.
    """

    sharpness: Tensor

    def __init__(self, inputs: int, hidden: int, dropout: float = 0.0) -> None:
        super().__init__(inputs, hidden, len(PATTERNS), dropout)
        # One over the temperature: what makes the chances come true on pictures that did not train.
        self.register_buffer("sharpness", torch.ones(()))

    def forward(self, features: Tensor) -> Tensor:
        """(N, inputs) to logits (N, len(PATTERNS))."""
        return self.sharpness * self.outputs(features)


@dataclass(frozen=True, eq=False)
class PatternReader:
    """Reads patterns from what `towers.ImageTower.encode` says of a picture.

    Attributes:
        head: trained.
        least: pattern → the chance from which it may be named; a pattern that is not there, as `OTHER`, never is.
        revision: changes whenever a chance or a name would.
    """

    head: PatternHead
    least: Mapping[str, float]
    revision: str

    @torch.inference_mode()
    def chances(self, features: Floats) -> Floats:
        """Chances (N, len(PATTERNS)), rows summing to 1, from tower features (N, IMAGE_FEATURES)."""
        rows = torch.from_numpy(np.asarray(features, np.float32).reshape(-1, IMAGE_FEATURES))
        return np.asarray(self.head(rows).softmax(-1).numpy())

    def name(self, chances: Floats) -> str:
        """The pattern that surely is seen, "" where none is.

        Args:
            chances: (len(PATTERNS),) of one picture.
        """
        best = int(np.argmax(chances))
        pattern = PATTERNS[best]
        return pattern if float(chances[best]) >= self.least.get(pattern, float("inf")) else ""


def read_reader(folder: Path) -> PatternReader:
    """The reader that `training.train_patterns` wrote into a folder.

    Raises:
        MissingModel: there is none.
    """
    file = folder / HEAD_FILE
    if not file.is_file():
        raise MissingModel(file, f"git restore {folder.parent.name}/{folder.name}")
    with safe_open(file, framework="pt") as stored:
        tensors = {name: stored.get_tensor(name).float() for name in stored.keys()}  # noqa: SIM118 - not a dict
        about = stored.metadata()
    hidden, inputs = tensors["inner.weight"].shape
    head = PatternHead(inputs, hidden)
    head.load_state_dict(tensors)
    revision = hashlib.sha256(file.read_bytes()).hexdigest()[:12]
    return PatternReader(head.eval().requires_grad_(False), json.loads(about["least"]), revision)
