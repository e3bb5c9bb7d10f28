"""The harmony network and what carries its light to the photo's own size, with real classes at a tiny size."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from pipelines.diffusion.harmoniser import Harmoniser, Window, conditions, taper, window_of
from pipelines.diffusion.harmony import HarmonyNet, HarmonyOutput, lit
from pipelines.geometry.camera import Camera
from pipelines.geometry.depth import depth_map
from pipelines.geometry.layer import Layer, Scene, bring, paste
from pipelines.geometry.placement import Placement
from tests.pipelines import boxes

SIZE = (180, 240)
CAMERA = Camera(SIZE, focal=220, pitch=0.25, height=1.5)
ITEM = boxes.catalog_box()


@pytest.fixture
def scene() -> Scene:
    x, y = np.meshgrid(np.arange(SIZE[1]) + 0.5, np.arange(SIZE[0]) + 0.5)
    ahead = CAMERA.floor_points(np.stack([x.ravel(), y.ravel()], 1))[:, 1].reshape(SIZE)
    floor = np.where(ahead < 4.5, 255, 0).astype(np.uint8)
    return Scene(CAMERA, depth_map(CAMERA, floor), floor)


@pytest.fixture
def layer(scene: Scene) -> Layer:
    return bring(ITEM, Placement((0.2, 3.0), 0.4, boxes.SIZE), CAMERA, scene.floor)


@pytest.fixture
def room() -> np.ndarray:
    return np.random.default_rng(0).uniform(60, 220, (*SIZE, 3)).astype(np.float32)


def tiny(folder: Path, change: float = 0.0) -> Harmoniser:
    torch.manual_seed(0)
    net = HarmonyNet(widths=(8, 8, 8), blocks=(1, 1, 1))
    torch.nn.init.normal_(net.head.weight, std=change)
    net.save_pretrained(folder)
    return Harmoniser(folder)


def test_a_network_that_says_nothing_leaves_the_drawn_picture(tmp_path, room, layer, scene):
    assert np.abs(tiny(tmp_path)(room, layer, scene) - paste(room, layer)).max() < 1e-2


def test_only_the_window_changes_and_the_photo_given_is_left_alone(tmp_path, room, layer, scene):
    before = room.copy()
    made = tiny(tmp_path, change=0.5)(room, layer, scene)
    window = window_of(layer)
    assert window is not None
    outside = np.ones(SIZE, bool)
    outside[window.slices] = False
    assert outside.any() and np.array_equal(made[outside], room[outside])
    assert np.array_equal(room, before) and np.abs(made - paste(room, layer)).max() > 5


def test_the_same_question_has_the_same_answer(tmp_path, room, layer, scene):
    harmonise = tiny(tmp_path, change=0.5)
    assert np.array_equal(harmonise(room, layer, scene), harmonise(room, layer, scene))


def test_an_item_that_is_not_in_the_picture_changes_nothing(tmp_path, room, scene):
    away = bring(ITEM, Placement((40.0, 3.0), 0.4, boxes.SIZE), CAMERA, scene.floor)
    assert tiny(tmp_path, change=0.5)(room, away, scene) is room


def test_light_multiplies_the_room_and_the_item_each_with_its_own():
    room, item = torch.full((1, 3, 4, 4), 100.0), torch.full((1, 3, 4, 4), 50.0)
    alpha, kept = torch.zeros(1, 1, 4, 4), torch.full((1, 1, 4, 4), 0.5)
    alpha[..., 2:] = 1
    factors = (torch.full((1, 3, 4, 4), float(np.log(factor))) for factor in (1.5, 2.0))
    light = HarmonyOutput(*factors, torch.full((1, 1, 4, 4), 2.0))
    made = lit(room, item, alpha, kept, light)
    assert made[..., :2].flatten().tolist() == pytest.approx([100 * 0.25 * 1.5] * 24)
    assert made[..., 2:].flatten().tolist() == pytest.approx([100.0] * 24)


def test_light_fades_towards_edges_that_are_not_the_photos():
    faded = taper(Window(20, 0, 100, 80), (80, 200), (48, 48))
    assert faded[0, 24] == faded[-1, 24] == 1  # the photo ends there
    assert faded[24, 0] < 0.2 and faded[24, -1] < 0.2 and faded[24, 24] == 1


@pytest.mark.parametrize("size", [(64, 256), (256, 64), (100, 100), (37, 411)])
def test_what_the_network_sees_fits_its_folds(size, layer, scene, room):
    window = Window(0, 0, min(size[1], SIZE[1]), min(size[0], SIZE[0]))
    height, width = window.net_size
    assert height % 16 == width % 16 == 0 and min(height, width) >= 48
    seen = conditions(room, layer, scene, window)
    assert seen["room"].shape == (height, width, 3) and seen["around"].shape[:2] == (height, width)
    assert np.isfinite(np.concatenate([x.ravel() for x in seen.values()])).all()


def test_it_learns_the_light_of_a_dim_red_room(room, layer, scene, tmp_path):
    """A few steps on one picture: the real loss, the real conditions."""
    from training.train_harmony import INPUTS, finished, harmony_loss

    window = window_of(layer)
    assert window is not None
    made = conditions(room, layer, scene, window)
    made["fade"] = taper(window, room.shape, window.net_size)[..., None]
    batch = {name: torch.from_numpy(x).permute(2, 0, 1)[None] for name, x in made.items()}
    dim = batch["item"] * torch.tensor([0.8, 0.4, 0.3])[None, :, None, None]
    batch["truth"] = batch["room"] + batch["alpha"] * (dim - batch["room"])
    torch.manual_seed(0)
    net = HarmonyNet(widths=(16, 16, 16), blocks=(1, 1, 1))
    optimizer = torch.optim.Adam(net.parameters(), 3e-3)
    losses = []
    for _ in range(40):
        loss, _ = harmony_loss(net(*[batch[name] for name in INPUTS]), batch)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < 0.4 * losses[0]
    error = (finished(net(*[batch[name] for name in INPUTS]), batch) - batch["truth"]).abs()
    assert error[batch["alpha"].expand(-1, 3, -1, -1) > 0.9].mean() < 0.05
