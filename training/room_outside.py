"""What is seen through a room's windows, out of focus: sky, trees or houses. Drawn here."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageFilter

from training.furniture_pictures import noise
from training.room_shape import Array, Random

#: (height, width) of the picture; it goes half way round the house and its horizon is at half its height.
SIZE = (512, 1024)
#: How far out of focus it is, pixels, and how much haze and glare lie on it.
BLUR, HAZE = 3.5, 0.3


def draw_outside(kind: str, random: Random) -> Array:
    """Linear light (H, W, 3), row 0 at the top; the sky is about 1.

    Args:
        kind: "sky", "garden" or "city".
        random: the generator.
    """
    height, width = SIZE
    up = np.linspace(1, -1, height)[:, None]
    clouds = np.clip(noise(random, 30, 120, SIZE), -1, 2)[..., None] * 0.06
    high, low = np.array([0.55, 0.72, 1.0]), np.array([0.95, 0.98, 1.0])
    sky = low + (high - low) * np.clip(up * 1.6, 0, 1)[..., None] + clouds
    ground = np.array([0.16, 0.2, 0.1]) if kind == "garden" else np.array([0.22, 0.22, 0.21])
    picture = np.where(up[..., None] > 0, sky, ground * (1 + 0.2 * noise(random, 12, 40, SIZE)[..., None]))
    line = _skyline(kind, random, width)
    covered = (up < line[None]) & (up > -0.02)
    picture = np.where(covered[..., None], _what_stands(kind, random), picture)
    hazy = np.clip(HAZE + (1 - HAZE) * picture, 0, 1.2) / 1.2
    blurred = Image.fromarray(np.rint(255 * hazy**0.5).astype(np.uint8)).filter(ImageFilter.GaussianBlur(BLUR))
    return 1.2 * (np.asarray(blurred, np.float64) / 255) ** 2


def _skyline(kind: str, random: Random, width: int) -> Array:
    """How high what stands outside reaches in each column, as shares of the way up."""
    if kind == "sky":
        return np.full(width, 0.01)
    if kind == "garden":
        rough = noise(random, 1, 24, (8, width))[0]
        fine = noise(random, 1, 5, (8, width))[1]
        return 0.13 + 0.06 * rough + 0.012 * fine
    edges = np.sort(random.integers(0, width, 22))
    roofs = random.uniform(0.08, 0.5, 23)
    return np.asarray(roofs[np.searchsorted(edges, np.arange(width))])


def _what_stands(kind: str, random: Random) -> Array:
    height, width = SIZE
    if kind == "garden":
        leaves = noise(random, 9, 9, SIZE) + 0.6 * noise(random, 3, 3, SIZE)
        return np.array([0.10, 0.17, 0.06]) * np.clip(1 + 0.45 * leaves, 0.15, 3)[..., None]
    wall = np.repeat(random.uniform(0.25, 0.6, 24), -(-width // 24))[:width]
    y, x = np.mgrid[:height, :width]
    windows = ((y % 18) > 6) & ((y % 18) < 15) & ((x % 14) > 4) & ((x % 14) < 10)
    tint = np.array([1.0, 0.94, 0.86])
    return np.where(windows[..., None], 0.12 * np.array([0.8, 0.9, 1.0]), wall[None, :, None] * tint)
