"""A real renderer of a few lines, for tests of what surrounds one.

It repaints the middle third of the photo with noise around the garment's mean colour, drawn from the request's seed.
Photos have a say in how it behaves, through the shade of their first pixel, since it runs in another process:
`CRASHES` takes the whole process down, `BREAKS` raises, `SLOW` takes its time, `PAINTS` shows itself at every step,
`HOLDS` shows itself once and goes on until it is cancelled.
"""

from __future__ import annotations

import os
import time
from typing import Any

import numpy as np

from pipelines import images
from pipelines.errors import RenderFailed
from pipelines.schema import OnProgress, Progress, RenderResult, TryOnRequest

CRASHES, BREAKS, SLOW, PAINTS, HOLDS = 11, 12, 13, 14, 15
#: Steps of `PAINTS`.
TIMES = 40


class TinyRenderer:
    """Counts what it was asked in the file that `TINY_RENDERER_LOG` names, one line per event."""

    def __init__(self, name: str) -> None:
        self.name = name
        log(f"load {os.getpid()}")

    def recipe(self, request: TryOnRequest) -> dict[str, Any]:
        return {
            "renderer": self.name,
            "category_requested": request.category,
            "seed": request.settings.seed,
            "steps": request.settings.num_inference_steps,
            "photo": images.pixels_sha256(request.person),
            "item": images.pixels_sha256(request.garment),
        }

    def render(self, request: TryOnRequest, on_progress: OnProgress | None = None) -> RenderResult:
        log(f"render {os.getpid()}")
        behaviour = int(request.person[0, 0, 0])
        if behaviour == CRASHES:
            os._exit(3)
        if behaviour == BREAKS:
            raise RenderFailed("warp", "the garment\nhas no sides")
        if behaviour == SLOW:
            time.sleep(0.5)
        height, width = request.person.shape[:2]
        mask = np.zeros((height, width), np.uint8)
        mask[height // 3 : 2 * height // 3] = 255
        noise = np.random.default_rng(request.settings.seed).integers(-20, 21, request.person.shape)
        painted = np.clip(request.garment[..., :3].mean((0, 1)) + noise, 0, 255).astype(np.uint8)
        image = np.where(mask[..., None] > 0, painted, request.person)
        if on_progress is not None:
            for step in range(TIMES + 1) if behaviour == PAINTS else (TIMES // 2,):
                on_progress(Progress(step / TIMES, "painting", image))
            while behaviour == HOLDS:
                time.sleep(0.02)
                on_progress(Progress(0.5, "holding"))
        steps = {"mask": mask, "pose": image, "parsing": image, "hint": painted}
        recipe = {**self.recipe(request), "category": "upper"}
        return RenderResult(image, mask, steps, recipe, warnings=("a tiny renderer",))


def log(event: str) -> None:
    if path := os.environ.get("TINY_RENDERER_LOG"):
        with open(path, "a") as stream:
            stream.write(event + "\n")


def load(name: str, task: str) -> TinyRenderer:
    """What `pipelines.batch.run` takes in place of `pipelines.renderers.load`."""
    return TinyRenderer(name)
