"""A picture and "but in red": the same kind of thing in another colour, on garments that never trained.

    python -m benchmarks.retrieval_composed --garments DIR --minilm DIR --lite2 FILE --heads weights/retriever \
        --cache DIR [--catalog DIR] --out docs/benchmarks/retrieval_composed.csv

A case is a source picture and a colour that is not its own, of which at least three other pictures of the source's
label are; the source itself is left out. An item is right if it has the label and its main colour is the one asked for,
in the sense of the shop's words ("red" has burgundy). hit@5 is the share of cases with a right item among the first
five, unchanged@5 the share of the first five whose main colour is still the source's. Colours are measured on the
cut-out, for judging as well as for searching; pictures of which none was found are left out. With a catalog, its items
are asked for by category, and judged by the colours that it states. 200 sources are drawn; "more cases" are the others.
"Grey" is ours with the likeness of pictures turned to grey at one mean lightness, which see form alone. Intervals are
95 % bootstrap over the cases; p is of the paired sign-flip test of ours against the method of the line.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from itertools import chain
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.stats import permutation_test

from benchmarks.retrieval import intervals, picture_vectors, read_options, with_ends, write
from recommend import composing, rerank
from recommend.embedder import TwoTowerEmbedder, WeightPaths
from recommend.features import SHADES, Floats, Image, Mask, cut_out, oklab
from recommend.lexicon import Lexicon, build_lexicon
from recommend.query import understand
from recommend.retriever import PICTURE_CERTAINTY
from recommend.schema import Facet, Filters, Item, Query
from recommend.towers import ImageTower
from training.retriever_features import Features, Sample, cached, catalog_items, clothing_dataset

CASES: Final = 200
LEAST_RIGHT: Final = 3
FIRST: Final = 5
FIGURES: Final = ("hit@5", "unchanged@5")
OURS: Final = "ours: product, old colour subtracted"
GREY: Final = "ours, by grey pictures"
#: Mean OKLab lightness that pictures turned to grey are brought to.
GREY_LIGHTNESS: Final = 0.6


@dataclass(frozen=True)
class Case:
    """One question.

    Attributes:
        source: its place among the items.
        words: what is typed.
        colours: names that the asked colour has.
    """

    source: int
    words: str
    colours: tuple[str, ...]


def as_items(samples: list[Sample], features: Features) -> list[Item]:
    """The pictures as a shop would serve them: label as category, colours stated or else measured."""
    return [
        Item(
            sample.key,
            sample.label,
            sample.facts.get("category", sample.label),
            0.0,
            "none",
            colours=tuple(sample.facts.get("colours") or main_names(shares)),
        )
        for sample, shares in zip(samples, features.names, strict=True)
    ]


def greyed(sample: Sample) -> Sample:
    """The sample with its picture turned to grey, the garment's mean lightness at `GREY_LIGHTNESS`."""

    def read() -> tuple[Image, Mask]:
        image, mask = sample.read()
        mask = cut_out(image) if mask is None else mask
        light = oklab(image)[..., 0]
        inside = mask > 127
        mean = light[inside].mean() if inside.any() else light.mean()
        linear = np.clip(light + GREY_LIGHTNESS - mean, 0, 1) ** 3
        srgb = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
        return np.repeat(np.rint(srgb * 255).astype(np.uint8)[..., None], 3, axis=2), mask

    return replace(sample, source=f"{sample.source}-grey", read=read)


def main_names(shares: Mapping[str, float]) -> tuple[str, ...]:
    """The colours that an index keeps of a measured palette, as `features.main_colours` chooses them."""
    return tuple(name for place, (name, share) in enumerate(shares.items()) if place == 0 or share >= 0.2)[:3]


def cases(items: list[Item], lexicon: Lexicon) -> list[Case]:
    """A case for each source that has any, its colour drawn among the possible ones; in one random order."""
    rng = np.random.default_rng(0)
    groups = {
        name: group for name in SHADES for group in understand(Query(text=f"but in {name}"), lexicon).filters.colours
    }
    counts: dict[tuple[str, str], int] = {}
    for item in items:
        counts[item.category, item.colours[0]] = counts.get((item.category, item.colours[0]), 0) + 1
    found = []
    for place in rng.permutation(len(items)):
        item = items[place]
        possible = [
            name
            for name, group in groups.items()
            if item.colours[0] not in group and sum(counts.get((item.category, c), 0) for c in group) >= LEAST_RIGHT
        ]
        if possible:
            name = possible[rng.integers(len(possible))]
            found.append(Case(int(place), f"but in {name}", groups[name]))
    return found


