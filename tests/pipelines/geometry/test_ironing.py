"""Ironing: wrinkles fade, prints and weave and colour stay."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.geometry.ironing import LEFT, ironed

UNIT = 100.0
SIZE = (160, 160)
WHOLE = np.full(SIZE, 255, np.uint8)
INNER = (slice(40, -40), slice(40, -40))


def cloth(pattern: np.ndarray) -> np.ndarray:
    """A blue cloth, lighter by `pattern` (H, W)."""
    return np.array([60, 90, 150], np.float32) + pattern[..., None].astype(np.float32)


def waves(period: float, contrast: float) -> np.ndarray:
    x = np.arange(SIZE[1])[None].repeat(SIZE[0], 0)
    return contrast * np.sin(2 * np.pi * x / period)


def left_of(pattern: np.ndarray) -> float:
    """Which share of a pattern's deviation stays."""
    return float(ironed(cloth(pattern), WHOLE, UNIT)[INNER].mean(2).std() / pattern[INNER].std())


def test_wrinkles_fade_to_what_is_left_of_them():
    assert left_of(waves(period=20, contrast=8)) == pytest.approx(LEFT, abs=0.1)


def test_prints_and_weave_and_wide_shade_stay():
    assert left_of(np.where(waves(24, 1) > 0, 60.0, -60.0)) > 0.9
    assert left_of(waves(period=2.1, contrast=8)) > 0.85
    assert left_of(waves(period=320, contrast=8)) > 0.9


def test_colour_differences_stay_though_they_are_weak():
    picture = cloth(np.zeros(SIZE))
    picture[::2, :, 0] += 6
    picture[::2, :, 2] -= 6
    assert np.abs(ironed(picture, WHOLE, UNIT) - picture).max() < 0.5


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**32 - 1), st.floats(10, 200))
def test_outside_the_mask_nothing_changes_and_everything_left_is_the_picture(seed, unit):
    rng = np.random.default_rng(seed)
    picture = rng.uniform(0, 255, (40, 50, 3)).astype(np.float32)
    mask = np.where(rng.random((40, 50)) < 0.7, 255, 0).astype(np.uint8)
    out = ironed(picture, mask, unit)
    assert np.array_equal(out[mask == 0], picture[mask == 0])
    assert out.min() >= 0
    assert out.max() <= 255
    assert np.allclose(ironed(picture, mask, unit, left=1.0), picture, atol=1e-3)
