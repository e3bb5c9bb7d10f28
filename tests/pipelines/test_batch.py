"""Batches: real worker processes around a tiny real renderer; killed, interrupted, resumed, one and several workers."""

from __future__ import annotations

import csv
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from pipelines import batch, images, jobs
from pipelines.batch import BatchSettings, Outcome
from pipelines.errors import BadInput, TryroomError
from pipelines.renderers import Renderer
from tests.conftest import picture
from tests.pipelines import tiny_renderer
from tests.pipelines.tiny_renderer import BREAKS, CRASHES, SLOW

ROOT = Path(__file__).parents[2]


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "log"
    path.touch()
    monkeypatch.setenv("TINY_RENDERER_LOG", str(path))
    return path


def events(log: Path, kind: str) -> list[str]:
    return [line for line in log.read_text().splitlines() if line.startswith(kind)]


def shop(folder: Path, behaviours: dict[str, int | None], **columns: str) -> Path:
    """A manifest of one job per id, each with a photo that makes the tiny renderer behave so."""
    rows = [["id", "task", "photo", "item", *columns]]
    images.save_png(folder / "garment.png", picture(70, 80, seed=99))
    for number, (job_id, behaviour) in enumerate(behaviours.items()):
        photo = picture(96, 72, seed=number)
        photo[0, 0] = 0 if behaviour is None else behaviour
        images.save_png(folder / f"photo-{job_id}.png", photo)
        rows.append([job_id, "tryon", f"photo-{job_id}.png", "garment.png", *columns.values()])
    path = folder / "manifest.csv"
    with path.open("w", newline="") as stream:
        csv.writer(stream).writerows(rows)
    return path


def run(manifest: Path, out: Path, **settings: object) -> dict[str, Outcome]:
    outcomes = batch.run(
        jobs.read_jobs(manifest), out, BatchSettings(renderer="tiny", **settings), load=tiny_renderer.load
    )
    return {outcome.id: outcome for outcome in outcomes}


def report(out: Path) -> list[tuple[str, str]]:
    with (out / batch.REPORT_NAME).open(newline="") as stream:
        return [(row["id"], row["status"]) for row in csv.DictReader(stream)]


def pictures(out: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in out.glob("*.png")}


def test_every_job_gets_its_picture_and_its_line_in_the_report(tmp_path: Path, log: Path) -> None:
    manifest = shop(tmp_path, {"z": None, "a": None, "m": None}, seed="5", category="upper", steps="2")
    out = tmp_path / "new" / "out"
    outcomes = run(manifest, out)
    assert report(out) == [("z", "ok"), ("a", "ok"), ("m", "ok")]
    assert sorted(os.listdir(out)) == ["a.png", "m.png", "report.csv", "z.png"]
    assert len(events(log, "load")) == 1
    assert outcomes["a"].warnings == ("a tiny renderer",)
    recipe = images.read_recipe(out / "a.png")
    assert recipe is not None
    assert (recipe["seed"], recipe["steps"], recipe["category_requested"]) == (5, 2, "upper")
    photo, made = images.load_image(tmp_path / "photo-a.png"), images.load_image(out / "a.png")
    assert np.array_equal(photo[:32], made[:32])
    assert not np.array_equal(photo[32:64], made[32:64])


def test_steps_are_written_beside_the_picture(tmp_path: Path, log: Path) -> None:
    out = tmp_path / "out"
    run(shop(tmp_path, {"a": None}), out, save_steps=True)
    names = [*(f"a_{name}.png" for name in batch.STEP_NAMES["tryon"]), "a.png", "a_recipe.json", "report.csv"]
    assert sorted(os.listdir(out)) == sorted(names)
    assert (images.load_mask(out / "a_mask.png")[32:64] == 255).all()
    assert images.load_recipe((out / "a_recipe.json").read_text()) == images.read_recipe(out / "a.png")


def test_a_failed_job_stops_no_other(tmp_path: Path, log: Path) -> None:
    manifest = shop(tmp_path, {"first": None, "broken": BREAKS, "gone": None, "crash": CRASHES, "last": None})
    (tmp_path / "photo-gone.png").write_bytes(b"not a picture")
    outcomes = run(manifest, tmp_path / "out")
    assert [outcome.status for outcome in outcomes.values()] == ["ok", "failed", "failed", "failed", "ok"]
    assert outcomes["broken"].error == "rendering failed in stage warp: the garment has no sides"
    assert "photo-gone.png: got a text file" in outcomes["gone"].error
    assert "ended unexpectedly (exit code 3)" in outcomes["crash"].error
    assert sorted(pictures(tmp_path / "out")) == ["first.png", "last.png"]


def test_a_renderer_that_cannot_be_loaded_fails_every_job_with_the_reason(tmp_path: Path) -> None:
    outcomes = batch.run(
        jobs.read_jobs(shop(tmp_path, {"a": None, "b": None})), tmp_path / "out", BatchSettings(), load=cannot_load
    )
    assert {(outcome.status, outcome.error) for outcome in outcomes} == {("failed", "no such renderer: compact")}


def cannot_load(name: str, task: str) -> Renderer:
    raise TryroomError(f"no such renderer: {name}")


def test_workers_change_nothing_but_the_time(tmp_path: Path, log: Path) -> None:
    manifest = shop(tmp_path, dict.fromkeys("abcdef"))
    run(manifest, tmp_path / "one", save_steps=True)
    run(manifest, tmp_path / "three", save_steps=True, workers=3)
    assert len(events(log, "load")) == 1 + 3
    assert pictures(tmp_path / "one") == pictures(tmp_path / "three")
    assert report(tmp_path / "one") == report(tmp_path / "three")


