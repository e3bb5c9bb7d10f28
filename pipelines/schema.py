"""The words of rendering: requests, settings and results, as frozen dataclasses.

Array contract, the same in both packages:
    Image      RGB uint8 (H, W, 3)
    Mask       uint8 (H, W), 255 = repaint (or "belongs to"), 0 = keep
    Keypoints  float32 (K, 2), (x, y) as fractions of width and height, missing = NaN
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from pipelines.errors import BadInput

Image = NDArray[np.uint8]
Mask = NDArray[np.uint8]
Keypoints = NDArray[np.float32]

Category = Literal["upper", "lower", "dress"]
CategoryChoice = Literal["auto", "upper", "lower", "dress"]
CATEGORY_CHOICES: tuple[str, ...] = get_args(CategoryChoice)

MAX_STEPS = 50


@dataclass(frozen=True)
class Progress:
    """One report from a running render.

    Attributes:
        fraction: 0 to 1, never falling within a render.
        stage: what is being done, for people ("finding the pose").
        preview: a picture of the state, if there is one worth showing.
    """

    fraction: float
    stage: str
    preview: Image | None = None


#: Called on every step. To cancel, raise `RenderCancelled` from it.
OnProgress = Callable[[Progress], None]


def check_image(image: Any, what: str) -> None:
    """Raise BadInput unless `image` is RGB uint8 (H, W, 3)."""
    ok = isinstance(image, np.ndarray) and image.dtype == np.uint8 and image.ndim == 3 and image.shape[2] == 3
    if not ok:
        got = f"{getattr(image, 'dtype', type(image).__name__)} {getattr(image, 'shape', '')}".strip()
        raise BadInput(what, got, "an RGB uint8 array (H, W, 3)", "Load it with pipelines.images.load_image.")


@dataclass(frozen=True)
class RenderSettings:
    """How to render, whatever is rendered.

    Attributes:
        renderer: a name in `pipelines.renderers.RENDERERS`.
        seed: of the one CPU generator made for this render, 0 ≤ seed < 2**63.
        num_inference_steps: denoising steps; 0 gives the posterior mean, at present the best to look at.
    """

    renderer: str = "compact"
    seed: int = 0
    num_inference_steps: int = 0

    def __post_init__(self) -> None:
        if not isinstance(self.seed, int) or not 0 <= self.seed < 2**63:
            raise BadInput("seed", repr(self.seed), "a whole number from 0 to 2^63 - 1", "Choose another seed.")
        steps = self.num_inference_steps
        if not isinstance(steps, int) or not 0 <= steps <= MAX_STEPS:
            raise BadInput("steps", repr(steps), f"0 to {MAX_STEPS}", "0 is quick and the default.")


@dataclass(frozen=True, eq=False)
class TryOnRequest:
    """Render `garment` on `person`.

    Attributes:
        person: photo of a person, RGB uint8 (H, W, 3).
        garment: picture of a garment, RGB uint8 (H, W, 3), or RGBA cut-out already (H, W, 4).
        category: what the garment is; "auto" lets perception decide.
        mask: region to repaint at the size of `person`, instead of the found one; None = find it.
        settings: how to render.
    """

    person: Image
    garment: NDArray[np.uint8]
    category: CategoryChoice = "auto"
    mask: Mask | None = None
    settings: RenderSettings = field(default_factory=RenderSettings)

    def __post_init__(self) -> None:
        check_image(self.person, "person photo")
        check_image(self.garment[..., :3] if getattr(self.garment, "ndim", 0) == 3 else self.garment, "garment picture")
        if self.category not in CATEGORY_CHOICES:
            raise BadInput("category", repr(self.category), ", ".join(CATEGORY_CHOICES), "Choose one of these.")
        if self.mask is not None and (self.mask.dtype != np.uint8 or self.mask.shape != self.person.shape[:2]):
            raise BadInput(
                "mask",
                f"{self.mask.dtype} {self.mask.shape}",
                f"uint8 {self.person.shape[:2]}, white = repaint",
                "Save the mask at the size of the photo.",
            )


@dataclass(frozen=True, eq=False)
class RenderResult:
    """A finished render.

    Attributes:
        image: RGB uint8, the size of the photo; outside `mask` bit-identical to it.
        mask: uint8 (H, W), 255 = was repainted.
        steps: intermediate pictures for people, by name: "mask", "pose", "parsing", "hint".
        recipe: everything needed to make the same picture again (no pixels, no paths of photos).
        warnings: things the person should know ("two people found; the larger one was dressed").
    """

    image: Image
    mask: Mask
    steps: Mapping[str, Image]
    recipe: Mapping[str, Any]
    warnings: tuple[str, ...] = ()


#: What a pixel of a person's photo can be; a parsing is uint8 (H, W) of indices into this.
#: `arms` end at the wrist, `legs` are bare or in tights, `outer` is worn over (coat, jacket, cardigan).
PARSING_LABELS: tuple[str, ...] = (
    "background", "hair", "face", "neck", "arms", "hands", "upper", "lower",
    "dress", "outer", "shoes", "legs", "bag", "hat", "accessory",
)  # fmt: skip
