"""Try-on: a garment's picture and a person's photo → the person wearing it.

perceive → plan (mask and hint) → paint (the compact pipeline on a crop) → finish (detail at the photo's own size,
paste). The first two are the same for every painter: `try_on_with` takes another one.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from pipelines.diffusion.compact import CompactInpaintPipeline, CompactOutput
from pipelines.diffusion.mean import MeanOutput
from pipelines.errors import BadInput
from pipelines.geometry.agnostic import agnostic_mask
from pipelines.geometry.arms import bare_arms, sleeve_ends
from pipelines.geometry.body import Body, mirrored18
from pipelines.geometry.fit import true_unit
from pipelines.geometry.ironing import ironed
from pipelines.geometry.layout import LAYOUT_LABELS, known_layout
from pipelines.geometry.legs import bared
from pipelines.geometry.skin import bare_waist, skin_colour, toned
from pipelines.geometry.warp import garment_unit, warp_garment
from pipelines.geometry.wearing import as_worn, carried_up, staying, trunk_bounds
from pipelines.masks import composite
from pipelines.perception.garment import Garment, GarmentAnalyser
from pipelines.perception.mending import mended
from pipelines.perception.parsing import Parser
from pipelines.perception.pose import FindsPose, Pose, believed18, openpose18
from pipelines.perception.pose_map import draw_openpose
from pipelines.schema import (
    PARSING_LABELS,
    Category,
    Image,
    Mask,
    OnProgress,
    Progress,
    RenderResult,
    TryOnRequest,
)

#: What the networks see: (height, width) of the crop.
WORK_SIZE = (384, 288)
#: The crop is this much larger than the mask, so that the networks see what the garment meets.
CROP_MARGIN = 1.25
#: Width of the fade at the mask's edge, as a share of the crop's height.
FEATHER = 0.008
#: Over how many pixels of WORK_SIZE the flow is evened out: half a body unit, far more than a letter.
STEADY = 90.0
CATEGORIES: tuple[Category, ...] = ("upper", "lower", "dress")
SLEEVES = ("none", "short", "long")


@dataclass(frozen=True, eq=False)
class Perception:
    """The networks that turn photos into facts."""

    pose: FindsPose
    parser: Parser
    garment: GarmentAnalyser


@dataclass(frozen=True, eq=False)
class Scene:
    """What the two pictures tell.

    Attributes:
        person: RGB uint8 (H, W, 3). labels: its parsing (H, W). body: its points in pixels.
    """

    person: Image
    pose: Pose
    labels: Mask
    body: Body
    garment: Garment


@dataclass(frozen=True, eq=False)
class Plan:
    """What to repaint and with what, at the photo's own size.

    Attributes:
        mask: uint8 (H, W), 255 = repaint. hint: RGB uint8 (H, W, 3). hint_mask: uint8 (H, W), inside `mask`.
        crop: 2×3 affine from the photo's pixels to those of a crop of WORK_SIZE.
    """

    mask: Mask
    hint: Image
    hint_mask: Mask
    crop: NDArray[np.float64]


#: Paints what is planned: the photo, RGB uint8 (H, W, 3), changed inside the plan's mask. Reports from 0.55 to 0.95.
Paint = Callable[[Scene, Plan, TryOnRequest, OnProgress], Image]


def try_on(
    request: TryOnRequest, perception: Perception, pipe: CompactInpaintPipeline, recipe: dict[str, Any],
    on_progress: OnProgress | None = None,
) -> RenderResult:  # fmt: skip
    """Render a garment on a person with the compact pipeline; see `try_on_with`."""

    def painted(scene: Scene, plan: Plan, request: TryOnRequest, report: OnProgress) -> Image:
        if scene.garment.category != "upper" and scene.garment.kind != "trousers":
            photo, labels, mask = bared(scene.person, scene.labels, scene.body, plan.hint_mask, plan.mask)
            scene = dataclasses.replace(scene, person=photo, labels=labels)
            plan = dataclasses.replace(plan, mask=mask)
        output = paint(scene, plan, pipe, request, report)
        report(Progress(0.95, "finishing"))
        return finish(scene.person, plan, output)

    return try_on_with(request, perception, painted, recipe, on_progress)


def try_on_with(
    request: TryOnRequest, perception: Perception, painted: Paint, recipe: dict[str, Any],
    on_progress: OnProgress | None = None,
) -> RenderResult:  # fmt: skip
    """Render a garment on a person.

    Args:
        request: what to render.
        perception: loaded networks; not used by another thread meanwhile.
        painted: paints what they found.
        recipe: what to note in the result; the category that was found is added.
        on_progress: called between stages and after every denoising step.

    Raises:
        BadInput: no person, no garment, or a mask that is empty.
        RenderCancelled: raised by `on_progress`.
    """
    report = on_progress or (lambda _: None)
    report(Progress(0.0, "looking at the photo"))
    scene = perceive(request, perception, report)
    report(Progress(0.4, "laying the garment on the body"))
    plan = make_plan(scene, request)
    report(Progress(0.5, "rendering", preview_of(scene.person, plan)))
    image = painted(scene, plan, request, report)
    steps = {
        "mask": np.repeat(plan.mask[..., None], 3, 2),
        "pose": draw_openpose(openpose18(scene.pose), scene.labels.shape),
        "parsing": parsing_picture(scene.labels),
        "hint": plan.hint,
    }
    report(Progress(1.0, "done", image))
    found = {"category_used": scene.garment.category, "sleeve": scene.garment.sleeve}
    return RenderResult(image, plan.mask, steps, recipe | found, warnings_of(scene))


def perceive(request: TryOnRequest, perception: Perception, report: OnProgress) -> Scene:
    """Pose, parsing and the garment's facts."""
    # The garment first: refusing a picture of a chair needs no pose.
    garment = perception.garment.analyse(request.garment, request.category)
    request.wear.check_for(garment.category)
    if request.wear.sleeves == "rolled up" and garment.sleeve == "long":
        # Bare forearms: the networks know them from short sleeves.
        garment = dataclasses.replace(garment, sleeve="short")
    report(Progress(0.15, "finding the pose"))
    pose = perception.pose(request.person)
    size = request.person.shape[:2]
    body = Body.from_keypoints(believed18(pose), size)
    report(Progress(0.25, "telling clothes from body"))
    labels = mended(perception.parser(request.person, pose), request.person)
    return Scene(request.person, pose, labels, body, garment)


