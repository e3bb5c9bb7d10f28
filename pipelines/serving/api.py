"""The HTTP API: hand a render in, watch it, fetch its pictures, cancel it."""

from __future__ import annotations

import asyncio
import contextlib
import importlib.metadata
from collections.abc import AsyncIterator, Mapping
from typing import Annotated, Any

from fastapi import Depends, FastAPI, Header, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.openapi.utils import get_openapi
from fastapi.responses import StreamingResponse
from fastapi.security import HTTPBearer
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import ClientDisconnect

from pipelines import renderers, wire
from pipelines.errors import BadInput
from pipelines.serving import forms
from pipelines.serving.answers import Health, Limits, Offer, Problem, Recipe, Status, status_of
from pipelines.serving.desk import Desk, Render
from pipelines.serving.gate import Gate, answer
from pipelines.serving.settings import Refused
from pipelines.serving.worker import Ticket

#: Requests whose pictures are looked at in the same moment: each may take some hundred megabytes while that lasts.
_LOOKED_AT = 2
_MOST_PICTURES = 1000

_DESCRIPTION = """
Send a request and its pictures to `POST /v1/renders`, follow `…/events` until the render has ended, fetch `…/picture`,
and `DELETE` the render: nothing of yours is kept then. What is refused is answered with a Problem.
"""
_EXAMPLES: dict[str, Any] = {
    "tryon": {"task": "tryon", "person": "me.jpg", "garment": "tee.png", "category": "upper", "settings": {"seed": 7}},
    "room": {
        "task": "room",
        "room": "room.jpg",
        "items": [{"item": {"size": [1.2, 0.6, 0.45], "views": [{"picture": "table.png"}]}, "at": [0.5, 0.8]}],
    },
}
_Responses = dict[int | str, dict[str, Any]]
_NO_STORE = {"Cache-Control": "no-store"}
_PICTURE = {"type": "string", "contentMediaType": "application/octet-stream"}
_EVENT = {
    "type": "object",
    "properties": {
        "event": {"type": "string", "enum": ["progress", "done", "failed", "cancelled"]},
        "data": {
            "type": "string", "contentMediaType": "application/json",
            "contentSchema": {"$ref": "#/components/schemas/Status"},
        },
    },
}  # fmt: skip


def _problems(*statuses: int) -> _Responses:
    about = {
        401: "The token is missing or wrong.",
        403: "Asked for by a page of the web.",
        404: "There is no such render, or it is kept no longer.",
        408: "The body did not come.",
        409: "The render has no such picture (yet).",
        413: "The body is too large; it was not read.",
        422: "Something in the request cannot be used.",
        429: "The queue is full, or its free places belong to those who came before. Come again after the seconds of "
        "Retry-After, or half as many more at the most: for so long the same Idempotency-Key keeps your turn.",
        503: "The server is stopping.",
    }
    headers = {"Retry-After": {"description": "Seconds.", "schema": {"type": "integer", "minimum": 1}}}
    return {
        status: {
            "model": Problem,
            "description": about[status],
            **({"headers": headers} if status in (429, 503) else {}),
        }
        for status in (401, 403, *statuses)
    }


class _InMemory(MultiPartParser):
    """Starlette's parser, which would put a file of more than a megabyte on the disk."""

    spool_max_size = 2**40


# --- what comes in ------------------------------------------------------------------------------------------


async def _ticket(
    request: Request, looking: asyncio.Semaphore, renderer: str, *, only_recipe: bool = False, previews: bool = False
) -> Ticket:
    """The request in a body, read and checked as far as it can be without rendering it; BadInput otherwise."""
    document, pictures = await _parts(request)
    async with looking:  # decoded here to be refused at once, and again by the worker: pixels do not wait in memory
        task = await asyncio.to_thread(forms.task_of, document)
        await asyncio.to_thread(forms.unpack, document, pictures, renderer)
    return Ticket(task, document, pictures, only_recipe, previews)


async def _parts(request: Request) -> tuple[bytes, dict[str, bytes]]:
    """The JSON and the files of a body."""
    step = "See /openapi.json for what a request is."
    kind = request.headers.get("content-type", "")
    if not kind.startswith("multipart/form-data"):
        raise BadInput("Content-Type", repr(kind[:80]), "multipart/form-data", step)
    parser = _InMemory(request.headers, request.stream(), max_files=_MOST_PICTURES, max_fields=2)
    try:
        form = await parser.parse()
    except MultiPartException as error:
        raise BadInput("request", f"a broken body ({error.message})", "multipart/form-data", step) from None
    documents, pictures = form.getlist(wire.REQUEST_PART), form.getlist(wire.PICTURES_PART)
    if len(documents) != 1 or len(documents) + len(pictures) != len(form.multi_items()):
        allowed = f"one {wire.REQUEST_PART}, and {wire.PICTURES_PART}"
        raise BadInput("parts of the request", ", ".join(sorted(set(form)))[:80] or "none", allowed, step)
    files: dict[str, bytes] = {}
    for picture in pictures:
        if not isinstance(picture, UploadFile) or not picture.filename or picture.filename in files:
            raise BadInput("pictures", "one without a file name of its own", "a file name each", step)
        files[picture.filename] = await picture.read()
    said = documents[0]
    return (await said.read() if isinstance(said, UploadFile) else said.encode()), files


