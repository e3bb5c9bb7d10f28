"""What the HTTP API takes as JSON, derived from the requests of `pipelines.schema`, and the way from it to a request.

A form is a dataclass like its request, with the name of a picture in place of each array. Derived rather than written
out, so that API and OpenAPI document have every field that a request has. Types are checked here, values by the
request itself, so that its messages are the same as on the command line.
"""

from __future__ import annotations

import dataclasses
import functools
import types
import typing
from collections.abc import Callable, Mapping
from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import ConfigDict, Field, TypeAdapter, ValidationError, WithJsonSchema

from pipelines import images, schema
from pipelines.errors import BadInput
from pipelines.schema import Request, RoomRequest
from pipelines.wire import LEFT_OUT, TASKS

#: The pictures of one request together, each counted as often as it is named: as a bomb they would fill the memory.
MAX_PIXELS = 3 * images.MAX_PIXELS
#: The most things that any list of a request can hold.
MAX_LISTED = 200

_PictureName = Annotated[
    str, Field(max_length=200), WithJsonSchema({"type": "string", "description": "file name of one of the pictures"})
]
_CONFIG = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)


# --- the forms ----------------------------------------------------------------------------------------------


def _derived(kind: Any) -> Any:
    """The form of a request, or of a dataclass within one."""
    hints = typing.get_type_hints(kind)
    fields: list[Any] = []
    for one in dataclasses.fields(kind):
        if one.name not in LEFT_OUT:
            fields.append((one.name, _hint(hints[one.name]), _default(one)))
    if task := next((task for task, request in TASKS.items() if request is kind), None):
        fields.insert(0, ("task", Literal[task], dataclasses.field()))
    namespace = {"__doc__": kind.__doc__, "__pydantic_config__": _CONFIG}
    return dataclasses.make_dataclass(kind.__name__, fields, frozen=True, kw_only=True, namespace=namespace)


#: One form of each kind, so that the document names it once.
form_of: Callable[[Any], Any] = functools.cache(_derived)


def _default(one: dataclasses.Field[Any]) -> Any:
    if one.default_factory is not dataclasses.MISSING:
        made = one.default_factory()
        return dataclasses.field(default_factory=form_of(type(made)))
    return dataclasses.field() if one.default is dataclasses.MISSING else dataclasses.field(default=one.default)


def _hint(hint: Any) -> Any:
    """The type of a field of a form, from that of the request's."""
    if hint == schema.Image:
        return _PictureName
    if dataclasses.is_dataclass(hint):
        return form_of(hint)
    origin, inner = typing.get_origin(hint), typing.get_args(hint)
    if origin is Literal:  # the document lists what can be chosen; the request says it in its own words
        return Annotated[str, WithJsonSchema({"type": "string", "enum": list(inner)})]
    if origin in (typing.Union, types.UnionType):
        return functools.reduce(lambda a, b: a | b, map(_hint, inner))
    if origin is tuple and inner[-1] is Ellipsis:
        return Annotated[tuple[_hint(inner[0]), ...], Field(max_length=MAX_LISTED)]  # type: ignore[misc]
    return tuple[tuple(map(_hint, inner))] if origin is tuple else hint  # type: ignore[misc]


@functools.cache
def adapter() -> TypeAdapter[Any]:
    """What checks the JSON of a request and describes it."""
    forms: Any = functools.reduce(lambda a, b: a | b, (form_of(kind) for kind in TASKS.values()))
    described: Any = Annotated[forms, Field(discriminator="task")]
    return TypeAdapter(described)


# --- from a form to a request -------------------------------------------------------------------------------


def task_of(document: bytes) -> str:
    """The task of a request's JSON, its types checked.

    Raises:
        BadInput: it is no JSON, or not that of a request.
    """
    return _form(document).task


def unpack(document: bytes, pictures: Mapping[str, bytes], renderer: str) -> Request:
    """A request from its JSON and the pictures' files, by name.

    Args:
        renderer: the name of what will render it.

    Raises:
        BadInput: anything in it cannot be used.
    """
    form = _form(document)
    read = _Reader(pictures)
    request: Request = _built(form, TASKS[form.task], "", read, renderer)
    if isinstance(request, RoomRequest) and request.camera.focal is None and request.camera.fov is None:
        focal = images.focal_from_exif(pictures[form.room])
        request = dataclasses.replace(request, camera=dataclasses.replace(request.camera, focal=focal))
    if unused := sorted(pictures.keys() - read.used):
        raise BadInput("pictures", f"{unused[0]!r}, which the request does not name", "those it names", "Leave it out.")
    return request


