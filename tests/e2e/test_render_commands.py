"""The whole way, with the networks that ship: the commands on the demo people, the demo rooms and both catalogs."""

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
import skimage.data

import tryroom
from pipelines import batch, images
from recommend.catalog import read_catalog
from recommend.schema import Item

ROOT = Path(__file__).parents[2]
STEPS = "1"
AT = ("0.5", "0.8")

#: Photos, and what is put into each.
Pairs = list[tuple[tryroom.DemoPhoto, Item]]


def job(photo: tryroom.DemoPhoto, item: Item) -> str:
    """What the manifest calls it."""
    return f"{photo.id}-{item.id}"


def command(*arguments: object) -> list[str]:
    return [sys.executable, str(ROOT / "tryroom_cli.py"), *map(str, arguments)]


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command(*arguments), capture_output=True, text=True, check=False, timeout=900)


def report(out: Path) -> dict[str, dict[str, str]]:
    with (out / batch.REPORT_NAME).open(newline="") as stream:
        return {row["id"]: row for row in csv.DictReader(stream)}


def written(path: Path, rows: list[tuple[str, Path, str]], rooms: list[tuple[str, Path, str]] = ()) -> Path:
    """A manifest of try-ons, and of furniture put low in the middle of rooms."""
    with path.open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(("id", "task", "photo", "item", "steps", "at_x", "at_y"))
        writer.writerows((job_id, "tryon", photo, item, STEPS, "", "") for job_id, photo, item in rows)
        writer.writerows((job_id, "room", photo, item, "", *AT) for job_id, photo, item in rooms)
    return path


@pytest.fixture(scope="module")
def garments() -> list[Item]:
    """One item of each category."""
    items = read_catalog(tryroom.CATALOG).items
    return [next(item for item in items if item.category == category) for category in ("upper", "lower", "dress")]


@pytest.fixture(scope="module")
def furniture() -> list[Item]:
    items = read_catalog(tryroom.FURNITURE).items
    return [next(item for item in items if item.category == category) for category in ("coffee table", "armchair")]


@pytest.fixture(scope="module")
def looks(garments: list[Item]) -> Pairs:
    """Two people in three garments."""
    one, other = tryroom.demo_people()[:2]
    return list(zip((one, other, one), garments, strict=True))


@pytest.fixture(scope="module")
def places(furniture: list[Item]) -> Pairs:
    """Two rooms with a piece of furniture each."""
    return list(zip(tryroom.demo_rooms()[:2], furniture, strict=True))


@pytest.fixture(scope="module")
def manifest(tmp_path_factory: pytest.TempPathFactory, looks: Pairs, places: Pairs) -> Path:
    """The looks and the places; items are named by their catalog ids."""
    people, rooms = ([(job(*pair), pair[0].image, pair[1].id) for pair in pairs] for pairs in (looks, places))
    return written(tmp_path_factory.mktemp("shop") / "manifest.csv", people, rooms)


@pytest.fixture(scope="module")
def rendered(tmp_path_factory: pytest.TempPathFactory, manifest: Path) -> Path:
    """The manifest rendered by one worker, uninterrupted, with all steps."""
    out = tmp_path_factory.mktemp("out")
    done = run("batch", manifest, "-o", out, "--save-steps")
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"{out / batch.REPORT_NAME}\n"
    return out


def test_every_job_is_rendered_and_only_inside_its_mask(rendered: Path, looks: Pairs) -> None:
    assert {row["status"] for row in report(rendered).values()} == {"ok"}
    for person, item in looks:
        photo, name = images.load_image(person.image), job(person, item)
        made, mask = images.load_image(rendered / f"{name}.png"), images.load_mask(rendered / f"{name}_mask.png")
        assert np.array_equal(made[mask == 0], photo[mask == 0])
        assert 0.02 < (mask > 0).mean() < 0.7
        changed = np.abs(made.astype(int) - photo)[mask > 0].mean()
        assert changed > 3, f"{name} looks as before"
        recipe = images.read_recipe(rendered / f"{name}.png")
        assert recipe is not None
        assert (recipe["renderer"], recipe["seed"], recipe["num_inference_steps"]) == ("compact", 0, int(STEPS))
        assert recipe["category_used"] == item.category


def test_all_steps_are_there_at_the_size_of_the_photo(rendered: Path) -> None:
    for job_id in report(rendered):
        size = images.load_image(rendered / f"{job_id}.png").shape
        recipe = images.load_recipe((rendered / f"{job_id}_recipe.json").read_text())
        for name in batch.STEP_NAMES[recipe["task"]]:
            assert images.load_image(rendered / f"{job_id}_{name}.png").shape[:2] == size[:2]


def test_one_try_on_equals_its_line_in_the_batch(rendered: Path, looks: Pairs, tmp_path: Path) -> None:
    person, item = looks[1]
    out = tmp_path / "new" / "out.png"
    done = run("tryon", person.image, item.id, "-o", out, "--steps", STEPS, "--save-steps", tmp_path / "steps")
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"{out}\n"
    assert out.read_bytes() == (rendered / f"{job(person, item)}.png").read_bytes()
    wanted = {*(f"{name}.png" for name in batch.STEP_NAMES["tryon"]), "recipe.json"}
    assert set(os.listdir(tmp_path / "steps")) == wanted


