"""Fit what `recommend.worn` holds: which kinds are worn together, and what colours are, on photos of outfits.

    python -m training.train_complements --ccp DIR --lite2 FILE --cache DIR

DIR: Clothing Co-Parsing (labels.json, parse/, photos/); only the photos that `training.worn_together` does not hold out
train. Kinds: how much more often than by chance two are in one photo, with `PRIOR` pairs added by chance, so that what
was seen seldom says little. Colours: overlap of the histograms, each bin divided by its usual share, difference of
lightness, and harmony as the rules have it. The four are powers of a product, weighed by a conditional logit: which of
all garments of a part was worn with this one? Lifts weigh what they foretell of photos that they were not counted on.
Prints the tables; a minute on one core once the features are cached.
"""

from __future__ import annotations

import argparse
import functools
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Final

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray

from recommend.complements import harmonies
from recommend.features import Floats
from recommend.towers import ImageTower
from recommend.worn import mean_lightness, rarity, shared_colours
from training.retriever_features import Sample, cached
from training.worn_together import palettes_of, worn_together

PRIOR: Final = 5.0
#: Parts of the photos; the lifts of each are counted on the others.
FOLDS: Final = 4
#: Weight of the squared coefficients, each in spreads of what it weighs.
RIDGE: Final = 0.01
#: Lifts nearer to 1 than this are not printed.
SAID: Final = 0.1


@dataclass(frozen=True, eq=False)
class Pairs:
    """Garments of one part beside garments of another, the i-th with the i-th in one photo.

    Attributes:
        one, other: places (P,).
    """

    one: NDArray[np.intp]
    other: NDArray[np.intp]


def pairs_of(samples: list[Sample]) -> list[Pairs]:
    """For each two parts of an outfit, in both directions, the garments of photos that have one of each."""
    photos: dict[str, dict[str, list[int]]] = {}
    for place, sample in enumerate(samples):
        photos.setdefault(sample.facts["photo"], {}).setdefault(sample.facts["slot"], []).append(place)
    found: dict[tuple[str, str], list[tuple[int, int]]] = {}
    for parts in photos.values():
        single = {slot: places[0] for slot, places in parts.items() if len(places) == 1}
        for a, b in combinations(sorted(single), 2):
            if {a, b} not in ({"dress", "top"}, {"dress", "bottom"}):
                found.setdefault((a, b), []).append((single[a], single[b]))
                found.setdefault((b, a), []).append((single[b], single[a]))
    return [Pairs(*np.array(places, np.intp).T) for places in found.values()]


def lifts(samples: list[Sample], pairs: list[Pairs]) -> dict[tuple[str, str], float]:
    """Two kinds, in the order of their names → how much more often they are worn together than by chance."""
    found: dict[tuple[str, str], float] = {}
    for block in pairs:
        kinds = [
            (samples[a].facts["kind"], samples[b].facts["kind"]) for a, b in zip(block.one, block.other, strict=True)
        ]
        together, left, right = Counter(kinds), Counter(a for a, _ in kinds), Counter(b for _, b in kinds)
        for a in left:
            for b in right:
                if a and b and a <= b:
                    by_chance = left[a] * right[b] / len(kinds)
                    found[a, b] = (together[a, b] + PRIOR) / (by_chance + PRIOR)
    return found


def choices(samples: list[Sample], seen: Floats) -> list[Floats]:
    """Measures (P, P, F) of each two parts of an outfit in each fold: row by row one garment beside all, its own at i.

    Lifts would be believed too much where the very pairs were counted, so each fold has those of the others.

    Args:
        samples: N garments.
        seen: all measures of two garments but the last, the logarithm of the lift (N, N, F - 1).
    """
    folds = np.array([int(sample.facts["photo"]) % FOLDS for sample in samples])
    found = []
    for fold in range(FOLDS):
        others = [sample for sample, own in zip(samples, folds, strict=True) if own != fold]
        known, inside = lifts(others, pairs_of(others)), np.flatnonzero(folds == fold)
        for block in pairs_of([samples[place] for place in inside]):
            one, other = inside[block.one], inside[block.other]
            kinds = [[samples[place].facts["kind"] for place in places] for places in (one, other)]
            table = np.array([[known.get((min(a, b), max(a, b)), 1.0) for b in kinds[1]] for a in kinds[0]], np.float32)
            found.append(np.concatenate([seen[np.ix_(one, other)], np.log(table)[..., None]], axis=-1))
    return found


def fit(blocks: list[Floats]) -> Floats:
    """Weights (F,), none negative, of the conditional logit over `choices`."""
    spread = torch.from_numpy(np.concatenate([block.reshape(-1, block.shape[-1]) for block in blocks]).std(0))
    measured = [torch.from_numpy(block) / spread for block in blocks]
    logarithms = torch.zeros(len(spread), requires_grad=True)
    count = sum(map(len, measured))
    solver = torch.optim.LBFGS([logarithms], max_iter=100, line_search_fn="strong_wolfe")

    def loss() -> torch.Tensor:
        solver.zero_grad()
        weights = logarithms.exp()
        missed = [F.cross_entropy(block @ weights, torch.arange(len(block)), reduction="sum") for block in measured]
        total = torch.stack(missed).sum() / count + RIDGE * weights.square().sum()
        total.backward()  # type: ignore[no-untyped-call]
        return total

    solver.step(loss)  # type: ignore[no-untyped-call]
    return np.asarray((logarithms.detach().exp() / spread).numpy())


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--ccp", type=Path, required=True)
    parser.add_argument("--lite2", type=Path, required=True)
    parser.add_argument("--cache", type=Path, default=Path(".cache/retriever"))
    options = parser.parse_args()
    torch.set_num_threads(1)
    tower: Callable[[], ImageTower] = functools.cache(lambda: ImageTower(options.lite2))
    samples = worn_together(options.ccp, held_out=False)
    features = cached(samples, options.cache, tower)
    palettes = palettes_of(samples, options.cache)
    usual = np.rint(10_000 * (features.colours**2).mean(0)).astype(int)
    common = {place: int(share) for place, share in enumerate(usual) if share}
    light = mean_lightness(palettes)
    shared = shared_colours(features.colours, features.colours, rarity(common))
    harmony = np.log(np.maximum(harmonies(palettes, palettes), 1e-6))
    seen = np.stack([shared, np.abs(light[:, None] - light[None, :]), harmony], axis=-1)
    weights = fit(choices(samples, seen))
    known = lifts(samples, pairs_of(samples))
    print(f"{len(samples)} garments, {len({s.facts['photo'] for s in samples})} photos")
    print(f"SHARED, CONTRAST, HARMONY, KINDS = {', '.join(f'{weight:.2f}' for weight in weights)}")
    print(f"COMMON = {common}")
    said = {pair: lift for pair, lift in sorted(known.items()) if abs(np.log(lift)) > SAID}
    for kind in dict.fromkeys(a for a, _ in said):
        print(f"{kind}: " + ", ".join(f"{b} {lift:.2f}" for (a, b), lift in said.items() if a == kind))


if __name__ == "__main__":
    main()
