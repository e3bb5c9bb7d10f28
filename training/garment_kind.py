"""Learn what is a garment, and of which kind, on the frozen encoder's features."""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Iterator
from itertools import islice

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from pipelines.perception.classify import (
    CATEGORY_OF,
    KINDS,
    LABELS,
    SHAPE_SIZE,
    SLEEVES,
    KindHead,
    close_view,
    judge,
    letterbox,
    silhouette,
)
from pipelines.perception.garment_net import PICTURE_SIZE, Encoder, ForegroundNet
from pipelines.schema import Image, Mask
from training.garment_examples import LABEL_OF, Example, cut_down, furniture, garments, laid, nothing, people, renders
from training.garment_files import garment_rows, save_net, sure_names
from training.garment_pictures import Cut, strips_of_ground
from training.loop import fast
from training.synthetic_garments import pose_drawing
from training.synthetic_shapes import draw_lower, draw_top

#: How many times a rendered garment counts: there are few, and much furniture.
RENDERS_COUNT = 3
#: Added to the logit of a top after training. The examples hold two tops to a dress, wardrobes and shops eight or more,
#: and a long top taken for a dress costs the wearer their trousers.
MORE_TOPS = 1.0


def batched(items: Iterator[Example], size: int) -> Iterator[list[Example]]:
    """Lists of `size` items; the last may be shorter."""
    while batch := list(islice(items, size)):
        yield batch


def evenly(rows: list[dict[str, str]], sure: set[str], limit: int) -> list[dict[str, str]]:
    """At most `limit` rows of each of our labels, twice that of tops; garments only where the mask is sure."""
    seen: Counter[str] = Counter()
    kept = []
    for row in sorted(rows, key=lambda r: r["image"]):
        label = LABEL_OF.get(row["label"], "")
        if label in KINDS and row["image"] not in sure:
            continue
        seen[label] += 1
        if seen[label] <= limit * (2 if label == "top" else 1):
            kept.append(row)
    return kept


def kind_examples(args: argparse.Namespace) -> Iterator[Example]:
    """Everything that the kind stage learns from and is measured on."""
    rng = np.random.default_rng(3)
    rows = evenly(garment_rows(args.garments), sure_names(args.run), args.per_kind)
    grounds: list[Image] = []
    for example in garments(args.garments, rows, args.run / "masks", sure_names(args.run)):
        yield example
        if example.mask is not None:
            grounds += strips_of_ground(Cut(example.image, example.mask)) if len(grounds) < 300 else []
            if rng.random() < 0.5:
                yield laid(example, grounds, rng)
            yield from cut_down(example, rng)
    yield from renders(args.catalog)
    yield from furniture(args.furniture, grounds, rng)
    yield from people(args.ccp, args.people)
    yield from nothing(grounds, rng, 100)


def kind_features(args: argparse.Namespace) -> dict[str, NDArray[np.generic]]:
    """Features, silhouettes and labels of all examples, kept in RUN/kinds.npz."""
    path = args.run / "kinds.npz"
    if not path.exists():
        encoder = Encoder(args.backbone)
        net = ForegroundNet.from_pretrained(args.out / "foreground", dtype=torch.float32).eval()
        kept: dict[str, list[object]] = {n: [] for n in ("features", "shape", "label", "sleeve", "held_out", "source")}
        for examples in batched(kind_examples(args), 16):
            masks = [found_mask(encoder, net, e.image) if e.mask is None else e.mask for e in examples]
            seen = np.stack([close_view(e.image, m) for e, m in zip(examples, masks, strict=True)])
            with torch.inference_mode(), fast():
                pooled = encoder(torch.from_numpy(seen)).pooled
            kept["features"] += list(pooled.half().numpy())
            kept["shape"] += [silhouette(m).astype(np.float16) for m in masks]
            for name in ("label", "sleeve", "held_out", "source"):
                kept[name] += [getattr(e, name) for e in examples]
            if len(kept["label"]) % 400 == 0:
                print(len(kept["label"]), "examples", flush=True)
        np.savez(path, **{k: np.array(v) for k, v in kept.items()})
    return dict(np.load(path))


def found_mask(encoder: Encoder, net: ForegroundNet, image: Image) -> Mask:
    """What the foreground network takes for a garment, whatever the picture shows."""
    square, (x, y, width, height) = letterbox(image, PICTURE_SIZE)
    picture = torch.from_numpy(square)[None]
    with torch.inference_mode(), fast():
        logits = net(picture, encoder(picture).maps)[0].float().numpy()
    mask = np.where(cv2.resize(logits, (PICTURE_SIZE, PICTURE_SIZE)) > 0, 255, 0).astype(np.uint8)
    return cv2.resize(mask[y : y + height, x : x + width], image.shape[1::-1], interpolation=cv2.INTER_NEAREST)


