"""Pictures on their way to and from the page: uploads in, small JPEGs out."""

from __future__ import annotations

import base64
import io

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image as PILImage

from pipelines.schema import Image, Mask

#: Endings offered in file dialogs; what a file is, its bytes decide.
TYPES = ("jpg", "jpeg", "png", "webp", "heic", "heif", "avif", "bmp", "gif", "tif", "tiff")
#: Longer side of a picture on the page, of a preview while rendering, and of a small one in a row, in pixels.
SHOWN_SIDE, PREVIEW_SIDE, SMALL_SIDE = 1280, 640, 320
#: Pictures of garments share one shape, (height, width), so that cards line up; so do those of demo people.
CARD, PORTRAIT = (480, 384), (480, 360)
#: Furniture is wider than garments; rooms are wider still.
SQUARE, LANDSCAPE = (400, 400), (300, 400)
#: A card is filled, rather than framed, if that cuts off at most this share of the picture.
_CUT = 0.1


def on_white(picture: NDArray[np.uint8]) -> Image:
    """RGB (H, W, 3), or RGBA (H, W, 4) on white."""
    if picture.shape[2] == 3:
        return picture
    alpha = picture[..., 3:].astype(np.float32) / 255
    return np.rint(picture[..., :3] * alpha + 255 * (1 - alpha)).astype(np.uint8)


def fit(picture: Image, side: int) -> Image:
    """The picture with its longer side at most `side` pixels; smaller ones come back as they are."""
    scale = side / max(picture.shape[:2])
    if scale >= 1:
        return picture
    size = (max(1, round(picture.shape[1] * scale)), max(1, round(picture.shape[0] * scale)))
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)


def card(picture: Image, shape: tuple[int, int] = CARD) -> Image:
    """The picture as a card of that shape: filling it if little is cut off, else whole, on the colour of its edge."""
    height, width = shape
    scales = sorted((height / picture.shape[0], width / picture.shape[1]))
    scale = scales[1] if scales[1] <= scales[0] * (1 + _CUT) else scales[0]
    size = (max(1, round(picture.shape[1] * scale)), max(1, round(picture.shape[0] * scale)))
    small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
    edge = np.concatenate([small[0], small[-1], small[:, 0], small[:, -1]])
    wide, high = max(0, width - small.shape[1]), max(0, height - small.shape[0])
    ground = np.median(edge, axis=0).tolist()
    framed = cv2.copyMakeBorder(
        small, high // 2, high - high // 2, wide // 2, wide - wide // 2, cv2.BORDER_CONSTANT, value=ground
    )
    top, left = (framed.shape[0] - height) // 2, (framed.shape[1] - width) // 2
    return np.ascontiguousarray(framed[top : top + height, left : left + width])


def jpeg(picture: Image, quality: int = 88) -> bytes:
    """The picture as JPEG bytes."""
    buffer = io.BytesIO()
    PILImage.fromarray(picture).save(buffer, format="JPEG", quality=quality)
    return buffer.getvalue()


def data_url(jpeg_bytes: bytes) -> str:
    """JPEG bytes as an address that a page can show without asking the server."""
    return f"data:image/jpeg;base64,{base64.b64encode(jpeg_bytes).decode()}"


def resized(mask: Mask, photo: Image) -> Mask:
    """A mask (h, w) at the size of a larger or smaller version of its photo (H, W, 3)."""
    if mask.shape == photo.shape[:2]:
        return mask
    full = cv2.resize(mask, photo.shape[1::-1], interpolation=cv2.INTER_LINEAR)
    return np.where(full > 127, 255, 0).astype(np.uint8)
