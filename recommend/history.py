"""The disk edge of taste: a CSV of what happened between users and items, line by line.

Columns: user, item, time and, if wanted, event. Users' ids are read to tell users apart and go nowhere else: no message
holds one, no repr shows one, and what is fitted sees only which items occur together.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, Final

from recommend.errors import BadInput
from recommend.feedback import EVENTS, Feedback

NEEDED: Final = ("user", "item", "time")
COLUMNS: Final = (*NEEDED, "event")
#: Seconds since 1970 that no date reaches; who writes more means milliseconds.
YEAR_10000: Final = 253_402_300_800


@dataclass(frozen=True)
class Interaction:
    """One line of a history.

    Attributes:
        time: seconds since 1970, UTC.
        event: one of `EVENTS`; a line that does not say is a "like".
    """

    user: str = field(repr=False)
    item: str
    time: float
    event: str = "like"


@dataclass(frozen=True, eq=False)
class History:
    """Who did what with the items of one catalog.

    Attributes:
        users: user's id → feedback, oldest event first.
        interactions: number of lines that count.
        unknown: number of lines about items that the catalog does not have; they do not count.
    """

    users: Mapping[str, Feedback] = field(repr=False)
    interactions: int
    unknown: int

    def baskets(self) -> tuple[tuple[str, ...], ...]:
        """The items that speak for each user, without saying who the user is."""
        return tuple(liked for feedback in self.users.values() if (liked := feedback.liked))


def read_history(path: Path) -> Iterator[Interaction]:
    """The interactions of a CSV file in UTF-8, one after the other, never all in memory.

    Raises:
        BadInput: no such file, another header, or a bad line; says which line.
    """
    try:
        with path.open("rb") as file:
            yield from parse_history(file, str(path))
    except OSError as error:
        raise BadInput("history", f"{path} ({error.strerror})", "a CSV file", "Check the path.") from error


def parse_history(file: BinaryIO, name: str) -> Iterator[Interaction]:
    """As `read_history`, of an open file that is called `name`."""
    # What is no UTF-8 passes as halves of characters, so that it is found in a line and not in a block of many.
    lines = io.TextIOWrapper(file, encoding="utf-8-sig", errors="surrogateescape", newline="")
    reader = csv.reader(map(_whole, lines), strict=True)
    try:
        header = _header(next(reader, []))
        for row in reader:
            if row:
                yield _interaction(row, header, reader.line_num)
    except (UnicodeEncodeError, csv.Error) as error:
        # What is no UTF-8 is not shown: it may be in a user's id.
        undecoded = isinstance(error, UnicodeEncodeError)
        what = f"history line {reader.line_num + undecoded}"
        got = f"{name} ({'bytes that are no UTF-8' if undecoded else error})"
        raise BadInput(what, got, "a CSV file in UTF-8", "Save it as CSV in UTF-8.") from error


def _whole(line: str) -> str:
    """A line; UnicodeEncodeError if it has halves of characters."""
    line.encode()
    return line


def as_csv(feedback: Feedback, time: datetime, user: str = "me") -> str:
    """The events of one person as a history that reads back the same: at one time, the order is that of the lines."""
    lines = io.StringIO()
    writer = csv.writer(lines, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows((user, item_id, time.isoformat(), event) for event, item_id in feedback.events)
    return lines.getvalue()


def gather(interactions: Iterable[Interaction], item_ids: Sequence[str]) -> History:
    """The interactions by user, each user's in the order of time; those about unknown items are counted only."""
    known, unknown = frozenset(item_ids), 0
    found: dict[str, list[Interaction]] = {}
    for interaction in interactions:
        if interaction.item in known:
            found.setdefault(interaction.user, []).append(interaction)
        else:
            unknown += 1
    users = {
        user: Feedback(tuple((one.event, one.item) for one in sorted(own, key=lambda one: one.time)))
        for user, own in found.items()
    }
    return History(users, sum(map(len, found.values())), unknown)


def _header(header: Sequence[str]) -> tuple[str, ...]:
    """The names of the columns; raises BadInput unless they are those of `COLUMNS`, each once, none of `NEEDED` left
    out."""
    names = tuple(name.strip().lower() for name in header)
    if not names:
        raise BadInput("history line 1", "an empty file", "columns user,item,time", "Choose another file.")
    other = next((mark for mark in (";", "\t") if len(names) == 1 and mark in names[0]), "")
    if other:
        got = f"cells with {'semicolons' if other == ';' else 'tabs'} between them"
        raise BadInput("history line 1", got, "commas", "Save it as CSV with commas.")
    if not set(NEEDED) <= set(names) or not set(names) <= set(COLUMNS) or len(set(names)) < len(names):
        got, allowed = repr(",".join(header)), "columns user,item,time and perhaps event, in any order"
        raise BadInput("history line 1", got, allowed, "Write user,item,time,event into the first line.")
    return names


def _interaction(row: Sequence[str], header: Sequence[str], line: int) -> Interaction:
    """One line checked; raises BadInput that shows the bad cell, but never a user's id."""
    if len(row) != len(header):
        raise _bad(line, "", f"{len(row)} cells", f"{len(header)}, as in the first line")
    cells = {name: cell.strip() for name, cell in zip(header, row, strict=True)}
    for name in ("user", "item"):
        if not cells[name]:
            raise _bad(line, name, "an empty cell", "an id")
    event = cells.get("event") or "like"
    if event not in EVENTS:
        raise _bad(line, "event", repr(event), ", ".join(EVENTS))
    return Interaction(cells["user"], cells["item"], _seconds(cells["time"], line), event)


def _seconds(text: str, line: int) -> float:
    """Seconds since 1970 as they are, or of a date; raises BadInput if it is neither."""
    try:
        seconds = float(text)
    except ValueError:
        try:
            moment = datetime.fromisoformat(text)
            # Without a zone a date would mean another time on every machine.
            seconds = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
        except ValueError:
            seconds = math.nan
    if not abs(seconds) < YEAR_10000:
        raise _bad(line, "time", repr(text), "seconds since 1970, or a date like 2026-03-01 or 2026-03-01T12:30")
    return seconds


def _bad(line: int, column: str, got: str, allowed: str) -> BadInput:
    what = f"history line {line}" + (f", {column}" if column else "")
    return BadInput(what, got, allowed, "Correct the line, or leave it out.")
