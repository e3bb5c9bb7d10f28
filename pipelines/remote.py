"""Rendering by another Tryroom: `tryroom serve`, asked over HTTP.

A request is posted once, whatever becomes of the connection: it carries a key by which the server knows it again. Its
events are followed to the end, what it shows on the way is handed on, its pictures are fetched, and the render is
dropped there. With the standard library's HTTP, since a POST, a stream of lines and a DELETE need no more.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import random
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import numpy as np

from pipelines import images, wire
from pipelines.errors import BadInput, RemoteFailed, RenderCancelled, RenderFailed
from pipelines.schema import (
    EditRequest,
    Image,
    Mask,
    OnProgress,
    Progress,
    RenderResult,
    Request,
    RoomRequest,
    TryOnRequest,
)

URL_VARIABLE, TOKEN_VARIABLE = "TRYROOM_REMOTE_URL", "TRYROOM_REMOTE_TOKEN"

#: Seconds without a byte after which a connection counts as lost; the server sends one every second.
TIMEOUT = 30.0
#: How often in a row a lost connection is tried again, after 0.5, 1, 2 and 4 seconds.
RETRIES = 4
#: Seconds to go on asking for a place in a queue that is full.
PATIENCE = 900.0
#: How often one who waits can give up, in seconds.
_BEAT = 0.1


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A redirect is an error: photos and token go to the address that was named, and to no other."""

    def redirect_request(self, *_: Any) -> None:
        return None


def from_environment(task: str) -> RemoteRenderer:
    """The renderer that the environment names; BadInput if it names none."""
    address = os.environ.get(URL_VARIABLE, "")
    if not address:
        step = f"Start tryroom serve there, then for example: export {URL_VARIABLE}=http://192.168.1.20:8600"
        raise BadInput(URL_VARIABLE, "nothing", "the address of a running tryroom serve", step)
    return RemoteRenderer(task, address, os.environ.get(TOKEN_VARIABLE, ""))


