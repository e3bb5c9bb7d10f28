"""The renderer `remote` against a real server: the same picture as here, the server's words, cancelling, lost lines."""

from __future__ import annotations

import csv
import http.server
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
from PIL import Image as PILImage

from pipelines import batch, images, jobs, remote, renderers
from pipelines.errors import BadInput, RemoteFailed, RenderCancelled, RenderFailed
from pipelines.remote import RemoteRenderer
from pipelines.renderers import Renderer
from pipelines.schema import Image, OnProgress, Progress, RenderResult
from pipelines.serving import line
from tests.pipelines.serving.served import TOKEN, Served, never_loads, photo, serving, tryon
from tests.pipelines.tiny_renderer import BREAKS, HOLDS, SLOW, TinyRenderer


@pytest.fixture
def renderer(served: Served) -> RemoteRenderer:
    return RemoteRenderer("tryon", served.address, TOKEN)


def same(ours: RenderResult, theirs: RenderResult) -> bool:
    """Whether two results are the same, bit by bit."""
    return (
        np.array_equal(ours.image, theirs.image)
        and np.array_equal(ours.mask, theirs.mask)
        and ours.steps.keys() == theirs.steps.keys()
        and all(np.array_equal(ours.steps[name], theirs.steps[name]) for name in ours.steps)
        and (ours.recipe, ours.warnings) == (theirs.recipe, theirs.warnings)
    )


def renders(log: Path) -> int:
    return sum(line.startswith("render") for line in log.read_text().splitlines())


def test_the_picture_is_the_one_that_is_made_here(renderer: RemoteRenderer) -> None:
    stages: list[Progress] = []
    request = tryon(seed=21)
    assert same(TinyRenderer("compact").render(request), renderer.render(request, stages.append))
    fractions = [now.fraction for now in stages]
    assert fractions == sorted(fractions)
    assert (stages[-1].fraction, stages[-1].stage) == (1.0, "done")
    assert renderer.recipe(request) == TinyRenderer("compact").recipe(request)


def test_what_is_to_be_seen_on_the_way_is_handed_on_once(renderer: RemoteRenderer) -> None:
    request = replace(tryon(HOLDS), person=photo(HOLDS, scale=10))

    def seen_by(asked: Renderer) -> list[Image | None]:
        seen: list[Image | None] = []

        def watch(now: Progress) -> None:
            if now.preview is not None or seen:
                seen.append(now.preview)
            if len(seen) == 3:
                raise RenderCancelled

        with pytest.raises(RenderCancelled):
            asked.render(request, watch)
        return seen

    (ours, *ours_later), (theirs, *theirs_later) = seen_by(TinyRenderer("compact")), seen_by(renderer)
    assert ours_later == theirs_later == [None, None]
    assert ours is not None and theirs is not None
    assert ours.shape == (960, 720, 3)
    assert theirs.shape == (640, 480, 3)
    scaled = np.asarray(PILImage.fromarray(ours).resize((480, 640), PILImage.Resampling.BOX), int)
    assert np.abs(theirs - scaled).mean() < 10 < np.abs(theirs - scaled[::-1]).mean()


def test_what_is_wrong_is_said_in_the_servers_words(renderer: RemoteRenderer) -> None:
    with pytest.raises(RenderFailed, match="the garment\nhas no sides"):
        renderer.render(tryon(BREAKS))
    small = replace(tryon(), person=photo()[:40])
    with pytest.raises(BadInput, match="72 × 40 pixels; allowed: at least 64 on the shorter side"):
        renderer.render(small)
    soft = replace(tryon(), mask=np.full((96, 72), 100, np.uint8))
    with pytest.raises(BadInput, match="mask: got greys"):
        renderer.render(soft)


def test_a_request_that_is_too_large_does_not_leave(log: Path) -> None:
    with serving(max_bytes=2_000) as small, pytest.raises(BadInput, match=r"at most 0\.002 MB.*--max-mb"):
        RemoteRenderer("tryon", small.address, TOKEN).render(tryon())


def test_cancelling_here_cancels_there(served: Served, renderer: RemoteRenderer, log: Path) -> None:
    begun = renders(log)

    def stop(now: Progress) -> None:
        if renders(log) > begun:
            raise RenderCancelled("enough")

    with pytest.raises(RenderCancelled, match="enough"):
        renderer.render(tryon(SLOW, 22), stop)
    assert served.wait_for(served.post(tryon(seed=23)).json["id"], "done")["attempts"] == 1


