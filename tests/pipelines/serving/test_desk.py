"""Workers that are killed, too slow or cancelled, and a server that stops: whoever waits is told."""

from __future__ import annotations

import asyncio
import errno
import json
import os
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from pipelines import wire
from pipelines.serving import desk
from pipelines.serving.desk import Desk
from pipelines.serving.settings import Refused, ServeSettings
from pipelines.serving.worker import Ticket
from tests.pipelines import tiny_renderer
from tests.pipelines.serving.served import Served, serving, tryon
from tests.pipelines.tiny_renderer import CRASHES, HOLDS, SLOW


def lines(log: Path, kind: str) -> list[str]:
    return [line for line in log.read_text().splitlines() if line.startswith(kind)]


def worker_of_next_render(log: Path, seen: int) -> int:
    """The process that begins the render after so many."""
    end = time.monotonic() + 60
    while len(lines(log, "render")) <= seen:
        assert time.monotonic() < end
        time.sleep(0.01)
    return int(lines(log, "render")[seen].split()[1])


def test_a_killed_worker_is_replaced_and_its_render_begun_again(served: Served, log: Path) -> None:
    seen = len(lines(log, "render"))
    slow, behind = (served.post(tryon(behaviour, 11)).json["id"] for behaviour in (SLOW, 0))
    first = worker_of_next_render(log, seen)
    os.kill(first, signal.SIGKILL)
    events = served.events(slow)
    assert events[-1][0] == "done"
    assert events[-1][1]["attempts"] == 2
    assert worker_of_next_render(log, seen + 1) != first
    assert served.wait_for(behind, "done")["attempts"] == 1


def test_what_a_worker_showed_goes_with_it_and_the_next_one_shows_more(served: Served, log: Path) -> None:
    seen = len(lines(log, "render"))
    render = served.post(tryon(HOLDS, 17), previews=True).json["id"]
    for attempt in (1, 2):
        worker = worker_of_next_render(log, seen + attempt - 1)
        end = time.monotonic() + 60
        while served.status(render)["previews"] < attempt:
            assert time.monotonic() < end
        assert served.ask("GET", f"/v1/renders/{render}/preview").status == 200
        os.kill(worker, signal.SIGKILL)
    served.wait_for(render, "failed")
    assert served.ask("GET", f"/v1/renders/{render}/preview").status == 409


def test_a_render_that_kills_its_workers_is_given_up_and_takes_no_other_along(served: Served) -> None:
    bad, good = (served.post(tryon(behaviour, 12)).json["id"] for behaviour in (CRASHES, 0))
    name, status = served.events(bad)[-1]
    assert (name, status["attempts"]) == ("failed", 2)
    assert status["failure"]["why"] == "the worker process ended unexpectedly (exit code 3), 2 times"
    assert served.wait_for(good, "done")["attempts"] == 1


def test_a_running_render_is_cancelled_at_its_next_step(served: Served, log: Path) -> None:
    seen, loads = len(lines(log, "render")), len(lines(log, "load"))
    slow = served.post(tryon(SLOW, 13)).json["id"]
    worker_of_next_render(log, seen)
    assert served.ask("DELETE", f"/v1/renders/{slow}").status == 204
    assert served.events(slow)[-1][0] == "cancelled"
    assert served.ask("GET", f"/v1/renders/{slow}/picture").status == 409
    served.wait_for(served.post(tryon(seed=14)).json["id"], "done")
    assert len(lines(log, "load")) == loads  # by the same worker


def test_a_cancelled_render_shows_itself_no_more_even_before_it_stops(served: Served, log: Path) -> None:
    seen = len(lines(log, "render"))
    held = served.post(tryon(HOLDS, 18), previews=True).json["id"]
    worker = worker_of_next_render(log, seen)
    end = time.monotonic() + 60
    while not served.status(held)["previews"]:
        assert time.monotonic() < end
    os.kill(worker, signal.SIGSTOP)
    served.ask("DELETE", f"/v1/renders/{held}")
    assert served.status(held)["state"] == "running"
    assert served.ask("GET", f"/v1/renders/{held}/preview").status == 409
    os.kill(worker, signal.SIGCONT)
    served.wait_for(held, "cancelled")


