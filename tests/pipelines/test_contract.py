"""What every renderer keeps to: ours, the published ones in small with random weights, another Tryroom with them."""

from __future__ import annotations

import gc
import hashlib
import importlib.util
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from pipelines import images, renderers, tryon, weights
from pipelines.errors import BadInput, RenderCancelled
from pipelines.geometry.body import Body
from pipelines.perception.pose import believed18
from pipelines.remote import RemoteRenderer
from pipelines.schema import EditRequest, Progress, RenderResult, Request, RoomRequest, TryOnRequest
from tests.pipelines import small_requests
from tests.pipelines.serving.served import TOKEN, serving

NO_PEFT = importlib.util.find_spec("peft") is None
CASES = [
    pytest.param(
        (name, task),
        id=f"{name}-{task}",
        marks=pytest.mark.skipif(name == "sd15-lcm" and NO_PEFT, reason="LCM-LoRA needs peft"),
    )
    for name, choice in renderers.RENDERERS.items()
    for task in choice.tasks
]
#: What the other Tryroom renders each task with.
THERE = {"tryon": "compact", "room": "compact", "edit": "edit"}


@dataclass(frozen=True)
class Case:
    """A renderer that is loaded, what it renders, and what it made of it."""

    name: str
    task: str
    renderer: Any

    @property
    def by(self) -> str:
        """What renders it in the end."""
        return THERE[self.task] if self.name == "remote" else self.name

    def request(self, seed: int = 0) -> Request:
        """The same but for the seed."""
        steps = {("compact", "tryon"): 1, ("edit", "edit"): 2}.get((self.by, self.task), 0)
        return small_requests.request_of(self.task, renderer=self.name, seed=seed, num_inference_steps=steps)

    @property
    def photo(self) -> np.ndarray:
        """Of the request."""
        return small_requests.photo() if self.task == "tryon" else small_requests.room_photo()

    @property
    def networks(self) -> dict[str, torch.nn.Module]:
        """What it paints with, by name; a remote one holds nothing."""
        if self.name == "remote":
            return {}
        if self.name != "compact":
            parts = self.renderer._painter.pipe.components
        elif self.task == "tryon":
            parts = self.renderer._pipe.components
        else:
            parts = {"harmony": self.renderer._harmonise.net}
        return {name: part for name, part in parts.items() if isinstance(part, torch.nn.Module)}


@pytest.fixture(scope="module", params=CASES)
def case(request: pytest.FixtureRequest, hub: Path) -> Iterator[Case]:
    name, task = request.param
    with pytest.MonkeyPatch.context() as patch:
        if name == "remote":
            patch.setenv(weights.OWN_VARIABLE, str(hub))
            with serving(renderer=THERE[task], load=renderers.load, queue=4) as there:
                yield Case(name, task, RemoteRenderer(task, there.address, TOKEN))
            return
        yield Case(name, task, small_requests.load(name, task, hub, patch))


@pytest.fixture(scope="module")
def loaded(case: Case) -> dict[str, str]:
    """The networks' state before anything was rendered."""
    return state_of(case)


@pytest.fixture(scope="module")
def result(case: Case, loaded: dict[str, str]) -> RenderResult:
    return case.renderer.render(case.request())


@pytest.fixture(scope="module")
def other(case: Case) -> RenderResult:
    """The same with another seed."""
    return case.renderer.render(case.request(seed=1))


def state_of(case: Case) -> dict[str, str]:
    """A hash of all weights and settings of each network."""
    found = {}
    for name, network in case.networks.items():
        digest = hashlib.sha256(repr(sorted(getattr(network, "config", network).__dict__)).encode())
        for key, value in network.state_dict().items():
            digest.update(key.encode() + value.float().numpy().tobytes())
        found[name] = digest.hexdigest()
    return found


def further_right(scene: tryon.Scene) -> tryon.Scene:
    """The same photo and parsing, but all keypoints found further right by a share of the width."""
    pose = replace(scene.pose, keypoints=scene.pose.keypoints + np.float32([0.03, 0]))
    return replace(scene, pose=pose, body=Body.from_keypoints(believed18(pose), scene.labels.shape))


def tensors_alive() -> int:
    gc.collect()
    return sum(issubclass(type(thing), torch.Tensor) for thing in gc.get_objects())


def test_outside_the_mask_the_photo_comes_back_at_its_own_size(case: Case, result: RenderResult) -> None:
    assert result.image.shape == case.photo.shape and result.image.dtype == np.uint8
    outside = result.mask == 0
    assert outside.any() and not outside.all()
    assert np.array_equal(result.image[outside], case.photo[outside])
    assert (result.image != case.photo)[~outside].mean() > 0.5
    assert {"mask", "hint"} <= set(result.steps)


