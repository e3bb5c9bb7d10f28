"""FLUX.1 Fill that is shown an item's picture and a control picture (pose or depth) beside what it repaints.

Black Forest Labs, FLUX.1 Tools (Fill and Redux), 2024; Zhang, Rao and Agrawala, Adding Conditional Control to
Text-to-Image Diffusion Models, ICCV 2023. Networks, preprocessing and the steps are diffusers' own. Ours is how they
are joined: Redux's tokens follow those of the words, as its own pipeline has it; a ControlNet made for FLUX.1 [dev]
looks on before each step of Fill's transformer, of whose channels it knows the first only, those of what is painted.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any, ClassVar

import torch
from diffusers import (
    AutoencoderKL,
    FlowMatchEulerDiscreteScheduler,
    FluxControlNetModel,
    FluxFillPipeline,
    FluxPriorReduxPipeline,
    FluxTransformer2DModel,
)
from diffusers.image_processor import PipelineImageInput
from diffusers.pipelines.flux import FluxPipelineOutput, ReduxImageEncoder
from torch import Tensor, nn
from transformers import (
    CLIPTextModel,
    CLIPTokenizer,
    SiglipImageProcessor,
    SiglipVisionModel,
    T5EncoderModel,
    T5TokenizerFast,
)

#: What a ControlNet is told as guidance. Fill's own, 30 and the like, it never met: that of FLUX.1 [dev] is about 3.5.
CONTROL_GUIDANCE = 3.5
#: What the ControlNet sees of what the transformer is given, beside some of its channels.
SHARED = ("encoder_hidden_states", "pooled_projections", "timestep", "img_ids", "txt_ids")

#: A hook before a module's call: (module, its arguments, its named ones) → both, changed; None = as they are.
BeforeCall = Callable[[nn.Module, tuple[Any, ...], dict[str, Any]], tuple[tuple[Any, ...], dict[str, Any]] | None]


class GuidedFluxFillPipeline(FluxFillPipeline):
    """Paints inside a mask, told words, an item's picture and a control picture.

    Args:
        scheduler, vae, text_encoder, tokenizer, text_encoder_2, tokenizer_2, transformer: of FLUX.1 Fill.
        controlnet: for FLUX.1 [dev], one that needs not be told what kind of picture it is shown.
        image_encoder, feature_extractor, image_embedder: of FLUX.1 Redux.
    """

    # The ControlNet is not named: it is called before each step, and moving it about would take longer than the step.
    model_cpu_offload_seq = "image_encoder->image_embedder->text_encoder->text_encoder_2->transformer->vae"
    # SigLIP's pooling uses weights of a layer that it never calls, so that layer by layer they would not be brought.
    _exclude_from_cpu_offload: ClassVar[list[str]] = ["image_encoder"]

    encode_image = FluxPriorReduxPipeline.encode_image

    def __init__(
        self,
        scheduler: FlowMatchEulerDiscreteScheduler,
        vae: AutoencoderKL,
        text_encoder: CLIPTextModel,
        tokenizer: CLIPTokenizer,
        text_encoder_2: T5EncoderModel,
        tokenizer_2: T5TokenizerFast,
        transformer: FluxTransformer2DModel,
        controlnet: FluxControlNetModel,
        image_encoder: SiglipVisionModel,
        feature_extractor: SiglipImageProcessor,
        image_embedder: ReduxImageEncoder,
    ) -> None:
        super().__init__(scheduler, vae, text_encoder, tokenizer, text_encoder_2, tokenizer_2, transformer)
        self.register_modules(
            controlnet=controlnet,
            image_encoder=image_encoder,
            feature_extractor=feature_extractor,
            image_embedder=image_embedder,
        )

    @torch.no_grad()
    def __call__(
        self,
        prompt: str,
        image: PipelineImageInput,
        mask_image: PipelineImageInput,
        item_image: PipelineImageInput,
        control_image: PipelineImageInput,
        height: int,
        width: int,
        item_scale: float = 1.0,
        controlnet_conditioning_scale: float = 1.0,
        control_guidance_end: float = 1.0,
        **fill: Any,
    ) -> FluxPipelineOutput | tuple[Any, ...]:
        """Paint.

        Args:
            prompt: what the whole picture shows.
            image: what denoising starts from. mask_image: white = repaint. Both as FluxFillPipeline takes them.
            item_image: the item; the picture encoder sees it as a square.
            control_image: pose or depth as the ControlNet learnt them, of the size that is painted.
            height, width: of what is painted, multiples of 16.
            item_scale: Redux's tokens are multiplied by it; 1 = as it learnt them.
            controlnet_conditioning_scale: how much the control picture counts.
            control_guidance_end: it counts in steps that begin before this share of them is done; in the first always.
            fill: what else FluxFillPipeline takes.

        Returns:
            As FluxFillPipeline.
        """
        # 1. Item and words, in the order in which they are taken off a GPU again
        item = self.encode_item(item_image)
        words, pooled, _ = self.encode_prompt(prompt)
        told = torch.cat([words, item_scale * item.to(words.dtype)], 1)

        # 2. The control picture, looked at before each step
        control = self.encode_control(control_image, height, width)
        before = self.looking_on(control, controlnet_conditioning_scale, control_guidance_end)

        # 3. FLUX.1 Fill as ever
        hook = self.transformer.register_forward_pre_hook(before, with_kwargs=True)
        try:
            return super().__call__(
                image=image, mask_image=mask_image, height=height, width=width, prompt_embeds=told,
                pooled_prompt_embeds=pooled, **fill,
            )  # fmt: skip
        finally:
            hook.remove()

    def encode_item(self, picture: PipelineImageInput) -> Tensor:
        """A picture → Redux's tokens (N, patches, channels), made to follow those of the T5 encoder."""
        seen = self.encode_image(picture, self._execution_device, 1)
        tokens: Tensor = self.image_embedder(seen).image_embeds
        return tokens

    def encode_control(self, picture: PipelineImageInput, height: int, width: int) -> Tensor:
        """A control picture → packed latents (N, tokens, 64), as FluxControlNetPipeline makes them.

        But for chance: it is the middle of the autoencoder's guess, so that a seed decides the noise and nothing else.
        """
        pixels = self.image_processor.preprocess(picture, height, width).to(self._execution_device, self.vae.dtype)
        latents = self.vae.encode(pixels).latent_dist.mode()
        latents = (latents - self.vae.config.shift_factor) * self.vae.config.scaling_factor
        packed: Tensor = self._pack_latents(latents, *latents.shape)
        return packed

    def looking_on(self, control: Tensor, scale: float, end: float) -> BeforeCall:
        """What goes before a call of the transformer: the ControlNet says what is added to its blocks.

        Args:
            control: see `encode_control`. scale, end: see `__call__`.
        """
        steps = itertools.count()
        channels = self.controlnet.config.in_channels

        def before(
            _: nn.Module, args: tuple[Any, ...], given: dict[str, Any]
        ) -> tuple[tuple[Any, ...], dict[str, Any]] | None:
            if (step := next(steps)) > 0 and step >= end * self.num_timesteps:
                return None
            double, single = self.controlnet(
                hidden_states=given["hidden_states"][..., :channels],
                controlnet_cond=control,
                conditioning_scale=scale,
                guidance=torch.full_like(given["guidance"], CONTROL_GUIDANCE),
                return_dict=False,
                **{name: given[name] for name in SHARED},
            )
            added = {"controlnet_block_samples": double, "controlnet_single_block_samples": single}
            return args, {**given, **added}

        return before
