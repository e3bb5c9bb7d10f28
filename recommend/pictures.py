"""The disk edge of retrieval: picture files in, as the arrays everything else works on."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image as PILImage
from PIL import ImageOps, UnidentifiedImageError
from pillow_heif import HeifImagePlugin  # noqa: F401 - importing it teaches PIL to read HEIC

from recommend.errors import BadInput
from recommend.schema import Image

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
        RGB uint8 (H, W, 3).

    Raises:
        BadInput: missing, empty, damaged, too large, or not a picture.
    """
    try:
        with PILImage.open(path, formats=_FORMATS) as opened:
            if opened.width * opened.height > MAX_PIXELS:
                raise BadInput(what, f"{opened.width} × {opened.height} pixels", _ALLOWED, "Make it smaller.")
            upright = ImageOps.exif_transpose(opened)
            if upright.has_transparency_data:
                over = upright.convert("RGBA")
                upright = PILImage.alpha_composite(PILImage.new("RGBA", over.size, "white"), over)
            return np.array(upright.convert("RGB"))
    except FileNotFoundError as error:
        raise BadInput(what, f"no file {path}", _ALLOWED, "Check the path.") from error
    except (UnidentifiedImageError, PILImage.DecompressionBombError, *_DECODE_ERRORS) as error:
        raise BadInput(what, f"{path.name}, which cannot be read", _ALLOWED, "Save it again as JPEG or PNG.") from error
