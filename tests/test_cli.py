"""The command as other tools call it: real processes, results on stdout, reasons on stderr, exit codes."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from pipelines import images, weights
from tests.conftest import picture

ROOT = Path(__file__).parents[1]


def tryroom(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(ROOT / "tryroom_cli.py"), *map(str, arguments)]
    return subprocess.run(
        command, env={**os.environ, **environment}, capture_output=True, text=True, check=False, timeout=300
    )


def assert_refused(run: subprocess.CompletedProcess[str], *says: str) -> None:
    assert run.returncode == 2, run.stderr
    assert run.stdout == ""
    assert "Traceback" not in run.stderr
    message = " ".join(run.stderr.split())
    for text in says:
        assert text in message


def test_the_commands_are_all_there() -> None:
    run = tryroom("--help")
    assert run.returncode == 0
    for name in (
        "tryon", "room", "edit", "recommend", "chat", "batch", "serve", "catalog", "weights", "app", "demo"
    ):  # fmt: skip
        assert f" {name} " in run.stdout


def test_an_app_with_an_unknown_renderer_does_not_start() -> None:
    assert_refused(tryroom("app", "--renderer", "magic"), "'magic'", "compact, sd15")


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (None, "does not exist"),
        (b"", "an empty file (0 bytes)"),
        (b"these are words\n", "a text file"),
        (b"\xff\xd8\xff\xe0\x00\x10JFIF" + bytes(90), "damaged"),
    ],
)
def test_a_person_photo_that_is_none(tmp_path: Path, photo_file: Path, content: bytes | None, says: str) -> None:
    person = tmp_path / "me.png"
    if content is not None:
        person.write_bytes(content)
    run = tryroom("tryon", person, photo_file, "-o", tmp_path / "out.png")
    assert_refused(run, "person photo me.png", says)
    assert not (tmp_path / "out.png").exists()


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["-o", "out.jpg"], "ending in .png"),
        (["-o", "out.png", "--category", "shoes"], "auto, upper, lower, dress"),
        (["-o", "out.png", "--steps", "51"], "0 to 50"),
        (["-o", "out.png", "--steps", "few"], "--steps"),
        (["-o", "out.png", "--seed", "-1"], "seed"),
        (["-o", "out.png", "--renderer", "magic"], "renderer: got 'magic'; allowed: compact"),
        (["-o", "out.png", "--mask", "none.png"], "mask none.png: got none.png, which does not exist"),
        (["-o", "out.png", "--tuck", "half"], "tuck: got 'half'; allowed: auto, in, out"),
        (["-o", "out.png", "--category", "lower", "--layer", "open"], "for a garment of category lower"),
        (["-o", "out.png", "--mask-grow", "-4"], "-3 to 3 percent"),
        (["-o", "out.png", "--garment-width", "52"], "--person-height"),
        (["-o", "out.png", "--with", "no-such-garment"], "a picture file or an id of the catalog"),
        ([], "--out"),
    ],
)
def test_options_that_cannot_be_used(
    tmp_path: Path, photo_file: Path, monkeypatch: pytest.MonkeyPatch, options: list[str], says: str
) -> None:
    monkeypatch.chdir(tmp_path)
    assert_refused(tryroom("tryon", photo_file, photo_file, *options), says)


def test_a_garment_that_is_neither_file_nor_id(tmp_path: Path, photo_file: Path) -> None:
    run = tryroom("tryon", photo_file, "no-such-garment", "-o", tmp_path / "out.png")
    assert_refused(run, "a picture file or an id of the catalog", "tryroom recommend")


def test_a_broken_manifest_starts_no_work(tmp_path: Path) -> None:
    manifest = tmp_path / "manifest.csv"
    manifest.write_text("id,task,photo\na,tryon,p.png\n")
    assert_refused(tryroom("batch", manifest, "-o", tmp_path / "out"), "missing: ['item']")
    assert_refused(tryroom("batch", tmp_path / "none.csv", "-o", tmp_path / "out"), "does not exist")
    assert not (tmp_path / "out").exists()


# --- weights ------------------------------------------------------------------------------------------------


def offline(tmp_path: Path) -> dict[str, str]:
    """An environment with an empty cache in which pip knows only the folder tmp_path/shelf."""
    (tmp_path / "shelf").mkdir(exist_ok=True)
    return {
        weights.CACHE_VARIABLE: str(tmp_path / "cache"),
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_NO_INDEX": "1",
        "PIP_FIND_LINKS": str(tmp_path / "shelf"),
    }


def test_weights_list_prints_one_line_each(tmp_path: Path) -> None:
    run = tryroom("weights", "list", **offline(tmp_path))
    assert run.returncode == 0
    rows = [line.split() for line in run.stdout.splitlines()]
    assert [row[0] for row in rows] == list(weights.read_manifest())
    assert {row[0]: row[2] for row in rows}["blazepose"] == "missing"


def test_weights_that_cannot_be_fetched(tmp_path: Path) -> None:
    run = tryroom("weights", "fetch", "blazepose", **offline(tmp_path))
    assert run.returncode == 1
    assert run.stdout == ""
    assert "weights blazepose/pose_detection.tflite not found" in run.stderr
    assert str(tmp_path / "cache") in run.stderr
    assert "Get it with: tryroom weights fetch blazepose" in run.stderr
    verified = tryroom("weights", "verify", "blazepose", **offline(tmp_path))
    assert (verified.returncode, verified.stdout) == (1, "blazepose: missing\n")


def test_weights_with_the_wrong_hash_are_refused(tmp_path: Path) -> None:
    environment = offline(tmp_path)
    with zipfile.ZipFile(tmp_path / "shelf" / "mediapipe-0.10.21-py3-none-any.whl", "w") as wheel:
        for file in weights.find("blazepose").files:
            wheel.writestr(file.at, b"not these")
        info = "mediapipe-0.10.21.dist-info"
        wheel.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: mediapipe\nVersion: 0.10.21\n")
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{info}/RECORD", "")
    run = tryroom("weights", "fetch", "blazepose", **environment)
    assert run.returncode == 1
    assert "is not the pinned 9ba9dd3d42ef" in run.stderr
    assert [path for path in (tmp_path / "cache").rglob("*") if path.suffix == ".tflite"] == []


def test_a_licence_without_commercial_use_is_accepted_by_name_before_anything_is_fetched(
    tmp_path: Path, photo_file: Path
) -> None:
    environment = offline(tmp_path)
    call = ("tryon", photo_file, photo_file, "-o", tmp_path / "out.png", "--renderer", "flux-fill")
    run = tryroom(*call, **environment)
    assert run.returncode == 1
    assert "FLUX.1 [dev] Non-Commercial License" in run.stderr
    assert "accept it with: tryroom weights accept flux-fill" in run.stderr
    assert not (tmp_path / "cache").exists()
    accepted = tryroom("weights", "accept", "flux-fill", **environment)
    assert accepted.returncode == 0 and Path(accepted.stdout.strip()).is_file()
    (line,) = [line for line in tryroom("weights", "list", **environment).stdout.splitlines() if "flux-fill" in line]
    assert "no commercial use, accepted" in line
    assert_refused(tryroom("weights", "accept", "sd15-lcm", **environment), "RAIL++-M", "Fetch it.")


def test_a_folder_of_weights_that_is_none(tmp_path: Path, photo_file: Path) -> None:
    call = ("edit", photo_file, "more light", "-o", tmp_path / "out.png", "--weights-dir", tmp_path / "nowhere")
    assert_refused(tryroom(*call, **offline(tmp_path)), "--weights-dir", "a folder")


def test_an_unknown_name_of_weights() -> None:
    assert_refused(tryroom("weights", "fetch", "blaze"), "weights name: got 'blaze'", "blazepose")


def test_a_broken_pipe_of_the_reader_is_no_crash(tmp_path: Path) -> None:
    """`tryroom weights list | head -1` ends quietly."""
    command = f"{sys.executable} {ROOT / 'tryroom_cli.py'} weights list | head -1"
    run = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False, env={**os.environ})
    assert "Traceback" not in run.stderr
    assert len(run.stdout.splitlines()) == 1


def test_a_picture_is_not_written_where_it_cannot_be(tmp_path: Path, photo_file: Path) -> None:
    images.save_png(tmp_path / "file.png", picture(80, 80))
    run = tryroom("tryon", photo_file, photo_file, "-o", tmp_path / "file.png" / "out.png")
    assert_refused(run, "output", "a folder")
