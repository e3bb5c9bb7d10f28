"""FLUX.1 Fill: it goes on with what it sees and reads; the hint is its start. It takes no pose and no item's picture.

Black Forest Labs, FLUX.1 Tools, 2024. Its licence allows no commercial use.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from diffusers import FluxFillPipeline
from torch import Tensor

from pipelines.diffusion.memory import Memory, Size, loading, place
from pipelines.diffusion.published.painter import DiffusersPainter, Folders, PainterSettings, asked_for, pil
from pipelines.geometry.canvas import Canvas

SIZE = Size(total=33.7, largest=23.8, wants="bfloat16", quantised=("transformer", "text_encoder_2"))


@dataclass(frozen=True)
class FluxFillSettings(PainterSettings):
    """How it paints: guidance is an input of the network here, and 30 is what it was distilled for."""

    side: int = 1024
    steps: int = 30
    guidance_scale: float = 30.0
    strength: float = 0.9


USUAL = FluxFillSettings()


class FluxFillPainter(DiffusersPainter):
    """See the module."""

    settings: FluxFillSettings
    pipe: FluxFillPipeline
    multiple: ClassVar[int] = 16

    def arguments(self, canvas: Canvas, steps: int) -> dict[str, Any]:
        """See `DiffusersPainter`."""
        height, width = canvas.mask.shape
        strength = self.settings.strength
        return {
            "prompt": canvas.prompt,
            "image": pil(canvas.hint),
            "mask_image": pil(canvas.mask),
            "height": height,
            "width": width,
            "strength": strength,
            "num_inference_steps": asked_for(steps, lambda asked: asked - int(asked - asked * strength)),
            "guidance_scale": self.settings.guidance_scale,
        }

    def to_decode(self, latents: Tensor, canvas: Canvas) -> Tensor:
        """See `DiffusersPainter`: out of the packs of 2 × 2 that the network takes."""
        unpacked = self.pipe._unpack_latents(latents, *canvas.mask.shape, self.pipe.vae_scale_factor)
        return super().to_decode(unpacked, canvas) + self.pipe.vae.config.shift_factor


def load(folders: Folders, memory: Memory, settings: FluxFillSettings = USUAL) -> FluxFillPainter:
    """Load it.

    Args:
        folders: of flux-fill.
    """
    pipe = FluxFillPipeline.from_pretrained(folders["flux-fill"], **loading(memory))
    place(pipe, memory)
    return FluxFillPainter(pipe, settings, memory)
