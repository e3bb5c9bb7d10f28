"""What each training garment is, as attributes, and many ways to say it.

A text asserts attributes; it describes every garment that has them all. From this the training knows, for any text and
any garment in a batch, whether they belong together, do not, or cannot be told apart by the labels at hand.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from recommend import furniture_vocabulary
from recommend.schema import MATERIAL_MARK
from training.retriever_features import Sample

#: Label of clothing-dataset → (attributes, kinds it may also be, ways to call it).
GARMENT_LABELS: Final[dict[str, tuple[str, str, tuple[str, ...]]]] = {
    "T-Shirt": ("t-shirt upper short", "top", ("t-shirt", "tee", "short-sleeved t-shirt", "tshirt", "tee shirt")),
    "Longsleeve": (
        "longsleeve upper long",
        "sweater sweatshirt top cardigan",
        ("longsleeve", "long-sleeved top", "long sleeve tee", "top with long sleeves", "long-sleeved t-shirt"),
    ),
    "Pants": (
        "trousers lower",
        "jeans leggings joggers",
        ("trousers", "pants", "pair of pants", "slacks", "long pants"),
    ),
    "Shoes": ("shoes", "sneakers boots heels flats loafers sandals", ("shoes", "pair of shoes", "footwear", "shoe")),
    "Shirt": (
        "shirt upper",
        "blouse",
        ("shirt", "button-up shirt", "button-down shirt", "collared shirt", "dress shirt"),
    ),
    "Dress": ("dress", "", ("dress", "gown", "frock", "woman's dress")),
    "Outwear": (
        "outerwear upper long",
        "jacket coat vest cardigan",
        ("outerwear", "jacket", "coat", "warm jacket", "outdoor jacket"),
    ),
    "Shorts": ("shorts lower", "", ("shorts", "pair of shorts", "short pants", "bermuda shorts")),
    "Hat": ("hat accessory", "", ("hat", "cap", "beanie", "headwear", "baseball cap")),
    "Skirt": ("skirt lower", "", ("skirt", "midi skirt", "mini skirt", "pleated skirt")),
    "Polo": (
        "polo upper short",
        "t-shirt shirt",
        ("polo", "polo shirt", "polo tee with a collar", "short-sleeved polo shirt"),
    ),
    "Undershirt": (
        "tank-top upper sleeveless",
        "top",
        ("undershirt", "tank top", "sleeveless top", "singlet", "vest top", "camisole"),
    ),
    "Blazer": ("blazer upper long", "jacket", ("blazer", "suit jacket", "tailored jacket", "sport coat")),
    "Hoodie": ("hoodie upper long", "sweatshirt", ("hoodie", "hooded sweatshirt", "hoody", "sweatshirt with a hood")),
    "Body": ("bodysuit", "", ("bodysuit", "baby bodysuit", "romper", "onesie", "body")),
    "Top": ("top upper", "tank-top t-shirt blouse", ("top", "summer top", "light top", "women's top")),
    "Blouse": ("blouse upper", "shirt top", ("blouse", "women's blouse", "light blouse", "dressy blouse")),
}

#: Label of Clothing Co-Parsing → the same. Labels not listed here are called by their own name.
CCP_LABELS: Final[dict[str, tuple[str, str, tuple[str, ...]]]] = {
    "t-shirt": ("t-shirt upper short", "top", ("t-shirt", "tee", "tshirt")),
    "pants": ("trousers lower", "jeans leggings joggers", ("trousers", "pants", "slacks")),
    "jeans": ("jeans trousers lower", "", ("jeans", "denim trousers", "pair of jeans", "blue jeans")),
    "leggings": ("leggings trousers lower", "", ("leggings", "stretch leggings")),
    "jumper": ("sweater upper", "longsleeve", ("jumper", "sweater", "pullover")),
    "sweater": ("sweater upper", "longsleeve", ("sweater", "jumper", "pullover", "knit sweater")),
    "sweatshirt": ("sweatshirt upper long", "longsleeve hoodie", ("sweatshirt", "crewneck sweatshirt")),
    "cardigan": ("cardigan upper", "outerwear sweater", ("cardigan", "knitted cardigan")),
    "jacket": ("jacket outerwear upper", "blazer coat", ("jacket", "short jacket")),
    "coat": ("coat outerwear upper", "jacket", ("coat", "overcoat", "long coat")),
    "blazer": ("blazer upper", "jacket outerwear", ("blazer", "suit jacket", "tailored jacket")),
    "vest": ("vest upper sleeveless", "top outerwear", ("vest", "waistcoat", "gilet")),
    "hoodie": ("hoodie upper", "sweatshirt", ("hoodie", "hooded sweatshirt")),
    "cape": ("cape outerwear upper", "", ("cape", "poncho")),
    "dress": ("dress", "", ("dress", "gown", "frock")),
    "romper": ("jumpsuit", "dress bodysuit", ("romper", "playsuit", "jumpsuit")),
    "suit": ("suit", "blazer trousers", ("suit", "two-piece suit")),
    "bodysuit": ("bodysuit", "top", ("bodysuit", "body")),
    "shirt": ("shirt upper", "blouse", ("shirt", "button-up shirt", "collared shirt")),
    "blouse": ("blouse upper", "shirt top", ("blouse", "women's blouse")),
    "top": ("top upper", "t-shirt blouse tank-top", ("top", "women's top")),
    "skirt": ("skirt lower", "", ("skirt", "midi skirt", "mini skirt")),
    "shorts": ("shorts lower", "", ("shorts", "short pants")),
    "hat": ("hat accessory", "", ("hat", "cap", "headwear")),
    "bag": ("bag accessory", "", ("bag", "handbag", "shoulder bag")),
    "purse": ("bag accessory", "", ("purse", "handbag", "clutch")),
    "belt": ("belt accessory", "", ("belt", "leather belt")),
    "scarf": ("scarf accessory", "", ("scarf", "shawl")),
    "boots": ("boots shoes", "", ("boots", "pair of boots", "ankle boots")),
    "sneakers": ("sneakers shoes", "", ("sneakers", "trainers", "running shoes")),
    "sandals": ("sandals shoes", "heels", ("sandals", "pair of sandals")),
    "heels": ("heels shoes", "sandals", ("heels", "high heels")),
    "pumps": ("heels shoes", "flats", ("pumps", "high heels")),
    "wedges": ("heels shoes", "sandals", ("wedges", "wedge heels")),
    "flats": ("flats shoes", "loafers", ("flats", "ballet flats")),
    "loafers": ("loafers shoes", "flats", ("loafers", "slip-on shoes")),
    "shoes": ("shoes", "sneakers boots heels flats loafers sandals", ("shoes", "pair of shoes")),
}

#: Words of a whole category, said of any of its garments.
CATEGORY_WORDS: Final = {
    "upper": ("top", "something for the upper body", "upper body garment"),
    "lower": ("bottoms", "something for the legs", "lower body garment"),
    "shoes": ("shoes", "footwear", "something for the feet"),
    "accessory": ("accessory", "fashion accessory"),
    "dress": ("dress", "one-piece outfit"),
}

#: How a colour is said, beside its name.
COLOUR_WORDS: Final[dict[str, tuple[str, ...]]] = {
    "grey": ("gray", "grey"),
    "navy": ("navy blue", "dark blue", "navy"),
    "light blue": ("light blue", "pale blue", "sky blue"),
    "teal": ("teal", "turquoise"),
    "olive": ("olive", "khaki green", "olive green"),
    "burgundy": ("burgundy", "wine red", "dark red"),
    "beige": ("beige", "tan", "sand-coloured"),
    "cream": ("cream", "off-white", "ivory"),
    "purple": ("purple", "violet", "lilac"),
    "pink": ("pink", "rose"),
    "brown": ("brown", "chocolate brown"),
    "black": ("black",),
    "white": ("white",),
    "red": ("red",),
    "blue": ("blue",),
    "green": ("green",),
    "yellow": ("yellow",),
    "orange": ("orange",),
}

#: Said of any garment, and asserting nothing of it: a text that has them asks for no other picture than without them.
_QUALITIES: Final = (
    "nice", "new", "good", "simple", "classic", "modern", "soft", "comfortable", "elegant", "cheap", "cotton",
    "linen", "wool", "knitted", "slim", "loose", "vintage",
)  # fmt: skip
_OCCASIONS: Final = (
    "for work", "for a party", "for school", "for the gym", "for holidays", "for spring", "for autumn", "for cold days",
    "for hot days", "for travelling", "for him", "for her", "to go out", "to relax in",
)  # fmt: skip

#: The same of furniture, whose materials and styles are stated.
_FURNITURE_QUALITIES: Final = ("nice", "new", "good", "simple", "cheap", "beautiful", "sturdy", "comfortable", "small")
_PURPOSES: Final = (
    "for the living room", "for my bedroom", "for the hall", "for a small flat", "for the office", "for the kitchen",
    "for guests", "for our house", "for the corner", "to furnish a room",
)  # fmt: skip

_PLAIN: Final = ("{a}", "a {a}", "{a} for sale", "I am looking for a {a}", "photo of a {a}", "some {a}")
_COLOURED: Final = ("{c} {a}", "a {c} {a}", "{a} in {c}", "{a}, {c}", "I want a {c} {a}", "{c} coloured {a}")
_TWO_COLOURS: Final = ("{c} and {d} {a}", "{a} in {c} and {d}", "{c} {a} with {d}")
_COLOUR_ALONE: Final = ("{c}", "something {c}", "anything in {c}", "{c} things")


@dataclass(frozen=True)
class Labelled:
    """What is known of one garment.

    Attributes:
        facts: attributes it has: kinds, category, sleeve, colours, "kids", "plain" or "patterned" …
        maybe: attributes it may have; a text that asserts one is neither right nor wrong of it.
        kind: the fact that each of its names asserts.
        names: ways to call it.
        adjectives: (word, fact it asserts), to be put before a name.
        general: ways to call all of its category, and the fact that they assert.
        idle: words that assert nothing: before a name, and behind it.
    """

    facts: frozenset[str]
    maybe: frozenset[str]
    kind: str
    names: tuple[str, ...]
    adjectives: tuple[tuple[str, str], ...] = ()
    general: tuple[tuple[str, ...], str] | None = None
    idle: tuple[tuple[str, ...], tuple[str, ...]] = (_QUALITIES, _OCCASIONS)


@dataclass(frozen=True)
class Text:
    """A phrase and the attributes it asserts."""

    words: str
    asserts: frozenset[str]


def describe(sample: Sample, shares: dict[str, float], whole: bool) -> Labelled:
    """The attributes of one garment.

    Args:
        sample: with its label and stated facts.
        shares: colour name → share of the area.
        whole: no cut-out was found, so the colours are the ground's too and are not used.
    """
    known = frozenset() if whole else frozenset(f"colour {name}" for name, share in shares.items() if share >= 0.3)
    # Colours seen on a small part are neither asserted nor denied.
    seen = frozenset(f"colour {name}" for name, share in shares.items() if share >= (0.0 if whole else 0.08))
    if sample.source == "furniture":
        return _describe_furniture(sample.facts, known, seen)
    table = GARMENT_LABELS if sample.source == "garments" else CCP_LABELS
    attributes, maybe, names = table[sample.label]
    # The label's first attribute is what its names mean.
    kind = attributes.split()[0]
    adjectives = (("kids", "kids"), ("children's", "kids")) if sample.facts.get("kids") else ()
    facts = known | {*attributes.split(), *(fact for _, fact in adjectives)}
    category = next(iter(sorted(facts & set(CATEGORY_WORDS))), "")
    general = (CATEGORY_WORDS[category], category) if category else None
    return Labelled(facts, seen | set(maybe.split()), kind, names, adjectives, general)


def _describe_furniture(facts: dict[str, Any], known: frozenset[str], seen: frozenset[str]) -> Labelled:
    """The attributes of a piece of furniture: those that its catalog states, and the colours that its pixels have."""
    category, kind = str(facts["category"]), str(facts["kind"])
    words = furniture_vocabulary.CATEGORIES[category]
    others = furniture_vocabulary.KINDS[kind][1] if kind in furniture_vocabulary.KINDS else ()
    stated = tuple(name for name in str(facts.get("material", "")).split(MATERIAL_MARK) if name)
    looks = (*((name, f"material {name}") for name in stated),)
    if facts.get("pattern"):
        looks += ((facts["pattern"], f"pattern {facts['pattern']}"),)
    colours = frozenset(f"colour {name}" for name in facts.get("colours", ())) or known
    # A model of unknown kind may be any of its category's.
    open_kinds = () if kind else (name for name, (of, _) in furniture_vocabulary.KINDS.items() if of == category)
    return Labelled(
        frozenset({_named(category), _named(kind or category), *(fact for _, fact in looks)}) | colours,
        seen | {_named(name) for name in open_kinds},
        _named(kind or category),
        (kind, *others) if kind and kind != category else (category, *words),
        looks,
        ((category, *words), _named(category)),
        (_FURNITURE_QUALITIES, _PURPOSES),
    )


def _named(kind: str) -> str:
    return kind.replace(" ", "-")


def texts_for(labelled: Labelled, count: int, rng: np.random.Generator) -> list[Text]:
    """`count` phrases that describe one garment, from its colour alone to all that is known."""
    colours = sorted(fact.removeprefix("colour ") for fact in labelled.facts if fact.startswith("colour "))
    return [_text(labelled, colours, rng) for _ in range(count)]


def _text(labelled: Labelled, colours: list[str], rng: np.random.Generator) -> Text:
    """One phrase."""
    name, asserts = str(rng.choice(labelled.names)), {labelled.kind}
    chance = rng.random()
    if chance < 0.08 and labelled.general is not None:
        name, asserts = str(rng.choice(labelled.general[0])), {labelled.general[1]}
    elif labelled.adjectives and rng.random() < 0.5:
        word, fact = labelled.adjectives[rng.integers(len(labelled.adjectives))]
        name, asserts = f"{word} {name}", asserts | {fact}
    if not colours or chance > 0.62:
        if rng.random() < 0.4:
            name = f"{rng.choice(labelled.idle[0])} {name}"
        if rng.random() < 0.4:
            name = f"{name} {rng.choice(labelled.idle[1])}"
        return Text(_fill(_PLAIN, rng, a=name), frozenset(asserts))
    said = [str(rng.choice(COLOUR_WORDS.get(colour, (colour,)))) for colour in colours]
    if chance > 0.57:
        return Text(_fill(_COLOUR_ALONE, rng, c=said[0]), frozenset({f"colour {colours[0]}"}))
    if len(colours) > 1 and chance > 0.4:
        both = {f"colour {colour}" for colour in colours[:2]}
        return Text(_fill(_TWO_COLOURS, rng, a=name, c=said[0], d=said[1]), frozenset(asserts | both))
    pick = int(rng.integers(len(colours)))
    return Text(_fill(_COLOURED, rng, a=name, c=said[pick]), frozenset(asserts | {f"colour {colours[pick]}"}))


def _fill(templates: Sequence[str], rng: np.random.Generator, **words: str) -> str:
    """A template with its blanks filled."""
    return str(rng.choice(np.array(templates, object))).format(**words)
