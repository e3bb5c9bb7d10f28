"""The rendering commands: `tryon`, `batch` and `weights`.

Results go to stdout, chatter and progress to stderr. Errors are raised; the entry point prints them and chooses the
exit code. What turns a catalog id into a picture belongs to retrieval; it comes in through `ctx.meta[FIND_ITEM]`.
"""

from __future__ import annotations

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
from pipelines.schema import CATEGORY_CHOICES, MAX_STEPS, OnProgress, RenderSettings

#: What the entry point sets in `ctx.meta`, a `jobs.FindItem`: the garment of a catalog id.
FIND_ITEM = "tryroom.find_item"

weights_app = typer.Typer(help="What the networks know: list, fetch and verify their files.", no_args_is_help=True)

_DEFAULTS = RenderSettings()
_RendererOption = Annotated[str, typer.Option("--renderer", help="Which renderer to use.")]
_NamesArgument = Annotated[list[str] | None, typer.Argument(metavar="[NAME]...", help="Default: all.")]


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
    mask: Annotated[
        Path | None, typer.Option(help="White = repaint, at the size of the photo; default: found.")
    ] = None,
    seed: Annotated[int, typer.Option(help="The same seed gives the same picture.")] = _DEFAULTS.seed,
    steps: Annotated[
        int, typer.Option(help=f"0 to {MAX_STEPS}; 0 is the quick average.")
    ] = _DEFAULTS.num_inference_steps,
    renderer: _RendererOption = _DEFAULTS.renderer,
    save_steps: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Write mask, pose, parsing, hint and recipe into this folder.")
    ] = None,
) -> None:
    """Render a garment on a person."""
    _check_picture_name(out)
    settings = RenderSettings(renderer=renderer, seed=seed, num_inference_steps=steps)
    found = _garment(garment, _find_item(ctx))
    request = jobs.tryon_request(
        person,
        found.picture,
        category=found.category if category == "auto" else category,  # type: ignore[arg-type]  # TryOnRequest refuses what is no category
        mask=mask,
        settings=settings,
    )
    for folder in (out.parent, save_steps):
        if folder is not None:
            batches.make_folder(folder)
    fetch_for(renderer)
    loaded = renderers.load(renderer)
    with _stages() as show:
        result = loaded.try_on(request, show)
    batches.save_result(result, out, save_steps)
    for warning in result.warnings:
        _chatter().print(f"note: {warning}")
    print(out)


def batch(
    ctx: typer.Context,
    manifest: Annotated[Path, typer.Argument(help="CSV with id,task,photo,item[,category,seed,steps].")],
    out: Annotated[Path, typer.Option("-o", "--out", metavar="DIR", help="Folder for {id}.png and report.csv.")],
    workers: Annotated[int, typer.Option(help="Processes, each with its own models.")] = 1,
    resume: Annotated[bool, typer.Option("--resume", help="Keep what is there with the same recipe.")] = False,
    save_steps: Annotated[
        bool, typer.Option("--save-steps", help="Write {id}_mask.png, _pose, _parsing, _hint and _recipe.json too.")
    ] = False,
    renderer: _RendererOption = _DEFAULTS.renderer,
) -> None:
    """Render every line of a manifest; a line that fails does not stop the rest."""
    settings = batches.BatchSettings(renderer=renderer, workers=workers, resume=resume, save_steps=save_steps)
    work = jobs.read_jobs(manifest, find_item=_find_item(ctx))
    fetch_for(renderer)
    console = _chatter()
    columns = (TextColumn("rendering"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console) as progress:
        task = progress.add_task("rendering", total=len(work))

        def show(outcome: batches.Outcome) -> None:
            progress.advance(task)
            for line in [*outcome.warnings, *([f"failed: {outcome.error}"] if outcome.status == "failed" else ())]:
                progress.console.print(f"{outcome.id}: {line}")

        try:
            outcomes = batches.run(work, out, settings, on_outcome=show)
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


def _garment(garment: str, find_item: jobs.FindItem) -> jobs.Garment:
    path = Path(garment)
    found = jobs.Garment(path) if path.exists() else find_item(garment)
    if found is None:
        step = "Check the path, or find ids with: tryroom recommend --text …"
        raise BadInput("garment", repr(garment), "a picture file or an id of the catalog", step)
    return found


@contextmanager
def _stages() -> Iterator[OnProgress]:
    """A progress bar on stderr for one render; gives the function to call on each step."""
    columns = (BarColumn(), TextColumn("{task.percentage:>3.0f} %  {task.description}"))
    with Progress(*columns, console=_chatter(), transient=True) as bar:
        task = bar.add_task("starting", total=1.0)
        yield lambda now: bar.update(task, completed=now.fraction, description=now.stage)


# --- weights ------------------------------------------------------------------------------------------------


def fetch_for(renderer: str) -> None:
    """Fetch what a renderer needs and is not here yet, with a progress bar."""
    fetch_all(renderers.weights_of(renderer))


def fetch_all(names: Iterable[str]) -> None:
    """Bring weights to this machine, one progress bar each; those that are here already stay silent."""
    columns = (TextColumn("fetching {task.description}"), BarColumn(), DownloadColumn(), TimeElapsedColumn())
    with Progress(*columns, console=_chatter()) as progress:
        for entry in map(weights.find, names):
            if not weights.missing_files(entry):
                continue
            task = progress.add_task(entry.name, total=entry.download_size)

            def show(done: int, total: int, task: Any = task) -> None:
                progress.update(task, completed=done, total=total)

            weights.resolve(entry.name, on_progress=show)


def _chosen(names: list[str] | None) -> list[weights.Entry]:
    return [weights.find(name) for name in names] if names else list(weights.read_manifest().values())


@weights_app.command("list")
def list_weights() -> None:
    """Print each name with source, state, size, licence and what it is."""
    entries = _chosen(None)
    width = max(len(entry.name) for entry in entries)
    for entry in entries:
        state = "missing" if weights.missing_files(entry) else "here"
        size = sum(file.size for file in entry.files) / 1e6
        print(f"{entry.name:{width}}  {entry.source:7}  {state:7}  {size:6.1f} MB  {entry.licence:12}  {entry.about}")


@weights_app.command("fetch")
def fetch_weights(names: _NamesArgument = None) -> None:
    """Fetch what is missing, verify everything, and print where it lies."""
    entries = _chosen(names)
    fetch_all(entry.name for entry in entries)
    for entry in entries:
        weights.verify(entry)
        print(entry.folder)


@weights_app.command("verify")
def verify_weights(names: _NamesArgument = None) -> None:
    """Compare every file with the manifest; exit code 1 if any is missing or wrong."""
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
