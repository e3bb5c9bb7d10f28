"""The words of clothes: what names what. Data only; `query` reads it, `catalog` normalises with it.

Each table maps the name used in catalogs to the other ways people say it. Plurals and hyphens are handled by the
reader.
"""

from __future__ import annotations

from typing import Final

#: Coarse kinds, as rendering knows them, and words that mean all of one.
CATEGORIES: Final[dict[str, tuple[str, ...]]] = {
    "upper": ("top", "upper body", "upperwear", "shirts and tops"),
    "lower": ("bottom", "bottoms", "lower body", "legwear"),
    "dress": ("dress", "gown", "one piece", "frock"),
    "shoes": ("shoe", "footwear"),
    "accessory": ("accessory", "accessories"),
}

#: Fine kinds: name → (category, other words).
KINDS: Final[dict[str, tuple[str, tuple[str, ...]]]] = {
    "t-shirt": ("upper", ("t shirt", "tshirt", "tee", "tee shirt", "graphic tee")),
    "shirt": (
        "upper",
        ("dress shirt", "button up", "button down", "oxford shirt", "button up shirt", "button down shirt"),
    ),
    "blouse": ("upper", ()),
    "polo": ("upper", ("polo shirt", "polo neck shirt")),
    "tank top": (
        "upper",
        ("tank", "undershirt", "vest top", "camisole", "cami", "singlet", "muscle tee", "halter top"),
    ),
    "crop top": ("upper", ("cropped top",)),
    "longsleeve": ("upper", ("long sleeve tee", "long sleeved tee", "long sleeve t shirt", "long sleeved t shirt")),
    "sweater": (
        "upper",
        (
            "jumper",
            "pullover",
            "knit sweater",
            "turtleneck",
            "turtle neck",
            "roll neck",
            "rollneck",
            "polo neck",
            "mock neck",
        ),
    ),
    "sweatshirt": ("upper", ("crewneck sweatshirt",)),
    "hoodie": ("upper", ("hooded sweatshirt", "hoody", "hooded top")),
    "cardigan": ("upper", ()),
    "overshirt": ("upper", ("shacket", "shirt jacket")),
    "jacket": (
        "upper",
        (
            "bomber",
            "windbreaker",
            "windcheater",
            "anorak",
            "puffer",
            "puffer jacket",
            "down jacket",
            "padded jacket",
            "jean jacket",
            "bomber jacket",
            "biker jacket",
        ),
    ),
    "coat": ("upper", ("overcoat", "trench", "trench coat", "parka", "raincoat", "mackintosh", "pea coat")),
    "blazer": ("upper", ("suit jacket", "sport coat", "sports coat", "sports jacket", "dinner jacket", "tuxedo")),
    "vest": ("upper", ("waistcoat", "gilet")),
    "bodysuit": ("upper", ()),
    "trousers": ("lower", ("trouser", "pants", "pant", "chinos", "khakis", "slacks", "cargo pants", "culottes")),
    "jeans": ("lower", ("jean",)),
    "leggings": ("lower", ("tights",)),
    "joggers": (
        "lower",
        ("sweatpants", "sweat pants", "track pants", "tracksuit bottoms", "jogging bottoms", "jogging pants"),
    ),
    "shorts": ("lower", ("jean shorts", "bermudas")),
    "skirt": ("lower", ("miniskirt",)),
    "dress": (
        "dress",
        ("gown", "frock", "sundress", "shirt dress", "jumper dress", "sweater dress", "t shirt dress"),
    ),
    "jumpsuit": ("dress", ("romper", "playsuit", "overalls", "dungarees")),
    "sneakers": ("shoes", ("sneaker", "trainers", "running shoes")),
    "boots": ("shoes", ("boot", "ankle boots")),
    "sandals": ("shoes", ("sandal", "flip flops")),
    "heels": ("shoes", ("heel", "pumps", "stilettos", "high heels")),
    "flats": ("shoes", ("ballet flats", "ballerinas")),
    "loafers": ("shoes", ("loafer", "dress shoes", "oxfords")),
    "hat": ("accessory", ("cap", "beanie")),
    "bag": ("accessory", ("handbag", "purse", "tote")),
    "scarf": ("accessory", ("shawl",)),
    "belt": ("accessory", ()),
    "socks": ("accessory", ("sock", "stockings")),
    "gloves": ("accessory", ("glove", "mittens")),
    "tie": ("accessory", ("necktie", "bow tie")),
    "sunglasses": ("accessory", ()),
    "jewellery": ("accessory", ("jewelry", "necklace", "bracelet", "earrings")),
}

