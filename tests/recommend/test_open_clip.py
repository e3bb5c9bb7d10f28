"""A real open_clip model of a few thousand numbers a layer, saved to a folder and loaded from there."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
import typer
from PIL import Image as PILImage
from safetensors.torch import save_file
from typer.testing import CliRunner

from recommend import cli
from recommend.calibrating import calibrate, fit
from recommend.embedder import Calibration, Embedder
from recommend.errors import BadInput, IncompatibleIndex
from recommend.features import Image, cut_out
from recommend.index import open_index
from recommend.retriever import Retriever
from recommend.schema import Query
from tests.recommend.conftest import RED, TinyEmbedder

open_clip = pytest.importorskip("open_clip")

from recommend.open_clip_embedder import OpenClipEmbedder  # noqa: E402

DIM = 16
MODEL = {
    "embed_dim": DIM,
    "vision_cfg": {"image_size": 32, "layers": 1, "width": 32, "head_width": 16, "patch_size": 8},
    "text_cfg": {"context_length": 16, "vocab_size": 49408, "width": 16, "heads": 2, "layers": 1},
}


def save(folder: Path, seed: int) -> str:
    """A model with random weights; gives its name."""
    torch.manual_seed(seed)
    folder.mkdir()
    save_file(open_clip.CLIP(**MODEL).state_dict(), folder / "open_clip_model.safetensors")
    (folder / "open_clip_config.json").write_text(json.dumps({"model_cfg": MODEL, "preprocess_cfg": {}}))
    return f"local-dir:{folder}"


@pytest.fixture(scope="module")
def name(tmp_path_factory: pytest.TempPathFactory) -> str:
    return save(tmp_path_factory.mktemp("open_clip") / "model", seed=0)


def no_chances(embedder: Embedder) -> Mapping[str, Calibration]:
    raise AssertionError("indexing needs no chances")


def test_pictures_and_words_are_unit_vectors_of_one_space(name: str, garment: Callable[..., Image]) -> None:
    embedder = OpenClipEmbedder(name, no_chances)
    pictures = embedder.images([garment(RED), garment((20, 90, 30))], [None, None])
    texts = embedder.texts(["a red tee", "a green tee", "trousers"])
    assert pictures.shape == (2, DIM) and texts.shape == (3, DIM)
    assert pictures.dtype == texts.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(np.concatenate([pictures, texts]), axis=1), 1, atol=1e-6)
    assert np.abs(pictures[0] - pictures[1]).max() > 1e-3
    assert embedder.images([], []).shape == embedder.texts([]).shape == (0, DIM)
    np.testing.assert_array_equal(embedder.texts(["trousers"])[0], texts[2])


def test_vectors_are_open_clips_own(name: str) -> None:
    """A picture that is a square already, and sentences, against open_clip itself."""
    square = np.random.default_rng(0).integers(0, 256, (32, 32, 3), np.uint8)
    model, prepare = open_clip.create_model_from_pretrained(name)
    with torch.no_grad():
        picture = model.encode_image(prepare(PILImage.fromarray(square))[None], normalize=True)
        text = model.encode_text(open_clip.get_tokenizer(name)(["a navy shirt"]), normalize=True)
    embedder = OpenClipEmbedder(name, no_chances, device="cpu")
    np.testing.assert_allclose(embedder.images([square], [None]), picture.numpy(), atol=1e-6)
    np.testing.assert_allclose(embedder.words(["a navy shirt"]), text.numpy(), atol=1e-6)


def test_a_sentence_goes_through_the_model_once(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    embedder = OpenClipEmbedder(name, no_chances)
    encode, runs = embedder._model.encode_text, []
    monkeypatch.setattr(embedder._model, "encode_text", lambda tokens: runs.append(1) or encode(tokens))
    in_words = embedder.words(["a navy shirt"])
    np.testing.assert_array_equal(embedder.texts(["a navy shirt", "a red shirt"])[0], in_words[0])
    assert len(runs) == 2


def test_the_revision_is_that_of_the_weights(name: str, tmp_path: Path) -> None:
    revision = OpenClipEmbedder(name, no_chances).revision
    assert OpenClipEmbedder(save(tmp_path / "same", seed=0), no_chances).revision == revision
    assert OpenClipEmbedder(save(tmp_path / "other", seed=1), no_chances).revision != revision
    assert OpenClipEmbedder(name, no_chances, precision="bf16").revision != revision


def test_an_index_of_it_is_searched_and_refused_by_other_encoders(
    name: str, shop: Path, furniture: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRYROOM_CACHE", str(tmp_path / "cache"))
    chances = partial(calibrate, catalogs=[shop, furniture], cut_out=cut_out)
    embedder = OpenClipEmbedder(name, chances)
    retriever = Retriever.open(shop, embedder, uri=str(tmp_path / "index"))
    hits = retriever.search(Query(text="red dress under 40")).hits
    assert [hit.item.id for hit in hits] == ["dress-red"]
    index = open_index(str(tmp_path / "index"), embedder.revision, "")
    assert index is not None and index.rows().vectors["semantic"].shape == (8, DIM)
    with pytest.raises(IncompatibleIndex, match="openclip-"):
        Retriever.open(shop, TinyEmbedder(), uri=str(tmp_path / "index"))
    (kept,) = (tmp_path / "cache" / "calibrations").iterdir()
    assert kept.name.startswith(embedder.revision)
    monkeypatch.setattr("recommend.calibrating.embed_catalog", no_chances)
    assert OpenClipEmbedder(name, chances).calibrations == embedder.calibrations


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ("local-dir:nowhere", "without open_clip_config.json"),
        ("ViT-B-16-SigLIP", "tags of ViT-B-16-SigLIP: webli"),
        ("ViT-B-16-SigLIP/none", "allowed: local-dir:FOLDER, hf-hub:OWNER/NAME or ARCHITECTURE/TAG"),
        ("none", "none of this architecture"),
    ],
)
def test_a_name_of_no_model_is_refused(asked: str, message: str) -> None:
    with pytest.raises(BadInput, match=message):
        OpenClipEmbedder(asked, no_chances)


def test_a_folder_without_good_weights_is_refused(tmp_path: Path) -> None:
    name = save(tmp_path / "model", seed=0)
    (tmp_path / "model" / "open_clip_model.safetensors").write_bytes(b"nothing")
    with pytest.raises(BadInput, match="Save the model there anew"):
        OpenClipEmbedder(name, no_chances)


def test_the_hub_out_of_reach_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(BadInput, match="Connect to the network once, or name a folder"):
        OpenClipEmbedder("hf-hub:nobody/nothing", no_chances)


def test_chances_are_fitted_to_what_belongs_together() -> None:
    rng = np.random.default_rng(0)
    right = rng.random(4000) < 0.1
    cosines = (rng.normal(0.05, 0.01, 4000) + 0.02 * right).astype(np.float32)
    chances = fit(cosines, right)
    # Two normal distributions of one spread: the logistic is known, slope 0.02 / 0.01² and one half in the middle.
    assert chances.slope == pytest.approx(200, rel=0.1)
    assert chances.chance(np.array([0.06]))[0] == pytest.approx(0.5, abs=0.05)
    with pytest.raises(BadInput, match="0 of 4000 pairs"):
        fit(cosines, np.zeros(4000, bool))


def test_the_command_line_takes_it_by_name(
    name: str, shop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRYROOM_CACHE", str(tmp_path / "cache"))
    app = typer.Typer(pretty_exceptions_enable=False)

    @app.callback()
    def join(ctx: typer.Context) -> None:
        ctx.meta[cli.TOOLS] = cli.Tools(weights=lambda: pytest.fail("our own encoder is not asked for"), catalog=shop)

    app.command("recommend")(cli.recommend_command)
    app.add_typer(cli.catalog_app, name="catalog")
    run = CliRunner().invoke(app, ["catalog", "index", str(shop), "--encoder", name])
    assert "8 items indexed" in run.stdout and "encoders openclip-" in run.stdout
    run = CliRunner().invoke(app, ["recommend", "red dress under 40", "--encoder", name, "--json"])
    assert [hit["id"] for hit in json.loads(run.stdout)["hits"]] == ["dress-red"]
