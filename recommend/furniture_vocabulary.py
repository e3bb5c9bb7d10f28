"""The words of furniture: what names things, where they stand, how large they are. Data only, as in `vocabulary`.

What things look like is in `furniture_looks`.
"""

from __future__ import annotations

from typing import Final

from recommend import vocabulary

#: What a catalog may hold, and other words for all of one.
CATEGORIES: Final[dict[str, tuple[str, ...]]] = {
    "sofa": ("couch", "settee", "divan"),
    "armchair": ("arm chair", "easy chair", "accent chair", "club chair", "tub chair", "reading chair"),
    "chair": ("side chair",),
    "stool": (),
    "coffee table": ("cocktail table", "lounge table", "sofa table", "centre table", "center table"),
    "side table": ("end table", "occasional table", "accent table"),
    "dining table": ("kitchen table", "dinner table", "dining room table"),
    "desk": ("writing table", "work table", "computer table", "workstation", "bureau"),
    "bed": ("bedstead", "bed frame", "bedframe"),
    "nightstand": (
        "night stand",
        "night table",
        "bedside table",
        "bedside cabinet",
        "bedside stand",
        "bedside chest",
    ),
    "wardrobe": ("closet", "armoire", "clothes cupboard", "clothes closet"),
    "dresser": ("chest of drawers", "drawer chest", "drawer unit", "commode", "tallboy"),
    "bookcase": (
        "book case",
        "bookshelf",
        "book shelf",
        "shelf",
        "shelving",
        "shelving unit",
        "shelf unit",
        "shelves unit",
        "bookshelf unit",
    ),
    "cabinet": ("cupboard", "storage unit", "storage cabinet"),
    "tv stand": (
        "tv unit",
        "tv table",
        "tv bench",
        "tv cabinet",
        "tv console",
        "tv board",
        "tv furniture",
        "television stand",
        "television table",
        "media unit",
        "media console",
        "media cabinet",
        "entertainment centre",
        "entertainment center",
        "entertainment unit",
        "lowboard",
    ),
    "floor lamp": ("standing lamp", "standard lamp", "floor light", "standing light", "floor standing lamp"),
    "table lamp": ("table light",),
    "ceiling lamp": ("ceiling light", "hanging lamp", "hanging light", "lamp for the ceiling"),
    "plant": ("houseplant", "house plant", "potted plant", "pot plant", "indoor plant", "greenery"),
    "rug": ("carpet", "area rug", "floor rug"),
    "wall art": (
        "painting",
        "artwork",
        "art",
        "poster",
        "art print",
        "framed print",
        "wall picture",
        "framed picture",
        "picture",
        "prints",
        "wall decoration",
        "wall decor",
    ),
    "mirror": ("looking glass",),
    "bench": ("bench seat",),
    "decor": ("decoration", "deco", "ornament", "home accessory", "home accessories", "knick knack"),
}

_LAMPS: Final = ("floor lamp", "table lamp", "ceiling lamp")
_TABLES: Final = ("coffee table", "side table", "dining table")

#: Words for several categories at once: the first is its name for people.
CATEGORY_GROUPS: Final[dict[tuple[str, ...], tuple[str, ...]]] = {
    _LAMPS: (
        "lamp",
        "light",
        "lighting",
        "light source",
        "light fixture",
        "luminaire",
        "warm light",
        "soft light",
        "bright light",
        "mood light",
        "mood lighting",
    ),
    ("floor lamp", "table lamp"): (
        "reading lamp",
        "reading light",
        "light to read",
        "lamp to read",
        "light to read by",
    ),
    _TABLES: ("table",),
    ("sofa", "armchair", "chair", "stool", "bench"): (
        "seat",
        "seating",
        "something to sit on",
        "somewhere to sit",
        "place to sit",
    ),
    ("wardrobe", "dresser", "bookcase", "cabinet", "tv stand", "nightstand"): ("storage", "storage furniture"),
    ("dresser", "cabinet"): ("chest",),
}

