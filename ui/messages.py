"""Errors as messages for shoppers: what is wrong, what would do, what to do now."""

from __future__ import annotations

import logging

from pipelines import errors as rendering
from recommend import errors as retrieval

_LOG = logging.getLogger(__name__)
_BAD_INPUT = (rendering.BadInput, retrieval.BadInput)
_KNOWN = (rendering.TryroomError, retrieval.RecommendError)


def explain(error: BaseException) -> str:
    """An error as Markdown for the page. What nobody foresaw goes to the log in full, to the page in one line."""
    if isinstance(error, _BAD_INPUT):
        what = error.what[:1].upper() + error.what[1:]
        return f"**{what}**: {error.got}. Needed: {error.allowed}. {error.next_step}"
    if isinstance(error, rendering.MissingWeights):
        why = f" ({error.why})" if error.why else ""
        return f"**{error.file} is not on this machine{why}.** Get it with `{error.command}`, then try again."
    if isinstance(error, rendering.RenderFailed):
        return f"**The render failed** while {error.stage}: {error.why}. Another photo or garment may work."
    if isinstance(error, _KNOWN):
        return f"**That did not work.** {error}"
    _LOG.error("unexpected error", exc_info=error)
    return f"**Something broke** ({type(error).__name__}: {error}). Nothing of yours was lost; try again."
