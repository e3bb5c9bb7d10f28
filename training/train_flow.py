"""Train the detail network: the rectified flow from the posterior mean to the photo, in latents.

    python -m training.train_flow --ccp DIR --prepared DIR --compact weights/compact --out weights/compact/flow
    --minutes 40

The mean model and the autoencoder are frozen. Their outputs are computed once for `--examples` examples and kept as
float16; the flow then trains on these alone, which is most of what makes it affordable on a CPU.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from accelerate import Accelerator
from torch import Tensor
from torch.utils.data import DataLoader

from pipelines.diffusion.autoencoder import CompactAutoencoder
from pipelines.diffusion.flow import FlowModel, flow_conditions
from pipelines.diffusion.mean import MeanModel
from training.loop import Trainer, begin, fast
from training.losses import masked_mean
from training.train_mean import INPUTS, Examples, makes, to_tensors
from training.tryon_data import Worn, example
from training.worn import load_worn


@torch.no_grad()
def latents_of(vae: CompactAutoencoder, mean_model: MeanModel, batch: dict[str, Tensor]) -> dict[str, Tensor]:
    """What the flow sees and must reach, float16: `truth`, `mean`, `conditions`, `facts`, `weight`."""
    with fast():
        mean = mean_model(*[batch[k] for k in INPUTS])
        mask = batch["mask"]
        picture = mask * mean.sample.clamp(-1, 1) + (1 - mask) * batch["truth"]
        pictures = torch.cat([batch["truth"], picture, batch["masked"], mean.garment * picture])
        truth, mean_latents, masked, hint = vae.encode(pictures).chunk(4)
    conditions = flow_conditions(
        mean_latents.float(), masked.float(), hint.float(), mask, batch["pose"], mean.layout.softmax(1)
    )
    # The flow counts where something is repainted, and a little around it.
    weight = torch.nn.functional.max_pool2d(mask, 8)
    made = dict(truth=truth, mean=mean_latents, conditions=conditions, weight=weight, facts=batch["facts"])
    return {k: v.half() for k, v in made.items()}


def cache(
    worn: list[Worn], size: tuple[int, int], count: int, seed: int, vae: CompactAutoencoder, mean_model: MeanModel,
    file: Path,
) -> dict[str, Tensor]:  # fmt: skip
    """`count` examples of (height, width) as stacked tensors, made once and kept in `file`."""
    if not file.exists():
        maker = makes(example, worn, size)
        loader = DataLoader(Examples([(1.0, maker)], 8, seed), batch_size=None, num_workers=1, prefetch_factor=2)
        rows = []
        for i, batch in enumerate(loader):
            rows.append(latents_of(vae, mean_model, to_tensors(batch)))
            if i % 50 == 0:
                print(f"cached {8 * (i + 1)}/{count}", flush=True)
            if 8 * (i + 1) >= count:
                break
        torch.save({k: torch.cat([r[k] for r in rows]) for k in rows[0]}, file)
    return dict(torch.load(file, weights_only=True))


def flow_loss(
    model: torch.nn.Module, batch: dict[str, Tensor], noise: float, time: Tensor, generator: torch.Generator
) -> Tensor:
    """Squared error of the velocity at `time` on the straight path from the noisy mean (1) to the truth (0)."""
    source = batch["mean"] + noise * torch.randn(batch["mean"].shape, generator=generator).to(batch["mean"].device)
    time = time.to(source.device)
    t = time[:, None, None, None]
    with fast(source.device):
        velocity = model((1 - t) * batch["truth"] + t * source, time, batch["conditions"], batch["facts"])
    return masked_mean((velocity.float() - (source - batch["truth"])) ** 2, batch["weight"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--ccp", type=Path, required=True)
    parser.add_argument("--prepared", type=Path, required=True, help="folder of training.prepare_ccp")
    parser.add_argument("--compact", type=Path, required=True, help="folder with vae/ and mean/")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--init", type=Path, help="folder of weights to start from; default: from scratch")
    parser.add_argument("--run", type=Path, default=Path("runs/flow"))
    parser.add_argument("--minutes", type=float, default=40)
    parser.add_argument("--examples", type=int, default=2000)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--height", type=int, default=192, help="of a training crop; the width is 3/4 of it")
    parser.add_argument("--lr", type=float, default=8e-4)
    args = parser.parse_args()
    torch.manual_seed(0)
    args.run.mkdir(parents=True, exist_ok=True)
    train, held_out = load_worn(args.ccp, args.prepared)
    vae = CompactAutoencoder.from_pretrained(args.compact / "vae", dtype=torch.float32).eval()
    mean_model = MeanModel.from_pretrained(args.compact / "mean", dtype=torch.float32).eval()
    size = (args.height, args.height * 3 // 4)
    data = cache(train, size, args.examples, 0, vae, mean_model, args.run / "train.pt")
    checks = {k: v.float() for k, v in cache(held_out, size, 64, 1, vae, mean_model, args.run / "held_out.pt").items()}
    model = begin(FlowModel, args.init)
    noise = model.config.source_noise
    generator = torch.Generator().manual_seed(0)

    def on_save(ema: torch.nn.Module, when: str) -> None:
        ema.save_pretrained(args.out)
        with torch.no_grad():
            losses = [
                flow_loss(
                    ema, checks, noise, torch.full((len(checks["mean"]),), t), torch.Generator().manual_seed(0)
                ).item()
                for t in (1.0, 0.75, 0.5, 0.25)
            ]
            zero = masked_mean((checks["mean"] - checks["truth"]) ** 2, checks["weight"]).item()
        print(
            f"saved {when}: held-out velocity error at t 1 .75 .5 .25 {np.round(losses, 4)}; mean error {zero:.4f}",
            flush=True,
        )

    def batches() -> Iterator[dict[str, Tensor]]:
        while True:
            picks = torch.randint(0, len(data["truth"]), (args.batch,), generator=generator)
            yield {k: v[picks].float() for k, v in data.items()}

    def loss_of(batch: dict[str, Tensor]) -> tuple[Tensor, dict[str, float]]:
        # More of the early part, where few steps spend their time.
        time = 1 - torch.rand(args.batch, generator=generator) ** 1.5
        loss = flow_loss(trainer.model, batch, noise, time, generator)
        return loss, {}

    trainer = Trainer(model, args.run, args.minutes, args.lr, on_save, accelerator=Accelerator())
    trainer.train(batches(), loss_of)


if __name__ == "__main__":
    main()
