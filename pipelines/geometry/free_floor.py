"""The free floor seen from above, and where on it an item fits."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.geometry.camera import Camera
from pipelines.geometry.placement import Placement
from pipelines.schema import Mask

#: Side of a cell and how far the map reaches to the sides and ahead, metres.
CELL = 0.05
REACH = 8.0
#: An item nearer than this stands at the photographer's feet.
NEAREST = 0.6
#: The distance at which things are best looked at, and how quickly others lose, metres.
BEST_DISTANCE, DISTANCE_SPREAD = 2.5, 1.5
#: How much a place gains by a wall behind, by facing the viewer, by its distance, by being wholly in the picture and by
#: having free floor around it.
GAINS = {"wall": 1.0, "facing": 0.8, "distance": 0.6, "middle": 0.3, "in picture": 1.5, "roomy": 3.0}
#: Cells around an item that had better be free: beside and before it, and behind it. The floor's edge is not known
#: better, and nobody puts a table flush with another.
AROUND, BEHIND = 6, 3


@dataclass(frozen=True, eq=False)
class FloorMap:
    """The floor from above, turned so that its axes run along the walls.

    Attributes:
        free: bool (rows, columns); row i, column j is the cell around (u, v) = (j, i) · CELL − (REACH, REACH).
        wall_yaw: radians from the world's axes to the map's: world = turn(wall_yaw) (u, v).
    """

    free: NDArray[np.bool_]
    wall_yaw: float

    def to_world(self, u: NDArray[np.float64], v: NDArray[np.float64]) -> NDArray[np.float64]:
        """World (…, 2) of map coordinates in metres."""
        cos, sin = np.cos(self.wall_yaw), np.sin(self.wall_yaw)
        return np.stack([cos * u - sin * v, sin * u + cos * v], -1)

    def to_map(self, world: NDArray[np.float64]) -> NDArray[np.float64]:
        """Map coordinates (N, 2) in metres of world (N, 2)."""
        cos, sin = np.cos(self.wall_yaw), np.sin(self.wall_yaw)
        return np.asarray(world @ np.array([[cos, -sin], [sin, cos]]), np.float64)


def map_floor(camera: Camera, floor: Mask, wall_yaw: float) -> FloorMap:
    """Bring a floor mask (H, W) into the map; what the picture does not show is not free."""
    count = round(2 * REACH / CELL)
    along = (np.arange(count) + 0.5) * CELL - REACH
    u, v = np.meshgrid(along, along)
    blank = FloorMap(np.zeros((count, count), bool), wall_yaw)
    world = blank.to_world(u, v).reshape(-1, 2)
    pixels = camera.project(np.hstack([world, np.zeros((len(world), 1))]))
    ahead = np.isfinite(pixels).all(1) & (np.hypot(*world.T) > NEAREST)
    columns, rows = np.floor(np.where(ahead[:, None], pixels, -1)).astype(np.int64).T
    inside = ahead & (columns >= 0) & (rows >= 0) & (columns < camera.size[1]) & (rows < camera.size[0])
    seen = np.zeros(len(world), np.uint8)
    seen[inside] = floor[rows[inside], columns[inside]] > 127
    return FloorMap(seen.reshape(count, count) > 0, wall_yaw)


def is_free(floor: FloorMap, placement: Placement) -> float:
    """Share of an item's foot that stands on free floor, 0 to 1."""
    width, depth, _ = placement.size
    counts = [max(2, round(side / CELL)) for side in (width, depth)]
    steps = [((np.arange(n) + 0.5) / n - 0.5) * side for n, side in zip(counts, (width, depth), strict=True)]
    x, y = np.meshgrid(*steps)
    foot = placement.to_world(np.stack([x.ravel(), y.ravel(), np.zeros(x.size)], 1))[:, :2]
    cells = np.floor((floor.to_map(foot) + REACH) / CELL).astype(int)
    inside = ((cells >= 0) & (cells < len(floor.free))).all(1)
    column, row = cells.clip(0, len(floor.free) - 1).T
    return float(np.mean(inside & floor.free[row, column]))


def occupy(floor: FloorMap, placement: Placement) -> FloorMap:
    """The map with an item's foot no longer free."""
    foot = placement.corners[placement.corners[:, 2] < placement.base + 1e-6][:, :2]
    cells = np.rint((floor.to_map(foot) + REACH) / CELL - 0.5).astype(np.int32)
    taken = np.zeros(floor.free.shape, np.uint8)
    cv2.fillConvexPoly(taken, cv2.convexHull(cells), 1)
    return FloorMap(floor.free & (taken == 0), floor.wall_yaw)


def _window(count: float) -> int:
    return max(1, int(np.ceil(count / CELL - 1e-6)))


def fitting(free: NDArray[np.bool_], rows: int, columns: int) -> NDArray[np.bool_]:
    """Where the middle cell of a window of rows × columns may lie for all its cells to be free."""
    kernel = np.ones((rows, columns), np.uint8)
    return np.asarray(cv2.erode(free.astype(np.uint8), kernel, borderType=cv2.BORDER_CONSTANT, borderValue=0) > 0)


