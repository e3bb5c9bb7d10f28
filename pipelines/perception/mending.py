"""A top that the parser parted in two, made whole: its hem taken for trousers or a dress, where its colours go on."""

from __future__ import annotations

import cv2
import numpy as np

from pipelines.masks import dilate
from pipelines.schema import PARSING_LABELS, Image, Mask

UPPER = PARSING_LABELS.index("upper")
#: What a hem is mistaken for.
MISTAKEN = tuple(PARSING_LABELS.index(name) for name in ("lower", "dress"))
BELOW = tuple(PARSING_LABELS.index(name) for name in ("lower", "dress", "legs"))
#: Cells of OpenCV's 8-bit Lab in which colours count as one, and the share of the top that a colour of it has at least.
CELLS, COMMON = (16, 7, 7), 0.02
#: Size of what is given back, as shares of the top.
LEAST, MOST = 0.03, 0.8
#: The lowest rows of trousers, dress and legs, as a share of the photo's, and how much of them must have other colours.
END, LEFT = 0.04, 0.7


def mended(labels: Mask, photo: Image) -> Mask:
    """The parsing (H, W) with hems given back to their tops.

    Only where something of other colours is left below: in a suit of one colour nothing tells where the top ends.

    Args:
        photo: RGB uint8 (H, W, 3).
    """
    top = labels == UPPER
    if not top.any():
        return labels
    lab = cv2.cvtColor(cv2.GaussianBlur(photo, (0, 0), 1.5), cv2.COLOR_RGB2LAB)
    cell = (lab // np.array(CELLS, np.uint8)).astype(np.int32) @ np.array([1024, 32, 1])
    counts = np.bincount(cell[top], minlength=int(cell.max()) + 1)
    alike = (counts >= COMMON * top.sum())[cell] & np.isin(labels, MISTAKEN)
    alike = cv2.morphologyEx(alike.astype(np.uint8), cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    number, pieces = cv2.connectedComponents(alike)
    touching = np.unique(pieces[dilate(np.where(top, 255, 0).astype(np.uint8), 2) > 0])
    given = np.isin(pieces, touching[touching > 0]) if number > 1 else np.zeros_like(top)
    if not LEAST * top.sum() <= given.sum() <= MOST * top.sum():
        return labels
    below = np.isin(labels, BELOW)
    lowest = int(np.nonzero(below.any(1))[0][-1])
    end = slice(max(lowest + 1 - round(END * len(labels)), 0), lowest + 1)
    if given[end].sum() > (1 - LEFT) * below[end].sum():
        return labels
    return np.where(given, np.uint8(UPPER), labels)
