"""Flat garments cut into panels: what is sewn to what, and what is left out."""

from __future__ import annotations

import itertools

import cv2
import numpy as np
import pytest

from pipelines.errors import BadInput
from pipelines.geometry.garment import LEFT_SLEEVE, POINT_NAMES, RIGHT_SLEEVE, TORSO, GarmentLandmarks
from tests.training.flats import a_tee, a_top
from training.prepare_flats import contour, edges_of, outline, panels


def test_the_edges_go_round_once_and_meet_at_the_landmarks() -> None:
    shape, mask = a_tee()
    lines, edges = outline(shape, mask), edges_of(shape)
    assert sum(len(line) - 1 for line in lines) == len(contour(mask))
    for (line, edge), following in zip(zip(lines, edges, strict=True), [*lines[1:], lines[0]], strict=True):
        assert np.array_equal(line[-1], following[0])
        assert np.abs(line[0] - shape.pixel(edge.start)).max() <= 3


def test_openings_are_open_and_seams_are_sewn() -> None:
    shape, _ = a_tee()
    assert {e.name for e in edges_of(shape) if not e.sewn} == {"neck", "cuff", "hem"}
    assert {e.name for e in edges_of(shape) if e.sewn} == {"shoulder", "side"}


def test_front_and_back_differ_at_the_neck_alone() -> None:
    front, back = panels(a_top())
    assert not np.array_equal(front[0], back[0])
    assert np.array_equal(front[0][[0, -1]], back[0][[0, -1]])
    # The front is cut lower.
    assert front[0][:, 1].max() > back[0][:, 1].max() + 3
    for a, b in itertools.islice(zip(front, back, strict=True), 1, None):
        assert np.array_equal(a, b)


def test_sleeves_that_lie_on_the_trunk_are_parted_from_it() -> None:
    shape, mask = a_tee(hanging=True)
    with pytest.raises(BadInput, match="sleeves"):
        outline(shape, mask)
    garment = a_top(hanging=True)
    front, _ = panels(garment)
    side = front[[e.name for e in edges_of(shape)].index("side")]
    armpit = shape.pixel("armpit_left")
    assert np.linalg.norm(side - armpit, axis=1).min() < 6


@pytest.mark.parametrize("name", ["collar_left", "hem_right"])
def test_a_garment_whose_landmarks_make_no_sense_is_left_out(name: str) -> None:
    shape, mask = a_tee()
    points = shape.points.copy()
    points[POINT_NAMES.index(name)] = 0.5, 0.5
    moved = GarmentLandmarks(points, shape.kind, shape.sleeve, shape.sleeve_lines, shape.parts)
    with pytest.raises(BadInput, match="landmarks"):
        outline(moved, mask)


def test_parts_cover_trunk_and_sleeves() -> None:
    shape, mask = a_tee()
    assert set(np.unique(shape.parts)) == {0, TORSO, LEFT_SLEEVE, RIGHT_SLEEVE}
    assert cv2.countNonZero(mask) == (shape.parts > 0).sum()