def make_plan(scene: Scene, request: TryOnRequest) -> Plan:
    """Warp the garment onto the body and decide what to repaint; a mask that is given is taken as it is."""
    wear = as_worn(request.wear, scene.garment.category, scene.labels, scene.body)
    request = dataclasses.replace(request, wear=wear)
    hint, hint_mask = lay_on(scene, request)
    if request.wear.tuck == "in":
        below, there = carried_up(scene.person, scene.labels, scene.body)
        hint = np.where(((there > 0) & (hint_mask == 0))[..., None], below, hint)
        hint_mask = hint_mask | there
    if scene.garment.category == "upper":
        skin, there = bare_waist(scene.person, scene.labels, scene.body, hint_mask)
        hint = np.where(((there > 0) & (hint_mask == 0))[..., None], skin, hint)
        hint_mask = hint_mask | there
    mask = found_mask(scene, request, hint_mask) if request.mask is None else request.mask
    mask = np.where(mask > 127, 255, 0).astype(np.uint8)
    if not mask.any():
        raise BadInput("mask", "nothing to repaint", "a mask with some white", "Draw where the garment should go.")
    hint_mask = hint_mask & mask
    hint = np.where(hint_mask[..., None] > 0, hint, 0).astype(np.uint8)
    return Plan(mask, hint, hint_mask, crop_around(mask))


