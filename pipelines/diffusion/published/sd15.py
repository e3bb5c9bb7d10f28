"""Stable Diffusion 1.5 inpainting with ControlNet and IP-Adapter: the hint is its start, the item's picture its prompt.

Rombach et al., High-Resolution Image Synthesis with Latent Diffusion Models, CVPR 2022; Zhang, Rao and Agrawala, Adding
Conditional Control to Text-to-Image Diffusion Models, ICCV 2023; Ye et al., IP-Adapter, 2023; Luo et al., LCM-LoRA,
2023.
"""

from __future__ import annotations

import importlib.util
from typing import Any

from diffusers import ControlNetModel, DDIMScheduler, LCMScheduler, StableDiffusionControlNetInpaintPipeline

from pipelines.diffusion.memory import Memory, Size, loading, place
from pipelines.diffusion.published.adapter import picture_encoder, read_items
from pipelines.diffusion.published.guided import GuidedSettings, guided_arguments
from pipelines.diffusion.published.painter import DiffusersPainter, Folders, pil, variant_of
from pipelines.errors import MissingLibrary
from pipelines.geometry.canvas import Canvas, Control

SIZE = Size(total=4.2, largest=1.72)


USUAL = GuidedSettings(side=512, steps=30, guidance_scale=6.0)
#: With LCM-LoRA: guidance above 2 burns such pictures out.
LCM = GuidedSettings(side=512, steps=6, guidance_scale=1.5)


class Sd15Painter(DiffusersPainter):
    """See the module. For people `control` is the pose, for rooms depth."""

    settings: GuidedSettings
    pipe: StableDiffusionControlNetInpaintPipeline

    def __init__(self, pipe: Any, settings: GuidedSettings, memory: Memory, control: Control) -> None:
        super().__init__(pipe, settings, memory)
        self.controls = (control,)

    def arguments(self, canvas: Canvas, steps: int) -> dict[str, Any]:
        """See `DiffusersPainter`."""
        control = pil(canvas.controls[self.controls[0]])
        return {**guided_arguments(canvas, self.settings, steps), "control_image": control}


def load(
    folders: Folders, memory: Memory, control: Control, settings: GuidedSettings = USUAL, fast: bool = False
) -> Sd15Painter:
    """Load it.

    Args:
        folders: of sd15-inpainting, sd15-openpose or sd15-depth, clip-vision-h, ip-adapter-sd15; if `fast`, sd15-lcm.

    Raises:
        MissingLibrary: `fast` without peft.
    """
    if fast and importlib.util.find_spec("peft") is None:
        raise MissingLibrary("peft", "LCM-LoRA", ", or choose --renderer sd15")
    given = loading(memory)
    network = folders["sd15-openpose" if control == "pose" else "sd15-depth"]
    base = folders["sd15-inpainting"]
    pipe = StableDiffusionControlNetInpaintPipeline.from_pretrained(
        base,
        controlnet=ControlNetModel.from_pretrained(network, variant=variant_of(network), **given),
        safety_checker=None,
        requires_safety_checker=False,
        variant=variant_of(base),
        **picture_encoder(folders, given),
        **given,
    )
    read_items(pipe, folders["ip-adapter-sd15"], "models/ip-adapter_sd15.safetensors", settings.item_scale)
    if fast:
        pipe.load_lora_weights(folders["sd15-lcm"], weight_name="pytorch_lora_weights.safetensors")
        pipe.fuse_lora()
        pipe.unload_lora_weights()
    scheduler = LCMScheduler if fast else DDIMScheduler
    pipe.scheduler = scheduler.from_config(pipe.scheduler.config)
    place(pipe, memory)
    return Sd15Painter(pipe, settings, memory, control)
