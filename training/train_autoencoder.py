"""Train the compact autoencoder on photo crops.

    python -m training.train_autoencoder --ccp DIR --garments DIR --out weights/compact/vae --minutes 60

Loss: L1 + L2 + gradient L1 + a smoothness term: the latent of a photo moved by a few pixels must stay near that of
the photo. Noise is added to the latents before decoding. Resumes from RUN/state.pt; writes the averaged weights to
--out every few minutes and at the end.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from pipelines.diffusion.autoencoder import CompactAutoencoder
from training.loop import Trainer, begin, fast
from training.losses import gradient_l1
from training.photos import is_held_out, random_crop, read_folder

#: Furthest shift, in pixels, that the latents should hardly notice.
SHIFT = 4
#: Deviation of the noise on the latents, over the latents' own.
NOISE = 0.02

Photos = list[NDArray[np.uint8]]


def shift_change(z: Tensor, moved: Tensor) -> Tensor:
    """Mean squared latent change over twice the latent variance: 1 = as far apart as strangers."""
    variance = z.float().var(dim=(0, 2, 3)).mean()
    return ((z.float() - moved.float()) ** 2).mean() / (2 * variance + 1e-6)


def batches(images: Photos, batch: int, size: int, seed: int) -> Iterator[Tensor]:
    """Endless float batches (N, 3, size + SHIFT, size + SHIFT) in [-1, 1]."""
    rng = np.random.default_rng(seed)
    while True:
        picks = rng.integers(0, len(images), batch)
        crops = np.stack([random_crop(images[i], size + SHIFT, rng, (0.75, 1.5)) for i in picks])
        yield torch.from_numpy(crops).permute(0, 3, 1, 2).float().div_(127.5).sub_(1)


@torch.no_grad()
def evaluate(model: CompactAutoencoder, photos: Photos) -> tuple[float, float]:
    """Mean PSNR (dB) over whole photos, and relative RMS latent change under a shift of 2 px."""
    scores, ratios = [], []
    for photo in photos:
        h, w = (photo.shape[0] - 8) // 8 * 8, (photo.shape[1] - 8) // 8 * 8
        x = torch.from_numpy(photo).permute(2, 0, 1)[None].float() / 127.5 - 1
        z = model.encode(x[..., :h, :w])
        mse = ((model.decode(z).clamp(-1, 1) - x[..., :h, :w]) ** 2).mean() / 4
        scores.append(-10 * torch.log10(mse).item())
        ratios.append(shift_change(z, model.encode(x[..., :h, 2 : w + 2])).sqrt().item())
    return float(np.mean(scores)), float(np.mean(ratios))


def autoencoder_loss(model: CompactAutoencoder, wide: Tensor, shift_weight: float) -> tuple[Tensor, dict[str, float]]:
    """See the module; `wide` has SHIFT pixels to spare each way. A quarter of the batch is also encoded shifted."""
    size, quarter = wide.shape[-1] - SHIFT, len(wide) // 4
    dy, dx = torch.randint(0, SHIFT + 1, (2,)).tolist()
    x, moved = wide[..., :size, :size], wide[:quarter, :, dy : dy + size, dx : dx + size]
    with fast():
        z, z_moved = model.encoder(torch.cat([x, moved])).split([len(x), quarter])
        out = model.decoder(z + NOISE * z.detach().float().std() * torch.randn_like(z)).float()
    # The border of a crop is padded, so its latents may differ.
    change = shift_change(z[:quarter, :, 1:-1, 1:-1], z_moved[..., 1:-1, 1:-1])
    pixel = (out - x).abs().mean()
    error = pixel + 5 * ((out - x) ** 2).mean() + 0.5 * gradient_l1(out, x)
    loss = error + shift_weight * change + 1e-3 * (z.float() ** 2).mean()
    return loss, dict(change=change.item() ** 0.5, l1=pixel.item())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--ccp", type=Path, required=True)
    parser.add_argument("--garments", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--init", type=Path, help="folder of weights to start from; default: from scratch")
    parser.add_argument("--run", type=Path, default=Path("runs/autoencoder"))
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--size", type=int, default=128)
    parser.add_argument("--shift-weight", type=float, default=0.1)
    parser.add_argument("--lr", type=float, default=1.2e-3)
    args = parser.parse_args()
    torch.manual_seed(0)
    photos = sorted(args.ccp.glob("photos/*.jpg"))
    held_out = read_folder([p for p in photos if is_held_out(p.name)][::7])
    images = read_folder([p for p in photos if not is_held_out(p.name)] + sorted(args.garments.glob("images/*.jpg")))

    def on_save(ema: torch.nn.Module, when: str) -> None:
        with torch.no_grad():
            sample = torch.cat([ema.encoder(next(stream)) for _ in range(4)])
        ema.register_to_config(scaling_factor=float(1 / sample.std()))
        ema.save_pretrained(args.out)
        psnr, ratio = evaluate(ema, held_out)
        print(f"saved {when}: held-out {psnr:.2f} dB, shift 2 px {ratio:.3f}", flush=True)

    model = begin(CompactAutoencoder, args.init)
    trainer = Trainer(model, args.run, args.minutes, args.lr, on_save)
    stream = batches(images, args.batch, args.size, seed=trainer.step)
    trainer.train(stream, lambda wide: autoencoder_loss(model, wide, args.shift_weight))


if __name__ == "__main__":
    main()
