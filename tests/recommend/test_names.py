"""Titles found by their own words: whole, without a word, in another order, with a slip."""

from __future__ import annotations

import pytest

from recommend.lexicon import Lexicon, build_lexicon
from recommend.names import NAMED, is_named, name_chances, name_of
from recommend.schema import Filters, Item

OCHRE = Item("ochre", "Cocktail chair, ochre", "armchair", 300.0, "a.png", colours=("yellow",))
ROUND = Item("round", "Round coffee table, black metal and glass", "coffee table", 99.0, "b.png", colours=("black",))
UMBRELLA = Item("umbrella", "Umbrella plant", "plant", 20.0, "c.png", colours=("green",))
BADGE = Item("badge", "Badge hoodie", "upper", 40.0, "d.png", kind="hoodie", colours=("teal", "green"))
TEE = Item("tee", "Ringer T-shirt with heart", "upper", 20.0, "e.png", kind="t-shirt", colours=("white", "red"))


@pytest.fixture(scope="module")
def furniture() -> Lexicon:
    return build_lexicon((OCHRE, ROUND, UMBRELLA))


@pytest.fixture(scope="module")
def garments() -> Lexicon:
    return build_lexicon((BADGE, TEE))


def likeness(text: str, item: Item, lexicon: Lexicon) -> float:
    return name_of(text, lexicon).likeness(name_of(item.title, lexicon))


@pytest.mark.parametrize(
    ("text", "item"),
    [
        ("cocktail chair ochre", OCHRE),
        ("chairs, ochre: cocktail", OCHRE),
        ("cocktial chair, ochre", OCHRE),
        ("glass coffee and round table, black metal", ROUND),
        ("umbrella plants", UMBRELLA),
    ],
)
def test_a_whole_name_in_any_order_and_with_a_slip(text: str, item: Item, furniture: Lexicon) -> None:
    assert likeness(text, item, furniture) == 1


def test_a_name_may_lack_a_word_or_have_another(furniture: Lexicon) -> None:
    assert NAMED <= likeness("cocktail chair", OCHRE, furniture) < 1
    assert NAMED <= likeness("cheap round coffee table in black metal and glass", ROUND, furniture) < 1


def test_words_that_mean_the_same_are_the_same(garments: Lexicon) -> None:
    assert likeness("ringer tee with a heart", TEE, garments) == 1
    title = name_of("Ribbed roll-neck", garments)
    assert name_of("ribbed turtleneck sweater", garments).likeness(title) == 1


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("polo neck jumper", "Ribbed roll-neck"),
        ("turtle-neck sweater", "Ribbed roll-neck"),
        ("turtlenecks", "Ribbed roll-neck"),
        ("crewneck", "Merino crew-neck"),
        ("crew neck sweater", "Merino crew-neck"),
        ("vneck", "V-neck jumper"),
    ],
)
def test_necks_in_every_spelling(text: str, first: str, garments: Lexicon) -> None:
    titles = ("Ribbed roll-neck", "Merino crew-neck", "V-neck jumper", "Aran cable sweater")
    chances = name_chances(name_of(text, garments), [name_of(title, garments) for title in titles])
    assert titles[int(chances.argmax())] == first and sorted(chances.tolist())[-2] < 1


def test_one_neck_is_not_half_of_another(garments: Lexicon) -> None:
    titles = [name_of(title, garments) for title in ("Merino crew-neck", "Ribbed roll-neck", "Aran cable sweater")]
    crew, roll, aran = name_chances(name_of("crew-neck sweater", garments), titles)
    assert roll <= aran < crew


def test_another_word_for_a_kind_is_no_name(garments: Lexicon) -> None:
    assert name_of("jumper", garments).likeness(name_of("Pullover", garments)) < NAMED
    assert name_of("pullovers", garments).likeness(name_of("Pullover", garments)) == 1


@pytest.mark.parametrize(("text", "item"), [("plant", UMBRELLA), ("black table", ROUND), ("red sofa", OCHRE)])
def test_what_says_little_names_nothing(text: str, item: Item, furniture: Lexicon) -> None:
    assert likeness(text, item, furniture) < NAMED


@pytest.mark.parametrize(
    ("text", "item", "filters", "named"),
    [
        ("cocktail chair ochre", OCHRE, Filters(categories=("chair",), colours=(("yellow",),)), True),
        ("cocktail chair", OCHRE, Filters(categories=("chair",)), True),
        ("cocktail chair red", OCHRE, Filters(categories=("chair",), colours=(("red", "burgundy"),)), False),
        ("ochre cocktail sofa", OCHRE, Filters(categories=("sofa",), colours=(("yellow",),)), False),
    ],
)
def test_only_the_names_own_words_leave_an_item_in(
    text: str, item: Item, filters: Filters, named: bool, furniture: Lexicon
) -> None:
    assert is_named(name_of(text, furniture), item, name_of(item.title, furniture), filters) is named


def test_a_hoodie_in_another_colour_is_not_named(garments: Lexicon) -> None:
    asked, title = name_of("grey hoodie with a badge", garments), name_of(BADGE.title, garments)
    assert asked.likeness(title) >= NAMED
    assert not is_named(asked, BADGE, title, Filters(categories=("upper",), colours=(("grey",),)))


def test_what_is_named_leaves_little_to_the_others(garments: Lexicon) -> None:
    said = ("Satin camisole, champagne", "Satin camisole", "Ribbed tank top")
    champagne, satin, tank = name_chances(name_of("satin camisole", garments), [name_of(t, garments) for t in said])
    assert satin == 1 and 0 < tank < champagne < 0.2


def test_a_word_of_titles_counts_where_nothing_is_named(garments: Lexicon) -> None:
    titles = [name_of(text, garments) for text in (TEE.title, "Sunset print T-shirt", "Grey melange T-shirt")]
    assert name_chances(name_of("any tee with a heart", garments), titles).tolist() == [1, 0.5, 0.5]
    assert name_chances(name_of("a tee with a dinosaur", garments), titles).tolist() == [1, 1, 1]
