"""The real encoders on the furniture catalog: what a shopper sees first, measured on requests judged by hand."""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping, Sequence

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

import tryroom
from recommend import features
from recommend.domains import FURNITURE
from recommend.embedder import TwoTowerEmbedder
from recommend.features import Floats, Mask
from recommend.pictures import read_picture
from recommend.retriever import Retriever
from recommend.room_style import read_room
from recommend.schema import Query, SearchResult, side_of
from tests.recommend.conftest import not_white
from training.render_furniture import catalog_entry, load_recipes

#: Request → the items that a shop assistant would fetch. A few rules and words were written with these in view.
SEEN: Mapping[str, str] = {
    "metal and glass black coffee table under $300": (
        "coffee-table-black-glass-shelf coffee-table-trestle-glass-black coffee-table-round-glass-black "
        "coffee-table-cube-frame-black-glass coffee-table-half-round-glass"
    ),
    "cozy velvet armchair": (
        "armchair-cocktail-ochre armchair-lobby-cream armchair-swivel-boucle armchair-bentwood-cognac "
        "armchair-bean-bag-green"
    ),
    "oak bookcase under 80 cm wide": "bookcase-utility-pine-steel bookcase-column-white-red",
    "something green for the corner": (
        "plant-areca-palm plant-ficus plant-olive-standard plant-yucca-tall plant-peace-lily-bushy "
        "plant-schefflera plant-dracaena-terracotta armchair-bean-bag-green"
    ),
    "warm light for reading": (
        "floor-lamp-reading-black floor-lamp-tripod-oak floor-lamp-shelf-rust table-lamp-desk-black "
        "table-lamp-desk-red table-lamp-turned-wood-beige table-lamp-pebble-stack"
    ),
    "somewhere to keep my books": (
        "bookcase-glass-doors-oak bookcase-wall-white bookcase-column-white-red bookcase-utility-pine-steel "
        "bookcase-full-white bookcase-ladder-black-oak"
    ),
    "a place to put the television": (
        "tv-stand-wenge tv-stand-tower-oak tv-stand-slatted-walnut tv-stand-white-oak-legs"
    ),
    "somewhere for guests to sleep": "sofa-bed-futon-red bed-daybed-silver bed-single-lilac bed-captains-single",
    "comfortable chair for working at the computer": (
        "chair-office-ergonomic-black chair-office-blue chair-office-shell-white"
    ),
    "high seat for the kitchen counter": (
        "stool-bar-amber stool-bar-black-steel stool-pub-dark-wood stool-bar-white-aluminium"
    ),
    "old-fashioned leather couch": "sofa-chesterfield-oxblood sofa-camel-leather",
    "something to hang coats and clothes on": (
        "wardrobe-rail-grey wardrobe-mirror-door-white wardrobe-single-oak wardrobe-two-door-black "
        "wardrobe-panelled-cherry"
    ),
    "rug for a boho living room": "rug-oriental-red rug-berber-lozenge rug-jute-round rug-kilim-brick",
    "japanese style lamp": "floor-lamp-column-paper ceiling-lamp-globe-paper table-lamp-cylinder-cream",
    "painting in warm autumn colours": "wall-art-fields-canvas wall-art-arches-oak wall-art-hills-black",
    "mirror to see my whole body in": "mirror-arch-floor-black wardrobe-mirror-door-white",
    "scandinavian dining chair in light wood": "chair-moulded-ash chair-cross-back-blue-cushion chair-slat-honey",
    "small marble table": "side-table-marble-tulip coffee-table-pedestal-black-marble",
    "nightstand for a bright scandinavian bedroom": "nightstand-two-drawers-oak nightstand-open-pine",
    "green chest of drawers": "dresser-six-drawers-sage",
    "bed for two children": "bed-bunk-white",
    "a bed for a baby": "bed-cot-white",
    "large desk for two monitors": "desk-office-grey desk-alder-steel-legs desk-corner-teak",
    "art deco brass lamp": "floor-lamp-globe-brass table-lamp-dome-brass",
    "plant that needs little water": "plant-agave-terracotta plant-cactus-black-pot",
    "present for a chess player": "decor-chess-set",
    "something to divide a room": "decor-screen-paper",
    "round blue rug": "rug-rings-round",
    "sideboard with woven doors": "cabinet-sideboard-cane",
    "vase for long dried grasses": "decor-vase-dried-grass decor-vase-teardrop-brown decor-vase-floor-terracotta",
    "red reclining leather chair": "armchair-recliner-raspberry",
    "something to put my feet up on": "stool-plastic-green stool-pouf-boucle",
    "little table for a french café": "dining-table-bistro-black dining-table-cafe-aluminium",
    "big farmhouse table for a large family": "dining-table-farmhouse dining-table-pedestal-oak",
}
#: The same, judged when all was written; nothing was changed for them.
UNSEEN: Mapping[str, str] = {
    "black leather office sofa": "sofa-slim-black-leather sofa-corner-black-leather",
    "pendant lamp in copper for the kitchen": "ceiling-lamp-bell-copper",
    "narrow table for behind the sofa": "side-table-console-black-glass",
    "kid's desk lamp in red": "table-lamp-desk-red",
    "storage bench for shoes by the front door": "bench-hall-black-oak",
    "garden style folding chair": "chair-bistro-green chair-folding-black",
    "something sculptural and shiny for the shelf": "decor-deer-silver",
    "persian carpet": "rug-oriental-red",
    "warm woollen rug with squares": "rug-checks-honey",
    "bedroom lamp with fabric shade": "table-lamp-turned-wood-beige table-lamp-cylinder-cream table-lamp-pebble-stack",
    "statement velvet sofa in a jewel colour": "sofa-chesterfield-green sofa-mid-century-teal",
    "white tv furniture under 300": "tv-stand-white-oak-legs",
    "iron bed, romantic": "bed-wrought-iron",
    "minimalist black wooden dining table": "dining-table-black-wood",
    "large abstract painting": "wall-art-fields-canvas wall-art-tide-canvas wall-art-strokes-black",
    "tall tree for the living room": "plant-ficus plant-yucca-tall plant-olive-standard plant-areca-palm",
    "flowers in a vase": "plant-tulips-red-vase plant-orchid-white",
    "swivel chair in bouclé": "armchair-swivel-boucle",
    "bedside table in dark wood": "nightstand-walnut-legs nightstand-two-drawers-black",
    "bookshelf with glass doors": "bookcase-glass-doors-oak",
    "cabinet to show off china": "cabinet-display-pine",
    "makeup table with a mirror": "dresser-vanity-white",
    "lounge chair by eames": "armchair-lounge-plywood-black",
    "lighting for paintings on a track": "ceiling-lamp-track-black",
    "old suitcase trunk to use as coffee table": "decor-trunk-black-brass",
    "steel cabinet for documents": "cabinet-filing-sand cabinet-locker-blue",
}


