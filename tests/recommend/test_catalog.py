"""Catalogs: a bad line is named with its number and its fault, the rest is served."""

from __future__ import annotations

import codecs
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image as PILImage

from recommend.catalog import read_catalog
from recommend.domains import FURNITURE, GARMENTS
from recommend.errors import BadInput
from recommend.schema import values_of

FURNITURE_LINES = [
    {"id": name, "title": name, "category": name, "price": 10, "currency": "USD"} for name in ("plant", "rug")
]
GOOD = {"id": "good", "title": "Good", "category": "upper", "price": 10, "image": "tee-red.png"}


def line(**changes: object) -> str:
    return json.dumps({**GOOD, **changes})


def test_a_good_catalog_is_read_in_order(shop: Path) -> None:
    catalog = read_catalog(shop, decode=True)
    assert catalog.problems == ()
    assert [item.id for item in catalog.items][:2] == ["tee-red", "tee-navy"]
    tee = catalog.items[1]
    assert (tee.kind, tee.colours, tee.pattern, tee.sleeve) == ("t-shirt", ("navy", "white"), "striped", "short")
    assert catalog.items[6].sleeve == ""
    assert catalog.picture(tee).is_file()


@pytest.mark.parametrize(
    ("bad", "fault"),
    [
        ("{not json", "not JSON"),
        ("[1, 2]", "not a JSON object"),
        ('"\\ud800"', "not a JSON object"),
        (json.dumps({"id": "x"}), "title is missing"),
        (line(id="tee-red"), "id tee-red was used by line 1"),
        (line(price="12"), "price is '12'"),
        (line(price="1.299,00 €"), "price is '1.299,00 €', not a number like 1299.00"),
        (line(price=1e308), "price is 1e+308"),
        (line(price=10**400), "price is 1000"),
        (line(price=-1), "price is -1"),
        (line(price=True), "price is True"),
        (line(price=10).replace("10", "NaN"), "NaN is no number"),
        (line(price=10).replace("10", "1e999"), "price is inf"),
        (line(category="tops"), "category is 'tops'; allowed: upper, lower"),
        (line(currency="euro"), "currency is 'euro'"),
        (line(currency="USD"), "currency is USD, but the catalog's is EUR"),
        (line(image="none.png"), "none.png does not exist"),
        (line(image="../shop/tee-red.png"), "not a path inside"),
        (line(image="/etc/hostname"), "not a path inside"),
        (line(image="empty.png"), "is empty"),
        (line(image="text.png"), "cannot be read; allowed: a JPEG, PNG"),
        (line(image="white.png"), "all of one colour"),
        (line(image="folder"), "image folder is a folder"),
        (line(image="https://shop.example/tee.png"), "is an address"),
        (line(image="\ud800.png"), r"image has the control character '\ud800'"),
        (line(colours="red"), "colours is not a list"),
        (line(style=[1]), "style is not a list"),
        (line(title=7), "title is int, not text"),
        (line(id=""), "id is missing"),
        (line(title=" "), "title is missing"),
        (line(id=" a"), "begins or ends with a blank"),
        (line(id="a\nb"), r"id has the control character '\n'"),
        (line(title="a\x1b]0;b\x07"), r"title has the control character '\x1b'"),
        (line(title="a\u202eb"), r"title has the control character '\u202e'"),
        (line(colours=["red\ud800"]), r"colours has the control character '\ud800'"),
        (line(title="x" * 501), "title has 501 characters, more than 500"),
        (line().replace('"upper"', '"upper'), "not JSON (Expecting"),
        ("id;title;category", "each line has to be one JSON object"),
        ("[" * 100_000, "not JSON"),
        (line(price=10).replace('"price": 10', '"price": 10, "price": 99'), "'price' stands in it twice"),
    ],
)
def test_a_bad_line_is_reported_and_the_rest_served(
    tmp_path: Path, make_catalog: Callable[..., Path], bad: str, fault: str
) -> None:
    folder = make_catalog(tmp_path / "shop", extra_lines=[bad, "", line(id="last")])
    (folder / "empty.png").touch()
    (folder / "text.png").write_text("no picture")
    (folder / "folder").mkdir()
    PILImage.new("RGB", (30, 30), "white").save(folder / "white.png")
    catalog = read_catalog(folder, decode=True)
    (problem,) = catalog.problems
    assert problem.line == 9 and str(problem).isprintable()
    assert fault in problem.message
    assert len(catalog.items) == 9 and catalog.items[-1].id == "last"


