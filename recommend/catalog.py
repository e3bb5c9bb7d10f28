"""Read and check a catalog: a folder with `catalog.jsonl`, one item a line, and the pictures it names.

What it is about, garments or furniture, its own categories tell; a line about the other is a bad line. A bad line is
reported with its number and left out; the rest is served.
"""

from __future__ import annotations

import codecs
import gc
import hashlib
import json
import os
import re
import reprlib
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
from recommend.pictures import read_item_picture
from recommend.schema import PLACES, Item

FILE: Final = "catalog.jsonl"
#: Fingerprints are less than this.
PRINTS: Final = 2**64
_REQUIRED: Final = ("id", "title", "category", "price", "image")
_TEXTS: Final = ("id", "title", "category", "image", "kind", "material", "pattern", "sleeve", "currency", "description")
_LISTS: Final = ("colours", "style")
_KNOWN: Final = frozenset((*_TEXTS, *_LISTS, "price", "size_cm", "place"))
#: Characters of texts, at most; a longer one is a mistake of whatever wrote it.
_LONGEST: Final = {**dict.fromkeys((*_TEXTS, *_LISTS), 500), "id": 200, "description": 10_000}
#: No text has these: halves of characters cannot be stored, control characters write to a terminal what they like, and
#: overrides turn the order of letters round. Descriptions may have lines.
_UNWANTED: Final = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202d\u202e\ud800-\udfff]")
_LINES: Final = str.maketrans("", "", "\n\r\t")
#: What prices are at most; sums of a few are still exact to the cent.
MOST_PRICE: Final = 1e12
#: Centimetres that sides of things have; beyond, the line's author meant another unit.
SIDE_RANGE: Final = (1.0, 1000.0)
#: What catalogs write where there is nothing to say.
_EMPTY: Final = frozenset({"", "none", "n/a", "na", "-", "null"})
#: What the file is, for errors.
FORMAT: Final = "UTF-8 text, one JSON object a line"
#: Called with (lines done, lines in all).
OnLine = Callable[[int, int], None]


@dataclass(frozen=True)
class Problem:
    """Why a line was left out.

    Attributes:
        line: number in the file, from 1; 0 = it was found while indexing, where items have no lines any more.
        item: the id on that line, if it could be read.
    """

    line: int
    item: str
    message: str

    def __str__(self) -> str:
        name = f" ({self.item})" if self.item else ""
        return f"line {self.line}{name}: {self.message}" if self.line else f"item {self.item}: {self.message}"


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


def read_catalog(folder: Path, *, decode: bool = False, on_line: OnLine | None = None) -> Catalog:
    """Read a catalog folder.

    Args:
        folder: with `catalog.jsonl`.
        decode: also read every picture to its end; slower, finds damaged files before a shopper does.
        on_line: told of progress.

    Raises:
        BadInput: no such folder or file, or no UTF-8; a folder without one good line is no error here.
    """
    text, mark = read_text(folder), file_mark(folder)
    with _without_collections():
        return replace(check_lines(folder, text, decode=decode, on_line=on_line), file=mark)


def read_text(folder: Path) -> bytes:
    """What the file of a catalog holds; BadInput if it cannot be read."""
    path = folder / FILE
    try:
        return path.read_bytes()
    except OSError as error:
        got = f"no file {path}" if isinstance(error, FileNotFoundError) else f"{path} ({error.strerror})"
        step = f"Name the folder, not {folder.name}." if folder.is_file() else "Check the path of the catalog folder."
        raise BadInput("catalog", got, f"a folder with {FILE}: {FORMAT}", step) from error


def lines_of(text: bytes, what: str = FILE) -> list[bytes]:
    """The lines of a catalog's text, without the mark that some editors put before UTF-8.

    Raises:
        BadInput: it is UTF-16, so that no line of it could be read.
    """
    if text.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) or b"\0" in text[:2]:
        raise BadInput(what, "text in UTF-16", FORMAT, "Save it as UTF-8.")
    return text.removeprefix(codecs.BOM_UTF8).splitlines()


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
    folder: Path,
    text: bytes,
    *,
    decode: bool = False,
    domain: Domain | None = None,
    currency: str = "",
    first: int = 1,
    on_line: OnLine | None = None,
) -> Catalog:
    """What `catalog.jsonl` of a folder says, or would say with other lines; as `read_catalog`.

    Args:
        folder: where the pictures are.
        text: the lines.
        decode, on_line: as of `read_catalog`.
        domain: what the catalog is about; None = as most of these lines tell.
        currency: of the catalog; "" = that of the first good line.
        first: number of the first line.
    """
    lines = [(number, *_parse(line)) for number, line in enumerate(lines_of(text), start=first) if line.strip()]
    domain = domain or domain_of(_text(values, "category") for _, values, _ in lines)
    named = _naming(domain)
    items: list[Item] = []
    used: dict[str, int] = {}
    problems: list[Problem] = []
    for done, (number, values, faults) in enumerate(lines, start=1):
        faults = faults or _faults(values, folder, used, domain, currency, decode)
        if faults:
            name = _text(values, "id")
            problems.append(Problem(number, "" if _text_fault("id", name) else name, "; ".join(faults)))
        else:
            item = _item(values, named)
            items.append(item)
            used[item.id] = number
            currency = currency or item.currency
        if on_line is not None:
            on_line(done, len(lines))
    return Catalog(folder, tuple(items), tuple(problems))


