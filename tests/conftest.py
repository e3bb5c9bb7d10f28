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

SNAPSHOTS = Path(__file__).parent / "snapshots"
#: What takes longest is begun first: `make test` hands out whole files, and a long one among the last would leave one
#: worker at work and the other without.
LONG = (
    "tests/e2e/",
    "tests/training/test_recipe.py",
    "tests/recommend/test_ray_ingest.py",
    "tests/pipelines/test_contract.py",
    "tests/ui/test_fitting_room.py",
    "tests/ui/test_your_room.py",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: not item.nodeid.startswith(LONG))


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--accept-snapshots", action="store_true", help="keep this run's pictures as the reference")


@pytest.fixture
def check_snapshot(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[str, Image, float], None]:
    """Compares a picture with tests/snapshots/NAME.png, which `make snapshots` writes.

    The limit is a mean difference in grey levels: machines differ in the last bit of a convolution, people do not see
    two levels, and a garment in the wrong place costs tens.
    """

    def check(name: str, image: Image, limit: float) -> None:
        path = SNAPSHOTS / f"{name}.png"
        if request.config.getoption("--accept-snapshots"):
            images.save_png(path, image)
        assert path.is_file(), f"no reference {path.name}: look at the picture, then run make snapshots"
        reference = images.load_image(path)
        assert reference.shape == image.shape
        difference = float(np.abs(reference.astype(int) - image).mean())
        if difference > limit:
            images.save_png(tmp_path / path.name, image)
        assert difference <= limit, f"{name} differs by {difference:.1f} levels; see {tmp_path / path.name}"

    return check


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