# --- the routes ---------------------------------------------------------------------------------------------

_Key = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key", min_length=16, max_length=200,
        description="Random; a request that is sent again with the same key is not rendered again, and keeps its turn.",
    ),
]  # fmt: skip
_Turn = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key", min_length=16, max_length=200,
        description="Random; a request that is sent again with the same key keeps its turn.",
    ),
]  # fmt: skip
_Previews = Annotated[bool, Query(description="Show it on the way: …/preview has the latest picture while it runs.")]


def create_api(desk: Desk) -> FastAPI:
    """The application around a desk, which it opens and closes."""

    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        await desk.open()
        yield
        await desk.close()

    version = importlib.metadata.version("tryroom")
    api = FastAPI(title="Tryroom", version=version, description=_DESCRIPTION, lifespan=lifespan, redoc_url=None)
    api.add_middleware(Gate, settings=desk.settings)
    _add_handing_in(api, desk)
    _add_watching(api, desk)
    _add_about(api, desk)
    _add_problems(api)
    api.openapi = lambda: _document(api)  # type: ignore[method-assign]
    return api


#: Checked at the gate, before a body is read; here for the document.
_TOKEN = Depends(HTTPBearer(auto_error=False, description="What `tryroom serve --token` was given."))


def _add_handing_in(api: FastAPI, desk: Desk) -> None:
    looking = asyncio.Semaphore(_LOOKED_AT)
    renderer = desk.settings.renderer
    body: dict[str, Any] = {"openapi_extra": _request_body(), "dependencies": [_TOKEN]}

    location = {"Location": {"description": "The render's address.", "schema": {"type": "string"}}}
    accepted: _Responses = {202: {"description": "Taken in.", "headers": location}}

    @api.post(
        "/v1/renders", status_code=202, responses={**_problems(408, 413, 422, 429, 503), **accepted},
        tags=["renders"], **body,
    )  # fmt: skip
    async def submit(request: Request, response: Response, key: _Key = None, previews: _Previews = False) -> Status:
        """Hand a render in. Its state is under the address that Location names."""
        with desk.place(key or "", known=desk.known(key or "") is not None):
            render = desk.submit(await _ticket(request, looking, renderer, previews=previews), key or "")
        response.headers["Location"] = f"/v1/renders/{render.id}"
        return _status(desk, render)

    @api.post("/v1/recipes", responses=_problems(408, 409, 413, 422, 429, 503), tags=["renders"], **body)
    async def recipe(request: Request, key: _Turn = None) -> Recipe:
        """What a picture would be made with, without rendering it; waits in the same queue."""
        with desk.place(key or ""):
            render = desk.submit(await _ticket(request, looking, renderer, only_recipe=True))
        async for _ in render.news():
            pass
        desk.drop(render)
        end = render.end
        if end is None or end.recipe is None:
            raise Refused(409, BadInput("recipe", end.why if end else "none", "a renderer that works", "Try again."))
        return Recipe(recipe=dict(end.recipe))


def _add_watching(api: FastAPI, desk: Desk) -> None:
    shared: dict[str, Any] = {"tags": ["renders"], "dependencies": [_TOKEN]}

    @api.get("/v1/renders/{render_id}", responses=_problems(404, 422), **shared)
    async def status(render_id: str) -> Status:
        """Where a render stands."""
        return _status(desk, desk.find(render_id))

    stream: _Responses = {200: {"content": {"text/event-stream": {"schema": _EVENT}}, "description": "Events."}}

    @api.get(
        "/v1/renders/{render_id}/events", response_class=StreamingResponse, responses={**_problems(404, 422), **stream},
        **shared,
    )  # fmt: skip
    async def events(render_id: str) -> StreamingResponse:
        """Server-sent events: `progress` on every change, at last `done`, `failed` or `cancelled`; data is a Status."""
        render = desk.find(render_id)
        return StreamingResponse(_events(desk, render), headers=_NO_STORE, media_type="text/event-stream")

    def picture_of(render_id: str, name: str) -> Response:
        end = desk.find(render_id).end
        if end is None or name not in end.pictures:
            got = "no such picture" if end else "a render that is not done"
            raise Refused(409, BadInput(name, got, "a picture of a render that is done", "Follow its events first."))
        return Response(end.pictures[name], headers=_NO_STORE, media_type="image/png")

    def pictures(kind: str) -> dict[str, Any]:
        found: _Responses = {200: {"content": {f"image/{kind.lower()}": {"schema": _PICTURE}}, "description": kind}}
        return {"response_class": Response, "responses": {**_problems(404, 409, 422), **found}, **shared}

    png = pictures("PNG")

    @api.get("/v1/renders/{render_id}/preview", **pictures("JPEG"))
    async def preview(render_id: str) -> Response:
        """What is to be seen of it so far, small; gone with the next one, and when the render has ended."""
        jpeg = desk.find(render_id).preview
        if jpeg is None:
            allowed, step = "a render that runs and was asked to show itself", "Follow its events for their previews."
            raise Refused(409, BadInput("preview", "nothing to see at present", allowed, step))
        return Response(jpeg, headers=_NO_STORE, media_type="image/jpeg")

    @api.get("/v1/renders/{render_id}/picture", **png)
    async def picture(render_id: str) -> Response:
        """The picture, its recipe inside."""
        return picture_of(render_id, "picture")

    @api.get("/v1/renders/{render_id}/mask", **png)
    async def mask(render_id: str) -> Response:
        """Where it was repainted, in white; everywhere else the picture is the photo's, bit by bit."""
        return picture_of(render_id, "mask")

    @api.get("/v1/renders/{render_id}/steps/{name}", **png)
    async def step(render_id: str, name: str) -> Response:
        """An intermediate picture."""
        return picture_of(render_id, f"steps/{name}")

    @api.delete("/v1/renders/{render_id}", status_code=204, responses=_problems(404, 422), **shared)
    async def drop(render_id: str) -> None:
        """Cancel a render, within a step; or forget one that has ended, and all of its pictures."""
        desk.drop(desk.find(render_id))


