"""The disk edge: what comes in is upright RGB or refused with a reason; what goes out is whole and explains itself."""

from __future__ import annotations

import functools
import io
import math
import os
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pillow_heif
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import ExifTags, ImageCms
from PIL import Image as PILImage

from pipelines import images
from pipelines.errors import BadInput
from pipelines.schema import Image

MakePicture = Callable[..., Image]
LOSSLESS = ["PNG", "BMP", "TIFF"]
LOSSY = ["JPEG", "WEBP", "AVIF", "GIF"]


def encode(image: Image | PILImage.Image, kind: str, **options: object) -> bytes:
    picture = PILImage.fromarray(image) if isinstance(image, np.ndarray) else image
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


@pytest.mark.parametrize("kind", LOSSLESS)
def test_lossless_formats_come_back_exactly(kind: str, make_picture: MakePicture) -> None:
    image = make_picture(90, 130)
    assert np.array_equal(images.load_image_bytes(encode(image, kind)), image)


@pytest.mark.parametrize("kind", LOSSY)
def test_lossy_formats_come_back_closely(kind: str, make_picture: MakePicture) -> None:
    image = make_picture(90, 130)
    loaded = images.load_image_bytes(encode(image, kind))
    assert loaded.shape == image.shape
    assert loaded.dtype == np.uint8
    assert np.abs(loaded.astype(int) - image).mean() < 12


def test_heic_is_read(make_picture: MakePicture) -> None:
    image = make_picture(90, 130)
    buffer = io.BytesIO()
    pillow_heif.from_pillow(PILImage.fromarray(image)).save(buffer, quality=90)
    assert np.abs(images.load_image_bytes(buffer.getvalue()).astype(int) - image).mean() < 6


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_every_exif_turn_is_applied(orientation: int, kind: str, make_picture: MakePicture) -> None:
    upright = make_picture(80, 120)
    back = {1: None, 2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}[orientation]  # PIL transpose that EXIF undoes
    stored = PILImage.fromarray(upright)
    if back is not None:
        stored = stored.transpose(PILImage.Transpose(back))
    exif = PILImage.Exif()
    exif[0x0112] = orientation
    loaded = images.load_image_bytes(encode(stored, kind, exif=exif.tobytes()))
    assert loaded.shape == upright.shape
    assert np.abs(loaded.astype(int) - upright).mean() < 6


def with_exif(
    make_picture: MakePicture, kind: str = "JPEG", size: tuple[int, int] = (90, 120), **tags: object
) -> bytes:
    """A picture file (height, width) whose Exif block has these tags."""
    exif = PILImage.Exif()
    exif.get_ifd(ExifTags.IFD.Exif).update({ExifTags.Base[name].value: value for name, value in tags.items()})
    if kind == "HEIF":
        buffer = io.BytesIO()
        pillow_heif.from_pillow(PILImage.fromarray(make_picture(*size))).save(buffer, exif=exif.tobytes())
        return buffer.getvalue()
    return encode(make_picture(*size), kind, exif=exif.tobytes())


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "HEIF"])
def test_the_focal_length_is_read_from_exif(kind: str, make_picture: MakePicture) -> None:
    data = with_exif(make_picture, kind, FocalLengthIn35mmFilm=26)
    # 26 mm on film of 36 × 24 mm; 90 × 120 pixels have a diagonal of 150.
    assert images.focal_from_exif(data) == pytest.approx(26 / math.hypot(36, 24) * 150, rel=1e-3)


def test_an_equivalent_lens_sees_the_same_width_at_films_own_aspect(make_picture: MakePicture) -> None:
    focal = images.focal_from_exif(with_exif(make_picture, size=(100, 150), FocalLengthIn35mmFilm=24))
    assert focal == pytest.approx(24 / 36 * 150, rel=1e-3)
    turned = images.focal_from_exif(with_exif(make_picture, size=(150, 100), FocalLengthIn35mmFilm=24))
    assert turned == focal


@pytest.mark.parametrize("value", [0, 2, 5000, 65535])
def test_a_focal_length_that_no_lens_has_is_not_believed(value: int, make_picture: MakePicture) -> None:
    assert images.focal_from_exif(with_exif(make_picture, FocalLengthIn35mmFilm=value)) is None


def test_a_cropped_picture_tells_no_focal_length(make_picture: MakePicture) -> None:
    tags = dict(FocalLengthIn35mmFilm=26, ExifImageWidth=4000)
    assert images.focal_from_exif(with_exif(make_picture, ExifImageHeight=3000, **tags)) is not None
    assert images.focal_from_exif(with_exif(make_picture, ExifImageHeight=2250, **tags)) is None


def test_files_without_exif_or_without_a_picture_tell_no_focal_length(make_picture: MakePicture) -> None:
    whole = with_exif(make_picture, FocalLengthIn35mmFilm=26)
    assert images.focal_from_exif(encode(make_picture(90, 120), "JPEG")) is None
    for data in (b"", b"no picture", whole[:30]):
        assert images.focal_from_exif(data) is None


