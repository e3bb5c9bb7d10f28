"""The figures that choose how the parts of the retriever's space count: furniture by folds of its training designs."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from benchmarks import retrieval_choice
from pipelines.weights import resolve
from recommend.features import COLOUR_DIM
from recommend.space import Head
from recommend.towers import IMAGE_FEATURES, TextTower
from training import retriever_furniture, train_retriever
from training.retriever_features import Features, Sample
from training.retriever_texts import describe, texts_for
from training.train_retriever import Pool, encode_texts, make_pool
from tryroom import FURNITURE as FURNITURE_FOLDER

LINE = re.compile(r"(?P<asked>.+?)\s+recall@1 .* ndcg@10 (?P<ndcg>[\d.]+) .*")


@pytest.fixture(scope="module")
def samples() -> list[Sample]:
    """Of the furniture that may train the product pictures of four categories, and two things that nobody sells."""
    products = [one for one in retriever_furniture.training(FURNITURE_FOLDER, None) if "@" not in one.key]
    frequent = {label for label, _ in Counter(one.label for one in products).most_common(4)}
    kept = [one for one in products if one.label in frequent]
    invented = [replace(kept[0], key=f"invented-sofa-{number}@32,22") for number in range(2)]
    return [*kept, *invented]


@pytest.fixture(scope="module")
def pool(samples: list[Sample], tmp_path_factory: pytest.TempPathFactory) -> tuple[Pool, TextTower]:
    """Them and their phrases, read by the real text tower; their features say nothing but the category."""
    rng = np.random.default_rng(0)
    labels = sorted({one.label for one in samples})
    looks = rng.normal(size=(len(labels), IMAGE_FEATURES))[[labels.index(one.label) for one in samples]]
    towers = (looks + rng.normal(size=looks.shape)).astype(np.float32)
    colours = np.zeros((len(samples), COLOUR_DIM), np.float32)
    features = Features(towers, colours, [{}] * len(samples), np.zeros(len(samples), bool))
    labelled = [describe(one, {}, False) for one in samples]
    texts = [texts_for(one, 1, rng) for one in labelled]
    names = sorted(set().union(*(one.facts | one.maybe for one in labelled)))
    tower = TextTower(resolve("minilm"))
    words = encode_texts([text.words for own in texts for text in own], tmp_path_factory.mktemp("texts"), tower)
    return make_pool(samples, features, labelled, {name: at for at, name in enumerate(names)}, texts, words), tower


def test_each_fold_is_asked_by_heads_that_never_saw_it(
    samples: list[Sample],
    pool: tuple[Pool, TextTower],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    trained: list[int] = []

    def train(rest: Pool, check: Pool, passes: int, seed: int) -> tuple[Head, Head]:
        trained.append(len(rest))
        return once(rest, check, passes // 6, seed)

    once = train_retriever.train
    monkeypatch.setattr(retrieval_choice, "train", train)
    monkeypatch.setattr(retrieval_choice, "FOLDS", 2)
    monkeypatch.setattr(train_retriever, "BATCH", 8)
    retrieval_choice.furniture(pool[0], pool[0], samples, pool[1])
    # Each design that somebody sells is left out of one fold, and those that nobody sells of none.
    assert len(trained) == retrieval_choice.FOLDS
    assert sum(len(samples) - count for count in trained) == len(samples) - 2
    found = [LINE.fullmatch(line) for line in capsys.readouterr().out.splitlines()]
    by_name = {line["asked"].strip(): float(line["ndcg"]) for line in found if line}
    assert len(by_name) == retrieval_choice.FOLDS * (len(retrieval_choice.SHARES) + len(retrieval_choice.PULLS))
    for fold in range(retrieval_choice.FOLDS):
        # Features say the category alone, so what is trained on them finds it in designs that it has not seen.
        assert by_name[f"furniture, fold {fold}, learned 0.4, told 0.3"] > 0.8
