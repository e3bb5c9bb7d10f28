"""Brings what is new into view: the mirror when a try-on begins, the newest answer of a conversation."""

from __future__ import annotations

import streamlit as st

_JS = """
export default function ({ data, parentElement }) {
  const seen = parentElement.tries ?? 0;
  parentElement.tries = data.tries;
  const target = document.querySelector(`[class*="st-key-${data.target}"]`);
  if (data.tries <= seen || !target) return;
  const top = target.getBoundingClientRect().top;
  if (top >= 0 && (!data.below || top < innerHeight / 2)) return;
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  target.scrollIntoView({ behavior: calm ? "auto" : "smooth", block: "start" });
}
"""


def come_to_mirror(tries: int, key: str) -> None:
    """Scroll to the top of the mirror if `tries` has grown; on a phone it is far above the card that was tapped."""
    _come({"tries": tries, "target": "mirror-column", "below": False}, key)


def come_to_newest(tries: int, key: str) -> None:
    """Scroll to the newest answer if `tries` has grown and it is out of view, or low on the screen."""
    _come({"tries": tries, "target": "newest", "below": True}, key)


def _come(data: dict[str, object], key: str) -> None:
    st.components.v2.component("tryroom_arrival", js=_JS)(data=data, key=key)
