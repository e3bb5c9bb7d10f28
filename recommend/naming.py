"""How kinds of clothes get their names: by a detail, a material, another word. Data only, as in `vocabulary`."""

from __future__ import annotations

from typing import Final

#: What a kind with something else about it is called: the kind, the attribute and value that make it so, and the name.
VARIANTS: Final[tuple[tuple[str, str, str, str], ...]] = (
    ("t-shirt", "sleeve", "long", "longsleeve"),
    ("t-shirt", "sleeve", "sleeveless", "tank top"),
    ("sweatshirt", "detail", "hood", "hoodie"),
    ("sweater", "detail", "hood", "hoodie"),
    ("trousers", "material", "denim", "jeans"),
    ("trousers", "style", "sporty", "joggers"),
    ("jacket", "material", "knit", "cardigan"),
    ("jacket", "material", "tweed", "blazer"),
)

#: Details that make a kind another one: name → how they are said.
DETAILS: Final[dict[str, tuple[str, ...]]] = {"hood": ("hooded", "with hood", "with a hood")}

#: Names of one fine kind that titles say in either way; the encoder, which hardly knows one from the other, is told the
#: first two.
SAME_THING: Final[tuple[tuple[str, ...], ...]] = (
    ("turtleneck", "roll neck", "turtle neck", "rollneck", "polo neck", "mock neck"),
    ("camisole", "cami"),
)

#: What else a name of a kind says of the thing: name → attribute and value.
IMPLIED: Final[dict[str, tuple[str, str]]] = {
    **dict.fromkeys(("puffer", "puffer jacket", "down jacket", "padded jacket"), ("pattern", "quilted")),
    "biker jacket": ("material", "leather"),
    **dict.fromkeys(("jean jacket", "jean shorts"), ("material", "denim")),
    **dict.fromkeys(("gown", "pumps", "stilettos"), ("style", "formal")),
    "sundress": ("style", "summer"),
}

#: Materials that name things where no thing is named: "a chunky knit".
NAMES_THINGS: Final[dict[str, str]] = {
    **dict.fromkeys(("knit", "knits", "chunky knit", "chunky knits"), "knitwear"),
}
