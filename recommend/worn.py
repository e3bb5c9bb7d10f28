"""What people wear together, counted on photos of outfits: kinds of garments, and their colours. Pure functions.

A colour that two garments share says the more the rarer it is: half the street wears black with black. The numbers are
what `python -m training.train_complements` prints; photos are Clothing Co-Parsing's (Apache-2.0).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np

from recommend.features import COLOUR_DIM, Floats

#: Weights of a conditional logit: shared colours, difference of mean lightness, logarithms of harmony and of the lift.
SHARED, CONTRAST, HARMONY, KINDS = 1.69, 1.04, 0.25, 0.91
#: Bin of the colour histogram → share of all garments' area in 10,000.
COMMON: Final[dict[int, int]] = {
    17: 2, 23: 22, 24: 225, 25: 2, 30: 1, 31: 8, 64: 1, 65: 8, 66: 33, 67: 1, 71: 7, 72: 380, 73: 2400, 74: 45,
    79: 21, 80: 137, 81: 17, 87: 1, 88: 1, 113: 3, 114: 20, 115: 46, 116: 6, 119: 1, 120: 23, 121: 383, 122: 1701,
    123: 158, 127: 3, 128: 37, 129: 231, 130: 93, 135: 1, 136: 19, 137: 41, 138: 1, 157: 1, 162: 3, 163: 24,
    164: 50, 165: 12, 166: 1, 169: 10, 170: 215, 171: 893, 172: 213, 173: 4, 176: 1, 177: 29, 178: 198, 179: 114,
    180: 4, 184: 6, 185: 35, 186: 70, 187: 4, 192: 1, 193: 2, 212: 14, 213: 49, 214: 19, 215: 3, 218: 2, 219: 166,
    220: 855, 221: 162, 222: 10, 226: 20, 227: 122, 228: 47, 229: 5, 233: 3, 234: 10, 235: 7, 236: 1, 241: 1,
    261: 2, 262: 19, 263: 9, 264: 1, 268: 33, 269: 402, 270: 39, 271: 2, 275: 3, 276: 22, 277: 3,
}  # fmt: skip
#: Kind → kind, in the order of their names → how much more often than by chance the two are worn together.
LIFTS: Final[dict[str, dict[str, float]]] = {
    "blazer": {
        "jeans": 0.80,
        "leggings": 1.21,
        "loafers": 0.70,
        "sandals": 1.14,
        "shirt": 1.39,
        "sneakers": 0.84,
        "sweater": 0.82,
        "sweatshirt": 0.73,
    },
    "blouse": {
        "cardigan": 1.26,
        "coat": 0.86,
        "jacket": 1.11,
        "leggings": 1.42,
        "loafers": 0.74,
        "sandals": 1.18,
        "shorts": 0.64,
        "skirt": 1.42,
        "sneakers": 0.76,
        "trousers": 0.82,
    },
    "boots": {
        "cardigan": 0.90,
        "coat": 1.16,
        "hoodie": 1.19,
        "jacket": 0.85,
        "jumpsuit": 0.79,
        "leggings": 1.36,
        "shirt": 0.66,
        "shorts": 1.21,
        "sweater": 1.42,
        "sweatshirt": 0.86,
        "trousers": 0.69,
    },
    "cardigan": {
        "flats": 1.34,
        "jeans": 0.73,
        "loafers": 1.27,
        "sandals": 1.14,
        "shirt": 0.82,
        "shorts": 1.12,
        "skirt": 1.23,
        "sweatshirt": 0.86,
    },
    "coat": {
        "flats": 0.88,
        "heels": 1.21,
        "jumpsuit": 1.20,
        "leggings": 0.76,
        "shirt": 0.85,
        "skirt": 0.89,
        "sneakers": 1.13,
        "sweater": 1.23,
        "sweatshirt": 1.19,
        "trousers": 1.11,
    },
    "flats": {
        "jacket": 0.85,
        "jeans": 0.80,
        "skirt": 1.14,
        "t-shirt": 0.90,
    },
    "heels": {
        "jacket": 0.80,
        "leggings": 1.12,
        "t-shirt": 1.17,
        "trousers": 0.78,
    },
    "hoodie": {
        "shorts": 1.18,
    },
    "jacket": {
        "jeans": 1.34,
        "jumpsuit": 0.80,
        "leggings": 1.23,
        "sandals": 0.83,
        "shorts": 0.79,
        "sweater": 0.77,
        "trousers": 0.70,
    },
    "jeans": {
        "loafers": 0.85,
        "sandals": 0.56,
        "sweatshirt": 1.38,
    },
    "leggings": {
        "loafers": 0.84,
        "shirt": 0.76,
        "t-shirt": 0.84,
    },
    "loafers": {
        "shirt": 1.23,
        "shorts": 0.89,
        "skirt": 0.88,
        "sweater": 0.87,
        "sweatshirt": 0.87,
        "t-shirt": 1.38,
        "trousers": 1.34,
    },
    "sandals": {
        "shirt": 0.70,
        "skirt": 1.28,
        "sweater": 0.88,
        "sweatshirt": 0.81,
        "t-shirt": 1.36,
        "trousers": 1.17,
    },
    "shirt": {
        "shorts": 1.18,
        "skirt": 0.69,
        "trousers": 1.23,
    },
    "shorts": {
        "sweatshirt": 0.77,
        "t-shirt": 1.47,
    },
    "skirt": {
        "sneakers": 0.69,
        "sweater": 0.82,
        "sweatshirt": 0.90,
        "t-shirt": 0.82,
    },
    "sneakers": {
        "sweatshirt": 1.28,
        "t-shirt": 1.17,
        "trousers": 1.36,
    },
    "sweater": {
        "trousers": 1.14,
    },
}
MOST_LIFT: Final = max(lift for others in LIFTS.values() for lift in others.values())


def kind_chance(kind: str, other: str) -> float:
    """The chance of two kinds beside each other, against the most usual two; 1 times in 1 is what is not known."""
    return float((lift(kind, other) / MOST_LIFT) ** KINDS)


def lift(kind: str, other: str) -> float:
    """How much more often than by chance two kinds are worn together; 1 = as often, or not known."""
    return LIFTS.get(min(kind, other), {}).get(max(kind, other), 1.0)


def rarity(common: Mapping[int, int]) -> Floats:
    """Weight of each bin of the root histograms (COLOUR_DIM,): a shared part counts by one over its usual share.

    Args:
        common: bin → share of all garments' area in 10,000; one more is added, since what was not seen may come.
    """
    shares = np.ones(COLOUR_DIM, np.float32)
    shares[list(common)] += np.array(list(common.values()), np.float32)
    return np.asarray(1 / np.sqrt(shares), np.float32)


def shared_colours(one: Floats, other: Floats, weights: Floats) -> Floats:
    """How much the colours of N garments are those of M (N, M), 0 to 1, rare ones counting more.

    Args:
        one, other: histograms (N, COLOUR_DIM) and (M, COLOUR_DIM), as `features.colour_vector` gives them.
        weights: of the bins (COLOUR_DIM,), as `rarity` gives them.
    """
    sides = [side * weights for side in (one, other)]
    a, b = (side / np.maximum(np.linalg.norm(side, axis=1, keepdims=True), 1e-9) for side in sides)
    return np.asarray(a @ b.T, np.float32)


def tone_chances(one: tuple[Floats, Floats], other: tuple[Floats, Floats]) -> Floats:
    """How well the colours of N garments repeat those of M, and how they differ in lightness (N, M).

    Args:
        one, other: histograms (N, COLOUR_DIM) and palettes (N, K, 4) of each side.
    """
    contrast = np.abs(mean_lightness(one[1])[:, None] - mean_lightness(other[1])[None, :])
    measured = SHARED * shared_colours(one[0], other[0], rarity(COMMON)) + CONTRAST * contrast
    return np.asarray(np.exp(np.minimum(measured - max(SHARED, CONTRAST), 0)), np.float32)


def mean_lightness(palettes: Floats) -> Floats:
    """OKLab lightness (N,) of palettes (N, K, 4), by share."""
    shares = palettes[..., 3]
    return np.asarray((palettes[..., 0] * shares).sum(1) / np.maximum(shares.sum(1), 1e-6), np.float32)
