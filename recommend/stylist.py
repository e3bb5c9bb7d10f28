"""What goes with what in one catalog: complementary items to one, and whole outfits or sets for a room.

The retriever finds what may be shown: its filters hold, and its score says how well an item meets what was asked.
`complements` says how well two items go together. The two are multiplied.
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from recommend import complements, rerank
from recommend.complements import categories_of, partners, role_of
from recommend.errors import BadInput
from recommend.features import Floats
from recommend.pairings import PAIRINGS
from recommend.prices import read_prices, show
from recommend.retriever import Retriever
from recommend.schema import MAX_RESULTS, Hit, Item, Query, SearchResult, Understanding
from recommend.scoring import palettes_of

#: Weight of variety among the complementary items, and among whole sets.
VARIETY: Final = 0.5
SET_VARIETY: Final = 0.6
#: Share of the best pair's chance, or of the best set's score, below which none is shown: with a sundress no
#: jacket is better than a quilted one.
LEAST_OF_BEST: Final = 0.2
#: Candidates of one slot, and unfinished sets that are kept of one first item and in all.
SLOT_POOL: Final = 30
LEAST_KEPT, KEPT = 4, 120
MOST_ENSEMBLES: Final = 20
#: Roles that the catalog lacks, as many as are said.
MOST_LACKING: Final = 3
#: Words after which a price is that of the whole set.
_IN_ALL: Final = re.compile(
    r"\b(?:in (?:all|total)|all together|altogether|total(?:ling)?|(?:whole |entire )?budget(?: of)?|for everything)\b"
)
#: Parts of a request that describe the thing it names, by the start of their chips' keys.
_OF_THE_THING: Final = ("category:", "kind:", "colour:", "colours:", "material:", "pattern:", "sleeve:")


@dataclass(frozen=True)
class Ensemble:
    """A whole outfit, or a set for a room.

    Attributes:
        hits: an item for each slot, most important first; each with the reason why it goes with the first.
        score: 0 to 1: how well the items meet what was asked, times how well they go together.
        reason: one line: style, colours, price, and what the catalog has nothing for.
    """

    hits: tuple[Hit, ...]
    score: float
    reason: str

    @property
    def price(self) -> float:
        """The sum of the prices, in the catalog's currency."""
        return sum(hit.item.price for hit in self.hits)


@dataclass(frozen=True, eq=False)
class _Pool:
    """Candidates with all that compares them; places are those of `hits`."""

    hits: tuple[Hit, ...]
    roles: tuple[str, ...]
    vectors: Mapping[str, Floats]
    traits: complements.Traits

    def of(self, role: str) -> list[int]:
        """Places of one role."""
        return [place for place, own in enumerate(self.roles) if own == role]


