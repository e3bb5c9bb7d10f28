"""Retrieval on garments that never trained: the held-out fifth of clothing-dataset, by label, and a catalog.

    python -m benchmarks.retrieval --garments DIR --minilm DIR --lite2 FILE --heads weights/retriever \
        --cache DIR [--catalog DIR] --out docs/benchmarks/retrieval.csv

Text → image: five written requests per label, none of them a training phrase; an item is right if it has the label.
Image → image: each held-out picture asks for others of its label. Recall@10 is the share of the best possible ten:
right ones among the first ten over min(10, right ones there are), and so with one and five. nDCG@10 has gain 1 for a
right item; MRR is one over the place of the first right item. Intervals are 95 % bootstrap over the queries. The colour
histogram knows no words: a label's request becomes the mean histogram of that label's training pictures. With a
catalog, requests by kind and colour are also put to it; its items never trained. Pictures with "but in red" are asked
by `benchmarks.retrieval_composed`.
"""

from __future__ import annotations

import argparse
import csv
import functools
import importlib.metadata
import os
import platform
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file

from recommend.embedder import HEADS_FILE, TwoTowerEmbedder, WeightPaths, head_from
from recommend.features import Floats
from recommend.towers import ImageTower
from training.retriever_features import Features, Sample, at_most, cached, catalog_items, clothing_dataset
from training.train_retriever import MOST_GARMENTS

K: Final = 10
FIGURES: Final = ("recall@1", "recall@5", "recall@10", "ndcg@10", "mrr")
_PACKAGES: Final = ("torch", "timm", "transformers", "numpy", "lancedb")

#: What people could type for each label; none of these is a phrase of the training.
REQUESTS: Final[dict[str, tuple[str, ...]]] = {
    "T-Shirt": (
        "basic tee for every day",
        "t shirt",
        "short sleeve tee",
        "crew neck t-shirt",
        "cotton t-shirt to wear at home",
    ),
    "Longsleeve": (
        "long sleeve",
        "long sleeved shirt without buttons",
        "pullover top, long sleeves",
        "longsleeve tee",
        "thin jumper",
    ),
    "Pants": ("trousers for the office", "stonewashed jeans", "pants for men", "joggers", "full length trousers"),
    "Shoes": ("pair of sneakers", "something for my feet", "leather shoes", "boots or trainers", "summer sandals"),
    "Shirt": (
        "button shirt",
        "formal shirt with a collar",
        "checked shirt with buttons",
        "business shirt",
        "shirt with cuffs",
    ),
    "Dress": ("summer dress", "evening gown", "a dress for a wedding", "knee-length dress", "dresses"),
    "Outwear": (
        "winter jacket",
        "coat for cold weather",
        "rain jacket with a zip",
        "parka",
        "warm outerwear for winter",
    ),
    "Shorts": ("denim shorts", "short trousers for summer", "swim shorts", "sports shorts", "shorts above the knee"),
    "Hat": ("trucker cap", "knitted hat", "something for my head", "sun hat", "caps and hats"),
    "Skirt": ("short skirt", "long skirt", "denim skirt", "skirts", "a skirt for the office"),
    "Polo": (
        "polo t-shirt",
        "tennis shirt with a collar",
        "polos",
        "golf polo",
        "short sleeve shirt with a polo collar",
    ),
    "Undershirt": ("tank", "sleeveless shirt", "sleeveless undershirt", "racerback tank top", "strappy top"),
    "Blazer": ("smart blazer", "jacket of a suit", "tailored blazer with lapels", "blazers", "formal jacket"),
    "Hoodie": ("sweater with a hood", "zip hoodie", "hoodies", "hooded jumper", "sweatshirt with hood and pocket"),
    "Body": ("bodysuit for a newborn", "bodysuit with snaps", "onesie for a baby", "bodysuits", "infant romper"),
    "Top": ("crop top", "top for women", "pretty summer tops", "sleeveless women's top", "party top"),
    "Blouse": ("elegant blouse", "ladies' blouse", "blouses", "chiffon blouse", "blouse for work"),
}


@dataclass(frozen=True)
class Row:
    """One line of the table.

    Attributes:
        figures: by name of `FIGURES`, the mean over queries and both ends of its interval.
    """

    task: str
    method: str
    queries: int
    items: int
    figures: Mapping[str, tuple[float, float, float]]


