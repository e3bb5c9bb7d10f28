"""The parts of the retriever's space that are worked out from the training pictures once the heads are trained."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import torch
import torch.nn.functional as F
from torch import Tensor

from recommend.space import Head, Mixture, Space
from recommend.towers import IMAGE_FEATURES, TEXT_FEATURES, TextTower

#: Principal axes of the frozen features that are kept.
AXES: Final = 128
#: Chosen by what `benchmarks.retrieval_choice` prints.
MIXTURE: Final = Mixture(learned=0.4, told=0.3, pull=2.0, sharpness=20.0)
#: What holds the weights of the reader of labels small.
RIDGE: Final = 1e-5


@torch.no_grad()
def space_of(
    heads: tuple[Head, Head],
    images: Tensor,
    labels: Tensor,
    sources: Tensor,
    names: Sequence[Sequence[str]],
    tower: TextTower,
) -> Space:
    """The space above trained heads.

    Args:
        heads: of pictures and of texts, in evaluation mode.
        images: (N, IMAGE_FEATURES + COLOUR_DIM) of the training pictures.
        labels: (N,), the number of each one's label.
        sources: (N,), the number of each one's source; no label is of two.
        names: ways to call each label, by its number.
        tower: reads the names.
    """
    image_head, text_head = heads
    looks = image_head.standardise(images[:, :IMAGE_FEATURES], IMAGE_FEATURES)
    # Standardised features have a mean of nearly 0, so they need no centring.
    # Brought to one spread, those that hardly differ between pictures would count as much as those that tell most.
    axes = torch.linalg.svd(looks, full_matrices=False).Vh[:AXES].T
    flat = [name for own in names for name in own]
    of_labels = torch.zeros(len(names), dtype=sources.dtype).index_copy(0, labels, sources)
    reader = reader_of(F.normalize(looks, dim=-1), labels, of_labels)
    nothing = torch.zeros(0, text_head.outer.out_features + AXES + len(names))
    space = Space(image_head, text_head, axes, reader, of_labels, torch.zeros(0, TEXT_FEATURES), nothing, MIXTURE)
    return replace(space, names=torch.from_numpy(tower.encode_many(flat)), shown=shown(space, images, labels, names))


@torch.enable_grad()
def reader_of(looks: Tensor, labels: Tensor, sources: Tensor) -> Tensor:
    """The logistic reader of labels (F + 1, L), each picture's among those of its source.

    Each source weighs the same, and a label by the root of how many pictures it has.

    Args:
        looks: (N, F), unit norm.
        labels: (N,), the number of each one's label.
        sources: (L,), the number of each label's source.
    """
    weight = torch.bincount(labels, minlength=len(sources))[labels].float() ** -0.5
    weight = weight / torch.zeros(len(sources)).index_add(0, sources[labels], weight)[sources[labels]]
    others = torch.where(sources[labels][:, None] == sources, 0.0, -torch.inf)
    inputs = F.pad(looks, (0, 1), value=1.0)
    reader = torch.zeros(inputs.shape[1], len(sources), requires_grad=True)
    optimizer = torch.optim.LBFGS([reader], max_iter=120, line_search_fn="strong_wolfe")

    def closure() -> Tensor:
        optimizer.zero_grad()
        wrong = F.cross_entropy(inputs @ reader + others, labels, reduction="none")
        loss = (weight * wrong).sum() + RIDGE * (reader[:-1] ** 2).sum()
        loss.backward()
        return loss

    optimizer.step(closure)
    return reader.detach()


def shown(space: Space, images: Tensor, labels: Tensor, names: Sequence[Sequence[str]]) -> Tensor:
    """The mean vector, unit norm, of the pictures of each label, once for each of its names: `Space.shown`."""
    pictures = space.pictures(images)
    means = torch.stack([F.normalize(pictures[labels == label].mean(0), dim=-1) for label in range(len(names))])
    return means.repeat_interleave(torch.tensor([len(own) for own in names]), dim=0)
