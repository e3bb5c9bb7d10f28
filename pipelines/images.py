"""The disk edge of rendering: picture files in and out.

Everything that reads a picture comes through here, once: the EXIF turn is applied, colours become sRGB, alpha is
flattened, sizes are checked. Everything that writes one leaves through `save_png`, which puts the recipe inside and
never leaves half a file under the final name.
"""

from __future__ import annotations

import functools
import hashlib
import io
import json
import math
import os
import struct
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from PIL import ExifTags, ImageCms, ImageOps, PngImagePlugin, UnidentifiedImageError
from PIL import Image as PILImage

from pipelines.errors import BadInput
from pipelines.schema import Image, Mask

MAX_PIXELS = 40_000_000
MIN_SIDE = 64
#: Ending of a file that is still being written; a crash may leave one behind, never a broken picture.
PART_SUFFIX = ".tryroom-part"

# What a shopper's photo can be. Named, because the rest of what PIL opens (PostScript!) has no business here.
_FORMATS = ("JPEG", "PNG", "WEBP", "HEIF", "AVIF", "BMP", "GIF", "TIFF")
_ALLOWED = "a JPEG, PNG, WebP, HEIC, AVIF, TIFF, BMP or GIF picture"
# How pictures begin, to tell a broken one from something else.
_STARTS = ((b"\xff\xd8\xff", "JPEG"), (b"\x89PNG", "PNG"), (b"WEBP", "WebP"), (b"GIF8", "GIF"), (b"ftyp", "HEIC"))
_RECIPE_KEY = "tryroom"
# Of 24 × 36 mm film; and the focal lengths on it, millimetres, that lenses for it have.
_FILM_DIAGONAL, _FILM_FOCALS = 43.27, (8.0, 400.0)
# Size when the picture was taken; another aspect by more than this means that it was cropped.
_TAKEN_SIZE, _CROPPED = (ExifTags.Base.ExifImageWidth, ExifTags.Base.ExifImageHeight), 0.02
# All that decoders were seen to raise on damaged bytes.
_DECODE_ERRORS = (OSError, SyntaxError, ValueError, EOFError, LookupError, RuntimeError, MemoryError, struct.error)


# --- reading ------------------------------------------------------------------------------------------------


def load_image(path: Path | str, *, what: str = "", keep_alpha: bool = False) -> Image:
    """Read a picture file.

    Args:
        path: JPEG, PNG, WebP, HEIC, AVIF, TIFF, BMP or GIF (first frame), at most 40 megapixels.
        what: what the picture is to the user ("person photo"), for error messages; default the file name.
        keep_alpha: return RGBA where the file has transparency, instead of flattening it on white.

    Returns:
        RGB uint8 (H, W, 3), upright, sRGB; or RGBA (H, W, 4) if asked for and present.

    Raises:
        BadInput: the file is missing, empty, damaged, not a picture, too large or too small.
    """
    return load_image_bytes(read_file(path, what), what=_called(path, what), keep_alpha=keep_alpha)


def load_image_bytes(data: bytes, *, what: str = "picture", keep_alpha: bool = False) -> Image:
    """Decode a picture from the bytes of its file, for uploads; see `load_image`."""
    picture = _decode(data, what)
    if not picture.has_transparency_data:
        return np.array(_to_srgb(picture))
    rgba = picture.convert("RGBA")
    colour, alpha = np.array(_to_srgb(rgba.convert("RGB"))), np.asarray(rgba.getchannel("A"))
    if alpha.min() == 255:  # an alpha channel that hides nothing, as in most screenshots
        return colour
    return np.dstack([colour, alpha]) if keep_alpha else _on_white(colour, alpha)


def focal_from_exif(data: bytes) -> float | None:
    """The focal length that a picture's file tells, for the picture as `load_image_bytes` returns it.

    Only this number leaves the file; place, time and device are not read. The equivalent on 35 mm film is converted by
    the diagonals, so that neither the turn nor the aspect of the picture matters: an equivalent lens sees the same from
    corner to corner.

    Returns:
        Pixels; None where the file does not tell, tells nonsense or cannot be read, or where the picture was cropped
        after it was taken.
    """
    try:
        with PILImage.open(io.BytesIO(data), formats=_formats()) as picture:
            shown = sorted(float(side) for side in picture.size)
            tags = picture.getexif().get_ifd(ExifTags.IFD.Exif)
        film = float(tags.get(ExifTags.Base.FocalLengthIn35mmFilm, 0))
        taken = sorted(float(tags.get(tag, 0)) for tag in _TAKEN_SIZE)
    except (*_DECODE_ERRORS, PILImage.DecompressionBombError, TypeError, ZeroDivisionError):
        return None
    if all(taken) and abs(taken[1] / taken[0] * shown[0] / shown[1] - 1) > _CROPPED:
        return None
    return film * math.hypot(*shown) / _FILM_DIAGONAL if _FILM_FOCALS[0] <= film <= _FILM_FOCALS[1] else None


def load_mask(path: Path | str, *, what: str = "") -> Mask:
    """Read a mask picture: white = repaint, black = keep; greys go to the nearer side, transparent keeps.

    Returns:
        uint8 (H, W), 0 or 255.

    Raises:
        BadInput: as `load_image`.
    """
    return load_mask_bytes(read_file(path, what), what=_called(path, what))


