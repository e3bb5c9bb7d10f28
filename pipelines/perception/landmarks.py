"""Cut-out garment → named points, sleeve lines and a map of parts.

Left and right are the *picture's*: `shoulder_left` has the smaller x. On a garment shown from the front that is the
wearer's right side.
"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from pipelines.errors import BadInput
from pipelines.geometry.garment import (
    INNER_COLLAR,
    LEFT_LEG,
    LEFT_SLEEVE,
    PARTS,
    POINT_NAMES,
    RIGHT_LEG,
    RIGHT_SLEEVE,
    TORSO,
    GarmentLandmarks,
    Kind,
    Sleeve,
)
from pipelines.perception.garment_net import HEAT_MAPS, MAP_SIZE, PART_SIZE, PartNet
from pipelines.schema import Category, Image, Mask

Floats = NDArray[np.float32]

#: Share of the network's square that the garment's longer side fills.
FILL: Final = 0.9
#: A sleeve is short up to this length, in half shoulder widths: a little above the elbow.
SHORT_SLEEVE: Final = 1.5
#: Less than this is a cap on the shoulder, no sleeve.
NO_SLEEVE: Final = 0.2
#: Where armholes end: this far below the shoulder at least, in widths of the garment, and at most this share of the way
#: to the hem.
ARMHOLE: Final = (0.2, 0.5)
#: The reach over which the outline turns there, by how much at the least, and how far the two sides may be apart in
#: height: in widths of the garment.
TURN_REACH, TURN, UNEVEN = 0.15, 0.02, 0.15
#: How much farther out than the armpits that were found the ends of the armholes lie, where those are wrong.
FARTHER_OUT: Final = 0.05
#: How far below the found neckline the inside of the back may reach, in half widths of the collar.
NECKLINE_SLACK: Final = 0.08
CATEGORIES: Final[tuple[Category, ...]] = ("upper", "lower", "dress")

_UPPER_POINTS = frozenset(n for n in POINT_NAMES if n.split("_")[0] in ("collar", "neck", "shoulder", "armpit")) | {
    "waist_left", "waist_right", "hem_left", "hem_right",
}  # fmt: skip
_ALLOWED_PARTS: Final = {
    "upper": (TORSO, LEFT_SLEEVE, RIGHT_SLEEVE, INNER_COLLAR),
    "dress": (TORSO, LEFT_SLEEVE, RIGHT_SLEEVE, INNER_COLLAR),
    "lower": (TORSO, LEFT_LEG, RIGHT_LEG, INNER_COLLAR),
}


def _mirrored_names() -> list[int]:
    """For each heat map, the index of its twin on the other side."""
    swap = {"left": "right", "right": "left"}
    twins = [POINT_NAMES.index("_".join(swap.get(w, w) for w in name.split("_"))) for name in POINT_NAMES]
    return [*twins, len(POINT_NAMES) + 1, len(POINT_NAMES)]


_TWIN_POINTS: Final = _mirrored_names()
_TWIN_PARTS: Final = [0, TORSO, RIGHT_SLEEVE, LEFT_SLEEVE, RIGHT_LEG, LEFT_LEG, INNER_COLLAR]


def read_landmarks(
    net: PartNet, image: Image, mask: Mask, category: Category, kind: Kind | None = None
) -> GarmentLandmarks:
    """Find the landmarks of a garment.

    Args:
        net: in eval mode.
        image: RGB uint8 (H, W, 3).
        mask: uint8 (H, W), 255 = garment.
        category: what the garment is.
        kind: if known; otherwise lower garments are told apart by their crotch.

    Raises:
        BadInput: the mask is all but empty.
    """
    if np.count_nonzero(mask > 127) < max(40, 0.003 * mask.size):
        raise BadInput(
            "garment picture", "no garment in it", "one garment that fills much of the picture",
            "Use a picture of one garment on a plain ground.",
        )  # fmt: skip
    to_square = _view(mask)
    parts, heat, present = _look(net, _square(image, mask, to_square), category)
    back = cv2.invertAffineTransform(to_square)
    found = _peaks(heat) @ back[:, :2].T.astype(np.float32) + back[:, 2].astype(np.float32)
    points, elbows = found[: len(POINT_NAMES)], found[len(POINT_NAMES) :]
    kind = kind or _kind(category, points, present, mask.shape[0])
    _drop_absent(points, present, category, kind)
    lines = _sleeve_lines(points, elbows, present)
    label_map = _part_map(parts, to_square, mask, category, kind)
    if category != "lower":
        _bound_collar(label_map, points)
    elif kind != "skirt":
        _part_legs(label_map, points)
    sleeve = _sleeve_class(points, lines)
    if sleeve == "none":
        points[[i for i, n in enumerate(POINT_NAMES) if n.startswith("cuff")]] = np.nan
        lines[:] = np.nan
        label_map[(label_map == LEFT_SLEEVE) | (label_map == RIGHT_SLEEVE)] = TORSO
        if category != "lower":
            lower_armpits(points, mask)
    size = np.array([mask.shape[1], mask.shape[0]], np.float32)
    fractions = [np.asarray((p + 0.5) / size, np.float32) for p in (points, lines)]
    return GarmentLandmarks(fractions[0], kind, sleeve, fractions[1], label_map)


def _view(mask: Mask) -> NDArray[np.float64]:
    """The affine map (2, 3) from picture pixels into the network's square, garment centred."""
    ys, xs = np.nonzero(mask > 127)
    x0, x1, y0, y1 = xs.min(), xs.max() + 1, ys.min(), ys.max() + 1
    scale = FILL * PART_SIZE / max(x1 - x0, y1 - y0)
    offset = PART_SIZE / 2 - scale * np.array([(x0 + x1) / 2, (y0 + y1) / 2])
    # Half pixels keep pixel centres on pixel centres.
    return np.array([[scale, 0, offset[0] + scale / 2 - 0.5], [0, scale, offset[1] + scale / 2 - 0.5]])