class Stylist:
    """Says what goes with what in one catalog. Nothing changes after it is made, so threads may share it.

    Args:
        retriever: of the catalog.
    """

    def __init__(self, retriever: Retriever) -> None:
        self._retriever = retriever
        self._domain = retriever.domain
        self._pairing = PAIRINGS[retriever.domain.name]

    def goes_with(self, item_id: str, k: int = 12, query: Query = Query()) -> SearchResult:  # noqa: B008 - frozen
        """The k best items to wear or to place with one, of several categories.

        Args:
            item_id: what they shall go with.
            k: 1 to `MAX_RESULTS`.
            query: limits and wishes that hold beside; its categories narrow what is shown.

        Raises:
            BadInput: no such item, k out of range, or what `Retriever.search` raises for `query`.
        """
        if not 1 <= k <= MAX_RESULTS:
            raise BadInput("number of results", str(k), f"1 to {MAX_RESULTS}", "Choose a number in that range.")
        anchor = self._retriever.item(item_id)
        roles = partners(role_of(anchor, self._domain), self._domain)
        query = replace(query, exclude_ids=(*query.exclude_ids, item_id))
        asked = self._retriever.understand(query).filters.categories
        categories = tuple(name for name in categories_of(roles, self._domain) if not asked or name in asked)
        result = self._search(query, categories, roles)
        start = time.perf_counter()
        hits = self._best(anchor, self._pool([self._own(anchor), *result.hits]), k)
        seconds = {**result.seconds, "pair": time.perf_counter() - start}
        understood = result.understanding.with_notes(*self._notes(anchor, roles, asked, hits))
        return SearchResult(hits, understood, result.matching, seconds, result.relaxations)

    def _search(self, query: Query, categories: Sequence[str], roles: Sequence[str]) -> SearchResult:
        """All candidates of some roles that the query lets through, at most `MAX_RESULTS` of each category."""
        asked = self._retriever.understand(query)
        if not categories:
            return SearchResult((), asked, 0)
        found = self._retriever.search(replace(query, categories=tuple(categories)), MAX_RESULTS)
        hits = list(found.hits)
        # A category that the best have none of is searched by itself.
        missing = set(categories) - {hit.item.category for hit in hits} if found.matching > len(hits) else set()
        for category in sorted(missing):
            hits += self._retriever.search(replace(query, categories=(category,)), MAX_RESULTS).hits
        hits = [hit for hit in hits if role_of(hit.item, self._domain) in roles]
        kept = self._for_the_occasion(hits, found.understanding)
        chips = [chip for chip in found.understanding.chips if not chip.key.startswith("category:")]
        chips = [*(chip for chip in asked.chips if chip.key.startswith("category:")), *chips]
        understood = replace(found.understanding, chips=tuple(chips))
        matching = len(kept) if found.matching <= len(found.hits) else found.matching
        return SearchResult(kept, understood, matching, found.seconds, found.relaxations)

    def _for_the_occasion(self, hits: Sequence[Hit], understood: Understanding) -> tuple[Hit, ...]:
        """Hits that count by their formality, too, where a style is asked for; reasons without what a pair repeats."""
        styles = [value for wish in understood.wishes if wish.attribute == "style" for value in wish.values]
        suits = complements.occasion_chances([hit.item for hit in hits], styles, self._domain)
        return tuple(
            Hit(
                hit.item,
                hit.score * float(chance),
                complements.met(hit.item, understood),
                {**hit.scores, "occasion": round(float(chance), 4)} if styles else hit.scores,
            )
            for hit, chance in zip(hits, suits, strict=True)
        )

    def _own(self, anchor: Item) -> Hit:
        """What was given as a hit, to stand beside those that were found."""
        return Hit(anchor, 1.0, "your choice", {})

    def _pool(self, hits: Sequence[Hit]) -> _Pool:
        """Candidates with what the index has of them."""
        rows = self._retriever.rows([hit.item.id for hit in hits], ("semantic", "colour", "palette"))
        seen = complements.traits(rows.items, palettes_of(rows), rows.vectors["colour"], self._domain)
        shown = tuple(replace(hit, item=item) for hit, item in zip(hits, rows.items, strict=True))
        return _Pool(shown, seen.roles, rows.vectors, seen)

    def _best(self, anchor: Item, pool: _Pool, k: int) -> tuple[Hit, ...]:
        """The candidates of a pool that go best with its first, varied and explained."""
        if len(pool.hits) < 2:
            return ()
        parts = complements.pair_chances(pool.traits, pool.traits.take([0]), self._domain)
        goes = complements.product(parts)[1:, 0]
        scores = goes * np.array([hit.score for hit in pool.hits[1:]], np.float32)
        order = rerank.ranked(scores, [hit.item.id for hit in pool.hits[1:]])
        order = [place for place in order if goes[place] >= LEAST_OF_BEST * goes.max()]
        places = [place + 1 for place in order]
        kinds = rerank.same_sort([pool.roles[place] for place in places])
        close = rerank.likeness([pool.vectors["semantic"][places], pool.vectors["colour"][places], kinds])
        chosen = [places[i] for i in rerank.spread(scores[order], close, k, VARIETY)]
        own = pool.hits[0].item
        return tuple(self._hit(pool.hits[at], own, {n: p[at, 0] for n, p in parts.items()}) for at in chosen)

    def _hit(self, hit: Hit, anchor: Item, chances: Mapping[str, float], whose: str = "your") -> Hit:
        """A candidate as it is shown: its score times those of the pair, and why."""
        split = {name: round(float(chance), 4) for name, chance in chances.items()}
        score = hit.score * float(np.prod(list(chances.values())))
        why = [*complements.facts(hit.item, anchor, split, self._domain, whose), hit.reason]
        return Hit(hit.item, score, "; ".join(filter(None, why)), {**hit.scores, **split})

    def _notes(self, anchor: Item, roles: Sequence[str], asked: Sequence[str], hits: Sequence[Hit]) -> list[str]:
        """What is not shown, and why."""
        if not roles:
            return [f"Nothing is known to go with “{anchor.title}”."]
        if asked and not hits:
            return [f"Nothing of what was asked for goes with “{anchor.title}”."]
        there = {role_of(item, self._domain) for item in self._retriever.catalog.items}
        lacking = [self._pairing.plural(role) for role in roles if role not in there][:MOST_LACKING]
        return [f"This catalog has no {' and no '.join(lacking)}."] if lacking and not asked else []

    def ensembles(
        self,
        query: Query = Query(),  # noqa: B008 - frozen
        k: int = 3,
        anchor: str | None = None,
        slots: Sequence[str] = (),
    ) -> tuple[Ensemble, ...]:
        """Whole outfits or sets for a room, the best ones that differ from each other.

        Args:
            query: limits and wishes. Words that name a thing ("an outfit with a red dress") describe that thing alone.
                A price is that of each item; with "in all", "in total" or "budget" it is the set's.
            k: 1 to `MOST_ENSEMBLES`; fewer are returned where there are no more.
            anchor: id of an item that every set shall have; it comes first, and its price counts.
            slots: roles to fill, such as "top" or "rug"; default: those that suit the words and the anchor.

        Raises:
            BadInput: no such item or slot, k out of range, or what `Retriever.search` raises for `query`.
        """
        if not 1 <= k <= MOST_ENSEMBLES:
            raise BadInput("number of sets", str(k), f"1 to {MOST_ENSEMBLES}", "Choose a number in that range.")
        first = self._retriever.item(anchor) if anchor is not None else None
        query, limit = self._in_all(query)
        understood = self._retriever.understand(query)
        found: list[Ensemble] = []
        for roles in self._sets(understood, first, slots):
            found += self._filled(roles, first, query, understood, limit)
        return self._varied(found, k)

    def _in_all(self, query: Query) -> tuple[Query, float | None]:
        """The query without a price that its words say of the whole set, and that price."""
        text = (query.text or "").lower()
        # A budget has its number right behind it, which is no price yet without such words.
        said = _IN_ALL.sub(lambda found: " up to " if "budget" in found[0] else " ", text)
        prices = read_prices(said, self._retriever.catalog.currency)
        if said == text or prices.high is None:
            return query, None
        return replace(query, text=prices.rest), prices.high

    def _sets(self, understood: Understanding, anchor: Item | None, slots: Sequence[str]) -> list[tuple[str, ...]]:
        """The roles to fill, in one way or several; what is given comes first."""
        unknown = [slot for slot in slots if slot not in self._pairing.all_roles]
        if unknown:
            raise BadInput("slot", repr(unknown[0]), ", ".join(self._pairing.all_roles), "Choose some of these.")
        own = role_of(anchor, self._domain) if anchor else None
        if slots:
            return [tuple(dict.fromkeys([own, *slots] if own else slots))]
        uses = [value for wish in understood.wishes if wish.attribute == "category" for value in wish.values]
        asked = {*understood.filters.categories, *uses}
        sets = list(self._pairing.sets.values())
        if own:
            # What is in no set leads one of its own: with what goes best with it.
            with_own = [(own, *(role for role in roles if role != own)) for roles in sets if own in roles]
            sets = with_own or [(own, *partners(own, self._domain)[:3])]
        known = [len(asked & set(categories_of(roles, self._domain))) / len(roles) for roles in sets]
        # Clothes are worn in one of two ways, and both may be shown; a room is one room.
        best = [roles for roles, share in zip(sets, known, strict=True) if share == max(known)]
        return best[:1] if self._domain.sized else best

    def _filled(
        self, roles: Sequence[str], anchor: Item | None, query: Query, understood: Understanding, limit: float | None
    ) -> list[Ensemble]:
        """Sets of these roles, the best of each first item; later roles that nothing fills are left out."""
        hits = [self._own(anchor)] if anchor else []
        hits += self._candidates(roles[1:] if anchor else roles, query, understood, anchor)
        if len(hits) < 2:
            return []
        pool = self._pool(hits)
        slots = {role: [0] if anchor and role == roles[0] else pool.of(role) for role in roles}
        filled = [role for role in roles if slots[role]]
        if filled[0] != roles[0]:
            return []
        parts = complements.pair_chances(pool.traits, pool.traits, self._domain)
        # Roles of one set belong together.
        together = complements.product({name: part for name, part in parts.items() if name != "pair"})
        scores = np.array([hit.score for hit in pool.hits], np.float32)
        chosen: list[tuple[tuple[int, ...], float]] = []
        # Where the money does not reach, what matters least is left out first.
        while not chosen and len(filled) > 1:
            chosen = grow([slots[role] for role in filled], scores, together, _prices(pool), limit)
            filled = filled if chosen else filled[:-1]
        lacking = [role for role in roles if role not in filled]
        return [self._ensemble(pool, places, score, parts, lacking, anchor) for places, score in chosen]

    def _candidates(
        self, roles: Sequence[str], query: Query, understood: Understanding, anchor: Item | None
    ) -> list[Hit]:
        """The best candidates of each role. What the words say of a thing they name is asked of that thing alone."""
        named = set(understood.filters.categories)
        query = replace(query, exclude_ids=(*query.exclude_ids, *([anchor.id] if anchor else [])))
        described = [role for role in roles if named & set(categories_of([role], self._domain))]
        others = [role for role in roles if role not in described]
        hits = list(self._search(query, self._within(described, named), described).hits) if described else []
        if others and not query.categories:
            explicit = f"colour:{'|'.join(query.colours)}"
            about = [chip.key for chip in understood.chips if chip.key.startswith(_OF_THE_THING)] if described else []
            free = replace(query, dismissed=(*query.dismissed, *(key for key in about if key != explicit)))
            hits += self._search(free, categories_of(others, self._domain), others).hits
        hits.sort(key=lambda hit: (-hit.score, hit.item.id))
        kept = {role: [hit for hit in hits if role_of(hit.item, self._domain) == role] for role in roles}
        return [hit for role in roles for hit in kept[role][:SLOT_POOL]]

    def _within(self, roles: Sequence[str], named: set[str]) -> tuple[str, ...]:
        """Categories of some roles, of those that are named."""
        return tuple(name for name in categories_of(roles, self._domain) if name in named)

    def _ensemble(
        self,
        pool: _Pool,
        places: Sequence[int],
        score: float,
        parts: Mapping[str, Floats],
        lacking: Sequence[str],
        anchor: Item | None,
    ) -> Ensemble:
        """Chosen places as a set, explained."""
        lead, *others = places
        first, whose = pool.hits[lead], "your" if anchor else "the"
        leads = [first.item.kind or self._pairing.noun(pool.roles[lead]), *first.item.colours[:2]]
        leads = [*(name for name in leads if name not in first.reason.split(", ")), first.reason]
        hits = [first if anchor else replace(first, reason=", ".join(filter(None, leads)))]
        for place in others:
            split = {name: float(part[lead, place]) for name, part in parts.items()}
            hits.append(self._hit(pool.hits[place], first.item, split, whose))
        items = [hit.item for hit in hits]
        price = sum(item.price for item in items)
        facts = [*complements.set_facts(items), f"{show(price, items[0].currency)} in all"]
        facts += [f"no {' and no '.join(self._pairing.plural(role) for role in lacking)} found"] if lacking else []
        return Ensemble(tuple(hits), score, "; ".join(facts))

    def _varied(self, found: Sequence[Ensemble], k: int) -> tuple[Ensemble, ...]:
        """The k best sets that share few items and few colours."""
        if not found:
            return ()
        ids = [[hit.item.id for hit in one.hits] for one in found]
        looks = [
            [f"{role_of(hit.item, self._domain)} {hit.item.colours[0]}" for hit in one.hits if hit.item.colours]
            for one in found
        ]
        scores = np.array([one.score for one in found], np.float32)
        order = rerank.ranked(scores, [" ".join(names) for names in ids])
        order = [place for place in order if scores[place] >= LEAST_OF_BEST * scores.max()]
        close = np.float32(0.5) * (complements.overlap(ids) + complements.overlap(looks))[np.ix_(order, order)]
        return tuple(found[order[place]] for place in rerank.spread(scores[order], close, k, SET_VARIETY))


