"""Rendered rooms as the floor's network learns them: cut, furnished and developed anew at every look.

What photos have and the renders lack is added: beds, worktops and tables that fill the foreground, rooms seen through
any camera, floors of any colour and pattern, and cameras that are known as badly as they are found.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

import tryroom
from pipelines import images
from pipelines.furniture import read_furniture
from pipelines.geometry.camera import Camera
from pipelines.perception.floor import falls
from pipelines.schema import Image, Mask
from recommend.catalog import read_catalog
from training.room_camera import camera_of

Array = NDArray[np.float32]

#: Width, depth and height in metres, least and most: beds, worktops, tables, cupboards.
BLOCKS = (
    ((0.9, 1.9, 0.4), (2.0, 2.2, 0.75)),
    ((1.0, 0.55, 0.8), (3.2, 1.2, 0.98)),
    ((0.8, 0.6, 0.38), (2.0, 1.1, 0.78)),
    ((0.5, 0.4, 1.3), (2.2, 0.7, 2.3)),
)
# Sides of the patches that make patterns.
_PATCH = 96
# A foot reaches this far beyond itself, metres: nothing is placed so near to a piece.
_NEAR = 0.05
# What stands before the lens.
_NEAREST = 0.1
# A mistaken camera: standard deviations of pitch and roll (radians) and of the focal length's logarithm.
_PITCH, _ROLL, _FOCAL = np.radians(1.8), np.radians(1.0), 0.13


@dataclass(frozen=True, eq=False)
class Room:
    """One rendered picture.

    Attributes:
        image: RGB uint8 (H, W, 3). floor: uint8 (H, W), 255 = floor or rug that is seen. free: of that, what no piece
            stands over.
        metres: float32 (H, W), depth along the viewing direction.
    """

    image: Image
    floor: Mask
    free: Mask
    metres: Array
    camera: Camera


@dataclass(frozen=True, eq=False)
class View:
    """What is learnt from, float32: image (H, W, 3) in 0…255, floor and free (H, W) in 0…1, fall (H, W) of `falls`."""

    image: Array
    floor: Array
    free: Array
    fall: Array


def load_rooms(folder: Path) -> Iterator[Room]:
    """Both pictures of each pair in a folder, without and with the item."""
    for path in sorted(folder.glob("*/scene.json")):
        facts = json.loads(path.read_text(encoding="utf-8"))
        told = facts["camera"]
        camera = camera_of(told)
        floor, shown = (images.load_mask(path.parent / name) for name in ("floor.png", "item.png"))
        metres = cv2.imread(str(path.parent / "depth.png"), cv2.IMREAD_UNCHANGED).astype(np.float32) / 1000
        feet = [np.array(foot) for foot in facts["feet"]]
        free = not_under(feet, floor, camera)
        yield Room(images.load_image(path.parent / "without.png"), floor, free, metres, camera)
        if facts["item"]["place"] != "rug":
            floor = np.minimum(floor, 255 - shown)
            free = np.minimum(not_under([np.array(facts["item"]["foot"])], floor, camera), free)
        yield Room(images.load_image(path.parent / "with.png"), floor, free, metres, camera)


def not_under(feet: Sequence[NDArray[np.float64]], floor: Mask, camera: Camera) -> Mask:
    """The floor (H, W) without what lies within feet: corners (4, 2) in world metres, in turn around the middle."""
    pixels = _pixels(np.array([[1.0, 0, 0], [0, 1, 0]]), floor.shape)
    points = camera.floor_points(pixels)[:, :2]
    under = np.zeros(len(points), bool)
    for foot in feet:
        sides = np.roll(foot, -1, axis=0) - foot
        away = points[:, None] - foot
        with np.errstate(invalid="ignore"):
            left = sides[:, 0] * away[..., 1] - sides[:, 1] * away[..., 0] > -_NEAR * np.linalg.norm(sides, axis=1)
        under |= left.all(1)
    return np.where(under.reshape(floor.shape), 0, floor).astype(np.uint8)


def load_cut_outs(each: int, random: np.random.Generator) -> list[Image]:
    """Some cut-outs, RGBA, of every piece in the catalog that stands on the floor."""
    catalog = read_catalog(tryroom.FURNITURE)
    cut_outs = []
    for item in catalog.items:
        if item.place == "floor":
            views = read_furniture(tryroom.furniture_files(catalog.folder, item)).views
            cut_outs += [views[i].picture for i in random.choice(len(views), each, replace=False)]
    return cut_outs


def random_view(rooms: list[Room], cut_outs: list[Image], size: tuple[int, int], random: np.random.Generator) -> View:
    """A part of one of the rooms at `size` (height, width), as some camera might have seen it."""
    room = rooms[random.integers(len(rooms))]
    to_room = _part(room.camera.size, size, random)
    rays = room.camera.rays(_pixels(to_room, size)).astype(np.float32)
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    shift = to_room.copy()
    shift[:, 2] += to_room[:, :2].sum(1) / 2 - 0.5  # OpenCV counts from the middle of the first pixel
    image, floor, free, metres = (
        cv2.warpAffine(x.astype(np.float32), shift, size[::-1], flags=flags, borderMode=cv2.BORDER_REFLECT)
        for x in (room.image, room.floor, room.free, room.metres)
    )
    floor = floor / 255
    pattern = lambda: _pattern(rooms[random.integers(len(rooms))].image, random)  # noqa: E731
    if random.random() < 0.6:
        image = _laid(image, floor, rays, pattern(), random)
    if random.random() < 0.6:
        for _ in range(random.integers(1, 4)):
            image, floor, metres = _with_block(image, floor, metres, rays, room.camera.height, pattern(), random)
    if cut_outs and random.random() < 0.3:
        image, floor = _with_cut_out(image, floor, cut_outs[random.integers(len(cut_outs))], random)
    image = _developed(image, random)
    if random.random() < 0.2:
        image, floor = _framed(image, floor, random)
    mistaken = replace(
        room.camera,
        pitch=room.camera.pitch + random.normal(0, _PITCH) * (4 if random.random() < 0.1 else 1),
        roll=room.camera.roll + random.normal(0, _ROLL),
        focal=room.camera.focal * float(np.exp(random.normal(0, _FOCAL))),
    )
    fall = falls(mistaken, _pixels(to_room, size)).reshape(size)
    parts = (image, floor, np.minimum(free / 255, floor), fall)
    return View(*(part[:, ::-1] for part in parts)) if random.random() < 0.5 else View(*parts)


def _part(room: tuple[int, int], size: tuple[int, int], random: np.random.Generator) -> NDArray[np.float64]:
    """Affine map (2, 3) from pixels of a view to those of the room: a part of it, slightly turned and stretched."""
    stretch = np.exp(random.normal(0, 0.06))
    scale = min(room[1] / (size[1] * stretch), room[0] / size[0])
    if random.random() < 0.7:
        scale *= random.uniform(0.5, 1.0)
    across, down = scale * stretch, scale
    left, top = (np.array(room[::-1]) - np.array(size[::-1]) * (across, down)) * random.random(2)
    turn = np.radians(random.normal(0, 1.5))
    cos, sin = np.cos(turn), np.sin(turn)
    linear = np.array([[cos, -sin], [sin, cos]]) @ np.diag([across, down])
    half = np.array(size[::-1]) / 2
    middle = np.array([left, top]) + half * (across, down)
    return np.column_stack([linear, middle - linear @ half])


def _pixels(to_room: NDArray[np.float64], size: tuple[int, int]) -> NDArray[np.float64]:
    """The room's pixels (H·W, 2) at the middles of a view's."""
    x, y = np.meshgrid(np.arange(size[1]) + 0.5, np.arange(size[0]) + 0.5)
    return np.stack([x.ravel(), y.ravel()], 1) @ to_room[:, :2].T + to_room[:, 2]


def _pattern(picture: Image, random: np.random.Generator) -> Array:
    """A tileable patch (P, P, 3) of mean 1: stripes, or of a picture: what surfaces may look like, whatever it was."""
    if random.random() < 0.25:
        stripes = np.exp(random.normal(0, 0.5, (_PATCH // 16, 1)) + random.normal(0, 0.25, (_PATCH // 16, 3)))
        patch = np.tile(np.repeat(stripes, 16, 0)[:, None], (1, _PATCH, 1)).astype(np.float32)
    else:
        top, left = (random.integers(0, side - _PATCH) for side in picture.shape[:2])
        patch = picture[top : top + _PATCH, left : left + _PATCH].astype(np.float32) + 8
    patch = patch / patch.mean((0, 1))
    wide = np.concatenate([patch, patch[:, ::-1]], 1)
    return np.asarray(np.concatenate([wide, wide[::-1]], 0), np.float32)


def _sampled(pattern: Array, u: Array, v: Array, random: np.random.Generator) -> Array:
    """The pattern's colours at places in metres, at a random size, contrast and turn."""
    finer, turn = random.uniform(40, 260), random.uniform(0, np.pi)
    cos, sin = finer * np.cos(turn), finer * np.sin(turn)
    rows, columns = (x.astype(int) % len(pattern) for x in (u * cos - v * sin, u * sin + v * cos))
    return pattern[rows, columns] ** np.float32(random.uniform(0, 1.0))


