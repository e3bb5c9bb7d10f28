"""How the retriever's heads are trained: which garments a batch draws; what is worked out above the heads."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from recommend.space import Head, Mixture, Space
from recommend.towers import IMAGE_FEATURES, TEXT_FEATURES
from training import train_retriever
from training.retriever_space import shown
from training.train_retriever import Pool, batches


def test_batches_draw_different_garments_each_with_a_text_of_its_own_and_rare_labels_more(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(train_retriever, "BATCH", 20)
    labels = torch.tensor([0] * 90 + [1] * 10)
    owners = np.repeat(np.arange(100), 2)
    nothing = torch.zeros(100, 1)
    pool = Pool(nothing, [None] * 100, owners, torch.zeros(200, 1), nothing, nothing, nothing, labels, labels, [])  # type: ignore[list-item]
    rng, drawn = np.random.default_rng(0), []
    for _ in range(40):
        for rows, texts in batches(pool, rng):
            assert len(set(rows.tolist())) == 20 and (owners[texts] == rows.numpy()).all()
            drawn.append(labels[rows].float().mean().item())
    assert len(drawn) == 200 and 0.15 < np.mean(drawn) < 0.4


def test_every_name_of_a_label_stands_for_the_mean_of_its_pictures() -> None:
    features = IMAGE_FEATURES + 4
    torch.manual_seed(0)
    image_head, text_head = (Head(count, 8, 6).eval().requires_grad_(False) for count in (features, TEXT_FEATURES))
    axes = torch.randn(IMAGE_FEATURES, 3)
    space = Space(image_head, text_head, axes, torch.zeros(0, TEXT_FEATURES), torch.zeros(0, 9), Mixture(0.5, 1, 1))
    images, labels = torch.randn(5, features), torch.tensor([0, 0, 1, 1, 1])
    found = shown(space, images, labels, [("skirt",), ("hat", "cap")])
    pictures = space.pictures(images)
    assert found.shape == (3, 9) and torch.equal(found[1], found[2])
    for row, own in ((0, pictures[:2]), (1, pictures[2:])):
        assert torch.allclose(found[row], own.mean(0) / own.mean(0).norm(), atol=1e-6)
