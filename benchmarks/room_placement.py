"""Where things are put by themselves in rooms whose truth is known: do they go through walls or other pieces?

    python -m benchmarks.room_placement --rooms runs/rooms/truth [--out docs/benchmarks/room_placement.csv]

The rooms are those of `training.render_rooms truth`; what stands in them is drawn again from their seeds. Camera and
floor are found in the picture, only the camera's height is given, because lengths are compared in metres. A row for
each thing: in how many rooms it found a place (none is looked for where the camera is a guess), and how much of its
foot lies on occupied floor or beyond a wall.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.measuring import Row, as_csv, as_table, machine
from pipelines import images
from pipelines.errors import BadInput
from pipelines.geometry.free_floor import find_place, map_floor
from pipelines.geometry.placement import Placement
from pipelines.perception.camera_height import room_networks
from pipelines.perception.room import RoomNetworks, view_room
from training.render_furniture import LIBRARIES
from training.render_rooms import Stores
from training.room_plan import TRUTH_SIZES, Plan, plan_room

#: Things by size (width, depth, height), metres.
THINGS = {
    "stool": (0.4, 0.4, 0.5),
    "bookcase": (0.9, 0.3, 1.9),
    "coffee table": (1.1, 0.6, 0.45),
    "armchair": (0.8, 0.85, 0.8),
    "sofa": (1.9, 0.9, 0.8),
}
#: Metres between the points of a foot that are looked at, and below which a piece stands on the floor.
STEP, STANDING = 0.04, 0.05
COLUMNS = ("thing", "rooms", "placed", "intersection_pct", "clear_pct", "worst_pct")


def occupied(plan: Plan, points: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which points (N, 2) of the room's frame are under furniture or not in the room."""
    taken = ~inside(plan.shell.outline, points)
    for piece in plan.pieces:
        if piece.base < STANDING and piece.ware.place != "rug":
            own = (points - piece.foot.at) @ piece.foot.axes.T
            # Leaves overhang: the size of a plant is theirs, and its pot about half as wide.
            foot = np.array(piece.foot.size) * (0.5 if piece.ware.category == "plant" else 1.0)
            taken |= (np.abs(own) < foot / 2).all(1)
    return taken


def inside(outline: NDArray[np.float64], points: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Whether points (N, 2) lie within a polygon (K, 2): a ray along x crosses its edges an odd number of times."""
    odd = np.zeros(len(points), bool)
    for (ax, ay), (bx, by) in zip(outline, np.roll(outline, -1, axis=0), strict=True):
        crosses = (ay > points[:, 1]) != (by > points[:, 1])
        with np.errstate(divide="ignore", invalid="ignore"):
            at = ax + (points[:, 1] - ay) / (by - ay) * (bx - ax)
        odd ^= crosses & (points[:, 0] < at)
    return odd


def intersection(plan: Plan, placement: Placement) -> float:
    """Share of a foot on occupied floor; the placement is in the frame of the true camera."""
    across, deep = (np.arange(STEP / 2, side, STEP) - side / 2 for side in placement.size[:2])
    x, y = np.meshgrid(across, deep)
    foot = placement.to_world(np.stack([x.ravel(), y.ravel(), np.zeros(x.size)], 1))
    return float(occupied(plan, plan.shot.to_room(foot)[:, :2]).mean())


def measure(folder: Path, stores: Stores, networks: RoomNetworks) -> dict[str, list[float | None]]:
    """For each thing the intersections in all rooms; None where it found no place."""
    wares, extras = stores.wares, stores.extras
    found: dict[str, list[float | None]] = {name: [] for name in THINGS}
    for line in images.read_file(folder / "rooms.jsonl").decode().splitlines():
        told = json.loads(line)
        plan = plan_room(told["seed"], wares, extras, TRUTH_SIZES, with_target=False)
        if [piece.ware.id for piece in plan.pieces] != told["furniture"]:
            step = "Render the rooms again, or measure with the catalog that they were rendered with."
            raise BadInput(told["file"], "a room of another catalog", "a room of this one", step)
        view = view_room(images.load_image(folder / told["file"]), networks, height=told["height"])
        floor = map_floor(view.camera, view.free, view.wall_yaw)
        for name, size in THINGS.items():
            place = None if view.is_guessed else find_place(floor, view.camera, size)
            found[name].append(None if place is None else intersection(plan, place))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rooms", type=Path, required=True, help="folder with rooms.jsonl")
    parser.add_argument("--out", type=Path, default=Path("docs/benchmarks/room_placement.csv"))
    options = parser.parse_args()
    found = measure(options.rooms, Stores.open(LIBRARIES), room_networks())
    rows: list[Row] = []
    for name, values in [*found.items(), ("all", [value for ones in found.values() for value in ones])]:
        shares = 100 * np.array([value for value in values if value is not None])
        figures = (shares.mean(), 100 * (shares < 2).mean(), shares.max()) if len(shares) else ("", "", "")
        counts = {"thing": name, "rooms": len(values), "placed": len(shares)}
        rows.append(counts | dict(zip(COLUMNS[3:], figures, strict=True)))
    options.out.parent.mkdir(parents=True, exist_ok=True)
    images.save_bytes(options.out, as_csv(COLUMNS, rows, machine()).encode())
    print(as_table(COLUMNS, rows))


if __name__ == "__main__":
    main()
