"""A drawn T-shirt hung on a body of capsules. Needs numba, so the environment of the renders."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("numba")

from training.catalog_body import vertex_normals
from training.pair_raster import Camera, rasterise


def test_the_camera_puts_what_it_looks_at_in_the_middle() -> None:
    camera = Camera(np.array([0.0, -3.0, 1.2]), np.array([0.0, 0.0, 1.0]), 50.0, (60, 80))
    x, y, depth = camera.project(np.array([[0.0, 0.0, 1.0]]))[0]
    assert (x, y) == pytest.approx((30, 40))
    assert depth == pytest.approx(np.hypot(3, 0.2))
    # The person's left is at the picture's right, and up is up.
    left, up = camera.project(np.array([[0.1, 0.0, 1.0], [0.0, 0.0, 1.1]]))
    assert left[0] > 30
    assert up[1] < 40


def test_the_nearer_triangle_is_seen_and_shares_give_the_place() -> None:
    screen = np.array([[0, 0, 2], [40, 0, 2], [0, 40, 2], [0, 0, 1], [20, 0, 1], [0, 20, 1]], float)
    face, share = rasterise(screen, np.array([[0, 1, 2], [3, 4, 5]]), (40, 40))
    assert face[2, 2] == 1
    assert face[2, 30] == 0
    assert face[39, 39] == -1
    corners = screen[:3, :2]
    assert share[2, 30] @ corners == pytest.approx([30.5, 2.5])


def test_normals_of_a_box_point_outward() -> None:
    corners = np.array([[x, y, z] for x in (0, 1) for y in (0, 1) for z in (0, 1)], float)
    faces = np.array([[0, 1, 3], [0, 3, 2], [4, 6, 7], [4, 7, 5], [0, 4, 5], [0, 5, 1], [2, 3, 7], [2, 7, 6],
                      [0, 2, 6], [0, 6, 4], [1, 5, 7], [1, 7, 3]])  # fmt: skip
    assert ((corners - 0.5) * vertex_normals(corners, faces) > 0).all()
