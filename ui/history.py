"""What was tried on in this session, newest first, within a bound of memory."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from numpy.typing import NDArray

from pipelines.schema import CategoryChoice, Image, Mask, RenderSettings


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
    """

    title: str
    pixels: NDArray[Any] = field(repr=False)
    category: CategoryChoice = "auto"
    price: str = ""


@dataclass(frozen=True, eq=False)
class Choices:
    """How to try on.

    Attributes:
        category: "auto" = the catalog's, or the one found in the picture.
        seed, steps: see `RenderSettings`.
        mask: region to repaint, uint8 (H, W) at the size of the photo; None = find it.
    """

    category: CategoryChoice = "auto"
    seed: int = RenderSettings.seed
    steps: int = RenderSettings.num_inference_steps
    mask: Mask | None = field(default=None, repr=False)


@dataclass(frozen=True, eq=False)
class Look:
    """A finished try-on, with all that it takes to show it, download it and do it again.

    Attributes:
        png: the full picture with its recipe, ready to download.
        mask_png: what was repainted, at the size of the photo; to be changed by hand and given back as a mask.
        before, after: JPEGs for the page, of one size.
        small: JPEG for the row of looks.
        steps: JPEGs of the stages, by name.
        seconds: from the click to the end.
    """

    person: Person
    garment: Garment
    choices: Choices
    png: bytes = field(repr=False)
    mask_png: bytes = field(repr=False)
    before: bytes = field(repr=False)
    after: bytes = field(repr=False)
    small: bytes = field(repr=False)
    steps: Mapping[str, bytes] = field(repr=False)
    recipe: Mapping[str, Any]
    warnings: tuple[str, ...]
    seconds: float


@dataclass(eq=False)
class History:
    """The looks of a session; the oldest go when there are too many or they take too much memory.

    Attributes:
        most: number of looks.
        most_bytes: of their pictures, the photos of the persons included. The newest look stays whatever its size.
    """

    most: int = 24
    most_bytes: int = 600_000_000
    _looks: list[Look] = field(default_factory=list)

    def add(self, look: Look) -> None:
        """Put a look first."""
        self._looks.insert(0, look)
        while len(self._looks) > 1 and (len(self._looks) > self.most or self.size() > self.most_bytes):
            self._looks.pop()

    def size(self) -> int:
        """Bytes that the looks hold; a photo that several share counts once."""
        arrays = {id(a): a.nbytes for look in self._looks for a in (look.person.pixels, look.garment.pixels)}
        return sum(arrays.values()) + sum(len(look.png) for look in self._looks)

    def __iter__(self) -> Iterator[Look]:
        return iter(self._looks)

    def __len__(self) -> int:
        return len(self._looks)