#: Fine kinds: name → (category, other words).
KINDS: Final[dict[str, tuple[str, tuple[str, ...]]]] = {
    "corner sofa": (
        "sofa",
        (
            "corner couch",
            "sectional",
            "sectional sofa",
            "l shaped sofa",
            "l shaped couch",
            "l shape sofa",
            "modular sofa",
        ),
    ),
    "sofa bed": ("sofa", ("sofabed", "sleeper sofa", "futon", "pull out couch", "pull out sofa", "bed couch")),
    "loveseat": ("sofa", ("love seat", "two seater", "2 seater", "two seat sofa", "two seater sofa", "2 seater sofa")),
    "three-seater": ("sofa", ("three seater", "3 seater", "three seat sofa", "three seater sofa", "3 seater sofa")),
    "chaise longue": ("sofa", ("chaise", "chaise lounge")),
    "chesterfield": ("sofa", ("chesterfield sofa",)),
    "wing chair": ("armchair", ("wingback", "wingback chair", "wing armchair")),
    "bean bag": ("armchair", ("beanbag", "bean bag chair")),
    "recliner": ("armchair", ("reclining", "reclining chair", "recliner chair")),
    "rocking chair": ("armchair", ("rocker",)),
    "lounge chair": ("armchair", ("lounger", "eames chair")),
    "dining chair": ("chair", ("kitchen chair", "dining room chair")),
    "office chair": ("chair", ("desk chair", "swivel chair", "task chair", "computer chair")),
    "folding chair": ("chair", ()),
    "bar stool": ("stool", ("barstool", "counter stool", "bar chair")),
    "footstool": ("stool", ("foot stool", "ottoman", "pouf", "pouffe", "hassock")),
    "console table": ("side table", ("console", "hall table", "hallway table")),
    "bistro table": ("dining table", ("cafe table", "café table")),
    "computer desk": ("desk", ()),
    "corner desk": ("desk", ()),
    "standing desk": ("desk", ("sit stand desk",)),
    "double bed": (
        "bed",
        ("queen bed", "king bed", "queen size bed", "king size bed", "queen sized bed", "king sized bed"),
    ),
    "single bed": ("bed", ("twin bed",)),
    "bunk bed": ("bed", ()),
    "daybed": ("bed", ("day bed",)),
    "crib": ("bed", ("cot",)),
    "dressing table": ("dresser", ("vanity", "vanity table", "make up table", "makeup table")),
    "clothes rail": ("wardrobe", ("clothes rack", "garment rack", "coat rack", "coat stand")),
    "locker": ("cabinet", ()),
    "sideboard": ("cabinet", ("buffet", "credenza", "highboard")),
    "display cabinet": ("cabinet", ("vitrine", "glass cabinet", "china cabinet")),
    "filing cabinet": ("cabinet", ("file cabinet",)),
    "wine cabinet": ("cabinet", ("wine rack", "bar cabinet")),
    "shoe cabinet": ("cabinet", ("shoe rack", "shoe cupboard")),
    "arc lamp": ("floor lamp", ("arched lamp", "arc floor lamp")),
    "uplighter": ("floor lamp", ("torchiere", "uplight")),
    "desk lamp": ("table lamp", ("desk light", "work lamp", "lamp for the desk", "light for the desk")),
    "bedside lamp": ("table lamp", ("bedside light", "night light", "nightlight", "night lamp")),
    "pendant lamp": ("ceiling lamp", ("pendant", "pendant light", "suspension lamp")),
    "chandelier": ("ceiling lamp", ()),
    "flush light": ("ceiling lamp", ("flush mount", "flush mount light")),
    "track light": ("ceiling lamp", ("spotlight", "spot light", "track lighting")),
    "tree": ("plant", ("indoor tree", "potted tree")),
    "orchid": ("plant", ()),
    "yucca": ("plant", ()),
    "bonsai": ("plant", ()),
    "flowers": ("plant", ("bouquet",)),
    "trailing plant": ("plant", ("hanging plant",)),
    "palm": ("plant", ("palm tree",)),
    "fern": ("plant", ()),
    "cactus": ("plant", ("cacti",)),
    "succulent": ("plant", ()),
    "kilim": ("rug", ("kelim",)),
    "canvas": ("wall art", ("canvas print", "canvas picture", "canvas art")),
    "runner": ("rug", ("hall runner", "hallway runner")),
    "floor mirror": ("mirror", ("standing mirror", "full length mirror", "dressing mirror", "cheval mirror")),
    "wall mirror": ("mirror", ("hanging mirror",)),
    "storage bench": ("bench", ("bench with storage",)),
    "shoe bench": ("bench", ("hall bench", "hallway bench", "entryway bench")),
    "vase": ("decor", ("flower vase",)),
    "clock": ("decor", ("wall clock",)),
    "candle holder": ("decor", ("candlestick", "candle stick", "candleholder", "candelabra", "lantern")),
    "sculpture": ("decor", ("statue", "figurine", "figure")),
    "basket": ("decor", ()),
    "trunk": ("decor", ("steamer trunk",)),
    "crate": ("decor", ()),
    "radio": ("decor", ()),
    "room divider": ("decor", ("folding screen", "divider", "partition")),
    "cushion": ("decor", ("pillow", "throw pillow", "scatter cushion")),
    "throw": ("decor", ("blanket",)),
    "bowl": ("decor", ("tray",)),
}

