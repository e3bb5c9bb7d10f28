"""The state of one shopper's session. It lives in memory, in `st.session_state`, and nowhere else."""

from __future__ import annotations

import gc
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

import streamlit as st
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.scriptrunner import get_script_run_ctx

from recommend.feedback import Feedback
from recommend.schema import Filters, Hit, Image, SearchResult
from ui.history import Choices, Garment, History, Look, Person
from ui.marking import Marking
from ui.tasks import Task

if TYPE_CHECKING:
    from recommend.history import History as PeoplesHistory
    from recommend.stylist import Ensemble
    from recommend.taste import Taste

_GENERATION = "generation"

V = TypeVar("V", bound="Visit")


@dataclass(eq=False)
class Visit:
    """What one shopper has asked and uploaded on one page; each page adds what it is about.

    Attributes:
        NAME: where it is kept in `st.session_state`.
        SUFFIX: part of the keys of the page's widgets, so that two pages do not share any.
        TASK: what renderers call the pictures of the page; "" = it has none of its own.
        generation: how often photos were forgotten; part of every widget's key, so that the browser forgets too.
        uploads: how many files were taken; each uploader is new after it gave its file.
        resets: name of a widget → how often it was made anew.
        looking: reads from the photo what the search shall go with.
        picking: whether other photos are offered though there is one.
        tries: how often something new was to be seen in the picture; each time it comes into view.
        render: the render under way. preview: the latest picture of one that is on the page.
        wished: renderer that was chosen and is not used yet; "" = none. loading: loads it, for whoever waits for it.
        history: what was made in this session.
        masking: a mask that is being made by clicks; None = the tool is shut.
        like: picture that items shall resemble.
        likes: ids of items that others shall resemble, but for what the words change.
        like_name: what that picture shows, for people. inspiration: the whole picture that was given to search by.
        goes_with: id of the item whose complements are on the rack, "" = all are searched.
        railed: what goes with what the picture shows, with what was asked. sets: whole sets, likewise.
        sets_for: id of the item that sets were asked for.
        feedback: thumbs and try-ons.
        people: of a list of purchases, what each of its users had. fitted: what that says of a version of the catalog.
        whose: a list of which it was not said yet whose taste counts. told: what was read of the last file.
        words, kinds: what was asked; kept here because the browser forgets widgets of a page that is left.
        max_price: the highest price that was set; None = any.
        ticked: attribute → values that were ticked in the filters, of which an item has one.
        counted: filters and the version of the catalog, and how many items there are of each value under them.
        dismissed: keys of the understood parts of the query that the shopper took away.
        shelf: the last search, with what was asked.
        wanted: number of cards.
        trouble: place on the page → what is wrong there, as Markdown.
    """

    NAME: ClassVar[str]
    SUFFIX: ClassVar[str] = ""
    TASK: ClassVar[str] = ""

    generation: int = 0
    uploads: int = 0
    resets: dict[str, int] = field(default_factory=dict)
    looking: Task[Any] | None = None
    picking: bool = False
    tries: int = 0
    render: Task[Any] | None = None
    preview: bytes | None = field(default=None, repr=False)
    wished: str = ""
    loading: Task[Any] | None = None
    history: History[Any] = field(default_factory=History)
    masking: Marking | None = field(default=None, repr=False)
    like: Image | None = None
    like_name: str = "your picture"
    inspiration: Image | None = None
    likes: tuple[str, ...] = ()
    goes_with: str = ""
    railed: tuple[Any, tuple[Hit, ...]] | None = None
    sets: tuple[Any, tuple[Ensemble, ...]] | None = None
    sets_for: str = ""
    feedback: Feedback = field(default_factory=Feedback)
    people: tuple[tuple[str, ...], ...] = field(default=(), repr=False)
    fitted: tuple[Any, Taste] | None = field(default=None, repr=False)
    whose: PeoplesHistory | None = None
    told: str = ""
    words: str = ""
    kinds: tuple[str, ...] = ()
    max_price: float | None = None
    ticked: dict[str, tuple[str, ...]] = field(default_factory=dict)
    counted: tuple[tuple[int, Filters], dict[str, dict[str, int]]] | None = None
    dismissed: tuple[str, ...] = ()
    shelf: tuple[Any, SearchResult] | None = None
    wanted: int = 12
    trouble: dict[str, str] = field(default_factory=dict)

    @property
    def empty(self) -> bool:
        """Whether there is nothing of the shopper's to forget."""
        return self.like is None and self.inspiration is None and not self.people and self.whose is None

    @property
    def shown(self) -> Image | None:
        """The photo that things are put in, as it is on the page."""
        return None

    @property
    def renderer(self) -> str:
        """The renderer that was chosen; "" = the app's own."""
        return ""

    def tasks(self) -> tuple[Task[Any] | None, ...]:
        """Work that may be under way."""
        return (self.render, self.looking)

    def busy(self) -> list[Task[Any]]:
        """Work that is under way."""
        return [task for task in self.tasks() if task is not None and not task.done]

    @property
    def news(self) -> bool:
        """Whether something was found that the page does not show yet, though work goes on."""
        return False

    def drop_render(self) -> None:
        """Give up the render under way, if there is one."""
        if self.render is not None:
            self.render.cancel()
            self.render = None

    def ask_anew(self, kinds: tuple[str, ...] = ()) -> None:
        """Let go of what was asked, but for price and filters, and ask for these kinds."""
        self.like, self.likes, self.goes_with = None, (), ""
        self.words, self.dismissed, self.kinds, self.wanted = "", (), kinds, type(self).wanted
        for widget in ("words", "kinds"):
            self.reset(widget)

    def key(self, name: str) -> str:
        """The key of a widget."""
        key, resets = f"{name}{self.SUFFIX}-{self.generation}", self.resets.get(name, 0)
        return f"{key}-{resets}" if resets else key

    def reset(self, name: str) -> None:
        """Make a widget anew, so that it shows the value it is drawn with rather than what the browser remembers."""
        self.resets[name] = self.resets.get(name, 0) + 1

    def upload_key(self, name: str) -> str:
        """The key of an uploader, another one after each file."""
        return f"{name}{self.SUFFIX}-{self.generation}-{self.uploads}"


