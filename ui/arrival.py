"""Brings the mirror into view when a try-on begins: on a phone it is far above the card that was tapped."""

from __future__ import annotations

import streamlit as st

_JS = """
export default function ({ data, parentElement }) {
  const seen = parentElement.tries ?? 0;
  parentElement.tries = data.tries;
  const mirror = document.querySelector('[class*="st-key-mirror-column"]');
  if (data.tries <= seen || !mirror || mirror.getBoundingClientRect().top >= 0) return;
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  mirror.scrollIntoView({ behavior: calm ? "auto" : "smooth", block: "start" });
}
"""


def come_to_mirror(tries: int, key: str) -> None:
    """Scroll to the top of the mirror if it is out of view and `tries` has grown since the last time."""
    st.components.v2.component("tryroom_arrival", js=_JS)(data={"tries": tries}, key=key)
