"""Furniture that nobody sells, put together at random: for kinds of which the retriever would see few otherwise.

A design is a list of parts (`training.furniture_parts`), centimetres, whose materials are called by their use: "body",
"legs", "cloth", "trim", "shade". What those are is drawn for each design, too. None copies a thing that a catalog has,
and no picture that hangs on a wall of the demo catalog is used.
"""

from __future__ import annotations

import colorsys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, TypeVar

import numpy as np

from training.furniture_models import Material

Random = np.random.Generator
Parts = list[dict[str, Any]]
T = TypeVar("T")

WOODS: Final = ("oak", "ash", "walnut")
METALS: Final = ("black-steel", "steel", "chrome", "brass", "copper", "white-metal")
STONES: Final = ("white-marble", "black-marble", "green-marble", "concrete", "terrazzo")
CLOTHS: Final = (
    "linen-natural",
    "linen-grey",
    "linen-blue",
    "linen-rust",
    "boucle-cream",
    "velvet-teal",
    "leather-black",
)
SHADES: Final = ("shade-white", "shade-black", "rice-paper", "opal-glass")


@dataclass(frozen=True)
class Design:
    """One thing.

    Attributes:
        name: its kind and its number.
        category, kind: in the words of `recommend.furniture_vocabulary`.
        parts: see `training.furniture_parts`.
        materials: by the names that the parts use.
    """

    name: str
    category: str
    kind: str
    parts: Parts
    materials: Mapping[str, Material]


def designs(count: int, materials: Mapping[str, Material]) -> list[Design]:
    """So many designs of each kind; always the same.

    Args:
        materials: those of the recipes of the demo catalog, by name.
    """
    found = []
    for number_of_kind, (kind, (category, draw)) in enumerate(KINDS.items()):
        for number in range(count):
            rng = np.random.default_rng((number_of_kind, number))
            name = f"invented-{kind.replace(' ', '-')}-{number}"
            found.append(Design(name, category, kind, draw(rng), _palette(rng, materials)))
    return found


def _palette(rng: Random, known: Mapping[str, Material]) -> dict[str, Material]:
    """What each use of a material is in one design: `INKS` are paints, bodies are of wood or painted."""
    paints = {name: _paint(rng, name) for name in ("paint", *INKS)}
    body = paints["paint"] if rng.random() < 0.4 else known[_one(rng, WOODS)]
    legs = known[_one(rng, METALS)] if rng.random() < 0.6 else body
    top = known[_one(rng, (*STONES, "clear-glass"))] if rng.random() < 0.35 else body
    cloth, shade = known[_one(rng, CLOTHS)], known[_one(rng, SHADES)]
    if rng.random() < 0.5:
        cloth = replace(cloth, colour=paints["paint"].colour)
    uses = {"body": body, "legs": legs, "top": top, "cloth": cloth, "shade": shade, "trim": known[_one(rng, METALS)]}
    return uses | paints | {name: known[name] for name in ("mirror", "canvas", "rubber")}


def _paint(rng: Random, name: str) -> Material:
    strong = rng.random() < 0.6
    hue, saturation = rng.random(), rng.uniform(0.25, 0.75) if strong else rng.uniform(0, 0.12)
    return Material(name, colorsys.hsv_to_rgb(hue, saturation, rng.uniform(0.15, 0.95)), roughness=0.5)


def _one(rng: Random, options: Sequence[T]) -> T:
    return options[rng.integers(len(options))]


def _box(
    size: tuple[float, float, float], at: tuple[float, float, float], material: str, **more: Any
) -> dict[str, Any]:
    return {"box": list(size), "at": list(at), "bevel": 0.3, "material": material, **more}


def _lathe(profile: list[tuple[float, float]], material: str, **more: Any) -> dict[str, Any]:
    return {"lathe": [list(point) for point in profile], "material": material, **more}


# --- what stands on legs ----------------------------------------------------------------------------------------------


