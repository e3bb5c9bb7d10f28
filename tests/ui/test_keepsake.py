"""Taste that is kept: saved, loaded into another session, learnt from purchases, and lost by no bad file."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

import tryroom
from recommend.feedback import Feedback
from tests.ui.conftest import new_shopper, room_of, settled, state_of
from tests.ui.test_fitting_room import click, errors, titles, upload
from tests.ui.test_stock import GOWN, add, remove
from ui import keepsake

#: Whoever had the red tee had the jeans, too; those of the skirt had the hoodie.
PURCHASES = "user,item,time\n" + "".join(
    f"walter{number},{item},2026-01-{number + 1:02d}\n"
    for number in range(20)
    for item in (("tee-red", "jeans-navy") if number % 2 else ("skirt-green", "hoodie-green"))
)


def saved(app: AppTest) -> bytes:
    """What the button hands over."""
    button = next(button for button in app.download_button if button.key == state_of(app).key("save-taste"))
    assert not button.proto.disabled
    return keepsake.saved(state_of(app))


def load(app: AppTest, text: str | bytes) -> AppTest:
    return upload(app, "taste", text.encode() if isinstance(text, str) else text, "taste.csv")


def notes(app: AppTest) -> str:
    return " ".join(caption.value for caption in app.caption)


def test_what_was_saved_counts_in_the_next_session(app: AppTest) -> None:
    assert app.download_button(key="save-taste-0").proto.disabled
    first = titles(app)[0]
    app.button(key=f"down-{first}-0").click().run()
    app.button(key="up-dress-navy-0").click().run()
    moved, feedback, file = titles(app), state_of(app).feedback, saved(app)
    assert file.splitlines()[0] == b"user,item,time,event" and file.count(b"\nme,") == 2
    other = load(settled(new_shopper()), file)
    assert titles(other) == moved and state_of(other).feedback == feedback
    assert "Lines that count: 2." in notes(other)
    load(other, file)
    assert state_of(other).feedback == feedback
    other.button(key="undo-opinion-0").click().run()
    assert list(state_of(other).feedback.opinions) == [first]


def test_what_was_said_since_stands() -> None:
    earlier = Feedback((("like", "a"), ("dislike", "b"), ("like", "c")))
    now = Feedback((("dislike", "a"), ("like", "d")))
    assert keepsake.joined(earlier, now).opinions == {"b": "dislike", "c": "like", "a": "dislike", "d": "like"}


@pytest.mark.parametrize(
    ("file", "message"),
    [
        (b"", "History line 1"),
        (b"user,item,time\nme,tee-red,someday\n", "History line 2, time**: 'someday'"),
        (b"user,item,time,event\nme,tee-red,0,loathe\n", "History line 2, event**: 'loathe'"),
        (b"user,item,time\nme,tee-red\n", "History line 2**: 2 cells"),
        ("user,item,time\nme,caf\xe9,0\n".encode("latin-1"), "a CSV file in UTF-8"),
        (b"\x89PNG\r\n\x1a\n\x00\x01", "UTF-8"),
        (b"user,item,time\nme,boot-brown,0\nme,cap,0\n", "2 lines about items that are not here"),
        (b"user,item,time\n", "**Your file**: no line"),
    ],
)
def test_a_bad_file_is_said_and_nothing_is_lost(app: AppTest, file: bytes, message: str) -> None:
    app.button(key="up-dress-navy-0").click().run()
    before = titles(app)
    assert message in errors(load(app, file))
    assert titles(app) == before and list(state_of(app).feedback.opinions) == ["dress-navy"]
    assert errors(load(app, b"user,item,time\nme,tee-red,0\n")) == ""


def test_purchases_count_for_one_of_the_list_and_show_nobody(app: AppTest) -> None:
    load(app, PURCHASES + "walter3,cap,0\n")
    assert state_of(app).feedback.events == () and "Not counted, as their items are not here: 1." in notes(app)
    assert "20 users" in app.text_input(key="whose-0").label
    app.text_input(key="whose-0").input("somebody").run()
    click(app, "its-me")
    assert "a name that the list does not have" in errors(app) and "somebody" not in errors(app)
    app.text_input(key="whose-0").input("walter3").run()
    click(app, "its-me")
    state = state_of(app)
    assert errors(app) == "" and state.whose is None and set(state.feedback.opinions) == {"tee-red", "jeans-navy"}
    assert "What 20 people had together counts." in notes(app)
    assert state.shelf is not None and all("taste" in hit.scores for hit in state.shelf[1].hits)
    shown = " ".join([notes(app), *(one.value for one in app.markdown), *(one.proto.body for one in app.get("html"))])
    assert "walter" not in shown and "walter" not in repr(state)
    click(app, "no-people")
    assert all("taste" not in hit.scores for hit in state.shelf[1].hits) and state.feedback.opinions


def test_who_is_none_of_them_learns_from_them_once_something_is_liked(app: AppTest) -> None:
    click(load(app, PURCHASES), "nobody")
    before = titles(app)
    assert state_of(app).feedback.events == () and "counts once you like something" in notes(app)
    app.button(key="up-skirt-green-0").click().run()
    scores = {hit.item.id: hit.scores["taste"] for hit in state_of(app).shelf[1].hits}
    assert scores["hoodie-green"] > scores["jeans-navy"] and titles(app) != before
    click(app, "forget")
    assert state_of(app).people == () and "taste" not in notes(app).split()


def test_a_catalog_that_changes_is_learnt_anew(app: AppTest) -> None:
    click(load(app, PURCHASES), "nobody")
    app.button(key="up-skirt-green-0").click().run()
    add(tryroom.CATALOG, GOWN)
    remove(tryroom.CATALOG, "hoodie-green")
    assert not errors(app.run())
    scores = {hit.item.id: hit.scores["taste"] for hit in state_of(app).shelf[1].hits}
    assert "dress-coral" in scores and "hoodie-green" not in scores


def test_each_page_has_its_own(room_app: AppTest) -> None:
    state = room_of(room_app)
    key = state.upload_key("taste")
    room_app.file_uploader(key=key).upload("t.csv", b"user,item,time\nme,sofa-navy,0\n", "text/csv").run()
    assert list(room_of(settled(room_app)).feedback.opinions) == ["sofa-navy"] and not room_app.error
    assert "session" not in room_app.session_state or state_of(room_app).feedback.events == ()
