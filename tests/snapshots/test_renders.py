"""Renders of the demo people, against pictures that a person looked at and accepted (`make snapshots`)."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import pytest

import tryroom
from pipelines import jobs, renderers
from pipelines.schema import Image, RenderSettings
from recommend.catalog import read_catalog

HEIGHT = 256
LIMIT = 2.0


@pytest.fixture(scope="module")
def renderer() -> renderers.Renderer:
    return renderers.load("compact", "tryon")


@pytest.mark.parametrize("category", ["upper", "lower", "dress"])
@pytest.mark.parametrize("steps", [0, 2])
def test_demo_person(
    renderer: renderers.Renderer, category: str, steps: int, check_snapshot: Callable[[str, Image, float], None]
) -> None:
    catalog = read_catalog(tryroom.CATALOG)
    item = next(item for item in catalog.items if item.category == category)
    settings = RenderSettings(num_inference_steps=steps)
    request = jobs.tryon_request(tryroom.demo_people()[0].image, catalog.picture(item), settings=settings)
    image = renderer.render(request).image
    width = round(image.shape[1] * HEIGHT / image.shape[0])
    check_snapshot(f"{category}-{steps}-steps", cv2.resize(image, (width, HEIGHT), interpolation=cv2.INTER_AREA), LIMIT)
