"""Requests refuse what cannot be, when they are built."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.errors import BadInput
from pipelines.schema import WEAR_CATEGORIES, WEAR_CHOICES, Piece, TryOnRequest, WearStyle

PERSON = np.zeros((64, 48, 3), np.uint8)
GARMENT = np.zeros((40, 40, 3), np.uint8)
STYLES = st.builds(WearStyle, **{name: st.sampled_from(choices) for name, choices in WEAR_CHOICES.items()})
CATEGORIES = st.sampled_from(["upper", "lower", "dress"])


@pytest.mark.parametrize("name", WEAR_CHOICES)
def test_an_unknown_wish_is_refused_with_the_choices(name: str) -> None:
    with pytest.raises(BadInput, match=f"{name}: got 'half'; allowed: {', '.join(WEAR_CHOICES[name])}"):
        WearStyle(**{name: "half"})


@given(STYLES, CATEGORIES)
def test_what_is_left_of_a_wish_can_be_done(wear: WearStyle, category: str) -> None:
    left = wear.only_for(category)
    left.check_for(category)
    assert left.only_for(category) == left
    assert set(left.wished()) == {name for name in wear.wished() if category in WEAR_CATEGORIES[name]}
    if left != wear:
        with pytest.raises(BadInput, match=f"for a garment of category {category}"):
            wear.check_for(category)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"category": "lower", "wear": WearStyle(tuck="in")}, "tuck: got 'in' for a garment of category lower"),
        ({"mask_grow": 3.5}, "-3 to 3 percent"),
        ({"mask_grow": float("nan")}, "-3 to 3 percent"),
        ({"mask_grow": 1.0, "mask": np.full((64, 48), 255, np.uint8)}, "1 with a mask of your own"),
        ({"garment_width": 5.0}, "15 to 150 cm"),
        ({"person_height": 1.72}, "50 to 250 cm"),
    ],
)
def test_a_request_that_cannot_be_is_refused(changes: dict[str, object], says: str) -> None:
    with pytest.raises(BadInput, match=says):
        TryOnRequest(PERSON, GARMENT, **changes)  # type: ignore[arg-type]


def test_a_second_garment_is_checked_like_the_first() -> None:
    with pytest.raises(BadInput, match="auto, upper, lower, dress"):
        Piece(GARMENT, "shoes")  # type: ignore[arg-type]
    with pytest.raises(BadInput, match="garment picture"):
        Piece(GARMENT[..., 0])
