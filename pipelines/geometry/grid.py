"""A floor grid drawn into a photo, so that a person sees at once whether the camera was found rightly."""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.errors import BadInput
from pipelines.geometry.camera import Camera, Points
from pipelines.schema import Image, Mask, check_image

GRID_COLOUR = (255, 255, 255)
HORIZON_COLOUR = (255, 190, 0)
# Dark beside the light line: the pair shows on any floor.
_HALO_COLOUR = (20, 20, 20)
_NEAREST, _FARTHEST = 0.3, 15.0
# Lines closer than this, as a share of the picture's longer side, would run together.
_CLOSEST = 0.008
_SUBPIXEL = 4


def draw_floor_grid(
    photo: Image, camera: Camera, wall_yaw: float, step_m: float = 0.5, *, floor: Mask | None = None
) -> Image:
    """Draw a grid on the floor, parallel to the walls, and the horizon.

    Args:
        photo: RGB uint8 (H, W, 3).
        camera: of this photo.
        wall_yaw: radians in the floor plane from world x to one family of walls.
        step_m: metres between lines.
        floor: uint8 (H, W); the grid is drawn only where it is 255. None = on the whole plane of the floor.

    Returns:
        A new picture; pixels away from lines are unchanged.

    Raises:
        BadInput: sizes differ, or the step is not positive.
    """
    check_image(photo, "room photo")
    height, width = photo.shape[:2]
    if camera.size != (height, width):
        raise BadInput("camera", f"one of size {camera.size}", f"the photo's {(height, width)}", "Use its own camera.")
    if not step_m > 0:
        raise BadInput("grid step", f"{step_m} m", "more than 0", "0.5 m is usual.")
    if floor is not None and floor.shape != (height, width):
        raise BadInput("floor mask", f"shape {floor.shape}", f"the photo's {(height, width)}", "Use its own mask.")
    thickness = max(1, round(max(height, width) / 900))
    lines = list(_grid_lines(camera, wall_yaw, step_m))
    marked = _draw(photo.copy(), lines, GRID_COLOUR, thickness, floor)
    return _draw(marked, [horizon_line(camera)], HORIZON_COLOUR, thickness, None)


def horizon_line(camera: Camera) -> Points:
    """The horizon's ends (2, 2) in pixels at the left and right edge of the picture."""
    height, width = camera.size
    fall = np.tan(camera.roll) * width / 2
    middle = camera.horizon_y * height
    return np.array([[0, middle - fall], [width, middle + fall]], np.float64)


def _grid_lines(camera: Camera, wall_yaw: float, step_m: float) -> Iterator[Points]:
    """Ends (2, 2), pixels, of the lines of both families within sight."""
    # At distance d lines lie focal · height · step / d² pixels apart.
    closest = _CLOSEST * max(camera.size)
    reach = min(float(np.sqrt(camera.focal * camera.height * step_m / closest)), _FARTHEST)
    count = int(reach / step_m)
    for yaw in (wall_yaw, wall_yaw + np.pi / 2):
        along = np.array([np.cos(yaw), np.sin(yaw), 0])
        across = np.array([-along[1], along[0], 0])
        for index in range(-count, count + 1):
            offset = index * step_m
            half = np.sqrt(max(reach**2 - offset**2, 0))
            ends = _in_front(np.stack([offset * across - half * along, offset * across + half * along]), camera)
            if ends is not None:
                yield camera.project(ends)


def _in_front(ends: Points, camera: Camera) -> Points | None:
    """A line (2, 3), cut off where it is too near to the camera or behind it; None if nothing is left."""
    depth = camera.depth(ends)
    if depth.max() <= _NEAREST:
        return None
    if depth.min() < _NEAREST:
        behind = int(depth.argmin())
        share = (_NEAREST - depth[behind]) / (depth[1 - behind] - depth[behind])
        ends = ends.copy()
        ends[behind] += share * (ends[1 - behind] - ends[behind])
    return ends


def _draw(image: Image, lines: list[Points], colour: tuple[int, int, int], thickness: int, floor: Mask | None) -> Image:
    """Blend lines with their halo into `image`, in place."""
    for paint, width, strength in ((_HALO_COLOUR, 3 * thickness, 0.35), (colour, thickness, 0.85)):
        cover = np.zeros(image.shape[:2], np.uint8)
        for ends in lines:
            start, end = (tuple(int(v) for v in np.rint((p - 0.5) * 2**_SUBPIXEL)) for p in ends)
            cv2.line(cover, start, end, 255, width, cv2.LINE_AA, _SUBPIXEL)
        if floor is not None:
            cover[floor == 0] = 0
        where = np.nonzero(cover)
        weight: NDArray[np.float32] = (cover[where] * np.float32(strength / 255))[:, None]
        image[where] = np.rint(image[where] * (1 - weight) + np.array(paint, np.float32) * weight).astype(np.uint8)
    return image
