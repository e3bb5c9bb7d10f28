"""From a manifest, or from paths, to requests: what is to be rendered, read and checked."""

from __future__ import annotations

import csv
import dataclasses
import difflib
import io
import math
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines import images
from pipelines.errors import BadInput
from pipelines.furniture import FurnitureFiles, furniture_of, read_furniture
from pipelines.schema import (
    WEAR_CHOICES,
    CameraFacts,
    EditRequest,
    Piece,
    RenderSettings,
    Request,
    RoomRequest,
    Standing,
    TryOnRequest,
    WearStyle,
)

REQUIRED_COLUMNS = ("id", "task", "photo")
#: What is done with the photo: the column that says it, by task. One that no line needs can be left out.
SUBJECT_COLUMNS = {"tryon": "item", "room": "item", "edit": "instruction"}
TASKS = tuple(SUBJECT_COLUMNS)
OPTIONAL_COLUMNS = (
    "mask", "category", "sleeves", "tuck", "layer", "with", "mask_grow", "garment_width", "person_height",
    "seed", "steps", "quality", "at_x", "at_y", "yaw", "size",
)  # fmt: skip
#: All of them, as people are told.
COLUMNS = f"{','.join(REQUIRED_COLUMNS)},item|instruction" + "".join(f"[,{name}]" for name in OPTIONAL_COLUMNS)

# An id becomes a file name: no folders, nothing hidden, no control characters, and room for "_parsing.png".
_ID = re.compile(r"(?![.\s])[^/\\\x00-\x1f]+(?<!\s)")
_ID_BYTES = 200


@dataclass(frozen=True)
class Garment:
    """A garment's picture on disk and what is already known of it.

    Attributes:
        category: as a catalog says; "auto" = not known.
        width: centimetres at chest or waist, lying flat; None = not known.
        title: what a shop calls it; "" = not known.
    """

    picture: Path
    category: str = "auto"
    width: float | None = None
    title: str = ""


#: Gives what an item is that is not a file, such as a catalog id; None if there is no such item.
FindItem = Callable[[str], Garment | FurnitureFiles | None]


@dataclass(frozen=True)
class Job:
    """One line of a manifest, its values as written; a worker checks them, so that a bad one fails alone.

    Attributes:
        line: line in the manifest, counted from 1.
        photo: path of the photo of the person or the room.
        item: path of the item's picture, or the files of a piece of furniture; None = nothing, where words say it all.
        also: what the column "with" names: a second garment; None = nothing.
        title: of a garment of the catalog.
        size: width, depth and height in centimetres, parted by spaces or x.
        instruction: what to change in the photo, in English.
        mask: path of a picture that is white where pixels may change; None = found, or everywhere.
    """

    id: str
    line: int
    task: str
    photo: Path
    item: Path | FurnitureFiles | None
    category: str = ""
    seed: str = ""
    steps: str = ""
    quality: str = ""
    at_x: str = ""
    at_y: str = ""
    yaw: str = ""
    size: str = ""
    sleeves: str = ""
    tuck: str = ""
    layer: str = ""
    mask_grow: str = ""
    garment_width: str = ""
    person_height: str = ""
    also: Garment | FurnitureFiles | None = None
    title: str = ""
    instruction: str = ""
    mask: Path | None = None


def read_jobs(manifest: Path, *, find_item: FindItem = lambda _: None) -> list[Job]:
    """Read a manifest: CSV with id, task, photo, what the tasks in it need, and optionally OPTIONAL_COLUMNS.

    Args:
        manifest: paths in it are relative to its own folder; columns of other names are ignored.
        find_item: looks up an item that is not a file; its category counts where the manifest says none.

    Raises:
        BadInput: it cannot be read, lacks a column, is empty, or an id is unusable or comes twice. What is wrong
            with a single job (no such file, an unknown category) is left to that job.
    """
    rows = list(_rows(manifest))
    if not rows:
        raise BadInput(manifest.name, "no jobs", "a header and at least one line", "Add a line per picture.")
    subjects = {SUBJECT_COLUMNS[row["task"]] for _, row in rows if row["task"] in SUBJECT_COLUMNS}
    _refuse_missing(manifest, list(rows[0][1]), subjects)
    seen: dict[str, int] = {}
    for line, row in rows:
        _check_id(manifest, line, row["id"], seen)
    return [_job(manifest.parent, line, row, find_item) for line, row in rows]


