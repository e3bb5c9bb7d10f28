"""What belongs together in a room: a sofa with its table and lamp, a bed with nightstands, a desk with its chair.

No Blender here. Whatever does not fit is left out, so every recipe is a wish.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from training.room_layout import Layout, Piece, Ware
from training.room_shape import Random

#: Kinds whose box ends in a flat top.
FLAT = frozenset({
    "coffee table", "side table", "console table", "nightstand", "chest of drawers", "dining table", "bistro table",
    "desk", "filing cabinet", "sideboard", "tv stand",
})  # fmt: skip
#: Of those kinds, the ones with something on top already, or a top in steps.
NOT_FLAT = frozenset({"cabinet-stepped-mahogany", "tv-stand-tower-oak", "desk-tower-cherry"})
#: What else stands along the walls of a full room, and how often.
LOOSE = (
    ("plant", 0.9), ("floor lamp", 0.6), ("small floor", 0.8), ("bookcase", 0.45), ("plant", 0.5), ("cabinet", 0.4),
    ("armchair", 0.35), ("small floor", 0.4),
)  # fmt: skip


class Stock:
    """What there is to furnish with."""

    def __init__(self, wares: Sequence[Ware], random: Random) -> None:
        self.wares, self.random = wares, random

    def any_of(self, *categories: str, place: str = "", kinds: tuple[str, ...] = (), most: float = 9.0) -> Ware | None:
        """One item of these categories, or None; `most` limits its width and depth, metres."""
        fitting = [
            ware
            for ware in self.wares
            if ware.category in categories
            and (not place or ware.place == place)
            and (not kinds or ware.kind in kinds)
            and max(ware.size[:2]) <= most
        ]
        return fitting[int(self.random.integers(len(fitting)))] if fitting else None


class Furnisher:
    """Furnishes one room."""

    def __init__(self, layout: Layout, stock: Stock) -> None:
        self.layout, self.stock, self.random = layout, stock, layout.random

    def chance(self, share: float) -> bool:
        """True in so many of all cases."""
        return bool(self.random.random() < share)

    def wall(self, *categories: str, share: float = 1.0, walls: Sequence[int] | None = None) -> Piece | None:
        """Something of these categories against a wall: what fits of three."""
        if not self.chance(share):
            return None
        for _ in range(3):
            ware = self.stock.any_of(*categories, place="floor")
            if ware is None or any(piece.ware is ware for piece in self.layout.pieces):
                continue
            if piece := self.layout.against_wall(ware, walls):
                return piece
        return None

    def dress(self, piece: Piece | None, share: float = 0.7) -> None:
        """Puts small things on a flat top."""
        if piece is None or piece.ware.kind not in FLAT or piece.ware.id in NOT_FLAT:
            return
        seats = [-0.9, 0.0, 0.9] if piece.ware.size[0] > 0.9 else [0.0]
        for seat in seats:
            if self.chance(share):
                lamp = self.chance(0.4) and piece.ware.kind not in ("coffee table", "dining table", "bistro table")
                ware = self.stock.any_of(*(("table lamp",) if lamp else ("plant", "decor", "small")), place="table")
                if ware and ware.size[2] < 0.95:
                    self.layout.on_top(piece, ware, seat)

    def living(self) -> None:
        """Sofa, table, armchairs, rug, television, lamp."""
        sofa = self.wall("sofa") if self.chance(0.8) else self._free("sofa")
        if sofa is None:
            sofa = self.wall("sofa", "armchair")
        if sofa:
            self._around_sofa(sofa)
            across = [
                n for n, wall in enumerate(self.layout.shell.walls) if np.cos(wall.turn - sofa.turn) < -0.9
            ]  # fmt: skip
            stand = self.wall("tv stand", share=0.75, walls=across or None)
            if stand and stand.ware.id not in NOT_FLAT and (tv := self.stock.any_of("television")):
                self.layout.on_top(stand, tv)
        self.wall("bookcase", "cabinet", share=0.6)
        self.dress(self.wall("dresser", "cabinet", share=0.3))

    def _free(self, *categories: str) -> Piece | None:
        ware = self.stock.any_of(*categories, place="floor")
        return self.layout.anywhere(ware) if ware else None

    def _around_sofa(self, sofa: Piece) -> None:
        width, depth, _ = sofa.ware.size
        table = self.stock.any_of("coffee table")
        before = depth / 2
        if table and self.chance(0.8):
            before = depth / 2 + 0.38 + table.size[1] / 2
            self.dress(self.layout.beside(sofa, table, 0, before), 0.5)
        self._rug(sofa, before, share=0.65)
        for side in (-1, 1):
            if (ware := self.stock.any_of("side table")) and self.chance(0.35):
                right, front = side * (width / 2 + ware.size[0] / 2 + 0.05), -depth / 2 + ware.size[1] / 2 + 0.1
                self.dress(self.layout.beside(sofa, ware, right, front), 0.9)
            elif (ware := self.stock.any_of("floor lamp")) and self.chance(0.3):
                right, front = side * (width / 2 + ware.size[0] / 2 + 0.08), -depth / 2 + ware.size[1] / 2
                self.layout.beside(sofa, ware, right, front)
            if (ware := self.stock.any_of("armchair", "stool")) and ware.size[2] < 1.05 and self.chance(0.45):
                right = side * (width / 2 + ware.size[1] / 2 + float(self.random.uniform(-0.2, 0.4)))
                # It looks at the table: its front along the sofa, a little turned.
                turn = side * np.pi / 2 + float(self.random.normal(0, 0.2))
                self.layout.beside(sofa, ware, right, depth / 2 + 0.45 + ware.size[0] / 2, turn)
        if (art := self.stock.any_of("wall art", "mirror", place="wall")) and self.chance(0.7):
            self.layout.hang(art, above=sofa)

    def _rug(self, anchor: Piece, front: float, share: float) -> None:
        rug = self.stock.any_of("rug") if self.chance(share) else None
        if rug:
            # Its longer side along the anchor's width.
            self.layout.beside(anchor, rug, 0, front, np.pi / 2 if rug.size[1] > rug.size[0] else 0.0)

    def bedroom(self) -> None:
        """Bed, nightstands, wardrobe, dresser with a mirror."""
        bed = self.wall("bed")
        if bed:
            width, depth, _ = bed.ware.size
            stand = self.stock.any_of("nightstand")
            for side in (-1, 1):
                if stand and self.chance(0.8):
                    right = side * (width / 2 + stand.size[0] / 2 + 0.06)
                    self.dress(self.layout.beside(bed, stand, right, -depth / 2 + stand.size[1] / 2), 0.9)
            bench = self.stock.any_of("bench", "stool", kinds=("bench", "footstool"))
            if bench and self.chance(0.3):
                self.layout.beside(bed, bench, 0, depth / 2 + bench.size[1] / 2 + 0.05)
            self._rug(bed, depth * 0.2, share=0.5)
            if (art := self.stock.any_of("wall art", place="wall")) and self.chance(0.6):
                self.layout.hang(art, above=bed)
        self.wall("wardrobe", share=0.75)
        dresser = self.wall("dresser", share=0.6)
        self.dress(dresser)
        if dresser and (mirror := self.stock.any_of("mirror", place="wall")) and self.chance(0.5):
            self.layout.hang(mirror, above=dresser)
        self.wall("armchair", "stool", share=0.35)

    def study(self) -> None:
        """Desk with its chair, books, cabinets."""
        desk = self.wall("desk")
        if desk:
            chair = self.stock.any_of("chair", kinds=("office chair", "dining chair"))
            if chair:
                front = desk.ware.size[1] / 2 + chair.size[1] / 2 + float(self.random.uniform(0.02, 0.25))
                turn = np.pi + float(self.random.normal(0, 0.35))
                self.layout.beside(desk, chair, float(self.random.normal(0, 0.1)), front, turn)
            self.dress(desk, 0.75)
            if (art := self.stock.any_of("wall art", place="wall")) and self.chance(0.5):
                self.layout.hang(art, above=desk)
        self.wall("bookcase", share=0.85)
        self.dress(self.wall("cabinet", share=0.6))
        self.wall("armchair", "bookcase", share=0.45)
        self._loose_rug(0.4)

    def dining(self) -> None:
        """A table with chairs round it and a lamp above it; a sideboard."""
        ware = self.stock.any_of("dining table")
        table = self.layout.anywhere(ware, 40) if ware else None
        if table:
            self._round_table(table)
            if (lamp := self.stock.any_of("ceiling lamp")) and self.chance(0.7):
                self.layout.hang_from_ceiling(lamp, table.at)
            self._rug(table, 0.0, share=0.35)
            self.dress(table, 0.4)
        self.dress(self.wall("cabinet", "dresser", share=0.7))
        self.wall("bookcase", "cabinet", share=0.4)

    def _round_table(self, table: Piece) -> None:
        chair = self.stock.any_of("chair", kinds=("dining chair",))
        if chair is None:
            return
        width, depth, _ = table.ware.size
        # A chair's front edge reaches a hand's breadth under the table.
        under = 0.08
        seats = max(1, int(width / 0.62))
        for side in (1, -1):
            for seat in range(seats):
                right = (seat - (seats - 1) / 2) * width / seats
                front = side * (depth / 2 + chair.size[1] / 2 - under + float(self.random.uniform(0, 0.12)))
                turn = (np.pi if side > 0 else 0.0) + float(self.random.normal(0, 0.06))
                if self.chance(0.88):
                    self.layout.beside(table, chair, right, front, turn, tucked=True)
        for side in (1, -1):
            if self.chance(0.5):
                right = side * (width / 2 + chair.size[1] / 2 - under + 0.04)
                self.layout.beside(table, chair, right, 0.0, side * np.pi / 2, tucked=True)

    def _loose_rug(self, share: float) -> None:
        if (rug := self.stock.any_of("rug")) and self.chance(share):
            self.layout.anywhere(rug, 12)

    def empty(self) -> None:
        """A room to let: next to nothing."""
        self.wall("small floor", "plant", share=0.3)

    def finish(self, amount: float) -> None:
        """Plants, lamps, pictures, rugs and what lies about; `amount` is 0 to 1."""
        for category, share in LOOSE:
            self.dress(self.wall(category, share=share * amount))
        if (ware := self.stock.any_of("small floor", "stool", "decor", place="floor")) and self.chance(0.3 * amount):
            self.layout.anywhere(ware)
        self._loose_rug(0.25 * amount)
        for _ in range(int(self.random.integers(1, 4))):
            art = self.stock.any_of("wall art", "mirror", "decor", place="wall") if self.chance(amount * 0.8) else None
            if art:
                self.layout.hang(art)
        lamp = self.stock.any_of("ceiling lamp") if self.chance(0.5) else None
        hanging = any(piece.ware.place == "ceiling" for piece in self.layout.pieces)
        if lamp and not hanging:
            middle = np.array(self.layout.shell.size) * self.random.uniform(0.42, 0.58, 2)
            self.layout.hang_from_ceiling(lamp, (float(middle[0]), float(middle[1])))


KINDS: dict[str, Callable[[Furnisher], None]] = {
    "living room": Furnisher.living,
    "bedroom": Furnisher.bedroom,
    "home office": Furnisher.study,
    "dining room": Furnisher.dining,
    "empty room": Furnisher.empty,
}


def furnish(layout: Layout, stock: Stock, kind: str, fullness: float) -> None:
    """Furnishes a room of a kind; `fullness` from 0 to 1 says how much lies about."""
    furnisher = Furnisher(layout, stock)
    KINDS[kind](furnisher)
    if kind == "living room" and min(layout.shell.size) > 4.2 and furnisher.chance(0.4):
        furnisher.dining()
    furnisher.finish(fullness * (0.25 if kind == "empty room" else 1.0))
