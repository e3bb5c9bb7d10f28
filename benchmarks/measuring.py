"""What benchmarks of renders share: a clock of stages, the memory of a process of its own, the table."""

from __future__ import annotations

import csv
import importlib.metadata
import io
import json
import os
import platform
import resource
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from pipelines import images
from pipelines.schema import Progress

LIBRARIES = ("torch", "diffusers", "transformers", "ai-edge-litert", "opencv-python-headless", "numpy")

#: In place of a GPU's name.
NO_GPU = "no GPU used"

Row = dict[str, Any]


class StageClock:
    """A progress callback that adds up the seconds between reports, by stage.

    Args:
        stages: start of what is reported → the column its time goes to.
    """

    def __init__(self, stages: Mapping[str, str]) -> None:
        self.stages = stages
        self.seconds = dict.fromkeys(stages.values(), 0.0)
        self._last: tuple[str, float] | None = None

    def __call__(self, progress: Progress) -> None:
        now = time.perf_counter()
        if self._last is not None:
            column, since = self._last
            self.seconds[column] += now - since
        self._last = None if progress.fraction >= 1 else (column_of(self.stages, progress.stage), now)


def column_of(stages: Mapping[str, str], stage: str) -> str:
    """The column of a reported stage; KeyError for one that is not known."""
    for start, column in stages.items():
        if stage.startswith(start):
            return column
    raise KeyError(stage)


def peak_mb() -> float:
    """The most memory that this process held so far, in megabytes."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 1e6 if sys.platform == "darwin" else peak * 1024 / 1e6


def cold_and_warm(what: Row, load: float, rows: list[Row]) -> list[Row]:
    """The first render with the time it took to load, and the medians of the others.

    Args:
        what: columns that both share.
        rows: the renders' `seconds` and stages, in their order.
    """
    first, *rest = rows
    both = what | {"peak_mb": peak_mb()}
    cold = both | first | {"kind": "cold", "renders": 1, "load": load, "seconds": load + first["seconds"]}
    warm = {column: median(row[column] for row in rest) for column in first} if rest else first
    return [cold, both | warm | {"kind": "warm", "renders": len(rest) or 1}]


def report(
    out: Path, columns: Sequence[str], rows: list[Row], libraries: Sequence[str] = LIBRARIES, gpu: str = NO_GPU
) -> None:
    """Write the CSV and print the table; `libraries` are those whose versions count, `gpu` was used or none was."""
    out.parent.mkdir(parents=True, exist_ok=True)
    images.save_bytes(out, as_csv(columns, rows, machine(libraries, gpu)).encode())
    print(as_table(columns, rows))
    print(out)


def in_own_process(module: str, *arguments: object) -> list[Row]:
    """Rows that a module prints as JSON when run with these arguments, so that its peak memory is its own."""
    command = [sys.executable, "-m", module, *map(str, arguments), "--started", str(time.time())]
    print(f"measuring {module} {' '.join(map(str, arguments[1:]))} …", file=sys.stderr, flush=True)
    run = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, cwd=Path(__file__).parents[1])
    rows: list[Row] = json.loads(run.stdout.splitlines()[-1])
    return rows


def machine(libraries: Sequence[str] = LIBRARIES, gpu: str = NO_GPU) -> str:
    """Hardware and versions, in a line."""
    import psutil

    name = platform.processor() or platform.machine()
    if (info := Path("/proc/cpuinfo")).exists():
        name = next((line.split(":", 1)[1].strip() for line in info.open() if line.startswith("model name")), name)
    versions = ", ".join(f"{library} {importlib.metadata.version(library)}" for library in libraries)
    threads = os.environ.get("OMP_NUM_THREADS")
    return (
        f"{name}, {psutil.cpu_count()} cores{f', {threads} threads' if threads else ''}, "
        f"{psutil.virtual_memory().total / 1e9:.0f} GB, {gpu}; "
        f"{platform.system()}, Python {platform.python_version()}, {versions}"
    )


def shown(value: Any) -> str:
    """A cell of the table."""
    return f"{value:.0f}" if isinstance(value, float) and value >= 100 else (
        f"{value:.2f}" if isinstance(value, float) else str(value)
    )  # fmt: skip


def as_csv(columns: Sequence[str], rows: list[Row], note: str) -> str:
    """The rows as CSV below a comment with the note; what does not apply is empty."""
    text = io.StringIO()
    text.write(f"# {note}\n")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([shown(row.get(column, "")) for column in columns] for row in rows)
    return text.getvalue()


def as_table(columns: Sequence[str], rows: list[Row]) -> str:
    """The rows for people."""
    cells = [columns, *([shown(row.get(column, "")) for column in columns] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return "\n".join("  ".join(map(str.rjust, line, widths)) for line in cells)
