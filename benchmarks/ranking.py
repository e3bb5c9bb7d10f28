"""What benchmarks of the retriever share: figures of rankings, intervals, paired tests, the table as CSV.

The figures are ranx's, but for one thing: recall@k is divided by the most that k places can hold, min(k, right ones)
over right ones. Where 217 pictures are right, ten of ten give 0.05 as they come and 1 here. Where no more than k are
right, both are the same. The paired test is a sign-flip test (Fisher's randomization): ranx has one, too, but on
several threads it draws other flips at each run, and its p can be 0.
"""

from __future__ import annotations

import argparse
import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Final

import numpy as np
import ranx
from numpy.typing import NDArray

from benchmarks.measuring import machine
from pipelines import images
from recommend.features import Floats

FIGURES: Final = ("recall@1", "recall@5", "recall@10", "ndcg@10", "mrr")
#: Of tasks that want something changed: whether a right item is among the first five, and the share of the first five
#: that still has what was to change.
CHANGED: Final = ("hit@5", "unchanged@5")
#: Draws of the paired test.
FLIPS: Final = 9999
#: The method that all others are tested against.
OURS: Final = "ours"
LIBRARIES: Final = ("torch", "timm", "transformers", "numpy", "ranx")

Bools = NDArray[np.bool_]
Table = NDArray[np.float64]
Lines = list[list[object]]


@dataclass(frozen=True, eq=False)
class Task:
    """Questions put to one set of items.

    Attributes:
        name: what is asked for.
        items: what is searched: "photos", "worn crops" …
        right: (Q, N), whether an item answers a question; each has an answer.
        left_out: (Q, N), pairs that do not count (a picture and itself).
        stale: (Q, N), whether an item still has what the question wants changed; None = nothing is.
        groups: (Q,), what questions that are asked in other words have in common, such as the kind that they ask for;
            they are no evidence apart, so they are drawn and reversed together. None = each stands for itself.

    Raises:
        ValueError: a question without an answer.
    """

    name: str
    items: str
    right: Bools
    left_out: Bools | None = None
    stale: Bools | None = None
    groups: NDArray[np.str_] | None = None

    def __post_init__(self) -> None:
        counted = self.right if self.left_out is None else self.right & ~self.left_out
        if not counted.any(1).all():
            raise ValueError(
                f"{self.name}, {self.items}: {int((~counted.any(1)).sum())} of {len(counted)} questions have no right "
                "answer; leave them out"
            )


def ranked(keys: NDArray[np.floating] | Bools) -> Table:
    """Rows of (item, key), largest key first and equal ones in their order: (Q, N, 2), as ranx reads them."""
    keys = np.asarray(keys, np.float64)
    order = np.argsort(-keys, axis=1, kind="stable")
    return np.stack([order, np.take_along_axis(keys, order, 1)], axis=-1)


def figures(task: Task, scores: Floats) -> dict[str, Table]:
    """Figure → its value for each question (Q,), from scores (Q, N), the larger the better."""
    keep = np.ones(task.right.shape, bool) if task.left_out is None else ~task.left_out
    right, run = task.right & keep, ranked(np.where(keep, scores, -np.inf))
    there = right.sum(1)
    found = ranx.evaluate(ranked(right), run, [*FIGURES, "hit_rate@5"], return_mean=False, threads=1)
    hit = found.pop("hit_rate@5")
    for k in (1, 5, 10):
        found[f"recall@{k}"] = found[f"recall@{k}"] * there / np.minimum(k, there)
    if task.stale is not None:
        # Two metrics, since ranx 0.3.21 cannot return each question's value of a single one with a cutoff.
        stale = ranx.evaluate(
            ranked(task.stale & keep), run, ["precision@5", "hit_rate@5"], return_mean=False, threads=1
        )
        found |= {"hit@5": hit, "unchanged@5": stale["precision@5"]}
    return found


