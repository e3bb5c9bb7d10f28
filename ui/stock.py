"""Catalogs that stay open: searched by all sessions, and followed when somebody changes them. Knows nothing of the
screen."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from pipelines.schema import OnProgress
from ui.tasks import Task

if TYPE_CHECKING:
    from recommend.retriever import Retriever

_LOG = logging.getLogger(__name__)

#: Seconds that who asks first waits for a changed catalog; then the one before is searched until the other is ready.
PATIENCE = 2.0


class Stock:
    """A catalog, opened once and followed from then on. Threads may share it.

    A retriever never changes, so a search sees one version from start to end; who searches next is given the next one.

    Args:
        opens: opens it for searching.
        name: of its threads, for logs.
    """

    def __init__(self, opens: Callable[[OnProgress], Retriever], name: str) -> None:
        self._opening = Task(opens, name).start()
        self._renewing: Task[Retriever] | None = None
        self._lock = threading.Lock()

    def opening(self) -> Task[Retriever]:
        """The task that opened the catalog as it is now, or that is opening it for the first time."""
        begun = False
        with self._lock:
            self._take_over()
            if self._renewing is None and self._opening.done and self._opening.error is None:
                opened = self._opening.result()
                if begun := not opened.is_current():
                    self._renewing = Task(lambda _: opened.renewed(), "renew-catalog").start()
            renewing = self._renewing
        if begun and renewing is not None and renewing.wait(PATIENCE):
            with self._lock:
                self._take_over()
        return self._opening

    def _take_over(self) -> None:
        """Let the next searches have what was renewed; what cannot be opened any more stays as it was."""
        if self._renewing is None or not self._renewing.done:
            return
        renewing, self._renewing = self._renewing, None
        if renewing.error is None:
            self._opening = renewing
        else:
            _LOG.warning("the changed catalog cannot be opened, the one before is searched: %s", renewing.error)
