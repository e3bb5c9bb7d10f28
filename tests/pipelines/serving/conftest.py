"""A server that the tests of a file share, and the log of its tiny renderer."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.pipelines.serving.served import Served, serving


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """What the tiny renderers of a file were asked, one line per event."""
    path = tmp_path_factory.mktemp("tiny") / "log"
    path.touch()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TINY_RENDERER_LOG", str(path))
        yield path


@pytest.fixture(scope="module")
def served(log: Path) -> Iterator[Served]:
    """A server with one worker and two places in its queue."""
    with serving(queue=2) as running:
        yield running
