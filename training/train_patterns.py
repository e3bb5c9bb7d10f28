"""Train the reader of patterns: which pattern a garment's picture shows, from the frozen picture tower's features.

    python -m training.train_patterns --garments DIR --lite2 FILE --cache DIR --out weights/patterns

DIR: clothing-dataset (images/, labels.csv). Photos labelled by eye train, and what `pattern_examples` makes of them;
none of the fifth that a hash of the names holds out (benchmarks/patterns.py uses it). Five times a head learns from
four fifths of the photos and reads the last: from those chances come the temperature, which makes them come true, and
for each pattern the least chance at which its name is right nine times in ten. The head that is kept then learns from
all. Takes a minute or two on one core once the features are cached.
"""

from __future__ import annotations

import argparse
import functools
import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from safetensors.torch import save_file
from torch import Tensor

from recommend.patterns import HEAD_FILE, PATTERNS, PatternHead
from recommend.towers import ImageTower
from training.pattern_examples import labelled, printed, read_labels, turned
from training.retriever_features import Sample, cached, clothing_dataset

FOLDS: Final = 5
HIDDEN: Final = 64
DROPOUT: Final = 0.6
PASSES: Final = 40
BATCH: Final = 64
RATE: Final = 1e-3
DECAY: Final = 0.05
#: What a printed example counts beside a photo.
PRINTED_WEIGHT: Final = 0.5
#: A name is given where it is right at least so often on photos that did not train, and often enough to tell.
PRECISION: Final = 0.9
LEAST_NAMED: Final = 10


@dataclass(frozen=True, eq=False)
class Examples:
    """What the head learns from.

    Attributes:
        features: float32 (N, IMAGE_FEATURES).
        patterns: (N,), places in `PATTERNS`.
        weights: (N,), what each counts.
        folds: (N,), 0 to FOLDS - 1, the same for all that was made of one photo.
        photos: bool (N,), labelled photos as they are; only these are read for the figures.
    """

    features: Tensor
    patterns: Tensor
    weights: Tensor
    folds: NDArray[np.intp]
    photos: NDArray[np.bool_]

    def part(self, places: NDArray[np.intp]) -> Examples:
        """Only some of them."""
        rows = torch.from_numpy(places)
        return Examples(
            self.features[rows], self.patterns[rows], self.weights[rows], self.folds[places], self.photos[places]
        )


def fold_of(key: str) -> int:
    """The fold of a photo, by a hash of its name; what was printed on it keeps the name in front (36 characters)."""
    return int(hashlib.sha1(f"fold {key[:36]}".encode()).hexdigest(), 16) % FOLDS


def gather(options: argparse.Namespace) -> Examples:
    """All examples with their features, from the cache where they are there."""
    tower = functools.cache(lambda: ImageTower(options.lite2))
    photos = labelled(clothing_dataset(options.garments, held_out=False), read_labels())
    more, prints = turned(photos), printed(photos, options.printed)
    samples: list[Sample] = [*photos, *more, *prints]
    features = cached(samples, options.cache, tower)
    counts = [len(photos), len(more), len(prints)]
    print(f"{counts[0]} photos, {counts[1]} turned or from nearer, {counts[2]} printed")
    return Examples(
        torch.from_numpy(features.tower),
        torch.tensor([PATTERNS.index(sample.label) for sample in samples]),
        torch.tensor(np.repeat([1.0, PRINTED_WEIGHT, PRINTED_WEIGHT], counts), dtype=torch.float32),
        np.array([fold_of(sample.key) for sample in samples], np.intp),
        np.repeat([True, False, False], counts),
    )


def train(examples: Examples, seed: int) -> PatternHead:
    """A head that learnt from the examples; rare patterns count more, by the square root of how rare they are."""
    torch.manual_seed(seed)
    features = examples.features
    head = PatternHead(features.shape[1], HIDDEN, DROPOUT)
    head.mean.copy_(features.mean(0))
    head.scale.copy_(1 / (features.std(0) + 1e-3))
    found = torch.zeros(len(PATTERNS)).index_add_(0, examples.patterns, examples.weights)
    weights = examples.weights * (found.mean() / found).sqrt()[examples.patterns]
    optimiser = torch.optim.AdamW(head.parameters(), lr=RATE, weight_decay=DECAY)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, PASSES)
    for _ in range(PASSES):
        for rows in torch.randperm(len(features)).split(BATCH):
            losses = F.cross_entropy(
                head(features[rows]), examples.patterns[rows], reduction="none", label_smoothing=0.05
            )
            optimiser.zero_grad()
            (weights[rows] * losses).mean().backward()
            optimiser.step()
        schedule.step()
    return head.eval().requires_grad_(False)


def unseen_logits(examples: Examples, seed: int) -> tuple[Tensor, Tensor]:
    """Logits (P, len(PATTERNS)) of all photos by heads that learnt from other folds, and their patterns (P,)."""
    logits, right = [], []
    for fold in range(FOLDS):
        head = train(examples.part(np.flatnonzero(examples.folds != fold)), seed)
        own = examples.part(np.flatnonzero((examples.folds == fold) & examples.photos))
        logits.append(head(own.features))
        right.append(own.patterns)
    return torch.cat(logits), torch.cat(right)


def sharpness_of(logits: Tensor, right: Tensor) -> float:
    """One over the temperature at which the chances foretell best what is right (least cross-entropy)."""
    tried = torch.linspace(0.3, 3.0, 271)
    losses = torch.stack([F.cross_entropy(logits * value, right) for value in tried])
    return float(tried[losses.argmin()])


def least_chances(chances: NDArray[np.float32], right: NDArray[np.intp]) -> dict[str, float]:
    """Pattern → the least chance from which on its name is right often enough; without those that never are.

    Args:
        chances: (P, len(PATTERNS)) of photos that did not train.
        right: (P,), what they show.
    """
    least: dict[str, float] = {}
    best = chances.argmax(1)
    for place, pattern in enumerate(PATTERNS):
        named = np.flatnonzero(best == place)
        order = named[np.argsort(-chances[named, place])]
        precision = np.cumsum(right[order] == place) / np.arange(1, len(order) + 1)
        enough = np.flatnonzero(precision[LEAST_NAMED - 1 :] >= PRECISION)
        if len(enough):
            least[pattern] = round(float(chances[order[LEAST_NAMED - 1 + enough[-1]], place]), 3)
    return least


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--garments", type=Path, required=True)
    parser.add_argument("--lite2", type=Path, required=True)
    parser.add_argument("--cache", type=Path, default=Path(".cache/retriever"))
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--printed", type=int, default=50, help="of each pattern")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    torch.set_num_threads(1)
    examples = gather(options)
    logits, right = unseen_logits(examples, options.seed)
    sharpness = sharpness_of(logits, right)
    least = least_chances((sharpness * logits).softmax(-1).numpy(), right.numpy())
    print(
        f"right {float((logits.argmax(1) == right).float().mean()):.3f}, sharpness {sharpness:.2f}, named from {least}"
    )
    head = train(examples, options.seed)
    head.sharpness.fill_(sharpness)
    options.out.mkdir(parents=True, exist_ok=True)
    tensors = {name: tensor.half().contiguous() for name, tensor in head.state_dict().items()}
    about = {"least": json.dumps(least), "trained_on": f"{int(examples.photos.sum())} photos"}
    save_file(tensors, options.out / f"{HEAD_FILE}.partial", about)
    os.replace(options.out / f"{HEAD_FILE}.partial", options.out / HEAD_FILE)


if __name__ == "__main__":
    main()
