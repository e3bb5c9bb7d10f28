"""The factory's geometry: panels that are cut and sewn, and what a camera sees. Needs numba, as the renders do."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("numba")

from training.catalog_body import vertex_normals
from training.pair_drape import cut
from training.pair_raster import Camera, rasterise


def a_flat() -> dict[str, np.ndarray]:
    """A sleeveless top of 100 x 150 pixels, counter-clockwise from the collar's right end."""
    corners = [(70, 10), (30, 10), (20, 12), (10, 50), (10, 150), (90, 150), (90, 50), (80, 12)]
    edges = [np.array([a, b], float) for a, b in zip(corners, [*corners[1:], corners[0]], strict=True)]
    names = ["neck", "shoulder", "cuff", "side", "hem", "side", "cuff", "shoulder"]
    sewn = [name in ("shoulder", "side") for name in names]
    panels = {f"{panel} {i}": edge for panel in ("front", "back") for i, edge in enumerate(edges)}
    return panels | {"edge": np.array(names), "sewn": np.array(sewn)}


def test_panels_are_sewn_at_their_seams_and_open_elsewhere() -> None:
    scale, origin = 0.005, np.array([50.0, 250.0])
    cloth = cut(a_flat(), scale, origin)
    assert {name.split()[0] for name in cloth.openings} == {"neck", "cuff", "hem"}
    front, back = (set(cloth.faces[cloth.panel == panel].ravel()) for panel in (0, 1))
    assert front & back == set(cloth.seams)
    # The pattern leads back to the picture's pixels, and y is turned upside down.
    pixels = cloth.pattern / (scale, -scale) + origin
    assert pixels.min(0) == pytest.approx([10, 10], abs=1)
    assert pixels.max(0) == pytest.approx([90, 150], abs=1)
    ring = cloth.openings["hem 1 front"]
    assert pixels[ring][:, 1] == pytest.approx(150, abs=1e-6)


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
