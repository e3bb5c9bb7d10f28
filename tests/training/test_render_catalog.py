"""Recipes and lists of the demo catalog; nothing is rendered."""

import json
import tomllib
from pathlib import Path

import numpy as np
import pytest

from recommend.catalog import read_catalog
from training.render_catalog import (
    GARMENTS,
    PEOPLE,
    ROOT,
    load_recipes,
    save_picture,
    stored_hash,
    write_catalog,
    write_people,
)
from tryroom import demo_people

RECIPES = ROOT / "training" / "catalog.toml"


def test_like_merges_patterns_and_replaces_the_rest(tmp_path: Path) -> None:
    path = tmp_path / "recipes.toml"
    path.write_text(
        '[shape.tee]\ncut = "upper"\npattern = { sleeve = 0.3, hem = 0.1 }\ndetails = ["hem"]\n'
        '[shape.tank]\nlike = "tee"\npattern = { sleeve = 0 }\ndetails = []\n'
    )
    tank = load_recipes(path)["shape"]["tank"]
    assert tank == {"cut": "upper", "pattern": {"sleeve": 0, "hem": 0.1}, "details": [], "fabric": {}}


def test_every_recipe_names_what_exists_and_ids_are_unique() -> None:
    recipes = load_recipes(RECIPES)
    ids = [item["id"] for item in recipes["item"]]
    assert len(ids) == len(set(ids))
    worn = [piece["shape"] for person in recipes["person"] for piece in person["wears"]]
    assert {item["shape"] for item in recipes["item"]} | set(worn) <= set(recipes["shape"])
    assert {shape["body"] for shape in recipes["shape"].values()} <= set(recipes["body"])


def test_pictures_carry_their_recipe(tmp_path: Path) -> None:
    assert stored_hash(tmp_path / "a.jpg") is None
    save_picture(np.random.default_rng(0).random((16, 16, 3)), tmp_path / "a.jpg", "0123456789abcdef", 90)
    assert stored_hash(tmp_path / "a.jpg") == "0123456789abcdef"
    assert [path.name for path in tmp_path.iterdir()] == ["a.jpg"]


def test_lists_hold_only_what_has_a_picture(tmp_path: Path) -> None:
    recipes = tomllib.loads(RECIPES.read_text())
    item, person = recipes["item"][3], recipes["person"][0]
    for name in (item["id"], person["id"]):
        save_picture(np.random.default_rng(0).random((16, 16, 3)), tmp_path / f"{name}.jpg", "", 90)
    write_catalog(recipes, tmp_path)
    write_people(recipes, tmp_path)
    catalog = read_catalog(tmp_path, decode=True)
    assert [entry.id for entry in catalog.items] == [item["id"]] and not catalog.problems
    assert [shown.id for shown in demo_people(tmp_path)] == [person["id"]]


@pytest.mark.parametrize(("folder", "name"), [(GARMENTS, "catalog.jsonl"), (PEOPLE, "people.jsonl")])
def test_delivered_lists_and_pictures_agree(folder: Path, name: str) -> None:
    lines = [json.loads(line) for line in (folder / name).read_text(encoding="utf-8").splitlines()]
    assert {line["image"] for line in lines} == {path.name for path in folder.glob("*.jpg")}
    assert all(stored_hash(folder / line["image"]) for line in lines)
