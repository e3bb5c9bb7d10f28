"""Recipes, pictures and credits of the furniture catalog; nothing is rendered."""

import json
import re
import tomllib
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from pipelines.geometry.views import CELL, box_corners, project, view_camera
from recommend.catalog import read_catalog
from recommend.domains import FURNITURE as WORDS
from training.furniture_patterns import PATTERNS as DRAWN
from training.furniture_patterns import draw
from training.light import cut_out, to_linear, to_srgb
from training.render_catalog import ROOT, stored_hash
from training.render_furniture import (
    CELLS,
    FURNITURE,
    PITCHES,
    atlas_hash,
    catalog_entry,
    load_recipes,
    material_of,
    mesh_of,
    recipe_hash,
    save_atlas,
    save_depths,
    save_picture,
    view_angles,
    write_catalog,
)

RECIPES = load_recipes()
ITEMS: list[dict[str, Any]] = RECIPES["item"]
LINES = [json.loads(line) for line in (FURNITURE / "catalog.jsonl").read_text(encoding="utf-8").splitlines()]
BY_ID = {item["id"]: item for item in ITEMS}

#: Category → least and most width, depth and height that such things have, centimetres.
SANE: dict[str, tuple[tuple[float, float], tuple[float, float], tuple[float, float]]] = {
    "sofa": ((120, 360), (60, 200), (65, 105)),
    "armchair": ((50, 120), (50, 160), (60, 115)),
    "chair": ((37, 80), (40, 70), (72, 120)),
    "stool": ((28, 65), (28, 65), (38, 112)),
    "coffee table": ((60, 150), (40, 100), (34, 56)),
    "side table": ((32, 120), (28, 60), (42, 90)),
    "dining table": ((60, 240), (50, 130), (70, 80)),
    "desk": ((90, 240), (48, 125), (70, 110)),
    "bed": ((60, 215), (85, 230), (55, 165)),
    "nightstand": ((35, 60), (32, 50), (40, 70)),
    "wardrobe": ((80, 230), (35, 75), (120, 240)),
    "dresser": ((70, 170), (38, 60), (70, 145)),
    "bookcase": ((35, 180), (25, 45), (70, 230)),
    "cabinet": ((36, 260), (34, 60), (55, 180)),
    "tv stand": ((100, 180), (35, 75), (40, 170)),
    "floor lamp": ((20, 180), (20, 70), (110, 210)),
    "table lamp": ((12, 45), (12, 45), (25, 85)),
    "ceiling lamp": ((15, 135), (12, 135), (5, 180)),
    "plant": ((12, 130), (12, 130), (15, 220)),
    "rug": ((75, 260), (75, 300), (1, 3)),
    "wall art": ((30, 150), (1, 6), (30, 130)),
    "mirror": ((30, 100), (1, 20), (50, 200)),
    "bench": ((55, 200), (30, 105), (40, 100)),
    "decor": ((6, 180), (6, 55), (9, 195)),
}


# --- recipes ----------------------------------------------------------------------------------------------------------


def test_ids_are_unique_and_plain() -> None:
    assert len(BY_ID) == len(ITEMS) >= 120
    assert [name for name in BY_ID if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)+", name)] == []


@pytest.mark.parametrize("item", ITEMS, ids=lambda item: item["id"])
def test_a_recipe_says_what_a_shop_says(item: dict[str, Any]) -> None:
    assert item["category"] in WORDS.categories
    assert 1 <= len(item["colours"]) <= 3 and set(item["colours"]) <= set(WORDS.colours)
    assert item["pattern"] == "" or item["pattern"] in WORDS.patterns
    assert set(item["material"].split(", ")) <= set(WORDS.materials)
    assert item["kind"] and 1 <= len(item["style"]) <= 2 and set(item["style"]) <= set(WORDS.styles)
    assert 10 <= item["price"] <= 3000
    assert re.fullmatch(r"[A-Z][^.]{20,160}\.", item["description"]), "one sentence"
    assert item["place"] in PITCHES


@pytest.mark.parametrize("item", ITEMS, ids=lambda item: item["id"])
def test_a_recipe_names_what_exists(item: dict[str, Any]) -> None:
    assert ("model" in item) != ("parts" in item)
    if "model" in item:
        assert item["model"].split("/")[0] in RECIPES["library"] and item["author"]
        named = [paint for paint in item.get("paint", {}).values() if isinstance(paint, str)]
        assert set(named) <= set(RECIPES["material"])
    else:
        # Building it checks its parts, their materials and the size it claims.
        assert 100 * mesh_of(item, RECIPES, Path()).size == pytest.approx(item["size"])


