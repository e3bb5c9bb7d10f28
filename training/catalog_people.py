"""Demo people: mannequins of different build, dressed in the catalog's shapes, in a plain studio."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from training.catalog_body import Body, Collider
from training.catalog_garment import Garment, Wearer, colouring, make_garment, make_wearer, recipe_hash, seed_of
from training.catalog_trims import BACK, FRONT, METAL, TRIM
from training.light import from_hex

if TYPE_CHECKING:
    from training.render_catalog import Options

Array = NDArray[np.float64]

#: Brightness of the backdrop in the picture, as a share of its own colour's.
EXPOSURE = 0.84


def render_people(recipes: Mapping[str, Any], options: Options) -> None:
    """Render every person whose picture is missing or out of date, and write people.jsonl."""
    from training.render_catalog import VERSION, save_picture, stored_hash, write_people

    for person in recipes["person"]:
        shapes = [recipes["shape"][piece["shape"]] for piece in person["wears"]]
        look = {key: value for key, value in person.items() if key not in ("title", "note")}
        recipe = recipe_hash(VERSION, look, shapes, options.size, options.samples)
        path = options.out / f"{person['id']}.jpg"
        if (options.only and person["id"] not in options.only) or stored_hash(path) == recipe:
            continue
        started = time.process_time()
        picture = _photograph(person, recipes["shape"], options)
        save_picture(picture, path, recipe, options.quality)
        print(f"{person['id']}: {time.process_time() - started:.0f} s (CPU)", file=sys.stderr, flush=True)
    write_people(recipes, options.out)


def _photograph(person: Mapping[str, Any], shapes: Mapping[str, Any], options: Options) -> Array:
    wearer = make_wearer(person["body"], person.get("arms", 20.0), person.get("legs", 4.0), options.work)
    worn = dress(wearer, person["wears"], shapes, seed_of(person["id"]))
    from training import catalog_scene as studio

    scene = studio.new_scene(options.size, options.samples, seed_of(person["id"]) % 2**31)
    scene.cycles.max_bounces, scene.cycles.diffuse_bounces = 3, 2
    body = _tuck_in(wearer.standing, [garment for garment, _ in worn])
    skin = studio.add_mesh(scene, "skin", body, wearer.standing.faces)
    studio.add_smoothing(skin)
    skin.data.materials.append(studio.grey_material(from_hex(person["skin"]), roughness=0.55, specular=0.3))
    for garment, piece in worn:
        _add_garment(scene, garment, piece, shapes[piece["shape"]])
    _studio(scene, person, wearer.standing, options.size)
    picture = studio.render(scene)[..., :3]
    # Exposed for the backdrop's upper corners, like the catalog for its wall, but so that white cloth keeps its folds:
    # it is nearer to the lamps than the backdrop is.
    corner = float(np.median(np.concatenate([picture[:24, :24].ravel(), picture[:24, -24:].ravel()])))
    result: Array = picture * (EXPOSURE * float(from_hex(person["ground"]).mean()) / corner)
    return result


def dress(
    wearer: Wearer, pieces: list[Mapping[str, Any]], shapes: Mapping[str, Any], seed: int
) -> list[tuple[Garment, Mapping[str, Any]]]:
    """Put the pieces on from the innermost to the outermost; each hangs over the body and what is already worn."""
    worn: list[tuple[Garment, Mapping[str, Any]]] = []
    for number, piece in enumerate(pieces):
        shape = shapes[piece["shape"]]
        base = wearer.form if shape.get("form") else wearer.collider
        over = _over(base, [garment for garment, _ in worn])
        worn.append((make_garment(shape, wearer, seed + number, over), piece))
    return worn


def _over(base: Collider, garments: list[Garment], clearance: float = 0.009) -> Collider:
    """The collider with garments already worn added to it."""
    distance = base.distance.copy()
    for garment in garments:
        centres = garment.worn[garment.cloth.faces].mean(1)
        points = np.concatenate([garment.worn, centres])
        axes = [base.origin[i] + base.cell * np.arange(distance.shape[i]) for i in range(3)]
        grid = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 3)
        near = cKDTree(points).query(grid, distance_upper_bound=0.06)[0].reshape(distance.shape)
        distance = np.minimum(distance, np.where(np.isfinite(near), near - clearance, np.inf).astype(np.float32))
    return Collider(distance, base.origin, base.cell)


def _tuck_in(body: Body, garments: list[Garment], depth: float = 0.006) -> Array:
    """Skin a little further in where cloth covers it, so that nothing shows through."""
    tree = cKDTree(np.concatenate([garment.worn for garment in garments]))
    covered = np.clip((0.03 - tree.query(body.vertices)[0]) / 0.01, 0, 1)
    result: Array = body.vertices - depth * covered[:, None] * body.normals
    return result


def _add_garment(scene: Any, garment: Garment, piece: Mapping[str, Any], shape: Mapping[str, Any]) -> None:
    from training import catalog_scene as studio

    paint = colouring(garment, piece, seed_of(json.dumps(dict(piece), sort_keys=True)))
    surface = studio.Surface(**shape.get("surface", {}))
    cloths = studio.Cloths(garment.sheet.low, garment.high, surface, garment.reliefs)
    pictures = {FRONT: paint.front, BACK: paint.back, TRIM: paint.trim}
    made: dict[tuple[int, str], Any] = {}
    for part in garment.parts:
        relief = part.relief or ("back" if part.code == BACK else "front")
        key = (part.code, relief)
        if key not in made:
            made[key] = (
                studio.grey_material(paint.metal, 0.4, 0.5)
                if part.code == METAL
                else cloths.material(relief, pictures[part.code])
            )
        studio.add_part(scene, part, cloths).data.materials.append(made[key])


def _studio(scene: Any, person: Mapping[str, Any], body: Body, size: tuple[int, int]) -> None:
    """Seamless paper that curves from floor to wall, a large soft light and a weak one opposite."""
    from training import catalog_scene as studio

    top = float(body.vertices[:, 2].max())
    paper = studio.add_mesh(scene, "paper", *_cyclorama())
    material = studio.grey_material(from_hex(person["ground"]))
    paper.data.materials.append(material)
    turn = np.radians(person.get("turn", 0.0))
    low = person.get("from", -0.02) * top
    centre = np.array([0.0, -0.06, (low + top * 1.0) / 2])
    away = np.array([np.sin(turn), -np.cos(turn), 0.0])
    distance = 5.5
    height = (top - low) * 1.12
    studio.set_world(scene, 0.55)
    studio.add_light(scene, np.array([-2.2, -2.6, 3.0]), centre, 185.0, 1.4, warmth=0.15)
    studio.add_light(scene, np.array([2.8, -2.2, 1.4]), centre, 45.0, 2.2)
    studio.add_camera(
        scene, centre + away * distance + [0, 0, 0.10], centre, 36.0 * distance / (height * max(size) / size[1])
    )


def _cyclorama() -> tuple[Array, NDArray[np.int64]]:
    angle = np.linspace(0, np.pi / 2, 16)
    y = np.concatenate([[-8.0], 1.2 + 1.2 * np.sin(angle), [2.4]])
    z = np.concatenate([[0.0], 1.2 - 1.2 * np.cos(angle), [9.0]])
    profile = np.stack([y, z], axis=1)
    n = len(profile)
    left = np.concatenate([np.full((n, 1), -9.0), profile], axis=1)
    right = np.concatenate([np.full((n, 1), 9.0), profile], axis=1)
    i = np.arange(n - 1)
    faces = np.concatenate([np.stack([i, i + n, i + n + 1], 1), np.stack([i, i + n + 1, i + 1], 1)])
    return np.concatenate([left, right]), faces
