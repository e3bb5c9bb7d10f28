"""Long work in a thread of its own, which the page watches and can cancel. Knows nothing of the screen."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, TimeoutError
from contextlib import contextmanager
from typing import Generic, TypeVar

from pipelines.errors import RenderCancelled
from pipelines.schema import OnProgress, Progress
from ui import pictures

T = TypeVar("T")

#: How often a task that waits for another looks whether it was cancelled itself, in seconds.
_PATIENCE = 0.1


class Task(Generic[T]):
    """Work that runs once, in a daemon thread, from `start` on.

    Args:
        work: takes a progress callback, which raises `RenderCancelled` once `cancel` was called.
        name: of the thread, for logs.
    """

    def __init__(self, work: Callable[[OnProgress], T], name: str) -> None:
        self._future: Future[T] = Future()
        self._cancelled = threading.Event()
        self._progress = Progress(0.0, "starting")
        self._preview: bytes | None = None
        self._followers: set[object] = set()
        self._thread = threading.Thread(target=self._run, args=(work,), name=name, daemon=True)

    def start(self) -> Task[T]:
        """Begin; returns the task itself."""
        self._thread.start()
        return self

    def cancel(self) -> None:
        """Ask the work to stop at its next report; work that reports no more runs to its end."""
        self._cancelled.set()

    @property
    def fraction(self) -> float:
        """0 to 1, never falling."""
        return self._progress.fraction

    @property
    def stage(self) -> str:
        """What is being done, for people."""
        return self._progress.stage

    @property
    def preview(self) -> bytes | None:
        """The latest picture of the state as a small JPEG, None until there is one."""
        return self._preview

    @property
    def cancelled(self) -> bool:
        """Whether `cancel` was called."""
        return self._cancelled.is_set()

    @property
    def followed(self) -> bool:
        """Whether other tasks wait for it."""
        return bool(self._followers)

    @property
    def done(self) -> bool:
        """Whether the work has ended, in whatever way."""
        return self._future.done()

    @property
    def error(self) -> BaseException | None:
        """What the work raised; None while it runs and when it succeeded."""
        return self._future.exception() if self.done else None

    def wait(self, seconds: float | None = None) -> bool:
        """Wait for the end, at most so long; whether it has come."""
        try:
            self._future.exception(seconds)
        except TimeoutError:
            return False
        return True

    def result(self) -> T:
        """What the work returned, waiting for it; raises what it raised."""
        return self._future.result()

    def follow(self, report: OnProgress) -> T:
        """Wait within another task, passing this one's progress on, so that the other can be cancelled meanwhile."""
        me = object()
        self._followers.add(me)
        try:
            while not self.wait(_PATIENCE):
                report(self._progress)
        finally:
            self._followers.discard(me)
        return self.result()

    def _run(self, work: Callable[[OnProgress], T]) -> None:
        try:
            self._future.set_result(work(self._report))
        except BaseException as error:  # handed to whoever asks for the result
            self._future.set_exception(error)

    def _report(self, progress: Progress) -> None:
        if self._cancelled.is_set():
            raise RenderCancelled("cancelled on the page")
        if progress.preview is not None:
            # Made small here: the page asks for it several times a second.
            self._preview = pictures.jpeg(pictures.fit(progress.preview, pictures.PREVIEW_SIDE))
        self._progress = Progress(max(self.fraction, progress.fraction), progress.stage)


def part(report: OnProgress, low: float, high: float) -> OnProgress:
    """A callback for one part of the work, whose 0 to 1 is `low` to `high` of the whole."""
    return lambda p: report(Progress(low + (high - low) * p.fraction, p.stage, p.preview))


class Turns:
    """One at a time, in the order of asking; whoever waits can still give up."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._queue: list[object] = []

    @contextmanager
    def take(self, report: OnProgress) -> Iterator[None]:
        """Wait for one's turn and hold it.

        Args:
            report: called while waiting; may raise to give up.
        """
        ticket = object()
        with self._changed:
            self._queue.append(ticket)
        try:
            while (ahead := self._ahead(ticket)) > 0:
                report(Progress(0.0, f"waiting for {'another render' if ahead == 1 else f'{ahead} other renders'}"))
            yield
        finally:
            with self._changed:
                self._queue.remove(ticket)
                self._changed.notify_all()

    def _ahead(self, ticket: object) -> int:
        """How many come first; if any, returned after a moment or when that changes."""
        with self._changed:
            if self._queue[0] is not ticket:
                self._changed.wait(_PATIENCE)
            return self._queue.index(ticket)
