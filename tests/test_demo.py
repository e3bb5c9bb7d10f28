"""The demo's page: every picture on it is there, words are escaped, and a failure is shown rather than hidden."""

from __future__ import annotations

import html.parser
import json
from pathlib import Path

import pytest

import demo
import tryroom
from pipelines import images
from pipelines.errors import BadInput
from recommend.schema import Hit, Item
from tests.conftest import picture
from tests.pipelines.tiny_renderer import BREAKS, TinyRenderer


class Sources(html.parser.HTMLParser):
    """Collects the pictures and the text of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.pictures: list[str] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        if tag == "img":
            self.pictures.append(dict(attributes)["src"] or "")

    def handle_data(self, data: str) -> None:
        self.text += data


def offer(folder: Path, person_id: str, item_id: str, behaviour: int = 0) -> demo.Offer:
    photo = picture(96, 72, seed=1)
    photo[0, 0] = behaviour
    images.save_png(folder / f"{person_id}.png", photo)
    images.save_png(folder / f"{item_id}.png", picture(80, 80, seed=2))
    person = tryroom.DemoPhoto(person_id, f"<b>{person_id}</b>", folder / f"{person_id}.png", "tall & calm")
    hit = Hit(Item(item_id, 'Shirt "A" <i>', "upper", 39.9, f"{item_id}.png"), 0.5, "goes with grey", {})
    return demo.Offer("tryon", person, "a top", hit, folder / f"{item_id}.png")


def test_the_page_shows_every_try_on(tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    renderer = TinyRenderer("compact")
    offers = [offer(tmp_path, "p1", "g1"), offer(tmp_path, "p1", "g2"), offer(tmp_path, "p2", "g1", BREAKS)]
    cells = [demo.render(renderer, "compact", one, out) for one in offers]
    page = Sources(demo.gallery(cells, 12.0))
    assert {"p1_g1.png", "p1_g2.png", "tryon-p1.png", "tryon-p2.png", "item-g1.png"} <= set(page.pictures)
    assert all((out / source).is_file() for source in page.pictures)
    assert "2 pictures in 12 s" in page.text
    assert 'Shirt "A" <i>' in page.text
    assert "<b>p1</b>" in page.text
    assert "39.90 EUR" in page.text
    assert "rendering failed in stage warp" in page.text
    assert images.read_recipe(out / "p1_g1.png")


def test_people_are_read_and_a_bad_line_is_named(tmp_path: Path) -> None:
    path = tmp_path / "people.jsonl"
    first, second = (json.dumps({"id": name, "title": "T", "image": f"{name}.png"}) for name in "ab")
    path.write_text(f"{first}\n\n{second}\n")
    assert [person.id for person in tryroom.demo_people(tmp_path)] == ["a", "b"]
    assert tryroom.demo_people(tmp_path)[0].image == tmp_path / "a.png"
    path.write_text('{"id": "a", "title": "A", "image": "a.png"}\n{"id": "b"}\n')
    with pytest.raises(BadInput, match=r"people\.jsonl line 2"):
        tryroom.demo_people(tmp_path)
    with pytest.raises(BadInput, match="a folder with people"):
        tryroom.demo_people(tmp_path / "none")
