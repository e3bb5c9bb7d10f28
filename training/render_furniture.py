"""Make the furniture catalog from `training/furniture.toml`.

The models are Debian's package of Sweet Home 3D's furniture libraries (`apt-get install sweethome3d-furniture`, or
unpack the package with `dpkg-deb -x` and name the folder of its .sh3f files with `--library`). From the repository's
root, in the environment of requirements-render.txt:

    .cache/render/bin/python -m training.render_furniture pictures views depths   # → assets/catalog/furniture
    .cache/render/bin/python -m training.render_furniture list             # only catalog.jsonl, no picture

`pictures` are product pictures on white, {id}.jpg. `views` are cut-outs for rooms, {id}.views.webp: rows are pitches,
columns yaws as catalog.jsonl says, and pipelines.geometry.views gives each cell's camera. `depths` are the same cells,
{id}.depths.webp: 0 = nothing, 1 to 255 = from the near to the far end of `views.depth_span`; rugs have none. All
pictures come before all views. Each file carries the hash of what it was made from and is skipped while that is
unchanged; the hash covers size and samples too, so keep their defaults. Every item is seeded by its own name and
rendered on one thread, so parts of the work can run side by side (`--only ID`). catalog.jsonl lists the items that are
whole.
"""

from __future__ import annotations

import argparse
import fnmatch
import hashlib
import json
import os
import sys
import time
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pipelines.geometry.views import CELL, PLAN, View, depth_span, view_of
from training.furniture_models import Library, Material, Mesh, fitted
from training.furniture_parts import assemble, tiled
from training.light import cut_out, to_srgb
from training.render_catalog import ROOT, stored_hash

if TYPE_CHECKING:
    from training.furniture_scene import Studio

Array = NDArray[np.float64]

#: Raise when code changes what the same recipe looks like.
VERSIONS = {"pictures": 2, "views": 1, "depths": 1}
CATALOG_KEYS = (
    "id", "title", "category", "kind", "colours", "material", "pattern", "style", "price", "currency", "image",
    "description", "size_cm", "place", "views", "depths", "view_angles", "symmetric", "round",
)  # fmt: skip
#: What the shop says about an item; the rest of its recipe is how it looks.
SAID = frozenset(
    {"title", "category", "kind", "colours", "material", "pattern", "style", "price", "description", "licence"}
)
FURNITURE = ROOT / "assets" / "catalog" / "furniture"
RECIPES = Path(__file__).with_name("furniture.toml")
LIBRARIES = Path("/usr/share/sweethome3d/furniture")

YAWS = (0, 30, 60, 90, 120, 150, 180)
#: What hangs on a wall is not seen from behind.
WALL_YAWS = (0, 30, 60)
#: Lamps on a ceiling hang above the camera of most photos.
PITCHES: dict[str, tuple[int, ...]] = {
    "floor": (8, 25), "table": (8, 25), "wall": (0,), "ceiling": (-18, -6), "rug": (int(PLAN),),
}  # fmt: skip
#: A rug fills much of a photo and has one view only.
CELLS = {"rug": 2 * CELL}
#: A model's size in one direction may differ from the recipe's by this factor more than in another.
MOST_STRETCHED = 1.9
_EXIF_TEXT = 0x010E


@dataclass(frozen=True)
class Options:
    """What the command line asked for."""

    out: Path
    libraries: Path
    side: int
    samples: int
    only: frozenset[str]
    quality: int


def load_recipes(path: Path = RECIPES) -> dict[str, Any]:
    """The recipe file, every item with what it leaves out."""
    recipes = tomllib.loads(path.read_text(encoding="utf-8"))
    usual = {"pattern": "", "place": "floor", "symmetric": True, "round": False}
    recipes["item"] = [usual | item for item in recipes["item"]]
    return recipes


