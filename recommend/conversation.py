"""A stylist to talk to: it asks little, plans, calls tools, and says what it did. Pure over its tools.

A message fills slots (`slots`), a move is chosen by rules (`moves`) or by a language model (`llm`), and carried out
(`acting`). Whoever chooses, filters come from the rules' own reading of the shopper's words, so a price said is never
exceeded.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from recommend import acting, moves, wording
from recommend.dialogue import YOU_DECIDE, Conversation, Move, Question, Step, Tools, Turn
from recommend.errors import BadInput, ToolFailed
from recommend.occasions import WEATHER
from recommend.slots import Reading, Slots, read

#: Questions before the first outfits are shown.
MOST_QUESTIONS: Final = 2
#: Characters of a message.
LONGEST: Final = 2000
GREETING: Final = "What are you looking for, and what for?"


def reply(conversation: Conversation, text: str, tools: Tools) -> Conversation:
    """Answer a message.

    Args:
        conversation: so far; `Conversation()` begins one.
        text: what the shopper says.
        tools: what can be done.

    Raises:
        BadInput: the message is empty or too long. All else that fails is told in the answer.
    """
    if not text.strip() or len(text) > LONGEST:
        got = f"{len(text)} characters" if text.strip() else "nothing"
        raise BadInput("message", got, f"1 to {LONGEST} characters", "Say what you look for, and what for.")
    said = text.strip()
    move, steps = _choose(conversation, said, tools)
    reading, heard = _read(conversation, said, move, tools)
    now, steps = replace(conversation, slots=reading.slots), (heard, *steps)
    question = None if move.tool != "outfit" or moves.decides(said) else next_question(now, tools)
    if question is not None:
        turn = _ask(conversation.slots, said, question, reading, steps)
        return replace(now, turns=(*now.turns, turn), asked=(*now.asked, question.slot))
    done = acting.act(_not_the_same_again(move, conversation, reading), now, tools)
    turn = Turn(
        said=said,
        reply=done.reply,
        plan=(*steps, *done.steps),
        shown=done.shown,
        table=done.table,
        offers=_offers(done.now, tools),
        notes=tuple(dict.fromkeys((*reading.notes, *done.notes))),
    )
    return replace(done.now, turns=(*conversation.turns, turn))


def report(conversation: Conversation, place: int, outcome: str, failed: bool) -> Conversation:
    """Tell what became of a picture that was still being made when its turn was answered.

    Args:
        place: of the turn.
        outcome: a sentence.
        failed: whether there is no picture.
    """
    turn = conversation.turns[place]
    step = Step("render", "", "the picture was under way", outcome, failed)
    told = f"I could not show it on you: {outcome}" if failed else outcome
    turn = replace(turn, plan=(*turn.plan, step), reply=told)
    return replace(conversation, turns=(*conversation.turns[:place], turn, *conversation.turns[place + 1 :]))


def _choose(before: Conversation, text: str, tools: Tools) -> tuple[Move, tuple[Step, ...]]:
    """The move, and what is to be said of how it was chosen."""
    by_rules = moves.next_move(before, text, tools.lexicon)
    if tools.chooser is None:
        return by_rules, ()
    name, why = tools.chooser.name, "it is set up"
    try:
        move = tools.chooser(before, text)
    except ToolFailed as error:
        return by_rules, (Step("language model", name, why, f"{error}; the rules decided", failed=True),)
    return move, (Step("language model", name, why, f"{move.tool}: {move.words or 'as said'}"),)


def _read(before: Conversation, text: str, move: Move, tools: Tools) -> tuple[Reading, Step]:
    """Fill the slots, by the shopper's own words and then by those that a language model found for them."""
    slot = before.question.slot if before.question else ""
    reading = read(before.slots, moves.wishes_in(move, text), tools.lexicon, tools.currency, slot)
    if move.words and move.tool != "refine":
        own, again = reading.slots, read(reading.slots, move.words, tools.lexicon, tools.currency)
        # Prices are the shopper's own; and what was refused stays refused.
        slots = replace(again.slots, min_price=own.min_price, max_price=own.max_price, budget=own.budget)
        dislikes = tuple(dict.fromkeys((*own.dislikes, *slots.dislikes)))
        slots = replace(slots, dislikes=dislikes, loose=before.slots.loose)
        reading = Reading(slots, (*reading.heard, *again.heard), again.notes)
    implied = wording.follows(reading.slots)
    implied = implied if implied != wording.follows(before.slots) else ""
    outcome = "; ".join((*reading.heard, *([f"so {implied}"] if implied else []))) or "nothing new"
    return reading, Step("read", text, "your words", outcome)


