"""Where rendering and retrieval meet: what the app, the command line and the demo hand from one to the other.

The two packages do not know each other; everything that needs both is here, and nothing else is.
"""

from __future__ import annotations

import functools
import json
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from pipelines import batch, jobs, looking, renderers, weights
from pipelines.errors import BadInput, TryroomError
from pipelines.furniture import FurnitureFiles
from pipelines.schema import CATEGORY_CHOICES, PARSING_LABELS, CategoryChoice, Image, Mask, RenderSettings
from recommend.catalog import read_catalog
from recommend.errors import ToolFailed
from recommend.schema import Item, RoomContext

# The networks' libraries take seconds to import; only what uses them pays for that.
if TYPE_CHECKING:
    from pipelines.perception.room import RoomNetworks
    from recommend.embedder import TwoTowerEmbedder, WeightPaths
    from recommend.retriever import Retriever

#: Held while networks are made. diffusers makes them through accelerate, which meanwhile lets every parameter of the
#: process come to life without memory: a network that another thread makes in that moment would stay empty.
LOADING = threading.Lock()

ASSETS = Path(__file__).parent / "assets"
CATALOG = ASSETS / "catalog" / "garments"
FURNITURE = ASSETS / "catalog" / "furniture"
PEOPLE, ROOMS = ASSETS / "people", ASSETS / "rooms"

#: What retrieval takes from the parsing of a person's photo.
WORN = ("upper", "lower", "dress", "outer", "shoes")
#: What is worn → the category of a catalog that it is looked for in.
CATEGORY_WORN = {"upper": "upper", "lower": "lower", "dress": "dress", "outer": "upper", "shoes": "shoes"}
#: A tap means what is within this share of the photo's longer side; a thing is seen with a margin of this share of its
#: own side, and has at least so many pixels each way.
TAP, MARGIN, LEAST_SEEN = 0.02, 0.08, 24
#: Below this confidence in the floor nothing is said of it; the depth in metres of an item whose width is asked for.
SURE_FLOOR, USUAL_DEPTH = 0.6, 0.4
#: The weights that retrieval needs, by name in the manifest.
RETRIEVER_WEIGHTS = ("minilm", "efficientnet-lite2", "retriever", "patterns")


@dataclass(frozen=True)
class DemoPhoto:
    """A person or a room that comes with the project, for trying it without a photo of one's own.

    Attributes:
        image: path of the photo.
        note: who or what it is, in a sentence.
    """

    id: str
    title: str
    image: Path
    note: str


def demo_people(folder: Path = PEOPLE) -> list[DemoPhoto]:
    """Read `people.jsonl`; BadInput names the line that is wrong."""
    return _demo_photos(folder / "people.jsonl")


def demo_rooms(folder: Path = ROOMS) -> list[DemoPhoto]:
    """Read `rooms.jsonl`; BadInput names the line that is wrong."""
    return _demo_photos(folder / "rooms.jsonl")


def _demo_photos(path: Path) -> list[DemoPhoto]:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        got = f"{path} ({error.strerror})"
        raise BadInput(path.stem, got, f"a folder with {path.name}", "Check it.") from error
    return [_demo_photo(path, number, line) for number, line in enumerate(lines, start=1) if line.strip()]


def _demo_photo(path: Path, number: int, line: str) -> DemoPhoto:
    try:
        row = json.loads(line)
        return DemoPhoto(row["id"], row["title"], path.parent / row["image"], row.get("note", ""))
    except (ValueError, KeyError, TypeError) as error:
        allowed = "a JSON object with id, title and image"
        raise BadInput(f"{path.name} line {number}", repr(error), allowed, "Correct the line.") from error


def category_of(item: Item) -> CategoryChoice:
    """What rendering calls an item; catalogs may hold things that it has no word for."""
    return item.category if item.category in CATEGORY_CHOICES else "auto"  # type: ignore[return-value]


def wearable(items: Iterable[Item]) -> tuple[Item, ...]:
    """Those of some items that can be tried on; raises ToolFailed if none can."""
    found = tuple(item for item in items if item.category in CATEGORY_CHOICES)
    if not found:
        raise ToolFailed("only tops, bottoms and dresses can be tried on")
    return found


