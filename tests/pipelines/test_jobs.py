"""Manifests: structure is refused before any work, with the line; what is wrong with one job stays with that job."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines import images, jobs
from pipelines.errors import BadInput
from pipelines.furniture import FurnitureFiles
from pipelines.schema import RenderSettings, WearStyle


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
        ("id,task,photo,instruction\na,edit,p,w\nb,room,p,\n", r"missing: \['item'\]"),
        ("id,task,photo,item\na,edit,p,\nb,room,p,i\n", r"missing: \['instruction'\]"),
        ("id,task,photo,item,masks\na,tryon,p,g,m\n", "'masks'; allowed: mask"),
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
        ({"task": "sofa"}, "task: got 'sofa'; allowed: tryon, room, edit"),
        ({"task": "room"}, "the size of an item that is a picture"),
        ({"task": "room", "size": "120 60"}, "width, depth and height in cm"),
        ({"task": "room", "size": "120 60 wide"}, "a number"),
        ({"task": "room", "size": "120x60x0"}, "of 1 to 1000 cm"),
        ({"task": "room", "size": "9 9 9", "at_x": "0.5"}, "at_y: got ''"),
        ({"task": "room", "size": "9 9 9", "yaw": "nan"}, "yaw: got 'nan'"),
        ({"task": ""}, "task: got ''"),
        ({"task": "edit"}, "words: got 0 letters"),
        ({"task": "edit", "instruction": "w" * 1001}, "words: got 1001 letters"),
        ({"task": "edit", "instruction": "more light", "mask": Path("nowhere.png")}, "mask nowhere.png"),
        ({"item": None}, "item: got nothing"),
        ({"mask": Path("nowhere.png")}, "mask nowhere.png"),
        ({"category": "shoes"}, "auto, upper, lower, dress"),
        ({"seed": "1.0"}, "a whole number"),
        ({"seed": "-1"}, "seed: got -1"),
        ({"seed": "9" * 19}, "seed: got 9999"),
        ({"steps": "51"}, "0 to 50"),
        ({"steps": "many"}, "a whole number"),
        ({"sleeves": "short"}, "sleeves: got 'short'; allowed: as made, rolled up"),
        ({"layer": "half"}, "auto, open, closed"),
        ({"category": "lower", "tuck": "in"}, "for a garment of category lower"),
        ({"mask_grow": "5"}, "-3 to 3 percent"),
        ({"garment_width": "wide"}, "a number"),
        ({"person_height": "1.72"}, "50 to 250 cm"),
        ({"also": jobs.Garment(Path("nowhere.png"))}, "garment picture nowhere.png"),
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


def test_lines_of_words_stand_beside_lines_of_items(tmp_path: Path, photo_file: Path) -> None:
    images.save_png(tmp_path / "mask.png", np.full((120, 90), 255, np.uint8))
    text = "id,task,photo,item,instruction,mask,seed,instructions\n"
    text += f'a,edit,{photo_file},,"make it warm, and bright",mask.png,4,none\n'
    text += f"b,edit,{photo_file},g012,more light,,,\nc,tryon,{photo_file},{photo_file},,mask.png,,\nd,tryon,p,,,,,\n"
    found = jobs.read_jobs(written(tmp_path, text), find_item={"g012": jobs.Garment(photo_file)}.get)
    assert [job.item for job in found] == [None, None, photo_file, None]
    edit, whole, tryon = (jobs.request_of(job, "remote") for job in found[:3])
    assert edit.words == "make it warm, and bright" and (edit.mask == 255).all()
    assert edit.settings == RenderSettings("remote", 4)
    assert (whole.words, whole.mask) == ("more light", None)
    assert tryon.garment.shape == (120, 90, 3) and (tryon.mask == 255).all()
    with pytest.raises(BadInput, match="Fill in the column item"):
        jobs.request_of(found[3], "remote")


@pytest.fixture
def furniture(tmp_path: Path) -> FurnitureFiles:
    """Cut-outs from two angles of pitch and three of yaw, each cell of its own shade."""
    atlas = np.zeros((2 * 64, 3 * 64, 4), np.uint8)
    for row, column in np.ndindex(2, 3):
        atlas[64 * row + 8 : 64 * row + 56, 64 * column + 8 : 64 * column + 56] = (40 * row, 40 * column, 0, 255)
    images.save_png(tmp_path / "atlas.png", atlas)
    return FurnitureFiles((1.2, 0.6, 0.45), tmp_path / "atlas.png", (0, 30, 60), (8, 25), "floor", False)


def test_furniture_is_read_cell_by_cell(photo_file: Path, furniture: FurnitureFiles) -> None:
    job = jobs.Job("a", 2, "room", photo_file, furniture, at_x="0.5", at_y="0.75", yaw="-30", seed="3")
    request = jobs.request_of(job, "compact")
    (standing,) = request.items
    assert (standing.at, standing.yaw, standing.size) == ((0.5, 0.75), -30, None)
    assert (standing.item.size, standing.item.symmetric) == ((1.2, 0.6, 0.45), False)
    seen = {view.angles: tuple(view.picture[32, 32]) for view in standing.item.views}
    assert seen == {
        (yaw, pitch): (40 * row, 40 * column, 0, 255)
        for row, pitch in enumerate((8, 25))
        for column, yaw in enumerate((0, 30, 60))
    }


def test_a_mask_bounds_what_may_change_in_a_room(tmp_path: Path, photo_file: Path, furniture: FurnitureFiles) -> None:
    images.save_png(tmp_path / "mask.png", np.full((120, 90), 255, np.uint8))
    job = jobs.Job("a", 2, "room", photo_file, furniture, mask=tmp_path / "mask.png")
    mask = jobs.request_of(job, "compact").mask
    assert mask is not None and (mask == 255).all()


def test_an_atlas_of_another_shape_is_refused(photo_file: Path, furniture: FurnitureFiles) -> None:
    wrong = dataclasses.replace(furniture, yaws=(0, 30))
    with pytest.raises(BadInput, match="2 x 2 square cells"):
        jobs.room_request(photo_file, wrong, settings=RenderSettings())


def test_furniture_is_not_tried_on(photo_file: Path, furniture: FurnitureFiles) -> None:
    with pytest.raises(BadInput, match="Write room as the task"):
        jobs.request_of(jobs.Job("a", 2, "tryon", photo_file, furniture), "compact")


def test_a_picture_of_furniture_is_cut_out_and_has_the_size_that_is_said(tmp_path: Path, photo_file: Path) -> None:
    picture = np.full((100, 120, 3), 250, np.uint8)
    picture[20:90, 30:100] = (120, 60, 30)
    images.save_png(tmp_path / "chest.png", picture)
    for text in ("80 40 90", "80x40x90", "80 × 40 × 90"):
        job = jobs.Job("a", 2, "room", photo_file, tmp_path / "chest.png", size=text)
        item = jobs.request_of(job, "compact").items[0].item
        assert item.size == (0.8, 0.4, 0.9)
        assert item.views[0].angles is None
        agree = (item.views[0].picture[..., 3] > 127) == (picture == (120, 60, 30)).all(2)
        assert agree.mean() > 0.99
    with pytest.raises(BadInput, match="two fractions"):
        jobs.request_of(dataclasses.replace(job, at_x="5", at_y="1"), "compact")


def test_how_it_is_worn_and_with_what_is_read_from_the_manifest(tmp_path: Path, photo_file: Path) -> None:
    text = "id,task,photo,item,sleeves,tuck,layer,with,mask_grow,person_height,width\n"
    text += f"a,tryon,{photo_file},shirt,rolled up,in,,jeans,-1,172,our own\n"
    text += f"b,tryon,{photo_file},{photo_file},,,,,,,\n"
    shirt, jeans = jobs.Garment(photo_file, "upper", 52.0), jobs.Garment(photo_file, "lower", 40.0)
    a, b = jobs.read_jobs(written(tmp_path, text), find_item={"shirt": shirt, "jeans": jeans}.get)
    request = jobs.request_of(a, "compact")
    assert request.wear == WearStyle("rolled up", "in") and request.mask_grow == -1
    assert (request.garment_width, request.person_height) == (52, 172)
    (other,) = request.others
    assert (other.category, other.garment_width, other.wear) == ("lower", 40, None)
    plain = jobs.request_of(b, "compact")
    assert (plain.wear, plain.others, plain.mask_grow, plain.person_height) == (WearStyle(), (), 0, None)


def test_furniture_is_not_worn_with_a_garment(photo_file: Path, furniture: FurnitureFiles) -> None:
    with pytest.raises(BadInput, match="a garment to try on"):
        jobs.request_of(jobs.Job("a", 2, "tryon", photo_file, photo_file, also=furniture), "compact")
