"""What every session shares: the catalogs, the networks, and whose turn it is to render. Loaded once, never changed; a
catalog that somebody changes is followed by `Stock`.

Loading takes seconds, and minutes where weights have to be fetched first; it happens in threads that the page watches.
What is cached is asked for on the page's thread and handed to the others, which do not know the session.
"""

from __future__ import annotations

import contextlib
import functools
import os
import threading
import weakref
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

import tryroom
from pipelines import images, renderers, weights
from pipelines.errors import RenderCancelled
from pipelines.perception.clicked import ClickMask, GrabCutClicks
from pipelines.renderers import Renderer
from pipelines.schema import Image, Mask, OnProgress, Progress
from recommend.catalog import Catalog, read_catalog
from recommend.schema import RoomContext
from ui import pictures
from ui.stock import Stock
from ui.tasks import Task, Turns, part

# Seconds to import, because of torch; done where it is used, in a thread.
if TYPE_CHECKING:
    from segment_anything.modeling import Sam

    from recommend.dialogue import Chooser, Tools
    from recommend.embedder import Embedder
    from recommend.retriever import Retriever

#: Names a file of SAM's weights, which then finds what is clicked.
SAM_VARIABLE = "TRYROOM_SAM"
#: How a stage begins in which weights are fetched.
FETCHING = "fetching"
#: What `tryroom.read_person` needs.
_READER_WEIGHTS = ("blazepose", "parser")
#: Held while the encoder of the catalogs is loaded.
_ENCODER = threading.Lock()


# --- shared by all sessions ---------------------------------------------------------------------------------


@st.cache_resource(show_spinner=False)
def garments() -> Stock:
    """The garments, begun to be opened with the first call."""
    reader = worn_reader()
    return Stock(lambda report: open_retriever(reader, report), "open-catalog")


@st.cache_resource(show_spinner=False)
def pieces() -> Stock:
    """The furniture, likewise."""
    return Stock(open_furniture, "open-furniture")


@st.cache_resource(show_spinner=False)
def renderer(name: str, task: str = "tryon") -> Task[Renderer]:
    """The task that loads a renderer for a kind of pictures; begun with the first call."""
    return Task(lambda report: load_renderer(name, task, report), f"load-{name}-{task}").start()


@st.cache_resource(show_spinner=False)
def turns() -> Turns:
    """Whose turn it is to render."""
    return Turns()


@st.cache_resource(show_spinner=False)
def worn_reader() -> WornReader:
    """Reads what people wear."""
    return WornReader()


@st.cache_resource(show_spinner=False)
def unopened(folder: Path) -> Catalog:
    """The items of a catalog before they can be searched."""
    return read_catalog(folder)


def click_finder() -> ClickMask:
    """Something that finds what is clicked, for one photo; SAM where its weights were named, else GrabCut."""
    named = os.environ.get(SAM_VARIABLE)
    if not named:
        return GrabCutClicks()
    from pipelines.perception.sam import SamClicks

    return SamClicks(sam(named))


@st.cache_resource(show_spinner=False)
def sam(file: str) -> Sam:
    """SAM's network from a file."""
    from pipelines.perception.sam import load_sam

    return load_sam(Path(file).expanduser())


@st.cache_data(show_spinner=False)
def demo_people() -> list[tryroom.DemoPhoto]:
    """The people who come with the project."""
    return tryroom.demo_people(tryroom.PEOPLE)


@st.cache_data(show_spinner=False)
def demo_rooms() -> list[tryroom.DemoPhoto]:
    """The rooms that come with the project; none where it comes without."""
    return tryroom.demo_rooms(tryroom.ROOMS) if (tryroom.ROOMS / "rooms.jsonl").is_file() else []


def card(path: str, shape: tuple[int, int] = pictures.CARD) -> bytes:
    """A picture of the catalog or a demo as a card, JPEG; never used for photos of shoppers."""
    changed = os.stat(path).st_mtime_ns if os.path.isfile(path) else 0
    return _card(path, shape, changed)


@st.cache_data(show_spinner=False)
def _card(path: str, shape: tuple[int, int], changed: int) -> bytes:
    """The card of a picture file as it was at that time."""
    return pictures.jpeg(pictures.card(images.load_image(path), shape))


@st.cache_resource(show_spinner=False)
def chooser() -> Chooser | None:
    """The language model that chooses the stylist's tools, where one is set up."""
    from recommend.llm import configured

    return configured()


def stylist_tools() -> Tools:
    """What the stylist can do in the shop, once that is open."""
    from recommend.dialogue import tools_of

    return tools_of(retriever().result(), chooser=chooser())


def retriever() -> Task[Retriever]:
    """The task that opened the garments for searching, as they are now."""
    return garments().opening()


def furniture_retriever() -> Task[Retriever]:
    """As `retriever`, of the furniture."""
    return pieces().opening()


def catalog() -> Catalog:
    """The garments, also before they can be searched."""
    return _items_of(retriever(), tryroom.CATALOG)


def furniture() -> Catalog:
    """The furniture, likewise."""
    return _items_of(furniture_retriever(), tryroom.FURNITURE)


