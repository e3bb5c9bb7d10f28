"""A request as it travels to another Tryroom: JSON that names pictures, and the pictures as PNG, in one body.

The JSON is the request field by field, with the name of a picture in place of each array, so that no field can be
forgotten. `pipelines.serving.forms` reads it.
"""

from __future__ import annotations

import dataclasses
import json
import uuid
from collections.abc import Mapping
from typing import Any

import numpy as np

from pipelines import images
from pipelines.errors import BadInput
from pipelines.schema import EditRequest, Request, RoomRequest, TryOnRequest

#: The kinds of request, by task.
TASKS: dict[str, type[Request]] = {"tryon": TryOnRequest, "room": RoomRequest, "edit": EditRequest}
#: What the other side decides: the name of a renderer is that of its own.
LEFT_OUT = frozenset({"renderer"})
#: Names of the parts of a body.
REQUEST_PART, PICTURES_PART = "request", "pictures"

_MASKS = frozenset({"mask", "remove"})


def pack(request: Request) -> tuple[dict[str, Any], dict[str, bytes]]:
    """A request as JSON-able values and the PNGs that they name; an array that comes twice travels once.

    Raises:
        BadInput: a mask has greys, which would arrive as black or white.
    """
    task = next(name for name, kind in TASKS.items() if isinstance(request, kind))
    pictures: dict[str, bytes] = {}
    names: dict[int, str] = {}

    def plain(value: Any, field: str) -> Any:
        if isinstance(value, np.ndarray):
            if id(value) not in names:
                if field in _MASKS and not np.isin(value, (0, 255)).all():
                    raise BadInput(field, "greys", "black and white, 0 and 255", "Draw the line with a threshold.")
                names[id(value)] = f"{field}-{len(names)}.png"
                pictures[names[id(value)]] = images.png_bytes(value, quick=True)
            return names[id(value)]
        if dataclasses.is_dataclass(value):
            here = [one.name for one in dataclasses.fields(value) if one.name not in LEFT_OUT]
            return {name: plain(getattr(value, name), name) for name in here}
        return [plain(one, field) for one in value] if isinstance(value, tuple) else value

    return {"task": task, **plain(request, task)}, pictures


def body_of(document: Mapping[str, Any], pictures: Mapping[str, bytes]) -> tuple[bytes, str]:
    """A packed request as the body of a POST, and its content type (multipart/form-data, RFC 7578)."""
    boundary = uuid.uuid4().hex
    parts = [(f'name="{REQUEST_PART}"', "application/json", json.dumps(document, allow_nan=False).encode())]
    parts += [(f'name="{PICTURES_PART}"; filename="{name}"', "image/png", data) for name, data in pictures.items()]
    pieces = []
    for disposition, kind, data in parts:
        head = f"--{boundary}\r\nContent-Disposition: form-data; {disposition}\r\nContent-Type: {kind}\r\n\r\n"
        pieces += [head.encode(), data, b"\r\n"]
    return b"".join([*pieces, f"--{boundary}--\r\n".encode()]), f"multipart/form-data; boundary={boundary}"
