"""New items go into a large shop without a look at the others, and what changed beside them is still noticed."""

from __future__ import annotations

import codecs
import json
import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from recommend import catalog_changes
from recommend.catalog import FILE, read_catalog
from recommend.catalog_changes import add_items, remove_items
from recommend.errors import BadInput, StorageFailed
from recommend.features import cut_out
from recommend.index import Index, table_uri
from recommend.indexing import ensure_index
from tests.recommend.conftest import TinyEmbedder

LINE = {"id": "dress-coral", "title": "Coral gown", "category": "dress", "price": 70, "image": "new.png"}


class Shop:
    """A catalog with its index and a picture that no line names yet."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.uri, self.embedder = folder, str(folder.parent / "index"), TinyEmbedder()
        shutil.copy(folder / "dress-red.png", folder / "new.png")

    def opened(self) -> Index:
        """The index, brought up to date if need be."""
        return ensure_index(read_catalog(self.folder), self.embedder, self.uri, cut_out)[0]

    def add(self, **changes: object) -> Index:
        """Adds `LINE` with changes."""
        return add_items(self.folder, json.dumps({**LINE, **changes}).encode(), self.embedder, self.uri, cut_out)


@pytest.fixture
def shop(tmp_path: Path, make_catalog: Callable[..., Path]) -> Shop:
    shop = Shop(make_catalog(tmp_path / "own"))
    shop.opened()
    return shop


@pytest.fixture
def blind(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody reads the whole catalog while items are added."""

    def refuse(folder: Path) -> None:
        raise AssertionError(f"{folder} was read")

    monkeypatch.setattr(catalog_changes, "read_catalog", refuse)


@pytest.mark.usefixtures("blind")
def test_new_items_are_added_without_reading_the_others(shop: Shop) -> None:
    shop.add()
    added = shop.add(id="dress-teal")
    encoded = shop.embedder.encoded
    catalog = read_catalog(shop.folder)
    assert [item.id for item in catalog.items[-2:]] == ["dress-coral", "dress-teal"] and len(added) == 10
    assert (added.stamp.catalog, added.stamp.file) == (catalog.fingerprint(), catalog.file)
    assert len(shop.opened()) == 10 and shop.embedder.encoded == encoded


@pytest.mark.usefixtures("blind")
@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"currency": "USD"}, "line 1 (dress-coral): currency is USD, but the catalog's is EUR"),
        ({"category": "sofa"}, "category is 'sofa'; allowed: upper"),
    ],
)
def test_what_does_not_suit_the_others_is_refused_all_the_same(
    shop: Shop, changes: dict[str, object], message: str
) -> None:
    with pytest.raises(BadInput) as refused:
        shop.add(**changes)
    assert message in str(refused.value)
    assert len(read_catalog(shop.folder).items) == 8


def test_a_file_that_was_edited_meanwhile_is_read(shop: Shop) -> None:
    file = shop.folder / FILE
    file.write_text(file.read_text() + json.dumps({**LINE, "id": "dress-teal"}) + "\n")
    added = shop.add()
    assert len(added) == 10 and added.stamp.catalog == read_catalog(shop.folder).fingerprint()


def test_a_picture_that_changed_meanwhile_is_embedded_by_the_next_search(shop: Shop) -> None:
    before = shop.opened().rows(ids=["tee-red"]).vectors["semantic"]
    shutil.copy(shop.folder / "skirt-green.png", shop.folder / "tee-red.png")
    assert shop.add().stamp.catalog != read_catalog(shop.folder).fingerprint()
    after = shop.opened()
    assert len(after) == 9 and (after.rows(ids=["tee-red"]).vectors["semantic"] != before).any()


@pytest.mark.parametrize("written", ['"id": "dress-coral"', '"id":"dress\\u002dcoral"', '"\\u0069d" :  "dress-coral"'])
def test_an_id_is_replaced_however_the_file_writes_it(shop: Shop, written: str) -> None:
    file, line = shop.folder / FILE, json.dumps(LINE).replace('"id": "dress-coral"', written)
    assert json.loads(line) == LINE
    file.write_text(file.read_text() + line + "\n")
    assert len(shop.add(price=5)) == 9
    assert [item.price for item in read_catalog(shop.folder).items if item.id == "dress-coral"] == [5]


def test_what_editors_of_windows_write_is_added(shop: Shop) -> None:
    file = shop.folder / FILE
    file.write_bytes(codecs.BOM_UTF8 + file.read_bytes())
    lines = codecs.BOM_UTF8 + json.dumps(LINE).encode() + b"\r\n"
    assert len(add_items(shop.folder, lines, shop.embedder, shop.uri, cut_out)) == 9
    assert codecs.BOM_UTF8 not in file.read_bytes() and len(read_catalog(shop.folder).items) == 9


@pytest.mark.parametrize("lines", [json.dumps(LINE).encode("utf-16"), b"[" * 100_000, b'{"id": "\\ud800"}'])
def test_what_cannot_be_read_adds_nothing(shop: Shop, lines: bytes) -> None:
    before = (shop.folder / FILE).read_bytes()
    with pytest.raises(BadInput):
        add_items(shop.folder, lines, shop.embedder, shop.uri, cut_out)
    assert (shop.folder / FILE).read_bytes() == before


def test_nothing_is_added_to_what_is_no_catalog(tmp_path: Path, shop: Shop) -> None:
    for folder in (tmp_path / "none", tmp_path):
        with pytest.raises(BadInput, match=r"no file .*catalog\.jsonl"):
            add_items(folder, json.dumps(LINE).encode(), shop.embedder, shop.uri, cut_out)
    assert not (tmp_path / "none").exists() and not (tmp_path / FILE).exists()


@pytest.mark.parametrize("part", ["_versions", "data"])
def test_a_damaged_index_leaves_the_file_as_it_was(shop: Shop, part: str) -> None:
    before = (shop.folder / FILE).read_bytes()
    for file in (Path(table_uri(shop.uri)) / part).iterdir():
        file.write_bytes(b"garbage")
    with pytest.raises(StorageFailed, match=f"--uri {shop.uri} --anew"):
        shop.add()
    with pytest.raises(StorageFailed, match=f"--uri {shop.uri} --anew"):
        remove_items(shop.folder, ["tee-red"], shop.embedder, shop.uri, cut_out)
    assert (shop.folder / FILE).read_bytes() == before
    assert len(ensure_index(read_catalog(shop.folder), shop.embedder, shop.uri, cut_out, anew=True)[0]) == 8


def test_two_indexes_of_one_catalog_lose_no_item(shop: Shop) -> None:
    uris = [shop.uri, f"{shop.uri}2"]

    def add(uri: str) -> None:
        for place in range(4):
            line = json.dumps({**LINE, "id": f"{uri[-1]}-{place}"}).encode()
            add_items(shop.folder, line, TinyEmbedder(), uri, cut_out)

    with ThreadPoolExecutor(2) as threads:
        list(threads.map(add, uris))
    assert len(read_catalog(shop.folder).items) == 8 + 8


def test_progress_is_told_while_items_are_added(shop: Shop) -> None:
    told: list[tuple[int, int]] = []
    lines = "\n".join(json.dumps({**LINE, "id": name}) for name in "abc").encode()
    add_items(shop.folder, lines, shop.embedder, shop.uri, cut_out, lambda done, total: told.append((done, total)))
    assert told == [(1, 3), (2, 3), (3, 3)]
