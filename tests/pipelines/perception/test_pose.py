"""Pose: the arithmetic around the networks exactly, and the networks on a public-domain portrait."""

from __future__ import annotations

import numpy as np
import pytest
import skimage.data
from hypothesis import given
from hypothesis import strategies as st

from pipelines import weights
from pipelines.errors import BadInput
from pipelines.perception import blazepose, pose
from pipelines.perception.blazepose import Region
from pipelines.perception.pose import Pose, PoseEstimator
from pipelines.schema import Image

PORTRAIT_NOSE = np.array([0.425, 0.254])  # of skimage's astronaut, read off the picture


@pytest.fixture(scope="module")
def estimator() -> PoseEstimator:
    return PoseEstimator(weights.resolve("blazepose"), num_threads=1)


@pytest.fixture(scope="module")
def portrait() -> Image:
    return skimage.data.astronaut()


def standing(visibility: float = 1.0) -> Pose:
    """A pose made by hand: someone upright in the middle of a photo of 100 × 80 pixels."""
    k = np.full((33, 2), np.nan, np.float32)
    k[[pose.NOSE, pose.L_EYE, pose.R_EYE, pose.L_EAR, pose.R_EAR]] = [
        (0.5, 0.1), (0.52, 0.08), (0.48, 0.08), (0.55, 0.09), (0.45, 0.09),
    ]  # fmt: skip
    for left, (x, y) in {11: (0.1, 0.2), 13: (0.15, 0.35), 15: (0.16, 0.5), 23: (0.07, 0.5), 25: (0.07, 0.7)}.items():
        k[left], k[left + 1] = (0.5 + x, y), (0.5 - x, y)
    k[27], k[28] = (0.57, 0.9), (0.43, 1.2)
    return Pose(k, np.full(33, visibility, np.float32), np.zeros((100, 80), np.uint8), (0.3, 0.0, 0.7, 1.0))


def test_anchors_are_those_of_the_detector() -> None:
    anchors = blazepose.ssd_anchors()
    assert anchors.shape == (2254, 2)
    np.testing.assert_allclose(anchors[0], [0.5 / 28, 0.5 / 28])
    np.testing.assert_allclose(anchors[2], [1.5 / 28, 0.5 / 28])  # two per cell, x runs fastest
    np.testing.assert_allclose(anchors[28 * 28 * 2 + 14 * 14 * 2 + 6], [1.5 / 7, 0.5 / 7])


@given(
    st.floats(-50, 500), st.floats(-50, 500), st.floats(10, 900), st.floats(-3.1, 3.1),
)  # fmt: skip
def test_a_region_maps_its_centre_and_its_top(x: float, y: float, side: float, angle: float) -> None:
    matrix = Region(x, y, side, angle).to_photo(256)
    centre, top = (matrix @ [*point, 1.0] for point in ((128, 128), (128, 0)))
    np.testing.assert_allclose(centre, [x, y], atol=1e-6)
    np.testing.assert_allclose(top - centre, side / 2 * np.array([np.sin(angle), -np.cos(angle)]), atol=1e-6)


def test_a_region_is_upright_when_its_top_is_above() -> None:
    region = Region.around(np.array([50, 80], np.float32), np.array([50, 40], np.float32))
    assert region.angle == 0 and region.side == pytest.approx(2 * 1.25 * 40)
    leaning = Region.around(np.array([50, 80], np.float32), np.array([90, 80], np.float32))
    assert leaning.angle == pytest.approx(np.pi / 2)


def test_overlap_of_regions() -> None:
    a = Region(0, 0, 10, 0)
    assert a.overlap(a) == 1
    assert a.overlap(Region(5, 0, 10, 0)) == pytest.approx(50 / 150)
    assert a.overlap(Region(10, 0, 10, 0)) == 0
    assert a.overlap(Region(0, 0, 5, 0)) == pytest.approx(0.25)


def test_refining_moves_to_the_peak_only_where_it_is_sure() -> None:
    heat = np.zeros((64, 64, 39), np.float32)
    heat[30:33, 40:43, 0] = 0.9
    heat[30:33, 40:43, 1] = 0.4
    start = np.full((39, 2), 0.625, np.float32)
    start[:, 1] = 0.5
    start[2] = (1.7, -0.2)
    refined = blazepose.refine(start, heat)
    np.testing.assert_allclose(refined[0], [41 / 64, 31 / 64], atol=1e-6)
    np.testing.assert_array_equal(refined[1:], start[1:])


