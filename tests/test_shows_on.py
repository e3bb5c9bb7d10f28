"""Items of a catalog shown on the person of a photo, as a conversation on the command line asks for it."""

from __future__ import annotations

from pathlib import Path

import pytest

import tryroom
from pipelines import images
from recommend.catalog import read_catalog
from recommend.errors import ToolFailed
from tests.recommend.conftest import ITEMS, write_catalog
from tests.ui import tiny


def test_a_whole_outfit_in_one_picture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    renderer = tiny.PasteRenderer()
    monkeypatch.setattr(tryroom, "_dresser", lambda: renderer)
    catalog = read_catalog(write_catalog(tmp_path / "shop", ITEMS))
    items = {item.id: item for item in catalog.items}
    photo = tmp_path / "me.png"
    images.save_png(photo, tiny.draw_person(90))
    show = tryroom.shows_on(photo, tmp_path / "looks", catalog.picture)
    said = show((items["jeans-navy"], items["tee-red"]))
    picture = tmp_path / "looks" / "jeans-navy+tee-red.png"
    assert str(picture) in said and images.read_recipe(picture) is not None
    (request,) = renderer.requests
    assert request.category == "upper" and [piece.category for piece in request.others] == ["lower"]

    broken = tryroom.shows_on(tmp_path / "nobody.png", tmp_path / "looks", catalog.picture)
    with pytest.raises(ToolFailed, match=r"nobody\.png"):
        broken((items["tee-red"],))
    with pytest.raises(ToolFailed, match="only tops, bottoms and dresses"):
        tryroom.wearable([])
