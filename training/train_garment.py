"""Train the garment reader, one stage at a time.

    python -m training.train_garment label      --garments DIR
    python -m training.train_garment foreground --garments DIR --backbone FILE --minutes 30
    python -m training.train_garment landmarks  --garments DIR --minutes 60
    python -m training.train_garment kind       --garments DIR --backbone FILE --ccp DIR --furniture DIR

`label` cuts every picture in DIR/images out by colour and keeps the masks that are right beyond doubt. `foreground`
learns from those, and from the same garments laid on other grounds. `landmarks` learns parts and points from synthetic
garments. `kind` learns what is a garment, and which. `--run` keeps masks and resumable states; finished
weights go to `--out`.
"""

from __future__ import annotations

import argparse
import csv
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from diffusers.models.modeling_utils import ModelMixin
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import DataLoader, IterableDataset

from pipelines.geometry.garment import INNER_COLLAR, POINT_NAMES
from pipelines.perception.classify import CATEGORY_OF, KINDS, LABELS, SLEEVES, KindHead, encode, judge
from pipelines.perception.cutout import cut_out
from pipelines.perception.garment_net import (
    ENCODER_CHANNELS,
    MAP_SIZE,
    PART_SIZE,
    PICTURE_SIZE,
    Encoder,
    ForegroundNet,
    PartNet,
)  # fmt: skip
from training.garment_kinds import Example, furniture, garments, laid, nothing, people
from training.garment_pictures import (
    Cut,
    compose,
    is_held_out,
    jpeg,
    lay_ground,
    mask_quality,
    place,
    strips_of_ground,
)  # fmt: skip
from training.loop import Trainer
from training.photos import read_rgb
from training.synthetic_garments import sample

Batch = dict[str, Tensor]

#: Cross-entropy weight of each part: the inner collar is small and matters most.
PART_WEIGHTS = (0.6, 1.0, 1.5, 1.5, 1.0, 1.0, 2.5)
#: Masks from colour alone are believed from this quality on.
SURE_QUALITY = 0.82
#: Neither is cut out for a person's body.
NOT_GARMENTS = ("Shoes", "Hat")


def save_net(net: ModelMixin, folder: Path, facts: dict[str, object]) -> None:
    """Write config.json, half-precision weights and facts.json (how it came about)."""
    net.half().save_pretrained(folder)
    net.float()
    (folder / "facts.json").write_text(json.dumps(facts, indent=1) + "\n")


def take_statistics(average: torch.nn.Module, net: torch.nn.Module) -> None:
    """Give averaged weights the batch-norm statistics of the network that is being trained."""
    for a, b in zip(average.buffers(), net.buffers(), strict=True):
        a.copy_(b)


# --- label ---------------------------------------------------------------------------------------------------------


def garment_rows(garments: Path) -> list[dict[str, str]]:
    """The rows of labels.csv whose picture exists: image, label, kids."""
    with (garments / "labels.csv").open() as file:
        return [r for r in csv.DictReader(file) if (garments / "images" / f"{r['image']}.jpg").exists()]


def label(args: argparse.Namespace) -> None:
    """Write RUN/masks/NAME.png for every garment picture, and RUN/quality.csv."""
    folder = args.run / "masks"
    folder.mkdir(parents=True, exist_ok=True)
    lines = ["name,quality"]
    for row in garment_rows(args.garments):
        if row["label"] in NOT_GARMENTS:
            continue
        image = read_rgb(args.garments / "images" / f"{row['image']}.jpg")
        path = folder / f"{row['image']}.png"
        if not path.exists():
            cv2.imwrite(str(path), cut_out(image))
        mask = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
        lines.append(f"{row['image']},{mask_quality(image, mask):.3f}")
    (args.run / "quality.csv").write_text("\n".join(lines) + "\n")


def sure_cuts(args: argparse.Namespace, held_out: bool) -> list[Cut]:
    """The pictures whose mask from colour is right beyond doubt."""
    with (args.run / "quality.csv").open() as file:
        names = [r["name"] for r in csv.DictReader(file) if float(r["quality"]) >= SURE_QUALITY]
    cuts = []
    for name in names:
        if is_held_out(name) == held_out:
            mask = cv2.imread(str(args.run / "masks" / f"{name}.png"), cv2.IMREAD_GRAYSCALE)
            cuts.append(Cut(read_rgb(args.garments / "images" / f"{name}.jpg"), mask))
    return cuts