def test_a_server_that_is_not_there_or_does_not_know_us() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        nobody = f"http://127.0.0.1:{free.getsockname()[1]}"
    with pytest.raises(RemoteFailed, match=f"{nobody}: no connection"):
        RemoteRenderer("tryon", nobody)


class Elsewhere(http.server.BaseHTTPRequestHandler):
    """A server that is no Tryroom: it sends some to another address, and others a page."""

    seen: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        self.seen.append(self.path)
        moved = self.path.startswith("/moved/")
        self.send_response(302 if moved else 200)
        if moved:
            self.send_header("Location", "/other")
        self.end_headers()
        self.wfile.write(b"<html>")

    def log_message(self, *_: object) -> None:
        pass


def test_servers_that_are_no_tryroom_and_redirects() -> None:
    with http.server.HTTPServer(("127.0.0.1", 0), Elsewhere) as page:
        thread = threading.Thread(target=page.serve_forever)
        thread.start()
        address = f"http://127.0.0.1:{page.server_port}"
        with pytest.raises(RemoteFailed, match="not as tryroom serve does"):
            RemoteRenderer("tryon", address)
        with pytest.raises(RemoteFailed, match="answered 302"):
            RemoteRenderer("tryon", f"{address}/moved", TOKEN)
        page.shutdown()
        thread.join()
    assert "/other" not in Elsewhere.seen


def test_a_wrong_token(served: Served) -> None:
    with pytest.raises(RemoteFailed, match=r"got a wrong one.*TRYROOM_REMOTE_TOKEN"):
        RemoteRenderer("tryon", served.address, "wrong")


@pytest.mark.parametrize(
    "address", ["127.0.0.1:8600", "ftp://host", "http://", "http://me:secret@host", "http://h?x=1"]
)
def test_addresses_that_are_none(address: str) -> None:
    with pytest.raises(BadInput, match="TRYROOM_REMOTE_URL"):
        RemoteRenderer("tryon", address)


def test_a_server_that_stops_is_said(log: Path) -> None:
    errors: list[Exception] = []

    def ask(address: str) -> None:
        try:
            RemoteRenderer("tryon", address, TOKEN).render(tryon(SLOW, 24))
        except Exception as error:
            errors.append(error)

    begun = renders(log)
    with serving() as stopping:
        client = threading.Thread(target=ask, args=(stopping.address,))
        client.start()
        while renders(log) == begun:
            time.sleep(0.01)
    client.join(30)
    assert [type(error) for error in errors] == [RemoteFailed]
    assert "the server stopped" in str(errors[0])


# --- lost connections ---------------------------------------------------------------------------------------


@contextmanager
def bad_line(port: int, losses: dict[bytes, int]) -> Iterator[str]:
    """The address of a proxy that loses as many answers to each kind of request, after the server gave them."""

    def serve(client: socket.socket) -> None:
        with client, socket.create_connection(("127.0.0.1", port)) as server:
            head = client.recv(65536, socket.MSG_PEEK).split(b"\r\n")[0]
            kind = next((kind for kind in losses if kind in head and losses[kind] > 0), None)
            up = threading.Thread(target=pump, args=(client, server))
            up.start()
            if kind is None:
                pump(server, client)
            else:
                losses[kind] -= 1
                server.recv(65536)
                client.shutdown(socket.SHUT_RDWR)
            up.join()

    def accept() -> None:
        while True:
            try:
                client, _ = listening.accept()
            except OSError:
                return
            threading.Thread(target=serve, args=(client,)).start()

    listening = socket.create_server(("127.0.0.1", 0))
    thread = threading.Thread(target=accept)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        thread.join()


def pump(source: socket.socket, sink: socket.socket) -> None:
    try:
        while data := source.recv(65536):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        pass


def test_a_lost_answer_never_renders_twice(served: Served, log: Path) -> None:
    begun, request = renders(log), tryon(seed=25)
    losses = {b"POST /v1/renders": 1, b"/events": 2, b"/picture": 1}
    with bad_line(served.port, losses) as address:
        result = RemoteRenderer("tryon", address, TOKEN).render(request)
    assert set(losses.values()) == {0}
    assert renders(log) == begun + 1
    assert same(TinyRenderer("compact").render(request), result)


@pytest.mark.parametrize(("watch", "asked"), [(None, 0), (lambda _: None, 1)])
def test_previews_are_asked_for_by_who_watches(served: Served, watch: OnProgress | None, asked: int) -> None:
    losses = {b"previews=true": 1}
    with bad_line(served.port, losses) as address:
        RemoteRenderer("tryon", address, TOKEN).render(tryon(seed=26), watch)
    assert losses == {b"previews=true": 1 - asked}


