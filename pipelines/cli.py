"""The rendering commands: `tryon`, `room`, `edit`, `batch` and `weights`.

Results go to stdout, chatter and progress to stderr. Errors are raised; the entry point prints them and chooses the
exit code. What turns a catalog id into a picture belongs to retrieval; it comes in through `ctx.meta[FIND_ITEM]`.
"""

from __future__ import annotations

import dataclasses
import functools
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from pipelines import batch as batches
from pipelines import jobs, renderers, weights
from pipelines.errors import BadInput, CorruptWeights, MissingWeights
from pipelines.furniture import FurnitureFiles
from pipelines.schema import (
    CATEGORY_CHOICES,
    MASK_GROWTH,
    MAX_STEPS,
    QUALITIES,
    WEAR_CHOICES,
    CameraFacts,
    OnProgress,
    RenderSettings,
    Request,
    WearStyle,
)

#: What the entry point sets in `ctx.meta`, a `jobs.FindItem`: what a catalog id is.
FIND_ITEM = "tryroom.find_item"

weights_app = typer.Typer(help="What the networks know: list, fetch and verify their files.", no_args_is_help=True)

_DEFAULTS, _WEAR = RenderSettings(), WearStyle()
_RendererOption = Annotated[
    str, typer.Option("--renderer", metavar="|".join(renderers.RENDERERS), help="What paints: docs/renderers.md.")
]
_MemoryOption = Annotated[
    str,
    typer.Option("--memory", metavar="auto|cpu|4gb|8gb|16gb|24gb", help="How a published model fits; default: found."),
]
_WeightsOption = Annotated[
    Path | None,
    typer.Option("--weights-dir", metavar="DIR", help="A folder per published model, in place of a hub."),
]
_NamesArgument = Annotated[
    list[str] | None, typer.Argument(metavar="[NAME]...", help="Default: all but published models not here.")
]


def _chatter() -> Console:
    return Console(stderr=True, highlight=False, markup=False, soft_wrap=True)


def _find_item(ctx: typer.Context) -> jobs.FindItem:
    find: jobs.FindItem = ctx.meta.get(FIND_ITEM, lambda _: None)
    return find


# --- rendering ----------------------------------------------------------------------------------------------


def tryon(
    ctx: typer.Context,
    person: Annotated[Path, typer.Argument(help="Photo of a person.")],
    garment: Annotated[str, typer.Argument(help="Picture of a garment, or an id of the catalog.")],
    out: Annotated[Path, typer.Option("-o", "--out", metavar="OUT.png", help="Where to write the picture.")],
    category: Annotated[str, typer.Option(metavar="|".join(CATEGORY_CHOICES), help="What the garment is.")] = "auto",
    also: Annotated[
        list[str] | None, typer.Option("--with", metavar="GARMENT2", help="Put this on as well; may come again.")
    ] = None,
    sleeves: Annotated[
        str, typer.Option(metavar="|".join(WEAR_CHOICES["sleeves"]), help="How long sleeves are worn.")
    ] = _WEAR.sleeves,
    tuck: Annotated[
        str, typer.Option(metavar="|".join(WEAR_CHOICES["tuck"]), help="Whether a top is tucked in.")
    ] = _WEAR.tuck,
    layer: Annotated[
        str,
        typer.Option(metavar="|".join(WEAR_CHOICES["layer"]), help="Whether a top that opens in front is worn open."),
    ] = _WEAR.layer,
    garment_width: Annotated[
        float | None, typer.Option(metavar="CM", help="At chest or waist, lying flat; with --person-height.")
    ] = None,
    person_height: Annotated[
        float | None, typer.Option(metavar="CM", help="With the garment's width: it fits as it truly would.")
    ] = None,
    mask: Annotated[
        Path | None, typer.Option(help="White = repaint, at the size of the photo; default: found.")
    ] = None,
    mask_grow: Annotated[
        float,
        typer.Option(
            metavar="PERCENT", help=f"The found mask larger, or smaller: -{MASK_GROWTH:g} to {MASK_GROWTH:g}."
        ),
    ] = 0.0,
    seed: Annotated[int, typer.Option(help="The same seed gives the same picture.")] = _DEFAULTS.seed,
    steps: Annotated[
        int, typer.Option(help=f"0 to {MAX_STEPS}; 0 is the quick average.")
    ] = _DEFAULTS.num_inference_steps,
    quality: Annotated[
        str, typer.Option(metavar="|".join(QUALITIES), help="fast takes a little less time.")
    ] = _DEFAULTS.quality,
    renderer: _RendererOption = _DEFAULTS.renderer,
    memory: _MemoryOption = "auto",
    weights_dir: _WeightsOption = None,
    save_steps: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Write mask, pose, parsing, hint and recipe into this folder.")
    ] = None,
) -> None:
    """Render a garment on a person."""
    _check_picture_name(out)
    chosen: Any = quality  # RenderSettings refuses what is none
    settings = RenderSettings(renderer=renderer, seed=seed, num_inference_steps=steps, quality=chosen)
    own = _garment(garment, _find_item(ctx))
    if garment_width is not None and person_height is None:
        step = "Give the person's height too, for example --person-height 172."
        raise BadInput("--garment-width", f"{garment_width:g} alone", "both sizes, or none", step)
    wishes: Any = {"sleeves": sleeves, "tuck": tuck, "layer": layer}  # WearStyle refuses what is none
    request = jobs.tryon_request(
        person,
        dataclasses.replace(
            own,
            category=own.category if category == "auto" else category,
            width=own.width if garment_width is None else garment_width,
        ),
        mask=mask,
        wear=WearStyle(**wishes),
        mask_grow=mask_grow,
        person_height=person_height,
        also=[_garment(one, _find_item(ctx)) for one in also or ()],
        settings=settings,
    )
    _render(request, "tryon", out, save_steps, memory, weights_dir)


