"""How well a thing is cut out by clicks on it, and by a box around it, on labelled photos of people.

    python -m benchmarks.clicks --ccp DIR [--photos 40] [--out docs/benchmarks/clicks.csv]

DIR holds Clothing Co-Parsing as training/README.md says; only held-out photos count. Things are the whole person and
each garment that covers at least a hundredth of the photo. The first click is at the most inner point of the thing,
each further one at the most inner point of the largest error: it adds what is missing or takes away what is too much.
The box is the thing's own, a fiftieth of the photo's longer side larger on each side. Seconds are the clock's, so they
count only on a machine that does nothing else.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import cv2
import numpy as np

from benchmarks.measuring import Row, report
from pipelines.errors import BadInput
from pipelines.perception.clicked import Box, Click, ClickMask, GrabCutClicks, overlap
from pipelines.schema import Image, Mask
from training.ccp import MAPPING, read_plane
from training.photos import is_held_out, read_rgb

#: Kinds that a garment is of, and the least share of the photo that it covers.
GARMENTS, LEAST = ("upper", "lower", "dress", "outer"), 0.01
CLICKS = 3
#: How far the box is beyond the thing, as a share of the longer side; and the overlap from which a mask is good.
BEYOND, GOOD = 0.02, 0.7
COLUMNS = ("thing", "by", "things", "iou_median", "iou_p25", "good_pct", "refused", "seconds_median")


@dataclass(frozen=True, eq=False)
class Thing:
    """Something in a photo: "person" or "garment", and its mask, uint8 (H, W), 255 there."""

    kind: str
    mask: Mask


def things(labels: Mask, names: list[str]) -> list[Thing]:
    """The person and the garments of a labelled photo, labels (H, W) being indices into `names`."""
    garments = [names.index(name) for kind in GARMENTS for name in MAPPING[kind]]
    found = [("person", labels > 0), *(("garment", labels == value) for value in garments)]
    return [Thing(kind, np.where(mask, 255, 0).astype(np.uint8)) for kind, mask in found if mask.mean() >= LEAST]


def inner(mask: Mask) -> tuple[float, float]:
    """The point of a mask that is farthest from its edge, as fractions."""
    framed = cv2.copyMakeBorder(mask, 1, 1, 1, 1, cv2.BORDER_CONSTANT)
    depth = cv2.distanceTransform(framed, cv2.DIST_L2, 5)[1:-1, 1:-1]
    y, x = np.unravel_index(int(depth.argmax()), depth.shape)
    return (float(x) + 0.5) / mask.shape[1], (float(y) + 0.5) / mask.shape[0]


def next_click(found: Mask, true: Mask) -> Click:
    """A click in the largest connected error."""
    parts = []
    for add, error in ((True, (true > 0) & (found == 0)), (False, (true == 0) & (found > 0))):
        _, labels, stats, _ = cv2.connectedComponentsWithStats(error.astype(np.uint8))
        sizes = stats[1:, cv2.CC_STAT_AREA]
        if len(sizes):
            worst = 1 + int(sizes.argmax())
            parts.append((int(sizes.max()), np.where(labels == worst, 255, 0).astype(np.uint8), add))
    if not parts:
        return Click(*inner(true))
    _, part, add = max(parts, key=lambda one: one[0])
    return Click(*inner(part), add)


def box_of(mask: Mask) -> Box:
    """A box a little beyond a mask."""
    height, width = mask.shape
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    beyond = BEYOND * max(mask.shape)
    corners = np.array([[columns[0] - beyond, rows[0] - beyond], [columns[-1] + beyond, rows[-1] + beyond]])
    (left, top), (right, bottom) = np.clip(corners / (width, height), 0, 1).tolist()
    return (left, top), (right, bottom)


def measure(photo: Image, thing: Thing, finder: ClickMask) -> Iterator[Row]:
    """The overlap with the truth after each click, and with a box; NaN where it is refused."""
    clicks = [Click(*inner(thing.mask))]
    for number in range(1, CLICKS + 1):
        start = time.perf_counter()
        found = finder.mask(tuple(clicks))
        seconds = time.perf_counter() - start
        by = f"{number} click{'s' * (number > 1)}"
        yield {"thing": thing.kind, "by": by, "iou": overlap(found, thing.mask), "seconds": seconds}
        clicks.append(next_click(found, thing.mask))
    start = time.perf_counter()
    try:
        share = overlap(finder.mask((), box_of(thing.mask)), thing.mask)
    except BadInput:
        share = float("nan")
    yield {"thing": thing.kind, "by": "box", "iou": share, "seconds": time.perf_counter() - start}


def summed_up(rows: list[Row]) -> list[Row]:
    """A line for each kind of thing and way to mark it; what was refused counts as 0."""
    table = []
    for kind, by in dict.fromkeys((row["thing"], row["by"]) for row in rows):
        these = [row for row in rows if (row["thing"], row["by"]) == (kind, by)]
        shares = np.array([row["iou"] for row in these])
        counted = np.nan_to_num(shares)
        table.append({
            "thing": kind, "by": by, "things": len(these), "iou_median": float(np.median(counted)),
            "iou_p25": float(np.percentile(counted, 25)), "good_pct": 100 * float((counted >= GOOD).mean()),
            "refused": int(np.isnan(shares).sum()), "seconds_median": median(row["seconds"] for row in these),
        })  # fmt: skip
    return table


def main() -> None:
    """Measure, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--ccp", type=Path, required=True)
    parser.add_argument("--photos", type=int, default=40)
    parser.add_argument("--out", type=Path, default=Path("docs/benchmarks/clicks.csv"))
    args = parser.parse_args()
    names = json.loads((args.ccp / "labels.json").read_text())
    stems = sorted(path.stem for path in (args.ccp / "parse").glob("*.png") if is_held_out(path.stem))
    rows: list[Row] = []
    finder = GrabCutClicks()
    for stem in stems[:: max(1, len(stems) // args.photos)][: args.photos]:
        photo = read_rgb(args.ccp / "photos" / f"{stem}.jpg")
        finder.set_image(photo)
        for thing in things(read_plane(args.ccp / "parse" / f"{stem}.png"), names):
            rows += measure(photo, thing, finder)
    report(args.out, COLUMNS, summed_up(rows), ("opencv-python-headless", "numpy", "scipy"))


if __name__ == "__main__":
    main()
