"""The command `chat` as typed, with a small encoder in place of the towers."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from recommend import chat, cli, llm
from recommend.embedder import Embedder, WeightPaths
from recommend.errors import BadInput, ToolFailed
from recommend.schema import Item

NOWHERE = WeightPaths(Path("minilm"), Path("lite2.pth"), Path("heads"))


@pytest.fixture
def app(
    shop: Path, furniture: Path, embedder: Embedder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> typer.Typer:
    """The command joined as the entry point joins it; nobody is found in photos named "chair"."""
    monkeypatch.setenv("TRYROOM_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr("recommend.embedder.TwoTowerEmbedder", lambda paths: embedder)
    for name in (llm.URL, llm.MODEL, llm.KEY, llm.GGUF):
        monkeypatch.delenv(name, raising=False)
    app = typer.Typer(pretty_exceptions_enable=False)

    def shows_on(photo: Path, folder: Path, picture: Callable[[Item], Path]) -> Callable[[tuple[Item, ...]], str]:
        def show(items: tuple[Item, ...]) -> str:
            if photo.stem == "chair":
                raise ToolFailed("no person was found")
            assert all(picture(item).is_file() for item in items)
            return f"the picture is in {folder / '+'.join(item.id for item in items)}.png"

        return show

    @app.callback()
    def join(ctx: typer.Context) -> None:
        ctx.meta[cli.TOOLS] = cli.Tools(weights=lambda: NOWHERE, catalog=shop, furniture=furniture)
        ctx.meta[chat.RENDER] = shows_on

    app.command("chat")(chat.chat)
    return app


def test_a_conversation_from_a_pipe(app: typer.Typer) -> None:
    said = "the first one\n\nshow it on me\n"
    run = CliRunner().invoke(app, ["chat", "a red dress", "--photo", "me.jpg", "--out", "looks"], input=said)
    assert run.exit_code == 0, run.output
    assert run.stdout.count("how I got there:") == 3
    assert "dress-red" in run.stdout and "The picture is in looks/dress-red.png." in run.stdout


def test_json_is_one_object_a_line(app: typer.Typer) -> None:
    run = CliRunner().invoke(app, ["chat", "--json"], input="a wedding in Cairo in summer\nshow it on me\n")
    assert run.exit_code == 0, run.output
    first, second = map(json.loads, run.stdout.splitlines())
    assert first["question"]["slot"] == "categories" and first["plan"][0]["tool"] == "read"
    assert "Nothing was shown yet" in second["reply"] and second["question"] == first["question"], "it is still open"


def test_a_failing_picture_is_told_and_the_rest_goes_on(app: typer.Typer) -> None:
    arguments = ["chat", "a red dress", "--photo", "chair.jpg", "--out", "looks"]
    run = CliRunner().invoke(app, arguments, input="show it on me\ncompare them\n")
    assert run.exit_code == 0, run.output
    assert "no person was found" in run.stdout and run.stdout.count("how I got there:") == 3


def test_a_message_that_is_too_long_ends_a_pipe_but_no_talk_on_a_terminal(
    app: typer.Typer, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = f"{'very ' * 500}\na red dress\n"
    assert isinstance(CliRunner().invoke(app, ["chat"], input=said).exception, BadInput)
    monkeypatch.setattr(chat, "_on_terminal", lambda: True)
    run = CliRunner().invoke(app, ["chat"], input=said)
    assert run.exit_code == 0, run.output
    assert "2499 characters" in run.stderr and "dress-red" in run.stdout


def test_furniture_is_talked_about_too(app: typer.Typer) -> None:
    run = CliRunner().invoke(app, ["chat", "a sofa under 800", "--catalog", "furniture"])
    assert run.exit_code == 0 and "$790" in run.stdout and "$990" not in run.stdout


@pytest.mark.parametrize(
    "arguments", [["--photo", "me.jpg"], ["--out", "looks"], ["--llm-url", "here"], ["--llm-gguf", "none.gguf"]]
)
def test_options_that_cannot_be(app: typer.Typer, arguments: list[str]) -> None:
    assert isinstance(CliRunner().invoke(app, ["chat", "a dress", *arguments]).exception, BadInput)
