"""Score the parser on the held-out labelled photos of Clothing Co-Parsing.

    python -m benchmarks.parsing --ccp DIR [--out docs/benchmarks/parsing.csv] [--weights DIR]

Intersection over union per label, over the pixels of all photos together, at the photos' own size; pose and parsing are
found by Tryroom itself. "worn top" counts upper, outer and dress as one. Skin in the set is one label; the truth of
face, neck, arms, hands and legs is that label split by the same pose (see training/ccp.py), so errors of the pose do
not show in these five.
"""

from __future__ import annotations

import csv
import platform
import time
from pathlib import Path
from typing import Annotated

import numpy as np
import torch
import typer
from numpy.typing import NDArray

from pipelines.perception.parsing import Parser
from pipelines.perception.pose import PoseEstimator
from pipelines.schema import PARSING_LABELS
from pipelines.weights import resolve
from training.ccp import IGNORE, Labelled, find_poses, load_labelled

WORN_TOP = ("upper", "outer", "dress")
LABELS = len(PARSING_LABELS)


def confusion(truth: NDArray[np.uint8], found: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Counts (labels, labels) of pixels by true label and found label; unknown pixels are left out."""
    known = truth != IGNORE
    pairs = truth[known].astype(np.int64) * LABELS + found[known]
    return np.bincount(pairs, minlength=LABELS * LABELS).reshape(LABELS, LABELS)


def iou_of(counts: NDArray[np.int64], labels: list[int]) -> float:
    """Intersection over union of a group of labels counted as one."""
    shared = counts[np.ix_(labels, labels)].sum()
    return float(shared / (counts[labels].sum() + counts[:, labels].sum() - shared))


def score(photos: list[Labelled], parser: Parser) -> tuple[list[dict[str, object]], float]:
    """Rows of the table, and seconds per photo."""
    counts = np.zeros((LABELS, LABELS), np.int64)
    present = np.zeros(LABELS, int)
    started = time.perf_counter()
    for photo in photos:
        counts += confusion(photo.parsing, parser(photo.image, photo.pose))
        present[np.setdiff1d(np.unique(photo.parsing), [IGNORE])] += 1
    seconds = (time.perf_counter() - started) / len(photos)
    share = counts.sum(1) / counts.sum()
    rows: list[dict[str, object]] = [
        {"label": name, "iou": iou_of(counts, [i]), "recall": counts[i, i] / counts[i].sum(), "pixels": share[i],
         "photos": int(present[i])}
        for i, name in enumerate(PARSING_LABELS)
    ]  # fmt: skip
    worn = [PARSING_LABELS.index(name) for name in WORN_TOP]
    rows.append({
        "label": "worn top", "iou": iou_of(counts, worn), "pixels": share[worn].sum(), "photos": len(photos),
        "recall": counts[np.ix_(worn, worn)].sum() / counts[worn].sum(),
    })  # fmt: skip
    mean = float(np.mean([iou_of(counts, [i]) for i in range(LABELS)]))
    rows.append({"label": "mean of 15", "iou": mean, "recall": "", "pixels": "", "photos": len(photos)})
    return rows, seconds


def write(rows: list[dict[str, object]], seconds: float, out: Path) -> None:
    """The table as CSV; the last row names machine and versions."""
    out.parent.mkdir(parents=True, exist_ok=True)
    with out.open("w", newline="") as file:
        writer = csv.writer(file)
        columns = ("label", "iou", "recall", "pixels", "photos")
        writer.writerow(columns)
        for row in rows:
            values = [row[column] for column in columns]
            writer.writerow([f"{v:.4f}" if isinstance(v, float) else v for v in values])
        machine = f"{platform.machine()}, {torch.get_num_threads()} threads, torch {torch.__version__}"
        writer.writerow([f"# {seconds:.3f} s per photo beside the pose, on {machine}"])


def main(
    ccp: Annotated[Path, typer.Option(help="Clothing Co-Parsing: photos/, parse/, labels.json")],
    out: Path = Path("docs/benchmarks/parsing.csv"),
    weights: Annotated[Path | None, typer.Option(help="another parser than the bundled one")] = None,
    threads: int = 2,
) -> None:
    """Score the parser on the held-out photos."""
    torch.set_num_threads(threads)
    poses = find_poses(ccp, PoseEstimator(resolve("blazepose"), threads), held_out=True)
    rows, seconds = score(load_labelled(ccp, poses, held_out=True), Parser(weights or resolve("parser")))
    write(rows, seconds, out)
    typer.echo(out.read_text())


if __name__ == "__main__":
    typer.run(main)
