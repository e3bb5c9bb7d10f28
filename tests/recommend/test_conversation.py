"""The stylist in conversation: real retriever and stylist over a small catalog, no language model."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recommend.conversation import MOST_QUESTIONS, reply, report
from recommend.dialogue import YOU_DECIDE, Conversation, Tools, Turn, tools_of
from recommend.embedder import Embedder
from recommend.errors import BadInput, ToolFailed
from recommend.retriever import Retriever
from recommend.schema import Filters, Item
from recommend.slots import Slots, query_of, read

_COLUMNS = ("id", "title", "category", "kind", "colours", "material", "pattern", "sleeve", "price", "style")
_ROWS = (
    ("dress-red", "Red linen dress", "dress", "dress", ["red"], "linen", "plain", "sleeveless", 79, ["formal"]),
    ("dress-navy", "Navy velvet dress", "dress", "dress", ["navy"], "velvet", "plain", "long", 89, ["formal"]),
    ("blouse-white", "White silk blouse", "upper", "blouse", ["white"], "silk", "plain", "long", 49, ["formal"]),
    ("blouse-green", "Green silk blouse", "upper", "blouse", ["green"], "silk", "plain", "short", 55, ["formal"]),
    ("tee-red", "Red cotton tee", "upper", "t-shirt", ["red"], "cotton", "plain", "short", 19.9, ["casual"]),
    ("sweater-grey", "Black sweater", "upper", "sweater", ["black"], "wool", "plain", "long", 59, ["casual"]),
    ("trousers-beige", "Beige trousers", "lower", "trousers", ["beige"], "linen", "plain", "", 69, ["formal"]),
    ("trousers-black", "Black trousers", "lower", "trousers", ["black"], "cotton", "plain", "", 65, ["formal"]),
    ("jeans-navy", "Dark jeans", "lower", "jeans", ["navy"], "denim", "plain", "", 59, ["casual"]),
    ("skirt-green", "Green skirt", "lower", "skirt", ["green"], "cotton", "plain", "", 35.5, ["formal"]),
    ("blazer-cream", "White blazer", "upper", "blazer", ["white"], "linen", "plain", "long", 120, ["formal"]),
    ("blazer-black", "Black blazer", "upper", "blazer", ["black"], "wool", "plain", "long", 140, ["formal"]),
)  # fmt: skip
GARMENTS = tuple(dict(zip(_COLUMNS, row, strict=True)) for row in _ROWS)


@pytest.fixture(scope="module")
def base(embedder: Embedder, make_catalog: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory) -> Tools:
    folder = tmp_path_factory.mktemp("talk")
    return tools_of(Retriever.open(make_catalog(folder / "shop", GARMENTS), embedder, uri=str(folder / "index")))


@pytest.fixture(scope="module")
def furniture_tools(embedder: Embedder, furniture: Path, tmp_path_factory: pytest.TempPathFactory) -> Tools:
    return tools_of(Retriever.open(furniture, embedder, uri=str(tmp_path_factory.mktemp("rooms") / "index")))


@pytest.fixture
def worn() -> list[tuple[str, ...]]:
    """What was rendered, by ids."""
    return []


@pytest.fixture
def tools(base: Tools, worn: list[tuple[str, ...]]) -> Tools:
    def render(items: tuple[Item, ...]) -> str:
        worn.append(tuple(item.id for item in items))
        return "the picture is ready"

    return replace(base, render=render)


def talk(tools: Tools, *messages: str) -> Conversation:
    conversation = Conversation()
    for message in messages:
        conversation = reply(conversation, message, tools)
    return conversation


def last(tools: Tools, *messages: str) -> Turn:
    return talk(tools, *messages).turns[-1]


def ids(turn: Turn) -> list[tuple[str, ...]]:
    return [tuple(hit.item.id for hit in one.hits) for one in turn.shown]


OUTFIT = ("I'm invited to a wedding in Cairo in summer", "Trousers and a top", "Any price")


# --- the way to an outfit -----------------------------------------------------------------------------------


def test_a_wedding_in_cairo_in_summer_leads_to_questions_an_outfit_and_a_try_on(
    tools: Tools, worn: list[tuple[str, ...]]
) -> None:
    conversation = reply(Conversation(), "Hi! I'm invited to a wedding in Cairo in summer", tools)
    slots, turn = conversation.slots, conversation.turns[-1]
    assert (slots.occasion, slots.place, slots.season, slots.weather) == ("wedding", "cairo", "summer", "hot")
    assert turn.question is not None and turn.question.slot == "categories" and YOU_DECIDE in turn.question.choices
    assert "light fabrics" in turn.reply and turn.notes == ()

    conversation = reply(conversation, "Trousers and a top", tools)
    assert conversation.question is not None and conversation.question.slot == "budget"
    conversation = reply(conversation, "200", tools)
    turn = conversation.turns[-1]
    assert conversation.slots.budget == 200 and turn.question is None and turn.shown
    for one in turn.shown:
        items = [hit.item for hit in one.hits]
        assert {"upper", "lower"} <= {item.category for item in items} and one.reason
        assert {item.material for item in items}.isdisjoint({"wool", "velvet", "denim"})
        assert {item.kind for item in items}.isdisjoint({"t-shirt", "jeans"})
        assert one.price == pytest.approx(sum(item.price for item in items)) and one.price <= 200
    assert turn.plan[0].tool == "read" and turn.plan[-1].tool == "outfit" and not turn.plan[-1].failed
    assert all(step.why and step.outcome for step in turn.plan)

    conversation = reply(conversation, "show me the second one on me", tools)
    assert worn == [ids(turn)[1]]
    assert conversation.turns[-1].plan[-1].tool == "render" and conversation.turns[-1].reply == "The picture is ready."


def test_what_occasion_and_weather_rule_out_is_shown_only_where_it_was_named(tools: Tools) -> None:
    turn = last(tools, "an outfit with jeans for a wedding", YOU_DECIDE)
    assert turn.shown and all("jeans-navy" in one for one in ids(turn))
    turn = last(tools, "an outfit with a navy dress for a wedding in summer", YOU_DECIDE)
    assert turn.shown and all("dress-navy" in one for one in ids(turn)), "the only navy dress is of velvet"
    assert "Not all of it suits occasion and weather." in turn.reply
    assert any(step.failed for step in turn.plan) and not turn.plan[-1].failed


def test_no_sundress_to_a_wedding() -> None:
    sun, lace = (
        Item(style, style, "dress", 9.0, "a.png", kind="dress", style=(style,)) for style in ("casual", "evening")
    )
    suits = Filters(without=Slots(occasion="wedding").customs())
    assert suits.match(lace) and not suits.match(sun)
    assert Filters(without=Slots(occasion="beach").customs()).match(sun)


def test_you_decide_ends_the_questions(tools: Tools) -> None:
    conversation = talk(tools, "I need an outfit", YOU_DECIDE)
    assert conversation.question is None and conversation.turns[-1].shown


def test_a_thing_that_is_named_is_searched_without_questions(tools: Tools) -> None:
    turn = last(tools, "a red linen dress under 80")
    assert turn.question is None and ids(turn) == [("dress-red",)]


def test_words_that_nobody_knows_are_said(tools: Tools) -> None:
    assert any("flurbish" in note for note in last(tools, "a flurbish dress").notes)
    assert any("flurbish" in note for note in last(tools, *OUTFIT, "but flurbish").notes)


@pytest.mark.parametrize(
    ("words", "budget", "each"),
    [
        ("a wedding, 300 in all", 300, None),
        ("a wedding, up to 300 in all", 300, None),
        ("a wedding, my budget is 300", 300, None),
        ("a wedding under 300.50", 300.5, None),
        ("a dress up to 300", None, 300),
        ("a wedding, nothing over 300 each", None, 300),
        ("a dress up to 300 in total", 300, None),
    ],
)
def test_a_price_is_that_of_all_or_of_each(base: Tools, words: str, budget: float | None, each: float | None) -> None:
    slots = read(Slots(), words, base.lexicon, base.currency).slots
    assert (slots.budget, slots.max_price) == (pytest.approx(budget), pytest.approx(each))


def test_the_south_has_its_winter_in_july(tools: Tools) -> None:
    assert talk(tools, "a trip to Sydney in July").slots.season == "winter"
    assert talk(tools, "a trip to Rome in July").slots.season == "summer"


def test_furniture_has_rooms_instead(furniture_tools: Tools) -> None:
    conversation = talk(furniture_tools, "hello", "Living room")
    assert [turn.question.slot for turn in conversation.turns if turn.question] == ["room", "budget"]
    turn = last(furniture_tools, "furnish a living room, 1500 in all", YOU_DECIDE)
    assert turn.shown and all(len(one.hits) > 1 and one.price <= 1500 for one in turn.shown)
    sizes = [hit.item.size_cm for one in last(furniture_tools, "a sofa under 200 cm wide").shown for hit in one.hits]
    assert sizes and all(size is not None and size[0] < 200 for size in sizes)


# --- refining -----------------------------------------------------------------------------------------------


def test_cheaper_costs_less_than_what_was_meant(tools: Tools) -> None:
    before = talk(tools, *OUTFIT)
    dearest = max(range(len(before.shown)), key=lambda place: before.shown[place].price)
    after = reply(replace(before, focus=dearest), "cheaper", tools)
    assert after.turns[-1].shown and all(one.price < before.shown[dearest].price for one in after.shown)


def test_what_is_not_wanted_goes_and_stays_away(tools: Tools) -> None:
    conversation = talk(tools, *OUTFIT, "not black", "something else")
    assert conversation.shown
    assert all("black" not in hit.item.colours for one in conversation.shown for hit in one.hits)


def test_one_part_is_swapped_and_the_rest_stays(tools: Tools) -> None:
    before = talk(tools, *OUTFIT)
    turn = reply(before, "swap the trousers", tools).turns[-1]
    assert turn.shown
    kept = {hit.item.id for hit in before.shown[0].hits if hit.item.category != "lower"}
    for one in turn.shown:
        new = {hit.item.id for hit in one.hits}
        assert kept < new and len(one.hits) == len(before.shown[0].hits)
        assert not new & {hit.item.id for shown in before.shown for hit in shown.hits if hit.item.category == "lower"}


def test_another_colour_is_for_this_time_only(tools: Tools) -> None:
    before = talk(tools, "a blouse")
    after = reply(before, "in another colour", tools)
    assert before.shown[0].hits[0].item.colours[0] not in after.shown[0].hits[0].item.colours
    assert after.slots.dislikes == ()


def test_pointing_comparing_and_what_goes_with_it(tools: Tools, worn: list[tuple[str, ...]]) -> None:
    conversation = talk(tools, "a blouse", "the second one")
    second = conversation.shown[1].hits[0].item
    assert conversation.focus == 1 and second.title in conversation.turns[-1].reply
    table = reply(conversation, "compare these two", tools).turns[-1].table
    assert table is not None
    rows = {name: (values, differs) for name, values, differs in table.rows}
    assert set(rows["price"][0]) == {"€49", "€55"} and rows["price"][1] and not rows["material"][1]
    beside = reply(conversation, "what goes with it?", tools)
    assert beside.turns[-1].shown and all(hit.item.category != "upper" or hit.item.kind == "blazer"
                                          for one in beside.shown for hit in one.hits)  # fmt: skip
    reply(beside, "show it on me", tools)
    assert worn == [(beside.shown[0].hits[0].item.id,)]


def test_an_item_is_named_by_what_it_is(tools: Tools) -> None:
    before = talk(tools, *OUTFIT)
    lower = next(hit.item for hit in before.shown[0].hits if hit.item.category == "lower")
    turn = reply(before, f"what goes with the {lower.colours[0]} {lower.kind}?", tools).turns[-1]
    assert lower.title in turn.reply and all(hit.item.category != "lower" for one in turn.shown for hit in one.hits)


# --- what goes wrong ----------------------------------------------------------------------------------------


def test_a_tool_that_fails_is_told_and_the_conversation_goes_on(base: Tools) -> None:
    def render(items: tuple[Item, ...]) -> str:
        raise ToolFailed("no person was found in the photo")

    tools = replace(base, render=render)
    conversation = talk(tools, *OUTFIT, "show it on me")
    turn = conversation.turns[-1]
    assert "no person was found in the photo" in turn.reply and turn.plan[-1].failed
    assert reply(conversation, "cheaper", tools).turns[-1].shown
    assert "no photo" in last(base, *OUTFIT, "show it on me").reply


def test_nothing_found_says_what_could_be_given_up(tools: Tools) -> None:
    turn = last(tools, "a dress under 10")
    assert turn.shown == () and "the price" in turn.reply and "Any price" in turn.offers and turn.plan[-1].failed
    assert last(tools, "a dress under 10", "Any price").shown


def test_a_picture_that_fails_later_is_told_where_it_was_asked_for(tools: Tools) -> None:
    conversation = talk(tools, *OUTFIT, "show it on me", "cheaper")
    told = report(conversation, 3, "the render failed.", failed=True)
    assert "the render failed" in told.turns[3].reply and told.turns[3].plan[-1].failed
    assert told.turns[4] == conversation.turns[4]


@pytest.mark.parametrize("message", ["", "  \n", "x" * 2001])
def test_a_message_that_is_none(tools: Tools, message: str) -> None:
    with pytest.raises(BadInput, match="message"):
        reply(Conversation(), message, tools)


# --- whatever is said ---------------------------------------------------------------------------------------

MESSAGES = st.sampled_from([
    "a wedding in Cairo in summer", "an interview in Berlin in January", "a date", "A dress", "Trousers and a top",
    "You decide", "cheaper", "not black", "in red", "something else", "in another colour", "swap the top",
    "the second one", "compare these two", "what goes with it?", "show it on me", "a blouse",
    "an outfit with the skirt", "something longer", "hot", "whatever", "!?", "flurbish", "no stripes or wool", "linen",
])  # fmt: skip
LIMITS = st.sampled_from([("under 60", 60.0), ("at most 130 in all", 130.0), ("my budget is 200", 200.0), ("", None)])


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(limit=LIMITS, messages=st.lists(MESSAGES, min_size=1, max_size=4))
def test_prices_hold_and_no_question_comes_twice(
    tools: Tools, limit: tuple[str, float | None], messages: list[str]
) -> None:
    words, most = limit
    conversation = talk(tools, *([f"an outfit {words}"] if words else []), *messages)
    slots = [turn.question.slot for turn in conversation.turns if turn.question]
    assert len(slots) == len(set(slots)) <= MOST_QUESTIONS
    for turn in conversation.turns:
        assert turn.reply and turn.plan
        for one in turn.shown:
            assert most is None or sum(hit.item.price for hit in one.hits) <= most


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(max_size=60))
def test_any_text_is_read_and_gives_a_query(base: Tools, text: str) -> None:
    slots = read(Slots(), text, base.lexicon, base.currency).slots
    query = query_of(slots)
    assert query.max_price == slots.highest and not re.search(r"\d+ in all", query.text or "")
