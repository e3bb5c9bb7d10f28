"""A whole room from a seed: shape, photographer, furniture, surfaces, light. No Blender here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from training.room_camera import Shot, draw_shot
from training.room_groups import Stock, furnish
from training.room_layout import Layout, Piece, Ware
from training.room_looks import Looks, draw_looks
from training.room_shape import Random, Rect, Shell, draw_shell, overlap

#: Kinds of rooms and how often they come.
SHARES = {"living room": 0.36, "bedroom": 0.24, "home office": 0.16, "dining room": 0.16, "empty room": 0.08}
#: Nobody lives or dines in less than so many square metres.
SMALL = 10.5
#: (height, width) in pixels of pairs, and of rooms for measuring how well a camera is found; drawn evenly.
PAIR_SIZES = ((240, 320),) * 5 + ((320, 240),)
TRUTH_SIZES = ((480, 640),) * 3 + ((427, 640), (427, 640), (640, 480))
#: How far away an item may stand, metres, and how large it has to be, as a share of the picture's area.
DISTANCES, LEAST_AREA = (1.3, 6.0), 0.012
#: What hardly ever stands free in a room.
BACKED = frozenset({"wardrobe", "bookcase", "dresser", "cabinet", "tv stand", "mirror", "bed", "nightstand"})
#: A room without a good place is given up after so many attempts.
ATTEMPTS = 40


@dataclass(frozen=True, eq=False)
class Plan:
    """A room ready to be built.

    Attributes:
        seed: what it was drawn from.
        kind: "living room" …
        shell, shot, looks: see their modules.
        pieces: furniture that stands there anyway.
        target: the item that is added, or None.
    """

    seed: int
    kind: str
    shell: Shell
    shot: Shot
    looks: Looks
    pieces: tuple[Piece, ...]
    target: Piece | None = None


def plan_room(
    seed: int, wares: Sequence[Ware], extras: Sequence[Ware], sizes: tuple[tuple[int, int], ...], with_target: bool
) -> Plan:
    """Draws a room.

    Args:
        seed: decides everything.
        wares: the catalog, of which the target is one.
        extras: other things to furnish with.
        sizes: (height, width) of pictures, pixels; one is drawn.
        with_target: whether a place for one more item is wanted.

    Raises:
        ValueError: if no room with such a place was found in `ATTEMPTS` attempts.
    """
    # Drawn once, or the format that fits more often would come more often.
    size = sizes[int(np.random.default_rng([seed, ATTEMPTS]).integers(len(sizes)))]
    for attempt in range(ATTEMPTS):
        random = np.random.default_rng([seed, attempt])
        shell = draw_shell(random)
        try:
            shot = draw_shot(random, shell, size)
        except ValueError:
            continue
        kind = str(random.choice(list(SHARES), p=list(SHARES.values())))
        if kind in ("living room", "dining room") and shell.size[0] * shell.size[1] < SMALL:
            kind = "home office" if random.random() < 0.5 else "bedroom"
        layout = Layout(shell, shot, random)
        target = draw_target(layout, wares) if with_target else None
        if with_target and target is None:
            continue
        if target:
            layout.pieces.append(target)
            layout.sight += _line_of_sight(shot, target, random)
        furnish(layout, Stock([*wares, *extras], random), kind, float(random.beta(2.2, 1.4)))
        pieces = tuple(piece for piece in layout.pieces if piece is not target)
        return Plan(seed, kind, shell, shot, draw_looks(random, shell), pieces, target)
    raise ValueError(f"Seed {seed} gives no room with a place for an item in {ATTEMPTS} attempts.")


def draw_target(layout: Layout, wares: Sequence[Ware], tries: int = 250) -> Piece | None:
    """A place in view for an item of the catalog: against a wall or free, mostly along the walls."""
    random = layout.random
    floor = [ware for ware in wares if ware.place == "floor"]
    rugs = [ware for ware in wares if ware.place == "rug"]
    for _ in range(tries):
        pool = rugs if rugs and random.random() < 0.07 else floor
        piece = _somewhere(layout, pool[int(random.integers(len(pool)))])
        if layout.fits(piece, margin=0.05) and in_view(layout.shot, layout.shell, piece):
            return piece
    return None


def _somewhere(layout: Layout, ware: Ware) -> Piece:
    random, walls = layout.random, layout.shell.walls
    if ware.place == "floor" and random.random() < (0.92 if ware.category in BACKED else 0.5):
        wall = walls[int(random.integers(len(walls)))]
        along = float(random.uniform(0, 1)) * wall.length
        return Piece(ware, wall.point(along, ware.size[1] / 2 + float(random.uniform(0.02, 0.12))), wall.turn)
    x, y = random.random(2) * layout.shell.size
    turn = float(random.integers(4)) * np.pi / 2
    if random.random() < 0.35:
        turn = float(random.uniform(-np.pi, np.pi))
    return Piece(ware, (float(x), float(y)), turn)


def in_view(shot: Shot, shell: Shell, piece: Piece) -> bool:
    """Whether the picture shows nearly all of a piece, large enough, with no wall before it."""
    corners = piece.corners
    distance = float(np.hypot(*(np.array(piece.at) - shot.at)))
    if not DISTANCES[0] + max(piece.ware.size[:2]) / 3 <= distance <= DISTANCES[1] or shot.sees(corners) < 0.85:
        return False
    pixels = shot.camera.project(shot.to_world(corners))
    if not np.isfinite(pixels).all():
        return False
    extent = pixels.max(0) - pixels.min(0)
    if extent[0] * extent[1] < LEAST_AREA * shot.camera.size[0] * shot.camera.size[1] or extent.min() < 12:
        return False
    ends = np.concatenate([piece.foot.corners, [piece.at]])
    return bool(shell.clear(np.array(shot.at), ends).all())


def _line_of_sight(shot: Shot, target: Piece, random: Random) -> list[Rect]:
    """Where tall things are not wanted, so that the target is seen; now and then anywhere goes."""
    if random.random() < 0.12:
        return []
    way = np.array(target.at) - shot.at
    length = float(np.hypot(*way))
    middle = shot.at + way / 2
    width = 0.75 * max(target.ware.size[:2])
    return [Rect((float(middle[0]), float(middle[1])), (width, length), float(np.arctan2(-way[0], way[1])))]


def collisions(pieces: Sequence[Piece]) -> list[tuple[Piece, Piece]]:
    """Pairs of pieces whose boxes have room in common; what stands on rugs is left out."""
    found = []
    for number, one in enumerate(pieces):
        for other in pieces[number + 1 :]:
            if "rug" in (one.ware.place, other.ware.place):
                continue
            if one.rises_into(other) and overlap(one.foot, other.foot):
                found.append((one, other))
    return found
