"""Random flat garments with known parts and landmarks: what the landmark network learns from.

The shapes of training/synthetic_shapes.py, bent and turned, are painted with cloth taken from real pictures.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.geometry.garment import INNER_COLLAR, POINT_NAMES, TORSO
from training.synthetic_shapes import Drawing, Floats, Rng, draw_lower, draw_top


def pose_drawing(
    rng: Rng, drawing: Drawing, size: int
) -> tuple[list[tuple[int, Floats, str]], dict[str, Floats], list[Floats | None]]:
    """Wobble, stretch, turn and shift a drawing into pixels of a square picture of `size`."""
    everything = np.concatenate([p for _, p, _ in drawing.pieces])
    waves = [(rng.normal(0, 0.022, 2), rng.uniform(0.6, 2.6, 2), rng.uniform(0, 6.28, 2)) for _ in range(4)]
    lean = rng.normal(0, 0.05)
    belly, reach = (everything[:, 1].min() + 0.58 * np.ptp(everything[:, 1]), 0.3 * np.ptp(everything[:, 1]))

    def wobble(p: Floats) -> Floats:
        q = p.astype(np.float64)
        for strength, rate, phase in waves:
            q = q + strength * np.sin(p[..., ::-1] * rate + phase)
        q[..., 0] += lean * q[..., 1] + drawing.lean * np.exp(-(((q[..., 1] - belly) / reach) ** 2))
        return np.asarray(q, np.float32)

    moved = wobble(everything)
    turn = np.deg2rad(rng.normal(0, 3) if rng.random() < 0.7 else rng.normal(0, 14))
    stretch = np.array([rng.uniform(0.88, 1.12), 1.0])
    spin = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    moved = (moved * stretch) @ spin
    low, high = moved.min(axis=0), moved.max(axis=0)
    scale = size * rng.uniform(0.84, 0.98) / max(high - low)
    offset = size / 2 - scale * (low + high) / 2 + rng.normal(0, 0.012 * size, 2)

    def place(p: Floats) -> Floats:
        return np.asarray((wobble(p) * stretch) @ spin * scale + offset, np.float32)

    pieces = [(label, place(p), role) for label, p, role in drawing.pieces]
    points = {name: place(p) for name, p in drawing.points.items()}
    return pieces, points, [None if line is None else place(line) for line in drawing.lines]


def paint(
    rng: Rng, pieces: list[tuple[int, Floats, str]], cloth: NDArray[np.uint8], size: int
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Paint posed pieces; RGB uint8 (size, size, 3) and parts uint8 (size, size).

    Args:
        rng: randomness.
        pieces: in pixels, in drawing order.
        cloth: RGB uint8 (size, size, 3), the fabric.
        size: side of the picture.
    """
    image = np.zeros((size, size, 3), np.float32)
    parts = np.zeros((size, size), np.uint8)
    other = np.roll(cloth, (rng.integers(size), rng.integers(size)), axis=(0, 1)).astype(np.float32)
    contrast = rng.uniform(0, 255, 3).astype(np.float32)
    inside = rng.choice(["darker", "same", "other"], p=[0.7, 0.1, 0.2])
    dark = rng.uniform(0.45, 0.92)
    sleeve_other, collar_other = rng.random() < 0.18, rng.random() < 0.3
    shading = _smooth_noise(rng, size)[..., None] * rng.uniform(5, 45)
    for label, polygon, role in pieces:
        shape = np.zeros((size, size), np.uint8)
        cv2.fillPoly(shape, [np.rint(polygon * 16).astype(np.int32)], 1, shift=4)
        cover = shape > 0
        if role == "inside":
            base = cloth * dark if inside == "darker" else other if inside == "same" else other * 0.3 + contrast * 0.6
        elif (role == "sleeve" and sleeve_other) or (role == "collar" and collar_other):
            base = other * 0.2 + contrast * 0.8
        else:
            base = other if role == "sleeve" else cloth.astype(np.float32)
        depth = cv2.distanceTransform(shape, cv2.DIST_L2, 3)[..., None]
        edge = 1 - rng.uniform(0, 0.5) * np.exp(-depth / rng.uniform(0.8, 4))
        _cast_shadow(rng, image, shape)
        image[cover] = ((base + shading * rng.uniform(0.5, 1.2)) * edge)[cover]
        if rng.random() < 0.4:
            tone = float(rng.uniform(-60, 60))
            line = np.zeros((size, size), np.uint8)
            cv2.polylines(line, [np.rint(polygon * 16).astype(np.int32)], True, 1, 1, cv2.LINE_AA, 4)
            image[line > 0] += tone
        parts[cover] = label
    _decorate(rng, image, parts)
    return np.clip(image, 0, 255).astype(np.uint8), parts