# --- foreground ----------------------------------------------------------------------------------------------------


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
        with torch.autocast("cpu", torch.bfloat16):
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
    cuts, others = sure_cuts(args, held_out=False), sure_cuts(args, held_out=True)
    print(f"{len(cuts)} pictures to learn from, {len(others)} held out", flush=True)
    bank, checks = fill_bank(encoder, cuts, args.samples, 1), fill_bank(encoder, others, 160, 7)
    net = ForegroundNet().to(memory_format=torch.channels_last)

    def read(net: torch.nn.Module, batch: Batch) -> Tensor:
        with torch.autocast("cpu", torch.bfloat16):
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


# --- landmarks -----------------------------------------------------------------------------------------------------


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
    with torch.autocast("cpu", torch.bfloat16):
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
    net = PartNet().to(memory_format=torch.channels_last)

    def on_save(average: torch.nn.Module, when: str) -> None:
        take_statistics(average, net)
        figures = evaluate_landmarks(average, held_out)
        print(f"{when}: held-out {figures}", flush=True)
        save_net(average, args.out / "parts", {"trained": when, "synthetic_held_out": figures})

    trainer = Trainer(net, args.run / "landmarks", args.minutes, 2e-3, on_save)
    loader = DataLoader(SyntheticGarments(pictures, seed=trainer.step + 1), args.batch, num_workers=args.workers)
    trainer.train(iter(loader), lambda b: landmark_loss(net, b))


# --- kind ----------------------------------------------------------------------------------------------------------


def kind_examples(args: argparse.Namespace) -> Iterator[Example]:
    """Everything that the kind stage learns from and is measured on."""
    rng = np.random.default_rng(3)
    with (args.run / "quality.csv").open() as file:
        sure = {r["name"] for r in csv.DictReader(file) if float(r["quality"]) >= SURE_QUALITY}
    rows, grounds = garment_rows(args.garments), []
    tops = 0
    for example in garments(args.garments, rows, args.run / "masks", sure):
        tops += example.label == 0
        if example.label == 0 and not example.held_out and tops > args.tops:
            continue  # more than half of all pictures are tops
        yield example
        if example.mask.min() == 0:
            grounds += strips_of_ground(Cut(example.image, example.mask)) if len(grounds) < 600 else []
            if rng.random() < (0.25 if example.label == 0 else 0.6):
                yield laid(example, grounds, rng)
    yield from furniture(args.furniture, grounds, rng)
    yield from people(args.ccp, 260)
    yield from nothing(grounds, rng, 300)


def kind_features(args: argparse.Namespace) -> dict[str, NDArray[np.generic]]:
    """Features and labels of all examples, kept in RUN/kinds.npz."""
    path = args.run / "kinds.npz"
    if not path.exists():
        encoder = Encoder(args.backbone)
        kept: dict[str, list[object]] = {"features": [], "label": [], "sleeve": [], "held_out": [], "source": []}
        for example in kind_examples(args):
            kept["features"].append(encode(encoder, example.image, example.mask)[0].half().numpy())
            for name in ("label", "sleeve", "held_out", "source"):
                kept[name].append(getattr(example, name))
        np.savez(path, **{k: np.array(v) for k, v in kept.items()})
    return dict(np.load(path))


def train_kind(args: argparse.Namespace) -> None:
    """Train `KindHead` on cached features; temperature and threshold on a tenth, figures on the held-out fifth."""
    data = kind_features(args)
    x = torch.from_numpy(data["features"].astype(np.float32))
    label, sleeve = torch.from_numpy(data["label"]).long(), torch.from_numpy(data["sleeve"]).long()
    test = torch.from_numpy(data["held_out"])
    tune = ~test & (torch.rand(len(x), generator=torch.Generator().manual_seed(1)) < 0.1)
    train = ~test & ~tune
    head = KindHead()
    weight = 1 / label[train].bincount(minlength=len(LABELS)).float().clamp(min=1).sqrt()
    optimiser = torch.optim.AdamW(head.parameters(), 1e-3, weight_decay=args.decay)
    for _ in range(args.epochs):
        for index in train.nonzero()[:, 0][torch.randperm(int(train.sum()))].split(256):
            noisy = F.dropout(x[index], 0.3)
            labels, sleeves = head(noisy)
            loss = F.cross_entropy(labels, label[index], weight / weight.mean(), label_smoothing=0.02)
            known = sleeve[index] >= 0
            loss = loss + 0.5 * F.cross_entropy(sleeves[known], sleeve[index][known])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
    head.eval().requires_grad_(False)
    head.register_to_config(temperature=best_temperature(head(x[tune])[0], label[tune]))
    figures = kind_figures(head, x[test], label[test], sleeve[test], data["source"][test.numpy()])
    print(json.dumps(figures, indent=1), flush=True)
    save_net(head, args.out / "kind", {"examples": int(train.sum()), "held_out": figures})