def shows_on(photo: Path, folder: Path, picture: Callable[[Item], Path]) -> Callable[[tuple[Item, ...]], str]:
    """What shows items together on the person of a photo, each time as a PNG in a folder.

    Args:
        photo: file of the person.
        folder: made if need be.
        picture: says where the picture of an item lies.
    """

    def show(items: tuple[Item, ...]) -> str:
        *others, own = (jobs.Garment(picture(item), category_of(item), width_of(item)) for item in wearable(items))
        path = folder / f"{'+'.join(item.id for item in items)}.png"
        try:
            batch.make_folder(folder)
            request = jobs.tryon_request(photo, own, also=others, settings=RenderSettings())
            batch.save_result(_dresser().render(request), path, None)
        except TryroomError as error:
            raise ToolFailed(str(error)) from error
        return f"the picture is in {path}"

    return show


@functools.cache
def _dresser() -> renderers.Renderer:
    """What renders try-ons, loaded once per process."""
    with LOADING:
        return renderers.load(RenderSettings.renderer, "tryon")


def width_of(item: Item) -> float | None:
    """Centimetres of a garment at chest or waist, lying flat, where its catalog's line says them: `flat_width_cm`."""
    width = item.extra.get("flat_width_cm")
    return float(width) if isinstance(width, int | float) else None


def find_item(item_id: str) -> jobs.Garment | FurnitureFiles | None:
    """An item of the catalogs by its id, None if there is none."""
    garments = read_catalog(CATALOG)
    for item in garments.items:
        if item.id == item_id:
            return jobs.Garment(garments.picture(item), category_of(item), width_of(item), item.title)
    furniture = read_catalog(FURNITURE)
    return next((furniture_files(furniture.folder, item) for item in furniture.items if item.id == item_id), None)


def furniture_files(folder: Path, item: Item) -> FurnitureFiles:
    """The cut-outs of an item of the furniture catalog."""
    angles = item.extra["view_angles"]
    assert item.size_cm is not None  # the catalog's check
    width, depth, height = (side / 100 for side in item.size_cm)
    return FurnitureFiles(
        (width, depth, height),
        folder / item.extra["views"],
        tuple(angles["yaw"]),
        tuple(angles["pitch"]),
        item.place,
        item.extra["symmetric"],
        item.extra["round"],
        folder / item.extra["depths"] if item.extra.get("depths") else None,
    )


def retriever_weights() -> WeightPaths:
    """The files of retrieval's networks, fetched if they are not here."""
    from recommend.embedder import WeightPaths

    minilm, backbone, heads, patterns = RETRIEVER_WEIGHTS
    return WeightPaths(
        minilm=weights.resolve(minilm),
        lite2=weights.resolve_file(backbone),
        heads=weights.resolve(heads),
        patterns=weights.resolve(patterns),
    )


def read_person(photo: Image) -> Mapping[str, Mask]:
    """What a person wears: part → mask (H, W), 255 = there; parts that are not worn are left out.

    Raises:
        BadInput: no person is found.
    """
    labels = _person_reader()(photo)
    masks = {part: np.where(labels == PARSING_LABELS.index(part), 255, 0).astype(np.uint8) for part in WORN}
    return {part: mask for part, mask in masks.items() if mask.any()}


@dataclass(frozen=True, eq=False)
class Seen:
    """A thing in a photo, to search by.

    Attributes:
        picture: RGB uint8 (h, w, 3), the thing alone on white.
        part: what it is to a person, one of `WORN`; "" if it is not worn.
    """

    picture: Image
    part: str = ""

    @property
    def category(self) -> str:
        """The category that such things have in a catalog; "" if that is not known."""
        return CATEGORY_WORN.get(self.part, "")


