"""Long work can be stopped: the last version stays, and the next run does what is missing."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from recommend import indexing
from recommend.catalog import read_catalog
from recommend.features import cut_out
from recommend.index import VECTORS, Index
from recommend.indexing import ensure_index
from tests.recommend.conftest import TinyEmbedder


@dataclass
class Work:
    """A catalog to index, and how much it took."""

    folder: Path
    uri: str
    told: list[tuple[int, int]]

    def run(self, stop_after: int = 0, *, anew: bool = False, revision: str = "tiny1") -> tuple[Index, int]:
        """The index and how many pictures were encoded for it; stopped by Ctrl-C after so many items."""
        embedder = TinyEmbedder()
        embedder.revision = revision

        def on_item(done: int, total: int) -> None:
            self.told.append((done, total))
            if done == stop_after:
                raise KeyboardInterrupt

        index, _ = ensure_index(read_catalog(self.folder), embedder, self.uri, cut_out, on_item, anew=anew)
        return index, embedder.encoded

    def aside(self) -> Path:
        return Path(f"{self.uri}.part")


@pytest.fixture
def work(tmp_path: Path, make_catalog: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> Work:
    monkeypatch.setattr(indexing, "KEPT_EVERY", 0.0)
    return Work(make_catalog(tmp_path / "shop"), str(tmp_path / "index"), [])


def stopped(work: Work, after: int, **more: bool) -> None:
    with pytest.raises(KeyboardInterrupt):
        work.run(after, **more)


def test_a_stopped_run_goes_on_where_it_was(work: Work, tmp_path: Path) -> None:
    stopped(work, 5)
    stopped(work, 6)
    index, encoded = work.run()
    assert (len(index), encoded) == (8, 2) and not work.aside().exists()
    whole = Work(work.folder, str(tmp_path / "whole"), []).run()[0]
    again, known = index.rows(), whole.rows()
    assert again.items == known.items
    assert all((again.vectors[name] == known.vectors[name]).all() for name in VECTORS)


def test_ctrl_c_loses_nothing_that_was_done(work: Work, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(indexing, "KEPT_EVERY", 1e9)
    stopped(work, 5)
    assert work.run()[1] == 3


def test_the_last_version_is_there_while_the_next_is_made(work: Work) -> None:
    before, _ = work.run()
    lines = (work.folder / "catalog.jsonl").read_text().splitlines()
    shutil.copy(work.folder / "tee-red.png", work.folder / "new.png")
    more = [
        json.dumps({**json.loads(lines[0]), "id": f"new-{i}", "title": f"New {i}", "image": "new.png"}) for i in "ab"
    ]
    (work.folder / "catalog.jsonl").write_text("\n".join([*more, *lines]))
    stopped(work, 1)
    assert len(before.rows()) == 8
    index, encoded = work.run()
    assert (len(index), encoded) == (10, 1)


def test_anew_takes_nothing_of_what_was_set_aside(work: Work) -> None:
    stopped(work, 5)
    assert work.run(anew=True)[1] == 8 and not work.aside().exists()


def test_what_is_set_aside_is_of_no_use_to_other_encoders(work: Work) -> None:
    stopped(work, 5)
    index, encoded = work.run(revision="tiny2")
    assert (len(index), encoded) == (8, 8) and not work.aside().exists()


def test_a_damaged_rest_is_thrown_away(work: Work) -> None:
    stopped(work, 5)
    for file in work.aside().rglob("*.lance"):
        if file.is_file():
            file.write_bytes(b"garbage")
    index, encoded = work.run()
    assert (len(index), encoded) == (8, 8) and not work.aside().exists()


def test_a_picture_that_cannot_be_read_counts_as_done_and_is_named(work: Work) -> None:
    (work.folder / "tee-navy.png").write_bytes(b"no picture")
    index, problems = ensure_index(
        read_catalog(work.folder), TinyEmbedder(), work.uri, cut_out, lambda *done: work.told.append(done)
    )
    assert len(index) == 7 and work.told == [(done, 8) for done in range(1, 9)]
    assert str(problems[0]).startswith("item tee-navy: image tee-navy.png: got ")
    assert np.isfinite(index.rows().vectors["semantic"]).all()


def test_an_index_that_is_up_to_date_is_opened_where_nothing_can_be_written(
    work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    work.run()

    def read_only(place: str) -> None:
        raise AssertionError(f"{place} was to be written")

    monkeypatch.setattr(indexing, "only_one", read_only)
    assert len(work.run()[0]) == 8
