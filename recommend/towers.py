"""The two frozen encoders below the trained heads: EfficientNet-Lite2 for pictures, MiniLM for words.

Both are read from local files that the caller names; nothing is fetched here. Pictures and sentences are encoded one at
a time, so that a vector never depends on what else was in the batch.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Final

import cv2
import numpy as np
import timm
import torch
import torch.nn.functional as F
from safetensors.torch import load_file
from timm.layers import BatchNormAct2d
from tokenizers import Tokenizer
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval
from transformers import BertConfig, BertModel

from recommend.errors import MissingModel
from recommend.features import Floats, Image, Mask, portrait

#: Side in pixels that EfficientNet-Lite2 was trained at.
SIDE: Final = 260
#: Stages whose features are pooled over the garment, by timm's index: 48, 120 and 352 channels.
STAGES: Final = (2, 3, 4)
#: Length of `ImageTower.encode`: mean and spread of the stages, then the last layer over garment and over the square.
IMAGE_FEATURES: Final = 2 * (48 + 120 + 352) + 2 * 1280
TEXT_FEATURES: Final = 384
MAX_TOKENS: Final = 64
#: Sentences whose vectors are remembered: a search asks twice for that of its words, a stylist searches several times.
REMEMBERED: Final = 64


class ImageTower:
    """EfficientNet-Lite2, pretrained on ImageNet classes.

    Args:
        weights: the published `efficientnet-lite2-9656183e.pth`.

    Raises:
        MissingModel: no such file.
    """

    def __init__(self, weights: Path) -> None:
        if not weights.is_file():
            raise MissingModel(weights, "tryroom weights fetch efficientnet-lite2")
        self.network = timm.create_model("tf_efficientnet_lite2", pretrained=False).eval().requires_grad_(False)
        published = torch.load(weights, map_location="cpu", weights_only=True)
        self.network.load_state_dict(rename(published, self.network.state_dict()))
        fold_norms(self.network)

    @torch.inference_mode()
    def encode(self, image: Image, mask: Mask | None) -> Floats:
        """Features (IMAGE_FEATURES,) of the garment that `mask` shows in `image`, pooled from several depths."""
        square, shape = portrait(image, mask, SIDE)
        pixels = torch.from_numpy(square).permute(2, 0, 1)[None].float() / 127.5 - 1
        last, stages = self.network.forward_intermediates(pixels, indices=list(STAGES))
        parts: list[Tensor] = []
        for stage in stages:
            weight = cover(shape, stage.shape[2:])
            mean = (stage[0] * weight).sum((1, 2))
            spread = ((stage[0] - mean[:, None, None]) ** 2 * weight).sum((1, 2)).clamp(min=0).sqrt()
            parts += [mean, spread]
        parts += [(last[0] * cover(shape, last.shape[2:])).sum((1, 2)), last[0].mean((1, 2))]
        return np.asarray(torch.cat(parts).numpy(), np.float32)

    @torch.inference_mode()
    def classify(self, image: Image) -> Floats:
        """Probabilities (1000,) of the ImageNet classes; shows that the weights sit where they belong."""
        square = cv2.resize(image, (SIDE, SIDE), interpolation=cv2.INTER_AREA)
        pixels = torch.from_numpy(square).permute(2, 0, 1)[None].float() / 127.5 - 1
        return np.asarray(self.network(pixels).softmax(1)[0].numpy(), np.float32)


def cover(shape: Mask, size: Sequence[int]) -> Tensor:
    """The mask as pooling weights on a grid of `size` (h, w), summing to 1."""
    grid = torch.from_numpy(cv2.resize(shape, (size[1], size[0]), interpolation=cv2.INTER_AREA)).float()
    return grid / grid.sum().clamp(min=1.0)


def rename(published: dict[str, Tensor], ours: dict[str, Tensor]) -> dict[str, Tensor]:
    """The published tensors under timm's names: both list the same layers in the same order.

    Raises:
        ValueError: the shapes differ somewhere, so this is another network.
    """
    if [tuple(t.shape) for t in published.values()] != [tuple(t.shape) for t in ours.values()]:
        raise ValueError(f"not the tensors of EfficientNet-Lite2: {len(published)} tensors, {len(ours)} expected")
    return dict(zip(ours, published.values(), strict=True))


def fold_norms(network: nn.Module) -> None:
    """Put each batch norm into the convolution before it: the same numbers in a sixth less time."""
    for parent in list(network.modules()):
        for (before, conv), (name, norm) in pairwise(list(parent.named_children())):
            if isinstance(conv, nn.Conv2d) and isinstance(norm, BatchNormAct2d):
                setattr(parent, before, fuse_conv_bn_eval(conv, norm))
                setattr(parent, name, norm.act)


class TextTower:
    """all-MiniLM-L6-v2: mean of the token vectors, unit norm.

    Args:
        folder: with config.json, tokenizer.json and model.safetensors.

    Raises:
        MissingModel: a file is not there.
    """

    def __init__(self, folder: Path) -> None:
        for name in ("config.json", "tokenizer.json", "model.safetensors"):
            if not (folder / name).is_file():
                raise MissingModel(folder / name, "tryroom weights fetch minilm")
        self.tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self.tokenizer.no_padding()
        self.tokenizer.enable_truncation(MAX_TOKENS)
        self.network = BertModel(BertConfig.from_json_file(folder / "config.json"), add_pooling_layer=False)
        tensors = load_file(folder / "model.safetensors")
        kept = {name: tensors[name] for name in self.network.state_dict()}
        self.network.load_state_dict(kept)
        self.network.eval().requires_grad_(False)
        # Of each tower its own; threads may share it.
        self._remembered = functools.lru_cache(REMEMBERED)(self._encode_one)

    def encode(self, text: str) -> Floats:
        """The sentence's vector (TEXT_FEATURES,), unit norm, not to be written to; the last ones are remembered."""
        return self._remembered(text)

    def encode_many(self, texts: Sequence[str], batch: int = 64) -> Floats:
        """Vectors (N, TEXT_FEATURES) of many sentences; quicker, but the last bits depend on the neighbours."""
        tokens = [encoding.ids for encoding in self.tokenizer.encode_batch(list(texts))]
        lengths = np.array([len(ids) for ids in tokens], np.intp)
        vectors = np.zeros((len(texts), TEXT_FEATURES), np.float32)
        for length in np.unique(lengths):
            places = np.flatnonzero(lengths == length)
            for start in range(0, len(places), batch):
                chosen = places[start : start + batch]
                vectors[chosen] = self._encode([tokens[place] for place in chosen])
        return vectors

    def _encode_one(self, text: str) -> Floats:
        """One sentence through the network."""
        (vector,) = self._encode([self.tokenizer.encode(text).ids])
        vector.flags.writeable = False  # it is given to all who ask
        return vector

    @torch.inference_mode()
    def _encode(self, tokens: list[list[int]]) -> Floats:
        """Vectors of token lists of one length."""
        states = self.network(torch.tensor(tokens)).last_hidden_state
        return np.asarray(F.normalize(states.mean(1), dim=-1).numpy(), np.float32)
