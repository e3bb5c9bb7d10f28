"""Losses shared by the trainings."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor


def gradient_l1(a: Tensor, b: Tensor, weight: Tensor | None = None) -> Tensor:
    """L1 between horizontal and vertical differences of pictures (N, C, H, W); `weight` (N, 1, H, W) masks it."""
    d = a - b
    dx, dy = d[..., 1:] - d[..., :-1], d[..., 1:, :] - d[..., :-1, :]
    if weight is None:
        return dx.abs().mean() + dy.abs().mean()
    return masked_mean(dx.abs(), weight[..., 1:]) + masked_mean(dy.abs(), weight[..., 1:, :])


def masked_mean(x: Tensor, weight: Tensor) -> Tensor:
    """Mean of x (N, C, H, W) over the pixels of `weight` (N, 1, H, W)."""
    return (x * weight).sum() / (weight.sum() * x.shape[1] + 1e-6)


def ssim_map(a: Tensor, b: Tensor) -> Tensor:
    """Structural similarity per pixel (N, C, H, W) of pictures in [-1, 1]; 7×7 box windows (Wang et al. 2004)."""

    def pool(x: Tensor) -> Tensor:
        # A box is separable; two strips cost a third of the square.
        rows = F.avg_pool2d(x, (7, 1), stride=1, padding=(3, 0), count_include_pad=False)
        return F.avg_pool2d(rows, (1, 7), stride=1, padding=(0, 3), count_include_pad=False)

    mean_a, mean_b = pool(a), pool(b)
    var_a, var_b = pool(a * a) - mean_a**2, pool(b * b) - mean_b**2
    cov = pool(a * b) - mean_a * mean_b
    c1, c2 = (0.01 * 2) ** 2, (0.03 * 2) ** 2
    return ((2 * mean_a * mean_b + c1) * (2 * cov + c2)) / ((mean_a**2 + mean_b**2 + c1) * (var_a + var_b + c2))


@torch.no_grad()
def ema_update(ema: torch.nn.Module, model: torch.nn.Module, step: int, decay: float = 0.998) -> None:
    """Move the averaged weights toward the trained ones; faster in the first steps."""
    rate = 1 - min(decay, (step + 1) / (step + 10))
    for a, b in zip(ema.parameters(), model.parameters(), strict=True):
        a.lerp_(b, rate)
