"""The compact autoencoder: photos ↔ latents of 1/8 the size with 16 channels.

Built for a CPU: pixels are folded into channels (space to depth) before the first convolution, so nothing runs at
full resolution. The latent space is trained to be easy to model: one global scale, smooth under small shifts.
"""

from __future__ import annotations

import torch.nn.functional as F
from diffusers.configuration_utils import ConfigMixin, register_to_config
from diffusers.models.modeling_utils import ModelMixin
from torch import Tensor, nn

#: Pixels per latent cell, each way.
SCALE_FACTOR = 8


class ResBlock(nn.Module):
    """Pre-activation residual block: two 3×3 convolutions, group norm, SiLU; optional FiLM from a vector.

    Args:
        channels: width in and out.
        embedding: size of the conditioning vector; 0 for none.
        dilation: of the first convolution.
    """

    def __init__(self, channels: int, embedding: int = 0, dilation: int = 1) -> None:
        super().__init__()
        self.norm1 = nn.GroupNorm(8, channels)
        self.conv1 = nn.Conv2d(channels, channels, 3, padding=dilation, dilation=dilation)
        self.norm2 = nn.GroupNorm(8, channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1)
        # A block starts as the identity, so depth costs nothing early in training.
        nn.init.zeros_(self.conv2.weight)
        nn.init.zeros_(self.conv2.bias)  # type: ignore[arg-type]
        self.film = nn.Linear(embedding, 2 * channels) if embedding else None

    def forward(self, x: Tensor, embedding: Tensor | None = None) -> Tensor:
        h = self.conv1(F.silu(self.norm1(x)))
        h = self.norm2(h)
        if self.film is not None and embedding is not None:
            scale, shift = self.film(embedding)[:, :, None, None].chunk(2, dim=1)
            h = h * (1 + scale) + shift
        return x + self.conv2(F.silu(h))


class CompactAutoencoder(ModelMixin, ConfigMixin):
    """Convolutional autoencoder, 8× smaller each way.

    Args:
        latent_channels: channels of a latent.
        width: channels at 1/4 size; twice as many at 1/8 size.
        encoder_blocks, decoder_blocks: residual blocks at (1/4, 1/8) size.
        scaling_factor: multiplies raw latents to unit variance; set once by training.
    """

    @register_to_config
    def __init__(
        self,
        latent_channels: int = 16,
        width: int = 80,
        encoder_blocks: tuple[int, int] = (1, 1),
        decoder_blocks: tuple[int, int] = (2, 3),
        scaling_factor: float = 1.0,
    ) -> None:
        super().__init__()
        deep = 2 * width
        self.encoder = nn.Sequential(
            nn.PixelUnshuffle(4),
            nn.Conv2d(48, width, 3, padding=1),
            *[ResBlock(width) for _ in range(encoder_blocks[0])],
            nn.Conv2d(width, deep, 4, stride=2, padding=1),
            *[ResBlock(deep) for _ in range(encoder_blocks[1])],
            nn.GroupNorm(8, deep),
            nn.SiLU(),
            nn.Conv2d(deep, latent_channels, 3, padding=1),
        )
        self.decoder = nn.Sequential(
            nn.Conv2d(latent_channels, deep, 3, padding=1),
            *[ResBlock(deep) for _ in range(decoder_blocks[1])],
            nn.Conv2d(deep, 4 * width, 1),
            nn.PixelShuffle(2),
            *[ResBlock(width) for _ in range(decoder_blocks[0])],
            nn.GroupNorm(8, width),
            nn.SiLU(),
            nn.Conv2d(width, 48, 3, padding=1),
            nn.PixelShuffle(4),
        )

    def encode(self, pixels: Tensor) -> Tensor:
        """Latents (N, C, H/8, W/8) of unit variance from pixels (N, 3, H, W) in [-1, 1]; H and W multiples of 8."""
        latents: Tensor = self.encoder(pixels) * self.config.scaling_factor
        return latents

    def decode(self, latents: Tensor) -> Tensor:
        """Pixels (N, 3, H, W) in about [-1, 1] (not clamped) from `encode`'s latents."""
        pixels: Tensor = self.decoder(latents / self.config.scaling_factor)
        return pixels

    def forward(self, pixels: Tensor) -> Tensor:
        """Encode, then decode."""
        return self.decode(self.encode(pixels))
