"""Files of the garment trainings: labels, masks and their quality, finished networks."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import cv2
import torch
from diffusers.models.modeling_utils import ModelMixin

from training.garment_pictures import Cut, is_held_out
from training.photos import read_rgb

#: Masks from colour alone are believed from this quality on.
SURE_QUALITY = 0.82


def garment_rows(garments: Path) -> list[dict[str, str]]:
    """The rows of labels.csv whose picture exists: image, label, kids."""
    with (garments / "labels.csv").open() as file:
        return [r for r in csv.DictReader(file) if (garments / "images" / f"{r['image']}.jpg").exists()]


def sure_names(run: Path) -> set[str]:
    """Names of the pictures whose mask from colour is right beyond doubt."""
    with (run / "quality.csv").open() as file:
        return {r["name"] for r in csv.DictReader(file) if float(r["quality"]) >= SURE_QUALITY}


def sure_cuts(garments: Path, run: Path, held_out: bool) -> list[Cut]:
    """Those pictures with their masks, held out or not."""
    cuts = []
    for name in sorted(sure_names(run)):
        if is_held_out(name) == held_out:
            mask = cv2.imread(str(run / "masks" / f"{name}.png"), cv2.IMREAD_GRAYSCALE)
            cuts.append(Cut(read_rgb(garments / "images" / f"{name}.jpg"), mask))
    return cuts


def save_net(net: ModelMixin, folder: Path, facts: dict[str, object]) -> None:
    """Write config.json, half-precision weights and facts.json (how it came about)."""
    net.half().save_pretrained(folder)
    net.float()
    (folder / "facts.json").write_text(json.dumps(facts, indent=1) + "\n")


def take_statistics(average: torch.nn.Module, net: torch.nn.Module) -> None:
    """Give averaged weights the batch-norm statistics of the network that is being trained."""
    for a, b in zip(average.buffers(), net.buffers(), strict=True):
        a.copy_(b)
