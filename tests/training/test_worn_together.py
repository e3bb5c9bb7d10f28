"""Garments worn together: how they are cut out and split, and what is counted of them."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from training import train_complements
from training.retriever_features import Sample
from training.worn_together import SHRUNK, WORN, palettes_of, relit, shrunk, worn_together

LABELS = ["null", "skin", "jeans", "t-shirt", "bag"]


@pytest.fixture
def ccp(tmp_path: Path) -> Path:
    """Four photos of a T-shirt over jeans, two of them among the numbers that are held out, one a tenth."""
    for name in ("photos", "parse"):
        (tmp_path / name).mkdir()
    (tmp_path / "labels.json").write_text(json.dumps(LABELS))
    parse = np.zeros((120, 80), np.uint8)
    parse[10:50, 20:60], parse[50:110, 20:60], parse[50:110, 62:64] = 3, 2, 4
    photo = np.full((120, 80, 3), 128, np.uint8)
    for number in ("0490", "0499", "0601", "0700"):
        cv2.imwrite(str(tmp_path / "parse" / f"{number}.png"), parse)
        cv2.imwrite(str(tmp_path / "photos" / f"{number}.jpg"), photo)
    return tmp_path


def test_photos_are_held_out_unless_a_crop_trained_the_retriever(ccp: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The retriever's training would take all but each tenth."""
    held_out, training = (worn_together(ccp, held_out=held_out) for held_out in (True, False))
    assert [sample.key for sample in held_out] == ["0490-jeans", "0490-t-shirt", "0700-jeans", "0700-t-shirt"]
    assert {sample.facts["photo"] for sample in training} == {"0499", "0601"}
    monkeypatch.setattr("training.worn_together.MOST_CROPS", 1)
    assert {sample.facts["photo"] for sample in worn_together(ccp, held_out=True)} == {"0490", "0601", "0700"}
    assert held_out[0].facts == {"photo": "0490", "slot": "bottom", "kind": "jeans"}


def test_a_crop_loses_its_edge_and_gets_its_own_light(ccp: Path) -> None:
    jeans, shirt, *_ = worn_together(ccp, held_out=True)
    image, mask = jeans.read()
    again, _ = jeans.read()
    other, _ = shirt.read()
    assert mask is not None and (mask > 0).sum() == (60 - 2 * SHRUNK) * (40 - 2 * SHRUNK)
    assert (image == again).all() and len(np.unique(image.reshape(-1, 3), axis=0)) == 1
    assert (image != other).any()


def test_a_light_keeps_black_and_the_order_of_tones() -> None:
    ramp = np.repeat(np.arange(256, dtype=np.uint8)[None, :, None], 3, axis=2)
    lit, mask = relit("0001-jeans", lambda: (ramp, None))()
    assert mask is None and (lit[0, 0] == 0).all() and (np.diff(lit[0].astype(int), axis=0) >= 0).all()


def test_a_thin_mask_vanishes() -> None:
    thin = np.zeros((20, 20), np.uint8)
    thin[:, 8:12] = 255
    assert shrunk(thin).sum() == 0


def test_every_label_is_of_a_known_kind() -> None:
    from recommend.complements import PAIRINGS
    from recommend.domains import GARMENTS

    slots = {slot for slot, _ in WORN.values()}
    assert slots <= set(PAIRINGS["garments"].all_roles)
    assert {kind for _, kind in WORN.values()} - {""} <= GARMENTS.kinds.keys()


def test_palettes_are_those_of_the_cache(tmp_path: Path) -> None:
    (tmp_path / "worn").mkdir()
    np.savez(tmp_path / "worn" / "a.npz", palette=np.ones((5, 4), np.float32))
    assert palettes_of(
        [Sample("worn", "a", "jeans", lambda: (np.zeros((8, 8, 3), np.uint8), None))], tmp_path
    ).shape == (1, 5, 4)


def worn(photo: str, slot: str, kind: str) -> Sample:
    facts = {"photo": photo, "slot": slot, "kind": kind}
    return Sample("worn", f"{photo}-{kind}", kind, lambda: (np.zeros((8, 8, 3), np.uint8), None), facts)


def test_lifts_tell_what_is_worn_together_more_often_than_by_chance() -> None:
    samples = [
        garment
        for number in range(40)
        for kinds in [("shirt", "trousers") if number % 2 else ("t-shirt", "shorts")]
        for garment in (worn(str(number), "top", kinds[0]), worn(str(number), "bottom", kinds[1]))
    ]
    lifts = train_complements.lifts(samples, train_complements.pairs_of(samples))
    assert lifts["shirt", "trousers"] == pytest.approx((20 + 5) / (10 + 5))
    assert lifts["shirt", "shorts"] == pytest.approx(5 / (10 + 5))


def test_two_garments_of_one_part_are_no_pair() -> None:
    samples = [
        worn("1", "top", "shirt"),
        worn("1", "top", "sweater"),
        worn("1", "bottom", "jeans"),
        worn("1", "shoes", ""),
    ]
    pairs = train_complements.pairs_of(samples)
    assert sorted((int(pair.one[0]), int(pair.other[0])) for pair in pairs) == [(2, 3), (3, 2)]


def test_the_fit_finds_the_measure_that_tells() -> None:
    rng = np.random.default_rng(0)
    tells, noise = rng.normal(size=(60, 60)), rng.normal(size=(60, 60))
    tells[np.arange(30), np.arange(30, 60)] += 3
    block = np.stack([tells, noise, -tells], axis=-1)[:30, 30:].astype(np.float32)
    weights = train_complements.fit([block])
    assert weights[0] > 0.5 > weights[1] >= 0 and weights[2] == pytest.approx(0, abs=0.05)


def test_a_lift_is_not_counted_on_what_it_is_weighed_by() -> None:
    """Only the photos of one fold have shirts and trousers, so that the others know nothing of them."""
    kinds = {number: ("shirt", "trousers") if number % train_complements.FOLDS else ("t-shirt", "shorts")
             for number in range(40)}  # fmt: skip
    samples = [
        garment
        for number, (top, bottom) in kinds.items()
        for garment in (worn(str(number), "top", top), worn(str(number), "bottom", bottom))
    ]
    blocks = train_complements.choices(samples, np.zeros((80, 80, 1), np.float32))
    assert [block.shape for block in blocks] == [(10, 10, 2)] * 8
    assert all((block == 0).all() for block in blocks[:2]), "T-shirts and shorts are in the first fold alone"
    assert all((block[..., 1] != 0).all() for block in blocks[2:])
