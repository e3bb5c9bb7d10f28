"""What is worn or stands together: the tables that `complements` reads, for garments and for furniture. Data only.

A role is what an item does beside others: a jacket is a layer although its category is that of tops, and an office
chair belongs to a desk although other chairs do not. Formality runs from 0 (sports) over 1 (casual) and 2 (smart) to 3
(formal), warmth from -1 (hot days) to 1 (frost). The values are rules of thumb of dressing and furnishing, not
measured.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

Numbers = Mapping[str, float]


@dataclass(frozen=True, eq=False)
class Pairing:
    """How the items of one domain go together.

    Attributes:
        roles: category → role, where it is not the category's name.
        kind_roles: kind → role, where it is not that of the category.
        fits: role → role → the chance that the two belong together; the same both ways, 0 where it is not said.
        sets: name → the roles of a whole outfit or room, most important first.
        clashes: kind → kinds that are hardly ever seen with it.
        formality, style_formality, material_formality: kind → level; style → level; material → what it adds.
        warmth, style_warmth, looks_warmth: kind, style, material or pattern → what each adds to the warmth.
        plain: patterns that are seen as texture rather than as a pattern.
        nouns: role → what one is called where that is not the role's name.
    """

    fits: Mapping[str, Numbers]
    sets: Mapping[str, tuple[str, ...]]
    roles: Mapping[str, str] = field(default_factory=dict)
    kind_roles: Mapping[str, str] = field(default_factory=dict)
    clashes: Mapping[str, frozenset[str]] = field(default_factory=dict)
    formality: Numbers = field(default_factory=dict)
    style_formality: Numbers = field(default_factory=dict)
    material_formality: Numbers = field(default_factory=dict)
    warmth: Numbers = field(default_factory=dict)
    style_warmth: Numbers = field(default_factory=dict)
    looks_warmth: Numbers = field(default_factory=dict)
    plain: frozenset[str] = frozenset({"plain"})
    nouns: Mapping[str, str] = field(default_factory=dict)

    @property
    def all_roles(self) -> tuple[str, ...]:
        """Every role that goes with any other, by name."""
        return tuple(sorted({*self.fits, *(role for others in self.fits.values() for role in others)}))

    def chance(self, role: str, other: str) -> float:
        """The chance that two roles belong together."""
        return self.fits.get(role, {}).get(other, self.fits.get(other, {}).get(role, 0.0))

    def noun(self, role: str) -> str:
        """What one item of a role is called."""
        return self.nouns.get(role, role)

    def plural(self, role: str) -> str:
        """What several items of a role are called."""
        noun = self.noun(role)
        return noun if noun.endswith("s") else re.sub(r"y$", "ie", noun) + "s"


GARMENT_PAIRING: Final = Pairing(
    roles={"upper": "top", "lower": "bottom"},
    kind_roles=dict.fromkeys(("jacket", "coat", "blazer", "cardigan", "vest", "overshirt"), "layer"),
    fits={
        "top": {"bottom": 1.0, "layer": 0.9, "shoes": 0.9, "accessory": 0.6},
        "bottom": {"layer": 0.85, "shoes": 0.9, "accessory": 0.6},
        "dress": {"layer": 1.0, "shoes": 1.0, "accessory": 0.8},
        "layer": {"shoes": 0.8, "accessory": 0.6},
        "shoes": {"accessory": 0.6},
    },
    sets={"outfit": ("top", "bottom", "layer", "shoes"), "outfit with a dress": ("dress", "layer", "shoes")},
    clashes={
        "cardigan": frozenset({"hoodie", "sweater", "sweatshirt", "joggers"}),
        "blazer": frozenset({"shorts", "joggers", "hoodie", "sweatshirt", "tank top"}),
        "coat": frozenset({"tank top"}),
        "overshirt": frozenset({"hoodie", "shirt"}),
        "joggers": frozenset({"shirt", "blouse", "skirt", "heels", "loafers"}),
        "shorts": frozenset({"heels"}),
        "hoodie": frozenset({"skirt", "heels", "loafers"}),
    },
    formality={
        **dict.fromkeys(("joggers", "leggings"), 0.1),
        **dict.fromkeys(("hoodie", "sweatshirt"), 0.6),
        **dict.fromkeys(("t-shirt", "tank top", "shorts", "sneakers", "crop top"), 0.9),
        **dict.fromkeys(("longsleeve", "jacket", "overshirt", "jumpsuit", "sandals"), 1.1),
        **dict.fromkeys(("jeans", "boots", "flats"), 1.3),
        **dict.fromkeys(("polo", "sweater", "cardigan", "vest"), 1.6),
        **dict.fromkeys(("trousers", "skirt", "shirt", "dress", "coat"), 2.0),
        **dict.fromkeys(("blouse", "loafers"), 2.2),
        **dict.fromkeys(("blazer", "heels"), 2.6),
    },
    style_formality={
        "sporty": 0.0,
        **dict.fromkeys(("outdoor", "street", "workwear", "festival", "rock"), 0.7),
        **dict.fromkeys(("casual", "basic", "boho"), 1.0),
        **dict.fromkeys(("classic", "minimal", "vintage"), 1.8),
        "office": 2.3,
        "party": 2.6,
        "formal": 3.0,
    },
    material_formality={"denim": -0.3, "fleece": -0.4, "nylon": -0.3, "satin": 0.4, "silk": 0.4, "lace": 0.4},
    warmth={
        "shorts": -0.8,
        "tank top": -0.4,
        "sandals": -0.8,
        "sweater": 0.5,
        "hoodie": 0.4,
        "coat": 0.8,
        "boots": 0.4,
    },
    style_warmth={"summer": -0.6, "winter": 0.5, "outdoor": 0.3},
    looks_warmth={
        "quilted": 0.6,
        "linen": -0.4,
        "wool": 0.3,
        "cashmere": 0.4,
        "fleece": 0.3,
        "leather": 0.2,
        "chiffon": -0.3,
    },
    plain=frozenset({"plain", "cable", "quilted", "herringbone", "side stripe", "colour block"}),
)

FURNITURE_PAIRING: Final = Pairing(
    kind_roles={
        "office chair": "office chair",
        "desk lamp": "desk lamp",
        "bar stool": "bar stool",
        "footstool": "footstool",
        "crib": "crib",
        "bunk bed": "bunk bed",
        "console table": "console table",
        "piano bench": "piano bench",
        "dressing table": "dressing table",
        **dict.fromkeys(("filing cabinet", "locker"), "office cabinet"),
    },
    fits={
        "sofa": {
            "coffee table": 1.0,
            "rug": 0.95,
            "armchair": 0.9,
            "floor lamp": 0.9,
            "side table": 0.85,
            "tv stand": 0.8,
            "footstool": 0.8,
            "plant": 0.7,
            "wall art": 0.7,
            "table lamp": 0.65,
            "bookcase": 0.65,
            "cabinet": 0.6,
            "ceiling lamp": 0.6,
            "decor": 0.55,
            "mirror": 0.5,
        },
        "armchair": {
            "floor lamp": 1.0,
            "side table": 0.95,
            "footstool": 0.9,
            "rug": 0.9,
            "coffee table": 0.9,
            "bookcase": 0.85,
            "plant": 0.7,
            "wall art": 0.65,
            "table lamp": 0.6,
            "tv stand": 0.5,
            "decor": 0.5,
            "cabinet": 0.5,
        },
        "coffee table": {
            "rug": 0.95,
            "side table": 0.75,
            "floor lamp": 0.8,
            "tv stand": 0.8,
            "decor": 0.7,
            "plant": 0.6,
            "bookcase": 0.6,
            "cabinet": 0.6,
            "wall art": 0.5,
        },
        "dining table": {
            "chair": 1.0,
            "ceiling lamp": 0.9,
            "bench": 0.8,
            "cabinet": 0.8,
            "rug": 0.75,
            "decor": 0.7,
            "wall art": 0.6,
            "plant": 0.6,
            "mirror": 0.5,
        },
        "chair": {"ceiling lamp": 0.8, "cabinet": 0.7, "bench": 0.6, "rug": 0.6, "plant": 0.5, "wall art": 0.5},
        "desk": {
            "office chair": 1.0,
            "desk lamp": 1.0,
            "bookcase": 0.85,
            "office cabinet": 0.8,
            "plant": 0.6,
            "rug": 0.6,
            "wall art": 0.6,
            "floor lamp": 0.5,
        },
        "office chair": {"desk lamp": 0.9, "bookcase": 0.8, "office cabinet": 0.8, "rug": 0.5, "plant": 0.5},
        "bed": {
            "nightstand": 1.0,
            "wardrobe": 0.9,
            "dresser": 0.9,
            "table lamp": 0.9,
            "rug": 0.8,
            "bench": 0.7,
            "mirror": 0.7,
            "dressing table": 0.7,
            "ceiling lamp": 0.65,
            "wall art": 0.65,
            "plant": 0.5,
            "armchair": 0.5,
        },
        "nightstand": {"table lamp": 1.0, "wardrobe": 0.8, "dresser": 0.8, "rug": 0.6, "mirror": 0.5, "bunk bed": 0.5},
        "wardrobe": {"dresser": 0.9, "mirror": 0.8, "rug": 0.6, "crib": 0.8, "bunk bed": 0.8, "table lamp": 0.6},
        "dresser": {"mirror": 0.9, "table lamp": 0.7, "rug": 0.6, "crib": 0.9, "bunk bed": 0.8, "decor": 0.5},
        "dressing table": {"mirror": 0.9, "table lamp": 0.8, "wardrobe": 0.7},
        "bench": {"mirror": 0.8, "console table": 0.7, "rug": 0.6, "plant": 0.6, "cabinet": 0.6},
        "console table": {"mirror": 1.0, "table lamp": 0.9, "decor": 0.8, "plant": 0.7, "rug": 0.6},
        "bookcase": {"floor lamp": 0.85, "side table": 0.7, "rug": 0.7, "desk lamp": 0.7, "decor": 0.6, "plant": 0.6},
        "side table": {"floor lamp": 0.75, "table lamp": 0.85, "rug": 0.7, "plant": 0.7, "decor": 0.6},
        "tv stand": {"rug": 0.7, "floor lamp": 0.7, "plant": 0.6, "decor": 0.5},
        "cabinet": {"ceiling lamp": 0.6, "table lamp": 0.7, "decor": 0.7, "mirror": 0.6, "plant": 0.6, "rug": 0.6},
        "rug": {"floor lamp": 0.8, "table lamp": 0.5, "plant": 0.6, "ceiling lamp": 0.6, "mirror": 0.4},
        "floor lamp": {"plant": 0.6},
        "plant": {"decor": 0.6, "mirror": 0.5, "wall art": 0.5},
        "bar stool": {"ceiling lamp": 0.8, "decor": 0.4, "plant": 0.4},
    },
    sets={
        "living room": ("sofa", "coffee table", "rug", "floor lamp", "armchair"),
        "bedroom": ("bed", "nightstand", "table lamp", "wardrobe", "rug"),
        "reading corner": ("armchair", "floor lamp", "side table", "bookcase"),
        "dining room": ("dining table", "chair", "ceiling lamp", "cabinet"),
        "home office": ("desk", "office chair", "desk lamp", "bookcase"),
        "hallway": ("bench", "mirror", "cabinet", "plant"),
    },
    plain=frozenset({"plain", "marbled"}),
    nouns={"wall art": "picture", "decor": "decoration"},
)

#: By name of the domain.
PAIRINGS: Final[dict[str, Pairing]] = {"garments": GARMENT_PAIRING, "furniture": FURNITURE_PAIRING}
