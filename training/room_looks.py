"""How a room looks: what its surfaces are made of and what lights it; pixels are in room_surfaces. No Blender here."""

from __future__ import annotations

import colorsys
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np

from training.room_shape import Random, Shell

Colour = tuple[float, float, float]


@dataclass(frozen=True)
class Surface:
    """A surface with a pattern of real-world size; colours are sRGB in 0–1.

    Attributes:
        kind: a name of room_surfaces.KINDS.
        colours: ground and what is on it.
        size: metres, of a plank's width, a tile, a stripe.
        turn: radians by which the pattern is turned.
        roughness: 0 = mirror.
        specular: Blender's specular level.
        seed: of what is random in it.
    """

    kind: str
    colours: tuple[Colour, ...]
    size: float = 0.2
    turn: float = 0.0
    roughness: float = 0.6
    specular: float = 0.3
    seed: int = 0


@dataclass(frozen=True)
class Lights:
    """What lights a room; strengths are radiances, 1 = the bright sky before a window.

    Attributes:
        name: day, sunny, overcast, dusk, evening.
        sky: strength of the light that comes in by windows.
        sky_colour: linear RGB.
        sun: irradiance of the sun, same unit; 0 = none.
        sun_colour: linear RGB.
        sun_from: azimuth (radians from the room's x) and height (radians) of the sun.
        ceiling: strength of the ceiling light.
        lamps: strength of floor, table and hanging lamps.
        lamp_colour: linear RGB.
        fill: strength of an even light under the ceiling, as photographers' flashes give.
        brightness: linear grey to which the picture's median is exposed.
        balance: share of the light's colour that the camera takes out.
    """

    name: str = "day"
    sky: float = 1.0
    sky_colour: Colour = (0.9, 0.97, 1.0)
    sun: float = 0.0
    sun_colour: Colour = (1.0, 0.9, 0.74)
    sun_from: tuple[float, float] = (0.0, 0.6)
    ceiling: float = 0.0
    lamps: float = 0.0
    lamp_colour: Colour = (1.0, 0.74, 0.46)
    fill: float = 0.0
    brightness: float = 0.3
    balance: float = 0.6


@dataclass(frozen=True)
class Looks:
    """Surfaces and light of a room.

    Attributes:
        floor, ceiling: their surfaces.
        walls: one a wall.
        trim: colour of skirting boards, doors' and windows' frames.
        door: colour of door leaves.
        curtain: colour of curtains.
        skirting: its height, metres.
        wainscot: height of panelling along the walls, metres; 0 = none.
        outside: what is seen through windows: "sky", "garden", "city".
        lights: the light.
    """

    floor: Surface
    ceiling: Surface
    walls: tuple[Surface, ...]
    trim: Colour = (0.93, 0.93, 0.92)
    door: Colour = (0.93, 0.93, 0.92)
    curtain: Colour = (0.88, 0.86, 0.82)
    skirting: float = 0.08
    wainscot: float = 0.0
    outside: str = "garden"
    lights: Lights = field(default_factory=Lights)

    def describe(self) -> dict[str, Any]:
        """What scene.json says of the light."""
        return asdict(self.lights) | {"outside": self.outside}


def rgb(code: str) -> Colour:
    """A colour such as "#aabbcc" in 0–1."""
    red, green, blue = (int(code[i : i + 2], 16) / 255 for i in (1, 3, 5))
    return red, green, blue


Span = tuple[float, float]


def _tone(random: Random, hue: Span, saturation: Span, value: Span) -> Colour:
    hue_, saturation_, value_ = (float(random.uniform(*span)) for span in (hue, saturation, value))
    return colorsys.hsv_to_rgb(hue_ % 1, saturation_, value_)


def _near(random: Random, colour: Colour, by: float) -> Colour:
    moved = np.clip(np.array(colour) * random.uniform(1 - by, 1 + by) + random.normal(0, by / 4, 3), 0.01, 0.99)
    return float(moved[0]), float(moved[1]), float(moved[2])


# --- floors -----------------------------------------------------------------------------------------------------------

WOODS = {
    "oak": ("#b98f5f", "#d9b88a"), "light oak": ("#cfb48b", "#e8d5b3"), "ash": ("#c9b393", "#e6d8bf"),
    "beech": ("#c58f5d", "#e0b482"), "walnut": ("#4f321f", "#83593a"), "smoked oak": ("#5c4634", "#8a6d52"),
    "grey oak": ("#8d857a", "#b5ada1"), "white oak": ("#cdc5b8", "#e9e3d8"), "cherry": ("#8a4a28", "#b8713f"),
    "ebony": ("#2b211b", "#4b3b30"), "pine": ("#d2a262", "#ecc98f"),
}  # fmt: skip
TILES = ("#e4e0d8", "#cfc9bf", "#b8b3aa", "#8f8c87", "#5a5a5a", "#f1efeb", "#c48a63", "#a9674a", "#d9cdb5", "#3b3d40")


