"""A mask that a shopper makes by clicks and strokes. Nothing here changes itself: undo is taking the last one away."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import cv2
import numpy as np

from pipelines.perception.clicked import Click, ClickMask
from pipelines.schema import Image, Mask

#: Colour of the mask over a photo, RGB, and how much of it is mixed in.
TINT, MIX = (64, 112, 255), 0.5
#: Width of the brush at first, in percent of the photo's longer side, and its limits.
WIDTH, WIDTHS = 3.0, (0.5, 10.0)

Tool = Literal["click", "brush"]
#: What a mask becomes: what is repainted or kept in front, or what is taken away first.
Purpose = Literal["mask", "remove"]


@dataclass(frozen=True)
class Stroke:
    """A stroke of the brush.

    Attributes:
        points: fractions of the photo, at least one.
        add: whether it paints or wipes.
        width: percent of the photo's longer side.
    """

    points: tuple[tuple[float, float], ...]
    add: bool
    width: float


@dataclass(frozen=True, eq=False)
class Marking:
    """A mask under way.

    Attributes:
        photo: what it is made for, RGB uint8 (H, W, 3).
        finder: finds things in that photo.
        purpose: what it becomes.
        tool, add, width: what the next touch does.
        deeds: clicks and strokes so far, in their order.
        mask: what they make together, uint8 (H, W), 255 = in; all 0 without any.
    """

    photo: Image = field(repr=False)
    finder: ClickMask = field(repr=False)
    purpose: Purpose = "mask"
    tool: Tool = "click"
    add: bool = True
    width: float = WIDTH
    deeds: tuple[Click | Stroke, ...] = ()
    mask: Mask | None = field(default=None, repr=False)

    def touched(self, points: Sequence[tuple[float, float]]) -> Marking:
        """With one more click or stroke; BadInput for a click that cannot be used."""
        if self.tool == "click":
            return self._with((*self.deeds, Click(*points[-1], self.add)))
        return self._with((*self.deeds, Stroke(tuple(points), self.add, self.width)))

    def undone(self) -> Marking:
        """Without the last click or stroke."""
        return self._with(self.deeds[:-1])

    def cleared(self) -> Marking:
        """Without any."""
        return self._with(())

    @property
    def clicks(self) -> tuple[Click, ...]:
        """The clicks among the deeds."""
        return tuple(deed for deed in self.deeds if isinstance(deed, Click))

    def _with(self, deeds: tuple[Click | Stroke, ...]) -> Marking:
        clicks = tuple(deed for deed in deeds if isinstance(deed, Click))
        mask = self.finder.mask(clicks) if clicks else np.zeros(self.photo.shape[:2], np.uint8)
        for deed in deeds:  # hands know better: strokes lie over what clicks find
            if isinstance(deed, Stroke):
                paint(mask, deed)
        return replace(self, deeds=deeds, mask=mask if deeds else None)


def paint(mask: Mask, stroke: Stroke) -> None:
    """Draw a stroke into a mask (H, W)."""
    height, width = mask.shape
    thick = max(1, round(stroke.width / 100 * max(mask.shape)))
    path = np.rint(np.clip(stroke.points, 0, 1) * (width - 1, height - 1)).astype(np.int32)
    value = 255 if stroke.add else 0
    cv2.polylines(mask, [path], False, value, thick)
    for x, y in (path[0].tolist(), path[-1].tolist()):
        cv2.circle(mask, (x, y), thick // 2, value, -1)


def tinted(photo: Image, mask: Mask | None) -> Image:
    """A photo (H, W, 3) with a mask (H, W) laid over it and drawn round."""
    if mask is None:
        return photo
    mixed = np.rint((1 - MIX) * photo + MIX * np.array(TINT)).astype(np.uint8)
    shown = np.where(mask[..., None] > 0, mixed, photo)
    outlines, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    cv2.drawContours(shown, outlines, -1, (255, 255, 255), max(1, round(max(mask.shape) / 500)))
    return shown
