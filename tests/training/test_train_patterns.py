"""What the reader of patterns learns from, and what its figures are worked out from."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
import torch

from benchmarks import patterns as benchmark
from recommend.features import Image, Mask
from recommend.patterns import PATTERNS
from training import train_patterns
from training.pattern_examples import (
    LABELS,
    PRINTED,
    RARE,
    UNCLEAR,
    labelled,
    nearer,
    print_on,
    printed,
    quarter_turn,
    read_labels,
    turned,
)
from training.retriever_features import TWINS, Sample, is_held_out
from training.train_patterns import FOLDS, fold_of, least_chances, sharpness_of


def shirt() -> tuple[Image, Mask]:
    """A light grey garment with a fold down its middle, on a dark ground."""
    image, mask = np.full((160, 120, 3), 40, np.uint8), np.zeros((160, 120), np.uint8)
    mask[20:140, 20:100] = 255
    shade = 190 - 60 * np.exp(-(((np.arange(120) - 60) / 6.0) ** 2))
    image[mask > 0] = np.repeat(np.tile(shade, (160, 1))[..., None], 3, 2)[mask > 0].astype(np.uint8)
    return image, mask


def samples(*labels: str) -> list[Sample]:
    return [Sample("garments", f"{n:036d}", label, shirt) for n, label in enumerate(labels)]


def test_no_held_out_garment_nor_its_twin_trains_and_none_that_trains_is_measured() -> None:
    training, measured = read_labels(), read_labels(benchmark.LABELS)
    twins = set(TWINS.read_text(encoding="utf-8").split())
    assert not any(is_held_out(name) or name in twins for name in training)
    assert all(is_held_out(name) for name in measured)
    assert set(training.values()) == set(measured.values()) == set(PATTERNS)
    assert UNCLEAR in LABELS.read_text(encoding="utf-8") and UNCLEAR not in training.values()


@pytest.mark.parametrize("pattern", PRINTED)
def test_a_print_changes_the_garment_alone_keeps_its_folds_and_is_the_same_each_time(pattern: str) -> None:
    image, mask = shirt()
    made = print_on(image, mask, pattern, seed=3)
    np.testing.assert_array_equal(made, print_on(image, mask, pattern, seed=3))
    far = cv2.dilate(mask, np.ones((13, 13), np.uint8)) == 0
    assert np.abs(made[far].astype(int) - image[far]).max() <= 1
    inside = cv2.erode(mask, np.ones((9, 9), np.uint8)) > 0
    assert made[inside].astype(int).std(0).max() > 8
    rows = made[40:120].astype(int).sum(2).mean(0)
    assert rows[57:64].mean() < rows[[*range(34, 48), *range(74, 88)]].mean()


def test_rare_patterns_are_seen_again_and_stay_with_their_photo() -> None:
    known = samples("plain", "striped", "dotted", "print")
    more = turned(known)
    assert sorted({sample.label for sample in more}) == ["dotted", "striped"] and len(more) == 4
    assert {sample.key for sample in more} == {known[1].key, known[2].key} and set(RARE) <= set(PATTERNS)
    image, mask = quarter_turn(*shirt())
    assert image.shape == (120, 160, 3) and mask.shape == (120, 160) and mask.sum() == shirt()[1].sum()
    close, cover = nearer(*shirt())
    assert close.shape[:2] == cover.shape == (72, 48) and cover.min() == 255


def test_prints_are_on_plain_garments_and_in_their_folds() -> None:
    known = samples("striped", "plain", "plain")
    prints = printed(known, 2)
    assert len(prints) == 2 * len(PRINTED) == len({sample.key for sample in prints})
    assert {sample.label for sample in prints} == set(PRINTED)
    assert all(fold_of(sample.key) == fold_of(sample.key[:36]) < FOLDS for sample in prints)
    assert not any(sample.key.startswith(known[0].key) for sample in prints)
    image, mask = prints[0].read()
    assert image.shape[:2] == mask.shape  # type: ignore[union-attr]


def test_only_the_labelled_are_known_by_their_label() -> None:
    known = samples("T-Shirt", "Shirt")
    assert [s.label for s in labelled(known, {known[1].key: "checked"})] == ["checked"]


def test_a_head_learns_patterns_that_can_be_told_and_not_from_what_weighs_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(train_patterns, "DROPOUT", 0.1)
    torch.manual_seed(0)
    right = torch.arange(len(PATTERNS)).repeat(40)
    features = torch.randn(len(right), 24)
    features[torch.arange(len(right)), right] += 6
    wrong = train_patterns.Examples(
        torch.cat([features, features]),
        torch.cat([right, (right + 1) % len(PATTERNS)]),
        torch.cat([torch.ones(len(right)), torch.full((len(right),), 1e-6)]),
        np.arange(2 * len(right)) % FOLDS,
        np.repeat([True, False], len(right)),
    )
    head = train_patterns.train(wrong, seed=0)
    assert float((head(features).argmax(1) == right).float().mean()) > 0.95
    logits, seen = train_patterns.unseen_logits(wrong, seed=0)
    assert len(logits) == len(right) and float((logits.argmax(1) == seen).float().mean()) > 0.9


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
    named = chances[:40, 1] >= least[PATTERNS[1]] - 5e-4
    assert 25 <= named.sum() <= 27 and (right[:40][named] == 1).mean() >= 0.9
