"""Self-supervised try-on examples from photos of dressed people.

Free data has no flat garment beside its worn picture. So the worn garment itself, cut out of the photo, is moved,
reshaped, relit and recoloured as a warped flat garment would be, and is the hint; the photo is the truth. The
errors imitated are those of a garment moved part by part with the skeleton: each part a little off, too wide or too
short, smooth distortion on top, no folds or shadow of the truth, colours of another camera.

Given the cloth of flat garments, many people are first re-dressed in it: the photo keeps the light that lay on what
was worn, the cloth's own folds and shadows stay in the hint. That teaches what no single photo shows: which
differences between a flat garment and a worn one are light, and that prints stay.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.geometry.agnostic import agnostic_mask, label_mask
from pipelines.geometry.body import MIRROR18, Body
from pipelines.geometry.ironing import LEFT, ironed
from pipelines.geometry.layout import UNKNOWN, layout_of
from pipelines.masks import dilate, erode
from pipelines.schema import PARSING_LABELS, Category, Image, Mask

Array = NDArray[np.float32]
Rng = np.random.Generator

#: The labels of the garment that a category renders.
GARMENT: dict[Category, tuple[str, ...]] = {
    "upper": ("upper", "outer"),
    "lower": ("lower",),
    "dress": ("dress", "outer"),
}
CATEGORIES: tuple[Category, ...] = ("upper", "lower", "dress")
#: Share of the examples re-dressed in cloth of flat garments, and how plain what was worn must be for it, so that it
#: shows light and not print: greatest deviation of its colour (OpenCV's 8-bit a, b) and mean fine contrast (8-bit L).
REDRESSED = 0.65
PLAIN_COLOUR, PLAIN_GREY = 12.0, 6.0
CLOTHES = ("upper", "lower", "dress", "outer")
#: Share of the people who had come in something loose.
LOOSE = 0.3


def index(name: str) -> int:
    return PARSING_LABELS.index(name)


@dataclass(frozen=True, eq=False)
class Worn:
    """One garment on one person: a photo, its parsing and keypoints in pixels, and which garment.

    Attributes:
        photo: RGB uint8 (H, W, 3). labels: uint8 (H, W). points: float (18, 2) pixels.
        category: of the garment. sleeve: 0 none, 1 short, 2 long.
        box: (x0, y0, x1, y1) of the garment in pixels.
    """

    photo: Image
    labels: Mask
    points: NDArray[np.float64]
    category: Category
    sleeve: int
    box: tuple[int, int, int, int]


def sleeve_length(labels: Mask, points: NDArray[np.float64]) -> int:
    """0 none, 1 short, 2 long: how far along the arms the garment reaches."""
    covered = []
    for shoulder, elbow, wrist in ((2, 3, 4), (5, 6, 7)):
        if np.isnan(points[[shoulder, elbow]]).any():
            continue
        stops = [points[shoulder] * (1 - t) + points[elbow] * t for t in (0.35, 0.55, 0.75, 0.95)]
        if not np.isnan(points[wrist]).any():
            stops += [points[elbow] * (1 - t) + points[wrist] * t for t in (0.3, 0.5, 0.7)]
        h, w = labels.shape
        at = [labels[int(np.clip(y, 0, h - 1)), int(np.clip(x, 0, w - 1))] for x, y in stops]
        covered.append(np.mean([PARSING_LABELS[v] in CLOTHES for v in at]))
    share = max(covered, default=0.0)
    return 0 if share < 0.15 else 1 if share < 0.7 else 2


def worn_garments(photo: Image, labels: Mask, points: NDArray[np.float64]) -> list[Worn]:
    """Every garment of a photo that is large enough to learn from."""
    found = []
    for category in CATEGORIES:
        mask = label_mask(labels, GARMENT[category])
        if category == "dress" and not (labels == index("dress")).any():
            continue
        if category == "upper" and (labels == index("dress")).sum() > (labels == index("upper")).sum():
            continue
        if (mask > 0).sum() < 0.012 * mask.size:
            continue
        x, y, w, h = cv2.boundingRect(mask)
        sleeve = 0 if category == "lower" else sleeve_length(labels, points)
        found.append(Worn(photo, labels, points, category, sleeve, (x, y, x + w, y + h)))
    return found


def crop_matrix(worn: Worn, size: tuple[int, int], rng: Rng) -> tuple[Array, bool]:
    """2×3 affine from the photo to a (height, width) crop around the garment, jittered; and whether it is mirrored."""
    height, width = size
    x0, y0, x1, y1 = worn.box
    side = max((x1 - x0) / width, (y1 - y0) / height) * rng.uniform(1.1, 1.7)
    scale, angle = 1 / side, np.deg2rad(rng.normal(0, 3))
    cx = (x0 + x1) / 2 + rng.normal(0, 0.06) * side * width
    cy = (y0 + y1) / 2 + rng.normal(0, 0.06) * side * height
    flip = bool(rng.random() < 0.5)
    turn = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    if flip:
        turn = np.array([[-1, 0], [0, 1]]) @ turn
    shift = np.array([width / 2, height / 2]) - turn @ (cx, cy)
    return np.hstack([turn, shift[:, None]]).astype(np.float32), flip


def smooth_noise(size: tuple[int, int], cells: int, channels: int, rng: Rng) -> Array:
    """Smooth random field (H, W, channels) of unit deviation: a coarse grid, cubically enlarged."""
    grid = rng.normal(size=(cells, max(2, cells * size[1] // size[0]), channels)).astype(np.float32)
    return cv2.resize(grid, (size[1], size[0]), interpolation=cv2.INTER_CUBIC).reshape(*size, channels)


def distance_to(size: tuple[int, int], a: NDArray[np.float64], b: NDArray[np.float64]) -> Array:
    """Distance (H, W) in pixels of every pixel to the segment from a to b."""
    y, x = np.mgrid[: size[0], : size[1]].astype(np.float32)
    d = b - a
    t = np.clip(((x - a[0]) * d[0] + (y - a[1]) * d[1]) / max(float(d @ d), 1e-6), 0, 1)
    return np.hypot(x - a[0] - t * d[0], y - a[1] - t * d[1]).astype(np.float32)


def limb_errors(body: Body, size: tuple[int, int], amount: float, rng: Rng) -> Array:
    """Displacement (H, W, 2) in pixels of a part-by-part warp gone a little wrong: trunk and each limb its own
    affine."""
    y, x = np.mgrid[: size[0], : size[1]].astype(np.float32)
    at = np.stack([x, y], -1)
    unit = body.unit

    def affine(pivot: NDArray[np.float64], turn: float, stretch: float, shift: float) -> Array:
        angle = np.deg2rad(rng.normal(0, turn * amount))
        scale = np.exp(rng.normal(0, stretch * amount, 2))
        matrix = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]) * scale - np.eye(2)
        return ((at - pivot) @ matrix.T + rng.normal(0, shift * amount * unit, 2)).astype(np.float32)

    field = affine(body.shoulders + 0.6 * unit * body.down, 3, 0.09, 0.05)
    for chain in (("r_shoulder", "r_elbow", "r_wrist"), ("l_shoulder", "l_elbow", "l_wrist"),
                  ("r_hip", "r_knee", "r_ankle"), ("l_hip", "l_knee", "l_ankle")):  # fmt: skip
        for start, end in itertools.pairwise(chain):
            if not body.seen(start, end):
                continue
            middle = body[start] + 0.25 * (body[end] - body[start])
            near = distance_to(size, middle, body[end])
            weight = 0.5 - 0.5 * np.tanh((near - 0.22 * unit) / (0.12 * unit))
            field += weight[..., None] * (affine(body[start], 8, 0.10, 0.05) - field)
    return field


def displacement(body: Body, size: tuple[int, int], rng: Rng) -> Array:
    """Field D (H, W, 2) in units of the grid: the hint at x shows the worn garment at x + D(x)."""
    amount = float(rng.choice([0.25, 0.7, 1.0, 1.3]))
    field = limb_errors(body, size, amount, rng)
    field += 0.045 * body.unit * amount * smooth_noise(size, 4, 2, rng)
    return (field + 0.018 * body.unit * amount * smooth_noise(size, 9, 2, rng)).astype(np.float32)


def enlarge(field: Array, times: int) -> Array:
    """A displacement field on a grid `times` finer, in the finer grid's pixels."""
    return cv2.resize(field, None, fx=times, fy=times, interpolation=cv2.INTER_LINEAR) * np.float32(times)


