"""The figures of the retrieval benchmarks, the questions that are asked, and what keeps the split by product."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks import ranking, retrieval, retrieval_choice, retrieval_composed
from benchmarks.ranking import FIGURES, OURS, Task, figures
from benchmarks.retrieval_pictures import Pictures, called, colour_groups, swatch
from recommend.domains import FURNITURE, GARMENTS
from recommend.features import COLOUR_DIM, Floats
from recommend.schema import Item
from training import retriever_furniture
from training.retriever_features import Features, Sample
from training.retriever_texts import CCP_LABELS, GARMENT_LABELS, describe, texts_for
from training.twins import twins
from tryroom import FURNITURE as FURNITURE_FOLDER

NAMES = ("red", "navy", "burgundy", "white")


def scores_of(order: list[int]) -> Floats:
    """One question's scores, by which items come in this order."""
    scores = np.zeros((1, len(order)), np.float32)
    scores[0, order] = np.arange(len(order), 0, -1)
    return scores


def test_the_figures_of_a_ranking_worked_out_by_hand() -> None:
    right = np.isin(np.arange(7), (0, 1, 6))[None]
    found = {name: each[0] for name, each in figures(Task("", "", right), scores_of([4, 0, 2, 1, 3, 5, 6])).items()}
    gain = 1 / np.log2(3) + 1 / np.log2(5) + 1 / np.log2(8)
    assert found["recall@1"] == 0 and found["recall@5"] == pytest.approx(2 / 3) and found["recall@10"] == 1
    assert found["mrr"] == 0.5
    assert found["ndcg@10"] == pytest.approx(gain / (1 + 1 / np.log2(3) + 1 / np.log2(4)))


@settings(deadline=None)
@given(st.permutations(range(12)), st.sets(st.integers(0, 11), min_size=1))
def test_figures_are_shares_and_all_is_one_where_the_right_ones_come_first(order: list[int], right: set[int]) -> None:
    task = Task("", "", np.isin(np.arange(12), list(right))[None])
    assert all(0 <= figure[0] <= 1 for figure in figures(task, scores_of(order)).values())
    first = figures(task, scores_of(sorted(order, key=lambda place: place not in right)))
    assert [figure[0] for figure in first.values()] == pytest.approx([1] * len(FIGURES))


def test_what_is_left_out_is_neither_found_nor_missed() -> None:
    right, itself = np.ones((3, 3), bool), np.eye(3, dtype=bool)
    found = figures(Task("", "", right, itself), np.eye(3, dtype=np.float32))
    assert all((each == 1).all() for each in found.values())
    with pytest.raises(ValueError, match="no right answer"):
        Task("", "", itself, itself)


def test_hit_and_unchanged_of_a_ranking_worked_out_by_hand() -> None:
    right, stale = np.zeros((2, 9), bool), np.zeros((2, 9), bool)
    right[:, 8], stale[:, [0, 3, 7]] = True, True
    order = [0, 1, 2, 3, 4, 8, 5, 6, 7]
    scores = np.concatenate([scores_of(order), scores_of([8, *range(8)])])
    found = figures(Task("", "", right, stale=stale), scores)
    assert found["hit@5"].tolist() == [0, 1] and found["unchanged@5"].tolist() == [0.4, 0.4]


def test_the_paired_test_tells_a_steady_difference_from_none() -> None:
    rng = np.random.default_rng(1)
    other = rng.random((60, 2))
    ours = other + np.array([0.1, 0]) + rng.normal(0, 0.01, other.shape)
    better, same = ranking.p_values(ours, other)
    assert better < 0.001 < 0.05 < same


def test_questions_that_hang_together_are_one_piece_of_evidence() -> None:
    rng = np.random.default_rng(2)
    other = rng.random((60, 1))
    ours, kinds = other + np.repeat(rng.normal(0.02, 0.1, (6, 1)), 10, 0), np.repeat(list("abcdef"), 10)
    (apart,), (together,) = ranking.p_values(ours, other), ranking.p_values(ours, other, kinds)
    alone = np.array([f"{place:02d}" for place in range(60)])
    assert ranking.p_values(ours, other, alone) == [apart] and apart < together
    gained = ours - other
    mean, low, high = ranking.intervals(gained, kinds)[0]
    assert low < mean < high and mean == gained.mean() and high - low > np.ptp(ranking.intervals(gained)[0])


def garments(colours: list[str]) -> list[Item]:
    return [Item(str(place), "Tee", "T-Shirt", 0, "x", colours=(name,)) for place, name in enumerate(colours)]


