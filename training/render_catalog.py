"""Make the demo catalog and the demo people from `training/catalog.toml`.

From the repository's root, in an environment of its own with Python 3.11 (Blender's module comes for no other):

    python3.11 -m venv .cache/render && .cache/render/bin/pip install -r training/requirements-render.txt
    .cache/render/bin/python -m training.render_catalog garments      # → assets/catalog/garments
    .cache/render/bin/python -m training.render_catalog people        # → assets/people
    .cache/render/bin/python -m training.render_catalog list          # only catalog.jsonl and people.jsonl, no picture

In the recipes *shapes* are cut, draped and rendered once, without colour; *items* dye and print a shape; *people* are
mannequins wearing shapes. Everything is seeded by its own name and rendered on one thread, so parts of the work can run
side by side (`--only NAME`). A picture carries the hash of its recipe and is skipped while that is unchanged; the hash
covers size and samples too, so keep their defaults. Bodies and uncoloured renders are kept in `.cache/catalog`. Before
the first body Anny takes about four minutes of one core and 740 MB in `~/.cache/anny`; a person then takes one minute.
catalog.jsonl lists the items whose picture exists: recipes without one are simply not for sale yet.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from training.light import developed

ROOT = Path(__file__).resolve().parents[1]
#: Raise when code changes what the same recipe looks like.
VERSION = 1
CATALOG_KEYS = (
    "id", "title", "category", "kind", "colours", "material", "pattern", "sleeve", "price", "currency", "image",
    "description", "style",
)  # fmt: skip
#: What the shop says about an item; the rest of its recipe is how it looks.
SAID = frozenset(CATALOG_KEYS) - {"id", "image"}
PERSON_KEYS = ("id", "title", "image", "note")
GARMENTS, PEOPLE = ROOT / "assets" / "catalog" / "garments", ROOT / "assets" / "people"


@dataclass(frozen=True)
class Options:
    """What the command line asked for; `size` is (width, height) in pixels."""

    out: Path
    work: Path
    size: tuple[int, int]
    samples: int
    only: frozenset[str]
    quality: int


def load_recipes(path: Path) -> dict[str, Any]:
    """Read the recipe file; shapes may name another as their `like` and then hold only what differs."""
    recipes = tomllib.loads(path.read_text())
    shapes = recipes["shape"]
    recipes["shape"] = {name: _inherit(name, shapes) for name in shapes}
    return recipes


def _inherit(name: str, shapes: Mapping[str, Any]) -> dict[str, Any]:
    shape = dict(shapes[name])
    if "like" not in shape:
        return shape
    base = _inherit(shape.pop("like"), shapes)
    for key in ("pattern", "fabric"):
        shape[key] = base.get(key, {}) | shape.get(key, {})
    return base | shape


def stored_hash(path: Path) -> str | None:
    """The recipe hash a picture carries, None if there is no picture."""
    if not path.exists():
        return None
    with Image.open(path) as image:
        comment = image.info.get("comment", b"")
    return comment.decode() if isinstance(comment, bytes) else str(comment)


def save_picture(linear: np.ndarray, path: Path, recipe: str, quality: int) -> None:
    """Write a linear picture as JPEG with its recipe hash, atomically."""
    image = Image.fromarray(developed(linear))
    part = path.with_suffix(".part")
    image.save(part, "JPEG", quality=quality, subsampling=0, comment=recipe.encode(), optimize=True)
    os.replace(part, path)


def render_garments(recipes: Mapping[str, Any], options: Options) -> None:
    """Render every item whose picture is missing or out of date, and write catalog.jsonl."""
    from training.catalog_garment import recipe_hash

    todo: dict[str, list[tuple[dict[str, Any], str]]] = {}
    for item in recipes["item"]:
        shape = recipes["shape"][item["shape"]]
        look = {key: value for key, value in item.items() if key not in SAID}
        recipe = recipe_hash(VERSION, look, shape, recipes["body"][shape["body"]], options.size, options.samples)
        wanted = not options.only or item["id"] in options.only or item["shape"] in options.only
        if wanted and stored_hash(options.out / f"{item['id']}.jpg") != recipe:
            todo.setdefault(item["shape"], []).append((item, recipe))
    # Shapes with the most items first: an interrupted run then leaves the most pictures.
    order = sorted(todo.items(), key=lambda entry: -len(entry[1]))
    for number, (name, items) in enumerate(order, 1):
        print(f"[{number}/{len(todo)}] {name}: {', '.join(i['id'] for i, _ in items)}", file=sys.stderr, flush=True)
        _render_shape(name, recipes, items, options)
    write_catalog(recipes, options.out)


def _render_shape(
    name: str, recipes: Mapping[str, Any], items: list[tuple[dict[str, Any], str]], options: Options
) -> None:
    from training import catalog_garment as make

    started, shape = time.process_time(), recipes["shape"][name]
    body = recipes["body"][shape["body"]]
    wearer = make.make_wearer(body, shape.get("arms", 25.0), shape.get("legs", 2.5), options.work)
    garment = make.make_garment(shape, wearer, make.seed_of(name))
    made = time.process_time()
    shot = _shot(name, shape, garment, make.recipe_hash(VERSION, shape, body, options.size, options.samples), options)
    shown = time.process_time()
    for item, recipe in items:
        paint = make.colouring(garment, item, make.seed_of(item["id"]))
        picture = make.develop(shot["light"], shot["uv"], shot["code"], float(shot["background"]), paint, garment)
        save_picture(picture, options.out / f"{item['id']}.jpg", recipe, options.quality)
    done = time.process_time()
    print(
        f"    made {made - started:.0f} s, rendered {shown - made:.0f} s, coloured {done - shown:.0f} s (CPU)",
        file=sys.stderr,
    )


def _shot(name: str, shape: Mapping[str, Any], garment: Any, recipe: str, options: Options) -> Mapping[str, Any]:
    """Render a shape's light, or take it from the work folder."""
    path = options.work / f"shot-{name}-{recipe}.npz"
    if not path.exists():
        from training.catalog_garment import seed_of
        from training.catalog_scene import Surface, photograph

        cloths = (garment.sheet.low, garment.high, Surface(**shape.get("surface", {})), garment.reliefs)
        shot = photograph(garment.parts, cloths, options.size, options.samples, seed_of(name) % 2**31)
        part = path.with_suffix(".part.npz")
        np.savez_compressed(
            part, light=shot.light.astype(np.float32), uv=shot.uv.astype(np.float32), code=shot.code.astype(np.int8),
            background=shot.background,
        )  # fmt: skip
        os.replace(part, path)
    return dict(np.load(path))


