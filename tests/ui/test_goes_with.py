"""What goes with it: on the rack, under the picture, and as whole sets."""

from __future__ import annotations

from streamlit.testing.v1 import AppTest

from tests.ui import test_your_room as at_home
from tests.ui import tiny, tiny_room
from tests.ui.conftest import room_of, state_of
from tests.ui.test_fitting_room import click, click_person, keys, titles
from tests.ui.test_opinions import chips


def added(app: AppTest) -> list[str]:
    """Ids on the rail."""
    return [key[4:].rsplit("-", 1)[0] for key in sorted(keys(app)) if key.startswith("add-") and "add-set" not in key]


def test_the_rack_shows_what_goes_with_an_item_until_one_goes_back(app: AppTest) -> None:
    app.button(key="goes-tee-red-0").click().run()
    assert set(titles(app)) == {"jeans-navy", "skirt-green"}
    assert any("Goes with <b>Red cotton tee" in html.proto.body for html in app.get("html"))
    words = app.text_input(key=state_of(app).key("words"))
    words.input("a skirt").run()
    assert titles(app)[0] == "skirt-green" and state_of(app).goes_with == "tee-red"
    app.button(key="goes-back-0").click().run()
    assert state_of(app).goes_with == "" and "skirt-green" in titles(app)
    app.button(key="alike-skirt-green-0").click().run()
    app.button(key="goes-jeans-navy-0").click().run()
    assert state_of(app).likes == () and not any(chip.startswith("like ") for chip in chips(app))


def test_the_rail_is_put_on_with_what_the_mirror_shows(app: AppTest, shop_renderer: tiny.PasteRenderer) -> None:
    app = click(click_person(app, "ada"), "try-tee-red")
    assert added(app) == ["jeans-navy", "skirt-green"]
    app = click(app, "add-jeans-navy")
    look = state_of(app).look
    assert look is not None and look.title == "Dark jeans with Red cotton tee"
    assert [piece.category for piece in shop_renderer.requests[-1].others] == ["upper"]
    assert "tee-red" in added(app)


def test_a_whole_look_is_put_on_at_once(app: AppTest, shop_renderer: tiny.PasteRenderer) -> None:
    app = click(click_person(app, "ada"), "try-jeans-navy")
    app = click(app, "sets")
    app = click(app, "add-set-0")
    look = state_of(app).look
    assert look is not None and "Dark jeans" in look.title and look.garment.title != "Dark jeans"
    assert shop_renderer.requests[-1].category == "upper"


def test_furniture_that_goes_with_a_piece_is_placed_beside_it(
    room_app: AppTest, room_renderer: tiny_room.BoxRenderer
) -> None:
    app = at_home.click(at_home.enter(room_app), "try-table-oak")
    assert room_of(app).piece is not None and room_of(app).piece.item_id == "table-oak"
    first = next(key for key in sorted(keys(app)) if key.startswith("add-"))
    app = at_home.click(app, first.rsplit("-room-", 1)[0])
    assert len(room_renderer.requests[-1].items) == 2


def test_a_set_completes_the_room_in_one_step(room_app: AppTest, room_renderer: tiny_room.BoxRenderer) -> None:
    app = at_home.click(at_home.enter(room_app), "try-table-oak")
    renders = len(room_renderer.requests)
    app = at_home.click(at_home.click(app, "sets"), "add-set-0")
    pieces = room_of(app).arrangement.pieces
    assert len(pieces) > 2 and len({piece.number for piece in pieces}) == len(pieces)
    assert len(room_renderer.requests) == renders + 1
    assert len(at_home.click(app, "undo").session_state["room"].arrangement.pieces) == 1
