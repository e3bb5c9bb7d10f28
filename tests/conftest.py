"""Settings and pictures that tests of several packages use."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import hypothesis
import numpy as np
import pytest
from PIL import Image as PILImage

from pipelines import images
from pipelines.schema import Image

# No deadline: on a busy two-core machine the first example pays for imports. Derandomised: a red run stays red.
hypothesis.settings.register_profile("tryroom", deadline=None, max_examples=60, derandomize=True)
hypothesis.settings.load_profile("tryroom")


def picture(height: int, width: int, seed: int = 0) -> Image:
    """A smooth coloured picture, RGB uint8 (height, width, 3), another for each seed."""
    coarse = np.random.default_rng(seed).integers(0, 256, (6, 5, 3), dtype=np.uint8)
    return np.array(PILImage.fromarray(coarse).resize((width, height), PILImage.Resampling.BICUBIC))


@pytest.fixture
def make_picture() -> Callable[..., Image]:
    """`picture`, for tests that need several."""
    return picture


@pytest.fixture
def photo_file(tmp_path: Path) -> Path:
    """A PNG of 120 × 90 pixels on disk."""
    path = tmp_path / "photo.png"
    images.save_png(path, picture(120, 90))
    return path
