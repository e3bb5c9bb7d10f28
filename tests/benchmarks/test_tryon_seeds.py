"""The benchmark of seeds and builds: equal pictures are alike, and the rows say what was rendered."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks import tryon_seeds
from pipelines.renderers import tryon_networks


def test_likeness_looks_inside_the_mask_alone(make_picture):
    one, other = make_picture(40, 30), make_picture(40, 30, seed=1)
    mask = np.zeros((40, 30), np.uint8)
    mask[:, :10] = 255
    mixed = one.copy()
    mixed[:, 22:] = other[:, 22:]
    assert tryon_seeds.likeness([one, mixed, one], mask) == pytest.approx(1, abs=1e-6)
    assert tryon_seeds.likeness([one, other], mask) < 0.9


def test_overlap_looks_outside_the_mask_alone():
    before = np.zeros((4, 4), np.uint8)
    before[:2] = 3
    after, mask = before.copy(), np.zeros((4, 4), np.uint8)
    after[0] = 0
    assert tryon_seeds.overlap(before, after, mask) == 0.5
    mask[0] = 255
    assert tryon_seeds.overlap(before, after, mask) == 1


def test_rows_of_seeds_and_builds(monkeypatch):
    monkeypatch.setattr(tryon_seeds, "GARMENTS", tryon_seeds.GARMENTS[:1])
    networks = tryon_networks()
    mean, steps = tryon_seeds.seed_rows(networks, 1, 2, [0, 1])
    assert float(mean["ssim"]) == 1 > float(steps["ssim"]) > 0.5
    (build,) = tryon_seeds.build_rows(networks, 1)
    assert build["outside"] == 0 and float(build["silhouette"]) > 0.97
    assert all(set(row) <= set(tryon_seeds.COLUMNS) for row in (mean, steps, build))
