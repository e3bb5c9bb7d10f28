"""The page where the shopper talks to the stylist: messages, outfits in small pictures, and how they were found."""

from __future__ import annotations

import html

import streamlit as st

from recommend.conversation import GREETING
from recommend.dialogue import Step, Table, Turn
from recommend.errors import RecommendError
from recommend.stylist import Ensemble
from recommend.wording import money
from ui import actions, intake, loaders, mirror, pictures, style, talk
from ui.arrival import come_to_newest
from ui.compare import compare
from ui.history import Look
from ui.messages import explain, plain
from ui.session import Session, session, visit
from ui.talk import Talk
from ui.watching import POLL, trouble, watch_render

LINE = "Say what it is for, and be dressed."
EXAMPLES = ("A wedding in Cairo in summer", "A job interview in January, under 200 in all", "Something blue for a date")
PLACES = ("first", "second", "third", "fourth", "fifth", "sixth")


def page() -> None:
    """Draw the page."""
    state = visit(Talk)
    with st.container(key=state.key("talk")):
        if not _open():
            return
        talk.settle(state)
        turns = state.conversation.turns
        with st.chat_message("assistant", avatar=":material/styler:"):
            _text(f"{GREETING} You can answer in your own words, and say “you decide” at any time.")
        last_shown = max((place for place, turn in enumerate(turns) if turn.shown), default=-1)
        for place, turn in enumerate(turns):
            with st.container(key=state.key("newest" if place == len(turns) - 1 else f"turn-{place}")):
                _turn(state, place, turn, place == last_shown)
        trouble(state, "message")
        _under_way(state)
        come_to_newest(len(turns) + len(state.looks), state.key("come"))
    st.chat_input("A wedding in Cairo in summer …", key=state.key("message"), max_chars=2000, on_submit=_send)


def _open() -> bool:
    """Whether the shop can be searched; until then, how far it is."""
    opening = loaders.retriever()
    if not opening.done:
        _watch_opening()
        return False
    try:
        opening.result()
        loaders.stylist_tools()
    except Exception as error:  # whatever it is, the other pages go on
        st.error(explain(error))
        if not isinstance(error, RecommendError):
            st.button("Try again", on_click=loaders.garments.clear, key="reopen-stylist")
        return False
    return True


@st.fragment(run_every=POLL)
def _watch_opening() -> None:
    opening = loaders.retriever()
    if opening.done:
        st.rerun(scope="app")
    st.progress(opening.fraction, text=f"Getting the shop ready · {opening.stage}")


@st.fragment(run_every=POLL)
def _watch_answer() -> None:
    """One line while an answer is on its way."""
    task = visit(Talk).answering
    if task is None or task.done:
        st.rerun(scope="app")
    st.caption(":material/hourglass_empty: thinking")


def _send() -> None:
    state = visit(Talk)
    said = st.session_state.get(state.key("message"))
    if said and said.strip():
        talk.say(said)


def _under_way(state: Talk) -> None:
    """What is still to come: an answer, a picture, or the photo that it needs."""
    if state.answering is not None:
        with st.chat_message("user", avatar=":material/person:"):
            _text(state.asked)
        _watch_answer()
    elif state.showing is not None:
        watch_render(Session, "Trying it on", actions.drop_render, _bare)
    elif state.to_show:
        st.subheader("Who is trying on?", anchor=False)
        trouble(state, "person")
        trouble(session(), "person")
        intake.show(state, mirror.PHOTO)
        intake.demos(
            state, "Or dress one of these", "person", pictures.PORTRAIT, loaders.demo_people, actions.choose_demo
        )  # fmt: skip
    else:
        _answers(state)


def _bare() -> bytes | None:
    """The person as photographed, until the picture begins to show."""
    person = session().person
    return pictures.jpeg(person.shown) if person is not None else None


