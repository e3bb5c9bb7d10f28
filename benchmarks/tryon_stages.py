"""Where paired try-on loses: each stage replaced by the truth, by itself and together with all stages before it.

    python -m benchmarks.tryon_stages --data DIR [--scorer FILE] [--pairs N] [--compact DIR] [--out FILE]

DIR holds pairs of a person and the flat garment that this person wears, so the photo is the truth: `pairs.txt`,
`image/ID_0.jpg`, `cloth/ID_1.jpg`, `cloth-mask/ID_1.jpg`, `image-parse/ID_0.png` (labels of LIP) and
`pose/ID_0_keypoints.json` (OpenPose's 18 points). The scorer is a file with `paired(data, results, ids)` and `WORN`;
"everything found" is the renderer as it is, and scores what a batch of it scores.

Stages, in their order:
  garment mask  the cut-out. pose: the keypoints that OpenPose saw; what it did not see stays as found.
  parsing       hands and neck, which LIP does not tell from arms and ground, stay as found.
  silhouette    where the garment lies on the body, in place of the network's gate.
  colour        the cloth's, shifted by one value per channel to that of the worn garment.
  flow N        the cloth as rendered, moved onto the truth by optical flow smoothed over N pixels.
  light         the cloth's brightness brought to that of the truth, both smoothed over 12 pixels: folds and shade.
  surroundings  all that is repainted and no garment: skin, hair, ground.
The autoencoder of the truth is the ceiling of everything that passes through the networks' picture size.
Rows are means over all pairs and over kinds of garments; SSIM and PSNR of the garment are over its worn pixels.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image as PILImage

from benchmarks.measuring import Row, as_csv, as_table, machine
from pipelines import images, tryon
from pipelines.diffusion.compact import CompactInpaintPipeline, CompactOutput
from pipelines.diffusion.mean import MeanOutput, upsample
from pipelines.geometry.body import Body
from pipelines.geometry.garment import INNER_COLLAR, NOTHING
from pipelines.geometry.ironing import ironed
from pipelines.geometry.warp import garment_unit
from pipelines.masks import erode
from pipelines.perception.garment import Garment
from pipelines.renderers import tryon_networks
from pipelines.schema import PARSING_LABELS, Image, Mask, TryOnRequest

Known = frozenset[str]
Floats = NDArray[np.float32]

FLOWS = ("flow 24", "flow 12", "flow 6")
STAGES = ("garment mask", "pose", "parsing", "silhouette", "colour", *FLOWS, "light", "surroundings")
#: What is known before anything is painted.
FACTS = frozenset(STAGES[:3])
#: Pixels over which light is smoothed, and the levels of 255 that keep its factors finite in the dark.
LIGHT_BLUR, DARK = 12.0, 8.0
#: LIP's labels as ours; the three of the worn garment become that of its category.
FROM_LIP = {
    1: "hat", 2: "hair", 3: "hands", 4: "accessory", 8: "shoes", 9: "lower", 10: "dress", 11: "accessory",
    12: "lower", 13: "face", 14: "arms", 15: "arms", 16: "legs", 17: "legs", 18: "shoes", 19: "shoes",
}  # fmt: skip
#: Deviation of a flat garment's colour (8-bit Lab) from which it is printed: of 104, no plain one has more.
PRINTED = 20.0
#: What lies nearer to a garment's edge, as a share of its picture's height, is mixed with the ground.
EDGE = 0.015
COLUMNS = ("truth", "how", "garments", "pairs", "ssim", "ssim_garment", "psnr_garment", "coverage")
SCORES = COLUMNS[4:]
CEILING = "autoencoder of the truth"


@dataclass(frozen=True, eq=False)
class Pair:
    """A person, the flat garment this person wears, and what is known to be true.

    Attributes:
        photo, flat: RGB uint8. flat_mask: uint8, 255 = garment. labels: LIP's, (H, W) of the photo.
        points: float (18, 2) pixels, NaN where OpenPose saw nothing. worn: bool (H, W), the garment on the person.
    """

    photo: Image
    flat: Image
    flat_mask: Mask
    labels: Mask
    points: NDArray[np.float64]
    worn: NDArray[np.bool_]


def read_pair(data: Path, name: str, worn: Sequence[int]) -> Pair:
    """One pair of the folder; `worn` are the labels of the garment."""
    said = json.loads((data / "pose" / f"{name}_0_keypoints.json").read_text())["people"]
    points = np.array(said[0]["pose_keypoints"] if said else [0] * 54, np.float64).reshape(18, 3)
    points[points[:, 2] == 0] = np.nan
    with PILImage.open(data / "image-parse" / f"{name}_0.png") as parse:
        labels = np.array(parse)  # indices; a picture of them would be in the palette's colours
    flat_mask = images.load_image(data / "cloth-mask" / f"{name}_1.jpg")[..., 0]
    return Pair(
        images.load_image(data / "image" / f"{name}_0.jpg"), images.load_image(data / "cloth" / f"{name}_1.jpg"),
        np.where(flat_mask > 127, 255, 0).astype(np.uint8), labels, points[:, :2], np.isin(labels, worn),
    )  # fmt: skip


def true_body(pair: Pair, found: Body) -> Body:
    """OpenPose's points, and the found ones where it saw none."""
    return Body(np.where(np.isnan(pair.points), found.points, pair.points))


