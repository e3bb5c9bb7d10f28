"""Query → understanding → vectors → candidates → chances multiplied → hits with reasons."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import lru_cache, partial
from pathlib import Path
from typing import Final

import numpy as np

from recommend import composing, reasons, relaxing, rerank, scoring
from recommend.domains import check_photos
from recommend.embedder import Embedder
from recommend.errors import BadInput
from recommend.features import Floats, Image, colour_shares, colour_vector, cut_out, main_colours, palette
from recommend.feedback import Feedback
from recommend.index import Rows
from recommend.indexing import PALETTE_ROWS, OnItem, find_item, palette_rows
from recommend.lexicon import build_lexicon, tokens_of
from recommend.names import is_named, name_chances, name_of
from recommend.negation import NEGATORS
from recommend.query import understand
from recommend.schema import (
    FACETS,
    MAX_RESULTS,
    CutOut,
    Filters,
    Hit,
    Item,
    Query,
    ReadPerson,
    Relaxation,
    SearchResult,
    Understanding,
)
from recommend.scoring import Evidence
from recommend.snapshot import Snapshot, open_snapshot
from recommend.taste import Taste, taste_chances

#: Candidates taken from each vector search; up to this many matching items, all of them are ranked.
POOL: Final = 400
#: Weight of variety among the results when something was asked for, and when nothing was but to go with an outfit.
VARIETY: Final = 0.15
VARIETY_UNASKED: Final = 0.6
#: Items whose titles have the most words of a query, of which some may be named by it; titles kept as they were read.
NAMESAKES: Final = 20
NAMES_KEPT: Final = 10_000
#: Newest liked items in whose surroundings candidates are looked for.
LIKES_SEARCHED: Final = 5


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
        snapshot: Snapshot,
        embedder: Embedder,
        *,
        cut_out: CutOut = cut_out,
        read_person: ReadPerson | None = None,
    ) -> None:
        self.catalog = snapshot.catalog
        self.problems = snapshot.catalog.problems + snapshot.left_out
        self.version = snapshot.index.version
        self._snapshot, self._index = snapshot, snapshot.index
        self._embedder, self._cut_out, self._read_person = embedder, cut_out, read_person
        self._items = {item.id: item for item in snapshot.catalog.items}
        self._some_unsized = any(item.size_cm is None for item in snapshot.catalog.items)
        self.lexicon = build_lexicon(snapshot.catalog.items)
        self.domain = self.lexicon.domain
        self._name = lru_cache(maxsize=NAMES_KEPT)(partial(name_of, lexicon=self.lexicon))

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
        snapshot = open_snapshot(folder, embedder, uri, cut_out, on_item)
        return cls(snapshot, embedder, cut_out=cut_out, read_person=read_person)

    def is_current(self) -> bool:
        """Whether catalog and index are those that were opened."""
        return self._snapshot.is_current()

    def renewed(self) -> Retriever:
        """A retriever of what catalog and index are now; this one stays as it is, for whoever searches with it.

        Where items were only added, only they are read. Raises what `open` raises.
        """
        snapshot = self._snapshot.with_additions() or open_snapshot(
            self.catalog.folder, self._embedder, self._snapshot.uri, self._cut_out
        )
        return Retriever(snapshot, self._embedder, cut_out=self._cut_out, read_person=self._read_person)

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
        """What the index has of some items, in the order asked, with some of their vectors.

        Raises:
            BadInput: an item is not in the index.
        """
        rows = self._index.rows(ids=ids, vectors=vectors)
        places = {item.id: place for place, item in enumerate(rows.items)}
        for item_id in ids:
            if item_id not in places:
                got, allowed = f"{item_id!r}, whose picture could not be read", "an item of the index"
                raise BadInput("item", got, allowed, "See: tryroom catalog check DIR")
        return rows.at([places[item_id] for item_id in ids])

    def understand(self, query: Query) -> Understanding:
        """What the words and the limits of a query ask for, as `search` reads them."""
        return self._understand(self._complete(query))

    def _understand(self, query: Query) -> Understanding:
        """The same of a query that is completed, with the items that its words name."""
        understood = understand(query, self.lexicon, self.catalog.currency)
        filters = understood.filters
        # What a denial leaves of a name is none: "a chair, but not the Cocktail chair, ochre".
        denies = not NEGATORS.isdisjoint(tokens_of(query.text or ""))
        if denies or not understood.words or not (filters.categories or filters.colours):
            return understood
        # What was chosen beside the words holds for what they name, too.
        chosen = replace(filters, categories=query.categories, colours=(query.colours,) if query.colours else ())
        found = self._index.take([row_id for row_id, _ in self._index.texts(understood.words, chosen, NAMESAKES)], ())
        asked = self._name(understood.words)
        named = [item.id for item in found.items if is_named(asked, item, self._name(item.title), filters)]
        return replace(understood, filters=replace(filters, named=tuple(named)))

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
            understood = self._understand(query)
            evidence, notes = self._encode(query, understood)
            if query.feedback.events:
                evidence = self._remember(evidence, query.feedback, taste)
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

    def _encode(self, query: Query, understood: Understanding) -> tuple[Evidence, list[str]]:
        """The query's parts as vectors and palettes, and what to say about its pictures."""
        evidence, notes = Evidence(room=query.room), []
        if understood.words:
            (text,), (title,) = self._embedder.texts([understood.words]), self._embedder.words([understood.words])
            evidence = replace(evidence, text=text, title=title)
        if query.like is not None:
            mask = find_item(query.like, self._cut_out, self.domain)
            (seen,) = self._embedder.images([query.like], [mask])
            look = composing.Look(seen, colour_vector(query.like, mask))
            stated = {"colours": main_colours(palette(query.like, mask, PALETTE_ROWS))}
            evidence = replace(evidence, likes=(look,), stated=stated)
        if query.likes or query.dislikes:
            evidence = self._look_up(evidence, query)
        if query.photo is not None:
            worn, names = self._worn(query.photo)
            evidence = replace(evidence, worn=worn, worn_names=names)
            if not worn:
                notes.append("No clothes were found in the photo, so it did not count.")
        if understood.beside:
            named = rerank.named_palette(understood.beside)
            evidence = replace(evidence, beside=named if len(named) else None)
        return evidence, notes

    def _look_up(self, evidence: Evidence, query: Query) -> Evidence:
        """With what the index has of the items liked and disliked."""
        rows = self.rows([*query.likes, *query.dislikes], ("semantic", "colour"))
        looks = tuple(map(composing.Look, rows.vectors["semantic"], rows.vectors["colour"]))
        count = len(query.likes)
        liked, disliked = rows.items[:count], rows.items[count:]
        evidence = replace(
            evidence,
            likes=(*evidence.likes, *looks[:count]),
            dislikes=looks[count:],
            named=tuple(composing.named(liked, disliked)),
        )
        if not liked:
            return evidence
        liked_as = f"“{liked[0].title}”" if len(liked) == 1 else "what you like"
        return replace(evidence, stated=composing.stated_by(liked), liked_as=liked_as)

    def _remember(self, evidence: Evidence, feedback: Feedback, taste: Taste | None) -> Evidence:
        """With the items that somebody had an opinion on, and what taste makes of them."""
        events = {self.item(item_id).id: event for item_id, event in feedback.opinions.items()}
        rows = self._index.rows(ids=list(events), vectors=["semantic"])
        vectors = dict(zip((item.id for item in rows.items), rows.vectors["semantic"], strict=True))
        told = {item_id: vectors[item_id] for item_id in events if item_id in vectors}
        evidence = replace(evidence, told=told, events=events)
        if taste is None or not feedback.liked:
            return evidence
        return replace(evidence, taste_ids=taste.item_ids, taste=taste_chances(taste, feedback.liked))

    def _worn(self, photo: Image) -> tuple[dict[str, Floats], dict[str, str]]:
        """Palettes and colour names of what a person wears, by part of the body."""
        if self._read_person is not None:
            parts = {part: mask for part, mask in self._read_person(photo).items() if mask.any()}
        else:
            parts = {"outfit": self._cut_out(photo)}
        colours = {part: palette(photo, mask, PALETTE_ROWS) for part, mask in parts.items() if mask.any()}
        names = {part: rerank.colour_words(colour_shares(found)) for part, found in colours.items()}
        return {part: palette_rows(found) for part, found in colours.items()}, names

    def _candidates(self, understood: Understanding, evidence: Evidence, matching: int) -> Rows:
        """All matching items if few, else those nearest to each vector, with words or all wishes asked, a sample."""
        filters, vectors = understood.filters, scoring.compared(understood, evidence)
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

    def _rank(self, rows: Rows, understood: Understanding, evidence: Evidence, k: int) -> tuple[Hit, ...]:
        """Score, spread and explain the candidates."""
        if not len(rows):
            return ()
        parts = scoring.chances_of(rows, understood, evidence, self._embedder.calibrations, self.domain)
        if understood.words:
            titles = [self._name(item.title) for item in rows.items]
            named = name_chances(self._name(understood.words), titles)
            parts |= {"name": named} if named.min() < 1 else {}
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
            facts = scoring.picture_facts(rows, place, split, evidence)
            # Of furniture, sizes count too, and a reason has more to say than one list holds.
            sized = self.domain.sized
            why = (
                reasons.reason(item, understood, evidence.room, facts)
                if sized
                else rerank.reason(item, understood, facts)
            )
            hits.append(Hit(item, float(scores[place]), why, split))
        return tuple(hits)

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


@contextmanager
def _timed(seconds: dict[str, float], stage: str) -> Iterator[None]:
    """Adds the time of a block to `seconds`."""
    start = time.perf_counter()
    yield
    seconds[stage] = time.perf_counter() - start
