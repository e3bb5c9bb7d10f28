"""The shape of a room seen from above: walls, windows and doors, rectangles that must not overlap. No Blender here.

A room's frame, metres: one corner of its bounding rectangle at the origin, x and y along the walls, z upwards.
An L-shaped room is that rectangle without a smaller one, the notch, at one of its corners.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Random = np.random.Generator

#: Walls end so much beside an opening, metres.
PIER = 0.22


@dataclass(frozen=True)
class Rect:
    """A rectangle on the floor.

    Attributes:
        at: its middle, metres.
        size: (width, depth), metres, before it is turned.
        turn: radians, counter-clockwise.
    """

    at: tuple[float, float]
    size: tuple[float, float]
    turn: float = 0.0

    @property
    def axes(self) -> Array:
        """(2, 2): its width's and its depth's direction, as rows."""
        cos, sin = np.cos(self.turn), np.sin(self.turn)
        return np.array([[cos, sin], [-sin, cos]])

    @property
    def corners(self) -> Array:
        """(4, 2) corners, counter-clockwise."""
        half = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1.0]]) * self.size / 2
        return np.asarray(half @ self.axes + self.at)

    def grown(self, by: float) -> Rect:
        """The rectangle, larger by so many metres on every side."""
        return Rect(self.at, (self.size[0] + 2 * by, self.size[1] + 2 * by), self.turn)


def overlap(one: Rect, other: Rect) -> bool:
    """Whether two rectangles have more than an edge in common (separating axes)."""
    a, b = one.corners, other.corners
    for axis in np.concatenate([one.axes, other.axes]):
        first, second = a @ axis, b @ axis
        if first.max() <= second.min() + 1e-6 or second.max() <= first.min() + 1e-6:
            return False
    return True


@dataclass(frozen=True)
class Opening:
    """A window or door in a wall.

    Attributes:
        kind: "window" or "door".
        wall: number of the wall.
        middle: metres along the wall.
        width: metres.
        sill, top: metres above the floor.
        panes: columns and rows of panes of a window.
        curtain: metres of curtain on either side, 0 = none.
    """

    kind: str
    wall: int
    middle: float
    width: float
    sill: float
    top: float
    panes: tuple[int, int] = (1, 1)
    curtain: float = 0.0

    @property
    def span(self) -> tuple[float, float]:
        """Where it begins and ends, metres along the wall."""
        return self.middle - self.width / 2, self.middle + self.width / 2


@dataclass(frozen=True, eq=False)
class Wall:
    """One straight wall, from `start` to `end` with the room on the left."""

    start: Array
    end: Array

    @property
    def length(self) -> float:
        """Metres."""
        return float(np.linalg.norm(self.end - self.start))

    @property
    def along(self) -> Array:
        """(2,) unit vector from start to end."""
        return np.asarray((self.end - self.start) / self.length)

    @property
    def inward(self) -> Array:
        """(2,) unit vector into the room."""
        return np.array([-self.along[1], self.along[0]])

    @property
    def turn(self) -> float:
        """Radians by which a thing is turned whose front looks into the room from this wall."""
        return float(np.arctan2(-self.inward[0], self.inward[1]))

    def point(self, along: float, inward: float = 0.0) -> tuple[float, float]:
        """The point so many metres along the wall and into the room."""
        x, y = self.start + along * self.along + inward * self.inward
        return float(x), float(y)


@dataclass(frozen=True)
class Shell:
    """The empty room.

    Attributes:
        size: (width, depth) of the bounding rectangle, metres.
        height: of the ceiling, metres.
        corner: number of the corner without floor, counter-clockwise from the origin; only with a notch.
        notch: metres that are missing there along x and y; (0, 0) = a plain box.
        openings: windows and doors.
    """

    size: tuple[float, float]
    height: float
    corner: int = 0
    notch: tuple[float, float] = (0.0, 0.0)
    openings: tuple[Opening, ...] = field(default=())

    @property
    def outline(self) -> Array:
        """(4 or 6, 2) corners, counter-clockwise."""
        width, depth = self.size
        box = np.array([[0, 0], [width, 0], [width, depth], [0, depth]], np.float64)
        if not any(self.notch):
            return box
        here, missing = box[self.corner], np.array(self.notch)
        # Walls run along x before corners 1 and 3, along y before the others.
        inwards = np.sign(box.mean(0) - here) * missing
        along_x, along_y = here + inwards * (1, 0), here + inwards * (0, 1)
        first, last = (along_x, along_y) if self.corner in (1, 3) else (along_y, along_x)
        bent = np.stack([first, here + inwards, last])
        return np.concatenate([box[: self.corner], bent, box[self.corner + 1 :]])

    @property
    def walls(self) -> tuple[Wall, ...]:
        """Its walls, counter-clockwise."""
        points = self.outline
        return tuple(Wall(a, b) for a, b in zip(points, np.roll(points, -1, axis=0), strict=True))

    @property
    def missing(self) -> Rect | None:
        """The notch as a rectangle, or None."""
        if not any(self.notch):
            return None
        corner = np.array([[0, 0], [1, 0], [1, 1], [0, 1]])[self.corner] * self.size
        middle = corner + np.sign(np.array(self.size) / 2 - corner) * self.notch / 2
        return Rect((float(middle[0]), float(middle[1])), self.notch)

    def holds(self, rect: Rect) -> bool:
        """Whether a rectangle lies on the floor of the room, touching walls at most."""
        corners = rect.corners
        if corners.min() < -1e-6 or (corners > np.array(self.size) + 1e-6).any():
            return False
        return self.missing is None or not overlap(self.missing, rect)

    def clear(self, start: Array, ends: Array) -> NDArray[np.bool_]:
        """Whether each of `ends` (N, 2) lies in the room and is seen from `start` (2,) past the notch."""
        inside = ((ends >= -1e-9) & (ends <= np.array(self.size) + 1e-9)).all(1)
        notch = self.missing
        if notch is None:
            return np.asarray(inside)
        low, high = notch.corners.min(0), notch.corners.max(0)
        # Slabs (Kay and Kajiya, 1986): where the line enters and leaves the notch, as shares of its length.
        way = np.where(np.abs(ends - start) > 1e-12, ends - start, 1e-12)
        near, far = np.sort(np.stack([(low - start) / way, (high - start) / way]), axis=0)
        hit = (near.max(1) < far.min(1) - 1e-9) & (far.min(1) > 0) & (near.max(1) < 1 - 1e-9)
        return np.asarray(inside & ~hit)


def draw_shell(random: Random, smallest: float = 2.5, largest: float = 7.0) -> Shell:
    """An empty room with windows and at least one door; sides from `smallest` to `largest` metres."""
    sides = np.sort(random.triangular(smallest, 0.6 * smallest + 0.4 * largest, largest, 2))
    width, depth = (float(v) for v in (sides if random.random() < 0.5 else sides[::-1]))
    shell = Shell((width, depth), float(random.uniform(2.3, 3.0)))
    if min(width, depth) > 3.6 and random.random() < 0.3:
        notch = (float(width * random.uniform(0.2, 0.45)), float(depth * random.uniform(0.2, 0.45)))
        shell = Shell(shell.size, shell.height, int(random.integers(4)), notch)
    openings: list[Opening] = []
    style = _window_style(random, shell.height)
    for _ in range(int(random.choice([1, 2, 3, 4], p=[0.3, 0.4, 0.2, 0.1]))):
        openings += _opening(random, shell, openings, style)
    for _ in range(int(random.choice([1, 2], p=[0.75, 0.25]))):
        door = Opening("door", 0, 0, float(random.uniform(0.78, 0.95)), 0.0, float(random.uniform(1.98, 2.1)))
        openings += _opening(random, shell, openings, door)
    return Shell(shell.size, shell.height, shell.corner, shell.notch, tuple(openings))


def _window_style(random: Random, height: float) -> Opening:
    french = random.random() < 0.25
    sill = 0.06 if french else float(random.uniform(0.35, 1.0))
    top = float(random.uniform(2.05, height - 0.15))
    panes = [(1, 1), (2, 1), (2, 2), (2, 3), (3, 1)][random.integers(5)]
    width = float(random.uniform(0.5, 0.85)) * max(panes[0], 1) + float(random.uniform(0.0, 0.5))
    curtain = float(random.uniform(0.18, 0.4)) if random.random() < 0.5 else 0.0
    return Opening("window", 0, 0, width, sill, top, panes, curtain)


def _opening(random: Random, shell: Shell, present: list[Opening], like: Opening) -> list[Opening]:
    """One more opening like this one where a wall has room for it, or none."""
    walls = shell.walls
    beside = PIER + like.curtain
    for _ in range(12):
        number = int(random.integers(len(walls)))
        free = walls[number].length - like.width - 2 * beside
        if free <= 0:
            continue
        middle = beside + like.width / 2 + float(random.uniform(0, free))
        new = Opening(like.kind, number, middle, like.width, like.sill, like.top, like.panes, like.curtain)
        if all(one.wall != number or _apart(one, new) for one in present):
            return [new]
    return []


def _apart(one: Opening, other: Opening) -> bool:
    needed = (one.width + other.width) / 2 + one.curtain + other.curtain + PIER
    return abs(one.middle - other.middle) >= needed
