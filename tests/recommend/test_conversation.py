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
from recommend.reading import read
from recommend.retriever import Retriever
from recommend.schema import Facet, Filters, Item
from recommend.slots import Slots, query_of

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
    turn = last(tools, *OUTFIT, "but flurbish")
    assert "flurbish" in turn.reply and not turn.shown


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
    turn = last(base, *OUTFIT, "show it on me")
    assert "no photo" in turn.reply and "Cheaper" in turn.offers and "Any price" not in turn.offers


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


# --- what asks for no thing ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("message", "answer"),
    [
        ("thanks!", "welcome"),
        ("Thank you, that's all 😀", "welcome"),
        ("nice", "Good"),
        ("ok bye", "Goodbye"),
        ("never mind", "All right"),
        ("are you a robot?", "a program"),
        ("do you deliver?", "ask the shop"),
        ("this is bullshit", "sorry"),
        ("tell me a joke", "do not know “joke”"),
        ("danke", "welcome"),
    ],
)
def test_what_asks_for_no_thing_is_answered_and_searches_nothing(tools: Tools, message: str, answer: str) -> None:
    before = talk(tools, "a blouse")
    after = reply(before, message, tools)
    assert answer in after.turns[-1].reply and not after.turns[-1].shown
    assert after.shown == before.shown and after.slots == before.slots
    assert reply(after, "cheaper", tools).turns[-1].plan[-1].tool != "talk"


def test_an_open_question_can_be_answered_after_an_aside(tools: Tools) -> None:
    before = talk(tools, "I'm invited to a wedding in Cairo in summer", "Trousers and a top", "are you a robot?")
    assert before.question is not None and before.question.slot == "budget" and "a program" in before.turns[-1].reply
    assert reply(before, "200", tools).slots.budget == 200


def test_starting_over_forgets_all_but_what_was_said(tools: Tools) -> None:
    before = talk(tools, *OUTFIT, "not black")
    after = reply(before, "ok, let's start over", tools)
    assert (after.slots, after.shown, len(after.turns)) == (Slots(), (), len(before.turns) + 1)
    assert after.question is not None and after.question.slot == "occasion"
    assert reply(after, "a red dress", tools).turns[-1].shown


@pytest.mark.parametrize(
    "message", ["show it on me", "the second one", "compare them", "cheaper", "what goes with it?"]
)
def test_what_points_at_nothing_is_told(tools: Tools, worn: list[tuple[str, ...]], message: str) -> None:
    assert "Nothing was shown yet" in last(tools, message).reply and not worn


def test_what_no_shop_like_this_has_is_told(tools: Tools, furniture_tools: Tools) -> None:
    for message, said in (
        ("shoes", "no shoes"),
        ("a hat", "no hats"),
        ("a sofa", "furniture"),
        ("a fridge", "“fridge”"),
    ):
        turn = last(tools, message)
        assert said in turn.reply and "dresses" in turn.reply and not turn.shown, message
    assert "do not know “toilet”" in last(furniture_tools, "a toilet").reply


# --- limits -------------------------------------------------------------------------------------------------


def test_a_number_by_itself_is_the_budget_whatever_was_asked(tools: Tools) -> None:
    conversation = talk(tools, "a date", "ok 100 then")
    assert conversation.slots.budget == 100 and not conversation.turns[-1].notes


@pytest.mark.parametrize(
    ("messages", "low", "high"),
    [
        (("a blouse over 50 and under 40",), None, None),
        (("a blouse over 50 and under 40", "up to 52"), None, 52),
        (("a blouse over 50", "up to 40"), None, 40),
        (("a blouse up to 40", "from 50"), 50, None),
        (("a blouse up to 50", "cheaper than 40"), None, pytest.approx(40)),
        (("a blouse up to 50", "forget the price"), None, None),
        (("a blouse up to 50", "the price doesn't matter"), None, None),
    ],
)
def test_of_prices_that_exclude_each_other_the_last_counts(
    tools: Tools, messages: tuple[str, ...], low: float | None, high: float | None
) -> None:
    conversation = talk(tools, *messages)
    assert (conversation.slots.min_price, conversation.slots.highest) == (low, high)
    assert conversation.slots.categories == ("upper",) and not conversation.question


def test_two_prices_at_once_that_exclude_each_other_are_told(tools: Tools) -> None:
    assert "Nothing costs over €50 and under €40 at once" in last(tools, "a blouse over 50 and under 40").reply


def test_only_and_without_hold(tools: Tools) -> None:
    conversation = talk(tools, "trousers, only cotton", "something else", "cheaper", "Any price")
    assert conversation.slots.required == (Facet("material", ("cotton",)),)
    for turn in conversation.turns:
        assert all(hit.item.material == "cotton" for one in turn.shown for hit in one.hits)
    assert conversation.turns[0].shown
    assert not talk(tools, "trousers, only cotton", "in linen").slots.required


