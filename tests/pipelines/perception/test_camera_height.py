"""The camera's height: what the network says, held back by what is usual. Real classes, random weights."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from pipelines.geometry.camera import Camera
from pipelines.perception.camera_height import USUAL, HeightFinder, HeightNet
from pipelines.perception.floor_net import FloorNet
from training.train_height import Seen, batches, evaluate, look

CAMERA = Camera((96, 128), focal=120, pitch=0.15, height=1.2)


@pytest.fixture(scope="module")
def floor() -> FloorNet:
    torch.manual_seed(0)
    return FloorNet(widths=(16, 16, 8, 8), pixels=96 * 128).eval()


def finder(floor: FloorNet, folder: Path, bias: float = 0.0, vote: float = 0.0) -> HeightFinder:
    torch.manual_seed(1)
    net = HeightNet(width=16)
    torch.nn.init.normal_(net.vote.weight, std=vote)
    torch.nn.init.constant_(net.vote.bias, bias)
    net.save_pretrained(folder)
    return HeightFinder(folder, floor)


def photo(seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 255, (96, 128, 3), np.uint8)


def test_who_knows_nothing_says_what_is_usual(floor, tmp_path):
    height, certain = finder(floor, tmp_path)(photo(), CAMERA)
    assert height == pytest.approx(USUAL) and 0 < certain < 1


def test_an_answer_is_held_back_but_not_ignored(floor, tmp_path):
    height, _ = finder(floor, tmp_path, bias=-0.3)(photo(), CAMERA)
    assert USUAL * np.exp(-0.3) < height < USUAL * np.exp(-0.15)


def test_a_photo_and_its_mirror_image_were_taken_from_one_height(floor, tmp_path):
    find = finder(floor, tmp_path, vote=0.5)
    camera = replace(CAMERA, roll=0.0)
    one, other = (find(np.ascontiguousarray(picture), camera) for picture in (photo(), photo()[:, ::-1]))
    assert one == pytest.approx(other, rel=1e-4)


def test_the_less_both_agree_the_less_it_is_sure(floor, tmp_path):
    sure = finder(floor, tmp_path / "a")(photo(), CAMERA)[1]
    unsure = finder(floor, tmp_path / "b", vote=3.0)(photo(), CAMERA)[1]
    assert unsure < sure


def test_it_learns_heights_that_the_pictures_tell():
    """Made-up features of which some tell the height, among many that do not."""
    random = torch.Generator().manual_seed(0)
    seen = []
    for _ in range(60):
        height = float(torch.rand(1, generator=random)) * 0.6
        features = torch.randn(24, 5, 6, generator=random)
        features[:8] += 6 * height
        seen.append(Seen(features.half(), torch.zeros(1, 5, 6).half(), 0.8, height))
    torch.manual_seed(0)
    net = HeightNet(features=24, width=16)
    optimizer = torch.optim.Adam(net.parameters(), 1e-2)
    stream = batches(seen[:40], 16, 0)
    for _ in range(200):
        *inputs, height = next(stream)
        loss = (net(*inputs) - height).abs().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    figures = evaluate(net.eval(), seen[40:])
    assert figures["correlation"] > 0.8 and figures["median"] < 0.1


def test_training_looks_at_a_picture_and_its_mirror_image_as_finding_does(floor):
    one, mirrored = look(floor, photo(), CAMERA)
    assert one.features.shape == mirrored.features.shape and one.height == mirrored.height == pytest.approx(np.log(1.2))
    other, _ = look(floor, np.ascontiguousarray(photo()[:, ::-1]), CAMERA)
    assert torch.allclose(other.features.float(), mirrored.features.float(), atol=1e-2)
