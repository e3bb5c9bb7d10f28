"""Drawn rooms with exact truth: a box of walls with windows, doors and furniture, ray by ray through a `Camera`.

Rooms differ in size, light, floor covering and furniture; some furniture stands askew, some walls are bare. Noise, blur
and JPEG artefacts are added last. Everything follows from one seed.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from pipelines.geometry.camera import Camera
from pipelines.schema import Image, Mask

Floats = NDArray[np.floating]
FLOOR, CEILING, WALL, ITEM = range(4)
#: Rays per pixel and side: edges must not be jagged.
FINER = 1.5


@dataclass(frozen=True)
class Box:
    """A piece of furniture: its middle on the floor, its size, its turn against the walls, its foot above the floor."""

    at: tuple[float, float]
    size: tuple[float, float, float]
    turn: float
    foot: float
    colour: tuple[float, float, float]
    panels: int


@dataclass(frozen=True, eq=False)
class DrawnRoom:
    """A picture and the truth about it; `wall_yaw` in [0, π/2) as in `RoomView`."""

    image: Image
    camera: Camera
    wall_yaw: float
    floor: Mask


def random_camera(rng: np.random.Generator, size: tuple[int, int] = (427, 640)) -> Camera:
    """A camera as people hold it: 450 to 1100 px at 800 px width, looking 5° up to 25° down, rolled up to 3°."""
    focal = np.exp(rng.uniform(np.log(450), np.log(1100))) * max(size) / 800
    pitch = np.radians(rng.triangular(-5, 3, 25))
    return Camera(size, float(focal), float(pitch), float(np.radians(rng.uniform(-3, 3))), float(rng.uniform(1.2, 1.6)))


def draw_room(seed: int, camera: Camera | None = None, *, clutter: float = 1.0, sharp: bool = False) -> DrawnRoom:
    """Draw one room.

    Args:
        seed: of everything.
        camera: who looks; None = `random_camera`.
        clutter: how much furniture and how many things on the walls; 0 = a bare room.
        sharp: leave out noise, blur and JPEG.
    """
    rng = np.random.default_rng(seed)
    camera = camera or random_camera(rng)
    yaw = float(rng.uniform(0, np.pi / 2))
    room = _Room(rng, clutter)
    height, width = camera.size
    colour, kind = room.shade(camera, yaw, (round(height * FINER), round(width * FINER)))
    colour = cv2.resize(colour.astype(np.float32), (width, height), interpolation=cv2.INTER_AREA)
    floor = cv2.resize((kind == FLOOR).astype(np.float32), (width, height), interpolation=cv2.INTER_AREA) >= 0.5
    image = np.clip(colour, 0, 255).astype(np.uint8) if sharp else _photographed(colour, rng)
    return DrawnRoom(image, camera, yaw, np.where(floor, 255, 0).astype(np.uint8))


def _photographed(colour: NDArray[np.float32], rng: np.random.Generator) -> Image:
    """Lens blur, noise and JPEG."""
    blurred = cv2.GaussianBlur(colour, (0, 0), rng.uniform(0.5, 1.4))
    noisy = np.clip(blurred + rng.normal(0, rng.uniform(1, 7), blurred.shape), 0, 255).astype(np.uint8)
    _, data = cv2.imencode(".jpg", noisy, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(60, 95))])
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)


class _Room:
    """Room frame, metres: the camera's foot is the origin, walls are parallel to x and y, z is up."""

    def __init__(self, rng: np.random.Generator, clutter: float) -> None:
        self.rng = rng
        back, ahead = rng.uniform(0.4, 1.2, 2), rng.uniform(2.2, 5.5, 2)
        # The camera looks into the first quadrant of the room frame, give or take; walls behind it are near.
        self.low, self.high = -back, ahead
        self.top = float(rng.uniform(2.3, 3.0))
        self.tone = {name: rng.uniform(lo, hi, 3) for name, lo, hi in
                     (("wall", 120, 240), ("ceiling", 190, 250), ("floor", 50, 200))}  # fmt: skip
        self.tone = {name: (tone.mean() + (tone - tone.mean()) * 0.3) for name, tone in self.tone.items()}
        self.covering = rng.choice(["tiles", "planks", "plain", "plain"])
        self.step, self.joint = float(rng.uniform(0.15, 0.6)), float(rng.uniform(-60, -15))
        self.skirting = rng.uniform(-50, 50) if rng.random() < 0.7 else None
        self.light = np.r_[rng.uniform(self.low, self.high), self.top]
        self.framed = [self._framed() for _ in range(round(clutter * rng.integers(1, 6)))]
        self.boxes = [self._box() for _ in range(round(clutter * rng.integers(0, 7)))]
        self.grain = [_grain(rng, amount) for amount in (rng.uniform(0, 8), rng.uniform(1, 14))]

    def _framed(self) -> tuple[int, float, float, float, float, Floats, Floats]:
        """A window, door or picture: wall, left, right, bottom, top, inside and frame colour."""
        rng, wall = self.rng, int(self.rng.integers(0, 2))
        left = rng.uniform(self.low[wall], self.high[wall] - 0.6)
        is_door = rng.random() < 0.35
        low, high = np.sort(rng.uniform(0.7, 2.2, 2))
        bottom, top = (0, rng.uniform(1.95, 2.15)) if is_door else (low, high + 0.2)
        return wall, left, left + rng.uniform(0.4, 1.5), bottom, top, rng.uniform(40, 255, 3), rng.uniform(40, 255, 3)

    def _box(self) -> Box:
        rng = self.rng
        size = (rng.uniform(0.4, 2.0), rng.uniform(0.4, 1.2), rng.uniform(0.3, 1.9))
        at = rng.uniform(self.low * 0.2 + 0.7, self.high)
        at += 0.9 * at / np.linalg.norm(at)
        turn = rng.uniform(0, np.pi) if rng.random() < 0.2 else rng.choice([0, np.pi / 2])
        foot = rng.uniform(0.05, 0.3) if rng.random() < 0.3 else 0.0
        return Box(tuple(at), size, turn, foot, tuple(_muted(rng)), int(rng.integers(1, 5)))

    def shade(self, camera: Camera, yaw: float, size: tuple[int, int]) -> tuple[Floats, NDArray[np.uint8]]:
        """Colour (H, W, 3) and kind (H, W) of what the camera sees, sampled at `size`."""
        height, width = size
        x = (np.arange(width) + 0.5) * (camera.size[1] / width)
        y = (np.arange(height) + 0.5) * (camera.size[0] / height)
        rays = camera.rays(np.stack(np.meshgrid(x, y), 2).reshape(-1, 2)).astype(np.float32)
        # One family of walls runs along the world direction `yaw`; half of the rooms are entered across it.
        cos, sin = np.cos(yaw), np.sin(yaw)
        rays = np.stack([rays[:, 0] * cos + rays[:, 1] * sin, rays[:, 1] * cos - rays[:, 0] * sin, rays[:, 2]], 1)
        eye = np.array([0, 0, camera.height], np.float32)
        hit, colour, kind, normal = self._walls(eye, rays)
        for box in self.boxes:
            near, shade, side = self._box_hits(box, eye, rays)
            closer = near < hit
            hit, kind = np.where(closer, near, hit), np.where(closer, ITEM, kind)
            colour, normal = np.where(closer[:, None], shade, colour), np.where(closer[:, None], side, normal)
        spot = eye + rays * hit[:, None]
        to_light = self.light - spot
        distance = np.linalg.norm(to_light, axis=1)
        facing = np.abs((to_light * normal).sum(1)) / np.maximum(distance, 0.1)
        colour = colour * (0.62 + 0.3 * facing + 0.25 / (0.6 + distance))[:, None]
        return colour.reshape(height, width, 3), kind.reshape(height, width).astype(np.uint8)

    def _walls(self, eye: Floats, rays: Floats) -> tuple[Floats, Floats, Floats, Floats]:
        """Distance, colour, kind and normal of the shell of the room."""
        with np.errstate(divide="ignore"):
            far = np.where(rays > 0, np.r_[self.high, self.top] - eye, np.r_[self.low, 0] - eye) / rays
        axis = far.argmin(1)
        hit = far[np.arange(len(far)), axis]
        spot = eye + rays * hit[:, None]
        kind = np.where(axis < 2, WALL, np.where(rays[:, 2] > 0, CEILING, FLOOR))
        colour = np.select(
            [(kind == FLOOR)[:, None], (kind == CEILING)[:, None]],
            [self._floor(spot), self.tone["ceiling"]], self._wall(axis, rays, spot)
        )  # fmt: skip
        return hit, colour, kind, np.eye(3, dtype=np.float32)[axis]

    def _floor(self, spot: Floats) -> Floats:
        x, y = spot[:, 0] / self.step, spot[:, 1] / self.step
        groove = 0.02 / self.step
        if self.covering == "tiles":
            line = (x % 1 < groove) | (y % 1 < groove)
        elif self.covering == "planks":
            line = (x % 1 < groove / 2) | ((y / 4 + 0.37 * np.floor(x)) % 1 < groove / 8)
        else:
            line = np.zeros(len(x), bool)
        return self.tone["floor"] + (self.joint * line + self._noise(1, spot[:, 0], spot[:, 1]))[:, None]

    def _wall(self, axis: NDArray[np.intp], rays: Floats, spot: Floats) -> Floats:
        """Only the two walls ahead carry windows and doors."""
        along = np.where(axis == 0, spot[:, 1], spot[:, 0])
        ahead = np.take_along_axis(rays, axis[:, None], 1)[:, 0] > 0
        colour = self.tone["wall"] + self._noise(0, along, spot[:, 2])[:, None]
        if self.skirting is not None:
            colour = colour + (self.skirting * (spot[:, 2] < 0.1))[:, None]
        for wall, left, right, bottom, top, inside, frame in self.framed:
            on = ahead & (axis == 1 - wall)
            outer = on & (along > left) & (along < right) & (spot[:, 2] > bottom) & (spot[:, 2] < top)
            inner = outer & (along > left + 0.07) & (along < right - 0.07) & (spot[:, 2] < top - 0.07)
            inner &= spot[:, 2] > bottom + 0.07 * (bottom > 0)
            colour = np.where(outer[:, None], frame, colour)
            colour = np.where(inner[:, None], inside, colour)
        return colour

    def _noise(self, which: int, u: Floats, v: Floats) -> Floats:
        grain = self.grain[which]
        return grain[(u * 60).astype(int) % len(grain), (v * 60).astype(int) % len(grain)]

    def _box_hits(self, box: Box, eye: Floats, rays: Floats) -> tuple[Floats, Floats, Floats]:
        """Distance (inf = missed), colour and normal; slabs after Kay and Kajiya 1986."""
        cos, sin = np.cos(box.turn), np.sin(box.turn)
        turn = np.array([[cos, sin, 0], [-sin, cos, 0], [0, 0, 1]], np.float32)
        half = np.array(box.size, np.float32) / 2
        local_eye = turn @ (eye - (*box.at, box.foot + half[2]))
        local = rays @ turn.T
        with np.errstate(divide="ignore"):
            near, far = (-np.sign(local) * half - local_eye) / local, (np.sign(local) * half - local_eye) / local
        axis, hit = near.argmax(1), near.max(1)
        missed = (hit > far.min(1)) | (hit < 0.3)
        spot = (local_eye + local * hit[:, None]) / half
        fitting = np.where(axis == 2, 1.0, np.where(axis == 0, spot[:, 1], spot[:, 0]))
        crease = (np.abs((fitting * box.panels / 2) % 1 - 0.5) < 0.03) | (np.abs(spot[:, 2] - 0.5) < 0.03)
        shade = np.array(box.colour) - 35.0 * (crease & (axis < 2))[:, None] + 20.0 * (axis == 2)[:, None]
        return np.where(missed, np.inf, hit), shade, np.eye(3, dtype=np.float32)[axis] @ turn


def _muted(rng: np.random.Generator) -> Floats:
    """A colour as furniture has it: any lightness, little saturation."""
    return rng.uniform(30, 220) + rng.uniform(-35, 35, 3)


def _grain(rng: np.random.Generator, amount: float) -> Floats:
    """A tileable texture (512, 512) of standard deviation `amount`, rough and fine mixed."""
    fine = rng.normal(0, 1, (512, 512))
    rough = gaussian_filter(rng.normal(0, 1, (512, 512)), 8, mode="wrap")
    mixed = 0.5 * fine + rough / rough.std()
    return np.asarray(amount * mixed / mixed.std(), np.float32)
