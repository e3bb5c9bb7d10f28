"""A photo of a room as colours, floor and light, on rooms whose answer is known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommend.errors import BadInput
from recommend.features import Image, Mask
from recommend.room_style import RoomContext, read_room

WHITE, OAK, GREEN = (238, 238, 238), (194, 166, 126), (47, 160, 78)


def room(
    floor: tuple[int, int, int] = OAK, wall: tuple[int, int, int] = WHITE, sofa: bool = True
) -> tuple[Image, Mask]:
    """A wall above a floor, on it a green sofa; and where the floor is."""
    photo = np.full((120, 160, 3), wall, np.uint8)
    photo[80:] = floor
    mask = np.zeros((120, 160), np.uint8)
    mask[80:] = 255
    if sofa:
        photo[60:100, 20:90], mask[60:100, 20:90] = GREEN, 0
    return photo, mask


def test_floor_and_rest_are_named_apart() -> None:
    read = read_room(*room())
    assert read.floor_colours == ("beige",)
    assert set(read.rest_colours) == {"white", "green"}
    assert read.floor.shape == (1, 4) and read.free_width_cm is None
    assert read.palette[:, 3].sum() == pytest.approx(1, abs=1e-4)
    assert len(read.palette) == 3


def test_a_cushion_is_an_accent_and_a_dot_is_none() -> None:
    photo, mask = room(sofa=False)
    assert read_room(photo, mask).accents == ()
    photo[40:60, 20:52] = GREEN
    photo[40:44, 120:126] = (30, 60, 200)
    assert read_room(photo, mask).accents == ("green",)


def test_without_a_mask_nothing_is_said_of_the_floor() -> None:
    photo, mask = room()
    read = read_room(photo)
    assert read.floor_colours == () and read.floor.shape == (0, 4)
    assert "beige" in read.rest_colours
    assert read_room(photo, np.zeros_like(mask)).floor_colours == ()


def test_a_floor_that_fills_the_photo_leaves_a_rest() -> None:
    photo, mask = room(sofa=False)
    read = read_room(photo, np.full_like(mask, 255))
    assert read.floor_colours and read.rest_colours


def test_light_is_brightness_and_warmth() -> None:
    photo, mask = room()
    dark = read_room((photo * 0.3).astype(np.uint8), mask)
    bright = read_room(photo, mask)
    assert dark.brightness < 0.5 < bright.brightness
    cold = read_room((photo * [0.8, 0.95, 1]).astype(np.uint8), mask)
    warm = read_room((photo * [1, 0.9, 0.7]).astype(np.uint8), mask)
    assert cold.warmth < bright.warmth < warm.warmth


def test_lamplight_does_not_change_what_colours_are_called() -> None:
    photo, mask = room()
    lit = read_room((photo * [1, 0.93, 0.82]).astype(np.uint8), mask)
    assert lit.floor_colours == ("beige",) and set(lit.rest_colours) >= {"green"}
    assert "white" in lit.rest_colours or "cream" in lit.rest_colours


def test_the_free_width_is_handed_through_and_checked() -> None:
    photo, _ = room()
    assert read_room(photo, free_width_cm=140).free_width_cm == 140
    for bad in (0.0, -5.0, float("nan"), float("inf")):
        with pytest.raises(BadInput, match="free width"):
            read_room(photo, free_width_cm=bad)


@pytest.mark.parametrize(
    ("photo", "floor"),
    [
        (np.zeros((120, 160), np.uint8), None),
        (np.zeros((120, 160, 3), np.float32), None),
        (np.zeros((4, 160, 3), np.uint8), None),
        (np.zeros((120, 160, 3), np.uint8), np.zeros((60, 80), np.uint8)),
        (np.zeros((120, 160, 3), np.uint8), np.zeros((120, 160), bool)),
    ],
)
def test_what_is_no_photo_or_mask_is_refused(photo: Image, floor: Mask | None) -> None:
    with pytest.raises(BadInput):
        read_room(photo, floor)


@given(st.integers(0, 2**31), st.integers(8, 90), st.integers(8, 90), st.booleans())
def test_any_photo_is_read_the_same_way_twice(seed: int, height: int, width: int, masked: bool) -> None:
    rng = np.random.default_rng(seed)
    photo = rng.integers(0, 256, (height, width, 3), dtype=np.uint8) // rng.integers(1, 200, dtype=np.uint8)
    floor = rng.choice(np.array([0, 255], np.uint8), (height, width)) if masked else None
    first, second = read_room(photo, floor), read_room(photo, floor)
    assert isinstance(first, RoomContext)
    np.testing.assert_array_equal(first.palette, second.palette)
    assert (first.floor_colours, first.rest_colours) == (second.floor_colours, second.rest_colours)
    assert 0 <= first.brightness <= 1 and -0.2 <= first.warmth <= 0.2 and np.isfinite(first.palette).all()