def scores(
    asked: list[Case], items: list[Item], pictures: Floats, colours: Floats, greys: Floats, embedder: TwoTowerEmbedder
) -> dict[str, Floats]:
    """Method → scores (cases, items).

    Args:
        asked: the cases.
        items: N items.
        pictures, colours, greys: their vectors (N, D) in the common space, as histograms, and in the common space when
            turned to grey.
        embedder: reads the words.
    """
    sources = [case.source for case in asked]
    alike, said = pictures[sources] @ pictures.T, embedder.texts([case.words for case in asked]) @ pictures.T
    like = embedder.calibrations["like"].chance(alike)
    words = rerank.weigh(np.sqrt(embedder.calibrations["text"].chance(said)), PICTURE_CERTAINTY)
    kept = [Filters(colours=(case.colours,)) for case in asked]
    passed = np.array([[filters.match(item) for item in items] for filters in kept])
    colour = np.stack([rerank.colour_chances(items, [case.colours]) for case in asked]) * passed
    product = like * words * colour
    left = np.stack([composing.changed_chances(items, old_colours(items[case.source], case)) for case in asked])
    random = np.random.default_rng(0).random(product.shape, np.float32)
    form = embedder.calibrations["like"].chance(greys[sources] @ greys.T)
    return {
        "random": random,
        "colour histogram": colours[sources] @ colours.T,
        "picture only": alike,
        "text only": said,
        "late fusion (sum)": alike + said,
        "product without subtraction": product,
        GREY: form * words * colour * left,
        OURS: product * left,
    }


def old_colours(source: Item, case: Case) -> list[Facet]:
    """The colours of the source that shall be gone."""
    return [Facet("colours", tuple(name for name in source.colours if name not in case.colours))]


def figures(ranking: Floats, asked: list[Case], items: list[Item]) -> NDArray[np.float64]:
    """`FIGURES` of each case (cases, 2) from scores (cases, items)."""
    main = np.array([item.colours[0] for item in items])
    category = np.array([item.category for item in items])
    rows = []
    for case, row in zip(asked, ranking, strict=True):
        order = np.argsort(-row, kind="stable")
        first = order[order != case.source][:FIRST]
        right = (category[first] == category[case.source]) & np.isin(main[first], case.colours)
        rows.append((float(right.any()), float((main[first] == main[case.source]).mean())))
    return np.array(rows)


def p_values(ours: NDArray[np.float64], other: NDArray[np.float64]) -> list[float]:
    """Of each figure (cases, F), the chance of a difference so large if it were only by chance."""
    rng = np.random.default_rng(0)
    return [
        float(permutation_test(pair, _mean_difference, permutation_type="samples", n_resamples=9999, rng=rng).pvalue)
        for pair in zip(ours.T, other.T, strict=True)
    ]


def _mean_difference(a: NDArray[np.float64], b: NDArray[np.float64], axis: int = -1) -> NDArray[np.float64]:
    return np.asarray(np.mean(a, axis=axis) - np.mean(b, axis=axis))


def table(task: str, asked: list[Case], items: list[Item], found: Mapping[str, Floats]) -> list[list[object]]:
    """The lines of one task, a method each, from its scores."""
    rows = {name: figures(ranking, asked, items) for name, ranking in found.items()}
    lines: list[list[object]] = []
    for name, each in rows.items():
        tested = [""] * len(FIGURES) if name == OURS else p_values(rows[OURS], each)
        lines.append([task, name, len(asked), len(items), *chain(*intervals(each)), *tested])
        print(f"{task:28s} {name:38s} " + "  ".join(f"{f} {v:.3f}" for f, v in zip(FIGURES, each.mean(0), strict=True)))
    return lines


def main() -> None:
    """Command line."""
    options = read_options(__doc__, "docs/benchmarks/retrieval_composed.csv")
    torch.set_num_threads(1)
    embedder = TwoTowerEmbedder(WeightPaths(options.minilm, options.lite2, options.heads))
    tower: Callable[[], ImageTower] = functools.cache(lambda: ImageTower(options.lite2))
    lexicon = build_lexicon([])
    lines: list[list[object]] = []
    sources = [("photos", clothing_dataset(options.garments, held_out=True))]
    sources += [("rendered catalog", catalog_items(options.catalog))] if options.catalog else []
    for source, samples in sources:
        features = cached(samples, options.cache, tower)
        seen = np.flatnonzero(~features.whole)
        items = [as_items(samples, features)[place] for place in seen]
        grey = cached([greyed(sample) for sample in samples], options.cache, tower)
        pictures, greys = (picture_vectors(each, options.heads)[seen] for each in (features, grey))
        every = cases(items, lexicon)
        for name, asked in ((f"{len(every[:CASES])} cases", every[:CASES]), ("more cases", every[CASES:])):
            if asked:
                found = scores(asked, items, pictures, features.colours[seen], greys, embedder)
                lines += table(f"{source}: {name}", asked, items, found)
    columns = ["task", "method", "cases", "items", *with_ends(FIGURES)]
    write([*columns, *(f"p {name}" for name in FIGURES)], lines, options.out)


if __name__ == "__main__":
    main()