def best_temperature(logits: Tensor, label: Tensor) -> float:
    """The divisor of the logits that makes the labels likeliest."""
    choices = torch.linspace(0.5, 4, 71).tolist()
    return round(min(choices, key=lambda t: F.cross_entropy(logits / t, label).item()), 3)


def kind_figures(
    head: KindHead, x: Tensor, label: Tensor, sleeve: Tensor, source: NDArray[np.generic]
) -> dict[str, float]:
    """Accuracies on held-out pictures, by the same rules that a shopper meets."""
    labels, sleeves = head(x)
    answers = [
        judge(p, s, head.config.threshold)
        for p, s in zip(labels.softmax(1).numpy(), sleeves.softmax(1).numpy(), strict=True)
    ]
    names = [LABELS[i] for i in label.tolist()]
    wear = [i for i, n in enumerate(names) if n in KINDS]
    real = [i for i in wear if source[i] == "garments"]
    right = {i: answers[i].category == CATEGORY_OF[names[i]] for i in wear}  # type: ignore[index]
    sure = [i for i in real if answers[i].confidence >= 0.9]
    refuse = [i for i, n in enumerate(names) if n not in (*KINDS, "a person")]
    known = [i for i in real if sleeve[i] >= 0]
    confidence = np.array([answers[i].confidence for i in real])
    hit = np.array([right[i] for i in real])
    figures = {
        "garments": len(real), "category": hit.mean(), "confidence": confidence.mean(),
        "category_when_sure": np.mean([right[i] for i in sure]), "sure": len(sure) / len(real),
        "kind": np.mean([answers[i].kind == names[i] for i in real]),
        "category_laid": np.mean([right[i] for i in wear if source[i] != "garments"]),
        "sleeve": np.mean([SLEEVES.index(answers[i].sleeve) == int(sleeve[i]) for i in known]),
        "garments_accepted": np.mean([answers[i].is_garment for i in wear]), "others": len(refuse),
        "others_refused": np.mean([not answers[i].is_garment for i in refuse]),
    }  # fmt: skip
    return {k: round(float(v), 4) for k, v in figures.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    stages = {"label": label, "foreground": train_foreground, "landmarks": train_landmarks, "kind": train_kind}
    parser.add_argument("stage", choices=tuple(stages))
    parser.add_argument("--garments", type=Path, required=True, help="folder with images/ and labels.csv")
    parser.add_argument("--backbone", type=Path, help="efficientnet-lite0-57934424.pth")
    parser.add_argument("--ccp", type=Path, help="Clothing Co-Parsing: photos/, parse/, labels.json (kind)")
    parser.add_argument("--furniture", type=Path, help="folder of Sweet Home 3D furniture libraries, *.sh3f (kind)")
    parser.add_argument("--tops", type=int, default=1400, help="how many tops to learn from (kind)")
    parser.add_argument("--epochs", type=int, default=40, help="of the kind stage")
    parser.add_argument("--decay", type=float, default=0.3, help="weight decay of the kind stage")
    parser.add_argument("--out", type=Path, default=Path("weights/garment"))
    parser.add_argument(
        "--run", type=Path, default=Path("runs/garment"), help="where masks and states for resuming are kept"
    )
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument(
        "--samples", type=int, default=4096, help="of the foreground stage, encoded once; a multiple of 16"
    )
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1)
    args = parser.parse_args()
    torch.manual_seed(0)
    torch.set_num_threads(args.threads)
    stages[args.stage](args)


if __name__ == "__main__":
    main()