def load_mask_bytes(data: bytes, *, what: str = "mask") -> Mask:
    """Decode a mask from the bytes of its file; see `load_mask`."""
    picture = _decode(data, what)
    if picture.has_transparency_data:
        grey, alpha = picture.convert("LA").split()
        level = np.minimum(np.asarray(grey), np.asarray(alpha))
    else:
        level = np.asarray(_to_8_bit(picture).convert("L"))
    return np.where(level >= 128, 255, 0).astype(np.uint8)


def read_file(path: Path | str, what: str = "") -> bytes:
    """The bytes of a file, or BadInput that says why there are none."""
    try:
        return Path(path).read_bytes()
    except FileNotFoundError:
        got, step = f"{path}, which does not exist", "Check the path."
    except IsADirectoryError:
        got, step = f"{path}, which is a folder", "Name one picture in it."
    except OSError as error:
        got, step = f"{path}, which cannot be read ({error.strerror or error})", "Check the permissions."
    raise BadInput(_called(path, what), got, _ALLOWED, step)


def _called(path: Path | str, what: str) -> str:
    return what or Path(path).name


def _decode(data: bytes, what: str, smallest: int = MIN_SIDE) -> PILImage.Image:
    """An upright, fully decoded picture within the size limits, in whatever mode the file has."""
    if not data:
        raise BadInput(what, "an empty file (0 bytes)", _ALLOWED, "Save or download the picture again.")
    formats = _formats()
    try:
        picture = PILImage.open(io.BytesIO(data), formats=formats)
        _check_size(picture.size, what, smallest)
        picture.load()
        return ImageOps.exif_transpose(picture)
    except BadInput:
        raise
    except UnidentifiedImageError as error:
        if kind := next((kind for start, kind in _STARTS if start in data[:12]), ""):
            raise _damaged(what, data, f"it begins like a {kind}") from error
        raise BadInput(what, _guess(data), _ALLOWED, "Choose a picture file, whatever it is named.") from error
    except PILImage.DecompressionBombError as error:
        raise _too_large(what, "far more than 40 megapixels") from error
    except _DECODE_ERRORS as error:
        raise _damaged(what, data, str(error) or type(error).__name__) from error


@functools.cache
def _formats() -> list[str]:
    """The formats that this installation of PIL decodes; HEIC is registered on first use, not at import."""
    import pillow_heif

    pillow_heif.register_heif_opener()
    PILImage.init()
    return [name for name in _FORMATS if name in PILImage.OPEN]


def _check_size(size: tuple[int, int], what: str, smallest: int) -> None:
    width, height = size
    if width * height > MAX_PIXELS:
        raise _too_large(what, f"{width} × {height} = {width * height / 1e6:.0f} megapixels")
    if min(width, height) < smallest:
        step = "Choose a larger picture."
        raise BadInput(what, f"{width} × {height} pixels", f"at least {smallest} on the shorter side", step)


def _damaged(what: str, data: bytes, why: str) -> BadInput:
    got = f"a damaged or cut-off picture of {len(data):,} bytes ({why})"
    return BadInput(what, got, _ALLOWED, "Save or download the picture again.")


def _too_large(what: str, got: str) -> BadInput:
    return BadInput(what, got, f"at most {MAX_PIXELS // 1_000_000} megapixels", "Scale the picture down first.")


def _guess(data: bytes) -> str:
    """What bytes that are no picture seem to be, in words."""
    head = data[:1024].lstrip().lower()
    for start, name in ((b"%pdf", "a PDF document"), (b"pk\x03\x04", "a zip archive or office document")):
        if head.startswith(start):
            return name
    if b"<svg" in head:
        return "an SVG drawing"
    if head.startswith((b"<!doctype html", b"<html")):
        return "a web page"
    try:
        data[:1000].decode("ascii")
        return f"a text file of {len(data):,} bytes"
    except UnicodeDecodeError:
        return f"a file of {len(data):,} bytes that is no known kind of picture"


def _to_8_bit(picture: PILImage.Image) -> PILImage.Image:
    """Bring 16- and 32-bit greys to 8 bits; PIL's own conversion clips them to white."""
    if not picture.mode.startswith(("I", "F")):
        return picture
    values = np.nan_to_num(np.asarray(picture).astype(np.float64))
    top = next((top for top in (1, 255) if values.max() <= top and not picture.mode.startswith("I;16")), 65535)
    return PILImage.fromarray(np.clip(np.rint(values * (255 / top)), 0, 255).astype(np.uint8))


def _to_srgb(picture: PILImage.Image) -> PILImage.Image:
    """RGB in sRGB; a phone's wide-gamut or a printer's CMYK picture is converted by its own profile."""
    profile = picture.info.get("icc_profile")
    if picture.mode != "CMYK":
        picture = _to_8_bit(picture).convert("RGB")
    if profile:
        try:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            if "srgb" not in ImageCms.getProfileDescription(source).lower():
                converted = ImageCms.profileToProfile(picture, source, ImageCms.createProfile("sRGB"), outputMode="RGB")
                picture = converted or picture
        except (ImageCms.PyCMSError, OSError):
            pass  # a broken profile, or a grey one on three channels: most viewers ignore it too
    return picture.convert("RGB")


