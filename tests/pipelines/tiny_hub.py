"""Published models at a tiny size and with random weights, in folders as a hub would give them.

Every network is of the real class and architecture: as many channels in, as many stages of halving, the file names and
the state dict's keys of the published files. Only widths and depths are small.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TypeVar

import torch
from diffusers import (
    AutoencoderKL,
    ControlNetModel,
    ControlNetUnionModel,
    DDIMScheduler,
    EulerAncestralDiscreteScheduler,
    EulerDiscreteScheduler,
    FlowMatchEulerDiscreteScheduler,
    FluxControlNetModel,
    FluxFillPipeline,
    FluxPriorReduxPipeline,
    FluxTransformer2DModel,
    StableDiffusionInpaintPipeline,
    StableDiffusionInstructPix2PixPipeline,
    StableDiffusionXLPipeline,
    UNet2DConditionModel,
)
from diffusers.pipelines.flux import ReduxImageEncoder
from safetensors.torch import save_file
from tokenizers.pre_tokenizers import ByteLevel
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

Net = TypeVar("Net", bound=torch.nn.Module)

TEXT, VISION = 32, 24
WIDTHS = (16, 32)


def build(folder: Path) -> Path:
    """Write every published model below a folder, by its name in the manifest."""
    torch.manual_seed(0)
    unet = _sd15(folder / "sd15-inpainting")
    for name in ("sd15-openpose", "sd15-depth"):
        _control(folder / name)
    _vision(folder / "clip-vision-h" / "models" / "image_encoder")
    _ip_adapter(unet, folder / "ip-adapter-sd15" / "models" / "ip-adapter_sd15.safetensors")
    _lcm_lora(unet, folder / "sd15-lcm" / "pytorch_lora_weights.safetensors")
    _concat(unet, folder / "catvton" / "mix-48k-1024" / "attention" / "model.safetensors")
    _vae().save_pretrained(folder / "sd-vae-ft-mse")
    unet = _sdxl(folder / "sdxl-base")
    _union(folder / "sdxl-union")
    _ip_adapter(unet, folder / "ip-adapter-sdxl" / "sdxl_models" / "ip-adapter_sdxl_vit-h.safetensors")
    _flux(folder / "flux-fill")
    _redux(folder / "flux-redux")
    _flux_union(folder / "flux-union")
    _instruct(folder / "instruct-pix2pix")
    return folder


def _spoken(model: Net) -> Net:
    """Some layers start at zero, and would say nothing until they are trained: give every one something to say."""
    for parameter in model.parameters():
        if not parameter.any():
            torch.nn.init.normal_(parameter, std=0.05)
    return model.eval()


def _clip_tokenizer() -> CLIPTokenizer:
    """One token per byte: a real tokenizer that reads any words."""
    letters = sorted(ByteLevel.alphabet())
    words = [*letters, *(letter + "</w>" for letter in letters), "<|startoftext|>", "<|endoftext|>"]
    return CLIPTokenizer(vocab={word: i for i, word in enumerate(words)}, merges=[], model_max_length=77)


def _clip_text(tokenizer: CLIPTokenizer, width: int = TEXT) -> CLIPTextConfig:
    return CLIPTextConfig(
        vocab_size=len(tokenizer), hidden_size=width, intermediate_size=2 * width, num_hidden_layers=2,
        num_attention_heads=2, projection_dim=width, bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id, pad_token_id=tokenizer.pad_token_id,
    )  # fmt: skip


def _vae(channels: int = 4, widths: tuple[int, ...] = (8, 8, 8, 8), **more: object) -> AutoencoderKL:
    return AutoencoderKL(
        block_out_channels=widths, layers_per_block=1, latent_channels=channels, norm_num_groups=4, sample_size=64,
        down_block_types=("DownEncoderBlock2D",) * len(widths), up_block_types=("UpDecoderBlock2D",) * len(widths),
        **more,
    ).eval()  # fmt: skip


def _unet(in_channels: int, cross_attention_dim: int = TEXT, **more: object) -> UNet2DConditionModel:
    unet = UNet2DConditionModel(
        sample_size=8, in_channels=in_channels, out_channels=4, layers_per_block=1, block_out_channels=WIDTHS,
        down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"), up_block_types=("UpBlock2D", "CrossAttnUpBlock2D"),
        cross_attention_dim=cross_attention_dim, attention_head_dim=4, norm_num_groups=8, **more,
    )  # fmt: skip
    return _spoken(unet)


def _ddim(prediction: str = "epsilon") -> DDIMScheduler:
    return DDIMScheduler(
        beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", clip_sample=False, set_alpha_to_one=False,
        steps_offset=1, prediction_type=prediction,
    )  # fmt: skip


def _sd15(folder: Path) -> UNet2DConditionModel:
    """Nine channels in: latents, mask, latents of what is kept. In half precision, as its repository has it."""
    tokenizer, unet = _clip_tokenizer(), _unet(9)
    pipe = StableDiffusionInpaintPipeline(
        vae=_vae(), text_encoder=CLIPTextModel(_clip_text(tokenizer)).eval(), tokenizer=tokenizer, unet=unet,
        scheduler=_ddim(), safety_checker=None, feature_extractor=None, requires_safety_checker=False,
    )  # fmt: skip
    pipe.to(torch.float16).save_pretrained(folder, variant="fp16")
    _as_published(folder)
    return unet


def _as_published(folder: Path) -> None:
    """The index and the tokenizer as the old repositories have them; what the index names beside is not fetched."""
    index = json.loads((folder / "model_index.json").read_text())
    index["safety_checker"] = ["stable_diffusion", "StableDiffusionSafetyChecker"]
    index["feature_extractor"] = ["transformers", "CLIPFeatureExtractor"]
    (folder / "model_index.json").write_text(json.dumps(index))
    tokenizer = folder / "tokenizer"
    vocab = json.loads((tokenizer / "tokenizer.json").read_text())["model"]["vocab"]
    (tokenizer / "tokenizer.json").unlink()
    (tokenizer / "vocab.json").write_text(json.dumps(vocab))
    (tokenizer / "merges.txt").write_text("#version: 0.2\n")


def _control(folder: Path) -> None:
    """Four channels in, though the inpainter has nine."""
    net = ControlNetModel(
        in_channels=4, layers_per_block=1, block_out_channels=WIDTHS, attention_head_dim=4, norm_num_groups=8,
        down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"), cross_attention_dim=TEXT,
        conditioning_embedding_out_channels=(8, 16, 16, 16),
    )  # fmt: skip
    _spoken(net).half().save_pretrained(folder, variant="fp16")


def _vision(folder: Path) -> None:
    config = CLIPVisionConfig(
        hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=2, image_size=32, patch_size=8,
        projection_dim=VISION,
    )  # fmt: skip
    CLIPVisionModelWithProjection(config).eval().save_pretrained(folder)


def _ip_adapter(unet: UNet2DConditionModel, path: Path) -> None:
    """The published file: `image_proj.*`, and keys and values of each cross attention, numbered as processors are."""
    width = unet.config.cross_attention_dim
    state = {
        "image_proj.proj.weight": 0.3 * torch.randn(4 * width, VISION),
        "image_proj.proj.bias": torch.randn(4 * width),
        "image_proj.norm.weight": torch.ones(width),
        "image_proj.norm.bias": torch.zeros(width),
    }
    crossing = [name for name in unet.attn_processors if name.endswith("attn2.processor")]
    for number, name in enumerate(crossing):
        attention = unet.get_submodule(name.removesuffix(".processor"))
        for part in ("to_k", "to_v"):
            shape = getattr(attention, part).weight.shape
            state[f"ip_adapter.{2 * number + 1}.{part}_ip.weight"] = 0.3 * torch.randn(shape)
    path.parent.mkdir(parents=True)
    save_file(state, path)


def _lcm_lora(unet: UNet2DConditionModel, path: Path, rank: int = 2) -> None:
    """The published file: kohya's names, `lora_unet_…` with underscores for points."""
    state = {}
    for name, module in unet.named_modules():
        if isinstance(module, torch.nn.Linear) and "attn" in name:
            key = "lora_unet_" + name.replace(".", "_")
            state[f"{key}.lora_down.weight"] = 0.3 * torch.randn(rank, module.in_features)
            state[f"{key}.lora_up.weight"] = 0.3 * torch.randn(module.out_features, rank)
            state[f"{key}.alpha"] = torch.tensor(float(rank))
    path.parent.mkdir(parents=True)
    save_file(state, path)


