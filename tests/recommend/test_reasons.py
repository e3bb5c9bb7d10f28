"""Reasons of furniture hits, and what a room and sizes do to scores. Pure."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommend import reasons, relaxing, rerank
from recommend.domains import FURNITURE
from recommend.features import NEUTRALS, Floats
from recommend.lexicon import build_lexicon
from recommend.query import understand
from recommend.schema import Extent, Facet, Filters, Item, Query, RoomContext, SizeLimit, Understanding, side_of

METAL = FURNITURE.material_families["metal"]
TABLE = Item(
    "a", "Table", "coffee table", 249.0, "a.png", colours=("black",), material="steel, glass", currency="USD",
    size_cm=(118, 60, 42), place="floor",
)  # fmt: skip
OAK = Item(
    "b", "Shelf", "bookcase", 149.5, "b.png", kind="ladder shelf", colours=("beige",), material="oak", currency="USD",
    size_cm=(160, 30, 190), place="floor",
)  # fmt: skip
PRINT = Item("c", "Print", "wall art", 39.0, "c.png", colours=("teal",), size_cm=(200, 3, 90), place="wall")
UNSIZED = Item("d", "Thing", "decor", 5.0, "d.png")


def rows(*names: str) -> Floats:
    return rerank.named_palette(names)


def a_room(*names: str, floor: Sequence[str] = (), free: float | None = None) -> RoomContext:
    accents = tuple(name for name in names if name not in NEUTRALS)
    return RoomContext(rows(*names), rows(*floor), tuple(floor), names, accents, free_width_cm=free)


def palettes(items: Sequence[Item]) -> Floats:
    """The named colours of items as (N, 3, 4)."""
    found = np.zeros((len(items), 3, 4), np.float32)
    for place, item in enumerate(items):
        colours = rows(*item.colours)
        found[place, : len(colours)] = colours
    return found


def test_all_facts_in_one_line() -> None:
    asked = Understanding(
        filters=Filters(colours=(("black",),), required=(Facet("material", ("glass",)),)),
        wishes=(Facet("material", METAL),),
    )
    room = a_room("white", floor=["beige"], free=140)
    line = reasons.reason(TABLE, asked, room, ["goes with the white of your room"])
    assert line == "black, glass and steel; 118 cm fits the free 140 cm; goes with the white of your room"


def test_only_what_is_met_is_said() -> None:
    asked = Understanding(wishes=(Facet("material", METAL), Facet("material", ("oak",)), Facet("style", ("boho",))))
    assert reasons.reason(OAK, asked, None, []) == "oak; 1 of 3 asked"
    assert reasons.reason(OAK, Understanding(), None, []) == "ladder shelf, beige, oak"
    assert reasons.reason(UNSIZED, Understanding(), a_room("white", free=100), []) == "decor"


def test_sizes_asked_for_are_said_once() -> None:
    asked = Understanding(
        filters=Filters(sizes=(SizeLimit("width", high=120), SizeLimit("width", low=90))), size_wishes=(("height", -1),)
    )
    assert reasons.reason(TABLE, asked, None, []) == "coffee table, black, steel and glass; 118 cm wide; 42 cm high"


def test_what_does_not_fit_is_said() -> None:
    assert "160 cm is wider than the free 140 cm" in reasons.reason(OAK, Understanding(), a_room("white", free=140), [])
    assert "cm" not in reasons.reason(PRINT, Understanding(), a_room("white", free=140), [])


def test_a_wood_like_the_floor_is_said_and_another_is_not() -> None:
    oak_floor, dark_floor = a_room("white", floor=["beige"]), a_room("white", floor=["brown"])
    palette = rows("beige")
    assert "oak like your floor" in reasons.room_facts(OAK, palette, oak_floor, 0.5)
    assert not any("floor" in fact for fact in reasons.room_facts(OAK, palette, dark_floor, 0.5))
    grey = a_room("white", floor=["black"])
    assert "black like your floor" in reasons.room_facts(TABLE, rows("black"), grey, 0.5)
    assert not any("floor" in fact for fact in reasons.room_facts(OAK, palette, a_room("beige"), 0.9))


def test_a_colour_of_the_room_is_picked_up_but_not_a_neutral_one() -> None:
    assert reasons.room_facts(PRINT, rows("teal"), a_room("white", "teal"), 0.9) == ["picks up the teal of your room"]
    assert reasons.room_facts(TABLE, rows("black"), a_room("black", "white"), 0.9) == [
        "goes with the black and white of your room"
    ]
    assert reasons.room_facts(PRINT, rows("teal"), a_room("red"), 0.4) == []


def test_what_repeats_an_accent_goes_with_the_room() -> None:
    room = RoomContext(rows("blue"), rows(), rest_colours=("blue",), accents=("green",))
    green, red = (Item(c, "T", "desk", 1.0, "t.png", colours=(c,)) for c in ("green", "red"))
    chances = rerank.room_chances([green, red], palettes([green, red]), room)
    assert chances[0] == 1 > chances[1]


def test_a_room_prefers_what_fits_and_what_goes_with_it() -> None:
    wide, narrow = (Item(str(w), "T", "desk", 1.0, "t.png", colours=("grey",), size_cm=(w, 60, 70)) for w in (150, 130))
    unsaid = Item("u", "T", "desk", 1.0, "t.png", colours=("grey",))
    items = [wide, narrow, unsaid, PRINT]
    chances = rerank.room_chances(items, palettes(items), a_room("white", free=140))
    assert chances[1] > chances[2] > chances[0] and chances[3] == pytest.approx(chances[1], abs=0.02)
    clash, match = (Item(c, "T", "desk", 1.0, "t.png", colours=(c,)) for c in ("green", "orange"))
    goes = rerank.room_chances([clash, match], palettes([clash, match]), a_room("blue"))
    assert goes[1] > goes[0]


@given(
    st.lists(st.sampled_from(["black", "white", "red", "green", "blue", "yellow", "brown"]), min_size=1, max_size=4),
    st.sampled_from(["red", "green", "blue", "white"]),
    st.none() | st.floats(20, 400),
    st.floats(1, 400),
    st.booleans(),
)
def test_no_room_overrules_a_wish(
    names: list[str], colour: str, free: float | None, width: float, stated: bool
) -> None:
    met = Item("m", "T", "desk", 1.0, "t.png", colours=(colour,), material="oak", size_cm=(width, 60, 70))
    missed = Item(
        "n", "T", "desk", 1.0, "t.png", colours=("grey",), material="glass" if stated else "", size_cm=(1, 1, 1)
    )
    room = a_room(*names, free=free)
    wishes = rerank.wish_chances([met, missed], [Facet("material", ("oak",))]) ** rerank.WISHES_BESIDE_ROOM
    both = wishes * rerank.room_chances([met, missed], palettes([met, missed]), room)
    assert both[0] > both[1]


def test_small_and_large_rank_within_a_category() -> None:
    small, large = (Item(n, n, "desk", 1.0, "d.png", size_cm=(w, 60, 70)) for n, w in (("s", 80), ("l", 160)))
    rug = Item("r", "r", "rug", 1.0, "r.png", size_cm=(300, 200, 1))
    items = [small, large, rug, UNSIZED]
    less, more = (rerank.size_chances(items, [("length", way)]) for way in (-1, 1))
    assert less[0] > less[1] and more[1] > more[0]
    assert less[2] == 1 and less[3] == pytest.approx(rerank.UNSTATED)


def test_a_wood_left_open_is_better_than_another_wood() -> None:
    items = [Item(name, name, "desk", 1.0, "d.png", material=name) for name in ("oak", "wood", "walnut", "glass")]
    families = FURNITURE.material_families
    oak = rerank.wish_chances(items, [Facet("material", ("oak",))], families=families)
    assert oak.tolist() == pytest.approx([1, rerank.UNSTATED, rerank.MISSED, rerank.MISSED])


class TestRelaxing:
    """Which limit is in the way, and how far it would have to give way."""

    ITEMS = (TABLE, OAK, PRINT, UNSIZED)

    def ways(self, text: str) -> list[tuple[str, float | None, int]]:
        found = self.relaxed(text)
        return [(way.key, way.nearest, way.count) for way in found]

    def relaxed(self, text: str) -> Sequence[relaxing.Relaxation]:
        lexicon, query = build_lexicon(self.ITEMS), Query(text=text)
        understood = understand(query, lexicon, "USD")

        def extent(filters: Filters, side: str) -> Extent:
            items = [item for item in self.ITEMS if filters.match(item)]
            lengths = [item.price if side == "price" else side_of(item, side) for item in items if side]
            known = [length for length in lengths if length is not None]
            categories = tuple({item.category for item in items})
            return Extent(len(items), categories, min(known, default=None), max(known, default=None))

        assert not extent(understood.filters, "").count
        return relaxing.relaxations(query, understood, lexicon, "USD", extent)

    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("coffee table under $40", [("price:max", 249.0, 1), ("category:coffee table", None, 2)]),
            ("coffee table over $300", [("price:min", 249.0, 1)]),
            ("bookcase under 100 cm wide", [("size:width:max", 160.0, 1)]),
            ("bookcase over 200 cm high", [("size:height:min", 190.0, 1)]),
            ("coffee table, not glass", [("not:material=glass", None, 1), ("category:coffee table", None, 3)]),
            ("bookcase, must be glass", [("must:material=glass", None, 1), ("category:bookcase", None, 1)]),
            ("red bookcase under $20", []),
        ],
    )  # fmt: skip
    def test_the_smallest_step_comes_first(self, text: str, expected: list[tuple[str, float | None, int]]) -> None:
        assert self.ways(text) == expected

    def test_sentences(self) -> None:
        assert relaxing.say(self.relaxed("coffee table under $40")) == (
            "Nothing under $40; 1 coffee table from $249; without “coffee table” there are 2."
        )
        assert relaxing.say(self.relaxed("bookcase under 100 cm wide")) == (
            "Nothing under 100 cm wide; 1 bookcase from 160 cm wide."
        )
        assert "no single limit" in relaxing.say(self.relaxed("red bookcase under $20"))
