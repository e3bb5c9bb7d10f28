"""Try-on examples from the paired factory: a real flat garment, its warp by the skeleton, and the garment as it hangs.

What no photo gives: the true errors of the warp, with the flow that mends them; folds and light that the flat picture
does not have; and prints that stay while they change.

`prepare` finds on every rendered person what a photo would be asked for (the pose by BlazePose) and warps the garment
as the renderer does; `pair_example` colours, crops and masks.
"""

from __future__ import annotations

import json
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
from pipelines.schema import Category, Image, Mask, WearStyle
from pipelines.tryon import SLEEVES
from pipelines.weights import resolve
from training.fitting import Fitting, framed
from training.pair_light import from_bytes
from training.rounding import Flat, rounded, rounding_of
from training.tryon_data import dyed, extended

Array = NDArray[np.float32]
Rng = np.random.Generator
#: A landmark is seen where the map comes this near to it, pixels of the flat picture; and how far apart in height the
#: ends of a collar may hang, body units.
NEAR, ASKEW = 6.0, 0.2


@dataclass(frozen=True, eq=False)
class Pair:
    """A person in a garment, and the garment's flat picture.

    Attributes:
        photo: RGB uint8 (H, W, 3), the garment in grey. light: float32 (H, W) on white cloth.
        where: float32 (H, W, 2), pixel of the flat picture, NaN off the garment. side: 0 none, 1 front, 2 back.
        labels: parsing.
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
    hint_where: Array
    flow: NDArray[np.float16]
    points: NDArray[np.float64]
    flat: Image
    cloth: Mask
    unit: float
    category: Category
    sleeve: int


def landmarks_of(flat: Flat) -> GarmentLandmarks:
    """The landmarks that training.prepare_flats kept."""
    kind, sleeve = str(flat["kind"]), str(flat["sleeve"])
    return GarmentLandmarks(flat["points"], kind, sleeve, flat["sleeve_lines"], flat["parts"])  # type: ignore[arg-type]


def hint_map(shape: GarmentLandmarks, category: Category, body: Body, size: tuple[int, int]) -> Array:
    """`warp_garment` as a map: for each pixel (H, W, 2) the pixel of the flat picture on top there, NaN where none."""
    seam = 0.12 * garment_unit(shape, category)
    whole = erode(np.where(np.isin(shape.parts, (NOTHING, INNER_COLLAR)), 0, 255).astype(np.uint8), 1) > 0
    where = np.full((*size, 2), np.nan, np.float32)
    for layer in layers(shape, category, body, size, WearStyle(), None):
        part = dilate(np.where(shape.parts == layer.label, 255, 0).astype(np.uint8), seam)
        part[~whole] = 0
        at = layer.back[..., 0], layer.back[..., 1]
        there = cv2.remap(part, *at, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT) > 127
        where[there] = layer.back[there]
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


def slipped(where: Array, shape: GarmentLandmarks, body: Body) -> bool:
    """Whether one end of the collar hangs far below the other."""
    heights = []
    for name in ("collar_left", "collar_right"):
        away = np.linalg.norm(where - shape.pixel(name), axis=2) if shape.has(name) else np.full((1, 1), np.nan)
        away = np.nan_to_num(away, nan=np.inf)
        if away.min() < NEAR:
            heights.append(np.unravel_index(away.argmin(), away.shape)[0])
    return len(heights) == 2 and abs(float(heights[0]) - float(heights[1])) > ASKEW * body.unit


def carried_cloth(flat: Flat) -> tuple[Image, Mask]:
    """A flat picture whose ground is overgrown by its cloth, and the cloth's mask."""
    mask = erode(np.asarray(flat["mask"], np.uint8), 1)
    return extended(np.asarray(flat["image"], np.uint8), mask), mask


# --- preparing --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Bias:
    """How the warp is off, on average: body units per body unit from between the shoulders, and body units."""

    slope_x: float = 0.0
    slope_y: float = 0.0
    offset_x: float = 0.0
    offset_y: float = 0.0

    @property
    def slope(self) -> tuple[float, float]:
        return self.slope_x, self.slope_y

    @property
    def offset(self) -> tuple[float, float]:
        return self.offset_x, self.offset_y