SOFA = {"id": "new", "title": "Sofa", "category": "sofa", "price": 10, "currency": "USD", "image": "plant.png"}


def test_furniture_is_read_with_its_size_and_place(furniture: Path) -> None:
    catalog = read_catalog(furniture, decode=True)
    assert catalog.problems == () and catalog.domain is FURNITURE and catalog.currency == "USD"
    items = {item.id: item for item in catalog.items}
    table = items["table-glass"]
    assert (table.size_cm, table.place, table.material) == ((118.0, 60.0, 42.0), "floor", "metal, glass")
    assert values_of(table, "material") == ("metal", "glass")
    assert dict(table.extra) == {"views": "table-glass.webp", "round": False}
    assert items["case-oak"].material == "oak, steel"
    assert (items["chair"].size_cm, items["chair"].place, dict(items["chair"].extra)) == (None, "", {})


def test_garments_have_no_size_and_what_is_unknown_is_no_fault(
    tmp_path: Path, make_catalog: Callable[..., Path]
) -> None:
    catalog = read_catalog(make_catalog(tmp_path / "shop", extra_lines=[line(fit="loose", views=7)]))
    assert catalog.problems == () and catalog.domain is GARMENTS
    assert catalog.items[0].size_cm is None and catalog.items[0].place == ""
    assert dict(catalog.items[-1].extra) == {"fit": "loose", "views": 7}
    assert hash(catalog.items[-1]) == hash(catalog.items[-1])


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"size_cm": [120, 60]}, "size_cm is [120, 60], not width, depth and height"),
        ({"size_cm": [120, 60, 0]}, "size_cm is [120, 60, 0]"),
        ({"size_cm": [120, -60, 40]}, "size_cm is [120, -60, 40]"),
        ({"size_cm": [1200, 60, 40]}, "1 to 1000 cm"),
        ({"size_cm": ["120", 60, 40]}, "size_cm is ['120', 60, 40]"),
        ({"size_cm": [True, 60, 40]}, "size_cm is [True, 60, 40]"),
        ({"size_cm": 120}, "size_cm is 120"),
        ({"size_cm": {"width": 120}}, "size_cm is {'width': 120}"),
        ({"place": "garden"}, "place is 'garden'; allowed: floor, wall"),
        ({"place": []}, "place is []"),
        ({"category": "upper"}, "category is 'upper'; allowed: sofa, armchair"),
        ({"currency": "EUR"}, "currency is EUR, but the catalog's is USD"),
    ],
)
def test_a_bad_line_of_furniture_is_reported(
    tmp_path: Path, make_catalog: Callable[..., Path], changes: dict[str, object], fault: str
) -> None:
    bad, good = json.dumps({**SOFA, **changes}), json.dumps({**SOFA, "size_cm": [200, 90.5, 80]})
    folder = make_catalog(tmp_path / "shop", FURNITURE_LINES, extra_lines=[bad, good])
    catalog = read_catalog(folder)
    (problem,) = catalog.problems
    assert problem.line == len(FURNITURE_LINES) + 1 and fault in problem.message
    assert catalog.items[-1].id == "new" and catalog.items[-1].size_cm == (200.0, 90.5, 80.0)


