"""How far the camera that is found in rooms lies from the true one, and what that does to the size of an item.

    python -m benchmarks.room_camera --rooms DIR [--out docs/benchmarks/room_camera.csv]

DIR holds rooms.jsonl, a line for each picture: `file`; `focal` in pixels, `pitch` and `roll` in radians and `height` in
metres as in pipelines.geometry.camera; and, where it is known, `floor`, a mask file with the visible free floor in
white. An item's error is that of the height in pixels of a thing one metre tall, the median over five spots of the
floor; first with the true height of the camera, then with the one that was found. An error is unflagged where the
horizon is not called doubtful. The last rows are the median and the 90th percentile of all pictures.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from benchmarks.measuring import Row, as_csv, as_table, machine
from pipelines import images
from pipelines.errors import BadInput
from pipelines.geometry.camera import Camera
from pipelines.perception.camera_height import room_networks
from pipelines.perception.room import DOUBTFUL, RoomNetworks, RoomView, view_room
from pipelines.schema import Mask

#: Where items stand: fraction of the width, and of the way from the true horizon down to the picture's edge.
SPOTS = ((0.5, 0.45), (0.25, 0.6), (0.75, 0.6), (0.4, 0.8), (0.6, 0.95))
#: An item that is wrong by more than this share is wrong for everybody, and ought to come with a warning.
GROSS = 0.3
TALL = 1.0
COLUMNS = ("file", "horizon_deg", "focal_pct", "roll_deg", "item_pct", "item_unknown_height_pct", "height_pct",
           "floor_iou", "horizon_confidence", "focal_confidence", "height_confidence", "floor_confidence",
           "seconds")  # fmt: skip


@dataclass(frozen=True)
class KnownRoom:
    """A picture's file, its camera without a size, which the picture has, and the file of its floor."""

    file: Path
    focal: float
    pitch: float
    roll: float
    height: float
    floor: Path | None

    def camera(self, size: tuple[int, int]) -> Camera:
        """The true camera of a picture of this size."""
        return Camera(size, self.focal, self.pitch, self.roll, self.height)


def read_rooms(folder: Path) -> Iterator[KnownRoom]:
    """The rooms that rooms.jsonl lists."""
    path = folder / "rooms.jsonl"
    for number, line in enumerate(images.read_file(path).decode().splitlines(), 1):
        try:
            told = json.loads(line)
            numbers = [float(told[name]) for name in ("focal", "pitch", "roll", "height")]
            floor = folder / told["floor"] if told.get("floor") else None
            yield KnownRoom(folder / told["file"], *numbers, floor)
        except (ValueError, KeyError, TypeError) as error:
            allowed = "file, focal, pitch, roll and height"
            raise BadInput(f"{path.name}, line {number}", f"{line[:60]} ({error})", allowed, "Correct it.") from error


def horizon_error(found: Camera, true: Camera) -> float:
    """Degrees between both horizons in the middle column, as the true lens sees them."""
    rises = [(0.5 - camera.horizon_y) * true.size[0] / true.focal for camera in (found, true)]
    return float(abs(np.degrees(np.arctan(rises[0]) - np.arctan(rises[1]))))


def item_pixels(camera: Camera, spots: np.ndarray) -> np.ndarray:
    """Heights (N,) in pixels of things one metre tall that stand at pixels (N, 2); NaN above the horizon."""
    feet = camera.floor_points(spots)
    return np.linalg.norm(camera.project(feet + np.array([0, 0, TALL])) - spots, axis=1)


def item_errors(found: Camera, true: Camera) -> np.ndarray:
    """Relative errors (5,) of an item's height; 1 where the found camera sees no floor at the spot."""
    height, width = true.size
    across = np.array([x for x, _ in SPOTS]) * width
    horizon = true.horizon_y * height + np.tan(true.roll) * (across - width / 2)
    spots = np.stack([across, horizon + np.array([y for _, y in SPOTS]) * (height - horizon)], 1)
    return np.nan_to_num(np.abs(item_pixels(found, spots) / item_pixels(true, spots) - 1), nan=1.0)


def floor_overlap(found: Mask, true: Mask) -> float:
    """Intersection over union; 1 where there is no floor and none was found."""
    either = ((found > 0) | (true > 0)).sum()
    return float(((found > 0) & (true > 0)).sum() / either) if either else 1.0


def score(view: RoomView, true: Camera, floor: Mask | None) -> Row:
    """A picture's line of the table."""
    found, told = view.camera, view.confidence
    known = replace(found, height=true.height)
    return {
        "horizon_deg": horizon_error(found, true),
        "focal_pct": 100 * abs(found.focal / true.focal - 1),
        "roll_deg": float(abs(np.degrees(found.roll - true.roll))),
        "item_pct": 100 * float(np.median(item_errors(known, true))),
        "item_unknown_height_pct": 100 * float(np.median(item_errors(found, true))),
        "height_pct": 100 * abs(found.height / true.height - 1),
        "floor_iou": "" if floor is None else floor_overlap(view.floor, floor),
        **{f"{name}_confidence": told[name] for name in ("horizon", "focal", "height", "floor")},
    }


def unflagged(rows: list[Row]) -> float:
    """Share of all pictures whose items are grossly wrong though the horizon is not called doubtful."""
    wrong = [row["item_pct"] > 100 * GROSS and row["horizon_confidence"] >= DOUBTFUL for row in rows]
    return float(np.mean(wrong))


def summary(rows: list[Row]) -> list[Row]:
    """Median and 90th percentile of each column; of confidences and overlaps the 10th, which is the bad end."""
    lines: list[Row] = []
    for name, share in (("median", 50), ("p90", 90)):
        line: Row = {"file": name}
        for column in COLUMNS[1:]:
            values = [row[column] for row in rows if row[column] != ""]
            falling = column.endswith(("confidence", "iou"))
            line[column] = float(np.percentile(values, 100 - share if falling else share)) if values else ""
        lines.append(line)
    return lines


def measure(folder: Path, networks: RoomNetworks) -> list[Row]:
    """A row for each room."""
    rows = []
    for room in read_rooms(folder):
        photo = images.load_image(room.file)
        started = time.perf_counter()
        view = view_room(photo, networks)
        seconds = time.perf_counter() - started
        true = room.camera((photo.shape[0], photo.shape[1]))
        floor = None if room.floor is None else images.load_mask(room.floor)
        rows.append({"file": room.file.name, "seconds": seconds, **score(view, true, floor)})
    return rows


def main() -> None:
    """Measure, write the table, print its summary."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rooms", type=Path, required=True, help="folder with rooms.jsonl")
    parser.add_argument("--out", type=Path, default=Path("docs/benchmarks/room_camera.csv"))
    options = parser.parse_args()
    rows = measure(options.rooms, room_networks())
    if not rows:
        raise BadInput("rooms", "an empty rooms.jsonl", "at least one room", "Render some first.")
    short = summary(rows)
    note = f"unflagged errors above {GROSS:.0%}: {unflagged(rows):.1%} of {len(rows)}; {machine()}"
    options.out.parent.mkdir(parents=True, exist_ok=True)
    images.save_bytes(options.out, as_csv(COLUMNS, rows + short, note).encode())
    print(as_table(COLUMNS, short))
    print(note)


if __name__ == "__main__":
    main()
