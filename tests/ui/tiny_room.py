"""A small furniture shop and a drawn room for tests of "Your room": real classes, the renderer a few lines."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from pipelines import images
from pipelines.geometry.camera import Camera
from pipelines.geometry.views import box_corners, view_of
from pipelines.perception.room import RoomView
from pipelines.schema import Image, OnProgress, Progress, RenderResult, RoomRequest
from recommend.schema import RoomContext
from tests.recommend.conftest import FURNITURE, write_catalog

CELL = 96
YAWS, PITCHES = (0, 30, 60, 90, 120, 150, 180), (8, 25)
SIZE = (360, 480)
#: Looks down a little from 1.5 m.
CAMERA = Camera(SIZE, focal=400, pitch=0.2, height=1.5)
#: Larger than any room: it fits nowhere.
HUGE: dict[str, Any] = {
    "id": "sofa-huge", "title": "Endless sofa", "category": "sofa", "kind": "", "colours": ["red"], "material": "wool",
    "price": 4999, "size_cm": [450, 100, 80], "place": "floor", "style": [], "currency": "USD", "round": False,
    "views": "sofa-huge.webp",
}  # fmt: skip
#: Its cut-outs are lost.
LOST = {
    **HUGE,
    "id": "chair-lost",
    "category": "chair",
    "title": "Lost chair",
    "size_cm": [50, 50, 90],
    "views": "nowhere.webp",
    "price": 9,
}


def draw_cell(size_cm: tuple[float, float, float], yaw: float, pitch: float) -> Image:
    """A box seen from one side, RGBA (CELL, CELL, 4): the front lighter than the rest."""
    matrix = view_of(size_cm, yaw, pitch, CELL).matrix
    cell = np.zeros((CELL, CELL, 4), np.uint8)
    seen = np.hstack([box_corners(size_cm), np.ones((8, 1))]) @ matrix.T
    corners = np.rint(seen[:, :2] / seen[:, 2:]).astype(np.int32)
    cv2.fillConvexPoly(cell, cv2.convexHull(corners), (70, 90, 160, 255))
    if abs(yaw) < 90:
        cv2.fillConvexPoly(cell, cv2.convexHull(corners[[2, 3, 6, 7]]), (110, 130, 200, 255))
    return cell


def write_furniture(folder: Path) -> Path:
    """The catalog of `FURNITURE` and a few more, with cut-outs."""
    angles = {"view_angles": {"yaw": YAWS, "pitch": PITCHES}, "symmetric": True}
    items = [item if item["id"] == "chair" else {**item, **angles} for item in (*FURNITURE, HUGE, LOST)]
    write_catalog(folder, items)
    for item in items:
        if "views" in item and item["views"] != "nowhere.webp":
            rows = [np.hstack([draw_cell(item["size_cm"], yaw, pitch) for yaw in YAWS]) for pitch in PITCHES]
            cv2.imwrite(str(folder / item["views"]), cv2.cvtColor(np.vstack(rows), cv2.COLOR_RGBA2BGRA))
    return folder


def write_rooms(folder: Path) -> None:
    """A folder with one demo room."""
    folder.mkdir(parents=True)
    images.save_png(folder / "loft.png", draw_room(150))
    (folder / "rooms.jsonl").write_text(
        '{"id": "loft", "title": "Loft", "image": "loft.png", "note": "A drawn loft"}\n'
    )


def floor_mask() -> Image:
    """The floor of the room, (H, W): 4 m wide, its back wall 5 m away."""
    mask = np.zeros(SIZE, np.uint8)
    corners = np.array([(-2, 1.9, 0), (2, 1.9, 0), (2, 5, 0), (-2, 5, 0)], np.float64)
    cv2.fillConvexPoly(mask, np.rint(CAMERA.project(corners)).astype(np.int32), 255)
    return mask


def draw_room(shade: int = 115) -> Image:
    """A room with an empty floor, RGB uint8 (H, W, 3)."""
    picture = np.full((*SIZE, 3), (225, 220, 210), np.uint8)
    picture[floor_mask() > 0] = (150, shade, 80)
    return np.clip(picture + np.random.default_rng(0).normal(0, 3, picture.shape), 0, 255).astype(np.uint8)


def view_room(
    photo: Image, networks: object, *, focal: float | None = None, horizon_y: float | None = None,
    roll: float | None = None, height: float | None = None,
) -> RoomView:  # fmt: skip
    """In place of the real one: always the same room, with what is known of its camera taken for granted."""
    known = focal or CAMERA.focal * photo.shape[1] / SIZE[1]
    camera = Camera.from_horizon(photo.shape[:2], known, CAMERA.horizon_y if horizon_y is None else horizon_y)  # type: ignore[arg-type]
    camera = Camera(camera.size, camera.focal, camera.pitch, 0.0, height or 1.5)
    floor = cv2.resize(floor_mask(), photo.shape[1::-1], interpolation=cv2.INTER_NEAREST)
    sure = {"horizon": 0.93, "focal": 1.0 if focal else 0.7, "walls": 0.9, "floor": 0.8, "height": 0.85}
    warnings = ("This does not look like a photo of a room; the camera is a guess.",) if photo[0, 0].max() < 9 else ()
    seen = np.asarray(floor, np.uint8)
    return RoomView(camera, sure, 0.0, seen, seen, np.zeros((0, 4), np.float32), warnings)


def read_room(photo: Image) -> RoomContext:
    """In place of `tryroom.read_room`: 1.5 m of free floor."""
    return RoomContext(np.array([[0.6, 0.0, 0.05, 1.0]], np.float32), np.zeros((0, 4), np.float32), free_width_cm=150.0)


class BoxRenderer:
    """Writes the number of items into the picture, one colour for each; one render at a time.

    Attributes:
        gate: each render waits for it; cleared by tests that look at a render under way.
    """

    def __init__(self) -> None:
        self.gate = threading.Event()
        self.gate.set()
        self.requests: list[RoomRequest] = []

    def recipe(self, request: RoomRequest) -> dict[str, Any]:
        said = [{"at": one.at, "yaw": one.yaw, "size": one.size or one.item.size} for one in request.items]
        return {"task": "room", "room": images.pixels_sha256(request.room), "items": said, "seed": 0}

    def render(self, request: RoomRequest, on_progress: OnProgress | None = None) -> RenderResult:
        report = on_progress or (lambda _: None)
        self.requests.append(request)
        report(Progress(0.0, "looking at the room", request.room))
        while not self.gate.wait(0.02):
            report(Progress(0.5, "rendering"))
        image, mask = request.room.copy(), np.zeros(request.room.shape[:2], np.uint8)
        for place, standing in enumerate(request.items):
            assert standing.at is not None
            spot = (round(standing.at[0] * image.shape[1]), round(standing.at[1] * image.shape[0]))
            cv2.circle(mask, spot, 20, 255, -1)
            cv2.circle(image, spot, 20, (200, 40 * place, 30), -1)
        steps: Mapping[str, Image] = {"mask": np.dstack([mask] * 3), "grid": request.room, "hint": image}
        return RenderResult(image, mask, steps, self.recipe(request), warnings=("drawn, not built",))
