"""Where the photographer of a room stands, and what the picture shows of it. No Blender here.

The pipelines' world has its origin below the camera and its y ahead (pipelines.geometry.camera); a room has a frame of
its own (room_shape). This is the only place that knows both.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from pipelines.geometry.camera import Camera
from training.room_shape import Array, Random, Rect, Shell

#: Nothing stands nearer to the camera than this, and nothing right before it up to that distance, metres.
NEAREST, BEFORE = 0.45, 1.15
#: The least that the floor fills of a picture, and the least way ahead of the camera, metres.
LEAST_FLOOR, LEAST_WAY = 0.14, 1.9


@dataclass(frozen=True)
class Shot:
    """A camera in a room.

    Attributes:
        camera: in the pipelines' world.
        at: where it stands, metres in the room's frame.
        heading: radians by which the world is turned against the room, counter-clockwise; 0 looks along the room's y.
    """

    camera: Camera
    at: tuple[float, float]
    heading: float

    @property
    def turn(self) -> Array:
        """(3, 3): the world's axes → the room's."""
        cos, sin = np.cos(self.heading), np.sin(self.heading)
        return np.array([[cos, -sin, 0], [sin, cos, 0], [0, 0, 1.0]])

    def to_room(self, points: Array) -> Array:
        """Points (N, 3) of the world in the room's frame."""
        return np.asarray(points @ self.turn.T + [*self.at, 0.0])

    def to_world(self, points: Array) -> Array:
        """Points (N, 3) of the room in the world."""
        return np.asarray((points - [*self.at, 0.0]) @ self.turn)

    @property
    def ahead(self) -> Array:
        """(2,): where it looks, seen from above, in the room's frame."""
        return np.array([-np.sin(self.heading), np.cos(self.heading)])

    @property
    def kept_free(self) -> list[Rect]:
        """Rectangles of the room in which furniture would stand in the way."""
        middle = np.array(self.at) + self.ahead * BEFORE / 2
        width = 1.3 * BEFORE * np.tan(self.camera.fov / 2)
        return [
            Rect(self.at, (2 * NEAREST, 2 * NEAREST), self.heading),
            Rect((float(middle[0]), float(middle[1])), (width, BEFORE), self.heading),
        ]

    def yaw_of(self, turn: float) -> float:
        """The yaw of pipelines.geometry.placement, in [−π, π), of what is turned by `turn` radians in the room."""
        return float((turn - self.heading) % (2 * np.pi) - np.pi)

    def sees(self, corners: Array) -> float:
        """Share of points (N, 3) of the room that lie within the picture, 0 to 1."""
        pixels = self.camera.project(self.to_world(corners))
        with np.errstate(invalid="ignore"):
            inside = ((pixels >= 0) & (pixels <= self.camera.size[::-1])).all(1)
        return float(inside.mean())


def camera_of(told: Mapping[str, float]) -> Camera:
    """The camera that scene.json tells of (`training.render_rooms`)."""
    size = (int(told["height"]), int(told["width"]))
    return Camera(size, told["focal_px"], told["pitch"], told["roll"], told["camera_height"])


def floor_share(shot: Shot, shell: Shell) -> float:
    """Share of the picture that shows the bare room's floor."""
    height, width = shot.camera.size
    x, y = np.meshgrid((np.arange(24) + 0.5) / 24 * width, (np.arange(18) + 0.5) / 18 * height)
    points = shot.camera.floor_points(np.stack([x.ravel(), y.ravel()], axis=1))
    below = np.isfinite(points).all(1)
    seen = np.zeros(len(points), bool)
    seen[below] = shell.clear(np.array(shot.at), shot.to_room(points[below])[:, :2])
    return float(seen.mean())


def draw_shot(random: Random, shell: Shell, size: tuple[int, int], level: float = 0.35) -> Shot:
    """A photographer in a room: at a wall or in a corner, looking across.

    Args:
        random: the generator.
        shell: the room.
        size: (height, width) of the picture, pixels.
        level: share of pictures for which the camera was held level.

    Raises:
        ValueError: if the room has no such place.
    """
    for _ in range(400):
        fov = np.deg2rad(random.triangular(45, 68, 90) if size[1] > size[0] else random.triangular(45, 52, 68))
        pitch = random.uniform(-1.5, 1.5) if random.random() < level else random.triangular(-3, 6, 25)
        roll = np.clip(random.normal(0, 0.55), -1.5, 1.5)
        height = float(random.uniform(1.0, 1.8))
        camera = Camera(
            size, float(size[1] / 2 / np.tan(fov / 2)), float(np.deg2rad(pitch)), float(np.deg2rad(roll)), height
        )  # fmt: skip
        # Squared steps from a wall: most stand with their back to it.
        inset = 0.35 + 1.2 * random.random(2) ** 2
        at = np.where(random.random(2) < 0.5, inset, np.array(shell.size) - inset)
        if random.random() < 0.4:
            axis = int(random.integers(2))
            at[axis] = random.uniform(0.35, shell.size[axis] - 0.35)
        target = np.array(shell.size) * random.uniform(0.3, 0.7, 2)
        way = target - at
        heading = float(np.arctan2(-way[0], way[1]) + random.normal(0, 0.12))
        shot = Shot(camera, (float(at[0]), float(at[1])), heading)
        if _is_good(shot, shell):
            return shot
    raise ValueError(f"A room of {shell.size[0]:.1f} m × {shell.size[1]:.1f} m has no place for a camera.")


def _is_good(shot: Shot, shell: Shell) -> bool:
    if not shell.holds(Rect(shot.at, (0.5, 0.5), shot.heading)):
        return False
    ends = np.array(shot.at) + shot.ahead * np.array([[LEAST_WAY], [0.45 * max(shell.size)]])
    return bool(shell.clear(np.array(shot.at), ends).all()) and floor_share(shot, shell) >= LEAST_FLOOR
