"""Train the mean model (layout, alignment of the hint, posterior mean) on photos of dressed people and on pairs.

    python -m training.train_mean --ccp DIR --prepared DIR --pairs runs/pairs --out weights/compact/mean --minutes 60
    accelerate launch -m training.train_mean …          # on one GPU or many

Loss, in the mask: L1 + L2 + gradient L1 + 1 − SSIM, cross-entropy of
the layout and of the garment's outline, and the error of the flow where the true one is known; with `--adversary`,
what a critic makes of what is painted beside the garment.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import TypeVar

import numpy as np
import torch
import torch.nn.functional as F
from accelerate import Accelerator
from accelerate.utils import send_to_device
from torch import Tensor
from torch.utils.data import DataLoader, IterableDataset

from pipelines.diffusion.mean import MeanModel, MeanOutput
from pipelines.geometry.layout import LAYOUT_LABELS
from pipelines.perception.pose_map import draw_openpose
from training.adversary import Adversary
from training.fitting import framed
from training.loop import Trainer, begin, fast
from training.losses import gradient_l1, masked_mean, ssim_map
from training.own_pairs import load_own
from training.pair_examples import load_pairs, pair_example
from training.tryon_data import example, load_cloth
from training.worn import load_worn

#: Makes one example.
Maker = Callable[[np.random.Generator], dict[str, np.ndarray]]
Thing = TypeVar("Thing")


def makes(
    example_of: Callable[[Thing, tuple[int, int], np.random.Generator], dict[str, np.ndarray]],
    things: list[Thing],
    size: tuple[int, int],
) -> Maker:
    """A maker of examples of any of these things."""
    return lambda rng: example_of(things[int(rng.integers(len(things)))], size, rng)


class Examples(IterableDataset):  # type: ignore[misc]
    """Endless batches of new examples as dicts of arrays, with the pose map drawn; each from one of the `makers`, as
    often as its share says."""

    def __init__(self, makers: list[tuple[float, Maker]], batch: int, seed: int) -> None:
        self.makers, self.batch, self.seed = makers, batch, seed

    def __iter__(self) -> Iterator[dict[str, Tensor]]:
        info = torch.utils.data.get_worker_info()
        rng = np.random.default_rng([self.seed, info.id if info else 0])
        shares = np.array([share for share, _ in self.makers])
        while True:
            picks = rng.choice(len(self.makers), self.batch, p=shares / shares.sum())
            samples = [with_pose(self.makers[i][1](rng)) for i in picks]
            yield {k: torch.from_numpy(np.stack([s[k] for s in samples])) for k in samples[0]}


def reused(
    batches: Iterable[dict[str, Tensor]], batch: int, room: int, device: torch.device
) -> Iterator[dict[str, Tensor]]:  # fmt: skip
    """Larger batches, filled up from the last `room` examples, which are kept on the device.

    Making an example costs a CPU as much as learning from it, or more: so each is used several times, far apart.

    Args:
        batches: of new examples, smaller than `batch`.
    """
    pool: dict[str, Tensor] = {}
    made = 0
    for new in batches:
        count = len(new["mask"])
        if not pool:
            pool = {k: torch.empty((room, *v.shape[1:]), dtype=v.dtype, device=device) for k, v in new.items()}
        at = (torch.arange(count) + made) % room
        for k, v in new.items():
            pool[k][at.to(device)] = v.to(device)
        made += count
        if made >= 2 * batch:
            old = torch.randint(0, min(made, room), (batch - count,))
            picks = torch.cat([at, old]).to(device)
            yield {k: v[picks] for k, v in pool.items()}


def with_pose(sample: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The example with its pose map drawn in place of its points."""
    size = sample["mask"].shape
    points = sample.pop("points") / (size[1], size[0])
    return sample | {"pose": draw_openpose(points.astype(np.float32), size)}


