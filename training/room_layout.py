"""Furniture in a room so that nothing stands in anything else: what fits where. No Blender here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from pipelines.geometry.views import box_corners
from training.room_camera import Shot
from training.room_shape import Array, Random, Rect, Shell, overlap

#: Between furniture and a wall, metres: skirting boards are thinner.
OFF_WALL = 0.03
#: How deep the floor before a door stays free, and how far curtains reach into the room, metres.
DOOR_FREE, CURTAIN_DEEP = 0.85, 0.16
#: Below this an item hides little of what stands behind it, metres.
LOW = 0.55
#: Wall pictures hang with their middle at eye height, metres.
EYE = 1.52


@dataclass(frozen=True)
class Ware:
    """An item of the catalog as far as placing it needs to know; size (width, depth, height) in metres."""

    id: str
    category: str
    kind: str
    place: str
    size: tuple[float, float, float]

    @classmethod
    def of(cls, item: Mapping[str, Any]) -> Ware:
        """From a recipe of furniture.toml."""
        width, depth, height = (float(side) / 100 for side in item["size"])
        return cls(item["id"], item["category"], item["kind"], item.get("place", "floor"), (width, depth, height))


@dataclass(frozen=True)
class Piece:
    """An item in a room.

    Attributes:
        ware: what it is.
        at: middle of its foot, metres in the room's frame.
        turn: radians counter-clockwise; at 0 its front looks along the room's y.
        base: metres of its foot above the floor.
    """

    ware: Ware
    at: tuple[float, float]
    turn: float
    base: float = 0.0

    @property
    def foot(self) -> Rect:
        """What it covers seen from above."""
        return Rect(self.at, self.ware.size[:2], self.turn)

    @property
    def matrix(self) -> Array:
        """(4, 4): the item's frame → the room's."""
        cos, sin = np.cos(self.turn), np.sin(self.turn)
        return np.array([[cos, -sin, 0, self.at[0]], [sin, cos, 0, self.at[1]], [0, 0, 1, self.base], [0, 0, 0, 1.0]])

    @property
    def corners(self) -> Array:
        """(8, 3) corners of its box in the room's frame, in the order of `views.box_corners`."""
        box = box_corners([100 * side for side in self.ware.size])
        return np.asarray(box @ self.matrix[:3, :3].T + self.matrix[:3, 3])

    def rises_into(self, other: Piece) -> bool:
        """Whether both are at the same height somewhere."""
        low, high = (max(self.base, other.base), min(self.base + self.ware.size[2], other.base + other.ware.size[2]))
        return low < high - 1e-6

    def beside(self, right: float, front: float) -> tuple[float, float]:
        """The point so many metres to its own right and out of its front."""
        x, y = self.matrix[:2, :2] @ np.array([right, front]) + self.at
        return float(x), float(y)


