"""The benchmark of what was worn together, on outfits made up here."""

from __future__ import annotations

import numpy as np

from benchmarks.retrieval_complementary import ALL, Garments, as_items, figures, measure, queries
from recommend import complements
from recommend.domains import GARMENTS
from training.retriever_features import Features, Sample


def outfits(count: int = 6) -> Garments:
    """`count` photos of a shirt and jeans; the first one has a second shirt."""
    worn = [(str(photo), *pair) for photo in range(count) for pair in (("top", "shirt"), ("bottom", "jeans"))]
    worn.append(("0", "top", "sweater"))
    samples = [
        Sample("worn", f"{photo}-{kind}", kind, lambda: (np.zeros((8, 8, 3), np.uint8), None),
               {"photo": photo, "slot": slot, "kind": kind})
        for photo, slot, kind in worn
    ]  # fmt: skip
    rows = np.ones((len(samples), 2), np.float32)
    features = Features(rows, rows, [{"navy": 1.0}] * len(samples), np.zeros(len(samples), bool))
    items = as_items(samples, features)
    traits = complements.traits(items, np.ones((len(samples), 5, 4), np.float32), rows, GARMENTS)
    photos, slots, _ = (np.array(column) for column in zip(*worn, strict=True))
    return Garments(photos, slots, items, traits, rows, rows, rows)


def test_a_query_has_one_right_answer_first_among_the_part_of_other_photos() -> None:
    worn = outfits()
    asked = list(queries(worn))
    assert len(asked) == 6 + 5 + 1, "each top asks for its jeans; the jeans of the first photo have two tops"
    for query in asked:
        assert worn.photos[query.source] == worn.photos[query.right] and query.candidates[0] == query.right
        assert len({worn.slots[place] for place in query.candidates}) == 1
        assert [worn.photos[place] for place in query.candidates].count(worn.photos[query.source]) == 1


def test_the_best_scores_are_perfect_and_ties_are_chance() -> None:
    worn = outfits(40)
    asked = list(queries(worn))
    perfect = (worn.photos[:, None] == worn.photos[None, :]).astype(np.float32)
    assert (figures(perfect, worn, asked, graded=False) == 1).all()
    assert (figures(-perfect, worn, asked, graded=False)[:, ALL.index("choice of 4")] == 0).all()
    tied = figures(np.zeros_like(perfect), worn, asked, graded=False)
    assert np.allclose(tied[:, ALL.index("choice of 4")], 0.25) and tied[:, 0].mean() < 0.2


def test_kind_and_colour_count_every_such_garment() -> None:
    worn = outfits()
    asked = [query for query in queries(worn) if worn.slots[query.right] == "bottom"]
    assert (figures(np.zeros((13, 13), np.float32), worn, asked, graded=True)[:, :5] == 1).all()


def test_figures_of_one_query() -> None:
    second = measure(np.arange(20) == 1)
    assert second == (0, 1, 1, 1 / np.log2(3), 0.5)
    assert measure(np.arange(20) >= 15)[:4] == (0, 0, 0, 0) and measure(np.arange(20) < 15) == (1, 1, 1, 1, 1)
