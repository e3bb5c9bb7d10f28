"""Find the training pictures that show what a held-out picture shows, so that the split is by product.

    python -m training.twins --garments DIR --lite2 FILE --cache DIR

clothing-dataset names pictures, not products, and its fifth is held out by the pictures' names. Two pictures count as
twins if the frozen features and the colour histograms of both are nearly the same. The limits are low on purpose: they
also take garments that only look alike, which costs no more than a few training pictures. Writes the names to
`garment_twins.txt`, which `retriever_features.clothing_dataset` leaves out of what may train.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray

from recommend.towers import ImageTower
from training.retriever_features import TWINS, Features, at_most, cached, clothing_dataset
from training.train_retriever import MOST_GARMENTS

#: Cosines from which two pictures are twins: of frozen features, each brought to mean 0 and spread 1, and of colours.
LEAST_LOOK: Final = 0.8
LEAST_COLOUR: Final = 0.85


def twins(training: Features, held_out: Features) -> NDArray[np.bool_]:
    """Which training pictures (N,) are twins of a held-out one."""
    mean, spread = training.tower.mean(0), training.tower.std(0) + 1e-3
    looks = []
    for features in (training, held_out):
        centred = np.clip((features.tower - mean) / spread, -6, 6)
        looks.append(centred / np.linalg.norm(centred, axis=1, keepdims=True))
    alike = looks[0] @ looks[1].T >= LEAST_LOOK
    return np.asarray((alike & (training.colours @ held_out.colours.T >= LEAST_COLOUR)).any(1))


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("garments", "lite2"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument("--cache", type=Path, default=Path(".cache/retriever"))
    options = parser.parse_args()
    torch.set_num_threads(1)
    tower = ImageTower(options.lite2)
    samples = at_most(clothing_dataset(options.garments, held_out=False, with_twins=True), MOST_GARMENTS)
    others = clothing_dataset(options.garments, held_out=True, with_twins=True)
    found = twins(*(cached(some, options.cache, lambda: tower) for some in (samples, others)))
    names = [sample.key for sample, is_twin in zip(samples, found, strict=True) if is_twin]
    TWINS.write_text("".join(f"{name}\n" for name in names), encoding="utf-8")
    print(f"{len(names)} of {len(samples)} training pictures are twins of {len(others)} held-out ones: {TWINS}")


if __name__ == "__main__":
    main()