def inverse_flow(field: Array) -> Array:
    """F with hint(x + F(x)) = truth(x), for hint(y) = truth(y + D(y)): fixed point of F = −D(x + F)."""
    y, x = np.mgrid[: field.shape[0], : field.shape[1]].astype(np.float32)
    flow = -field
    for _ in range(4):
        flow = -cv2.remap(field, x + flow[..., 0], y + flow[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return flow


def extended(picture: Image, mask: Mask) -> Image:
    """`picture` with every pixel outside `mask` replaced by the nearest one inside."""
    _, nearest = cv2.distanceTransformWithLabels(
        np.where(mask > 0, 0, 1).astype(np.uint8), cv2.DIST_L2, 3, labelType=cv2.DIST_LABEL_PIXEL
    )
    inside = mask > 0
    table = np.zeros((nearest.max() + 1, 3), np.uint8)
    table[nearest[inside]] = picture[inside]
    return table[nearest]


def relit(picture: Array, mask: Mask, unit: float, rng: Rng) -> Array:
    """Take the truth's light out of the hint, folds and shadow, and give it another camera's.

    What remains by mistake is as often reversed, so that it tells nothing.
    """
    grey = picture.mean(2)
    sigma = float(unit * np.exp(rng.uniform(np.log(0.04), np.log(0.25))))
    light = local_light(grey, mask, sigma) - grey[mask > 0].mean()
    return another_camera(picture - rng.normal(1, 0.25) * light[..., None], rng)


def dyed(picture: Image, rng: Rng) -> Array:
    """A picture in other colours, float32 RGB (H, W, 3)."""
    ycc = cv2.cvtColor(picture, cv2.COLOR_RGB2YCrCb).astype(np.float32)
    angle, gain = rng.uniform(0, 2 * np.pi), np.exp(rng.normal(0, 0.4))
    turn = (gain * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])).astype(np.float32)
    ycc[..., 1:] = (ycc[..., 1:] - 128) @ turn.T + 128 + rng.normal(0, 8, 2).astype(np.float32)
    ycc[..., 0] = (ycc[..., 0] - 128) * float(np.exp(rng.normal(0, 0.2))) + 128 + float(rng.normal(0, 30))
    return cv2.cvtColor(np.clip(ycc, 0, 255).astype(np.uint8), cv2.COLOR_YCrCb2RGB).astype(np.float32)


