"""Person and garment side by side, with real classes at a tiny size; once with weights that a hundred steps trained."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers import AutoencoderKL, DDIMScheduler, UNet2DConditionModel
from safetensors.torch import load_file, save_file

from pipelines.diffusion.concat import ConcatTryOnPipeline, conditions, load_attention, self_attentions
from pipelines.errors import BadInput, RenderCancelled

SIZE = (64, 48)
#: What a mask of SIZE repaints.
INSIDE = (slice(None), slice(None), slice(16, 48), slice(8, 40))


def make_unet(seed: int = 0, in_channels: int = 9) -> UNet2DConditionModel:
    torch.manual_seed(seed)
    return UNet2DConditionModel(
        sample_size=8, in_channels=in_channels, out_channels=4, layers_per_block=1, block_out_channels=(16, 32),
        down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"), up_block_types=("UpBlock2D", "CrossAttnUpBlock2D"),
        cross_attention_dim=32, attention_head_dim=4, norm_num_groups=8,
    ).eval()  # fmt: skip


def make_pipe(unet: UNet2DConditionModel, **scheduler: Any) -> ConcatTryOnPipeline:
    torch.manual_seed(1)
    vae = AutoencoderKL(
        block_out_channels=(8, 8, 8, 8), layers_per_block=1, latent_channels=4, norm_num_groups=4, sample_size=64,
        down_block_types=("DownEncoderBlock2D",) * 4, up_block_types=("UpDecoderBlock2D",) * 4,
    ).eval()  # fmt: skip
    ddim = DDIMScheduler(
        beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", clip_sample=False, set_alpha_to_one=False,
        steps_offset=1, **scheduler,
    )  # fmt: skip
    pipe = ConcatTryOnPipeline(vae, unet, ddim)
    pipe.set_progress_bar_config(disable=True)
    return pipe


@pytest.fixture(scope="module")
def pipe() -> ConcatTryOnPipeline:
    return make_pipe(make_unet())


@pytest.fixture
def inputs() -> dict[str, Any]:
    noise = torch.Generator().manual_seed(1)
    mask = torch.zeros(1, 1, *SIZE)
    mask[INSIDE] = 1
    return dict(
        image=torch.rand(1, 3, *SIZE, generator=noise), mask_image=mask,
        garment_image=torch.rand(1, 3, *SIZE, generator=noise), num_inference_steps=2, output_type="pt",
    )  # fmt: skip


def paint(pipe: ConcatTryOnPipeline, inputs: dict[str, Any], seed: int = 0, **changes: Any) -> torch.Tensor:
    return pipe(**{**inputs, **changes}, generator=torch.Generator().manual_seed(seed)).images


def test_the_person_s_half_comes_back_in_each_form(pipe: ConcatTryOnPipeline, inputs: dict[str, Any]) -> None:
    picture = paint(pipe, inputs)
    assert picture.shape == (1, 3, *SIZE) and picture.min() >= 0 and picture.max() <= 1
    assert paint(pipe, inputs, output_type="latent").shape == (1, 4, 8, 6)
    assert paint(pipe, inputs, output_type="np").shape == (1, *SIZE, 3)
    assert paint(pipe, inputs, output_type="pil")[0].size == SIZE[::-1]
    assert torch.equal(pipe(**inputs, return_dict=False, generator=torch.Generator().manual_seed(0))[0], picture)
    assert paint(pipe, inputs, height=32, width=40).shape == (1, 3, 32, 40)


def test_the_seed_decides_and_so_does_given_noise(pipe: ConcatTryOnPipeline, inputs: dict[str, Any]) -> None:
    first, again, other = (paint(pipe, inputs, seed) for seed in (3, 3, 4))
    assert torch.equal(first, again) and not torch.equal(first, other)
    noise = torch.randn(1, 4, 16, 6, generator=torch.Generator().manual_seed(0))
    given = [paint(pipe, inputs, seed, latents=noise, eta=0.0) for seed in (3, 4)]
    assert torch.equal(given[0], given[1]) and not torch.equal(given[0], first)


def test_what_lies_under_the_mask_is_not_looked_at_and_all_else_is(
    pipe: ConcatTryOnPipeline, inputs: dict[str, Any]
) -> None:
    before = paint(pipe, inputs)
    mask, image = inputs["mask_image"], inputs["image"]
    assert torch.equal(paint(pipe, inputs, image=torch.where(mask > 0, 1 - image, image)), before)
    assert not torch.equal(paint(pipe, inputs, image=torch.where(mask > 0, image, 1 - image)), before)
    assert not torch.equal(paint(pipe, inputs, garment_image=1 - inputs["garment_image"]), before)
    assert not torch.equal(paint(pipe, inputs, mask_image=mask.roll(8, -1)), before)


def test_the_unet_sees_noise_then_the_mask_then_what_is_kept_over_the_garment(
    pipe: ConcatTryOnPipeline, inputs: dict[str, Any]
) -> None:
    seen: list[tuple[torch.Tensor, Any]] = []
    hook = pipe.unet.register_forward_pre_hook(
        lambda _, args, more: seen.append((args[0], more["encoder_hidden_states"])), with_kwargs=True
    )
    paint(pipe, inputs)
    assert len(seen) == 2  # one look per step, at both guesses together
    both, words = seen[0]
    assert both.shape == (2, 9, 16, 6) and words is None
    small = inputs["mask_image"][..., ::8, ::8]
    assert torch.equal(both[:, 4:5, :8], small.expand(2, -1, -1, -1)) and not both[:, 4, 8:].any()
    image, mask = 2 * inputs["image"] - 1, inputs["mask_image"]
    assert torch.allclose(both[:, 5:, :8], pipe.encode(image * (1 - mask)).expand(2, -1, -1, -1), atol=1e-5)
    # The guess without the garment sees none; the other sees it below the person.
    assert not both[0, 5:, 8:].any()
    assert torch.allclose(both[1, 5:, 8:], pipe.encode(2 * inputs["garment_image"] - 1)[0], atol=1e-5)
    seen.clear()
    paint(pipe, inputs, guidance_scale=1.0)
    hook.remove()
    assert [len(picture) for picture, _ in seen] == [1, 1]
    assert seen[0][0][0, 5:, 8:].any()


def test_it_starts_from_a_picture_under_the_noise_of_the_first_step(
    pipe: ConcatTryOnPipeline, inputs: dict[str, Any]
) -> None:
    start = torch.rand(1, 3, *SIZE, generator=torch.Generator().manual_seed(2))
    noise = torch.randn(1, 4, 16, 6, generator=torch.Generator().manual_seed(3))
    seen: list[tuple[torch.Tensor, int]] = []
    hook = pipe.unet.register_forward_pre_hook(lambda _, args: seen.append((args[0][:1, :4], int(args[1]))))
    painted = paint(pipe, inputs, start_image=start, latents=noise)
    paint(pipe, inputs, latents=noise)
    hook.remove()
    time = pipe.scheduler.timesteps[0]
    with torch.no_grad():
        beside = torch.cat([pipe.encode(2 * start - 1), pipe.encode(2 * inputs["garment_image"] - 1)], -2)
    assert seen[0][1] == time
    assert torch.allclose(seen[0][0], pipe.scheduler.add_noise(beside, noise, time[None]), atol=1e-5)
    assert torch.equal(seen[2][0], noise)  # as published, without a picture
    assert not torch.equal(paint(pipe, inputs, start_image=1 - start, latents=noise), painted)


def test_guidance_leads_away_from_the_guess_without_the_garment(
    pipe: ConcatTryOnPipeline, inputs: dict[str, Any]
) -> None:
    """With one step of DDIM without noise the result is linear in what the U-Net guessed, and so in the scale."""
    once = dict(num_inference_steps=1, eta=0.0, output_type="latent")
    at = [paint(pipe, inputs, guidance_scale=scale, **once) for scale in (1.0, 101.0, 201.0)]
    assert (at[1] - at[0]).abs().max() > 0.01
    assert torch.allclose(at[2] - at[0], 2 * (at[1] - at[0]), rtol=0.01, atol=1e-3)


def test_cross_attention_lets_its_input_pass_and_words_reach_nothing(pipe: ConcatTryOnPipeline) -> None:
    names = {name: type(one).__name__ for name, one in pipe.unet.attn_processors.items()}
    assert {one for name, one in names.items() if "attn2" in name} == {"SkipCrossAttention"}
    assert "SkipCrossAttention" not in {one for name, one in names.items() if "attn1" in name}
    crossing = pipe.unet.mid_block.attentions[0].transformer_blocks[0].attn2
    x = torch.randn(1, 5, 32)
    assert torch.equal(crossing(x), x)
    seen = torch.randn(1, 9, 16, 6)
    with torch.no_grad():
        silent = pipe.unet(seen, 10, encoder_hidden_states=None).sample
        assert torch.equal(pipe.unet(seen, 10, encoder_hidden_states=torch.randn(1, 7, 32)).sample, silent)


def test_each_step_is_reported_and_can_cancel(pipe: ConcatTryOnPipeline, inputs: dict[str, Any]) -> None:
    seen: list[tuple[int, int]] = []
    paint(pipe, inputs, num_inference_steps=3, callback_on_step_end=lambda _, i, t, kept: seen.append((i, t)) or kept)
    assert [i for i, _ in seen] == [0, 1, 2] and seen == sorted(seen, key=lambda one: -one[1])

    def stop(*_: Any) -> dict[str, torch.Tensor]:
        raise RenderCancelled("enough")

    with pytest.raises(RenderCancelled):
        paint(pipe, inputs, callback_on_step_end=stop)


def test_saved_and_loaded_it_paints_the_same(pipe: ConcatTryOnPipeline, inputs: dict[str, Any], tmp_path: Path) -> None:
    pipe.save_pretrained(tmp_path)
    again = ConcatTryOnPipeline.from_pretrained(tmp_path)
    again.set_progress_bar_config(disable=True)
    assert {type(part) for part in again.components.values()} == {type(part) for part in pipe.components.values()}
    assert torch.equal(paint(again, inputs), paint(pipe, inputs))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"num_inference_steps": 0}, "num_inference_steps is 0"),
        ({"guidance_scale": 0.5}, "guidance_scale is 0.5"),
        ({"output_type": "jpg"}, "output_type is 'jpg'"),
        ({"latents": torch.zeros(1, 4, 8, 6)}, r"latents has shape \(1, 4, 8, 6\); expected \(1, 4, 16, 6\)"),
        ({"garment_image": torch.zeros(2, 3, *SIZE)}, "2 garments"),
    ],
)
def test_what_cannot_be_painted_is_refused(
    pipe: ConcatTryOnPipeline, inputs: dict[str, Any], change: dict[str, Any], words: str
) -> None:
    with pytest.raises(ValueError, match=words):
        paint(pipe, inputs, **change)


def test_a_unet_that_is_no_inpainter_is_refused() -> None:
    with pytest.raises(ValueError, match="takes 4 channels; an inpainter takes 9"):
        make_pipe(make_unet(in_channels=4))


# --- trained ----------------------------------------------------------------------------------------------------------

RED, BLUE, GREEN = (0.9, 0.1, 0.1), (0.1, 0.2, 0.9), (0.1, 0.8, 0.2)


def test_a_trained_unet_brings_the_garment_s_colour_into_the_mask() -> None:
    """Overfits one grey photo and three garments; what the U-Net learns is what the pipeline asks it later.

    The target is what is painted: above, the photo with the garment's colour inside the mask; below, the garment.
    """
    pipe = make_pipe(make_unet(), prediction_type="sample")
    photo, mask = torch.full((3, 3, *SIZE), 0.5), torch.zeros(3, 1, *SIZE)
    mask[INSIDE] = 1
    garments = torch.tensor([RED, BLUE, GREEN])[:, :, None, None].expand(-1, -1, *SIZE)
    # The autoencoder is random: bring its latents to the middle, and garments as far apart as noise is.
    with torch.no_grad():
        found = pipe.vae.encode(2 * garments - 1).latent_dist.mode()
        pipe.vae.quant_conv.bias[:4] -= found.mean((0, 2, 3))
    pipe.vae.register_to_config(scaling_factor=1 / float(found.std(0).mean()))
    with torch.no_grad():
        worn = pipe.encode(2 * torch.where(mask > 0, garments, photo) - 1)
        latents = pipe.encode(2 * garments - 1)
        told = conditions(pipe.encode((2 * photo - 1) * (1 - mask)), latents, mask[..., ::8, ::8])
    target = torch.cat([worn, latents], -2)
    optimizer = torch.optim.AdamW(pipe.unet.parameters(), lr=3e-3)
    rng = torch.Generator().manual_seed(0)
    for _ in range(100):
        noise, times = torch.randn(target.shape, generator=rng), torch.randint(1000, (3,), generator=rng)
        noisy = pipe.scheduler.add_noise(target, noise, times)
        guess = pipe.unet(torch.cat([noisy, told], 1), times, encoder_hidden_states=None).sample
        optimizer.zero_grad()
        torch.nn.functional.mse_loss(guess, target).backward()
        optimizer.step()
    painted = pipe(
        photo, mask, garments, num_inference_steps=5, guidance_scale=1.0, output_type="latent",
        generator=torch.Generator().manual_seed(7),
    ).images  # fmt: skip
    inside = mask[0, 0, ::8, ::8] > 0
    far = torch.stack([((one - worn)[:, :, inside] ** 2).mean((1, 2)).sqrt() for one in painted])
    # Each is much nearer to its own garment on the person than to any other one.
    for number, (own, others) in enumerate(zip(far.diag(), far, strict=True)):
        assert own < 0.25 * torch.cat([others[:number], others[number + 1 :]]).min()


# --- published weights ------------------------------------------------------------------------------------------------


def published(unet: UNet2DConditionModel) -> dict[str, torch.Tensor]:
    """A U-Net's self-attention as the published file has it."""
    parts = self_attentions(unet)
    return {f"{8 * i}.{name}": value for i, part in enumerate(parts) for name, value in part.state_dict().items()}


