"""Clothing Co-Parsing as parsings: names, skin told apart by the pose, and the labels that need a look."""

from __future__ import annotations

import numpy as np
import pytest

from pipelines.perception import pose
from pipelines.perception.pose import Pose
from pipelines.schema import PARSING_LABELS
from training import ccp

LABEL = {name: i for i, name in enumerate(PARSING_LABELS)}
NAMES = ["null", "skin", "suit", "vest", "bodysuit", "jumper", *(n for names in ccp.MAPPING.values() for n in names)]


def standing() -> Pose:
    """Someone upright, arms hanging, in a photo of 400 × 200 pixels."""
    k = np.full((33, 2), np.nan, np.float32)
    for left, (x, y) in {
        pose.L_EYE: (0.02, 0.10), pose.L_EAR: (0.05, 0.11), pose.L_SHOULDER: (0.1, 0.22), pose.L_ELBOW: (0.14, 0.35),
        pose.L_WRIST: (0.15, 0.47), pose.L_PINKY: (0.16, 0.50), pose.L_INDEX: (0.15, 0.505), pose.L_HIP: (0.06, 0.5),
        pose.L_KNEE: (0.06, 0.7), pose.L_ANKLE: (0.06, 0.9), pose.L_HEEL: (0.06, 0.92), pose.L_TOE: (0.07, 0.95),
        pose.L_THUMB: (0.13, 0.49),
    }.items():  # fmt: skip
        k[left if left != pose.L_EYE else 2] = 0.5 + x, y
        k[left + 1 if left != pose.L_EYE else 5] = 0.5 - x, y
    k[pose.NOSE], k[pose.L_MOUTH], k[pose.R_MOUTH] = (0.5, 0.12), (0.51, 0.14), (0.49, 0.14)
    mask = np.full((400, 200), 255, np.uint8)
    return Pose(k, np.ones(33, np.float32), mask, (0, 0, 1, 1))


def labels_with(name: str, rows: slice = slice(None), columns: slice = slice(None)) -> np.ndarray:
    labels = np.zeros((400, 200), np.uint8)
    labels[rows, columns] = NAMES.index(name)
    return labels


@pytest.mark.parametrize(
    ("joint", "part"),
    [
        (pose.NOSE, "face"), (pose.L_EAR, "face"), (pose.L_ELBOW, "arms"), (pose.R_ELBOW, "arms"),
        (pose.L_INDEX, "hands"), (pose.R_PINKY, "hands"), (pose.L_KNEE, "legs"), (pose.R_ANKLE, "legs"),
        (pose.R_TOE, "legs"),
    ],
)  # fmt: skip
def test_skin_near_a_joint_is_that_part(joint: int, part: str) -> None:
    person = standing()
    x, y = (person.keypoints[joint] * [200, 400]).astype(int)
    parsing = ccp.parsing_of(labels_with("skin", slice(y - 3, y + 4), slice(x - 3, x + 4)), NAMES, person)
    assert PARSING_LABELS[parsing[y, x]] == part


def test_chin_neck_chest_and_belly() -> None:
    parsing = ccp.parsing_of(labels_with("skin"), NAMES, standing())
    down_the_middle = [PARSING_LABELS[parsing[y, 100]] for y in (50, 60, 82, 100, 150)]
    assert down_the_middle == ["face", "face", "neck", "neck", "neck"]


def test_a_hidden_hand_takes_no_skin() -> None:
    person = standing()
    person.keypoints[[pose.L_WRIST, pose.L_INDEX, pose.L_PINKY, pose.L_THUMB]] = person.keypoints[pose.NOSE]
    person.visibility[[pose.L_INDEX, pose.L_PINKY, pose.L_THUMB]] = 0.1
    parsing = ccp.parsing_of(labels_with("skin", slice(0, 60)), NAMES, person)
    assert not (parsing[:60] == LABEL["hands"]).any() and parsing[48, 100] == LABEL["face"]


def test_small_islands_of_skin_join_what_surrounds_them() -> None:
    labels = np.full(400, LABEL["arms"], np.uint8)
    labels[210:212] = LABEL["hands"]
    ys, xs = np.divmod(np.arange(400), 20)
    assert set(ccp._without_specks(labels, ys, xs, (20, 20))) == {LABEL["arms"]}


def test_every_name_has_one_place() -> None:
    listed = [name for names in ccp.MAPPING.values() for name in names]
    assert len(listed) == len(set(listed))
    assert set(ccp.MAPPING) <= set(PARSING_LABELS)
    for target, names in ccp.MAPPING.items():
        for name in names:
            parsing = ccp.parsing_of(labels_with(name), NAMES, standing())
            assert (parsing == LABEL[target]).all(), name


def test_a_suit_with_trousers_is_a_jacket() -> None:
    labels = labels_with("suit", slice(80, 230))
    labels[230:] = NAMES.index("pants")
    parsing = ccp.parsing_of(labels, NAMES, standing())
    assert (parsing[80:230] == LABEL["outer"]).all() and (parsing[230:] == LABEL["lower"]).all()


def test_a_whole_suit_is_not_known_where_its_parts_meet() -> None:
    parsing = ccp.parsing_of(labels_with("suit", slice(80, 380)), NAMES, standing())[:, 0]
    order = [key for i, key in enumerate(parsing) if i == 0 or key != parsing[i - 1]]
    assert order == [0, LABEL["outer"], ccp.IGNORE, LABEL["lower"], 0]


@pytest.mark.parametrize(("bottom", "part"), [(200, "upper"), (280, "dress")])
def test_a_vest_alone_is_a_top_or_a_dress_by_its_length(bottom: int, part: str) -> None:
    parsing = ccp.parsing_of(labels_with("vest", slice(80, bottom)), NAMES, standing())
    assert (parsing[80:bottom] == LABEL[part]).all()


def test_a_vest_over_a_shirt_is_worn_over() -> None:
    labels = labels_with("vest", slice(80, 200))
    labels[90:120, 80:120] = NAMES.index("shirt")
    parsing = ccp.parsing_of(labels, NAMES, standing())
    assert parsing[100, 100] == LABEL["upper"] and parsing[190, 100] == LABEL["outer"]
