"""Catalog → index: pictures cut out, measured, embedded; what did not change is taken from the last.

The index is replaced in one commit, at the end. What was done until then is set aside every half a minute and when the
run is stopped, so that the next one goes on where it was.
"""

from __future__ import annotations

import hashlib
import os
import shlex
import time
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
from recommend.index import LAYOUT, VECTORS, Index, Rows, Stamp, open_index, write_index
from recommend.index_aside import drop_aside, known_rows, put_aside
from recommend.pictures import read_bytes, read_item_picture
from recommend.schema import CutOut, Item
from recommend.storage import only_one

PALETTE_ROWS: Final = 5
#: Categories whose patterns are read from pictures: those of which labelled photos trained the reader.
PATTERNED: Final = ("upper", "lower", "dress")
#: Called with (items done, items in all).
OnItem = Callable[[int, int], None]
#: What was found of an item: its content's hash, the item with what its picture shows, its vectors by column.
Embedded = tuple[str, Item, dict[str, Floats]]
#: Seconds of work that a run loses at most when it is killed.
KEPT_EVERY: Final = 30.0


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
        StorageFailed: the index cannot be read or written.
    """
    uri = uri or str(default_uri(catalog.folder, embedder.revision))
    stamp = Stamp(embedder.revision, catalog.fingerprint(), file=catalog.file)
    command = rebuild_command(catalog.folder, uri)
    index = None if anew else open_index(uri, embedder.revision, command)
    if index is not None and index.stamp == stamp and index.whole:
        return index, ()  # without the lock: where nothing can be written, it can be searched all the same
    with only_one(uri):
        index = None if anew else open_index(uri, embedder.revision, command)
        if index is not None and index.stamp == stamp and index.whole:
            return index, ()
        known = None if anew else known_rows(uri, index, embedder.revision)
        if known is None:
            drop_aside(uri)
        rows, problems = embed_catalog(
            catalog, embedder, cut_out, known, on_item, lambda done: put_aside(uri, done, stamp)
        )
        if not len(rows):
            raise nothing_good(catalog, problems)
        made = write_index(uri, rows, stamp)
        drop_aside(uri)
        return made, problems


def nothing_good(catalog: Catalog, problems: Sequence[Problem]) -> BadInput:
    """The error of a catalog without one item to serve; `problems` are those that its own check did not see."""
    faults = catalog.problems + tuple(problems)
    why = f"{len(faults)} bad lines and no good one; {faults[0]}" if faults else "no line with an item"
    check = shlex.join(["tryroom", "catalog", "check", str(catalog.folder)])
    return BadInput("catalog", why, "at least one item", f"See: {check}")


def rebuild_command(folder: Path, uri: str) -> str:
    """The command that makes an index of a catalog anew."""
    return shlex.join(["tryroom", "catalog", "index", str(folder), "--uri", uri, "--anew"])


def default_uri(folder: Path, revision: str) -> Path:
    """Where the index of a catalog lies unless another place is chosen."""
    name = hashlib.sha256(str(folder.resolve()).encode()).hexdigest()[:12]
    return cache_folder() / "indexes" / f"{name}-{LAYOUT}-{revision}"


def cache_folder() -> Path:
    """Where what can be made again is kept for this user; `TRYROOM_CACHE` moves it."""
    chosen = os.environ.get("TRYROOM_CACHE")
    return Path(chosen).expanduser() if chosen else platformdirs.user_cache_path("tryroom", appauthor=False)


def embed_catalog(
    catalog: Catalog,
    embedder: Embedder,
    cut_out: CutOut,
    known: Rows | None = None,
    on_item: OnItem | None = None,
    keep: Callable[[Rows], None] | None = None,
) -> tuple[Rows, tuple[Problem, ...]]:
    """All items of a catalog with their vectors.

    Args:
        catalog: already checked; a picture that turns out unreadable leaves its item out, with a problem (line 0).
        embedder: gives the vectors.
        cut_out: finds the item in each picture.
        known: rows of an earlier index of the same encoders, to take unchanged items from.
        on_item: told after each item.
        keep: given, every `KEPT_EVERY` seconds and when the run is stopped, what was embedded since.
    """
    domain = catalog.domain
    places = {content: place for place, content in enumerate(known.content)} if known else {}
    done: list[Embedded] = []
    new: list[Embedded] = []
    problems: list[Problem] = []
    kept = time.monotonic()
    try:
        for number, item in enumerate(catalog.items, start=1):
            try:
                content = content_of(catalog, item)
                if known is not None and content in places:
                    done.append(_again(item, known, places[content]))
                else:
                    image = read_item_picture(catalog.picture(item), item.image)
                    new.append((content, *embed_item(item, image, embedder, cut_out, domain)))
                    done.append(new[-1])
            except BadInput as error:
                problems.append(Problem(0, item.id, f"image {error}"))
            if keep is not None and new and time.monotonic() - kept >= KEPT_EVERY:
                keep(_rows(new))
                new, kept = [], time.monotonic()
            if on_item is not None:
                on_item(number, len(catalog.items))
    except KeyboardInterrupt:
        if keep is not None and new:
            keep(_rows(new))
        raise
    return _rows(done), tuple(problems)


def _again(item: Item, known: Rows, place: int) -> Embedded:
    """An item whose words and picture did not change, with what was found of it then."""
    last = known.items[place]
    item = replace(item, colours=last.colours, seen_pattern=last.seen_pattern)
    return known.content[place], item, {name: known.vectors[name][place] for name in VECTORS}


def _rows(embedded: Sequence[Embedded]) -> Rows:
    """Embedded items as rows."""
    vectors = {name: np.stack([found[name] for _, _, found in embedded]) for name in VECTORS} if embedded else {}
    return Rows(tuple(item for _, item, _ in embedded), tuple(content for content, _, _ in embedded), vectors)


def content_of(catalog: Catalog, item: Item) -> str:
    """A hash of all that an item's vectors come from; BadInput if its picture's file cannot be read."""
    digest = hashlib.sha256(repr((item.sentence(), item.colours)).encode())
    digest.update(read_bytes(catalog.picture(item), item.image))
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
