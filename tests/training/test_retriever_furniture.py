"""Furniture that trains the retriever: what is held out, what is seen of a thing, and what is said of it."""

from __future__ import annotations

import numpy as np
import pytest

import tryroom
from recommend.catalog import read_catalog
from recommend.domains import FURNITURE
from recommend.lexicon import build_lexicon
from training import retriever_furniture
from training.furniture_models import Entry
from training.render_models import what_it_is
from training.retriever_texts import describe, texts_for


def test_no_design_is_on_both_sides_and_no_item_is_lost() -> None:
    held_out = retriever_furniture.held_out(tryroom.FURNITURE)
    training = retriever_furniture.training(tryroom.FURNITURE, None)
    designs = [{retriever_furniture.design_of(sample) for sample in some} for some in (held_out, training)]
    assert not designs[0] & designs[1]
    items = {sample.key.split("@")[0] for sample in (*held_out, *training)}
    assert items == {item.id for item in read_catalog(tryroom.FURNITURE).items}
    assert 0.4 < len(held_out) / len(items) < 0.6
    keys = [sample.key for sample in training]
    assert len(set(keys)) == len(keys) > 3 * (len(items) - len(held_out))


def test_a_view_shows_its_item_on_white_under_its_mask() -> None:
    picture, *views = [
        sample.read()
        for sample in retriever_furniture.training(tryroom.FURNITURE, None)
        if sample.key.split("@")[0] == "sofa-cottage-navy-velvet"
    ]
    assert len(views) >= 3
    for image, mask in (picture, *views):
        assert mask is not None and image.shape[:2] == mask.shape and 0.05 < (mask > 0).mean() < 0.9
        # Navy: darker than the ground, and bluer than red.
        assert image[mask > 0].mean() < 130 and image[mask == 0].mean() > 200
        assert image[mask > 0][:, 2].mean() > image[mask > 0][:, 0].mean()


def test_texts_of_furniture_assert_what_is_stated_and_no_more() -> None:
    sample = next(s for s in retriever_furniture.training(tryroom.FURNITURE, None) if s.key == "stool-bar-black-steel")
    labelled = describe(sample, {"red": 0.9}, False)
    assert {"stool", "bar-stool", "colour black"} <= labelled.facts and "colour red" not in labelled.facts
    rng = np.random.default_rng(0)
    texts = texts_for(labelled, 300, rng)
    assert all(text.asserts <= labelled.facts for text in texts)
    assert any("stool" in text.asserts for text in texts) and any("bar-stool" in text.asserts for text in texts)


@pytest.mark.parametrize(
    ("title", "height", "is_"),
    [
        ("Corner sofa", 80, ("sofa", "corner sofa")),
        ("Wooden table", 75, ("dining table", "")),
        ("Table", 40, ("coffee table", "")),
        ("Table with tablecloth", 75, ("dining table", "")),
        ("Chair with cushion", 90, ("chair", "")),
        ("Table tennis", 76, None),
        ("Washing machine", 85, None),
    ],
)
def test_a_librarys_title_tells_what_a_model_is(title: str, height: float, is_: tuple[str, str] | None) -> None:
    entry = Entry("name", title, "", (60, 60, height), "path")
    assert what_it_is(entry, build_lexicon([], FURNITURE)) == is_


def test_a_model_of_unknown_kind_denies_none_of_its_category() -> None:
    sample = next(iter(retriever_furniture.training(tryroom.FURNITURE, None)))
    unknown = describe(
        type(sample)("furniture", "m@0,8", "sofa", sample.read, {"category": "sofa", "kind": ""}), {"red": 0.5}, False
    )
    assert {"corner-sofa", "sofa-bed"} <= unknown.maybe and {"sofa", "colour red"} <= unknown.facts
