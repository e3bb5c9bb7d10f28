"""What every published painter is: a loaded diffusers pipeline, its settings, and one call that paints a canvas."""

from __future__ import annotations

import dataclasses
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, ClassVar, Protocol

import numpy as np
import torch
from diffusers import DiffusionPipeline
from numpy.typing import NDArray
from PIL import Image as PILImage
from torch import Tensor

from pipelines.diffusion.memory import Memory
from pipelines.geometry.canvas import Canvas, Control, Form
from pipelines.schema import Image, Mask

#: Called after each step with (steps done, steps in all, the picture as it is then or None). To cancel, raise from it.
OnStep = Callable[[int, int, Image | None], None]
#: Steps from one picture of the state to the next: each takes one pass of the autoencoder's decoder.
PREVIEW_EVERY = 5
#: Folders of weights by name in the manifest.
Folders = Mapping[str, Path]


class Painter(Protocol):
    """What paints a canvas. Keeps state during a call: one thread at a time."""

    @property
    def form(self) -> Form:
        """The pictures it paints."""

    @property
    def controls(self) -> tuple[Control, ...]:
        """The control pictures it wants on a canvas."""

    def said(self) -> dict[str, Any]:
        """What the recipe says of it: everything of it that decides the picture, its weights excepted."""

    def paint(self, canvas: Canvas, seed: int, steps: int, on_step: OnStep) -> Image:
        """Paint a canvas.

        Args:
            seed: of the one CPU generator made for it.
            steps: denoising steps; 0 = as many as it usually takes.

        Returns:
            RGB uint8, the size of the canvas; what it did outside the mask is for the caller to undo.
        """


@dataclasses.dataclass(frozen=True)
class PainterSettings:
    """What all painters are set by.

    Attributes:
        side: pictures have about this many pixels squared.
        steps: where a request does not say.
        guidance_scale: how much the words count.
    """

    side: int
    steps: int
    guidance_scale: float


class DiffusersPainter(ABC):
    """A published pipeline. What is its own: how it is loaded, and what its call is given.

    Args:
        pipe: loaded, and placed on its device as `memory` says. settings: how it paints.
    """

    controls: tuple[Control, ...] = ()
    multiple: ClassVar[int] = 64

    def __init__(self, pipe: DiffusionPipeline, settings: PainterSettings, memory: Memory) -> None:
        self.pipe, self.settings, self.memory = pipe, settings, memory
        pipe.set_progress_bar_config(disable=True)

    @property
    def form(self) -> Form:
        """See `Painter`."""
        return Form(self.settings.side, self.multiple)

    def said(self) -> dict[str, Any]:
        """See `Painter`."""
        return {**dataclasses.asdict(self.settings), **self.memory.said()}

    @abstractmethod
    def arguments(self, canvas: Canvas, steps: int) -> dict[str, Any]:
        """What the pipeline's call is given beside generator and callback."""

    def to_decode(self, latents: Tensor, canvas: Canvas) -> Tensor:
        """Latents of a step, (1, C, h, w), as the autoencoder decodes them."""
        return latents / self.pipe.vae.config.scaling_factor

    def preview(self, latents: Tensor, canvas: Canvas) -> Image:
        """The picture that latents of a step stand for, RGB uint8, the size of the canvas."""
        vae = self.pipe.vae
        held = vae.dtype
        vae.to(torch.float32)  # some decoders overflow in half precision; to there and back changes no weight
        try:
            decoded = vae.decode(self.to_decode(latents, canvas).float(), return_dict=False)[0]
        finally:
            vae.to(held)
        return _uint8(self.pipe.image_processor.postprocess(decoded, output_type="np"))

    def paint(self, canvas: Canvas, seed: int, steps: int, on_step: OnStep) -> Image:
        """See `Painter`."""
        steps = steps or self.settings.steps

        def on_step_end(_: Any, step: int, __: Any, tensors: dict[str, Any]) -> dict[str, Any]:
            done = min(step + 1, steps)
            # Where networks are moved to the GPU and away, a decoder in between would cost more than the steps.
            seen = done % PREVIEW_EVERY == 0 and self.memory.offload == "none"
            on_step(done, steps, self.preview(tensors["latents"], canvas) if seen else None)
            return tensors

        try:
            output = self.pipe(
                **self.arguments(canvas, steps),
                generator=torch.Generator("cpu").manual_seed(seed),
                callback_on_step_end=on_step_end,
                output_type="np",
            )
        finally:
            # A call that was cancelled leaves networks on the device.
            self.pipe.maybe_free_model_hooks()
        return _uint8(output.images)


def _uint8(pictures: NDArray[np.float32]) -> Image:
    """The first of diffusers' pictures, 0 to 1 (N, H, W, 3), as RGB uint8."""
    return np.asarray(np.rint(255 * pictures[0]).clip(0, 255), np.uint8)


def asked_for(steps: int, done: Callable[[int], int]) -> int:
    """How many steps a pipeline has to be asked for to do `steps`: one that starts from a picture leaves out the first.

    Args:
        done: how many it does of those it is asked for.
    """
    return next(asked for asked in range(steps, 100 * steps + 1) if done(asked) >= steps)


def pil(picture: Image | Mask) -> PILImage.Image:
    """A picture as diffusers' own preprocessors take it: range, channels and the polarity of masks are theirs."""
    return PILImage.fromarray(picture)


def variant_of(folder: Path) -> str | None:
    """ "fp16" where a folder holds half-precision files only, as repositories that were fetched in part do."""
    names = [path.name for path in folder.rglob("*.safetensors")]
    return "fp16" if names and all(".fp16." in name for name in names) else None
