"""Pairs as examples: what the render has and what the placed cut-out has lie in the same place."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import tryroom
from benchmarks.room_pairs import blob, figures, margin
from pipelines.furniture import read_furniture
from pipelines.geometry.camera import Camera
from pipelines.geometry.layer import bring, paste
from pipelines.geometry.placement import Placement
from recommend.catalog import read_catalog
from training.room_pairs import Pair, example, load_pairs

ITEM = "nightstand-two-drawers-oak"
CAMERA = Camera((120, 160), focal=150, pitch=0.2, height=1.4)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two pairs: an item of the catalog in a plain room, its truth drawn by hand; in the second something hides it."""
    catalog = read_catalog(tryroom.FURNITURE)
    item = read_furniture(
        tryroom.furniture_files(catalog.folder, next(item for item in catalog.items if item.id == ITEM))
    )
    x, y = np.meshgrid(np.arange(160) + 0.5, np.arange(120) + 0.5)
    points = CAMERA.floor_points(np.stack([x.ravel(), y.ravel()], 1))
    floor = np.where(points[:, 1].reshape(120, 160) < 4, 255, 0).astype(np.uint8)
    room = np.where(floor[..., None] > 0, (150, 120, 90), (220, 215, 205)).astype(np.float32)
    placement = Placement((0.2, 2.6), 0.3, item.size)
    layer = bring(item, placement, CAMERA, floor)
    out = tmp_path_factory.mktemp("pairs")
    for number, hidden in enumerate((False, True)):
        shown, depth = layer.alpha.copy(), np.full((120, 160), 4.0)
        if hidden:
            shown[:, 80:], depth[:, 80:] = 0, 1.0
        truth = room * layer.kept[..., None]
        truth = truth + shown[..., None] * (0.9 * layer.rgb - truth)
        path = out / f"{number:05d}"
        path.mkdir()
        for name, picture in (("without", room), ("with", truth), ("item", 255 * shown), ("floor", floor)):
            Image.fromarray(np.rint(picture).astype(np.uint8)).save(path / f"{name}.png")
        Image.fromarray((1000 * depth).astype(np.uint16)).save(path / "depth.png")
        camera = {"width": 160, "height": 120, "focal_px": 150, "pitch": 0.2, "roll": 0.0, "camera_height": 1.4}
        seen = {"id": ITEM, "at": placement.at, "yaw": placement.yaw, "size": placement.size, "base": 0.0}
        (path / "scene.json").write_text(json.dumps({"camera": camera, "item": seen}))
    return out


@pytest.fixture(scope="module")
def pairs(folder: Path) -> list[Pair]:
    return list(load_pairs(folder))


def test_the_cut_out_lies_on_the_item_and_what_hides_one_hides_the_other(pairs: list[Pair]) -> None:
    (found, true), (half, shown) = ((pair.layer.alpha > 0.45, pair.shown > 127) for pair in pairs)
    assert (found & true).sum() / (found | true).sum() > 0.97
    assert shown.any() and (half & shown).sum() > 0.97 * shown.sum() and not half[:, 83:].any()


def test_examples_have_one_size_and_mirror_directions_too(pairs: list[Pair]) -> None:
    made = [example(pairs[0], np.random.default_rng(seed)) for seed in range(12)]
    assert len({x["room"].shape for x in made}) == 1
    assert all(np.isfinite(x[name]).all() for x in made for name in x)
    # Right of the item the direction away from it points right, whichever way the picture was mirrored.
    for x in made:
        column = int(np.argmax(x["around"][..., 4].mean(0)))
        item = int(np.argmax(x["alpha"][..., 0].mean(0)))
        assert column > item


def test_beyond_item_and_shadow_room_and_truth_are_developed_alike(pairs: list[Pair]) -> None:
    made = example(pairs[0], np.random.default_rng(3))
    alone = (made["alpha"][..., 0] == 0) & (made["kept"][..., 0] > 0.999)
    assert alone.mean() > 0.2 and np.abs(made["room"] - made["truth"])[alone].max() < 0.02


def test_the_truth_scores_best_and_the_margin_holds_the_item(pairs: list[Pair]) -> None:
    pair = pairs[0]
    plain = np.clip(np.rint(paste(pair.room.astype(np.float32), pair.layer)), 0, 255).astype(np.uint8)
    whole, around = margin(pair)
    assert whole[pair.shown > 127].all() and not around[pair.shown > 127].any() and around.any()
    best, pasted, bare = (figures(picture, pair) for picture in (pair.truth, plain, pair.room))
    assert best["psnr"] > 60 and best["psnr"] > pasted["psnr"] > bare["psnr"]


def test_a_blob_darkens_the_floor_under_the_foot(pairs: list[Pair]) -> None:
    kept = blob(CAMERA, pairs[0].layer.placement)
    foot = np.rint(CAMERA.project(pairs[0].layer.placement.foot[None])[0]).astype(int)
    assert kept[foot[1], foot[0]] < 0.6 and kept[:20].min() > 0.99
