""" "Like this, but …": what the words change, what stays, what the liked item's own numbers limit."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recommend import composing
from recommend.domains import FURNITURE, GARMENTS
from recommend.embedder import Calibration, Embedder
from recommend.errors import BadInput
from recommend.lexicon import build_lexicon
from recommend.query import understand
from recommend.retriever import Retriever
from recommend.schema import Facet, Item, Query, SearchResult, side_of

SOFA = Item("sofa", "Sofa", "sofa", 990.0, "s.png", "loveseat", ("navy", "white"), "velvet", currency="USD",
            size_cm=(220.0, 95.5, 80.0))  # fmt: skip
BED = Item("bed", "Bed", "bed", 500.0, "b.png", size_cm=(160.0, 210.0, 90.0))
TEE = Item("tee", "Tee", "upper", 19.9, "t.png", "t-shirt", ("red",), "cotton", "plain", "short")


@pytest.fixture(scope="module")
def garments(shop: Path, embedder: Embedder, tmp_path_factory: pytest.TempPathFactory) -> Retriever:
    return Retriever.open(shop, embedder, uri=str(tmp_path_factory.mktemp("index") / "db"))


@pytest.fixture(scope="module")
def rooms(furniture: Path, embedder: Embedder, tmp_path_factory: pytest.TempPathFactory) -> Retriever:
    return Retriever.open(furniture, embedder, uri=str(tmp_path_factory.mktemp("index") / "db"))


def ids(result: SearchResult) -> list[str]:
    return [hit.item.id for hit in result.hits]


def chips(result: SearchResult) -> dict[str, str]:
    return {chip.key: chip.label for chip in result.understanding.chips}


class TestComparisons:
    """Comparisons are completed by the liked item's own numbers."""

    @pytest.mark.parametrize(
        ("text", "completed"),
        [
            ("Cheaper", "cheaper than $990.00"),
            ("but less expensive than this one, please", "but cheaper than $990.00, please"),
            ("pricier", "dearer than $990.00"),
            ("in velvet, smaller", "in velvet, less than 220.00 cm long"),
            ("taller and narrower", "more than 80.00 cm high and less than 220.00 cm wide"),
            ("deeper", "more than 95.50 cm deep"),
            ("not larger", "not more than 220.00 cm long"),
            ("cheaper than $40, smaller than 1 m", "cheaper than $40, smaller than 1 m"),
            ("no wider than 200 cm", "no wider than 200 cm"),
            ("200 cm or smaller, $40 or cheaper", "200 cm or smaller, $40 or cheaper"),
            ("with a higher back and longer legs", "with a higher back and longer legs"),
            ("a smaller 2 seater", "a less than 220.00 cm long 2 seater"),
            ("smallerish sofa", "smallerish sofa"),
            ("in another colour", " , not navy , "),
            ("the same in a different fabric, please", "the same  , not velvet , , please"),
            ("of some other material", " , not velvet , "),
            ("in another pattern", "in another pattern"),
            ("in different colours", "in different colours"),
        ],
    )
    def test_of_a_sofa(self, text: str, completed: str) -> None:
        assert composing.complete(Query(text=text, likes=("sofa",)), [SOFA], FURNITURE).text == completed

    def test_of_a_bed_the_width_is_meant(self) -> None:
        query = composing.complete(Query(text="smaller", likes=("bed",)), [BED], FURNITURE)
        assert query.text == "less than 160.00 cm wide"

    def test_sizes_that_nobody_states_stay_words(self) -> None:
        query = composing.complete(Query(text="smaller and cheaper", likes=("tee",)), [TEE], GARMENTS)
        assert query.text == "smaller and cheaper than €19.90"

    def test_of_several_it_holds_beside_each(self) -> None:
        query = composing.complete(Query(text="cheaper, deeper"), [SOFA, BED], FURNITURE)
        assert query.text == "cheaper than $500.00, more than 210.00 cm deep"

    def test_another_colour_is_that_of_none_of_them(self) -> None:
        query = composing.complete(Query(text="in another color"), [SOFA, TEE], FURNITURE)
        assert query.text == " , not navy, not red , "

    def test_without_a_liked_item_nothing_is_completed(self) -> None:
        assert composing.complete(Query(text="Cheaper"), [], FURNITURE).text == "Cheaper"


