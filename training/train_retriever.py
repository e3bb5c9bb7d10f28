"""Train the retriever's two heads on frozen features: pictures and words into one space.

    python -m training.train_retriever --garments DIR --ccp DIR --minilm DIR --lite2 FILE --cache DIR \
        --models DIR --out weights/retriever

DIRs: clothing-dataset (images/, labels.csv) and Clothing Co-Parsing (labels.json, parse/, photos/). A fifth of
clothing-dataset, chosen by a hash of the names, never trains (benchmarks/retrieval.py uses it); a tenth of the rest
checks the training and calibrates the scores. Of furniture, half of the demo catalog's designs train and models that no
catalog has (`training.retriever_furniture`); the demo catalog of garments is as new to the heads as any other.

What the heads learn is one part of the space; the others are worked out from the training pictures (`space_of`).

The loss is contrastive in three directions: text → image, image → text, image → image. A text counts as right for every
garment in the batch that it describes, and is left out where the labels cannot tell (see `retriever_texts`). Takes a
few minutes on one core once the features are cached.
"""

from __future__ import annotations

import argparse
import functools
import json
import os
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from safetensors.torch import save_file
from torch import Tensor

from recommend import furniture_vocabulary
from recommend.embedder import HEADS_FILE
from recommend.space import Head, Space
from recommend.towers import ImageTower, TextTower
from training import retriever_furniture
from training.retriever_features import (
    Features,
    Sample,
    at_most,
    cached,
    clothing_dataset,
    co_parsing,
    fold_of,
)
from training.retriever_space import space_of
from training.retriever_texts import CCP_LABELS, GARMENT_LABELS, Labelled, Text, describe, texts_for

DIM: Final = 256
HIDDEN: Final = 512
#: Pictures of one label that train, by source: what frozen features of them cost is most of the training.
MOST_GARMENTS: Final = 240
MOST_CROPS: Final = 25
TEXTS_PER_GARMENT: Final = 4
BATCH: Final = 384
TEMPERATURE: Final = 0.07
#: Weight of image → image beside the two directions between pictures and words.
LIKENESS_WEIGHT: Final = 1.0
#: How far rare labels are drawn more often than their pictures are many: 0 not at all, 1 as often as frequent ones.
BALANCE: Final = 0.5
DROPOUT: Final = 0.25


#: What makes vectors of pictures and of texts: the heads, or the space above them.
Encoders = tuple[Callable[[Tensor], Tensor], Callable[[Tensor], Tensor]]
#: Cosines (P,) of pairs, and whether they belong together (P,).
Compared = tuple[Tensor, Tensor]


@dataclass(eq=False)
class Pool:
    """Garments to train on or to check with.

    Attributes:
        images: (N, F), tower features and colour histogram.
        labelled: what is known of each.
        owners: (T,), the garment that each text was made for.
        texts: (T, 384) of the text tower.
        asserts: (T, A) bool; facts, maybe: (N, A) bool, over all attributes.
        labels, sources: (N,), numbers of the label and of the source.
        names: ways to call each label, by its number.
    """

    images: Tensor
    labelled: list[Labelled]
    owners: NDArray[np.intp]
    texts: Tensor
    asserts: Tensor
    facts: Tensor
    maybe: Tensor
    labels: Tensor
    sources: Tensor
    names: list[tuple[str, ...]]

    def __len__(self) -> int:
        return len(self.labelled)


def is_check(key: str) -> bool:
    """Whether a garment that is not held out checks the training instead of training."""
    return fold_of(f"check {key}", 10) == 0


def encode_texts(texts: list[str], cache: Path, tower: TextTower) -> dict[str, NDArray[np.float32]]:
    """Each text's vector, kept on disk between runs."""
    path = cache / "texts.npz"
    known: dict[str, NDArray[np.float32]] = {}
    if path.exists():
        with np.load(path) as stored:
            known = dict(zip(stored["texts"].tolist(), stored["vectors"], strict=True))
    fresh = sorted(set(texts) - known.keys())
    known |= dict(zip(fresh, tower.encode_many(fresh), strict=True))
    partial = path.with_suffix(".partial.npz")
    np.savez(partial, texts=np.array(list(known)), vectors=np.stack(list(known.values())))
    os.replace(partial, path)
    return known


