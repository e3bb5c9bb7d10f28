"""The renderers by name. A renderer is loaded once, locked, and renders one request at a time."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from pipelines import images, weights
from pipelines.errors import BadInput
from pipelines.schema import OnProgress, RenderResult, TryOnRequest


class Renderer(Protocol):
    """What renders. `recipe` tells what a request would be made with, without rendering it."""

    def recipe(self, request: TryOnRequest) -> dict[str, Any]: ...

    def try_on(self, request: TryOnRequest, on_progress: OnProgress | None = None) -> RenderResult: ...


class CompactRenderer:
    """Our own networks, on the CPU. Thread-safe: one render at a time."""

    WEIGHTS = ("blazepose", "parser", "garment", "efficientnet-lite0", "compact")

    def __init__(self) -> None:
        import torch
        from diffusers.utils import logging

        from pipelines.diffusion.compact import CompactInpaintPipeline
        from pipelines.perception.garment import GarmentAnalyser
        from pipelines.perception.parsing import Parser
        from pipelines.perception.pose import PoseEstimator
        from pipelines.tryon import Perception

        backbone = weights.resolve("efficientnet-lite0")
        self._perception = Perception(
            PoseEstimator(weights.resolve("blazepose")),
            Parser(weights.resolve("parser")),
            GarmentAnalyser(weights.resolve("garment"), next(backbone.glob("*.pth"))),
        )
        logging.disable_progress_bar()  # the weights are local and small: nothing to watch
        self._pipe = CompactInpaintPipeline.from_pretrained(weights.resolve("compact"), dtype=torch.float32)
        self._pipe.set_progress_bar_config(disable=True)
        self._revision = {name: weights.revision(name) for name in self.WEIGHTS}
        # diffusers pipelines and LiteRT interpreters keep state during a call.
        self._lock = threading.Lock()

    def recipe(self, request: TryOnRequest) -> dict[str, Any]:
        """Everything that decides the picture; no pixels, no paths."""
        return {
            "task": "tryon",
            "renderer": "compact",
            "weights": self._revision,
            "person": images.pixels_sha256(request.person),
            "garment": images.pixels_sha256(request.garment),
            "mask": None if request.mask is None else images.pixels_sha256(request.mask),
            "category": request.category,
            "seed": request.settings.seed,
            "num_inference_steps": request.settings.num_inference_steps,
        }

    def try_on(self, request: TryOnRequest, on_progress: OnProgress | None = None) -> RenderResult:
        """See `pipelines.tryon.try_on`."""
        from pipelines.tryon import try_on

        with self._lock:
            return try_on(request, self._perception, self._pipe, self.recipe(request), on_progress)


@dataclass(frozen=True)
class Choice:
    """A renderer that can be chosen: how to load it, and which weights it needs first."""

    load: Callable[[], Renderer]
    weights: tuple[str, ...]
    about: str


RENDERERS: dict[str, Choice] = {
    "compact": Choice(CompactRenderer, CompactRenderer.WEIGHTS, "our own networks; a laptop's CPU is enough"),
}


def _choice(name: str) -> Choice:
    if name not in RENDERERS:
        raise BadInput("renderer", repr(name), ", ".join(RENDERERS), "Choose one of these.")
    return RENDERERS[name]


def load(name: str) -> Renderer:
    """A renderer with its networks loaded; fetches weights that are missing. BadInput for an unknown name."""
    return _choice(name).load()


def weights_of(name: str) -> tuple[str, ...]:
    """Names in the weights manifest that a renderer needs."""
    return _choice(name).weights
