"""The pictures that benchmarks of the retriever search, none of which trained, as every method sees them.

Four sets, each apart: "photos", the held-out fifth of clothing-dataset; "worn crops", the garments in each tenth photo
of Clothing Co-Parsing, cut out by its label maps; "rendered catalog", the demo catalog of garments; "furniture", the
product pictures of half of the demo catalog of furniture, without what it states. The split is by product: pictures
that show what a held-out one shows do not train (`training.twins`), all crops of a photo and all items of one design
are on one side, and no garment of the catalog trains.
"""

from __future__ import annotations

import argparse
import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from recommend.domains import FURNITURE, GARMENTS, Domain
from recommend.embedder import HEADS_FILE
from recommend.features import SHADES, Floats, colour_vector
from recommend.lexicon import Lexicon, build_lexicon
from recommend.query import understand
from recommend.schema import Item, Query
from recommend.space import read_space
from recommend.towers import ImageTower
from training import retriever_furniture
from training.retriever_features import Features, Sample, cached, catalog_items, clothing_dataset, co_parsing
from training.retriever_texts import CCP_LABELS, GARMENT_LABELS


@dataclass(frozen=True, eq=False)
class Pictures:
    """One set of pictures.

    Attributes:
        name: of the set.
        domain: what they show.
        samples: N of them.
        items: the same as a shop would serve them: colours stated or else measured.
        kinds: (N,), what each is; the word of its set.
        cut: (N,), whether a garment was found in it; else its colours are the ground's too.
        ours: (N, D), in the common space.
        looks: (N, V), features of the frozen tower, each brought to the mean and spread of the set, unit norm.
        histograms: (N, COLOUR_DIM).
    """

    name: str
    domain: Domain
    samples: list[Sample]
    items: list[Item]
    kinds: NDArray[np.str_]
    cut: NDArray[np.bool_]
    ours: Floats
    looks: Floats
    histograms: Floats

    def take(self, places: NDArray[np.intp]) -> Pictures:
        """Only some of them."""
        samples, items = [self.samples[place] for place in places], [self.items[place] for place in places]
        arrays = (array[places] for array in (self.kinds, self.cut, self.ours, self.looks, self.histograms))
        return Pictures(self.name, self.domain, samples, items, *arrays)

    @property
    def colours(self) -> NDArray[np.str_]:
        """The main colour of each (N,)."""
        return np.array([item.colours[0] for item in self.items])


def unit(rows: Floats) -> Floats:
    """Rows of unit norm."""
    return np.asarray(rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9), np.float32)


def picture_vectors(features: Features, heads: Path) -> Floats:
    """Pictures in the common space, from cached features."""
    space, _ = read_space(heads / HEADS_FILE)
    with torch.inference_mode():
        return np.asarray(
            space.pictures(torch.from_numpy(np.concatenate([features.tower, features.colours], 1))).numpy()
        )


def main_names(shares: Mapping[str, float]) -> tuple[str, ...]:
    """The colours that an index keeps of a measured palette, as `features.main_colours` chooses them."""
    return tuple(name for place, (name, share) in enumerate(shares.items()) if place == 0 or share >= 0.2)[:3]


def as_items(samples: list[Sample], features: Features) -> list[Item]:
    """The pictures as a shop would serve them: label as category, colours stated or else measured."""
    return [
        Item(
            sample.key,
            sample.facts.get("title", sample.label),
            sample.facts.get("category", sample.label),
            0.0,
            "none",
            kind=sample.facts.get("kind", ""),
            colours=tuple(sample.facts.get("colours") or main_names(shares)),
        )
        for sample, shares in zip(samples, features.names, strict=True)
    ]


def pictures_of(name: str, samples: list[Sample], features: Features, heads: Path) -> Pictures:
    """A set from its samples and their features."""
    looks = unit((features.tower - features.tower.mean(0)) / (features.tower.std(0) + 1e-3))
    return Pictures(
        name,
        FURNITURE if name == FURNITURE.name else GARMENTS,
        samples,
        as_items(samples, features),
        np.array([sample.label for sample in samples]),
        ~features.whole,
        picture_vectors(features, heads),
        looks,
        features.colours,
    )


def held_out(options: argparse.Namespace, change: Callable[[Sample], Sample] = lambda sample: sample) -> list[Pictures]:
    """The four sets; `change` is made to every sample before it is looked at."""
    tower = functools.cache(lambda: ImageTower(options.lite2))
    sets = {
        "photos": clothing_dataset(options.garments, held_out=True),
        "worn crops": list(co_parsing(options.ccp, held_out=True)),
        "rendered catalog": catalog_items(options.catalog),
        FURNITURE.name: [replace(sample, facts={}) for sample in retriever_furniture.held_out(options.furniture)],
    }
    found = []
    for name, samples in sets.items():
        changed = [change(sample) for sample in samples]
        found.append(pictures_of(name, samples, cached(changed, options.cache, tower), options.heads))
    return found


def called(pictures: Pictures) -> dict[str, tuple[str, ...]]:
    """Kind → what people call it, the plainest first."""
    names = {label: own for labels in (GARMENT_LABELS, CCP_LABELS) for label, (_, _, own) in labels.items()}
    names |= {label: (label, *others) for label, others in FURNITURE.categories.items()}
    return {kind: names.get(kind, (kind,)) for kind in sorted(set(pictures.kinds.tolist()))}


@functools.cache
def colour_groups(domain: Domain = GARMENTS) -> dict[str, tuple[str, ...]]:
    """Colour as it is asked for → the names of colours that are meant, as a shop means it ("red" has burgundy)."""
    read = {name: understand(Query(text=f"in {name}"), plain_lexicon(domain)) for name in SHADES}
    return {name: group for name, understood in read.items() for group in understood.filters.colours}


@functools.cache
def plain_lexicon(domain: Domain = GARMENTS) -> Lexicon:
    """The words of clothes or of furniture, without those of a catalog."""
    return build_lexicon([], domain)


@functools.cache
def swatch(colour: str) -> Floats:
    """The histogram of a picture that shows nothing but a colour, its shades side by side."""
    shades = np.array([[int(shade[at : at + 2], 16) for at in (0, 2, 4)] for shade in SHADES[colour]], np.uint8)
    return colour_vector(np.repeat(np.repeat(shades[None], 16, axis=0), 16, axis=1), None)
