"""Several garments of one request: their order, how each is worn, and what is told of the whole."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.errors import BadInput
from pipelines.outfit import in_order, put_on, styles
from pipelines.schema import Category, OnProgress, Piece, Progress, RenderResult, TryOnRequest, WearStyle

PERSON = np.zeros((40, 30, 3), np.uint8)
#: The colour of a garment says what it is.
CODES: dict[str, int] = {"lower": 50, "dress": 100, "upper": 150}
CATEGORIES = st.sampled_from(list(CODES))


def garment(category: str, shade: int = 0) -> np.ndarray:
    return np.full((20, 20, 3), CODES[category] + shade, np.uint8)


def category_of(piece: Piece) -> Category:
    return next(name for name, code in CODES.items() if code <= piece.garment[0, 0, 0] < code + 50)  # type: ignore[return-value]


def paint(request: TryOnRequest, report: OnProgress) -> RenderResult:
    """Paints the garment's colour: bottoms into the lower half, tops into the upper half and a hem below it."""
    report(Progress(0.0, "begins"))
    mask = np.zeros(PERSON.shape[:2], np.uint8)
    rows = slice(20, 40) if request.category == "lower" else slice(0, 24)
    mask[rows] = 255
    image = np.where(mask[..., None] > 0, request.garment[0, 0], request.person).astype(np.uint8)
    report(Progress(1.0, "done", image))
    steps = {"mask": np.dstack([mask] * 3), "hint": np.where(mask[..., None] > 0, image, 0).astype(np.uint8)}
    recipe = {"garment": int(request.garment[0, 0, 0]), "category_used": request.category, "seed": 0}
    return RenderResult(image, mask, steps, recipe, ("two people",))


def request(own: str, *others: Piece, **options: object) -> TryOnRequest:
    return TryOnRequest(PERSON, garment(own), others=others, **options)  # type: ignore[arg-type]


@given(CATEGORIES, st.lists(CATEGORIES, min_size=1, max_size=4))
def test_bottoms_and_dresses_come_first_and_the_own_one_last_of_its_kind(own: str, others: list[str]) -> None:
    asked = request(own, *(Piece(garment(one, shade)) for shade, one in enumerate(others, 1)))
    singles = in_order(asked, category_of)
    tops = [single.category == "upper" for single in singles]
    assert tops == sorted(tops) and len(singles) == len(others) + 1
    alike = [single for single in singles if (single.category == "upper") == (own == "upper")]
    assert alike[-1].garment is asked.garment
    shades = [int(single.garment[0, 0, 0]) for single in alike[:-1]]
    assert shades == [int(p.garment[0, 0, 0]) for p in asked.others if (category_of(p) == "upper") == (own == "upper")]
    assert all(not single.others for single in singles)


@given(st.lists(CATEGORIES, min_size=1, max_size=4))
def test_progress_never_falls_and_ends_at_one(others: list[str]) -> None:
    seen: list[Progress] = []
    put_on(request("upper", *(Piece(garment(one)) for one in others)), category_of, paint, {}, seen.append)
    fractions = [now.fraction for now in seen]
    assert fractions == sorted(fractions) and fractions[0] == 0 and fractions[-1] == pytest.approx(1)
    assert f"(1 of {len(others) + 1})" in seen[0].stage


def test_a_tops_hem_lies_over_whichever_is_named_first() -> None:
    one = put_on(request("upper", Piece(garment("lower"))), category_of, paint, {})
    other = put_on(request("lower", Piece(garment("upper"))), category_of, paint, {})
    assert np.array_equal(one.image, other.image)
    assert (one.image[23] == CODES["upper"]).all() and (one.image[24:] == CODES["lower"]).all()
    assert (one.mask == 255).all() and np.array_equal(one.steps["hint"], one.image)


def test_the_recipe_tells_of_all_and_warnings_come_once() -> None:
    result = put_on(request("upper", Piece(garment("lower"))), category_of, paint, {"garment": "whole", "seed": 0})
    assert result.recipe["garment"] == "whole" and result.recipe["category_used"] == "upper"
    assert [one["garment"] for one in result.recipe["put_on"]] == [CODES["lower"], CODES["upper"]]
    assert result.warnings == ("two people",)


def test_a_mask_is_for_the_requests_own_garment() -> None:
    mask = np.full(PERSON.shape[:2], 255, np.uint8)
    lower, upper = in_order(request("upper", Piece(garment("lower")), mask=mask), category_of)
    assert lower.mask is None and upper.mask is mask


def worn(wish: WearStyle, categories: Sequence[Category], own: Sequence[WearStyle | None] = ()) -> list[WearStyle]:
    wears = [*own, *[None] * (len(categories) - len(own))]
    pieces = [Piece(garment(category), wear=wear) for category, wear in zip(categories, wears, strict=True)]
    return styles(wish, pieces, categories)


def test_each_wish_goes_to_what_it_is_for() -> None:
    wish = WearStyle("rolled up", "in", "open")
    assert worn(wish, ["lower", "upper"]) == [WearStyle(), wish]
    shirt, jacket = worn(wish, ["upper", "upper"])
    assert shirt == WearStyle("rolled up", "in") and jacket == WearStyle("rolled up", layer="open")


def test_a_garment_with_wishes_of_its_own_keeps_them() -> None:
    own = WearStyle(tuck="out")
    assert worn(WearStyle(tuck="in"), ["upper", "upper"], [own]) == [own, WearStyle(tuck="in")]


def test_a_wish_that_nothing_can_fulfil_is_refused() -> None:
    with pytest.raises(BadInput, match="tuck: got 'in' for a garment of category dress"):
        worn(WearStyle(tuck="in"), ["lower", "dress"])
