"""Learn parts and landmarks from synthetic garments."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import DataLoader, IterableDataset

from pipelines.geometry.garment import INNER_COLLAR, POINT_NAMES
from pipelines.perception.garment_net import MAP_SIZE, PART_SIZE, PartNet
from training.garment_files import garment_rows, save_net, take_statistics
from training.loop import Trainer, begin, fast
from training.photos import read_rgb
from training.synthetic_garments import sample

Batch = dict[str, Tensor]

#: Cross-entropy weight of each part: the inner collar is small and matters most.
PART_WEIGHTS = (0.6, 1.0, 1.5, 1.5, 1.0, 1.0, 2.5)


class SyntheticGarments(IterableDataset[Batch]):
    """Endless synthetic samples: input (7, 128, 128), parts (64, 64), points (22, 2) in pixels of the maps."""

    def __init__(self, pictures: list[Path], seed: int) -> None:
        self.pictures, self.seed = pictures, seed

    def __iter__(self) -> Iterator[Batch]:
        info = torch.utils.data.get_worker_info()
        rng = np.random.default_rng((self.seed, info.id if info else 0))
        cv2.setNumThreads(1)
        while True:
            picture = read_rgb(self.pictures[rng.integers(len(self.pictures))])
            for _ in range(6):
                yield landmark_sample(rng, cloth_from(rng, picture))


def cloth_from(rng: np.random.Generator, picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A square of cloth (128, 128, 3) from the middle of a garment picture, recoloured half the time."""
    height, width = picture.shape[:2]
    side = int(min(height, width) * rng.uniform(0.15, 0.5))
    y = int(height / 2 - side / 2 + rng.uniform(-0.1, 0.1) * height)
    x = int(width / 2 - side / 2 + rng.uniform(-0.1, 0.1) * width)
    cloth = cv2.resize(picture[max(0, y) : y + side, max(0, x) : x + side], (PART_SIZE, PART_SIZE)).astype(np.float32)
    if rng.random() < 0.3:  # plain cloth of one colour: only shading tells the parts apart
        cloth = cloth.mean(axis=(0, 1)) + 0.3 * (cloth - cloth.mean(axis=(0, 1)))
    if rng.random() < 0.5:
        cloth = cloth * rng.uniform(0.3, 1.4, 3) + rng.uniform(-20, 60)
    if rng.random() < 0.15:
        cloth = cloth * 0.2 + rng.choice([10, 225])
    return np.clip(cloth, 0, 255).astype(np.uint8)


def landmark_sample(rng: np.random.Generator, cloth: NDArray[np.uint8]) -> Batch:
    """One sample; the picture blurred and noisy, the mask as wrong as a real one."""
    image, parts, points, lines = sample(rng, cloth, PART_SIZE)
    lower = np.isfinite(points[POINT_NAMES.index("hem_left_outer"), 0])
    category = 1 if lower else int(rng.choice([0, 2]))
    mask = spoil_mask(rng, (parts > 0).astype(np.uint8))
    if rng.random() < 0.4:
        image = cv2.GaussianBlur(image, (0, 0), rng.uniform(0.3, 1.2))
    noisy = image.astype(np.float32) + rng.normal(0, rng.uniform(0, 10), image.shape)
    pixels = np.clip(noisy, 0, 255).astype(np.float32) / 127.5 - 1
    pixels[(parts == 0) & (mask > 0)] = rng.uniform(-1, 1, 3)  # ground let in by the wrong mask
    x = np.zeros((7, PART_SIZE, PART_SIZE), np.float32)
    x[:3] = (pixels * mask[..., None]).transpose(2, 0, 1)
    x[3], x[4 + category] = mask, 1
    every = np.concatenate([points, lines[:, 1]]) * (MAP_SIZE / PART_SIZE)
    return {
        "x": torch.from_numpy(x),
        "parts": torch.from_numpy(parts[::2, ::2].astype(np.int64)),
        "points": torch.from_numpy(every.astype(np.float32)),
    }


