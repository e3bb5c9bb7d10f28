"""Fronts that hang open, a top that is tucked in, rolled-up sleeves: on a person and a T-shirt that are drawn."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.geometry.agnostic import agnostic_mask
from pipelines.geometry.frame import OFF, trunk_frame
from pipelines.geometry.limbs import UPPER_ARM
from pipelines.geometry.warp import warp_garment
from pipelines.geometry.wearing import (
    HALF_GAP,
    THROAT,
    WAIST_RISE,
    as_worn,
    carried_up,
    half_gap,
    parted,
    staying,
    trunk_bounds,
    trunk_height,
)
from pipelines.schema import PARSING_LABELS, WearStyle
from tests.pipelines.geometry.bodies import SIZE, standing
from tests.pipelines.geometry.test_agnostic import PERSON, L, dressed
from tests.pipelines.geometry.test_warp import GREEN, colour_share, t_shirt

IN, OPEN, ROLLED = WearStyle(tuck="in"), WearStyle(layer="open"), WearStyle(sleeves="rolled up")
X, Y = trunk_frame(standing()).coordinates(SIZE)


def worn(wear, labels=PERSON, **points):
    """Hint, its mask and the agnostic mask of the T-shirt, worn so."""
    picture, shape = t_shirt()
    body = standing(**points)
    bounds = trunk_bounds(wear, labels, body)
    hint, mask = warp_garment(picture, shape, "upper", body, SIZE, wear=wear, bounds=bounds)
    return hint, mask, agnostic_mask(labels, body, "upper", mask, stays=staying(wear, labels, body, mask))


def test_by_default_nothing_is_different():
    picture, shape = t_shirt()
    hint, mask = warp_garment(picture, shape, "upper", standing(), SIZE)
    same, same_mask, agnostic = worn(WearStyle())
    assert np.array_equal(hint, same) and np.array_equal(mask, same_mask)
    assert np.array_equal(agnostic, agnostic_mask(PERSON, standing(), "upper", mask))


@pytest.mark.parametrize("sleeves", ["as made", "rolled up"])
@pytest.mark.parametrize("tuck", ["auto", "in"])
@pytest.mark.parametrize("layer", ["auto", "open"])
def test_however_it_is_worn_face_hands_and_shoes_stay(sleeves, tuck, layer):
    _, _, mask = worn(WearStyle(sleeves, tuck, layer))
    for name in ("face", "hands", "shoes"):
        assert (mask[L[name] == PERSON] == 0).mean() > 0.8


# --- open -----------------------------------------------------------------------------------------------------------


def test_the_gap_stays_as_it_is_and_has_no_garment():
    _, hint_mask, mask = worn(OPEN)
    gap = np.abs(X) < half_gap(Y)
    assert gap.any() and not hint_mask[gap].any() and not mask[gap].any()
    beside = (np.abs(X) > half_gap(Y) + 0.05) & (np.abs(X) < 0.4) & (Y > 0.3) & (Y < 1.2)
    assert (hint_mask[beside] > 0).mean() > 0.95


@given(st.floats(-1, 3), st.floats(0, 1))
def test_the_gap_widens_to_the_hem(y, more):
    upper, lower = half_gap(np.float32([y, y + more]))
    assert 0 <= upper <= lower
    assert (upper > 0) == (y >= THROAT)


def test_halves_move_apart_and_sides_stay():
    y, x = np.mgrid[: SIZE[0], : SIZE[1]].astype(np.float32)
    moved = parted(np.stack([x, y], -1), trunk_frame(standing()))
    row = 130
    assert moved[row, 100, 0] == OFF
    right = moved[row, 100:, 0]
    seen = right[right != OFF]
    assert seen[0] == pytest.approx(100, abs=1.5)  # the edge of the gap shows the garment's middle
    assert (np.diff(seen) > -1e-3).all() and seen[-1] == SIZE[1] - 1
    assert HALF_GAP * 60 - 2 < (right == OFF).sum() < 2 * HALF_GAP * 60


def test_what_is_longer_than_open_fronts_is_seen_below_them():
    labels = dressed(upper=(66, 76, 134, 280), arms=(48, 120, 62, 172))
    _, _, mask = worn(OPEN, labels)
    assert not mask[240:270, 80:120].any()
    assert worn(WearStyle(), labels)[2][240:270, 80:120].any()


def test_a_coat_over_something_goes_and_what_it_was_worn_over_stays():
    labels = dressed(outer=(66, 76, 134, 180), upper=(94, 76, 106, 180))
    _, _, mask = worn(OPEN, labels)
    assert not mask[100:150, 96:104].any() and mask[100:150, 90:92].all()


# --- tucked in ------------------------------------------------------------------------------------------------------


def test_a_seen_waistband_is_where_a_tucked_top_ends():
    labels = dressed(upper=(66, 76, 134, 156), lower=(78, 156, 122, 310))
    _, hint_mask, mask = worn(IN, labels)
    assert hint_mask[154, 100] and not hint_mask[160:, 80:120].any()
    assert not mask[170:300, 86:114].any()


def test_what_is_worn_below_is_carried_on_where_an_old_top_hung_over_it():
    photo = np.zeros((*SIZE, 3), np.uint8)
    photo[L["lower"] == PERSON] = (0, 0, 200)
    photo[L["upper"] == PERSON] = (200, 0, 0)
    cloth, where = carried_up(photo, PERSON, standing())
    waist = trunk_height(standing()) - WAIST_RISE
    assert where.any() and (Y[where > 0] > waist).all()
    assert (cloth[where > 0][:, 0] < 20).all() and (cloth[where > 0][:, 2] > 80).all()
    _, hint_mask, mask = worn(IN)
    assert not hint_mask[(waist + 0.02 < Y) & (np.abs(X) < 0.3)].any()
    assert (mask[(where > 0) & (L["upper"] == PERSON)] == 255).all()


@pytest.mark.parametrize(
    "labels", [np.zeros(SIZE, np.uint8), dressed(upper=(66, 76, 134, 156), lower=(78, 156, 122, 310))]
)
def test_nothing_is_carried_on_where_nothing_is_hidden_or_known(labels):
    photo = np.zeros((*SIZE, 3), np.uint8)
    assert not carried_up(photo, labels, standing())[1].any()


# --- rolled up ------------------------------------------------------------------------------------------------------


def test_rolled_up_sleeves_end_just_below_the_elbow():
    picture, shape = t_shirt()
    shape = dataclasses.replace(shape, sleeve="long")
    body = standing()
    reach = {}
    for wear in (WearStyle(), ROLLED):
        hint, mask = warp_garment(picture, shape, "upper", body, SIZE, wear=wear)
        rows = np.nonzero(colour_share(hint, mask, GREEN).any(1))[0]
        reach[wear] = (rows.max() - body["r_shoulder"][1]) / body.unit
    assert reach[WearStyle()] > 1.4
    assert UPPER_ARM < reach[ROLLED] < UPPER_ARM + 0.35


def test_short_sleeves_have_nothing_to_roll_up():
    assert np.array_equal(worn(ROLLED)[0], worn(WearStyle())[0])


# --- the mask -------------------------------------------------------------------------------------------------------


@given(st.floats(-9, 9), st.floats(-9, 9))
def test_a_mask_that_grows_more_is_never_smaller(a, b):
    nothing = np.zeros(SIZE, np.uint8)
    small, large = (agnostic_mask(PERSON, standing(), "upper", nothing, growth=g) for g in sorted((a, b)))
    assert (large >= small).all()


@pytest.mark.parametrize(("rise", "tuck"), [(0.4, "in"), (-0.2, "auto")])
def test_who_wears_a_top_tucked_in_wears_the_next_one_so(rise: float, tuck: str) -> None:
    body = standing()
    labels = np.zeros(SIZE, np.uint8)
    waist = round(float(body.hips[1] - rise * body.unit))
    labels[80:waist, 70:130] = PARSING_LABELS.index("upper")
    labels[waist:, 70:130] = PARSING_LABELS.index("lower")
    assert as_worn(WearStyle(), "upper", labels, body).tuck == tuck
    assert as_worn(WearStyle(tuck="out"), "upper", labels, body).tuck == "out"
    assert as_worn(WearStyle(), "dress", labels, body) == WearStyle()
