"""A retriever stays as it was opened; the next one follows what was added, removed and edited since."""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Callable
from pathlib import Path

import cv2
import pytest

from recommend import catalog_changes, snapshot
from recommend.catalog import FILE, read_catalog
from recommend.catalog_changes import add_items, remove_items
from recommend.errors import BadInput
from recommend.features import cut_out
from recommend.indexing import ensure_index
from recommend.retriever import Retriever
from recommend.schema import Query
from tests.recommend.conftest import GREEN, TinyEmbedder, draw_garment

LINE = {"id": "dress-coral", "title": "Coral gown", "category": "dress", "price": 70, "image": "new.png"}


class Shop:
    """A catalog, open, that others change."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.uri, self.embedder = folder, str(folder.parent / "index"), TinyEmbedder()
        shutil.copy(folder / "dress-red.png", folder / "new.png")
        self.opened = Retriever.open(folder, self.embedder, uri=self.uri)

    def add(self, *lines: dict[str, object]) -> None:
        text = "\n".join(map(json.dumps, lines)).encode()
        add_items(self.folder, text, TinyEmbedder(), self.uri, cut_out)

    def remove(self, *ids: str) -> None:
        remove_items(self.folder, ids, TinyEmbedder(), self.uri, cut_out)


@pytest.fixture
def shop(tmp_path: Path, make_catalog: Callable[..., Path]) -> Shop:
    return Shop(make_catalog(tmp_path / "own"))


@pytest.fixture
def added_only(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody reads a whole catalog."""

    def refuse(*_: object) -> None:
        raise AssertionError("the whole catalog was read")

    monkeypatch.setattr(snapshot, "read_catalog", refuse)


def found(one: Retriever, words: str) -> list[str]:
    return [hit.item.id for hit in one.search(Query(text=words)).hits]


def test_nothing_is_opened_again_while_nothing_changes(shop: Shop) -> None:
    assert shop.opened.is_current()
    ensure_index(read_catalog(shop.folder), shop.embedder, shop.uri, cut_out)
    assert shop.opened.is_current()


@pytest.mark.usefixtures("added_only")
def test_what_was_added_is_found_by_reading_only_that(shop: Shop) -> None:
    encoded = shop.embedder.encoded
    shop.add(LINE, {**LINE, "id": "dress-teal", "title": "Teal gown"})
    assert not shop.opened.is_current()
    after = shop.opened.renewed()
    assert after.is_current() and after.version > shop.opened.version and shop.embedder.encoded == encoded
    assert set(found(after, "gown")[:2]) == {"dress-coral", "dress-teal"}
    assert after.item("dress-coral").price == 70 and after.picture(after.item("dress-coral")).is_file()
    shop.add({**LINE, "id": "dress-plum", "title": "Plum gown"})
    assert "dress-plum" in after.renewed() and "dress-plum" not in after


def test_who_searches_sees_what_they_opened(shop: Shop) -> None:
    before = found(shop.opened, "red dress")
    shop.add(LINE)
    shop.remove("dress-red")
    assert found(shop.opened, "red dress") == before and "dress-red" in before
    assert shop.opened.facets(shop.opened.understand(Query()).filters)["category"]["dress"] == 2
    after = found(shop.opened.renewed(), "red dress")
    assert "dress-red" not in after and "dress-coral" in after


def test_the_same_as_opening_anew(shop: Shop) -> None:
    shop.add(LINE)
    followed, anew = shop.opened.renewed(), Retriever.open(shop.folder, shop.embedder, uri=shop.uri)
    assert followed.catalog.items == anew.catalog.items and followed.catalog.file == anew.catalog.file
    assert followed.search(Query(text="gown")).hits == anew.search(Query(text="gown")).hits


@pytest.mark.parametrize("last", [b"", b"\n", b"\n\n"])
def test_a_file_may_end_as_it_likes(shop: Shop, last: bytes) -> None:
    (shop.folder / FILE).write_bytes((shop.folder / FILE).read_bytes().rstrip(b"\n") + last)
    shop.opened = shop.opened.renewed()
    shop.add(LINE)
    assert "dress-coral" in shop.opened.renewed() and len(shop.opened.renewed().catalog.items) == 9


def test_what_was_replaced_or_edited_by_hand_is_found_too(shop: Shop) -> None:
    shop.add({**LINE, "id": "dress-red", "title": "Coral gown"})
    replaced = shop.opened.renewed()
    assert replaced.item("dress-red").title == "Coral gown" and len(replaced.catalog.items) == 8
    lines = (shop.folder / FILE).read_bytes().splitlines()
    (shop.folder / FILE).write_bytes(b"\n".join([*lines[1:], json.dumps(LINE).encode()]))
    edited = replaced.renewed()
    assert "dress-coral" in edited and "tee-red" not in edited and edited.is_current()


def test_an_index_made_anew_beside_an_unchanged_file_is_followed(shop: Shop) -> None:
    cv2.imwrite(str(shop.folder / "dress-red.png"), draw_garment(GREEN)[:, :, ::-1])
    ensure_index(read_catalog(shop.folder), shop.embedder, shop.uri, cut_out)
    assert not shop.opened.is_current()
    before, after = (one.search(Query(like=draw_garment(GREEN))) for one in (shop.opened, shop.opened.renewed()))
    score = {hit.item.id: hit.scores["like colour"] for hit in after.hits}
    assert score["dress-red"] > {hit.item.id: hit.scores["like colour"] for hit in before.hits}["dress-red"]


def test_a_line_changed_together_with_an_addition_is_not_overlooked(shop: Shop) -> None:
    """The file is the old one's length up to the new line, and yet another."""
    path = shop.folder / FILE
    path.write_bytes(path.read_bytes().replace(b"Red cotton tee", b"Tan cotton tee"))
    shop.add(LINE)
    assert shop.opened.renewed().item("tee-red").title == "Tan cotton tee"


def test_who_adds_is_waited_for(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between the file's change and the index's, a follower waits instead of making the index itself."""
    written, go_on, renewed = threading.Event(), threading.Event(), []
    write = catalog_changes.replace_file

    def slow(path: Path, data: bytes) -> None:
        write(path, data)
        written.set()
        go_on.wait(60)

    monkeypatch.setattr(catalog_changes, "replace_file", slow)
    adding = threading.Thread(target=shop.add, args=(LINE,))
    adding.start()
    written.wait(60)
    reading = threading.Thread(target=lambda: renewed.append(shop.opened.renewed()))
    reading.start()
    go_on.set()
    adding.join()
    reading.join()
    assert "dress-coral" in renewed[0] and shop.embedder.encoded == 8


def test_an_index_that_is_gone_is_made_anew(shop: Shop) -> None:
    shutil.rmtree(shop.uri)
    assert not shop.opened.is_current()
    assert found(shop.opened.renewed(), "red dress")[0] == "dress-red"


def test_a_catalog_that_is_gone_is_said(shop: Shop) -> None:
    (shop.folder / FILE).unlink()
    assert not shop.opened.is_current()
    with pytest.raises(BadInput, match="catalog"):
        shop.opened.renewed()
