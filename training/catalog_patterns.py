"""Cutting patterns: from a body's measures and a few numbers to the outlines of a front and a back panel.

Panels are cut with the limbs raised (`ARMS_CUT`, `LEGS_CUT`), as real sleeves and trouser legs are; the folds under the
arm and at the crotch come from lowering them. Pattern space: x to the wearer's left, z up, metres, both panels alike.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import PchipInterpolator

from training.catalog_body import Body, girth
from training.catalog_cloth import Edge

Array = NDArray[np.float64]

ARMS_CUT, LEGS_CUT = 62.0, 12.0


@dataclass(frozen=True)
class Measures:
    """Heights and the shoulder of a body in the cutting pose, metres."""

    waist: float
    hip: float
    crotch: float
    knee: float
    ankle: float
    shoulder: tuple[float, float]
    arm: tuple[float, float]
    arm_length: float


def measure(body: Body) -> Measures:
    """Take the measures of a body posed at `ARMS_CUT`, `LEGS_CUT`."""
    joint = body.joints
    shoulder, wrist = joint["upperarm01.L"], joint["wrist.L"]
    low, high = joint["upperleg01.L"][2] + 0.06, shoulder[2] - 0.16
    levels = np.linspace(low, high, 14)
    waist = float(levels[np.argmin([girth(body, z) for z in levels])])
    line = wrist[[0, 2]] - shoulder[[0, 2]]
    length = float(np.linalg.norm(line))
    centre = body.vertices[(np.abs(body.vertices[:, 0]) < 0.012) & (body.vertices[:, 2] < waist)]
    return Measures(
        waist=waist,
        hip=float(joint["upperleg01.L"][2]) - 0.02,
        crotch=float(centre[:, 2].min()),
        knee=float(joint["lowerleg01.L"][2]),
        ankle=float(joint["foot.L"][2]),
        shoulder=(float(shoulder[0]), float(shoulder[2])),
        arm=(float(line[0] / length), float(line[1] / length)),
        arm_length=length,
    )


@dataclass(frozen=True)
class UpperCut:
    """A top or a dress.

    Attributes:
        neck_width: half width of the neckline; `neck_front`, `neck_back`: its depth.
        neck_curve: 2 = round, larger = squarer, 1 = V.
        sleeve: length as a share of the arm, 0 = none. `sleeve_ease`, `cuff_ease`: girth relative to the arm's.
        shoulder: metres the shoulder seam lies beyond the joint (dropped) or inside it (negative).
        chest, waist, hip: girth relative to the body's.
        hem: metres below the hip joint (negative = above). `hem_curve`: a shirt tail's rise at the sides.
        flare: half width at the hem of a dress beyond the hip's, metres.
        gather: name of an opening → (depth in metres, scale): elastic or ribbed bands.
    """

    neck_width: float = 0.085
    neck_front: float = 0.085
    neck_back: float = 0.02
    neck_curve: float = 2.0
    sleeve: float = 0.4
    sleeve_ease: float = 1.3
    cuff_ease: float = 1.25
    shoulder: float = 0.0
    armhole: float = 0.0
    chest: float = 1.1
    waist: float = 1.25
    hip: float = 1.08
    hem: float = 0.04
    hem_curve: float = 0.025
    flare: float = 0.0
    gather: dict[str, tuple[float, float]] = field(default_factory=dict)


@dataclass(frozen=True)
class LowerCut:
    """Trousers, shorts or a skirt.

    Attributes:
        rise: metres of the waist edge above the hip joint; `dip`: how much lower it is in front.
        waist, hip: girth relative to the body's; `thigh`, `knee`, `ankle`: half the flat width of a leg, metres.
        length: share of the leg from crotch to ankle; for skirts metres below the hip joint.
        skirt: one tube instead of two legs; `flare` widens its hem, metres to each side.
    """

    rise: float = 0.11
    dip: float = 0.025
    waist: float = 1.02
    hip: float = 1.04
    thigh: float = 0.155
    knee: float = 0.115
    ankle: float = 0.09
    length: float = 1.0
    skirt: bool = False
    flare: float = 0.0
    gather: dict[str, tuple[float, float]] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Pattern:
    """Outlines of the two panels and named lines on them for seams, pockets and prints.

    Attributes:
        front, back: outlines, see `catalog_cloth.sew`.
        lines: name → (N, 2) polylines on the wearer's left half.
        heights: name → z of waist, hip, crotch, knee, chest, shoulder.
        sleeve: point and unit direction of the sleeve's axis, or None.
    """

    front: list[Edge]
    back: list[Edge]
    lines: dict[str, Array]
    heights: dict[str, float]
    sleeve: tuple[Array, Array] | None = None


def _heights(m: Measures) -> dict[str, float]:
    shoulder = m.shoulder[1]
    return {
        "shoulder": shoulder,
        "chest": shoulder - 0.16,
        "waist": m.waist,
        "hip": m.hip,
        "crotch": m.crotch,
        "knee": m.knee,
    }


def _mirror(points: Array) -> Array:
    return points[::-1] * np.array([-1.0, 1.0])


def _bezier(a: Array, b: Array, c: Array, n: int = 9) -> Array:
    t = np.linspace(0, 1, n)[:, None]
    curve: Array = (1 - t) ** 2 * a + 2 * t * (1 - t) * b + t**2 * c
    return curve


def _top_of_shoulder(body: Body, x: float) -> float:
    v = body.vertices
    near = (np.abs(v[:, 0] - x) < 0.02) & (v[:, 2] > body.joints["upperarm01.L"][2] - 0.1)
    near &= v[:, 2] < body.joints["neck01"][2] + 0.03
    return float(v[near, 2].max())


def _neckline(side: Array, depth: float, curve: float) -> Array:
    """From the neck point on the shoulder to the centre; superelliptic, `curve` 1 is a V."""
    angle = np.linspace(np.pi / 2, 0, 16)
    x = side[0] * np.sin(angle) ** (2 / curve)
    z = side[1] - depth * np.cos(angle) ** (2 / curve)
    return np.stack([x, z], axis=1)


def _side_width(body: Body, m: Measures, cut: UpperCut, chest_z: float) -> PchipInterpolator:
    """Half width of the flat panel over the height, from the hem up to the chest."""
    hem_z = m.hip - cut.hem
    chest, waist, hip = (
        girth(body, z) / 4 * e for z, e in ((chest_z, cut.chest), (m.waist, cut.waist), (m.hip, cut.hip))
    )
    heights, widths = [m.waist, chest_z, chest_z + 0.2], [waist, chest, chest]
    if hem_z < m.hip - 0.06:
        heights, widths = [hem_z, m.hip, *heights], [hip + cut.flare, hip, *widths]
    else:
        heights, widths = [min(hem_z, m.hip) - 0.01, *heights], [hip + cut.flare, *widths]
    return PchipInterpolator(heights, widths)


def cut_upper(body: Body, cut: UpperCut) -> Pattern:
    """Cut a top or a dress for a body posed at `ARMS_CUT`."""
    m = measure(body)
    joint, arm = np.array(m.shoulder), np.array(m.arm)
    neck = np.array([cut.neck_width, _top_of_shoulder(body, cut.neck_width) + 0.004])
    tip_x = joint[0] + cut.shoulder
    tip = np.array([tip_x, _top_of_shoulder(body, min(tip_x, joint[0] + 0.02)) + 0.004])
    chest_z = joint[1] - 0.16
    width = _side_width(body, m, cut, chest_z)
    if cut.sleeve > 0:
        upper_edges, underarm, lines = _sleeve_edges(body, m, cut, neck, tip, width)
    else:
        underarm = np.array([float(width(chest_z)), chest_z + cut.armhole])
        upper_edges, lines = _armhole_edges(neck, tip, underarm)
    hem_z = m.hip - cut.hem
    side_z = np.linspace(hem_z + cut.hem_curve, underarm[1] - (0.035 if cut.sleeve > 0 else 0.0), 40)
    side = np.stack([width(side_z), side_z], axis=1)
    if cut.sleeve > 0:
        side = np.concatenate([side, lines.pop("fillet")])
    hem_x = np.linspace(0, side[0, 0], 24)
    hem = np.stack([hem_x, hem_z + cut.hem_curve * (hem_x / hem_x[-1]) ** 3], axis=1)
    panels = [
        _close(hem, side, upper_edges, _neckline(neck, depth, cut.neck_curve if depth == cut.neck_front else 2.0))
        for depth in (cut.neck_front, cut.neck_back)
    ]
    lines |= {"neck": _neckline(neck, cut.neck_front, cut.neck_curve), "hem": hem, "side": side}
    lines["waist"] = np.array([[0, m.waist], [float(width(m.waist)), m.waist]])
    return Pattern(panels[0], panels[1], lines, _heights(m), (joint, arm) if cut.sleeve > 0 else None)


def _close(hem: Array, side: Array, upper: list[Edge], neck: Array) -> list[Edge]:
    left = [Edge("side", side, True), *upper]
    middle = Edge("neck", np.concatenate([neck, _mirror(neck)[1:]]), False)
    right = [Edge(e.name, _mirror(e.points), e.sewn) for e in reversed(left)]
    return [Edge("hem", np.concatenate([_mirror(hem), hem[1:]]), False), *left, middle, *right]


def _armhole_edges(neck: Array, tip: Array, underarm: Array) -> tuple[list[Edge], dict[str, Array]]:
    bend = np.array([min(tip[0], underarm[0]) - 0.035, underarm[1] + 0.012])
    armhole = _bezier(underarm, bend, tip, 16)
    return [Edge("armhole", armhole, False), Edge("shoulder", np.stack([tip, neck]), True)], {"armhole": armhole}


def _sleeve_edges(
    body: Body, m: Measures, cut: UpperCut, neck: Array, tip: Array, width: PchipInterpolator
) -> tuple[list[Edge], Array, dict[str, Array]]:
    joint, arm = np.array(m.shoulder), np.array(m.arm)
    up = np.array([-arm[1], arm[0]])
    share = np.linspace(0.0, cut.sleeve, 24)
    measured = np.array([girth(body, min(max(s, 0.12), 0.97), "arm") for s in share])
    ease = np.interp(share / cut.sleeve, [0, 1], [cut.sleeve_ease, cut.cuff_ease])
    axis = joint + share[:, None] * m.arm_length * arm
    outer_offset = measured / (2 * np.pi) * 1.08 + 0.005
    inner_offset = measured / 2 * ease - outer_offset
    outer, inner = axis + outer_offset[:, None] * up, axis - inner_offset[:, None] * up
    crossing = next(i for i in range(24) if inner[i, 0] > float(width(inner[i, 1])))
    underarm = inner[crossing]
    beyond = min(crossing + 3, 23)
    below = np.array([float(width(underarm[1] - 0.035)), underarm[1] - 0.035])
    fillet = _bezier(below, underarm, inner[beyond], 7)[1:]
    inner = np.concatenate([inner[beyond:], inner[-1:]]) if beyond == 23 else inner[beyond:]
    start = next((i for i in range(24) if outer[i, 0] > tip[0] + 0.03), 1)
    top = np.concatenate([_bezier(outer[start], outer[start] - 0.03 * arm, tip, 6)[1:], [neck]])
    edges = [
        Edge("sleeve", inner, True),
        Edge("cuff", np.stack([inner[-1], outer[-1]]), False),
        Edge("overarm", np.concatenate([outer[start:][::-1], top]), True),
    ]
    armhole = _bezier(underarm, np.array([tip[0] - 0.035, underarm[1] + 0.03]), tip, 16)
    return edges, underarm, {"fillet": fillet, "armhole": armhole, "cuff": edges[1].points, "overarm": edges[2].points}


def cut_lower(body: Body, cut: LowerCut) -> Pattern:
    """Cut trousers, shorts or a skirt for a body posed at `LEGS_CUT`."""
    m = measure(body)
    waist_z = m.hip + cut.rise
    waist, hip = girth(body, waist_z) / 4 * cut.waist, girth(body, m.hip) / 4 * cut.hip
    build = _skirt_edges if cut.skirt else _leg_edges
    hem_edges, side = build(m, cut, np.array([waist, waist_z]), hip, body)
    panels = []
    for dip in (cut.dip, 0.0):
        x = np.linspace(1, 0, 16)
        line = np.stack([x * waist, waist_z - dip * (1 - x**2)], axis=1)
        left = [*hem_edges, Edge("side", side, True)]
        right = [Edge(e.name, _mirror(e.points), e.sewn) for e in reversed(left)]
        if cut.skirt:
            hem = hem_edges[0].points
            bottom = Edge("hem", np.concatenate([_mirror(hem), hem[1:]]), False)
            left, right = left[1:], right[:-1]
            panels.append([bottom, *left, Edge("waist", np.concatenate([line, _mirror(line)[1:]]), False), *right])
        else:
            panels.append([*left, Edge("waist", np.concatenate([line, _mirror(line)[1:]]), False), *right])
    x = np.linspace(0, 1, 16)
    front_waist = np.stack([x * waist, waist_z - cut.dip * (1 - x**2)], axis=1)
    lines = {"waist": front_waist, "side": side[::-1]} | {e.name: e.points for e in hem_edges}
    lines["crotch"] = np.array([[0.0, m.crotch], [0.0, waist_z - cut.dip]])
    return Pattern(panels[0], panels[1], lines, _heights(m))


def _skirt_edges(m: Measures, cut: LowerCut, waist: Array, hip: float, body: Body) -> tuple[list[Edge], Array]:
    hem_z = m.hip - cut.length
    width = PchipInterpolator([hem_z, m.hip, waist[1]], [hip + cut.flare, hip + cut.flare * 0.12, waist[0]])
    z = np.linspace(hem_z, waist[1], 40)
    x = np.linspace(0, float(width(hem_z)), 24)
    hem = np.stack([x, hem_z + (0.012 + 0.25 * max(cut.flare, 0.0)) * (x / x[-1]) ** 2], axis=1)
    side = np.stack([width(z), z], axis=1)
    side = side[side[:, 1] > hem[-1, 1] + 0.004]
    return [Edge("hem", hem, False)], np.concatenate([hem[-1:], side])


def _leg_edges(m: Measures, cut: LowerCut, waist: Array, hip: float, body: Body) -> tuple[list[Edge], Array]:
    start, end = body.joints["upperleg01.L"][[0, 2]], body.joints["foot.L"][[0, 2]]
    crotch = np.array([0.0, m.crotch - 0.015])
    hem_z = crotch[1] - cut.length * (crotch[1] - m.ankle)
    z = np.linspace(hem_z, crotch[1] - 0.02, 48)
    axis = np.interp(z, [end[1], start[1]], [end[0], start[0]])
    half = np.interp(z, [m.ankle, m.knee, crotch[1] - 0.02], [cut.ankle, cut.knee, cut.thigh])
    inner = np.maximum(axis - half, 0.010 + 0.02 * (crotch[1] - z))
    outer = inner + 2 * half
    # Square to the leg, not to the ground: the outer side of the hem is cut higher.
    rise = 2 * half * (end[0] - start[0]) / (start[1] - end[1]) * np.clip((crotch[1] - z) / 0.3, 0, 1)
    inseam = np.concatenate([[crotch], np.stack([inner, z], axis=1)[::-1]])
    keep = z + rise < crotch[1] - 0.17
    keep[0] = True
    path_z = np.concatenate([(z + rise)[keep], [m.hip, waist[1]]])
    path_x = np.concatenate([outer[keep], [hip, waist[0]]])
    low = path_z[0]
    side_z = np.linspace(low, waist[1], 70)
    side = np.stack([PchipInterpolator(path_z, path_x)(side_z), side_z], axis=1)
    hem = np.stack([inseam[-1], side[0]])
    return [Edge("inseam", inseam, True), Edge("hem", hem, False)], side
