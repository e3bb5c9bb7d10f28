"""The renderers by name. A renderer is loaded once for a task, locked, and renders one request at a time."""

from __future__ import annotations

import functools
import os
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from pipelines import looking, recipes, remote, weights, wire
from pipelines.errors import BadInput
from pipelines.outfit import put_on
from pipelines.schema import (
    Category,
    EditRequest,
    OnProgress,
    Piece,
    RenderResult,
    RenderSettings,
    RoomRequest,
    TryOnRequest,
)

if TYPE_CHECKING:  # they load torch
    from pipelines.diffusion.compact import CompactInpaintPipeline
    from pipelines.room import Paint as PaintRoom
    from pipelines.tryon import Perception

T = TypeVar("T")

#: Names the renderer of the app.
RENDERER_VARIABLE = "TRYROOM_RENDERER"


class Renderer(Protocol):
    """What renders one kind of request. `recipe` tells what it would be made with, without rendering it."""

    def recipe(self, request: Any) -> dict[str, Any]: ...

    def render(self, request: Any, on_progress: OnProgress | None = None) -> RenderResult: ...


#: Loads what renders a task: (renderer, task) → Renderer.
Load = Callable[[str, str], Renderer]


def tryon_networks(compact: Path | None = None) -> tuple[Perception, CompactInpaintPipeline]:
    """What a try-on needs, loaded: the networks that look, and the pipeline that paints.

    Args:
        compact: folder of the pipeline; None = the bundled one.
    """
    import torch
    from diffusers.utils import logging

    from pipelines.diffusion.compact import CompactInpaintPipeline

    perception = looking.tryon_perception()
    logging.disable_progress_bar()  # the weights are local and small: nothing to watch
    pipe = CompactInpaintPipeline.from_pretrained(compact or weights.resolve("compact"), dtype=torch.float32)
    pipe.set_progress_bar_config(disable=True)
    return perception, pipe


class _TryOn(ABC):
    """What the renderers of try-ons share: one garment or several. Thread-safe: one render at a time."""

    _perception: Perception
    #: diffusers pipelines and LiteRT interpreters keep state during a call.
    _lock: threading.Lock

    @abstractmethod
    def recipe(self, request: TryOnRequest) -> dict[str, Any]:
        """Everything that decides the picture; no pixels, no paths."""

    def render(self, request: TryOnRequest, on_progress: OnProgress | None = None) -> RenderResult:
        """See `pipelines.tryon`, and `pipelines.outfit` for several garments."""
        with self._lock:
            if not request.others:
                return self._render_one(request, on_progress)
            return put_on(request, self._category_of, self._render_one, self.recipe(request), on_progress)

    def _category_of(self, piece: Piece) -> Category:
        """What a garment is, as said or as seen."""
        return piece.category if piece.category != "auto" else self._perception.garment.analyse(piece.garment).category

    @abstractmethod
    def _render_one(self, request: TryOnRequest, on_progress: OnProgress | None) -> RenderResult:
        """One garment on the person."""


class CompactTryOn(_TryOn):
    """Garments on people by our own networks, on the CPU."""

    WEIGHTS = (*looking.PEOPLE, "compact")

    def __init__(self) -> None:
        self._perception, self._pipe = tryon_networks()
        self._revision = looking.tryon_revisions(self.WEIGHTS)
        self._lock = threading.Lock()

    def recipe(self, request: TryOnRequest) -> dict[str, Any]:
        """Everything that decides the picture; no pixels, no paths."""
        return recipes.of_tryon(request, "compact", self._revision)

    def _render_one(self, request: TryOnRequest, on_progress: OnProgress | None) -> RenderResult:
        from pipelines.tryon import try_on

        return try_on(request, self._perception, self._pipe, self.recipe(request), on_progress)


class CompactRoom:
    """Furniture in rooms by our own networks, on the CPU. Thread-safe: nothing is kept between renders."""

    WEIGHTS = (*looking.ROOMS, "harmony")

    def __init__(self) -> None:
        from pipelines.diffusion.harmoniser import Harmoniser
        from pipelines.perception.camera_height import room_networks

        self._networks = room_networks()
        self._harmonise = Harmoniser(weights.resolve("harmony"))
        self._revision = looking.revisions(self.WEIGHTS)

    def recipe(self, request: RoomRequest) -> dict[str, Any]:
        """Everything that decides the picture; no pixels, no paths."""
        return recipes.of_room(request, "compact", self._revision)

    def render(self, request: RoomRequest, on_progress: OnProgress | None = None) -> RenderResult:
        """See `pipelines.room.render_room`."""
        return self.render_with(None, request, self.recipe(request), on_progress)

    def render_with(
        self, paint: PaintRoom | None, request: RoomRequest, recipe: dict[str, Any], on_progress: OnProgress | None
    ) -> RenderResult:
        """The same with something that paints over what was drawn."""
        from pipelines.room import render_room

        return render_room(request, self._networks, self._harmonise, recipe, on_progress, paint)