def look_at(photo: Image, worn: Mapping[str, Mask], x: float, y: float) -> Seen:
    """What a person wears where a photo was tapped.

    Args:
        photo: RGB uint8 (H, W, 3).
        worn: as `read_person` gives it for the photo, or some of it.
        x, y: where it was tapped, fractions of the photo.

    Raises:
        BadInput: nothing is worn there, or too little of it is seen.
    """
    height, width = photo.shape[:2]
    rows, columns = np.ogrid[:height, :width]
    away = (rows - y * (height - 1)) ** 2 + (columns - x * (width - 1)) ** 2
    nearest = {part: float(away[mask > 0].min()) for part, mask in worn.items()}
    part = min(nearest, key=nearest.__getitem__, default="")
    if not part or nearest[part] > (TAP * max(height, width)) ** 2:
        allowed = f"a place on what is worn: {', '.join(worn)}" if worn else "a photo in which such clothes are seen"
        raise BadInput("tap", "a place without clothes to search by", allowed, "Tap in the middle of a garment.")
    return look_at_part(photo, worn, part)


def look_at_part(photo: Image, worn: Mapping[str, Mask], part: str) -> Seen:
    """A part of what a person wears; BadInput if too little of it is seen."""
    return Seen(_alone(photo, worn[part]), part)


def look_in(photo: Image, one: tuple[float, float], other: tuple[float, float]) -> Seen:
    """The thing that a box was drawn around; corners, mask and errors as of `boxed.grab_box`."""
    from pipelines.perception.boxed import grab_box

    return Seen(_alone(photo, grab_box(photo, one, other)))


def _alone(photo: Image, mask: Mask) -> Image:
    """What a mask shows, cut out on white with a margin; BadInput if it is too small to compare."""
    rows, columns = (np.flatnonzero(mask.any(axis)) for axis in (1, 0))
    height, width = int(rows[-1] - rows[0] + 1), int(columns[-1] - columns[0] + 1)
    if min(height, width) < LEAST_SEEN:
        got, allowed = f"{width} × {height} pixels of it", f"{LEAST_SEEN} or more each way"
        raise BadInput("what was tapped", got, allowed, "Tap something larger, or give a larger photo.")
    margin = round(MARGIN * max(height, width))
    inside = np.s_[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    alone = np.where(mask[inside][..., None] > 0, photo[inside], np.uint8(255))
    return np.pad(alone, ((margin, margin), (margin, margin), (0, 0)), constant_values=255)


def read_room(photo: Image) -> RoomContext:
    """What a photo of a room says of what would go there: colours, light, and how wide an item may be."""
    from pipelines.geometry.free_floor import map_floor, widest
    from pipelines.perception.room import view_room
    from recommend import room_style

    view = view_room(photo, room_networks())
    if view.confidence["floor"] < SURE_FLOOR:
        return room_style.read_room(photo)
    width = 100 * widest(map_floor(view.camera, view.free, view.wall_yaw), USUAL_DEPTH)
    return room_style.read_room(photo, view.floor, free_width_cm=width or None)


@functools.cache
def room_networks() -> RoomNetworks:
    """What finds floor and camera in photos of rooms, loaded once per process."""
    from pipelines.perception import camera_height

    with LOADING:
        return camera_height.room_networks()


class _PersonReader:
    """Pose and parsing, loaded once per process; one photo at a time, since the pose network keeps state."""

    def __init__(self) -> None:
        from pipelines.perception.parsing import Parser

        self._pose = looking.pose_finder()
        self._parse = Parser(weights.resolve("parser"))
        self._lock = threading.Lock()

    def __call__(self, photo: Image) -> Mask:
        with self._lock:
            pose = self._pose(photo)
        return self._parse(photo, pose)


@functools.cache
def _person_reader() -> _PersonReader:
    with LOADING:
        return _PersonReader()


def load_embedder() -> TwoTowerEmbedder:
    """Retrieval's encoder with both its towers loaded, which by itself it does when each is first needed."""
    from recommend.embedder import TwoTowerEmbedder

    with LOADING:
        embedder = TwoTowerEmbedder(retriever_weights())
        embedder.texts(["a shirt"])
        embedder.images([np.zeros((64, 64, 3), np.uint8)], [None])
    return embedder


def open_retriever(folder: Path = CATALOG) -> Retriever:
    """The retriever of a catalog with everything that rendering knows about people; indexes it first if need be."""
    from recommend.retriever import Retriever

    return Retriever.open(folder, load_embedder(), read_person=read_person)