def test_a_size_can_be_given_up(furniture_tools: Tools) -> None:
    turn = last(furniture_tools, "a sofa wider than 900 cm")
    assert not turn.shown and "Any size" in turn.offers
    assert last(furniture_tools, "a sofa wider than 900 cm", "Any size").shown


def test_a_budget_that_nothing_keeps_says_what_the_cheapest_costs(tools: Tools) -> None:
    turn = last(tools, "an outfit for 20 in all", YOU_DECIDE)
    assert not turn.shown and (cost := re.search(r"The cheapest that I found costs €(\d+(?:\.\d+)?)", turn.reply))
    assert all(one.price <= float(cost[1]) for one in last(tools, f"an outfit for {cost[1]} in all", YOU_DECIDE).shown)
    assert last(tools, f"an outfit for {cost[1]} in all", YOU_DECIDE).shown


def test_cheaper_than_the_cheapest_takes_nothing_away(tools: Tools) -> None:
    before = talk(tools, "a skirt")
    after = reply(before, "cheaper", tools)
    assert after.shown and all(one.price < before.shown[0].price for one in after.turns[-1].shown)
    after = talk(tools, "a dress", "cheaper", "cheaper")
    assert "nothing cheaper than" in after.turns[-1].reply and after.slots.max_price != 0
    assert reply(after, "the first one", tools).turns[-1].shown


def test_cheaper_is_meant_of_the_thing_that_was_shown(tools: Tools) -> None:
    conversation = talk(tools, "a skirt", "cheaper", "what about blazers?")
    assert {one[0] for one in ids(conversation.turns[-1])} == {"blazer-cream", "blazer-black"}
    said = talk(tools, "a skirt under 36", "cheaper", "a blazer")
    assert all(one.price < 36 for one in said.turns[-1].shown), "what was said in numbers holds"


def test_dearer_costs_more_within_the_limits(tools: Tools) -> None:
    before = talk(tools, "a blazer up to 140", "the cheapest one")
    turn = reply(before, "more expensive", tools).turns[-1]
    assert ids(turn) == [("blazer-black",)]
    outfits = talk(tools, *OUTFIT, "the cheapest one")
    dearer = reply(outfits, "something more expensive", tools)
    assert all(one.price > outfits.shown[outfits.focus].price for one in dearer.turns[-1].shown)


# --- what is meant ------------------------------------------------------------------------------------------


def test_a_kind_that_is_named_is_shown_alone(tools: Tools) -> None:
    assert {one[0] for one in ids(last(tools, "a blouse"))} == {"blouse-white", "blouse-green"}
    turn = last(tools, "jeans in green")
    assert "There are no jeans that keep all of that" in turn.reply and ids(turn) == [("skirt-green",)]


def test_a_thing_is_pointed_at_by_price_by_what_it_is_or_by_a_number(tools: Tools) -> None:
    before = talk(tools, "a blouse")
    order = [hit.item.id for one in before.shown for hit in one.hits]
    for message, meant in (
        ("which is the cheapest?", "blouse-white"), ("the most expensive one", "blouse-green"),
        ("the green one", "blouse-green"), ("2", order[1]), ("the last one", order[-1]), ("number one", order[0]),
    ):  # fmt: skip
        after = reply(before, message, tools)
        assert after.turns[-1].plan[-1].tool == "choose", message
        assert after.shown[after.focus].hits[0].item.id == meant, message
    assert "there are only 2" in reply(before, "the ninth one", tools).turns[-1].reply


def test_questions_about_a_thing_are_answered_with_what_is_stated(tools: Tools) -> None:
    before = talk(tools, "a blouse", "the second one")
    item = before.shown[1].hits[0].item
    for message in ("how much is it?", "what is it made of?", "is it waterproof?"):
        turn = reply(before, message, tools).turns[-1]
        assert f"€{item.price:g}" in turn.reply and item.material in turn.reply and "Nothing else" in turn.reply


def test_what_is_refused_does_not_come_back(tools: Tools) -> None:
    before = talk(tools, "a blazer")
    refused = before.shown[0].hits[0].item.id
    conversation = before
    for message in ("not that one", "in linen or wool", "I don't like black"):
        conversation = reply(conversation, message, tools)
        assert refused not in {one[0] for one in ids(conversation.turns[-1])}
    assert reply(conversation, "a blazer in any colour", tools).turns[-1].shown
    assert not {*ids(last(tools, *OUTFIT, "no"))} & {*ids(last(tools, *OUTFIT))}


