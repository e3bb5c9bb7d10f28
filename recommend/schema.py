"""The words of retrieval: items, queries, filters and hits, as frozen dataclasses.

Array contract: images RGB uint8 (H, W, 3); masks uint8 (H, W), 255 = belongs to it; embeddings float32 (N, D), unit
norm.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from recommend.errors import BadInput
from recommend.feedback import Feedback

Image = NDArray[np.uint8]
Mask = NDArray[np.uint8]
Floats = NDArray[np.float32]

#: Finds the item in a picture: 255 where it is. All 0 means nothing was found.
CutOut = Callable[[Image], Mask]

#: Finds what a person wears: "upper", "lower", "dress", "shoes" … → mask. Empty means nothing was found.
ReadPerson = Callable[[Image], Mapping[str, Mask]]

MAX_RESULTS: Final = 200
#: Pixels that a side of a picture has at least.
MIN_SIDE: Final = 8

#: Attributes of an item that can be asked for or excluded by value.
FACETS: Final = ("category", "kind", "colours", "material", "pattern", "sleeve", "style", "place")

#: Where an item belongs, for catalogs that say so.
PLACES: Final = ("floor", "wall", "ceiling", "table", "rug")

#: Sides of an item that can be limited. "length" is the longer of width and depth, and "breadth" the shorter: what
#: people mean by a rug of 160 x 230, whichever way the catalog turns it.
SIDES: Final = ("width", "depth", "height", "length", "breadth")

#: Between the materials of an item made of several: "steel, glass".
MATERIAL_MARK: Final = ", "


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that can be recommended, as its catalog states it.

    Attributes:
        id: unique within the catalog.
        category: the coarse kind that filters and rendering use, a category of the catalog's `Domain`.
        kind: the fine kind ("hoodie"); "" = not stated.
        colours: names, main colour first; empty = not stated, measured from the picture when indexed.
        material, pattern, sleeve: one word or two each; "" = not stated. Several materials are joined by
            `MATERIAL_MARK`.
        price: in `currency`, at least 0.
        currency: ISO 4217 code.
        image: path of the picture, relative to the catalog folder, with forward slashes.
        style: words like "casual" or "office".
        size_cm: width, depth and height in centimetres; None = not stated, as of garments.
        place: where it belongs, one of `PLACES`; "" = not stated.
        extra: what else the catalog's line says, for whoever knows what it means; JSON values, not to be changed.
        seen_pattern: what the picture surely looks like where no pattern is stated; "" = unread, or not sure. It meets
            wishes and filters, but is a guess and no fact, and is said as "looks striped".
    """

    id: str
    title: str
    category: str
    price: float
    image: str
    kind: str = ""
    colours: tuple[str, ...] = ()
    material: str = ""
    pattern: str = ""
    sleeve: str = ""
    currency: str = "EUR"
    description: str = ""
    style: tuple[str, ...] = ()
    size_cm: tuple[float, float, float] | None = None
    place: str = ""
    extra: Mapping[str, Any] = field(default_factory=dict, hash=False)
    seen_pattern: str = ""

    def sentence(self) -> str:
        """The item in words, for the text encoder."""
        parts = [
            self.title,
            " ".join(self.colours),
            self.material,
            self.pattern,
            self.sleeve and f"{self.sleeve} sleeves",
        ]
        parts += [self.kind, " ".join(self.style), self.description]
        return ". ".join(part for part in parts if part)


@dataclass(frozen=True)
class Facet:
    """An attribute with any of some values: a wish ("linen or cotton"), or part of what is unwanted.

    Attributes:
        attribute: one of `FACETS`.
        values: names as catalogs use them.
    """

    attribute: str
    values: tuple[str, ...]

    def __post_init__(self) -> None:
        if self.attribute not in FACETS:
            raise BadInput("attribute", repr(self.attribute), ", ".join(FACETS), "Choose one of these.")

    def match(self, item: Item) -> bool:
        """Whether the item states one of the values, or surely looks like it."""
        return not set(self.values).isdisjoint(values_of(item, self.attribute) + seen_of(item, self.attribute))


