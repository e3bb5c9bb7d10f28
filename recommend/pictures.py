"""The disk edge of retrieval: picture files in, as the arrays everything else works on."""

from __future__ import annotations

import io
import struct
import warnings
from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image as PILImage
from PIL import ImageOps
from pillow_heif import HeifImagePlugin  # noqa: F401 - importing it teaches PIL to read HEIC

from recommend.errors import BadInput
from recommend.schema import MIN_SIDE, Image

MAX_PIXELS: Final = 40_000_000
_FORMATS: Final = ("JPEG", "PNG", "WEBP", "HEIF", "AVIF", "BMP", "GIF", "TIFF")
_ALLOWED: Final = "a JPEG, PNG, WebP, HEIC, AVIF, TIFF, BMP or GIF picture of at most 40 megapixels"
# All that decoders were seen to raise on damaged bytes.
_DECODE_ERRORS: Final = (
    OSError,
    SyntaxError,
    ValueError,
    EOFError,
    LookupError,
    RuntimeError,
    MemoryError,
    struct.error,
)


def read_picture(path: Path, what: str) -> Image:
    """Read a picture, upright, transparent parts on white.

    Args:
        path: of the file.
        what: the picture in the user's words, for the error.

    Returns:
        RGB uint8 (H, W, 3), at least `MIN_SIDE` pixels a side.

    Raises:
        BadInput: missing, empty, damaged, too large, too small, or not a picture.
    """
    data = read_bytes(path, what)
    try:
        with warnings.catch_warnings():
            # The sizes are checked here.
            warnings.simplefilter("ignore", PILImage.DecompressionBombWarning)
            opened = PILImage.open(io.BytesIO(data), formats=_FORMATS)
        _check_size(opened.width, opened.height, what)
        upright = ImageOps.exif_transpose(opened)
        if upright.has_transparency_data:
            over = upright.convert("RGBA")
            upright = PILImage.alpha_composite(PILImage.new("RGBA", over.size, "white"), over)
        return np.array(_to_8_bit(upright).convert("RGB"))
    except PILImage.DecompressionBombError as error:
        raise BadInput(what, "far more than 40 megapixels", _ALLOWED, "Make it smaller.") from error
    except _DECODE_ERRORS as error:
        raise BadInput(what, f"{path.name}, which cannot be read", _ALLOWED, "Save it again as JPEG or PNG.") from error


def read_item_picture(path: Path, what: str) -> Image:
    """As `read_picture`, of an item, which a picture of one colour, or of nothing but transparency, does not show."""
    image = read_picture(path, what)
    if (image == image[0, 0]).all():
        got = f"{path.name}, which is all of one colour"
        raise BadInput(what, got, "a picture that shows the item", "Take another picture.")
    return image


def read_bytes(path: Path, what: str) -> bytes:
    """What a picture's file holds; BadInput if it cannot be read."""
    try:
        return path.read_bytes()
    except FileNotFoundError as error:
        raise BadInput(what, f"no file {path}", _ALLOWED, "Check the path.") from error
    except OSError as error:
        raise BadInput(what, f"{path} ({error.strerror})", _ALLOWED, "Check the path and who may read it.") from error


def _check_size(width: int, height: int, what: str) -> None:
    if width * height > MAX_PIXELS:
        raise BadInput(what, f"{width} × {height} pixels", _ALLOWED, "Make it smaller.")
    if min(width, height) < MIN_SIDE:
        raise BadInput(what, f"{width} × {height} pixels", f"at least {MIN_SIDE} a side", "Take a larger picture.")


def _to_8_bit(picture: PILImage.Image) -> PILImage.Image:
    """Greys of 16 and 32 bits in 8; PIL itself would make them white."""
    if not picture.mode.startswith(("I", "F")):
        return picture
    values = np.nan_to_num(np.asarray(picture).astype(np.float64))
    top = next((top for top in (1, 255) if values.max() <= top and not picture.mode.startswith("I;16")), 65535)
    return PILImage.fromarray(np.clip(np.rint(values * (255 / top)), 0, 255).astype(np.uint8))