@dataclass(eq=False)
class Layout:
    """A room that is being furnished.

    Attributes:
        shell, shot: the room and its photographer.
        random: decides.
        kept: rectangles that stay free: doors, curtains, the photographer.
        sight: where tall things would hide what the picture is about.
        pieces: what stands there so far.
    """

    shell: Shell
    shot: Shot
    random: Random
    kept: list[Rect] = field(default_factory=list)
    sight: list[Rect] = field(default_factory=list)
    pieces: list[Piece] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.kept += self.shot.kept_free
        for opening in self.shell.openings:
            wall = self.shell.walls[opening.wall]
            if opening.kind == "door":
                middle = wall.point(opening.middle, DOOR_FREE / 2)
                self.kept.append(Rect(middle, (opening.width, DOOR_FREE), wall.turn))
            elif opening.curtain:
                for side in (-1, 1):
                    along = opening.middle + side * (opening.width + opening.curtain) / 2
                    middle = wall.point(along, CURTAIN_DEEP / 2)
                    self.kept.append(Rect(middle, (opening.curtain + 0.06, CURTAIN_DEEP), wall.turn))

    def fits(self, piece: Piece, beneath: Sequence[Piece] = (), margin: float = 0.02) -> bool:
        """Whether a piece can stand there; it may overlap those in `beneath`, such as a chair's table."""
        if not self.shell.holds(piece.foot):
            return False
        if piece.ware.place == "rug":
            others = [one for one in self.pieces if one.ware.place == "rug"]
            return not any(overlap(one.foot, piece.foot) for one in others)
        foot = piece.foot.grown(margin)
        others = [one for one in self.pieces if one.ware.place == "floor" and one not in beneath]
        if any(overlap(one.foot, foot) for one in others) or any(overlap(rect, foot) for rect in self.kept):
            return False
        return not self._before_window(piece) and not (
            piece.ware.size[2] > LOW and any(overlap(rect, piece.foot) for rect in self.sight)
        )

    def add(self, piece: Piece, beneath: Sequence[Piece] = (), unseen: float = 0.15) -> Piece | None:
        """Puts a piece there if it fits; one that the picture does not show is mostly left out."""
        if not self.fits(piece, beneath):
            return None
        if self.shot.sees(piece.corners) == 0 and self.random.random() >= unseen:
            return None
        self.pieces.append(piece)
        return piece

    def against_wall(self, ware: Ware, walls: Sequence[int] | None = None, tries: int = 24) -> Piece | None:
        """Stands an item with its back to a wall."""
        everywhere = self.shell.walls
        numbers = list(range(len(everywhere))) if walls is None else list(walls)
        lengths = np.array([everywhere[n].length for n in numbers])
        for attempt in range(tries):
            wall = everywhere[int(self.random.choice(numbers, p=lengths / lengths.sum()))]
            free = wall.length - ware.size[0] - 2 * OFF_WALL
            if free < 0:
                continue
            # Corners attract: a quarter of all pieces stand in one.
            along = free * (float(self.random.random()) if self.random.random() < 0.75 else self.random.integers(2))
            at = wall.point(OFF_WALL + ware.size[0] / 2 + along, OFF_WALL + ware.size[1] / 2)
            # What is seen comes first: a place behind the camera only after all others.
            if added := self.add(Piece(ware, at, wall.turn), unseen=0.0 if attempt < tries - 3 else 0.3):
                return added
        return None

    def anywhere(self, ware: Ware, tries: int = 24) -> Piece | None:
        """Stands an item somewhere on the floor, mostly turned along the walls."""
        for _ in range(tries):
            x, y = self.random.random(2) * self.shell.size
            turn = float(self.random.integers(4)) * np.pi / 2
            if self.random.random() < 0.3:
                turn += float(self.random.uniform(-0.6, 0.6))
            if added := self.add(Piece(ware, (float(x), float(y)), turn)):
                return added
        return None

    def beside(
        self, anchor: Piece, ware: Ware, right: float, front: float, turn: float = 0.0, tucked: bool = False
    ) -> Piece | None:
        """Stands an item right and in front of another, middle to middle in metres, turned against it by radians."""
        piece = Piece(ware, anchor.beside(right, front), anchor.turn + turn)
        return self.add(piece, (anchor,) if tucked else ())

    def on_top(self, anchor: Piece, ware: Ware, share: float = 0.0) -> Piece | None:
        """Puts an item on another's flat top, `share` in [−1, 1] of the way to its left or right edge."""
        reach = [max(0.0, (a - b) / 2 - 0.03) for a, b in zip(anchor.ware.size, ware.size, strict=True)]
        if ware.size[0] > anchor.ware.size[0] + 0.02 or ware.size[1] > anchor.ware.size[1] + 0.02:
            return None
        at = anchor.beside(share * reach[0], float(self.random.uniform(-0.5, 0.3)) * reach[1])
        # Table lamps look alike from everywhere; everything else is turned a little.
        piece = Piece(ware, at, anchor.turn + float(self.random.normal(0, 0.15)), anchor.base + anchor.ware.size[2])
        # Other things on it, backs of chairs that reach over it, lamps that hang above it.
        if any(one.rises_into(piece) and overlap(one.foot, piece.foot) for one in self.pieces):
            return None
        self.pieces.append(piece)
        return piece

    def hang(self, ware: Ware, above: Piece | None = None, tries: int = 16) -> Piece | None:
        """Hangs an item on a wall, above a piece or where the wall is free."""
        for _ in range(tries):
            number = int(self.random.integers(len(self.shell.walls)))
            along = float(self.random.random()) * self.shell.walls[number].length
            if above is not None:
                number, along = self._behind(above)
            wall = self.shell.walls[number]
            # Where it hangs, not where it would stand.
            low = min(EYE + float(self.random.normal(0, 0.06)), self.shell.height - 0.12 - ware.size[2] / 2)
            base = low - ware.size[2] / 2
            piece = Piece(ware, wall.point(along, ware.size[1] / 2 + 0.004), wall.turn, base)
            if self._wall_is_free(number, along, piece) and self.shot.sees(piece.corners) > 0.3:
                self.pieces.append(piece)
                return piece
        return None

    def hang_from_ceiling(self, ware: Ware, at: tuple[float, float]) -> Piece | None:
        """Hangs a lamp from the ceiling if people can walk under it or a table stands there."""
        piece = Piece(ware, at, 0.0, self.shell.height - ware.size[2])
        below = any(one.ware.place == "floor" and overlap(one.foot, piece.foot) for one in self.pieces)
        near = overlap(piece.foot, Rect(self.shot.at, (1.6, 1.6)))
        if piece.base < (1.35 if below else 1.95) or near or not self.shell.holds(piece.foot):
            return None
        if any(one.rises_into(piece) and overlap(one.foot, piece.foot) for one in self.pieces):
            return None
        self.pieces.append(piece)
        return piece

    def _behind(self, piece: Piece) -> tuple[int, float]:
        """The wall behind a piece, and how far along it the piece's middle is."""
        walls = self.shell.walls
        apart = [np.cos(wall.turn - piece.turn) - 0.1 * abs((piece.at - wall.start) @ wall.inward) for wall in walls]
        number = int(np.argmax(apart))
        return number, float((piece.at - walls[number].start) @ walls[number].along)

    def _wall_is_free(self, number: int, along: float, piece: Piece) -> bool:
        width, low, high = piece.ware.size[0] + 0.16, piece.base - 0.06, piece.base + piece.ware.size[2] + 0.04
        wall = self.shell.walls[number]
        if along < width / 2 or along > wall.length - width / 2 or high > self.shell.height or low < 0.3:
            return False
        for opening in (one for one in self.shell.openings if one.wall == number):
            reach = width / 2 + opening.width / 2 + opening.curtain + 0.12
            if abs(opening.middle - along) < reach and opening.sill - 0.1 < high and low < opening.top + 0.25:
                return False
        strip = Rect(wall.point(along, 0.25), (width, 0.5), wall.turn)
        return not any(
            one.base < high and one.base + one.ware.size[2] > low and overlap(one.foot, strip) for one in self.pieces
        )

    def _before_window(self, piece: Piece) -> bool:
        """Whether a piece would stand in a window's light."""
        for opening in self.shell.openings:
            if opening.kind != "window" or piece.base + piece.ware.size[2] < opening.sill + 0.05:
                continue
            wall = self.shell.walls[opening.wall]
            strip = Rect(wall.point(opening.middle, 0.15), (opening.width, 0.3), wall.turn)
            # A chair before a French window is fine, a wardrobe is not.
            if piece.ware.size[2] > max(1.1, opening.sill + 0.3) and overlap(piece.foot, strip):
                return True
            if opening.sill > 0.2 and overlap(piece.foot, strip):
                return True
        return False
