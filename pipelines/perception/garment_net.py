"""The networks that read garment pictures: foreground, parts and landmarks, and what kind of thing is shown.

The foreground and the kind come from one pass of EfficientNet-Lite0 as published, never changed here, so that only the
small heads are ours to keep. Parts and landmarks have a network of their own, which sees the cut-out alone.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import timm
import torch
import torch.nn.functional as F
from diffusers.configuration_utils import ConfigMixin, register_to_config
from diffusers.models.modeling_utils import ModelMixin
from torch import Tensor, nn

from pipelines.geometry.garment import PARTS, POINT_NAMES

#: Side of the square that the encoder and `ForegroundNet` read; the foreground comes at half of it.
PICTURE_SIZE: Final = 224
#: Side of the square that `PartNet` reads, and of its maps.
PART_SIZE: Final = 128
MAP_SIZE: Final = 64
#: Heat maps of `PartNet`: the named points, then the left and the right elbow.
HEAT_MAPS: Final = len(POINT_NAMES) + 2
#: Channels of the encoder at strides 4, 8, 16 and 32.
ENCODER_CHANNELS: Final = (24, 40, 112, 320)
# Index of the last block of each of those strides.
_STAGES = (1, 2, 4, 6)


@dataclass(frozen=True, eq=False)
class Features:
    """What the encoder sees in a batch of pictures.

    Attributes:
        maps: four tensors (N, C, H, W), C as in `ENCODER_CHANNELS`.
        pooled: (N, 1280), its features of the whole picture.
        imagenet: (N, 1000), ImageNet logits.
    """

    maps: tuple[Tensor, ...]
    pooled: Tensor
    imagenet: Tensor


class Encoder(nn.Module):
    """EfficientNet-Lite0 as published, frozen.

    Args:
        weights: `efficientnet-lite0-57934424.pth`.
    """

    def __init__(self, weights: Path) -> None:
        super().__init__()
        network = timm.create_model("tf_efficientnet_lite0", pretrained=False)
        published = torch.load(weights, map_location="cpu", weights_only=True)
        # Both list the same layers in the same order under different names; load_state_dict checks every shape.
        ours = network.state_dict()
        network.load_state_dict(dict(zip(ours, published.values(), strict=True)))
        self.network = network.eval().requires_grad_(False).to(memory_format=torch.channels_last)

    def forward(self, pictures: Tensor) -> Features:
        """Read pictures (N, 3, H, W) in [-1, 1]."""
        n = self.network
        x = n.bn1(n.conv_stem(pictures.contiguous(memory_format=torch.channels_last)))
        maps = []
        for index, block in enumerate(n.blocks):
            x = block(x)
            if index in _STAGES:
                maps.append(x)
        last = n.bn2(n.conv_head(x))
        pooled = last.mean(dim=(2, 3))
        return Features(tuple(maps), pooled, n.classifier(pooled))


class Residual(nn.Module):
    """Two 3 × 3 convolutions around a skip; (N, C_in, H, W) → (N, C_out, H / stride, W / stride)."""

    def __init__(self, channels_in: int, channels_out: int, stride: int = 1) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels_in, channels_out, 3, stride, 1, bias=False)
        self.norm1 = nn.BatchNorm2d(channels_out)
        self.conv2 = nn.Conv2d(channels_out, channels_out, 3, 1, 1, bias=False)
        self.norm2 = nn.BatchNorm2d(channels_out)
        same = channels_in == channels_out and stride == 1
        self.skip = nn.Identity() if same else nn.Conv2d(channels_in, channels_out, 1, stride)

    def forward(self, x: Tensor) -> Tensor:
        y = F.relu(self.norm1(self.conv1(x)))
        out: Tensor = F.relu(self.norm2(self.conv2(y)) + self.skip(x))
        return out


def _up(x: Tensor) -> Tensor:
    return F.interpolate(x, scale_factor=2.0, mode="bilinear", align_corners=False)


class ForegroundNet(ModelMixin, ConfigMixin):
    """Encoder features and the picture itself to the garment's mask.

    Args:
        widths: channels of the decoder at strides 2, 4, 8, 16 and 32.
    """

    @register_to_config
    def __init__(self, widths: tuple[int, ...] = (16, 32, 48, 64, 96)) -> None:
        super().__init__()
        self.lateral = nn.ModuleList([nn.Conv2d(c, w, 1) for c, w in zip(ENCODER_CHANNELS, widths[1:], strict=True)])
        self.near = nn.Sequential(nn.Conv2d(3, widths[0], 5, 2, 2, bias=False), nn.BatchNorm2d(widths[0]), nn.ReLU())
        self.deepest = Residual(widths[-1], widths[-1])
        pairs = list(itertools.pairwise(widths))[::-1]
        self.reduce = nn.ModuleList([nn.Conv2d(b, a, 1) for a, b in pairs])
        self.mix = nn.ModuleList([Residual(a, a) for a, _ in pairs])
        self.head = nn.Conv2d(widths[0], 1, 1)

    def forward(self, pictures: Tensor, maps: tuple[Tensor, ...]) -> Tensor:
        """Logits (N, 112, 112) from pictures (N, 3, 224, 224) in [-1, 1] and their encoder maps."""
        skips = [self.near(pictures), *(lateral(m) for lateral, m in zip(self.lateral, maps, strict=True))]
        y = self.deepest(skips.pop())
        for reduce, mix in zip(self.reduce, self.mix, strict=True):
            y = mix(_up(reduce(y)) + skips.pop())
        logits: Tensor = self.head(y)[:, 0]
        return logits


class PartNet(ModelMixin, ConfigMixin):
    """A U-Net from a cut-out garment to its parts and landmarks.

    Args:
        widths: channels at strides 2, 4, 8, 16 and 32.
    """

    @register_to_config
    def __init__(self, widths: tuple[int, ...] = (16, 32, 64, 96, 128)) -> None:
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(7, widths[0], 5, 2, 2, bias=False), nn.BatchNorm2d(widths[0]), nn.ReLU())
        self.down = nn.ModuleList([Residual(a, b, 2) for a, b in itertools.pairwise(widths)])
        self.deepest = Residual(widths[-1], widths[-1])
        pairs = list(itertools.pairwise(widths))[::-1]
        self.lateral = nn.ModuleList([nn.Conv2d(b, a, 1) for a, b in pairs])
        self.up = nn.ModuleList([Residual(a, a) for a, _ in pairs])
        self.parts = nn.Conv2d(widths[0], len(PARTS), 1)
        self.heat = nn.Conv2d(widths[0], HEAT_MAPS, 1)
        self.present = nn.Sequential(nn.Linear(2 * widths[-1], 96), nn.ReLU(), nn.Linear(96, HEAT_MAPS))

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Read cut-outs.

        Args:
            x: (N, 7, 128, 128): RGB in [-1, 1] with 0 outside the garment, the mask in {0, 1}, and one plane of ones
                for upper, lower or dress.

        Returns:
            Part logits (N, 7, 64, 64), heat-map logits (N, 22, 64, 64), and logits (N, 22) that a point exists.
        """
        skips = [self.stem(x)]
        for stage in self.down:
            skips.append(stage(skips[-1]))
        y = self.deepest(skips.pop())
        pooled = torch.cat([y.mean(dim=(2, 3)), y.amax(dim=(2, 3))], dim=1)
        for lateral, stage in zip(self.lateral, self.up, strict=True):
            y = stage(_up(lateral(y)) + skips.pop())
        return self.parts(y), self.heat(y), self.present(pooled)