def _not_the_same_again(move: Move, before: Conversation, reading: Reading) -> Move:
    """A wish to change things whose words changed nothing that is known asks for others."""
    same = move.tool == "refine" and moves.way_of(move.words) == "words" and reading.slots == before.slots
    return replace(move, words="something else") if same else move


# --- questions ----------------------------------------------------------------------------------------------


def next_question(now: Conversation, tools: Tools) -> Question | None:
    """What to ask first, None where enough is known or asked."""
    if len(now.asked) >= MOST_QUESTIONS or now.shown:
        return None
    return next((one for one in _open(now.slots, tools) if one.slot not in now.asked), None)


def _open(slots: Slots, tools: Tools) -> Sequence[Question]:
    """Questions whose answers are not known, those first whose answers change most of what is found."""
    low, high = (_round(share * tools.usual_price) for share in (2, 4))
    sums = tuple(f"Up to {wording.money(sum_, tools.currency)} in all" for sum_ in (low, high))
    budget = Question("budget", "What may it cost in all?", (*sums, "Any price", YOU_DECIDE))
    if tools.furniture:
        room = Question(
            "room", "Which room is it for?", ("Living room", "Bedroom", "Dining room", "Home office", YOU_DECIDE)
        )
        return [*([] if slots.room else [room]), *([] if slots.highest else [budget])]
    occasion = ("A wedding", "The office", "A date", "Every day", YOU_DECIDE)
    ways = ("A dress", "Trousers and a top", "A skirt and a top", YOU_DECIDE)
    weather = (*(name.capitalize() for name in WEATHER), YOU_DECIDE)
    dressed = "Would you rather wear a dress, or a top with trousers or a skirt?"
    every = (
        (slots.occasion, Question("occasion", "What is it for?", occasion)),
        (
            slots.categories,
            Question("categories", dressed, ways),
        ),
        (slots.weather, Question("weather", "How warm will it be there?", weather)),
        (slots.highest, budget),
    )
    return [question for known, question in every if not known]


def _round(amount: float) -> int:
    """A round sum near an amount: tens, from 100 on fifties, from 1000 on five hundreds."""
    unit = 10 if amount < 100 else 50 if amount < 1000 else 500
    return max(unit, round(amount / unit) * unit)


def _ask(before: Slots, said: str, question: Question, reading: Reading, steps: tuple[Step, ...]) -> Turn:
    """Ask, and say first what follows from what was just said."""
    step = Step("ask", question.slot, "the answer changes what is found", question.text)
    implied = wording.follows(reading.slots)
    about = wording.situation(reading.slots).removeprefix(" for ").strip()
    new = implied and about and implied != wording.follows(before)
    words = f"{about[:1].upper()}{about[1:]}: {implied}. {question.text}" if new else question.text
    return Turn(said, words, (*steps, step), question=question, notes=reading.notes)


def _offers(now: Conversation, tools: Tools) -> tuple[str, ...]:
    """What could be said next, as it may be said."""
    if not now.shown:
        slots = now.slots
        given_up = (("Any price", slots.highest is not None), ("Any colour", bool(slots.colours)))
        return tuple(offer for offer, there in given_up if there)
    meant = now.shown[now.focus]
    offers = [] if tools.render is None else ["Show it on me"]
    offers += ["Cheaper", "In another colour"]
    if len(meant.hits) > 1:
        first = meant.hits[0].item
        offers.append(f"Swap the {first.kind or tools.lexicon.domain.nouns_of.get(first.category, first.category)}")
    else:
        offers.append("What goes with it?")
    return (*offers, *(["Compare the first two"] if len(now.shown) > 1 else []), "Something else")
