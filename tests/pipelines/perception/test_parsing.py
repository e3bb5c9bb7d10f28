"""Parsing: where the network looks, its hints, its files, and the shipped weights on a public-domain portrait."""

from __future__ import annotations

import hashlib
import itertools
from pathlib import Path

import numpy as np
import pytest
import skimage.data
import torch
from hypothesis import given
from hypothesis import strategies as st

from pipelines import weights
from pipelines.errors import BadInput
from pipelines.perception import parsing, pose
from pipelines.perception.parsing import LIMBS, PARSING_LABELS, Parser, ParserNet, View
from pipelines.perception.pose import Pose, PoseEstimator
from pipelines.schema import Image

LABEL = {name: i for i, name in enumerate(PARSING_LABELS)}


@pytest.fixture(scope="module")
def portrait() -> Image:
    return skimage.data.astronaut()


@pytest.fixture(scope="module")
def found(portrait: Image) -> Pose:
    return PoseEstimator(weights.resolve("blazepose"), num_threads=1)(portrait)


@pytest.fixture(scope="module")
def parser() -> Parser:
    return Parser(weights.resolve("parser"))


@pytest.fixture(scope="module")
def parsed(parser: Parser, portrait: Image, found: Pose) -> np.ndarray:
    return parser(portrait, found)


def someone(height: int, width: int, box: tuple[float, float, float, float]) -> Pose:
    """A pose with random landmarks inside a box of a photo."""
    rng = np.random.default_rng(3)
    low, high = np.array(box[:2]), np.array(box[2:])
    keypoints = (low + rng.uniform(0, 1, (33, 2)) * (high - low)).astype(np.float32)
    mask = np.zeros((height, width), np.uint8)
    mask[round(box[1] * height) : round(box[3] * height), round(box[0] * width) : round(box[2] * width)] = 255
    return Pose(keypoints, np.ones(33, np.float32), mask, box)


@given(
    st.integers(40, 700), st.integers(40, 700), st.floats(0, 0.6), st.floats(0, 0.6), st.floats(0.2, 0.4),
)  # fmt: skip
def test_the_view_holds_the_whole_box(height: int, width: int, x: float, y: float, extent: float) -> None:
    person = someone(height, width, (x, y, x + extent, y + extent))
    view = parsing.view_of(person, (256, 192))
    corners = np.array([[x, y, 1], [x + extent, y + extent, 1]]) * [width, height, 1]
    seen = corners @ view.from_photo.T
    assert (seen > -0.51).all() and (seen < np.array([192, 256]) + 0.51).all()
    # It is not smaller than need be: margin included, it reaches two opposite edges.
    margin = parsing.MARGIN * extent * max(height, width)
    seen_size = (extent * np.array([width, height]) + 2 * margin) * view.scale
    assert (seen_size / [192, 256]).max() > 0.999


def test_drawing_a_view_and_labels_back_agree() -> None:
    photo = np.zeros((300, 200, 3), np.uint8)
    photo[100:220, 60:130] = 255
    person = someone(300, 200, (0.2, 0.25, 0.75, 0.8))
    view = parsing.view_of(person, (256, 192))
    seen, _ = parsing.draw_view(photo, person.person_mask, view)
    inside = seen[..., 0].astype(np.float32) / 255 - 0.5
    found = parsing._labels_in_photo(np.stack([-inside, inside]), view, (300, 200))
    wrong = found != (photo[..., 0] > 0)
    # Only pixels at the edge of the square may differ.
    assert not wrong[102:218, 62:128].any() and wrong.sum() < 2 * (120 + 70) * 0.5


def test_a_view_larger_than_the_photo_is_grey_beyond_it() -> None:
    photo = np.full((100, 40, 3), 200, np.uint8)
    view = View(-30, 0, 2.0, (200, 200))
    seen, mask = parsing.draw_view(photo, np.full((100, 40), 255, np.uint8), view)
    assert (seen[:, :50] == parsing.BEYOND).all() and (seen[5:-5, 75:125] == 200).all()
    assert not mask[:, :50].any() and (mask[5:-5, 75:125] == 255).all()


def reference_map(
    keypoints: np.ndarray, chains: tuple[tuple[int, ...], ...], point: tuple[int, int], unit: float
) -> float:
    """One pixel of a limb map, computed with plain loops."""
    best = 0.0
    for chain in chains:
        for a, b in itertools.pairwise(chain):
            start, end = keypoints[a].astype(float), keypoints[b].astype(float)
            line = end - start
            share = np.clip((np.array(point) - start) @ line / max(line @ line, 1e-6), 0, 1)
            best = max(best, float(np.exp(-np.linalg.norm(np.array(point) - start - share * line) / unit)))
    return best


def test_limb_maps_equal_a_plain_computation() -> None:
    keypoints = (np.random.default_rng(0).uniform(0, 1, (33, 2)) * [48, 64]).astype(np.float32)
    maps = parsing.limb_maps(keypoints, np.ones(33, np.float32), (64, 48))
    assert maps.shape == (len(LIMBS), 64, 48) and maps.dtype == np.float32
    torso = np.linalg.norm(keypoints[[11, 12]].mean(0) - keypoints[[23, 24]].mean(0))
    unit = max(torso, np.linalg.norm(keypoints[11] - keypoints[12]), 4) / 3
    for i, chains in enumerate(LIMBS):
        for x, y in ((0, 0), (20, 33), (47, 63), (5, 60)):
            assert maps[i, y, x] == pytest.approx(reference_map(keypoints, chains, (x, y), unit), abs=1e-4)


