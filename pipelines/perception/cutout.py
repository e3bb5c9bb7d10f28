"""Picture of a garment → the mask of its foreground.

Flat product pictures show one garment on a ground that reaches the border. The ground's colour is learnt from the
border, what differs from it seeds GrabCut, and the result is brought back to the picture's own size along its edges.
"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.masks import dilate, disk
from pipelines.schema import Image, Mask

Floats = NDArray[np.float32]

#: Longest side at which the foreground is searched; the result is refined at the picture's size.
WORK_SIZE: Final = 320
#: Share of the shorter side that counts as border.
BORDER_SHARE: Final = 0.03
#: Lab distance (8-bit units) to the ground that is surely garment, at the least noise.
SURE_DISTANCE: Final = 14.0
#: Ground noise below which the ground counts as plain.
PLAIN_NOISE: Final = 3.0
#: Reach of compression ringing around an edge, in pixels: the 8 × 8 blocks of JPEG, rarely two of them.
RINGING: Final = 9
#: Overlap from which two masks of one garment count as the same.
AGREE: Final = 0.85
#: Ground colours kept as models: plain ground needs one, floors and checks need several.
GROUND_COLOURS: Final = 4
#: A hole smaller than this share of the garment is filled whatever it looks like.
FILL_SHARE: Final = 0.002
#: Colour is not believed where it takes for garment what lies further than this from the network's, as a share of the
#: picture's side, and covers more than this share of it.
SHADOW_GAP: Final = 0.02
SHADOW_SHARE: Final = 0.01
#: Half the width of what is a rim and no shadow, in pixels of WORK_SIZE.
RIM: Final = 2


def cut_out(image: NDArray[np.uint8]) -> Mask:
    """Find the garment in a product picture.

    Args:
        image: RGB uint8 (H, W, 3), or RGBA (H, W, 4), whose alpha is then the answer.

    Returns:
        uint8 (H, W), 255 = garment, the visible inside of the back included. All 0 when nothing stands out from
        the ground.
    """
    if image.shape[2] == 4 and image[..., 3].min() < 128:
        return np.where(image[..., 3] >= 128, 255, 0).astype(np.uint8)
    rgb = np.ascontiguousarray(image[..., :3])
    small = _shrink(rgb)
    distance, noise = ground_distance(small)
    coarse = _grab(small, distance, noise)
    coarse = _tidy(coarse, distance, noise)
    return _refine(rgb, coarse)


def ground_distance(image: Image) -> tuple[Floats, float]:
    """How far every pixel's colour is from the ground's.

    Args:
        image: RGB uint8 (H, W, 3).

    Returns:
        float32 (H, W), Lab distance in 8-bit units to the nearest ground colour; and the ground's own noise, the
        95th percentile of that distance in the border.
    """
    lab = cv2.cvtColor(cv2.medianBlur(image, 3), cv2.COLOR_RGB2LAB).astype(np.float32)
    border = _border(image.shape[:2])
    samples = lab[border]
    centres = _ground_colours(samples)
    weights = np.array([1.0, 1.2, 1.2], np.float32)
    gaps = np.stack([np.linalg.norm((lab - c) * weights, axis=2) for c in centres])
    distance: Floats = gaps.min(axis=0).astype(np.float32)
    return distance, float(np.percentile(distance[border], 95))


def _ground_colours(samples: Floats) -> Floats:
    """The main colours of the border pixels (N, 3), without those a garment at the border would add."""
    criteria = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_MAX_ITER, 20, 0.5)
    cv2.setRNGSeed(1)
    k = min(GROUND_COLOURS, len(samples))
    _, labels, centres = cv2.kmeans(samples, k, np.empty(0, np.int32), criteria, 3, cv2.KMEANS_PP_CENTERS)
    shares = np.bincount(labels.ravel(), minlength=k) / len(samples)
    kept: Floats = np.asarray(centres, np.float32)[shares > 0.12]
    return kept if len(kept) else np.asarray(centres, np.float32)[[int(shares.argmax())]]


def _grab(image: Image, distance: Floats, noise: float) -> Mask:
    """GrabCut from what differs from the ground; 255 = foreground."""
    sure = max(SURE_DISTANCE, 2.5 * noise)
    maybe = max(3.0, 1.5 * noise)
    seeds = np.full(distance.shape, cv2.GC_PR_BGD, np.uint8)
    seeds[distance > maybe] = cv2.GC_PR_FGD
    core = cv2.erode((distance > sure).astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    seeds[core] = cv2.GC_FGD
    edge = np.zeros_like(core)
    edge[:2], edge[-2:], edge[:, :2], edge[:, -2:] = True, True, True, True
    seeds[edge & (distance < max(4.0, noise))] = cv2.GC_BGD
    if not (seeds % 2 == 1).any():
        return np.zeros(distance.shape, np.uint8)
    if not (seeds % 2 == 0).any():
        return np.full(distance.shape, 255, np.uint8)
    if noise < PLAIN_NOISE:  # plain ground needs no colour model: distance alone is right, and keeps white on white
        return _plain(distance)
    cv2.setRNGSeed(1)
    cv2.grabCut(image, seeds, None, np.zeros((1, 65)), np.zeros((1, 65)), 3, cv2.GC_INIT_WITH_MASK)
    return np.where(seeds % 2 == 1, 255, 0).astype(np.uint8)


def _plain(distance: Floats) -> Mask:
    """Garment on plain ground: everything clearly off it, and what is faintly off it where nothing clear is near.

    Compression leaves faint ringing around a dark garment; around a white one the same faint signal *is* the garment.
    """
    strong = distance > 0.5 * SURE_DISTANCE
    near = cv2.dilate(strong.astype(np.uint8), np.ones((2 * RINGING + 1, 2 * RINGING + 1), np.uint8)) > 0
    faint = (distance > 1.5) & ~strong
    wide = cv2.morphologyEx(faint.astype(np.uint8), cv2.MORPH_OPEN, np.ones((RINGING + 2, RINGING + 2), np.uint8)) > 0
    return _sharpen(np.where(strong | wide | (faint & ~near), 255, 0).astype(np.uint8), distance)


def _sharpen(mask: Mask, distance: Floats) -> Mask:
    """Take back the half-transparent rim: pixels less than half as far from the ground as the cloth beside them."""
    inside = (mask > 0).astype(np.uint8)
    core = cv2.erode(inside, np.ones((5, 5), np.uint8)) > 0
    # The faintest cloth nearby, not the mean: a white stripe beside a black one is cloth too.
    cloth = cv2.erode(np.where(core, distance, np.float32(np.inf)), np.ones((9, 9), np.uint8))
    rim = (inside > 0) & ~core & np.isfinite(cloth) & (distance < 0.5 * cloth)
    return np.where((inside > 0) & ~rim, 255, 0).astype(np.uint8)


def _tidy(mask: Mask, distance: Floats, noise: float) -> Mask:
    """Drop specks, keep the garment's pieces, fill what is inside it and not ground."""
    closed = cv2.morphologyEx(mask, cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8))
    count, labels, stats, _ = cv2.connectedComponentsWithStats(closed)
    if count < 2:
        return np.zeros_like(mask)
    areas = stats[1:, cv2.CC_STAT_AREA]
    kept = np.isin(labels, 1 + np.flatnonzero(areas >= 0.06 * areas.max()))
    filled = kept.copy()
    count, holes, stats, _ = cv2.connectedComponentsWithStats((~kept).astype(np.uint8), connectivity=4)
    outside = set(np.unique(np.concatenate([holes[0], holes[-1], holes[:, 0], holes[:, -1]])))
    for index in range(1, count):
        if index in outside:
            continue
        inside = holes == index
        small = stats[index, cv2.CC_STAT_AREA] < FILL_SHARE * kept.sum()
        # Ringing lifts most of a narrow gap between sleeve and body, not all of it; white cloth has no ground in it.
        if small or np.percentile(distance[inside], 25) > max(0.7, 0.6 * noise):
            filled |= inside
    return np.where(filled, 255, 0).astype(np.uint8)