class Published:
    """What the published renderers of all tasks share: a painter, loaded. Thread-safe: one render at a time.

    Args:
        name: of the renderer, in RENDERERS. task: what it renders. memory: see `pipelines.diffusion.memory.CHOICES`.
    """

    def __init__(self, name: str, task: str, memory: str) -> None:
        from pipelines.diffusion.published.loading import load_painter

        self._name, self._lock = name, threading.Lock()
        self._licences = {one: weights.find(one).licence for one in painter_weights(name, task)}
        folders = {one: weights.resolve(one) for one in painter_weights(name, task)}
        revisions = looking.tryon_revisions if task == "tryon" else looking.revisions
        self._revision = revisions(weights_of(name, task))
        self._painter = load_painter(name, task, folders, memory)

    def _with_painter(self, recipe: dict[str, Any]) -> dict[str, Any]:
        """A recipe with what decides the picture beside the request."""
        return {**recipe, "painter": self._painter.said(), "licences": self._licences}


class PublishedTryOn(Published, _TryOn):
    """Garments on people by a published model; what it is told of them is found by our own networks."""

    def __init__(self, name: str, memory: str = "auto") -> None:
        super().__init__(name, "tryon", memory)
        self._perception = looking.tryon_perception()

    def recipe(self, request: TryOnRequest) -> dict[str, Any]:
        """Everything that decides the picture; no pixels, no paths."""
        recipe = recipes.of_tryon(request, self._name, self._revision)
        return self._with_painter({**recipe, "title": request.title})

    def _render_one(self, request: TryOnRequest, on_progress: OnProgress | None) -> RenderResult:
        from pipelines.published import dress
        from pipelines.tryon import try_on_with

        paint = functools.partial(dress, self._painter)
        return try_on_with(request, self._perception, paint, self.recipe(request), on_progress)


class PublishedRoom(Published):
    """Furniture in rooms by a published model, over what our own networks placed and lit."""

    def __init__(self, name: str, memory: str = "auto") -> None:
        super().__init__(name, "room", memory)
        self._compact = CompactRoom()

    def recipe(self, request: RoomRequest) -> dict[str, Any]:
        """Everything that decides the picture; no pixels, no paths."""
        recipe = recipes.of_room(request, self._name, self._revision)
        steps, names = request.settings.num_inference_steps, [standing.name for standing in request.items]
        return self._with_painter({**recipe, "num_inference_steps": steps, "names": names})

    def render(self, request: RoomRequest, on_progress: OnProgress | None = None) -> RenderResult:
        """See `pipelines.room.render_room`."""
        from pipelines.published import furnish

        with self._lock:
            paint = functools.partial(furnish, self._painter)
            return self._compact.render_with(paint, request, self.recipe(request), on_progress)


class PublishedEdit(Published):
    """Photos changed as words say, by a published model."""

    def __init__(self, name: str, memory: str = "auto") -> None:
        super().__init__(name, "edit", memory)

    def recipe(self, request: EditRequest) -> dict[str, Any]:
        """Everything that decides the picture; no pixels, no paths."""
        return self._with_painter(recipes.of_edit(request, self._name, self._revision))

    def render(self, request: EditRequest, on_progress: OnProgress | None = None) -> RenderResult:
        """See `pipelines.published.edit`."""
        from pipelines.published import edit

        with self._lock:
            return edit(self._painter, request, self.recipe(request), on_progress or (lambda _: None))


# --- the registry ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Choice:
    """A renderer that can be chosen.

    Attributes:
        tasks: what renders each task, given how it shall fit the machine. weights: what each task needs, by name.
        about: for people.
    """

    tasks: Mapping[str, Callable[[str], Renderer]]
    weights: Mapping[str, tuple[str, ...]]
    about: str


def _as_it_is(load: Callable[[], Renderer]) -> Callable[[str], Renderer]:
    """A renderer of which nobody asks how it shall fit this machine: ours fits any, and a remote one is elsewhere."""

    def loaded(memory: str) -> Renderer:
        if memory != "auto":
            step = "Leave --memory out, or choose a published model."
            raise BadInput("--memory", repr(memory), "nothing: this renderer runs on any machine as it is", step)
        return load()

    return loaded


