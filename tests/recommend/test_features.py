"""Colour and cut-out, on pictures whose answer is known."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommend.features import (
    SHADES,
    Image,
    add_thin_parts,
    colour_shares,
    colour_vector,
    cut_out,
    main_colours,
    oklab,
    palette,
    portrait,
)

RGB = st.tuples(*[st.integers(0, 255)] * 3)


def flat(colour: tuple[int, int, int], size: int = 40) -> Image:
    return np.full((size, size, 3), colour, np.uint8)


def test_oklab_has_its_published_values() -> None:
    # Ottosson's own table gives XYZ; these are the sRGB primaries as CSS Color 4 lists them.
    colours = np.array([[255, 255, 255], [255, 0, 0], [0, 255, 0], [0, 0, 255], [0, 0, 0]], np.uint8)
    expected = [
        [1, 0, 0],
        [0.62796, 0.22486, 0.12585],
        [0.86644, -0.23389, 0.1795],
        [0.45201, -0.03246, -0.31153],
        [0] * 3,
    ]
    np.testing.assert_allclose(oklab(colours), expected, atol=2e-4)


@pytest.mark.parametrize("name", sorted(SHADES))
def test_a_shade_has_its_own_name(name: str) -> None:
    for shade in SHADES[name]:
        assert main_colours(palette(flat(tuple(bytes.fromhex(shade))))) == (name,)  # type: ignore[arg-type]


def test_two_colours_keep_their_areas() -> None:
    image = flat((200, 16, 46), 60)
    image[:, :18] = (29, 43, 79)
    shares = colour_shares(palette(image))
    assert list(shares) == ["red", "navy"]
    assert shares["red"] == pytest.approx(0.7, abs=0.03)


def test_thin_legs_come_back_and_a_shadow_stays_out() -> None:
    image = flat((250, 250, 250), 200)
    image[120:180, 40:160] = (226, 226, 226)  # a soft shadow on the ground
    image[40:100, 50:150] = (150, 40, 40)
    image[100:180, 60:64] = image[100:180, 136:140] = (30, 28, 28)
    image[10:14, 10:14] = (30, 28, 28)  # touches nothing
    seat = np.zeros((200, 200), np.uint8)
    seat[40:100, 50:150] = 255
    whole = add_thin_parts(image, seat)
    assert (whole[seat > 0] == 255).all() and (whole[105:170, 61:63] == 255).all()
    assert not whole[140:170, 80:120].any() and not whole[8:16, 8:16].any()
    for nothing in (np.zeros_like(seat), np.full_like(seat, 255)):
        np.testing.assert_array_equal(add_thin_parts(image, nothing), nothing)


def test_the_palette_looks_only_under_the_mask(garment: Callable[..., Image]) -> None:
    image = garment((47, 160, 78))
    mask = np.where((image != 250).any(-1), 255, 0).astype(np.uint8)
    assert main_colours(palette(image, mask)) == ("green",)
    assert next(iter(colour_shares(palette(image)))) == "white"


@given(RGB, RGB)
def test_colour_vectors_are_unit_and_compare_distributions(a: tuple[int, int, int], b: tuple[int, int, int]) -> None:
    one, two = colour_vector(flat(a)), colour_vector(flat(b))
    assert np.linalg.norm(one) == pytest.approx(1, abs=1e-5)
    assert -1e-6 <= one @ two <= 1 + 1e-5
    if a == b:
        assert one @ two == pytest.approx(1, abs=1e-5)


def test_near_shades_are_closer_than_far_ones() -> None:
    red, dark_red, green = (colour_vector(flat(c)) for c in ((200, 16, 46), (180, 20, 50), (47, 160, 78)))
    assert red @ dark_red > 0.7 > red @ green


@pytest.mark.parametrize("ground", [(250, 250, 250), (90, 70, 50), (200, 210, 225)])
def test_cut_out_finds_the_garment(garment: Callable[..., Image], ground: tuple[int, int, int]) -> None:
    image = garment((200, 16, 46), size=240)
    truth = (image != 250).any(-1)
    noise = np.random.default_rng(0).integers(-6, 7, image.shape)
    image = np.clip(np.where(truth[..., None], image, ground) + noise, 0, 255).astype(np.uint8)
    found = cut_out(image) > 0
    assert (found & truth).sum() / (found | truth).sum() > 0.93


def test_cut_out_gives_the_whole_picture_where_nothing_stands_out() -> None:
    assert cut_out(flat((120, 120, 120))).min() == 255
    speckle = np.random.default_rng(0).integers(0, 256, (80, 60, 3)).astype(np.uint8)
    assert cut_out(speckle).shape == (80, 60)


def test_cut_out_is_the_same_each_time(make_picture: Callable[..., Image]) -> None:
    image = make_picture(150, 120)
    np.testing.assert_array_equal(cut_out(image), cut_out(image))


def test_portrait_does_not_depend_on_place_and_ground(garment: Callable[..., Image]) -> None:
    image = garment((47, 160, 78), size=200)
    mask = np.where((image != 250).any(-1), 255, 0).astype(np.uint8)
    wide = np.zeros((260, 400, 3), np.uint8)
    wide_mask = np.zeros((260, 400), np.uint8)
    wide[40:240, 150:350], wide_mask[40:240, 150:350] = np.where(mask[..., None] > 0, image, 0), mask
    near, near_mask = portrait(image, mask, 128)
    far, far_mask = portrait(wide, wide_mask, 128)
    np.testing.assert_array_equal(near_mask, far_mask)
    assert np.abs(near.astype(int) - far.astype(int))[near_mask == 255].max() <= 2
    assert (near[near_mask == 0] == 255).all()


@pytest.mark.parametrize("shape", [(8, 8), (9, 200), (300, 11)])
def test_portrait_of_any_shape(shape: tuple[int, int]) -> None:
    square, mask = portrait(np.zeros((*shape, 3), np.uint8), None, 64)
    assert square.shape == (64, 64, 3) and mask.shape == (64, 64) and mask.any()