def _laid(image: Array, floor: Array, rays: Array, pattern: Array, random: np.random.Generator) -> Array:
    """The room with its floor in another colour, at times without its pattern, at times with another one."""
    own = image
    if random.random() < 0.3:
        # Only the light that lies on it stays.
        share = cv2.GaussianBlur(floor, (0, 0), 6)[..., None] + 1e-3
        own = cv2.GaussianBlur(image * floor[..., None], (0, 0), 6) / share
    tint = np.exp(random.normal(0, 0.35) + random.normal(0, 0.2, 3)).astype(np.float32)
    if random.random() < 0.4:
        reach = 1.5 / np.maximum(-rays[:, 2], 0.05)
        own = own * _sampled(pattern, rays[:, 0] * reach, rays[:, 1] * reach, random).reshape(image.shape)
    return image + floor[..., None] * (own * tint - image)


def _with_block(
    image: Array, floor: Array, metres: Array, rays: Array, eye: float, pattern: Array, random: np.random.Generator
) -> tuple[Array, Array, Array]:
    """The view, its floor and its depth with a block near the camera, as beds, worktops and cupboards are."""
    low, high = BLOCKS[random.integers(len(BLOCKS))]
    half = (random.uniform(low, high) / 2).astype(np.float32)
    # The nearest ones fill the foreground.
    angle, away = random.normal(0, 0.6), random.uniform(0.2, 1.4 if random.random() < 0.5 else 3.5)
    turn = random.uniform(0, np.pi)
    cos, sin = np.cos(turn), np.sin(turn)
    axes = np.array([[cos, sin, 0], [-sin, cos, 0], [0, 0, 1]], np.float32)
    start = axes @ np.array([-away * np.sin(angle), -away * np.cos(angle), eye - half[2]], np.float32)
    if (np.abs(start) < half + _NEAREST).all():
        return image, floor, metres  # the camera would be in it
    hit, side = _struck(start, rays @ axes.T, half)
    seen = hit < metres.ravel()
    spots = start + (rays[seen] @ axes.T) * hit[seen, None]
    shape = seen.reshape(floor.shape)
    soft = cv2.GaussianBlur(shape.astype(np.float32), (0, 0), random.uniform(2, 10))
    painted = image * (1 - random.uniform(0, 0.6) * soft * ~shape)[..., None]
    painted[shape] = _block_colours(spots, side[seen], half, pattern, random)
    # No edge of a photo is as sharp as that of a mask.
    edge = cv2.morphologyEx(shape.astype(np.uint8), cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8)) > 0
    painted = np.where(edge[..., None], cv2.GaussianBlur(painted, (0, 0), 0.7), painted)
    return painted, floor * ~shape, np.where(shape, hit.reshape(floor.shape), metres).astype(np.float32)


