"""Pictures for walls and rugs, drawn here, none copied; see furniture_patterns."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

Array = NDArray[np.float64]
Random = np.random.Generator

#: Side of a repeating pattern and longer side of a picture, pixels.
SIDE = 512


def rgb(code: str) -> Array:
    return np.array([int(code[i : i + 2], 16) for i in (1, 3, 5)]) / 255


def noise(random: Random, across: float, along: float, shape: tuple[int, int] = (SIDE, SIDE)) -> Array:
    """Smooth noise that repeats, about −2.5 to 2.5; features of so many pixels across and along the rows."""
    y, x = np.fft.fftfreq(shape[0])[:, None], np.fft.rfftfreq(shape[1])[None]
    keep = np.exp(-2 * np.pi**2 * ((y * across) ** 2 + (x * along) ** 2) / 4)
    values = np.fft.irfft2(np.fft.rfft2(random.standard_normal(shape)) * keep, s=shape)
    result: Array = (values - values.mean()) / values.std()
    return result


def mixed(amount: Array, low: Array, high: Array) -> Array:
    return low + np.clip(amount, 0, 1)[..., None] * (high - low)


# --- for walls --------------------------------------------------------------------------------------------------------


class _Sheet:
    """A picture drawn four times as large in units of its width, then made smaller: soft edges."""

    def __init__(self, aspect: float, ground: str) -> None:
        width = SIDE if aspect <= 1 else round(SIDE / aspect)
        self.size = (width, round(width * aspect))
        self._scale = 4 * width
        self.picture = Image.new("RGB", (4 * self.size[0], 4 * self.size[1]), ground)
        self.pen = ImageDraw.Draw(self.picture)

    def area(self, points: Sequence[Sequence[float]], colour: str) -> None:
        self.pen.polygon([(x * self._scale, y * self._scale) for x, y in points], fill=colour)

    def box(self, left: float, top: float, right: float, bottom: float, colour: str) -> None:
        self.area([(left, top), (right, top), (right, bottom), (left, bottom)], colour)

    def disc(self, x: float, y: float, radius: float, colour: str) -> None:
        s = self._scale
        self.pen.ellipse(((x - radius) * s, (y - radius) * s, (x + radius) * s, (y + radius) * s), fill=colour)

    def line(self, points: Sequence[Sequence[float]], width: float, colour: str) -> None:
        places = [(x * self._scale, y * self._scale) for x, y in points]
        self.pen.line(places, fill=colour, width=round(width * self._scale), joint="curve")

    def done(self, random: Random, grain: float) -> Array:
        """The picture as numbers, with the grain of paper or pile."""
        values = np.asarray(self.picture.resize(self.size, Image.Resampling.LANCZOS), np.float64) / 255
        shape = (self.size[1], self.size[0])
        fine = noise(random, 1.0, 1.0, shape) + 0.25 * noise(random, 24, 24, shape)
        return values * (1 + grain * fine)[..., None]


def _arches(random: Random) -> Array:
    sheet = _Sheet(1.4, "#f1e9dc")
    bows = ((0.34, "#b5573a"), (0.26, "#f1e9dc"), (0.22, "#d99a5b"), (0.14, "#f1e9dc"), (0.10, "#3f5a5c"))
    for radius, colour in bows:
        sheet.disc(0.5, 0.62, radius, colour)
        sheet.box(0.5 - radius, 0.62, 0.5 + radius, 1.12, colour)
    sheet.disc(0.70, 0.22, 0.085, "#e0b04f")
    return sheet.done(random, 0.012)


def _hills(random: Random) -> Array:
    sheet = _Sheet(0.7, "#f3d9c0")
    sheet.disc(0.68, 0.22, 0.085, "#e8784e")
    x = np.linspace(0, 1, 80)
    ridges = ((0.30, "#c9a9a0"), (0.38, "#9c8b94"), (0.46, "#6d7785"), (0.55, "#44586a"), (0.63, "#2a3d4c"))
    for level, colour in ridges:
        phase = random.uniform(0, 6, 3)
        y = level + sum(0.045 / k * np.sin(2 * np.pi * k * 0.9 * x + p) for k, p in zip((1, 2, 3), phase, strict=True))
        sheet.area([*zip(x.tolist(), y.tolist(), strict=True), (1, 0.7), (0, 0.7)], colour)
    return sheet.done(random, 0.012)


def _circles(random: Random) -> Array:
    sheet = _Sheet(1.4, "#ece5d8")
    sheet.box(0.5, 0, 1, 0.7, "#d9cdb8")
    sheet.disc(0.5, 0.55, 0.30, "#23303f")
    sheet.disc(0.64, 0.78, 0.17, "#d2553c")
    sheet.disc(0.33, 0.36, 0.11, "#e3b23c")
    sheet.line([(0.12, 1.18), (0.88, 1.18)], 0.012, "#23303f")
    sheet.line([(0.12, 1.23), (0.62, 1.23)], 0.012, "#23303f")
    return sheet.done(random, 0.012)


def _leaf(random: Random) -> Array:
    sheet = _Sheet(1.4, "#f4f1ea")
    sheet.line([(0.5, 1.28), (0.49, 0.8), (0.51, 0.2)], 0.010, "#3d5a40")
    t = np.linspace(0, 1, 30)
    for number in range(11):
        foot, side = 1.06 - 0.08 * number, 1 if number % 2 else -1
        length = 0.40 * (1 - 0.055 * number)
        along, width = length * t, 0.075 * np.sin(np.pi * t**0.8) * (1 - 0.03 * number)
        rise = 0.55 * along
        upper = np.stack([0.5 + side * along, foot - rise - width], axis=1)
        lower = np.stack([0.5 + side * along, foot - rise + width * 0.55], axis=1)[::-1]
        shade = ("#4f7352", "#5f8560", "#3d5a40")[number % 3]
        sheet.area(np.concatenate([upper, lower]).tolist(), shade)
    return sheet.done(random, 0.010)


def _fields(random: Random) -> Array:
    """Two soft fields of colour, one above the other."""
    shape = (SIDE, round(SIDE / 1.25))
    y, x = np.mgrid[0 : 1 : shape[0] * 1j, 0 : 1 : shape[1] * 1j]
    wobble = 0.010 * noise(random, 26, 26, shape)
    picture = np.broadcast_to(rgb("#c8643c"), (*shape, 3)).copy()
    for top, bottom, colour in ((0.08, 0.56, "#e7a552"), (0.61, 0.93, "#6e2431")):
        inside = np.minimum(np.minimum(x - 0.08, 0.92 - x), np.minimum(y - top, bottom - y)) + wobble
        picture = picture + (1 / (1 + np.exp(-inside / 0.007)))[..., None] * 0.94 * (rgb(colour) - picture)
    return picture * (1 + 0.03 * noise(random, 40, 70, shape))[..., None]


def _tide(random: Random) -> Array:
    """Sea under a pale sky, in washes."""
    shape = (round(SIDE / 1.5), SIDE)
    y = np.linspace(0, 1, shape[0])[:, None] + 0.012 * noise(random, 10, 140, shape)
    stops = np.array([0, 0.42, 0.5, 0.56, 0.75, 0.9, 1.0])
    codes = ("#dfe7ea", "#f4e6d6", "#f0cfb0", "#7fa3ad", "#3f7180", "#cfc2a8", "#e4d8c2")
    colours = np.stack([rgb(code) for code in codes])
    picture = np.stack([np.interp(y, stops, colours[:, c]) for c in range(3)], axis=2)
    return picture * (1 + 0.025 * noise(random, 5, 60, shape))[..., None]


def _strokes(random: Random) -> Array:
    """Four bows of a dry brush, drawn hair by hair."""
    sheet = _Sheet(1.25, "#f5f3ee")
    t = np.linspace(0, 1, 60)
    for x, y, span, rise, width, colour in (
        (0.16, 0.95, 0.62, -0.62, 0.13, "#1c1c1e"), (0.30, 1.06, 0.58, -0.30, 0.08, "#8f8d88"),
        (0.20, 0.42, 0.34, -0.16, 0.06, "#1c1c1e"), (0.58, 0.78, 0.26, -0.34, 0.035, "#1c1c1e"),
    ):  # fmt: skip
        for offset in np.linspace(-0.5, 0.5, 34) * width:
            first, last = random.uniform(0, 0.07), random.uniform(0.80, 1.0)
            along = first + (last - first) * t
            bow = y + rise * along + 0.20 * np.sin(np.pi * along) + offset
            sheet.line(
                np.stack([x + span * along, bow], axis=1).tolist(), width / 34 * random.uniform(0.7, 1.3), colour
            )
    return sheet.done(random, 0.012)


def _city(random: Random) -> Array:
    """Roofs in ink blue at dusk."""
    sheet = _Sheet(0.7, "#e9d7c4")
    sheet.disc(0.26, 0.2, 0.06, "#f3b27a")
    for row, colour in enumerate(("#b9a7a6", "#7d8597", "#3a4763")):
        left = -0.05
        while left < 1:
            width, height = random.uniform(0.05, 0.12), random.uniform(0.10, 0.30) - 0.03 * row
            top = 0.7 - height - 0.10 * (2 - row) * 0.9
            sheet.box(left, top, left + width + 0.004, 0.7, colour)
            if row == 2:
                for x in np.arange(left + 0.012, left + width - 0.012, 0.020):
                    for y in np.arange(top + 0.02, 0.66, 0.035):
                        if random.random() < 0.35:
                            sheet.box(x, y, x + 0.008, y + 0.014, "#f3cf8c")
            left += width
    return sheet.done(random, 0.010)


# --- rugs: drawn with their front at the bottom -----------------------------------------------------------------------


def _stripes(random: Random) -> Array:
    sheet = _Sheet(1.5, "#e9e2d3")
    for number, y in enumerate(np.arange(0.05, 1.46, 0.10)):
        sheet.box(0, y, 1, y + (0.052 if number % 2 else 0.020), ("#2f4858", "#b86b4b")[number % 2])
    return sheet.done(random, 0.035)


def _berber(random: Random) -> Array:
    """Thin dark lozenges on cream pile."""
    sheet = _Sheet(1.5, "#efe8da")
    for row in range(-1, 6):
        for column in range(-1, 4):
            x, y = 0.34 * column + 0.16 + random.normal(0, 0.004), 0.31 * row + 0.13
            outer = [(x - 0.17, y), (x, y - 0.155), (x + 0.17, y), (x, y + 0.155), (x - 0.17, y)]
            sheet.line(outer, 0.011, "#3c332e")
            sheet.line([(x - 0.02, y), (x + 0.02, y)], 0.011, "#3c332e")
    return sheet.done(random, 0.05)


def _border(random: Random) -> Array:
    sheet = _Sheet(1.45, "#5c6b63")
    for inset, colour in ((0.055, "#e5ddca"), (0.075, "#5c6b63"), (0.10, "#e5ddca")):
        sheet.box(inset, inset, 1 - inset, 1.45 - inset, colour)
    return sheet.done(random, 0.03)


def _checks(random: Random) -> Array:
    sheet = _Sheet(1.4, "#eee6d6")
    for row in range(7):
        for column in range(5):
            if (row + column) % 2:
                sheet.box(0.2 * column, 0.2 * row, 0.2 * column + 0.2, 0.2 * row + 0.2, "#c98f4f")
    return sheet.done(random, 0.045)


def _pebbles(random: Random) -> Array:
    """Large calm shapes in three colours."""
    sheet = _Sheet(1.45, "#dcd3c4")
    t = np.linspace(0, 2 * np.pi, 90, endpoint=False)
    for x, y, size, colour in (
        (0.25, 0.28, 0.34, "#7d8c7a"), (0.85, 0.55, 0.36, "#b9785a"), (0.30, 1.02, 0.34, "#2f3b41"),
        (0.80, 1.30, 0.26, "#cbb48c"),
    ):  # fmt: skip
        phase = random.uniform(0, 6, 2)
        radius = size * (1 + 0.12 * np.sin(2 * t + phase[0]) + 0.07 * np.sin(3 * t + phase[1]))
        sheet.area(np.stack([x + radius * np.cos(t), y + radius * np.sin(t)], axis=1).tolist(), colour)
    return sheet.done(random, 0.045)


def _kilim(random: Random) -> Array:
    """Bands of stepped triangles."""
    sheet = _Sheet(1.5, "#7c2f2a")
    bands = ("#e8d9b8", "#23364a", "#c7803c", "#e8d9b8", "#7c2f2a", "#23364a")
    for number in range(10):
        top, ground, mark = 0.15 * number, bands[number % 6], bands[(number + 1) % 6]
        sheet.box(0, top, 1, top + 0.15, ground)
        for column in range(8):
            x = column / 8
            for step in range(5):
                inset = step * 0.0125
                y = top + 0.13 - 0.022 * step
                sheet.box(x + 0.004 + inset, y - 0.022, x + 0.121 - inset, y, mark)
        sheet.box(0, top + 0.140, 1, top + 0.15, "#1d1a1a")
    return sheet.done(random, 0.04)


def _jute(random: Random) -> Array:
    """Braids round and round, for a round rug."""
    y, x = (np.mgrid[:SIDE, :SIDE] + 0.5) / SIDE - 0.5
    radius, angle = np.hypot(x, y), np.arctan2(y, x)
    row = radius * 44 + angle / (2 * np.pi)
    plait = np.abs(np.sin(np.pi * row)) ** 0.6 * (0.78 + 0.22 * np.sin(150 * radius * angle + np.pi * np.floor(row)))
    picture = mixed(plait + 0.05 * noise(random, 3, 3), rgb("#7c5c36"), rgb("#d3b07c"))
    dark = (radius > 0.40) & (radius < 0.445)
    return np.where(dark[..., None], picture * rgb("#5a6a78") * 1.1, picture)


def _rings(random: Random) -> Array:
    sheet = _Sheet(1.0, "#e9e4da")
    rings = ((0.5, "#39424e"), (0.44, "#e9e4da"), (0.36, "#8fa3a8"), (0.26, "#e9e4da"), (0.16, "#c9865b"))
    for radius, colour in rings:
        sheet.disc(0.5, 0.5, radius, colour)
    return sheet.done(random, 0.04)


def _plain(code: str, aspect: float) -> Callable[[Random], Array]:
    def make(random: Random) -> Array:
        sheet = _Sheet(aspect, code)
        return sheet.done(random, 0.055)

    return make


#: Name → what draws it.
PICTURES: dict[str, Callable[[Random], Array]] = {
    "art-arches": _arches,
    "art-hills": _hills,
    "art-circles": _circles,
    "art-leaf": _leaf,
    "art-fields": _fields,
    "art-tide": _tide,
    "art-strokes": _strokes,
    "art-city": _city,
    "rug-stripes": _stripes,
    "rug-berber": _berber,
    "rug-border": _border,
    "rug-checks": _checks,
    "rug-pebbles": _pebbles,
    "rug-kilim": _kilim,
    "rug-jute": _jute,
    "rug-rings": _rings,
    "rug-grey": _plain("#8d9094", 1.4),
}
