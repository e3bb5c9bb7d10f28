"""Fabrics as numbers: colour patterns, painted in pattern space at one millimetre a pixel.

Colours are linear RGB reflectance in 0 to 1. All noise is seeded.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from scipy.ndimage import gaussian_filter

from training.light import from_hex, to_linear, to_srgb

Array = NDArray[np.float64]

PIXELS_PER_METRE = 1000

#: sRGB, as a shop names them.
COLOURS: Mapping[str, str] = {
    "white": "f4f3ef", "off-white": "ebe5d6", "cream": "efe3c8", "beige": "cdb898", "sand": "c2a878", "camel": "b5824a",
    "brown": "6b4630", "chocolate": "46301f", "tan": "b07a4a", "rust": "a84e24", "orange": "e0752a", "coral": "ec7561",
    "peach": "f2b594", "red": "bf2430", "burgundy": "6a1c2b", "pink": "e9a3b5", "fuchsia": "c92f78", "lilac": "b7a2d4",
    "purple": "5c3a80", "navy": "1d2945", "blue": "2f57a3", "light blue": "a3c0dd", "sky": "8dbbe0", "teal": "1f6a70",
    "turquoise": "3fb0ac", "mint": "b3dcc6", "green": "2f7a4a", "forest": "22462f", "olive": "66663a",
    "khaki": "9a8f68", "sage": "a3b096", "yellow": "efc840", "mustard": "c8952c", "grey": "8b8d90",
    "light grey": "c3c4c6", "charcoal": "3e4146", "black": "17181b", "indigo": "2a3a5c", "mid blue": "54749f",
    "bleached": "a9bdd2", "silver": "b9bbbf", "gold": "b58d45",
}  # fmt: skip


def colour(name: str) -> Array:
    """Linear RGB of a colour name; raises KeyError with the known names."""
    if name not in COLOURS:
        raise KeyError(f"unknown colour {name!r}; known: {', '.join(sorted(COLOURS))}")
    return from_hex(COLOURS[name])


@dataclass(frozen=True, eq=False)
class Sheet:
    """The painted rectangle of pattern space.

    Attributes:
        low: (x, z) of its lower left corner, metres.
        u, v: (H, W) fabric coordinates in metres: across and along the grain; sleeves have their own grain.
        x, z: (H, W) pattern coordinates; row 0 is the top.
        on_sleeve: (H, W) bool.
    """

    low: Array
    u: Array
    v: Array
    x: Array
    z: Array
    on_sleeve: NDArray[np.bool_]

    def pixel(self, points: Array) -> Array:
        """(N, 2) pattern points → (N, 2) pixel (column, row)."""
        return np.stack(
            [
                (points[:, 0] - self.low[0]) * PIXELS_PER_METRE,
                self.x.shape[0] - (points[:, 1] - self.low[1]) * PIXELS_PER_METRE,
            ],
            axis=1,
        )


def make_sheet(low: Array, high: Array, sleeve: tuple[Array, Array] | None, armhole: Array | None) -> Sheet:
    """The sheet over a pattern's extent; beyond the armhole the grain turns with the sleeve."""
    size = np.ceil((high - low) * PIXELS_PER_METRE).astype(int)
    x = low[0] + (np.arange(size[0]) + 0.5) / PIXELS_PER_METRE
    z = low[1] + (size[1] - np.arange(size[1]) - 0.5) / PIXELS_PER_METRE
    gx, gz = np.meshgrid(x, z)
    points = np.stack([gx.ravel(), gz.ravel()], axis=1)
    u, v, on_sleeve = (values.reshape(gx.shape) for values in grain(points, sleeve, armhole))
    return Sheet(low, u, v, gx, gz, on_sleeve)


def grain(
    points: Array, sleeve: tuple[Array, Array] | None, armhole: Array | None
) -> tuple[Array, Array, NDArray[np.bool_]]:
    """Fabric coordinates of (N, 2) pattern points: across, along, and whether on a sleeve."""
    x, z = points[:, 0], points[:, 1]
    if sleeve is None or armhole is None:
        return x.copy(), z.copy(), np.zeros(len(points), dtype=bool)
    order = np.argsort(armhole[:, 1])
    low_z = armhole[order[0], 1]
    # Below the arm the sleeve runs outwards, the side seam straight down.
    limit = np.interp(z, armhole[order, 1], armhole[order, 0]) + 0.9 * np.maximum(low_z - z, 0)
    on_sleeve = (np.abs(x) > limit) & (z > low_z - 0.30)
    start, axis = sleeve
    dx, dz = np.abs(x) - start[0], z - start[1]
    along, across = dx * axis[0] + dz * axis[1], -dx * axis[1] + dz * axis[0]
    return np.where(on_sleeve, np.sign(x) * (across + 0.35), x), np.where(on_sleeve, start[1] - along, z), on_sleeve


