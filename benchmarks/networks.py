"""The networks of published models at their full size, and folders of them laid out as a hub lays out the real ones."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from accelerate import init_empty_weights
from diffusers import (
    AutoencoderKL,
    ControlNetModel,
    ControlNetUnionModel,
    DDIMScheduler,
    DiffusionPipeline,
    EulerDiscreteScheduler,
    FlowMatchEulerDiscreteScheduler,
    FluxControlNetModel,
    FluxFillPipeline,
    FluxPriorReduxPipeline,
    FluxTransformer2DModel,
    StableDiffusionInpaintPipeline,
    StableDiffusionXLPipeline,
    UNet2DConditionModel,
)
from diffusers.pipelines.flux import ReduxImageEncoder
from safetensors.torch import save_file
from tokenizers.pre_tokenizers import ByteLevel
from torch import Tensor, nn
from transformers import (
    CLIPTextConfig,
    CLIPTextModel,
    CLIPTextModelWithProjection,
    CLIPTokenizer,
    CLIPVisionConfig,
    CLIPVisionModelWithProjection,
    SiglipImageProcessor,
    SiglipVisionConfig,
    SiglipVisionModel,
    T5Config,
    T5EncoderModel,
    T5TokenizerFast,
)

from benchmarks.tryon import stable_diffusion
from pipelines.diffusion.concat import MODULES_OF_ATTENTION, self_attentions
from pipelines.diffusion.published.concat import ATTENTION

#: Networks by the names that pipelines give them.
Networks = Mapping[str, nn.Module]
#: Tokens that an IP-Adapter makes of one picture.
ITEM_TOKENS = 4


def _picture_encoder() -> CLIPVisionModelWithProjection:
    """ViT-H."""
    return CLIPVisionModelWithProjection(
        CLIPVisionConfig(
            hidden_size=1280, intermediate_size=5120, num_hidden_layers=32, num_attention_heads=16, image_size=224,
            patch_size=14, projection_dim=1024,
        )
    )  # fmt: skip


def _clip_text(**more: Any) -> CLIPTextConfig:
    usual = dict(
        vocab_size=49408, hidden_size=768, intermediate_size=3072, num_hidden_layers=12, num_attention_heads=12
    )
    return CLIPTextConfig(**{**usual, **more})


def _autoencoder(channels: int, **more: Any) -> AutoencoderKL:
    return AutoencoderKL(
        block_out_channels=(128, 256, 512, 512), layers_per_block=2, latent_channels=channels, sample_size=1024,
        down_block_types=("DownEncoderBlock2D",) * 4, up_block_types=("UpDecoderBlock2D",) * 4, **more,
    )  # fmt: skip


def sd15() -> Networks:
    """Stable Diffusion 1.5 inpainting, a ControlNet 1.1, IP-Adapter's picture encoder."""
    pipe, _, _ = stable_diffusion("sd15")
    control = ControlNetModel(in_channels=4, cross_attention_dim=768, attention_head_dim=8)
    return {
        "unet": pipe.unet, "vae": pipe.vae, "text_encoder": pipe.text_encoder, "controlnet": control,
        "image_encoder": _picture_encoder(),
    }  # fmt: skip


def concat() -> Networks:
    """Stable Diffusion 1.5 inpainting without words."""
    pipe, _, _ = stable_diffusion("sd15")
    return {"unet": pipe.unet, "vae": pipe.vae}


def sdxl() -> Networks:
    """Stable Diffusion XL base, a union ControlNet, IP-Adapter's picture encoder."""
    size: dict[str, Any] = dict(
        in_channels=4, block_out_channels=(320, 640, 1280), transformer_layers_per_block=(1, 2, 10),
        attention_head_dim=(5, 10, 20), cross_attention_dim=2048, use_linear_projection=True,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
        addition_embed_type="text_time", addition_time_embed_dim=256, projection_class_embeddings_input_dim=2816,
    )  # fmt: skip
    up = ("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D")
    second = _clip_text(
        hidden_size=1280, intermediate_size=5120, num_hidden_layers=32, num_attention_heads=20, projection_dim=1280
    )
    return {
        "unet": UNet2DConditionModel(sample_size=128, up_block_types=up, **size),
        "vae": _autoencoder(4, scaling_factor=0.13025, force_upcast=True),
        "text_encoder": CLIPTextModel(_clip_text()),
        "text_encoder_2": CLIPTextModelWithProjection(second),
        "controlnet": ControlNetUnionModel(conditioning_embedding_out_channels=(16, 32, 96, 256), **size),
        "image_encoder": _picture_encoder(),
    }