def _job(base: Path, line: int, row: dict[str, str], find_item: FindItem) -> Job:
    options: dict[str, Any] = {key: row[key] for key in (*OPTIONAL_COLUMNS, "instruction") if key in row}
    if mask := options.pop("mask", ""):
        options["mask"] = base / mask
    if also := options.pop("with", ""):
        options["also"] = _named(base, also, find_item)
    named = row["item"] if SUBJECT_COLUMNS.get(row["task"]) == "item" else ""
    item = _named(base, named, find_item) if named else None
    if not isinstance(item, Garment):
        return Job(row["id"], line, row["task"], base / row["photo"], item, **options)
    if options.get("category", "") in ("", "auto"):
        options["category"] = item.category
    if item.width is not None and not options.get("garment_width"):
        options["garment_width"] = f"{item.width:g}"
    return Job(row["id"], line, row["task"], base / row["photo"], item.picture, title=item.title, **options)


def _named(base: Path, name: str, find_item: FindItem) -> Garment | FurnitureFiles:
    """The file of that name, else the item of the catalog; whether there is such a file is left to the job."""
    path = base / name
    return (None if path.is_file() else find_item(name)) or Garment(path)


def _rows(manifest: Path) -> Iterator[tuple[int, dict[str, str]]]:
    """Lines of the CSV with their number, stripped; blank ones are passed over."""
    try:
        reader = csv.reader(io.StringIO(images.read_file(manifest, "manifest").decode("utf-8-sig")), strict=True)
        header = [name.strip() for name in next(reader, [])]
        _refuse_missing(manifest, header, REQUIRED_COLUMNS)
        _refuse_misspelt(manifest, header)
        for values in reader:
            if not any(value.strip() for value in values):
                continue
            if len(values) != len(header):
                got, step = f"{len(values)} values in line {reader.line_num}", "Put quotes around values with commas."
                raise BadInput(manifest.name, got, f"{len(header)}, as in the header", step)
            yield reader.line_num, dict(zip(header, (value.strip() for value in values), strict=True))
    except (UnicodeDecodeError, csv.Error) as error:
        raise BadInput(manifest.name, f"unreadable text ({error})", "a CSV file in UTF-8", "Save it as CSV.") from error


def _refuse_missing(manifest: Path, header: list[str], needed: Iterable[str]) -> None:
    missing = sorted(set(needed) - set(header))
    if missing or len(set(header)) < len(header):
        got, step = f"{','.join(header) or 'nothing'} in line 1", f"Name each once; missing: {missing or 'none'}."
        raise BadInput(f"columns of {manifest.name}", got, COLUMNS, step)


def _refuse_misspelt(manifest: Path, header: list[str]) -> None:
    """Columns of other names are the shop's own business, but "seeds" would be lost without a word."""
    names = [name for name in OPTIONAL_COLUMNS if name != "with"]  # a column "width" is no misspelling of it
    for name in set(header) - {*REQUIRED_COLUMNS, *SUBJECT_COLUMNS.values(), *OPTIONAL_COLUMNS}:
        if close := difflib.get_close_matches(name.lower(), names, n=1, cutoff=0.7):
            allowed, step = f"{close[0]}, or a name unlike it", "Correct the header."
            raise BadInput(f"columns of {manifest.name}", repr(name), allowed, step)


def _check_id(manifest: Path, line: int, job_id: str, seen: dict[str, int]) -> None:
    what = f"{manifest.name} line {line}, id"
    if not _ID.fullmatch(job_id) or len(job_id.encode()) > _ID_BYTES:
        allowed = f"1 to {_ID_BYTES} bytes without / and \\, not beginning with a dot"
        raise BadInput(what, repr(job_id), allowed, "The id is the name of the output file.")
    # Some file systems take A.png and a.png for one file.
    first = seen.setdefault(job_id.casefold(), line)
    if first != line:
        raise BadInput(what, f"{job_id!r}, as in line {first}", "each id once", "Rename one; case does not count.")


def request_of(job: Job, renderer: str) -> Request:
    """Read the pictures of a job and check all its values.

    Raises:
        BadInput: a picture or a value cannot be used.
    """
    if job.task not in TASKS:
        raise BadInput("task", repr(job.task), ", ".join(TASKS), "Choose one of these.")
    defaults = RenderSettings()
    quality: Any = job.quality or defaults.quality  # RenderSettings refuses what is none
    settings = RenderSettings(
        renderer=renderer,
        seed=_whole("seed", job.seed, defaults.seed),
        num_inference_steps=_whole("steps", job.steps, defaults.num_inference_steps),
        quality=quality,
    )
    if job.task == "edit":
        return edit_request(job.photo, job.instruction, mask=job.mask, settings=settings)
    if job.item is None:
        raise BadInput("item", "nothing", "a picture file or an id of the catalog", "Fill in the column item.")
    if job.task == "room":
        at = None if not job.at_x and not job.at_y else (_number("at_x", job.at_x), _number("at_y", job.at_y))
        yaw = None if not job.yaw else _number("yaw", job.yaw)
        size = size_of(job.size)
        return room_request(job.photo, job.item, at=at, yaw=yaw, size=size, mask=job.mask, settings=settings)
    if isinstance(job.item, FurnitureFiles) or isinstance(job.also, FurnitureFiles):
        raise BadInput("item", "a piece of furniture", "a garment to try on", "Write room as the task.")
    wished: Any = {name: getattr(job, name) for name in WEAR_CHOICES if getattr(job, name)}
    width, height = (None if not text else _number(what, text) for what, text in (
        ("garment_width", job.garment_width), ("person_height", job.person_height)
    ))  # fmt: skip
    return tryon_request(
        job.photo,
        Garment(job.item, job.category or "auto", width, job.title),
        mask=job.mask,
        wear=WearStyle(**wished),
        mask_grow=_number("mask_grow", job.mask_grow or "0"),
        person_height=height,
        also=() if job.also is None else (job.also,),
        settings=settings,
    )


