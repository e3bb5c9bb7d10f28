"""The text tower at a tiny size: real classes, random weights, a vocabulary of a few words."""

from __future__ import annotations

import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Whitespace
from transformers import BertConfig, BertModel

from pipelines.weights import resolve
from recommend.embedder import TwoTowerEmbedder, WeightPaths
from recommend.errors import MissingModel
from recommend.retriever import Retriever
from recommend.schema import Floats, Image, Mask, Query
from recommend.stylist import Stylist
from recommend.towers import REMEMBERED, TEXT_FEATURES, TextTower

WORDS = "a red linen dress navy tee under casual green skirt".split()


@pytest.fixture(scope="module")
def minilm(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The three files of a text encoder."""
    folder = tmp_path_factory.mktemp("minilm")
    vocabulary = {word: place for place, word in enumerate(["[UNK]", *WORDS, *map(str, range(REMEMBERED + 1))])}
    tokenizer = Tokenizer(WordLevel(vocabulary, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = Whitespace()
    tokenizer.save(str(folder / "tokenizer.json"))
    config = BertConfig(
        vocab_size=len(vocabulary),
        hidden_size=TEXT_FEATURES,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=16,
    )
    (folder / "config.json").write_text(json.dumps(config.to_dict()))
    torch.manual_seed(0)
    save_file(BertModel(config, add_pooling_layer=False).state_dict(), folder / "model.safetensors")
    return folder


class Runs(list[int]):
    """Counts how often a tower's network runs, by the number of its tokens."""

    def __init__(self, tower: TextTower) -> None:
        tower.network.register_forward_hook(lambda _, given, __: self.append(given[0].shape[1]))


def test_a_sentence_is_read_once_and_its_vector_is_the_same_each_time(minilm: Path) -> None:
    tower, other = TextTower(minilm), TextTower(minilm)
    runs, others = Runs(tower), Runs(other)
    first = tower.encode("a red linen dress")
    assert first.shape == (TEXT_FEATURES,) and np.linalg.norm(first) == pytest.approx(1, abs=1e-6)
    assert tower.encode("a navy tee").tobytes() != first.tobytes()
    assert tower.encode("a red linen dress").tobytes() == first.tobytes() and runs == [4, 3]
    # What one tower remembers is no other tower's.
    assert other.encode("a red linen dress").tobytes() == first.tobytes() and others == [4]


def test_nobody_can_change_what_is_remembered(minilm: Path) -> None:
    vector = TextTower(minilm).encode("a red linen dress")
    with pytest.raises(ValueError, match="read-only"):
        vector += 1


def test_only_the_last_sentences_are_remembered(minilm: Path) -> None:
    tower = TextTower(minilm)
    runs = Runs(tower)
    for number in range(REMEMBERED + 1):
        tower.encode(str(number))
    tower.encode(str(REMEMBERED))
    assert len(runs) == REMEMBERED + 1
    tower.encode("0")
    assert len(runs) == REMEMBERED + 2


def test_threads_that_share_a_tower_get_each_the_vector_of_its_own_sentence(minilm: Path) -> None:
    tower, alone = TextTower(minilm), TextTower(minilm)
    sentences = [f"{colour} {thing}" for colour in ("red", "navy", "green") for thing in ("dress", "tee", "skirt")] * 20
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(tower.encode, sentences))
    for sentence, vector in zip(sentences, found, strict=True):
        np.testing.assert_array_equal(vector, alone.encode(sentence))


class Blind(TwoTowerEmbedder):
    """Ours, but every picture looks the same to it: the picture tower's weights are not here."""

    def images(self, images: Sequence[Image], masks: Sequence[Mask | None]) -> Floats:
        return np.repeat(self.texts(["a garment"]), len(images), axis=0)

    def images_and_patterns(
        self, images: Sequence[Image], masks: Sequence[Mask | None]
    ) -> tuple[Floats, tuple[str, ...]]:
        return self.images(images, masks), ("",) * len(images)


def test_a_search_reads_its_words_once_and_a_stylist_too(minilm: Path, shop: Path, tmp_path: Path) -> None:
    embedder = Blind(WeightPaths(minilm, tmp_path / "lite2.pth", resolve("retriever")))
    retriever = Retriever.open(shop, embedder, uri=str(tmp_path / "index"))
    runs = Runs(embedder._read())
    hits = retriever.search(Query(text="red dress")).hits
    assert {"words", "title"} <= set(hits[0].scores) and len(runs) == 1
    sets = Stylist(retriever).ensembles(Query(text="casual"))
    assert sets and len(runs) == 2


def test_a_file_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(MissingModel, match=r"config\.json"):
        TextTower(tmp_path)
