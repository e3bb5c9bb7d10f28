"""Render rooms whose truth is known: pairs with and without an item, rooms with their cameras, and the demo rooms.

Furniture comes from furniture.toml and rooms.toml; see render_furniture for the libraries of models. From the
repository's root, in the environment of requirements-render.txt:

    .cache/render/bin/python -m training.render_rooms demo                       # → assets/rooms
    .cache/render/bin/python -m training.render_rooms truth --count 60           # → runs/rooms/truth
    .cache/render/bin/python -m training.render_rooms pairs --split test --count 60
    .cache/render/bin/python -m training.render_rooms pairs --split train --count 2000

Pairs of seed N lie in runs/rooms/{split}/{N:05d}: with.png and without.png differ by one item of the catalog, its
shadow and its reflections; item.png is how much of each pixel shows it (0–255), floor.png is 255 where the picture
without it shows floor or rug, depth.png (16 bit) is millimetres along the view without it. scene.json says the camera
(pipelines.geometry.camera: focal length in pixels, radians, metres), the item's place (pipelines.geometry.placement),
what of the floor is under furniture, and the light. truth/rooms.jsonl has one room a line. Everything is drawn from its
seed alone and rendered on one thread, so parts can run side by side (`--first`, `--only`); what is there is skipped
while its recipe is the same.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from training.furniture_models import Mesh
from training.render_catalog import ROOT, stored_hash
from training.render_furniture import LIBRARIES, load_recipes, mesh_of
from training.room_develop import metered
from training.room_layout import Piece, Ware
from training.room_plan import PAIR_SIZES, TRUTH_SIZES, Plan, plan_room
from training.room_told import load_rooms, told_plan

if TYPE_CHECKING:
    from training.room_scenes import RoomStage

Array = NDArray[np.float64]

#: Raise when code changes what the same seed looks like.
VERSION = 1
#: Seeds of the splits begin here.
FIRST = {"train": 0, "test": 90_000, "truth": 95_000}
#: Samples a pixel, bounces of diffuse light, and pixels of a surface's picture.
SAMPLES = {"pairs": 8, "truth": 12, "demo": 10}
BOUNCES = {"pairs": 2, "truth": 2, "demo": 3}
SURFACES = {"pairs": 512, "truth": 1024, "demo": 1536}
#: (height, width) of demo rooms, pixels, and the most bytes of one.
DEMO_SIZE, DEMO_BYTES = (768, 1024), 200_000
#: The least that an item has to show of itself, as a share of the picture.
LEAST_SEEN = 0.006


@dataclass(frozen=True)
class Stores:
    """What rooms are furnished with: recipes by id, and the folder of the libraries of models."""

    recipes: Mapping[str, Any]
    items: Mapping[str, Mapping[str, Any]]
    libraries: Path

    @classmethod
    def open(cls, libraries: Path) -> Stores:
        """Reads furniture.toml and rooms.toml."""
        recipes, extras = load_recipes(), load_rooms()["extra"]
        return cls(recipes, {item["id"]: item for item in [*recipes["item"], *extras]}, libraries)

    @property
    def wares(self) -> list[Ware]:
        """The catalog."""
        return [Ware.of(item) for item in self.recipes["item"]]

    @property
    def extras(self) -> list[Ware]:
        """What else there is."""
        catalog = {item["id"] for item in self.recipes["item"]}
        return [Ware.of(item) for name, item in self.items.items() if name not in catalog]

    def stage(self, what: str, samples: int) -> RoomStage:
        """A stage for these things; `what` is a command."""
        from training.room_scenes import RoomStage

        def mesh(name: str) -> Mesh:
            return mesh_of(self.items[name], self.recipes, self.libraries)

        return RoomStage(mesh, samples, BOUNCES[what], SURFACES[what])


def camera_facts(plan: Plan) -> dict[str, Any]:
    """A plan's camera and walls as the pipelines tell them: pixels, radians, metres."""
    camera = plan.shot.camera
    return {
        "width": camera.size[1], "height": camera.size[0], "focal_px": round(camera.focal, 4),
        "pitch": round(camera.pitch, 6), "roll": round(camera.roll, 6), "camera_height": round(camera.height, 5),
        "wall_yaw": round(float(-plan.shot.heading % (np.pi / 2)), 6),
    }  # fmt: skip


