"""The catalog that the benchmark of Ray makes is whole."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("ray")

from benchmarks.ray_ingest import repeated


def test_the_demo_garments_are_repeated_under_other_ids(tmp_path: Path) -> None:
    catalog = repeated(tmp_path, 80)
    assert (len(catalog.items), catalog.problems) == (80, ())
    assert catalog.items[0].title == catalog.items[75].title
    assert len(catalog.fingerprint()) == 16, "every picture is there"
