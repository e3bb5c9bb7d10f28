"""The compact pipeline with real classes at a tiny size, weights at random, saved and loaded from disk."""

import json

import pytest
import torch
from diffusers import FlowMatchEulerDiscreteScheduler

from pipelines.diffusion.autoencoder import CompactAutoencoder
from pipelines.diffusion.compact import CompactInpaintPipeline
from pipelines.diffusion.flow import FlowModel
from pipelines.diffusion.mean import MeanModel, carried_on, core, spread, upsample, warp
from pipelines.errors import RenderCancelled

SIZE = (64, 48)


def randomise(model: torch.nn.Module) -> torch.nn.Module:
    """Heads start at zero; give everything something to say."""
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.05)
    return model.eval()


@pytest.fixture(scope="module")
def pipe() -> CompactInpaintPipeline:
    torch.manual_seed(0)
    parts = (
        CompactAutoencoder(latent_channels=4, width=8),
        MeanModel(layout_widths=(8, 8), layout_blocks=(1, 1), paint_widths=(8, 8), paint_blocks=(1, 1)),
        FlowModel(latent_channels=4, widths=(8, 8), blocks=(1, 1)),
    )
    made = CompactInpaintPipeline(*(randomise(p) for p in parts), FlowMatchEulerDiscreteScheduler())
    made.set_progress_bar_config(disable=True)
    return made


@pytest.fixture
def inputs() -> dict[str, torch.Tensor]:
    g = torch.Generator().manual_seed(1)
    mask = torch.zeros(1, 1, *SIZE)
    mask[..., 16:48, 8:40] = 1
    return dict(
        image=torch.rand(1, 3, *SIZE, generator=g) * 2 - 1, mask_image=mask,
        hint=torch.rand(1, 3, *SIZE, generator=g) * 2 - 1, hint_mask=mask.clone(),
        pose=torch.rand(1, 3, *SIZE, generator=g), known=torch.zeros(1, 6, *SIZE),
        facts=torch.tensor([[1.0, 0, 0, 0, 1, 0]]),
    )  # fmt: skip


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize("steps", [0, 2])
def test_outside_the_mask_the_photo_comes_back(pipe, inputs, steps):
    out = pipe(**inputs, num_inference_steps=steps, generator=seeded()).images
    outside = inputs["mask_image"].expand(-1, 3, -1, -1) == 0
    assert torch.equal(out[outside], inputs["image"][outside])


def test_the_seed_decides(pipe, inputs):
    a, b, c = (pipe(**inputs, num_inference_steps=2, generator=seeded(s)).images for s in (3, 3, 4))
    assert torch.equal(a, b)
    assert not torch.equal(a, c)


def test_without_steps_the_mean_is_given_and_no_seed_matters(pipe, inputs):
    a = pipe(**inputs, num_inference_steps=0, generator=seeded(1))
    mask = inputs["mask_image"]
    expected = mask * a.mean.sample.clamp(-1, 1) + (1 - mask) * inputs["image"]
    assert torch.allclose(a.images, expected)
    assert torch.equal(a.images, pipe(**inputs, num_inference_steps=0, generator=seeded(2)).images)


def test_what_lies_under_the_mask_is_not_looked_at(pipe, inputs):
    other = dict(
        inputs, image=torch.where(inputs["mask_image"] > 0, torch.full_like(inputs["image"], 0.7), inputs["image"])
    )
    a, b = (pipe(**i, num_inference_steps=2, generator=seeded()).images for i in (inputs, other))
    assert torch.equal(a, b)


@pytest.mark.parametrize("name", ["hint", "hint_mask", "pose", "known", "facts", "image"])
def test_every_condition_arrives(pipe, inputs, name):
    changed = dict(inputs, **{name: inputs[name].roll(5, -1) if name != "facts" else inputs[name].flip(-1)})
    if name == "known":
        changed[name] = torch.ones_like(inputs[name])
    if name == "hint_mask":
        changed[name] = inputs[name] * 0
    a, b = (pipe(**i, num_inference_steps=2, generator=seeded()).images for i in (inputs, changed))
    inside = inputs["mask_image"].expand(-1, 3, -1, -1) > 0
    assert not torch.equal(a[inside], b[inside])


def test_each_step_is_reported_and_can_cancel(pipe, inputs):
    seen = []
    pipe(
        **inputs,
        num_inference_steps=3,
        generator=seeded(),
        callback_on_step_end=lambda p, i, t, k: seen.append((i, t)) or k,
    )
    assert [i for i, _ in seen] == [0, 1, 2]
    assert seen == sorted(seen, key=lambda s: -s[1])

    def stop(*_):
        raise RenderCancelled("enough")

    with pytest.raises(RenderCancelled):
        pipe(**inputs, num_inference_steps=3, generator=seeded(), callback_on_step_end=stop)


