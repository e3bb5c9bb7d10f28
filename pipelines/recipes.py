"""What a recipe says of a request: everything that decides the picture; no pixels, no paths (pure)."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from pipelines import images
from pipelines.schema import EditRequest, Piece, RoomRequest, Standing, TryOnRequest


def of_tryon(request: TryOnRequest, renderer: str, revision: Mapping[str, str]) -> dict[str, Any]:
    """What the recipe of a try-on says, whoever paints it."""
    return {
        "task": "tryon",
        "renderer": renderer,
        "weights": revision,
        "person": images.pixels_sha256(request.person),
        "garment": images.pixels_sha256(request.garment),
        "mask": None if request.mask is None else images.pixels_sha256(request.mask),
        "category": request.category,
        "wear": dataclasses.asdict(request.wear),
        "mask_grow": request.mask_grow,
        "garment_width": request.garment_width,
        "person_height": request.person_height,
        "others": [_of_piece(piece) for piece in request.others],
        "seed": request.settings.seed,
        "num_inference_steps": request.settings.num_inference_steps,
        "quality": request.settings.quality,
    }


def of_room(request: RoomRequest, renderer: str, revision: Mapping[str, str]) -> dict[str, Any]:
    """What the recipe of a room says, whoever paints it."""
    hashed = lambda pixels: None if pixels is None else images.pixels_sha256(pixels)  # noqa: E731
    return {
        "task": "room",
        "renderer": renderer,
        "weights": revision,
        "room": images.pixels_sha256(request.room),
        "items": [_of_standing(standing) for standing in request.items],
        "camera": dataclasses.asdict(request.camera),
        "mask": hashed(request.mask),
        "remove": hashed(request.remove),
        "seed": request.settings.seed,
    }


def of_edit(request: EditRequest, renderer: str, revision: Mapping[str, str]) -> dict[str, Any]:
    """What the recipe of an edit says, whoever paints it."""
    return {
        "task": "edit",
        "renderer": renderer,
        "weights": revision,
        "photo": images.pixels_sha256(request.photo),
        "words": request.words,
        "mask": None if request.mask is None else images.pixels_sha256(request.mask),
        "seed": request.settings.seed,
        "num_inference_steps": request.settings.num_inference_steps,
    }


def _of_piece(piece: Piece) -> dict[str, Any]:
    """What the recipe of a try-on says of a garment that is put on as well."""
    return {
        "garment": images.pixels_sha256(piece.garment),
        "category": piece.category,
        "wear": None if piece.wear is None else dataclasses.asdict(piece.wear),
        "garment_width": piece.garment_width,
    }


def _of_standing(standing: Standing) -> dict[str, Any]:
    """What the recipe of a room says of one item."""
    return {
        "pictures": [images.pixels_sha256(view.picture) for view in standing.item.views],
        "at": standing.at,
        "yaw": standing.yaw,
        "size": standing.size or standing.item.size,
    }
