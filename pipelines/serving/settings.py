"""How to serve: limits, and what is refused with which status."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field

from pipelines.errors import BadInput


@dataclass(frozen=True)
class ServeSettings:
    """How to serve.

    Attributes:
        renderer: a name in `pipelines.renderers.RENDERERS`.
        host, port: where to listen; port 0 = any free one. Other machines reach what is not the loopback address, so
            that this needs a token.
        token: what clients have to know; "" = nothing.
        workers: processes, each with its own models.
        queue: renders that may wait, those still arriving included; more are told to come again.
        max_bytes: of one request's body.
        seconds: that one render may take, loading included; it is ended then.
        keep, keep_bytes, keep_seconds: how many results, of how many bytes together, are kept for how long.
    """

    renderer: str = "compact"
    host: str = "127.0.0.1"
    port: int = 8600
    token: str = field(default="", repr=False)
    workers: int = 1
    queue: int = 32
    max_bytes: int = 32_000_000
    seconds: float = 300.0
    keep: int = 64
    keep_bytes: int = 1_000_000_000
    keep_seconds: float = 600.0

    def __post_init__(self) -> None:
        for what, value, low, high, unit in (
            ("--port", self.port, 0, 65535, ""),
            ("--workers", self.workers, 1, 64, ""),
            ("--queue", self.queue, 1, 10_000, " renders"),
            ("--max-mb", self.max_bytes / 1e6, 0.001, 1000, " MB"),
            ("--timeout", self.seconds, 0.1, 86_400, " seconds"),
        ):
            if not low <= value <= high:
                raise BadInput(what, f"{value:g}", f"{low:g} to {high:g}{unit}", "Leave it out for the usual.")
        if not self.token and not is_loopback(self.host):
            step = "Choose a long random token, for example with: openssl rand -hex 32"
            raise BadInput(
                "--token", f"none, with --host {self.host}", "a token where other machines can connect", step
            )
        if not self.token.isascii() or any(letter.isspace() for letter in self.token):
            raise BadInput("--token", "letters that a header cannot carry", "ASCII without spaces", "Choose another.")


def is_loopback(host: str) -> bool:
    """Whether only this machine can connect to a host."""
    try:
        return host == "localhost" or ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


class Refused(Exception):
    """A request that is not taken.

    Attributes:
        status: of HTTP. problem: why, as everywhere. headers: of the answer.
    """

    def __init__(self, status: int, problem: BadInput, headers: Mapping[str, str] | None = None) -> None:
        self.status, self.problem, self.headers = status, problem, dict(headers or {})
        super().__init__(str(problem))