def pictures_of(items: list[Item]) -> Pictures:
    """Pictures whose vectors are all different, and say nothing."""
    vectors = np.eye(len(items), dtype=np.float32)
    kinds, cut = np.array([item.category for item in items]), np.ones(len(items), bool)
    return Pictures(
        "worn crops", GARMENTS, [], items, kinds, cut, vectors, vectors, np.zeros((len(items), COLOUR_DIM), np.float32)
    )


@settings(deadline=None)
@given(st.lists(st.sampled_from(NAMES), min_size=1, max_size=30))
def test_each_case_asks_for_another_colour_of_which_enough_are(colours: list[str]) -> None:
    items = garments(colours)
    found = retrieval_composed.cases(items, colour_groups())
    assert found == retrieval_composed.cases(items, colour_groups())
    assert len({case.source for case in found}) == len(found)
    for case in found:
        assert colours[case.source] not in case.colours
        assert sum(name in case.colours for name in colours) >= retrieval_composed.LEAST_RIGHT


def test_the_source_never_counts_and_a_right_item_has_label_and_colour() -> None:
    items = [*garments(["navy", "red", "navy", "burgundy"]), Item("x", "Hat", "Hat", 0, "x", colours=("red",))]
    task = retrieval_composed.task_of(
        [retrieval_composed.Case(0, "but in red", ("red", "burgundy"))], pictures_of(items), ""
    )
    assert task.right.tolist() == [[False, True, False, True, False]]
    assert task.stale is not None and task.stale.tolist() == [[True, False, True, False, False]]
    assert task.left_out is not None and np.flatnonzero(task.left_out).tolist() == [0]


def test_a_colour_means_what_a_shop_means_and_its_swatch_is_most_like_itself() -> None:
    assert {"red", "burgundy"} <= set(colour_groups()["red"]) and "navy" in colour_groups()["blue"]
    strong = ("black", "white", "red", "green", "yellow")
    histograms = np.stack([swatch(name) for name in strong])
    assert (histograms @ histograms.T).argmax(1).tolist() == list(range(len(strong)))


def test_requests_ask_for_what_is_there_and_every_answer_is_of_kind_and_colour() -> None:
    pictures = pictures_of([*garments(["navy", "red"]), Item("x", "Hat", "Hat", 0, "x", colours=("red",))])
    requests = retrieval.requests_by_colour(pictures)
    right = retrieval.answers(requests, pictures)
    assert {(request.kind, request.colour) for request in requests} == {
        ("T-Shirt", "navy"), ("T-Shirt", "red"), ("Hat", "red"),
    }  # fmt: skip
    for request, found in zip(requests, right, strict=True):
        assert request.colour in request.words and called(pictures)[request.kind][0] in request.words
        assert found.sum() == 1 and pictures.kinds[found.argmax()] == request.kind
    assert OURS not in {request.words for request in requests}


def test_no_request_is_a_phrase_of_the_training() -> None:
    rng, trained = np.random.default_rng(0), set()
    for source, labels in (("garments", GARMENT_LABELS), ("ccp", CCP_LABELS)):
        for label in labels:
            sample = Sample(source, label, label, lambda: None)  # type: ignore[arg-type, return-value]
            labelled = describe(sample, {"red": 0.6, "navy": 0.4}, False)
            trained |= {text.words for text in texts_for(labelled, 400, rng)}
    for sample in retriever_furniture.training(FURNITURE_FOLDER, None):
        trained |= {text.words for text in texts_for(describe(sample, {}, False), 50, rng)}
    asked = retrieval.written_requests()
    for domain, labels in ((GARMENTS, CCP_LABELS), (FURNITURE, FURNITURE.categories)):
        items = [Item(label, label, label, 0, "x", colours=(name,)) for label in labels for name in ("red", "navy")]
        pictures = replace(pictures_of(items), domain=domain)
        asked += [*retrieval.requests_by_kind(pictures), *retrieval.requests_by_colour(pictures)]
    words = {request.words for request in asked}
    assert not trained & words
    chosen_with = [phrase for _, phrase in retrieval_choice.check_phrases()]
    assert len(set(chosen_with)) == len(chosen_with) > 100
    assert not set(chosen_with) & (trained | words)


def test_a_twin_is_a_picture_that_looks_and_is_coloured_like_a_held_out_one() -> None:
    rng = np.random.default_rng(0)
    towers, colours = rng.normal(size=(40, 64)).astype(np.float32), np.eye(40, dtype=np.float32)
    held_out = Features(towers[[3, 5]] + 0.01, colours[[3, 7]], [], np.zeros(2, bool))
    found = twins(Features(towers, colours, [], np.zeros(40, bool)), held_out)
    assert np.flatnonzero(found).tolist() == [3]