def varied_photo(photo: Image, labels: Mask, garment: Mask | None, rng: Rng) -> Image:
    """The truth itself made more varied: a studio ground, another exposure, another colour of the garment if given."""
    picture = photo.astype(np.float32)
    if rng.random() < 0.4:
        person = cv2.GaussianBlur((labels > 0).astype(np.float32), (0, 0), 1.0)[..., None]
        ground = rng.uniform(200, 255) + rng.normal(0, 2, 3) + 5 * smooth_noise(labels.shape, 3, 1, rng)
        picture = picture * person + ground * (1 - person)
    if garment is not None and rng.random() < 0.5:
        other = dyed(np.clip(picture, 0, 255).astype(np.uint8), rng)
        inside = cv2.GaussianBlur((garment > 0).astype(np.float32), (0, 0), 0.8)[..., None]
        picture = picture * (1 - inside) + other * inside
    picture = 255 * (np.clip(picture, 0, 255) / 255) ** np.exp(rng.normal(0, 0.15)) * np.exp(rng.normal(0, 0.08))
    return np.clip(picture, 0, 255).astype(np.uint8)


@dataclass(frozen=True, eq=False)
class Cloth:
    """Cloth of flat garments, see training.prepare_cloth: RGB uint8 (N, S, S, 3), and the category of each."""

    pictures: NDArray[np.uint8]
    categories: NDArray[np.str_]


def load_cloth(file: Path | None) -> Cloth | None:
    """The file that training.prepare_cloth wrote."""
    if file is None:
        return None
    data = np.load(file)
    return Cloth(data["cloth"], data["category"])