#: Least mean nDCG@5 on either list; reached: 0.83 and 0.84, with the real pictures 0.83 and 0.83.
LEAST_SEEN, LEAST_UNSEEN = 0.79, 0.79


class WordsOnly(TwoTowerEmbedder):
    """The real encoder of words; pictures all look the same, which no search by words notices."""

    @functools.cached_property
    def look(self) -> Floats:
        return self.texts(["furniture"])

    def images(self, images: Sequence[features.Image], masks: Sequence[Mask | None]) -> Floats:
        return np.tile(self.look, (len(images), 1))


@pytest.fixture(scope="module")
def retriever(tmp_path_factory: pytest.TempPathFactory) -> Retriever:
    """All recipes of the catalog, rendered or not: their words are what is searched; small pictures show colours."""
    folder = tmp_path_factory.mktemp("whole") / "shop"
    folder.mkdir()
    lines = [catalog_entry(item) for item in load_recipes()["item"]]
    (folder / "catalog.jsonl").write_text("\n".join(map(json.dumps, lines)))
    for line in lines:
        made = tryroom.FURNITURE / line["image"]
        picture = Image.open(made) if made.exists() else Image.new("RGB", (64, 64), "white")
        picture.resize((96, 96)).save(folder / line["image"])
    embedder = WordsOnly(tryroom.retriever_weights())
    return Retriever.open(folder, embedder, uri=str(folder.parent / "db"), cut_out=not_white)


@pytest.fixture(scope="module")
def sofas_and_lamps(tmp_path_factory: pytest.TempPathFactory) -> Retriever:
    """A part of the catalog with its pictures seen."""
    folder = tmp_path_factory.mktemp("part") / "shop"
    folder.mkdir()
    lines = [json.loads(line) for line in (tryroom.FURNITURE / "catalog.jsonl").read_text().splitlines()]
    part = [line for line in lines if line["category"] in ("sofa", "floor lamp", "rug")]
    for line in part:
        (folder / line["image"]).symlink_to(tryroom.FURNITURE / line["image"])
    (folder / "catalog.jsonl").write_text("\n".join(map(json.dumps, part)))
    return Retriever.open(folder, TwoTowerEmbedder(tryroom.retriever_weights()), uri=str(folder.parent / "db"))


