"""The words of furniture's looks: colours, materials, patterns, styles. Data only, in the form of `vocabulary`."""

from __future__ import annotations

from typing import Final

from recommend import vocabulary

#: Colours are those of clothes, but for words that among furniture name a wood or a stone. "Light beige" is no lamp.
_NO_COLOURS: Final = frozenset({"ash", "slate", "wine", "coffee"})
_SHADES: Final = frozenset(f"{shade} {name}" for shade in ("light", "dark") for name in vocabulary.COLOURS)
_NAMED_SHADES: Final = frozenset(vocabulary.COLOURS) | {word for words in vocabulary.COLOURS.values() for word in words}
COLOURS: Final[dict[str, tuple[str, ...]]] = {
    name: (
        *(word for word in others if word not in _NO_COLOURS),
        *sorted(shade for shade in _SHADES - _NAMED_SHADES if shade.split(" ", 1)[1] == name),
    )
    for name, others in vocabulary.COLOURS.items()
}
COLOUR_FAMILIES: Final = vocabulary.COLOUR_FAMILIES

MATERIALS: Final[dict[str, tuple[str, ...]]] = {
    "wood": ("wooden", "timber", "hardwood", "softwood", "olive wood"),
    "oak": ("oakwood", "oak wood", "oaken", "light oak", "dark oak"),
    "walnut": ("walnut wood",),
    "pine": ("pinewood", "pine wood"),
    "beech": ("beechwood", "beech wood"),
    "birch": ("birchwood", "birch wood"),
    "ash": ("ashwood", "ash wood"),
    "maple": ("maple wood",),
    "elm": ("elm wood",),
    "teak": ("teakwood", "teak wood"),
    "mahogany": (),
    "rosewood": (),
    "cherry": ("cherrywood", "cherry wood"),
    "acacia": ("acacia wood",),
    "mango wood": ("mangowood",),
    "bamboo": (),
    "plywood": (),
    "mdf": ("particleboard", "particle board", "chipboard", "laminate", "melamine", "engineered wood"),
    "metal": ("metallic",),
    "steel": ("stainless", "stainless steel"),
    "iron": (),
    "brass": (),
    "copper": (),
    "bronze": (),
    "aluminium": ("aluminum",),
    "chrome": ("chromed",),
    "glass": ("crystal",),
    "stone": (),
    "marble": (),
    "granite": (),
    "travertine": (),
    "slate": (),
    "concrete": ("cement",),
    "terrazzo": (),
    "ceramic": ("porcelain", "stoneware", "earthenware", "clay"),
    "rattan": (),
    "wicker": (),
    "cane": ("webbing",),
    "seagrass": ("sea grass", "water hyacinth"),
    "jute": ("sisal", "hemp"),
    "leather": (),
    "faux leather": ("vegan leather", "leatherette", "pu leather", "imitation leather", "artificial leather"),
    "suede": ("nubuck",),
    "fabric": ("textile", "cloth", "upholstered", "upholstery"),
    "linen": (),
    "cotton": (),
    "velvet": ("velour",),
    "wool": ("woollen", "woolen", "merino"),
    "boucle": ("bouclé",),
    "chenille": (),
    "tweed": (),
    "corduroy": ("cord",),
    "felt": (),
    "silk": (),
    "polyester": ("microfibre", "microfiber"),
    "sheepskin": ("fur", "faux fur"),
    "plastic": ("polypropylene", "resin"),
    "acrylic": ("plexiglass", "perspex", "lucite"),
    "paper": ("rice paper",),
    "cork": (),
}

_LIGHT_WOODS: Final = ("oak", "pine", "beech", "birch", "ash", "maple", "bamboo")
_DARK_WOODS: Final = ("walnut", "teak", "mahogany", "rosewood", "cherry", "acacia", "mango wood")
_OTHER_WOODS: Final = ("elm", "plywood", "mdf")

