"""Requests on their way: whatever a request holds arrives as it was, bit by bit."""

from __future__ import annotations

import dataclasses
import io
import json
from typing import Any

import numpy as np
import pytest
from PIL import ExifTags
from PIL import Image as PILImage

from pipelines import images, wire
from pipelines.errors import BadInput
from pipelines.schema import (
    CameraFacts,
    EditRequest,
    Furniture,
    ItemView,
    Piece,
    RenderSettings,
    Request,
    RoomRequest,
    Standing,
    TryOnRequest,
    WearStyle,
)
from pipelines.serving import forms

RNG = np.random.default_rng(0)


def noise(*shape: int) -> Any:
    return RNG.integers(0, 256, shape, dtype=np.uint8)


def mask(*shape: int) -> Any:
    return np.where(noise(*shape) > 127, 255, 0).astype(np.uint8)


VIEW = ItemView(noise(40, 40, 4), (30.0, 12.5), noise(40, 40))
OPAQUE = ItemView(np.dstack([noise(20, 30, 3), np.full((20, 30), 255, np.uint8)]))
RUG = Furniture((1.2, 0.6, 0.45), (VIEW, VIEW), "rug", False, True)
REQUESTS: list[Request] = [
    TryOnRequest(noise(90, 70, 3), noise(80, 64, 4), mask_grow=1.5),
    TryOnRequest(
        noise(90, 70, 3), noise(80, 64, 3), "upper", mask(90, 70),
        RenderSettings("compact", 2**63 - 1, 7, "fast"), WearStyle("rolled up", "in", "open"), 0.0, 51.5, 172.0,
        (Piece(noise(64, 64, 3), "lower", WearStyle(), 40.0), Piece(noise(64, 65, 4))), "Poplin shirt",
    ),
    RoomRequest(
        noise(80, 120, 3),
        (
            Standing(RUG, (0.25, 0.75), -90.0, (1.0, 2.0, 0.5), "Rug"),
            Standing(Furniture((0.1, 0.2, 0.3), (OPAQUE,))),
        ),
        CameraFacts(1.5, None, 900.25, 0.4, -1.0), mask(80, 120), mask(80, 120), RenderSettings("compact", 3),
    ),
    EditRequest(noise(70, 80, 3), "make the wall green", mask(70, 80), RenderSettings("compact", 4)),
]  # fmt: skip


def assert_same(sent: Any, arrived: Any) -> None:
    assert type(sent) is type(arrived)
    if isinstance(sent, np.ndarray):
        assert np.array_equal(sent, arrived)
    elif dataclasses.is_dataclass(sent):
        for one in dataclasses.fields(sent):
            assert_same(getattr(sent, one.name), getattr(arrived, one.name))
    elif isinstance(sent, tuple):
        assert len(sent) == len(arrived)
        for left, right in zip(sent, arrived, strict=True):
            assert_same(left, right)
    else:
        assert sent == arrived


@pytest.mark.parametrize("request_sent", REQUESTS)
def test_a_request_arrives_as_it_was_sent(request_sent: Request) -> None:
    document, pictures = wire.pack(request_sent)
    assert_same(request_sent, forms.unpack(json.dumps(document).encode(), pictures, "compact"))


def test_every_field_that_a_request_can_have_travels_in_these() -> None:
    """One of the requests above says something else than the default in each field, so that none is lost unseen."""
    for kind in wire.TASKS.values():
        for one in dataclasses.fields(kind):
            values = [getattr(request, one.name) for request in REQUESTS if type(request) is kind]
            default = one.default_factory() if one.default_factory is not dataclasses.MISSING else one.default
            assert any(isinstance(value, np.ndarray) or value != default for value in values), one.name


def test_a_picture_that_comes_twice_travels_once() -> None:
    _, pictures = wire.pack(REQUESTS[2])
    assert len(pictures) == 1 + 2 + 1 + 2


def test_the_renderer_is_the_others_choice() -> None:
    document, pictures = wire.pack(TryOnRequest(noise(90, 70, 3), noise(80, 64, 3), settings=RenderSettings("remote")))
    assert "renderer" not in document["settings"]
    assert forms.unpack(json.dumps(document).encode(), pictures, "compact").settings.renderer == "compact"


def test_a_photo_that_tells_its_focal_length_is_believed() -> None:
    exif, stream = PILImage.Exif(), io.BytesIO()
    exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.FocalLengthIn35mmFilm] = 26
    PILImage.fromarray(noise(300, 400, 3)).save(stream, "JPEG", exif=exif)
    document, pictures = wire.pack(RoomRequest(noise(300, 400, 3), (Standing(Furniture((1.0, 1.0, 1.0), (VIEW,))),)))
    arrived = forms.unpack(json.dumps(document).encode(), pictures | {document["room"]: stream.getvalue()}, "compact")
    assert isinstance(arrived, RoomRequest)
    assert arrived.camera.focal == pytest.approx(26 * 500 / 43.27)


def test_cut_outs_are_cut_out_already() -> None:
    document, pictures = wire.pack(REQUESTS[2])
    name = document["items"][0]["item"]["views"][0]["picture"]
    flat = pictures | {name: images.png_bytes(noise(64, 64, 3))}
    with pytest.raises(BadInput, match="a PNG with transparency"):
        forms.unpack(json.dumps(document).encode(), flat, "compact")
