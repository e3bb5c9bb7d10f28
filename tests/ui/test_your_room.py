"""The page "Your room" in Streamlit's own test runner: a shopper's way through it, and what can go wrong there."""

from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image as PILImage
from streamlit.testing.v1 import AppTest

import tryroom
from pipelines import images
from pipelines.errors import MissingWeights, RenderFailed
from pipelines.schema import CameraFacts, Progress
from tests.ui import tiny, tiny_room
from tests.ui.conftest import go, new_shopper, room_of, settled, state_of
from tests.ui.test_fitting_room import chair, click_person, encode, wait_until
from ui import loaders, piece_actions, room_actions, room_rendering, showroom


def errors(app: AppTest) -> str:
    assert not app.exception
    return " ".join(error.value for error in app.error)


def keys(app: AppTest) -> set[str]:
    return {str(button.key) for button in app.button}


def titles(app: AppTest) -> list[str]:
    """Ids on the cards, as they are shown."""
    tries = [str(button.key) for button in app.button if str(button.key).startswith("try-")]
    return [key.removeprefix("try-").rsplit("-room-", 1)[0] for key in tries]


def click(app: AppTest, name: str, wait: bool = True) -> AppTest:
    app.button(key=room_of(app).key(name)).click().run()
    return settled(app) if wait else app


def upload(app: AppTest, place: str, data: bytes, name: str = "photo.png") -> AppTest:
    app.file_uploader(key=room_of(app).upload_key(place)).upload(name, data, "image/png").run()
    return settled(app)


def enter(app: AppTest, shade: int = 115) -> AppTest:
    """Give a photo of a room."""
    return upload(app, "photo", encode(tiny_room.draw_room(shade)))


def ask(app: AppTest, words: str) -> AppTest:
    return app.text_input(key=room_of(app).key("words")).input(words).run()


def do(app: AppTest, act: Callable[[], object], monkeypatch: pytest.MonkeyPatch) -> AppTest:
    """What the picture reports from a browser, which is not there."""
    with monkeypatch.context() as page:
        for module in (room_actions, piece_actions):
            page.setattr(module, "room_visit", lambda: room_of(app))
        act()
    return settled(app)


def in_picture(app: AppTest, monkeypatch: pytest.MonkeyPatch, **event: object) -> AppTest:
    return do(app, lambda: piece_actions.done_in_picture(event), monkeypatch)


def mask_of(white: tuple[slice, slice], size: tuple[int, int] = tiny_room.SIZE) -> bytes:
    mask = np.zeros(size, np.uint8)
    mask[white] = 255
    return encode(mask)


# --- between the pages --------------------------------------------------------------------------------------


def test_all_pages_are_linked_and_each_keeps_its_own(app: AppTest) -> None:
    app = settled(click_person(app, "ada"))
    app.text_input(key="words-0").input("red").run()
    app = enter(ask(settled(go(app, "room")), "a sofa"))
    assert errors(app) == ""
    assert [link.label for link in app.get("page_link")] == ["Fitting room", "Your room", "Stylist"]
    app = settled(go(app, ""))
    assert state_of(app).person is not None and app.text_input(key="words-0").value == "red"
    app = settled(go(app, "room"))
    assert room_of(app).room is not None and app.text_input(key="words-room-0").value == "a sofa"
    assert set(titles(app)) == {"sofa-navy", "sofa-green", "sofa-huge"}


def test_forget_drops_the_photos_of_both_pages(app: AppTest) -> None:
    app = enter(settled(go(click_person(app, "ada"), "room")))
    click(upload(app, "own", chair()), "try-table-oak")
    app.button(key="forget-0").click().run()
    app = settled(app)
    state = room_of(app)
    assert (state.room, state.look, state.own, state.arrangement.pieces) == (None, None, None, ())
    assert state_of(app).person is None and not len(state.history) and app.button(key="forget-1").disabled


def test_nothing_of_a_room_stays_in_memory_once_it_is_forgotten(
    room_app: AppTest, room_renderer: tiny_room.BoxRenderer
) -> None:
    import gc
    import weakref

    app = click(enter(room_app), "try-table-oak")
    app.number_input(key=room_of(app).key("side-0")).set_value(100.0).run()
    app = settled(app)
    room = room_of(app).room
    assert room is not None
    photos = [weakref.ref(room.pixels), weakref.ref(room.shown)]
    del room
    app.button(key="forget-0").click().run()
    settled(app)
    room_renderer.requests.clear()
    gc.collect()
    assert [photo() is None for photo in photos] == [True, True]


