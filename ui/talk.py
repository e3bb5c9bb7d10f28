"""What the stylist has said and what was shown on a person; and what clicks and messages do to that.

A message is answered in a thread, since a language model may take its time. A picture that is asked for is made as in
the fitting room, of the person there, and stands there afterwards, too.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

import tryroom
from pipelines.errors import TryroomError
from pipelines.schema import WearStyle
from recommend.conversation import reply, report
from recommend.dialogue import Conversation
from recommend.schema import Item
from ui import actions, loaders
from ui.history import Kept, Look
from ui.messages import explain
from ui.session import Visit, session, visit
from ui.tasks import Task

#: Seconds that a click waits for an answer before the page shows that one is on its way.
PATIENCE = 1.5


@dataclass(eq=False)
class Talk(Visit):
    """The page of the stylist.

    Attributes:
        conversation: so far.
        answering: the answer under way. asked: the message that it is to.
        to_show: items to be shown on a person, until that begins.
        showing: the try-on that the conversation has asked for, while it is under way; at: for which turn.
        looks: number of a turn → the picture that was made for it.
    """

    NAME: ClassVar[str] = "stylist"
    SUFFIX: ClassVar[str] = "-stylist"

    conversation: Conversation = field(default_factory=Conversation)
    answering: Task[Conversation] | None = None
    asked: str = ""
    to_show: tuple[Item, ...] = ()
    showing: Task[Look] | None = None
    at: int = 0
    looks: dict[int, Look] = field(default_factory=dict)

    @property
    def empty(self) -> bool:
        """Whether there is nothing of the shopper's to forget."""
        return super().empty and not self.conversation.turns

    def tasks(self) -> tuple[Task[Any] | None, ...]:
        """Work that may be under way."""
        return (*super().tasks(), self.answering)


def say(text: str) -> None:
    """Send a message; while another one is being answered it is not taken."""
    state = visit(Talk)
    if state.answering is not None:
        return
    state.trouble.pop("message", None)
    # The threads know nothing of the session, so they are given what they need of it.
    tools, before = replace(loaders.stylist_tools(), render=_wish(state)), state.conversation
    state.asked = text
    state.answering = Task(lambda report: reply(before, text, tools), "stylist").start()
    state.answering.wait(PATIENCE)


def _wish(state: Talk) -> Callable[[tuple[Item, ...]], str]:
    """The tool that shows items: the page, which knows who tries them on, does so when the answer is there."""
    person = session().person

    def render(items: tuple[Item, ...]) -> str:
        state.to_show = tryroom.wearable(items)
        return "the picture is being made" if person is not None else "choose who tries it on, and I show it"

    return render


def settle(state: Talk) -> None:
    """Take in what tasks have finished since the page was drawn, and begin what was asked for."""
    if state.answering is not None and state.answering.done:
        task, state.answering = state.answering, None
        if task.error is None:
            state.conversation = task.result()
        else:
            state.trouble["message"] = explain(task.error)
    room, showing = session(), state.showing
    ended = showing is not None and (showing.done or room.render is not showing)
    stopped = room.render is not showing
    actions.settle(room)
    if showing is not None and ended:
        state.showing = None
        room.trouble.pop("mirror", None)  # it is told here
        _shown(state, showing, stopped)
    if state.to_show and room.person is not None and state.answering is None:
        items, state.to_show = state.to_show, ()
        _show(state, items)


def _shown(state: Talk, task: Task[Look], stopped: bool) -> None:
    """Say what became of a picture."""
    if stopped:
        _tell(state, "it was stopped.")
    elif task.error is not None:
        _tell(state, explain(task.error))
    else:
        state.conversation = report(
            state.conversation, state.at, "Here it is, and in the fitting room, too.", failed=False
        )
        # What the history gives up for its memory goes here, too.
        looks = {**state.looks, state.at: task.result()}
        state.looks = {at: look for at, look in looks.items() if look in session().history}


def _show(state: Talk, items: tuple[Item, ...]) -> None:
    """Begin to show items together on the person of the fitting room."""
    room = session()
    state.at = len(state.conversation.turns) - 1
    try:
        *others, own = (actions.read_garment(item, loaders.catalog().picture(item)) for item in items)
    except TryroomError as error:
        _tell(state, explain(error))
        return
    kept = tuple(Kept(garment, garment.category, WearStyle()) for garment in others)
    actions.set_choices(replace(room.choices, kept=kept, mask=None, category="auto", wear=WearStyle()))
    actions.try_on(own)
    state.showing = room.render
    if state.showing is None:
        _tell(state, room.trouble.pop("mirror", "it could not begin."))


def _tell(state: Talk, why: str) -> None:
    """Say in the conversation that there is no picture, and why."""
    state.conversation = report(state.conversation, state.at, why.replace("**", ""), failed=True)
