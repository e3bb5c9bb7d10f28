"""Learn the garment's foreground from sure masks and from the same garments laid on other grounds."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from pipelines.perception.garment_net import ENCODER_CHANNELS, PICTURE_SIZE, Encoder, ForegroundNet
from training.garment_files import save_net, sure_cuts, take_statistics
from training.garment_pictures import Cut, compose, jpeg, lay_ground, place, strips_of_ground
from training.loop import Trainer, fast

Batch = dict[str, Tensor]


@dataclass(frozen=True, eq=False)
class Bank:
    """Samples with the frozen encoder's maps, computed once: pictures uint8, masks, four tensors of maps in bf16."""

    pictures: Tensor
    masks: Tensor
    maps: tuple[Tensor, ...]

    def batch(self, index: Tensor) -> Batch:
        """Some samples, ready for the network."""
        maps = {f"map{i}": m[index].float() for i, m in enumerate(self.maps)}
        return {"picture": self.pictures[index].float() / 127.5 - 1, "mask": self.masks[index], **maps}


@torch.no_grad()
def fill_bank(encoder: Encoder, cuts: list[Cut], count: int, seed: int) -> Bank:
    """`count` random samples, a multiple of 16, with their maps."""
    rng = np.random.default_rng(seed)
    pictures = torch.empty(count, 3, PICTURE_SIZE, PICTURE_SIZE, dtype=torch.uint8)
    masks = torch.empty(count, PICTURE_SIZE // 2, PICTURE_SIZE // 2)
    maps: list[list[Tensor]] = [[] for _ in ENCODER_CHANNELS]
    for start in range(0, count, 16):
        for i in range(start, start + 16):
            picture, mask = foreground_sample(rng, cuts)
            pictures[i], masks[i] = torch.from_numpy(picture).permute(2, 0, 1), mask
        with fast():
            found = encoder(pictures[start : start + 16].float() / 127.5 - 1).maps
        for kept, new in zip(maps, found, strict=True):
            kept.append(new.bfloat16().contiguous())
        if start % 512 == 0:
            print(f"{start} of {count} samples", flush=True)
    return Bank(pictures, masks, tuple(torch.cat(m) for m in maps))


def foreground_sample(rng: np.random.Generator, cuts: list[Cut]) -> tuple[NDArray[np.uint8], Tensor]:
    """A picture (224, 224, 3) as it was taken, or (two of three) its garment on another's ground; mask (112, 112)."""
    cut = cuts[rng.integers(len(cuts))]
    if rng.random() < 0.35:
        cut = place(rng, cut, PICTURE_SIZE)
    else:
        other = cuts[rng.integers(len(cuts))]
        cut = compose(rng, cut, lay_ground(rng, strips_of_ground(other), PICTURE_SIZE))
    return jpeg(rng, cut.image), F.avg_pool2d(torch.from_numpy(cut.mask)[None].float() / 255, 2)[0]


def foreground_loss(logits: Tensor, mask: Tensor) -> tuple[Tensor, dict[str, float]]:
    """Cross-entropy, weighted up along the outline, and soft Dice; the figure is the IoU."""
    soft = F.avg_pool2d(mask[:, None], 9, 1, 4)[:, 0]
    weight = 1 + 2 * (4 * soft * (1 - soft))
    cross = (F.binary_cross_entropy_with_logits(logits, mask, reduction="none") * weight).mean()
    p = logits.sigmoid()
    dice = 1 - (2 * (p * mask).sum((1, 2)) + 1) / (p.sum((1, 2)) + mask.sum((1, 2)) + 1)
    return cross + 0.5 * dice.mean(), {"iou": overlap(logits > 0, mask > 0.5)}


def overlap(found: Tensor, truth: Tensor) -> float:
    """Mean intersection over union of masks (N, H, W)."""
    both, either = (found & truth).sum((1, 2)).float(), (found | truth).sum((1, 2)).float()
    return float((both / either.clamp(min=1)).mean())


def train_foreground(args: argparse.Namespace) -> None:
    """Train `ForegroundNet` on the frozen encoder."""
    encoder = Encoder(args.backbone)
    cuts, others = (sure_cuts(args.garments, args.run, held_out) for held_out in (False, True))
    print(f"{len(cuts)} pictures to learn from, {len(others)} held out", flush=True)
    bank, checks = fill_bank(encoder, cuts, args.samples, 1), fill_bank(encoder, others, 160, 7)
    net = ForegroundNet().to(memory_format=torch.channels_last)

    def read(net: torch.nn.Module, batch: Batch) -> Tensor:
        with fast():
            return net(batch["picture"], tuple(batch[f"map{i}"] for i in range(len(ENCODER_CHANNELS)))).float()  # type: ignore[no-any-return]

    def on_save(average: torch.nn.Module, when: str) -> None:
        take_statistics(average, net)
        with torch.no_grad():
            batches = [checks.batch(torch.arange(i, i + 16)) for i in range(0, 160, 16)]
            found = torch.cat([read(average, b) for b in batches])
        iou = overlap(found > 0, checks.masks > 0.5)
        print(f"{when}: held-out IoU {iou:.4f}", flush=True)
        save_net(
            average, args.out / "foreground", {"trained": when, "pictures": len(cuts), "held_out_iou": round(iou, 4)}
        )

    trainer = Trainer(net, args.run / "foreground", args.minutes, 2e-3, on_save)

    def batches() -> Iterator[Batch]:
        shuffle = torch.Generator().manual_seed(trainer.step)
        while True:
            for index in torch.randperm(args.samples, generator=shuffle).split(args.batch)[
                : args.samples // args.batch
            ]:
                yield bank.batch(index)

    trainer.train(batches(), lambda b: foreground_loss(read(net, b), b["mask"]))