def _on_white(colour: Image, alpha: Mask) -> Image:
    """Composite on white, rounding to nearest; opaque pixels stay as they are."""
    weight = alpha[..., None].astype(np.uint32)
    return ((colour * weight + 255 * (255 - weight) + 127) // 255).astype(np.uint8)


def pixels_sha256(pixels: Image | Mask) -> str:
    """The identity of decoded pixels: two files that decode alike have the same one."""
    header = f"{pixels.dtype} {pixels.shape}\n".encode()
    return hashlib.sha256(header + np.ascontiguousarray(pixels).tobytes()).hexdigest()


# --- writing ------------------------------------------------------------------------------------------------


def save_png(path: Path, image: Image | Mask, recipe: Mapping[str, Any] | None = None) -> None:
    """Write a PNG with its recipe inside, in one move: under `path` there is the whole picture or nothing new.

    Args:
        path: ends in .png; its folder exists.
        image: RGB (H, W, 3), RGBA (H, W, 4) or grey (H, W), uint8.
        recipe: JSON-able; stored as international text, so any PNG tool can show it.

    Raises:
        BadInput: `path` does not end in .png or cannot be written.
    """
    if path.suffix.lower() != ".png":
        raise BadInput("output", path.name, "a name ending in .png", f"For example {path.stem or 'out'}.png")
    save_bytes(path, png_bytes(image, recipe))


def png_bytes(image: Image | Mask, recipe: Mapping[str, Any] | None = None, *, quick: bool = False) -> bytes:
    """A PNG with its recipe inside; `quick` makes it in less time and larger. The pixels are the same."""
    chunks = PngImagePlugin.PngInfo()
    if recipe is not None:
        chunks.add_itxt(_RECIPE_KEY, dump_recipe(recipe))
    buffer = io.BytesIO()
    level = {"compress_level": 1} if quick else {}
    PILImage.fromarray(image).save(buffer, format="PNG", pnginfo=chunks, **level)
    return buffer.getvalue()


def load_png_bytes(data: bytes, *, what: str) -> Image | Mask:
    """The array that `png_bytes` was given, bit by bit.

    Raises:
        BadInput: it is damaged, too large, or no PNG of 8 bits in grey, RGB or RGBA.
    """
    picture = _decode(data, what, smallest=1)
    if not data.startswith(b"\x89PNG") or picture.mode not in ("L", "RGB", "RGBA"):
        got = f"a picture of {len(data):,} bytes and mode {picture.mode}"
        raise BadInput(what, got, "a PNG of 8 bits in grey, RGB or RGBA", "Save it again.")
    return np.array(picture)


def jpeg_bytes(image: Image, side: int) -> bytes:
    """A JPEG to look at, its longer side at most `side` pixels."""
    picture, buffer = PILImage.fromarray(image), io.BytesIO()
    picture.thumbnail((side, side))
    picture.save(buffer, format="JPEG", quality=85)
    return buffer.getvalue()


def load_jpeg_bytes(data: bytes, *, what: str) -> Image:
    """The picture that `jpeg_bytes` made, RGB uint8 (H, W, 3).

    Raises:
        BadInput: it is damaged, too large, or no picture.
    """
    return np.array(_decode(data, what, smallest=1).convert("RGB"))


def save_bytes(path: Path, data: bytes) -> None:
    """Write a file in one move; BadInput if it cannot be written."""
    part = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}{PART_SUFFIX}")
    try:
        with part.open("xb") as stream:
            stream.write(data)
        os.replace(part, path)
    except OSError as error:
        why = error.strerror or str(error)
        raise BadInput("output", f"{path} ({why})", "a place that can be written", "Choose another folder.") from error
    finally:
        part.unlink(missing_ok=True)


def dump_recipe(recipe: Mapping[str, Any]) -> str:
    """A recipe as JSON text: equal recipes give equal text."""
    return json.dumps(recipe, sort_keys=True, ensure_ascii=False, allow_nan=False, indent=1)


def load_recipe(text: str) -> dict[str, Any]:
    """The recipe that `dump_recipe` wrote; ValueError if the text is none."""
    recipe = json.loads(text)
    if not isinstance(recipe, dict):
        raise ValueError("not a recipe")
    return recipe


def read_recipe(path: Path) -> dict[str, Any] | None:
    """The recipe inside a PNG that `save_png` wrote; None if it has none.

    Raises:
        BadInput: there is no whole PNG at `path`.
    """
    data = read_file(path)
    try:
        with PILImage.open(io.BytesIO(data), formats=("PNG",)) as picture:
            text = picture.info.get(_RECIPE_KEY)
            picture.verify()
        return load_recipe(text) if isinstance(text, str) else None
    except _DECODE_ERRORS as error:
        got = f"a file that is not a whole PNG with a readable recipe ({error})"
        raise BadInput(path.name, got, "a PNG that Tryroom wrote", "Render it again.") from error
