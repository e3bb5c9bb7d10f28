"""The renderer is chosen on the page: told what it takes, fetched only when asked, used once it is loaded."""

from __future__ import annotations

import threading
import time
import weakref
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from pipelines import weights
from pipelines.errors import MissingWeights, RenderCancelled
from pipelines.renderers import RENDERER_VARIABLE, Renderer
from pipelines.schema import OnProgress, Progress
from tests.ui import tiny, tiny_room
from tests.ui.conftest import go, new_shopper, room_of, settled, state_of
from tests.ui.test_fitting_room import click, click_person, errors
from ui import choosing, loaders
from ui.tasks import Task


class Loading:
    """Loads renderers by name; gives those of a name in `broken` no weights.

    Attributes:
        asked: names and tasks that were loaded.
        gate: loading waits for it.
    """

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []
        self.broken: set[str] = set()
        self.gate = threading.Event()
        self.gate.set()
        self.made: dict[tuple[str, str], Renderer] = {}

    def __call__(self, name: str, task: str, report: OnProgress) -> Renderer:
        self.asked.append((name, task))
        while not self.gate.wait(0.02):
            report(Progress(0.5, f"fetching {name}"))
        if name in self.broken:
            raise MissingWeights(f"{name}/unet", (), f"tryroom weights fetch {name}", "no hub can be reached")
        maker = tiny.PasteRenderer if task == "tryon" else tiny_room.BoxRenderer
        return self.made.setdefault((name, task), maker())