def _refine(image: Image, coarse: Mask) -> Mask:
    """Bring a coarse mask to the size of `image` (H, W, 3), its edge drawn to the picture's edges."""
    height, width = image.shape[:2]
    big = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_LINEAR).astype(np.float32) / 255
    if max(height, width) > WORK_SIZE:
        guide = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY).astype(np.float32) / 255
        big = _guided(guide, big, radius=max(2, round(max(height, width) / WORK_SIZE * 2)), epsilon=1e-4)
    return np.where(big >= 0.5, 255, 0).astype(np.uint8)


def _guided(guide: Floats, source: Floats, radius: int, epsilon: float) -> Floats:
    """Guided filter (He et al., 2010) of `source` by `guide`, both float32 (H, W)."""
    size = (2 * radius + 1, 2 * radius + 1)

    def mean(x: Floats) -> Floats:
        return np.asarray(cv2.blur(x, size), np.float32)

    mean_guide, mean_source = mean(guide), mean(source)
    slope = (mean(guide * source) - mean_guide * mean_source) / (mean(guide * guide) - mean_guide**2 + epsilon)
    offset = mean_source - slope * mean_guide
    return mean(slope) * guide + mean(offset)


def _border(shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """True in a frame along the edge of (H, W)."""
    width = max(2, round(BORDER_SHARE * min(shape)))
    frame = np.ones(shape, bool)
    frame[width:-width, width:-width] = False
    return frame


def _shrink(image: Image) -> Image:
    """The picture with its longest side at most `WORK_SIZE`."""
    scale = WORK_SIZE / max(image.shape[:2])
    if scale >= 1:
        return image
    size = (max(8, round(image.shape[1] * scale)), max(8, round(image.shape[0] * scale)))
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)


