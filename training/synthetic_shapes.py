"""Shapes of random flat garments, with the points a tailor would name.

A garment is a handful of polygons in torso units (x outwards from the middle, y down, half the shoulders about 1),
drawn in order. Silhouettes are varied far beyond what is common, so that real garments lie inside the range.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from pipelines.geometry.garment import (
    INNER_COLLAR,
    LEFT_LEG,
    LEFT_SLEEVE,
    RIGHT_LEG,
    RIGHT_SLEEVE,
    TORSO,
)

Floats = NDArray[np.float32]
Rng = np.random.Generator
#: Share of tops and dresses that are seen half from the side.
SIDE_VIEWS: Final = 0.07
Neck = Literal["scoop", "vee", "square", "boat", "turtle", "collar", "hood", "straps", "bardot", "one"]


@dataclass
class Drawing:
    """A garment before it is painted.

    Attributes:
        pieces: (part label, polygon (N, 2), role) in drawing order; the role picks the cloth.
        points: landmark name → (x, y); absent names do not exist on this garment.
        lines: left and right sleeve's shoulder, elbow and cuff middle (3, 2); None = no sleeve.
        kind: "top", "dress", "trousers", "shorts" or "skirt".
        lean: how far the middle of the garment bulges to the right, as a belly seen from the side does.
    """

    pieces: list[tuple[int, Floats, str]] = field(default_factory=list)
    points: dict[str, Floats] = field(default_factory=dict)
    lines: list[Floats | None] = field(default_factory=lambda: [None, None])
    kind: str = "top"
    lean: float = 0.0


def curve(*points: tuple[float, float] | Floats, steps: int = 10) -> Floats:
    """A Catmull–Rom curve through the points, (N, 2)."""
    p = np.array([points[0], *points, points[-1]], np.float32)
    t = np.linspace(0, 1, steps, endpoint=False)[:, None]
    out = []
    for a, b, c, d in zip(p, p[1:], p[2:], p[3:], strict=False):
        out.append(0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3))
    return np.concatenate([*out, p[-1:]]).astype(np.float32)


def shift(point: Floats, x: float, y: float) -> Floats:
    """A point moved."""
    return np.asarray(point + np.array([x, y]), np.float32)


def mirror(points: Floats) -> Floats:
    """The same on the other side of the axis."""
    return np.asarray(points * (-1, 1), np.float32)


# --- tops and dresses ----------------------------------------------------------------------------------------------


@dataclass
class _Top:
    """Measures of a top, in torso units, shared by both sides."""

    neck: Neck
    collar: tuple[float, float]
    shoulder: tuple[float, float]
    armpit: tuple[float, float]
    waist: tuple[float, float]
    hip: tuple[float, float]
    hem: tuple[float, float]
    front: float  # depth of the front neckline below the collar points
    back: float


def _measure_top(rng: Rng, dress: bool) -> _Top:
    """Random measures."""
    neck: Neck = rng.choice(
        ["scoop", "vee", "square", "boat", "turtle", "collar", "hood", "straps", "bardot", "one"],
        p=[0.31, 0.16, 0.04, 0.08, 0.08, 0.13, 0.07, 0.07, 0.04, 0.02],
    )
    reach = {
        "boat": (0.5, 0.8),
        "turtle": (0.25, 0.45),
        "hood": (0.25, 0.45),
        "straps": (0.4, 0.75),
        "bardot": (0.75, 0.98),
    }
    collar_x = rng.uniform(*reach.get(neck, (0.26, 0.6)))
    slope = rng.uniform(0.02, 0.5) if neck != "bardot" else rng.uniform(-0.1, 0.1)
    shoulder = (1.0, (1 - collar_x) * slope)
    deep = rng.uniform(0.5, 1.1) if neck != "bardot" else rng.uniform(0.3, 0.8)
    armpit = (rng.uniform(0.88, 1.12), shoulder[1] + deep)
    if dress:
        length = rng.uniform(2.9, 6.5)
        waist = (armpit[0] * rng.uniform(0.7, 1.1), armpit[1] + rng.uniform(0.7, 1.3))
        hip = (waist[0] * rng.uniform(1.05, 1.5), waist[1] + rng.uniform(0.4, 1.0))
        hem = (hip[0] * rng.uniform(0.8, 1.9), max(length, hip[1] + 0.4))
    else:
        length = armpit[1] + rng.choice([rng.uniform(0.5, 1.2), rng.uniform(1.1, 2.7)], p=[0.15, 0.85])
        waist = (armpit[0] * rng.uniform(0.76, 1.12), armpit[1] + rng.uniform(0.35, 0.6) * (length - armpit[1]))
        hip = (waist[0] * rng.uniform(0.97, 1.15), armpit[1] + 0.85 * (length - armpit[1]))
        hem = (hip[0] * rng.uniform(0.93, 1.15), length)
    front = {
        "vee": rng.uniform(0.4, 1.3),
        "turtle": 0.0,
        "boat": rng.uniform(0.02, 0.3),
        "bardot": rng.uniform(0.0, 0.3),
        "collar": rng.uniform(0.15, 0.9),
    }
    depth = front.get(neck, 0.1 + 0.8 * rng.random() ** 1.5)
    return _Top(neck, (collar_x, 0.0), shoulder, armpit, waist, hip, hem, depth, rng.uniform(-0.04, 0.16))


def draw_top(rng: Rng, dress: bool = False) -> Drawing:
    """A random top or dress."""
    m = _measure_top(rng, dress)
    drawing = Drawing(kind="dress" if dress else "top")
    sleeve = rng.choice(["none", "short", "long"], p=[0.22, 0.4, 0.38])
    if m.neck in ("straps", "one") and rng.random() < 0.85:
        sleeve = "none"
    if m.neck in ("collar", "turtle", "hood") and sleeve == "none" and rng.random() < 0.6:
        sleeve = "long"
    style = _sleeve_style(rng, sleeve)
    # Seen half from the side, as garments for a round belly are, the sleeve behind the garment is all but hidden.
    hidden = int(rng.integers(2)) if rng.random() < SIDE_VIEWS else -1
    outlines = []
    sleeves = []
    for side in range(2):
        open_side = m.neck == "one" and side == 1
        outline, collar, shoulder = _side_outline(rng, m, sleeve, open_side)
        outlines.append(outline)
        name = ("left", "right")[side]
        put = (lambda p: np.asarray(p, np.float32) * (-1, 1)) if side == 0 else (lambda p: np.asarray(p, np.float32))
        drawing.points |= {
            f"collar_{name}": put(collar), f"shoulder_{name}": put(shoulder), f"armpit_{name}": put(m.armpit),
            f"waist_{name}": put(m.waist), f"hem_{name}": put(m.hem),
        }  # fmt: skip
        if side == hidden:
            drawing.lean = (-1.0 if side == 0 else 1.0) * float(rng.uniform(0.1, 0.4))
        elif sleeve != "none" and not open_side:
            polygon, outer, inner, line = _sleeve(rng, shoulder, m.armpit, style)
            sleeves.append(((LEFT_SLEEVE, RIGHT_SLEEVE)[side], put(polygon), style["front"]))
            drawing.points |= {f"cuff_{name}_outer": put(outer), f"cuff_{name}_inner": put(inner)}
            drawing.lines[side] = put(line)
    _assemble_top(rng, drawing, m, outlines, sleeves)
    return drawing


def _side_outline(
    rng: Rng, m: _Top, sleeve: str, open_side: bool
) -> tuple[Floats, tuple[float, float], tuple[float, float]]:
    """Outline of one side from collar to hem, outwards positive; and its collar and shoulder points."""
    below = curve(m.armpit, m.waist, m.hip, m.hem)
    if open_side:
        edge = (m.armpit[0] * 0.93, m.armpit[1] - 0.05)
        return np.concatenate([np.array([edge], np.float32), below]), edge, edge
    if m.neck == "straps" and sleeve == "none":
        bust = (rng.uniform(0.55, 0.85), m.armpit[1] - rng.uniform(0.15, 0.45))
        thick = rng.uniform(0.03, 0.2)
        top_in, top_out = (m.collar[0], 0.0), (m.collar[0] + thick, 0.0)
        arm = curve((bust[0] + thick * 0.5, bust[1]), (m.armpit[0] - 0.12, m.armpit[1] - 0.1), m.armpit)
        inner = np.array([top_in, top_out], np.float32)
        return np.concatenate([inner, arm, below]), top_in, top_out
    if sleeve == "none":
        tip_x = min(1.0, m.collar[0] + rng.uniform(0.12, 0.75))
        tip = (tip_x, m.shoulder[1] * (tip_x - m.collar[0]) / max(0.05, 1 - m.collar[0]))
        cut = rng.uniform(-0.1, 0.14) + 0.6 * (1 - tip_x)
        middle = ((tip[0] + m.armpit[0]) / 2 - cut * 0.6, tip[1] + rng.uniform(0.5, 0.7) * (m.armpit[1] - tip[1]))
        arm = curve(tip, middle, m.armpit)
        return np.concatenate([np.array([m.collar], np.float32), arm, below]), m.collar, tip
    bulge = ((m.shoulder[0] + m.armpit[0]) / 2 - rng.uniform(0, 0.08), (m.shoulder[1] + m.armpit[1]) / 2)
    arm = curve(m.shoulder, bulge, m.armpit)
    return np.concatenate([np.array([m.collar], np.float32), arm, below]), m.collar, m.shoulder


def _sleeve_style(rng: Rng, sleeve: str) -> dict[str, float]:
    """What both sleeves of a garment have in common."""
    hanging = rng.random() < 0.55
    angle = rng.uniform(2, 38) if hanging else rng.uniform(30, 92)
    length = (
        rng.uniform(0.22, 1.0)
        if sleeve == "short"
        else rng.choice([rng.uniform(1.1, 1.9), rng.uniform(1.9, 3.2)], p=[0.25, 0.75])
    )
    if sleeve == "short" and hanging:
        angle = rng.uniform(12, 55)
    folded = sleeve == "long" and rng.random() < 0.2
    return {
        "angle": float(angle),
        "bend": float(rng.uniform(-8, 30) if not folded else rng.uniform(-150, 120)),
        "length": float(length),
        "cuff": float(
            rng.choice([rng.uniform(0.34, 0.62), rng.uniform(0.6, 1.0), rng.uniform(1.0, 1.5)], p=[0.6, 0.3, 0.1])
        )
        if sleeve == "long"
        else float(rng.choice([rng.uniform(0.6, 1.15), rng.uniform(1.1, 1.7)], p=[0.85, 0.15])),
        "puff": float(rng.uniform(-0.05, 0.12) if rng.random() < 0.8 else rng.uniform(0.1, 0.4)),
        "front": "sleeve_front" if folded or rng.random() < 0.35 else "sleeve_back",  # type: ignore[dict-item]
        "skew": float(rng.uniform(-0.5, 0.5)),
        "jitter": float(rng.choice([2.0, 8.0, 25.0], p=[0.5, 0.35, 0.15])),
    }


def _sleeve(
    rng: Rng, shoulder: tuple[float, float], armpit: tuple[float, float], style: dict[str, float]
) -> tuple[Floats, Floats, Floats, Floats]:
    """Polygon, cuff corners (outer, inner) and middle line of a sleeve on the outward positive side."""
    s, a = np.array(shoulder, np.float32), np.array(armpit, np.float32)
    base = float(np.linalg.norm(s - a))
    angle = np.deg2rad(style["angle"] + rng.normal(0, style["jitter"] / 4))
    bend = np.deg2rad(style["bend"] + rng.normal(0, style["jitter"]))
    first = np.array([np.sin(angle), np.cos(angle)], np.float32)
    second = np.array([np.sin(angle - bend), np.cos(angle - bend)], np.float32)
    # Measured across its own direction, a sleeve is never wider than its base; splayed ones use all of it.
    width = base * max(0.55, abs(float(np.sin(angle + 0.35))) ** 0.5) * 0.95
    root = (s + a) / 2 + first * 0.05
    half = style["length"] / 2
    elbow, cuff = root + first * half, root + first * half + second * half
    across_1 = np.array([first[1], -first[0]])
    across_2 = np.array([second[1], -second[0]])
    middle = (across_1 + across_2) / max(0.3, float(np.linalg.norm(across_1 + across_2)))
    cuff_width = width * style["cuff"]
    elbow_width = (width + cuff_width) / 2 * (1 + style["puff"])
    tilt = second * style["skew"] * cuff_width * 0.3
    outer = cuff + across_2 * cuff_width / 2 + tilt
    inner = cuff - across_2 * cuff_width / 2 - tilt
    head = s + across_1 * max(0.0, style["puff"]) * 0.5 + first * 0.12
    upper = curve(s, head, elbow + middle * elbow_width / 2, outer)
    lower = curve(inner, elbow - middle * elbow_width / 2, a)
    line = np.stack([(s + a) / 2, elbow, (outer + inner) / 2]).astype(np.float32)
    inside = np.array([[a[0] - 0.1, a[1] - 0.02], [s[0] - 0.08, s[1] + 0.05]], np.float32)  # under the torso's edge
    return np.concatenate([upper, lower, inside]), outer.astype(np.float32), inner.astype(np.float32), line


def _neck_curve(m: _Top, left: Floats, right: Floats, depth: float, shape: str, rng: Rng) -> Floats:
    """The neckline from the left to the right collar point, `depth` below their middle."""
    middle = (left + right) / 2 + (0, depth)
    if shape == "vee":
        return (
            curve(left, left * 0.5 + middle * 0.5 + (0.0, rng.uniform(-0.06, 0.04)), middle, steps=6)[:-1].tolist()
            + curve(  # type: ignore[return-value]
                middle, right * 0.5 + middle * 0.5, right, steps=6
            ).tolist()
        )
    if shape == "square":
        inset = rng.uniform(0.75, 1.0)
        a, b = left * (inset, 1) + (0, depth), right * (inset, 1) + (0, depth)
        return np.array([left, a, b, right], np.float32)
    roundness = rng.uniform(0.68, 0.9)
    a = left + (middle - left) * (0.36, roundness)
    b = right + (middle - right) * (0.36, roundness)
    return curve(left, a, middle, b, right)


def _assemble_top(
    rng: Rng, drawing: Drawing, m: _Top, outlines: list[Floats], sleeves: list[tuple[int, Floats, str]]
) -> None:
    """Put the pieces of a top in drawing order and name the neck's bottom."""
    left, right = mirror(outlines[0]), outlines[1]
    collar_l, collar_r = drawing.points["collar_left"], drawing.points["collar_right"]
    shape = m.neck if m.neck in ("vee", "square") else "round"
    if m.neck == "collar" and m.front > 0.35:
        shape = "vee"
    depth = m.front
    if m.neck == "straps" and "cuff_left_outer" not in drawing.points:
        depth = max(m.front, m.armpit[1] - rng.uniform(-0.05, 0.5))
        _straps(rng, drawing, m, depth, left, right)
        _finish_top(rng, drawing, m, left, right, sleeves)
        return
    front = np.array(_neck_curve(m, collar_l, collar_r, depth, shape, rng), np.float32)
    drawing.points["neck_bottom"] = ((collar_l + collar_r) / 2 + (0, depth)).astype(np.float32)
    if m.neck not in ("turtle", "one") and depth > 0.05 and rng.random() < (0.4 if m.neck == "bardot" else 0.88):
        back_depth = min(m.back, depth - 0.03)
        back = _neck_curve(m, collar_l, collar_r, back_depth, "round", rng)
        if m.neck == "hood":
            width, height = abs(collar_r[0]) * rng.uniform(1.0, 1.7), rng.uniform(0.5, 1.3)
            back = curve(
                collar_l,
                (-width, -height * 0.5),
                (-width * 0.6, -height),
                (width * 0.6, -height),
                (width, -height * 0.5),
                collar_r,
            )
        drawing.pieces.append((INNER_COLLAR, np.concatenate([back, front[::-1]]), "inside"))
    _finish_top(rng, drawing, m, np.concatenate([front[::-1][-1:], left]), right, sleeves, front)
    if m.neck == "turtle":
        _turtle(rng, drawing, collar_l, collar_r)
    if m.neck == "collar":
        _flaps(rng, drawing, collar_l, collar_r, depth)


