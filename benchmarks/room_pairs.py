"""An item in a room against the same room rendered with the item in it, beside simpler ways to put it there.

    python -m benchmarks.room_pairs --pairs runs/rooms/test [--out docs/benchmarks/room_pairs.csv] [--sheet FILE]

Camera, floor and place are the true ones; the item's cut-outs are those of the catalog. Figures are over the margin:
item, shadow and whatever else the item changes by more than a few levels, grown by a few pixels; `around` is the margin
without the item. PSNR in dB of each pair's margin, SSIM with a Gaussian window, means over all pairs.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from skimage.metrics import structural_similarity

from benchmarks.measuring import Row, as_csv, as_table, machine
from pipelines import images
from pipelines.diffusion.harmoniser import Harmoniser
from pipelines.errors import BadInput
from pipelines.geometry.camera import Camera
from pipelines.geometry.layer import paste
from pipelines.geometry.placement import Placement
from pipelines.schema import Image
from pipelines.weights import resolve
from training.room_pairs import Pair, load_pairs

Array = NDArray[np.float32]

#: Levels of 255 by which an item has to change a pixel for it to be of the margin, and pixels by which that is grown.
CHANGED, GROWN = 5, 4
#: The usual blob: how dark, how much wider than the foot, and how soft as a share of its height in the picture.
BLOB_DARK, BLOB_WIDE, BLOB_SOFT = 0.5, 1.15, 0.25
COLUMNS = ("method", "psnr", "ssim", "psnr_around", "ssim_around")


def blob(camera: Camera, placement: Placement) -> Array:
    """What share of its light a soft dark ellipse under an item leaves, float32 (H, W)."""
    feet = camera.project(placement.corners[placement.corners[:, 2] < placement.base + 1e-6])
    dark = np.zeros(camera.size, np.float32)
    if np.isfinite(feet).all():
        (x, y), (width, height) = feet.mean(0), np.ptp(feet, 0) * BLOB_WIDE
        box = ((float(x), float(y)), (float(width), float(height)), 0.0)
        cv2.ellipse(dark, box, 1.0, -1, cv2.LINE_AA)
        dark = cv2.GaussianBlur(dark, (0, 0), max(1.0, BLOB_SOFT * float(height)))
    return (1 - BLOB_DARK * dark).astype(np.float32)


def methods(harmonise: Harmoniser) -> dict[str, Callable[[Pair], Array]]:
    """Name → what puts the item of a pair into its room, float32 (H, W, 3), 0 to 255."""

    def over(pair: Pair, kept: Array) -> Array:
        return paste(pair.room.astype(np.float32), replace(pair.layer, kept=kept))

    return {
        "plain paste": lambda pair: over(pair, np.ones_like(pair.layer.kept)),
        "paste + blob shadow": lambda pair: over(pair, blob(pair.scene.camera, pair.layer.placement)),
        "paste + drawn shadow": lambda pair: over(pair, pair.layer.kept),
        "compact": lambda pair: harmonise(pair.room.astype(np.float32), pair.layer, pair.scene),
    }


def margin(pair: Pair) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Masks (H, W) of the margin, and of the margin without the item, as it is or as its cut-out has it."""
    change = np.abs(pair.truth.astype(np.float32) - pair.room).max(2)
    item = (pair.shown > 12) | (pair.layer.alpha > 0.05)
    changed = (cv2.blur(change, (3, 3)) > CHANGED) | item
    whole = cv2.dilate(changed.astype(np.uint8), np.ones((2 * GROWN + 1,) * 2, np.uint8)) > 0
    return whole, whole & ~item


def figures(found: Image, pair: Pair) -> dict[str, float]:
    """PSNR and SSIM over the margin and around the item."""
    similar = structural_similarity(
        found, pair.truth, channel_axis=2, gaussian_weights=True, sigma=1.5, use_sample_covariance=False, full=True
    )[1].mean(2)
    error = ((found.astype(np.float64) - pair.truth) ** 2).mean(2)
    row = {}
    for name, where in zip(("", "_around"), margin(pair), strict=True):
        row[f"psnr{name}"] = float(10 * np.log10(255**2 / max(float(error[where].mean()), 1e-6)))
        row[f"ssim{name}"] = float(similar[where].mean())
    return row


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=Path, required=True, help="folder of training.render_rooms pairs")
    parser.add_argument("--weights", type=Path, help="folder of a harmony network; default: the bundled one")
    parser.add_argument("--out", type=Path, default=Path("docs/benchmarks/room_pairs.csv"))
    parser.add_argument("--sheet", type=Path, help="picture of all pairs, all methods side by side")
    options = parser.parse_args()
    ways = methods(Harmoniser(options.weights or resolve("harmony")))
    scores: dict[str, list[dict[str, float]]] = {name: [] for name in ways}
    sheet = []
    for pair in load_pairs(options.pairs):
        made = {name: np.clip(np.rint(way(pair)), 0, 255).astype(np.uint8) for name, way in ways.items()}
        for name, picture in made.items():
            scores[name].append(figures(picture, pair))
        shown = [pair.room, *made.values(), pair.truth]
        sheet.append(np.hstack([cv2.resize(picture, (320, 240), interpolation=cv2.INTER_AREA) for picture in shown]))
    if not sheet:
        raise BadInput("pairs", f"none in {options.pairs}", "at least one", "Render some with training.render_rooms.")
    rows: list[Row] = [
        {"method": name} | {column: float(np.mean([one[column] for one in ones])) for column in COLUMNS[1:]}
        for name, ones in scores.items()
    ]
    options.out.parent.mkdir(parents=True, exist_ok=True)
    images.save_bytes(options.out, as_csv(COLUMNS, rows, f"{len(sheet)} pairs; {machine()}").encode())
    print(as_table(COLUMNS, rows))
    if options.sheet:
        images.save_bytes(options.sheet, cv2.imencode(".jpg", np.vstack(sheet)[..., ::-1])[1].tobytes())


if __name__ == "__main__":
    main()
