"""Brings what is new into view: the mirror when a try-on begins, the newest answer of a conversation."""

from __future__ import annotations

import streamlit as st

_JS = """
export default function ({ data, parentElement }) {
  const seen = parentElement.tries ?? 0;
  parentElement.tries = data.tries;
  if (data.tries <= seen) return;
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  const end = performance.now() + data.seconds * 1000;
  const hand = new AbortController();  // whoever scrolls or types is left alone
  for (const move of ["wheel", "touchmove", "pointerdown", "keydown"])
    addEventListener(move, () => hand.abort(), { signal: hand.signal, passive: true });
  const come = () => {
    const target = document.querySelector(`[class*="st-key-${data.target}"]`);
    if (hand.signal.aborted || !target) return;
    const top = target.getBoundingClientRect().top;
    if (top < 0 || (data.below && top >= innerHeight / 2))
      target.scrollIntoView({ behavior: calm ? "auto" : "smooth", block: "start" });
    if (performance.now() < end) setTimeout(come, 250);
    else hand.abort();
  };
  come();
}
"""


def come_to_mirror(tries: int, key: str) -> None:
    """Scroll to the top of the mirror if `tries` has grown; on a phone it is far above the card that was tapped."""
    _come({"tries": tries, "target": "mirror-column", "below": False, "seconds": 0}, key)


def come_to_newest(tries: int, key: str) -> None:
    """Scroll to the newest answer if `tries` has grown and it is out of view, or low on the screen.

    A page with a chat input follows its own end while pictures come in, so what is longer than the screen would be read
    from its last line: for that time it is brought back.
    """
    _come({"tries": tries, "target": "newest", "below": True, "seconds": 2}, key)


def _come(data: dict[str, object], key: str) -> None:
    st.components.v2.component("tryroom_arrival", js=_JS)(data=data, key=key)