def lay_on(scene: Scene, request: TryOnRequest) -> tuple[Image, Mask]:
    """The garment, ironed and moved onto the body: hint and its mask, at the photo's own size."""
    garment, shape = scene.garment, scene.garment.landmarks
    unit = garment_unit(shape, garment.category)
    cloth = held_by(ironed(garment.image, garment.mask, unit), garment.mask, scene.body.unit / unit)
    return warp_garment(
        np.rint(cloth).astype(np.uint8),
        shape,
        garment.category,
        scene.body,
        scene.labels.shape,
        wear=request.wear,
        true_unit=true_unit(shape, garment.category, request.garment_width, request.person_height),
        bounds=trunk_bounds(request.wear, scene.labels, scene.body),
    )


def held_by(cloth: NDArray[np.float32], mask: Mask, scale: float) -> NDArray[np.float32]:
    """Cloth (H, W, 3) without what the photo's coarser pixels cannot hold: fine stripes would turn into coarse ones.

    Args:
        mask: uint8 (H, W), 255 = cloth; nothing of the ground is mixed in.
        scale: pixels of the photo per pixel of the cloth.
    """
    if scale >= 1:
        return cloth
    blur = lambda plane: cv2.GaussianBlur(plane, (0, 0), 0.5 * np.sqrt(scale**-2 - 1))  # noqa: E731
    weight = (mask > 127).astype(np.float32)[..., None]
    return np.asarray(blur(cloth * weight) / np.maximum(blur(weight), 1e-3)[..., None], np.float32)


def found_mask(scene: Scene, request: TryOnRequest, hint_mask: Mask) -> Mask:
    """What is repainted where nobody drew it."""
    growth = request.mask_grow / 100 * max(scene.labels.shape)
    garment, wear = scene.garment, request.wear
    stays = bare_arms(scene.labels, scene.body, sleeve_ends(garment.landmarks, garment.category, wear))
    if (way := staying(wear, scene.labels, scene.body, hint_mask)) is not None:
        stays |= way
    return agnostic_mask(scene.labels, scene.body, garment.category, hint_mask, growth=growth, stays=stays)


def crop_around(mask: Mask) -> NDArray[np.float64]:
    """2×3 affine that brings the mask and some surroundings into WORK_SIZE, without stretching."""
    x, y, w, h = cv2.boundingRect(mask)
    height, width = WORK_SIZE
    scale = 1 / (CROP_MARGIN * max(w / width, h / height))
    return np.array(
        [[scale, 0, width / 2 - scale * (x + w / 2)], [0, scale, height / 2 - scale * (y + h / 2)]], np.float64
    )


def cropped(picture: NDArray[Any], crop: NDArray[np.float64], nearest: bool = False) -> NDArray[Any]:
    """A photo-sized picture brought to WORK_SIZE; beyond the photo its edge goes on."""
    size = (WORK_SIZE[1], WORK_SIZE[0])
    scale = float(crop[0, 0])
    if nearest:
        return cv2.warpAffine(picture, crop, size, flags=cv2.INTER_NEAREST, borderMode=cv2.BORDER_REPLICATE)
    if scale < 1:
        # An affine sampler skips pixels when it shrinks; blur away what the smaller grid cannot hold.
        picture = cv2.GaussianBlur(picture, (0, 0), 0.4 / scale)
    return cv2.warpAffine(picture, crop, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)