def _struck(start: Array, rays: Array, half: Array) -> tuple[Array, NDArray[np.intp]]:
    """How far off rays (N, 3) meet a block at the origin, infinity = never, and across which axis. Kay, Kajiya 1986."""
    rays = np.where(np.abs(rays) < 1e-6, np.float32(1e-6), rays)
    near, far = (-np.sign(rays) * half - start) / rays, (np.sign(rays) * half - start) / rays
    hit = near.max(1)
    return np.where((hit < far.min(1)) & (hit > _NEAREST), hit, np.inf), near.argmax(1)


def _block_colours(
    spots: Array, side: NDArray[np.intp], half: Array, pattern: Array, random: np.random.Generator
) -> Array:
    """Colours (N, 3) of places (N, 3) on a block's sides: plain or with a pattern, at times with the gaps of doors."""
    colours = random.uniform(20, 245, (2, 1)) + random.normal(0, 25, (2, 3))
    light = np.append(random.uniform(0.45, 1.0, 2), random.uniform(0.8, 1.2))
    colour = np.where((side == 2)[:, None], colours[0], colours[random.integers(2)]) * light[side][:, None]
    along = np.where(side == 0, spots[:, 1], spots[:, 0])
    if random.random() < 0.7:
        colour = colour * _sampled(pattern, along, np.where(side == 2, spots[:, 1], spots[:, 2]), random)
    if random.random() < 0.5:
        step, wide = random.uniform(0.3, 0.9), random.uniform(0.004, 0.02)
        gap = (np.abs(along / step % 1 - 0.5) < wide / step) | (half[2] - spots[:, 2] < 2 * wide)
        colour = np.where((gap & (side < 2))[:, None], random.uniform(0.4, 1.1) * colour, colour)
    return np.clip(colour, 0, 255).astype(np.float32)


