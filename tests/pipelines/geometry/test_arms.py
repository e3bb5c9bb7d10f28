"""Bare arms: what stays depends on how far the new sleeves reach, and on nothing else."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.geometry.arms import SLEEVELESS, bare_arms, sleeve_ends
from pipelines.schema import PARSING_LABELS, Mask, WearStyle
from tests.pipelines.geometry.bodies import SIZE, standing
from tests.training.flats import a_tee

ARMS = PARSING_LABELS.index("arms")


def parsed() -> Mask:
    """A parsing that knows both arms, from the shoulders to the wrists."""
    body, labels = standing(), np.zeros(SIZE, np.uint8)
    for side in "rl":
        points = np.array([body[f"{side}_{joint}"] for joint in ("shoulder", "elbow", "wrist")])
        cv2.polylines(labels, [np.rint(points).astype(np.int32)], False, ARMS, 16)
    return labels


def test_long_sleeves_leave_nothing_bare() -> None:
    assert not bare_arms(parsed(), standing(), (None, None)).any()


def test_only_skin_stays() -> None:
    labels = parsed()
    labels[:, SIZE[1] // 2 :] = PARSING_LABELS.index("upper")
    stays = bare_arms(labels, standing(), (SLEEVELESS, SLEEVELESS))
    assert stays.any()
    assert (labels[stays > 0] == ARMS).all()


@given(end=st.floats(0, 2), further=st.floats(0, 0.8))
def test_a_longer_sleeve_leaves_less(end: float, further: float) -> None:
    labels, body = parsed(), standing()
    more, less = (bare_arms(labels, body, (e, e)) for e in (end, end + further))
    assert (less <= more).all()


def test_the_sleeves_of_a_tee_end_on_the_upper_arm_and_rolled_ones_below_the_elbow() -> None:
    shape, _ = a_tee()
    ends = sleeve_ends(shape, "upper", WearStyle())
    assert all(end is not None and 0.3 < end < 1.4 for end in ends)
    long, _ = a_tee(hanging=True)
    assert sleeve_ends(long, "upper", WearStyle()) == (None, None)
    rolled = sleeve_ends(long, "upper", WearStyle(sleeves="rolled up"))
    assert rolled == pytest.approx((1.19, 1.19), abs=0.05)


def test_trousers_leave_the_arms_alone() -> None:
    shape, _ = a_tee()
    assert sleeve_ends(shape, "lower", WearStyle()) == (0.0, 0.0)
