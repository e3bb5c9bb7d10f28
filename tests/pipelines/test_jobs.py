"""Manifests: structure is refused before any work, with the line; what is wrong with one job stays with that job."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines import images, jobs
from pipelines.errors import BadInput
from pipelines.schema import RenderSettings


def written(folder: Path, text: str) -> Path:
    path = folder / "manifest.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_manifest_becomes_jobs_in_its_order(tmp_path: Path) -> None:
    text = "\ufeffitem,id,task,photo,seed,steps,category,note\r\n"
    text += "g.png, one ,tryon,p.png,7,0,upper,anything\r\n\r\n"
    text += '/abs/g.png,two,tryon,"sub/a,b.jpg",,,,\r\n'
    one, two = jobs.read_jobs(written(tmp_path, text))
    assert one == jobs.Job("one", 2, "tryon", tmp_path / "p.png", tmp_path / "g.png", "upper", "7", "0")
    assert two == jobs.Job("two", 4, "tryon", tmp_path / "sub" / "a,b.jpg", Path("/abs/g.png"), "auto")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "nothing in line 1"),
        ("id,task,photo,item\n", "no jobs"),
        ("id,task,photo\na,tryon,p\n", r"missing: \['item'\]"),
        ("id,task,photo,item,item\na,tryon,p,g,g\n", "Name each once"),
        ("id,task,photo,item,seeds\na,tryon,p,g,1\n", "'seeds'; allowed: seed"),
        ("id,task,photo,item,Category\na,tryon,p,g,upper\n", "'Category'; allowed: category"),
        ("id,task,photo,item\na,tryon,p,g\nb,tryon,p\n", "3 values in line 3"),
        ("id,task,photo,item\na,tryon,p,g\nb,tryon,p,g\na,tryon,q,g\n", "line 4, id: got 'a', as in line 2"),
        ("id,task,photo,item\na,tryon,p,g\nA,tryon,p,g\n", "line 3, id: got 'A', as in line 2"),
        ("id,task,photo,item\na/b,tryon,p,g\n", "line 2, id"),
        ("id,task,photo,item\na\\b,tryon,p,g\n", "line 2, id"),
        ("id,task,photo,item\n..,tryon,p,g\n", "line 2, id"),
        ("id,task,photo,item\n,tryon,p,g\n", "line 2, id"),
        (f"id,task,photo,item\n{'ä' * 101},tryon,p,g\n", "line 2, id"),
        ('id,task,photo,item\n"a,tryon,p,g\n', "unreadable text"),
    ],
)
def test_broken_structure_is_refused(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(BadInput, match=says):
        jobs.read_jobs(written(tmp_path, text))


def test_a_manifest_that_is_no_text_or_not_there(tmp_path: Path) -> None:
    path = tmp_path / "manifest.csv"
    with pytest.raises(BadInput, match="does not exist"):
        jobs.read_jobs(path)
    path.write_bytes(b"\xff\xfe\x00\x01")
    with pytest.raises(BadInput, match="UTF-8"):
        jobs.read_jobs(path)


@given(st.text(max_size=30))
def test_an_id_that_is_accepted_names_a_file_in_the_folder(job_id: str) -> None:
    try:
        jobs._check_id(Path("m.csv"), 2, job_id, {})
    except BadInput:
        return
    name = f"{job_id}_parsing.png"
    assert os.path.dirname(os.path.normpath(f"/out/{name}")) == "/out"
    assert not name.startswith(".")
    assert len(name.encode()) < 256


def test_an_item_may_be_a_catalog_id_but_a_file_wins(tmp_path: Path, photo_file: Path) -> None:
    lines = ["a,tryon,p,g012,", f"b,tryon,p,{photo_file.name},", "c,tryon,p,nothing,", "d,tryon,p,g012,upper"]
    path = written(tmp_path, "\n".join(["id,task,photo,item,category", *lines]))
    dress = jobs.Garment(Path("/catalog/g012.png"), "dress")
    found = jobs.read_jobs(path, find_item={"g012": dress, photo_file.name: dress}.get)
    assert [job.item for job in found] == [dress.picture, photo_file, tmp_path / "nothing", dress.picture]
    assert [job.category for job in found] == ["dress", "auto", "auto", "upper"]


def test_a_request_carries_the_values_and_defaults(photo_file: Path) -> None:
    request = jobs.request_of(jobs.Job("a", 2, "tryon", photo_file, photo_file, "lower", "12", "0"), "compact")
    assert (request.category, request.settings) == ("lower", RenderSettings("compact", 12, 0))
    assert request.person.shape == (120, 90, 3)
    plain = jobs.request_of(jobs.Job("a", 2, "tryon", photo_file, photo_file), "compact")
    assert (plain.category, plain.settings) == ("auto", RenderSettings())


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"task": "room"}, "task: got 'room'; allowed: tryon"),
        ({"task": ""}, "task: got ''"),
        ({"category": "shoes"}, "auto, upper, lower, dress"),
        ({"seed": "1.0"}, "a whole number"),
        ({"seed": "-1"}, "seed: got -1"),
        ({"seed": "9" * 19}, "seed: got 9999"),
        ({"steps": "51"}, "0 to 50"),
        ({"steps": "many"}, "a whole number"),
    ],
)
def test_a_value_that_cannot_be_used_is_refused_by_its_job(
    photo_file: Path, changes: dict[str, str], says: str
) -> None:
    values = {"id": "a", "line": 2, "task": "tryon", "photo": photo_file, "item": photo_file, **changes}
    with pytest.raises(BadInput, match=says):
        jobs.request_of(jobs.Job(**values), "compact")  # type: ignore[arg-type]


def test_a_transparent_garment_stays_a_cut_out_and_a_mask_is_read(tmp_path: Path, photo_file: Path) -> None:
    cut_out = np.full((80, 80, 4), 200, np.uint8)
    cut_out[:20, :, 3] = 0
    images.save_png(tmp_path / "cut.png", cut_out)
    images.save_png(tmp_path / "mask.png", np.full((120, 90), 255, np.uint8))
    request = jobs.tryon_request(
        photo_file, tmp_path / "cut.png", mask=tmp_path / "mask.png", settings=RenderSettings()
    )
    assert request.garment.shape == (80, 80, 4)
    assert request.mask is not None
    assert (request.mask == 255).all()
    images.save_png(tmp_path / "mask.png", np.full((90, 120), 255, np.uint8))
    with pytest.raises(BadInput, match="size of the photo"):
        jobs.tryon_request(photo_file, tmp_path / "cut.png", mask=tmp_path / "mask.png", settings=RenderSettings())
