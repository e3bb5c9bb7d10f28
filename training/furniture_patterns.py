"""What is on surfaces: wood, stone and cloth that repeat, and pictures for rugs and walls. Drawn here, none copied.

Every pattern is (H, W, 3) in sRGB, 0–1, row 0 at the top. Those that repeat cover a square of
`furniture_parts.TILE` metres and join on all sides; grain runs along the rows. A material's colour multiplies a
pattern, so cloth and stone are drawn near white.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from training.furniture_pictures import PICTURES, SIDE, mixed, noise, rgb

Array = NDArray[np.float64]
Random = np.random.Generator


def draw(name: str) -> Array:
    """A pattern by name, always the same.

    Raises:
        KeyError: with the known names.
    """
    if name not in PATTERNS:
        raise KeyError(f"No pattern {name!r}; there are {', '.join(sorted(PATTERNS))}.")
    seed = int(hashlib.sha256(name.encode()).hexdigest()[:8], 16)
    return np.clip(PATTERNS[name](np.random.default_rng(seed)), 0, 1)


# --- what repeats -----------------------------------------------------------------------------------------------------


def _wood(dark: str, light: str, rings: int) -> Callable[[Random], Array]:
    def make(random: Random) -> Array:
        wander = 0.10 * noise(random, 120, 420) + 0.012 * noise(random, 20, 260)
        across = np.arange(SIDE)[:, None] / SIDE
        ring = 0.5 + 0.5 * np.sin(2 * np.pi * rings * (across + wander))
        pores = np.clip(noise(random, 1.6, 46) - 0.9, 0, 2)
        amount = 0.52 + 0.26 * (ring**1.6 - 0.4) + 0.09 * noise(random, 5, 240) - 0.16 * pores
        return mixed(amount, rgb(dark), rgb(light))

    return make


def _marble(ground: str, vein: str) -> Callable[[Random], Array]:
    def make(random: Random) -> Array:
        wide = np.exp(-np.abs(noise(random, 90, 260) + 0.20 * noise(random, 34, 50)) * 15)
        fine = np.exp(-np.abs(noise(random, 50, 150) + 0.20 * noise(random, 18, 26)) * 24)
        cloud = 0.10 + 0.07 * noise(random, 70, 70)
        return mixed(0.62 * wide + 0.30 * fine + cloud, rgb(ground), rgb(vein))

    return make


def _linen(random: Random) -> Array:
    threads = 0.5 * noise(random, 1.2, 22) + 0.5 * noise(random, 22, 1.2)
    return np.repeat((0.94 + 0.035 * threads + 0.004 * noise(random, 60, 60))[..., None], 3, axis=2)


def _boucle(random: Random) -> Array:
    loops = np.abs(noise(random, 3, 3))
    return np.repeat((0.88 + 0.055 * loops + 0.01 * noise(random, 40, 40))[..., None], 3, axis=2)


def _leather(random: Random) -> Array:
    creases = np.exp(-np.abs(noise(random, 3.2, 3.2)) * 7)
    return np.repeat((0.97 - 0.10 * creases + 0.012 * noise(random, 70, 70))[..., None], 3, axis=2)


def _concrete(random: Random) -> Array:
    holes = np.clip(noise(random, 2.4, 2.4) - 2.4, 0, 1)
    value = 0.90 + 0.025 * noise(random, 80, 80) + 0.015 * noise(random, 9, 9) - 0.35 * holes
    return np.repeat(value[..., None], 3, axis=2)


def _terrazzo(random: Random) -> Array:
    picture = Image.new("RGB", (SIDE, SIDE), "#efece5")
    pen = ImageDraw.Draw(picture)
    for _ in range(420):
        middle, radius = random.uniform(0, SIDE, 2), random.uniform(2.5, 9)
        angle = np.sort(random.uniform(0, 2 * np.pi, 6))
        reach = radius * random.uniform(0.6, 1.0, 6)
        chip = middle + np.stack([np.cos(angle), np.sin(angle)], axis=1) * reach[:, None]
        colour = str(random.choice(["#c2a689", "#8f8a83", "#d7b8a6", "#5f625f", "#b9bfb6"]))
        for shift in ((0, 0), (SIDE, 0), (0, SIDE), (-SIDE, 0), (0, -SIDE)):
            pen.polygon([tuple(p) for p in (chip + shift).tolist()], fill=colour)
    return np.asarray(picture, np.float64) / 255


def _cane(random: Random) -> Array:
    """Woven cane: strands both ways, dark where one sees through."""
    y, x = np.mgrid[:SIDE, :SIDE] / SIDE * 32
    weave = np.where((np.floor(x) + np.floor(y)) % 2 > 0, np.abs(np.sin(np.pi * y)), np.abs(np.sin(np.pi * x)))
    amount = weave**0.5 * 0.85 + 0.06 * noise(random, 6, 6)
    return mixed(amount, rgb("#4d3820"), rgb("#cfa973"))


PATTERNS: dict[str, Callable[[Random], Array]] = {
    "oak": _wood("#a97c4b", "#dcbb8b", 9),
    "ash": _wood("#c6a97f", "#eeddc0", 8),
    "walnut": _wood("#3f2717", "#82573a", 10),
    "white-marble": _marble("#f0eeea", "#8e8f93"),
    "black-marble": _marble("#17171a", "#b9b3a6"),
    "green-marble": _marble("#1d3a2f", "#a9bfae"),
    "linen": _linen,
    "boucle": _boucle,
    "leather": _leather,
    "concrete": _concrete,
    "terrazzo": _terrazzo,
    "cane": _cane,
    **PICTURES,
}
