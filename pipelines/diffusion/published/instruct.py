"""InstructPix2Pix: a picture changed as words say.

Brooks, Holynski and Efros, InstructPix2Pix: Learning to Follow Image Editing Instructions, CVPR 2023.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from diffusers import StableDiffusionInstructPix2PixPipeline

from pipelines.diffusion.memory import Memory, Size, loading, place
from pipelines.diffusion.published.painter import DiffusersPainter, Folders, PainterSettings, pil, variant_of
from pipelines.geometry.canvas import Canvas

SIZE = Size(total=2.2, largest=1.72)


@dataclass(frozen=True)
class InstructSettings(PainterSettings):
    """How it paints.

    Attributes:
        image_guidance_scale: how much the picture counts.
    """

    side: int = 512
    steps: int = 30
    guidance_scale: float = 7.5
    image_guidance_scale: float = 1.5


USUAL = InstructSettings()


class InstructPainter(DiffusersPainter):
    """See the module. It sees the whole canvas and knows of no mask."""

    settings: InstructSettings
    pipe: StableDiffusionInstructPix2PixPipeline

    def arguments(self, canvas: Canvas, steps: int) -> dict[str, Any]:
        """See `DiffusersPainter`."""
        return {
            "prompt": canvas.prompt,
            "image": pil(canvas.photo),
            "num_inference_steps": steps,
            "guidance_scale": self.settings.guidance_scale,
            "image_guidance_scale": self.settings.image_guidance_scale,
        }


def load(folders: Folders, memory: Memory, settings: InstructSettings = USUAL) -> InstructPainter:
    """Load it.

    Args:
        folders: of instruct-pix2pix.
    """
    base = folders["instruct-pix2pix"]
    pipe = StableDiffusionInstructPix2PixPipeline.from_pretrained(
        base,
        safety_checker=None,
        requires_safety_checker=False,
        feature_extractor=None,
        variant=variant_of(base),
        **loading(memory),
    )
    place(pipe, memory)
    return InstructPainter(pipe, settings, memory)
