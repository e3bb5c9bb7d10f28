import numpy as np
import pytest

from pipelines.errors import BadInput
from pipelines.geometry.body import OPENPOSE18, Body, mirrored18
from tests.pipelines.geometry.bodies import SIZE, standing

NAN = (np.nan, np.nan)


def test_the_unit_is_the_shoulder_width_of_a_person_who_faces_us():
    body = standing()
    assert body.unit == pytest.approx(92 / 1.5, rel=0.05)
    assert body.down == pytest.approx((0, 1), abs=1e-6)


def test_a_turned_person_keeps_their_unit():
    turned = standing(r_shoulder=(90, 80), l_shoulder=(110, 80))
    assert turned.unit == pytest.approx(standing().unit, rel=0.05)


def test_hidden_hips_are_put_below_the_shoulders():
    body = standing(r_hip=NAN, l_hip=NAN)
    assert body.hips == pytest.approx((100, 80 + 1.5 * 60))


def test_without_shoulders_there_is_a_clear_refusal():
    points = standing(r_shoulder=NAN).points / (SIZE[1], SIZE[0])
    with pytest.raises(BadInput, match="shoulders"):
        Body.from_keypoints(points.astype(np.float32), SIZE)


def test_a_mirrored_body_is_the_same_after_two_mirrors():
    points = np.random.default_rng(0).random((18, 2))
    once = mirrored18(points)
    assert np.allclose(mirrored18(once), points)
    right, left = (OPENPOSE18.index(name) for name in ("r_wrist", "l_wrist"))
    assert np.allclose(once[left], (1 - points[right][0], points[right][1]))
