"""More like this, and thumbs: what they do to the rack, and how they are taken back."""

from __future__ import annotations

from streamlit.testing.v1 import AppTest

from tests.ui.conftest import go, room_of, settled, state_of
from tests.ui.test_fitting_room import ask, click, click_person, titles


def chips(app: AppTest) -> set[str]:
    return {button.label for button in app.button if str(button.key).startswith("chip-")}


def said(app: AppTest) -> list[str]:
    """The line of opinions, if there is one."""
    lead = "Your taste so far: "
    return [caption.value.removeprefix(lead) for caption in app.caption if caption.value.startswith(lead)]


def test_more_like_this_and_words_that_change_it(app: AppTest) -> None:
    ask(app, "linen dress").button(key="alike-dress-red-0").click().run()
    search = app.text_input(key="words-0")
    assert (search.value, search.placeholder) == ("", "but in red, cheaper")
    assert {"like “Red linen dress”", "still dresses"} <= chips(app) and "dress-red" not in titles(app)
    ask(app, "but in navy")
    assert titles(app)[0] == "dress-navy" and "dress-red" not in titles(app)
    assert {"like “Red linen dress”", "navy", "no longer red"} <= chips(app)
    app.button(key="chip-like:dress-red-0").click().run()
    assert chips(app) == {"navy"} and app.text_input(key="words-0").placeholder != "but in red, cheaper"
    app.button(key="alike-tee-navy-0").click().run()
    app.button(key="chip-like:tee-navy-0").click().run()
    assert chips(app) == set() and len(titles(app)) == 8
    app.button(key="alike-tee-navy-0").click().run()
    assert "like “Navy striped tee”" in chips(app)


def test_thumbs_move_the_rack_at_once_and_are_taken_back(app: AppTest) -> None:
    before = titles(app)
    first, last = before[0], before[-1]
    assert first != last and said(app) == []
    app.button(key=f"down-{first}-0").click().run()
    assert titles(app)[0] != first and said(app) == ["1 dislike"]
    app.button(key="undo-opinion-0").click().run()
    assert titles(app) == before and said(app) == []
    app.button(key=f"down-{first}-0").click().run()
    app.button(key=f"up-{first}-0").click().run()
    app.button(key=f"up-{last}-0").click().run()
    assert said(app) == ["2 likes"]
    app.button(key=f"up-{first}-0").click().run()
    assert said(app) == ["1 like"] and list(state_of(app).feedback.opinions) == [last]
    app.button(key="clear-opinions-0").click().run()
    assert titles(app) == before and said(app) == []


def test_trying_on_counts_once_and_takes_no_thumb_back(app: AppTest) -> None:
    click_person(app, "ada").button(key="down-tee-red-0").click().run()
    click(app, "try-tee-red")
    click(click(app, "try-dress-red"), "try-dress-red")
    assert said(app) == ["1 dislike, 1 try-on"]
    app.button(key="up-dress-red-0").click().run()
    assert said(app) == ["1 like, 1 dislike"]
    app.button(key="up-dress-red-0").click().run()
    assert said(app) == ["1 dislike, 1 try-on"]


def test_each_page_keeps_its_own_until_all_is_forgotten(app: AppTest) -> None:
    click_person(app, "ada").button(key="up-tee-red-0").click().run()
    app.button(key="alike-tee-red-0").click().run()
    settled(go(app, "room"))
    assert said(app) == [] and chips(app) == set()
    app.button(key=room_of(app).key("alike-sofa-navy")).click().run()
    assert app.text_input(key=room_of(app).key("words")).placeholder == "but in oak, smaller"
    assert {"like “Velvet sofa”", "still sofas"} <= chips(app)
    app.button(key=room_of(app).key("down-sofa-green")).click().run()
    assert said(app) == ["1 dislike"]
    settled(go(app, ""))
    assert said(app) == ["1 like"] and "like “Red cotton tee”" in chips(app)
    click(app, "forget")
    assert said(app) == [] and chips(app) == set()