def _square(image: Image, mask: Mask, to_square: NDArray[np.float64]) -> tuple[Image, Mask]:
    """Picture and mask as the network sees them, (128, 128, 3) and (128, 128)."""
    scale = to_square[0, 0]
    if scale < 0.5:  # shrink by area first: warpAffine alone would skip pixels
        small = max(1, round(image.shape[1] * scale)), max(1, round(image.shape[0] * scale))
        to_square = to_square @ np.diag([image.shape[1] / small[0], image.shape[0] / small[1], 1])
        image, mask = (cv2.resize(x, small, interpolation=cv2.INTER_AREA) for x in (image, mask))
    size = (PART_SIZE, PART_SIZE)
    return cv2.warpAffine(image, to_square, size), cv2.warpAffine(mask, to_square, size)


def _look(net: PartNet, square: tuple[Image, Mask], category: Category) -> tuple[Floats, Floats, Floats]:
    """Part chances (7, 64, 64), heat (22, 64, 64) summing to 1 each, and presence (22,); over both mirror images."""
    image, mask = square
    inside = (mask > 127).astype(np.float32)
    x = np.zeros((1, 7, PART_SIZE, PART_SIZE), np.float32)
    x[0, :3] = (image.transpose(2, 0, 1).astype(np.float32) / 127.5 - 1) * inside
    x[0, 3], x[0, 4 + CATEGORIES.index(category)] = inside, 1
    tensor = torch.from_numpy(x)
    with torch.inference_mode():
        parts, heat, present = net(torch.cat([tensor, tensor.flip(-1)]))
        parts = parts.float().softmax(dim=1)
        heat = heat.float().flatten(2).log_softmax(dim=2).view(2, HEAT_MAPS, MAP_SIZE, MAP_SIZE)

        def both(x: Tensor, twins: list[int]) -> Tensor:
            other = x[1].flip(-1) if x.ndim == 4 else x[1]
            return (x[0] + other[twins]) / 2

        mean_heat = both(heat, _TWIN_POINTS).flatten(1).softmax(dim=1).view(HEAT_MAPS, MAP_SIZE, MAP_SIZE)
        mean_present = both(present.float(), _TWIN_POINTS).sigmoid()
        return both(parts, _TWIN_PARTS).numpy(), mean_heat.numpy(), mean_present.numpy()


def _peaks(heat: Floats) -> Floats:
    """Where each heat map (K, 64, 64) peaks, in pixels of the square (K, 2): the mean of 5 × 5 about the maximum."""
    out = np.zeros((len(heat), 2), np.float32)
    for index, plane in enumerate(heat):
        y, x = np.unravel_index(int(plane.argmax()), plane.shape)
        y0, x0 = max(0, int(y) - 2), max(0, int(x) - 2)
        window = plane[y0 : y0 + 5, x0 : x0 + 5] if y0 + 5 <= MAP_SIZE and x0 + 5 <= MAP_SIZE else plane[y0:, x0:]
        rows, columns = np.mgrid[y0 : y0 + window.shape[0], x0 : x0 + window.shape[1]]
        total = window.sum() + 1e-12
        out[index] = (columns * window).sum() / total, (rows * window).sum() / total
    return np.asarray(out * (PART_SIZE / MAP_SIZE), np.float32)


