"""Published models in small, built once for all tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.pipelines import tiny_hub


@pytest.fixture(scope="session")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder per published model, as `--weights-dir` takes it."""
    return tiny_hub.build(tmp_path_factory.mktemp("hub"))