def test_alpha_is_flattened_on_white_or_kept(make_picture: MakePicture) -> None:
    rgba = np.dstack([make_picture(70, 90), np.full((70, 90), 255, np.uint8)])
    rgba[:30, :, 3], rgba[30:40, :, 3] = 0, 128
    data = encode(rgba, "PNG")
    flat = images.load_image_bytes(data)
    assert flat.shape == (70, 90, 3)
    assert (flat[:30] == 255).all()
    assert np.array_equal(flat[40:], rgba[40:, :, :3])
    assert (np.abs(flat[30:40].astype(int) - (rgba[30:40, :, :3].astype(int) + 255) / 2) <= 1).all()
    assert np.array_equal(images.load_image_bytes(data, keep_alpha=True), rgba)


def test_alpha_that_hides_nothing_is_no_cut_out(make_picture: MakePicture) -> None:
    rgba = np.dstack([make_picture(70, 90), np.full((70, 90), 255, np.uint8)])
    assert images.load_image_bytes(encode(rgba, "PNG"), keep_alpha=True).shape == (70, 90, 3)


def test_palette_with_transparent_colour(make_picture: MakePicture) -> None:
    palette = PILImage.fromarray(make_picture(80, 80)).quantize(8)
    loaded = images.load_image_bytes(encode(palette, "PNG", transparency=0))
    assert (loaded[np.asarray(palette) == 0] == 255).all()


def test_sixteen_bit_grey_keeps_its_tones() -> None:
    ramp = np.tile(np.linspace(0, 65535, 128).astype(np.uint16), (80, 1))
    loaded = images.load_image_bytes(encode(PILImage.fromarray(ramp), "PNG"))
    assert np.abs(loaded[0, :, 0].astype(int) - np.linspace(0, 255, 128)).max() <= 1


def test_grey_and_cmyk_become_rgb(make_picture: MakePicture) -> None:
    picture = PILImage.fromarray(make_picture(80, 80))
    assert images.load_image_bytes(encode(picture.convert("L"), "JPEG")).shape == (80, 80, 3)
    cmyk = images.load_image_bytes(encode(picture.convert("CMYK"), "JPEG", quality=95))
    assert np.abs(cmyk.astype(int) - np.asarray(picture)).mean() < 6


