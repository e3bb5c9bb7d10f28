"""`tryroom demo`: people × garments and rooms × furniture, recommended and rendered, on one page. No browser needed."""

from __future__ import annotations

import html
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

import tryroom
from pipelines import batch, images, jobs, renderers
from pipelines import cli as rendering
from pipelines.errors import TryroomError
from pipelines.schema import RenderSettings, Request
from recommend.schema import Hit, Query

if TYPE_CHECKING:
    from recommend.retriever import Retriever

#: What each person is offered: the words, the categories, and how many of the results are tried on.
WISHES = (
    ("a top that goes with what I wear", ("upper",), 2),
    ("trousers or a skirt under 80", ("lower",), 1),
    ("a dress for summer", ("dress",), 1),
)
#: What each room is offered, one result each.
ROOM_WISHES = ("metal and glass black coffee table under $300", "a cosy armchair", "a green plant")


@dataclass(frozen=True)
class Offer:
    """An item that the retriever offers for a photo.

    Attributes:
        task: "tryon" or "room".
        words: what was asked.
        picture: path of the item's picture.
    """

    task: str
    photo: tryroom.DemoPhoto
    words: str
    hit: Hit
    picture: Path


@dataclass(frozen=True)
class Cell:
    """An offer rendered.

    Attributes:
        picture: file name of the render, None if it failed.
        remark: warnings of the render, or why it failed.
    """

    offer: Offer
    picture: str | None
    seconds: float
    remark: str