def measure(order: NDArray[np.intp], right: NDArray[np.bool_], k: int = K) -> tuple[float, ...]:
    """The `FIGURES` of one query.

    Args:
        order: (N,) items, best first.
        right: (N,), by item; at least one is right.
    """
    gains, there = right[order], int(right.sum())
    recalls = [float(gains[:first].sum() / min(first, there)) for first in (1, 5, k)]
    discounts = 1 / np.log2(np.arange(2, k + 2))
    ndcg = (gains[:k] * discounts[: len(gains)]).sum() / discounts[: min(k, there)].sum()
    return *recalls, float(ndcg), float(1 / (1 + np.argmax(gains)))


def evaluate(
    task: str, method: str, scores: Floats, right: NDArray[np.bool_], leave_out: NDArray[np.bool_] | None = None
) -> Row:
    """A row from scores (Q, N), right answers (Q, N), and pairs (Q, N) that do not count (a picture and itself)."""
    figures = []
    for query in range(len(scores)):
        counted = np.ones(scores.shape[1], bool) if leave_out is None else ~leave_out[query]
        answers = right[query, counted]
        if answers.any():
            order = np.argsort(-scores[query, counted], kind="stable")
            figures.append(measure(order, answers))
    return Row(
        task, method, len(figures), scores.shape[1], dict(zip(FIGURES, intervals(np.array(figures)), strict=True))
    )


def intervals(table: NDArray[np.float64]) -> list[tuple[float, float, float]]:
    """Of each column of figures (Q, F): the mean over queries and both ends of its 95 % bootstrap interval."""
    rng = np.random.default_rng(0)
    means = table[rng.integers(0, len(table), (1000, len(table)))].mean(1)
    low, high = np.quantile(means, 0.025, axis=0), np.quantile(means, 0.975, axis=0)
    return [tuple(map(float, ends)) for ends in zip(table.mean(0), low, high, strict=True)]


def unit(rows: Floats) -> Floats:
    """Rows of unit norm."""
    return np.asarray(rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9), np.float32)


def picture_vectors(features: Features, heads: Path) -> Floats:
    """Pictures in the common space, from cached features."""
    head = head_from(load_file(heads / HEADS_FILE), "image")
    with torch.inference_mode():
        return np.asarray(head(torch.from_numpy(np.concatenate([features.tower, features.colours], 1))).numpy())


def mean_histograms(samples: list[Sample], features: Features) -> dict[str, Floats]:
    """The mean colour histogram of each label, unit norm."""
    labels = np.array([sample.label for sample in samples])
    return {label: unit(features.colours[labels == label].mean(0, keepdims=True))[0] for label in REQUESTS}


def held_out_rows(
    samples: list[Sample], features: Features, means: dict[str, Floats], embedder: TwoTowerEmbedder, heads: Path
) -> list[Row]:
    """All rows on the held-out garments; `means` are the training garments' histograms by label."""
    labels = np.array([sample.label for sample in samples])
    requests = [(label, text) for label, texts in REQUESTS.items() for text in texts]
    asked = np.array([label for label, _ in requests])
    right = asked[:, None] == labels[None]
    ours, texts = picture_vectors(features, heads), embedder.texts([text for _, text in requests])
    named = np.stack([means[label] for label in asked])
    task = "text → image"
    rows = [
        random_row(task, right, None),
        evaluate(task, "colour histogram", named @ features.colours.T, right),
        evaluate(task, "ours", texts @ ours.T, right),
    ]
    same, itself = labels[:, None] == labels[None], np.eye(len(samples), dtype=bool)
    tower = unit((features.tower - features.tower.mean(0)) / (features.tower.std(0) + 1e-3))
    task = "image → image"
    rows.append(random_row(task, same, itself))
    for method, vectors in (
        ("colour histogram", features.colours),
        ("frozen EfficientNet-Lite2 features", tower),
        ("ours", ours),
    ):
        rows.append(evaluate(task, method, vectors @ vectors.T, same, itself))
    return rows + per_label(texts @ ours.T, asked, labels)


def per_label(scores: Floats, asked: NDArray[np.str_], labels: NDArray[np.str_]) -> list[Row]:
    """Ours, text → image, label by label."""
    rows = []
    for label in REQUESTS:
        own = asked == label
        right = np.repeat((labels == label)[None], int(own.sum()), axis=0)
        rows.append(evaluate(f"text → image, {label}", "ours", scores[own], right))
    return rows


