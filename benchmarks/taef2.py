"""TAEF2, a published tiny autoencoder (8×, 32 latent channels; madebyollin/taesd, MIT): the yardstick for ours.

Only its layout is written here; the weights are the reader's to fetch.
"""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor, nn

WIDTH, LATENT = 64, 32


class Block(nn.Module):
    """Three 3×3 convolutions beside the identity; the deepest level first adds a normalised 1×1 branch."""

    def __init__(self, normalised: bool = False) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for _ in range(3):
            layers += [nn.Conv2d(WIDTH, WIDTH, 3, padding=1), nn.ReLU()]
        self.conv = nn.Sequential(*layers[:-1])
        wide = 4 * WIDTH
        self.pool = (
            nn.Sequential(
                nn.Conv2d(WIDTH, wide, 1, bias=False), nn.GroupNorm(4, wide), nn.ReLU(),
                nn.Conv2d(wide, WIDTH, 1, bias=False),
            )
            if normalised
            else None
        )  # fmt: skip

    def forward(self, x: Tensor) -> Tensor:
        if self.pool is not None:
            x = x + self.pool(x)
        return torch.relu(self.conv(x) + x)


class SoftClamp(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return torch.tanh(x / 3) * 3


def _blocks(normalised: bool = False) -> list[nn.Module]:
    return [Block(normalised) for _ in range(3)]


def encoder() -> nn.Sequential:
    """Pixels (N, 3, H, W) in [0, 1] → latents (N, 32, H/8, W/8)."""
    down = lambda: nn.Conv2d(WIDTH, WIDTH, 3, stride=2, padding=1, bias=False)  # noqa: E731
    return nn.Sequential(
        nn.Conv2d(3, WIDTH, 3, padding=1), Block(), down(), *_blocks(), down(), *_blocks(), down(), *_blocks(True),
        nn.Conv2d(WIDTH, LATENT, 3, padding=1),
    )  # fmt: skip


def decoder() -> nn.Sequential:
    """Latents → pixels in about [0, 1]."""
    up = lambda: (nn.Upsample(scale_factor=2), nn.Conv2d(WIDTH, WIDTH, 3, padding=1, bias=False))  # noqa: E731
    return nn.Sequential(
        SoftClamp(), nn.Conv2d(LATENT, WIDTH, 3, padding=1), nn.ReLU(), *_blocks(True), *up(), *_blocks(), *up(),
        *_blocks(), *up(), Block(), nn.Conv2d(WIDTH, 3, 3, padding=1),
    )  # fmt: skip


class Taef2:
    """Encode and decode like the compact autoencoder: pixels in [-1, 1].

    Args:
        folder: holds taef2_encoder.pth and taef2_decoder.pth.
    """

    def __init__(self, folder: Path) -> None:
        self._encoder, self._decoder = encoder().eval(), decoder().eval()
        for net, name in ((self._encoder, "encoder"), (self._decoder, "decoder")):
            net.load_state_dict(
                {k: v.float() for k, v in torch.load(folder / f"taef2_{name}.pth", weights_only=True).items()}
            )

    def encode(self, pixels: Tensor) -> Tensor:
        latents: Tensor = self._encoder(pixels / 2 + 0.5)
        return latents

    def decode(self, latents: Tensor) -> Tensor:
        pixels: Tensor = self._decoder(latents) * 2 - 1
        return pixels
