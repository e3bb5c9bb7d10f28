"""Retrieval on pictures that never trained: text → image and image → image, by kind and by kind and colour.

    python -m benchmarks.retrieval --garments DIR --ccp DIR --minilm DIR --lite2 FILE --heads weights/retriever \
        --cache DIR --out docs/benchmarks/retrieval.csv

What is searched is in `benchmarks.retrieval_pictures`, the figures in `benchmarks.ranking`. An item is right if it is
of the kind asked for and, where a colour is asked for too, if its main colour is meant by it ("red" has burgundy). Text
→ image by kind: five written requests for each label of clothing-dataset, else the label's name in a sentence; no
request is a training phrase. Image → image: each picture asks for others of its kind, itself left out. Pictures with
"but in red" are asked by `benchmarks.retrieval_composed`.

The methods beside ours and random order:
- "colour histogram": the picture's own; of words, a swatch of the colour asked for, or else the mean histogram of the
  training pictures of the kind whose name is nearest to the words by MiniLM.
- "text only": MiniLM on the request and on the titles, where there are titles.
- "image only": for a picture, the frozen tower's features; for words, their mean over the training pictures of the kind
  whose name is nearest; for the catalog, where no picture of the kinds trains, our common space.
- "late fusion (sum)" and "product": of those of the three that the task has, cosines added, or multiplied as chances.
- "ours": as a search ranks. Words: the common space, titles where there are any, and what is read by rules: a colour
  filters, and a kind is a wish, which only the catalog's items can meet, since they alone state theirs. Pictures: the
  common space, and where a colour is asked for the histogram, too.
"""

from __future__ import annotations

import argparse
import functools
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import torch

from benchmarks.ranking import FIGURES, OURS, Bools, Lines, Task, lines, read_options, write
from benchmarks.retrieval_pictures import (
    Pictures,
    called,
    colour_groups,
    held_out,
    pictures_of,
    plain_lexicon,
    swatch,
    unit,
)
from recommend import composing, rerank
from recommend.domains import FURNITURE, Domain
from recommend.embedder import Calibration, TwoTowerEmbedder, WeightPaths
from recommend.features import Floats
from recommend.query import understand
from recommend.schema import Filters, Query
from recommend.scoring import picture_half, title_half
from recommend.towers import ImageTower
from training import retriever_furniture
from training.retriever_features import Sample, at_most, cached, clothing_dataset, co_parsing
from training.train_retriever import MOST_CROPS, MOST_GARMENTS

REQUESTS: Final = Path(__file__).with_name("retrieval_requests.toml")
#: Sentences around a kind's name; none is a template of the training.
BY_KIND: Final = {
    "garments": ("somebody in {kind}", "{kind}, please", "do you have {kind} here"),
    "furniture": ("a room with {kind}", "{kind}, please", "do you have {kind} here"),
}
BY_COLOUR: Final = ("do you have {kind} in {colour}", "{colour}: {kind}, please")


@dataclass(frozen=True)
class Request:
    """What is typed, and what it asks for; colour "" = any."""

    words: str
    kind: str
    colour: str = ""


def written_requests() -> list[Request]:
    """Those of `REQUESTS`."""
    labels = tomllib.loads(REQUESTS.read_text(encoding="utf-8"))
    return [Request(words, label) for label, written in labels.items() for words in written]


def requests_by_kind(pictures: Pictures) -> list[Request]:
    """Requests for every kind that the pictures have."""
    if pictures.name == "photos":
        return written_requests()
    forms = BY_KIND[pictures.domain.name]
    return [Request(form.format(kind=names[0]), kind) for kind, names in called(pictures).items() for form in forms]


def requests_by_colour(pictures: Pictures) -> list[Request]:
    """Requests for every kind in every main colour that it has."""
    names = called(pictures)
    pairs = sorted(set(zip(pictures.kinds.tolist(), pictures.colours.tolist(), strict=True)))
    return [
        Request(f.format(kind=names[kind], colour=colour), kind, colour) for kind, colour in pairs for f in BY_COLOUR
    ]


