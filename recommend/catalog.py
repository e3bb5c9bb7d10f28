"""Read and check a catalog: a folder with `catalog.jsonl`, one item a line, and the pictures it names.

A bad line is reported with its number and left out; the rest is served.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Final

from recommend import vocabulary as words
from recommend.errors import BadInput
from recommend.lexicon import Lexicon, build_lexicon, canonical
from recommend.pictures import read_picture
from recommend.schema import Item

FILE: Final = "catalog.jsonl"
_REQUIRED: Final = ("id", "title", "category", "price", "image")
_TEXTS: Final = ("id", "title", "category", "image", "kind", "material", "pattern", "sleeve", "currency", "description")
_LISTS: Final = ("colours", "style")
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
    """The items that can be served, in the order of the file, and what was wrong with the others."""

    folder: Path
    items: tuple[Item, ...]
    problems: tuple[Problem, ...]

    @property
    def currency(self) -> str:
        """Of all prices; one catalog has one currency, or price limits would compare unlike things."""
        return self.items[0].currency if self.items else "EUR"

    def picture(self, item: Item) -> Path:
        """Where the item's picture lies."""
        return self.folder / item.image

    def fingerprint(self) -> str:
        """Changes when any item or any picture file does (by size and time of change)."""
        digest = hashlib.sha256()
        for item in self.items:
            stat = self.picture(item).stat()
            digest.update(f"{item!r} {stat.st_size} {stat.st_mtime_ns}\n".encode())
        return digest.hexdigest()[:16]


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
    lexicon = build_lexicon()
    items: dict[str, Item] = {}
    problems: list[Problem] = []
    for number, line in enumerate(path.read_bytes().splitlines(), start=1):
        if not line.strip():
            continue
        values, faults = _parse(line)
        faults = faults or _faults(values, folder, items, decode)
        if faults:
            problems.append(Problem(number, _shown_id(values), "; ".join(faults)))
        else:
            item = _item(values, lexicon)
            items[item.id] = item
    return Catalog(folder, tuple(items.values()), tuple(problems))


def _parse(line: bytes) -> tuple[dict[str, Any], list[str]]:
    """One line as an object, or why it is none."""
    try:
        values = json.loads(line.decode("utf-8"), parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        return {}, [f"not JSON: {error}"]
    return (values, []) if isinstance(values, dict) else ({}, [f"not a JSON object but {type(values).__name__}"])


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is no number")


def _faults(values: Mapping[str, Any], folder: Path, items: Mapping[str, Item], decode: bool) -> list[str]:
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
        lambda: _category_fault(values["category"]),
        lambda: f"id {values['id']} was used by an earlier line" if values["id"] in items else "",
        lambda: _currency_fault(values.get("currency") or "EUR", items),
        lambda: _image_fault(values["image"], folder, decode),
    )
    return [fault for check in checks if (fault := check())]


def _price_fault(price: Any) -> str:
    if isinstance(price, bool) or not isinstance(price, (int, float)) or not math.isfinite(price) or price < 0:
        return f"price is {price!r}, not a number of at least 0"
    return ""


def _category_fault(category: str) -> str:
    allowed = ", ".join(words.CATEGORIES)
    return "" if category in words.CATEGORIES else f"category is {category!r}; allowed: {allowed}"


def _currency_fault(currency: str, items: Mapping[str, Item]) -> str:
    if not (len(currency) == 3 and currency.isascii() and currency.isupper()):
        return f"currency is {currency!r}, not three capital letters like EUR"
    first = next(iter(items.values()), None)
    if first is not None and first.currency != currency:
        return f"currency is {currency}, but the catalog's is {first.currency}: price limits need one currency"
    return ""


def _image_fault(image: str, folder: Path, decode: bool) -> str:
    place = PurePosixPath(image)
    if place.is_absolute() or ".." in place.parts or "\\" in image or "\0" in image:
        return f"image {image!r} is not a path inside the catalog folder"
    path = folder / image
    if not path.is_file():
        return f"image {image} does not exist"
    if path.stat().st_size == 0:
        return f"image {image} is empty"
    if decode:
        try:
            read_picture(path, image)
        except BadInput as error:
            return f"image {image} cannot be read: got {error.got}"
    return ""


def _shown_id(values: Mapping[str, Any]) -> str:
    name = values.get("id")
    return name if isinstance(name, str) else ""


def _item(values: Mapping[str, Any], lexicon: Lexicon) -> Item:
    """A checked line as an item, its attributes under the vocabulary's names."""

    def named(key: str) -> str:
        said = (values.get(key) or "").strip()
        return "" if said.lower() in _EMPTY else canonical(key, said, lexicon)

    def all_named(key: str) -> tuple[str, ...]:
        return tuple(dict.fromkeys(canonical(key, said, lexicon) for said in values.get(key, []) if said.strip()))

    return Item(
        id=values["id"],
        title=values["title"],
        category=values["category"],
        price=float(values["price"]),
        image=values["image"],
        kind=named("kind"),
        colours=all_named("colours"),
        material=named("material"),
        pattern=named("pattern"),
        sleeve=named("sleeve"),
        currency=values.get("currency") or "EUR",
        description=values.get("description") or "",
        style=all_named("style"),
    )
