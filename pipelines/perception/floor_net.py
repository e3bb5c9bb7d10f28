"""The floor's network: EfficientNet-Lite0, a decoder, and from the camera how steeply each pixel is looked down at."""

from __future__ import annotations

import timm
import torch.nn.functional as F
from diffusers.configuration_utils import ConfigMixin, register_to_config
from diffusers.models.modeling_utils import ModelMixin
from torch import Tensor, nn

from pipelines.perception.parsing import FEATURE_SCALE, HINTS, Fuse

#: Sides of the input are multiples of this.
STRIDE = 32
# The map of falls is encoded at 1/4 of the input's size.
_FALL_STRIDE = 4


class FloorNet(ModelMixin, ConfigMixin):
    """EfficientNet-Lite0 and a U-shaped decoder; logits of floor and of free floor at half of the input's size.

    Args:
        widths: of the decoder at 1/16, 1/8, 1/4 and 1/2 of the input's size.
        pixels: of the inputs that it was trained on, whatever their shape.
    """

    @register_to_config
    def __init__(self, widths: tuple[int, ...] = (96, 64, 48, 24), pixels: int = 192 * 256) -> None:
        super().__init__()
        self.encoder = timm.create_model("tf_efficientnet_lite0", pretrained=False, features_only=True)
        half, quarter, eighth, sixteenth, last = self.encoder.feature_info.channels()
        self.hints = nn.Sequential(
            nn.Conv2d(1, HINTS, 3, padding=1), nn.GroupNorm(8, HINTS), nn.SiLU(),
            nn.Conv2d(HINTS, HINTS, 3, padding=1), nn.GroupNorm(8, HINTS),
        )  # fmt: skip
        self.fuse16 = Fuse(last, sixteenth, HINTS, widths[0])
        self.fuse8 = Fuse(widths[0], eighth, HINTS, widths[1])
        self.fuse4 = Fuse(widths[1], quarter, HINTS, widths[2])
        self.fuse2 = Fuse(widths[2], half, 1, widths[3], blocks=1)
        self.head = nn.Conv2d(widths[3], 2, 1)

    def forward(self, image: Tensor, fall: Tensor) -> Tensor:
        """Logits (N, 2, H/2, W/2): floor that is seen, and floor that is seen and has nothing above it.

        Args:
            image: (N, 3, H, W) in [-1, 1]; H and W multiples of 32.
            fall: (N, 1, H, W) in [-1, 1], sine of the angle at which a pixel's ray falls; negative = it rises.
        """
        half, quarter, eighth, sixteenth, last = (x * FEATURE_SCALE for x in self.encoder(image))
        hints = self.hints(F.avg_pool2d(fall, _FALL_STRIDE))
        x = self.fuse16(last, sixteenth, hints)
        x = self.fuse8(x, eighth, hints)
        x = self.fuse4(x, quarter, hints)
        return self.head(F.silu(self.fuse2(x, half, fall)))
