"""Stable Diffusion XL with one ControlNet for all conditions and IP-Adapter, painting inside a mask.

Podell et al., SDXL: Improving Latent Diffusion Models for High-Resolution Image Synthesis, ICLR 2024; the ControlNet is
controlnet-union-sdxl-1.0 by xinsir. Its pipeline takes a network of four channels: the base model, which keeps what is
outside the mask by putting it back after each step, and not the one that learnt inpainting.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from diffusers import ControlNetUnionModel, StableDiffusionXLControlNetUnionInpaintPipeline

from pipelines.diffusion.memory import Memory, Size, loading, place
from pipelines.diffusion.published.adapter import adapter_masks, picture_encoder, read_items
from pipelines.diffusion.published.painter import (
    DiffusersPainter,
    Folders,
    PainterSettings,
    asked_for,
    pil,
    variant_of,
)
from pipelines.geometry.canvas import Canvas, Control

# Its order of use names neither ControlNet nor picture encoder: once called they stay on the GPU beside the U-Net.
SIZE = Size(total=11.4, largest=9.8)
#: What the union network counts as which kind: 0 OpenPose, 1 depth, 2 scribbles, 3 lines, 4 normals, 5 segments.
KINDS: Final[dict[Control, int]] = {"pose": 0, "depth": 1, "lines": 3}


@dataclass(frozen=True)
class SdxlSettings(PainterSettings):
    """How it paints.

    Attributes:
        control_scale: how much pose, or depth and lines, count. item_scale: how much the item's picture counts.
    """

    side: int = 1024
    steps: int = 30
    guidance_scale: float = 6.0
    strength: float = 0.9
    control_scale: float = 0.8
    item_scale: float = 0.7


USUAL = SdxlSettings()


class SdxlPainter(DiffusersPainter):
    """See the module. For people it is shown the pose, for rooms depth and lines."""

    settings: SdxlSettings
    pipe: StableDiffusionXLControlNetUnionInpaintPipeline

    def __init__(self, pipe: Any, settings: SdxlSettings, memory: Memory, controls: tuple[Control, ...]) -> None:
        super().__init__(pipe, settings, memory)
        self.controls = controls

    def arguments(self, canvas: Canvas, steps: int) -> dict[str, Any]:
        """See `DiffusersPainter`."""
        settings = self.settings
        height, width = canvas.mask.shape
        return {
            "prompt": canvas.prompt,
            "negative_prompt": canvas.negative_prompt,
            "image": pil(canvas.hint),
            "mask_image": pil(canvas.mask),
            "control_image": [pil(canvas.controls[control]) for control in self.controls],
            "control_mode": [KINDS[control] for control in self.controls],
            "ip_adapter_image": pil(canvas.item),
            "cross_attention_kwargs": adapter_masks(canvas.mask),
            "height": height,
            "width": width,
            "strength": settings.strength,
            "num_inference_steps": asked_for(steps, lambda asked: int(asked * settings.strength)),
            "guidance_scale": settings.guidance_scale,
            "controlnet_conditioning_scale": settings.control_scale,
        }


def load(
    folders: Folders, memory: Memory, controls: tuple[Control, ...], settings: SdxlSettings = USUAL
) -> SdxlPainter:
    """Load it.

    Args:
        folders: of sdxl-base, sdxl-union, clip-vision-h, ip-adapter-sdxl.
    """
    given = loading(memory)
    base, network = folders["sdxl-base"], folders["sdxl-union"]
    pipe = StableDiffusionXLControlNetUnionInpaintPipeline.from_pretrained(
        base,
        controlnet=ControlNetUnionModel.from_pretrained(network, variant=variant_of(network), **given),
        variant=variant_of(base),
        add_watermarker=False,
        **picture_encoder(folders, given),
        **given,
    )
    file = "sdxl_models/ip-adapter_sdxl_vit-h.safetensors"
    read_items(pipe, folders["ip-adapter-sdxl"], file, settings.item_scale)
    place(pipe, memory)
    return SdxlPainter(pipe, settings, memory, controls)
