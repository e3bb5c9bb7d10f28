"""Train the compact autoencoder on photo crops.

    python -m training.train_autoencoder --ccp DIR --garments DIR --out weights/compact/autoencoder --minutes 30

Loss: L1 + gradient L1 + a smoothness term: the latent of a photo moved by a few pixels must stay near the latent of the
photo. Noise is added to the latents before decoding. Resumes from RUN/state.pt; writes the EMA weights to --out at the end and
every few minutes.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from pipelines.diffusion.autoencoder import CompactAutoencoder
from training.photos import is_held_out, random_crop, read_folder


def gradient_l1(a: Tensor, b: Tensor) -> Tensor:
    """L1 between horizontal and vertical differences."""
    dx = (a[..., 1:] - a[..., :-1]) - (b[..., 1:] - b[..., :-1])
    dy = (a[..., 1:, :] - a[..., :-1, :]) - (b[..., 1:, :] - b[..., :-1, :])
    return dx.abs().mean() + dy.abs().mean()


def shift_change(z: Tensor, moved: Tensor) -> Tensor:
    """Mean squared latent change over twice the latent variance: 1 = as far apart as strangers."""
    variance = z.float().var(dim=(0, 2, 3)).mean()
    return ((z.float() - moved.float()) ** 2).mean() / (2 * variance + 1e-6)


def batches(images: list[np.ndarray], batch: int, size: int, seed: int):
    """Endless float batches (N, 3, size + 16, size + 16) in [-1, 1]: 16 spare pixels to shift in."""
    rng = np.random.default_rng(seed)
    while True:
        picks = rng.integers(0, len(images), batch)
        crops = np.stack([random_crop(images[i], size + 16, rng, (0.75, 1.5)) for i in picks])
        yield torch.from_numpy(crops).permute(0, 3, 1, 2).float().div_(127.5).sub_(1)


@torch.no_grad()
def evaluate(model: CompactAutoencoder, photos: list[np.ndarray]) -> tuple[float, float]:
    """Mean PSNR (dB) over whole held-out photos, and relative RMS latent change under a shift of 2 px."""
    scores, ratios = [], []
    for photo in photos:
        h, w = (photo.shape[0] - 8) // 8 * 8, (photo.shape[1] - 8) // 8 * 8
        x = torch.from_numpy(photo).permute(2, 0, 1)[None].float() / 127.5 - 1
        z = model.encode(x[..., :h, :w])
        mse = ((model.decode(z).clamp(-1, 1) - x[..., :h, :w]) ** 2).mean() / 4
        scores.append(-10 * torch.log10(mse).item())
        ratios.append(shift_change(z, model.encode(x[..., :h, 2 : w + 2])).sqrt().item())
    return float(np.mean(scores)), float(np.mean(ratios))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--ccp", type=Path, required=True)
    parser.add_argument("--garments", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--run", type=Path, default=Path("runs/autoencoder"))
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--size", type=int, default=128)
    parser.add_argument("--shift-weight", type=float, default=0.5)
    parser.add_argument("--lr", type=float, default=1.2e-3)
    args = parser.parse_args()

    torch.manual_seed(0)
    photos = sorted(args.ccp.glob("photos/*.jpg"))
    train = [p for p in photos if not is_held_out(p.name)] + sorted(args.garments.glob("images/*.jpg"))
    held_out = read_folder([p for p in photos if is_held_out(p.name)][::7][:30])
    images = read_folder(train)
    model = CompactAutoencoder().to(memory_format=torch.channels_last)
    ema = CompactAutoencoder()
    ema.load_state_dict(model.state_dict())
    optimizer = torch.optim.AdamW(model.parameters(), lr=args.lr, weight_decay=1e-4, betas=(0.9, 0.98))
    args.run.mkdir(parents=True, exist_ok=True)
    state_file, step, spent = args.run / "state.pt", 0, 0.0
    if state_file.exists():
        state = torch.load(state_file, weights_only=True)
        model.load_state_dict(state["model"]), ema.load_state_dict(state["ema"])
        optimizer.load_state_dict(state["optimizer"])
        step, spent = state["step"], state["spent"]

    def save() -> None:
        state = dict(model=model.state_dict(), ema=ema.state_dict(), optimizer=optimizer.state_dict(), step=step, spent=spent)
        torch.save(state, state_file.with_suffix(".tmp"))
        state_file.with_suffix(".tmp").replace(state_file)
        with torch.no_grad():
            sample = torch.cat([ema.encoder(next(stream)) for _ in range(4)])
        ema.register_to_config(scaling_factor=float(1 / sample.std()))
        ema.save_pretrained(args.out)
        psnr, ratio = evaluate(ema, held_out)
        print(f"saved step {step} minutes {spent / 60:.1f} held-out {psnr:.2f} dB, shift 2 px {ratio:.3f}", flush=True)

    stream = batches(images, args.batch, args.size, seed=step)
    rng = np.random.default_rng(step)
    limit, saved, last = args.minutes * 60, spent, time.monotonic()
    while spent < limit:
        rate = args.lr * min(1, (step + 1) / 200) * (0.03 + 0.97 * 0.5 * (1 + np.cos(np.pi * min(1, spent / limit))))
        for group in optimizer.param_groups:
            group["lr"] = rate
        wide = next(stream).contiguous(memory_format=torch.channels_last)
        x = wide[..., : args.size, : args.size]
        dy, dx = rng.integers(0, 5, 2)
        quarter = args.batch // 4
        moved = wide[:quarter, :, dy : dy + args.size, dx : dx + args.size]
        with torch.autocast("cpu", dtype=torch.bfloat16):
            z, z_moved = model.encoder(torch.cat([x, moved])).split([args.batch, quarter])
            scale = z.detach().float().std()
            out = model.decoder(z + 0.04 * scale * torch.randn_like(z))
        out = out.float()
        change = shift_change(z[:quarter, :, 1:-1, 1:-1], z_moved[..., 1:-1, 1:-1])
        loss = (out - x).abs().mean() + 0.5 * gradient_l1(out, x) + args.shift_weight * change + 1e-3 * (z.float() ** 2).mean()
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        with torch.no_grad():
            decay = min(0.998, (step + 1) / (step + 10))
            for a, b in zip(ema.parameters(), model.parameters(), strict=True):
                a.lerp_(b, 1 - decay)
        step += 1
        now = time.monotonic()
        spent, last = spent + now - last, now
        if step % 100 == 0:
            print(f"step {step} {spent:.0f}s loss {loss.item():.4f} change {change.item() ** 0.5:.3f} l1 {(out - x).abs().mean().item():.4f}", flush=True)
        if spent - saved > 180:
            saved = spent
            save()
            last = time.monotonic()
    save()


if __name__ == "__main__":
    main()
