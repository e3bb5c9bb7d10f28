"""Landmarks: the shipped network on garments with known points, mirror images, and the rules around it."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from pipelines import weights
from pipelines.errors import BadInput
from pipelines.geometry.garment import (
    INNER_COLLAR,
    LEFT_LEG,
    LEFT_SLEEVE,
    PARTS,
    POINT_NAMES,
    RIGHT_LEG,
    RIGHT_SLEEVE,
    TORSO,
    GarmentLandmarks,
)
from pipelines.perception.garment_net import PartNet
from pipelines.perception.landmarks import lower_armpits, read_landmarks
from pipelines.schema import Category, Image, Mask
from training.synthetic_garments import paint, pose_drawing
from training.synthetic_shapes import Drawing, draw_lower, draw_top

SIZE = 200
UPPER = [n for n in POINT_NAMES if n.split("_")[0] in ("collar", "neck", "shoulder", "armpit", "waist")]


@pytest.fixture(scope="module")
def net() -> PartNet:
    """The shipped network."""
    import torch

    return PartNet.from_pretrained(weights.resolve("garment") / "parts", dtype=torch.float32).eval()


def garment(drawing: Drawing, seed: int) -> tuple[Image, Mask, np.ndarray, dict[str, np.ndarray]]:
    """A drawing painted in grey cloth: picture, mask, parts and points as fractions."""
    rng = np.random.default_rng(seed)
    pieces, points, _ = pose_drawing(rng, drawing, SIZE)
    cloth = np.full((SIZE, SIZE, 3), rng.integers(60, 200), np.uint8)
    image, parts = paint(rng, pieces, cloth, SIZE)
    return image, np.where(parts > 0, 255, 0).astype(np.uint8), parts, {n: (p + 0.5) / SIZE for n, p in points.items()}


def tops(count: int) -> list[tuple[Image, Mask, np.ndarray, dict[str, np.ndarray]]]:
    """Tops from seeds that no training used."""
    return [garment(draw_top(np.random.default_rng((99, s))), s) for s in range(count)]


def read(net: PartNet, image: Image, mask: Mask, category: Category = "upper") -> GarmentLandmarks:
    return read_landmarks(net, image, mask, category)


def test_points_of_tops_are_found_within_a_few_percent(net: PartNet) -> None:
    gaps = []
    for image, mask, _, points in tops(24):
        found = read(net, image, mask)
        gaps += [np.linalg.norm(found.point(n) - points[n]) for n in UPPER if n in points]
    assert np.median(gaps) < 0.03
    assert np.mean(np.array(gaps) < 0.08) > 0.85


def test_parts_of_tops_are_found_and_cover_the_mask_exactly(net: PartNet) -> None:
    right = []
    for image, mask, parts, _ in tops(24):
        found = read(net, image, mask)
        assert found.parts.shape == mask.shape and found.parts.dtype == np.uint8
        assert np.array_equal(found.parts > 0, mask > 0)
        assert set(np.unique(found.parts)) <= {0, TORSO, LEFT_SLEEVE, RIGHT_SLEEVE, INNER_COLLAR}
        right.append((found.parts == parts)[mask > 0].mean())
    assert np.mean(right) > 0.85


def test_trousers_have_legs_and_a_crotch_and_skirts_have_none(net: PartNet) -> None:
    kinds, gaps = [], []
    for seed in range(24):
        drawing = draw_lower(np.random.default_rng((98, seed)))
        image, mask, _, points = garment(drawing, seed)
        found = read(net, image, mask, "lower")
        kinds.append(("crotch" in points) == (found.kind != "skirt"))
        assert np.isnan(found.point("shoulder_left")).all() and found.sleeve == "none"
        assert set(np.unique(found.parts)) <= {0, TORSO, LEFT_LEG, RIGHT_LEG, INNER_COLLAR}
        assert found.has("crotch") == (found.kind != "skirt")
        gaps += [np.linalg.norm(found.point(n) - points[n]) for n in ("waist_left", "waist_right", "hem_left_outer")]
    assert np.mean(kinds) > 0.85
    assert np.median(gaps) < 0.03


def test_the_mirror_image_has_the_mirrored_landmarks(net: PartNet) -> None:
    image, mask, _, _ = tops(3)[2]
    one = read(net, image, mask)
    other = read(net, np.ascontiguousarray(image[:, ::-1]), np.ascontiguousarray(mask[:, ::-1]))
    for name in UPPER:
        twin = name.replace("left", "?").replace("right", "left").replace("?", "right")
        x, y = one.point(name)
        assert np.allclose(other.point(twin), (1 - x, y), atol=0.02), name
    swapped = np.array([0, TORSO, RIGHT_SLEEVE, LEFT_SLEEVE, 4, 5, INNER_COLLAR], np.uint8)[other.parts[:, ::-1]]
    assert (swapped == one.parts)[mask > 0].mean() > 0.97


def test_the_place_and_size_of_the_garment_in_the_picture_do_not_matter(net: PartNet) -> None:
    image, mask, _, _ = tops(1)[0]
    near = read(net, image, mask)
    pad = ((40, 160), (120, 30))
    wide = np.pad(image, (*pad, (0, 0)))
    big = cv2.resize(wide, None, fx=2.5, fy=2.5, interpolation=cv2.INTER_CUBIC)
    big_mask = np.where(cv2.resize(np.pad(mask, pad), big.shape[1::-1]) > 127, 255, 0).astype(np.uint8)
    far = read(net, big, big_mask)
    back = (far.points * (wide.shape[1], wide.shape[0]) - (120, 40)) / (mask.shape[1], mask.shape[0])
    keep = ~np.isnan(near.points[:, 0])
    assert np.abs(back - near.points)[keep].max() < 0.03


def test_a_long_sleeve_is_long_and_a_cut_off_one_is_none(net: PartNet) -> None:
    image = np.full((240, 240, 3), 120, np.uint8)
    body = np.array(
        [(85, 20), (105, 32), (135, 32), (155, 20), (185, 35), (180, 85), (178, 215), (62, 215), (60, 85), (55, 35)]
    )
    vest = np.zeros((240, 240), np.uint8)
    cv2.fillPoly(vest, [body], 255)
    long = vest.copy()
    for sign in (-1, 1):
        arm = np.array([(120 + sign * 62, 32), (120 + sign * 112, 200), (120 + sign * 88, 205), (120 + sign * 60, 90)])
        cv2.fillPoly(long, [arm], 255)
    sleeved, bare = read(net, image, long), read(net, image, vest)
    assert sleeved.sleeve == "long" and bare.sleeve == "none"
    assert sleeved.has("cuff_left_outer", "cuff_right_inner") and not bare.has("cuff_left_outer")
    assert np.isfinite(sleeved.sleeve_lines).all() and np.isnan(bare.sleeve_lines).all()
    left, right = sleeved.sleeve_lines
    assert left[2, 0] < left[0, 0] < right[0, 0] < right[2, 0] and left[0, 1] < left[1, 1] < left[2, 1]
    assert (bare.parts == LEFT_SLEEVE).sum() == 0 < (sleeved.parts == LEFT_SLEEVE).sum()


def test_a_mask_with_nothing_in_it_is_refused(net: PartNet) -> None:
    with pytest.raises(BadInput, match="no garment"):
        read(net, np.zeros((90, 60, 3), np.uint8), np.zeros((90, 60), np.uint8))


def test_every_part_can_be_drawn() -> None:
    seen: set[int] = set()
    for seed in range(40):
        rng = np.random.default_rng(seed)
        drawing = draw_lower(rng) if seed % 3 == 0 else draw_top(rng, dress=seed % 3 == 1)
        seen |= set(np.unique(garment(drawing, seed)[2]).tolist())
        assert all(np.isfinite(p).all() for p in drawing.points.values())
    assert seen == set(range(len(PARTS)))


#: The left outline of a tank top with deep armholes, from the shoulder down; the third point is the armpit.
TANK = ((78, 20), (74, 50), (58, 84), (50, 190))


def tank(left: tuple[tuple[int, int], ...] = TANK) -> tuple[Mask, np.ndarray]:
    """Mask and points, in pixels, of a tank top whose armpits were found half way down its armholes."""
    mask = np.zeros((SIZE, SIZE), np.uint8)
    cv2.fillPoly(mask, [np.array([*left, *((199 - x, y) for x, y in reversed(left))], np.int32)], 255)
    points = np.full((len(POINT_NAMES), 2), np.nan, np.float32)
    for name, (x, y) in (("shoulder", left[0]), ("armpit", left[1]), ("hem", left[-1])):
        points[POINT_NAMES.index(f"{name}_left")] = x, y
        points[POINT_NAMES.index(f"{name}_right")] = 199 - x, y
    return mask, points


def armpits(points: np.ndarray) -> np.ndarray:
    return points[[POINT_NAMES.index("armpit_left"), POINT_NAMES.index("armpit_right")]]


def test_armpits_half_way_down_an_armhole_go_to_its_end() -> None:
    mask, points = tank()
    lower_armpits(points, mask)
    assert np.abs(armpits(points) - [(58, 84), (141, 84)]).max() < 4


def test_armpits_stay_where_they_are_right_where_no_armhole_ends_and_where_one_side_alone_has_a_corner() -> None:
    found_well = tank()
    found_well[1][[POINT_NAMES.index(f"armpit_{side}") for side in ("left", "right")]] = (59, 82), (140, 82)
    straight = tank(((78, 20), (74, 50), (68, 104), (60, 190)))
    lopsided = tank()
    lopsided[0][:, 100:] = tank(((78, 20), (77, 50), (76, 84), (70, 190)))[0][:, 100:]
    for mask, points in (found_well, straight, lopsided):
        before = points.copy()
        lower_armpits(points, mask)
        assert np.array_equal(points, before, equal_nan=True)
