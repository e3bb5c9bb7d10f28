"""How the people of the paired factory look: skin, hair, what else they wear, and which label each part has."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from pipelines.schema import PARSING_LABELS
from training.catalog_body import Body

Array = NDArray[np.float64]
Rng = np.random.Generator


@dataclass(frozen=True, eq=False)
class Look:
    """A body ready to render.

    Attributes:
        vertices: (V, 3), pressed in under the garment and out where something else is worn.
        colours: (V, 3) linear RGB. labels: (V,) index into PARSING_LABELS.
    """

    vertices: Array
    colours: Array
    labels: NDArray[np.uint8]


def label(name: str) -> int:
    return PARSING_LABELS.index(name)


def body_parts(body: Body, rng: Rng) -> NDArray[np.uint8]:
    """Label of every vertex of a bare body: face, hair, neck, arms, hands, legs, shoes."""
    v, joints = body.vertices, body.joints
    top, skull = v[:, 2].max(), joints["head"]
    # What is not limb or head is trunk, and bare trunk counts as neck.
    labels = np.full(len(v), label("neck"), np.uint8)
    for side in "LR":
        arm, fore = body.weights[f"upperarm01.{side}"], body.weights[f"lowerarm01.{side}"]
        elbow, wrist = joints[f"lowerarm01.{side}"], joints[f"wrist.{side}"]
        past = (v - wrist) @ (wrist - elbow) / np.linalg.norm(wrist - elbow)
        labels[arm > 0.5] = label("arms")
        labels[(fore > 0.5) & (past > 0)] = label("hands")
        labels[body.weights[f"upperleg01.{side}"] > 0.5] = label("legs")
    labels[v[:, 2] < joints["foot.L"][2] + 0.01] = label("shoes")
    labels[v[:, 2] > skull[2] - 0.01] = label("face")
    hairline = skull[2] + rng.uniform(0.5, 0.68) * (top - skull[2])
    behind = skull[1] + rng.uniform(-0.02, 0.03)
    down = skull[2] - rng.choice([0.0, 0.03, 0.1])
    hair = (v[:, 2] > hairline) | ((v[:, 1] > behind) & (v[:, 2] > down) & (body.arm_weight < 0.1))
    labels[hair & (np.abs(v[:, 0] - skull[0]) < 0.14)] = label("hair")
    return labels


def some_colour(rng: Rng) -> Array:
    """Linear RGB of cloth: dark and muted more often than bright."""
    grey = rng.uniform(0.01, 0.6) ** 1.3
    return np.asarray(np.clip(grey * np.exp(rng.normal(0, rng.choice([0.08, 0.5]), 3)), 0.005, 0.85))


def some_skin(rng: Rng) -> Array:
    """Linear RGB of skin, light to dark."""
    share = rng.beta(1.3, 1.6)
    light, dark = np.array([0.72, 0.48, 0.37]), np.array([0.10, 0.050, 0.030])
    return np.asarray(np.exp((1 - share) * np.log(light) + share * np.log(dark)) * np.exp(rng.normal(0, 0.05, 3)))


def other_clothes(body: Body, category: str, labels: NDArray[np.uint8], rng: Rng) -> NDArray[np.uint8]:
    """What the person wears beside the garment, as labels; painted on tightly."""
    labels, z = labels.copy(), body.vertices[:, 2]
    if category == "upper":
        waist = body.joints["upperleg01.L"][2] + rng.uniform(0.02, 0.14)
        ankle, knee = body.joints["foot.L"][2], body.joints["lowerleg01.L"][2]
        end = rng.choice([ankle + 0.03, knee + 0.12, knee - 0.15, z.min()], p=[0.6, 0.15, 0.15, 0.1])
        legwear = (z < waist) & (z > end) & np.isin(labels, [label("legs"), label("neck")])
        labels[legwear] = label("lower")
    if category == "lower":
        reach = rng.choice([0.0, 0.35, 1.0, 1.9])
        for side in "LR":
            arm = body.weights[f"upperarm01.{side}"] > 0.5
            labels[arm & (labels == label("arms")) & (_along_arm(body, side) < reach)] = label("upper")
        neck = body.joints["neck01"][2] - rng.uniform(0.0, 0.1)
        hips = body.joints["upperleg01.L"][2] - 0.1
        labels[(labels == label("neck")) & (z < neck) & (z > hips)] = label("upper")
    return labels


def _along_arm(body: Body, side: str) -> Array:
    """0 at the shoulder, 1 at the elbow, 2 at the wrist, of every vertex."""
    shoulder, elbow, wrist = (body.joints[f"{j}.{side}"] for j in ("upperarm01", "lowerarm01", "wrist"))

    def share(a: Array, b: Array) -> Array:
        return np.asarray((body.vertices - a) @ (b - a) / ((b - a) @ (b - a)))

    fore = body.weights[f"lowerarm01.{side}"] > 0.5
    return np.where(fore, 1 + np.clip(share(elbow, wrist), 0, 1), np.clip(share(shoulder, elbow), 0, 1))


def look_of(body: Body, garment: Array, category: str, rng: Rng) -> Look:
    """Dress the rest of a body; `garment` (V, 3) is the cloth that lies over it."""
    labels = other_clothes(body, category, body_parts(body, rng), rng)
    colours = np.tile(some_skin(rng), (len(labels), 1))
    hair = np.exp(rng.uniform(np.log(0.008), np.log(0.35))) * np.array([1.0, 0.75, 0.5]) ** rng.uniform(0, 1.5)
    for name, colour in (("hair", hair), ("shoes", some_colour(rng)), ("upper", some_colour(rng)),
                         ("lower", some_colour(rng))):  # fmt: skip
        colours[labels == label(name)] = colour
    thick = np.zeros(len(labels))
    thick[np.isin(labels, [label("upper"), label("lower")])] = rng.uniform(0.002, 0.008)
    thick[labels == label("hair")] = rng.uniform(0.008, 0.02)
    thick[labels == label("shoes")] = 0.006
    # Skin goes in where cloth covers it, so that nothing shows through.
    covered = np.clip((0.03 - cKDTree(garment).query(body.vertices)[0]) / 0.01, 0, 1)
    thick = thick * (1 - covered) - 0.006 * covered
    return Look(body.vertices + thick[:, None] * body.normals, colours, labels)