def view_angles(item: Mapping[str, Any]) -> dict[str, list[int]]:
    """The yaws and pitches, degrees, of an item's cut-outs: columns and rows of its atlas."""
    place = item["place"]
    yaws: tuple[int, ...] = WALL_YAWS if place == "wall" else YAWS
    if item["round"] or place == "rug":
        yaws = (0,)
    elif not item["symmetric"]:
        yaws = (*yaws, *(-yaw for yaw in yaws if 0 < yaw < 180))
    return {"yaw": list(yaws), "pitch": list(PITCHES[place])}


def recipe_hash(what: str, item: Mapping[str, Any], recipes: Mapping[str, Any], side: int, samples: int) -> str:
    """A short name for everything that went into the picture or the views of an item, `side` pixels large."""
    angles = [view_angles(item)] if what in ("views", "depths") else []
    look = {key: value for key, value in item.items() if key not in SAID}
    named = [part["material"] for part in item.get("parts", [])]
    named += [paint for paint in item.get("paint", {}).values() if isinstance(paint, str)]
    materials = {name: recipes["material"][name] for name in named}
    said = json.dumps([VERSIONS[what], look, materials, side, *angles, samples], sort_keys=True)
    return hashlib.sha256(said.encode()).hexdigest()[:16]


def material_of(name: str, values: Mapping[str, Any], base: Material | None = None) -> Material:
    """A material from a recipe's table; `base` is what it changes."""
    values = dict(values)
    if "colour" in values:
        code = values["colour"]
        values["colour"] = tuple(int(code[i : i + 2], 16) / 255 for i in (1, 3, 5))
        values = {"picture": b"", "cover": b""} | values
    return replace(base or Material(name), name=name, **values)


def painted(mesh: Mesh, paint: Mapping[str, Any], recipes: Mapping[str, Any], library: Library, model: str) -> Mesh:
    """A model with its materials changed as the recipe says; the first pattern that fits a name counts.

    Raises:
        KeyError: for a pattern that fits none of the model's materials.
    """
    unused, materials = set(paint), []
    for material in mesh.materials:
        pattern = next((p for p in paint if fnmatch.fnmatchcase(material.name, p)), None)
        if pattern is not None:
            unused.discard(pattern)
            wanted = paint[pattern]
            if isinstance(wanted, str):
                material = material_of(material.name, recipes["material"][wanted])
            else:
                wanted = dict(wanted)
                if "picture" in wanted:
                    wanted["picture"] = library.read_beside(model, wanted["picture"])
                material = material_of(material.name, wanted, material)
        materials.append(material)
    if unused:
        names = ", ".join(m.name for m in mesh.materials)
        raise KeyError(f"{model} has no material like {', '.join(unused)}; it has {names}.")
    painted_mesh = replace(mesh, materials=tuple(materials))
    patterned = frozenset(m.name for m in materials if m.pattern)
    return tiled(painted_mesh, patterned) if patterned else painted_mesh


def mesh_of(item: Mapping[str, Any], recipes: Mapping[str, Any], folder: Path) -> Mesh:
    """The mesh of an item at its size.

    Raises:
        ValueError: if a model's author is not the recipe's, or its size would stretch it out of shape.
    """
    name = item["id"]
    if "parts" in item:
        materials = {key: material_of(key, values) for key, values in recipes["material"].items()}
        mesh = assemble(item["parts"], materials)
        if np.abs(100 * mesh.size - item["size"]).max() > 0.8:
            raise ValueError(f"{name}: its parts measure {np.round(100 * mesh.size, 1)} cm, not {item['size']}.")
        return fitted(mesh, item["size"])
    shelf, model = item["model"].split("/")
    library = Library(folder / recipes["library"][shelf]["file"])
    mesh = library.mesh(model)
    if library.entries[model].author != item["author"]:
        raise ValueError(f"{name}: {item['model']} is by {library.entries[model].author}, not {item['author']}.")
    turned = fitted(mesh, _turned_size(mesh, item), item.get("turn", 0.0))
    factors = np.asarray(item["size"]) / (100 * turned.size)
    if factors.max() / factors.min() > MOST_STRETCHED:
        raise ValueError(f"{name}: from {np.round(100 * turned.size, 1)} cm to {item['size']} cm is out of shape.")
    return painted(fitted(turned, item["size"]), item.get("paint", {}), recipes, library, model)


