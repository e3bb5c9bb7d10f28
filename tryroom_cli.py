"""The command `tryroom`: joins the commands of rendering and retrieval, prints errors and chooses exit codes.

0: done. 1: something could not be done. 2: the input cannot be used, with a message that says why. 130: Ctrl-C.
"""

from __future__ import annotations

import importlib.metadata
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

import demo
import tryroom
from pipelines import cli as rendering
from pipelines import errors as rendering_errors
from pipelines import renderers
from pipelines.serving.command import serve
from recommend import chat
from recommend import cli as retrieval
from recommend import errors as retrieval_errors

if TYPE_CHECKING:
    from recommend.embedder import WeightPaths

_BAD_INPUT = (rendering_errors.BadInput, retrieval_errors.BadInput)
_KNOWN = (rendering_errors.TryroomError, retrieval_errors.RecommendError)

app = typer.Typer(
    help="Say what you want, see it on you.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(asked: bool) -> None:
    if asked:
        print(f"tryroom {importlib.metadata.version('tryroom')}")
        raise typer.Exit


@app.callback()
def join(
    ctx: typer.Context,
    version: Annotated[bool, typer.Option("--version", callback=_print_version, is_eager=True)] = False,
) -> None:
    """Give each package what it needs of the other."""
    ctx.meta[rendering.FIND_ITEM] = tryroom.find_item
    ctx.meta[chat.RENDER] = tryroom.shows_on
    ctx.meta[retrieval.TOOLS] = retrieval.Tools(
        weights=_retriever_weights,
        catalog=tryroom.CATALOG,
        read_person=tryroom.read_person,
        furniture=tryroom.FURNITURE,
        read_room=tryroom.read_room,
    )


def _retriever_weights() -> WeightPaths:
    """The same as `tryroom.retriever_weights`, with a progress bar."""
    rendering.fetch_all(tryroom.RETRIEVER_WEIGHTS)
    return tryroom.retriever_weights()


app.command("tryon")(rendering.tryon)
app.command("room")(rendering.room)
app.command("edit")(rendering.edit)
app.command("recommend")(retrieval.recommend_command)
app.command("chat")(chat.chat)
app.command("batch")(rendering.batch)
app.command("serve")(serve)
app.add_typer(retrieval.catalog_app, name="catalog")
app.add_typer(rendering.weights_app, name="weights")
app.command("demo")(demo.command)


@app.command("app", context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def start_app(
    ctx: typer.Context,
    renderer: Annotated[
        str, typer.Option(envvar=renderers.RENDERER_VARIABLE, help="What renders in the app; docs/renderers.md.")
    ] = "",
) -> None:
    """Start the app in the browser; further options go to Streamlit (--server.port 8502)."""
    page = Path(__file__).parent / "app.py"
    if renderer:
        renderers.tasks_of(renderer)  # an unknown one is said here, where somebody reads
        os.environ[renderers.RENDERER_VARIABLE] = renderer
    os.execv(sys.executable, [sys.executable, "-m", "streamlit", "run", str(page), *ctx.args])


def main() -> None:
    """Entry point of the console script."""
    try:
        app()
    except _KNOWN as error:
        print(f"tryroom: {error}", file=sys.stderr)
        sys.exit(2 if isinstance(error, _BAD_INPUT) else 1)
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