#: Words for several kinds at once.
KIND_GROUPS: Final[dict[str, tuple[str, ...]]] = {
    "outerwear": ("jacket", "coat", "blazer", "vest"),
    "knitwear": ("sweater", "cardigan"),
    "sweats": ("sweatshirt", "hoodie", "joggers"),
    "suit": ("blazer", "trousers"),
}

#: Colours: name → other words.
COLOURS: Final[dict[str, tuple[str, ...]]] = {
    "black": ("jet black", "ebony", "blackish"),
    "white": ("snow white", "pure white", "whitish"),
    "grey": (
        "gray",
        "charcoal",
        "silver grey",
        "slate",
        "ash",
        "light grey",
        "dark grey",
        "light gray",
        "dark gray",
        "anthracite",
        "greyish",
        "grayish",
    ),
    "navy": ("navy blue", "dark blue", "midnight blue", "deep blue", "indigo", "dark wash", "raw denim"),
    "blue": ("royal blue", "cobalt", "cobalt blue", "bright blue", "mid blue", "denim blue", "bluish"),
    "light blue": ("sky blue", "baby blue", "pale blue", "powder blue", "pastel blue", "light wash", "bleached"),
    "teal": ("turquoise", "aqua", "petrol", "cyan"),
    "green": (
        "emerald",
        "forest green",
        "dark green",
        "light green",
        "bottle green",
        "mint",
        "lime",
        "sage",
        "sage green",
        "greenish",
    ),
    "olive": ("khaki", "army green", "olive green", "military green"),
    "yellow": ("mustard", "lemon", "mustard yellow", "ochre", "yellowish"),
    "orange": ("tangerine", "coral", "apricot", "rust", "terracotta"),
    "red": ("scarlet", "crimson", "bright red", "cherry red", "ruby", "reddish"),
    "burgundy": ("maroon", "wine", "wine red", "dark red", "bordeaux", "oxblood"),
    "pink": ("rose", "fuchsia", "magenta", "hot pink", "blush", "salmon", "dusty pink", "light pink", "pinkish"),
    "purple": ("violet", "lilac", "lavender", "plum", "mauve", "aubergine", "purplish"),
    "brown": ("chocolate", "chestnut", "dark brown", "cognac", "coffee", "brownish"),
    "beige": ("tan", "camel", "sand", "taupe", "nude", "light brown"),
    "cream": ("off white", "ivory", "ecru", "eggshell", "champagne"),
    "gold": ("golden", "rose gold"),
    "silver": (),
    "multicolour": ("multicolor", "multicoloured", "multicolored", "colourful", "colorful", "rainbow"),
}

_TONES: Final[dict[str, tuple[str, ...]]] = {
    "pastel": ("light blue", "pink", "purple", "cream"),
    "neutral": ("black", "white", "grey", "beige", "cream"),
    "earthy": ("brown", "beige", "olive", "orange"),
    "earth": ("brown", "beige", "olive", "orange"),
    "warm": ("red", "orange", "yellow", "pink", "burgundy", "brown", "gold"),
    "cool": ("blue", "light blue", "navy", "teal", "green", "purple", "silver"),
    "bright": ("red", "orange", "yellow", "green", "blue", "teal", "pink", "purple"),
    "light": ("white", "cream", "beige", "light blue"),
    "dark": ("black", "brown", "navy", "burgundy"),
}
#: Words for colours in general. "In a dark colour" wants darker ones first; "dark coloured" is a sort of colour.
_HUES: Final = ("coloured", "colored", "colours", "colors", "tones", "hues", "shades")
#: A colour asked for → the colours that a shopper accepts as it; colours not listed accept only themselves.
COLOUR_FAMILIES: Final[dict[str, tuple[str, ...]]] = {
    "blue": ("blue", "navy", "light blue"),
    "green": ("green", "olive"),
    "red": ("red", "burgundy"),
    **{name: _TONES[name] for name in ("pastel", "neutral", "earthy")},
    **{f"{name} {hue}": colours for name, colours in _TONES.items() for hue in _HUES},
    "monochrome": ("black", "white", "grey"),
}

