"""Read and check a catalog: a folder with `catalog.jsonl`, one item a line, and the pictures it names.

What it is about, garments or furniture, its own categories tell; a line about the other is a bad line. A bad line is
reported with its number and left out; the rest is served.
"""

from __future__ import annotations

import gc
import hashlib
import json
import math
import os
import stat
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from recommend.domains import Domain, domain_of
from recommend.errors import BadInput
from recommend.lexicon import build_lexicon, canonical, canonical_materials
from recommend.pictures import read_picture
from recommend.schema import PLACES, Item

FILE: Final = "catalog.jsonl"
#: Fingerprints are less than this.
PRINTS: Final = 2**64
_REQUIRED: Final = ("id", "title", "category", "price", "image")
_TEXTS: Final = ("id", "title", "category", "image", "kind", "material", "pattern", "sleeve", "currency", "description")
_LISTS: Final = ("colours", "style")
_KNOWN: Final = frozenset((*_TEXTS, *_LISTS, "price", "size_cm", "place"))
#: Centimetres that sides of things have; beyond, the line's author meant another unit.
SIDE_RANGE: Final = (1.0, 1000.0)
#: What catalogs write where there is nothing to say.
_EMPTY: Final = frozenset({"", "none", "n/a", "na", "-", "null"})


@dataclass(frozen=True)
class Problem:
    """Why a line was left out.

    Attributes:
        line: number in the file, from 1.
        item: the id on that line, if it could be read.
    """

    line: int
    item: str
    message: str

    def __str__(self) -> str:
        name = f" ({self.item})" if self.item else ""
        return f"line {self.line}{name}: {self.message}"


@dataclass(frozen=True, eq=False)
class Catalog:
    """The items that can be served, in the order of the file, and what was wrong with the others.

    Attributes:
        file: the `file_mark` of the file that it was read from, "" if from none.
    """

    folder: Path
    items: tuple[Item, ...]
    problems: tuple[Problem, ...]
    file: str = ""

    @property
    def domain(self) -> Domain:
        """What it is about."""
        return domain_of(item.category for item in self.items)

    @property
    def currency(self) -> str:
        """Of all prices; one catalog has one currency, or price limits would compare unlike things."""
        return self.items[0].currency if self.items else "EUR"

    def picture(self, item: Item) -> Path:
        """Where the item's picture lies."""
        return self.folder / item.image

    def fingerprint(self) -> str:
        """Changes when any item or any picture file does (by size and time of change), but not with their order.

        It is a sum over the items, so that of a changed catalog follows from what was added and what went.
        """
        return f"{sum(map(self._print, self.items)) % PRINTS:016x}"

    def _print(self, item: Item) -> int:
        """What one item adds to the fingerprint."""
        picture = os.stat(f"{self.folder}/{item.image}")
        line = f"{item!r} {picture.st_size} {picture.st_mtime_ns}"
        return int.from_bytes(hashlib.sha256(line.encode()).digest()[:8], "big")


def joined(one: str, other: str) -> str:
    """The fingerprint of two catalogs' items together."""
    return f"{(int(one, 16) + int(other, 16)) % PRINTS:016x}"


def read_catalog(folder: Path, *, decode: bool = False) -> Catalog:
    """Read a catalog folder.

    Args:
        folder: with `catalog.jsonl`.
        decode: also read every picture to its end; slower, finds damaged files before a shopper does.

    Raises:
        BadInput: no such folder or file; a folder without one good line is no error here.
    """
    path = folder / FILE
    if not path.is_file():
        raise BadInput("catalog", f"no file {path}", f"a folder with {FILE}", "Check the path of the catalog folder.")
    mark = file_mark(folder)
    with _without_collections():
        return replace(check_lines(folder, path.read_bytes(), decode=decode), file=mark)


@contextmanager
def _without_collections() -> Iterator[None]:
    """Python's search for cycles suspended: items have none, and as they grow many it took half of the time to read."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def file_mark(folder: Path) -> str:
    """Tells a catalog's file from any that replaces it and from itself after a change, without reading it."""
    file = (folder / FILE).stat()
    return f"{file.st_ino} {file.st_size} {file.st_mtime_ns}"


def lines_after(folder: Path, mark: str) -> bytes:
    """What a catalog's file holds behind as many bytes as it had when it bore an earlier mark."""
    with (folder / FILE).open("rb") as file:
        file.seek(int(mark.split()[1]))
        return file.read()


def check_lines(
    folder: Path, text: bytes, *, decode: bool = False, domain: Domain | None = None, currency: str = ""
) -> Catalog:
    """What `catalog.jsonl` of a folder says, or would say with other lines; as `read_catalog`.

    Args:
        folder: where the pictures are.
        text: the lines.
        decode: as of `read_catalog`.
        domain: what the catalog is about; None = as most of these lines tell.
        currency: of the catalog; "" = that of the first good line.
    """
    lines = [(number, *_parse(line)) for number, line in enumerate(text.splitlines(), start=1) if line.strip()]
    domain = domain or domain_of(_text(values, "category") for _, values, _ in lines)
    named = _naming(domain)
    items: dict[str, Item] = {}
    problems: list[Problem] = []
    for number, values, faults in lines:
        faults = faults or _faults(values, folder, items, domain, currency, decode)
        if faults:
            problems.append(Problem(number, _text(values, "id"), "; ".join(faults)))
        else:
            item = _item(values, named)
            items[item.id] = item
            currency = currency or item.currency
    return Catalog(folder, tuple(items.values()), tuple(problems))


