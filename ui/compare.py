"""Before and after in one frame, with a handle to wipe between them. Works by mouse, touch and keyboard, offline."""

from __future__ import annotations

import streamlit as st

from ui import pictures

_HTML = """
<figure>
  <img class="before"><img class="after">
  <span class="tag left">Before</span><span class="tag right">After</span>
  <span class="line" aria-hidden="true"><span class="grip">‹ ›</span></span>
  <input type="range" min="0" max="100" step="1" aria-label="Before and after: how much of the photo before is shown">
</figure>
"""

_CSS = """
figure { position: relative; margin: 0 auto; overflow: hidden; border-radius: .75rem; background: #eee9e0;
         --at: 0; user-select: none; line-height: 0 }
img { width: 100%; height: 100%; object-fit: cover; display: block }
.after { position: absolute; inset: 0; clip-path: inset(0 0 0 calc(var(--at) * 1%)) }
.tag { position: absolute; bottom: .75rem; padding: .3rem .65rem; border-radius: 1rem; font: 600 .75rem/1 sans-serif;
       background: rgb(255 255 255 / .85); color: #26231f; transition: opacity .15s }
.left { left: .75rem } .right { right: .75rem }
.line { position: absolute; inset: 0 auto 0 calc(var(--at) * 1%); width: 2px; margin-left: -1px; background: #fff;
        box-shadow: 0 0 6px rgb(0 0 0 / .4) }
.grip { position: absolute; top: 50%; left: 50%; transform: translate(-50%, -50%); width: 2.4rem; height: 2.4rem;
        display: grid; place-items: center; border-radius: 50%; background: #fff; color: #26231f;
        font: 600 1rem/1 sans-serif; box-shadow: 0 1px 6px rgb(0 0 0 / .35) }
input { position: absolute; inset: 0; width: 100%; height: 100%; margin: 0; opacity: 0; cursor: ew-resize;
        touch-action: pan-y }
figure:has(input:focus-visible) .grip { outline: 3px solid var(--st-primary-color); outline-offset: 2px }
"""

# A new picture opens with one sweep from before to after; the handle then rests near the left edge.
_JS = """
export default function ({ parentElement, data }) {
  const find = (selector) => parentElement.querySelector(selector);
  const [figure, before, after, range] = ["figure", ".before", ".after", "input"].map(find);
  const place = (at) => {
    figure.style.setProperty("--at", at);
    find(".left").style.opacity = at < 14 ? 0 : 1;
    find(".right").style.opacity = at > 86 ? 0 : 1;
    range.value = at;
  };
  figure.style.aspectRatio = data.ratio;
  figure.style.maxWidth = `calc(70vh * ${data.ratio})`;
  before.alt = data.alt + ", before";
  after.alt = data.alt + ", after";
  range.oninput = () => { figure.dataset.touched = "yes"; place(Number(range.value)); };
  if (after.src === data.after) return;
  before.src = data.before;
  after.src = data.after;
  delete figure.dataset.touched;
  const rest = 8, start = performance.now();
  if (matchMedia("(prefers-reduced-motion: reduce)").matches) return place(rest);
  const sweep = (now) => {
    if (figure.dataset.touched || after.src !== data.after) return;
    const t = Math.min(1, Math.max(0, now - start) / 1100);
    place(rest + (100 - rest) * Math.pow(1 - t, 3));
    if (t < 1) requestAnimationFrame(sweep);
  };
  place(100);
  requestAnimationFrame(sweep);
}
"""


def compare(before: bytes, after: bytes, ratio: float, alt: str, key: str) -> None:
    """Show two JPEGs of one size over each other.

    Args:
        ratio: width / height.
        alt: what the pictures show, for those who do not see them.
    """
    # Declared anew in each run: Streamlit keeps declarations per server, and this costs nothing.
    show = st.components.v2.component("tryroom_compare", html=_HTML, css=_CSS, js=_JS)
    data = {"before": pictures.data_url(before), "after": pictures.data_url(after), "ratio": ratio, "alt": alt}
    show(data=data, key=key)
