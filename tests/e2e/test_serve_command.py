"""`tryroom serve` as it is started, with the networks that ship, and the commands that let it render."""

from __future__ import annotations

import csv
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

import tryroom
from pipelines import remote

ROOT = Path(__file__).parents[2]
GARMENT, TABLE = "tee-white-organic", "coffee-table-marble-brass"


def command(*arguments: object) -> list[str]:
    return [sys.executable, str(ROOT / "tryroom_cli.py"), *map(str, arguments)]


def run(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(*arguments), env=os.environ | environment, capture_output=True, text=True, check=False, timeout=600
    )


@pytest.fixture(scope="module")
def server() -> Iterator[tuple[subprocess.Popen[str], dict[str, str]]]:
    """The server's process, and the environment in which `remote` finds it."""
    environment = os.environ | {"TRYROOM_SERVE_TOKEN": "secret"}
    with subprocess.Popen(
        command("serve", "--port", "0", "--timeout", "900"), env=environment, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stderr is not None
        try:
            said = next((line for line in process.stderr if line.strip()), "nothing")
            assert said.startswith("compact renders at http://127.0.0.1:"), said
            address = said.split()[3].rstrip(";")
            yield process, {remote.URL_VARIABLE: address, remote.TOKEN_VARIABLE: "secret"}
        finally:
            process.kill()


@pytest.fixture(scope="module")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A try-on and a room."""
    path = tmp_path_factory.mktemp("shop") / "manifest.csv"
    with path.open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(("id", "task", "photo", "item", "at_x", "at_y"))
        writer.writerow(("look", "tryon", tryroom.demo_people()[0].image, GARMENT, "", ""))
        writer.writerow(("room", "room", tryroom.demo_rooms()[0].image, TABLE, "0.5", "0.8"))
    return path


def test_what_is_rendered_there_is_what_is_rendered_here(
    server: tuple[subprocess.Popen[str], dict[str, str]], manifest: Path, tmp_path: Path
) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    assert run("batch", manifest, "-o", here, "--save-steps").returncode == 0
    done = run("batch", manifest, "-o", there, "--save-steps", "--renderer", "remote", **server[1])
    assert done.returncode == 0, done.stderr
    made = {path.name: path.read_bytes() for path in here.iterdir() if path.suffix in (".png", ".json")}
    assert len(made) == 6 + 5
    assert made == {path.name: path.read_bytes() for path in there.iterdir() if path.suffix in (".png", ".json")}
    again = run("batch", manifest, "-o", there, "--save-steps", "--resume", "--renderer", "remote", **server[1])
    assert "0 rendered, 2 kept, 0 failed" in again.stderr


def test_one_picture_and_what_is_wrong_with_one(
    server: tuple[subprocess.Popen[str], dict[str, str]], tmp_path: Path
) -> None:
    person, room = tryroom.demo_people()[0].image, tryroom.demo_rooms()[0].image
    options = ("-o", tmp_path / "out.png", "--renderer", "remote")
    done = run("tryon", person, GARMENT, *options, **server[1])
    assert (done.returncode, done.stdout) == (0, f"{tmp_path / 'out.png'}\n"), done.stderr
    nobody = run("tryon", room, GARMENT, *options, **server[1])
    assert (nobody.returncode, nobody.stdout) == (2, "")
    assert "tryroom: person photo: got a picture in which no person was found" in nobody.stderr
    unknown = run("tryon", person, GARMENT, *options, **(server[1] | {remote.TOKEN_VARIABLE: "wrong"}))
    assert unknown.returncode == 1
    assert "token: got a wrong one" in unknown.stderr


def test_options_that_cannot_be_used() -> None:
    for options, says in (
        (["--host", "0.0.0.0"], "--token: got none, with --host 0.0.0.0"),
        (["--queue", "0"], "--queue: got 0; allowed: 1 to 10000 renders"),
        (["--renderer", "remote"], "one that renders here"),
    ):
        refused = run("serve", *options)
        assert (refused.returncode, refused.stdout) == (2, "")
        assert says in refused.stderr


def test_it_stops_when_asked_and_leaves_no_process(server: tuple[subprocess.Popen[str], dict[str, str]]) -> None:
    process, _ = server
    workers = psutil.Process(process.pid).children(recursive=True)
    process.send_signal(signal.SIGTERM)
    assert process.wait(30) == -signal.SIGTERM
    _, alive = psutil.wait_procs(workers, timeout=10)
    assert alive == []