def item_facts(plan: Plan) -> dict[str, Any]:
    """A plan's target as pipelines.geometry.placement.Placement tells it."""
    target = plan.target
    if target is None:
        raise ValueError(f"The room of seed {plan.seed} has no item to tell of.")
    x, y, _ = plan.shot.to_world(np.array([[*target.at, 0.0]]))[0].tolist()
    return {
        "id": target.ware.id, "place": target.ware.place, "at": [round(x, 5), round(y, 5)],
        "yaw": round(plan.shot.yaw_of(target.turn), 6), "size": list(target.ware.size), "base": target.base,
        "foot": foot_of(plan, target),
    }  # fmt: skip


def stands(piece: Piece) -> bool:
    """Whether a piece stands on the floor."""
    return piece.base < 0.05 and piece.ware.place != "rug"


def foot_of(plan: Plan, piece: Piece) -> list[list[float]]:
    """Corners (4, 2) of a piece's foot in the world, metres, counter-clockwise."""
    corners = np.hstack([piece.foot.corners, np.zeros((4, 1))])
    return np.round(plan.shot.to_world(corners)[:, :2], 4).tolist()


def room_facts(plan: Plan) -> dict[str, Any]:
    """What else there is to know about a room."""
    return {
        "seed": plan.seed, "kind": plan.kind, "floor": plan.looks.floor.kind,
        "shape": "L" if plan.shell.missing else "box",
        "room_size": [round(side, 3) for side in (*plan.shell.size, plan.shell.height)],
        "furniture": [piece.ware.id for piece in plan.pieces], "light": plan.looks.describe(),
    }  # fmt: skip


def recipe_hash(*settings: Any) -> str:
    """A short name for everything that went into a picture."""
    return hashlib.sha256(json.dumps([VERSION, *settings], sort_keys=True).encode()).hexdigest()[:16]


# --- pairs ------------------------------------------------------------------------------------------------------------


def render_pairs(stores: Stores, out: Path, split: str, seeds: Sequence[int], samples: int) -> None:
    """Renders the pairs of these seeds that are missing or out of date into out/split/seed."""
    recipe = recipe_hash("pairs", samples)
    folder = out / split
    folder.mkdir(parents=True, exist_ok=True)
    left_out = _read_list(folder / "left_out.json", recipe)
    todo = [seed for seed in seeds if seed not in left_out and not _is_done(folder / f"{seed:05d}", recipe)]
    if not todo:
        return
    stage, wares, extras = stores.stage("pairs", samples), stores.wares, stores.extras
    for seed, say in _counted(todo):
        plan = plan_room(seed, wares, extras, PAIR_SIZES, with_target=True)
        files = _take_pair(stage, plan)
        if files is None:
            left_out.add(seed)
            _write_list(folder / "left_out.json", recipe, left_out)
            say(f"{folder.name}/{seed:05d}: left out, its item can hardly be seen")
            continue
        facts = room_facts(plan) | {"camera": camera_facts(plan), "item": item_facts(plan), "recipe": recipe}
        facts |= {"feet": [foot_of(plan, piece) for piece in plan.pieces if stands(piece)]}
        _write_folder(folder / f"{seed:05d}", files, facts)
        target = plan.target.ware.id if plan.target else ""
        say(f"{folder.name}/{seed:05d}: {plan.kind}, {plan.looks.lights.name}, {target}")


def _take_pair(stage: RoomStage, plan: Plan) -> dict[str, Image.Image] | None:
    """The pictures of a pair by file name; None if the item is hardly seen."""
    stage.build(plan)
    mask = stage.item_mask()
    if mask.mean() / 255 < LEAST_SEEN:
        stage.floor_and_depth()
        return None
    without, with_it = stage.picture(False), stage.picture(True)
    floor, depth = stage.floor_and_depth()
    # One development for both: a camera on a tripod with everything set by hand.
    development = metered(without, plan.looks.lights.brightness, plan.looks.lights.balance)
    return {
        "with.png": Image.fromarray(development.apply(with_it)),
        "without.png": Image.fromarray(development.apply(without)),
        "item.png": Image.fromarray(mask),
        "floor.png": Image.fromarray(floor),
        "depth.png": Image.fromarray(np.rint(np.clip(1000 * depth, 0, 65535)).astype(np.uint16)),
    }


