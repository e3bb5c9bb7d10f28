"""The retrieval commands: `recommend`, and `catalog check|index|add|remove`.

Results go to stdout, chatter and progress to stderr. Errors are raised; the entry point prints them and chooses the
exit code. What retrieval does not know — where weights lie, how a garment is cut out, what a person wears — comes in
through `ctx.meta[TOOLS]`, which the entry point sets: so do the two catalogs and what a photo of a room shows.
"""

from __future__ import annotations

import json
import re
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from recommend import features, room_style
from recommend.catalog import read_catalog
from recommend.domains import DOMAINS, FURNITURE, GARMENTS
from recommend.errors import BadInput, needed_for
from recommend.feedback import Feedback
from recommend.history import gather, read_history
from recommend.lexicon import other_domain
from recommend.occasions import ROOMS
from recommend.pictures import read_picture
from recommend.printing import as_dict, as_text, ensemble_as_dict, ensemble_as_text, room_as_dict
from recommend.schema import CutOut, Query, ReadPerson, ReadRoom

if TYPE_CHECKING:
    from recommend.embedder import Embedder, WeightPaths
    from recommend.indexing import OnItem
    from recommend.retriever import Retriever
    from recommend.stylist import Stylist
    from recommend.taste import Taste

TOOLS: Final = "tryroom.recommend"

catalog_app = typer.Typer(help="Collections of items: check, index and change them.", no_args_is_help=True)

_FolderArgument = Annotated[Path, typer.Argument(metavar="DIR", help="Folder with catalog.jsonl and its pictures.")]
_EncoderOption = Annotated[
    str | None,
    typer.Option(
        "--encoder",
        metavar="NAME",
        help="A model of open_clip: local-dir:FOLDER, hf-hub:OWNER/NAME or ARCHITECTURE/TAG; default: our own.",
    ),
]
_UriOption = Annotated[str | None, typer.Option("--uri", help="Where the index lies; default: the per-user cache.")]


@dataclass(frozen=True)
class Tools:
    """What the entry point hands to these commands.

    Attributes:
        weights: fetches the encoders' files if need be and says where they are.
        catalog: folder of the garments, searched when no other is named.
        cut_out: finds the item in a picture.
        read_person: finds what a person wears; None = take the photo as a whole.
        furniture: folder of the furniture; None = there is none.
        read_room: reads a photo of a room; by itself retrieval sees its colours, but neither its floor nor its width.
    """

    weights: Callable[[], WeightPaths]
    catalog: Path
    cut_out: CutOut = features.cut_out
    read_person: ReadPerson | None = None
    furniture: Path | None = None
    read_room: ReadRoom = room_style.read_room


