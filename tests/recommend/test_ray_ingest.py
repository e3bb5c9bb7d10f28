"""A real cluster of two nodes with one core each makes the index that one process makes, whoever dies meanwhile."""

from __future__ import annotations

import functools
import os
import pickle
import signal
from collections.abc import Callable, Iterator, Sequence
from hashlib import sha1
from pathlib import Path

import numpy as np
import pytest

from recommend.catalog import read_catalog
from recommend.errors import BadInput, IncompatibleIndex, WorkerFailed
from recommend.features import Floats, cut_out
from recommend.index import VECTORS, Rows, Stamp, open_index
from recommend.indexing import ensure_index
from recommend.retriever import Retriever
from recommend.schema import Filters, Query
from tests.recommend.conftest import ITEMS, TinyEmbedder, write_catalog

ray = pytest.importorskip("ray")
pytest.importorskip("lance_ray")

from ray.cluster_utils import Cluster  # noqa: E402

from recommend.ray_ingest import Ingested, Receipt, Work, Worker, _collect, ingest  # noqa: E402

ROOT = Path(__file__).parents[2]
COUNT, FEWER = 40, 30
LINES = [
    {**row, "id": f"{n}-{row['id']}", "title": f"{row['title']} {n}", "price": 5 + n}
    for n, row in enumerate(ITEMS[n % len(ITEMS)] for n in range(COUNT))
]


class DyingEmbedder(TinyEmbedder):
    """Writes a file for each sentence that it encodes, and ends the first process that comes to its second.

    Args:
        notes: the folder of the files, which are called process-sentence.
    """

    def __init__(self, notes: Path) -> None:
        super().__init__()
        self.notes = notes

    def words(self, texts: Sequence[str]) -> Floats:
        for text in texts:
            (self.notes / f"{os.getpid()}-{sha1(text.encode()).hexdigest()}").touch()
        if len(list(self.notes.glob(f"{os.getpid()}-*"))) == 2 and not (self.notes / "died").exists():
            (self.notes / "died").touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return super().words(texts)


