"""Floors and wall coverings as pictures that repeat: planks, parquet, tiles, carpet, wallpaper, brick. Drawn here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from training.furniture_pictures import mixed, noise
from training.room_looks import Surface
from training.room_shape import Array, Random

Index = NDArray[np.int64]

#: A joint between planks or tiles is so wide, metres.
JOINT = 0.0025


@dataclass(frozen=True, eq=False)
class Sheet:
    """One repeat of a surface.

    Attributes:
        colour: (N, N, 3) sRGB in 0–1, row 0 at the top.
        relief: (N, N) how far it stands out, 0–1, or None for a flat one.
        side: metres that the sheet covers.
        deep: metres from the lowest to the highest of its relief.
    """

    colour: Array
    relief: Array | None
    side: float
    deep: float = 0.0


def draw_surface(surface: Surface, pixels: int = 768) -> Sheet:
    """Draws a surface, always the same.

    Raises:
        KeyError: for a kind that is not known, with those that are.
    """
    if surface.kind not in KINDS:
        raise KeyError(f"No surface {surface.kind!r}; there are {', '.join(sorted(KINDS))}.")
    sheet = KINDS[surface.kind](surface, np.random.default_rng(surface.seed), pixels)
    return Sheet(np.clip(sheet.colour, 0, 1), sheet.relief, sheet.side, sheet.deep)


def _flat(surface: Surface, random: Random, pixels: int) -> Sheet:
    return Sheet(np.full((4, 4, 3), surface.colours[0], np.float64), None, 1.0)


def _grain(random: Random, pixels: int, dark: Array, light: Array, patches: Index) -> Array:
    """Wood: each patch (a number a pixel) is its own board with its own stretch of grain and its own tone."""
    fine = noise(random, 2.0, pixels / 5, (pixels, pixels))
    wide = noise(random, pixels / 40, pixels / 2.5, (pixels, pixels))
    count = int(patches.max()) + 1
    y, x = np.mgrid[:pixels, :pixels]
    shift_x, shift_y = (random.integers(0, pixels, count)[patches] for _ in range(2))
    rows, columns = (y + shift_y) % pixels, (x + shift_x) % pixels
    tone = random.normal(0, 0.17, count)[patches]
    amount = 0.5 + tone + 0.12 * fine[rows, columns] + 0.14 * wide[rows, columns]
    tint = 1 + random.normal(0, 0.008, (count, 3))[patches]
    return mixed(amount, dark, light) * tint


def _planks(surface: Surface, random: Random, pixels: int) -> Sheet:
    side = 2.4
    rows = max(4, round(side / surface.size))
    along, down = (np.arange(pixels) + 0.5) / pixels, (np.arange(pixels) + 0.5) / pixels * rows
    patches, edge = np.zeros((pixels, pixels), np.int64), np.zeros((pixels, pixels))
    joint = JOINT / side
    next_one = 0
    for row in range(rows):
        here = np.flatnonzero(np.floor(down).astype(int) == row)
        cuts = (random.random() + np.cumsum(random.uniform(0.8, 1.2, 2)) / 2.1) % 1
        number = np.searchsorted(np.sort(cuts), along) % 2
        patches[here] = next_one + number
        edge[here] = (np.abs((along[:, None] - cuts + 0.5) % 1 - 0.5).min(1) < joint)[None]
        edge[here[0]] = 1
        next_one += 2
    colour = _grain(random, pixels, np.array(surface.colours[0]), np.array(surface.colours[1]), patches)
    return Sheet(colour * (1 - 0.45 * edge[..., None]), 1 - edge, side, 0.002)


def _herringbone(surface: Surface, random: Random, pixels: int) -> Sheet:
    length, periods = 5, 2
    cells = 2 * length * periods
    side = cells * surface.size
    x, y = np.meshgrid(*[(np.arange(pixels) + 0.5) / pixels * cells] * 2)
    i, j = np.floor(x).astype(int), np.floor(y).astype(int)
    step = (i - j) % (2 * length)
    lying = step < length
    start_i, start_j = np.where(lying, i - step, i) % cells, np.where(lying, j, j + step - 2 * length + 1) % cells
    _, patches = np.unique((start_i * cells + start_j) * 2 + lying, return_inverse=True)
    patches = np.asarray(patches.reshape(pixels, pixels), np.int64)
    dark, light = np.array(surface.colours[0]), np.array(surface.colours[1])
    first = _grain(random, pixels, dark, light, patches)
    second = _grain(random, pixels, dark, light, patches.T).transpose(1, 0, 2)
    colour = np.where(lying[..., None], first, second)
    near = JOINT / surface.size
    u, v = x % 1, y % 1
    ends = np.where(lying, (step == 0) & (u < near), (step == 2 * length - 1) & (v < near))
    edge = np.where(lying, v < near, u < near) | ends
    return Sheet(colour * (1 - 0.4 * edge[..., None]), 1 - edge.astype(np.float64), side, 0.001)


def _tiled(surface: Surface, random: Random, pixels: int, checks: bool) -> Sheet:
    count = 2 * max(1, round(1.2 / surface.size))
    side = count * surface.size
    x, y = np.meshgrid(*[(np.arange(pixels) + 0.5) / pixels * count] * 2)
    i, j = np.floor(x).astype(int), np.floor(y).astype(int)
    tone = random.normal(0, 0.025, (count, count))[j, i]
    cloud = 0.022 * noise(random, pixels / 22, pixels / 14, (pixels, pixels)) + 0.008 * noise(
        random, 3, 3, (pixels, pixels)
    )
    ground = np.array(surface.colours[0])
    if checks:
        ground = np.where(((i + j) % 2)[..., None] > 0, ground, np.array(surface.colours[1]))
    colour = ground * (1 + tone + cloud)[..., None]
    joint = 0.5 * max(0.004, 1.6 * side / pixels) / surface.size
    edge = (np.abs(x % 1 - 0.5) > 0.5 - joint) | (np.abs(y % 1 - 0.5) > 0.5 - joint)
    grout = np.array(surface.colours[0]) * 0.75 if checks else np.array(surface.colours[1])
    return Sheet(np.where(edge[..., None], grout, colour), 1 - edge.astype(np.float64), side, 0.0015)


def _tiles(surface: Surface, random: Random, pixels: int) -> Sheet:
    return _tiled(surface, random, pixels, checks=False)


def _checks(surface: Surface, random: Random, pixels: int) -> Sheet:
    return _tiled(surface, random, pixels, checks=True)


def _carpet(surface: Surface, random: Random, pixels: int) -> Sheet:
    tuft = noise(random, 2.0, 2.0, (pixels, pixels))
    trodden = noise(random, pixels / 10, pixels / 8, (pixels, pixels))
    colour = np.array(surface.colours[0]) * (1 + 0.07 * tuft + 0.02 * trodden)[..., None]
    return Sheet(colour, 0.5 + 0.15 * tuft, 1.6, 0.006)


def _concrete(surface: Surface, random: Random, pixels: int) -> Sheet:
    cloud = 0.04 * noise(random, pixels / 8, pixels / 8, (pixels, pixels)) + 0.02 * noise(
        random, 8, 8, (pixels, pixels)
    )
    return Sheet(np.array(surface.colours[0]) * (1 + cloud)[..., None], None, 3.0)


def _stripes(surface: Surface, random: Random, pixels: int) -> Sheet:
    count = max(2, round(1.2 / surface.size))
    side = count * surface.size
    across = (np.arange(pixels) + 0.5) / pixels * count
    share = float(random.uniform(0.2, 0.5))
    amount = np.repeat(((across % 1) < share).astype(np.float64)[None], pixels, axis=0)
    return Sheet(mixed(amount, np.array(surface.colours[0]), np.array(surface.colours[1])), None, side)


def _motifs(surface: Surface, pixels: int, draw: Callable[[ImageDraw.ImageDraw, float, float, float], None]) -> Sheet:
    """A motif in staggered rows; `draw` draws one around a place in a cell of so many pixels."""
    count = 2 * max(1, round(0.6 / surface.size))
    amount = Image.new("L", (2 * pixels, 2 * pixels), 0)
    pen, cell = ImageDraw.Draw(amount), 2 * pixels / count
    for row in range(-1, count + 1):
        for column in range(-1, count + 1):
            draw(pen, (column + 0.5 + 0.5 * (row % 2)) * cell, (row + 0.5) * cell, cell)
    values = np.asarray(amount.resize((pixels, pixels), Image.Resampling.BOX), np.float64) / 255
    return Sheet(mixed(values, np.array(surface.colours[0]), np.array(surface.colours[1])), None, count * surface.size)


def _dots(surface: Surface, random: Random, pixels: int) -> Sheet:
    share = float(random.uniform(0.1, 0.26))

    def dot(pen: ImageDraw.ImageDraw, x: float, y: float, cell: float) -> None:
        pen.ellipse((x - share * cell, y - share * cell, x + share * cell, y + share * cell), fill=255)

    return _motifs(surface, pixels, dot)


def _leaves(surface: Surface, random: Random, pixels: int) -> Sheet:
    t = np.linspace(0, 1, 14)
    width = float(random.uniform(0.07, 0.13))

    def leaf(pen: ImageDraw.ImageDraw, x: float, y: float, cell: float) -> None:
        for angle in (-1.1, -0.35, 0.35, 1.1):
            along, across = 0.42 * t, width * np.sin(np.pi * t**0.8)
            outline = np.concatenate([np.stack([across, -along], 1), np.stack([-across, -along], 1)[::-1]])
            cos, sin = np.cos(angle), np.sin(angle)
            turned = outline @ np.array([[cos, sin], [-sin, cos]]) * cell + [x, y + 0.25 * cell]
            pen.polygon([tuple(p) for p in turned.tolist()], fill=255)

    return _motifs(surface, pixels, leaf)


def _trellis(surface: Surface, random: Random, pixels: int) -> Sheet:
    thick = float(random.uniform(0.025, 0.06))

    def ogee(pen: ImageDraw.ImageDraw, x: float, y: float, cell: float) -> None:
        t = np.linspace(-1, 1, 21)
        for side in (-1, 1):
            line = np.stack([x + side * cell * (0.25 + 0.25 * np.cos(np.pi * t)), y + cell * t], axis=1)
            pen.line([tuple(p) for p in line.tolist()], fill=255, width=max(1, round(thick * cell)))

    return _motifs(surface, pixels, ogee)


def _grasscloth(surface: Surface, random: Random, pixels: int) -> Sheet:
    threads = noise(random, 2.2, pixels / 6, (pixels, pixels)) + 0.4 * noise(random, pixels / 6, 2.2, (pixels, pixels))
    amount = 0.5 + 0.3 * threads
    return Sheet(mixed(amount, np.array(surface.colours[0]), np.array(surface.colours[1])), None, 1.2)


def _boards(surface: Surface, random: Random, pixels: int) -> Sheet:
    count = max(2, round(1.2 / surface.size))
    across = (np.arange(pixels) + 0.5) / pixels * count % 1
    near = max(0.006, 1.5 * surface.size * count / pixels) / surface.size
    edge = np.repeat((across < near).astype(np.float64)[None], pixels, axis=0)
    colour = np.array(surface.colours[0]) * (1 - 0.3 * edge)[..., None]
    return Sheet(colour, 1 - edge, count * surface.size, 0.006)


def _brick(surface: Surface, random: Random, pixels: int) -> Sheet:
    rows, columns, side = 16, 5, 1.2
    x, y = np.meshgrid((np.arange(pixels) + 0.5) / pixels * columns, (np.arange(pixels) + 0.5) / pixels * rows)
    j = np.floor(y).astype(int)
    x = x + 0.5 * (j % 2)
    i = np.floor(x).astype(int) % columns
    tone = random.normal(0, 0.10, (rows, columns, 1)) + random.normal(0, 0.02, (rows, columns, 3))
    rough = noise(random, 4, 4, (pixels, pixels))
    colour = np.array(surface.colours[0]) * (1 + tone[j, i] + 0.04 * rough[..., None])
    near_x, near_y = 0.005 / (side / columns), 0.005 / (side / rows)
    edge = (np.abs(x % 1 - 0.5) > 0.5 - near_x) | (np.abs(y % 1 - 0.5) > 0.5 - near_y)
    mortar = np.array(surface.colours[1]) * (1 + 0.04 * rough[..., None])
    relief = np.where(edge, 0.0, 0.85 + 0.05 * rough)
    return Sheet(np.where(edge[..., None], mortar, colour), relief, side, 0.008)


KINDS: dict[str, Callable[[Surface, Random, int], Sheet]] = {
    "plain": _flat, "planks": _planks, "herringbone": _herringbone, "tiles": _tiles, "checks": _checks,
    "carpet": _carpet, "concrete": _concrete, "stripes": _stripes, "dots": _dots, "leaves": _leaves,
    "trellis": _trellis, "grasscloth": _grasscloth, "boards": _boards, "brick": _brick,
}  # fmt: skip
