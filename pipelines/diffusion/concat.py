"""Person and garment beside each other in latent space: one inpainting U-Net looks from the one to the other.

Chong et al., CatVTON: Concatenation Is All You Need for Virtual Try-On with Diffusion Models, ICLR 2025. Self-attention
over both halves is all that carries the garment; there are no words. From the published work come the arrangement, the
defaults and the layout of the attention weights; the code is ours.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import torch
from diffusers import AutoencoderKL, DDIMScheduler, DiffusionPipeline, ImagePipelineOutput, UNet2DConditionModel
from diffusers.image_processor import PipelineImageInput, VaeImageProcessor
from diffusers.models.attention_processor import Attention
from diffusers.utils.torch_utils import randn_tensor
from torch import Tensor, nn

from pipelines.errors import BadInput

OnStepEnd = Callable[["ConcatTryOnPipeline", int, int, dict[str, Tensor]], dict[str, Tensor]]

#: Latents are joined along their height: the person above, the garment below.
AXIS = -2
#: The published file numbers the modules of each self-attention, itself first: it, to_q, to_k, to_v, to_out, the two
#: layers of to_out, and its processor.
MODULES_OF_ATTENTION = 8


class SkipCrossAttention:
    """An attention processor that lets pass what comes in: no words, and none of the layer's own weights.

    The block adds it to its residual, so the normalised input is added and not zero; the weights learnt it so.
    """

    def __call__(self, attn: Attention, hidden_states: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        return hidden_states


def skip_cross_attention(unet: UNet2DConditionModel) -> None:
    """Give every cross-attention of a U-Net the processor above; self-attention keeps its own."""
    processors = unet.attn_processors
    crossing = {name: SkipCrossAttention() for name in processors if name.endswith("attn2.processor")}
    unet.set_attn_processor({**processors, **crossing})


def self_attentions(unet: UNet2DConditionModel) -> list[nn.Module]:
    """A U-Net's self-attentions as the published file counts them: down, up, middle."""
    parts = (unet.down_blocks, unet.up_blocks, unet.mid_block)
    return [module for part in parts for name, module in part.named_modules() if name.endswith("attn1")]


def load_attention(unet: UNet2DConditionModel, state: Mapping[str, Tensor]) -> None:
    """Put published self-attention weights into a U-Net; every key and shape has to be there, and no other.

    Args:
        state: `N.to_q.weight`, `N.to_k.weight`, `N.to_v.weight`, `N.to_out.0.weight` and `N.to_out.0.bias` with N = 0,
            8, 16 …, one for each of `self_attentions`.

    Raises:
        BadInput: the file is of another model.
    """
    wanted = {
        f"{MODULES_OF_ATTENTION * number}.{name}": parameter
        for number, attention in enumerate(self_attentions(unet))
        for name, parameter in attention.named_parameters()
    }
    allowed = f"the {len(wanted)} keys of {len(self_attentions(unet))} self-attentions"
    if missing := sorted(wanted.keys() - state.keys()):
        raise _another_model(f"no {missing[0]} ({len(missing)} missing)", allowed)
    if unknown := sorted(state.keys() - wanted.keys()):
        raise _another_model(f"{unknown[0]} ({len(unknown)} unknown)", allowed)
    for key, parameter in wanted.items():
        if state[key].shape != parameter.shape:
            raise _another_model(f"{key} of shape {tuple(state[key].shape)}", f"shape {tuple(parameter.shape)}")
    with torch.no_grad():
        for key, parameter in wanted.items():
            parameter.copy_(state[key])


def _another_model(got: str, allowed: str) -> BadInput:
    return BadInput("attention weights", got, allowed, "Take the file that was made for this U-Net.")


def conditions(masked: Tensor, garment: Tensor, mask: Tensor) -> Tensor:
    """What the U-Net sees beside the noisy latents, channels as inpainters have them: mask, then what is kept.

    Args:
        masked: latents of the person with the mask blackened (N, 4, h, w). garment: latents (N, 4, h, w).
        mask: (N, 1, h, w), 1 = repaint.

    Returns:
        (N, 5, 2h, w): nothing of the garment's half is repainted.
    """
    masks = torch.cat([mask, torch.zeros_like(mask)], AXIS)
    return torch.cat([masks, torch.cat([masked, garment], AXIS)], 1)