def swapped_profile() -> bytes:
    """An sRGB profile whose red and green primaries changed places, under another name."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    for entry in range(132, 132 + 12 * int.from_bytes(profile[128:132], "big"), 12):
        tag = bytes(profile[entry : entry + 4])
        profile[entry : entry + 4] = {b"rXYZ": b"gXYZ", b"gXYZ": b"rXYZ"}.get(tag, tag)
    return bytes(profile).replace("sRGB".encode("utf-16-be"), "swap".encode("utf-16-be"))


def test_colour_profiles_are_honoured(make_picture: MakePicture) -> None:
    image = make_picture(80, 80)
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    assert np.array_equal(images.load_image_bytes(encode(image, "PNG", icc_profile=srgb)), image)
    assert np.array_equal(images.load_image_bytes(encode(image, "PNG", icc_profile=b"no profile")), image)
    swapped = images.load_image_bytes(encode(image, "PNG", icc_profile=swapped_profile()))
    assert np.abs(swapped.astype(int) - image[..., [1, 0, 2]]).mean() < 2


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "empty file (0 bytes)"),
        (b"just words, in a file named .png", "a text file"),
        (b"%PDF-1.7 ...\xff", "a PDF document"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "an SVG drawing"),
        (b"<!DOCTYPE html><html></html>", "a web page"),
        (bytes(range(256)) * 4, "no known kind of picture"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 100 100\n", "a text file"),
    ],
)
def test_what_is_no_picture_is_named(data: bytes, says: str) -> None:
    with pytest.raises(BadInput) as refused:
        images.load_image_bytes(data, what="person photo")
    assert says in refused.value.got
    assert refused.value.what == "person photo"
    assert refused.value.next_step


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_cut_off_file_is_refused(kind: str, make_picture: MakePicture) -> None:
    data = encode(make_picture(200, 200), kind)
    for length in (16, 100, len(data) // 2):
        with pytest.raises(BadInput, match="damaged"):
            images.load_image_bytes(data[:length])


def with_claimed_size(png: bytes, width: int, height: int) -> bytes:
    """A PNG whose header promises another size."""
    header = png[12:16] + struct.pack(">II", width, height) + png[24:29]
    return png[:12] + header + struct.pack(">I", zlib.crc32(header)) + png[33:]


@pytest.mark.parametrize("size", [(8000, 5001), (20_000, 20_000), (2**31 - 1, 2**31 - 1)])
def test_more_than_forty_megapixels_are_refused_before_decoding(size: tuple[int, int]) -> None:
    small = encode(PILImage.new("RGB", (80, 80)), "PNG")
    with pytest.raises(BadInput, match="at most 40 megapixels"):
        images.load_image_bytes(with_claimed_size(small, *size))


def test_small_and_narrow_pictures() -> None:
    with pytest.raises(BadInput, match="at least 64"):
        images.load_image_bytes(encode(PILImage.new("RGB", (63, 500)), "PNG"))
    assert images.load_image_bytes(encode(PILImage.new("RGB", (64, 2000)), "PNG")).shape == (2000, 64, 3)


def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="does not exist"):
        images.load_image(tmp_path / "none.jpg")
    with pytest.raises(BadInput, match="is a folder"):
        images.load_image(tmp_path)


@functools.cache
def noise_as(kind: str) -> bytes:
    return encode(np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8), kind)


@pytest.mark.filterwarnings("ignore::UserWarning:PIL")
@given(st.data())
def test_damaged_bytes_give_a_picture_or_bad_input(data: st.DataObject) -> None:
    kind = data.draw(st.sampled_from([*LOSSLESS, *LOSSY]))
    raw = bytearray(noise_as(kind))
    for at, value in data.draw(st.lists(st.tuples(st.integers(0, len(raw) - 1), st.integers(0, 255)), max_size=12)):
        raw[at] = value
    raw = raw[: data.draw(st.integers(0, len(raw)))]
    try:
        loaded = images.load_image_bytes(bytes(raw))
    except BadInput:
        return
    assert loaded.dtype == np.uint8
    assert loaded.ndim == 3
    assert loaded.shape[2] == 3


def test_masks_are_black_and_white(tmp_path: Path, make_picture: MakePicture) -> None:
    grey = np.asarray(PILImage.fromarray(make_picture(80, 90)).convert("L"))
    path = tmp_path / "mask.png"
    images.save_png(path, grey)
    assert np.array_equal(images.load_mask(path), np.where(grey >= 128, 255, 0))
    painted = np.full((80, 90, 4), 255, np.uint8)
    painted[:40, :, 3] = 0
    images.save_png(path, painted)
    assert (images.load_mask(path)[:40] == 0).all()
    assert (images.load_mask(path)[40:] == 255).all()


def test_recipe_travels_in_the_picture(tmp_path: Path, make_picture: MakePicture) -> None:
    recipe = {"seed": 7, "über": "weiß ✓", "nested": {"steps": [1, 2.5, None]}}
    path = tmp_path / "out.png"
    images.save_png(path, make_picture(80, 90), recipe)
    assert images.read_recipe(path) == recipe
    assert np.array_equal(images.load_image(path), make_picture(80, 90))
    images.save_png(path, make_picture(80, 90))
    assert images.read_recipe(path) is None


def test_the_same_picture_and_recipe_give_the_same_bytes(tmp_path: Path, make_picture: MakePicture) -> None:
    images.save_png(tmp_path / "a.png", make_picture(80, 90), {"a": 1, "b": 2})
    images.save_png(tmp_path / "b.png", make_picture(80, 90), {"b": 2, "a": 1})
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()


def test_reading_the_recipe_of_a_broken_png_is_refused(tmp_path: Path, make_picture: MakePicture) -> None:
    path = tmp_path / "out.png"
    images.save_png(path, make_picture(80, 90), {"seed": 1})
    whole = path.read_bytes()
    for broken in (whole[:-40], whole[: len(whole) // 2], b"", b"text"):
        path.write_bytes(broken)
        with pytest.raises(BadInput):
            images.read_recipe(path)


def test_a_failed_write_leaves_the_old_file_and_no_part(
    tmp_path: Path, make_picture: MakePicture, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "out.png"
    images.save_png(path, make_picture(80, 90), {"seed": 1})
    before = path.read_bytes()

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(BadInput, match="No space left"):
        images.save_png(path, make_picture(80, 90, seed=1), {"seed": 2})
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == ["out.png"]


def test_only_png_is_written(tmp_path: Path, make_picture: MakePicture) -> None:
    with pytest.raises(BadInput, match=r"ending in \.png"):
        images.save_png(tmp_path / "out.jpg", make_picture(80, 90))
    with pytest.raises(BadInput, match="place that can be written"):
        images.save_png(tmp_path / "no" / "out.png", make_picture(80, 90))


def test_identity_of_pixels(make_picture: MakePicture) -> None:
    image = make_picture(80, 90)
    assert images.pixels_sha256(image) == images.pixels_sha256(np.asfortranarray(image))
    assert images.pixels_sha256(image) != images.pixels_sha256(image.reshape(90, 80, 3))
    assert images.pixels_sha256(image) != images.pixels_sha256(255 - image)


def test_a_jpeg_to_look_at_is_small_however_long_the_picture(make_picture):
    small = images.load_jpeg_bytes(images.jpeg_bytes(make_picture(100, 3200), 640), what="preview")
    assert small.shape == (20, 640, 3)
    same = images.load_jpeg_bytes(images.jpeg_bytes(make_picture(20, 30), 640), what="preview")
    assert np.abs(same.astype(int) - make_picture(20, 30)).mean() < 8
    with pytest.raises(BadInput, match="preview: got a damaged"):
        images.load_jpeg_bytes(images.jpeg_bytes(make_picture(20, 30), 640)[:300], what="preview")