def _items_of(opening: Task[Retriever], folder: Path) -> Catalog:
    return opening.result().catalog if opening.done and opening.error is None else unopened(folder)


def fresh_renderer(name: str, task: str = "tryon") -> Task[Renderer]:
    """As `renderer`, but a load that failed is tried once more."""
    if renderer(name, task).error is not None:
        renderer.clear(name, task)
    return renderer(name, task)


@st.cache_resource(show_spinner=False)
def _wishing(name: str, task: str) -> weakref.WeakSet[object]:
    """Who wished for a renderer that is not in use yet; who left the app is not among them."""
    return weakref.WeakSet()


def wish_renderer(who: object, name: str, task: str) -> Task[Renderer]:
    """As `fresh_renderer`, for somebody who may leave it."""
    _wishing(name, task).add(who)
    return fresh_renderer(name, task)


def leave_renderer(who: object, name: str, task: str) -> None:
    """Wish for a renderer no more; if it is still loaded and nobody else waits for it, that ends.

    Loading stops at its next report. Where there is none any more, what was loaded goes with its task, which nobody
    holds then.
    """
    wishing, loading = _wishing(name, task), renderer(name, task)
    wishing.discard(who)
    if not (loading.done or wishing or loading.followed):
        loading.cancel()
        renderer.clear(name, task)


# --- the work -----------------------------------------------------------------------------------------------


class WornReader:
    """`tryroom.read_person`, asked once per photo; the answer goes when the photo does."""

    def __init__(self) -> None:
        self._known: dict[int, tuple[weakref.ref[Image], Mapping[str, Mask]]] = {}

    def __call__(self, photo: Image) -> Mapping[str, Mask]:
        """What a person wears: part → mask. BadInput if there is no person."""
        key = id(photo)
        if key in self._known:
            return self._known[key][1]
        worn = tryroom.read_person(photo)
        # An id may come again once its array is gone; the entry goes in the same moment.
        self._known[key] = (weakref.ref(photo, lambda _: self._drop(key)), worn)
        return worn

    def _drop(self, key: int) -> None:
        self._known.pop(key, None)


def open_retriever(reader: WornReader, report: OnProgress) -> Retriever:
    """The garments, ready to be searched."""
    return open_catalog(tryroom.CATALOG, "garment", report, reader)


def open_furniture(report: OnProgress) -> Retriever:
    """The furniture, ready to be searched."""
    return open_catalog(tryroom.FURNITURE, "piece", report)


def open_catalog(folder: Path, one: str, report: OnProgress, reader: WornReader | None = None) -> Retriever:
    """Fetch what searching needs, and open a catalog; index it first if that was not done yet.

    Args:
        one: what an item of it is called.
        reader: tells what people wear.
    """
    fetch(tryroom.RETRIEVER_WEIGHTS, part(report, 0.0, 0.6))
    report(Progress(0.6, "opening the catalog"))
    from recommend.retriever import Retriever

    return Retriever.open(
        folder,
        shared_embedder(),
        read_person=reader,
        on_item=lambda done, total: report(Progress(0.6 + 0.4 * done / total, f"looking at {one} {done} of {total}")),
    )


def shared_embedder() -> Embedder:
    """The encoder of both catalogs, loaded by whichever is opened first while the other waits."""
    with _ENCODER:
        return _embedder()


@functools.cache
def _embedder() -> Embedder:
    return tryroom.load_embedder()


def load_renderer(name: str, task: str, report: OnProgress) -> Renderer:
    """Fetch what a renderer needs for a task, and load it."""
    fetch(renderers.weights_of(name, task), part(report, 0.0, 0.7))
    report(Progress(0.7, "loading the networks"))
    with tryroom.LOADING:
        report(Progress(0.7, "loading the networks"))  # cancelled while it waited, it loads nothing
        return renderers.load(name, task)


def look_at(photo: Image, reader: WornReader, report: OnProgress) -> Mapping[str, Mask]:
    """Find out what a person wears, so that garments can go with it."""
    fetch(_READER_WEIGHTS, part(report, 0.0, 0.5))
    report(Progress(0.5, "looking at what you wear"))
    return reader(photo)


def look_at_room(photo: Image, report: OnProgress) -> RoomContext:
    """Find out what would go with a room."""
    report(Progress(0.9, "looking at the room's colours"))
    return tryroom.read_room(photo)


def fetch(names: Iterable[str], report: OnProgress) -> None:
    """Bring weights to this machine that are not here yet.

    What `report` raises ends it between two of them: one that is on its way comes whole, and is kept.
    """
    entries = [entry for entry in map(weights.find, names) if weights.missing_files(entry)]
    for place, entry in enumerate(entries):
        step = part(report, place / len(entries), (place + 1) / len(entries))

        def tell(done: int, total: int, name: str = entry.name, step: OnProgress = step) -> None:
            with contextlib.suppress(RenderCancelled):
                step(Progress(done / max(total, 1), f"{FETCHING} {name}, {done / 1e6:.0f} of {total / 1e6:.0f} MB"))

        step(Progress(0.0, f"{FETCHING} {entry.name}"))

        weights.resolve(entry.name, on_progress=tell)