class ConcatTryOnPipeline(DiffusionPipeline):
    """Paints a garment into a masked photo of a person.

    Args:
        vae: of Stable Diffusion 1.5. unet: its inpainter, 9 channels in; words do not reach it.
        scheduler: DDIM.

    Raises:
        ValueError: a U-Net that is no inpainter.
    """

    model_cpu_offload_seq = "unet->vae"
    _callback_tensor_inputs: ClassVar[list[str]] = ["latents"]

    def __init__(self, vae: AutoencoderKL, unet: UNet2DConditionModel, scheduler: DDIMScheduler) -> None:
        super().__init__()
        channels = 2 * unet.config.out_channels + 1
        if unet.config.in_channels != channels:
            raise ValueError(f"the U-Net takes {unet.config.in_channels} channels; an inpainter takes {channels}")
        self.register_modules(vae=vae, unet=unet, scheduler=scheduler)
        # Processors are no part of what is saved.
        skip_cross_attention(unet)
        self.vae_scale_factor = 2 ** (len(vae.config.block_out_channels) - 1)
        self.image_processor = VaeImageProcessor(vae_scale_factor=self.vae_scale_factor)
        self.mask_processor = VaeImageProcessor(
            vae_scale_factor=self.vae_scale_factor,
            do_normalize=False,
            do_binarize=True,
            do_convert_grayscale=True,
        )

    @torch.no_grad()
    def __call__(
        self,
        image: PipelineImageInput,
        mask_image: PipelineImageInput,
        garment_image: PipelineImageInput,
        height: int | None = None,
        width: int | None = None,
        num_inference_steps: int = 50,
        guidance_scale: float = 2.5,
        eta: float = 1.0,
        start_image: PipelineImageInput | None = None,
        generator: torch.Generator | list[torch.Generator] | None = None,
        latents: Tensor | None = None,
        output_type: str = "pil",
        callback_on_step_end: OnStepEnd | None = None,
        return_dict: bool = True,
    ) -> ImagePipelineOutput | tuple[Any, ...]:
        """Paint.

        Args:
            image: the person; what lies under the mask is not looked at. Pictures are PIL, or arrays and tensors as
                diffusers' `VaeImageProcessor` takes them.
            mask_image: white = repaint.
            garment_image: the garment, on white, at the person's own proportions.
            height, width: of what is painted, rounded down to multiples of 8; the image's own if not given.
            num_inference_steps: of the scheduler.
            guidance_scale: how much the garment counts: with w > 1, each step looks without the garment, too, and goes
                w times as far from there; at 1 it looks once.
            eta: of DDIM; 0 = no new noise at a step, 1 = as much as in training.
            start_image: the person with the garment drawn in. The start is this beside the garment, under as much noise
                as the first step expects; without one it is noise alone, as published.
            generator: of all noise.
            latents: start noise (N, 4, 2h, w), of the person above that of the garment.
            output_type: "pil", "np", "pt" or "latent", the last (N, 4, h, w) as the U-Net knows them.
            callback_on_step_end: called with (pipeline, step, timestep, {"latents": …}) after each step; raise from it
                to cancel.
            return_dict: an ImagePipelineOutput, or a tuple of its value.

        Returns:
            The person's half. It is painted whole: outside the mask it comes close to the photo and no closer.
        """
        # 0. Check inputs and pictures; each has the size that is painted
        self.check_inputs(num_inference_steps, guidance_scale, output_type)
        device, dtype = self._execution_device, self.unet.dtype
        photo = self.image_processor.preprocess(image, height, width).to(device, dtype)
        size = photo.shape[-2:]
        garment = self.image_processor.preprocess(garment_image, *size).to(device, dtype)
        mask = self.mask_processor.preprocess(mask_image, *size).to(device, dtype)
        if not len(photo) == len(garment) == len(mask):
            raise ValueError(
                f"{len(photo)} images, {len(garment)} garments and {len(mask)} masks; give as many of each"
            )

        # 1. Latents, and what the U-Net is told
        masked, worn = self.encode(photo * (mask < 0.5)), self.encode(garment)
        small = nn.functional.interpolate(mask, size=masked.shape[-2:])
        told = conditions(masked, worn, small)
        guided = guidance_scale > 1
        if guided:
            told = torch.cat([conditions(masked, torch.zeros_like(worn), small), told])

        # 2. Timesteps and what to start from. In training even the noisiest step lets the picture through a little
        # (Lin et al., Common Diffusion Noise Schedules and Sample Steps are Flawed, WACV 2024); noise alone does not.
        self.scheduler.set_timesteps(num_inference_steps, device=device)
        timesteps = self.scheduler.timesteps
        shape = (len(photo), self.unet.config.out_channels, *told.shape[-2:])
        noise = self.prepare_noise(shape, latents, generator, device, dtype)
        if start_image is not None:
            start = self.image_processor.preprocess(start_image, *size).to(device, dtype)
            beside = torch.cat([self.encode(start), worn], AXIS)
            latents = self.scheduler.add_noise(beside, noise, timesteps[:1])
        else:
            latents = noise * self.scheduler.init_noise_sigma

        # 3. Denoise
        with self.progress_bar(total=len(timesteps)) as bar:
            for i, t in enumerate(timesteps):
                both = torch.cat([latents] * 2) if guided else latents
                seen = torch.cat([self.scheduler.scale_model_input(both, t), told], 1)
                guess = self.unet(seen, t, encoder_hidden_states=None, return_dict=False)[0]
                if guided:
                    without, with_garment = guess.chunk(2)
                    guess = without + guidance_scale * (with_garment - without)
                step = self.scheduler.step(guess, t, latents, eta=eta, generator=generator, return_dict=False)
                latents = step[0]
                if callback_on_step_end is not None:
                    latents = callback_on_step_end(self, i, int(t), {"latents": latents}).get("latents", latents)
                bar.update()

        # 4. The person's half, decoded
        latents = latents.chunk(2, AXIS)[0]
        images: Any = latents
        if output_type != "latent":
            decoded = self.vae.decode(latents / self.vae.config.scaling_factor, return_dict=False)[0]
            images = self.image_processor.postprocess(decoded, output_type)

        # 5. Return
        self.maybe_free_model_hooks()
        return ImagePipelineOutput(images=images) if return_dict else (images,)

    def encode(self, pictures: Tensor) -> Tensor:
        """Pictures (N, 3, H, W) in [-1, 1] → latents (N, 4, H/8, W/8), the middle of what the autoencoder allows."""
        return self.vae.encode(pictures).latent_dist.mode() * self.vae.config.scaling_factor

    def prepare_noise(
        self,
        shape: tuple[int, ...],
        latents: Tensor | None,
        generator: torch.Generator | list[torch.Generator] | None,
        device: torch.device,
        dtype: torch.dtype,
    ) -> Tensor:
        """Noise, given or drawn."""
        if latents is None:
            latents = randn_tensor(shape, generator=generator, device=device, dtype=dtype)
        elif latents.shape != shape:
            raise ValueError(f"latents has shape {tuple(latents.shape)}; expected {shape}")
        return latents.to(device, dtype)

    def check_inputs(self, num_inference_steps: int, guidance_scale: float, output_type: str) -> None:
        """Raise ValueError for what cannot be painted."""
        if num_inference_steps < 1:
            raise ValueError(f"num_inference_steps is {num_inference_steps}; it must be 1 or more")
        if guidance_scale < 1:
            raise ValueError(f"guidance_scale is {guidance_scale}; it must be 1 or more")
        if output_type not in (allowed := ("pil", "np", "pt", "latent")):
            raise ValueError(f"output_type is {output_type!r}; it must be one of {', '.join(allowed)}")
