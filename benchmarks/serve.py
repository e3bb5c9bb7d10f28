"""`tryroom serve` under load on one machine: clients that all come at once, and a queue shorter than they are many.

    python -m benchmarks.serve [--clients 50] [--queue 16] [--workers 1] [--small 512]

Each client is a thread with the renderer `remote`: it sends its request, comes again while the queue is full, follows
the events and fetches picture, mask and steps. `seconds` run from its first try until all of that is here. `refused`
counts answers 429; `lost` requests that ended without a picture, or with another one than the first of all. Two
renderers: `compact`, and one that does nothing, so that what is left is the time of the server and of its clients,
which share the machine. `memory` is the most that the server and its workers held together; `load_before` what else the
machine was doing, as processes that wanted to run in the minute before.
"""

from __future__ import annotations

import argparse
import multiprocessing
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import psutil
from PIL import Image as PILImage

import tryroom
from benchmarks.measuring import Row, report
from pipelines import images, renderers
from pipelines.remote import RemoteRenderer
from pipelines.renderers import Renderer
from pipelines.schema import OnProgress, RenderResult, RenderSettings, TryOnRequest
from pipelines.serving.run import Server, bind
from pipelines.serving.settings import ServeSettings
from recommend.catalog import read_catalog

COLUMNS = (
    "renderer", "photo", "clients", "workers", "queue", "renders", "seconds_p50", "seconds_p95", "renders_per_s",
    "refused", "lost", "memory_mb", "load_before",
)  # fmt: skip


class Nothing:
    """Gives the photo back as it is."""

    def recipe(self, request: TryOnRequest) -> dict[str, Any]:
        return {"person": images.pixels_sha256(request.person), "seed": request.settings.seed}

    def render(self, request: TryOnRequest, on_progress: OnProgress | None = None) -> RenderResult:
        mask = np.zeros(request.person.shape[:2], np.uint8)
        return RenderResult(request.person, mask, {"mask": mask, "hint": request.person}, self.recipe(request))


def load_nothing(name: str, task: str) -> Renderer:
    """In place of `pipelines.renderers.load`."""
    return Nothing()


LOADS = {"nothing": load_nothing, "compact": renderers.load}


class CountingRemote(RemoteRenderer):
    """`remote` that counts how often it was told to come again."""

    def __init__(self, address: str) -> None:
        self.answers: list[int] = []
        super().__init__("tryon", address, patience=3600)

    def _refusal(self, status: int, retry_after: str | None, body: bytes) -> Exception:
        self.answers.append(status)
        return super()._refusal(status, retry_after, body)


def serve(pipe: Any, which: str, workers: int, queue: int) -> None:
    """Body of the server's process."""
    settings = ServeSettings(port=0, workers=workers, queue=queue, seconds=3600)
    with bind(settings) as listening:
        pipe.send(listening.getsockname()[1])
        Server(settings, LOADS[which]).run(sockets=[listening])


@dataclass
class Memory:
    """The most megabytes that a process and its children held, looked at ten times a second."""

    pid: int
    most: float = 0.0
    ended: bool = False

    def watch(self) -> None:
        """Look until `ended`."""
        process = psutil.Process(self.pid)
        while not self.ended:
            held = 0
            for one in (process, *process.children(recursive=True)):
                try:
                    held += one.memory_info().rss
                except psutil.NoSuchProcess:
                    continue
            self.most = max(self.most, held / 1e6)
            time.sleep(0.1)


@contextmanager
def running(which: str, workers: int, queue: int) -> Iterator[tuple[str, Memory]]:
    """A server in a process of its own: its address and its memory."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=serve, args=(theirs, which, workers, queue))
    process.start()
    memory = Memory(process.pid or 0)
    watcher = threading.Thread(target=memory.watch, daemon=True)
    try:
        address = f"http://127.0.0.1:{ours.recv()}"
        watcher.start()
        yield address, memory
        memory.ended = True
        watcher.join()
    finally:
        process.terminate()
        process.join()


def request(side: int) -> TryOnRequest:
    """A demo person at most so many pixels high, in the first top of the catalog."""
    catalog = read_catalog(tryroom.CATALOG)
    item = next(item for item in catalog.items if item.category == "upper")
    person = PILImage.fromarray(images.load_image(tryroom.demo_people()[0].image))
    person.thumbnail((side, side), PILImage.Resampling.LANCZOS)
    garment = images.load_image(catalog.picture(item), keep_alpha=True)
    return TryOnRequest(np.array(person), garment, settings=RenderSettings(renderer="remote"))


def measure(which: str, clients: int, each: int, workers: int, queue: int, side: int) -> Row:
    """All clients at once, each with several renders one after the other."""
    before = psutil.getloadavg()[0]
    asked = request(side)
    with running(which, workers, queue) as (address, memory), ThreadPoolExecutor(clients) as threads:
        renderer = CountingRemote(address)
        first = renderer.render(asked)  # the networks are loaded now

        def ask(_: int) -> float | None:
            start = time.perf_counter()
            try:
                result = renderer.render(asked)
            except Exception as error:
                print(f"lost: {error}")
                return None
            return time.perf_counter() - start if np.array_equal(result.image, first.image) else None

        start = time.perf_counter()
        ends = list(threads.map(ask, range(clients * each)))
        took = time.perf_counter() - start
    seconds = [end for end in ends if end is not None]
    return {
        "renderer": which, "photo": f"{asked.person.shape[1]}x{asked.person.shape[0]}", "clients": clients,
        "workers": workers, "queue": queue, "renders": len(ends), "seconds_p50": float(np.percentile(seconds, 50)),
        "seconds_p95": float(np.percentile(seconds, 95)), "renders_per_s": len(seconds) / took,
        "refused": renderer.answers.count(429), "lost": len(ends) - len(seconds), "memory_mb": memory.most,
        "load_before": before,
    }  # fmt: skip


def main() -> None:
    """Measure both renderers, write the CSV and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clients", type=int, default=50)
    parser.add_argument(
        "--each", type=int, nargs=2, default=[4, 1], help="renders of each client: of nothing, of compact"
    )
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--queue", type=int, default=16)
    parser.add_argument("--small", type=int, default=512, help="the photo's longer side")
    parser.add_argument("--only", choices=tuple(LOADS))
    parser.add_argument("--out", type=Path, default=Path("docs/benchmarks/serve.csv"))
    args = parser.parse_args()
    rows = [
        measure(which, args.clients, each, args.workers, args.queue, args.small)
        for which, each in zip(LOADS, args.each, strict=True)
        if args.only in (None, which)
    ]
    report(args.out, COLUMNS, rows, ("fastapi", "uvicorn", "torch", "numpy"))


if __name__ == "__main__":
    main()