# --- the rack -----------------------------------------------------------------------------------------------


def test_the_rack_shows_furniture_with_price_and_size(room_app: AppTest) -> None:
    assert errors(room_app) == "" and len(titles(room_app)) == 12 and "show-more-room-0" in keys(room_app)
    app = ask(room_app, "an oak coffee table")
    words = " ".join(html.proto.body for html in app.get("html"))
    assert "$189" in words and "90 × 50 × 45 cm" in words


def test_words_price_and_kinds_limit_the_rack(room_app: AppTest) -> None:
    app = ask(room_app, "a coffee table under 200")
    assert set(titles(app)) == {"table-oak", "table-wide"}
    app = ask(app, "")
    app.pills(key="kinds-room-0").set_value(["sofa", "rug"]).run()
    assert set(titles(app)) == {"sofa-navy", "sofa-green", "sofa-huge", "rug"}
    app.slider(key="max-price-room-0").set_value(800).run()
    assert set(titles(app)) == {"sofa-green", "rug"}


def test_a_picture_finds_furniture_like_it(room_app: AppTest) -> None:
    app = upload(room_app, "like", encode(tiny.card_of("hoodie-green")))
    assert titles(app)[0] in ("sofa-green", "plant", "chair") and "chip-like-room-0" in keys(app)
    app.button(key="chip-like-room-0").click().run()
    assert room_of(app).like is None and state_of(app).like is None


def test_the_room_counts_in_the_search(room_app: AppTest) -> None:
    app = enter(room_app)
    shelf = room_of(app).shelf
    assert shelf is not None and all("room" in hit.scores for hit in shelf[1].hits)


def test_nothing_can_be_placed_without_a_room_nor_without_cut_outs(room_app: AppTest) -> None:
    app = room_app
    assert all(button.disabled for button in app.button if str(button.key).startswith("try-"))
    app = ask(enter(app), "a green chair")
    assert app.button(key="try-chair-room-0").disabled and "cut-outs" in app.button(key="try-chair-room-0").help


def test_a_missing_catalog_is_said(room_renderer: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tryroom, "FURNITURE", tryroom.FURNITURE / "nowhere")
    assert "catalog.jsonl" in errors(new_shopper("room"))


# --- rooms in -----------------------------------------------------------------------------------------------


def test_a_room_is_asked_for_without_consent(room_app: AppTest) -> None:
    assert len(room_app.checkbox) == 0 and not room_app.file_uploader(key="photo-room-0-0").proto.disabled
    assert any("memory: not saved" in caption.value for caption in room_app.caption)


def test_the_camera_takes_a_room(room_app: AppTest) -> None:
    room_app.segmented_control(key="source-room-0").set_value("Camera").run()
    shot = encode(tiny_room.draw_room(), "JPEG")
    room_app.camera_input(key="camera-room-0-0").set_value(("shot.jpg", shot, "image/jpeg")).run()
    assert room_of(settled(room_app)).room is not None


def test_a_demo_room_is_entered(room_app: AppTest) -> None:
    app = click(room_app, "room-loft")
    room = room_of(app).room
    assert room is not None and room.name == "Loft" and errors(app) == ""


def test_without_demo_rooms_there_is_no_section(room_renderer: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tryroom, "ROOMS", tryroom.ROOMS / "nowhere")
    app = settled(new_shopper("room"))
    assert "room-loft-room-0" not in keys(app) and len(app.warning) == 0 and errors(app) == ""


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("empty.png", b"", "empty file"),
        ("notes.png", b"dear diary, nothing fits", "text file"),
        ("wide.jpg", encode(np.zeros((4000, 12_000, 3), np.uint8), "JPEG"), "48 megapixels"),
    ],
)
def test_a_bad_file_is_explained_and_costs_nothing(room_app: AppTest, name: str, data: bytes, said: str) -> None:
    app = click(enter(ask(room_app, "sofa")), "try-sofa-green")
    room, look = room_of(app).room, room_of(app).look
    upload(click(app, "change"), "photo", data, name)
    assert said in errors(app) and "Room photo" in errors(app)
    app = click(app, "keep")
    assert errors(app) == "" and room_of(app).room is room and room_of(app).look is look
    assert app.text_input(key="words-room-0").value == "sofa"


