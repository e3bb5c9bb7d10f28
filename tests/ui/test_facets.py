"""Filters with counts: what they show, and how they become chips and go again."""

from __future__ import annotations

from streamlit.testing.v1 import AppTest

from tests.ui.conftest import go, room_of, settled, state_of
from tests.ui.test_fitting_room import ask, titles
from tests.ui.test_opinions import chips


def counts(app: AppTest, attribute: str) -> dict[str, int]:
    """Value → the number beside it; nothing where the attribute gives no choice."""
    shown = [group for group in app.button_group if group.key == f"facet-{attribute}-0"]
    said = [option.content.split(") ")[-1].rsplit(" ", 1) for group in shown for option in group.proto.options]
    return {value: int(count) for value, count in said}


def choose(app: AppTest, attribute: str, *values: str) -> AppTest:
    """Tick exactly these."""
    app.button_group(key=f"facet-{attribute}-0").set_value(list(values)).run()
    return app


def test_counts_are_of_what_matches_and_follow_each_choice(app: AppTest) -> None:
    assert counts(app, "material") == {"cotton": 2, "linen": 2, "denim": 1, "fleece": 1, "velvet": 1, "wool": 1}
    ask(app, "a dress")
    assert counts(app, "material") == {"linen": 1, "velvet": 1} and counts(app, "colours") == {"navy": 1, "red": 1}
    choose(app, "material", "velvet")
    assert titles(app) == ["dress-navy"] and "velvet" in chips(app)
    # What is ticked leaves the choice of its own attribute as it was, and narrows that of all others.
    assert counts(app, "material") == {"velvet": 1, "linen": 1} and counts(app, "colours") == {}
    assert app.get("popover") and any(popover.proto.popover.label == "Filter · 1" for popover in app.get("popover"))


def test_values_of_one_attribute_are_alternatives_and_attributes_add_up(app: AppTest) -> None:
    choose(app, "material", "cotton", "linen")
    assert set(titles(app)) == {"tee-red", "tee-navy", "shirt-linen", "dress-red"}
    choose(app, "colours", "red")
    assert set(titles(app)) == {"tee-red", "dress-red"}
    choose(app, "sleeve", "short")
    assert titles(app) == ["tee-red"] and {"cotton or linen", "red", "short sleeves"} <= chips(app)


def test_a_chip_taken_away_unticks_its_filter_which_can_be_ticked_again(app: AppTest) -> None:
    choose(app, "colours", "red")
    app.button(key="chip-colour:red-0").click().run()
    assert len(titles(app)) == 8 and app.button_group(key="facet-colours-0").value == []
    choose(app, "colours", "red")
    assert set(titles(app)) == {"tee-red", "dress-red"}
    choose(app, "colours")
    assert len(titles(app)) == 8 and state_of(app).ticked == {}


def test_filters_are_of_a_page_and_still_ticked_when_it_is_seen_again(app: AppTest) -> None:
    choose(app, "colours", "red")
    settled(go(app, "room"))
    assert not room_of(app).ticked and chips(app) == set()
    settled(go(app, ""))
    assert chips(app) == {"red"} and app.button_group(key="facet-colours-0").value == ["red"]
