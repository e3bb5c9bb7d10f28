"""Properties of the pure mask operations."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from pipelines.masks import composite, dilate, erode, feather, filled

SIZE = (24, 31)
masks = arrays(np.uint8, SIZE, elements=st.sampled_from([0, 255]))
pictures = arrays(np.uint8, (*SIZE, 3))


@given(pictures, pictures, masks, st.floats(0, 12))
def test_outside_the_mask_nothing_changes(photo, rendered, mask, radius):
    out = composite(photo, rendered, mask, radius)
    assert out.dtype == np.uint8
    assert np.array_equal(out[mask == 0], photo[mask == 0])


@given(pictures, pictures, masks)
def test_a_render_is_pasted_as_it_is_far_from_the_edge(photo, rendered, mask):
    inner = erode(mask, 3)
    out = composite(photo, rendered, mask, feather_radius=2)
    assert np.array_equal(out[inner > 0], rendered[inner > 0])


@given(masks, st.floats(0, 6))
def test_growing_contains_and_shrinking_is_contained(mask, radius):
    assert (dilate(mask, radius) >= mask).all()
    assert (erode(mask, radius) <= mask).all()


@settings(max_examples=30)
@given(masks, st.floats(1, 8))
def test_a_feather_is_zero_outside_and_rises_inward(mask, radius):
    weight = feather(mask, radius)
    assert (weight[mask == 0] == 0).all()
    assert weight.min() >= 0 and weight.max() <= 1


def test_a_growing_picture_edge_does_not_shrink_a_mask():
    assert (erode(np.full((9, 9), 255, np.uint8), 2) == 255).all()


def test_a_hole_is_filled_from_around_and_nothing_else_changes():
    picture = np.full((80, 60, 3), (90, 120, 150), np.uint8)
    mask = np.zeros((80, 60), np.uint8)
    mask[30:50, 20:40] = 255
    spoilt = picture.copy()
    spoilt[mask > 0] = (255, 0, 0)
    found = filled(spoilt, mask)
    assert np.array_equal(found[mask == 0], picture[mask == 0])
    assert np.abs(found[34:46, 24:36].astype(int) - (90, 120, 150)).max() <= 5
