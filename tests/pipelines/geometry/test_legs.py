import numpy as np
import pytest

from pipelines.geometry.legs import bared
from pipelines.schema import PARSING_LABELS
from tests.pipelines.geometry.bodies import SIZE, standing

L = {name: i for i, name in enumerate(PARSING_LABELS)}
BROWN, GREY, BLUE = (140, 90, 60), (150, 150, 150), (40, 60, 160)
#: Rows of the new hem and of the old one, and columns of the bones and of the middle between the legs.
HEM, OLD_HEM, BONES, BETWEEN = 230, 300, (84, 116), 100


@pytest.fixture
def labels() -> np.ndarray:
    """Somebody in a top and trousers so wide that they leave nothing between the legs."""
    found = np.zeros(SIZE, np.uint8)
    found[76:180, 66:134] = L["upper"]
    found[180:OLD_HEM, 55:145] = L["lower"]
    found[62:76, 88:112] = L["neck"]
    found[120:172, 40:62] = L["arms"]
    return found


@pytest.fixture
def mask() -> np.ndarray:
    found = np.zeros(SIZE, np.uint8)
    found[176 : OLD_HEM + 6, 49:151] = 255
    return found


def photo_of(labels: np.ndarray) -> np.ndarray:
    photo = np.full((*SIZE, 3), GREY, np.uint8)
    photo[np.isin(labels, [L[name] for name in ("neck", "arms", "legs")])] = BROWN
    photo[labels == L["lower"]] = BLUE
    return photo


def skirt(hem: int) -> np.ndarray:
    found = np.zeros(SIZE, np.uint8)
    found[176:hem, 64:136] = 255
    return found


def test_below_a_shorter_hem_are_bare_legs_and_the_ground(labels: np.ndarray, mask: np.ndarray) -> None:
    photo = photo_of(labels)
    bare, parsing, left = bared(photo, labels, standing(), skirt(HEM), mask)
    for bone in BONES:
        assert np.abs(bare[265, bone].astype(int) - BROWN).max() < 12
        assert parsing[265, bone] == L["legs"]
    for ground in (57, BETWEEN, 143):
        assert np.abs(bare[265, ground].astype(int) - GREY).max() < 8
        assert parsing[265, ground] == L["background"]
    # No thread of the trousers is left where the painted garment fades out.
    assert not (np.abs(bare[HEM + 8 :].astype(int) - BLUE).max(-1) < 30).any()
    assert not left[HEM + 10 :].any()
    assert np.array_equal(left[: HEM - 5], mask[: HEM - 5])


def test_nothing_changes_outside_the_mask(labels: np.ndarray, mask: np.ndarray) -> None:
    photo = photo_of(labels)
    bare, parsing, _ = bared(photo, labels, standing(), skirt(HEM), mask)
    assert np.array_equal(bare[mask == 0], photo[mask == 0])
    assert np.array_equal(parsing[mask == 0], labels[mask == 0])


def test_a_hem_as_low_as_the_old_one_and_a_person_without_skin_leave_all_as_it_is(
    labels: np.ndarray, mask: np.ndarray
) -> None:
    covered = labels.copy()
    covered[np.isin(labels, (L["neck"], L["arms"]))] = L["upper"]
    for worn, hem in ((labels, OLD_HEM), (covered, HEM)):
        photo = photo_of(worn)
        bare, parsing, left = bared(photo, worn, standing(), skirt(hem), mask)
        assert bare is photo and parsing is worn and left is mask


@pytest.mark.parametrize("half", [7, 12])
def test_legs_go_on_as_wide_as_they_are_seen(labels: np.ndarray, mask: np.ndarray, half: int) -> None:
    labels[265:] = 0
    for bone in BONES:
        labels[265:310, bone - half + 2 : bone + half + 3] = L["legs"]
    photo = photo_of(labels)
    mask[270:] = 0
    bare, parsing, _ = bared(photo, labels, standing(), skirt(HEM), mask)
    drawn = np.flatnonzero(parsing[258, :BETWEEN] == L["legs"])
    seen = np.flatnonzero(labels[290, :BETWEEN] == L["legs"])
    assert np.abs(drawn[[0, -1]] - seen[[0, -1]]).max() <= 3
    # What is seen stays, as far as the old hem is away.
    assert np.array_equal(bare[270:], photo[270:])
