"""Prints: small pictures on the chest of a garment, each drawn with PIL from a recipe's words and colours."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from training.catalog_textile import PIXELS_PER_METRE, Array, Sheet, colour, rgb
from training.light import to_linear


def _text(
    pen: ImageDraw.ImageDraw,
    centre: tuple[float, float],
    text: str,
    size: float,
    ink: tuple[int, int, int],
    bold: float,
) -> None:
    font = ImageFont.load_default(size)
    pen.text(centre, text, font=font, fill=ink, anchor="mm", stroke_width=int(size * bold), stroke_fill=ink)


def add_print(sheet: Sheet, base: Array, spec: Mapping[str, Any], chest: float) -> Array:
    """Draw a print `size` metres wide, centred at `at`: metres to the wearer's left, and above the height `chest`."""
    size, at = float(spec["size"]), np.add([spec.get("at", (0.0, 0.0))], [0.0, chest])
    k = 4
    side = int(size * PIXELS_PER_METRE * 1.3) * k
    image = Image.new("RGBA", (side, side), (0, 0, 0, 0))
    PRINTS[spec["kind"]](ImageDraw.Draw(image), side, spec)
    image = image.resize((side // k, side // k), Image.Resampling.LANCZOS)
    layer = np.asarray(image, dtype=np.float64) / 255
    (column, row) = sheet.pixel(at)[0]
    y, x = int(row) - layer.shape[0] // 2, int(column) - layer.shape[1] // 2
    out = base.copy()
    region = out[y : y + layer.shape[0], x : x + layer.shape[1]]
    alpha = layer[: region.shape[0], : region.shape[1], 3:] * spec.get("opacity", 0.95)
    region += (to_linear(layer[: region.shape[0], : region.shape[1], :3]) - region) * alpha
    return out


def _inks(spec: Mapping[str, Any]) -> list[tuple[int, int, int]]:
    return [rgb(colour(name)) for name in spec["colours"]]


def _print_text(pen: ImageDraw.ImageDraw, side: int, spec: Mapping[str, Any]) -> None:
    lines, ink = spec["text"].split("\n"), _inks(spec)
    for i, line in enumerate(lines):
        size = side * 0.72 / max(len(line), 3) * 1.55
        size = min(size, side * 0.8 / len(lines))
        y = side / 2 + (i - (len(lines) - 1) / 2) * size * 1.05
        _text(pen, (side / 2, y), line, size, ink[i % len(ink)], spec.get("bold", 0.03))


def _print_box(pen: ImageDraw.ImageDraw, side: int, spec: Mapping[str, Any]) -> None:
    ground, ink = _inks(spec)[:2]
    pen.rectangle([side * 0.12, side * 0.38, side * 0.88, side * 0.62], fill=ground)
    _text(pen, (side / 2, side / 2), spec["text"], min(side * 0.17, side * 1.05 / len(spec["text"])), ink, 0.03)


def _print_sunset(pen: ImageDraw.ImageDraw, side: int, spec: Mapping[str, Any]) -> None:
    inks = _inks(spec)
    r, c = side * 0.36, side / 2
    for i in range(7):
        low, high = -1 + i * 2 / 7, -1 + (i + 1) * 2 / 7 - 0.02 - 0.03 * i
        y = np.linspace(low, high, 24)
        half = np.sqrt(np.clip(1 - y**2, 0, 1))
        left = [(c - r * h, c + r * t) for h, t in zip(half, y, strict=True)]
        right = [(c + r * h, c + r * t) for h, t in zip(half, y, strict=True)]
        pen.polygon(left + right[::-1], fill=inks[min(i * len(inks) // 7, len(inks) - 1)])
    if "text" in spec:
        _text(pen, (c, side * 0.93), spec["text"], side * 0.085, inks[0], 0.03)


def _print_mountains(pen: ImageDraw.ImageDraw, side: int, spec: Mapping[str, Any]) -> None:
    far, near, sun = _inks(spec)[:3]
    s = side
    pen.ellipse([s * 0.56, s * 0.16, s * 0.78, s * 0.38], fill=sun)
    pen.polygon([(s * 0.30, s * 0.70), (s * 0.60, s * 0.27), (s * 0.92, s * 0.70)], fill=far)
    pen.polygon([(s * 0.08, s * 0.70), (s * 0.36, s * 0.34), (s * 0.66, s * 0.70)], fill=near)
    pen.polygon(
        [
            (s * 0.28, s * 0.44),
            (s * 0.36, s * 0.34),
            (s * 0.445, s * 0.44),
            (s * 0.39, s * 0.47),
            (s * 0.35, s * 0.43),
            (s * 0.32, s * 0.47),
        ],
        fill=sun,
    )
    for i in range(3):
        pen.rectangle(
            [s * (0.14 + 0.06 * i), s * (0.73 + 0.035 * i), s * (0.86 - 0.06 * i), s * (0.745 + 0.035 * i)], fill=near
        )
    if "text" in spec:
        _text(pen, (s / 2, s * 0.91), spec["text"], s * 0.10, near, 0.03)


def _print_wave(pen: ImageDraw.ImageDraw, side: int, spec: Mapping[str, Any]) -> None:
    inks = _inks(spec)
    t = np.linspace(0, 1, 80)
    for i, ink in enumerate(inks):
        y = side * (0.38 + 0.11 * i) + side * 0.055 * np.sin(2 * np.pi * (1.6 * t + 0.17 * i))
        top = [(side * (0.1 + 0.8 * a), b) for a, b in zip(t, y, strict=True)]
        pen.polygon(top + [(a, b + side * 0.075) for a, b in top[::-1]], fill=ink)


def _star(cx: float, cy: float, r: float, points: int, inner: float) -> list[tuple[float, float]]:
    angle = -np.pi / 2 + np.arange(2 * points) * np.pi / points
    radius = np.where(np.arange(2 * points) % 2, inner * r, r)
    return [(cx + a * np.cos(b), cy + a * np.sin(b)) for a, b in zip(radius, angle, strict=True)]


def _print_star(pen: ImageDraw.ImageDraw, side: int, spec: Mapping[str, Any]) -> None:
    inks = _inks(spec)
    for i, ink in enumerate(inks):
        pen.polygon(_star(side / 2, side / 2, side * (0.40 - 0.055 * i), 5, 0.42), fill=ink)


def _print_heart(pen: ImageDraw.ImageDraw, side: int, spec: Mapping[str, Any]) -> None:
    t = np.linspace(0, 2 * np.pi, 120)
    x, y = 16 * np.sin(t) ** 3, 13 * np.cos(t) - 5 * np.cos(2 * t) - 2 * np.cos(3 * t) - np.cos(4 * t)
    pen.polygon(
        [(side / 2 + a * side * 0.023, side / 2 - b * side * 0.023) for a, b in zip(x, y, strict=True)],
        fill=_inks(spec)[0],
    )


def _print_flower(pen: ImageDraw.ImageDraw, side: int, spec: Mapping[str, Any]) -> None:
    petal, heart, stem = _inks(spec)[:3]
    cx, cy, r = side * 0.5, side * 0.36, side * 0.13
    pen.line([(cx, cy), (side * 0.52, side * 0.7), (side * 0.49, side * 0.95)], fill=stem, width=int(side * 0.018))
    for hand, y in ((-1, 0.72), (1, 0.80)):
        x = side * 0.51
        pen.polygon(
            [
                (x, side * y),
                (x + hand * side * 0.10, side * (y - 0.09)),
                (x + hand * side * 0.20, side * (y - 0.07)),
                (x + hand * side * 0.11, side * (y - 0.01)),
            ],
            fill=stem,
        )
    for k in range(8):
        a = k * np.pi / 4
        px, py = cx + 1.15 * r * np.cos(a), cy + 1.15 * r * np.sin(a)
        pen.ellipse([px - 0.62 * r, py - 0.62 * r, px + 0.62 * r, py + 0.62 * r], fill=petal)
    pen.ellipse([cx - 0.75 * r, cy - 0.75 * r, cx + 0.75 * r, cy + 0.75 * r], fill=heart)


def _print_number(pen: ImageDraw.ImageDraw, side: int, spec: Mapping[str, Any]) -> None:
    inks = _inks(spec)
    _text(pen, (side / 2, side * 0.27), spec["text"], side * 0.15, inks[0], 0.045)
    _text(pen, (side / 2, side * 0.62), spec["number"], side * 0.50, inks[-1], 0.075)
    _text(pen, (side / 2, side * 0.62), spec["number"], side * 0.50, inks[0], 0.035)


def _print_badge(pen: ImageDraw.ImageDraw, side: int, spec: Mapping[str, Any]) -> None:
    ring, ground = _inks(spec)[:2]
    pen.ellipse([side * 0.14, side * 0.14, side * 0.86, side * 0.86], fill=ring)
    pen.ellipse([side * 0.18, side * 0.18, side * 0.82, side * 0.82], fill=ground)
    pen.ellipse([side * 0.21, side * 0.21, side * 0.79, side * 0.79], outline=ring, width=max(2, side // 90))
    pen.polygon(_star(side / 2, side * 0.36, side * 0.09, 5, 0.42), fill=ring)
    _text(pen, (side / 2, side * 0.55), spec["text"], side * 0.62 / max(len(spec["text"]), 4) * 1.3, ring, 0.04)
    pen.rectangle([side * 0.33, side * 0.66, side * 0.67, side * 0.675], fill=ring)


PRINTS: Mapping[str, Callable[[ImageDraw.ImageDraw, int, Mapping[str, Any]], None]] = {
    "text": _print_text, "box": _print_box, "sunset": _print_sunset, "mountains": _print_mountains,
    "wave": _print_wave, "star": _print_star, "heart": _print_heart, "flower": _print_flower,
    "number": _print_number, "badge": _print_badge,
}  # fmt: skip