def _answers(state: Talk) -> None:
    """What could be said next, one click each."""
    turns = state.conversation.turns
    question = turns[-1].question if turns else None
    offers = EXAMPLES if not turns else question.choices if question else turns[-1].offers
    with st.container(horizontal=True, key=state.key("answers")):
        for place, offer in enumerate(offers):
            # The number of turns is part of the key: the same words may be offered again.
            st.button(plain(offer), key=state.key(f"answer-{len(turns)}-{place}"), on_click=talk.say, args=(offer,))


# --- a turn -------------------------------------------------------------------------------------------------


def _turn(state: Talk, place: int, turn: Turn, newest: bool) -> None:
    """A message and its answer; what was shown last can be tried on."""
    with st.chat_message("user", avatar=":material/person:"):
        _text(turn.said)
    with st.chat_message("assistant", avatar=":material/styler:"):
        _text(turn.reply)
        if turn.shown:
            # Of what is talked about a choice shows one alone, and it keeps its number.
            order = state.conversation.shown if newest else ()
            with st.container(key=state.key(f"shown-{place}")):
                for number, thing in enumerate(turn.shown):
                    ordinal = PLACES[order.index(thing)] if thing in order else ""
                    _thing(state, f"{place}-{number}", ordinal, thing)
        if turn.table is not None:
            _facts(turn.table)
        if place in state.looks:
            _look(state.looks[place], state.key(f"look-{place}"))
        for note in turn.notes:
            st.caption(plain(note))
        _plan(state, place, turn.plan)


def _text(words: str) -> None:
    """Words as they are: what a shopper or a catalog writes is no Markdown."""
    st.html(f'<div class="tr-said">{html.escape(words)}</div>')


def _thing(state: Talk, name: str, ordinal: str, thing: Ensemble) -> None:
    """An outfit or an item, with its pictures side by side."""
    catalog = loaders.catalog()
    parts = "".join(style.picture(loaders.card(str(catalog.picture(h.item))), h.item.title) for h in thing.hits)
    titles = " + ".join(hit.item.title for hit in thing.hits)
    with st.container(key=state.key(f"thing-{name}")):
        st.html(
            f'<div class="tr-outfit">{parts}</div><div class="tr-title">{html.escape(titles)}</div>'
            f'<div class="tr-price">{money(thing.price, catalog.currency)}</div>'
            f'<div class="tr-why">{html.escape(thing.reason)}</div>'
        )
        if ordinal:
            words = f"Show the {ordinal} one on me"
            busy = state.answering is not None or state.showing is not None
            st.button(
                "Try it on", key=state.key(f"try-{name}"), width="stretch", type="primary", disabled=busy,
                on_click=talk.say, args=(words,),
            )  # fmt: skip


def _facts(table: Table) -> None:
    """Facts side by side; those that differ are bold."""
    heads = "".join(f"<th>{html.escape(head)}</th>" for head in ("", *table.heads))
    rows = "".join(
        f'<tr class="{"differs" if differs else ""}"><td>{html.escape(name)}</td>'
        + "".join(f"<td>{html.escape(value)}</td>" for value in values)
        + "</tr>"
        for name, values, differs in table.rows
    )
    st.html(f'<table class="tr-facts"><tr>{heads}</tr>{rows}</table>')


def _look(look: Look, key: str) -> None:
    """What was tried on, before and after."""
    height, width = look.person.shown.shape[:2]
    compare(look.before, look.after, width / height, look.alt, key)
    for warning in look.warnings:
        st.caption(f":material/info: {plain(warning)}")


def _plan(state: Talk, place: int, plan: tuple[Step, ...]) -> None:
    """How an answer came about."""
    with st.expander("How I got there", icon=":material/account_tree:", key=state.key(f"plan-{place}")):
        rows = "".join(
            f'<tr><td class="differs">{"✗ " if step.failed else ""}{html.escape(step.tool)}</td>'
            f"<td>{html.escape(step.arguments)}</td><td>{html.escape(step.why)}</td><td>{html.escape(step.outcome)}</td></tr>"
            for step in plan
        )
        st.html(
            f'<table class="tr-facts"><tr><th>Tool</th><th>With</th><th>Because</th><th>Outcome</th></tr>{rows}</table>'
        )