@dataclass(frozen=True)
class SizeLimit:
    """A limit to one side of an item. An item that does not state its size satisfies no limit.

    Attributes:
        side: one of `SIDES`.
        low, high: centimetres, inclusive; None = open.
    """

    side: str
    low: float | None = None
    high: float | None = None

    def __post_init__(self) -> None:
        if self.side not in SIDES:
            raise BadInput("side", repr(self.side), ", ".join(SIDES), "Choose one of these.")

    def match(self, item: Item) -> bool:
        """Whether the item is known to keep it."""
        length = side_of(item, self.side)
        if length is None:
            return False
        return (self.low is None or length >= self.low) and (self.high is None or length <= self.high)


def side_of(item: Item, side: str) -> float | None:
    """One side of an item in centimetres, None if its size is not stated."""
    if item.size_cm is None:
        return None
    width, depth, height = item.size_cm
    sides = dict(width=width, depth=depth, height=height, length=max(width, depth), breadth=min(width, depth))
    return sides[side]


@dataclass(frozen=True)
class Filters:
    """What every result must satisfy; nothing here is ever relaxed.

    Attributes:
        min_price, max_price: inclusive; None = open.
        categories: any of these; empty = all.
        colours: for each group, the item has at least one colour of the group ("black and white" is two groups, "red or
            blue" one). Compared with the item's own colour names.
        named: items whose own name was typed; the categories and colours in it leave them in: "Cocktail chair, ochre"
            is an armchair.
        without: each entry is a combination that must not occur: (leather,) or (blue, jeans).
        without_ids: these items are left out.
        required: each must be met ("must be oak").
        sizes: each must be kept.
    """

    min_price: float | None = None
    max_price: float | None = None
    categories: tuple[str, ...] = ()
    colours: tuple[tuple[str, ...], ...] = ()
    named: tuple[str, ...] = ()
    without: tuple[tuple[Facet, ...], ...] = ()
    without_ids: tuple[str, ...] = ()
    required: tuple[Facet, ...] = ()
    sizes: tuple[SizeLimit, ...] = ()

    def match(self, item: Item) -> bool:
        """Whether `item` satisfies them; the index must agree with this on every row."""
        if self.min_price is not None and item.price < self.min_price:
            return False
        if self.max_price is not None and item.price > self.max_price:
            return False
        if item.id not in self.named and not self._is_asked(item):
            return False
        if any(all(facet.match(item) for facet in together) for together in self.without):
            return False
        if not all(facet.match(item) for facet in self.required) or not all(limit.match(item) for limit in self.sizes):
            return False
        return item.id not in self.without_ids

    def _is_asked(self, item: Item) -> bool:
        """Whether category and colours are among those asked for."""
        if self.categories and item.category not in self.categories:
            return False
        return all(set(group) & set(item.colours) for group in self.colours)


@dataclass(frozen=True)
class Extent:
    """How many items satisfy some filters, and how far these reach.

    Attributes:
        count: of the items.
        categories: that they have.
        least, most: of their prices or of one side in centimetres; None = none of them states it, or not asked for.
    """

    count: int
    categories: tuple[str, ...] = ()
    least: float | None = None
    most: float | None = None


def values_of(item: Item, attribute: str) -> tuple[str, ...]:
    """The values of one attribute of an item, none if it is not stated."""
    value: Any = getattr(item, attribute)
    if attribute == "material":
        return tuple(value.split(MATERIAL_MARK)) if value else ()
    return value if isinstance(value, tuple) else ((value,) if value else ())


def seen_of(item: Item, attribute: str) -> tuple[str, ...]:
    """The values of one attribute that its picture surely shows and the item does not state."""
    return (item.seen_pattern,) if attribute == "pattern" and item.seen_pattern else ()


@dataclass(frozen=True, eq=False)
class RoomContext:
    """What a photo of a room says about what would go there.

    Attributes:
        palette: float32 (M, 4), the room's main colours as L, a, b and share, in neutral light; shares sum to 1.
        floor: the same of the floor alone, (0, 4) if nobody said where the floor is.
        floor_colours, rest_colours: names of the colours that cover most of the floor, and of all else; largest first.
        accents: names of strong colours that are seen anywhere, if only in a cushion; largest first.
        brightness: mean OKLab lightness of the photo, 0 to 1; a well-lit room has about 0.6.
        warmth: OKLab b of the light, about -0.1 (blue) to 0.1 (like candles); daylight is about 0.
        free_width_cm: width of the free floor in centimetres, if somebody measured it.
    """

    palette: Floats
    floor: Floats
    floor_colours: tuple[str, ...] = ()
    rest_colours: tuple[str, ...] = ()
    accents: tuple[str, ...] = ()
    brightness: float = 0.5
    warmth: float = 0.0
    free_width_cm: float | None = None

    def __post_init__(self) -> None:
        width = self.free_width_cm
        if width is not None and not 0 < width < float("inf"):
            raise BadInput("free width", repr(width), "centimetres above 0", "Leave it out if it is not known.")