@dataclass(frozen=True, eq=False)
class Seen:
    """A rendered pair on which somebody was found."""

    where: Array
    side: Mask
    shape: GarmentLandmarks
    category: Category
    body: Body

    def coordinates(self, step: int) -> NDArray[np.float64]:
        """Every step-th pixel (H, W, 2) in body units from between the shoulders."""
        rows, columns = np.mgrid[: self.side.shape[0] : step, : self.side.shape[1] : step]
        return np.asarray((np.stack([columns, rows], -1) - self.body.shoulders) / self.body.unit)

    def warped(self, bias: Bias) -> tuple[Array, NDArray[np.float16]] | None:
        """`hint_map` without its `bias`, and `true_flow`; None where they do not meet."""
        try:
            hint = hint_map(self.shape, self.category, self.body, self.side.shape)
        except BadInput:
            return None
        rows, columns = np.mgrid[: self.side.shape[0], : self.side.shape[1]]
        shift = (self.coordinates(1) * bias.slope + bias.offset) * self.body.unit
        at = np.rint(np.stack([columns, rows], -1) + shift).astype(int)
        inside = ((at >= 0) & (at < (self.side.shape[1], self.side.shape[0]))).all(-1)
        moved = np.full_like(hint, np.nan)
        moved[inside] = hint[at[inside][:, 1], at[inside][:, 0]]
        flow = true_flow(self.where, self.side, moved)
        far = 0.8 * self.body.unit
        if flow is None or np.median(np.linalg.norm(flow[(self.side == 1)[::2, ::2]], axis=1)) > far:
            return None
        return moved, flow

    def bias(self) -> tuple[float, ...]:
        """The line through the flow's x, and through its y, over the trunk: slopes (2,) and offsets (2,)."""
        found, at = self.warped(Bias()), self.coordinates(2)
        trunk = (self.side == 1)[::2, ::2] & (np.abs(at[..., 0]) < 0.4) & (at[..., 1] > 0.1) & (at[..., 1] < 2.5)
        if found is None or trunk.sum() < 50:
            return (float("nan"),) * 4
        moved = found[1][trunk].astype(np.float64) / self.body.unit
        lines = [np.polyfit(at[trunk][:, axis], moved[:, axis], 1) for axis in (0, 1)]
        return tuple(float(line[i]) for i in (0, 1) for line in lines)


def as_photographed(file: Path, flats: Path) -> tuple[dict[str, NDArray[np.generic]], Flat, Array]:
    """A pair, its flat garment as a shop might show it, more or less rounded, and the pair's map into that picture."""
    pair = dict(np.load(file))
    flat, where = dict(np.load(flats / f"{pair['flat']}.npz")), pair["map"].astype(np.float32)
    share = float(np.clip(np.random.default_rng(int(file.stem)).normal(1, 0.25), 0, 1.6))
    rounding = rounding_of(flat, share)
    if rounding is None:
        return pair, flat, where
    seen = np.stack([rounding.seen(where[..., 0]), where[..., 1]], -1).astype(np.float32)
    return pair, rounded(flat, rounding), seen


def see(file: Path, flats: Path, estimator: PoseEstimator) -> Seen | None:
    """Find the pose on a pair; None where nobody is seen, or the garment slipped."""
    pair, flat, where = as_photographed(file, flats)
    cloth, _ = carried_cloth(flat)
    light = from_bytes(pair["light"])
    photo = worn_picture(pair["photo"], cloth.astype(np.float32), where, pair["side"], light)
    try:
        points = believed18(estimator(photo)).astype(np.float64) * photo.shape[1::-1]
    except BadInput:
        return None
    body, shape = Body(points), landmarks_of(flat)
    if np.isnan(points[[2, 5, 8, 11]]).any() or slipped(where, shape, body):
        return None
    return Seen(where, pair["side"], shape, str(flat["category"]), body)  # type: ignore[arg-type]