def command(
    out: Annotated[Path, typer.Option("-o", "--out", metavar="DIR", help="Folder for page and pictures.")] = Path(
        "demo-output"
    ),
    renderer: Annotated[str, typer.Option(help="Which renderer to use.")] = RenderSettings().renderer,
) -> None:
    """Recommend garments to the demo people and furniture for the demo rooms, render them, and write a gallery page."""
    console = Console(stderr=True, highlight=False, markup=False, soft_wrap=True)
    start = time.perf_counter()
    for task in ("tryon", "room"):
        rendering.fetch_for(renderer, task)
    rendering.fetch_all(tryroom.RETRIEVER_WEIGHTS)
    people, rooms = tryroom.demo_people(), tryroom.demo_rooms()
    batch.make_folder(out)
    console.print("loading the networks and the catalogs")
    garments, furniture = tryroom.open_retriever(), tryroom.open_retriever(tryroom.FURNITURE)
    loaded = {task: renderers.load(renderer, task) for task in ("tryon", "room")}
    columns = (TextColumn("rendering"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    cells = []
    with Progress(*columns, console=console) as progress:
        total = len(people) * sum(number for _, _, number in WISHES) + len(rooms) * len(ROOM_WISHES)
        task_id = progress.add_task("", total=total)
        for offer in (*offers(garments, people), *room_offers(furniture, rooms)):
            cells.append(render(loaded[offer.task], renderer, offer, out))
            progress.advance(task_id)
    page = out / "index.html"
    images.save_bytes(page, gallery(cells, time.perf_counter() - start).encode())
    failed = [cell for cell in cells if cell.picture is None]
    for cell in failed:
        console.print(f"{cell.offer.hit.item.title} for {cell.offer.photo.title}: {cell.remark}")
    console.print(f"{len(cells) - len(failed)} pictures in {time.perf_counter() - start:.0f} s; open this page:")
    print(page)
    if failed or not cells:
        raise typer.Exit(1)


def offers(retriever: Retriever, people: list[tryroom.DemoPhoto]) -> Iterator[Offer]:
    """What the retriever has for people, wish by wish."""
    for person in people:
        photo = images.load_image(person.image)
        for words, categories, number in WISHES:
            for hit in retriever.search(Query(text=words, photo=photo, categories=categories), number).hits:
                yield Offer("tryon", person, words, hit, retriever.picture(hit.item))


def room_offers(retriever: Retriever, rooms: list[tryroom.DemoPhoto]) -> Iterator[Offer]:
    """What the retriever has for rooms, wish by wish."""
    for room in rooms:
        context = tryroom.read_room(images.load_image(room.image))
        for words in ROOM_WISHES:
            for hit in retriever.search(Query(text=words, room=context), 1).hits:
                yield Offer("room", room, words, hit, retriever.picture(hit.item))


def render(loaded: renderers.Renderer, renderer: str, offer: Offer, out: Path) -> Cell:
    """Render an offer into `out`, beside copies of what it was made from."""
    shutil.copyfile(offer.photo.image, out / _photo_file(offer))
    shutil.copyfile(offer.picture, out / _item_file(offer))
    name = f"{offer.photo.id}_{offer.hit.item.id}.png"
    start = time.perf_counter()
    try:
        result = loaded.render(request_of(offer, RenderSettings(renderer=renderer)))
        batch.save_result(result, out / name, None)
    except TryroomError as error:
        return Cell(offer, None, time.perf_counter() - start, str(error))
    return Cell(offer, name, time.perf_counter() - start, "; ".join(result.warnings))


def request_of(offer: Offer, settings: RenderSettings) -> Request:
    """The render that shows an offer; furniture finds a place for itself."""
    item = offer.hit.item
    if offer.task == "tryon":
        category = tryroom.category_of(item)
        return jobs.tryon_request(offer.photo.image, jobs.Garment(offer.picture, category), settings=settings)
    files = tryroom.furniture_files(offer.picture.parent, item)
    return jobs.room_request(offer.photo.image, files, settings=settings)


def _photo_file(offer: Offer) -> str:
    return f"{offer.task}-{offer.photo.id}{offer.photo.image.suffix}"


def _item_file(offer: Offer) -> str:
    return f"item-{offer.hit.item.id}{offer.picture.suffix}"


# --- the page -----------------------------------------------------------------------------------------------

_STYLE = """
body { font: 16px/1.45 system-ui, sans-serif; margin: 2rem auto; max-width: 1320px; padding: 0 1rem; color: #222;
       background: #faf9f7 }
h1, h2 { font-weight: 600 } h2 { margin: 2.5rem 0 .5rem }
.row { display: grid; grid-template-columns: repeat(auto-fill, minmax(230px, 1fr)); gap: 1rem }
figure { margin: 0; background: #fff; border: 1px solid #e5e2dc; border-radius: 10px; overflow: hidden }
.row.room { grid-template-columns: repeat(auto-fill, minmax(290px, 1fr)) }
figure > img { width: 100%; aspect-ratio: 3/4; object-fit: cover; display: block }
.room figure > img { aspect-ratio: 4/3 }
figcaption { display: flex; gap: .7rem; padding: .7rem; font-size: .85rem }
figcaption img { width: 72px; height: 84px; object-fit: contain; background: #f4f2ee; border-radius: 6px }
.price { font-weight: 600 } .quiet { color: #6b6861 } .failed { padding: 1rem; color: #a02020 }
"""


def gallery(cells: list[Cell], seconds: float) -> str:
    """The page as HTML; pictures are files beside it."""
    photos = dict.fromkeys(cell.offer.photo for cell in cells)
    rows = "\n".join(_row(photo, [cell for cell in cells if cell.offer.photo == photo]) for photo in photos)
    made = sum(cell.picture is not None for cell in cells)
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Tryroom: on you, and in your room</title><style>{_STYLE}</style></head><body>
<h1>On you, and in your room</h1>
<p class="quiet">{made} pictures in {seconds:.0f} s on this machine, loading included.
Each picture carries its recipe.</p>
{rows}
</body></html>
"""


def _row(photo: tryroom.DemoPhoto, cells: list[Cell]) -> str:
    title, note = html.escape(photo.title), html.escape(photo.note)
    source = html.escape(_photo_file(cells[0].offer))
    before = f'<img src="{source}" alt="{title}"><figcaption class="quiet">before</figcaption>'
    figures = "\n".join(f"<figure>{inside}</figure>" for inside in (before, *map(_figure, cells)))
    return f'<h2>{title}</h2>\n<p class="quiet">{note}</p>\n<div class="row {cells[0].offer.task}">\n{figures}\n</div>'


def _figure(cell: Cell) -> str:
    item = cell.offer.hit.item
    title, remark = html.escape(item.title), html.escape(cell.remark)
    if cell.picture is None:
        return f'<div class="failed">{title}: {remark}</div>'
    card = [
        title,
        f'<span class="price">{item.price:.2f} {html.escape(item.currency)}</span> · {cell.seconds:.1f} s',
        f"“{html.escape(cell.offer.words)}”",
        f'<span class="quiet">{html.escape(cell.offer.hit.reason)}</span>',
        *([f'<span class="quiet">{remark}</span>'] if remark else []),
    ]
    return (
        f'<img src="{html.escape(cell.picture)}" alt="{html.escape(cell.offer.photo.title)}: {title}">\n'
        f'<figcaption><img src="{html.escape(_item_file(cell.offer))}" alt="{title}"><div>{"<br>".join(card)}</div>'
        "</figcaption>"
    )