def _legs(rng: Random, width: float, depth: float, height: float) -> Parts:
    """What carries a rectangle of this size from the floor to `height`: four legs, two frames or a plinth."""
    x, y, thick = width / 2 - 3, depth / 2 - 3, rng.uniform(1.2, 2.6)
    style = rng.integers(4 if height < 12 else 3)
    if style == 0:
        out = rng.uniform(0, min(5.0, height / 6))
        line = [[x, y, 0], [x - out - 1, y - out - 1, height + 0.5]]
        return [{"tube": line, "radius": thick, "copies": "xy", "material": "legs"}]
    if style == 1:
        return [_box((2 * thick, 2 * thick, height + 0.2), (x, y, 0), "legs", copies="xy")]
    if style == 2:
        foot, post = (2 * thick, 2 * y, 2 * thick), (2 * thick, 2 * thick, height)
        return [_box(foot, (x, 0, 0), "legs", copies="x"), _box(post, (x, y, 0), "legs", copies="xy")]
    return [_box((width - 6, depth - 6, height + 0.2), (0, 0, 0), "legs")]


def _slab(rng: Random, width: float, depth: float, at: float, thick: float, round_top: bool) -> dict[str, Any]:
    if round_top:
        edge = width / 2
        return _lathe(
            [(0, at), (edge - 1, at), (edge, at + thick / 2), (edge - 0.5, at + thick), (0, at + thick)], "top"
        )
    return _box((width, depth, thick), (0, 0, at), "top")


def _table(rng: Random, widths: tuple[float, float], heights: tuple[float, float], deep: tuple[float, float]) -> Parts:
    """A top and what carries it; some are round and stand on one leg or are a drum."""
    width, height, thick = rng.uniform(*widths), rng.uniform(*heights), rng.uniform(1.5, 5)
    depth, below = width * rng.uniform(*deep), height - thick
    if rng.random() < 0.4:
        top, foot = _slab(rng, depth, depth, below, thick, True), depth * rng.uniform(0.25, 0.4)
        stem = rng.uniform(1.5, 5)
        if rng.random() < 0.6:
            rise = [(0, 0), (foot, 0), (foot, 1.2), (stem, 4), (stem, below - 3), (foot / 2, below), (0, below)]
            return [top, _lathe(rise, "legs")]
        return [top, _lathe([(0, 0), (foot * 1.6, 0), (foot * 1.6, below), (0, below)], "body")]
    parts = [_slab(rng, width, depth, below, thick, False), *_legs(rng, width, depth, below)]
    if rng.random() < 0.35:
        parts.append(_box((width - 8, depth - 8, 1.6), (0, 0, below * rng.uniform(0.2, 0.45)), "body"))
    return parts


def _side_table(rng: Random) -> Parts:
    return _table(rng, (34, 52), (46, 64), (0.7, 1))


def _coffee_table(rng: Random) -> Parts:
    return _table(rng, (70, 125), (30, 44), (0.5, 1))


def _dining_table(rng: Random) -> Parts:
    return _table(rng, (120, 200), (72, 77), (0.45, 0.6))


def _desk(rng: Random) -> Parts:
    width, depth, height = rng.uniform(100, 155), rng.uniform(50, 72), rng.uniform(72, 78)
    parts = [_slab(rng, width, depth, height - 2.5, 2.5, False)]
    if rng.random() < 0.5:  # drawers on one side, down to the floor or under the top
        deep = rng.uniform(15, height - 8)
        unit = rng.uniform(32, 44)
        moved = [_moved(part, width / 2 - unit / 2 - 2) for part in _chest(rng, unit, depth - 6, deep, 1, 3, 0)]
        parts += [_raised(part, height - 2.5 - deep) for part in moved]
    else:
        low = height - 2.5 - rng.uniform(8, 14)
        parts += [_raised(part, low) for part in _chest(rng, width - 8, depth - 8, height - 2.5 - low, 2, 1, 0)]
    return parts + _legs(rng, width, depth, height - 2.5)


def _bench(rng: Random) -> Parts:
    width, depth, height = rng.uniform(90, 145), rng.uniform(32, 44), rng.uniform(42, 50)
    if rng.random() < 0.5:
        soft = rng.uniform(6, 13)
        seat = [{"cushion": [width, depth, soft], "soft": 0.2, "at": [0, 0, height - soft], "material": "cloth"}]
    else:
        seat, soft = [_box((width, depth, 3), (0, 0, height - 3), "body")], 3.0
    if rng.random() < 0.3:
        seat.append(_box((width - 10, depth - 8, 2), (0, 0, rng.uniform(10, 18)), "body"))
    return seat + _legs(rng, width, depth, height - soft)