def ids(result: SearchResult) -> list[str]:
    return [hit.item.id for hit in result.hits]


def gain(found: Sequence[str], right: Sequence[str]) -> float:
    """Discounted gain (nDCG) of the first five, all right items counting the same."""
    best = sum(1 / np.log2(place + 2) for place in range(min(5, len(right))))
    return float(sum(1 / np.log2(place + 2) for place, name in enumerate(found[:5]) if name in right) / best)


def mean_gain(retriever: Retriever, judged: Mapping[str, str]) -> float:
    found = {text: ids(retriever.search(Query(text=text), 5)) for text in judged}
    return float(np.mean([gain(found[text], right.split()) for text, right in judged.items()]))


def test_the_catalog_has_no_bad_line(retriever: Retriever) -> None:
    assert retriever.problems == () and retriever.domain is FURNITURE and retriever.catalog.currency == "USD"
    assert all(item.size_cm and item.place for item in retriever.catalog.items)
    judged = {name for right in (*SEEN.values(), *UNSEEN.values()) for name in right.split()}
    assert judged <= {item.id for item in retriever.catalog.items}


def test_what_was_judged_right_comes_first(retriever: Retriever) -> None:
    assert mean_gain(retriever, SEEN) >= LEAST_SEEN
    assert mean_gain(retriever, UNSEEN) >= LEAST_UNSEEN


def test_whoever_types_a_name_sees_that_piece_first(retriever: Retriever) -> None:
    names = {item.id: item.title for item in retriever.catalog.items}
    found = {name: ids(retriever.search(Query(text=title.lower()), 1)) for name, title in names.items()}
    assert found == {name: [name] for name in names}


def test_what_stands_beside_a_name_still_filters(retriever: Retriever) -> None:
    assert ids(retriever.search(Query(text="Cocktail chair, ochre"), 1)) == ["armchair-cocktail-ochre"]
    others = [
        Query(text="Cocktail chair, ochre, under $5"),
        Query(text="Cocktail chair, ochre", categories=("chair",)),
        Query(text="Cocktail chair, ochre", colours=("red",)),
        Query(text="Cocktail chair, ochre", exclude_ids=("armchair-cocktail-ochre",)),
        Query(text="a chair, but not the Cocktail chair, ochre"),
    ]
    for query in others:
        assert "armchair-cocktail-ochre" not in ids(retriever.search(query)), query.text


def test_rugs_come_by_how_near_their_size_is(retriever: Retriever) -> None:
    result = retriever.search(Query(text="rug 160x240"))
    assert ids(result)[:2] == ["rug-stripes-navy-rust", "rug-border-green"]
    near = [hit.scores["near size"] for hit in result.hits]
    assert near[0] == 1 and near[-1] == min(near)
    limited = retriever.search(Query(text="rug at most 160 x 240 cm")).hits
    assert limited and all(side_of(hit.item, "length") <= 240 for hit in limited)
    assert all(side_of(hit.item, "breadth") <= 160 for hit in limited)


def test_rules_add_to_what_the_encoder_knows(retriever: Retriever) -> None:
    rows = retriever._index.rows()
    near = retriever._embedder.words(list(UNSEEN)) @ rows.vectors["words"].T
    alone = [
        gain([rows.items[place].id for place in np.argsort(-row)[:5]], right.split())
        for row, right in zip(near, UNSEEN.values(), strict=True)
    ]
    assert mean_gain(retriever, UNSEEN) > float(np.mean(alone)) + 0.03


def test_metal_and_glass_black_coffee_table_under_300(retriever: Retriever) -> None:
    result = retriever.search(Query(text="metal and glass black coffee table under $300"), 5)
    assert len(result.hits) == 5 and result.notes == ()
    for hit in result.hits:
        assert hit.item.category == "coffee table" and "black" in hit.item.colours and hit.item.price < 300
        assert "glass" in hit.item.material and {"metal", "steel"} & set(hit.item.material.split(", "))
        assert hit.reason.startswith("black, ") and hit.reason.endswith(" and glass")