def _is_done(folder: Path, recipe: str) -> bool:
    try:
        return bool(json.loads((folder / "scene.json").read_text(encoding="utf-8"))["recipe"] == recipe)
    except FileNotFoundError:
        return False


def _read_list(path: Path, recipe: str) -> set[int]:
    """Seeds that gave no picture under this recipe."""
    told = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    return set(told.get(recipe, []))


def _write_list(path: Path, recipe: str, seeds: set[int]) -> None:
    part = path.with_suffix(".part")
    part.write_text(json.dumps({recipe: sorted(seeds)}), encoding="utf-8")
    os.replace(part, path)


def _write_folder(folder: Path, files: Mapping[str, Image.Image], facts: Mapping[str, Any]) -> None:
    """Writes a scene whole or not at all."""
    part = folder.with_name(folder.name + ".part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir()
    for name, picture in files.items():
        picture.save(part / name)
    (part / "scene.json").write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")
    shutil.rmtree(folder, ignore_errors=True)
    os.replace(part, folder)


def _counted(seeds: Sequence[int]) -> Iterator[tuple[int, Callable[[str], None]]]:
    """Each seed with a function that says what became of it and how long that took."""
    for number, seed in enumerate(seeds, 1):
        wall, core = time.perf_counter(), time.process_time()

        def say(what: str, number: int = number, wall: float = wall, core: float = core) -> None:
            took = f"{time.perf_counter() - wall:.1f} s, {time.process_time() - core:.1f} s of a core"
            print(f"[{number}/{len(seeds)}] {what}; {took}", file=sys.stderr, flush=True)

        yield seed, say


# --- rooms with their cameras -----------------------------------------------------------------------------------------


def render_truth(stores: Stores, folder: Path, seeds: Sequence[int], samples: int) -> None:
    """Renders rooms without an item and lists all that lie in the folder in rooms.jsonl."""
    recipe = recipe_hash("truth", samples)
    folder.mkdir(parents=True, exist_ok=True)
    todo = [seed for seed in seeds if not _is_done_room(folder / f"{seed:05d}.json", recipe)]
    stage = stores.stage("truth", samples) if todo else None
    wares, extras = stores.wares, stores.extras
    for seed, say in _counted(todo):
        assert stage is not None
        plan = plan_room(seed, wares, extras, TRUTH_SIZES, with_target=False)
        stage.build(plan)
        light = stage.picture(False)
        floor, _ = stage.floor_and_depth()
        development = metered(light, plan.looks.lights.brightness, plan.looks.lights.balance)
        name = f"{seed:05d}"
        Image.fromarray(floor).save(folder / f"{name}.floor.png")
        Image.fromarray(development.apply(light)).save(folder / f"{name}.jpg", quality=93, subsampling=0)
        facts = {"recipe": recipe} | truth_line(plan, f"{name}.jpg", f"{name}.floor.png")
        (folder / f"{name}.json").write_text(json.dumps(facts), encoding="utf-8")
        write_truth(folder)
        say(f"{folder.name}/{name}: {plan.kind}, {plan.looks.lights.name}, {plan.looks.floor.kind}")
    print(f"{folder / 'rooms.jsonl'}: {write_truth(folder)} rooms")


def truth_line(plan: Plan, file: str, floor: str) -> dict[str, Any]:
    """A room's line of rooms.jsonl: pixels of that picture, radians, metres; `height` is the camera's."""
    facts = camera_facts(plan)
    return {
        "file": file, "focal": facts["focal_px"], "pitch": facts["pitch"], "roll": facts["roll"],
        "height": facts["camera_height"], "floor": floor, "wall_yaw": facts["wall_yaw"],
        "size": [facts["height"], facts["width"]],
    } | {key: value for key, value in room_facts(plan).items() if key != "floor"}  # fmt: skip


def write_truth(folder: Path) -> int:
    """Gathers the folder's rooms in rooms.jsonl, atomically; returns how many."""
    lines = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("[0-9]*.json"))]
    part = (folder / "rooms.jsonl").with_suffix(".part")
    part.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    os.replace(part, folder / "rooms.jsonl")
    return len(lines)


