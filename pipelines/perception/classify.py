"""What a picture shows: which kind of garment, how sure, or what else it looks like."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
import torch
from diffusers.configuration_utils import ConfigMixin, register_to_config
from diffusers.models.modeling_utils import ModelMixin
from numpy.typing import NDArray
from torch import Tensor, nn

from pipelines.geometry.garment import Kind, Sleeve
from pipelines.perception.garment_net import PICTURE_SIZE, Encoder
from pipelines.schema import Category, Image, Mask

#: What `KindHead` tells apart: garments first, then what is none.
KINDS: Final[tuple[Kind, ...]] = ("top", "dress", "trousers", "shorts", "skirt")
LABELS: Final = (*KINDS, "shoes", "a hat", "a person", "a face", "something else")
SLEEVES: Final[tuple[Sleeve, ...]] = ("none", "short", "long")
CATEGORY_OF: Final[dict[Kind, Category]] = {
    "top": "upper", "dress": "dress", "trousers": "lower", "shorts": "lower", "skirt": "lower",
}  # fmt: skip
#: Room left around the garment when it is looked at closely, as a share of its longer side.
MARGIN: Final = 0.08
#: Features per picture, the encoder's.
FEATURES: Final = 1280
#: Side of the silhouettes that `KindHead` reads.
SHAPE_SIZE: Final = 24
#: Grey that stands for the ground: what lies around a garment must not tell its kind.
GROUND: Final = 236


@dataclass(frozen=True)
class GarmentKind:
    """What a picture shows.

    Attributes:
        category: the likeliest category, also when this is no garment.
        kind: the likeliest kind in that category.
        sleeve: the likeliest sleeve length of a top or dress, from the looks alone.
        confidence: chance that the category is right if this is a garment, 0 to 1.
        is_garment: whether anything that can be tried on is shown, worn by someone or not.
        strange: chance that nothing that can be tried on is shown, 0 to 1.
        looks_like: the likeliest label, for people.
        worn: chance that a person wearing it is shown.
    """

    category: Category
    kind: Kind
    sleeve: Sleeve
    confidence: float
    is_garment: bool
    strange: float
    looks_like: str
    worn: float


class KindHead(ModelMixin, ConfigMixin):
    """Encoder features (N, 1280) and silhouettes (N, 576) to logits of `LABELS` and of `SLEEVES`.

    The two are judged apart and their logits added: home photos and product pictures differ in everything but shape.

    Args:
        threshold: chance of being no garment from which a picture is refused; to refuse a garment is the worse error.
        temperature: divides the logits of `LABELS`, so that chances come out as shares of right answers.
    """

    @register_to_config
    def __init__(self, threshold: float = 0.85, temperature: float = 1.0) -> None:
        super().__init__()
        self.norm = nn.BatchNorm1d(FEATURES, affine=False)
        self.label = nn.Linear(FEATURES, len(LABELS))
        self.sleeve = nn.Linear(FEATURES, len(SLEEVES))
        self.shape = nn.Sequential(nn.Linear(SHAPE_SIZE**2, 96), nn.ReLU(), nn.Dropout(0.3), nn.Linear(96, len(KINDS)))

    def by_looks(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """Logits (N, 10) and (N, 3) from the encoder's features alone."""
        x = self.norm(features)
        return self.label(x), self.sleeve(x)

    def by_shape(self, silhouettes: Tensor) -> Tensor:
        """Logits (N, 5) of `KINDS` from silhouettes (N, 576) in [0, 1] alone."""
        logits: Tensor = self.shape(silhouettes - 0.5)
        return logits

    def forward(self, features: Tensor, silhouettes: Tensor) -> tuple[Tensor, Tensor]:
        """Logits (N, 10), already divided by the temperature, and (N, 3)."""
        labels, sleeves = self.by_looks(features)
        shape = self.by_shape(silhouettes)
        # Shape moves chances between kinds, not between garments and other things: the best kind gains nothing.
        shape = shape - shape.amax(dim=1, keepdim=True)
        labels = torch.cat([labels[:, : len(KINDS)] + shape, labels[:, len(KINDS) :]], dim=1)
        return labels / self.config.temperature, sleeves


