"""What every request passes before it is looked at: who asks, from where, and how much they send."""

from __future__ import annotations

import asyncio
import secrets
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pipelines.errors import BadInput
from pipelines.serving.settings import Refused, ServeSettings, is_loopback
from pipelines.serving.worker import said

#: What anybody may ask.
OPEN = frozenset({"/v1/health", "/openapi.json", "/docs"})
#: Seconds within which the next piece of a body has to come.
PATIENCE = 30.0


def answer(refused: Refused) -> JSONResponse:
    """The answer to a request that is not taken."""
    return JSONResponse(said(refused.problem), refused.status, refused.headers)


class Gate:
    """Refuses requests without the token, of other web pages, and with too large a body, which is not read."""

    def __init__(self, app: ASGIApp, settings: ServeSettings) -> None:
        self._app, self._settings = app, settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request in, or answer it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        try:
            self._check_origin(headers)
            if scope["path"] not in OPEN:
                self._check_token(headers)
            self._check_length(headers)
        except Refused as refused:
            await answer(refused)(scope, receive, send)
            return
        await self._app(scope, self._measured(receive), send)

    def _check_origin(self, headers: Headers) -> None:
        """A page of the web can make its visitors' browsers post to this machine, or give it a name of its own."""
        host, origin = headers.get("host", ""), headers.get("origin")
        name = urlsplit(f"//{host}").hostname or ""
        if not self._settings.token and not is_loopback(name):
            step = "Ask for 127.0.0.1, or start the server with --token."
            raise Refused(403, BadInput("Host", "another name", "localhost or 127.0.0.1", step))
        if origin is not None and urlsplit(origin).netloc != host:
            step = "Ask from a program, not from a page."
            raise Refused(403, BadInput("Origin", "another page of the web", "this server's own", step))

    def _check_token(self, headers: Headers) -> None:
        token = self._settings.token
        scheme, _, given = headers.get("authorization", "").partition(" ")
        if token and not (
            scheme.lower() == "bearer" and secrets.compare_digest(given.strip().encode(), token.encode())
        ):
            got = "a wrong one" if given else "none"
            problem = BadInput("token", got, "the header Authorization: Bearer TOKEN", "Ask who runs the server.")
            raise Refused(401, problem, {"WWW-Authenticate": "Bearer"})

    def _check_length(self, headers: Headers) -> None:
        length = headers.get("content-length", "0")
        if not length.isdecimal() or int(length) > self._settings.max_bytes:
            raise self._too_large()

    def _too_large(self) -> Refused:
        allowed = f"at most {self._settings.max_bytes / 1e6:g} MB"
        problem = BadInput("request", "a larger body", allowed, "Scale the pictures down, or send them as JPEG.")
        return Refused(413, problem)  # the rest is passed over as it comes: a closed connection would lose the answer

    def _measured(self, receive: Receive) -> Receive:
        """The body as it comes, until it is too much or does not come."""
        size, whole = 0, False

        async def measured() -> Message:
            nonlocal size, whole
            if whole:
                return await receive()
            try:
                async with asyncio.timeout(PATIENCE):
                    message = await receive()
            except TimeoutError:
                allowed = f"a piece of the body every {PATIENCE:g} seconds"
                problem = BadInput("request", "a body that does not come", allowed, "Send it again.")
                raise Refused(408, problem, {"Connection": "close"}) from None
            size += len(message.get("body", b""))
            whole = not message.get("more_body", False)
            if size > self._settings.max_bytes:
                raise self._too_large()
            return message

        return measured