def test_what_goes_with_it_can_be_refined(tools: Tools) -> None:
    before = talk(tools, "a white blouse", "what would go with it", "only trousers")
    assert before.turns[-1].shown and {one[0] for one in ids(before.turns[-1])} <= {"trousers-beige", "trousers-black"}
    after = reply(before, "cheaper", tools)
    assert all(hit.item.category == "lower" for one in after.shown for hit in one.hits)
    assert last(tools, "a white blouse", "which trousers would match it?").plan[-1].tool == "complement"
    named = last(tools, "a white blouse", "and trousers to match")
    assert named.plan[-1].tool == "complement" and {one[0] for one in ids(named)} <= {
        "trousers-beige",
        "trousers-black",
    }


def test_what_goes_with_a_thing_that_one_has(tools: Tools) -> None:
    turn = last(tools, "I have a green skirt, what goes with it?")
    assert turn.shown and all(hit.item.category != "lower" for one in turn.shown for hit in one.hits)
    assert "what you have" in turn.reply


def test_an_outfit_around_a_thing_that_is_shown(tools: Tools) -> None:
    turn = last(tools, "a blouse", "the green one", "build an outfit around it for 400 in all")
    assert turn.shown and all("blouse-green" in one and len(one) > 1 for one in ids(turn))


def test_a_part_is_named_in_a_talk_about_outfits(tools: Tools) -> None:
    turn = last(tools, "an outfit for a wedding", "A skirt and a top", YOU_DECIDE, "fine, trousers then")
    assert turn.shown and all(len(one.hits) > 1 for one in turn.shown)
    assert all(any(hit.item.kind == "trousers" for hit in one.hits) for one in turn.shown)
    whole = last(tools, *OUTFIT, "without the blazer")
    assert whole.shown and all(len(one.hits) > 1 for one in whole.shown)
    assert all(hit.item.kind != "blazer" for one in whole.shown for hit in one.hits)


def test_a_thing_is_searched_where_nobody_spoke_of_outfits(tools: Tools) -> None:
    assert ids(last(tools, "hi", "a red dress")) == [("dress-red",)]


def test_you_decide_ends_the_questions_for_good(tools: Tools) -> None:
    conversation = talk(tools, "an outfit for 20 in all", YOU_DECIDE, "ok 250")
    assert conversation.question is None and conversation.turns[-1].shown


@pytest.mark.parametrize(
    "messages",
    [
        ("Busco una blusa por menos de 60 euros", "más barato", "¿qué va bien con esto?"),
        ("Ich suche eine Bluse unter 60 Euro", "billiger", "was passt dazu?"),
        ("Je cherche un chemisier à moins de 60 euros", "moins cher", "qu'est-ce qui va avec ?"),
    ],
)
def test_other_languages_are_understood_in_every_turn(tools: Tools, messages: tuple[str, ...]) -> None:
    first, cheaper, beside = talk(tools, *messages).turns
    assert {one[0] for one in ids(first)} == {"blouse-white", "blouse-green"}
    assert ids(cheaper) == [("blouse-white",)] or "nothing cheaper than" in cheaper.reply
    assert beside.plan[-1].tool == "complement" and beside.shown and any("Read as" in note for note in beside.notes)
    occasions = ("una boda en verano", "eine Hochzeit im Sommer", "un mariage en été")
    for words in occasions:
        slots = talk(tools, words).slots
        assert (slots.occasion, slots.season) == ("wedding", "summer")


# --- whatever is said ---------------------------------------------------------------------------------------

MESSAGES = st.sampled_from([
    "a wedding in Cairo in summer", "an interview in Berlin in January", "a date", "A dress", "Trousers and a top",
    "You decide", "cheaper", "not black", "in red", "something else", "in another colour", "swap the top",
    "the second one", "compare these two", "thanks", "100", "not that one", "more expensive", "any price",
    "what goes with it?", "show it on me", "a blouse",
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
    asked = [turn.question.text for turn in conversation.turns if turn.question and turn.question.text in turn.reply]
    assert len(asked) == len(set(asked)) <= MOST_QUESTIONS
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


@pytest.mark.parametrize("words", ["wood instead of metal", "wood rather than metal", "anything but metal, in wood"])
def test_what_stands_after_instead_of_is_not_wanted(furniture_tools: Tools, words: str) -> None:
    """Though "instead" alone says nothing and goes with the small talk."""
    slots = read(Slots(), f"a coffee table, {words}", furniture_tools.lexicon, furniture_tools.currency).slots
    (denied,) = slots.dislikes
    wished = [value for wish in slots.wishes if wish.attribute == "material" for value in wish.values]
    assert "metal" in denied[0].values and "wood" in wished and "metal" not in wished