def cut_out_with(image: Image, belief: Floats) -> Mask:
    """Find the garment with the help of a network.

    Colour alone is exact on plain ground and lost on textured ground; the network is never lost but coarse. Where
    both agree colour's outline is kept, else GrabCut is let loose between what the network is sure of.

    Args:
        image: RGB uint8 (H, W, 3).
        belief: float32 (h, w), the network's probability of garment, at any size of the same shape.

    Returns:
        uint8 (H, W), 255 = garment.
    """
    small = _shrink(image)
    likely = cv2.resize(belief, small.shape[1::-1], interpolation=cv2.INTER_LINEAR)
    distance, noise = ground_distance(small)
    by_colour = _tidy(_grab(small, distance, noise), distance, noise)
    if noise < PLAIN_NOISE and _same_thing(by_colour > 0, likely):
        return _refine(image, by_colour)
    seeds = np.where(likely > 0.5, cv2.GC_PR_FGD, cv2.GC_PR_BGD).astype(np.uint8)
    seeds[likely > 0.9], seeds[likely < 0.1] = cv2.GC_FGD, cv2.GC_BGD
    found = np.where(likely > 0.5, 255, 0).astype(np.uint8)
    if (seeds % 2 == 1).any() and (seeds % 2 == 0).any():
        cv2.setRNGSeed(1)
        cv2.grabCut(small, seeds, None, np.zeros((1, 65)), np.zeros((1, 65)), 2, cv2.GC_INIT_WITH_MASK)
        grabbed = np.where(seeds % 2 == 1, 255, 0).astype(np.uint8)
        # Cloth and ground of like colour lead GrabCut astray; the network's own outline is then the better one.
        found = grabbed if _overlap(grabbed > 0, found > 0) > AGREE else found
    return _refine(image, _fill(_largest(found), likely))


def _same_thing(by_colour: NDArray[np.bool_], likely: Floats) -> bool:
    """Whether colour and network mean one thing: they overlap, or the network only missed pieces of colour's mask."""
    believed = likely > 0.5
    near = dilate(np.where(believed, 255, 0).astype(np.uint8), SHADOW_GAP * max(believed.shape)) > 0
    # What the network is sure is ground and lies off the garment is a cast shadow or a fall of light. A thin rim is
    # neither: there the network's garment ends too early.
    off = np.where(by_colour & ~near & (likely < 0.1), 255, 0).astype(np.uint8)
    if np.count_nonzero(cv2.morphologyEx(off, cv2.MORPH_OPEN, disk(RIM))) > SHADOW_SHARE * believed.sum():
        return False
    both = float((by_colour & believed).sum())
    inside = both / max(1.0, float(believed.sum()))
    return _overlap(by_colour, believed) > AGREE or (inside > 0.95 and both > 0.65 * by_colour.sum())


def _overlap(a: NDArray[np.bool_], b: NDArray[np.bool_]) -> float:
    """Intersection over union."""
    return float((a & b).sum() / max(1, (a | b).sum()))


def _fill(mask: Mask, likely: Floats) -> Mask:
    """Close the holes that the network does not clearly take for ground."""
    count, holes, stats, _ = cv2.connectedComponentsWithStats((mask == 0).astype(np.uint8), connectivity=4)
    outside = set(np.unique(np.concatenate([holes[0], holes[-1], holes[:, 0], holes[:, -1]])))
    filled = mask.copy()
    for index in range(1, count):
        inside = holes == index
        small = stats[index, cv2.CC_STAT_AREA] < FILL_SHARE * (mask > 0).sum()
        if index not in outside and (small or np.median(likely[inside]) > 0.2):
            filled[inside] = 255
    return filled


def _largest(mask: Mask) -> Mask:
    """The largest piece and every piece of some size, closed."""
    closed = cv2.morphologyEx(mask, cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8))
    count, labels, stats, _ = cv2.connectedComponentsWithStats(closed)
    if count < 2:
        return closed
    areas = stats[1:, cv2.CC_STAT_AREA]
    return np.where(np.isin(labels, 1 + np.flatnonzero(areas >= 0.1 * areas.max())), 255, 0).astype(np.uint8)
