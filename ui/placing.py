"""The picture of a room in which pieces are chosen, moved and turned: by mouse, by touch and by keyboard, offline."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import streamlit as st

from ui import pictures
from ui.room_state import Box, Spot


@dataclass(frozen=True)
class Handle:
    """What the browser has to know of a piece.

    Attributes:
        at: the middle of its foot, fractions of the photo.
        box: where it was seen last. seen: where its foot was then.
        grows: whether it looks larger the lower it is put, as what stands on the floor does.
    """

    number: int
    title: str
    at: Spot
    seen: Spot
    box: Box
    grows: bool


_HTML = """
<figure tabindex="0" role="application">
  <img draggable="false">
  <div class="piece" hidden><span class="foot"></span></div>
  <svg aria-hidden="true" viewBox="0 0 1 1" preserveAspectRatio="none"><line></line></svg>
  <div class="others"></div><div class="marks"></div>
  <output aria-live="polite"></output>
</figure>
"""

_CSS = """
figure { position: relative; margin: 0 auto; border-radius: .75rem; overflow: hidden; background: #eee9e0;
         user-select: none; -webkit-user-select: none; line-height: 0; cursor: crosshair; outline-offset: -3px }
figure:focus-visible { outline: 3px solid var(--st-primary-color) }
figure.idle { cursor: default }
img { width: 100%; height: 100%; display: block }
.piece { position: absolute; border: 2px dashed rgb(255 255 255 / .95); border-radius: .4rem; cursor: grab;
         touch-action: none; box-sizing: border-box; box-shadow: 0 0 0 1.5px rgb(38 35 31 / .55) }
.piece.moved { background: rgb(47 79 67 / .28) }
.piece.held { cursor: grabbing }
.foot { position: absolute; left: calc(var(--x) * 100%); top: calc(var(--y) * 100%); width: 1rem; height: 1rem;
        margin: -.5rem 0 0 -.5rem; border-radius: 50%; background: #fff; border: 3px solid #2f4f43;
        box-sizing: border-box }
button { position: absolute; width: 1.9rem; height: 1.9rem; margin: -.95rem 0 0 -.95rem; padding: 0; border-radius: 50%;
         border: 0; background: none; cursor: pointer; display: grid; place-items: center }
