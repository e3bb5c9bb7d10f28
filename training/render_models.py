"""Take pictures of furniture that no catalog has, for the retriever to learn from.

    .cache/render/bin/python -m training.render_models --out .cache/furniture-models

The models are those of the furniture libraries of `training.render_furniture` that `training/furniture.toml` names
nowhere, so none of them is an item of the demo catalog; what they are is read from the library's own title. Of each,
NAME.views.webp holds cut-outs, rows by pitch and columns by yaw (`PITCHES`, `YAWS`), and models.jsonl says what it is.
Needs the environment of requirements-render.txt; a picture takes about a second, and what is there is skipped.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import sys
from pathlib import Path
from typing import Any, Final

from pipelines.geometry.views import CELL, view_of
from recommend.domains import FURNITURE
from recommend.lexicon import Lexicon, build_lexicon, find_terms, tokens_of
from training.furniture_models import Entry, Library, fitted
from training.render_furniture import LIBRARIES, load_recipes, save_atlas

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


def unused(folder: Path, recipes: dict[str, Any]) -> list[tuple[str, str, str, str, str]]:
    """(shelf, file, model, category, kind) of the libraries' furniture that no recipe names."""
    lexicon, used = build_lexicon([], FURNITURE), {item.get("model") for item in recipes["item"]}
    found = []
    for shelf, about in recipes["library"].items():
        for name, entry in Library(folder / about["file"]).entries.items():
            if f"{shelf}/{name}" not in used and (is_ := what_it_is(entry, lexicon)):
                found.append((shelf, about["file"], name, *is_))
    return found


def take(library: Library, model: str, path: Path) -> None:
    """The cut-outs of one model."""
    from training import furniture_patterns
    from training.furniture_scene import Studio

    mesh = library.mesh(model)
    size = (100 * mesh.size).tolist()
    seed = int(hashlib.sha256(path.name.encode()).hexdigest()[:7], 16)
    studio = Studio(fitted(mesh, size), SAMPLES, seed, furniture_patterns.draw)
    cells = [[studio.take(view_of(size, yaw, pitch, CELL)) for yaw in YAWS] for pitch in PITCHES]
    save_atlas(cells, path, model, 84)


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--library", type=Path, default=LIBRARIES, help="folder of the .sh3f files")
    parser.add_argument("--out", type=Path, default=Path(".cache/furniture-models"))
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    models, entries = unused(options.library, load_recipes()), []
    for number, (shelf, file, model, category, kind) in enumerate(models, 1):
        path = options.out / f"{shelf}-{model}.views.webp"
        if not path.exists():
            print(f"[{number}/{len(models)}] {path.name}: {kind or category}", file=sys.stderr, flush=True)
            try:
                take(Library(options.library / file), model, path)
            except (KeyError, ValueError) as error:
                print(f"{path.name}: left out: {error}", file=sys.stderr, flush=True)
                continue
        entries.append({"id": path.name.removesuffix(".views.webp"), "category": category, "kind": kind})
    part = options.out / "models.jsonl.part"
    part.write_text("".join(json.dumps(entry) + "\n" for entry in entries), encoding="utf-8")
    os.replace(part, options.out / "models.jsonl")


if __name__ == "__main__":
    main()