def _stool(rng: Random) -> Parts:
    height, width = _one(rng, (rng.uniform(42, 50), rng.uniform(62, 78))), rng.uniform(32, 44)
    thick = rng.uniform(3, 8)
    half, below = width / 2, height - thick
    seat = _lathe([(0, below), (half - 1, below), (half, below + thick / 2), (half - 1, height), (0, height)], "cloth")
    foot = half * rng.uniform(0.7, 1.05)
    line = [[foot * 0.7, foot * 0.7, 0], [half * 0.55, half * 0.55, below]]
    legs: dict[str, Any] = {"tube": line, "radius": rng.uniform(1, 1.9), "copies": "xy", "material": "legs"}
    rest = [[r * foot, (1 - abs(r)) * foot * s, below * 0.35] for r, s in ((1, 1), (0, 1), (-1, 1), (0, -1))]
    return [seat, legs, {"tube": rest, "radius": 0.8, "closed": True, "material": "legs"}]


def _moved(part: dict[str, Any], right: float) -> dict[str, Any]:
    x, y, z = part.get("at", [0, 0, 0])
    return {**part, "at": [x + right, y, z]}


def _raised(part: dict[str, Any], up: float) -> dict[str, Any]:
    x, y, z = part.get("at", [0, 0, 0])
    return {**part, "at": [x, y, z + up]}


# --- chests -----------------------------------------------------------------------------------------------------------


def _chest(rng: Random, width: float, depth: float, height: float, columns: int, rows: int, openings: float) -> Parts:
    """A closed body from z = 0 with fronts in columns and rows; a share of them is open instead."""
    parts = [_box((width, depth, height), (0, 0, 0), "body")]
    across, up, gap = (width - 2) / columns, (height - 2) / rows, 0.6
    front = "paint" if rng.random() < 0.3 else "body"
    knob = rng.random() < 0.6
    for column in range(columns):
        for row in range(rows):
            x, z = (column - (columns - 1) / 2) * across, 1 + row * up
            if rng.random() < openings:
                parts.append(_box((across - 3, 0.4, up - 3), (x, depth / 2, z + 1.5), "rubber"))
                continue
            parts.append(_box((across - gap, 1.6, up - gap), (x, depth / 2 + 0.8, z), front))
            upright = up > 1.3 * across
            side = across / 2 - 4 if upright else 0.0
            middle = (x + side * (1 if column % 2 == 0 else -1), depth / 2 + 1.4, z + up / 2)
            if knob:
                parts.append(
                    _lathe([(0, 0), (1.3, 0.2), (1.5, 1.6), (0, 2.4)], "trim", at=list(middle), facing="front")
                )
            else:
                bar = (1.2, 1.8, min(18, up / 2)) if upright else (min(18, across / 2), 1.8, 1.2)
                parts.append(_box(bar, (middle[0], middle[1] + 0.6, middle[2] - bar[2] / 2), "trim"))
    return parts


def _on_legs(rng: Random, width: float, depth: float, height: float, legs: float, *fronts: Any) -> Parts:
    chest = [_raised(part, legs) for part in _chest(rng, width, depth, height - legs, *fronts)]
    return chest + _legs(rng, width, depth, legs)


def _tv_stand(rng: Random) -> Parts:
    size = rng.uniform(110, 195), rng.uniform(34, 46), rng.uniform(36, 58)
    return _on_legs(rng, *size, rng.uniform(4, 18), int(rng.integers(2, 5)), int(rng.integers(1, 3)), 0.4)


def _nightstand(rng: Random) -> Parts:
    size = rng.uniform(36, 54), rng.uniform(32, 44), rng.uniform(44, 64)
    return _on_legs(rng, *size, rng.uniform(3, 26), 1, int(rng.integers(1, 4)), 0.25)


def _drawers(rng: Random) -> Parts:
    size = rng.uniform(64, 140), rng.uniform(40, 52), rng.uniform(72, 125)
    return _on_legs(rng, *size, rng.uniform(3, 16), int(rng.integers(1, 3)), int(rng.integers(3, 6)), 0)