def _parse(line: bytes) -> tuple[dict[str, Any], list[str]]:
    """One line as an object, or why it is none."""
    try:
        values = _JSON.decode(line.decode("utf-8"))
    except UnicodeDecodeError as error:
        return {}, [f"byte {error.start + 1} is not UTF-8; save the file as UTF-8"]
    except json.JSONDecodeError as error:
        return {}, [f"not JSON ({error.msg}, column {error.colno}); each line has to be one JSON object"]
    except (ValueError, RecursionError) as error:
        return {}, [f"not JSON ({error})"]
    return (values, []) if isinstance(values, dict) else ({}, [f"not a JSON object but {type(values).__name__}"])


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is no number")


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values = dict(pairs)
    if len(values) < len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(f"{next(name for name in names if names.count(name) > 1)!r} stands in it twice")
    return values


_JSON: Final = json.JSONDecoder(parse_constant=_refuse_constant, object_pairs_hook=_each_once)


def _faults(
    values: Mapping[str, Any], folder: Path, used: Mapping[str, int], domain: Domain, currency: str, decode: bool
) -> list[str]:
    """Everything that is wrong with one line; `used` are the ids before it, and their lines."""
    faults = [f"{key} is missing" for key in _REQUIRED if key not in values or _is_blank(values[key])]
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
    faults = [fault for key in _TEXTS if (fault := _text_fault(key, values.get(key) or ""))]
    faults += [fault for key in _LISTS for text in values.get(key, ()) if (fault := _text_fault(key, text))]
    if faults:
        return faults
    checks: tuple[Callable[[], str], ...] = (
        lambda: _price_fault(values["price"]),
        lambda: _category_fault(values["category"], domain),
        lambda: f"id {values['id']} was used by line {used[values['id']]}" if values["id"] in used else "",
        lambda: _currency_fault(values.get("currency") or "EUR", currency),
        lambda: _image_fault(values["image"], folder, decode),
        lambda: _size_fault(values.get("size_cm")),
        lambda: _place_fault(values.get("place")),
    )
    return [fault for check in checks if (fault := check())]


def _is_blank(value: Any) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())


def _text_fault(key: str, text: str) -> str:
    if len(text) > (most := _LONGEST[key]):
        return f"{key} has {len(text)} characters, more than {most}"
    if not text.isprintable() and (found := _UNWANTED.search(text.translate(_LINES) if key == "description" else text)):
        return f"{key} has the control character {found.group()!r}"
    return f"{key} {text!r} begins or ends with a blank" if key == "id" and text != text.strip() else ""


def _price_fault(price: Any) -> str:
    if isinstance(price, bool) or not isinstance(price, (int, float)) or not 0 <= price <= MOST_PRICE:
        return f"price is {reprlib.repr(price)}, not a number like 1299.00, from 0 to {MOST_PRICE:g}"
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
    return f"size_cm is {reprlib.repr(size)}, not width, depth and height of {low:g} to {high:g} cm"


def _place_fault(place: Any) -> str:
    return "" if place in (None, *PLACES) else f"place is {place!r}; allowed: {', '.join(PLACES)}"


def _currency_fault(currency: str, own: str) -> str:
    if not (len(currency) == 3 and currency.isascii() and currency.isupper()):
        return f"currency is {currency!r}, not three capital letters like EUR"
    if own and own != currency:
        return f"currency is {currency}, but the catalog's is {own}: price limits need one currency"
    return ""


def _image_fault(image: str, folder: Path, decode: bool) -> str:
    if "://" in image:
        return f"image {image} is an address, not a file inside the catalog folder; save the picture there"
    if image.startswith("/") or ".." in image.split("/") or "\\" in image or "\0" in image:
        return f"image {image!r} is not a path inside the catalog folder"
    try:
        file = os.stat(f"{folder}/{image}")
    except OSError:
        return f"image {image} does not exist"
    if not stat.S_ISREG(file.st_mode):
        return f"image {image} is {'a folder' if stat.S_ISDIR(file.st_mode) else 'no file'}"
    if file.st_size == 0:
        return f"image {image} is empty"
    if decode:
        try:
            read_item_picture(folder / image, image)
        except BadInput as error:
            return f"image {error}"
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