@pytest.mark.parametrize("item", ITEMS, ids=lambda item: item["id"])
def test_sizes_are_those_of_such_things(item: dict[str, Any]) -> None:
    for side, (least, most) in zip(item["size"], SANE[item["category"]], strict=True):
        assert least <= side <= most


def test_a_shop_has_some_of_everything() -> None:
    counts = Counter(item["category"] for item in ITEMS)
    assert set(counts) == set(WORDS.categories) and min(counts.values()) >= 3


def test_black_tables_of_metal_and_glass_are_sold_below_and_above_300() -> None:
    prices = [
        item["price"] for item in ITEMS
        if item["category"] == "coffee table" and "black" in item["colours"] and "glass" in item["material"]
        and re.search("metal|steel", item["material"])
    ]  # fmt: skip
    assert sum(price < 300 for price in prices) >= 3 and sum(price > 300 for price in prices) >= 2


def test_no_two_items_look_the_same() -> None:
    looks = [
        json.dumps([item.get(key) for key in ("category", "model", "parts", "paint")], sort_keys=True) for item in ITEMS
    ]
    assert [look for look, count in Counter(looks).items() if count > 1] == []


def test_every_material_can_be_made_and_is_used() -> None:
    used = {part["material"] for item in ITEMS for part in item.get("parts", [])}
    used |= {paint for item in ITEMS for paint in item.get("paint", {}).values() if isinstance(paint, str)}
    assert used == set(RECIPES["material"])
    made = [material_of(name, values) for name, values in RECIPES["material"].items()]
    assert {material.pattern for material in made} - {""} <= set(DRAWN)


def test_what_hangs_lies_and_stands_is_seen_from_where_one_sees_it() -> None:
    angles = {place: view_angles({"place": place, "round": False, "symmetric": True}) for place in PITCHES}
    assert angles["floor"] == {"yaw": [0, 30, 60, 90, 120, 150, 180], "pitch": [8, 25]}
    assert angles["wall"] == {"yaw": [0, 30, 60], "pitch": [0]}
    assert angles["rug"] == {"yaw": [0], "pitch": [90]}
    lopsided = view_angles({"place": "floor", "round": False, "symmetric": False})
    assert lopsided["yaw"] == [0, 30, 60, 90, 120, 150, 180, -30, -60, -90, -120, -150]
    assert view_angles({"place": "floor", "round": True, "symmetric": True})["yaw"] == [0]


# --- credits ----------------------------------------------------------------------------------------------------------


def borrowed(items: list[dict[str, Any]]) -> set[tuple[str, str]]:
    """Models and authors whose licence asks for a credit."""
    shelves = RECIPES["library"]
    return {
        (item["model"], item["author"])
        for item in items
        if "model" in item and item.get("licence", shelves[item["model"].split("/")[0]]["licence"]) != "CC0-1.0"
    }


def test_every_borrowed_model_is_credited_and_no_other() -> None:
    licences = (ROOT / "assets" / "LICENSES.md").read_text(encoding="utf-8")
    shelves = "|".join(RECIPES["library"])
    credited = set(re.findall(rf"^\| `((?:{shelves})/[^`]+)` \| ([^|]+?) \|", licences, re.MULTILINE))
    # Rooms are furnished from the catalog and with a few models beside it.
    beside = tomllib.loads((ROOT / "training" / "rooms.toml").read_text(encoding="utf-8"))["extra"]
    assert credited == borrowed(ITEMS) | borrowed(beside)


def test_every_library_is_named_with_its_licence() -> None:
    licences = (ROOT / "assets" / "LICENSES.md").read_text(encoding="utf-8")
    for library in RECIPES["library"].values():
        assert re.search(rf"`{re.escape(library['file'])}`.*{re.escape(library['licence'])}", licences)


# --- the delivered catalog --------------------------------------------------------------------------------------------


def test_the_list_is_what_the_recipes_say() -> None:
    assert [line["id"] for line in LINES] == list(BY_ID)
    assert [line for line in LINES if line != catalog_entry(BY_ID[line["id"]])] == []


