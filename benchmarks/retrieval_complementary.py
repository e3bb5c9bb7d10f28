"""What was worn with it: from one garment of a photo to another of the same photo, on photos that are held out.

    python -m benchmarks.retrieval_complementary --ccp DIR --minilm DIR --lite2 FILE --heads weights/retriever \
        --cache DIR --out docs/benchmarks/retrieval_complementary.csv

A query is one garment of a held-out photo of Clothing Co-Parsing and a part of the outfit that is worn with it there;
ranked are the garments of that part in all held-out photos. "Worn": right is the one of the same photo. "Kind and
colour": right is every one of its kind and main colour, since no shopper asks for that very one. recall, nDCG@10 and
MRR are as `benchmarks.ranking` has them; choice of 4 is the share of queries in which the right one scores above three
that are drawn from other photos, a tie counting in part. What two crops may share beside taste is taken away by
`training.worn_together`. The queries of one photo are no independent cases: a figure is first the mean over a photo's
queries. Intervals are 95 % bootstrap over the photos, p is of the paired sign-flip test of ours against the line's.
"""

from __future__ import annotations

import argparse
import functools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray

from benchmarks.ranking import FIGURES, Bools, intervals, p_values, write
from benchmarks.retrieval_pictures import main_names, picture_vectors
from recommend import complements
from recommend.domains import GARMENTS
from recommend.embedder import TwoTowerEmbedder, WeightPaths
from recommend.features import Floats
from recommend.schema import Item
from recommend.towers import ImageTower
from training.retriever_features import Features, Sample, cached
from training.worn_together import palettes_of, worn_together

OURS: Final = "ours: rules × worn together"
ALL: Final = (*FIGURES, "choice of 4")
CHOICES: Final = 4


@dataclass(frozen=True, eq=False)
class Garments:
    """The crops with all that is compared.

    Attributes:
        photos, slots: of each, the photo and the part of the outfit.
        items: as a catalog would state them: kind from the label, colours measured.
        traits: of the items.
        pictures, colours, words: vectors (N, D) in the common space, as histograms, of kind and colours as text.
    """

    photos: NDArray[np.str_]
    slots: NDArray[np.str_]
    items: tuple[Item, ...]
    traits: complements.Traits
    pictures: Floats
    colours: Floats
    words: Floats


@dataclass(frozen=True)
class Asked:
    """A query: the place of a garment, and the places of the candidates of one part, the right one among them."""

    source: int
    candidates: tuple[int, ...]
    right: int


def garments(
    samples: list[Sample], features: Features, palettes: Floats, embedder: TwoTowerEmbedder, heads: Path
) -> Garments:
    """The crops from their cached features; `palettes` is (N, K, 4)."""
    items = as_items(samples, features)
    return Garments(
        np.array([sample.facts["photo"] for sample in samples]),
        np.array([sample.facts["slot"] for sample in samples]),
        items,
        complements.traits(items, palettes, features.colours, GARMENTS),
        picture_vectors(features, heads),
        features.colours,
        embedder.words([f"{' '.join(item.colours)} {item.kind or item.category}" for item in items]),
    )


def as_items(samples: list[Sample], features: Features) -> tuple[Item, ...]:
    """The crops as a shop would serve them."""
    return tuple(
        Item(
            sample.key,
            sample.label,
            GARMENTS.kinds[kind][0] if kind else sample.facts["slot"],
            0.0,
            "none",
            kind=kind,
            colours=main_names(shares),
        )
        for sample, shares in zip(samples, features.names, strict=True)
        for kind in [sample.facts["kind"]]
    )


def queries(worn: Garments) -> Iterator[Asked]:
    """Every garment with every other part of its outfit of which the photo has one."""
    for source, (photo, slot) in enumerate(zip(worn.photos, worn.slots, strict=True)):
        for part in complements.partners(str(slot), GARMENTS):
            right = np.flatnonzero((worn.photos == photo) & (worn.slots == part))
            # Of two garments of one part, a shirt below a sweater, nothing says which one goes with the source.
            if len(right) == 1:
                others = np.flatnonzero((worn.slots == part) & (worn.photos != photo))
                yield Asked(source, (int(right[0]), *map(int, others)), int(right[0]))


