"""The benchmark of try-on's stages: truths are read right, and each brings the render nearer to the photo."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image as PILImage

import tryroom
from benchmarks import tryon_stages as stages
from pipelines import images
from pipelines.perception.pose import openpose18
from pipelines.renderers import tryon_networks
from pipelines.schema import PARSING_LABELS

SIZE = (256, 192)
SCORER = '''
import numpy as np
from PIL import Image
WORN = (5, 6, 7)

def paired(data, results, ids):
    """The difference from the photo, called by the scores' names."""
    rows = {}
    for i in ids:
        truth = np.asarray(Image.open(data / "image" / f"{i}_0.jpg"), float)
        error = np.abs(truth - np.asarray(Image.open(results / f"{i}.png"))).mean()
        mask = np.asarray(Image.open(results / f"{i}_mask.png")) > 0
        rows[i] = dict(ssim=-error, ssim_garment=-error, psnr_garment=-error, coverage=mask.mean(), outside=0)
    return rows
'''


@pytest.fixture(scope="module")
def networks():
    return tryon_networks()


@pytest.fixture(scope="module")
def data(tmp_path_factory, networks) -> Path:
    """One pair: a demo person and a flat T-shirt, the truths as perception sees them."""
    folder = tmp_path_factory.mktemp("pairs")
    perception, _ = networks
    for name in ("image", "cloth", "cloth-mask", "image-parse", "pose"):
        (folder / name).mkdir()
    photo = images.load_image(tryroom.demo_people()[0].image)
    photo = cv2.resize(photo, SIZE[::-1], interpolation=cv2.INTER_AREA)
    flat = images.load_image(tryroom.CATALOG / "tee-black-organic.jpg")
    PILImage.fromarray(photo).save(folder / "image" / "a_0.jpg", quality=95)
    PILImage.fromarray(flat).save(folder / "cloth" / "a_1.jpg")
    PILImage.fromarray(perception.garment.analyse(flat).mask).save(folder / "cloth-mask" / "a_1.jpg")
    pose = perception.pose(photo)
    labels = perception.parser(photo, pose)
    lip = np.zeros(SIZE, np.uint8)
    for label, name in ((2, "hair"), (5, "upper"), (9, "lower"), (13, "face"), (14, "arms")):
        lip[labels == PARSING_LABELS.index(name)] = label
    parse = PILImage.fromarray(lip).convert("P")  # as such sets come: indices and a palette
    parse.putpalette(np.random.default_rng(0).integers(0, 256, 768).astype(np.uint8).tobytes())
    parse.save(folder / "image-parse" / "a_0.png")
    points = np.nan_to_num(openpose18(pose) * (SIZE[1], SIZE[0]))
    seen = (points > 0).all(1).astype(float)
    said = {"people": [{"pose_keypoints": np.c_[points, seen].ravel().tolist()}]}
    (folder / "pose" / "a_0_keypoints.json").write_text(json.dumps(said))
    (folder / "pairs.txt").write_text("a\n")
    (folder.parent / "scorer.py").write_text(SCORER)
    return folder


@pytest.fixture
def scorer(data):
    return stages.load_scorer(data.parent / "scorer.py")


def test_a_pair_is_read_with_its_labels_not_their_colours(data, scorer):
    pair = stages.read_pair(data, "a", scorer.WORN)
    assert pair.photo.shape == (*SIZE, 3) and pair.worn.shape == SIZE
    assert 0.05 < pair.worn.mean() < 0.5
    assert pair.points.shape == (18, 2) and np.nanmax(pair.points) > 100


def test_the_true_parsing_keeps_finer_labels_and_calls_the_garment_what_it_is(data, scorer):
    pair = stages.read_pair(data, "a", scorer.WORN)
    hands = PARSING_LABELS.index("hands")
    labels = stages.true_parsing(pair, np.full(SIZE, hands, np.uint8), "dress")
    assert (labels[pair.worn] == PARSING_LABELS.index("dress")).all()
    assert (labels[pair.labels == 14] == hands).all()
    assert not (labels[pair.labels == 9] == hands).any()


def test_a_field_is_smoothed_from_what_counts_alone():
    field, where = np.full((40, 40, 2), 100, np.float32), np.zeros((40, 40), bool)
    where[10:30, 10:30] = True
    field[where] = 3
    assert stages.smoothed(field, where, 4)[where] == pytest.approx(3, abs=1e-4)


def test_every_stage_has_its_rows_and_all_truths_together_come_nearest(data, scorer, networks):
    rows = stages.measure(data, scorer, ["a"], networks)
    assert all(set(row) == set(stages.COLUMNS) for row in rows)
    assert {row["garments"] for row in rows} == {"all", "plain", "sleeve short"}
    whole = [row for row in rows if row["garments"] == "all"]
    assert len(whole) == len(stages.ways()) == 2 * len(stages.STAGES) + 1
    score = {(row["truth"], row["how"]): float(row["ssim"]) for row in whole}
    together = score["surroundings", "with all before"]
    assert together > score["light", "with all before"] >= score["silhouette", "with all before"] - 0.3
    assert together > score["everything found", ""]
    assert score[stages.CEILING, ""] > score["everything found", ""]
