"""A stylist to talk to: it asks little, plans, calls tools, and says what it did. Pure over its tools.

A message fills slots (`slots`), a move is chosen by rules (`moves`) or by a language model (`llm`), and carried out
(`acting`). Whoever chooses, filters come from the rules' own reading of the shopper's words, so a price said is never
exceeded.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Final

from recommend import acting, asides, moves, wording
from recommend.dialogue import YOU_DECIDE, Conversation, Move, Question, Step, Tools, Turn
from recommend.errors import BadInput, ToolFailed
from recommend.glossary import in_english
from recommend.lexicon import other_domain
from recommend.negation import NEGATORS
from recommend.occasions import SMALL_TALK, WEATHER
from recommend.reading import Reading, read
from recommend.slots import Slots, of_others

#: Questions before the first outfits are shown.
MOST_QUESTIONS: Final = 2
#: Messages in a row that a language model may leave unanswered before it is no longer waited for.
PATIENCE: Final = 2
#: Moves that look for something.
FINDING: Final = frozenset({"outfit", "search", "refine", "complement"})
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
    text = text.strip()
    if not 0 < len(text) <= LONGEST:
        got = f"{len(text)} characters" if text else "nothing"
        raise BadInput("message", got, f"1 to {LONGEST} characters", "Say what you look for, and what for.")
    message = _heard(text, tools)
    by_rules = moves.next_move(conversation, message.said, tools.lexicon)
    if by_rules.tool == "restart":
        return _begin_anew(conversation, message, by_rules, tools)
    move, steps, silent = _choose(conversation, message, by_rules, tools)
    conversation = replace(conversation, silent=silent)
    reading, read_step = _read(conversation, message, by_rules, move, tools)
    steps = (read_step, *steps)
    move = by_rules if move.tool == "talk" and reading.told else move  # what was said of things is not talked away
    if answer := _instead(conversation, message, move, reading, tools):
        steps = (*steps, Step("talk", "", move.why, "nothing is looked for"))
        kept = reading.slots if reading.clash else conversation.slots
        return _say(replace(conversation, slots=kept), message, answer, steps, tools, ask=move.tool == "talk")
    known = reading.slots != Slots() or moves.wants_whole(message.said)
    whole = conversation.whole or (move.tool == "outfit" and known)
    now = replace(conversation, slots=reading.slots, whole=whole)
    now = replace(now, aside=()) if move.tool in ("outfit", "search") else now
    now = _no_more_questions(now, tools) if moves.decides(message.said) else now
    question = None if move.tool != "outfit" or move.places else next_question(now, tools)
    if question is not None:
        turn = _ask(conversation.slots, message, question, reading, steps)
        return replace(now, turns=(*now.turns, turn), asked=(*now.asked, question.slot))
    done = acting.act(_not_the_same_again(move, conversation, reading), now, tools)
    turn = Turn(
        said=message.text,
        reply=done.reply,
        plan=(*steps, *done.steps),
        shown=done.shown,
        table=done.table,
        offers=_offers(done.now, bool(done.shown) or move.tool not in FINDING, tools),
        notes=tuple(dict.fromkeys((*message.notes, *reading.notes, *done.notes))),
    )
    return replace(done.now, turns=(*conversation.turns, turn))


@dataclass(frozen=True)
class _Message:
    """What the shopper said.

    Attributes:
        text: as it was.
        said: lower-case English, for all that reads it.
        note: from which language, "" = none.
    """

    text: str
    said: str
    note: str = ""

    @property
    def notes(self) -> tuple[str, ...]:
        """The note, if there is one."""
        return (self.note,) if self.note else ()


def _heard(text: str, tools: Tools) -> _Message:
    """A message, in English if it is in another language that is known."""
    heard = in_english(text.lower(), tools.lexicon.known | NEGATORS | SMALL_TALK, talk=True)
    note = f"Read as {heard.language}: “{' '.join(heard.text.split())}”." if heard.language else ""
    return _Message(text, moves.without_too(heard.text), note)


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


def _choose(
    before: Conversation, message: _Message, by_rules: Move, tools: Tools
) -> tuple[Move, tuple[Step, ...], int]:
    """The move, what is to be said of how it was chosen, and how many messages the language model left unanswered."""
    if tools.chooser is None:
        return by_rules, (), before.silent
    name = tools.chooser.name
    if before.silent >= PATIENCE:
        why = f"it left {PATIENCE} messages unanswered"
        step = Step(
            "language model", name, why, "it is not asked before you begin anew; the rules decided", failed=True
        )
        return by_rules, (step,), before.silent
    why = "it is set up"
    try:
        move = tools.chooser(before, message.text)
    except ToolFailed as error:
        step = Step("language model", name, why, f"{error}; the rules decided", failed=True)
        return by_rules, (step,), before.silent + 1 if error.silent else 0
    if move.tool == "talk" and by_rules.tool == "talk":
        move = by_rules
    return move, (Step("language model", name, why, f"{move.tool}: {move.words or 'as said'}"),), 0


def _read(before: Conversation, message: _Message, by_rules: Move, move: Move, tools: Tools) -> tuple[Reading, Step]:
    """Fill the slots, by the shopper's own words and then by those that a language model found for them.

    The rules say which of the shopper's words to read, so that no limit is missed by what a language model chose.
    """
    slot = before.question.slot if before.question else ""
    known = of_others(before.slots) if move.tool == "complement" else before.slots
    wishes = moves.wishes_in(by_rules, message.said, tools.furniture)
    reading = read(known, wishes, tools.lexicon, tools.currency, slot)
    if move.words and move.words != message.said and move.tool in ("outfit", "search"):
        again = read(reading.slots, move.words, tools.lexicon, tools.currency)
        slots = _within(before.slots, reading.slots, again.slots)
        notes = again.notes if again.told else reading.notes
        told = reading.told or again.told
        reading = Reading(slots, (*reading.heard, *again.heard), notes, told, again.strange, reading.clash)
    implied = wording.follows(reading.slots)
    implied = implied if implied != wording.follows(before.slots) else ""
    outcome = "; ".join((*reading.heard, *([f"so {implied}"] if implied else []))) or "nothing new"
    return reading, Step("read", message.text, "your words", outcome)


def _within(before: Slots, own: Slots, found: Slots) -> Slots:
    """What a language model found in a message, within what the shopper's own words set.

    Limits are the shopper's own. Of the rest, what the message's own words changed stays so; and words that only the
    language model uses are not kept as the shopper's.
    """
    limits = ("min_price", "max_price", "budget", "below", "sizes", "required", "dislikes")
    mine = [one.name for one in fields(Slots) if getattr(own, one.name) != getattr(before, one.name)]
    kept = {name: getattr(own, name) for name in (*limits, *mine)}
    return replace(found, **(kept | {"loose": before.loose}))


# --- what is no wish ----------------------------------------------------------------------------------------


def _instead(before: Conversation, message: _Message, move: Move, reading: Reading, tools: Tools) -> str:
    """What is answered to a message that looks for nothing, or for what cannot be; "" to all others."""
    if move.tool == "talk":
        if move.words == "nothing shown":
            return "Nothing was shown yet."
        aside = asides.ASIDES.get(move.words)
        return aside.answer if aside else f"I can help you with what is here: {_offered(tools)}."
    if reading.clash:
        return f"Nothing costs {reading.clash} at once; say which of the two you mean."
    sought = reading.slots.categories if reading.slots.categories != before.slots.categories else ()
    if sought and not set(sought) & set(tools.sold):
        names = [wording.plural(name) for name in reading.slots.kinds or sought]
        return f"There are no {wording.listing(names, 'or')} here. There are {_offered(tools)}."
    vague = move.tool in ("outfit", "search") or (move.tool == "refine" and moves.way_of(move.words) == "words")
    if not vague or reading.told or moves.wants_whole(message.said) or moves.decides(message.said):
        return ""
    if other := other_domain(message.said, tools.lexicon.domain):
        return f"“{other[1]}”: that is {other[0].name}, which is not here. There are {_offered(tools)}."
    # Whatever one says of an occasion or a room counts by its meaning.
    if reading.strange and (before.question is None or before.question.slot not in ("occasion", "room")):
        return f"I do not know “{' '.join(reading.strange)}”. There are {_offered(tools)} here."
    if before.shown and before.question is None:
        return (
            " ".join(reading.notes) or "I did not understand that. Say what shall be otherwise, or what you look for."
        )
    return ""


def _offered(tools: Tools) -> str:
    return wording.offered(tools.sold, tools.lexicon.domain)


def _say(
    before: Conversation, message: _Message, answer: str, steps: tuple[Step, ...], tools: Tools, ask: bool
) -> Conversation:
    """Answer without looking for anything. A question that is open stays so; `ask` asks one where nothing is shown."""
    question, asked = before.question, before.asked
    if question is not None:
        answer += " You can still answer my question, or say “you decide”."
    elif ask and not before.shown and (question := next_question(before, tools)) is not None:
        answer, asked = f"{answer} {question.text}", (*asked, question.slot)
    offers = () if question else _offers(before, bool(before.shown), tools)
    turn = Turn(message.text, answer, steps, question=question, offers=offers, notes=message.notes)
    return replace(before, turns=(*before.turns, turn), asked=asked)


def _begin_anew(before: Conversation, message: _Message, move: Move, tools: Tools) -> Conversation:
    """Forget all but the turns, which can still be read."""
    step = Step("restart", "", move.why, "all is forgotten")
    anew = _say(Conversation(), message, "Let us begin anew.", (step,), tools, ask=True)
    return replace(anew, turns=(*before.turns, *anew.turns))


def _not_the_same_again(move: Move, before: Conversation, reading: Reading) -> Move:
    """A wish to change things whose words changed nothing that is known asks for others."""
    words = move.tool == "refine" and moves.way_of(move.words) == "words"
    same = words and reading.told and reading.slots == before.slots
    return replace(move, words="something else") if same else move


# --- questions ----------------------------------------------------------------------------------------------


def next_question(now: Conversation, tools: Tools) -> Question | None:
    """What to ask first, None where enough is known or asked."""
    if len(now.asked) >= MOST_QUESTIONS or now.shown:
        return None
    return next((one for one in _open(now.slots, tools) if one.slot not in now.asked), None)


def _no_more_questions(now: Conversation, tools: Tools) -> Conversation:
    """All questions as asked: who leaves the choice to the stylist is asked nothing more."""
    left = (one.slot for one in _open(now.slots, tools) if one.slot not in now.asked)
    return replace(now, asked=(*now.asked, *left))


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


def _ask(before: Slots, message: _Message, question: Question, reading: Reading, steps: tuple[Step, ...]) -> Turn:
    """Ask, and say first what follows from what was just said."""
    step = Step("ask", question.slot, "the answer changes what is found", question.text)
    implied = wording.follows(reading.slots)
    about = wording.situation(reading.slots).removeprefix(" for ").strip()
    new = implied and about and implied != wording.follows(before)
    words = f"{about[:1].upper()}{about[1:]}: {implied}. {question.text}" if new else question.text
    words = f"Hello! {words}" if asides.aside_in(message.said, named=False) == "greeting" else words
    return Turn(message.text, words, (*steps, step), question=question, notes=(*message.notes, *reading.notes))


def _offers(now: Conversation, found: bool, tools: Tools) -> tuple[str, ...]:
    """What could be said next, as it may be said: of what is shown, or where nothing was found, to give limits up."""
    ways = () if found else wording.way_out(now.slots)
    if ways or not now.shown:
        return ways
    meant = now.shown[now.focus]
    offers = [] if tools.render is None else ["Show it on me"]
    offers += ["Cheaper", "In another colour"]
    if len(meant.hits) > 1:
        first = meant.hits[0].item
        offers.append(f"Swap the {first.kind or tools.lexicon.domain.nouns_of.get(first.category, first.category)}")
    else:
        offers.append("What goes with it?")
    return (*offers, *(["Compare the first two"] if len(now.shown) > 1 else []), "Something else")
