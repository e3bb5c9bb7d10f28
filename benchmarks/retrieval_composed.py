"""A picture and "but in red": the same kind of thing in another colour, on garments that never trained.

    python -m benchmarks.retrieval_composed --garments DIR --ccp DIR --minilm DIR --lite2 FILE \
        --heads weights/retriever --cache DIR --out docs/benchmarks/retrieval_composed.csv

A case is a source picture and a colour that is not its own, of which at least three other pictures of the source's
label are; the source itself is left out. An item is right if it has the label and its main colour is the one asked for,
in the sense of the shop's words ("red" has burgundy). hit@5 is the share of cases with a right item among the first
five, unchanged@5 the share of the first five whose main colour is still the source's. Colours are measured on the
cut-out, for judging as well as for searching; pictures of which none was found are left out. The catalog's items are
asked for by category, and judged by the colours that it states. 200 sources are drawn of each set; "more cases" are the
others. "Grey" is ours with the likeness of pictures turned to grey at one mean lightness, which see form alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import torch

from benchmarks.ranking import CHANGED, FIGURES, OURS, Lines, Task, lines, read_options, write
from benchmarks.retrieval_pictures import Pictures, colour_groups, held_out
from recommend import composing, rerank
from recommend.embedder import TwoTowerEmbedder, WeightPaths
from recommend.features import Floats, Image, Mask, cut_out, oklab
from recommend.schema import Facet, Filters, Item
from recommend.scoring import picture_half
from training.light import to_srgb
from training.retriever_features import Sample

CASES: Final = 200
LEAST_RIGHT: Final = 3
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


def greyed(sample: Sample) -> Sample:
    """The sample with its picture turned to grey, the garment's mean lightness at `GREY_LIGHTNESS`."""

    def read() -> tuple[Image, Mask]:
        image, mask = sample.read()
        mask = cut_out(image) if mask is None else mask
        light = oklab(image)[..., 0]
        inside = mask > 127
        mean = light[inside].mean() if inside.any() else light.mean()
        linear = np.clip(light + GREY_LIGHTNESS - mean, 0, 1) ** 3
        return np.repeat(np.rint(to_srgb(linear) * 255).astype(np.uint8)[..., None], 3, axis=2), mask

    return replace(sample, source=f"{sample.source}-grey", read=read)


def cases(items: list[Item], groups: Mapping[str, tuple[str, ...]]) -> list[Case]:
    """A case for each source that has any, its colour drawn among the possible ones; in one random order."""
    rng = np.random.default_rng(0)
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


def scores(asked: list[Case], pictures: Pictures, greys: Floats, embedder: TwoTowerEmbedder) -> dict[str, Floats]:
    """Method → scores (cases, N); `greys` (N, D) are the pictures in the common space when turned to grey."""
    items, sources = pictures.items, [case.source for case in asked]
    alike = pictures.ours[sources] @ pictures.ours.T
    said = embedder.texts([case.words for case in asked]) @ pictures.ours.T
    like = embedder.calibrations["like"].chance(alike)
    words = picture_half(said, embedder.calibrations, pictures.domain)
    kept = [Filters(colours=(case.colours,)) for case in asked]
    passed = np.array([[filters.match(item) for item in items] for filters in kept])
    colour = np.stack([rerank.colour_chances(items, [case.colours]) for case in asked]) * passed
    product = like * words * colour
    left = np.stack([composing.changed_chances(items, old_colours(items[case.source], case)) for case in asked])
    form = embedder.calibrations["like"].chance(greys[sources] @ greys.T)
    return {
        "random": np.random.default_rng(0).random(product.shape, np.float32),
        "colour histogram": pictures.histograms[sources] @ pictures.histograms.T,
        "text only": said,
        "image only": alike,
        "late fusion (sum)": alike + said,
        "product": product,
        GREY: form * words * colour * left,
        OURS: product * left,
    }


def old_colours(source: Item, case: Case) -> list[Facet]:
    """The colours of the source that shall be gone."""
    return [Facet("colours", tuple(name for name in source.colours if name not in case.colours))]


def task_of(asked: list[Case], pictures: Pictures, name: str) -> Task:
    """The cases as a task: right is the source's category in an asked colour, stale the source's main colour."""
    main, sources = pictures.colours, [case.source for case in asked]
    category = np.array([item.category for item in pictures.items])
    right = (category[sources][:, None] == category) & np.array([np.isin(main, case.colours) for case in asked])
    return Task(name, pictures.name, right, np.eye(len(main), dtype=bool)[sources], main[sources][:, None] == main)


def main() -> None:
    """Command line."""
    options = read_options(__doc__, "docs/benchmarks/retrieval_composed.csv")
    torch.set_num_threads(1)
    embedder = TwoTowerEmbedder(WeightPaths(options.minilm, options.lite2, options.heads))
    rows: Lines = []
    for pictures, grey in zip(held_out(options), held_out(options, greyed), strict=True):
        seen = np.flatnonzero(pictures.cut)
        kept = pictures.take(seen)
        every = cases(kept.items, colour_groups(pictures.domain))
        for name, asked in (("“but in red”", every[:CASES]), ("“but in red”, more cases", every[CASES:])):
            if asked:
                rows += lines(task_of(asked, kept, name), scores(asked, kept, grey.ours[seen], embedder))
    write(rows, (*FIGURES, *CHANGED), options.out)


if __name__ == "__main__":
    main()
