"""Pictures of garments and of everything else, for the head that says which is which.

Garments, shoes and hats come with labels. What else people might hand in by mistake: furniture and things (the
catalog pictures inside Sweet Home 3D's furniture libraries, on white and laid on the same grounds as the garments, so
that the ground gives nothing away), bare grounds, people, faces, and pages of text.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.perception.classify import LABELS, SLEEVES
from pipelines.schema import Image, Mask
from training.garment_pictures import Cut, compose, is_held_out, lay_ground
from training.photos import read_rgb

Rng = np.random.Generator

#: What the pictures' own labels mean for us; a label that is missing here is not used.
LABEL_OF = {
    "Dress": "dress", "Pants": "trousers", "Shorts": "shorts", "Skirt": "skirt", "Shoes": "shoes", "Hat": "a hat",
} | dict.fromkeys(
    ("T-Shirt", "Longsleeve", "Shirt", "Outwear", "Polo", "Undershirt", "Blazer", "Hoodie", "Body", "Top", "Blouse"),
    "top",
)  # fmt: skip
#: Sleeve lengths that a label implies.
SLEEVE_OF = {
    "T-Shirt": "short", "Polo": "short", "Longsleeve": "long", "Hoodie": "long", "Blazer": "long", "Outwear": "long",
    "Undershirt": "none",
}  # fmt: skip
#: Furniture libraries hold some things to wear; they must not teach that clothes are none.
_WEARABLE = (
    "cloth",
    "shirt",
    "dress",
    "coat",
    "pants",
    "jean",
    "jacket",
    "curtain",
    "towel",
    "skirt",
    "male",
    "person",
)


@dataclass(frozen=True, eq=False)
class Example:
    """A picture and what is known of it.

    Attributes:
        image: RGB uint8 (H, W, 3).
        mask: uint8 (H, W) of what is shown; None = not known.
        label: index into `LABELS`.
        sleeve: index into `SLEEVES`, -1 = unknown.
        held_out: whether it is kept out of training.
        source: for counting.
    """

    image: Image
    mask: Mask | None
    label: int
    sleeve: int
    held_out: bool
    source: str


def garments(folder: Path, rows: list[dict[str, str]], masks: Path, sure: set[str]) -> Iterator[Example]:
    """Labelled pictures of garments, shoes and hats; with the masks in a folder of those whose mask is sure."""
    for row in rows:
        if row["label"] not in LABEL_OF:
            continue
        name = row["image"]
        sleeve = SLEEVES.index(SLEEVE_OF[row["label"]]) if row["label"] in SLEEVE_OF else -1  # type: ignore[arg-type]
        image = read_rgb(folder / "images" / f"{name}.jpg")
        mask = cv2.imread(str(masks / f"{name}.png"), cv2.IMREAD_GRAYSCALE) if name in sure else None
        yield Example(image, mask, LABELS.index(LABEL_OF[row["label"]]), sleeve, is_held_out(name), "garments")


def laid(example: Example, grounds: list[Image], rng: Rng) -> Example:
    """A cut-out garment on another ground: the pictures all come from a few homes, product pictures do not."""
    cut = compose(rng, Cut(example.image, example.mask), lay_ground(rng, grounds, 256))
    return replace(example, image=cut.image, mask=cut.mask, source="garments laid")


def cut_down(example: Example, rng: Rng) -> Iterator[Example]:
    """What is left of a garment that is cut across: a dress's upper part is a top, its lower part a skirt.

    Else the cloth would tell the kind, for the tops of such collections are mostly men's. Trousers become shorts.
    """
    if example.mask is None or LABELS[example.label] not in ("dress", "trousers"):
        return
    ys, xs = np.nonzero(example.mask > 127)
    top, height = ys.min(), np.ptp(ys)
    if height < 1.3 * np.ptp(xs):
        return
    rows, columns = np.indices(example.mask.shape)
    slope = rng.normal(0, 0.03)
    if LABELS[example.label] == "trousers":
        pieces = [("shorts", 0.0, rng.uniform(0.4, 0.56) * height)]
    else:
        chest = np.median((example.mask > 127).sum(axis=1)[top + height // 8 : top + 2 * height // 5])
        pieces = [("top", 0.0, min(rng.uniform(0.85, 1.5) * chest, 0.7 * height)) for _ in range(2)]
        pieces.append(("skirt", rng.uniform(0.36, 0.5) * height, float(height)))
    for label, begin, end in pieces:
        level = rows - top - slope * (columns - xs.mean())
        mask = np.where((level >= begin) & (level <= end), example.mask, 0).astype(np.uint8)
        yield replace(example, mask=mask, label=LABELS.index(label), sleeve=-1, source="garments cut")


def renders(catalog: Path) -> Iterator[Example]:
    """Our own catalog, a folder with catalog.jsonl: without it, rendered would mean furniture."""
    for line in (catalog / "catalog.jsonl").read_text().splitlines():
        row = json.loads(line)
        below = row["kind"] if row["kind"] in ("shorts", "skirt") else "trousers"
        label = {"upper": "top", "dress": "dress", "lower": below}[row["category"]]
        sleeve = SLEEVES.index(row["sleeve"]) if row.get("sleeve") in SLEEVES and label in ("top", "dress") else -1
        image = read_rgb(catalog / row["image"])
        yield Example(image, None, LABELS.index(label), sleeve, is_held_out(row["id"]), "renders")


def furniture(libraries: Path, grounds: list[Image], rng: Rng) -> Iterator[Example]:
    """Pictures from every *.sh3f in a folder, on white or on a ground of a garment picture."""
    other = LABELS.index("something else")
    for library in sorted(libraries.glob("*.sh3f")):
        with zipfile.ZipFile(library) as archive:
            for name in sorted(n for n in archive.namelist() if n.endswith(".png")):
                if any(word in name.lower() for word in _WEARABLE):
                    continue
                icon = cv2.imdecode(np.frombuffer(archive.read(name), np.uint8), cv2.IMREAD_UNCHANGED)
                if icon is None or icon.ndim != 3 or icon.shape[2] != 4 or (icon[..., 3] > 127).mean() < 0.03:
                    continue
                cut = Cut(np.ascontiguousarray(icon[..., 2::-1]), np.where(icon[..., 3] > 127, 255, 0).astype(np.uint8))
                white = np.full((256, 256, 3), 255, np.uint8)
                on = compose(rng, cut, white if rng.random() < 0.4 else lay_ground(rng, grounds, 256), recolour=False)
                yield Example(on.image, on.mask, other, -1, is_held_out(name), "furniture")


def people(ccp: Path, count: int) -> Iterator[Example]:
    """Street photos of people, and their heads close up, found by the hair in the parsing."""
    hair = json.loads((ccp / "labels.json").read_text()).index("hair")
    person, face = LABELS.index("a person"), LABELS.index("a face")
    for path in sorted((ccp / "parse").glob("*.png"))[:count]:
        photo = read_rgb(ccp / "photos" / f"{path.stem}.jpg")
        held_out = is_held_out(path.stem)
        yield Example(photo, None, person, -1, held_out, "people")
        ys, xs = np.nonzero(cv2.imread(str(path), cv2.IMREAD_UNCHANGED) == hair)
        if len(xs) < 150:
            continue
        x, y = int(np.median(xs)), int(np.percentile(ys, 10))
        side = int(1.3 * np.ptp(np.percentile(xs, (5, 95)))) + 24
        head = np.ascontiguousarray(
            photo[max(0, y - side // 3) : y + side, max(0, x - side * 2 // 3) : x + side * 2 // 3]
        )
        yield Example(head, None, face, -1, held_out, "faces")


def nothing(grounds: list[Image], rng: Rng, count: int) -> Iterator[Example]:
    """Bare grounds, and pages of text."""
    for index in range(count):
        picture = lay_ground(rng, grounds, 256) if index % 2 else page(rng)
        yield Example(picture, None, LABELS.index("something else"), -1, index % 5 == 0, "nothing")


def page(rng: Rng, size: int = 256) -> Image:
    """A page of text in lines and paragraphs, dark on light or light on dark."""
    paper, ink = rng.uniform(200, 255, 3), rng.uniform(0, 90, 3)
    if rng.random() < 0.25:
        paper, ink = ink, paper
    image: NDArray[np.uint8] = np.full((size, size, 3), paper, np.uint8)
    scale = float(rng.uniform(0.25, 0.9))
    letters = np.array(list("abcdefghijklmnopqrstuvwxyzABCDE0123456789     ,."))
    y = int(rng.uniform(10, 30))
    while y < size:
        if rng.random() < 0.88:
            text = "".join(rng.choice(letters, int(rng.uniform(8, 60))))
            cv2.putText(
                image, text, (int(rng.uniform(5, 25)), y), cv2.FONT_HERSHEY_SIMPLEX, scale, ink.tolist(), 1, cv2.LINE_AA
            )
        y += int(28 * scale + 6)
    return image
