"""Errors as messages for shoppers: what is wrong, what would do, what to do now. And texts that are no Markdown."""

from __future__ import annotations

import logging
import re
from typing import Final

from pipelines import errors as rendering
from recommend import errors as retrieval

_LOG = logging.getLogger(__name__)
_BAD_INPUT = (rendering.BadInput, retrieval.BadInput)
_KNOWN = (rendering.TryroomError, retrieval.RecommendError)
#: What is Markdown, or Streamlit's own, anywhere in a text, and what is at the beginning.
_MARKS: Final = re.compile(r"[\\`*_\[\]<>$~]|&(?=#?\w+;)")
_FIRST: Final = re.compile(r"^(\s*\d*)([#+\-.)=])")
#: Icons and colours by name, which Streamlit looks for whatever is escaped; an invisible joiner keeps them apart.
_NAMED: Final = re.compile(r":(?=[a-zA-Z+][\w+\-/]*(?::|\\\[))")
_JOINER: Final = "\u2060"


def plain(text: str) -> str:
    """A text of a catalog or a shopper as Markdown that shows it as it is, in labels and captions."""
    marked = _FIRST.sub(r"\1\\\2", _MARKS.sub(r"\\\g<0>", text))
    return _NAMED.sub(f":{_JOINER}", marked)


def explain(error: BaseException) -> str:
    """An error as Markdown for the page. What nobody foresaw goes to the log in full, to the page in one line."""
    if isinstance(error, _BAD_INPUT):
        what = error.what[:1].upper() + error.what[1:]
        return f"**{plain(what)}**: {plain(f'{error.got}. Needed: {error.allowed}. {error.next_step}')}"
    if isinstance(error, rendering.MissingWeights):
        why = f" ({error.why})" if error.why else ""
        return f"**{error.file} is not on this machine{why}.** Get it with `{error.command}`, then try again."
    if isinstance(error, rendering.RenderFailed):
        return f"**The render failed** while {error.stage}: {plain(error.why)}. Another photo or garment may work."
    if isinstance(error, _KNOWN):
        return f"**That did not work.** {plain(str(error))}"
    _LOG.error("unexpected error", exc_info=error)
    return f"**Something broke** ({type(error).__name__}: {plain(str(error))}). Nothing of yours was lost; try again."
