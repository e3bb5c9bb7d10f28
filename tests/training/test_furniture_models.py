"""Reading the furniture libraries, building parts of our own, and the camera of the renders."""

import itertools
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipelines.geometry.views import CELL, box_corners, depth_span, project, view_camera, view_of
from training.furniture_models import Library, Material, fitted, parse_obj, without_doubles
from training.furniture_parts import TILE, assemble
from training.furniture_patterns import draw
from training.render_furniture import painted

# --- reading the libraries --------------------------------------------------------------------------------------------

OBJ = """mtllib thing.mtl
v 0 0 0
v 2 0 0
v 2 1 0
v 0 1 0
v 0 0 4
vt 0 0
vt 1 0
vt 1 1
usemtl red paint
s 1
f 1/1 2/2 3/3 4
usemtl shiny
s off
f -5 -4 -1
f 1 1 2
"""
MTL = """newmtl red paint
Kd 0.8 0.1 0.1
Ks 0 0 0
Ns 10
map_Kd Wood.JPG

newmtl shiny
Kd 0.5 0.5 0.5
Ks 1 1 1
Ns 900
d 0.4
map_Kd not-there.jpg
"""
PROPERTIES = """# a library
id=Test
id#1=Test#thing
name#1=A thing
model#1=/test/thing/thing.obj
width#1=50
depth#1=100
height#1=20
creator#1=Somebody
id#2=Test#turned
name#2=The same, turned
model#2=/test/thing/thing.obj
width#2=100
depth#2=50
height#2=20
modelRotation#2=0 0 1 0 1 0 -1 0 0
"""


@pytest.fixture
def library(tmp_path: Path) -> Library:
    with zipfile.ZipFile(tmp_path / "test.sh3f", "w") as made:
        made.writestr("PluginFurnitureCatalog.properties", PROPERTIES)
        made.writestr("test/thing/thing.obj", OBJ)
        made.writestr("test/thing/thing.mtl", MTL)
        made.writestr("test/thing/wood.jpg", b"a picture")
    return Library(tmp_path / "test.sh3f")


def test_a_library_tells_names_sizes_and_authors(library: Library) -> None:
    assert list(library.entries) == ["thing", "turned"]
    thing = library.entries["thing"]
    assert (thing.title, thing.author, thing.size_cm) == ("A thing", "Somebody", (50, 100, 20))
    with pytest.raises(KeyError, match="turned"):
        library.mesh("nothing")


def test_a_model_comes_in_our_frame_and_at_its_size(library: Library) -> None:
    mesh = library.mesh("thing")
    assert mesh.size == pytest.approx((0.5, 1.0, 0.2))
    # The OBJ's x, to the viewer's right, is the item's own left; its z, towards the viewer, the item's front.
    assert mesh.points[0] == pytest.approx((0.25, -0.5, 0))
    assert mesh.points[1] == pytest.approx((-0.25, -0.5, 0))
    assert mesh.points[4] == pytest.approx((0.25, 0.5, 0))
    assert library.mesh("turned").size == pytest.approx((1.0, 0.5, 0.2))


def test_a_model_keeps_its_materials_and_pictures(library: Library) -> None:
    red, shiny = library.mesh("thing").materials
    assert (red.name, red.picture, red.colour) == ("red paint", b"a picture", (0.8, 0.1, 0.1))
    assert (shiny.opacity, shiny.picture) == (0.4, b"") and shiny.roughness < red.roughness


def test_faces_may_count_backwards_and_degenerate_ones_are_dropped() -> None:
    mesh = parse_obj(OBJ, {})
    assert mesh.starts.tolist() == [0, 4] and mesh.corners.tolist() == [0, 1, 2, 3, 0, 1, 4]
    assert mesh.smooth.tolist() == [True, False] and mesh.uv[2].tolist() == [1, 1]
    assert [material.name for material in mesh.materials] == ["red paint", "shiny"]


def test_polygons_in_the_same_place_are_kept_once() -> None:
    twice = parse_obj("v 0 0 0\nv 1 0 0\nv 1 1 0\nv 0 0 0\nv 2 2 2\nf 1 2 3\nf 3 2 4\nf 1 2 5\n", {})
    once = without_doubles(twice)
    assert once.corners.tolist() == [0, 1, 2, 0, 1, 4] and once.starts.tolist() == [0, 3]
    assert without_doubles(once) is once


def test_a_turn_is_counter_clockwise_from_above(library: Library) -> None:
    mesh = library.mesh("thing")
    turned = fitted(mesh, (100, 50, 20), turn=90)
    # What lay in front lies on the own left, and what lay on the own right in front.
    assert mesh.points[4] == pytest.approx((0.25, 0.5, 0)) and turned.points[4] == pytest.approx((-0.5, 0.25, 0))


def test_paint_changes_what_it_names_and_must_name_something(library: Library) -> None:
    mesh = library.mesh("thing")
    recipes = {"material": {"oak": {"colour": "#ffffff", "pattern": "oak"}}}
    red, shiny = painted(mesh, {"red*": "oak", "*": {"roughness": 0.9}}, recipes, library, "thing").materials
    assert (red.pattern, red.picture, red.colour) == ("oak", b"", (1, 1, 1))
    assert (shiny.roughness, shiny.opacity) == (0.9, 0.4)
    with pytest.raises(KeyError, match="green"):
        painted(mesh, {"green*": "oak"}, recipes, library, "thing")


