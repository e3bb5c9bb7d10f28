"""Bodies that garments are cut for and draped over: parametric anny bodies, posed, measured, as colliders.

Metres, right-handed, z up, the body looks along -y, its left side is +x, z = 0 at the ground.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import ConvexHull, cKDTree

Array = NDArray[np.float64]

#: Bones whose skinning weights, with everything below them, move as one when a limb is posed.
LIMBS = ("upperarm01", "lowerarm01", "upperleg01")
JOINTS = ("upperarm01", "lowerarm01", "wrist", "upperleg01", "lowerleg01", "foot")
SPINE_JOINTS = ("neck01", "head", "spine05")


@dataclass(frozen=True, eq=False)
class Body:
    """A posed body.

    Attributes:
        vertices: (V, 3) metres.
        faces: (F, 3) indices.
        normals: (V, 3) unit, outward.
        joints: name → (3,), with ".L" and ".R" names for limbs.
        weights: limb name with side → (V,) share of each vertex that moves with that limb.
    """

    vertices: Array
    faces: NDArray[np.int64]
    normals: Array
    joints: Mapping[str, Array]
    weights: Mapping[str, Array]

    @property
    def arm_weight(self) -> Array:
        return self.weights["upperarm01.L"] + self.weights["upperarm01.R"]


def load_body(phenotype: Mapping[str, float], cache: Path) -> Body:
    """The body of a phenotype (anny's names: gender, age, muscle, weight, height, proportions, each 0 to 1).

    Making one takes anny about half a minute, so it is kept under `cache`, named by the phenotype.
    """
    key = hashlib.sha256(json.dumps(dict(phenotype), sort_keys=True).encode()).hexdigest()[:12]
    path = cache / f"body-{key}.npz"
    if not path.exists():
        cache.mkdir(parents=True, exist_ok=True)
        np.savez_compressed(path, **_make_body(phenotype))
    data = np.load(path)
    names = [f"{bone}.{side}" for bone in JOINTS for side in "LR"] + list(SPINE_JOINTS)
    faces = data["faces"]
    return Body(
        vertices=data["vertices"],
        faces=faces,
        normals=vertex_normals(data["vertices"], faces),
        joints={name: data[f"joint {name}"] for name in names},
        weights={f"{bone}.{side}": data[f"weight {bone}.{side}"] for bone in LIMBS for side in "LR"},
    )


def _make_body(phenotype: Mapping[str, float]) -> dict[str, Array]:
    import anny
    import torch

    model = anny.Anny(rig="makehuman", phenotype_blendshapes="original")
    with torch.no_grad():
        output = model(phenotype_kwargs=dict(phenotype), return_bone_ends=True)
    vertices = output["vertices"][0].double().numpy()
    ground = np.array([0.0, 0.0, vertices[:, 2].min()])
    quads = model.faces.numpy()
    arrays = {
        "vertices": vertices - ground,
        "faces": np.concatenate([quads[:, [0, 1, 2]], quads[:, [0, 2, 3]]]) if quads.shape[1] == 4 else quads,
    }
    heads = output["bone_heads"][0].double().numpy() - ground
    for name in [f"{bone}.{side}" for bone in JOINTS for side in "LR"] + list(SPINE_JOINTS):
        arrays[f"joint {name}"] = heads[model.bone_labels.index(name)]
    for bone in LIMBS:
        for side in "LR":
            arrays[f"weight {bone}.{side}"] = _limb_weight(model, f"{bone}.{side}")
    return arrays


def _limb_weight(model, root: str) -> Array:  # type: ignore[no-untyped-def]
    """Share of every vertex that moves with bone `root` or a bone below it, (V,)."""
    below = np.zeros(len(model.bone_labels), dtype=bool)
    below[model.bone_labels.index(root)] = True
    for bone, parent in enumerate(model.bone_parents):
        below[bone] |= parent >= 0 and below[int(parent)]
    weights = model.vertex_bone_weights.double().numpy()
    weight: Array = (weights * below[model.vertex_bone_indices.numpy()]).sum(1)
    return weight


def pose(body: Body, arm_degrees: float, leg_degrees: float, elbow_straight: float = 0.8) -> Body:
    """Hang the arms `arm_degrees` and the legs `leg_degrees` away from the vertical, seen from the front.

    `elbow_straight` is the share of the elbow's bend to take out (1 = a straight arm).
    """
    for side, sign in (("L", 1.0), ("R", -1.0)):
        elbow, wrist = body.joints[f"lowerarm01.{side}"], body.joints[f"wrist.{side}"]
        upper = elbow - body.joints[f"upperarm01.{side}"]
        straight = rotation_between(wrist - elbow, upper, elbow_straight)
        body = rotate_limb(body, f"lowerarm01.{side}", straight, side)
        arm = body.joints[f"wrist.{side}"] - body.joints[f"upperarm01.{side}"]
        now = np.degrees(np.arctan2(sign * arm[0], -arm[2]))
        body = rotate_limb(body, f"upperarm01.{side}", about_y(-sign * (arm_degrees - now)), side)
    body = pose_legs(body, leg_degrees, leg_degrees)
    return replace(body, normals=vertex_normals(body.vertices, body.faces))


def pose_legs(body: Body, left: float, right: float) -> Body:
    """Spread the legs by degrees from the vertical."""
    for side, sign, angle in (("L", 1.0, left), ("R", -1.0, right)):
        leg = body.joints[f"foot.{side}"] - body.joints[f"upperleg01.{side}"]
        now = np.degrees(np.arctan2(sign * leg[0], -leg[2]))
        body = rotate_limb(body, f"upperleg01.{side}", about_y(-sign * (angle - now)), side)
    return body


def about_y(degrees: float) -> Array:
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return np.array([[c, 0.0, s], [0.0, 1.0, 0.0], [-s, 0.0, c]])


def rotation_between(a: Array, b: Array, share: float) -> Array:
    """The rotation that takes direction `a` the given share of the way to direction `b` (Rodrigues)."""
    a, b = a / np.linalg.norm(a), b / np.linalg.norm(b)
    axis = np.cross(a, b)
    angle = np.arctan2(np.linalg.norm(axis), a @ b) * share
    axis = axis / max(float(np.linalg.norm(axis)), 1e-9)
    k = np.array([[0, -axis[2], axis[1]], [axis[2], 0, -axis[0]], [-axis[1], axis[0], 0]])
    rotation: Array = np.eye(3) + np.sin(angle) * k + (1 - np.cos(angle)) * k @ k
    return rotation


def rotate_limb(body: Body, limb: str, rotation: Array, side: str) -> Body:
    pivot, weight = body.joints[limb], body.weights[limb][:, None]
    vertices = body.vertices + weight * ((body.vertices - pivot) @ rotation.T + pivot - body.vertices)
    order = JOINTS[JOINTS.index(limb[:-2]) :]
    moved = {f"{bone}.{side}" for bone in order if ("leg" in bone or "foot" in bone) == ("leg" in limb)}
    joints = {k: (p - pivot) @ rotation.T + pivot if k in moved else p for k, p in body.joints.items()}
    return replace(body, vertices=vertices, joints=joints)


def vertex_normals(vertices: Array, faces: NDArray[np.int64]) -> Array:
    """Area-weighted unit normals, (V, 3)."""
    a, b, c = (vertices[faces[:, i]] for i in range(3))
    normal = np.cross(b - a, c - a)
    out = np.zeros_like(vertices)
    for i in range(3):
        np.add.at(out, faces[:, i], normal)
    return out / np.maximum(np.linalg.norm(out, axis=1, keepdims=True), 1e-12)


def girth(body: Body, z: float, part: str = "torso") -> float:
    """Tape-measure length around the torso, one leg or one arm (`z` = share of the way shoulder → wrist)."""
    v = body.vertices
    if part == "arm":
        start, end = body.joints["upperarm01.L"], body.joints["wrist.L"]
        axis = (end - start) / np.linalg.norm(end - start)
        along = (v - start) @ axis / np.linalg.norm(end - start)
        ring = v[(np.abs(along - z) < 0.04) & (body.weights["upperarm01.L"] > 0.5)]
        side = np.cross(axis, [0.0, 1.0, 0.0])
        points = np.stack([ring @ side, ring @ np.cross(axis, side)], axis=1)
    else:
        near = (np.abs(v[:, 2] - z) < 0.012) & (body.arm_weight < 0.3)
        if part == "leg":
            near &= v[:, 0] > 0
        points = v[near][:, :2]
    return float(ConvexHull(points).area)


@dataclass(frozen=True, eq=False)
class Collider:
    """Signed distance to a body on a regular grid, negative inside; metres.

    Attributes:
        distance: (X, Y, Z) float32.
        origin: (3,) position of the first node.
        cell: side of a grid cell.
    """

    distance: NDArray[np.float32]
    origin: Array
    cell: float


def make_collider(body: Body, cell: float = 0.015, margin: float = 0.08) -> Collider:
    """Sample the signed distance around `body`; beyond `margin` of its box nothing collides."""
    low, high = body.vertices.min(0) - margin, body.vertices.max(0) + margin
    shape = np.ceil((high - low) / cell).astype(int) + 1
    axes = [low[i] + cell * np.arange(shape[i]) for i in range(3)]
    grid = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 3)
    corners = body.vertices[body.faces]
    points = np.concatenate([body.vertices, corners.mean(1)])
    face_normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    face_normal /= np.maximum(np.linalg.norm(face_normal, axis=1, keepdims=True), 1e-12)
    normals = np.concatenate([body.normals, face_normal])
    # Several neighbours vote on the sign: one alone is unsure at sharp creases (armpit, crotch, ears).
    distance, nearest = cKDTree(points).query(grid, k=4)
    side = np.einsum("nkd,nkd->nk", grid[:, None] - points[nearest], normals[nearest]).sum(1)
    signed = np.where(side < 0, -distance[:, 0], distance[:, 0]).astype(np.float32)
    return Collider(signed.reshape(tuple(shape)), low, cell)


def skirt_form(body: Body, collider: Collider) -> Collider:
    """The collider with the space between the legs filled, as a dress form has it: skirts hang, they do not cling."""
    top = body.joints["upperleg01.L"][2]
    nx, ny, nz = collider.distance.shape
    x = collider.origin[0] + collider.cell * np.arange(nx)
    y = collider.origin[1] + collider.cell * np.arange(ny)
    flat = np.stack(np.meshgrid(x, y, indexing="ij"), axis=-1).reshape(-1, 2)
    distance = collider.distance.copy()
    torso = body.vertices[body.arm_weight < 0.3]
    for k in range(nz):
        z = collider.origin[2] + collider.cell * k
        ring = torso[np.abs(torso[:, 2] - z) < 0.02][:, :2]
        if 0.1 < z < top and len(ring) > 8:
            hull = ConvexHull(ring)
            # Outward half-planes: exact inside, an under-estimate near corners outside, which only adds clearance.
            signed = (flat @ hull.equations[:, :2].T + hull.equations[:, 2]).max(1).astype(np.float32)
            distance[:, :, k] = np.minimum(distance[:, :, k], signed.reshape(nx, ny))
    return Collider(distance, collider.origin, collider.cell)