def _turned_size(mesh: Mesh, item: Mapping[str, Any]) -> list[float]:
    """The size of the mesh after its turn by quarters, centimetres."""
    width, depth, height = (100 * mesh.size).tolist()
    return [depth, width, height] if item.get("turn", 0) % 180 else [width, depth, height]


def save_picture(linear: Array, path: Path, recipe: str, quality: int) -> None:
    """Write a linear product picture as JPEG with its recipe hash, atomically."""
    part = path.with_suffix(".part")
    picture = Image.fromarray(np.rint(to_srgb(linear) * 255).astype(np.uint8))
    picture.save(part, "JPEG", quality=quality, subsampling=0, comment=recipe.encode(), optimize=True)
    os.replace(part, path)


def save_atlas(cells: Iterable[Iterable[Array]], path: Path, recipe: str, quality: int) -> None:
    """Write rows of linear cut-outs as one WebP with its recipe hash, atomically."""
    atlas = np.concatenate([np.concatenate([cut_out(cell) for cell in row], axis=1) for row in cells], axis=0)
    exif = Image.Exif()
    exif[_EXIF_TEXT] = recipe
    part = path.with_suffix(".part")
    Image.fromarray(atlas).save(part, "WEBP", quality=quality, alpha_quality=85, method=6, exif=exif)
    os.replace(part, path)


def save_depths(cells: Iterable[Iterable[Array]], path: Path, recipe: str) -> None:
    """Write rows of depths, parts of their span from 0 to 1 and inf for nothing, without loss and atomically."""
    atlas = np.concatenate([np.concatenate(list(row), axis=1) for row in cells], axis=0)
    there = np.isfinite(atlas)
    levels = np.where(there, 1 + np.rint(254 * np.clip(np.where(there, atlas, 0), 0, 1)), 0).astype(np.uint8)
    exif = Image.Exif()
    exif[_EXIF_TEXT] = recipe
    part = path.with_suffix(".part")
    Image.fromarray(levels).save(part, "WEBP", lossless=True, method=6, exif=exif)
    os.replace(part, path)


def atlas_hash(path: Path) -> str | None:
    """The recipe hash an atlas carries, None if there is no atlas."""
    if not path.exists():
        return None
    with Image.open(path) as image:
        return str(image.getexif().get(_EXIF_TEXT, ""))


def render(what: str, recipes: Mapping[str, Any], options: Options) -> None:
    """Render the pictures or views that are missing or out of date; an item that fails is told and left out."""
    todo = []
    for item in recipes["item"]:
        if (options.only and item["id"] not in options.only) or (what == "depths" and item["place"] == "rug"):
            continue
        if what == "pictures":
            path, side, stored_in = options.out / f"{item['id']}.jpg", options.side, stored_hash
        else:
            path, stored_in = options.out / f"{item['id']}.{what}.webp", atlas_hash
            side = CELLS.get(item["place"], CELL)
        recipe, stored = recipe_hash(what, item, recipes, side, options.samples), stored_in(path)
        if stored != recipe:
            todo.append((item, path, recipe))
    for number, (item, path, recipe) in enumerate(todo, 1):
        started = time.perf_counter()
        try:
            count = _render_item(what, item, recipes, path, recipe, options)
        except (KeyError, ValueError) as error:
            print(f"[{number}/{len(todo)}] {item['id']}: left out: {error}", file=sys.stderr, flush=True)
            continue
        seconds = time.perf_counter() - started
        said = f"{item['id']}: {seconds:.1f} s, {seconds / count:.2f} s a picture, {path.stat().st_size // 1024} KB"
        print(f"[{number}/{len(todo)}] {said}", file=sys.stderr, flush=True)


