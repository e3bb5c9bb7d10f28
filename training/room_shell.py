"""The meshes of an empty room: walls with holes for windows and doors, skirting boards, curtains. No Blender here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from training.furniture_models import Material, Mesh, joined
from training.room_looks import Colour, Looks, Surface
from training.room_shape import Array, Opening, Shell, Wall

#: How deep windows and doors sit in their walls, and how thick a frame is, metres.
REVEAL, DOOR_REVEAL, FRAME = 0.16, 0.05, 0.055
#: Folds of a curtain: how deep and how wide, metres.
FOLD, FOLD_WIDTH = 0.045, 0.11
#: How far away and how high the picture of the outside stands, metres.
FAR, HORIZON = 22.0, 1.5


@dataclass(frozen=True, eq=False)
class ShellMeshes:
    """An empty room.

    Attributes:
        floor: what furniture stands on.
        walls: walls, ceiling and reveals.
        trim: skirting, frames, doors, panelling, curtains.
        outside: what is seen through windows.
    """

    floor: Mesh
    walls: Mesh
    trim: Mesh
    outside: Mesh


def quads(corners: Array, uv: Array, material: Material, smooth: bool = False) -> Mesh:
    """Quads (N, 4, 3) with picture coordinates (N, 4, 2) as a mesh of one material."""
    count = len(corners)
    return Mesh(
        corners.reshape(-1, 3), np.arange(4 * count), np.arange(0, 4 * count, 4), uv.reshape(-1, 2),
        np.zeros(count, np.int64), np.full(count, smooth), (material,),
    )  # fmt: skip


def box(low: Sequence[float], high: Sequence[float], wall: Wall, material: Material) -> Mesh:
    """A box in the frame of a wall: metres along it, into the room and up."""
    unit = np.array([
        [[0, 0, 0], [0, 1, 0], [1, 1, 0], [1, 0, 0]], [[0, 0, 1], [1, 0, 1], [1, 1, 1], [0, 1, 1]],
        [[0, 0, 0], [1, 0, 0], [1, 0, 1], [0, 0, 1]], [[1, 1, 0], [0, 1, 0], [0, 1, 1], [1, 1, 1]],
        [[0, 1, 0], [0, 0, 0], [0, 0, 1], [0, 1, 1]], [[1, 0, 0], [1, 1, 0], [1, 1, 1], [1, 0, 1.0]],
    ])  # fmt: skip
    corners = np.array(low) + unit * (np.array(high) - low)
    return quads(in_room(corners, wall), np.zeros((6, 4, 2)), material)


def in_room(points: Array, wall: Wall) -> Array:
    """Points (…, 3) of a wall's frame (along, inward, up) in the room's."""
    flat = wall.start + points[..., :1] * wall.along + points[..., 1:2] * wall.inward
    return np.concatenate([flat, points[..., 2:]], axis=-1)


def paint(name: str, colour: Colour, roughness: float = 0.5, specular: float = 0.3) -> Material:
    """A material of one colour."""
    return Material(name, colour, roughness=roughness, specular=specular)


def covered(name: str, surface: Surface) -> Material:
    """A material whose pattern is drawn by room_surfaces under that name."""
    if surface.kind == "plain":
        return paint(name, surface.colours[0], surface.roughness, surface.specular)
    return Material(name, (1, 1, 1), roughness=surface.roughness, specular=surface.specular, pattern=name)


def build_shell(shell: Shell, looks: Looks, sides: dict[str, float]) -> ShellMeshes:
    """All meshes of the empty room.

    Args:
        shell: its shape.
        looks: its surfaces.
        sides: metres that one repeat of a surface covers, by the names "floor" and "wall0" …; plain ones are left out.
    """
    trim = paint("trim", looks.trim, 0.35, 0.4)
    walls, extras = [], []
    for number, wall in enumerate(shell.walls):
        openings = sorted((one for one in shell.openings if one.wall == number), key=lambda one: one.middle)
        name = f"wall{number}"
        walls.append(_wall(wall, shell.height, openings, covered(name, looks.walls[number]), sides.get(name, 1.0)))
        extras += _skirting(wall, openings, looks, trim)
        for opening in openings:
            extras += (
                _window(wall, opening, looks, trim) if opening.kind == "window" else _door(wall, opening, looks, trim)
            )
    walls.append(_level(shell, shell.height, covered("ceiling", looks.ceiling), 1.0, 0.0))
    floor = _level(shell, 0.0, covered("floor", looks.floor), sides.get("floor", 1.0), looks.floor.turn)
    return ShellMeshes(floor, joined(walls), joined(extras), _outside(shell))


def _level(shell: Shell, z: float, material: Material, side: float, turn: float) -> Mesh:
    points = np.column_stack([shell.outline, np.full(len(shell.outline), z)])
    cos, sin = np.cos(turn), np.sin(turn)
    uv = points[:, :2] @ np.array([[cos, -sin], [sin, cos]]) / side
    count = len(points)
    return Mesh(points, np.arange(count), np.array([0]), uv, np.zeros(1, np.int64), np.zeros(1, bool), (material,))


def _wall(wall: Wall, height: float, openings: Sequence[Opening], material: Material, side: float) -> Mesh:
    """The wall with its holes, and the sides of the holes."""
    rects, reveals = [], []
    at = 0.0
    for one in openings:
        left, right = one.span
        rects += [(at, left, 0.0, height), (left, right, one.top, height)]
        if one.sill > 0:
            rects.append((left, right, 0.0, one.sill))
        at = right
        deep = REVEAL if one.kind == "window" else DOOR_REVEAL
        for low, high in (
            ((left, one.sill), (left, one.top)), ((right, one.top), (right, one.sill)),
            ((left, one.top), (right, one.top)), ((right, one.sill), (left, one.sill)),
        ):  # fmt: skip
            reveals.append(
                [[low[0], 0, low[1]], [high[0], 0, high[1]], [high[0], -deep, high[1]], [low[0], -deep, low[1]]]
            )
    rects.append((at, wall.length, 0.0, height))
    corners = np.array([[[a, 0, b], [c, 0, b], [c, 0, d], [a, 0, d]] for a, c, b, d in rects])
    corners = np.concatenate([corners, np.array(reveals).reshape(-1, 4, 3)])
    return quads(in_room(corners, wall), corners[..., [0, 2]] / side, material)


def _skirting(wall: Wall, openings: Sequence[Opening], looks: Looks, trim: Material) -> list[Mesh]:
    """Boards along the foot of a wall, and panelling above them, where no opening is."""
    made: list[Mesh] = []
    for left, right in _between(wall, [one for one in openings if one.sill < looks.skirting]):
        made.append(box((left, 0, 0), (right, 0.014, looks.skirting), wall, trim))
    if looks.wainscot:
        for left, right in _between(wall, [one for one in openings if one.sill < looks.wainscot + 0.1]):
            top = looks.wainscot
            made.append(box((left, 0, top - 0.05), (right, 0.026, top), wall, trim))
            made.append(box((left, 0, 0), (right, 0.008, top - 0.05), wall, trim))
            count = max(1, round((right - left) / 0.55))
            for edge in np.linspace(left, right - 0.07, count + 1):
                made.append(box((edge, 0, looks.skirting), (edge + 0.07, 0.02, top - 0.05), wall, trim))
    return made


def _between(wall: Wall, openings: Iterable[Opening]) -> list[tuple[float, float]]:
    """Stretches of a wall, metres along it, that these openings with their casings leave."""
    stretches, at = [], 0.0
    for one in openings:
        stretches.append((at, one.span[0] - 0.07))
        at = one.span[1] + 0.07
    stretches.append((at, wall.length))
    return [(left, right) for left, right in stretches if right - left > 0.08]


def _window(wall: Wall, one: Opening, looks: Looks, trim: Material) -> list[Mesh]:
    left, right = one.span
    back, front = -REVEAL, -REVEAL + 0.05
    made = [
        box((left, back, one.sill), (left + FRAME, front, one.top), wall, trim),
        box((right - FRAME, back, one.sill), (right, front, one.top), wall, trim),
        box((left + FRAME, back, one.sill), (right - FRAME, front, one.sill + FRAME), wall, trim),
        box((left + FRAME, back, one.top - FRAME), (right - FRAME, front, one.top), wall, trim),
    ]
    columns, rows = one.panes
    for bar in np.linspace(left, right, columns + 1)[1:-1]:
        made.append(box((bar - 0.04, back, one.sill), (bar + 0.04, front + 0.004, one.top), wall, trim))
    for bar in np.linspace(one.sill, one.top, rows + 1)[1:-1]:
        made.append(box((left, back, bar - 0.015), (right, front - 0.01, bar + 0.015), wall, trim))
    if one.sill > 0.2:
        made.append(box((left - 0.04, -REVEAL, one.sill - 0.03), (right + 0.04, 0.05, one.sill + 0.004), wall, trim))
    return made + (_curtains(wall, one, looks) if one.curtain else [])


def _curtains(wall: Wall, one: Opening, looks: Looks) -> list[Mesh]:
    """A rail and two curtains drawn aside, in folds."""
    cloth = paint("curtain", looks.curtain, 0.95, 0.05)
    top, made = one.top + 0.12, []
    for side in (-1, 1):
        near = one.middle + side * (one.width / 2 - 0.04)
        along = np.linspace(near, near + side * (one.curtain + 0.04), 40)
        folds = 0.085 + FOLD * np.sin(2 * np.pi * (along - near) / FOLD_WIDTH) * np.linspace(0.7, 1.0, 40)
        foot = np.stack([along, folds, np.full(40, 0.015)], axis=1)
        head = foot * [1, 1, 0] + [0, 0, top]
        corners = np.stack([foot[:-1], foot[1:], head[1:], head[:-1]], axis=1)
        made.append(quads(in_room(corners, wall), np.zeros((39, 4, 2)), cloth))
    rail = paint("rail", (0.25, 0.24, 0.23), 0.4, 0.4)
    reach = one.width / 2 + one.curtain + 0.04
    made.append(box((one.middle - reach, 0.075, top), (one.middle + reach, 0.098, top + 0.023), wall, rail))
    return made


def _door(wall: Wall, one: Opening, looks: Looks, trim: Material) -> list[Mesh]:
    """Casing, a leaf with sunk panels, and a handle."""
    left, right = one.span
    leaf, metal = paint("door", looks.door, 0.4, 0.4), Material("handle", (0.6, 0.6, 0.6), roughness=0.3, metallic=1)
    wide = 0.065
    made = [
        box((left - wide, 0, 0), (left, 0.018, one.top), wall, trim),
        box((right, 0, 0), (right + wide, 0.018, one.top), wall, trim),
        box((left - wide, 0, one.top), (right + wide, 0.018, one.top + wide), wall, trim),
        box((left, -DOOR_REVEAL, 0.008), (right, -0.025, one.top), wall, leaf),
    ]
    edge = 0.11
    bars = [0.008, 0.008 + 0.2, 0.92, 1.03, one.top - edge, one.top]
    # Rails end at the stiles: faces in one plane would shade each other black.
    for low, high in zip(bars[::2], bars[1::2], strict=True):
        made.append(box((left + edge, -0.03, low), (right - edge, -0.012, high), wall, leaf))
    for low, high in ((left, left + edge), (right - edge, right)):
        made.append(box((low, -0.03, 0.008), (high, -0.012, one.top), wall, leaf))
    made.append(box((right - 0.07, -0.012, 0.96), (right - 0.04, 0.0, 1.16), wall, metal))
    made.append(box((right - 0.17, 0.02, 1.07), (right - 0.045, 0.035, 1.09), wall, metal))
    made.append(box((right - 0.063, -0.012, 1.07), (right - 0.047, 0.035, 1.09), wall, metal))
    return made


def _outside(shell: Shell) -> Mesh:
    """A wide picture standing round the house; its horizon is at the middle."""
    middle = np.array(shell.size) / 2
    turns = np.linspace(0, 2 * np.pi, 25)
    ring = middle + FAR * np.stack([np.cos(turns), np.sin(turns)], axis=1)
    low, high = (np.column_stack([ring, np.full(25, HORIZON + z)]) for z in (-FAR, FAR))
    corners = np.stack([low[:-1], low[1:], high[1:], high[:-1]], axis=1)
    u = turns / np.pi
    uv = np.stack([
        np.stack([u[:-1], 0 * u[1:]], 1), np.stack([u[1:], 0 * u[1:]], 1),
        np.stack([u[1:], 0 * u[1:] + 1], 1), np.stack([u[:-1], 0 * u[1:] + 1], 1),
    ], axis=1)  # fmt: skip
    return quads(corners, uv, Material("outside"))
