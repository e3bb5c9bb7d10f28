"""The figures of the retrieval benchmarks and the questions that composed queries are asked."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks import retrieval, retrieval_composed
from recommend.lexicon import build_lexicon
from recommend.schema import Item

NAMES = ("red", "navy", "burgundy", "white")


def test_the_figures_of_a_ranking_worked_out_by_hand() -> None:
    order, right = np.array([4, 0, 2, 1, 3, 5, 6]), np.isin(np.arange(7), (0, 1, 6))
    found = dict(zip(retrieval.FIGURES, retrieval.measure(order, right), strict=True))
    gain = 1 / np.log2(3) + 1 / np.log2(5) + 1 / np.log2(8)
    assert found["recall@1"] == 0 and found["recall@5"] == pytest.approx(2 / 3) and found["recall@10"] == 1
    assert found["mrr"] == 0.5
    assert found["ndcg@10"] == pytest.approx(gain / (1 + 1 / np.log2(3) + 1 / np.log2(4)))


@given(st.permutations(range(12)), st.sets(st.integers(0, 11), min_size=1))
def test_figures_are_shares_and_all_is_one_where_the_right_ones_come_first(order: list[int], right: set[int]) -> None:
    answers = np.isin(np.arange(12), list(right))
    assert all(0 <= figure <= 1 for figure in retrieval.measure(np.array(order), answers))
    first = np.array(sorted(order, key=lambda place: place not in right))
    assert retrieval.measure(first, answers) == pytest.approx([1] * len(retrieval.FIGURES))


def garments(colours: list[str]) -> list[Item]:
    return [Item(str(place), "Tee", "T-Shirt", 0, "x", colours=(name,)) for place, name in enumerate(colours)]


@given(st.lists(st.sampled_from(NAMES), min_size=1, max_size=30))
def test_each_case_asks_for_another_colour_of_which_enough_are(colours: list[str]) -> None:
    items, lexicon = garments(colours), build_lexicon([])
    found = retrieval_composed.cases(items, lexicon)
    assert found == retrieval_composed.cases(items, lexicon)
    assert len({case.source for case in found}) == len(found)
    for case in found:
        assert colours[case.source] not in case.colours
        assert sum(name in case.colours for name in colours) >= retrieval_composed.LEAST_RIGHT


def test_the_source_never_counts_and_a_right_item_has_label_and_colour() -> None:
    items = [*garments(["navy", "red", "navy", "burgundy"]), Item("x", "Hat", "Hat", 0, "x", colours=("red",))]
    case = retrieval_composed.Case(0, "but in red", ("red", "burgundy"))
    best_itself = np.array([[9, 0, 8, 0, 7]], np.float32)
    assert retrieval_composed.figures(best_itself, [case], items).tolist() == [[1.0, 0.25]]
    wrong = [items[0], items[2], items[2], items[2], items[4]]
    assert retrieval_composed.figures(best_itself, [case], wrong).tolist() == [[0.0, 0.75]]
