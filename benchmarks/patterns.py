"""How well patterns are read from pictures that did not train: `python -m benchmarks.patterns --help`.

Two sets: "photos", the held-out fifth of clothing-dataset as it was labelled by eye on contact sheets before anything
had read it (`garment_patterns.txt`; "unclear" ones are left out), and "rendered catalog", the demo garments that state
a pattern the reader knows; nothing of it trained. Beside the reader: the most frequent pattern, the nearest mean of the
frozen features of the training photos, and the retriever's text ("a striped garment") against the picture, each text's
cosines by their mean and spread over the set, since one text is nearer to all pictures than another.

A line for each pattern and one for all: precision, recall, F1 (of all: macro, with a 95 % bootstrap interval over
pictures), average precision of the pictures ranked by the pattern's score, and what it was read as. For the reader also
the mean chance of what it read so, which should be the precision (of all: the share that is right), how many it names
(surely enough to be used) and how often rightly.
"""

from __future__ import annotations

import argparse
import csv
import functools
import io
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray

from benchmarks.measuring import machine
from benchmarks.ranking import LIBRARIES
from benchmarks.retrieval_pictures import picture_vectors, unit
from pipelines import images
from recommend.embedder import TwoTowerEmbedder, WeightPaths
from recommend.features import Floats
from recommend.patterns import OTHER, PATTERNS, PLAIN, PatternReader, read_reader
from recommend.towers import ImageTower
from training.pattern_labels import labelled, read_labels
from training.retriever_features import Features, Sample, cached, catalog_items, clothing_dataset

LABELS: Final = Path(__file__).with_name("garment_patterns.txt")
#: What the demo catalog states → what the reader calls it; what is neither here nor in `PATTERNS` is left out (cable,
#: quilted, lace, herringbone, side stripe, colour block: textures and trims that it has no name for).
STATED: Final[Mapping[str, str]] = dict.fromkeys(("tie-dye", "leaves", "camouflage", "fair isle"), OTHER)
DRAWS: Final = 1000
READER: Final = "reader"

Places = NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class Pictures:
    """One set.

    Attributes:
        name: of the set.
        right: (N,), what each shows, as a place in `PATTERNS`.
        features: of the N.
    """

    name: str
    right: Places
    features: Features


def gather(options: argparse.Namespace) -> tuple[list[Pictures], Pictures]:
    """The two sets, and the photos that train."""
    tower = functools.cache(lambda: ImageTower(options.lite2))

    def of(name: str, samples: list[Sample]) -> Pictures:
        right = np.array([PATTERNS.index(sample.label) for sample in samples], np.intp)
        return Pictures(name, right, cached(samples, options.cache, tower))

    held_out = labelled(clothing_dataset(options.garments, held_out=True), read_labels(LABELS))
    return [of("photos", held_out), of("rendered catalog", stating(catalog_items(options.catalog)))], of(
        "training", labelled(clothing_dataset(options.garments, held_out=False), read_labels())
    )


def stating(samples: list[Sample]) -> list[Sample]:
    """The items of a catalog whose stated pattern the reader knows."""
    names = {sample.key: STATED.get(sample.facts["pattern"], sample.facts["pattern"]) for sample in samples}
    return labelled(samples, {key: name for key, name in names.items() if name in PATTERNS})


def by_majority(pictures: Pictures) -> Floats:
    """Scores (N, P) of a reader that always says the same."""
    return np.tile(np.eye(len(PATTERNS), dtype=np.float32)[PATTERNS.index(PLAIN)], (len(pictures.right), 1))


def by_prototypes(pictures: Pictures, training: Pictures) -> Floats:
    """Cosines (N, P) of the frozen features with the mean of each pattern's training photos."""
    mean, spread = training.features.tower.mean(0), training.features.tower.std(0) + 1e-3
    known, seen = (unit(np.clip((x.features.tower - mean) / spread, -6, 6)) for x in (training, pictures))
    prototypes = unit(np.stack([known[training.right == place].mean(0) for place in range(len(PATTERNS))]))
    return np.asarray(seen @ prototypes.T, np.float32)


def by_retriever(pictures: Pictures, embedder: TwoTowerEmbedder, heads: Path) -> Floats:
    """Cosines (N, P) of the pictures with sentences, each sentence's by their mean and spread."""
    said = embedder.texts([f"a {'printed' if pattern == 'print' else pattern} garment" for pattern in PATTERNS])
    cosines = picture_vectors(pictures.features, heads) @ said.T
    return np.asarray((cosines - cosines.mean(0)) / cosines.std(0), np.float32)


def confusion(right: Places, read: Places) -> NDArray[np.intp]:
    """(P, P), how many of each pattern (rows) were read as each (columns)."""
    table = np.zeros((len(PATTERNS), len(PATTERNS)), np.intp)
    np.add.at(table, (right, read), 1)
    return table


