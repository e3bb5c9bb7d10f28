"""Furniture of our own, put together from boxes, turned profiles, bent tubes, cushions and flat panels.

A part is a table of a recipe: one key says what it is, and all numbers are centimetres in the frame of an item (x to
its own right, y out of its front, z up). `at` is the middle of the part's foot, `material` a name among the recipe
file's materials.

    { box = [w, d, h], at = [x, y, z], bevel = 0.3 }
    { lathe = [[radius, z], …] }                             a profile turned about the vertical axis
    { tube = [[x, y, z], …], radius = r, curve = 6, closed = false }   curve: steps a stretch of a smooth line
    { cushion = [w, d, h], soft = 0.4 }                      0 = a block, 1 = an ellipsoid
    { globe = [diameter, h], ribs = 18 }                     a paper lantern
    { panel = [w, h], round = false, arch = false, facing = "front" }   carries a picture; facing "up": h runs from
                                                             back to front
    { frame = [w, h], radius = r }                           a tube round the edge of such a panel
    { slats = [count, w, h, d], along = w }                  upright boxes, evenly from side to side

`copies` repeats a part mirrored: "x" left and right, "y" before and behind, "xy" all four. `facing = "front"` lays a
lathe on its back, its axis out of the front. `tilt` leans a part about the x axis, degrees, to the back.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.furniture_models import Material, Mesh, joined

Array = NDArray[np.float64]

#: Side of the square that a pattern covers, metres.
TILE = 0.6
_AROUND = 64


def assemble(parts: Sequence[Mapping[str, Any]], materials: Mapping[str, Material]) -> Mesh:
    """The mesh of an item from its parts, metres.

    Raises:
        KeyError: for a part of no known kind or a material that is not there.
    """
    meshes = []
    for part in parts:
        if part["material"] not in materials:
            raise KeyError(f"No material {part['material']!r}; there are {', '.join(sorted(materials))}.")
        mesh = _part(part, materials[part["material"]])
        meshes += [_mirrored(mesh, signs) for signs in _copies(part.get("copies", ""))]
    return joined(meshes)


def _part(part: Mapping[str, Any], material: Material) -> Mesh:
    kind = next((key for key in part if key in KINDS), None)
    if kind is None:
        raise KeyError(f"A part is one of {', '.join(KINDS)}; got {dict(part)}.")
    points, polygons, smooth, uv = KINDS[kind](part)
    if kind == "lathe" and part.get("facing", "up") == "front":
        points = np.stack([points[:, 0], points[:, 2], points[:, 1]], axis=1)
        polygons = [polygon[::-1] for polygon in polygons]
    lean = np.deg2rad(part.get("tilt", 0.0))
    points = points @ np.array(
        [[1, 0, 0], [0, np.cos(lean), np.sin(lean)], [0, -np.sin(lean), np.cos(lean)]]
    )  # fmt: skip
    points = (points + np.asarray(part.get("at", [0, 0, 0]), np.float64)) / 100
    corners = np.concatenate([np.asarray(polygon, np.int64) for polygon in polygons])
    starts = np.cumsum([0] + [len(polygon) for polygon in polygons[:-1]])
    count = len(polygons)
    mesh = Mesh(
        points, corners, starts.astype(np.int64), np.zeros((len(corners), 2)), np.zeros(count, np.int64),
        np.full(count, smooth), (material,),
    )  # fmt: skip
    if uv is None:
        mesh = tiled(mesh)
        return _wrapped(mesh) if kind == "lathe" and part.get("facing", "up") == "up" else mesh
    return replace(mesh, uv=uv[corners])


def tiled(mesh: Mesh, names: frozenset[str] | None = None) -> Mesh:
    """The mesh with picture coordinates that lay a tile of TILE metres on it from the side each polygon faces.

    Grain runs along the longest side of the mesh where the polygon shows it. `names` limits it to those materials.
    """
    ends = np.append(mesh.starts[1:], len(mesh.corners))
    of = np.repeat(np.arange(len(mesh.starts)), ends - mesh.starts)
    points = mesh.points[mesh.corners]
    following = np.arange(len(mesh.corners)) + 1
    following[ends - 1] = mesh.starts
    normals = np.zeros((len(mesh.starts), 3))
    np.add.at(normals, of, np.cross(points, points[following]))
    facing = np.argmax(np.abs(normals), axis=1)[of]
    order = np.argsort(-mesh.size, kind="stable")
    along = np.array([next(axis for axis in order if axis != face) for face in range(3)])
    across = 3 - np.arange(3) - along
    rows = np.arange(len(points))
    laid = np.stack([points[rows, along[facing]], points[rows, across[facing]]], axis=1) / TILE
    if names is not None:
        kept = ~np.array([m.name in names for m in mesh.materials])[mesh.material][of]
        laid[kept] = mesh.uv[kept]
    return replace(mesh, uv=laid)


def _wrapped(mesh: Mesh) -> Mesh:
    """A turned part with the grain of its pattern upright around its wall; what is level keeps its coordinates."""
    ends = np.append(mesh.starts[1:], len(mesh.corners))
    of = np.repeat(np.arange(len(mesh.starts)), ends - mesh.starts)
    points = mesh.points[mesh.corners] - [*mesh.points[:, :2].mean(0), 0]
    middle = np.stack([np.bincount(of, points[:, axis]) / np.bincount(of) for axis in range(3)], axis=1)[of]
    reach = np.hypot(points[:, 0], points[:, 1])
    # Angles are counted from each polygon's own middle, so that the one across ±180° does not run backwards.
    own = np.arctan2(middle[:, 1], middle[:, 0])
    angle = own + (np.arctan2(points[:, 1], points[:, 0]) - own + np.pi) % (2 * np.pi) - np.pi
    rise = np.abs(points[:, 2] - middle[:, 2])
    upright = np.bincount(of, rise)[of] > 0.6 * np.bincount(of, np.abs(reach - np.hypot(*middle[:, :2].T)))[of]
    laid = np.stack([points[:, 2], angle * reach.max()], axis=1) / TILE
    return replace(mesh, uv=np.where(upright[:, None], laid, mesh.uv))


def _copies(named: str) -> list[tuple[int, int]]:
    return [(x, y) for x in ((1, -1) if "x" in named else (1,)) for y in ((1, -1) if "y" in named else (1,))]


def _mirrored(mesh: Mesh, signs: tuple[int, int]) -> Mesh:
    points = mesh.points * [signs[0], signs[1], 1]
    if signs[0] * signs[1] > 0:
        return replace(mesh, points=points)
    # A mirror turns polygons inside out: run round them the other way.
    ends = np.append(mesh.starts[1:], len(mesh.corners))
    order = np.concatenate([np.arange(end - 1, start - 1, -1) for start, end in zip(mesh.starts, ends, strict=True)])
    return replace(mesh, points=points, corners=mesh.corners[order], uv=mesh.uv[order])


Shape = tuple[Array, list[list[int]], bool, Array | None]


def _box(part: Mapping[str, Any]) -> Shape:
    """Six sides, twelve chamfers and eight corners."""
    half = np.asarray(part["box"], np.float64) / 2
    bevel = min(float(part.get("bevel", 0.3)), 0.49 * float(half.min()) * 2)
    signs = np.array([[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)], np.float64)
    # Point 3·corner + axis lies on the side that faces along the axis.
    points = np.repeat(signs * (half - bevel), 3, axis=0)
    points[np.arange(24), np.tile(np.arange(3), 8)] += (signs * bevel).ravel()

    def ring(chosen: list[int], out: Sequence[float]) -> list[int]:
        """Points of one side, chamfer or corner, counter-clockwise seen from outside."""
        first = np.cross(out, np.eye(3)[np.argmin(np.abs(out))])
        second = np.cross(out, first)
        away = points[chosen] - points[chosen].mean(0)
        return [chosen[i] for i in np.argsort(np.arctan2(away @ second, away @ first))]

    polygons = [ring([3 * i, 3 * i + 1, 3 * i + 2], sign) for i, sign in enumerate(signs)]
    for axis in range(3):
        one, two = (a for a in range(3) if a != axis)
        for side in (-1, 1):
            here = [i for i in range(8) if signs[i, axis] == side]
            polygons.append(ring([3 * i + axis for i in here], side * np.eye(3)[axis]))
            for other in (-1, 1):
                edge = [i for i in range(8) if signs[i, one] == side and signs[i, two] == other]
                out = side * np.eye(3)[one] + other * np.eye(3)[two]
                polygons.append(ring([3 * i + a for i in edge for a in (one, two)], out))
    return np.add(points, [0, 0, half[2]]), polygons, False, None


def _lathe(part: Mapping[str, Any]) -> Shape:
    profile = np.asarray(part["lathe"], np.float64)
    steps = int(part.get("steps", 0))
    if steps:
        profile = _curved(profile, steps, closed=False)
    angle = np.linspace(0, 2 * np.pi, _AROUND, endpoint=False)
    ring = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    points = np.concatenate([np.column_stack([ring * radius, np.full(_AROUND, z)]) for radius, z in profile])
    polygons = _grid(len(profile), _AROUND)
    # Open ends of a thin wall stay open; a flat foot or top is closed by its own point on the axis.
    return points, polygons, True, None


def _grid(rows: int, columns: int) -> list[list[int]]:
    """Quads between rings of points that close sideways."""
    return [
        [row * columns + c, row * columns + (c + 1) % columns, (row + 1) * columns + (c + 1) % columns,
         (row + 1) * columns + c]
        for row in range(rows - 1) for c in range(columns)
    ]  # fmt: skip


def _curved(line: Array, steps: int, closed: bool) -> Array:
    """Catmull and Rom's smooth line through points."""
    ends = (line[-1:], line[:2]) if closed else (2 * line[:1] - line[1:2], 2 * line[-1:] - line[-2:-1])
    padded = np.concatenate([ends[0], line, ends[1]])
    t = np.arange(steps)[:, None] / steps
    smooth = []
    for a, b, c, d in zip(padded, padded[1:], padded[2:], padded[3:], strict=False):
        smooth.append(0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3))
    return np.concatenate(smooth if closed else [*smooth, line[-1:]])


