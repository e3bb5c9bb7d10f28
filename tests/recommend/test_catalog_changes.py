"""New items go into a large shop without a look at the others, and what changed beside them is still noticed."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from recommend import catalog_changes
from recommend.catalog import FILE, read_catalog
from recommend.catalog_changes import add_items
from recommend.errors import BadInput
from recommend.features import cut_out
from recommend.index import Index
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
