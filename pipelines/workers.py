"""Processes that work for this one, each with a pipe of its own: one that dies is noticed and takes no other along."""

from __future__ import annotations

import contextlib
import multiprocessing
import multiprocessing.connection
import signal
from collections.abc import Callable
from typing import Any

from pipelines.errors import TryroomError


def one_line(error: Exception) -> str:
    """What went wrong, for a report: the text of our own errors, else the kind of error too."""
    text = str(error) if isinstance(error, TryroomError) else f"{type(error).__name__}: {error}"
    return " ".join(text.split())


class Worker:
    """A process and the pipe to it.

    Args:
        body: what it runs, given its end of the pipe and the arguments; a function of a module, since it travels.
    """

    def __init__(self, body: Callable[..., None], *arguments: Any) -> None:
        # Spawned, not forked: forking after threads have started can deadlock the networks' libraries.
        context = multiprocessing.get_context("spawn")
        self.pipe, theirs = context.Pipe()
        self.process = context.Process(target=body, args=(theirs, *arguments), daemon=True)
        self.process.start()
        theirs.close()

    def send(self, message: Any) -> None:
        """Hand it something."""
        with contextlib.suppress(OSError):  # died while idle: `receive` will say so
            self.pipe.send(message)

    def receive(self) -> Any:
        """What it says next, waiting for it; None if the process has died."""
        try:
            return self.pipe.recv()
        except (EOFError, OSError):
            self.process.join(timeout=5)
            return None

    def stop(self) -> None:
        """End it at once, whatever it does."""
        self.process.kill()
        self.process.join()
        self.pipe.close()

    def how_it_died(self) -> str:
        """Why `receive` gave nothing, for people."""
        if self.process.exitcode == -signal.SIGKILL:
            return "the worker process was killed, as systems do when memory runs out; try fewer --workers"
        return f"the worker process ended unexpectedly (exit code {self.process.exitcode})"
