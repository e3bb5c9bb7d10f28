"""Starts the server and stops it: Ctrl-C and SIGTERM cancel what is being rendered, and tell those who wait."""

from __future__ import annotations

import socket
from collections.abc import Callable

import uvicorn

from pipelines import renderers
from pipelines.errors import BadInput
from pipelines.renderers import Load
from pipelines.serving.api import create_api
from pipelines.serving.desk import Desk
from pipelines.serving.settings import ServeSettings

#: Seconds that clients have to hear of the end.
_FAREWELL = 5


class Server(uvicorn.Server):
    """Uvicorn, which would wait for those who wait for renders; here the renders end first.

    Args:
        load: see `Desk`.
    """

    def __init__(self, settings: ServeSettings, load: Load = renderers.load) -> None:
        self._desk = Desk(settings, load)
        config = uvicorn.Config(
            create_api(self._desk), log_level="warning", access_log=False, server_header=False, lifespan="on",
            timeout_graceful_shutdown=_FAREWELL,
        )  # fmt: skip
        super().__init__(config)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End the renders, then the connections."""
        await self._desk.close()
        await super().shutdown(sockets)


def bind(settings: ServeSettings) -> socket.socket:
    """The socket to listen on; BadInput if it cannot be had."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        return socket.create_server((settings.host, settings.port), family=family, backlog=512)
    except OSError as error:
        got = f"{settings.host} {settings.port} ({error.strerror or error})"
        raise BadInput("--host and --port", got, "an address of this machine that is free", "Try --port 0.") from error


def serve(settings: ServeSettings, on_ready: Callable[[str], None]) -> None:
    """Serve until Ctrl-C or SIGTERM.

    Args:
        on_ready: called with the server's address once it can be asked.
    """
    with bind(settings) as listening:
        host, port = listening.getsockname()[:2]
        on_ready(f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}")
        Server(settings).run(sockets=[listening])
