"""FLUX.1 Fill with Redux and a ControlNet: the hint is its start, the item's picture goes on from the words.

Black Forest Labs, FLUX.1 Tools, 2024; the ControlNet is FLUX.1-dev-ControlNet-Union-Pro-2.0 by Shakker Labs, which
tells by itself what kind of picture it is shown. See `pipelines.diffusion.guided_fill`. Their licence allows no
commercial use.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from diffusers import FluxControlNetModel, FluxPriorReduxPipeline
from torch import Tensor

from pipelines.diffusion.guided_fill import GuidedFluxFillPipeline
from pipelines.diffusion.memory import Memory, Size, loading, loading_one, place
from pipelines.diffusion.published.painter import DiffusersPainter, Folders, PainterSettings, asked_for, pil
from pipelines.geometry.canvas import Canvas, Control

# Its order of use does not name the ControlNet: once called, it stays on the GPU beside the transformer.
SIZE = Size(total=39.0, largest=28.3, wants="bfloat16", quantised=("transformer", "text_encoder_2", "controlnet"))


@dataclass(frozen=True)
class FluxFillSettings(PainterSettings):
    """How it paints: guidance is an input of the network here, and 30 is what it was distilled for.

    Attributes:
        strength: how much of the hint is noise at the start, and which share of its steps the pipeline then does.
        item_scale: how much the item's picture counts. control_scale: how much pose or depth counts.
        control_guidance_end: until which share of the steps it does.
    """

    side: int = 1024
    steps: int = 30
    guidance_scale: float = 30.0
    strength: float = 0.9
    item_scale: float = 1.0
    control_scale: float = 0.9
    control_guidance_end: float = 0.65


#: By what it is shown, as the card of the ControlNet recommends.
USUAL: dict[Control, FluxFillSettings] = {
    "pose": FluxFillSettings(),
    "depth": FluxFillSettings(control_scale=0.8, control_guidance_end=0.8),
}


class FluxFillPainter(DiffusersPainter):
    """See the module. For people `control` is the pose, for rooms depth."""

    settings: FluxFillSettings
    pipe: GuidedFluxFillPipeline
    multiple: ClassVar[int] = 16

    def __init__(self, pipe: Any, settings: FluxFillSettings, memory: Memory, control: Control) -> None:
        super().__init__(pipe, settings, memory)
        self.controls = (control,)

    def arguments(self, canvas: Canvas, steps: int) -> dict[str, Any]:
        """See `DiffusersPainter`."""
        height, width = canvas.mask.shape
        strength = self.settings.strength
        return {
            "prompt": canvas.prompt,
            "image": pil(canvas.hint),
            "mask_image": pil(canvas.mask),
            "item_image": pil(canvas.item),
            "control_image": pil(canvas.controls[self.controls[0]]),
            "height": height,
            "width": width,
            "strength": strength,
            "num_inference_steps": asked_for(steps, lambda asked: asked - int(asked - asked * strength)),
            "guidance_scale": self.settings.guidance_scale,
            "item_scale": self.settings.item_scale,
            "controlnet_conditioning_scale": self.settings.control_scale,
            "control_guidance_end": self.settings.control_guidance_end,
        }

    def to_decode(self, latents: Tensor, canvas: Canvas) -> Tensor:
        """See `DiffusersPainter`: out of the packs of 2 × 2 that the network takes."""
        unpacked = self.pipe._unpack_latents(latents, *canvas.mask.shape, self.pipe.vae_scale_factor)
        return super().to_decode(unpacked, canvas) + self.pipe.vae.config.shift_factor


def load(
    folders: Folders, memory: Memory, control: Control, settings: FluxFillSettings | None = None
) -> FluxFillPainter:
    """Load it.

    Args:
        folders: of flux-fill, flux-redux, flux-union.
        settings: those of USUAL if not given.
    """
    redux = FluxPriorReduxPipeline.from_pretrained(folders["flux-redux"], **loading_one(memory, "image_encoder"))
    pipe = GuidedFluxFillPipeline.from_pretrained(
        folders["flux-fill"],
        controlnet=FluxControlNetModel.from_pretrained(folders["flux-union"], **loading_one(memory, "controlnet")),
        image_encoder=redux.image_encoder,
        feature_extractor=redux.feature_extractor,
        image_embedder=redux.image_embedder,
        **loading(memory, apart=("controlnet",)),
    )
    place(pipe, memory)
    return FluxFillPainter(pipe, settings or USUAL[control], memory, control)
