"""Patterns read from pictures: what the reader names, and what an item that only looks striped is found by."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from recommend import reasons, rerank
from recommend.catalog import read_catalog
from recommend.embedder import Embedder
from recommend.errors import MissingModel
from recommend.features import Image
from recommend.indexing import embed_catalog
from recommend.patterns import HEAD_FILE, PATTERNS, PatternHead, PatternReader, read_reader
from recommend.retriever import Retriever
from recommend.schema import Facet, Filters, Item, Query, Understanding, values_of
from recommend.towers import IMAGE_FEATURES

STRIPED = Facet("pattern", ("striped",))
LOOKS_STRIPED = Item("a", "Top", "upper", 20.0, "a.png", seen_pattern="striped")
LOOKS_PLAIN = replace(LOOKS_STRIPED, id="b", seen_pattern="plain")
IS_STRIPED = replace(LOOKS_STRIPED, id="c", pattern="striped", seen_pattern="")
UNKNOWN = replace(LOOKS_STRIPED, id="d", seen_pattern="")


def head(sharpness: float = 1.0) -> PatternHead:
    """A head that takes the first features for the patterns' logits."""
    made = PatternHead(IMAGE_FEATURES, len(PATTERNS))
    with torch.no_grad():
        made.inner.weight.copy_(torch.eye(len(PATTERNS), IMAGE_FEATURES))
        made.inner.bias.zero_()
        made.outer.weight.copy_(torch.eye(len(PATTERNS)))
        made.outer.bias.zero_()
    made.sharpness.fill_(sharpness)
    return made.eval().requires_grad_(False)


def feature(pattern: str, size: float = 4.0) -> np.ndarray:
    features = np.zeros(IMAGE_FEATURES, np.float32)
    features[PATTERNS.index(pattern)] = size
    return features


def test_chances_are_chances_and_sharper_heads_are_surer() -> None:
    features = np.stack([feature("striped"), feature("floral")])
    soft, sharp = (PatternReader(head(value), {}, "").chances(features) for value in (0.5, 2.0))
    for chances in (soft, sharp):
        np.testing.assert_allclose(chances.sum(1), 1, atol=1e-6)
        assert [PATTERNS[place] for place in chances.argmax(1)] == ["striped", "floral"]
    assert (sharp.max(1) > soft.max(1)).all()


def test_a_name_is_given_only_where_it_is_sure_and_may_be_given() -> None:
    reader = PatternReader(head(), {"striped": 0.8}, "")
    sure, unsure, other = reader.chances(np.stack([feature("striped"), feature("striped", 1.0), feature("dotted")]))
    assert sure.max() > 0.8 > unsure.max()
    assert [reader.name(chances) for chances in (sure, unsure, other)] == ["striped", "", ""]


def test_a_reader_is_read_as_it_was_written_and_its_revision_follows_the_file(tmp_path: Path) -> None:
    for name, least in (("one", '{"striped": 0.8}'), ("other", '{"striped": 0.9}')):
        (tmp_path / name).mkdir()
        save_file(head(1.5).state_dict(), tmp_path / name / HEAD_FILE, {"least": least})
    one, other = read_reader(tmp_path / "one"), read_reader(tmp_path / "other")
    assert one.least == {"striped": 0.8} and one.revision != other.revision
    features = feature("checked")[None]
    np.testing.assert_array_equal(one.chances(features), PatternReader(head(1.5), {}, "").chances(features))
    with pytest.raises(MissingModel, match=r"head\.safetensors"):
        read_reader(tmp_path / "nowhere")


def test_what_only_looks_striped_states_nothing_but_meets_the_wish_and_breaks_the_denial() -> None:
    assert values_of(LOOKS_STRIPED, "pattern") == () and "striped" not in LOOKS_STRIPED.sentence()
    assert [STRIPED.match(item) for item in (LOOKS_STRIPED, IS_STRIPED, LOOKS_PLAIN, UNKNOWN)] == [1, 1, 0, 0]
    without = Filters(without=((STRIPED,),))
    assert [without.match(item) for item in (LOOKS_STRIPED, IS_STRIPED, LOOKS_PLAIN, UNKNOWN)] == [0, 0, 1, 1]
    met, plain, unknown = rerank.wish_chances([LOOKS_STRIPED, LOOKS_PLAIN, UNKNOWN], [STRIPED])
    assert met == 1 > unknown > plain


def test_reasons_say_that_it_looks_so_and_never_that_it_is() -> None:
    asked = Understanding(wishes=(STRIPED,))
    assert rerank.reason(LOOKS_STRIPED, asked) == reasons.reason(LOOKS_STRIPED, asked, None, ()) == "looks striped"
    assert rerank.reason(IS_STRIPED, asked) == reasons.reason(IS_STRIPED, asked, None, ()) == "striped"
    assert "plain" not in rerank.reason(LOOKS_PLAIN, asked)


@pytest.fixture(scope="module")
def unstated(make_catalog: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A shop whose two tees state no pattern, and which says of a third thing that it is plain."""
    base = {"category": "upper", "kind": "t-shirt", "colours": ["navy"], "price": 20.0}
    items = [
        {**base, "id": "tee-striped", "title": "Tee one"},
        {**base, "id": "tee-plain", "title": "Tee two"},
        {**base, "id": "tee-stated", "title": "Tee three", "pattern": "plain"},
        {**base, "id": "cap", "title": "Cap", "category": "accessory", "kind": "hat"},
    ]
    return make_catalog(tmp_path_factory.mktemp("unstated"), items)


@pytest.fixture(scope="module")
def retriever(
    unstated: Path,
    embedder: Embedder,
    garment: Callable[..., Image],
    tmp_path_factory: pytest.TempPathFactory,
) -> Retriever:
    for name in ("tee-striped", "tee-stated", "cap"):
        cv2.imwrite(str(unstated / f"{name}.png"), garment((29, 43, 79), (245, 245, 245))[:, :, ::-1])
    return Retriever.open(unstated, embedder, uri=str(tmp_path_factory.mktemp("patterns") / "db"))


def test_patterns_are_read_where_none_is_stated_and_of_clothes_alone(retriever: Retriever) -> None:
    found = {hit.item.id: hit.item for hit in retriever.search(Query()).hits}
    seen = {name: (item.pattern, item.seen_pattern) for name, item in found.items()}
    assert seen == {
        "tee-striped": ("", "striped"),
        "tee-plain": ("", "plain"),
        "tee-stated": ("plain", ""),
        "cap": ("", ""),
    }


def test_a_striped_tee_is_found_by_its_picture_and_left_out_without_stripes(retriever: Retriever) -> None:
    hits = retriever.search(Query(text="a striped tee")).hits
    assert hits[0].item.id == "tee-striped" and "looks striped" in hits[0].reason
    assert hits[0].score > 2 * max(hit.score for hit in hits[1:])
    kept = {hit.item.id for hit in retriever.search(Query(text="a tee without stripes")).hits}
    assert "tee-striped" not in kept and {"tee-plain", "tee-stated"} <= kept


def test_what_did_not_change_keeps_what_was_read(unstated: Path, embedder: Embedder, retriever: Retriever) -> None:
    catalog = read_catalog(unstated)
    whole = lambda image: np.full(image.shape[:2], 255, np.uint8)  # noqa: E731
    known, _ = embed_catalog(catalog, embedder, whole)
    renamed = tuple(replace(item, seen_pattern="floral") if item.seen_pattern else item for item in known.items)
    again, _ = embed_catalog(catalog, embedder, whole, replace(known, items=renamed))
    assert again.items == renamed
