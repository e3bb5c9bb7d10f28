"""How the parts of the retriever's space count, compared on garments that may train: `retriever_space.MIXTURE`.

    python -m benchmarks.retrieval_choice --garments DIR --ccp DIR --minilm DIR --lite2 FILE --heads weights/retriever \
        --models DIR --cache DIR

Nothing held out and no catalog is looked at. Picture → picture is asked twice: on the check garments, which are like
those that train, and on the crops of Clothing Co-Parsing by heads that were trained here on clothing-dataset alone, to
which they are pictures of another sort. Words → picture is asked on the check garments: by the phrases of
`retrieval_check.toml`, and by phrases made of the garments' own labels and colours as those of the training are, where,
as in a search, a colour that is named filters. Furniture is asked for both ways in four folds of its training designs,
each by heads that were trained here without it; what was put together at random always trains. Prints the figures, in
minutes on a core once features are cached.
"""

from __future__ import annotations

import argparse
import hashlib
import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np
import torch
from torch import Tensor

from benchmarks.ranking import FIGURES, Task, figures, read_options
from recommend.domains import FURNITURE
from recommend.embedder import HEADS_FILE
from recommend.space import Mixture, Space, read_space
from recommend.towers import TextTower
from training import retriever_furniture
from training.retriever_features import Sample, at_most, clothing_dataset
from training.retriever_space import shown, space_of
from training.train_retriever import MOST_GARMENTS, Pool, described, is_check, make_pools, of_source, only, train

PHRASES: Final = Path(__file__).with_name("retrieval_check.toml")
#: Shares of the trained head and of the chances of labels; the rest is the frozen features'.
SHARES: Final = ((0.0, 0.0), (1.0, 0.0), (0.0, 1.0), (0.6, 0.0), (0.5, 0.2), (0.4, 0.3), (0.3, 0.4), (0.2, 0.5))
FOLDS: Final = 4
#: Sentences that ask for furniture; none trains, none is in the benchmark.
FORMS: Final = ("a place with a {}", "where is the {}")
PULLS: Final = ((0.0, 10.0), (1.0, 10.0), (2.0, 10.0), (4.0, 10.0), (1.0, 20.0), (2.0, 20.0))


def check_phrases() -> list[tuple[str, str]]:
    """(label, what is typed) of each phrase of `PHRASES`."""
    labels = tomllib.loads(PHRASES.read_text(encoding="utf-8"))
    return [(label, words) for label, written in labels.items() for words in written]


def show(name: str, right: Tensor, scores: Tensor, itself: bool = False) -> None:
    """Print the figures of a ranking (Q, N); questions without an answer do not count."""
    left_out = torch.eye(*right.shape, dtype=torch.bool) & itself
    asks = (right & ~left_out).any(1)
    found = figures(Task(name, "", right[asks].numpy(), left_out[asks].numpy()), scores[asks].numpy())
    print(f"{name:60s} " + "  ".join(f"{figure} {found[figure].mean():.3f}" for figure in FIGURES), flush=True)


def mixed(space: Space, pool: Pool, mixture: Mixture) -> Space:
    """The space with its parts counting as `mixture` says; `pool` is what trained it."""
    changed = replace(space, mixture=mixture)
    return replace(changed, shown=shown(changed, pool.images, pool.labels, pool.names))


def likeness(name: str, space: Space, images: Tensor, labels: Tensor) -> None:
    """Picture → picture by label, for each of `SHARES`."""
    for learned, told in SHARES:
        pictures = replace(space, mixture=replace(space.mixture, learned=learned, told=told)).pictures(images)
        same = labels[:, None] == labels[None]
        show(f"{name}, learned {learned}, told {told}", same, pictures @ pictures.T, itself=True)


def by_colour(pool: Pool, check: Pool) -> Tensor:
    """Whether a check garment may have all colours that a check text names (T, N)."""
    known = sorted(set().union(*(one.facts | one.maybe for one in (*pool.labelled, *check.labelled))))
    colours = [place for place, name in enumerate(known) if name.startswith("colour ")]
    return described(check.asserts[:, colours], check.maybe[:, colours])


