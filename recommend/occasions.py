"""What people dress and furnish for, where and when: the words of a conversation. Data only; `slots` reads it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from recommend.schema import Facet


@dataclass(frozen=True)
class Occasion:
    """What one dresses for.

    Attributes:
        words: other ways to say it.
        styles: what suits it, as catalogs say it.
        never: combinations that nobody wears there; they are left out unless asked for by name.
        why: for people, what follows from it.
    """

    words: tuple[str, ...]
    styles: tuple[str, ...]
    never: tuple[tuple[Facet, ...], ...] = ()
    why: str = ""


_SPORTSWEAR: Final = (Facet("kind", ("hoodie", "sweatshirt", "joggers", "leggings", "tank top", "crop top")),)
_LEISURE: Final = (Facet("kind", ("t-shirt", "shorts", "jeans", "longsleeve", "overshirt", "jacket")),)
_LOUD: Final = (Facet("pattern", ("tie-dye", "camouflage", "print", "animal")),)
_SUNDRESSES: Final = (Facet("category", ("dress",)), Facet("style", ("casual",)))
_DRESSED_UP: Final = (_SPORTSWEAR, _LEISURE, _LOUD, _SUNDRESSES)

OCCASIONS: Final[dict[str, Occasion]] = {
    "wedding": Occasion(
        ("weddings", "marriage", "getting married", "get married", "gets married", "marries"),
        ("formal",),
        _DRESSED_UP,
        "something dressed up",
    ),
    "funeral": Occasion(
        ("burial", "memorial service"),
        ("formal",),
        (*_DRESSED_UP, (Facet("colours", ("red", "orange", "yellow", "pink", "multicolour")),)),
        "something dressed up and quiet",
    ),
    "interview": Occasion(
        ("job interview", "interviews"),
        ("office",),
        _DRESSED_UP,
        "something smart and quiet",
    ),
    "gala": Occasion(
        ("ball", "opera", "black tie event", "prom", "theatre"), ("formal",), _DRESSED_UP, "something dressed up"
    ),
    "office": Occasion(
        ("at work", "work", "meeting", "conference", "business trip"),
        ("office",),
        (_SPORTSWEAR, _LOUD),
        "something smart",
    ),
    "date": Occasion(
        ("dinner date", "first date", "romantic dinner", "dinner", "restaurant"),
        ("party", "formal"),
        (_SPORTSWEAR,),
        "something a little dressed up",
    ),
    "party": Occasion(
        ("birthday", "birthday party", "new year", "christmas party", "club night", "nightclub"),
        ("party",),
        (_SPORTSWEAR,),
        "something festive",
    ),
    "graduation": Occasion(
        ("baptism", "christening", "communion", "ceremony"), ("formal",), (_SPORTSWEAR, _LOUD), "something dressed up"
    ),
    "beach": Occasion(("seaside", "pool"), ("summer", "casual"), (), "something light and casual"),
    "sport": Occasion(("workout", "gym", "running", "yoga", "training"), ("sporty",), (), "something to move in"),
    "hike": Occasion(("hiking", "camping", "trekking", "outdoors"), ("sporty", "casual"), (), "something to move in"),
    "travel": Occasion(
        ("trip", "journey", "flight", "holiday", "holidays", "vacation", "sightseeing"),
        ("casual",),
        (),
        "something comfortable",
    ),
    "festival": Occasion(("concert", "open air"), ("street", "boho"), (), "something relaxed"),
    "everyday": Occasion(
        ("every day", "day to day", "weekend", "at home", "school", "university"), ("casual",), (), "something casual"
    ),
}

#: What one goes to, for people, where that is not "a" or "an" and the name.
SAID_AS: Final[dict[str, str]] = {
    "office": "the office", "beach": "the beach", "sport": "sport", "travel": "travelling", "everyday": "every day",
}  # fmt: skip

#: What follows from the weather: what is wished, what is left out, and the same for people.
WISHED_IN: Final[dict[str, tuple[Facet, ...]]] = {
    "hot": (Facet("material", ("linen", "cotton", "silk", "viscose", "satin")),),
    "cold": (Facet("material", ("wool", "cashmere", "knit", "flannel", "fleece")), Facet("sleeve", ("long",))),
    "mild": (),
}
NEVER_IN: Final[dict[str, tuple[tuple[Facet, ...], ...]]] = {
    "hot": (
        (Facet("material", ("wool", "cashmere", "leather", "fleece", "velvet", "flannel", "tweed", "corduroy")),),
        (Facet("kind", ("coat", "jacket", "sweater", "hoodie", "cardigan", "boots", "scarf")),),
    ),
    "cold": ((Facet("kind", ("shorts", "tank top", "crop top", "sandals")),), (Facet("sleeve", ("sleeveless",)),)),
    "mild": (),
}
FOLLOWS: Final[dict[str, str]] = {
    "hot": "in light fabrics",
    "cold": "in warm fabrics, with long sleeves",
    "mild": "neither too light nor too warm",
}

#: Weather that is said as such.
WEATHER: Final[dict[str, tuple[str, ...]]] = {
    "hot": ("hot", "heat", "hot weather", "warm weather", "tropical", "heatwave", "heat wave", "very warm"),
    "cold": ("cold", "cold weather", "freezing", "snow", "snowy", "frost", "chilly"),
    "mild": ("mild", "mild weather"),
}

SEASONS: Final[dict[str, tuple[str, ...]]] = {
    "spring": ("springtime",),
    "summer": ("summertime",),
    "autumn": ("fall",),
    "winter": ("wintertime",),
}

#: Months → their season in the north; the south has the opposite one.
MONTHS: Final[dict[str, str]] = {
    **dict.fromkeys(("march", "april", "may"), "spring"),
    **dict.fromkeys(("june", "july", "august"), "summer"),
    **dict.fromkeys(("september", "october", "november"), "autumn"),
    **dict.fromkeys(("december", "january", "february"), "winter"),
}
OPPOSITE: Final = {"spring": "autumn", "autumn": "spring", "summer": "winter", "winter": "summer"}


@dataclass(frozen=True)
class Climate:
    """The usual weather of a place by season, roughly: a table for clothes, not a forecast."""

    winter: str
    spring: str
    summer: str
    autumn: str
    south: bool = False


_TEMPERATE = Climate("cold", "mild", "mild", "mild")
_CONTINENTAL = Climate("cold", "mild", "hot", "mild")
_NORDIC = Climate("cold", "cold", "mild", "cold")
_MEDITERRANEAN = Climate("mild", "mild", "hot", "mild")
_DESERT = Climate("mild", "hot", "hot", "hot")
_TROPICAL = Climate("hot", "hot", "hot", "hot")
_SOUTHERN = Climate("mild", "mild", "hot", "mild", south=True)
_SOUTHERN_COOL = Climate("cold", "mild", "mild", "mild", south=True)

CLIMATES: Final[dict[str, Climate]] = {
    **dict.fromkeys(
        "london,england,scotland,ireland,dublin,paris,amsterdam,netherlands,brussels,belgium,hamburg,copenhagen,denmark,"
        "edinburgh,normandy,seattle,vancouver".split(","), _TEMPERATE,
    ),
    **dict.fromkeys(
        "berlin,germany,munich,vienna,austria,prague,warsaw,poland,budapest,zurich,switzerland,lyon,france,new york,"
        "boston,chicago,toronto,canada,beijing,seoul,korea,tokyo,japan,kyoto,moscow,kyiv,bucharest,belgrade".split(","),
        _CONTINENTAL,
    ),
    **dict.fromkeys(
        "oslo,norway,stockholm,sweden,helsinki,finland,iceland,reykjavik,lapland,alaska,alps".split(","), _NORDIC
    ),
    **dict.fromkeys(
        "rome,italy,milan,naples,sicily,venice,florence,tuscany,madrid,spain,barcelona,seville,mallorca,lisbon,portugal,"
        "athens,greece,crete,istanbul,turkey,provence,marseille,croatia,malta,cyprus,tunis,tunisia,algiers,"
        "tel aviv,israel,beirut,lebanon,california,los angeles".split(","), _MEDITERRANEAN,
    ),
    **dict.fromkeys(
        "cairo,egypt,alexandria,luxor,marrakesh,marrakech,morocco,dubai,abu dhabi,emirates,qatar,doha,riyadh,"
        "saudi arabia,jordan,amman,kuwait,las vegas,phoenix,delhi,rajasthan,india,texas,sahara".split(","), _DESERT,
    ),
    **dict.fromkeys(
        "singapore,bangkok,thailand,bali,jakarta,indonesia,manila,philippines,vietnam,hanoi,mumbai,goa,kerala,"
        "sri lanka,maldives,lagos,nigeria,accra,ghana,nairobi,kenya,zanzibar,hawaii,miami,cuba,havana,cancun,"
        "caribbean,jamaica,rio,brazil,mauritius".split(","), _TROPICAL,
    ),
    **dict.fromkeys(
        "sydney,australia,perth,brisbane,cape town,south africa,johannesburg,buenos aires,argentina,santiago,chile"
        .split(","), _SOUTHERN,
    ),
    **dict.fromkeys("melbourne,hobart,new zealand,auckland,wellington,patagonia,ushuaia".split(","), _SOUTHERN_COOL),
}  # fmt: skip

#: Rooms and corners that furniture is for → other ways to say it.
ROOMS: Final[dict[str, tuple[str, ...]]] = {
    "living room": ("lounge", "sitting room"),
    "bedroom": ("guest room", "sleeping room"),
    "dining room": ("dining area", "eating"),
    "home office": ("study", "working from home", "workspace", "work corner"),
    "reading corner": ("reading nook", "reading", "book corner"),
    "hallway": ("entrance", "hall"),
    "children room": ("nursery", "kids room", "children's room"),
}

#: What belongs together, so that its name means several garments.
SUITS: Final[dict[str, tuple[str, ...]]] = {"suit": ("blazer", "trousers")}

_SMALL_TALK: Final = """
going goes attend attending invited invite guest guests got what what's should shall help today tomorrow next weekend
month friend friend's sister brother his their dress dresses advice idea ideas think event occasion where when there
it's its being held place somewhere early late mid outfits look looks set sets ensemble ensembles wear complete whole
yes okay ok sure great perfect fine hey good morning evening day rather then now well decide choose pick recommend
suggest suggestion try some only as so do does did will would room rooms corner home house flat apartment furnish
furnishing arrange decorate here weather season really perhaps i've i'll let's them they i'm we're put make makes go
either instead mean hmm how about say let us see next tonight actually sorry thank thanks thx please lol hmm whatever
changed mind meant everything pick something's that's thats too she he her him them someone daughter son mother father
wife husband girlfriend boyfriend cousin tell cost costs again back show shown over start forget ones kind sort bit
build around
"""
#: Words of a conversation that say nothing of things.
SMALL_TALK: Final = frozenset(_SMALL_TALK.split())
