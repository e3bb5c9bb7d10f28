"""Train the reader of patterns: which pattern a garment's picture shows, from the frozen picture tower's features.

    python -m training.train_patterns --garments DIR --lite2 FILE --cache DIR --out weights/patterns

DIR: clothing-dataset (images/, labels.csv). The photos labelled by eye train (`pattern_labels`), none of the fifth that
a hash of the names holds out (benchmarks/patterns.py uses it). Five times a head learns from four fifths of them and
reads the last: from those chances come the temperature, which makes them come true, and for each pattern the least
chance at which its name is right nine times in ten. The head that is kept then learns from all. Takes a minute or two
on one core once the features are cached.
"""

from __future__ import annotations

import argparse
import functools
import json
import os
from pathlib import Path
from typing import Final

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from safetensors.torch import save_file
from torch import Tensor

from recommend.patterns import HEAD_FILE, OTHER, PATTERNS, PatternHead
from recommend.towers import ImageTower
from training.pattern_labels import labelled, read_labels
from training.retriever_features import cached, clothing_dataset, fold_of

FOLDS: Final = 5
HIDDEN: Final = 64
DROPOUT: Final = 0.6
PASSES: Final = 40
BATCH: Final = 64
RATE: Final = 1e-3
DECAY: Final = 0.05
SMOOTHING: Final = 0.05
#: A name is given where it is right at least so often on photos that did not train, and often enough to tell.
PRECISION: Final = 0.9
LEAST_NAMED: Final = 10
#: No name is given below this chance, however often those above it are right.
LEAST_CHANCE: Final = 0.6


def gather(options: argparse.Namespace) -> tuple[Tensor, Tensor, Tensor]:
    """Features (N, IMAGE_FEATURES) of the labelled photos, places in `PATTERNS` (N,) and folds (N,)."""
    tower = functools.cache(lambda: ImageTower(options.lite2))
    photos = labelled(clothing_dataset(options.garments, held_out=False), read_labels())
    features = torch.from_numpy(cached(photos, options.cache, tower).tower)
    patterns = torch.tensor([PATTERNS.index(photo.label) for photo in photos])
    return features, patterns, torch.tensor([fold_of(f"fold {photo.key}", FOLDS) for photo in photos])


def train(features: Tensor, patterns: Tensor, seed: int) -> PatternHead:
    """A head that learnt from photos; rare patterns count more, by the square root of how rare they are."""
    torch.manual_seed(seed)
    head = PatternHead(features.shape[1], HIDDEN, DROPOUT)
    head.mean.copy_(features.mean(0))
    head.scale.copy_(1 / (features.std(0) + 1e-3))
    found = patterns.bincount(minlength=len(PATTERNS))
    weights = (found.float().mean() / found).sqrt()[patterns]
    optimiser = torch.optim.AdamW(head.parameters(), lr=RATE, weight_decay=DECAY)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, PASSES)
    for _ in range(PASSES):
        for rows in torch.randperm(len(features)).split(BATCH):
            losses = F.cross_entropy(head(features[rows]), patterns[rows], reduction="none", label_smoothing=SMOOTHING)
            optimiser.zero_grad()
            (weights[rows] * losses).mean().backward()
            optimiser.step()
        schedule.step()
    return head.eval().requires_grad_(False)


def unseen_logits(features: Tensor, patterns: Tensor, folds: Tensor, seed: int) -> Tensor:
    """Logits (N, len(PATTERNS)) of all photos, each by a head that learnt from the other folds."""
    logits = torch.zeros(len(features), len(PATTERNS))
    for fold in range(FOLDS):
        own = folds == fold
        logits[own] = train(features[~own], patterns[~own], seed)(features[own])
    return logits


def sharpness_of(logits: Tensor, right: Tensor) -> float:
    """One over the temperature at which the chances foretell best what is right (least cross-entropy)."""
    tried = torch.linspace(0.3, 3.0, 271)
    losses = torch.stack([F.cross_entropy(logits * value, right) for value in tried])
    return float(tried[losses.argmin()])


def least_chances(chances: NDArray[np.float32], right: NDArray[np.intp]) -> dict[str, float]:
    """Pattern → the least chance from which on its name is right often enough; without those that never are.

    `OTHER` is never named: nobody asks for it by one name, and what it is not can be asked for by its own.

    Args:
        chances: (P, len(PATTERNS)) of photos that did not train.
        right: (P,), what they show.
    """
    least: dict[str, float] = {}
    best = chances.argmax(1)
    for place, pattern in enumerate(PATTERNS):
        if pattern == OTHER:
            continue
        named = np.flatnonzero(best == place)
        order = named[np.argsort(-chances[named, place])]
        precision = np.cumsum(right[order] == place) / np.arange(1, len(order) + 1)
        enough = np.flatnonzero(precision[LEAST_NAMED - 1 :] >= PRECISION)
        if len(enough):
            last = float(chances[order[LEAST_NAMED - 1 + enough[-1]], place])
            least[pattern] = round(max(last, LEAST_CHANCE), 3)
    return least


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--garments", type=Path, required=True)
    parser.add_argument("--lite2", type=Path, required=True)
    parser.add_argument("--cache", type=Path, default=Path(".cache/retriever"))
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    torch.set_num_threads(1)
    features, right, folds = gather(options)
    logits = unseen_logits(features, right, folds, options.seed)
    sharpness = sharpness_of(logits, right)
    least = least_chances((sharpness * logits).softmax(-1).numpy(), right.numpy())
    correct = float((logits.argmax(1) == right).float().mean())
    print(f"{len(right)} photos, right {correct:.3f}, sharpness {sharpness:.2f}, named from {least}")
    head = train(features, right, options.seed)
    head.sharpness.fill_(sharpness)
    options.out.mkdir(parents=True, exist_ok=True)
    tensors = {name: tensor.half().contiguous() for name, tensor in head.state_dict().items()}
    save_file(tensors, options.out / f"{HEAD_FILE}.partial", {"least": json.dumps(least)})
    os.replace(options.out / f"{HEAD_FILE}.partial", options.out / HEAD_FILE)


if __name__ == "__main__":
    main()
