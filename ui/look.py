"""Shop the look: a tap on what is worn in a picture searches for things like it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import streamlit as st

import tryroom
from pipelines.errors import TryroomError
from pipelines.schema import Image, Mask
from ui import loaders, pictures
from ui.messages import explain
from ui.session import Session, Visit, session
from ui.watching import trouble

#: What is worn, by the name of its part in a parsing.
NAMES: Final = {"upper": "top", "lower": "trousers or skirt", "dress": "dress", "outer": "jacket", "shoes": "shoes"}

_HTML = """<figure><img draggable="false"></figure>"""

_CSS = """
figure { margin: 0 auto; border-radius: .75rem; overflow: hidden; line-height: 0; cursor: crosshair; user-select: none;
         -webkit-user-select: none }
img { width: 100%; height: 100%; display: block }
"""

_JS = """
export default function ({ parentElement, data, setTriggerValue }) {
  const [figure, image] = ["figure", "img"].map((name) => parentElement.querySelector(name));
  if (image.src !== data.picture) image.src = data.picture;
  image.alt = data.alt;
  figure.style.aspectRatio = data.ratio;
  figure.style.maxWidth = `calc(${data.tall}vh * ${data.ratio})`;
  figure.onclick = (event) => {
    const box = figure.getBoundingClientRect();
    setTriggerValue("tap", { x: (event.clientX - box.left) / box.width, y: (event.clientY - box.top) / box.height });
  };
}
"""


def tappable(
    picture: Image, alt: str, tapped: Callable[[float, float], None], key: str, tall: int = 70
) -> None:  # fmt: skip
    """Show a picture that tells where it was tapped.

    Args:
        alt: what it shows.
        tapped: told where, as fractions of width and height.
        tall: most of the window's height that it takes, in percent.
    """

    def tell() -> None:
        event: Mapping[str, Any] | None = st.session_state[key].get("tap")
        if event is not None:
            tapped(float(event["x"]), float(event["y"]))

    ratio = picture.shape[1] / picture.shape[0]
    data = {"picture": pictures.data_url(pictures.jpeg(picture)), "alt": alt, "ratio": ratio, "tall": tall}
    component = st.components.v2.component("tryroom_tappable", html=_HTML, css=_CSS, js=_JS)
    component(data=data, key=key, on_tap_change=tell)


def in_mirror(state: Session, photo: Image, name: str) -> None:
    """The photo of a person; what is worn in it can be tapped, or chosen by its name."""
    tappable(photo, name.capitalize(), _tapped_mirror, state.key("mirror-tap"))
    worn = _carried(photo)
    if worn:
        with st.container(horizontal=True, vertical_alignment="center", gap="xsmall", key=state.key("worn")):
            st.caption("Tap what you wear to search by it, or:", width="content")
            for part in worn:
                st.button(
                    NAMES[part].capitalize(), key=state.key(f"worn-{part}"), type="tertiary", on_click=_chosen,
                    args=(part,),
                )  # fmt: skip
    trouble(state, "tap")


def in_picture(state: Session) -> None:
    """The picture that was given to search by; what somebody wears in it can be tapped."""
    if state.inspiration is None:
        return
    st.caption("Does somebody wear it? Tap it.")
    tappable(state.inspiration, "Your picture", _tapped_picture, state.key("picture-tap"), tall=40)
    trouble(state, "tap-picture")


def _tapped_mirror(x: float, y: float) -> None:
    state = session()
    if state.person is not None:
        _search(state.person.shown, "your", "tap", lambda photo, worn: tryroom.look_at(photo, worn, x, y))


def _tapped_picture(x: float, y: float) -> None:
    state = session()
    if state.inspiration is not None:
        _search(state.inspiration, "the", "tap-picture", lambda photo, worn: tryroom.look_at(photo, worn, x, y))


def _chosen(part: str) -> None:
    """A part of what is worn, chosen by its name."""
    state = session()
    if state.person is not None:
        _search(state.person.shown, "your", "tap", lambda photo, worn: tryroom.look_at_part(photo, worn, part))


def _search(photo: Image, whose: str, place: str, see: Callable[[Image, Mapping[str, Mask]], tryroom.Seen]) -> None:
    """Search by what is seen in a photo and what is worn there; says at `place` what is wrong."""
    state = session()
    state.trouble.pop(place, None)
    try:
        seen = see(photo, _carried(photo))
    except TryroomError as error:
        state.trouble[place] = explain(error)
        return
    search_by(state, seen, f"{whose} {NAMES[seen.part]}")


def _carried(photo: Image) -> dict[str, Mask]:
    """What is worn in a photo of what the shop has anything of."""
    categories = {item.category for item in loaders.catalog().items}
    worn = loaders.worn_reader()(photo)
    return {part: mask for part, mask in worn.items() if tryroom.CATEGORY_WORN[part] in categories}


def search_by(state: Visit, seen: tryroom.Seen, name: str) -> None:
    """Search by a thing in a photo, among things of its category where that is known. What was asked before is over."""
    state.ask_anew((seen.category,) if seen.category else ())
    state.like, state.like_name = seen.picture, name
