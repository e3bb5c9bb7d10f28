"""A flat garment put on a body: panels scaled to the wearer, sewn, hung with the limbs as the garment lies, and posed.

The wearer stands with arms and legs in the direction of the garment's own sleeves and legs while the panels are placed
round them; the cloth is then carried into the pose and settles there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from pipelines.geometry.garment import POINT_NAMES
from training.catalog_body import (
    Body,
    girth,
    make_collider,
    pose_legs,
    rotate_limb,
    rotation_between,
    skirt_form,
    vertex_normals,
)
from training.catalog_cloth import Cloth, Edge, Fabric, drape, follow, place_around, resample, sew, smooth, unique_edges

Array = NDArray[np.float64]
Rng = np.random.Generator
#: A flat garment as training.prepare_flats writes it.
Flat = Mapping[str, NDArray[np.generic]]

SPACING = 0.014
#: A drape with more threads than this share stretched by more than half went wrong.
TORN = 0.02
#: Metres: how far below the shoulders a collar, how far apart in height its ends, and how far from its limb a cuff may
#: come to rest.
SLID, ASKEW, ASTRAY = 0.22, 0.05, 0.09


class Undressable(Exception):
    """This garment does not hang on this body."""


@dataclass(frozen=True)
class ArmPose:
    """One arm, degrees: away from the trunk, forward, bend of the elbow, and to where the forearm then points (0 =
    forward, 90 = towards the middle of the body)."""

    out: float
    forward: float
    elbow: float
    inward: float


@dataclass(frozen=True, eq=False)
class Draped:
    """A garment on its wearer.

    Attributes:
        body: in its pose. cloth: pattern in pixels of the flat picture. worn: (V, 3) metres.
    """

    body: Body
    cloth: Cloth
    worn: Array


# --- limbs ------------------------------------------------------------------------------------------------------------


def aim(body: Body, limb: str, joint: str, side: str, direction: Array) -> Body:
    """Turn a limb about its root so that `joint` lies in `direction` from it."""
    now = body.joints[f"{joint}.{side}"] - body.joints[f"{limb}.{side}"]
    return rotate_limb(body, f"{limb}.{side}", rotation_between(now, direction, 1.0), side)


def pose_arm(body: Body, side: str, pose: ArmPose) -> Body:
    """Hang one arm as told."""
    sign = 1.0 if side == "L" else -1.0
    out, forward, elbow, inward = np.radians([pose.out, pose.forward, pose.elbow, pose.inward])
    upper = np.array([sign * np.sin(out), -np.sin(forward) * np.cos(out), -np.cos(forward) * np.cos(out)])
    body = aim(body, "upperarm01", "lowerarm01", side, upper)
    # The forearm bends away from the upper arm's direction, to the front or across the body.
    bend = np.array([-sign * np.sin(inward), -np.cos(inward), 0.0])
    bend -= (bend @ upper) * upper
    bend /= max(float(np.linalg.norm(bend)), 1e-6)
    return aim(body, "lowerarm01", "wrist", side, np.cos(elbow) * upper + np.sin(elbow) * bend)


def finished(body: Body) -> Body:
    """With its normals up to date."""
    return replace(body, normals=vertex_normals(body.vertices, body.faces))


def some_pose(rng: Rng, body: Body) -> Body:
    """A pose that people take before a camera."""
    stance = rng.random()
    for side in "LR":
        if stance < 0.45 or (stance < 0.75 and side == "L"):  # arms hang
            pose = ArmPose(rng.uniform(6, 28), rng.normal(0, 8), rng.uniform(3, 30), rng.uniform(0, 50))
        elif rng.random() < 0.5:  # hand on the hip
            pose = ArmPose(rng.uniform(28, 50), rng.normal(-8, 8), rng.uniform(60, 95), rng.uniform(70, 90))
        elif rng.random() < 0.6:  # forearm forward or across
            pose = ArmPose(rng.uniform(8, 25), rng.normal(5, 8), rng.uniform(50, 100), rng.uniform(0, 45))
        else:  # spread
            pose = ArmPose(rng.uniform(30, 75), rng.normal(0, 10), rng.uniform(0, 40), rng.uniform(0, 90))
        body = pose_arm(body, side, pose)
    return finished(pose_legs(body, rng.uniform(1, 9), rng.uniform(1, 9)))


# --- from the picture to the body's frame -----------------------------------------------------------------------------


def point(flat: Flat, name: str) -> Array:
    """A landmark in pixels."""
    height, width = flat["mask"].shape
    return np.asarray(flat["points"][POINT_NAMES.index(name)], float) * (width, height)


def lies_flat(flat: Flat, body: Body) -> Body:
    """The body with arms, or legs, in the direction of the garment's own."""
    height, width = flat["mask"].shape
    if str(flat["category"]) != "lower":
        body = pose_legs(body, 3, 3)
        for side, line in (("R", flat["sleeve_lines"][0]), ("L", flat["sleeve_lines"][1])):
            start, middle, end = np.asarray(line, float) * (width, height)
            if np.isnan(start).any():
                body = pose_arm(body, side, ArmPose(50, 0, 5, 0))
                continue
            upper, lower = middle - start, end - middle
            body = aim(body, "upperarm01", "lowerarm01", side, np.array([upper[0], 0.0, -upper[1]]))
            body = aim(body, "lowerarm01", "wrist", side, np.array([lower[0], 0.0, -lower[1]]))
        return finished(body)
    for side in "LR":
        body = pose_arm(body, side, ArmPose(55, 0, 5, 0))
    angles = []
    for side in ("right", "left"):
        if str(flat["kind"]) == "skirt":
            angles.append(2.0)
            continue
        hem = 0.5 * (point(flat, f"hem_{side}_outer") + point(flat, f"hem_{side}_inner"))
        hip = 0.5 * (point(flat, f"waist_{side}") + point(flat, "crotch"))
        angles.append(float(np.degrees(np.arctan2(abs(hem[0] - hip[0]), max(hem[1] - hip[1], 1)))))
    return finished(pose_legs(body, *np.clip(angles, 2, 25)))


