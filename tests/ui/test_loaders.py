"""What all sessions share is loaded without one network getting into the way of another."""

from __future__ import annotations

import pytest

import tryroom
from pipelines import renderers, weights
from pipelines.errors import RenderCancelled
from recommend import embedder
from ui import loaders
from ui.tasks import Task


def test_networks_are_made_one_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    held = []

    def note(*_: object) -> object:
        held.append(tryroom.LOADING.locked())
        raise InterruptedError

    monkeypatch.setattr(loaders, "fetch", lambda names, report: None)
    monkeypatch.setattr(renderers, "load", note)
    monkeypatch.setattr(embedder, "TwoTowerEmbedder", note)
    monkeypatch.setattr(tryroom, "_PersonReader", note)
    for load in (
        lambda: loaders.load_renderer("compact", "tryon", lambda _: None),
        tryroom.load_embedder,
        tryroom._person_reader.__wrapped__,
    ):
        with pytest.raises(InterruptedError):
            load()
    assert held == [True, True, True]
    assert not tryroom.LOADING.locked()


def test_what_is_on_its_way_comes_whole_and_the_next_is_not_begun(monkeypatch: pytest.MonkeyPatch) -> None:
    fetched: list[str] = []

    def resolve(name: str, *, on_progress: weights.OnBytes) -> None:
        task.cancel()
        on_progress(1, 2)
        fetched.append(name)

    monkeypatch.setattr(weights, "missing_files", lambda entry: [entry])
    monkeypatch.setattr(weights, "resolve", resolve)
    task = Task(lambda report: loaders.fetch(("parser", "garment"), report), "fetch").start()
    with pytest.raises(RenderCancelled):
        task.result()
    assert fetched == ["parser"]


def test_one_that_was_cancelled_while_others_load_makes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    loaded: list[str] = []
    monkeypatch.setattr(renderers, "load", lambda name, task: loaded.append(name))
    monkeypatch.setattr(loaders, "fetch", lambda names, report: None)
    with tryroom.LOADING:
        task = Task(lambda report: loaders.load_renderer("compact", "tryon", report), "load").start()
        while task.stage != "loading the networks":
            assert not task.done
        task.cancel()
    with pytest.raises(RenderCancelled):
        task.result()
    assert loaded == []
