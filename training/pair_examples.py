"""Try-on examples from the paired factory: a real flat garment, its warp by the skeleton, and the garment as it hangs.

What no photo gives: the true errors of the warp, with the flow that mends them; folds and light that the flat picture
does not have; and prints that stay while they change.

`prepare` finds on every rendered person what a photo would be asked for (the pose by BlazePose) and warps the garment
as the renderer does; `pair_example` colours, crops and masks.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import cv2
import numpy as np
import typer
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from pipelines.errors import BadInput
from pipelines.geometry.body import Body
from pipelines.geometry.garment import INNER_COLLAR, NOTHING, GarmentLandmarks
from pipelines.geometry.ironing import LEFT, ironed
from pipelines.geometry.warp import garment_unit, layers
from pipelines.masks import dilate, erode
from pipelines.perception.pose import PoseEstimator, believed18
from pipelines.schema import Category, Image, Mask
from pipelines.weights import resolve
from training.fitting import SLEEVES, Fitting, framed
from training.tryon_data import extended

Array = NDArray[np.float32]
Rng = np.random.Generator
#: Of the pairs' light: 8 bits hold √(light / BRIGHTEST) · LIGHT_STEPS.
BRIGHTEST, LIGHT_STEPS = 1.5, 200.0


@dataclass(frozen=True, eq=False)
class Pair:
    """A person in a garment, and the garment's flat picture.

    Attributes:
        photo: RGB uint8 (H, W, 3), the garment in grey. light: float32 (H, W) on white cloth.
        where: float32 (H, W, 2), pixel of the flat picture, NaN off the garment. side: 0 none, 1 front, 2 back.
        labels, under: parsing with and without the garment.
        hint_where: float32 (H, W, 2) as `where`, by the skeleton warp.
        flow: float16 (H/2, W/2, 2), pixels of the photo: the garment seen at x is in the hint at x + flow.
        points: (18, 2) pixels. flat: RGB uint8 (h, w, 3), cloth carried on over its ground. cloth: its mask.
        unit: pixels of a body unit in `flat`.
    """

    photo: Image
    light: Array
    where: Array
    side: Mask
    labels: Mask
    under: Mask
    hint_where: Array
    flow: NDArray[np.float16]
    points: NDArray[np.float64]
    flat: Image
    cloth: Mask
    unit: float
    category: Category
    sleeve: int


def landmarks_of(flat: dict[str, NDArray[np.generic]]) -> GarmentLandmarks:
    """The landmarks that training.prepare_flats kept."""
    kind, sleeve = str(flat["kind"]), str(flat["sleeve"])
    return GarmentLandmarks(flat["points"], kind, sleeve, flat["sleeve_lines"], flat["parts"])  # type: ignore[arg-type]


def hint_map(shape: GarmentLandmarks, category: Category, body: Body, size: tuple[int, int]) -> Array:
    """`warp_garment` as a map: for each pixel (H, W, 2) the pixel of the flat picture on top there, NaN where none."""
    seam = 0.12 * garment_unit(shape, category)
    whole = erode(np.where(np.isin(shape.parts, (NOTHING, INNER_COLLAR)), 0, 255).astype(np.uint8), 1) > 0
    where = np.full((*size, 2), np.nan, np.float32)
    for label, back in layers(shape, category, body, size):
        part = dilate(np.where(shape.parts == label, 255, 0).astype(np.uint8), seam)
        part[~whole] = 0
        there = cv2.remap(part, back[..., 0], back[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT) > 127
        where[there] = back[there]
    return where


def true_flow(where: Array, side: Mask, hint_where: Array) -> NDArray[np.float16] | None:
    """For every second pixel the way to the hint's pixel that shows the same cloth; None where the hint is empty.

    Off the front of the garment the nearest front pixel's flow goes on.
    """
    ys, xs = np.nonzero(np.isfinite(hint_where[..., 0]))
    front_y, front_x = np.nonzero((side == 1)[::2, ::2])
    if len(ys) < 200 or len(front_y) < 100:
        return None
    front_y, front_x = 2 * front_y, 2 * front_x
    _, nearest = cKDTree(hint_where[ys, xs]).query(where[front_y, front_x])
    found = np.stack([xs[nearest] - front_x, ys[nearest] - front_y], 1).astype(np.float32)
    rows, columns = np.mgrid[: side.shape[0] : 2, : side.shape[1] : 2]
    _, closest = cKDTree(np.stack([front_x, front_y], 1)).query(np.stack([columns.ravel(), rows.ravel()], 1))
    flow = found[closest].reshape(*rows.shape, 2)
    return np.asarray(cv2.GaussianBlur(flow, (0, 0), 1.0), np.float16)


def worn_picture(pair_photo: Image, cloth: Array, where: Array, side: Mask, light: Array) -> Image:
    """The photo with the garment coloured: `cloth` float32 (h, w, 3) is the flat picture, 0 to 255."""
    at = np.nan_to_num(where)
    laid = cv2.remap(cloth, at[..., 0], at[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    seen = 255 * np.clip((np.clip(laid, 0, 255) / 255) ** 2.2 * light[..., None], 0, 1) ** (1 / 2.2)
    # The z-buffer's edge is hard; the camera's is not.
    soft = cv2.GaussianBlur((side > 0).astype(np.float32), (0, 0), 0.6)[..., None]
    inside = extended(np.rint(seen).astype(np.uint8), np.where(side > 0, 255, 0).astype(np.uint8))
    outside = extended(pair_photo, np.where(side > 0, 0, 255).astype(np.uint8))
    return np.rint(inside * soft + outside * (1 - soft)).astype(np.uint8)


def carried_cloth(flat: dict[str, NDArray[np.generic]]) -> tuple[Image, Mask]:
    """A flat picture whose ground is overgrown by its cloth, and the cloth's mask."""
    mask = erode(np.asarray(flat["mask"], np.uint8), 1)
    return extended(np.asarray(flat["image"], np.uint8), mask), mask