def _tube(part: Mapping[str, Any]) -> Shape:
    line, closed = np.asarray(part["tube"], np.float64), bool(part.get("closed", False))
    if part.get("curve"):
        line = _curved(line, int(part["curve"]), closed)
    radius, sides = float(part["radius"]), int(part.get("sides", 20))
    before, after = np.roll(line, 1, axis=0), np.roll(line, -1, axis=0)
    if not closed:
        before[0], after[-1] = line[0], line[-1]
    tangents = after - before
    tangents /= np.linalg.norm(tangents, axis=1, keepdims=True)
    start = np.eye(3)[np.argmin(np.abs(tangents[0]))]
    angle = np.linspace(0, 2 * np.pi, sides, endpoint=False) + np.pi / sides
    rings, side = [], np.cross(tangents[0], start)
    for point, tangent in zip(line, tangents, strict=True):
        # Carried along without twist; a mitre at a bend keeps the tube as thick as it is.
        side = side - tangent * (side @ tangent)
        side /= np.linalg.norm(side)
        up = np.cross(tangent, side)
        rings.append(point + radius * (np.cos(angle)[:, None] * side + np.sin(angle)[:, None] * up))
    points, count = np.concatenate(rings), len(line)
    polygons = _grid(count, sides)
    if closed:
        last = (count - 1) * sides
        polygons += [[last + c, last + (c + 1) % sides, (c + 1) % sides, c] for c in range(sides)]
    else:
        polygons += [list(range(sides))[::-1], list(range((count - 1) * sides, count * sides))]
    return points, polygons, True, None


