"""Words → structured query: the phrases shoppers use, and nothing dropped in silence."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommend.errors import BadInput
from recommend.lexicon import build_lexicon, canonical
from recommend.query import understand
from recommend.schema import Facet, Item, Query, Understanding

LEXICON = build_lexicon()
JUST_UNDER_40 = math.nextafter(40.0, 0.0)


def read(text: str, **limits: object) -> Understanding:
    return understand(Query(text=text, **limits), LEXICON)  # type: ignore[arg-type]


def wishes(understood: Understanding) -> dict[str, tuple[str, ...]]:
    return {wish.attribute: wish.values for wish in understood.wishes}


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("dress under 40", None, JUST_UNDER_40),
        ("dress less than €40", None, JUST_UNDER_40),
        ("dress under forty euros", None, JUST_UNDER_40),
        ("€30 or less", None, 30.0),
        ("at most 30 euros", None, 30.0),
        ("not more than 39,90 €", None, 39.9),
        ("nothing over 50", None, 50.0),
        ("max 1,000", None, 1000.0),
        ("max: 40", None, 40.0),
        ("no more than 5 pieces", None, None),
        ("from 20 up to 50 leggings", 20.0, 50.0),
        ("up to 1.299,00 eur", None, 1299.0),
        ("no more than a hundred", None, 100.0),
        ("between 20 and 50 euros", 20.0, 50.0),
        ("between 50 and 20", 20.0, 50.0),
        ("from 20 to 50", 20.0, 50.0),
        ("€20-€50", 20.0, 50.0),
        ("20 – 50 €", 20.0, 50.0),
        ("at least 25", 25.0, None),
        ("25 or more", 25.0, None),
        ("over 25", math.nextafter(25.0, math.inf), None),
        ("not under 20", 20.0, None),
        ("no more than 40 and not under 20", 20.0, 40.0),
        ("around 40", 30.0, 50.0),
        ("under 60, or rather under 40", None, JUST_UNDER_40),
        ("size 42", None, None),
        ("under a hundred and fifty", None, math.nextafter(150.0, 0.0)),
        ("under two hundred fifty euros", None, math.nextafter(250.0, 0.0)),
        ("twenty-five euro tee", None, 25.0),
        ("coat for ninety nine euros", None, 99.0),
        ("between one hundred and two hundred", 100.0, 200.0),
        ("at most fifteen hundred", None, 1500.0),
        ("at most a thousand two hundred", None, 1200.0),
        ("two tees under forty", None, JUST_UNDER_40),
        ("a 90 cm long dress", None, None),
        ("100% cotton", None, None),
        ("3 striped shirts", None, None),
    ],
)
def test_prices(text: str, low: float | None, high: float | None) -> None:
    filters = read(text).filters
    assert (filters.min_price, filters.max_price) == (low, high)


def test_the_tighter_of_words_and_option_counts() -> None:
    assert read("under 40", max_price=30.0).filters.max_price == 30.0
    assert read("under 20", max_price=30.0).filters.max_price == math.nextafter(20.0, 0.0)


def test_another_currency_is_said() -> None:
    understood = read("dress under $40")
    assert understood.filters.max_price == JUST_UNDER_40
    assert any("USD" in note for note in understood.notes)
    assert not read("dress under €40").notes


@pytest.mark.parametrize(
    ("text", "cheapness"),
    [
        ("a cheap tee", 1),
        ("a cheaper tee", 1),
        ("less expensive", 1),
        ("it should not look cheap", -1),
        ("not too expensive", 1),
        ("luxury coat", -1),
        ("not cheap", -1),
        ("the least expensive coat", 2),
        ("the cheapest coat", 2),
        ("nothing too pricey", 1),
        ("not that dear", 1),
        ("the most expensive coat", -2),
        ("the priciest blazer", -2),
        ("the dearest you have", -2),
        ("dear all, a tee", 0),
        ("tee", 0),
    ],
)
def test_soft_prices(text: str, cheapness: int) -> None:
    assert read(text).cheapness == cheapness


@pytest.mark.parametrize(
    ("text", "lightness", "label"),
    [
        ("darker jeans", -1, "darker colours first"),
        ("a lighter cardigan", 1, "lighter colours first"),
        ("a coat, not too dark", 1, "lighter colours first"),
    ],
)
def test_lighter_and_darker_are_wishes(text: str, lightness: int, label: str) -> None:
    understood = read(text)
    (chip,) = [chip for chip in understood.chips if chip.key == "lightness"]
    assert (understood.lightness, chip.label, chip.strict) == (lightness, label, False)
    assert read(text, dismissed=("lightness",)).lightness == 0
    assert read("dark blue jeans").lightness == 0


@pytest.mark.parametrize(
    ("text", "categories", "kinds"),
    [
        ("a red dress", ("dress",), ("dress",)),
        ("dress shirt", ("upper",), ("shirt",)),
        ("T-shirts", ("upper",), ("t-shirt",)),
        ("jumper", ("upper",), ("sweater",)),
        ("pants", ("lower",), ("trousers",)),
        ("denim shorts", ("lower",), ("shorts",)),
        ("jeans or a skirt", ("lower",), ("jeans", "skirt")),
        ("shirt and trousers", ("upper", "lower"), ("shirt", "trousers")),
        ("tops", ("upper",), None),
        ("bottoms", ("lower",), None),
        ("something nice", (), None),
        ("tee with long sleeves", ("upper",), ("t-shirt", "longsleeve")),
        ("a striped t-shirt, full sleeves", ("upper",), ("t-shirt", "longsleeve")),
        ("camiseta blanca de manga larga", ("upper",), ("t-shirt", "longsleeve")),
        ("gestreiftes Langarmshirt", ("upper",), ("t-shirt", "longsleeve")),
        ("t-shirt rayé à manches longues", ("upper",), ("t-shirt", "longsleeve")),
        ("tee with short sleeves", ("upper",), ("t-shirt",)),
        ("polo with long sleeves", ("upper",), ("polo",)),
        ("sleeveless tee", ("upper",), ("t-shirt", "tank top")),
        ("denim pants", ("lower",), ("trousers", "jeans")),
        ("black pants, not denim", ("lower",), ("trousers",)),
        ("sweatshirt with a hood", ("upper",), ("sweatshirt", "hoodie")),
        ("sudadera negra con capucha", ("upper",), ("sweatshirt", "hoodie")),
        ("sweatshirt without a hood", ("upper",), ("sweatshirt",)),
        ("hooded jacket", ("upper",), ("jacket",)),
        ("chunky knit", ("upper",), ("sweater", "cardigan")),
        ("a fair isle knit under 80", ("upper",), ("sweater", "cardigan")),
        ("the same in a chunky knit", (), None),
        ("knit dress", ("dress",), ("dress",)),
        ("polo neck jumper", ("upper",), ("sweater",)),
        ("sweat pants", ("lower",), ("joggers",)),
        ("black suit", ("upper", "lower"), ("blazer", "trousers")),
        ("socks", ("accessory",), ("socks",)),
        ("shacket", ("upper",), ("overshirt",)),
    ],
)
def test_categories_and_kinds(text: str, categories: tuple[str, ...], kinds: tuple[str, ...] | None) -> None:
    understood = read(text)
    assert understood.filters.categories == categories
    assert wishes(understood).get("kind") == kinds


@pytest.mark.parametrize(
    ("text", "groups"),
    [
        ("red dress", (("red", "burgundy"),)),
        ("navy dress", (("navy",),)),
        ("dark blue dress", (("navy",),)),
        ("blue jeans", (("blue", "navy", "light blue"),)),
        ("white or cream blouse", (("white", "cream"),)),
        ("black and white striped shirt", (("black",), ("white",))),
        ("black/grey hoodie", (("black", "grey"),)),
        ("tees, one red and one navy", (("red", "burgundy", "navy"),)),
        ("a pink top and a grey skirt", (("pink", "grey"),)),
        ("pink dress with white dots", (("pink",),)),
        ("black dress with dots white", (("black",),)),
        ("vestido negro con lunares blancos", (("black",),)),
        ("off-white jumper", (("cream",),)),
        ("a tee in pastel colours", (("light blue", "pink", "purple", "cream"),)),
        ("pastel tees", (("light blue", "pink", "purple", "cream"),)),
        ("neutral tones", (("black", "white", "grey", "beige", "cream"),)),
        ("earthy shades", (("brown", "beige", "olive", "orange"),)),
        ("trousers in a dark colour", ()),
        ("greyish blazer", (("grey",),)),
        ("reddish dress", (("red",),)),
        ("dark wash jeans", (("navy",),)),
    ],
)
def test_colours(text: str, groups: tuple[tuple[str, ...], ...]) -> None:
    assert read(text).filters.colours == groups


@pytest.mark.parametrize(
    ("text", "without", "categories"),
    [
        ("dress without stripes", [("striped",)], ("dress",)),
        ("no stripes or leather", [("striped",), ("leather",)], ()),
        ("not black, red dress", [("black",)], ("dress",)),
        ("not black or navy trousers", [("black",), ("navy",)], ("lower",)),
        ("I don't want black", [("black",)], ()),
        ("non-leather boots", [("leather",)], ("shoes",)),
        ("top without stripes in red", [("striped",)], ("upper",)),
        ("anything but dresses", [("dress",)], ()),
        ("no blue jeans", [("blue", "jeans")], ()),
        ("no black or blue jeans", [("black", "jeans"), ("blue", "jeans")], ()),
        ("shirt with a floral print but not pink", [("pink",)], ("upper",)),
        ("top other than a hoodie", [("hoodie",)], ("upper",)),
        ("leather-free boots", [("leather",)], ("shoes",)),
        ("not without stripes", [], ()),
        ("I don't want no stripes", [("striped",)], ()),
        ("not not without stripes", [("striped",)], ()),
        ("less formal shirt", [("formal",)], ("upper",)),
        ("not so formal", [("formal",)], ()),
        ("nothing that sporty", [("sporty",)], ()),
        ("not overly formal dress", [("formal",)], ("dress",)),
        ("top that doesn't have stripes", [("striped",)], ("upper",)),
        ("tops that don't have any stripes", [("striped",)], ("upper",)),
        ("it shouldn't contain wool", [("wool",)], ()),
        ("I don't have a black jacket", [], ("upper",)),
        ("all jackets but leather", [("leather",)], ("upper",)),
        ("any shirt but white or navy", [("white",), ("navy",)], ("upper",)),
        ("sweater, I am allergic to wool", [("wool",)], ("upper",)),
        ("boots excluding leather", [("leather",)], ("shoes",)),
        ("neither striped nor checked shirt", [("striped",), ("checked",)], ("upper",)),
        ("no leather, no black jacket", [("leather",), ("black",)], ("upper",)),
        ("no dresses, no blue jeans", [("dress",), ("blue", "jeans")], ()),
    ],
)
def test_negation(text: str, without: list[tuple[str, ...]], categories: tuple[str, ...]) -> None:
    filters = read(text).filters
    assert [tuple(facet.values[0] for facet in together) for together in filters.without] == without
    assert filters.categories == categories
    asked = {value for group in filters.colours for value in group}
    assert asked.isdisjoint(value for together in without for value in together)


def test_a_sort_of_colour_is_named_and_can_be_denied() -> None:
    labels = [chip.label for chip in read("pastel tees in bright colours").chips if chip.key.startswith("colour")]
    assert labels == ["pastel", "bright colours"]
    (without,) = read("nothing in pastel shades").filters.without
    assert without[0].values == ("light blue", "pink", "purple", "cream")


def test_how_many_are_wanted_is_no_measure() -> None:
    (note,) = read("2 t-shirts under 40").notes
    assert "“2”" in note and "how many" in note and "measures" not in note
    assert read("100% cotton").notes == ()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a polo neck", "a polo neck turtleneck roll neck"),
        ("black roll neck jumper", "black roll neck jumper turtleneck roll neck"),
        ("no turtleneck", ""),
        ("satin cami", "satin cami camisole cami"),
        ("sweater", "sweater"),
    ],
)
def test_the_encoder_is_told_what_else_titles_say(text: str, words: str) -> None:
    assert read(text).words == words


@pytest.mark.parametrize(
    ("text", "required", "label"),
    [
        ("must be cotton", ("cotton",), "must be cotton"),
        ("only linen or cotton shirts", ("linen", "cotton"), "must be linen or cotton"),
        ("a tee that must have long sleeves", ("long",), "must have long sleeves"),
        ("only hoodies", ("hoodie",), "must be hoodie"),
    ],
)
def test_only_and_must_make_a_wish_a_filter(text: str, required: tuple[str, ...], label: str) -> None:
    understood = read(text)
    assert [facet.values for facet in understood.filters.required] == [required]
    assert label in [chip.label for chip in understood.chips if chip.strict]


def test_what_is_said_by_what_it_is_not_filters() -> None:
    understood = read("a t-shirt without print")
    plain, striped, unstated = (
        Item(name, name, "upper", 9.0, "a.png", kind="t-shirt", pattern=name) for name in ("plain", "striped", "")
    )
    assert [understood.filters.match(item) for item in (plain, striped, unstated)] == [True, False, True]
    assert read("a plain t-shirt").filters.match(striped)
    assert read("a t-shirt without print", dismissed=("pattern:plain",)).filters.match(striped)


def test_negated_words_do_not_reach_the_encoder() -> None:
    assert "strip" not in read("red dress without stripes under 40").words
    assert "40" not in read("red dress without stripes under 40").words


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("long-sleeved shirt", {"sleeve": ("long",)}),
        ("jacket, no sleeves", {"sleeve": ("sleeveless",)}),
        ("linen or cotton", {"material": ("linen", "cotton")}),
        ("polka dot", {"pattern": ("dotted",)}),
        ("dress with sleeves", {"sleeve": ("short", "three-quarter", "long")}),
        ("dress with long sleeves", {"sleeve": ("long",)}),
        ("shorter sleeves", {"sleeve": ("short",)}),
        ("100% wool sweater", {"material": ("wool", "cashmere", "tweed", "knit")}),
        ("plaid", {"pattern": ("checked",)}),
        ("without a pattern", {"pattern": ("plain",)}),
        ("for the office", {"style": ("office",)}),
        ("t-shirt without any print", {"pattern": ("plain",)}),
        ("polka dotted", {"pattern": ("dotted",)}),
        ("lumberjack shirt", {"pattern": ("checked",)}),
        ("puffer jacket", {"kind": ("jacket",), "pattern": ("quilted",)}),
        ("down jacket", {"kind": ("jacket",), "pattern": ("quilted",)}),
        ("black biker jacket", {"kind": ("jacket",), "material": ("leather",)}),
        ("faux leather jacket", {"material": ("faux leather",)}),
        ("leather jacket", {"material": ("leather", "faux leather", "suede")}),
        ("smart trousers for an interview", {"style": ("formal", "office")}),
        ("warmer", {"style": ("winter",)}),
    ],
)
def test_wishes(text: str, expected: dict[str, tuple[str, ...]]) -> None:
    assert expected.items() <= wishes(read(text)).items()


@pytest.mark.parametrize(
    ("text", "categories", "beside"),
    [
        ("what would go with beige chinos", (), ("beige",)),
        ("goes with black jeans", (), ("black",)),
        ("something to match navy trousers", (), ("navy",)),
        ("white shirt with navy chinos", ("upper",), ("navy",)),
        ("a blouse that pairs well with a green skirt", ("upper",), ("green",)),
        ("jacket matching grey trousers", ("upper",), ("grey",)),
        ("skirt and matching navy top", ("lower", "upper"), ()),
        ("dress with navy stripes", ("dress",), ()),
        ("shirt to wear with short sleeves", ("upper",), ()),
    ],
)
def test_a_thing_it_goes_with_needs_no_owner(text: str, categories: tuple[str, ...], beside: tuple[str, ...]) -> None:
    understood = read(text)
    assert (understood.filters.categories, understood.beside) == (categories, beside)


def test_what_it_goes_with_does_not_filter() -> None:
    understood = read("a shirt to wear with my red skirt under 35")
    assert understood.filters.categories == ("upper",)
    assert understood.filters.colours == ()
    assert understood.beside == ("red",)
    assert understood.filters.max_price == math.nextafter(35.0, 0.0)


@pytest.mark.parametrize(
    ("text", "excluded"),
    [
        ("something to wear with my navy chinos", [("category", "lower"), ("category", "dress")]),
        ("anything to go with my dress", [("category", "dress"), ("category", "lower")]),
        ("something to wear with my blazer", [("kind", "jacket")]),
        ("to go with my white shirt", [("kind", "shirt")]),
        ("a coat to wear with my jacket", []),
        ("to go with my top", []),
    ],
)
def test_nothing_is_offered_that_is_worn_instead(text: str, excluded: list[tuple[str, str]]) -> None:
    without = [(facet.attribute, facet.values[0]) for (facet,) in read(text).filters.without]
    assert without == excluded


def test_groups_keep_their_name_when_excluded() -> None:
    assert [chip.label for chip in read("no outerwear").chips] == ["not outerwear"]
    assert [chip.label for chip in read("not patterned").chips] == ["not patterned"]


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("jeans in size 42", "size 42"),
        ("waterproof jacket", "waterproof"),
        ("dress for a wedding in Cairo", "cairo"),
        ("a shirt that is not itchy", "itchy"),
        ("a shirt, no dark trousers", "not dark trousers"),
        ("zxqv", "zxqv"),
        ("a 90 cm skirt", "90"),
        ("top to go with my old curtains", "curtains"),
    ],
)
def test_what_is_not_carried_is_said(text: str, word: str) -> None:
    assert any(word in note for note in read(text).notes), read(text).notes


@pytest.mark.parametrize("text", ["maxi dress", "midi skirt", "mini skirt", "pencil skirt"])
def test_lengths_and_cuts_are_not_carried_in_silence(text: str) -> None:
    word, thing = text.split()
    assert wishes(read(text)) == {"kind": (thing,)}
    assert read(text).notes == (f"Taken loosely, by meaning only: {word}.",)


def test_words_of_titles_are_said_to_be_looked_for_there() -> None:
    lexicon = build_lexicon([Item("a", "Ringer T-shirt with hearts", "upper", 9.0, "a.png")])
    notes = understand(Query(text="a tee with a heart and a dinosaur"), lexicon).notes
    assert notes == ("Looked for in titles: heart.", "Taken loosely, by meaning only: dinosaur.")


def test_chips_name_every_part_and_can_be_dismissed() -> None:
    text = "cheap red linen dress under 40 without stripes"
    chips = read(text).chips
    assert {chip.label for chip in chips if chip.strict} == {"dress", "red", "under €40", "not striped"}
    assert {chip.label for chip in chips if not chip.strict} == {"linen", "cheaper first"}
    for chip in chips:
        less = understand(Query(text=text, dismissed=(chip.key,)), LEXICON)
        assert {c.key for c in less.chips} == {c.key for c in chips} - {chip.key}
        assert less.filters != read(text).filters or not chip.strict
    nothing = understand(Query(text=text, dismissed=tuple(chip.key for chip in chips)), LEXICON)
    assert nothing.filters == read("").filters and nothing.cheapness == 0


def test_a_catalogs_own_words_are_understood() -> None:
    item = Item("a", "Thing", "upper", 1.0, "a.png", kind="kaftan", colours=("petrol haze",), material="ramie")
    understood = understand(Query(text="ramie kaftan in petrol haze"), build_lexicon([item]))
    assert wishes(understood) == {"kind": ("kaftan",), "material": ("ramie",)}
    assert understood.filters.colours == (("petrol haze",),)


def test_catalog_values_take_the_vocabularys_names() -> None:
    assert canonical("colours", "Charcoal", LEXICON) == "grey"
    assert canonical("colours", "blue", LEXICON) == "blue"
    assert canonical("kind", "Pants", LEXICON) == "trousers"
    assert canonical("pattern", "polka dots", LEXICON) == "dotted"
    assert canonical("sleeve", "short", LEXICON) == "short"
    assert canonical("material", "Ramie", LEXICON) == "ramie"


@pytest.mark.parametrize(
    "bad",
    [
        {"max_price": -1.0},
        {"max_price": math.nan},
        {"min_price": 50.0, "max_price": 20.0},
        {"like": np.zeros((4, 4, 3), np.uint8)},
        {"photo": np.zeros((40, 40), np.uint8)},
        {"text": "x" * 3000},
        {"exclude": "leather"},
    ],
)
def test_bad_queries_are_refused(bad: dict[str, object]) -> None:
    with pytest.raises(BadInput):
        Query(**bad)  # type: ignore[arg-type]


def test_unknown_attributes_are_refused() -> None:
    with pytest.raises(BadInput, match="attribute"):
        Facet("weight", ("heavy",))


_WORDS = st.sampled_from(
    "red navy not without no or and , under 40 between 20 € dress jeans stripes linen cheap to wear with my size long "
    "sleeves over or less & / - ' 3/4 size xl multicolour in about".split()
)


@given(st.lists(_WORDS, max_size=14).map(" ".join) | st.text(max_size=60))
def test_any_text_is_understood_the_same_way_twice(text: str) -> None:
    understood = read(text)
    assert understood == read(text)
    filters = understood.filters
    strict = [chip for chip in understood.chips if chip.strict]
    prices = (filters.min_price is not None) + (filters.max_price is not None)
    assert len(strict) == prices + len(filters.categories) + len(filters.colours) + len(filters.without)


@given(st.lists(_WORDS, max_size=10).map(" ".join))
def test_a_negated_colour_is_excluded_whatever_follows(text: str) -> None:
    understood = read(f"not teal , {text}")
    assert ("teal",) in [together[0].values for together in understood.filters.without]
    assert not any("teal" in group for group in understood.filters.colours)


def test_of_a_word_that_items_use_in_two_ways_the_last_one_counts() -> None:
    kind, material = (Item("a", "a", "upper", 1.0, "a.png", **{how: "zorb"}) for how in ("kind", "material"))  # type: ignore[arg-type]
    for items, meant in (((kind, material), "material"), ((kind, material, kind), "kind")):
        assert build_lexicon(items * 2).phrases[("zorb",)].attribute == meant


def test_explicit_conditions_filter_and_are_chips_that_can_be_dismissed() -> None:
    firm = Facet("material", ("cotton", "linen")), Facet("sleeve", ("long",))
    understood = read("a shirt", required=firm)
    assert understood.filters.required == firm
    assert {"cotton or linen", "long sleeves"} <= {chip.label for chip in understood.chips if chip.strict}
    assert read("a shirt", required=firm, dismissed=("must:sleeve=long",)).filters.required == firm[:1]
    with pytest.raises(BadInput, match="required"):
        read("a shirt", required=("cotton",))
