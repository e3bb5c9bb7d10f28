"""Published painters behind the same requests: what is found in photo and item, as a canvas for whichever paints.

found (pipelines.tryon, pipelines.room) → canvas (cut out at the painter's size, controls drawn) → painted → pasted at
the photo's own size.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.diffusion.published.painter import Painter
from pipelines.geometry.canvas import MARGIN, Canvas, Control, Window, on_white, window_around
from pipelines.geometry.depth import DEPTHS, depth_map
from pipelines.geometry.layer import Layer, bring
from pipelines.geometry.wording import colour_names, say_garment
from pipelines.masks import composite, dilate, filled
from pipelines.perception.pose_map import draw_openpose
from pipelines.room import DRAWN, Drawn, remove_margin
from pipelines.schema import (
    EditRequest,
    Image,
    Mask,
    OnProgress,
    Progress,
    RenderResult,
    RenderSettings,
    RoomRequest,
    TryOnRequest,
)
from pipelines.tryon import Plan, Scene

#: What no picture should look like.
NEGATIVE = "deformed, blurry, low quality, distorted hands, extra limbs, text, watermark"
NEGATIVE_ROOM = "deformed, blurry, low quality, floating, distorted perspective, text, watermark"
#: Shadows lighter than this are left to what was drawn: share of its light that the floor keeps.
SHADED = 0.97
#: The mask around an item is larger than it by this share of the photo's longer side.
ROUND_ITEM = 0.006


def dress(painter: Painter, scene: Scene, plan: Plan, request: TryOnRequest, report: OnProgress) -> Image:
    """A garment painted on a person: a `pipelines.tryon.Paint`, once the painter is bound."""
    canvas, window = tryon_canvas(painter, scene, plan, request)
    paste = functools.partial(window.paste, scene.person, mask=plan.mask)
    return _painted(painter, canvas, request.settings, report, paste)


def tryon_canvas(painter: Painter, scene: Scene, plan: Plan, request: TryOnRequest) -> tuple[Canvas, Window]:
    """All that is known of a try-on, at the painter's size."""
    window = window_around(plan.mask, painter.form)
    height, width = window.size
    mask = window.cut(plan.mask, nearest=True)
    garment = scene.garment
    words = say_garment(
        garment.category, garment.kind, garment.sleeve, colour_names(garment.image, garment.mask), request.title
    )
    points = window.points(scene.body.points) / (width, height)
    controls: dict[Control, Image] = {"pose": draw_openpose(points.astype(np.float32), window.size)}
    canvas = Canvas(
        photo=window.cut(scene.person),
        mask=mask,
        hint=window.cut(bare_hint(scene.person, plan)),
        item=on_white(garment.image, garment.mask),
        prompt=f"photo of a person wearing a {words}, natural light, detailed fabric",
        negative_prompt=NEGATIVE,
        controls=controls,
    )
    return canvas, window


def bare_hint(person: Image, plan: Plan) -> Image:
    """The photo with the hint in the mask and nothing of what was worn: what denoising starts from shows through."""
    return composite(filled(person, plan.mask), plan.hint, plan.hint_mask)


def furnish(painter: Painter, drawn: Drawn, request: RoomRequest, report: OnProgress) -> tuple[Image, Mask]:
    """Items painted over where they were drawn: a `pipelines.room.Paint`, once the painter is bound."""
    layers = [bring(one.item, one.placement, drawn.view.camera, drawn.view.floor) for one in drawn.placed]
    mask = room_mask(drawn, layers, request)
    if not mask.any():
        return drawn.picture, mask
    canvas, window = room_canvas(painter, drawn, layers, mask, request)
    paste = functools.partial(window.paste, drawn.picture, mask=mask)
    return _painted(painter, canvas, request.settings, report, paste, DRAWN), mask


def room_mask(drawn: Drawn, layers: list[Layer], request: RoomRequest) -> Mask:
    """What of a room is repainted: the items, their shadows, and what was taken away."""
    there = np.zeros(drawn.room.shape[:2], np.uint8)
    for layer in layers:
        there[(layer.alpha > 0.02) | (layer.kept < SHADED)] = 255
    mask = dilate(there, ROUND_ITEM * max(there.shape))
    if request.remove is not None:
        mask = mask | dilate(request.remove, remove_margin(drawn.room))
    if request.mask is not None:
        mask = np.where(request.mask > 127, mask, 0).astype(np.uint8)
    return np.where(mask > 127, 255, 0).astype(np.uint8)


