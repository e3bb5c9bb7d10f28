"""FLUX.1 Fill with an item's picture and a control picture, with real classes at a tiny size."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from accelerate import cpu_offload
from diffusers import FluxControlNetPipeline, FluxFillPipeline, FluxPriorReduxPipeline
from PIL import Image as PILImage
from torch import Tensor, nn

from pipelines.diffusion.guided_fill import CONTROL_GUIDANCE, GuidedFluxFillPipeline
from pipelines.diffusion.memory import Memory, place
from pipelines.diffusion.published import fluxfill
from pipelines.errors import RenderCancelled

#: Height and width; they differ, so that nothing is turned.
SIZE = (64, 48)
WORDS = "a red top"
#: The T5 encoder's length, and the patches of the item.
TOKENS, PATCHES = 512, 16


def load(hub: Path) -> GuidedFluxFillPipeline:
    folders = {name: hub / name for name in ("flux-fill", "flux-redux", "flux-union")}
    return fluxfill.load(folders, Memory("cpu", "float32"), "pose").pipe


@pytest.fixture(scope="module")
def pipe(hub: Path) -> GuidedFluxFillPipeline:
    return load(hub)


def picture(seed: int, size: tuple[int, int] = SIZE) -> PILImage.Image:
    return PILImage.fromarray(np.random.default_rng(seed).integers(0, 256, (*size, 3), np.uint8))


@pytest.fixture
def inputs() -> dict[str, Any]:
    mask = np.zeros(SIZE, np.uint8)
    mask[16:48, 8:40] = 255
    return dict(
        prompt=WORDS, image=picture(0), mask_image=PILImage.fromarray(mask), item_image=picture(1, (40, 40)),
        control_image=picture(2), height=SIZE[0], width=SIZE[1], num_inference_steps=4, output_type="np",
    )  # fmt: skip


def paint(pipe: Any, inputs: dict[str, Any], **changes: Any) -> Any:
    return pipe(**{**inputs, **changes}, generator=torch.Generator().manual_seed(0)).images


class Calls:
    """What networks were called with, by name, one after the other."""

    def __init__(self, pipe: Any) -> None:
        self.order: list[str] = []
        self.given: list[tuple[str, dict[str, Any]]] = []
        parts = [(name, part) for name, part in pipe.components.items() if isinstance(part, nn.Module)]
        self.hooks = [part.register_forward_pre_hook(self._note(name), with_kwargs=True) for name, part in parts]

    def _note(self, name: str) -> Any:
        def note(_: nn.Module, __: tuple[Any, ...], given: dict[str, Any]) -> None:
            self.order.append(name)
            self.given.append((name, given))

        return note

    def of(self, name: str) -> list[dict[str, Any]]:
        """Its named arguments at each call."""
        return [given for called, given in self.given if called == name]


@pytest.fixture
def calls(pipe: GuidedFluxFillPipeline, inputs: dict[str, Any]) -> Iterator[Calls]:
    """Of one picture in four steps."""
    noted = Calls(pipe)
    paint(pipe, inputs)
    yield noted
    for hook in noted.hooks:
        hook.remove()


def parts_of(pipe: Any, kind: type[Any]) -> dict[str, Any]:
    """The components that another pipeline shares with this one."""
    return {name: part for name, part in pipe.components.items() if name in kind._get_signature_types()}


def test_item_and_words_are_joined_as_redux_s_own_pipeline_joins_them(
    pipe: GuidedFluxFillPipeline, inputs: dict[str, Any], calls: Calls
) -> None:
    redux = FluxPriorReduxPipeline(**parts_of(pipe, FluxPriorReduxPipeline))
    wanted = redux(inputs["item_image"], prompt=WORDS, prompt_2=WORDS)
    for given in calls.of("transformer"):
        assert given["encoder_hidden_states"].shape[1] == TOKENS + PATCHES
        assert torch.equal(given["encoder_hidden_states"], wanted.prompt_embeds)
        assert torch.equal(given["pooled_projections"], wanted.pooled_prompt_embeds)


def test_the_item_s_tokens_count_as_much_as_they_are_told_to_and_the_words_stay(
    pipe: GuidedFluxFillPipeline, inputs: dict[str, Any], calls: Calls
) -> None:
    half = Calls(pipe)
    paint(pipe, inputs, item_scale=0.5)
    for hook in half.hooks:
        hook.remove()
    before, after = (noted.of("transformer")[0]["encoder_hidden_states"] for noted in (calls, half))
    assert torch.equal(after[:, :TOKENS], before[:, :TOKENS])
    assert torch.allclose(after[:, TOKENS:], before[:, TOKENS:] / 2)


def test_the_controlnet_sees_what_its_own_pipeline_would_show_it(
    pipe: GuidedFluxFillPipeline, inputs: dict[str, Any], calls: Calls
) -> None:
    own = FluxControlNetPipeline(**parts_of(pipe, FluxControlNetPipeline))
    pixels = own.prepare_image(inputs["control_image"], SIZE[1], SIZE[0], 1, 1, torch.device("cpu"), torch.float32)
    with torch.no_grad():
        latents = pipe.vae.encode(pixels).latent_dist.mode()
    latents = (latents - pipe.vae.config.shift_factor) * pipe.vae.config.scaling_factor
    wanted = own._pack_latents(latents, *latents.shape)
    seen = calls.of("controlnet")
    assert len(seen) == len(calls.of("transformer")) == 4
    for shown, painted in zip(seen, calls.of("transformer"), strict=True):
        assert torch.allclose(shown["controlnet_cond"], wanted, atol=1e-5)
        # Of the transformer's 384 channels the noisy latents alone; beside them what FLUX.1 [dev] would be given.
        assert torch.equal(shown["hidden_states"], painted["hidden_states"][..., :64])
        assert shown["guidance"].tolist() == [CONTROL_GUIDANCE] and painted["guidance"].tolist() == [30.0]
        assert torch.equal(shown["timestep"], painted["timestep"])
        assert torch.equal(shown["encoder_hidden_states"], painted["encoder_hidden_states"])


def test_without_weight_on_the_control_it_is_flux_fill_as_published(
    pipe: GuidedFluxFillPipeline, inputs: dict[str, Any]
) -> None:
    silent = paint(pipe, inputs, controlnet_conditioning_scale=0.0)
    redux = FluxPriorReduxPipeline(**parts_of(pipe, FluxPriorReduxPipeline))
    told = redux(inputs["item_image"], prompt=WORDS, prompt_2=WORDS)
    fill = FluxFillPipeline(**parts_of(pipe, FluxFillPipeline))
    unknown = ("prompt", "item_image", "control_image")
    usual = {key: value for key, value in inputs.items() if key not in unknown}
    assert np.array_equal(silent, paint(fill, {**usual, **told}))
    assert not np.array_equal(silent, paint(pipe, inputs))


@pytest.mark.parametrize(("end", "counted"), [(1.0, 4), (0.5, 2), (0.65, 3), (0.0, 1)])
def test_the_control_counts_until_its_share_of_the_steps_and_in_the_first_always(
    pipe: GuidedFluxFillPipeline, inputs: dict[str, Any], end: float, counted: int
) -> None:
    noted = Calls(pipe)
    paint(pipe, inputs, control_guidance_end=end)
    for hook in noted.hooks:
        hook.remove()
    assert len(noted.of("controlnet")) == counted and len(noted.of("transformer")) == 4


def test_networks_are_called_in_the_order_in_which_they_are_taken_off_a_gpu(
    pipe: GuidedFluxFillPipeline, calls: Calls
) -> None:
    first = list(dict.fromkeys(calls.order))
    order = [name for name in pipe.model_cpu_offload_seq.split("->") if name != "vae"]
    assert [name for name in first if name in order] == order
    assert set(first) - set(order) == {"controlnet"}


def test_after_a_call_and_after_a_cancelled_one_nothing_of_it_stays(
    pipe: GuidedFluxFillPipeline, inputs: dict[str, Any]
) -> None:
    def stop(*_: Any) -> dict[str, Tensor]:
        raise RenderCancelled("enough")

    before = paint(pipe, inputs)
    with pytest.raises(RenderCancelled):
        paint(pipe, inputs, callback_on_step_end=stop)
    assert not pipe.transformer._forward_pre_hooks
    assert np.array_equal(paint(pipe, inputs), before)


@pytest.mark.parametrize("offload", ["model", "sequential"])
def test_taken_on_and_off_a_gpu_it_paints_the_same(
    pipe: GuidedFluxFillPipeline, hub: Path, inputs: dict[str, Any], offload: str
) -> None:
    """With accelerate's hooks on a CPU; layer by layer those that diffusers would set on a GPU, set here."""
    moved = load(hub)
    if offload == "model":
        place(moved, Memory("cpu", "float32", "model"))
    else:
        for name, part in moved.components.items():
            if isinstance(part, nn.Module) and name not in moved._exclude_from_cpu_offload:
                cpu_offload(part, torch.device("cpu"), offload_buffers=len(part._parameters) > 0)
        assert next(moved.controlnet.parameters()).device.type == "meta"
    assert np.array_equal(paint(moved, inputs), paint(pipe, inputs))


def test_saved_and_loaded_it_paints_the_same(
    pipe: GuidedFluxFillPipeline, inputs: dict[str, Any], tmp_path: Path
) -> None:
    pipe.save_pretrained(tmp_path)
    again = GuidedFluxFillPipeline.from_pretrained(tmp_path)
    assert {type(part) for part in again.components.values()} == {type(part) for part in pipe.components.values()}
    assert np.array_equal(paint(again, inputs), paint(pipe, inputs))