def true_parsing(pair: Pair, found: Mask, category: str) -> Mask:
    """The pair's parsing in our labels; finer ones than LIP has stay as found."""
    table = np.zeros(256, np.uint8)
    for label, name in FROM_LIP.items():
        table[label] = PARSING_LABELS.index(name)
    labels = table[pair.labels]
    finer = {"hands": ("arms", "background"), "neck": ("face", "background"), "bag": ("background", "lower")}
    for name, coarser in finer.items():
        within = np.isin(labels, [PARSING_LABELS.index(one) for one in coarser])
        labels[within & (found == PARSING_LABELS.index(name))] = PARSING_LABELS.index(name)
    labels[pair.worn] = PARSING_LABELS.index(category)
    return labels


def scene_of(pair: Pair, known: Known, perceive: Callable[[TryOnRequest], tryon.Scene]) -> tryon.Scene:
    """What the pictures tell, or what is true of them."""
    flat = np.dstack([pair.flat, pair.flat_mask]) if "garment mask" in known else pair.flat
    scene = perceive(TryOnRequest(pair.photo, flat))
    if "pose" in known:
        scene = replace(scene, body=true_body(pair, scene.body))
    if "parsing" in known:
        scene = replace(scene, labels=true_parsing(pair, scene.labels, scene.garment.category))
    return scene


# --- what the networks say, corrected -------------------------------------------------------------------------


def changed(output: CompactOutput, **changes: torch.Tensor) -> CompactOutput:
    """The output with another mean, and what steps refined left out."""
    mean: MeanOutput = replace(output.mean, **changes)
    return CompactOutput(images=mean.sample.clamp(-1, 1), mean=mean)


def cloth_alone(plan: tryon.Plan, output: CompactOutput, ground: Image) -> Image:
    """The rendered cloth going on over the whole crop, without skin, ground or photo."""
    everywhere = changed(output, garment=torch.ones_like(output.mean.garment))
    return tryon.finish(ground, replace(plan, mask=np.full_like(plan.mask, 255)), everywhere)


def as_worn(pair: Pair, plan: tryon.Plan, output: CompactOutput) -> CompactOutput:
    """The gate replaced by where the garment is worn."""
    worn = tryon.cropped(np.where(pair.worn, 255, 0).astype(np.uint8), plan.crop).astype(np.float32) / 255
    return changed(output, garment=torch.from_numpy(worn)[None, None])


def coloured(pair: Pair, plan: tryon.Plan, output: CompactOutput) -> tuple[tryon.Plan, CompactOutput]:
    """The cloth shifted to the mean colour of what is worn."""
    where = pair.worn & (plan.mask > 0)
    if not where.any():
        return plan, output
    cloth = cloth_alone(plan, output, pair.photo)
    shift = (pair.photo[where].astype(np.float32) - cloth[where]).mean(0)
    hint = np.where(plan.hint_mask[..., None] > 0, np.clip(np.rint(plan.hint + shift), 0, 255), 0).astype(np.uint8)
    moved = output.mean.moved + torch.from_numpy(shift / 127.5)[None, :, None, None]
    return replace(plan, hint=hint), changed(output, moved=moved)


def on_crop(pair: Pair, plan: tryon.Plan, output: CompactOutput) -> tuple[Floats, Floats, NDArray[np.bool_]]:
    """Grey of the rendered cloth and of the truth, 0 to 255, on the crop; and where the garment is worn."""
    worn = tryon.cropped(np.where(pair.worn, 255, 0).astype(np.uint8), plan.crop, nearest=True) > 0
    grey = lambda picture: cv2.cvtColor(tryon.cropped(picture, plan.crop), cv2.COLOR_RGB2GRAY)  # noqa: E731
    cloth, truth = grey(cloth_alone(plan, output, pair.photo)), grey(pair.photo)
    return cloth.astype(np.float32), truth.astype(np.float32), worn


