"""Stable Diffusion XL with one ControlNet for all conditions and IP-Adapter, painting inside a mask.

Podell et al., SDXL: Improving Latent Diffusion Models for High-Resolution Image Synthesis, ICLR 2024; the ControlNet is
controlnet-union-sdxl-1.0 by xinsir. Its pipeline takes a network of four channels: the base model, which keeps what is
outside the mask by putting it back after each step, and not the one that learnt inpainting.
"""

from __future__ import annotations

from typing import Any, Final

from diffusers import ControlNetUnionModel, StableDiffusionXLControlNetUnionInpaintPipeline

from pipelines.diffusion.memory import Memory, Size, loading, place
from pipelines.diffusion.published.adapter import picture_encoder, read_items
from pipelines.diffusion.published.guided import GuidedSettings, guided_arguments
from pipelines.diffusion.published.painter import DiffusersPainter, Folders, pil, variant_of
from pipelines.geometry.canvas import Canvas, Control

# Its order of use names neither ControlNet nor picture encoder: once called they stay on the GPU beside the U-Net.
SIZE = Size(total=11.4, largest=9.8)
#: What the union network counts as which kind: 0 OpenPose, 1 depth, 2 scribbles, 3 lines, 4 normals, 5 segments.
KINDS: Final[dict[Control, int]] = {"pose": 0, "depth": 1, "lines": 3}


USUAL = GuidedSettings(side=1024, steps=30, guidance_scale=6.0, control_scale=0.8)


class SdxlPainter(DiffusersPainter):
    """See the module. For people it is shown the pose, for rooms depth and lines."""

    settings: GuidedSettings
    pipe: StableDiffusionXLControlNetUnionInpaintPipeline

    def __init__(self, pipe: Any, settings: GuidedSettings, memory: Memory, controls: tuple[Control, ...]) -> None:
        super().__init__(pipe, settings, memory)
        self.controls = controls

    def arguments(self, canvas: Canvas, steps: int) -> dict[str, Any]:
        """See `DiffusersPainter`."""
        return {
            **guided_arguments(canvas, self.settings, steps),
            "control_image": [pil(canvas.controls[control]) for control in self.controls],
            "control_mode": [KINDS[control] for control in self.controls],
        }


def load(
    folders: Folders, memory: Memory, controls: tuple[Control, ...], settings: GuidedSettings = USUAL
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
