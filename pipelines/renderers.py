"""The renderers by name. A renderer is loaded once for a task, locked, and renders one request at a time."""

from __future__ import annotations

import dataclasses
import hashlib
import os
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from pipelines import images, weights
from pipelines.errors import BadInput
from pipelines.outfit import put_on
from pipelines.schema import Category, OnProgress, Piece, RenderResult, RoomRequest, Standing, TryOnRequest

if TYPE_CHECKING:  # they load torch
    from pipelines.diffusion.compact import CompactInpaintPipeline
    from pipelines.perception.pose import FindsPose
    from pipelines.tryon import Perception

T = TypeVar("T")

#: Names a file of OpenPose's weights, whose points then take the place of BlazePose's.
OPENPOSE_VARIABLE = "TRYROOM_OPENPOSE"


class Renderer(Protocol):
    """What renders one kind of request. `recipe` tells what it would be made with, without rendering it."""

    def recipe(self, request: Any) -> dict[str, Any]: ...

    def render(self, request: Any, on_progress: OnProgress | None = None) -> RenderResult: ...


def openpose_file() -> Path | None:
    """The file of OpenPose's weights that was named to find poses by; None = BlazePose finds them alone."""
    named = os.environ.get(OPENPOSE_VARIABLE)
    return Path(named).expanduser() if named else None


def pose_finder() -> FindsPose:
    """What finds poses: BlazePose, with OpenPose's points where its weights are named."""
    from pipelines.perception.pose import PoseEstimator

    blazepose = PoseEstimator(weights.resolve("blazepose"))
    if (own := openpose_file()) is None:
        return blazepose
    from pipelines.perception.openpose import OpenPoseEstimator, load_openpose

    return OpenPoseEstimator(blazepose, load_openpose(own))


def tryon_revisions(names: Iterable[str]) -> dict[str, str]:
    """The revisions of weights in the manifest, by name, and of OpenPose's where they are named."""
    revisions = {name: weights.revision(name) for name in names}
    if (own := openpose_file()) is not None:
        revisions["openpose"] = hashlib.sha256(own.read_bytes()).hexdigest()[:12]
    return revisions


def tryon_networks(compact: Path | None = None) -> tuple[Perception, CompactInpaintPipeline]:
    """What a try-on needs, loaded: the networks that look, and the pipeline that paints.

    Args:
        compact: folder of the pipeline; None = the bundled one.
    """
    import torch
    from diffusers.utils import logging

    from pipelines.diffusion.compact import CompactInpaintPipeline
    from pipelines.perception.garment import GarmentAnalyser
    from pipelines.perception.parsing import Parser
    from pipelines.tryon import Perception

    backbone = weights.resolve("efficientnet-lite0")
    perception = Perception(
        pose_finder(),
        Parser(weights.resolve("parser")),
        GarmentAnalyser(weights.resolve("garment"), next(backbone.glob("*.pth"))),
    )
    logging.disable_progress_bar()  # the weights are local and small: nothing to watch
    pipe = CompactInpaintPipeline.from_pretrained(compact or weights.resolve("compact"), dtype=torch.float32)
    pipe.set_progress_bar_config(disable=True)
    return perception, pipe


class CompactTryOn:
    """Garments on people by our own networks, on the CPU. Thread-safe: one render at a time."""

    WEIGHTS = ("blazepose", "parser", "garment", "efficientnet-lite0", "compact")

    def __init__(self) -> None:
        self._perception, self._pipe = tryon_networks()
        self._revision = tryon_revisions(self.WEIGHTS)
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
            "wear": dataclasses.asdict(request.wear),
            "mask_grow": request.mask_grow,
            "garment_width": request.garment_width,
            "person_height": request.person_height,
            "others": [_said_of_piece(piece) for piece in request.others],
            "seed": request.settings.seed,
            "num_inference_steps": request.settings.num_inference_steps,
            "quality": request.settings.quality,
        }

    def render(self, request: TryOnRequest, on_progress: OnProgress | None = None) -> RenderResult:
        """See `pipelines.tryon.try_on`, and `pipelines.outfit` for several garments."""
        with self._lock:
            if not request.others:
                return self._render_one(request, on_progress)
            return put_on(request, self._category_of, self._render_one, self.recipe(request), on_progress)

    def _category_of(self, piece: Piece) -> Category:
        if piece.category != "auto":
            return piece.category
        return self._perception.garment.analyse(piece.garment).category

    def _render_one(self, request: TryOnRequest, on_progress: OnProgress | None) -> RenderResult:
        from pipelines.tryon import try_on

        return try_on(request, self._perception, self._pipe, self.recipe(request), on_progress)