def scores(worn: Garments, embedder: TwoTowerEmbedder) -> dict[str, Floats]:
    """Method → scores (N, N) of all pairs."""
    pictures, colours = worn.pictures @ worn.pictures.T, worn.colours @ worn.colours.T
    words = worn.words @ worn.words.T
    chances = embedder.calibrations
    parts = complements.pair_chances(worn.traits, worn.traits, GARMENTS)
    counted = {name: parts[name] for name in ("tone", "kinds")}
    rules = {name: part for name, part in parts.items() if name not in counted}
    return {
        "random": np.random.default_rng(0).random(pictures.shape, np.float32),
        "colour histogram": colours,
        "picture similarity": pictures,
        "labels and colours as text": words,
        "late fusion (sum)": pictures + words + colours,
        "product of likenesses": chances["like"].chance(pictures) * chances["title"].chance(words) * colours,
        "rules alone": complements.product(rules),
        "worn together alone": complements.product(counted),
        OURS: complements.product(parts),
    }


def measure(right: Bools) -> tuple[float, ...]:
    """The `FIGURES` of one query, from whether each item is right (N,), best first; at least one is."""
    there = int(right.sum())
    recalls = [float(right[:first].sum() / min(first, there)) for first in (1, 5, 10)]
    discounts = 1 / np.log2(np.arange(2, 12))
    ndcg = (right[:10] * discounts[: len(right)]).sum() / discounts[: min(10, there)].sum()
    return *recalls, float(ndcg), float(1 / (1 + np.argmax(right)))


def figures(ranking: Floats, worn: Garments, asked: list[Asked], graded: bool) -> NDArray[np.float64]:
    """`ALL` of each photo (photos, 6): the mean over its queries."""
    kinds = np.array([item.kind for item in worn.items])
    main = np.array([item.colours[0] for item in worn.items])
    rows: dict[str, list[tuple[float, ...]]] = {}
    for number, query in enumerate(asked):
        places = np.array(query.candidates)
        own = ranking[query.source, places]
        same = (kinds[places] == kinds[query.right]) & (main[places] == main[query.right])
        right = same if graded else places == query.right
        # Equal scores are in a random order, the same for every method.
        order = np.lexsort((np.random.default_rng(number).random(len(places)), -own))
        wrong = np.random.default_rng(number).choice(np.arange(1, len(places)), CHOICES - 1, replace=False)
        beaten, tied = own[wrong] < own[0], own[wrong] == own[0]
        choice = float((beaten | tied).all()) / (1 + int(tied.sum()))
        rows.setdefault(str(worn.photos[query.source]), []).append((*measure(right[order]), choice))
    return np.array([np.mean(own, axis=0) for own in rows.values()])


def table(
    task: str, worn: Garments, asked: list[Asked], found: Mapping[str, Floats], graded: bool
) -> list[list[object]]:
    """The lines of one task, a method each."""
    rows = {name: figures(ranking, worn, asked, graded) for name, ranking in found.items()}
    lines: list[list[object]] = []
    for name, each in rows.items():
        tested = [""] * len(ALL) if name == OURS else p_values(rows[OURS], each)
        items = int(np.mean([len(query.candidates) for query in asked]))
        lines.append([task, f"crops of {len(each)} photos", name, len(asked), items, *chain(*intervals(each)), *tested])
        print(f"{task:30s} {name:28s} " + "  ".join(f"{f} {v:.3f}" for f, v in zip(ALL, each.mean(0), strict=True)))
    return lines


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("ccp", "minilm", "lite2", "heads"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument("--cache", type=Path, default=Path(".cache/retriever"))
    parser.add_argument("--out", type=Path, default=Path("docs/benchmarks/retrieval_complementary.csv"))
    options = parser.parse_args()
    torch.set_num_threads(1)
    embedder = TwoTowerEmbedder(WeightPaths(options.minilm, options.lite2, options.heads))
    tower: Callable[[], ImageTower] = functools.cache(lambda: ImageTower(options.lite2))
    samples = worn_together(options.ccp, held_out=True)
    features = cached(samples, options.cache, tower)
    worn = garments(samples, features, palettes_of(samples, options.cache), embedder, options.heads)
    found, every = scores(worn, embedder), list(queries(worn))
    lines: list[list[object]] = []
    for name, graded in (("worn", False), ("kind and colour", True)):
        lines += table(f"{name}: all parts", worn, every, found, graded)
        for pair in (("top", "bottom"), ("bottom", "top")):
            some = [q for q in every if (worn.slots[q.source], worn.slots[q.right]) == pair]
            lines += table(f"{name}: {pair[0]} → {pair[1]}", worn, some, found, graded)
    write(lines, ALL, options.out)


if __name__ == "__main__":
    main()
