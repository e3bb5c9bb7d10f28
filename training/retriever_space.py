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
MIXTURE: Final = Mixture(learned=0.6, pull=2.0, sharpness=10.0)


@torch.no_grad()
def space_of(
    heads: tuple[Head, Head], images: Tensor, labels: Tensor, names: Sequence[Sequence[str]], tower: TextTower
) -> Space:
    """The space above trained heads.

    Args:
        heads: of pictures and of texts, in evaluation mode.
        images: (N, IMAGE_FEATURES + COLOUR_DIM) of the training pictures.
        labels: (N,), the number of each one's label.
        names: ways to call each label, by its number.
        tower: reads the names.
    """
    image_head, text_head = heads
    looks = image_head.standardise(images[:, :IMAGE_FEATURES], IMAGE_FEATURES)
    # Standardised features have a mean of nearly 0, so they need no centring.
    _, spread, axes = torch.linalg.svd(looks, full_matrices=False)
    axes = axes[:AXES].T / spread[:AXES] * len(looks) ** 0.5
    flat = [name for own in names for name in own]
    nothing = torch.zeros(0, text_head.outer.out_features + AXES)
    space = Space(image_head, text_head, axes, torch.zeros(0, TEXT_FEATURES), nothing, MIXTURE)
    return replace(space, names=torch.from_numpy(tower.encode_many(flat)), shown=shown(space, images, labels, names))


def shown(space: Space, images: Tensor, labels: Tensor, names: Sequence[Sequence[str]]) -> Tensor:
    """The mean vector, unit norm, of the pictures of each label, once for each of its names: `Space.shown`."""
    pictures = space.pictures(images)
    means = torch.stack([F.normalize(pictures[labels == label].mean(0), dim=-1) for label in range(len(names))])
    return means.repeat_interleave(torch.tensor([len(own) for own in names]), dim=0)
