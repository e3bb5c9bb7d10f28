"""The garment analyser with the shipped weights: what is read, what is refused, what is said."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from pipelines import weights
from pipelines.errors import BadInput
from pipelines.perception.classify import CATEGORY_OF, KINDS, LABELS, SLEEVES, close_view, judge, letterbox
from pipelines.perception.garment import Garment, GarmentAnalyser
from pipelines.schema import CategoryChoice, Image, Mask
from training.garment_examples import Example, cut_down, page
from training.garment_pictures import is_held_out, mask_quality


@pytest.fixture(scope="module")
def analyser() -> GarmentAnalyser:
    """The shipped networks on the published backbone."""
    backbone = weights.resolve("efficientnet-lite0")
    return GarmentAnalyser(weights.resolve("garment"), next(backbone.glob("*.pth")))


def shirt(size: int = 320) -> tuple[Image, Mask]:
    """A denim-blue T-shirt on near-white ground, with its true mask."""
    outline = np.array(
        [(0.38, 0.1), (0.44, 0.14), (0.56, 0.14), (0.62, 0.1), (0.8, 0.17), (0.93, 0.38), (0.8, 0.43), (0.74, 0.34),
         (0.74, 0.9), (0.26, 0.9), (0.26, 0.34), (0.2, 0.43), (0.07, 0.38), (0.2, 0.17)]
    )  # fmt: skip
    mask = np.zeros((size, size), np.uint8)
    cv2.fillPoly(mask, [np.rint(outline * size).astype(np.int32)], 255)
    rng = np.random.default_rng(5)
    weave = (
        rng.normal(0, 9, (size, size, 1))
        + 14 * cv2.GaussianBlur(rng.normal(0, 6, (size, size, 1)), (0, 0), 9)[..., None]
    )
    depth = cv2.GaussianBlur(mask, (0, 0), 6)[..., None] / 255
    cloth = np.array([62, 84, 132]) * (0.75 + 0.25 * depth) + weave
    alpha = cv2.GaussianBlur(mask, (0, 0), 0.7)[..., None] / 255
    return np.clip(alpha * cloth + (1 - alpha) * 247, 0, 255).astype(np.uint8), mask


@pytest.fixture(scope="module")
def read_shirt(analyser: GarmentAnalyser) -> Garment:
    return analyser.analyse(shirt()[0])


def test_a_t_shirt_is_read_as_one(read_shirt: Garment) -> None:
    assert (read_shirt.category, read_shirt.kind, read_shirt.sleeve) == ("upper", "top", "short")
    assert 0.5 < read_shirt.confidence <= 1
    found, true = read_shirt.mask > 0, shirt()[1] > 0
    assert (found & true).sum() / (found | true).sum() > 0.95
    assert read_shirt.landmarks.parts.shape == read_shirt.mask.shape == read_shirt.image.shape[:2]


def test_the_same_picture_gives_the_same_answer(analyser: GarmentAnalyser, read_shirt: Garment) -> None:
    again = analyser.analyse(shirt()[0])
    assert np.array_equal(again.mask, read_shirt.mask)
    assert np.array_equal(again.landmarks.points, read_shirt.landmarks.points, equal_nan=True)
    assert again.confidence == read_shirt.confidence


def test_alpha_is_the_mask(analyser: GarmentAnalyser) -> None:
    image, mask = shirt()
    found = analyser.analyse(np.dstack([image, mask]))
    assert np.array_equal(found.mask, mask) and found.image.shape == image.shape


def test_a_category_that_was_asked_for_is_obeyed_and_doubted_aloud(analyser: GarmentAnalyser) -> None:
    found = analyser.analyse(shirt()[0], "lower")
    assert found.category == "lower" and found.confidence == 1 and found.kind in ("trousers", "shorts", "skirt")
    assert any("upper" in w and "lower" in w for w in found.warnings)


def chair() -> Image:
    """A wooden chair on white."""
    image = np.full((320, 320, 3), 255, np.uint8)
    for x, top in ((90, 40), (210, 40), (110, 190), (230, 190)):
        cv2.rectangle(image, (x, top), (x + 10, 300), (120, 80, 40), -1)
    cv2.fillPoly(image, [np.array([(85, 190), (215, 190), (245, 215), (105, 215)])], (150, 100, 55))
    for y in (50, 90, 130):
        cv2.rectangle(image, (90, y), (220, y + 12), (140, 92, 50), -1)
    return image


@pytest.mark.parametrize("name", ["chair", "page", "cat", "face", "coffee", "rocket"])
def test_what_is_no_garment_is_refused(analyser: GarmentAnalyser, name: str) -> None:
    from skimage import data

    pictures = {
        "chair": chair,
        "page": lambda: page(np.random.default_rng(1)),
        "cat": data.chelsea,
        "coffee": data.coffee,
        "face": lambda: data.astronaut()[0:220, 130:320],
        "rocket": data.rocket,
    }
    with pytest.raises(BadInput) as error:
        analyser.analyse(np.ascontiguousarray(pictures[name]()))
    assert error.value.what == "garment picture" and "looks like" in error.value.got


@pytest.mark.parametrize("category", ["shirt", ""])
def test_an_unknown_category_is_refused(analyser: GarmentAnalyser, category: CategoryChoice) -> None:
    with pytest.raises(BadInput, match="category"):
        analyser.analyse(shirt()[0], category)


def test_what_is_no_picture_is_refused(analyser: GarmentAnalyser) -> None:
    with pytest.raises(BadInput, match="RGB uint8"):
        analyser.analyse(np.zeros((20, 20), np.uint8))
    with pytest.raises(BadInput, match="RGB uint8"):
        analyser.analyse(np.zeros((20, 20, 3), np.float32))  # type: ignore[arg-type]


def test_a_small_or_cropped_garment_is_told(analyser: GarmentAnalyser) -> None:
    image, _ = shirt()
    small = cv2.copyMakeBorder(cv2.resize(image, (100, 100)), 150, 250, 200, 200, cv2.BORDER_CONSTANT, value=(247,) * 3)
    assert any("small" in w for w in analyser.analyse(small, "upper").warnings)
    assert any("cut off" in w for w in analyser.analyse(np.ascontiguousarray(image[:200, 60:260]), "upper").warnings)


def chances(**of: float) -> np.ndarray:
    """Chances of `LABELS`, by their last word."""
    return np.array([of.get(label.split()[-1], 0.0) for label in LABELS], np.float32)


def test_chances_of_trousers_and_shorts_add_up_to_lower() -> None:
    seen = judge(chances(trousers=0.3, shorts=0.25, top=0.4), np.array([0, 1, 0], np.float32), 0.5)
    assert (seen.category, seen.kind, seen.sleeve) == ("lower", "trousers", "short")
    assert seen.confidence == pytest.approx(0.55 / 0.95) and seen.is_garment


def test_worn_garments_pass_and_shoes_do_not() -> None:
    nothing = np.array([1, 0, 0], np.float32)
    assert judge(chances(top=0.1, person=0.9), nothing, 0.5).is_garment
    seen = judge(chances(top=0.1, shoes=0.9), nothing, 0.5)
    assert not seen.is_garment and seen.looks_like == "shoes"


def test_labels_begin_with_the_kinds_and_each_has_a_category() -> None:
    assert LABELS[: len(KINDS)] == KINDS == tuple(CATEGORY_OF) and SLEEVES == ("none", "short", "long")


def test_letterbox_keeps_the_shape_and_says_where_it_is() -> None:
    square, (x, y, width, height) = letterbox(np.full((100, 50, 3), 255, np.uint8), 64)
    assert (x, y, width, height) == (16, 0, 32, 64) and square.shape == (3, 64, 64) and square.min() == 1


def test_the_close_view_is_the_garments_box() -> None:
    image = np.zeros((200, 200, 3), np.uint8)
    image[80:120, 80:120] = 255
    mask = image[..., 0].copy()
    assert (close_view(image, mask) > 0).mean() > 0.6
    assert (close_view(image, np.zeros_like(mask)) > 0).mean() < 0.05


def test_mask_quality_knows_right_from_wrong() -> None:
    image, mask = shirt()
    wrong = mask.copy()
    wrong[:160] = 0  # half a shirt
    assert mask_quality(image, mask) > 0.85
    assert mask_quality(image, np.roll(mask, 25, axis=1)) < 0.7
    assert mask_quality(image, np.zeros_like(mask)) == mask_quality(image, np.full_like(mask, 255)) == 0
    assert mask_quality(image, wrong) < mask_quality(image, mask)


def test_a_fifth_is_held_out_for_good() -> None:
    share = np.mean([is_held_out(f"picture-{i}") for i in range(2000)])
    assert 0.17 < share < 0.23 and is_held_out("a") == is_held_out("a")


def test_a_dress_cut_across_leaves_tops_and_a_skirt() -> None:
    mask = np.zeros((300, 200), np.uint8)
    cv2.fillPoly(mask, [np.array([(70, 20), (130, 20), (160, 280), (40, 280)])], 255)
    dress = Example(np.zeros((300, 200, 3), np.uint8), mask, LABELS.index("dress"), 1, False, "garments")
    pieces = list(cut_down(dress, np.random.default_rng(0)))
    assert [LABELS[p.label] for p in pieces] == ["top", "top", "skirt"]
    for piece in pieces[:2]:
        assert piece.mask is not None and piece.mask[22:60].any() and not piece.mask[230:].any()
    assert pieces[2].mask is not None and not pieces[2].mask[:80].any() and piece.sleeve == -1
