"""Moves carried out: tools are called, and what came of it is said. A tool that fails is told, never hidden."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final

from recommend import moves, wording
from recommend.comparing import compare
from recommend.complements import categories_of
from recommend.dialogue import Conversation, Move, Step, Table, Tools
from recommend.errors import RecommendError, ToolFailed
from recommend.pairings import PAIRINGS
from recommend.schema import Facet, Hit, Query, SearchResult
from recommend.slots import Slots, beside_query, query_of, whole_query, without_lead
from recommend.stylist import Ensemble

#: Outfits and single items that one reply shows.
OUTFITS: Final = 3
ITEMS: Final = 6
#: Candidates for the thing that an outfit is put together around.
LEADS: Final = 24

_COULD_NOT: Final = {
    "outfit": "put that together",
    "search": "search for that",
    "refine": "change it so",
    "complement": "look for what goes with it",
    "compare": "compare them",
    "choose": "tell which one you mean",
    "render": "show it on you",
}


@dataclass(frozen=True)
class Done:
    """What came of a move.

    Attributes:
        now: the conversation, with what is shown and meant from here on.
        reply: one sentence.
        steps: what was done.
        shown: what was found by it; empty where what was shown before is still talked about.
        notes: what the shopper should know about it.
    """

    now: Conversation
    reply: str
    steps: tuple[Step, ...]
    shown: tuple[Ensemble, ...] = ()
    table: Table | None = None
    notes: tuple[str, ...] = ()


def act(move: Move, now: Conversation, tools: Tools) -> Done:
    """Carry a move out.

    Args:
        move: what to do.
        now: the conversation, its slots filled with the message.
        tools: to do it with.
    """
    try:
        return _ACTS[move.tool](move, now, tools)
    except RecommendError as error:
        step = Step(move.tool, move.words, move.why, str(error), failed=True)
        return Done(now, f"I could not {_COULD_NOT[move.tool]}: {str(error).rstrip('.')}.", (step,))


# --- finding ------------------------------------------------------------------------------------------------


def _outfit(move: Move, now: Conversation, tools: Tools, without: tuple[str, ...] = ()) -> Done:
    """Whole outfits, or sets for a room; where there is none, the one thing that leads them; else less strictly."""
    now, query = replace(now, whole=True), replace(whole_query(now.slots, tools.lexicon), exclude_ids=without)
    found, steps = _put_together(move, now.slots, query, tools)
    one = _search(move, now, tools, without) if not found and now.slots.categories else None
    if one is not None and one.shown:
        reply = f"Nothing beside it keeps all of that, so here is what does by itself: {wording.titles(one.shown)}."
        return replace(one, reply=reply, steps=(*steps, *one.steps))
    suits = ""
    for free in _freer(now.slots) if not found else ():
        less = replace(query, exclude=(*free.dislikes, *free.customs()))
        found, more = _put_together(
            replace(move, why="without all that occasion and weather ask for"), free, less, tools
        )
        steps, suits = (*steps, *more), " Not all of it suits occasion and weather."
        if found:
            break
    if not found:
        return Done(now, wording.nothing(now.slots), steps)
    what, cost = "set" if tools.furniture else "outfit", wording.prices(found, tools.currency)
    many = f"Here are {len(found)} {what}s" if len(found) > 1 else f"Here is one {what}"
    reply = f"{many}{wording.situation(now.slots)}, {cost} in all.{suits}"
    return Done(replace(now, shown=found, focus=0), reply, steps, found)


def _freer(slots: Slots) -> Iterator[Slots]:
    """What is known with less of what follows from it: without the weather, then without the occasion, too."""
    weatherless = replace(slots, said_weather="mild")
    for free in (weatherless, replace(weatherless, occasion="")):
        if free.customs() != slots.customs():
            yield free


def _put_together(
    move: Move, slots: Slots, query: Query, tools: Tools
) -> tuple[tuple[Ensemble, ...], tuple[Step, ...]]:
    """Outfits within the budget, and what was done for them."""
    steps: list[Step] = []
    if slots.kinds or (slots.colours and not slots.categories):
        # Nobody means to be blue from head to foot: one thing is as it was named, and the rest goes with it.
        lead = replace(query_of(slots), exclude=query.exclude, exclude_ids=query.exclude_ids)
        result = tools.search(lead, LEADS)
        steps.append(_searched("search", lead, result, "one thing is as you named it, the rest goes with it"))
        named = [hit for hit in result.hits if not slots.kinds or hit.item.kind in slots.kinds] or result.hits
        each = OUTFITS if len(named) == 1 else 1
        made: list[Ensemble] = []
        for hit in named[:OUTFITS]:
            rest = whole_query(without_lead(slots, hit.item.kind), tools.lexicon)
            rest = replace(rest, exclude=query.exclude, exclude_ids=query.exclude_ids)
            made += tools.ensembles(rest, each, hit.item.id)
    else:
        made = list(tools.ensembles(query, OUTFITS, None))
    found, outcome = _within(made, slots, tools)
    steps.append(Step("outfit", wording.described(query), move.why, outcome, failed=not found))
    for roles in _leaner(slots, tools) if not found and slots.budget is not None else ():
        found, outcome = _within(tools.ensembles(query, OUTFITS, None, roles), slots, tools)
        steps.append(Step("outfit", " + ".join(roles), "with fewer parts it may cost less", outcome, failed=not found))
        if found:
            break
    return found, tuple(steps)


def _within(made: Sequence[Ensemble], slots: Slots, tools: Tools) -> tuple[tuple[Ensemble, ...], str]:
    """Those within the budget, and a line that says how many."""
    found = tuple(one for one in made if slots.budget is None or one.price <= slots.budget)
    return found, f"{len(found)} found, {wording.prices(found, tools.currency)}" if found else "none found"


def _leaner(slots: Slots, tools: Tools) -> Iterator[tuple[str, ...]]:
    """What outfits or sets that hold what was asked for consist of, with one part less, then with two …"""
    domain = tools.lexicon.domain
    sets = PAIRINGS[domain.name].sets
    suiting = [sets[slots.room]] if slots.room in sets else [] if domain.sized else list(sets.values())
    for parts in range(max(map(len, suiting), default=0) - 1, 1, -1):
        for roles in suiting:
            if parts < len(roles) and set(slots.categories) <= set(categories_of(roles[:parts], domain)):
                yield roles[:parts]


def _search(move: Move, now: Conversation, tools: Tools, without: tuple[str, ...] = ()) -> Done:
    """Single items."""
    return _listed(move, now, tools, replace(query_of(now.slots), exclude_ids=without))


def _listed(move: Move, now: Conversation, tools: Tools, query: Query) -> Done:
    """What a search finds, as single things."""
    result = tools.search(query, ITEMS)
    step = _searched("search", query, result, move.why)
    if not result.hits:
        return Done(replace(now, whole=False), wording.nothing(now.slots), (step,), notes=result.notes[-1:])
    found = singles(result.hits)
    many = f"Here are {len(found)}, the best first" if len(found) > 1 else "Here is one"
    reply = f"{many}{wording.situation(now.slots)}: {wording.prices(found, tools.currency)}."
    return Done(replace(now, shown=found, focus=0, whole=False), reply, (step,), found)


def _complement(move: Move, now: Conversation, tools: Tools) -> Done:
    """What goes with an item."""
    hit = _part(now, move) or _meant(now, move).hits[0]
    query = beside_query(now.slots)
    result = tools.goes_with(hit.item.id, ITEMS, query)
    step = _searched("complement", query, result, f"{move.why}: “{hit.item.title}”")
    if not result.hits:
        return Done(now, f"I found nothing that goes with “{hit.item.title}” under these conditions.", (step,))
    found = singles(result.hits)
    reply = f"These go with “{hit.item.title}”, the best first."
    return Done(replace(now, shown=found, focus=0, whole=False), reply, (step,), found, notes=result.notes)


def _searched(tool: str, query: Query, result: SearchResult, why: str) -> Step:
    outcome = f"{result.matching} match, {len(result.hits)} shown" if result.hits else "none found"
    return Step(tool, wording.described(query), why, outcome, failed=not result.hits)


def singles(hits: Sequence[Hit]) -> tuple[Ensemble, ...]:
    """Hits, each as a thing of its own."""
    return tuple(Ensemble((hit,), hit.score, hit.reason) for hit in hits)


# --- what was shown, but otherwise --------------------------------------------------------------------------


def _refine(move: Move, now: Conversation, tools: Tools) -> Done:
    """What was shown, but as the words of the move say."""
    meant, slots = _meant(now, move), now.slots
    way = moves.way_of(move.words)
    if way == "swap" and len(meant.hits) > 1:
        return _swap(move, now, tools, meant)
    if way == "size" and tools.furniture:
        query = replace(query_of(slots), likes=(meant.hits[0].item.id,))
        return _listed(move, now, tools, replace(query, text=", ".join(filter(None, (move.words, query.text)))))
    again = _outfit if now.whole else _search
    if way == "cheaper":
        limit = math.nextafter(meant.price, 0.0)
        slots = replace(slots, budget=limit) if now.whole else replace(slots, max_price=limit)
        return again(move, replace(now, slots=slots), tools)
    if way == "colour":
        slots = replace(slots, colours=())
        done = again(move, replace(now, slots=replace(slots, dislikes=(*slots.dislikes, *_colours(meant)))), tools)
        # Set aside for this time only: nobody said that these colours are not liked.
        return replace(done, now=replace(done.now, slots=slots))
    seen = tuple(dict.fromkeys(one.hits[0].item.id for one in now.shown)) if way in ("more", "swap", "size") else ()
    return again(move, now, tools, seen)


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
    out = _part(now, move)
    if out is None or out not in meant.hits:
        raise ToolFailed(f"say which part shall change: {', '.join(hit.item.title for hit in meant.hits)}")
    rest = next(hit for hit in meant.hits if hit is not out)
    shown = tuple(sorted({hit.item.id for one in now.shown for hit in one.hits}))
    query = replace(beside_query(now.slots), categories=(out.item.category,), exclude_ids=shown)
    if now.slots.budget is not None:
        left = now.slots.budget - (meant.price - out.item.price)
        query = replace(query, max_price=max(0.0, min(left, query.max_price or left)))
    result = tools.goes_with(rest.item.id, ITEMS, query)
    made = [_with(meant, out, hit, tools.currency) for hit in result.hits]
    found = tuple(one for one in made if now.slots.budget is None or one.price <= now.slots.budget)[:OUTFITS]
    step = _searched("complement", query, result, f"{move.why}: beside “{rest.item.title}”")
    if not found:
        return Done(now, f"I found nothing else in place of “{out.item.title}” that keeps all of that.", (step,))
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
    table = compare([now.shown[place] for place in places])
    differ = [name for name, _, differs in table.rows if differs]
    step = Step("compare", " | ".join(table.heads), move.why, f"{len(differ)} of {len(table.rows)} facts differ")
    reply = f"They differ in {wording.listing(differ)}." if differ else "They state the same of everything."
    return Done(now, reply, (step,), table=table)


def _choose(move: Move, now: Conversation, tools: Tools) -> Done:
    """One of the things shown is meant from now on."""
    meant = _meant(now, move)
    step = Step("choose", f"number {now.shown.index(meant) + 1}", move.why, wording.title_of(meant))
    reply = f"{wording.title_of(meant)}: {meant.reason}."
    return Done(replace(now, focus=now.shown.index(meant)), reply, (step,), (meant,))


def _render(move: Move, now: Conversation, tools: Tools) -> Done:
    """The thing meant, or one part of it, in the shopper's own photo."""
    meant, part = _meant(now, move), _part(now, move)
    hits = (part,) if part is not None and not move.places else meant.hits
    if tools.render is None:
        raise ToolFailed("there is no photo to show it in")
    outcome = tools.render(tuple(hit.item for hit in hits))
    step = Step("render", " + ".join(hit.item.title for hit in hits), move.why, outcome)
    return Done(replace(now, focus=now.shown.index(meant)), f"{outcome[:1].upper()}{outcome[1:]}.", (step,))


def _meant(now: Conversation, move: Move) -> Ensemble:
    """The thing that a move is about."""
    if not now.shown:
        raise ToolFailed("nothing was shown yet")
    if move.places:
        return now.shown[move.places[0]]
    own = [one for one in (now.shown[now.focus], *now.shown) if any(hit.item.id == move.item for hit in one.hits)]
    return own[0] if own else now.shown[now.focus]


def _part(now: Conversation, move: Move) -> Hit | None:
    """The item that a move names, None if it names none."""
    return next((hit for hit in _meant(now, move).hits if hit.item.id == move.item), None)


_ACTS: Final[Mapping[str, Callable[[Move, Conversation, Tools], Done]]] = MappingProxyType({
    "outfit": _outfit, "search": _search, "refine": _refine, "complement": _complement, "compare": _compare,
    "choose": _choose, "render": _render,
})  # fmt: skip