def close_view(image: Image, mask: Mask) -> NDArray[np.float32]:
    """The garment alone on light grey, letterboxed to float32 (3, 224, 224) in [-1, 1]; all, if the mask is empty."""
    ys, xs = np.nonzero(mask > 127)
    if len(xs):
        margin = round(MARGIN * max(np.ptp(xs), np.ptp(ys)))
        y0, x0 = max(0, ys.min() - margin), max(0, xs.min() - margin)
        box = slice(y0, ys.max() + margin + 1), slice(x0, xs.max() + margin + 1)
        image = np.where(mask[box][..., None] > 127, image[box], np.uint8(GROUND))
    return letterbox(image, PICTURE_SIZE)[0]


def silhouette(mask: Mask) -> NDArray[np.float32]:
    """The mask in its own box, letterboxed to 24 × 24: float32 (576,) in [0, 1]."""
    ys, xs = np.nonzero(mask > 127)
    out = np.zeros((SHAPE_SIZE, SHAPE_SIZE), np.float32)
    if len(xs):
        cut = np.where(mask[ys.min() : ys.max() + 1, xs.min() : xs.max() + 1] > 127, 255, 0).astype(np.uint8)
        scale = SHAPE_SIZE / max(cut.shape)
        width, height = (max(1, round(v * scale)) for v in cut.shape[::-1])
        y, x = (SHAPE_SIZE - height) // 2, (SHAPE_SIZE - width) // 2
        out[y : y + height, x : x + width] = cv2.resize(cut, (width, height), interpolation=cv2.INTER_AREA) / 255
    return out.ravel()


def letterbox(image: Image, size: int) -> tuple[NDArray[np.float32], tuple[int, int, int, int]]:
    """A picture in a square, its last pixels repeated where it ends.

    Returns:
        float32 (3, size, size) in [-1, 1], and where the picture lies in it: x, y, width, height.
    """
    height, width = image.shape[:2]
    scale = size / max(height, width)
    w, h = max(1, round(width * scale)), max(1, round(height * scale))
    small = cv2.resize(image, (w, h), interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
    x, y = (size - w) // 2, (size - h) // 2
    square = cv2.copyMakeBorder(small, y, size - h - y, x, size - w - x, cv2.BORDER_REPLICATE)
    return square.transpose(2, 0, 1).astype(np.float32) / 127.5 - 1, (x, y, w, h)


def read_kind(encoder: Encoder, head: KindHead, image: Image, mask: Mask) -> GarmentKind:
    """What the picture RGB uint8 (H, W, 3) with the mask (H, W) shows."""
    with torch.inference_mode():
        features = encoder(torch.from_numpy(close_view(image, mask))[None]).pooled
        logits, sleeves = head(features, torch.from_numpy(silhouette(mask))[None])
    return judge(logits[0].softmax(dim=0).numpy(), sleeves[0].softmax(dim=0).numpy(), head.config.threshold)


def judge(chances: NDArray[np.float32], sleeves: NDArray[np.float32], threshold: float) -> GarmentKind:
    """From chances of `LABELS` (10,) and `SLEEVES` (3,) to an answer."""
    kinds = dict(zip(KINDS, chances.tolist(), strict=False))
    by_category: dict[Category, float] = {}
    for kind, chance in kinds.items():
        by_category[CATEGORY_OF[kind]] = by_category.get(CATEGORY_OF[kind], 0.0) + chance
    category = max(by_category, key=by_category.__getitem__)
    kind = max((k for k in KINDS if CATEGORY_OF[k] == category), key=kinds.__getitem__)
    worn = float(chances[LABELS.index("a person")])
    garment = sum(by_category.values())
    return GarmentKind(
        category=category,
        kind=kind,
        sleeve=SLEEVES[int(sleeves.argmax())],
        confidence=by_category[category] / max(1e-6, garment),
        is_garment=1 - garment - worn < threshold,
        strange=1 - garment - worn,
        looks_like=LABELS[int(chances.argmax())],
        worn=worn,
    )
