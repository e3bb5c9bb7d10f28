"""What a rack has to know of the shop whose items hang on it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from numpy.typing import NDArray

from recommend.catalog import Catalog
from recommend.schema import Item
from ui import pictures
from ui.session import Visit
from ui.tasks import Task

if TYPE_CHECKING:
    from recommend.retriever import Retriever

V = TypeVar("V", bound=Visit)


@dataclass(frozen=True, eq=False)
class Own:
    """The shopper's own item, as the first card of the rack.

    Attributes:
        title: what it is called.
        pixels: RGB or RGBA uint8 (H, W, 3 or 4).
        choose: what the card's button does.
    """

    title: str
    pixels: NDArray[Any]
    choose: Callable[[], None]


@dataclass(frozen=True, eq=False)
class Shop(Generic[V]):
    """A catalog on a rack, and what the page that it hangs on does with it.

    Attributes:
        catalog: its items, to be shown before they can be searched.
        retriever: the task that opens it for searching. reopen: forgets that task, so that the next call tries again.
        kinds: category → its name on the page, in the order of the page.
        example: what could be asked. change: what could be said beside an item that others shall resemble.
        all_shown: said of the items when they cannot be searched.
        like_hint: what a picture that is given finds.
        look: draws the picture that was given, where a thing in it can be pointed at.
        goes_hint: what "Goes with it" finds.
        verb: on the button of a card.
        choose: what that button does, with the item and the path of its picture.
        hint: why it cannot be used for an item now, or for one's own; None = it can.
        context: what the page adds to a query, by field of `Query`.
        facts: a line on a card beside price and reason, "" for none.
        own_label: of what opens the upload of one's own item. own_upload: draws that. own: the item, once given.
        shape: of the pictures on cards, (height, width).
    """

    catalog: Callable[[], Catalog]
    retriever: Callable[[], Task[Retriever]]
    reopen: Callable[[], None]
    kinds: Mapping[str, str]
    example: str
    change: str
    all_shown: str
    like_hint: str
    look: Callable[[V], None]
    goes_hint: str
    verb: str
    choose: Callable[[Item, Path], None]
    hint: Callable[[V, Item | None], str | None]
    context: Callable[[V], Mapping[str, Any]]
    facts: Callable[[Item], str]
    own_label: str
    own_upload: Callable[[V], None]
    own: Callable[[V], Own | None]
    shape: tuple[int, int] = pictures.CARD