def recommend_command(
    ctx: typer.Context,
    words: Annotated[str | None, typer.Argument(metavar="WORDS", help="The same as --text.")] = None,
    photo: Annotated[Path | None, typer.Option(metavar="FILE", help="Photo of a person: what goes with it.")] = None,
    room: Annotated[Path | None, typer.Option(metavar="FILE", help="Photo of a room: what goes with it, fits.")] = None,
    like: Annotated[Path | None, typer.Option(metavar="FILE", help="Picture of an item: what is like it.")] = None,
    like_item: Annotated[
        list[str] | None,
        typer.Option(
            metavar="ID", help="Item of the catalog: what is like it but for what the words change. Repeatable."
        ),
    ] = None,
    dislike_item: Annotated[
        list[str] | None, typer.Option(metavar="ID", help="Item of the catalog: what is unlike it. Repeatable.")
    ] = None,
    goes_with: Annotated[
        str | None, typer.Option(metavar="ID", help="Item of the catalog: what to wear or to place with it.")
    ] = None,
    outfit: Annotated[
        bool, typer.Option("--outfit", help="Whole outfits, or sets for a room; with --goes-with around that item.")
    ] = False,
    text: Annotated[str | None, typer.Option(help="Words: “red linen dress under 40, no stripes”.")] = None,
    max_price: Annotated[float | None, typer.Option(metavar="N", help="Highest price.")] = None,
    k: Annotated[int | None, typer.Option("-k", metavar="N", help="Number of results; default: 12, outfits 3.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    catalog: Annotated[
        str | None,
        typer.Option(metavar="NAME|DIR", help="Catalog to search: garments (the default), furniture, or a folder."),
    ] = None,
    uri: _UriOption = None,
    encoder: _EncoderOption = None,
    history: Annotated[
        Path | None, typer.Option(metavar="FILE", help="CSV of user,item,time[,event]: what people had.")
    ] = None,
    user: Annotated[str | None, typer.Option(metavar="ID", help="Whose taste of that history counts.")] = None,
) -> None:
    """Find items by photo, picture, words and price, in any combination; with none of them, a varied selection.

    A photo of a person searches garments, one of a room searches furniture, as does --outfit with words that begin
    with the name of a room.
    """
    tools: Tools = ctx.meta[TOOLS]
    if words is not None and text is not None:
        raise BadInput("words", "some before and some in --text", "one of the two", "Give all of them to --text.")
    text = words if text is None else text
    if (history is None) != (user is None):
        got = "--user without --history" if history is None else "--history without --user"
        raise BadInput("taste", got, "both or none of them", "Name the history's file and whose taste counts.")
    folder = folder_of(tools, catalog, photo, room, text, outfit)
    query = Query(
        text=text,
        like=read_picture(like, "--like") if like else None,
        photo=read_picture(photo, "--photo") if photo else None,
        room=tools.read_room(read_picture(room, "--room")) if room else None,
        max_price=max_price,
        likes=tuple(like_item or ()),
        dislikes=tuple(dislike_item or ()),
    )
    if (goes_with is not None or outfit) and history is not None:
        got = f"--history with {'--outfit' if outfit else '--goes-with'}"
        raise BadInput("taste", got, "one of the two", "Leave the history out: taste does not count there.")
    retriever = open_catalog(tools, folder, uri, encoder)
    if outfit:
        _print_ensembles(retriever, query, 3 if k is None else k, goes_with, as_json)
        return
    taste = None
    if history is not None and user is not None:
        taste, feedback = _taste(retriever, history, user)
        query = replace(query, feedback=feedback)
    k = 12 if k is None else k
    if goes_with is not None:
        result = _stylist(retriever).goes_with(goes_with, k, query)
    else:
        result = retriever.search(query, k, taste)
    found = as_dict(result, retriever) | ({"room": room_as_dict(query.room)} if query.room else {})
    typer.echo(json.dumps(found, ensure_ascii=False) if as_json else as_text(result))


def open_catalog(tools: Tools, folder: Path, uri: str | None, encoder: str | None = None) -> Retriever:
    """The retriever of a catalog; says what was left out of it."""
    from recommend.retriever import Retriever

    embedder = _load_embedder(tools, encoder)
    with _progress("indexing") as on_item:
        retriever = Retriever.open(
            folder,
            embedder,
            uri=uri,
            cut_out=tools.cut_out,
            read_person=tools.read_person,
            on_item=on_item,
        )
    for problem in retriever.problems:
        _chatter().print(f"left out: {problem}")
    return retriever


def _stylist(retriever: Retriever) -> Stylist:
    """What knows which items go together."""
    from recommend.stylist import Stylist

    return Stylist(retriever)


def _print_ensembles(retriever: Retriever, query: Query, k: int, anchor: str | None, as_json: bool) -> None:
    """Find whole outfits or sets for a room, and print them."""
    found = _stylist(retriever).ensembles(query, k, anchor)
    if not found:
        _chatter().print("Nothing whole can be put together of what matches.")
    if as_json:
        typer.echo(json.dumps({"ensembles": [ensemble_as_dict(one, retriever) for one in found]}, ensure_ascii=False))
    elif found:
        typer.echo("\n".join(ensemble_as_text(place, one) for place, one in enumerate(found, start=1)))


def _taste(retriever: Retriever, path: Path, user: str) -> tuple[Taste | None, Feedback]:
    """The taste of all users of a history and the feedback of one; says what did not count, and shows no user's id."""
    from recommend.taste import Ease

    ids, content = retriever.content()
    history = gather(read_history(path), ids)
    feedback = history.users.get(user, Feedback())
    _chatter().print(f"history: {history.interactions} interactions with items of this catalog")
    if history.unknown:
        _chatter().print(f"left out: {history.unknown} interactions with items that it does not have")
    if not feedback.events:
        _chatter().print("The history has nothing of this user, so the results are those for anybody.")
        return None, feedback
    return Ease.fit(history.baskets(), ids, content), feedback


def folder_of(
    tools: Tools, catalog: str | None, photo: Path | None, room: Path | None, text: str | None, outfit: bool = False
) -> Path:
    """The catalog to search: the one named, else the one that the photo belongs to, else the garments.

    An outfit whose words begin with the name of a room is a set of the furniture.

    Raises:
        BadInput: the options do not go together, or the words ask for what the catalog chosen without being named does
            not have.
    """
    if photo and room:
        got, allowed = "both --photo and --room", "a photo of a person, which searches garments, or of a room"
        raise BadInput("photo", got, allowed, "Leave one of them out.")
    furnished = outfit and catalog is None and not photo and _is_room(text or "")
    domain = FURNITURE if room or furnished else GARMENTS
    if catalog is not None and catalog not in DOMAINS:
        return Path(catalog)
    if catalog is not None and (photo or room) and catalog != domain.name:
        got = f"{catalog} with {'--room' if room else '--photo'}"
        raise BadInput("--catalog", got, f"{domain.name} with that photo", "Leave --catalog or the photo out.")
    if catalog is None and not photo and (other := other_domain(text or "", domain)):
        step = f"Add --catalog {other[0].name}, or --catalog {domain.name} to search that all the same."
        step = f"Leave --room out and add --catalog {other[0].name}." if room else step
        raise BadInput("--text", f"“{other[1]}” for a catalog of {domain.name}", f"words for {domain.name}", step)
    folder = tools.furniture if (catalog or domain.name) == FURNITURE.name else tools.catalog
    if folder is None:
        raise BadInput("--catalog", FURNITURE.name, "a folder", "There is no furniture here: name a folder of yours.")
    return folder


def _is_room(text: str) -> bool:
    """Whether words begin with the name of a room: "a living room in oak", but not "an outfit for my home office"."""
    return re.match(rf"\s*(?:(?:an?|the|my|our)\s+)?(?:{'|'.join(ROOMS)})\b", text.lower()) is not None


@catalog_app.command("check")
def check(folder: _FolderArgument) -> None:
    """Read every line and every picture; exit code 1 if any is bad, or there is none."""
    with _progress("checking") as on_line:
        catalog = read_catalog(folder, decode=True, on_line=on_line)
    for problem in catalog.problems:
        typer.echo(str(problem))
    typer.echo(f"{len(catalog.items)} items, {len(catalog.problems)} bad lines")
    others = Counter(key for item in catalog.items for key in item.extra)
    if others:
        named = ", ".join(f"{key} ({count})" for key, count in others.most_common())
        _chatter().print(f"columns that no search reads, and lines with them: {named}")
    if catalog.problems or not catalog.items:
        raise typer.Exit(1)


@catalog_app.command("index")
def index(
    ctx: typer.Context,
    folder: _FolderArgument,
    uri: _UriOption = None,
    encoder: _EncoderOption = None,
    anew: Annotated[bool, typer.Option("--anew", help="Compute everything again, whatever lies there.")] = False,
    ray: Annotated[
        str | None,
        typer.Option("--ray", metavar="local|ADDRESS", help="By workers on this machine, or of a running Ray cluster."),
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option("--workers", min=1, metavar="N", help="With --ray: how many; default: one for each core."),
    ] = None,
) -> None:
    """Make or update the index of a catalog; items that did not change are not computed again.

    Ctrl-C leaves the index as it was; the next run goes on where this one was stopped.
    """
    tools: Tools = ctx.meta[TOOLS]
    if workers is not None and ray is None:
        raise BadInput("--workers", str(workers), "--workers with --ray", "Add --ray local, or leave --workers out.")
    catalog = read_catalog(folder)
    start = time.perf_counter()
    with _progress("indexing") as on_item:
        load = partial(_load_embedder, tools, encoder)
        if ray is None:
            from recommend.indexing import ensure_index

            made, problems = ensure_index(catalog, load(), uri, tools.cut_out, on_item, anew=anew)
        else:
            with needed_for("ray", "ray", "lance_ray"):
                from recommend.ray_ingest import ingest

            run = ingest(catalog, load, uri, tools.cut_out, on_item, address=ray, workers=workers, anew=anew)
            made, problems = run.index, run.problems
            for node, items in run.nodes.items():
                _chatter().print(f"node {node}: {items} items")
    for problem in catalog.problems + problems:
        _chatter().print(f"left out: {problem}")
    typer.echo(f"{len(made)} items indexed in {time.perf_counter() - start:.1f} s ({made.stamp})")


def _load_embedder(tools: Tools, encoder: str | None) -> Embedder:
    """The encoder of that name, or our own; its files are fetched if need be."""
    if encoder is None:
        from recommend.embedder import TwoTowerEmbedder

        return TwoTowerEmbedder(tools.weights())
    with needed_for("open-clip", "open_clip"):
        from recommend.open_clip_embedder import OpenClipEmbedder
    from recommend.calibrating import calibrate

    demos = [folder for folder in (tools.catalog, tools.furniture) if folder is not None]
    known = partial(calibrate, catalogs=demos, cut_out=tools.cut_out)
    return OpenClipEmbedder(encoder, known)


@catalog_app.command("add")
def add(
    ctx: typer.Context,
    folder: _FolderArgument,
    lines: Annotated[typer.FileBinaryRead, typer.Argument(metavar="FILE", help="Items, a JSON line each; - = stdin.")],
    uri: _UriOption = None,
    encoder: _EncoderOption = None,
) -> None:
    """Add items, or replace those of the same ids, in the catalog and its index; their pictures lie in DIR already."""
    tools: Tools = ctx.meta[TOOLS]
    from recommend.catalog_changes import add_items

    with _progress("adding") as on_item:
        made = add_items(folder, lines.read(), _load_embedder(tools, encoder), uri, tools.cut_out, on_item)
    typer.echo(f"{len(made)} items in the index ({made.stamp})")


@catalog_app.command("remove")
def remove(
    ctx: typer.Context,
    folder: _FolderArgument,
    ids: Annotated[list[str], typer.Argument(metavar="ID...", help="Items to take out; their pictures stay.")],
    uri: _UriOption = None,
    encoder: _EncoderOption = None,
) -> None:
    """Take items out of the catalog and its index."""
    tools: Tools = ctx.meta[TOOLS]
    from recommend.catalog_changes import remove_items

    made = remove_items(folder, ids, _load_embedder(tools, encoder), uri, tools.cut_out)
    typer.echo(f"{len(made)} items in the index ({made.stamp})")


def _chatter() -> Console:
    return Console(stderr=True, highlight=False, markup=False, soft_wrap=True)


@contextmanager
def _progress(what: str) -> Iterator[OnItem]:
    """A bar on stderr that appears with the first item and says what is left; gives the function to call after each."""
    columns = (TextColumn(what), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=_chatter(), transient=True) as bar:
        task = bar.add_task(what, total=None, visible=False)
        yield lambda done, total: bar.update(task, completed=done, total=total, visible=True)
