"""Complementary items, outfits and room sets on small real catalogs with a real index."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recommend.complements import role_of
from recommend.embedder import Embedder
from recommend.errors import BadInput
from recommend.retriever import Retriever
from recommend.schema import Facet, Filters, Query, SearchResult
from recommend.stylist import Ensemble, Stylist, grow
from tests.recommend.conftest import ITEMS

MORE = (
    {
        "id": "blazer-navy", "title": "Navy blazer", "category": "upper", "kind": "blazer", "colours": ["navy"],
        "material": "wool", "pattern": "plain", "price": 120.0, "style": ["formal"],
    },
    {
        "id": "jacket-green", "title": "Green jacket", "category": "upper", "kind": "jacket", "colours": ["green"],
        "material": "cotton", "pattern": "plain", "price": 80.0, "style": ["casual"],
    },
    {
        "id": "shorts-striped", "title": "Striped shorts", "category": "lower", "kind": "shorts", "colours": ["white"],
        "material": "cotton", "pattern": "striped", "price": 25.0, "style": ["summer"],
    },
)  # fmt: skip
IDS = [item["id"] for item in (*ITEMS, *MORE)]


@pytest.fixture(scope="module")
def stylist(make_catalog: Callable[..., Path], embedder: Embedder, tmp_path_factory: pytest.TempPathFactory) -> Stylist:
    folder = make_catalog(tmp_path_factory.mktemp("wardrobe"), (*ITEMS, *MORE))
    return Stylist(Retriever.open(folder, embedder, uri=str(tmp_path_factory.mktemp("index") / "db")))


@pytest.fixture(scope="module")
def decorator(furniture: Path, embedder: Embedder, tmp_path_factory: pytest.TempPathFactory) -> Stylist:
    return Stylist(Retriever.open(furniture, embedder, uri=str(tmp_path_factory.mktemp("index") / "db")))


def ids(found: SearchResult | Ensemble) -> list[str]:
    return [hit.item.id for hit in found.hits]


class TestGoesWith:
    def test_a_top_gets_bottoms_and_layers(self, stylist: Stylist) -> None:
        scores = {hit.item.id: hit.score for hit in stylist.goes_with("tee-navy").hits}
        assert {"jeans-navy", "jacket-green"} <= set(scores)
        assert set(scores) <= {"jeans-navy", "skirt-green", "shorts-striped", "blazer-navy", "jacket-green"}
        assert scores.get("shorts-striped", 0) < scores["jeans-navy"], "stripes beside stripes"

    def test_reasons_are_facts(self, stylist: Stylist) -> None:
        hits = {hit.item.id: hit for hit in stylist.goes_with("tee-red").hits}
        assert hits["jacket-green"].reason.startswith("jacket to your t-shirt")
        assert "both casual" in hits["jacket-green"].reason and "€" not in hits["jacket-green"].reason
        assert "both" not in hits["jeans-navy"].reason

    def test_the_score_is_the_product_of_its_parts(self, stylist: Stylist) -> None:
        for hit in stylist.goes_with("dress-red", query=Query(text="casual")).hits:
            assert hit.score == pytest.approx(np.prod(list(hit.scores.values())), abs=0.01)

    def test_an_occasion_asks_for_formality(self, stylist: Stylist) -> None:
        hits = {hit.item.id: hit for hit in stylist.goes_with("skirt-green", query=Query(text="for a party")).hits}
        occasions = {name: hit.scores["occasion"] for name, hit in hits.items()}
        assert occasions["blazer-navy"] > occasions["jacket-green"]

    def test_words_and_limits_hold(self, stylist: Stylist) -> None:
        result = stylist.goes_with("tee-red", query=Query(text="navy trousers or jeans under 70"))
        assert ids(result) == ["jeans-navy"]
        assert "lower" in {chip.label for chip in result.understanding.chips}

    def test_what_does_not_go_with_it_is_said_and_not_shown(self, stylist: Stylist) -> None:
        result = stylist.goes_with("tee-red", query=Query(text="a red dress"))
        assert result.hits == () and "goes with “Red cotton tee”" in result.notes[-1]

    def test_what_the_catalog_lacks_is_said(self, stylist: Stylist) -> None:
        assert "This catalog has no shoes and no accessories." in stylist.goes_with("tee-red").notes

    def test_what_goes_with_nothing_says_so(
        self, make_catalog: Callable[..., Path], embedder: Embedder, tmp_path: Path
    ) -> None:
        row = {"currency": "USD", "colours": ["black"], "price": 90}
        folder = make_catalog(
            tmp_path / "music",
            [
                {"id": "bench", "title": "Piano bench", "category": "bench", "kind": "piano bench", **row},
                {"id": "sofa", "title": "Sofa", "category": "sofa", **row},
            ],
        )
        result = Stylist(Retriever.open(folder, embedder, uri=str(tmp_path / "db"))).goes_with("bench")
        assert result.hits == () and result.notes == ("Nothing is known to go with “Piano bench”.",)

    def test_furniture_of_several_categories(self, decorator: Stylist) -> None:
        found = {hit.item.category for hit in decorator.goes_with("sofa-navy", 4).hits}
        assert "sofa" not in found and len(found) >= 3

    @given(
        st.sampled_from(IDS),
        st.integers(1, 6),
        st.sampled_from([None, 30.0, 60.0, 200.0]),
        st.sampled_from([(), ("navy",), ("green", "red")]),
        st.sampled_from([(), ("upper",), ("lower", "dress")]),
        st.sampled_from([(), ((Facet("pattern", ("striped",)),),)]),
    )
    @settings(max_examples=40, deadline=None)
    def test_filters_are_never_broken(  # type: ignore[no-untyped-def]
        self, stylist: Stylist, anchor: str, k: int, price, colours, categories, exclude
    ) -> None:
        query = Query(max_price=price, colours=colours, categories=categories, exclude=exclude)
        result = stylist.goes_with(anchor, k, query)
        groups = (colours,) if colours else ()
        filters = Filters(max_price=price, colours=groups, categories=categories, without=exclude)
        items = [hit.item for hit in result.hits]
        role = role_of(stylist._retriever.item(anchor), stylist._domain)
        assert all(filters.match(item) for item in items)
        assert anchor not in ids(result) and len(set(ids(result))) == len(items) <= k
        assert role not in {role_of(item, stylist._domain) for item in items}
        assert ids(stylist.goes_with(anchor, k, query)) == ids(result)

    @pytest.mark.parametrize(("item", "k"), [("gone", 3), ("tee-red", 0), ("tee-red", 201)])
    def test_bad_input(self, stylist: Stylist, item: str, k: int) -> None:
        with pytest.raises(BadInput):
            stylist.goes_with(item, k)


class TestEnsembles:
    def test_outfits_fill_each_slot_once(self, stylist: Stylist) -> None:
        for outfit in stylist.ensembles(k=5):
            roles = [role_of(hit.item, stylist._domain) for hit in outfit.hits]
            assert roles in (["top", "bottom", "layer"], ["dress", "layer"])
            assert outfit.price == pytest.approx(sum(hit.item.price for hit in outfit.hits))
            assert "no shoes found" in outfit.reason and f"€{outfit.price:,.2f}".removesuffix(".00") in outfit.reason

    def test_outfits_differ(self, stylist: Stylist) -> None:
        outfits = [frozenset(ids(outfit)) for outfit in stylist.ensembles(k=4)]
        assert len(set(outfits)) == 4
        assert len(set.union(*map(set, outfits))) >= 6

    def test_around_an_item(self, stylist: Stylist) -> None:
        for outfit in stylist.ensembles(anchor="skirt-green"):
            assert ids(outfit)[0] == "skirt-green" and len(ids(outfit)) == 3
            assert "your skirt" in outfit.hits[1].reason

    def test_words_describe_the_thing_they_name_and_only_that(self, stylist: Stylist) -> None:
        outfits = stylist.ensembles(Query(text="an outfit with a red dress"))
        assert outfits and all(ids(outfit)[0] == "dress-red" for outfit in outfits)
        assert "jacket-green" in {ids(outfit)[1] for outfit in outfits} <= {"blazer-navy", "jacket-green"}

    def test_reasons_say_each_thing_once(self, stylist: Stylist) -> None:
        (outfit, *_) = stylist.ensembles(Query(text="an outfit with a red dress"))
        assert outfit.hits[0].reason == "dress, red"
        assert [hit.reason.count("€") for hit in outfit.hits] == [0, 0] and outfit.reason.count("€") == 1

    def test_explicit_colours_hold_for_every_item(self, stylist: Stylist) -> None:
        query = Query(text="an outfit with a skirt", colours=("green",))
        for outfit in stylist.ensembles(query):
            assert all("green" in hit.item.colours for hit in outfit.hits)

    def test_a_price_is_that_of_each_item_unless_said_of_all(self, stylist: Stylist) -> None:
        each = stylist.ensembles(Query(text="under 60"), k=5)
        assert each and all(hit.item.price < 60 for outfit in each for hit in outfit.hits)
        every = stylist.ensembles(Query(text="under 150 in all"), k=5)
        assert every and all(outfit.price < 150 for outfit in every)
        assert any(hit.item.price > 60 for outfit in every for hit in outfit.hits)
        assert stylist.ensembles(Query(text="20 euros in total")) == ()
        tight = stylist.ensembles(Query(text="casual, budget of 110"), k=5)
        assert tight and all(outfit.price <= 110 and "no layers and no shoes" in outfit.reason for outfit in tight)

    def test_rooms_are_furnished_by_their_words(self, decorator: Stylist) -> None:
        (living, *_) = decorator.ensembles(Query(text="living room"), k=1)
        assert [hit.item.category for hit in living.hits] == ["sofa", "coffee table", "rug"]
        assert "no floor lamps and no armchairs found" in living.reason

    def test_a_room_without_its_main_piece_is_no_set(self, decorator: Stylist) -> None:
        assert decorator.ensembles(Query(text="bedroom")) == ()
        assert decorator.ensembles(Query(text="living room", exclude_ids=("sofa-navy", "sofa-green"))) == ()

    def test_slots_of_ones_own(self, decorator: Stylist) -> None:
        (found,) = decorator.ensembles(k=1, slots=("bookcase", "plant"))
        assert [hit.item.category for hit in found.hits] == ["bookcase", "plant"]

    def test_the_same_each_time(self, stylist: Stylist, decorator: Stylist) -> None:
        for one in (stylist, decorator):
            assert one.ensembles(k=4) == one.ensembles(k=4)

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [({"k": 0}, "1 to 20"), ({"slots": ("sock",)}, "layer"), ({"anchor": "gone"}, "id of the catalog")],
    )
    def test_bad_input(self, stylist: Stylist, arguments: dict[str, object], message: str) -> None:
        with pytest.raises(BadInput, match=message):
            stylist.ensembles(**arguments)  # type: ignore[arg-type]

    def test_a_catalog_of_one_category_makes_no_set(
        self, make_catalog: Callable[..., Path], embedder: Embedder, tmp_path: Path
    ) -> None:
        folder = make_catalog(tmp_path / "tops", ITEMS[:3])
        stylist = Stylist(Retriever.open(folder, embedder, uri=str(tmp_path / "db")))
        assert stylist.ensembles() == () and stylist.goes_with("tee-red").hits == ()


class TestGrow:
    """The search agrees with trying everything where little is there to try."""

    @given(st.lists(st.integers(1, 3), min_size=2, max_size=4), st.integers(0, 1000), st.sampled_from([None, 1.2, 2.0]))
    @settings(deadline=None)
    def test_finds_the_best(self, sizes: list[int], seed: int, limit: float | None) -> None:
        rng = np.random.default_rng(seed)
        count = sum(sizes)
        alone, prices = rng.uniform(0.1, 1, count), rng.uniform(0, 1, count)
        together = rng.uniform(0.1, 1, (count, count))
        together = (together + together.T) / 2
        starts = np.cumsum([0, *sizes])
        slots = [list(range(start, start + size)) for start, size in zip(starts, sizes, strict=False)]
        found = grow(slots, alone.astype(np.float32), together.astype(np.float32), prices.astype(np.float32), limit)

        def value(places: tuple[int, ...]) -> float:
            pairs = [together[a, b] for at, a in enumerate(places) for b in places[at + 1 :]]
            return float(np.exp(np.log(alone[list(places)]).mean() + np.log(pairs).mean()))

        possible = [places for places in product(*slots) if limit is None or prices[list(places)].sum() <= limit - 1e-5]
        assert all(len(places) == len(sizes) for places, _ in found)
        if limit is not None:
            assert all(prices[list(places)].sum() <= limit + 1e-5 for places, _ in found)
        if possible:
            assert max(score for _, score in found) >= max(map(value, possible)) - 1e-4
        elif limit is None:
            assert not found
