"""The app's own work with the renderer `remote`: the picture that the server made, and giving up."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from pipelines import images, remote, renderers
from pipelines.errors import RenderCancelled
from pipelines.renderers import Renderer
from tests.conftest import picture
from tests.pipelines.serving.served import TOKEN, Served, photo, serving
from tests.pipelines.tiny_renderer import HOLDS, SLOW, TinyRenderer
from ui import loaders
from ui.history import Choices, Garment, Person
from ui.rendering import render_task, request_of
from ui.tasks import Task, Turns

GARMENT = Garment("your own garment", picture(80, 70, 2))


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    with serving() as running:
        yield running


@pytest.fixture
def loading(served: Served, monkeypatch: pytest.MonkeyPatch) -> Task[Renderer]:
    """What the app does to load its renderer, where the environment names a server."""
    monkeypatch.setenv(remote.URL_VARIABLE, served.address)
    monkeypatch.setenv(remote.TOKEN_VARIABLE, TOKEN)
    return Task(lambda report: loaders.load_renderer(renderers.default_name("tryon"), "tryon", report), "load").start()


def test_a_look_is_the_servers_picture(loading: Task[Renderer]) -> None:
    person = Person("your photo", photo(), photo())
    look = render_task(person, GARMENT, Choices(), loading, Turns()).start().result()
    local = TinyRenderer("compact").render(request_of(person, GARMENT, Choices()))
    assert np.array_equal(images.load_image_bytes(look.png), local.image)
    assert (look.recipe, look.warnings) == (local.recipe, local.warnings)
    assert isinstance(loading.result(), remote.RemoteRenderer)


def test_what_the_server_shows_on_the_way_is_shown(loading: Task[Renderer]) -> None:
    person = Person("your photo", photo(HOLDS), photo())
    task = render_task(person, GARMENT, Choices(), loading, Turns()).start()
    while task.preview is None:
        assert not task.done
    task.cancel()
    assert images.load_jpeg_bytes(task.preview, what="preview").shape == person.pixels.shape
    with pytest.raises(RenderCancelled):
        task.result()


def test_giving_up_ends_it_there(served: Served, loading: Task[Renderer]) -> None:
    person = Person("your photo", photo(SLOW), photo())
    task = render_task(person, GARMENT, Choices(), loading, Turns()).start()
    while "waiting" not in task.stage and "loading" not in task.stage:
        assert not task.done
    task.cancel()
    with pytest.raises(RenderCancelled):
        task.result()
    assert served.ask("GET", "/v1/renderers").json[0]["waiting"] == 0