def tryon_request(
    person: Path,
    garment: Path | Garment,
    *,
    mask: Path | None = None,
    wear: WearStyle | None = None,
    mask_grow: float = 0.0,
    person_height: float | None = None,
    also: Sequence[Garment] = (),
    settings: RenderSettings,
) -> TryOnRequest:
    """A request from files, the same for one picture and for a batch.

    Args:
        also: garments that are put on together with it.
    """
    own = Garment(garment) if isinstance(garment, Path) else garment
    category: Any = own.category  # TryOnRequest refuses what is no category
    return TryOnRequest(
        person=images.load_image(person, what=f"person photo {person.name}"),
        garment=_read_garment(own),
        category=category,
        mask=None if mask is None else images.load_mask(mask, what=f"mask {mask.name}"),
        settings=settings,
        wear=wear or WearStyle(),
        mask_grow=mask_grow,
        garment_width=own.width,
        person_height=person_height,
        others=tuple(_piece(one) for one in also),
        title=own.title,
    )


def _read_garment(garment: Garment) -> NDArray[np.uint8]:
    path = garment.picture
    return images.load_image(path, what=f"garment picture {path.name}", keep_alpha=True)


def _piece(garment: Garment) -> Piece:
    category: Any = garment.category  # Piece refuses what is no category
    return Piece(_read_garment(garment), category, garment_width=garment.width)


def edit_request(photo: Path, words: str, *, mask: Path | None = None, settings: RenderSettings) -> EditRequest:
    """A request from files."""
    return EditRequest(
        photo=images.load_image(photo, what=f"photo {photo.name}"),
        words=words,
        mask=None if mask is None else images.load_mask(mask, what=f"mask {mask.name}"),
        settings=settings,
    )


def room_request(
    room: Path,
    item: Path | FurnitureFiles,
    *,
    at: tuple[float, float] | None = None,
    yaw: float | None = None,
    size: tuple[float, float, float] | None = None,
    camera: CameraFacts | None = None,
    mask: Path | None = None,
    remove: Path | None = None,
    settings: RenderSettings,
) -> RoomRequest:
    """A request from files, the same for one picture and for a batch.

    Args:
        item: of the catalog, or a picture, which then needs a `size`.
        at: fractions of the photo. yaw: degrees. size: metres.
    """
    read = lambda path: None if path is None else images.load_mask(path, what=f"mask {path.name}")  # noqa: E731
    what, known = f"room photo {room.name}", camera or CameraFacts()
    data = images.read_file(room, what)
    if known.focal is None and known.fov is None:
        known = dataclasses.replace(known, focal=images.focal_from_exif(data))
    furniture = read_furniture(item) if isinstance(item, FurnitureFiles) else furniture_of(item, size)
    return RoomRequest(
        room=images.load_image_bytes(data, what=what),
        items=(Standing(furniture, at, yaw, size),),
        camera=known,
        mask=read(mask),
        remove=read(remove),
        settings=settings,
    )


def size_of(text: str) -> tuple[float, float, float] | None:
    """Metres of "W D H" or "WxDxH" in centimetres; None for nothing."""
    if not text:
        return None
    sides = re.split(r"[\sx×]+", text.strip().lower())
    if len(sides) != 3:
        raise BadInput("size", repr(text), "width, depth and height in cm", "For example 120 60 45.")
    width, depth, height = (_number("size", side) / 100 for side in sides)
    return width, depth, height


def _number(what: str, text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise BadInput(what, repr(text), "a number", "Write it with a point, like 0.5.")
    return value


def _whole(what: str, text: str, default: int) -> int:
    if not text:
        return default
    if not re.fullmatch(r"[+-]?[0-9]{1,19}", text):
        raise BadInput(what, repr(text), "a whole number", "Write digits only, or leave it empty.")
    return int(text)
