"""What all sessions share is loaded without one network getting into the way of another."""

from __future__ import annotations

import pytest

import tryroom
from pipelines import renderers
from recommend import embedder
from ui import loaders


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