def test_what_does_not_look_like_a_room_is_shown_with_a_warning(room_app: AppTest) -> None:
    portrait = tiny.draw_person(90)
    portrait[0, 0] = 0  # what the stand-in for perception goes by
    app = upload(room_app, "photo", encode(portrait))
    assert any("does not look like a photo of a room" in warning.value for warning in app.warning)
    assert errors(app) == "" and room_of(app).room is not None


def test_the_focal_length_that_the_file_tells_is_taken(room_app: AppTest) -> None:
    exif = PILImage.Exif()
    exif.get_ifd(0x8769)[0xA405] = 26  # FocalLengthIn35mmFilm
    data = encode(tiny_room.draw_room(), "JPEG", exif=exif)
    app = upload(room_app, "photo", data, "room.jpg")
    assert room_of(app).arrangement.camera.focal == pytest.approx(26 * 600 / 43.27)
    assert any("told by the file" in caption.value for caption in app.caption)


# --- placing ------------------------------------------------------------------------------------------------


def test_a_click_on_a_card_puts_it_on_a_free_place(room_app: AppTest, room_renderer: tiny_room.BoxRenderer) -> None:
    app = click(enter(room_app), "try-table-oak")
    state, (request,) = room_of(app), room_renderer.requests
    assert errors(app) == "" and state.look is not None and state.look.title == "Oak table"
    (standing,) = request.items
    assert standing.item.size == (0.9, 0.5, 0.45) and standing.item.place == "floor"
    assert standing.at is not None and tiny_room.floor_mask()[round(standing.at[1] * 360), round(standing.at[0] * 480)]
    assert any("drawn, not built" in caption.value for caption in app.caption)
    assert {"download-room-0", "undo-room-0", "look-0-room-0", "piece-1-room-0"} <= keys(app) | {
        str(button.key) for button in app.download_button
    }


def test_the_download_is_the_whole_picture_with_its_recipe(room_app: AppTest) -> None:
    app = click(enter(room_app), "try-table-oak")
    look = room_of(app).look
    assert look is not None
    picture = PILImage.open(io.BytesIO(look.png))
    recipe = images.load_recipe(picture.text["tryroom"])  # type: ignore[attr-defined]
    assert picture.size == (480, 360) and recipe["task"] == "room"
    assert recipe["room"] == images.pixels_sha256(look.room.pixels)


def test_a_second_piece_finds_another_place_and_both_are_listed_with_their_price(
    room_app: AppTest, room_renderer: tiny_room.BoxRenderer
) -> None:
    app = click(click(enter(room_app), "try-table-oak"), "try-table-oak")
    one, two = room_renderer.requests[-1].items
    assert one.at is not None and two.at is not None and np.abs(np.subtract(one.at, two.at)).max() > 0.03
    assert {"piece-1-room-0", "piece-2-room-0", "remove-1-room-0"} <= keys(app)
    assert any("$378" in markdown.value for markdown in app.markdown)
    app = click(app, "remove-1")
    assert [piece.number for piece in room_of(app).arrangement.pieces] == [2]
    assert len(room_renderer.requests[-1].items) == 1


def test_the_last_piece_taken_out_leaves_the_bare_room(room_app: AppTest) -> None:
    app = click(click(enter(room_app), "try-table-oak"), "remove-1")
    assert room_of(app).look is None and room_of(app).render is None and "piece-1-room-0" not in keys(app)


