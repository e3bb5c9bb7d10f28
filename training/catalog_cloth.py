"""Cloth: flat panels cut from an outline, sewn along their seams, and hung on a body until they rest.

Position-based dynamics (Müller et al. 2007) on a triangle mesh: threads keep their length, hinges prefer the flat,
gravity pulls, the body pushes. It settles in seconds and gives the folds that a cut makes, which no painter would draw.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numba import njit
from numpy.typing import NDArray
from scipy.spatial import Delaunay, cKDTree

from training.catalog_body import Body, Collider

Array = NDArray[np.float64]

SUBSTEPS = 15


@dataclass(frozen=True, eq=False)
class Edge:
    """One side of a panel's outline.

    Attributes:
        name: "side", "hem", "neck", "cuff", "waist" …; both halves of a panel use the same names.
        points: (N, 2) polyline in pattern space, metres (x to the wearer's left, z up).
        sewn: joined to the other panel; otherwise an opening.
    """

    name: str
    points: Array
    sewn: bool


@dataclass(frozen=True, eq=False)
class Cloth:
    """A sewn garment as a triangle mesh.

    Attributes:
        pattern: (V, 2) where each vertex lies on its flat panel, metres; also its texture coordinate.
        faces: (F, 3) indices, wound outward.
        panel: (F,) 0 = front, 1 = back.
        openings: name → vertex indices along each opening, in order.
        seams: vertices that are sewn.
    """

    pattern: Array
    faces: NDArray[np.int64]
    panel: NDArray[np.int64]
    openings: dict[str, NDArray[np.int64]] = field(default_factory=dict)
    seams: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, dtype=np.int64))


def resample(points: Array, spacing: float) -> Array:
    """Points about `spacing` apart along a polyline, both ends kept."""
    length = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(points, axis=0), axis=1))])
    count = max(2, round(length[-1] / spacing) + 1)
    at = np.linspace(0.0, length[-1], count)
    return np.stack([np.interp(at, length, points[:, i]) for i in range(2)], axis=1)


def inside(points: Array, polygon: Array) -> NDArray[np.bool_]:
    """Even-odd test of (N, 2) points against a closed (M, 2) polygon."""
    result = np.zeros(len(points), dtype=bool)
    for a, b in zip(polygon, np.roll(polygon, -1, axis=0), strict=True):
        crosses = (a[1] > points[:, 1]) != (b[1] > points[:, 1])
        if crosses.any():
            x = a[0] + (points[:, 1] - a[1]) / (b[1] - a[1] if b[1] != a[1] else 1e-12) * (b[0] - a[0])
            result ^= crosses & (points[:, 0] < x)
    return result


def _panel_mesh(edges: list[Edge], spacing: float) -> tuple[Array, NDArray[np.int64], list[NDArray[np.int64]]]:
    """Triangulate one panel: points, faces (counter-clockwise in x, z) and the vertices of every edge."""
    border: list[Array] = []
    chains: list[NDArray[np.int64]] = []
    start = 0
    for edge in edges:
        points = resample(edge.points, spacing)[:-1]
        border.append(points)
        chains.append(np.arange(start, start + len(points) + 1))
        start += len(points)
    chains[-1][-1] = 0
    outline = np.concatenate(border)
    (x0, z0), (x1, z1) = outline.min(0), outline.max(0)
    row = spacing * np.sqrt(3) / 2
    # The lattice is centred on x = 0 so that the two halves of a garment are mirror images.
    columns = np.arange(np.floor(x0 / spacing), np.ceil(x1 / spacing) + 1) * spacing
    lattice = np.concatenate(
        [
            np.stack([columns + (0.5 * spacing if i % 2 else 0.0), np.full(len(columns), z)], axis=1)
            for i, z in enumerate(np.arange(z0, z1 + row, row))
        ]
    )
    lattice = lattice[inside(lattice, outline)]
    lattice = lattice[cKDTree(outline).query(lattice)[0] > 0.62 * spacing]
    points = np.concatenate([outline, lattice])
    faces = Delaunay(points).simplices.astype(np.int64)
    faces = faces[inside(points[faces].mean(1), outline)]
    a, b, c = (points[faces[:, i]] for i in range(3))
    turn = (b[:, 0] - a[:, 0]) * (c[:, 1] - a[:, 1]) - (b[:, 1] - a[:, 1]) * (c[:, 0] - a[:, 0])
    faces = faces[np.abs(turn) > 1e-3 * spacing**2]
    turn = turn[np.abs(turn) > 1e-3 * spacing**2]
    faces[turn < 0] = faces[turn < 0][:, ::-1]
    return points, faces, chains


def sew(front: list[Edge], back: list[Edge], spacing: float) -> Cloth:
    """Cut two panels and sew them where their edges are marked as sewn.

    The two outlines list the same edges in the same order, counter-clockwise seen from the front; sewn edges are
    equal, openings (neck, waist) may differ.
    """
    points, faces, chains = _panel_mesh(front, spacing)
    back_points, back_faces, back_chains = _panel_mesh(back, spacing)
    index = len(points) + np.arange(len(back_points))
    for edge, chain, other in zip(front, chains, back_chains, strict=True):
        if edge.sewn:
            index[other] = chain
    all_faces = np.concatenate([faces, index[back_faces][:, ::-1]])
    used, packed = np.unique(all_faces, return_inverse=True)
    place = np.full(len(points) + len(back_points), -1)
    place[used] = np.arange(len(used))
    openings: dict[str, NDArray[np.int64]] = {}
    count: dict[str, int] = {}
    for edge, chain, other in zip(front, chains, back_chains, strict=True):
        if not edge.sewn:
            number = count[edge.name] = count.get(edge.name, 0) + 1
            openings[f"{edge.name} {number} front"] = place[chain]
            openings[f"{edge.name} {number} back"] = place[index[other]]
    seams = np.unique(np.concatenate([place[c] for e, c in zip(front, chains, strict=True) if e.sewn]))
    return Cloth(
        pattern=np.concatenate([points, back_points])[used],
        faces=packed.reshape(-1, 3),
        panel=np.repeat([0, 1], [len(faces), len(back_faces)]),
        openings=openings,
        seams=seams,
    )


def place_around(cloth: Cloth, body: Body, gap: float = 0.025) -> Array:
    """First guess of the worn shape, (V, 3): each panel in front of or behind the body it was cut for.

    Seams lie halfway between the body's front and back; beyond the silhouette the nearest depth is used.
    """
    v = body.vertices
    tree = cKDTree(v[:, [0, 2]])
    distance, near = tree.query(cloth.pattern, k=24)
    weight = 1.0 / (0.01 + distance) ** 2
    y = v[near, 1]
    close = distance < distance[:, :1] + 0.03
    low = np.where(close, y, np.inf).min(1)
    high = np.where(close, y, -np.inf).max(1)
    middle = (np.where(close, y, 0) * weight).sum(1) / np.where(close, weight, 0).sum(1)
    middle = np.where(distance[:, 0] > 0.02, middle, (low + high) / 2)
    is_back = np.zeros(len(cloth.pattern), dtype=bool)
    is_back[cloth.faces[cloth.panel == 1].ravel()] = True
    depth = np.where(is_back, high + gap, low - gap)
    depth[cloth.seams] = middle[cloth.seams]
    depth = smooth(depth[:, None], cloth.faces, 6, keep=cloth.seams)[:, 0]
    return np.stack([cloth.pattern[:, 0], depth, cloth.pattern[:, 1]], axis=1)


def smooth(values: Array, faces: NDArray[np.int64], rounds: int, keep: NDArray[np.int64] | None = None) -> Array:
    """Average (V, C) values over mesh neighbours; vertices in `keep` stay."""
    pairs = unique_edges(faces)
    degree = np.bincount(pairs.ravel(), minlength=len(values)).astype(float)[:, None]
    values = values.copy()
    for _ in range(rounds):
        total = np.zeros_like(values)
        np.add.at(total, pairs[:, 0], values[pairs[:, 1]])
        np.add.at(total, pairs[:, 1], values[pairs[:, 0]])
        new = 0.5 * values + 0.5 * total / np.maximum(degree, 1)
        if keep is not None:
            new[keep] = values[keep]
        values = new
    return values


def unique_edges(faces: NDArray[np.int64]) -> NDArray[np.int64]:
    """Every mesh edge once, (E, 2)."""
    edges = np.sort(np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]]), axis=1)
    return np.unique(edges, axis=0)


def follow(positions: Array, before: Body, after: Body) -> Array:
    """Carry cloth along when the body under it changes its pose."""
    distance, near = cKDTree(before.vertices).query(positions, k=12)
    weight = 1.0 / (0.01 + distance) ** 3
    moved = (after.vertices - before.vertices)[near]
    result: Array = positions + (moved * weight[..., None]).sum(1) / weight.sum(1)[:, None]
    return result


@dataclass(frozen=True)
class Fabric:
    """How a cloth moves.

    Attributes:
        bend: 0 to 1, pull of a fold back to the flat at every small step (chiffon .002, denim .1).
        stretch: 0 to 1, how firmly threads keep their length (knit .6, woven 1).
        friction: 0 to 1, share of sliding on the body that is stopped at every small step.
        gap: metres kept between body and cloth.
        steps: of 1/60 s.
    """

    bend: float = 0.02
    stretch: float = 1.0
    friction: float = 0.35
    gap: float = 0.006
    steps: int = 170


def drape(
    cloth: Cloth,
    start: Array,
    collider: Collider,
    fabric: Fabric,
    shrink: Array | None = None,
    pinned: NDArray[np.int64] | None = None,
    seed: int = 0,
) -> Array:
    """Hang the cloth from `start` until it rests; returns (V, 3) positions.

    `shrink` (V,) scales the rest length of threads (elastic bands: below 1); `pinned` vertices keep their height,
    as a waistband does. The seed only orders the constraints.
    """
    edges = unique_edges(cloth.faces)
    scale = np.ones(len(cloth.pattern)) if shrink is None else shrink
    rest = _flat_length(cloth, edges) * scale[edges].mean(1)
    hinges = _hinges(cloth)
    hinge_rest = _flat_length(cloth, hinges) * scale[hinges].mean(1)
    rng = np.random.default_rng(seed)
    order, hinge_order = rng.permutation(len(edges)), rng.permutation(len(hinges))
    fixed = np.zeros(len(start), dtype=np.bool_)
    if pinned is not None:
        fixed[pinned] = True
    return _simulate(
        start.copy(), edges[order], rest[order], hinges[hinge_order], hinge_rest[hinge_order], fixed,
        collider.distance, collider.origin, collider.cell,
        fabric.stretch, fabric.bend, fabric.friction, fabric.gap, fabric.steps,
    )  # fmt: skip


def _flat_length(cloth: Cloth, pairs: NDArray[np.int64]) -> Array:
    length: Array = np.linalg.norm(cloth.pattern[pairs[:, 0]] - cloth.pattern[pairs[:, 1]], axis=1)
    return length


def _hinges(cloth: Cloth) -> NDArray[np.int64]:
    """The two vertices facing each other across every edge inside a panel; seams stay free to fold."""
    found: list[NDArray[np.int64]] = []
    for panel in (0, 1):
        faces = cloth.faces[cloth.panel == panel]
        corner = np.concatenate([faces[:, [0, 1, 2]], faces[:, [1, 2, 0]], faces[:, [2, 0, 1]]])
        key = np.sort(corner[:, :2], axis=1)
        order = np.lexsort((key[:, 1], key[:, 0]))
        key, far = key[order], corner[order, 2]
        twin = (key[1:] == key[:-1]).all(1)
        found.append(np.stack([far[:-1][twin], far[1:][twin]], axis=1))
    return np.concatenate(found)


@njit(cache=True)  # type: ignore[untyped-decorator]
def _project(position, pairs, rest, stiffness):  # type: ignore[no-untyped-def]
    for k in range(len(pairs)):
        i, j = pairs[k, 0], pairs[k, 1]
        dx = position[j, 0] - position[i, 0]
        dy = position[j, 1] - position[i, 1]
        dz = position[j, 2] - position[i, 2]
        length = np.sqrt(dx * dx + dy * dy + dz * dz) + 1e-9
        move = 0.5 * stiffness * (length - rest[k]) / length
        position[i, 0] += move * dx
        position[i, 1] += move * dy
        position[i, 2] += move * dz
        position[j, 0] -= move * dx
        position[j, 1] -= move * dy
        position[j, 2] -= move * dz


@njit(cache=True)  # type: ignore[untyped-decorator]
def _sample(grid, u, v, w):  # type: ignore[no-untyped-def]
    i, j, k = int(u), int(v), int(w)
    a, b, c = u - i, v - j, w - k
    low = (grid[i, j, k] * (1 - a) + grid[i + 1, j, k] * a) * (1 - b)
    low += (grid[i, j + 1, k] * (1 - a) + grid[i + 1, j + 1, k] * a) * b
    high = (grid[i, j, k + 1] * (1 - a) + grid[i + 1, j, k + 1] * a) * (1 - b)
    high += (grid[i, j + 1, k + 1] * (1 - a) + grid[i + 1, j + 1, k + 1] * a) * b
    return low * (1 - c) + high * c


@njit(cache=True)  # type: ignore[untyped-decorator]
def _collide(position, before, grid, origin, cell, gap, friction):  # type: ignore[no-untyped-def]
    """Push vertices out of the body along the distance gradient and brake their sliding."""
    nx, ny, nz = grid.shape
    for p in range(len(position)):
        u = (position[p, 0] - origin[0]) / cell
        v = (position[p, 1] - origin[1]) / cell
        w = (position[p, 2] - origin[2]) / cell
        if u < 1 or v < 1 or w < 1 or u > nx - 3 or v > ny - 3 or w > nz - 3:
            continue
        depth = gap - _sample(grid, u, v, w)
        if depth <= 0:
            continue
        gx = _sample(grid, u + 0.5, v, w) - _sample(grid, u - 0.5, v, w)
        gy = _sample(grid, u, v + 0.5, w) - _sample(grid, u, v - 0.5, w)
        gz = _sample(grid, u, v, w + 0.5) - _sample(grid, u, v, w - 0.5)
        norm = np.sqrt(gx * gx + gy * gy + gz * gz) + 1e-9
        gx, gy, gz = gx / norm, gy / norm, gz / norm
        depth = min(depth, 0.02)
        position[p, 0] += depth * gx
        position[p, 1] += depth * gy
        position[p, 2] += depth * gz
        sx = position[p, 0] - before[p, 0]
        sy = position[p, 1] - before[p, 1]
        sz = position[p, 2] - before[p, 2]
        along = sx * gx + sy * gy + sz * gz
        position[p, 0] -= friction * (sx - along * gx)
        position[p, 1] -= friction * (sy - along * gy)
        position[p, 2] -= friction * (sz - along * gz)


@njit(cache=True)  # type: ignore[untyped-decorator]
def _simulate(  # type: ignore[no-untyped-def]
    position, edges, rest, hinges, hinge_rest, fixed, grid, origin, cell, stretch, bend, friction, gap, steps
):
    """Many small steps with one sweep each: far stiffer cloth for the same work than few steps with many sweeps."""
    velocity = np.zeros_like(position)
    height = position[:, 2].copy()
    dt = 1.0 / 60.0 / SUBSTEPS
    keep = 0.93 ** (1.0 / SUBSTEPS)
    for step in range(steps * SUBSTEPS):
        before = position.copy()
        # The first steps only pull the seams together; gravity comes in gently so that nothing is thrown.
        gravity = 9.81 * min(1.0, step / (30.0 * SUBSTEPS))
        for p in range(len(position)):
            velocity[p, 2] -= gravity * dt
            for d in range(3):
                position[p, d] += velocity[p, d] * dt
        _project(position, edges, rest, stretch)
        _project(position, hinges, hinge_rest, bend)
        _collide(position, before, grid, origin, cell, gap, friction)
        for p in range(len(position)):
            if fixed[p]:
                position[p, 2] = height[p]
            for d in range(3):
                v = (position[p, d] - before[p, d]) / dt * keep
                velocity[p, d] = min(max(v, -1.0), 1.0)
    return position
