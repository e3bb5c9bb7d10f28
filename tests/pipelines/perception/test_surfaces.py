"""Surfaces from corners, on a box whose faces are known."""

import cv2
import numpy as np
import pytest

from pipelines.geometry.camera import Camera
from pipelines.perception.surfaces import ACROSS, ALONG, UPRIGHT, directions_of, facing, vanishing_points

CAMERA = Camera((320, 480), focal=400, pitch=np.radians(12), roll=np.radians(1), height=1.5)
YAW = 0.5
TURN = np.array([[np.cos(YAW), -np.sin(YAW)], [np.sin(YAW), np.cos(YAW)]])


def corners_of_box():
    """Pixels of a box 0.8 × 0.8 × 0.7 m, 3 m ahead: (2, 2, 2, 2) by sides along, across and up."""
    steps = np.stack(np.meshgrid([-0.4, 0.4], [-0.4, 0.4], [0, 0.7], indexing="ij"), -1).reshape(-1, 3)
    world = np.column_stack([steps[:, :2] @ TURN.T + (0, 3), steps[:, 2]])
    return CAMERA.project(world).reshape(2, 2, 2, 2)


def edges_of_box():
    """(12, 4) segments and the direction of each."""
    box = corners_of_box()
    found, direction = [], []
    for axis, name in ((0, ALONG), (1, ACROSS), (2, UPRIGHT)):
        ends = np.moveaxis(box, axis, 0).reshape(2, 4, 2)
        found.append(np.concatenate([ends[0], ends[1]], 1))
        direction += [name] * 4
    return np.concatenate(found), np.array(direction)


def region(*corners):
    mask = np.zeros(CAMERA.size, np.uint8)
    cv2.fillConvexPoly(mask, np.rint(np.array(corners)).astype(np.int32), 1)
    return cv2.erode(mask, np.ones((9, 9), np.uint8)) > 0


def test_segments_are_told_apart_by_where_they_run():
    ends, direction = edges_of_box()
    assert directions_of(ends, vanishing_points(CAMERA, YAW)).tolist() == direction.tolist()
    askew = np.array([[100.0, 200, 180, 150]])
    assert directions_of(askew, vanishing_points(CAMERA, YAW)).tolist() == [-1]


def test_the_vanishing_point_is_where_parallels_meet():
    points = vanishing_points(CAMERA, YAW)
    far = CAMERA.project(np.array([[1e7 * np.cos(YAW), 1e7 * np.sin(YAW), 0]]))[0]
    assert points[ALONG, :2] / points[ALONG, 2] == pytest.approx(far, abs=1e-2)


def test_the_sides_of_a_box_are_upright_and_its_top_is_level():
    # The two faces that look at the camera and the top, by their edges; hidden edges are not seen.
    box = corners_of_box()
    ends, _ = edges_of_box()
    hidden = box[1, 1, 0]
    seen = [e for e in ends if min(np.linalg.norm(e.reshape(2, 2) - hidden, axis=1)) > 1]
    upright, level = facing(CAMERA, YAW, np.array(seen, np.float32))
    top = region(*(box[i, j, 1] for i, j in ((0, 0), (0, 1), (1, 1), (1, 0))))
    front = region(box[0, 0, 0], box[0, 0, 1], box[1, 0, 1], box[1, 0, 0])
    side = region(box[0, 0, 0], box[0, 0, 1], box[0, 1, 1], box[0, 1, 0])
    assert upright[front].min() == upright[side].min() == 1
    assert level[top].min() == 1
    # Hidden faces have a vote too, wherever their edges are seen; it never outweighs those of the face in front.
    assert (upright[front] > level[front]).all() and (upright[side] > level[side]).all()
    assert (level[top] > upright[top]).all()
    outside = cv2.dilate(((upright + level) > 0).astype(np.uint8), np.ones((5, 5), np.uint8)) == 0
    assert outside.mean() > 0.6


def test_without_segments_nothing_is_known():
    upright, level = facing(CAMERA, YAW, np.zeros((0, 4), np.float32))
    assert upright.shape == level.shape == CAMERA.size
    assert not upright.any() and not level.any()