def train_kind(args: argparse.Namespace) -> None:
    """Train `KindHead` on cached features; temperature on a tenth, figures on the held-out fifth."""
    data = kind_features(args)
    x, shape = (torch.from_numpy(data[n].astype(np.float32)) for n in ("features", "shape"))
    label, sleeve = (torch.from_numpy(data[n]).long() for n in ("label", "sleeve"))
    test = torch.from_numpy(data["held_out"])
    tune = ~test & (torch.rand(len(x), generator=torch.Generator().manual_seed(1)) < 0.1)
    train = (~test & ~tune).nonzero()[:, 0]
    ours = torch.from_numpy(data["source"] == "renders")
    train = torch.cat([train, *[train[ours[train]]] * (RENDERS_COUNT - 1)])
    head = KindHead()
    learn_looks(head, x[train], label[train], sleeve[train], args)
    worn = train[label[train] < len(KINDS)]
    learn_shape(head, shape[worn], label[worn], args)
    head.eval().requires_grad_(False)
    head.shape[-1].bias[KINDS.index("top")] += MORE_TOPS
    head.register_to_config(temperature=best_temperature(head(x[tune], shape[tune])[0], label[tune]))
    figures = kind_figures(head, x[test], shape[test], label[test], sleeve[test], data["source"][test.numpy()])
    print(json.dumps(figures, indent=1), flush=True)
    save_net(head, args.out / "kind", {"examples": len(train), "held_out": figures})


def learn_looks(head: KindHead, x: Tensor, label: Tensor, sleeve: Tensor, args: argparse.Namespace) -> None:
    """Fit the part that reads features; rare labels count a little more."""
    weight = 1 / label.bincount(minlength=len(LABELS)).float().clamp(min=1).sqrt()
    optimiser = torch.optim.AdamW([*head.label.parameters(), *head.sleeve.parameters()], 1e-3, weight_decay=args.decay)
    for _ in range(args.epochs):
        for index in torch.randperm(len(x)).split(256):
            labels, sleeves = head.by_looks(F.dropout(x[index], 0.3))
            loss = F.cross_entropy(labels, label[index], weight / weight.mean(), label_smoothing=0.02)
            known = sleeve[index] >= 0
            loss = loss + 0.5 * F.cross_entropy(sleeves[known], sleeve[index][known])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()


def learn_shape(head: KindHead, shape: Tensor, label: Tensor, args: argparse.Namespace) -> None:
    """Fit the part that reads silhouettes, real and synthetic in equal number, mirrored at random."""
    rng = np.random.default_rng(11)
    drawn = [drawn_silhouette(rng) for _ in range(args.drawn)]
    shape = torch.cat([shape, torch.from_numpy(np.stack([d[0] for d in drawn]))])
    label = torch.cat([label, torch.tensor([d[1] for d in drawn])])
    optimiser = torch.optim.AdamW(head.shape.parameters(), 1e-3, weight_decay=0.1)
    for _ in range(args.epochs):
        for index in torch.randperm(len(shape)).split(128):
            batch = shape[index].view(-1, SHAPE_SIZE, SHAPE_SIZE)
            batch = batch.flip(-1) if torch.rand(()) < 0.5 else batch
            loss = F.cross_entropy(head.by_shape(batch.flatten(1)), label[index], label_smoothing=0.05)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()


def drawn_silhouette(rng: np.random.Generator) -> tuple[NDArray[np.float32], int]:
    """A synthetic garment's silhouette and its index into `KINDS`; the drawing's own proportions decide."""
    kind = rng.choice(["top", "dress", "lower"], p=[0.5, 0.22, 0.28])
    drawing = draw_lower(rng) if kind == "lower" else draw_top(rng, dress=kind == "dress")
    if kind == "lower":
        kind = drawing.kind
    pieces, _, _ = pose_drawing(rng, drawing, 96)
    mask = np.zeros((96, 96), np.uint8)
    for _, polygon, _ in pieces:
        cv2.fillPoly(mask, [np.rint(polygon).astype(np.int32)], 255)
    return silhouette(mask), KINDS.index(kind)


def best_temperature(logits: Tensor, label: Tensor) -> float:
    """The divisor of the logits that makes the labels likeliest."""
    choices = torch.linspace(0.5, 4, 71).tolist()
    return round(min(choices, key=lambda t: F.cross_entropy(logits / t, label).item()), 3)


def kind_figures(
    head: KindHead, x: Tensor, shape: Tensor, label: Tensor, sleeve: Tensor, source: NDArray[np.generic]
) -> dict[str, float]:
    """Accuracies on held-out pictures, by the same rules that a shopper meets."""
    labels, sleeves = head(x, shape)
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
        "category_laid": np.mean([right[i] for i in wear if source[i] == "garments laid"]),
        "category_cut": np.mean([right[i] for i in wear if source[i] == "garments cut"]),
        "sleeve": np.mean([SLEEVES.index(answers[i].sleeve) == int(sleeve[i]) for i in known]),
        "garments_accepted": np.mean([answers[i].is_garment for i in wear]), "others": len(refuse),
        "others_refused": np.mean([not answers[i].is_garment for i in refuse]),
    }  # fmt: skip
    return {k: round(float(v), 4) for k, v in figures.items()}
