"""The surface of cloth: weave, knit, wrinkles, seams and stitches as height in metres over a pattern's sheet."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from scipy.ndimage import gaussian_filter

from training.catalog_textile import Sheet, noise

Array = NDArray[np.float64]
Weave = Callable[[Sheet, np.random.Generator], Array]


def _wrinkles(sheet: Sheet, rng: np.random.Generator, depth: float) -> Array:
    """Creases of worn or folded cloth: ridged noise, a few centimetres across."""
    shape = (sheet.u.shape[0], sheet.u.shape[1])
    soft = noise(shape, 22, rng)
    ridge = -np.abs(noise(shape, 30, rng, 1.6)) - 0.6 * np.abs(noise(shape, 16, rng, 0.8))
    return depth * (0.6 * soft + 1.0 * gaussian_filter(ridge, 2.0))


def jersey(sheet: Sheet, rng: np.random.Generator) -> Array:
    return 4e-5 * noise(sheet.u.shape, 1.2, rng, 1.5) + _wrinkles(sheet, rng, 5e-4)


def poplin(sheet: Sheet, rng: np.random.Generator) -> Array:
    return 3e-5 * noise(sheet.u.shape, 1.0, rng) + _wrinkles(sheet, rng, 9e-4)


def linen(sheet: Sheet, rng: np.random.Generator) -> Array:
    shape = sheet.u.shape
    slub = noise(shape, 1.0, rng, 10.0) + np.rot90(noise((shape[1], shape[0]), 1.0, rng, 10.0))
    return 7e-5 * slub + _wrinkles(sheet, rng, 1.6e-3)


def twill(sheet: Sheet, rng: np.random.Generator) -> Array:
    line = np.sin((sheet.u + sheet.v) * 2 * np.pi / 0.0035)
    return 5e-5 * line + 4e-5 * noise(sheet.u.shape, 1.2, rng) + _wrinkles(sheet, rng, 8e-4)


def fine_rib(sheet: Sheet, rng: np.random.Generator) -> Array:
    return 3.5e-4 * np.abs(np.sin(sheet.u * np.pi / 0.006)) ** 0.7 + _wrinkles(sheet, rng, 3e-4)


def knit(sheet: Sheet, rng: np.random.Generator) -> Array:
    """Stockinette: columns of V stitches, one every 7 mm."""
    return _stitches(sheet, 0.007, 7e-4, rng) + _wrinkles(sheet, rng, 4e-4)


def fine_knit(sheet: Sheet, rng: np.random.Generator) -> Array:
    return _stitches(sheet, 0.0042, 3.0e-4, rng) + _wrinkles(sheet, rng, 4e-4)


def _stitches(sheet: Sheet, size: float, depth: float, rng: np.random.Generator) -> Array:
    across = (sheet.u / size) % 1.0 - 0.5
    along = (sheet.v / (0.75 * size) - 1.3 * np.abs(across)) % 1.0
    wobble = 0.08 * noise(sheet.u.shape, 5, rng)
    loop = np.sin(np.pi * np.clip(along + wobble, 0, 1)) ** 0.8 * np.sin(np.pi * np.abs(across) * 2) ** 0.5
    return depth * loop


def cable(sheet: Sheet, rng: np.random.Generator) -> Array:
    """Aran: twisted cables between columns of purl, on a stockinette ground."""
    period, half = 0.085, 0.020
    off = (sheet.u + period / 2) % period - period / 2
    phase = sheet.v * 2 * np.pi / 0.055
    height = np.full(sheet.u.shape, -1.0)
    for shift in (0.0, np.pi):
        centre = 0.010 * np.sin(phase + shift)
        over = 0.5 + 0.5 * np.cos(phase + shift)
        strand = 1 - ((off - centre) / 0.0105) ** 2
        height = np.maximum(height, np.where(strand > 0, strand * (0.65 + 0.35 * over), -1.0))
    rope = np.where(height > 0, 3.2e-3 * np.sqrt(np.clip(height, 0, 1)), 0.0)
    gutter = -1.2e-3 * np.exp(-(((np.abs(off) - half) / 0.003) ** 2))
    return gaussian_filter(rope + gutter, 0.8) + 0.5 * _stitches(sheet, 0.006, 7e-4, rng)


def waffle(sheet: Sheet, rng: np.random.Generator) -> Array:
    cell = np.maximum(np.abs(np.sin(sheet.u * np.pi / 0.008)), np.abs(np.sin(sheet.v * np.pi / 0.008)))
    return 6e-4 * cell**3 + _wrinkles(sheet, rng, 3e-4)


def corduroy(sheet: Sheet, rng: np.random.Generator) -> Array:
    return 6e-4 * np.abs(np.sin(sheet.u * np.pi / 0.0055)) + _wrinkles(sheet, rng, 5e-4)


def leather(sheet: Sheet, rng: np.random.Generator) -> Array:
    grain = -np.abs(noise(sheet.u.shape, 2.0, rng)) * 1.0e-4 - np.abs(noise(sheet.u.shape, 4.0, rng)) * 8e-5
    return grain + _wrinkles(sheet, rng, 1.3e-3)


def satin(sheet: Sheet, rng: np.random.Generator) -> Array:
    return 7e-4 * noise(sheet.u.shape, 26, rng, 1.8)


def felt(sheet: Sheet, rng: np.random.Generator) -> Array:
    return (
        1.2e-4 * noise(sheet.u.shape, 1.5, rng)
        + 1.5e-4 * noise(sheet.u.shape, 4, rng)
        + 3e-4 * noise(sheet.u.shape, 40, rng)
    )


def fleece(sheet: Sheet, rng: np.random.Generator) -> Array:
    curl = noise(sheet.u.shape, 2.6, rng)
    return 7e-4 * curl + 4e-4 * np.abs(noise(sheet.u.shape, 5, rng))


def pleats(sheet: Sheet, rng: np.random.Generator) -> Array:
    """Knife pleats, 26 mm each, sharp on one side."""
    t = (sheet.u / 0.026) % 1.0
    return 5.0e-3 * gaussian_filter(t, (0, 1.2)) + 3e-5 * noise(sheet.u.shape, 1.2, rng)


def rib(sheet: Sheet, rng: np.random.Generator) -> Array:
    """The 1×1 rib of neckbands and cuffs, coarse enough to be seen."""
    return 9e-4 * np.abs(np.sin(sheet.x * np.pi / 0.0065)) ** 0.8


WEAVES: Mapping[str, Weave] = {
    "jersey": jersey, "poplin": poplin, "linen": linen, "twill": twill, "fine-rib": fine_rib, "knit": knit,
    "fine-knit": fine_knit, "cable": cable, "waffle": waffle, "corduroy": corduroy, "leather": leather, "satin": satin,
    "felt": felt, "fleece": fleece, "pleats": pleats, "rib": rib,
}  # fmt: skip


@dataclass(frozen=True, eq=False)
class Finish:
    """What sewing adds to a cloth, each (H, W).

    Attributes:
        height: metres.
        shade: 0–1, how much darker the cloth looks (seams, worn edges).
        thread: 0–1, where top stitching shows.
        contrast: 0–1, where the garment has its second colour (bands).
    """

    height: Array
    shade: Array
    thread: Array
    contrast: Array


def finish(sheet: Sheet, seams: list[Array], stitches: list[Array], bands: list[Array]) -> Finish:
    """Sew: `seams` and `stitches` are polylines in pattern space, `bands` polygons, all mirrored to both sides."""
    shape = (sheet.u.shape[0], sheet.u.shape[1])
    seam = gaussian_filter(_lines(sheet, seams, 1.5, 0, 0), 1.0)
    pucker = gaussian_filter(_lines(sheet, seams + stitches, 8, 5, 6), 2.2)
    thread = _lines(sheet, stitches, 1.1, 4, 2)
    band = _polygons(sheet, bands)
    height = -1.5e-3 * seam + 2.5e-4 * pucker - 4e-4 * gaussian_filter(thread, 0.8)
    height += 7e-4 * gaussian_filter(band, 0.7)
    shade = np.clip(0.75 * seam + 0.12 * gaussian_filter(thread, 1.5), 0, 1)
    return Finish(height, shade.reshape(shape), thread, band)


def _both_sides(sheet: Sheet, points: Array) -> list[list[tuple[float, float]]]:
    out = []
    for side in (1.0, -1.0):
        pixel = sheet.pixel(points * np.array([side, 1.0])) * 2
        out.append([(float(x), float(y)) for x, y in pixel])
    return out


def _canvas(sheet: Sheet) -> Image.Image:
    return Image.new("L", (sheet.u.shape[1] * 2, sheet.u.shape[0] * 2), 0)


def _shrink(image: Image.Image) -> Array:
    small = image.resize((image.width // 2, image.height // 2), Image.Resampling.BOX)
    return np.asarray(small, dtype=np.float64) / 255


def _lines(sheet: Sheet, lines: list[Array], width: float, dash: float, gap: float) -> Array:
    """Draw polylines `width` mm wide, dashed when `dash` (mm) is set."""
    image = _canvas(sheet)
    pen = ImageDraw.Draw(image)
    for line in lines:
        for path in _both_sides(sheet, line):
            for piece in _dashes(path, dash * 2, gap * 2) if dash else [path]:
                pen.line(piece, fill=255, width=max(1, round(width * 2)), joint="curve")
    return _shrink(image)


def _dashes(path: list[tuple[float, float]], dash: float, gap: float) -> list[list[tuple[float, float]]]:
    points = np.array(path)
    length = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(points, axis=0), axis=1))])
    pieces = []
    for start in np.arange(0, length[-1], dash + gap):
        at = np.linspace(start, min(start + dash, length[-1]), 4)
        piece = zip(np.interp(at, length, points[:, 0]), np.interp(at, length, points[:, 1]), strict=True)
        pieces.append([(float(x), float(y)) for x, y in piece])
    return pieces


def _polygons(sheet: Sheet, polygons: list[Array]) -> Array:
    image = _canvas(sheet)
    pen = ImageDraw.Draw(image)
    for polygon in polygons:
        for path in _both_sides(sheet, polygon):
            pen.polygon(path, fill=255)
    return _shrink(image)
