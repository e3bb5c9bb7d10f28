"""Train the harmony network (shadow, bounce and the room's light on an item) on rendered pairs.

    python -m training.train_harmony --pairs runs/rooms/train --check runs/rooms/test --out weights/harmony --minutes 40

Loss, on the picture with the item in it: L1 + L2, the same at 1/4 size where what matters is the light and not whether
an edge of the item is a pixel off, and gradients.
"""

from __future__ import annotations

import argparse
import copy
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor
from torch.utils.data import DataLoader, IterableDataset

from pipelines.diffusion.harmony import HarmonyNet, HarmonyOutput, lit
from training.loop import Trainer, begin, fast
from training.losses import gradient_l1
from training.room_pairs import Pair, example, load_pairs

INPUTS = ("room", "item", "alpha", "kept", "around", "overview")


class Examples(IterableDataset):  # type: ignore[misc]
    """Endless batches of `example`s, channels first."""

    def __init__(self, pairs: list[Pair], batch: int, seed: int) -> None:
        self.pairs, self.batch, self.seed = pairs, batch, seed

    def __iter__(self) -> Iterator[dict[str, Tensor]]:
        random = np.random.default_rng(self.seed)
        while True:
            picks = random.integers(0, len(self.pairs), self.batch)
            made = [example(self.pairs[i], random) for i in picks]
            stacked = {name: np.stack([one[name] for one in made]) for name in made[0]}
            yield {name: torch.from_numpy(x).permute(0, 3, 1, 2).contiguous() for name, x in stacked.items()}


def finished(light: HarmonyOutput, batch: dict[str, Tensor]) -> Tensor:
    """The picture that the predicted light makes."""
    faded = HarmonyOutput(room=light.room * batch["fade"], item=light.item, shade=light.shade)
    return lit(batch["room"], batch["item"], batch["alpha"], batch["kept"], faded)


def harmony_loss(light: HarmonyOutput, batch: dict[str, Tensor]) -> tuple[Tensor, dict[str, float]]:
    """See the module."""
    made, truth = finished(light, batch), batch["truth"]
    small, small_truth = F.avg_pool2d(made, 4), F.avg_pool2d(truth, 4)
    pixel = (made - truth).abs().mean() + 4 * ((made - truth) ** 2).mean()
    mood = (small - small_truth).abs().mean() + 4 * ((small - small_truth) ** 2).mean()
    # Light has no edges of its own: it is smooth but where a shadow or a surface ends.
    smooth = gradient_l1(light.item, torch.zeros_like(light.item)) + gradient_l1(
        light.shade, torch.zeros_like(light.shade)
    )
    loss = pixel + mood + 0.3 * gradient_l1(made, truth) + 0.01 * smooth
    psnr = -10 * torch.log10(((made - truth) ** 2).mean())
    return loss, dict(psnr=psnr.item(), mood=-10 * torch.log10(((small - small_truth) ** 2).mean()).item())


@torch.no_grad()
def evaluate(net: torch.nn.Module, checks: list[dict[str, Tensor]]) -> dict[str, float]:
    """Mean figures of fixed held-out batches, in dB; `drawn` is what the drawn shadow alone gives."""
    rows = []
    for batch in checks:
        _, row = harmony_loss(net(*[batch[name] for name in INPUTS]), batch)
        nothing = torch.zeros_like(batch["room"])
        same = HarmonyOutput(room=nothing, item=nothing, shade=torch.ones_like(batch["alpha"]))
        rows.append(row | {f"drawn_{name}": value for name, value in harmony_loss(same, batch)[1].items()})
    return {name: float(np.mean([row[name] for row in rows])) for name in rows[0]}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=Path, required=True, help="folder of training.render_rooms pairs")
    parser.add_argument("--check", type=Path, required=True, help="likewise, held out")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--init", type=Path, help="folder of weights to start from; default: from scratch")
    parser.add_argument("--run", type=Path, default=Path("runs/harmony"))
    parser.add_argument("--minutes", type=float, default=40)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--lr", type=float, default=6e-4)
    args = parser.parse_args()
    torch.manual_seed(0)
    pairs, held_out = list(load_pairs(args.pairs)), list(load_pairs(args.check))
    print(f"{len(pairs)} pairs, {len(held_out)} held out", flush=True)
    checks = [batch for batch, _ in zip(Examples(held_out, 16, 1), range(6), strict=False)]
    net = begin(HarmonyNet, args.init)

    def on_save(ema: torch.nn.Module, when: str) -> None:
        copy.deepcopy(ema).to(torch.float16).save_pretrained(args.out)  # type: ignore[operator]
        figures = " ".join(f"{name} {value:.3f}" for name, value in evaluate(ema, checks).items())
        print(f"saved {when}: held-out {figures}", flush=True)

    trainer = Trainer(net, args.run, args.minutes, args.lr, on_save)
    loader = DataLoader(
        Examples(pairs, args.batch, trainer.step + 2), batch_size=None, num_workers=1, prefetch_factor=4
    )

    def loss_of(batch: dict[str, Tensor]) -> tuple[Tensor, dict[str, float]]:
        with fast():
            light = net(*[batch[name] for name in INPUTS])
        return harmony_loss(light, batch)

    trainer.train(iter(loader), loss_of)


if __name__ == "__main__":
    main()