def _is_done_room(path: Path, recipe: str) -> bool:
    return path.exists() and json.loads(path.read_text(encoding="utf-8"))["recipe"] == recipe


# --- demo rooms -------------------------------------------------------------------------------------------------------


def render_demo(stores: Stores, folder: Path, only: frozenset[str], samples: int) -> None:
    """Renders the rooms of rooms.toml and lists those whose picture lies in the folder in rooms.jsonl."""
    folder.mkdir(parents=True, exist_ok=True)
    wares = {name: Ware.of(item) for name, item in stores.items.items()}
    rooms = load_rooms()["room"]
    stage = None
    for room in rooms:
        path, recipe = folder / f"{room['id']}.jpg", recipe_hash("demo", samples, room)
        if (only and room["id"] not in only) or stored_hash(path) == recipe:
            continue
        started = time.perf_counter()
        stage = stage or stores.stage("demo", samples)
        plan = told_plan(room, wares, DEMO_SIZE)
        stage.build(plan)
        light = stage.picture(False)
        stage.floor_and_depth()
        development = metered(light, plan.looks.lights.brightness, plan.looks.lights.balance)
        save_demo(Image.fromarray(development.apply(light)), path, recipe)
        print(f"{room['id']}: {time.perf_counter() - started:.0f} s, {path.stat().st_size // 1024} KB", flush=True)
    lines = [demo_line(room, told_plan(room, wares, DEMO_SIZE)) for room in rooms]
    text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines if (folder / line["image"]).exists())
    part = folder / "rooms.part"
    part.write_text(text, encoding="utf-8")
    os.replace(part, folder / "rooms.jsonl")


def demo_line(room: Mapping[str, Any], plan: Plan) -> dict[str, Any]:
    """A demo room's line of rooms.jsonl."""
    camera = plan.shot.camera
    return {
        "id": room["id"], "title": room["title"], "image": f"{room['id']}.jpg", "note": room["note"],
        "focal_px": round(camera.focal, 1), "pitch_deg": round(float(np.rad2deg(camera.pitch)), 2),
        "roll_deg": round(float(np.rad2deg(camera.roll)), 2), "camera_height": camera.height,
    }  # fmt: skip


def save_demo(picture: Image.Image, path: Path, recipe: str) -> None:
    """Writes a JPEG with its recipe hash, atomically, as good as DEMO_BYTES allow."""
    part = path.with_suffix(".part")
    for quality in range(92, 40, -2):
        picture.save(part, "JPEG", quality=quality, comment=recipe.encode(), optimize=True, progressive=True)
        if part.stat().st_size <= DEMO_BYTES:
            break
    os.replace(part, path)


def main() -> None:
    asked = _arguments()
    stores = Stores.open(asked.library)
    samples = asked.samples or SAMPLES[asked.what]
    if asked.what == "demo":
        render_demo(stores, asked.demo, frozenset(asked.only), samples)
        return
    split = "truth" if asked.what == "truth" else asked.split
    first = FIRST[split] if asked.first is None else asked.first
    seeds = [int(seed) for seed in asked.only] or list(range(first, first + asked.count))
    if asked.what == "truth":
        render_truth(stores, asked.out / "truth", seeds, samples)
    else:
        render_pairs(stores, asked.out, split, seeds, samples)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("pairs", "truth", "demo"))
    parser.add_argument("--split", choices=("train", "test"), default="train", help="of pairs")
    parser.add_argument("--count", type=int, default=60, help="so many seeds")
    parser.add_argument("--first", type=int, help="first seed; the split's first by default")
    parser.add_argument("--only", action="append", default=[], metavar="SEED|ID", help="repeatable")
    parser.add_argument("--library", type=Path, default=LIBRARIES, help="folder of the .sh3f files")
    parser.add_argument("--out", type=Path, default=ROOT / "runs" / "rooms")
    parser.add_argument("--demo", type=Path, default=ROOT / "assets" / "rooms", help="folder of the demo rooms")
    parser.add_argument("--samples", type=int, help="a pixel")
    return parser.parse_args()


if __name__ == "__main__":
    main()
