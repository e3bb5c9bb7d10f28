"""The state of one shopper's session. It lives in memory, in `st.session_state`, and nowhere else."""

from __future__ import annotations

import gc
from dataclasses import dataclass, field
from typing import Any

import streamlit as st
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.scriptrunner import get_script_run_ctx

from recommend.schema import Image, SearchResult
from ui.history import Choices, Garment, History, Look, Person
from ui.tasks import Task

_STATE, _GENERATION = "session", "generation"


@dataclass(eq=False)
class Session:
    """What one shopper has given, chosen and made.

    Attributes:
        generation: how often photos were forgotten; part of every widget's key, so that the browser forgets too.
        uploads: how many files were taken; each uploader is new after it gave its file.
        resets: name of a widget → how often it was made anew.
        person: who is dressed; None until there is a photo.
        looking: reads what the person wears.
        picking: whether the mirror offers other photos though there is a person.
        garment: what was tried on last, or is being tried on.
        choices: how to try on the next one.
        tries: how many try-ons were begun; each brings the mirror into view.
        render: the try-on under way.
        look: what the mirror shows; None = the bare photo.
        like: picture that garments shall resemble.
        own: the shopper's own garment.
        dismissed: keys of the understood parts of the query that the shopper took away.
        shelf: the last search, with what was asked.
        wanted: number of cards.
        trouble: place on the page → what is wrong there, as Markdown.
    """

    generation: int = 0
    uploads: int = 0
    resets: dict[str, int] = field(default_factory=dict)
    person: Person | None = None
    looking: Task[Any] | None = None
    picking: bool = False
    garment: Garment | None = None
    choices: Choices = field(default_factory=Choices)
    tries: int = 0
    render: Task[Look] | None = None
    look: Look | None = None
    history: History = field(default_factory=History)
    like: Image | None = None
    own: Garment | None = None
    dismissed: tuple[str, ...] = ()
    shelf: tuple[Any, SearchResult] | None = None
    wanted: int = 12
    trouble: dict[str, str] = field(default_factory=dict)

    def key(self, name: str) -> str:
        """The key of a widget."""
        key, resets = f"{name}-{self.generation}", self.resets.get(name, 0)
        return f"{key}-{resets}" if resets else key

    def reset(self, name: str) -> None:
        """Make a widget anew, so that it shows the value it is drawn with rather than what the browser remembers."""
        self.resets[name] = self.resets.get(name, 0) + 1

    def upload_key(self, name: str) -> str:
        """The key of an uploader, another one after each file."""
        return f"{name}-{self.generation}-{self.uploads}"


def session() -> Session:
    """The session of whoever looks at the page."""
    if _STATE not in st.session_state:
        st.session_state[_STATE] = Session(generation=st.session_state.get(_GENERATION, 0))
    state: Session = st.session_state[_STATE]
    return state


def forget() -> None:
    """Drop every photo, garment, look and setting of the session, and the uploaded files with them."""
    old = session()
    for task in (old.render, old.looking):
        if task is not None:
            task.cancel()
    generation = old.generation + 1
    st.session_state.clear()
    st.session_state[_GENERATION] = generation
    forget_uploads()
    del old
    gc.collect()  # or pictures that a cycle of references holds would linger, as postScriptGC is off


def forget_uploads() -> None:
    """Drop the bytes of uploaded files, which Streamlit otherwise keeps until the browser leaves."""
    context = get_script_run_ctx()
    if context is not None and isinstance(context.uploaded_file_mgr, MemoryUploadedFileManager):
        context.uploaded_file_mgr.remove_session_files(context.session_id)
