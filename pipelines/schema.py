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


Quality = Literal["best", "fast"]
QUALITIES: tuple[str, ...] = get_args(Quality)


@dataclass(frozen=True)
class RenderSettings:
    """How to render, whatever is rendered.

    Attributes:
        renderer: a name in `pipelines.renderers.RENDERERS`.
        seed: of the one CPU generator made for this render, 0 ≤ seed < 2**63.
        num_inference_steps: denoising steps; 0 = what suits the renderer: of `compact` the posterior mean, at present
            its best to look at; of a published model as many as it usually takes.
        quality: "best" looks at a person from both sides of the mirror, in a little more time; "fast" does not.
    """

    renderer: str = "compact"
    seed: int = 0
    num_inference_steps: int = 0
    quality: Quality = "best"

    def __post_init__(self) -> None:
        if not isinstance(self.seed, int) or not 0 <= self.seed < 2**63:
            raise BadInput("seed", repr(self.seed), "a whole number from 0 to 2^63 - 1", "Choose another seed.")
        steps = self.num_inference_steps
        if not isinstance(steps, int) or not 0 <= steps <= MAX_STEPS:
            raise BadInput("steps", repr(steps), f"0 to {MAX_STEPS}", "0 is quick and the default.")
        if self.quality not in QUALITIES:
            raise BadInput("quality", repr(self.quality), " or ".join(QUALITIES), "best is the default.")


Sleeves = Literal["as made", "rolled up"]
Tuck = Literal["auto", "in", "out"]
Layer = Literal["auto", "open", "closed"]
#: What can be wished of how a garment is worn, by field of `WearStyle`.
WEAR_CHOICES: dict[str, tuple[str, ...]] = {
    "sleeves": get_args(Sleeves),
    "tuck": get_args(Tuck),
    "layer": get_args(Layer),
}
#: The categories that each wish is for.
WEAR_CATEGORIES: dict[str, tuple[Category, ...]] = {
    "sleeves": ("upper", "dress"),
    "tuck": ("upper",),
    "layer": ("upper",),
}


@dataclass(frozen=True)
class WearStyle:
    """How a garment is worn.

    Attributes:
        sleeves: "rolled up" = long sleeves end just below the elbow.
        tuck: of tops: "in" = it ends at the waistband, "out" = it hangs over as far as it is long.
        layer: of tops that open in front: "open" = what is already worn shows in the gap, "closed" = it is buttoned.
    """

    sleeves: Sleeves = "as made"
    tuck: Tuck = "auto"
    layer: Layer = "auto"

    def __post_init__(self) -> None:
        for name, choices in WEAR_CHOICES.items():
            if getattr(self, name) not in choices:
                raise BadInput(name, repr(getattr(self, name)), ", ".join(choices), "Choose one of these.")

    def wished(self) -> tuple[str, ...]:
        """The fields that ask for something."""
        return tuple(name for name, choices in WEAR_CHOICES.items() if getattr(self, name) != choices[0])

    def check_for(self, category: Category) -> None:
        """Raise BadInput where something is wished that a garment of this category cannot do."""
        for name in self.wished():
            if category not in WEAR_CATEGORIES[name]:
                got = f"{getattr(self, name)!r} for a garment of category {category}"
                allowed = f"{WEAR_CHOICES[name][0]!r}; the rest is for {' or '.join(WEAR_CATEGORIES[name])}"
                raise BadInput(name, got, allowed, "Leave it out, or say by its category what the garment is.")

    def only_for(self, category: Category) -> WearStyle:
        """What of it a garment of this category can do."""
        return WearStyle(**{name: getattr(self, name) for name in self.wished() if category in WEAR_CATEGORIES[name]})


#: Centimetres that a flat garment and a body can have; others are taken for a slip of the pen.
GARMENT_WIDTHS, PERSON_HEIGHTS = (15.0, 150.0), (50.0, 250.0)
#: How far the found mask can grow or shrink, in percent of the photo's longer side.
MASK_GROWTH = 3.0


def check_range(what: str, value: float | None, limits: tuple[float, float], unit: str, step: str) -> None:
    """Raise BadInput unless `value` is None or lies within `limits`."""
    if value is not None and not limits[0] <= value <= limits[1]:
        raise BadInput(what, f"{value:g}", f"{limits[0]:g} to {limits[1]:g} {unit}", step)


