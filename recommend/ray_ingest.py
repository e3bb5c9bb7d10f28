"""Catalog → index through Ray: what `indexing` does in one process, by workers on one machine or many.

A Ray Dataset of items goes in blocks to a pool of actors, each of which holds the encoder once. What an actor does with
its block is `embed_catalog`, the function of the local path; it writes the rows as one fragment of the index's Lance
table and hands back a receipt. The fragments are committed together at the end, so who is killed or cancelled before
leaves the last version, and a block whose worker died is done again by another.

Every node reads the catalog's folder and reads and writes the index under the paths they have here: a shared file
system, or for the index an object store.
"""

from __future__ import annotations

import functools
import logging
import os
import pickle
import socket
import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import ray
from lance_ray import LanceFragmentCommitter, LanceFragmentWriter
from ray.data import ActorPoolStrategy, DataContext
from ray.util.annotations import RayDeprecationWarning

from recommend.catalog import Catalog, Problem
from recommend.embedder import Embedder
from recommend.errors import BadInput, RecommendError, WorkerFailed
from recommend.index import Index, Rows, Stamp, finish_index, open_index, table_uri
from recommend.index_aside import drop_aside
from recommend.index_table import shuffle_of, table_of
from recommend.indexing import OnItem, default_uri, embed_catalog, nothing_good, rebuild_command
from recommend.schema import CutOut, Item
from recommend.storage import only_one, stored

#: The address of a cluster that is started on this machine and ends with the run.
LOCAL: Final = "local"
#: Items of one block: so few that each worker gets several and none waits long for the last, and no more than make a
#: fragment of some 15 MB.
BLOCKS_EACH, LEAST_ITEMS, MOST_ITEMS = 8, 8, 4096
#: Times that a block is tried again after its worker died; then it is the block that kills.
RETRIES: Final = 3
#: Seconds in which a running cluster answers.
REACHED_IN: Final = 10


@dataclass(frozen=True, eq=False)
class Ingested:
    """What a run made.

    Attributes:
        problems: items that were left out because their pictures could not be read.
        nodes: how many items each node of the cluster took; empty if the index was up to date.
    """

    index: Index
    problems: tuple[Problem, ...] = ()
    nodes: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Work:
    """What every worker is told once.

    Attributes:
        folder: of the catalog.
        uri: of the index.
        stamp: what its table is going to carry.
        load: makes the encoder; called once in each worker.
        cut_out: finds the item in a picture.
        update: take unchanged items from the index that lies there.
    """

    folder: Path
    uri: str
    stamp: Stamp
    load: Callable[[], Embedder]
    cut_out: CutOut
    update: bool


@dataclass(frozen=True)
class Receipt:
    """What a worker says of one block.

    Attributes:
        node: where it was done.
        items: how many there were, those with problems too.
        first: lowest place of its items in the order of samples, which is that of the table.
        fragments: what was written, and its schema, as the committer takes them.
        fault: why nothing more can be done, "" if all is well.
    """

    node: str
    items: int
    first: int
    fragments: tuple[tuple[bytes, bytes], ...] = ()
    problems: tuple[Problem, ...] = ()
    fault: str = ""


class Worker:
    """An actor's part: blocks of items in, receipts out."""

    def __init__(self, work: Work) -> None:
        self.work = work

    def __call__(self, block: Mapping[str, Any]) -> dict[str, Any]:
        """Embed and write one block: {"item": N pickled `Item`} → {"receipt": one pickled `Receipt`}."""
        items: tuple[Item, ...] = tuple(pickle.loads(item) for item in block["item"])
        node = ray.get_runtime_context().get_node_id()[:8]
        first = min(shuffle_of(item.id) for item in items)
        try:
            rows, problems = self._embed(items)
        except RecommendError as error:
            # As a value: an actor that raises is taken for one that died, and started again.
            receipt = Receipt(node, len(items), first, fault=str(error))
        else:
            receipt = Receipt(node, len(items), first, self._write(rows), problems)
        return {"receipt": [pickle.dumps(receipt)]}

    def _embed(self, items: tuple[Item, ...]) -> tuple[Rows, tuple[Problem, ...]]:
        work = self.work
        if not work.folder.is_dir():
            step = "Put the catalog on a file system that all nodes share."
            raise BadInput("catalog", f"no folder {work.folder} on this node", "the same folder on every node", step)
        known = self._last.rows(ids=[item.id for item in items]) if self._last else None
        return embed_catalog(Catalog(work.folder, items, ()), self._embedder, work.cut_out, known)

    def _write(self, rows: Rows) -> tuple[tuple[bytes, bytes], ...]:
        if not len(rows):
            return ()
        write = LanceFragmentWriter(table_uri(self.work.uri), use_legacy_format=None, max_rows_per_group=1024)
        written = write(table_of(rows, self.work.stamp))
        return tuple(zip(written["fragment"].to_pylist(), written["schema"].to_pylist(), strict=True))

    @functools.cached_property
    def _embedder(self) -> Embedder:
        embedder = self.work.load()
        if embedder.revision != self.work.stamp.encoders:
            got, allowed = f"revision {embedder.revision} on this node", f"{self.work.stamp.encoders} on every node"
            raise BadInput("encoders", got, allowed, "Install the same version and weights everywhere.")
        return embedder

    @functools.cached_property
    def _last(self) -> Index | None:
        if not self.work.update:
            return None
        return open_index(self.work.uri, self.work.stamp.encoders, rebuild_command(self.work.folder, self.work.uri))


