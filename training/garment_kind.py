"""Learn what is a garment, and of which kind, on the frozen encoder's features."""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Iterator
from itertools import islice

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from pipelines.perception.classify import CATEGORY_OF, KINDS, LABELS, SLEEVES, KindHead, close_view, judge
from pipelines.perception.garment_net import Encoder
from pipelines.schema import Image
from training.garment_examples import LABEL_OF, Example, furniture, garments, laid, nothing, people
from training.garment_files import garment_rows, save_net, sure_names
from training.garment_pictures import Cut, strips_of_ground


def batched(items: Iterator[Example], size: int) -> Iterator[list[Example]]:
    """Lists of `size` items; the last may be shorter."""
    while batch := list(islice(items, size)):
        yield batch


def evenly(rows: list[dict[str, str]], limit: int) -> list[dict[str, str]]:
    """At most `limit` rows of each of our labels, twice that of tops, which are more than half of all."""
    seen: Counter[str] = Counter()
    kept = []
    for row in sorted(rows, key=lambda r: r["image"]):
        label = LABEL_OF.get(row["label"], "")
        seen[label] += 1
        if seen[label] <= limit * (2 if label == "top" else 1):
            kept.append(row)
    return kept


def kind_examples(args: argparse.Namespace) -> Iterator[Example]:
    """Everything that the kind stage learns from and is measured on."""
    rng = np.random.default_rng(3)
    sure = sure_names(args.run)
    rows = evenly(garment_rows(args.garments), args.per_kind)
    grounds: list[Image] = []
    for example in garments(args.garments, rows, args.run / "masks", sure):
        yield example
        if example.mask.min() == 0:
            grounds += strips_of_ground(Cut(example.image, example.mask)) if len(grounds) < 600 else []
            if rng.random() < 0.5:
                yield laid(example, grounds, rng)
    yield from furniture(args.furniture, grounds, rng)
    yield from people(args.ccp, 220)
    yield from nothing(grounds, rng, 200)


def kind_features(args: argparse.Namespace) -> dict[str, NDArray[np.generic]]:
    """Features and labels of all examples, kept in RUN/kinds.npz."""
    path = args.run / "kinds.npz"
    if not path.exists():
        encoder = Encoder(args.backbone)
        kept: dict[str, list[object]] = {"features": [], "label": [], "sleeve": [], "held_out": [], "source": []}
        for examples in batched(kind_examples(args), 16):
            seen = torch.from_numpy(np.stack([close_view(e.image, e.mask) for e in examples]))
            with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16):
                pooled = encoder(seen).pooled
            kept["features"] += list(pooled.half().numpy())
            for name in ("label", "sleeve", "held_out", "source"):
                kept[name] += [getattr(e, name) for e in examples]
            if len(kept["label"]) % 400 == 0:
                print(len(kept["label"]), "examples", flush=True)
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