def paint(
    scene: Scene, plan: Plan, pipe: CompactInpaintPipeline, request: TryOnRequest, report: OnProgress
) -> CompactOutput:
    """Run the pipeline on the crop; the flow it says is evened out."""
    picture = lambda a: torch.from_numpy(np.ascontiguousarray(a)).permute(2, 0, 1)[None].float()  # noqa: E731
    mask = cropped(plan.mask, plan.crop, nearest=True)
    weight = cropped(plan.hint_mask, plan.crop).astype(np.float32)[..., None] / 255
    # The hint is black beyond its edge; undo what that darkened.
    hint = np.clip(cropped(plan.hint, plan.crop) / np.maximum(weight, 1e-2), 0, 255)
    known = known_layout(cropped(scene.labels, plan.crop, nearest=True), mask)
    one_hot = np.stack([known == i for i in range(len(LAYOUT_LABELS))], -1)
    points = (scene.body.points @ plan.crop[:, :2].T + plan.crop[:, 2]) / (WORK_SIZE[1], WORK_SIZE[0])
    pose = draw_openpose(points.astype(np.float32), WORK_SIZE)
    in_mirror = None
    if request.settings.quality == "best":
        in_mirror = picture(draw_openpose(mirrored18(points).astype(np.float32), WORK_SIZE)) / 255
    facts = torch.zeros(1, len(CATEGORIES) + len(SLEEVES))
    facts[0, CATEGORIES.index(scene.garment.category)] = 1
    sleeve = "none" if scene.garment.category == "lower" else scene.garment.sleeve
    facts[0, len(CATEGORIES) + SLEEVES.index(sleeve)] = 1
    steps = request.settings.num_inference_steps

    def on_step(pipe: CompactInpaintPipeline, step: int, _: int, tensors: dict[str, torch.Tensor]) -> dict[str, Any]:
        preview = preview_of(scene.person, plan, to_uint8(pipe.preview(tensors["latents"])[0]))
        report(Progress(min(0.95, 0.55 + 0.4 * (step + 1) / steps), f"step {step + 1} of {steps}", preview))
        return tensors

    output = pipe(
        image=picture(cropped(scene.person, plan.crop)) / 127.5 - 1,
        mask_image=torch.from_numpy(mask)[None, None].float() / 255,
        hint=picture(hint) / 127.5 - 1,
        hint_mask=picture(weight > 0.5),
        pose=picture(pose) / 255,
        known=picture(one_hot),
        facts=facts,
        mirrored_pose=in_mirror,
        num_inference_steps=steps,
        generator=torch.Generator("cpu").manual_seed(request.settings.seed),
        callback_on_step_end=on_step,
    )
    assert isinstance(output, CompactOutput)  # return_dict is left on
    mean = in_own_skin(scene, output.mean, mask)
    return CompactOutput(output.images, dataclasses.replace(mean, flow=steadied(mean.flow, mean.garment)))


def in_own_skin(scene: Scene, mean: MeanOutput, mask: Mask) -> MeanOutput:
    """What is painted, with its skin in the person's own colour.

    Args:
        mask: uint8 of WORK_SIZE, 255 = repainted.
    """
    colour = skin_colour(scene.person, scene.labels, scene.body)
    if colour is None:
        return mean
    chance = mean.layout.softmax(1)[0, LAYOUT_LABELS.index("skin")].numpy()
    chance = cv2.resize(chance, WORK_SIZE[::-1], interpolation=cv2.INTER_LINEAR) * (mask > 0)
    chance = (chance * (1 - mean.garment[0, 0].numpy())).astype(np.float32)
    painted = np.asarray(127.5 * (mean.painted[0].clamp(-1, 1).permute(1, 2, 0).numpy() + 1), np.float32)
    own = torch.from_numpy(toned(painted, chance, colour) / 127.5 - 1).permute(2, 0, 1)[None]
    return dataclasses.replace(mean, painted=own)


def to_uint8(x: torch.Tensor) -> Image:
    """(3, H, W) in [-1, 1] → RGB uint8 (H, W, 3)."""
    return ((x.clamp(-1, 1) + 1) * 127.5).round().byte().permute(1, 2, 0).numpy()


def steadied(flow: torch.Tensor, garment: torch.Tensor) -> torch.Tensor:
    """The flow without the waves that the networks are unsure of, which would bend every word on a garment.

    Args:
        flow: (1, 2, h, w). garment: (1, 1, H, W), where the garment is; elsewhere the flow means nothing.
    """
    h, w = flow.shape[-2:]
    weight = cv2.resize(garment[0, 0].numpy(), (w, h), interpolation=cv2.INTER_AREA)
    sigma = STEADY * h / WORK_SIZE[0]
    blur = lambda plane: cv2.GaussianBlur(plane, (0, 0), sigma)  # noqa: E731
    found = blur(flow[0].permute(1, 2, 0).numpy() * weight[..., None]) / np.maximum(blur(weight), 1e-5)[..., None]
    return torch.from_numpy(found).permute(2, 0, 1)[None]