class TestChances:
    """Multiplied, and neutral where nothing is known."""

    def test_several_items_state_what_they_share(self) -> None:
        assert composing.stated_by([SOFA, BED]) == {}
        both = composing.stated_by([SOFA, Item("x", "X", "sofa", 1, "x.png", colours=("white", "navy"))])
        assert both == {"category": ("sofa",), "colours": ("navy", "white")}

    @pytest.mark.parametrize(
        ("text", "kind", "called"),
        [
            ("with long sleeves", "t-shirt", "longsleeve"),
            ("but sleeveless", "t-shirt", "tank top"),
            ("with a hood", "sweatshirt", "hoodie"),
            ("in denim", "trousers", "jeans"),
        ],
    )
    def test_a_kept_kind_goes_by_the_name_that_the_words_make_of_it(self, text: str, kind: str, called: str) -> None:
        understood = understand(Query(text=text), build_lexicon(domain=GARMENTS))
        (kept,) = composing.carry(understood, {"kind": (kind,)}, ()).kept
        assert kept == Facet("kind", (kind, called))
        (plain,) = composing.carry(understand(Query(text="in red"), build_lexicon()), {"kind": (kind,)}, ()).kept
        assert plain == Facet("kind", (kind,))

    def test_a_kept_category_counts_more_than_a_kept_style(self) -> None:
        other = Item("x", "X", "lower", 1, "x.png", style=("office",))
        category, style = (
            composing.kept_chances([TEE, other], [Facet(name, (value,))], {})
            for name, value in (("category", "upper"), ("style", "casual"))
        )
        assert category[0] == 1 and category[1] < style[1] < 1

    def test_an_old_colour_beside_the_new_one_costs_nothing_and_as_main_colour_much(self) -> None:
        colours = (("red",), ("red", "white"), ("white", "red"))
        items = [Item(str(n), "", "upper", 1, "", colours=names) for n, names in enumerate(colours)]
        none, beside, main = composing.changed_chances(items, [Facet("colours", ("white",))])
        assert none == beside == 1 > main > 0

    @given(st.floats(-1, 1), st.integers(1, 4))
    def test_one_picture_liked_twice_is_one_like(self, cosine: float, times: int) -> None:
        rows = np.array([[cosine, 0.5]], np.float32)
        look, chance = (
            composing.Look(np.eye(2, dtype=np.float32)[0], np.eye(2, dtype=np.float32)[1]),
            Calibration(8, -5),
        )
        once = composing.look_chances(rows, [look], chance)
        assert composing.look_chances(rows, [look] * times, chance) == pytest.approx(once)
        assert composing.colour_chances(rows, [look] * times) == pytest.approx(0.65)

    @given(st.floats(0, 1), st.floats(0, 1))
    def test_the_more_alike_the_less_is_left(self, a: float, b: float) -> None:
        rows = np.array([[min(a, b), 0.8], [max(a, b), 0.8]], np.float32)
        look = composing.Look(np.array([1, 0], np.float32), np.array([0, 1], np.float32))
        far, near = composing.dislike_chances(rows, rows, [look], Calibration(8, -5))
        assert 0 < near <= far <= 1


