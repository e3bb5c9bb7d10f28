"""Pictures of garments with masks to learn the foreground from.

There are no hand-drawn masks. Where a garment lies on a plain ground, colour finds its outline by itself
(pipelines.perception.cutout), and whether it did can be told without looking: the outline is symmetric, short, free of
the border and lies on edges of the picture. Those masks are the labels; cut out with them, the same garments are then
laid on floors, carpets, near-white and like-coloured ground, where colour alone would fail.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.schema import Image, Mask

Rng = np.random.Generator


def is_held_out(name: str) -> bool:
    """Whether a garment picture is kept out of every training: a fifth, by the hash of its name."""
    return int(hashlib.sha256(name.encode()).hexdigest()[:8], 16) % 5 == 0


def mask_quality(image: Image, mask: Mask) -> float:
    """How sure a mask is right, 0 to 1, without knowing the truth.

    The product of mirror symmetry and the share of the outline that lies on an edge of the picture; 0 for masks that
    are tiny, touch much of the border or have a ragged outline. On 236 looked at, all above 0.82 were right.
    """
    inside = mask > 127
    if not 0.03 < inside.mean() < 0.9:
        return 0.0
    border = np.concatenate([inside[0], inside[-1], inside[:, 0], inside[:, -1]]).mean()
    contours, _ = cv2.findContours(inside.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    largest = max(contours, key=cv2.contourArea)
    ragged = cv2.arcLength(largest, True) / np.sqrt(cv2.contourArea(largest) + 1)
    if border > 0.1 or ragged > 9:
        return 0.0
    lab = cv2.cvtColor(cv2.GaussianBlur(image, (0, 0), 1.2), cv2.COLOR_RGB2LAB).astype(np.float32)
    slopes = [cv2.Sobel(lab[..., i], cv2.CV_32F, *d) for i in range(3) for d in ((1, 0), (0, 1))]
    edge = np.sqrt(sum(s * s for s in slopes)) > 25
    rim = cv2.morphologyEx(inside.astype(np.uint8), cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8)) > 0
    return float(mirror_overlap(mask) * edge[rim].mean())


def mirror_overlap(mask: Mask) -> float:
    """Intersection over union of a mask and its mirror image, at the best axis within 30° of upright."""
    ys, xs = np.nonzero(mask > 127)
    centre = ((float(xs.min()) + float(xs.max())) / 2, (float(ys.min()) + float(ys.max())) / 2)
    side, best = 64, 0.0
    scale = 0.7 * side / max(np.ptp(xs) + 1, np.ptp(ys) + 1)
    for angle in range(-30, 31, 5):
        turn = cv2.getRotationMatrix2D(centre, angle, scale)
        turn[:, 2] += side / 2 - np.array(centre)
        small = cv2.warpAffine(mask, turn, (side, side), flags=cv2.INTER_AREA) > 127
        for shift in range(-6, 7):
            mirrored = np.roll(small[:, ::-1], shift, axis=1)
            best = max(best, float((small & mirrored).sum() / max(1, (small | mirrored).sum())))
    return best


@dataclass(frozen=True, eq=False)
class Cut:
    """A garment picture RGB uint8 (H, W, 3) with its mask uint8 (H, W)."""

    image: Image
    mask: Mask


def strips_of_ground(cut: Cut) -> list[Image]:
    """Pieces of ground beside the garment, each at least a tenth of the picture wide and high."""
    ys, xs = np.nonzero(cut.mask)
    height, width = cut.mask.shape
    boxes = (
        (0, ys.min(), 0, width),
        (ys.max() + 1, height, 0, width),
        (0, height, 0, xs.min()),
        (0, height, xs.max() + 1, width),
    )
    pieces = [cut.image[a:b, c:d] for a, b, c, d in boxes if b - a > 0.1 * height and d - c > 0.1 * width]
    return [np.ascontiguousarray(p) for p in pieces]


def lay_ground(rng: Rng, pieces: list[Image], size: int) -> Image:
    """A ground (size, size, 3): a strip of a real one repeated in mirror, or a plain wall with its light."""
    if rng.random() < 0.62 and pieces:
        piece = pieces[rng.integers(len(pieces))]
        scale = rng.uniform(0.7, 1.6) * size / 352
        piece = cv2.resize(piece, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        # Mirrored until it covers the square.
        while min(piece.shape[:2]) < size:
            piece = np.concatenate([piece, piece[::-1]]) if piece.shape[0] < size else piece
            piece = np.concatenate([piece, piece[:, ::-1]], axis=1) if piece.shape[1] < size else piece
        return np.ascontiguousarray(piece[:size, :size])
    white = rng.random() < 0.5
    colour = 255 - rng.exponential(8, 3) if white else rng.uniform(20, 250) + rng.normal(0, 18, 3)
    light = np.linspace(0, rng.normal(0, 25) * (0.15 if white else 1), size)[:, None, None]
    ground = np.broadcast_to(colour + (light if rng.random() < 0.5 else light.transpose(1, 0, 2)), (size, size, 3))
    grain = rng.normal(0, rng.choice([0.0, 1.5, 6.0]), (size, size, 1))
    return np.clip(ground + grain, 0, 255).astype(np.uint8)


def place(rng: Rng, cut: Cut, size: int) -> Cut:
    """A picture as it is, letterboxed to a square in its border's colour, perhaps zoomed, turned and mirrored."""
    height, width = cut.mask.shape
    scale = size / max(height, width) * rng.uniform(0.75, 1.2)
    angle = rng.normal(0, 5) if rng.random() < 0.8 else rng.uniform(-180, 180)
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), float(angle), scale)
    turn[:, 2] += size / 2 - np.array([width / 2, height / 2]) + rng.normal(0, 0.03 * size, 2)
    mode = cv2.BORDER_REPLICATE  # as `square` pads a picture when it is read
    image = cv2.warpAffine(cut.image, turn, (size, size), flags=cv2.INTER_AREA, borderMode=mode)
    mask = cv2.warpAffine(cut.mask, turn, (size, size), flags=cv2.INTER_LINEAR, borderMode=mode)
    if rng.random() < 0.5:
        image, mask = image[:, ::-1], mask[:, ::-1]
    return Cut(np.ascontiguousarray(image), np.ascontiguousarray(mask))