class RemoteRenderer:
    """Has another Tryroom render. Thread-safe: nothing is kept between renders.

    Args:
        task: what it renders.
        address: of `tryroom serve`, with http:// or https://.
        token: that it asks for; "" = none.
        patience: seconds to wait for a place in its queue.
    """

    def __init__(self, task: str, address: str, token: str = "", patience: float = PATIENCE) -> None:
        parts = urlsplit(address)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or parts.query:
            raise BadInput(URL_VARIABLE, repr(address), "http://HOST:PORT or https://HOST", "Name only the server.")
        self._task, self._address, self._patience = task, address.rstrip("/"), patience
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._opener = urllib.request.build_opener(_NoRedirect)
        tasks, self._max_bytes = self._offer()
        if task not in tasks:
            raise BadInput("task", f"{task!r} for {self._address}", ", ".join(tasks), "Choose one of these.")

    def recipe(self, request: Request) -> dict[str, Any]:
        """What the other Tryroom would make it with."""
        recipe: dict[str, Any] = self._post("/v1/recipes", request, lambda _: None)["recipe"]
        return recipe

    def render(self, request: Request, on_progress: OnProgress | None = None) -> RenderResult:
        """Render there; what `on_progress` raises cancels it there too.

        Raises:
            BadInput: the request cannot be used, in the server's words.
            RenderFailed: it failed there, or what came back is not a render of this photo.
            RenderCancelled: it was cancelled there.
            RemoteFailed: the server cannot be asked, stops, or has had no place for too long.
        """
        report = _rising(on_progress or (lambda _: None))
        asked = "" if on_progress is None else "?previews=true"
        render = self._post(f"/v1/renders{asked}", request, report)
        path = f"/v1/renders/{render['id']}"
        try:
            end = self._followed(path, report)
            _raise_if_not_done(end, self._address)
            result = self._fetched(path, end)
        finally:
            with contextlib.suppress(RemoteFailed, *_LOST):  # at the worst it is kept there for some minutes
                self._open("DELETE", path).close()
        _check_outside(photo_of(request), result)
        report(Progress(1.0, "done", result.image))
        return result

    # --- the steps of a render ------------------------------------------------------------------------------

    def _offer(self) -> tuple[list[str], int]:
        """What is rendered there, and the bytes that a request can have."""
        try:
            with self._open("GET", "/v1/renderers") as answer:
                offer = json.load(answer)[0]
                return list(offer["tasks"]), int(offer["limits"]["max_bytes"])
        except _LOST as error:
            raise self._unreachable(error) from error
        except (ValueError, LookupError, TypeError) as error:
            why = "it answers, but not as tryroom serve does"
            raise RemoteFailed(self._address, why, f"Check {URL_VARIABLE}.") from error

    def _post(self, path: str, request: Request, report: OnProgress) -> Any:
        """Send a request, once there is a place for it, and once only."""
        body, kind = wire.body_of(*wire.pack(request))
        if len(body) > self._max_bytes:
            got, allowed = f"{len(body) / 1e6:.1f} MB", f"at most {self._max_bytes / 1e6:g} MB"
            raise BadInput("pictures", got, allowed, "Scale them down, or start the server with a larger --max-mb.")
        headers = {"Content-Type": kind, "Idempotency-Key": uuid.uuid4().hex}
        give_up = time.monotonic() + self._patience
        while True:
            report(Progress(0.0, "sending the pictures"))
            try:
                return self._json("POST", path, body, headers)
            except _Busy as busy:
                # Not all at once: those who were told the same would meet again. A turn is held for half as long again.
                until = time.monotonic() + busy.seconds * random.uniform(1.0, 1.5)
                if until > give_up:
                    why = f"its queue stays full; it said to come again after {busy.seconds:g} seconds"
                    raise RemoteFailed(self._address, why, "Try again later.") from None
            while time.monotonic() < until:
                report(Progress(0.0, "waiting for a place in the queue"))
                time.sleep(_BEAT)

    def _followed(self, path: str, report: OnProgress) -> Any:
        """The last status of a render, its progress reported until then."""
        lost, previews, now = 0, 0, Progress(0.0, "waiting")
        while True:
            try:
                for name, status in self._events(f"{path}/events"):
                    lost, preview = 0, None
                    if name in ("done", "failed", "cancelled"):
                        return status
                    if name == "progress":
                        ahead = f", {status['ahead']} before it" if status["ahead"] else ""
                        now = Progress(status["fraction"], f"{status['stage']}{ahead}")
                        if status.get("previews", 0) > previews:  # an older server has none
                            previews = status["previews"]
                            preview = self._preview(path)
                    report(replace(now, preview=preview))  # without news as well: it may want to cancel
            except _Lost as error:
                lost += 1
                self._wait_after(lost, error.why)

    def _events(self, path: str) -> Iterator[tuple[str, Any]]:
        """Server-sent events as they come, name and data; ("", None) where there is no news. _Lost without an end."""
        try:
            with self._open("GET", path) as stream:
                name = ""
                for line in stream:
                    field, _, value = line.decode().rstrip("\r\n").partition(": ")
                    if field == "event":
                        name = value
                    elif line.startswith(b":"):
                        yield "", None
                    elif field == "data":
                        yield name, json.loads(value)
        except _LOST as error:
            raise _Lost(error) from error
        raise _Lost(http.client.IncompleteRead(b""))

    def _preview(self, path: str) -> Image | None:
        """What is to be seen of a render so far; None where that is gone already, or does not arrive."""
        try:
            with self._open("GET", f"{path}/preview") as answer:
                return images.load_jpeg_bytes(answer.read(), what="preview from there")
        except (RemoteFailed, *_LOST):
            return None

    def _fetched(self, path: str, end: Any) -> RenderResult:
        """The pictures of a render that is done."""
        fetch = lambda name: images.load_png_bytes(self._bytes(f"{path}/{name}"), what=f"{name} from there")  # noqa: E731
        steps = {name: fetch(f"steps/{name}") for name in end["steps"]}
        return RenderResult(fetch("picture"), fetch("mask"), steps, end["recipe"], tuple(end["warnings"]))

    # --- HTTP -----------------------------------------------------------------------------------------------

    def _json(self, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None) -> Any:
        data = self._bytes(path, method, body, headers)
        return json.loads(data) if data else None

    def _bytes(
        self, path: str, method: str = "GET", body: bytes | None = None, headers: dict[str, str] | None = None
    ) -> bytes:
        """The body of an answer; a lost connection is tried again."""
        lost = 0
        while True:
            try:
                with self._open(method, path, body, headers) as answer:
                    return answer.read()
            except _LOST as error:
                lost += 1
                self._wait_after(lost, error)

    def _open(
        self, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None
    ) -> http.client.HTTPResponse:
        """Ask once; an answer that refuses is raised as the error it is."""
        request = urllib.request.Request(
            self._address + path, body, {**self._headers, **(headers or {})}, method=method
        )
        try:
            answer: http.client.HTTPResponse = self._opener.open(request, timeout=TIMEOUT)
            return answer
        except urllib.error.HTTPError as error:
            with error:
                raise self._refusal(error.code, error.headers.get("Retry-After"), error.read()) from None

    def _refusal(self, status: int, retry_after: str | None, body: bytes) -> Exception:
        """The error that an answer stands for."""
        try:
            said = json.loads(body)
            problem = BadInput(said["what"], said["got"], said["allowed"], said["next"])
        except (ValueError, TypeError, KeyError):
            return RemoteFailed(self._address, f"answered {status}", "Check that it is a Tryroom.")
        why = f"{problem.what}: got {problem.got}; allowed: {problem.allowed}"
        if status == 429:
            return _Busy(float(retry_after) if retry_after and retry_after.isdecimal() else 1.0)
        if status in (401, 403):
            return RemoteFailed(self._address, why, f"Set {TOKEN_VARIABLE} to the token of tryroom serve.")
        if status in (413, 422):
            return problem
        return RemoteFailed(self._address, why, problem.next_step)

    def _wait_after(self, lost: int, error: Exception) -> None:
        """Wait before the next try after so many lost connections in a row, or give up."""
        if lost > RETRIES:
            raise self._unreachable(error) from error
        time.sleep(0.5 * 2 ** (lost - 1))

    def _unreachable(self, error: Exception) -> RemoteFailed:
        why = getattr(error, "reason", error)
        step = f"Check that tryroom serve runs there, and {URL_VARIABLE}."
        return RemoteFailed(self._address, f"no connection ({why})", step)


