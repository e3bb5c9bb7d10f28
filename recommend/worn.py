"""What people wear together, counted on photos of outfits: kinds of garments, and their colours. Pure functions.

The numbers are what `python -m training.train_complements` prints; photos are Clothing Co-Parsing's (Apache-2.0).
"""

from __future__ import annotations

from typing import Final

import numpy as np

from recommend.features import Floats

#: Weights of a conditional logit: overlap of histograms, difference of mean lightness, logarithm of the lift.
OVERLAP, CONTRAST, KINDS = 1.27, 1.04, 2.02
#: Kind → kind, in the order of their names → how much more often than by chance the two are worn together.
LIFTS: Final[dict[str, dict[str, float]]] = {
    "blazer": {
        "boots": 0.86,
        "leggings": 1.19,
        "loafers": 0.81,
        "sandals": 1.13,
        "shirt": 1.42,
        "sneakers": 0.83,
        "sweater": 0.75,
        "sweatshirt": 0.72,
    },
    "blouse": {
        "boots": 0.88,
        "cardigan": 1.25,
        "coat": 0.83,
        "jacket": 1.14,
        "leggings": 1.42,
        "loafers": 0.74,
        "sandals": 1.19,
        "shorts": 0.60,
        "skirt": 1.40,
        "sneakers": 0.73,
        "trousers": 0.81,
    },
    "boots": {
        "cardigan": 0.88,
        "coat": 1.24,
        "hoodie": 1.19,
        "jacket": 0.79,
        "jumpsuit": 0.79,
        "leggings": 1.33,
        "shirt": 0.59,
        "shorts": 1.30,
        "skirt": 1.16,
        "sweater": 1.42,
        "sweatshirt": 0.83,
        "t-shirt": 1.23,
        "trousers": 0.63,
    },
    "cardigan": {
        "flats": 1.34,
        "jeans": 0.72,
        "loafers": 1.27,
        "sandals": 1.14,
        "shirt": 0.82,
        "shorts": 1.13,
        "skirt": 1.21,
        "sweatshirt": 0.87,
    },
    "coat": {
        "flats": 0.88,
        "heels": 1.20,
        "jumpsuit": 1.21,
        "leggings": 0.76,
        "shirt": 0.84,
        "sneakers": 1.13,
        "sweater": 1.27,
        "sweatshirt": 1.17,
        "trousers": 1.12,
    },
    "flats": {"jacket": 0.86, "jeans": 0.80, "skirt": 1.14, "t-shirt": 0.90},
    "heels": {"jacket": 0.81, "leggings": 1.12, "t-shirt": 1.16, "trousers": 0.78},
    "hoodie": {"shorts": 1.18},
    "jacket": {
        "jeans": 1.29,
        "jumpsuit": 0.80,
        "leggings": 1.25,
        "sandals": 0.83,
        "shorts": 0.80,
        "sweater": 0.74,
        "trousers": 0.70,
    },
    "jeans": {"sandals": 0.55, "shirt": 0.87, "sweatshirt": 1.37},
    "leggings": {"loafers": 0.83, "sandals": 1.19, "shirt": 0.76, "sneakers": 0.90, "t-shirt": 0.84},
    "loafers": {
        "shirt": 1.23,
        "shorts": 0.87,
        "skirt": 0.84,
        "sweater": 0.87,
        "sweatshirt": 0.87,
        "t-shirt": 1.37,
        "trousers": 1.34,
    },
    "sandals": {"shirt": 0.70, "skirt": 1.25, "sweater": 0.88, "sweatshirt": 0.82, "t-shirt": 1.34, "trousers": 1.13},
    "shirt": {"shorts": 1.19, "skirt": 0.64, "sneakers": 0.89, "trousers": 1.31},
    "shorts": {"sneakers": 1.16, "sweatshirt": 0.76, "t-shirt": 1.62},
    "skirt": {"sneakers": 0.67, "sweater": 0.90, "sweatshirt": 0.90, "t-shirt": 0.84},
    "sneakers": {"sweatshirt": 1.27, "t-shirt": 1.30, "trousers": 1.30},
    "sweater": {"trousers": 1.12},
    "t-shirt": {"trousers": 0.89},
}
MOST_LIFT: Final = max(lift for others in LIFTS.values() for lift in others.values())


def kind_chance(kind: str, other: str) -> float:
    """The chance of two kinds beside each other, against the most usual two; 1 times in 1 is what is not known."""
    return float((LIFTS.get(min(kind, other), {}).get(max(kind, other), 1.0) / MOST_LIFT) ** KINDS)


def tone_chances(one: tuple[Floats, Floats], other: tuple[Floats, Floats]) -> Floats:
    """How well the colours of N garments repeat those of M, and how they differ in lightness (N, M).

    Args:
        one, other: histograms (N, D) of unit norm and palettes (N, K, 4) of each side.
    """
    contrast = np.abs(mean_lightness(one[1])[:, None] - mean_lightness(other[1])[None, :])
    measured = OVERLAP * (one[0] @ other[0].T) + CONTRAST * contrast
    return np.asarray(np.exp(np.minimum(measured - max(OVERLAP, CONTRAST), 0)), np.float32)


def mean_lightness(palettes: Floats) -> Floats:
    """OKLab lightness (N,) of palettes (N, K, 4), by share."""
    shares = palettes[..., 3]
    return np.asarray((palettes[..., 0] * shares).sum(1) / np.maximum(shares.sum(1), 1e-6), np.float32)
