import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.geometry.fit import SEEN_CHEST, UNIT_OF_HEIGHT, true_unit
from pipelines.geometry.warp import garment_unit, warp_garment
from tests.pipelines.geometry.bodies import SIZE, standing
from tests.pipelines.geometry.test_warp import POINTS, t_shirt

CHEST = POINTS["armpit_right"][0] - POINTS["armpit_left"][0]


def test_without_both_sizes_nothing_is_known():
    _, shape = t_shirt()
    assert true_unit(shape, "upper", None, 172) is None
    assert true_unit(shape, "upper", 52, None) is None


@given(st.floats(20, 120), st.floats(60, 240))
def test_a_unit_is_the_bodys_in_pixels_of_the_garment(width, height):
    _, shape = t_shirt()
    unit = true_unit(shape, "upper", width, height)
    assert unit == pytest.approx(CHEST / (SEEN_CHEST * width) * UNIT_OF_HEIGHT * height)


def test_a_usual_size_is_about_what_is_guessed():
    _, shape = t_shirt()
    assert true_unit(shape, "upper", 50, 170) == pytest.approx(garment_unit(shape, "upper"), rel=0.1)


@settings(max_examples=12)  # each warps twice
@given(st.floats(25, 60), st.floats(0.5, 8.0))
def test_a_larger_garment_hangs_lower_and_none_shrinks_to_the_body(width, more):
    picture, shape = t_shirt()
    areas, hems = [], []
    for cm in (width, width + more):
        unit = true_unit(shape, "upper", cm, 170)
        _, mask = warp_garment(picture, shape, "upper", standing(), SIZE, true_unit=unit)
        areas.append((mask > 0).sum())
        hems.append(np.nonzero(mask[:, 100])[0].max())
    assert hems[1] >= hems[0] - 1 and areas[1] >= areas[0] - 20
