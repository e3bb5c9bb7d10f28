"""The sewing vocabulary: named details (pockets, plackets, darts …) placed by a pattern's own lines and heights.

A detail adds seams, stitches and bands to the painted finish, and parts laid on the draped cloth. Only the wearer's
left half is described; the painting mirrors it, and laid-on pieces are mirrored where they come in pairs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from training.catalog_patterns import Pattern

Array = NDArray[np.float64]


@dataclass
class Work:
    """What a garment's details amount to, in pattern space.

    Attributes:
        seams, stitches: polylines. bands: polygons in the second colour.
        pieces: outlines of cloth laid on, with their lift in metres and whether they show the second colour.
        buttons: points; `metal` pieces are zips and buckles.
    """

    seams: list[Array] = field(default_factory=list)
    stitches: list[Array] = field(default_factory=list)
    bands: list[Array] = field(default_factory=list)
    pieces: list[tuple[Array, float, bool]] = field(default_factory=list)
    buttons: list[Array] = field(default_factory=list)
    metal: list[Array] = field(default_factory=list)


def _box(x0: float, z0: float, x1: float, z1: float, corner: float = 0.0) -> Array:
    """A rectangle; `corner` cuts off its two lower corners."""
    if corner == 0:
        return np.array([[x0, z0], [x1, z0], [x1, z1], [x0, z1]])
    c = corner
    return np.array([[x0, z0 + c], [x0 + c, z0], [x1 - c, z0], [x1, z0 + c], [x1, z1], [x0, z1]])


def _mirror(points: Array) -> Array:
    return points[::-1] * np.array([-1.0, 1.0])


def _closed(points: Array) -> Array:
    return np.concatenate([points, points[:1]])


def _inset(points: Array, by: float) -> Array:
    centre = points.mean(0)
    return centre + (points - centre) * (1 - 2 * by / np.ptp(points, axis=0))


def _pair(work: Work, outline: Array, lift: float = 0.0025, stitched: bool = True, contrast: bool = False) -> None:
    work.pieces += [(outline, lift, contrast), (_mirror(outline), lift, contrast)]
    if stitched:
        work.stitches.append(_closed(_inset(outline, 0.004)))


def _neck_bottom(p: Pattern) -> float:
    return float(p.lines["neck"][:, 1].min())


def _hem_bottom(p: Pattern) -> float:
    return float(p.lines["hem"][:, 1].min())


def armholes(p: Pattern, w: Work) -> None:
    w.seams.append(p.lines["armhole"])


def raglan(p: Pattern, w: Work) -> None:
    under, neck = p.lines["armhole"][0], p.lines["neck"][1]
    w.seams.append(np.stack([under, (under + neck) / 2 + [-0.015, 0.01], neck]))


def hem(p: Pattern, w: Work) -> None:
    line = p.lines["hem"]
    w.stitches += [np.add(line, [0, 0.021]), np.add(line, [0, 0.026])]


def blind_hem(p: Pattern, w: Work) -> None:
    w.seams.append(p.lines["hem"] + [0, 0.03])


def _cuff(p: Pattern) -> tuple[Array, Array]:
    """The cuff's edge, longer than it is so that lines along it reach both seams, and the sleeve's direction."""
    cuff, axis = p.lines["cuff"], p.sleeve[1] if p.sleeve else np.array([0.0, -1.0])
    over = 0.02 * (cuff[1] - cuff[0]) / np.linalg.norm(cuff[1] - cuff[0])
    return np.stack([cuff[0] - over, cuff[1] + over]), axis


def cuffs(p: Pattern, w: Work) -> None:
    cuff, axis = _cuff(p)
    w.stitches += [cuff - 0.019 * axis, cuff - 0.024 * axis]


def shirt_cuffs(p: Pattern, w: Work) -> None:
    cuff, axis = _cuff(p)
    w.seams.append(cuff - 0.062 * axis)
    w.stitches += [cuff - 0.056 * axis, cuff - 0.006 * axis]
    w.buttons.append(cuff.mean(0) - 0.03 * axis)


def rib_bands(p: Pattern, w: Work) -> None:
    """A seam where the ribbed hem and cuffs begin."""
    w.seams.append(p.lines["hem"] + [0, 0.058])
    if p.sleeve is not None:
        cuff, axis = _cuff(p)
        w.seams.append(cuff - 0.058 * axis)


def tipping(p: Pattern, w: Work) -> None:
    """The second colour on hem and cuffs."""
    if p.sleeve is not None:
        cuff, axis = _cuff(p)
        w.bands.append(np.concatenate([cuff + 0.01 * axis, (cuff - 0.02 * axis)[::-1]]))


def placket(p: Pattern, w: Work) -> None:
    top, low = _neck_bottom(p), _hem_bottom(p)
    w.pieces.append((_box(-0.017, low + 0.004, 0.017, top + 0.004), 0.0022, False))
    w.stitches.append(np.array([[0.012, low + 0.006], [0.012, top - 0.004]]))
    w.buttons += [np.array([0.0, z]) for z in np.linspace(top - 0.018, low + 0.09, 7)]


def polo_placket(p: Pattern, w: Work) -> None:
    top = _neck_bottom(p)
    w.pieces.append((_box(-0.017, top - 0.14, 0.017, top + 0.004), 0.0025, False))
    w.stitches += [
        np.array([[0.012, top - 0.135], [0.012, top - 0.004]]),
        np.array([[-0.012, top - 0.128], [0.012, top - 0.128]]),
    ]
    w.buttons += [np.array([0.0, top - d]) for d in (0.022, 0.065, 0.108)]


def henley(p: Pattern, w: Work) -> None:
    polo_placket(p, w)


def chest_pocket(p: Pattern, w: Work) -> None:
    z = p.heights["chest"] + 0.055
    outline = np.array([[0.045, z - 0.105], [0.09, z - 0.125], [0.135, z - 0.105], [0.135, z], [0.045, z]])
    w.pieces.append((outline, 0.0022, False))


def flap_pockets(p: Pattern, w: Work) -> None:
    z = p.heights["chest"] + 0.05
    _pair(w, _box(0.045, z - 0.13, 0.145, z, 0.015))
    _pair(
        w,
        np.array([[0.042, z - 0.035], [0.095, z - 0.052], [0.148, z - 0.035], [0.148, z + 0.012], [0.042, z + 0.012]]),
        0.005,
    )
    w.buttons += [np.array([s * 0.095, z - 0.036]) for s in (-1, 1)]


def welt_pockets(p: Pattern, w: Work) -> None:
    """Slanted side pockets of a jacket."""
    z = p.heights["waist"] - 0.05
    _pair(w, np.array([[0.120, z - 0.10], [0.140, z - 0.105], [0.108, z + 0.035], [0.088, z + 0.04]]), 0.0025)


def jacket_pockets(p: Pattern, w: Work) -> None:
    """Flap pockets of a blazer at the hip and a breast welt."""
    z = p.heights["waist"] - 0.11
    _pair(w, _box(0.075, z - 0.05, 0.20, z, 0.010), 0.004, stitched=False)
    b = p.heights["chest"] + 0.02
    w.pieces.append((np.array([[0.075, b], [0.155, b + 0.012], [0.155, b + 0.032], [0.075, b + 0.02]]), 0.0025, False))


def kangaroo(p: Pattern, w: Work) -> None:
    z = _hem_bottom(p) + 0.065
    half = np.array([[0.0, z], [0.165, z], [0.165, z + 0.075], [0.105, z + 0.19], [0.0, z + 0.19]])
    w.pieces.append((np.concatenate([half, _mirror(half)[1:-1]]), 0.004, False))
    w.stitches += [half[2:4] - [0.008, 0.0], half[3:] - [0.0, 0.006]]


def drawstring(p: Pattern, w: Work) -> None:
    top = _neck_bottom(p)
    for side in (-1, 1):
        x = 0.028 * side
        w.pieces.append((_box(x - 0.003, top - 0.17, x + 0.003, top + 0.006), 0.006, True))


def waist_string(p: Pattern, w: Work) -> None:
    top = float(p.lines["waist"][0, 1]) - 0.02
    for side in (-1, 1):
        w.pieces.append((_box(side * 0.012 - 0.003, top - 0.15, side * 0.012 + 0.003, top), 0.005, True))


def zip_front(p: Pattern, w: Work) -> None:
    top, low = _neck_bottom(p), _hem_bottom(p)
    w.pieces.append((_box(-0.016, low + 0.002, 0.016, top + 0.004), 0.0015, False))
    w.metal.append(_box(-0.0045, low + 0.004, 0.0045, top + 0.004))
    w.metal.append(_box(-0.005, top - 0.035, 0.005, top - 0.008))
    w.stitches.append(np.array([[0.019, low + 0.006], [0.019, top - 0.002]]))


def biker(p: Pattern, w: Work) -> None:
    """Asymmetric zip, lapels, slanted zip pockets."""
    top, low = _neck_bottom(p), _hem_bottom(p)
    w.metal.append(np.array([[0.010, low + 0.01], [0.018, low + 0.01], [0.085, top + 0.045], [0.077, top + 0.045]]))
    z = p.heights["waist"] - 0.01
    for side in (-1, 1):
        w.metal.append(
            np.array(
                [[side * 0.095, z - 0.02], [side * 0.10, z - 0.026], [side * 0.165, z + 0.06], [side * 0.16, z + 0.066]]
            )[::side]
        )
    w.seams.append(np.array([[0.10, low + 0.02], [0.13, p.heights["chest"] - 0.06], [0.17, p.heights["chest"] + 0.05]]))
    w.stitches.append(p.lines["hem"] + [0, 0.035])


def lapels(p: Pattern, w: Work) -> None:
    """Notched lapels along a V neckline, the front edge and two buttons."""
    neck = p.lines["neck"]
    side, low = neck[0], neck[-1]
    depth = side[1] - low[1]
    at = lambda share: low + (side - low) * share  # noqa: E731
    lapel = np.array([
        np.add(low, [0.002, -0.01]), np.add(low, [0.05, 0.22 * depth]), [side[0] + 0.035, low[1] + 0.62 * depth],
        [side[0] - 0.005, low[1] + 0.66 * depth], at(0.72), at(0.36),
    ])  # fmt: skip
    collar = np.array([
        at(0.70), [side[0] + 0.000, low[1] + 0.68 * depth], [side[0] + 0.052, low[1] + 0.74 * depth],
        np.add(side, [0.048, -0.02]), np.add(side, [0.02, 0.0]), at(0.97),
    ])  # fmt: skip
    for outline, lift in ((lapel, 0.006), (collar, 0.0075)):
        w.pieces += [(outline, lift, False), (_mirror(outline), lift, False)]
    hem_z = _hem_bottom(p)
    w.seams.append(np.array([[0.012, hem_z], [0.012, low[1] - 0.005]]) * [1, 1])
    w.buttons += [np.array([0.0, low[1] - d]) for d in (0.02, 0.125)]


def darts(p: Pattern, w: Work) -> None:
    w.seams.append(
        np.array([[0.085, p.heights["waist"] - 0.11], [0.080, p.heights["waist"]], [0.095, p.heights["chest"] - 0.05]])
    )


def cardigan(p: Pattern, w: Work) -> None:
    top, low = _neck_bottom(p), _hem_bottom(p)
    w.pieces.append((_box(-0.018, low + 0.002, 0.018, top + 0.006), 0.004, False))
    w.buttons += [np.array([0.0, z]) for z in np.linspace(top - 0.015, low + 0.035, 5)]


def waist_seam(p: Pattern, w: Work) -> None:
    w.seams.append(p.lines["waist"])


def belt(p: Pattern, w: Work) -> None:
    half = p.lines["waist"][1, 0] + 0.002
    z = p.heights["waist"]
    w.pieces.append((_box(-half, z - 0.017, half, z + 0.017), 0.004, True))
    w.metal.append(_box(-0.022, z - 0.022, 0.022, z + 0.022))


def tiers(p: Pattern, w: Work) -> None:
    low, top = _hem_bottom(p), p.heights["hip"] + 0.02
    width = np.linspace(0, p.lines["hem"][-1, 0], 12)
    for share in (1 / 3, 2 / 3):
        w.seams.append(np.stack([width, np.full(12, low + share * (top - low))], axis=1))


def button_through(p: Pattern, w: Work) -> None:
    top = _neck_bottom(p) if "neck" in p.lines else float(p.lines["waist"][0, 1])
    low = _hem_bottom(p)
    w.pieces.append((_box(-0.016, low + 0.003, 0.016, top), 0.0025, False))
    w.buttons += [np.array([0.0, z]) for z in np.linspace(top - 0.02, low + 0.07, 9)]


# --- trousers and skirts ----------------------------------------------------------------------------------------------


def _waist_z(p: Pattern) -> float:
    return float(p.lines["waist"][0, 1])


def waistband(p: Pattern, w: Work) -> None:
    line = p.lines["waist"]
    w.seams.append(line - [0, 0.037])
    w.stitches += [line - [0, 0.032], line - [0, 0.004]]


def elastic_waist(p: Pattern, w: Work) -> None:
    line = p.lines["waist"]
    w.seams.append(line - [0, 0.042])
    w.stitches += [line - [0, 0.014], line - [0, 0.028]]


def fly(p: Pattern, w: Work) -> None:
    top = _waist_z(p)
    w.seams.append(np.array([[0.0, top], [0.0, p.heights["crotch"] + 0.0]]))
    curve = np.array([[0.032, top - 0.037], [0.032, top - 0.12], [0.024, top - 0.15], [0.002, top - 0.165]])
    w.stitches.append(curve)
    w.buttons.append(np.array([0.002, top - 0.018]))


def belt_loops(p: Pattern, w: Work) -> None:
    top = _waist_z(p)
    line = p.lines["waist"]
    for x in (0.075, 0.175):
        z = float(np.interp(x, line[:, 0], line[:, 1]))
        outline = _box(x - 0.006, z - 0.046, x + 0.006, z - 0.004)
        w.pieces += [(outline, 0.005, False), (_mirror(outline), 0.005, False)]
    w.stitches.append(np.array([[0.0, top - 0.034], [0.02, top - 0.034]]))


def jeans_pockets(p: Pattern, w: Work) -> None:
    side = p.lines["side"]
    top = _waist_z(p) - 0.037
    x_side = float(np.interp(-(top - 0.075), -side[:, 1], side[:, 0]))
    t = np.linspace(0, np.pi / 2, 14)
    x0 = x_side - 0.118
    curve = np.stack([x0 + (x_side - x0) * (1 - np.cos(t)), top - 0.085 * np.sin(t) ** 0.8], axis=1)
    w.seams.append(curve)
    w.stitches += [curve - [0.006, 0.005], curve - [0.012, 0.010]]
    coin = np.array([[x0 + 0.06, top - 0.085], [x0 + 0.06, top - 0.052], [x0 + 0.105, top - 0.066]])
    w.stitches.append(coin)
    w.metal += [_box(s * (x0 + 0.004) - 0.0035, top - 0.012, s * (x0 + 0.004) + 0.0035, top - 0.005) for s in (-1, 1)]
    w.stitches += [side[4:] - [0.006, 0.0]]


def slant_pockets(p: Pattern, w: Work) -> None:
    side = p.lines["side"]
    top = _waist_z(p) - 0.037
    x_low = float(np.interp(-(top - 0.15), -side[:, 1], side[:, 0]))
    line = np.array([[x_low - 0.075, top], [x_low - 0.008, top - 0.15]])
    w.seams.append(line)
    w.stitches.append(line - [0.006, 0.002])


def crease(p: Pattern, w: Work) -> None:
    """The pressed front crease, from below the pocket to the hem."""
    foot, top = p.lines["hem"].mean(0), np.array([0.125, _waist_z(p) - 0.14])
    w.seams.append(np.stack([foot, (foot + top) / 2 + [0.004, 0], top]))


def cargo(p: Pattern, w: Work) -> None:
    side = p.lines["side"]
    z = p.heights["knee"] + 0.17
    x = float(np.interp(-z, -side[:, 1], side[:, 0]))
    _pair(w, _box(x - 0.135, z - 0.09, x - 0.012, z + 0.09), 0.006)
    _pair(w, _box(x - 0.139, z + 0.055, x - 0.008, z + 0.105), 0.010)


def side_stripe(p: Pattern, w: Work) -> None:
    side = p.lines["side"]
    w.bands.append(np.concatenate([np.add(side, [0.01, 0]), (side - [0.022, 0])[::-1]]))


def trouser_hem(p: Pattern, w: Work) -> None:
    line = p.lines["hem"]
    w.stitches.append(np.add(line, [0, 0.022]))


def patch_pockets(p: Pattern, w: Work) -> None:
    z = _waist_z(p) - 0.075
    _pair(w, _box(0.075, z - 0.15, 0.195, z, 0.015), 0.003)


def skirt_seams(p: Pattern, w: Work) -> None:
    w.seams.append(np.array([[0.09, _waist_z(p) - 0.03], [0.10, _waist_z(p) - 0.13]]))


DETAILS: Mapping[str, Callable[[Pattern, Work], None]] = {
    "armholes": armholes, "raglan": raglan, "hem": hem, "blind-hem": blind_hem, "cuffs": cuffs,
    "shirt-cuffs": shirt_cuffs, "rib-bands": rib_bands, "tipping": tipping, "placket": placket,
    "polo-placket": polo_placket, "henley": henley, "chest-pocket": chest_pocket, "flap-pockets": flap_pockets,
    "welt-pockets": welt_pockets, "jacket-pockets": jacket_pockets, "kangaroo": kangaroo, "drawstring": drawstring,
    "waist-string": waist_string, "zip": zip_front, "biker": biker, "lapels": lapels, "darts": darts,
    "cardigan": cardigan, "waist-seam": waist_seam, "belt": belt, "tiers": tiers, "button-through": button_through,
    "waistband": waistband, "elastic-waist": elastic_waist, "fly": fly, "belt-loops": belt_loops,
    "jeans-pockets": jeans_pockets, "slant-pockets": slant_pockets, "crease": crease, "cargo": cargo,
    "side-stripe": side_stripe, "trouser-hem": trouser_hem, "patch-pockets": patch_pockets, "skirt-seams": skirt_seams,
}  # fmt: skip


def apply_details(pattern: Pattern, names: list[str]) -> Work:
    """Do the named details; raises KeyError with the known names for an unknown one."""
    work = Work()
    for name in names:
        if name not in DETAILS:
            raise KeyError(f"unknown detail {name!r}; known: {', '.join(DETAILS)}")
        DETAILS[name](pattern, work)
    return work