def _kind(category: Category, points: Floats, present: Floats, height: int) -> Kind:
    """Top, dress, or by crotch and leg length which lower garment."""
    if category != "lower":
        return "dress" if category == "dress" else "top"
    if present[POINT_NAMES.index("crotch")] < 0.5:
        return "skirt"
    place = {
        n: points[POINT_NAMES.index(n)]
        for n in ("waist_left", "waist_right", "crotch", "hem_left_outer", "hem_right_outer")
    }
    leg = (place["hem_left_outer"][1] + place["hem_right_outer"][1]) / 2 - place["crotch"][1]
    width = float(np.linalg.norm(place["waist_right"] - place["waist_left"]))
    return "trousers" if leg > 1.05 * width else "shorts"


def _drop_absent(points: Floats, present: Floats, category: Category, kind: Kind) -> None:
    """Set to NaN, in place, what this kind of garment cannot have and what the network does not see."""
    for index, name in enumerate(POINT_NAMES):
        if category == "lower":
            keep = name.startswith("waist") or name in ("hem_left_outer", "hem_right_outer")
            keep |= kind != "skirt" and name in ("crotch", "hem_left_inner", "hem_right_inner")
        else:
            keep = name in _UPPER_POINTS
            if name.startswith("cuff"):
                pair = [POINT_NAMES.index(f"{name.rsplit('_', 1)[0]}_{end}") for end in ("outer", "inner")]
                keep = bool(present[pair].mean() > 0.5)
        if not keep:
            points[index] = np.nan


def _sleeve_lines(points: Floats, elbows: Floats, present: Floats) -> Floats:
    """Shoulder, elbow and cuff middle of the left and the right sleeve (2, 3, 2), NaN where there is none."""
    lines = np.full((2, 3, 2), np.nan, np.float32)
    for side, name in enumerate(("left", "right")):
        get = {
            p: points[POINT_NAMES.index(p.format(name))]
            for p in ("shoulder_{}", "armpit_{}", "cuff_{}_outer", "cuff_{}_inner")
        }
        if np.isnan(get["cuff_{}_outer"]).any():
            continue
        root, cuff = (get["shoulder_{}"] + get["armpit_{}"]) / 2, (get["cuff_{}_outer"] + get["cuff_{}_inner"]) / 2
        elbow = elbows[side] if present[len(POINT_NAMES) + side] > 0.5 else (root + cuff) / 2
        lines[side] = root, elbow, cuff
    return lines


def _sleeve_class(points: Floats, lines: Floats) -> Sleeve:
    """None, short or long by the longer sleeve, in half shoulder widths."""
    steps = np.linalg.norm(np.diff(lines, axis=1), axis=2).sum(axis=1)
    if np.isnan(steps).all():
        return "none"
    left, right = (points[POINT_NAMES.index(f"armpit_{s}")] for s in ("left", "right"))
    length = float(np.nanmax(steps)) / max(1e-6, float(np.linalg.norm(right - left)) / 2)
    return "none" if length < NO_SLEEVE else "short" if length < SHORT_SLEEVE else "long"