def test_a_line_that_is_no_utf8_is_one_bad_line(tmp_path: Path, make_catalog: Callable[..., Path]) -> None:
    folder = make_catalog(tmp_path / "shop")
    path = folder / "catalog.jsonl"
    path.write_bytes(path.read_bytes() + b'{"id": "\xff"}\n')
    catalog = read_catalog(folder)
    assert [str(problem) for problem in catalog.problems] == ["line 9: byte 9 is not UTF-8; save the file as UTF-8"]
    assert len(catalog.items) == 8


def test_what_editors_of_windows_write_is_read(tmp_path: Path, make_catalog: Callable[..., Path]) -> None:
    folder = make_catalog(tmp_path / "shop")
    file = folder / "catalog.jsonl"
    plain = read_catalog(folder)
    file.write_bytes(codecs.BOM_UTF8 + file.read_bytes().replace(b"\n", b"\r\n"))
    catalog = read_catalog(folder)
    assert catalog.problems == () and catalog.items == plain.items


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-be", "utf-16-le"])
def test_utf16_is_refused_whole(tmp_path: Path, make_catalog: Callable[..., Path], encoding: str) -> None:
    folder = make_catalog(tmp_path / "shop")
    file = folder / "catalog.jsonl"
    file.write_bytes(file.read_text().encode(encoding))
    with pytest.raises(BadInput, match=r"got text in UTF-16; allowed: UTF-8 text.*Save it as UTF-8"):
        read_catalog(folder)


def test_texts_of_all_scripts_are_taken_as_they_are(tmp_path: Path, make_catalog: Callable[..., Path]) -> None:
    titles = ["فستان كتان أحمر", "红色亚麻连衣裙", "Größe\xa0M", "👩\u200d👩\u200d👧", '=HYPERLINK("x")', "<b>$x$</b>"]
    lines = [line(id=f"👗/{place}", title=title, description="a\n\tb") for place, title in enumerate(titles)]
    catalog = read_catalog(make_catalog(tmp_path / "shop", extra_lines=lines))
    assert catalog.problems == () and [item.title for item in catalog.items[8:]] == titles


def test_progress_is_told_by_line(tmp_path: Path, make_catalog: Callable[..., Path]) -> None:
    told: list[tuple[int, int]] = []
    folder = make_catalog(tmp_path / "shop", extra_lines=["no json", ""])
    read_catalog(folder, decode=True, on_line=lambda done, total: told.append((done, total)))
    assert told == [(done, 9) for done in range(1, 10)]


def test_all_faults_of_a_line_are_named_at_once(tmp_path: Path, make_catalog: Callable[..., Path]) -> None:
    folder = make_catalog(tmp_path / "shop", extra_lines=[line(price="x", category="hat", image="gone.png")])
    (problem,) = read_catalog(folder).problems
    assert all(word in str(problem) for word in ("line 9", "good", "price", "category", "gone.png"))


def test_no_catalog_there(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"no file .*catalog\.jsonl; allowed: .*one JSON object a line"):
        read_catalog(tmp_path)
    (tmp_path / "catalog.jsonl").mkdir()
    with pytest.raises(BadInput, match=r"catalog\.jsonl \(Is a directory\)"):
        read_catalog(tmp_path)
    (tmp_path / "items.jsonl").write_text("")
    with pytest.raises(BadInput, match=r"Name the folder, not items\.jsonl"):
        read_catalog(tmp_path / "items.jsonl")


def test_the_fingerprint_follows_items_and_pictures(tmp_path: Path, make_catalog: Callable[..., Path]) -> None:
    folder = make_catalog(tmp_path / "shop")
    first = read_catalog(folder).fingerprint()
    assert read_catalog(folder).fingerprint() == first
    picture = folder / "tee-red.png"
    picture.write_bytes(picture.read_bytes() + b"\0")
    changed = read_catalog(folder).fingerprint()
    assert changed != first
    path = folder / "catalog.jsonl"
    path.write_text(path.read_text().replace("19.9", "18.9"))
    assert read_catalog(folder).fingerprint() not in (first, changed)