#: Reads a photo of a room.
ReadRoom = Callable[[Image], RoomContext]


@dataclass(frozen=True)
class Chip:
    """One understood part of a query, to be shown and, by its key, dismissed.

    Attributes:
        key: stable name, "price:max" or "colour:red".
        label: for people, "under €40".
        strict: True = a filter, False = a preference.
    """

    key: str
    label: str
    strict: bool


@dataclass(frozen=True, eq=False)
class Query:
    """What a shopper asks; every part may be missing, and all parts given count together.

    Attributes:
        text: free words, "a red linen dress under 40, no stripes".
        like: picture of a garment to find similar ones to, RGB uint8.
        photo: photo of the person, RGB uint8; results go with what is worn in it. Only for garments.
        room: what was read from a photo of the room; results go with it and fit there. Only for furniture.
        min_price, max_price, categories, colours: as in `Filters`, beside what the text says; `colours` is one group.
        required: each must be met, as `Filters.required`.
        exclude: combinations that must not occur, as `Filters.without`.
        exclude_ids: items not to show.
        likes: ids of items that the results shall be like, but for what the text changes; they are not shown.
        dislikes: ids of items that the results shall be unlike; they are not shown.
        dismissed: keys of chips that the shopper took away.
        feedback: what the shopper thought of items of the catalog; it moves what is found, but filters nothing.
    """

    text: str | None = None
    like: Image | None = None
    photo: Image | None = None
    room: RoomContext | None = None
    min_price: float | None = None
    max_price: float | None = None
    categories: tuple[str, ...] = ()
    colours: tuple[str, ...] = ()
    required: tuple[Facet, ...] = ()
    exclude: tuple[tuple[Facet, ...], ...] = ()
    exclude_ids: tuple[str, ...] = ()
    likes: tuple[str, ...] = ()
    dislikes: tuple[str, ...] = ()
    dismissed: tuple[str, ...] = ()
    feedback: Feedback = field(default_factory=Feedback)

    def __post_init__(self) -> None:
        for name in ("like", "photo"):
            check_image(getattr(self, name), name)
        if self.photo is not None and self.room is not None:
            got, allowed = "both a person and a room", "a photo of a person, or of a room"
            raise BadInput("photo", got, allowed, "Ask for garments with the one and for furniture with the other.")
        for name in ("min_price", "max_price"):
            check_price(getattr(self, name), name.replace("_", " "))
        if self.min_price is not None and self.max_price is not None and self.min_price > self.max_price:
            got = f"from {self.min_price:g} to {self.max_price:g}"
            raise BadInput("price", got, "a lowest price not above the highest", "Swap the two prices.")
        if not all(isinstance(facet, Facet) for together in self.exclude for facet in together):
            raise BadInput("exclude", repr(self.exclude), "combinations of Facet", "Give a tuple of tuples of Facet.")
        if not all(isinstance(facet, Facet) for facet in self.required):
            raise BadInput("required", repr(self.required), "a tuple of Facet", "Give a tuple of Facet.")
        both = sorted(set(self.likes) & set(self.dislikes))
        if both:
            got = f"{', '.join(both)} in both"
            raise BadInput("likes and dislikes", got, "each item in one of them", "Take it out of the other.")
        if self.text is not None and len(self.text) > 2000:
            raise BadInput("text", f"{len(self.text)} characters", "at most 2000", "Say it shorter.")


