"""What a worker process of the server does: it renders one ticket at a time and tells how it goes."""

from __future__ import annotations

import contextlib
import hashlib
import multiprocessing.connection
import signal
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from pipelines import images
from pipelines.errors import BadInput, RenderCancelled, RenderFailed
from pipelines.renderers import Load, Renderer
from pipelines.schema import Progress, RenderResult
from pipelines.serving import forms
from pipelines.workers import one_line

#: Longer side of a preview in pixels.
PREVIEW_SIDE = 640


@dataclass(frozen=True)
class Ticket:
    """A request for a worker.

    Attributes:
        task: what of. document: its JSON. pictures: the files that it names.
        only_recipe: tell what it would be made with, and do not render it.
        previews: show what there is to see on the way.
    """

    task: str
    document: bytes = field(repr=False)
    pictures: Mapping[str, bytes] = field(repr=False)
    only_recipe: bool = False
    previews: bool = False

    @property
    def fingerprint(self) -> bytes:
        """The same for the same request."""
        sha = hashlib.sha256(b"previews " * self.previews + self.document)
        for name, data in self.pictures.items():
            sha.update(f"{name} {len(data)}\n".encode() + data)
        return sha.digest()


@dataclass(frozen=True)
class Cancel:
    """Asks a worker to stop what it is doing at its next report; one that is idle passes over it."""


@dataclass(frozen=True)
class Report:
    """How far a ticket is.

    Attributes:
        fraction, stage: as in `Progress`.
        preview: a JPEG of the state, if one was asked for and there is one.
    """

    fraction: float
    stage: str
    preview: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Ended:
    """How a ticket ended.

    Attributes:
        pictures: PNGs, "picture" with its recipe inside, "mask", and each step as "steps/NAME".
        recipe: what the picture was made with, or would be.
        seconds: that rendering took.
        problem: of a request that could not be used. stage, why: of one that failed or was cancelled.
    """

    state: Literal["done", "failed", "cancelled"]
    pictures: Mapping[str, bytes] = field(default_factory=dict, repr=False)
    recipe: Mapping[str, Any] | None = None
    warnings: tuple[str, ...] = ()
    seconds: float = 0.0
    problem: Mapping[str, str] | None = None
    stage: str = ""
    why: str = ""

    @property
    def size(self) -> int:
        """Bytes of its pictures."""
        return sum(map(len, self.pictures.values()))


def work(pipe: multiprocessing.connection.Connection, renderer: str, load: Load) -> None:
    """Body of the process: tickets in, reports and ends out, until the parent is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the parent decides
    loaded: dict[str, Renderer] = {}
    with contextlib.suppress(EOFError, OSError):
        while True:
            message = pipe.recv()
            if isinstance(message, Ticket):
                pipe.send(_answer(message, pipe, renderer, load, loaded))


def _answer(
    ticket: Ticket,
    pipe: multiprocessing.connection.Connection,
    name: str,
    load: Load,
    loaded: dict[str, Renderer],
) -> Ended:
    """Do one ticket; whatever is wrong with it becomes its end."""

    def report(now: Progress) -> None:
        if pipe.poll():  # nothing but a Cancel comes while a ticket is being done
            pipe.recv()
            raise RenderCancelled("cancelled by the client")
        shown = now.preview if ticket.previews and now.fraction < 1 else None  # at the end the picture itself comes
        preview = None if shown is None else images.jpeg_bytes(shown, PREVIEW_SIDE)
        pipe.send(Report(now.fraction, now.stage, preview))

    try:
        if ticket.task not in loaded:
            report(Progress(0.0, "loading the networks"))
            loaded[ticket.task] = load(name, ticket.task)
        renderer = loaded[ticket.task]
        request = forms.unpack(ticket.document, ticket.pictures, name)
        if ticket.only_recipe:
            return Ended("done", recipe=renderer.recipe(request))
        start = time.perf_counter()
        result = renderer.render(request, report)
        return Ended("done", _pngs(result), result.recipe, result.warnings, time.perf_counter() - start)
    except RenderCancelled as stopped:
        return Ended("cancelled", why=str(stopped))
    except BadInput as wrong:
        return Ended("failed", problem=said(wrong))
    except RenderFailed as wrong:
        return Ended("failed", stage=wrong.stage, why=wrong.why)
    except Exception as wrong:  # a bug or a full memory in one render must not take the others along
        return Ended("failed", stage="rendering", why=one_line(wrong))


def said(error: BadInput) -> dict[str, str]:
    """The four parts of a message."""
    return {"what": error.what, "got": error.got, "allowed": error.allowed, "next": error.next_step}


def _pngs(result: RenderResult) -> dict[str, bytes]:
    return {
        "picture": images.png_bytes(result.image, result.recipe, quick=True),
        "mask": images.png_bytes(result.mask, quick=True),
        **{f"steps/{name}": images.png_bytes(step, quick=True) for name, step in result.steps.items()},
    }