def _finish_top(
    rng: Rng, drawing: Drawing, m: _Top, left: Floats, right: Floats, sleeves: list[tuple[int, Floats, str]],
    front: Floats | None = None,
) -> None:  # fmt: skip
    """Add the torso with its hem, and the sleeves behind or before it."""
    hem_l, hem_r = left[-1], right[-1]
    kind = rng.choice(["straight", "round", "tails", "point", "body"], p=[0.49, 0.32, 0.12, 0.03, 0.04])
    if kind == "body" and drawing.kind == "dress":
        kind = "straight"
    sag = {
        "straight": rng.uniform(-0.05, 0.05),
        "round": rng.uniform(-0.06, 0.3),
        "tails": rng.uniform(0.2, 0.5),
        "point": 0.5,
        "body": rng.uniform(0.6, 1.1),
    }[kind]
    middle = (hem_l + hem_r) / 2 + (0, sag)
    if kind == "round":
        hem = curve(hem_r, hem_r * (0.5, 1) + (0, sag * 0.85), middle, hem_l * (0.5, 1) + (0, sag * 0.85), hem_l)
    elif kind == "tails":
        hem = curve(hem_r, hem_r * (0.7, 1) + (0, sag), middle, hem_l * (0.7, 1) + (0, sag), hem_l)
    elif kind == "body":  # leg holes of a bodysuit
        gusset, cut = rng.uniform(0.12, 0.25), rng.uniform(0.35, 0.6)
        hem = np.concatenate([
            curve(hem_r, hem_r * (cut, 1) + (0, 0.45 * sag), shift(middle, gusset, 0)),
            curve(shift(middle, -gusset, 0), hem_l * (cut, 1) + (0, 0.45 * sag), hem_l),
        ])  # fmt: skip
    else:
        hem = curve(hem_r, middle, hem_l)
    top = front if front is not None else np.zeros((0, 2), np.float32)
    torso = np.concatenate([left[::-1], top, right, hem])
    behind = [s for s in sleeves if s[2] == "sleeve_back"]
    before = [s for s in sleeves if s[2] != "sleeve_back"]
    drawing.pieces += [(label, polygon, "sleeve") for label, polygon, _ in behind]
    drawing.pieces.append((TORSO, torso, "torso"))
    drawing.pieces += [(label, polygon, "sleeve") for label, polygon, _ in before]


