"""Whatever limits are put into words, in any of four languages: every result keeps them, and none that does is lost."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import tryroom
from recommend.embedder import Embedder
from recommend.retriever import Retriever
from recommend.schema import MAX_RESULTS, Item, Query, values_of
from tests.recommend.conftest import not_white

LANGUAGES = ("English", "Spanish", "German", "French")
THOUSANDS = (",", ".", ".", " ")
CURRENCIES = {
    "garments": ("euros", "euros", "Euro", "euros"),
    "furniture": ("dollars", "dólares", "Dollar", "dollars"),
}
PRICES = {
    "below": ("under {} {}", "por menos de {} {}", "unter {} {}", "à moins de {} {}"),
    "most": ("no more than {} {}", "no más de {} {}", "nicht mehr als {} {}", "pas plus de {} {}"),
    "up to": ("at most {} {}", "como máximo {} {}", "höchstens {} {}", "au maximum {} {}"),
    "least": ("at least {} {}", "al menos {} {}", "mindestens {} {}", "au moins {} {}"),
    "range": ("between {} and {} {}", "entre {} y {} {}", "zwischen {} und {} {}", "entre {} et {} {}"),
}
SIDES = (("wide", "de ancho", "breit", "de large"), ("deep", "de fondo", "tief", "de profondeur"),
         ("high", "de alto", "hoch", "de haut"))  # fmt: skip
SIZES = {
    "below": ("under {} cm {}", "menos de {} cm {}", "unter {} cm {}", "moins de {} cm {}"),
    "most": ("no more than {} cm {}", "no más de {} cm {}", "nicht mehr als {} cm {}", "pas plus de {} cm {}"),
    "least": ("at least {} cm {}", "al menos {} cm {}", "mindestens {} cm {}", "au moins {} cm {}"),
}
WITHOUT = (
    ("without {}", "sin {}", "ohne {}", "sans {}"),
    ("no {}", "nada de {}", "kein {}", "pas de {}"),
    ("nothing in {}", "que no sea {}", "nicht {}", "pas {}"),
    ("anything but {}", "todo menos {}", "alles außer {}", "tout sauf {}"),
)
#: What is denied: attribute, the values that the word means, and the word.
DENIED: dict[str, tuple[tuple[str, set[str], tuple[str, ...]], ...]] = {
    "garments": (
        ("material", {"leather"}, ("leather", "cuero", "Leder", "cuir")),
        ("material", {"wool"}, ("wool", "lana", "Wolle", "laine")),
        ("pattern", {"striped"}, ("stripes", "rayas", "Streifen", "rayures")),
        ("colours", {"black"}, ("black", "negro", "schwarz", "noir")),
        ("colours", {"green", "olive"}, ("green", "verde", "grün", "vert")),
        ("kind", {"jeans"}, ("jeans", "vaqueros", "Jeans", "jean")),
    ),
    "furniture": (
        ("material", {"leather", "faux leather", "suede"}, ("leather", "cuero", "Leder", "cuir")),
        ("material", {"glass"}, ("glass", "cristal", "Glas", "verre")),
        ("material", {"plastic", "acrylic"}, ("plastic", "plástico", "Kunststoff", "plastique")),
        ("colours", {"white"}, ("white", "blanco", "weiß", "blanc")),
        ("colours", {"black"}, ("black", "negro", "schwarz", "noir")),
        ("category", {"rug"}, ("rugs", "alfombras", "Teppiche", "tapis")),
    ),
}


@dataclass(frozen=True)
class Limits:
    """Limits in words, and whether an item keeps them: worked out from the item alone, without the reader."""

    text: str
    keeps: tuple[Callable[[Item], bool], ...]

    def kept_by(self, item: Item) -> bool:
        return all(keep(item) for keep in self.keeps)


@st.composite
def limits(draw: st.DrawFn, catalog: str) -> Limits:
    tongue = draw(st.integers(0, len(LANGUAGES) - 1))
    parts = draw(st.lists(_denial(catalog, tongue), max_size=2, unique_by=lambda part: part[2]))
    parts += draw(st.lists(_price(catalog, tongue), max_size=1))
    if catalog == "furniture":
        parts += draw(st.lists(_size(tongue), max_size=2, unique_by=lambda part: part[2]))
    parts = draw(st.permutations(parts))
    return Limits(", ".join(part[0] for part in parts), tuple(part[1] for part in parts))


Part = tuple[str, Callable[[Item], bool], Any]


@st.composite
def _denial(draw: st.DrawFn, catalog: str, tongue: int) -> Part:
    attribute, values, words = draw(st.sampled_from(DENIED[catalog]))
    text = draw(st.sampled_from(WITHOUT))[tongue].format(words[tongue])
    return text, lambda item: values.isdisjoint(values_of(item, attribute)), words


@st.composite
def _price(draw: st.DrawFn, catalog: str, tongue: int) -> Part:
    kind = draw(st.sampled_from(sorted(PRICES)))
    low, high = sorted(draw(st.tuples(*[st.integers(10, 200 if catalog == "garments" else 2500)] * 2)))
    amounts = (low, high) if kind == "range" else (high,)
    written = [f"{amount:,}".replace(",", THOUSANDS[tongue]) for amount in amounts]
    keeps = {
        "below": lambda item: item.price < high,
        "most": lambda item: item.price <= high,
        "up to": lambda item: item.price <= high,
        "least": lambda item: item.price >= high,
        "range": lambda item: low <= item.price <= high,
    }
    return PRICES[kind][tongue].format(*written, CURRENCIES[catalog][tongue]), keeps[kind], kind


@st.composite
def _size(draw: st.DrawFn, tongue: int) -> Part:
    kind, side = draw(st.sampled_from(sorted(SIZES))), draw(st.integers(0, len(SIDES) - 1))
    cm = draw(st.integers(20, 220))
    keeps = {
        "below": lambda item: item.size_cm[side] < cm,
        "most": lambda item: item.size_cm[side] <= cm,
        "least": lambda item: item.size_cm[side] >= cm,
    }
    return SIZES[kind][tongue].format(cm, SIDES[side][tongue]), keeps[kind], side


@pytest.fixture(scope="module")
def shops(
    tmp_path_factory: pytest.TempPathFactory, make_catalog: Callable[..., Path], embedder: Embedder
) -> dict[str, Retriever]:
    """The demo catalogs' items with small drawn pictures, since only what the items state matters here."""
    opened = {}
    for name, folder in (("garments", tryroom.CATALOG), ("furniture", tryroom.FURNITURE)):
        items = [json.loads(line) for line in (folder / "catalog.jsonl").read_text(encoding="utf-8").splitlines()]
        pictured = ("image", "views", "depths", "view_angles")
        stated = [{key: value for key, value in item.items() if key not in pictured} for item in items]
        drawn = make_catalog(tmp_path_factory.mktemp(name), stated)
        uri = str(tmp_path_factory.mktemp("index") / name)
        opened[name] = Retriever.open(drawn, embedder, uri=uri, cut_out=not_white)
    return opened


@pytest.mark.parametrize("catalog", ["garments", "furniture"])
@given(data=st.data())
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_limits_in_words_are_kept(shops: dict[str, Retriever], catalog: str, data: st.DataObject) -> None:
    asked = data.draw(limits(catalog))
    shop = shops[catalog]
    result = shop.search(Query(text=asked.text), k=MAX_RESULTS)
    allowed = {item.id for item in shop.catalog.items if asked.kept_by(item)}
    shown = {hit.item.id for hit in result.hits}
    assert shown <= allowed, (asked.text, [chip.label for chip in result.understanding.chips])
    assert result.matching == len(allowed), (asked.text, [chip.label for chip in result.understanding.chips])
