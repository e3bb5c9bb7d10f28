"""What stands through walls or other pieces is counted."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.room_placement import inside, intersection, occupied
from pipelines.geometry.placement import Placement
from training.render_furniture import LIBRARIES
from training.render_rooms import Stores
from training.room_plan import TRUTH_SIZES, plan_room


@pytest.fixture(scope="module")
def plan():
    stores = Stores.open(LIBRARIES)
    return plan_room(95_003, stores.wares, stores.extras, TRUTH_SIZES, with_target=False)


def placed(plan, at: tuple[float, float], size=(0.5, 0.5, 0.5)) -> Placement:
    """A thing whose middle is at a point of the room's frame."""
    x, y, _ = plan.shot.to_world(np.array([[*at, 0.0]]))[0]
    return Placement((float(x), float(y)), 0.0, size)


def test_an_l_shape_holds_its_arms_and_not_its_notch():
    outline = np.array([[0, 0], [4, 0], [4, 2], [2, 2], [2, 4], [0, 4.0]])
    assert (
        inside(outline, np.array([[1, 1], [3, 1], [1, 3], [3, 3], [-1, 1], [5, 1]])).tolist()
        == [True] * 3 + [False] * 3
    )


def test_on_a_piece_of_furniture_it_is_all_occupied(plan):
    piece = max(
        (one for one in plan.pieces if one.base == 0 and one.ware.place == "floor"), key=lambda p: p.ware.size[1]
    )
    small = (0.2, min(0.2, piece.ware.size[1] / 2), 0.3)
    assert intersection(plan, placed(plan, piece.at, small)) == 1


def test_half_through_a_wall_is_half(plan):
    width = plan.shell.size[0]
    free = next(
        y for y in np.arange(0.5, plan.shell.size[1], 0.1)
        if not occupied(plan, np.array([[width - x, y + dy] for x in (0.1, 0.5) for dy in (-0.4, 0, 0.4)])).any()
    )  # fmt: skip
    thing = placed(plan, (width, float(free)), (0.3, 0.3, 0.3))
    assert intersection(plan, thing) == pytest.approx(0.5, abs=0.15)