def f1_scores(table: NDArray[np.intp]) -> NDArray[np.float64]:
    """Of each pattern that a set has, from a confusion table; NaN for the others."""
    there = table.sum(1)
    return np.where(there > 0, 2 * np.diag(table) / np.maximum(there + table.sum(0), 1), np.nan)


def average_precision(right: NDArray[np.bool_], scores: Floats) -> float:
    """Of a ranking by scores (N,), equal ones in their order; at least one is right."""
    hits = right[np.argsort(-scores, kind="stable")]
    return float((np.cumsum(hits) / np.arange(1, len(hits) + 1))[hits].mean())


def macro_interval(right: Places, read: Places) -> tuple[float, float]:
    """Both ends of the 95 % bootstrap interval of macro-F1 over pictures."""
    rng = np.random.default_rng(0)
    drawn = rng.integers(0, len(right), (DRAWS, len(right)))
    found = [np.nanmean(f1_scores(confusion(right[rows], read[rows]))) for rows in drawn]
    return float(np.quantile(found, 0.025)), float(np.quantile(found, 0.975))


def lines(pictures: Pictures, method: str, scores: Floats, reader: PatternReader | None) -> list[dict[str, object]]:
    """The table's lines of one method on one set; a reader tells which it names."""
    read = np.asarray(scores.argmax(1), np.intp)
    table, right = confusion(pictures.right, read), pictures.right
    names = np.array([reader.name(row) if reader else "" for row in scores])
    each = f1_scores(table)
    rows: list[dict[str, object]] = []
    for place, pattern in enumerate(PATTERNS):
        if not table[place].any():
            continue
        named = names == pattern
        rows.append({
            "pattern": pattern, "pictures": int(table[place].sum()), "recall": table[place, place] / table[place].sum(),
            "precision": table[place, place] / max(table[:, place].sum(), 1), "f1": each[place],
            "average precision": average_precision(right == place, scores[:, place]),
            "mean chance": float(scores[read == place, place].mean()) if reader and table[:, place].any() else "",
            "named": int(named.sum()) if reader else "",
            "named rightly": int((named & (right == place)).sum()) if reader else "",
        } | {f"read as {name}": int(count) for name, count in zip(PATTERNS, table[place], strict=True)})  # fmt: skip
    low, high = macro_interval(right, read)
    whole = {
        "pattern": "all", "pictures": len(right), "recall": float((read == right).mean()),
        "f1": float(np.nanmean(each)), "f1 low": low, "f1 high": high,
        "average precision": float(np.mean([row["average precision"] for row in rows])),
        "mean chance": float(scores.max(1).mean()) if reader else "",
        "named": int((names != "").sum()) if reader else "",
        "named rightly": int((names == np.array(PATTERNS)[right]).sum()) if reader else "",
    }  # fmt: skip
    figures = f"right {whole['recall']:.3f}  macro-F1 {whole['f1']:.3f} ({low:.3f}–{high:.3f})"
    print(f"{pictures.name:17s} {method:12s} {figures}")
    return [{"set": pictures.name, "method": method} | row for row in [whole, *rows]]


def write(rows: list[dict[str, object]], path: Path) -> None:
    """The lines as CSV; every line names machine and versions."""
    columns = [
        "set", "method", "pattern", "pictures", "recall", "precision", "f1", "f1 low", "f1 high", "average precision",
        "mean chance", "named", "named rightly", *(f"read as {pattern}" for pattern in PATTERNS), "machine",
    ]  # fmt: skip
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, lineterminator="\n")
    writer.writeheader()
    where = machine(LIBRARIES)
    for row in rows:
        shown = {name: f"{value:.4f}" if isinstance(value, float) else value for name, value in row.items()}
        writer.writerow(shown | {"machine": where})
    path.parent.mkdir(parents=True, exist_ok=True)
    images.save_bytes(path, text.getvalue().encode())


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("garments", "minilm", "lite2", "heads", "patterns"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument("--catalog", type=Path, default=Path("assets/catalog/garments"))
    parser.add_argument("--cache", type=Path, default=Path(".cache/retriever"))
    parser.add_argument("--out", type=Path, default=Path("docs/benchmarks/patterns.csv"))
    options = parser.parse_args()
    torch.set_num_threads(1)
    reader = read_reader(options.patterns)
    embedder = TwoTowerEmbedder(WeightPaths(options.minilm, options.lite2, options.heads))
    sets, training = gather(options)
    rows = []
    for pictures in sets:
        scores = {
            "majority": by_majority(pictures),
            "prototypes": by_prototypes(pictures, training),
            "retriever": by_retriever(pictures, embedder, options.heads),
            READER: reader.chances(pictures.features.tower),
        }
        for method, found in scores.items():
            rows += lines(pictures, method, found, reader if method == READER else None)
    write(rows, options.out)


if __name__ == "__main__":
    main()