def check_garment(garment: Any, category: str, width: float | None) -> None:
    """Raise BadInput unless picture, category and width in cm are those of a garment."""
    check_image(garment[..., :3] if getattr(garment, "ndim", 0) == 3 else garment, "garment picture")
    if category not in CATEGORY_CHOICES:
        raise BadInput("category", repr(category), ", ".join(CATEGORY_CHOICES), "Choose one of these.")
    check_range("garment width", width, GARMENT_WIDTHS, "cm", "Measure it lying flat, from side to side.")


@dataclass(frozen=True, eq=False)
class Piece:
    """A garment that is put on together with another one.

    Attributes:
        garment, category, garment_width: as in `TryOnRequest`.
        wear: how it is worn; None = as the request says, as far as that suits what it is.
    """

    garment: NDArray[np.uint8]
    category: CategoryChoice = "auto"
    wear: WearStyle | None = None
    garment_width: float | None = None

    def __post_init__(self) -> None:
        check_garment(self.garment, self.category, self.garment_width)


@dataclass(frozen=True, eq=False)
class TryOnRequest:
    """Render `garment` on `person`.

    Attributes:
        person: photo of a person, RGB uint8 (H, W, 3).
        garment: picture of a garment, RGB uint8 (H, W, 3), or RGBA cut-out already (H, W, 4).
        category: what the garment is; "auto" lets perception decide.
        mask: region to repaint at the size of `person`, instead of the found one; None = find it.
        settings: how to render.
        wear: how it is worn.
        mask_grow: percent of the photo's longer side by which the found mask is larger, or smaller if negative.
        garment_width: centimetres at chest or waist, lying flat; None = not known, so the garment is made to fit.
        person_height: centimetres; None = not known. Only both together tell how the garment fits.
        others: what is put on as well; see `pipelines.outfit` for the order.
        title: what a shop calls the garment, for painters that read; "" = they are told what was found.
    """

    person: Image
    garment: NDArray[np.uint8]
    category: CategoryChoice = "auto"
    mask: Mask | None = None
    settings: RenderSettings = field(default_factory=RenderSettings)
    wear: WearStyle = field(default_factory=WearStyle)
    mask_grow: float = 0.0
    garment_width: float | None = None
    person_height: float | None = None
    others: tuple[Piece, ...] = ()
    title: str = ""

    def __post_init__(self) -> None:
        check_image(self.person, "person photo")
        check_garment(self.garment, self.category, self.garment_width)
        check_mask(self.mask, "mask", self.person)
        check_range("person height", self.person_height, PERSON_HEIGHTS, "cm", "Measure it without shoes.")
        limits, unit = (-MASK_GROWTH, MASK_GROWTH), "percent of the photo's longer side"
        check_range("mask growth", self.mask_grow, limits, unit, "0 leaves the mask as it was found.")
        if self.mask is not None and self.mask_grow:
            step = "Change your mask itself, or leave it out."
            raise BadInput("mask growth", f"{self.mask_grow:g} with a mask of your own", "0", step)
        if self.category != "auto" and not self.others:
            self.wear.check_for(self.category)


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


#: Longer than this words are cut by the encoders of most models that read them.
MOST_WORDS = 400


@dataclass(frozen=True, eq=False)
class EditRequest:
    """Change a photo as words say: "make the curtains green".

    Attributes:
        photo: RGB uint8 (H, W, 3).
        words: what to change, in English.
        mask: uint8 (H, W), 255 = may change; None = everywhere.
        settings: how to render.
    """

    photo: Image
    words: str
    mask: Mask | None = None
    settings: RenderSettings = field(default_factory=lambda: RenderSettings(renderer="edit"))

    def __post_init__(self) -> None:
        check_image(self.photo, "photo")
        if not 0 < len(self.words.strip()) <= MOST_WORDS:
            got, step = f"{len(self.words.strip())} letters", "Say in a sentence what to change."
            raise BadInput("words", got, f"1 to {MOST_WORDS} letters", step)
        check_mask(self.mask, "mask", self.photo)
        if self.mask is not None and not (self.mask > 127).any():
            raise BadInput("mask", "nothing to change", "a mask with some white", "Draw where it may change.")


#: What can be rendered.
Request = TryOnRequest | RoomRequest | EditRequest


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