def test_retrieval_reads_every_line() -> None:
    catalog = read_catalog(FURNITURE)
    assert [item.id for item in catalog.items] == [line["id"] for line in LINES] and not catalog.problems


def test_the_list_and_the_files_agree() -> None:
    assert {line["image"] for line in LINES} == {path.name for path in FURNITURE.glob("*.jpg")}
    atlases = {line[key] for line in LINES for key in ("views", "depths")} - {""}
    assert atlases == {path.name for path in FURNITURE.glob("*.webp")}
    assert [line["id"] for line in LINES if not line["depths"]] == [i["id"] for i in ITEMS if i["place"] == "rug"]
    assert all(stored_hash(FURNITURE / line["image"]) for line in LINES)


def atlases_of(item: dict[str, Any]) -> list[str]:
    """Which atlases an item has; a rug is flat."""
    return ["views"] if item["place"] == "rug" else ["views", "depths"]


def test_files_are_made_from_the_recipes_as_they_are() -> None:
    side, samples = 384, 10
    found = {
        item["id"]: [stored_hash(FURNITURE / f"{item['id']}.jpg")]
        + [atlas_hash(FURNITURE / f"{item['id']}.{what}.webp") for what in atlases_of(item)]
        for item in ITEMS
    }
    wanted = {
        item["id"]: [recipe_hash("pictures", item, RECIPES, side, samples)]
        + [recipe_hash(what, item, RECIPES, CELLS.get(item["place"], CELL), samples) for what in atlases_of(item)]
        for item in ITEMS
    }
    assert found == wanted


def test_the_whole_catalog_is_small() -> None:
    assert sum(path.stat().st_size for path in FURNITURE.iterdir()) < 25_000_000


@pytest.mark.parametrize("line", [line for line in LINES if line["depths"]][::23], ids=lambda line: line["id"])
def test_depths_are_where_the_cut_outs_are(line: dict[str, Any]) -> None:
    with Image.open(FURNITURE / line["views"]) as atlas, Image.open(FURNITURE / line["depths"]) as depths:
        alpha, levels = np.asarray(atlas)[..., 3], np.asarray(depths.convert("L"))
    # Glass and leaves are seen through, but what is solid has a depth, and beyond the outline is none.
    assert levels.shape == alpha.shape
    assert (levels[alpha > 250] > 0).mean() > 0.98
    assert (alpha[levels == 0] > 127).mean() < 0.01
    assert np.ptp(levels[levels > 0]) > 60


@pytest.mark.parametrize("line", LINES[::9], ids=lambda line: line["id"])
def test_cut_outs_fill_the_box_that_the_formula_gives(line: dict[str, Any]) -> None:
    angles = line["view_angles"]
    with Image.open(FURNITURE / line["views"]) as atlas:
        assert atlas.mode == "RGBA"
        cell = atlas.height // len(angles["pitch"])
        assert atlas.size == (cell * len(angles["yaw"]), cell * len(angles["pitch"]))
        alpha = np.asarray(atlas)[..., 3]
    for row, pitch in enumerate(angles["pitch"]):
        for column, yaw in enumerate(angles["yaw"]):
            here = alpha[row * cell : (row + 1) * cell, column * cell : (column + 1) * cell] > 127
            y, x = np.nonzero(here)
            box = project(view_camera(line["size_cm"], yaw, pitch, cell), box_corners(line["size_cm"]))
            (left, top), (right, bottom) = box.min(0), box.max(0)
            assert left - 2 < x.min() and x.max() < right + 1 and top - 2 < y.min() and y.max() < bottom + 1
            # An item touches its box somewhere on every side; seen from an angle its corners need not be reached.
            assert x.max() - x.min() > 0.45 * (right - left) and y.max() - y.min() > 0.45 * (bottom - top)
            # Nothing of ground, wall or backdrop is left around it.
            assert not here[[0, -1]].any() and not here[:, [0, -1]].any()


@pytest.mark.parametrize("line", LINES[::9], ids=lambda line: line["id"])
def test_product_pictures_are_square_on_white_and_show_something(line: dict[str, Any]) -> None:
    with Image.open(FURNITURE / line["image"]) as picture:
        values = np.asarray(picture.convert("RGB"), np.int64)
    assert values.shape == (384, 384, 3)
    edge = np.concatenate([values[0], values[-1], values[:, 0], values[:, -1]])
    assert edge.min() > 225 and (values.min(axis=2) < 215).mean() > 0.004


