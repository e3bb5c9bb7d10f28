"""A person in a garment beside the garment's warp, as an example to learn from: cropped, masked, in another camera."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.geometry.agnostic import agnostic_mask
from pipelines.geometry.body import MIRROR18, Body
from pipelines.geometry.layout import UNKNOWN, layout_of
from pipelines.schema import Category, Image, Mask
from training.tryon_data import (
    CATEGORIES,
    Rng,
    Worn,
    another_camera,
    as_if_before,
    crop_matrix,
    varied_photo,
)

Array = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Fitting:
    """The truth and the hint.

    Attributes:
        photo: RGB uint8 (H, W, 3) of the person in the garment. labels: its parsing (H, W).
        garment: uint8 (H, W), 255 where the garment is. points: (18, 2) pixels of the photo.
        hint: RGB (H, W, 3), 0 to 255, the flat garment warped by the skeleton. hint_mask: uint8 (H, W).
        flow: float32 (H, W, 2) pixels of the photo: the garment seen at x is in the hint at x + flow; None = nobody
            knows.
        category, sleeve: of the garment; 0 none, 1 short, 2 long.
    """

    photo: Image
    labels: Mask
    garment: Mask
    points: NDArray[np.float64]
    hint: NDArray[np.generic]
    hint_mask: Mask
    flow: Array | None
    category: Category
    sleeve: int


def framed(fitting: Fitting, size: tuple[int, int], rng: Rng) -> dict[str, np.ndarray]:
    """One example of (height, width), in the form of `tryon_data.example`.

    An unknown `true_flow` is NaN.
    """
    x, y, w, h = cv2.boundingRect(fitting.garment)
    box = (x, y, x + w, y + h)
    worn = Worn(fitting.photo, fitting.labels, fitting.points, fitting.category, fitting.sleeve, box)
    matrix, flip = crop_matrix(worn, size, rng)

    def crop(picture: NDArray[np.generic], nearest: bool = False) -> NDArray[np.generic]:
        flags = cv2.INTER_NEAREST if nearest else cv2.INTER_LINEAR
        return cv2.warpAffine(picture, matrix, size[::-1], flags=flags, borderMode=cv2.BORDER_REPLICATE)

    labels = np.asarray(crop(fitting.labels, nearest=True), np.uint8)
    garment = np.asarray(crop(fitting.garment, nearest=True), np.uint8)
    hint_mask = np.asarray(crop(fitting.hint_mask, nearest=True), np.uint8)
    points = fitting.points @ matrix[:, :2].T.astype(np.float64) + matrix[:, 2]
    points = points[list(MIRROR18)] if flip else points
    before = as_if_before(labels, fitting.category, rng)
    margin = rng.uniform(0.04, 0.14)
    mask = agnostic_mask(before, Body(points), fitting.category, hint_mask, margin=margin) | garment
    layout = layout_of(labels, garment)
    flow = np.full((size[0] // 4, size[1] // 4, 2), np.nan, np.float16)
    if fitting.flow is not None:
        flow = (np.asarray(crop(fitting.flow), np.float32) @ matrix[:, :2].T)[2::4, 2::4].astype(np.float16)
    facts = np.zeros(6, np.float16)
    facts[CATEGORIES.index(fitting.category)] = 1
    facts[3 + (0 if fitting.category == "lower" else fitting.sleeve)] = 1
    return dict(
        truth=varied_photo(np.asarray(crop(fitting.photo), np.uint8), labels, None, rng),
        mask=mask, hint=another_camera(np.asarray(crop(fitting.hint), np.float32), rng).astype(np.uint8),
        hint_mask=hint_mask & mask, garment=garment, points=points.astype(np.float32), layout=layout[1::2, 1::2],
        known=np.where(mask > 0, UNKNOWN, layout).astype(np.uint8), true_flow=flow, facts=facts,
    )  # fmt: skip
