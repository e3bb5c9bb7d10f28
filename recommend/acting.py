"""Moves carried out: tools are called, and what came of it is said. A tool that fails is told, never hidden."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Final

from recommend import finding, moves, wording
from recommend.comparing import compare
from recommend.dialogue import Conversation, Move, Step, Tools
from recommend.errors import RecommendError, ToolFailed
from recommend.finding import Done, meant_by, part_of
from recommend.schema import Facet, Hit
from recommend.slots import beside_query, of_others, query_of
from recommend.stylist import Ensemble

_COULD_NOT: Final = {
    "outfit": "put that together",
    "search": "search for that",
    "refine": "change it so",
    "complement": "look for what goes with it",
    "compare": "compare them",
    "choose": "tell which one you mean",
    "tell": "tell you of it",
    "render": "show it on you",
}


def act(move: Move, now: Conversation, tools: Tools) -> Done:
    """Carry a move out.

    Args:
        move: what to do.
        now: the conversation, its slots filled with the message.
        tools: to do it with.
    """
    try:
        if any(place >= len(now.shown) for place in move.places):
            raise ToolFailed(f"there {'is only one' if len(now.shown) == 1 else f'are only {len(now.shown)}'}")
        return _ACTS[move.tool](move, now, tools)
    except RecommendError as error:
        step = Step(move.tool, move.words, move.why, str(error), failed=True)
        return Done(now, f"I could not {_COULD_NOT[move.tool]}: {str(error).rstrip('.')}.", (step,))


# --- what was shown, but otherwise --------------------------------------------------------------------------


def _refine(move: Move, now: Conversation, tools: Tools) -> Done:
    """What was shown, but as the words of the move say."""
    meant, slots = meant_by(now, move), now.slots
    way = moves.way_of(move.words)
    if len(meant.hits) > 1 and (way == "swap" or (way == "words" and move.places and move.item)):
        return _swap(move, now, tools, meant)
    if way == "size" and tools.furniture and not now.anchor:
        query = replace(query_of(slots), likes=(meant.hits[0].item.id,))
        return finding.listed(move, now, tools, replace(query, text=", ".join(filter(None, (move.words, query.text)))))
    if way == "dearer" and not now.anchor:
        done = (finding.outfit if now.whole else finding.search)(move, now, tools, meant.price)
        return done if done.shown else _none(way, now, meant, done, tools)
    again = finding.beside if now.anchor else finding.outfit if now.whole else finding.search
    if way == "cheaper":
        limit = math.nextafter(meant.price, 0.0)
        slots = replace(slots, budget=limit) if now.whole else replace(slots, below=limit)
        done = again(move, replace(now, slots=slots), tools)
        return done if done.shown else _none(way, now, meant, done, tools)
    if way == "colour":
        slots = replace(slots, colours=())
        done = again(move, replace(now, slots=replace(slots, dislikes=(*slots.dislikes, *_colours(meant)))), tools)
        # Set aside for this time only: nobody said that these colours are not liked.
        return replace(done, now=replace(done.now, slots=slots))
    gone = [meant] if way == "refuse" and (move.places or moves.refuses_one(move.words)) else now.shown
    gone = gone if way in ("more", "refuse", "swap") else ()
    aside = tuple(dict.fromkeys((*now.aside, *(one.hits[0].item.id for one in gone))))
    return again(move, replace(now, aside=aside), tools)


def _none(way: str, now: Conversation, meant: Ensemble, done: Done, tools: Tools) -> Done:
    """That nothing is cheaper, or dearer; what was known before stays."""
    than = f"“{wording.title_of(meant)}” at {wording.money(meant.price, tools.currency)}"
    reply = f"I found nothing {way} than {than} that keeps the rest{wording.asked(now.slots)}"
    return Done(now, reply, done.steps)


def _colours(meant: Ensemble) -> list[tuple[Facet, ...]]:
    """The main colours of a thing, as what must not occur: of an outfit, that of each part for that part."""
    alone = len(meant.hits) == 1
    coloured = [hit.item for hit in meant.hits if hit.item.colours]
    return [
        (*(() if alone else (Facet("category", (item.category,)),)), Facet("colours", item.colours[:1]))
        for item in coloured
    ]


def _swap(move: Move, now: Conversation, tools: Tools, meant: Ensemble) -> Done:
    """An outfit with one part exchanged for others that go with the rest."""
    out = part_of(now, move)
    if out is None or out not in meant.hits:
        raise ToolFailed(f"say which part shall change: {', '.join(hit.item.title for hit in meant.hits)}")
    rest = next(hit for hit in meant.hits if hit is not out)
    shown = tuple(sorted({hit.item.id for one in now.shown for hit in one.hits}))
    named = out.item.category in now.slots.categories
    query = beside_query(now.slots if named else of_others(now.slots))
    query = replace(query, categories=(out.item.category,), exclude_ids=shown)
    if now.slots.budget is not None:
        left = now.slots.budget - (meant.price - out.item.price)
        query = replace(query, max_price=max(0.0, min(left, query.max_price or left)))
    result = tools.goes_with(rest.item.id, finding.ITEMS, query)
    hits = [hit for hit in result.hits if named and hit.item.kind in now.slots.kinds] or result.hits
    made = [_with(meant, out, hit, tools.currency) for hit in hits]
    found = tuple(one for one in made if now.slots.budget is None or one.price <= now.slots.budget)[: finding.OUTFITS]
    step = finding.searched("complement", query, result, len(found), f"{move.why}: beside “{rest.item.title}”")
    if not found:
        reply = f"I found nothing else in place of “{out.item.title}” that keeps all of that{wording.asked(now.slots)}"
        return Done(now, reply, (step,))
    reply = (
        f"The same with something else in place of “{out.item.title}”, {wording.prices(found, tools.currency)} in all."
    )
    return Done(replace(now, shown=found, focus=0), reply, (step,), found)


def _with(meant: Ensemble, out: Hit, new: Hit, currency: str) -> Ensemble:
    """An outfit with one hit in place of another."""
    hits = tuple(new if hit is out else hit for hit in meant.hits)
    cost = wording.money(sum(hit.item.price for hit in hits), currency)
    return Ensemble(hits, meant.score * new.score, f"{new.item.title} in place of {out.item.title}; {cost} in all")


# --- looking closer -----------------------------------------------------------------------------------------


def _compare(move: Move, now: Conversation, tools: Tools) -> Done:
    """Facts of two or three things side by side."""
    others = [place for place in range(len(now.shown)) if place not in move.places]
    places = move.places[:3] if len(move.places) > 1 else (*move.places, *others)[:2]
    if len(places) < 2:
        raise ToolFailed("there are not two of them; ask for something else first")
    things = [now.shown[place] for place in places]
    table = compare(things, "Set" if tools.furniture else "Outfit")
    differ = [name for name, _, differs in table.rows if differs]
    step = Step("compare", " | ".join(table.heads), move.why, f"{len(differ)} of {len(table.rows)} facts differ")
    reply = f"They differ in {wording.listing(differ)}." if differ else "They state the same of everything."
    cheap = min(range(len(things)), key=lambda place: things[place].price)
    if "price" in differ:
        reply += f" “{table.heads[cheap]}” costs least: {wording.money(things[cheap].price, tools.currency)}."
    return Done(now, reply, (step,), table=table)


def _tell(move: Move, now: Conversation, tools: Tools) -> Done:
    """All that is stated of the thing meant, or of one part of it."""
    meant, part = meant_by(now, move), part_of(now, move)
    thing = Ensemble((part,), part.score, part.reason) if part is not None else meant
    facts = [f"{name} {values[0]}" for name, values, _ in compare([thing]).rows if name != "items"]
    why = f" I chose it for this: {thing.reason}." if len(thing.hits) > 1 else ""
    step = Step("tell", wording.title_of(thing), move.why, f"{len(facts)} facts")
    reply = f"{wording.title_of(thing)}: {', '.join(facts)}. Nothing else is stated of it.{why}"
    return Done(replace(now, focus=now.shown.index(meant)), reply, (step,))


def _choose(move: Move, now: Conversation, tools: Tools) -> Done:
    """One of the things shown is meant from now on."""
    meant = meant_by(now, move)
    step = Step("choose", f"number {now.shown.index(meant) + 1}", move.why, wording.title_of(meant))
    cost = f", {wording.money(meant.price, tools.currency)}" if len(meant.hits) == 1 else ""
    reply = f"{wording.title_of(meant)}{cost}: {meant.reason}."
    return Done(replace(now, focus=now.shown.index(meant)), reply, (step,), (meant,))


def _render(move: Move, now: Conversation, tools: Tools) -> Done:
    """The thing meant, or one part of it, in the shopper's own photo."""
    meant, part = meant_by(now, move), part_of(now, move)
    hits = (part,) if part is not None and not move.places else meant.hits
    if tools.render is None:
        raise ToolFailed("there is no photo to show it in")
    outcome = tools.render(tuple(hit.item for hit in hits))
    step = Step("render", " + ".join(hit.item.title for hit in hits), move.why, outcome)
    return Done(replace(now, focus=now.shown.index(meant)), f"{outcome[:1].upper()}{outcome[1:]}.", (step,))


_ACTS: Final[Mapping[str, Callable[[Move, Conversation, Tools], Done]]] = MappingProxyType({
    "outfit": finding.outfit, "search": finding.search, "refine": _refine, "complement": finding.complement,
    "compare": _compare, "choose": _choose, "tell": _tell, "render": _render,
})  # fmt: skip