button::before { content: ""; width: .85rem; height: .85rem; border-radius: 50%; background: #2f4f43;
                 border: 2px solid #fff; box-shadow: 0 1px 4px rgb(0 0 0 / .4) }
button:focus-visible { outline: 3px solid var(--st-primary-color) }
.mark { position: absolute; width: 1rem; height: 1rem; margin: -.5rem 0 0 -.5rem; border-radius: 50%;
        border: 3px solid #ffbe00; box-sizing: border-box; box-shadow: 0 0 0 1px rgb(0 0 0 / .5);
        pointer-events: none }
svg { position: absolute; inset: 0; width: 100%; height: 100%; pointer-events: none }
line { stroke: #ffbe00; stroke-width: 3; vector-effect: non-scaling-stroke }
output { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%) }
"""

# The browser moves the frame of a piece at once and tells where it went when the hand rests; the server renders.
_JS = """
const REST = 350, STEP = 0.01, FAR = 5;
export default function ({ parentElement, data, setTriggerValue }) {
  const find = (selector) => parentElement.querySelector(selector);
  const [figure, image, frame, line] = ["figure", "img", ".piece", "line"].map(find);
  const told = find("output"), others = find(".others"), marks = find(".marks");
  const state = (figure.state ??= { waits: null });
  const tell = (event) => setTriggerValue("did", event);
  const clamp = (value) => Math.min(1, Math.max(0, value));
  const piece = data.pieces.find((one) => one.number === data.chosen);
  if (image.src !== data.picture) image.src = data.picture;
  image.alt = data.alt;
  figure.style.aspectRatio = data.ratio;
  figure.style.maxWidth = `calc(70vh * ${data.ratio})`;
  figure.setAttribute("aria-label", data.label);
  figure.classList.toggle("idle", !data.marking && !data.movable);

  const draw = (at, moved) => {
    frame.hidden = !piece || data.marking;
    if (frame.hidden) return;
    const drop = piece.seenY - data.horizon;
    const grown = piece.grows && drop > 0.02 ? Math.min(4, Math.max(0.2, (at.y - data.horizon) / drop)) : 1;
    const left = at.x + (piece.left - piece.seenX) * grown, top = at.y + (piece.top - piece.seenY) * grown;
    const [width, height] = [piece.width * grown, piece.height * grown];
    Object.assign(frame.style, { left: `${100 * left}%`, top: `${100 * top}%`,
                                 width: `${100 * width}%`, height: `${100 * height}%` });
    frame.style.setProperty("--x", width ? (at.x - left) / width : 0.5);
    frame.style.setProperty("--y", height ? (at.y - top) / height : 1);
    frame.classList.toggle("moved", moved);
  };
  // What is not told yet is lost with another piece, and overtaken by what the server knows better.
  if (state.waits === null || state.number !== data.chosen) {
    clearTimeout(state.waits);
    state.waits = null;
    state.at = piece ? { x: piece.x, y: piece.y } : null;
  }
  state.number = data.chosen;
  if (state.at) draw(state.at, state.waits !== null); else frame.hidden = true;
  const rest = (how, event) => {
    clearTimeout(state.waits);
    state.waits = setTimeout(() => { state.waits = null; tell({ what: "move", how, ...state.at, ...event }); }, REST);
  };

  others.replaceChildren(...(data.marking ? [] : data.pieces.filter((one) => one !== piece)).map((one) => {
    const dot = document.createElement("button");
    dot.type = "button";
    dot.title = one.title;
    dot.setAttribute("aria-label", `Choose ${one.title}`);
    Object.assign(dot.style, { left: `${100 * one.x}%`, top: `${100 * one.y}%` });
    dot.onclick = (event) => { event.stopPropagation(); tell({ what: "choose", number: one.number }); };
    dot.onpointerdown = (event) => event.stopPropagation();
    return dot;
  }));
  marks.replaceChildren(...data.marks.map(([x, y]) => {
    const mark = document.createElement("div");
    mark.className = "mark";
    Object.assign(mark.style, { left: `${100 * x}%`, top: `${100 * y}%` });
    return mark;
  }));
  const ends = data.marks.length === 2 ? [...data.marks[0], ...data.marks[1]] : [0, 0, 0, 0];
  ["x1", "y1", "x2", "y2"].forEach((name, place) => line.setAttribute(name, ends[place]));

  const under = (event) => {
    const box = figure.getBoundingClientRect();
    return { x: clamp((event.clientX - box.left) / box.width), y: clamp((event.clientY - box.top) / box.height) };
  };
  const go = (how, at) => {
    clearTimeout(state.waits);
    state.waits = null;
    state.at = at;
    draw(at, true);
    tell({ what: "move", how, ...at });
  };
  figure.onclick = (event) => {
    if (state.dragged) { state.dragged = false; return; }
    if (data.marking) tell({ what: "mark", ...under(event) });
    else if (piece || data.movable) go("click", under(event));
  };
  frame.onpointerdown = (event) => {
    if (event.button !== 0) return;
    frame.setPointerCapture(event.pointerId);
    state.held = { x: event.clientX, y: event.clientY, at: { ...state.at } };
    state.dragged = false;
  };
  frame.onpointermove = (event) => {
    if (!state.held) return;
    const box = figure.getBoundingClientRect();
    const [dx, dy] = [event.clientX - state.held.x, event.clientY - state.held.y];
    if (!state.dragged && Math.hypot(dx, dy) < FAR) return;
    state.dragged = true;
    frame.classList.add("held");
    state.at = { x: clamp(state.held.at.x + dx / box.width), y: clamp(state.held.at.y + dy / box.height) };
    draw(state.at, true);
  };
  frame.onpointerup = () => {
    if (state.held && state.dragged) go("drag", state.at);
    state.held = null;
    frame.classList.remove("held");
  };
  frame.onpointercancel = () => {
    if (state.held) { state.at = state.held.at; draw(state.at, false); }
    state.held = null;
    state.dragged = false;
    frame.classList.remove("held");
  };
  figure.onkeydown = (event) => {
    const way = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    const turn = { "[": -1, "]": 1 }[event.key];
    if (!piece || data.marking || event.ctrlKey || event.metaKey || event.altKey || event.target !== figure) return;
    if (turn) { event.preventDefault(); tell({ what: "turn", steps: turn }); }
    if (!way || !state.at) return;
    event.preventDefault();
    const step = STEP * (event.shiftKey ? 5 : 1);
    state.at = { x: clamp(state.at.x + step * way[0]), y: clamp(state.at.y + step * way[1]) };
    draw(state.at, true);
    told.textContent = `${Math.round(100 * state.at.x)} % across, ${Math.round(100 * state.at.y)} % down`;
    rest("key");
  };
}
"""


def show(
    picture: bytes, ratio: float, alt: str, pieces: Sequence[Handle], chosen: int | None, horizon: float,
    did: Callable[[Mapping[str, Any]], None], key: str, *, movable: bool, marks: Sequence[Spot] | None = None,
) -> None:  # fmt: skip
    """Show a JPEG of the room with its pieces.

    Args:
        ratio: width / height.
        alt: what the picture shows.
        pieces: those that are seen, farthest first.
        chosen: number of the piece that is moved, among those that are seen or not yet.
        horizon: fraction of the photo's height.
        did: told of what was done: `what` is "choose" with a `number`, "move" with `x`, `y` and `how` ("click", "drag"
            or "key"), "turn" with `steps` of 15 degrees counter-clockwise, or "mark" with `x` and `y`.
        movable: whether there is a piece that a click puts somewhere.
        marks: ends of a length or corners of a box that is being marked; None = clicks place.
    """

    def tell() -> None:
        event = st.session_state[key].get("did")
        if event is not None:
            did(event)

    label = "Your room. " + (
        "Click both ends of what you mark." if marks is not None
        else "Click where the chosen piece shall stand, drag it, or move it with the arrow keys; [ and ] turn it."
    )  # fmt: skip
    handles = [
        {
            "number": one.number, "title": one.title, "x": one.at[0], "y": one.at[1], "seenX": one.seen[0],
            "seenY": one.seen[1], "grows": one.grows, **asdict(one.box),
        }
        for one in pieces
    ]  # fmt: skip
    data = {
        "picture": pictures.data_url(picture), "ratio": ratio, "alt": alt, "label": label, "pieces": handles,
        "chosen": chosen, "horizon": horizon, "movable": movable, "marking": marks is not None,
        "marks": [list(mark) for mark in marks or ()],
    }  # fmt: skip
    component = st.components.v2.component("tryroom_placing", html=_HTML, css=_CSS, js=_JS)
    component(data=data, key=key, on_did_change=tell)