def fit(flat: Flat, body: Body, rng: Rng) -> tuple[float, Array]:
    """(metres per pixel, pixel that lies at the body's x = 0, z = 0) of a garment in a believable size."""
    if str(flat["category"]) == "lower":
        left, right = point(flat, "waist_left"), point(flat, "waist_right")
        waist = body.joints["upperleg01.L"][2] + rng.uniform(0.04, 0.16)
        scale = girth(body, waist) / 2 * rng.uniform(0.95, 1.12) / np.linalg.norm(left - right)
        middle = 0.5 * (left + right)
        return scale, np.array([middle[0], middle[1] + waist / scale])
    left, right = point(flat, "armpit_left"), point(flat, "armpit_right")
    ease = rng.uniform(0.8, 0.98) if str(flat["sleeve"]) == "none" else rng.uniform(0.84, 1.08)
    shoulder = 0.5 * (body.joints["upperarm01.L"] + body.joints["upperarm01.R"])[2]
    scale = girth(body, shoulder - 0.14) / 2 * ease / np.linalg.norm(left - right)
    top = 0.5 * (point(flat, "shoulder_left") + point(flat, "shoulder_right"))
    collar = 0.5 * (point(flat, "collar_left") + point(flat, "collar_right"))
    # The collar's ends rest on the slope beside the neck, above the joints.
    neck = shoulder + 0.075
    return scale, np.array([0.5 * (top[0] + collar[0]), collar[1] + neck / scale])