def is_plain(photo: Image, garment: Mask) -> bool:
    """Whether what is worn shows light more than print."""
    inside = erode(garment, 2) > 0
    if inside.sum() < 50:
        return False
    lab = cv2.cvtColor(photo, cv2.COLOR_RGB2LAB).astype(np.float32)
    fine = np.abs(lab[..., 0] - cv2.GaussianBlur(lab[..., 0], (0, 0), 1.5))[inside].mean()
    return bool(lab[inside][:, 1:].std(0).max() < PLAIN_COLOUR and fine < PLAIN_GREY)


def lay_cloth(picture: Image, garment: Mask, rng: Rng) -> Array:
    """Cloth over the garment's box, its proportions kept and its edge carried on: float32 RGB (H, W, 3)."""
    x, y, w, h = cv2.boundingRect(garment)
    side = picture.shape[0]
    scale = max(w, h) / side * rng.uniform(0.85, 1.3)
    middle = np.array([x + w / 2, y + h / 2]) + rng.normal(0, 0.05, 2) * (w, h)
    turn = np.diag([-scale if rng.random() < 0.5 else scale, scale])
    matrix = np.hstack([turn, (middle - turn @ np.full(2, side / 2))[:, None]])
    size = (garment.shape[1], garment.shape[0])
    laid = cv2.warpAffine(picture, matrix, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return laid.astype(np.float32)


def local_light(grey: Array, mask: Mask, sigma: float) -> Array:
    """Blurred grey of the mask's pixels alone, (H, W)."""
    weight = (mask > 0).astype(np.float32)
    return np.asarray(cv2.GaussianBlur(grey * weight, (0, 0), sigma) / (cv2.GaussianBlur(weight, (0, 0), sigma) + 1e-3))


def redress(photo: Image, garment: Mask, cloth: Array, unit: float, rng: Rng) -> Image:
    """The photo with `cloth` worn in place of the garment, in the light that lay on the garment.

    Light is what the worn garment's grey differs by from its mean, as a factor; the cloth's own large shadows are
    divided out, so that they are wrong in a hint made of it.
    """
    inside = garment > 0
    # The parsed edge is mixed with what is behind it.
    grey = extended(photo, erode(garment, 2)).astype(np.float32).mean(2)
    light = (cv2.GaussianBlur(grey, (0, 0), 0.7) + 12) / (grey[inside].mean() + 12)
    light = np.clip(light, 0.25, 2.0) ** rng.uniform(0.6, 1.0)
    own = cloth.mean(2)
    sigma = unit * rng.uniform(0.08, 0.2)
    shade = (local_light(own, garment, sigma) + 12) / (own[inside].mean() + 12)
    worn = cloth / np.clip(shade, 0.4, 2.5)[..., None] ** 0.8 * light[..., None]
    soft = cv2.GaussianBlur(inside.astype(np.float32), (0, 0), 0.7)[..., None]
    return np.clip(photo * (1 - soft) + worn * soft, 0, 255).astype(np.uint8)


def another_camera(picture: Array, rng: Rng) -> Array:
    """Another exposure and white balance, and uneven light."""
    picture = picture + rng.uniform(0, 6) * smooth_noise(picture.shape[:2], 4, 1, rng)
    gain = np.exp(rng.normal(0, 0.07) + rng.normal(0, 0.02, 3))
    return np.clip(picture * gain + rng.normal(0, 4), 0, 255).astype(np.float32)


def as_if_before(labels: Mask, category: Category, rng: Rng) -> Mask:
    """The parsing as if the person had come in something larger: longer sleeves, a higher neck, trousers, and at times
    something as loose as a skirt or a cape, so that a wide mask does not mean a wide garment."""
    before = labels.copy()
    if category != "lower" and rng.random() < 0.6:
        before[labels == index("arms")] = index("upper")
    if category != "lower" and rng.random() < 0.3:
        before[labels == index("neck")] = index("upper")
    if category != "upper" and rng.random() < 0.5:
        before[labels == index("legs")] = index("lower")
    if rng.random() < LOOSE:
        worn = label_mask(before, GARMENT[category])
        loose = np.zeros_like(worn)
        cv2.fillConvexPoly(loose, cv2.convexHull(cv2.findNonZero(worn)), 255)
        before[(loose > 0) & (before == index("background"))] = index(GARMENT[category][0])
    return before


def make_hint(colours: Array, garment: Mask, category: Category, body: Body, rng: Rng) -> tuple[Image, Mask, Array]:
    """The worn garment as a warped flat one would look: (hint RGB, hint mask, displacement at 1/4 size).

    `colours` are those of the flat garment where it would lie without error, float32 (H, W, 3), everywhere.
    """
    size, unit = garment.shape, body.unit
    # The field is smooth: a quarter of the resolution is enough, at a sixteenth of the cost.
    coarse = displacement(Body(body.points / 4), (size[0] // 4, size[1] // 4), rng)
    field = enlarge(coarse, 4)
    # What hair, hands and bags hide on the truth, a flat garment shows.
    whole = np.asarray(
        cv2.morphologyEx(garment, cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8), iterations=int(0.12 * unit)), np.uint8
    )
    # Between the legs of trousers nothing is hidden; closing that gap would teach to part skirts there.
    whole = whole if category != "lower" and rng.random() < 0.8 else garment
    grow = rng.normal(0, 0.03) * unit
    whole = dilate(whole, grow) if grow > 0 else erode(whole, -grow)
    y, x = np.mgrid[: size[0], : size[1]].astype(np.float32)
    at = (x + field[..., 0], y + field[..., 1])
    hint = cv2.remap(np.clip(colours, 0, 255).astype(np.uint8), *at, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    mask = cv2.remap(whole, *at, cv2.INTER_LINEAR)
    return hint, np.where(mask > 127, 255, 0).astype(np.uint8), coarse


def example(worn: Worn, size: tuple[int, int], rng: Rng, cloth: Cloth | None = None) -> dict[str, np.ndarray]:
    """One training example as uint8/float16 arrays of (height, width); see `MeanModel.forward` for the names.

    With `cloth`, a share of the people are re-dressed in it.

    Beside its arguments: `truth` (H, W, 3), `layout` (H/2, W/2) indices, `true_flow` (H/4, W/4, 2) in pixels,
    `garment` (H, W).
    """
    matrix, flip = crop_matrix(worn, size, rng)
    wh = (size[1], size[0])
    photo = cv2.warpAffine(worn.photo, matrix, wh, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    labels = cv2.warpAffine(worn.labels, matrix, wh, flags=cv2.INTER_NEAREST)
    points = worn.points @ matrix[:, :2].T + matrix[:, 2]
    points = points[list(MIRROR18)] if flip else points
    body = Body(points)
    garment = label_mask(labels, GARMENT[worn.category])
    fitting = np.flatnonzero(cloth.categories == worn.category) if cloth is not None else np.zeros(0, np.int64)
    if cloth is not None and len(fitting) and rng.random() < REDRESSED and is_plain(photo, garment):
        picture = cloth.pictures[rng.choice(fitting)]
        laid = ironed(lay_cloth(picture, garment, rng), garment, body.unit)
        photo = varied_photo(redress(photo, garment, laid, body.unit, rng), labels, None, rng)
        colours = another_camera(laid, rng)
    else:
        photo = varied_photo(photo, labels, garment, rng)
        # A worn garment's hint must not tell its own folds, or a flat one's would be believed, too: what is left of
        # them is as often reversed.
        left = rng.uniform(-LEFT, LEFT)
        worn_colours = ironed(extended(photo, erode(garment, 1)), np.full_like(garment, 255), body.unit, left)
        colours = relit(worn_colours, garment, body.unit, rng)
    hint, hint_mask, field = make_hint(colours, garment, worn.category, body, rng)
    mask = agnostic_mask(
        as_if_before(labels, worn.category, rng), body, worn.category, hint_mask, margin=rng.uniform(0.04, 0.14)
    )
    mask |= garment
    hint_mask &= mask
    layout = layout_of(labels, garment)
    flow = inverse_flow(field)
    known = np.where(mask > 0, UNKNOWN, layout).astype(np.uint8)
    facts = np.zeros(6, np.float16)
    facts[CATEGORIES.index(worn.category)] = 1
    facts[3 + worn.sleeve] = 1
    return dict(
        truth=photo, mask=mask, hint=hint, hint_mask=hint_mask, garment=garment, points=points.astype(np.float32),
        layout=layout[1::2, 1::2], known=known, true_flow=(4 * flow).astype(np.float16),
        facts=facts,
    )  # fmt: skip
