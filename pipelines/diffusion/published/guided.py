"""What Stable Diffusion 1.5 and XL are given alike: a hint to start from, ControlNets and the item's picture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pipelines.diffusion.published.adapter import adapter_masks
from pipelines.diffusion.published.painter import PainterSettings, asked_for, pil
from pipelines.geometry.canvas import Canvas


@dataclass(frozen=True)
class GuidedSettings(PainterSettings):
    """How it paints.

    Attributes:
        strength: how much of the hint is noise at the start, and which share of its steps the pipeline then does.
        control_scale: how much pose, depth and lines count. item_scale: how much the item's picture counts.
    """

    strength: float = 0.9
    control_scale: float = 0.9
    item_scale: float = 0.7


def guided_arguments(canvas: Canvas, settings: GuidedSettings, steps: int) -> dict[str, Any]:
    """What the call of such a pipeline is given, but for the pictures of its ControlNets."""
    height, width = canvas.mask.shape
    return {
        "prompt": canvas.prompt,
        "negative_prompt": canvas.negative_prompt,
        "image": pil(canvas.hint),
        "mask_image": pil(canvas.mask),
        "ip_adapter_image": pil(canvas.item),
        "cross_attention_kwargs": adapter_masks(canvas.mask),
        "height": height,
        "width": width,
        "strength": settings.strength,
        "num_inference_steps": asked_for(steps, lambda asked: int(asked * settings.strength)),
        "guidance_scale": settings.guidance_scale,
        "controlnet_conditioning_scale": settings.control_scale,
    }