def room(
    ctx: typer.Context,
    photo: Annotated[Path, typer.Argument(metavar="ROOM", help="Photo of a room.")],
    item: Annotated[str, typer.Argument(help="An id of the catalog, or a picture of a piece of furniture.")],
    out: Annotated[Path, typer.Option("-o", "--out", metavar="OUT.png", help="Where to write the picture.")],
    at: Annotated[
        tuple[float, float] | None,
        typer.Option(metavar="X Y", help="Middle of its foot, fractions of the photo; default: a free place."),
    ] = None,
    yaw: Annotated[float | None, typer.Option(help="Degrees; 0 looks at you; default: along the walls.")] = None,
    size: Annotated[
        tuple[float, float, float] | None,
        typer.Option(metavar="W D H", help="Width, depth and height in cm; a picture needs it."),
    ] = None,
    camera_height: Annotated[float | None, typer.Option(help="Metres above the floor; default: found.")] = None,
    fov: Annotated[float | None, typer.Option(help="Horizontal field of view in degrees; default: found.")] = None,
    mask: Annotated[Path | None, typer.Option(help="Black = stays as it is, at the size of the photo.")] = None,
    remove: Annotated[Path | None, typer.Option(help="White = an old piece to take away first.")] = None,
    seed: Annotated[int, typer.Option(help="The same seed gives the same picture.")] = _DEFAULTS.seed,
    steps: Annotated[
        int, typer.Option(help=f"Of published models, 0 to {MAX_STEPS}; 0 is as many as usual.")
    ] = _DEFAULTS.num_inference_steps,
    renderer: _RendererOption = _DEFAULTS.renderer,
    memory: _MemoryOption = "auto",
    weights_dir: _WeightsOption = None,
    save_steps: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Write mask, floor grid, hint and recipe into this folder.")
    ] = None,
) -> None:
    """Render a piece of furniture in a room."""
    _check_picture_name(out)
    found = _item(item, _find_item(ctx))
    if isinstance(found, jobs.Garment) and not Path(item).exists():
        raise BadInput("item", repr(item), "a piece of furniture", "Garments are tried on with: tryroom tryon")
    request = jobs.room_request(
        photo,
        found.picture if isinstance(found, jobs.Garment) else found,
        at=at,
        yaw=yaw,
        size=None if size is None else (size[0] / 100, size[1] / 100, size[2] / 100),
        camera=CameraFacts(height=camera_height, fov=fov),
        mask=mask,
        remove=remove,
        settings=RenderSettings(renderer=renderer, seed=seed, num_inference_steps=steps),
    )
    _render(request, "room", out, save_steps, memory, weights_dir)