def group_of(seen: Seen) -> str:
    """Garments whose sizes are judged together."""
    return f"{seen.category} {seen.shape.sleeve}"


def biases_of(found: dict[Path, Seen]) -> dict[str, list[float]]:
    """The median of `Seen.bias` for each group.

    The factory's garments are larger on their wearers, and sit a little higher, than those in shops' photos, for which
    the warp was made; were that left in, to undo it would be most of what is learnt, and wrong on photos. What is left
    is how garments differ from each other.
    """
    lines: dict[str, list[tuple[float, ...]]] = {}
    for seen in found.values():
        lines.setdefault(group_of(seen), []).append(seen.bias())
    return {group: np.nanmedian(values, axis=0).tolist() for group, values in sorted(lines.items())}


def load_pairs(pairs: Path, flats: Path) -> list[Pair]:
    """All prepared pairs of a folder."""
    found = []
    for file in sorted(pairs.glob("[0-9]*.npz")):
        ready = file.with_name(f"ready-{file.name}")
        if not ready.exists():
            continue
        pair, flat, where = as_photographed(file, flats)
        facts, category = dict(np.load(ready)), str(flat["category"])
        cloth, mask = carried_cloth(flat)
        unit = garment_unit(landmarks_of(flat), category)  # type: ignore[arg-type]
        light = from_bytes(pair["light"])
        found.append(
            Pair(
                pair["photo"], light, where, pair["side"], pair["labels"],
                facts["hint_map"].astype(np.float32), facts["flow"], facts["points"].astype(np.float64), cloth, mask,
                unit, category, SLEEVES.index(str(flat["sleeve"])),  # type: ignore[arg-type]
            )
        )  # fmt: skip
    return found


# --- examples ---------------------------------------------------------------------------------------------------------


def pair_example(pair: Pair, size: tuple[int, int], rng: Rng) -> dict[str, np.ndarray]:
    """One example of a rendered pair, newly dyed, in the form of `tryon_data.example`."""
    cloth = dyed(pair.flat, rng) if rng.random() < 0.5 else pair.flat.astype(np.float32)
    # Shops expose both pictures for the garment; the studio's lamps would only teach that worn is darker.
    light = pair.light / max(float(pair.light[pair.side == 1].mean()), 0.05) * rng.uniform(0.85, 1.05)
    # Folds of the flat picture are not those of the worn garment, which has its own by the drape.
    smooth = ironed(cloth, pair.cloth, pair.unit, rng.uniform(0, LEFT))
    at = np.nan_to_num(pair.hint_where)
    shown = ironed(cloth, pair.cloth, pair.unit)
    flow = cv2.resize(pair.flow.astype(np.float32), pair.side.shape[::-1], interpolation=cv2.INTER_LINEAR)
    return framed(
        Fitting(
            photo=worn_picture(pair.photo, smooth, pair.where, pair.side, light.astype(np.float32)),
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
    files = [f for f in sorted(pairs.glob("[0-9]*.npz")) if not f.name.endswith(".part.npz")]
    todo = [f for f in files if not f.with_name(f"ready-{f.name}").exists()]
    found = {f: seen for f in todo if (seen := see(f, flats, estimator))}
    bias_file = pairs / "bias.json"
    biases = json.loads(bias_file.read_text()) if bias_file.exists() else biases_of(found)
    bias_file.write_text(json.dumps(biases, indent=1) + "\n")
    made = 0
    for file, seen in found.items():
        warped = seen.warped(Bias(*biases.get(group_of(seen), ())))
        if warped is None:
            continue
        temporary = file.with_name("ready.part.npz")
        np.savez_compressed(
            temporary, points=seen.body.points, hint_map=warped[0].astype(np.float16), flow=warped[1]
        )  # fmt: skip
        temporary.replace(file.with_name(f"ready-{file.name}"))
        made += 1
    typer.echo(f"{made} made ready, {len(todo) - made} left out", err=True)


if __name__ == "__main__":
    typer.run(main)
