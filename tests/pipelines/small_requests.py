"""A request for each task that is cheap to render: a small photo, and what is to be found in it found once."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

import tryroom
from pipelines import images, renderers, room, tryon, weights
from pipelines.geometry.camera import Camera
from pipelines.perception.room import RoomView
from pipelines.schema import EditRequest, Image, RenderSettings, Request, RoomRequest, Standing, TryOnRequest
from recommend.catalog import read_catalog
from tests.pipelines.boxes import catalog_box

#: Pixels of the side of what the small painters paint.
SIDE = 64
ROOM = (180, 240)
CAMERA = Camera(ROOM, focal=200, pitch=0.2, height=1.5)


@functools.cache
def photo() -> Image:
    """A demo person, small."""
    large = images.load_image(tryroom.demo_people()[0].image)
    return cv2.resize(large, None, fx=0.4, fy=0.4, interpolation=cv2.INTER_AREA)


@functools.cache
def garment() -> Image:
    """A top of the demo catalog."""
    catalog = read_catalog(tryroom.CATALOG)
    item = next(item for item in catalog.items if item.category == "upper")
    return images.load_image(catalog.picture(item), keep_alpha=True)


@functools.cache
def room_photo() -> Image:
    """A wall and a floor, with a little noise."""
    rows = np.linspace(1, 0.8, ROOM[0])[:, None, None]
    picture = rows * np.array([225, 220, 210]) * np.ones((*ROOM, 1))
    picture[90:] *= 0.7
    return np.clip(picture + np.random.default_rng(0).normal(0, 3, picture.shape), 0, 255).astype(np.uint8)


@functools.cache
def view() -> RoomView:
    """What the room's photo tells."""
    floor = np.zeros(ROOM, np.uint8)
    floor[90:] = 255
    sure = dict.fromkeys(("horizon", "focal", "floor", "walls", "height"), 1.0)
    segments = np.array([[0, 90, 239, 90], [40, 10, 40, 90], [200, 90, 239, 170]], np.float32)
    return RoomView(CAMERA, sure, 0.0, floor, floor, segments, ())


def request_of(task: str, **settings: Any) -> Request:
    """A request for a task, the same pictures each time."""
    how = RenderSettings(quality="fast", **settings)
    if task == "tryon":
        return TryOnRequest(photo(), garment(), "upper", settings=how)
    if task == "room":
        return RoomRequest(room_photo(), (Standing(catalog_box((0.8, 0.5, 0.7)), at=(0.5, 0.8)),), settings=how)
    mask = np.zeros(ROOM, np.uint8)
    mask[60:140, 80:200] = 255
    return EditRequest(room_photo(), "make the wall green", mask, how)


def load(name: str, task: str, hub: Path, patch: pytest.MonkeyPatch) -> Any:
    """A renderer as it is loaded for people, on small models, whose painter paints small pictures in two steps."""
    patch.setenv(weights.OWN_VARIABLE, str(hub))
    patch.setattr(tryon, "perceive", found_once(tryon.perceive))
    patch.setattr(room, "view_room", lambda *_, **__: view())
    renderer = renderers.load(name, task)
    if name != "compact":
        painter = renderer._painter
        painter.settings = dataclasses.replace(painter.settings, side=SIDE, steps=2)
    return renderer


@functools.cache
def found_once(perceive: Callable[..., tryon.Scene]) -> Callable[..., tryon.Scene]:
    """`perceive`, which looks at the pictures of `request_of` only once, whoever asks; at others as ever."""
    scenes: list[tryon.Scene] = []

    def found(request: TryOnRequest, perception: tryon.Perception, report: Any) -> tryon.Scene:
        if request.person is not photo() or request.garment is not garment():
            return perceive(request, perception, report)
        if not scenes:
            scenes.append(perceive(request, perception, report))
        return scenes[0]

    return found
