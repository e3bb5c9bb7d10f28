"""Clicks on a thing give its mask: by GrabCut, and by a tiny real SAM from a file."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines.errors import BadInput, MissingWeights
from pipelines.perception import sam
from pipelines.perception.clicked import Click, ClickMask, GrabCutClicks, overlap, pixel

SHARES = st.floats(0, 1)


def draw(size: tuple[int, int] = (120, 160)) -> tuple[np.ndarray, np.ndarray]:
    """A red and white thing on a brown floor before a grey wall, RGB (H, W, 3), and its mask."""
    height, width = size
    picture = np.full((height, width, 3), (190, 188, 180), np.uint8)
    picture[height // 2 :] = (150, 115, 80)
    true = np.zeros(size, np.uint8)
    corners = np.array([(0.38, 0.3), (0.62, 0.3), (0.66, 0.8), (0.35, 0.82)]) * (width, height)
    cv2.fillPoly(true, [np.rint(corners).astype(np.int32)], 255)
    picture[true > 0] = (150, 40, 45)
    noisy = picture + np.random.default_rng(0).normal(0, 5, picture.shape)
    return np.clip(noisy, 0, 255).astype(np.uint8), true


@pytest.fixture(scope="module")
def grabcut() -> GrabCutClicks:
    finder = GrabCutClicks()
    finder.set_image(draw()[0])
    return finder


@pytest.mark.parametrize("size", [(120, 160), (480, 640)])
def test_one_click_finds_the_whole_thing_at_the_size_of_the_photo(size):
    photo, true = draw(size)
    before, finder = photo.copy(), GrabCutClicks()
    finder.set_image(photo)
    mask = finder.mask([Click(0.5, 0.55)])
    assert mask.shape == size and set(np.unique(mask)) == {0, 255}
    assert overlap(mask, true) > 0.9
    assert np.array_equal(photo, before)
    assert np.array_equal(mask, finder.mask([Click(0.5, 0.55)]))


def test_a_second_click_adds_another_thing_and_a_third_takes_it_away(grabcut):
    photo, true = draw()
    cv2.circle(photo, (20, 40), 12, (30, 60, 160), -1)
    finder = GrabCutClicks()
    finder.set_image(photo)
    both = finder.mask([Click(0.5, 0.55), Click(20 / 160, 40 / 120)])
    assert both[60, 80] == both[40, 20] == 255 and both[10, 150] == 0
    one = finder.mask([Click(0.5, 0.55), Click(20 / 160, 40 / 120, False)])
    assert one[40, 20] == 0 and overlap(one, true) > 0.9


def test_a_box_alone_gives_what_it_is_drawn_around_and_bounds_what_is_clicked(grabcut):
    box = (0.3, 0.24), (0.72, 0.88)
    assert overlap(grabcut.mask((), box), draw()[1]) > 0.9
    half = grabcut.mask([Click(0.45, 0.5)], ((0.3, 0.24), (0.5, 0.88)))
    assert half[60, 70] == 255 and half[:, 90:].max() == 0


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(clicks=st.lists(st.builds(Click, SHARES, SHARES, st.booleans()), max_size=3), first=st.tuples(SHARES, SHARES))
def test_clicks_that_add_are_inside_and_those_that_take_away_are_not(grabcut, clicks, first):
    clicks = [Click(*first), *clicks]
    mask = grabcut.mask(clicks)
    last = {pixel(click, mask.shape): click.add for click in clicks}
    assert {at: bool(mask[at[1], at[0]]) for at in last} == last


@pytest.mark.parametrize(
    ("clicks", "says"),
    [
        ([], "at least one click"),
        ([Click(0.5, 0.5, False)], "at least one click"),
        ([Click(1.2, 0.5)], "two fractions"),
        ([Click(float("nan"), 0.5)], "two fractions"),
    ],
)
def test_clicks_that_mean_nothing_are_refused(grabcut, clicks, says):
    with pytest.raises(BadInput, match=says):
        grabcut.mask(clicks)


def test_a_photo_comes_first_and_may_be_tiny():
    finder = GrabCutClicks()
    with pytest.raises(BadInput, match="set_image"):
        finder.mask([Click(0.5, 0.5)])
    with pytest.raises(BadInput, match="RGB uint8"):
        finder.set_image(np.zeros((4, 4), np.uint8))
    finder.set_image(np.full((3, 2, 3), 90, np.uint8))
    assert finder.mask([Click(0.5, 0.5)]).shape == (3, 2)


# --- SAM ----------------------------------------------------------------------------------------------------


def tiny_sam(checkpoint: str | None = None):
    """SAM's own classes with few and narrow layers, for pictures of 64 pixels; from a file, if one is named."""
    import torch
    from segment_anything.modeling import ImageEncoderViT, MaskDecoder, PromptEncoder, Sam, TwoWayTransformer

    torch.manual_seed(0)
    encoder = ImageEncoderViT(
        64, 16, 3, 16, 1, 2, out_chans=16, norm_layer=partial(torch.nn.LayerNorm, eps=1e-6), use_rel_pos=True,
        window_size=2, global_attn_indexes=(0,),
    )  # fmt: skip
    prompts = PromptEncoder(16, (4, 4), (64, 64), 4)
    transformer = TwoWayTransformer(depth=1, embedding_dim=16, num_heads=2, mlp_dim=16)
    decoder = MaskDecoder(transformer_dim=16, transformer=transformer, iou_head_hidden_dim=16)
    network = Sam(encoder, prompts, decoder)
    if checkpoint is not None:
        network.load_state_dict(torch.load(checkpoint, weights_only=True))
    return network


