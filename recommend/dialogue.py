"""The words of a conversation: turns, steps, questions, moves and tools, as frozen dataclasses."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Protocol

from recommend.lexicon import Lexicon
from recommend.schema import Item, Query, SearchResult
from recommend.slots import Slots

# The encoders' libraries take seconds to import; the command line pays for that only where it uses them.
if TYPE_CHECKING:
    from recommend.retriever import Retriever
    from recommend.stylist import Ensemble

#: What a move can be.
MOVES: Final = (
    "outfit", "search", "refine", "complement", "compare", "choose", "tell", "render", "talk", "restart",
)  # fmt: skip
#: What a shopper may always answer.
YOU_DECIDE: Final = "You decide"


@dataclass(frozen=True)
class Step:
    """One thing that was done on the way to a reply.

    Attributes:
        tool: what was used: one of `MOVES`, "read", "ask" or "language model".
        arguments: what it was given, for people.
        why: the reason.
        outcome: what came of it.
        failed: whether that is a failure.
    """

    tool: str
    arguments: str
    why: str
    outcome: str
    failed: bool = False


@dataclass(frozen=True)
class Question:
    """Something whose answer changes what is found.

    Attributes:
        slot: what it fills.
        text: the question.
        choices: quick answers, readable as any message; `YOU_DECIDE` comes last.
    """

    slot: str
    text: str
    choices: tuple[str, ...]


@dataclass(frozen=True)
class Table:
    """Facts of things side by side.

    Attributes:
        heads: one title for each.
        rows: name of the fact, its value for each, and whether they differ.
    """

    heads: tuple[str, ...]
    rows: tuple[tuple[str, tuple[str, ...], bool], ...]


@dataclass(frozen=True)
class Turn:
    """One message and the answer to it.

    Attributes:
        said: the shopper's words.
        reply: one sentence.
        plan: how it came about.
        shown: what was found, each an outfit or a single item.
        question: what is asked, if anything.
        offers: what could be said next.
        notes: what was not understood or could not be carried, in sentences.
    """

    said: str
    reply: str
    plan: tuple[Step, ...]
    shown: tuple[Ensemble, ...] = ()
    table: Table | None = None
    question: Question | None = None
    offers: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Conversation:
    """What was said so far. A value: each message gives another one.

    Attributes:
        slots: what is known.
        asked: slots that were asked for; no question is asked twice.
        shown: what is talked about, each an outfit or a single item; of the last turn that showed anything.
        focus: place of the one that "it" means.
        whole: whether outfits are looked for rather than single items.
        anchor: id of the item that what is shown goes with, "" where it stands for itself.
        silent: messages in a row that the language model has not answered.
        aside: ids of items that were refused, or seen enough; not shown until something new is looked for.
    """

    turns: tuple[Turn, ...] = ()
    slots: Slots = field(default_factory=Slots)
    asked: tuple[str, ...] = ()
    shown: tuple[Ensemble, ...] = ()
    focus: int = 0
    whole: bool = False
    anchor: str = ""
    silent: int = 0
    aside: tuple[str, ...] = ()

    @property
    def question(self) -> Question | None:
        """What was asked last, if that is still open."""
        return self.turns[-1].question if self.turns else None

    @property
    def meant(self) -> Ensemble | None:
        """What "it" means."""
        return self.shown[self.focus] if self.shown else None


@dataclass(frozen=True)
class Move:
    """What a message asks for.

    Attributes:
        tool: one of `MOVES`.
        why: the reason, for people.
        places: which of the things shown it is about, from 0; none = what "it" means.
        item: id of one item among them, "" = none in particular.
        words: what shall be different, for "refine"; what shall go with it, for "complement"; a key of
            `asides.ASIDES` or "nothing shown", for "talk".
    """

    tool: str
    why: str
    places: tuple[int, ...] = ()
    item: str = ""
    words: str = ""


class Chooser(Protocol):
    """Chooses the next move in place of the rules."""

    @property
    def name(self) -> str:
        """What the plan calls it."""
        ...

    def __call__(self, before: Conversation, text: str) -> Move:
        """The move; raises `ToolFailed` where none came, or none that makes sense."""
        ...


@dataclass(frozen=True, eq=False)
class Tools:
    """What a conversation can do. Each of them raises a `RecommendError` where it cannot.

    Attributes:
        search, goes_with, ensembles: of a `Retriever` and a `Stylist`.
        lexicon: of the catalog. currency: of its prices.
        sold: categories of the catalog, the most frequent first.
        usual_price: the median of its prices, from which answers about the budget are made.
        render: shows items in the shopper's photo and says what came of it; None = there is no photo to show them in.
        chooser: a language model; None = the rules alone choose.
    """

    search: Callable[[Query, int], SearchResult]
    goes_with: Callable[[str, int, Query], SearchResult]
    ensembles: Callable[..., tuple[Ensemble, ...]]
    lexicon: Lexicon
    currency: str
    sold: tuple[str, ...]
    usual_price: float
    render: Callable[[tuple[Item, ...]], str] | None = None
    chooser: Chooser | None = None

    @property
    def furniture(self) -> bool:
        """Whether it is about rooms rather than people."""
        return self.lexicon.domain.sized


def tools_of(
    retriever: Retriever, render: Callable[[tuple[Item, ...]], str] | None = None, chooser: Chooser | None = None
) -> Tools:
    """The tools over one catalog."""
    from recommend.stylist import Stylist

    stylist, catalog = Stylist(retriever), retriever.catalog
    return Tools(
        search=retriever.search,
        goes_with=stylist.goes_with,
        ensembles=stylist.ensembles,
        lexicon=retriever.lexicon,
        currency=catalog.currency,
        sold=tuple(name for name, _ in Counter(item.category for item in catalog.items).most_common()),
        usual_price=statistics.median(item.price for item in catalog.items),
        render=render,
        chooser=chooser,
    )