def test_openpose_order_and_what_is_missing() -> None:
    points = pose.openpose18(standing())
    assert points.shape == (18, 2) and points.dtype == np.float32
    np.testing.assert_allclose(points[1], [0.5, 0.2], atol=1e-6)  # neck
    np.testing.assert_allclose(points[2], [0.4, 0.2], atol=1e-6)  # the person's right shoulder, left in the photo
    np.testing.assert_allclose(points[14], [0.48, 0.08], atol=1e-6)  # right eye
    assert np.isnan(points[10]).all(), "the right ankle lies outside the photo"
    assert np.isnan(points).any(1).sum() == 1
    assert np.isnan(pose.openpose18(standing(visibility=0.1))).all()


def test_the_picture_of_a_pose_has_openpose_colours() -> None:
    picture = pose.draw_pose(standing(), (200, 160))
    assert picture.shape == (200, 160, 3) and picture.dtype == np.uint8
    neck, nose = picture[40, 80], picture[20, 80]
    assert neck.tolist() == [255, 85, 0] and nose.tolist() == [255, 0, 0]
    assert not picture[-5:].any() and not picture[:, :5].any()


def test_a_portrait(estimator: PoseEstimator, portrait: Image) -> None:
    found = estimator(portrait)
    assert found.people == 1
    assert found.keypoints.shape == (33, 2) and found.keypoints.dtype == np.float32
    np.testing.assert_allclose(found.keypoints[pose.NOSE], PORTRAIT_NOSE, atol=0.02)
    assert found.visibility[pose.NOSE] > 0.9 > found.visibility[pose.L_ANKLE]
    assert found.person_mask.shape == portrait.shape[:2] and set(np.unique(found.person_mask)) == {0, 255}
    assert found.person_mask[130, 217] == 255 and found.person_mask[60, 460] == 0
    assert 0.3 < (found.person_mask > 0).mean() < 0.7


def test_a_mirrored_photo_gives_the_mirrored_pose(estimator: PoseEstimator, portrait: Image) -> None:
    plain, mirrored = estimator(portrait), estimator(np.ascontiguousarray(portrait[:, ::-1]))
    back = mirrored.keypoints[[pose.R_SHOULDER, pose.L_SHOULDER]] * [-1, 1] + [1, 0]
    np.testing.assert_allclose(back, plain.keypoints[[pose.L_SHOULDER, pose.R_SHOULDER]], atol=0.03)


def test_a_large_photo_gives_the_same_pose(estimator: PoseEstimator, portrait: Image) -> None:
    large = portrait.repeat(3, 0).repeat(3, 1)
    upper = slice(0, 13)
    np.testing.assert_allclose(estimator(large).keypoints[upper], estimator(portrait).keypoints[upper], atol=0.015)


@pytest.mark.parametrize("cut", [np.s_[160:, 40:], np.s_[:, 40:330]], ids=["no head", "narrow"])
def test_cropped_bodies_are_found(estimator: PoseEstimator, portrait: Image, cut: tuple[slice, slice]) -> None:
    found = estimator(np.ascontiguousarray(portrait[cut]))
    assert found.people == 1 and found.visibility[pose.R_SHOULDER] > 0.5


def test_of_several_people_the_largest(estimator: PoseEstimator, portrait: Image) -> None:
    both = np.concatenate([portrait, portrait[:, ::-1]], axis=1)
    assert estimator(both).people == 2
    half = portrait[::2, ::2]
    beside = np.full((512, 256, 3), 200, np.uint8)
    beside[256:] = half
    found = estimator(np.concatenate([beside, portrait], axis=1))
    assert found.keypoints[pose.NOSE, 0] > 1 / 3


@pytest.mark.parametrize("name", ["coffee", "chelsea", "rocket", "noise", "white"])
def test_nobody_there_is_said_plainly(estimator: PoseEstimator, name: str) -> None:
    pictures = {
        "noise": np.random.default_rng(0).integers(0, 256, (300, 200, 3), dtype=np.uint8),
        "white": np.full((256, 192, 3), 255, np.uint8),
    }
    image = pictures[name] if name in pictures else getattr(skimage.data, name)()
    with pytest.raises(BadInput, match="no person was found") as error:
        estimator(image)
    assert error.value.what == "person photo" and error.value.next_step


def test_only_rgb_is_taken(estimator: PoseEstimator) -> None:
    with pytest.raises(BadInput, match="RGB uint8"):
        estimator(np.zeros((64, 64), np.uint8))


def test_tiny_and_extreme_photos_are_refused_not_crashed(estimator: PoseEstimator) -> None:
    for shape in ((1, 1, 3), (2, 900, 3), (900, 2, 3)):
        with pytest.raises(BadInput):
            estimator(np.zeros(shape, np.uint8))
