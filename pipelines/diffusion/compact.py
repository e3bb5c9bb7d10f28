"""The compact inpainting pipeline: layout → mean → detail, on a laptop's CPU."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from diffusers import DiffusionPipeline, FlowMatchEulerDiscreteScheduler
from diffusers.utils import BaseOutput
from diffusers.utils.torch_utils import randn_tensor
from torch import Tensor

from pipelines.diffusion.autoencoder import CompactAutoencoder
from pipelines.diffusion.flow import FlowModel, flow_conditions
from pipelines.diffusion.mean import MeanModel, MeanOutput, both_ways

OnStepEnd = Callable[["CompactInpaintPipeline", int, int, dict[str, Tensor]], dict[str, Tensor]]


@dataclass
class CompactOutput(BaseOutput):
    """What the pipeline returns.

    Attributes:
        images: (N, 3, H, W) in [-1, 1]; inside the mask the render, outside it the photo as given.
        mean: the mean model's output, whose flow and gate carry detail to the photo's own resolution.
    """

    images: Tensor
    mean: MeanOutput


class CompactInpaintPipeline(DiffusionPipeline):
    """Renders a hint into a masked photo.

    Args:
        vae: the compact autoencoder.
        mean: layout, alignment and posterior mean.
        flow: the latent rectified flow from the mean.
        scheduler: Euler steps along the flow.
    """

    model_cpu_offload_seq = "mean->vae->flow->vae"
    _callback_tensor_inputs: ClassVar[list[str]] = ["latents"]

    def __init__(
        self, vae: CompactAutoencoder, mean: MeanModel, flow: FlowModel, scheduler: FlowMatchEulerDiscreteScheduler
    ) -> None:
        super().__init__()
        self.register_modules(vae=vae, mean=mean, flow=flow, scheduler=scheduler)

    @torch.no_grad()
    def __call__(
        self,
        image: Tensor,
        mask_image: Tensor,
        hint: Tensor,
        hint_mask: Tensor,
        pose: Tensor,
        known: Tensor,
        facts: Tensor,
        mirrored_pose: Tensor | None = None,
        num_inference_steps: int = 4,
        generator: torch.Generator | None = None,
        callback_on_step_end: OnStepEnd | None = None,
        return_dict: bool = True,
    ) -> CompactOutput | tuple[Any, ...]:
        """Render.

        Args:
            image: photo (N, 3, H, W) in [-1, 1]; what lies under the mask is not looked at. H, W multiples of 16.
            mask_image: (N, 1, H, W), 1 = repaint.
            hint: warped garment (N, 3, H, W) in [-1, 1]. hint_mask: (N, 1, H, W), 1 = hint.
            pose: pose map (N, 3, H, W) in [0, 1].
            known: layout of the kept part, one-hot (N, 6, H, W), 0 inside the mask.
            facts: (N, 6), category and sleeve, one-hot.
            mirrored_pose: pose map of the mirrored picture; given, the mean is that of both ways to look at it.
            num_inference_steps: Euler steps of the flow; 0 returns the mean.
            generator: of the source's noise.
            callback_on_step_end: called with (pipeline, step, timestep, {"latents": …}) after each step; raise from it
                to cancel.
            return_dict: a CompactOutput, or a tuple of its values.
        """
        # 0. Check inputs
        self.check_inputs(image, mask_image, hint, hint_mask, num_inference_steps)
        device, dtype = self._execution_device, self.mean.dtype
        image, mask_image, hint, hint_mask, pose, known, facts = (
            x.to(device, dtype) for x in (image, mask_image, hint, hint_mask, pose, known, facts)
        )
        masked = image * (1 - mask_image)

        # 1. Layout, alignment and posterior mean
        inputs = masked, mask_image, hint, hint_mask, pose, known, facts
        if mirrored_pose is None:
            mean = self.mean(*inputs)
        else:
            mean = both_ways(self.mean, *inputs, mirrored_pose.to(device, dtype))
        picture = mask_image * mean.sample.to(dtype).clamp(-1, 1) + (1 - mask_image) * image
        if num_inference_steps > 0:
            # 2. The source: the mean's latents and a little noise
            mean_latents = self.vae.encode(picture)
            noise = randn_tensor(mean_latents.shape, generator=generator, device=device, dtype=dtype)
            latents = mean_latents + self.flow.config.source_noise * noise

            # 3. Conditions at latent size
            worn = self.vae.encode(mean.garment.to(dtype) * picture)
            layout = mean.layout.softmax(1).to(dtype)
            conditions = flow_conditions(mean_latents, self.vae.encode(masked), worn, mask_image, pose, layout)

            # 4. Denoise
            self.scheduler.set_timesteps(num_inference_steps, device=device)
            with self.progress_bar(total=num_inference_steps) as bar:
                for i, t in enumerate(self.scheduler.timesteps):
                    time = (t / self.scheduler.config.num_train_timesteps).expand(len(latents)).to(dtype)
                    velocity = self.flow(latents, time, conditions, facts)
                    latents = self.scheduler.step(velocity, t, latents, return_dict=False)[0]
                    if callback_on_step_end is not None:
                        latents = callback_on_step_end(self, i, int(t), {"latents": latents}).get("latents", latents)
                    bar.update()

            # 5. Decode; what the autoencoder loses of the aligned garment is put back
            lost = picture - self.vae.decode(mean_latents)
            detail = self.vae.decode(latents) + mean.garment.to(dtype) * lost
            picture = mask_image * detail.clamp(-1, 1) + (1 - mask_image) * image

        # 6. Return
        self.maybe_free_model_hooks()
        if not return_dict:
            return (picture.float(), mean)
        return CompactOutput(images=picture.float(), mean=mean)

    def preview(self, latents: Tensor) -> Tensor:
        """A quick look at latents as pixels (N, 3, H, W) in [-1, 1]."""
        return self.vae.decode(latents).clamp(-1, 1).float()

    def check_inputs(self, image: Tensor, mask: Tensor, hint: Tensor, hint_mask: Tensor, steps: int) -> None:
        """Raise ValueError where sizes do not fit together."""
        n, _, h, w = image.shape
        if h % 16 or w % 16:
            raise ValueError(f"image is {h}×{w}; height and width must be multiples of 16")
        for name, x, channels in (("mask_image", mask, 1), ("hint", hint, 3), ("hint_mask", hint_mask, 1)):
            if x.shape != (n, channels, h, w):
                raise ValueError(f"{name} has shape {tuple(x.shape)}; expected {(n, channels, h, w)}")
        if steps < 0:
            raise ValueError(f"num_inference_steps is {steps}; it must be 0 or more")