class TestGarments:
    """On the small catalog, through the whole search."""

    def test_the_source_is_out_its_category_stays_and_the_colour_changes(self, garments: Retriever) -> None:
        result = garments.search(Query(text="but in navy", likes=("dress-red",)))
        assert ids(result)[0] == "dress-navy" and "dress-red" not in ids(result)
        assert all("navy" in hit.item.colours for hit in result.hits)
        shown = chips(result)
        assert shown["like:dress-red"] == "like “Red linen dress”" and shown["colour:navy"] == "navy"
        assert shown["keep:category"] == "still dress" and shown["instead:colours"] == "no longer red"
        assert "like colour" not in result.hits[0].scores and "kept" in result.hits[0].scores

    def test_a_kind_named_like_its_category_is_said_once_and_dismissed_with_it(self, garments: Retriever) -> None:
        result = garments.search(Query(likes=("dress-red",)))
        assert "keep:kind" not in chips(result)
        assert {facet.attribute for facet in result.understanding.kept} >= {"category", "kind"}
        dismissed = garments.search(Query(likes=("dress-red",), dismissed=("keep:category",)))
        assert {"category", "kind"}.isdisjoint(facet.attribute for facet in dismissed.understanding.kept)

    def test_another_sleeve(self, garments: Retriever) -> None:
        result = garments.search(Query(text="with long sleeves", likes=("tee-red",)))
        short = {hit.item.sleeve: hit.scores["changed"] for hit in result.hits}
        assert short["short"] < short["long"] == 1
        assert chips(result)["instead:sleeve"] == "no longer short sleeves"
        assert "keep:sleeve" not in chips(result)

    def test_another_colour(self, garments: Retriever) -> None:
        result = garments.search(Query(text="in another colour", likes=("dress-red",)))
        assert result.hits and all("red" not in hit.item.colours for hit in result.hits)
        assert result.hits[0].item.id == "dress-navy" and "not red" in chips(result).values()

    def test_another_category_keeps_neither_kind_nor_sleeve(self, garments: Retriever) -> None:
        result = garments.search(Query(text="a skirt like this", likes=("tee-red",)))
        assert {hit.item.category for hit in result.hits} == {"lower"}
        assert not {"keep:kind", "keep:sleeve", "keep:category", "instead:kind"} & chips(result).keys()
        assert "keep:material" in chips(result)

    def test_what_is_denied_is_not_kept(self, garments: Retriever) -> None:
        result = garments.search(Query(text="no linen", likes=("dress-red",)))
        assert "keep:material" not in chips(result)
        assert all(hit.item.material != "linen" for hit in result.hits)

    def test_its_own_colour_asked_again_is_not_subtracted(self, garments: Retriever) -> None:
        result = garments.search(Query(text="in red", likes=("tee-red",)))
        assert "instead:colours" not in chips(result) and "changed" not in result.hits[0].scores

    def test_a_picture_loses_its_colour_too(self, garments: Retriever) -> None:
        picture = np.full((32, 32, 3), (29, 43, 79), np.uint8)
        shown = chips(garments.search(Query(text="but in red", like=picture)))
        assert shown["instead:colours"] == "no longer navy" and "keep:category" not in shown

    @pytest.mark.parametrize("key", ["keep:category", "keep:material", "instead:colours"])
    def test_dismissed_chips_no_longer_count(self, garments: Retriever, key: str) -> None:
        query = Query(text="but in navy", likes=("dress-red",))
        assert key in chips(garments.search(query))
        after = garments.search(Query(text="but in navy", likes=("dress-red",), dismissed=(key,)))
        assert key not in chips(after)
        facets = (*after.understanding.kept, *after.understanding.changed)
        assert key.split(":")[1] not in {facet.attribute for facet in facets}

    def test_a_dismissed_like_is_as_if_never_asked(self, garments: Retriever) -> None:
        plain = garments.search(Query(text="dress"))
        dismissed = garments.search(
            Query(
                text="dress", likes=("tee-red",), dislikes=("tee-navy",), dismissed=("like:tee-red", "unlike:tee-navy")
            )
        )
        assert [(hit.item.id, hit.score) for hit in plain.hits] == [(hit.item.id, hit.score) for hit in dismissed.hits]

    def test_dislikes_push_away(self, garments: Retriever) -> None:
        before = garments.search(Query(text="linen"), k=8)
        after = garments.search(Query(text="linen", dislikes=("tee-red",)), k=8)
        place = {name: ids(before).index(name) for name in ids(before)}
        assert "tee-red" not in ids(after)
        assert place["dress-red"] < ids(after).index("dress-red") or place["dress-red"] == 0
        red = {hit.item.id: hit.scores["dislike"] for hit in after.hits}
        assert red["dress-red"] == min(red.values()) < red["hoodie-green"]

    def test_one_item_liked_and_disliked_is_refused(self) -> None:
        with pytest.raises(BadInput, match="tee-red in both"):
            Query(likes=("tee-red",), dislikes=("tee-red",))

    @pytest.mark.parametrize("query", [Query(likes=("gone",)), Query(dislikes=("gone",))])
    def test_an_unknown_item_is_refused(self, garments: Retriever, query: Query) -> None:
        with pytest.raises(BadInput, match="gone"):
            garments.search(query)


class TestFurniture:
    """Sizes and prices relative to the liked item."""

    def test_in_another_material_and_smaller(self, rooms: Retriever) -> None:
        result = rooms.search(Query(text="this sofa in leather, smaller", likes=("sofa-navy",)))
        assert ids(result) == ["sofa-green"]
        assert chips(result)["size:length:max"] == "under 220 cm long"
        assert chips(result)["instead:material"] == "no longer velvet"

    def test_where_nothing_is_smaller_the_limit_is_named(self, rooms: Retriever) -> None:
        result = rooms.search(Query(text="this sofa, smaller", likes=("sofa-green",)))
        assert result.hits == () and any("180 cm" in note for note in result.notes)

    @settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=40)
    @given(
        st.sampled_from(["table-glass", "table-oak", "sofa-navy", "case-oak", "rug", "lamp", "print", "plant"]),
        st.sampled_from(["cheaper", "dearer"]),
        st.sampled_from(["narrower", "wider", "shorter", "longer", "taller", "lower", "deeper", "shallower"]),
        st.sampled_from(["", "in black", "in oak", "without metal"]),
    )
    def test_limits_hold_strictly_and_the_source_is_out(
        self, rooms: Retriever, source: str, price: str, size: str, more: str
    ) -> None:
        liked = rooms.item(source)
        result = rooms.search(Query(text=f"{more}, {price}, {size}", likes=(source,)), k=20)
        sides = {"narrower": "width", "wider": "width", "shorter": "length", "longer": "length"}
        side = sides.get(size, "depth" if size in ("deeper", "shallower") else "height")
        for hit in result.hits:
            own, its = side_of(liked, side), side_of(hit.item, side)
            assert own is not None and its is not None and hit.item.id != source
            assert its > own if size in ("wider", "longer", "taller", "deeper") else its < own
            assert hit.item.price < liked.price if price == "cheaper" else hit.item.price > liked.price
