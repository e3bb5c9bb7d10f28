"""How the retriever's heads are trained: which garments a batch draws; what is worked out above the heads."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from recommend.space import Head, Mixture, Space
from recommend.towers import IMAGE_FEATURES, TEXT_FEATURES
from training import train_retriever
from training.retriever_space import reader_of, shown
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
    reader, mixture = torch.randn(IMAGE_FEATURES + 1, 2), Mixture(0.5, 0.2, 1, 1)
    none = torch.zeros(0, TEXT_FEATURES), torch.zeros(0, 11)
    space = Space(image_head, text_head, axes, reader, torch.tensor([0, 1]), *none, mixture)
    images, labels = torch.randn(5, features), torch.tensor([0, 0, 1, 1, 1])
    found = shown(space, images, labels, [("skirt",), ("hat", "cap")])
    pictures = space.pictures(images)
    assert found.shape == (3, 11) and torch.equal(found[1], found[2])
    for row, own in ((0, pictures[:2]), (1, pictures[2:])):
        assert torch.allclose(found[row], own.mean(0) / own.mean(0).norm(), atol=1e-6)


def test_the_reader_tells_labels_of_its_source_apart_and_the_rare_one_too() -> None:
    """Two sources whose labels look alike: each is told from its own neighbours, on pictures that it has not seen."""
    rng = torch.Generator().manual_seed(0)
    centres = torch.eye(12)[:3]
    sources = torch.tensor([0, 0, 0, 1, 1])
    of = torch.tensor([0, 1, 2, 0, 1])  # what the labels look like
    counts = (60, 60, 4, 40, 8)
    labels = torch.cat([torch.full((count,), label) for label, count in enumerate(counts)])

    def looks(labels: torch.Tensor) -> torch.Tensor:
        noise = 0.15 * torch.randn(len(labels), 12, generator=rng)
        return torch.nn.functional.normalize(centres[of[labels]] + noise, dim=-1)

    reader = reader_of(looks(labels), labels, sources)
    asked = torch.arange(5).repeat(40)
    logits = torch.nn.functional.pad(looks(asked), (0, 1), value=1.0) @ reader
    for source in (0, 1):
        own = sources == source
        told = own.nonzero()[:, 0][logits[own[asked]][:, own].argmax(-1)]
        assert (told == asked[own[asked]]).float().mean() > 0.95


def test_chances_are_fitted_to_each_group_alike() -> None:
    """A logistic that is right for both groups is found though one has a hundred times the other's pairs."""
    rng = torch.Generator().manual_seed(0)
    groups = []
    for count in (20000, 200):
        cosines = 2 * torch.rand(count, generator=rng) - 1
        chance = torch.sigmoid(8 * cosines - 1) if count > 1000 else torch.sigmoid(8 * cosines + 1)
        groups.append((cosines, torch.rand(count, generator=rng) < chance))
    alone = [train_retriever.calibrate([group])["offset"] for group in groups]
    assert alone[0] < alone[1] - 1
    together = train_retriever.calibrate(groups)["offset"]
    assert abs(together - sum(alone) / 2) < 0.4 * (alone[1] - alone[0])


def test_a_part_of_a_pool_keeps_its_texts_and_numbers_its_labels_anew() -> None:
    pictures, texts = torch.arange(4.0)[:, None], torch.arange(8.0)[:, None]
    labels, sources = torch.tensor([0, 1, 2, 2]), torch.tensor([0, 0, 1, 1])
    names = [("skirt",), ("hat",), ("sofa", "couch")]
    pool = Pool(
        pictures, list("abcd"), np.repeat(np.arange(4), 2), texts, texts, pictures, pictures, labels, sources, names
    )  # type: ignore[arg-type]
    kept = train_retriever.of_source(pool, 1)
    assert kept.images[:, 0].tolist() == [2, 3] and kept.labelled == ["c", "d"]
    assert kept.texts[:, 0].tolist() == [4, 5, 6, 7] and kept.owners.tolist() == [0, 0, 1, 1]
    assert kept.labels.tolist() == [0, 0] and kept.names == [("sofa", "couch")]
    some = train_retriever.only(pool, np.array([False, True, False, True]))
    assert some.labels.tolist() == [0, 1] and some.names == [("hat",), ("sofa", "couch")]
    assert some.owners.tolist() == [0, 0, 1, 1] and some.facts[:, 0].tolist() == [1, 3]
