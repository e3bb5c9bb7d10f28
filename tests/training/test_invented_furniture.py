"""Furniture put together at random: whole, of a size that its kind has, and the same each time."""

from __future__ import annotations

import numpy as np
import pytest

from recommend.domains import FURNITURE
from training.furniture_parts import assemble
from training.invented_furniture import KINDS, Design, designs
from training.render_furniture import load_recipes, material_of


@pytest.fixture(scope="module")
def found() -> list[Design]:
    recipes = load_recipes()
    return designs(4, {name: material_of(name, values) for name, values in recipes["material"].items()})


def test_each_kind_is_one_of_furniture_and_has_its_designs(found: list[Design]) -> None:
    assert len({design.name for design in found}) == len(found) == 4 * len(KINDS)
    assert {design.category for design in found} <= set(FURNITURE.categories)
    for design in found:
        assert FURNITURE.kinds.get(design.kind, (design.category,))[0] == design.category


def test_a_design_is_the_same_each_time_and_unlike_the_next(found: list[Design]) -> None:
    again = designs(1, {name: material_of(name, values) for name, values in load_recipes()["material"].items()})
    assert [design.parts for design in again] == [design.parts for design in found[::4]]
    for first, second in zip(found[::4], found[1::4], strict=True):
        assert first.parts != second.parts


#: Kind → the least and the largest height in centimetres that people would sell it with.
HEIGHTS = {
    "tv stand": (30, 65), "nightstand": (40, 70), "wardrobe": (175, 225), "desk": (70, 80), "coffee table": (28, 48),
    "dining table": (70, 79), "side table": (44, 68), "bench": (40, 52), "floor lamp": (115, 175),
}  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_a_design_is_whole_and_of_a_believable_size(found: list[Design], kind: str) -> None:
    low, high = HEIGHTS.get(kind, (10, 225))
    for design in found:
        if design.kind == kind:
            mesh = assemble(design.parts, design.materials)
            width, depth, height = 100 * mesh.size
            assert low <= height <= high and 1 <= depth <= 110 and 15 <= width <= 205
            # It stands on the floor, on the middle of its foot, and so it is not lopsided.
            used = 100 * mesh.points[mesh.corners]
            assert abs(used[:, 2].min()) < 1.5
            assert np.abs(used[:, 0].min() + used[:, 0].max()) < 1.5
