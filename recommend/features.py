"""What pixels say by themselves: OKLab colour, palettes, colour names, and a plain cut-out. Pure functions.

OKLab (Ottosson, 2020) is used because equal distances in it look about equally different, so clusters, histograms and
nearest names behave as a shopper expects.

Array contract: images RGB uint8 (H, W, 3); masks uint8 (H, W), 255 = belongs to the garment.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]
Mask = NDArray[np.uint8]
Floats = NDArray[np.float32]

#: Bins of the colour histogram along L, a and b, and the range of a and b that sRGB reaches.
HISTOGRAM_BINS: Final = (6, 7, 7)
AB_REACH: Final = 0.28
COLOUR_DIM: Final = HISTOGRAM_BINS[0] * HISTOGRAM_BINS[1] * HISTOGRAM_BINS[2]

#: Example shades of each colour name (sRGB hex). A palette colour takes the name of its nearest shade.
SHADES: Final[dict[str, tuple[str, ...]]] = {
    "black": ("0d0d0d", "1c1b1e", "2a2828"),
    "white": ("ffffff", "f2f2f2", "e6e7ea", "d3d6da", "c6c8cb"),
    "grey": ("4c4c4e", "6e6e70", "8c8c8e", "a0a0a2", "8a8f96"),
    "navy": ("14203c", "1d2b4f", "20263a", "2b3552"),
    "blue": ("1f4fb5", "2b66d9", "3a6ea5", "48688f", "3550a0", "1f8fd6", "5f7fa8"),
    "light blue": ("a9cbe8", "8fb7dc", "c4dbee", "9db4cf"),
    "teal": ("0f7377", "1fa5a5", "2e8f8a", "35c4c0", "7fd0cb"),
    "green": ("1f7a3a", "2fa04e", "5bb868", "24523a", "8ccf8f", "9ccc3c", "3f6b4a"),
    "olive": ("5c5c2e", "74743a", "4a4c2e", "8a8a52"),
    "yellow": ("f5d90a", "ffe74d", "e6c229", "f7ea8a", "d1a021"),
    "orange": ("f07a13", "ff9440", "d9621e", "f7b27a"),
    "red": ("c8102e", "e0262b", "b3202a", "f04438"),
    "burgundy": ("6b1024", "521522", "7d2033"),
    "pink": ("f29ab8", "f7c6d4", "e0569a", "d4237a", "e98aa0", "d98c98"),
    "purple": ("5b2a86", "7d3fae", "9a6cc4", "b9a2dc", "46294f", "7a4a7a"),
    "brown": ("4a2f21", "6b4429", "855a3a", "3a2a24", "7a5a4a"),
    "beige": ("d8c4a2", "c2a67e", "b08d62", "cfbba6", "bca890"),
    "cream": ("f5ecd7", "efe4cc", "faf3e3"),
}

#: Names of colours that are in every room, so that repeating them is no merit.
NEUTRALS: Final = frozenset({"black", "white", "grey", "cream", "beige", "brown"})

_TO_LMS: Final = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ],
    np.float32,
)
_TO_LAB: Final = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ],
    np.float32,
)


@dataclass(frozen=True, eq=False)
class Palette:
    """The main colours of a garment, largest area first.

    Attributes:
        colours: float32 (K, 3), OKLab.
        shares: float32 (K,), fractions of the garment's area, summing to 1.
    """

    colours: Floats
    shares: Floats


def oklab(rgb: NDArray[np.uint8]) -> Floats:
    """RGB uint8 (..., 3) to OKLab float32 (..., 3): L in [0, 1], a and b in about ±0.3."""
    srgb = rgb.astype(np.float32) / 255
    linear = np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4).astype(np.float32)
    lms: Floats = np.cbrt(linear @ _TO_LMS.T)
    return np.asarray(lms @ _TO_LAB.T, np.float32)


def shrink(image: NDArray[np.uint8], longest: int, interpolation: int = cv2.INTER_AREA) -> NDArray[np.uint8]:
    """The picture or mask with its longest side at most `longest` pixels."""
    height, width = image.shape[:2]
    scale = longest / max(height, width)
    if scale >= 1:
        return image
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return np.asarray(cv2.resize(image, size, interpolation=interpolation), np.uint8)


def garment_pixels(image: Image, mask: Mask | None, longest: int = 96) -> Floats:
    """OKLab (N, 3) of the garment's pixels without its mixed-colour edge; of the whole picture if there is no mask."""
    small = shrink(image, longest)
    lab = oklab(small).reshape(-1, 3)
    if mask is None:
        return lab
    inside = cv2.resize(mask, (small.shape[1], small.shape[0]), interpolation=cv2.INTER_AREA) > 250
    return lab[inside.ravel()] if inside.any() else lab