def make_pool(
    samples: list[Sample],
    features: Features,
    labelled: list[Labelled],
    attributes: dict[str, int],
    texts: list[list[Text]],
    vectors: dict[str, NDArray[np.float32]],
) -> Pool:
    """Tensors of some garments and their texts; `attributes` numbers all attributes."""
    flat = [(place, text) for place, own in enumerate(texts) for text in own]
    labels = sorted({(s.source, s.label) for s in samples})
    tables = {
        "garments": {label: names for label, (_, _, names) in GARMENT_LABELS.items()},
        "ccp": {label: names for label, (_, _, names) in CCP_LABELS.items()},
        "furniture": {label: (label, *others) for label, others in furniture_vocabulary.CATEGORIES.items()},
    }
    images = np.concatenate([features.tower, features.colours], 1)
    return Pool(
        torch.from_numpy(images),
        labelled,
        np.array([place for place, _ in flat]),
        torch.from_numpy(np.stack([vectors[text.words] for _, text in flat])),
        hot([text.asserts for _, text in flat], attributes),
        hot([one.facts for one in labelled], attributes),
        hot([one.facts | one.maybe for one in labelled], attributes),
        torch.tensor([labels.index((s.source, s.label)) for s in samples]),
        torch.tensor([list(tables).index(s.source) for s in samples]),
        [tables[source][label] for source, label in labels],
    )


def of_source(pool: Pool, source: int) -> Pool:
    """Only what comes from one source."""
    return only(pool, (pool.sources == source).numpy())


def only(pool: Pool, kept: NDArray[np.bool_]) -> Pool:
    """Only some of a pool (N,), their labels numbered anew."""
    places, texts = np.flatnonzero(kept), np.flatnonzero(kept[pool.owners])
    labels, numbers = pool.labels[places].unique(return_inverse=True)
    return Pool(
        pool.images[places],
        [pool.labelled[place] for place in places],
        np.searchsorted(places, pool.owners[texts]),
        pool.texts[texts],
        pool.asserts[texts],
        pool.facts[places],
        pool.maybe[places],
        numbers,
        pool.sources[places],
        [pool.names[label] for label in labels],
    )


def hot(sets: list[frozenset[str]], attributes: dict[str, int]) -> Tensor:
    """Sets of attributes as float rows of 0 and 1."""
    rows = torch.zeros(len(sets), len(attributes))
    for place, members in enumerate(sets):
        rows[place, [attributes[member] for member in members]] = 1
    return rows


def described(asserts: Tensor, has: Tensor) -> Tensor:
    """(T, N) bool: whether a garment has all that a text asserts."""
    return asserts @ (1 - has).T == 0


def contrastive(logits: Tensor, right: Tensor, unknown: Tensor) -> Tensor:
    """Mean over rows of the mean over right answers of -log p, each against the wrong answers only.

    Args:
        logits, right, unknown: (R, C); right answers are never each other's rivals, unknown ones are nobody's.
    """
    wrong = logits.masked_fill(right | unknown, float("-inf"))
    rivals = wrong.logsumexp(1, keepdim=True)
    loss = torch.logaddexp(logits, rivals) - logits
    counts = right.sum(1)
    used = counts > 0
    return ((loss * right).sum(1)[used] / counts[used]).mean()


def batch_loss(pool: Pool, heads: tuple[Head, Head], rows: Tensor, texts: Tensor) -> Tensor:
    """The loss of one batch: garments `rows`, and for each one of its texts."""
    image_head, text_head = heads
    images, words = image_head(pool.images[rows]), text_head(pool.texts[texts])
    right = described(pool.asserts[texts], pool.facts[rows])
    unknown = described(pool.asserts[texts], pool.maybe[rows]) & ~right
    logits = words @ images.T / TEMPERATURE
    across = contrastive(logits, right, unknown) + contrastive(logits.T, right.T, unknown.T)
    same = pool.labels[rows][:, None] == pool.labels[rows][None]
    # Labels of two sources may name one kind of garment, so pictures are only set against those of their own source.
    apart = (pool.sources[rows][:, None] != pool.sources[rows][None]) | torch.eye(len(rows), dtype=torch.bool)
    kinds = contrastive(images @ images.T / TEMPERATURE, same & ~apart, apart)
    return across + LIKENESS_WEIGHT * kinds