def widest(floor: FloorMap, depth: float) -> float:
    """The greatest width in metres, along either wall direction, of a free strip `depth` deep."""
    low, high = 0, floor.free.shape[0]
    while low < high:
        middle = (low + high + 1) // 2
        deep = _window(depth)
        if fitting(floor.free, deep, middle).any() or fitting(floor.free, middle, deep).any():
            low = middle
        else:
            high = middle - 1
    return low * CELL


def find_place(floor: FloorMap, camera: Camera, size: tuple[float, float, float]) -> Placement | None:
    """The best free place for an item: along a wall, with its back to it, facing the viewer, in the picture.

    Args:
        size: (width, depth, height) in metres.

    Returns:
        None if it fits nowhere.
    """
    best: tuple[float, Placement] | None = None
    for quarter in range(4):
        yaw = floor.wall_yaw + quarter * np.pi / 2
        across = size[:2] if quarter % 2 == 0 else size[1::-1]
        columns, rows = (_window(side) for side in across)
        places = np.argwhere(fitting(floor.free, rows, columns))
        if not len(places):
            continue
        gains = _gains(floor, camera, size, yaw, places, (rows, columns), quarter)
        top = int(np.argmax(gains))
        if best is None or gains[top] > best[0]:
            best = float(gains[top]), _placed(floor, places[top], (rows, columns), yaw, size)
    return None if best is None else best[1]


def _middle(places: NDArray[np.int64], window: tuple[int, int]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(u, v) in metres of the middles of windows whose anchor cells are given; OpenCV anchors even windows late."""
    shifts = np.array([0.0 if side % 2 == 0 else 0.5 for side in window])
    metres = (places + shifts) * CELL - REACH
    return metres[..., 1], metres[..., 0]


def _placed(
    floor: FloorMap, place: NDArray[np.int64], window: tuple[int, int], yaw: float, size: tuple[float, float, float]
) -> Placement:
    x, y = floor.to_world(*_middle(place, window))
    return Placement((float(x), float(y)), yaw, size)


def _gains(
    floor: FloorMap, camera: Camera, size: tuple[float, float, float], yaw: float, places: NDArray[np.int64],
    window: tuple[int, int], quarter: int,
) -> NDArray[np.float64]:  # fmt: skip
    """How good each place (N, 2) is; see GAINS."""
    u, v = _middle(places, window)
    world = floor.to_world(u, v)
    # The front looks back along the map's v at quarter 0; one quarter turns it counter-clockwise.
    back = np.array([[0, 1], [-1, 0], [0, -1], [1, 0]][quarter])
    half, edge = (window[0] if back[1] else window[1]) / 2, floor.free.shape[0] - 1
    wall = np.zeros(len(places), bool)
    for step in range(1, BEHIND + 3):
        row, column = np.rint(places + back[::-1] * (half + step)).astype(int).clip(0, edge).T
        wall |= ~floor.free[row, column]
    distance = np.hypot(*world.T)
    front = np.array([np.sin(yaw), -np.cos(yaw)])
    facing = (-world @ front) / distance
    corners = Placement((0.0, 0.0), yaw, size).corners
    pixels = camera.project((np.pad(world, ((0, 0), (0, 1)))[:, None] + corners).reshape(-1, 3))
    high, wide = camera.size
    seen = np.isfinite(pixels).all(1) & (pixels >= 0).all(1) & (pixels[:, 0] <= wide) & (pixels[:, 1] <= high)
    roomy = _roomy(floor.free, window, quarter)[places[:, 0], places[:, 1]]
    aside = np.abs(pixels[:, 0].reshape(-1, 8).mean(1) / wide - 0.5)
    middle = 1 - 2 * np.nan_to_num(aside, nan=0.5).clip(0, 0.5)
    return np.asarray(
        GAINS["wall"] * wall
        + GAINS["facing"] * facing
        + GAINS["distance"] * np.exp(-(((distance - BEST_DISTANCE) / DISTANCE_SPREAD) ** 2))
        + GAINS["middle"] * middle
        + GAINS["in picture"] * seen.reshape(-1, 8).mean(1)
        + GAINS["roomy"] * roomy
    )


def _roomy(free: NDArray[np.bool_], window: tuple[int, int], quarter: int) -> NDArray[np.bool_]:
    """Where the middle cell of a window may lie for AROUND and BEHIND it to be free too."""
    # Cells before and after the window along rows and columns; where the back looks, see `_gains`.
    beside, deep = (AROUND, AROUND), (AROUND, BEHIND) if quarter in (0, 3) else (BEHIND, AROUND)
    rows, columns = (deep, beside) if quarter % 2 == 0 else (beside, deep)
    kernel = np.ones((window[0] + sum(rows), window[1] + sum(columns)), np.uint8)
    anchor = (window[1] // 2 + columns[0], window[0] // 2 + rows[0])
    there = cv2.erode(free.astype(np.uint8), kernel, anchor=anchor, borderType=cv2.BORDER_CONSTANT, borderValue=0)
    return np.asarray(there > 0)
