"""What a published painter is given: everything at its own size, cut out of the photo around what it repaints.

The cut is ours and not diffusers' `padding_mask_crop`, which enlarges conditions together with the photo: poses and
lines are drawn here at the size at which ControlNets learnt them, and the paste is exact.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.masks import composite
from pipelines.schema import Image, Mask

#: Pictures that ControlNets understand, by name: OpenPose on black; depth, 255 = near; straight lines, white on black.
Control = Literal["pose", "depth", "lines"]

#: The cut is this much larger than the mask, so that a painter sees what it has to meet.
MARGIN = 1.4
#: The longer side of a cut is at most this many times the shorter one: published models know few banners.
LONGEST = 2.0
#: Width of the fade at the mask's edge, as a share of the cut's height.
FEATHER = 0.008


@dataclass(frozen=True)
class Form:
    """The pictures a painter paints.

    Attributes:
        side: it learnt pictures of this many pixels squared. multiple: sides are multiples of it.
    """

    side: int
    multiple: int = 64


@dataclass(frozen=True, eq=False)
class Window:
    """A part of a photo and the size it is painted at.

    Attributes:
        affine: 2×3, from the photo's pixels to those of the cut. size: (height, width) of the cut.
    """

    affine: NDArray[np.float64]
    size: tuple[int, int]

    def cut(self, picture: NDArray[Any], nearest: bool = False) -> NDArray[Any]:
        """A photo-sized picture at the size of the cut; beyond the photo its edge goes on."""
        size = self.size[::-1]
        if nearest:
            return cv2.warpAffine(picture, self.affine, size, flags=cv2.INTER_NEAREST, borderMode=cv2.BORDER_REPLICATE)
        scale = float(self.affine[0, 0])
        if scale < 1:
            # An affine sampler skips pixels when it shrinks; blur away what the smaller grid cannot hold.
            picture = cv2.GaussianBlur(picture, (0, 0), 0.4 / scale)
        return cv2.warpAffine(picture, self.affine, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)

    def points(self, points: NDArray[Any]) -> NDArray[np.float64]:
        """Pixels (N, 2) of the photo as pixels of the cut."""
        return np.asarray(points @ self.affine[:, :2].T + self.affine[:, 2], np.float64)

    def paste(self, photo: Image, painted: Image, mask: Mask) -> Image:
        """A painted cut in its photo: at the photo's own size, and outside `mask` (H, W) bit-identical to it."""
        size = (photo.shape[1], photo.shape[0])
        flags = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
        full = cv2.warpAffine(painted, self.affine, size, flags=flags, borderMode=cv2.BORDER_REPLICATE)
        return composite(photo, np.asarray(full, np.uint8), mask, FEATHER * self.size[0] / float(self.affine[0, 0]))


def window_around(mask: Mask, form: Form, margin: float = MARGIN) -> Window:
    """The window of a painter around a mask (H, W) that is not empty: nothing is stretched."""
    x, y, w, h = cv2.boundingRect(mask)
    aspect = float(np.clip(h / w, 1 / LONGEST, LONGEST))
    height, width = (
        max(form.multiple, form.multiple * round(side / form.multiple))
        for side in (form.side * np.sqrt(aspect), form.side / np.sqrt(aspect))
    )
    scale = 1 / (margin * max(w / width, h / height))
    middle = (width / 2 - scale * (x + w / 2), height / 2 - scale * (y + h / 2))
    return Window(np.array([[scale, 0, middle[0]], [0, scale, middle[1]]], np.float64), (height, width))


@dataclass(frozen=True, eq=False)
class Canvas:
    """What a painter sees and is told, at its own size (h, w).

    Attributes:
        photo: RGB uint8 (h, w, 3). mask: uint8 (h, w), 255 = repaint.
        hint: the photo with the item drawn in, RGB uint8 (h, w, 3); outside the mask it is the photo.
        item: the item alone on white, square, RGB uint8 (s, s, 3); where words say all, just white.
        prompt, negative_prompt: English words.
        controls: pictures (h, w, 3), RGB uint8, for ControlNets.
    """

    photo: Image
    mask: Mask
    hint: Image
    item: Image
    prompt: str
    negative_prompt: str = ""
    controls: Mapping[Control, Image] = field(default_factory=dict)


def on_white(picture: Image, mask: Mask) -> Image:
    """A cut-out, uint8 (H, W), 255 = item, in the middle of a white square as picture encoders know items."""
    x, y, w, h = cv2.boundingRect((mask > 127).astype(np.uint8))
    side = max(1, round(1.1 * max(w, h)))
    alpha = mask[y : y + h, x : x + w, None].astype(np.float32) / 255
    out = np.full((side, side, 3), 255, np.uint8)
    top, left = (side - h) // 2, (side - w) // 2
    out[top : top + h, left : left + w] = np.rint(alpha * picture[y : y + h, x : x + w] + 255 * (1 - alpha))
    return out