def batches(pool: Pool, rng: np.random.Generator) -> Iterator[tuple[Tensor, Tensor]]:
    """About as many garments as there are, in batches of different ones: rows, and one text of each."""
    by_owner = [np.flatnonzero(pool.owners == place) for place in range(len(pool))]
    labels = pool.labels.numpy()
    weights = np.bincount(labels)[labels] ** -BALANCE
    for _ in range(len(pool) // BATCH):
        rows = rng.choice(len(pool), BATCH, replace=False, p=weights / weights.sum())
        texts = np.array([rng.choice(by_owner[row]) for row in rows])
        yield torch.from_numpy(rows), torch.from_numpy(texts)


def new_heads(pool: Pool) -> tuple[Head, Head]:
    """Untrained heads that standardise by the pool's own features."""
    image_head = Head(pool.images.shape[-1], HIDDEN, DIM, DROPOUT)
    text_head = Head(pool.texts.shape[-1], HIDDEN, DIM, DROPOUT)
    for head, features in ((image_head, pool.images), (text_head, pool.texts)):
        head.mean.copy_(features.mean(0))
        head.scale.copy_(1 / (features.std(0) + 1e-3))
    return image_head, text_head


def train(pool: Pool, check: Pool, passes: int, seed: int) -> tuple[Head, Head]:
    """Train both heads; prints the loss and the figures on the check garments."""
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    heads = new_heads(pool)
    parameters = [p for head in heads for p in head.parameters()]
    optimizer = torch.optim.AdamW(parameters, lr=1e-3, weight_decay=0.05)
    steps = passes * (len(pool) // BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 1.5e-3, total_steps=steps, pct_start=0.1)
    for number in range(passes):
        start, losses = time.perf_counter(), []
        for head in heads:
            head.train()
        for rows, texts in batches(pool, rng):
            loss = batch_loss(pool, heads, rows, texts)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            losses.append(loss.item())
        for head in heads:
            head.eval()
        if number % 5 == 4 or number == passes - 1:
            spent = time.perf_counter() - start
            print(f"pass {number + 1}: loss {np.mean(losses):.3f}, {spent:.1f} s, {figures(check, heads)}", flush=True)
    return heads


@torch.no_grad()
def embed(pool: Pool, encoders: Encoders) -> tuple[Tensor, Tensor]:
    """Pictures and texts of a pool as vectors."""
    return encoders[0](pool.images), encoders[1](pool.texts)


@torch.no_grad()
def figures(pool: Pool, encoders: Encoders) -> str:
    """Share of right answers among the ten nearest, for pictures (by label) and for texts (by what they assert)."""
    images, texts = embed(pool, encoders)
    alike = (images @ images.T).fill_diagonal_(-2).topk(10).indices
    same = (pool.labels[alike] == pool.labels[:, None]).float().mean()
    right = described(pool.asserts, pool.facts).float()
    found = right.gather(1, (texts @ images.T).topk(10).indices).sum(1) / right.sum(1).clamp(1, 10)
    return f"picture → picture P@10 {same:.3f}, text → picture R@10 {found[right.sum(1) > 0].mean():.3f}"


def calibrate(groups: Sequence[Compared]) -> dict[str, float]:
    """Slope and offset of the logistic that gives the chance of being right.

    Every group weighs the same, and in each the right pairs as much as the wrong ones.
    """
    cosines, right = (torch.cat([group[part] for group in groups]) for part in (0, 1))
    weight = torch.cat(
        [torch.where(own, 0.5 / own.float().mean(), 0.5 / (~own).float().mean()) / len(own) for _, own in groups]
    )
    slope, offset = torch.tensor(5.0, requires_grad=True), torch.tensor(0.0, requires_grad=True)
    optimizer = torch.optim.LBFGS([slope, offset], max_iter=100, line_search_fn="strong_wolfe")

    def closure() -> Tensor:
        optimizer.zero_grad()
        loss = F.binary_cross_entropy_with_logits(slope * cosines + offset, right.float(), weight, reduction="sum")
        loss.backward()
        return loss

    optimizer.step(closure)
    return {"slope": round(slope.item(), 4), "offset": round(offset.item(), 4)}


@torch.no_grad()
def pairs(pool: Pool, encoders: Encoders) -> dict[str, Compared]:
    """What is compared, for each kind of comparison that the retriever makes."""
    images, texts = embed(pool, encoders)
    right = described(pool.asserts, pool.facts)
    known = right | ~described(pool.asserts, pool.maybe)
    across = texts @ images.T
    pick = torch.triu(torch.ones(len(images), len(images), dtype=torch.bool), 1)
    same = pool.labels[:, None] == pool.labels[None]
    # Words with words: a query against the fullest text of each garment, as a catalog's title is.
    fullest = torch.tensor(
        [max(np.flatnonzero(pool.owners == n), key=lambda t: float(pool.asserts[t].sum())) for n in range(len(pool))]
    )
    titles, apart = (
        pool.texts @ pool.texts[fullest].T,
        torch.from_numpy(pool.owners)[:, None] != torch.arange(len(pool)),
    )
    return {
        "text": (across[known], right[known]),
        "title": (titles[known & apart], right[known & apart]),
        "like": ((images @ images.T)[pick], same[pick]),
    }


def save(space: Space, calibrations: dict[str, dict[str, float]], about: dict[str, str], out: Path) -> None:
    """Write the space in half precision, and how it came about, in one move."""
    about = {"calibrations": json.dumps(calibrations), "mixture": json.dumps(asdict(space.mixture)), **about}
    out.mkdir(parents=True, exist_ok=True)
    partial = out / f"{HEADS_FILE}.partial"
    save_file(space.tensors(), partial, about)
    os.replace(partial, out / HEADS_FILE)


def gather(options: argparse.Namespace) -> tuple[list[Sample], list[Sample], Features, Features]:
    """Samples that train and samples that check, with their features."""
    tower = functools.cache(lambda: ImageTower(options.lite2))
    garments = at_most(clothing_dataset(options.garments, held_out=False), MOST_GARMENTS)
    crops = at_most(co_parsing(options.ccp), MOST_CROPS)
    furniture = retriever_furniture.training(options.furniture, options.models)
    checks = {sample.key for sample in garments if is_check(sample.key)}
    checks |= {sample.key for sample in furniture if is_check(retriever_furniture.design_of(sample))}
    train_samples = [sample for sample in (*garments, *crops, *furniture) if sample.key not in checks]
    check_samples = [sample for sample in (*garments, *furniture) if sample.key in checks]
    return (
        train_samples,
        check_samples,
        cached(train_samples, options.cache, tower),
        cached(check_samples, options.cache, tower),
    )


def make_pools(options: argparse.Namespace) -> tuple[Pool, Pool]:
    """Garments to train on and garments to check with, each with its phrases."""
    samples, checks, features, check_features = gather(options)
    rng = np.random.default_rng(options.seed)
    parts = ((samples, features), (checks, check_features))
    labelled = [
        [
            describe(sample, names, bool(whole))
            for sample, names, whole in zip(some, known.names, known.whole, strict=True)
        ]
        for some, known in parts
    ]
    texts = [[texts_for(one, TEXTS_PER_GARMENT, rng) for one in group] for group in labelled]
    words = [text.words for group in texts for own in group for text in own]
    vectors = encode_texts(words, options.cache, TextTower(options.minilm))
    known = sorted(set().union(*(one.facts | one.maybe for group in labelled for one in group)))
    attributes = {name: place for place, name in enumerate(known)}
    print(f"{len(samples)} pictures train, {len(checks)} check, {len(set(words))} texts, {len(known)} attributes")
    first, second = (
        make_pool(some, features, group, attributes, own, vectors)
        for (some, features), group, own in zip(parts, labelled, texts, strict=True)
    )
    return first, second


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("garments", "ccp", "minilm", "lite2"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument("--furniture", type=Path, default=Path("assets/catalog/furniture"))
    parser.add_argument("--models", type=Path, help="what training.render_models wrote")
    parser.add_argument("--cache", type=Path, default=Path(".cache/retriever"))
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--passes", type=int, default=24)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    pool, check = make_pools(options)
    heads = train(pool, check, options.passes, options.seed)
    space = space_of(heads, pool.images, pool.labels, pool.sources, pool.names, TextTower(options.minilm))
    encoders = space.pictures, space.texts
    print(f"with axes and names: {figures(check, encoders)}")
    # No search compares garments with furniture.
    compared = [pairs(of_source(check, int(source)), encoders) for source in check.sources.unique()]
    calibrations = {name: calibrate([one[name] for one in compared]) for name in compared[0]}
    print(json.dumps(calibrations))
    about = {"towers": "efficientnet-lite2 all-MiniLM-L6-v2", "trained_on": f"{len(pool)} pictures"}
    save(space, calibrations, about, options.out)


if __name__ == "__main__":
    main()
