"""Query → understanding → vectors → candidates → chances multiplied → hits with reasons."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import numpy as np

from recommend import composing, reasons, relaxing, rerank
from recommend.catalog import Catalog, Problem, file_mark, read_catalog
from recommend.domains import check_photos
from recommend.embedder import Embedder
from recommend.errors import BadInput
from recommend.features import Floats, Image, colour_shares, colour_vector, cut_out, main_colours, palette
from recommend.feedback import EVENTS, Feedback, feedback_chances
from recommend.following import with_additions
from recommend.index import Index, Rows, latest_version
from recommend.indexing import PALETTE_ROWS, OnItem, default_uri, ensure_index, find_item, palette_rows
from recommend.lexicon import build_lexicon
from recommend.query import understand
from recommend.schema import (
    FACETS,
    MAX_RESULTS,
    Chip,
    CutOut,
    Filters,
    Hit,
    Item,
    Query,
    ReadPerson,
    Relaxation,
    RoomContext,
    SearchResult,
    Understanding,
)
from recommend.taste import Taste, places_of, taste_chances

#: Candidates taken from each vector search; up to this many matching items, all of them are ranked.
POOL: Final = 400
#: Weight of variety among the results when something was asked for, and when nothing was but to go with an outfit.
VARIETY: Final = 0.15
VARIETY_UNASKED: Final = 0.6
#: Newest liked items in whose surroundings candidates are looked for.
LIKES_SEARCHED: Final = 5
#: Chance above which a picture is said to look like the one given; overlap of colours that is called the same colours.
LOOKS_ALIKE: Final = 0.8
SAME_COLOURS: Final = 0.75


@dataclass(eq=False)
class _Evidence:
    """What the query's parts give to compare items with."""

    text: Floats | None = None
    title: Floats | None = None
    likes: list[composing.Look] = field(default_factory=list)
    dislikes: list[composing.Look] = field(default_factory=list)
    liked_as: str = "your picture"
    named: list[Chip] = field(default_factory=list)
    stated: dict[str, tuple[str, ...]] = field(default_factory=dict)
    worn: dict[str, Floats] = field(default_factory=dict)
    worn_names: dict[str, str] = field(default_factory=dict)
    beside: Floats | None = None
    room: RoomContext | None = None
    told: dict[str, Floats] = field(default_factory=dict)
    events: dict[str, str] = field(default_factory=dict)
    taste_ids: tuple[str, ...] = ()
    taste: Floats | None = None

    def liked(self) -> list[str]:
        """Items with a vector that speak for others like them, oldest first."""
        return [item_id for item_id in self.told if EVENTS[self.events[item_id]] > 0]


