"""The state of "Your room": the photo, what stands in it and where, and what was rendered. Nothing here changes itself.

Pieces and arrangements are immutable: going back a step is taking the one before from a list.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Literal

from numpy.typing import NDArray

from pipelines.perception.room import RoomView
from pipelines.schema import CameraFacts, Furniture, Image, Mask, Standing
from recommend.prices import show as show_price
from ui.history import Made
from ui.session import Visit, visit
from ui.tasks import Task

#: Steps that can be taken back.
MOST_STEPS = 100

Size = tuple[float, float, float]
Spot = tuple[float, float]
#: A known length, what stays in front, or what is taken away first.
Marking = Literal["length", "mask", "remove", "look"]


@dataclass(frozen=True, eq=False)
class Room:
    """A photo that furniture is placed in.

    Attributes:
        name: "your room", or what a demo room is called.
        pixels: RGB uint8 (H, W, 3), as large as it was given.
        shown: the same, small enough for the page and for finding camera and floor.
        focal: in pixels of `pixels`, as the file tells; None if it does not.
    """

    name: str
    pixels: Image = field(repr=False)
    shown: Image = field(repr=False)
    focal: float | None = None

    @property
    def ratio(self) -> float:
        """Width / height."""
        return self.shown.shape[1] / self.shown.shape[0]


@dataclass(frozen=True, eq=False)
class Piece:
    """Something that was chosen for the room.

    Attributes:
        number: tells it from the others of the session, twice the same item included.
        item: its cut-outs; not shared with other pieces.
        price: None for one's own.
        at: (x, y) fractions of the photo; None = to be put on a free place.
        yaw: degrees that the shopper asked for; None = along the walls.
        facing: degrees that came with a free place, along whichever wall that is at.
        size: metres that the shopper asked for; None = its own.
        item_id: in the catalog; "" for one of the shopper's own.
    """

    number: int
    title: str
    item: Furniture = field(repr=False)
    price: float | None = None
    currency: str = "EUR"
    at: Spot | None = None
    yaw: float | None = None
    facing: float | None = None
    size: Size | None = None
    item_id: str = ""

    @property
    def measures(self) -> Size:
        """Width, depth and height in metres, as it stands."""
        return self.size or self.item.size

    def standing(self) -> Standing:
        """The piece in the words of rendering; BadInput for a size or place that is none."""
        return Standing(self.item, self.at, self.facing if self.yaw is None else self.yaw, self.size, self.title)


@dataclass(frozen=True, eq=False)
class Arrangement:
    """What stands in the room, and what is known of its photo.

    Attributes:
        camera: what the shopper or the file tells of it.
        mask: uint8 (H, W), where the photo may change; black stays in front. None = everywhere.
        remove: uint8 (H, W), 255 = taken away first; None = nothing.
        renderer: what makes the picture; "" = the app's own.
    """

    pieces: tuple[Piece, ...] = ()
    camera: CameraFacts = field(default_factory=CameraFacts)
    mask: Mask | None = field(default=None, repr=False)
    remove: Mask | None = field(default=None, repr=False)
    renderer: str = ""

    def piece(self, number: int | None) -> Piece | None:
        """The piece of that number, None if it is not there."""
        return next((piece for piece in self.pieces if piece.number == number), None)

    def with_piece(self, changed: Piece) -> Arrangement:
        """The same with one piece changed."""
        pieces = tuple(changed if piece.number == changed.number else piece for piece in self.pieces)
        return replace(self, pieces=pieces)


@dataclass(frozen=True)
class Box:
    """Where a piece is seen, as fractions of the photo, and how it is turned, in degrees."""

    left: float
    top: float
    width: float
    height: float
    yaw: float


@dataclass(frozen=True, eq=False)
class Arranged:
    """Which room was furnished, and how.

    Attributes:
        arrangement: every piece that is seen has its place.
        boxes: number of a piece → where it is seen.
    """

    room: Room
    arrangement: Arrangement
    boxes: Mapping[int, Box]


@dataclass(frozen=True, eq=False)
class RoomLook(Made, Arranged):
    """A finished picture of a furnished room."""

    @property
    def title(self) -> str:
        """The piece that came last, and how many others."""
        seen = [piece.title for piece in self.arrangement.pieces if piece.number in self.boxes]
        others = len(seen) - 1
        return f"{seen[-1]} and {others} more" if others > 0 else "".join(seen)

    @property
    def alt(self) -> str:
        """The room and the pieces."""
        return f"{self.room.name} with {self.title}"

    @property
    def about(self) -> str:
        """All pieces."""
        return ", ".join(piece.title for piece in self.arrangement.pieces if piece.number in self.boxes)

    def arrays(self) -> tuple[NDArray[Any], ...]:
        """The photo, the cut-outs and the masks."""
        cut_outs = [view.picture for piece in self.arrangement.pieces for view in piece.item.views]
        masks = [mask for mask in (self.arrangement.mask, self.arrangement.remove) if mask is not None]
        return self.room.pixels, *cut_outs, *masks


@dataclass(frozen=True, eq=False)
class Outcome:
    """What has come of rendering an arrangement.

    Attributes:
        arrangement: with the places that were found.
        look: None if there was nothing to show.
        left_out: number of a piece that could not be placed → why, as Markdown.
    """

    arrangement: Arrangement
    look: RoomLook | None
    left_out: Mapping[int, str]


@dataclass(eq=False)
class RoomVisit(Visit):
    """The page "Your room".

    Attributes:
        room: None until there is a photo.
        arrangement: what stands there now. before: what stood there before, the latest last.
        chosen: number of the piece that is moved and turned.
        pieces: how many were ever placed.
        finding: finds camera and floor without the shopper's help. seeing: with what is known of the camera.
        found, view: what they found.
        look: the latest render of this room. left_out: as of `Outcome`.
        small_step: whether the latest change was a nudge, whose picture replaces the one before in the history.
        grid: whether the floor grid is drawn. comparing: whether before and after are shown.
        marks: ends of a known length, or corners of a box, as fractions of the photo; None = none is being marked.
        marking: what the marks are for.
        own: picture of the shopper's own piece, RGB or RGBA. own_size: what was said of it, in cm.
    """

    NAME: ClassVar[str] = "room"
    SUFFIX: ClassVar[str] = "-room"
    TASK: ClassVar[str] = "room"

    room: Room | None = None
    arrangement: Arrangement = field(default_factory=Arrangement)
    before: list[Arrangement] = field(default_factory=list)
    chosen: int | None = None
    pieces: int = 0
    finding: Task[RoomView] | None = None
    seeing: Task[RoomView] | None = None
    found: RoomView | None = None
    view: RoomView | None = None
    render: Task[Outcome] | None = None
    look: RoomLook | None = None
    left_out: Mapping[int, str] = field(default_factory=dict)
    small_step: bool = False
    grid: bool = False
    comparing: bool = False
    marks: tuple[Spot, ...] | None = None
    marking: Marking = "length"
    own: NDArray[Any] | None = None
    own_size: tuple[float | None, float | None, float | None] = (None, None, None)

    @property
    def empty(self) -> bool:
        """Whether there is nothing of the shopper's to forget."""
        return super().empty and self.room is None and self.own is None

    @property
    def renderer(self) -> str:
        """See `Arrangement`."""
        return self.arrangement.renderer

    @property
    def shown(self) -> Image | None:
        """The photo of the room."""
        return self.room.shown if self.room is not None else None

    def tasks(self) -> tuple[Task[Any] | None, ...]:
        """Work that may be under way."""
        return (*super().tasks(), self.finding, self.seeing)

    @property
    def news(self) -> bool:
        """Whether the floor was found."""
        seeing = self.seeing
        return seeing is not None and seeing.done and seeing.error is None and self.view is not seeing.result()

    @property
    def piece(self) -> Piece | None:
        """The chosen piece."""
        return self.arrangement.piece(self.chosen)

    @property
    def total(self) -> str:
        """What all that stands in the room costs, for people; "" if nothing has a price."""
        standing = [piece for piece in self.arrangement.pieces if piece.number not in self.left_out]
        prices = [piece.price for piece in standing if piece.price is not None]
        return (
            show_price(sum(prices), next(piece.currency for piece in standing if piece.price is not None))
            if prices
            else ""
        )


def room_visit() -> RoomVisit:
    """The visit to the page."""
    return visit(RoomVisit)