def _prices(pool: _Pool) -> Floats:
    return np.array([hit.item.price for hit in pool.hits], np.float32)


def grow(
    slots: Sequence[Sequence[int]], alone: Floats, together: Floats, prices: Floats, limit: float | None = None
) -> list[tuple[tuple[int, ...], float]]:
    """Sets with one place of each slot and their scores, by a search that keeps the best few of each first place.

    Args:
        slots: places that may fill each slot, at least two slots.
        alone: (N,) score of each place by itself.
        together: (N, N) chance of each pair.
        prices: (N,).
        limit: most that a set may cost; None = any.

    Returns:
        (places, score): the geometric mean over the items' scores times that over the pairs' chances.
    """
    own, pairs = np.log(np.maximum(alone, 1e-9)), np.log(np.maximum(together, 1e-9))
    # What the slots still open cost at least.
    open_cost = np.cumsum([0.0, *(min(float(prices[place]) for place in slot) for slot in slots[:0:-1])])[::-1]
    width = max(LEAST_KEPT, KEPT // len(slots[0]))
    grown: list[tuple[tuple[int, ...], float]] = []
    for first in slots[0]:
        kept: list[tuple[int, ...]] = [(first,)]
        for depth, slot in enumerate(slots[1:], start=1):
            wider = [
                (*places, place)
                for places in kept
                for place in slot
                if limit is None or prices[[*places, place]].sum() + open_cost[depth] <= limit
            ]
            kept = sorted(wider, key=lambda places: (-_value(places, own, pairs), places))[:width]
        grown += [(places, float(np.exp(_value(places, own, pairs)))) for places in kept]
    return grown


def _value(places: Sequence[int], own: Floats, pairs: Floats) -> float:
    """The logarithm of a set's score."""
    chosen = np.array(places)
    upper = np.triu_indices(len(chosen), 1)
    return float(own[chosen].mean() + pairs[chosen[upper[0]], chosen[upper[1]]].mean())