@pytest.fixture
def loading(shop_renderer: tiny.PasteRenderer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Loading:
    """In place of what loads renderers; nothing has been fetched or accepted by this user."""
    loads = Loading()
    monkeypatch.setattr(loaders, "load_renderer", loads)
    monkeypatch.setenv(weights.CACHE_VARIABLE, str(tmp_path / "cache"))
    monkeypatch.delenv(RENDERER_VARIABLE, raising=False)
    return loads


@pytest.fixture
def dressed(loading: Loading) -> AppTest:
    """Somebody stands before the mirror."""
    return click_person(settled(new_shopper()), "ada")


def wish(app: AppTest, name: str, key: str = "renderer-0") -> AppTest:
    return app.selectbox(key=key).select(name).run()


def said(app: AppTest) -> str:
    return " ".join(one.value for one in app.markdown)


def box(app: AppTest) -> tuple[str, list[str]]:
    """What is chosen, and what can be."""
    choice = app.selectbox(key="renderer-0")
    return str(choice.value), [option.partition(":")[0] for option in choice.options]


def test_each_page_offers_what_renders_its_pictures(dressed: AppTest) -> None:
    chosen, names = box(dressed)
    assert chosen == "compact" and {"compact", "sd15", "concat", "remote"} <= set(names) and "edit" not in names
    assert "compact: our own networks; a laptop's CPU is enough" in dressed.selectbox(key="renderer-0").options
    room = settled(go(dressed, "room"))
    room.button(key=room_of(room).key("room-loft")).click().run()
    names = [option.partition(":")[0] for option in room.selectbox(key="renderer-room-0").options]
    assert "flux-fill" in names and not {"edit", "concat"} & set(names)


def test_one_that_needs_nothing_makes_the_next_picture(dressed: AppTest, loading: Loading) -> None:
    click(dressed, "try-tee-red")
    assert loading.asked == [("compact", "tryon")]
    settled(wish(dressed, "remote"), lambda state: state.loading is None)
    assert box(dressed)[0] == "remote" and state_of(dressed).choices.renderer == "remote"
    click(dressed, "again")
    assert len(loading.made["compact", "tryon"].requests) == 1  # type: ignore[attr-defined]
    assert len(loading.made["remote", "tryon"].requests) == 1  # type: ignore[attr-defined]
    click(dressed, "look-1")
    assert box(dressed)[0] == "compact" and "remote" in state_of(dressed).history[0].about
    assert box(click_person(settled(new_shopper()), "bo"))[0] == "compact"


def test_what_has_to_be_fetched_is_told_and_waits_for_a_click(dressed: AppTest, loading: Loading) -> None:
    wish(dressed, "sd15")
    assert "**sd15** needs 5.5 GB" in said(dressed) and "CreativeML Open RAIL-M" in said(dressed)
    assert loading.asked == [] and box(dressed)[0] == "sd15"
    click(dressed, "try-tee-red")
    assert loading.asked == [("compact", "tryon")]
    loading.gate.clear()
    dressed.button(key="fetch-0").click().run()
    assert dressed.button(key="stay-0").label == "Stay with compact"
    loading.gate.set()
    settled(dressed, lambda state: state.loading is None)
    assert state_of(dressed).choices.renderer == "sd15" and "needs" not in said(dressed)


def test_nobody_fetches_what_was_not_accepted(dressed: AppTest, loading: Loading) -> None:
    wish(dressed, "concat")
    assert dressed.code[0].value == "tryroom weights accept catvton"
    assert not [button for button in dressed.button if str(button.key).startswith("fetch-")] and loading.asked == []
    weights.accept(weights.find("catvton"))
    dressed.button(key="accepted-0").click().run()
    assert len(dressed.code) == 0
    dressed.button(key="fetch-0").click().run()
    settled(dressed, lambda state: state.loading is None)
    assert loading.asked == [("concat", "tryon")] and state_of(dressed).choices.renderer == "concat"


def test_one_that_does_not_load_is_said_and_the_one_before_goes_on(dressed: AppTest, loading: Loading) -> None:
    loading.broken.add("remote")
    settled(wish(dressed, "remote"), lambda state: state.loading is None)
    message = errors(dressed)
    assert "no hub can be reached" in message and "tryroom weights fetch remote" in message
    assert "Pictures are made by compact, as before." in message and box(dressed)[0] == "compact"
    click(dressed, "try-tee-red")
    assert state_of(dressed).look is not None
    loading.broken.clear()
    settled(wish(dressed, "remote"), lambda state: state.loading is None)
    assert box(dressed)[0] == "remote" and errors(dressed) == ""


def begun(app: AppTest) -> Task[Renderer]:
    """What loads the renderer that was wished for, once it has told so."""
    task = state_of(app).loading
    assert task is not None
    end = time.monotonic() + 60
    while not task.stage.startswith("fetching"):
        assert time.monotonic() < end
        time.sleep(0.01)
    return task


def test_who_does_not_want_to_wait_stays_and_loading_ends(dressed: AppTest, loading: Loading) -> None:
    loading.gate.clear()
    task = begun(wish(dressed, "remote"))
    assert "the part on its way is still fetched" in " ".join(one.value for one in dressed.run().caption)
    dressed.button(key="stay-0").click().run()
    assert task.wait(60) and isinstance(task.error, RenderCancelled)
    loading.gate.set()
    assert box(dressed.run())[0] == "compact" and state_of(dressed).choices.renderer == ""
    assert loading.made == {} and errors(dressed) == ""
    settled(wish(dressed, "remote"), lambda state: state.loading is None)
    assert state_of(dressed).choices.renderer == "remote" and loading.asked == [("remote", "tryon")] * 2


def test_what_others_wait_for_goes_on_loading(dressed: AppTest, loading: Loading) -> None:
    loading.gate.clear()
    task = begun(wish(dressed, "remote"))
    other = wish(click_person(settled(new_shopper()), "bo"), "remote")
    dressed.button(key="stay-0").click().run()
    loading.gate.set()
    settled(other, lambda state: state.loading is None)
    assert state_of(other).choices.renderer == "remote" and task.error is None
    assert loading.asked == [("remote", "tryon")] and box(dressed.run())[0] == "compact"


def test_what_a_render_waits_for_goes_on_loading(dressed: AppTest, loading: Loading) -> None:
    loading.gate.clear()
    task = begun(wish(dressed, "remote"))
    render = Task(task.follow, "render").start()
    while not task.followed:
        time.sleep(0.01)
    dressed.button(key="stay-0").click().run()
    loading.gate.set()
    assert render.result() is loading.made["remote", "tryon"]


def test_what_cannot_be_stopped_is_let_go_of_at_its_end(dressed: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    gate, made = threading.Event(), []

    def deaf(name: str, task: str, report: OnProgress) -> Renderer:
        report(Progress(0.7, "loading the networks"))
        gate.wait(60)
        renderer = tiny.PasteRenderer()
        made.append(weakref.ref(renderer))
        return renderer

    monkeypatch.setattr(loaders, "load_renderer", deaf)
    wish(dressed, "remote")
    dressed.button(key="stay-0").click().run()
    gate.set()
    end = time.monotonic() + 60
    while not made or made[0]() is not None:
        assert time.monotonic() < end
        time.sleep(0.01)


def test_a_room_is_rendered_anew_and_a_step_back_leads_back(loading: Loading) -> None:
    app = settled(new_shopper("room"))
    app.button(key=room_of(app).key("room-loft")).click().run()
    settled(app)
    wish(app, "remote", "renderer-room-0")
    settled(app, lambda _: room_of(app).loading is None)
    assert room_of(app).renderer == "remote" and room_of(app).before == []
    wish(app, "compact", "renderer-room-0")
    settled(app, lambda _: room_of(app).loading is None)
    app.button(key="try-sofa-navy-room-0").click().run()
    settled(app)
    wish(app, "remote", "renderer-room-0")
    settled(app, lambda _: room_of(app).loading is None and room_of(app).look is not None)
    assert len(loading.made["remote", "room"].requests) == 1  # type: ignore[attr-defined]
    app.button(key="undo-room-0").click().run()
    assert app.selectbox(key="renderer-room-0").value == "compact"
    app.button(key=room_of(app).key("change")).click().run()
    assert not errors(settled(app))


def test_the_one_that_the_environment_names_is_chosen(loading: Loading, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(RENDERER_VARIABLE, "concat")
    app = click_person(settled(new_shopper()), "ada")
    assert box(app)[0] == "concat"
    monkeypatch.setenv(RENDERER_VARIABLE, "sd16")
    assert "'sd16'" in errors(app.run())


def test_what_is_here_already_is_not_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(weights.CACHE_VARIABLE, str(tmp_path))
    monkeypatch.setenv(weights.OWN_VARIABLE, str(tmp_path / "own"))
    before = {entry.name for entry in choosing.missing("sd15", "tryon")}
    (tmp_path / "own" / "sd15-inpainting").mkdir(parents=True)
    assert before - {entry.name for entry in choosing.missing("sd15", "tryon")} == {"sd15-inpainting"}
