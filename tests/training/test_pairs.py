"""Pairs of a flat and a worn garment as examples: the warp as a map, the true flow, colour, light and framing."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.geometry.body import Body
from pipelines.geometry.warp import garment_unit, warp_garment
from pipelines.schema import PARSING_LABELS
from tests.training.flats import a_top
from training.fitting import Fitting, framed
from training.own_pairs import load_own
from training.pair_examples import Pair, hint_map, pair_example, true_flow, worn_picture

SIZE = (160, 120)
POINTS = np.array(
    [
        (60, 20), (60, 42), (42, 42), (34, 66), (30, 88), (78, 42), (86, 66), (90, 88), (48, 92), (47, 124), (47, 152),
        (72, 92), (73, 124), (73, 152), (56, 17), (64, 17), (52, 19), (68, 19),
    ],
    np.float64,
)  # fmt: skip


def test_the_map_of_the_hint_is_the_warp() -> None:
    garment, body = a_top(), Body(POINTS)
    where = hint_map(garment.landmarks, "upper", body, SIZE)
    hint, mask = warp_garment(garment.image, garment.landmarks, "upper", body, SIZE)
    there = np.isfinite(where[..., 0])
    assert (there == (mask > 0)).mean() > 0.98
    at = np.rint(where[there]).astype(int)
    shown = garment.image[at[:, 1].clip(0, 199), at[:, 0].clip(0, 199)].astype(int)
    assert np.median(np.abs(shown - hint[there]).max(1)) <= 4


@settings(max_examples=15, deadline=None)
@given(dx=st.integers(-9, 9), dy=st.integers(-9, 9))
def test_the_flow_leads_to_the_same_cloth_in_the_hint(dx: int, dy: int) -> None:
    y, x = np.mgrid[: SIZE[0], : SIZE[1]].astype(np.float32)
    where = np.stack([x, y], -1)
    hint = np.full_like(where, np.nan)
    hint[30:130, 30:90] = where[30:130, 30:90] - (dx, dy)
    side = np.zeros(SIZE, np.uint8)
    side[50:110, 45:75] = 1
    flow = true_flow(where, side, hint)
    assert flow is not None
    assert np.abs(flow.astype(float) - (dx, dy)).max() < 0.51


def test_no_flow_where_the_hint_is_empty() -> None:
    nothing = np.full((*SIZE, 2), np.nan, np.float32)
    assert true_flow(np.zeros((*SIZE, 2), np.float32), np.ones(SIZE, np.uint8), nothing) is None


def a_pair(light: float = 1.0) -> Pair:
    """Someone before a grey wall, in the drawn T-shirt, worn just where the warp lays it."""
    garment = a_top()
    where = hint_map(garment.landmarks, "upper", Body(POINTS), SIZE)
    on = np.isfinite(where[..., 0])
    labels = np.where(on, PARSING_LABELS.index("upper"), 0).astype(np.uint8)
    side = on.astype(np.uint8)
    flow = true_flow(where, side, where)
    assert flow is not None
    return Pair(
        photo=np.full((*SIZE, 3), 128, np.uint8), light=np.full(SIZE, light, np.float32), where=where, side=side,
        labels=labels, hint_where=where, flow=flow, points=POINTS, flat=garment.image,
        cloth=garment.mask, unit=garment_unit(garment.landmarks, "upper"), category="upper", sleeve=1,
    )  # fmt: skip


def test_half_the_light_is_a_darker_garment_and_the_same_wall() -> None:
    bright, dark = a_pair(1.0), a_pair(0.5)
    cloth = bright.flat.astype(np.float32)
    one, other = (worn_picture(p.photo, cloth, p.where, p.side, p.light) for p in (bright, dark))
    inside = bright.side > 0
    ratio = other[inside].astype(float).mean() / one[inside].mean()
    assert ratio == pytest.approx(0.5 ** (1 / 2.2), abs=0.03)
    assert np.array_equal(one[:20], other[:20])


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_an_example_hides_the_garment_and_knows_the_flow(seed: int) -> None:
    found = pair_example(a_pair(), (128, 96), np.random.default_rng(seed))
    assert (found["mask"][found["garment"] > 0] == 255).all()
    assert (found["hint_mask"] & ~found["mask"]).max() == 0
    assert np.isfinite(found["true_flow"].astype(float)).all()
    assert found["truth"].shape == (128, 96, 3)


def test_an_own_pair_knows_no_flow(tmp_path: Path) -> None:
    pair = a_pair()
    kept = dict(
        photo=pair.photo, labels=pair.labels, garment=np.where(pair.side > 0, 255, 0).astype(np.uint8), points=POINTS,
        hint=pair.photo, hint_mask=np.where(pair.side > 0, 255, 0).astype(np.uint8), category=np.array("upper"),
        sleeve=np.array(1),
    )  # fmt: skip
    np.savez(tmp_path / "000002.npz", **kept)
    (own,) = load_own(tmp_path)
    assert isinstance(own, Fitting)
    found = framed(own, (128, 96), np.random.default_rng(0))
    assert np.isnan(found["true_flow"].astype(float)).all()