def to_tensors(batch: dict[str, Tensor]) -> dict[str, Tensor]:
    """The model's arguments and targets as float tensors, from one batch of examples as they were made."""
    picture = lambda a: a.permute(0, 3, 1, 2).float()  # noqa: E731
    plane = lambda a: a[:, None].float() / 255  # noqa: E731
    mask, hint_mask = plane(batch["mask"]).round(), plane(batch["hint_mask"]).round()
    truth = picture(batch["truth"]) / 127.5 - 1
    labels = torch.arange(len(LAYOUT_LABELS), device=mask.device)[:, None, None]
    return dict(
        masked=truth * (1 - mask), mask=mask, hint=picture(batch["hint"]) / 127.5 - 1, hint_mask=hint_mask,
        pose=picture(batch["pose"]) / 255, known=(batch["known"][:, None] == labels).float(),
        facts=batch["facts"].float(),
        truth=truth, layout=batch["layout"].long(), true_flow=picture(batch["true_flow"]),
        garment=plane(batch["garment"]),
    )  # fmt: skip


#: Size of the held-out examples.
CHECKED = (384, 288)
INPUTS = ("masked", "mask", "hint", "hint_mask", "pose", "known", "facts")


def mean_loss(out: MeanOutput, batch: dict[str, Tensor]) -> tuple[Tensor, dict[str, float]]:
    """See the module."""
    mask, truth = batch["mask"], batch["truth"]
    whole = mask * out.sample + (1 - mask) * truth
    pixel = masked_mean((whole - truth).abs(), mask) + 0.5 * masked_mean((whole - truth) ** 2, mask)
    is_garment = F.binary_cross_entropy(out.garment.clamp(1e-4, 1 - 1e-4), batch["garment"], reduction="none")
    outline = masked_mean(is_garment, mask)
    structure = masked_mean(1 - ssim_map(whole, truth), mask)
    painted = masked_mean((out.painted - truth).abs(), mask)
    edges = gradient_l1(whole, truth, mask)
    small = F.avg_pool2d(mask, 2)
    layout = masked_mean(F.cross_entropy(out.layout, batch["layout"], reduction="none")[:, None], small)
    # What the hint lacks, the flow has to stretch it over; so it counts on the whole garment.
    known = batch["true_flow"].isfinite().all(1, keepdim=True)
    true_flow = batch["true_flow"].nan_to_num()
    flow = masked_mean(
        (out.flow - true_flow).abs() + 0.5 * (out.coarse_flow - true_flow).abs(),
        F.avg_pool2d(batch["garment"], 4) * known,
    )
    smooth = (out.flow[..., 1:] - out.flow[..., :-1]).abs().mean() + (
        out.flow[..., 1:, :] - out.flow[..., :-1, :]
    ).abs().mean()
    loss = (
        pixel
        + 0.3 * edges
        + 0.3 * structure
        + 0.15 * painted
        + 0.3 * outline
        + 0.1 * layout
        + 0.02 * flow
        + 0.01 * smooth
    )
    psnr = -10 * torch.log10(masked_mean((whole - truth) ** 2, mask) / 4)
    return loss, dict(psnr=psnr.item(), ssim=1 - structure.item(), layout=layout.item(), flow=flow.item())


@torch.no_grad()
def evaluate(model: torch.nn.Module, batches: list[dict[str, Tensor]]) -> dict[str, float]:
    """Figures over fixed held-out examples; `paste` is the hint over a grey fill, in dB."""
    rows = []
    for at_rest in batches:
        batch = send_to_device(at_rest, next(model.parameters()).device)
        out = model(*[batch[k] for k in INPUTS])
        _, row = mean_loss(out, batch)
        paste = batch["hint"] * batch["hint_mask"]
        row["outline"] = masked_mean(((out.garment > 0.5).float() - batch["garment"]).abs(), batch["mask"]).item()
        row["paste"] = (-10 * torch.log10(masked_mean((paste - batch["truth"]) ** 2, batch["garment"]) / 4)).item()
        row["garment"] = (
            -10 * torch.log10(masked_mean((out.sample - batch["truth"]) ** 2, batch["garment"]) / 4)
        ).item()
        rows.append(row)
    return {k: float(np.mean([r[k] for r in rows])) for k in rows[0]}


