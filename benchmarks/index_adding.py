"""`tryroom catalog add` of one item, and the search that finds it, in shops of several sizes.

    python -m benchmarks.index_adding FOLDER

`benchmarks.index` runs this in a process of its own; the rows are printed as JSON. The items are made from the demo
garments and share their pictures. The encoder is loaded before, as in an app that is open.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import tryroom
from benchmarks.index_rows import Known
from benchmarks.measuring import Row
from recommend.catalog import FILE, read_catalog
from recommend.catalog_changes import add_items
from recommend.embedder import Embedder, TwoTowerEmbedder
from recommend.features import cut_out
from recommend.index import Rows, Stamp, upsert, write_parts
from recommend.indexing import ensure_index
from recommend.retriever import Retriever
from recommend.schema import Query

SIZES = (1_000, 10_000, 100_000)


def added(folder: Path, base: Rows, count: int, embedder: Embedder) -> list[Row]:
    """One item into a shop of `count`: adding it, opening the shop anew or following it, finding the item.

    Args:
        folder: where the shop and its index are made, and left.
        base: rows of the demo garments.
        count: items before.
        embedder: of the item and of the query.
    """
    shop, uri = folder / f"shop-{count}", str(folder / f"index-{count}")
    shutil.copytree(tryroom.CATALOG, shop)
    item = json.loads((shop / FILE).read_bytes().splitlines()[-1])
    # A title of its own, or the many that are made from the same garment would be as good.
    item |= {"id": "added", "title": f"{item['title']} by Zephyra"}
    with (shop / FILE).open("w", encoding="utf-8") as catalog:
        write_parts(uri, Known(base, count, seed=2).parts(catalog), Stamp(embedder.revision, ""))
    made = read_catalog(shop)
    upsert(uri, Rows((), (), {}), Stamp(embedder.revision, made.fingerprint(), file=made.file), "")
    line = json.dumps(item).encode()
    before = Retriever.open(shop, embedder, uri=uri)
    before.search(Query(text=item["title"]))
    _, looking = _once("looking whether anything changed", count, before.is_current)
    _, adding = _once("catalog add", count, lambda: add_items(shop, line, embedder, uri, cut_out))
    retriever, following = _once("… followed by an open shop", count, before.renewed)
    assert retriever.is_current()
    retriever, opening = _once("… opened anew", count, lambda: Retriever.open(shop, embedder, uri=uri))
    result, finding = _once("… found by its title", count, lambda: retriever.search(Query(text=item["title"])))
    assert item["id"] in {hit.item.id for hit in result.hits}
    return [looking, adding, following, opening, finding]


def _once(scenario: str, count: int, act: Callable[[], Any]) -> tuple[Any, Row]:
    """What an act returns, and its times."""
    began, used = time.perf_counter(), time.process_time()
    found = act()
    seconds, cpu = time.perf_counter() - began, time.process_time() - used
    row = {"scenario": scenario, "rows": count, "seconds": seconds, "cpu_ms": 1e3 * cpu, "load": os.getloadavg()[0]}
    return found, row


def main(folder: Path) -> list[Row]:
    """All rows of the table."""
    embedder = TwoTowerEmbedder(tryroom.retriever_weights())
    base = ensure_index(read_catalog(tryroom.CATALOG), embedder, None, cut_out)[0].rows()
    return [row for count in SIZES for row in added(folder, base, count, embedder)]


if __name__ == "__main__":
    print(json.dumps(main(Path(sys.argv[1]))))
