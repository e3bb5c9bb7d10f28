import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.geometry.agnostic import REPLACED, agnostic_mask, label_mask
from pipelines.geometry.layout import LAYOUT_LABELS, UNKNOWN, known_layout, layout_of
from pipelines.schema import PARSING_LABELS
from tests.pipelines.geometry.bodies import SIZE, standing

L = {name: i for i, name in enumerate(PARSING_LABELS)}


def dressed(**boxes: tuple[int, int, int, int]) -> np.ndarray:
    """A parsing with rectangles (x0, y0, x1, y1) of labels, later ones on top."""
    labels = np.zeros(SIZE, np.uint8)
    for name, (x0, y0, x1, y1) in boxes.items():
        labels[y0:y1, x0:x1] = L[name]
    return labels


PERSON = dressed(
    hair=(82, 14, 118, 60), face=(88, 26, 112, 62), neck=(92, 62, 108, 78), upper=(66, 76, 134, 180),
    lower=(78, 180, 122, 310), arms=(48, 120, 62, 172), hands=(44, 172, 60, 190), shoes=(78, 310, 122, 326),
)  # fmt: skip
NOTHING = np.zeros(SIZE, np.uint8)


@pytest.mark.parametrize("category", ["upper", "lower", "dress"])
def test_nothing_of_the_old_garment_remains(category):
    mask = agnostic_mask(PERSON, standing(), category, NOTHING)
    worn = label_mask(PERSON, REPLACED[category])
    assert (mask[worn > 0] == 255).all()


@pytest.mark.parametrize("category", ["upper", "lower", "dress"])
def test_face_hands_and_shoes_stay(category):
    mask = agnostic_mask(PERSON, standing(), category, NOTHING)
    inner = cv2.erode(label_mask(PERSON, ("face", "hands", "shoes")), np.ones((3, 3), np.uint8))
    assert (mask[inner > 0] == 0).all()


def test_hair_that_falls_over_the_garment_stays():
    labels = PERSON.copy()
    labels[60:140, 110:122] = L["hair"]
    mask = agnostic_mask(labels, standing(), "upper", NOTHING)
    assert (mask[62:138, 112:120] == 0).all()


def test_a_red_boot_printed_on_the_chest_is_not_kept_in_front():
    labels = PERSON.copy()
    labels[120:124, 98:103] = L["shoes"]
    mask = agnostic_mask(labels, standing(), "upper", NOTHING)
    assert (mask[118:126, 96:105] == 255).all()


def test_the_new_garment_widens_the_mask():
    sleeve = NOTHING.copy()
    sleeve[90:170, 44:64] = 255
    mask = agnostic_mask(PERSON, standing(), "upper", sleeve)
    assert (mask[92:168, 46:62] == 255).all()


def test_a_new_top_leaves_the_skirt_of_a_dress():
    labels = dressed(dress=(66, 76, 134, 290))
    mask = agnostic_mask(labels, standing(), "upper", NOTHING)
    assert (mask[90:160, 70:130] == 255).all()
    assert (mask[220:280] == 0).all()


def test_below_a_short_top_a_dress_stays_from_its_hem_down():
    labels = dressed(dress=(66, 76, 134, 290))
    top = NOTHING.copy()
    top[76:110, 66:134] = 255
    for sleeves in (0, 180):  # they hang lower than its hem
        top[76:sleeves, 48:62] = 255
        mask = agnostic_mask(labels, standing(), "upper", top)
        assert (mask[90:105, 70:130] == 255).all()
        assert (mask[140:280, 66:134] == 0).all()


def test_a_new_skirt_leaves_the_top():
    mask = agnostic_mask(PERSON, standing(), "lower", NOTHING)
    assert (mask[80:165, 90:110] == 0).all()


def test_legs_go_under_new_trousers_down_to_their_hem():
    labels = dressed(upper=(66, 76, 134, 180), lower=(78, 180, 122, 220), legs=(70, 220, 130, 300))
    trousers = NOTHING.copy()
    trousers[180:280, 90:110] = 255
    mask = agnostic_mask(labels, standing(), "lower", trousers)
    assert (mask[222:265, 71:129] == 255).all()
    assert (mask[290:300, 70:82] == 0).all()


def test_a_new_top_leaves_bare_legs():
    labels = dressed(upper=(66, 76, 134, 180), lower=(78, 180, 122, 220), legs=(70, 220, 130, 300))
    assert (agnostic_mask(labels, standing(), "upper", NOTHING)[225:] == 0).all()


@given(st.floats(0.01, 0.2), st.floats(0.01, 0.2))
def test_a_larger_margin_never_shrinks_the_mask(a, b):
    small, large = (agnostic_mask(PERSON, standing(), "upper", NOTHING, margin=m) for m in sorted((a, b)))
    assert (large >= small).all()


def test_the_layout_knows_what_stays_and_not_what_is_masked():
    mask = agnostic_mask(PERSON, standing(), "upper", NOTHING)
    known = known_layout(PERSON, mask)
    assert (known[mask > 0] == UNKNOWN).all()
    assert known[300, 100] == LAYOUT_LABELS.index("other clothing")
    assert layout_of(PERSON, mask)[100, 100] == LAYOUT_LABELS.index("garment")