def test_saved_and_loaded_it_renders_the_same(pipe, inputs, tmp_path):
    pipe.save_pretrained(tmp_path)
    index = json.loads((tmp_path / "model_index.json").read_text())
    assert index["_class_name"] == "CompactInpaintPipeline"
    again = CompactInpaintPipeline.from_pretrained(tmp_path)
    again.set_progress_bar_config(disable=True)
    a, b = (p(**inputs, num_inference_steps=2, generator=seeded()).images for p in (pipe, again))
    assert torch.equal(a, b)


def test_wrong_sizes_are_refused(pipe, inputs):
    with pytest.raises(ValueError, match="multiples of 16"):
        pipe(**dict(inputs, image=inputs["image"][..., :-3]))
    with pytest.raises(ValueError, match="hint has shape"):
        pipe(**dict(inputs, hint=inputs["hint"][:, :1]))


def test_a_flow_moves_pictures_by_its_pixels():
    picture = torch.arange(12.0)[None, None, None].expand(1, 1, 8, 12).contiguous()
    flow = torch.zeros(1, 2, 8, 12)
    flow[:, 0] = 2
    assert torch.allclose(warp(picture, flow)[..., :9], picture[..., 2:11], atol=1e-4)


def test_colours_that_spread_keep_what_is_known_and_stay_within_its_range():
    g = torch.Generator().manual_seed(0)
    known = (torch.rand(3, 1, 22, 35, generator=g) < 0.1).float()
    known[2] = 0
    picture = (torch.rand(3, 3, 22, 35, generator=g) * 2 - 1) * known
    out = spread(picture, known)
    there = known.expand_as(picture) > 0
    assert torch.equal(out[there], picture[there])
    for n in range(2):
        inside = picture[n][:, known[n, 0] > 0]
        low, high = inside.amin(1)[:, None, None], inside.amax(1)[:, None, None]
        assert ((out[n] >= low - 1e-5) & (out[n] <= high + 1e-5)).all()
    assert not out[2].any()


def test_colours_spread_from_the_side_they_are_nearest_to():
    known = torch.zeros(1, 1, 40, 60)
    known[..., 18:22, 8:12] = known[..., 18:22, 48:52] = 1
    left = torch.zeros(1, 1, 40, 60)
    left[..., :30] = 1
    out = spread(left * known, known)
    assert out[0, 0, 5, 5] > 0.65 and out[0, 0, 35, 55] < 0.35
    assert out[0, 0, 20, 29] == pytest.approx(0.5, abs=0.15)


def test_each_label_is_carried_on_in_its_own_colours():
    known = torch.zeros(1, 3, 32, 32)
    known[:, 0, :, :8] = 1
    known[:, 1, :, 24:] = 1  # the third label is nowhere
    masked = 0.8 * known[:, :1] - 0.4 * known[:, 1:2]
    found = carried_on(masked.expand(1, 3, 32, 32), known)
    assert found.shape == (1, 3, 3, 32, 32)
    assert torch.allclose(found[:, 0], torch.tensor(0.8))
    assert torch.allclose(found[:, 1], torch.tensor(-0.4))
    assert found[:, 2].min() >= -0.4 - 1e-5 and found[:, 2].max() <= 0.8 + 1e-5


def test_deep_inside_the_hint_there_is_garment(pipe, inputs):
    out = pipe(**inputs, num_inference_steps=0).mean
    deep = core(warp(inputs["hint_mask"], upsample(out.flow, SIZE)))
    assert deep.max() > 0.9
    assert (out.garment >= deep).all()


def test_the_core_of_a_mask_keeps_clear_of_its_edge():
    mask = torch.zeros(1, 1, 240, 180)
    mask[..., 40:200, 40:140] = 1
    inner = core(mask)
    assert inner[0, 0, 120, 90] == 1 and inner[0, 0, 42, 90] == 0 and inner[0, 0, 20, 20] == 0


def test_far_from_the_hint_there_is_no_garment_however_wide_the_mask_is(pipe, inputs):
    inputs["hint_mask"] = torch.zeros_like(inputs["hint_mask"])
    inputs["hint_mask"][..., 20:28, 10:18] = 1
    out = pipe(**inputs, num_inference_steps=0).mean
    there = warp(inputs["hint_mask"], upsample(out.flow, SIZE))
    far = torch.nn.functional.max_pool2d(there, 13, stride=1, padding=6) == 0
    assert far.any() and (out.garment[far] == 0).all()


def test_seen_both_ways_the_mirrored_picture_gives_the_mirrored_render(pipe, inputs):
    in_mirror = torch.rand(inputs["pose"].shape, generator=seeded(5))
    flipped = {k: v.flip(-1) if v.ndim == 4 else v for k, v in inputs.items()} | {"pose": in_mirror}
    a = pipe(**inputs, mirrored_pose=in_mirror, num_inference_steps=0)
    b = pipe(**flipped, mirrored_pose=inputs["pose"], num_inference_steps=0)
    assert torch.allclose(a.images, b.images.flip(-1), atol=1e-4)
    assert torch.allclose(a.mean.flow[:, 0], -b.mean.flow[:, 0].flip(-1), atol=1e-4)
    assert not torch.allclose(a.images, pipe(**inputs, num_inference_steps=0).images, atol=1e-3)
