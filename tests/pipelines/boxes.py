"""A painted box, seen by any camera: the truth for what brings pictures of items into perspective."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pipelines.geometry.camera import Camera
from pipelines.geometry.placement import Placement
from pipelines.geometry.views import depth_span, view_of
from pipelines.schema import Furniture, ItemView

Floats = NDArray[np.float64]

SIZE = (1.0, 0.6, 0.8)


def hit(eye: Floats, rays: Floats, size: tuple[float, float, float] = SIZE) -> tuple[Floats, Floats]:
    """How far along rays (N, 3) from `eye`, in the item's frame, the box is (inf: never), and its paint (N, 3)."""
    low, high = np.array([-size[0] / 2, -size[1] / 2, 0]), np.array([size[0] / 2, size[1] / 2, size[2]])
    with np.errstate(divide="ignore", invalid="ignore"):
        near, far = (np.sort(np.stack([(low - eye) / rays, (high - eye) / rays]), 0)[i] for i in (0, 1))
    enters, leaves = near.max(1), far.min(1)
    reach = np.where((enters < leaves) & (enters > 0), enters, np.inf)
    points = eye + rays * np.where(np.isfinite(reach), reach, 0)[:, None]
    share = np.clip((points - low) / (high - low), 0, 1)
    # Every place of the surface has its own colour, with stripes across.
    paint = 60 + 150 * share
    paint[:, 2] += 40 * np.sin(14 * (share[:, 0] + share[:, 1] + share[:, 2]))
    return reach, np.clip(paint, 0, 255)


def view(yaw: float, pitch: float, size: tuple[float, float, float] = SIZE, cell: int = 128) -> ItemView:
    """The box as a catalog has it: cut-out and depth."""
    centimetres = [100 * side for side in size]
    taken = view_of(centimetres, yaw, pitch, cell)
    x, y = np.meshgrid(np.arange(cell) + 0.5, np.arange(cell) + 0.5)
    rays = np.stack([(x.ravel() - cell / 2) / taken.focal, (y.ravel() - cell / 2) / taken.focal, np.ones(x.size)], 1)
    metres, paint = hit(taken.at, rays @ taken.axes, size)
    there = np.isfinite(metres)
    near, far = depth_span(centimetres, taken)
    levels = np.where(there, 1 + np.rint(254 * (np.where(there, metres, near) - near) / (far - near)), 0)
    picture = np.hstack([paint, np.full((len(paint), 1), 255.0)]) * there[:, None]
    return ItemView(
        picture.reshape(cell, cell, 4).astype(np.uint8), (yaw, pitch), levels.reshape(cell, cell).astype(np.uint8)
    )


def catalog_box(size: tuple[float, float, float] = SIZE, place: str = "floor") -> Furniture:
    """The box with the views of the catalog; its right is not its left."""
    views = tuple(view(yaw, pitch, size) for yaw in range(-150, 181, 30) for pitch in (8, 25))
    return Furniture(size, views, place, symmetric=False)  # type: ignore[arg-type]


def seen(camera: Camera, placement: Placement) -> tuple[Floats, NDArray[np.bool_]]:
    """The truth: (H, W, 3) colours and where the box is."""
    height, width = camera.size
    x, y = np.meshgrid(np.arange(width) + 0.5, np.arange(height) + 0.5)
    rays = camera.rays(np.stack([x.ravel(), y.ravel()], 1)) @ placement.turn
    eye = (np.array([0, 0, camera.height]) - placement.foot) @ placement.turn
    metres, paint = hit(eye, rays, placement.size)
    return paint.reshape(height, width, 3), np.isfinite(metres).reshape(height, width)
