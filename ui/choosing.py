"""Which renderer makes the pictures of a page: what there is, what it takes to use it, and the way back if that fails.

A renderer is used once it is loaded; until then, and if it does not load, the one before goes on.
"""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from pipelines import renderers, weights
from pipelines.errors import TryroomError
from pipelines.weights import Entry
from ui import loaders
from ui.messages import explain
from ui.session import Visit, visit
from ui.watching import POLL, trouble


def now(state: Visit) -> str:
    """The renderer that makes the next picture; BadInput if the environment names one that there is not."""
    return state.renderer or renderers.default_name(state.TASK)


def show(state: Visit) -> None:
    """Draw the choice and, for one that is not used yet, what it takes."""
    trouble(state, "renderer")
    try:
        current = now(state)
    except TryroomError as error:
        st.error(explain(error))
        return
    key = state.key("renderer")
    st.session_state[key] = state.wished or current  # whatever the browser remembers
    st.selectbox(
        "Renderer", [name for name, choice in renderers.RENDERERS.items() if state.TASK in choice.tasks],
        format_func=_label, key=key, on_change=_wish, args=(type(state),),
        help="What paints. What is found in your photo, and how pictures are put together, stays the same.",
    )  # fmt: skip
    if state.loading is not None:
        _watch(type(state))
    elif state.wished:
        _needs(state, missing(state.wished, state.TASK))


def settle(state: Visit, use: Callable[[str], None]) -> None:
    """Use a renderer that was loaded since the page was drawn, or say why it does not load."""
    loading, name = state.loading, state.wished
    if loading is None or not loading.done:
        return
    leave(type(state))
    if loading.error is None:
        use(name)
    else:
        state.trouble["renderer"] = f"{explain(loading.error)} Pictures are made by {now(state)}, as before."


def missing(name: str, task: str) -> list[Entry]:
    """The weights that a renderer needs for a task and that are not on this machine."""
    return [entry for entry in map(weights.find, renderers.weights_of(name, task)) if weights.missing_files(entry)]


def begin(page: type[Visit]) -> None:
    """Load the renderer that is wished for, and fetch what it needs."""
    state = visit(page)
    state.loading = loaders.wish_renderer(state, state.wished, state.TASK)


def leave(page: type[Visit]) -> None:
    """Stay with the renderer that there is; the other one goes on loading only if others wait for it."""
    state = visit(page)
    if state.loading is not None:
        loaders.leave_renderer(state, state.wished, state.TASK)
    state.wished, state.loading = "", None


def _label(name: str) -> str:
    return f"{name}: {renderers.RENDERERS[name].about}"


def _wish(page: type[Visit]) -> None:
    """A renderer that needs nothing is loaded at once; otherwise the page asks first."""
    state = visit(page)
    name = st.session_state[state.key("renderer")]
    leave(page)
    state.trouble.pop("renderer", None)
    if name != now(state):
        state.wished = name
        if not missing(name, state.TASK):
            begin(page)


def _needs(state: Visit, entries: list[Entry]) -> None:
    """What has to be fetched, under which licences, and the button that does so once all of them are accepted."""
    size = _size(sum(entry.download_size for entry in entries))
    lines = [f"- {entry.name}, {_size(entry.download_size)}: {entry.licence}" for entry in entries]
    st.markdown("\n".join([f"**{state.wished}** needs {size} that are not on this machine:", "", *lines]))
    if renderers.painter_weights(state.wished, state.TASK):
        st.caption("It is made for a GPU. Without one a picture takes minutes, or far more.")
    unaccepted = [entry for entry in entries if not weights.is_accepted(entry)]
    if unaccepted:
        st.markdown("Not for commercial use. Nothing is fetched before you have read the licence and accepted it:")
        st.code("\n".join(f"tryroom weights accept {entry.name}" for entry in unaccepted), language="bash")
    with st.container(horizontal=True):
        if unaccepted:
            st.button("I have accepted it", key=state.key("accepted"))  # looks again: acceptance is noted elsewhere
        else:
            st.button(
                f"Fetch {size} and use it", key=state.key("fetch"), type="primary", icon=":material/download:",
                on_click=begin, args=(type(state),),
            )  # fmt: skip
        st.button(f"Stay with {now(state)}", key=state.key("stay"), on_click=leave, args=(type(state),))


@st.fragment(run_every=POLL)
def _watch(page: type[Visit]) -> None:
    """One line while a renderer is loaded; draws the whole page again when that has ended."""
    state = visit(page)
    loading = state.loading
    if loading is None or loading.done:
        st.rerun(scope="app")
    st.progress(min(loading.fraction, 1.0), text=f"Getting {state.wished} ready · {loading.stage}")
    st.button(f"Stay with {now(state)}", key=state.key("stay"), on_click=leave, args=(page,))
    if loading.stage.startswith(loaders.FETCHING):
        st.caption("If you stay, the part on its way is still fetched, and kept for another time; nothing else is.")
    else:
        st.caption("If you stay, what is being loaded is let go of as soon as that can be stopped.")


def _size(count: int) -> str:
    return f"{count / 1e9:.1f} GB" if count >= 1e8 else f"{count / 1e6:.0f} MB"
