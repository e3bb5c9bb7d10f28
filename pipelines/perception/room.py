"""A room from one photo: camera, direction of the walls and free floor, each with how far it can be trusted."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from pipelines.errors import BadInput
from pipelines.geometry.camera import Camera
from pipelines.images import MIN_SIDE
from pipelines.perception.lines import SEGMENT_SIDE, LineSegments, find_line_segments, shrunk
from pipelines.perception.vanishing import Manhattan, fit_manhattan
from pipelines.schema import Image, Mask, check_image

#: A photo (H, W, 3) and its camera → floor (H, W), what of it is free, and the expected intersection over union of the
#: first with the true one: see `pipelines.perception.floor.FloorFinder`.
FindFloor = Callable[[Image, Camera], tuple[Mask, Mask, float]]
#: A photo and its camera, whose height is not looked at → metres above the floor, and the chance to be right within
#: 15 %: see `pipelines.perception.camera_height.HeightFinder`.
FindHeight = Callable[[Image, Camera], tuple[float, float]]

#: Where the floor is looked for, the camera's height does not matter.
USUAL_HEIGHT = 1.5
#: Wider than this, a picture is a panorama or a strip.
PANORAMA = 2.2
#: Below this a confidence is worth a warning; of the floor, whose edges always cost some, below the second.
DOUBTFUL, DOUBTFUL_FLOOR = 0.5, 0.6
#: Below this confidence in the horizon nobody knows where in the room a pixel of the floor lies.
GUESSED = 0.15
#: What people may say about a camera; beyond lies a slip of the pen. The focal length in longer sides of the photo.
_FOCALS, _HORIZONS, _ROLLS, _HEIGHTS = (0.15, 20.0), (-2.0, 3.0), (-np.pi / 4, np.pi / 4), (0.05, 100.0)
# Of Manhattan rooms nearly all segments point somewhere, of portraits and landscapes not.
_SUPPORT, _SUPPORT_STEP = 0.4, 0.1
# A chart or a brick wall has many lines, and next to none that leads into the depth: share of their length.
_DEPTH_SHARE, _DEPTH_SHARE_STEP, _MANY_LINES = 0.03, 0.005, 6.0
# A few segments always agree with some room: what they have to agree better, times their number.
_FITTED = 6.0
# A drawing has large areas of one colour; of a photo even an overexposed wall varies.
_FLAT_LEVELS, _FLAT_SHARE, _FLAT_STEP = 2, 0.5, 0.04


@dataclass(frozen=True)
class RoomNetworks:
    """The networks that look at a room, loaded."""

    find_floor: FindFloor
    find_height: FindHeight


@dataclass(frozen=True, eq=False)
class RoomView:
    """What a photo tells about its room.

    Attributes:
        camera: with the photo's size.
        confidence: "horizon", "focal", "walls", "height": the chance to be right within 2°, 15 %, 5° and 15 %; "floor":
            the expected intersection over union of the mask. 1 for what the caller gave.
        wall_yaw: radians in the floor plane, in [0, π/2): direction of one family of walls from world x.
        floor: uint8 (H, W), 255 = floor that is seen. free: of that, what can be stood on: not between a table's legs.
        segments: float32 (N, 4), pixels x0, y0, x1, y1, for showing.
        warnings: what the person should know.
    """

    camera: Camera
    confidence: Mapping[str, float]
    wall_yaw: float
    floor: Mask
    free: Mask
    segments: NDArray[np.float32]
    warnings: tuple[str, ...]

    @property
    def is_guessed(self) -> bool:
        """Whether the camera is no more than what is usual."""
        return self.confidence["horizon"] < GUESSED


def view_room(
    photo: Image,
    networks: RoomNetworks,
    *,
    focal: float | None = None,
    horizon_y: float | None = None,
    roll: float | None = None,
    height: float | None = None,
) -> RoomView:
    """Find camera, walls and floor.

    What is given is taken for granted, and the rest is estimated to agree with it.

    Args:
        photo: RGB uint8 (H, W, 3), at least 64 pixels on the shorter side.
        networks: what finds the floor and the camera's height.
        focal: pixels of this photo.
        horizon_y: where the horizon crosses the middle column, fraction of the photo's height from the top.
        roll: radians by which the horizon falls to the right.
        height: of the camera above the floor, metres.

    Raises:
        BadInput: no RGB picture, too small, or a given value that no camera has.
    """
    _check(photo, focal, horizon_y, roll, height)
    small = shrunk(photo, SEGMENT_SIDE)
    segments = find_line_segments(small)
    longer = max(photo.shape[:2])
    known = {
        "focal": None if focal is None else focal / longer,
        "rise": None if horizon_y is None else (0.5 - horizon_y) * photo.shape[0] / longer,
        "roll": roll,
    }
    world = fit_manhattan(segments, small.shape[:2], **known)
    likeness = room_likeness(small, segments, world)
    if likeness < DOUBTFUL:
        # What the lines of a portrait seem to say is worse than what is usual.
        world = fit_manhattan(LineSegments.none(), small.shape[:2], **known)
    seen = _camera(world, small.shape[:2], height or USUAL_HEIGHT)
    metres, known_well = networks.find_height(small, seen) if height is None else (height, 1.0)
    camera = _camera(world, photo.shape[:2], metres)
    floor, free, overlap = networks.find_floor(small, seen)
    confidence = {name: chance * likeness for name, chance in world.certain.items()}
    confidence["floor"] = overlap * likeness * confidence["horizon"] ** 0.5
    confidence["height"] = known_well * (likeness if height is None else 1.0)
    confidence |= {name: 1.0 for name, value in (("focal", focal), ("horizon", horizon_y)) if value is not None}
    return RoomView(
        camera=camera,
        confidence=confidence,
        wall_yaw=world.yaw,
        floor=_enlarged(floor, photo.shape[:2]),
        free=_enlarged(free, photo.shape[:2]),
        segments=_scaled(segments, small, photo),
        warnings=_warnings(photo, likeness, confidence),
    )


def room_likeness(photo: Image, segments: LineSegments, world: Manhattan) -> float:
    """How much this looks like a photo of a room, 0…1, by its lines and by whether it is a photo at all.

    Args:
        photo: RGB uint8 (H, W, 3), the one that `segments` and `world` were found in.
    """
    shares = world.belief.T @ (segments.length / max(photo.shape[:2]))
    total = float(shares.sum())
    flat_pattern = (total > _MANY_LINES) * expit((_DEPTH_SHARE - shares.min() / max(total, 1e-9)) / _DEPTH_SHARE_STEP)
    drawing = expit((_flat_share(photo) - _FLAT_SHARE) / _FLAT_STEP)
    agreement = expit((world.support - _SUPPORT - _FITTED / max(len(segments), 1)) / _SUPPORT_STEP)
    return float(agreement * (1 - flat_pattern) * (1 - drawing))


def _flat_share(photo: Image) -> float:
    """Share of pixels within two levels of the commonest colour."""
    levels = photo.reshape(-1, 3).astype(np.int64) // (2 * _FLAT_LEVELS + 1)
    counts = np.bincount(levels @ (64 * 64, 64, 1))
    return float(counts.max() / len(levels))


def _check(
    photo: Image, focal: float | None, horizon_y: float | None, roll: float | None, height: float | None
) -> None:  # fmt: skip
    check_image(photo, "room photo")
    if min(photo.shape[:2]) < MIN_SIDE:
        got = f"{photo.shape[1]} × {photo.shape[0]} pixels"
        raise BadInput("room photo", got, f"at least {MIN_SIDE} on the shorter side", "Choose a larger picture.")
    longer = max(photo.shape[:2])
    focals = (_FOCALS[0] * longer, _FOCALS[1] * longer)
    for what, value, (low, high), unit in (
        ("focal length", focal, focals, "pixels"),
        ("horizon", horizon_y, _HORIZONS, "of the photo's height"),
        ("roll", roll, _ROLLS, "radians"),
        ("camera height", height, _HEIGHTS, "metres"),
    ):
        if value is not None and not low <= value <= high:
            allowed = f"{low:.4g} to {high:.4g} {unit}"
            raise BadInput(what, f"{value:.4g}", allowed, "Leave it out to have it estimated.")


def _camera(world: Manhattan, size: tuple[int, ...], height: float) -> Camera:
    longer = max(size)
    horizon_y = 0.5 - world.rise * longer / size[0]
    return Camera.from_horizon((size[0], size[1]), world.focal * longer, horizon_y, world.roll, height)


def _enlarged(mask: Mask, size: tuple[int, ...]) -> Mask:
    if mask.shape == size:
        return mask
    smooth = cv2.resize(mask, (size[1], size[0]), interpolation=cv2.INTER_LINEAR)
    return np.asarray((smooth > 127) * np.uint8(255), np.uint8)


def _scaled(segments: LineSegments, small: Image, photo: Image) -> NDArray[np.float32]:
    factors = np.array([photo.shape[1] / small.shape[1], photo.shape[0] / small.shape[0]], np.float32)
    return segments.ends * np.tile(factors, 2)


def _warnings(photo: Image, likeness: float, confidence: Mapping[str, float]) -> tuple[str, ...]:
    found = []
    if photo.shape[1] > PANORAMA * photo.shape[0]:
        found.append("This is a very wide picture. A panorama's perspective is bent: sizes will be off at its sides.")
    if likeness < DOUBTFUL:
        found.append("This does not look like a photo of a room; the camera is a guess.")
    elif confidence["horizon"] < DOUBTFUL:
        found.append("The horizon is uncertain: too few straight edges. Move it to eye height if the grid looks wrong.")
    if likeness >= DOUBTFUL and confidence["focal"] < DOUBTFUL:
        found.append("The field of view is a guess: the photo shows too little depth to measure it.")
    if confidence["floor"] < DOUBTFUL_FLOOR:
        found.append("Hardly any free floor was recognised with certainty; check where items are put.")
    return tuple(found)
