"""A taste that outlasts the session: saved to a file of the shopper's own, loaded again, or read from purchases.

Nothing is written on this side. Of a list of many people the session keeps which items went together; who they are is
let go of as soon as it is said whose taste counts.
"""

from __future__ import annotations

import functools
import io
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import streamlit as st

from recommend.errors import BadInput
from recommend.feedback import Feedback
from recommend.history import as_csv, gather, parse_history
from ui import actions
from ui.messages import explain
from ui.session import Visit, visit
from ui.shop import Shop

if TYPE_CHECKING:
    from recommend.retriever import Retriever
    from recommend.taste import Taste

#: Of saved files.
NAME: Final = "tryroom-taste{}.csv"


def show(state: Visit, shop: Shop[Any], opened: bool) -> None:
    """Draw what saves and loads, behind a button.

    Args:
        opened: whether it is known what the shop has, without which nothing can be read.
    """
    with st.popover("My taste", icon=":material/favorite:", key=state.key("taste-popover")):
        st.caption("What you thought of items stays in this session, unless you save it.")
        st.download_button(
            "Save my taste", saved(state), NAME.format(state.SUFFIX), "text/csv", key=state.key("save-taste"),
            icon=":material/download:", on_click="ignore", disabled=not state.feedback.events,
        )  # fmt: skip
        key = state.upload_key("taste")
        st.file_uploader(
            "Load a saved taste, or a list of purchases", type="csv", key=key, on_change=actions.take,
            args=(key, "taste", functools.partial(accept, type(state), shop), type(state)),
            disabled=not opened,
            help="A CSV file with the columns user, item and time, and event (like, buy, try, dislike) if you like.",
        )  # fmt: skip
        if state.told:
            st.caption(state.told)
        if state.whose is not None:
            _ask_whose(state, len(state.whose.users))
        elif state.people:
            counts = "counts" if state.feedback.liked else "counts once you like something"
            st.caption(f"What {len(state.people)} people had together {counts}.")
            st.button("Leave them out", key=state.key("no-people"), on_click=_leave_out, args=(type(state),))


def saved(state: Visit) -> bytes:
    """The shopper's thumbs and try-ons as a history, oldest first; the time is that of saving."""
    return as_csv(state.feedback, datetime.now(UTC).replace(second=0, microsecond=0)).encode()


def accept(page: type[Visit], shop: Shop[Any], data: bytes) -> None:
    """A history: of one person, whose taste counts from now on, or of several, of whom it is asked which one.

    Raises:
        BadInput: it cannot be read, or has nothing of this shop.
    """
    state = visit(page)
    retriever: Retriever = shop.retriever().result()
    history = gather(parse_history(io.BytesIO(data), "your file"), [item.id for item in retriever.catalog.items])
    if not history.interactions:
        got = f"{history.unknown} lines about items that are not here" if history.unknown else "no line"
        raise BadInput("your file", got, "at least one line about an item of this shop", "Choose another file.")
    left_out = f" Not counted, as their items are not here: {history.unknown}." if history.unknown else ""
    state.told = f"Lines that count: {history.interactions}.{left_out}"
    if len(history.users) == 1:
        state.feedback = joined(next(iter(history.users.values())), state.feedback)
    else:
        state.whose = history


def joined(earlier: Feedback, now: Feedback) -> Feedback:
    """What was thought earlier, and what was since; of an item that was spoken of since, only that."""
    kept = tuple((event, item) for event, item in earlier.events if item not in now.opinions)
    return Feedback((*kept, *now.events))


def fitted(state: Visit, retriever: Retriever) -> Taste | None:
    """What the people of a list say goes together in the catalog as it is now, None without a list.

    Raises:
        BadInput: the catalog is too large for it.
    """
    if not state.people:
        return None
    asked = (retriever.version, state.people)
    if state.fitted is None or state.fitted[0] != asked:
        from recommend.taste import Ease

        ids, content = retriever.content()
        known = frozenset(ids)
        baskets = [tuple(item for item in basket if item in known) for basket in state.people]
        state.fitted = (asked, Ease.fit(baskets, ids, content))
    return state.fitted[1]


def _ask_whose(state: Visit, count: int) -> None:
    """Whose taste of a list counts; their names are not shown to whoever looks at the page."""
    key = state.key("whose")
    st.text_input(f"There are {count} users in the list. Which one are you?", key=key, autocomplete="off")
    with st.container(horizontal=True):
        st.button("That is me", key=state.key("its-me"), type="primary", on_click=_me, args=(type(state),))
        st.button("None of them", key=state.key("nobody"), on_click=_count, args=(type(state), Feedback()))


def _me(page: type[Visit]) -> None:
    state = visit(page)
    name, history = (st.session_state.get(state.key("whose")) or "").strip(), state.whose
    if history is None:  # a browser that lags behind clicks once more
        return
    if name not in history.users:
        allowed, step = f"one of the {len(history.users)} of the list", "Write it as in the column user."
        state.trouble["taste"] = explain(BadInput("user", "a name that the list does not have", allowed, step))
        return
    _count(page, history.users[name])


def _count(page: type[Visit], own: Feedback) -> None:
    """Let what people of the list had together count, and what one of them thought."""
    state = visit(page)
    if state.whose is not None:
        state.people, state.whose = state.whose.baskets(), None
        state.feedback = joined(own, state.feedback)
        state.trouble.pop("taste", None)


def _leave_out(page: type[Visit]) -> None:
    state = visit(page)
    state.people, state.fitted, state.told = (), None, ""