def fixed_batches(maker: Maker, count: int) -> list[dict[str, Tensor]]:
    """`count` held-out examples that every check sees, in batches of eight; fewer are one batch."""
    batches = Examples([(1.0, maker)], min(count, 8), seed=1)
    return [to_tensors(b) for b, _ in zip(batches, range(0, count, 8), strict=False)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--ccp", type=Path, required=True)
    parser.add_argument("--prepared", type=Path, required=True, help="folder of training.prepare_ccp")
    parser.add_argument("--cloth", type=Path, help="file of training.prepare_cloth; default: nobody is re-dressed")
    parser.add_argument("--pairs", type=Path, help="folder of training.render_pairs, made ready by pair_examples")
    parser.add_argument("--check-pairs", type=Path, help="the same of held-out garments, to measure with")
    parser.add_argument("--flats", type=Path, default=Path("runs/flats"), help="folder of training.prepare_flats")
    parser.add_argument("--pair-share", type=float, default=1.0, help="examples of pairs for each of a photo")
    parser.add_argument("--own", type=Path, help="folder of training.own_pairs; a tenth is held out")
    parser.add_argument("--own-share", type=float, default=2.0, help="examples of own pairs for each of a photo")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--init", type=Path, help="folder of weights to start from; default: from scratch")
    parser.add_argument("--run", type=Path, default=Path("runs/mean"))
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--batch", type=int, default=12)
    parser.add_argument("--checks", type=int, default=64, help="held-out examples that are measured, in eights")
    parser.add_argument("--parsed", type=Path, help="folder of training.label_photos: more photos to learn from")
    parser.add_argument("--adversary", type=float, default=0.0, help="share of a critic in the gradient; 0 = none")
    parser.add_argument("--workers", type=int, default=1, help="processes that make examples")
    parser.add_argument("--fresh", type=float, default=0.25, help="share of new examples in a batch")
    parser.add_argument("--room", type=int, default=1500, help="examples that are kept to be used again")
    parser.add_argument("--height", type=int, default=192, help="of a training crop; the width is 3/4 of it")
    parser.add_argument("--lr", type=float, default=8e-4)
    args = parser.parse_args()
    torch.manual_seed(0)
    size = (args.height, args.height * 3 // 4)
    train, held_out = load_worn(args.ccp, args.prepared, args.parsed)
    cloth = load_cloth(args.cloth)
    makers = [(1.0, makes(partial(example, cloth=cloth), train, size))]
    sets = {"photos": makes(example, held_out, CHECKED)}
    if args.pairs:
        makers.append((args.pair_share, makes(pair_example, load_pairs(args.pairs, args.flats), size)))
    if args.check_pairs:
        sets["pairs"] = makes(pair_example, load_pairs(args.check_pairs, args.flats), CHECKED)
    if args.own:
        own = load_own(args.own)
        sets["own"] = makes(framed, own[::10], CHECKED)
        makers.append((args.own_share, makes(framed, [o for i, o in enumerate(own) if i % 10], size)))
    checks = {name: fixed_batches(maker, args.checks) for name, maker in sets.items()}
    model = begin(MeanModel, args.init)
    accelerator = Accelerator()

    def on_save(ema: torch.nn.Module, when: str) -> None:
        ema.save_pretrained(args.out)
        if adversary:
            adversary.save()
        ema.to(trainer.device)
        for name, batches in checks.items():
            figures = " ".join(f"{k} {v:.3f}" for k, v in evaluate(ema, batches).items())
            print(f"saved {when}: held-out {name}: {figures}", flush=True)

    trainer = Trainer(model, args.run, args.minutes, args.lr, on_save, accelerator=accelerator)
    adversary = Adversary(accelerator, args.adversary, args.run / "adversary.pt") if args.adversary else None
    # Every process of a training on several GPUs sees other examples.
    seed = trainer.step + 1000 * accelerator.process_index
    fresh = max(1, round(args.batch * args.fresh))
    loader = DataLoader(
        Examples(makers, fresh, seed), batch_size=None, num_workers=args.workers, prefetch_factor=4,
    )  # fmt: skip

    def loss_of(batch: dict[str, Tensor]) -> tuple[Tensor, dict[str, float]]:
        with fast(trainer.device):
            out = trainer.model(*[batch[k] for k in INPUTS])
        loss, figures = mean_loss(out, batch)
        if adversary:
            fooled, figures["told"] = adversary.loss(out.painted, batch, loss, model.paint_head.weight)
            loss = loss + fooled
        return loss, figures

    trainer.train((to_tensors(b) for b in reused(loader, args.batch, args.room, trainer.device)), loss_of)


if __name__ == "__main__":
    main()
