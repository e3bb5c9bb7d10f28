"""Pictures of garments whose pattern is known: photos labelled by eye, changed ones, and patterns printed on plain.

`garment_patterns.txt` names 2,662 pictures of clothing-dataset that may train, with what was seen of them on contact
sheets: one of `recommend.patterns.PATTERNS`, or "unclear" (colour blocks, lace, mélange, a trim, too small to tell),
which trains nothing. The rare patterns among them are seen again turned by a right angle and from nearer, and are
printed, by the painters of the catalog's textiles, on photos of plain garments: with their own light, and following
their folds a little.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from recommend.features import Image, Mask, cut_out
from recommend.patterns import OTHER, PLAIN
from training.catalog_textile import (
    COLOURS,
    PATTERNS,
    PIXELS_PER_METRE,
    PRINTS,
    Sheet,
    add_print,
    colour,
    make_sheet,
    to_linear,
    to_srgb,
)
from training.retriever_features import Sample

Array = NDArray[np.float64]
Rng = np.random.Generator

LABELS: Final = Path(__file__).with_name("garment_patterns.txt")
UNCLEAR: Final = "unclear"
#: Patterns of which there are too few labelled photos.
RARE: Final = ("striped", "checked", "dotted", "floral", OTHER)
#: What is printed.
PRINTED: Final = (*RARE, "print")
#: Garments darker than this (linear luminance, the 80th percentile) show too little light and shade to print on.
LEAST_LIGHT: Final = 0.1
#: How far folds move a pattern, as a share of the garment's width.
FOLDED: Final = 0.03


def read_labels(file: Path = LABELS) -> dict[str, str]:
    """Name of a picture → its pattern, without the unclear ones."""
    rows = (line.split() for line in file.read_text(encoding="utf-8").splitlines())
    return {name: pattern for name, pattern in rows if pattern != UNCLEAR}


def labelled(samples: list[Sample], labels: Mapping[str, str]) -> list[Sample]:
    """The samples that have a label, by which they are known from here on."""
    return [replace(sample, label=labels[sample.key]) for sample in samples if sample.key in labels]


def turned(samples: list[Sample]) -> list[Sample]:
    """Those with rare patterns, by a quarter turn, and from nearer."""
    rare = [sample for sample in samples if sample.label in RARE]
    ways: dict[str, Callable[[Image, Mask], tuple[Image, Mask]]] = {"turned": quarter_turn, "nearer": nearer}
    return [
        replace(sample, source=f"patterns-{name}", read=changed(sample, way))
        for name, way in ways.items()
        for sample in rare
    ]


def changed(
    sample: Sample, way: Callable[[Image, Mask], tuple[Image, Mask]]
) -> Callable[[], tuple[Image, Mask | None]]:
    """Reads a sample's picture, finds the garment, and changes both."""

    def read() -> tuple[Image, Mask]:
        image, mask = sample.read()
        return way(image, cut_out(image) if mask is None else mask)

    return read


def quarter_turn(image: Image, mask: Mask) -> tuple[Image, Mask]:
    """Picture and mask turned to the left and mirrored."""
    return np.ascontiguousarray(np.rot90(image)[:, ::-1]), np.ascontiguousarray(np.rot90(mask)[:, ::-1])


def nearer(image: Image, mask: Mask, share: float = 0.6) -> tuple[Image, Mask]:
    """The middle of the garment: `share` of its height and width."""
    rows, columns = np.flatnonzero(mask.max(1)), np.flatnonzero(mask.max(0))
    parts = []
    for places in (rows, columns):
        low, high = int(places[0]), int(places[-1]) + 1
        away = round((high - low) * (1 - share) / 2)
        parts.append(slice(low + away, high - away))
    return image[parts[0], parts[1]], mask[parts[0], parts[1]]


def printed(samples: list[Sample], count: int) -> list[Sample]:
    """`count` of each pattern of `PRINTED`, each on a plain garment, drawn by a hash of its name."""
    plain = sorted((s for s in samples if s.label == PLAIN), key=lambda s: hashlib.sha1(s.key.encode()).hexdigest())
    chosen = []
    for number in range(count * len(PRINTED)):
        sample, pattern = plain[number % len(plain)], PRINTED[number % len(PRINTED)]
        read = changed(sample, lambda image, mask, p=pattern, n=number: (print_on(image, mask, p, n), mask))  # type: ignore[misc]
        chosen.append(
            replace(sample, source="patterns-printed", key=f"{sample.key}-{pattern}-{number}", label=pattern, read=read)
        )
    return chosen


