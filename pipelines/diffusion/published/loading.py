"""From a renderer's name to its painter, loaded from folders that are here."""

from __future__ import annotations

from collections.abc import Callable

from diffusers.utils import logging as diffusers_logging
from transformers.utils import logging as transformers_logging

from pipelines.diffusion.memory import Memory, Size, decide, machine
from pipelines.diffusion.published import concat, fluxfill, instruct, sd15, sdxl
from pipelines.diffusion.published.painter import Folders, Painter
from pipelines.geometry.canvas import Control

#: What a union ControlNet is shown, by task; a ControlNet of one kind is shown the first of them.
CONTROLS: dict[str, tuple[Control, ...]] = {"tryon": ("pose",), "room": ("depth", "lines")}

#: By renderer: how much memory it needs, and what loads it, given folders, memory and task.
LOADERS: dict[str, tuple[Size, Callable[[Folders, Memory, str], Painter]]] = {
    "sd15": (sd15.SIZE, lambda folders, memory, task: sd15.load(folders, memory, CONTROLS[task][0])),
    "sd15-lcm": (
        sd15.SIZE,
        lambda folders, memory, task: sd15.load(folders, memory, CONTROLS[task][0], sd15.LCM, fast=True),
    ),
    "sdxl": (sdxl.SIZE, lambda folders, memory, task: sdxl.load(folders, memory, CONTROLS[task])),
    "flux-fill": (fluxfill.SIZE, lambda folders, memory, task: fluxfill.load(folders, memory, CONTROLS[task][0])),
    "concat": (concat.SIZE, lambda folders, memory, _: concat.load(folders, memory)),
    "edit": (instruct.SIZE, lambda folders, memory, _: instruct.load(folders, memory)),
}


def load_painter(name: str, task: str, folders: Folders, memory: str) -> Painter:
    """Load the painter of a renderer.

    Args:
        folders: of its weights, by their names in the manifest.
        memory: one of `pipelines.diffusion.memory.CHOICES`.

    Raises:
        BadInput, MissingLibrary: it cannot run here in this way; see `pipelines.diffusion.memory.decide`.
    """
    # Workers of a batch would write over each other.
    diffusers_logging.disable_progress_bar()
    transformers_logging.disable_progress_bar()
    size, load = LOADERS[name]
    return load(folders, decide(size, machine(), memory), task)
