"""The commands as typed, with a small encoder in place of the towers."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import pytest
import typer
from typer.testing import CliRunner

from recommend import cli
from recommend.embedder import Embedder, WeightPaths
from recommend.errors import BadInput
from recommend.retriever import Retriever

NOWHERE = WeightPaths(Path("minilm"), Path("lite2.pth"), Path("heads"))


@pytest.fixture
def app(shop: Path, embedder: Embedder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> typer.Typer:
    """The commands joined as the entry point joins them."""
    monkeypatch.setenv("TRYROOM_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr("recommend.embedder.TwoTowerEmbedder", lambda paths: embedder)
    app = typer.Typer(pretty_exceptions_enable=False)

    @app.callback()
    def join(ctx: typer.Context, version: Annotated[bool, typer.Option()] = False) -> None:
        ctx.meta[cli.TOOLS] = cli.Tools(weights=lambda: NOWHERE, catalog=shop)

    app.command("recommend")(cli.recommend_command)
    app.add_typer(cli.catalog_app, name="catalog")
    return app


def test_json_is_alone_on_stdout(app: typer.Typer, shop: Path) -> None:
    run = CliRunner().invoke(app, ["recommend", "--text", "red dress", "--max-price", "40", "-k", "3", "--json"])
    assert run.exit_code == 0, run.output
    found = json.loads(run.stdout)
    (hit,) = found["hits"]
    assert (hit["id"], hit["price"], hit["currency"]) == ("dress-red", 39.0, "EUR")
    assert Path(hit["image"]) == shop / "dress-red.png"
    assert {"key": "price:max", "label": "up to €40", "strict": True} in found["understood"]
    assert found["matching"] == 1 and set(found["seconds"]) == {"encode", "search", "rank"}


def test_lines_for_people(app: typer.Typer, shop: Path) -> None:
    photo = str(shop / "skirt-green.png")
    run = CliRunner().invoke(app, ["recommend", "--photo", photo, "--like", photo, "--text", "size 42 tee", "-k", "2"])
    assert run.exit_code == 0, run.output
    lines = run.stdout.splitlines()
    assert lines[0].startswith("understood: upper, preferably t-shirt  (4 items match)")
    assert any("size 42" in line for line in lines)
    assert sum("€" in line for line in lines) == 2


def test_no_option_gives_a_selection(app: typer.Typer) -> None:
    run = CliRunner().invoke(app, ["recommend", "--json"])
    assert len(json.loads(run.stdout)["hits"]) == 8


@pytest.mark.parametrize(
    "arguments",
    [
        ["--photo", "none.jpg"],
        ["--like", "catalog.jsonl"],
        ["--max-price", "-5"],
        ["-k", "0"],
        ["--catalog", "nowhere"],
    ],
)
def test_bad_input_is_raised_for_the_entry_point(
    app: typer.Typer, shop: Path, arguments: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(shop)
    run = CliRunner().invoke(app, ["recommend", *arguments])
    assert isinstance(run.exception, BadInput) and run.stdout == ""


def test_a_price_that_is_no_number_is_refused_by_the_parser(app: typer.Typer) -> None:
    assert CliRunner().invoke(app, ["recommend", "--max-price", "cheap"]).exit_code == 2


def test_check_reports_bad_lines_by_number(app: typer.Typer, tmp_path: Path, make_catalog: Callable[..., Path]) -> None:
    good = make_catalog(tmp_path / "good")
    run = CliRunner().invoke(app, ["catalog", "check", str(good)])
    assert (run.exit_code, run.stdout) == (0, "8 items, 0 bad lines\n")
    bad = make_catalog(tmp_path / "bad", extra_lines=["{}"])
    (bad / "tee-red.png").write_bytes(b"no picture")
    run = CliRunner().invoke(app, ["catalog", "check", str(bad)])
    assert run.exit_code == 1
    lines = run.stdout.splitlines()
    assert lines[0].startswith("line 1 (tee-red): image tee-red.png cannot be read")
    assert lines[1].startswith("line 9: id is missing") and lines[2] == "7 items, 2 bad lines"


def test_index_is_made_once_and_anew_when_asked(
    app: typer.Typer, tmp_path: Path, make_catalog: Callable[..., Path], embedder: Embedder
) -> None:
    folder, uri = make_catalog(tmp_path / "shop", extra_lines=["{}"]), str(tmp_path / "db")
    before = embedder.encoded  # type: ignore[attr-defined]
    for arguments, encoded in (([], 8), ([], 8), (["--anew"], 16)):
        run = CliRunner().invoke(app, ["catalog", "index", str(folder), "--uri", uri, *arguments])
        assert run.exit_code == 0 and run.stdout.startswith("8 items indexed"), run.output
        assert "line 9" in run.stderr
        assert embedder.encoded - before == encoded  # type: ignore[attr-defined]
    assert len(Retriever.open(folder, embedder, uri=uri).catalog.items) == 8
