"""What was made in this session, newest first, within a bound of memory."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from numpy.typing import NDArray

from pipelines.schema import CategoryChoice, Image, Mask, Piece, Quality, RenderSettings, WearStyle


@dataclass(frozen=True, eq=False)
class Person:
    """A photo that garments are tried on.

    Attributes:
        name: "your photo", or the name of a demo person.
        pixels: RGB uint8 (H, W, 3), as large as it was given.
        shown: the same, small enough for the page and for reading what is worn.
    """

    name: str
    pixels: Image = field(repr=False)
    shown: Image = field(repr=False)


@dataclass(frozen=True, eq=False)
class Garment:
    """Something to try on.

    Attributes:
        title: of the item, or "your own garment".
        pixels: RGB or RGBA uint8 (H, W, 3 or 4).
        category: what the catalog says it is; "auto" if nobody does.
        price: for people, "" if it has none.
        width: centimetres at chest or waist, lying flat; None = not known.
        item_id: in the catalog; "" for one of the shopper's own.
    """

    title: str
    pixels: NDArray[Any] = field(repr=False)
    category: CategoryChoice = "auto"
    price: str = ""
    width: float | None = None
    item_id: str = ""


@dataclass(frozen=True, eq=False)
class Kept:
    """A garment that stays on while others are tried on, and how it is worn."""

    garment: Garment
    category: CategoryChoice
    wear: WearStyle

    def piece(self) -> Piece:
        """The same, for rendering."""
        return Piece(self.garment.pixels, self.category, self.wear, self.garment.width)


@dataclass(frozen=True, eq=False)
class Choices:
    """How to try on.

    Attributes:
        category: "auto" = the catalog's, or the one found in the picture.
        seed, steps, quality: see `RenderSettings`.
        mask: region to repaint, uint8 (H, W) at the size of the photo; None = find it.
        wear: how it is worn, as far as that suits what it is.
        mask_grow, person_height: see `TryOnRequest`.
        kept: what stays on beside it.
        renderer: what makes the picture; "" = the app's own.
    """

    category: CategoryChoice = "auto"
    seed: int = RenderSettings.seed
    steps: int = RenderSettings.num_inference_steps
    quality: Quality = RenderSettings.quality
    mask: Mask | None = field(default=None, repr=False)
    wear: WearStyle = field(default_factory=WearStyle)
    mask_grow: float = 0.0
    person_height: float | None = None
    kept: tuple[Kept, ...] = ()
    renderer: str = ""

    def beside(self, garment: Garment) -> tuple[Kept, ...]:
        """What stays on beside a garment, which may be among them."""
        return tuple(one for one in self.kept if one.garment is not garment)


@dataclass(frozen=True, eq=False)
class Made(ABC):
    """A finished picture, with all that it takes to show and download it.

    Attributes:
        png: the full picture with its recipe, ready to download.
        mask_png: what was repainted, at the size of the photo; to be changed by hand and given back as a mask.
        before, after: JPEGs for the page, of one size.
        small: JPEG for the row of earlier ones.
        steps: JPEGs of the stages, by name.
        seconds: from the click to the end.
    """

    png: bytes = field(repr=False)
    mask_png: bytes = field(repr=False)
    before: bytes = field(repr=False)
    after: bytes = field(repr=False)
    small: bytes = field(repr=False)
    steps: Mapping[str, bytes] = field(repr=False)
    recipe: Mapping[str, Any]
    warnings: tuple[str, ...]
    seconds: float

    @property
    @abstractmethod
    def title(self) -> str:
        """What it shows, in a few words."""

    @property
    @abstractmethod
    def alt(self) -> str:
        """What it shows, for those who do not see it."""

    @property
    @abstractmethod
    def about(self) -> str:
        """How it was made, in a line."""

    @abstractmethod
    def arrays(self) -> tuple[NDArray[Any], ...]:
        """The pixels that it keeps in memory beside its own."""


@dataclass(frozen=True, eq=False)
class TriedOn:
    """Who wears what in a look, and how it was made."""

    person: Person
    garment: Garment
    choices: Choices


@dataclass(frozen=True, eq=False)
class Look(Made, TriedOn):
    """A finished try-on, with what it takes to do it again."""

    @property
    def title(self) -> str:
        """The garment, and what it is worn with."""
        return " with ".join([self.garment.title, *(one.garment.title for one in self.choices.beside(self.garment))])

    @property
    def alt(self) -> str:
        """Who wears what."""
        return f"{self.person.name} in {self.title}"

    @property
    def about(self) -> str:
        """The settings."""
        by = f", {self.choices.renderer}" if self.choices.renderer else ""
        return f"seed {self.choices.seed}, {self.choices.steps} steps{by}"

    def arrays(self) -> tuple[NDArray[Any], ...]:
        """The photo and the garments."""
        return self.person.pixels, self.garment.pixels, *(one.garment.pixels for one in self.choices.kept)


M = TypeVar("M", bound=Made)


@dataclass(eq=False)
class History(Generic[M]):
    """What a session has made; the oldest go when there are too many or they take too much memory.

    Attributes:
        most: number of pictures.
        most_bytes: of them, the photos they were made from included. The newest stays whatever its size.
    """

    most: int = 24
    most_bytes: int = 600_000_000
    _made: list[M] = field(default_factory=list)

    def add(self, made: M, instead_of: M | None = None) -> None:
        """Put a picture first, in place of another one where it is only a small step from that."""
        self._made = [made, *(one for one in self._made if one is not instead_of)]
        while len(self._made) > 1 and (len(self._made) > self.most or self.size() > self.most_bytes):
            self._made.pop()

    def size(self) -> int:
        """Bytes that they hold; a photo that several share counts once."""
        arrays = {id(array): array.nbytes for made in self._made for array in made.arrays()}
        return sum(arrays.values()) + sum(len(made.png) for made in self._made)

    def __getitem__(self, place: int) -> M:
        return self._made[place]

    def __iter__(self) -> Iterator[M]:
        return iter(self._made)

    def __len__(self) -> int:
        return len(self._made)