@dataclass(eq=False)
class Session(Visit):
    """The fitting room.

    Attributes:
        person: who is dressed; None until there is a photo.
        garment: what was tried on last, or is being tried on.
        choices: how to try on the next one.
        look: what the mirror shows; None = the bare photo.
        own: the shopper's own garment.
    """

    NAME: ClassVar[str] = "session"
    TASK: ClassVar[str] = "tryon"

    person: Person | None = None
    garment: Garment | None = None
    choices: Choices = field(default_factory=Choices)
    render: Task[Look] | None = None
    look: Look | None = None
    own: Garment | None = None

    @property
    def empty(self) -> bool:
        """Whether there is nothing of the shopper's to forget."""
        return super().empty and self.person is None and self.own is None

    @property
    def renderer(self) -> str:
        """See `Choices`."""
        return self.choices.renderer

    @property
    def shown(self) -> Image | None:
        """The photo of the person."""
        return self.person.shown if self.person is not None else None


def visit(page: type[V]) -> V:
    """What whoever looks at the page has done there."""
    if page.NAME not in st.session_state:
        st.session_state[page.NAME] = page(generation=st.session_state.get(_GENERATION, 0))
    state: V = st.session_state[page.NAME]
    return state


def session() -> Session:
    """The visit to the fitting room."""
    return visit(Session)


def visits() -> list[Visit]:
    """All pages that were visited."""
    return [value for value in st.session_state.values() if isinstance(value, Visit)]


def forget() -> None:
    """Drop every photo, item, picture and setting of all pages, and the uploaded files with them."""
    generation = session().generation + 1
    for old in visits():
        for task in old.tasks():
            if task is not None:
                task.cancel()
        del old
    st.session_state.clear()
    st.session_state[_GENERATION] = generation
    forget_uploads()
    gc.collect()  # or pictures that a cycle of references holds would linger, as postScriptGC is off


def forget_uploads() -> None:
    """Drop the bytes of uploaded files, which Streamlit otherwise keeps until the browser leaves."""
    context = get_script_run_ctx()
    if context is not None and isinstance(context.uploaded_file_mgr, MemoryUploadedFileManager):
        context.uploaded_file_mgr.remove_session_files(context.session_id)