def test_a_cancelled_render_that_makes_no_step_is_ended(
    served: Served, log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(desk, "_GRACE", 0.1)
    seen = len(lines(log, "render"))
    slow = served.post(tryon(SLOW, 15)).json["id"]
    worker = worker_of_next_render(log, seen)
    served.ask("DELETE", f"/v1/renders/{slow}")
    assert served.events(slow)[-1][0] == "cancelled"
    served.wait_for(served.post(tryon(seed=16)).json["id"], "done")
    assert worker_of_next_render(log, seen + 1) != worker


def test_a_render_that_takes_too_long_is_ended(log: Path) -> None:
    with serving(seconds=0.2) as hasty:
        status = hasty.wait_for(hasty.post(tryon(SLOW)).json["id"], "failed")
        assert status["failure"]["why"] == "it took over 0.2 seconds"


def test_a_worker_that_cannot_be_started_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    def none(*_: object) -> None:
        raise OSError(errno.ENOMEM, "Cannot allocate memory")

    with serving() as poor:
        monkeypatch.setattr(desk, "Worker", none)
        status = poor.wait_for(poor.post(tryon()).json["id"], "failed")
    assert status["failure"]["stage"] == "starting a worker"
    assert "Cannot allocate memory" in status["failure"]["why"]


def test_a_request_that_arrives_while_the_server_stops_is_not_kept_waiting() -> None:
    async def arriving() -> None:
        counter = Desk(ServeSettings(), tiny_renderer.load)
        await counter.open()
        with counter.place():
            await counter.close()
            counter.submit(Ticket("tryon", b"", {}))

    # In a thread of its own: a test in a browser leaves a running loop in the main one.
    with ThreadPoolExecutor(1) as thread, pytest.raises(Refused) as refused:
        thread.submit(asyncio.run, arriving()).result()
    assert refused.value.status == 503


def test_when_to_come_again_follows_from_what_renders_took_and_how_many_come_before(log: Path) -> None:
    document, pictures = wire.pack(tryon(SLOW))

    async def told() -> list[int]:
        counter = Desk(ServeSettings(queue=1), tiny_renderer.load)
        await counter.open()
        render = counter.submit(Ticket("tryon", json.dumps(document).encode(), pictures))
        async for _ in render.news():
            pass
        seconds = []
        with counter.place():
            for number in range(9):
                with pytest.raises(Refused) as refused, counter.place(f"client {number}"):
                    pass
                seconds.append(int(refused.value.headers["Retry-After"]))
        await counter.close()
        return seconds

    with ThreadPoolExecutor(1) as thread:
        seconds = thread.submit(asyncio.run, told()).result()
    assert seconds == sorted(seconds)
    assert seconds[-1] >= 9 * 0.5 / 2  # the middle of one that slept half a second, and of none


def test_whoever_waits_is_told_when_the_server_stops(log: Path) -> None:
    ends: dict[str, tuple[str, dict[str, object]]] = {}
    seen = len(lines(log, "render"))
    with serving() as stopping:
        ids = [stopping.post(tryon(SLOW, seed)).json["id"] for seed in (1, 2)]
        watch = lambda render: ends.update({render: stopping.events(render)[-1]})  # noqa: E731
        watchers = [threading.Thread(target=watch, args=(render,)) for render in ids]
        for watcher in watchers:
            watcher.start()
        pid = worker_of_next_render(log, seen)
    for watcher in watchers:
        watcher.join(10)
    assert {name for name, _ in ends.values()} == {"cancelled"}
    assert [ends[render][1]["failure"] for render in ids] == [{"stage": "serving", "why": "the server stopped"}] * 2
    assert not Path(f"/proc/{pid}").exists()