#: What a connection that is lost, or cannot be made, raises.
_LOST = (OSError, http.client.HTTPException)


class _Lost(Exception):
    """The connection was lost while events were awaited."""

    def __init__(self, why: Exception) -> None:
        self.why = why
        super().__init__(str(why))


class _Busy(Exception):
    """No place for now; come again after so many seconds."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        super().__init__(f"come again after {seconds:g} seconds")


def _rising(report: OnProgress) -> OnProgress:
    """A report whose fraction never falls, also where the render begins anew."""
    highest = 0.0

    def rising(now: Progress) -> None:
        nonlocal highest
        highest = max(highest, now.fraction)
        report(Progress(highest, now.stage, now.preview))

    return rising


def _raise_if_not_done(end: Any, address: str) -> None:
    if end["problem"]:
        said = end["problem"]
        raise BadInput(said["what"], said["got"], said["allowed"], said["next"])
    failure = end["failure"] or {"stage": "rendering", "why": "no reason given"}
    if end["state"] == "cancelled":
        if failure["stage"] == "serving":
            raise RemoteFailed(address, failure["why"], "Try again once it is back.")
        raise RenderCancelled(failure["why"])
    if end["state"] != "done":
        raise RenderFailed(failure["stage"], failure["why"])


def photo_of(request: Request) -> Image:
    """The photo that a request changes."""
    match request:
        case TryOnRequest():
            return request.person
        case RoomRequest():
            return request.room
        case EditRequest():
            return request.photo


def _check_outside(photo: Image, result: RenderResult) -> None:
    """Outside the mask every pixel is the photo's; trusted to nobody."""
    mask: Mask = result.mask
    if result.image.shape != photo.shape or mask.shape != photo.shape[:2]:
        raise RenderFailed("remote", "the picture that came back is not of the photo's size")
    if not np.array_equal(result.image[mask == 0], photo[mask == 0]):
        raise RenderFailed("remote", "the picture that came back differs from the photo outside its mask")