def moved_by(pair: Pair, plan: tryon.Plan, output: CompactOutput, sigma: float) -> CompactOutput:
    """The flow completed by the optical flow from the rendered cloth to the truth, smoothed over `sigma` pixels."""
    cloth, truth, worn = on_crop(pair, plan, output)
    # Beyond what is worn there is nothing to follow.
    truth = np.where(worn, truth, cloth)
    estimator = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    estimator.setFinestScale(1)
    found = estimator.calc(truth.astype(np.uint8), cloth.astype(np.uint8), None)
    extra = smoothed(found, worn, sigma * float(plan.crop[0, 0]))
    # What lies at x of the truth lies at x + extra of the cloth, which came from there by the network's flow.
    height, width = tryon.WORK_SIZE
    flow = upsample(output.mean.flow, (height, width))[0].permute(1, 2, 0).numpy()
    x, y = np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32)[:, None]
    at = x + extra[..., 0], y + extra[..., 1]
    total = extra + cv2.remap(flow, *at, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return changed(output, flow=torch.from_numpy(total.transpose(2, 0, 1).copy())[None])


def lit(pair: Pair, plan: tryon.Plan, output: CompactOutput) -> tuple[tryon.Plan, CompactOutput]:
    """The cloth, where it ended up, in the light of the truth."""
    cloth, truth, worn = on_crop(pair, plan, output)
    sigma = LIGHT_BLUR * float(plan.crop[0, 0])
    cloth, truth = (smoothed(plane[..., None], worn, sigma)[..., 0] + DARK for plane in (cloth, truth))
    size = (plan.mask.shape[1], plan.mask.shape[0])
    factor = cv2.warpAffine(truth / cloth, plan.crop, size, flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP)
    picture = cloth_alone(plan, output, pair.photo) * factor[..., None]
    moved = replace(plan, hint=np.clip(np.rint(picture), 0, 255).astype(np.uint8), hint_mask=plan.mask)
    return moved, changed(output, flow=torch.zeros_like(output.mean.flow))


def surrounded(pair: Pair, plan: tryon.Plan, output: CompactOutput) -> CompactOutput:
    """The truth painted where no garment is worn; the garment itself must not shine through an unsure gate."""
    worn = torch.from_numpy(tryon.cropped(np.where(pair.worn, 255, 0).astype(np.uint8), plan.crop, nearest=True)) > 0
    return changed(output, painted=torch.where(worn, output.mean.painted, true_crop(pair, plan)))


def true_crop(pair: Pair, plan: tryon.Plan) -> torch.Tensor:
    """What the networks would see of the photo without a mask, (1, 3, H, W) in [-1, 1]."""
    return torch.from_numpy(tryon.cropped(pair.photo, plan.crop)).permute(2, 0, 1)[None].float() / 127.5 - 1


def smoothed(field: Floats, where: NDArray[np.bool_], sigma: float) -> Floats:
    """A field (H, W, C) blurred by a Gaussian that looks only at `where`."""
    weight = where.astype(np.float32)
    blur = lambda plane: cv2.GaussianBlur(plane, (0, 0), sigma)  # noqa: E731
    found = blur(field * weight[..., None]).reshape(field.shape)
    return np.asarray(found / np.maximum(blur(weight), 1e-6)[..., None], np.float32)


# --- renders --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Painted:
    """A scene, and what the networks made of it."""

    scene: tryon.Scene
    plan: tryon.Plan
    output: CompactOutput


def painted(pair: Pair, scene: tryon.Scene, pipe: CompactInpaintPipeline) -> Painted:
    """Plan a scene and run the networks."""
    request = TryOnRequest(pair.photo, pair.flat)
    plan = tryon.make_plan(scene, request)
    return Painted(scene, plan, tryon.paint(scene, plan, pipe, request, lambda _: None))


def render(pair: Pair, made: Painted, pipe: CompactInpaintPipeline, known: Known) -> Image:
    """The picture, with the known stages after the facts replaced by the truth."""
    plan, output = made.plan, made.output
    if CEILING in known:
        with torch.no_grad():
            decoded = pipe.vae(true_crop(pair, plan))
        output = changed(output, garment=torch.zeros_like(output.mean.garment), painted=decoded)
    if "silhouette" in known:
        output = as_worn(pair, plan, output)
    if "colour" in known:
        plan, output = coloured(pair, plan, output)
    flows = [stage for stage in FLOWS if stage in known]
    if flows:
        output = moved_by(pair, plan, output, float(flows[-1].split()[1]))
    if "light" in known:
        plan, output = lit(pair, plan, output)
    if "surroundings" in known:
        output = surrounded(pair, plan, output)
    return tryon.finish(pair.photo, plan, output)


def ways() -> list[tuple[str, str, Known]]:
    """(name, how, what is known) of every set of renders."""
    found: list[tuple[str, str, Known]] = [("everything found", "", frozenset())]
    found += [(stage, "alone", frozenset({stage})) for stage in STAGES]
    found += [(stage, "with all before", frozenset(STAGES[: i + 1])) for i, stage in enumerate(STAGES) if i]
    return [*found, (CEILING, "", frozenset({CEILING}))]


def contrast(garment: Garment) -> float:
    """Deviation of a flat garment's colour, wrinkles pressed out and the inside of the back left out, in 8-bit Lab."""
    cloth = ironed(garment.image, garment.mask, garment_unit(garment.landmarks, garment.category))
    lab = cv2.cvtColor(np.rint(cloth).astype(np.uint8), cv2.COLOR_RGB2LAB).astype(np.float32)
    outside = np.isin(garment.landmarks.parts, (NOTHING, INNER_COLLAR))
    inside = lab[erode(np.where(outside, 0, 255).astype(np.uint8), EDGE * max(outside.shape)) > 0]
    return float(np.sqrt(inside.var(0).sum())) if len(inside) else 0.0


def kinds_of(garment: Garment) -> tuple[str, ...]:
    """The groups of garments that this one belongs to."""
    return "all", "printed" if contrast(garment) > PRINTED else "plain", f"sleeve {garment.sleeve}"


def measure(data: Path, scorer: Any, names: Sequence[str], networks: tuple[Any, CompactInpaintPipeline]) -> list[Row]:
    """All rows of the table."""
    perception, pipe = networks
    groups: dict[str, list[str]] = {}
    with tempfile.TemporaryDirectory() as place:
        folders = [Path(place, str(i)) for i, _ in enumerate(ways())]
        for folder in folders:
            folder.mkdir()
        for name in names:
            pair = read_pair(data, name, scorer.WORN)
            made: dict[Known, Painted] = {}
            for folder, (*_, known) in zip(folders, ways(), strict=True):
                seen = known & FACTS
                if seen not in made:
                    scene = scene_of(pair, seen, lambda r: tryon.perceive(r, perception, lambda _: None))
                    made[seen] = painted(pair, scene, pipe)
                images.save_png(folder / f"{name}.png", render(pair, made[seen], pipe, known))
                images.save_png(folder / f"{name}_mask.png", made[seen].plan.mask)
            for kind in kinds_of(made[frozenset({"garment mask"})].scene.garment):
                groups.setdefault(kind, []).append(name)
        scores = [scorer.paired(data, folder, names) for folder in folders]
    return [
        {"truth": truth, "how": how, "garments": kind, "pairs": len(groups[kind]), **means(found, groups[kind])}
        for kind in sorted(groups, key=lambda kind: (kind != "all", kind))
        for (truth, how, _), found in zip(ways(), scores, strict=True)
    ]


def means(scores: Mapping[str, Mapping[str, float]], names: Sequence[str]) -> dict[str, str]:
    """Means over pairs, to three digits."""
    return {column: f"{np.nanmean([scores[name][column] for name in names]):.3f}" for column in SCORES}


def load_scorer(path: Path) -> Any:
    """The scorer, a module of one file outside any package."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        raise FileNotFoundError(path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--scorer", type=Path, help="default: score_tryon.py beside the folder")
    parser.add_argument("--pairs", type=int, help="only the first so many")
    parser.add_argument("--compact", type=Path, help="folder of the pipeline; default: the bundled one")
    parser.add_argument("--out", type=Path, default=Path("docs/benchmarks/tryon_stages.csv"))
    args = parser.parse_args()
    names = (args.data / "pairs.txt").read_text().split()[: args.pairs]
    scorer = load_scorer(args.scorer or args.data.parent / "score_tryon.py")
    rows = measure(args.data, scorer, names, tryon_networks(args.compact))
    args.out.parent.mkdir(parents=True, exist_ok=True)
    images.save_bytes(args.out, as_csv(COLUMNS, rows, f"{len(names)} pairs; {machine()}").encode())
    print(as_table(COLUMNS, rows))


if __name__ == "__main__":
    main()