def cluster(points: Floats, count: int, rounds: int = 12) -> tuple[Floats, NDArray[np.intp]]:
    """K-means that gives the same answer every time: centres (K, 3), K ≤ count, and the centre of each point (N,).

    Centres start at the mean and then at the point farthest from those chosen, so no random state is involved.
    """
    centres = points.mean(0, keepdims=True)
    for _ in range(count - 1):
        away = ((points[:, None] - centres[None]) ** 2).sum(-1).min(1)
        if away.max() < 1e-4:
            break
        # The 98th percentile rather than the farthest point: a single odd pixel is no colour of the garment.
        far = int(np.argmin(np.abs(away - np.quantile(away, 0.98))))
        centres = np.concatenate([centres, points[far : far + 1]])
    owner = np.zeros(len(points), np.intp)
    for _ in range(rounds):
        owner = ((points[:, None] - centres[None]) ** 2).sum(-1).argmin(1)
        centres = np.stack([points[owner == k].mean(0) if (owner == k).any() else c for k, c in enumerate(centres)])
    return np.asarray(centres, np.float32), owner


def palette(image: Image, mask: Mask | None = None, count: int = 5) -> Palette:
    """Up to `count` main colours of the garment, largest first; colours that look the same are merged."""
    points = garment_pixels(image, mask)
    centres, owner = cluster(points, count)
    shares = np.bincount(owner, minlength=len(centres)).astype(np.float32) / len(points)
    kept_colours: list[Floats] = []
    kept_shares: list[float] = []
    for k in np.argsort(-shares, kind="stable"):
        if shares[k] == 0:
            continue
        near = [i for i, c in enumerate(kept_colours) if np.linalg.norm(c - centres[k]) < 0.06]
        if near:
            kept_shares[near[0]] += float(shares[k])
        else:
            kept_colours.append(centres[k])
            kept_shares.append(float(shares[k]))
    order = np.argsort(-np.array(kept_shares), kind="stable")
    return Palette(np.stack(kept_colours)[order], np.array(kept_shares, np.float32)[order])


def shade_table() -> tuple[list[str], Floats]:
    """Names and OKLab (N, 3) of all example shades."""
    names = [name for name, shades in SHADES.items() for _ in shades]
    rgb = np.array([list(bytes.fromhex(shade)) for shades in SHADES.values() for shade in shades], np.uint8)
    return names, oklab(rgb)


def colour_shares(colours: Palette) -> dict[str, float]:
    """Colour names of a palette with the area each covers, largest first."""
    names, shades = shade_table()
    # Hue decides what a colour is called more than lightness does: a shadowed red is red.
    weight = np.array([0.8, 1.6, 1.6], np.float32)
    nearest = np.linalg.norm((colours.colours[:, None] - shades[None]) * weight, axis=-1).argmin(1)
    shares: dict[str, float] = {}
    for index, share in zip(nearest, colours.shares, strict=True):
        shares[names[index]] = shares.get(names[index], 0.0) + float(share)
    return dict(sorted(shares.items(), key=lambda pair: (-pair[1], pair[0])))


def main_colours(colours: Palette, least: float = 0.2, most: int = 3) -> tuple[str, ...]:
    """Names of the colours that cover at least the fraction `least`, never none."""
    shares = colour_shares(colours)
    return tuple(name for i, (name, share) in enumerate(shares.items()) if i == 0 or share >= least)[:most]