def _with_cut_out(image: Array, floor: Array, cut_out: Image, random: np.random.Generator) -> tuple[Array, Array]:
    """The view with a piece of furniture in its foreground, cut off by the picture's edge."""
    height, width = floor.shape
    x, y, w, h = cv2.boundingRect(cut_out[..., 3])
    scale = random.uniform(0.35, 1.5) * width / max(w, 1)
    top = max(height - h * scale * random.uniform(0.4, 1.05), 0.25 * height)
    middle = random.uniform(0, width)
    matrix = np.array([[scale, 0, middle - (x + w / 2) * scale], [0, scale, top - y * scale]])
    cut = cut_out.astype(np.float32)
    cut[..., :3] *= cut[..., 3:] / 255
    pasted = cv2.warpAffine(cut, matrix, (width, height), flags=cv2.INTER_LINEAR)
    alpha = pasted[..., 3:] / 255
    gain = np.exp(random.normal(0, 0.35) + random.normal(0, 0.08, 3)).astype(np.float32)
    return image * (1 - alpha) + np.clip(pasted[..., :3] * gain, 0, 255), floor * (1 - alpha[..., 0])


def _developed(image: Array, random: np.random.Generator) -> Array:
    """Another light, exposure, balance, contrast and colour; and what lens, sensor and JPEG add."""
    height, width = image.shape[:2]
    pools = random.normal(0, random.uniform(0, 0.3), (4, 5)).astype(np.float32)
    light = np.exp(cv2.resize(pools, (width, height), interpolation=cv2.INTER_CUBIC))[..., None]
    dark = random.uniform(0.2, 0.6) if random.random() < 0.1 else 1.0
    gain = dark * np.exp(random.normal(0, 0.22) + random.normal(0, 0.09, 3))
    image = np.clip(image / 255 * light * gain.astype(np.float32), 0, 1) ** np.float32(np.exp(random.normal(0, 0.25)))
    hsv = cv2.cvtColor(image.astype(np.float32), cv2.COLOR_RGB2HSV)
    hsv[..., 0] = (hsv[..., 0] + random.normal(0, 12)) % 360
    hsv[..., 1] = np.clip(hsv[..., 1] * random.uniform(0.2, 1.6), 0, 1)
    image = 255 * cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB)
    if random.random() < 0.4:
        image = cv2.GaussianBlur(image, (0, 0), random.uniform(0.3, 1.6))
    image = image + random.normal(0, random.uniform(0, 8), image.shape)
    if random.random() < 0.5:
        quality = [cv2.IMWRITE_JPEG_QUALITY, int(random.integers(35, 95))]
        _, data = cv2.imencode(".jpg", np.clip(image, 0, 255).astype(np.uint8)[..., ::-1], quality)
        image = cv2.imdecode(data, cv2.IMREAD_COLOR_RGB)
    return np.clip(image, 0, 255).astype(np.float32)


def _framed(image: Array, floor: Array, random: np.random.Generator) -> tuple[Array, Array]:
    """The view with a bar of one colour along its lower edge, or the name of who sells the house, or both."""
    height, width = floor.shape
    colour = float(random.choice([0, 255]))
    if random.random() < 0.6:
        bar = np.arange(height)[:, None] >= height - int(random.uniform(0.02, 0.12) * height)
        image, floor, colour = np.where(bar[..., None], np.float32(colour), image), floor * ~bar, 255 - colour
    if random.random() < 0.6:
        name = np.zeros(floor.shape, np.uint8)
        at = int(random.uniform(0, 0.8) * width), height - int(random.uniform(2, 20))
        cv2.putText(name, "HOMES.INC", at, cv2.FONT_HERSHEY_SIMPLEX, random.uniform(0.3, 0.7), (1,))
        image = np.where(name[..., None] > 0, np.float32(colour), image)
    return image, floor