def test_resume_redoes_exactly_what_is_missing_or_different(tmp_path: Path, log: Path) -> None:
    manifest = shop(tmp_path, dict.fromkeys(("kept", "gone", "seed", "photo", "cut", "plain")), seed="1")
    out = tmp_path / "out"
    run(manifest, out)
    whole = pictures(out)
    (out / "gone.png").unlink()
    (out / "cut.png").write_bytes(whole["cut.png"][:-30])
    images.save_png(out / "plain.png", images.load_image(out / "plain.png"))
    manifest.write_text(manifest.read_text().replace("photo-seed.png,garment.png,1", "photo-seed.png,garment.png,2"))
    images.save_png(tmp_path / "photo-photo.png", picture(96, 72, seed=50))
    log.write_text("")
    outcomes = run(manifest, out, resume=True)
    redone = {job_id for job_id, outcome in outcomes.items() if outcome.status == "ok"}
    assert redone == {"gone", "seed", "photo", "cut", "plain"}
    assert len(events(log, "render")) == 5
    assert outcomes["kept"].status == "kept"
    now = pictures(out)
    assert {name for name in whole if whole[name] != now[name]} == {"seed.png", "photo.png"}


def test_resume_wants_the_steps_too_if_they_are_asked_for(tmp_path: Path, log: Path) -> None:
    manifest, out = shop(tmp_path, {"a": None, "b": None}), tmp_path / "out"
    run(manifest, out)
    assert {outcome.status for outcome in run(manifest, out, resume=True, save_steps=True).values()} == {"ok"}
    (out / "b_hint.png").unlink()
    outcomes = run(manifest, out, resume=True, save_steps=True)
    assert (outcomes["a"].status, outcomes["b"].status) == ("kept", "ok")


def test_without_resume_everything_is_made_again(tmp_path: Path, log: Path) -> None:
    manifest, out = shop(tmp_path, {"a": None}), tmp_path / "out"
    run(manifest, out)
    run(manifest, out)
    assert len(events(log, "render")) == 2


def test_ids_that_would_write_the_same_file_are_refused(tmp_path: Path) -> None:
    manifest = shop(tmp_path, {"a": None, "a_mask": None})
    with pytest.raises(BadInput, match=r"both write a_mask\.png"):
        run(manifest, tmp_path / "out", save_steps=True)
    assert not (tmp_path / "out").exists()


def test_settings_and_folders_are_checked(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="1 to 64"):
        BatchSettings(workers=0)
    with pytest.raises(BadInput, match="output"):
        run(shop(tmp_path, {"a": None}), tmp_path / "manifest.csv")


def started(manifest: Path, out: Path, workers: int) -> subprocess.Popen[str]:
    """The same batch in a process group of its own, to be interrupted as a terminal would."""
    code = (
        "import signal, sys; from pathlib import Path; from pipelines import batch, jobs\n"
        "from tests.pipelines import tiny_renderer\n"
        "if __name__ == '__main__':\n"
        # A shell that starts the tests in its background lets them, and all they start, ignore Ctrl-C.
        "    signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "    work = jobs.read_jobs(Path(sys.argv[1]))\n"
        "    settings = batch.BatchSettings(renderer='tiny', workers=int(sys.argv[3]))\n"
        "    batch.run(work, Path(sys.argv[2]), settings, load=tiny_renderer.load)\n"
    )
    command = [sys.executable, "-c", code, str(manifest), str(out), str(workers)]
    return subprocess.Popen(command, cwd=ROOT, start_new_session=True, text=True, stderr=subprocess.PIPE)


def wait_for_pictures(out: Path, number: int) -> None:
    end = time.monotonic() + 60
    while len(list(out.glob("*.png"))) < number:
        assert time.monotonic() < end, "the batch made no pictures"
        time.sleep(0.02)


def test_ctrl_c_leaves_whole_files_and_an_honest_report(tmp_path: Path, log: Path) -> None:
    manifest, out = shop(tmp_path, dict.fromkeys("abcdefgh", SLOW)), tmp_path / "out"
    process = started(manifest, out, workers=2)
    wait_for_pictures(out, 2)
    os.killpg(process.pid, signal.SIGINT)
    _, errors = process.communicate(timeout=30)
    assert process.returncode != 0
    assert errors.count("Traceback") == 1  # the parent's KeyboardInterrupt; workers stay quiet
    assert "stopped" in dict(report(out)).values()
    assert [path for path in out.iterdir() if path.name.startswith(".")] == []
    for path in out.glob("*.png"):
        assert images.read_recipe(path)
    assert {job_id for job_id, status in report(out) if status == "ok"} <= {path.stem for path in out.glob("*.png")}


def test_killed_and_resumed_equals_uninterrupted(tmp_path: Path, log: Path) -> None:
    manifest, out = shop(tmp_path, dict.fromkeys("abcdef", SLOW)), tmp_path / "out"
    process = started(manifest, out, workers=2)
    wait_for_pictures(out, 2)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate(timeout=30)
    assert len(pictures(out)) < 6
    (out / f".x.png.00000000{images.PART_SUFFIX}").write_bytes(b"what a killed writer leaves")
    resumed = run(manifest, out, resume=True, workers=2)
    assert {outcome.status for outcome in resumed.values()} == {"ok", "kept"}
    run(manifest, tmp_path / "whole")
    assert pictures(out) == pictures(tmp_path / "whole")
    assert sorted(os.listdir(out)) == sorted(os.listdir(tmp_path / "whole"))