def room_canvas(
    painter: Painter, drawn: Drawn, layers: list[Layer], mask: Mask, request: RoomRequest
) -> tuple[Canvas, Window]:
    """All that is known of a room and its items, at the painter's size."""
    window = window_around(mask, painter.form)
    depth = cv2.cvtColor(window.cut(nearness(drawn, layers)), cv2.COLOR_GRAY2RGB)
    # Lines that end at the item: what it hides is no line of the picture any more.
    lines = draw_lines(drawn.view.segments, window, drawn.room.shape[:2])
    hidden = window.cut(np.maximum.reduce([layer.alpha for layer in layers])) > 0.5
    lines[hidden] = 0
    picture, alpha = _portrait(drawn)
    names = [standing.name for standing in request.items if standing.name != "It"] or ["piece of furniture"]
    words = " ".join([" and ".join(colour_names(picture, alpha)), " and ".join(names)]).strip()
    canvas = Canvas(
        photo=window.cut(drawn.room),
        mask=window.cut(mask, nearest=True),
        hint=window.cut(drawn.picture),
        item=on_white(picture, alpha),
        prompt=f"photo of a room with a {words}, natural light and shadow",
        negative_prompt=NEGATIVE_ROOM,
        controls={"depth": depth, "lines": lines},
    )
    return canvas, window


def _portrait(drawn: Drawn) -> tuple[Image, Mask]:
    """The picture of the nearest item that shows most of it, and its mask."""
    views = drawn.placed[-1].item.views
    best = max(views, key=lambda view: float((view.picture[..., 3] > 127).mean()))
    return best.picture[..., :3], best.picture[..., 3]


def nearness(drawn: Drawn, layers: list[Layer]) -> NDArray[np.uint8]:
    """Inverse depth (H, W), 255 = nearest, as the depth estimators gave it from which depth ControlNets learnt.

    The room is the stage of `pipelines.geometry.depth`, the items stand on it as deep as their middle.
    """
    height, width = drawn.room.shape[:2]
    metres = cv2.resize(depth_map(drawn.view.camera, drawn.view.floor), (width, height))
    for one, layer in zip(drawn.placed, layers, strict=True):
        metres = np.where(layer.alpha > 0.5, np.float32(max(one.distance, DEPTHS[0])), metres)
    inverse = 1 / metres
    low, high = float(inverse.min()), float(inverse.max())
    return np.rint(255 * (inverse - low) / max(high - low, 1e-6)).astype(np.uint8)


def draw_lines(segments: NDArray[np.float32], window: Window, size: tuple[int, ...]) -> Image:
    """Straight lines, white on black and one pixel wide, as the M-LSD detector draws them; RGB uint8 (h, w, 3).

    Args:
        segments: (N, 4), pixels x0, y0, x1, y1 of a photo of `size` (H, W).
    """
    out = np.zeros((*window.size, 3), np.uint8)
    ends = window.points(segments.reshape(-1, 2)).reshape(-1, 2, 2)
    for start, end in np.rint(ends).astype(int):
        cv2.line(out, tuple(map(int, start)), tuple(map(int, end)), (255, 255, 255), 1)
    return out


def edit(painter: Painter, request: EditRequest, recipe: Mapping[str, Any], on_progress: OnProgress) -> RenderResult:
    """A photo changed as words say; outside the mask bit-identical.

    Raises:
        RenderCancelled: raised by `on_progress`.
    """
    whole = np.full(request.photo.shape[:2], 255, np.uint8)
    mask = whole if request.mask is None else np.where(request.mask > 127, 255, 0).astype(np.uint8)
    on_progress(Progress(0.0, "reading the words", request.photo))
    window = window_around(mask, painter.form, 1.0 if request.mask is None else MARGIN)
    cut = window.cut(request.photo)
    canvas = Canvas(cut, window.cut(mask, nearest=True), cut, np.full((1, 1, 3), 255, np.uint8), request.words)
    paste = functools.partial(window.paste, request.photo, mask=mask)
    image = _painted(painter, canvas, request.settings, on_progress, paste)
    on_progress(Progress(1.0, "done", image))
    return RenderResult(image, mask, {"mask": np.repeat(mask[..., None], 3, 2), "hint": request.photo}, recipe)


def _painted(
    painter: Painter, canvas: Canvas, settings: RenderSettings, report: OnProgress, paste: Callable[[Image], Image],
    begun: float = 0.55,
) -> Image:  # fmt: skip
    """What the painter makes of a canvas, at its place in the photo.

    Args:
        paste: puts a picture of the canvas there, finished or not.
        begun: share of the work that is done before; the steps are reported from there to 0.95.
    """

    def on_step(done: int, count: int, seen: Image | None) -> None:
        fraction = min(0.95, begun + (0.95 - begun) * done / count)
        report(Progress(fraction, f"step {done} of {count}", None if seen is None else paste(seen)))

    return paste(painter.paint(canvas, settings.seed, settings.num_inference_steps, on_step))
