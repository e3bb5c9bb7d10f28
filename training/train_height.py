"""Train the network that finds how high a photo of a room was taken, on rendered rooms.

    python -m training.train_height --pairs runs/rooms/train --check runs/rooms/test --floor weights/floor \
        --out weights/camera_height

The encoder of the floor's network stays as it is, so its features are computed once, of each room with and without its
item and of both mirrored, also at other sizes; the rest is minutes.
"""

from __future__ import annotations

import argparse
import copy
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import Tensor

from pipelines import images
from pipelines.geometry.camera import Camera
from pipelines.perception.camera_height import HeightNet, seen_features
from pipelines.perception.floor import network_input
from pipelines.perception.floor_net import FloorNet
from pipelines.schema import Image
from training.loop import Trainer, begin
from training.room_camera import camera_of

#: Camera errors that it has to live with: radians of pitch, and the logarithm of the focal length.
PITCH, FOCAL = 0.012, 0.05


@dataclass(frozen=True, eq=False)
class Seen:
    """A picture as the network is given it: features (C, h, w), falls (1, h, w), focal, and the log height to find."""

    features: Tensor
    falls: Tensor
    focal: float
    height: float


@torch.inference_mode()
def look(floor: FloorNet, photo: Image, camera: Camera) -> list[Seen]:
    """A picture and its mirror image."""
    image, fall = network_input(floor, photo, camera)
    features, falls = seen_features(floor, *(torch.cat([x, x.flip(-1)]) for x in (image, fall)))
    focal = camera.focal / max(camera.size)
    return [Seen(f.half(), v.half(), focal, float(np.log(camera.height))) for f, v in zip(features, falls, strict=True)]


def read_rooms(floor: FloorNet, folder: Path, random: np.random.Generator | None = None) -> list[Seen]:
    """All rooms of a folder of pairs; with `random`, in other lights and with a camera that is not quite right."""
    found = []
    for path in sorted(folder.glob("*/scene.json")):
        told = json.loads(path.read_text(encoding="utf-8"))["camera"]
        camera = camera_of(told)
        for name in ("without.png", "with.png"):
            photo = images.load_image(path.parent / name)
            if random is not None:
                photo, camera = _varied(photo, camera, random)
            found += look(floor, photo, camera)
    return found


def _varied(photo: Image, camera: Camera, random: np.random.Generator) -> tuple[Image, Camera]:
    gain = np.exp(random.normal(0, 0.15) + random.normal(0, 0.05, 3))
    lit = 255 * (photo / 255 * gain).clip(0, 1) ** np.exp(random.normal(0, 0.15))
    blurred = cv2.GaussianBlur(lit.astype(np.float32), (0, 0), random.uniform(0.3, 1.0))
    pitch, focal = camera.pitch + random.normal(0, PITCH), camera.focal * np.exp(random.normal(0, FOCAL))
    seen = Camera(camera.size, float(focal), float(pitch), camera.roll, camera.height)
    return np.clip(blurred, 0, 255).astype(np.uint8), seen


def batches(seen: list[Seen], size: int, seed: int) -> Iterator[tuple[Tensor, Tensor, Tensor, Tensor]]:
    """Endless batches of pictures of one shape: features, falls, focal, height."""
    random = np.random.default_rng(seed)
    shapes: dict[tuple[int, ...], list[Seen]] = {}
    for one in seen:
        shapes.setdefault(tuple(one.features.shape), []).append(one)
    kinds = list(shapes.values())
    shares = np.array([len(ones) for ones in kinds]) / len(seen)
    while True:
        kind = kinds[int(random.choice(len(kinds), p=shares))]
        ones = [kind[i] for i in random.integers(0, len(kind), size)]
        features, falls = (torch.stack([getattr(one, name).float() for one in ones]) for name in ("features", "falls"))
        yield features, falls, torch.tensor([one.focal for one in ones]), torch.tensor([one.height for one in ones])


@torch.inference_mode()
def evaluate(net: torch.nn.Module, seen: list[Seen]) -> dict[str, float]:
    """Median and mean relative error, and how the answer goes with the truth."""
    inputs = ((one.features[None].float(), one.falls[None].float(), torch.tensor([one.focal])) for one in seen)
    answers = [net(*each).item() for each in inputs]
    truth = np.array([one.height for one in seen])
    errors = np.abs(np.exp(np.array(answers) - truth) - 1)
    together = float(np.corrcoef(answers, truth)[0, 1])
    return {"median": float(np.median(errors)), "mean": float(errors.mean()), "correlation": together}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=Path, required=True, help="folder of training.render_rooms pairs")
    parser.add_argument("--check", type=Path, required=True, help="likewise, held out")
    parser.add_argument("--floor", type=Path, required=True, help="folder of the floor's network")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--run", type=Path, default=Path("runs/height"))
    parser.add_argument("--minutes", type=float, default=4)
    parser.add_argument("--looks", type=int, default=2, help="so many lights and cameras of each picture")
    parser.add_argument("--lr", type=float, default=1e-3)
    args = parser.parse_args()
    torch.manual_seed(0)
    floor = FloorNet.from_pretrained(args.floor, dtype=torch.float32).eval().requires_grad_(False)
    random = np.random.default_rng(0)
    seen = [one for _ in range(args.looks) for one in read_rooms(floor, args.pairs, random)]
    held_out = read_rooms(floor, args.check)
    print(f"{len(seen)} pictures, {len(held_out)} held out", flush=True)

    def on_save(ema: torch.nn.Module, when: str) -> None:
        copy.deepcopy(ema).to(torch.float16).save_pretrained(args.out)  # type: ignore[operator]
        figures = " ".join(f"{name} {value:.3f}" for name, value in evaluate(ema, held_out).items())
        print(f"saved {when}: held-out {figures}", flush=True)

    trainer = Trainer(begin(HeightNet, None), args.run, args.minutes, args.lr, on_save, save_every=60)

    def loss_of(batch: tuple[Tensor, Tensor, Tensor, Tensor]) -> tuple[Tensor, dict[str, float]]:
        error = (trainer.model(*batch[:3]) - batch[3]).abs().mean()
        return error, {"error": error.item()}

    trainer.train(batches(seen, 16, trainer.step), loss_of)


if __name__ == "__main__":
    main()