def draw_floor(random: Random) -> Surface:
    """A floor: mostly wood, as in most homes."""
    seed = int(random.integers(1 << 30))
    turn = float(random.integers(2)) * np.pi / 2
    kind = str(random.choice(["planks", "herringbone", "tiles", "carpet", "concrete", "checks"],
                             p=[0.47, 0.13, 0.17, 0.13, 0.06, 0.04]))  # fmt: skip
    if kind in ("planks", "herringbone"):
        dark, light = WOODS[str(random.choice(list(WOODS)))]
        colours = (_near(random, rgb(dark), 0.1), _near(random, rgb(light), 0.08))
        size = float(random.uniform(0.07, 0.2) if kind == "planks" else random.uniform(0.06, 0.12))
        turn += np.pi / 4 if kind == "herringbone" and random.random() < 0.5 else 0.0
        return Surface(kind, colours, size, turn, float(random.uniform(0.28, 0.65)), 0.35, seed)
    if kind == "tiles":
        ground = _near(random, rgb(str(random.choice(TILES))), 0.06)
        grout = _near(random, rgb(str(random.choice(["#b9b5ae", "#8e8b86", "#dedbd5", "#55534f"]))), 0.05)
        return Surface(kind, (ground, grout), float(random.choice([0.15, 0.2, 0.3, 0.4, 0.6])), turn,
                       float(random.uniform(0.12, 0.5)), 0.5, seed)  # fmt: skip
    if kind == "checks":
        pair = [("#ece9e2", "#26262a"), ("#e7e0d2", "#7b6a58"), ("#eeeeee", "#8c9aa0")][int(random.integers(3))]
        return Surface(kind, (rgb(pair[0]), rgb(pair[1])), float(random.uniform(0.2, 0.45)),
                       turn + (np.pi / 4 if random.random() < 0.4 else 0), 0.25, 0.5, seed)  # fmt: skip
    if kind == "carpet":
        colour = _tone(random, (0.0, 1.0), (0.03, 0.35), (0.3, 0.8))
        return Surface(kind, (colour, colour), 0.006, 0.0, 1.0, 0.0, seed)
    grey = _tone(random, (0.05, 0.15), (0.0, 0.08), (0.4, 0.72))
    return Surface(kind, (grey, grey), 1.0, 0.0, float(random.uniform(0.35, 0.8)), 0.3, seed)


# --- walls ------------------------------------------------------------------------------------------------------------


def draw_paint(random: Random) -> Colour:
    """A wall colour: whites and greys most often, then pastels, now and then a strong one."""
    fate = random.random()
    if fate < 0.45:
        return _tone(random, (0.06, 0.16), (0.0, 0.07), (0.84, 0.95))
    if fate < 0.65:
        return _tone(random, (0.05, 0.62), (0.01, 0.09), (0.6, 0.84))
    if fate < 0.87:
        return _tone(random, (0.0, 1.0), (0.1, 0.28), (0.62, 0.88))
    return _tone(random, (0.0, 1.0), (0.25, 0.6), (0.2, 0.55))


def _draw_covering(random: Random) -> Surface:
    """Something other than paint."""
    seed, paint = int(random.integers(1 << 30)), draw_paint(random)
    kind = str(random.choice(["stripes", "leaves", "dots", "grasscloth", "boards", "brick", "trellis"]))
    second = _near(random, paint, 0.18)
    if kind == "brick":
        white = random.random() < 0.4
        brick = _tone(random, (0.06, 0.12), (0.0, 0.05), (0.8, 0.92)) if white else _near(random, rgb("#9a5a43"), 0.15)
        return Surface(kind, (brick, _near(random, brick if white else rgb("#b9b0a4"), 0.06)), 0.065, 0, 0.9, 0.1, seed)
    if kind == "boards":
        return Surface(kind, (paint, second), float(random.uniform(0.07, 0.18)), 0, 0.5, 0.3, seed)
    if kind == "grasscloth":
        return Surface(kind, (paint, second), 0.004, 0, 0.95, 0.05, seed)
    if random.random() < 0.5:
        second = _tone(random, (0.0, 1.0), (0.05, 0.4), (0.3, 0.9))
    return Surface(kind, (paint, second), float(random.uniform(0.05, 0.22)), 0, 0.9, 0.1, seed)