def lower_armpits(points: Floats, mask: Mask) -> None:
    """Put the armpits of a sleeveless garment, in place, where its armholes end, if the network put them well inside.

    Deep armholes look like narrow shoulders, so armpits are found half way down them. An armhole ends where the
    outline, which has been going outwards, turns into the side: a corner at the same height on both sides.

    Args:
        points: float32 (20, 2), pixels of the picture, in the order of POINT_NAMES.
        mask: uint8 (H, W), 255 = garment.
    """
    inside = mask > 127
    rows = np.flatnonzero(inside.any(1))
    top, strip = rows[0], inside[rows[0] : rows[-1] + 1]
    columns = np.arange(mask.shape[1])
    edges = [np.where(strip, columns, mask.shape[1]).min(1), np.where(strip, columns, -1).max(1)]
    width = float(np.median((edges[1] - edges[0])[len(rows) // 5 : 3 * len(rows) // 5]))
    reach = max(round(TURN_REACH * width), 1)
    corners, farther = [], []
    for side, edge, outwards in zip(("left", "right"), edges, (-1, 1), strict=True):
        shoulder, armpit, hem = (
            points[POINT_NAMES.index(f"{name}_{side}")] - (0, top) for name in ("shoulder", "armpit", "hem")
        )
        out = cv2.GaussianBlur((outwards * edge).astype(np.float32)[:, None], (0, 0), 0.02 * width)[:, 0]
        first = round(float(shoulder[1]) + ARMHOLE[0] * width)
        last = round(float(shoulder[1] + ARMHOLE[1] * (hem[1] - shoulder[1])))
        ys = np.arange(max(first, reach), min(last, len(out) - reach))
        if not len(ys):
            return
        turn = out[ys] - 0.5 * (out[ys - reach] + out[ys + reach])
        y = int(ys[turn.argmax()])
        if turn.max() < TURN * width:
            return
        corners.append((outwards * out[y], y + top))
        farther.append(out[y] - out[int(np.clip(armpit[1], 0, len(out) - 1))])
    if abs(corners[0][1] - corners[1][1]) < UNEVEN * width and np.mean(farther) > FARTHER_OUT * width:
        points[[POINT_NAMES.index(f"armpit_{side}") for side in ("left", "right")]] = corners


def _bound_collar(labels: NDArray[np.uint8], points: Floats) -> None:
    """Give back to the torso, in place, what the network takes for the inside of the back below the front neckline.

    Dark cloth looks like the shadow in a neck. The neckline is bounded by the parabola through both collar points and
    the lowest point of the front: a V lies above it, a round neck on it.
    """
    left, right, bottom = (points[POINT_NAMES.index(n)] for n in ("collar_left", "collar_right", "neck_bottom"))
    half = max(float(right[0] - left[0]) / 2, 1.0)
    x, top = np.arange(labels.shape[1]), 0.5 * float(left[1] + right[1])
    across = (x - 0.5 * float(left[0] + right[0])) / half
    neckline = float(bottom[1]) - (float(bottom[1]) - top) * across**2 + NECKLINE_SLACK * half
    below = np.arange(labels.shape[0])[:, None] > neckline
    labels[(labels == INNER_COLLAR) & below] = TORSO


def _part_legs(labels: NDArray[np.uint8], points: Floats) -> None:
    """Part what lies below the crotch into legs, in place: wide legs hide their seam, their points do not."""
    crotch, left, right = (points[POINT_NAMES.index(n)] for n in ("crotch", "hem_left_inner", "hem_right_inner"))
    rows = np.arange(labels.shape[0], dtype=np.float32)[:, None]
    hem = (left + right) / 2
    middle = crotch[0] + (hem[0] - crotch[0]) * (rows - crotch[1]) / max(float(hem[1] - crotch[1]), 1.0)
    is_left = np.arange(labels.shape[1])[None] < middle
    inside, below = (labels > 0) & (labels != INNER_COLLAR), rows > crotch[1]
    labels[inside] = TORSO
    labels[inside & below & is_left] = LEFT_LEG
    labels[inside & below & ~is_left] = RIGHT_LEG


def _part_map(
    parts: Floats, to_square: NDArray[np.float64], mask: Mask, category: Category, kind: Kind
) -> NDArray[np.uint8]:
    """The likeliest allowed part of every garment pixel, uint8 (H, W); 0 outside the mask."""
    allowed = [p for p in _ALLOWED_PARTS[category] if kind != "skirt" or p in (TORSO, INNER_COLLAR)]
    shape = (mask.shape[1], mask.shape[0])
    # A map pixel stands for every second pixel of the square.
    to_map = np.array([[0.5, 0, 0], [0, 0.5, 0.0]]) @ np.vstack([to_square, [0, 0, 1]])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    best = np.full(mask.shape, -1.0, np.float32)
    labels = np.zeros(mask.shape, np.uint8)
    for part in allowed:  # one plane at a time: pictures may have 40 megapixels
        plane = cv2.warpAffine(parts[part], to_map, shape, flags=flags, borderMode=cv2.BORDER_REPLICATE)
        better = plane > best
        best[better], labels[better] = plane[better], part
    labels[mask <= 127] = 0
    assert labels.max(initial=0) < len(PARTS)
    return labels
