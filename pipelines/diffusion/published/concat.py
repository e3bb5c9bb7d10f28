"""CatVTON: the garment beside the person, seen by the self-attention of Stable Diffusion 1.5's inpainter; no words.

See `pipelines.diffusion.concat`. It starts from the hint under the noise of the first step, which lets through its
light and where what lies. The licence of its attention weights allows no commercial use.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from diffusers import AutoencoderKL, DDIMScheduler, UNet2DConditionModel
from PIL import ImageOps
from safetensors.torch import load_file
from torch import Tensor

from pipelines.diffusion.concat import AXIS, ConcatTryOnPipeline, load_attention
from pipelines.diffusion.memory import Memory, Size, loading, place
from pipelines.diffusion.published.painter import DiffusersPainter, Folders, PainterSettings, pil, variant_of
from pipelines.geometry.canvas import Canvas

SIZE = Size(total=1.89, largest=1.72)
#: In its repository: the weights that learnt all kinds of garments at 1024 × 768.
ATTENTION = "mix-48k-1024/attention/model.safetensors"


@dataclass(frozen=True)
class ConcatSettings(PainterSettings):
    """How it paints, as published.

    Attributes:
        eta: noise of each step, as a share of that of training.
    """

    side: int = 896
    steps: int = 50
    guidance_scale: float = 2.5
    eta: float = 1.0


class ConcatPainter(DiffusersPainter):
    """See the module."""

    settings: ConcatSettings
    pipe: ConcatTryOnPipeline

    def arguments(self, canvas: Canvas, steps: int) -> dict[str, Any]:
        """See `DiffusersPainter`."""
        height, width = canvas.mask.shape
        return {
            "image": pil(canvas.photo),
            "mask_image": pil(canvas.mask),
            "garment_image": ImageOps.pad(pil(canvas.item), (width, height), color="white"),
            "height": height,
            "width": width,
            "start_image": pil(canvas.hint),
            "num_inference_steps": steps,
            "guidance_scale": self.settings.guidance_scale,
            "eta": self.settings.eta,
        }

    def to_decode(self, latents: Tensor, canvas: Canvas) -> Tensor:
        """See `DiffusersPainter`: the person's half."""
        return super().to_decode(latents.chunk(2, AXIS)[0], canvas)


def load(folders: Folders, memory: Memory) -> ConcatPainter:
    """Load it.

    Args:
        folders: of sd15-inpainting, sd-vae-ft-mse, catvton.

    Raises:
        BadInput: the attention weights are of another U-Net.
    """
    given = loading(memory)
    base = folders["sd15-inpainting"]
    unet = UNet2DConditionModel.from_pretrained(base, subfolder="unet", variant=variant_of(base), **given)
    load_attention(unet, load_file(folders["catvton"] / ATTENTION))
    pipe = ConcatTryOnPipeline(
        vae=AutoencoderKL.from_pretrained(folders["sd-vae-ft-mse"], **given),
        unet=unet,
        scheduler=DDIMScheduler.from_pretrained(base, subfolder="scheduler"),
    )
    place(pipe, memory)
    return ConcatPainter(pipe, ConcatSettings(), memory)