def edit(
    photo: Annotated[Path, typer.Argument(help="Any photo.")],
    words: Annotated[str, typer.Argument(help='What to change, in English: "make the curtains green".')],
    out: Annotated[Path, typer.Option("-o", "--out", metavar="OUT.png", help="Where to write the picture.")],
    mask: Annotated[Path | None, typer.Option(help="White = may change, at the size of the photo.")] = None,
    seed: Annotated[int, typer.Option(help="The same seed gives the same picture.")] = _DEFAULTS.seed,
    steps: Annotated[int, typer.Option(help=f"0 to {MAX_STEPS}; 0 is as many as usual.")] = 0,
    renderer: _RendererOption = "edit",
    memory: _MemoryOption = "auto",
    weights_dir: _WeightsOption = None,
) -> None:
    """Change a photo as words say; needs a published model."""
    _check_picture_name(out)
    settings = RenderSettings(renderer=renderer, seed=seed, num_inference_steps=steps)
    _render(jobs.edit_request(photo, words, mask=mask, settings=settings), "edit", out, None, memory, weights_dir)


def _render(
    request: Request, task: str, out: Path, save_steps: Path | None, memory: str, weights_dir: Path | None
) -> None:
    """Render one request, write it and say where."""
    renderer = request.settings.renderer
    for folder in (out.parent, save_steps):
        if folder is not None:
            batches.make_folder(folder)
    use_weights_of(weights_dir)
    fetch_for(renderer, task)
    loaded = renderers.load(renderer, task, memory)
    with _stages() as show:
        result = loaded.render(request, show)
    batches.save_result(result, out, save_steps)
    for warning in result.warnings:
        _chatter().print(f"note: {warning}")
    print(out)