@pytest.fixture(scope="module")
def sam_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    import torch

    pytest.importorskip("segment_anything", reason="the extra `sam` is not installed")
    file = tmp_path_factory.mktemp("sam") / "sam_vit_tiny_random.pth"
    torch.save(tiny_sam().state_dict(), file)
    return file


@pytest.fixture
def saved(sam_file: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file of a tiny SAM, which segment-anything can build."""
    from segment_anything import sam_model_registry

    monkeypatch.setitem(sam_model_registry, "vit_tiny", tiny_sam)
    return sam_file


def test_sam_from_a_file_finds_by_clicks_and_boxes_and_looks_at_a_photo_once(saved, monkeypatch):
    photo, _ = draw()
    before, network = photo.copy(), sam.load_sam(saved)
    looks = []
    network.image_encoder.register_forward_hook(lambda *_: looks.append(1))
    finder: ClickMask = sam.SamClicks(network)
    finder.set_image(photo)
    one = finder.mask([Click(0.5, 0.5)])
    two = finder.mask([Click(0.5, 0.5), Click(0.1, 0.1, False)])
    boxed = finder.mask((), ((0.7, 0.8), (0.3, 0.2)))
    assert one.shape == two.shape == boxed.shape == (120, 160) and len(looks) == 1
    assert one[60, 80] == two[60, 80] == 255 and two[12, 16] == 0
    assert np.array_equal(boxed, finder.mask((), ((0.3, 0.2), (0.7, 0.8))))
    assert np.array_equal(one, finder.mask([Click(0.5, 0.5)])) and np.array_equal(photo, before)


def test_of_sams_three_masks_the_surest_is_taken(saved):
    photo, _ = draw()
    finder = sam.SamClicks(sam.load_sam(saved))
    finder.set_image(photo)
    where = np.array([[80.5, 60.5]])
    masks, sure, _ = finder._predictor.predict(where, np.array([1]), multimask_output=True)
    mask = finder.mask([Click(0.5, 0.5)])
    away = np.hypot(*(np.indices(mask.shape) - np.array([60, 80])[:, None, None])) > 3
    assert np.array_equal((mask > 0)[away], masks[int(sure.argmax())][away]) and len(masks) == 3


def test_files_that_are_no_sam_are_refused(saved, tmp_path):
    with pytest.raises(MissingWeights, match="sam_vit_b_01ec64"):
        sam.load_sam(tmp_path / "sam_vit_b_01ec64.pth")
    (tmp_path / "vit_tiny.pth").write_bytes(b"not a checkpoint")
    with pytest.raises(BadInput, match="Download the file again"):
        sam.load_sam(tmp_path / "vit_tiny.pth")
    (tmp_path / "mine.pth").write_bytes(saved.read_bytes())
    with pytest.raises(BadInput, match="vit_b"):
        sam.load_sam(tmp_path / "mine.pth")
    with pytest.raises(BadInput, match="set_image"):
        sam.SamClicks(sam.load_sam(saved)).mask([Click(0.5, 0.5)])
