"""How the retriever's heads are trained: which garments a batch draws."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from training import train_retriever
from training.train_retriever import Pool, batches


def test_batches_draw_different_garments_each_with_a_text_of_its_own_and_rare_labels_more(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(train_retriever, "BATCH", 20)
    labels = torch.tensor([0] * 90 + [1] * 10)
    owners = np.repeat(np.arange(100), 2)
    nothing = torch.zeros(100, 1)
    pool = Pool(nothing, [None] * 100, owners, torch.zeros(200, 1), nothing, nothing, nothing, labels, labels)  # type: ignore[list-item]
    rng, drawn = np.random.default_rng(0), []
    for _ in range(40):
        for rows, texts in batches(pool, rng):
            assert len(set(rows.tolist())) == 20 and (owners[texts] == rows.numpy()).all()
            drawn.append(labels[rows].float().mean().item())
    assert len(drawn) == 200 and 0.15 < np.mean(drawn) < 0.4