def _cushion(part: Mapping[str, Any]) -> Shape:
    """A superellipsoid."""
    half, soft = np.asarray(part["cushion"], np.float64) / 2, float(part.get("soft", 0.4))
    up = np.linspace(-np.pi / 2, np.pi / 2, 33)
    around = np.linspace(0, 2 * np.pi, 72, endpoint=False)

    def bent(value: Array) -> Array:
        result: Array = np.sign(value) * np.abs(value) ** soft
        return result

    flat = np.stack([bent(np.cos(around)), bent(np.sin(around))], axis=1)
    rings = [np.column_stack([flat * bent(np.cos(v)) * half[:2], np.full(72, bent(np.sin(v)) * half[2])]) for v in up]
    return np.add(np.concatenate(rings), [0, 0, half[2]]), _grid(33, 72), True, None


def _globe(part: Mapping[str, Any]) -> Shape:
    width, height = part["globe"]
    turn = np.linspace(-np.pi / 2, np.pi / 2, 8 * int(part["ribs"]) + 1)
    # Paper sags between the rings that hold it.
    held = 1 - 0.018 * np.abs(np.sin(np.linspace(0, np.pi * part["ribs"], len(turn))))
    profile = np.stack([np.maximum(np.cos(turn) * held * width / 2, 2.0), (1 + np.sin(turn)) * height / 2], axis=1)
    return _lathe({"lathe": profile})


