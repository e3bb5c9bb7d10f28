"""What a catalog is about, garments or furniture, and with it the words that are understood.

One catalog is about one of them, and its own categories tell which: nobody has to say it, and "chair" is no category
among clothes, nor "dress" among furniture.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from recommend import furniture_looks, furniture_vocabulary, naming, vocabulary
from recommend.errors import BadInput
from recommend.schema import Query

Words = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, eq=False)
class Domain:
    """A kind of catalog and its vocabulary; the tables are explained in the modules they come from.

    Attributes:
        name: "garments" or "furniture".
        one: one item of it, for people.
        variants, details, same_thing, implied, names_things: how kinds are named, as in `naming`.
        nouns: attributes whose values are things, which a negation with adjectives does not deny: "not a black sofa".
        joint: attributes that an item may have several of, so that "metal and glass" wants both.
        firm: attributes that "only" and "must be" turn from a wish into a filter.
        nouns_of: what one item of a category is called where that is not the category's name.
        sized: whether items state their size, so that measures in words can be limits.
        thin_parts: whether things have legs and cords that a cut-out must not lose.
        picture_certainty: how surely pictures are read by words, 0 to 1, beside what titles say.
    """

    name: str
    one: str
    categories: Words
    kinds: Mapping[str, tuple[str, tuple[str, ...]]]
    colours: Words
    materials: Words
    patterns: Words
    pattern_families: Words
    styles: Words
    not_carried: Mapping[str, str]
    fillers: frozenset[str]
    colour_families: Words = field(default_factory=lambda: vocabulary.COLOUR_FAMILIES)
    category_groups: Mapping[tuple[str, ...], tuple[str, ...]] = field(default_factory=dict)
    kind_groups: Words = field(default_factory=dict)
    variants: tuple[tuple[str, str, str, str], ...] = ()
    details: Words = field(default_factory=dict)
    same_thing: tuple[tuple[str, ...], ...] = ()
    implied: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    names_things: Mapping[str, str] = field(default_factory=dict)
    material_families: Words = field(default_factory=dict)
    material_colours: Mapping[str, str] = field(default_factory=dict)
    material_modifiers: frozenset[str] = frozenset()
    sleeves: Words = field(default_factory=dict)
    sleeve_families: Words = field(default_factory=dict)
    places: Words = field(default_factory=dict)
    uses: Mapping[tuple[str, ...], tuple[str, ...]] = field(default_factory=dict)
    size_words: Mapping[str, tuple[str, int]] = field(default_factory=dict)
    seats: Mapping[str, str] = field(default_factory=dict)
    before_things: Mapping[str, str] = field(default_factory=dict)
    lightness_words: Mapping[str, int] = field(default_factory=lambda: vocabulary.LIGHTNESS)
    unnamed_side: Mapping[str, str] = field(default_factory=dict)
    flat: frozenset[str] = frozenset()
    near: frozenset[str] = frozenset()
    near_after: frozenset[str] = frozenset()
    nouns: frozenset[str] = frozenset({"kind"})
    joint: frozenset[str] = frozenset()
    firm: frozenset[str] = frozenset()
    nouns_of: Mapping[str, str] = field(default_factory=dict)
    sized: bool = False
    thin_parts: bool = False
    picture_certainty: float = 0.7

    def group_names(self) -> dict[tuple[str, ...], str]:
        """Sets of values that have one word → that word."""
        families = {**self.pattern_families, **self.sleeve_families, **self.kind_groups}
        families |= {**self.material_families, **self.colour_families}
        names = {values: name for name, values in reversed(families.items())}
        return names | {values: names[0] for values, names in self.category_groups.items()}


GARMENTS: Final = Domain(
    name="garments",
    one="garment",
    categories=vocabulary.CATEGORIES,
    kinds=vocabulary.KINDS,
    kind_groups=vocabulary.KIND_GROUPS,
    colours=vocabulary.COLOURS,
    variants=naming.VARIANTS,
    details=naming.DETAILS,
    same_thing=naming.SAME_THING,
    implied=naming.IMPLIED,
    names_things=naming.NAMES_THINGS,
    materials=vocabulary.MATERIALS,
    material_families=vocabulary.MATERIAL_FAMILIES,
    patterns=vocabulary.PATTERNS,
    pattern_families=vocabulary.PATTERN_FAMILIES,
    sleeves=vocabulary.SLEEVES,
    sleeve_families=vocabulary.SLEEVE_FAMILIES,
    styles=vocabulary.STYLES,
    not_carried=vocabulary.NOT_CARRIED,
    fillers=vocabulary.FILLERS,
    firm=frozenset({"kind", "material", "pattern", "sleeve", "style"}),
    nouns_of={"upper": "top", "lower": "bottom", "shoes": "pair"},
)

FURNITURE: Final = Domain(
    name="furniture",
    one="piece of furniture",
    categories=furniture_vocabulary.CATEGORIES,
    category_groups=furniture_vocabulary.CATEGORY_GROUPS,
    kinds=furniture_vocabulary.KINDS,
    colours=furniture_looks.COLOURS,
    colour_families=furniture_looks.COLOUR_FAMILIES,
    materials=furniture_looks.MATERIALS,
    material_families=furniture_looks.MATERIAL_FAMILIES,
    material_colours=furniture_looks.MATERIAL_COLOURS,
    material_modifiers=furniture_looks.MATERIAL_MODIFIERS,
    patterns=furniture_looks.PATTERNS,
    pattern_families=furniture_looks.PATTERN_FAMILIES,
    styles=furniture_looks.STYLES,
    places=furniture_vocabulary.PLACES,
    uses=furniture_vocabulary.USES,
    size_words=furniture_vocabulary.SIZE_WORDS,
    seats=furniture_vocabulary.SEATS,
    before_things=furniture_vocabulary.BEFORE_THINGS,
    unnamed_side=furniture_vocabulary.UNNAMED_SIDE,
    flat=furniture_vocabulary.FLAT,
    near=furniture_vocabulary.NEAR,
    near_after=furniture_vocabulary.NEAR_AFTER,
    not_carried=furniture_vocabulary.NOT_CARRIED,
    fillers=furniture_vocabulary.FILLERS,
    nouns=frozenset({"kind", "category"}),
    joint=frozenset({"material"}),
    firm=frozenset({"kind", "material", "pattern", "style"}),
    nouns_of={"wall art": "picture", "decor": "decoration"},
    sized=True,
    thin_parts=True,
    # Chosen on the list of requests that the vocabulary was made with: 0.7 ranks titles' right ones lower.
    picture_certainty=0.25,
)

#: By name, the one that is meant where nothing tells first.
DOMAINS: Final[dict[str, Domain]] = {domain.name: domain for domain in (GARMENTS, FURNITURE)}


def domain_of(categories: Iterable[str]) -> Domain:
    """The domain that most of these categories belong to; garments if none tells."""
    said = list(categories)
    return max(DOMAINS.values(), key=lambda domain: sum(name in domain.categories for name in said))


def check_photos(query: Query, domain: Domain) -> None:
    """Raise BadInput if a query holds a photo that says nothing about what the catalog is about."""
    for given, name, other in ((query.photo, "photo", GARMENTS), (query.room, "room", FURNITURE)):
        if given is not None and domain is not other:
            got, allowed = f"one, to search a catalog of {domain.name}", f"one with a catalog of {other.name}"
            raise BadInput(name, got, allowed, f"Choose a catalog of {other.name}, or leave the {name} out.")