# --- many at once -------------------------------------------------------------------------------------------


def test_fifty_clients_and_a_small_queue_lose_nothing(log: Path) -> None:
    begun = renders(log)
    with serving(queue=8) as busy, ThreadPoolExecutor(50) as clients:
        renderer = RemoteRenderer("tryon", busy.address, TOKEN)
        requests = [tryon(seed=seed) for seed in range(100, 150)]
        results = list(clients.map(renderer.render, requests))
    assert renders(log) == begun + 50
    local = TinyRenderer("compact")
    assert all(same(local.render(request), result) for request, result in zip(requests, results, strict=True))


def test_clients_enter_in_the_order_in_which_they_came(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(line, "HELD_MORE", 600.0)  # however busy the machine
    entered: list[int] = []

    def render(renderer: RemoteRenderer, number: int, refused: threading.Event) -> None:
        def leave_once_in(now: Progress) -> None:
            if now.stage == "waiting for a place in the queue":
                refused.set()
            if now.stage == "waiting":
                entered.append(number)
                raise RenderCancelled

        with suppress(RenderCancelled):
            renderer.render(tryon(seed=number), leave_once_in)

    with serving(never_loads, queue=1) as small, ThreadPoolExecutor(5) as clients:
        small.wait_for(small.post(tryon()).json["id"], "running")
        waiting = small.post(tryon()).json["id"]
        renderer = RemoteRenderer("tryon", small.address, TOKEN)
        for number in range(5):
            refused = threading.Event()
            clients.submit(render, renderer, number, refused)
            assert refused.wait(60)
        small.ask("DELETE", f"/v1/renders/{waiting}")
    assert entered == [0, 1, 2, 3, 4]


def test_nobody_waits_longer_for_a_place_than_their_patience(log: Path) -> None:
    with serving(never_loads, queue=1) as small:
        small.wait_for(small.post(tryon()).json["id"], "running")
        small.post(tryon())
        with pytest.raises(RemoteFailed, match="its queue stays full; it said to come again after 1 seconds"):
            RemoteRenderer("tryon", small.address, TOKEN, patience=0.5).render(tryon())


# --- through the interfaces that render ---------------------------------------------------------------------


def test_batch_renders_there_and_resumes_by_the_recipe(
    served: Served, log: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(remote.URL_VARIABLE, served.address)
    monkeypatch.setenv(remote.TOKEN_VARIABLE, TOKEN)
    images.save_png(tmp_path / "garment.png", photo(seed=31))
    rows = [("id", "task", "photo", "item")]
    for seed in (1, 2):
        images.save_png(tmp_path / f"{seed}.png", photo(seed=seed))
        rows.append((f"{seed}", "tryon", f"{seed}.png", "garment.png"))
    with (tmp_path / "jobs.csv").open("w", newline="") as stream:
        csv.writer(stream).writerows(rows)
    work, out = jobs.read_jobs(tmp_path / "jobs.csv"), tmp_path / "out"
    settings = batch.BatchSettings(renderer="remote", resume=True, save_steps=True)
    assert [outcome.status for outcome in batch.run(work, out, settings)] == ["ok", "ok"]
    made = images.load_image(out / "1.png")
    assert np.array_equal(made, TinyRenderer("compact").render(jobs.request_of(work[0], "remote")).image)
    (out / "2.png").unlink()
    assert [outcome.status for outcome in batch.run(work, out, settings)] == ["kept", "ok"]


def test_the_environment_chooses_the_renderer_of_the_app(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(remote.URL_VARIABLE, raising=False)
    assert renderers.default_name("tryon") == "compact"
    with pytest.raises(BadInput, match="TRYROOM_REMOTE_URL: got nothing"):
        renderers.load("remote", "tryon")
    monkeypatch.setenv(remote.URL_VARIABLE, "http://127.0.0.1:8600")
    assert renderers.default_name("tryon") == "remote"


def test_the_app_takes_the_renderer_that_is_named_for_what_it_renders(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(remote.URL_VARIABLE, "http://127.0.0.1:1")
    monkeypatch.setenv(renderers.RENDERER_VARIABLE, "concat")
    assert (renderers.default_name("tryon"), renderers.default_name("room")) == ("concat", "compact")
    monkeypatch.setenv(renderers.RENDERER_VARIABLE, "magic")
    with pytest.raises(BadInput, match="magic"):
        renderers.default_name("tryon")
