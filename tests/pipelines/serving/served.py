"""A server on a free port of this machine, around the tiny renderer, and the least of a client for it."""

from __future__ import annotations

import http.client
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from pipelines import wire
from pipelines.renderers import Load
from pipelines.schema import Image, RenderSettings, TryOnRequest
from pipelines.serving.run import Server, bind
from pipelines.serving.settings import ServeSettings
from tests.conftest import picture
from tests.pipelines import tiny_renderer
from tests.pipelines.tiny_renderer import TinyRenderer

TOKEN = "a-token-for-tests"


@dataclass(frozen=True)
class Answer:
    """An answer, its body as bytes and, where it is that, as JSON."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class Served:
    """A running server."""

    port: int
    server: Server

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def ask(
        self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None, token: str = TOKEN
    ) -> Answer:
        """One request; a body that is an iterator goes in chunks."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        authorization = {"Authorization": f"Bearer {token}"} if token else {}
        connection.request(method, path, body, {**authorization, **(headers or {})})
        answer = connection.getresponse()
        said = Answer(answer.status, answer.headers, answer.read())
        connection.close()
        return said

    def post(self, request: TryOnRequest, key: str = "", *, previews: bool = False) -> Answer:
        """Hand a render in."""
        body, kind = wire.body_of(*wire.pack(request))
        path = f"/v1/renders{'?previews=true' if previews else ''}"
        return self.ask("POST", path, body, {"Content-Type": kind, **({"Idempotency-Key": key} if key else {})})

    def status(self, render_id: str) -> Any:
        return self.ask("GET", f"/v1/renders/{render_id}").json

    def events(self, render_id: str) -> list[tuple[str, Any]]:
        """All events of a render, until its end."""
        lines = self.ask("GET", f"/v1/renders/{render_id}/events").body.decode().splitlines()
        names = [line.removeprefix("event: ") for line in lines if line.startswith("event: ")]
        return list(zip(names, [json.loads(line[6:]) for line in lines if line.startswith("data: ")], strict=True))

    def wait_for(self, render_id: str, *states: str) -> Any:
        """The status of a render once it is in one of these states."""
        end = time.monotonic() + 60
        while (status := self.status(render_id))["state"] not in states:
            assert time.monotonic() < end, status
            time.sleep(0.02)
        return status


@contextmanager
def serving(load: Load = tiny_renderer.load, **settings: Any) -> Iterator[Served]:
    """A server in a thread of this process, its workers in processes of their own."""
    chosen = replace(ServeSettings(port=0, token=TOKEN), **settings)
    with bind(chosen) as listening:
        server = Server(chosen, load)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            served = Served(listening.getsockname()[1], server)
            while not server.started:
                time.sleep(0.01)
            yield served
        finally:
            server.should_exit = True
            thread.join(30)
            assert not thread.is_alive()


def never_loads(name: str, task: str) -> TinyRenderer:
    """For a worker that is busy until it is ended."""
    time.sleep(3600)
    raise AssertionError


def photo(behaviour: int = 0, seed: int = 1, scale: int = 1) -> Image:
    """A photo that makes the tiny renderer behave so."""
    pixels = picture(96 * scale, 72 * scale, seed)
    pixels[0, 0] = behaviour
    return pixels


def tryon(behaviour: int = 0, seed: int = 1, **fields: Any) -> TryOnRequest:
    """A request for the tiny renderer."""
    settings = RenderSettings(renderer="compact", seed=seed)
    return TryOnRequest(photo(behaviour, seed), np.asarray(picture(70, 80, seed + 1000)), settings=settings, **fields)
