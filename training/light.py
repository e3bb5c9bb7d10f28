"""Linear light, sRGB and what lies between, for all pictures that are rendered."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]


def to_linear(colour: ArrayLike) -> Array:
    """From sRGB in 0–1 to linear light."""
    c = np.asarray(colour, np.float64)
    linear: Array = np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)
    return linear


def from_hex(code: str) -> Array:
    """Linear RGB of a colour written as sRGB, "f4f3ef"."""
    return to_linear([int(code[place : place + 2], 16) / 255 for place in (0, 2, 4)])


def to_srgb(light: Array) -> Array:
    """Linear light to sRGB, clipped to 0–1."""
    c = np.clip(light, 0, 1)
    coded: Array = np.where(c <= 0.0031308, c * 12.92, 1.055 * c ** (1 / 2.4) - 0.055)
    return coded


def rolled_off(light: Array) -> Array:
    """Light with its highlights rolled off above 0.8, so that white things keep their shape."""
    rolled: Array = np.where(light > 0.8, 0.8 + 0.2 * np.tanh((light - 0.8) / 0.2), light)
    return rolled


def developed(light: Array) -> NDArray[np.uint8]:
    """Linear light → sRGB uint8 of the same shape; highlights roll off."""
    return np.rint(to_srgb(rolled_off(light)) * 255).astype(np.uint8)


def cut_out(linear: Array) -> NDArray[np.uint8]:
    """Linear premultiplied (H, W, 4) → sRGB (H, W, 4) uint8, not premultiplied."""
    alpha = np.clip(linear[..., 3:], 0, 1)
    # Light that glass adds must show even where little of the pane does.
    alpha = np.maximum(alpha, np.clip(linear[..., :3].max(axis=2, keepdims=True), 0, 1) * (alpha > 0))
    light = np.where(alpha > 1e-4, linear[..., :3] / np.maximum(alpha, 1e-4), 0)
    return np.rint(np.concatenate([to_srgb(rolled_off(light)), alpha], axis=2) * 255).astype(np.uint8)
