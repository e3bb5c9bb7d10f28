"""What is added to a draped garment: bands, collars, hoods, pieces laid on (pockets, lapels), buttons.

Everything is a `Part`: a mesh with texture coordinates in pattern space, so that fabrics run on over it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import LinearNDInterpolator, NearestNDInterpolator
from scipy.ndimage import gaussian_filter1d

from training.catalog_body import vertex_normals
from training.catalog_cloth import Cloth, Edge, _panel_mesh

Array = NDArray[np.float64]

#: Part codes, written into the render so that colour can be chosen afterwards.
FRONT, BACK, TRIM, METAL = 0, 1, 2, 3


@dataclass(frozen=True, eq=False)
class Part:
    """A mesh to render.

    Attributes:
        vertices: (V, 3) metres.
        faces: (F, 3).
        uv: (V, 2) pattern coordinates, metres.
        code: FRONT, BACK, TRIM or METAL.
        thickness: metres added inwards, 0 = solid as it is.
        relief: name of a relief for the surface, "" = that of the garment, "none" = smooth.
    """

    vertices: Array
    faces: NDArray[np.int64]
    uv: Array
    code: int
    thickness: float = 0.002
    relief: str = ""


def opening_loop(cloth: Cloth, name: str) -> NDArray[np.int64]:
    """The closed ring of vertices around an opening: along the front, back along the other panel."""
    front, back = cloth.openings[f"{name} front"], cloth.openings[f"{name} back"]
    return np.concatenate([front, back[::-1][1:-1]])


def _grid_faces(rows: int, columns: int, closed: bool) -> NDArray[np.int64]:
    r, c = np.meshgrid(np.arange(rows - 1), np.arange(columns if closed else columns - 1), indexing="ij")
    a = (r * columns + c).ravel()
    b = (r * columns + (c + 1) % columns).ravel()
    return np.concatenate([np.stack([a, b, b + columns], 1), np.stack([a, b + columns, a + columns], 1)])


def _smooth_ring(values: Array, sigma: float) -> Array:
    result: Array = gaussian_filter1d(values, sigma, axis=0, mode="wrap")
    return result


def band(
    cloth: Cloth,
    worn: Array,
    opening: str,
    width: float,
    lift: float = 0.0,
    tighten: float = 0.0,
    thickness: float = 0.0035,
    relief: str = "rib",
) -> Part:
    """Continue an opening by a band (ribbed neck, cuff, turtle neck, waistband).

    `lift` turns the band upwards (1 = straight up), `tighten` draws its far edge in by that share.
    """
    loop = opening_loop(cloth, opening)
    # Start at the middle of the back, where a band is joined and nobody looks.
    loop = np.roll(loop, -(len(loop) - len(cloth.openings[f"{opening} back"]) // 2))
    edge = _smooth_ring(worn[loop], 0.8)
    direction = _smooth_ring(_outgoing(cloth, worn, loop), 2.5)
    tangent = np.roll(edge, -1, axis=0) - np.roll(edge, 1, axis=0)
    tangent /= np.linalg.norm(tangent, axis=1, keepdims=True)
    direction -= (direction * tangent).sum(1, keepdims=True) * tangent
    edge, direction = np.concatenate([edge, edge[:1]]), np.concatenate([direction, direction[:1]])
    direction /= np.linalg.norm(direction, axis=1, keepdims=True)
    centre = edge.mean(0)
    rows = max(4, round(width / 0.006))
    rings, point = [edge - 0.004 * direction], edge
    for i in range(rows):
        turn = lift * min(1.0, (i + 1) / 3)
        step = (1 - turn) * direction + turn * np.array([0.0, 0.0, 1.0])
        point = point + step / np.linalg.norm(step, axis=1, keepdims=True) * width / rows
        point = point + (centre * [1, 1, 0] - point * [1, 1, 0]) * tighten / rows
        rings.append(point)
    arc = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(edge, axis=0), axis=1))])
    v = np.linspace(0, width, rows + 1)
    base = _spare(cloth, arc[-1])
    uv = np.stack([np.tile(arc, rows + 1) + base[0], np.repeat(v, len(edge)) + base[1]], axis=1)
    faces = _grid_faces(rows + 1, len(edge), closed=False)
    vertices = np.concatenate(rings)
    return Part(vertices, _outward(vertices, faces, centre), uv, TRIM, thickness, relief)


def _spare(cloth: Cloth, length: float) -> Array:
    """Where on the sheet a trim `length` metres long takes its fabric from: near the hem, on straight grain."""
    return np.array([-length / 2, float(cloth.pattern[:, 1].min()) + 0.04])


def _outgoing(cloth: Cloth, worn: Array, loop: NDArray[np.int64]) -> Array:
    """At every vertex of an opening, the direction in which the cloth would go on, (N, 3)."""
    on_loop = np.zeros(len(worn), dtype=bool)
    on_loop[loop] = True
    total, count = np.zeros_like(worn), np.zeros(len(worn))
    for i, j in ((0, 1), (1, 2), (2, 0), (1, 0), (2, 1), (0, 2)):
        a, b = cloth.faces[:, i], cloth.faces[:, j]
        use = on_loop[a] & ~on_loop[b]
        np.add.at(total, a[use], worn[b[use]])
        np.add.at(count, a[use], 1)
    mean = total[loop] / np.maximum(count[loop], 1)[:, None]
    out = worn[loop] - mean
    out[count[loop] == 0] = 0
    return out


def _outward(vertices: Array, faces: NDArray[np.int64], centre: Array) -> NDArray[np.int64]:
    """Flip all faces if they look inwards on the whole."""
    corner = vertices[faces]
    normal = np.cross(corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0])
    outward = np.einsum("nd,nd->n", normal, (corner.mean(1) - centre) * [1, 1, 0]).sum()
    return faces if outward > 0 else faces[:, ::-1]


def shirt_collar(cloth: Cloth, worn: Array, stand: float = 0.03, fall: float = 0.045, point: float = 0.03) -> Part:
    """A stand that rises from the neckline and a leaf folded over it, longer towards its two front points."""
    loop = opening_loop(cloth, "neck 1")
    edge = worn[loop]
    start = int(
        np.argmin(np.abs(cloth.pattern[loop, 0]) + 10 * (cloth.pattern[loop, 1] > cloth.pattern[loop, 1].mean()))
    )
    edge = _smooth_ring(np.roll(edge, -start, axis=0), 1.0)
    edge = np.concatenate([edge, edge[:1]])
    arc = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(edge, axis=0), axis=1))])
    s = np.linspace(0.004, arc[-1] - 0.004, 72)
    ring = np.stack([np.interp(s, arc, edge[:, i]) for i in range(3)], axis=1)
    outward = ring - ring.mean(0)
    outward[:, 2] = 0
    outward /= np.linalg.norm(outward, axis=1, keepdims=True)
    front = np.clip(1 - np.minimum(s, arc[-1] - s) / (0.28 * arc[-1]), 0, 1)[:, None]
    up, side = np.array([0.0, 0.0, 1.0]), np.sign(s - arc[-1] / 2)[:, None] * np.array([[1.0, 0, 0]])
    side = side * np.sign(ring[:36, 0].mean() - ring[36:, 0].mean()) * -1.0
    height = stand * (1 - 0.35 * front)
    length = fall + point * front**2
    profile = [(-0.002, 0.0, 0), (-0.004, 0.5, 0), (-0.004, 0.95, 0), (0.0, 1.1, 0), (0.006, 1.08, 0.02)]
    profile += [(0.009, 1.0, 0.2), (0.013, 1.0, 0.45), (0.018, 1.0, 0.75), (0.022, 1.0, 1.0)]
    rows = []
    for r, h, f in profile:
        drop = f * length
        rows.append(
            ring
            + outward * (r + 0.35 * drop * (1 - 0.3 * front))
            + up * (h * height - 0.93 * drop)
            + side * front**3 * drop * 0.45
        )
    vertices = np.concatenate(rows)
    base = _spare(cloth, arc[-1])
    v = np.concatenate([[0.0], np.cumsum([0.012] * (len(rows) - 1))])
    uv = np.stack([np.tile(s, len(rows)) + base[0], np.repeat(v, len(s)) + base[1]], axis=1)
    return Part(vertices, _grid_faces(len(rows), len(s), closed=False), uv, TRIM, 0.0022, "")


def hood(cloth: Cloth, worn: Array, height: float = 0.27, depth: float = 0.17, width: float = 0.125) -> Part:
    """A hood standing open behind the neckline, as on an unseen head."""
    loop = opening_loop(cloth, "neck 1")
    ring = _smooth_ring(worn[loop], 1.0)
    lowest = int(np.argmin(ring[:, 2]))
    ring = np.roll(ring, -lowest, axis=0)
    ring = np.concatenate([ring, ring[:1]])
    arc = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(ring, axis=0), axis=1))])
    columns, rows = 61, 40
    s = np.linspace(0, arc[-1], columns)
    base = np.stack([np.interp(s, arc, ring[:, i]) for i in range(3)], axis=1)
    sign = np.sign(base[columns // 4, 0]) or 1.0
    # Columns fan out from the chin over the ear to the nape; rows climb from the neckline to the crown.
    turn = np.linspace(0, 2 * np.pi, columns) - np.pi
    centre = np.array([0.0, base[:, 1].mean() + 0.01, base[:, 2].mean() + 0.40 * height])
    vertices = []
    for t in np.linspace(0, 1, rows):
        # The front edges meet at the chin and part on the way up.
        at = np.clip(turn, -np.pi * (1 - 0.27 * min(t / 0.4, 1.0)), np.pi * (1 - 0.27 * min(t / 0.4, 1.0)))
        shrink = np.cos(0.49 * np.pi * t) ** 0.72
        x = -sign * width * np.sin(at) * shrink
        y = np.where(np.cos(at) > 0, 1.15, 0.5) * depth * np.cos(at) * shrink + 0.02 * t
        z = np.full(columns, 0.60 * height * np.sin(0.5 * np.pi * t))
        target = centre + np.stack([x, y, z], axis=1)
        blend = np.clip(t / 0.35, 0, 1) ** 0.8
        vertices.append(base + (target - base) * blend)
    points = np.stack(vertices)
    uv_base = _spare(cloth, arc[-1])
    u, v = np.meshgrid(s + uv_base[0], np.linspace(0, height * 1.3, rows) + uv_base[1])
    flat = points.reshape(-1, 3)
    faces = _grid_faces(rows, columns, closed=False)
    return Part(flat, _outward(flat, faces, centre), np.stack([u.ravel(), v.ravel()], 1), TRIM, 0.004, "")


def laid_on(cloth: Cloth, worn: Array, outline: Array, lift: float = 0.003, code: int = FRONT) -> Part:
    """A piece of cloth cut along `outline` (pattern space) and laid on the front panel, following its folds."""
    points, faces, _ = _panel_mesh([Edge("piece", np.concatenate([outline, outline[:1]]), False)], 0.008)
    position, normal = _on_front(cloth, worn, points)
    return Part(position + lift * normal, faces, points, code, max(lift, 0.001), "")


def _on_front(cloth: Cloth, worn: Array, points: Array) -> tuple[Array, Array]:
    """Where (N, 2) pattern points of the front panel lie in space, and the outward normals there."""
    front = np.unique(cloth.faces[cloth.panel == 0])
    normals = vertex_normals(worn, cloth.faces)
    known = np.concatenate([worn, normals], axis=1)[front]
    value = LinearNDInterpolator(cloth.pattern[front], known)(points)
    outside = np.isnan(value[:, 0])
    value[outside] = NearestNDInterpolator(cloth.pattern[front], known)(points[outside])
    normal = value[:, 3:] / np.linalg.norm(value[:, 3:], axis=1, keepdims=True)
    return value[:, :3], normal


def button(cloth: Cloth, worn: Array, at: Array, radius: float = 0.0055, lift: float = 0.004) -> Part:
    """A round button on the front panel at pattern point `at`."""
    position, normal = _on_front(cloth, worn, at[None])
    n = normal[0]
    a = np.cross(n, [0.0, 0.0, 1.0])
    a /= np.linalg.norm(a)
    b = np.cross(n, a)
    profile = [(0.0, 0.0018), (0.62, 0.0016), (0.72, 0.0026), (0.95, 0.0024), (1.0, 0.0010), (0.98, -0.002)]
    angle = np.linspace(0, 2 * np.pi, 20, endpoint=False)
    rings = [
        position[0] + n * (lift + h) + radius * max(r, 0.02) * (np.cos(angle)[:, None] * a + np.sin(angle)[:, None] * b)
        for r, h in profile
    ]
    vertices = np.concatenate(rings)
    faces = _grid_faces(len(rings), len(angle), closed=True)
    return Part(vertices, faces, np.tile(at, (len(vertices), 1)), METAL, 0.0, "none")