# --- preparing --------------------------------------------------------------------------------------------------------


def prepare_one(file: Path, flats: Path, estimator: PoseEstimator) -> dict[str, NDArray[np.generic]] | None:
    """Points, warp and flow of a pair; None where nobody is seen, or too little of the garment."""
    pair = dict(np.load(file))
    flat = dict(np.load(flats / f"{pair['flat']}.npz"))
    cloth, _ = carried_cloth(flat)
    light = (pair["light"].astype(np.float32) / LIGHT_STEPS) ** 2 * BRIGHTEST
    where = pair["map"].astype(np.float32)
    photo = worn_picture(pair["photo"], cloth.astype(np.float32), where, pair["side"], light)
    size = photo.shape[:2]
    try:
        pose = estimator(photo)
        points = believed18(pose) * (size[1], size[0])
        body = Body(points.astype(np.float64))
        if np.isnan(points[[2, 5, 8, 11]]).any():
            return None
        warped = hint_map(landmarks_of(flat), str(flat["category"]), body, size)  # type: ignore[arg-type]
    except BadInput:
        return None
    flow = true_flow(where, pair["side"], warped)
    if flow is None or np.median(np.linalg.norm(flow[(pair["side"] == 1)[::2, ::2]], axis=1)) > 0.8 * body.unit:
        return None
    return {"points": points, "hint_map": warped.astype(np.float16), "flow": flow}