def test_limb_maps_of_missing_and_hidden_joints() -> None:
    keypoints = (np.random.default_rng(1).uniform(0, 1, (33, 2)) * 30).astype(np.float32)
    keypoints[[pose.L_EAR]] = np.nan
    maps = parsing.limb_maps(keypoints, np.ones(33, np.float32), (32, 32))
    assert not maps[1].any() and np.isfinite(maps).all()
    hidden = parsing.limb_maps(keypoints, np.zeros(33, np.float32), (32, 32))
    np.testing.assert_allclose(hidden, 0.3 * maps, rtol=1e-4)


def test_the_network_takes_views_of_several_sizes_and_survives_saving(tmp_path: Path) -> None:
    torch.manual_seed(0)
    net = ParserNet(widths=(16, 16, 8, 8), input_size=(64, 48)).eval()
    inputs = torch.rand(2, 3, 64, 48), torch.rand(2, 1, 64, 48), torch.rand(2, len(LIMBS), 16, 12)
    with torch.inference_mode():
        before = net(*inputs)
        wide = net(torch.rand(1, 3, 96, 80), torch.rand(1, 1, 96, 80), torch.rand(1, len(LIMBS), 24, 20))
    assert before.shape == (2, len(PARSING_LABELS), 32, 24) and wide.shape[-2:] == (48, 40)
    net.save_pretrained(tmp_path)
    again = ParserNet.from_pretrained(tmp_path).eval()
    with torch.inference_mode():
        torch.testing.assert_close(again(*inputs), before)


@pytest.mark.parametrize("hint", [0, 1], ids=["mask", "limbs"])
def test_hints_reach_the_answer(hint: int) -> None:
    torch.manual_seed(0)
    net = ParserNet().eval()
    image, hints = torch.zeros(1, 3, 128, 96), [torch.zeros(1, 1, 128, 96), torch.zeros(1, len(LIMBS), 32, 24)]
    with torch.inference_mode():
        plain = net(image, *hints)
        # Half a plane: a hint that is the same everywhere says nothing, and is normalised away.
        hints[hint][..., : hints[hint].shape[-1] // 2] = 1
        assert (net(image, *hints) - plain).abs().mean() > 1e-3


def test_the_shipped_network_sees_the_person_mask(parser: Parser) -> None:
    image, mask, limbs = torch.zeros(1, 3, 128, 96), torch.zeros(1, 1, 128, 96), torch.zeros(1, len(LIMBS), 32, 24)
    with torch.inference_mode():
        assert (parser.net(image, torch.ones_like(mask), limbs) - parser.net(image, mask, limbs)).abs().mean() > 1e-3


def test_a_portrait(parsed: np.ndarray, portrait: Image) -> None:
    assert parsed.shape == portrait.shape[:2] and parsed.dtype == np.uint8
    places = {  # (y, x) read off the picture: an astronaut in a suit before a flag and a model of the shuttle
        "face": (120, 220), "hair": (40, 205), "background": (60, 470),
    }  # fmt: skip
    for name, (y, x) in places.items():
        patch = parsed[y - 6 : y + 7, x - 6 : x + 7]
        assert (patch == LABEL[name]).mean() > 0.8, name
    chest = parsed[330:400, 150:300]
    assert np.isin(chest, [LABEL[n] for n in ("upper", "outer", "dress")]).mean() > 0.8


def test_parsing_follows_the_mirror(parser: Parser, parsed: np.ndarray, portrait: Image, found: Pose) -> None:
    swapped = list(range(33))
    for left, right in ((1, 4), (2, 5), (3, 6), *((i, i + 1) for i in (7, 9, *range(11, 33, 2)))):
        swapped[left], swapped[right] = right, left
    keypoints = (found.keypoints[swapped] * [-1, 1] + [1, 0]).astype(np.float32)
    mask = np.ascontiguousarray(found.person_mask[:, ::-1])
    mirrored = pose.pose_from_arrays(keypoints, found.visibility[swapped], mask)
    back = parser(np.ascontiguousarray(portrait[:, ::-1]), mirrored)[:, ::-1]
    assert (back == parsed).mean() > 0.995


def test_two_parsings_are_the_same_bits(parser: Parser, parsed: np.ndarray, portrait: Image, found: Pose) -> None:
    again = parser(portrait, found)
    assert hashlib.sha256(again.tobytes()).digest() == hashlib.sha256(parsed.tobytes()).digest()


def test_how_much_of_a_picture_is_body(parsed: np.ndarray) -> None:
    assert parsing.worn_share(parsed) > 0.1
    garment = np.zeros((20, 20), np.uint8)
    garment[5:15, 5:15] = LABEL["upper"]
    assert parsing.worn_share(garment) == 0
    garment[5, 5:15] = LABEL["face"]
    assert parsing.worn_share(garment) == pytest.approx(0.1)
    assert parsing.worn_share(np.zeros((4, 4), np.uint8)) == 0


def test_only_rgb_is_taken(parser: Parser, found: Pose) -> None:
    with pytest.raises(BadInput, match="RGB uint8"):
        parser(np.zeros((64, 64, 4), np.uint8), found)