def colour_vector(image: Image, mask: Mask | None = None) -> Floats:
    """Soft OKLab histogram of the garment (COLOUR_DIM,), unit norm.

    Each pixel is shared among its eight neighbouring bins; the root of the counts is kept, so the dot product of two
    vectors is the Bhattacharyya coefficient of the two colour distributions.
    """
    points = garment_pixels(image, mask)
    bins = np.array(HISTOGRAM_BINS)
    low, high = np.array([0, -AB_REACH, -AB_REACH]), np.array([1, AB_REACH, AB_REACH])
    place = np.clip((points - low) / (high - low), 0, 1) * (bins - 1)
    floor = np.minimum(place.astype(int), bins - 2)
    part = place - floor
    counts = np.zeros(COLOUR_DIM, np.float64)
    for corner in np.ndindex(2, 2, 2):
        step = np.array(corner)
        weight = np.where(step == 1, part, 1 - part).prod(1)
        cell = floor + step
        np.add.at(counts, (cell[:, 0] * bins[1] + cell[:, 1]) * bins[2] + cell[:, 2], weight)
    root = np.sqrt(counts)
    return np.asarray(root / np.linalg.norm(root), np.float32)


def cut_out(image: Image) -> Mask:
    """The garment in front of a ground whose colours are seen along the border, as a mask of the picture's size.

    A plain method for catalog pictures: what differs from the border's colours is garment. Where that gives no
    believable shape (a busy ground, a picture filled by the garment), the whole picture is returned, so that nothing is
    lost.
    """
    small = shrink(image, 160)
    distance = ground_distance(oklab(small))
    level, _ = cv2.threshold(distance, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    found = clean_shape(refine(small, clean_shape(np.where(distance > level, 255, 0).astype(np.uint8))))
    if not believable(found):
        return np.full(image.shape[:2], 255, np.uint8)
    full = cv2.resize(found, (image.shape[1], image.shape[0]), interpolation=cv2.INTER_LINEAR)
    return np.where(full > 127, 255, 0).astype(np.uint8)


def add_thin_parts(image: Image, found: Mask, far: int = 150) -> Mask:
    """A cut-out with the legs, rods and cords that hang on it: pixels clearly unlike the ground that touch it.

    Smoothing takes what is thinner than a sleeve for noise; of a chair it is the legs.

    Args:
        image: the picture.
        found: the cut-out.
        far: how unlike the ground, in units of `ground_distance`; a soft shadow stays below.
    """
    if not found.any() or found.all():
        return found
    small = shrink(image, 320)
    shape = cv2.resize(found, (small.shape[1], small.shape[0]), interpolation=cv2.INTER_AREA) > 127
    unlike = ground_distance(oklab(small)) > far
    _, pieces = cv2.connectedComponents((unlike | shape).astype(np.uint8))
    touching = np.isin(pieces, np.unique(pieces[shape])) & (pieces > 0)
    whole = np.where(touching, 255, 0).astype(np.uint8)
    full = cv2.resize(whole, (image.shape[1], image.shape[0]), interpolation=cv2.INTER_LINEAR)
    return np.where((full > 127) | (found > 0), 255, 0).astype(np.uint8)


def refine(image: Image, found: Mask) -> Mask:
    """A first shape made whole by GrabCut: parts of it that look like the ground come back if its colours allow it."""
    if not believable(found):
        return found
    near = cv2.dilate(found, np.ones((9, 9), np.uint8))
    state = np.where(near > 0, cv2.GC_PR_BGD, cv2.GC_BGD).astype(np.uint8)
    hull = np.zeros_like(found)
    outlines, _ = cv2.findContours(found, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    for outline in outlines:
        cv2.drawContours(hull, [cv2.convexHull(outline)], -1, 255, cv2.FILLED)
    state[hull > 0] = cv2.GC_PR_BGD
    state[found > 0] = cv2.GC_PR_FGD
    state[cv2.erode(found, np.ones((7, 7), np.uint8)) > 0] = cv2.GC_FGD
    cv2.setRNGSeed(0)  # GrabCut starts its colour models from OpenCV's generator of this thread
    bgr, ground, garment = np.ascontiguousarray(image[:, :, ::-1]), np.zeros((1, 65)), np.zeros((1, 65))
    cv2.grabCut(bgr, state, None, ground, garment, 3, cv2.GC_INIT_WITH_MASK)
    return np.where((state == cv2.GC_FGD) | (state == cv2.GC_PR_FGD), 255, 0).astype(np.uint8)


def ground_distance(lab: Floats, ground_colours: int = 4) -> NDArray[np.uint8]:
    """How far each pixel is from the border's colours, in units of their own spread: uint8 (H, W), 255 = very far."""
    height, width = lab.shape[:2]
    ring = np.zeros((height, width), bool)
    edge = max(2, round(0.04 * max(height, width)))
    ring[:edge], ring[-edge:], ring[:, :edge], ring[:, -edge:] = True, True, True, True
    border = lab[ring]
    centres, owner = cluster(border, ground_colours)
    nearest = np.full((height, width), np.inf, np.float32)
    for k, centre in enumerate(centres):
        members = border[owner == k]
        # A colour seen on less than a twentieth of the border is more likely a sleeve that touches it.
        if len(members) < 0.05 * len(border):
            continue
        spread = float(np.sqrt(((members - centre) ** 2).sum(-1).mean()))
        nearest = np.minimum(nearest, np.linalg.norm(lab - centre, axis=-1) / (spread + 0.03))
    smooth = cv2.GaussianBlur(np.minimum(nearest, 8.0), (0, 0), 1.2)
    return np.asarray(np.clip(smooth / 8.0 * 255, 0, 255), np.uint8)


def clean_shape(found: Mask) -> Mask:
    """Specks dropped, gaps closed, holes filled; pieces of at least a fifth of the largest stay (a pair of shoes)."""
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (5, 5))
    closed = cv2.morphologyEx(cv2.morphologyEx(found, cv2.MORPH_OPEN, kernel), cv2.MORPH_CLOSE, kernel)
    outlines, _ = cv2.findContours(closed, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    shape = np.zeros_like(found)
    if not outlines:
        return shape
    largest = max(cv2.contourArea(outline) for outline in outlines)
    kept = [outline for outline in outlines if cv2.contourArea(outline) >= 0.2 * largest]
    cv2.drawContours(shape, kept, -1, 255, cv2.FILLED)
    return shape


def believable(shape: Mask) -> bool:
    """Whether a cut-out covers 5–90 % of the picture and less than half of its border."""
    border = np.concatenate([shape[0], shape[-1], shape[:, 0], shape[:, -1]])
    return 0.05 <= float((shape > 0).mean()) <= 0.9 and float((border > 0).mean()) < 0.5


def portrait(image: Image, mask: Mask | None, side: int, margin: float = 0.06) -> tuple[Image, Mask]:
    """The garment alone, centred on white in a square of `side` pixels, and its mask there.

    All pictures are brought to this one form before an encoder sees them, so that a ground, a distance or a frame does
    not count as likeness.
    """
    mask = np.full(image.shape[:2], 255, np.uint8) if mask is None or not mask.any() else mask
    rows, columns = np.flatnonzero(mask.max(1)), np.flatnonzero(mask.max(0))
    top, bottom, left, right = rows[0], rows[-1] + 1, columns[0], columns[-1] + 1
    part, shape = image[top:bottom, left:right], mask[top:bottom, left:right]
    room = round(side * (1 - 2 * margin)) if shape.min() == 0 else side
    scale = room / max(part.shape[:2])
    size = (max(1, round(part.shape[1] * scale)), max(1, round(part.shape[0] * scale)))
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    part, shape = cv2.resize(part, size, interpolation=way), cv2.resize(shape, size, interpolation=way)
    y, x = (side - size[1]) // 2, (side - size[0]) // 2
    square, square_mask = np.full((side, side, 3), 255, np.uint8), np.zeros((side, side), np.uint8)
    cover = shape[..., None].astype(np.float32) / 255
    square[y : y + size[1], x : x + size[0]] = np.rint(part * cover + 255 * (1 - cover)).astype(np.uint8)
    square_mask[y : y + size[1], x : x + size[0]] = shape
    return square, square_mask