def spoil_mask(rng: np.random.Generator, mask: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Grow, shrink, bite and blot a mask (H, W) of 0 and 1."""
    if rng.random() < 0.4:
        mask = (cv2.dilate if rng.random() < 0.5 else cv2.erode)(mask, np.ones((3, 3), np.uint8))
    if rng.random() < 0.3:
        grid = cv2.resize(rng.normal(size=(12, 12)).astype(np.float32), mask.shape[::-1], interpolation=cv2.INTER_CUBIC)
        soft = cv2.GaussianBlur(mask.astype(np.float32), (0, 0), 2) + 0.12 * grid
        mask = (soft > 0.5).astype(np.uint8)
    if rng.random() < 0.25:
        mask = mask.copy()
        for _ in range(int(rng.integers(1, 4))):
            centre = tuple(int(v) for v in rng.integers(0, PART_SIZE, 2))
            axes = tuple(int(v) for v in rng.integers(2, 14, 2))
            cv2.ellipse(mask, centre, axes, float(rng.uniform(0, 180)), 0, 360, int(rng.random() < 0.4), -1)
    return mask


def heat_targets(points: Tensor) -> tuple[Tensor, Tensor]:
    """Points (N, 22, 2) in map pixels to targets (N, 22, 64, 64) that sum to 1, and which exist (N, 22)."""
    exists = torch.isfinite(points).all(dim=2)
    grid = torch.arange(MAP_SIZE, dtype=torch.float32)
    filled = torch.nan_to_num(points).clamp(0, MAP_SIZE - 1)
    gx = torch.exp(-((grid - filled[..., :1]) ** 2) / (2 * 1.1**2))
    gy = torch.exp(-((grid - filled[..., 1:]) ** 2) / (2 * 1.1**2))
    heat = gy[..., :, None] * gx[..., None, :]
    return heat / heat.sum(dim=(2, 3), keepdim=True), exists


def landmark_loss(net: torch.nn.Module, batch: Batch) -> tuple[Tensor, dict[str, float]]:
    """Cross-entropies of parts, of where each point is, and of whether it exists."""
    with fast():
        outputs = net(batch["x"].contiguous(memory_format=torch.channels_last))
    part_logits, heat_logits, present = (o.float() for o in outputs)
    part = F.cross_entropy(part_logits, batch["parts"], weight=torch.tensor(PART_WEIGHTS))
    heat, exists = heat_targets(batch["points"])
    where = -(heat * heat_logits.flatten(2).log_softmax(dim=2).view_as(heat)).sum(dim=(2, 3))
    where = (where * exists).sum() / exists.sum().clamp(min=1)
    there = F.binary_cross_entropy_with_logits(present, exists.float())
    return part * 2 + where * 0.5 + there, {"part": part.item(), "where": where.item(), "there": there.item()}


@torch.no_grad()
def evaluate_landmarks(net: torch.nn.Module, batch: Batch) -> dict[str, float]:
    """On synthetic garments: mean point error and share within 4 % of the picture's side, part accuracy, presence."""
    part_logits, heat_logits, present = net(batch["x"])
    exists = torch.isfinite(batch["points"]).all(dim=2)
    flat = heat_logits.flatten(2).argmax(dim=2)
    found = torch.stack([flat % MAP_SIZE, flat // MAP_SIZE], dim=2).float()
    gap = (found - batch["points"]).norm(dim=2)[exists] / MAP_SIZE
    parts, truth = part_logits.argmax(dim=1), batch["parts"]
    figures = {
        "error": gap.mean(),
        "within": (gap < 0.04).float().mean(),
        "parts": (parts == truth)[truth > 0].float().mean(),
        "collar_iou": ((parts == INNER_COLLAR) & (truth == INNER_COLLAR)).sum()
        / ((parts == INNER_COLLAR) | (truth == INNER_COLLAR)).sum(),
        "present": ((present > 0) == exists).float().mean(),
    }
    return {name: round(float(value), 4) for name, value in figures.items()}


def train_landmarks(args: argparse.Namespace) -> None:
    """Train `PartNet`."""
    pictures = [args.garments / "images" / f"{r['image']}.jpg" for r in garment_rows(args.garments)]
    held_out = next(iter(DataLoader(SyntheticGarments(pictures, seed=10**6), 256)))
    net = begin(PartNet, args.init).to(memory_format=torch.channels_last)

    def on_save(average: torch.nn.Module, when: str) -> None:
        take_statistics(average, net)
        figures = evaluate_landmarks(average, held_out)
        print(f"{when}: held-out {figures}", flush=True)
        save_net(average, args.out / "parts", {"trained": when, "synthetic_held_out": figures})

    trainer = Trainer(net, args.run / "landmarks", args.minutes, 6e-4 if args.init else 2e-3, on_save)
    loader = DataLoader(SyntheticGarments(pictures, seed=trainer.step + 1), args.batch, num_workers=args.workers)
    trainer.train(iter(loader), lambda b: landmark_loss(net, b))
