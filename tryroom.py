"""Where rendering and retrieval meet: what the app, the command line and the demo hand from one to the other.

The two packages do not know each other; everything that needs both is here, and nothing else is.
"""

from __future__ import annotations

import functools
import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from pipelines import jobs, weights
from pipelines.errors import BadInput
from pipelines.schema import CATEGORY_CHOICES, PARSING_LABELS, CategoryChoice, Image, Mask
from recommend.catalog import read_catalog
from recommend.schema import Item

# The networks' libraries take seconds to import; only what uses them pays for that.
if TYPE_CHECKING:
    from recommend.embedder import TwoTowerEmbedder, WeightPaths
    from recommend.retriever import Retriever

#: Held while networks are made. diffusers makes them through accelerate, which meanwhile lets every parameter of the
#: process come to life without memory: a network that another thread makes in that moment would stay empty.
LOADING = threading.Lock()

ASSETS = Path(__file__).parent / "assets"
CATALOG = ASSETS / "catalog" / "garments"
PEOPLE = ASSETS / "people"

#: What retrieval takes from the parsing of a person's photo.
WORN = ("upper", "lower", "dress", "outer", "shoes")
#: The weights that retrieval needs, by name in the manifest.
RETRIEVER_WEIGHTS = ("minilm", "efficientnet-lite2", "retriever")


@dataclass(frozen=True)
class DemoPerson:
    """A person who comes with the project, for trying it without a photo of one's own.

    Attributes:
        image: path of the photo.
        note: who it is, in a sentence.
    """

    id: str
    title: str
    image: Path
    note: str


def demo_people(folder: Path = PEOPLE) -> list[DemoPerson]:
    """Read `people.jsonl`; BadInput names the line that is wrong."""
    path = folder / "people.jsonl"
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise BadInput("people", f"{path} ({error.strerror})", "a folder with people.jsonl", "Check it.") from error
    return [_demo_person(folder, number, line) for number, line in enumerate(lines, start=1) if line.strip()]


def _demo_person(folder: Path, number: int, line: str) -> DemoPerson:
    try:
        row = json.loads(line)
        return DemoPerson(row["id"], row["title"], folder / row["image"], row.get("note", ""))
    except (ValueError, KeyError, TypeError) as error:
        allowed = "a JSON object with id, title and image"
        raise BadInput(f"people.jsonl line {number}", repr(error), allowed, "Correct the line.") from error


def category_of(item: Item) -> CategoryChoice:
    """What rendering calls an item; catalogs may hold things that it has no word for."""
    return item.category if item.category in CATEGORY_CHOICES else "auto"  # type: ignore[return-value]


def find_item(item_id: str) -> jobs.Garment | None:
    """An item of the catalog by its id, None if there is none."""
    catalog = read_catalog(CATALOG)
    item = next((item for item in catalog.items if item.id == item_id), None)
    if item is None:
        return None
    return jobs.Garment(catalog.picture(item), category_of(item))


def retriever_weights() -> WeightPaths:
    """The files of retrieval's networks, fetched if they are not here."""
    from recommend.embedder import WeightPaths

    minilm, backbone, heads = RETRIEVER_WEIGHTS
    return WeightPaths(
        minilm=weights.resolve(minilm), lite2=weights.resolve_file(backbone), heads=weights.resolve(heads)
    )


def read_person(photo: Image) -> Mapping[str, Mask]:
    """What a person wears: part → mask (H, W), 255 = there; parts that are not worn are left out.

    Raises:
        BadInput: no person is found.
    """
    labels = _person_reader()(photo)
    masks = {part: np.where(labels == PARSING_LABELS.index(part), 255, 0).astype(np.uint8) for part in WORN}
    return {part: mask for part, mask in masks.items() if mask.any()}


class _PersonReader:
    """Pose and parsing, loaded once per process; one photo at a time, since the pose network keeps state."""

    def __init__(self) -> None:
        from pipelines.perception.parsing import Parser
        from pipelines.perception.pose import PoseEstimator

        self._pose = PoseEstimator(weights.resolve("blazepose"))
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
