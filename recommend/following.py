"""Following a catalog that others change: what was added is read, and nothing that was read before."""

from __future__ import annotations

from dataclasses import replace

from recommend.catalog import FILE, Catalog, check_lines, file_mark, joined, lines_after
from recommend.index import Index, only_one, open_index
from recommend.indexing import rebuild_command


def with_additions(catalog: Catalog, index: Index, uri: str) -> tuple[Catalog, Index] | None:
    """Catalog and index of one moment, after items were added to both; None if anything else changed, or may have.

    New items stand behind the others in the catalog's file. That these are still the same, the fingerprints tell: they
    are sums over items, so those of what was known and of what was added make that of the index.

    Args:
        catalog, index: as they were opened together.
        uri: of the index.
    """
    folder = catalog.folder
    with only_one(uri):  # who adds items holds it until catalog and index agree
        latest = open_index(uri, index.stamp.encoders, rebuild_command(folder))
        if not (folder / FILE).is_file() or latest is None or not latest.whole:
            return None
        if latest.stamp.file != file_mark(folder):
            return None
        if latest.stamp == index.stamp:
            return replace(catalog, file=latest.stamp.file), latest
        added = check_lines(folder, lines_after(folder, catalog.file), domain=catalog.domain, currency=catalog.currency)
        if added.problems or joined(index.stamp.catalog, added.fingerprint()) != latest.stamp.catalog:
            return None
        return replace(catalog, items=catalog.items + added.items, file=latest.stamp.file), latest