def answers(requests: Sequence[Request], pictures: Pictures) -> Bools:
    """Which pictures (N,) answer which requests (Q,): (Q, N)."""
    groups = colour_groups(pictures.domain)
    return np.array(
        [
            (pictures.kinds == request.kind)
            & (not request.colour or np.isin(pictures.colours, groups.get(request.colour, ())))
            for request in requests
        ]
    )


def random_scores(right: Bools) -> Floats:
    """A random order for each question."""
    return np.random.default_rng(0).random(right.shape, np.float32)


def fused(parts: Mapping[str, Floats], chances: Mapping[str, Calibration]) -> dict[str, Floats]:
    """Both plain ways to join cosines (Q, N) by method; those that `chances` has a calibration of become chances."""
    as_chances = [
        chances[name].chance(cosines) if name in chances else np.clip(cosines, 0, 1) for name, cosines in parts.items()
    ]
    return {"late fusion (sum)": np.sum(list(parts.values()), 0), "product": np.prod(as_chances, 0)}


def words_chances(seen: Floats, titles: Floats | None, embedder: TwoTowerEmbedder, domain: Domain) -> Floats:
    """What a search makes of words: picture, and title where there is one, as two readings of the same (Q, N)."""
    by_picture = picture_half(seen, embedder.calibrations, domain)
    return by_picture if titles is None else by_picture * title_half(titles, embedder.calibrations)


def nearest_kinds(words: Sequence[str], training: Pictures, embedder: TwoTowerEmbedder) -> list[str]:
    """For each request the kind of the training pictures whose name is nearest to it in MiniLM's own space."""
    names = [(kind, name) for kind, own in called(training).items() for name in own]
    cosines = embedder.words(words) @ embedder.words([name for _, name in names]).T
    return [names[place][0] for place in cosines.argmax(1)]


def prototypes(vectors: Floats, kinds: Sequence[str], training: Pictures) -> Floats:
    """The mean vector of the training pictures (N, D) of each kind, unit norm (Q, D)."""
    return unit(np.stack([vectors[training.kinds == kind].mean(0) for kind in kinds]))


def text_to_image(pictures: Pictures, training: Pictures | None, embedder: TwoTowerEmbedder, colour: bool) -> Lines:
    """Text → image by kind, or by kind and colour.

    Args:
        pictures: what is searched.
        training: pictures of the same source that tell what each kind looks like; None for those that have titles.
        embedder: reads the words.
        colour: whether a colour is asked for, too.
    """
    requests = requests_by_colour(pictures) if colour else requests_by_kind(pictures)
    kinds = np.array([request.kind for request in requests])
    name = f"text → image, kind{' and colour' * colour}"
    task = Task(name, pictures.name, answers(requests, pictures), groups=kinds)
    words, titles, chances = [request.words for request in requests], None, embedder.calibrations
    seen = embedder.texts(words) @ pictures.ours.T
    known: dict[str, Calibration] = {}
    if training is None:
        titles = embedder.words(words) @ embedder.words([item.title for item in pictures.items]).T
        parts = {"text only": titles, "image only": seen}
        known = {"text only": chances["title"], "image only": chances["text"]}
    else:
        nearest = nearest_kinds(words, training, embedder)
        parts = {
            "colour histogram": prototypes(training.histograms, nearest, training) @ pictures.histograms.T,
            "image only": prototypes(training.looks, nearest, training) @ pictures.looks.T,
        }
    if colour:
        parts["colour histogram"] = np.stack([swatch(request.colour) for request in requests]) @ pictures.histograms.T
    ours = words_chances(seen, titles, embedder, pictures.domain) * by_rules(requests, pictures)
    rows = lines(task, {"random": random_scores(task.right), **parts, **fused(parts, known), OURS: ours})
    return rows if colour or pictures.name != "photos" else rows + kind_by_kind(task, ours)