def _outline(part: Mapping[str, Any]) -> Array:
    """The edge of a panel, (N, 2) in 0–1, seen from its front: to the right and upwards."""
    around = np.linspace(0, 2 * np.pi, 2 * _AROUND, endpoint=False)
    if part.get("round", False):
        return 0.5 + 0.5 * np.stack([np.cos(around), np.sin(around)], axis=1)
    if not part.get("arch", False):
        return np.array([[0, 0], [1, 0], [1, 1], [0, 1.0]])
    width, height = part.get("panel") or part["frame"]
    bow = width / 2 / height
    top = np.stack([0.5 + 0.5 * np.cos(around[: _AROUND + 1]), 1 - bow + bow * np.sin(around[: _AROUND + 1])], axis=1)
    return np.concatenate([[[0, 0.0]], [[1, 0.0]], top])


def _panel(part: Mapping[str, Any]) -> Shape:
    """A flat shape; its picture's foot is at the bottom or, facing up, in front."""
    width, height = part["panel"]
    uv = _outline(part)
    # Seen from its front, the viewer's right is −x.
    across, along = (0.5 - uv[:, 0]) * width, uv[:, 1] * height
    if part.get("facing", "front") == "up":
        points = np.stack([across, height / 2 - along, np.zeros(len(uv))], axis=1)
    else:
        points = np.stack([across, np.zeros(len(uv)), along], axis=1)
    return points, [list(range(len(uv)))], False, uv


def _frame(part: Mapping[str, Any]) -> Shape:
    width, height = part["frame"]
    edge = _outline(part)
    line = np.stack([(0.5 - edge[:, 0]) * width, np.zeros(len(edge)), edge[:, 1] * height], axis=1)
    return _tube({"tube": line, "radius": part["radius"], "closed": True})


def _slats(part: Mapping[str, Any]) -> Shape:
    count, *size = part["slats"]
    points, polygons, smooth, uv = _box({"box": [size[0], size[2], size[1]], "bevel": part.get("bevel", 0.3)})
    shifts = np.linspace(-0.5, 0.5, int(count)) * (part["along"] - size[0])
    many = [[i + n * len(points) for i in polygon] for n in range(len(shifts)) for polygon in polygons]
    return np.concatenate([np.add(points, [shift, 0, 0]) for shift in shifts]), many, smooth, uv


KINDS: dict[str, Callable[[Mapping[str, Any]], Shape]] = {
    "box": _box, "lathe": _lathe, "tube": _tube, "cushion": _cushion, "globe": _globe, "panel": _panel,
    "frame": _frame, "slats": _slats,
}  # fmt: skip
