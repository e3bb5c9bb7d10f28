"""Catalog → index: pictures cut out, measured, embedded; what did not change is taken from the last."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np
import platformdirs

from recommend.catalog import Catalog, Problem
from recommend.domains import GARMENTS, Domain
from recommend.embedder import Embedder
from recommend.errors import BadInput
from recommend.features import Floats, Image, Mask, Palette, add_thin_parts, colour_vector, main_colours, palette
from recommend.index import LAYOUT, VECTORS, Index, Rows, Stamp, only_one, open_index, write_index
from recommend.pictures import read_picture
from recommend.schema import CutOut, Item

PALETTE_ROWS: Final = 5
#: Categories whose patterns are read from pictures: those of which labelled photos trained the reader.
PATTERNED: Final = ("upper", "lower", "dress")
#: Called with (items done, items in all).
OnItem = Callable[[int, int], None]


def ensure_index(
    catalog: Catalog,
    embedder: Embedder,
    uri: str | None,
    cut_out: CutOut,
    on_item: OnItem | None = None,
    *,
    anew: bool = False,
) -> tuple[Index, tuple[Problem, ...]]:
    """The up-to-date index of a catalog, made or brought up to date where needed; one process at a time does so.

    Args:
        uri: None = in the per-user cache, in a folder of its own for each catalog and revision of the encoders.
        anew: compute everything again, also over an incompatible index.

    Raises:
        IncompatibleIndex: `uri` names an index of other encoders or another layout, and not `anew`.
        BadInput: the catalog has no item to serve.
    """
    uri = uri or str(default_uri(catalog.folder, embedder.revision))
    stamp = Stamp(embedder.revision, catalog.fingerprint(), file=catalog.file)
    command = rebuild_command(catalog.folder)
    with only_one(uri):
        index = None if anew else open_index(uri, embedder.revision, command)
        if index is not None and index.stamp == stamp and index.whole:
            return index, ()
        rows, problems = embed_catalog(catalog, embedder, cut_out, index.rows() if index else None, on_item)
        if not len(rows):
            raise nothing_good(catalog, problems)
        return write_index(uri, rows, stamp), problems


def nothing_good(catalog: Catalog, problems: Sequence[Problem]) -> BadInput:
    """The error of a catalog without one item to serve; `problems` are those that its own check did not see."""
    why = f"{len(catalog.problems) + len(problems)} bad lines and no good one"
    return BadInput("catalog", why, "at least one item", f"See: tryroom catalog check {catalog.folder}")


def rebuild_command(folder: Path) -> str:
    """The command that makes the index of a catalog anew."""
    return f"tryroom catalog index {folder} --anew"


def default_uri(folder: Path, revision: str) -> Path:
    """Where the index of a catalog lies unless another place is chosen."""
    name = hashlib.sha256(str(folder.resolve()).encode()).hexdigest()[:12]
    return cache_folder() / "indexes" / f"{name}-{LAYOUT}-{revision}"


def cache_folder() -> Path:
    """Where what can be made again is kept for this user; `TRYROOM_CACHE` moves it."""
    chosen = os.environ.get("TRYROOM_CACHE")
    return Path(chosen).expanduser() if chosen else platformdirs.user_cache_path("tryroom", appauthor=False)


def embed_catalog(
    catalog: Catalog, embedder: Embedder, cut_out: CutOut, known: Rows | None = None, on_item: OnItem | None = None
) -> tuple[Rows, tuple[Problem, ...]]:
    """All items of a catalog with their vectors.

    Args:
        catalog: already checked; a picture that turns out unreadable leaves its item out, with a problem (line 0).
        embedder: gives the vectors.
        cut_out: finds the item in each picture.
        known: rows of an earlier index of the same encoders, to take unchanged items from.
        on_item: told after each item.
    """
    domain = catalog.domain
    places = {content: place for place, content in enumerate(known.content)} if known else {}
    items: list[Item] = []
    contents: list[str] = []
    vectors: dict[str, list[Floats]] = {name: [] for name in VECTORS}
    problems: list[Problem] = []
    for number, item in enumerate(catalog.items, start=1):
        content = content_of(catalog, item)
        try:
            if known is not None and content in places:
                last = known.items[places[content]]
                kept = replace(item, colours=last.colours, seen_pattern=last.seen_pattern)
                found = {name: known.vectors[name][places[content]] for name in VECTORS}
            else:
                image = read_picture(catalog.picture(item), item.image)
                kept, found = embed_item(item, image, embedder, cut_out, domain)
        except BadInput as error:
            problems.append(Problem(0, item.id, str(error)))
            continue
        items.append(kept)
        contents.append(content)
        for name in VECTORS:
            vectors[name].append(found[name])
        if on_item is not None:
            on_item(number, len(catalog.items))
    return Rows(tuple(items), tuple(contents), {name: np.stack(rows) for name, rows in vectors.items() if rows}), tuple(
        problems
    )


def content_of(catalog: Catalog, item: Item) -> str:
    """A hash of all that an item's vectors come from."""
    digest = hashlib.sha256(repr((item.sentence(), item.colours)).encode())
    digest.update(catalog.picture(item).read_bytes())
    return digest.hexdigest()[:24]


def embed_item(
    item: Item, image: Image, embedder: Embedder, cut_out: CutOut, domain: Domain = GARMENTS
) -> tuple[Item, dict[str, Floats]]:
    """The item with its colours, as stated or else measured, and the pattern it looks to have; its vectors by column.

    Args:
        item: as the catalog states it.
        image: its picture.
        embedder: gives the vectors.
        cut_out: finds the item in the picture.
        domain: what the catalog is about.
    """
    mask = find_item(image, cut_out, domain)
    colours = palette(image, mask, PALETTE_ROWS)
    vector, seen = look_and_pattern(item, image, mask, embedder, domain)
    return replace(item, colours=item.colours or main_colours(colours), seen_pattern=seen), {
        "semantic": vector,
        "words": embedder.words([item.sentence()])[0],
        "colour": colour_vector(image, mask),
        "palette": palette_rows(colours).ravel(),
    }


def find_item(image: Image, cut_out: CutOut, domain: Domain) -> Mask | None:
    """Where the item is in its picture, None for all of it."""
    found = cut_out(image)
    return found_or_whole(add_thin_parts(image, found) if domain.thin_parts else found)


def look_and_pattern(
    item: Item, image: Image, mask: Mask | None, embedder: Embedder, domain: Domain
) -> tuple[Floats, str]:
    """A picture's vector, and the pattern that it surely shows; "" if the item states one, or none is read of such."""
    if domain is GARMENTS and not item.pattern and item.category in PATTERNED:
        vectors, patterns = embedder.images_and_patterns([image], [mask])
        return vectors[0], patterns[0]
    return embedder.images([image], [mask])[0], ""


def found_or_whole(mask: Mask) -> Mask | None:
    """The mask, or None, which stands for the whole picture, where nothing was found."""
    return mask if mask.any() else None


def palette_rows(colours: Palette) -> Floats:
    """A palette as (PALETTE_ROWS, 4) rows of L, a, b and share, zeros behind."""
    rows = np.zeros((PALETTE_ROWS, 4), np.float32)
    count = min(PALETTE_ROWS, len(colours.shares))
    rows[:count, :3], rows[:count, 3] = colours.colours[:count], colours.shares[:count]
    return rows