def ingest(
    catalog: Catalog,
    load: Callable[[], Embedder],
    uri: str | None,
    cut_out: CutOut,
    on_item: OnItem | None = None,
    *,
    address: str = LOCAL,
    workers: int | None = None,
    anew: bool = False,
) -> Ingested:
    """The up-to-date index of a catalog, as `indexing.ensure_index` makes it, by workers of a Ray cluster.

    Args:
        load: makes the encoder, here and in each worker; it is sent there, so it can be pickled.
        uri: as of `ensure_index`.
        cut_out: as of `ensure_index`; can be pickled.
        on_item: told after each block; what it raises cancels the run.
        address: of a running cluster, or `LOCAL`.
        workers: processes that embed, each on a core of its own; None = one for each core of the cluster.
        anew: compute everything again, also over an incompatible index.

    Raises:
        IncompatibleIndex, BadInput: as `ensure_index`; or the cluster is not there, or has not so many cores.
        WorkerFailed: a worker has other weights, sees no catalog, or died again and again on the same items.
    """
    revision = load().revision
    folder = catalog.folder.resolve()
    uri = uri or str(default_uri(folder, revision))
    uri = uri if "://" in uri else str(Path(uri).resolve())
    stamp = Stamp(revision, catalog.fingerprint())
    with only_one(uri):
        last = None if anew else open_index(uri, revision, rebuild_command(folder, uri))
        if last is not None and last.stamp == stamp and last.whole:
            return Ingested(last)
        if not catalog.items:
            raise nothing_good(catalog, ())
        work = Work(folder, uri, stamp, load, cut_out, update=last is not None)
        with _cluster(address, workers) as count:
            receipts = _collect(_receipts(catalog.items, work, count), len(catalog.items), on_item)
        problems = tuple(problem for receipt in receipts for problem in receipt.problems)
        fragments = [receipt.fragments for receipt in receipts if receipt.fragments]
        if not fragments:
            raise nothing_good(catalog, problems)
        with stored(uri):
            LanceFragmentCommitter(table_uri(uri), mode="overwrite").on_write_complete(fragments)
        made = finish_index(uri, stamp)
        drop_aside(uri)
        nodes: Counter[str] = Counter()
        for receipt in receipts:
            nodes[receipt.node] += receipt.items
        return Ingested(made, problems, nodes)


@contextmanager
def _cluster(address: str, workers: int | None) -> Iterator[int]:
    """Join a cluster, or start one, unless this process is in one already; gives the number of workers."""
    joined = ray.is_initialized()
    if not joined:
        # By itself Ray reports what is used to its makers, and explains its inner workings on stderr.
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
        logging.getLogger("ray.data").setLevel(logging.ERROR)
        own: dict[str, Any] = {"num_cpus": workers, "include_dashboard": False} if address == LOCAL else {}
        try:
            if address != LOCAL and "://" not in address and ":" in address:
                host, _, port = address.rpartition(":")
                socket.create_connection((host, int(port)), REACHED_IN).close()  # Ray itself tries for minutes
            with warnings.catch_warnings():
                # LanceDB warns of forks; those that Ray makes become other programs at once.
                warnings.simplefilter("ignore")
                ray.init(address, log_to_driver=False, logging_level=logging.ERROR, **own)
        except (OSError, ValueError) as error:
            step = "Start a cluster with: ray start --head"
            raise BadInput("--ray", f"{address} ({error})", f"{LOCAL}, or a running cluster's address", step) from error
    try:
        cores = int(ray.cluster_resources().get("CPU", 0))
        if workers is not None and not 1 <= workers <= cores:
            raise BadInput("--workers", str(workers), f"1 to {cores}", "Each worker needs a core of the cluster.")
        yield workers or cores
    finally:
        if not joined:
            ray.shutdown()


def _receipts(items: tuple[Item, ...], work: Work, workers: int) -> Iterator[Receipt]:
    """The receipts of all blocks, as they are done."""
    DataContext.get_current().enable_progress_bars = False
    size = min(MOST_ITEMS, max(LEAST_ITEMS, len(items) // (BLOCKS_EACH * workers)))
    ordered = [{"item": pickle.dumps(item)} for item in sorted(items, key=lambda item: shuffle_of(item.id))]
    dataset = ray.data.from_items(ordered, override_num_blocks=-(-len(ordered) // size))
    with warnings.catch_warnings():
        # Ray means to name the number of retries otherwise; until then there is this way only.
        warnings.simplefilter("ignore", RayDeprecationWarning)
        receipts = dataset.map_batches(
            Worker,
            batch_size=None,  # a block is a batch
            compute=ActorPoolStrategy(size=workers, max_tasks_in_flight_per_actor=1),
            fn_constructor_args=(work,),
            num_cpus=1,
            max_restarts=-1,
            max_task_retries=RETRIES,
        )
    for row in receipts.iter_rows():
        yield pickle.loads(row["receipt"])


def _collect(receipts: Iterable[Receipt], total: int, on_item: OnItem | None) -> list[Receipt]:
    """All receipts in the order of the table.

    Raises:
        WorkerFailed: one of them has a fault, or there is no worker left to write it.
    """
    collected: list[Receipt] = []
    done = 0
    try:
        for receipt in receipts:
            if receipt.fault:
                raise WorkerFailed(f"worker on node {receipt.node}", receipt.fault)
            collected.append(receipt)
            done += receipt.items
            if on_item is not None:
                on_item(done, total)
    except ray.exceptions.RayActorError as error:
        raise WorkerFailed("a worker", f"it died {RETRIES + 1} times on the same items.") from error
    return sorted(collected, key=lambda receipt: receipt.first)