def compose(rng: Rng, cut: Cut, ground: Image, recolour: bool = True) -> Cut:
    """Lay a cut-out on a square ground, perhaps recoloured, with a soft shadow."""
    size = len(ground)
    ys, xs = np.nonzero(cut.mask)
    y0, y1, x0, x1 = ys.min(), ys.max() + 1, xs.min(), xs.max() + 1
    scale = size * rng.uniform(0.5, 1.05) / max(y1 - y0, x1 - x0)
    turn = cv2.getRotationMatrix2D(((x0 + x1) / 2, (y0 + y1) / 2), float(rng.normal(0, 8)), scale)
    turn[:, 2] += size / 2 - np.array([(x0 + x1) / 2, (y0 + y1) / 2]) + rng.normal(0, 0.04 * size, 2)
    # A pixel off the rim goes with the old ground's colour in it.
    tight = cv2.erode(cut.mask, np.ones((3, 3), np.uint8))
    image = cv2.warpAffine(cut.image, turn, (size, size), flags=cv2.INTER_AREA).astype(np.float32)
    alpha = cv2.warpAffine(cv2.GaussianBlur(tight, (0, 0), 0.7), turn, (size, size), flags=cv2.INTER_AREA) / np.float32(
        255
    )
    if recolour:
        image = _recolour(rng, image, ground)
    under = ground.astype(np.float32)
    if rng.random() < 0.75:
        shift = rng.normal(0, 0.012 * size, 2)
        soft = cv2.GaussianBlur(alpha, (0, 0), rng.uniform(1, 6))
        soft = cv2.warpAffine(soft, np.array([[1, 0, shift[0]], [0, 1, shift[1]]]), (size, size))
        under *= 1 - rng.uniform(0.02, 0.45) * soft[..., None]
    mixed = under * (1 - alpha[..., None]) + image * alpha[..., None]
    if rng.random() < 0.5:
        mixed, alpha = mixed[:, ::-1], alpha[:, ::-1]
    mask = np.where(alpha > 0.5, 255, 0).astype(np.uint8)
    return Cut(np.clip(mixed, 0, 255).astype(np.uint8).copy(), mask)


def _recolour(rng: Rng, image: NDArray[np.float32], ground: Image) -> NDArray[np.float32]:
    """Most garments as they are; some white, some near the ground's colour, some tinted."""
    choice = rng.random()
    if choice < 0.2:
        strength = rng.uniform(0.06, 0.35)
        return 255 - (255 - image).mean(axis=2, keepdims=True) * strength * (
            1 + rng.normal(0, 0.03, 3).astype(np.float32)
        )
    if choice < 0.35:
        grey = image.mean(axis=2, keepdims=True)
        return np.asarray(
            ground.mean(axis=(0, 1)) + rng.normal(0, 14, 3) + (grey - grey.mean()) * rng.uniform(0.2, 0.7), np.float32
        )
    if choice < 0.6:
        return np.asarray(image * rng.uniform(0.5, 1.3, 3) + rng.uniform(-15, 30), np.float32)
    return image


def jpeg(rng: Rng, image: Image) -> Image:
    """Half the pictures, through JPEG at a random quality, so that its ringing is no surprise."""
    if rng.random() < 0.5:
        return image
    _, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(40, 96))])
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)