def _add_about(api: FastAPI, desk: Desk) -> None:
    settings = desk.settings

    @api.get("/v1/health", tags=["about"], responses={403: _problems()[403]})
    async def health() -> Health:
        """That the server is there; needs no token and says nothing else."""
        return Health(status="stopping" if desk.stopping else "ok")

    @api.get("/v1/renderers", tags=["about"], responses=_problems(), dependencies=[_TOKEN])
    async def offers() -> list[Offer]:
        """What renders here, its limits, and how much is waiting."""
        choice = renderers.RENDERERS[settings.renderer]
        limits = Limits(
            max_bytes=settings.max_bytes, queue=settings.queue, seconds=settings.seconds,
            keep_seconds=settings.keep_seconds,
        )  # fmt: skip
        tasks = [task for task in choice.tasks if task in wire.TASKS]
        return [Offer(name=settings.renderer, about=choice.about, tasks=tasks, limits=limits, waiting=desk.waiting)]


def _status(desk: Desk, render: Render) -> Status:
    return status_of(render, desk.ahead_of(render))


async def _events(desk: Desk, render: Render) -> AsyncIterator[str]:
    async for fresh in render.news():
        name = render.end.state if render.end else "progress"
        yield f"event: {name}\ndata: {_status(desk, render).model_dump_json()}\n\n" if fresh else ": no news\n\n"


# --- problems and the document ------------------------------------------------------------------------------


def _add_problems(api: FastAPI) -> None:
    """Whatever is refused, wherever, is answered with a Problem."""

    @api.exception_handler(Refused)
    async def refused(_: Request, error: Refused) -> Response:
        return answer(error)

    @api.exception_handler(BadInput)
    async def bad_input(_: Request, error: BadInput) -> Response:
        return answer(Refused(422, error))

    @api.exception_handler(RequestValidationError)
    async def invalid(_: Request, error: RequestValidationError) -> Response:
        first = error.errors()[0]
        what, got = ".".join(map(str, first["loc"])), repr(first.get("input"))[:80]
        return answer(Refused(422, BadInput(what, got, first["msg"], "See /openapi.json.")))

    @api.exception_handler(ClientDisconnect)
    async def gone(_: Request, __: ClientDisconnect) -> Response:
        return Response(status_code=400)  # nobody is there to read it

    @api.exception_handler(HTTPException)
    async def http(_: Request, error: HTTPException) -> Response:
        problem = BadInput("request", str(error.detail), "what the document describes", "See /openapi.json.")
        return answer(Refused(error.status_code, problem, error.headers))


def _request_body() -> dict[str, Any]:
    """The body of a request, for the document."""
    content = {
        "schema": {
            "type": "object",
            "required": [wire.REQUEST_PART],
            "additionalProperties": False,
            "properties": {
                wire.REQUEST_PART: {"$ref": "#/components/schemas/RenderRequest"},
                wire.PICTURES_PART: {
                    "type": "array", "items": _PICTURE, "maxItems": _MOST_PICTURES,
                    "description": "Each with a file name, by which the request names it.",
                },
            },
        },
        "encoding": {
            wire.REQUEST_PART: {"contentType": "application/json"},
            wire.PICTURES_PART: {"contentType": "image/png, image/jpeg, image/webp"},
        },
        "examples": {name: {"value": {wire.REQUEST_PART: value}} for name, value in _EXAMPLES.items()},
    }  # fmt: skip
    return {"requestBody": {"required": True, "content": {"multipart/form-data": content}}}


def _document(api: FastAPI) -> dict[str, Any]:
    """The OpenAPI document, with the forms of the requests in it."""
    if not api.openapi_schema:
        document = get_openapi(title=api.title, version=api.version, description=api.description, routes=api.routes)
        form: Mapping[str, Any] = forms.adapter().json_schema(ref_template="#/components/schemas/{model}")
        own = {key: value for key, value in form.items() if key != "$defs"}
        document["components"]["schemas"] |= {**form["$defs"], "RenderRequest": own}
        api.openapi_schema = document
    return api.openapi_schema