def summed(each: Table, groups: NDArray[np.str_] | None) -> tuple[Table, NDArray[np.intp]]:
    """Figures (Q, F) summed within each group (G, F), and how many questions each has (G,)."""
    if groups is None:
        return each, np.ones(len(each), np.intp)
    _, of = np.unique(groups, return_inverse=True)
    sums = np.zeros((of.max() + 1, each.shape[1]))
    np.add.at(sums, of, each)
    return sums, np.bincount(of)


def intervals(each: Table, groups: NDArray[np.str_] | None = None) -> list[tuple[float, float, float]]:
    """Of each column of figures (Q, F): the mean over questions and both ends of its 95 % bootstrap interval."""
    sums, counts = summed(each, groups)
    drawn = np.random.default_rng(0).integers(0, len(sums), (1000, len(sums)))
    means = sums[drawn].sum(1) / counts[drawn].sum(1, keepdims=True)
    low, high = np.quantile(means, 0.025, axis=0), np.quantile(means, 0.975, axis=0)
    return [tuple(map(float, ends)) for ends in zip(each.mean(0), low, high, strict=True)]


def p_values(ours: Table, other: Table, groups: NDArray[np.str_] | None = None) -> list[float]:
    """Of each figure (Q, F), the chance of a mean difference so large if each group's were as likely reversed.

    Two-sided sign-flip test by `FLIPS` draws; the observed difference counts as one of them, so p is never 0.
    """
    differences, _ = summed(ours - other, groups)
    signs = np.random.default_rng(0).choice((-1.0, 1.0), (FLIPS, len(differences)))
    # Sums in another order differ in their last bits, and what ties with the observed difference is as large.
    as_large = np.abs(signs @ differences) >= np.abs(differences.sum(0)) - 1e-9
    return [float(p) for p in (1 + as_large.sum(0)) / (1 + FLIPS)]


def lines(task: Task, scores: Mapping[str, Floats]) -> Lines:
    """A line of the table for each method, from its scores (Q, N), and the same printed; `OURS` is one of them."""
    each = {method: figures(task, found) for method, found in scores.items()}
    tables = {method: np.stack(list(found.values()), axis=1) for method, found in each.items()}
    rows: Lines = []
    for method, table in tables.items():
        tested = [""] * table.shape[1] if method == OURS else p_values(tables[OURS], table, task.groups)
        rows.append([task.name, task.items, method, *task.right.shape, *chain(*intervals(table, task.groups)), *tested])
        shown = "  ".join(f"{name} {value.mean():.3f}" for name, value in each[method].items())
        print(f"{task.name}, {task.items:16s} {method:20s} {shown}  ({len(table)} questions)", flush=True)
    return rows


def write(rows: Iterable[Sequence[object]], names: Sequence[str], path: Path) -> None:
    """The lines of `lines`, whose figures are called `names`, as CSV; every line names machine and versions."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    ends = [column for name in names for column in (name, f"{name} low", f"{name} high")]
    head = ["task", "items", "method", "questions", "searched", *ends, *(f"p {name}" for name in names), "machine"]
    writer.writerow(head)
    where = machine(LIBRARIES)
    for row in rows:
        writer.writerow([*(f"{value:.4f}" if isinstance(value, float) else value for value in row), where])
    path.parent.mkdir(parents=True, exist_ok=True)
    images.save_bytes(path, text.getvalue().encode())


def read_options(description: str | None, out: str) -> argparse.Namespace:
    """The command line of a benchmark of the retriever: its data, its weights, and where the CSV goes."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("garments", "ccp", "minilm", "lite2", "heads"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument("--catalog", type=Path, default=Path("assets/catalog/garments"))
    parser.add_argument("--furniture", type=Path, default=Path("assets/catalog/furniture"))
    parser.add_argument("--models", type=Path, help="what training.render_models wrote")
    parser.add_argument("--cache", type=Path, default=Path(".cache/retriever"))
    parser.add_argument("--out", type=Path, default=Path(out))
    return parser.parse_args()
