"""Line segments, on pictures whose edges are known because the test draws them."""

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.perception.lines import LineSegments, content_box, find_line_segments, merge_segments, shrunk


def polygon(*corners: tuple[float, float], size: tuple[int, int] = (300, 400)) -> np.ndarray:
    """A dark shape on light ground, antialiased; corners in pixels from the corner of the picture."""
    picture = np.full((*size, 3), 210, np.uint8)
    points = np.rint((np.array(corners) - 0.5) * 16).astype(np.int32)
    cv2.fillPoly(picture, [points], (60, 50, 40), cv2.LINE_AA, 4)
    return picture


def distance_to(segment: np.ndarray, point: tuple[float, float]) -> float:
    """Pixels from the nearer end of a segment (4,) to a point."""
    return float(np.linalg.norm(segment.reshape(2, 2) - point, axis=1).min())


def test_the_sides_of_a_shape_are_found_where_they_are():
    corners = [(60.0, 40.0), (330.0, 80.0), (300.0, 250.0), (90.0, 220.0)]
    found = find_line_segments(polygon(*corners))
    assert len(found) == 4
    for start, end in zip(corners, corners[1:] + corners[:1], strict=True):
        off = [distance_to(ends, start) + distance_to(ends, end) for ends in found.ends]
        assert min(off) < 6
    assert (np.diff(found.length) <= 0).all()
    assert found.strength.min() > 100


def test_segments_do_not_lie_half_a_pixel_off():
    # An edge between pixel 99 and pixel 100 is at 100, counted from the corner of the picture.
    picture = np.full((200, 300, 3), 200, np.uint8)
    picture[:, 100:] = 40
    found = find_line_segments(picture)
    assert found.ends[0, [0, 2]] == pytest.approx(100, abs=0.3)


def test_an_empty_wall_has_no_segments():
    found = find_line_segments(np.full((100, 120, 3), 255, np.uint8))
    assert len(found) == 0
    assert found.ends.shape == (0, 4)
    assert found.strength.shape == (0,)


def test_bars_around_a_picture_are_no_edges():
    framed = np.full((300, 400, 3), 255, np.uint8)
    inside = np.random.default_rng(0).integers(20, 160, (220, 400, 3), dtype=np.uint8)
    framed[40:260] = cv2.GaussianBlur(inside, (0, 0), 1)
    framed[40:260, 150] = 200
    grey = cv2.cvtColor(framed, cv2.COLOR_RGB2GRAY)
    left, top, right, bottom = content_box(grey)
    assert (left, right) == (0, 400)
    assert (top, bottom) == pytest.approx((40, 260), abs=2)
    ends = find_line_segments(framed).ends
    assert len(ends)
    level = np.abs(ends[:, 3] - ends[:, 1]) < 3
    assert not (level & (np.abs(ends[:, 2] - ends[:, 0]) > 60)).any()


def test_a_picture_of_one_colour_is_all_content():
    assert content_box(np.full((50, 80), 7, np.uint8)) == (0, 0, 80, 50)


def test_pieces_of_an_edge_are_joined_and_others_are_not():
    pieces = np.array([
        [10, 10, 50, 20], [60, 22.5, 110, 35],  # one line, a gap of 10
        [10, 40, 50, 50],  # beside it
        [60, 22.5, 70, 60],  # from its middle away
        [300, 82.5, 320, 87.5],  # on it, but far off
    ])  # fmt: skip
    merged = merge_segments(pieces)
    assert len(merged) == 4
    whole = merged[np.argmax(np.hypot(merged[:, 2] - merged[:, 0], merged[:, 3] - merged[:, 1]))]
    assert sorted(whole.reshape(2, 2)[:, 0]) == pytest.approx([10, 110])


@given(st.integers(0, 10_000))
def test_merging_keeps_the_reach_of_all_pieces(seed):
    rng = np.random.default_rng(seed)
    pieces = rng.uniform(0, 300, (rng.integers(1, 40), 4))
    merged = merge_segments(pieces)
    assert 1 <= len(merged) <= len(pieces)
    for reach in (np.min, np.max):
        assert reach(merged.reshape(-1, 2), axis=0) == pytest.approx(reach(pieces.reshape(-1, 2), axis=0), abs=4)


def test_shrinking_averages_and_never_enlarges():
    photo = np.zeros((100, 1000, 3), np.uint8)
    photo[:, ::2] = 200
    small = shrunk(photo, 500)
    assert small.shape == (50, 500, 3)
    assert np.ptp(small) == 0
    assert shrunk(small, 640) is small


def test_no_segments_is_a_valid_answer():
    assert len(LineSegments.none().length) == 0
