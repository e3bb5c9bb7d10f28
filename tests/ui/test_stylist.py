"""The page of the stylist: a conversation to a picture, and what can go wrong on the way."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from streamlit.testing.v1 import AppTest

from pipelines.errors import RenderFailed
from recommend.llm import GGUF, URL
from tests.ui import tiny
from tests.ui.conftest import go, new_shopper, settled, state_of
from ui.messages import plain
from ui.talk import Talk


@pytest.fixture
def stylist(shop_renderer: tiny.PasteRenderer, monkeypatch: pytest.MonkeyPatch) -> AppTest:
    """The page as a shopper first sees it, once the shop is ready."""
    monkeypatch.delenv(URL, raising=False)
    monkeypatch.delenv(GGUF, raising=False)
    return settled(new_shopper("stylist"))


def talk_of(app: AppTest) -> Talk:
    state: Talk = app.session_state["stylist"]
    return state


def at_rest(app: AppTest) -> AppTest:
    """Draw the page until all has been answered and shown."""
    return settled(app, lambda _: talk_of(app).answering is None and talk_of(app).showing is None)


def say(app: AppTest, words: str) -> AppTest:
    app.chat_input[0].set_value(words).run()
    return at_rest(app)


def labels(app: AppTest) -> list[str]:
    return [button.label for button in app.button]


def click(app: AppTest, label: str) -> AppTest:
    next(button for button in app.button if button.label == label).click().run()
    return app


def words(app: AppTest) -> str:
    assert not app.exception
    return " ".join(element.proto.body for element in app.get("html"))


def until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_from_a_message_to_a_picture_of_the_whole_outfit(stylist: AppTest, shop_renderer: tiny.PasteRenderer) -> None:
    say(stylist, "I need an outfit")
    assert {"A wedding", "You decide"} <= set(labels(stylist))
    at_rest(click(stylist, "You decide"))
    state = talk_of(stylist)
    assert state.conversation.shown and "How I got there" in [expander.label for expander in stylist.expander]
    outfit = state.conversation.shown[0].hits
    assert len(outfit) > 1 and all(hit.item.title in words(stylist) for hit in outfit)

    at_rest(click(stylist, "Try it on"))
    assert "choose who tries it on" in words(stylist).lower() and shop_renderer.requests == []
    at_rest(click(stylist, "Ada"))
    (request,) = shop_renderer.requests
    assert len(request.others) == len(outfit) - 1
    look = talk_of(stylist).looks[2]
    assert "Here it is" in words(stylist) and state_of(stylist).look is look
    assert all(hit.item.title in look.title for hit in outfit)
    assert look.garment.item_id in {hit.item.id for hit in outfit}  # what goes with it is shown in the fitting room

    say(stylist, "cheaper")
    assert talk_of(stylist).looks == {2: look} and len(talk_of(stylist).conversation.turns) == 4
    assert settled(go(stylist, "")).session_state["session"].look is look


def test_what_was_chosen_is_tried_on_whatever_its_number(stylist: AppTest, shop_renderer: tiny.PasteRenderer) -> None:
    say(stylist, "tops")
    shown = talk_of(stylist).conversation.shown
    assert len(shown) > 1
    say(stylist, "the second one")
    at_rest(click(stylist, "Try it on"))
    assert talk_of(stylist).conversation.turns[-1].said == "Show the second one on me"
    assert [item.id for item in talk_of(stylist).to_show] == [shown[1].hits[0].item.id]


def test_a_picture_that_fails_is_told_and_the_conversation_goes_on(
    stylist: AppTest, shop_renderer: tiny.PasteRenderer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> None:
        raise RenderFailed("drawing", "the ink ran out")

    monkeypatch.setattr(shop_renderer, "_try_on", fails)
    say(stylist, "a red dress")
    at_rest(click(stylist, "Try it on"))
    at_rest(click(stylist, "Ada"))
    assert "the ink ran out" in words(stylist)
    assert talk_of(stylist).conversation.turns[-1].plan[-1].failed
    assert "Dark jeans" in words(say(stylist, "jeans"))


def test_a_picture_can_be_stopped(stylist: AppTest, shop_renderer: tiny.PasteRenderer) -> None:
    say(stylist, "a red dress")
    at_rest(click(stylist, "Try it on"))
    shop_renderer.gate.clear()
    click(stylist, "Ada")
    until(lambda: shop_renderer.requests != [])
    at_rest(click(stylist.run(), "Cancel"))
    assert "it was stopped" in words(stylist) and talk_of(stylist).looks == {}


def test_words_are_shown_as_they_are_and_forgotten_when_asked(stylist: AppTest) -> None:
    say(stylist, "<img src=x> **bold** dress")
    assert "&lt;img src=x&gt; **bold** dress" in words(stylist)
    click(stylist, "Forget my photos")
    assert settled(stylist) and "bold" not in words(stylist) and talk_of(stylist).conversation.turns == ()


def test_a_language_model_that_cannot_be_is_said(
    shop_renderer: tiny.PasteRenderer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(URL, "somewhere")
    app = settled(new_shopper("stylist"))
    assert any(plain(URL) in error.value for error in app.error) and not app.exception