def test_cozy_velvet_armchair(retriever: Retriever) -> None:
    hits = retriever.search(Query(text="cozy velvet armchair"), 5).hits
    assert {hit.item.category for hit in hits} == {"armchair"}
    assert any("velvet" in hit.item.material for hit in hits[:3]) and any("cosy" in hit.item.style for hit in hits[:3])


def test_oak_bookcase_under_80_cm_wide(retriever: Retriever) -> None:
    result = retriever.search(Query(text="oak bookcase under 80 cm wide"), 5)
    assert result.hits and all(hit.item.category == "bookcase" for hit in result.hits)
    assert all(hit.item.size_cm is not None and hit.item.size_cm[0] < 80 for hit in result.hits)
    oak = any("oak" in hit.item.material for hit in result.hits)
    assert oak or any("oak" in note for note in result.notes)


def test_something_green_for_the_corner(retriever: Retriever) -> None:
    hits = retriever.search(Query(text="something green for the corner"), 5).hits
    assert all({"green", "olive"} & set(hit.item.colours) for hit in hits)
    assert sum(hit.item.category == "plant" for hit in hits) >= 3


def test_warm_light_for_reading(retriever: Retriever) -> None:
    hits = retriever.search(Query(text="warm light for reading"), 5).hits
    assert hits[0].item.kind == "reading lamp"
    assert {hit.item.category for hit in hits} <= {"floor lamp", "table lamp"}


def test_a_room_alone_gives_a_varied_selection_that_fits(retriever: Retriever) -> None:
    photo = np.full((120, 160, 3), 238, np.uint8)
    photo[80:] = (194, 166, 126)
    floor = np.where(np.arange(120)[:, None] >= 80, 255, 0).astype(np.uint8).repeat(160, axis=1)
    hits = retriever.search(Query(room=read_room(photo, floor, free_width_cm=120)), 10).hits
    assert len({hit.item.category for hit in hits}) >= 5
    on_floor = [hit for hit in hits if hit.item.place in ("floor", "rug")]
    assert on_floor and all("fits the free 120 cm" in hit.reason for hit in on_floor)
    like_floor = retriever.search(Query(text="oak", room=read_room(photo, floor)), 10).hits
    assert any("oak like your floor" in hit.reason for hit in like_floor)


@pytest.mark.parametrize("item", ["sofa-mid-century-teal", "floor-lamp-arc-marble"])
def test_a_picture_of_an_item_finds_it_and_then_its_sort(sofas_and_lamps: Retriever, item: str) -> None:
    picture = read_picture(sofas_and_lamps.picture(sofas_and_lamps.item(item)), item)
    hits = sofas_and_lamps.search(Query(like=picture), k=4).hits
    assert hits[0].item.id == item and "looks like your picture" in hits[0].reason
    assert sum(hit.item.category == hits[0].item.category for hit in hits) >= 3


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    text=st.sampled_from(["oak desk", "not black", "something green", "small rug", "metal and glass", "sofa", ""]),
    price=st.none() | st.floats(20, 1500),
    width=st.none() | st.integers(20, 250),
)
def test_all_parts_together_never_break_a_limit(
    retriever: Retriever, text: str, price: float | None, width: int | None
) -> None:
    said = f"{text} {f'under ${price:.2f}' if price is not None else ''} {f'under {width} cm wide' if width else ''}"
    result = retriever.search(Query(text=said))
    for hit in result.hits:
        assert result.understanding.filters.match(hit.item)
        assert price is None or hit.item.price < round(price, 2)
        assert width is None or (hit.item.size_cm is not None and hit.item.size_cm[0] < width)
        assert "not black" not in text or "black" not in hit.item.colours


@pytest.mark.parametrize(
    ("source", "text", "first"),
    [
        ("sofa-chesterfield-oxblood", "this sofa in velvet, smaller", "sofa-cottage-navy-velvet"),
        ("sofa-chesterfield-green", "but in red", "sofa-chesterfield-oxblood"),
        ("sofa-chesterfield-green", "in leather", "sofa-chesterfield-oxblood"),
        ("sofa-chesterfield-green", "narrower and cheaper", "sofa-cottage-navy-velvet"),
    ],
)
def test_like_an_item_but_for_what_the_words_change(
    sofas_and_lamps: Retriever, source: str, text: str, first: str
) -> None:
    result = sofas_and_lamps.search(Query(text=text, likes=(source,)))
    assert result.hits[0].item.id == first and source not in {found.item.id for found in result.hits}
