"""The layout: a parsing seen from the garment that is rendered."""

from __future__ import annotations

import numpy as np

from pipelines.schema import PARSING_LABELS, Mask

#: What a pixel of the finished picture is.
LAYOUT_LABELS: tuple[str, ...] = ("background", "garment", "skin", "hair", "other clothing", "other")
#: In a layout: not known, because it is to be repainted.
UNKNOWN = 255

_FROM_PARSING: dict[str, str] = {
    "hair": "hair",
    **dict.fromkeys(("face", "neck", "arms", "hands", "legs"), "skin"),
    **dict.fromkeys(("upper", "lower", "dress", "outer"), "other clothing"),
    **dict.fromkeys(("shoes", "bag", "hat", "accessory"), "other"),
}


def layout_of(labels: Mask, garment: Mask | None = None) -> Mask:
    """A parsing (H, W) as indices into LAYOUT_LABELS; `garment` is where the rendered garment is, if it is there
    yet."""
    table = [LAYOUT_LABELS.index(_FROM_PARSING.get(name, "background")) for name in PARSING_LABELS]
    layout = np.asarray(table, np.uint8)[labels]
    if garment is not None:
        layout[garment > 0] = LAYOUT_LABELS.index("garment")
    return layout


def known_layout(labels: Mask, mask: Mask) -> Mask:
    """The layout of what stays: UNKNOWN under the agnostic mask."""
    return np.where(mask > 0, UNKNOWN, layout_of(labels)).astype(np.uint8)
