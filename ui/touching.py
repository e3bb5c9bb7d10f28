"""A picture that tells where it was clicked, or along which way a brush was drawn: by mouse, touch and keyboard."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import streamlit as st

from pipelines.perception.clicked import Click
from pipelines.schema import Image
from ui import pictures

_HTML = """
<figure tabindex="0" role="application">
  <img draggable="false"><canvas></canvas><div class="dots"></div><div class="cross" hidden></div>
</figure>
"""

_CSS = """
figure { position: relative; margin: 0 auto; border-radius: .75rem; overflow: hidden; line-height: 0; cursor: crosshair;
         user-select: none; -webkit-user-select: none; outline-offset: -3px }
figure:focus-visible { outline: 3px solid var(--st-primary-color) }
figure.brush { touch-action: none }
img { width: 100%; height: 100%; display: block }
canvas { position: absolute; inset: 0; width: 100%; height: 100%; pointer-events: none }
.dot, .cross { position: absolute; width: .9rem; height: .9rem; margin: -.45rem 0 0 -.45rem; border-radius: 50%;
               box-sizing: border-box; pointer-events: none }
.dot { border: 2px solid #fff; background: #2f4f43; box-shadow: 0 0 0 1px rgb(0 0 0 / .5) }
.dot.away { background: #c2362b }
.cross { border: 3px solid #ffbe00; box-shadow: 0 0 0 1px rgb(0 0 0 / .5) }
"""

# A click tells one point; the brush tells its way when it is lifted, and shows it meanwhile. Arrow keys move a cross,
# Enter clicks there.
_JS = """
const STEP = 0.02;
export default function ({ parentElement, data, setTriggerValue }) {
  const [figure, image, canvas, dots, cross] =
    ["figure", "img", "canvas", ".dots", ".cross"].map((name) => parentElement.querySelector(name));
  const state = (figure.state ??= { at: { x: 0.5, y: 0.5 }, way: null });
  const clamp = (value) => Math.min(1, Math.max(0, value));
  const tell = (points) => setTriggerValue("touched", { points: points.map((point) => [point.x, point.y]) });
  const put = (element, x, y) => Object.assign(element.style, { left: `${100 * x}%`, top: `${100 * y}%` });
  const under = (event) => {
    const box = figure.getBoundingClientRect();
    return { x: clamp((event.clientX - box.left) / box.width), y: clamp((event.clientY - box.top) / box.height) };
  };
  if (image.src !== data.picture) image.src = data.picture;
  image.alt = data.alt;
  figure.setAttribute("aria-label", data.label);
  figure.style.aspectRatio = data.ratio;
  figure.style.maxWidth = `calc(${data.tall}vh * ${data.ratio})`;
  figure.classList.toggle("brush", data.brush > 0);
  canvas.getContext("2d").clearRect(0, 0, canvas.width, canvas.height);
  dots.replaceChildren(...data.dots.map(([x, y, add]) => {
    const dot = document.createElement("div");
    dot.className = add ? "dot" : "dot away";
    put(dot, x, y);
    return dot;
  }));

  const draw = () => {
    const box = figure.getBoundingClientRect(), pen = canvas.getContext("2d");
    if (state.way.length === 1) [canvas.width, canvas.height] = [box.width, box.height];
    Object.assign(pen, { lineWidth: data.brush * Math.max(box.width, box.height), lineCap: "round", lineJoin: "round",
                         strokeStyle: data.colour });
    pen.clearRect(0, 0, canvas.width, canvas.height);
    pen.beginPath();
    state.way.forEach((at) => pen.lineTo(at.x * canvas.width, at.y * canvas.height));
    if (state.way.length === 1) pen.lineTo(state.way[0].x * canvas.width + 0.1, state.way[0].y * canvas.height);
    pen.stroke();
  };
  figure.onclick = (event) => { if (!data.brush) tell([under(event)]); };
  figure.onpointerdown = (event) => {
    if (!data.brush || event.button !== 0) return;
    figure.setPointerCapture(event.pointerId);
    state.way = [under(event)];
    draw();
  };
  figure.onpointermove = (event) => { if (state.way) { state.way.push(under(event)); draw(); } };
  figure.onpointerup = () => { if (state.way) tell(state.way); state.way = null; };
  figure.onpointercancel = () => { state.way = null; };
  figure.onkeydown = (event) => {
    const way = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    if (event.ctrlKey || event.metaKey || event.altKey || (!way && event.key !== "Enter")) return;
    event.preventDefault();
    if (!way) { tell([state.at]); return; }
    const step = event.shiftKey ? STEP / 5 : STEP;
    state.at = { x: clamp(state.at.x + step * way[0]), y: clamp(state.at.y + step * way[1]) };
    cross.hidden = false;
    put(cross, state.at.x, state.at.y);
  };
  figure.onblur = () => { cross.hidden = true; };
}
"""


def show(
    picture: Image, alt: str, touched: Callable[[list[tuple[float, float]]], None], key: str, tall: int = 70, *,
    clicks: Sequence[Click] = (), brush: float = 0.0, colour: str = "",
) -> None:  # fmt: skip
    """Show a picture (H, W, 3) that can be clicked or painted on.

    Args:
        alt: what it shows.
        touched: told the points, as fractions: one of a click, the way of a stroke.
        tall: most of the window's height that it takes, in percent.
        clicks: drawn as dots.
        brush: width of the brush as a share of the longer side; 0 = clicks. colour: of the stroke while it is drawn.
    """

    def tell() -> None:
        event: Mapping[str, Any] | None = st.session_state[key].get("touched")
        if event is not None:
            touched([(float(x), float(y)) for x, y in event["points"]])

    does = "Paint with the brush" if brush else "Click on a thing"
    data = {
        "picture": pictures.data_url(pictures.jpeg(picture)), "ratio": picture.shape[1] / picture.shape[0], "alt": alt,
        "tall": tall, "brush": brush, "colour": colour, "dots": [list(click) for click in clicks],
        "label": f"{alt}. {does}, or move the cross with the arrow keys and press Enter.",
    }  # fmt: skip
    component = st.components.v2.component("tryroom_touching", html=_HTML, css=_CSS, js=_JS)
    component(data=data, key=key, on_touched_change=tell)