def _straps(rng: Rng, drawing: Drawing, m: _Top, depth: float, left: Floats, right: Floats) -> None:
    """Straps, and the back's top edge behind them; `left` and `right` are cut to start at the bust."""
    sweetheart = rng.uniform(-0.1, 0.1)
    drawing.points["neck_bottom"] = np.array([0, depth], np.float32)
    for outline, name in ((left, "left"), (right, "right")):
        top_in, top_out, bust = outline[0].copy(), outline[1].copy(), outline[2].copy()
        thick = abs(float(top_out[0] - top_in[0]))
        sign = np.sign(bust[0])
        strap = np.array([top_in, top_out, bust, bust - (sign * thick, -0.02)], np.float32)
        drawing.pieces.append((TORSO, strap, "torso"))
        outline[0] = (0.0, depth)
        outline[1] = ((bust[0] - sign * thick) * 0.55, (depth + bust[1]) / 2 + sweetheart)
        drawing.points[f"shoulder_{name}"] = top_out
    if rng.random() < 0.7:
        y = rng.uniform(min(depth, m.armpit[1]) - 0.1, m.armpit[1] - 0.02)
        back = np.array([left[3], (0, y), right[3], (0, m.armpit[1] + 0.3)], np.float32)
        drawing.pieces.insert(0, (INNER_COLLAR, back, "inside"))