def _render_item(
    what: str, item: Mapping[str, Any], recipes: Mapping[str, Any], path: Path, recipe: str, options: Options
) -> int:
    """Render one file; returns how many pictures it took."""
    from training import furniture_patterns
    from training.furniture_scene import Studio, photograph

    seed = int(hashlib.sha256(item["id"].encode()).hexdigest()[:7], 16)
    mesh = mesh_of(item, recipes, options.libraries)
    studio = Studio(mesh, options.samples, seed, furniture_patterns.draw)
    if what == "pictures":
        save_picture(
            photograph(studio, mesh, item["place"], options.side, item.get("shown")), path, recipe, options.quality
        )
        return 1
    angles, cell = view_angles(item), CELLS.get(item["place"], CELL)
    take = studio.take if what == "views" else lambda view: _depth_share(studio, item["size"], view)
    cells = [[take(view_of(item["size"], yaw, pitch, cell)) for yaw in angles["yaw"]] for pitch in angles["pitch"]]
    if what == "views":
        save_atlas(cells, path, recipe, 84)
    else:
        save_depths(cells, path, recipe)
    return sum(len(row) for row in cells)


def _depth_share(studio: Studio, size_cm: Sequence[float], view: View) -> Array:
    """The depth of each pixel as a part of its span."""
    near, far = depth_span(size_cm, view)
    return (studio.depth(view) - near) / (far - near)


def catalog_entry(item: Mapping[str, Any]) -> dict[str, Any]:
    """An item's line of catalog.jsonl."""
    made = {
        "currency": "USD", "image": f"{item['id']}.jpg", "size_cm": item["size"],
        "views": f"{item['id']}.views.webp", "view_angles": view_angles(item),
        "depths": "" if item["place"] == "rug" else f"{item['id']}.depths.webp",
    }  # fmt: skip
    return {key: (dict(item) | made)[key] for key in CATALOG_KEYS}


def write_catalog(recipes: Mapping[str, Any], folder: Path) -> int:
    """Write catalog.jsonl, the items whose files lie in `folder`, atomically; returns how many."""
    entries = [catalog_entry(item) for item in recipes["item"]]
    files = ("image", "views", "depths")
    shown = [entry for entry in entries if all((folder / entry[key]).exists() for key in files)]
    part = (folder / "catalog.jsonl").with_suffix(".part")
    part.write_text("".join(json.dumps(entry, ensure_ascii=False) + "\n" for entry in shown), encoding="utf-8")
    os.replace(part, folder / "catalog.jsonl")
    return len(shown)


def main() -> None:
    asked = _arguments()
    recipes = load_recipes(asked.recipes)
    asked.out.mkdir(parents=True, exist_ok=True)
    unknown = set(asked.only) - {item["id"] for item in recipes["item"]}
    if unknown:
        sys.exit(f"No recipe is named {', '.join(sorted(unknown))}; see {asked.recipes}.")
    options = Options(asked.out, asked.library, asked.side, asked.samples, frozenset(asked.only), asked.quality)
    for what in ("pictures", "views", "depths"):
        if what in asked.what:
            render(what, recipes, options)
    print(f"{asked.out / 'catalog.jsonl'}: {write_catalog(recipes, asked.out)} of {len(recipes['item'])}")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", nargs="+", choices=("pictures", "views", "depths", "list"))
    parser.add_argument("--recipes", type=Path, default=RECIPES)
    parser.add_argument("--library", type=Path, default=LIBRARIES, help="folder of the .sh3f files")
    parser.add_argument("--out", type=Path, default=FURNITURE)
    parser.add_argument("--only", action="append", default=[], metavar="ID", help="repeatable")
    parser.add_argument("--side", type=int, default=384, help="of a product picture, pixels")
    parser.add_argument("--samples", type=int, default=10, help="a pixel")
    parser.add_argument("--quality", type=int, default=86, help="JPEG quality")
    return parser.parse_args()


if __name__ == "__main__":
    main()
