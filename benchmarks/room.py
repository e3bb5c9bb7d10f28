"""Seconds and memory of a view in a room.

    python -m benchmarks.room [--rooms 4] [--out docs/benchmarks/room.csv]

Demo rooms × three pieces of furniture of the demo catalog, each at a spot of its own. Measured in a process of its own:
`cold` runs from the start of the process to the first picture, `warm` is the median of the others. The columns after
`load` split a render by what it reports of its progress.
"""

from __future__ import annotations

import argparse
import itertools
import json
import time
from collections.abc import Iterator
from pathlib import Path

import tryroom
from benchmarks.measuring import Row, StageClock, cold_and_warm, in_own_process, report
from pipelines import images
from pipelines.schema import RenderSettings, RoomRequest, Standing
from recommend.catalog import read_catalog

#: Start of what is reported → the column its time goes to.
STAGES = {
    "looking at the room": "look",
    "clearing": "clear",
    "finding a place": "place",
    "rendering": "draw",
}
COLUMNS = ("what", "kind", "renders", "seconds", "load", *dict.fromkeys(STAGES.values()), "peak_mb")
#: Categories of which the first item is placed, and where.
ITEMS = {"coffee table": (0.5, 0.8), "armchair": (0.35, 0.75), "floor lamp": (0.7, 0.7)}


def requests(rooms: int) -> Iterator[RoomRequest]:
    """Demo rooms × furniture."""
    from pipelines.furniture import read_furniture

    catalog = read_catalog(tryroom.FURNITURE)
    for room, (category, at) in itertools.product(tryroom.demo_rooms()[:rooms], ITEMS.items()):
        item = next(item for item in catalog.items if item.category == category)
        furniture = read_furniture(tryroom.furniture_files(catalog.folder, item))
        yield RoomRequest(images.load_image(room.image), (Standing(furniture, at),))


def measure(started: float, rooms: int) -> list[Row]:
    """Cold and warm rows; `started` is when the process began, in seconds since the epoch."""
    from pipelines import renderers

    renderer = renderers.load(RenderSettings.renderer, "room")
    load = time.time() - started
    rows: list[Row] = []
    for request in requests(rooms):
        clock, before = StageClock(STAGES), time.perf_counter()
        renderer.render(request, clock)
        rows.append({"seconds": time.perf_counter() - before, **clock.seconds})
    return cold_and_warm({"what": f"tryroom {RenderSettings.renderer}"}, load, rows)


def main() -> None:
    """Measure, write the CSV and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rooms", type=int, default=4, help="how many of the demo rooms")
    parser.add_argument("--out", type=Path, default=Path("docs/benchmarks/room.csv"))
    parser.add_argument("--only", choices=("room",), help=argparse.SUPPRESS)
    parser.add_argument("--started", type=float, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.only:
        print(json.dumps(measure(args.started, args.rooms)))
        return
    report(args.out, COLUMNS, in_own_process("benchmarks.room", "--only", "room", "--rooms", args.rooms))


if __name__ == "__main__":
    main()
