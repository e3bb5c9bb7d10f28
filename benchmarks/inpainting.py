"""Inpainting of garments: the mean, the flow at several steps, the mean without a hint, and simple rivals.

    python -m benchmarks.inpainting --ccp DIR --prepared runs/ccp [--pairs runs/pairs_test] [--photos 60] [--sheet FILE]

On held-out CCP photos the hint is the photo's own garment, warped, relit and cut (`training.tryon_data.example`), so
the photo is the truth. On rendered pairs of held-out garments (`training.render_pairs --held-out`) it is the flat
garment, warped by the skeleton, and the truth is how it hangs; by category.
Figures are over the mask: PSNR (dB), SSIM, and sharpness, the mean gradient over that of the truth (noise raises it).
"""

from __future__ import annotations

import argparse
import csv
import platform
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import torch
from diffusers.utils import logging
from numpy.typing import NDArray
from skimage.metrics import structural_similarity
from torch import Tensor

from pipelines.diffusion.compact import CompactInpaintPipeline
from pipelines.images import save_bytes
from pipelines.tryon import WORK_SIZE
from pipelines.weights import resolve
from training.pair_examples import load_pairs, pair_example
from training.train_mean import Examples, makes, to_tensors
from training.tryon_data import CATEGORIES, example
from training.worn import load_worn

SIZE = WORK_SIZE
STEPS = (0, 2, 4, 8)

Batch = dict[str, Tensor]
Pixels = NDArray[np.uint8]


def pixels(x: Tensor) -> Pixels:
    """(1, 3, H, W) in [-1, 1] → RGB uint8 (H, W, 3)."""
    return ((x[0].clamp(-1, 1) + 1) * 127.5).round().byte().permute(1, 2, 0).numpy()


def plane(x: Tensor) -> Pixels:
    """(1, 1, H, W) in [0, 1] → uint8 (H, W)."""
    return (x[0, 0] * 255).round().byte().numpy()


def telea(batch: Batch) -> Pixels:
    """What lies around the mask, continued into it."""
    return np.asarray(cv2.inpaint(pixels(batch["truth"]), plane(batch["mask"]), 3, cv2.INPAINT_TELEA), np.uint8)


def paste(batch: Batch) -> Pixels:
    """The hint as it is, over a blurred continuation of the photo."""
    filled = cv2.GaussianBlur(telea(batch), (0, 0), 6)
    hint = plane(batch["hint_mask"])[..., None] > 127
    return np.where(hint, pixels(batch["hint"]), filled)


def methods(pipe: CompactInpaintPipeline) -> dict[str, Callable[[Batch], Pixels]]:
    """Name → function that fills the mask of a batch of one."""

    def rendered(steps: int, hinted: bool = True) -> Callable[[Batch], Pixels]:
        def fill(b: Batch) -> Pixels:
            inputs = {k: b[k] for k in ("hint", "hint_mask", "pose", "known", "facts")}
            if not hinted:
                inputs["hint_mask"] = torch.zeros_like(b["hint_mask"])
            noise = torch.Generator().manual_seed(0)
            return pixels(pipe(b["truth"], b["mask"], **inputs, num_inference_steps=steps, generator=noise).images)

        return fill

    ceiling = lambda b: pixels(pipe.vae(b["truth"]))  # noqa: E731
    rivals = {"Telea": telea, "paste + blurred fill": paste, "autoencoder of the truth": ceiling}
    rivals["compact, mean without a hint"] = rendered(0, hinted=False)
    return rivals | {f"compact, {n} steps" if n else "compact, mean (0 steps)": rendered(n) for n in STEPS}


def figures(found: Pixels, truth: Pixels, mask: NDArray[np.bool_]) -> dict[str, float]:
    """PSNR, SSIM and sharpness over the mask; outside it both are the same picture."""
    whole = np.where(mask[..., None], found, truth)
    error = ((whole[mask].astype(float) - truth[mask]) ** 2).mean()
    similar = structural_similarity(
        whole, truth, channel_axis=2, gaussian_weights=True, sigma=1.5, use_sample_covariance=False, full=True
    )[1]
    edges = [np.hypot(*np.gradient(x.astype(float).mean(2)))[mask].mean() for x in (whole, truth)]
    psnr = float(10 * np.log10(255**2 / max(error, 1e-6)))
    return dict(psnr=psnr, ssim=float(similar.mean(2)[mask].mean()), sharpness=float(edges[0] / max(edges[1], 1e-6)))


@torch.no_grad()
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--ccp", type=Path, required=True)
    parser.add_argument("--prepared", type=Path, required=True, help="folder of training.prepare_ccp")
    parser.add_argument("--pairs", type=Path, help="folder of training.render_pairs, made ready by pair_examples")
    parser.add_argument("--flats", type=Path, default=Path("runs/flats"), help="folder of training.prepare_flats")
    parser.add_argument("--photos", type=int, default=60, help="of each set")
    parser.add_argument("--compact", type=Path, help="folder of the pipeline; default: the bundled one")
    parser.add_argument("--sheet", type=Path, help="picture of the first twelve, all methods side by side")
    parser.add_argument("--out", type=Path, default=Path("docs/benchmarks/inpainting.csv"))
    args = parser.parse_args()
    logging.disable_progress_bar()
    pipe = CompactInpaintPipeline.from_pretrained(args.compact or resolve("compact"), dtype=torch.float32)
    pipe.set_progress_bar_config(disable=True)
    _, held_out = load_worn(args.ccp, args.prepared)
    sets = {"photos": makes(example, held_out, SIZE)}
    if args.pairs:
        pairs = load_pairs(args.pairs, args.flats)
        for category in CATEGORIES:
            if some := [pair for pair in pairs if pair.category == category]:
                sets[f"pairs, {category} ({len(some)})"] = makes(pair_example, some, SIZE)
    fills = methods(pipe)
    rows, table = [], []
    for name, maker in sets.items():
        scores: dict[str, list[dict[str, float]]] = {method: [] for method in fills}
        for _, raw in zip(range(args.photos), Examples([(1.0, maker)], 1, seed=5), strict=False):
            batch = to_tensors(raw)
            truth, mask = pixels(batch["truth"]), plane(batch["mask"]) > 127
            found = {method: fill(batch) for method, fill in fills.items()}
            for method, picture in found.items():
                scores[method].append(figures(picture, truth, mask))
            rows.append(np.hstack([truth, *(np.where(mask[..., None], p, truth) for p in found.values())]))
        for method, values in scores.items():
            means = (np.mean([v[k] for v in values]) for k in ("psnr", "ssim", "sharpness"))
            table.append([name, method, *(f"{m:.3f}" for m in means)])
    args.out.parent.mkdir(parents=True, exist_ok=True)
    with args.out.open("w", newline="") as file:
        file.write(f"# {args.photos} held-out examples of each set; {platform.machine()}, torch {torch.__version__}\n")
        csv.writer(file).writerows([["set", "method", "psnr", "ssim", "sharpness"], *table])
    print(args.out.read_text())
    if args.sheet:
        picture = cv2.imencode(".jpg", np.vstack(rows[:12])[..., ::-1])[1]
        save_bytes(args.sheet, picture.tobytes())


if __name__ == "__main__":
    main()