def test_the_same_seed_gives_the_same_picture_and_another_one_another(
    case: Case, result: RenderResult, other: RenderResult
) -> None:
    assert np.array_equal(case.renderer.render(case.request()).image, result.image)
    if (case.by, case.task) != ("compact", "room"):  # it draws nothing at random
        assert not np.array_equal(other.image, result.image)


def test_progress_never_falls_and_ends_with_the_picture(case: Case, result: RenderResult) -> None:
    seen: list[Progress] = []
    case.renderer.render(case.request(), seen.append)
    fractions = [now.fraction for now in seen]
    assert fractions == sorted(fractions) and fractions[0] >= 0 and fractions[-1] == 1
    assert seen[-1].preview is not None and np.array_equal(seen[-1].preview, result.image)
    if case.name not in ("compact", "remote"):
        assert [now.stage for now in seen if now.stage.startswith("step")] == ["step 1 of 2", "step 2 of 2"]


def test_it_stops_within_a_step_lets_go_of_memory_and_goes_on_as_before(case: Case, result: RenderResult) -> None:
    said: list[str] = []
    # The compact renderer draws rooms without steps; of a remote one, not every stage is told.
    where = "rendering" if (case.task, case.name) == ("room", "compact") else "step"
    where = "" if case.name == "remote" else where

    def cancel(now: Progress) -> None:
        said.append(now.stage)
        if now.stage.startswith(where):
            raise RenderCancelled

    before = tensors_alive()
    with pytest.raises(RenderCancelled):
        case.renderer.render(case.request(), cancel)
    assert sum(stage.startswith(where) for stage in said) == 1
    assert tensors_alive() <= before
    assert np.array_equal(case.renderer.render(case.request()).image, result.image)


def test_what_was_loaded_is_not_changed_by_rendering(
    case: Case, loaded: dict[str, str], result: RenderResult, other: RenderResult
) -> None:
    assert state_of(case) == loaded and (loaded or case.name == "remote")


def test_two_threads_at_once_get_their_own_pictures(case: Case, result: RenderResult, other: RenderResult) -> None:
    with ThreadPoolExecutor(2) as threads:
        both = list(threads.map(lambda seed: case.renderer.render(case.request(seed)).image, (1, 0)))
    assert np.array_equal(both[1], result.image)
    assert np.array_equal(both[0], other.image)


def test_other_keypoints_alone_give_another_picture(
    case: Case, result: RenderResult, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Mask and hint follow the pose, and some painters see it beside them; a mask that is drawn stays as it is."""
    if case.task != "tryon" or case.name == "remote":
        pytest.skip("nobody's pose is found here")
    drawn = replace(case.request(), mask=result.mask)
    within = case.renderer.render(drawn)
    found = tryon.perceive
    monkeypatch.setattr(tryon, "perceive", lambda *how: further_right(found(*how)))
    moved, moved_within = case.renderer.render(case.request()), case.renderer.render(drawn)
    for before, after in ((result, moved), (within, moved_within)):
        assert not np.array_equal(after.steps["pose"], before.steps["pose"])
        assert not np.array_equal(after.steps["hint"], before.steps["hint"])
    assert not np.array_equal(moved.mask, result.mask)
    assert not np.array_equal(moved.image, result.image)
    assert np.array_equal(moved_within.mask, within.mask)
    assert not np.array_equal(moved_within.image, within.image)


def test_what_cannot_be_rendered_is_refused(case: Case) -> None:
    request = case.request()
    with pytest.raises(BadInput):
        if isinstance(request, TryOnRequest):
            case.renderer.render(replace(request, mask=np.zeros(request.person.shape[:2], np.uint8)))
        elif isinstance(request, RoomRequest):
            sky = replace(request.items[0], at=(0.5, 0.05))
            case.renderer.render(replace(request, items=(sky,)))
        else:
            assert isinstance(request, EditRequest)
            replace(request, words="   ")


def test_the_recipe_is_known_before_and_names_weights_and_licences(case: Case, result: RenderResult) -> None:
    recipe = images.load_recipe(images.dump_recipe(case.renderer.recipe(case.request())))
    made = images.load_recipe(images.dump_recipe(result.recipe))
    assert {key: made[key] for key in recipe} == recipe
    assert (recipe["renderer"], recipe["task"]) == (case.by, case.task)
    assert set(recipe["weights"]) == set(renderers.weights_of(case.by, case.task))
    published = renderers.painter_weights(case.by, case.task)
    if case.by == "compact":
        assert not published and "licences" not in recipe
    else:
        assert recipe["licences"] == {name: weights.find(name).licence for name in published}
        assert all(recipe["weights"][name].startswith("own-") for name in published)
        assert recipe["painter"]["dtype"] == "float32"