def _published(name: str, about: str, people: tuple[str, ...], rooms: tuple[str, ...]) -> Choice:
    """A published model that paints people and rooms, with the weights that each needs of its own."""
    return Choice(
        {"tryon": functools.partial(PublishedTryOn, name), "room": functools.partial(PublishedRoom, name)},
        {"tryon": (*looking.PEOPLE, *people), "room": (*CompactRoom.WEIGHTS, *rooms)},
        about,
    )


_SD15 = ("sd15-inpainting", "clip-vision-h", "ip-adapter-sd15")
_SDXL = ("sdxl-base", "sdxl-union", "clip-vision-h", "ip-adapter-sdxl")
_FLUX = ("flux-fill", "flux-redux", "flux-union")
# catvton first: its licence is asked for before anything is fetched.
_CONCAT = ("catvton", "sd15-inpainting", "sd-vae-ft-mse")

#: What each needs and which to choose: docs/renderers.md.
RENDERERS: dict[str, Choice] = {
    "compact": Choice(
        {"tryon": _as_it_is(CompactTryOn), "room": _as_it_is(CompactRoom)},
        {"tryon": CompactTryOn.WEIGHTS, "room": CompactRoom.WEIGHTS},
        "our own networks; a laptop's CPU is enough",
    ),
    "sd15": _published(
        "sd15", "Stable Diffusion 1.5, ControlNet, IP-Adapter", (*_SD15, "sd15-openpose"), (*_SD15, "sd15-depth")
    ),
    "sd15-lcm": _published(
        "sd15-lcm",
        "the same in a few steps, by LCM-LoRA",
        (*_SD15, "sd15-openpose", "sd15-lcm"),
        (*_SD15, "sd15-depth", "sd15-lcm"),
    ),
    "sdxl": _published("sdxl", "Stable Diffusion XL, one ControlNet for all, IP-Adapter", _SDXL, _SDXL),
    "flux-fill": _published("flux-fill", "FLUX.1 Fill, Redux, ControlNet; not for commercial use", _FLUX, _FLUX),
    "edit": Choice(
        {"edit": functools.partial(PublishedEdit, "edit")},
        {"edit": ("instruct-pix2pix",)},
        "InstructPix2Pix: changes a photo as words say",
    ),
    "concat": Choice(
        {"tryon": functools.partial(PublishedTryOn, "concat")},
        {"tryon": (*looking.PEOPLE, *_CONCAT)},
        "person and garment side by side (CatVTON); not for commercial use",
    ),
    "remote": Choice(
        {task: _as_it_is(functools.partial(remote.from_environment, task)) for task in wire.TASKS},
        dict.fromkeys(wire.TASKS, ()),
        f"another Tryroom, `tryroom serve`, at the address in {remote.URL_VARIABLE}",
    ),
}


def _choice(name: str) -> Choice:
    if name not in RENDERERS:
        raise BadInput("renderer", repr(name), ", ".join(RENDERERS), "Choose one of these.")
    return RENDERERS[name]


def load(name: str, task: str, memory: str = "auto") -> Renderer:
    """What renders a task, its networks loaded; fetches weights that are missing.

    Args:
        memory: how a published model shall fit the machine, one of `pipelines.diffusion.memory.CHOICES`.

    Raises:
        BadInput: an unknown name, or a task that it does not render.
    """
    return _of_task(_choice(name).tasks, task, name)(memory)


def default_name(task: str) -> str:
    """The renderer of the app for a task.

    It is the one that the environment names, by `RENDERER_VARIABLE` or as the address of another Tryroom; where that
    one does not render the task, and where none is named, it is ours. BadInput for an unknown name.
    """
    named = os.environ.get(RENDERER_VARIABLE) or ("remote" if os.environ.get(remote.URL_VARIABLE) else "")
    return named if named and task in tasks_of(named) else RenderSettings.renderer


def tasks_of(name: str) -> tuple[str, ...]:
    """What a renderer renders."""
    return tuple(_choice(name).tasks)


def weights_of(name: str, task: str) -> tuple[str, ...]:
    """Names in the weights manifest that a renderer needs for a task."""
    return _of_task(_choice(name).weights, task, name)


def painter_weights(name: str, task: str) -> tuple[str, ...]:
    """Of those, the ones of the published model itself."""
    return tuple(one for one in weights_of(name, task) if weights.find(one).source == "hub")


def _of_task(choices: Mapping[str, T], task: str, renderer: str) -> T:
    if task not in choices:
        able = ", ".join(name for name, choice in RENDERERS.items() if task in choice.tasks) or "none"
        step = f"Renderers for {task}: {able}."
        raise BadInput("task", f"{task!r} for renderer {renderer}", ", ".join(choices), step)
    return choices[task]