def _parse(line: bytes) -> tuple[dict[str, Any], list[str]]:
    """One line as an object, or why it is none."""
    try:
        values = _JSON.decode(line.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        return {}, [f"not JSON: {error}"]
    return (values, []) if isinstance(values, dict) else ({}, [f"not a JSON object but {type(values).__name__}"])


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is no number")


_JSON: Final = json.JSONDecoder(parse_constant=_refuse_constant)


def _faults(
    values: Mapping[str, Any], folder: Path, items: Mapping[str, Item], domain: Domain, currency: str, decode: bool
) -> list[str]:
    """Everything that is wrong with one line."""
    faults = [f"{key} is missing" for key in _REQUIRED if values.get(key) in (None, "")]
    faults += [
        f"{key} is {type(values[key]).__name__}, not text"
        for key in _TEXTS
        if values.get(key) is not None and not isinstance(values[key], str)
    ]
    faults += [
        f"{key} is not a list of texts"
        for key in _LISTS
        if not (isinstance(values.get(key, []), list) and all(isinstance(value, str) for value in values.get(key, [])))
    ]
    if faults:
        return faults
    checks: tuple[Callable[[], str], ...] = (
        lambda: _price_fault(values["price"]),
        lambda: _category_fault(values["category"], domain),
        lambda: f"id {values['id']} was used by an earlier line" if values["id"] in items else "",
        lambda: _currency_fault(values.get("currency") or "EUR", currency),
        lambda: _image_fault(values["image"], folder, decode),
        lambda: _size_fault(values.get("size_cm")),
        lambda: _place_fault(values.get("place")),
    )
    return [fault for check in checks if (fault := check())]


def _price_fault(price: Any) -> str:
    if isinstance(price, bool) or not isinstance(price, (int, float)) or not math.isfinite(price) or price < 0:
        return f"price is {price!r}, not a number of at least 0"
    return ""


def _category_fault(category: str, domain: Domain) -> str:
    if category in domain.categories:
        return ""
    return f"category is {category!r}; allowed: {', '.join(domain.categories)}"


def _size_fault(size: Any) -> str:
    if size is None:
        return ""
    low, high = SIDE_RANGE
    numbers = isinstance(size, list) and all(
        isinstance(side, (int, float)) and not isinstance(side, bool) for side in size
    )
    if numbers and len(size) == 3 and all(low <= side <= high for side in size):
        return ""
    return f"size_cm is {size!r}, not width, depth and height of {low:g} to {high:g} cm"


def _place_fault(place: Any) -> str:
    return "" if place in (None, *PLACES) else f"place is {place!r}; allowed: {', '.join(PLACES)}"


def _currency_fault(currency: str, own: str) -> str:
    if not (len(currency) == 3 and currency.isascii() and currency.isupper()):
        return f"currency is {currency!r}, not three capital letters like EUR"
    if own and own != currency:
        return f"currency is {currency}, but the catalog's is {own}: price limits need one currency"
    return ""


def _image_fault(image: str, folder: Path, decode: bool) -> str:
    if image.startswith("/") or ".." in image.split("/") or "\\" in image or "\0" in image:
        return f"image {image!r} is not a path inside the catalog folder"
    try:
        file = os.stat(f"{folder}/{image}")
    except OSError:
        return f"image {image} does not exist"
    if not stat.S_ISREG(file.st_mode):
        return f"image {image} does not exist"
    if file.st_size == 0:
        return f"image {image} is empty"
    if decode:
        try:
            read_picture(folder / image, image)
        except BadInput as error:
            return f"image {image} cannot be read: got {error.got}"
    return ""


def _text(values: Mapping[str, Any], key: str) -> str:
    """A text of an unchecked line, "" if it is none."""
    value = values.get(key)
    return value if isinstance(value, str) else ""


def _naming(domain: Domain) -> Callable[[str, str], str]:
    """The vocabulary's name for what a line says of an attribute; catalogs say the same few things again and again."""
    lexicon = build_lexicon(domain=domain)

    @lru_cache(maxsize=100_000)
    def named(key: str, said: str) -> str:
        return canonical_materials(said, lexicon) if key == "material" else canonical(key, said, lexicon)

    return named


def _item(values: Mapping[str, Any], named: Callable[[str, str], str]) -> Item:
    """A checked line as an item, its attributes under the vocabulary's names."""

    def one(key: str) -> str:
        said = (values.get(key) or "").strip()
        return "" if said.lower() in _EMPTY else named(key, said)

    def several(key: str) -> tuple[str, ...]:
        return tuple(dict.fromkeys(named(key, said) for said in values.get(key, ()) if said.strip()))

    return Item(
        id=values["id"],
        title=values["title"],
        category=values["category"],
        price=float(values["price"]),
        image=values["image"],
        kind=one("kind"),
        colours=several("colours"),
        material=one("material"),
        pattern=one("pattern"),
        sleeve=one("sleeve"),
        currency=values.get("currency") or "EUR",
        description=values.get("description") or "",
        style=several("style"),
        size_cm=_size(values.get("size_cm")),
        place=values.get("place") or "",
        extra={key: value for key, value in values.items() if key not in _KNOWN},
    )


def _size(sides: Any) -> tuple[float, float, float] | None:
    """A checked size as the item has it."""
    if sides is None:
        return None
    width, depth, height = (float(side) for side in sides)
    return width, depth, height
