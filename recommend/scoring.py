"""What a query gives to compare items with, and what each candidate's chances are by it. Pure functions over rows.

Each part of a query gives every candidate a chance between 0 and 1, by name; `rerank.combine` multiplies them. A part
that is missing has no chances. What of the pictures is so is said in words, for the reasons.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from recommend import composing, reasons, rerank
from recommend.composing import Look
from recommend.domains import Domain
from recommend.embedder import Calibration
from recommend.feedback import EVENTS, feedback_chances
from recommend.index_table import Rows
from recommend.indexing import PALETTE_ROWS
from recommend.schema import Chip, Floats, RoomContext, Understanding
from recommend.taste import places_of

#: Chance above which a picture is said to look like the one given; overlap of colours that is called the same colours.
LOOKS_ALIKE: Final = 0.8
SAME_COLOURS: Final = 0.75

Calibrations = Mapping[str, Calibration]
Chances = dict[str, Floats]


@dataclass(frozen=True, eq=False)
class Evidence:
    """What the parts of a query give to compare items with; what was not asked is empty.

    Attributes:
        text, title: the words as a vector (D,) beside pictures and as one (W,) beside titles; both or none.
        likes, dislikes: how the things look that results shall be like, and unlike.
        liked_as: what those liked are called in a reason.
        named: chips of the items that the query names.
        stated: attribute → what all the liked things are.
        worn: part of the body → palette (PALETTE_ROWS, 4) of what is worn there.
        worn_names: the same parts → colours for people.
        beside: palette (M, 4) of the colours that words name to go with.
        room: as read from its photo.
        told: id → vector (D,) of the items that the shopper had an opinion on, oldest first.
        events: their ids → the opinion, one of `EVENTS`.
        taste_ids, taste: items of a taste model and their chances (N,) by it.
    """

    text: Floats | None = None
    title: Floats | None = None
    likes: tuple[Look, ...] = ()
    dislikes: tuple[Look, ...] = ()
    liked_as: str = "your picture"
    named: tuple[Chip, ...] = ()
    stated: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    worn: Mapping[str, Floats] = field(default_factory=dict)
    worn_names: Mapping[str, str] = field(default_factory=dict)
    beside: Floats | None = None
    room: RoomContext | None = None
    told: Mapping[str, Floats] = field(default_factory=dict)
    events: Mapping[str, str] = field(default_factory=dict)
    taste_ids: tuple[str, ...] = ()
    taste: Floats | None = None

    def liked(self) -> list[str]:
        """Items with a vector that speak for others like them, oldest first."""
        return [item_id for item_id in self.told if EVENTS[self.events[item_id]] > 0]


def compared(understood: Understanding, evidence: Evidence) -> list[str]:
    """Vectors that the chances of candidates, their variety and the reasons follow from; no others are read."""
    beside = evidence.worn or evidence.room is not None or evidence.beside is not None
    needed = {"words": evidence.title is not None, "palette": beside or understood.lightness}
    return ["semantic", "colour", *(name for name, is_needed in needed.items() if is_needed)]


def chances_of(
    rows: Rows, understood: Understanding, evidence: Evidence, calibrations: Calibrations, domain: Domain
) -> Chances:
    """The chance that each of N candidates satisfies each part of the query (N,), by the part's name.

    Args:
        rows: candidates, with the vectors that `compared` names.
        understood: the words and limits.
        evidence: the other parts.
        calibrations: of the encoder that the vectors are from.
        domain: what the catalog is about.
    """
    return {
        **_by_words(rows, evidence, calibrations, domain),
        **_by_likeness(rows, understood, evidence, calibrations, domain),
        **_by_surroundings(rows, evidence),
        **_by_wishes(rows, understood, evidence, domain),
        **_by_opinions(rows, evidence, calibrations),
    }


def picture_half(cosines: Floats, calibrations: Calibrations, domain: Domain) -> Floats:
    """The picture's half of the words' chance, trusted as far as pictures of the domain are read by words.

    Picture and title are two readings of the same words. Their geometric mean counts as one part, so each half stands
    under a root. The certainty weighs the picture's half alone: what is not trusted of a picture is not given to the
    title, whose root stays whatever the certainty is. So words weigh less where pictures are read badly, beside wishes
    and likeness, which do not change; `Domain.picture_certainty` was chosen with both roots in place.
    """
    return rerank.weigh(np.sqrt(calibrations["text"].chance(cosines)), domain.picture_certainty)


def title_half(cosines: Floats, calibrations: Calibrations) -> Floats:
    """The title's half of the words' chance; see `picture_half`."""
    return np.sqrt(calibrations["title"].chance(cosines))


def _by_words(rows: Rows, evidence: Evidence, calibrations: Calibrations, domain: Domain) -> Chances:
    """How well title and picture are what the words say."""
    if evidence.text is None or evidence.title is None:
        return {}
    return {
        "title": title_half(rows.vectors["words"] @ evidence.title, calibrations),
        "words": picture_half(rows.vectors["semantic"] @ evidence.text, calibrations, domain),
    }


def _by_likeness(
    rows: Rows, understood: Understanding, evidence: Evidence, calibrations: Calibrations, domain: Domain
) -> Chances:
    """How like the liked things, but for what the words change, and how unlike the others."""
    semantic, colour, alike = rows.vectors["semantic"], rows.vectors["colour"], calibrations["like"]
    chances: Chances = {}
    if evidence.likes:
        chances["like"] = composing.look_chances(semantic, evidence.likes, alike)
    # "like this, but in red" or "but darker": the words say which colours, so those of the picture do not count.
    if evidence.likes and not understood.filters.colours and not understood.lightness:
        chances["like colour"] = composing.colour_chances(colour, evidence.likes)
    if understood.kept:
        chances["kept"] = composing.kept_chances(rows.items, understood.kept, domain.material_families)
    if understood.changed:
        chances["changed"] = composing.changed_chances(rows.items, understood.changed)
    if evidence.dislikes:
        chances["dislike"] = composing.dislike_chances(semantic, colour, evidence.dislikes, alike)
    return chances


def _by_surroundings(rows: Rows, evidence: Evidence) -> Chances:
    """How well items go with what is worn, with a room, with colours named."""
    chances: Chances = {}
    if evidence.worn:
        chances["photo"] = rerank.beside_chances(rows.items, palettes_of(rows), evidence.worn)
    if evidence.room is not None:
        chances["room"] = rerank.room_chances(rows.items, palettes_of(rows), evidence.room)
    if evidence.beside is not None:
        chances["beside"] = rerank.harmony(palettes_of(rows), evidence.beside)
    return chances


def _by_wishes(rows: Rows, understood: Understanding, evidence: Evidence, domain: Domain) -> Chances:
    """How well items are what the words prefer."""
    chances: Chances = {}
    if understood.filters.colours:
        chances["colour"] = rerank.colour_chances(rows.items, understood.filters.colours)
    if understood.wishes:
        power = rerank.WISHES_BESIDE_ROOM if evidence.room is not None else 1.0
        met = rerank.wish_chances(rows.items, understood.wishes, domain.material_families)
        chances["wishes"] = met ** np.float32(power)
    if understood.size_wishes:
        chances["size"] = rerank.size_chances(rows.items, understood.size_wishes)
    if understood.near_sizes:
        chances["near size"] = rerank.near_size_chances(rows.items, understood.near_sizes)
    if understood.cheapness:
        chances["price"] = rerank.price_chances(rows.items, understood.cheapness)
    if understood.lightness:
        chances["lightness"] = rerank.lightness_chances(palettes_of(rows), understood.lightness)
    return chances


def _by_opinions(rows: Rows, evidence: Evidence, calibrations: Calibrations) -> Chances:
    """How near items are to what the shopper liked and disliked, and to their taste."""
    chances: Chances = {}
    if evidence.told:
        told = np.stack(list(evidence.told.values()))
        pairs = calibrations["like"].chance(rows.vectors["semantic"] @ told.T)
        chances["feedback"] = feedback_chances(pairs, [evidence.events[item_id] for item_id in evidence.told])
    if evidence.taste is not None:
        chances["taste"] = evidence.taste[places_of(evidence.taste_ids, [item.id for item in rows.items])]
    return chances


def picture_facts(rows: Rows, place: int, split: Mapping[str, float], evidence: Evidence) -> list[str]:
    """What pictures say for one candidate, in words; only what was measured to be so.

    Args:
        rows: candidates.
        place: of the one.
        split: its chances, by the name of the part.
        evidence: the query's.
    """
    facts = []
    if split.get("like", 0) >= LOOKS_ALIKE:
        facts.append(f"looks like {evidence.liked_as}")
    colour = rows.vectors["colour"][place]
    if evidence.likes and all(float(colour @ liked.colour) >= SAME_COLOURS for liked in evidence.likes):
        facts.append(f"the colours of {evidence.liked_as}")
    if evidence.liked() and split["feedback"] >= LOOKS_ALIKE:
        facts.append("like what you liked")
    replaced = rerank.replaced_by(rows.items[place].category)
    worn = [name for part, name in evidence.worn_names.items() if part not in replaced and name]
    if worn and split.get("photo", 0) >= rerank.NEUTRAL_HARMONY:
        facts.append(f"goes with the {worn[0]} you wear")
    if evidence.room is not None:
        colours = palettes_of(rows)[place]
        goes = float(rerank.harmony(colours[None], evidence.room.palette)[0])
        facts += reasons.room_facts(rows.items[place], colours, evidence.room, goes)
    return facts


def palettes_of(rows: Rows) -> Floats:
    """Palettes of all rows, (N, PALETTE_ROWS, 4)."""
    return rows.vectors["palette"].reshape(len(rows), PALETTE_ROWS, 4)
