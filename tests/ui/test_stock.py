"""The app follows catalogs that others change: at the next search, on every page, for every session, pictures too."""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import cv2
import pytest
from streamlit.testing.v1 import AppTest

import tryroom
from recommend.catalog_changes import add_items, remove_items
from recommend.features import cut_out
from recommend.retriever import Retriever
from recommend.schema import Query
from tests.recommend.conftest import GREEN, NAVY, TinyEmbedder, draw_garment, write_catalog
from tests.ui import tiny
from tests.ui.conftest import go, new_shopper, room_of, settled, state_of
from tests.ui.test_fitting_room import ask, click, click_person, errors, titles
from ui import loaders, stock
from ui.stock import Stock

GOWN = {"id": "dress-coral", "title": "Quokka gown", "category": "dress", "price": 70, "image": "gown.png"}
CHAISE = {"id": "sofa-teal", "title": "Teal chaise", "category": "sofa", "price": 450, "currency": "USD",
          "size_cm": [150, 80, 75], "place": "floor", "image": "sofa-navy.png"}  # fmt: skip


def add(folder: Path, line: dict[str, Any], colour: tuple[int, int, int] = GREEN) -> None:
    """What `tryroom catalog add` does, by another process."""
    if not (folder / line["image"]).exists():
        cv2.imwrite(str(folder / line["image"]), draw_garment(colour)[:, :, ::-1])
    add_items(folder, json.dumps(line).encode(), TinyEmbedder(), index_of(folder), cut_out)


def remove(folder: Path, *ids: str) -> None:
    remove_items(folder, ids, TinyEmbedder(), index_of(folder), cut_out)


def index_of(folder: Path) -> str:
    """Where `tiny.install` puts it."""
    return str(folder.parent / ("index" if folder.name == "garments" else "furniture-index"))


# --- the pages ----------------------------------------------------------------------------------------------


def test_what_was_added_is_found_at_the_next_search_and_tried_on(
    app: AppTest, shop_renderer: tiny.PasteRenderer
) -> None:
    click_person(app, "ada")
    opened = loaders.retriever().result()
    add(tryroom.CATALOG, GOWN)
    assert titles(ask(app, "quokka"))[0] == "dress-coral"
    assert loaders.retriever().result() is not opened and not errors(app)
    card = next(one.proto.body for one in app.get("html") if "Quokka gown" in one.proto.body)
    assert "<img" in card
    click(app, "try-dress-coral")
    assert shop_renderer.requests[-1].garment.shape == (96, 96, 3)
    assert titles(ask(new_shopper(), "quokka"))[0] == "dress-coral"


def test_furniture_is_followed_too_and_the_stylist_shows_what_is_new(room_app: AppTest) -> None:
    loaders.retriever().result()  # open, before they change
    add(tryroom.FURNITURE, CHAISE)
    add(tryroom.CATALOG, GOWN)
    key = room_of(room_app).key("words")
    assert titles(room_app.text_input(key=key).input("chaise").run())[0] == "sofa-teal-room"
    stylist = settled(go(room_app, "stylist"))
    stylist.chat_input[0].set_value("show me a quokka gown").run()
    settled(stylist)
    assert "Quokka gown" in str([one.proto.body for one in stylist.get("html")]) and not errors(stylist)


def test_what_is_removed_leaves_rack_thumbs_and_likes(app: AppTest) -> None:
    click_person(app, "ada").button(key="up-tee-red-0").click().run()
    app.button(key="up-tee-navy-0").click().run()
    click(app, "try-dress-red")
    app.button(key="alike-tee-red-0").click().run()
    remove(tryroom.CATALOG, "tee-red", "dress-red")
    app.run()
    assert not errors(app) and not {"tee-red", "dress-red"} & set(titles(app)) and len(titles(app)) == 6
    state = state_of(app)
    assert (state.likes, list(state.feedback.opinions)) == ((), ["tee-navy"])
    app.button(key="goes-tee-navy-0").click().run()
    remove(tryroom.CATALOG, "tee-navy")
    app.run()
    assert not errors(app) and state_of(app).goes_with == "" and len(titles(app)) == 5


def test_counts_and_the_rail_follow(app: AppTest) -> None:
    click(click_person(app, "ada"), "try-tee-navy")
    before = app.pills(key="facet-colours-0").options
    add(tryroom.CATALOG, {**GOWN, "colours": ["purple"]})
    app.run()
    assert any("purple 1" in option for option in app.pills(key="facet-colours-0").options)
    assert not any("purple" in option for option in before)


def test_a_replaced_picture_is_shown(app: AppTest) -> None:
    before = loaders.card(str(tryroom.CATALOG / "dress-red.png"))
    cv2.imwrite(str(tryroom.CATALOG / "dress-red.png"), draw_garment(NAVY)[:, :, ::-1])
    assert loaders.card(str(tryroom.CATALOG / "dress-red.png")) != before


def test_a_catalog_that_breaks_goes_on_as_it_was(app: AppTest, caplog: pytest.LogCaptureFixture) -> None:
    file = tryroom.CATALOG / "catalog.jsonl"
    whole = file.read_bytes()
    file.write_bytes(b"nonsense\n")
    assert titles(ask(app, "red linen dress")) == ["dress-red"] and not errors(app)
    assert "cannot be opened" in caplog.text
    file.write_bytes(whole)
    add(tryroom.CATALOG, GOWN)
    assert titles(ask(app, "quokka"))[0] == "dress-coral"


# --- the stock ----------------------------------------------------------------------------------------------


@pytest.fixture
def kept(tmp_path: Path) -> tuple[Path, Stock]:
    folder = write_catalog(tmp_path / "garments")
    opened = Stock(lambda _: Retriever.open(folder, TinyEmbedder(), uri=index_of(folder)), "test")
    opened.opening().result()
    return folder, opened


def test_a_change_that_takes_long_is_not_waited_for_and_comes_later(
    kept: tuple[Path, Stock], monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder, opened), renew, go_on = kept, Retriever.renewed, threading.Event()

    def slow(self: Retriever) -> Retriever:
        go_on.wait(60)
        return renew(self)

    monkeypatch.setattr(stock, "PATIENCE", 0.01)
    monkeypatch.setattr(Retriever, "renewed", slow)
    before = opened.opening().result()
    add(folder, GOWN)
    assert opened.opening().result() is before and opened.opening().result() is before
    renewing = opened._renewing
    assert renewing is not None
    go_on.set()
    renewing.wait(60)
    assert "dress-coral" in opened.opening().result()


def test_threads_see_whole_versions_while_items_come_and_go(kept: tuple[Path, Stock]) -> None:
    """Each search finds as many gowns as its own catalog has; in the end all have been seen."""
    folder, opened = kept
    over = threading.Event()

    def search() -> set[int]:
        seen = set()
        while not over.is_set():
            retriever = opened.opening().result()
            there = {item.id for item in retriever.catalog.items if "gown" in item.title}
            found = {hit.item.id for hit in retriever.search(Query(text="gown")).hits if "gown" in hit.item.title}
            assert found == there
            seen.add(len(found))
        return seen

    with ThreadPoolExecutor(2) as pool:
        searches = [pool.submit(search) for _ in range(2)]
        for number in range(3):
            add(folder, {**GOWN, "id": f"gown-{number}"})
        remove(folder, "gown-0", "gown-1")
        while len([item for item in opened.opening().result().catalog.items if "gown" in item.title]) != 1:
            assert not any(one.done() for one in searches)
        over.set()
        seen = set.union(*(one.result() for one in searches))
    assert seen <= {0, 1, 2, 3}