def _turtle(rng: Rng, drawing: Drawing, left: Floats, right: Floats) -> None:
    """A standing collar: part of the torso; the neck's bottom is its top edge."""
    height, narrow = rng.uniform(0.12, 0.65), rng.uniform(0.78, 1.02)
    dip = rng.uniform(-0.03, 0.08)
    top_l, top_r = left * (narrow, 0) + (0, -height), right * (narrow, 0) + (0, -height)
    polygon = np.concatenate(
        [[shift(left, 0, 0.06)], curve(top_l, shift((top_l + top_r) / 2, 0, dip), top_r), [shift(right, 0, 0.06)]]
    )
    drawing.pieces.append((TORSO, polygon.astype(np.float32), "collar"))
    if rng.random() < 0.25:
        ring = (
            curve(top_l, (top_l + top_r) / 2 - (0, 0.05), top_r).tolist()
            + curve(top_r, (top_l + top_r) / 2 + (0, dip + 0.06), top_l).tolist()
        )
        drawing.pieces.append((INNER_COLLAR, np.array(ring, np.float32), "inside"))
    drawing.points["neck_bottom"] = ((top_l + top_r) / 2 + (0, dip)).astype(np.float32)


def _flaps(rng: Rng, drawing: Drawing, left: Floats, right: Floats, depth: float) -> None:
    """A folded shirt collar or lapels; part of the torso."""
    bottom = (left + right) / 2 + (0, depth)
    drop, out = rng.uniform(0.15, 0.5), rng.uniform(0.05, 0.35)
    for collar, sign in ((left, -1.0), (right, 1.0)):
        peak = shift(collar, -sign * 0.05, -rng.uniform(0.0, 0.16))
        tip = bottom * 0.55 + collar * 0.45 + (sign * out, drop)
        flap = np.array([peak, shift(collar, sign * 0.1, 0.05), tip, bottom], np.float32)
        drawing.pieces.append((TORSO, flap, "collar"))