def print_on(image: Image, mask: Mask, pattern: str, seed: int) -> Image:
    """A plain garment with a pattern in its own light.

    Args:
        image: RGB uint8 (H, W, 3).
        mask: of the garment.
        pattern: of `PRINTED`.
        seed: of its colours and sizes.
    """
    rng = np.random.default_rng(seed)
    linear = to_linear(image.astype(np.float64) / 255)
    light = linear @ [0.2126, 0.7152, 0.0722]
    bright = max(float(np.quantile(light[mask > 0], 0.8)), LEAST_LIGHT)
    own = np.median(linear[mask > 0], axis=0)
    rows, columns = np.flatnonzero(mask.max(1)), np.flatnonzero(mask.max(0))
    wide = columns[-1] + 1 - columns[0]
    tall = rows[-1] + 1 - rows[0]
    metres = rng.uniform(0.5, 0.8) / max(wide, tall)
    sheet = tilted(make_sheet(np.zeros(2), np.array([wide, tall]) * metres, None, None), rng)
    cloth = painted(sheet, pattern, own, rng)
    # A fold is where the light changes; there the cloth turns away and the pattern moves.
    soft = cv2.GaussianBlur(light / bright, (0, 0), wide / 40)
    slope = np.stack([cv2.Sobel(soft, cv2.CV_64F, 1, 0), cv2.Sobel(soft, cv2.CV_64F, 0, 1)], axis=-1)
    y, x = np.mgrid[: image.shape[0], : image.shape[1]].astype(np.float64)
    scale = metres * PIXELS_PER_METRE
    away = np.clip(slope, -1, 1) * FOLDED * wide
    across, down = ((x - columns[0] + away[..., 0]) * scale, (y - rows[0] + away[..., 1]) * scale)
    # Blurred to the photo's pixels first, so that fine patterns fade as a camera lets them.
    blurred = cv2.GaussianBlur(cloth, (0, 0), max(0.45 * scale, 0.3)).astype(np.float32)
    seen = cv2.remap(
        blurred, across.astype(np.float32), down.astype(np.float32), cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT
    )
    shade = np.clip(light / bright, 0.02, 1.5)[..., None]
    cover = cv2.GaussianBlur(mask, (0, 0), 1.0)[..., None].astype(np.float64) / 255
    out = to_srgb(linear * (1 - cover) + seen * shade * cover)
    return np.asarray(np.rint(out * 255), np.uint8)


def tilted(sheet: Sheet, rng: Rng) -> Sheet:
    """A sheet whose grain lies a little askew, or, once in eight, anyhow."""
    angle = rng.uniform(0, np.pi) if rng.random() < 1 / 8 else rng.normal(0, 0.05)
    cos, sin = np.cos(angle), np.sin(angle)
    return replace(sheet, u=sheet.u * cos - sheet.v * sin, v=sheet.u * sin + sheet.v * cos)


def inks(own: Array, count: int, rng: Rng) -> Array:
    """A ground, often the garment's own colour, and inks that stand out from it, linear (1 + count, 3)."""
    names = sorted(COLOURS)
    ground = own if rng.random() < 0.5 else colour(str(rng.choice(names)))
    far = [tint for tint in (colour(name) for name in rng.permutation(names)) if stands_out(tint, ground)]
    return np.stack([ground, *far[:count]])


def stands_out(tint: Array, ground: Array, least: float = 0.3) -> bool:
    """Whether two linear colours differ clearly to the eye (sRGB distance)."""
    return float(np.linalg.norm(to_srgb(tint) - to_srgb(ground))) > least


def painted(sheet: Sheet, pattern: str, own: Array, rng: Rng) -> Array:
    """The cloth, linear, with one of the textiles that `pattern` means, in colours and sizes drawn from `rng`."""
    if pattern == "print":
        kind = str(rng.choice(sorted(PRINTS)))
        ground = inks(own, 1, rng)[0]
        names = [name for name in rng.permutation(sorted(COLOURS)) if stands_out(colour(name), ground)]
        words = "".join(rng.choice(list("ABDEGHKLMNORSTU"), rng.integers(3, 8)))
        size = rng.uniform(0.2, 0.55) * np.ptp(sheet.x)
        at = (float(sheet.x.mean()) + rng.normal(0, 0.02), float(sheet.z.mean()))
        spec = {
            "kind": kind,
            "size": size,
            "at": at,
            "colours": names[:5],
            "text": words,
            "number": str(rng.integers(100)),
        }
        return add_print(sheet, np.broadcast_to(ground, (*sheet.u.shape, 3)).copy(), spec, rng.normal(0.03, 0.04))
    textile, options, count = TEXTILES[pattern](rng)
    return PATTERNS[textile](sheet, inks(own, count, rng), options, rng)


def _striped(rng: Rng) -> tuple[str, dict[str, Any], int]:
    period = float(np.exp(rng.uniform(np.log(0.01), np.log(0.1))))
    return (
        "stripes",
        {"period": period, "width": rng.uniform(0.15, 0.6), "vertical": rng.random() < 0.4},
        int(rng.integers(1, 3)),
    )


def _checked(rng: Rng) -> tuple[str, dict[str, Any], int]:
    textile = str(rng.choice(["check", "check", "windowpane", "houndstooth"]))
    return textile, {"period": float(np.exp(rng.uniform(np.log(0.01), np.log(0.1))))}, int(rng.integers(1, 4))


def _dotted(rng: Rng) -> tuple[str, dict[str, Any], int]:
    period = float(np.exp(rng.uniform(np.log(0.015), np.log(0.1))))
    return "dots", {"period": period, "radius": period * rng.uniform(0.08, 0.22)}, 1


def _floral(rng: Rng) -> tuple[str, dict[str, Any], int]:
    size = float(np.exp(rng.uniform(np.log(0.01), np.log(0.06))))
    return "floral", {"size": size, "spacing": size * rng.uniform(1.4, 2.6)}, int(rng.integers(2, 4))


def _other(rng: Rng) -> tuple[str, dict[str, Any], int]:
    textile = str(rng.choice(["camouflage", "leaves", "tie-dye", "fair-isle"]))
    return textile, {"size": rng.uniform(0.04, 0.11), "top": rng.uniform(0.0, 0.12), "rows": 400}, 3


#: Pattern → draws a textile of `catalog_textile`, its options, and how many colours it has beside the ground.
TEXTILES: Final[Mapping[str, Callable[[Rng], tuple[str, dict[str, Any], int]]]] = {
    "striped": _striped,
    "checked": _checked,
    "dotted": _dotted,
    "floral": _floral,
    OTHER: _other,
}