def cut(flat: Flat, scale: float, origin: Array) -> Cloth:
    """The panels in metres, sewn."""
    names, sewn = [str(n) for n in flat["edge"]], flat["sewn"]
    panels = []
    for panel in ("front", "back"):
        edges = []
        for i, name in enumerate(names):
            line = (np.asarray(flat[f"{panel} {i}"], float) - origin) * (scale, -scale)
            edges.append(Edge(name, smooth_line(line), bool(sewn[i])))
        panels.append(edges)
    return sew(panels[0], panels[1], SPACING)


def smooth_line(line: Array) -> Array:
    """A pixel staircase as a line, its ends kept."""
    line = resample(line, SPACING / 3)
    for _ in range(6):
        line[1:-1] = 0.5 * line[1:-1] + 0.25 * (line[:-2] + line[2:])
    return line


# --- the drape --------------------------------------------------------------------------------------------------------


def put_on(flat: Flat, body: Body, rng: Rng) -> Draped:
    """Dress a body and bring it into a pose.

    Raises:
        Undressable: the cloth tore, or was never round the body.
    """
    spread = lies_flat(flat, body)
    scale, origin = fit(flat, spread, rng)
    cloth = cut(flat, scale, origin)
    standing = some_pose(rng, body)
    collider = make_collider(standing, cell=0.02)
    if str(flat["kind"]) in ("skirt", "dress"):
        collider = skirt_form(standing, collider)
    fabric = Fabric(bend=float(np.exp(rng.uniform(np.log(0.004), np.log(0.08)))), friction=0.85, steps=110)
    start = follow(place_around(cloth, spread), spread, standing)
    pinned = [v for name, v in cloth.openings.items() if name.startswith("waist")]
    worn = drape(cloth, start, collider, fabric, _gathered(cloth, flat), np.concatenate(pinned) if pinned else None,
                 int(rng.integers(2**31)))  # fmt: skip
    worn = smooth(worn, cloth.faces, 1)
    pairs = unique_edges(cloth.faces)
    flat_length = np.linalg.norm(cloth.pattern[pairs[:, 0]] - cloth.pattern[pairs[:, 1]], axis=1)
    stretch = np.linalg.norm(worn[pairs[:, 0]] - worn[pairs[:, 1]], axis=1) / flat_length
    if not np.isfinite(worn).all() or (stretch > 1.5).mean() > TORN:
        raise Undressable(f"{100 * (stretch > 1.5).mean():.1f} % of the threads stretched")
    check_worn(cloth, worn, standing)
    pixels = cloth.pattern / (scale, -scale) + origin
    return Draped(standing, replace(cloth, pattern=pixels), worn)


def check_worn(cloth: Cloth, worn: Array, body: Body) -> None:
    """Raise Undressable where it slid off: a collar below the chest, a cuff or leg away from its limb."""
    for name, ring in cloth.openings.items():
        middle, ends = worn[ring].mean(0), worn[ring[[0, -1]]]
        if name.startswith("neck"):
            if middle[2] < body.joints["upperarm01.L"][2] - SLID:
                raise Undressable("it slid down")
            if abs(ends[0, 2] - ends[1, 2]) > ASKEW:
                raise Undressable("it slid off a shoulder")
        limb = {"cuff": "upperarm01", "hem": "upperleg01"}.get(name.split()[0])
        # The hem of a top or skirt is one ring, and goes round no limb.
        if limb is None or (limb == "upperleg01" and "hem 2 front" not in cloth.openings):
            continue
        side = "L" if middle[0] > 0 else "R"
        reach = body.vertices[body.weights[f"{limb}.{side}"] > 0.5]
        if cKDTree(reach).query(worn[ring])[0].mean() > ASTRAY:
            raise Undressable(f"the {name} is off its limb")


def _gathered(cloth: Cloth, flat: Flat) -> Array:
    """Waistbands hold."""
    scale = np.ones(len(cloth.pattern))
    if str(flat["category"]) == "lower":
        for name, ring in cloth.openings.items():
            if name.startswith("waist"):
                scale[ring] = 0.93
    return scale
