"""The common space: how learned and frozen parts join, and what the names of kinds do to a text."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import save_file
from torch.nn.functional import cosine_similarity, normalize

from recommend.features import COLOUR_DIM
from recommend.space import Head, Mixture, Space, read_space
from recommend.towers import IMAGE_FEATURES, TEXT_FEATURES

OUTPUTS, AXES, NAMES = 6, 4, 3
#: Five labels, two of one source and three of another.
SOURCES = torch.tensor([0, 0, 1, 1, 1])


@pytest.fixture(scope="module")
def space() -> Space:
    torch.manual_seed(0)
    image_head = Head(IMAGE_FEATURES + COLOUR_DIM, 8, OUTPUTS).eval().requires_grad_(False)
    text_head = Head(TEXT_FEATURES, 8, OUTPUTS).eval().requires_grad_(False)
    names = normalize(torch.randn(NAMES, TEXT_FEATURES), dim=-1)
    shown = normalize(torch.randn(NAMES, OUTPUTS + AXES + len(SOURCES)), dim=-1)
    axes, reader = torch.randn(IMAGE_FEATURES, AXES), 2 * torch.randn(IMAGE_FEATURES + 1, len(SOURCES))
    return Space(image_head, text_head, axes, reader, SOURCES, names, shown, Mixture(0.4, 0.3, 2, 10))


@pytest.fixture(scope="module")
def pictures() -> torch.Tensor:
    return torch.randn(5, IMAGE_FEATURES + COLOUR_DIM, generator=torch.Generator().manual_seed(1))


@pytest.fixture(scope="module")
def texts() -> torch.Tensor:
    return normalize(torch.randn(5, TEXT_FEATURES, generator=torch.Generator().manual_seed(2)), dim=-1)


@settings(deadline=None)
@given(learned=st.floats(0, 1), told=st.floats(0, 1))
def test_likeness_of_pictures_is_the_mixture_of_its_parts(
    space: Space, pictures: torch.Tensor, learned: float, told: float
) -> None:
    told *= 1 - learned
    vectors = replace(space, mixture=Mixture(learned, told, 0, 1)).pictures(pictures)
    looks = space.looks(pictures[:, :IMAGE_FEATURES])
    expected = torch.zeros(5)
    rest = max(0.0, 1 - learned - told)
    parts = (space.image_head(pictures), looks @ space.axes, space.chances(looks).sqrt())
    for share, part in zip((learned, rest, told), parts, strict=True):
        expected += share * cosine_similarity(part[:1], part)
    assert torch.allclose(vectors.norm(dim=-1), torch.ones(5), atol=1e-5)
    assert torch.allclose(vectors @ vectors[0], expected, atol=1e-5)


def test_the_chances_of_labels_are_counted_source_by_source(space: Space, pictures: torch.Tensor) -> None:
    looks = space.looks(pictures[:, :IMAGE_FEATURES])
    chances = space.chances(looks)
    for source in (0, 1):
        assert torch.allclose(chances[:, source == SOURCES].sum(-1), torch.ones(5), atol=1e-5)
    logits = normalize(looks, dim=-1) @ space.reader[:-1] + space.reader[-1]
    assert torch.allclose(chances[:, 0], torch.sigmoid(logits[:, 0] - logits[:, 1]), atol=1e-5)
    assert chances.max() > chances.min() + 0.2


def test_without_a_pull_words_rank_pictures_as_the_trained_heads_do(
    space: Space, pictures: torch.Tensor, texts: torch.Tensor
) -> None:
    plain = replace(space, mixture=Mixture(0.4, 0.3, 0, 10))
    by_heads = space.text_head(texts) @ space.image_head(pictures).T
    assert torch.allclose(plain.texts(texts) @ plain.pictures(pictures).T, 0.4**0.5 * by_heads, atol=1e-5)


def test_a_name_is_drawn_towards_the_pictures_of_its_kind(space: Space) -> None:
    near = []
    for pull in (0, 1, 4):
        said = replace(space, mixture=Mixture(0.4, 0.3, pull, 50)).texts(space.names)
        assert torch.allclose(said.norm(dim=-1), torch.ones(NAMES), atol=1e-5)
        near.append((said * space.shown).sum(-1))
    assert (near[0] < near[1]).all() and (near[1] < near[2]).all() and (near[2] > 0.5).all()


def test_a_text_that_is_equally_near_to_all_names_stays_where_it_is(space: Space, texts: torch.Tensor) -> None:
    blunt = replace(space, mixture=Mixture(0.4, 0.3, 2, 0))
    said = torch.cat([space.text_head(texts), torch.zeros(5, AXES + len(SOURCES))], dim=-1)
    assert torch.allclose(blunt.texts(texts), said, atol=1e-5)


def test_a_space_comes_back_from_its_file_as_half_precision_keeps_it(
    space: Space, pictures: torch.Tensor, texts: torch.Tensor, tmp_path: Path
) -> None:
    file = tmp_path / "heads.safetensors"
    save_file(space.tensors(), file, {"mixture": json.dumps(asdict(space.mixture)), "towers": "some"})
    found, about = read_space(file)
    assert found.mixture == space.mixture and about["towers"] == "some"
    assert torch.allclose(found.pictures(pictures), space.pictures(pictures), atol=0.02)
    assert torch.allclose(found.texts(texts), space.texts(texts), atol=0.02)