def _concat(unet: UNet2DConditionModel, path: Path) -> None:
    """The published file: each self-attention has eight numbers, the first of which names its parameters."""
    blocks = [unet.down_blocks, unet.up_blocks, unet.mid_block]
    found = [part for block in blocks for name, part in block.named_modules() if name.endswith("attn1")]
    state = {
        f"{8 * number}.{name}": parameter.float() + 0.1 * torch.randn(parameter.shape)
        for number, part in enumerate(found)
        for name, parameter in part.named_parameters()
    }
    path.parent.mkdir(parents=True)
    save_file(state, path)


def _sdxl(folder: Path) -> UNet2DConditionModel:
    """Four channels in, two text encoders, six numbers of size and crop beside the pooled text."""
    first, second = _clip_tokenizer(), _clip_tokenizer()
    unet = _unet(
        4, 2 * TEXT, addition_embed_type="text_time", addition_time_embed_dim=8,
        projection_class_embeddings_input_dim=TEXT + 6 * 8, transformer_layers_per_block=(1, 1),
        use_linear_projection=True,
    )  # fmt: skip
    pipe = StableDiffusionXLPipeline(
        vae=_vae(), text_encoder=CLIPTextModel(_clip_text(first)).eval(), tokenizer=first,
        text_encoder_2=CLIPTextModelWithProjection(_clip_text(second)).eval(), tokenizer_2=second, unet=unet,
        scheduler=EulerDiscreteScheduler(beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear"),
    )  # fmt: skip
    pipe.to(torch.float16).save_pretrained(folder, variant="fp16")
    return unet


def _union(folder: Path) -> None:
    """Six kinds of conditions."""
    net = ControlNetUnionModel(
        in_channels=4, layers_per_block=1, block_out_channels=WIDTHS, attention_head_dim=4, norm_num_groups=8,
        down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"), cross_attention_dim=2 * TEXT,
        transformer_layers_per_block=(1, 1), use_linear_projection=True, addition_embed_type="text_time",
        addition_time_embed_dim=8, projection_class_embeddings_input_dim=TEXT + 6 * 8, num_control_type=6,
        num_trans_channel=16, num_trans_head=2, num_trans_layer=1, num_proj_channel=16,
        conditioning_embedding_out_channels=(8, 16, 16, 16),
    )  # fmt: skip
    _spoken(net).save_pretrained(folder)


def _flux(folder: Path) -> None:
    """Packed latents, those of what is kept, and the mask: 64 + 64 + 256 channels in."""
    pieces = [("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0), ("▁", -1.0), *((chr(i), -2.0) for i in range(33, 127))]
    clip = _clip_tokenizer()
    t5 = T5TokenizerFast(vocab=pieces, extra_ids=0, model_max_length=64)
    transformer = FluxTransformer2DModel(
        patch_size=1, in_channels=384, out_channels=64, num_layers=2, num_single_layers=1, attention_head_dim=16,
        num_attention_heads=2, joint_attention_dim=TEXT, pooled_projection_dim=TEXT, guidance_embeds=True,
        axes_dims_rope=(4, 6, 6),
    )  # fmt: skip
    encoder = T5Config(
        vocab_size=len(t5), d_model=TEXT, d_kv=8, d_ff=64, num_layers=1, num_heads=2, feed_forward_proj="gated-gelu"
    )
    pipe = FluxFillPipeline(
        scheduler=FlowMatchEulerDiscreteScheduler(shift=3.0, use_dynamic_shifting=True),
        vae=_vae(16, shift_factor=0.1159, scaling_factor=0.3611, use_quant_conv=False, use_post_quant_conv=False),
        text_encoder=CLIPTextModel(_clip_text(clip)).eval(), tokenizer=clip,
        text_encoder_2=T5EncoderModel(encoder).eval(), tokenizer_2=t5, transformer=_spoken(transformer),
    )  # fmt: skip
    pipe.save_pretrained(folder)


def _redux(folder: Path) -> None:
    """A picture's patches, sixteen of them, as tokens like those of the T5 encoder."""
    config = SiglipVisionConfig(
        hidden_size=VISION,
        intermediate_size=48,
        num_hidden_layers=2,
        num_attention_heads=2,
        image_size=32,
        patch_size=8,
    )
    pipe = FluxPriorReduxPipeline(
        image_encoder=SiglipVisionModel(config).eval(),
        feature_extractor=SiglipImageProcessor(
            size={"height": 32, "width": 32}, image_mean=[0.5] * 3, image_std=[0.5] * 3
        ),
        image_embedder=ReduxImageEncoder(redux_dim=VISION, txt_in_features=TEXT).eval(),
    )
    pipe.save_pretrained(folder)


def _flux_union(folder: Path) -> None:
    """The packed latents alone, 64 channels in; no single blocks, and no modes."""
    net = FluxControlNetModel(
        in_channels=64, num_layers=1, num_single_layers=0, attention_head_dim=16, num_attention_heads=2,
        joint_attention_dim=TEXT, pooled_projection_dim=TEXT, guidance_embeds=True, axes_dims_rope=[4, 6, 6],
    )  # fmt: skip
    _spoken(net).save_pretrained(folder)


def _instruct(folder: Path) -> None:
    """Eight channels in: latents, and those of the picture that is changed."""
    tokenizer = _clip_tokenizer()
    pipe = StableDiffusionInstructPix2PixPipeline(
        vae=_vae(), text_encoder=CLIPTextModel(_clip_text(tokenizer)).eval(), tokenizer=tokenizer, unet=_unet(8),
        scheduler=EulerAncestralDiscreteScheduler(
            beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", prediction_type="epsilon"
        ),
        safety_checker=None, feature_extractor=None, requires_safety_checker=False,
    )  # fmt: skip
    pipe.save_pretrained(folder)
    _as_published(folder)