def kind_by_kind(task: Task, ours: Floats) -> Lines:
    """Ours for the requests of each kind, which are the groups of `task`, by themselves."""
    rows: Lines = []
    for kind in dict.fromkeys(task.groups.tolist() if task.groups is not None else ()):
        of = task.groups == kind
        rows += lines(Task(f"{task.name}: {kind}", task.items, task.right[of]), {OURS: ours[of]})
    return rows


def by_rules(requests: Sequence[Request], pictures: Pictures) -> Floats:
    """What a search reads from words by rules (Q, N): wishes, and the colour as a filter that puts main ones first."""
    by_wishes = functools.cache(lambda wishes: rerank.wish_chances(pictures.items, wishes))

    @functools.cache
    def by_colour(colour: str) -> Floats:
        if not colour:
            return np.ones(len(pictures.items), np.float32)
        group = colour_groups(pictures.domain)[colour]
        passed = np.array([Filters(colours=(group,)).match(item) for item in pictures.items])
        return passed * rerank.colour_chances(pictures.items, [group])

    lexicon = plain_lexicon(pictures.domain)
    wishes = [understand(Query(text=request.words), lexicon).wishes for request in requests]
    return np.stack([by_wishes(w) * by_colour(r.colour) for w, r in zip(wishes, requests, strict=True)])


def image_to_image(pictures: Pictures, embedder: TwoTowerEmbedder, colour: bool) -> Lines:
    """Image → image by kind, or by kind and main colour; pictures that are the only ones of theirs do not ask."""
    same = pictures.kinds[:, None] == pictures.kinds[None]
    if colour:
        same = same & (pictures.colours[:, None] == pictures.colours[None])
    asks = np.flatnonzero(same.sum(1) > 1)
    itself = np.eye(len(same), dtype=bool)[asks]
    name = "image → image, kind and colour" if colour else "image → image, kind"
    task = Task(name, pictures.name, same[asks], itself)
    parts = {
        "colour histogram": pictures.histograms[asks] @ pictures.histograms.T,
        "image only": pictures.looks[asks] @ pictures.looks.T,
    }
    ours = embedder.calibrations["like"].chance(pictures.ours[asks] @ pictures.ours.T)
    if colour:
        ours = ours * rerank.weigh(np.clip(parts["colour histogram"], 0, 1), composing.COLOUR_CERTAINTY)
    return lines(task, {"random": random_scores(task.right), **parts, **fused(parts, {}), OURS: ours})


def training_pictures(options: argparse.Namespace) -> dict[str, Pictures]:
    """By name of the held-out set, the pictures that train of the same source."""
    tower: Callable[[], ImageTower] = functools.cache(lambda: ImageTower(options.lite2))
    samples: dict[str, list[Sample]] = {
        "photos": at_most(clothing_dataset(options.garments, held_out=False), MOST_GARMENTS),
        "worn crops": at_most(co_parsing(options.ccp), MOST_CROPS),
        FURNITURE.name: retriever_furniture.training(options.furniture, options.models),
    }
    return {
        name: pictures_of(name, some, cached(some, options.cache, tower), options.heads)
        for name, some in samples.items()
    }


def main() -> None:
    """Command line."""
    options = read_options(__doc__, "docs/benchmarks/retrieval.csv")
    torch.set_num_threads(1)
    embedder = TwoTowerEmbedder(WeightPaths(options.minilm, options.lite2, options.heads))
    training = training_pictures(options)
    rows: Lines = []
    for pictures in held_out(options):
        seen = pictures.take(np.flatnonzero(pictures.cut))
        rows += text_to_image(pictures, training.get(pictures.name), embedder, colour=False)
        rows += text_to_image(seen, training.get(pictures.name), embedder, colour=True)
        rows += image_to_image(pictures, embedder, colour=False)
        rows += image_to_image(seen, embedder, colour=True)
    write(rows, FIGURES, options.out)


if __name__ == "__main__":
    main()
