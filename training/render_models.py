"""Take pictures of furniture that no catalog has, for the retriever to learn from.

    .cache/render/bin/python -m training.render_models --out .cache/furniture-models

The models are those of the furniture libraries of `training.render_furniture` that `training/furniture.toml` names
nowhere, so none of them is an item of the demo catalog; what they are is read from the library's own title. Beside them
stand designs put together at random (`training.invented_furniture`). Of each,
NAME.views.webp holds cut-outs, rows by pitch and columns by yaw (`PITCHES`, `YAWS`), and models.jsonl says what it is.
Needs the environment of requirements-render.txt; a picture takes about a second, and what is there is skipped.
"""

from __future__ import annotations

import argparse
import functools
import hashlib
import json
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pipelines.geometry.views import CELL, view_of
from recommend.domains import FURNITURE
from recommend.lexicon import Lexicon, build_lexicon, find_terms, tokens_of
from training.furniture_models import Entry, Library, Mesh, fitted
from training.furniture_parts import assemble
from training.invented_furniture import designs
from training.render_furniture import LIBRARIES, load_recipes, material_of, save_atlas

#: Degrees; a product picture of the catalog is taken at 32 and 16.
YAWS: Final = (0, 32, 60)
PITCHES: Final = (8, 22)
SAMPLES: Final = 8
#: A table that names no use: up to this height in centimetres people sit before it on a sofa.
LOW_TABLE: Final = 55.0
#: Words of titles in which a word of furniture stands for something else, or for what no room to live in has.
NOT_MEANT: Final = frozenset(
    """
    abdominal bat class coat coconut changing concrete doll dog fan football fruits hospital letter park plate pool
    potty salad sink sleeping street swing technical tennis vanity wall work
    """.split()
)


def what_it_is(entry: Entry, lexicon: Lexicon) -> tuple[str, str] | None:
    """Category and kind ("" = not told) of a library's model by its title, None if the title names no furniture."""
    words = tokens_of(entry.title.split(" with ")[0])
    if NOT_MEANT & set(tokens_of(entry.title)):
        return None
    meanings = [term.meaning for term in find_terms(words, lexicon)]
    kinds = [value for one in meanings if one.attribute == "kind" for value in one.values]
    if kinds and kinds[-1] in FURNITURE.kinds:
        return FURNITURE.kinds[kinds[-1]][0], kinds[-1]
    categories = [one.values for one in meanings if one.attribute == "category"]
    if not categories:
        return None
    if len(categories[-1]) == 1:
        return categories[-1][0], ""
    if "dining table" in categories[-1]:
        return ("coffee table" if entry.size_cm[2] <= LOW_TABLE else "dining table"), ""
    return None


@dataclass(frozen=True)
class Thing:
    """What pictures are taken of.

    Attributes:
        name: of its files. category, kind: "" = a kind is not told.
        mesh: makes it, metres.
    """

    name: str
    category: str
    kind: str
    mesh: Callable[[], Mesh]


def unused(folder: Path, recipes: dict[str, Any]) -> list[Thing]:
    """The libraries' furniture that no recipe names."""
    lexicon, used = build_lexicon([], FURNITURE), {item.get("model") for item in recipes["item"]}
    found = []
    for shelf, about in recipes["library"].items():
        library = Library(folder / about["file"])
        for name, entry in library.entries.items():
            if f"{shelf}/{name}" not in used and (is_ := what_it_is(entry, lexicon)):
                found.append(Thing(f"{shelf}-{name}", *is_, functools.partial(library.mesh, name)))
    return found


def invented(count: int, recipes: dict[str, Any]) -> list[Thing]:
    """So many designs of each kind of `training.invented_furniture`."""
    materials = {key: material_of(key, values) for key, values in recipes["material"].items()}
    return [
        Thing(one.name, one.category, one.kind, functools.partial(assemble, one.parts, one.materials))
        for one in designs(count, materials)
    ]


def take(mesh: Mesh, name: str, path: Path) -> None:
    """The cut-outs of one thing."""
    from training import furniture_patterns
    from training.furniture_scene import Studio

    size = (100 * mesh.size).tolist()
    seed = int(hashlib.sha256(path.name.encode()).hexdigest()[:7], 16)
    studio = Studio(fitted(mesh, size), SAMPLES, seed, furniture_patterns.draw)
    cells = [[studio.take(view_of(size, yaw, pitch, CELL)) for yaw in YAWS] for pitch in PITCHES]
    save_atlas(cells, path, name, 84)


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--library", type=Path, default=LIBRARIES, help="folder of the .sh3f files")
    parser.add_argument("--invented", type=int, default=16, help="designs of each kind; 0 = libraries alone")
    parser.add_argument("--out", type=Path, default=Path(".cache/furniture-models"))
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    recipes, entries = load_recipes(), []
    things = [*unused(options.library, recipes), *invented(options.invented, recipes)]
    for number, thing in enumerate(things, 1):
        path = options.out / f"{thing.name}.views.webp"
        if not path.exists():
            print(f"[{number}/{len(things)}] {path.name}: {thing.kind or thing.category}", file=sys.stderr, flush=True)
            try:
                take(thing.mesh(), thing.name, path)
            except (KeyError, ValueError) as error:
                print(f"{path.name}: left out: {error}", file=sys.stderr, flush=True)
                continue
        entries.append({"id": thing.name, "category": thing.category, "kind": thing.kind})
    part = options.out / "models.jsonl.part"
    part.write_text("".join(json.dumps(entry) + "\n" for entry in entries), encoding="utf-8")
    os.replace(part, options.out / "models.jsonl")


if __name__ == "__main__":
    main()