def load_pairs(pairs: Path, flats: Path) -> list[Pair]:
    """All prepared pairs of a folder."""
    kept: dict[str, tuple[dict[str, NDArray[np.generic]], Image, Mask, float]] = {}
    found = []
    for file in sorted(pairs.glob("[0-9]*.npz")):
        ready = file.with_name(f"ready-{file.name}")
        if not ready.exists():
            continue
        pair, facts = dict(np.load(file)), dict(np.load(ready))
        name = str(pair["flat"])
        if name not in kept:
            flat = dict(np.load(flats / f"{name}.npz"))
            category: Category = str(flat["category"])  # type: ignore[assignment]
            kept[name] = (flat, *carried_cloth(flat), garment_unit(landmarks_of(flat), category))
        flat, cloth, mask, unit = kept[name]
        light = (pair["light"].astype(np.float32) / LIGHT_STEPS) ** 2 * BRIGHTEST
        found.append(
            Pair(
                pair["photo"], light, pair["map"].astype(np.float32), pair["side"], pair["labels"], pair["under"],
                facts["hint_map"].astype(np.float32), facts["flow"], facts["points"].astype(np.float64), cloth, mask,
                unit, str(flat["category"]), SLEEVES.index(str(flat["sleeve"])),  # type: ignore[arg-type]
            )
        )  # fmt: skip
    return found


# --- examples ---------------------------------------------------------------------------------------------------------


def dyed(cloth: Image, rng: Rng) -> Array:
    """The flat picture in other colours, half of the time."""
    picture = cloth.astype(np.float32)
    if rng.random() < 0.5:
        return picture
    ycc = cv2.cvtColor(cloth, cv2.COLOR_RGB2YCrCb).astype(np.float32)
    angle, gain = rng.uniform(0, 2 * np.pi), np.exp(rng.normal(0, 0.4))
    turn = (gain * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])).astype(np.float32)
    ycc[..., 1:] = (ycc[..., 1:] - 128) @ turn.T + 128 + rng.normal(0, 8, 2).astype(np.float32)
    ycc[..., 0] = (ycc[..., 0] - 128) * float(np.exp(rng.normal(0, 0.2))) + 128 + float(rng.normal(0, 40))
    return cv2.cvtColor(np.clip(ycc, 0, 255).astype(np.uint8), cv2.COLOR_YCrCb2RGB).astype(np.float32)


def pair_example(pair: Pair, size: tuple[int, int], rng: Rng) -> dict[str, np.ndarray]:
    """One example of a rendered pair, newly dyed, in the form of `tryon_data.example`."""
    cloth = dyed(pair.flat, rng)
    # Folds of the flat picture are not those of the worn garment, which has its own by the drape.
    smooth = ironed(cloth, pair.cloth, pair.unit, rng.uniform(0, LEFT))
    at = np.nan_to_num(pair.hint_where)
    shown = ironed(cloth, pair.cloth, pair.unit)
    flow = cv2.resize(pair.flow.astype(np.float32), pair.side.shape[::-1], interpolation=cv2.INTER_LINEAR)
    return framed(
        Fitting(
            photo=worn_picture(pair.photo, smooth, pair.where, pair.side, pair.light),
            labels=pair.labels,
            garment=np.where(pair.side > 0, 255, 0).astype(np.uint8),
            points=pair.points,
            hint=cv2.remap(shown, at[..., 0], at[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE),
            hint_mask=np.where(np.isfinite(pair.hint_where[..., 0]), 255, 0).astype(np.uint8),
            flow=flow,
            category=pair.category,
            sleeve=pair.sleeve,
        ),
        size,
        rng,
    )


def main(
    pairs: Annotated[Path, typer.Option(help="folder of training.render_pairs")],
    flats: Annotated[Path, typer.Option(help="folder of training.prepare_flats")],
) -> None:
    """Find the pose on every pair and warp its garment; writes PAIRS/ready-NUMBER.npz beside each."""
    estimator = PoseEstimator(resolve("blazepose"))
    made = left_out = 0
    for file in sorted(pairs.glob("[0-9]*.npz")):
        ready = file.with_name(f"ready-{file.name}")
        if ready.exists() or file.name.endswith(".part.npz"):
            continue
        facts = prepare_one(file, flats, estimator)
        if facts is None:
            left_out += 1
            continue
        temporary = ready.with_suffix(".part.npz")
        np.savez_compressed(temporary, **facts)
        temporary.replace(ready)
        made += 1
    typer.echo(f"{made} made ready, {left_out} left out", err=True)


if __name__ == "__main__":
    typer.run(main)