# --- trousers, shorts and skirts -----------------------------------------------------------------------------------


def draw_lower(rng: Rng) -> Drawing:
    """Random trousers, shorts or skirt."""
    kind = str(rng.choice(["trousers", "shorts", "skirt"], p=[0.45, 0.27, 0.28]))
    drawing = Drawing(kind=kind)
    waist = rng.uniform(0.55, 0.95)
    hip = waist * rng.uniform(1.0, 1.45)
    sag = rng.uniform(-0.12, 0.1)
    waist_line = curve((-waist, 0), (0, sag), (waist, 0))
    put = drawing.points
    put["waist_left"], put["waist_right"] = np.array([-waist, 0], np.float32), np.array([waist, 0], np.float32)
    if rng.random() < 0.45:  # the inside of the back waistband shows
        up = rng.uniform(0.03, 0.16)
        back = curve((-waist, 0), (0, min(sag, 0) - up), (waist, 0))
        drawing.pieces.append((INNER_COLLAR, np.concatenate([back, waist_line[::-1]]), "inside"))
    if kind == "skirt":
        length = rng.uniform(0.8, 4.2)
        end = hip * rng.uniform(0.75, 2.3)
        y_hip = min(0.6 * length, rng.uniform(0.4, 0.9))
        x_hip = hip if end < 1.4 * hip else waist + (end - waist) * rng.uniform(0.25, 0.6)
        side = curve((waist, 0), (x_hip, y_hip), (end, length))
        drop = rng.uniform(-0.08, 0.3)
        hem = curve(
            (end, length),
            (0.5 * end, length + drop * 0.8),
            (0, length + drop),
            (-0.5 * end, length + drop * 0.8),
            (-end, length),
        )
        drawing.pieces.append((TORSO, np.concatenate([waist_line, side, hem, mirror(side)[::-1]]), "torso"))
        put["hem_left_outer"], put["hem_right_outer"] = mirror(side)[-1], side[-1]
        return drawing
    rise = rng.uniform(0.75, 1.5)
    leg = rng.uniform(1.8, 4.2) if kind == "trousers" else rng.uniform(0.12, 1.3)
    thigh = hip * rng.uniform(0.88, 1.1)
    ends = thigh * (rng.uniform(0.35, 0.75) if kind == "trousers" and rng.random() < 0.65 else rng.uniform(0.75, 1.5))
    spread = np.deg2rad(rng.uniform(-1.5, 14))
    for side, (name, label) in enumerate((("left", LEFT_LEG), ("right", RIGHT_LEG))):
        turn = spread + np.deg2rad(rng.normal(0, 1.5))
        along = np.array([np.sin(turn), np.cos(turn)], np.float32)
        across = np.array([along[1], -along[0]], np.float32)
        root = np.array([thigh / 2, rise], np.float32)
        knee = root + along * leg * 0.5
        tip = root + along * leg
        narrow = (thigh + ends) / 2 * rng.uniform(0.88, 1.0)
        skew = along * rng.uniform(-0.08, 0.08)
        outer, inner = tip + across * ends / 2 + skew, tip - across * ends / 2 - skew
        polygon = np.concatenate([
            curve((thigh, rise - 0.05), knee + across * narrow / 2, outer),
            curve(inner, knee - across * narrow / 2, (0, rise)),
            np.array([(-0.02, rise - 0.05)], np.float32),
        ])  # fmt: skip
        flip = (-1, 1) if side == 0 else (1, 1)
        drawing.pieces.append((label, np.asarray(polygon * flip, np.float32), "leg"))
        put[f"hem_{name}_outer"] = np.asarray(outer * flip, np.float32)
        put[f"hem_{name}_inner"] = np.asarray(inner * flip, np.float32)
    side_line = curve((waist, 0), (hip, rise * 0.6), (thigh, rise))
    seat = np.concatenate(
        [waist_line, side_line, curve((thigh, rise), (0, rise + 0.01), (-thigh, rise)), mirror(side_line)[::-1]]
    )
    drawing.pieces.append((TORSO, seat, "torso"))
    put["crotch"] = np.array([0, rise], np.float32)
    return drawing
