"""The pure end of retrieval: products, harmony, variety, reasons."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from recommend import rerank
from recommend.features import Floats
from recommend.schema import Facet, Filters, Item, Understanding

LINEN = Item("a", "Linen dress", "dress", 39.0, "a.png", kind="dress", colours=("navy", "white"), material="linen")
VELVET = Item("b", "Velvet dress", "dress", 89.0, "b.png", kind="dress", colours=("red",), material="velvet")
UNSAID = Item("c", "Top", "upper", 20.0, "c.png")


def test_a_missing_part_changes_nothing_and_a_failed_one_counts() -> None:
    words = np.array([0.9, 0.5], np.float32)
    np.testing.assert_array_equal(rerank.combine({}, 2), [1, 1])
    np.testing.assert_array_equal(rerank.combine({"words": words}, 2), words)
    both = rerank.combine({"words": words, "like": np.array([0.1, 0.6], np.float32)}, 2)
    assert both[1] > both[0]


def test_wishes_prefer_met_over_unsaid_over_missed() -> None:
    chances = rerank.wish_chances([LINEN, VELVET, UNSAID], [Facet("material", ("linen", "cotton"))])
    assert chances[0] == 1 > chances[2] > chances[1] > 0


def test_prices_rank_by_direction() -> None:
    items = [VELVET, LINEN, UNSAID]
    assert list(np.argsort(-rerank.price_chances(items, 1))) == [2, 1, 0]
    assert list(np.argsort(-rerank.price_chances(items, -1))) == [0, 1, 2]
    np.testing.assert_array_equal(rerank.price_chances([LINEN], 1), [1])
    np.testing.assert_allclose(rerank.price_chances(items, 2), rerank.price_chances(items, 1) ** 2, rtol=1e-6)
    np.testing.assert_allclose(rerank.price_chances(items, -2), rerank.price_chances(items, -1) ** 2, rtol=1e-6)


def test_the_nearer_to_a_said_size_the_better() -> None:
    sizes = [(160.0, 240.0, 1.0), (239.0, 165.0, 1.0), (170.0, 255.0, 1.0)]
    rugs = [Item(str(n), "Rug", "rug", 9.0, "r.png", size_cm=size) for n, size in enumerate(sizes)]
    chances = rerank.near_size_chances(rugs, [("length", 240.0), ("breadth", 160.0)])
    assert chances[0] == 1 and list(np.argsort(-chances)) == [0, 1, 2]
    edge = Item("edge", "Rug", "rug", 9.0, "r.png", size_cm=(100.0, 264.0, 1.0))
    assert rerank.near_size_chances([edge], [("length", 240.0)])[0] == pytest.approx(rerank.MISSED)


def test_many_colours_are_nearer_to_multicolour_than_one() -> None:
    one, many = replace(LINEN, colours=("red",)), replace(LINEN, colours=("red", "navy", "cream"))
    chances = rerank.wish_chances(
        [one, many, replace(one, colours=("multicolour",))], [Facet("colours", ("multicolour",))]
    )
    np.testing.assert_allclose(chances, [rerank.MISSED, rerank.UNSTATED, 1])


def palettes(*names: str) -> Floats:
    return np.stack([rerank.named_palette([name]) for name in names])


def test_lightness_ranks_by_direction_and_counts_areas() -> None:
    rows = palettes("white", "black", "red")
    assert list(np.argsort(-rerank.lightness_chances(rows, 1))) == [0, 2, 1]
    assert list(np.argsort(-rerank.lightness_chances(rows, -1))) == [1, 2, 0]
    mostly_white, mostly_black = np.concatenate([rows[:1], rows[1:2]], axis=1).repeat(2, axis=0)
    mostly_white[:, 3], mostly_black[:, 3] = (0.9, 0.1), (0.1, 0.9)
    lighter, darker = rerank.lightness_chances(np.stack([mostly_white, mostly_black]), 1)
    assert lighter > darker


def test_harmony_knows_neutrals_neighbours_opposites_and_clashes() -> None:
    worn = rerank.named_palette(["blue"])
    grey, blue, orange, purple, green = rerank.harmony(palettes("grey", "blue", "orange", "purple", "green"), worn)
    assert grey == pytest.approx(rerank.NEUTRAL_HARMONY, abs=0.02)
    assert blue > grey > green
    assert orange > green
    assert purple > green


@given(hnp.arrays(np.float32, (3, 4, 4), elements=st.floats(0, 1, width=32)))
def test_harmony_is_a_bounded_mean(colours: Floats) -> None:
    found = rerank.harmony(colours, rerank.named_palette(["red", "white"]))
    assert ((found >= 0) & (found <= 0.86)).all()


def test_what_an_item_replaces_does_not_count_beside_it() -> None:
    worn = {"upper": rerank.named_palette(["green"])}
    same = np.repeat(palettes("purple"), 2, axis=0)
    top = Item("t", "Top", "upper", 1.0, "t.png")
    skirt = Item("s", "Skirt", "lower", 1.0, "s.png")
    chances = rerank.beside_chances([top, skirt], same, worn)
    assert chances[0] == pytest.approx(rerank.NEUTRAL_HARMONY)
    assert chances[1] != pytest.approx(rerank.NEUTRAL_HARMONY)


def test_a_main_colour_counts_more_than_a_trim() -> None:
    red, trimmed, other = (
        Item(name, "Shirt", "upper", 1.0, "s.png", colours=colours)
        for name, colours in (("r", ("red",)), ("t", ("white", "red")), ("o", ("green",)))
    )
    assert rerank.colour_chances([red, trimmed, other], [("red", "burgundy")]).tolist() == pytest.approx([1, 0.85, 1])
    assert rerank.colour_chances([trimmed], [("red",), ("white",)]).tolist() == [1]


def test_unknown_colour_names_give_no_palette() -> None:
    assert rerank.named_palette(["petrol haze"]).shape == (0, 4)


@given(hnp.arrays(np.float32, 12, elements=st.floats(0, 1, width=32)), st.integers(1, 20), st.integers(0, 99))
def test_variety_chooses_each_once_and_the_best_first(scores: Floats, k: int, seed: int) -> None:
    vectors = np.random.default_rng(seed).normal(size=(12, 4)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    chosen = rerank.spread(scores, rerank.likeness([vectors]), k, 0.5)
    assert len(chosen) == len(set(chosen)) == min(k, 12)
    assert scores[chosen[0]] == scores.max()
    by_score = rerank.spread(scores, rerank.likeness([vectors]), k, 0.0)
    assert list(scores[by_score]) == sorted(scores, reverse=True)[:k]


def test_variety_skips_the_twin() -> None:
    vectors = np.array([[1, 0], [1, 0.01], [0, 1]], np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    assert rerank.spread(np.array([1, 0.99, 0.7], np.float32), rerank.likeness([vectors]), 2, 0.5) == [0, 2]


def test_variety_never_lifts_a_poor_item() -> None:
    twins = np.array([[1, 0], [1, 0], [1, 0], [0, 1]], np.float32)
    assert rerank.spread(np.array([1, 0.9, 0.12, 0.09], np.float32), rerank.likeness([twins]), 4, 0.15) == [0, 1, 2, 3]


def test_equal_scores_go_by_id() -> None:
    assert rerank.ranked(np.array([0.5, 0.9, 0.5], np.float32), ["z", "m", "a"]) == [1, 2, 0]


def test_reasons_hold_only_what_is_met() -> None:
    asked = Understanding(
        filters=Filters(colours=(("navy",),)),
        wishes=(Facet("material", ("linen",)), Facet("kind", ("dress",)), Facet("sleeve", ("long",))),
    )
    assert rerank.reason(LINEN, asked) == "navy, linen, dress; 3 of 4 asked"
    assert rerank.reason(VELVET, asked) == "dress; 1 of 4 asked"
    assert rerank.reason(LINEN, Understanding()) == "dress, navy, white"
    extra = ["goes with the grey you wear"]
    assert rerank.reason(UNSAID, Understanding(), extra) == "upper, goes with the grey you wear"