def _sideboard(rng: Random) -> Parts:
    size = rng.uniform(110, 185), rng.uniform(36, 48), rng.uniform(68, 90)
    return _on_legs(rng, *size, rng.uniform(3, 20), int(rng.integers(2, 5)), 1, 0.1)


def _cupboard(rng: Random) -> Parts:
    size = rng.uniform(55, 95), rng.uniform(35, 45), rng.uniform(95, 160)
    return _on_legs(rng, *size, rng.uniform(3, 16), 2, int(rng.integers(1, 3)), 0.1)


def _wardrobe(rng: Random) -> Parts:
    size = rng.uniform(85, 190), rng.uniform(54, 64), rng.uniform(180, 220)
    return _on_legs(rng, *size, rng.uniform(2, 10), int(rng.integers(2, 5)), 1, 0)


def _bookcase(rng: Random) -> Parts:
    width, depth, height = rng.uniform(55, 120), rng.uniform(25, 36), rng.uniform(105, 215)
    shelves, thick = int(rng.integers(3, 7)), rng.uniform(1.8, 3)
    levels = np.linspace(rng.uniform(0, 8), height - thick, shelves)
    parts = [_box((width - 2 * thick, depth, thick), (0, 0, z), "body") for z in levels.tolist()]
    if rng.random() < 0.6:
        parts.append(_box((thick, depth, height), (width / 2 - thick / 2, 0, 0), "body", copies="x"))
        parts.append(_box((width - thick, 1, height - 4), (0, -depth / 2 + 0.5, 2), "body"))
    else:
        parts.append(_box((2.4, 2.4, height), (width / 2 - 1.2, depth / 2 - 1.2, 0), "legs", copies="xy"))
    return parts


# --- what hangs or gives light ----------------------------------------------------------------------------------------


def _edge(rng: Random, width: float, height: float, material: str) -> Parts:
    thick, deep = rng.uniform(1, 5), rng.uniform(2, 4)
    beam = (width, deep, thick)
    post = _box((thick, deep, height), (width / 2 - thick / 2, 0, 0), material, copies="x")
    return [_box(beam, (0, 0, 0), material), _box(beam, (0, 0, height - thick), material), post]


def _mirror(rng: Random) -> Parts:
    tall = rng.random() < 0.3
    width = rng.uniform(45, 75)
    height = rng.uniform(150, 185) if tall else width * rng.uniform(1, 1.7)
    shape = rng.integers(3)
    if shape == 0:
        back = _box((width - 1, 0.8, height - 1), (0, -0.6, 0.5), "rubber")
        glass = {"panel": [width - 1, height - 1], "at": [0, 0.2, 0.5], "material": "mirror"}
        return [*_edge(rng, width, height, "legs" if rng.random() < 0.5 else "body"), back, glass]
    height = width if shape == 1 else height
    outline = {"round": True} if shape == 1 else {"arch": True}
    rim = {"frame": [width, height], "radius": rng.uniform(0.7, 2.6), "at": [0, 0, 1], "material": "trim", **outline}
    glass = {"panel": [width - 0.6, height - 0.6], "at": [0, 0.1, 1.3], "material": "mirror", **outline}
    return [rim, glass, {**glass, "at": [0, -0.3, 1.3], "material": "rubber"}]


INKS: Final = ("ink 1", "ink 2", "ink 3")


def _wall_art(rng: Random) -> Parts:
    """A framed sheet, or a canvas, with a few flat shapes on it."""
    width = rng.uniform(35, 100)
    height = width * rng.uniform(0.65, 1.5)
    framed = rng.random() < 0.7
    rim = _edge(rng, width, height, "body" if rng.random() < 0.5 else "legs") if framed else []
    parts = [*rim, _box((width - 1, 2.4, height - 1), (0, -0.4, 0.5), "canvas")]
    for number in range(int(rng.integers(2, 8))):
        wide, high = rng.uniform(0.12, 0.6) * width, rng.uniform(0.12, 0.6) * height
        x = rng.uniform(-0.5, 0.5) * (0.8 * width - wide)
        z = 0.1 * height + rng.uniform(0, 1) * (0.8 * height - high)
        outline = ({}, {"round": True}, {"arch": True})[rng.integers(3)]
        if "arch" in outline:
            high = max(high, wide / 2)
            z = min(z, 0.9 * height - high)
        shape = {"panel": [wide, high], "at": [x, 0.82 + 0.05 * number, z], "material": INKS[number % len(INKS)]}
        parts.append({**shape, **outline})
    return parts