def test_published_attention_goes_to_every_self_attention_and_nowhere_else(tmp_path: Path) -> None:
    trained, unet = make_unet(seed=5), make_unet(seed=6)
    before = {name: value.clone() for name, value in unet.state_dict().items()}
    save_file(published(trained), tmp_path / "model.safetensors")
    load_attention(unet, load_file(tmp_path / "model.safetensors"))
    after, wanted = unet.state_dict(), trained.state_dict()
    for name, value in after.items():
        assert torch.equal(value, wanted[name] if ".attn1." in name else before[name]), name


def test_attention_is_numbered_by_every_eighth_module_down_then_up_then_the_middle() -> None:
    unet = make_unet()
    keys = published(unet)
    shapes = ("to_q.weight", "to_k.weight", "to_v.weight", "to_out.0.weight", "to_out.0.bias")
    assert set(keys) == {f"{number}.{name}" for number in (0, 8, 16, 24) for name in shapes}
    assert [keys[f"{number}.to_q.weight"].shape[0] for number in (0, 8, 16, 24)] == [16, 16, 16, 32]
    # As the published code counts them: everything called attn1, a processor module at the end of each.
    listed = [name for name, _ in unet.named_modules() if "attn1" in name]
    starts = [i for i, name in enumerate(listed) if name.endswith("attn1")]
    assert [start + number for number, start in enumerate(starts)] == [0, 8, 16, 24]
    named = dict(unet.named_modules())
    assert [named[listed[start]] for start in starts] == self_attentions(unet)


