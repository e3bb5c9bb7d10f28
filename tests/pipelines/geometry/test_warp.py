"""The warp, on a T-shirt whose parts and points are known because the test draws it."""

import cv2
import numpy as np
import pytest

from pipelines.geometry.frame import trunk_frame
from pipelines.geometry.garment import LEFT_SLEEVE, POINT_NAMES, RIGHT_SLEEVE, TORSO, GarmentLandmarks
from pipelines.geometry.limbs import cut_line, limb
from pipelines.geometry.warp import warp_garment
from tests.pipelines.geometry.bodies import SIZE, standing

HEIGHT, WIDTH = 200, 220
POINTS = {
    "collar_left": (90, 20), "collar_right": (130, 20), "neck_bottom": (110, 36), "shoulder_left": (64, 30),
    "shoulder_right": (156, 30), "armpit_left": (66, 74), "armpit_right": (154, 74), "waist_left": (68, 120),
    "waist_right": (152, 120), "hem_left": (66, 176), "hem_right": (154, 176), "cuff_left_outer": (24, 70),
    "cuff_left_inner": (46, 86), "cuff_right_outer": (196, 70), "cuff_right_inner": (174, 86),
}  # fmt: skip
RED, GREEN, BLUE = (200, 30, 30), (30, 200, 30), (30, 30, 200)


def t_shirt() -> tuple[np.ndarray, GarmentLandmarks]:
    """Red trunk, green left sleeve, blue right sleeve; and where everything is."""
    parts = np.zeros((HEIGHT, WIDTH), np.uint8)
    p = POINTS
    for label, names in (
        (TORSO, ("collar_left", "neck_bottom", "collar_right", "shoulder_right", "armpit_right", "hem_right",
                 "hem_left", "armpit_left", "shoulder_left")),
        (LEFT_SLEEVE, ("shoulder_left", "armpit_left", "cuff_left_inner", "cuff_left_outer")),
        (RIGHT_SLEEVE, ("shoulder_right", "armpit_right", "cuff_right_inner", "cuff_right_outer")),
    ):  # fmt: skip
        cv2.fillPoly(parts, [np.array([p[n] for n in names], np.int32)], label)
    picture = np.full((HEIGHT, WIDTH, 3), 250, np.uint8)
    for label, colour in ((TORSO, RED), (LEFT_SLEEVE, GREEN), (RIGHT_SLEEVE, BLUE)):
        picture[parts == label] = colour
    points = np.array([p.get(n, (np.nan, np.nan)) for n in POINT_NAMES], np.float32) / (WIDTH, HEIGHT)
    lines = []
    for side in ("left", "right"):
        start = (np.add(p[f"shoulder_{side}"], p[f"armpit_{side}"])) / 2
        end = (np.add(p[f"cuff_{side}_outer"], p[f"cuff_{side}_inner"])) / 2
        lines.append(np.array([start, (start + end) / 2, end]) / (WIDTH, HEIGHT))
    return picture, GarmentLandmarks(points.astype(np.float32), "top", "short", np.array(lines, np.float32), parts)


def colour_share(hint, mask, colour):
    """Where the hint has nearly this colour."""
    return (mask > 0) & (np.abs(hint.astype(int) - colour).max(2) < 40)


def test_the_trunk_lies_on_the_trunk_and_sleeves_on_the_arms():
    picture, shape = t_shirt()
    hint, mask = warp_garment(picture, shape, "upper", standing(), SIZE)
    trunk, left, right = (colour_share(hint, mask, c) for c in (RED, GREEN, BLUE))
    assert trunk[130, 100] and trunk[100, 85] and trunk[100, 115]
    assert left[105, 63] and right[105, 137]
    # Nothing of the white ground comes along.
    assert not ((mask > 0) & (hint.min(2) > 230)).any()


def test_sleeves_cut_nothing_off_the_chest():
    picture, shape = t_shirt()
    # A print across the whole chest, from armpit to armpit.
    picture[50:70][shape.parts[50:70] == TORSO] = (250, 250, 20)
    hint, mask = warp_garment(picture, shape, "upper", standing(), SIZE)
    printed = colour_share(hint, mask, (250, 250, 20))
    # As wide as the trunk below it.
    assert printed.sum(1).max() >= 0.95 * colour_share(hint, mask, RED)[140].sum()


def test_nothing_flies_off_the_body():
    picture, shape = t_shirt()
    _, mask = warp_garment(picture, shape, "upper", standing(), SIZE)
    rows, columns = np.nonzero(mask)
    assert rows.min() > 50 and rows.max() < 215
    assert columns.min() > 35 and columns.max() < 165


def test_a_sleeve_follows_a_raised_arm():
    picture, shape = t_shirt()
    raised = standing(r_elbow=(20, 74), r_wrist=(-20, 60))
    hint, mask = warp_garment(picture, shape, "upper", raised, SIZE)
    left = colour_share(hint, mask, GREEN)
    assert left[78, 46]
    assert not left[125, 58]


def test_colours_are_not_invented():
    picture, shape = t_shirt()
    hint, mask = warp_garment(picture, shape, "upper", standing(), SIZE)
    known = sum(colour_share(hint, mask, c).sum() for c in (RED, GREEN, BLUE))
    assert known > 0.9 * (mask > 0).sum()


def test_no_dark_thread_runs_round_a_light_garment():
    _, shape = t_shirt()
    white = np.full((HEIGHT, WIDTH, 3), 250, np.uint8)
    hint, mask = warp_garment(white, shape, "upper", standing(), SIZE)
    assert hint[mask > 0].min() >= 248


@pytest.mark.parametrize("scale", [0.5, 2.0])
def test_a_hint_scales_with_the_photo(scale):
    picture, shape = t_shirt()
    _, mask = warp_garment(picture, shape, "upper", standing(), SIZE)
    body = type(standing())(standing().points * scale)
    size = (int(SIZE[0] * scale), int(SIZE[1] * scale))
    _, other = warp_garment(picture, shape, "upper", body, size)
    same = cv2.resize(other, (SIZE[1], SIZE[0]), interpolation=cv2.INTER_AREA) > 127
    overlap = (same & (mask > 0)).sum() / (same | (mask > 0)).sum()
    assert overlap > 0.95


def test_an_unseen_forearm_goes_on_as_the_upper_arm():
    joints = limb(standing(r_wrist=(np.nan, np.nan)), "arm", left=True)
    ahead = joints[2] - joints[1]
    assert ahead @ (joints[1] - joints[0]) > 0


def test_a_limb_is_cut_at_the_length_asked_for():
    joints = np.array([[0.0, 0.0], [0.0, 50.0], [0.0, 100.0]])
    line, bend = cut_line(joints, 75.0, (50.0, 50.0))
    assert line[2] == pytest.approx((0, 75))
    assert bend == pytest.approx(2 / 3)


def test_the_trunk_of_a_turned_person_is_narrower_but_not_flat():
    front, side = trunk_frame(standing()), trunk_frame(standing(r_shoulder=(96, 80), l_shoulder=(104, 80)))
    assert 0.4 < np.linalg.norm(side.x) / np.linalg.norm(front.x) < 0.8