# --- our own parts ----------------------------------------------------------------------------------------------------


def volume(part: dict[str, Any]) -> float:
    """The volume a part encloses, litres; negative when it is inside out."""
    mesh = assemble([part | {"material": "m"}], {"m": Material("m")})
    ends = np.append(mesh.starts[1:], len(mesh.corners))
    total = 0.0
    for start, end in zip(mesh.starts, ends, strict=True):
        first, *others = mesh.points[mesh.corners[start:end]]
        total += sum(np.dot(first, np.cross(a, b)) for a, b in itertools.pairwise(others)) / 6
    return 1000 * total


@pytest.mark.parametrize(
    ("part", "litres"),
    [
        ({"box": [20, 30, 40], "bevel": 0.01}, 24),
        ({"lathe": [[0, 0], [10, 0], [10, 20], [0, 20]]}, np.pi * 2),
        ({"tube": [[0, 0, 0], [0, 0, 50]], "radius": 2}, np.pi * 0.2),
        ({"cushion": [20, 20, 20], "soft": 1.0}, 4 / 3 * np.pi),
        ({"slats": [3, 10, 20, 5], "along": 60, "bevel": 0.01}, 3),
        ({"box": [20, 30, 40], "bevel": 0.01, "at": [30, 0, 0], "copies": "xy"}, 96),
        ({"lathe": [[0, 0], [10, 0], [10, 20], [0, 20]], "facing": "front"}, np.pi * 2),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_parts_are_closed_and_the_right_way_out(part: dict[str, Any], litres: float) -> None:
    assert volume(part) == pytest.approx(litres, rel=0.03)


def test_parts_lie_where_they_are_put() -> None:
    mesh = assemble([{"box": [20, 10, 5], "at": [30, 0, 40], "material": "m"}], {"m": Material("m")})
    assert mesh.points.min(0) == pytest.approx((0.2, -0.05, 0.4))
    assert mesh.points.max(0) == pytest.approx((0.4, 0.05, 0.45))


def test_a_picture_hangs_upright_and_a_pattern_has_its_real_size() -> None:
    panel = assemble([{"panel": [40, 60], "material": "m"}], {"m": Material("m")})
    corner = panel.points[panel.corners[np.argmin(panel.uv.sum(axis=1))]]
    assert corner == pytest.approx((0.2, 0, 0))  # the picture's lower left, and the viewer's left is the own right
    box = assemble([{"box": [90, 30, 10], "bevel": 0.01, "material": "m"}], {"m": Material("m")})
    assert np.ptp(box.uv[:, 0]) == pytest.approx(0.9 / TILE, rel=1e-2)


def test_parts_of_no_known_kind_or_material_are_refused() -> None:
    with pytest.raises(KeyError, match="box"):
        assemble([{"blob": 3, "material": "m"}], {"m": Material("m")})
    with pytest.raises(KeyError, match="gold"):
        assemble([{"box": [1, 1, 1], "material": "gold"}], {"m": Material("m")})


# --- Blender ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("yaw", "pitch"), [(0, 8), (30, 25), (-120, 25), (0, -18), (0, 90)])
def test_rendered_corners_land_where_the_formula_says(yaw: float, pitch: float) -> None:
    pytest.importorskip("bpy")
    from training.furniture_scene import Studio

    # A marker in every corner of a box, far enough apart to be told from each other.
    size, marker = np.array([90.0, 50.0, 60.0]), 1.2
    places = box_corners(size) * 100
    low = places - np.sign(places) * [marker / 2, marker / 2, 0] - [0, 0, marker] * (places[:, 2:] > 0)
    parts = [{"box": [marker] * 3, "bevel": 0.05, "at": at.tolist(), "material": "m"} for at in low]
    studio = Studio(assemble(parts, {"m": Material("m")}), 16, 1, draw)
    alpha = studio.take(view_of(size.tolist(), yaw, pitch))[..., 3]
    middles = np.add(low, [0, 0, marker / 2]) / 100
    y, x = np.mgrid[:CELL, :CELL] + 0.5
    for expected in project(view_camera(size.tolist(), yaw, pitch), middles):
        near = alpha * (np.hypot(x - expected[0], y - expected[1]) < 6)
        assert near.sum() > 1
        assert np.hypot((x * near).sum() / near.sum() - expected[0], (y * near).sum() / near.sum() - expected[1]) < 1.5


@pytest.mark.parametrize(("yaw", "pitch"), [(0, 8), (40, 25)])
def test_depth_is_how_far_along_the_view_a_face_is(yaw: float, pitch: float) -> None:
    pytest.importorskip("bpy")
    from training.furniture_scene import Studio

    size = [90.0, 50.0, 60.0]
    studio = Studio(assemble([{"box": size, "bevel": 0.01, "material": "m"}], {"m": Material("m")}), 4, 1, draw)
    view = view_of(size, yaw, pitch)
    depth = studio.depth(view)
    assert not np.isfinite(depth[:3]).any()
    # The middle of the front, and of the top, which both are seen.
    for place in np.array([[0, 0.25, 0.3], [0, 0, 0.6]]):
        x, y = project(view.matrix, place[None])[0]
        # The top is seen so flat that a pixel is centimetres.
        assert depth[int(y), int(x)] == pytest.approx(float((place - view.at) @ view.axes[2]), abs=0.08)
    near, far = depth_span(size, view)
    assert near <= depth.min() and depth[np.isfinite(depth)].max() <= far
