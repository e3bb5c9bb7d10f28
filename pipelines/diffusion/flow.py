"""The detail network: a rectified flow in latent space from the posterior mean to a plausible photo.

Posterior-mean rectified flow (Ohayon, Michaeli, Elad 2024): the source of the straight paths is the mean picture plus a
little noise instead of pure noise, so few steps suffice and none at all gives the mean back.
"""

from __future__ import annotations

import math

import torch
from diffusers.configuration_utils import ConfigMixin, register_to_config
from diffusers.models.modeling_utils import ModelMixin
from torch import Tensor, nn

from pipelines.diffusion.autoencoder import ResBlock
from pipelines.diffusion.mean import FACTS
from pipelines.geometry.layout import LAYOUT_LABELS


def time_features(t: Tensor, size: int) -> Tensor:
    """Sines and cosines (N, size) of times (N,) in [0, 1]."""
    frequencies = torch.exp(torch.linspace(0, math.log(200.0), size // 2, device=t.device))
    angles = t[:, None].float() * frequencies * 2
    return torch.cat([angles.sin(), angles.cos()], dim=1)


class FlowModel(ModelMixin, ConfigMixin):
    """Velocity of the latents from conditions at 1/8 size; h and w are multiples of 2.

    Args:
        latent_channels: of the autoencoder.
        widths: channels at 1/8 and 1/16 size.
        blocks: residual blocks at each, on the way down and on the way up.
        source_noise: deviation of the noise added to the mean's latents at the start.
        mean_error: deviation of the truth's latents from the mean's.
    """

    @register_to_config
    def __init__(
        self,
        latent_channels: int = 16,
        widths: tuple[int, int] = (64, 112),
        blocks: tuple[int, int] = (2, 2),
        source_noise: float = 0.25,
        mean_error: float = 0.43,
    ) -> None:
        super().__init__()
        # noisy latents, mean, masked photo, hint; mask; pose map; layout
        conditions = 4 * latent_channels + 1 + 3 + len(LAYOUT_LABELS)
        embedding = 128
        self.embed = nn.Sequential(
            nn.Linear(64 + FACTS, embedding), nn.SiLU(), nn.Linear(embedding, embedding), nn.SiLU()
        )
        wide, deep = widths
        self.inlet = nn.Conv2d(conditions, wide, 3, padding=1)
        self.down = nn.ModuleList(ResBlock(wide, embedding) for _ in range(blocks[0]))
        self.downsample = nn.Conv2d(wide, deep, 4, stride=2, padding=1)
        self.middle = nn.ModuleList(ResBlock(deep, embedding) for _ in range(2 * blocks[1]))
        self.upsample = nn.Sequential(nn.Conv2d(deep, 4 * wide, 1), nn.PixelShuffle(2))
        self.up = nn.ModuleList(ResBlock(wide, embedding) for _ in range(blocks[0]))
        head = nn.Conv2d(wide, latent_channels, 3, padding=1)
        nn.init.zeros_(head.weight)
        nn.init.zeros_(head.bias)  # type: ignore[arg-type]
        self.outlet = nn.Sequential(nn.GroupNorm(8, wide), nn.SiLU(), head)

    def forward(self, latents: Tensor, time: Tensor, conditions: Tensor, facts: Tensor) -> Tensor:
        """Velocity (N, C, h, w), pointing from the truth to the source.

        Args:
            latents: (N, C, h, w) at `time`.
            time: (N,) in [0, 1]: 1 = the source (mean and noise), 0 = the truth.
            conditions: see `flow_conditions`.
            facts: (N, FACTS).
        """
        embedding = self.embed(torch.cat([time_features(time, 64).to(latents.dtype), facts], 1))
        h = self.inlet(torch.cat([latents, conditions], 1))
        for block in self.down:
            h = block(h, embedding)
        skip = h
        h = self.downsample(h)
        for block in self.middle:
            h = block(h, embedding)
        h = self.upsample(h) + skip
        for block in self.up:
            h = block(h, embedding)
        velocity: Tensor = self.outlet(h) + self.linear_part(latents, time, conditions)
        return velocity

    def linear_part(self, latents: Tensor, time: Tensor, conditions: Tensor) -> Tensor:
        """The best velocity that is linear in the distance from the mean, so that the network learns only the rest.

        The preconditioning of Karras et al. (2022) for a path from mean + noise to truth: with truth − mean and noise
        taken as independent, it is the regression of their difference on the point between them.
        """
        noise, error, t = self.config.source_noise**2, self.config.mean_error**2, time[:, None, None, None]
        slope = (t * noise - (1 - t) * error) / ((1 - t) ** 2 * error + t**2 * noise)
        return slope.to(latents.dtype) * (latents - conditions[:, : latents.shape[1]])


def flow_conditions(mean: Tensor, masked: Tensor, hint: Tensor, mask: Tensor, pose: Tensor, layout: Tensor) -> Tensor:
    """Join what the flow is conditioned on, at latent size.

    Args:
        mean, masked, hint: latents (N, C, h, w) of the mean, the masked photo and the aligned hint.
        mask: (N, 1, 8h, 8w), 1 = repaint. pose: (N, 3, 8h, 8w) in [0, 1]. layout: probabilities (N, 6, 4h, 4w).
    """
    pool = torch.nn.functional.avg_pool2d
    return torch.cat([mean, masked, hint, pool(mask, 8), pool(pose, 8), pool(layout, 4)], 1)