def _cast_shadow(rng: Rng, image: Floats, shape: NDArray[np.uint8]) -> None:
    """Darken what is already painted around a piece that comes to lie on it."""
    if rng.random() < 0.7:
        soft = cv2.GaussianBlur(shape.astype(np.float32), (0, 0), rng.uniform(0.8, 3.0))
        image *= 1 - rng.uniform(0.1, 0.6) * soft[..., None]


def _decorate(rng: Rng, image: Floats, parts: NDArray[np.uint8]) -> None:
    """Prints, plackets, pockets, waistbands, labels: lines and patches that are no part's edge."""
    size = len(parts)
    ys, xs = np.nonzero(parts == TORSO)
    if not len(xs):
        return
    layer = np.zeros((size, size), np.uint8)
    x0, _y0 = int(np.median(xs)), int(np.median(ys))
    choice = rng.random()
    if choice < 0.25:
        half = (int(rng.uniform(4, 22)), int(rng.uniform(3, 20)))
        centre = (x0 + int(rng.normal(0, 5)), int(ys.min() + rng.uniform(0.25, 0.6) * np.ptp(ys)))
        cv2.ellipse(layer, centre, half, rng.uniform(0, 30), 0, 360, 1, -1)
    elif choice < 0.45:
        cv2.line(layer, (x0, int(ys.min())), (x0 + int(rng.normal(0, 2)), int(ys.max())), 1, int(rng.integers(1, 4)))
    elif choice < 0.6:
        y = int(rng.uniform(ys.min(), ys.max()))
        cv2.line(layer, (0, y), (size, y + int(rng.normal(0, 3))), 1, int(rng.integers(1, 12)))
    elif choice < 0.68:  # a yoke of lace or of another colour, no inside of a back
        cv2.rectangle(layer, (0, 0), (size, int(ys.min() + rng.uniform(0.08, 0.4) * np.ptp(ys))), 1, -1)
    elif choice < 0.76:
        for _ in range(int(rng.integers(1, 8))):
            i = int(rng.integers(len(xs)))
            cv2.circle(layer, (int(xs[i]), int(ys[i])), int(rng.integers(1, 7)), 1, -1)
    image[(layer > 0) & (parts == TORSO)] = rng.uniform(0, 255, 3)
    inner = np.nonzero(parts == INNER_COLLAR)
    if len(inner[0]) > 20 and rng.random() < 0.5:
        x, y = int(np.median(inner[1])), int(np.percentile(inner[0], 30))
        tag = np.zeros_like(layer)
        half = int(rng.integers(1, 5))
        cv2.rectangle(tag, (x - half, y - 1), (x + half, y + int(rng.integers(0, 4))), 1, -1)
        image[(tag > 0) & (parts == INNER_COLLAR)] = rng.uniform(0, 255, 3)


def _smooth_noise(rng: Rng, size: int) -> Floats:
    """Folds: smooth noise (size, size), about unit variance, longer in one direction."""
    grid = rng.normal(size=(int(rng.integers(3, 9)), int(rng.integers(3, 16)))).astype(np.float32)
    return np.asarray(cv2.resize(grid, (size, size), interpolation=cv2.INTER_CUBIC), np.float32)


def sample(
    rng: Rng, cloth: NDArray[np.uint8], size: int
) -> tuple[NDArray[np.uint8], NDArray[np.uint8], Floats, Floats]:
    """One training sample.

    Returns:
        image RGB uint8 (size, size, 3); parts uint8 (size, size); points (20, 2) in pixels and sleeve lines (2, 3, 2)
        in pixels, NaN = none.
    """
    kind = rng.choice(["top", "dress", "lower"], p=[0.58, 0.17, 0.25])
    drawing = draw_lower(rng) if kind == "lower" else draw_top(rng, kind == "dress")
    pieces, named, lines = pose_drawing(rng, drawing, size)
    image, parts = paint(rng, pieces, cloth, size)
    points = np.full((len(POINT_NAMES), 2), np.nan, np.float32)
    for name, point in named.items():
        points[POINT_NAMES.index(name)] = point
    sleeves = np.stack([np.full((3, 2), np.nan, np.float32) if line is None else line for line in lines])
    return image, parts, points, sleeves
