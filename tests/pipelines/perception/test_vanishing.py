"""Vanishing points, on segments of known rooms: exact, noisy, few, and none."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.geometry.camera import Camera
from pipelines.perception.lines import LineSegments
from pipelines.perception.vanishing import FOCAL_TOLERANCE, HORIZON_TOLERANCE, WALLS_TOLERANCE, fit_manhattan
from tests.pipelines.perception.rooms import random_camera

SIZE = (427, 640)


def segments_of(camera, yaw, rng, count=120, families=(0, 1, 2), noise=0.4, strays=0.3):
    """Edges of a room parallel to its walls as pixels, ends off by `noise`; a share of them points anywhere."""
    turn = np.array([[np.cos(yaw), np.sin(yaw), 0], [-np.sin(yaw), np.cos(yaw), 0], [0, 0, 1]])
    many = 400 * count
    family = rng.choice(families, many)
    start = rng.uniform((-4, 1.5, 0), (4, 7, 2.6), (many, 3))
    end = start + rng.uniform(0.3, 2.0, (many, 1)) * turn[family]
    pixels = np.stack([camera.project(start), camera.project(end)], 1)
    length = np.linalg.norm(pixels[:, 1] - pixels[:, 0], axis=1)
    seen = np.flatnonzero(((pixels > 0) & (pixels < camera.size[::-1])).all((1, 2)) & (length > 16))[:count]
    assert len(seen) == count
    pixels, family, length = pixels[seen], family[seen], length[seen]
    stray = rng.random(count) < strays
    angle = rng.uniform(0, np.pi, count)
    pointing = pixels[:, 0] + length[:, None] * np.stack([np.cos(angle), np.sin(angle)], 1)
    pixels[stray, 1] = pointing[stray]
    pixels += rng.normal(0, noise, pixels.shape)
    order = np.argsort(-length)
    ends = pixels.reshape(-1, 4)[order].astype(np.float32)
    return LineSegments(ends, np.ones(count, np.float32)), np.where(stray, -1, family)[order]


def errors(found, camera, yaw):
    """Horizon (radians), focal (share), roll and walls (radians)."""
    longer = max(camera.size)
    focal = camera.focal / longer
    rise = (0.5 - camera.horizon_y) * camera.size[0] / longer
    return (
        abs(np.arctan(found.rise / focal) - np.arctan(rise / focal)),
        abs(found.focal / focal - 1),
        abs(found.roll - camera.roll),
        abs((found.yaw - yaw + np.pi / 4) % (np.pi / 2) - np.pi / 4),
    )


@settings(max_examples=15)
@given(st.integers(0, 100_000))
def test_a_room_full_of_edges_gives_its_camera(seed):
    rng = np.random.default_rng(seed)
    camera, yaw = random_camera(rng, SIZE), float(rng.uniform(np.radians(12), np.radians(78)))
    segments, family = segments_of(camera, yaw, rng)
    found = fit_manhattan(segments, SIZE)
    horizon, focal, roll, walls = errors(found, camera, yaw)
    assert horizon < np.radians(1)
    assert focal < 0.08
    assert roll < np.radians(0.6)
    assert walls < np.radians(2)
    assert min(found.certain.values()) > 0.9
    assert found.support > 0.5
    # The two families of walls may be called the other way round; strays may fit by chance.
    swapped = np.select([family == 0, family == 1], [1, 0], family)
    true = family >= 0
    assert max((found.family == f)[true].mean() for f in (family, swapped)) > 0.9


def test_half_of_the_edges_may_be_strays():
    rng = np.random.default_rng(3)
    camera = Camera(SIZE, 520.0, np.radians(8), np.radians(-1.5))
    segments, _ = segments_of(camera, 0.6, rng, count=200, strays=0.5)
    horizon, focal, roll, _ = errors(fit_manhattan(segments, SIZE), camera, 0.6)
    assert (horizon, focal, roll) < (np.radians(1), 0.08, np.radians(0.6))


def test_chances_keep_their_word():
    """Over rooms of few and doubtful edges: of what is given 90 % nearly all is right, of what is given less, less."""
    told, right = [], []
    for seed in range(70):
        rng = np.random.default_rng(1000 + seed)
        camera, yaw = random_camera(rng, SIZE), float(rng.uniform(0, np.pi / 2))
        families = ((0, 2), (0, 1, 2), (1, 2), (0, 1))[seed % 4]
        segments, _ = segments_of(camera, yaw, rng, int(rng.integers(4, 30)), families, noise=0.8, strays=0.4)
        found = fit_manhattan(segments, SIZE)
        horizon, focal, _, walls = errors(found, camera, yaw)
        told.append([found.certain[name] for name in ("horizon", "focal", "walls")])
        right.append([horizon < HORIZON_TOLERANCE, focal < FOCAL_TOLERANCE, walls < WALLS_TOLERANCE])
    told, right = np.array(told), np.array(right)
    assert right[told > 0.9].mean() > 0.85
    assert right[told < 0.5].mean() < 0.6
    assert right[told > 0.9].mean() - right[told < 0.5].mean() > 0.3
    assert told.mean() == pytest.approx(right.mean(), abs=0.12)


def test_without_edges_the_usual_camera_is_assumed_and_not_trusted():
    found = fit_manhattan(LineSegments.none(), SIZE)
    camera = Camera.from_horizon(SIZE, found.focal * 640, 0.5 - found.rise * 640 / 427, found.roll)
    assert 60 < np.degrees(camera.fov) < 75
    assert 0.33 < camera.horizon_y < 0.5
    assert found.roll == pytest.approx(0, abs=1e-6)
    assert max(found.certain.values()) < 0.6
    assert found.certain["walls"] < 0.2
    assert found.support == 0
    assert found.family.shape == (0,)


def test_two_wrong_edges_cannot_throw_the_horizon_out_of_the_picture():
    # Alone they would say that the camera looks steeply at the ceiling.
    steep = Camera(SIZE, 500.0, np.radians(-50))
    ends = steep.project(np.array([[-1, 3, 2.5], [-1, 3, 4], [1.5, 3, 2.5], [1.5, 3, 4.0]])).reshape(2, 4)
    found = fit_manhattan(LineSegments(ends.astype(np.float32), np.ones(2, np.float32)), SIZE)
    assert 0 < 0.5 - found.rise * 640 / 427 < 1


@given(
    st.integers(0, 1000),
    st.one_of(st.none(), st.floats(0.4, 1.8)),
    st.one_of(st.none(), st.floats(-0.3, 0.3)),
    st.one_of(st.none(), st.floats(-0.1, 0.1)),
)
@settings(max_examples=15)
def test_what_is_known_is_kept(seed, focal, rise, roll):
    rng = np.random.default_rng(seed)
    segments, _ = segments_of(random_camera(rng, SIZE), 0.5, rng, count=40)
    found = fit_manhattan(segments, SIZE, focal=focal, rise=rise, roll=roll)
    for value, given_value in ((found.focal, focal), (found.rise, rise), (found.roll, roll)):
        assert given_value is None or value == pytest.approx(given_value, abs=1e-9)
    assert np.isfinite([found.focal, found.rise, found.roll, found.yaw]).all()
    assert 0 <= found.yaw < np.pi / 2
    assert all(0 <= chance <= 1 + 1e-9 for chance in found.certain.values())


def test_a_known_focal_length_helps_where_one_wall_tells_none():
    """Of a single wall the horizon follows from the upright edges only together with the focal length."""
    better = []
    for seed in range(9):
        rng = np.random.default_rng(seed)
        camera = Camera(SIZE, 640 * 1.25, np.radians(rng.uniform(6, 16)))
        segments, _ = segments_of(camera, 0.05, rng, count=60, families=(0, 2))
        blind = errors(fit_manhattan(segments, SIZE), camera, 0.05)[0]
        told = errors(fit_manhattan(segments, SIZE, focal=1.25), camera, 0.05)[0]
        better.append(told - blind)
    assert np.median(better) < 0