def check_image(image: Any, what: str) -> None:
    """Raise BadInput unless `image` is None or RGB uint8 (H, W, 3) with at least `MIN_SIDE` pixels a side."""
    if image is None:
        return
    ok = isinstance(image, np.ndarray) and image.dtype == np.uint8 and image.ndim == 3 and image.shape[2] == 3
    if not ok or min(image.shape[:2]) < MIN_SIDE:
        got = f"{getattr(image, 'dtype', type(image).__name__)} {getattr(image, 'shape', '')}".strip()
        allowed = f"an RGB uint8 array (H, W, 3), at least {MIN_SIDE} pixels a side"
        raise BadInput(what, got, allowed, "Give another picture.")


def check_price(price: float | None, what: str) -> None:
    """Raise BadInput unless `price` is None or a finite number of at least 0."""
    if price is not None and not 0 <= price < float("inf"):
        raise BadInput(what, repr(price), "a number of at least 0", "Give a price like 40.")


@dataclass(frozen=True)
class Understanding:
    """A query as it was understood.

    Attributes:
        filters: what every hit satisfies.
        wishes: what is preferred, each counted in a hit's "3 of 4 asked".
        cheapness: +1 cheaper is better, -1 dearer is better, 0 no matter; +2 and -2 where it counts twice.
        beside: colours of things the item shall go with ("to wear with my navy trousers").
        size_wishes: side of `SIDES` and +1 for larger, -1 for smaller is better ("tall", "narrow").
        near_sizes: side of `SIDES` and the centimetres that were said of it ("160 x 240"); nearer is better.
        lightness: +1 lighter colours are better, -1 darker ones, 0 no matter.
        kept: what liked items state and the words leave as it is; preferred, but not counted among the asked.
        changed: what liked things have and the words replace; items that still have it lose.
        variants: kinds and what each is called with something else that the words ask for: a T-shirt with long sleeves
            is a longsleeve. Asked or kept, the kind is met by either.
        words: the text for the encoder: without prices and without what is not wanted.
        loose: those of them that mean nothing to the vocabulary.
        chips: the parts in readable form.
        notes: what could not be carried or was taken only loosely, in sentences.
    """

    filters: Filters = field(default_factory=Filters)
    wishes: tuple[Facet, ...] = ()
    cheapness: int = 0
    beside: tuple[str, ...] = ()
    size_wishes: tuple[tuple[str, int], ...] = ()
    near_sizes: tuple[tuple[str, float], ...] = ()
    lightness: int = 0
    kept: tuple[Facet, ...] = ()
    changed: tuple[Facet, ...] = ()
    variants: tuple[tuple[str, str], ...] = ()
    words: str = ""
    loose: tuple[str, ...] = ()
    chips: tuple[Chip, ...] = ()
    notes: tuple[str, ...] = ()

    def with_notes(self, *notes: str) -> Understanding:
        """The same with more notes."""
        return replace(self, notes=(*self.notes, *notes))


@dataclass(frozen=True)
class Hit:
    """One recommended item.

    Attributes:
        score: 0 to 1, the product of `scores`.
        reason: one line why, from matched facts only; the price is not said again.
        scores: the parts by name: "words", "title", "like", "like colour", "kept", "changed", "dislike", "photo",
            "room", "beside", "colour", "name", "wishes", "size", "near size", "price", "lightness", "feedback",
            "taste"; beside another item those of `complements.pair_chances`, and "occasion".
    """

    item: Item
    score: float
    reason: str
    scores: Mapping[str, float]


@dataclass(frozen=True)
class Relaxation:
    """One limit that alone is in the way of all results, and what giving way there would bring.

    Attributes:
        key, label: of the limit's chip.
        nearest: for a limit in numbers, the value to which it would have to move for a first result; None otherwise.
        offer: for people: "3 coffee tables from $89", "without “black” there are 2".
        count: number of items without this limit.
    """

    key: str
    label: str
    nearest: float | None
    offer: str
    count: int


@dataclass(frozen=True)
class SearchResult:
    """Hits, best first, and how the query was understood.

    Attributes:
        matching: number of items that satisfy the filters.
        seconds: stage → seconds: "encode", "search", "rank".
        relaxations: where nothing matches, the limits that alone are in the way, the smallest step first.
    """

    hits: tuple[Hit, ...]
    understanding: Understanding
    matching: int
    seconds: Mapping[str, float] = field(default_factory=dict)
    relaxations: tuple[Relaxation, ...] = ()

    @property
    def notes(self) -> tuple[str, ...]:
        """What the shopper should know about these results."""
        return self.understanding.notes