def wording(space: Space, pool: Pool, check: Pool, labels: list[str], tower: TextTower) -> None:
    """Words → picture of the check garments, which have these labels, for each pull."""
    phrases = check_phrases()
    asked = torch.from_numpy(tower.encode_many([words for _, words in phrases]))
    right = torch.tensor([[label == own for own in labels] for label, _ in phrases])
    own, passed = described(check.asserts, check.facts), by_colour(pool, check)
    for pull, sharpness in PULLS:
        changed = mixed(space, pool, replace(space.mixture, pull=pull, sharpness=sharpness))
        pictures, name = changed.pictures(check.images), f"pull {pull}, sharpness {sharpness}"
        show(f"check phrases → check garments, {name}", right, changed.texts(asked) @ pictures.T)
        show(
            f"made phrases → check garments, {name}",
            own,
            (changed.texts(check.texts) @ pictures.T).where(passed, -2),
        )


def furniture(pool: Pool, check: Pool, samples: list[Sample], tower: TextTower) -> None:
    """Furniture both ways, each fold of its designs by heads that did not see it.

    Args:
        pool: what trains, furniture last. check: reported on while training. samples: the furniture of `pool`.
    """
    designs = [retriever_furniture.design_of(sample) for sample in samples]
    folds = np.array([int(hashlib.sha1(f"fold {design}".encode()).hexdigest(), 16) % FOLDS for design in designs])
    folds[[design.startswith("invented") for design in designs]] = -1
    # A thing is asked for once, by one of its pictures.
    asked = np.array(["@" not in sample.key or sample.key.endswith("@32,22") for sample in samples])
    before = len(pool) - len(samples)
    for fold in range(FOLDS):
        apart = np.concatenate([np.zeros(before, bool), folds == fold])
        rest, places = only(pool, ~apart), np.flatnonzero((folds == fold) & asked)
        space = space_of(
            train(rest, check, passes=24, seed=fold), rest.images, rest.labels, rest.sources, rest.names, tower
        )
        kinds = [samples[place].label for place in places]
        requests = [
            (kind, form.format(name))
            for kind in sorted(set(kinds))
            for name in (kind, *FURNITURE.categories[kind][:2])
            for form in FORMS
        ]
        words = torch.from_numpy(tower.encode_many([words for _, words in requests]))
        right = torch.tensor([[kind == own for own in kinds] for kind, _ in requests])
        with torch.no_grad():
            images = pool.images[before + places]
            likeness(
                f"furniture, fold {fold}", space, images, torch.tensor([sorted(set(kinds)).index(k) for k in kinds])
            )
            for pull, sharpness in PULLS:
                changed = mixed(space, rest, replace(space.mixture, pull=pull, sharpness=sharpness))
                name = f"words → furniture, fold {fold}, pull {pull}, sharpness {sharpness}"
                show(name, right, changed.texts(words) @ changed.pictures(images).T)


def main() -> None:
    """Command line."""
    options = read_options(__doc__, "")
    torch.set_num_threads(1)
    pool, check = make_pools(argparse.Namespace(**vars(options), seed=0))
    tower = TextTower(options.minilm)
    with torch.no_grad():
        space, _ = read_space(options.heads / HEADS_FILE)
        own = of_source(check, 0)
        likeness("check garments", space, own.images, own.labels)
        garments = at_most(clothing_dataset(options.garments, held_out=False), MOST_GARMENTS)
        wording(space, pool, own, [sample.label for sample in garments if is_check(sample.key)], tower)
    samples = retriever_furniture.training(options.furniture, options.models)
    furniture(pool, check, [one for one in samples if not is_check(retriever_furniture.design_of(one))], tower)
    flat, crops = of_source(pool, 0), of_source(pool, 1)
    heads = train(flat, check, passes=24, seed=0)
    space = space_of(heads, flat.images, flat.labels, flat.sources, flat.names, tower)
    with torch.no_grad():
        likeness("crops, by heads that saw none", space, crops.images, crops.labels)


if __name__ == "__main__":
    main()
