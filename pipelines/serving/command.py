"""The command `tryroom serve`."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console

from pipelines import renderers
from pipelines.cli import fetch_for
from pipelines.errors import BadInput, MissingLibrary
from pipelines.serving.settings import ServeSettings

_USUAL = ServeSettings()


def serve(
    host: Annotated[str, typer.Option(help="Where to listen; 0.0.0.0 = for other machines.")] = _USUAL.host,
    port: Annotated[int, typer.Option(help="0 = any free one.")] = _USUAL.port,
    token: Annotated[
        str, typer.Option(envvar="TRYROOM_SERVE_TOKEN", help="What clients have to know; better in the environment.")
    ] = "",
    workers: Annotated[int, typer.Option(help="Processes, each with its own models.")] = _USUAL.workers,
    queue: Annotated[int, typer.Option(help="Renders that may wait; more are told to come again.")] = _USUAL.queue,
    max_mb: Annotated[float, typer.Option(help="Megabytes of one request.")] = _USUAL.max_bytes / 1e6,
    timeout: Annotated[float, typer.Option(help="Seconds that one render may take.")] = _USUAL.seconds,
    renderer: Annotated[str, typer.Option(help="Which renderer to use.")] = _USUAL.renderer,
) -> None:
    """Render for others over HTTP; they use `--renderer remote`."""
    settings = ServeSettings(
        renderer=renderer, host=host, port=port, token=token, workers=workers, queue=queue,
        max_bytes=round(max_mb * 1e6), seconds=timeout,
    )  # fmt: skip
    if renderer == "remote":
        raise BadInput("--renderer", "remote", "one that renders here", "Let clients ask the other Tryroom themselves.")
    try:
        from pipelines.serving.run import serve as run
    except ImportError as error:
        raise MissingLibrary("tryroom[serve]", "tryroom serve") from error
    for task in renderers.tasks_of(renderer):
        fetch_for(renderer, task)
    console = Console(stderr=True, highlight=False, markup=False, soft_wrap=True)
    run(settings, lambda address: console.print(f"{renderer} renders at {address}; how to ask: {address}/docs"))