#: Where an item belongs, when it is said of no other item.
PLACES: Final[dict[str, tuple[str, ...]]] = {
    "wall": ("for the wall", "on the wall", "for my wall", "on my wall", "wall mounted", "wall hung"),
    "ceiling": ("for the ceiling", "from the ceiling", "on the ceiling"),
    "table": ("for the table", "on the table", "on a table", "tabletop", "on the desk", "on my desk"),
}

#: What people furnish, and what they put there when they do not say: categories → words.
USES: Final[dict[tuple[str, ...], tuple[str, ...]]] = {
    ("plant", "floor lamp", "armchair", "bookcase"): ("corner", "empty corner", "nook"),
    ("floor lamp", "table lamp", "armchair"): ("reading", "to read"),
    ("armchair", "floor lamp", "bookcase", "side table"): ("reading corner", "reading nook"),
    ("bed", "nightstand", "wardrobe", "dresser", "table lamp", "rug", "mirror"): ("bedroom",),
    ("bed",): ("sleeping", "to sleep"),
    ("bed", "sofa"): ("guests", "guest room"),
    ("nightstand", "table lamp"): ("bedside",),
    ("sofa", "armchair", "coffee table", "tv stand", "floor lamp", "rug", "cabinet"): ("living room", "lounge"),
    ("dining table", "chair", "ceiling lamp", "cabinet"): ("dining room", "eating", "dining"),
    ("chair", "stool", "dining table", "ceiling lamp"): ("kitchen",),
    ("desk", "chair", "bookcase", "table lamp"): ("office", "home office", "study", "working", "to work"),
    ("bench", "mirror", "cabinet", "wardrobe"): ("hall", "hallway", "entrance", "entryway", "by the door"),
    ("bookcase",): ("books", "my books"),
    ("wardrobe", "dresser"): ("clothes", "clothing"),
    ("cabinet", "bench"): ("shoes",),
    ("tv stand",): ("tv", "television"),
}

_SMALL: Final = ("small", "smaller", "compact", "tiny", "mini", "little", "petite", "space saving", "shorter")
_LARGE: Final = ("large", "larger", "big", "bigger", "huge", "spacious", "oversized", "extra large", "long", "longer")
#: What makes an item larger or smaller: word → side as in `schema.SIDES` and direction.
SIZE_WORDS: Final[dict[str, tuple[str, int]]] = {
    **dict.fromkeys(_SMALL, ("length", -1)),
    **dict.fromkeys(_LARGE, ("length", 1)),
    **dict.fromkeys(("narrow", "slim", "narrower", "slimmer"), ("width", -1)),
    **dict.fromkeys(("wide", "wider", "broader"), ("width", 1)),
    **dict.fromkeys(("tall", "high", "taller", "higher", "tallest", "highest"), ("height", 1)),
    **dict.fromkeys(("low", "lower", "lowest"), ("height", -1)),
    **dict.fromkeys(("shallow", "shallower", "shallowest"), ("depth", -1)),
    **dict.fromkeys(("deep", "deeper", "deepest"), ("depth", 1)),
    **dict.fromkeys(("smallest", "tiniest", "shortest"), ("length", -1)),
    **dict.fromkeys(("largest", "biggest", "longest"), ("length", 1)),
    **dict.fromkeys(("narrowest", "slimmest"), ("width", -1)),
    **dict.fromkeys(("widest", "broadest"), ("width", 1)),
}

