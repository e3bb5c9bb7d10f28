"""A catalog and its index as they are at one moment; when others change them, the next moment's are read.

What was only added is read, and nothing that was read before.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from recommend.catalog import FILE, Catalog, Problem, check_lines, file_mark, joined, lines_after, read_catalog
from recommend.embedder import Embedder
from recommend.index import Index, latest_version, open_index
from recommend.indexing import OnItem, default_uri, ensure_index, rebuild_command
from recommend.schema import CutOut
from recommend.storage import only_one


@dataclass(frozen=True, eq=False)
class Snapshot:
    """A catalog and its index of one moment.

    Attributes:
        catalog: as read from disk.
        index: of the catalog.
        uri: of the index; "" = nobody follows it.
        left_out: items that are in the catalog and not in the index, and why.
    """

    catalog: Catalog
    index: Index
    uri: str = ""
    left_out: tuple[Problem, ...] = ()

    def is_current(self) -> bool:
        """Whether catalog and index are still these: a look at a file and at the index's last version."""
        if not self.uri:
            return True
        try:
            return self._latest() == self.index.version and file_mark(self.catalog.folder) == self.catalog.file
        except (OSError, RuntimeError, ValueError):  # one of them is gone; LanceDB says so by the latter two
            return False

    @functools.cached_property
    def _latest(self) -> Callable[[], int]:
        """Asks for the index's last version; opened when first needed, as most processes search once."""
        return latest_version(self.uri)

    def with_additions(self) -> Snapshot | None:
        """Catalog and index after items were added to both; None if anything else changed, or may have.

        New items stand behind the others in the catalog's file. That these are still the same, the fingerprints tell:
        they are sums over items, so those of what was known and of what was added make that of the index.
        """
        folder, known = self.catalog.folder, self.index.stamp
        with only_one(self.uri):  # who adds items holds it until catalog and index agree
            latest = open_index(self.uri, known.encoders, rebuild_command(folder, self.uri))
            if not (folder / FILE).is_file() or latest is None or not latest.whole:
                return None
            if latest.stamp.file != file_mark(folder):
                return None
            if latest.stamp == known:
                return replace(self, catalog=replace(self.catalog, file=latest.stamp.file), index=latest)
            lines = lines_after(folder, self.catalog.file)
            added = check_lines(folder, lines, domain=self.catalog.domain, currency=self.catalog.currency)
            if added.problems or joined(known.catalog, added.fingerprint()) != latest.stamp.catalog:
                return None
            items = self.catalog.items + added.items
            return replace(self, catalog=replace(self.catalog, items=items, file=latest.stamp.file), index=latest)


def open_snapshot(
    folder: Path, embedder: Embedder, uri: str | None, cut_out: CutOut, on_item: OnItem | None = None
) -> Snapshot:
    """Read a catalog and open its index, which is made first where it is missing or the catalog has changed.

    Args:
        folder: of the catalog.
        embedder: encodes items where needed.
        uri: where the index lies; default: a folder in the per-user cache.
        cut_out: finds the item in a picture.
        on_item: told of progress while indexing, with (items done, items in all).

    Raises:
        BadInput: no catalog there.
        IncompatibleIndex: `uri` names an index of other encoders or another layout.
    """
    catalog, uri = read_catalog(folder), uri or str(default_uri(folder, embedder.revision))
    index, left_out = ensure_index(catalog, embedder, uri, cut_out, on_item)
    return Snapshot(catalog, index, uri, left_out)