def test_of_stable_diffusion_1_5_it_is_as_many_weights_as_published() -> None:
    with torch.device("meta"):
        unet = UNet2DConditionModel(in_channels=9, cross_attention_dim=768, attention_head_dim=8)
    state = published(unet)
    assert sum(value.numel() for value in state.values()) == 49_574_080  # 49.57 M in the paper
    assert len(state) == 80 and {int(key.split(".")[0]) for key in state} == set(range(0, 128, 8))


@pytest.mark.parametrize("wrong", ["missing", "unknown", "shape", "another order"])
def test_attention_of_another_model_is_refused_and_nothing_is_changed(wrong: str) -> None:
    unet = make_unet()
    before = {name: value.clone() for name, value in unet.state_dict().items()}
    state = published(make_unet(seed=5))
    if wrong == "missing":
        del state["8.to_v.weight"]
    elif wrong == "unknown":
        state["32.to_v.weight"] = torch.zeros(16, 16)
    elif wrong == "shape":
        state["8.to_out.0.bias"] = torch.zeros(24)
    else:  # the middle before the way up
        numbers = {"24": "8", "8": "16", "16": "24", "0": "0"}
        state = {f"{numbers[key.split('.')[0]]}.{key.split('.', 1)[1]}": value for key, value in state.items()}
    named = {"missing": r"no 8\.to_v\.weight \(1 missing\)", "unknown": r"32\.to_v\.weight \(1 unknown\)"}
    with pytest.raises(BadInput, match=named.get(wrong, "of shape")):
        load_attention(unet, state)
    assert all(torch.equal(value, before[name]) for name, value in unet.state_dict().items())