def flux_fill() -> Networks:
    """FLUX.1 Fill and Redux, a union ControlNet of six double blocks."""
    t5 = T5Config(
        vocab_size=32128, d_model=4096, d_kv=64, d_ff=10240, num_layers=24, num_heads=64, feed_forward_proj="gated-gelu"
    )
    siglip = SiglipVisionConfig(
        hidden_size=1152, intermediate_size=4304, num_hidden_layers=27, num_attention_heads=16, image_size=384,
        patch_size=14,
    )  # fmt: skip
    return {
        "transformer": FluxTransformer2DModel(in_channels=384, out_channels=64, guidance_embeds=True),
        "vae": _autoencoder(
            16, shift_factor=0.1159, scaling_factor=0.3611, use_quant_conv=False, use_post_quant_conv=False
        ),
        "text_encoder": CLIPTextModel(_clip_text()),
        "text_encoder_2": T5EncoderModel(t5),
        "controlnet": FluxControlNetModel(num_layers=6, num_single_layers=0, guidance_embeds=True),
        "image_encoder": SiglipVisionModel(siglip),
        "image_embedder": ReduxImageEncoder(),
    }


#: By renderer.
ARCHITECTURES: dict[str, Callable[[], Networks]] = {
    "sd15": sd15, "concat": concat, "sdxl": sdxl, "flux-fill": flux_fill,
}  # fmt: skip


def adapter(networks: Networks) -> dict[str, Tensor]:
    """An IP-Adapter's file: `image_proj.*`, and keys and values of each cross-attention; random weights.

    Without a picture encoder there is none, nor beside a transformer.
    """
    if "image_encoder" not in networks or "unet" not in networks:
        return {}
    unet, seen = networks["unet"], networks["image_encoder"].config.projection_dim
    width, device = unet.config.cross_attention_dim, unet.device
    shapes = {"proj.weight": (ITEM_TOKENS * width, seen), "proj.bias": (ITEM_TOKENS * width,)}
    shapes |= {"norm.weight": (width,), "norm.bias": (width,)}
    state = {f"image_proj.{name}": torch.randn(shape, device=device) for name, shape in shapes.items()}
    for number, name in enumerate(name for name in unet.attn_processors if name.endswith("attn2.processor")):
        attention = unet.get_submodule(name.removesuffix(".processor"))
        for part in ("to_k", "to_v"):
            shape = getattr(attention, part).weight.shape
            state[f"ip_adapter.{2 * number + 1}.{part}_ip.weight"] = torch.randn(shape, device=device)
    return state