# --- making them ------------------------------------------------------------------------------------------------------


def test_the_list_holds_only_what_is_whole(tmp_path: Path) -> None:
    for place in (3, 5):
        save_picture(np.full((8, 8, 3), 0.5), tmp_path / f"{ITEMS[place]['id']}.jpg", "0123", 90)
    assert write_catalog(RECIPES, tmp_path) == 0
    save_atlas([[np.full((8, 8, 4), 0.5)]], tmp_path / f"{ITEMS[5]['id']}.views.webp", "0123", 80)
    assert write_catalog(RECIPES, tmp_path) == 0
    save_depths([[np.full((8, 8), 0.5)]], tmp_path / f"{ITEMS[5]['id']}.depths.webp", "0123")
    assert write_catalog(RECIPES, tmp_path) == 1
    assert json.loads((tmp_path / "catalog.jsonl").read_text(encoding="utf-8"))["id"] == ITEMS[5]["id"]


def test_depths_come_back(tmp_path: Path) -> None:
    shares = np.linspace(0, 1, 64).reshape(8, 8)
    shares[0, :4] = np.inf
    save_depths([[shares]], tmp_path / "a.depths.webp", "0123456789abcdef")
    with Image.open(tmp_path / "a.depths.webp") as picture:
        levels = np.asarray(picture.convert("L")).astype(float)
    assert (levels[0, :4] == 0).all() and atlas_hash(tmp_path / "a.depths.webp") == "0123456789abcdef"
    assert (levels[1:] - 1) / 254 == pytest.approx(shares[1:], abs=0.003)


def test_files_carry_their_recipe(tmp_path: Path) -> None:
    save_picture(np.full((8, 8, 3), 0.5), tmp_path / "a.jpg", "0123456789abcdef", 90)
    save_atlas([[np.full((8, 8, 4), 0.5)] * 2], tmp_path / "a.views.webp", "fedcba9876543210", 80)
    assert stored_hash(tmp_path / "a.jpg") == "0123456789abcdef"
    assert atlas_hash(tmp_path / "a.views.webp") == "fedcba9876543210"
    assert atlas_hash(tmp_path / "b.views.webp") is None
    assert {path.name for path in tmp_path.iterdir()} == {"a.jpg", "a.views.webp"}


def test_the_hash_covers_the_look_and_not_the_words() -> None:
    item = next(item for item in ITEMS if "parts" in item)
    before = recipe_hash("pictures", item, RECIPES, 384, 10)
    assert recipe_hash("pictures", item | {"price": 1, "title": "other"}, RECIPES, 384, 10) == before
    assert recipe_hash("pictures", item, RECIPES, 512, 10) != before
    assert recipe_hash("views", item, RECIPES, 384, 10) != before
    assert recipe_hash("pictures", item | {"place": "table"}, RECIPES, 384, 10) != before
    other = RECIPES["material"] | {item["parts"][0]["material"]: {"colour": "#123456"}}
    assert recipe_hash("pictures", item, RECIPES | {"material": other}, 384, 10) != before


def test_cut_outs_are_not_premultiplied_and_keep_the_shine_of_glass() -> None:
    half = np.zeros((1, 2, 4))
    half[0, 0] = [0.1, 0.05, 0.0, 0.5]
    half[0, 1] = [0.3, 0.3, 0.3, 0.1]  # more light than its alpha carries
    red, shine = cut_out(half)[0].astype(int)
    assert red[3] == 128 and red[:3] == pytest.approx(np.rint(255 * to_srgb(np.array([0.2, 0.1, 0.0]))), abs=1)
    assert shine[3] == pytest.approx(0.3 * 255, abs=1)
    assert to_srgb(to_linear(np.linspace(0, 1, 9))) == pytest.approx(np.linspace(0, 1, 9))


@pytest.mark.parametrize("name", ["oak", "white-marble", "linen", "terrazzo", "cane"])
def test_patterns_that_repeat_have_no_seam(name: str) -> None:
    pattern = draw(name)
    assert pattern.shape == (512, 512, 3) and 0 <= pattern.min() < pattern.max() <= 1
    for values in (pattern, pattern.swapaxes(0, 1)):
        within = np.abs(np.diff(values, axis=0)).mean(axis=(1, 2))
        assert np.abs(values[0] - values[-1]).mean() < 1.5 * within.max()
    assert (draw(name) == pattern).all()