def _form(document: bytes) -> Any:
    try:
        return adapter().validate_json(document)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(map(str, first["loc"])) or "request"
        got = repr(first["input"])
        step = "See /openapi.json for what a request is."
        raise BadInput(where, got if len(got) <= 80 else f"{got[:80]}…", first["msg"], step) from None


def _built(value: Any, hint: Any, field: str, read: _Reader, renderer: str) -> Any:
    """The value of a request's field of type `hint`, from that of a form."""
    if value is None:
        return None
    if hint == schema.Image:
        return read(value, field)
    inner = [one for one in typing.get_args(hint) if one is not type(None)]
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        return _built(value, inner[0], field, read, renderer)
    if isinstance(value, tuple) and inner[-1] is Ellipsis:
        return tuple(_built(one, inner[0], field, read, renderer) for one in value)
    if not dataclasses.is_dataclass(hint):
        return value
    hints = typing.get_type_hints(hint)
    here = [one.name for one in dataclasses.fields(hint)]
    values = {
        name: _built(getattr(value, name), hints[name], name, read, renderer) for name in here if hasattr(value, name)
    }
    return typing.cast(Any, hint)(**values, **({"renderer": renderer} if "renderer" in here else {}))


def _photo(data: bytes, what: str) -> NDArray[np.uint8]:
    return images.load_image_bytes(data, what=what)


def _garment(data: bytes, what: str) -> NDArray[np.uint8]:
    return images.load_image_bytes(data, what=what, keep_alpha=True)


def _mask(data: bytes, what: str) -> NDArray[np.uint8]:
    return images.load_mask_bytes(data, what=what)


def _cutout(data: bytes, what: str) -> NDArray[np.uint8]:
    return _png(data, what, 3, "a PNG with transparency")


def _depth(data: bytes, what: str) -> NDArray[np.uint8]:
    return _png(data, what, 2, "a grey PNG")


def _png(data: bytes, what: str, axes: int, allowed: str) -> NDArray[np.uint8]:
    pixels = images.load_png_bytes(data, what=what)
    if pixels.ndim != axes or (axes == 3 and pixels.shape[2] != 4):
        raise BadInput(what, f"a PNG of shape {pixels.shape}", allowed, "Cut the item out of its picture first.")
    return pixels


#: How each picture of a request is read, by the name of its field.
READERS: dict[str, Callable[[bytes, str], NDArray[np.uint8]]] = {
    "person": _photo,
    "room": _photo,
    "photo": _photo,
    "garment": _garment,
    "mask": _mask,
    "remove": _mask,
    "picture": _cutout,
    "depth": _depth,
}


class _Reader:
    """Decodes the pictures of one request, each once, within its limits."""

    def __init__(self, pictures: Mapping[str, bytes]) -> None:
        self._pictures = pictures
        self._read: dict[tuple[str, str], NDArray[np.uint8]] = {}
        self._pixels = 0

    @property
    def used(self) -> set[str]:
        """Names of the pictures that were asked for."""
        return {name for name, _ in self._read}

    def __call__(self, name: str, field: str) -> NDArray[np.uint8]:
        if name not in self._pictures:
            got = f"{name!r}, which is not among the pictures"
            raise BadInput(field, got, ", ".join(self._pictures) or "none came", "Send it as a part named pictures.")
        if (name, field) not in self._read:
            self._read[name, field] = READERS[field](self._pictures[name], f"{field} {name}")
        pixels = self._read[name, field]
        self._pixels += pixels.shape[0] * pixels.shape[1]
        if self._pixels > MAX_PIXELS:
            allowed = f"at most {MAX_PIXELS // 1_000_000} megapixels"
            raise BadInput("pictures together", f"{self._pixels / 1e6:.0f} megapixels", allowed, "Scale them down.")
        return pixels
