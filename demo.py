"""`tryroom demo`: people × recommended garments, rendered, on one page. No browser and no camera needed."""

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
from pipelines.schema import RenderSettings
from recommend.schema import Hit, Query

if TYPE_CHECKING:
    from recommend.retriever import Retriever

#: What each person is offered: the words, and how many of the results are tried on.
WISHES = (
    ("a top that goes with what I wear", ("upper",), 2),
    ("trousers or a skirt under 80", ("lower",), 1),
    ("a dress for summer", ("dress",), 1),
)


@dataclass(frozen=True)
class Offer:
    """A garment that the retriever offers a person.

    Attributes:
        words: what was asked.
        garment: path of the item's picture.
    """

    person: tryroom.DemoPerson
    words: str
    hit: Hit
    garment: Path


@dataclass(frozen=True)
class Cell:
    """An offer tried on.

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
    people: Annotated[Path, typer.Option(metavar="DIR", help="Folder with people.jsonl.")] = tryroom.PEOPLE,
    catalog: Annotated[Path, typer.Option(metavar="DIR", help="Folder with catalog.jsonl.")] = tryroom.CATALOG,
    renderer: Annotated[str, typer.Option(help="Which renderer to use.")] = RenderSettings().renderer,
) -> None:
    """Recommend garments to the demo people, dress them, and write a gallery page."""
    console = Console(stderr=True, highlight=False, markup=False, soft_wrap=True)
    start = time.perf_counter()
    rendering.fetch_for(renderer)
    rendering.fetch_all(tryroom.RETRIEVER_WEIGHTS)
    everyone = tryroom.demo_people(people)
    batch.make_folder(out)
    console.print("loading the networks and the catalog")
    retriever = tryroom.open_retriever(catalog)
    loaded = renderers.load(renderer)
    columns = (TextColumn("dressing"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    cells = []
    with Progress(*columns, console=console) as progress:
        task = progress.add_task("", total=len(everyone) * sum(number for _, _, number in WISHES))
        for person in everyone:
            for offer in offers(retriever, person):
                cells.append(try_on(loaded, renderer, offer, out))
                progress.advance(task)
    page = out / "index.html"
    images.save_bytes(page, gallery(cells, time.perf_counter() - start).encode())
    failed = [cell for cell in cells if cell.picture is None]
    for cell in failed:
        console.print(f"{cell.offer.person.title} in {cell.offer.hit.item.title}: {cell.remark}")
    console.print(f"{len(cells) - len(failed)} pictures in {time.perf_counter() - start:.0f} s; open this page:")
    print(page)
    if failed or not cells:
        raise typer.Exit(1)


def offers(retriever: Retriever, person: tryroom.DemoPerson) -> Iterator[Offer]:
    """What the retriever has for a person, wish by wish."""
    photo = images.load_image(person.image)
    for words, categories, number in WISHES:
        for hit in retriever.search(Query(text=words, photo=photo, categories=categories), number).hits:
            yield Offer(person, words, hit, retriever.picture(hit.item))


def try_on(loaded: renderers.Renderer, renderer: str, offer: Offer, out: Path) -> Cell:
    """Render an offer into `out`, beside copies of what it was made from."""
    shutil.copyfile(offer.person.image, out / _person_file(offer.person))
    shutil.copyfile(offer.garment, out / _item_file(offer))
    name = f"{offer.person.id}_{offer.hit.item.id}.png"
    start = time.perf_counter()
    try:
        settings = RenderSettings(renderer=renderer)
        found = tryroom.category_of(offer.hit.item)
        request = jobs.tryon_request(offer.person.image, offer.garment, category=found, settings=settings)
        result = loaded.try_on(request)
        batch.save_result(result, out / name, None)
    except TryroomError as error:
        return Cell(offer, None, time.perf_counter() - start, str(error))
    return Cell(offer, name, time.perf_counter() - start, "; ".join(result.warnings))


def _person_file(person: tryroom.DemoPerson) -> str:
    return f"person-{person.id}{person.image.suffix}"


def _item_file(offer: Offer) -> str:
    return f"item-{offer.hit.item.id}{offer.garment.suffix}"


# --- the page -----------------------------------------------------------------------------------------------

_STYLE = """
body { font: 16px/1.45 system-ui, sans-serif; margin: 2rem auto; max-width: 1320px; padding: 0 1rem; color: #222;
       background: #faf9f7 }
h1, h2 { font-weight: 600 } h2 { margin: 2.5rem 0 .5rem }
.row { display: grid; grid-template-columns: repeat(auto-fill, minmax(230px, 1fr)); gap: 1rem }
figure { margin: 0; background: #fff; border: 1px solid #e5e2dc; border-radius: 10px; overflow: hidden }
figure > img { width: 100%; aspect-ratio: 3/4; object-fit: cover; display: block }
figcaption { display: flex; gap: .7rem; padding: .7rem; font-size: .85rem }
figcaption img { width: 72px; height: 84px; object-fit: contain; background: #f4f2ee; border-radius: 6px }
.price { font-weight: 600 } .quiet { color: #6b6861 } .failed { padding: 1rem; color: #a02020 }
"""


def gallery(cells: list[Cell], seconds: float) -> str:
    """The page as HTML; pictures are files beside it."""
    people = dict.fromkeys(cell.offer.person for cell in cells)
    rows = "\n".join(_row(person, [cell for cell in cells if cell.offer.person == person]) for person in people)
    made = sum(cell.picture is not None for cell in cells)
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Tryroom: people × recommended garments</title><style>{_STYLE}</style></head><body>
<h1>People × recommended garments</h1>
<p class="quiet">{made} try-ons in {seconds:.0f} s on this machine, loading included.
Each picture carries its recipe.</p>
{rows}
</body></html>
"""


def _row(person: tryroom.DemoPerson, cells: list[Cell]) -> str:
    title, note = html.escape(person.title), html.escape(person.note)
    before = (
        f'<img src="{html.escape(_person_file(person))}" alt="{title}"><figcaption class="quiet">before</figcaption>'
    )
    figures = "\n".join(f"<figure>{inside}</figure>" for inside in (before, *map(_figure, cells)))
    return f'<h2>{title}</h2>\n<p class="quiet">{note}</p>\n<div class="row">\n{figures}\n</div>'


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
        f'<img src="{html.escape(cell.picture)}" alt="{html.escape(cell.offer.person.title)} in {title}">\n'
        f'<figcaption><img src="{html.escape(_item_file(cell.offer))}" alt="{title}"><div>{"<br>".join(card)}</div>'
        "</figcaption>"
    )
