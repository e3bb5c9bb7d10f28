import numpy as np
import pytest

from pipelines.geometry.skin import LIT, bare_waist, skin_colour, toned
from pipelines.schema import PARSING_LABELS
from tests.pipelines.geometry.bodies import SIZE, standing

L = {name: i for i, name in enumerate(PARSING_LABELS)}
BROWN, GREY = (140, 90, 60), (90, 90, 90)


@pytest.fixture
def labels() -> np.ndarray:
    """Somebody in a top that ends at the hips, and trousers."""
    found = np.zeros(SIZE, np.uint8)
    found[76:180, 66:134] = L["upper"]
    found[180:310, 78:122] = L["lower"]
    found[62:76, 88:112] = L["neck"]
    found[120:172, 48:62] = L["arms"]
    return found


@pytest.fixture
def photo(labels: np.ndarray) -> np.ndarray:
    found = np.full((*SIZE, 3), GREY, np.uint8)
    found[np.isin(labels, (L["neck"], L["arms"]))] = BROWN
    return found


def test_the_colour_of_skin_is_that_of_the_limbs(photo, labels):
    assert np.array_equal(skin_colour(photo, labels, standing()), BROWN)


def test_nobody_s_skin_has_no_colour(photo):
    assert skin_colour(photo, np.full(SIZE, L["upper"], np.uint8), standing()) is None


def test_a_short_top_bares_the_waist_between_its_hem_and_the_waistband(photo, labels):
    top = np.zeros(SIZE, np.uint8)
    top[76:115, 70:130] = 255
    skin, where = bare_waist(photo, labels, standing(), top)
    assert (where[120:140, 90:110] == 255).all()
    assert not where[160:].any() and not where[:100].any()
    assert np.abs(skin[130, 100].astype(int) - BROWN).max() < 12
    # It turns away at the sides.
    edge = np.flatnonzero(where[130])[0]
    assert skin[130, edge].sum() < skin[130, 100].sum()


def test_a_top_that_reaches_the_waistband_bares_nothing(photo, labels):
    top = np.zeros(SIZE, np.uint8)
    top[76:176, 70:130] = 255
    assert not bare_waist(photo, labels, standing(), top)[1].any()


def test_hands_before_the_waist_stay(photo, labels):
    labels[125:135, 95:105] = L["hands"]
    top = np.zeros(SIZE, np.uint8)
    top[76:115, 70:130] = 255
    assert not bare_waist(photo, labels, standing(), top)[1][125:135, 95:105].any()


def test_painted_skin_takes_the_person_s_colour_limb_by_limb_and_keeps_its_shade():
    painted = np.zeros((96, 72, 3), np.float32)
    painted[:, :10], painted[:, -10:] = (220, 150, 100), (90, 55, 38)
    painted[:, :3] *= 0.8
    chance = np.zeros((96, 72), np.float32)
    chance[:, :10] = chance[:, -10:] = 1
    found = toned(painted, chance, np.array(BROWN, np.float32))
    for limb in (found[:, :10], found[:, -10:]):
        assert np.abs(np.log(np.median(limb, (0, 1)) / BROWN)).max() < LIT + 0.1
    assert found[48, 1].sum() < 0.9 * found[48, 7].sum()
    assert np.array_equal(found[:, 25:45], painted[:, 25:45])


def test_light_that_differs_a_little_stays():
    painted = np.full((32, 24, 3), BROWN, np.float32) * 1.1
    found = toned(painted, np.ones((32, 24), np.float32), np.array(BROWN, np.float32))
    assert np.allclose(found, painted, atol=0.5)


def test_where_no_skin_is_painted_nothing_changes():
    painted = np.full((32, 24, 3), 99, np.float32)
    assert np.array_equal(toned(painted, np.zeros((32, 24), np.float32), np.array(BROWN, np.float32)), painted)
