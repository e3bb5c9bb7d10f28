"""Photos changed as words say, line by line: the real command and InstructPix2Pix in small, here and elsewhere."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from click.testing import Result
from typer.testing import CliRunner

import tryroom_cli
from pipelines import batch, images, remote, renderers, weights
from tests.conftest import picture
from tests.pipelines import small_requests
from tests.pipelines.serving.served import TOKEN, serving

HEADER = ("id", "task", "photo", "instruction", "mask", "steps", "seed")
WALL = ("wall", "edit", "room.png", "make the wall green", "mask.png", "1", "")
ALL = ("all", "edit", "room.png", "a painting of a room, at night", "", "1", "3")
BAD = [
    ("silent", "edit", "room.png", "", "", "1", ""),
    ("gone", "edit", "nowhere.png", "make the wall green", "", "1", ""),
    ("small", "edit", "room.png", "make the wall green", "small.png", "1", ""),
]


def command(*arguments: object) -> Result:
    return CliRunner().invoke(tryroom_cli.app, [str(one) for one in arguments])


def written(folder: Path, *rows: tuple[str, ...]) -> Path:
    path = folder / "manifest.csv"
    with path.open("w", newline="") as stream:
        csv.writer(stream).writerows((HEADER, *rows))
    return path


def report(out: Path) -> dict[str, tuple[str, str]]:
    """Status and error by id."""
    with (out / batch.REPORT_NAME).open(newline="") as stream:
        return {row["id"]: (row["status"], row["error"]) for row in csv.DictReader(stream)}


def files(out: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in out.iterdir() if path.name != batch.REPORT_NAME}


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory, hub: Path) -> Iterator[Path]:
    """A folder with a photo and masks, and the small model in place of the hub's."""
    folder = tmp_path_factory.mktemp("shop")
    images.save_png(folder / "room.png", small_requests.room_photo())
    request = small_requests.request_of("edit")
    images.save_png(folder / "mask.png", request.mask)
    images.save_png(folder / "small.png", request.mask[:100])
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(weights.OWN_VARIABLE, str(hub))
        yield folder


@pytest.fixture(scope="module")
def rendered(shop: Path, hub: Path) -> Path:
    """Two good lines and three bad ones, with all steps."""
    out = shop / "here"
    call = ("batch", written(shop, WALL, *BAD, ALL), "-o", out, "--renderer", "edit", "--save-steps")
    run = command(*call, "--weights-dir", hub)
    assert (run.exit_code, run.stdout) == (1, f"{out / batch.REPORT_NAME}\n")
    assert "2 rendered, 0 kept, 3 failed" in run.stderr
    return out


def test_each_line_is_changed_as_its_words_say_and_a_bad_one_fails_alone(rendered: Path, shop: Path) -> None:
    said = report(rendered)
    assert {name: status for name, (status, _) in said.items() if status != "failed"} == {"wall": "ok", "all": "ok"}
    assert "words: got 0 letters" in said["silent"][1]
    assert "nowhere.png" in said["gone"][1] and "does not exist" in said["gone"][1]
    assert "size of the photo" in said["small"][1]
    steps = [f"{job}_{name}.png" for job in ("wall", "all") for name in batch.STEP_NAMES["edit"]]
    assert set(files(rendered)) == {"wall.png", "all.png", "wall_recipe.json", "all_recipe.json", *steps}
    photo, mask = images.load_image(shop / "room.png"), images.load_mask(shop / "mask.png")
    wall = images.load_image(rendered / "wall.png")
    assert np.array_equal(wall[mask == 0], photo[mask == 0])
    assert (wall != photo)[mask > 0].mean() > 0.5
    assert (images.load_image(rendered / "all.png") != photo).mean() > 0.5
    recipe = images.read_recipe(rendered / "all.png") or {}
    assert (recipe["task"], recipe["words"], recipe["seed"]) == ("edit", ALL[3], 3)


def test_a_line_is_what_the_command_makes_of_one_photo(rendered: Path, shop: Path) -> None:
    out = shop / "one.png"
    run = command("edit", shop / WALL[2], WALL[3], "--mask", shop / WALL[4], "--steps", "1", "-o", out)
    assert run.exit_code == 0, run.output
    assert out.read_bytes() == (rendered / "wall.png").read_bytes()


def test_it_is_resumed_by_words_mask_and_photo(rendered: Path, shop: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    for name in ("same", "words", "mask", "photo"):
        (out / f"{name}.png").write_bytes((rendered / "wall.png").read_bytes())
    images.save_png(shop / "other.png", picture(*small_requests.ROOM))
    rows = [("same", *WALL[1:]), ("words", *WALL[1:3], "make it blue", *WALL[4:]), ("mask", *WALL[1:4], "", *WALL[5:])]
    manifest = written(shop, *rows, ("photo", "edit", "other.png", *WALL[3:]))
    run = command("batch", manifest, "-o", out, "--renderer", "edit", "--resume")
    assert run.exit_code == 0, run.output
    assert {name: status for name, (status, _) in report(out).items()} == {
        "same": "kept", "words": "ok", "mask": "ok", "photo": "ok"
    }  # fmt: skip


def test_another_tryroom_makes_the_same_of_them(
    rendered: Path, shop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    manifest, out = written(shop, WALL, *BAD, ALL), tmp_path / "there"
    call = ("batch", manifest, "-o", out, "--renderer", "remote", "--save-steps")
    with serving(renderer="edit", load=renderers.load) as there:
        monkeypatch.setenv(remote.URL_VARIABLE, there.address)
        monkeypatch.setenv(remote.TOKEN_VARIABLE, TOKEN)
        run = command(*call)
        assert "2 rendered, 0 kept, 3 failed" in run.stderr
        assert files(out) == files(rendered)
        assert report(out) == report(rendered)
        assert "0 rendered, 2 kept, 3 failed" in command(*call, "--resume").stderr


def test_a_renderer_that_changes_nothing_by_words_is_refused_before_any_work(shop: Path, tmp_path: Path) -> None:
    run = command("batch", written(shop, WALL), "-o", tmp_path / "out")
    assert "Renderers for edit: edit, remote" in str(run.exception)
    assert not (tmp_path / "out").exists()
