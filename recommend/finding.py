"""What a conversation shows, found with its tools: outfits, single items, and what goes with one."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from recommend import wording
from recommend.complements import categories_of
from recommend.dialogue import Conversation, Move, Step, Table, Tools
from recommend.errors import ToolFailed
from recommend.pairings import PAIRINGS
from recommend.schema import Hit, Query, SearchResult
from recommend.slots import Slots, beside_query, of_others, query_of, whole_query, without_lead
from recommend.stylist import MOST_ENSEMBLES, Ensemble

#: Outfits and single items that one reply shows.
OUTFITS: Final = 3
ITEMS: Final = 6
#: Candidates for the thing that an outfit is put together around.
LEADS: Final = 24
#: Wishes of which it is said where nothing that is shown meets them.
_TOLD: Final = ("material", "pattern", "sleeve")


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


def outfit(move: Move, now: Conversation, tools: Tools, above: float = 0.0) -> Done:
    """Whole outfits, or sets for a room; where there is none, the one thing that leads them; else less strictly.

    Args:
        move, now, tools: as in `act`.
        above: what each must cost more than.
    """
    now, steps = replace(now, whole=True, anchor=""), tuple[Step, ...]()
    for free in (now.slots, *_freer(now.slots)):
        suits = "" if free is now.slots else " Not all of it suits occasion and weather."
        why = replace(move, why="without all that occasion and weather ask for") if suits else move
        found, more = _put_together(why, replace(now, slots=free), tools, above)
        steps = (*steps, *more)
        if found:
            what, cost = "set" if tools.furniture else "outfit", wording.prices(found, tools.currency)
            many = f"Here are {len(found)} {what}s" if len(found) > 1 else f"Here is one {what}"
            there = {hit.item.kind for one in found for hit in one.hits}
            lacking = _none_of([kind for kind in now.slots.kinds if kind not in there])
            reply = f"{many}{wording.situation(now.slots)}, {cost} in all.{lacking}{suits}"
            return Done(replace(now, shown=found, focus=0), reply, steps, found)
        one = search(why, replace(now, slots=free), tools, above) if free.categories else None
        if one is not None and one.shown:
            reply = f"Nothing beside it keeps all of that, so here is what does by itself: {wording.titles(one.shown)}."
            own = replace(one.now, slots=now.slots)
            return replace(one, now=own, reply=f"{reply}{suits}", steps=(*steps, *one.steps))
    if now.aside:
        return Done(now, _no_more(now), steps)
    return Done(now, f"{wording.nothing(now.slots)}{_least(now, tools)}", steps)


def _least(now: Conversation, tools: Tools) -> str:
    """What the cheapest of all that could be put together costs, where a budget is in the way."""
    if now.slots.budget is None:
        return ""
    query = whole_query(replace(now.slots, budget=None, max_price=None, manner=("cheap",)), tools.lexicon)
    ways = ((), *_leaner(now.slots, tools))
    made = [one for roles in ways for one in tools.ensembles(query, MOST_ENSEMBLES, None, roles)]
    least = min((one.price for one in made), default=None)
    return "" if least is None else f" The cheapest that I found costs {wording.money(least, tools.currency)}."


def _freer(slots: Slots) -> Iterator[Slots]:
    """What is known with less of what follows from it: without the weather, then without the occasion, too."""
    weatherless = replace(slots, said_weather="mild")
    for free in (weatherless, replace(weatherless, occasion="")):
        if free.customs() != slots.customs():
            yield free


def _put_together(
    move: Move, now: Conversation, tools: Tools, above: float
) -> tuple[tuple[Ensemble, ...], tuple[Step, ...]]:
    """Outfits within the budget, and what was done for them."""
    slots, steps = now.slots, list[Step]()
    query = replace(whole_query(slots, tools.lexicon), exclude_ids=now.aside)
    many, made = MOST_ENSEMBLES if above else OUTFITS, list[Ensemble]()
    if move.tool == "outfit" and move.places:
        own = (part_of(now, move) or meant_by(now, move).hits[0]).item.id
        made += tools.ensembles(query, many, own)
    elif slots.kinds or slots.required or (slots.colours and not slots.categories):
        # Nobody means to be blue from head to foot: one thing is as it was named, and the rest goes with it.
        roles = _roles(slots, tools)
        lead = replace(query_of(slots), exclude=query.exclude, exclude_ids=query.exclude_ids)
        lead = replace(lead, categories=lead.categories or categories_of(roles, tools.lexicon.domain))
        result = tools.search(lead, LEADS)
        why = "one thing is as you named it, the rest goes with it"
        steps.append(searched("search", lead, result, len(result.hits), why))
        named = _of_kinds(result.hits, slots.kinds) or result.hits
        each = many if len(named) == 1 else 1
        for hit in named:
            if len(made) >= many:
                break
            rest = whole_query(without_lead(slots, hit.item.kind), tools.lexicon)
            rest = replace(rest, exclude=query.exclude, exclude_ids=query.exclude_ids)
            seen = [_ids(one) for one in made]
            made += [one for one in tools.ensembles(rest, each, hit.item.id, roles) if _ids(one) not in seen]
    else:
        made += tools.ensembles(query, many, None)
    made = [one for one in made if one.price > above]
    found, outcome = _within(made, slots, tools)
    steps.append(Step("outfit", wording.described(query), move.why, outcome, failed=not found))
    for roles in _leaner(slots, tools) if not found and slots.budget is not None and not above else ():
        found, outcome = _within(tools.ensembles(query, OUTFITS, None, roles), slots, tools)
        steps.append(Step("outfit", " + ".join(roles), "with fewer parts it may cost less", outcome, failed=not found))
        if found:
            break
    return found, tuple(steps)


def _ids(one: Ensemble) -> frozenset[str]:
    return frozenset(hit.item.id for hit in one.hits)


def _roles(slots: Slots, tools: Tools) -> tuple[str, ...]:
    """What the set of a room that is known consists of, () if there is none: a white lamp leads no bedroom then."""
    return tuple(PAIRINGS[tools.lexicon.domain.name].sets.get(slots.room, ()))


def _within(made: Sequence[Ensemble], slots: Slots, tools: Tools) -> tuple[tuple[Ensemble, ...], str]:
    """Those within the budget, and a line that says how many."""
    found = tuple(one for one in made if slots.budget is None or one.price <= slots.budget)[:OUTFITS]
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


def search(move: Move, now: Conversation, tools: Tools, above: float = 0.0) -> Done:
    """Single items; those of a kind that is named alone, where there are any."""
    query = replace(query_of(now.slots), exclude_ids=now.aside)
    dearer = max(query.min_price or 0.0, math.nextafter(above, math.inf)) if above else query.min_price
    if dearer is not None and query.max_price is not None and dearer > query.max_price:
        return Done(replace(now, whole=False, anchor=""), wording.nothing(now.slots), ())
    return listed(move, replace(now, anchor=""), tools, replace(query, min_price=dearer))


def listed(move: Move, now: Conversation, tools: Tools, query: Query) -> Done:
    """What a search finds, as single things."""
    kinds = now.slots.kinds
    result = tools.search(query, LEADS if kinds else ITEMS)
    hits = (_of_kinds(result.hits, kinds) or list(result.hits))[:ITEMS]
    step = searched("search", query, result, len(hits), move.why)
    now = replace(now, whole=False)
    if not hits:
        reply = _no_more(now) if now.aside else wording.nothing(now.slots)
        return Done(now, reply, (step,), notes=result.notes[-1:])
    found = singles(hits)
    many = f"Here are {len(found)}, the best first" if len(found) > 1 else "Here is one"
    if not _of_kinds(hits, kinds):
        none = wording.listing([wording.plural(kind) for kind in kinds], "or")
        many = f"There are no {'other ' if now.aside else ''}{none} that keep all of that; the nearest are these"
    reply = f"{many}{wording.situation(now.slots)}: {wording.prices(found, tools.currency)}.{_unmet(hits, now.slots)}"
    return Done(replace(now, shown=found, focus=0), reply, (step,), found)


def _of_kinds(hits: Sequence[Hit], kinds: Sequence[str]) -> list[Hit]:
    """Those of the kinds that are named, all if none is; an item that states no kind may be of any."""
    return [hit for hit in hits if not kinds or hit.item.kind in (*kinds, "")]


def _none_of(kinds: Sequence[str]) -> str:
    """That some kinds that were asked for are not there, as one more sentence."""
    names = wording.listing([wording.plural(kind) for kind in kinds], "and no")
    return f" There are no {names} that keep all of that." if kinds else ""


def _unmet(hits: Sequence[Hit], slots: Slots) -> str:
    """Which wishes that were said none of the hits meets, as one more sentence."""
    unmet = [wish for wish in slots.wishes if wish.attribute in _TOLD and not any(wish.match(hit.item) for hit in hits)]
    names = [f"has {one.values[0]} sleeves" if one.attribute == "sleeve" else f"is {one.values[0]}" for one in unmet]
    return f" None of them {wording.listing(names, 'or')}." if names else ""


def _no_more(now: Conversation) -> str:
    """That all was shown."""
    return f"That is all{wording.situation(now.slots)} that keeps what you said; tell me what may be otherwise."


def complement(move: Move, now: Conversation, tools: Tools) -> Done:
    """What goes with an item: one of those shown, or the nearest to one that the shopper has."""
    if now.shown:
        hit = part_of(now, move) or meant_by(now, move).hits[0]
        return beside(move, replace(now, anchor=hit.item.id), tools, f"“{hit.item.title}”")
    query = query_of(now.slots)
    result = tools.search(query, 1)
    step = searched("search", query, result, len(result.hits), "the nearest to what you have")
    if not result.hits:
        return Done(now, wording.nothing(now.slots), (step,), notes=result.notes[-1:])
    own = result.hits[0].item
    there = replace(now, anchor=own.id, slots=of_others(now.slots))
    done = beside(move, there, tools, f"what you have, which is like “{own.title}”")
    return replace(done, steps=(step, *done.steps))


def beside(move: Move, now: Conversation, tools: Tools, title: str = "it") -> Done:
    """What goes with the anchor of the conversation."""
    query = replace(beside_query(now.slots), exclude_ids=now.aside)
    result = tools.goes_with(now.anchor, LEADS, query)
    hits = (_of_kinds(result.hits, now.slots.kinds) or list(result.hits))[:ITEMS]
    step = searched("complement", query, result, len(hits), f"{move.why}: {title}")
    if not hits:
        more = "else " if now.aside else ""
        reply = f"I found nothing {more}that goes with {title} and keeps all of that{wording.asked(now.slots)}"
        return Done(now, reply, (step,))
    found = singles(hits)
    return Done(
        replace(now, shown=found, focus=0, whole=False), f"These go with {title}, the best first.", (step,), found,
        notes=result.notes,
    )  # fmt: skip


def searched(tool: str, query: Query, result: SearchResult, shown: int, why: str) -> Step:
    outcome = f"{result.matching} match, {shown} taken" if result.hits else "none found"
    return Step(tool, wording.described(query), why, outcome, failed=not result.hits)


def singles(hits: Sequence[Hit]) -> tuple[Ensemble, ...]:
    """Hits, each as a thing of its own."""
    return tuple(Ensemble((hit,), hit.score, hit.reason) for hit in hits)


def meant_by(now: Conversation, move: Move) -> Ensemble:
    """The thing that a move is about."""
    if not now.shown:
        raise ToolFailed("nothing was shown yet")
    if move.places:
        return now.shown[move.places[0]]
    own = [one for one in (now.shown[now.focus], *now.shown) if any(hit.item.id == move.item for hit in one.hits)]
    return own[0] if own else now.shown[now.focus]


def part_of(now: Conversation, move: Move) -> Hit | None:
    """The item that a move names, None if it names none."""
    return next((hit for hit in meant_by(now, move).hits if hit.item.id == move.item), None)
