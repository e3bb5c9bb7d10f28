"""Reading photo folders for training: decoded once, kept in memory, cut into random crops."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray


def is_held_out(name: str) -> bool:
    """Whether a CCP photo ("0010") is kept out of every training: each tenth number."""
    return int(Path(name).stem) % 10 == 0


def read_rgb(path: Path) -> NDArray[np.uint8]:
    """RGB uint8 (H, W, 3)."""
    image = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if image is None:
        raise ValueError(f"{path}: not a readable picture")
    return np.ascontiguousarray(image[:, :, ::-1])


def read_folder(paths: list[Path], threads: int = 2) -> list[NDArray[np.uint8]]:
    """All pictures, in the order of `paths`."""
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(read_rgb, paths))


def random_crop(
    image: NDArray[np.uint8], size: int, rng: np.random.Generator, zoom: tuple[float, float]
) -> NDArray[np.uint8]:
    """A square crop (size, size, 3), scaled by a random factor in `zoom` and mirrored half the time."""
    height, width = image.shape[:2]
    side = int(np.clip(size / rng.uniform(*zoom), 16, min(height, width)))
    y, x = rng.integers(0, height - side + 1), rng.integers(0, width - side + 1)
    crop = image[y : y + side, x : x + side]
    if side != size:
        crop = cv2.resize(crop, (size, size), interpolation=cv2.INTER_AREA if side > size else cv2.INTER_LINEAR)
    return crop[:, ::-1] if rng.random() < 0.5 else crop
