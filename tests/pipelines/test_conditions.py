"""What is found in photo and item reaches published painters, each as diffusers' own preprocessors expect it.

The models are small and their weights random: that a condition changes the picture says that it is wired up, not that
the picture is good.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import torch
from diffusers.image_processor import VaeImageProcessor

from pipelines import looking, published, room, tryon
from pipelines.diffusion.published import painter
from pipelines.geometry.canvas import Canvas, Form, Window
from pipelines.geometry.layer import bring
from pipelines.perception.pose import believed18
from pipelines.schema import Image, RoomRequest, TryOnRequest
from tests.pipelines import small_requests
from tests.pipelines.small_requests import SIDE

#: What each painter takes notice of; a change of anything else must change nothing.
USES = {
    ("sd15", "tryon"): {"mask", "hint", "item", "prompt", "pose"},
    ("sd15", "room"): {"mask", "hint", "item", "prompt", "depth"},
    ("sdxl", "tryon"): {"mask", "hint", "item", "prompt", "pose"},
    ("sdxl", "room"): {"mask", "hint", "item", "prompt", "depth", "lines"},
    ("flux-fill", "tryon"): {"mask", "hint", "item", "prompt", "pose"},
    ("flux-fill", "room"): {"mask", "hint", "item", "prompt", "depth"},
    ("edit", "edit"): {"photo", "prompt"},
    ("concat", "tryon"): {"mask", "photo", "item", "hint"},
}


@dataclass(frozen=True)
class Painting:
    """A painter, and a canvas that it was given."""

    name: str
    task: str
    painter: Any
    canvas: Canvas

    def paint(self, **changes: Any) -> Image:
        """What it makes of the canvas with something changed."""
        return self.painter.paint(replace(self.canvas, **changes), 0, 2, lambda *_: None)


@pytest.fixture(scope="module", params=USES, ids="-".join)
def painting(request: pytest.FixtureRequest, hub: Path) -> Iterator[Painting]:
    name, task = request.param
    with pytest.MonkeyPatch.context() as patch:
        renderer = small_requests.load(name, task, hub, patch)
        canvases: list[Canvas] = []
        paint = renderer._painter.paint
        patch.setattr(renderer._painter, "paint", lambda canvas, *more: canvases.append(canvas) or paint(canvas, *more))
        renderer.render(small_requests.request_of(task, renderer=name))
        patch.undo()
        yield Painting(name, task, renderer._painter, canvases[0])


@pytest.fixture(scope="module")
def before(painting: Painting) -> Image:
    return painting.paint()


def test_what_is_seen_on_the_way_ends_as_the_picture(
    painting: Painting, before: Image, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(painter, "PREVIEW_EVERY", 1)
    seen: list[Image] = []
    weights = [part.clone() for part in painting.painter.pipe.vae.parameters()]
    after = painting.painter.paint(painting.canvas, 0, 2, lambda done, count, picture: seen.append(picture))
    assert np.array_equal(after, before) and len(seen) == 2
    assert np.abs(seen[1].astype(int) - after).max() <= 1 and not np.array_equal(seen[0], seen[1])
    assert all(torch.equal(*pair) for pair in zip(weights, painting.painter.pipe.vae.parameters(), strict=True))


def test_nothing_is_decoded_on_the_way_where_networks_are_moved_for_it(
    painting: Painting, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(painter, "PREVIEW_EVERY", 1)
    monkeypatch.setattr(painting.painter, "memory", replace(painting.painter.memory, offload="model"))
    seen: list[Image | None] = []
    painting.painter.paint(painting.canvas, 0, 2, lambda done, count, picture: seen.append(picture))
    assert seen == [None, None]


def changed(canvas: Canvas, what: str) -> Any:
    """Something of a canvas, made different."""
    old = getattr(canvas, what)
    if what == "prompt":
        return f"a dog and {old}"
    if what == "mask":
        return cv2.erode(old, np.ones((9, 9), np.uint8))
    return 255 - old


@pytest.mark.parametrize("what", ["photo", "mask", "hint", "item", "prompt"])
def test_what_a_painter_takes_notice_of_changes_its_picture_and_nothing_else(
    painting: Painting, before: Image, what: str
) -> None:
    after = painting.paint(**{what: changed(painting.canvas, what)})
    assert np.array_equal(after, before) != (what in USES[painting.name, painting.task])


@pytest.mark.parametrize("control", ["pose", "depth", "lines"])
def test_each_control_counts_where_it_is_wanted(painting: Painting, before: Image, control: str) -> None:
    known = painting.canvas.controls
    old = known.get(control, np.zeros((*painting.canvas.mask.shape, 3), np.uint8))
    moved = np.roll(old, 8, axis=0) if control in known else old
    assert control not in known or not np.array_equal(moved, old)
    after = painting.paint(controls={**known, control: moved})
    assert np.array_equal(after, before) != (control in USES[painting.name, painting.task])
    assert set(painting.painter.controls) == USES[painting.name, painting.task] & {"pose", "depth", "lines"}


# --- the tensors ----------------------------------------------------------------------------------------------------


@pytest.fixture
def given(painting: Painting, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the pipeline's call was given, and `denoiser`: the first input of its denoiser."""
    pipe, seen = painting.painter.pipe, {}
    call = type(pipe).__call__
    monkeypatch.setattr(type(pipe), "__call__", lambda self, **more: seen.update(more) or call(self, **more))
    denoiser = getattr(pipe, "unet", None) or pipe.transformer

    def first(_: Any, args: tuple[Any, ...], more: dict[str, Any]) -> None:
        seen.setdefault("denoiser", args[0] if args else more["hidden_states"])

    hook = denoiser.register_forward_pre_hook(first, with_kwargs=True)
    painting.paint()
    hook.remove()
    return seen