MATERIALS: Final[dict[str, tuple[str, ...]]] = {
    "cotton": ("organic cotton", "poplin"),
    "linen": (),
    "wool": ("woollen", "woolen", "merino", "merino wool", "lambswool"),
    "cashmere": (),
    "silk": ("silky",),
    "satin": (),
    "denim": (),
    "leather": (),
    "faux leather": ("vegan leather", "leatherette", "pu leather", "imitation leather", "artificial leather"),
    "suede": (),
    "velvet": ("velour",),
    "corduroy": ("cord",),
    "polyester": (),
    "viscose": ("rayon",),
    "nylon": (),
    "jersey": (),
    "knit": ("knitted", "chunky knit", "ribbed", "rib knit"),
    "fleece": (),
    "tweed": (),
    "flannel": (),
    "chiffon": (),
    "lace": ("lacy",),
    "canvas": (),
    "tulle": (),
}

#: A material asked for → the materials that satisfy it; who states the first may have any of the others.
MATERIAL_FAMILIES: Final[dict[str, tuple[str, ...]]] = {
    "leather": ("leather", "faux leather", "suede"),
    "wool": ("wool", "cashmere", "tweed", "knit"),
    "satin": ("satin", "silk"),
}

PATTERNS: Final[dict[str, tuple[str, ...]]] = {
    "plain": (
        "solid",
        "unpatterned",
        "solid colour",
        "solid color",
        "no pattern",
        "no print",
        "without pattern",
        "without print",
        "without a pattern",
        "without a print",
        "without any pattern",
        "without any print",
        "no patterns",
        "no prints",
        "without patterns",
        "without prints",
        "patternless",
    ),
    "striped": ("stripe", "stripes", "stripey", "stripy", "pinstripe", "pinstriped", "breton"),
    "checked": (
        "check",
        "checks",
        "checkered",
        "chequered",
        "plaid",
        "tartan",
        "gingham",
        "houndstooth",
        "madras",
        "lumberjack",
    ),
    "dotted": ("dot", "dots", "polka dot", "polka dots", "polka dotted", "spotted", "spots"),
    "floral": ("flower", "flowers", "flowery", "botanical", "floral print"),
    "geometric": ("zigzag", "chevron", "geometrical"),
    "print": ("printed", "graphic", "logo", "slogan", "prints"),
    "animal": ("leopard", "zebra", "snake print", "animal print", "leopard print"),
    "paisley": (),
    "tie-dye": ("tie dye", "tie dyed", "batik"),
    "camouflage": ("camo",),
    "quilted": ("padded",),
    "leaves": ("leaf print", "palm print", "palm trees", "tropical", "hawaiian"),
}

#: Catalogs' patterns that a word means besides its own name.
PATTERN_FAMILIES: Final[dict[str, tuple[str, ...]]] = {
    "patterned": (
        "striped",
        "checked",
        "dotted",
        "floral",
        "geometric",
        "print",
        "animal",
        "paisley",
        "tie-dye",
        "camouflage",
        "leaves",
    ),
}

#: Words that make a colour lighter or darker: word → +1 or -1.
LIGHTNESS: Final[dict[str, int]] = {
    **dict.fromkeys(("lighter", "brighter", "paler"), 1),
    **dict.fromkeys(("darker", "dark"), -1),
}

SLEEVES: Final[dict[str, tuple[str, ...]]] = {
    "sleeveless": ("no sleeves", "without sleeves", "strapless", "spaghetti straps", "sleeve less"),
    "short": ("short sleeve", "short sleeves", "short sleeved", "shorter sleeves"),
    "three-quarter": (
        "three quarter sleeve",
        "three quarter sleeves",
        "3/4 sleeve",
        "3/4 sleeves",
        "elbow sleeve",
        "elbow sleeves",
    ),
    "long": ("long sleeve", "long sleeves", "long sleeved", "full sleeve", "full sleeves", "longer sleeves"),
}