def test_two_garments_and_how_they_are_worn_are_in_the_recipe(garments: list[Item], tmp_path: Path) -> None:
    person, (upper, lower, _) = tryroom.demo_people()[0], garments
    out = tmp_path / "out.png"
    worn = ("--with", lower.id, "--tuck", "in", "--mask-grow", "0.5")
    done = run("tryon", person.image, upper.id, *worn, "--steps", STEPS, "-o", out)
    assert done.returncode == 0, done.stderr
    recipe = images.read_recipe(out)
    assert recipe is not None
    assert recipe["wear"]["tuck"] == "in" and recipe["mask_grow"] == 0.5
    assert [one["category_used"] for one in recipe["put_on"]] == ["lower", "upper"]
    assert {one["garment"] for one in recipe["put_on"]} == {recipe["garment"], recipe["others"][0]["garment"]}
    photo, made = images.load_image(person.image), images.load_image(out)
    assert made.shape == photo.shape and not np.array_equal(made, photo)


def test_furniture_changes_its_room_only_inside_the_mask(rendered: Path, places: Pairs) -> None:
    for room, item in places:
        photo, name = images.load_image(room.image), job(room, item)
        made, mask = images.load_image(rendered / f"{name}.png"), images.load_mask(rendered / f"{name}_mask.png")
        assert np.array_equal(made[mask == 0], photo[mask == 0])
        assert 0.005 < (mask > 0).mean() < 0.6
        recipe = images.read_recipe(rendered / f"{name}.png")
        assert recipe is not None
        assert recipe["task"] == "room"
        assert {"horizon_y", "focal_px", "confidence"} <= set(recipe)
        (placed,) = recipe["placed"]
        assert {"px_per_m", "yaw", "box"} <= set(placed)
        assert placed["size_cm"] == pytest.approx(item.size_cm, abs=0.1)


def test_one_room_equals_its_line_in_the_batch(rendered: Path, places: Pairs, tmp_path: Path) -> None:
    (room, item), out = places[0], tmp_path / "out.png"
    done = run("room", room.image, item.id, "-o", out, "--at", *AT, "--save-steps", tmp_path / "steps")
    assert done.returncode == 0, done.stderr
    assert out.read_bytes() == (rendered / f"{job(room, item)}.png").read_bytes()
    wanted = {*(f"{name}.png" for name in batch.STEP_NAMES["room"]), "recipe.json"}
    assert set(os.listdir(tmp_path / "steps")) == wanted


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--at", 0.5, 0.01), "above the horizon"),
        (("--at", 5, 1), "two fractions of the photo"),
        (("--camera-height", 90), "0.2 to 5 m"),
        (("--size", 100, 50, 0), "of 1 to 1000 cm"),
    ],
)
def test_what_a_room_cannot_be_asked_is_refused(
    furniture: list[Item], tmp_path: Path, arguments: tuple[object, ...], says: str
) -> None:
    room, out = tryroom.demo_rooms()[0], tmp_path / "out.png"
    done = run("room", room.image, furniture[0].id, "-o", out, *arguments)
    assert done.returncode == 2
    assert says in done.stderr
    assert not out.exists()


def test_a_picture_of_furniture_needs_its_size(furniture: list[Item], tmp_path: Path) -> None:
    room, out = tryroom.demo_rooms()[0], tmp_path / "out.png"
    picture = read_catalog(tryroom.FURNITURE).picture(furniture[0])
    done = run("room", room.image, picture, "-o", out)
    assert done.returncode == 2 and "--size" in done.stderr
    done = run("room", room.image, picture, "-o", out, "--at", *AT, "--size", *(furniture[0].size_cm or ()))
    assert done.returncode == 0, done.stderr
    assert out.exists()


def test_killed_and_resumed_with_two_workers_equals_one_worker_uninterrupted(
    rendered: Path, manifest: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    arguments = ("batch", manifest, "-o", out, "--save-steps", "--workers", 2)
    process = subprocess.Popen(command(*arguments), start_new_session=True, stderr=subprocess.DEVNULL)
    jobs, end = list(report(rendered)), time.monotonic() + 600
    while not any((out / f"{job_id}.png").exists() for job_id in jobs):
        assert process.poll() is None, "the batch ended before it made a picture"
        assert time.monotonic() < end
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    resumed = run(*arguments, "--resume")
    assert resumed.returncode == 0, resumed.stderr
    assert "kept" in {row["status"] for row in report(out).values()}
    files = sorted(path.name for path in rendered.iterdir() if path.name != batch.REPORT_NAME)
    assert sorted(path.name for path in out.iterdir() if path.name != batch.REPORT_NAME) == files
    assert [name for name in files if (out / name).read_bytes() != (rendered / name).read_bytes()] == []


def test_no_person_and_no_garment_are_refused_with_the_reason(garments: list[Item], tmp_path: Path) -> None:
    cat, coffee = tmp_path / "cat.png", tmp_path / "coffee.png"
    images.save_png(cat, skimage.data.chelsea())
    images.save_png(coffee, skimage.data.coffee())
    person = tryroom.demo_people()[0]
    rows = [("cat", cat, garments[0].id), ("coffee", person.image, str(coffee)), ("good", person.image, garments[0].id)]
    done = run("batch", written(tmp_path / "manifest.csv", rows), "-o", tmp_path / "out")
    assert done.returncode == 1
    rows_by_id = report(tmp_path / "out")
    assert [row["status"] for row in rows_by_id.values()] == ["failed", "failed", "ok"]
    assert "no person was found" in rows_by_id["cat"]["error"]
    assert "garment" in rows_by_id["coffee"]["error"]
    alone = run("tryon", cat, garments[0].id, "-o", tmp_path / "out.png")
    assert alone.returncode == 2
    assert "no person was found" in alone.stderr
    assert not (tmp_path / "out.png").exists()