def test_a_click_in_the_picture_moves_the_chosen_piece(
    room_app: AppTest, room_renderer: tiny_room.BoxRenderer, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = click(click(enter(room_app), "try-table-oak"), "try-plant")
    app = in_picture(app, monkeypatch, what="choose", number=1)
    in_picture(app, monkeypatch, what="move", x=0.4, y=0.8, how="click")
    assert room_renderer.requests[-1].items[0].at == (0.4, 0.8)
    in_picture(app, monkeypatch, what="move", x=1.4, y=0.8, how="drag")
    assert room_renderer.requests[-1].items[0].at == (1.0, 0.8)


def test_a_piece_keeps_its_wall_when_it_is_nudged_and_looks_anew_when_it_is_put_elsewhere(
    room_app: AppTest, room_renderer: tiny_room.BoxRenderer, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = click(enter(room_app), "try-table-oak")
    found = room_renderer.requests[-1].items[0].yaw
    app = click(app, "left")
    assert found is not None and room_renderer.requests[-1].items[0].yaw == found
    in_picture(app, monkeypatch, what="move", x=0.4, y=0.8, how="click")
    assert room_renderer.requests[-1].items[0].yaw is None


def test_steps_and_turns(room_app: AppTest, room_renderer: tiny_room.BoxRenderer) -> None:
    app = click(enter(room_app), "try-table-oak")
    x, y = room_renderer.requests[-1].items[0].at or (0, 0)
    app = click(click(app, "right"), "up")
    assert room_renderer.requests[-1].items[0].at == pytest.approx((x + 0.01, y - 0.01))
    box = room_of(app).look.boxes[1]  # type: ignore[union-attr]
    app = click(app, "turn-left")
    assert room_renderer.requests[-1].items[0].yaw == pytest.approx(box.yaw + 15)
    assert app.slider(key="yaw-room-0").value == round(box.yaw + 15)
    app.slider(key="yaw-room-0").set_value(-90).run()
    assert room_of(settled(app)).piece.yaw == -90  # type: ignore[union-attr]
    app.toggle(key="along-room-0").set_value(True).run()
    assert room_of(settled(app)).piece.yaw is None  # type: ignore[union-attr]


def test_small_steps_share_one_picture_in_the_history(room_app: AppTest) -> None:
    app = click(click(click(enter(room_app), "try-table-oak"), "right"), "right")
    assert len(room_of(app).history) == 1 and len(room_of(app).before) == 3
    assert len(room_of(click(app, "try-plant")).history) == 2


def test_undo_goes_back_step_by_step_and_shows_what_was_known_at_once(
    room_app: AppTest, room_renderer: tiny_room.BoxRenderer
) -> None:
    app = click(click(enter(room_app), "try-table-oak"), "try-plant")
    first = room_of(app).history[1]
    app = click(app, "undo")
    assert room_of(app).look is first and len(room_renderer.requests) == 2
    app = click(app, "undo")
    assert room_of(app).look is None and app.button(key="undo-room-0").disabled


def test_a_size_keeps_its_proportions_unless_they_are_let_go(
    room_app: AppTest, room_renderer: tiny_room.BoxRenderer
) -> None:
    app = click(enter(room_app), "try-table-oak")
    app.number_input(key="side-0-room-0").set_value(180.0).run()
    app = settled(app)
    assert room_renderer.requests[-1].items[0].size == pytest.approx((1.8, 1.0, 0.9))
    assert app.number_input(key="side-1-room-0").value == 100
    app.toggle(key="lock-room-0").set_value(False).run()
    app.number_input(key="side-2-room-0").set_value(50.0).run()
    assert room_of(settled(app)).piece.size == pytest.approx((1.8, 1.0, 0.5))  # type: ignore[union-attr]
    assert room_of(click(app, "own-measures")).piece.size is None  # type: ignore[union-attr]


def test_sides_that_no_thing_has_are_said(room_app: AppTest, room_renderer: tiny_room.BoxRenderer) -> None:
    app = click(enter(room_app), "try-table-oak")
    app.number_input(key="side-2-room-0").set_value(1000.0).run()  # the width would grow to 20 m
    app = settled(app)
    assert "10 to 1000 cm" in errors(app) or "1 to 1000 cm" in errors(app)
    assert room_of(app).piece.size is None and len(room_renderer.requests) == 1  # type: ignore[union-attr]


def test_what_does_not_fit_is_said_with_what_there_is_and_the_rest_stays(
    room_app: AppTest, room_renderer: tiny_room.BoxRenderer, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = click(enter(ask(room_app, "a sofa or a table")), "try-table-oak")
    app = click(app, "try-sofa-huge")
    assert "m free" in errors(app) and "4.5 m x 1.0 m" in errors(app) and "Endless sofa" in errors(app)
    assert room_of(app).total == "$189"
    assert room_of(app).look is not None and len(room_of(app).arrangement.pieces) == 2
    app = in_picture(app, monkeypatch, what="move", x=0.5, y=0.8, how="click")
    assert errors(app) == "" and len(room_renderer.requests[-1].items) == 2


def test_nothing_stands_above_the_horizon(
    room_app: AppTest, room_renderer: tiny_room.BoxRenderer, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = click(click(enter(room_app), "try-table-oak"), "try-plant")
    app = in_picture(app, monkeypatch, what="move", x=0.5, y=0.02, how="click")
    assert "horizon" in errors(app) and "Fern" in errors(app)
    assert [standing.item.size for standing in room_renderer.requests[-1].items] == [(0.9, 0.5, 0.45)]
    assert errors(click(app, "undo")) == ""


def test_what_stands_on_a_table_waits_for_a_click(
    room_app: AppTest, room_renderer: tiny_room.BoxRenderer, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = click(enter(room_app), "try-lamp")
    assert "Click in the photo" in errors(app) and not room_renderer.requests
    app = in_picture(app, monkeypatch, what="move", x=0.5, y=0.7, how="click")
    assert errors(app) == "" and room_renderer.requests[-1].items[0].at == (0.5, 0.7)


def test_a_picture_hangs_on_the_wall_and_a_rug_lies_on_the_floor(
    room_app: AppTest, room_renderer: tiny_room.BoxRenderer
) -> None:
    click(click(enter(room_app), "try-print"), "try-rug")
    print_, rug = room_renderer.requests[-1].items
    assert print_.item.place == "wall" and print_.at is not None and print_.at[1] < tiny_room.CAMERA.horizon_y
    assert rug.item.place == "rug" and rug.at is not None and rug.at[1] > tiny_room.CAMERA.horizon_y


def test_cut_outs_that_are_lost_are_said(room_app: AppTest) -> None:
    app = click(enter(ask(room_app, "a lost chair under 10")), "try-chair-lost")
    assert "nowhere.webp" in errors(app) and not room_of(app).arrangement.pieces


# --- one's own piece ----------------------------------------------------------------------------------------


def own_piece() -> bytes:
    """A brown box before a white wall."""
    pixels = np.full((200, 300, 3), 250, np.uint8)
    pixels[60:180, 40:260] = (120, 70, 40)
    return encode(pixels)


def test_ones_own_piece_needs_its_size(room_app: AppTest, room_renderer: tiny_room.BoxRenderer) -> None:
    app = upload(enter(room_app), "own", own_piece())
    app = click(app, "try-own")
    assert "no width, no depth, no height" in errors(app) and not room_renderer.requests
    for name, side in (("width", 110.0), ("depth", 60.0), ("height", 60.0)):
        app.number_input(key=f"own-{name}-room-0").set_value(side).run()
    assert errors(app) == ""
    click(app, "try-own")
    (standing,) = room_renderer.requests[-1].items
    assert standing.item.size == (1.1, 0.6, 0.6)
    alpha = standing.item.views[0].picture[..., 3]
    assert alpha[100, 150] == 255 and alpha[5, 5] == 0


def test_a_bad_picture_of_ones_own_piece_is_explained(room_app: AppTest) -> None:
    app = upload(enter(room_app), "own", b"")
    assert "Picture of your piece" in errors(app) and "try-own-room-0" not in keys(app)


# --- the render under way -----------------------------------------------------------------------------------


def test_progress_is_shown_with_a_draft_and_can_be_cancelled(
    room_app: AppTest, room_renderer: tiny_room.BoxRenderer
) -> None:
    app = enter(room_app)
    room_renderer.gate.clear()
    click(app, "try-table-oak", wait=False)
    task = room_of(app).render
    assert task is not None
    wait_until(lambda: task.stage == "rendering")
    app.run()
    assert any("Furnishing · rendering" in bar.text for bar in app.get("progress"))
    room = room_of(app).room
    assert room is not None and task.preview is not None
    draft = np.asarray(PILImage.open(io.BytesIO(task.preview))).astype(int)
    assert np.abs(draft - room.shown).max() > 60 and showroom.now(room_of(app), room, None) is task.preview
    app.button(key="cancel-room-0").click().run()
    assert task.wait(20) and task.cancelled
    app = settled(app)
    assert not len(room_of(app).history) and errors(app) == "" and "piece-1-room-0" in keys(app)
    room_renderer.gate.set()
    assert room_of(click(app, "again")).look is not None and "again-room-0" not in keys(app)


def test_a_newer_change_gives_up_the_render_under_way(room_app: AppTest, room_renderer: tiny_room.BoxRenderer) -> None:
    app = enter(room_app)
    room_renderer.gate.clear()
    click(app, "try-table-oak", wait=False)
    first = room_of(app).render
    click(app, "try-plant", wait=False)
    room_renderer.gate.set()
    app = settled(app)
    assert first is not None and first.wait(20) and first.cancelled
    assert [look.title for look in room_of(app).history] == ["Fern and 1 more"]


def test_a_render_that_breaks_is_explained_and_nothing_is_lost(
    room_app: AppTest, room_renderer: tiny_room.BoxRenderer, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = click(enter(room_app), "try-table-oak")
    with monkeypatch.context() as broken:

        def fail(request: object, report: object) -> None:
            raise RenderFailed("shadow", "no light")

        broken.setattr(room_renderer, "render", fail)
        app = click(app, "right")
    assert "no light" in errors(app) and room_of(app).look is not None
    assert errors(click(app, "right")) == ""


def test_a_renderer_that_could_not_be_loaded_is_loaded_at_the_next_click(
    room_app: AppTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = enter(room_app)
    with monkeypatch.context() as broken:

        def offline(name: str, task: str, report: object) -> None:
            raise MissingWeights("rooms/net", (), "tryroom weights fetch rooms")

        broken.setattr(loaders, "load_renderer", offline)
        app = click(app, "try-table-oak")
    assert "tryroom weights fetch rooms" in errors(app)
    app = click(app, "again")
    assert errors(app) == "" and room_of(app).look is not None


# --- the camera ---------------------------------------------------------------------------------------------


def test_the_camera_says_what_was_found_and_takes_what_is_said(
    room_app: AppTest, room_renderer: tiny_room.BoxRenderer
) -> None:
    app = click(enter(room_app), "try-table-oak")
    said = " ".join(caption.value for caption in app.caption)
    assert f"found: {100 * tiny_room.CAMERA.horizon_y:.0f} % (93 % sure)" in said and "found: 62° (70 % sure)" in said
    app.slider(key="horizon-room-0").set_value(40).run()
    app = settled(app)
    app.slider(key="fov-room-0").set_value(80).run()
    app = settled(app)
    app.slider(key="height-room-0").set_value(120).run()
    app = settled(app)
    assert room_renderer.requests[-1].camera == CameraFacts(height=1.2, fov=80, horizon_y=0.4)
    view = room_of(app).view
    assert view is not None and view.camera.horizon_y == pytest.approx(0.4) and view.camera.height == 1.2
    app = click(app, "as-found")
    assert room_renderer.requests[-1].camera == CameraFacts() and app.button(key="as-found-room-0").disabled


def test_a_known_length_tells_how_high_the_camera_was(room_app: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    app = click(enter(room_app), "mark")
    ends = tiny_room.CAMERA.project(np.array([[0.5, 4, 0], [0.5, 4, 2.1]])) / (480, 360)
    assert app.button(key="measure-room-0").disabled
    for x, y in ends:
        app = in_picture(app, monkeypatch, what="mark", x=float(x), y=float(y))
    app.number_input(key="reference-room-0").set_value(168.0).run()  # 0.8 of what it would be from 1.5 m
    app = click(app, "measure")
    assert room_of(app).arrangement.camera.height == pytest.approx(1.2, abs=0.01) and room_of(app).marks is None


def test_marks_that_cannot_be_a_length_are_said(room_app: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    app = click(enter(room_app), "mark")
    for _ in range(2):
        app = in_picture(app, monkeypatch, what="mark", x=0.5, y=0.01)
    app = click(app, "measure")
    assert "Reference length" in errors(app) and room_of(app).arrangement.camera.height is None


def test_the_floor_grid_is_drawn_over_the_picture(room_app: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[bytes] = []
    monkeypatch.setattr(showroom.placing, "show", lambda jpeg, *_, **__: shown.append(jpeg))
    app = enter(room_app)
    app.toggle(key="grid-room-0").set_value(True).run()
    bare, gridded = (np.asarray(PILImage.open(io.BytesIO(shown[place]))).astype(int) for place in (-2, -1))
    horizon = round(tiny_room.CAMERA.horizon_y * 360)
    changed = np.abs(gridded - bare).max(2) > 60
    assert changed[horizon - 2 : horizon + 3].any(0).mean() > 0.9 and not changed[: horizon - 10].any()


# --- masks, before and after, history -----------------------------------------------------------------------


def test_masks_reach_the_renderer_and_can_be_taken_back(
    room_app: AppTest, room_renderer: tiny_room.BoxRenderer
) -> None:
    app = click(enter(room_app), "try-table-oak")
    app = upload(app, "mask", mask_of(np.s_[:, :240]))
    app = upload(app, "remove", mask_of(np.s_[200:240, 100:140]))
    request = room_renderer.requests[-1]
    assert request.mask is not None and request.mask.mean() == 127.5
    assert request.remove is not None and request.remove[220, 120] == 255 and request.remove[0, 0] == 0
    app = click(click(app, "no-mask"), "no-remove")
    assert room_renderer.requests[-1].mask is None and room_renderer.requests[-1].remove is None


@pytest.mark.parametrize("place", ["mask", "remove"])
def test_a_box_around_a_thing_makes_its_mask(
    room_app: AppTest, room_renderer: tiny_room.BoxRenderer, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    thing = np.zeros(tiny_room.SIZE, np.uint8)
    thing[220:300, 200:280] = 255
    monkeypatch.setattr(room_actions, "grab_box", lambda photo, one, other: thing)
    app = click(click(enter(room_app), "try-table-oak"), f"box-{place}")
    assert app.button(key=f"take-{place}-room-0").disabled
    for x, y in ((0.4, 0.6), (0.6, 0.85)):
        app = in_picture(app, monkeypatch, what="mark", x=x, y=y)
    app = click(app, f"take-{place}")
    request = room_renderer.requests[-1]
    taken = getattr(request, place)
    assert np.array_equal(taken, thing if place == "remove" else 255 - thing) and room_of(app).marks is None
    app = click(app, "undo")
    assert getattr(room_of(app).arrangement, place) is None


def test_a_box_around_nothing_is_said_and_can_be_marked_again(
    room_app: AppTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = click(enter(room_app), "box-mask")
    for x in (0.5, 0.505):
        app = in_picture(app, monkeypatch, what="mark", x=x, y=0.6)
    app = click(app, "take-mask")
    assert "opposite corners" in errors(app) and room_of(app).arrangement.mask is None
    app = click(app, "box-mask")
    assert room_of(app).marks is None and errors(app) == ""


@pytest.mark.parametrize("place", ["mask", "remove"])
def test_a_mask_of_another_size_is_refused_at_once(room_app: AppTest, place: str) -> None:
    app = upload(enter(room_app), place, mask_of(np.s_[:], (100, 90)))
    assert "480 × 360" in errors(app) and getattr(room_of(app).arrangement, place) is None


def test_before_and_after_are_a_click_away(room_app: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    pairs: list[tuple[bytes, bytes]] = []
    monkeypatch.setattr(showroom, "compare", lambda before, after, *_: pairs.append((before, after)))
    app = click(click(enter(room_app), "try-table-oak"), "compare-toggle")
    look = room_of(app).look
    assert look is not None and pairs[-1] == (look.before, look.after) and look.before != look.after
    seen = len(pairs)
    click(app, "compare-toggle")
    assert len(pairs) == seen


def test_a_picture_comes_back_with_its_room_and_its_pieces(room_app: AppTest) -> None:
    app = click(enter(room_app), "try-table-oak")
    first = room_of(app).look
    app = click(enter(click(app, "change"), shade=180), "try-plant")
    app = click(app, "look-1")
    state = room_of(app)
    assert first is not None and state.look is first and state.room is first.room
    assert [piece.title for piece in state.arrangement.pieces] == ["Oak table"] and state.chosen == 1
    assert errors(app) == "" and state.found is not None


def test_another_room_begins_empty_and_keeps_the_pictures_of_the_last(room_app: AppTest) -> None:
    app = enter(click(click(enter(room_app), "try-table-oak"), "change"), shade=180)
    assert room_of(app).look is None and not room_of(app).arrangement.pieces and len(room_of(app).history) == 1


def test_the_draft_stays_until_what_is_rendered_is_fuller() -> None:
    told: list[Progress] = []
    report, picture = room_rendering._fuller(told.append), tiny_room.draw_room()
    for fraction in (0.0, 0.7, 0.71, 0.95, 1.0):
        report(Progress(fraction, "", picture))
    assert [one.preview is not None for one in told] == [False, False, True, True, False]
