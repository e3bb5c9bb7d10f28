"""Rows for the benchmark of the index: many, with the structure of a few real ones, and what is known of them.

They are mixtures of two of the demo garments' own vectors, moved within the space that the demo garments span and a
little out of it, so that they lie in clusters as real catalogs do. Prices are random; the width grows along the first
principal axis, so a limit to it is a filter that goes with the vectors.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, TextIO

import numpy as np
from numpy.typing import NDArray

from recommend.features import Floats
from recommend.index import VECTORS, Rows
from recommend.schema import Filters, Item

#: Rows made at a time, and the widest of them in centimetres.
PART = 20_000
WIDEST = 1000.0


def made(base: Rows, count: int, seed: int) -> Rows:
    """Rows with the structure of `base`."""
    rng = np.random.default_rng(seed)
    one, other = rng.integers(len(base), size=(2, count))
    share = rng.beta(0.5, 0.5, (count, 1)).astype(np.float32)
    vectors = {name: _near(base.vectors[name], one, other, share, rng) for name in VECTORS[:3]}
    vectors["palette"] = base.vectors["palette"][one]
    axis = np.linalg.svd(base.vectors["semantic"] - base.vectors["semantic"].mean(0), full_matrices=False)[2][0]
    along = np.argsort(np.argsort(vectors["semantic"] @ axis)) / count
    items = tuple(
        replace(
            base.items[n],
            id=f"{seed}-{place}",
            price=float(price),
            size_cm=(max(1.0, float(width) * WIDEST), 1.0, 1.0),
            extra={},
        )
        for place, (n, price, width) in enumerate(zip(one, rng.random(count), along, strict=True))
    )
    return Rows(items, tuple(item.id for item in items), vectors)


def _near(base: Floats, one: Floats, other: Floats, share: Floats, rng: np.random.Generator) -> Floats:
    """Unit vectors (N, D) between two of `base` each, with noise mostly of low rank."""
    _, spread, axes = np.linalg.svd(base - base.mean(0), full_matrices=False)
    moved = (rng.normal(size=(len(share), len(spread))) * 0.6 * spread / np.sqrt(len(base))) @ axes
    moved += rng.normal(size=moved.shape) * 0.02
    vectors = share * base[one] + (1 - share) * base[other] + moved.astype(np.float32)
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), np.float32)


class Known:
    """What searches are judged by, gathered while rows are made part by part.

    Attributes:
        seconds: that making the rows took.
    """

    def __init__(self, base: Rows, count: int, seed: int) -> None:
        self.base, self.count, self.seed, self.seconds = base, count, seed, 0.0
        self.ids: list[str] = []
        self.semantic = np.empty((count, base.vectors["semantic"].shape[1]), np.float32)
        self.price, self.width = np.empty(count), np.empty(count)

    def parts(self, catalog: TextIO | None = None) -> Iterator[Rows]:
        """All rows; the lines of their catalog are written to `catalog`."""
        for start in range(0, self.count, PART):
            began = time.perf_counter()
            rows = made(self.base, min(PART, self.count - start), 1000 * self.seed + start // PART)
            end = start + len(rows)
            self.ids += [item.id for item in rows.items]
            self.semantic[start:end] = rows.vectors["semantic"]
            self.price[start:end] = [item.price for item in rows.items]
            self.width[start:end] = [item.size_cm[0] for item in rows.items if item.size_cm]
            if catalog is not None:
                catalog.writelines(json.dumps(line(item)) + "\n" for item in rows.items)
            self.seconds += time.perf_counter() - began
            yield rows

    def matching(self, filters: Filters) -> NDArray[np.intp]:
        """Places of the rows that keep a highest price and highest widths, the only filters that are asked here."""
        kept = np.ones(self.count, bool)
        if filters.max_price is not None:
            kept &= self.price <= filters.max_price
        for limit in filters.sizes:
            kept &= self.width <= (limit.high or 0)
        return np.flatnonzero(kept)

    def nearest(self, queries: Floats, places: NDArray[np.intp], k: int) -> list[set[str]]:
        """Ids of the k rows nearest to each query among those at `places`, by numpy."""
        vectors = self.semantic if len(places) == self.count else self.semantic[places]
        cosines = queries @ vectors.T
        best = np.argpartition(-cosines, min(k, len(places)) - 1, axis=1)[:, :k]
        return [{self.ids[place] for place in places[row]} for row in best]


def line(item: Item) -> dict[str, Any]:
    """An item as its line of a catalog."""
    texts = ("id", "title", "category", "price", "image", "kind", "material", "pattern", "sleeve", "description")
    values = {name: getattr(item, name) for name in texts if getattr(item, name) != ""}
    return values | {"colours": item.colours, "style": item.style, "size_cm": item.size_cm}
