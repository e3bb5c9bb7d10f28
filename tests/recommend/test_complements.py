"""How well two things go together, part by part."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommend import complements
from recommend.complements import (
    categories_of,
    facts,
    met,
    overlap,
    pair_chances,
    partners,
    product,
    role_of,
    set_facts,
)
from recommend.domains import DOMAINS, FURNITURE, GARMENTS, Domain
from recommend.features import SHADES, Floats, colour_vector
from recommend.pairings import PAIRINGS
from recommend.rerank import named_palette
from recommend.schema import Facet, Filters, Item, Understanding

GREY = np.full((8, 8, 3), 128, np.uint8)
KINDS = sorted(GARMENTS.kinds)


def garment(kind: str, colour: str = "white", **stated: Any) -> Item:
    return Item(f"{kind}-{colour}", kind, GARMENTS.kinds[kind][0], 10.0, "none", kind=kind, colours=(colour,), **stated)


def piece(category: str, **stated: Any) -> Item:
    return Item(category, category, category, 10.0, "none", **{"colours": ("brown",), **stated})


def palettes(items: list[Item]) -> Floats:
    rows = np.zeros((len(items), 5, 4), np.float32)
    for row, item in zip(rows, items, strict=True):
        named = named_palette(item.colours)
        row[: len(named)] = named
    return rows


def histograms(items: list[Item]) -> Floats:
    pictures = [
        np.full((8, 8, 3), list(bytes.fromhex(SHADES[item.colours[0]][0])), np.uint8) if item.colours else GREY
        for item in items
    ]
    return np.stack([colour_vector(picture) for picture in pictures])


def chances(one: Item, other: Item, domain: Domain = GARMENTS) -> dict[str, float]:
    seen = [complements.traits([item], palettes([item]), histograms([item]), domain) for item in (one, other)]
    return {name: float(part[0, 0]) for name, part in pair_chances(*seen, domain).items()}


@pytest.mark.parametrize("domain", DOMAINS.values(), ids=lambda domain: domain.name)
def test_the_tables_name_what_there_is(domain: Domain) -> None:
    pairing = PAIRINGS[domain.name]
    for role in pairing.all_roles:
        assert categories_of([role], domain), role
        assert partners(role, domain) and role not in partners(role, domain)
    assert all(set(roles) <= set(pairing.all_roles) for roles in pairing.sets.values())
    named = {*pairing.clashes, *pairing.formality, *pairing.warmth}
    assert named <= set(domain.kinds) | set(pairing.kind_roles)
    assert pairing.style_formality.keys() | pairing.style_warmth.keys() <= set(domain.styles) | {
        "outdoor", "workwear", "festival", "rock", "basic",
    }  # fmt: skip


def test_roles() -> None:
    assert role_of(garment("jacket"), GARMENTS) == "layer" and role_of(garment("t-shirt"), GARMENTS) == "top"
    assert role_of(piece("chair", kind="office chair"), FURNITURE) == "office chair"
    assert categories_of(["layer"], GARMENTS) == ("upper",)
    assert partners("dress", GARMENTS)[:2] in (("layer", "shoes"), ("shoes", "layer"))
    assert "bed" not in partners("sofa", FURNITURE) and "coffee table" in partners("sofa", FURNITURE)


@given(
    st.sampled_from(KINDS), st.sampled_from(KINDS), st.sampled_from(sorted(SHADES)), st.sampled_from(sorted(SHADES)),
    st.sampled_from(["", "plain", "striped", "checked"]), st.sampled_from([(), ("casual",), ("formal", "office")]),
)  # fmt: skip
def test_chances_are_chances_and_the_same_both_ways(
    kind: str, other: str, colour: str, beside: str, pattern: str, style: tuple[str, ...]
) -> None:
    a, b = garment(kind, colour, pattern=pattern, style=style), garment(other, beside, pattern="striped")
    there, back = chances(a, b), chances(b, a)
    assert there == pytest.approx(back, abs=1e-5)
    assert all(0 <= chance <= 1 for chance in there.values())


@pytest.mark.parametrize(
    ("part", "anchor", "better", "worse"),
    [
        ("pair", garment("t-shirt"), garment("jeans"), garment("shirt")),
        ("harmony", garment("shirt", "red"), garment("trousers", "navy"), garment("trousers", "green")),
        ("style", garment("shirt", style=("office",)), garment("skirt", style=("office",)),
         garment("skirt", style=("sporty",))),
        ("pattern", garment("shirt", pattern="striped"), garment("skirt", pattern="plain"),
         garment("skirt", pattern="checked")),
        ("pattern", garment("shirt", pattern="striped"), garment("skirt", pattern="striped"),
         garment("skirt", pattern="floral")),
        ("kinds", garment("blazer"), garment("trousers"), garment("shorts")),
        ("formality", garment("blazer", style=("office",)), garment("trousers", style=("office",)),
         garment("joggers", style=("sporty",))),
        ("tone", garment("shirt", "navy"), garment("jeans", "navy"), garment("jeans", "grey")),
        ("season", garment("coat", material="wool"), garment("jeans"), garment("shorts", style=("summer",))),
    ],
)  # fmt: skip
def test_garments_by_part(part: str, anchor: Item, better: Item, worse: Item) -> None:
    assert chances(anchor, better)[part] > chances(anchor, worse)[part]


def test_colours_that_are_nearly_the_same_look_like_a_mistake() -> None:
    same, near, far = (chances(garment("shirt", "navy"), garment("jeans", name)) for name in ("navy", "black", "white"))
    assert same["harmony"] > near["harmony"] < far["harmony"]


@pytest.mark.parametrize(
    ("part", "anchor", "better", "worse"),
    [
        ("pair", piece("sofa"), piece("coffee table"), piece("bed")),
        ("pair", piece("desk"), piece("chair", kind="office chair"), piece("chair", kind="dining chair")),
        ("material", piece("sofa", material="oak"), piece("side table", material="oak"),
         piece("side table", material="glass")),
        ("material", piece("sofa", material="oak"), piece("side table", material="pine"),
         piece("side table", material="glass")),
        ("scale", piece("sofa", size_cm=(200, 90, 80)), piece("coffee table", size_cm=(120, 60, 40)),
         piece("coffee table", size_cm=(190, 60, 40))),
    ],
)  # fmt: skip
def test_furniture_by_part(part: str, anchor: Item, better: Item, worse: Item) -> None:
    assert chances(anchor, better, FURNITURE)[part] > chances(anchor, worse, FURNITURE)[part]


def test_what_is_not_stated_decides_nothing() -> None:
    split = chances(garment("shirt"), Item("x", "x", "lower", 1.0, "none"))
    assert split["style"] == split["formality"] == complements.UNKNOWN and split["pattern"] == split["season"] == 1


def test_the_product_is_over_all_parts() -> None:
    parts = {"a": np.full((2, 1), 0.5, np.float32), "b": np.full((2, 1), 0.4, np.float32)}
    assert product(parts) == pytest.approx(np.full((2, 1), 0.2))


def test_reasons_name_only_what_is_so() -> None:
    tee = garment("t-shirt", "white", pattern="striped", style=("casual",))
    jeans = garment("jeans", "navy", pattern="plain", style=("casual",))
    assert facts(jeans, tee, chances(jeans, tee), GARMENTS) == [
        "jeans to your t-shirt", "navy with white", "both casual", "plain beside striped",
    ]  # fmt: skip
    skirt = garment("skirt", "red", pattern="checked", style=("formal",))
    red = garment("t-shirt", "green", pattern="striped")
    assert facts(skirt, red, chances(skirt, red), GARMENTS, "the") == ["skirt to the t-shirt"]
    table, sofa = piece("coffee table", material="oak"), piece("sofa", material="oak, linen")
    assert "also oak" in facts(table, sofa, chances(table, sofa, FURNITURE), FURNITURE)


def test_what_was_asked_and_is_met() -> None:
    asked = Understanding(
        Filters(colours=(("navy",),)),
        (Facet("style", ("casual",)), Facet("kind", ("jeans",)), Facet("sleeve", ("long",))),
    )
    assert met(garment("jeans", "navy", style=("casual",)), asked) == "navy, casual; 2 of 3 asked"
    assert met(garment("jeans"), Understanding()) == ""


def test_facts_of_a_set() -> None:
    casual = [garment("shirt", "white", style=("casual",)), garment("jeans", "navy", style=("casual", "street"))]
    assert set_facts(casual) == ["all casual", "white and navy"]
    assert set_facts([*casual, garment("coat", "navy")]) == ["mostly casual", "white and navy"]
    assert set_facts([garment("coat", "navy", style=("formal",)), casual[0]]) == ["navy and white"]


def test_overlap() -> None:
    assert overlap([["a", "b"], ["b", "c"], ["d"]]) == pytest.approx(np.array([[1, 0.5, 0], [0.5, 1, 0], [0, 0, 1]]))