def draw_looks(random: Random, shell: Shell) -> Looks:
    """Surfaces and light for a room."""
    count = len(shell.walls)
    plain = Surface("plain", (draw_paint(random),), roughness=0.9, specular=0.1)
    if random.random() < 0.12:
        plain = _draw_covering(random)
    walls = [plain] * count
    if random.random() < 0.3:
        painted = Surface("plain", (draw_paint(random),), roughness=0.9, specular=0.1)
        accent = _draw_covering(random) if random.random() < 0.6 else painted
        walls[int(random.integers(count))] = accent
    trim = rgb("#eeeeec") if random.random() < 0.75 else _near(random, rgb("#a77b4f"), 0.25)
    other = rgb(str(random.choice(["#b78c5c", "#6d4a2f", "#8d9aa0"])))
    door = trim if random.random() < 0.6 else _near(random, other, 0.1)
    curtain = _tone(random, (0.0, 1.0), (0.0, 0.35), (0.35, 0.92))
    white = Surface("plain", (_tone(random, (0.08, 0.15), (0.0, 0.03), (0.88, 0.96)),), 0.2, 0, 0.95, 0.05)
    return Looks(
        floor=draw_floor(random), ceiling=white, walls=tuple(walls), trim=trim, door=door, curtain=curtain,
        skirting=float(random.choice([0.05, 0.07, 0.09, 0.14])),
        wainscot=float(random.uniform(0.85, 1.15)) if random.random() < 0.12 else 0.0,
        outside=str(random.choice(["sky", "garden", "city"])), lights=draw_lights(random, shell),
    )  # fmt: skip


# --- light ------------------------------------------------------------------------------------------------------------


def draw_lights(random: Random, shell: Shell) -> Lights:
    """The light of a time of day."""
    name = str(random.choice(["day", "sunny", "overcast", "dusk", "evening"], p=[0.3, 0.25, 0.17, 0.1, 0.18]))
    warm, lit = float(random.random()), random.random() < 0.35
    usual = Lights(
        name,
        lamp_colour=(1.0, 0.86 - 0.14 * warm, 0.68 - 0.3 * warm),
        fill=float(random.uniform(0.0, 0.06)),
        balance=float(random.uniform(0.35, 0.85)),
        brightness=float(random.uniform(0.24, 0.42)),
        # By day lamps are weak beside the windows.
        ceiling=0.25 * float(lit and random.random() < 0.6),
        lamps=float(random.uniform(0.12, 0.45)) * lit,
    )
    if name in ("day", "overcast"):
        blue = float(random.uniform(0.0, 0.14)) if name == "day" else 0.04
        return replace(usual, sky_colour=(1 - blue, 1 - blue / 3, 1.0))
    if name == "sunny":
        return _sunny(random, shell, usual)
    ceiling = float(random.uniform(0.3, 1.0)) if random.random() < 0.7 else 0.0
    # There may be no lamp in the room: without a ceiling light it would be black then.
    fill = usual.fill if ceiling else max(usual.fill, 0.04)
    brightness = float(random.uniform(0.16, 0.34))
    dark = replace(usual, ceiling=ceiling, lamps=float(random.uniform(0.5, 1.4)), fill=fill, brightness=brightness)
    if name == "dusk":
        return replace(dark, sky=float(random.uniform(0.05, 0.2)), sky_colour=(0.45, 0.6, 1.0))
    return replace(dark, sky=0.004, sky_colour=(0.3, 0.42, 1.0))


def _sunny(random: Random, shell: Shell, usual: Lights) -> Lights:
    facing = [shell.walls[one.wall] for one in shell.openings if one.kind == "window"]
    # The sun stands before one of the windows, or it would not be seen inside.
    inward = facing[int(random.integers(len(facing)))].inward if facing else np.array([0.0, 1.0])
    azimuth = float(np.arctan2(-inward[1], -inward[0]) + random.uniform(-0.9, 0.9))
    height = float(random.uniform(0.35, 0.95))
    low = float(np.clip((0.75 - height) * 1.2, 0, 0.5))
    return replace(
        usual,
        sky_colour=(0.86, 0.94, 1.0),
        sun=float(random.uniform(1.2, 4.0)),
        sun_colour=(1.0, 0.93 - 0.2 * low, 0.82 - 0.5 * low),
        sun_from=(azimuth, height),
    )
