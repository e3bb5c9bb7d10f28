"""The page in Streamlit's own test runner: a shopper's way through it, and what can go wrong on the way."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable
from types import SimpleNamespace

import numpy as np
import pillow_heif
import pytest
from PIL import Image as PILImage
from streamlit.runtime.uploaded_file_manager import DeletedFile
from streamlit.testing.v1 import AppTest

import tryroom
from pipelines import images
from pipelines.errors import MissingWeights, RenderFailed
from pipelines.schema import OnProgress, RenderSettings, WearStyle
from tests.ui import tiny
from tests.ui.conftest import new_shopper, settled, state_of
from ui import actions, loaders


def encode(pixels: np.ndarray, kind: str = "PNG", **options: object) -> bytes:
    buffer = io.BytesIO()
    PILImage.fromarray(pixels).save(buffer, format=kind, **options)
    return buffer.getvalue()


def chair() -> bytes:
    pixels = tiny.draw_person(90)
    pixels[0, 0] = tiny.CHAIR
    return encode(pixels)


def keys(app: AppTest) -> set[str]:
    return {str(button.key) for button in app.button}


def errors(app: AppTest) -> str:
    assert not app.exception
    return " ".join(error.value for error in app.error)


def titles(app: AppTest) -> list[str]:
    """Ids on the cards, as they are shown."""
    tries = [str(button.key) for button in app.button if str(button.key).startswith("try-")]
    return [key.removeprefix("try-").rsplit("-", 1)[0] for key in tries]


def click(app: AppTest, name: str) -> AppTest:
    """Click and let everything finish."""
    app.button(key=f"{name}-{state_of(app).generation}").click().run()
    return settled(app)


def upload(app: AppTest, place: str, data: bytes, name: str = "photo.png") -> AppTest:
    """Give a file to an uploader."""
    app.file_uploader(key=state_of(app).upload_key(place)).upload(name, data, "image/png").run()
    return settled(app)


def upload_photo(app: AppTest, data: bytes, name: str = "photo.png") -> AppTest:
    """Agree, and give a photo."""
    app.checkbox(key=f"consent-{state_of(app).generation}").check().run()
    return upload(app, "photo", data, name)


def ask(app: AppTest, words: str) -> AppTest:
    """Type into the search field."""
    return app.text_input(key=f"words-{state_of(app).generation}").input(words).run()


# --- first sight --------------------------------------------------------------------------------------------


def test_the_rack_is_full_before_anything_was_asked(app: AppTest) -> None:
    assert errors(app) == ""
    assert set(titles(app)) == {"tee-red", "tee-navy", "shirt-linen", "hoodie-green", "dress-red", "dress-navy",
                                "jeans-navy", "skirt-green"}  # fmt: skip


def test_nothing_can_be_tried_on_by_nobody(app: AppTest) -> None:
    assert all(button.disabled for button in app.button if str(button.key).startswith("try-"))


def test_a_photo_is_asked_for_only_after_consent(app: AppTest) -> None:
    uploader = app.file_uploader(key="photo-0-0")
    assert uploader.proto.disabled
    app.checkbox(key="consent-0").check().run()
    assert not app.file_uploader(key="photo-0-0").proto.disabled


def test_the_camera_appears_only_after_consent(app: AppTest) -> None:
    app.segmented_control(key="source-0").set_value("Camera").run()
    assert len(app.camera_input) == 0
    app.checkbox(key="consent-0").check().run()
    shot = encode(tiny.draw_person(90), "JPEG")
    app.camera_input(key="camera-0-0").set_value(("shot.jpg", shot, "image/jpeg")).run()
    assert state_of(settled(app)).person is not None


def test_garments_are_shown_while_the_shop_opens(
    shop_renderer: tiny.PasteRenderer, monkeypatch: pytest.MonkeyPatch
) -> None:
    opens, open_retriever = threading.Event(), loaders.open_retriever

    def slow(reader: loaders.WornReader, report: OnProgress) -> object:
        opens.wait(60)
        return open_retriever(reader, report)

    monkeypatch.setattr(loaders, "open_retriever", slow)
    app = new_shopper()
    assert len(titles(app)) == 8 and not errors(app)
    click_person(app, "ada", wait=False)
    assert not app.button(key="try-tee-red-0").disabled
    opens.set()
    assert len(titles(settled(app))) == 8


def click_person(app: AppTest, name: str, wait: bool = True) -> AppTest:
    app.button(key=f"person-{name}-{state_of(app).generation}").click().run()
    return settled(app) if wait else app


def test_a_shop_that_does_not_open_still_shows_its_garments_and_can_be_tried_again(
    shop_renderer: tiny.PasteRenderer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def offline(reader: object, report: OnProgress) -> None:
        raise MissingWeights("minilm/model", (), "tryroom weights fetch minilm", "no network")

    works = loaders.open_retriever
    monkeypatch.setattr(loaders, "open_retriever", offline)
    app = settled(new_shopper())
    assert "tryroom weights fetch minilm" in app.warning[0].value and len(titles(app)) == 8
    assert app.button(key="alike-tee-red-0").disabled
    monkeypatch.setattr(loaders, "open_retriever", works)
    app = click(app, "reopen")
    assert len(app.warning) == 0
    assert titles(ask(app, "red linen dress")) == ["dress-red"]


def test_a_missing_catalog_is_said(shop_renderer: tiny.PasteRenderer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tryroom, "CATALOG", tryroom.CATALOG / "nowhere")
    app = new_shopper()
    assert "catalog.jsonl" in errors(app)


# --- photos in ----------------------------------------------------------------------------------------------


def test_an_uploaded_photo_stands_before_the_mirror(app: AppTest) -> None:
    photo = tiny.draw_person(90)
    person = state_of(upload_photo(app, encode(photo))).person
    assert person is not None and (person.pixels == photo).all()
    assert "change-0" in keys(app)


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("photo.jpg", encode(tiny.draw_person(90), "JPEG")[:100], "100 bytes"),
        ("empty.png", b"", "empty file"),
        ("notes.png", b"dear diary, nothing fits", "text file"),
        ("thumb.png", encode(np.zeros((20, 20, 3), np.uint8)), "20 × 20"),
    ],
)
def test_a_bad_file_is_explained_and_costs_nothing(app: AppTest, name: str, data: bytes, said: str) -> None:
    app = click_person(ask(app, "red"), "ada")
    before = state_of(app).person
    click(app, "change")
    upload_photo(app, data, name)
    assert said in errors(app) and "Person photo" in errors(app)
    assert state_of(app).person is before and app.text_input(key="words-0").value == "red"
    click(app, "keep")
    assert errors(app) == "" and "try-tee-red-0" in keys(app)


def test_a_chair_is_no_person(app: AppTest) -> None:
    upload_photo(app, chair())
    assert "looks like a chair" in errors(app)
    click(app, "change")
    upload_photo(app, encode(tiny.draw_person(90)))
    assert errors(app) == ""


def test_a_turned_photo_stands_upright(app: AppTest) -> None:
    photo = tiny.draw_person(90)
    exif = PILImage.Exif()
    exif[0x0112] = 6  # the camera was turned: to be shown a quarter clockwise
    data = encode(np.rot90(photo).copy(), exif=exif)
    person = state_of(upload_photo(app, data)).person
    assert person is not None and (person.pixels == photo).all()


def test_heic_is_a_photo(app: AppTest) -> None:
    photo, buffer = tiny.draw_person(90), io.BytesIO()
    pillow_heif.from_pillow(PILImage.fromarray(photo)).save(buffer, quality=90)
    person = state_of(upload_photo(app, buffer.getvalue(), "IMG_1.HEIC")).person
    assert person is not None and np.abs(person.pixels.astype(int) - photo).mean() < 4


@pytest.mark.parametrize("size", [(64, 900), (900, 64), (5400, 7400)])
def test_any_shape_up_to_40_megapixels_is_dressed_at_its_own_size(app: AppTest, size: tuple[int, int]) -> None:
    data = encode(tiny.draw_person(90, size), "JPEG")
    upload_photo(app, data, "photo.jpg").slider(key="steps-0").set_value(0).run()
    click(app, "try-tee-red")
    assert errors(app) == ""
    look = state_of(app).look
    assert look is not None
    assert PILImage.open(io.BytesIO(look.png)).size == (size[1], size[0])
    assert max(PILImage.open(io.BytesIO(look.after)).size) <= 1280


def test_an_uploader_is_empty_again_once_its_file_was_taken(app: AppTest) -> None:
    upload_photo(app, encode(tiny.draw_person(90)))
    assert "photo-0-0" not in app.session_state
    click(app, "change")
    assert app.file_uploader(key="photo-0-1").value is None


def test_a_file_that_was_let_go_of_is_not_read_again(app: AppTest) -> None:
    person = state_of(upload_photo(app, encode(tiny.draw_person(90)))).person
    late = SimpleNamespace(session_state={"photo-0-0": DeletedFile("gone")})
    with pytest.MonkeyPatch.context() as browser:
        browser.setattr(actions, "st", late)
        browser.setattr(actions, "session", lambda: state_of(app))
        actions.take("photo-0-0", "person", lambda data: pytest.fail("read again"))
    assert state_of(app).person is person and state_of(app).uploads == 1 and not state_of(app).trouble


# --- asking -------------------------------------------------------------------------------------------------


def test_words_are_understood_and_shown_back(app: AppTest) -> None:
    ask(app, "red under 30")
    assert titles(app) == ["tee-red"]
    labels = {button.label for button in app.button if str(button.key).startswith("chip-")}
    assert labels == {"red", "under €30"}


def test_a_part_taken_away_no_longer_counts(app: AppTest) -> None:
    ask(app, "red under 30")
    app.button(key="chip-price:max-0").click().run()
    assert set(titles(app)) == {"tee-red", "dress-red"} and "chip-price:max-0" not in keys(app)


def test_new_words_bring_back_what_was_taken_away(app: AppTest) -> None:
    ask(app, "red under 30").button(key="chip-price:max-0").click().run()
    assert titles(ask(app, "red things under 30")) == ["tee-red"]


def test_the_highest_price_holds_whatever_is_asked(app: AppTest) -> None:
    app.slider(key="max-price-0").set_value(39).run()
    assert set(titles(app)) == {"tee-red", "tee-navy", "dress-red", "skirt-green"}
    app.button(key="chip-price:max-0").click().run()
    assert app.slider(key="max-price-0-1").value == 89 and len(titles(app)) == 8
    app.slider(key="max-price-0-1").set_value(30).run()
    assert set(titles(app)) == {"tee-red", "tee-navy"}


def test_kinds_can_be_chosen_and_their_chips_taken_away(app: AppTest) -> None:
    app.pills(key="kinds-0").set_value(["dress", "lower"]).run()
    assert set(titles(app)) == {"dress-red", "dress-navy", "jeans-navy", "skirt-green"}
    app.button(key="chip-category:lower-0").click().run()
    assert set(titles(app)) == {"dress-red", "dress-navy"}
    app.pills(key="kinds-0").set_value(["lower"]).run()
    assert set(titles(app)) == {"jeans-navy", "skirt-green"}


def test_nothing_found_says_what_is_in_the_way(app: AppTest) -> None:
    ask(app, "red dress under 10")
    assert titles(app) == []
    assert any("under €10" in caption.value and "from €39" in caption.value for caption in app.caption)


def test_a_picture_finds_what_is_like_it(app: AppTest) -> None:
    upload(app, "like", encode(tiny.card_of("hoodie-green")))
    assert titles(app)[0] in ("hoodie-green", "skirt-green") and "chip-like-0" in keys(app)
    app.button(key="chip-like-0").click().run()
    assert state_of(app).like is None and "chip-like-0" not in keys(app)


def test_a_bad_picture_to_search_with_is_explained(app: AppTest) -> None:
    upload(app, "like", b"")
    assert "empty file" in errors(app) and len(titles(app)) == 8


def test_what_the_person_wears_counts_in_the_search(app: AppTest) -> None:
    app = click_person(app, "ada")
    shelf = state_of(app).shelf
    assert shelf is not None and all("photo" in hit.scores for hit in shelf[1].hits)


def test_the_same_question_is_not_searched_twice(app: AppTest) -> None:
    ask(app, "red")
    shelf = state_of(app).shelf
    app.run()
    assert state_of(app).shelf is shelf


# --- trying on ----------------------------------------------------------------------------------------------


def test_a_click_tries_it_on(app: AppTest, shop_renderer: tiny.PasteRenderer) -> None:
    app = click(click_person(app, "ada"), "try-tee-red")
    state, (request,) = state_of(app), shop_renderer.requests
    assert errors(app) == "" and state.look is not None
    assert request.category == "upper" and request.settings == RenderSettings()
    assert state.look.garment.title == "Red cotton tee" and state.look.garment.price == "€19.90"
    assert {"download-0", "take-off-0", "look-0-0"} <= keys(app) | {str(b.key) for b in app.download_button}
    assert any("pasted, not sewn" in caption.value for caption in app.caption)


def test_the_download_is_the_whole_picture_with_its_recipe(app: AppTest, tmp_path: object) -> None:
    app = click(click_person(app, "ada"), "try-tee-red")
    look = state_of(app).look
    assert look is not None
    picture = PILImage.open(io.BytesIO(look.png))
    assert picture.size == (160, 240)
    recipe = images.load_recipe(picture.text["tryroom"])  # type: ignore[attr-defined]
    assert recipe["seed"] == 0 and recipe["person"] == images.pixels_sha256(look.person.pixels)
    pixels = np.array(picture)
    outside = tiny.middle(look.person.pixels) == 0
    assert (pixels[outside] == look.person.pixels[outside]).all()


def test_progress_is_shown_with_a_preview_and_can_be_cancelled(app: AppTest, shop_renderer: tiny.PasteRenderer) -> None:
    app = click_person(app, "ada")
    shop_renderer.gate.clear()
    app.button(key="try-tee-red-0").click().run()
    task = state_of(app).render
    assert task is not None
    wait_until(lambda: "step 1" in task.stage)
    app.run()
    bars = [bar.text for bar in app.get("progress")]
    assert any("Red cotton tee" in text and "step 1 of 1" in text for text in bars) and task.preview is not None
    app.button(key="cancel-0").click().run()
    assert task.wait(20) and task.cancelled
    settled(app)
    assert state_of(app).render is None and not len(state_of(app).history) and errors(app) == ""


def wait_until(condition: Callable[[], bool]) -> None:
    for _ in range(2000):
        if condition():
            return
        threading.Event().wait(0.01)
    pytest.fail("it never came to that")


def test_another_click_gives_up_the_first(app: AppTest, shop_renderer: tiny.PasteRenderer) -> None:
    app = click_person(app, "ada")
    shop_renderer.gate.clear()
    app.button(key="try-tee-red-0").click().run()
    first = state_of(app).render
    app.button(key="try-jeans-navy-0").click().run()
    shop_renderer.gate.set()
    app = settled(app)
    assert first is not None and first.wait(20) and first.cancelled
    assert [look.garment.title for look in state_of(app).history] == ["Dark jeans"]


def test_a_chair_is_no_garment_and_the_look_before_stays(app: AppTest) -> None:
    app = click(click_person(app, "ada"), "try-tee-red")
    before = state_of(app).look
    upload(app, "own", chair())
    click(app, "try-own")
    assert "Garment picture" in errors(app) and "chair" in errors(app)
    assert state_of(app).look is before and len(state_of(app).history) == 1


def test_a_garment_of_ones_own_is_tried_on(app: AppTest, shop_renderer: tiny.PasteRenderer) -> None:
    rgba = np.dstack([tiny.card_of("dress-red"), np.full((96, 96), 200, np.uint8)])
    upload(click_person(app, "ada"), "own", encode(rgba))
    click(app, "try-own")
    (request,) = shop_renderer.requests
    assert request.category == "auto" and request.garment.shape == (96, 96, 4)


def test_a_bad_picture_of_ones_own_garment_is_explained(app: AppTest) -> None:
    upload(app, "own", b"\x89PNG nothing more")
    assert "Garment picture" in errors(app) and "try-own-0" not in keys(app)


def test_a_render_that_breaks_is_explained_and_the_next_one_works(
    app: AppTest, shop_renderer: tiny.PasteRenderer, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = click_person(app, "ada")
    with monkeypatch.context() as broken:

        def fail(request: object, report: object) -> None:
            raise RenderFailed("warp", "no sleeves")

        broken.setattr(shop_renderer, "render", fail)
        click(app, "try-tee-red")
    assert "no sleeves" in errors(app)
    assert errors(click(app, "try-tee-red")) == "" and len(state_of(app).history) == 1


def test_networks_that_could_not_be_loaded_are_loaded_at_the_next_click(
    app: AppTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = click_person(app, "ada")
    with monkeypatch.context() as broken:

        def offline(name: str, task: str, report: OnProgress) -> None:
            raise MissingWeights("compact/mean", (), "tryroom weights fetch compact")

        broken.setattr(loaders, "load_renderer", offline)
        click(app, "try-tee-red")
    assert "tryroom weights fetch compact" in errors(app)
    assert errors(click(app, "try-tee-red")) == ""


def test_two_shoppers_at_once_each_get_their_own(app: AppTest, shop_renderer: tiny.PasteRenderer) -> None:
    one, two = click_person(app, "ada"), click_person(new_shopper(), "bo")
    shop_renderer.gate.clear()
    one.button(key="try-tee-red-0").click().run()
    wait_until(lambda: len(shop_renderer.requests) == 1)
    two.button(key="try-jeans-navy-0").click().run()
    waiting = state_of(two).render
    assert waiting is not None
    wait_until(lambda: waiting.stage == "waiting for another render")
    two.run()
    assert any("waiting for another render" in bar.text for bar in two.get("progress"))
    shop_renderer.gate.set()
    looks = [state_of(settled(shopper)).look for shopper in (one, two)]
    assert [(look.person.name, look.garment.title) for look in looks if look] == [
        ("Ada", "Red cotton tee"), ("Bo", "Dark jeans"),
    ]  # fmt: skip
    assert shop_renderer.most_busy == 1
    assert not set(map(id, state_of(one).history)) & set(map(id, state_of(two).history))


# --- settings and history -----------------------------------------------------------------------------------


def test_settings_reach_the_renderer(app: AppTest, shop_renderer: tiny.PasteRenderer) -> None:
    app = click_person(app, "ada")
    app.number_input(key="seed-0").set_value(7).run()
    app.slider(key="steps-0").set_value(0).run()
    app.segmented_control(key="category-0").set_value("dress").run()
    click(app, "try-tee-red")
    (request,) = shop_renderer.requests
    assert (request.settings.seed, request.settings.num_inference_steps, request.category) == (7, 0, "dress")


def test_render_again_uses_the_new_settings(app: AppTest, shop_renderer: tiny.PasteRenderer) -> None:
    app = click(click_person(app, "ada"), "try-tee-red")
    app.number_input(key="seed-0").set_value(11).run()
    click(app, "again")
    first, second = shop_renderer.requests
    assert (first.settings.seed, second.settings.seed) == (0, 11) and (first.garment == second.garment).all()
    assert len(state_of(app).history) == 2


def test_a_look_comes_back_with_person_garment_and_settings(app: AppTest) -> None:
    app = click_person(app, "ada")
    app.number_input(key="seed-0").set_value(5).run()
    app = click(app, "try-tee-red")
    first = state_of(app).look
    app.number_input(key="seed-0").set_value(6).run()
    click(app, "change")
    click(click_person(app, "bo"), "try-jeans-navy")
    click(app, "look-1")
    state = state_of(app)
    assert state.look is first and state.person is not None and state.person.name == "Ada"
    assert state.garment is not None and state.garment.title == "Red cotton tee"
    assert state.choices.seed == 5 and app.number_input(key=state.key("seed")).value == 5
    click(app, "again")
    again = state_of(app).look
    assert again is not None and first is not None and again.png == first.png


def test_settings_stay_as_they_were_set(app: AppTest) -> None:
    """Widgets that are away during a render come back with what was chosen."""
    app = click_person(app, "ada")
    app.number_input(key="seed-0").set_value(5).run()
    app.slider(key="steps-0").set_value(3).run()
    app = click(app, "try-tee-red")
    # What the browser starts from when it draws them anew.
    assert app.number_input(key="seed-0").proto.default == 5
    assert list(app.slider(key="steps-0").proto.default) == [3]
    assert app.segmented_control(key="category-0").proto.default == [0]


def test_a_try_on_brings_the_mirror_into_view(app: AppTest) -> None:
    app = click(click_person(app, "ada"), "try-tee-red")
    assert state_of(app).tries == 1


def test_taken_off_the_photo_is_bare_again(app: AppTest) -> None:
    app = click(click(click_person(app, "ada"), "try-tee-red"), "take-off")
    assert state_of(app).look is None and len(state_of(app).history) == 1 and "look-0-0" in keys(app)


def test_a_mask_of_ones_own_decides_what_is_repainted(app: AppTest, shop_renderer: tiny.PasteRenderer) -> None:
    app = click_person(app, "ada")
    mask = np.zeros((240, 160), np.uint8)
    mask[:50] = 255
    upload(app, "mask", encode(mask))
    click(app, "try-tee-red")
    assert (shop_renderer.requests[0].mask == mask).all()
    click(app, "no-mask")
    click(app, "try-tee-red")
    assert shop_renderer.requests[1].mask is None


def test_a_mask_of_another_size_is_refused_at_once(app: AppTest) -> None:
    upload(click_person(app, "ada"), "mask", encode(np.zeros((100, 100), np.uint8)))
    assert "160 × 240" in errors(app) and state_of(app).choices.mask is None


def test_a_mask_does_not_survive_another_photo(app: AppTest) -> None:
    upload(click_person(app, "ada"), "mask", encode(np.zeros((240, 160), np.uint8)))
    assert state_of(app).choices.mask is not None
    click_person(click(app, "change"), "bo")
    assert state_of(app).choices.mask is None


# --- forgetting ---------------------------------------------------------------------------------------------


def test_forget_drops_everything(app: AppTest) -> None:
    app = click(upload_photo(ask(app, "red"), encode(tiny.draw_person(90))), "try-tee-red")
    upload(upload(app, "like", chair()), "own", chair())
    click(app, "forget")
    state = state_of(app)
    assert (state.person, state.look, state.like, state.own, state.garment, state.shelf and state.shelf[0][0]) == (
        None, None, None, None, None, None,
    )  # fmt: skip
    assert not len(state.history) and app.text_input(key="words-1").value == ""
    assert not app.checkbox(key="consent-1").value and "look-0-1" not in keys(app)


def test_forget_stops_a_render_under_way(app: AppTest, shop_renderer: tiny.PasteRenderer) -> None:
    app = click_person(app, "ada")
    shop_renderer.gate.clear()
    app.button(key="try-tee-red-0").click().run()
    task = state_of(app).render
    click(app, "forget")
    assert task is not None and task.wait(20) and task.cancelled
    assert state_of(app).render is None and state_of(app).look is None


def test_what_a_person_wears_is_forgotten_with_the_photo(app: AppTest) -> None:
    import gc

    upload_photo(app, encode(tiny.draw_person(90)))
    reader = loaders.worn_reader()
    assert len(reader._known) == 1
    click(app, "forget")
    gc.collect()
    assert len(reader._known) == 0


# --- how to wear it, and with what --------------------------------------------------------------------------


def wishes(app: AppTest) -> set[str]:
    """What can be wished of the garment that is tried on."""
    names = {str(control.key).split("-")[0] for control in app.segmented_control}
    return names & {"sleeves", "tuck", "layer"}


def test_only_what_suits_the_garment_can_be_wished(app: AppTest) -> None:
    app = click_person(app, "ada")
    assert wishes(app) == {"sleeves", "tuck", "layer"}
    assert wishes(click(app, "try-dress-red")) == {"sleeves"}
    assert wishes(click(app, "try-jeans-navy")) == set()
    assert wishes(click(app, "try-tee-red")) == {"sleeves", "tuck", "layer"}


def test_wishes_reach_the_renderer_as_far_as_they_suit(app: AppTest, shop_renderer: tiny.PasteRenderer) -> None:
    app = click(click_person(app, "ada"), "try-hoodie-green")
    app.segmented_control(key="sleeves-0").set_value("rolled up").run()
    app.segmented_control(key="tuck-0").set_value("in").run()
    click(app, "wear-it")
    click(app, "try-dress-red")
    worn = [request.wear for request in shop_renderer.requests]
    assert worn == [WearStyle(), WearStyle(sleeves="rolled up", tuck="in"), WearStyle(sleeves="rolled up")]
    click(app, "look-1")
    assert state_of(app).choices.wear == worn[1]
    assert app.segmented_control(key=state_of(app).key("tuck")).value == "in"


def test_the_mask_grows_unless_it_is_ones_own(app: AppTest, shop_renderer: tiny.PasteRenderer) -> None:
    app = click_person(app, "ada")
    app.slider(key="mask_grow-0").set_value(1.5).run()
    click(app, "try-tee-red")
    upload(app, "mask", encode(np.full((240, 160), 255, np.uint8)))
    assert not [slider for slider in app.slider if str(slider.key).startswith("mask_grow")]
    click(app, "try-tee-red")
    assert [request.mask_grow for request in shop_renderer.requests] == [1.5, 0.0]


def test_what_is_kept_on_is_put_on_with_the_next_garment(app: AppTest, shop_renderer: tiny.PasteRenderer) -> None:
    app = click(click_person(app, "ada"), "try-tee-red")
    click(app, "keep-on")
    assert "keep-on-0" not in keys(app) and "kept-0-0" in keys(app)
    app = click(app, "try-jeans-navy")
    tee, both = shop_renderer.requests
    assert both.category == "lower" and (both.person == tee.person).all()
    (other,) = both.others
    assert other.category == "upper" and (other.garment == tee.garment).all()
    look = state_of(app).look
    assert look is not None and look.title == "Dark jeans with Red cotton tee"
    assert sum(array.nbytes for array in look.arrays()) > look.person.pixels.nbytes + look.garment.pixels.nbytes


def test_what_was_kept_on_can_be_left_out_again(app: AppTest, shop_renderer: tiny.PasteRenderer) -> None:
    app = click(click_person(app, "ada"), "try-tee-red")
    click(app, "keep-on")
    click(app, "again")  # the same one is not put on twice
    click(app, "kept-0")
    click(app, "try-jeans-navy")
    assert [request.others for request in shop_renderer.requests] == [(), (), ()]


def test_what_was_kept_on_does_not_go_on_to_another_photo(app: AppTest) -> None:
    click(click(click_person(app, "ada"), "try-tee-red"), "keep-on")
    click_person(click(app, "change"), "bo")
    assert state_of(app).choices.kept == ()


def test_a_height_is_asked_for_where_the_garments_size_is_known(
    app: AppTest, shop_renderer: tiny.PasteRenderer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tryroom, "width_of", lambda item: 50.0 if item.id == "tee-red" else None)
    app = click(click_person(app, "ada"), "try-tee-red")
    app.number_input(key="person_height-0").set_value(180.0).run()
    click(app, "wear-it")
    assert (shop_renderer.requests[1].garment_width, shop_renderer.requests[1].person_height) == (50.0, 180.0)
    click(app, "try-tee-navy")
    assert not [field for field in app.number_input if str(field.key).startswith("person_height")]
