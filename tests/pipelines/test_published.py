"""Published renderers in use: the command line, batches that go on, words without a mask, and what is missing."""

from __future__ import annotations

import dataclasses
import importlib.util
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from typer.testing import CliRunner

import tryroom_cli
from pipelines import batch, images, jobs, published, remote, renderers, weights
from pipelines.diffusion.memory import Memory
from pipelines.diffusion.published import instruct, painter, sd15
from pipelines.diffusion.published.painter import asked_for, variant_of
from pipelines.errors import BadInput, MissingLibrary
from pipelines.geometry.canvas import Form, on_white, window_around
from pipelines.geometry.wording import colour_names, say_garment
from pipelines.schema import EditRequest, Progress, RenderSettings
from tests.pipelines import small_requests

CPU = Memory("cpu", "float32")


def folders(hub: Path) -> dict[str, Path]:
    return {path.name: path for path in hub.iterdir()}


def test_a_photo_is_changed_from_the_command_line(
    hub: Path, tmp_path: Path, photo_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(weights.OWN_VARIABLE, "")  # the command sets it; this puts it back
    out = tmp_path / "out.png"
    words = "make the curtains green"
    call = ["edit", str(photo_file), words, "-o", str(out), "--steps", "1", "--weights-dir", str(hub)]
    run = CliRunner().invoke(tryroom_cli.app, call)
    assert run.exit_code == 0, run.output
    recipe = images.read_recipe(out)
    assert recipe is not None
    assert (recipe["words"], recipe["licences"]) == (words, {"instruct-pix2pix": "MIT"})
    before, after = images.load_image(photo_file), images.load_image(out)
    assert after.shape == before.shape
    assert not np.array_equal(after, before)


def test_a_batch_goes_on_by_the_recipe_of_a_published_renderer(
    hub: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    renderer = small_requests.load("sd15", "tryon", hub, monkeypatch)
    monkeypatch.setattr(batch, "request_of", lambda _, name: small_requests.request_of("tryon", renderer=name))
    job = jobs.Job("a", 2, "tryon", tmp_path / "person.png", tmp_path / "top.png")
    settings = batch.BatchSettings(renderer="sd15", resume=True)
    assert batch.run_job(job, tmp_path, settings, renderer).status == "ok"
    assert batch.run_job(job, tmp_path, settings, renderer).status == "kept"
    renderer._painter.settings = dataclasses.replace(renderer._painter.settings, strength=1.0)
    assert batch.run_job(job, tmp_path, settings, renderer).status == "ok"


def test_words_without_a_mask_may_change_everything(hub: Path) -> None:
    editor = instruct.load(folders(hub), CPU, dataclasses.replace(instruct.USUAL, side=64, steps=1))
    request = EditRequest(small_requests.room_photo(), "paint the wall", settings=RenderSettings("edit"))
    result = published.edit(editor, request, {}, lambda _: None)
    assert (result.mask == 255).all()
    assert (result.image != request.photo).any(-1).mean() > 0.9


@pytest.mark.parametrize(("name", "task"), [("sd15", "tryon"), ("sd15", "room"), ("edit", "edit")])
def test_a_picture_is_seen_on_the_way_and_nothing_changes_outside_its_mask(
    name: str, task: str, hub: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(painter, "PREVIEW_EVERY", 1)
    renderer = small_requests.load(name, task, hub, monkeypatch)
    request = small_requests.request_of(task, renderer=name)
    told: list[Progress] = []
    result = renderer.render(request, told.append)
    steps = [one for one in told if one.stage.startswith("step ")]
    assert steps and all(one.preview is not None for one in steps)
    assert [one.fraction for one in told] == sorted(one.fraction for one in told)
    for one in steps:
        changed = (one.preview != remote.photo_of(request)).any(-1)
        assert changed.any() and not changed[result.mask == 0].any()


def test_half_precision_files_are_found_and_read_in_the_precision_asked_for(hub: Path) -> None:
    assert variant_of(hub / "sd15-inpainting") == "fp16"
    assert variant_of(hub / "flux-fill") is None
    loaded = sd15.load(folders(hub), CPU, "pose")
    assert {part.dtype for part in loaded.pipe.components.values() if isinstance(part, torch.nn.Module)} == {
        torch.float32
    }


@pytest.mark.skipif(importlib.util.find_spec("peft") is None, reason="LCM-LoRA needs peft")
def test_the_lora_of_few_steps_is_in_the_weights(hub: Path) -> None:
    place = "down_blocks.0.attentions.0.transformer_blocks.0.attn1.to_q"
    usual, fast = (
        sd15.load(folders(hub), CPU, "pose", fast=fast).pipe.unet.get_submodule(place).weight for fast in (False, True)
    )
    lora = load_file(hub / "sd15-lcm" / "pytorch_lora_weights.safetensors")
    key = f"lora_unet_{place.replace('.', '_')}"
    added = lora[f"{key}.lora_up.weight"] @ lora[f"{key}.lora_down.weight"]  # alpha is the rank: no factor
    assert torch.allclose(fast, usual + added, atol=1e-5)


@pytest.mark.skipif(importlib.util.find_spec("peft") is not None, reason="peft is here")
def test_few_steps_without_peft_say_what_to_install(hub: Path) -> None:
    with pytest.raises(MissingLibrary, match="pip install 'peft'"):
        sd15.load(folders(hub), CPU, "pose", sd15.LCM, fast=True)


@pytest.mark.parametrize("steps", [1, 2, 4, 7, 30, 50])
@pytest.mark.parametrize("strength", [0.3, 0.9, 1.0])
def test_as_many_steps_are_done_as_were_wished(steps: int, strength: float) -> None:
    asked = asked_for(steps, lambda asked: int(asked * strength))
    assert int(asked * strength) == steps


def test_memory_is_no_question_of_our_own_renderer() -> None:
    with pytest.raises(BadInput, match="runs on any machine as it is"):
        renderers.load("compact", "tryon", "8gb")


def test_a_task_that_a_renderer_does_not_do_names_those_that_do() -> None:
    with pytest.raises(BadInput, match="Renderers for edit: edit"):
        renderers.load("sd15", "edit")
    with pytest.raises(BadInput, match="compact, sd15, sd15-lcm, sdxl, flux-fill, edit"):
        renderers.load("sd16", "tryon")


# --- canvases -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("height", "width"), [(300, 100), (100, 300), (200, 200), (9, 400), (400, 9)])
def test_a_window_has_the_model_s_pixels_and_stretches_nothing(height: int, width: int) -> None:
    mask = np.zeros((500, 600), np.uint8)
    mask[50 : 50 + height, 80 : 80 + width] = 255
    window = window_around(mask, Form(512))
    assert not any(side % 64 for side in window.size)
    assert 0.7 < np.prod(window.size) / 512**2 < 1.3
    assert window.affine[0, 0] == window.affine[1, 1] and not window.affine[0, 1]
    seen = window.cut(mask, nearest=True) > 0
    assert seen.any() and not seen[[0, -1]].any() and not seen[:, [0, -1]].any()


def test_what_is_cut_out_and_pasted_back_is_where_it_was() -> None:
    photo = small_requests.photo()
    mask = np.zeros(photo.shape[:2], np.uint8)
    mask[60:160, 50:140] = 255
    window = window_around(mask, Form(512))
    again = window.paste(photo, window.cut(photo), mask)
    assert np.array_equal(again[mask == 0], photo[mask == 0])
    assert np.abs(again.astype(int) - photo)[mask > 0].mean() < 3


def test_a_cut_out_is_centred_on_white() -> None:
    picture = np.full((50, 40, 3), (200, 30, 40), np.uint8)
    mask = np.zeros((50, 40), np.uint8)
    mask[10:40, 5:15] = 255
    item = on_white(picture, mask)
    ys, xs = np.nonzero((item != 255).any(-1))
    assert item.shape == (33, 33, 3)
    assert (np.ptp(ys) + 1, np.ptp(xs) + 1) == (30, 10)
    assert (item[ys, xs] == (200, 30, 40)).all()


# --- words ----------------------------------------------------------------------------------------------------------


def test_colours_are_named_as_measured() -> None:
    picture = np.full((60, 60, 3), (28, 38, 78), np.uint8)
    mask = np.full((60, 60), 255, np.uint8)
    assert colour_names(picture, mask) == ("navy",)
    picture[:25] = 250
    assert colour_names(picture, mask) == ("navy", "white")
    picture[:] = 250
    cv2.circle(picture, (30, 30), 8, (200, 30, 40), -1)
    assert colour_names(picture, mask) == ("white",)
    assert colour_names(picture, np.zeros_like(mask)) == ()


def test_a_garment_in_words() -> None:
    assert say_garment("upper", "top", "long", ("navy", "white")) == "navy and white long-sleeved top"
    assert say_garment("lower", "shorts", "none", ("beige",)) == "beige shorts"
    assert say_garment("dress", "dress", "none", ()) == "sleeveless dress"
    assert say_garment("upper", "top", "short", ("red",), "Linen shirt Ada") == "red Linen shirt Ada"
