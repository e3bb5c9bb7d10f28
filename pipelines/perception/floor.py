"""The floor as it is seen: which pixels of a room's photo are floor, and which are free, by a trained network."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from pipelines.geometry.camera import Camera, Points
from pipelines.perception.floor_net import STRIDE, FloorNet
from pipelines.schema import Image, Mask, check_image

Array = NDArray[np.float32]

# Chances above these are floor, and free: better to leave a place empty than to stand in a table.
_FLOOR, _FREE = 0.5, 0.7
# Sine of a fall that is none, or rounding would decide.
_LEVEL = 1e-6
# Smaller patches, as shares of the picture and of the largest patch, are dropped.
_CRUMB, _PATCH = 0.002, 0.05


class FloorFinder:
    """Finds the free floor, not the floor under furniture. Thread-safe: the network keeps no state between calls.

    Args:
        folder: holds config.json and the weights.
    """

    def __init__(self, folder: Path) -> None:
        net = FloorNet.from_pretrained(folder, dtype=torch.float32)
        self.net = net.eval().requires_grad_(False).to(memory_format=torch.channels_last)

    def __call__(self, photo: Image, camera: Camera) -> tuple[Mask, Mask, float]:
        """Find the floor in a photo.

        Args:
            photo: RGB uint8 (H, W, 3).
            camera: of this photo.

        Returns:
            uint8 (H, W), 255 = floor or a rug on it; likewise, of that only what is free, not seen between the legs of
            a table; and the expected intersection over union of the first with the true one, 0…1, which is 0 where
            there is no mask.

        Raises:
            BadInput: the photo is no RGB picture.
        """
        check_image(photo, "room photo")
        floor, free = floor_chances(self.net, photo, camera)
        size = photo.shape[1::-1]
        seen, open_floor = _enlarged(floor, _FLOOR, size), _enlarged(free, _FREE, size)
        return seen, np.minimum(open_floor, seen), expected_overlap(floor, _tidied(floor, _FLOOR))


def floor_chances(net: FloorNet, photo: Image, camera: Camera) -> Array:
    """The chances (2, h, w) that a place is floor, and free floor, at half of the size that the network sees.

    Args:
        photo: RGB uint8 (H, W, 3).
    """
    inputs = network_input(net, photo, camera)
    with torch.inference_mode():
        # The mean of the picture and its mirror image.
        both = net(*(torch.cat([x, x.flip(-1)]).contiguous(memory_format=torch.channels_last) for x in inputs))
        chance = ((both[:1] + both[1:].flip(-1)) / 2).sigmoid()
        # What does not lie below the horizon is no floor, whatever it looks like.
        seen = chance * (F.avg_pool2d(inputs[1], 2) > _LEVEL)
    return np.asarray(seen[0].numpy(), np.float32)


def _enlarged(chance: Array, least: float, size: tuple[int, ...]) -> Mask:
    """Where a chance is high enough, at the size (width, height) of the photo; the outline lies between the cells."""
    mask = _tidied(chance, least)
    sided = np.where(mask, np.maximum(chance, least), np.minimum(chance, least - 0.01))
    full = cv2.resize(sided, (size[0], size[1]), interpolation=cv2.INTER_LINEAR)
    return np.asarray((full >= least) * np.uint8(255), np.uint8)


def network_input(net: FloorNet, photo: Image, camera: Camera) -> tuple[Tensor, Tensor]:
    """What the network is given of a photo (H, W, 3): picture (1, 3, h, w), and how steeply rays fall (1, 1, h, w)."""
    size = seen_size(photo.shape[:2], net.config.pixels)
    image = torch.from_numpy(cv2.resize(photo, size[::-1], interpolation=cv2.INTER_AREA)).permute(2, 0, 1)[None]
    return image.float() / 127.5 - 1, torch.from_numpy(falls_at(camera, size))[None, None]


def seen_size(photo: tuple[int, ...], pixels: int) -> tuple[int, int]:
    """(height, width) that the network sees a photo in: about as many pixels as it learnt with, in the photo's form."""
    scale = (pixels / (photo[0] * photo[1])) ** 0.5
    height, width = (max(STRIDE, STRIDE * round(side * scale / STRIDE)) for side in photo[:2])
    return height, width


def falls_at(camera: Camera, size: tuple[int, int]) -> Array:
    """`falls` for a picture shrunk to (height, width)."""
    x, y = np.meshgrid(np.arange(size[1]) + 0.5, np.arange(size[0]) + 0.5)
    scale = (camera.size[1] / size[1], camera.size[0] / size[0])
    return falls(camera, np.stack([x.ravel(), y.ravel()], 1) * scale).reshape(size)


def falls(camera: Camera, pixels: Points) -> Array:
    """Sine (N,) of the angle at which the rays of pixels (N, 2) fall; negative = they rise."""
    rays = camera.rays(pixels)
    return np.asarray(-rays[:, 2] / np.linalg.norm(rays, axis=1), np.float32)


def _tidied(chance: Array, least: float) -> NDArray[np.bool_]:
    """Where the chance is high enough, without crumbs and pinholes."""
    mask = (chance > least).astype(np.uint8)
    for side in (1, 0):
        _, labels, stats, _ = cv2.connectedComponentsWithStats((mask == side).astype(np.uint8), connectivity=4)
        areas = stats[1:, cv2.CC_STAT_AREA]
        least = _CRUMB * mask.size
        if side:
            least = max(least, _PATCH * areas.max(initial=0))
        mask[np.isin(labels, 1 + np.flatnonzero(areas < least))] = 1 - side
    return mask > 0


def expected_overlap(chance: Array, mask: NDArray[np.bool_]) -> float:
    """Intersection over union that the chances promise; 0 where there is no mask."""
    return float(chance[mask].sum() / (mask.sum() + chance[~mask].sum())) if mask.any() else 0.0
