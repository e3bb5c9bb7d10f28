"""Cut-outs with depth give the picture that a camera would take, from any side and any height."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.geometry.camera import Camera
from pipelines.geometry.item_picture import bring_to, nearest_views
from pipelines.geometry.placement import Placement
from pipelines.schema import Furniture
from tests.pipelines import boxes

BOX = boxes.catalog_box()
CAMERA = Camera((240, 320), focal=300, pitch=0.25, roll=0.03, height=1.5)


def overlap(alpha: np.ndarray, true: np.ndarray) -> float:
    found = alpha > 0.5
    return float((found & true).sum() / (found | true).sum())


@settings(max_examples=25, deadline=None)
@given(yaw=st.floats(-180, 180), x=st.floats(-0.5, 0.5), y=st.floats(2.4, 4), height=st.floats(0.9, 1.8))
def test_from_any_side_it_is_what_the_camera_would_see(yaw: float, x: float, y: float, height: float) -> None:
    camera = replace(CAMERA, height=height)
    placement = Placement((x, y), float(np.deg2rad(yaw)), boxes.SIZE)
    rgb, alpha = bring_to(BOX, camera, placement)
    paint, true = boxes.seen(camera, placement)
    assert overlap(alpha, true) > 0.95
    inner = true & (alpha > 0.98)
    assert np.abs(rgb - paint)[inner].mean() < 8


def test_a_box_asked_for_in_another_size_is_that_size() -> None:
    placement = Placement((0.1, 3.0), 0.4, (1.4, 0.6, 0.4))
    _, alpha = bring_to(BOX, CAMERA, placement)
    assert overlap(alpha, boxes.seen(CAMERA, placement)[1]) > 0.95


def test_without_depth_it_is_at_least_as_large_as_it_should_be_where_it_should_be() -> None:
    flat = replace(BOX, views=tuple(replace(view, depth=None) for view in BOX.views))
    placement = Placement((0.0, 3.0), 0.26, boxes.SIZE)
    true = boxes.seen(CAMERA, placement)[1]
    with_depth, without = (bring_to(item, CAMERA, placement)[1] for item in (BOX, flat))
    assert 0.75 < overlap(without, true) < overlap(with_depth, true)


def test_what_is_round_shows_the_one_side_that_was_taken() -> None:
    can = Furniture(boxes.SIZE, (boxes.view(0, 8), boxes.view(0, 25)), round=True)
    pictures = [bring_to(can, CAMERA, Placement((0.0, 3.0), yaw, boxes.SIZE)) for yaw in (0.0, 1.9)]
    assert pictures[1][0] == pytest.approx(pictures[0][0], abs=1e-3)


def test_beyond_the_picture_and_behind_the_camera_there_is_nothing() -> None:
    for at in ((30.0, 2.0), (0.0, 0.1)):
        rgb, alpha = bring_to(BOX, CAMERA, Placement(at, 0.0, boxes.SIZE))
        assert not alpha.any() and not rgb.any()


def test_of_a_symmetric_item_the_other_side_is_mirrored_with_its_depth() -> None:
    item = replace(BOX, views=(boxes.view(30, 8), boxes.view(90, 8)), symmetric=True)
    off, view = nearest_views(item, -35, 8)[0]
    assert off == pytest.approx(5) and view.angles == (-30, 8)
    assert view.depth is not None and np.array_equal(view.depth[:, ::-1], item.views[0].depth)
