"""The desk where renders are handed in: a bounded queue, the workers, and what became of each render for a while.

All of it lives on one event loop, so that there is nothing to lock; what waits for a worker does so in a thread. What
clients send and get is held in memory only, and no word of it is logged.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import statistics
from collections import deque
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Literal

from pipelines.errors import BadInput
from pipelines.renderers import Load
from pipelines.serving.line import Line, seconds_until
from pipelines.serving.settings import Refused, ServeSettings
from pipelines.serving.worker import Cancel, Ended, Report, Ticket, work
from pipelines.workers import Worker, one_line

State = Literal["waiting", "running", "done", "failed", "cancelled"]

#: How often a render is begun whose worker dies over it.
_ATTEMPTS = 2
#: Seconds that a worker has to notice that its render was cancelled; it is ended then.
_GRACE = 10.0
#: Seconds until those who wait for news hear that there is none, so that they know a lost connection from a long step.
_SILENCE = 1.0
#: How many renders tell how long one takes.
_RECENT = 16


class Render:
    """One render and what is known of it."""

    def __init__(self, ticket: Ticket, key: str) -> None:
        self.id = secrets.token_urlsafe(16)  # whoever knows it may see the picture
        self.key, self.task, self.fingerprint = key, ticket.task, ticket.fingerprint
        self.ticket: Ticket | None = ticket  # let go of once it is not needed
        self.progress = Report(0.0, "waiting")
        self.preview: bytes | None = None  # the latest, while it runs
        self.previews = 0  # how many there were
        self.attempts = 0
        self.cancelled = False
        self.end: Ended | None = None
        self.limit: asyncio.Timeout | None = None  # while it runs
        self.worker: Worker | None = None  # once it has the ticket
        self._changed = asyncio.Event()

    @property
    def state(self) -> State:
        """Where it stands."""
        return self.end.state if self.end else "running" if self.limit else "waiting"

    def tell(self) -> None:
        """Wake those who wait for news of it."""
        self._changed.set()
        self._changed = asyncio.Event()

    async def news(self) -> AsyncIterator[bool]:
        """Once now, on every change, and a last time at its end; False where there was none for a while."""
        fresh = True
        while True:
            changed = self._changed
            yield fresh
            if self.end:
                return
            try:
                async with asyncio.timeout(_SILENCE):
                    await changed.wait()
                fresh = True
            except TimeoutError:
                fresh = False


class Desk:
    """Takes renders in, has them done in turn, and keeps what came of them.

    Args:
        load: makes the renderer of a task in each worker; a function of a module, since it travels to another process.
    """

    def __init__(self, settings: ServeSettings, load: Load) -> None:
        self.settings, self._load = settings, load
        self.stopping = False
        self._renders: dict[str, Render] = {}
        self._by_key: dict[str, Render] = {}
        self._waiting: deque[Render] = deque()
        self._ended: deque[Render] = deque()
        self._arriving = 0
        self._line = Line()
        self._took: deque[float] = deque([0.0], _RECENT)  # seconds that the last renders kept a worker; 0 before any
        self._arrived = asyncio.Event()
        self._drivers: list[asyncio.Task[None]] = []
        self._threads = ThreadPoolExecutor(settings.workers, "worker-pipe")

    async def open(self) -> None:
        """Begin to work."""
        self._drivers = [asyncio.create_task(self._drive()) for _ in range(self.settings.workers)]

    async def close(self) -> None:
        """End the workers; renders that are not done are cancelled, and those who wait for them are told."""
        self.stopping = True
        for driver in self._drivers:
            driver.cancel()
        await asyncio.gather(*self._drivers, return_exceptions=True)
        for render in list(self._renders.values()):
            if not render.end:
                self._finish(render, Ended("cancelled", stage="serving", why="the server stopped"))
        self._threads.shutdown()

    # --- what clients ask for -------------------------------------------------------------------------------

    @contextlib.contextmanager
    def place(self, key: str = "", *, known: bool = False) -> Iterator[None]:
        """Hold a place in the queue for a request while it arrives; Refused where there is none.

        Args:
            key: by which one who is told to come again has a turn; "" = none.
            known: its render came before, and has its place.
        """
        self._refuse_if_stopping()
        if not known:
            self._enter(key)
        self._arriving += 1
        try:
            yield
        finally:
            self._arriving -= 1

    def _enter(self, key: str) -> None:
        """Refused unless there is a place that belongs to nobody before."""
        coming = len(self._waiting) + self._arriving
        running = sum(render.state == "running" for render in self._renders.values())
        seconds = self._line.enter(
            key, self.settings.queue - coming, running + coming < self.settings.workers, self._pace,
            asyncio.get_running_loop().time(),
        )  # fmt: skip
        if seconds:
            allowed = f"{self.settings.queue} renders that wait"
            step = f"Come again after {seconds} seconds; the same Idempotency-Key keeps your turn."
            raise Refused(429, BadInput("queue", "more than that", allowed, step), {"Retry-After": str(seconds)})

    @property
    def _pace(self) -> float:
        """Seconds from one place in the queue that becomes free to the next; no matter that loading took longer."""
        return statistics.median(self._took) / self.settings.workers

    def _refuse_if_stopping(self) -> None:
        if self.stopping:
            problem = BadInput("server", "a render while it stops", "renders while it runs", "Come again later.")
            raise Refused(503, problem, {"Retry-After": str(seconds_until(1, self._pace))})

    def known(self, key: str) -> Render | None:
        """The render that came with this idempotency key."""
        return self._by_key.get(key)

    def submit(self, ticket: Ticket, key: str = "") -> Render:
        """Put a render at the end of the queue, or find the one that came with this key; call it within `place`."""
        self._refuse_if_stopping()  # it may have begun to while the request arrived
        if known := self.known(key):
            if known.fingerprint != ticket.fingerprint:
                step = "Choose a new random key for each render."
                raise Refused(422, BadInput("Idempotency-Key", "another request", "the request it came with", step))
            return known
        render = Render(ticket, key)
        self._renders[render.id] = render
        if key:
            self._by_key[key] = render
        self._waiting.append(render)
        self._arrived.set()
        return render

    def find(self, render_id: str) -> Render:
        """A render by its id; Refused if it is not kept."""
        if render_id not in self._renders:
            allowed = f"a render of the last {self.settings.keep_seconds:g} seconds"
            problem = BadInput("render", "an id that is not known", allowed, "Send the request again.")
            raise Refused(404, problem)
        return self._renders[render_id]

    def drop(self, render: Render) -> None:
        """Cancel a render that is not done yet, forget one that is."""
        if render.end:
            self._forget(render)
        elif render.limit is None:
            self._waiting.remove(render)
            self._finish(render, Ended("cancelled", why="cancelled by the client"))
        elif not render.cancelled:
            render.cancelled, render.preview = True, None
            soon = asyncio.get_running_loop().time() + _GRACE
            if not render.limit.expired():
                render.limit.reschedule(min(soon, render.limit.when() or soon))
            if render.worker:
                render.worker.send(Cancel())

    def ahead_of(self, render: Render) -> int | None:
        """How many are begun before a render; None if it does not wait."""
        return None if render.state != "waiting" else self._waiting.index(render)

    @property
    def waiting(self) -> int:
        """How many renders wait."""
        return len(self._waiting)

    # --- the work -------------------------------------------------------------------------------------------

    async def _drive(self) -> None:
        """Have one render after the other done by a worker; one that died is replaced."""
        worker: Worker | None = None
        try:
            while True:
                while not self._waiting:
                    self._arrived.clear()
                    await self._arrived.wait()
                render = self._waiting.popleft()
                try:
                    worker = worker or Worker(work, self.settings.renderer, self._load)
                except OSError as error:  # no memory, or no more processes
                    self._finish(render, Ended("failed", stage="starting a worker", why=one_line(error)))
                    continue
                if not await self._do(render, worker):
                    worker = None
        finally:
            if worker:
                worker.stop()

    async def _do(self, render: Render, worker: Worker) -> bool:
        """Do one render; whether the worker outlived it."""
        render.attempts += 1
        end: Ended | None = None
        began = asyncio.get_running_loop().time()
        try:
            async with asyncio.timeout(self.settings.seconds) as render.limit:
                self._tell_all(render)
                end = await self._talk(render, worker)
            alive = end is not None
        except TimeoutError:
            alive = False
            end = Ended("failed", stage="rendering", why=f"it took over {self.settings.seconds:g} seconds")
        if end is not None and not render.cancelled:
            self._took.append(asyncio.get_running_loop().time() - began)
        if not alive:
            worker.stop()
        if render.cancelled:
            end = Ended("cancelled", why="cancelled by the client")
        elif end is None and render.attempts >= _ATTEMPTS:
            end = Ended("failed", stage="rendering", why=f"{worker.how_it_died()}, {_ATTEMPTS} times")
        if end is None:
            self._put_back(render)
        else:
            self._finish(render, end)
        return alive

    async def _talk(self, render: Render, worker: Worker) -> Ended | None:
        """Give a worker its ticket and listen until its end, or until the worker died."""
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(self._threads, worker.send, render.ticket)
        render.worker = worker
        if render.cancelled:
            worker.send(Cancel())
        while True:
            said: Any = await loop.run_in_executor(self._threads, worker.receive)
            if not isinstance(said, Report):
                return said
            if said.preview is not None and not render.cancelled:
                render.preview, render.previews = said.preview, render.previews + 1
            render.progress = Report(said.fraction, said.stage)
            render.tell()

    def _put_back(self, render: Render) -> None:
        """Let a render wait for another worker, before all others."""
        render.limit = render.worker = render.preview = None
        render.progress = Report(0.0, "waiting for another worker")
        self._waiting.appendleft(render)
        self._tell_all(render)

    def _tell_all(self, render: Render) -> None:
        """News for a render that moved, and for those behind it in the queue."""
        for one in (render, *self._waiting):
            one.tell()

    def _finish(self, render: Render, end: Ended) -> None:
        """Keep how a render ended, and let go of what it was made from and of the oldest results."""
        render.end, render.ticket, render.limit, render.worker, render.preview = end, None, None, None, None
        self._ended.append(render)
        asyncio.get_running_loop().call_later(self.settings.keep_seconds, self._forget, render)
        while len(self._ended) > 1 and self._too_much_is_kept():
            self._forget(self._ended[0])
        self._tell_all(render)

    def _too_much_is_kept(self) -> bool:
        size = sum(render.end.size for render in self._ended if render.end)
        return len(self._ended) > self.settings.keep or size > self.settings.keep_bytes

    def _forget(self, render: Render) -> None:
        if self._renders.pop(render.id, None):
            self._by_key.pop(render.key, None)
            self._ended.remove(render)
