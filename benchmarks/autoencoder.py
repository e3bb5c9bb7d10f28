"""The compact autoencoder on held-out CCP photos: how much it keeps, and how calm its latents are.

    python -m benchmarks.autoencoder --ccp DIR [--taef2 DIR] [--photos 60] [--out docs/benchmarks/autoencoder.csv]

`psnr` (dB) and `ssim` of whole photos, encoded and decoded. `shift N px`: root mean square change of the latents when
the photo moves by N pixels, over that between two different photos: 1 = as far as strangers.
"""

from __future__ import annotations

import argparse
import csv
import itertools
import platform
from pathlib import Path
from typing import Protocol

import numpy as np
import torch
from skimage.metrics import structural_similarity
from torch import Tensor

from benchmarks.taef2 import Taef2
from pipelines.diffusion.autoencoder import CompactAutoencoder
from pipelines.weights import resolve
from training.photos import is_held_out, read_rgb

SHIFTS = (1, 2, 4, 8)


class Autoencoder(Protocol):
    def encode(self, pixels: Tensor) -> Tensor: ...

    def decode(self, latents: Tensor) -> Tensor: ...


@torch.no_grad()
def score(model: Autoencoder, photos: list[Tensor]) -> dict[str, float]:
    """One row of the table, over photos (1, 3, H, W) in [-1, 1]."""
    psnr, ssim, latents, moved = [], [], [], {n: [] for n in SHIFTS}
    for photo in photos:
        h, w = (photo.shape[-2] - 8) // 8 * 8, (photo.shape[-1] - 8) // 8 * 8
        window = photo[..., :h, :w]
        z = model.encode(window)
        out = model.decode(z).clamp(-1, 1)
        psnr.append(-10 * np.log10(((out - window) ** 2).mean().item() / 4))
        a, b = (x[0].permute(1, 2, 0).numpy() for x in (window, out))
        ssim.append(structural_similarity(a, b, channel_axis=2, data_range=2, gaussian_weights=True, sigma=1.5,
                                          use_sample_covariance=False))  # fmt: skip
        latents.append(z)
        for n in SHIFTS:
            moved[n].append(((model.encode(photo[..., :h, n : w + n]) - z) ** 2).mean().item())
    strangers = [((a[..., :40, :20] - b[..., :40, :20]) ** 2).mean().item() for a, b in itertools.pairwise(latents)]
    row = {"psnr": float(np.mean(psnr)), "ssim": float(np.mean(ssim))}
    return row | {f"shift {n} px": float(np.sqrt(np.mean(moved[n]) / np.mean(strangers))) for n in SHIFTS}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--ccp", type=Path, required=True)
    parser.add_argument("--taef2", type=Path, help="folder with taef2_encoder.pth and taef2_decoder.pth")
    parser.add_argument("--photos", type=int, default=60)
    parser.add_argument("--vae", type=Path, help="default: the bundled one")
    parser.add_argument("--out", type=Path, default=Path("docs/benchmarks/autoencoder.csv"))
    args = parser.parse_args()
    files = [p for p in sorted(args.ccp.glob("photos/*.jpg")) if is_held_out(p.name)][: args.photos]
    photos = [torch.from_numpy(read_rgb(p)).permute(2, 0, 1)[None].float() / 127.5 - 1 for p in files]
    models: dict[str, Autoencoder] = {
        "compact": CompactAutoencoder.from_pretrained(
            args.vae or resolve("compact") / "vae", dtype=torch.float32
        ).eval()
    }
    if args.taef2:
        models["TAEF2"] = Taef2(args.taef2)
    rows = [{"model": name} | score(model, photos) for name, model in models.items()]
    args.out.parent.mkdir(parents=True, exist_ok=True)
    with args.out.open("w", newline="") as file:
        machine = platform.processor() or platform.machine()
        file.write(f"# {len(photos)} held-out photos; {machine}, torch {torch.__version__}\n")
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows({k: f"{v:.4f}" if isinstance(v, float) else v for k, v in row.items()} for row in rows)
    print(args.out.read_text())


if __name__ == "__main__":
    main()
