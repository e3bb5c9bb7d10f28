"""Why an item is shown, part by part."""

from __future__ import annotations

import re

from streamlit.testing.v1 import AppTest

from recommend.schema import Hit, Item
from tests.ui.conftest import settled
from tests.ui.test_fitting_room import ask
from ui import why

DRESS = Item("dress", "A dress", "dress", 20, "dress.png")


def splits(app: AppTest) -> list[str]:
    """The parts on the cards, as HTML."""
    return [found[0] for html in app.get("html") if (found := re.findall("<details.*?</details>", html.proto.body))]


def test_nothing_asked_has_no_parts() -> None:
    assert why.split(Hit(DRESS, 1.0, "dress", {}), "") == ""


def test_every_part_is_named_and_shown_as_long_as_it_counts() -> None:
    html = why.split(Hit(DRESS, 0.28, "dress", {"price": 0.4, "words": 0.7}), "your picture")
    assert re.findall(r'part">([^<]+)<b>(\d+ %)', html) == [
        ("your words, in its picture", "70 %"), ("the price you asked for", "40 %"),
    ]  # fmt: skip
    assert re.findall(r"width: (\d+)%", html) == ["70", "40"] and "Multiplied: 28 %" in html


def test_a_title_in_a_name_is_no_markup() -> None:
    assert "<i>" not in why.split(Hit(DRESS, 0.5, "", {"like": 0.5}), "“<i>”")


def test_all_parts_that_retrieval_documents_have_a_name() -> None:
    described = (Hit.__doc__ or "").split("scores:")[1]
    assert set(re.findall(r'"([a-z ]+)"', described)) <= set(why.NAMES)


def test_cards_say_why_once_something_is_asked(app: AppTest) -> None:
    assert splits(app) == []
    ask(app, "red linen dress")
    assert len(splits(app)) == 1 and "your words, in its title" in splits(app)[0]
    app.button(key="alike-dress-red-0").click().run()
    assert splits(settled(app)) and all("looks like “Red linen dress”" in html for html in splits(app))