#: A material asked for → the materials that satisfy it; others only themselves.
MATERIAL_FAMILIES: Final[dict[str, tuple[str, ...]]] = {
    "wood": ("wood", *_LIGHT_WOODS, *_DARK_WOODS, *_OTHER_WOODS),
    "light wood": _LIGHT_WOODS,
    "pale wood": _LIGHT_WOODS,
    "blond wood": _LIGHT_WOODS,
    "dark wood": _DARK_WOODS,
    "metal": ("metal", "steel", "iron", "brass", "copper", "bronze", "aluminium", "chrome"),
    "stone": ("stone", "marble", "granite", "travertine", "slate", "concrete", "terrazzo"),
    "rattan": ("rattan", "wicker", "cane"),
    "wicker": ("wicker", "rattan", "cane"),
    "leather": ("leather", "faux leather", "suede"),
    "fabric": (
        "fabric",
        "linen",
        "cotton",
        "velvet",
        "wool",
        "boucle",
        "chenille",
        "tweed",
        "corduroy",
        "felt",
        "silk",
        "polyester",
    ),
    "plastic": ("plastic", "acrylic"),
}

#: The colour that a material has by itself, for what an item shall go with: "to match my oak table".
MATERIAL_COLOURS: Final[dict[str, str]] = {
    **dict.fromkeys(_LIGHT_WOODS, "beige"),
    **dict.fromkeys(("wood", *_DARK_WOODS), "brown"),
}

#: Words before a material that do not change which it is.
MATERIAL_MODIFIERS: Final = frozenset(
    "solid real genuine natural massive tempered toughened clear smoked frosted brushed polished powder coated "
    "lacquered painted oiled stained varnished stainless wrought cast woven recycled reclaimed top full grain".split()
)

PATTERNS: Final[dict[str, tuple[str, ...]]] = {
    "plain": ("unpatterned", "solid colour", "solid color", "no pattern", "without pattern", "without a pattern"),
    "striped": ("stripe", "stripes", "stripey"),
    "checked": ("check", "checks", "checkered", "chequered", "plaid", "tartan", "gingham", "houndstooth"),
    "dotted": ("dots", "polka dot", "polka dots", "spotted"),
    "floral": ("flower", "flowery", "botanical", "floral print", "leaf print", "leaves"),
    "geometric": ("zigzag", "chevron", "geometrical", "herringbone", "diamond pattern", "diamonds"),
    "abstract": (),
    "oriental": ("persian", "turkish", "moroccan", "berber"),
    "animal": ("leopard", "zebra", "animal print", "cowhide"),
    "marbled": ("marbling", "veined"),
}
PATTERN_FAMILIES: Final[dict[str, tuple[str, ...]]] = {
    "patterned": tuple(name for name in PATTERNS if name != "plain"),
}

STYLES: Final[dict[str, tuple[str, ...]]] = {
    "scandinavian": ("scandi", "nordic", "danish", "swedish", "scandinavian style"),
    "industrial": ("loft", "factory", "workshop style"),
    "mid-century": ("midcentury", "mid century modern", "midcentury modern", "mcm", "fifties", "sixties", "50s", "60s"),
    "modern": ("contemporary", "sleek"),
    "rustic": ("farmhouse", "country style", "cottage", "country house"),
    "classic": ("traditional", "timeless", "victorian", "baroque", "colonial"),
    "minimal": ("minimalist", "minimalistic", "simple", "clean lines", "pared back", "light and airy", "airy"),
    "boho": ("bohemian", "ethnic", "hippie"),
    "vintage": ("retro", "antique"),
    "japandi": ("japanese", "zen", "wabi sabi"),
    "coastal": ("beach house", "nautical", "maritime", "hamptons"),
    "glam": ("art deco", "glamorous", "glamour", "opulent"),
    "cosy": ("cozy", "cosier", "cozier", "snug", "hygge", "comfy", "comfortable"),
}
