"""From an item brought to its place to a picture in which it belongs: window, conditions, network, full size."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from pipelines.diffusion.harmony import OVERVIEW, HarmonyNet, HarmonyOutput, lit
from pipelines.geometry.depth import surroundings
from pipelines.geometry.layer import Layer, Scene

Array = NDArray[np.float32]

#: Pixels of the longer side of what the network sees.
SIDE = 192
#: A window reaches this many sides of the item's box beyond it, and is no smaller than this share of the photo.
AROUND, LEAST = 0.8, 0.3
#: Towards a window's edge, over this share of it, light becomes that of the photo.
TAPER = 0.12
#: Logarithms of factors below this are no change: a network never says exactly nothing.
NOTHING = 0.008


@dataclass(frozen=True)
class Window:
    """A part of a photo: its left, top, right and bottom edge, pixels."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def slices(self) -> tuple[slice, slice]:
        """Rows and columns."""
        return slice(self.top, self.bottom), slice(self.left, self.right)

    @property
    def net_size(self) -> tuple[int, int]:
        """(height, width) in which the network sees it: multiples of 16, the longer SIDE."""
        height, width = self.bottom - self.top, self.right - self.left
        scale = SIDE / max(height, width)
        return tuple(max(48, 16 * round(side * scale / 16)) for side in (height, width))  # type: ignore[return-value]


def window_of(layer: Layer) -> Window | None:
    """The part of the photo whose light an item may change; None where nothing of it is in the picture."""
    height, width = layer.alpha.shape
    x, y, w, h = cv2.boundingRect((layer.alpha > 0.02).astype(np.uint8))
    if not w:
        return None
    reach = max(AROUND * max(w, h), (LEAST * max(height, width) - max(w, h)) / 2)
    left, top = max(0, round(x - reach)), max(0, round(y - reach))
    return Window(left, top, min(width, round(x + w + reach)), min(height, round(y + h + reach)))


def conditions(room: Array, layer: Layer, scene: Scene, window: Window) -> dict[str, Array]:
    """What `HarmonyNet` is given, by name, channels last and without a batch; room float32 (H, W, 3), 0 to 255."""
    size = window.net_size
    height, width = room.shape[:2]
    shape = (window.bottom - window.top, window.right - window.left)

    def resized(picture: Array) -> Array:
        how = cv2.INTER_AREA if shape[0] > size[0] else cv2.INTER_LINEAR
        return np.asarray(cv2.resize(picture[window.slices], size[::-1], interpolation=how), np.float32)

    x, y = np.meshgrid(
        window.left + (np.arange(size[1]) + 0.5) * shape[1] / size[1],
        window.top + (np.arange(size[0]) + 0.5) * shape[0] / size[0],
    )
    pixels = np.stack([x.ravel(), y.ravel()], 1)
    around = surroundings(scene.camera, scene.depth, scene.floor, layer.placement, pixels)
    overview = np.zeros((*OVERVIEW, 4), np.float32)
    overview[..., :3] = cv2.resize(room, OVERVIEW[::-1], interpolation=cv2.INTER_AREA) / 255
    rows, columns = (np.arange(n) + 0.5 for n in OVERVIEW)
    within = (rows * height / OVERVIEW[0] > window.top) & (rows * height / OVERVIEW[0] < window.bottom)
    across = (columns * width / OVERVIEW[1] > window.left) & (columns * width / OVERVIEW[1] < window.right)
    overview[..., 3] = within[:, None] & across[None]
    return {
        "room": resized(room / np.float32(255)),
        "item": resized(layer.rgb / np.float32(255)),
        "alpha": resized(layer.alpha)[..., None],
        "kept": resized(layer.kept)[..., None],
        "around": around.reshape(*size, -1),
        "overview": overview,
    }


def taper(window: Window, photo: tuple[int, ...], size: tuple[int, int]) -> Array:
    """float32 (h, w) at `size`, falling from 1 to 0 at those edges of a window that are not the photo's edges."""

    def ramp(before: bool, after: bool, count: int) -> Array:
        along = (np.arange(count) + 0.5) / count
        rise = np.clip(along / TAPER, 0, 1) if before else np.ones(count)
        fall = np.clip((1 - along) / TAPER, 0, 1) if after else np.ones(count)
        return (rise * fall).astype(np.float32)

    rows = ramp(window.top > 0, window.bottom < photo[0], size[0])
    columns = ramp(window.left > 0, window.right < photo[1], size[1])
    return np.asarray(np.outer(rows, columns), np.float32)


class Harmoniser:
    """Lights items and rooms. Thread-safe: the network keeps no state between calls.

    Args:
        folder: holds config.json and the weights of a `HarmonyNet`.
    """

    def __init__(self, folder: Path) -> None:
        net = HarmonyNet.from_pretrained(folder, dtype=torch.float32)
        self.net = net.eval().requires_grad_(False)

    @torch.inference_mode()
    def __call__(self, room: Array, layer: Layer, scene: Scene) -> Array:
        """The room with the item in it, float32 (H, W, 3), 0 to 255.

        Args:
            room: likewise. Beyond the item's surroundings it comes back as it is.
        """
        window = window_of(layer)
        if window is None:
            return room
        light = self.net(**{name: tensor(x) for name, x in conditions(room, layer, scene, window).items()})
        fade = torch.from_numpy(taper(window, room.shape, window.net_size))
        size = (window.bottom - window.top, window.right - window.left)
        light = HarmonyOutput(
            room=enlarged(F.softshrink(light.room * fade, NOTHING), size),
            item=enlarged(light.item, size),
            shade=enlarged(light.shade, size),
        )
        parts = (room, layer.rgb, layer.alpha[..., None], layer.kept[..., None])
        here, item, alpha, kept = (tensor(x[window.slices]) for x in parts)
        canvas = room.copy()
        canvas[window.slices] = lit(here, item, alpha, kept, light)[0].permute(1, 2, 0).clamp(0, 255).numpy()
        return canvas


def tensor(picture: Array) -> Tensor:
    """(H, W, C) → (1, C, H, W)."""
    return torch.from_numpy(np.ascontiguousarray(picture.transpose(2, 0, 1)))[None]


def enlarged(field: Tensor, size: tuple[int, int]) -> Tensor:
    """Bilinear."""
    return F.interpolate(field, size=size, mode="bilinear", align_corners=False)
