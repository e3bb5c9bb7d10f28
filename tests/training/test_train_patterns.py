"""What the reader of patterns learns from, and what its figures are worked out from."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from benchmarks import patterns as benchmark
from recommend.features import Image
from recommend.patterns import PATTERNS
from training import train_patterns
from training.pattern_labels import LABELS, UNCLEAR, labelled, read_labels
from training.retriever_features import TWINS, Sample, is_held_out
from training.train_patterns import FOLDS, least_chances, sharpness_of


def test_no_held_out_garment_nor_its_twin_trains_and_none_that_trains_is_measured() -> None:
    training, measured = read_labels(), read_labels(benchmark.LABELS)
    twins = set(TWINS.read_text(encoding="utf-8").split())
    assert not any(is_held_out(name) or name in twins for name in training)
    assert all(is_held_out(name) for name in measured)
    assert set(training.values()) == set(measured.values()) == set(PATTERNS)
    assert UNCLEAR in LABELS.read_text(encoding="utf-8") and UNCLEAR not in training.values()


def test_only_the_labelled_are_known_by_their_label() -> None:
    def nothing() -> tuple[Image, None]:
        raise AssertionError("no picture is read for its label")

    known = [Sample("garments", "a", "T-Shirt", nothing), Sample("garments", "b", "Shirt", nothing)]
    assert [(s.key, s.label) for s in labelled(known, {"b": "checked", "c": "plain"})] == [("b", "checked")]


def test_a_head_learns_patterns_that_can_be_told_and_each_photo_is_read_by_one_that_never_saw_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(train_patterns, "DROPOUT", 0.1)
    torch.manual_seed(0)
    right = torch.arange(len(PATTERNS)).repeat(100)
    features = torch.randn(len(right), 24)
    features[torch.arange(len(right)), right] += 6
    folds = torch.arange(len(right)) % FOLDS
    # One fold says the contrary: heads that saw it would follow, the one that reads it did not.
    told = torch.where(folds == 0, (right + 1) % len(PATTERNS), right)
    logits = train_patterns.unseen_logits(features, told, folds, seed=0)
    assert float((logits.argmax(1) == right)[folds == 0].float().mean()) > 0.9
    assert float((logits.argmax(1) == right)[folds != 0].float().mean()) > 0.7


def test_overconfident_logits_are_made_softer() -> None:
    rng = np.random.default_rng(0)
    right = torch.from_numpy(rng.integers(0, len(PATTERNS), 2000))
    said = torch.where(torch.from_numpy(rng.random(2000) < 0.7), right, (right + 1) % len(PATTERNS))
    logits = 6.0 * torch.nn.functional.one_hot(said, len(PATTERNS)).float()
    sharpness = sharpness_of(logits, right)
    assert sharpness < 0.7
    assert float((sharpness * logits).softmax(-1).max(1).values.mean()) == pytest.approx(0.7, abs=0.08)


def test_a_pattern_is_named_from_where_it_is_right_nine_times_in_ten() -> None:
    chances = np.full((60, len(PATTERNS)), 0.01, np.float32)
    chances[:40, 1] = np.linspace(0.95, 0.5, 40)
    chances[40:, 2] = 0.6
    right = np.full(60, 1)
    right[25:] = 0
    least = least_chances(chances, right)
    assert set(least) == {PATTERNS[1]}
    always = least_chances(np.roll(chances, 1, axis=1), np.full(60, 2))
    assert always[PATTERNS[2]] == train_patterns.LEAST_CHANCE > 0.5
    named = chances[:40, 1] >= least[PATTERNS[1]] - 5e-4
    assert 25 <= named.sum() <= 27 and (right[:40][named] == 1).mean() >= 0.9