def noise(shape: tuple[int, int], scale: float, rng: np.random.Generator, stretch: float = 1.0) -> Array:
    """Smooth unit-variance noise; `scale` is its size in pixels, `stretch` lengthens it vertically."""
    step = max(1, int(scale / 3))
    small = rng.standard_normal((shape[0] // step + 3, shape[1] // step + 3))
    small = gaussian_filter(small, (scale / step * stretch, scale / step), mode="wrap")
    image = Image.fromarray(small.astype(np.float32)).resize((shape[1], shape[0]), Image.Resampling.BICUBIC)
    result = np.asarray(image, dtype=np.float64)
    return (result - result.mean()) / (result.std() + 1e-9)


# --- colour patterns: (sheet, colours (K, 3), options, rng) → (H, W, 3) -----------------------------------------------

Painter = Callable[[Sheet, Array, Mapping[str, Any], np.random.Generator], Array]


def _mix(a: Array, b: Array, share: Array) -> Array:
    return a + (b - a) * share[..., None]


def _wave(t: Array, period: float, width: float = 0.5) -> Array:
    """1 on a share `width` of every period, with edges half a pixel soft."""
    phase = np.abs((t / period) % 1.0 - 0.5) * 2
    edge = 0.001 / period
    return np.clip((width - phase) / (2 * edge) + 0.5, 0, 1)


def plain(sheet: Sheet, colours: Array, options: Mapping[str, Any], rng: np.random.Generator) -> Array:
    return np.broadcast_to(colours[0], (*sheet.u.shape, 3)).copy()


def melange(sheet: Sheet, colours: Array, options: Mapping[str, Any], rng: np.random.Generator) -> Array:
    fibre = noise(sheet.u.shape, 1.0, rng, 0.6) * 0.7 + noise(sheet.u.shape, 2.4, rng, 0.4) * 0.3
    other = colours[1] if len(colours) > 1 else colours[0] * 0.55
    return _mix(colours[0], other, np.clip(0.35 + 0.13 * fibre, 0, 1))


def stripes(sheet: Sheet, colours: Array, options: Mapping[str, Any], rng: np.random.Generator) -> Array:
    t = sheet.u if options.get("vertical") else sheet.v
    period, width = options.get("period", 0.03), options.get("width", 0.5)
    out = _mix(colours[0], colours[1], _wave(t, period, width))
    if len(colours) > 2:
        out = _mix(out, colours[2], _wave(t + period / 2, period, width * 0.4)[...])
    return out


def check(sheet: Sheet, colours: Array, options: Mapping[str, Any], rng: np.random.Generator) -> Array:
    """Gingham with two colours; with more, a tartan of overlaid bands."""
    period = options.get("period", 0.024)
    warp, weft = _wave(sheet.u, period), _wave(sheet.v, period)
    out = _mix(colours[0], colours[1], (warp + weft) / 2)
    for k, extra in enumerate(colours[2:]):
        shift = period * (0.5 + 0.22 * k)
        thin = (_wave(sheet.u + shift, period, 0.07) + _wave(sheet.v + shift, period, 0.07)) / 2
        out = _mix(out, extra, np.clip(thin * 1.4, 0, 1))
    return out


def windowpane(sheet: Sheet, colours: Array, options: Mapping[str, Any], rng: np.random.Generator) -> Array:
    period = options.get("period", 0.05)
    line = np.maximum(_wave(sheet.u, period, 0.05), _wave(sheet.v, period * 1.2, 0.045))
    return _mix(melange(sheet, colours[:1], {}, rng), colours[1], line * 0.8)


def dots(sheet: Sheet, colours: Array, options: Mapping[str, Any], rng: np.random.Generator) -> Array:
    period, radius = options.get("period", 0.026), options.get("radius", 0.007)
    row = np.floor(sheet.v / (period / 2))
    du = (sheet.u + (row % 2) * period / 2) % period - period / 2
    dv = sheet.v % (period / 2) - period / 4
    return _mix(colours[0], colours[1], np.clip((radius - np.hypot(du, dv)) * 1000 + 0.5, 0, 1))


def houndstooth(sheet: Sheet, colours: Array, options: Mapping[str, Any], rng: np.random.Generator) -> Array:
    cell = options.get("period", 0.02) / 8
    i, j = np.floor(sheet.u / cell).astype(int), np.floor(sheet.v / cell).astype(int)
    warp, weft = (i % 8) < 4, (j % 8) < 4
    over = (i + j) % 4 < 2
    dark = np.where(warp == weft, warp, np.where(over, warp, weft))
    return _mix(colours[0], colours[1], gaussian_filter(dark.astype(float), 0.6))


def herringbone(sheet: Sheet, colours: Array, options: Mapping[str, Any], rng: np.random.Generator) -> Array:
    period = options.get("period", 0.024)
    fold = np.abs(sheet.u % period - period / 2)
    line = _wave(sheet.v + fold, 0.006, 0.5)
    return _mix(melange(sheet, colours[:1], {}, rng), colours[1], line * 0.55)


def ombre(sheet: Sheet, colours: Array, options: Mapping[str, Any], rng: np.random.Generator) -> Array:
    """From the first colour at the top to the last at the bottom, a little uneven as dip-dyeing is."""
    t = (sheet.z.max() - sheet.z) / np.ptp(sheet.z)
    t = np.clip((t - 0.15) / 0.7 + 0.03 * noise(t.shape, 40, rng), 0, 1) * (len(colours) - 1)
    k = np.minimum(t.astype(int), len(colours) - 2)
    return colours[k] + (colours[k + 1] - colours[k]) * (t - k)[..., None]


def tie_dye(sheet: Sheet, colours: Array, options: Mapping[str, Any], rng: np.random.Generator) -> Array:
    cz = sheet.z.max() - 0.28
    r = np.hypot(sheet.x, sheet.z - cz)
    turn = np.arctan2(sheet.z - cz, sheet.x)
    t = 2 * turn / (2 * np.pi) + r * 5 + 0.07 * noise(r.shape, 18, rng) + 0.05 * noise(r.shape, 6, rng)
    k = np.floor(t * len(colours)).astype(int) % len(colours)
    out = np.stack([gaussian_filter(colours[k][..., c], 4) for c in range(3)], axis=-1)
    return out * (1 + 0.10 * noise(r.shape, 10, rng)[..., None])


def _scatter(shape: tuple[int, int], spacing: float, rng: np.random.Generator) -> Array:
    """Pixel positions on a jittered lattice, shuffled."""
    ys, xs = np.mgrid[-1 : shape[0] / spacing + 1, -1 : shape[1] / spacing + 1]
    points = np.stack([xs + 0.5 * (ys % 2), ys], axis=-1).reshape(-1, 2) + rng.uniform(-0.28, 0.28, (xs.size, 2))
    rng.shuffle(points)
    return points * spacing


def _paint(shape: tuple[int, int], ground: Array, draw: Callable[[ImageDraw.ImageDraw, int], None]) -> Array:
    """Draw with PIL at twice the size on a ground colour (linear), return linear."""
    base = tuple(round(255 * float(c)) for c in to_srgb(ground))
    image = Image.new("RGB", (shape[1] * 2, shape[0] * 2), base)
    draw(ImageDraw.Draw(image), 2)
    return to_linear(np.asarray(image.resize((shape[1], shape[0]), Image.Resampling.BOX), dtype=np.float64) / 255)


def rgb(linear: Array) -> tuple[int, int, int]:
    """A linear colour as PIL draws it: sRGB, 0 to 255."""
    r, g, b = (round(255 * float(c)) for c in to_srgb(linear))
    return r, g, b


def floral(sheet: Sheet, colours: Array, options: Mapping[str, Any], rng: np.random.Generator) -> Array:
    """Five-petalled flowers with leaves on a ground: colours are ground, petals…, last = leaves."""
    size, spacing = options.get("size", 0.022) * 1000, options.get("spacing", 0.048) * 1000
    petals, leaf = colours[1:-1], colours[-1]

    def draw(pen: ImageDraw.ImageDraw, k: int) -> None:
        for x, y in _scatter(sheet.u.shape, spacing * 0.6, rng):
            turn, r = rng.uniform(0, 2 * np.pi), size * rng.uniform(0.5, 0.8)
            tip = np.array([np.cos(turn), np.sin(turn)]) * r
            side = np.array([-tip[1], tip[0]]) * 0.28
            c = np.array([x, y])
            pen.polygon([tuple((p * k).tolist()) for p in (c - tip, c + side, c + tip, c - side)], fill=rgb(leaf))
        for n, (x, y) in enumerate(_scatter(sheet.u.shape, spacing, rng)):
            r, turn = size * rng.uniform(0.55, 1.0), rng.uniform(0, 2 * np.pi)
            tint = petals[n % len(petals)]
            for p in range(5):
                a = turn + p * 2 * np.pi / 5
                px, py, q = x + 0.55 * r * np.cos(a), y + 0.55 * r * np.sin(a), 0.46 * r
                pen.ellipse(
                    [(px - q) * k, (py - q) * k, (px + q) * k, (py + q) * k], fill=rgb(tint * (0.88 + 0.04 * p))
                )
            q = 0.24 * r
            pen.ellipse([(x - q) * k, (y - q) * k, (x + q) * k, (y + q) * k], fill=rgb(colour("mustard")))

    return _paint((sheet.u.shape[0], sheet.u.shape[1]), colours[0], draw)


def leaves(sheet: Sheet, colours: Array, options: Mapping[str, Any], rng: np.random.Generator) -> Array:
    """Palm fronds: colours are ground, then leaf colours."""
    size = options.get("size", 0.075) * 1000

    def draw(pen: ImageDraw.ImageDraw, k: int) -> None:
        for n, (x, y) in enumerate(_scatter(sheet.u.shape, size * 0.85, rng)):
            turn, tint = rng.uniform(0, 2 * np.pi), colours[1 + n % (len(colours) - 1)]
            stem = np.array([np.cos(turn), np.sin(turn)])
            for t in np.linspace(-0.45, 0.5, 9):
                for hand in (-1, 1):
                    a = turn + hand * (0.9 - 0.5 * t)
                    length = size * 0.42 * (1 - 0.9 * t * t) * 0.8
                    foot = np.array([x, y]) + stem * t * size
                    tip = foot + length * np.array([np.cos(a), np.sin(a)])
                    wide = 0.13 * length * np.array([-np.sin(a), np.cos(a)])
                    middle = (foot + tip) / 2
                    pen.polygon(
                        [tuple((p * k).tolist()) for p in (foot, middle + wide, tip, middle - wide)],
                        fill=rgb(tint * rng.uniform(0.85, 1.1)),
                    )

    return _paint((sheet.u.shape[0], sheet.u.shape[1]), colours[0], draw)


def camouflage(sheet: Sheet, colours: Array, options: Mapping[str, Any], rng: np.random.Generator) -> Array:
    out = plain(sheet, colours, options, rng)
    for tint in colours[1:]:
        patch = noise(sheet.u.shape, 22, rng, 0.7) + 0.35 * noise(sheet.u.shape, 8, rng)
        out = _mix(out, tint, np.clip((patch - 0.45) * 14, 0, 1))
    return out


def leopard(sheet: Sheet, colours: Array, options: Mapping[str, Any], rng: np.random.Generator) -> Array:
    """Rosettes: colours are ground, centre, ring."""
    ring, heart = np.zeros(sheet.u.shape), np.zeros(sheet.u.shape)
    wobble = 1 + 0.28 * noise(sheet.u.shape, 4, rng)
    height, width = sheet.u.shape
    for x, y in _scatter((height, width), 25.0, rng):
        (x0, x1), (y0, y1) = (np.clip([int(at) - 16, int(at) + 17], 0, end) for at, end in ((x, width), (y, height)))
        part = np.s_[y0:y1, x0:x1]
        if ring[part].size:
            ys, xs = np.mgrid[part]
            r = np.hypot(xs - x, ys - y) * wobble[part] / rng.uniform(0.75, 1.1)
            gap = np.cos(np.arctan2(ys - y, xs - x) * 2 + rng.uniform(0, 6.3)) > -0.75
            ring[part] = np.maximum(ring[part], np.clip(2.6 - np.abs(r - 7.5), 0, 1) * gap)
            heart[part] = np.maximum(heart[part], np.clip(7 - r, 0, 1))
    return _mix(_mix(colours[0], colours[1], heart), colours[2], ring)


def denim(sheet: Sheet, colours: Array, options: Mapping[str, Any], rng: np.random.Generator) -> Array:
    """Indigo warp over pale weft, slubby, worn lighter on the thighs (`fade`: strength)."""
    shape = sheet.u.shape
    twill = 0.5 + 0.5 * np.sin((sheet.u + sheet.v) * 2 * np.pi / 0.0032)
    slub = noise(shape, 1.0, rng, 9.0) * 0.5 + noise(shape, 1.2, rng) * 0.5
    share = np.clip(0.10 + 0.06 * twill + 0.035 * slub + 0.02 * noise(shape, 25, rng), 0, 1)
    fade = options.get("fade", 0.0)
    if fade:
        top = sheet.z.max()
        thigh = np.exp(-(((np.abs(sheet.x) - 0.16 - 0.06 * (top - sheet.z)) / 0.06) ** 2))
        reach = np.exp(-(((top - sheet.z - 0.40) / 0.22) ** 2))
        share = np.clip(share + fade * thigh * reach * (1 + 0.12 * noise(shape, 12, rng, 0.4)), 0, 1)
    return _mix(colours[0], to_linear(np.array([0.86, 0.88, 0.90])), share)


def colour_block(sheet: Sheet, colours: Array, options: Mapping[str, Any], rng: np.random.Generator) -> Array:
    """Horizontal blocks at the heights `levels` (share of the way down)."""
    t = (sheet.z.max() - sheet.v) / np.ptp(sheet.z)
    k = np.searchsorted(np.array(options.get("levels", [0.4])), t)
    return colours[np.minimum(k, len(colours) - 1)]


def fair_isle(sheet: Sheet, colours: Array, options: Mapping[str, Any], rng: np.random.Generator) -> Array:
    """A knitted yoke: bands of small figures, one stitch = 5 mm, below the shoulder."""
    stitch = 0.005
    i, j = (
        np.floor(sheet.u / stitch).astype(int),
        np.floor((sheet.v - sheet.z.max() + options.get("top", 0.12)) / stitch).astype(int),
    )
    row = -j % 34
    a, b = np.abs(i % 12 - 6), np.abs(i % 6 - 3)
    figure = np.where(row < 3, (i + row) % 2 * (row != 1), 0)
    figure = np.where((row >= 6) & (row < 17) & (np.abs(row - 11) + a <= 5), 1, figure)
    figure = np.where((row >= 9) & (row < 14) & (np.abs(row - 11) + a <= 2), 2, figure)
    figure = np.where((row >= 21) & (row < 25) & (b == np.abs(row - 23)), 2, figure)
    figure = np.where(row == 29, i % 4 == 0, figure)
    inside_yoke = (j < 0) & (j > -options.get("rows", 34))
    return np.asarray(colours)[np.where(inside_yoke, figure, 0).astype(int) % len(colours)]


def lace(sheet: Sheet, colours: Array, options: Mapping[str, Any], rng: np.random.Generator) -> Array:
    """Openwork over a lining: a mesh with rosettes."""
    cell = 0.03
    du, dv = sheet.u % cell - cell / 2, sheet.v % cell - cell / 2
    r, turn = np.hypot(du, dv), np.arctan2(dv, du)
    rosette = np.clip((0.010 + 0.0025 * np.cos(6 * turn) - r) * 900 + 0.5, 0, 1) * (r > 0.003)
    net = np.maximum(_wave(sheet.u + sheet.v, 0.006, 0.35), _wave(sheet.u - sheet.v, 0.006, 0.35))
    return _mix(colours[1], colours[0], np.clip(np.maximum(rosette, 0.75 * net), 0, 1))


PATTERNS: Mapping[str, Painter] = {
    "plain": plain, "melange": melange, "stripes": stripes, "check": check, "windowpane": windowpane, "dots": dots,
    "houndstooth": houndstooth, "herringbone": herringbone, "ombre": ombre, "tie-dye": tie_dye, "floral": floral,
    "leaves": leaves, "camouflage": camouflage, "leopard": leopard, "denim": denim, "colour-block": colour_block,
    "fair-isle": fair_isle, "lace": lace,
}  # fmt: skip
