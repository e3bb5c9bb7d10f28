"""OpenPose's points in the place of BlazePose's: the network from a file, and from its order to ours."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest

from pipelines import looking
from pipelines.errors import BadInput, MissingWeights
from pipelines.geometry.body import Body
from pipelines.perception.openpose import OpenPoseEstimator, load_openpose, nearest18, with_openpose18
from pipelines.perception.pose import (
    L_INDEX,
    L_SHOULDER,
    NOSE,
    R_ELBOW,
    R_WRIST,
    PoseEstimator,
    openpose18,
    pose_from_arrays,
)

# controlnet-aux imports all its detectors, and each says what it lacks.
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")


def blazepose():
    """A pose whose landmarks all lie in a mask on the left half of a picture of 40 × 60."""
    mask = np.zeros((60, 40), np.uint8)
    mask[:, :20] = 255
    rng = np.random.default_rng(0)
    return pose_from_arrays((rng.random((33, 2)) * (0.4, 1)).astype(np.float32), np.ones(33, np.float32), mask)


def found(*people: dict[int, tuple[float, float, float]]):
    """Candidates and people as controlnet-aux's network gives them, from part → x, y, confidence in pixels."""
    candidates, rows = [], []
    for person in people:
        row = np.full(20, -1.0)
        for part, (x, y, sure) in person.items():
            row[part] = len(candidates)
            candidates.append((x, y, sure, len(candidates)))
        rows.append(row)
    return np.array(candidates).reshape(-1, 4), np.array(rows).reshape(-1, 20)


def test_what_openpose_sees_takes_the_place_of_the_same_point():
    pose = blazepose()
    # Parts by OpenPose: 0 nose, 1 neck, 3 right elbow, 4 right wrist, 5 left shoulder.
    seen = found({0: (3, 5, 0.9), 1: (4, 4, 0.8), 3: (5, 20, 0.7), 5: (7, 10, 1.4)}, {4: (35, 30, 0.9)})
    points, sure = nearest18(*seen, (60, 40), pose)
    mixed = with_openpose18(pose, points, sure)
    assert mixed.keypoints[NOSE] == pytest.approx([3.5 / 40, 5.5 / 60]) and mixed.visibility[NOSE] == np.float32(0.9)
    assert mixed.keypoints[R_ELBOW] == pytest.approx([5.5 / 40, 20.5 / 60])
    assert mixed.visibility[L_SHOULDER] == 1
    kept = [R_WRIST, L_INDEX]
    assert np.array_equal(mixed.keypoints[kept], pose.keypoints[kept])
    assert np.array_equal(openpose18(mixed)[[0, 3, 5]], points[[0, 3, 5]]), "there and back"
    assert mixed.person_mask is pose.person_mask and not np.array_equal(mixed.keypoints, pose.keypoints)


def test_order_and_sides_are_those_that_geometry_reads():
    everyone = {part: (part + 0.5, 2.0 * part, 0.9) for part in range(18)}
    pose = blazepose()
    mixed = with_openpose18(pose, *nearest18(*found(everyone), (60, 40), pose))
    body = Body.from_keypoints(openpose18(mixed), (60, 40))
    assert body.points[4] == pytest.approx([5, 8.5], abs=1e-4) and body.points[7] == pytest.approx([8, 14.5], abs=1e-4)
    assert body.points[1] == pytest.approx((body.points[2] + body.points[5]) / 2, abs=1e-4)


def test_where_openpose_sees_nobody_in_the_mask_nothing_changes():
    pose = blazepose()
    for seen in (found(), found({0: (30, 10, 0.9)})):
        points, sure = nearest18(*seen, (60, 40), pose)
        assert np.isnan(points).all() and not sure.any()
        assert np.array_equal(with_openpose18(pose, points, sure).keypoints, pose.keypoints)


@pytest.fixture(scope="module")
def network_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The weights of controlnet-aux's own class, drawn by lot, as a published file names them."""
    import torch
    from controlnet_aux.open_pose.model import bodypose_model

    torch.manual_seed(0)
    network = bodypose_model()
    file = tmp_path_factory.mktemp("openpose") / "body_pose_model.pth"
    torch.save({name.split(".", 1)[1]: value for name, value in network.state_dict().items()}, file)
    return file


def test_the_network_from_a_file_looks_at_a_photo_and_leaves_it_as_it_is(network_file):
    pose, photo = blazepose(), np.random.default_rng(0).integers(0, 255, (60, 40, 3), np.uint8)
    before, asked = photo.copy(), []
    network = load_openpose(network_file)
    estimate = OpenPoseEstimator(
        lambda image: asked.append(image) or pose, lambda bgr: asked.append(bgr) or network(bgr)
    )
    assert estimate(photo).keypoints.shape == (33, 2)
    assert asked[0] is photo and np.array_equal(asked[1], before[..., ::-1]) and np.array_equal(photo, before)


def test_files_that_are_no_openpose_are_refused(tmp_path):
    with pytest.raises(MissingWeights, match="body_pose_model"):
        load_openpose(tmp_path / "body_pose_model.pth")
    (tmp_path / "body_pose_model.pth").write_bytes(b"not a checkpoint")
    with pytest.raises(BadInput, match="Download the file again"):
        load_openpose(tmp_path / "body_pose_model.pth")


def test_a_named_file_is_used_for_try_ons_and_named_in_their_recipe(network_file, monkeypatch):
    monkeypatch.setenv(looking.OPENPOSE_VARIABLE, str(network_file))
    assert isinstance(looking.pose_finder(), OpenPoseEstimator)
    revisions = looking.tryon_revisions(["blazepose"])
    assert revisions["openpose"] == hashlib.sha256(network_file.read_bytes()).hexdigest()[:12]
    monkeypatch.delenv(looking.OPENPOSE_VARIABLE)
    assert isinstance(looking.pose_finder(), PoseEstimator)
    assert list(looking.tryon_revisions(["blazepose"])) == ["blazepose"]


def test_a_named_file_that_is_not_there_is_no_reason_to_go_on_without_it(tmp_path, monkeypatch):
    monkeypatch.setenv(looking.OPENPOSE_VARIABLE, str(tmp_path / "body_pose_model.pth"))
    with pytest.raises(MissingWeights, match="body_pose_model"):
        looking.pose_finder()