def as_tensor(picture: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(picture.astype(np.float32)).permute(2, 0, 1)[None]


def test_pictures_come_in_the_range_and_size_of_the_pipelines_own_preprocessors(
    painting: Painting, given: dict[str, Any]
) -> None:
    pipe, canvas = painting.painter.pipe, painting.canvas
    height, width = canvas.mask.shape
    seen = canvas.photo if "photo" in USES[painting.name, painting.task] else canvas.hint
    image = pipe.image_processor.preprocess(given["image"])
    assert torch.allclose(image, as_tensor(seen) / 127.5 - 1, atol=1e-5)
    if painting.task == "edit":
        return
    if painting.name == "concat":
        start = pipe.image_processor.preprocess(given["start_image"])
        assert torch.allclose(start, as_tensor(canvas.hint) / 127.5 - 1, atol=1e-5)
    assert (given["height"], given["width"]) == (height, width)
    mask = pipe.mask_processor.preprocess(given["mask_image"], height, width)
    assert torch.equal(mask[0, 0] > 0.5, torch.from_numpy(canvas.mask > 127))
    assert set(mask.unique().tolist()) == {0.0, 1.0}


def test_controls_come_in_their_order_and_in_the_range_of_their_preprocessor(
    painting: Painting, given: dict[str, Any]
) -> None:
    controls, pipe = painting.painter.controls, painting.painter.pipe
    if not controls:
        assert "control_image" not in given
        return
    pictures = given["control_image"] if isinstance(given["control_image"], list) else [given["control_image"]]
    # FLUX's ControlNet sees the picture's latents: it is brought between -1 and 1, for the autoencoder.
    flux = painting.name == "flux-fill"
    processor: VaeImageProcessor = pipe.image_processor if flux else pipe.control_image_processor
    low = -1 if flux else 0
    assert len(pictures) == len(controls)
    for control, picture in zip(controls, pictures, strict=True):
        found = processor.preprocess(picture)
        wanted = low + (1 - low) * as_tensor(painting.canvas.controls[control]) / 255
        assert torch.allclose(found, wanted, atol=1e-5)
        assert low <= float(found.min()) < float(found.max()) <= 1
    if painting.name == "sdxl":
        assert given["control_mode"] == [{"pose": 0, "depth": 1, "lines": 3}[control] for control in controls]


def test_the_item_s_picture_counts_inside_the_mask_only_or_goes_with_the_words_or_lies_beside_the_person(
    painting: Painting, given: dict[str, Any]
) -> None:
    if "item" not in USES[painting.name, painting.task]:
        assert not {"ip_adapter_image", "item_image"} & given.keys()
        return
    if painting.name == "flux-fill":  # upright, in RGB, white at the top of the range
        assert np.array_equal(np.asarray(given["item_image"]), painting.canvas.item)
        pixels = painting.painter.pipe.feature_extractor(given["item_image"], return_tensors="pt").pixel_values
        shrunk = cv2.resize(painting.canvas.item, (32, 32), interpolation=cv2.INTER_AREA)
        assert pixels.shape == (1, 3, 32, 32) and float(pixels.max()) == 1
        assert (pixels - (as_tensor(shrunk) / 127.5 - 1)).abs().mean() < 0.04
        return
    if painting.name == "concat":  # beside the person, as large as it fits, on white
        beside, (height, width) = np.asarray(given["garment_image"]), painting.canvas.mask.shape
        side = min(height, width)
        top, left = (height - side) // 2, (width - side) // 2
        assert beside.shape == (height, width, 3)
        assert (np.delete(beside, np.s_[top : top + side], 0) == 255).all()
        shrunk = cv2.resize(painting.canvas.item, (side, side), interpolation=cv2.INTER_AREA).astype(int)
        assert np.abs(beside[top : top + side, left : left + side] - shrunk).mean() < 4
        return
    (mask,) = given["cross_attention_kwargs"]["ip_adapter_masks"]
    assert mask.shape == (1, 1, *painting.canvas.mask.shape)
    assert torch.equal(mask[0, 0] > 0.5, torch.from_numpy(painting.canvas.mask > 127))
    assert np.array_equal(np.asarray(given["ip_adapter_image"]), painting.canvas.item)


def test_the_denoiser_sees_the_mask_as_it_learnt_it_with_1_where_it_repaints(
    painting: Painting, given: dict[str, Any]
) -> None:
    small = torch.nn.functional.interpolate(torch.from_numpy(painting.canvas.mask).float()[None, None], size=(8, 8))
    if painting.name == "sd15":
        assert given["denoiser"].shape[1:] == (9, 8, 8)
        assert torch.equal(given["denoiser"][:1, 4:5] > 0.5, small > 127)
    elif painting.name == "concat":  # the person above, the garment below, with nothing to repaint there
        assert given["denoiser"].shape[1:] == (9, 16, 8)
        assert torch.equal(given["denoiser"][:1, 4:5, :8] > 0.5, small > 127)
        assert not given["denoiser"][:, 4, 8:].any()
    elif painting.name == "flux-fill":
        # Packed: a token for 2 × 2 latents, 64 of what is painted, 64 of what is kept, 256 of the mask's pixels.
        tokens = given["denoiser"][0]
        rows, columns = (side // 16 for side in painting.canvas.mask.shape)
        assert tokens.shape == (rows * columns, 384)
        inside = torch.from_numpy(painting.canvas.mask > 127).float().reshape(rows, 16, columns, 16).mean((1, 3))
        assert torch.allclose(tokens[:, 128:].mean(1), inside.ravel(), atol=1e-3)
    else:  # no mask: latents, and beside them those of the photo that is edited
        assert given["denoiser"].shape[1:] == ({"sdxl": 4, "edit": 8}[painting.name], 8, 8)


# --- from facts to a canvas -------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def scene(hub: Path) -> tryon.Scene:
    perception = looking.tryon_perception()
    perceive = small_requests.found_once(tryon.perceive)
    return perceive(small_requests.request_of("tryon"), perception, lambda _: None)


class NoPainter:
    """A size is all that a canvas needs to know of a painter."""

    form = Form(SIDE)


def tryon_canvas(scene: tryon.Scene, request: TryOnRequest) -> tuple[Canvas, Window]:
    return published.tryon_canvas(NoPainter(), scene, tryon.make_plan(scene, request), request)


def test_the_pose_is_drawn_where_the_person_is_on_the_canvas(scene: tryon.Scene) -> None:
    canvas, window = tryon_canvas(scene, small_requests.request_of("tryon"))
    pose = canvas.controls["pose"]
    assert pose.shape == canvas.photo.shape and (pose.reshape(-1, 3).max(1) == 0).mean() > 0.2
    height, width = scene.person.shape[:2]
    for joint in (1, 2, 5):  # neck and shoulders
        x, y = window.points((believed18(scene.pose)[joint] * (width, height))[None])[0].round().astype(int)
        assert pose[y, x].max() > 60


def test_the_hint_is_the_garment_inside_the_mask_and_the_photo_outside(scene: tryon.Scene) -> None:
    request = small_requests.request_of("tryon")
    canvas, _ = tryon_canvas(scene, request)
    far = cv2.dilate(canvas.mask, np.ones((5, 5), np.uint8)) == 0
    assert np.array_equal(canvas.hint[far], canvas.photo[far])
    assert np.abs(canvas.hint.astype(int) - canvas.photo)[canvas.mask > 0].mean() > 5


def test_the_item_lies_on_white_and_its_words_are_measured_or_given(scene: tryon.Scene) -> None:
    request = small_requests.request_of("tryon")
    canvas, _ = tryon_canvas(scene, request)
    assert canvas.item.shape[0] == canvas.item.shape[1]
    assert (canvas.item[[0, 0, -1, -1], [0, -1, 0, -1]] == 255).all()
    assert "top, natural light" in canvas.prompt
    named, _ = tryon_canvas(scene, replace(request, title="linen shirt"))
    assert "linen shirt" in named.prompt and named.prompt != canvas.prompt


@pytest.fixture(scope="module")
def drawn() -> room.Drawn:
    request = small_requests.request_of("room")
    placed, _ = room.place_all(request.items, small_requests.view())
    picture = np.ascontiguousarray(small_requests.room_photo())
    return room.Drawn(picture, picture, placed, small_requests.view())


def room_canvas(drawn: room.Drawn, request: RoomRequest) -> tuple[Canvas, Window]:
    layers = [bring(one.item, one.placement, drawn.view.camera, drawn.view.floor) for one in drawn.placed]
    return published.room_canvas(NoPainter(), drawn, layers, published.room_mask(drawn, layers, request), request)


def test_depth_is_bright_where_it_is_near(drawn: room.Drawn) -> None:
    layers = [bring(one.item, one.placement, drawn.view.camera, drawn.view.floor) for one in drawn.placed]
    near = published.nearness(drawn, layers)
    assert near.min() == 0 and near.max() == 255
    floor = near[95:, 2].astype(int)
    assert (np.diff(floor) >= 0).all() and floor[-1] > floor[0] + 50
    # The item stands nearer than the wall behind it.
    ys, xs = np.nonzero(layers[0].alpha > 0.9)
    top = ys.min()
    assert near[top + 2, xs[ys == top + 2]].mean() > near[20, xs[ys == top + 2]].mean()


def test_lines_are_white_on_black_and_end_where_the_item_hides_them(drawn: room.Drawn) -> None:
    canvas, window = room_canvas(drawn, small_requests.request_of("room"))
    lines = canvas.controls["lines"]
    assert set(np.unique(lines)) == {0, 255}
    whole = published.draw_lines(drawn.view.segments, window, drawn.room.shape[:2])
    assert 0 < (lines > 0).sum() <= (whole > 0).sum()


def test_a_mask_of_one_s_own_bounds_what_is_repainted(drawn: room.Drawn) -> None:
    request = small_requests.request_of("room")
    layers = [bring(one.item, one.placement, drawn.view.camera, drawn.view.floor) for one in drawn.placed]
    whole = published.room_mask(drawn, layers, request)
    allowed = np.zeros_like(whole)
    allowed[:, :120] = 255
    assert whole[:, 120:].any()
    assert np.array_equal(published.room_mask(drawn, layers, replace(request, mask=allowed)), whole & allowed)
