"""Why an item is shown: the parts of its score, each as a bar with a plain name, behind a line that opens."""

from __future__ import annotations

import html
from typing import Final

from recommend.schema import Hit

#: Part of `Hit.scores` → what it compares, in the order of the page. "{liked}" is what others shall resemble.
NAMES: Final = {
    "words": "your words, in its picture",
    "title": "your words, in its title",
    "name": "your words, as its name",
    "wishes": "what you asked it to be",
    "colour": "the colour you asked for",
    "size": "the size you asked for",
    "near size": "how near the size you said",
    "price": "the price you asked for",
    "lightness": "as light or dark as asked",
    "like": "looks like {liked}",
    "like colour": "has the colours of {liked}",
    "kept": "has what {liked} has",
    "changed": "has lost what you changed",
    "dislike": "unlike what you do not want",
    "photo": "goes with what you wear",
    "room": "goes with your room",
    "beside": "goes with what you named",
    "occasion": "suits the occasion",
    "pair": "belongs with it",
    "harmony": "its colours suit",
    "style": "its style suits",
    "pattern": "its pattern suits",
    "material": "its material suits",
    "scale": "its size suits",
    "tone": "such colours are worn together",
    "kinds": "such kinds are seen together",
    "formality": "as dressed up as it",
    "season": "as warm as it",
    "feedback": "your thumbs and try-ons",
    "taste": "liked by people like you",
}


def split(hit: Hit, liked: str) -> str:
    """The parts as HTML that needs no server to open; "" if nothing was asked.

    Args:
        hit: as found.
        liked: what others shall resemble, for people.
    """
    if not hit.scores:
        return ""
    ordered = [name for name in NAMES if name in hit.scores] + [name for name in hit.scores if name not in NAMES]
    bars = "".join(_bar(NAMES.get(name, name).format(liked=liked), hit.scores[name]) for name in ordered)
    whole = f'<div class="tr-parts-whole">Multiplied: {_percent(hit.score)}</div>' if len(hit.scores) > 1 else ""
    return f'<details class="tr-parts"><summary>Why this?</summary>{bars}{whole}</details>'


def _bar(name: str, chance: float) -> str:
    return (
        f'<div class="tr-part">{html.escape(name)}<b>{_percent(chance)}</b>'
        f'<div class="tr-bar"><div style="width: {100 * chance:.0f}%"></div></div></div>'
    )


def _percent(chance: float) -> str:
    return f"{100 * chance:.0f} %" if chance >= 0.01 or chance == 0 else "under 1 %"
