"""Self-supervised try-on examples: what is re-dressed, what must stay, and how hint and truth fit together."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from pipelines.schema import PARSING_LABELS
from training import tryon_data
from training.prepare_cloth import SIDE, cloth_of
from training.tryon_data import Cloth, Worn, enlarge, example, inverse_flow, is_plain, redress

SIZE = (128, 96)
POINTS = np.array(
    [
        (48, 18), (48, 34), (34, 34), (28, 54), (25, 72), (62, 34), (68, 54), (71, 72), (39, 76), (38, 100), (38, 122),
        (57, 76), (58, 100), (58, 122), (45, 15), (51, 15), (42, 17), (54, 17),
    ],
    np.float64,
)  # fmt: skip


@pytest.fixture
def worn() -> Worn:
    """A grey street, a person in a plain blue shirt."""
    rng = np.random.default_rng(0)
    photo = np.full((*SIZE, 3), 128, np.uint8) + rng.integers(0, 20, (*SIZE, 3), dtype=np.uint8)
    labels = np.zeros(SIZE, np.uint8)
    labels[34:78, 30:66] = PARSING_LABELS.index("upper")
    photo[labels > 0] = (40, 60, 160)
    return Worn(photo, labels, POINTS, "upper", 1, (30, 34, 66, 78))


def a_cloth(colour: tuple[int, int, int]) -> Cloth:
    return Cloth(np.full((1, SIDE, SIDE, 3), colour, np.uint8), np.array(["upper"]))


def test_an_example_has_the_shapes_that_the_model_expects(worn):
    found = example(worn, SIZE, np.random.default_rng(0))
    small = (SIZE[0] // 4, SIZE[1] // 4)
    assert found["truth"].shape == found["hint"].shape == (*SIZE, 3)
    assert found["mask"].shape == found["hint_mask"].shape == found["garment"].shape == SIZE
    assert found["layout"].shape == (SIZE[0] // 2, SIZE[1] // 2)
    assert found["known"].shape == SIZE
    assert found["true_flow"].shape == (*small, 2)
    assert (found["mask"][found["garment"] > 0] == 255).all()
    assert (found["hint_mask"] & ~found["mask"]).max() == 0


def test_redressing_changes_the_garment_alone_and_gives_it_the_colour_of_the_cloth(worn):
    garment = np.where(worn.labels > 0, 255, 0).astype(np.uint8)
    cloth = np.full((*SIZE, 3), (200, 30, 40), np.float32)
    out = redress(worn.photo, garment, cloth, 28.0, np.random.default_rng(1))
    far = cv2.dilate(garment, np.ones((9, 9), np.uint8)) == 0
    assert np.array_equal(out[far], worn.photo[far])
    inner = cv2.erode(garment, np.ones((9, 9), np.uint8)) > 0
    assert np.abs(out[inner].mean(0) - (200, 30, 40)).max() < 12


def test_the_light_on_what_was_worn_stays(worn):
    garment = np.where(worn.labels > 0, 255, 0).astype(np.uint8)
    photo = worn.photo.copy()
    photo[34:78, 30:44] //= 2  # the left half lies in shadow
    out = redress(photo, garment, np.full((*SIZE, 3), 150, np.float32), 28.0, np.random.default_rng(1)).astype(int)
    assert out[50:60, 34:40].mean() < 0.85 * out[50:60, 52:60].mean()


def test_with_cloth_truth_and_hint_show_it(worn, monkeypatch):
    monkeypatch.setattr(tryon_data, "REDRESSED", 1.0)
    found = example(worn, SIZE, np.random.default_rng(2), a_cloth((30, 170, 60)))
    for name, where in (("truth", "garment"), ("hint", "hint_mask")):
        red, green, blue = found[name][found[where] > 0].mean(0)
        assert green > red + 30 and green > blue + 30, name


def test_a_print_is_not_taken_for_light(worn):
    garment = np.where(worn.labels > 0, 255, 0).astype(np.uint8)
    assert is_plain(worn.photo, garment)
    printed = worn.photo.copy()
    printed[40:70:4, 30:66] = 250
    printed[42:70:4, 30:66] = 250
    assert not is_plain(printed, garment)


def test_the_true_flow_undoes_the_displacement():
    y, x = np.mgrid[:48, :36].astype(np.float32)
    field = np.stack([2 * np.sin(y / 14), 1.5 * np.cos(x / 11)], -1).astype(np.float32)
    truth = cv2.GaussianBlur(np.random.default_rng(0).random((48, 36)).astype(np.float32), (0, 0), 3)
    hint = cv2.remap(truth, x + field[..., 0], y + field[..., 1], cv2.INTER_LINEAR)
    flow = inverse_flow(field)
    back = cv2.remap(hint, x + flow[..., 0], y + flow[..., 1], cv2.INTER_LINEAR)
    inner = (slice(6, -6), slice(6, -6))
    assert np.abs(back - truth)[inner].mean() < 0.2 * np.abs(hint - truth)[inner].mean()
    assert enlarge(flow, 4).shape == (192, 144, 2)


def test_who_came_in_something_loose_is_repainted_beside_the_body_too(worn, monkeypatch):
    labels = worn.labels.copy()
    labels[50:78, 40:56] = 0  # an open gap, as between arms and trunk
    monkeypatch.setattr(tryon_data, "LOOSE", 1.0)
    before = tryon_data.as_if_before(labels, "upper", np.random.default_rng(0))
    assert (before[34:78, 30:66] == PARSING_LABELS.index("upper")).all()
    assert (before[80:] == labels[80:]).all()
    monkeypatch.setattr(tryon_data, "LOOSE", 0.0)
    before = tryon_data.as_if_before(labels, "upper", np.random.default_rng(0))
    assert np.array_equal(before, labels)


def test_what_a_worn_garment_leaves_of_its_folds_in_the_hint_tells_nothing(worn):
    garment = np.where(worn.labels > 0, 255, 0).astype(np.uint8)
    x = np.arange(SIZE[1])[None].repeat(SIZE[0], 0)
    folds = 25 * np.sin(x / 3.0)
    picture = np.full((*SIZE, 3), 120, np.float32) + folds[..., None].astype(np.float32)
    kept = []
    for seed in range(40):
        grey = tryon_data.relit(picture, garment, 28.0, np.random.default_rng(seed)).mean(2)
        kept.append(np.polyfit(folds[garment > 0], grey[garment > 0], 1)[0])
    assert abs(np.mean(kept)) < 0.35 < 1


def test_cloth_is_the_garment_alone_scaled_to_the_square():
    picture = np.full((120, 90, 3), (250, 250, 250), np.uint8)
    mask = np.zeros((120, 90), np.uint8)
    mask[20:100, 30:70] = 255
    picture[mask > 0] = (10, 120, 30)
    cloth = cloth_of(picture, mask)
    assert cloth.shape == (SIDE, SIDE, 3)
    assert np.abs(cloth.astype(int) - (10, 120, 30)).max() <= 3


def test_without_cloth_of_its_kind_a_garment_keeps_its_own(worn, monkeypatch):
    monkeypatch.setattr(tryon_data, "REDRESSED", 1.0)
    trousers = Cloth(np.full((1, SIDE, SIDE, 3), 200, np.uint8), np.array(["lower"]))
    for seed in range(3):
        kept, own = (example(worn, SIZE, np.random.default_rng(seed), cloth) for cloth in (trousers, None))
        assert np.array_equal(kept["truth"], own["truth"])