def random_row(task: str, right: NDArray[np.bool_], leave_out: NDArray[np.bool_] | None) -> Row:
    """Random order."""
    scores = np.random.default_rng(0).random(right.shape, np.float32)
    return evaluate(task, "random", scores, right, leave_out)


def catalog_rows(samples: list[Sample], features: Features, embedder: TwoTowerEmbedder, heads: Path) -> list[Row]:
    """Requests "red hoodie" for every kind and main colour in the catalog; right = that kind with that colour."""
    wanted = sorted({(s.facts["kind"] or s.facts["category"], c) for s in samples for c in s.facts["colours"][:1]})
    texts = [f"{colour} {kind}" for kind, colour in wanted]
    right = np.array(
        [
            [kind in (s.facts["kind"], s.facts["category"]) and c in s.facts["colours"] for s in samples]
            for kind, c in wanted
        ]
    )
    pictures = embedder.texts(texts) @ picture_vectors(features, heads).T
    titles = embedder.words(texts) @ embedder.words([s.facts["title"] for s in samples]).T
    chances = embedder.calibrations
    both = chances["text"].chance(pictures) * chances["title"].chance(titles)
    task = "text → catalog (kind and colour)"
    return [
        random_row(task, right, None),
        evaluate(task, "MiniLM on titles", titles, right),
        evaluate(task, "ours, picture only", pictures, right),
        evaluate(task, "ours, picture × title", both, right),
    ]


def machine() -> str:
    """The processor and how many cores of it."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        name = next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        name = platform.processor() or platform.machine()
    return f"{name}, {os.cpu_count()} cores"


def write(columns: Sequence[str], lines: Iterable[Sequence[object]], path: Path) -> None:
    """A table as CSV; every line names machine and versions."""
    versions = " ".join(f"{name} {importlib.metadata.version(name)}" for name in _PACKAGES)
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    with partial.open("w", newline="", encoding="utf-8") as out:
        writer = csv.writer(out)
        writer.writerow([*columns, "machine", "versions"])
        for line in lines:
            shown = [f"{value:.3f}" if isinstance(value, float) else value for value in line]
            writer.writerow([*shown, machine(), f"python {platform.python_version()} {versions}"])
    os.replace(partial, path)


def with_ends(names: Iterable[str]) -> list[str]:
    """Column names of figures with the ends of their intervals."""
    return [column for name in names for column in (name, f"{name} low", f"{name} high")]


def read_options(description: str | None, out: str) -> argparse.Namespace:
    """The command line of a benchmark of the retriever: its data, its weights, and where the CSV goes."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("garments", "minilm", "lite2", "heads"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument("--catalog", type=Path)
    parser.add_argument("--cache", type=Path, default=Path(".cache/retriever"))
    parser.add_argument("--out", type=Path, default=Path(out))
    return parser.parse_args()


def main() -> None:
    """Command line."""
    options = read_options(__doc__, "docs/benchmarks/retrieval.csv")
    torch.set_num_threads(1)
    embedder = TwoTowerEmbedder(WeightPaths(options.minilm, options.lite2, options.heads))
    tower: Callable[[], ImageTower] = functools.cache(lambda: ImageTower(options.lite2))
    training = at_most(clothing_dataset(options.garments, held_out=False), MOST_GARMENTS)
    means = mean_histograms(training, cached(training, options.cache, tower))
    samples = clothing_dataset(options.garments, held_out=True)
    rows = held_out_rows(samples, cached(samples, options.cache, tower), means, embedder, options.heads)
    if options.catalog:
        items = catalog_items(options.catalog)
        rows += catalog_rows(items, cached(items, options.cache, tower), embedder, options.heads)
    lines = [[row.task, row.method, row.queries, row.items, *chain(*row.figures.values())] for row in rows]
    write(["task", "method", "queries", "items", *with_ends(FIGURES)], lines, options.out)
    for row in rows:
        figures = "  ".join(f"{name} {mean:.3f}" for name, (mean, _, _) in row.figures.items())
        print(f"{row.task:36s} {row.method:36s} {figures}  ({row.queries} queries)")


if __name__ == "__main__":
    main()
