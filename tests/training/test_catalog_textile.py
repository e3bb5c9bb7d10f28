"""Fabrics of the demo catalog, painted on small sheets."""

from __future__ import annotations

import numpy as np
import pytest

from training.catalog_prints import PRINTS, add_print
from training.catalog_textile import PATTERNS, Sheet, colour, make_sheet

DYES = np.array([colour(name) for name in ("camel", "brown", "black")])


@pytest.fixture(scope="module")
def sheet() -> Sheet:
    """131 mm by 207 mm: no pattern repeats evenly over it."""
    return make_sheet(np.zeros(2), np.array([0.131, 0.207]), None, None)


@pytest.mark.parametrize("name", PATTERNS)
def test_each_pattern_paints_the_whole_sheet_and_the_same_each_time(sheet: Sheet, name: str) -> None:
    painted, again = (PATTERNS[name](sheet, DYES, {}, np.random.default_rng(5)) for _ in range(2))
    assert painted.shape == (207, 131, 3) and np.isfinite(painted).all()
    np.testing.assert_array_equal(painted, again)


def test_rosettes_run_over_every_edge(sheet: Sheet) -> None:
    painted = PATTERNS["leopard"](sheet, DYES, {}, np.random.default_rng(5))
    dark = np.abs(painted - DYES[2]).max(-1) < 0.02
    edges = {"upper": dark[:12], "lower": dark[-12:], "left": dark[:, :12], "right": dark[:, -12:]}
    shares = {name: strip.mean() / dark.mean() for name, strip in edges.items()}
    assert all(0.5 < share < 2 for share in shares.values()), shares


@pytest.mark.parametrize("kind", PRINTS)
def test_each_print_is_on_the_chest_and_nowhere_else(sheet: Sheet, kind: str) -> None:
    base = np.full((207, 131, 3), 0.9)
    spec = {"kind": kind, "size": 0.06, "colours": ["red", "navy", "black"], "text": "SEA", "number": "7"}
    printed = add_print(sheet, base, {**spec, "at": (0.065, 0.0)}, chest=0.12)
    rows, columns = np.nonzero((printed != base).any(-1))
    assert len(rows) > 200 and (base == 0.9).all()
    assert abs(rows.mean() - 87) < 12 and abs(columns.mean() - 65) < 6
    assert np.ptp(rows) < 80 and np.ptp(columns) < 80
