"""The figures of the benchmark of patterns, worked out by hand."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from benchmarks import patterns as benchmark
from benchmarks.patterns import average_precision, confusion, f1_scores, macro_interval, stating
from recommend.patterns import PATTERNS
from training.retriever_features import Sample


def test_a_confusion_and_its_scores_worked_out_by_hand() -> None:
    right, read = np.array([0, 0, 0, 1, 1, 5]), np.array([0, 0, 1, 1, 0, 5])
    table = confusion(right, read)
    assert table.sum() == 6 and table[0, 0] == 2 and table[0, 1] == 1 and table[1, 0] == 1
    scores = f1_scores(table)
    assert scores[0] == pytest.approx(2 / 3) and scores[1] == pytest.approx(1 / 2) and scores[5] == 1
    assert np.isnan(scores[[2, 3, 4, 6]]).all()
    low, high = macro_interval(right, read)
    assert 0 <= low < float(np.nanmean(scores)) < high <= 1


def test_average_precision_worked_out_by_hand() -> None:
    right = np.array([True, False, True, False])
    assert average_precision(right, np.array([4, 3, 2, 1], np.float32)) == pytest.approx((1 + 2 / 3) / 2)
    assert average_precision(right, np.array([1, 1, 1, 1], np.float32)) == pytest.approx((1 + 2 / 3) / 2)


def test_items_whose_pattern_has_no_name_are_left_out() -> None:
    def item(key: str, pattern: str) -> Sample:
        return Sample("catalog", key, "shirt", lambda: (np.zeros((1, 1, 3), np.uint8), None), {"pattern": pattern})

    kept = stating([item("a", "plain"), item("b", "cable"), item("c", "camouflage")])
    assert {sample.key: sample.label for sample in kept} == {"a": "plain", "c": "patterned"}


def test_a_table_has_a_line_for_all_and_one_for_each_pattern_there(tmp_path: Path) -> None:
    pictures = benchmark.Pictures("photos", np.array([0, 0, 1]), None)  # type: ignore[arg-type]
    scores = np.eye(len(PATTERNS), dtype=np.float32)[[0, 1, 1]]
    rows = benchmark.lines(pictures, "m", scores, None)
    benchmark.write(rows, tmp_path / "table.csv")
    read = list(csv.DictReader((tmp_path / "table.csv").open(encoding="utf-8")))
    assert [line["pattern"] for line in read] == ["all", "plain", "striped"]
    assert read[1]["recall"] == "0.5000" and read[2]["precision"] == "0.5000" and read[1]["read as striped"] == "1"
    assert all(line["machine"] for line in read)