def filled(build: Callable[[], Networks], dtype: torch.dtype) -> Networks:
    """Networks with small random weights in a precision, in seconds: one block of them repeats."""
    with init_empty_weights(include_buffers=False):
        networks = build()
    block = 0.02 * torch.randn(1 << 20, generator=torch.Generator().manual_seed(0)).to(dtype)
    for network in networks.values():
        for module in network.modules():
            for name, parameter in list(module.named_parameters(recurse=False)):
                times = -(-parameter.numel() // block.numel())
                values = block.repeat(times)[: parameter.numel()].reshape(parameter.shape)
                setattr(module, name, nn.Parameter(values, requires_grad=False))
        network.eval()
    return networks


# --- folders ----------------------------------------------------------------------------------------------------------


def _clip_tokenizer() -> CLIPTokenizer:
    """One token per byte: it pads to the same 77 as the real one."""
    letters = sorted(ByteLevel.alphabet())
    words = [*letters, *(letter + "</w>" for letter in letters), "<|startoftext|>", "<|endoftext|>"]
    return CLIPTokenizer(vocab={word: i for i, word in enumerate(words)}, merges=[], model_max_length=77)


def _t5_tokenizer() -> T5TokenizerFast:
    pieces = [("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0), ("▁", -1.0), *((chr(i), -2.0) for i in range(33, 127))]
    return T5TokenizerFast(vocab=pieces, extra_ids=0, model_max_length=512)


_NOISE = dict(beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear")


def write(networks: Networks, folder: Path) -> None:
    """Write a renderer's networks as its repositories have them, each below its name in the manifest."""
    if "transformer" in networks:
        _write_flux(networks, folder)
    elif "controlnet" in networks:
        _write_controlled(networks, folder)
    else:
        _write_concat(networks, folder)


def _write_flux(networks: Networks, folder: Path) -> None:
    scheduler = FlowMatchEulerDiscreteScheduler(shift=3.0, use_dynamic_shifting=True)
    tokenizers = dict(tokenizer=_clip_tokenizer(), tokenizer_2=_t5_tokenizer())
    parts = {key: networks[key] for key in ("transformer", "vae", "text_encoder", "text_encoder_2")}
    FluxFillPipeline(scheduler=scheduler, **tokenizers, **parts).save_pretrained(folder / "flux-fill")
    side = networks["image_encoder"].config.image_size
    seen = SiglipImageProcessor(size={"height": side, "width": side}, image_mean=[0.5] * 3, image_std=[0.5] * 3)
    shown = {key: networks[key] for key in ("image_encoder", "image_embedder")}
    FluxPriorReduxPipeline(feature_extractor=seen, **shown).save_pretrained(folder / "flux-redux")
    networks["controlnet"].save_pretrained(folder / "flux-union")


def _write_concat(networks: Networks, folder: Path) -> None:
    networks["unet"].save_pretrained(folder / "sd15-inpainting" / "unet")
    _ddim().save_pretrained(folder / "sd15-inpainting" / "scheduler")
    networks["vae"].save_pretrained(folder / "sd-vae-ft-mse")
    _save(_attention(networks["unet"]), folder / "catvton" / ATTENTION)


def _write_controlled(networks: Networks, folder: Path) -> None:
    parts = {key: part for key, part in networks.items() if key not in ("controlnet", "image_encoder")}
    if "text_encoder_2" in networks:
        pipe: DiffusionPipeline = StableDiffusionXLPipeline(
            tokenizer=_clip_tokenizer(), tokenizer_2=_clip_tokenizer(), scheduler=EulerDiscreteScheduler(**_NOISE),
            **parts,
        )  # fmt: skip
        base, control, file = "sdxl-base", "sdxl-union", "ip-adapter-sdxl/sdxl_models/ip-adapter_sdxl_vit-h.safetensors"
    else:
        pipe = StableDiffusionInpaintPipeline(
            tokenizer=_clip_tokenizer(), scheduler=_ddim(), safety_checker=None, feature_extractor=None,
            requires_safety_checker=False, **parts,
        )  # fmt: skip
        base, control, file = "sd15-inpainting", "sd15-openpose", "ip-adapter-sd15/models/ip-adapter_sd15.safetensors"
    pipe.save_pretrained(folder / base)
    networks["controlnet"].save_pretrained(folder / control)
    networks["image_encoder"].save_pretrained(folder / "clip-vision-h" / "models" / "image_encoder")
    _save(adapter(networks), folder / file)


def _ddim() -> DDIMScheduler:
    return DDIMScheduler(clip_sample=False, set_alpha_to_one=False, steps_offset=1, **_NOISE)


def _attention(unet: nn.Module) -> dict[str, Tensor]:
    """A U-Net's self-attention as CatVTON's file has it."""
    return {
        f"{MODULES_OF_ATTENTION * number}.{name}": value.contiguous()
        for number, part in enumerate(self_attentions(unet))
        for name, value in part.state_dict().items()
    }


def _save(state: dict[str, Tensor], path: Path) -> None:
    path.parent.mkdir(parents=True)
    save_file(state, path)
