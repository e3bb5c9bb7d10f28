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


def check_mask(mask: Mask | None, what: str, photo: Image) -> None:
    """Raise BadInput unless `mask` is None or uint8 (H, W) at the size of the photo."""
    if mask is not None and (mask.dtype != np.uint8 or mask.shape != photo.shape[:2]):
        allowed = f"uint8 {photo.shape[:2]}, white = repaint"
        raise BadInput(what, f"{mask.dtype} {mask.shape}", allowed, "Save the mask at the size of the photo.")


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
        check_mask(self.mask, "mask", self.person)


#: Where an item belongs: a rug lies flat, and what stands on a table or hangs on a wall is no furniture of the floor.
Place = Literal["floor", "wall", "ceiling", "table", "rug"]
PLACES: tuple[str, ...] = get_args(Place)
#: Sides of an item in metres that are taken for a slip of the pen.
SMALLEST, LARGEST = 0.01, 10.0


def check_size(size: tuple[float, ...]) -> None:
    """Raise BadInput unless `size` is a width, depth and height in metres that things have."""
    if len(size) != 3 or not all(SMALLEST <= side <= LARGEST for side in size):
        got = " x ".join(f"{100 * side:g}" for side in size) + " cm"
        allowed = f"width, depth and height of {100 * SMALLEST:g} to {100 * LARGEST:g} cm"
        raise BadInput("size", got, allowed, "Measure it in centimetres.")


@dataclass(frozen=True, eq=False)
class ItemView:
    """A cut-out of an item from one side.

    Attributes:
        picture: RGBA uint8 (S, S, 4), or of any shape where `angles` is None.
        angles: (yaw, pitch) in degrees of `pipelines.geometry.views`; None = nobody knows how it was taken.
        depth: uint8 (S, S), 0 = nothing there, 1 to 255 = from the near to the far end of `views.depth_span`.
    """

    picture: NDArray[np.uint8]
    angles: tuple[float, float] | None = None
    depth: NDArray[np.uint8] | None = None


@dataclass(frozen=True, eq=False)
class Furniture:
    """An item that can stand in a room.

    Attributes:
        size: (width, depth, height) in metres; of a rug the height is its thickness.
        views: cut-outs of it, at least one.
        place: where it belongs.
        symmetric: whether its left is its right, mirrored. round: whether it looks alike from all sides.
    """

    size: tuple[float, float, float]
    views: tuple[ItemView, ...]
    place: Place = "floor"
    symmetric: bool = True
    round: bool = False

    def __post_init__(self) -> None:
        check_size(self.size)
        if self.place not in PLACES:
            raise BadInput("place", repr(self.place), ", ".join(PLACES), "Choose one of these.")
        if not any((view.picture[..., 3] > 127).any() for view in self.views):
            raise BadInput("item picture", "nothing to see", "a cut-out with some of the item", "Choose another.")


@dataclass(frozen=True, eq=False)
class Standing:
    """An item and where it shall stand.

    Attributes:
        item: what.
        at: (x, y) fractions of the photo, the middle of the item's foot; None = a free place is looked for.
        yaw: degrees, 0 = the front looks out of the picture, positive = counter-clockwise seen from above; None =
            turned to the wall.
        size: (width, depth, height) in metres to make it in; None = the item's own.
        name: what to call it in messages.
    """

    item: Furniture
    at: tuple[float, float] | None = None
    yaw: float | None = None
    size: tuple[float, float, float] | None = None
    name: str = "It"

    def __post_init__(self) -> None:
        if self.size is not None:
            check_size(self.size)
        if self.at is not None and not all(0 <= share <= 1 for share in self.at):
            allowed = "two fractions of the photo, 0 to 1"
            raise BadInput(
                "place in the photo", f"{self.at[0]:g}, {self.at[1]:g}", allowed, "0.5 0.8 is low in the middle."
            )
        if self.yaw is not None and not -360 <= self.yaw <= 360:
            raise BadInput("yaw", f"{self.yaw:g}", "-360 to 360 degrees", "0 looks out of the picture.")


@dataclass(frozen=True)
class CameraFacts:
    """What is known of the camera that took a room's photo; the rest is estimated from the photo.

    Attributes:
        height: metres above the floor. fov: horizontal field of view in degrees. focal: pixels, as the file tells.
        horizon_y: fraction of the photo's height, at its middle column. roll: degrees that the horizon falls to the
            right.
    """

    height: float | None = None
    fov: float | None = None
    focal: float | None = None
    horizon_y: float | None = None
    roll: float | None = None

    def __post_init__(self) -> None:
        ranges = {"height": (0.2, 5.0, "m"), "fov": (10.0, 130.0, "degrees"), "roll": (-45.0, 45.0, "degrees")}
        for name, (low, high, unit) in ranges.items():
            value = getattr(self, name)
            if value is not None and not low <= value <= high:
                what = {"height": "camera height", "fov": "field of view"}.get(name, name)
                raise BadInput(what, f"{value:g}", f"{low:g} to {high:g} {unit}", "Leave it out to have it estimated.")


@dataclass(frozen=True, eq=False)
class RoomRequest:
    """Render items in a room.

    Attributes:
        room: photo of the room, RGB uint8 (H, W, 3).
        items: what to place, in any order.
        camera: what is known of the photo's camera.
        mask: uint8 (H, W), where pixels may change (what stands in front is black); None = everywhere.
        remove: uint8 (H, W), 255 = an old piece to take away first; None = nothing.
        settings: how to render.
    """

    room: Image
    items: tuple[Standing, ...]
    camera: CameraFacts = field(default_factory=CameraFacts)
    mask: Mask | None = None
    remove: Mask | None = None
    settings: RenderSettings = field(default_factory=RenderSettings)

    def __post_init__(self) -> None:
        check_image(self.room, "room photo")
        if not self.items:
            raise BadInput("items", "none", "at least one", "Choose what to place.")
        check_mask(self.mask, "mask", self.room)
        check_mask(self.remove, "mask of what to remove", self.room)


#: What can be rendered.
Request = TryOnRequest | RoomRequest


@dataclass(frozen=True, eq=False)
class RenderResult:
    """A finished render.

    Attributes:
        image: RGB uint8, the size of the photo; outside `mask` bit-identical to it.
        mask: uint8 (H, W), 255 = was repainted.
        steps: intermediate pictures for people, by name: "mask" and "hint" always; "pose" and "parsing" of a person,
            "grid" of a room.
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
