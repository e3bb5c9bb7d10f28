"""What the layout promises beyond what import-linter can see."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.conftest import LONG

ROOT = Path(__file__).parents[1]
HEAVY = {"torch", "diffusers", "transformers", "timm", "lancedb", "streamlit", "ai_edge_litert"}


@pytest.mark.parametrize("module", ["pipelines", "pipelines.cli", "recommend", "tryroom", "tryroom_cli"])
def test_importing_loads_no_network_library(module: str) -> None:
    code = f"import sys, {module}; print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert HEAVY.isdisjoint(run.stdout.split())


def test_importing_changes_no_environment_and_no_path() -> None:
    code = (
        "import os, sys\nbefore = dict(os.environ), list(sys.path)\n"
        "import pipelines.cli, pipelines.images, pipelines.weights, recommend, tryroom\n"
        "assert before == (dict(os.environ), list(sys.path))"
    )
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)


def test_every_package_is_named_for_installation() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]
    found = [path.parent for top in ("pipelines", "recommend", "ui") for path in (ROOT / top).rglob("__init__.py")]
    assert {".".join(folder.relative_to(ROOT).parts) for folder in found} <= set(project["packages"])
    assert all((ROOT / f"{module}.py").is_file() for module in project["py-modules"])


def test_what_is_begun_first_is_there() -> None:
    assert [name for name in LONG if not (ROOT / name).exists()] == []