def write_catalog(recipes: Mapping[str, Any], folder: Path) -> None:
    """Write catalog.jsonl: the items whose picture lies in `folder`."""
    entries = [{"currency": "EUR", "sleeve": None} | item | {"image": f"{item['id']}.jpg"} for item in recipes["item"]]
    _write_lines(entries, CATALOG_KEYS, folder, "catalog.jsonl")


def write_people(recipes: Mapping[str, Any], folder: Path) -> None:
    """Write people.jsonl: the people whose picture lies in `folder`."""
    entries = [person | {"image": f"{person['id']}.jpg"} for person in recipes["person"]]
    _write_lines(entries, PERSON_KEYS, folder, "people.jsonl")


def _write_lines(entries: list[dict[str, Any]], keys: tuple[str, ...], folder: Path, name: str) -> None:
    """One JSON object a line for every entry with a picture, atomically."""
    shown = [entry for entry in entries if (folder / entry["image"]).exists()]
    part = (folder / name).with_suffix(".part")
    part.write_text(
        "".join(json.dumps({key: entry[key] for key in keys}, ensure_ascii=False) + "\n" for entry in shown),
        encoding="utf-8",
    )
    os.replace(part, folder / name)
    print(f"{folder / name}: {len(shown)} of {len(entries)}", file=sys.stderr)


def main() -> None:
    asked = _arguments()
    recipes = load_recipes(asked.recipes)
    if asked.what == "list":
        write_catalog(recipes, asked.out or GARMENTS)
        write_people(recipes, asked.out or PEOPLE)
        return
    people = asked.what == "people"
    width, height = (int(v) for v in (asked.size or ("768x1024" if people else "512x640")).split("x"))
    out = asked.out or (PEOPLE if people else GARMENTS)
    for folder in (asked.work, out):
        folder.mkdir(parents=True, exist_ok=True)
    samples = asked.samples or (8 if people else 12)
    options = Options(out, asked.work, (width, height), samples, frozenset(asked.only), asked.quality)
    if people:
        from training.catalog_people import render_people

        render_people(recipes, options)
    else:
        render_garments(recipes, options)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("garments", "people", "list"))
    parser.add_argument("--recipes", type=Path, default=Path(__file__).with_name("catalog.toml"))
    parser.add_argument("--out", type=Path, help="default: assets/catalog/garments or assets/people")
    parser.add_argument("--work", type=Path, default=ROOT / ".cache" / "catalog", help="bodies and uncoloured renders")
    parser.add_argument(
        "--only", action="append", default=[], metavar="NAME", help="an item, shape or person; repeatable"
    )
    parser.add_argument("--size", default=None, metavar="WxH", help="default: 512x640, people 768x1024")
    parser.add_argument("--samples", type=int, help="a pixel; default: 12, people 8")
    parser.add_argument("--quality", type=int, default=90, help="JPEG quality")
    return parser.parse_args()


if __name__ == "__main__":
    main()
