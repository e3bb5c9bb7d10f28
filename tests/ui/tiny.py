"""A small shop for tests of the app: real classes throughout, networks replaced by a few lines of arithmetic.

A picture whose first pixel is `CHAIR` counts as one of a chair: no person, no garment.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import cv2
import numpy as np

import tryroom
from pipelines import images
from pipelines.errors import BadInput
from pipelines.renderers import Renderer
from pipelines.schema import Image, Mask, OnProgress, Progress, RenderResult, TryOnRequest
from recommend.retriever import Retriever
from tests.recommend.conftest import GREEN, RED, TinyEmbedder, draw_garment, write_catalog
from tests.ui import tiny_room
from ui import loaders, room_rendering

CHAIR = (1, 2, 3)


class PasteRenderer:
    """Pastes the garment onto the middle of the person, one step at a time, one render at a time.

    Attributes:
        gate: each step waits for it; cleared by tests that look at a render under way.
        rooms: what renders rooms in the same shop.
    """

    rooms: tiny_room.BoxRenderer

    def __init__(self) -> None:
        self.gate = threading.Event()
        self.gate.set()
        self.requests: list[TryOnRequest] = []
        self.busy = 0
        self.most_busy = 0
        self._lock = threading.Lock()

    def recipe(self, request: TryOnRequest) -> dict[str, Any]:
        return {
            "task": "tryon",
            "person": images.pixels_sha256(request.person),
            "garment": images.pixels_sha256(request.garment),
            "category": request.category,
            "seed": request.settings.seed,
            "num_inference_steps": request.settings.num_inference_steps,
        }

    def render(self, request: TryOnRequest, on_progress: OnProgress | None = None) -> RenderResult:
        self.busy += 1
        self.most_busy = max(self.most_busy, self.busy)
        try:
            with self._lock:
                return self._try_on(request, on_progress or (lambda _: None))
        finally:
            self.busy -= 1

    def _try_on(self, request: TryOnRequest, report: OnProgress) -> RenderResult:
        self.requests.append(request)
        refuse_chair(request.garment, "garment picture", "a top, a dress, trousers or a skirt")
        report(Progress(0.1, "looking at the photo"))
        refuse_chair(request.person, "person photo", "a photo of one person")
        mask = middle(request.person) if request.mask is None else request.mask
        height, width = request.person.shape[:2]
        garment = cv2.resize(np.ascontiguousarray(request.garment[..., :3]), (width, height))
        rng = np.random.default_rng(request.settings.seed)
        image = request.person
        for step in range(steps := max(1, request.settings.num_inference_steps)):
            while not self.gate.wait(0.02):
                report(Progress(0.1 + 0.8 * step / steps, f"step {step + 1} of {steps}", image))
            tinted = cv2.add(garment, np.array([*rng.integers(0, 40, 3), 0], np.float64))
            image = np.where(mask[..., None] > 0, tinted, request.person)
            report(Progress(0.1 + 0.8 * (step + 1) / steps, f"step {step + 1} of {steps}", image))
        steps_made = {"mask": np.dstack([mask] * 3), "pose": request.person, "hint": garment}
        return RenderResult(image, mask, steps_made, self.recipe(request), warnings=("pasted, not sewn",))


def middle(photo: Image) -> Mask:
    """The middle third of a photo, 255 there."""
    height, width = photo.shape[:2]
    mask = np.zeros((height, width), np.uint8)
    mask[height // 3 : 2 * height // 3, width // 4 : 3 * width // 4] = 255
    return mask


def refuse_chair(picture: Image, what: str, allowed: str) -> None:
    if tuple(picture[0, 0, :3].tolist()) == CHAIR:
        raise BadInput(what, "what looks like a chair", allowed, "Choose another picture.")


def read_person(photo: Image) -> Mapping[str, Mask]:
    """In place of `tryroom.read_person`: everybody wears an upper in the middle of the photo."""
    refuse_chair(photo, "person photo", "a photo of one person")
    return {"upper": middle(photo)}


def draw_person(shade: int, size: tuple[int, int] = (240, 160)) -> Image:
    """A figure on a plain ground, RGB uint8 of (height, width)."""
    height, width = size
    photo = np.full((height, width, 3), 222, np.uint8)
    cv2.ellipse(photo, (width // 2, height // 5), (width // 9, height // 10), 0, 0, 360, (190, 150, 125), -1)
    cv2.rectangle(photo, (width // 3, height // 3), (2 * width // 3, 2 * height // 3), (shade, 90, 110), -1)
    cv2.rectangle(photo, (2 * width // 5, 2 * height // 3), (3 * width // 5, height - 4), (60, 60, 80), -1)
    return photo


def write_people(folder: Path) -> None:
    """A folder of two demo people."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = []
    for place, name in enumerate(("Ada", "Bo")):
        images.save_png(folder / f"{name.lower()}.png", draw_person(60 + 120 * place))
        rows.append({"id": name.lower(), "title": name, "image": f"{name.lower()}.png", "note": f"{name}, drawn"})
    (folder / "people.jsonl").write_text("\n".join(map(json.dumps, rows)) + "\n", encoding="utf-8")


def card_of(item: str) -> Image:
    """The picture of a garment like one of the catalog's, by id."""
    return draw_garment({"dress-red": RED, "hoodie-green": GREEN}[item])


def write(folder: Path) -> Path:
    """The small shop's catalogs with their indexes, people and rooms."""
    shop, furniture = write_catalog(folder / "garments"), tiny_room.write_furniture(folder / "furniture")
    for catalog, index in ((shop, "index"), (furniture, "furniture-index")):
        Retriever.open(catalog, TinyEmbedder(), uri=str(folder / index))
    write_people(folder / "people")
    tiny_room.write_rooms(folder / "rooms")
    return folder


def install(folder: Path, put: Callable[[Any, str, Any], None]) -> PasteRenderer:
    """Put the small shop in place of the real one.

    Args:
        folder: what `write` wrote, or a copy.
        put: `setattr`, or what undoes it afterwards.
    """
    shop, furniture = folder / "garments", folder / "furniture"
    renderer, rooms = PasteRenderer(), tiny_room.BoxRenderer()

    def open_retriever(reader: loaders.WornReader, report: OnProgress) -> Retriever:
        report(Progress(0.5, "opening the catalog"))
        index = str(folder / "index")
        return Retriever.open(shop, TinyEmbedder(), uri=index, read_person=reader)

    def open_furniture(report: OnProgress) -> Retriever:
        report(Progress(0.5, "opening the catalog"))
        return Retriever.open(furniture, TinyEmbedder(), uri=str(folder / "furniture-index"))

    def load_renderer(name: str, task: str, report: OnProgress) -> Renderer:
        report(Progress(0.5, "loading the networks"))
        return {"tryon": renderer, "room": rooms}[task]

    put(tryroom, "CATALOG", shop)
    put(tryroom, "PEOPLE", folder / "people")
    put(tryroom, "read_person", read_person)
    put(tryroom, "FURNITURE", furniture)
    put(tryroom, "ROOMS", folder / "rooms")
    put(tryroom, "read_room", tiny_room.read_room)
    put(room_rendering, "view_room", tiny_room.view_room)
    put(loaders, "fetch", lambda names, report: None)
    put(loaders, "open_retriever", open_retriever)
    put(loaders, "open_furniture", open_furniture)
    put(loaders, "load_renderer", load_renderer)
    renderer.rooms = rooms
    return renderer