def batch(
    ctx: typer.Context,
    manifest: Annotated[Path, typer.Argument(help=f"CSV with {jobs.COLUMNS}.")],
    out: Annotated[Path, typer.Option("-o", "--out", metavar="DIR", help="Folder for {id}.png and report.csv.")],
    workers: Annotated[int, typer.Option(help="Processes, each with its own models.")] = 1,
    resume: Annotated[bool, typer.Option("--resume", help="Keep what is there with the same recipe.")] = False,
    save_steps: Annotated[
        bool, typer.Option("--save-steps", help="Write {id}_mask.png, _hint and so on, and _recipe.json too.")
    ] = False,
    renderer: _RendererOption = _DEFAULTS.renderer,
    memory: _MemoryOption = "auto",
    weights_dir: _WeightsOption = None,
) -> None:
    """Render every line of a manifest; a line that fails does not stop the rest."""
    use_weights_of(weights_dir)
    settings = batches.BatchSettings(renderer=renderer, workers=workers, resume=resume, save_steps=save_steps)
    work = jobs.read_jobs(manifest, find_item=_find_item(ctx))
    for one in sorted({job.task for job in work} & set(jobs.TASKS)):
        fetch_for(renderer, one)
    console = _chatter()
    columns = (TextColumn("rendering"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console) as progress:
        task = progress.add_task("rendering", total=len(work))

        def show(outcome: batches.Outcome) -> None:
            progress.advance(task)
            for line in [*outcome.warnings, *([f"failed: {outcome.error}"] if outcome.status == "failed" else ())]:
                progress.console.print(f"{outcome.id}: {line}")

        try:
            load = functools.partial(renderers.load, memory=memory)
            outcomes = batches.run(work, out, settings, on_outcome=show, load=load)
        except KeyboardInterrupt:
            console.print("stopped; what is finished is whole. Go on with --resume.")
            raise typer.Exit(130) from None
    counts = {status: sum(outcome.status == status for outcome in outcomes) for status in ("ok", "kept", "failed")}
    console.print(f"{counts['ok']} rendered, {counts['kept']} kept, {counts['failed']} failed")
    print(out / batches.REPORT_NAME)
    if counts["failed"]:
        raise typer.Exit(1)


def _check_picture_name(out: Path) -> None:
    """Before the work: the recipe travels in a PNG."""
    if out.suffix.lower() != ".png" or out.is_dir():
        raise BadInput("-o", str(out), "a file name ending in .png", f"For example -o {out.stem or 'out'}.png")


def _item(item: str, find_item: jobs.FindItem) -> jobs.Garment | FurnitureFiles:
    path = Path(item)
    found = jobs.Garment(path) if path.exists() else find_item(item)
    if found is None:
        step = "Check the path, or find ids with: tryroom recommend --text …"
        raise BadInput("item", repr(item), "a picture file or an id of the catalog", step)
    return found


def _garment(name: str, find_item: jobs.FindItem) -> jobs.Garment:
    found = _item(name, find_item)
    if isinstance(found, FurnitureFiles):
        raise BadInput("garment", repr(name), "a garment", "Furniture is placed with: tryroom room")
    return found


@contextmanager
def _stages() -> Iterator[OnProgress]:
    """A progress bar on stderr for one render; gives the function to call on each step."""
    columns = (BarColumn(), TextColumn("{task.percentage:>3.0f} %  {task.description}"))
    with Progress(*columns, console=_chatter(), transient=True) as bar:
        task = bar.add_task("starting", total=1.0)
        yield lambda now: bar.update(task, completed=now.fraction, description=now.stage)


# --- weights ------------------------------------------------------------------------------------------------


def use_weights_of(folder: Path | None) -> None:
    """Take published models from a person's own folder, in this process and those that it starts.

    Raises:
        BadInput: there is no such folder.
    """
    if folder is None:
        return
    if not folder.is_dir():
        step = f"Make a folder per model, named as in: tryroom weights list; or set {weights.OWN_VARIABLE}."
        raise BadInput("--weights-dir", str(folder), "a folder", step)
    os.environ[weights.OWN_VARIABLE] = str(folder.resolve())


def fetch_for(renderer: str, task: str) -> None:
    """Fetch what a renderer needs for a task and is not here yet, with a progress bar."""
    fetch_all(renderers.weights_of(renderer, task))


def fetch_all(names: Iterable[str]) -> None:
    """Bring weights to this machine, one progress bar each; those that are here already stay silent."""
    columns = (TextColumn("fetching {task.description}"), BarColumn(), DownloadColumn(), TimeElapsedColumn())
    missing = [entry for entry in map(weights.find, names) if weights.missing_files(entry)]
    for entry in missing:  # before the first of many gigabytes
        weights.check_accepted(entry)
    with Progress(*columns, console=_chatter()) as progress:
        for entry in missing:
            task = progress.add_task(entry.name, total=entry.download_size)

            def show(done: int, total: int, task: Any = task) -> None:
                progress.update(task, completed=done, total=total)

            weights.fetch(entry, show)


def _chosen(names: list[str] | None) -> list[weights.Entry]:
    """Those of the names; without any, all but the published models that are not here, which are many gigabytes."""
    if names:
        return [weights.find(name) for name in names]
    entries = weights.read_manifest().values()
    return [entry for entry in entries if entry.source != "hub" or not weights.missing_files(entry)]


@weights_app.command("list")
def list_weights() -> None:
    """Print each name with source, state, size, licence and what it is."""
    entries = list(weights.read_manifest().values())
    width = max(len(entry.name) for entry in entries)
    licences = max(len(entry.licence) for entry in entries)
    for entry in entries:
        state = "missing" if weights.missing_files(entry) else "here"
        size = (sum(file.size for file in weights.contents(entry)) or entry.download_size) / 1e6
        use = "" if entry.commercial else "; no commercial use" + (", accepted" if weights.is_accepted(entry) else "")
        print(
            f"{entry.name:{width}}  {entry.source:7}  {state:7}  {size:7.1f} MB  {entry.licence:{licences}}  "
            f"{entry.about}{use}"
        )


@weights_app.command("accept")
def accept_licence(name: Annotated[str, typer.Argument(help="Whose licence is accepted, for this user.")]) -> None:
    """Accept a licence that allows no commercial use; without it such weights are not fetched."""
    entry = weights.find(name)
    if entry.commercial:
        raise BadInput(
            "weights name", f"{name} ({entry.licence})", "one whose licence allows no commercial use", "Fetch it."
        )
    print(weights.accept(entry))
    page = f"https://huggingface.co/{entry.fields['repository']}"
    _chatter().print(f"{entry.licence} accepted for {name}; its text: {page}")


@weights_app.command("fetch")
def fetch_weights(names: _NamesArgument = None) -> None:
    """Fetch what is missing, read and verify everything, and print where it lies."""
    entries = _chosen(names)
    fetch_all(entry.name for entry in entries)
    for entry in entries:
        weights.verify(entry)
        print(entry.folder)


@weights_app.command("verify")
def verify_weights(names: _NamesArgument = None) -> None:
    """Read every file and compare it with the manifest; exit code 1 if any is missing or wrong."""
    bad = 0
    for entry in _chosen(names):
        try:
            weights.verify(entry)
            print(f"{entry.name}: ok")
        except (MissingWeights, CorruptWeights) as error:
            print(f"{entry.name}: {'wrong' if isinstance(error, CorruptWeights) else 'missing'}")
            _chatter().print(str(error))
            bad += 1
    if bad:
        raise typer.Exit(1)