def _shade(rng: Random, width: float, height: float, at: float) -> dict[str, Any]:
    """A lampshade, open below: a drum, a cone or a dome; or a globe."""
    half, style = width / 2, rng.integers(4)
    if style == 3:
        return {"cushion": [width, width, height], "soft": 1.0, "at": [0, 0, at], "material": "shade"}
    top = half * (1, rng.uniform(0.3, 0.75), 0.2)[style]
    if style < 2:
        profile = [(half, at), (top, at + height), (top - 0.4, at + height), (half - 0.4, at)]
    else:
        turn = np.linspace(0, np.pi / 2, 7)
        profile = [(max(half * np.cos(t), top), at + height * np.sin(t)) for t in turn.tolist()]
    return _lathe([*profile, *([(0, at + height)] if style == 2 else [])], "shade")


def _pendant(rng: Random) -> Parts:
    width = rng.uniform(22, 60)
    height, cable = width * rng.uniform(0.4, 1), rng.uniform(25, 70)
    parts = [_shade(rng, width, height, 0)]
    parts.append({"tube": [[0, 0, height - 1], [0, 0, height + cable]], "radius": 0.35, "material": "rubber"})
    rose = [(0.0, height + cable), (5, height + cable), (5, height + cable + 1.6), (0, height + cable + 2)]
    return [*parts, _lathe(rose, "trim")]


def _table_lamp(rng: Random) -> Parts:
    width, height, base = rng.uniform(18, 38), rng.uniform(14, 26), rng.uniform(14, 38)
    swell = [(rng.uniform(0.1, 0.32) * width, base * z) for z in (0.25, 0.5, 0.75)]
    foot = [(0.0, 0.0), (0.3 * width, 0), (0.3 * width, 1.2), *swell, (1.2, base), (1.0, base + height * 0.6)]
    return [_lathe(foot, "legs" if rng.random() < 0.5 else "paint", steps=4), _shade(rng, width, height, base)]


def _floor_lamp(rng: Random) -> Parts:
    width, height, stem = rng.uniform(24, 48), rng.uniform(18, 36), rng.uniform(100, 135)
    pole: Parts = [{"tube": [[0, 0, 0.5], [0, 0, stem + height / 2]], "radius": 1.0, "material": "legs"}]
    if rng.random() < 0.5:
        foot = rng.uniform(11, 17)
        pole.append(_lathe([(0, 0), (foot, 0), (foot, 1.8), (0, 2.4)], "legs"))
    else:
        reach = rng.uniform(18, 30)
        pole = [
            {"tube": [[reach * np.cos(a), reach * np.sin(a), 0], [0, 0, stem]], "radius": 1.3, "material": "legs"}
            for a in (0.5, 2.6, 4.7)
        ]
    return [*pole, _shade(rng, width, height, stem)]


#: Kind → its category, and what draws one.
KINDS: Final[Mapping[str, tuple[str, Callable[[Random], Parts]]]] = {
    "tv stand": ("tv stand", _tv_stand),
    "nightstand": ("nightstand", _nightstand),
    "chest of drawers": ("dresser", _drawers),
    "sideboard": ("cabinet", _sideboard),
    "cabinet": ("cabinet", _cupboard),
    "wardrobe": ("wardrobe", _wardrobe),
    "bookcase": ("bookcase", _bookcase),
    "desk": ("desk", _desk),
    "side table": ("side table", _side_table),
    "coffee table": ("coffee table", _coffee_table),
    "dining table": ("dining table", _dining_table),
    "bench": ("bench", _bench),
    "stool": ("stool", _stool),
    "wall mirror": ("mirror", _mirror),
    "framed print": ("wall art", _wall_art),
    "pendant lamp": ("ceiling lamp", _pendant),
    "table lamp": ("table lamp", _table_lamp),
    "floor lamp": ("floor lamp", _floor_lamp),
}