#: Catalogs' sleeves that a word means besides its own name.
SLEEVE_FAMILIES: Final[dict[str, tuple[str, ...]]] = {
    **dict.fromkeys(("with sleeves", "sleeved"), ("short", "three-quarter", "long")),
}

#: Sleeve names that are words of their own elsewhere ("long dress"), so they count only in their longer forms.
SLEEVES_NOT_ALONE: Final = frozenset({"short", "long", "three-quarter"})

STYLES: Final[dict[str, tuple[str, ...]]] = {
    "casual": ("everyday", "relaxed", "laid back", "weekend", "comfy", "comfortable"),
    "formal": (
        "elegant",
        "evening",
        "black tie",
        "dressy",
        "smart",
        "smarter",
        "fancy",
        "wedding",
        "wedding guest",
        "gala",
        "ceremony",
    ),
    "office": ("work", "business", "smart casual", "professional", "interview", "job interview"),
    "sporty": ("sport", "sports", "athletic", "gym", "running", "workout", "active", "training", "yoga"),
    "outdoor": ("outdoors", "hiking", "trekking", "camping"),
    "summer": ("beach", "summery", "hot weather", "hot days", "holiday", "vacation"),
    "winter": ("warm", "warmer", "cosy", "cosier", "cozy", "cozier", "cold weather", "cold days"),
    "party": ("night out", "club", "festive", "cocktail"),
    "classic": ("timeless", "preppy"),
    "street": ("streetwear", "urban"),
    "boho": ("bohemian", "hippie"),
    "vintage": ("retro",),
    "minimal": ("minimalist", "simple"),
}

#: Wishes about the purchase that no catalog column answers: word → what is missing.
NOT_CARRIED: Final[dict[str, str]] = {
    "size": "sizes",
    "xs": "sizes",
    "xl": "sizes",
    "xxl": "sizes",
    "extra large": "sizes",
    "extra small": "sizes",
    "petite": "sizes",
    "plus size": "sizes",
    "oversized": "fits",
    "oversize": "fits",
    "loose": "fits",
    "slim fit": "fits",
    "slim": "fits",
    "fitted": "fits",
    "skinny": "fits",
    "brand": "brands",
    "nike": "brands",
    "adidas": "brands",
    "zara": "brands",
    "gucci": "brands",
    "levis": "brands",
    "delivery": "delivery times",
    "delivered": "delivery times",
    "shipping": "delivery times",
    "in stock": "stock",
    "sale": "discounts",
    "discount": "discounts",
    "discounted": "discounts",
    "reviews": "reviews",
    "rated": "reviews",
    "waterproof": "technical properties",
    "water resistant": "technical properties",
    "breathable": "technical properties",
    "machine washable": "care instructions",
    "washable": "care instructions",
    "sustainable": "how things are made",
    "fair trade": "how things are made",
    "vegan": "how things are made",
    "organic": "how things are made",
    "pockets": "pockets",
    "men": "who items are made for",
    "mens": "who items are made for",
    "man": "who items are made for",
    "women": "who items are made for",
    "womens": "who items are made for",
    "woman": "who items are made for",
    "kids": "who items are made for",
    "children": "who items are made for",
    "boys": "who items are made for",
    "girls": "who items are made for",
    "longer": "comparisons with another item",
    "shorter": "comparisons with another item",
}

_FILLERS: Final = """
a an the and or with for of in on to i me my we us you your please want wants wanted need needs looking look find
show give get buy something anything some any that this these those it is are be would like love nice good great
best beautiful pretty really very quite but also just so more less than item items piece pieces clothes clothing
garment garments outfit thing things one ones which who what have has having made from by at as colour color
coloured colored colours colors tone tones pattern patterned print wear wearing style styled kind type preferably
ideally maybe
can could hello hi thanks new sleeve sleeves max budget price prices euro euros dollars pounds fabric material only
must most all every each same instead two three pair another other spend
not no without never non except avoid don't dont isn't im i'm i'd id
"""
#: Words that carry nothing by themselves and need no mention.
FILLERS: Final = frozenset(_FILLERS.split())