class CompactRoom:
    """Furniture in rooms by our own networks, on the CPU. Thread-safe: nothing is kept between renders."""

    WEIGHTS = ("floor", "camera_height", "harmony")

    def __init__(self) -> None:
        from pipelines.diffusion.harmoniser import Harmoniser
        from pipelines.perception.camera_height import room_networks

        self._networks = room_networks()
        self._harmonise = Harmoniser(weights.resolve("harmony"))
        self._revision = {name: weights.revision(name) for name in self.WEIGHTS}

    def recipe(self, request: RoomRequest) -> dict[str, Any]:
        """Everything that decides the picture; no pixels, no paths."""
        hashed = lambda pixels: None if pixels is None else images.pixels_sha256(pixels)  # noqa: E731
        return {
            "task": "room",
            "renderer": "compact",
            "weights": self._revision,
            "room": images.pixels_sha256(request.room),
            "items": [_said_of(standing) for standing in request.items],
            "camera": dataclasses.asdict(request.camera),
            "mask": hashed(request.mask),
            "remove": hashed(request.remove),
            "seed": request.settings.seed,
        }

    def render(self, request: RoomRequest, on_progress: OnProgress | None = None) -> RenderResult:
        """See `pipelines.room.render_room`."""
        from pipelines.room import render_room

        return render_room(request, self._networks, self._harmonise, self.recipe(request), on_progress)


def _said_of_piece(piece: Piece) -> dict[str, Any]:
    """What the recipe of a try-on says of a garment that is put on as well."""
    return {
        "garment": images.pixels_sha256(piece.garment),
        "category": piece.category,
        "wear": None if piece.wear is None else dataclasses.asdict(piece.wear),
        "garment_width": piece.garment_width,
    }


def _said_of(standing: Standing) -> dict[str, Any]:
    """What the recipe of a room says of one item."""
    return {
        "pictures": [images.pixels_sha256(view.picture) for view in standing.item.views],
        "at": standing.at,
        "yaw": standing.yaw,
        "size": standing.size or standing.item.size,
    }


@dataclass(frozen=True)
class Choice:
    """A renderer that can be chosen: what renders each task."""

    tasks: Mapping[str, Callable[[], Renderer]]
    weights: Mapping[str, tuple[str, ...]]
    about: str


RENDERERS: dict[str, Choice] = {
    "compact": Choice(
        {"tryon": CompactTryOn, "room": CompactRoom},
        {"tryon": CompactTryOn.WEIGHTS, "room": CompactRoom.WEIGHTS},
        "our own networks; a laptop's CPU is enough",
    ),
}


def _choice(name: str) -> Choice:
    if name not in RENDERERS:
        raise BadInput("renderer", repr(name), ", ".join(RENDERERS), "Choose one of these.")
    return RENDERERS[name]


def load(name: str, task: str) -> Renderer:
    """What renders a task, its networks loaded; fetches weights that are missing. BadInput for an unknown name."""
    return _of_task(_choice(name).tasks, task)()


def weights_of(name: str, task: str) -> tuple[str, ...]:
    """Names in the weights manifest that a renderer needs for a task."""
    return _of_task(_choice(name).weights, task)


def _of_task(choices: Mapping[str, T], task: str) -> T:
    if task not in choices:
        raise BadInput("task", repr(task), ", ".join(choices), "Choose one of these.")
    return choices[task]
