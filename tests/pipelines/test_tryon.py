"""The stages of a try-on that need no network: where the crop lies, and what is shown meanwhile."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from pipelines.tryon import CROP_MARGIN, WORK_SIZE, Plan, crop_around, cropped, held_by, preview_of, steadied

SIZE = (300, 400)


@pytest.fixture
def plan() -> Plan:
    mask = np.zeros(SIZE, np.uint8)
    mask[100:220, 150:250] = 255
    hint_mask = np.zeros(SIZE, np.uint8)
    hint_mask[120:200, 160:240] = 255
    hint = np.zeros((*SIZE, 3), np.uint8)
    hint[hint_mask > 0] = (200, 30, 30)
    return Plan(mask, hint, hint_mask, crop_around(mask))


@pytest.fixture
def person() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 255, (*SIZE, 3), dtype=np.uint8)


def test_the_crop_holds_the_mask_with_room_around_it(plan):
    seen = cropped(plan.mask, plan.crop, nearest=True) > 0
    assert seen.sum() == pytest.approx((plan.mask > 0).sum() * plan.crop[0, 0] ** 2, rel=0.03)
    ys, xs = np.nonzero(seen)
    assert max(np.ptp(ys) / WORK_SIZE[0], np.ptp(xs) / WORK_SIZE[1]) == pytest.approx(1 / CROP_MARGIN, abs=0.02)


def test_the_first_preview_is_the_hint_on_the_photo(plan, person):
    shown = preview_of(person, plan)
    where = plan.hint_mask > 0
    assert (shown[where] == (200, 30, 30)).all()
    assert np.array_equal(shown[~where], person[~where])


def test_the_preview_of_a_step_is_the_whole_photo_with_the_crop_in_its_place(plan, person):
    crop = cropped(person, plan.crop)
    crop[: WORK_SIZE[0] // 2] = (0, 255, 0)  # the upper half of what is rendered
    shown = preview_of(person, plan, crop)
    outside = plan.mask == 0
    assert shown.shape == person.shape
    assert np.array_equal(shown[outside], person[outside])
    assert (shown[110:150, 160:240] == (0, 255, 0)).all()
    assert not (shown[170:210, 160:240] == (0, 255, 0)).all(-1).any()


def test_waves_of_the_flow_are_evened_out_and_its_drift_stays():
    y, x = torch.meshgrid(torch.arange(96.0), torch.arange(72.0), indexing="ij")
    garment = torch.zeros(1, 1, *WORK_SIZE)
    garment[..., 60:328, 60:224] = 1
    drift = torch.stack([torch.full_like(x, 5.0), torch.full_like(x, -3.0)])[None]
    waves = 3 * torch.sin(x / 3) * torch.cos(y / 3)
    inside = torch.nn.functional.avg_pool2d(garment, 4)[0, 0] > 0.5
    # Far from the garment the flow may be anything.
    noise = torch.where(inside, 0.0, 100.0)
    found = steadied(drift + waves + noise, garment)
    assert found.shape == drift.shape
    assert (found - drift).abs()[..., inside].max() < 0.3


def test_stripes_finer_than_the_photo_become_even_and_the_ground_stays_out():
    cloth = np.zeros((120, 120, 3), np.float32)
    cloth[::2] = 200
    mask = np.zeros((120, 120), np.uint8)
    mask[20:100, 20:100] = 255
    cloth[mask == 0] = 255
    inside = held_by(cloth, mask, 0.25)[mask > 0]
    assert inside.min() > 80 and inside.max() < 120
    assert held_by(cloth, mask, 1.2) is cloth
