"""Sizes in words: limits, units, sides, and numbers that are none."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommend.measures import CM_PER_FOOT, read_measures, show_cm


def limits(text: str, **about: object) -> list[tuple[str, str, float]]:
    """The limits as (side, "≤" or "≥", centimetres to a tenth)."""
    found = read_measures(text, **about).limits  # type: ignore[arg-type]
    return [(one.side, "≤" if one.most else "≥", round(one.cm, 1)) for one in found]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("under 120 cm wide", [("width", "≤", 120)]),
        ("at most 80 cm deep", [("depth", "≤", 80)]),
        ("2 m long", [("length", "≥", 180), ("length", "≤", 220)]),
        ("a metre and a half wide or less", [("width", "≤", 150)]),
        ("fits 140 cm", [("width", "≤", 140)]),
        ("fits into a 60 cm deep niche", [("depth", "≤", 60)]),
        ("for a 140 cm gap", [("width", "≤", 140)]),
        ("no wider than 3 feet", [("width", "≤", round(3 * CM_PER_FOOT, 1))]),
        ("taller than 6 ft 2 in", [("height", "≥", round(6 * CM_PER_FOOT + 5.1, 1))]),
        ('30" wide or less', [("width", "≤", 76.2)]),
        ("at least 1.8 m wide", [("width", "≥", 180)]),
        ("1,20 m wide", [("width", "≥", 108), ("width", "≤", 132)]),
        ("1m20 wide at most", [("width", "≤", 120)]),
        ("between 100 and 120 cm wide", [("width", "≥", 100), ("width", "≤", 120)]),
        ("100-120cm deep", [("depth", "≥", 100), ("depth", "≤", 120)]),
        ("1800 mm long, no more", [("length", "≥", 162), ("length", "≤", 198)]),
        ("under 80 cm deep and 200 cm high", [("depth", "≤", 80), ("height", "≤", 200)]),
        ("width: max 75 cm", [("width", "≤", 75)]),
        ("max depth 40 cm", [("depth", "≤", 40)]),
        ("half a metre high or more", [("height", "≥", 50)]),
        ("at most 160 x 230 cm", [("length", "≤", 230), ("breadth", "≤", 160)]),
        ("at least 200x300", [("length", "≥", 300), ("breadth", "≥", 200)]),
        ("fits a 90 cm wide and 30 cm deep niche", [("width", "≤", 90), ("depth", "≤", 30)]),
        ("max 80 wide", [("width", "≤", 80)]),
        ("less deep than 90 cm", [("depth", "≤", 90)]),
        ("less wide than a metre", [("width", "≤", 100)]),
        ("at most one hundred and twenty cm wide", [("width", "≤", 120)]),
    ],
)
def test_sizes(text: str, expected: list[tuple[str, str, float]]) -> None:
    assert limits(text) == expected


@pytest.mark.parametrize(
    "text",
    ["under 300", "under $300", "between 20 and 50", "under 300 in oak", "6 chairs", "2 in 1 sofa bed", "from 20 to 50",
     "100% wool", "a chair under 100 high back", "3 drawers", "€120 wide smile"],
)  # fmt: skip
def test_numbers_that_are_no_size_are_left_for_others(text: str) -> None:
    found = read_measures(text)
    assert found.limits == () and found.rest == text and found.notes == ()


def test_the_rest_keeps_everything_else() -> None:
    rest = read_measures("oak desk under 120 cm wide under $200").rest
    assert rest.split() == ["oak", "desk", ",", "under", "$200"]


def test_under_is_strict_and_at_most_is_not() -> None:
    (under,), (most,) = read_measures("under 80 cm").limits, read_measures("at most 80 cm").limits
    assert under.cm == math.nextafter(80, 0) and most.cm == 80
    assert (under.label, most.label) == ("under 80 cm long", "up to 80 cm long")


def test_the_callers_sides_count_where_none_is_named() -> None:
    assert limits("under 50 cm", unnamed="height") == [("height", "≤", 50)]
    assert limits("under 50 cm wide", unnamed="height") == [("width", "≤", 50)]
    assert [side for side, _, _ in limits("at most 60 x 90 cm", box=("width", "height"))] == ["width", "height"]


def test_a_number_without_a_unit_is_said() -> None:
    assert "centimetres" in read_measures("under 80 wide").notes[0]
    assert read_measures("under 80 cm wide").notes == ()


@given(
    st.integers(11, 400), st.sampled_from(["width", "depth", "height"]), st.sampled_from(["cm", "mm", "m", "inches"])
)
def test_units_agree(cm: int, side: str, unit: str) -> None:
    amount = {"cm": f"{cm}", "mm": f"{cm * 10}", "m": f"{cm / 100:.2f}", "inches": f"{cm / 2.54:.2f}"}[unit]
    (found,) = read_measures(f"{side} at most {amount} {unit}").limits
    assert (found.side, found.most) == (side, True)
    assert found.cm == pytest.approx(cm, abs=0.02)


@given(
    st.text(max_size=60)
    | st.lists(st.sampled_from("under 80 cm x wide 2 m - by and 6' \" max in or".split())).map(" ".join)
)
def test_any_text_is_read_the_same_way_twice(text: str) -> None:
    found = read_measures(text.lower())
    assert found == read_measures(text.lower())
    assert all(one.cm >= 0 for one in found.limits)


def test_lengths_for_people() -> None:
    assert (show_cm(118), show_cm(30.48), show_cm(math.nextafter(80, 0))) == ("118 cm", "30.5 cm", "80 cm")
