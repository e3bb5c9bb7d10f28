"""Render pairs of a flat garment and the same garment worn: the paired factory.

    .cache/render/bin/python -m training.render_pairs --flats runs/flats --out runs/pairs --count 1000

In the environment of training.render_catalog. Real flat garments (training.prepare_flats) are sewn from two panels,
hung on posed anny bodies of every build, and photographed in grey by Cycles; a z-buffer says for every pixel which
pixel of the flat picture lies there. So any colouring of the flat picture can be laid on afterwards.

Each pair is seeded by its number and written in one move to OUT/{number}.npz; those that are there are kept, so several
processes (`--part 0/2`, `--part 1/2`) and interrupted runs add up. A number whose garment does not hang leaves no file.

A pair holds `photo` RGB uint8 (H, W, 3), the garment in grey; `light` uint8 (H, W), see `training.pair_light`; `map`
float16 (H, W, 2), pixel (x, y) of the flat picture, NaN off the garment; `side` uint8 (H, W), 0 = no garment, 1 = front
panel, 2 = back panel; `labels` uint8 (H, W), the garment's own category on it; `under` uint8 (H, W),
the labels without the garment; `flat`, its name.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines.schema import PARSING_LABELS
from training.catalog_body import load_body
from training.light import developed
from training.pair_drape import Draped, Flat, Undressable, put_on
from training.pair_light import to_bytes
from training.pair_look import Look, look_of
from training.pair_raster import Camera, rasterise

Array = NDArray[np.float64]
Rng = np.random.Generator

SIZE = (312, 416)
SAMPLES = 10
#: How often each category is rendered.
SHARES = {"upper": 0.62, "lower": 0.18, "dress": 0.20}
#: Reflectance of the grey garment.
GREY = 0.5


def some_body(rng: Rng) -> dict[str, float]:
    """A grown person's phenotype in anny's terms, coarse, so that bodies repeat and their cache pays.

    On the slim side, as those are whom shops photograph: measured against photos, garments else come out a third larger
    beside the shoulders than people wear them.
    """
    grid = lambda low, high: float(np.round(rng.uniform(low, high), 1))  # noqa: E731
    return dict(
        gender=float(rng.integers(2)), age=grid(0.5, 0.8), muscle=grid(0.3, 0.6), weight=grid(0.0, 0.5),
        height=grid(0.35, 0.75), proportions=grid(0.5, 0.9),
    )  # fmt: skip


def camera_for(draped: Draped, category: str, rng: Rng) -> Camera:
    """Framed as people are photographed: the head, and the whole of what is worn."""
    body = draped.body
    tall, low = body.vertices[:, 2].max(), draped.worn[:, 2].min()
    bottom = {"upper": low - rng.uniform(0.02, 0.5), "lower": -0.03, "dress": min(low - 0.2, rng.uniform(-0.03, 0.3))}
    top = tall + rng.uniform(-0.08, 0.15)
    bottom_z, turn, distance = bottom[category], np.radians(rng.normal(0, 11)), rng.uniform(2.6, 5.5)
    wide = 1.08 * np.ptp(draped.worn[:, 0]) * SIZE[1] / SIZE[0]
    height = max(top - bottom_z, wide)
    centre = np.array([draped.worn[:, 0].mean() + rng.normal(0, 0.03), 0.0, 0.5 * (top + bottom_z)])
    at = centre + distance * np.array([np.sin(turn), -np.cos(turn), 0.0]) + [0, 0, rng.normal(0, 0.15)]
    return Camera(at, centre, 36.0 * distance / height, SIZE)


def photograph(draped: Draped, look: Look, camera: Camera, rng: Rng) -> Array:
    """Linear RGB (H, W, 3), the garment in grey."""
    from training import catalog_scene as studio

    scene = studio.new_scene(SIZE, SAMPLES, int(rng.integers(2**31)))
    scene.cycles.max_bounces, scene.cycles.diffuse_bounces = 3, 2
    skin = studio.add_mesh(scene, "skin", look.vertices, draped.body.faces)
    skin.data.materials.append(_painted(skin, look.colours))
    cloth = studio.add_mesh(scene, "cloth", draped.worn, draped.cloth.faces)
    cloth.data.materials.append(studio.grey_material(GREY, rng.uniform(0.6, 1.0), rng.uniform(0, 0.4)))
    ground = rng.uniform(0.1, 0.85)
    wall, back = studio.grey_material(ground), rng.uniform(0.3, 2.5)
    for name, corners in (("wall", [[-9, back, -1], [9, back, -1], [9, back, 9], [-9, back, 9]]),
                          ("floor", [[-9, -9, 0], [9, -9, 0], [9, back, 0], [-9, back, 0]])):  # fmt: skip
        studio.add_mesh(scene, name, np.array(corners, float), np.array([[0, 1, 2], [0, 2, 3]])).data.materials.append(
            wall
        )
    studio.set_world(scene, rng.uniform(0.35, 1.0))
    side = rng.choice([-1.0, 1.0])
    at = np.array([side * rng.uniform(0.3, 3.0), -rng.uniform(1.5, 3.5), rng.uniform(0.5, 3.0)])
    studio.add_light(
        scene, camera.target + at, camera.target, rng.uniform(40, 220), rng.uniform(0.5, 2.5), rng.uniform(-0.5, 0.8)
    )
    studio.add_camera(scene, camera.at, camera.target, camera.millimetres)
    return np.asarray(studio.render(scene)[..., :3], float)


def _painted(thing: Any, colours: Array) -> Any:
    """A skin-like material that takes a colour per vertex."""
    from training import catalog_scene as studio

    layer = thing.data.color_attributes.new("colour", "FLOAT_COLOR", "POINT")
    layer.data.foreach_set("color", np.concatenate([colours, np.ones((len(colours), 1))], 1).astype(np.float32).ravel())
    material = studio.grey_material(0.5, 0.55, 0.3)
    nodes = material.node_tree.nodes
    colour = nodes.new("ShaderNodeVertexColor")
    colour.layer_name = "colour"
    shader = next(n for n in nodes if n.type == "BSDF_PRINCIPLED")
    material.node_tree.links.new(colour.outputs["Color"], shader.inputs["Base Color"])
    return material


def maps(draped: Draped, look: Look, camera: Camera, category: str) -> dict[str, NDArray[np.generic]]:
    """The exact maps of a view: `map`, `side`, `labels`, `under`."""
    body_faces, cloth = draped.body.faces, draped.cloth
    points = camera.project(np.concatenate([look.vertices, draped.worn]))
    count = len(look.vertices)
    bare, share = rasterise(points[:count], body_faces, SIZE)
    under = _labels(bare, share, body_faces, look.labels)
    face, share = rasterise(points, np.concatenate([body_faces, cloth.faces + count]), SIZE)
    own = face - len(body_faces)
    on = own >= 0
    where = np.full((SIZE[1], SIZE[0], 2), np.nan, np.float16)
    where[on] = (cloth.pattern[cloth.faces[own[on]]] * share[on][..., None]).sum(1)
    labels = _labels(np.where(on, -1, face), share, body_faces, look.labels)
    labels[on] = PARSING_LABELS.index(category)
    side = np.zeros(on.shape, np.uint8)
    side[on] = 1 + cloth.panel[own[on]]
    return {"map": where, "side": side, "labels": labels, "under": under}


def _labels(
    face: NDArray[np.int64], share: Array, faces: NDArray[np.int64], labels: NDArray[np.uint8]
) -> NDArray[np.uint8]:
    """The label of the nearest corner of the triangle that a pixel sees."""
    out = np.zeros(face.shape, np.uint8)
    on = face >= 0
    out[on] = labels[faces[face[on], share[on].argmax(-1)]]
    return out


def by_category(folder: Path, held_out: bool, categories: list[str]) -> dict[str, list[Path]]:
    """The flat garments of each of these categories, held out or not."""
    found: dict[str, list[Path]] = {name: [] for name in SHARES}
    for file in sorted(folder.glob("*.npz")):
        with np.load(file) as flat:
            if bool(flat["held_out"]) == held_out:
                found[str(flat["category"])].append(file)
    return {name: found[name] for name in categories}


def make_pair(number: int, flats: dict[str, list[Path]], work: Path) -> dict[str, NDArray[np.generic]]:
    """One pair; raises Undressable."""
    rng = np.random.default_rng([7, number])
    shares = np.array([SHARES[name] for name in flats])
    listed = flats[str(rng.choice(list(flats), p=shares / shares.sum()))]
    file = listed[int(rng.integers(len(listed)))]
    flat: Flat = dict(np.load(file))
    category = str(flat["category"])
    draped = put_on(flat, load_body(some_body(rng), work), rng)
    look = look_of(draped.body, draped.worn, category, rng)
    camera = camera_for(draped, category, rng)
    found = maps(draped, look, camera, category)
    if (found["side"] == 1).mean() < 0.04:
        raise Undressable("hardly seen")
    linear = photograph(draped, look, camera, rng)
    # Exposed for the garment: white cloth in the brighter light is just white.
    on = found["side"] > 0
    linear = linear * rng.uniform(0.75, 1.0) / (np.quantile(linear[on].mean(-1), 0.9) / GREY)
    light = np.where(on, linear.mean(-1) / GREY, 0)
    return found | {
        "photo": developed(linear), "flat": np.array(file.stem),
        "light": to_bytes(light),
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--flats", type=Path, required=True, help="folder of training.prepare_flats")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--count", type=int, default=1000, help="numbers to try")
    parser.add_argument("--held-out", action="store_true", help="garments that no training sees, to measure with")
    parser.add_argument("--category", action="append", choices=list(SHARES), help="these alone; default: all")
    parser.add_argument("--part", default="0/1", help="which numbers: i/n = those with number mod n = i")
    parser.add_argument("--work", type=Path, default=Path(".cache/factory"), help="bodies are kept here")
    args = parser.parse_args()
    flats = by_category(args.flats, args.held_out, args.category or list(SHARES))
    args.out.mkdir(parents=True, exist_ok=True)
    part, parts = (int(v) for v in args.part.split("/"))
    for number in range(part, args.count, parts):
        file = args.out / f"{number:05d}.npz"
        if file.exists():
            continue
        started = time.monotonic()
        try:
            pair = make_pair(number, flats, args.work)
        except Undressable as error:
            print(f"{number}: {error}", file=sys.stderr, flush=True)
            continue
        temporary = file.with_suffix(".part.npz")
        np.savez_compressed(temporary, **pair)
        os.replace(temporary, file)
        print(f"{number}: {time.monotonic() - started:.1f} s", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
