"""The common space: what the frozen towers see and read becomes vectors that can be compared.

A picture's vector has three parts: a trained head's, which tells kinds apart on pictures like those it learnt from; the
frozen features' own principal axes, which know nothing of kinds but hold for any picture; and the chances of what the
picture shows, by a plain reader that does well on kinds of which few pictures train. A text's vector is that of a
trained head, drawn towards where pictures of the kinds lie that it names.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import torch
import torch.nn.functional as F
from safetensors import safe_open
from torch import Tensor, nn

from recommend.towers import IMAGE_FEATURES


class Head(nn.Module):
    """Standardise, one hidden layer, unit norm.

    Args:
        inputs, hidden, outputs: sizes of the layers.
        dropout: in training, on the input and on the hidden layer.
    """

    mean: Tensor
    scale: Tensor

    def __init__(self, inputs: int, hidden: int, outputs: int, dropout: float = 0.0) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(inputs))
        self.register_buffer("scale", torch.ones(inputs))
        self.drop = nn.Dropout(dropout)
        self.inner = nn.Linear(inputs, hidden)
        self.outer = nn.Linear(hidden, outputs)

    def forward(self, features: Tensor) -> Tensor:
        """(N, inputs) to (N, outputs), unit norm."""
        return F.normalize(self.outputs(features), dim=-1)

    def outputs(self, features: Tensor) -> Tensor:
        """The same of any norm."""
        x = self.drop(self.standardise(features))
        return self.outer(self.drop(F.gelu(self.inner(x))))

    def standardise(self, features: Tensor, count: int | None = None) -> Tensor:
        """The first `count` features by the mean and spread that they have over the training pictures."""
        return ((features - self.mean[:count]) * self.scale[:count]).clamp(-6, 6)


@dataclass(frozen=True)
class Mixture:
    """How the parts of the space count.

    Attributes:
        learned: share of the trained head in the likeness of two pictures, 0 to 1.
        told: share of the chances of what they show; the rest is the frozen features'.
        pull: how far a text is drawn towards the pictures of the kinds that it names; 0 = not at all.
        sharpness: how much more a kind counts than those that are less like the text.
    """

    learned: float
    told: float
    pull: float
    sharpness: float


@dataclass(frozen=True, eq=False)
class Space:
    """Features of the towers → vectors (N, D), unit norm; D is the head's outputs, the axes and the labels together.

    Attributes:
        image_head, text_head: trained.
        axes: (IMAGE_FEATURES, A), principal axes of the standardised features of the training pictures, unit length.
        reader: (IMAGE_FEATURES + 1, L), weights of a logistic reader of L labels, the last row its offsets.
        sources: (L,), the number of the source that each label is of; a picture shows one label of each source.
        names: (M, TEXT_FEATURES), names of kinds as the text tower reads them.
        shown: (M, D), the mean vector of the training pictures of the kind that each name names, unit norm.
        mixture: how the parts count.
    """

    image_head: Head
    text_head: Head
    axes: Tensor
    reader: Tensor
    sources: Tensor
    names: Tensor
    shown: Tensor
    mixture: Mixture

    def pictures(self, features: Tensor) -> Tensor:
        """Vectors (N, D) of pictures, from tower features and colour histograms (N, IMAGE_FEATURES + COLOUR_DIM)."""
        looks, mixture = self.looks(features[:, :IMAGE_FEATURES]), self.mixture
        parts = (
            (mixture.learned, self.image_head(features)),
            (1 - mixture.learned - mixture.told, F.normalize(looks @ self.axes, dim=-1)),
            (mixture.told, F.normalize(self.chances(looks).sqrt(), dim=-1)),
        )
        return torch.cat([share**0.5 * part for share, part in parts], dim=-1)

    def chances(self, looks: Tensor) -> Tensor:
        """The chance of each label among those of its source (N, L). The roots of two agree by their dot product.

        Args:
            looks: (N, IMAGE_FEATURES), as `looks` gives them.
        """
        logits = F.normalize(looks, dim=-1) @ self.reader[:-1] + self.reader[-1]
        chances = torch.zeros_like(logits)
        for source in self.sources.unique():
            of = self.sources == source
            chances[:, of] = logits[:, of].softmax(-1)
        return chances

    def looks(self, features: Tensor) -> Tensor:
        """Tower features (N, IMAGE_FEATURES), each by its mean and spread over the training pictures."""
        return self.image_head.standardise(features, IMAGE_FEATURES)

    def texts(self, features: Tensor) -> Tensor:
        """Vectors (N, D) of texts, from what the text tower reads (N, TEXT_FEATURES).

        An attention of the text over the names of kinds; what it takes from them is how their pictures look. A kind is
        near if its name is, or if its pictures are. What all kinds' pictures have in common does not draw, so a text
        that names none ("in red"), and so is about as near to all, hardly moves.
        """
        said = F.pad(self.text_head(features), (0, self.axes.shape[1] + len(self.sources)))
        near = (features @ self.names.T + said @ self.shown.T) * self.mixture.sharpness
        drawn = near.softmax(-1) @ (self.shown - self.shown.mean(0))
        return F.normalize(said + self.mixture.pull * drawn, dim=-1)

    def tensors(self) -> dict[str, Tensor]:
        """All that `read_space` needs but the mixture, in half precision."""
        tensors = {name: getattr(self, name) for name in PLAIN}
        for name, head in (("image", self.image_head), ("text", self.text_head)):
            tensors |= {f"{name}.{key}": value for key, value in head.state_dict().items()}
        return {name: tensor.half().contiguous() for name, tensor in tensors.items()}


#: Tensors of a space that belong to no head.
PLAIN: Final = ("axes", "reader", "sources", "names", "shown")


def read_space(file: Path) -> tuple[Space, Mapping[str, str]]:
    """The space that a heads file holds, and what else the file says of itself."""
    with safe_open(file, framework="pt") as stored:
        tensors = {name: stored.get_tensor(name).float() for name in stored.keys()}  # noqa: SIM118 - not a dict
        about = stored.metadata()
    image_head, text_head = _head(tensors, "image"), _head(tensors, "text")
    mixture = Mixture(**json.loads(about["mixture"]))
    return Space(image_head, text_head, mixture=mixture, **{name: tensors[name] for name in PLAIN}), about


def _head(tensors: Mapping[str, Tensor], name: str) -> Head:
    """The head called `name` from the tensors of a heads file."""
    own = {key.removeprefix(f"{name}."): value for key, value in tensors.items() if key.startswith(f"{name}.")}
    head = Head(own["inner.weight"].shape[1], own["inner.weight"].shape[0], own["outer.weight"].shape[0])
    head.load_state_dict(own)
    return head.eval().requires_grad_(False)