#: How many people a sofa seats → the kind that does.
SEATS: Final[dict[str, str]] = {
    **dict.fromkeys(("2", "two"), "two seater"),
    **dict.fromkeys(("3", "three"), "three seater"),
}

#: Names of things that are adjectives right before another thing: a light sofa is no lamp. Word → lightness meant.
BEFORE_THINGS: Final[dict[str, str]] = {"light": "lighter"}

#: The side that is meant of a category where none is named, by a number or by "big"; of others the length. A bed is
#: named by its mattress, a ceiling lamp by its diameter.
UNNAMED_SIDE: Final[dict[str, str]] = {
    **dict.fromkeys(("floor lamp", "table lamp", "plant", "decor"), "height"),
    "bed": "breadth",
}

#: Categories of which "60 x 40" names width and height rather than the sides of the foot.
FLAT: Final = frozenset({"wall art", "mirror"})

#: Words before a thing that an item shall stand near, and so does not itself ask for: "a rug under the dining table".
NEAR: Final = frozenset("under above over beside behind near by between around opposite against atop on below".split())
#: The same, but only after something was asked for: "a lamp for the desk", "a bed with storage", "grey like my rug".
NEAR_AFTER: Final = frozenset({"for", "with", "to", "in", "as", "like"})

#: Wishes that no catalog column answers: word → what is missing.
NOT_CARRIED: Final[dict[str, str]] = {
    **dict.fromkeys(("brand", "ikea", "wayfair", "west elm", "herman miller", "vitra", "muuto"), "brands"),
    **dict.fromkeys(("delivery", "delivered", "shipping"), "delivery times"),
    "in stock": "stock",
    **dict.fromkeys(("sale", "discount", "discounted"), "discounts"),
    **dict.fromkeys(("reviews", "rated"), "reviews"),
    **dict.fromkeys(("outdoor", "outdoors", "outside", "patio", "garden"), "what can stand outdoors"),
    **dict.fromkeys(("waterproof", "water resistant", "stain resistant", "fireproof"), "technical properties"),
    **dict.fromkeys(("washable", "machine washable", "removable cover", "removable covers"), "care instructions"),
    **dict.fromkeys(("sustainable", "fair trade", "fsc", "vegan", "handmade", "hand made"), "how things are made"),
    **dict.fromkeys(("second hand", "secondhand", "pre owned"), "who owned things before"),
    **dict.fromkeys(("assembled", "assembly", "flat pack"), "how things are assembled"),
    **dict.fromkeys(("extendable", "extending", "extensible", "expandable", "adjustable"), "what can be adjusted"),
    **dict.fromkeys(("warranty", "guarantee"), "guarantees"),
    **dict.fromkeys(("weight", "lightweight", "heavy", "kg"), "weights"),
    **dict.fromkeys(("led", "dimmable", "bulb", "lumen", "lumens", "watt", "watts", "kelvin"), "electrical properties"),
    **dict.fromkeys(("kid friendly", "child friendly", "pet friendly", "cat proof"), "who items are made for"),
}

_MORE_FILLERS: Final = """
furniture furnishing furnishings must should could needs room rooms home house apartment flat place put stand set
fits fit fitting suitable suit suits strictly exclusively definitely required
"""
_CLOTHES: Final = frozenset("clothes clothing garment garments outfit wear wearing sleeve sleeves".split())
#: Words that carry nothing by themselves and need no mention.
FILLERS: Final = (vocabulary.FILLERS - _CLOTHES) | frozenset(_MORE_FILLERS.split())
