"""The command `chat`: a conversation on a terminal, or a line at a time from stdin.

Answers go to stdout; the prompt, and all chatter, to stderr.
"""

from __future__ import annotations

import dataclasses
import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from recommend import llm
from recommend.cli import TOOLS, Tools, folder_of, open_catalog
from recommend.dialogue import Conversation, Table, Turn, tools_of
from recommend.errors import BadInput
from recommend.schema import Item
from recommend.wording import money, title_of

if TYPE_CHECKING:
    from recommend.stylist import Ensemble

#: What the entry point sets in `ctx.meta`, a `MakeRender`: gives what shows items on the person of a photo.
RENDER = "tryroom.chat.render"

#: Takes a photo of a person, a folder for pictures, and where an item's picture lies.
MakeRender = Callable[[Path, Path, Callable[[Item], Path]], Callable[[tuple[Item, ...]], str]]


def chat(
    ctx: typer.Context,
    words: Annotated[str | None, typer.Argument(metavar="[WORDS]", help="The first message.")] = None,
    photo: Annotated[Path | None, typer.Option(metavar="FILE", help="Photo of a person: “show it on me”.")] = None,
    out: Annotated[Path | None, typer.Option(metavar="DIR", help="Where pictures are written, with --photo.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object for each answer.")] = False,
    catalog: Annotated[str, typer.Option(metavar="NAME|DIR", help="garments, furniture, or a folder.")] = "garments",
    llm_url: Annotated[str, typer.Option(envvar=llm.URL, help="OpenAI-compatible server, up to and with /v1.")] = "",
    llm_model: Annotated[str, typer.Option(envvar=llm.MODEL, help="Its model.")] = "",
    llm_gguf: Annotated[str, typer.Option(envvar=llm.GGUF, help="Or a GGUF file on this machine.")] = "",
) -> None:
    """Talk to a stylist: it asks, puts outfits together, refines and compares them, and renders them in a photo.

    Needs no language model; takes one that is set up. Ends with an empty line or the end of the input.
    """
    from recommend.conversation import GREETING, reply

    if (photo is None) != (out is None):
        got = "--photo without --out" if out is None else "--out without --photo"
        raise BadInput("picture", got, "both or none of them", "Name the photo, and the folder for pictures of it.")
    named = {llm.URL: llm_url, llm.MODEL: llm_model, llm.GGUF: llm_gguf}
    chooser = llm.configured({**os.environ, **named})
    own: Tools = ctx.meta[TOOLS]
    retriever = open_catalog(own, folder_of(own, catalog, None, None, None), None)
    make: MakeRender = ctx.meta[RENDER]
    render = make(photo, out, retriever.picture) if photo is not None and out is not None else None
    tools = tools_of(retriever, render, chooser)
    conversation = Conversation()
    for text in _lines(words, GREETING):
        try:
            conversation = reply(conversation, text, tools)
        except BadInput as error:
            if not _on_terminal():
                raise
            typer.echo(str(error), err=True)
            continue
        turn = conversation.turns[-1]
        found = as_dict(turn) if as_json else as_text(turn, tools.currency)
        typer.echo(json.dumps(found, ensure_ascii=False) if as_json else found)


def _lines(first: str | None, greeting: str) -> Iterator[str]:
    """Messages: the one on the command line, and then what is typed or piped in."""
    asked = _on_terminal()
    if first is not None:
        yield first
    elif asked:
        typer.echo(greeting, err=True)
    while True:
        if asked:
            typer.echo("> ", nl=False, err=True)
        line = sys.stdin.readline()
        if not line or (asked and not line.strip()):
            return
        if line.strip():
            yield line


def _on_terminal() -> bool:
    """Whether somebody types, who can say it again."""
    return sys.stdin.isatty()


def as_text(turn: Turn, currency: str) -> str:
    """An answer for people."""
    lines = [turn.reply]
    for place, one in enumerate(turn.shown, start=1):
        lines.append(f"{place:3d}  {money(one.price, currency):>8}  {title_of(one)} — {one.reason}")
        lines += [f"{'':>15}{hit.item.id}" for hit in one.hits]
    if turn.table is not None:
        lines += _table(turn.table)
    if turn.question is not None:
        lines.append(f"  [{' | '.join(turn.question.choices)}]")
    lines += [f"note: {note}" for note in turn.notes]
    steps = ("  {} {}: {} → {}".format("✗" if s.failed else "·", s.tool, s.arguments, s.outcome) for s in turn.plan)
    lines += ["how I got there:", *steps]
    if turn.offers:
        lines.append(f"you could say: {' | '.join(turn.offers)}")
    return "\n".join(lines)


def _table(table: Table) -> list[str]:
    """Facts side by side; where they differ, the line begins with a star."""
    rows = [
        (" ", "", *table.heads),
        *(("*" if differs else " ", name, *values) for name, values, differs in table.rows),
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def as_dict(turn: Turn) -> dict[str, Any]:
    """An answer as JSON values."""
    return {
        "said": turn.said,
        "reply": turn.reply,
        "question": dataclasses.asdict(turn.question) if turn.question else None,
        "shown": [_ensemble(one) for one in turn.shown],
        "table": dataclasses.asdict(turn.table) if turn.table else None,
        "offers": list(turn.offers),
        "notes": list(turn.notes),
        "plan": [dataclasses.asdict(step) for step in turn.plan],
    }


def _ensemble(one: Ensemble) -> Mapping[str, Any]:
    items = [
        {"id": h.item.id, "title": h.item.title, "category": h.item.category, "price": h.item.price, "reason": h.reason}
        for h in one.hits
    ]
    return {"price": round(one.price, 2), "reason": one.reason, "items": items}
