"""Flat garments as on a bust: narrower towards the sides, and the way back."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.training.flats import SIZE, a_top
from training.rounding import FLATTER, rounded, rounding_of


def a_flat() -> dict:
    top = a_top()
    return dict(
        image=top.image, mask=top.mask, parts=top.landmarks.parts, points=top.landmarks.points,
        sleeve_lines=top.landmarks.sleeve_lines, category=np.array("upper"),
    )  # fmt: skip


@given(share=st.floats(0.1, 1.5), x=st.floats(0, SIZE[1]))
def test_there_and_back(share: float, x: float) -> None:
    rounding = rounding_of(a_flat(), share)
    assert rounding is not None
    assert rounding.lies(rounding.seen(np.array([x])))[0] == pytest.approx(x, abs=1e-6)


def test_the_trunk_is_narrower_by_what_it_was_flatter_and_its_middle_is_not() -> None:
    flat = a_flat()
    rounding = rounding_of(flat, 1.0)
    assert rounding is not None
    edges = rounding.seen(rounding.axis + rounding.half * np.array([-1.0, 1.0]))
    assert 2 * rounding.half / np.ptp(edges) == pytest.approx(1 + FLATTER, abs=0.01)
    middle = rounding.seen(rounding.axis + np.array([-1.0, 1.0]))
    assert np.ptp(middle) == pytest.approx(2, abs=0.01)


def test_picture_and_points_move_together() -> None:
    flat = a_flat()
    rounding = rounding_of(flat, 1.0)
    assert rounding is not None
    seen = rounded(flat, rounding)
    before, after = ((f["mask"] > 0)[170] for f in (flat, seen))
    assert np.ptp(np.flatnonzero(after)) < 0.9 * np.ptp(np.flatnonzero(before))
    hem = seen["points"][[13, 14], 0] * SIZE[1]
    assert np.flatnonzero(after)[[0, -1]] == pytest.approx(hem, abs=2)


def test_trousers_are_left_alone() -> None:
    assert rounding_of(a_flat() | {"category": np.array("lower")}, 1.0) is None
