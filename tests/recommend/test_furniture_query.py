"""Words for furniture → structured query: what shoppers of sofas and shelves say, and nothing dropped in silence."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommend.domains import DOMAINS, FURNITURE, GARMENTS, domain_of
from recommend.lexicon import build_lexicon, canonical_materials, other_domain
from recommend.query import understand
from recommend.schema import SIDES, Item, Query, Understanding

LEXICON = build_lexicon(domain=FURNITURE)
METAL = FURNITURE.material_families["metal"]
WOOD = FURNITURE.material_families["wood"]


def read(text: str, **limits: object) -> Understanding:
    return understand(Query(text=text, **limits), LEXICON, "USD")  # type: ignore[arg-type]


def wished(text: str) -> list[tuple[str, ...]]:
    return [wish.values for wish in read(text).wishes]


def test_the_whole_request() -> None:
    understood = read("metal and glass black coffee table under $300")
    filters = understood.filters
    assert filters.categories == ("coffee table",)
    assert filters.colours == (("black",),)
    assert filters.max_price == math.nextafter(300, 0)
    assert [wish.values for wish in understood.wishes] == [METAL, ("glass",)]
    assert [(chip.label, chip.strict) for chip in understood.chips] == [
        ("coffee table", True), ("metal", False), ("glass", False), ("black", True), ("under $300", True),
    ]  # fmt: skip
    assert understood.notes == () and filters.required == () and filters.without == () and filters.sizes == ()


@pytest.mark.parametrize(
    ("text", "categories"),
    [
        ("couch", ["sofa"]),
        ("couches", ["sofa"]),
        ("a night stand", ["nightstand"]),
        ("bedside table", ["nightstand"]),
        ("bedside tables", ["nightstand"]),
        ("TV unit", ["tv stand"]),
        ("carpet", ["rug"]),
        ("floor lamp", ["floor lamp"]),
        ("painting", ["wall art"]),
        ("bookshelves", ["bookcase"]),
        ("chest of drawers", ["dresser"]),
        ("coffee table", ["coffee table"]),
        ("a light sofa", ["sofa"]),
        ("light leather armchair", ["armchair"]),
        ("a light", ["floor lamp", "table lamp", "ceiling lamp"]),
        ("sofa with 3 seats", ["sofa"]),
        ("bench with four seats", ["bench"]),
        ("more seats", ["sofa", "armchair", "chair", "stool", "bench"]),
        ("a vase for dried flowers", ["decor"]),
        ("dining table with six chairs", ["dining table"]),
        ("bookcase and six chairs", ["bookcase", "chair"]),
        ("picture for the hallway", ["wall art"]),
        ("somewhere to sit", ["sofa", "armchair", "chair", "stool", "bench"]),
        ("tables", ["coffee table", "side table", "dining table"]),
        ("a lamp", ["floor lamp", "table lamp", "ceiling lamp"]),
        ("warm light for reading", ["floor lamp", "table lamp", "ceiling lamp"]),
        ("light grey sofa", ["sofa"]),
        ("light oak desk", ["desk"]),
        ("lamp for the desk", ["table lamp"]),
        ("rug under the dining table", ["rug"]),
        ("a painting for above the sofa", ["wall art"]),
        ("bed with storage", ["bed"]),
        ("side table next to my bed", ["side table"]),
        ("something for my desk", []),
        ("glass top coffee table", ["coffee table"]),
        ("two chairs in front of the desk", ["chair"]),
        ("sofa in the colour of the walls, like my rug", ["sofa"]),
        ("looking for a desk", ["desk"]),
        ("chair and desk", ["chair", "desk"]),
        ("dining chairs", ["chair"]),
        ("ottoman", ["stool"]),
        ("pendant light", ["ceiling lamp"]),
        ("not a black sofa", ["sofa"]),
        ("dress", []),
        ("jeans and a shirt", []),
    ],
)
def test_categories(text: str, categories: list[str]) -> None:
    assert list(read(text).filters.categories) == categories


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("oak desk", [("oak",)]),
        ("wooden desk", [WOOD]),
        ("metal chair", [METAL]),
        ("metal and glass table", [METAL, ("glass",)]),
        ("glass, steel and oak table", [("glass",), ("steel",), ("oak",)]),
        ("oak or walnut desk", [("oak", "walnut")]),
        ("oak, walnut or teak desk", [("oak", "walnut", "teak")]),
        ("stainless steel desk", [("steel",)]),
        ("scandi desk", [("scandinavian",)]),
        ("mid-century modern sofa", [("mid-century",)]),
        ("midcentury or industrial sofa", [("mid-century", "industrial")]),
        ("cozy velvet armchair", [("velvet",), ("cosy",)]),
        ("something for the wall", [("wall",)]),
        ("something green for the corner", [("plant", "floor lamp", "armchair", "bookcase")]),
        ("persian rug", [("oriental",)]),
        ("rug under the oak dining table", []),
        ("two-seater", [("loveseat",)]),
    ],
)
def test_wishes(text: str, expected: list[tuple[str, ...]]) -> None:
    assert wished(text) == expected


@pytest.mark.parametrize(
    ("text", "required"),
    [
        ("only oak desks", [("oak",)]),
        ("oak only", [("oak",)]),
        ("must be leather", [("leather", "faux leather", "suede")]),
        ("armchair, must be metal or glass", [(*METAL, "glass")]),
        ("only metal and glass", [METAL, ("glass",)]),
        ("the desk has to be walnut", [("walnut",)]),
        ("must be scandinavian", [("scandinavian",)]),
        ("only under $300, oak", []),
        ("a must for any loft, oak", []),
        ("oak", []),
    ],
)
def test_only_and_must_make_a_wish_a_filter(text: str, required: list[tuple[str, ...]]) -> None:
    understood = read(text)
    assert [facet.values for facet in understood.filters.required] == required
    assert sum(chip.label.startswith("must be ") and chip.strict for chip in understood.chips) == len(required)
    assert not any(wish.values in required for wish in understood.wishes)


@pytest.mark.parametrize(
    ("text", "without", "categories"),
    [
        ("sofa, not leather", [("leather",)], ["sofa"]),
        ("table without glass", [("glass",)], ["coffee table", "side table", "dining table"]),
        ("no metal or glass", [("metal",), ("glass",)], []),
        ("anything but a sofa", [("sofa",)], []),
        ("oak, but not black", [("black",)], []),
        ("no plastic chairs", [("plastic", "chair")], []),
        ("nothing in chrome, an office chair", [("chrome",)], ["chair"]),
        ("not black or white chair", [("black",), ("white",)], ["chair"]),
    ],
)
def test_negation(text: str, without: list[tuple[str, ...]], categories: list[str]) -> None:
    filters = read(text).filters
    assert [tuple(facet.values[0] for facet in together) for together in filters.without] == without
    assert list(filters.categories) == categories


@pytest.mark.parametrize(
    ("text", "sizes"),
    [
        ("bookcase under 80 cm wide", [("width", None, 80)]),
        ("sofa 2 m long", [("length", 180, None), ("length", None, 220)]),
        ("desk that fits 140 cm", [("width", None, 140)]),
        ("floor lamp under 150 cm", [("height", None, 150)]),
        ("sofa under 200 cm", [("length", None, 200)]),
        ("sofa 2 up to 2.2 m long", [("length", 200, None), ("length", None, 220)]),
        ("bed 160 cm", [("breadth", 144, None), ("breadth", None, 176)]),
        ("mirror at most 60 x 90 cm", [("width", None, 60), ("height", None, 90)]),
        ("rug at most 160 x 230 cm", [("length", None, 230), ("breadth", None, 160)]),
        ("desk under 120 cm wide, or rather under 100 cm wide", [("width", None, 100)]),
    ],
)
def test_sizes(text: str, sizes: list[tuple[str, float | None, float | None]]) -> None:
    found = [(limit.side, limit.low, limit.high) for limit in read(text).filters.sizes]
    assert [(side, pytest.approx(low), pytest.approx(high)) for side, low, high in sizes] == found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("small side table", [("length", -1)]),
        ("the largest sofa", [("length", 1)]),
        ("a big plant", [("height", 1)]),
        ("small vase", [("height", -1)]),
        ("big bed", [("breadth", 1)]),
        ("long bed", [("length", 1)]),
        ("a small pendant lamp", [("length", -1)]),
        ("big plant or a sofa", [("length", 1)]),
        ("tallest bookcase", [("height", 1)]),
        ("widest desk", [("width", 1)]),
        ("smallest, lowest table", [("length", -1), ("height", -1)]),
        ("tall plant", [("height", 1)]),
        ("narrow shelf, not too deep", [("width", -1), ("depth", -1)]),
        ("not too big", [("length", -1)]),
        ("a bigger sofa", [("length", 1)]),
        ("something wider and lower", [("width", 1), ("height", -1)]),
        ("oak desk", []),
    ],
)
def test_sizes_without_numbers_are_wishes(text: str, expected: list[tuple[str, int]]) -> None:
    assert list(read(text).size_wishes) == expected


@pytest.mark.parametrize(
    ("text", "near"),
    [
        ("rug 160x240", {"length": 240, "breadth": 160}),
        ("5 x 8 ft rug", {"length": 243.84, "breadth": 152.4}),
        ("desk about 120 cm wide", {"width": 120}),
        ("mirror 60 x 90 cm", {"width": 60, "height": 90}),
        ("rug at most 160 x 240 cm", {}),
        ("desk under 120 cm wide", {}),
        ("desk from 100 to 120 cm wide", {}),
    ],
)
def test_a_size_that_is_said_is_to_be_near_and_a_limit_is_not(text: str, near: dict[str, float]) -> None:
    assert dict(read(text).near_sizes) == pytest.approx(near)


def test_a_dismissed_size_is_not_to_be_near() -> None:
    dismissed = ("size:width:min", "size:width:max")
    assert not understand(Query(text="desk about 120 cm wide", dismissed=dismissed), LEXICON).near_sizes


@pytest.mark.parametrize(
    ("text", "most"),
    [
        ("sofa under $900", 900),
        ("sofa under 900", 900),
        ("sofa under 1k", 1000),
        ("sofa under two thousand dollars", 2000),
        ("sofa, at most $1.5k", 1500),
        ("desk under 80 cm wide", None),
        ("desk under 80 wide under 100", 100),
    ],
)
def test_prices(text: str, most: float | None) -> None:
    assert read(text).filters.max_price == (None if most is None else pytest.approx(most))


def test_another_currency_is_said() -> None:
    assert any("EUR" in note and "exchange" in note for note in read("sofa under €900").notes)
    assert read("sofa under $900").notes == ()


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("waterproof chair", "waterproof"),
        ("sofa by ikea", "ikea"),
        ("table for 6 people", "6"),
        ("rug under the dining table", "dining"),
        ("sofa, no legs", "no legs"),
        ("a lamp, no big sofa", "not big sofa"),
        ("red dress", "dress"),
        ("rug for reading", "reading"),
        ("sofa to match my old curtains", "curtains"),
        ("a zxqv desk", "zxqv"),
    ],
)
def test_what_is_not_carried_is_said(text: str, word: str) -> None:
    assert any(word in note for note in read(text).notes), read(text).notes


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("sofa with 3 seats", "three-seater"),
        ("a three person sofa", "three-seater"),
        ("sofa for two under 500", "loveseat"),
        ("couch that seats 3", "three-seater"),
        ("2 seat sofa", "loveseat"),
        ("graues Sofa mit drei Sitzen", "three-seater"),
        ("sofá de tres plazas", "three-seater"),
        ("canapé deux places", "loveseat"),
    ],
)
def test_how_many_a_sofa_seats_is_its_kind(text: str, kind: str) -> None:
    assert (kind,) in wished(text)
    assert read(text).filters.categories == ("sofa",)


@pytest.mark.parametrize(
    "text", ["sofa for 3000 dollars", "sofa for 2 m of wall", "table for two", "sofa with 2 cushions"]
)
def test_other_numbers_seat_nobody(text: str) -> None:
    assert not {("loveseat",), ("three-seater",)} & set(wished(text))


@pytest.mark.parametrize(
    ("text", "lightness", "colours"),
    [
        ("lamp for a dark corner", 0, ()),
        ("lamp for a dark room", 0, ()),
        ("wardrobe for a small white bedroom", 0, ()),
        ("a dark lamp for the corner", -1, ()),
        ("white wardrobe for my bedroom", 0, (("white",),)),
        ("something white for the living room", 0, (("white",),)),
        ("a light sofa", 1, ()),
        ("rug not in dark colours", 0, ()),
        ("light coloured rug", 0, (("white", "cream", "beige", "light blue"),)),
    ],
)
def test_how_a_room_is_does_not_filter(text: str, lightness: int, colours: tuple[tuple[str, ...], ...]) -> None:
    understood = read(text)
    assert (understood.lightness, understood.filters.colours) == (lightness, colours)


@pytest.mark.parametrize(
    ("text", "categories", "beside"),
    [
        ("rug that goes with a blue sofa", ("rug",), ("blue",)),
        ("chair matching black tables", ("chair",), ("black",)),
        ("a bed and matching nightstand", ("bed", "nightstand"), ()),
        ("a bed with storage", ("bed",), ()),
    ],
)
def test_a_thing_it_goes_with_needs_no_owner(text: str, categories: tuple[str, ...], beside: tuple[str, ...]) -> None:
    understood = read(text)
    assert (understood.filters.categories, understood.beside) == (categories, beside)


def test_what_it_goes_with_does_not_filter() -> None:
    understood = read("armchair to match my grey sofa")
    assert understood.filters.categories == ("armchair",)
    assert understood.filters.colours == () and understood.beside == ("grey",)
    assert read("a rug to go with my oak table").beside == ("beige",)
    (without,) = read("something to go with my sofa").filters.without
    assert [facet.values for facet in without] == [("sofa",)]


def test_chips_can_be_dismissed_one_by_one() -> None:
    text = "small oak and steel desk under 120 cm wide under $300, must be modern, not black, for the office, cheap"
    chips = read(text).chips
    assert {chip.label for chip in chips if chip.strict} == {
        "desk", "under 120 cm wide", "under $300", "must be modern", "not black",
    }  # fmt: skip
    assert {chip.label for chip in chips if not chip.strict} == {"oak", "steel", "small", "office", "cheaper first"}
    for chip in chips:
        left = read(text, dismissed=(chip.key,))
        assert {c.key for c in left.chips} == {c.key for c in chips} - {chip.key}
    nothing = read(text, dismissed=tuple(chip.key for chip in chips))
    assert nothing.filters == read("").filters and not nothing.wishes and not nothing.size_wishes


def test_a_catalogs_own_kinds_are_understood_with_their_category() -> None:
    item = Item("a", "Egg", "armchair", 1.0, "a.png", kind="egg armchair", material="seaweed", colours=("petrol haze",))
    other = Item("b", "Thing", "decor", 1.0, "b.png", kind="wobbler")
    lexicon = build_lexicon([item, other])
    understood = understand(Query(text="egg armchair in petrol haze and seaweed"), lexicon)
    assert understood.filters.categories == ("armchair",)
    assert [wish.values for wish in understood.wishes] == [("egg armchair",), ("seaweed",)]
    assert understand(Query(text="wobbler"), lexicon).filters.categories == ()


@pytest.mark.parametrize(
    ("said", "names"),
    [
        ("oak", "oak"),
        ("metal, glass", "metal, glass"),
        ("Solid oak and powder-coated steel", "oak, steel"),
        ("tempered glass / wood", "glass, wood"),
        ("seaweed", "seaweed"),
        ("oak, oak", "oak"),
    ],
)
def test_catalog_materials_take_the_vocabularys_names(said: str, names: str) -> None:
    assert canonical_materials(said, LEXICON) == names


def test_a_garments_material_stays_one() -> None:
    assert canonical_materials("cotton and linen", build_lexicon()) == "cotton and linen"


def test_the_categories_tell_what_a_catalog_is_about() -> None:
    assert domain_of(["sofa", "rug"]) is FURNITURE
    assert domain_of(["upper", "dress"]) is GARMENTS
    assert domain_of([]) is domain_of(["nonsense"]) is GARMENTS
    assert not set(FURNITURE.categories) & set(GARMENTS.categories)


def test_furniture_is_no_category_among_garments() -> None:
    understood = understand(Query(text="a black chair"), build_lexicon())
    assert understood.filters.categories == () and any("chair" in note for note in understood.notes)


@pytest.mark.parametrize(
    ("text", "domain", "said"),
    [
        ("black coffee table", "garments", "coffee table"),
        ("a couch and a rug", "garments", "couch, rug"),
        ("shoe cabinet", "garments", "shoe cabinet"),
        ("red dress", "furniture", "dress"),
        ("red dress", "garments", None),
        ("dress like the rug", "garments", None),
        ("something black", "garments", None),
        ("sofa", "furniture", None),
        ("", "garments", None),
    ],
)
def test_words_for_the_other_catalog_are_noticed(text: str, domain: str, said: str | None) -> None:
    found = other_domain(text, DOMAINS[domain])
    assert (found[1] if found else None) == said
    assert found is None or found[0] is not DOMAINS[domain]


def test_every_name_of_the_tables_is_a_category() -> None:
    named = {name for values in FURNITURE.category_groups for name in values}
    named |= {category for category, _ in FURNITURE.kinds.values()}
    named |= {name for values in FURNITURE.uses for name in values}
    named |= FURNITURE.unnamed_side.keys() | FURNITURE.flat
    assert named <= FURNITURE.categories.keys()
    materials = {name for family in FURNITURE.material_families.values() for name in family}
    assert materials | FURNITURE.material_colours.keys() <= FURNITURE.materials.keys()


_WORDS = st.sampled_from(
    "oak metal glass not without no or and , under 40 80 cm wide between 20 $ sofa table lamp only must be small "
    "black for the wall reading to match my 2 m long x 60 at most fits deep warm light legs plastic rug desk with "
    "over".split()
)


@given(st.lists(_WORDS, max_size=14).map(" ".join) | st.text(max_size=60))
def test_any_text_is_understood_the_same_way_twice(text: str) -> None:
    understood = read(text)
    assert understood == read(text)
    filters = understood.filters
    strict = [chip for chip in understood.chips if chip.strict]
    prices = (filters.min_price is not None) + (filters.max_price is not None)
    lists = (filters.categories, filters.colours, filters.without, filters.required, filters.sizes)
    assert len(strict) == prices + sum(map(len, lists))
    assert {limit.side for limit in filters.sizes} <= set(SIDES)


@given(st.lists(_WORDS, max_size=10).map(" ".join))
def test_a_negated_material_is_excluded_whatever_follows(text: str) -> None:
    understood = read(f"not marble , {text}")
    assert ("marble",) in [together[0].values for together in understood.filters.without]