class Retriever:
    """Searches one catalog. Nothing changes after it is made, so threads may share it.

    Attributes:
        catalog: as read from disk.
        problems: what was left out of the catalog, and why.
        lexicon: the words that are understood here. domain: what the catalog is about.
        version: of the index; what was found in one may not be in another.
    """

    def __init__(
        self,
        catalog: Catalog,
        index: Index,
        embedder: Embedder,
        *,
        cut_out: CutOut = cut_out,
        read_person: ReadPerson | None = None,
        problems: tuple[Problem, ...] = (),
        uri: str = "",
    ) -> None:
        """
        Args:
            problems: of items that are in the catalog and not in the index.
            uri: of the index; "" = it is not followed.
        """
        self.catalog = catalog
        self.problems = catalog.problems + problems
        self.version = index.version
        self._index, self._embedder, self._cut_out, self._read_person = index, embedder, cut_out, read_person
        self._uri = uri
        self._items = {item.id: item for item in catalog.items}
        self._some_unsized = any(item.size_cm is None for item in catalog.items)
        self.lexicon = build_lexicon(catalog.items)
        self.domain = self.lexicon.domain

    @classmethod
    def open(
        cls,
        folder: Path,
        embedder: Embedder,
        *,
        uri: str | None = None,
        cut_out: CutOut = cut_out,
        read_person: ReadPerson | None = None,
        on_item: OnItem | None = None,
    ) -> Retriever:
        """Open a catalog for searching; its index is made first where it is missing or the catalog has changed.

        Args:
            folder: of the catalog.
            embedder: encodes queries, and items where needed.
            uri: where the index lies; default: a folder in the per-user cache.
            cut_out: finds the item in a picture.
            read_person: finds what a person wears; without it a person's photo counts as one palette.
            on_item: told of progress while indexing, with (items done, items in all).

        Raises:
            BadInput: no catalog there.
            IncompatibleIndex: `uri` names an index of other encoders or another layout.
        """
        catalog, uri = read_catalog(folder), uri or str(default_uri(folder, embedder.revision))
        index, problems = ensure_index(catalog, embedder, uri, cut_out, on_item)
        return cls(catalog, index, embedder, cut_out=cut_out, read_person=read_person, problems=problems, uri=uri)

    def is_current(self) -> bool:
        """Whether catalog and index are those that were opened: a look at a file and at the index's last version."""
        if not self._uri:
            return True
        try:
            return self._latest() == self.version and file_mark(self.catalog.folder) == self.catalog.file
        except (OSError, RuntimeError, ValueError):  # one of them is gone; LanceDB says so by the latter two
            return False

    @functools.cached_property
    def _latest(self) -> Callable[[], int]:
        """Asks for the index's last version; opened when first needed, as most processes search once."""
        return latest_version(self._uri)

    def renewed(self) -> Retriever:
        """A retriever of what catalog and index are now; this one stays as it is, for whoever searches with it.

        Where items were only added, only they are read. Raises what `open` raises.
        """
        known: dict[str, Any] = {"cut_out": self._cut_out, "read_person": self._read_person, "uri": self._uri}
        found = with_additions(self.catalog, self._index, self._uri)
        if found is None:
            return Retriever.open(self.catalog.folder, self._embedder, **known)
        left_out = self.problems[len(self.catalog.problems) :]
        return Retriever(*found, self._embedder, problems=left_out, **known)

    def __contains__(self, item_id: str) -> bool:
        """Whether the catalog has an item of that id."""
        return item_id in self._items

    def item(self, item_id: str) -> Item:
        """The item of that id; raises BadInput if there is none."""
        if item_id not in self._items:
            raise BadInput("item", repr(item_id), "an id of the catalog", "Find ids with: tryroom recommend")
        return self._items[item_id]

    def picture(self, item: Item) -> Path:
        """Where the item's picture lies."""
        return self.catalog.picture(item)

    def facets(self, filters: Filters, attributes: Sequence[str] = FACETS) -> dict[str, dict[str, int]]:
        """How many items there are of each value under these filters; see `Index.facets`."""
        return self._index.facets(filters, attributes)

    def content(self) -> tuple[tuple[str, ...], Floats]:
        """Ids of all indexed items and their vectors (N, D), unit norm, to fit a `Taste` on."""
        return self._index.vectors("semantic")

    def rows(self, ids: Sequence[str], vectors: Sequence[str]) -> Rows:
        """What the index has of some items, with some of their vectors, in its own order."""
        return self._index.rows(ids=ids, vectors=vectors)

    def understand(self, query: Query) -> Understanding:
        """What the words and the limits of a query ask for, as `search` reads them."""
        return understand(self._complete(query), self.lexicon, self.catalog.currency)

    def search(self, query: Query, k: int = 12, taste: Taste | None = None) -> SearchResult:
        """The k best items for a query; an empty query gives a varied selection.

        Args:
            query: any parts; a person's photo only for garments, a room only for furniture.
            k: 1 to `MAX_RESULTS`.
            taste: fitted on this catalog; counts if the query's feedback likes anything.

        Raises:
            BadInput: k out of range, a photo that does not suit the catalog, or feedback or taste of another catalog.
        """
        if not 1 <= k <= MAX_RESULTS:
            raise BadInput("number of results", str(k), f"1 to {MAX_RESULTS}", "Choose a number in that range.")
        check_photos(query, self.domain)
        seconds: dict[str, float] = {}
        query = self._complete(query)
        with _timed(seconds, "encode"):
            understood = understand(query, self.lexicon, self.catalog.currency)
            evidence, notes = self._encode(query, understood)
            if query.feedback.events:
                self._remember(evidence, query.feedback, taste)
            understood = replace(understood, chips=(*evidence.named, *understood.chips)).with_notes(*notes)
            understood = composing.carry(understood, evidence.stated, query.dismissed)
        with _timed(seconds, "search"):
            matching = self._index.count(understood.filters)
            rows = self._candidates(understood, evidence, matching)
        with _timed(seconds, "rank"):
            hits = self._rank(rows, understood, evidence, k)
        ways = () if hits else self._ways(query, understood)
        return SearchResult(hits, self._explain(understood, hits, ways), matching, seconds, ways)

    def _complete(self, query: Query) -> Query:
        """The query with what its liked items say, without those that were dismissed."""
        likes, dislikes = (
            tuple(name for name in names if f"{kind}:{name}" not in query.dismissed)
            for kind, names in (("like", query.likes), ("unlike", query.dislikes))
        )
        liked, _ = [self.item(name) for name in likes], [self.item(name) for name in dislikes]
        return composing.complete(replace(query, likes=likes, dislikes=dislikes), liked, self.domain)

    def _encode(self, query: Query, understood: Understanding) -> tuple[_Evidence, list[str]]:
        """The query's parts as vectors and palettes, and what to say about its pictures."""
        evidence, notes = _Evidence(room=query.room), []
        if understood.words:
            evidence.text = self._embedder.texts([understood.words])[0]
            evidence.title = self._embedder.words([understood.words])[0]
        if query.like is not None:
            mask = find_item(query.like, self._cut_out, self.domain)
            (seen,) = self._embedder.images([query.like], [mask])
            evidence.likes = [composing.Look(seen, colour_vector(query.like, mask))]
            evidence.stated = {"colours": main_colours(palette(query.like, mask, PALETTE_ROWS))}
        if query.likes or query.dislikes:
            self._look_up(query, evidence)
        if query.photo is not None:
            evidence.worn, evidence.worn_names = self._worn(query.photo)
            if not evidence.worn:
                notes.append("No clothes were found in the photo, so it did not count.")
        if understood.beside:
            named = rerank.named_palette(understood.beside)
            evidence.beside = named if len(named) else None
        return evidence, notes

    def _look_up(self, query: Query, evidence: _Evidence) -> None:
        """Add what the index has of the items liked and disliked."""
        rows = self._index.rows(ids=[*query.likes, *query.dislikes])
        looks = {
            item.id: composing.Look(rows.vectors["semantic"][place], rows.vectors["colour"][place])
            for place, item in enumerate(rows.items)
        }
        evidence.likes += [looks[name] for name in query.likes]
        evidence.dislikes = [looks[name] for name in query.dislikes]
        items = {item.id: item for item in rows.items}
        liked = [items[name] for name in query.likes]
        evidence.named = composing.named(liked, [items[name] for name in query.dislikes])
        if liked:
            evidence.stated = composing.stated_by(liked)
            evidence.liked_as = f"“{liked[0].title}”" if len(liked) == 1 else "what you like"

    def _remember(self, evidence: _Evidence, feedback: Feedback, taste: Taste | None) -> None:
        """Adds the items that somebody had an opinion on, and what taste makes of them."""
        evidence.events = {self.item(item_id).id: event for item_id, event in feedback.opinions.items()}
        rows = self._index.rows(ids=list(evidence.events))
        vectors = dict(zip((item.id for item in rows.items), rows.vectors["semantic"], strict=True))
        evidence.told = {item_id: vectors[item_id] for item_id in evidence.events if item_id in vectors}
        if taste is not None and feedback.liked:
            evidence.taste_ids, evidence.taste = taste.item_ids, taste_chances(taste, feedback.liked)

    def _worn(self, photo: Image) -> tuple[dict[str, Floats], dict[str, str]]:
        """Palettes and colour names of what a person wears, by part of the body."""
        if self._read_person is not None:
            parts = {part: mask for part, mask in self._read_person(photo).items() if mask.any()}
        else:
            parts = {"outfit": self._cut_out(photo)}
        colours = {part: palette(photo, mask, PALETTE_ROWS) for part, mask in parts.items() if mask.any()}
        names = {part: rerank.colour_words(colour_shares(found)) for part, found in colours.items()}
        return {part: palette_rows(found) for part, found in colours.items()}, names

    def _candidates(self, understood: Understanding, evidence: _Evidence, matching: int) -> Rows:
        """All matching items if few, else those nearest to each vector, with words or all wishes asked, a sample."""
        filters, vectors = understood.filters, _compared(understood, evidence)
        if matching <= POOL:
            return self._index.rows(filters, vectors=vectors)
        found: set[int] = set()
        for column, vector in (
            ("semantic", evidence.text),
            ("words", evidence.title),
            *(("semantic", liked.semantic) for liked in evidence.likes),
            *(("colour", liked.colour) for liked in evidence.likes),
            *(("semantic", evidence.told[item_id]) for item_id in evidence.liked()[-LIKES_SEARCHED:]),
        ):
            if vector is not None:
                found.update(row_id for row_id, _ in self._index.nearest(column, vector, filters, POOL))
        if understood.words:
            found.update(row_id for row_id, _ in self._index.texts(understood.words, filters, POOL))
        if evidence.taste is not None:
            tasted = [evidence.taste_ids[place] for place in np.argsort(-evidence.taste)[:POOL]]
            found.update(self._index.row_ids(filters, tasted))
        if understood.wishes:
            found.update(self._index.sample(filters, POOL, understood.wishes))
        sorts = understood.cheapness or understood.size_wishes or understood.lightness
        if not found or evidence.worn or evidence.room or sorts:
            found.update(self._index.sample(filters, POOL))
        # In the table's own order, so that the result does not depend on the way by which each was found.
        return self._index.take(sorted(found), vectors)

    def _rank(self, rows: Rows, understood: Understanding, evidence: _Evidence, k: int) -> tuple[Hit, ...]:
        """Score, spread and explain the candidates."""
        if not len(rows):
            return ()
        parts = self._parts(rows, understood, evidence)
        scores = rerank.combine(parts, len(rows))
        order = rerank.ranked(scores, [item.id for item in rows.items])[:POOL]
        sorts = rerank.same_sort([rows.items[place].category for place in order])
        close = rerank.likeness([rows.vectors["semantic"][order], rows.vectors["colour"][order], sorts])
        asked = parts.keys() - {"photo", "room", "beside", "feedback", "taste"}
        chosen = rerank.spread(scores[order], close, k, VARIETY if asked else VARIETY_UNASKED)
        hits = []
        for place in (order[i] for i in chosen):
            item = rows.items[place]
            split = {name: round(float(chances[place]), 4) for name, chances in parts.items()}
            facts = self._picture_facts(rows, place, split, evidence)
            # Of furniture, sizes count too, and a reason has more to say than one list holds.
            sized = self.domain.sized
            why = (
                reasons.reason(item, understood, evidence.room, facts)
                if sized
                else rerank.reason(item, understood, facts)
            )
            hits.append(Hit(item, float(scores[place]), why, split))
        return tuple(hits)

    def _parts(self, rows: Rows, understood: Understanding, evidence: _Evidence) -> dict[str, Floats]:
        """The chance that each candidate satisfies each part of the query."""
        chances = self._embedder.calibrations
        parts: dict[str, Floats] = {}
        if evidence.title is not None:
            parts["title"] = chances["title"].chance(rows.vectors["words"] @ evidence.title)
        if evidence.text is not None:
            # Picture and title are two readings of the same words: their geometric mean counts as one part.
            seen = np.sqrt(chances["text"].chance(rows.vectors["semantic"] @ evidence.text))
            parts["words"] = rerank.weigh(seen, self.domain.picture_certainty)
            parts["title"] = np.sqrt(parts["title"])
        alike = chances["like"]
        if evidence.likes:
            parts["like"] = composing.look_chances(rows.vectors["semantic"], evidence.likes, alike)
        # "like this, but in red" or "but darker": the words say which colours, so those of the picture do not count.
        if evidence.likes and not understood.filters.colours and not understood.lightness:
            parts["like colour"] = composing.colour_chances(rows.vectors["colour"], evidence.likes)
        if understood.kept:
            parts["kept"] = composing.kept_chances(rows.items, understood.kept, self.domain.material_families)
        if understood.changed:
            parts["changed"] = composing.changed_chances(rows.items, understood.changed)
        if evidence.dislikes:
            vectors = rows.vectors["semantic"], rows.vectors["colour"]
            parts["dislike"] = composing.dislike_chances(*vectors, evidence.dislikes, alike)
        if evidence.worn:
            parts["photo"] = rerank.beside_chances(rows.items, _palettes(rows), evidence.worn)
        if evidence.room is not None:
            parts["room"] = rerank.room_chances(rows.items, _palettes(rows), evidence.room)
        if evidence.beside is not None:
            parts["beside"] = rerank.harmony(_palettes(rows), evidence.beside)
        if understood.filters.colours:
            parts["colour"] = rerank.colour_chances(rows.items, understood.filters.colours)
        if understood.wishes:
            power = rerank.WISHES_BESIDE_ROOM if evidence.room is not None else 1.0
            families = self.domain.material_families
            parts["wishes"] = rerank.wish_chances(rows.items, understood.wishes, families) ** np.float32(power)
        if understood.size_wishes:
            parts["size"] = rerank.size_chances(rows.items, understood.size_wishes)
        if understood.cheapness:
            parts["price"] = rerank.price_chances(rows.items, understood.cheapness)
        if understood.lightness:
            parts["lightness"] = rerank.lightness_chances(_palettes(rows), understood.lightness)
        if evidence.told:
            told = np.stack(list(evidence.told.values()))
            pairs = alike.chance(rows.vectors["semantic"] @ told.T)
            parts["feedback"] = feedback_chances(pairs, [evidence.events[item_id] for item_id in evidence.told])
        if evidence.taste is not None:
            parts["taste"] = evidence.taste[places_of(evidence.taste_ids, [item.id for item in rows.items])]
        return parts

    def _picture_facts(self, rows: Rows, place: int, split: Mapping[str, float], evidence: _Evidence) -> list[str]:
        """What pictures say for one hit, in words; only what was measured to be so."""
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
            colours = rows.vectors["palette"][place].reshape(PALETTE_ROWS, 4)
            goes = float(rerank.harmony(colours[None], evidence.room.palette)[0])
            facts += reasons.room_facts(rows.items[place], colours, evidence.room, goes)
        return facts

    def _explain(self, understood: Understanding, hits: tuple[Hit, ...], ways: tuple[Relaxation, ...]) -> Understanding:
        """Notes on what the results do not fulfil: wishes that none meets and, with no result, the limit in the way."""
        names = self.domain.group_names()
        notes = [
            f"No result is stated to be {names.get(wish.values, ' or '.join(wish.values))}; the nearest are shown."
            for wish in understood.wishes
            if hits and not any(wish.match(hit.item) for hit in hits)
        ]
        if understood.filters.sizes and self._some_unsized:
            notes.append("Items that do not state their size were left out.")
        if not hits:
            notes.append(relaxing.say(ways))
        return understood.with_notes(*notes)

    def _ways(self, query: Query, understood: Understanding) -> tuple[Relaxation, ...]:
        """What giving up one limit would bring."""
        return relaxing.relaxations(query, understood, self.lexicon, self.catalog.currency, self._index.extent)


def _compared(understood: Understanding, evidence: _Evidence) -> list[str]:
    """Vectors that the chances of candidates, their variety and the reasons follow from; no others are read."""
    beside = evidence.worn or evidence.room is not None or evidence.beside is not None
    needed = {"words": evidence.title is not None, "palette": beside or understood.lightness}
    return ["semantic", "colour", *(name for name, is_needed in needed.items() if is_needed)]


def _palettes(rows: Rows) -> Floats:
    """Palettes of all rows, (N, PALETTE_ROWS, 4)."""
    return rows.vectors["palette"].reshape(len(rows), PALETTE_ROWS, 4)


@contextmanager
def _timed(seconds: dict[str, float], stage: str) -> Any:
    """Adds the time of a block to `seconds`."""
    start = time.perf_counter()
    yield
    seconds[stage] = time.perf_counter() - start