def finish(person: Image, plan: Plan, output: CompactOutput) -> Image:
    """Compose the render at the photo's size: the garment from its own pixels, the rest enlarged, pasted in.

    The networks decide at WORK_SIZE where the garment goes and what is around it; print and weave come
    from the hint at the photo's resolution.
    """
    h, w = plan.mask.shape
    back = cv2.invertAffineTransform(plan.crop)
    x0, y0 = np.floor(np.maximum(back @ (0, 0, 1), 0)).astype(int)
    x1, y1 = np.ceil(np.minimum(back @ (WORK_SIZE[1], WORK_SIZE[0], 1), (w, h))).astype(int)
    # The window of the photo that the crop covers, and for each of its pixels the place in the crop.
    ys, xs = np.mgrid[y0:y1, x0:x1].astype(np.float32)
    scale = float(plan.crop[0, 0])
    at = (xs * scale + np.float32(plan.crop[0, 2]), ys * scale + np.float32(plan.crop[1, 2]))

    def enlarge(x: torch.Tensor) -> NDArray[np.float32]:
        """(1, C, h, w) at any size of the crop → (rows, columns, C) of the window."""
        plane = cv2.resize(x[0].permute(1, 2, 0).numpy(), WORK_SIZE[::-1], interpolation=cv2.INTER_LINEAR)
        found = cv2.remap(plane, *at, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
        return np.asarray(found.reshape(*xs.shape, -1), np.float32)

    mean = output.mean
    shift = enlarge(mean.flow) / scale
    source = np.dstack([plan.hint, plan.hint_mask])
    aligned = cv2.remap(source, xs + shift[..., 0], ys + shift[..., 1], cv2.INTER_LINEAR).astype(np.float32)
    weight = aligned[..., 3:] / 255
    # Beyond its own pixels the garment goes on in the colours that the networks gave it.
    cloth = aligned[..., :3] + (1 - weight) * 127.5 * (enlarge(mean.moved) + 1)
    # Enlarged, the edge of the garment would be as wide as the networks' pixels.
    crisp = np.clip(0.5 + (enlarge(mean.garment) - 0.5) * max(1.0, 1 / scale), 0, 1)
    rest = 127.5 * (enlarge(mean.painted.clamp(-1, 1)) + 1)
    inside = torch.from_numpy(cropped(plan.mask, plan.crop, nearest=True)) > 0
    refined = 127.5 * enlarge((output.images - mean.sample.clamp(-1, 1)) * inside)
    rendered = crisp * cloth + (1 - crisp) * rest + refined
    full = person.copy()
    full[y0:y1, x0:x1] = np.clip(np.rint(rendered), 0, 255).astype(np.uint8)
    return composite(person, full, plan.mask, FEATHER * WORK_SIZE[0] / scale)


def preview_of(person: Image, plan: Plan, crop: Image | None = None) -> Image:
    """The photo as far as it is rendered: a `crop` of WORK_SIZE in its place, or at first the bare hint."""
    if crop is None:
        return composite(person, plan.hint, plan.hint_mask)
    size = (person.shape[1], person.shape[0])
    placed = cv2.warpAffine(crop, plan.crop, size, flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP)
    return composite(person, np.asarray(placed, np.uint8), plan.mask)


def parsing_picture(labels: Mask) -> Image:
    """A parsing in colours, RGB uint8 (H, W, 3): hues spread by the golden angle, background black."""
    hues = (np.arange(len(PARSING_LABELS)) * 137.5 % 180).astype(np.uint8)
    hsv = np.stack([hues, np.full_like(hues, 170), np.full_like(hues, 230)], -1)[None]
    palette = cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB)[0]
    palette[0] = 0
    return np.asarray(palette[labels], np.uint8)


def warnings_of(scene: Scene) -> tuple[str, ...]:
    """What the person should know about this render."""
    said = list(scene.garment.warnings)
    if scene.pose.people > 1:
        said.append(f"{scene.pose.people} people found; the largest one was dressed.")
    return tuple(said)