class OtherWeights(TinyEmbedder):
    """Another revision in each process."""

    def __init__(self) -> None:
        super().__init__()
        self.revision = f"tiny-{os.getpid()}"


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    """Two nodes of this machine, one core each; this process has joined."""
    with pytest.MonkeyPatch.context() as patch:
        # The workers import what this process imports, whatever else is installed.
        patch.setenv("PYTHONPATH", str(ROOT))
        # Ray's own choice, 15, lets workers starve on a busy machine.
        patch.setenv("RAY_worker_niceness", "0")
        patch.setenv("RAY_USAGE_STATS_ENABLED", "0")
        node = {"num_cpus": 1, "object_store_memory": 80_000_000, "include_dashboard": False}
        nodes = Cluster(initialize_head=True, head_node_args=node)
        nodes.add_node(num_cpus=1, object_store_memory=80_000_000)
        nodes.wait_for_nodes()
        ray.init(nodes.address, log_to_driver=False)
        # No block is given out before both nodes are ready, so that both get some.
        patch.setattr(ray.data.DataContext.get_current(), "wait_for_min_actors_s", 600)
        yield nodes
        ray.shutdown()
        nodes.shutdown()


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A catalog of `COUNT` items, one of which has a damaged picture."""
    return write_catalog(tmp_path_factory.mktemp("many"), LINES)


def run(folder: Path, uri: Path, load: Callable[[], TinyEmbedder] = TinyEmbedder, **options: object) -> Ingested:
    """One ingestion, on both nodes unless told otherwise."""
    return ingest(read_catalog(folder), load, str(uri), cut_out, **{"workers": 2, **options})  # type: ignore[arg-type]


def assert_same(one: Rows, other: Rows) -> None:
    assert one.items == other.items and one.content == other.content
    for name in VECTORS:
        np.testing.assert_allclose(one.vectors[name], other.vectors[name], atol=1e-5)


def test_two_nodes_make_what_one_process_makes(cluster: Cluster, many: Path, tmp_path: Path) -> None:
    """An index of fewer items is brought up to date: at first the run is cancelled, then a worker is killed in it."""
    uri, one, notes = tmp_path / "index", tmp_path / "one", tmp_path / "notes"
    notes.mkdir()
    (many / f"{LINES[7]['id']}.png").write_bytes(b"no picture")
    lines = (many / "catalog.jsonl").read_bytes().splitlines(keepends=True)
    (many / "catalog.jsonl").write_bytes(b"".join(lines[:FEWER]))
    before, _ = ensure_index(read_catalog(many), TinyEmbedder(), str(uri), cut_out)
    (many / "catalog.jsonl").write_bytes(b"".join(lines))

    def cancel(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(many, uri, workers=1, on_item=cancel)
    left = open_index(str(uri), TinyEmbedder.revision, "")
    assert left is not None and left.stamp == before.stamp
    assert_same(left.rows(), before.rows())

    seen: list[tuple[int, int]] = []
    made = run(many, uri, functools.partial(DyingEmbedder, notes), on_item=lambda *told: seen.append(told))
    assert len(made.nodes) == 2 and all(made.nodes.values()) and sum(made.nodes.values()) == COUNT
    assert [problem.item for problem in made.problems] == [LINES[7]["id"]]
    assert seen == sorted(seen) and seen[-1] == (COUNT, COUNT) and len(seen) > 2
    assert (notes / "died").exists(), "a worker was killed"
    pictures = {note.name.partition("-")[2] for note in notes.glob("*-*")}
    assert len(pictures) == COUNT - FEWER, "only new items are computed"
    local, problems = ensure_index(read_catalog(many), TinyEmbedder(), str(one), cut_out)
    assert made.index.stamp == local.stamp and made.index.whole and made.problems == problems
    assert_same(made.index.rows(), local.rows())
    assert made.index.facets(Filters()) == local.facets(Filters())
    ours, theirs = (Retriever.open(many, TinyEmbedder(), uri=str(place)) for place in (uri, one))
    for words in ("red linen dress under 40", "navy", "a striped tee", "hoodie"):
        found, expected = (
            [(hit.item, round(hit.score, 5)) for hit in retriever.search(Query(text=words), 9).hits]
            for retriever in (ours, theirs)
        )
        assert found == expected != []
    assert not run(many, uri).nodes, "it was up to date"


def receipt_of(folder: Path, uri: Path, load: Callable[[], TinyEmbedder] = TinyEmbedder, at: str = ".") -> Receipt:
    """What a worker, here in this process, says of all items of a catalog; it looks for the pictures in `at`."""
    work = Work(folder / at, str(uri), Stamp(TinyEmbedder.revision, "cat"), load, cut_out, update=False)
    (receipt,) = Worker(work)({"item": [pickle.dumps(item) for item in read_catalog(folder).items]})["receipt"]
    return pickle.loads(receipt)


def test_a_worker_says_what_it_cannot_do(cluster: Cluster, shop: Path, tmp_path: Path) -> None:
    for receipt, fault in (
        (receipt_of(shop, tmp_path / "index", OtherWeights), "Install the same version and weights everywhere"),
        (receipt_of(shop, tmp_path / "index", at="elsewhere"), "the same folder on every node"),
    ):
        assert fault in receipt.fault and receipt.fragments == ()
        with pytest.raises(WorkerFailed, match=fault):
            _collect([receipt], 8, None)


def test_a_block_without_a_good_picture_writes_nothing(cluster: Cluster, tmp_path: Path) -> None:
    folder = write_catalog(tmp_path / "bad", ITEMS[:1])
    (folder / f"{ITEMS[0]['id']}.png").write_bytes(b"no picture")
    receipt = receipt_of(folder, tmp_path / "index")
    assert (receipt.items, receipt.fragments, receipt.fault) == (1, (), "")
    assert [problem.item for problem in receipt.problems] == [ITEMS[0]["id"]]


def test_items_that_always_kill_their_worker_end_the_run() -> None:
    def receipts() -> Iterator[Receipt]:
        yield Receipt("node", 4, 0)
        raise ray.exceptions.ActorDiedError()

    with pytest.raises(WorkerFailed, match="The index is as it was before"):
        _collect(receipts(), 8, None)


def test_a_catalog_without_a_good_line_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="1 bad lines and no good one"):
        run(write_catalog(tmp_path / "bad", (), ["no line"]), tmp_path / "index")


def test_what_cannot_be_begun_is_refused(cluster: Cluster, shop: Path, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="--workers: got 3; allowed: 1 to 2"):
        run(shop, tmp_path / "index", workers=3)
    ensure_index(read_catalog(shop), TinyEmbedder(), str(tmp_path / "index"), cut_out)
    with pytest.raises(IncompatibleIndex, match="--anew"):
        run(shop, tmp_path / "index", OtherWeights)


@pytest.mark.parametrize("address", ["127.0.0.1:9", "127.0.0.1:port"])
def test_a_cluster_that_is_not_there_is_said(
    shop: Path, tmp_path: Path, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ray, "is_initialized", lambda: False)
    with pytest.raises(BadInput, match=f"--ray: got {address}"):
        run(shop, tmp_path / "index", address=address)
